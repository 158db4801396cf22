# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0 octets explained: properties, reason codes, positions, both languages."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocols.explained import Explanation
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Publish,
    Subscribe,
    Unsuback,
    connect_raw,
    encode,
    properties,
    properties_raw,
    publish_raw,
)
from conformance.protocols.mqtt.codec.properties import PROPERTIES
from conformance.protocols.mqtt.codec.reasons import REASON_CODES, REASONS
from conformance.protocols.mqtt.explain import explain
from tests.protocols.mqtt.made_5 import packets_5


def covered(explanation: Explanation) -> list[int]:
    return [at for f in explanation.fields for at in range(f.at, f.at + f.size)]


def told(explanation: Explanation) -> dict[str, tuple[str, str]]:
    return {f.name: (f.meaning.zh, f.meaning.en) for f in explanation.fields}


def test_properties_have_their_positions() -> None:
    packet = Publish(
        "t", b"{}", properties=properties(topic_alias=5, user_property=[("a", "b")])
    )
    explanation = explain(encode(packet, 5), version=5)
    assert [(f.name, f.at, f.size, f.value) for f in explanation.fields[4:]] == [
        ("Property Length", 5, 1, "0A"),
        ("Property Identifier", 6, 1, "23"),
        ("Topic Alias", 7, 2, "0x0005"),
        ("Property Identifier", 9, 1, "26"),
        ("User Property Name Length", 10, 2, "0x0001"),
        ("User Property Name", 12, 1, "a"),
        ("User Property Value Length", 13, 2, "0x0001"),
        ("User Property Value", 15, 1, "b"),
        ("Payload", 16, 2, "{}"),
    ]
    (plain,) = explanation.decoded["packets"]
    assert plain["properties"] == [["Topic Alias", 5], ["User Property", ["a", "b"]]]


@pytest.mark.parametrize(
    ("packet", "name", "zh", "en"),
    [
        (Connack(False, 0x8A), "Connect Reason Code", "客户端被禁止", "banned"),
        (Disconnect(0x8E), "Reason Code", "会话被其他连接接管", "session taken over"),
        (Unsuback(1, (0x11,)), "Reason Code", "订阅不存在", "no subscription existed"),
        (
            Subscribe(1, (("a", 0x2D),)),
            "Subscription Options",
            "QoS 1，至少一次；No Local=1，Retain As Published=1；订阅时不发送保留消息",
            "QoS 1, at least once; No Local=1, Retain As Published=1; "
            "no retained messages are sent",
        ),
        (
            Connect("c", protocol_level=5, properties=properties(receive_maximum=9)),
            "Property Identifier",
            "接收最大值",
            "receive maximum",
        ),
        (
            Disconnect(0, properties(session_expiry_interval=0xFFFFFFFF)),
            "Session Expiry Interval",
            "永不过期",
            "never expires",
        ),
    ],
)
def test_meanings(packet: Packet, name: str, zh: str, en: str) -> None:
    assert told(explain(encode(packet, 5), version=5))[name] == (zh, en)


def test_a_code_of_another_packet_is_told_as_such() -> None:
    explanation = explain(b"\x40\x03\x00\x01\x92", version=5)
    assert told(explanation)["Reason Code"][1] == (
        "packet identifier not found (not one of PUBACK)"
    )
    assert [v.rule for v in explanation.violations] == ["reason-code"]
    assert "MQTT-3.4.2-1" in explanation.violations[0].detail.zh


def test_connect_tells_the_version() -> None:
    """Without a version, CONNECT decides for itself and for what follows it."""
    connect = connect_raw(Connect("c", protocol_level=5))
    message = publish_raw("t", properties=properties_raw(properties(topic_alias=0)))
    explanation = explain(connect + message)
    assert [v.rule for v in explanation.violations] == ["topic-alias-zero"]
    alone = explain(message)
    assert alone.violations == ()
    assert "properties" not in alone.decoded["packets"][0]


@given(st.lists(packets_5, max_size=3), st.binary(max_size=20))
def test_every_octet_is_explained_once(found: list[Packet], noise: bytes) -> None:
    """Fields stand for every octet, in order, without gap or overlap, even of noise."""
    octets = b"".join(encode(packet, 5) for packet in found) + noise
    explanation = explain(octets, version=5)
    assert covered(explanation) == list(range(len(octets)))
    json.dumps(explanation.decoded)
    assert all(f.meaning.zh and f.meaning.en for f in explanation.fields)


@given(st.binary(max_size=40), st.sampled_from([0x10, 0x30, 0x82, 0xE0, 0xF0]))
def test_noise_inside_a_packet_is_explained_once(noise: bytes, first: int) -> None:
    octets = bytes((first, len(noise))) + noise
    assert covered(explain(octets, version=5)) == list(range(len(octets)))


def test_every_property_and_code_has_words_in_both_languages() -> None:
    titles = [info.title for info in PROPERTIES.values()] + list(REASONS.values())
    assert all(title.zh and title.en for title in titles)
    assert len({title.zh for title in titles}) == len(titles)
    assert all(code in REASONS for codes in REASON_CODES.values() for code in codes)
