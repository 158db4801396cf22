# SPDX-License-Identifier: Apache-2.0
"""Judgements of identifiers, repeats and acknowledgements in recorded conversations.

What is in flight is kept from one connection of a session to the next.  Times in
flight are not known, so that whatever may have crossed on the wire is let pass; an
identifier of which nobody recorded the beginning is not judged.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 2.3.1 (5.0: 2.2.1), 3.3.1 and 4.3 to 4.6 of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.engine.judge import Judge
from conformance.link.packets import Side
from conformance.protocols.mqtt.codec import (
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.rules.judging import (
    REFUSED,
    answer_timeout_ns,
    client_of,
    opening,
    rule,
    starts_afresh,
)
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["Flights"]

_QOS: Mapping[str, Any] = {
    "type": "array",
    "items": {"enum": [0, 1, 2]},
    "default": [],
}
_ANSWERS: Mapping[str, tuple[type[Any], int]] = {
    "PUBACK": (Publish, 1),
    "PUBREC": (Publish, 2),
    "PUBREL": (Pubrec, 0),
}
"""What an acknowledgement answers, and at which QoS; 0 where there is none."""


@dataclass(slots=True)
class _Flight:
    """What one side has sent in a session, by identifier."""

    fresh: bool = False
    """Whether nothing was sent in this session before this connection."""
    open: dict[int, Packet] = field(default_factory=dict)
    """Packets that wait for their last acknowledgement."""
    last: dict[int, Publish] = field(default_factory=dict)
    """The latest message under an identifier, acknowledged or not."""
    released: set[int] = field(default_factory=set)
    """Identifiers whose PUBREL has been sent."""

    def note(self, packet: Packet | None) -> None:
        """Take note of what the sender has sent."""
        if isinstance(packet, Publish) and packet.packet_identifier:
            if not self.repeats(packet):
                self.released.discard(packet.packet_identifier)
            self.open[packet.packet_identifier] = packet
            self.last[packet.packet_identifier] = packet
        elif isinstance(packet, Subscribe | Unsubscribe):
            self.open[packet.packet_identifier] = packet
        elif isinstance(packet, Pubrel):
            self.released.add(packet.packet_identifier)

    def answered(self, packet: Packet | None) -> None:
        """Take note of an acknowledgement by the other side."""
        if isinstance(packet, Puback | Pubcomp | Suback | Unsuback) or (
            isinstance(packet, Pubrec) and packet.reason_code >= REFUSED
        ):
            self.open.pop(packet.packet_identifier, None)

    def repeats(self, packet: Publish) -> bool:
        """Say whether a message is one that stands there under its identifier."""
        before = self.last.get(packet.packet_identifier or 0)
        return before is not None and _same(before, packet)


class Flights:
    """What the implementation's side has in flight, session by session."""

    def __init__(self) -> None:
        self._by_client: dict[str, _Flight] = defaultdict(_Flight)

    def of(self, dialogue: Dialogue, iut: Side) -> _Flight:
        """Return what was in flight when a connection began."""
        client = client_of(dialogue)
        found = self._by_client[client] if client else _Flight()
        found.fresh = starts_afresh(dialogue)
        if found.fresh:
            found.open = {}
            found.released.clear()
            found.fresh = iut == "server" or _discards(dialogue)
        # Packets other than PUBLISH and PUBREL do not outlive their connection (4.4).
        found.open = {n: p for n, p in found.open.items() if isinstance(p, Publish)}
        return found


def _discards(dialogue: Dialogue) -> bool:
    """Say whether a client has to give up what it held, as the session is new.

    In 3.1.1 only Clean Session 1 says so (3.1.2-6; 5.0, 3.2.2-5).
    """
    connect = opening(dialogue)
    clean = connect is not None and connect.clean_session
    return clean or dialogue.version == 5


def _flight(judge: Judge, dialogue: Dialogue) -> _Flight:
    flights = judge.over_run(Flights, lambda _: None)
    return flights.of(dialogue, judge.iut)


