# SPDX-License-Identifier: Apache-2.0
"""Servers whose packets are wrong in one place, made out of a real mosquitto.

Each happens once, in the exercise, which comes first; so nothing but the rules over the
recording sees it.  Part of the tables in ``deviations.platform``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec import properties
from conformance.protocols.mqtt.deviations import (
    ABOVE_0,
    Row,
    by_server,
    once,
    replaced,
    same,
    twice,
)
from conformance.protocols.mqtt.deviations.forwarded import PROPERTIES, UNDEFINED

__all__ = ["PACKETS"]

_PINGRESP = b"\xd0\x00"
_PADDED = b"\xd0\x80\x00"
_BARE_CONNACK = b"\x20\x02\x00\x00"
_GOODBYE = b"\xe0\x00"
_LIMITED = {"topic_name": {"has": "/limits"}}
_PLAIN = {"topic_name": {"has": "/ordinary"}}
_AUTH: dict[str, Any] = {"authenticates": True, "answers": {"ENHANCED_AUTH": True}}


_ALIASES = (
    Row(
        "alias-above-maximum",
        "主题别名超过客户端的主题别名最大值",
        "a topic alias above the maximum of the client",
        same("alias-above-maximum", "MQTT5-3.1.2-26", "MQTT5-3.3.2-11"),
        once(by_server, "PUBLISH", _LIMITED, properties=properties(topic_alias=9)),
    ),
    Row(
        "alias-unwanted",
        "客户端不接受主题别名，仍发送别名",
        "a topic alias for a client that takes none",
        {"MQTT5-3.1.2-27": "alias-unwanted"},
        once(by_server, "PUBLISH", _PLAIN, properties=properties(topic_alias=1)),
    ),
    Row(
        "alias-zero",
        "主题别名为 0",
        "a topic alias of 0",
        {"MQTT5-3.3.2-8": "topic-alias-zero"},
        once(by_server, "PUBLISH", _LIMITED, properties=properties(topic_alias=0)),
    ),
    Row(
        "alias-never-set",
        "使用未设置的主题别名",
        "a topic alias that was never set",
        {"MQTT5-S-058": "alias-not-set"},
        once(
            by_server,
            "PUBLISH",
            _LIMITED,
            topic_name="",
            properties=properties(topic_alias=3),
        ),
    ),
    Row(
        "response-information-unasked",
        "未请求即返回响应信息",
        "Response Information that nobody asked for",
        {"MQTT5-3.1.2-28": "response-information"},
        once(by_server, "CONNACK", properties=properties(response_information="a")),
    ),
    Row(
        "problem-information-unwanted",
        "不顾请求问题信息为 0，SUBACK 仍带原因字符串",
        "a Reason String in SUBACK for a client that wants none",
        {"MQTT5-3.1.2-29": "problem-information"},
        [
            by_server(
                "alter",
                "SUBACK",
                nth=2,
                set={"properties": properties(reason_string="a")},
            )
        ],
    ),
    Row(
        "high-qos-unannounced",
        "不支持 QoS 2，CONNACK 中也没有最大 QoS",
        "has no QoS 2 and does not say so in CONNACK",
        {"MQTT5-3.2.2-9": "not-announced"},
        once(by_server, "CONNACK", {"version": 5}, properties=()),
        config=("max_qos 1",),
        answers={"QOS2": False},
    ),
)

_STRINGS = (
    Row(
        "topic-with-nul",
        "主题名含 U+0000",
        "a topic name with U+0000",
        same("string-nul", "1.5.3.TX-2", "4.7.3-2", "MQTT5-1.5.4-2", "MQTT5-4.7.3-2"),
        once(by_server, "PUBLISH", topic_name="luheng/\0"),
    ),
    Row(
        "topic-with-control-character",
        "主题名含控制字符",
        "a topic name with a control character",
        same("string-control-character", "MQTT311-S-003", "MQTT5-S-001"),
        once(by_server, "PUBLISH", topic_name="luheng/\x01"),
    ),
    Row(
        "topic-empty",
        "主题名为空",
        "an empty topic name",
        {"4.7.3-1": "topic-empty"}
        | same("topic-empty-without-alias", "MQTT5-4.7.3-1", "MQTT5-S-050"),
        once(by_server, "PUBLISH", topic_name=""),
    ),
    Row(
        "qos-3",
        "PUBLISH 的 QoS 为 3",
        "a PUBLISH with QoS 3",
        same("publish-qos-3", "3.3.1.TX-4", "MQTT5-3.3.1-4"),
        once(by_server, "PUBLISH", qos=3, packet_identifier=60_000),
    ),
    Row(
        "length-padded",
        "剩余长度的编码多一个字节",
        "a Remaining Length with an octet too many",
        {"MQTT5-1.5.5-1": "remaining-length-not-minimal"},
        [by_server("inject", "SUBACK", nth=1, octets=_PADDED)],
    ),
    Row(
        "pubrel-flags",
        "PUBREL 的固定报头标志为 0",
        "PUBREL with header flags 0",
        same("fixed-header-flags", "3.6.1-1", "MQTT5-3.6.1-1"),
        once(by_server, "PUBREL", flags=0),
        also=("2.2.2-1", "MQTT5-2.1.3-1"),
    ),
)

_CONNACKS = (
    Row(
        "connack-without-properties",
        "CONNACK 没有属性长度",
        "a CONNACK without Property Length",
        {"MQTT5-2.2.2-1": "missing-field"},
        replaced(by_server, "CONNACK", _BARE_CONNACK, {"version": 5}),
    ),
    Row(
        "connect-unanswered",
        "不应答 CONNECT",
        "does not answer a CONNECT",
        same("not-acknowledged", "3.1.4-4", "MQTT5-3.1.4-5"),
        [by_server("drop", "CONNACK", nth=1)],
    ),
    Row(
        "second-connack",
        "发送两个 CONNACK",
        "sends two CONNACKs",
        {"MQTT5-3.2.0-2": "second-connack"},
        [by_server("repeat", "CONNACK", nth=1)],
    ),
    Row(
        "connack-flags",
        "CONNACK 的保留标志不为 0",
        "reserved flags in CONNACK",
        same("connack-reserved-flags", "MQTT311-S-006", "MQTT5-3.2.2-1"),
        once(by_server, "CONNACK", patch=((2, 2),)),
    ),
    Row(
        "session-with-refusal",
        "拒绝连接时会话存在标志为 1",
        "Session Present in a CONNACK that refuses",
        same("session-present-refused", "3.2.2-4", "MQTT5-3.2.2-6"),
        once(by_server, "CONNACK", {"return_code": {"above": 0}}, session_present=True),
    ),
    Row(
        "talks-after-refusal",
        "拒绝连接后继续发送",
        "goes on sending after a CONNACK that refuses",
        same("packet-after-refusal", "3.2.2-5", "MQTT5-3.2.2-7"),
        [
            by_server(
                "inject",
                "CONNACK",
                match={"return_code": {"above": 0}},
                nth=1,
                octets=_PINGRESP,
            )
        ],
    ),
    Row(
        "connack-with-reserved-code",
        "CONNACK 的返回码为保留值",
        "a reserved return code in CONNACK",
        {"3.2.2-6": "connack-return-code", "MQTT5-3.2.2-8": "reason-code"},
        once(by_server, "CONNACK", return_code=0x66),
    ),
    Row(
        "goodbye-before-connack",
        "CONNACK 之前发送 DISCONNECT",
        "a DISCONNECT before CONNACK",
        {"MQTT5-3.14.0-1": "disconnect-before-connack"},
        [
            by_server(
                "inject",
                "CONNACK",
                match={"version": 5},
                nth=1,
                octets=_GOODBYE,
                before=True,
            )
        ],
        also=("MQTT5-3.2.0-1", "MQTT5-3.14.4-1"),
    ),
    Row(
        "talks-after-goodbye",
        "发送 DISCONNECT 后继续发送",
        "goes on sending after DISCONNECT",
        {"MQTT5-3.14.4-1": "packet-after-disconnect"},
        [by_server("inject", "DISCONNECT", nth=1, octets=_PINGRESP)],
    ),
    Row(
        "method-unasked",
        "客户端没有认证方法，CONNACK 仍带有",
        "a method in CONNACK for a client that named none",
        {"MQTT5-4.12.0-6": "auth-unasked"},
        once(by_server, "CONNACK", properties=properties(authentication_method="a")),
        **_AUTH,
    ),
)

_ANSWERS = (
    Row(
        "puback-of-another",
        "PUBACK 的报文标识符不对",
        "a PUBACK with another packet identifier",
        same("other-identifier", "2.3.1-6", "MQTT5-2.2.1-5"),
        once(by_server, "PUBACK", packet_identifier=65_533),
    ),
    Row(
        "unsuback-of-another",
        "UNSUBACK 的报文标识符不对",
        "an UNSUBACK with another packet identifier",
        same("other-identifier", "2.3.1-7", "MQTT5-2.2.1-6"),
        once(by_server, "UNSUBACK", packet_identifier=65_533),
    ),
    Row(
        "suback-with-reserved-code",
        "SUBACK 的返回码为保留值",
        "a reserved return code in SUBACK",
        {"3.9.3-2": "suback-return-code"}
        | same("reason-code", "MQTT5-3.9.3-2", "MQTT5-3.8.4-7"),
        once(by_server, "SUBACK", {"count": 1}, return_codes=(3,)),
    ),
    Row(
        "new-message-with-dup",
        "QoS 1 消息首次发送即置 DUP",
        "a QoS 1 message with DUP when it is sent first",
        same("dup-on-first", "4.3.2-1", "MQTT5-4.3.2-2"),
        once(by_server, "PUBLISH", {"qos": 1}, dup=True),
    ),
    Row(
        "new-message-with-dup-at-qos-2",
        "QoS 2 消息首次发送即置 DUP",
        "a QoS 2 message with DUP when it is sent first",
        {"MQTT5-4.3.3-2": "dup-on-first"},
        once(by_server, "PUBLISH", {"qos": 2}, dup=True),
    ),
    Row(
        "identifier-reused-at-qos-1",
        "新的 QoS 1 消息使用仍待确认的报文标识符",
        "a new QoS 1 message under an identifier that is still in use",
        same("identifier-in-use", "MQTT5-4.3.2-1", "MQTT5-2.2.1-4"),
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={"qos": 1, "version": 5},
                nth=1,
                set={"payload": b"another"},
            )
        ],
    ),
    Row(
        "identifier-reused-at-qos-2",
        "新的 QoS 2 消息使用仍待确认的报文标识符",
        "a new QoS 2 message under an identifier that is still in use",
        {"MQTT5-4.3.3-1": "identifier-in-use"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={"qos": 2, "version": 5},
                nth=1,
                set={"payload": b"another"},
            )
        ],
        also=("MQTT5-2.2.1-4",),
    ),
    Row(
        "any-identifier-zero",
        "5.0 的 QoS 1 PUBLISH 报文标识符为 0",
        "a QoS 1 PUBLISH of 5.0 with packet identifier 0",
        {"MQTT5-2.2.1-4": "packet-identifier-zero"},
        once(by_server, "PUBLISH", {**ABOVE_0, "version": 5}, packet_identifier=0),
    ),
)

_METHODS = (
    Row(
        "auth-flags",
        "AUTH 的固定报头标志为 1",
        "AUTH with header flags 1",
        {"MQTT5-3.15.1-1": "fixed-header-flags"},
        once(by_server, "AUTH", flags=1),
        also=("MQTT5-2.1.3-1",),
        **_AUTH,
    ),
    Row(
        "auth-of-another-method",
        "AUTH 改用其他认证方法",
        "an AUTH of another method",
        same("other-method", "MQTT5-4.12.0-5", "MQTT5-S-074"),
        once(
            by_server, "AUTH", properties=properties(authentication_method="LUHENG-X")
        ),
        **_AUTH,
    ),
    Row(
        "auth-with-undefined-reason",
        "AUTH 的原因码未定义",
        "a reason code in AUTH that is not defined",
        {"MQTT5-3.15.2-1": "reason-code"},
        once(by_server, "AUTH", reason_code=UNDEFINED),
        also=("MQTT5-4.12.0-2",),
        **_AUTH,
    ),
    Row(
        "auth-repeats-properties",
        "AUTH 中的属性重复出现",
        "properties that stand in AUTH twice",
        same("property-repeated", "MQTT5-S-075", "MQTT5-S-076", "MQTT5-S-077"),
        once(
            by_server,
            "AUTH",
            properties=twice(
                authentication_method="SCRAM-SHA-256",
                authentication_data=b"a",
                reason_string="a",
            ),
        ),
        **_AUTH,
    ),
    Row(
        "connack-repeats-methods",
        "CONNACK 中的认证属性重复出现",
        "authentication properties that stand in CONNACK twice",
        same("property-repeated", "MQTT5-S-046", "MQTT5-S-047"),
        once(
            by_server,
            "CONNACK",
            properties=twice(
                authentication_method="SCRAM-SHA-256", authentication_data=b"a"
            ),
        ),
        also=("MQTT5-4.12.0-6",),
        **_AUTH,
    ),
)

PACKETS = (
    *PROPERTIES,
    *_ALIASES,
    *_STRINGS,
    *_CONNACKS,
    *_ANSWERS,
    *_METHODS,
)
