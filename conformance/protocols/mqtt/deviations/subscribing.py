# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in what SUBSCRIBE, UNSUBSCRIBE and topics mean to them.

Faults and liberties made out of a real mosquitto; part of the tables in
``deviations.platform``.  The last level of a topic tells which check it belongs to.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.link.proxy import Action, ProxyRule
from conformance.protocols.mqtt.codec import publish_raw
from conformance.protocols.mqtt.deviations import Row, by_client, by_server

__all__ = ["FREE", "SHARED", "SUBSCRIBING", "TOPICS"]

_REASON = ((0x1F, "r" * 100),)
_SHORT = ((0x1F, "r"),)
_USER = ((0x26, ("k", "v" * 100)),)
_LOWER = {"qos": 0, "packet_identifier": None, "dup": False}


def _shared(
    action: Action, *, set: Mapping[str, Any] | None = None, **match: Any
) -> ProxyRule:
    fits = {"topic_name": {"suffix": "/shared"}, **match}
    return by_server(action, "PUBLISH", match=fits, set=set or {})


SUBSCRIBING = (
    Row(
        "keeps-old-subscription",
        "过滤器相同的新订阅不生效",
        "a new subscription with the same filter has no effect",
        {
            "3.8.4-3": "retained-not-again",
            "MQTT5-3.8.4-3": "old-qos",
            "MQTT5-3.8.4-4": "retained-not-again",
        },
        [
            by_client(
                "alter",
                "SUBSCRIBE",
                match={"filter": {"suffix": "/replaced"}, "seen": 2},
                set={"topic_filters": (("luheng-elsewhere", 0),)},
            )
        ],
    ),
    Row(
        "adds-same-subscription",
        "过滤器相同的新订阅与原订阅并存",
        "a new subscription with the same filter stands beside the old one",
        {"3.8.4-3": "two-copies", "MQTT5-3.8.4-3": "two-copies"},
        [by_server("repeat", "PUBLISH", match={"payload": b"after"})],
    ),
    Row(
        "loses-while-replacing",
        "替换订阅期间丢失消息",
        "loses a message while a subscription is replaced",
        {"3.8.4-3": "lost", "MQTT5-3.8.4-4": "lost"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"payload": b"5", "topic_name": {"suffix": "/replaced"}},
            )
        ],
    ),
    Row(
        "two-subacks",
        "含多个过滤器的 SUBSCRIBE 得到两个 SUBACK",
        "two SUBACKs for a SUBSCRIBE with several filters",
        {"3.8.4-4": "several-answers", "MQTT5-3.8.4-5": "several-answers"},
        [by_server("repeat", "SUBACK", match={"count": {"above": 2}, "seen": 2})],
        also=("2.3.1-7", "3.8.4-2", "MQTT5-2.2.1-6", "MQTT5-3.8.4-2"),
    ),
    Row(
        "second-filter-dead",
        "SUBSCRIBE 中第二个过滤器不生效",
        "the second filter of a SUBSCRIBE has no effect",
        {
            "3.8.4-4": "filter-without-effect",
            "MQTT5-3.8.4-5": "filter-without-effect",
        },
        [
            by_server(
                "drop",
                "PUBLISH",
                match={
                    "topic_name": {"has": "/many/"},
                    "payload": b"1",
                },
            )
        ],
    ),
    Row(
        "qos-always-0",
        "订阅到的消息总是 QoS 0",
        "delivers at QoS 0 whatever was granted",
        {"3.8.4-6": "other-qos", "MQTT5-3.8.4-8": "other-qos"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/lower"}},
                set=_LOWER,
            )
        ],
    ),
    Row(
        "unsubscribes-likes",
        "UNSUBSCRIBE 删除了相近的过滤器",
        "UNSUBSCRIBE drops a filter that is only alike",
        {"3.10.4-1": "deleted-another", "MQTT5-3.10.4-1": "deleted-another"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/exact/a/b"}, "payload": b"still"},
            )
        ],
    ),
    Row(
        "unsubscribe-forgotten",
        "应答了 UNSUBSCRIBE 而不删除过滤器",
        "answers an UNSUBSCRIBE and drops nothing",
        {"3.10.4-1": "not-deleted", "MQTT5-3.10.4-1": "not-deleted"},
        [
            by_client(
                "alter",
                "UNSUBSCRIBE",
                match={"filter": {"suffix": "/exact/c"}},
                set={"topic_filters": ("luheng-elsewhere",)},
            )
        ],
    ),
    Row(
        "unsubscribes-first-alone",
        "含多个过滤器的 UNSUBSCRIBE 只删除部分过滤器",
        "drops only some of the filters of an UNSUBSCRIBE",
        {
            "3.10.4-6": "filter-without-effect",
            "MQTT5-3.10.4-6": "filter-without-effect",
        },
        [
            by_client(
                "alter",
                "UNSUBSCRIBE",
                match={"filter": {"has": "/many/"}, "count": {"above": 2}},
                set={"topic_filters": ("luheng-a", "luheng-b", "luheng-c")},
            )
        ],
    ),
    Row(
        "drops-what-was-begun",
        "取消订阅时丢弃已开始的投递",
        "gives up a delivery that has begun when its filter is dropped",
        {"3.10.4-3": "not-completed", "MQTT5-3.10.4-3": "not-completed"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/begun"}, "dup": True},
            )
        ],
    ),
    Row(
        "unsuback-for-known-alone",
        "没有订阅可删除时不应答 UNSUBSCRIBE",
        "does not answer an UNSUBSCRIBE that drops nothing",
        {"3.10.4-5": "not-answered", "MQTT5-3.10.4-5": "not-answered"},
        [by_client("drop", "UNSUBSCRIBE", match={"seen": 2})],
        also=("3.10.4-4", "MQTT5-3.10.4-4"),
    ),
    Row(
        "grants-wildcards",
        "声明不支持通配符，却接受含通配符的订阅",
        "grants wildcards although it says that it has none",
        {"3.8.3-2": "granted"},
        answers={"WILDCARD": False},
    ),
    Row(
        "own-messages-come-back",
        "不遵守“非本地”选项",
        "takes no notice of No Local",
        {"MQTT5-3.8.3-3": "own-message"},
        [
            by_client(
                "alter",
                "SUBSCRIBE",
                match={"filter": {"suffix": "/local"}},
                set={"options": 0},
            )
        ],
    ),
    Row(
        "others-withheld",
        "“非本地”订阅收不到其他客户端的消息",
        "withholds the messages of others from a No Local subscription",
        {"MQTT5-3.8.3-3": "others-withheld"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/local"}, "payload": b"other"},
            )
        ],
    ),
    *(
        Row(
            f"{kind.lower()}-too-large-{at}",
            f"{kind} 因{zh}超过客户端的最大报文长度",
            f"{kind} made too large by {en}",
            {f"MQTT5-{clause}-{at}": "too-large"},
            [by_server("alter", kind, set={"properties": found})],
            also=("MQTT5-3.1.2-29",),
        )
        for kind, clause in (("SUBACK", "3.9.2"), ("UNSUBACK", "3.11.2"))
        for at, zh, en, found in (
            (1, "原因字符串", "a Reason String", _REASON),
            (2, "用户属性", "User Properties", _USER),
        )
    ),
    Row(
        "retain-refused-silently",
        "不支持保留消息，收到后不说明原因",
        "has no retained messages and does not say so when one comes",
        {"MQTT5-S-031": "not-told"},
        [by_server("drop", "DISCONNECT", match={"reason_code": 0x9A})],
        config=("retain_available false",),
        answers={"RETAIN": False},
    ),
    Row(
        "unsuback-codes-reversed",
        "UNSUBACK 原因码顺序颠倒",
        "reason codes of UNSUBACK in reverse order",
        {"MQTT5-3.11.3-1": "code-of-another-filter"},
        [
            by_server(
                "alter",
                "UNSUBACK",
                match={"reason_codes": (0x11, 0x11, 0)},
                set={"reason_codes": (0, 0x11, 0x11)},
            )
        ],
    ),
)

