# SPDX-License-Identifier: Apache-2.0
"""Packets that must end a connection in 5.0 alone, by name; see ``hostile``.

Only errors are here for which the text itself says "Malformed Packet" or "Protocol
Error" or gives a reason code: of other breaches it may be argued whether a server has
to close (docs/disputed.md, MQTT5-4.13.1-1).

Source: MQTT Version 5.0 (OASIS, 2019-03-07); the clause stands beside each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from conformance.protocols.mqtt.codec import (
    Connect,
    ack_raw,
    connack_raw,
    connect_raw,
    disconnect_raw,
    encode_raw,
    properties_raw,
    property_raw,
    publish_raw,
    suback_raw,
    subscribe_raw,
    unsuback_raw,
    unsubscribe_raw,
)
from conformance.protocols.mqtt.codec.packets import replace
from conformance.protocols.mqtt.codec.properties import PROPERTIES, Value
from conformance.protocols.mqtt.hostile import TO_SERVER, Hostile
from conformance.text import Text

__all__ = ["EVERY_TO_SERVER", "TO_SERVER_5"]

_Octets = bytes
_NO = b"\0"
_BAD = b"\xc3\x28"
_UNKNOWN = 0x7F
_USER, _REASON, _IDENTIFIER, _EXPIRY = 0x26, 0x1F, 0x0B, 0x11
_METHOD, _DATA, _ALIAS, _SWITCH = 0x15, 0x16, 0x23, 0x01


def _twice(number: int, value: Value) -> _Octets:
    return properties_raw([(number, value), (number, value)])


def _only(number: int, value: Value) -> _Octets:
    return properties_raw([(number, value)])


def _in_connect(octets: Callable[[], _Octets]) -> Callable[[Connect, str], bytes]:
    return lambda connect, topic: connect_raw(connect, properties=octets())


def _in_will(octets: Callable[[], _Octets]) -> Callable[[Connect, str], bytes]:
    def make(connect: Connect, topic: str) -> bytes:
        model = replace(connect, will_topic=topic, will_message=b"w")
        whole = connect_raw(model)
        # The only properties of this will are none: one octet right before its topic.
        at = whole.index(topic.encode()) - 3
        body = whole[:at] + octets() + whole[at + 1 :]
        head = 1 + next(n for n in range(1, 5) if whole[n] < 0x80)
        return encode_raw(1, body[head:])

    return make


def _in_publish(octets: Callable[[], _Octets]) -> Callable[[Connect, str], bytes]:
    return lambda connect, topic: publish_raw(topic, b"x", properties=octets())


def _in_subscribe(octets: Callable[[], _Octets]) -> Callable[[Connect, str], bytes]:
    return lambda connect, topic: subscribe_raw(1, [(topic, 0)], properties=octets())


def _repeats(
    packet: Text, found: Iterable[tuple[int, Value]], *, prefix: str
) -> dict[str, tuple[Text, Callable[[], _Octets]]]:
    """Return, by name, what repeats each property in a packet."""

    def octets(number: int, value: Value) -> Callable[[], _Octets]:
        return lambda: _twice(number, value)

    return {
        f"{prefix}-{PROPERTIES[number].name.lower().replace(' ', '-')}-twice": (
            Text(
                f"{packet.zh}重复携带{PROPERTIES[number].title.zh}属性",
                f"{packet.en} with two {PROPERTIES[number].name} properties",
            ),
            octets(number, value),
        )
        for number, value in found
    }


_CONNECT = Text("CONNECT ", "CONNECT")
_CONNECT_TWICE: tuple[tuple[int, Value], ...] = (
    (_EXPIRY, 0),  # 3.1.2.11.2
    (0x21, 10),  # 3.1.2.11.3
    (0x27, 65_536),  # 3.1.2.11.4
    (0x22, 0),  # 3.1.2.11.5
    (0x19, 0),  # 3.1.2.11.6
    (0x17, 1),  # 3.1.2.11.7
)
_WILL = Text("遗嘱", "a will")
_WILL_TWICE: tuple[tuple[int, Value], ...] = (
    (0x18, 0),  # 3.1.3.2.2
    (_SWITCH, 0),  # 3.1.3.2.3
    (0x02, 60),  # 3.1.3.2.4
    (0x03, "t"),  # 3.1.3.2.5
    (0x08, "r"),  # 3.1.3.2.6
    (0x09, b"\0\1c"),  # 3.1.3.2.7
)
_PUBLISH = Text("PUBLISH ", "PUBLISH")
_PUBLISH_TWICE: tuple[tuple[int, Value], ...] = (
    (_ALIAS, 1),  # 3.3.2.3.4
    (0x08, "r"),  # 3.3.2.3.5
    (0x09, b"\0\1c"),  # 3.3.2.3.6
    (0x03, "t"),  # 3.3.2.3.9
)

_OPENING: Mapping[str, Hostile] = {
    "ping-before-connect": Hostile(
        Text("CONNECT 之前的 PINGREQ", "PINGREQ before CONNECT"),  # 3.1, 4.13.1
        lambda connect, topic: encode_raw(12),
        opens=True,
    ),
    "connect-header-flags": Hostile(
        Text("CONNECT 固定报头标志为 1", "CONNECT with header flags 1"),  # 2.1.3
        lambda connect, topic: connect_raw(connect, flags=1),
        opens=True,
    ),
    "will-qos-3": Hostile(
        Text("遗嘱 QoS 为 3 的 CONNECT", "CONNECT with Will QoS 3"),  # 3.1.2.6
        lambda connect, topic: connect_raw(
            replace(connect, will_topic=topic, will_message=b"w", will_qos=3)
        ),
        opens=True,
    ),
    "client-identifier-ill-formed": Hostile(
        Text("客户端标识符不是合法 UTF-8", "a client identifier that is not UTF-8"),
        lambda connect, topic: connect_raw(
            connect, connect_flags=2, payload=b"\0\3i" + _BAD
        ),
        opens=True,
    ),
    "connect-cut-short": Hostile(
        Text("缺少用户名的 CONNECT", "CONNECT that lacks its User Name"),  # 3.1.3
        lambda connect, topic: connect_raw(
            connect, connect_flags=0x82, payload=b"\0\1i"
        ),
        opens=True,
    ),
    "connect-property-unknown": Hostile(
        Text("CONNECT 含未定义的属性", "CONNECT with an undefined property"),  # 2.2.2.2
        _in_connect(lambda: properties_raw(property_raw(_UNKNOWN, b"\0"))),
        opens=True,
    ),
    "connect-property-not-allowed": Hostile(
        Text("CONNECT 含主题别名属性", "CONNECT with a Topic Alias"),  # 2.2.2.2
        _in_connect(lambda: _only(_ALIAS, 1)),
        opens=True,
    ),
    "connect-receive-maximum-zero": Hostile(
        Text("接收最大值为 0 的 CONNECT", "CONNECT with Receive Maximum 0"),
        _in_connect(lambda: _only(0x21, 0)),  # 3.1.2.11.3
        opens=True,
    ),
    "connect-maximum-packet-size-zero": Hostile(
        Text("最大报文长度为 0 的 CONNECT", "CONNECT with Maximum Packet Size 0"),
        _in_connect(lambda: _only(0x27, 0)),  # 3.1.2.11.4
        opens=True,
    ),
    "connect-request-response-2": Hostile(
        Text("请求响应信息为 2 的 CONNECT", "CONNECT that requests response info 2"),
        _in_connect(lambda: properties_raw(b"\x19\2")),  # 3.1.2.11.6
        opens=True,
    ),
    "connect-request-problem-2": Hostile(
        Text("请求问题信息为 2 的 CONNECT", "CONNECT that requests problem info 2"),
        _in_connect(lambda: properties_raw(b"\x17\2")),  # 3.1.2.11.7
        opens=True,
    ),
    "connect-data-without-method": Hostile(
        Text("有认证数据而无认证方法的 CONNECT", "CONNECT with data and no method"),
        _in_connect(lambda: _only(_DATA, b"\0\1d")),  # 3.1.2.11.10
        opens=True,
    ),
    "connect-authentication-method-twice": Hostile(
        Text("CONNECT 重复携带认证方法属性", "CONNECT with two methods"),
        _in_connect(lambda: _twice(_METHOD, "none")),  # 3.1.2.11.9
        opens=True,
    ),
    "will-payload-format-2": Hostile(
        Text("遗嘱载荷格式指示为 2", "a will of payload format 2"),  # 3.1.3.2.3
        _in_will(lambda: properties_raw(b"\1\2")),
        opens=True,
    ),
    **{
        name: Hostile(title, _in_connect(octets), opens=True)
        for name, (title, octets) in _repeats(
            _CONNECT, _CONNECT_TWICE, prefix="connect"
        ).items()
    },
    **{
        name: Hostile(title, _in_will(octets), opens=True)
        for name, (title, octets) in _repeats(_WILL, _WILL_TWICE, prefix="will").items()
    },
}

_MESSAGES: Mapping[str, Hostile] = {
    "topic-empty": Hostile(
        Text("主题名为空且无主题别名的 PUBLISH", "PUBLISH without topic and alias"),
        lambda connect, topic: publish_raw("", b"x", properties=_NO),  # 3.3.2.1
    ),
    "alias-unknown": Hostile(
        Text("引用未建立的主题别名", "a topic alias that stands for nothing"),
        lambda connect, topic: publish_raw(
            "", b"x", properties=_only(_ALIAS, 1)
        ),  # 3.3.2.3.4
    ),
    "publish-property-unknown": Hostile(
        Text("PUBLISH 含未定义的属性", "PUBLISH with an undefined property"),  # 2.2.2.2
        _in_publish(lambda: properties_raw(property_raw(_UNKNOWN, b"\0"))),
    ),
    "publish-property-not-allowed": Hostile(
        Text("PUBLISH 含会话过期间隔", "PUBLISH with a Session Expiry Interval"),
        _in_publish(lambda: _only(_EXPIRY, 1)),  # 2.2.2.2
    ),
    "publish-property-cut-short": Hostile(
        Text("PUBLISH 的属性超出属性长度", "a property beyond the Property Length"),
        _in_publish(lambda: properties_raw([(0x02, 60)], length=2)),  # 2.2.2
    ),
    "publish-property-length": Hostile(
        Text("属性长度超出报文末尾", "a Property Length beyond the packet"),  # 2.2.2.1
        _in_publish(lambda: properties_raw(length=100)),
    ),
    "user-property-ill-formed": Hostile(
        Text("用户属性不是合法 UTF-8", "a user property that is not UTF-8"),  # 1.5.4
        _in_publish(lambda: properties_raw(property_raw(_USER, b"\0\1k\0\2" + _BAD))),
    ),
    "publish-cut-short": Hostile(
        Text("主题名不完整的 PUBLISH", "PUBLISH that ends within its topic"),  # 1.5.4
        lambda connect, topic: publish_raw(topic, topic_length=60_000),
    ),
    **{
        name: Hostile(title, _in_publish(octets))
        for name, (title, octets) in _repeats(
            _PUBLISH, _PUBLISH_TWICE, prefix="publish"
        ).items()
    },
    "puback-flags": Hostile(
        Text("PUBACK 固定报头标志为 2", "PUBACK with header flags 2"),  # 2.1.3
        lambda connect, topic: ack_raw(4, 1, flags=2),
    ),
    "pubrel-reason-twice": Hostile(
        Text(
            "PUBREL 重复携带原因字符串", "PUBREL with two Reason Strings"
        ),  # 3.6.2.2.2
        lambda connect, topic: (
            publish_raw(topic, b"x", qos=2, packet_identifier=1, properties=_NO)
            + ack_raw(6, 1, reason_code=0, properties=_twice(_REASON, "r"))
        ),
    ),
}

_OTHERS: Mapping[str, Hostile] = {
    "subscribe-identifier-zero": Hostile(
        Text("订阅标识符为 0 的 SUBSCRIBE", "SUBSCRIBE with identifier 0"),  # 3.8.2.1.2
        _in_subscribe(lambda: properties_raw(b"\x0b\0")),
    ),
    "subscribe-identifier-twice": Hostile(
        Text("有两个订阅标识符的 SUBSCRIBE", "SUBSCRIBE with two identifiers"),
        _in_subscribe(lambda: _twice(_IDENTIFIER, 1)),  # 3.8.2.1.2
    ),
    "subscribe-property-not-allowed": Hostile(
        Text("SUBSCRIBE 含主题别名属性", "SUBSCRIBE with a Topic Alias"),  # 2.2.2.2
        _in_subscribe(lambda: _only(_ALIAS, 1)),
    ),
    "retain-handling-3": Hostile(
        Text("保留消息处理方式为 3 的 SUBSCRIBE", "SUBSCRIBE with Retain Handling 3"),
        lambda connect, topic: subscribe_raw(
            1, [(topic, 0x30)], properties=_NO
        ),  # 3.8.3.1
    ),
    "shared-no-local": Hostile(
        Text("共享订阅置了非本地选项", "a shared subscription with No Local"),
        lambda connect, topic: subscribe_raw(
            1, [(f"$share/luheng/{topic}", 4)], properties=_NO
        ),  # 3.8.3.1
    ),
    "unsubscribe-property-not-allowed": Hostile(
        Text("UNSUBSCRIBE 含订阅标识符", "UNSUBSCRIBE with an identifier"),  # 2.2.2.2
        lambda connect, topic: unsubscribe_raw(
            1, [topic], properties=_only(_IDENTIFIER, 1)
        ),
    ),
    "connack-from-client": Hostile(
        Text("客户端发送的 CONNACK", "CONNACK from a client"),  # 2.1.2, 3.14.2.1
        lambda connect, topic: connack_raw(properties=_NO),
    ),
    "suback-from-client": Hostile(
        Text("客户端发送的 SUBACK", "SUBACK from a client"),
        lambda connect, topic: suback_raw(1, [0], properties=_NO),
    ),
    "unsuback-from-client": Hostile(
        Text("客户端发送的 UNSUBACK", "UNSUBACK from a client"),
        lambda connect, topic: unsuback_raw(1, [0]),
    ),
    "pingresp-from-client": Hostile(
        Text("客户端发送的 PINGRESP", "PINGRESP from a client"),
        lambda connect, topic: encode_raw(13),
    ),
    "disconnect-expiry-after-zero": Hostile(
        Text(
            "会话过期间隔由 0 改为非 0 的 DISCONNECT",
            "DISCONNECT that sets an expiry after none",
        ),
        lambda connect, topic: disconnect_raw(0, _only(_EXPIRY, 60)),  # 3.14.2.2.2
    ),
    "disconnect-reason-twice": Hostile(
        Text("DISCONNECT 重复携带原因字符串", "DISCONNECT with two Reason Strings"),
        lambda connect, topic: disconnect_raw(0, _twice(_REASON, "r")),  # 3.14.2.2.3
    ),
}

TO_SERVER_5: Mapping[str, Hostile] = {**_OPENING, **_MESSAGES, **_OTHERS}
"""What a client of 5.0 may never send, besides what ``TO_SERVER`` has."""

EVERY_TO_SERVER: Mapping[str, Hostile] = {**TO_SERVER, **TO_SERVER_5}
"""What a client may never send, in either version."""
