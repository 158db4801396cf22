# SPDX-License-Identifier: Apache-2.0
"""The fault proxy relays faithfully, lies as told, and ends when told.

The protocol is a toy: lines of ``WORD number``.  Both ends are plain sockets here, so
that nothing but the proxy is tested.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from conformance.link.packets import Side
from conformance.link.proxy import Proxy, ProxyRule, fits

TIMEOUT_S = 5.0


class Lines:
    """Splits at line feeds; a line that begins with ``!`` cannot be framed."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, octets: bytes) -> list[bytes]:
        self.rest += octets
        if self.rest.startswith(b"!"):
            raise ValueError
        *whole, self.rest = self.rest.split(b"\n")
        return [line + b"\n" for line in whole]


class Words:
    """Adapter of the toy protocol."""

    def splitter(self, sender: Side) -> Lines:
        return Lines()

    def describe(self, frame: bytes, sender: Side) -> dict[str, Any]:
        word, _, number = frame.decode().strip().partition(" ")
        told: dict[str, Any] = {"kind": word, "number": int(number or 0)}
        if told["number"] == 7:
            told["connection"] = 7
        return told

    def alter(self, frame: bytes, changes: Mapping[str, Any]) -> bytes:
        fields = self.describe(frame, "client") | dict(changes)
        return f"{fields['kind']} {fields['number']}\n".encode()


class Server:
    """Takes connections and says what it is told to; records what it gets."""

    def __init__(self) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(TIMEOUT_S)

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.sock.getsockname()
        return host, port

    def accept(self) -> socket.socket:
        sock, _ = self.sock.accept()
        sock.settimeout(TIMEOUT_S)
        return sock


@contextmanager
def pair(*rules: ProxyRule) -> Iterator[tuple[socket.socket, socket.socket, Proxy]]:
    """Yield client and server socket of one connection through a proxy."""
    server = Server()
    with Proxy(server.address, rules=rules, adapter=Words()) as proxy:
        target = (proxy.address.host, proxy.address.port)
        client = socket.create_connection(target, TIMEOUT_S)
        far = server.accept()
        yield client, far, proxy
        client.close()
        far.close()
    server.sock.close()


def read(sock: socket.socket, size: int) -> bytes:
    """Return exactly ``size`` octets, or fewer when the peer ends before."""
    octets = b""
    while len(octets) < size and (more := sock.recv(size - len(octets))):
        octets += more
    return octets


def read_all(sock: socket.socket) -> bytes:
    octets = b""
    while more := sock.recv(4096):
        octets += more
    return octets


def through(*rules: ProxyRule, sent: bytes) -> bytes:
    """Return what arrives at the server of what a client sends and ends."""
    with pair(*rules) as (client, far, _):
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        return read_all(far)


COUNT = b"A 1\nB 2\nA 3\n"


def test_without_rules_octets_pass_in_both_directions() -> None:
    with pair() as (client, far, _):
        client.sendall(b"no line at all")
        assert read(far, 14) == b"no line at all"
        far.sendall(b"!\x00\xff")
        assert read(client, 3) == b"!\x00\xff"


@pytest.mark.parametrize(
    ("rule", "arrived"),
    [
        (ProxyRule("client", "drop", {"kind": "A"}), b"B 2\n"),
        (ProxyRule("client", "drop", {"kind": "A"}, nth=2), b"A 1\nB 2\n"),
        (ProxyRule("client", "drop", {"kind": "A", "seen": 2}), b"A 1\nB 2\n"),
        (ProxyRule("client", "drop", {"number": {"above": 1}}), b"A 1\n"),
        (ProxyRule("client", "alter", {"kind": "B"}, set={"number": 9}),
         b"A 1\nB 9\nA 3\n"),
        (ProxyRule("client", "repeat", {"kind": "B"}), b"A 1\nB 2\nB 2\nA 3\n"),
        (ProxyRule("client", "repeat", {"kind": "B"}, set={"kind": "C"}, before=True),
         b"A 1\nC 2\nB 2\nA 3\n"),
        (ProxyRule("client", "inject", {"kind": "B"}, octets=b"X\n"),
         b"A 1\nB 2\nX\nA 3\n"),
        (ProxyRule("client", "inject", {"kind": "B"}, octets=b"X\n", before=True),
         b"A 1\nX\nB 2\nA 3\n"),
        (ProxyRule("client", "swap", {"number": 1}, seconds=5), b"B 2\nA 1\nA 3\n"),
        (ProxyRule("client", "swap", {"number": 3}, seconds=5), COUNT),
        (ProxyRule("client", "split", size=2), COUNT),
        (ProxyRule("client", "join", {"kind": "A"}, seconds=5), COUNT),
        (ProxyRule("client", "delay", {"kind": "B"}, seconds=0.01), COUNT),
        (ProxyRule("client", "close", {"kind": "B"}), b"A 1\n"),
        (ProxyRule("server", "drop"), COUNT),
    ],
)  # fmt: skip
def test_a_rule_does_to_the_clients_frames_what_it_says(
    rule: ProxyRule, arrived: bytes
) -> None:
    assert through(rule, sent=COUNT) == arrived


