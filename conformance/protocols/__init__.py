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
    from conformance.protocols.explained import Explanation

__all__ = ["PROTOCOLS", "explain", "room"]

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
