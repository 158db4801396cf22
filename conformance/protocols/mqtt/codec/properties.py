# SPDX-License-Identifier: Apache-2.0
"""The properties of MQTT 5.0: a table, and octets of properties that are right.

A list of properties is a tuple of (identifier, value) in the order of the wire; a
value is an integer, a string, octets or a pair of strings, by the property's type.
Octets that may be wrong are read by :mod:`.body`, which names
every fault.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 1.5 and 2.2.2 and, for each
property, the clause of the packet that carries it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from conformance.errors import SuiteError
from conformance.text import Text

__all__ = [
    "BY_FIELD",
    "MAX_VARIABLE_INTEGER",
    "PROPERTIES",
    "SIZES",
    "Properties",
    "PropertyInfo",
    "PropertyType",
    "Value",
    "encode_properties",
    "encode_property",
    "encode_string",
    "encode_variable_integer",
    "properties",
    "value_of",
    "values_of",
]

PropertyType = Literal["byte", "two", "four", "variable", "string", "binary", "pair"]
Value = int | str | bytes | tuple[str, str]
Properties = tuple[tuple[int, Value], ...]

MAX_VARIABLE_INTEGER = 268_435_455
"""Four octets of seven bits (1.5.5)."""

SIZES: Mapping[str, int] = {"byte": 1, "two": 2, "four": 4}
"""Octets of the types whose size is fixed."""


@dataclass(frozen=True, slots=True)
class PropertyInfo:
    """What is known of one property."""

    name: str
    """As in the standard, ``Topic Alias``."""
    kind: PropertyType
    packets: frozenset[str]
    """Packets that may carry it; ``WILL`` stands for the will in CONNECT."""
    title: Text
    repeats: frozenset[str] = frozenset()
    """Packets in which it may stand more than once."""
    is_switch: bool = False
    """Whether only 0 and 1 are allowed."""
    zero_rule: str = ""
    """The rule that the value zero breaks, if zero is forbidden."""


def _of(packets: str) -> frozenset[str]:
    return frozenset(packets.split())


_ANSWERS = "PUBACK PUBREC PUBREL PUBCOMP SUBACK UNSUBACK"
_ALL = _of(
    f"CONNECT CONNACK PUBLISH WILL SUBSCRIBE UNSUBSCRIBE DISCONNECT AUTH {_ANSWERS}"
)
_MESSAGE = _of("PUBLISH WILL")
_OPENING = _of("CONNECT CONNACK")
_ACCEPTING = _of("CONNACK")
_AUTHENTICATING = _of("CONNECT CONNACK AUTH")

PROPERTIES: Mapping[int, PropertyInfo] = {
    0x01: PropertyInfo(
        "Payload Format Indicator",
        "byte",
        _MESSAGE,
        Text("载荷格式指示", "payload format indicator"),
        is_switch=True,
    ),
    0x02: PropertyInfo(
        "Message Expiry Interval",
        "four",
        _MESSAGE,
        Text("消息过期间隔", "message expiry interval"),
    ),
    0x03: PropertyInfo(
        "Content Type", "string", _MESSAGE, Text("内容类型", "content type")
    ),
    0x08: PropertyInfo(
        "Response Topic", "string", _MESSAGE, Text("响应主题", "response topic")
    ),
    0x09: PropertyInfo(
        "Correlation Data", "binary", _MESSAGE, Text("关联数据", "correlation data")
    ),
    0x0B: PropertyInfo(
        "Subscription Identifier",
        "variable",
        _of("PUBLISH SUBSCRIBE"),
        Text("订阅标识符", "subscription identifier"),
        repeats=_of("PUBLISH"),
        zero_rule="subscription-identifier-zero",
    ),
    0x11: PropertyInfo(
        "Session Expiry Interval",
        "four",
        _of("CONNECT CONNACK DISCONNECT"),
        Text("会话过期间隔", "session expiry interval"),
    ),
    0x12: PropertyInfo(
        "Assigned Client Identifier",
        "string",
        _ACCEPTING,
        Text("分配的客户端标识符", "assigned client identifier"),
    ),
    0x13: PropertyInfo(
        "Server Keep Alive",
        "two",
        _ACCEPTING,
        Text("服务端保活时间", "server keep alive"),
    ),
    0x15: PropertyInfo(
        "Authentication Method",
        "string",
        _AUTHENTICATING,
        Text("认证方法", "authentication method"),
    ),
    0x16: PropertyInfo(
        "Authentication Data",
        "binary",
        _AUTHENTICATING,
        Text("认证数据", "authentication data"),
    ),
    0x17: PropertyInfo(
        "Request Problem Information",
        "byte",
        _of("CONNECT"),
        Text("请求问题信息", "request problem information"),
        is_switch=True,
    ),
    0x18: PropertyInfo(
        "Will Delay Interval",
        "four",
        _of("WILL"),
        Text("遗嘱延时间隔", "will delay interval"),
    ),
    0x19: PropertyInfo(
        "Request Response Information",
        "byte",
        _of("CONNECT"),
        Text("请求响应信息", "request response information"),
        is_switch=True,
    ),
    0x1A: PropertyInfo(
        "Response Information",
        "string",
        _ACCEPTING,
        Text("响应信息", "response information"),
    ),
    0x1C: PropertyInfo(
        "Server Reference",
        "string",
        _of("CONNACK DISCONNECT"),
        Text("服务端参考", "server reference"),
    ),
    0x1F: PropertyInfo(
        "Reason String",
        "string",
        _of(f"CONNACK DISCONNECT AUTH {_ANSWERS}"),
        Text("原因字符串", "reason string"),
    ),
    0x21: PropertyInfo(
        "Receive Maximum",
        "two",
        _OPENING,
        Text("接收最大值", "receive maximum"),
        zero_rule="receive-maximum-zero",
    ),
    0x22: PropertyInfo(
        "Topic Alias Maximum",
        "two",
        _OPENING,
        Text("主题别名最大值", "topic alias maximum"),
    ),
    0x23: PropertyInfo(
        "Topic Alias",
        "two",
        _of("PUBLISH"),
        Text("主题别名", "topic alias"),
        zero_rule="topic-alias-zero",
    ),
    0x24: PropertyInfo(
        "Maximum QoS",
        "byte",
        _ACCEPTING,
        Text("最大 QoS", "maximum QoS"),
        is_switch=True,
    ),
    0x25: PropertyInfo(
        "Retain Available",
        "byte",
        _ACCEPTING,
        Text("保留消息可用", "retain available"),
        is_switch=True,
    ),
    0x26: PropertyInfo(
        "User Property",
        "pair",
        _ALL,
        Text("用户属性", "user property"),
        repeats=_ALL,
    ),
    0x27: PropertyInfo(
        "Maximum Packet Size",
        "four",
        _OPENING,
        Text("最大报文长度", "maximum packet size"),
        zero_rule="maximum-packet-size-zero",
    ),
    0x28: PropertyInfo(
        "Wildcard Subscription Available",
        "byte",
        _ACCEPTING,
        Text("通配符订阅可用", "wildcard subscription available"),
        is_switch=True,
    ),
    0x29: PropertyInfo(
        "Subscription Identifier Available",
        "byte",
        _ACCEPTING,
        Text("订阅标识符可用", "subscription identifier available"),
        is_switch=True,
    ),
    0x2A: PropertyInfo(
        "Shared Subscription Available",
        "byte",
        _ACCEPTING,
        Text("共享订阅可用", "shared subscription available"),
        is_switch=True,
    ),
}
"""Table 2-4 of 2.2.2.2, with what the clauses of the packets add."""

BY_FIELD: Mapping[str, int] = {
    info.name.lower().replace(" ", "_"): number for number, info in PROPERTIES.items()
}
"""Identifiers by a name that Python allows: ``topic_alias``."""


def properties(**named: Any) -> Properties:
    """Return properties by name: ``properties(topic_alias=1)``.

    A list gives one property for each of its values, ``user_property=[("a", "b")]``.
    Raises ``SuiteError`` (``mqtt.unknown-property``) for another name.
    """
    found: list[tuple[int, Value]] = []
    for name, given in named.items():
        if name not in BY_FIELD:
            raise SuiteError("mqtt.unknown-property", name=name)
        values = given if isinstance(given, list) else [given]
        found += [(BY_FIELD[name], value) for value in values]
    return tuple(found)


def values_of(found: Properties, name: str) -> tuple[Value, ...]:
    """Return the values of a property, by its name in the standard or in Python."""
    wanted = BY_FIELD[name.lower().replace(" ", "_")]
    return tuple(value for identifier, value in found if identifier == wanted)


def value_of(found: Properties, name: str) -> Any:
    """Return the first value of a property, ``None`` if it is not there."""
    return next(iter(values_of(found, name)), None)


def encode_variable_integer(value: int, *, width: int | None = None) -> bytes:
    """Return a Variable Byte Integer in 1 to 4 octets, or padded to ``width`` octets.

    A width beyond what the number needs gives the encoding that is not minimal; 5 and
    more give the one that no receiver can read.

    Source: MQTT 5.0, 1.5.5; the same as Remaining Length of 3.1.1, 2.2.3.
    """
    if not 0 <= value <= MAX_VARIABLE_INTEGER:
        raise SuiteError("mqtt.remaining-length", value=value)
    octets = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        is_last = not value and (width is None or len(octets) + 1 >= width)
        octets.append(low if is_last else low | 0x80)
        if is_last:
            return bytes(octets)


def encode_string(value: str | bytes, *, length: int | None = None) -> bytes:
    """Return a length-prefixed string (1.5.4); octets are taken as they are.

    ``length`` replaces the true length in the prefix.
    """
    raw = (
        value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")
    )
    return _H.pack(len(raw) if length is None else length) + raw


_H = struct.Struct("!H")


def encode_property(identifier: int, value: Value) -> bytes:
    """Return one property of the table; its value need not be allowed.

    Raises ``ValueError``, ``TypeError`` or ``struct.error`` for a value that its type
    cannot hold.
    """
    if identifier not in PROPERTIES:
        raise ValueError(f"property 0x{identifier:02X}")
    octets = bytes((identifier,))
    kind = PROPERTIES[identifier].kind
    match kind, value:
        case (("byte" | "two" | "four"), int()):
            size = SIZES[kind]
            if not 0 <= value < 1 << 8 * size:
                raise ValueError(f"{PROPERTIES[identifier].name}: {value}")
            return octets + value.to_bytes(size, "big")
        case "variable", int():
            return octets + encode_variable_integer(value)
        case "string", str():
            return octets + encode_string(value)
        case "binary", bytes():
            return octets + encode_string(value)
        case "pair", (str(name), str(text)):
            return octets + encode_string(name) + encode_string(text)
    raise TypeError(f"{PROPERTIES[identifier].name}: {value!r}")


def encode_properties(found: Iterable[tuple[int, Value]]) -> bytes:
    """Return Property Length and the properties."""
    octets = b"".join(encode_property(*each) for each in found)
    return encode_variable_integer(len(octets)) + octets
