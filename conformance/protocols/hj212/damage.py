# SPDX-License-Identifier: Apache-2.0
"""Packets that are damaged on purpose, so that the check value shows it.

The check value of HJ 212 is weak: some damage leaves it unchanged (two octets eight
places apart exchanged, always).  Every damage is therefore computed anew, and one that
the check value does not show is replaced by the next one that it does.

Source: HJ 212-2017, 6.3.1 table 2 and annex A.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from conformance.protocols.hj212.codec import checksum, encode_raw
from conformance.protocols.hj212.codec.spellings import modbus

__all__ = ["DAMAGES", "damaged"]

_HEAD, _CLOSE = 6, 6


def _wrong_value(segment: bytes, random: Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield another check value."""
    right = checksum(segment)
    while True:
        other = right ^ random.randrange(1, 0x10000)
        yield segment, b"%04X" % other


def _zero_value(segment: bytes, random: Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield the values that a sender without an algorithm puts there."""
    yield segment, b"0000"
    yield segment, b"FFFF"


def _modbus_value(segment: bytes, random: Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield the CRC-16/MODBUS, the usual mistake."""
    yield segment, b"%04X" % modbus(segment)
    yield from _wrong_value(segment, random)


def _changed_digit(segment: bytes, random: Random) -> Iterator[tuple[bytes, bytes]]:
    """Yield the segment with one digit of its data changed, the old value kept."""
    value = b"%04X" % checksum(segment)
    start = segment.find(b"CP=&&") + 5
    places = [i for i in range(start, len(segment)) if segment[i : i + 1].isdigit()]
    # A packet without digits in its data has the last character of MN changed.
    places = places or [segment.find(b";Flag=") - 1]
    while True:
        at = random.choice(places)
        other = random.choice([d for d in b"0123456789" if d != segment[at]])
        yield segment[:at] + bytes([other]) + segment[at + 1 :], value


_Way = Callable[[bytes, Random], Iterator[tuple[bytes, bytes]]]

DAMAGES: Mapping[str, _Way] = {
    "wrong_value": _wrong_value,
    "zero_value": _zero_value,
    "modbus_value": _modbus_value,
    "changed_digit": _changed_digit,
}
"""Ways to damage a packet, by the name that a profile gives them."""


def damaged(octets: bytes, way: str, random: Random) -> bytes:
    """Return a packet with a check value that is not that of its segment."""
    for segment, value in DAMAGES[way](octets[_HEAD:-_CLOSE], random):
        if int(value, 16) != checksum(segment):
            return encode_raw(segment, checksum=value)
    raise ValueError(f"{way} is not seen by the check value")
