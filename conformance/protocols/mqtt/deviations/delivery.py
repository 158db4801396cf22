# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in what they deliver: faults made out of a real mosquitto.

Subscriptions and their answers; messages on their way, retained ones included.  Part
of the tables in ``deviations.platform``.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt311.
"""

from __future__ import annotations

from conformance.protocols.mqtt.deviations import COPY, Row, by_client, by_server
from conformance.protocols.mqtt.deviations.content import CONTENT_ON_ITS_WAY, RETAINED
from conformance.protocols.mqtt.deviations.exchanges import EXCHANGES

__all__ = ["MESSAGES", "SUBSCRIPTIONS"]

SUBSCRIPTIONS = (
    Row(
        "lists-unanswered",
        "不应答含多个过滤器的 SUBSCRIBE",
        "does not answer a SUBSCRIBE with several filters",
        {"3.8.4-1": "not-answered", "MQTT5-3.8.4-1": "not-answered"},
        [by_server("drop", "SUBACK", match={"count": {"above": 1}})],
    ),
    Row(
        "suback-of-another",
        "SUBACK 的报文标识符不对",
        "SUBACK under another identifier",
        {"3.8.4-2": "other-identifier", "MQTT5-3.8.4-2": "other-identifier"},
        [by_server("alter", "SUBACK", nth=1, set={"packet_identifier": 54_321})],
        also=("2.3.1-7", "MQTT5-2.2.1-6"),
    ),
    Row(
        "one-code-for-all",
        "多个过滤器只有一个返回码",
        "one return code for several filters",
        {"3.8.4-5": "other-count", "MQTT5-3.8.4-6": "other-count"},
        [
            by_server(
                "alter",
                "SUBACK",
                match={"count": {"above": 1}},
                nth=1,
                set={"return_codes": (0,)},
            )
        ],
    ),
    Row(
        "codes-reversed",
        "返回码顺序颠倒",
        "return codes in reverse order",
        {
            "3.9.3-1": "code-of-another-filter",
            "MQTT5-3.9.3-1": "code-of-another-filter",
        },
        [
            by_server(
                "alter",
                "SUBACK",
                match={"return_codes": (2, 0, 1)},
                set={"return_codes": (1, 0, 2)},
            )
        ],
    ),
    Row(
        "subscription-kept",
        "应答 UNSUBSCRIBE 但不删除订阅",
        "answers UNSUBSCRIBE and keeps the subscription",
        {"3.10.4-2": "after-unsubscribe", "MQTT5-3.10.4-2": "after-unsubscribe"},
        [
            by_client(
                "alter",
                "UNSUBSCRIBE",
                match={"filter": {"has": "/routes/"}},
                set={"topic_filters": ("luheng/none",)},
            )
        ],
    ),
    Row(
        "nothing-dropped-nothing-said",
        "没有订阅可删时不应答",
        "does not answer when there was nothing to drop",
        {"3.10.4-4": "not-answered", "MQTT5-3.10.4-4": "not-answered"},
        [by_server("drop", "UNSUBACK", match={"seen": 2})],
        also=("3.10.4-5",),
    ),
    Row(
        "stray-message",
        "发送未订阅的主题",
        "sends a topic that nobody asked for",
        {"3.3.2-3": "not-subscribed", "MQTT5-3.3.2-3": "not-subscribed"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"suffix": "routes-fence"}},
                set={**COPY, "topic_name": "luheng/elsewhere"},
                before=True,
            )
        ],
    ),
    Row(
        "message-lost",
        "匹配的订阅收不到消息",
        "a matching subscription gets nothing",
        {"4.5.0-1": "not-delivered", "MQTT5-4.5.0-1": "not-delivered"},
        [by_server("drop", "PUBLISH", match={"topic_name": {"has": "/served/"}})],
    ),
    Row(
        "one-topic-lost",
        "某个主题的消息收不到",
        "delivers nothing on one of two topics",
        {"4.5.0-1": "not-delivered", "MQTT5-4.5.0-1": "not-delivered"},
        [by_server("drop", "PUBLISH", match={"topic_name": {"suffix": "/served/b"}})],
    ),
    Row(
        "absent-forgotten",
        "离线的会话收不到离线期间的消息",
        "a session that was away gets nothing of that time",
        {"4.5.0-1": "not-delivered", "MQTT5-4.5.0-1": "not-delivered"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"has": "/served/"}, "payload": b"2"},
            )
        ],
    ),
    Row(
        "dollar-topics-matched",
        "通配符匹配 $ 主题",
        "a wildcard matches $ topics",
        {"4.7.2-1": "matched", "MQTT5-4.7.2-1": "matched"},
        [
            by_client(
                "repeat",
                "SUBSCRIBE",
                match={"filter": {"prefix": "+/dollar"}},
                set={"packet_identifier": 60_001, "topic_filters": (("$luheng/#", 0),)},
            ),
            by_server("drop", "SUBACK", match={"packet_identifier": 60_001}),
        ],
    ),
)

MESSAGES = (
    Row(
        "retained-not-sent",
        "新订阅收不到保留消息",
        "a new subscription gets no retained message",
        {"3.3.1-6": "retained-missing"},
        [by_server("drop", "PUBLISH", match={"retain": True})],
        also=(
            "3.1.2-7",
            "3.1.2-17",
            "3.3.1-5",
            "MQTT311-S-011",
        ),
    ),
    Row(
        "retain-flag-lost",
        "保留消息的 RETAIN 标志为 0",
        "retained messages come with RETAIN 0",
        {"3.3.1-8": "not-flagged"},
        [by_server("alter", "PUBLISH", match={"retain": True}, set={"retain": False})],
        also=("3.1.2-17",),
    ),
    Row(
        "retain-flag-passed-on",
        "发给已有订阅的消息 RETAIN 标志为 1",
        "messages for established subscriptions come with RETAIN 1",
        {"3.3.1-9": "flagged", "MQTT5-3.3.1-12": "flagged"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/live"}},
                set={"retain": True},
            )
        ],
    ),
    Row(
        "retained-for-ever",
        "空载荷不能清除保留消息",
        "an empty payload clears nothing",
        {"3.3.1-10": "retained-after-clear"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"retain": True, "payload": b""},
                set={"retain": False},
            )
        ],
    ),
    Row(
        "retains-everything",
        "RETAIN 标志为 0 的消息也被保留",
        "keeps messages with RETAIN 0 too",
        {"3.3.1-12": "stored-by-plain", "MQTT5-3.3.1-8": "stored-by-plain"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"retain": False, "qos": 1},
                set={"retain": True},
            )
        ],
        also=(
            "3.8.4-3",
            "MQTT5-3.3.1-13",
        ),
    ),
    Row(
        "erased-by-everything",
        "RETAIN 标志为 0 的消息清除保留消息",
        "messages with RETAIN 0 clear what is retained",
        {"3.3.1-12": "erased-by-plain", "MQTT5-3.3.1-8": "erased-by-plain"},
        [
            by_client(
                "repeat",
                "PUBLISH",
                match={"retain": False, "topic_name": {"has": "/retained/"}},
                set={**COPY, "payload": b"", "retain": True},
            )
        ],
    ),
    Row(
        "leaves-at-qos-0",
        "收到 QoS 0 的 PUBLISH 后断开",
        "leaves after a PUBLISH at QoS 0",
        {"3.3.4-1": "dead", "MQTT5-3.3.4-1": "dead"},
        [
            by_client(
                "close",
                "PUBLISH",
                match={"qos": 0, "topic_name": {"has": "/answered/"}},
            )
        ],
    ),
    Row(
        "puback-for-qos-2",
        "以 PUBACK 应答 QoS 2",
        "answers QoS 2 with PUBACK",
        {"3.3.4-1": "wrong-answer", "MQTT5-3.3.4-1": "wrong-answer"},
        [by_server("alter", "PUBREC", set={"kind": 4})],
        also=("3.3.5-2", "4.3.3-2", "MQTT5-4.3.3-8"),
    ),
    Row(
        "pubrec-for-qos-1",
        "以 PUBREC 应答 QoS 1",
        "answers QoS 1 with PUBREC",
        {"3.3.4-1": "wrong-answer", "MQTT5-3.3.4-1": "wrong-answer"},
        [by_server("alter", "PUBACK", set={"kind": 5})],
        also=("3.3.5-2", "4.3.2-2", "MQTT5-4.3.2-4"),
    ),
    Row(
        "twice-at-qos-2",
        "QoS 2 消息送达两次",
        "a QoS 2 message arrives twice",
        {"4.3.3-2": "more-than-once", "MQTT5-4.3.3-10": "more-than-once"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"suffix": "/once"}},
                set=COPY,
            )
        ],
    ),
    Row(
        "never-at-qos-2",
        "重复发送的 QoS 2 消息未送达",
        "a QoS 2 message that came twice is lost",
        {"4.3.3-2": "lost"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/once"}, "payload": b"first"},
            )
        ],
    ),
    Row(
        "identifier-burnt",
        "已完成的报文标识符再次使用时消息丢失",
        "loses a message under an identifier that was used before",
        {"4.3.3-2": "identifier-not-new", "MQTT5-4.3.3-12": "identifier-not-new"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/once"}, "payload": b"next"},
            )
        ],
    ),
    Row(
        "repeat-unanswered",
        "不应答重复的 QoS 2 PUBLISH",
        "does not answer a QoS 2 PUBLISH that comes again",
        {"4.3.3-2": "no-pubrec-again", "MQTT5-4.3.3-10": "no-pubrec-again"},
        [by_client("drop", "PUBLISH", match={"qos": 2, "dup": True})],
        also=("MQTT5-4.3.3-13",),
    ),
    Row(
        "order-changed",
        "消息次序颠倒",
        "two messages change places",
        {
            "4.6.0-5": "out-of-order",
            "4.6.0-6": "out-of-order",
            "MQTT5-4.6.0-5": "out-of-order",
            "MQTT5-4.6.0-6": "out-of-order",
        },
        [
            by_server(
                "swap",
                "PUBLISH",
                seconds=1.0,
                match={"topic_name": {"suffix": "/order"}, "payload": b"3"},
            )
        ],
    ),
    *EXCHANGES,
    *RETAINED,
    *CONTENT_ON_ITS_WAY,
)
