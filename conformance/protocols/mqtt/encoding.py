# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 packets to octets, by a strict door and a marked one.

``encode`` refuses whatever the standard forbids, judged by our own decoder: the suite
cannot send a wrong packet by accident.  ``encode_raw`` and the ``*_raw`` helpers build
anything, with every part replaceable; they are for hostile traffic.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), chapters 2 and 3.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from conformance.errors import SuiteError
from conformance.protocols.mqtt.decoding import MAX_REMAINING_LENGTH, decode_packet
from conformance.protocols.mqtt.packets import (
    FIXED_FLAGS,
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
)

__all__ = [
    "ack_raw",
    "connack_raw",
    "connect_raw",
    "encode",
    "encode_raw",
    "encode_remaining_length",
    "encode_string",
    "publish_raw",
    "suback_raw",
    "subscribe_raw",
    "unsubscribe_raw",
]

_H = struct.Struct("!H")
_BH = struct.Struct("!BH")
_BBH = struct.Struct("!BBH")


def encode_remaining_length(value: int, *, width: int | None = None) -> bytes:
    """Return Remaining Length in 1 to 4 octets, or padded to ``width`` octets.

    A width beyond what the number needs gives the encoding that is not minimal; 5 and
    more give the one that no receiver can read.

    Source: MQTT 3.1.1, 2.2.3.
    """
    if not 0 <= value <= MAX_REMAINING_LENGTH:
        raise SuiteError("mqtt.remaining-length", value=value)
    octets = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        is_last = not value and (width is None or len(octets) + 1 >= width)
        octets.append(low if is_last else low | 0x80)
        if is_last:
            return bytes(octets)


def encode_string(value: str | bytes, *, length: int | None = None) -> bytes:
    """Return a length-prefixed string (1.5.3); octets are taken as they are.

    ``length`` replaces the true length in the prefix.
    """
    raw = (
        value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    )
    return _H.pack(len(raw) if length is None else length) + raw


def encode(packet: Packet) -> bytes:
    """Return the octets of a packet that the standard allows.

    Raises ``SuiteError`` (``mqtt.illegal-packet``, facts ``packet`` and ``rule``) for
    any other.
    """
    try:
        kind = type(packet)
        if kind is Publish:
            quick = _publish(packet)  # type: ignore[arg-type]
        else:
            quick = _answer(packet) if kind in _ANSWERS else None
        if quick is not None:
            return quick
        octets, header_size = _whole(packet)
    except (struct.error, ValueError, TypeError, AttributeError) as error:
        raise SuiteError(
            "mqtt.illegal-packet", packet=repr(packet), rule=str(error)
        ) from error
    decoded = decode_packet(octets, header_size)
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


