# SPDX-License-Identifier: Apache-2.0
"""scapy.contrib.mqtt beside our codec: where it agrees, and what it lets pass.

scapy knows other authors' reading of the same text, so agreement on legal packets
means something.  It does not judge: the second test lists what it reads in silence.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from scapy.contrib import mqtt

from conformance.protocols.mqtt.codec import (
    Connect,
    Packet,
    PacketType,
    ack_raw,
    connack_raw,
    connect_raw,
    decode,
    encode,
    encode_raw,
    publish_raw,
    suback_raw,
    subscribe_raw,
)
from conformance.protocols.mqtt.codec.packets import ONLY_5
from tests.protocols.mqtt.made import packets


def scapy_fields(octets: bytes) -> dict[str, Any]:
    """Return what scapy reads, in our names."""
    layer = mqtt.MQTT(octets)
    body, kind = layer.payload, PacketType(layer.type)
    match kind:
        case PacketType.PUBLISH:
            read = {
                "topic_name": body.topic.decode(),
                "payload": bytes(body.value),
                "qos": layer.QOS,
                "retain": bool(layer.RETAIN),
                "dup": bool(layer.DUP),
                "packet_identifier": body.msgid if layer.QOS else None,
            }
        case PacketType.CONNECT:
            read = scapy_connect(body)
        case PacketType.CONNACK:
            read = {
                "return_code": body.retcode,
                "session_present": bool(body.sessPresentFlag),
            }
        case PacketType.PINGREQ | PacketType.PINGRESP | PacketType.DISCONNECT:
            read = {}
        case PacketType.SUBSCRIBE:
            pairs = tuple((t.topic.decode(), t.QOS) for t in body.topics)
            read = {"packet_identifier": body.msgid, "topic_filters": pairs}
        case PacketType.UNSUBSCRIBE:
            names = tuple(t.topic.decode() for t in body.topics)
            read = {"packet_identifier": body.msgid, "topic_filters": names}
        case PacketType.SUBACK:
            codes = tuple(body.retcodes)
            read = {"packet_identifier": body.msgid, "return_codes": codes}
        case _:
            read = {"packet_identifier": body.msgid}
    return {"packet": kind.name, **read}


def scapy_connect(body: Any) -> dict[str, Any]:
    """Return a CONNECT as scapy reads it; absent fields are ``None``."""
    return {
        "client_identifier": body.clientId.decode(),
        "keep_alive": body.klive,
        "protocol_name": body.protoname.decode(),
        "protocol_level": body.protolevel,
        "clean_session": bool(body.cleansess),
        "will_qos": body.willQOSflag,
        "will_retain": bool(body.willretainflag),
        "will_topic": body.willtopic.decode() if body.willflag else None,
        "will_message": body.willmsg if body.willflag else None,
        "user_name": body.username.decode() if body.usernameflag else None,
        "password": body.password if body.passwordflag else None,
    }


@given(packets)
def test_scapy_reads_the_same(packet: Packet) -> None:
    """Every field of every legal packet is what scapy finds too."""
    read = scapy_fields(encode(packet))

    assert read.pop("packet") == type(packet).__name__.upper()
    assert {name: getattr(packet, name) for name in read} == read
    assert set(read) == set(packet.__struct_fields__) - ONLY_5


@pytest.mark.parametrize(
    ("octets", "rule"),
    [
        (publish_raw(b"\xff"), "string-ill-formed"),
        (publish_raw("a\0"), "string-nul"),
        (publish_raw("#"), "topic-name-wildcard"),
        (publish_raw(dup=1), "dup-with-qos-0"),
        (publish_raw(qos=3, packet_identifier=1), "publish-qos-3"),
        (publish_raw(qos=1, packet_identifier=0), "packet-identifier-zero"),
        (ack_raw(6, flags=0), "fixed-header-flags"),
        (ack_raw(4, extra=b"\0"), "extra-octets"),
        (connack_raw(1, 5), "session-present-refused"),
        (connack_raw(2), "connack-reserved-flags"),
        (connect_raw(connect_flags=0x03), "connect-reserved-flag"),
        (connect_raw(Connect("c", password=b"p")), "password-without-user-name"),
        (subscribe_raw(1, [("a", 4)]), "requested-qos-reserved"),
        (subscribe_raw(1, []), "no-topic-filter"),
        (suback_raw(1, [3]), "suback-return-code"),
        (encode_raw(12, b"x"), "extra-octets"),
        (encode_raw(15), "reserved-packet-type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_scapy_passes_over_what_we_name(octets: bytes, rule: str) -> None:
    """The differences: scapy reads these as packets, we name the broken rule."""
    assert mqtt.MQTT(octets).type == octets[0] >> 4
    assert [breach.rule for breach in decode(octets).errors] == [rule]
