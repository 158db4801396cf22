# SPDX-License-Identifier: Apache-2.0
"""HJ 212 packets: the check value, and octets to fields and back.

Check value: against the usual loop with a table of 256 entries, and against the loop
as HJ 212-2017, annex A describes it.  Packets: against a layer for scapy written here
as its users write them (``fields_desc``, a length field, lists of sub-packets); both
give the same names and values, check the same check value with the same function, and
write the same octets.  Ours reads from a stream and keeps groups of items; scapy's
packets can be shown and changed, which nothing here asks of them.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Comparison, Target, compare, finish
from scapy.fields import (
    FieldLenField,
    PacketLenField,
    PacketListField,
    StrField,
    StrFixedLenField,
    StrStopField,
)
from scapy.packet import Packet as ScapyPacket

from conformance.protocols.hj212.codec import Reader, checksum, encode
from conformance.protocols.hj212.codec.segment import (
    Segment,
    build_segment_raw,
    parse_segment,
)

SEED = 20260302
FRAMES = 200

Pairs = Sequence[tuple[str, str]]


# What is compared with


def _shift_out(value: int) -> int:
    for _ in range(8):
        value, carry = value >> 1, value & 1
        if carry:
            value ^= 0xA001
    return value


_TABLE = [_shift_out(value) for value in range(256)]


def table_loop(segment: bytes) -> int:
    """The check value as experienced hands write it: one look-up an octet."""
    register, table = 0xFFFF, _TABLE
    for octet in segment:
        register = table[(register >> 8) ^ octet]
    return register


def printed_loop(segment: bytes) -> int:
    """The check value as annex A describes it."""
    register = 0xFFFF
    for octet in segment:
        register = (register >> 8) ^ octet
        for _ in range(8):
            register, carry = register >> 1, register & 1
            if carry:
                register ^= 0xA001
    return register


class DigitsField(FieldLenField):  # type: ignore[misc]
    """A length written as four decimal digits."""

    def addfield(self, pkt: Any, s: bytes, val: int | None) -> bytes:
        return s + b"%04d" % self.i2m(pkt, val)

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, int]:
        return s[4:], int(s[:4])


class ValueField(StrField):  # type: ignore[misc]
    """A value with the separator behind it, if there is one before ``&&``."""

    end = re.compile(rb"[,;]|(?=&&)|\Z")

    def getfield(self, pkt: Any, s: bytes) -> tuple[bytes, bytes]:
        found = self.end.search(s)
        assert found is not None
        return s[found.end() :], s[: found.end()]


class Part(ScapyPacket):  # type: ignore[misc]
    """What stands among others: the rest is not its own."""

    def extract_padding(self, s: bytes) -> tuple[bytes, bytes]:
        return b"", s


class HeadPart(Part):
    fields_desc: ClassVar[list[Any]] = [
        StrStopField("key", b"", b"="),
        StrStopField("text", b"", b";"),
    ]


class AreaPart(Part):
    fields_desc: ClassVar[list[Any]] = [
        StrStopField("key", b"", b"="),
        ValueField("text", b""),
    ]


def _head_part(pkt: Any, found: Any, last: Any, rest: bytes) -> Any:
    return None if rest.startswith(b"CP=") else HeadPart


def _area_part(pkt: Any, found: Any, last: Any, rest: bytes) -> Any:
    return None if rest.startswith(b"&&") else AreaPart


class SegmentLayer(Part):
    fields_desc: ClassVar[list[Any]] = [
        PacketListField("head", [], HeadPart, next_cls_cb=_head_part),
        StrFixedLenField("open", b"CP=&&", 5),
        PacketListField("area", [], AreaPart, next_cls_cb=_area_part),
        StrFixedLenField("close", b"&&", 2),
    ]


class PacketLayer(ScapyPacket):  # type: ignore[misc]
    fields_desc: ClassVar[list[Any]] = [
        StrFixedLenField("header", b"##", 2),
        DigitsField("size", None, length_of="segment"),
        PacketLenField("segment", None, SegmentLayer, length_from=lambda pkt: pkt.size),
        StrFixedLenField("check", b"0000", 4),
        StrFixedLenField("tail", b"\r\n", 2),
    ]

    def post_build(self, pkt: bytes, pay: bytes) -> bytes:
        return pkt[:-6] + b"%04X" % checksum(pkt[6:-6]) + pkt[-2:] + pay


# The same work on both sides


def frames() -> list[bytes]:
    """Return real-time data packets of one size, other values in each."""
    source = random.Random(SEED)
    made = []
    for number in range(FRAMES):
        head = (
            f"QN=20240601085857{number:03};ST=32;CN=2011;PW=123456;"
            "MN=010000A8900016F000169DC0;Flag=5;CP=&&DataTime=20240601085857"
        )
        codes = [f"w{source.randrange(10**5):05}" for _ in range(7)]
        items = [
            f";{code}-Rtd={source.randrange(10**4) / 10:05.1f},{code}-Flag=N"
            for code in codes
        ]
        made.append(encode((head + "".join(items)).encode() + b"&&"))
    return made


Found = Callable[[Any, bool], object]


def read_ours(made: Sequence[bytes], found: Found) -> None:
    """Hand out segments, read as text, and whether the check is right."""
    reader = Reader()
    for octets in made:
        reader.feed(octets)
        packet = reader.next_packet()
        assert packet is not None
        found(parse_segment(packet.segment), packet.checksum_ok)


def read_scapy(made: Sequence[bytes], found: Found) -> None:
    """Hand out packets with parts of octets, and whether the check is right."""
    for octets in made:
        packet = PacketLayer(octets)
        good = int(packet.check, 16) == checksum(octets[6:-6])
        found(packet.segment, good)


def drop(segment: Any, good: bool) -> None:
    """What a receiver does that keeps nothing."""


def texts_ours(segment: Segment) -> tuple[Pairs, Pairs]:
    head = [(name, value) for name, _, value in segment.head]
    return head, [(n, v) for group in segment.groups for n, _, v in group]


def texts_scapy(segment: Any) -> tuple[Pairs, Pairs]:
    head, area = (
        [(p.key[:-1].decode(), p.text.rstrip(b",;").decode()) for p in parts]
        for parts in (segment.head, segment.area)
    )
    return head, area


def write_ours(head: Pairs, groups: Sequence[Pairs]) -> bytes:
    area = ";".join(",".join(f"{n}={v}" for n, v in group) for group in groups)
    return encode(build_segment_raw(head, cp=f"&&{area}&&".encode()))


def write_scapy(head: Pairs, groups: Sequence[Pairs]) -> bytes:
    area = [
        AreaPart(key=f"{name}=", text=value + ("," if name != group[-1][0] else ";"))
        for group in groups
        for name, value in group
    ]
    area[-1].text = groups[-1][-1][1]
    segment = SegmentLayer(
        head=[HeadPart(key=f"{name}=", text=f"{value};") for name, value in head],
        area=area,
    )
    return bytes(PacketLayer(segment=segment))


Contents = tuple[Pairs, Sequence[Pairs]]


def contents(octets: bytes) -> Contents:
    segment = parse_segment(octets[6:-6])
    head = [(name, value) for name, _, value in segment.head]
    return head, [[(n, v) for n, _, v in group] for group in segment.groups]


def timed(work: Callable[[], object]) -> Callable[[], float]:
    def once() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return once


def insist(made: Sequence[bytes], said: Sequence[Contents]) -> None:
    """Both sides give the same before anything is timed."""
    ours: list[tuple[Segment, bool]] = []
    peers: list[tuple[Any, bool]] = []
    read_ours(made, lambda *one: ours.append(one))
    read_scapy(made, lambda *one: peers.append(one))
    for octets, content, our, peer in zip(made, said, ours, peers, strict=True):
        segment = octets[6:-6]
        assert checksum(segment) == table_loop(segment) == printed_loop(segment)
        assert our[1]
        assert peer[1]
        assert texts_ours(our[0]) == texts_scapy(peer[0])
        assert write_ours(*content) == write_scapy(*content) == octets


def comparisons(rounds: int) -> list[Comparison]:
    made = frames()
    segments = [octets[6:-6] for octets in made]
    said = [contents(octets) for octets in made]
    insist(made, said)
    scapy = f"scapy {version('scapy')}, a layer of its own"

    def each(
        work: Callable[..., object], inputs: Sequence[Any], times: int = 1
    ) -> Callable[[], float]:
        def all_of_them() -> None:
            for _ in range(times):
                for one in inputs:
                    work(one)

        return timed(all_of_them)

    return [
        compare(
            "check value",
            ("eight octets at once", each(checksum, segments, 20)),
            ("loop with a table", each(table_loop, segments, 20)),
            target=Target(ratio=1 / 4),
            rounds=rounds,
        ),
        compare(
            "check value, printed",
            ("eight octets at once", each(checksum, segments)),
            ("loop of annex A", each(printed_loop, segments)),
            target=Target(ratio=1 / 60),
            rounds=rounds,
        ),
        compare(
            "octets to fields",
            ("stream reader, fields, items", timed(lambda: read_ours(made, drop))),
            (scapy, timed(lambda: read_scapy(made, drop))),
            target=Target(ratio=1 / 50),
            rounds=rounds,
        ),
        compare(
            "fields to octets",
            ("fields and items joined", each(lambda c: write_ours(*c), said)),
            (scapy, each(lambda c: write_scapy(*c), said)),
            target=Target(ratio=1 / 50),
            rounds=rounds,
        ),
    ]


def main(arguments: list[str]) -> int:
    """Measure, print, return 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)
    found = comparisons(options.rounds)
    code = finish(found, options.json)
    for item in found:
        count = FRAMES * (20 if item.name == "check value" else 1)
        print(
            f"{item.name:<22} {item.our_median / count * 1e6:>7.2f} us a packet, "
            f"{1 / item.ratio:.1f} times as fast"
        )
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
