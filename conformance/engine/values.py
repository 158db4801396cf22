# SPDX-License-Identifier: Apache-2.0
"""Examples as plain data, so that evidence can hold them and give them back.

What a strategy draws is written as JSON with two tags (``$hex`` for octets, ``$dec``
for decimals), and a check is always handed the value read back from that, live and
when judging again.  It therefore cannot depend on something that the evidence lost.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from conformance.errors import SuiteError

__all__ = ["from_plain", "to_plain"]


def to_plain(value: Any) -> Any:
    """Return JSON-able data for text, numbers, octets, decimals, lists, mappings.

    Raises ``SuiteError`` (``engine.not-plain``) for anything else, floats included.
    """
    match value:
        case None | bool() | int() | str():
            return value
        case bytes():
            return {"$hex": value.hex()}
        case Decimal():
            return {"$dec": str(value)}
        case list() | tuple():
            return [to_plain(v) for v in value]
        case dict() if all(isinstance(key, str) for key in value):
            return {k: to_plain(v) for k, v in value.items()}
    raise SuiteError("engine.not-plain", type=type(value).__name__)


def from_plain(data: Any) -> Any:
    """Return the value for data that :func:`to_plain` made; tuples become lists."""
    match data:
        case {"$hex": str(digits)}:
            return bytes.fromhex(digits)
        case {"$dec": str(text)}:
            return Decimal(text)
        case list():
            return [from_plain(v) for v in data]
        case dict():
            return {k: from_plain(v) for k, v in data.items()}
    return data
