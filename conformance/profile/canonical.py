# SPDX-License-Identifier: Apache-2.0
"""One form for equal data, and its digest.

Decimals become text without trailing zeros: plain text where the schema says that a
number stands there (range, resolution), ``{"$decimal": "0.5"}`` where anything may
stand (parameters, defaults, lists of values), so that reading gives the same value
back.  The canonical text has sorted keys, no blanks, UTF-8; without floats that is what
RFC 8785 prescribes.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

__all__ = ["canonical_bytes", "decimal_text", "digest", "freeze", "thaw"]

_SAFE_INTEGER = 2**53 - 1
"""RFC 8785 (I-JSON) reads numbers as binary64; integers above lose digits there."""


def decimal_text(value: Decimal | int) -> str:
    """Return the shortest plain text of an exact number: ``0.10`` gives ``0.1``."""
    text = format(Decimal(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def freeze(value: Any) -> Any:
    """Return free-form data as plain JSON, decimals and big integers marked."""
    if isinstance(value, dict):
        return {key: freeze(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [freeze(part) for part in value]
    if isinstance(value, Decimal):
        text = decimal_text(value)
        # 60 and 60.0 are one number and get one digest.
        return freeze(int(text)) if "." not in text else {"$decimal": text}
    if type(value) is int and abs(value) > _SAFE_INTEGER:
        return {"$decimal": str(value)}
    return value


def thaw(value: Any) -> Any:
    """Return what :func:`freeze` was given, equal in value."""
    if isinstance(value, dict):
        if value.keys() == {"$decimal"}:
            text = str(value["$decimal"])
            return Decimal(text) if "." in text else int(text)
        return {key: thaw(part) for key, part in value.items()}
    if isinstance(value, list):
        return [thaw(part) for part in value]
    return value


def canonical_bytes(data: Any) -> bytes:
    """Return the canonical text; raises ``TypeError`` for what is not plain data."""
    text = json.dumps(
        data,
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
        default=_refuse,
    )
    return text.encode("utf-8")


def _refuse(value: Any) -> Any:
    raise TypeError(f"{type(value).__name__} has no canonical form")


def digest(data: Any) -> str:
    """Return ``sha256:`` and the hash of the canonical form."""
    return "sha256:" + hashlib.sha256(canonical_bytes(data)).hexdigest()
