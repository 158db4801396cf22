# SPDX-License-Identifier: Apache-2.0
"""One value against its data element: type, range, resolution, listed values.

A value is judged as it was written, in a text segment or as a JSON value that was
parsed with ``parse_float=Decimal``; no float ever stands between wire and verdict.

Resolution is a rule on digits: a value is *at least as fine as the stated resolution*
when it is written with at least as many decimal places.  With a resolution of 0.01,
``7.1`` is too coarse, ``7.10`` and ``7.104`` are right.  Zeros at the end therefore
count, as in any stated measurement.  Where a binding allows an encoder to drop them
(``keeps_zeros=False``), one value proves nothing; see :class:`Fineness`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from math import gcd
from typing import Any

from conformance.data.defects import Defect, defect
from conformance.profile.conditions import evaluate
from conformance.profile.model import Element
from conformance.text import Text

__all__ = [
    "TYPES",
    "Fineness",
    "decimal_places",
    "is_number",
    "judge_json",
    "judge_readings",
    "judge_series",
    "judge_text",
    "presence_of",
    "too_coarse",
    "wire_format",
    "written_places",
]

# Fixed-point digits as every text protocol here writes them.  Leading zeros are legal;
# a plus sign, an exponent, a bare point and digits of other scripts are not.
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_INTEGER = re.compile(r"-?[0-9]+")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_N_FORMAT = re.compile(r"N([0-9]{1,2})(?:\.([0-9]{1,2}))?")
_COMPACT_TIME = re.compile(r"[0-9]{14}(?:[0-9]{3})?")
_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_BOOLEANS = {"0", "1", "false", "true"}

_SERIES_MIN = {1: 6, 2: 9, 5: 20}
"""Distinct values from which a series shows its resolution, by the last digit of the
resolution: by chance all of them end in a dropped zero once in a million."""

TYPES: Mapping[str, Text] = {
    "decimal": Text("十进制数", "a decimal number"),
    "integer": Text("整数", "an integer"),
    "boolean": Text("布尔值", "a boolean"),
    "string": Text("字符串", "text"),
    "enum": Text("列出的取值", "one of the listed values"),
    "timestamp": Text("有效的日期时间", "a valid date and time"),
    "bytes": Text("十六进制字节串", "octets in hexadecimal"),
}


# Looking at an element


def presence_of(element: Element, answers: Mapping[str, bool]) -> str:
    """Return ``mandatory`` or ``optional`` under the ICS answers.

    An element whose condition is false may still be sent: nothing forbids it.
    Raises ``ProfileError`` (``profile.unanswered``) for a missing answer.
    """
    presence = element.presence
    if isinstance(presence, str):
        return presence
    return "mandatory" if evaluate(presence["when"], answers) else "optional"


def wire_format(element: Element, binding: str) -> tuple[int, int] | None:
    """Return digits before and after the point of a wire format such as ``N3.1``."""
    wire = element.wire.get(binding)
    if wire is None or isinstance(wire, str):
        return None
    found = _N_FORMAT.fullmatch(str(wire.get("format", "")))
    return (int(found[1]), int(found[2] or 0)) if found else None


def decimal_places(element: Element, binding: str = "") -> int:
    """Return the decimal places that a value must have at least.

    A wire format that has room for fewer sets the limit: nobody can write more.
    """
    places = _places(element.resolution) if element.resolution is not None else 0
    limits = wire_format(element, binding)
    return min(places, limits[1]) if limits else places


def _places(number: Decimal) -> int:
    """Return the decimal places of a number without the zeros at its end."""
    # Not normalize: that rounds beyond the precision of the context.
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int), "only finite numbers are judged"
    for digit in reversed(digits):
        if digit or exponent >= 0:
            break
        exponent += 1
    return max(0, -exponent)


# Judging


def judge_text(
    element: Element, text: str, *, binding: str = "", keeps_zeros: bool = True
) -> tuple[Defect, ...]:
    """Return what is wrong with a value as a text protocol writes it."""
    if element.type == "enum":
        value: Any = next((v for v in element.values if str(v) == text), text)
    else:
        value = _READERS[element.type](text)
    if value is None:
        return (_wrong_type(element, text),)
    found = _judge(element, value, text, binding=binding, keeps_zeros=keeps_zeros)
    limits = wire_format(element, binding)
    if limits and isinstance(value, Decimal) and not _fits(text, *limits):
        room = f"N{limits[0]}.{limits[1]}"
        found += (defect("data.too-wide", (element.key,), format=room, actual=text),)
    return found


def judge_json(
    element: Element, value: Any, *, binding: str = "", keeps_zeros: bool = True
) -> tuple[Defect, ...]:
    """Return what is wrong with a JSON value, parsed with ``parse_float=Decimal``."""
    if not _JSON_TYPES.get(element.type, _is_text)(value):
        return (_wrong_type(element, value),)
    return _judge(element, value, value, binding=binding, keeps_zeros=keeps_zeros)


class Fineness:
    """Whether many values of an element together are too coarse, in bounded memory.

    JSON encoders and stations drop zeros at the end, so only many distinct values show
    a resolution.  What is kept is at most as many values as prove it.
    """

    __slots__ = ("_element", "_enough", "_finest", "_needed", "_seen")

    def __init__(self, element: Element, *, binding: str = "") -> None:
        self._element = element
        self._needed = decimal_places(element, binding)
        self._enough = 0
        if element.resolution is not None and self._needed:
            last = gcd(int(element.resolution.scaleb(self._needed)) or 1, 10)
            self._enough = _SERIES_MIN.get(last, 20)
        self._seen: set[Decimal] = set()
        self._finest: Decimal | None = None

    def add(self, value: str | int | Decimal) -> None:
        """Take a text or a parsed JSON number; what is no number is left alone."""
        read = _read_decimal(value) if isinstance(value, str) else value
        if not self._enough or read is None or not is_number(read):
            return
        number = Decimal(read)
        places = _places(number) if number else 0
        if places >= self._needed:
            self._enough = 0  # as fine as declared; no other value takes that back
            self._seen.clear()
            return
        if self._finest is None or places > _places(self._finest):
            self._finest = number
        if len(self._seen) < self._enough:
            self._seen.add(number)

    @property
    def is_settled(self) -> bool:
        """Whether no value to come can be found too coarse."""
        return not self._enough

    def defects(self) -> tuple[Defect, ...]:
        """Return the defect, if so many values could not look so coarse by chance."""
        if not self._enough or self._finest is None or len(self._seen) < self._enough:
            return ()
        return (too_coarse(self._element, self._finest, self._needed),)


def judge_series(
    element: Element, series: Iterable[str | int | Decimal], *, binding: str = ""
) -> tuple[Defect, ...]:
    """Return whether many values together are too coarse, dropped zeros allowed.

    Nothing is said of a handful of distinct values: chance could have made them.
    """
    fineness = Fineness(element, binding=binding)
    for value in series:
        fineness.add(value)
    return fineness.defects()


def judge_readings(
    elements: Iterable[Element],
    answers: Mapping[str, bool],
    readings: Mapping[str, Any],
    *,
    unknown: str = "ignore",
) -> tuple[Defect, ...]:
    """Return what is wrong with readings by element key, off the wire."""
    found: list[Defect] = []
    known = {element.key: element for element in elements}
    for key, element in known.items():
        if key in readings:
            found += judge_json(element, readings[key])
        elif presence_of(element, answers) == "mandatory":
            found.append(defect("data.missing", (key,), field=key))
    if unknown == "reject":
        found += [
            defect("data.unknown", (key,), field=key)
            for key in readings
            if key not in known
        ]
    return tuple(found)


def _judge(
    element: Element, value: Any, actual: Any, *, binding: str, keeps_zeros: bool
) -> tuple[Defect, ...]:
    path = (element.key,)
    found: list[Defect] = []
    if element.values and not _is_listed(element, value):
        listed = ", ".join(map(str, element.values))
        found.append(defect("data.not-listed", path, values=listed, actual=actual))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return tuple(found)
    if element.range and not element.range.min <= value <= element.range.max:
        low, high = element.range.min, element.range.max
        found.append(
            defect("data.out-of-range", path, low=low, high=high, actual=actual)
        )
    needed = decimal_places(element, binding)
    if keeps_zeros and element.type == "decimal" and written_places(value) < needed:
        found.append(too_coarse(element, actual, needed))
    return tuple(found)


def written_places(value: Decimal | int) -> int:
    """Return the decimal places that a number is written with."""
    if isinstance(value, int):
        return 0
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int), "only finite numbers are judged"
    return -exponent


def _is_listed(element: Element, value: Any) -> bool:
    # ``True == 1`` in Python, never on the wire.
    return any(
        value == listed and isinstance(value, bool) is isinstance(listed, bool)
        for listed in element.values
    )


def _wrong_type(element: Element, actual: Any) -> Defect:
    return defect(
        "data.wrong-type", (element.key,), type=TYPES[element.type], actual=actual
    )


def too_coarse(
    element: Element, actual: Any, digits: int, path: tuple[str | int, ...] = ()
) -> Defect:
    """Return the defect of a value that is written with too few decimal places."""
    return defect(
        "data.too-coarse",
        path or (element.key,),
        resolution=element.resolution,
        digits=digits,
        actual=actual,
    )


def _fits(text: str, before: int, after: int) -> bool:
    whole, _, fraction = text.removeprefix("-").partition(".")
    return len(whole) <= before and len(fraction) <= after


# Reading text


def _read_decimal(text: str) -> Decimal | None:
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def _read_integer(text: str) -> Decimal | None:
    return Decimal(text) if _INTEGER.fullmatch(text) else None


def _read_boolean(text: str) -> bool | None:
    return text in {"1", "true"} if text in _BOOLEANS else None


def _read_timestamp(text: str) -> str | None:
    return text if _is_time(text) else None


def _read_bytes(text: str) -> str | None:
    return text if _HEX.fullmatch(text) else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "decimal": _read_decimal,
    "integer": _read_integer,
    "boolean": _read_boolean,
    "string": str,
    "timestamp": _read_timestamp,
    "bytes": _read_bytes,
}


def _is_time(text: str) -> bool:
    if _COMPACT_TIME.fullmatch(text):
        text = f"{text[:8]}T{text[8:14]}"
    elif not _RFC3339.fullmatch(text):
        return False
    try:
        # A leap second is legal in RFC 3339 and unknown to datetime.
        datetime.fromisoformat(re.sub(r"(?<=[0-9]:[0-9]{2}:)60", "59", text.upper()))
    except ValueError:
        return False
    return True


# Looking at JSON values


def is_number(value: Any) -> bool:
    """Whether a parsed JSON value is a number that can be judged."""
    if isinstance(value, Decimal):
        return value.is_finite()
    return isinstance(value, int) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    # 1.0 is an integer in JSON Schema; the exponent is looked at first, because
    # the integer of 1E+999999999 does not fit into any memory.
    if isinstance(value, Decimal):
        return value.is_finite() and (
            written_places(value) <= 0 or value == value.to_integral_value()
        )
    return is_number(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


_JSON_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "decimal": is_number,
    "integer": _is_integer,
    "boolean": lambda value: isinstance(value, bool),
    "enum": lambda value: True,  # whatever it is, it is listed or not
    "timestamp": lambda value: isinstance(value, str) and _is_rfc3339(value),
    "bytes": lambda value: isinstance(value, str) and bool(_HEX.fullmatch(value)),
}


def _is_rfc3339(text: str) -> bool:
    return bool(_RFC3339.fullmatch(text)) and _is_time(text)
