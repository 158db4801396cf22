# SPDX-License-Identifier: Apache-2.0
"""Devices that deviate in what they heed: limits, errors, silence and farewells.

Source of each: the requirement that it breaks, in sd-base-mqtt311 and sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.link.proxy import ProxyRule
from conformance.protocols.mqtt.codec import Publish, encode
from conformance.protocols.mqtt.codec.properties import properties
from conformance.protocols.mqtt.deviations import Row, by_client, by_server, tolerated
from conformance.protocols.mqtt.simulator.auth import METHOD

__all__ = ["FAULTS", "LIBERTIES"]

_PINGREQ, _PINGRESP = b"\xc0\x00", b"\xd0\x00"
_LONG = properties(reason_string="x" * 200, user_property=[("why", "y" * 200)])
_LONG_AUTH = (*properties(authentication_method=METHOD), *_LONG)
_EARLY = encode(Publish("luheng/station/early", b"x" * 500), 5)
_AUTH = {"ENHANCED_AUTH": True}


def _ignores(*names: str, **settings: Any) -> dict[str, Any]:
    return {"ignores": frozenset(names), **settings}


def _fits(*numbers: str) -> dict[str, str]:
    return {f"MQTT5-{number}.D-{n}": "too-large" for number in numbers for n in (2, 3)}


_LIMITS = (
    Row(
        "maximum-qos-unheeded",
        "发布的 QoS 超过服务端的最大 QoS",
        "publishes above the Maximum QoS",
        {"MQTT5-3.2.2-11": "qos-too-high"},
        settings=_ignores("MaximumQoS"),
    ),
    Row(
        "retained-all-the-same",
        "服务端不支持保留消息时仍发布保留消息",
        "publishes retained messages where they are not available",
        {"MQTT5-3.2.2-14": "retained"},
        settings=_ignores("RetainAvailable"),
    ),
    Row(
        "packet-size-unheeded",
        "报文超过服务端的最大报文长度",
        "sends packets above the Maximum Packet Size",
        {"MQTT5-3.2.2-15": "too-large"},
        settings=_ignores("MaximumPacketSize"),
    ),
    Row(
        "alias-maximum-unheeded",
        "主题别名超过服务端的最大值",
        "uses topic aliases above the server's maximum",
        {
            "MQTT5-3.2.2-17": "alias-too-high",
            "MQTT5-3.2.2-18": "alias-unasked",
            "MQTT5-3.3.2-9": "alias-too-high",
        },
        settings=_ignores("TopicAliasMaximum"),
    ),
    Row(
        "wildcard-all-the-same",
        "服务端不支持时仍使用通配符订阅",
        "asks for wildcard subscriptions where they are not available",
        {"MQTT5-S-038": "wildcard-asked"},
        settings=_ignores("WildcardSubscriptionAvailable"),
    ),
    Row(
        "identifier-all-the-same",
        "服务端不支持时仍发送订阅标识符",
        "sends subscription identifiers where they are not available",
        {"MQTT5-S-040": "identifier-sent"},
        settings=_ignores("SubscriptionIdentifierAvailable"),
    ),
    Row(
        "share-all-the-same",
        "服务端不支持时仍使用共享订阅",
        "asks for shared subscriptions where they are not available",
        {"MQTT5-S-042": "share-asked"},
        settings=_ignores("SharedSubscriptionAvailable"),
    ),
    Row(
        "receive-maximum-unheeded",
        "未确认的消息超过服务端的接收最大值",
        "has more messages unacknowledged than the Receive Maximum",
        {
            "MQTT5-3.3.4-7": "too-many",
            "MQTT5-4.9.0.D-1": "too-many",
            "MQTT5-4.9.0.D-2": "too-many",
        },
        settings=_ignores("ReceiveMaximum", "receive_maximum"),
    ),
    Row(
        "all-held-back",
        "发送配额为零时不应答其他报文",
        "answers nothing while the send quota is zero",
        {"MQTT5-3.3.4-8": "held-back", "MQTT5-4.9.0.D-3": "held-back"},
        settings=_ignores("holds-back"),
    ),
    Row(
        "server-keep-alive-unheeded",
        "不采用服务端保活时间",
        "keeps to its own Keep Alive instead of the server's",
        {
            "MQTT5-3.1.2-21": "silent-too-long",
            "MQTT5-3.2.2-21": "silent-too-long",
        },
        settings=_ignores("ServerKeepAlive", keep_alive_s=6),
        also=("MQTT5-3.1.2-20",),
    ),
    Row(
        "answers-too-long",
        "应答因原因字符串和用户属性超过服务端的最大报文长度",
        "answers that Reason String and User Property make too large",
        _fits("3.4.2", "3.5.2", "3.6.2", "3.7.2")
        | {"MQTT5-3.14.2.D-3": "too-large", "MQTT5-3.14.2.D-4": "too-large"},
        [
            by_client("alter", kind, set={"properties": _LONG})
            for kind in ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "DISCONNECT")
        ],
        also=("MQTT5-3.2.2-15",),
    ),
    Row(
        "auth-too-long",
        "AUTH 因原因字符串和用户属性超过服务端的最大报文长度",
        "an AUTH that Reason String and User Property make too large",
        _fits("3.15.2"),
        [by_client("alter", "AUTH", set={"properties": _LONG_AUTH})],
        settings={"method": METHOD},
        answers=_AUTH,
        also=("MQTT5-3.2.2-15",),
    ),
)


def _goes_on(kind: str) -> list[ProxyRule]:
    match = {"kind": kind, "errors": {"has": "fixed-header-flags"}}
    return [ProxyRule("server", "drop", match)]


_ENDS = (
    Row(
        "tolerates-nul",
        "收到含 U+0000 的字符串后不断开",
        "goes on after a string with U+0000",
        {"1.5.3.D-2": "still-open"},
        tolerated("server", "string-nul"),
        also=("MQTT5-S-087",),
    ),
    Row(
        "tolerates-errors",
        "发现协议错误后不断开",
        "goes on after protocol errors",
        {"MQTT5-S-087": "still-open"},
        tolerated("server", "topic-name-wildcard"),
        also=("MQTT5-S-088",),
    ),
    Row(
        "says-no-reason",
        "发现错误时不说明原因",
        "says not why it closes",
        {"MQTT5-S-088": "no-reason"},
        settings=_ignores("reason"),
    ),
    Row(
        "tolerates-disconnect-flags",
        "收到标志位不为 0 的 DISCONNECT 后不断开",
        "goes on after DISCONNECT with wrong flags",
        {"MQTT5-3.14.1.D-1": "still-open"},
        _goes_on("DISCONNECT"),
    ),
    Row(
        "tolerates-auth-flags",
        "收到标志位不为 0 的 AUTH 后不断开",
        "goes on after AUTH with wrong flags",
        {"MQTT5-3.15.1.D-1": "still-open"},
        _goes_on("AUTH"),
        settings={"method": METHOD},
        answers=_AUTH,
    ),
    Row(
        "stays-after-failure",
        "以失败原因码发送 DISCONNECT 后不关闭连接",
        "does not close after a DISCONNECT that tells of a failure",
        {"MQTT5-4.13.2.D-1": "still-open"},
        [by_client("linger", "DISCONNECT", match={"reason_code": {"above": 0x7F}})],
        also=("MQTT5-S-087", "MQTT5-3.14.1.D-1", "MQTT5-3.2.2-4"),
    ),
    Row(
        "deaf-to-goodbye",
        "收到 DISCONNECT 后不关闭连接",
        "does not close after the server's DISCONNECT",
        {"MQTT5-S.D-073": "still-open"},
        [by_server("drop", "DISCONNECT", match={"flags": 0})],
    ),
    Row(
        "waits-for-pingresp",
        "收不到 PINGRESP 也不断开",
        "does not close without PINGRESP",
        {"S-004": "still-open", "MQTT5-S-005": "still-open"},
        [by_client("inject", "PINGREQ", octets=_PINGRESP, toward="client")],
    ),
    Row(
        "waits-for-connack",
        "收不到 CONNACK 也不断开",
        "does not close without CONNACK",
        {"S-005": "still-open", "MQTT5-S-024": "still-open"},
        settings=_ignores("connack"),
    ),
    Row(
        "deaf-to-refusal",
        "被拒绝后当作已接受，继续发送",
        "takes a refusal for an acceptance and goes on sending",
        {"S-012": "goes-on", "MQTT5-S-090": "goes-on"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"return_code": {"in": (3, 0x88)}},
                set={"return_code": 0},
            )
        ],
    ),
    Row(
        "stays-with-its-server",
        "不理会服务端重定向",
        "heeds no redirection",
        {"MQTT5-S-082": "not-there", "MQTT5-S-083": "not-there"},
        settings=_ignores("ServerReference"),
    ),
)

_AUTHENTICATING = (
    Row(
        "answers-by-other-reason",
        "以其他原因码应答服务端的 AUTH",
        "answers AUTH under another reason code",
        {"MQTT5-4.12.0-3": "other-reason"},
        [
            by_client(
                "alter", "AUTH", match={"reason_code": 0x18}, set={"reason_code": 0x19}
            )
        ],
        settings={"method": METHOD},
        answers=_AUTH,
    ),
    Row(
        "trusts-all-the-same",
        "重新认证失败后不关闭连接",
        "does not close after a re-authentication that failed",
        {"MQTT5-4.12.1.D-2": "still-open"},
        settings=_ignores("method", method=METHOD),
        answers=_AUTH,
        also=("MQTT5-S-087", "MQTT5-S.D-086"),
    ),
    Row(
        "says-not-why-it-distrusts",
        "重新认证失败时不说明原因",
        "says not that a re-authentication has failed",
        {"MQTT5-S.D-086": "no-reason"},
        settings=_ignores("reason", method=METHOD),
        answers=_AUTH,
        also=("MQTT5-S-088",),
    ),
    Row(
        "speaks-second",
        "CONNECT 中不携带认证数据",
        "has no authentication data in CONNECT",
        {"MQTT5-S-084": "no-data"},
        settings={"method": METHOD, "speaks_first": False},
        answers=_AUTH,
    ),
)

FAULTS = (*_LIMITS, *_ENDS, *_AUTHENTICATING)

LIBERTIES = (
    Row(
        "pings-before-connack",
        "不等 CONNACK 即发送 PINGREQ",
        "sends PINGREQ without waiting for CONNACK",
        {},
        [by_client("inject", "CONNECT", octets=_PINGREQ)],
        checks=("mqtt.heeds_refusal", "mqtt.gives_up_without_connack"),
    ),
    Row(
        "publishes-before-connack",
        "有时不等 CONNACK 即发布消息",
        "now and then publishes without waiting for CONNACK",
        {},
        [by_client("inject", "CONNECT", match={"version": 5}, nth=3, octets=_EARLY)],
        checks=("mqtt.heeds_packet_size",),
    ),
    Row(
        "patient-for-connack",
        "等待 CONNACK 的时间长于保活时间，等待期间不发送",
        "waits for CONNACK, in silence, for longer than its Keep Alive",
        {},
        settings=_ignores("hurry", keep_alive_s=2),
        checks=("mqtt.keep_alive_kept", "mqtt.gives_up_without_connack"),
    ),
    Row(
        "authenticates-in-steps",
        "使用增强认证",
        "authenticates in steps",
        {},
        settings={"method": METHOD},
        answers=_AUTH,
        checks=("mqtt.answers_challenge",),
    ),
)
