# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in the exchanges of QoS 1 and 2: faults out of a real mosquitto.

What a publisher's packets are answered with, and what a subscriber is sent until it has
acknowledged.  Each fault keeps to the topic or the client identifiers of the check that
has to find it.  Part of the tables in ``deviations.delivery``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec import properties, properties_raw, publish_raw
from conformance.protocols.mqtt.deviations import Row, by_client, by_server

__all__ = ["EXCHANGES"]


def _of(client: str, **more: Any) -> dict[str, Any]:
    """Match what goes over the connections of a check's own client."""
    return {"connection": {"prefix": client}, **more}


def _on(topic: str, **more: Any) -> dict[str, Any]:
    """Match what is published on a check's own topic."""
    return {"topic_name": {"suffix": f"/{topic}"}, **more}


_RESENT = _on("unacked", dup=True)
_SERVED_AGAIN = {"topic_name": {"has": "/served/"}, "dup": True}
_AGAIN = {
    version: publish_raw(
        "luheng/again", b"x", qos=2, dup=1, packet_identifier=1, properties=more
    )
    for version, more in ((4, None), (5, properties_raw()))
}
_LONG = "x" * 60

_RECEIVING = (
    Row(
        "puback-missing",
        "不应答 QoS 1 的 PUBLISH",
        "does not answer a PUBLISH at QoS 1",
        {"4.3.2-2": "no-puback", "MQTT5-4.3.2-4": "no-puback"},
        [by_server("drop", "PUBACK", match=_of("taken"))],
    ),
    Row(
        "lost-at-qos-1",
        "已确认的 QoS 1 消息丢失",
        "loses a QoS 1 message that it has acknowledged",
        {"4.3.2-2": "lost"},
        [by_server("drop", "PUBLISH", match=_on("taken", payload=b"first"))],
    ),
    Row(
        "identifier-burnt-at-qos-1",
        "把沿用报文标识符的新 QoS 1 消息当作重发",
        "takes a new QoS 1 message under an old identifier for a repeat",
        {"4.3.2-2": "identifier-not-new", "MQTT5-4.3.2-5": "identifier-not-new"},
        [by_server("drop", "PUBLISH", match=_on("taken", payload=b"again"))],
    ),
    Row(
        "pubrec-missing",
        "不应答 QoS 2 的 PUBLISH",
        "does not answer a PUBLISH at QoS 2",
        {"4.3.3-2": "no-pubrec", "MQTT5-4.3.3-8": "no-pubrec"},
        [by_server("drop", "PUBREC", match=_of("once"))],
    ),
    Row(
        "pubcomp-missing",
        "不应答 PUBREL",
        "does not answer PUBREL",
        {"4.3.3-2": "no-pubcomp", "MQTT5-4.3.3-11": "no-pubcomp"},
        [by_server("drop", "PUBCOMP", match=_of("once"))],
    ),
    Row(
        "identifier-burnt-by-refusal",
        "以 PUBREC 拒绝后不再接受该报文标识符的新消息",
        "takes no new message under an identifier that it has refused",
        {"MQTT5-4.3.3-9": "identifier-not-new"},
        [by_client("drop", "PUBLISH", match=_on("freed", payload=b"new"))],
    ),
    Row(
        "exchange-expires",
        "消息过期后不再完成 QoS 2 的应答",
        "leaves a QoS 2 exchange when its message has expired",
        {"MQTT5-4.3.3-13": "no-pubcomp"},
        [by_server("drop", "PUBCOMP", match=_of("outlived"))],
    ),
    Row(
        "unauthorised-unanswered",
        "不应答未授权的 PUBLISH",
        "does not answer a PUBLISH that it does not authorise",
        {"3.3.5-2": "not-acknowledged"},
        [by_client("drop", "PUBLISH", match={"topic_name": {"prefix": "$SYS/"}})],
    ),
    Row(
        "reasons-too-large",
        "应答中的原因字符串使报文超出最大报文长度",
        "Reason Strings make acknowledgements too large for the client",
        {f"MQTT5-3.{chapter}.2-2": "too-large" for chapter in (4, 5, 6, 7)},
        [
            by_server(
                "alter",
                match=_of(
                    "fits", kind={"in": ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP")}
                ),
                set={"properties": properties(reason_string=_LONG)},
            )
        ],
    ),
    Row(
        "user-properties-too-large",
        "应答中的用户属性使报文超出最大报文长度",
        "User Properties make acknowledgements too large for the client",
        {f"MQTT5-3.{chapter}.2-3": "too-large" for chapter in (4, 5, 6, 7)},
        [
            by_server(
                "alter",
                match=_of(
                    "fits", kind={"in": ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP")}
                ),
                set={"properties": properties(user_property=[("why", _LONG)])},
            )
        ],
    ),
)

_SENDING = (
    Row(
        "identifier-at-qos-0",
        "QoS 0 的 PUBLISH 带有报文标识符",
        "a QoS 0 PUBLISH with a packet identifier",
        {
            "2.3.1-5": "octets-before-payload",
            "MQTT5-2.2.1-2": "octets-before-payload",
        },
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("bare", payload=b"bare payload"),
                set={"payload": b"\x00\x07bare payload"},
            )
        ],
    ),
    Row(
        "dup-passed-on",
        "转发时沿用收到的 DUP 标志",
        "passes a DUP flag on",
        {"3.3.1-3": "dup-passed-on", "MQTT5-3.3.1-3": "dup-passed-on"},
        [by_server("alter", "PUBLISH", match=_on("dup"), set={"dup": True})],
        also=("4.3.2-1", "MQTT5-4.3.2-2"),
    ),
    Row(
        "nothing-resent",
        "会话恢复后不重发未确认的消息",
        "does not send again what was unacknowledged when a session goes on",
        {
            "4.4.0.P-1": "not-resent",
            "MQTT5-4.4.0-1": "not-resent",
            "MQTT5-4.3.2-3": "not-resent",
            "MQTT5-4.3.3-3": "not-resent",
        },
        [
            by_server("drop", "PUBLISH", match=_RESENT),
            by_server("drop", "PUBLISH", match=_SERVED_AGAIN),
        ],
        also=("4.5.0-1", "MQTT5-4.5.0-1"),
    ),
    Row(
        "resent-without-dup",
        "重发的 PUBLISH 未置 DUP",
        "sends a PUBLISH again with DUP 0",
        {"3.3.1.P-1": "dup-not-set", "MQTT5-3.3.1-1": "dup-not-set"},
        [by_server("alter", "PUBLISH", match=_RESENT, set={"dup": False})],
    ),
    Row(
        "resent-under-another-identifier",
        "重发时更换报文标识符",
        "sends a PUBLISH again under another identifier",
        {"4.4.0.P-1": "other-identifier", "MQTT5-4.4.0-1": "other-identifier"},
        [
            by_server(
                "alter", "PUBLISH", match=match, set={"packet_identifier": 54_321}
            )
            for match in (_RESENT, _SERVED_AGAIN)
        ],
    ),
    Row(
        "resent-meanwhile",
        "连接未断开时重发",
        "sends a PUBLISH again on the same connection",
        {"MQTT5-4.4.0-1": "resent-meanwhile"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match=_on("unacked", dup=False, payload=b"third"),
                set={"dup": True},
            )
        ],
    ),
    Row(
        "pubrel-missing",
        "不以 PUBREL 应答 PUBREC",
        "does not answer PUBREC with PUBREL",
        {
            "4.3.3-1": "not-released",
            "4.3.3.P-1": "no-pubrel",
            "MQTT5-4.3.3-4": "no-pubrel",
        },
        [by_server("drop", "PUBREL", match=_of("released"))],
    ),
    Row(
        "pubrel-not-resent",
        "会话恢复后不重发 PUBREL",
        "does not send PUBREL again when a session goes on",
        {"4.3.3.P-1": "pubrel-not-resent", "MQTT5-4.3.3-5": "pubrel-not-resent"},
        [
            by_client(
                "alter", "CONNECT", match=_of("released"), set={"clean_session": 1}
            )
        ],
    ),
    Row(
        "published-after-pubrel",
        "发送 PUBREL 之后又重发 PUBLISH",
        "sends a PUBLISH again after its PUBREL",
        {
            "4.3.3.P-1": "publish-after-pubrel",
            "MQTT5-4.3.3-6": "publish-after-pubrel",
        },
        [
            by_server(
                "inject",
                "CONNACK",
                match=_of("released", session_present=True, version=version),
                octets=octets,
            )
            for version, octets in _AGAIN.items()
        ],
    ),
    Row(
        "expires-midway",
        "消息过期后不再继续 QoS 2 的发送流程",
        "leaves a QoS 2 exchange when the message that it sent has expired",
        {"MQTT5-4.3.3-7": "no-pubrel"},
        [by_server("drop", "PUBREL", match=_of("midway"))],
        also=("MQTT5-4.3.3-4",),
    ),
    Row(
        "resent-after-refusal",
        "被拒绝的消息仍然重发",
        "sends again what the client has refused",
        {"MQTT5-4.4.0-2": "resent-after-refusal"},
        [by_client("drop", "PUBACK", match={"reason_code": {"above": 0x7F}})],
    ),
    Row(
        "receive-maximum-ignored",
        "不遵守客户端的接收最大值",
        "does not keep to the client's Receive Maximum",
        {
            "MQTT5-3.3.4-9": "over-quota",
            "MQTT5-4.9.0-1": "over-quota",
            "MQTT5-4.9.0-2": "over-quota",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match=_of("window"),
                set={"properties": ()},
            )
        ],
    ),
    Row(
        "lowest-qos-of-overlaps",
        "过滤器重叠时按最低的 QoS 投递",
        "delivers at the lowest QoS of overlapping filters",
        {"3.3.5-1": "qos-lowered", "MQTT5-3.3.4-2": "qos-lowered"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/overlap/a"}, "qos": {"above": 0}},
                set={"qos": 0, "packet_identifier": None},
            )
        ],
    ),
    Row(
        "first-qos-of-overlaps",
        "过滤器重叠时只按其中一个的 QoS 投递（mosquitto 2.0 默认设置）",
        "delivers at the QoS of one of overlapping filters (mosquitto 2.0 by default)",
        {"3.3.5-1": "qos-lowered"},
        config=["allow_duplicate_messages false"],
    ),
    Row(
        "held-back-at-zero-quota",
        "发送配额用尽时不应答其他报文",
        "answers nothing else while its send quota is used up",
        {"MQTT5-3.3.4-10": "held-back", "MQTT5-4.9.0-3": "held-back"},
        [by_client("drop", "SUBSCRIBE", match={"filter": {"suffix": "/window/other"}})],
    ),
)

EXCHANGES = (*_RECEIVING, *_SENDING)
