# SPDX-License-Identifier: Apache-2.0
"""Connections as rules see them: who sent which octets when.

The same shape comes from our own recording (here) and from captures of others
(:mod:`conformance.link.capture`), so a rule cannot tell the difference.  Octets of our
own recording stay in its file: a run of hours must not need memory for all of it.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, overload

from conformance.errors import InputError
from conformance.link.packets import ACK, FIN, RST, SYN, Address, Side, unwrap
from conformance.link.pcapng import PacketFile

__all__ = [
    "Conversation",
    "Ending",
    "Piece",
    "StoredPieces",
    "recorded_conversations",
]


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets that one side sent at one instant."""

    sender: Side
    octets: bytes
    at_ns: int
    packet: int
    """Number of the packet in the recording, from 1."""


class StoredPieces(Sequence[Piece]):
    """Pieces of one connection, read from the recording whenever they are looked at.

    Keeps nine octets for each: the packet's number and who sent it.
    """

    __slots__ = ("_from_client", "_numbers", "_packets")

    def __init__(self, packets: PacketFile) -> None:
        self._packets = packets
        self._numbers = array("Q")
        self._from_client = bytearray()

    def add(self, sender: Side, packet: int) -> None:
        """Add what a packet of the recording holds."""
        self._numbers.append(packet)
        self._from_client.append(sender == "client")

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Piece]:
        return map(self._read, self._numbers, self._from_client)

    @overload
    def __getitem__(self, index: int) -> Piece: ...
    @overload
    def __getitem__(self, index: slice) -> list[Piece]: ...
    def __getitem__(self, index: int | slice) -> Piece | list[Piece]:
        if isinstance(index, slice):
            held = self._numbers[index], self._from_client[index]
            return list(map(self._read, *held))
        return self._read(self._numbers[index], self._from_client[index])

    def _read(self, number: int, from_client: int) -> Piece:
        packet = self._packets[number]
        tcp = unwrap(packet.octets)
        assert tcp is not None, "it was one when it was added"
        sender: Side = "client" if from_client else "server"
        return Piece(sender, tcp.octets, packet.at_ns, number)


@dataclass(frozen=True, slots=True)
class Ending:
    """One side ended its direction."""

    sender: Side
    kind: Literal["eof", "reset"]
    at_ns: int


@dataclass(slots=True)
class Conversation:
    """One connection from its start to its end, or to the end of the recording."""

    client: Address
    server: Address
    protocol: str = ""
    """Protocol folder, or empty when not told."""
    iut: Side | None = None
    """Which side is the implementation under test; ``None`` when not told."""
    label: str = ""
    """What opened it: the requirement under test, or empty."""
    pieces: Sequence[Piece] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    gaps: int = 0
    """Places where a capture lost octets; always 0 in our own recording."""


_NOTE = re.compile(r"(?P<label>.*) \| protocol=(?P<protocol>\w*) iut=(?P<iut>\w+)$")


def recorded_conversations(path: Path) -> list[Conversation]:
    """Return the connections of a recording that a run wrote, in order of opening."""
    found: list[Conversation] = []
    open_: dict[frozenset[Address], Conversation] = {}
    pieces: dict[frozenset[Address], StoredPieces] = {}
    packets = PacketFile(path)
    for number in range(1, len(packets) + 1):
        packet = packets[number]
        tcp = unwrap(packet.octets)
        if tcp is None:
            continue
        pair = frozenset((tcp.source, tcp.target))
        if tcp.flags & (SYN | ACK) == SYN:
            pieces[pair] = StoredPieces(packets)
            talk = Conversation(tcp.source, tcp.target, pieces=pieces[pair])
            if note := _NOTE.match(packet.comment):
                talk.protocol, talk.label = note["protocol"], note["label"]
                talk.iut = "client" if note["iut"] == "client" else "server"
            open_[pair] = talk
            found.append(talk)
            continue
        if pair not in open_:
            reason = f"packet {number}"
            raise InputError("evidence.damaged", file=path, reason=reason)
        talk = open_[pair]
        sender: Side = "client" if tcp.source == talk.client else "server"
        if tcp.octets:
            pieces[pair].add(sender, number)
        if tcp.flags & (FIN | RST):
            kind: Literal["eof", "reset"] = "reset" if tcp.flags & RST else "eof"
            talk.endings.append(Ending(sender, kind, packet.at_ns))
    return found
