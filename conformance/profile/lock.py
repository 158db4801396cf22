# SPDX-License-Identifier: Apache-2.0
"""``profiles.lock.json``: what a published profile was published with.

Pins the version and digest of every base and the digest of the result, so that a
published profile resolves to the same bytes for ever, whatever is added later.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import ProfileError
from conformance.profile.resolve import Resolved

__all__ = ["LOCKED_STATES", "Pin", "lock_entry", "read_lock"]

LOCKED_STATES = ("published", "superseded", "withdrawn")
"""States in which a profile resolves by the lock alone."""

_BASE = re.compile(r"(?P<version>[^@]+)@(?P<digest>sha256:[0-9a-f]{64})\Z")


@dataclass(frozen=True, slots=True)
class Pin:
    """The entry of one published version."""

    resolved: str
    """Digest of the snapshot."""
    extends: Mapping[str, tuple[str, str]]
    """Base id -> (version, digest), for the bases that the profile names itself."""


def read_lock(root: Path) -> Mapping[str, Pin]:
    """Return the pins of a corpus by ``id@version``; none where there is no file.

    Raises ``ProfileError`` (``profile.lock-unreadable``).
    """
    file = root / "profiles.lock.json"
    if not file.is_file():
        return {}
    try:
        stored = json.loads(file.read_text("utf-8"))
        return {ref: _pin(entry) for ref, entry in stored.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as reason:
        raise ProfileError(
            "profile.lock-unreadable", file=file, reason=str(reason)
        ) from reason


def _pin(entry: Mapping[str, Any]) -> Pin:
    if entry["format"] != 1:
        raise ValueError(f"format {entry['format']}")
    bases = {}
    for name, text in entry["extends"].items():
        found = _BASE.match(text)
        if not found:
            raise ValueError(text)
        bases[name] = (found["version"], found["digest"])
    return Pin(entry["resolved"], bases)


def lock_entry(resolved: Resolved, bases: Mapping[str, Resolved]) -> dict[str, Any]:
    """Return the entry to store for a profile and the bases it names itself."""
    return {
        "format": 1,
        "resolved": resolved.digest,
        "extends": {
            name: f"{base.data['version']}@{base.digest}"
            for name, base in bases.items()
        },
    }
