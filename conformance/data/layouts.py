# SPDX-License-Identifier: Apache-2.0
"""A payload that is right, as one regular expression over the octets of its like.

A device writes all its payloads alike: the same fields in the same order, with the same
blanks.  For the layout of one payload that is right, this module makes an expression
that only payloads match which are right too: fields, types, ranges, listed values and
decimal places are all regular, and are compared digit by digit, so no number is ever
converted.  What does not match may still be right; then the full way decides.

Source: RFC 8259 (JSON), section 6 (numbers); RFC 3339, section 5.6 (date-time).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

__all__ = ["HEX", "layout_of"]

HEX = "^(?:[0-9A-Fa-f]{2})*$"
"""The pattern of octets in hexadecimal; JSON Schema and this module mean the same."""

_PLACES_MAX = 20
"""Digits after the point that an expression takes."""
_STRING = r'"[ !#-\[\]-~]*"'
_WHOLE = "-?(?:0|[1-9][0-9]{0,14})"
_NUMBER = rf"{_WHOLE}(?:\.[0-9]{{1,{_PLACES_MAX}}})?"
_SCALAR = rf"(?:{_STRING}|{_NUMBER}|true|false|null)"
_LONG, _SHORT = "(?:0[13578]|1[02])", "(?:0[469]|11)"
_DAYS = rf"(?:{_LONG}-(?:0[1-9]|[12][0-9]|3[01])|{_SHORT}-(?:0[1-9]|[12][0-9]|30)"
_DATE = rf"[1-9][0-9]{{3}}-{_DAYS}|02-(?:0[1-9]|1[0-9]|2[0-8]))"
_HOURS, _SIXTY = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_OFFSET = rf"(?:Z|[+-]{_HOURS}:{_SIXTY})"
_TIME = rf'"{_DATE}T{_HOURS}:{_SIXTY}:{_SIXTY}(?:\.[0-9]{{1,9}})?{_OFFSET}"'
"""Without leap days and leap seconds, which the full way knows."""

# What every dialect of regular expressions means alike: classes of ASCII letters and
# digits, each with a count.
_PLAIN_PATTERN = re.compile(
    r"\^((?:\[(?:[0-9A-Za-z]-[0-9A-Za-z]|[0-9A-Za-z])+\](?:\{[0-9]+(?:,[0-9]*)?\})?)+)\$"
)
_MEMBER = re.compile(
    rb'([ \t\r\n]*)"([ !#-\[\]-~]*)"([ \t\r\n]*:[ \t\r\n]*)'
    rb'("[^"\\]*"|[^\s,{}\[\]"]+)([ \t\r\n]*)([,}])'
)
_BLANKS = re.compile(rb"[ \t\r\n]*")


def layout_of(
    octets: bytes, schema: Mapping[str, Any], places: Mapping[str, int]
) -> re.Pattern[bytes] | None:
    """Return the expression of payloads like one that is right.

    ``places`` are the decimal places that numbers need at least.  ``None`` where
    something in payload or schema has no expression here.
    """
    members = _members(octets)
    if members is None or schema.keys() - _KEYWORDS:
        return None
    head, found, tail = members
    names, required = [name for _, name, _, _ in found], {*schema["required"]}
    if len({*names}) < len(names) or not required.issubset(names):
        return None
    if schema["additionalProperties"] is False and {*names} - {*schema["properties"]}:
        return None
    pieces = [re.escape(head)]
    for number, (before, name, colon, after) in enumerate(found):
        value = _value(schema["properties"].get(name), places.get(name, 0))
        if value is None:
            return None
        comma = b"" if number == 0 else b","
        opening = re.escape(comma + before + json.dumps(name).encode() + colon)
        piece = opening + value.encode() + re.escape(after)
        # The first has no comma before it, so what follows needs it to be there.
        is_free = number > 0 and name not in required
        pieces.append(b"(?:%b)?" % piece if is_free else piece)
    return re.compile(b"".join(pieces) + re.escape(tail))


_KEYWORDS = {"$schema", "type", "properties", "required", "additionalProperties"}
_Member = tuple[bytes, str, bytes, bytes]


def _members(octets: bytes) -> tuple[bytes, list[_Member], bytes] | None:
    """Return what is before, in and after the members of a flat object."""
    blanks = _BLANKS.match(octets)
    assert blanks is not None, "blanks may be none"
    at = blanks.end() + 1
    head, found = octets[:at], []
    while member := _MEMBER.match(octets, at):
        before, name, colon, _, after, end = member.groups()
        found.append((before, name.decode("ascii"), colon, after))
        at = member.end()
        if end == b"}":
            return head, found, octets[at - 1 :]
    return None


def _value(schema: Mapping[str, Any] | None, places: int) -> str | None:
    """Return the expression of a field's values."""
    if schema is None:
        return _SCALAR
    if "enum" in schema:
        return _listed(schema) if not places else None
    match schema.get("type"):
        case "boolean":
            return "(?:true|false)"
        case "integer":
            return _numbers(schema, 0, is_whole=True)
        case "number":
            return _numbers(schema, places, is_whole=False)
        case "string":
            return _text(schema)
    return None


def _listed(schema: Mapping[str, Any]) -> str | None:
    values = schema["enum"]
    if schema.keys() - {"title", "type", "enum", "minimum", "maximum"}:
        return None
    if all(isinstance(v, str) for v in values) and schema.get("type") != "integer":
        texts = [json.dumps(v) for v in values if v.isascii()]
    elif all(type(v) is int for v in values) and schema.get("type") != "string":
        low, high = schema.get("minimum"), schema.get("maximum")
        texts = [
            str(v)
            for v in values
            if (low is None or low <= v) and (high is None or v <= high)
        ]
    else:
        return None
    return f"(?:{'|'.join(map(re.escape, texts))})" if texts else None


