# SPDX-License-Identifier: Apache-2.0
"""Where ``jsonschema`` and ``jsonschema_rs`` are known to judge differently.

Each entry is (schema, value, accepted by jsonschema, accepted by jsonschema_rs, why).
The test fails when one of them changes its mind, and when a new difference appears.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

__all__ = ["KNOWN_DIFFERENCES"]

KNOWN_DIFFERENCES: list[tuple[dict[str, Any], Any, bool, bool, str]] = [
    (
        {"type": "string", "pattern": "^[a-z]+$"},
        "abc\n",
        True,
        False,
        "$ of Python also matches before a final line feed, $ of ECMA-262 does not",
    ),
    (
        {"type": "integer"},
        Decimal("1.0"),
        False,
        True,
        "a Decimal without fraction is an integer by JSON Schema; Python sees a type",
    ),
]
