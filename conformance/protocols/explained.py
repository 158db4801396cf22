# SPDX-License-Identifier: Apache-2.0
"""A frame taken apart for people: what every protocol's ``explain`` returns.

The protocol fills it in, the command line and the report print it; neither knows the
other.  Octet positions count from 0 at the start of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.text import Text

__all__ = ["Explanation", "FrameField", "Violation"]


@dataclass(frozen=True, slots=True)
class FrameField:
    """One field of a frame, in the standard's own name."""

    name: str
    at: int
    size: int
    value: str
    meaning: Text
    """What the value says: ``answer wanted`` rather than ``bit 0 = 1``."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule, with the octets that break it."""

    rule: str
    layer: Literal["framing", "content"]
    detail: Text
    at: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A whole frame: fields in wire order, violations in order of position."""

    protocol: str
    octets: bytes
    fields: tuple[FrameField, ...] = ()
    violations: tuple[Violation, ...] = ()
    decoded: dict[str, Any] = field(default_factory=dict)
    """The values as plain data, for ``--batch`` and for programs."""
    title: Text = field(default_factory=Text)
    """What the standard calls it, short enough for an arrow; may be empty."""

    @property
    def framing_ok(self) -> bool:
        """Whether framing, length and check value are right."""
        return not any(v.layer == "framing" for v in self.violations)
