# SPDX-License-Identifier: Apache-2.0
"""Times as HJ 212 writes them: YYYYMMDDhhmmss, with milliseconds in QN.

The standard names no time zone; the field uses Beijing time (UTC+8).

Source: HJ 212-2017, 6.3.2 table 3 and 6.3.3.2.3 table 4.
"""

from __future__ import annotations

from datetime import datetime

__all__ = ["read_time"]


def read_time(digits: str) -> datetime | None:
    """Return the time (naive, as written) of 14 or 17 digits; ``None`` for no time."""
    if len(digits) not in (14, 17) or not (digits.isascii() and digits.isdigit()):
        return None
    try:
        return datetime(
            int(digits[:4]),
            int(digits[4:6]),
            int(digits[6:8]),
            int(digits[8:10]),
            int(digits[10:12]),
            int(digits[12:14]),
            int(digits[14:] or "0") * 1000,
        )
    except ValueError:
        return None