def _text(schema: Mapping[str, Any]) -> str | None:
    match schema.keys() - {"title", "type"}:
        case named if not named:
            return _STRING
        case named if named == {"minLength"} and schema["minLength"] == 1:
            return _STRING.replace("*", "+")
        case named if named == {"format"} and schema["format"] == "date-time":
            return _TIME
        case named if named == {"pattern"} and schema["pattern"] == HEX:
            return f'"{HEX[1:-1]}"'
        case named if named == {"pattern"}:
            found = _PLAIN_PATTERN.fullmatch(schema["pattern"])
            return f'"{found[1]}"' if found else None
    return None


# Numbers


def _numbers(schema: Mapping[str, Any], places: int, *, is_whole: bool) -> str | None:
    """Return the expression of the numbers between two limits, so fine at least."""
    if schema.keys() - {"title", "type", "minimum", "maximum"}:
        return None
    limits = [Decimal(schema[k]) for k in ("minimum", "maximum") if k in schema]
    if not limits:
        return _WHOLE + ("" if is_whole else _fraction(places, "[0-9]"))
    if len(limits) == 1 or any(len(n.as_tuple().digits) > _PLACES_MAX for n in limits):
        return None
    low, high = limits
    kinds: list[str] = []
    if high >= 0:
        kinds += _magnitudes(max(low, Decimal(0)), high, places, is_whole)
    if low < 0:
        below = _magnitudes(max(-high, Decimal(0)), -low, places, is_whole)
        kinds += [f"-{one}" for one in below]
    return f"(?:{'|'.join(kinds)})" if kinds else None


def _magnitudes(low: Decimal, high: Decimal, places: int, is_whole: bool) -> list[str]:
    """Return expressions of the numbers from one magnitude to another.

    The digits of the limits decide, up to but without the upper one; behind them any
    digit may follow, and behind the upper limit zeros alone.
    """
    scale = max(0, *(-int(n.normalize().as_tuple().exponent) for n in (low, high)))
    if (is_whole and scale) or scale > _PLACES_MAX:
        return []
    first, last = int(low.scaleb(scale)), int(high.scaleb(scale))
    more = max(places - scale, 0)
    kinds = []
    inside = [*_spans(first, last if is_whole else last - 1, scale)]
    if inside:
        tail = "" if is_whole else _tail(more, "[0-9]", scale)
        kinds.append(f"(?:{'|'.join(inside)}){tail}")
    if not is_whole and first <= last:
        (exactly,) = _spans(last, last, scale)
        kinds.append(exactly + _tail(more, "0", scale))
    return kinds


def _tail(places: int, digit: str, scale: int) -> str:
    """Return the digits that may follow ``scale`` decimals."""
    if scale:
        return f"{digit}{{{places},{_PLACES_MAX}}}"
    return _fraction(places, digit)


def _fraction(places: int, digit: str) -> str:
    fraction = rf"\.{digit}{{{max(places, 1)},{_PLACES_MAX}}}"
    return fraction if places else f"(?:{fraction})?"


def _spans(low: int, high: int, scale: int) -> Iterator[str]:
    """Yield expressions of integers, written with a point before the last digits.

    Longer ones come first; ``scale`` digits and one before them are always there.
    """
    least = scale + 1
    for width in range(max(len(str(high)), least), least - 1, -1):
        smallest = 0 if width == least else 10 ** (width - 1)
        first, last = max(low, smallest), min(high, 10**width - 1)
        if first <= last:
            for digits in _between(f"{first:0{width}}", f"{last:0{width}}"):
                yield _written(digits, scale)


_Digits = tuple[tuple[str, str], ...]


def _between(low: str, high: str) -> list[_Digits]:
    """Return the digit strings between two of one length, as ranges by position."""
    if not low:
        return [()]
    size = len(low) - 1
    if (low[0], low[1:], high[1:]) == (low[0], "0" * size, "9" * size):
        return [((low[0], high[0]), *[("0", "9")] * size)]
    if low[0] == high[0]:
        return [((low[0], low[0]), *rest) for rest in _between(low[1:], high[1:])]
    above = chr(ord(low[0]) + 1)
    return (
        [
            *(((low[0], low[0]), *rest) for rest in _between(low[1:], "9" * size)),
            *_between(above + "0" * size, high),
        ]
        if low[1:] != "0" * size
        else _upwards(low, high)
    )


def _upwards(low: str, high: str) -> list[_Digits]:
    """The same where only the upper string is no whole span of its first digit."""
    size = len(low) - 1
    below = chr(ord(high[0]) - 1)
    return [
        ((low[0], below), *[("0", "9")] * size),
        *(((high[0], high[0]), *rest) for rest in _between("0" * size, high[1:])),
    ]


def _written(digits: _Digits, scale: int) -> str:
    at = len(digits) - scale
    whole, decimals = _run(digits[:at]), _run(digits[at:])
    return rf"{whole}\.{decimals}" if scale else whole


def _run(digits: Sequence[tuple[str, str]]) -> str:
    """Return ranges of digits, equal neighbours counted."""
    made, at = "", 0
    while at < len(digits):
        first, last = digits[at]
        count = 1
        while digits[at + count : at + count + 1] == digits[at : at + 1]:
            count += 1
        one = first if first == last else f"[{first}-{last}]"
        made += one if count == 1 else f"{one}{{{count}}}"
        at += count
    return made
