# SPDX-License-Identifier: Apache-2.0
"""How a simulated HJ 212 station is wrong or odd in what domain profiles ask of it.

Values that belong together, keys of noise and of converted concentrations, and what
becomes of data of an outage.  Everything is told from the profile and the codes of the
standard; each deviation is listed in ``faults.domains.py``.

Source: HJ 212-2017, C.14 to C.18, C.25 to C.27 and D.2.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal

from conformance.data.relations import ascending_of
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.elements import Area, Group, codes_of

__all__ = ["in_turn", "kept", "spoilt"]

_Late = tuple[str, Area]
_Spoil = Callable[[Area, str, Snapshot], Area]


# Values and keys


def spoilt(area: Area, cn: str, snapshot: Snapshot, quirks: frozenset[str]) -> Area:
    """Return data as a station with these quirks has them."""
    for name in quirks & _SPOILS.keys():
        area = _SPOILS[name](area, cn, snapshot)
    return area


def _with(area: Area, change: Callable[[str, str], tuple[str, str]]) -> Area:
    return tuple(tuple(change(*item) for item in group) for group in area)


def _raised(share: Decimal, more: int) -> _Spoil:
    """Return what lifts the finest particles above the next coarser ones."""

    def spoil(area: Area, cn: str, snapshot: Snapshot) -> Area:
        starts = {e.key: start for start, e in codes_of(snapshot).items()}
        values = {name: text for group in area for name, text in group}
        above: dict[str, str] = {}
        for row in ascending_of(snapshot):
            present = [k for k in row if any(n.startswith(starts[k]) for n in values)]
            lower, upper = (starts[key] for key in present[:2])
            for name, text in values.items():
                start, dash, key = name.rpartition("-")
                other = values.get(f"{upper}{key}")
                if dash and f"{start}-" == lower and key != "Flag" and other:
                    value = Decimal(other) * share + more
                    above[name] = f"{value.quantize(Decimal(text), ROUND_DOWN)}"
        return _with(area, lambda n, v: (n, above.get(n, v)))

    return spoil


def _unconverted(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Send the measured value as the converted one."""
    values = {name: text for group in area for name, text in group}
    return _with(area, lambda n, v: (n, values.get(n.replace("-Zs", "-"), v)))


def _cut(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Cut converted values off where others round: one less in the last place."""

    def change(name: str, text: str) -> tuple[str, str]:
        if "-Zs" not in name:
            return name, text
        places = len(text.partition(".")[2])
        return name, f"{Decimal(text) - Decimal(1).scaleb(-places)}"

    return _with(area, change)


def _measured_alone(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Leave out the converted values of real-time data."""
    return tuple(tuple(i for i in g if not i[0].endswith("-ZsRtd")) for g in area)


def _mean_alone(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Leave out the extremes of converted values in statistics."""
    wrong = ("-ZsMin", "-ZsMax")
    return tuple(tuple(i for i in g if not i[0].endswith(wrong)) for g in area)


def _level_as_rtd(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Send an equivalent level in real-time data."""
    if cn != "2011":
        return area
    return _with(area, lambda n, v: (n.replace("LA-", "Leq-"), v))


def _level_as_mean(area: Area, cn: str, snapshot: Snapshot) -> Area:
    """Send the equivalent level of minutes and hours under a key of its own."""
    if cn not in ("2051", "2061"):
        return area
    return _with(area, lambda n, v: (n.replace("Leq-Data", "Leq-Avg"), v))


_SPOILS: Mapping[str, _Spoil] = {
    "fine-above-coarse": _raised(Decimal(2), 20),
    "fine-near-coarse": _raised(Decimal("1.05"), 3),
    "unconverted": _unconverted,
    "cuts-converted-off": _cut,
    "converted-in-statistics-alone": _measured_alone,
    "converted-mean-alone": _mean_alone,
    "level-as-real-time": _level_as_rtd,
    "level-as-mean": _level_as_mean,
}


# Data of an outage


def kept(late: _Late, quirks: frozenset[str]) -> list[_Late]:
    """Return what a station keeps of one report that it could not send."""
    if "loses-outage" in quirks:
        return []
    return [late, late] if "sends-outage-twice" in quirks else [late]


def in_turn(late: Sequence[_Late], now: str, quirks: frozenset[str]) -> Sequence[_Late]:
    """Return kept reports in the order, and with the times, in which they are sent."""
    if "outage-newest-first" in quirks:
        late = late[::-1]
    if "relabels-outage" in quirks:
        late = [(cn, (_relabelled(area[0], now), *area[1:])) for cn, area in late]
    return late


def _relabelled(group: Group, now: str) -> Group:
    return tuple((n, now if n == "DataTime" else v) for n, v in group)