SHARED = (
    Row(
        "shares-nothing",
        "把共享订阅当作普通订阅",
        "takes shared subscriptions for ordinary ones",
        {"MQTT5-S-080": "several"},
        [
            by_client(
                "alter",
                "SUBSCRIBE",
                match={"filter": {"prefix": "$share/"}, "count": 2},
                set={
                    "topic_filters": (
                        ("luheng/+/shared", 1),
                        ("luheng/+/shared-fence", 0),
                    )
                },
            )
        ],
    ),
    Row(
        "shared-message-lost",
        "共享订阅的消息丢失",
        "loses a message of a shared subscription",
        {"MQTT5-S-080": "lost"},
        [_shared("drop", payload=b"3")],
    ),
    Row(
        "shared-at-qos-0",
        "共享订阅的消息总是 QoS 0",
        "delivers messages of shared subscriptions at QoS 0",
        {"MQTT5-4.8.2-3": "other-qos"},
        [_shared("alter", set=_LOWER, qos={"above": 0})],
    ),
    Row(
        "shared-refused-again",
        "消息被拒绝后再次发送",
        "sends a message again that was refused",
        {"MQTT5-4.8.2-6": "sent-again"},
        [
            by_client(
                "inject",
                "PUBACK",
                match={"reason_code": {"above": 0x7F}},
                octets=publish_raw("luheng/shared", b"refused", properties=b"\0"),
                toward="client",
            )
        ],
    ),
    Row(
        "shared-sent-to-another",
        "共享订阅的 QoS 2 消息改投给其他客户端",
        "sends a shared QoS 2 message to another client after all",
        {"MQTT5-4.8.2-5": "sent-to-another"},
        [
            by_server(
                "inject",
                "PUBLISH",
                # The third that the other member gets: after two fences it is due to
                # get nothing but the last one.
                match={"topic_name": {"suffix": "/shared-fence"}, "seen": 3},
                octets=publish_raw("luheng/shared", b"begun", properties=b"\0"),
                before=True,
            )
        ],
    ),
    Row(
        "shared-not-completed",
        "共享订阅的 QoS 2 消息不再投递给重新连接的客户端",
        "does not complete a shared QoS 2 delivery",
        {"MQTT5-4.8.2-4": "not-completed"},
        [_shared("drop", payload=b"begun", dup=True)],
    ),
)

