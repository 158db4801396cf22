# SPDX-License-Identifier: Apache-2.0
"""What a hook or step is asked and what it has to answer: a row of a protocol's table.

The form shows it, the guide is tested against it, the review knows by it what a
placeholder may be.  A protocol keeps its own table in its room ``hooks``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from conformance.text import Text

__all__ = ["HookInfo"]

_NOTHING = Text("无需应答", "nothing")


@dataclass(frozen=True, slots=True)
class HookInfo:
    """One hook (something is shown) or step (something is done)."""

    name: str
    section: Literal["hooks", "steps"]
    role: Literal["device", "platform"]
    task: Text
    facts: Mapping[str, Text] = field(default_factory=dict)
    """Placeholder -> what it is filled with, beside the IXIT values."""
    answer: Text = _NOTHING
    fields: Mapping[str, Text] = field(default_factory=dict)
    """Key of the JSON answer -> what it has to hold."""
    example: str = ""
    """An answer as JSON."""
