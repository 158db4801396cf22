# SPDX-License-Identifier: Apache-2.0
"""A loopback port to put into a declaration, for whoever listens on it a moment later.

Ports that the system hands out are no good for that: before the listener is there, any
outgoing connection of the machine may be given the same one.
"""

from __future__ import annotations

import random
import socket

from conformance.errors import LinkError

__all__ = ["free_port"]

_PORTS = range(15_000, 32_000)
"""Below what Linux (32768), Windows and macOS (49152) give to outgoing connections."""
_ATTEMPTS = 100
_DICE = random.SystemRandom()
"""Processes that begin at once must not choose alike; no verdict depends on it."""


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on.

    Raises ``LinkError`` (``link.cannot-listen``) when none can be found.
    """
    for port in _DICE.sample(_PORTS, _ATTEMPTS):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    address = f"127.0.0.1:{_PORTS.start}-{_PORTS.stop - 1}"
    raise LinkError("link.cannot-listen", address=address, reason="no free port")