@rule(
    "mqtt.identifiers_unused",
    params={
        "qos": _QOS,
        "nonzero": {"type": "boolean", "default": False},
        "dup": {"type": "boolean", "default": False},
    },
)
def identifiers_unused(
    judge: Judge,
    dialogue: Dialogue,
    *,
    qos: Sequence[int] = (),
    nonzero: bool = False,
    dup: bool = False,
) -> None:
    """A new packet with an identifier uses one that is not in use.

    An identifier counts as free from the moment at which the last acknowledgement was
    sent to its user, whether or not it had arrived.  ``qos`` leaves only messages of
    these; ``nonzero`` adds that the identifier is not 0, ``dup`` that DUP is not set at
    first.
    """
    flight = _flight(judge, dialogue)
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            flight.answered(packet)
            continue
        if _asks(packet, qos):
            _judge_identifier(judge, flight, message, nonzero)
        elif dup:
            _judge_dup(judge, flight, message, qos)
        flight.note(packet)


def _asks(packet: Packet | None, qos: Sequence[int]) -> bool:
    """Say whether a packet is one that takes an identifier, at a QoS that counts."""
    if isinstance(packet, Publish):
        return packet.qos in (qos or (1, 2)) and not packet.dup
    return not qos and isinstance(packet, Subscribe | Unsubscribe)


def _judge_identifier(
    judge: Judge, flight: _Flight, message: Message, nonzero: bool
) -> None:
    packet: Any = message.packet
    identifier = packet.packet_identifier
    if not identifier:
        if nonzero:
            judge.expect(
                False,
                "packet-identifier-zero",
                expected=Text("非零的报文标识符", "a packet identifier other than 0"),
                actual=alike(f"{message.name}, 0"),
                at=message,
            )
        return
    # The same message once more lacks DUP, which is another requirement's matter.
    again = isinstance(packet, Publish) and flight.repeats(packet)
    judge.expect(
        identifier not in flight.open or again,
        "identifier-in-use",
        expected=Text("未在使用中的报文标识符", "an identifier that is not in use"),
        actual=Text(
            f"{message.name} 使用了仍待确认的标识符 {identifier}",
            f"{message.name} with identifier {identifier}, still unacknowledged",
        ),
        at=message,
    )


@rule("mqtt.first_without_dup", params={"qos": _QOS})
def first_without_dup(
    judge: Judge, dialogue: Dialogue, *, qos: Sequence[int] = ()
) -> None:
    """A message is sent with DUP 0 when it is sent for the first time."""
    flight = _flight(judge, dialogue)
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            flight.answered(packet)
            continue
        _judge_dup(judge, flight, message, qos)
        flight.note(packet)


def _judge_dup(
    judge: Judge, flight: _Flight, message: Message, qos: Sequence[int]
) -> None:
    """Judge a message that is sent for the first time, if that is certain.

    What a broken connection carried may never have arrived and comes again, with DUP.
    """
    packet = message.packet
    if (
        not isinstance(packet, Publish)
        or packet.qos not in (qos or (1, 2))
        or flight.repeats(packet)
        or (packet.dup and not flight.fresh)
    ):
        return
    judge.expect(
        not packet.dup,
        "dup-on-first",
        expected=Text("首次发送时 DUP 为 0", "DUP 0 when sent first"),
        actual=alike(f"PUBLISH {packet.packet_identifier}, DUP 1"),
        at=message,
    )


