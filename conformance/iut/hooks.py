# SPDX-License-Identifier: Apache-2.0
"""What a form must know of a hook or step in order to show it.

Declarations do not import the engine; whoever has one passes the hooks of its protocols
in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from conformance.text import Text

__all__ = ["HookInfo"]


class HookInfo(Protocol):
    """A hook (something is shown) or step (something is done), as a form sees it."""

    @property
    def name(self) -> str: ...

    @property
    def section(self) -> Literal["hooks", "steps"]: ...

    @property
    def task(self) -> Text: ...

    @property
    def facts(self) -> Mapping[str, Text]:
        """Placeholder -> what it is filled with."""

    @property
    def answer(self) -> Text: ...

    @property
    def fields(self) -> Mapping[str, Text]:
        """Key of the JSON answer -> what it has to hold."""

    @property
    def example(self) -> str:
        """An answer as JSON."""
