# SPDX-License-Identifier: Apache-2.0
"""Two doors: the strict one refuses what the marked one builds."""

from __future__ import annotations

import pytest
from hypothesis import given

from conformance.errors import SuiteError
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsubscribe,
    ack_raw,
    connack_raw,
    connect_raw,
    encode,
    encode_raw,
    publish_raw,
    suback_raw,
    subscribe_raw,
    unsubscribe_raw,
)
from tests.protocols.mqtt.made import packets


@pytest.mark.parametrize(
    ("packet", "rule"),
    [
        (Publish("a/#"), "topic-name-wildcard"),
        (Publish(""), "topic-empty"),
        (Publish("a", qos=3, packet_identifier=1), "publish-qos-3"),
        (Publish("a", dup=True), "dup-with-qos-0"),
        (Publish("a", qos=1, packet_identifier=0), "packet-identifier-zero"),
        (Publish("a", qos=1), "missing-field"),
        (Publish("a", packet_identifier=1), "not-representable"),
        (Publish("\ud800"), None),
        (Publish("a" * 65536), None),
        (Publish("a", qos=1, packet_identifier=65536), None),
        (Publish("a", qos=16, packet_identifier=1), None),
        (Puback(-1), None),
        (Connect("a", keep_alive=65536), None),
        (Connect("", clean_session=False), "client-identifier-empty"),
        (Connect("a", password=b"p"), "password-without-user-name"),
        (Connect("a", will_qos=1), "will-qos-without-will"),
        (Connect("a", will_topic="t"), "missing-field"),
        (Connect("a", will_message=b"m"), "extra-octets"),
        (Connect("a", protocol_level=3), "protocol-level"),
        (Connack(True, 1), "session-present-refused"),
        (Subscribe(1, ()), "no-topic-filter"),
        (Subscribe(1, (("a", 3),)), "requested-qos-3"),
        (Subscribe(1, (("a", 256),)), None),
        (Suback(1, (4,)), "suback-return-code"),
        (Unsubscribe(1, ("+a",)), "filter-plus-position"),
    ],
)
def test_strict_door_refuses(packet: Packet, rule: str | None) -> None:
    """The suite cannot send what the standard forbids by accident."""
    with pytest.raises(SuiteError) as caught:
        encode(packet)
    assert caught.value.code == "mqtt.illegal-packet"
    if rule:
        assert caught.value.facts["rule"] == rule


def test_marked_door_builds_anything() -> None:
    """Type, flags, length and body go out as given."""
    assert encode_raw(15, b"x", flags=9, remaining_length=3) == b"\xf9\x03x"
    assert encode_raw(3, b"", flags=0, remaining_length=b"\xff" * 5)[1:] == b"\xff" * 5
    assert connect_raw(payload=b"", connect_flags=0xFF)[9:] == b"\xff\x00\x00"


@given(packets)
def test_marked_door_agrees_with_the_strict_one(packet: Packet) -> None:
    """Without overrides the helpers write what the strict door writes."""
    match packet:
        case Connect():
            raw = connect_raw(packet)
        case Publish():
            raw = publish_raw(
                packet.topic_name,
                packet.payload,
                qos=packet.qos,
                retain=packet.retain,
                dup=packet.dup,
                packet_identifier=packet.packet_identifier,
            )
        case Connack():
            raw = connack_raw(packet.session_present, packet.return_code)
        case Subscribe():
            raw = subscribe_raw(packet.packet_identifier, packet.topic_filters)
        case Suback():
            raw = suback_raw(packet.packet_identifier, packet.return_codes)
        case Unsubscribe():
            raw = unsubscribe_raw(packet.packet_identifier, packet.topic_filters)
        case Pingreq() | Pingresp() | Disconnect():
            raw = encode_raw(PacketType[type(packet).__name__.upper()])
        case _:
            kind = PacketType[type(packet).__name__.upper()]
            raw = ack_raw(kind, packet.packet_identifier)
    assert raw == encode(packet)
