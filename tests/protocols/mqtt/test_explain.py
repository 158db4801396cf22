# SPDX-License-Identifier: Apache-2.0
"""MQTT octets explained to people: positions, meanings, broken rules."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import InputError
from conformance.protocols.explained import Explanation
from conformance.protocols.mqtt.codec import (
    Connect,
    Disconnect,
    Packet,
    Publish,
    connack_raw,
    connect_raw,
    encode,
    publish_raw,
    subscribe_raw,
)
from conformance.protocols.mqtt.explain import VERSIONS, decode_text, explain
from tests.protocols.mqtt.made import packets

FRAMES = Path(__file__).parents[3] / "fixtures" / "frames" / "mqtt.jsonl"
VECTORS = [json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()]


def shown(explanation: Explanation, name: str) -> list[tuple[int, int, str]]:
    """Return (position, size, value) of each field of that name."""
    return [(f.at, f.size, f.value) for f in explanation.fields if f.name == name]


def covered(explanation: Explanation) -> list[int]:
    """Return the positions of the octets that the fields stand for, in order."""
    return [at for f in explanation.fields for at in range(f.at, f.at + f.size)]


def test_publish_of_the_standard() -> None:
    """MQTT 3.1.1, 3.3.2, example: each field at its place."""
    explanation = explain(bytes.fromhex("32070003612F62000A"))

    assert [(f.name, f.at, f.size, f.value) for f in explanation.fields] == [
        ("Control Packet type, Flags", 0, 1, "0x32"),
        ("Remaining Length", 1, 1, "07"),
        ("Topic Name Length", 2, 2, "0x0003"),
        ("Topic Name", 4, 3, "a/b"),
        ("Packet Identifier", 7, 2, "0x000A"),
        ("Payload", 9, 0, ""),
    ]
    assert explanation.violations == ()
    assert explanation.framing_ok
    assert "QoS 1" in explanation.fields[0].meaning.zh


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["frame"][:24])
def test_vector(vector: dict[str, Any]) -> None:
    """Each published frame is explained whole, with its rules in the right layer."""
    octets = bytes.fromhex(vector["frame"])
    told = {"version": VERSIONS[vector["version"]]} if "version" in vector else {}
    explanation = explain(octets, vector.get("sender"), **told)
    (packet,) = explanation.decoded["packets"]

    assert covered(explanation) == list(range(len(octets)))
    assert explanation.framing_ok is vector["valid"]
    content = [v.rule for v in explanation.violations if v.layer == "content"]
    assert sorted(content) == sorted(vector["body_issues"])
    found = [v.rule for v in explanation.violations] + packet["remarks"]
    assert sorted(found) == sorted(vector["rules"])
    assert {key: packet[key] for key in vector["decoded"]} == vector["decoded"]


@given(st.lists(packets, max_size=3), st.binary(max_size=20))
def test_every_octet_is_explained_once(found: list[Packet], noise: bytes) -> None:
    """Fields stand for every octet, in order, without gap or overlap, even of noise."""
    octets = b"".join(map(encode, found)) + noise
    explanation = explain(octets)

    assert covered(explanation) == list(range(len(octets)))
    places = [violation.at for violation in explanation.violations]
    assert places == sorted(places)
    json.dumps(explanation.decoded)
    for field in explanation.fields:
        assert field.meaning.zh
        assert field.meaning.en


def test_several_packets_keep_their_positions() -> None:
    """The second packet's fields and faults count from the first octet given."""
    first = encode(Disconnect())
    explanation = explain(first + subscribe_raw(0, [("a#", 0)]))

    assert shown(explanation, "Topic Filter") == [(8, 2, "a#")]
    assert [(v.rule, v.at, v.size) for v in explanation.violations] == [
        ("packet-identifier-zero", 4, 2),
        ("filter-hash-position", 8, 2),
    ]
    assert [p["offset"] for p in explanation.decoded["packets"]] == [0, 2]


def test_violation_speaks_both_languages_and_cites() -> None:
    """A person reads what is wrong, where, and by which statement."""
    (violation,) = explain(publish_raw("a/#")).violations

    assert violation.detail.zh == (
        "PUBLISH Topic Name：主题名含有通配符 (a/#) [MQTT-4.7.1-1, MQTT-3.3.2-2]"
    )
    assert "a topic name holds a wildcard" in violation.detail.en
    assert (violation.at, violation.size) == (4, 3)


