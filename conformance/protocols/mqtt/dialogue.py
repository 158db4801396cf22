# SPDX-License-Identifier: Apache-2.0
"""A conversation as MQTT packets of both sides, in the order of the wire's clock.

A direction is decoded until its packet boundaries are lost; the packet that lost them
is kept with the broken rule.  A conversation of which a capture lost octets gives no
packets: where the next one begins would be a guess, and a guess judges nobody.

The client's CONNECT says of which version the whole conversation is.  One that goes
over WebSocket is taken out of its frames first.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 2.1, 2.2, 3.1 and 6 of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from conformance.link.conversation import Conversation, Ending
from conformance.link.packets import Side
from conformance.link.web_conversation import Web, is_web, unwrap
from conformance.protocols.mqtt.codec import (
    Decoded,
    Packet,
    Reader,
    Version,
)

__all__ = ["Dialogue", "Message", "decode", "looks_like"]

_OTHER_VERSIONS = (3,)
"""The protocol level of MQTT 3.1, which no profile judges."""
_CONNECT = re.compile(
    rb"[\x10-\x1f][\x80-\xff]{0,3}[\x00-\x7f]\x00\x04MQTT(?P<level>.)", re.DOTALL
)
"""Fixed header, protocol name and level (3.1.1, 3.1.2)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A packet and where it stands."""

    decoded: Decoded
    sender: Side
    at_ns: int
    """When its last octet was there."""
    packets: tuple[int, ...]
    """Packets of the recording that hold its octets."""

    @property
    def octets(self) -> bytes:
        return self.decoded.octets

    @property
    def packet(self) -> Packet | None:
        """The value, ``None`` when the octets have no layout."""
        return self.decoded.packet

    @property
    def name(self) -> str:
        """The packet's name as in the standard, ``SUBACK``; octets if reserved."""
        kind = self.decoded.packet_type
        return kind.name if kind else self.octets[:1].hex()

    @property
    def is_sound(self) -> bool:
        """Whether it can be laid out and breaks no rule of the codec."""
        return self.packet is not None and not self.decoded.errors


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two sides said on one connection."""

    conversation: Conversation
    messages: tuple[Message, ...] = ()
    version: Version = 4
    web: Web | None = None
    """What WebSocket showed, if the conversation goes over it."""

    @property
    def endings(self) -> list[Ending]:
        return self.conversation.endings

    def by(self, side: Side) -> Iterator[Message]:
        """Yield what one side sent."""
        return (m for m in self.messages if m.sender == side)


@dataclass(slots=True)
class _Direction:
    """Octets of one side on their way to packets; remembers where they came from."""

    reader: Reader
    parts: list[tuple[int, int]] = field(default_factory=list)
    """Stream position after each piece, and its packet number."""
    fed: int = 0

    def feed(self, octets: bytes, packet: int) -> Iterator[tuple[Decoded, list[int]]]:
        self.fed += len(octets)
        self.parts.append((self.fed, packet))
        self.reader.feed(octets)
        for decoded in self.reader.drain():
            yield decoded, self._origin(decoded)

    def _origin(self, decoded: Decoded) -> list[int]:
        start, end = decoded.offset, decoded.offset + len(decoded.octets)
        while self.parts and self.parts[0][0] <= start:
            self.parts.pop(0)
        numbers = []
        for until, number in self.parts:
            numbers.append(number)
            if until >= end:
                break
        return numbers


def decode(conversation: Conversation) -> Dialogue:
    """Return the packets of a conversation."""
    if conversation.gaps:
        return Dialogue(conversation)
    inside, web = conversation, None
    if is_web(conversation):
        inside, web = unwrap(conversation)
        conversation = replace(conversation, endings=inside.endings)
    asking, answering = Reader(sender="client", version=None), Reader(sender="server")
    directions: dict[Side, _Direction] = {
        "client": _Direction(asking),
        "server": _Direction(answering),
    }
    messages: list[Message] = []
    for piece in inside.pieces:
        for decoded, numbers in directions[piece.sender].feed(
            piece.octets, piece.packet
        ):
            message = Message(decoded, piece.sender, piece.at_ns, tuple(numbers))
            messages.append(message)
        answering.version = asking.version
    return Dialogue(conversation, tuple(messages), asking.version, web)


def looks_like(conversation: Conversation) -> bool:
    """Say whether a captured conversation is MQTT from its beginning.

    The client's first octets must be a CONNECT that names the protocol and does not
    ask for MQTT 3.1.  A conversation without its beginning cannot be judged.
    """
    if is_web(conversation):
        conversation, _ = unwrap(conversation)
    octets = b"".join(p.octets for p in conversation.pieces if p.sender == "client")
    found = _CONNECT.match(octets[:12])
    return found is not None and found["level"][0] not in _OTHER_VERSIONS
