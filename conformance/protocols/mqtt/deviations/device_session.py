# SPDX-License-Identifier: Apache-2.0
"""Devices that deviate in what they send again, take, keep and forget.

Some of it the proxy makes out of packets; what lies in the memory of a device, the
device of the proof leaves out or does otherwise (``ignores``, see ``device.client``).

Source of each: the requirement that it breaks, in sd-base-mqtt311 and sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec.properties import properties
from conformance.protocols.mqtt.deviations import ABOVE_0, Row, by_client, by_server

__all__ = ["FAULTS", "LIBERTIES"]


def _ignores(*names: str, **settings: Any) -> dict[str, Any]:
    return {"ignores": frozenset(names), **settings}


_WORDS = properties(reason_string="ok", user_property=[("a", "b"), ("a", "c")])
_LEFT_OPEN = (
    "MQTT5-3.3.2-10",
    "MQTT5-3.3.4-8",
    "MQTT5-4.9.0.D-3",
    "7.1.2-1",
    "MQTT5-4.2.D-1",
)
"""What a device cannot do either that acknowledges no QoS 1 message."""

_DUP_ON_FIRST = ("MQTT5-4.3.2-2", "MQTT5-4.3.3-2")
"""In a new session a message of the old one is sent for the first time."""

_RESENDING = (
    Row(
        "order-of-resends",
        "重发的次序与首次发送不同",
        "sends messages again in another order",
        {"4.6.0-1": "other-order", "MQTT5-4.6.0-1": "other-order"},
        settings=_ignores("order"),
    ),
    Row(
        "resends-meanwhile",
        "连接未断时重发",
        "sends messages again while the connection lasts",
        {"MQTT5-4.4.0.D-1": "resent-meanwhile"},
        [by_client("repeat", "PUBLISH", match=ABOVE_0, set={"dup": True})],
        also=("MQTT5-4.4.0.D-2", "MQTT5-4.3.3.D-6"),
    ),
    Row(
        "refusals-unheard",
        "重发服务端已拒绝的消息",
        "sends messages again that the server has refused",
        {"MQTT5-4.4.0.D-2": "resent"},
        [
            by_server("drop", kind, match={"reason_code": {"above": 0x7F}})
            for kind in ("PUBACK", "PUBREC")
        ],
    ),
    Row(
        "state-under-new-identifier",
        "以新的客户端标识符继续旧会话",
        "goes on with its session under a new client identifier",
        {"3.1.3.D-2": "state-of-another", "MQTT5-3.1.3.D-2": "state-of-another"},
        settings=_ignores("identifier", "absent"),
        also=("MQTT5-3.2.2-5", *_DUP_ON_FIRST),
    ),
    Row(
        "old-state-after-clean",
        "清理会话后仍使用旧会话的状态",
        "goes on with old state after it asked for a clean session",
        {"3.1.2.D-6": "old-state", "MQTT5-3.1.2.D-4": "old-state"},
        settings=_ignores("restart", "absent"),
        also=("MQTT5-3.2.2-5", *_DUP_ON_FIRST),
    ),
    Row(
        "lost-session-continued",
        "服务端已无会话，仍使用旧会话的状态",
        "goes on with a session that the server has no more",
        {"MQTT5-3.2.2-5": "state-kept"},
        settings=_ignores("absent"),
        also=_DUP_ON_FIRST,
    ),
    Row(
        "foreign-session-taken",
        "没有会话而接受会话存在标志 1",
        "takes Session Present 1 where it has no session",
        {"MQTT5-3.2.2-4": "still-open"},
        settings=_ignores("present"),
    ),
)

_SENDING_AT_2 = (
    Row(
        "never-releases",
        "收到 PUBREC 后不发送 PUBREL",
        "sends no PUBREL",
        {
            "4.3.3-1": "not-released",
            "4.3.3.D-1": "no-pubrel",
            "MQTT5-4.3.3.D-4": "no-pubrel",
            "4.1.0.D-2": "state-lost",
            "MQTT5-4.1.0.D-1": "state-lost",
        },
        settings=_ignores("never-releases"),
        also=("MQTT5-4.3.3.D-7",),
    ),
    Row(
        "forgets-what-waits",
        "连接期间丢弃待确认的 QoS 2 消息",
        "forgets a QoS 2 message that waits while others follow",
        {"4.1.0.D-2": "state-lost", "MQTT5-4.1.0.D-1": "state-lost"},
        settings=_ignores("forgets"),
        also=("4.3.3-1", "4.3.3.D-1", "MQTT5-4.3.3.D-4", "MQTT5-4.3.3.D-7"),
    ),
    Row(
        "expires-once-sent",
        "QoS 2 消息发送后仍按过期丢弃",
        "lets a QoS 2 message expire that it has sent",
        {"MQTT5-4.3.3.D-7": "no-pubrel"},
        settings=_ignores("expires"),
        also=("MQTT5-4.1.0.D-1",),
    ),
    Row(
        "pubrel-not-resent",
        "重连后不重发 PUBREL",
        "does not send PUBREL again",
        {
            "4.3.3.D-1": "pubrel-not-resent",
            "MQTT5-4.3.3.D-5": "pubrel-not-resent",
        },
        settings=_ignores("pubrel"),
    ),
    Row(
        "published-after-pubrel",
        "发送 PUBREL 后重发 PUBLISH",
        "sends a message again after its PUBREL",
        {
            "4.3.3-1": "repeated-after-pubrel",
            "4.3.3.D-1": "published-again",
            "MQTT5-4.3.3.D-6": "published-again",
        },
        settings=_ignores("released"),
    ),
)

_RECEIVING = (
    Row(
        "no-pubacks",
        "不发送 PUBACK",
        "sends no PUBACK",
        {
            "4.3.2.D-2": "not-answered",
            "MQTT5-4.3.2.D-4": "not-answered",
            "4.5.0-2": "not-answered",
            "MQTT5-4.5.0-2": "not-answered",
        },
        [by_client("drop", "PUBACK")],
        also=_LEFT_OPEN,
    ),
    Row(
        "takes-new-for-repeat",
        "标识符相同且 DUP 为 1 的新消息被当作重复",
        "takes a new QoS 1 message with DUP 1 for a repeat",
        {"4.3.2.D-2": "second-not-taken", "MQTT5-4.3.2.D-5": "second-not-taken"},
        settings=_ignores("takes-for-repeat"),
    ),
    Row(
        "no-pubrecs",
        "不发送 PUBREC",
        "sends no PUBREC",
        {
            "3.3.4.D-1": "not-answered",
            "4.3.3.D-2": "not-answered",
            "MQTT5-3.3.4.D-1": "not-answered",
            "MQTT5-4.3.3.D-8": "not-answered",
        },
        [by_client("drop", "PUBREC")],
    ),
    Row(
        "puback-for-qos-2",
        "以 PUBACK 应答 QoS 2",
        "answers QoS 2 with PUBACK",
        {
            "3.3.4.D-1": "not-answered",
            "4.3.3.D-2": "not-answered",
            "MQTT5-3.3.4.D-1": "not-answered",
            "MQTT5-4.3.3.D-8": "not-answered",
        },
        [by_client("alter", "PUBREC", set={"kind": 4})],
    ),
    Row(
        "pubrec-for-qos-1",
        "以 PUBREC 应答 QoS 1",
        "answers QoS 1 with PUBREC",
        {
            "4.3.2.D-2": "not-answered",
            "MQTT5-4.3.2.D-4": "not-answered",
            "4.5.0-2": "not-answered",
            "MQTT5-4.5.0-2": "not-answered",
        },
        [by_client("alter", "PUBACK", set={"kind": 5})],
        also=_LEFT_OPEN,
    ),
    Row(
        "repeats-unanswered",
        "对重复的 QoS 2 PUBLISH 不应答",
        "does not answer a QoS 2 PUBLISH that is repeated",
        {
            "4.3.3.D-2": "repeat-not-answered",
            "MQTT5-4.3.3.D-10": "repeat-not-answered",
        },
        settings=_ignores("skips-repeat"),
    ),
    Row(
        "passes-on-twice",
        "重复传递同一条 QoS 2 消息",
        "passes a QoS 2 message on twice",
        {"4.3.3.D-2": "not-once", "MQTT5-4.3.3.D-10": "not-once"},
        settings=_ignores("passes-on-twice"),
    ),
    Row(
        "no-pubcomps",
        "不发送 PUBCOMP",
        "sends no PUBCOMP",
        {"4.3.3.D-2": "no-pubcomp", "MQTT5-4.3.3.D-11": "no-pubcomp"},
        [by_client("drop", "PUBCOMP")],
        also=("MQTT5-4.3.3.D-13",),
    ),
    Row(
        "identifier-used-up",
        "QoS 2 交换结束后不接受相同标识符的新消息",
        "takes no new QoS 2 message under an identifier that was used",
        {
            "4.3.3.D-2": "second-not-answered",
            "MQTT5-4.3.3.D-12": "second-not-answered",
        },
        settings=_ignores("takes-for-done"),
    ),
    Row(
        "refused-identifier-used-up",
        "拒绝消息后不接受相同标识符的新消息",
        "takes no new message under the identifier of one that it refused",
        {"MQTT5-4.3.3.D-9": "not-new"},
        settings=_ignores("refused"),
    ),
    Row(
        "expires-midway",
        "QoS 2 消息过期后不再完成交换",
        "breaks a QoS 2 exchange off when the message has expired",
        {"MQTT5-4.3.3.D-13": "no-pubcomp"},
        settings=_ignores("expires-received"),
    ),
    Row(
        "feff-stripped",
        "去除主题名中的 U+FEFF",
        "strips U+FEFF from topic names",
        {"1.5.3.D-3": "stripped", "MQTT5-1.5.4.D-3": "stripped"},
        settings=_ignores("feff"),
    ),
    Row(
        "second-of-segment-lost",
        "同一 TCP 段中的第二个报文丢失",
        "loses the first of two packets that come in one segment",
        {"7.1.2-1": "stream-misread", "MQTT5-4.2.D-1": "stream-misread"},
        [by_server("drop", "PUBLISH", match={"payload": b"stream"}, nth=2)],
    ),
    Row(
        "last-alias-refused",
        "不接受所声明的最大主题别名",
        "refuses the highest topic alias that it announced",
        {"MQTT5-3.3.2-10": "alias-refused"},
        settings=_ignores("alias-last"),
    ),
    Row(
        "aliases-carried",
        "重连后仍使用旧的主题别名",
        "carries topic aliases to the next connection",
        {"MQTT5-3.3.2.D-7": "alias-carried"},
        settings=_ignores("aliases"),
    ),
    Row(
        "identifier-at-qos-0",
        "QoS 0 的 PUBLISH 含报文标识符",
        "a packet identifier in PUBLISH at QoS 0",
        {"2.3.1.D-5": "identifier-there", "MQTT5-2.2.1.D-2": "identifier-there"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"qos": 0, "payload": b"online"},
                set={"packet_identifier": 5},
            )
        ],
    ),
)

FAULTS = (*_RESENDING, *_SENDING_AT_2, *_RECEIVING)

LIBERTIES = (
    Row(
        "answers-with-words",
        "应答携带原因字符串和用户属性",
        "answers with a Reason String and User Properties",
        {},
        [
            by_client("alter", kind, match={"version": 5}, set={"properties": _WORDS})
            for kind in ("PUBACK", "PUBREC", "PUBCOMP")
        ],
        checks=("mqtt.heeds_packet_size",),
    ),
    Row(
        "nothing-at-qos-2",
        "不使用 QoS 2",
        "publishes nothing at QoS 2",
        {},
        settings={"event_qos": 1},
        answers={"QOS2": False},
        checks=("mqtt.refused_not_resent",),
    ),
)
