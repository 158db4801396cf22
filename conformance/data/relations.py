# SPDX-License-Identifier: Apache-2.0
"""What readings of one moment must have to do with each other.

Two relations: quantities of which each contains the one before (particles by size), and
concentrations converted to a reference oxygen content.  Judges of all protocols and the
simulators take the numbers from here; which elements are meant, and how much noise
instruments may have, the profile says.  Knows no protocol.

Source of the conversion: HJ 212-2017, D.2.3; an excess coefficient k stands for the
oxygen content 21 - 21/k.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from conformance.profile.model import Snapshot

__all__ = [
    "AIR_OXYGEN",
    "Above",
    "Conversion",
    "agree",
    "ascending_of",
    "conversion",
    "conversions_of",
    "converted_slack",
    "out_of_order",
]

AIR_OXYGEN = Decimal(21)
"""Oxygen of air in per cent, as the formula takes it."""
_THIN = Decimal(20)
"""Oxygen content from which a conversion amplifies noise and shows nothing."""


@dataclass(frozen=True, slots=True)
class Above:
    """A reading that exceeds one which should contain it."""

    lower: str
    upper: str
    least: Decimal
    most: Decimal


def out_of_order(
    readings: Mapping[str, Decimal],
    ascending: Sequence[str],
    percent: int,
    units: int,
) -> Iterator[tuple[Above, bool]]:
    """Yield each neighbouring pair that is there, and whether it is out of order.

    Instruments differ by ``percent`` of the reading and ``units`` of its unit.
    """
    present = [key for key in ascending if key in readings]
    for lower, upper in pairwise(present):
        least, most = readings[lower], readings[upper]
        noise = abs(most) * percent / 100 + units
        yield Above(lower, upper, least, most), least > most + noise


def conversion(reference: Decimal, oxygen: Decimal) -> Decimal | None:
    """Return by what a concentration is multiplied; ``None`` near the oxygen of air."""
    if oxygen >= _THIN:
        return None
    return (AIR_OXYGEN - reference) / (AIR_OXYGEN - oxygen)


def converted_slack(
    measured: Decimal, converted: Decimal, oxygen: Decimal, reference: Decimal
) -> Decimal:
    """Return what rounding of the three values can make of a converted one.

    Each may be off by a unit in its last place: instruments cut off as well as round.
    """
    factor = conversion(reference, oxygen) or Decimal(0)
    by_measured = factor * _unit(measured)
    by_oxygen = measured * factor * _unit(oxygen) / (AIR_OXYGEN - oxygen)
    return _unit(converted) + by_measured + abs(by_oxygen) * 2


def _unit(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


# What a profile says, and readings that keep it


@dataclass(frozen=True, slots=True)
class Conversion:
    """A converted concentration with what it is made of, by keys of elements."""

    converted: str
    measured: str
    oxygen: str


def ascending_of(snapshot: Snapshot) -> list[Sequence[str]]:
    """Return the rows of elements of which each contains the one before."""
    return [given["ascending"] for given in _parameters(snapshot, "ascending")]


def conversions_of(snapshot: Snapshot) -> list[Conversion]:
    """Return the conversions that checks of the profile name."""
    return [
        Conversion(converted, measured, given["oxygen"])
        for given in _parameters(snapshot, "converted")
        for converted, measured in given["converted"].items()
    ]


def _parameters(snapshot: Snapshot, name: str) -> Iterator[Mapping[str, Any]]:
    for requirement in snapshot.requirements:
        if requirement.check and name in requirement.check.params:
            yield requirement.check.params


def agree(
    readings: MutableMapping[str, Any],
    rows: Sequence[Sequence[str]],
    conversions: Sequence[Conversion],
    reference: Decimal | None,
) -> None:
    """Make readings have to do with each other what they should."""
    for row in rows:
        present = [key for key in row if key in readings]
        ordered = sorted(readings[key] for key in present)
        readings.update(zip(present, ordered, strict=True))
    for each in conversions:
        known = {each.converted, each.measured, each.oxygen} <= readings.keys()
        if not known or reference is None:
            continue
        factor = conversion(reference, readings[each.oxygen])
        if factor is not None:
            value = readings[each.measured] * factor
            readings[each.converted] = value.quantize(readings[each.converted])
