# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies from a profile: valid readings, and readings wrong in one way.

Each example is one draw of octets, mapped to readings by a maker that was compiled
once (:mod:`conformance.data.makers`).  Hypothesis spends most of its time per draw;
this way there is one draw, and shrinking works on octets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.data.makers import (
    Maker,
    Scale,
    compile_readings,
    compile_values,
    scale_of,
)
from conformance.data.values import decimal_places, presence_of
from conformance.profile.model import Element

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["batches", "near_valid", "readings", "values"]

Readings = dict[str, Any]
Plant = Callable[[Readings, bytes], None]

_PLANT_OCTETS = 5
"""Of the tape: one picks the fault, four choose the wrong value."""


def readings(
    elements: Iterable[Element], answers: Mapping[str, bool]
) -> SearchStrategy[Readings]:
    """Return valid readings by element key, one draw of octets each.

    Numbers are exact multiples of the resolution; limits come up often.  The simplest
    reading has the mandatory elements only, each at its simplest value.
    """
    return _from_tape(compile_readings(elements, answers))


def batches(
    elements: Iterable[Element], answers: Mapping[str, bool], size: int
) -> SearchStrategy[list[Readings]]:
    """Return lists of ``size`` valid readings: many payloads for one example."""
    maker = compile_readings(elements, answers)
    width = maker.size

    def make(tape: bytes) -> list[Readings]:
        return [
            maker.make(tape[at : at + width]) for at in range(0, size * width, width)
        ]

    return _from_tape(Maker(size * width, make))


def values(element: Element) -> SearchStrategy[Any]:
    """Return valid values of one element."""
    return _from_tape(compile_values(element))


def near_valid(
    elements: Iterable[Element], answers: Mapping[str, bool], *, unknown: str = "ignore"
) -> SearchStrategy[tuple[Readings, dict[str, str]]]:
    """Return readings with exactly one defect, and which: its key and element.

    One step outside a limit, too coarse, a missing mandatory element, a value that is
    not listed, a wrong type, and where ``unknown`` is ``reject`` an element that the
    profile does not know.  To send them use ``to_payload(..., as_is=True)`` or
    ``written``: adding places would heal what is too coarse.
    """
    elements = tuple(elements)
    maker = compile_readings(elements, answers)
    plants = [
        ({"defect": key, "element": element.key}, plant)
        for element in elements
        for key, plant in _plants(element, answers)
    ]
    if unknown == "reject":
        stranger = _unlisted(tuple(element.key for element in elements))
        told = {"defect": "data.unknown", "element": stranger}
        plants.append((told, _put(stranger, 0)))
    if not plants:
        raise ValueError("no element can be wrong")

    def make(tape: bytes) -> tuple[Readings, dict[str, str]]:
        made: Readings = maker.make(tape[_PLANT_OCTETS:])
        told, plant = plants[tape[0] * len(plants) >> 8]
        plant(made, tape[1:_PLANT_OCTETS])
        return made, dict(told)

    return _from_tape(Maker(_PLANT_OCTETS + maker.size, make))


def _from_tape(maker: Maker) -> SearchStrategy[Any]:
    from hypothesis import strategies as st

    return st.binary(min_size=maker.size, max_size=maker.size).map(maker.make)


def _plants(
    element: Element, answers: Mapping[str, bool]
) -> Iterator[tuple[str, Plant]]:
    key = element.key
    if presence_of(element, answers) == "mandatory":
        yield "data.missing", lambda made, tape: made.pop(key)
    if element.type in {"decimal", "integer"} and not element.values:
        yield from _numeric_plants(element)
    if element.values and element.type in {"enum", "string"}:
        yield "data.not-listed", _put(key, _unlisted(element.values))
    elif element.type not in {"enum", "string"}:
        yield "data.wrong-type", _put(key, "?")


def _numeric_plants(element: Element) -> Iterator[tuple[str, Plant]]:
    scale = scale_of(element)
    for scaled in (scale.high + scale.step, scale.low - scale.step):
        if element.range is not None:
            yield "data.out-of-range", _put(element.key, scale.number(scaled))
    places = decimal_places(element) if element.type == "decimal" else 0
    if places and (coarse := _coarse_scale(scale, places)) is not None:
        yield "data.too-coarse", _put_number(element.key, coarse)


def _coarse_scale(scale: Scale, places: int) -> Scale | None:
    """Return the numbers inside the limits that have one place too few, if any."""
    unit = 10 ** (-scale.exponent - places + 1)
    low, high = -(-scale.low // unit), scale.high // unit
    return Scale(low, high, 1, 1 - places, is_integer=False) if low <= high else None


def _put(key: str, value: Any) -> Plant:
    def plant(made: Readings, tape: bytes) -> None:
        made[key] = value

    return plant


def _put_number(key: str, scale: Scale) -> Plant:
    def plant(made: Readings, tape: bytes) -> None:
        index = int.from_bytes(tape, "big") * (scale.steps + 1) >> 8 * len(tape)
        made[key] = scale.at(index)

    return plant


def _unlisted(listed: tuple[Any, ...]) -> Any:
    """Return a value of the listed kind that is not listed."""
    if all(isinstance(v, int) and not isinstance(v, bool) for v in listed):
        return max(listed) + 1
    value = "x"
    while value in map(str, listed):
        value += "x"
    return value
