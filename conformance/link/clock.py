# SPDX-License-Identifier: Apache-2.0
"""Time for a run: wall-clock nanoseconds that never go backwards.

The wall clock is read once; from then on the monotonic clock counts.  A clock step on
the bench therefore cannot reorder a recording or stretch a time limit.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

__all__ = ["Clock", "iso", "to_datetime"]

_NS = 1_000_000_000


class Clock:
    """``now_ns()`` gives nanoseconds since 1970-01-01 UTC."""

    __slots__ = ("_offset_ns",)

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        return self._offset_ns + time.monotonic_ns()


def to_datetime(at_ns: int) -> datetime:
    """Return the instant as an aware datetime in UTC, to the microsecond."""
    seconds, rest = divmod(at_ns, _NS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def iso(at_ns: int) -> str:
    """Return the instant as ISO 8601 text, UTC, microseconds, with ``Z``."""
    return to_datetime(at_ns).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
