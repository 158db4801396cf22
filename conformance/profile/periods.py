# SPDX-License-Identifier: Apache-2.0
"""ISO 8601 durations without years, months and weeks -> whole seconds."""

from __future__ import annotations

import re

from conformance.errors import ProfileError

__all__ = ["seconds"]

_FORM = re.compile(
    r"P(?!\Z)(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?\Z",
    re.ASCII,
)
_SECONDS = (86400, 3600, 60, 1)


def seconds(duration: str) -> int:
    """Return the length of a duration such as ``PT4H``, in seconds.

    Raises ``ProfileError`` (``profile.bad-duration``).
    """
    found = _FORM.match(duration)
    if not found:
        raise ProfileError("profile.bad-duration", duration=duration)
    return sum(int(n or 0) * s for n, s in zip(found.groups(), _SECONDS, strict=True))
