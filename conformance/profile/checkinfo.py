# SPDX-License-Identifier: Apache-2.0
"""What a profile must know of a check in order to bind it.

Profiles do not import the engine; whoever has one passes its checks in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

__all__ = ["CheckInfo", "Checks"]


class CheckInfo(Protocol):
    """A check as its binding sees it."""

    @property
    def params_schema(self) -> Mapping[str, Any]:
        """JSON Schema of all parameters together."""

    @property
    def actors(self) -> Sequence[str]:
        """Whose conformance it can judge."""

    @property
    def tighter(self) -> Mapping[str, Literal["lower", "higher"]]:
        """In which direction a parameter may be tailored without permission."""


Checks = Mapping[str, CheckInfo]
"""Check name -> what is known of it."""
