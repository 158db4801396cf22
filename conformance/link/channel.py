# SPDX-License-Identifier: Apache-2.0
"""What a check holds of a connection: send, receive, close, each through the journal.

A channel works alike live and on the record.  ``receive`` tells octets, an ending and
silence apart by type, because a check must never take one for another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from conformance.link.hub import Wire
from conformance.link.journal import Entry, Journal, NotCovered, Traced

__all__ = ["Channel", "Closed", "Data", "Received", "Silence"]


@dataclass(frozen=True, slots=True)
class Data:
    """Octets from the peer, as one read gave them; boundaries mean nothing."""

    octets: bytes
    at_ns: int
    packets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer ended its direction."""

    kind: Literal["eof", "reset"]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came in the time given."""

    at_ns: int


Received = Data | Closed | Silence

_SEND_TIMEOUT_S = 10.0
_TRACE_MAX = 40
"""Messages of a step or example that a failure's record shows at most."""


class Channel:
    """One connection as a check sees it.

    ``journal`` is that of the requirement under test; a channel that outlives a
    requirement is handed the next journal (see ``Run.shared``).
    """

    def __init__(
        self, number: int, journal: Journal, wire: Wire | None, *, is_ours: bool
    ) -> None:
        self.number = number
        self.is_ours = is_ours
        """Whether the suite opened it."""
        self.is_closed = False
        """Whether the suite has closed it."""
        self.journal = journal
        self._wire = wire

    def send(self, octets: bytes) -> int:
        """Send octets; return the time in ns.  Raises ``LinkError``."""
        if not octets:
            return self.journal.now_ns

        def act() -> Entry:
            packets, at_ns = self._live.send(octets, _SEND_TIMEOUT_S)
            return {"packets": packets, "at": at_ns}

        entry = self.journal.step("send", {"ch": self.number}, act)
        recorded = self.journal.octets(entry)
        if recorded is not None and recorded != octets:
            raise NotCovered("engine.not-covered", asked="send", found="other octets")
        self._note("suite", octets, entry)
        return int(entry["at"])

    def receive(self, timeout_s: float) -> Received:
        """Return what arrives next, waiting at most ``timeout_s`` seconds."""
        octets = b""

        def act() -> Entry:
            nonlocal octets
            arrived = self._live.next(timeout_s)
            if arrived is None:
                return {"silence": True, "at": self._live.hub.recorder.clock.now_ns()}
            if arrived.ending:
                return {"closed": arrived.ending, "at": arrived.at_ns}
            octets = arrived.octets
            return {"packets": list(arrived.packets), "at": arrived.at_ns}

        entry = self.journal.step("receive", {"ch": self.number}, act)
        if "closed" in entry:
            return Closed(entry["closed"], entry["at"])
        if "silence" in entry:
            return Silence(entry["at"])
        recorded = self.journal.octets(entry)
        octets = octets if recorded is None else recorded
        self._note("iut", octets, entry)
        return Data(octets, entry["at"], tuple(entry["packets"]))

    def close(self) -> None:
        """Close the connection in the ordinary way."""
        self.is_closed = True
        self._end("close", lambda: self._live.close())

    def abort(self) -> None:
        """Break the connection off with a reset."""
        self.is_closed = True
        self._end("abort", lambda: self._live.close(reset=True))

    def shut(self) -> None:
        """End our direction only."""
        self._end("shut", lambda: self._live.shut())

    def _end(self, op: str, act: Callable[[], int]) -> None:
        self.journal.step(op, {"ch": self.number}, lambda: {"at": act()})

    def _note(
        self, sender: Literal["suite", "iut"], octets: bytes, entry: Entry
    ) -> None:
        packets = tuple(entry["packets"])
        self.journal.trace.append(
            Traced(sender, octets, entry["at"], packets, self.number)
        )
        del self.journal.trace[:-_TRACE_MAX]

    @property
    def _live(self) -> Wire:
        assert self._wire is not None, "a replaying journal never acts"
        return self._wire
