# SPDX-License-Identifier: Apache-2.0
"""HJ 212 data segment: which rules of the grammar it breaks, and where.

Judges a parsed :class:`Segment` by the rules of one edition; never raises.  A rule
bears the number of its requirement (``SEG-002``).  Rules look at names and values as
text; only what breaks one is looked up with its place, because most segments are
right and places cost more than judging.  What only the table of commands,
the declaration or the conversation can tell (password, direction, flow) is not judged.

Source: HJ 212-2017, 6.3.1 table 2, 6.3.2 table 3, 6.3.3 table 4, 6.6.4 table 8;
HJ 212-2025, 6.3.3 table 3 and annex A.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from conformance.protocols.explained import Violation
from conformance.protocols.hj212.codes import SYSTEMS, Edition, is_reserved
from conformance.protocols.hj212.times import read_time
from conformance.protocols.hj212.values import value_violation
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.protocols.hj212.codec.segment import Field, Item, Part, Segment

__all__ = ["violations_of"]

SEGMENT_MAX_OCTETS = 1024
AREA_MAX_OCTETS = 950
AREA_MAX_OCTETS_2005 = 960

_ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF", "CP")
_ORDER_WITHOUT_RF = tuple(name for name in _ORDER if name != "RF")
_REQUIRED = ("QN", "ST", "CN", "PW", "MN", "Flag", "CP")
_REQUIRED_2005 = ("ST", "CN", "PW", "MN", "CP")
_NUMBERED = (*_REQUIRED[:-1], "PNUM", "PNO", "CP")
# The orders without any fault: one look for nearly every packet.
_USUAL = {
    Edition.E2005: {_REQUIRED_2005, _REQUIRED, _NUMBERED},
    Edition.E2017: {_REQUIRED, _NUMBERED},
    Edition.E2025: {
        _REQUIRED,
        _NUMBERED,
        (*_REQUIRED[:-1], "RF", "CP"),
        (*_NUMBERED[:-1], "RF", "CP"),
    },
}

_CIPHER_BLOCK = re.compile(rb"\{0x[0-9A-F]{2}(?:,0x[0-9A-F]{2})*\}")
_LOG_TEXT = re.compile(rb"//.*?//", re.DOTALL)
# Keys that only a factor has; their stem is the factor's code (table 4).
_FACTOR_KEYS = frozenset(
    {"SampleTime", "Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax"}
    | {"Cou", "Flag", "EFlag"}
)
# By field: the form of the whole value, its rule, and the form in words.
_FORMS = {
    "ST": (re.compile(r"[0-9]{2}|[A-Z][0-9]"), "SEG-003", "两位系统编码", "two digits"),
    "CN": (re.compile(r"[0-9]{4}"), "SEG-004", "四位十进制数字", "four decimal digits"),
    "PW": (
        re.compile(r"[0-9A-Za-z]{1,6}"),
        "SEG-005",
        "1～6 位字母或数字",
        "1 to 6 letters or digits",
    ),
    "MN": (
        re.compile(r"[0-9A-F]{24}"),
        "SEG-006",
        "24 个字符，0～9、A～F",
        "24 characters 0-9 A-F",
    ),
    "RF": (re.compile(r"1"), "SEG-011", "1（或不带该字段）", "1, or no field"),
}
_FORMS_2005 = frozenset({"ST", "CN"})
_QN = re.compile(r"[0-9]{17}")

Head = Mapping[str, str]
"""Values of the fields before CP by name, the first of each."""


def violations_of(segment: Segment, edition: Edition) -> Iterator[Violation]:
    """Yield what the segment breaks of the edition, in order of position."""
    head = {name: value for name, _, value in reversed(segment.head)}
    found = [
        *_whole(segment, edition),
        *_order(segment, edition),
        *_forms(segment, head, edition),
        *_qn(segment, head, edition),
        *_flag(segment, head, edition),
        *_wrapper(segment, edition),
        *_area(segment, edition),
    ]
    yield from sorted(found, key=lambda violation: violation.at)


def _breach(rule: str, zh: str, en: str, at: int, size: int) -> Violation:
    return Violation(rule, "content", Text(zh, en), at, size)


def _at(rule: str, zh: str, en: str, part: Field | Item | None) -> Violation:
    at, size = (part.at, part.size) if part else (0, 0)
    return _breach(rule, zh, en, at, size)


def _whole(segment: Segment, edition: Edition) -> Iterator[Violation]:
    """Size of the segment (FRM-003) and its characters (FRM-012)."""
    octets = segment.octets
    if len(octets) > SEGMENT_MAX_OCTETS and not segment.is_encrypted:
        yield _breach(
            "FRM-003",
            f"数据段长 {len(octets)} 字节，超过 1024",
            f"the data segment has {len(octets)} octets, limit 1024",
            SEGMENT_MAX_OCTETS,
            len(octets) - SEGMENT_MAX_OCTETS,
        )
    if edition is Edition.E2005 or octets.isascii():
        return
    try:
        octets.decode("utf-8")
    except UnicodeDecodeError as error:
        yield _breach(
            "FRM-012",
            "既不是 ASCII，也不是 UTF-8（可能是 GBK）",
            "neither ASCII nor UTF-8 (GBK?)",
            error.start,
            error.end - error.start,
        )
        return
    outside = _LOG_TEXT.sub(lambda log: b"/" * len(log[0]), octets)
    if strange := re.search(rb"[\x80-\xff]+", outside):
        yield _breach(
            "FRM-012",
            "日志文本（//…//）之外出现非 ASCII 字符",
            "non-ASCII characters outside a log text (//...//)",
            strange.start(),
            strange.end() - strange.start(),
        )


def _order(segment: Segment, edition: Edition) -> Iterator[Violation]:
    """Names, order and completeness of the fields (SEG-001)."""
    old = edition is Edition.E2005
    if _names(segment) in _USUAL[edition]:
        return
    known = _ORDER if edition is Edition.E2025 else _ORDER_WITHOUT_RF
    reached = -1
    seen: set[str] = set()
    for field in segment.fields:
        name = field.name
        if name not in known or b"=" not in field.octets:
            yield _at("SEG-001", f"未知字段 {name!r}", f"unknown field {name!r}", field)
        elif name in seen:
            yield _at("SEG-001", f"字段 {name} 重复", f"{name} occurs again", field)
        elif not old and _ORDER.index(name) < reached:
            yield _at(
                "SEG-001",
                f"字段 {name} 的位置不符合规定顺序",
                f"{name} is not in its place in the order of fields",
                field,
            )
        else:
            reached = max(reached, _ORDER.index(name))
        seen.add(name)
    for name in _REQUIRED_2005 if old else _REQUIRED:
        if name not in seen:
            yield _breach(
                "SEG-001",
                f"缺少字段 {name}",
                f"{name} is missing",
                len(segment.octets),
                0,
            )


def _names(segment: Segment) -> tuple[str, ...]:
    """Return the names of all fields; an empty one for what is not NAME=value."""
    names = [name if equals else "" for name, equals, _ in segment.head]
    return (*names, "CP") if segment.cp_at >= 0 else tuple(names)


def _forms(segment: Segment, head: Head, edition: Edition) -> Iterator[Violation]:
    """Forms of ST, CN, PW, MN and RF (SEG-003 to SEG-006, SEG-011), ST and CN known."""
    for name, (form, rule, zh, en) in _FORMS.items():
        value = head.get(name)
        if value is None or (edition is Edition.E2005 and name not in _FORMS_2005):
            continue
        if name == "RF" and edition is not Edition.E2025:
            continue  # an unknown field there (SEG-001)
        if name == "MN" and not value and edition is Edition.E2025:
            continue  # before the platform has given one (2025, C.2)
        if not form.fullmatch(value):
            yield _at(
                rule,
                f"{name} 应为{zh}，实为 {value!r}",
                f"{name} must be {en}, is {value!r}",
                segment.field(name),
            )
        elif name == "ST":
            yield from _system(segment, value, edition)
        elif name == "CN":
            yield from _command(segment, value, edition)


def _system(segment: Segment, st: str, edition: Edition) -> Iterator[Violation]:
    system = SYSTEMS.get(st)
    # Letters A to Z are free for extensions (table 5, note), so they are not judged.
    known = system is not None and edition in system.editions
    if not known and st.isdigit():
        yield _at(
            "SEG-003",
            f"{edition.title} 的系统编码表中没有 ST={st}",
            f"ST={st} is not in the system code table of {edition.title}",
            segment.field("ST"),
        )


def _command(segment: Segment, cn: str, edition: Edition) -> Iterator[Violation]:
    # Of 2025 the table of reserved numbers was not read; 2005 has no such rule here.
    if edition is Edition.E2017 and is_reserved(cn):
        yield _at(
            "SEG-039",
            f"CN={cn} 为标准保留的命令编码，不得自行扩展",
            f"CN={cn} is reserved by the standard",
            segment.field("CN"),
        )


def _qn(segment: Segment, head: Head, edition: Edition) -> Iterator[Violation]:
    qn = head.get("QN")
    if qn is None or edition is Edition.E2005:
        return
    if not _QN.fullmatch(qn):
        yield _at(
            "SEG-002",
            f"QN 应为 17 位数字，实为 {qn!r}",
            f"QN must be 17 digits, is {qn!r}",
            segment.field("QN"),
        )
    elif read_time(qn) is None:
        yield _at(
            "SEG-002",
            f"QN {qn} 不是有效的日期时间",
            f"QN {qn} is no date and time",
            segment.field("QN"),
        )


def _flag(segment: Segment, head: Head, edition: Edition) -> Iterator[Violation]:
    """Flag (SEG-007) and the packet numbers that go with it (SEG-008)."""
    stated, flag = head.get("Flag"), segment.flag
    if stated is not None and flag is None:
        yield _at(
            "SEG-007",
            f"Flag 应为十进制 0～255，实为 {stated!r}",
            f"Flag must be a decimal 0-255, is {stated!r}",
            segment.field("Flag"),
        )
    elif flag is not None and flag.edition is not edition:
        yield _at(
            "SEG-007",
            f"Flag 的版本位为 {flag.version}，{edition.title} 应为 {edition.version}",
            f"version bits {flag.version}, {edition.title} has {edition.version}",
            segment.field("Flag"),
        )
    if edition is Edition.E2005 or flag is None:
        return
    for name in ("PNUM", "PNO"):
        if flag.has_packet_number and name not in head:
            yield _at(
                "SEG-008",
                f"Flag 表明有包号，却没有 {name}",
                f"Flag promises packet numbers, {name} is missing",
                segment.field("Flag"),
            )
        elif name in head and not flag.has_packet_number:
            yield _at(
                "SEG-008",
                f"Flag 表明无包号，却带有 {name}",
                f"{name} is present although Flag says no packet numbers",
                segment.field(name),
            )
    if "PNUM" in head or "PNO" in head:
        yield from _packet_numbers(segment)
        if edition is Edition.E2025:
            yield from _single_digits(segment)


def _packet_numbers(segment: Segment) -> Iterator[Violation]:
    total, number = segment.pnum, segment.pno
    for name, value in (("PNUM", total), ("PNO", number)):
        field = segment.field(name)
        if field is not None and not value:
            yield _at(
                "SEG-008",
                f"{name} 应为 1～9999，实为 {field.value!r}",
                f"{name} must be 1 to 9999, is {field.value!r}",
                field,
            )
    field = segment.field("PNO")
    if total and number and number > total and field is not None:
        yield _at(
            "SEG-008",
            f"PNO={number} 大于 PNUM={total}",
            f"PNO={number} is above PNUM={total}",
            field,
        )


def _single_digits(segment: Segment) -> Iterator[Violation]:
    """2025 gives PNUM six characters and PNO five, names included (SEG-041)."""
    for name in ("PNUM", "PNO"):
        field = segment.field(name)
        if field is not None and len(field.value) > 1:
            yield _at(
                "SEG-041",
                f"2025 版 {name} 只有 1 位数字（转引自单一来源，未经标准原文核实）",
                f"{name} has one digit in 2025 (quoted by one source, not read)",
                field,
            )


def _wrapper(segment: Segment, edition: Edition) -> Iterator[Violation]:
    """CP=&&...&& at the end, and its size (SEG-009)."""
    area = segment.area
    if segment.cp_at < 0:
        return
    if area is None:
        yield _at(
            "SEG-009",
            "CP 没有 &&…&& 包裹",
            "CP is not wrapped in &&...&&",
            segment.field("CP"),
        )
        return
    start, end = area
    if len(segment.octets) > end + 2:
        yield _breach(
            "SEG-009",
            "数据区结束符 && 之后还有内容",
            "something follows the closing &&",
            end + 2,
            len(segment.octets) - end - 2,
        )
    inside = _masked(segment.octets[start:end])
    if (extra := inside.find(b"&&")) >= 0:
        yield _breach(
            "SEG-009", "数据区内出现 &&", "&& inside the data area", start + extra, 2
        )
    limit = AREA_MAX_OCTETS_2005 if edition is Edition.E2005 else AREA_MAX_OCTETS
    # By the generous reading of the limit: the content alone.
    if end - start > limit and not segment.is_encrypted:
        yield _breach(
            "SEG-009",
            f"数据区长 {end - start} 字节，超过 {limit}",
            f"the data area has {end - start} octets, limit {limit}",
            start + limit,
            end - start - limit,
        )


def _area(segment: Segment, edition: Edition) -> Iterator[Violation]:
    if segment.area is None:
        return
    start, end = segment.area
    if segment.is_encrypted:
        if not _CIPHER_BLOCK.match(segment.octets, start, end):
            yield _breach(
                "SEC-009",
                "密文应写成 {0xNN,0xNN,…}，十六进制大写、无空格",
                "cipher octets must be {0xNN,0xNN,...}, upper case, no blanks",
                start,
                end - start,
            )
        return
    yield from _separators(segment, start, end)
    yield from _items(segment)
    yield from _grouping(segment)
    if edition is Edition.E2005:
        return
    for place, (name, equals, value) in enumerate(_flat(segment)):
        if equals and (breach := value_violation(name, value, edition)):
            yield _at(breach.rule, breach.zh, breach.en, segment.items[place])


def _flat(segment: Segment) -> list[Part]:
    return [part for group in segment.groups for part in group]


def _masked(area: bytes) -> bytes:
    """Return the data area with log texts made of slashes, at the same length."""
    if b"//" not in area:
        return area
    return _LOG_TEXT.sub(lambda log: b"/" * len(log[0]), area)


def _separators(segment: Segment, start: int, end: int) -> Iterator[Violation]:
    """Empty places between separators (SEG-010), one at the end (SEG-045)."""
    if start == end:
        return
    plain = _masked(segment.octets[start:end])
    if plain.count(b";") + plain.count(b",") + 1 == sum(map(len, segment.groups)):
        return  # something stands between all of them
    if plain.endswith((b";", b",")):
        yield _breach(
            "SEG-045",
            "结束符 && 之前多了分隔符",
            "a separator before the closing &&",
            end - 1,
            1,
        )
        plain = plain[:-1]
    for gap in re.finditer(rb"(?<![^;,])[;,]", plain):
        yield _breach(
            "SEG-010",
            "分隔符之间没有内容",
            "nothing between separators",
            start + gap.start(),
            1,
        )


def _items(segment: Segment) -> Iterator[Violation]:
    """Each item is name=value (SEG-010), without blanks (SEG-044), once (SEG-040)."""
    seen: set[str] = set()
    for place, (name, equals, value) in enumerate(_flat(segment)):
        if not (equals and name):
            item = segment.items[place]
            yield _at(
                "SEG-010",
                f"数据项不是“名=值”形式：{item.octets[:40]!r}",
                f"not name=value: {item.octets[:40]!r}",
                item,
            )
        elif name != name.strip() or value != value.strip():
            zh, en = "名或值两侧有空格", "blanks around name or value"
            yield _at("SEG-044", zh, en, segment.items[place])
        elif name in seen:
            zh, en = f"{name} 重复", f"{name} occurs again"
            yield _at("SEG-040", zh, en, segment.items[place])
        seen.add(name)


def _grouping(segment: Segment) -> Iterator[Violation]:
    """Items of one factor are joined by commas, different ones by semicolons."""
    homes: dict[str, int] = {}
    seen: set[str] = set()
    place = -1
    for number, group in enumerate(segment.groups):
        first = ""
        for name, _, _ in group:
            place += 1
            stem, dash, key = name.rpartition("-")
            if not dash or key not in _FACTOR_KEYS or name in seen:
                continue
            seen.add(name)
            first = first or stem
            if stem != first:
                yield _at(
                    "SEG-010",
                    f"{stem} 与 {first} 是不同的污染物，应以分号分隔",
                    f"{stem} and {first} differ: a semicolon belongs between",
                    segment.items[place],
                )
            elif homes.setdefault(stem, number) != number:
                yield _at(
                    "SEG-010",
                    f"{stem} 的各项应以逗号连接，不应分开",
                    f"items of {stem} belong together, joined by commas",
                    segment.items[place],
                )
