# SPDX-License-Identifier: Apache-2.0
"""Connections as rules see them: who sent which octets when.

The same shape comes from our own recording (here) and from captures of others
(:mod:`conformance.link.capture`), so a rule cannot tell the difference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from conformance.errors import InputError
from conformance.link.packets import ACK, FIN, RST, SYN, Address, Side, unwrap
from conformance.link.pcapng import read_packets

__all__ = ["Conversation", "Ending", "Piece", "recorded_conversations"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Octets that one side sent at one instant."""

    sender: Side
    octets: bytes
    at_ns: int
    packet: int
    """Number of the packet in the recording, from 1."""


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
    pieces: list[Piece] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    gaps: int = 0
    """Places where a capture lost octets; always 0 in our own recording."""


_NOTE = re.compile(r"(?P<label>.*) \| protocol=(?P<protocol>\w*) iut=(?P<iut>\w+)$")


def recorded_conversations(path: Path) -> list[Conversation]:
    """Return the connections of a recording that a run wrote, in order of opening."""
    found: list[Conversation] = []
    open_: dict[frozenset[Address], Conversation] = {}
    for packet in read_packets(path):
        tcp = unwrap(packet.octets)
        if tcp is None:
            continue
        pair = frozenset((tcp.source, tcp.target))
        if tcp.flags & (SYN | ACK) == SYN:
            talk = Conversation(tcp.source, tcp.target)
            if note := _NOTE.match(packet.comment):
                talk.protocol, talk.label = note["protocol"], note["label"]
                talk.iut = "client" if note["iut"] == "client" else "server"
            open_[pair] = talk
            found.append(talk)
            continue
        if pair not in open_:
            reason = f"packet {packet.number}"
            raise InputError("evidence.damaged", file=path, reason=reason)
        talk = open_[pair]
        sender: Side = "client" if tcp.source == talk.client else "server"
        if tcp.octets:
            talk.pieces.append(Piece(sender, tcp.octets, packet.at_ns, packet.number))
        if tcp.flags & (FIN | RST):
            kind: Literal["eof", "reset"] = "reset" if tcp.flags & RST else "eof"
            talk.endings.append(Ending(sender, kind, packet.at_ns))
    return found
