# SPDX-License-Identifier: Apache-2.0
"""HJ 212 exchanges as a table of transitions: events in, commands out.

An *exchange* is what one side starts and the other answers under one QN.  Its starter
sends, waits, sends again, and gives up:

    request   WAITING --9011, QnRtn 1--> EXECUTING --9012--> DONE
              WAITING --9011, other QnRtn--> REFUSED
              EXECUTING --data--> EXECUTING (the time starts anew)
    upload    WAITING --9014--> DONE
    notice    WAITING --9013--> DONE

Without an answer in time the packet is sent again, the same packet, and after the set
number of resends the exchange is BROKEN.  After 9011 nothing is sent again: without
data or result in time it is OVERDUE.  An event that the table does not have for a
state changes nothing.

Time is a parameter (nanoseconds on any clock); nothing here reads one.

Source: HJ 212-2017, 6.1, 6.2 and 6.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from conformance.protocols.hj212.codec.segment import Segment
from conformance.protocols.hj212.codes import COMMANDS, Edition, Kind

__all__ = [
    "ANSWER_OF",
    "EXTRACTS",
    "TRANSITIONS",
    "Command",
    "End",
    "Event",
    "Exchange",
    "Send",
    "State",
    "event_of",
    "kinds_of",
]

_NS = 1_000_000_000

ANSWER_OF: Mapping[Kind, str] = {
    Kind.REQUEST: "9011",
    Kind.UPLOAD: "9014",
    Kind.NOTICE: "9013",
}
"""The command of the first answer.  Source: HJ 212-2017, 6.5."""


EXTRACTS = frozenset(
    {"1011", "1061", "1063", "3015", "3017", "3018", "3019", "3020"}
    | {"2011", "2021", "2031", "2041", "2051", "2061"}
)
"""Requests whose data the device sends under the same command.  Source: HJ 212-2017,
6.1 and annex C."""


class State(Enum):
    """Where an exchange stands, for the side that started it."""

    WAITING = "waiting"
    EXECUTING = "executing"
    DONE = "done"
    REFUSED = "refused"
    BROKEN = "broken"
    OVERDUE = "overdue"

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more."""
        return self not in (State.WAITING, State.EXECUTING)


class Event(Enum):
    """What can happen to an exchange."""

    ACCEPTED = "9011, QnRtn 1"
    REFUSED = "9011, another QnRtn"
    DATA = "data"
    RESULT = "9012"
    NOTICE_ANSWERED = "9013"
    UPLOAD_ANSWERED = "9014"
    LATE = "no answer in time"
    GIVEN_UP = "no answer in time, no resend left"


TRANSITIONS: Mapping[tuple[Kind, State, Event], State] = {
    (Kind.REQUEST, State.WAITING, Event.ACCEPTED): State.EXECUTING,
    (Kind.REQUEST, State.WAITING, Event.REFUSED): State.REFUSED,
    (Kind.REQUEST, State.WAITING, Event.LATE): State.WAITING,
    (Kind.REQUEST, State.WAITING, Event.GIVEN_UP): State.BROKEN,
    (Kind.REQUEST, State.EXECUTING, Event.DATA): State.EXECUTING,
    (Kind.REQUEST, State.EXECUTING, Event.RESULT): State.DONE,
    (Kind.REQUEST, State.EXECUTING, Event.LATE): State.OVERDUE,
    (Kind.REQUEST, State.EXECUTING, Event.GIVEN_UP): State.OVERDUE,
    (Kind.UPLOAD, State.WAITING, Event.UPLOAD_ANSWERED): State.DONE,
    (Kind.UPLOAD, State.WAITING, Event.LATE): State.WAITING,
    (Kind.UPLOAD, State.WAITING, Event.GIVEN_UP): State.BROKEN,
    (Kind.NOTICE, State.WAITING, Event.NOTICE_ANSWERED): State.DONE,
    (Kind.NOTICE, State.WAITING, Event.LATE): State.WAITING,
    (Kind.NOTICE, State.WAITING, Event.GIVEN_UP): State.BROKEN,
}


@dataclass(frozen=True, slots=True)
class Send:
    """Put these octets on the wire."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class End:
    """The exchange is over."""

    state: State


Command = Send | End


@dataclass(slots=True)
class Exchange:
    """One exchange of the side that starts it.

    ``wake_ns`` is when ``wake`` wants to be called next; ``None`` once it is over.
    """

    kind: Kind
    qn: str
    octets: bytes
    """The whole packet, sent again unchanged."""
    timeout_s: float
    resends: int
    state: State = State.WAITING
    sent: int = 0
    wake_ns: int | None = None
    strays: list[Event] = field(default_factory=list)
    """Events that had no place in the state in which they came."""

    def start(self, now_ns: int) -> list[Command]:
        """Send the packet for the first time."""
        return self._send(now_ns)

    def hear(self, event: Event, now_ns: int) -> list[Command]:
        """Take what the peer sent under this QN."""
        return self._go(event, now_ns)

    def wake(self, now_ns: int) -> list[Command]:
        """Let time pass; does nothing before ``wake_ns``."""
        if self.wake_ns is None or now_ns < self.wake_ns:
            return []
        return self._go(
            Event.LATE if self.sent <= self.resends else Event.GIVEN_UP, now_ns
        )

    def _go(self, event: Event, now_ns: int) -> list[Command]:
        next_ = TRANSITIONS.get((self.kind, self.state, event))
        if next_ is None:
            self.strays.append(event)
            return []
        self.state = next_
        if next_.is_final:
            self.wake_ns = None
            return [End(next_)]
        if event is Event.LATE:
            return self._send(now_ns)
        self.wake_ns = now_ns + int(self.timeout_s * _NS)
        return []

    def _send(self, now_ns: int) -> list[Command]:
        self.sent += 1
        self.wake_ns = now_ns + int(self.timeout_s * _NS)
        return [Send(self.octets)]


def event_of(segment: Segment) -> Event:
    """Return what a packet means to the exchange whose QN it bears."""
    match segment.cn:
        case "9011":
            item = segment.item("QnRtn")
            return Event.ACCEPTED if item and item.value == "1" else Event.REFUSED
        case "9012":
            return Event.RESULT
        case "9013":
            return Event.NOTICE_ANSWERED
        case "9014":
            return Event.UPLOAD_ANSWERED
    return Event.DATA


def kinds_of(
    segment: Segment, sender: str, edition: Edition | None = None
) -> frozenset[Kind]:
    """Return what the command of a packet can be when ``sender`` sends it.

    ``sender`` is ``device`` or ``platform``.  Empty for a command that the edition
    (where none is given, that of the packet) does not have in that direction.
    """
    command = COMMANDS.get(segment.cn or "")
    if command is None:
        return frozenset()
    edition = edition or segment.edition
    uses = command.uses_in(edition) if edition else command.uses
    return frozenset(use.kind for use in uses if use.sender in (sender, "both"))
