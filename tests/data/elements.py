# SPDX-License-Identifier: Apache-2.0
"""Elements for the tests of the data part: a water station, and every other type."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from conformance.profile.model import Element, Range
from conformance.text import Text

ANSWERS = {"CODMN": True, "RAIN": False}


def element(
    key: str,
    type_: str = "decimal",
    *,
    limits: tuple[str, str] | None = None,
    resolution: str | None = None,
    values: tuple[Any, ...] = (),
    presence: str | Mapping[str, Any] = "mandatory",
    wire: Mapping[str, str | Mapping[str, Any]] | None = None,
) -> Element:
    """Return an element with what matters to a test."""
    return Element(
        key=key,
        name=Text(key, key),
        quantity=None,
        unit=None,
        type=type_,
        range=Range(*map(Decimal, limits)) if limits else None,
        resolution=Decimal(resolution) if resolution else None,
        values=values,
        presence=presence,
        reporting=None,
        wire={"json": key, "hj212": f"w-{key}"} if wire is None else wire,
    )


def when(ics: str) -> Mapping[str, Any]:
    return {"when": {"ics": ics}}


PH = element("ph", limits=("0", "14"), resolution="0.01")
WATER = (
    element("temperature", limits=("-5", "60"), resolution="0.1"),
    PH,
    element("oxygen", limits=("0", "20"), resolution="0.01"),
    element("conductivity", limits=("0", "500000"), resolution="0.1"),
    element("turbidity", limits=("0", "1000"), resolution="0.1"),
    element("codmn", limits=("0", "100"), resolution="0.1", presence=when("CODMN")),
    element("ammonia", limits=("0", "100"), resolution="0.01"),
)
MIXED = (
    element("level", limits=("-12.35", "-1.5"), resolution="0.05"),
    element("count", "integer", limits=("3", "4000000000")),
    element("any_integer", "integer", presence="optional"),
    element("tens", limits=("100", "990"), resolution="10"),
    element("one", limits=("5.25", "5.25"), resolution="0.01"),
    element("pump", "boolean"),
    element("mode", "enum", values=("auto", "hand", "off")),
    element("code", "enum", values=(1, 2, 7), presence="optional"),
    element(
        "gear", "integer", limits=("1", "9"), values=(1, 2, 4), presence="optional"
    ),
    element(
        "gain",
        limits=("0", "9"),
        resolution="0.01",
        values=(Decimal("0.5"), 1),
        presence="optional",
    ),
    element("shift", "string", values=("day", "night"), presence="optional"),
    element("note", "string", presence="optional"),
    element("since", "timestamp", presence="optional"),
    element("raw", "bytes", presence="optional"),
    element("rain", limits=("0", "99.9"), resolution="0.1", presence=when("RAIN")),
)
EVERY = WATER + MIXED
