# SPDX-License-Identifier: Apache-2.0
"""Versions and ranges of profiles: ``1.4.0``, ``2.0.0-rc.1``, ``>=1.3,<2``.

Pre-releases never match a range.  Kept apart from ``packaging``, whose answer for
pre-releases changed between its releases; the grammar here is that of the schema.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

__all__ = ["in_range", "order", "split_range"]

_PHASES = {"alpha": 0, "beta": 1, "rc": 2}
_FINAL = 3
_PART = re.compile(r"\s*(>=|<=|==|<|>)\s*([0-9]+(?:\.[0-9]+){0,2})\s*\Z", re.ASCII)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
}


def order(version: str) -> tuple[int, ...]:
    """Return a key that sorts versions, pre-releases before their release."""
    release, _, phase = version.partition("-")
    numbers = [int(part) for part in release.split(".")]
    if not phase:
        return (*numbers, _FINAL, 0)
    name, _, count = phase.partition(".")
    return (*numbers, _PHASES[name], int(count))


def split_range(extends: str) -> tuple[str, str]:
    """Return (id, range) of an ``extends`` entry."""
    cut = re.search(r"[\s<>=]", extends)
    place = cut.start() if cut else len(extends)
    return extends[:place], extends[place:].strip()


def in_range(version: str, wanted: str) -> bool:
    """Return whether a released version lies in a range such as ``>=1.3,<2``."""
    if "-" in version:
        return False
    number = [int(part) for part in version.split(".")]
    for part in wanted.split(","):
        found = _PART.match(part)
        if not found:
            return False
        limit = [int(text) for text in found[2].split(".")]
        limit += [0] * (3 - len(limit))
        if not _COMPARE[found[1]](number, limit):
            return False
    return True
