# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in what they keep and pass on: faults out of a real mosquitto.

Retained messages and the options that ask for them; properties, topic aliases, expiry
and subscription identifiers of 5.0.  Each fault keeps to the topics of the check that
has to find it.  Part of the tables in ``deviations.delivery``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec import Properties, properties
from conformance.protocols.mqtt.deviations import COPY, Row, by_client, by_server

__all__ = ["CONTENT_ON_ITS_WAY", "RETAINED"]


def _on(topic: str, **more: Any) -> dict[str, Any]:
    """Match what is published on a check's own topic."""
    return {"topic_name": {"suffix": f"/{topic}"}, **more}


def _asking(topic: str, **more: Any) -> dict[str, Any]:
    """Match a subscription to a check's own topic."""
    return {"filter": {"suffix": f"/{topic}"}, **more}


RETAINED = (
    Row(
        "retained-qos-lost",
        "保留消息均按 QoS 0 保存",
        "stores every retained message at QoS 0",
        {"3.3.1-5": "qos-not-kept"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("stored", retain=True),
                set={"qos": 0, "packet_identifier": None},
            )
        ],
    ),
    Row(
        "retained-not-stored",
        "不保存保留消息",
        "stores no retained message",
        {"3.3.1-5": "retained-missing", "MQTT5-3.3.1-5": "retained-missing"},
        [by_client("alter", "PUBLISH", match=_on("stored"), set={"retain": False})],
    ),
    Row(
        "retained-not-replaced",
        "新的保留消息不替换原有的保留消息",
        "keeps the old retained message beside the new one",
        {"MQTT5-3.3.1-5": "not-replaced"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match=_on("stored", retain=True, payload=b"new"),
                set={**COPY, "payload": b"old"},
            )
        ],
    ),
    Row(
        "retained-not-replaced-at-qos-0",
        "QoS 0 的保留消息不替换原有的保留消息",
        "lets a retained message at QoS 0 replace nothing",
        {"3.3.1-7": "old-retained"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match=_on("replaced", qos=0, retain=True),
                set={"retain": False},
            ),
        ],
    ),
    Row(
        "not-retained-at-qos-0",
        "QoS 0 的保留消息清除原有的保留消息而不被保存",
        "clears what is retained for a message at QoS 0 and does not store that",
        {"MQTT311-S-011": "retained-missing", "MQTT5-S-048": "retained-missing"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match=_on("replaced", retain=True, payload=b"new"),
            )
        ],
    ),
    Row(
        "empty-retained",
        "保存空的保留消息",
        "stores a retained message without payload",
        {"3.3.1-11": "empty-retained", "MQTT5-3.3.1-7": "empty-retained"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match=_on("emptied", qos=0),
                set={"payload": b"", "retain": True},
                before=True,
            )
        ],
    ),
    Row(
        "empty-clears-nothing",
        "空的保留消息不清除原有的保留消息",
        "clears nothing on an empty retained message",
        {"MQTT5-3.3.1-6": "not-cleared"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match=_on("emptied", payload=b"", retain=True),
                set={"retain": False},
            )
        ],
    ),
    Row(
        "empty-not-passed-on",
        "不转发空的保留消息",
        "does not pass an empty retained message on",
        {"MQTT5-3.3.1-6": "clear-not-passed-on"},
        [by_server("drop", "PUBLISH", match=_on("emptied", payload=b""))],
    ),
    Row(
        "retained-dies-with-session",
        "会话结束时删除其保留消息",
        "drops a retained message when the session of its publisher ends",
        {"3.1.2-7": "retained-lost"},
        [by_server("drop", "PUBLISH", match=_on("outliving", payload=b"kept"))],
    ),
    Row(
        "handling-0-once",
        "重复订阅时不再发送保留消息（Retain Handling 为 0）",
        "sends retained messages the first time only with Retain Handling 0",
        {"MQTT5-3.3.1-9": "retained-missing"},
        [
            by_client(
                "alter", "SUBSCRIBE", match=_asking("handling0"), set={"options": 0x11}
            )
        ],
    ),
    Row(
        "handling-1-always",
        "Retain Handling 为 1 时对已有订阅也发送保留消息",
        "sends retained messages for an existing subscription with Retain Handling 1",
        {"MQTT5-3.3.1-10": "retained-sent"},
        [
            by_client(
                "alter", "SUBSCRIBE", match=_asking("handling1"), set={"options": 0x01}
            )
        ],
    ),
    Row(
        "handling-1-never",
        "Retain Handling 为 1 时对新的订阅不发送保留消息",
        "sends no retained message for a new subscription with Retain Handling 1",
        {"MQTT5-3.3.1-10": "retained-missing"},
        [
            by_client(
                "alter", "SUBSCRIBE", match=_asking("handling1"), set={"options": 0x21}
            )
        ],
    ),
    Row(
        "handling-2-ignored",
        "Retain Handling 为 2 时仍发送保留消息",
        "sends retained messages with Retain Handling 2",
        {"MQTT5-3.3.1-11": "retained-sent"},
        [
            by_client(
                "alter", "SUBSCRIBE", match=_asking("handling2"), set={"options": 0x01}
            )
        ],
    ),
    Row(
        "as-published-ignored",
        "Retain As Published 为 1 时仍清除 RETAIN 标志",
        "clears RETAIN although Retain As Published is 1",
        {"MQTT5-3.3.1-13": "not-flagged"},
        [
            by_client(
                "alter", "SUBSCRIBE", match=_asking("published"), set={"options": 0x01}
            )
        ],
    ),
    Row(
        "always-flagged",
        "Retain As Published 为 1 时总是置 RETAIN 标志",
        "always sets RETAIN where Retain As Published is 1",
        {"MQTT5-3.3.1-13": "flagged"},
        [by_server("alter", "PUBLISH", match=_on("published"), set={"retain": True})],
    ),
)


