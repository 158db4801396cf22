# SPDX-License-Identifier: Apache-2.0
"""MQTT packets of 3.1.1 and 5.0 to octets, by the strict door.

``encode`` refuses whatever the standard forbids, judged by our own decoder: the suite
cannot send a wrong packet by accident.  Packets that are wrong on purpose are made by
:mod:`conformance.protocols.mqtt.codec.raw`.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 2 and 3 of both.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from conformance.errors import SuiteError
from conformance.protocols.mqtt.codec.decoding import (
    MAX_REMAINING_LENGTH,
    decode_packet,
)
from conformance.protocols.mqtt.codec.ordinary import is_text
from conformance.protocols.mqtt.codec.packets import (
    FIXED_FLAGS,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
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
)
from conformance.protocols.mqtt.codec.properties import (
    Properties,
    encode_properties,
    encode_string,
)
from conformance.protocols.mqtt.codec.raw import (
    connect_payload,
    encode_raw,
    properties_of,
)

__all__ = ["encode"]

_H = struct.Struct("!H")
_BBH = struct.Struct("!BBH")
_BBBH = struct.Struct("!BBBH")


def encode(packet: Packet, version: Version = 4) -> bytes:
    """Return the octets of a packet that the version of the standard allows.

    Raises ``SuiteError`` (``mqtt.illegal-packet``, facts ``packet`` and ``rule``) for
    any other.
    """
    try:
        kind = type(packet)
        if kind is not Publish:
            quick = _answer(packet) if kind in _ANSWERS else None
        elif version == 5:
            quick = _publish_5(packet)  # type: ignore[arg-type]
        else:
            quick = _publish(packet)  # type: ignore[arg-type]
        if quick is not None:
            return quick
        octets, header_size = _whole(packet, version)
    except (struct.error, ValueError, TypeError, AttributeError) as error:
        raise SuiteError(
            "mqtt.illegal-packet", packet=repr(packet), rule=str(error)
        ) from error
    decoded = decode_packet(octets, header_size, version=version)
    if errors := decoded.errors:
        raise SuiteError(
            "mqtt.illegal-packet", packet=repr(packet), rule=errors[0].rule
        )
    # A field that its octets do not bring back, such as an identifier with QoS 0.
    if decoded.packet != packet:
        raise SuiteError(
            "mqtt.illegal-packet", packet=repr(packet), rule="not-representable"
        )
    return octets


def _publish_5(packet: Publish) -> bytes | None:
    """Return the octets of a PUBLISH of 5.0 without a doubt about it, else ``None``."""
    if not packet.properties:
        return _publish(packet, b"\0")
    listed = _listed(packet.properties, packet.payload)
    return None if listed is None else _publish(packet, listed)


def _publish(packet: Publish, listed: bytes = b"") -> bytes | None:
    """Return the octets of a PUBLISH without a doubt about it, else ``None``.

    ``listed`` is what stands for its properties in 5.0.
    """
    name = packet.topic_name
    # Printable rules out U+0000 and surrogates; the rest takes the slow road.
    if not name or not name.isprintable() or "#" in name or "+" in name:
        return None
    topic = name.encode()
    size, qos = len(topic), packet.qos
    identifier, payload = packet.packet_identifier, packet.payload
    first = _PUBLISH_FIRST.get((qos, packet.retain, packet.dup))
    if first is None or (packet.properties and not listed):
        return None
    if qos == 0:
        if identifier is not None:
            return None
        middle = listed
    elif identifier is not None and 0 < identifier < 65536:
        middle = _H.pack(identifier) + listed if listed else _H.pack(identifier)
    else:
        return None
    length = 2 + size + len(middle) + len(payload)
    # What is longer, a topic beyond 65535 octets included, takes the slow road.
    if length < 128:
        return _BBH.pack(first, length, size) + topic + middle + payload
    if length < 16384:
        head = _BBBH.pack(first, length & 0x7F | 0x80, length >> 7, size)
        return head + topic + middle + payload
    return None


_PUBLISH_FIRST = {
    (qos, retain, dup): 0x30 | dup << 3 | qos << 1 | retain
    for qos in range(3)
    for retain in (False, True)
    for dup in (False, True)
    if qos or not dup
}
"""The first octet of a PUBLISH that the standard allows."""

_ANSWERS: dict[type[Any], int] = {
    Puback: 0x40,
    Pubrec: 0x50,
    Pubrel: 0x62,
    Pubcomp: 0x70,
}


_lists: dict[Properties, bytes] = {}
"""Octets of property lists that were written before and found right."""

_LISTS_MAX = 256


def _listed(properties: Properties, payload: bytes) -> bytes | None:
    """Return the octets of properties that a PUBLISH may have, else ``None``.

    A list that calls its payload text is right or wrong with each payload.
    """
    octets = _lists.get(properties)
    if octets is not None:
        return octets
    body = encode_properties(properties)
    probe = encode_raw(3, b"\0\1t" + body)
    decoded = decode_packet(probe, len(probe) - len(body) - 3, version=5)
    if decoded.errors or decoded.packet != Publish("t", properties=properties):
        return None
    if _TEXT in properties:
        return body if is_text(payload) else None
    if len(_lists) >= _LISTS_MAX:
        _lists.clear()
    _lists[properties] = body
    return body


_TEXT = (0x01, 1)
"""Payload Format Indicator: the payload is UTF-8."""


def _answer(packet: Any) -> bytes | None:
    """Return the octets of an acknowledgement that is right, else ``None``.

    One of 5.0 that has nothing to add looks like one of 3.1.1.
    """
    identifier = packet.packet_identifier
    if not 0 < identifier < 65536 or packet.reason_code or packet.properties:
        return None
    return _BBH.pack(_ANSWERS[type(packet)], 2, identifier)


def _whole(packet: Packet, version: Version) -> tuple[bytes, int]:
    kind, body = _BODIES[type(packet)]
    flags = FIXED_FLAGS.get(kind)
    if isinstance(packet, Publish):
        flags = packet.dup << 3 | packet.qos << 1 | packet.retain
        if flags > 15:
            raise ValueError(f"QoS {packet.qos}")
    content = body(packet, version)
    if len(content) > MAX_REMAINING_LENGTH:
        raise ValueError(f"Remaining Length {len(content)}")
    octets = encode_raw(kind, content, flags=flags)
    return octets, len(octets) - len(content)


def _connect_body(packet: Connect, version: Version) -> bytes:
    head = struct.pack(
        "!BBH", packet.protocol_level, packet.connect_flags, packet.keep_alive
    )
    properties = properties_of(packet.properties, version)
    payload = connect_payload(packet, version)
    return encode_string(packet.protocol_name) + head + properties + payload


def _connack_body(packet: Connack, version: Version) -> bytes:
    head = bytes((packet.session_present, packet.return_code))
    return head + properties_of(packet.properties, version)


def _publish_body(packet: Publish, version: Version) -> bytes:
    identifier = packet.packet_identifier
    middle = b"" if identifier is None else _H.pack(identifier)
    properties = properties_of(packet.properties, version)
    return encode_string(packet.topic_name) + middle + properties + packet.payload


def _subscribe_body(packet: Subscribe, version: Version) -> bytes:
    pairs = (encode_string(name) + bytes((qos,)) for name, qos in packet.topic_filters)
    return _identified(packet, version) + b"".join(pairs)


def _unsubscribe_body(packet: Unsubscribe, version: Version) -> bytes:
    filters = (encode_string(name) for name in packet.topic_filters)
    return _identified(packet, version) + b"".join(filters)


def _suback_body(packet: Suback, version: Version) -> bytes:
    return _identified(packet, version) + bytes(packet.return_codes)


def _unsuback_body(packet: Unsuback, version: Version) -> bytes:
    codes = bytes(packet.reason_codes) if version == 5 else b""
    return _identified(packet, version) + codes


def _identified(packet: Any, version: Version) -> bytes:
    """Return the packet identifier and what properties follow it."""
    properties = properties_of(packet.properties, version)
    return _H.pack(packet.packet_identifier) + properties


def _answer_body(packet: Any, version: Version) -> bytes:
    return _H.pack(packet.packet_identifier) + _outcome_body(packet, version)


def _outcome_body(packet: Any, version: Version) -> bytes:
    """Return reason code and properties in the shortest form (3.4.2.1, 3.14.2.1)."""
    if version == 4 or not (packet.reason_code or packet.properties):
        return b""
    code = bytes((packet.reason_code,))
    if not packet.properties and not isinstance(packet, Auth):
        return code
    return code + encode_properties(packet.properties)


_BODIES: dict[type[Any], tuple[PacketType, Callable[[Any, Version], bytes]]] = {
    Connect: (PacketType.CONNECT, _connect_body),
    Connack: (PacketType.CONNACK, _connack_body),
    Publish: (PacketType.PUBLISH, _publish_body),
    Puback: (PacketType.PUBACK, _answer_body),
    Pubrec: (PacketType.PUBREC, _answer_body),
    Pubrel: (PacketType.PUBREL, _answer_body),
    Pubcomp: (PacketType.PUBCOMP, _answer_body),
    Subscribe: (PacketType.SUBSCRIBE, _subscribe_body),
    Suback: (PacketType.SUBACK, _suback_body),
    Unsubscribe: (PacketType.UNSUBSCRIBE, _unsubscribe_body),
    Unsuback: (PacketType.UNSUBACK, _unsuback_body),
    Pingreq: (PacketType.PINGREQ, lambda packet, version: b""),
    Pingresp: (PacketType.PINGRESP, lambda packet, version: b""),
    Disconnect: (PacketType.DISCONNECT, _outcome_body),
    Auth: (PacketType.AUTH, _outcome_body),
}
