# SPDX-License-Identifier: Apache-2.0
"""Readings of a simulated device that do not agree, or only just, as a row asks for.

Told from the profile alone: which elements contain which, and which are converted.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from conformance.data.relations import ascending_of, conversions_of
from conformance.profile.model import Snapshot

__all__ = ["disagree"]


def disagree(
    readings: MutableMapping[str, Any], snapshot: Snapshot, wrong: Mapping[str, Any]
) -> None:
    """Spoil readings: ``raise`` (share, more) lifts the finest particles above the next
    coarser ones; ``unconverted`` gives measured values for converted ones."""
    if "raise" in wrong:
        share, more = (Decimal(given) for given in wrong["raise"])
        for row in ascending_of(snapshot):
            present = [key for key in row if key in readings]
            for lower, upper in [present[:2]] if len(present) > 1 else ():
                value = readings[upper] * share + more
                readings[lower] = value.quantize(readings[lower], ROUND_DOWN)
    if wrong.get("unconverted"):
        for each in conversions_of(snapshot):
            if each.converted in readings:
                readings[each.converted] = readings[each.measured]