def encode_raw(
    packet_type: int,
    body: bytes = b"",
    *,
    flags: int | None = None,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a packet with any type, flags, Remaining Length and body.

    ``flags`` defaults to what 2.2.2 prescribes for the type.  A ``remaining_length``
    given as octets goes out as it is; given as a number, it replaces the true one.
    """
    if flags is None:
        flags = 0b0010 if packet_type in (6, 8, 10) else 0
    if remaining_length is None:
        remaining_length = len(body)
    if isinstance(remaining_length, int):
        remaining_length = encode_remaining_length(remaining_length)
    return bytes((packet_type << 4 | flags,)) + remaining_length + body


def connect_raw(
    connect: Connect | None = None,
    *,
    protocol_name: str | bytes | None = None,
    protocol_level: int | None = None,
    connect_flags: int | None = None,
    keep_alive: int | None = None,
    payload: bytes | None = None,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a CONNECT with any part replaced; the payload is not adapted to flags."""
    model = connect or Connect("luheng")
    name = model.protocol_name if protocol_name is None else protocol_name
    body = b"".join(
        (
            encode_string(name),
            struct.pack(
                "!BBH",
                model.protocol_level if protocol_level is None else protocol_level,
                model.connect_flags if connect_flags is None else connect_flags,
                model.keep_alive if keep_alive is None else keep_alive,
            ),
            _connect_payload(model) if payload is None else payload,
        )
    )
    return encode_raw(1, body, flags=flags, remaining_length=remaining_length)


def connack_raw(
    acknowledge_flags: int = 0,
    return_code: int = 0,
    *,
    extra: bytes = b"",
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a CONNACK with any flags, code and trailing octets."""
    body = bytes((acknowledge_flags, return_code)) + extra
    return encode_raw(2, body, flags=flags, remaining_length=remaining_length)


def publish_raw(
    topic_name: str | bytes = "t",
    payload: bytes = b"",
    *,
    qos: int = 0,
    retain: int = 0,
    dup: int = 0,
    packet_identifier: int | None = None,
    flags: int | None = None,
    topic_length: int | None = None,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a PUBLISH; the identifier goes out if given, whatever the QoS says."""
    if flags is None:
        flags = dup << 3 | qos << 1 | retain
    identifier = b"" if packet_identifier is None else _H.pack(packet_identifier)
    body = encode_string(topic_name, length=topic_length) + identifier + payload
    return encode_raw(3, body, flags=flags, remaining_length=remaining_length)


def ack_raw(
    packet_type: int,
    packet_identifier: int = 1,
    *,
    extra: bytes = b"",
    flags: int | None = None,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK or a likeness of them."""
    body = _H.pack(packet_identifier) + extra
    return encode_raw(packet_type, body, flags=flags, remaining_length=remaining_length)


def subscribe_raw(
    packet_identifier: int = 1,
    topic_filters: Sequence[tuple[str | bytes, int]] = (("t", 0),),
    *,
    extra: bytes = b"",
    flags: int = 2,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a SUBSCRIBE with any filters and option octets."""
    pairs = (encode_string(name) + bytes((qos,)) for name, qos in topic_filters)
    body = _H.pack(packet_identifier) + b"".join(pairs) + extra
    return encode_raw(8, body, flags=flags, remaining_length=remaining_length)


def suback_raw(
    packet_identifier: int = 1,
    return_codes: Sequence[int] = (0,),
    *,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a SUBACK with any codes."""
    body = _H.pack(packet_identifier) + bytes(return_codes)
    return encode_raw(9, body, flags=flags, remaining_length=remaining_length)


def unsubscribe_raw(
    packet_identifier: int = 1,
    topic_filters: Sequence[str | bytes] = ("t",),
    *,
    extra: bytes = b"",
    flags: int = 2,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return an UNSUBSCRIBE with any filters."""
    filters = b"".join(encode_string(name) for name in topic_filters)
    body = _H.pack(packet_identifier) + filters + extra
    return encode_raw(10, body, flags=flags, remaining_length=remaining_length)


def _publish(packet: Publish) -> bytes | None:
    """Return the octets of a PUBLISH without a doubt about it, else ``None``."""
    name = packet.topic_name
    # Printable rules out U+0000 and surrogates; the rest takes the slow road.
    if not name or not name.isprintable() or "#" in name or "+" in name:
        return None
    topic = name.encode()
    size, qos = len(topic), packet.qos
    identifier = packet.packet_identifier
    first = _PUBLISH_FIRST.get((qos, packet.retain, packet.dup))
    if first is None:
        return None
    if qos == 0:
        if identifier is not None:
            return None
        middle, length = b"", 2 + size + len(packet.payload)
    elif identifier is not None and 0 < identifier < 65536:
        middle, length = _H.pack(identifier), 4 + size + len(packet.payload)
    else:
        return None
    # What is longer, a topic beyond 65535 octets included, takes the slow road.
    if length < 128:
        return _BBH.pack(first, length, size) + topic + middle + packet.payload
    if length < 16384:
        head = (length >> 7 << 8) | (length & 0x7F | 0x80) << 16 | first << 24
        return b"%b%b%b%b%b" % (
            head.to_bytes(4, "big")[:3],
            _H.pack(size),
            topic,
            middle,
            packet.payload,
        )
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


def _answer(packet: Any) -> bytes | None:
    """Return the octets of an acknowledgement that is right, else ``None``."""
    identifier = packet.packet_identifier
    if not 0 < identifier < 65536:
        return None
    return _BBH.pack(_ANSWERS[type(packet)], 2, identifier)


def _whole(packet: Packet) -> tuple[bytes, int]:
    kind, body = _BODIES[type(packet)]
    flags = FIXED_FLAGS.get(kind)
    if isinstance(packet, Publish):
        flags = packet.dup << 3 | packet.qos << 1 | packet.retain
        if flags > 15:
            raise ValueError(f"QoS {packet.qos}")
    content = body(packet)
    if len(content) > MAX_REMAINING_LENGTH:
        raise ValueError(f"Remaining Length {len(content)}")
    octets = encode_raw(kind, content, flags=flags)
    return octets, len(octets) - len(content)


def _connect_body(packet: Connect) -> bytes:
    head = struct.pack(
        "!BBH", packet.protocol_level, packet.connect_flags, packet.keep_alive
    )
    return encode_string(packet.protocol_name) + head + _connect_payload(packet)


def _connect_payload(packet: Connect) -> bytes:
    """Return the fields that are there, in the order of 3.1.3."""
    fields: list[str | bytes | None] = [
        packet.client_identifier,
        packet.will_topic,
        packet.will_message,
        packet.user_name,
        packet.password,
    ]
    return b"".join(encode_string(field) for field in fields if field is not None)


def _publish_body(packet: Publish) -> bytes:
    identifier = packet.packet_identifier
    middle = b"" if identifier is None else _H.pack(identifier)
    return encode_string(packet.topic_name) + middle + packet.payload


def _subscribe_body(packet: Subscribe) -> bytes:
    pairs = (encode_string(name) + bytes((qos,)) for name, qos in packet.topic_filters)
    return _H.pack(packet.packet_identifier) + b"".join(pairs)


def _unsubscribe_body(packet: Unsubscribe) -> bytes:
    filters = (encode_string(name) for name in packet.topic_filters)
    return _H.pack(packet.packet_identifier) + b"".join(filters)


def _identifier_body(packet: Any) -> bytes:
    return _H.pack(packet.packet_identifier)


_BODIES: dict[type[Any], tuple[PacketType, Callable[[Any], bytes]]] = {
    Connect: (PacketType.CONNECT, _connect_body),
    Connack: (
        PacketType.CONNACK,
        lambda packet: bytes((packet.session_present, packet.return_code)),
    ),
    Publish: (PacketType.PUBLISH, _publish_body),
    Puback: (PacketType.PUBACK, _identifier_body),
    Pubrec: (PacketType.PUBREC, _identifier_body),
    Pubrel: (PacketType.PUBREL, _identifier_body),
    Pubcomp: (PacketType.PUBCOMP, _identifier_body),
    Subscribe: (PacketType.SUBSCRIBE, _subscribe_body),
    Suback: (
        PacketType.SUBACK,
        lambda packet: _identifier_body(packet) + bytes(packet.return_codes),
    ),
    Unsubscribe: (PacketType.UNSUBSCRIBE, _unsubscribe_body),
    Unsuback: (PacketType.UNSUBACK, _identifier_body),
    Pingreq: (PacketType.PINGREQ, lambda packet: b""),
    Pingresp: (PacketType.PINGRESP, lambda packet: b""),
    Disconnect: (PacketType.DISCONNECT, lambda packet: b""),
}
