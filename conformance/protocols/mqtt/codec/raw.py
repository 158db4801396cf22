# SPDX-License-Identifier: Apache-2.0
"""Anything at all as MQTT octets, by the marked door: for hostile traffic.

``encode_raw`` and the ``*_raw`` helpers build packets of 3.1.1 and 5.0 with every part
replaceable; nothing is judged.  ``properties`` are octets: what ``properties_raw``
makes, or anything else; ``None`` leaves them out, as 3.1.1 does.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 2 and 3 of both.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from conformance.protocols.mqtt.codec.packets import Connect, Version
from conformance.protocols.mqtt.codec.properties import (
    Properties,
    Value,
    encode_properties,
    encode_property,
    encode_string,
    encode_variable_integer,
)

__all__ = [
    "ack_raw",
    "auth_raw",
    "connack_raw",
    "connect_payload",
    "connect_raw",
    "disconnect_raw",
    "encode_raw",
    "encode_remaining_length",
    "properties_of",
    "properties_raw",
    "property_raw",
    "publish_raw",
    "suback_raw",
    "subscribe_raw",
    "unsuback_raw",
    "unsubscribe_raw",
]

_H = struct.Struct("!H")

encode_remaining_length = encode_variable_integer
"""Remaining Length (2.2.3) is what 5.0 calls a Variable Byte Integer (1.5.5)."""


def property_raw(
    identifier: int | bytes, value: Value = b"", *, width: int | None = None
) -> bytes:
    """Return one property, known or not, with any value.

    A value of octets goes out as it is behind the identifier; any other is written by
    the type that the property has.  An identifier of octets goes out as it is too;
    ``width`` makes it longer than needed.
    """
    if isinstance(identifier, bytes):
        head = identifier
    else:
        head = encode_variable_integer(identifier, width=width)
    if isinstance(value, bytes):
        return head + value
    assert isinstance(identifier, int), "a type is known by its number"
    return head + encode_property(identifier, value)[1:]


def properties_raw(
    found: Iterable[tuple[int, Value]] | bytes = (),
    *,
    length: int | bytes | None = None,
) -> bytes:
    """Return Property Length and properties, right or wrong.

    Octets stand for the properties as they are.  A ``length`` given as octets goes out
    as it is; given as a number, it replaces the true one.
    """
    if isinstance(found, bytes):
        octets = found
    else:
        octets = b"".join(encode_property(*each) for each in found)
    if length is None:
        length = len(octets)
    if isinstance(length, int):
        length = encode_variable_integer(length)
    return length + octets


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
    properties: bytes | None = None,
    payload: bytes | None = None,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a CONNECT with any part replaced; the payload is not adapted to flags.

    A model of protocol level 5 has the layout of 5.0, whatever replaces its level.
    """
    model = connect or Connect("luheng")
    name = model.protocol_name if protocol_name is None else protocol_name
    version: Version = 5 if model.protocol_level == 5 else 4
    if properties is None:
        properties = properties_of(model.properties, version)
    body = b"".join(
        (
            encode_string(name),
            struct.pack(
                "!BBH",
                model.protocol_level if protocol_level is None else protocol_level,
                model.connect_flags if connect_flags is None else connect_flags,
                model.keep_alive if keep_alive is None else keep_alive,
            ),
            properties,
            connect_payload(model, version) if payload is None else payload,
        )
    )
    return encode_raw(1, body, flags=flags, remaining_length=remaining_length)


