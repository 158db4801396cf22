# SPDX-License-Identifier: Apache-2.0
"""Data of a station cut into parts: as few as fit, quickly."""

from __future__ import annotations

import pytest

from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.simulator.site import ROOM, parted


def _parted_anew(area: Area) -> tuple[Area, ...]:
    """The same, counting the whole part again for each group."""

    def text(part: Area) -> str:
        return ";".join(",".join(f"{n}={v}" for n, v in group) for group in part)

    label, parts, part = area[0], [], area[:1]
    for group in area[1:]:
        if len(text((*part, group))) > ROOM:
            parts.append(part)
            part = (label,)
        part = (*part, group)
    return (*parts, part)


@pytest.mark.parametrize("count", [0, 1, 7, 60, 100, 300])
@pytest.mark.parametrize("width", [1, 40, 421])
def test_parts_are_filled_as_far_as_they_go(count: int, width: int) -> None:
    """Counting as one goes cuts where counting all anew cuts."""
    groups = [
        ((f"SB{n}-RS", "1" * (1 + n % width)), ("x-Flag", "N"))[: 1 + n % 2]
        for n in range(count)
    ]
    area = ((("DataTime", "20260101120000"),), *groups)
    assert tuple(parted(area, frozenset())) == _parted_anew(area)