@rule("mqtt.resent_under_identifier")
def resent_under_identifier(judge: Judge, dialogue: Dialogue) -> None:
    """A message that is sent again keeps its packet identifier.

    Only a message that waits under another identifier from before this connection, and
    has not come again under it, shows that the identifier has changed: devices publish
    the same content again and again, and what is sent again may never have arrived
    before.
    """
    flight = _flight(judge, dialogue)
    here: set[int] = set()
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            flight.answered(packet)
            continue
        if isinstance(packet, Publish) and packet.dup and packet.qos:
            waiting = [
                number
                for number, other in flight.open.items()
                if isinstance(other, Publish) and _same(other, packet)
                if number not in here
            ]
            if waiting or flight.repeats(packet):
                judge.expect(
                    flight.repeats(packet),
                    "other-identifier",
                    expected=_one_of("PUBLISH", waiting),
                    actual=alike(f"PUBLISH {packet.packet_identifier}, DUP 1"),
                    at=message,
                )
        if isinstance(packet, Publish) and packet.packet_identifier:
            here.add(packet.packet_identifier)
        flight.note(packet)


@rule(
    "mqtt.acknowledgements_carry_identifier",
    params={
        "answers": {
            "type": "array",
            "items": {"enum": ["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"]},
            "default": ["PUBACK", "PUBREC", "PUBREL"],
        }
    },
)
def acknowledgements_carry_identifier(
    judge: Judge,
    dialogue: Dialogue,
    *,
    answers: Sequence[str] = ("PUBACK", "PUBREC", "PUBREL"),
) -> None:
    """PUBACK, PUBREC, PUBREL and PUBCOMP carry the identifier of their PUBLISH.

    Identifiers of the whole session count, as an answer may come on a later connection.
    """
    seen = judge.over_run(_Seen, lambda _: None).of(dialogue)
    if seen is None:
        return
    received: set[int] = set()
    for message in dialogue.messages:
        packet: Any = message.packet
        if packet is None:
            return  # what it was and which identifier it carried is unknown
        ours = message.sender == judge.iut
        if isinstance(packet, Publish | Pubrel) and not ours:
            qos = getattr(packet, "qos", 2)
            seen.add((False, qos, packet.packet_identifier or 0))
        elif isinstance(packet, Publish):
            seen.add((True, packet.qos, packet.packet_identifier or 0))
        elif isinstance(packet, Pubrec) and not ours:
            received.add(packet.packet_identifier)
        if not ours or message.name not in answers:
            continue
        own = message.name == "PUBREL"
        wanted = (own, 1 if message.name == "PUBACK" else 2)
        is_right = (*wanted, packet.packet_identifier) in seen
        # A client may release a message that it sent before the recording began.
        if own and not is_right and not received:
            continue
        # Which kind answers which QoS is the matter of other requirements.
        if not is_right and (own, 3 - wanted[1], packet.packet_identifier) in seen:
            continue
        received.discard(packet.packet_identifier)
        judge.expect(
            is_right,
            "other-identifier",
            expected=_one_of(
                message.name, sorted(n for *of, n in seen if (*of,) == wanted)
            ),
            actual=alike(f"{message.name} {packet.packet_identifier}"),
            at=message,
        )


class _Seen:
    """Whose messages were seen: by the implementation or not, QoS, identifier."""

    def __init__(self) -> None:
        self._by_client: dict[str, set[tuple[bool, int, int]]] = {}

    def of(self, dialogue: Dialogue) -> set[tuple[bool, int, int]] | None:
        """Return what a session has seen, ``None`` if its beginning is unknown."""
        client = client_of(dialogue)
        if starts_afresh(dialogue):
            self._by_client[client] = set()
        return self._by_client.get(client)


@rule(
    "mqtt.acknowledged_in_order",
    actors=["device"],
    params={"answers": {"enum": list(_ANSWERS), "default": "PUBACK"}},
)
def acknowledged_in_order(
    judge: Judge, dialogue: Dialogue, *, answers: str = "PUBACK"
) -> None:
    """Acknowledgements are sent in the order in which the messages came.

    For PUBREL the PUBRECs are what came.
    """
    cause, qos = _ANSWERS[answers]
    arrived: list[int] = []
    latest = -1
    for message in dialogue.messages:
        packet: Any = message.packet
        if message.sender != judge.iut:
            if _calls_for(packet, cause, qos):
                arrived.append(packet.packet_identifier or 0)
        elif message.name == answers and getattr(packet, "packet_identifier", 0) in (
            arrived
        ):
            number = packet.packet_identifier
            place = arrived.index(number)
            judge.expect(
                place > latest,
                "out-of-order",
                expected=Text(
                    f"{answers} {number} 先于后到报文的 {answers}",
                    f"{answers} {number} before those of later packets",
                ),
                actual=alike(f"{answers} {arrived[latest]}, {number}"),
                at=message,
            )
            if place > latest:
                latest = place
            arrived[place] = 0  # the identifier may come again


