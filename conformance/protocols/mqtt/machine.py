# SPDX-License-Identifier: Apache-2.0
"""One side's half of an MQTT session: packets in, answers out.

Which answer a packet wants and which identifier it frees is a table (``ANSWERS``,
``FREES``); what the table cannot say, that a QoS 2 message is delivered once however
often it comes, is kept in ``Session``.  Knows neither sockets nor time, and trusts
nobody: an acknowledgement of something never sent changes nothing and is told.

In 5.0 a PUBREC with a reason code of 0x80 or more ends its flow: no PUBREL follows.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 2.3.1, 4.3 and 4.4; MQTT Version
5.0 (OASIS, 2019-03-07), clauses 2.2.1, 4.3 and 4.4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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

__all__ = ["ACKNOWLEDGES", "ANSWERS", "FREES", "Session", "Step", "answer_to"]

ANSWERS: Mapping[tuple[type[Any], int], Callable[[int], Packet]] = {
    (Publish, 1): Puback,
    (Publish, 2): Pubrec,
    (Pubrec, 0): Pubrel,
    (Pubrel, 0): Pubcomp,
}
"""What a packet wants for an answer, by type and QoS (4.3); nothing otherwise."""

ACKNOWLEDGES: Mapping[type[Any], type[Any]] = {
    Puback: Publish,
    Pubrec: Publish,
    Pubcomp: Pubrel,
    Suback: Subscribe,
    Unsuback: Unsubscribe,
}
"""Which packet of ours an acknowledgement belongs to."""

FREES = (Puback, Pubcomp, Suback, Unsuback)
"""Acknowledgements after which the identifier is free again (2.3.1)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one packet that came in."""

    answer: Packet | None = None
    delivered: Publish | None = None
    """An application message that is new to this side."""
    is_stray: bool = False
    """An acknowledgement of something that is not under way."""


@dataclass(slots=True)
class Session:
    """State of one side; outlives connections unless Clean Session is set."""

    sent: dict[int, Packet] = field(default_factory=dict)
    """Packets of ours that wait for an acknowledgement, by identifier."""
    received: set[int] = field(default_factory=set)
    """Identifiers of QoS 2 messages whose PUBREL has not come (4.3.3, method B)."""
    _last: int = 0

    def identifier(self) -> int:
        """Return an identifier that is not in use (2.3.1)."""
        for _ in range(65535):
            self._last = self._last % 65535 + 1
            if self._last not in self.sent:
                return self._last
        raise AssertionError("65535 packets under way")

    def note(self, packet: Packet) -> None:
        """Remember a packet that we send, if it wants an acknowledgement."""
        match packet:
            case Publish(packet_identifier=int(identifier)):
                self.sent[identifier] = packet
            case Subscribe() | Unsubscribe() | Pubrel():
                self.sent[packet.packet_identifier] = packet

    def take(self, packet: Packet) -> Step:
        """Change state by a packet that came in; return what follows."""
        answer = answer_to(packet)
        if isinstance(packet, Publish):
            identifier = packet.packet_identifier
            is_new = packet.qos != 2 or identifier not in self.received
            if packet.qos == 2 and identifier is not None:
                self.received.add(identifier)
            return Step(answer, packet if is_new else None)
        if isinstance(packet, Pubrel):
            self.received.discard(packet.packet_identifier)
            return Step(answer)
        if type(packet) not in ACKNOWLEDGES:
            return Step()
        return self._acknowledged(packet, answer)

    def _acknowledged(self, packet: Any, answer: Packet | None) -> Step:
        identifier = packet.packet_identifier
        ours = self.sent.get(identifier)
        # A PUBREC may come twice: its PUBLISH is then already followed by PUBREL.
        again = isinstance(packet, Pubrec) and isinstance(ours, Pubrel)
        if not again and not isinstance(ours, ACKNOWLEDGES[type(packet)]):
            return Step(is_stray=True)
        if isinstance(packet, FREES) or _is_refusal(packet):
            del self.sent[identifier]
        elif answer is not None:
            self.sent[identifier] = answer
        return Step(answer)


def answer_to(packet: Packet) -> Packet | None:
    """Return what the receiver of a packet of the publish flows must send, if any."""
    if _is_refusal(packet):
        return None
    qos = packet.qos if isinstance(packet, Publish) else 0
    make = ANSWERS.get((type(packet), qos))
    if make is None:
        return None
    identifier: int = packet.packet_identifier  # type: ignore[union-attr,assignment]
    return make(identifier)


def _is_refusal(packet: Packet) -> bool:
    """Say whether a PUBREC of 5.0 refuses its message (4.3.3); 3.1.1 cannot."""
    return isinstance(packet, Pubrec) and packet.reason_code >= _FAILURE


_FAILURE = 0x80
"""Reason codes from here on say that something failed (5.0, 2.4)."""
