# SPDX-License-Identifier: Apache-2.0
"""The JSON form of a Pack: octets to plain values, and how numbers are written.

Looks at nothing but what JSON itself decides: encoding, grammar, digits.  A label that
comes twice is told, not refused, because SenML is silent on it.

Source: RFC 8428, clause 5; RFC 8259, clauses 4 and 6.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.data.defects import Defect, defect
from conformance.data.formats import decode_json

__all__ = ["UNREADABLE", "Found", "read"]

UNREADABLE = object()
"""In place of a value where there is none."""
_MANTISSA_MAX, _EXPONENT_MAX = 18, 4
_TOKEN = re.compile(
    r'"(?:[^"\\]|\\.)*"|(?P<mantissa>-?[0-9]+(?:\.[0-9]+)?)'
    r"(?:(?P<e>[eE])(?P<exponent>[+-]?[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class Found:
    """Plain values, what is wrong with their writing, and labels that come twice."""

    value: Any
    defects: tuple[Defect, ...] = ()
    twice: tuple[str, ...] = ()


def read(octets: bytes) -> Found:
    """Return the JSON value; with a defect of JSON itself it is unreadable."""
    value, defects = decode_json(octets)
    twice: tuple[str, ...] = ()
    if defects and defects[0].key == "data.duplicate-key":
        names = {str(defects[0].path[0])}
        text = _without_twins(octets)
        if text is not None:
            value, defects = decode_json(text)
            twice = tuple(names)
    if defects:
        return Found(UNREADABLE, defects)
    return Found(value, tuple(_written(octets.decode())), twice)


def _without_twins(octets: bytes) -> bytes | None:
    """Return the same document with the last of equal labels only.

    Numbers stay as they are written: each is kept as text until it is written again.
    """
    kept: list[str] = []

    def keep(text: str) -> dict[str, int]:
        kept.append(text)
        return {"\x00": len(kept) - 1}

    try:
        value = json.loads(octets, parse_float=keep, parse_int=keep)
        text = json.dumps(value)
    except ValueError:
        return None
    again = re.compile(r'\{"\\u0000": ([0-9]+)\}')
    return again.sub(lambda hit: kept[int(hit[1])], text).encode()


def _written(text: str) -> Iterator[Defect]:
    """Yield what is wrong with how numbers are written, each kind once."""
    seen = set()
    for token in _TOKEN.finditer(text):
        mantissa, exponent = token["mantissa"], token["exponent"] or ""
        if mantissa is None:
            continue
        if token["e"] == "E" and "E" not in seen:
            seen.add("E")
            yield defect("senml.upper-exponent", actual=token[0])
        too_long = len(mantissa) > _MANTISSA_MAX or len(exponent) > _EXPONENT_MAX
        if too_long and "long" not in seen:
            seen.add("long")
            yield defect("senml.long-number", actual=token[0])
