# SPDX-License-Identifier: Apache-2.0
"""What a run measured over time: values, reporting intervals, connections.

A protocol's room ``series`` finds them in dialogues; they are kept with the run and
drawn by reports.  They show how the implementation behaved and judge nothing: verdicts
stand in the records alone.  Numbers stay decimals, times are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from conformance.link.clock import iso
from conformance.text import Text

__all__ = ["Connection", "Gaps", "Series", "Values", "thinned"]

POINTS_MAX = 1000
"""Points of one series that are kept; a picture has room for no more."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Values:
    """What one data element was reported to be, and between which bounds it may be."""

    key: str
    name: Text
    unit: str | None
    low: Decimal | None
    high: Decimal | None
    points: tuple[tuple[int, Decimal], ...]
    """When it was received, and the value."""

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": _words(self.name),
            "unit": self.unit,
            "low": _digits(self.low),
            "high": _digits(self.high),
            "points": [[iso(at), _digits(value)] for at, value in self.points],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Values:
        return cls(
            data["key"],
            Text(**data["name"]),
            data["unit"],
            _decimal(data["low"]),
            _decimal(data["high"]),
            tuple((_instant(at), Decimal(value)) for at, value in data["points"]),
        )


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds between one report and the next of the same kind, on one connection."""

    key: str
    name: Text
    seconds: tuple[Decimal, ...]
    nominal_s: Decimal | None = None
    """What the profile states, if it states one."""

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": _words(self.name),
            "seconds": [_digits(s) for s in self.seconds],
            "nominal_s": _digits(self.nominal_s),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Gaps:
        return cls(
            data["key"],
            Text(**data["name"]),
            tuple(map(Decimal, data["seconds"])),
            _decimal(data["nominal_s"]),
        )


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection from its first octet to its end."""

    label: str
    """The requirement whose check opened it, or what else did."""
    protocol: str
    start_ns: int
    end_ns: int

    def to_json(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "protocol": self.protocol,
            "start": iso(self.start_ns),
            "end": iso(self.end_ns),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Connection:
        start, end = _instant(data["start"]), _instant(data["end"])
        return cls(data["label"], data["protocol"], start, end)


@dataclass(frozen=True, slots=True)
class Series:
    """All that a run measured; a part without data is empty."""

    values: tuple[Values, ...] = ()
    gaps: tuple[Gaps, ...] = ()
    connections: tuple[Connection, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``series.json``."""
        return {
            "format": 1,
            "values": [v.to_json() for v in self.values],
            "gaps": [g.to_json() for g in self.gaps],
            "connections": [c.to_json() for c in self.connections],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Series:
        if data["format"] != 1:
            raise ValueError(f"format {data['format']!r}")
        return cls(
            tuple(map(Values.from_json, data["values"])),
            tuple(map(Gaps.from_json, data["gaps"])),
            tuple(map(Connection.from_json, data["connections"])),
        )


def thinned(values: Values) -> Values:
    """Return the series with at most ``POINTS_MAX`` points.

    What lies outside the bounds stays as long as there is room: a picture that loses
    just these would lie.
    """
    points = values.points
    if len(points) <= POINTS_MAX:
        return values
    outside = [p for p in points if _is_outside(p[1], values)][:POINTS_MAX]
    inside = [p for p in points if not _is_outside(p[1], values)]
    room = POINTS_MAX - len(outside)
    kept = sorted({*outside, *_evenly(inside, room)})
    return Values(
        values.key, values.name, values.unit, values.low, values.high, tuple(kept)
    )


def _is_outside(value: Decimal, values: Values) -> bool:
    below = values.low is not None and value < values.low
    return below or (values.high is not None and value > values.high)


def _evenly(
    points: Sequence[tuple[int, Decimal]], count: int
) -> Sequence[tuple[int, Decimal]]:
    size = len(points)
    if size <= count:
        return points
    return [points[i * size // count] for i in range(count)]


def _words(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _digits(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _instant(text: str) -> int:
    passed = datetime.fromisoformat(text) - _EPOCH
    whole = passed.days * 86400 + passed.seconds
    return (whole * 1_000_000 + passed.microseconds) * 1000
