# SPDX-License-Identifier: Apache-2.0
"""How often elements are due: in each report, or once in an interval of their own.

A profile states for an element how often it is reported (``reporting``).  An element
that is reported less often than others is not missing from each report in between.
Knows no protocol and no clock; seconds are whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from conformance.profile.model import Element
from conformance.profile.periods import seconds

__all__ = ["Pace", "each_time", "pace_of", "report_pace"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds from one report of an element to the next."""

    nominal: int
    least: int
    most: int


def pace_of(element: Element) -> Pace | None:
    """Return how often an element is due, ``None`` where the profile does not say.

    Without a tolerance an interval is judged by ``max_gap`` alone; without both, half
    of the interval more shows that a report was left out.
    """
    stated = element.reporting
    if stated is None:
        return None
    nominal = seconds(stated.nominal)
    most = nominal + nominal // 2
    if stated.tolerance is not None:
        most = nominal + seconds(stated.tolerance)
    if stated.max_gap is not None:
        most = seconds(stated.max_gap)
    slack = seconds(stated.tolerance) if stated.tolerance is not None else nominal
    return Pace(nominal, max(nominal - slack, 0), most)


def report_pace(elements: Iterable[Element]) -> Pace | None:
    """Return the pace of reports: that of the elements that are due most often."""
    paces = [pace for element in elements if (pace := pace_of(element))]
    return min(paces, key=lambda pace: (pace.nominal, pace.most), default=None)


def each_time(elements: Iterable[Element]) -> tuple[Element, ...]:
    """Return the elements as one report has to hold them.

    Those that are due less often than reports come are optional in each of them.
    """
    elements = tuple(elements)
    pace = report_pace(elements)
    return tuple(
        replace(element, presence="optional")
        if pace and (own := pace_of(element)) and own.nominal > pace.nominal
        else element
        for element in elements
    )
