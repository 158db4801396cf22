# SPDX-License-Identifier: Apache-2.0
"""One folder per wire protocol, the same rooms in each.

``PROTOCOLS`` names the folders.  A protocol is imported only when a profile or a
command names it.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.engine.hooks import HookInfo
    from conformance.protocols.explained import Explanation
    from conformance.text import Text

__all__ = ["PROTOCOLS", "explain", "frames", "hooks", "likely_cause", "room"]

PROTOCOLS = ("hj212", "mqtt")


def room(protocol: str, name: str) -> ModuleType:
    """Return the module ``name`` (``codec``, ``checks``, ...) of a protocol.

    Raises ``UsageError`` (``cli.unknown-protocol``) for a protocol that has no folder.
    """
    if protocol not in PROTOCOLS:
        raise UsageError(
            "cli.unknown-protocol", protocol=protocol, known=", ".join(PROTOCOLS)
        )
    return importlib.import_module(f"conformance.protocols.{protocol}.{name}")


def explain(protocol: str, octets: bytes) -> Explanation | None:
    """Return a frame taken apart; ``None`` for a protocol that has no folder."""
    if protocol not in PROTOCOLS:
        return None
    found: Explanation = room(protocol, "explain").explain(octets)
    return found


def frames(protocol: str, octets: bytes) -> list[bytes]:
    """Return octets that came in one piece as the frames that they hold.

    Whatever is not wholly made of frames stays one piece.
    """
    if protocol not in PROTOCOLS:
        return [octets]
    split = getattr(room(protocol, "explain"), "frames", None)
    found: list[bytes] = split(octets) if split else [octets]
    return found if b"".join(found) == octets else [octets]


def hooks(protocol: str) -> Sequence[HookInfo]:
    """Return the hooks and steps that the checks of a protocol may use."""
    if protocol not in PROTOCOLS:
        return ()
    try:
        found: Sequence[HookInfo] = room(protocol, "hooks").HOOKS
    except ModuleNotFoundError:
        return ()
    return found


def likely_cause(check: str, key: str) -> Text | None:
    """Return what usually lies behind a broken expectation of a check.

    A protocol's room ``causes`` holds the experience; ``None`` where it has none.
    """
    protocol = check.partition(".")[0]
    if protocol not in PROTOCOLS:
        return None
    try:
        causes = room(protocol, "causes")
    except ModuleNotFoundError:
        return None
    found: Text | None = causes.CAUSES.get(f"{check}/{key}") or causes.CAUSES.get(key)
    return found