def test_of_a_long_frame_only_the_beginning_is_cut() -> None:
    """Else one payload of 40 000 octets would be on its way for half a minute."""
    line = b"A" * 40_000 + b" 1\n"
    rule = ProxyRule("client", "split", size=3)
    with pair(rule) as (client, far, proxy):
        waits: list[float] = []
        proxy.wait = waits.append  # type: ignore[method-assign]
        client.sendall(line)
        assert read(far, len(line)) == line
        assert len(waits) == 256


def test_frames_are_found_however_the_octets_are_cut() -> None:
    rule = ProxyRule("client", "alter", {"kind": "B"}, set={"number": 7})
    with pair(rule) as (client, far, _):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(COUNT)):
            client.sendall(COUNT[place : place + 1])
        assert read(far, len(COUNT)) == b"A 1\nB 7\nA 3\n"


def test_rules_of_the_server_change_what_the_client_gets() -> None:
    rule = ProxyRule("server", "alter", {"kind": "A"}, set={"kind": "Z"})
    with pair(rule) as (client, far, _):
        far.sendall(COUNT)
        assert read(client, len(COUNT)) == b"Z 1\nB 2\nZ 3\n"


def test_injected_octets_can_go_back_to_the_sender() -> None:
    rule = ProxyRule("client", "inject", {"kind": "B"}, octets=b"X\n", toward="client")
    with pair(rule) as (client, far, _):
        client.sendall(COUNT)
        assert read(client, 2) == b"X\n"
        assert read(far, len(COUNT)) == COUNT


def test_what_is_held_goes_out_when_nothing_follows() -> None:
    with pair(ProxyRule("client", "swap", seconds=0.01)) as (client, far, _):
        client.sendall(b"A 1\n")
        assert read(far, 4) == b"A 1\n"


def test_octets_that_cannot_be_framed_pass_as_they_are() -> None:
    assert through(ProxyRule("client", "drop"), sent=b"!A 1\nB 2\n") == b"!A 1\nB 2\n"


def test_an_end_is_passed_on_and_the_other_direction_stays_open() -> None:
    with pair() as (client, far, _):
        client.shutdown(socket.SHUT_WR)
        assert far.recv(1) == b""
        far.sendall(b"late\n")
        assert read(client, 5) == b"late\n"


def test_a_lingering_end_is_kept_back_after_the_frame_that_matches() -> None:
    rule = ProxyRule("client", "linger", {"kind": "BYE"})
    with pair(rule) as (client, far, _):
        client.sendall(b"BYE\n")
        assert read(far, 4) == b"BYE\n"
        client.close()
        far.settimeout(0.3)
        with pytest.raises(TimeoutError):
            far.recv(1)
    with pair(rule) as (client, far, _):
        client.sendall(b"A 1\n")
        client.close()
        assert read_all(far) == b"A 1\n"


def test_nobody_behind_the_proxy_looks_like_an_early_end() -> None:
    server = Server()
    address = server.address
    server.sock.close()
    with Proxy(address) as proxy:
        target = (proxy.address.host, proxy.address.port)
        with socket.create_connection(target, TIMEOUT_S) as client:
            assert client.recv(1) == b""


