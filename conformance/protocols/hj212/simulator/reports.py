# SPDX-License-Identifier: Apache-2.0
"""The statistics that a simulated HJ 212 station delivers when it first connects.

The minutes of the last full hour, that hour, and yesterday, with a flow whose totals
add up; beside the profile's elements what makes up the rest of the data area: process
codes, noise, running times, equipment marks, as far as the station's answers say so.

Source: HJ 212-2017, C.16 to C.19, C.28 and D.1 (Cou in m3, Avg in L/s).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain

from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.simulator.site import Site

__all__ = ["statistics"]

_FLOW = Decimal("17.5")
"""Litres a second."""
_CODE = "w00000"


def statistics(site: Site, minutes: int) -> Iterator[tuple[str, Area]]:
    """Yield command and data of each upload, oldest first."""
    hour = site.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    day = hour.replace(hour=0) - timedelta(days=1)
    step = timedelta(minutes=minutes)
    labels = [hour + step * number for number in range(timedelta(hours=1) // step)]
    if "misses-a-minute" in site.quirks:
        del labels[2]
    due = len(labels)
    if "labels-ahead" in site.quirks:
        labels.append(hour + timedelta(hours=3))
    if "sends-too-early" in site.quirks:
        early = site.now() - 3 * step / 4
        labels.append(early.replace(second=0, microsecond=0))
    minutely = [_area(site, "2051", label, step) for label in labels]
    for number, area in enumerate(minutely):
        yield "2051", (*area, *_process(site), *_marked(site, number))
    whole = _area(site, "2061", hour, timedelta(hours=1))
    inside = minutely[:due]
    whole = whole if "foreign-hour" in site.quirks else _made_of(whole, inside)
    yield "2061", (*whole, *_marked(site))
    noise = _noise(site)
    daily = _area(site, "2031", day, timedelta(days=1))
    if noise:  # in place of what the profile's elements alone would give
        daily = tuple(g for g in daily if not g[0][0].startswith("Leq-"))
    yield "2031", (*daily, *noise)
    if site.answers.get("HJ212_STATES"):
        yield "2041", site.data("2041", day)


def _area(site: Site, cn: str, at: datetime, period: timedelta) -> Area:
    """Return the profile's data with a flow that is steady over the period."""
    total = _FLOW * int(period.total_seconds()) / 1000
    flow = [(f"{_CODE}-{key}", f"{_FLOW}") for key in ("Min", "Avg", "Max")]
    flow += [(f"{_CODE}-Cou", f"{total:.2f}"), (f"{_CODE}-Flag", "N")]
    if site.answers.get("HJ212_EXTRAS") and cn == "2051":
        flow += [(f"{_CODE}-EFlag", "A1"), (f"{_CODE}-SampleTime", stamp(at))]
    rest = (g for g in site.data(cn, at) if not g[0][0].startswith(f"{_CODE}-"))
    return (*rest, tuple(flow))


def _made_of(hour: Area, minutes: Sequence[Area]) -> Area:
    """Return the data of an hour with extremes and mean of its minutes."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for area in minutes:
        for name, text in chain.from_iterable(area):
            if name.endswith(tuple(_MADE)):
                found[name].append(Decimal(text))
    return tuple(
        tuple(
            (name, _made(name, found[name]) if name in found else text)
            for name, text in group
        )
        for group in hour
    )


def _mean(values: Sequence[Decimal]) -> Decimal:
    return (sum(values, Decimal(0)) / len(values)).quantize(values[0])


_MADE: Mapping[str, Callable[[Sequence[Decimal]], Decimal]] = {
    "Min": min,
    "Avg": _mean,
    "Max": max,
}


def _made(name: str, values: Sequence[Decimal]) -> str:
    return f"{_MADE[name[-3:]](values):f}"


_TIN, _ACRYLONITRILE, _DISULFIDE = "w20092", "a99010", "a99051"
"""Factors with faulty minutes: waste water, flue gas in part, flue gas for long."""
_FAULTY_MINUTES = {_TIN: {1}, _ACRYLONITRILE: {1}, _DISULFIDE: {1, 2, 3}}


def _marked(site: Site, minute: int | None = None) -> Area:
    """Return factors whose marks are not all N; of the hour where no minute is told."""
    asked = {"w": "HJ212_MARKS_WATER", "a": "HJ212_MARKS_GAS"}
    marks = {_TIN: "D", _ACRYLONITRILE: "N", _DISULFIDE: "D"}
    if "hides-faulty-minute" in site.quirks:
        marks[_TIN] = "N"
    if "marks-any-fault" in site.quirks:
        marks[_ACRYLONITRILE] = "D"
    if "marks-no-fault" in site.quirks:
        marks[_DISULFIDE] = "N"
    area: list[tuple[tuple[str, str], ...]] = []
    for code, mark in marks.items():
        if not site.answers.get(asked[code[0]]):
            continue
        if minute is not None:
            mark = "D" if minute in _FAULTY_MINUTES[code] else "N"
        values = [(f"{code}-{key}", "1.2") for key in ("Min", "Avg", "Max")]
        area.append((*values, (f"{code}-Flag", mark)))
    return tuple(area)


def _process(site: Site) -> Area:
    if not site.answers.get("HJ212_PROCESS"):
        return ()
    keys = (("Min", "1.2"), ("Avg", "1.2"), ("Max", "1.2"), ("Flag", "N"))
    return (tuple((f"e10201-{key}", value) for key, value in keys),)


def _noise(site: Site) -> Area:
    if not site.answers.get("HJ212_NOISE"):
        return ()
    keys = (("Data", "55.1"), ("DayData", "57.3"), ("NightData", "48.0"), ("Flag", "N"))
    return (tuple((f"Leq-{key}", value) for key, value in keys),)
