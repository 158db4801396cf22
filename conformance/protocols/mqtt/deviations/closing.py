# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in what they tolerate: faults made out of a real mosquitto.

Each keeps one kind of wrong packet from mosquitto, which then goes on.  Part of the
tables in ``deviations.platform``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

import math

from conformance.link.proxy import ProxyRule
from conformance.protocols.mqtt.deviations import (
    Row,
    by_client,
    by_server,
    tolerated,
)

__all__ = ["CLOSING"]


def _with_flags(kind: str) -> dict[str, object]:
    return {"kind": kind, "errors": {"has": "fixed-header-flags"}}


def _answered(error: str, octets: bytes) -> list[ProxyRule]:
    """Answer packets with an error by octets, in the place of mosquitto's close."""
    match = {"errors": {"has": error}}
    answer = by_client("inject", match=match, octets=octets, toward="client")
    return [answer, *tolerated("client", error)]


CLOSING = (
    Row(
        "waits-for-connect",
        "不关闭未发送 CONNECT 的连接",
        "keeps a connection on which no CONNECT comes",
        {"S-002": "still-open", "MQTT5-S-022": "still-open"},
        patience_s=math.inf,
    ),
    Row(
        "tolerates-pubrel-flags",
        "收到固定报头标志错误的 PUBREL 后不断开",
        "goes on after a PUBREL with wrong header flags",
        {"3.6.1.RX-1": "still-open", "MQTT5-3.6.1.RX-1": "still-open"},
        [by_client("drop", match=_with_flags("PUBREL"))],
        also=("2.2.2-2",),
    ),
    Row(
        "tolerates-subscribe-flags",
        "收到固定报头标志错误的 SUBSCRIBE 后不断开",
        "goes on after a SUBSCRIBE with wrong header flags",
        {"3.8.1.RX-1": "still-open", "MQTT5-3.8.1.RX-1": "still-open"},
        [by_client("drop", match=_with_flags("SUBSCRIBE"))],
        also=("2.2.2-2",),
    ),
    Row(
        "tolerates-unsubscribe-flags",
        "收到固定报头标志错误的 UNSUBSCRIBE 后不断开",
        "goes on after an UNSUBSCRIBE with wrong header flags",
        {"3.10.1.RX-1": "still-open", "MQTT5-3.10.1.RX-1": "still-open"},
        [by_client("drop", match=_with_flags("UNSUBSCRIBE"))],
        also=("2.2.2-2",),
    ),
    Row(
        "tolerates-reserved-options",
        "收到保留位不为 0 的 SUBSCRIBE 后不断开",
        "goes on after a SUBSCRIBE with reserved bits set",
        {"3.8.3-4": "still-open", "MQTT5-3.8.3-5": "still-open"},
        tolerated("client", "requested-qos-reserved", "subscription-options-reserved"),
    ),
    Row(
        "tolerates-requested-qos-3",
        "收到请求 QoS 3 的 SUBSCRIBE 后不断开",
        "goes on after a SUBSCRIBE that asks for QoS 3",
        {"3.8.3-4": "still-open", "MQTT5-4.13.1-1": "still-open"},
        tolerated("client", "requested-qos-3"),
    ),
    Row(
        "answers-requested-qos-3",
        "对请求 QoS 3 的 SUBSCRIBE 回复返回码 0x03，且不断开",
        "grants QoS 3 in a SUBACK and stays",
        {"3.8.3-4": "still-open"},
        _answered("requested-qos-3", b"\x90\x03\x00\x01\x03"),
        also=("3.9.3-2",),
    ),
    Row(
        "answers-and-closes",
        "对请求 QoS 3 的 SUBSCRIBE 先回复返回码 0x03，再断开",
        "grants QoS 3 in a SUBACK before the close",
        {"3.9.3-2": "suback-return-code"},
        _answered("requested-qos-3", b"\x90\x03\x00\x01\x03")[:1],
    ),
    Row(
        "answers-requested-qos-3-of-5",
        "对请求 QoS 3 的 SUBSCRIBE 回复原因码 0x03，且不断开",
        "grants QoS 3 in a SUBACK of 5.0 and stays",
        {"MQTT5-4.13.1-1": "still-open"},
        _answered("requested-qos-3", b"\x90\x04\x00\x01\x00\x03"),
        also=("MQTT5-3.8.4-7", "MQTT5-3.9.3-2"),
    ),
    Row(
        "dies-of-unknown-alias",
        "收到未建立的主题别名后崩溃",
        "crashes over a topic alias that stands for nothing",
        {"MQTT5-4.13.1-1": "dead"},
        [by_client("die", "PUBLISH", match={"topic_name": "", "Topic Alias": 1})],
    ),
    Row(
        "tolerates-wrong-connect",
        "接受属性重复的 CONNECT",
        "accepts a CONNECT with a property twice",
        {"MQTT5-3.1.4-1": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"errors": {"has": "property-repeated"}},
                set={"properties": (), "will_properties": ()},
            )
        ],
    ),
    Row(
        "closes-without-reason",
        "出错时不发送 DISCONNECT 即关闭",
        "closes over errors without a DISCONNECT",
        {"MQTT5-S-089": "no-reason"},
        [by_server("drop", "DISCONNECT", match={"reason_code": {"in": (0x81, 0x82)}})],
    ),
)
