# SPDX-License-Identifier: Apache-2.0
"""What the fault proxy sees of MQTT packets, and what it makes of them, by version."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
    decode,
    encode,
    properties,
)
from conformance.protocols.mqtt.codec.packets import VERSIONS
from conformance.protocols.mqtt.frames import ADAPTERS

SAID = properties(reason_string="why")
PACKETS: list[Packet] = [
    Connect("c", protocol_level=5, properties=properties(receive_maximum=3)),
    Connack(True, 0, SAID),
    Publish(
        "t", b"x", qos=1, packet_identifier=7, properties=properties(topic_alias=2)
    ),
    Puback(7, 0x10, SAID),
    Pubrec(7, 0x87, SAID),
    Pubrel(7, 0x92),
    Pubcomp(7),
    Subscribe(7, (("a", 1), ("b", 0x2E)), properties(subscription_identifier=5)),
    Suback(7, (0, 0x87), SAID),
    Unsubscribe(7, ("a", "b")),
    Unsuback(7, (0, 0x11), SAID),
    Disconnect(0x8E, SAID),
]


@pytest.mark.parametrize("packet", PACKETS, ids=lambda p: type(p).__name__)
def test_a_packet_of_5_is_put_together_as_it_was(packet: Packet) -> None:
    frame = encode(packet, 5)
    fields = {n: getattr(packet, n) for n in packet.__struct_fields__}
    again = ADAPTERS[5].alter(frame, fields)
    assert decode(again, version=5).packet == packet


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("packet", "changes"),
    [
        (Publish("t", b"x", qos=1, packet_identifier=7), {"dup": True}),
        (Puback(7), {"packet_identifier": 8}),
        (Suback(7, (0,)), {"return_codes": (1, 2)}),
        (Connack(), {"session_present": True}),
    ],
)
def test_fields_are_replaced_and_the_rest_stays(
    version: Version, packet: Packet, changes: dict[str, Any]
) -> None:
    altered = decode(
        ADAPTERS[version].alter(encode(packet, version), changes), version=version
    ).packet
    assert altered is not None
    kept = {n: getattr(packet, n) for n in packet.__struct_fields__} | changes
    assert {n: getattr(altered, n) for n in altered.__struct_fields__} == kept


def test_an_unsuback_of_3_1_1_is_put_together_without_codes() -> None:
    frame = encode(Unsuback(7), 4)
    assert ADAPTERS[4].alter(frame, {"packet_identifier": 8}) == encode(Unsuback(8), 4)


def test_properties_are_told_by_their_names() -> None:
    packet = Publish(
        "",
        b"x",
        properties=properties(
            topic_alias=2, user_property=[("a", "1"), ("a", "2")], content_type="t"
        ),
    )
    told = ADAPTERS[5].describe(encode(packet, 5), "client")
    assert told["Topic Alias"] == 2
    assert told["User Property"] == ("a", "2")
    assert (told["kind"], told["version"], told["errors"]) == ("PUBLISH", 5, [])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connect_names_its_connection(version: Version) -> None:
    frame = encode(Connect("station", protocol_level=version), version)
    told = ADAPTERS[version].describe(frame, "client")
    assert told["connection"] == "station"


def test_the_options_of_all_filters_are_replaced() -> None:
    frame = encode(Subscribe(1, (("a", 1), ("b", 2))), 5)
    altered = decode(ADAPTERS[5].alter(frame, {"options": 0x21}), version=5).packet
    assert isinstance(altered, Subscribe)
    assert altered.topic_filters == (("a", 0x21), ("b", 0x21))


def test_what_one_version_reads_the_other_does_not() -> None:
    """A PUBLISH of 5.0 read as 3.1.1 has its Property Length in the payload."""
    frame = encode(Publish("t", b"x"), 5)
    assert ADAPTERS[5].describe(frame, "client")["payload"] == b"x"
    assert ADAPTERS[4].describe(frame, "client")["payload"] == b"\0x"


def test_frames_are_cut_wherever_the_octets_are() -> None:
    frames = [encode(p, 5) for p in PACKETS[2:6]]
    splitter = ADAPTERS[5].splitter("server")
    cut: list[bytes] = []
    for octet in b"".join(frames):
        cut += splitter.feed(bytes((octet,)))
    assert cut == frames
