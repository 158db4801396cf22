# SPDX-License-Identifier: Apache-2.0
"""HJ 212 dialogues: the octets of both sides as packets, in the order of time.

Each packet, and each run of octets that is no packet, knows the pieces of the
recording that it came from.  Judges nothing (see ``rules.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import accumulate

from conformance.errors import InputError
from conformance.link.conversation import Conversation, Piece
from conformance.link.packets import Side
from conformance.protocols.explained import Violation
from conformance.protocols.hj212.codec import FrameError, Packet, Reader, drain
from conformance.protocols.hj212.codec.sealing import (
    Unsealed,
    is_closed,
    key_of,
    unseal,
)
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.codes import Edition

__all__ = [
    "Damage",
    "Dialogue",
    "Message",
    "decode",
    "keys_in",
    "looks_like",
    "unlocked",
]

_START_OCTETS = 4096
_PACKET = re.compile(rb"##[0-9]{0,4}[^\r\n]{0,80}?(?:QN|ST|CN)=")


@dataclass(frozen=True, slots=True)
class Message:
    """A packet as it was sent, right or wrong."""

    octets: bytes
    packets: tuple[int, ...]
    at_ns: int
    """When its last octet came."""
    sender: Side
    packet: Packet
    segment: Segment
    _broken: dict[Edition, tuple[Violation, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    unsealed: Unsealed | None = None
    """How its data area was encrypted, when a key has opened it."""

    @property
    def is_closed(self) -> bool:
        """Whether nobody can tell what its data area says."""
        return self.unsealed is None and is_closed(self.packet)

    def violations(self, edition: Edition) -> tuple[Violation, ...]:
        """Return what the segment breaks of the grammar of an edition."""
        if edition not in self._broken:
            found = parse_segment(self.segment.octets, edition).violations
            self._broken[edition] = found
        return self._broken[edition]


@dataclass(frozen=True, slots=True)
class Damage:
    """Octets that are no packet, and why."""

    octets: bytes
    packets: tuple[int, ...]
    at_ns: int
    sender: Side
    error: FrameError


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation as HJ 212 decodes it."""

    conversation: Conversation
    things: tuple[Message | Damage, ...]
    unlocked: dict[tuple[bytes, ...], Dialogue] = field(
        default_factory=dict, compare=False, repr=False
    )
    """The same with encrypted areas opened, by the keys that were tried."""

    def of(self, side: Side) -> Iterator[Message | Damage]:
        """Yield what one side sent."""
        return (thing for thing in self.things if thing.sender == side)

    @property
    def messages(self) -> Iterator[Message]:
        """The packets of both sides."""
        return (thing for thing in self.things if isinstance(thing, Message))


def decode(conversation: Conversation) -> Dialogue:
    """Return the dialogue of a conversation."""
    sides: tuple[Side, Side] = ("client", "server")
    things = [thing for side in sides for thing in _side(conversation, side)]
    things.sort(key=lambda thing: (thing.at_ns, thing.packets))
    return Dialogue(conversation, tuple(things))


def unlocked(dialogue: Dialogue, keys: Sequence[bytes]) -> Dialogue:
    """Return the dialogue with its encrypted areas opened by the keys.

    A key that a request 1014 carries counts from there on too.
    """
    tried = tuple(keys)
    if tried not in dialogue.unlocked:
        dialogue.unlocked[tried] = _unlocked(dialogue, tried)
    return dialogue.unlocked[tried]


def _unlocked(dialogue: Dialogue, keys: Sequence[bytes]) -> Dialogue:
    if not any(isinstance(t, Message) and t.is_closed for t in dialogue.things):
        return dialogue
    known = list(keys)
    things: list[Message | Damage] = []
    for thing in dialogue.things:
        if isinstance(thing, Message) and thing.is_closed:
            thing = _opened(thing, known)
            known[:0] = _key_in(thing)
        things.append(thing)
    return Dialogue(dialogue.conversation, tuple(things))


def keys_in(dialogue: Dialogue) -> list[bytes]:
    """Return the keys that requests 1014 have brought, the last one first."""
    found: list[bytes] = []
    for message in dialogue.messages:
        if message.unsealed is not None:
            found[:0] = _key_in(message)
    return found


def _key_in(message: Message) -> list[bytes]:
    item = message.segment.item("NewSK") if message.segment.cn == "1014" else None
    if item is not None:
        with suppress(InputError):
            return [key_of(item.value)]
    return []


def _opened(message: Message, keys: Sequence[bytes]) -> Message:
    unsealed = unseal(message.packet, keys)
    if unsealed is None:
        return message
    segment = parse_segment(unsealed.packet.segment)
    return replace(message, segment=segment, unsealed=unsealed, _broken={})


def looks_like(conversation: Conversation) -> bool:
    """Return whether one side starts with what can only be an HJ 212 packet."""
    for side in ("client", "server"):
        octets = b"".join(
            p.octets for p in conversation.pieces[:50] if p.sender == side
        )
        if _PACKET.search(octets[:_START_OCTETS]):
            return True
    return False


def _side(conversation: Conversation, side: Side) -> Iterator[Message | Damage]:
    pieces = [p for p in conversation.pieces if p.sender == side and p.octets]
    starts = [0, *accumulate(len(p.octets) for p in pieces)]
    reader = Reader()
    for piece in pieces:
        reader.feed(piece.octets)
        for found in drain(reader):
            yield _located(found, pieces, starts, side)
    reader.close()
    for found in drain(reader):
        yield _located(found, pieces, starts, side)


def _located(
    found: Packet | FrameError, pieces: list[Piece], starts: list[int], side: Side
) -> Message | Damage:
    octets = found.octets
    first = bisect_right(starts, found.offset) - 1
    last = bisect_right(starts, found.offset + max(len(octets), 1) - 1) - 1
    held = pieces[first : last + 1]
    packets = tuple(p.packet for p in held)
    at_ns = held[-1].at_ns if held else 0
    if isinstance(found, FrameError):
        return Damage(octets, packets, at_ns, side, found)
    segment = parse_segment(found.segment)
    return Message(octets, packets, at_ns, side, found, segment)
