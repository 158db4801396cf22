# SPDX-License-Identifier: Apache-2.0
"""The front that gives WebSocket to implementations without it, honest and lying."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.errors import LinkError
from conformance.link.websocket import Frames, Request, Response, Upgrade
from conformance.protocols.mqtt.front import LIES, PATH, Front

PINGREQ = b"\xc0\x00"
TIMEOUT_S = 10


@contextmanager
def echo() -> Iterator[tuple[str, int]]:
    """Serve one connection by sending back what comes."""
    server = socket.create_server(("127.0.0.1", 0))

    def work() -> None:
        peer, _ = server.accept()
        with peer:
            while octets := peer.recv(4096):
                peer.sendall(octets)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    yield server.getsockname()[:2]
    server.close()
    thread.join(TIMEOUT_S)


def ask(address: tuple[str, int]) -> tuple[socket.socket, Response]:
    """Open a WebSocket; return the answer's head."""
    sock = socket.create_connection(address, TIMEOUT_S)
    sock.sendall(
        b"GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
    )
    upgrade = Upgrade("server")
    while (head := upgrade.feed(sock.recv(4096))) is None:
        pass
    assert isinstance(head, Response)
    return sock, head


def heard(sock: socket.socket, frames: Frames) -> bytes | None:
    """Return the data that came next, of one frame or several; ``None`` at the end."""
    while octets := sock.recv(4096):
        came = frames.unwrap(octets)
        if came.octets:
            return came.octets
        if came.is_end:
            return None
    return None


def test_octets_pass_in_both_directions() -> None:
    with echo() as target, Front(target, serves=True) as address:
        sock, head = ask(address)
        frames = Frames("client")
        with sock:
            assert (head.status, head.subprotocols) == (101, ("mqtt",))
            for octet in PINGREQ:
                sock.sendall(frames.wrap(bytes((octet,))))
            came = b""
            while len(came) < len(PINGREQ):
                came += heard(sock, frames) or b"end"
            assert came == PINGREQ


def test_a_text_frame_ends_the_connection() -> None:
    with echo() as target, Front(target, serves=True) as address:
        sock, _ = ask(address)
        frames = Frames("client")
        with sock:
            sock.sendall(frames.wrap(b"text", is_text=True))
            assert heard(sock, frames) is None


@pytest.mark.parametrize("ends", ["we", "they"])
def test_nothing_is_sent_on_a_websocket_that_has_ended(ends: str) -> None:
    ours, theirs = Frames("client"), Frames("server")
    first, second = (ours, theirs) if ends == "we" else (theirs, ours)
    assert second.unwrap(first.end()).is_end
    with pytest.raises(LinkError) as raised:
        ours.wrap(PINGREQ)
    assert raised.value.code == "link.send-failed"
    assert ours.end() == b""


@pytest.mark.parametrize("lie", ["text-taken", "aligned"])
def test_a_liar_goes_on_after_what_it_should_not_take(lie: str) -> None:
    assert lie in LIES
    with echo() as target, Front(target, serves=True, lies=(lie,)) as address:
        sock, _ = ask(address)
        frames = Frames("client")
        with sock:
            if lie == "text-taken":
                sock.sendall(frames.wrap(b"text", is_text=True))
            else:
                sock.sendall(frames.wrap(PINGREQ[:1]) + frames.wrap(PINGREQ[1:]))
            sock.sendall(frames.wrap(PINGREQ))
            assert heard(sock, frames) == PINGREQ


def test_behind_a_device_it_asks_for_the_subprotocol_and_wraps() -> None:
    suite = socket.create_server(("127.0.0.1", 0))
    suite.settimeout(TIMEOUT_S)
    front = Front(suite.getsockname()[:2], serves=False)
    with suite, front as address, socket.create_connection(address) as device:
        peer, _ = suite.accept()
        with peer:
            peer.settimeout(TIMEOUT_S)
            upgrade = Upgrade("client")
            while (head := upgrade.feed(peer.recv(4096))) is None:
                pass
            assert isinstance(head, Request)
            assert (head.target, head.subprotocols) == (PATH, ("mqtt",))
            peer.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
            )
            device.sendall(PINGREQ)
            assert heard(peer, Frames("server")) == PINGREQ
