# SPDX-License-Identifier: Apache-2.0
"""The simulated server lets in who proves the password, and nobody else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from conformance.protocols.mqtt import scram
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Reader,
    auth_raw,
    encode,
    properties,
    value_of,
)
from conformance.protocols.mqtt.simulator import BrokerSimulator
from conformance.protocols.mqtt.simulator.auth import METHOD, PASSWORD, USER

DEADLINE_S = 10.0


class Guest:
    """A client of a few lines."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, DEADLINE_S)
        self.reader = Reader(sender="server", version=5)

    def send(self, packet: Packet) -> None:
        self.socket.sendall(encode(packet, 5))

    def next(self) -> Packet | None:
        """Return the next packet, ``None`` at the end of the connection."""
        while (packet := self.reader.next_packet()) is None:
            if not (octets := self.socket.recv(4096)):
                return None
            self.reader.feed(octets)
        return packet

    def prove(self, password: str, begin: Any) -> Packet | None:
        """Go through SCRAM, ``begin`` being what takes its properties first."""
        first = scram.client_first(USER, "nonce")
        self.send(begin(named(first)))
        challenge = self.next()
        assert isinstance(challenge, Auth)
        assert challenge.reason_code == 0x18
        said = value_of(challenge.properties, "authentication_data")
        self.send(Auth(0x18, named(scram.client_final(METHOD, password, first, said))))
        return self.next()


def named(data: bytes, method: str = METHOD) -> Any:
    return properties(authentication_method=method, authentication_data=data)


def connect(found: Any = ()) -> Connect:
    return Connect("guest", protocol_level=5, properties=found)


@contextmanager
def guest() -> Iterator[Guest]:
    with BrokerSimulator(authenticates=True) as server:
        found = Guest(server.address)
        with found.socket:
            yield found


def test_who_names_no_method_goes_straight_through() -> None:
    with guest() as client:
        client.send(connect())
        accepted = client.next()
        assert isinstance(accepted, Connack)
        assert accepted.return_code == 0
        assert value_of(accepted.properties, "authentication_method") is None
        client.send(Pingreq())
        assert client.next() == Pingresp()


def test_who_proves_the_password_is_let_in_and_may_prove_it_again() -> None:
    with guest() as client:
        accepted = client.prove(PASSWORD, connect)
        assert isinstance(accepted, Connack)
        assert accepted.return_code == 0
        assert value_of(accepted.properties, "authentication_method") == METHOD
        assert value_of(accepted.properties, "authentication_data").startswith(b"v=")
        again = client.prove(PASSWORD, lambda found: Auth(0x19, found))
        assert isinstance(again, Auth)
        assert again.reason_code == 0
        client.send(Pingreq())
        assert client.next() == Pingresp()


def test_who_does_not_is_told_and_thrown_out() -> None:
    with guest() as client:
        assert client.prove("another", connect) == Connack(False, 0x87)
        assert client.next() is None


def test_who_fails_to_prove_it_again_is_thrown_out() -> None:
    with guest() as client:
        client.prove(PASSWORD, connect)
        assert client.prove("another", lambda f: Auth(0x19, f)) == Disconnect(0x87)
        assert client.next() is None


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (connect(named(b"x", "LUHENG")), 0x8C),
        (connect(named(b"no scram")), 0x87),
    ],
    ids=["method", "first-message"],
)
def test_a_wrong_beginning_is_refused(sent: Connect, code: int) -> None:
    with guest() as client:
        client.send(sent)
        assert client.next() == Connack(False, code)
        assert client.next() is None


def test_wrong_header_flags_of_auth_end_the_connection() -> None:
    with guest() as client:
        client.prove(PASSWORD, connect)
        client.socket.sendall(auth_raw(0x19, b"\0", flags=1))
        assert client.next() == Disconnect(0x81)
        assert client.next() is None