TOPICS = (
    Row(
        "topic-composed",
        "主题名被规范化为组合字符",
        "composes the characters of a topic name",
        {"4.7.3-4": "altered", "MQTT5-4.7.3-4": "altered"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/e\u0301"}},
                set={"topic_name": "luheng/\xe9"},
            )
        ],
    ),
    Row(
        "topic-not-matched",
        "含空格的主题名匹配不到",
        "does not match a topic name with a blank",
        {"4.7.3-4": "not-matched", "MQTT5-4.7.3-4": "not-matched"},
        [
            by_server(
                "drop",
                "PUBLISH",
                match={"topic_name": {"suffix": "/a "}},
            )
        ],
    ),
)

FREE = (
    Row(
        "closes-on-wildcards",
        "声明不支持通配符，遇到即关闭连接",
        "says that it has no wildcards and closes on them",
        {},
        [by_client("close", "SUBSCRIBE", match={"filter": {"has": "/wild/"}})],
        answers={"WILDCARD": False},
    ),
    Row(
        "hears-no-more-of-dollar-publishers",
        "客户端发布到 $ 主题后，不再处理其消息",
        "takes no more messages from who published to a $ topic",
        {},
        [
            by_client("drop", "PUBLISH", match={"topic_name": {"prefix": "$luheng"}}),
            *(
                by_client(
                    "drop",
                    "PUBLISH",
                    match={"topic_name": {"has": name}, "seen": {"above": 1}},
                )
                for name in ("/exchange", "luheng/dollar")
            ),
        ],
        checks=("mqtt.dollar_topics_reserved", "mqtt.dollar_topics_apart"),
    ),
    Row(
        "answers-explained",
        "SUBACK、UNSUBACK 附带简短原因字符串",
        "a short Reason String in SUBACK and UNSUBACK",
        {},
        [
            # Not at once: whoever wants no Reason String subscribes but once.
            by_server("alter", kind, match={"seen": 2}, set={"properties": _SHORT})
            for kind in ("SUBACK", "UNSUBACK")
        ],
    ),
)
