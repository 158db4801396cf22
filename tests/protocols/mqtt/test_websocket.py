# SPDX-License-Identifier: Apache-2.0
"""MQTT over WebSocket: paho and mosquitto as peers, recordings and their rules."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from wsproto.utilities import generate_accept_token

from conformance.engine.judge import Judge
from conformance.engine.registry import find
from conformance.errors import ConformanceError
from conformance.link.channel import Channel, Data
from conformance.link.clock import Clock
from conformance.link.conversation import (
    Conversation,
    Piece,
    recorded_conversations,
)
from conformance.link.hub import Hub, Limits
from conformance.link.journal import Recording
from conformance.link.packets import Address, Side
from conformance.link.recorder import Recorder
from conformance.link.websocket import Frames, answer, ask
from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Publish,
    Reader,
    encode,
    properties,
    value_of,
)
from conformance.protocols.mqtt.rules import decode, looks_like
from tests.peers import start_mosquitto

Bench = tuple[Hub, Recorder, Path]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A hub that records, closed at the end."""
    path = tmp_path / "wire.pcapng"
    recorder = Recorder(path, Clock(), describe="test")
    hub = Hub(recorder, threading.Event(), Limits())
    yield hub, recorder, path
    hub.close()
    recorder.close()


def hear(channel: Channel, reader: Reader) -> Packet:
    """Return the next packet of the other side."""
    while (packet := reader.next_packet()) is None:
        came = channel.receive(5)
        assert isinstance(came, Data), came
        reader.feed(came.octets)
    return packet


# Real peers.


def test_paho_speaks_5_0_over_websocket_to_the_suite(bench: Bench) -> None:
    """A client by other people: upgrade, packets in frames, a readable recording."""
    mqtt = pytest.importorskip("paho.mqtt.client")
    hub, recorder, path = bench
    listener = hub.listen("127.0.0.1", 0, protocol="mqtt", iut="client")
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2,
        client_id="station",
        transport="websockets",
        protocol=mqtt.MQTTv5,
    )
    client.ws_set_options(path="/mqtt")
    client.connect_async("127.0.0.1", listener.address.port)
    client.loop_start()
    try:
        wire, _ = listener.accept(5)
        channel = Channel(wire.number, Recording(recorder.clock), wire, is_ours=False)
        assert answer(channel, subprotocol="mqtt").target == "/mqtt"
        reader = Reader(sender="client", version=None)
        connect = hear(channel, reader)
        assert isinstance(connect, Connect)
        assert (connect.client_identifier, reader.version) == ("station", 5)
        channel.send(encode(Connack(properties=properties(topic_alias_maximum=9)), 5))
        made = mqtt.Properties(mqtt.PacketTypes.PUBLISH)
        made.ContentType = "text/plain"
        made.UserProperty = [("a", "1"), ("a", "2")]
        client.publish("t", b"12.5", qos=1, properties=made)
        message = hear(channel, reader)
        assert isinstance(message, Publish)
        assert (message.topic_name, message.payload) == ("t", b"12.5")
        assert value_of(message.properties, "Content Type") == "text/plain"
        assert message.packet_identifier is not None
        channel.send(encode(Puback(message.packet_identifier, 0x10), 5))
        client.disconnect()
        assert hear(channel, reader) == Disconnect()
        channel.close()
    finally:
        client.loop_stop()
    hub.close()
    recorder.close()

    (talk,) = recorded_conversations(path)
    assert looks_like(talk)
    dialogue = decode(talk)
    assert (dialogue.version, dialogue.web is not None) == (5, True)
    assert [m.name for m in dialogue.messages] == [
        *("CONNECT", "CONNACK", "PUBLISH", "PUBACK", "DISCONNECT")
    ]
    assert all(m.is_sound and m.packets for m in dialogue.messages)
    assert judged("mqtt.websocket_offers_mqtt", talk, "client") == (1, [])
    assert judged("mqtt.websocket_frames_binary", talk, "client") == (1, [])


