# SPDX-License-Identifier: Apache-2.0
"""Captures that others recorded, as conversations.

scapy reads the file and its layers; the octet streams are put together here: segments
in order, repeats and overlaps once, lost parts counted as gaps.  A connection whose
beginning is not in the capture is taken from where it is first seen; its client is
then the side that does not use the server's port.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from conformance.errors import InputError
from conformance.link.conversation import Conversation, Ending, Piece
from conformance.link.packets import ACK, FIN, RST, SYN, Address, Side

__all__ = ["captured_conversations"]

_WRAP = 1 << 32
_HELD_MAX_OCTETS = 8 << 20
"""Octets of one direction that wait for a missing segment before it counts as lost."""


@dataclass(frozen=True, slots=True)
class _Segment:
    source: Address
    target: Address
    sequence: int
    flags: int
    octets: bytes
    at_ns: int
    number: int


@dataclass(slots=True)
class _Direction:
    """One direction being put together."""

    expected: int | None = None
    latest_ns: int = 0
    held: list[_Segment] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """A connection being put together."""

    talk: Conversation
    pieces: list[Piece] = field(default_factory=list)
    directions: dict[Side, _Direction] = field(
        default_factory=lambda: {"client": _Direction(), "server": _Direction()}
    )


def captured_conversations(
    path: Path, *, port: int | None = None
) -> list[Conversation]:
    """Return the TCP connections of a pcap or pcapng file, in order of first packet.

    ``port`` keeps only connections to that server port.  Raises ``InputError``
    (``evidence.not-a-capture``).
    """
    found: list[_Open] = []
    open_: dict[frozenset[Address], _Open] = {}
    for segment in _segments(path):
        pair = frozenset((segment.source, segment.target))
        begins = segment.flags & (SYN | ACK) == SYN
        if pair not in open_ or (begins and open_[pair].pieces):
            open_[pair] = _Open(Conversation(*_sides(segment, port)))
            found.append(open_[pair])
        _add(open_[pair], segment)
    for one in found:
        for direction in one.directions.values():
            _release(one, direction, all_of_it=True)
        one.talk.pieces = sorted(one.pieces, key=lambda piece: piece.at_ns)
    wanted = (one.talk for one in found if port in (None, one.talk.server.port))
    return [talk for talk in wanted if talk.pieces]


def _sides(segment: _Segment, port: int | None) -> tuple[Address, Address]:
    one, two = segment.source, segment.target
    from_server = segment.flags & (SYN | ACK) == SYN | ACK
    if not segment.flags & SYN:
        from_server = one.port == port if port else one.port < two.port
    return (two, one) if from_server else (one, two)


def _add(one: _Open, segment: _Segment) -> None:
    sender: Side = "client" if segment.source == one.talk.client else "server"
    direction = one.directions[sender]
    if segment.flags & SYN:
        direction.expected = (segment.sequence + 1) % _WRAP
        return
    if direction.expected is None:
        direction.expected = segment.sequence
    if segment.octets:
        direction.held.append(segment)
        _release(one, direction)
    if segment.flags & (FIN | RST):
        kind: Literal["eof", "reset"] = "reset" if segment.flags & RST else "eof"
        one.talk.endings.append(Ending(sender, kind, segment.at_ns))


def _release(one: _Open, direction: _Direction, *, all_of_it: bool = False) -> None:
    """Move what is in order from ``held`` to the conversation."""
    assert direction.expected is not None or not direction.held
    while direction.held:
        expected = direction.expected or 0
        direction.held.sort(key=lambda s: _ahead(s.sequence, expected))
        segment = direction.held[0]
        ahead = _ahead(segment.sequence, expected)
        if ahead > 0:
            held = sum(len(s.octets) for s in direction.held)
            if not all_of_it and held < _HELD_MAX_OCTETS:
                return
            one.talk.gaps += 1
            ahead = 0
            expected = segment.sequence
        direction.held.pop(0)
        fresh = segment.octets[-ahead:] if ahead else segment.octets
        if -ahead >= len(segment.octets):
            continue  # a repeat
        sender: Side = "client" if segment.source == one.talk.client else "server"
        # Octets count as arrived when the ones before them have.
        direction.latest_ns = max(direction.latest_ns, segment.at_ns)
        one.pieces.append(Piece(sender, fresh, direction.latest_ns, segment.number))
        direction.expected = (expected + len(fresh)) % _WRAP


def _ahead(sequence: int, expected: int) -> int:
    """Return how far a sequence number lies ahead, negative when behind."""
    return (sequence - expected + _WRAP // 2) % _WRAP - _WRAP // 2


def _segments(path: Path) -> Iterator[_Segment]:
    import logging

    logging.getLogger("scapy").setLevel(logging.ERROR)
    from scapy.error import Scapy_Exception
    from scapy.layers import inet, inet6, l2  # noqa: F401 - registers the link types
    from scapy.utils import PcapReader

    try:
        with PcapReader(str(path)) as reader:
            for number, packet in enumerate(reader, 1):
                segment = _segment(packet, number, inet, inet6)
                if segment is not None:
                    yield segment
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("evidence.unreadable", file=path, reason=reason) from None
    except (
        *(Scapy_Exception, EOFError, struct.error, OverflowError),
        *(ValueError, TypeError, AttributeError, LookupError),
    ):
        raise InputError("evidence.not-a-capture", file=path) from None


def _segment(packet: Any, number: int, inet: Any, inet6: Any) -> _Segment | None:
    if inet.TCP not in packet:
        return None
    ip = packet[inet.IP] if inet.IP in packet else packet.getlayer(inet6.IPv6)
    if ip is None:
        return None
    tcp = packet[inet.TCP]
    octets = bytes(tcp.payload)
    if inet.IP in packet:  # Ethernet pads short frames; the IP length tells
        size = ip.len - ip.ihl * 4 - tcp.dataofs * 4
        octets = octets[: max(size, 0)]
    return _Segment(
        Address(ip.src, tcp.sport),
        Address(ip.dst, tcp.dport),
        tcp.seq,
        int(tcp.flags),
        octets,
        int(packet.time * 1_000_000_000),
        number,
    )
