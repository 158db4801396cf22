# SPDX-License-Identifier: Apache-2.0
"""Times as HJ 212 writes them: YYYYMMDDhhmmss, with milliseconds in QN.

The standard names no time zone; the field uses Beijing time (UTC+8).

Source: HJ 212-2017, 6.3.2 table 3 and 6.3.3.2.3 table 4.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

__all__ = ["read_time"]

_TIME = re.compile(
    r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{3})?"
)


def read_time(digits: str) -> datetime | None:
    """Return the time (naive, as written) of 14 or 17 digits; ``None`` for no time."""
    found = _TIME.fullmatch(digits)
    if found is None:
        return None
    year, month, day, hour, minute, second, millis = (
        int(d or 0) for d in found.groups()
    )
    try:
        moment = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return moment + timedelta(milliseconds=millis)