def test_who_says_nothing_is_left_and_who_has_spoken_is_not() -> None:
    server = Server()
    with Proxy(server.address, adapter=Words(), patience_s=0.2) as proxy:
        target = (proxy.address.host, proxy.address.port)
        with socket.create_connection(target, TIMEOUT_S) as speaker:
            far = server.accept()
            speaker.sendall(b"A 1\n")
            assert read(far, 4) == b"A 1\n"
            with socket.create_connection(target, TIMEOUT_S) as silent:
                assert silent.recv(1) == b""
            far.sendall(b"B 2\n")
            assert read(speaker, 4) == b"B 2\n"
            far.close()
    server.sock.close()


def test_a_frame_that_names_the_connection_counts_for_both_sides() -> None:
    """``A 7`` names it 7; before that, and on other connections, nothing matches."""
    named = ProxyRule("server", "drop", {"kind": "B", "connection": 7})
    idle = ProxyRule("client", "drop", {"kind": "never"})
    with pair(named, idle) as (client, far, _):
        far.sendall(b"B 1\n")
        assert read(client, 4) == b"B 1\n"
        client.sendall(b"A 7\n")
        assert read(far, 4) == b"A 7\n"
        far.sendall(b"B 2\nC 3\n")
        assert read(client, 4) == b"C 3\n"


def test_a_connection_is_named_although_no_rule_is_for_that_side() -> None:
    named = ProxyRule("server", "drop", {"kind": "B", "connection": 7})
    with pair(named) as (client, far, _):
        client.sendall(b"A 7\n")
        assert read(far, 4) == b"A 7\n"
        far.sendall(b"B 2\nC 3\n")
        assert read(client, 4) == b"C 3\n"


def test_matches_are_counted_over_all_connections() -> None:
    rule = ProxyRule("client", "drop", {"kind": "A"}, nth=2)
    server = Server()
    with Proxy(server.address, rules=[rule], adapter=Words()) as proxy:
        target = (proxy.address.host, proxy.address.port)
        arrived = []
        for _ in range(3):
            with socket.create_connection(target, TIMEOUT_S) as client:
                far = server.accept()
                client.sendall(b"A 1\n")
                client.shutdown(socket.SHUT_WR)
                arrived.append(read_all(far))
                far.close()
        assert arrived == [b"A 1\n", b"", b"A 1\n"]
        assert proxy.matched(rule) == 3
    server.sock.close()


def test_a_dead_proxy_has_ended_its_connections_and_refuses_new_ones() -> None:
    with pair(ProxyRule("client", "die", {"kind": "POISON"})) as (client, far, proxy):
        address = (proxy.address.host, proxy.address.port)
        client.sendall(b"POISON 1\n")
        assert [read_all(sock) for sock in (client, far)] == [b""] * 2
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, TIMEOUT_S)


def test_nothing_is_left_of_a_closed_proxy() -> None:
    before = set(threading.enumerate())
    with pair() as (client, far, proxy):
        client.sendall(b"A 1\n")
        assert read(far, 4) == b"A 1\n"
        proxy.close()
        assert client.recv(1) == b""
        assert far.recv(1) == b""
        assert set(threading.enumerate()) <= before, "a thread of its own is left"
        address = (proxy.address.host, proxy.address.port)
    with pytest.raises(OSError, match=r".+"):
        socket.create_connection(address, TIMEOUT_S)


@pytest.mark.parametrize(
    ("match", "verdict"),
    [
        ({}, True),
        ({"name": "routes/a"}, True),
        ({"name": "routes"}, False),
        ({"name": {"prefix": "routes/", "suffix": "/a"}}, True),
        ({"name": {"not": "routes/a"}}, False),
        ({"number": {"above": 2, "below": 4}}, True),
        ({"number": {"above": 3}}, False),
        ({"number": {"in": [3, 4]}}, True),
        ({"errors": {"has": "x"}}, True),
        ({"absent": {"not": 1}}, False),
        ({"nothing": None}, True),
        ({"nothing": {"above": 1}}, False),
    ],
)
def test_fields_fit_a_match(match: dict[str, Any], verdict: bool) -> None:
    fields = {"name": "routes/a", "number": 3, "errors": ["x"], "nothing": None}
    assert fits(fields, match) is verdict