def connack_raw(
    acknowledge_flags: int = 0,
    return_code: int = 0,
    *,
    properties: bytes | None = None,
    extra: bytes = b"",
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a CONNACK with any flags, code and trailing octets."""
    body = bytes((acknowledge_flags, return_code)) + (properties or b"") + extra
    return encode_raw(2, body, flags=flags, remaining_length=remaining_length)


def publish_raw(
    topic_name: str | bytes = "t",
    payload: bytes = b"",
    *,
    qos: int = 0,
    retain: int = 0,
    dup: int = 0,
    packet_identifier: int | None = None,
    properties: bytes | None = None,
    flags: int | None = None,
    topic_length: int | None = None,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a PUBLISH; the identifier goes out if given, whatever the QoS says."""
    if flags is None:
        flags = dup << 3 | qos << 1 | retain
    identifier = b"" if packet_identifier is None else _H.pack(packet_identifier)
    topic = encode_string(topic_name, length=topic_length)
    body = topic + identifier + (properties or b"") + payload
    return encode_raw(3, body, flags=flags, remaining_length=remaining_length)


def ack_raw(
    packet_type: int,
    packet_identifier: int = 1,
    *,
    reason_code: int | None = None,
    properties: bytes | None = None,
    extra: bytes = b"",
    flags: int | None = None,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK or a likeness of them."""
    body = _H.pack(packet_identifier) + _outcome(reason_code, properties) + extra
    return encode_raw(packet_type, body, flags=flags, remaining_length=remaining_length)


def subscribe_raw(
    packet_identifier: int = 1,
    topic_filters: Sequence[tuple[str | bytes, int]] = (("t", 0),),
    *,
    properties: bytes | None = None,
    extra: bytes = b"",
    flags: int = 2,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a SUBSCRIBE with any filters and option octets."""
    pairs = (encode_string(name) + bytes((qos,)) for name, qos in topic_filters)
    head = _H.pack(packet_identifier) + (properties or b"")
    body = head + b"".join(pairs) + extra
    return encode_raw(8, body, flags=flags, remaining_length=remaining_length)


def suback_raw(
    packet_identifier: int = 1,
    return_codes: Sequence[int] = (0,),
    *,
    properties: bytes | None = None,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a SUBACK with any codes."""
    head = _H.pack(packet_identifier) + (properties or b"")
    body = head + bytes(return_codes)
    return encode_raw(9, body, flags=flags, remaining_length=remaining_length)


def unsubscribe_raw(
    packet_identifier: int = 1,
    topic_filters: Sequence[str | bytes] = ("t",),
    *,
    properties: bytes | None = None,
    extra: bytes = b"",
    flags: int = 2,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return an UNSUBSCRIBE with any filters."""
    filters = b"".join(encode_string(name) for name in topic_filters)
    body = _H.pack(packet_identifier) + (properties or b"") + filters + extra
    return encode_raw(10, body, flags=flags, remaining_length=remaining_length)


def unsuback_raw(
    packet_identifier: int = 1,
    reason_codes: Sequence[int] = (0,),
    *,
    properties: bytes = b"\0",
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return an UNSUBACK of 5.0 with any codes; that of 3.1.1 is ``ack_raw(11)``."""
    body = _H.pack(packet_identifier) + properties + bytes(reason_codes)
    return encode_raw(11, body, flags=flags, remaining_length=remaining_length)


def disconnect_raw(
    reason_code: int | None = None,
    properties: bytes | None = None,
    *,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return a DISCONNECT; without a code it is also that of 3.1.1."""
    body = _outcome(reason_code, properties)
    return encode_raw(14, body, flags=flags, remaining_length=remaining_length)


def auth_raw(
    reason_code: int | None = None,
    properties: bytes | None = None,
    *,
    flags: int = 0,
    remaining_length: int | bytes | None = None,
) -> bytes:
    """Return an AUTH with any code and properties."""
    body = _outcome(reason_code, properties)
    return encode_raw(15, body, flags=flags, remaining_length=remaining_length)


def _outcome(reason_code: int | None, properties: bytes | None) -> bytes:
    code = b"" if reason_code is None else bytes((reason_code,))
    return code + (properties or b"")


def properties_of(found: Properties, version: Version) -> bytes:
    """Return the octets of properties: none in 3.1.1."""
    return encode_properties(found) if version == 5 else b""


def connect_payload(packet: Connect, version: Version) -> bytes:
    """Return the fields that are there, in the order of 3.1.3."""
    parts = [encode_string(packet.client_identifier)]
    if packet.will_topic is not None:
        parts.append(properties_of(packet.will_properties, version))
    fields: list[str | bytes | None] = [
        packet.will_topic,
        packet.will_message,
        packet.user_name,
        packet.password,
    ]
    parts += [encode_string(field) for field in fields if field is not None]
    return b"".join(parts)