def _changed(
    name: str, zh: str, en: str, breaks: dict[str, str], after: Properties, **more: Any
) -> Row:
    """A row whose server sends messages of the check with other properties."""
    rule = by_server(
        "alter", "PUBLISH", match=_on("forwarded", **more), set={"properties": after}
    )
    return Row(name, zh, en, breaks, [rule])


_PASSED_ON = {
    "MQTT5-3.3.2-4": "missing",
    "MQTT5-3.3.2-15": "missing",
    "MQTT5-3.3.2-16": "missing",
    "MQTT5-3.3.2-17": "missing",
    "MQTT5-3.3.2-20": "missing",
}
_MIXED = properties(user_property=[("a", "0"), ("a", "1"), ("a", "1"), ("b", "2")])

CONTENT_ON_ITS_WAY = (
    _changed(
        "properties-dropped",
        "转发时丢弃消息的属性",
        "drops the properties of a message",
        _PASSED_ON,
        (),
    ),
    _changed(
        "payload-format-changed",
        "转发时改变载荷格式指示",
        "changes the Payload Format Indicator",
        {"MQTT5-3.3.2-4": "altered"},
        properties(payload_format_indicator=0),
        **{"Payload Format Indicator": 1},
    ),
    _changed(
        "response-topic-changed",
        "转发时改变响应主题",
        "changes the Response Topic",
        {"MQTT5-3.3.2-15": "altered"},
        properties(response_topic="luheng/elsewhere"),
        **{"Response Topic": {"prefix": ""}},
    ),
    _changed(
        "correlation-data-changed",
        "转发时截短对比数据",
        "cuts the Correlation Data short",
        {"MQTT5-3.3.2-16": "altered"},
        properties(correlation_data=b"\0"),
        **{"Correlation Data": {"prefix": b""}},
    ),
    _changed(
        "content-type-changed",
        "转发时改变内容类型",
        "changes the Content Type",
        {"MQTT5-3.3.2-20": "altered"},
        properties(content_type="text/plain"),
        **{"Content Type": {"prefix": ""}},
    ),
    _changed(
        "user-properties-merged",
        "同名用户属性只转发一个",
        "passes one user property of each name on",
        {"MQTT5-3.3.2-17": "altered"},
        properties(user_property=[("a", "1"), ("b", "2")]),
        **{"User Property": ("a", "0")},
    ),
    _changed(
        "user-properties-sorted",
        "用户属性的次序被改变",
        "sorts user properties",
        {"MQTT5-3.3.2-18": "reordered"},
        _MIXED,
        **{"User Property": ("a", "0")},
    ),
    Row(
        "highest-alias-refused",
        "不接受等于最大值的主题别名",
        "does not accept the topic alias that is its maximum",
        {"MQTT5-3.3.2-12": "alias-not-accepted"},
        [by_client("close", "PUBLISH", match={"Topic Alias": 10})],
    ),
    Row(
        "alias-remembered",
        "上一连接的主题别名在新的连接上仍有效",
        "goes by a topic alias of an earlier connection",
        {"MQTT5-3.3.2-7": "alias-remembered"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match=_on("unaliased", payload={"prefix": b"fence"}),
                set={"payload": b"stale"},
                before=True,
            )
        ],
    ),
    Row(
        "expiry-ignored",
        "不理会消息过期间隔",
        "takes no notice of the Message Expiry Interval",
        {"MQTT5-3.3.2-5": "expired-delivered", "MQTT5-S-049": "expired-delivered"},
        [by_client("alter", "PUBLISH", match=_on("expiring"), set={"properties": ()})],
    ),
    Row(
        "expiry-not-reduced",
        "转发的消息过期间隔未减去等待时间",
        "passes the Message Expiry Interval on as it came",
        {"MQTT5-3.3.2-6": "interval-not-reduced"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("counted"),
                set={"properties": properties(message_expiry_interval=600)},
            )
        ],
    ),
    Row(
        "expiry-not-passed-on",
        "转发时去掉消息过期间隔",
        "passes no Message Expiry Interval on",
        {"MQTT5-3.3.2-6": "interval-missing"},
        [by_server("alter", "PUBLISH", match=_on("counted"), set={"properties": ()})],
    ),
    Row(
        "expiry-runs-fast",
        "消息过期间隔减得过多",
        "takes too much off the Message Expiry Interval",
        {"MQTT5-3.3.2-6": "interval-too-low"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("counted"),
                set={"properties": properties(message_expiry_interval=60)},
            )
        ],
    ),
    Row(
        "identifier-left-out",
        "消息不带订阅标识符",
        "sends messages without subscription identifiers",
        {"MQTT5-3.3.4-3": "identifier-missing"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={
                    "topic_name": {"suffix": "/marked/a"},
                    "Subscription Identifier": {"below": 8},
                },
                set={"properties": ()},
            )
        ],
    ),
    Row(
        "identifier-for-one-only",
        "单份消息缺少订阅标识符",
        "a single copy without the identifier of its subscription",
        {"MQTT5-3.3.4-4": "identifiers-incomplete"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={
                    "topic_name": {"suffix": "/marked/a"},
                    "Subscription Identifier": {"above": 1000},
                },
                set={"properties": ()},
            )
        ],
        also=("MQTT5-3.3.4-3",),
    ),
    Row(
        "identifier-of-another",
        "每份消息都带第一个订阅的标识符",
        "every copy carries the identifier of the first subscription",
        {"MQTT5-3.3.4-5": "identifier-of-another"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={
                    "topic_name": {"suffix": "/marked/a"},
                    "Subscription Identifier": {"below": 8},
                },
                set={"properties": properties(subscription_identifier=1)},
            )
        ],
        also=("MQTT5-3.3.4-3",),
    ),
    Row(
        "identifier-invented",
        "消息带有从未使用的订阅标识符",
        "a message with a subscription identifier that nobody used",
        {"MQTT5-S-057": "identifier-foreign"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={
                    "topic_name": {"suffix": "/marked/a"},
                    "Subscription Identifier": {"below": 8},
                },
                set={"properties": properties(subscription_identifier=99)},
            )
        ],
        also=("MQTT5-3.3.4-3",),
    ),
)
