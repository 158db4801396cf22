# SPDX-License-Identifier: Apache-2.0
"""A profile compiled to makers: so many octets of tape in, one valid value out.

Every field has its place on the tape, octet 0 stands for the simplest value, and a
larger number never makes a simpler value.  Whoever shortens or lowers the tape
therefore shortens and simplifies the readings.  Knows nothing of Hypothesis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import mul
from typing import Any

from conformance.data.formats import with_places
from conformance.data.values import decimal_places, presence_of
from conformance.profile.model import Element

__all__ = ["Maker", "Scale", "compile_readings", "compile_values", "scale_of"]

# The first octet of a field: what kind of value.  Optional ones are absent below.
_PRESENT_FROM = 96
_EDGE_FROM = 224

_BASE = 16

INTEGER_MAX = 2**31 - 1
"""Where an integer element states no range: what every platform can hold."""

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_STRING_MAX_CHARS = 8
_BYTES_MAX = 8
_TIME_ZERO = datetime(2000, 1, 1, tzinfo=UTC)

Value = Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Maker:
    """A function from ``size`` octets to something."""

    size: int
    make: Callable[[bytes], Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """Numbers of an element as integers: ``low`` to ``high``, times 10**exponent."""

    low: int
    high: int
    step: int
    exponent: int
    is_integer: bool

    @property
    def origin(self) -> int:
        """The simplest number: zero, or the limit nearest to it, on the grid."""
        if self.low > 0 or self.high < 0:
            return self.low if self.low > 0 else self.low + self.steps * self.step
        return self.low + -self.low // self.step * self.step

    @property
    def steps(self) -> int:
        """Steps of the resolution between the limits."""
        return (self.high - self.low) // self.step

    def number(self, scaled: int) -> Decimal | int:
        """Return the number itself, exact, with all its places."""
        if self.is_integer:
            return scaled
        return Decimal(f"{scaled}E{self.exponent}")

    def at(self, index: int) -> Decimal | int:
        """Return the number ``index`` steps from the simplest one.

        First away from zero on its positive side, then on the negative one.
        """
        origin, step = self.origin, self.step
        above = (self.high - origin) // step
        if index <= above:
            return self.number(origin + index * step)
        return self.number(origin - (index - above) * step)

    @property
    def edges(self) -> tuple[Decimal | int, ...]:
        """Limits and their neighbours, the usual places of off-by-one faults."""
        wanted = (
            self.high,
            self.low,
            self.high - self.step,
            self.low + self.step,
            self.origin,
        )
        inside = [n for n in wanted if self.low <= n <= self.high]
        return tuple(self.number(n) for n in dict.fromkeys(inside))


def scale_of(element: Element) -> Scale:
    """Return the numbers of a decimal or integer element."""
    if element.range is None:
        if element.type == "decimal":
            raise ValueError(f"element {element.key} has no range")
        return Scale(-INTEGER_MAX, INTEGER_MAX, 1, 0, is_integer=True)
    limits = (element.range.min, element.range.max)
    step = element.resolution or Decimal(1)
    whole = element.type == "integer"
    exponent = 0 if whole else min(0, *(_exponent(n) for n in (*limits, step)))
    low, high, stride = (int(n.scaleb(-exponent)) for n in (*limits, step))
    return Scale(low, high, max(stride, 1), exponent, whole)


def _exponent(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a profile has finite numbers only"
    return exponent


def compile_values(element: Element) -> Maker:
    """Return the maker of valid values of one element; its first octet picks a kind."""
    if element.values and element.type == "decimal":
        places = decimal_places(element)
        return _listed(tuple(with_places(Decimal(v), places) for v in element.values))
    if element.values:
        return _listed(element.values)
    return _MAKERS[element.type](element)


def compile_readings(elements: Iterable[Element], answers: Mapping[str, bool]) -> Maker:
    """Return the maker of valid readings by element key."""
    fields: list[tuple[str, bool, int, int, Value]] = []
    at = 0
    for element in elements:
        maker = compile_values(element)
        optional = presence_of(element, answers) != "mandatory"
        fields.append((element.key, optional, at, at + maker.size, maker.make))
        at += maker.size

    def make(tape: bytes) -> dict[str, Any]:
        return {
            key: value(tape[start:end])
            for key, optional, start, end, value in fields
            if not optional or tape[start] >= _PRESENT_FROM
        }

    return Maker(at, make)


def _numbers(element: Element) -> Maker:
    scale = scale_of(element)
    steps, edges, at = scale.steps, scale.edges, scale.at
    weights, count = _weights(steps), steps + 1

    def make(tape: bytes) -> Decimal | int:
        pick = tape[0]
        if pick >= _EDGE_FROM:
            return edges[(pick - _EDGE_FROM) * len(edges) // (256 - _EDGE_FROM)]
        return at(sum(map(mul, weights, tape[1:])) % count)

    return Maker(1 + len(weights), make)


def _weights(steps: int) -> tuple[int, ...]:
    """Return what each octet counts, so that together they reach every step.

    In a plain base 256 a number just above a border (0x0201) cannot be lowered octet
    by octet to one just below it (0x01FF), and octet by octet is how tapes shrink.
    With a small base the octets overlap: what one gives up the next can take.
    """
    octets = 1
    while 255 * sum(_BASE**n for n in range(octets)) < steps:
        octets += 1
    base = 1
    while 255 * sum(base**n for n in range(octets)) < steps:
        base += 1
    return tuple(base**n for n in reversed(range(octets)))


def _listed(values: tuple[Any, ...]) -> Maker:
    return Maker(2, lambda tape: values[tape[1] * len(values) >> 8])


def _booleans(element: Element) -> Maker:
    return Maker(2, lambda tape: tape[1] >= 128)


def _strings(element: Element) -> Maker:
    def make(tape: bytes) -> str:
        length = 1 + (tape[1] * _STRING_MAX_CHARS >> 8)
        return "".join(_LETTERS[n * len(_LETTERS) >> 8] for n in tape[2 : 2 + length])

    return Maker(2 + _STRING_MAX_CHARS, make)


def _times(element: Element) -> Maker:
    def make(tape: bytes) -> str:
        seconds = int.from_bytes(tape[1:5], "big")
        moment = _TIME_ZERO + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    return Maker(5, make)


def _octets(element: Element) -> Maker:
    def make(tape: bytes) -> str:
        return tape[2 : 2 + (tape[1] * (_BYTES_MAX + 1) >> 8)].hex()

    return Maker(2 + _BYTES_MAX, make)


_MAKERS: Mapping[str, Callable[[Element], Maker]] = {
    "decimal": _numbers,
    "integer": _numbers,
    "boolean": _booleans,
    "string": _strings,
    "enum": _strings,
    "timestamp": _times,
    "bytes": _octets,
}