def _calls_for(packet: Any, cause: type[Any], qos: int) -> bool:
    if not isinstance(packet, cause):
        return False
    if isinstance(packet, Pubrec):
        return packet.reason_code < REFUSED
    return bool(packet.qos == qos)


@rule("mqtt.released_as_due")
def released_as_due(judge: Judge, dialogue: Dialogue) -> None:
    """A PUBREC is answered by PUBREL, and the message is not sent again after that.

    A PUBREL counts as missing when the declared answer time was over before the
    connection ended.
    """
    _judge_repeats(judge, dialogue)
    waiting: dict[int, Message] = {}
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            if isinstance(packet, Pubrec) and packet.reason_code < REFUSED:
                waiting.setdefault(packet.packet_identifier, message)
        elif isinstance(packet, Pubrel) and packet.packet_identifier in waiting:
            cause = waiting.pop(packet.packet_identifier)
            _expect_release(judge, cause, answered=True)
    end_ns = max(
        [m.at_ns for m in dialogue.messages] + [e.at_ns for e in dialogue.endings],
        default=0,
    )
    patience_ns = answer_timeout_ns(judge, dialogue)
    for message in waiting.values():
        if end_ns - message.at_ns >= patience_ns:
            _expect_release(judge, message, answered=False)


def _expect_release(judge: Judge, cause: Message, *, answered: bool) -> None:
    number = getattr(cause.packet, "packet_identifier", 0)
    judge.expect(
        answered,
        "not-released",
        expected=alike(f"PUBREL {number}"),
        actual=Text(
            f"PUBREC {number} 之后没有 PUBREL", f"no PUBREL after PUBREC {number}"
        ),
        at=cause,
    )


def _judge_repeats(judge: Judge, dialogue: Dialogue) -> None:
    flight = _flight(judge, dialogue)
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            if isinstance(packet, Pubcomp) and packet.packet_identifier in (
                flight.released
            ):
                judge.expect(
                    True, "once", expected=alike("PUBCOMP"), actual=alike("PUBCOMP")
                )
                flight.released.discard(packet.packet_identifier)
                flight.last.pop(packet.packet_identifier, None)
            flight.answered(packet)
            continue
        if (
            isinstance(packet, Publish)
            and packet.qos == 2
            and packet.dup  # else it is a new message, perhaps of one who began anew
            and packet.packet_identifier in flight.released
            and flight.repeats(packet)
        ):
            judge.expect(
                False,
                "repeated-after-pubrel",
                expected=Text(
                    "发送 PUBREL 后不再重发 PUBLISH", "no PUBLISH once PUBREL was sent"
                ),
                actual=alike(f"PUBLISH {packet.packet_identifier}"),
                at=message,
            )
        flight.note(packet)


def _same(before: Publish, packet: Publish) -> bool:
    """Say whether two packets are one message; a topic may be said by its alias."""
    names = {before.topic_name, packet.topic_name} - {""}
    return len(names) < 2 and (
        (before.payload, before.qos) == (packet.payload, packet.qos)
    )


def _one_of(name: str, identifiers: Sequence[int]) -> Text:
    shown = ", ".join(map(str, identifiers[:8]))
    if not shown:
        return Text(f"此时不应有 {name}", f"no {name} at this time")
    return Text(f"{name}，标识符为 {shown} 之一", f"{name} with one of {shown}")