@pytest.mark.parametrize("version", [4, 5])
def test_mosquitto_is_served_over_websocket(
    bench: Bench, tmp_path: Path, version: Any
) -> None:
    """A broker by other people, where its build has WebSocket at all."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    extra = f"listener {port} 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
    hub, recorder, _ = bench
    with start_mosquitto(tmp_path, extra_config=extra):
        try:
            wire = hub.connect(
                "127.0.0.1", port, timeout_s=5, protocol="mqtt", iut="server"
            )
        except ConformanceError:
            pytest.skip("this build of mosquitto has no WebSocket")
        channel = Channel(wire.number, Recording(recorder.clock), wire, is_ours=True)
        ask(channel, host="127.0.0.1", subprotocol="mqtt", path="/mqtt")
        channel.send(encode(Connect("bench", protocol_level=version), version))
        reader = Reader(sender="server", version=version)
        heard = hear(channel, reader)
        assert isinstance(heard, Connack)
        assert heard.return_code == 0
        channel.close()


# Recordings.


def over_web(
    *said: tuple[Side, bytes],
    offered: str = "mqtt",
    chosen: str = "mqtt",
    status: str = "101 Switching Protocols",
    text: Side | None = None,
) -> Conversation:
    """Return a conversation over WebSocket; ``text`` sends text frames."""
    key = b"dGhlIHNhbXBsZSBub25jZQ=="
    request = (
        "GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
        f"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Key: {key.decode()}\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {offered}\r\n\r\n"
    )
    response = (
        f"HTTP/1.1 {status}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {generate_accept_token(key).decode()}\r\n"
        + (f"Sec-WebSocket-Protocol: {chosen}\r\n" if chosen else "")
        + "\r\n"
    )
    talk = Conversation(Address("192.0.2.1", 5000), Address("192.0.2.2", 80), "mqtt")
    frames: dict[Side, Frames] = {
        "client": Frames("client"),
        "server": Frames("server"),
    }
    parts: list[tuple[Side, bytes]] = [
        ("client", request.encode()),
        ("server", response.encode()),
    ]
    for side, octets in said:
        parts.append((side, frames[side].wrap(octets, is_text=side == text)))
    talk.pieces = [
        Piece(side, octets, number * 1000, number)
        for number, (side, octets) in enumerate(parts, 1)
    ]
    return talk


HELLO: list[tuple[Side, bytes]] = [
    ("client", encode(Connect("c"))),
    ("server", encode(Connack())),
]


def judged(rule: str, talk: Conversation, iut: Side) -> tuple[int, list[str]]:
    """Return the observations of a rule and the keys of what it found."""
    snapshot = default_corpus().resolve("sd-base-mqtt311@1.0.0")
    judge = Judge(snapshot, {}, iut)
    found = find(rule, "device" if iut == "client" else "platform")
    assert found is not None
    found.function(judge, decode(talk))
    return min(judge.observations, 1), [f.key for f in judge.findings]


def test_packets_may_straddle_frames() -> None:
    """6.0.0-2: where a frame ends means nothing to a packet."""
    octets = encode(Connect("station")) + encode(Publish("t", b"x" * 300))
    pieces: list[tuple[Side, bytes]] = [
        ("client", octets[start : start + 7]) for start in range(0, len(octets), 7)
    ]
    dialogue = decode(over_web(*pieces))
    assert [m.packet for m in dialogue.messages] == [
        Connect("station"),
        Publish("t", b"x" * 300),
    ]
    last = dialogue.messages[-1]
    assert last.packets[-1] == len(pieces) + 2


def test_a_captured_talk_over_websocket_is_taken_for_mqtt() -> None:
    assert looks_like(over_web(*HELLO))
    assert not looks_like(over_web(("client", b"hello")))
    assert not looks_like(over_web(*HELLO, status="404 Not Found"))


@pytest.mark.parametrize(
    ("rule", "iut", "changes", "expected"),
    [
        ("frames_binary", "client", {}, (1, [])),
        ("frames_binary", "server", {}, (1, [])),
        ("frames_binary", "client", {"text": "client"}, (1, ["text-frame"])),
        ("frames_binary", "server", {"text": "client"}, (1, [])),
        ("frames_binary", "client", {"status": "404 Not Found"}, (0, [])),
        ("offers_mqtt", "client", {}, (1, [])),
        ("offers_mqtt", "client", {"offered": "mqttv3.1, mqtt"}, (1, [])),
        ("offers_mqtt", "client", {"offered": "mqttv3.1"}, (1, ["not-offered"])),
        ("offers_mqtt", "client", {"offered": "MQTT"}, (1, ["not-offered"])),
        ("chooses_mqtt", "server", {}, (1, [])),
        ("chooses_mqtt", "server", {"chosen": ""}, (1, ["not-chosen"])),
        ("chooses_mqtt", "server", {"chosen": "mqttv3.1"}, (1, ["not-chosen"])),
        ("chooses_mqtt", "server", {"offered": "x", "chosen": ""}, (0, [])),
        ("chooses_mqtt", "server", {"status": "403 Forbidden"}, (0, [])),
    ],
)
def test_statements_of_clause_6(
    rule: str, iut: Side, changes: dict[str, Any], expected: tuple[int, list[str]]
) -> None:
    """MQTT 6.0.0-1, -3 and -4, right, wrong and not to be judged."""
    said: list[tuple[Side, bytes]] = HELLO
    if "text" in changes:
        said = [("client", b"not binary"), HELLO[1]]
    talk = over_web(*said, **changes)
    assert judged(f"mqtt.websocket_{rule}", talk, iut) == expected


def test_a_talk_without_websocket_is_none_of_their_business() -> None:
    talk = Conversation(Address("192.0.2.1", 5000), Address("192.0.2.2", 1883), "mqtt")
    talk.pieces = [Piece(side, octets, 1, 1) for side, octets in HELLO]
    for rule, iut in (
        ("frames_binary", "client"),
        ("offers_mqtt", "client"),
        ("chooses_mqtt", "server"),
    ):
        side: Any = iut
        assert judged(f"mqtt.websocket_{rule}", talk, side) == (0, [])
