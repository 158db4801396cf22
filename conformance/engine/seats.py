# SPDX-License-Identifier: Apache-2.0
"""Which checks may run at once: a check begins when all places that it needs are free.

An implementation bears only so many checks of a kind at a time, such as one for each
station that it knows.  A pool has that many places; a check takes one, has it to itself
and returns it.  Used by one thread, which hands out the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.engine.registry import Procedure, places
from conformance.iut.selection import Item

__all__ = ["Seats", "Taken"]

Taken = Mapping[str, int]
"""Pool -> number of the place."""


class Seats:
    """The free places of each pool."""

    def __init__(self, ixit: Mapping[str, Any]) -> None:
        self._ixit = ixit
        self._free: dict[str, set[int]] = {}

    def first(
        self, work: list[tuple[Item, Procedure]]
    ) -> tuple[Item, Procedure, Taken] | None:
        """Take the first piece of work that can begin off the list, with its places."""
        for number, (item, procedure) in enumerate(work):
            pools = {pool: self._of(pool) for pool in procedure.takes}
            if all(pools.values()):
                del work[number]
                taken = {pool: min(free) for pool, free in pools.items()}
                for pool, place in taken.items():
                    pools[pool].remove(place)
                return item, procedure, taken
        return None

    def leave(self, taken: Taken) -> None:
        """Return places."""
        for pool, place in taken.items():
            self._of(pool).add(place)

    def _of(self, pool: str) -> set[int]:
        if pool not in self._free:
            self._free[pool] = set(range(places(pool, self._ixit)))
        return self._free[pool]
