# SPDX-License-Identifier: Apache-2.0
"""The simulated server conforms to both versions, and lies are found before it too.

It is a third independent server beside mosquitto and those of others: what a check
demands of all servers it must not demand of this one only.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.proof import Endpoint, Secret, declare
from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare
from conformance.link.proxy import Proxy, ProxyRule
from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Publish,
    Reader,
    Suback,
    Subscribe,
    Version,
    encode,
    properties,
    value_of,
)
from conformance.protocols.mqtt.frames import ADAPTERS
from conformance.protocols.mqtt.simulator import BrokerSimulator
from conformance.protocols.mqtt.simulator.auth import PASSWORD, USER
from conformance.protocols.mqtt.simulator.guest import Guest as Served
from conformance.protocols.mqtt.simulator.store import Store

REFS: dict[Version, str] = {4: "sd-base-mqtt311@1.0.0", 5: "sd-base-mqtt5@1.0.0"}
LACKS = (
    "CREDENTIALS",
    "WEBSOCKET",
    "DISCONNECT",
    "AUTHORIZATION",
    "RESPONSE_INFO",
    "SERVER_KEEP_ALIVE",
    "SERVER_REFERENCE",
)
DEADLINE_S = 10.0


def certified(
    version: Version, address: tuple[str, int], folder: Path, *only: str
) -> RunResult:
    snapshot = default_corpus().resolve(REFS[version])
    prefix = "MQTT5" if version == 5 else "MQTT"
    answers = {item.id: item.id.startswith("MQTT") for item in snapshot.ics}
    lacks = {f"{prefix}_{name}" for name in LACKS}
    answers |= dict.fromkeys(lacks & answers.keys(), False)
    ixit: dict[str, Any] = {
        "endpoint": Endpoint(*address),
        "answer_timeout": "PT10S",
        "keep_alive_grace": "PT6S",
        "auth_username": USER,
        "auth_password": Secret("env:MQTT_PASSWORD"),
    }
    known = {item.id for item in snapshot.ixit}
    named = {f"{prefix.lower()}_{name}": value for name, value in ixit.items()}
    declared = declare(
        snapshot,
        "platform",
        ics=answers,
        ixit={name: value for name, value in named.items() if name in known},
    )
    options = Options(depth="smoke", folder=folder / "run", only=only)
    environ = {"MQTT_PASSWORD": PASSWORD}
    return prepare(declared, options, snapshot=snapshot, environ=environ).execute()


@pytest.mark.slow
@pytest.mark.parametrize("version", REFS)
def test_the_honest_server_conforms(version: Version, tmp_path: Path) -> None:
    with BrokerSimulator(authenticates=True) as server:
        result = certified(version, server.address, tmp_path)
    away = (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
    odd = [r for r in result.records if r.verdict not in away]
    assert [(r.requirement, r.key, r.step) for r in odd] == []
    assert sum(r.verdict is Verdict.PASS for r in result.records) >= 100


def test_a_topic_of_the_server_shows_what_wildcards_must_not_match(
    tmp_path: Path,
) -> None:
    """It lets no client use $ topics; one of its own takes their place."""
    wanted, own = "MQTT311-4.7.2-1", (("$SYS/broker/version", 0),)
    match = {"kind": "SUBSCRIBE", "filter": "+/broker/version"}
    lie = ProxyRule("client", "alter", match, set={"topic_filters": own})
    for name, rules, verdict in (
        ("honest", [], Verdict.PASS),
        ("matched", [lie], Verdict.FAIL),
    ):
        with (
            BrokerSimulator() as server,
            Proxy(server.address, rules=rules, adapter=ADAPTERS[4]) as proxy,
        ):
            address = (proxy.address.host, proxy.address.port)
            result = certified(4, address, tmp_path / name, wanted)
        found = {r.requirement: r for r in result.records}[wanted]
        assert found.verdict is verdict
        assert found.key == ("matched" if rules else None)


class Guest:
    """A blocking client that says exactly what it is told."""

    def __init__(self, address: tuple[str, int], version: Version) -> None:
        self.sock = socket.create_connection(address, DEADLINE_S)
        self.version = version
        self.reader = Reader(sender="server", version=version)

    def say(self, *packets: Packet) -> None:
        self.sock.sendall(b"".join(encode(p, self.version) for p in packets))

    def hear(self) -> Packet | None:
        """Return the next packet, ``None`` at the end."""
        while (packet := self.reader.next_packet()) is None:
            if not (octets := self.sock.recv(4096)):
                return None
            self.reader.feed(octets)
        return packet


@contextmanager
def guest(
    server: BrokerSimulator, version: Version, **fields: Any
) -> Iterator[tuple[Guest, Connack]]:
    one = Guest(server.address, version)
    with one.sock:
        one.say(Connect(protocol_level=version, **fields))
        heard = one.hear()
        assert isinstance(heard, Connack)
        yield one, heard


@pytest.fixture
def server() -> Iterator[BrokerSimulator]:
    with BrokerSimulator() as running:
        yield running


def test_it_says_what_it_can_bear_and_names_who_has_no_name(
    server: BrokerSimulator,
) -> None:
    with guest(server, 5) as (_, accepted):
        assert value_of(accepted.properties, "assigned_client_identifier")
        assert value_of(accepted.properties, "receive_maximum") == 20


def test_more_messages_under_way_than_it_bears_end_the_connection(
    server: BrokerSimulator,
) -> None:
    with guest(server, 5, client_identifier="many") as (one, _):
        one.say(
            *(Publish("t", qos=2, packet_identifier=n) for n in range(1, 22)),
        )
        heard = [one.hear() for _ in range(20)]
        assert heard[0] is not None
        assert one.hear() == Disconnect(0x93)
        assert one.hear() is None


def test_an_alias_stands_for_its_topic_both_ways(server: BrokerSimulator) -> None:
    more = properties(topic_alias_maximum=1)
    with guest(server, 5, client_identifier="short", properties=more) as (one, _):
        one.say(Subscribe(1, (("a/b", 0),)))
        assert one.hear() == Suback(1, (0,))
        alias = properties(topic_alias=3)
        one.say(Publish("a/b", b"1", properties=alias))
        one.say(Publish("", b"2", properties=alias))
        first, second = one.hear(), one.hear()
        assert isinstance(first, Publish)
        assert isinstance(second, Publish)
        assert (first.topic_name, first.payload) == ("a/b", b"1")
        assert (second.topic_name, second.payload) == ("", b"2")
        told = {value_of(p.properties, "topic_alias") for p in (first, second)}
        assert told == {1}


@pytest.mark.parametrize("version", REFS)
def test_a_message_without_readers_is_acknowledged(
    server: BrokerSimulator, version: Version
) -> None:
    with guest(server, version, client_identifier="alone") as (one, _):
        one.say(Publish("nobody/reads", qos=1, packet_identifier=7))
        assert one.hear() == Puback(7, 0x10 if version == 5 else 0)


@pytest.mark.parametrize("version", REFS)
def test_what_was_under_way_comes_again_in_its_order(
    server: BrokerSimulator, version: Version
) -> None:
    kept = (
        {"properties": properties(session_expiry_interval=60)} if version == 5 else {}
    )
    session = {"client_identifier": "slow", "clean_session": False, **kept}
    with guest(server, version, **session) as (one, accepted):
        assert not accepted.session_present
        one.say(Subscribe(1, (("t", 1),)))
        assert isinstance(one.hear(), Suback)
        for number, payload in enumerate((b"a", b"b"), 2):
            one.say(Publish("t", payload, qos=1, packet_identifier=number))
        sent = [one.hear() for _ in range(4)]
    before = [p for p in sent if isinstance(p, Publish)]
    with guest(server, version, **session) as (one, accepted):
        assert accepted.session_present
        again = [one.hear() for _ in before]
    assert [p.payload for p in before] == [b"a", b"b"]
    assert all(isinstance(p, Publish) and p.dup for p in again)
    assert [(p.packet_identifier, p.payload) for p in again] == [  # type: ignore[union-attr]
        (p.packet_identifier, p.payload) for p in before
    ]


def test_whoever_does_not_read_loses_no_farewell(server: BrokerSimulator) -> None:
    """The words of farewell arrive although the client still had more to say."""
    with guest(server, 5, client_identifier="chatty") as (one, _):
        one.sock.sendall(b"\xc1\x00" + b"\x00" * 100_000)
        assert one.hear() == Disconnect(0x81)
        assert one.hear() is None


def test_what_comes_again_says_what_is_left_of_it() -> None:
    """A message that was sent in vain has waited all the same (3.3.2.3.3)."""
    moment = [1000.0]
    store, said = Store(), bytearray()

    def heard() -> list[Publish]:
        reader = Reader(sender="server", version=5)
        reader.feed(bytes(said))
        said.clear()
        packets = [d.packet for d in reader.drain()]
        return [p for p in packets if isinstance(p, Publish)]

    def opened() -> Served:
        one = Served(store, said.extend, lambda: moment[0])
        kept = properties(session_expiry_interval=60)
        one.hear(encode(Connect("late", False, protocol_level=5, properties=kept), 5))
        return one

    one = opened()
    one.hear(encode(Subscribe(1, (("t", 1),)), 5))
    about = properties(message_expiry_interval=600)
    sent = Publish("t", b"x", 1, packet_identifier=2, properties=about)
    one.hear(encode(sent, 5))
    assert [value_of(p.properties, "message_expiry_interval") for p in heard()] == [600]
    one.leave()
    moment[0] += 7
    opened()
    (again,) = heard()
    assert again.dup
    assert value_of(again.properties, "message_expiry_interval") == 593
