# SPDX-License-Identifier: Apache-2.0
"""WebSocket for implementations that have none, for the proof.

A front stands at the suite's side of the fault proxy: before a server it takes
WebSocket connections and opens TCP ones, behind a device the other way round.  What it
is told to get wrong (``lies``) is what a proxy of packets cannot: frames, the upgrade.

Source: RFC 6455, sections 4 and 5; MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT
Version 5.0 (OASIS, 2019-03-07), clause 6 of both.
"""

from __future__ import annotations

import base64
import os
import socket
import threading
from collections.abc import Collection, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Any

from wsproto.events import BytesMessage, CloseConnection, TextMessage
from wsproto.utilities import generate_accept_token

from conformance.errors import LinkError, PeerError
from conformance.link.websocket import Frames, Request, Upgrade

__all__ = ["LIES", "PATH", "Front"]

PATH = "/mqtt"
LIES = ("text-sent", "text-taken", "aligned", "other-subprotocol")
"""Sends text frames too; goes on after them; takes a frame for a packet; names another
subprotocol.  What the other side cannot but refuse it does on one connection only."""

_POLL_S = 0.2
_CONNECT_TIMEOUT_S = 5.0
_READ_OCTETS = 32_768
_LYING_CONNECTION = {True: 2, False: 1}
"""Of a server the second, behind one that works; a device may never open another."""


class Front:
    """Listens on a free loopback port; a context manager that yields where."""

    def __init__(
        self,
        target: tuple[str, int],
        *,
        serves: bool,
        lies: Collection[str] = (),
    ) -> None:
        self.target, self.serves, self.lies = target, serves, frozenset(lies)
        self.stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._count = 0
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._server.settimeout(_POLL_S)

    def __enter__(self) -> tuple[str, int]:
        self._start(threading.Thread(target=self._accept, daemon=True))
        host, port = self._server.getsockname()
        return host, port

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop.set()
        for thread in list(self._threads):
            thread.join()
        self._server.close()

    def _start(self, thread: threading.Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.stop.is_set():
            try:
                near, _ = self._server.accept()
            except TimeoutError:
                continue
            try:
                far = socket.create_connection(self.target, _CONNECT_TIMEOUT_S)
            except OSError:
                near.close()
                continue
            self._count += 1
            pair = (near, far) if self.serves else (far, near)
            talk = _Talk(self, *pair, lies=self._lies_now())
            self._start(threading.Thread(target=talk.hear_web, daemon=True))
            self._start(threading.Thread(target=talk.hear_plain, daemon=True))

    def _lies_now(self) -> frozenset[str]:
        if self._count == _LYING_CONNECTION[self.serves]:
            return self.lies
        return self.lies - {"other-subprotocol", "text-sent"}


class _Talk:
    """One connection: frames on one socket, plain packets on the other."""

    def __init__(
        self,
        front: Front,
        web: socket.socket,
        plain: socket.socket,
        *,
        lies: frozenset[str],
    ) -> None:
        self.front, self.web, self.plain, self.lies = front, web, plain, lies
        self.frames = Frames("server" if front.serves else "client")
        self.is_open = threading.Event()
        self.over = False
        self._sending = threading.Lock()
        for sock in (web, plain):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_POLL_S)

    def hear_web(self) -> None:
        """Carry what comes in frames to the plain side, until either side ends."""
        if not self.front.serves:
            self._send(self.web, self._question())
        upgrade = Upgrade("client" if self.front.serves else "server")
        with suppress(PeerError):
            while not self.is_open.is_set():
                octets = self._read(self.web)
                if octets is None:
                    break
                head = upgrade.feed(octets)
                if head is not None:
                    if isinstance(head, Request):
                        self._send(self.web, self._answer(head))
                    self.is_open.set()
                    self._take(upgrade.rest)
            while (octets := self._read(self.web)) is not None:
                self._take(octets)
        self._end()

    def hear_plain(self) -> None:
        """Carry plain octets into frames, until either side ends."""
        while not (self.is_open.wait(_POLL_S) or self._is_over):
            pass
        while (octets := self._read(self.plain)) is not None:
            with suppress(LinkError), self._sending:  # the web side has ended
                framed = self.frames.wrap(octets)
                if "text-sent" in self.lies:
                    framed = self.frames.wrap(b"text", is_text=True) + framed
                self._send(self.web, framed)
        with self._sending:
            self._send(self.web, self.frames.end())
        self._end()

    def _take(self, octets: bytes) -> None:
        with self._sending:
            events: Iterable[Any] = self.frames.events(octets) if octets else ()
        for event in events:
            match event:
                case BytesMessage(data):
                    if "aligned" not in self.lies or _is_one_packet(bytes(data)):
                        self._send(self.plain, bytes(data))
                case TextMessage() if "text-taken" not in self.lies:
                    self._end()
                case CloseConnection():
                    self._end()

    def _question(self) -> bytes:
        other = "other-subprotocol" in self.lies
        return _head(
            f"GET {PATH} HTTP/1.1",
            "Host: 127.0.0.1",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {'telemetry' if other else 'mqtt'}",
        )

    def _answer(self, request: Request) -> bytes:
        lines = [
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {generate_accept_token(request.key).decode()}",
        ]
        if "other-subprotocol" not in self.lies:
            lines.append("Sec-WebSocket-Protocol: mqtt")
        return _head(*lines)

    @property
    def _is_over(self) -> bool:
        return self.over or self.front.stop.is_set()

    def _read(self, sock: socket.socket) -> bytes | None:
        """Return octets, ``None`` at the end of a side or of the front."""
        while not self._is_over:
            try:
                return sock.recv(_READ_OCTETS) or None
            except TimeoutError:
                continue
            except OSError:
                return None
        return None

    def _send(self, sock: socket.socket, octets: bytes) -> None:
        with suppress(OSError):
            sock.sendall(octets)

    def _end(self) -> None:
        self.over = True
        for sock in (self.web, self.plain):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def _head(*lines: str) -> bytes:
    return "\r\n".join((*lines, "", "")).encode()


def _is_one_packet(octets: bytes) -> bool:
    """Say whether octets are one whole packet with a short Remaining Length."""
    size, shift = 0, 0
    for at, octet in enumerate(octets[1:5], 2):
        size |= (octet & 0x7F) << shift
        shift += 7
        if octet < 0x80:
            return len(octets) == at + size
    return False