@pytest.mark.parametrize(
    ("payload", "value", "meaning"),
    [
        (b'{"t": 21.5}', '{"t": 21.5}', "11 octets of JSON"),
        (b"{t: 1}", "{t: 1}", "6 octets of text"),
        ("温度".encode(), "温度", "6 octets of text"),
        (b"\xff\x00", "ff 00", "2 octets, not UTF-8 text"),
        (b"", "", "empty"),
        (b"[" * 100_000, "[" * 100_000, "100000 octets of text"),
    ],
)
def test_payload(payload: bytes, value: str, meaning: str) -> None:
    """JSON is called JSON, text text, and the rest is shown as octets."""
    field = explain(encode(Publish("t", payload))).fields[-1]

    assert (field.value, field.meaning.en) == (value, meaning)


def test_connect_is_told_in_words() -> None:
    """Flags, keep alive and level say what they mean."""
    packet = Connect(
        "c", keep_alive=7, will_topic="w", will_message=b"m", will_qos=1, user_name="u"
    )
    meanings = {f.name: f.meaning for f in explain(encode(packet)).fields}

    assert meanings["Connect Flags"].zh == "用户名、遗嘱、清理会话、遗嘱 QoS 1"
    assert "10.5 s" in meanings["Keep Alive"].en
    assert meanings["Protocol Level"].en == "MQTT 3.1.1"
    other = explain(connect_raw(protocol_level=5)).fields
    assert [f.meaning.en for f in other if f.name == "Protocol Level"] == ["MQTT 5.0"]


def test_refusal_is_told_in_words() -> None:
    """A return code says why the server refused."""
    field = explain(connack_raw(0, 4)).fields[-1]
    assert field.meaning.zh == "拒绝：用户名或密码错误"


def test_sender_makes_the_difference() -> None:
    """A server that sends DISCONNECT does what only a client may do."""
    octets = encode(Disconnect())
    assert explain(octets, "client").violations == ()
    assert [v.rule for v in explain(octets, "server").violations] == ["wrong-direction"]


def test_nothing_is_explained_as_nothing() -> None:
    """No octets: no fields, no violations, no packets."""
    explanation = explain(b"")
    assert (explanation.fields, explanation.violations) == ((), ())
    assert explanation.decoded == {"packets": []}


# Octets that someone wrote down.


@pytest.mark.parametrize(
    ("text", "encoding", "octets"),
    [
        ("C0 00", "hex", b"\xc0\x00"),
        ("0xC0, 0x00\n", "hex", b"\xc0\x00"),
        ("c0:00-01", "hex", b"\xc0\x00\x01"),
        ("wAA=\n", "base64", b"\xc0\x00"),
        (r"\xc0\0a\r\n\\t", "ascii", b"\xc0\x00a\r\n\\t"),
        ("中", "ascii", "中".encode()),
        ("", "hex", b""),
    ],
)
def test_decode_text(text: str, encoding: str, octets: bytes) -> None:
    """The usual ways to write octets down are understood."""
    assert decode_text(text, encoding) == octets


@pytest.mark.parametrize(
    ("text", "encoding", "at"),
    [
        ("0xC0 x0", "hex", 5),
        ("C0 0", "hex", 4),
        ("+1", "hex", 0),
        ("１２", "hex", 0),
        ("wA-=", "base64", 2),
        ("wA", "base64", 2),
        ("é", "base64", 0),
        (r"a\q", "ascii", 1),
        (r"\xg0", "ascii", 0),
    ],
)
def test_decode_text_refuses(text: str, encoding: str, at: int) -> None:
    """Anything else is refused, with the place."""
    with pytest.raises(InputError) as caught:
        decode_text(text, encoding)
    assert caught.value.code == "mqtt.frame-text"
    assert caught.value.facts["at"] == at


def test_decode_text_knows_three_encodings() -> None:
    """Another name is the user's mistake."""
    with pytest.raises(InputError) as caught:
        decode_text("", "utf-7")
    assert caught.value.code == "mqtt.frame-encoding"


@given(st.binary(max_size=50))
def test_decode_text_round_trip(octets: bytes) -> None:
    """Each way of writing gives the octets back."""
    escaped = "".join(f"\\x{octet:02x}" for octet in octets)
    assert decode_text(octets.hex(" "), "hex") == octets
    assert decode_text(base64.b64encode(octets).decode(), "base64") == octets
    assert decode_text(escaped, "ascii") == octets
