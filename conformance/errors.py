# SPDX-License-Identifier: Apache-2.0
"""Whose fault it is, by type; what happened, by code and facts; prose at the edge.

Every error carries a ``code`` such as ``profile.duplicate-key`` and the facts that
its sentence needs.  :mod:`conformance.text` turns it into a Chinese or English
sentence and a hint.  The engine maps the type to a verdict in one place, the command
line maps it to an exit code in one place.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = [
    "ConformanceError",
    "DeclarationError",
    "InputError",
    "LinkError",
    "PeerError",
    "ProfileError",
    "SuiteError",
    "UsageError",
]


class ConformanceError(Exception):
    """Something that the suite can name.  Abstract: raise a subclass.

    ``code`` finds the sentence, ``facts`` fill it in.  ``file``, ``line`` (from 1) and
    ``path`` (keys and indices inside the file) say where, if there is a where.
    """

    def __init__(
        self,
        code: str,
        *,
        file: Path | str | None = None,
        line: int | None = None,
        path: tuple[str | int, ...] = (),
        **facts: Any,
    ) -> None:
        if type(self) is ConformanceError:
            raise TypeError("ConformanceError is abstract")
        super().__init__(code)
        self.code = code
        self.file = str(file) if file is not None else None
        self.line = line
        self.path = path
        self.facts = facts

    def __str__(self) -> str:
        from conformance.text import render_error

        return render_error(self, language="en")


class InputError(ConformanceError):
    """A file or argument that the user gave cannot be used (exit code 3)."""


class UsageError(InputError):
    """The command line itself is wrong."""


class ProfileError(InputError):
    """A profile, dictionary, index or lock file is unusable."""


class DeclarationError(InputError):
    """An IUT declaration (``*.iut.yaml``) is unusable."""


class LinkError(ConformanceError):
    """The network between suite and peer: refused, reset, unresolved, out of time.

    Nobody's conformance is judged by it; the verdict is inconclusive.
    """


class PeerError(ConformanceError):
    """The peer sent octets that break a rule of its protocol.

    ``rule`` names the broken rule; checks match on it, never on prose.  ``octets`` is
    what was received, ``at`` the offset in it, in octets.
    """

    def __init__(self, rule: str, detail: str, octets: bytes, at: int = 0) -> None:
        super().__init__("peer.rule-broken", rule=rule, detail=detail)
        self.rule = rule
        self.detail = detail
        self.octets = octets
        self.at = at


class SuiteError(ConformanceError):
    """The suite itself broke (exit code 4): never the vendor's fault."""
