# SPDX-License-Identifier: Apache-2.0
"""One message of an exchange, drawn: its octets, its fields, its broken rules.

Turns octets and what their protocol says about them into markup.  Knows no protocol:
the explanation comes in as a value.  Positions count from 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import Any

from conformance.protocols.explained import Explanation, FrameField, Violation
from conformance.report.markup import Markup, join, shown, tag
from conformance.report.visible import visible
from conformance.report.words import said
from conformance.text import Text

__all__ = [
    "Glyph",
    "fields_table",
    "glyphs",
    "looks_like_text",
    "octets_block",
    "unmasked",
]

LINE_OCTETS = 16
SHOWN_OCTETS = 1024
_TEXT_SHARE = 0.75
_FIELDS_SHOWN = 120
_MASKED = Text("受遮盖影响，不作说明", "depends on masked octets: not told")

Glyph = tuple[int, int, str]
"""Offset, size in octets, and what to show for them."""


def octets_block(octets: bytes, explanation: Explanation | None) -> Markup:
    """Return the octets as text where they are text, else in hexadecimal."""
    bad = _bad_offsets(explanation)
    head = octets[:SHOWN_OCTETS]
    draw = _text if looks_like_text(head) else _hex
    block = tag("pre", draw(head, bad), class_="octets")
    if len(octets) <= SHOWN_OCTETS:
        return block
    note = Text(
        f"仅显示前 {SHOWN_OCTETS} 个字节，共 {len(octets)} 个；"
        "完整内容见 evidence/wire.pcapng",
        f"The first {SHOWN_OCTETS} of {len(octets)} octets; "
        "evidence/wire.pcapng has all of them",
    )
    return join([block, tag("p", note, class_="note")])


def unmasked(explanation: Explanation, stored: list[dict[str, Any]]) -> Explanation:
    """Return what is said of masked octets, set right by what the true ones break.

    What only the mask broke is taken back, and no meaning is given to its field.
    """
    true = tuple(
        Violation(v["rule"], v["layer"], said(v["detail"]), v["at"], v["size"])
        for v in stored
    )
    known = {(v.rule, v.at, v.detail) for v in true}
    false = [v for v in explanation.violations if (v.rule, v.at, v.detail) not in known]
    fields = tuple(
        replace(f, meaning=_MASKED) if any(_touches(f, v) for v in false) else f
        for f in explanation.fields
    )
    return replace(explanation, fields=fields, violations=true)


def fields_table(explanation: Explanation, *, unfolded: bool = True) -> Markup:
    """Return broken rules and fields of a frame, the fields folded if so wanted."""
    rules = [_violation(v) for v in explanation.violations]
    listed = tag("ul", *rules, class_="violations") if rules else None
    shown_fields = explanation.fields[:_FIELDS_SHOWN]
    if not shown_fields:
        return join([listed])
    rows = [_field(f, explanation.violations) for f in shown_fields]
    head = tag(
        "tr",
        tag("th", Text("偏移", "At"), scope="col", class_="number"),
        tag("th", Text("长度", "Size"), scope="col", class_="number"),
        tag("th", Text("字段", "Field"), scope="col"),
        tag("th", Text("值", "Value"), scope="col"),
        tag("th", Text("含义", "Meaning"), scope="col"),
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="fields")
    left = len(explanation.fields) - len(shown_fields)
    note = Text(f"另有 {left} 个字段未列出", f"{left} more fields are not listed")
    summary = Text("字段", "Fields")
    folded = tag(
        "details",
        tag("summary", summary),
        table,
        tag("p", note, class_="note") if left else None,
        open=unfolded,
        class_="decoded",
    )
    return join([listed, folded])


def _touches(field: FrameField, violation: Violation) -> bool:
    """Whether they share an octet."""
    start, end = violation.at, violation.at + violation.size
    return start < field.at + field.size and field.at < end


def looks_like_text(octets: bytes) -> bool:
    """Whether most of the octets are printable characters or line ends."""
    if not octets:
        return True
    readable = sum(
        size
        for _, size, shape in glyphs(octets)
        if shape in ("\r", "\n", "\t") or (visible(shape) == shape and len(shape) == 1)
    )
    # Whatever has a NUL is no text for people, however much of it can be read.
    return 0 not in octets and readable >= _TEXT_SHARE * len(octets)


def glyphs(octets: bytes) -> Iterator[Glyph]:
    """Yield what to show for the octets, read as UTF-8 where that is possible."""
    at = 0
    while at < len(octets):
        for size in range(1, 5):
            try:
                char = octets[at : at + size].decode()
            except UnicodeDecodeError:
                continue
            if char:
                yield at, size, char
                at += size
                break
        else:
            yield at, 1, f"\\x{octets[at]:02x}"
            at += 1


def _bad_offsets(explanation: Explanation | None) -> set[int]:
    if explanation is None:
        return set()
    return {
        offset
        for v in explanation.violations
        for offset in range(v.at, min(v.at + v.size, v.at + SHOWN_OCTETS))
    }


def _text(octets: bytes, bad: set[int]) -> Markup:
    drawn = (
        (not bad.isdisjoint(range(at, at + size)), shape)
        for at, size, shape in glyphs(octets)
    )
    return _marked(drawn)


def _hex(octets: bytes, bad: set[int]) -> Markup:
    lines = [
        _hex_line(octets[at : at + LINE_OCTETS], at, bad)
        for at in range(0, len(octets), LINE_OCTETS)
    ]
    return Markup("\n".join(lines))


def _hex_line(row: bytes, start: int, bad: set[int]) -> Markup:
    flags = [start + i in bad for i in range(len(row))]
    digits = [f"{octet:02x} " for octet in row]
    if len(digits) > 8:
        digits[7] += " "
    width = LINE_OCTETS * 3 + 1
    padding = " " * (width - sum(map(len, digits)) + 1)
    chars = (chr(o) if 0x20 <= o < 0x7F else "·" for o in row)
    return join(
        [
            tag("span", f"{start:04x}  ", class_="offset"),
            _marked(zip(flags, digits, strict=True)),
            Markup(padding),
            _marked(zip(flags, chars, strict=True)),
        ]
    )


def _marked(pieces: Iterator[tuple[bool, str]] | zip[tuple[bool, str]]) -> Markup:
    runs = groupby(pieces, key=itemgetter(0))
    texts = ((flag, "".join(text for _, text in run)) for flag, run in runs)
    return join(
        tag("mark", shown(text)) if flag else shown(text) for flag, text in texts
    )


def _violation(violation: Violation) -> Markup:
    end = violation.at + violation.size - 1
    place = f"{violation.at}" if violation.size <= 1 else f"{violation.at}–{end}"
    where = Text(f"（字节 {place}）", f" (octet {place})")
    return tag(
        "li",
        tag("code", violation.rule),
        " ",
        violation.detail,
        tag("span", where, class_="note") if violation.size else None,
    )


def _field(field: FrameField, violations: tuple[Violation, ...]) -> Markup:
    broken = any(_touches(field, v) for v in violations)
    return tag(
        "tr",
        tag("td", str(field.at), class_="number"),
        tag("td", str(field.size), class_="number"),
        tag("th", field.name, scope="row"),
        tag("td", tag("code", shown(field.value, limit=300)), class_="value"),
        tag("td", field.meaning),
        class_="broken" if broken else None,
    )
