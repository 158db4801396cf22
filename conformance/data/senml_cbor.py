# SPDX-License-Identifier: Apache-2.0
"""The CBOR form of a Pack: labels as integers, numbers exact, lengths definite.

``cbor2`` decodes; what it would let pass silently is looked at here.  A binary
floating-point number is taken as the shortest decimal that gives it back, which is
what the sender meant; what a sender wrote as decimal fraction keeps its digits.

Source: RFC 8428, clause 6; RFC 8949.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from conformance.data.defects import defect
from conformance.data.formats import DEPTH_MAX
from conformance.data.senml_json import UNREADABLE, Found

__all__ = ["LABELS", "is_double", "label", "read", "write"]

LABELS: Mapping[str, int] = {
    "bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6,
    "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6, "ut": 7, "vd": 8,
}  # fmt: skip
_NAMES = {number: name for name, number in LABELS.items()}


def label(found: Any) -> tuple[str, dict[str, Any]]:
    """Return the name of a label, and what is wrong with the label if anything.

    Extensions have text labels; a field of the standard has its integer.
    """
    if type(found) is int:
        if found in _NAMES:
            return _NAMES[found], {}
        return str(found), {"label": "-6…8", "actual": found}
    if isinstance(found, str):
        if found in LABELS:
            return found, {"label": LABELS[found], "actual": repr(found)}
        return found, {}
    return str(found), {"label": "-6…8", "actual": found}


def read(octets: bytes) -> Found:
    """Return the value of one CBOR data item; what cannot be decoded is unreadable."""
    import cbor2

    for indefinite, twice in ((False, False), (True, False), (False, True)):
        stream = io.BytesIO(octets)
        decoder = cbor2.CBORDecoder(
            stream,
            max_depth=DEPTH_MAX,
            read_size=1,  # so that what follows the item is still there
            allow_indefinite=indefinite,
            allow_duplicate_keys=twice,
        )
        try:
            value = decoder.decode()
        except (cbor2.CBORError, ValueError, TypeError, ArithmeticError):
            continue
        if stream.tell() != len(octets):
            break
        defects = (defect("senml.indefinite"),) if indefinite else ()
        return Found(_exact(value), defects, ("?",) if twice else ())
    return Found(UNREADABLE, (defect("data.not-cbor"),))


def _exact(value: Any) -> Any:
    match value:
        case float():
            return Decimal(repr(value)) if math.isfinite(value) else Decimal(str(value))
        case list() | tuple():
            return [_exact(one) for one in value]
        case dict():
            return {key: _exact(one) for key, one in value.items()}
    return value


def is_double(number: Decimal) -> bool:
    """Whether a number converts to a binary64 and back to the same digits."""
    try:
        return Decimal(repr(float(number))) == number
    except OverflowError:
        return False


def write(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return Records as CBOR; unknown labels stay text, decimals become floats."""
    import cbor2

    made = [{LABELS.get(k, k): _number(v) for k, v in row.items()} for row in rows]
    found: bytes = cbor2.dumps(made)
    return found


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
