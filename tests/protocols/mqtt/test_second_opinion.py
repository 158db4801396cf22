# SPDX-License-Identifier: Apache-2.0
"""scapy.contrib.mqtt beside our codec: where it agrees, and what it lets pass."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from conformance.protocols.mqtt.codec import (
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Suback,
    Unsubscribe,
    ack_raw,
    connack_raw,
    decode,
    encode,
    publish_raw,
)
from tests.protocols.mqtt.made import packets


def scapy_fields(octets: bytes) -> dict[str, Any]:
    """Return what scapy reads, in our names, for the types where it is right."""
    from scapy.contrib import mqtt

    layer = mqtt.MQTT(octets)
    read: dict[str, Any] = {"packet": PacketType(layer.type).name}
    body = layer.payload
    match read["packet"]:
        case "PUBLISH":
            read |= {"topic_name": body.topic.decode(), "payload": bytes(body.value)}
            read |= {"qos": layer.QOS, "retain": bool(layer.RETAIN)}
            read |= {"dup": bool(layer.DUP)}
            read |= {"packet_identifier": body.msgid if layer.QOS else None}
        case "CONNACK":
            read |= {"return_code": body.retcode}
            read |= {"session_present": bool(body.sessPresentFlag)}
        case "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP" | "UNSUBACK":
            read |= {"packet_identifier": body.msgid}
        case "CONNECT":
            read |= {"client_identifier": body.clientId.decode()}
            read |= {"keep_alive": body.klive, "protocol_level": body.protolevel}
            read |= {"clean_session": bool(body.cleansess)}
            read |= {"will_qos": body.willQOSflag}
        case "SUBSCRIBE":
            pairs = tuple((t.topic.decode(), t.QOS) for t in body.topics)
            read |= {"packet_identifier": body.msgid, "topic_filters": pairs}
    return read


ours_only = (Suback, Unsubscribe, Pingreq, Pingresp, Disconnect)
"""Left to us: scapy reads one SUBACK code only, and nothing of the empty packets."""


@given(packets.filter(lambda packet: not isinstance(packet, ours_only)))
def test_scapy_reads_the_same(packet: Packet) -> None:
    """scapy.contrib.mqtt, independent of us, finds the same values."""
    read = scapy_fields(encode(packet))
    assert read.pop("packet") == type(packet).__name__.upper()
    assert {name: getattr(packet, name) for name in read} == read


@pytest.mark.parametrize(
    "octets",
    [publish_raw(b"\xff"), publish_raw("#"), ack_raw(6, flags=0), connack_raw(1, 5)],
)
def test_scapy_accepts_what_the_standard_forbids(octets: bytes) -> None:
    """Why scapy is a second opinion and not the judge: it says nothing of these."""
    from scapy.contrib import mqtt

    assert mqtt.MQTT(octets).type == octets[0] >> 4
    assert decode(octets).errors
