# SPDX-License-Identifier: Apache-2.0
"""A peer for one test: a thread that does what the test says with one connection."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

__all__ = ["peer"]


@contextmanager
def peer(behave: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """Listen on loopback; hand each accepted socket to ``behave`` in a thread."""
    server = socket.create_server(("127.0.0.1", 0))
    open_: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                sock, _ = server.accept()
                open_.append(sock)
                thread = threading.Thread(target=quietly, args=(sock,), daemon=True)
                threads.append(thread)
                thread.start()

    def quietly(sock: socket.socket) -> None:
        with suppress(OSError):
            behave(sock)

    acceptor = threading.Thread(target=serve, daemon=True)
    acceptor.start()
    try:
        yield server.getsockname()[:2]
    finally:
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        for sock in open_:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in threads:
            thread.join(5)
