# SPDX-License-Identifier: Apache-2.0
"""What a simulated HJ 212 station holds: settings, clock, data, logs, instruments.

Makes the data areas that its uploads and its history carry, and what a change on site
makes it report.  Knows no packets and no sockets.

Source: HJ 212-2017, table 4 (keys), C.14 to C.28 (data), C.34 to C.46 (site).
"""

from __future__ import annotations

import random as random_module
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from conformance.data.reporting import report_pace
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.elements import Area, Group, data_area, stamp
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.simulator.domains import spoilt

__all__ = ["ROOM", "Parameters", "Site", "interval_of", "parted"]

_EQUIPMENT = 100
"""Machines whose state it reports: too many for one packet."""
ROOM = 850
"""Octets of data that fit into one part beside header and packet numbers."""
_LOG, _STATE, _PARAMETER = "i11001", "i12001", "i13004"
_SPLIT_FROM = 2
_NO_AGE = timedelta(0)
_AGES: Mapping[str, timedelta] = {
    "slow-instrument": timedelta(minutes=10),
    "labels-in-utc": timedelta(hours=8),
}
"""Deviations: how far DataTime of real-time data lies back when they are sent."""


@dataclass(slots=True)
class Parameters:
    """What a host can set in a station (defaults: HJ 212-2017, table 1)."""

    over_time: int = 10
    re_count: int = 3
    rtd_interval: int = 60
    min_interval: int = 10
    password: str = ""
    sampling: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Factor -> time of the first sample (hhmmss), hours between samples."""
    info: dict[str, str] = field(
        default_factory=lambda: {_STATE: "0", _PARAMETER: "10"}
    )
    """State or parameter of the site -> its value."""


def interval_of(snapshot: Snapshot, quirks: frozenset[str]) -> int:
    """Return the interval of real-time data that a profile states, in seconds."""
    pace = report_pace(snapshot.elements)
    nominal = pace.nominal if pace else Parameters().rtd_interval
    return 2 * nominal if "reports-seldom" in quirks else nominal


class Site:
    """A station's surroundings."""

    def __init__(
        self,
        snapshot: Snapshot,
        answers: Mapping[str, bool],
        quirks: frozenset[str],
        random: random_module.Random,
        reference: Decimal | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.answers = answers
        self.quirks = quirks
        self.random = random
        self.reference = reference
        self.ahead = timedelta(0)
        if "clock-behind" in quirks:
            self.ahead = -timedelta(minutes=5)
        """How far its clock is ahead of ours."""
        self.started = self.now()
        self.bottle = 0
        self.serial = 1
        self.log = [
            (self.now() - timedelta(minutes=5), "启动"),
            (self.now() - timedelta(minutes=3), "通讯正常"),
        ]

    def now(self) -> datetime:
        """Return the time by the station's clock."""
        return datetime.now(BEIJING) + self.ahead

    def data(self, cn: str, at: datetime | None = None) -> Area:
        """Return the data of a command for a moment, now by default."""
        now = self.now()
        if "data-by-old-clock" in self.quirks:
            now -= self.ahead
        if cn == "2011":
            now -= _AGES.get(next(iter(self.quirks & _AGES.keys()), ""), _NO_AGE)
        label = stamp(at or now)
        if cn in ("2021", "2041"):
            key, value = ("RS", "1") if cn == "2021" else ("RT", "23.5")
            count = _EQUIPMENT if cn == "2021" else 2
            machines = (((f"SB{n}-{key}", value),) for n in range(1, count + 1))
            return ((("DataTime", label),), *machines)
        area = data_area(
            self.snapshot,
            cn,
            label,
            random=self.random,
            answers=self.answers,
            reference=self.reference,
        )
        area = spoilt(area, cn, self.snapshot, self.quirks)
        if cn == "2011":
            area = self._spoilt(area)
        if "more-items" in self.quirks:
            groups = [(*g, (f"{_stem(g)}-EFlag", "A1")) for g in area[1:]]
            return (area[0], *groups)
        return area

    def _spoilt(self, area: Area) -> Area:
        """Return real-time data without an element, or with one not measured."""
        if not area[1:]:  # a base names no element
            return area
        label, first, *rest = area
        if "leaves-out-an-element" in self.quirks:
            return (label, *rest)
        if "broken-instrument" in self.quirks:
            return (label, (*first[:-1], (f"{_stem(first)}-Flag", "D")), *rest)
        return area

    def periods(self, cn: str, minutes: int) -> list[datetime]:
        """Return the beginnings of the periods that are kept, in order."""
        now = self.now().replace(second=0, microsecond=0)
        hour = now.replace(minute=0)
        day = hour.replace(hour=0)
        last, length = {
            "2051": (
                now.replace(minute=now.minute // minutes * minutes),
                timedelta(minutes=minutes),
            ),
            "2061": (hour, timedelta(hours=1)),
        }.get(cn, (day, timedelta(days=1)))
        return [last - length * back for back in (3, 2, 1)]

    def serial_number(self) -> str:
        """Return the serial number of the instrument, 24 characters."""
        return f"{self.serial:024X}"

    def entries(self, first: str, last: str) -> Iterator[tuple[str, str]]:
        """Yield time and text of the log between two times."""
        for at, text in self.log:
            if first <= stamp(at) <= last:
                yield stamp(at), text

    def happen(self, what: str) -> tuple[str, Area] | None:
        """Let something change; return the upload that reports it."""
        label = (("DataTime", stamp(self.now())),)
        factor = ("PolId", "w01001")
        if what == "instrument":
            self.serial += 1
            number = (f"{factor[1]}-SN", self.serial_number())
            return "3019", (label, (factor,), (number,))
        found = {
            "log": (_LOG, "//更换试剂//"),
            "state": (_STATE, "1"),
            "parameter": (_PARAMETER, "12"),
        }.get(what)
        if found is None:
            return None
        if what == "log":
            self.log.append((self.now(), found[1].strip("/")))
        return "3020", (label, (factor, (f"{found[0]}-Info", found[1])))


def parted(area: Area, quirks: frozenset[str]) -> Sequence[Area]:
    """Return the data in as few parts as fit; each part repeats DataTime (C.49)."""
    label, groups = area[0], area[1:]
    if "cuts-inside-factor" in quirks and groups and len(groups[0]) > 1:
        first, *rest = groups
        others = parted((label, first[1:], *rest), quirks - {"cuts-inside-factor"})
        return ((label, first[:1]), *others)
    if "splits" in quirks and len(area) > _SPLIT_FROM:
        half = len(area) // 2
        return (area[:half], (label, *area[half:]))
    parts: list[list[Group]] = [[]]
    begun = length = len(_text((label,)))
    for group in groups:
        size = len(_text((group,))) + 1  # and the semicolon before it
        if length + size > ROOM:
            parts.append([])
            length = begun
        parts[-1].append(group)
        length += size
    return tuple((label, *part) for part in parts)


def _text(area: Area) -> str:
    return ";".join(",".join(f"{n}={v}" for n, v in group) for group in area)


def _stem(group: tuple[tuple[str, str], ...]) -> str:
    return group[0][0].rpartition("-")[0]
