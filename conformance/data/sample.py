# SPDX-License-Identifier: Apache-2.0
"""Plausible readings for simulators: inside the limits, and nowhere near them.

The same generator state gives the same readings.  A narrow range is used around its
middle; one of several decades at its lower end, where most quantities lie most days.
"""

from __future__ import annotations

import random as random_module
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.data.makers import Scale, compile_values, scale_of
from conformance.data.values import presence_of
from conformance.profile.model import Element

__all__ = ["sample"]

_WIDE = 100
"""Largest magnitude, in units of the element, up to which a range is narrow."""


def sample(
    elements: Iterable[Element],
    answers: Mapping[str, bool],
    random: random_module.Random,
) -> dict[str, Any]:
    """Return one reading per element that is mandatory under the ICS answers."""
    return {
        element.key: _value(element, random)
        for element in elements
        if presence_of(element, answers) == "mandatory"
    }


def _value(element: Element, random: random_module.Random) -> Any:
    if element.type in {"decimal", "integer"} and not element.values:
        return _number(scale_of(element), random)
    maker = compile_values(element)
    return maker.make(random.randbytes(maker.size))


def _number(scale: Scale, random: random_module.Random) -> Any:
    unit = 10**-scale.exponent
    if max(scale.high, -scale.low) <= _WIDE * unit:
        share = random.triangular(0.3, 0.6, 0.45)
        return scale.number(scale.low + round(share * scale.steps) * scale.step)
    # The power of the whole number of steps, so that decades are used evenly.
    from_origin = (scale.high - scale.origin) // scale.step
    index = round(from_origin ** random.triangular(0.4, 0.7, 0.5))
    return scale.at(min(index, from_origin))
