# SPDX-License-Identifier: Apache-2.0
"""Values to wire text and JSON octets, and JSON octets back, digits intact.

What is read comes from a stranger: every way in which octets can fail to be one JSON
document is a defect with a key, never an exception.

Source: RFC 8259 (JSON), sections 4 (names), 6 (numbers) and 8.1 (UTF-8).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from conformance.data.defects import Defect, defect
from conformance.data.values import decimal_places, written_places
from conformance.profile.model import Element

__all__ = [
    "DEPTH_MAX",
    "decode_json",
    "encode_json",
    "to_payload",
    "wire_text",
    "with_places",
    "written",
]

DEPTH_MAX = 32
"""Levels of nesting that a payload may have."""

EXPONENT_MAX = 400
"""Beyond the range of a binary64; a larger exponent only serves to exhaust memory."""


def wire_text(element: Element, value: Any, *, binding: str = "") -> str:
    """Return a value as a text protocol writes it, with the places that it must have.

    More places than required are kept: nothing is ever rounded.
    """
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | Decimal) and element.type == "decimal":
        places = max(decimal_places(element, binding), written_places(value))
        return written(with_places(Decimal(value), places))
    return written(value)


def written(value: Any) -> str:
    """Return a value with just the digits that it has, without an exponent.

    For values that are meant to be wrong, and must arrive as wrong as they are.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def with_places(value: Decimal, places: int) -> Decimal:
    """Return the number written with at least so many decimal places."""
    # Not quantize: that fails or rounds beyond the precision of the context.
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int), "only finite numbers are written"
    missing = places + exponent
    return Decimal((sign, digits + (0,) * missing, -places)) if missing > 0 else value


def to_payload(
    elements: Iterable[Element],
    readings: Mapping[str, Any],
    *,
    binding: str = "json",
    as_is: bool = False,
) -> dict[str, Any]:
    """Return readings under their names in a binding, decimals with their places.

    Keys of no element are kept under their own name.  ``as_is`` adds no zeros, for
    readings that are meant to be wrong.
    """
    known = {element.key: element for element in elements}
    payload = {}
    for key, value in readings.items():
        element = known.get(key)
        name = element.wire_code(binding) if element else key
        if name is None:
            continue
        if element and not as_is and isinstance(value, Decimal):
            places = max(decimal_places(element, binding), written_places(value))
            value = with_places(value, places)
        payload[name] = value
    return payload


def encode_json(value: Any) -> bytes:
    """Return JSON in UTF-8 without blanks; decimals keep all their digits."""
    return "".join(_pieces(value)).encode()


def _pieces(value: Any) -> Iterable[str]:
    match value:
        case Decimal():
            yield f"{value:f}"
        case dict():
            opening = "{"
            for key, item in value.items():
                yield f"{opening}{json.dumps(key, ensure_ascii=False)}:"
                yield from _pieces(item)
                opening = ","
            yield "}" if value else "{}"
        case list() | tuple():
            opening = "["
            for item in value:
                yield opening
                yield from _pieces(item)
                opening = ","
            yield "]" if value else "[]"
        case _:
            yield json.dumps(value, ensure_ascii=False, allow_nan=False)


def decode_json(octets: bytes) -> tuple[Any, tuple[Defect, ...]]:
    """Return the value, numbers with a point as ``Decimal``, and what is wrong.

    With a defect the value is None.
    """
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, (defect("data.not-utf8", at=error.start),)
    brackets = text.count("[") + text.count("{")
    if brackets > DEPTH_MAX and _depth(text) > DEPTH_MAX:
        return None, (defect("data.too-deep", limit=DEPTH_MAX),)
    try:
        return _DECODER.decode(text), ()
    except _Refused as refused:
        return None, (refused.defect,)
    except json.JSONDecodeError as error:
        return None, (defect("data.not-json", at=error.pos),)
    except ValueError:  # more digits than int() takes
        return None, (defect("data.number-too-long"),)


class _Refused(Exception):
    """JSON by its grammar, refused all the same."""

    def __init__(self, found: Defect) -> None:
        super().__init__(found.key)
        self.defect = found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Refused(defect("data.duplicate-key", (twice,), field=twice))
    return made


def _number(text: str) -> Decimal:
    # Only with an exponent can a few characters become a number without end.
    if "e" in text or "E" in text:
        power = text.lower().partition("e")[2].lstrip("+-0")
        if len(power) > 3 or int(power or 0) > EXPONENT_MAX:
            raise _Refused(defect("data.number-too-long"))
    return Decimal(text)


def _constant(name: str) -> Any:
    raise _Refused(defect("data.not-finite", actual=name))


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_number, parse_constant=_constant
)


def _depth(text: str) -> int:
    """Return the nesting of a text that may not even be JSON."""
    deepest = level = 0
    in_string = escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif in_string:
            escaped = character == "\\"
            in_string = character != '"'
        elif character == '"':
            in_string = True
        elif character in "[{":
            level += 1
            deepest = max(deepest, level)
        elif character in "]}":
            level -= 1
    return deepest
