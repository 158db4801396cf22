# SPDX-License-Identifier: Apache-2.0
"""Data elements of a profile as HJ 212 carries them: ``w01001-Rtd=7.02``.

Finds the values of declared elements in a data area and judges them; makes data areas
from readings.  A value whose data mark is not N says nothing about the element.
Values are written without padding, so a zero at the end may be missing, and a single
value proves nothing about the resolution.

One factor may carry several elements: ``a21026-ZsRtd`` is a converted value, and its
element has the wire name ``{code: a21026, prefix: Zs}``.  Noise levels are sent once
(``LA-Rtd``) or once for each period (``Leq-Data``, ``Leq-NightData``).

Source: HJ 212-2017, 6.3.3.2.2 (formats), 6.3.3.2.3 table 4 (keys), 6.6.4 table 8 (data
marks), table B.3 (noise), C.14, C.16 to C.18 and C.25 to C.28 (which keys come
together).
"""

from __future__ import annotations

import random as random_module
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal

from conformance.data.formats import wire_text
from conformance.data.relations import Conversion, agree, ascending_of
from conformance.data.sample import sample
from conformance.profile.model import Element, Snapshot
from conformance.protocols.hj212.codec.segment import Item, Segment

__all__ = [
    "OXYGEN",
    "Area",
    "Group",
    "codes_of",
    "data_area",
    "keys_of",
    "stamp",
    "values_of",
]

BINDING = "hj212"
OXYGEN = "a19001"
"""Code of the oxygen content of flue gas (table B.2)."""
Group = tuple[tuple[str, str], ...]
Area = tuple[Group, ...]
"""Groups of (name, value), as ``build_segment`` takes them."""

_NAME = re.compile(r"(.+-(?:Zs|Day|Night)?)(?:Rtd|Min|Avg|Max|Data)")
_STATISTICS = frozenset({"2031", "2051", "2061"})
_MOMENTARY_LEVEL = "LA"
_PERIOD_LEVELS = frozenset(
    {"L5", "L10", "L50", "L90", "L95", "Leq", "Ldn", "Ld", "Ln", "LMx", "LMn"}
)
_DAY_LEVELS = frozenset({"Ldn", "Ld", "Ln"})


def codes_of(snapshot: Snapshot) -> dict[str, Element]:
    """Return the elements that have an HJ 212 code, by how their items begin.

    That is the code, the hyphen and the prefix of the key: ``a21026-``, ``a21026-Zs``.
    """
    begun = ((_beginning(element), element) for element in snapshot.elements)
    return {start: element for start, element in begun if start}


def _beginning(element: Element) -> str | None:
    code = element.wire_code(BINDING)
    if code is None:
        return None
    spelled = element.wire[BINDING]
    prefix = "" if isinstance(spelled, str) else spelled.get("prefix", "")
    return f"{code}-{prefix}"


def values_of(
    segment: Segment, codes: Mapping[str, Element]
) -> Iterator[tuple[Element, Item]]:
    """Yield the values of declared elements that are marked normal, or not marked."""
    for group in segment.cp:
        marks = {i.value for i in group if i.name.endswith("-Flag")}
        if marks - {"N"}:
            continue
        for item in group:
            name = _NAME.fullmatch(item.name)
            if name and name[1] in codes:
                yield codes[name[1]], item


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
    reference: Decimal | None = None,
) -> Area:
    """Return plausible data of the profile's elements for an upload command.

    ``reference`` is the oxygen content that converted concentrations refer to.
    """
    codes = codes_of(snapshot)
    readings = sample(codes.values(), answers, random)
    agree(readings, ascending_of(snapshot), _conversions(codes), reference)
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for start, element in codes.items():
        if element.key in readings:
            code = start.rpartition("-")[0]
            text = wire_text(element, readings[element.key], binding=BINDING)
            groups[code] += [(start + key, text) for key in keys_of(start, cn)]
    marked = (
        [*items, (f"{code}-Flag", "N")] for code, items in groups.items() if items
    )
    return ((("DataTime", data_time),), *map(tuple, marked))


def _conversions(codes: Mapping[str, Element]) -> list[Conversion]:
    """Return the conversions that codes alone show: ``a21026-Zs`` and ``a21026-``."""
    oxygen = codes.get(f"{OXYGEN}-")
    return [
        Conversion(element.key, codes[stem].key, oxygen.key)
        for start, element in codes.items()
        if oxygen and start.endswith("-Zs") and (stem := start[:-2]) in codes
    ]


def keys_of(start: str, cn: str) -> tuple[str, ...]:
    """Return the keys with which an upload command carries what begins so.

    Without the prefix of the key; none where the command does not carry it.
    """
    code, _, prefix = start.rpartition("-")
    if code == _MOMENTARY_LEVEL:
        return () if cn in _STATISTICS else ("Rtd",)
    if code in _PERIOD_LEVELS:
        is_daily = code in _DAY_LEVELS or prefix in {"Day", "Night"}
        return ("Data",) if cn == "2031" or (cn in _STATISTICS and not is_daily) else ()
    return ("Min", "Avg", "Max") if cn in _STATISTICS else ("Rtd",)
