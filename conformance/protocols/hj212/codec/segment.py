# SPDX-License-Identifier: Apache-2.0
"""HJ 212 data segment: octets into fields and items, and back.

Parsing never fails: what was received stays in order and in full.  ``violations``
lists every breach of the grammar (see ``grammar.py``), judged on first use.  Knows
nothing about framing, flows or factor codes.  ``at`` counts octets from the start of
the segment.

Source: HJ 212-2017, 6.3.2 table 3 (fields) and 6.3.3.1 (data area); HJ 212-2025,
6.3.3 table 3; printed packets of HJ/T 212-2005 (no Flag, often no QN).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from conformance.protocols.explained import Violation
from conformance.protocols.hj212.codec.grammar import violations_of
from conformance.protocols.hj212.codes import Edition

__all__ = [
    "Field",
    "Flag",
    "Item",
    "Segment",
    "build_segment",
    "build_segment_raw",
    "edition_of",
    "parse_segment",
]

_EDITIONS = {edition.version: edition for edition in Edition}
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_CIPHER = b"{0x"
# A log text stands between // and //; separators inside it separate nothing.
_LOG_TEXT = re.compile(rb"//.*?//", re.DOTALL)


class Field(NamedTuple):
    """``NAME=value`` of the data segment; ``at`` is where the name starts."""

    name: str
    value: str
    at: int
    octets: bytes
    """The field as received, without its semicolon."""

    @property
    def size(self) -> int:
        """Octets of name, equals sign and value."""
        return len(self.octets)


class Item(NamedTuple):
    """``name=value`` of the data area; the parts are as in :class:`Field`."""

    name: str
    value: str
    at: int
    octets: bytes

    @property
    def size(self) -> int:
        """Octets of name, equals sign and value."""
        return len(self.octets)


@dataclass(frozen=True, slots=True)
class Flag:
    """The Flag field: six version bits, packet numbers (2), answer wanted (1).

    The 2017 text calls the low bits D and A, the 2025 text A and D: same places.
    """

    version: int
    has_packet_number: bool = False
    answer_wanted: bool = False

    @classmethod
    def of(cls, value: int) -> Flag:
        """Return the flag for a number from 0 to 255."""
        return cls(value >> 2, bool(value & 2), bool(value & 1))

    @property
    def value(self) -> int:
        """The number that goes into the field."""
        return self.version << 2 | self.has_packet_number << 1 | self.answer_wanted

    @property
    def edition(self) -> Edition | None:
        """The edition of the version bits; ``None`` where no edition has them."""
        return _EDITIONS.get(self.version)


_FLAGS = tuple(map(Flag.of, range(256)))

Part = tuple[str, str, str]
"""Name, equals sign (empty where there is none), value."""


@dataclass(frozen=True)
class Segment:
    """A data segment as received, taken apart only as far as somebody asks.

    Names and values are read as text in one go; places and violations are worked out
    on first use, because most readers of a stream want neither.
    """

    octets: bytes
    head: Sequence[Part] = field(compare=False)
    """The fields before CP, in order, as text."""
    groups: Sequence[Sequence[Part]] = field(compare=False)
    """The items of the data area as text, grouped as in ``cp``."""
    cp_at: int = field(compare=False)
    """Where the field CP begins; it takes all the rest.  -1 for no CP."""
    area: tuple[int, int] | None = field(compare=False)
    """Where the data area begins and ends, between the two ``&&``; ``None`` for no
    data area in its wrapper."""
    asked: Edition | None = None
    """The edition whose rules judge; without it the segment's own, else 2017."""

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields with their places, in order; CP takes all the rest."""
        octets, fields, at = self.octets, [], 0
        for name, _, value in self.head:
            end = octets.find(b";", at)
            end = len(octets) if end < 0 else end
            fields.append(Field(name, value, at, octets[at:end]))
            at = end + 1
        if self.cp_at >= 0:
            rest = octets[self.cp_at :]
            fields.append(Field("CP", _text(rest[3:]), self.cp_at, rest))
        return tuple(fields)

    @cached_property
    def cp(self) -> tuple[tuple[Item, ...], ...]:
        """Groups (between semicolons) of items (between commas), no empty ones."""
        return _split_area(self.octets, *self.area) if self.area else ()

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """All items of the data area, in order."""
        return tuple([item for group in self.cp for item in group])

    @cached_property
    def edition(self) -> Edition | None:
        """The edition by the version bits; 2005 without Flag; ``None`` if unknown."""
        stated = self.text("Flag")
        if stated is None:
            return Edition.E2005
        value = _number(stated, 3)
        return None if value is None else _EDITIONS.get(value >> 2)

    @cached_property
    def violations(self) -> tuple[Violation, ...]:
        """Every breach of the grammar of the edition, in order of position."""
        return tuple(violations_of(self, self.asked or self.edition or Edition.E2017))

    def field(self, name: str) -> Field | None:
        """Return the first field of that name."""
        return next((f for f in self.fields if f.name == name), None)

    def text(self, name: str) -> str | None:
        """Return the value of the first field of that name."""
        for known, _, value in self.head:
            if known == name:
                return value
        if name == "CP" and self.cp_at >= 0:
            return _text(self.octets[self.cp_at + 3 :])
        return None

    def item(self, name: str) -> Item | None:
        """Return the first item of that name in the data area."""
        return next((i for i in self.items if i.name == name), None)

    @property
    def qn(self) -> str | None:
        """QN as received, right or wrong; of a 2005 packet also from its data area."""
        found = self.text("QN")
        if found is None and self.edition is Edition.E2005:
            parts = (part for group in self.groups for part in group)
            return next((value for name, _, value in parts if name == "QN"), None)
        return found

    @property
    def st(self) -> str | None:
        """ST as received."""
        return self.text("ST")

    @property
    def cn(self) -> str | None:
        """CN as received."""
        return self.text("CN")

    @property
    def pw(self) -> str | None:
        """PW as received."""
        return self.text("PW")

    @property
    def mn(self) -> str | None:
        """MN as received."""
        return self.text("MN")

    @property
    def rf(self) -> str | None:
        """RF as received (2025: 1 marks late data)."""
        return self.text("RF")

    @property
    def flag(self) -> Flag | None:
        """Flag; ``None`` when absent or no number from 0 to 255."""
        value = _number(self.text("Flag"), 3)
        return None if value is None or value > 255 else _FLAGS[value]

    @property
    def pnum(self) -> int | None:
        """Number of packets; ``None`` when absent or not up to four digits."""
        return _number(self.text("PNUM"), 4)

    @property
    def pno(self) -> int | None:
        """Number of this packet; ``None`` when absent or not up to four digits."""
        return _number(self.text("PNO"), 4)

    @property
    def is_encrypted(self) -> bool:
        """Whether the data area starts with a block of cipher octets (2025)."""
        return self.area is not None and self.octets.startswith(_CIPHER, self.area[0])


def _number(text: str | None, digits: int) -> int | None:
    if text is None or len(text) > digits or not _DIGITS.fullmatch(text):
        return None
    return int(text)


def edition_of(segment: Segment | bytes) -> Edition | None:
    """Return the edition that the version bits name.

    A segment without Flag is read as 2005; unknown version bits or a Flag that is no
    number give ``None``.  Source: HJ 212-2017, table 3.  Version bits 2 were used by
    surface water stations before 2025.
    """
    if not isinstance(segment, Segment):
        segment = parse_segment(segment)
    return segment.edition


def parse_segment(octets: bytes, edition: Edition | None = None) -> Segment:
    """Return the segment, to be taken apart and judged on demand.

    ``edition`` chooses the rules; without it the segment's own edition does, and
    2017 where that is unknown.
    """
    octets = bytes(octets)
    cp_at = 0 if octets.startswith(b"CP=") else octets.find(b";CP=") + 1 or -1
    area = _wrapped(octets, cp_at + 3) if cp_at >= 0 else None
    groups = _read_area(octets, *area) if area else ()
    return Segment(octets, _read_head(octets, cp_at), groups, cp_at, area, edition)


def _read_head(octets: bytes, cp_at: int) -> Sequence[Part]:
    if not octets or not cp_at:
        return ()
    head = octets[: cp_at - 1] if cp_at > 0 else octets.removesuffix(b";")
    return [part.partition("=") for part in _text(head).split(";")]


def _read_area(octets: bytes, start: int, end: int) -> Sequence[Sequence[Part]]:
    """Return names and values alone, which is several times faster than places."""
    area = octets[start:end]
    if b"//" in area:  # a log text, in which separators separate nothing
        split = _split_area(octets, start, end)
        return [list(map(_part_of, group)) for group in split]
    if not area or area.startswith(_CIPHER):
        return ()
    groups = [
        [item.partition("=") for item in group.split(",") if item.strip()]
        for group in _text(area).split(";")
    ]
    return [group for group in groups if group] if [] in groups else groups


def _wrapped(octets: bytes, at: int) -> tuple[int, int] | None:
    if not octets.startswith(b"&&", at):
        return None
    close = octets.rfind(b"&&")
    return (at + 2, close) if close >= at + 2 else None


def _split_area(octets: bytes, start: int, end: int) -> tuple[tuple[Item, ...], ...]:
    groups: list[tuple[Item, ...]] = []
    if octets.startswith(_CIPHER, start):
        return ()
    for left, right in _parts(octets, start, end, b";"):
        items = []
        for a, b in _parts(octets, left, right, b","):
            text = _text(octets[a:b])
            if text.strip():
                name, _, value = text.partition("=")
                items.append(Item(name, value, a, octets[a:b]))
        if items:
            groups.append(tuple(items))
    return tuple(groups)


def _parts(
    octets: bytes, start: int, end: int, separator: bytes
) -> Sequence[tuple[int, int]]:
    """Return where the parts between separators lie, log texts left whole."""
    part = octets[start:end]
    if b"//" in part:
        part = _LOG_TEXT.sub(lambda log: b"/" * len(log[0]), part)
    places = []
    at = start
    for piece in part.split(separator):
        places.append((at, at + len(piece)))
        at += len(piece) + 1
    return places


def _part_of(item: Item) -> Part:
    equals = "=" if b"=" in item.octets else ""
    return item.name, equals, item.value


def _text(octets: bytes) -> str:
    """Return the text; octets that are no UTF-8 as ``\\xNN`` (they stay in octets)."""
    return octets.decode("utf-8", "backslashreplace")


def build_segment(
    *,
    st: str,
    cn: str,
    pw: str,
    mn: str,
    flag: Flag | None,
    qn: str | None = None,
    pnum: int | None = None,
    pno: int | None = None,
    rf: bool = False,
    cp: Iterable[Iterable[tuple[str, str]]] = (),
) -> bytes:
    """Return the octets of a segment that breaks no rule of its edition.

    ``cp`` is groups of (name, value).  ``flag`` is ``None`` for 2005 packets without
    it.  Raises ``ValueError`` naming the rules that the result would break.
    """
    head = {
        "QN": qn,
        "ST": st,
        "CN": cn,
        "PW": pw,
        "MN": mn,
        "Flag": None if flag is None else str(flag.value),
        "PNUM": None if pnum is None else str(pnum),
        "PNO": None if pno is None else str(pno),
        "RF": "1" if rf else None,
    }
    area = ";".join(",".join(f"{n}={v}" for n, v in group) for group in cp)
    octets = build_segment_raw(
        ((name, value) for name, value in head.items() if value is not None),
        cp=b"&&" + area.encode() + b"&&",
    )
    broken = parse_segment(octets).violations
    if broken:
        reasons = "; ".join(f"{v.rule} at {v.at}: {v.detail.en}" for v in broken)
        raise ValueError(reasons)
    return octets


def build_segment_raw(
    fields: Iterable[tuple[str | bytes, str | bytes]], *, cp: bytes | None
) -> bytes:
    """Return fields and CP joined, whatever they are: the door for hostile traffic.

    ``cp`` is everything behind ``CP=``, wrapper included; ``None`` leaves CP out.
    """
    parts = [_octets(name) + b"=" + _octets(value) for name, value in fields]
    if cp is not None:
        parts.append(b"CP=" + cp)
    return b";".join(parts)


def _octets(part: str | bytes) -> bytes:
    return part.encode() if isinstance(part, str) else part
