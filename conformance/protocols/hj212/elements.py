# SPDX-License-Identifier: Apache-2.0
"""Data elements of a profile as HJ 212 carries them: ``w01001-Rtd=7.02``.

Finds the values of declared elements in a data area and judges them; makes data areas
from readings.  A value whose data mark is not N says nothing about the element.
Values are written without padding, so a zero at the end may be missing, and a single
value proves nothing about the resolution.

Source: HJ 212-2017, 6.3.3.2.2 (formats), 6.3.3.2.3 table 4 (keys), 6.6.4 table 8 (data
marks), C.14 and C.16 to C.18 (which keys come together).
"""

from __future__ import annotations

import random as random_module
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from conformance.data.formats import wire_text
from conformance.data.sample import sample
from conformance.profile.model import Element, Snapshot
from conformance.protocols.hj212.segment import Item, Segment

__all__ = [
    "Area",
    "codes_of",
    "data_area",
    "stamp",
    "values_of",
]

BINDING = "hj212"
Area = tuple[tuple[tuple[str, str], ...], ...]
"""Groups of (name, value), as ``build_segment`` takes them."""

_VALUE_KEYS = frozenset({"Rtd", "Min", "Avg", "Max"})
_STATISTICS = frozenset({"2031", "2051", "2061"})


def codes_of(snapshot: Snapshot) -> dict[str, Element]:
    """Return the elements that have an HJ 212 code, by it."""
    codes = ((element.wire_code(BINDING), element) for element in snapshot.elements)
    return {code: element for code, element in codes if code}


def values_of(
    segment: Segment, codes: Mapping[str, Element]
) -> Iterator[tuple[Element, Item]]:
    """Yield the values of declared elements that are marked normal, or not marked."""
    for group in segment.cp:
        marks = {i.value for i in group if i.name.endswith("-Flag")}
        if marks - {"N"}:
            continue
        for item in group:
            stem, _, key = item.name.rpartition("-")
            if key in _VALUE_KEYS and stem in codes:
                yield codes[stem], item


def stamp(moment: datetime) -> str:
    """Return a time as DataTime writes it, YYYYMMDDhhmmss."""
    return f"{moment:%Y%m%d%H%M%S}"


def data_area(
    snapshot: Snapshot,
    cn: str,
    data_time: str,
    *,
    random: random_module.Random,
    answers: Mapping[str, bool],
) -> Area:
    """Return plausible data of the profile's elements for an upload command."""
    codes = codes_of(snapshot)
    readings = sample(codes.values(), answers, random)
    groups: list[Sequence[tuple[str, str]]] = [[("DataTime", data_time)]]
    keys = ("Min", "Avg", "Max") if cn in _STATISTICS else ("Rtd",)
    for code, element in codes.items():
        if element.key in readings:
            text = wire_text(element, readings[element.key], binding=BINDING)
            items = [(f"{code}-{key}", text) for key in keys]
            groups.append([*items, (f"{code}-Flag", "N")])
    return tuple(tuple(group) for group in groups)
