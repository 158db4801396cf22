# SPDX-License-Identifier: Apache-2.0
"""An honest MQTT server of 3.1.1 and 5.0 on a real socket.

One thread serves all connections, so that nothing need be locked.  What a client's
packets do is in ``simulator.guest``, what is kept in ``simulator.store``; this module
moves octets and watches the time.  It keeps nothing on disk and serves loopback only:
it is there to be tested, not to be used.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07).
"""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

from conformance.protocols.mqtt.simulator.guest import Guest
from conformance.protocols.mqtt.simulator.store import Store

__all__ = ["BrokerSimulator"]

_READ_OCTETS = 65_536
_OWED_MAX = 64 * 1024 * 1024
"""Octets that a client may leave unread before it is given up."""
_LINGER_S = 1.0
"""How long a client may take to close after the server has ended."""
_TICK_S = 0.05
_STOP_DEADLINE_S = 5.0
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class BrokerSimulator:
    """Serves MQTT on a free loopback port while it is entered."""

    def __init__(self, *, authenticates: bool = False) -> None:
        self.authenticates = authenticates
        self.store = Store()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._server.setblocking(False)
        self._wake, self._waker = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._server, _READ)
        self._selector.register(self._wake, _READ)
        self._lines: dict[socket.socket, _Line] = {}
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self._server.getsockname()
        return host, port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waker.send(b"\0")
        self._thread.join(_STOP_DEADLINE_S)

    def _serve(self) -> None:
        is_running, due = True, math.inf
        while is_running:
            wait = min(max(due - time.monotonic(), 0), _TICK_S) if self._lines else None
            for key, events in self._selector.select(_nearest(wait, due)):
                if key.fileobj is self._wake:
                    is_running = False
                elif key.fileobj is self._server:
                    self._accept()
                else:
                    line: _Line = key.data
                    if events & _READ:
                        line.read()
                    if events & _WRITE:
                        line.flush()
            due = self._sweep()
        self._close()

    def _accept(self) -> None:
        try:
            sock, _ = self._server.accept()
        except OSError:
            return  # it has left again
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line = self._lines[sock] = _Line(self, sock)
        self._selector.register(sock, _READ, line)

    def _sweep(self) -> float:
        """Do what is due; watch what has become writable; drop what is over."""
        due = self.store.sweep(time.monotonic())
        for sock, line in list(self._lines.items()):
            due = min(due, line.tick())
            if line.is_done:
                self._selector.unregister(sock)
                sock.close()
                del self._lines[sock]
            elif line.wants != self._selector.get_key(sock).events:
                self._selector.modify(sock, line.wants, line)
        return due

    def _close(self) -> None:
        self._selector.close()
        for sock in (*self._lines, self._server, self._wake, self._waker):
            sock.close()


def _nearest(wait: float | None, due: float) -> float | None:
    """Return how long to sleep: a session may be due where nobody is connected."""
    if wait is None and not math.isinf(due):
        return max(due - time.monotonic(), 0)
    return wait


class _Line:
    """A connection's socket and what is owed to it."""

    def __init__(self, broker: BrokerSimulator, sock: socket.socket) -> None:
        self._sock = sock
        self._owed = bytearray()
        self._given_up_at = math.inf
        self.is_done = False
        """Whether both sides have ended."""
        self.guest = Guest(broker.store, self._send, time.monotonic)
        self.guest.authenticates = broker.authenticates

    @property
    def wants(self) -> int:
        return _READ | (_WRITE if self._owed else 0)

    def _send(self, octets: bytes) -> None:
        self._owed += octets
        self.flush()

    def flush(self) -> None:
        """Send what is owed as far as it goes."""
        if not self._owed or self.is_done:
            return
        try:
            sent = self._sock.send(self._owed)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._lose()
            return
        del self._owed[:sent]
        if len(self._owed) > _OWED_MAX:
            self._lose()

    def read(self) -> None:
        if self.is_done:
            return
        try:
            octets = self._sock.recv(_READ_OCTETS)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        if not octets:
            self._lose()
        elif not self.guest.is_over:
            self.guest.hear(octets)

    def _lose(self) -> None:
        self.is_done = True
        self.guest.leave()

    def tick(self) -> float:
        """Let time pass; return when to look again."""
        if not self.guest.is_over:
            return self.guest.tick()
        now = time.monotonic()
        if math.isinf(self._given_up_at) and not self._owed:
            # What it has not read yet would turn a close into a reset, and the client
            # could lose the words of farewell: only this direction ends now.
            try:
                self._sock.shutdown(socket.SHUT_WR)
            except OSError:
                self.is_done = True
            self._given_up_at = now + _LINGER_S
        if now >= self._given_up_at:
            self.is_done = True
        return self._given_up_at
