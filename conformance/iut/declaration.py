# SPDX-License-Identifier: Apache-2.0
"""One ``*.iut.yaml``: what is claimed (ICS) and what testing needs to know (IXIT).

Turns the file into a frozen ``Declaration`` and that into JSON and back.  Secrets stay
references throughout.  Whether the answers make sense for a profile is not asked here:
see ``ixit.py`` for types and ``review.py`` for everything else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from conformance.iut.ixit import resolve_ixit
from conformance.iut.values import (
    Endpoint,
    Hook,
    Limits,
    Secret,
    SecretValue,
    ixit_from_json,
    ixit_to_json,
    secrets_of,
)
from conformance.text import Text

__all__ = [
    "ROLES",
    "Declaration",
    "Endpoint",
    "Hook",
    "Limits",
    "Role",
    "Secret",
    "SecretValue",
    "ixit_from_json",
    "ixit_to_json",
    "load_declaration",
    "resolve_ixit",
    "secrets_of",
]

Role = Literal["device", "platform", "gateway"]
ROLES: tuple[Role, ...] = ("device", "platform", "gateway")


@dataclass(frozen=True, slots=True)
class Declaration:
    """An implementation under test as its vendor declares it."""

    file: Path | None
    profile_ref: str
    """``id@version``."""
    profile_digest: str
    role: Role
    implementation: Mapping[str, Any]
    declared_by: str
    declared_on: str
    ics: Mapping[str, bool]
    """Answers given; a question left open is absent."""
    ics_notes: Mapping[str, Text] = field(default_factory=dict)
    ixit: Mapping[str, Any] = field(default_factory=dict)
    """Values as written: text, numbers, ``Endpoint``, ``Secret``."""
    hooks: Mapping[str, Hook] = field(default_factory=dict)
    steps: Mapping[str, Hook] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    lines: Mapping[tuple[str | int, ...], int] = field(
        default_factory=dict, compare=False, repr=False
    )
    """Path in the file -> line, where the declaration was read from a file."""
    digest: str = field(init=False)
    """``sha256:`` and 64 hex digits over all but the file's name; no secret in it."""

    def __post_init__(self) -> None:
        canonical = json.dumps(
            self._content(), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        object.__setattr__(self, "digest", f"sha256:{digest}")

    def line(self, *path: str | int) -> int | None:
        """Return the line of a path, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if found := self.lines.get(path[:end]):
                return found
        return None

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data that :meth:`from_json` reads back."""
        file = self.file.as_posix() if self.file else None
        return {"file": file, **self._content()}

    def _content(self) -> dict[str, Any]:
        return {
            "profile": self.profile_ref,
            "profile_digest": self.profile_digest,
            "role": self.role,
            "implementation": dict(self.implementation),
            "declared_by": self.declared_by,
            "declared_on": self.declared_on,
            "ics": dict(self.ics),
            "ics_notes": {k: [t.zh, t.en] for k, t in self.ics_notes.items()},
            "ixit": ixit_to_json(self.ixit),
            "hooks": {name: hook.to_json() for name, hook in self.hooks.items()},
            "steps": {name: step.to_json() for name, step in self.steps.items()},
            "limits": [self.limits.requirement_s, self.limits.total_s],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Declaration:
        """Read what :meth:`to_json` returned; line numbers are not kept."""
        return cls(
            file=Path(stored["file"]) if stored["file"] else None,
            profile_ref=stored["profile"],
            profile_digest=stored["profile_digest"],
            role=stored["role"],
            implementation=stored["implementation"],
            declared_by=stored["declared_by"],
            declared_on=stored["declared_on"],
            ics=dict(stored["ics"]),
            ics_notes={k: Text(*pair) for k, pair in stored["ics_notes"].items()},
            ixit=ixit_from_json(stored["ixit"]),
            hooks={k: Hook.from_json(v) for k, v in stored["hooks"].items()},
            steps={k: Hook.from_json(v) for k, v in stored["steps"].items()},
            limits=Limits(*stored["limits"]),
        )


def load_declaration(path: Path | str) -> Declaration:
    """Read a declaration.

    Raises ``DeclarationError`` with file and line for anything that is not a
    well-formed declaration.
    """
    from conformance.iut.reading import read_declaration

    return read_declaration(Path(path))
