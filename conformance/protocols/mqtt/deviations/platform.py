# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate: faults and liberties made out of a real mosquitto.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt311.
"""

from __future__ import annotations

from conformance.protocols.mqtt.deviations import (
    ABOVE_0,
    COPY,
    Row,
    by_client,
    by_server,
    same,
    tolerated,
)
from conformance.protocols.mqtt.deviations.auth import (
    AUTHENTICATION,
    AUTHENTICATION_FREE,
)
from conformance.protocols.mqtt.deviations.closing import CLOSING
from conformance.protocols.mqtt.deviations.delivery import MESSAGES, SUBSCRIPTIONS
from conformance.protocols.mqtt.deviations.keeping import CONTENT, SESSIONS, WILLS
from conformance.protocols.mqtt.deviations.opening import GUESTS, OPENING, OPENING_FREE
from conformance.protocols.mqtt.deviations.packets import PACKETS
from conformance.protocols.mqtt.deviations.subscribing import (
    FREE,
    SHARED,
    SUBSCRIBING,
    TOPICS,
)
from conformance.protocols.mqtt.deviations.web import WEB_FREE, WEB_OF_SERVERS

__all__ = ["FAULTS", "LIBERTIES"]

_LEVEL_AT = 8
"""Offset of the protocol level in a CONNECT with a short Remaining Length."""
_PINGRESP = b"\xd0\x00"
_RESERVED = b"\xf0\x00"

_FRAMING = (
    Row(
        "keeps-ill-formed-topic",
        "收到非法 UTF-8 主题名后不断开",
        "goes on after a topic name that is not UTF-8",
        {"1.5.3-1": "still-open"},
        tolerated("client", "string-ill-formed", "string-surrogate"),
        also=("3.1.3-9", "3.1.4-1"),
    ),
    Row(
        "keeps-nul",
        "收到含 U+0000 的主题名后不断开",
        "goes on after a topic name with U+0000",
        {"1.5.3-2": "still-open"},
        tolerated("client", "string-nul"),
        also=("3.1.4-1",),
    ),
    Row(
        "wrong-header-flags",
        "UNSUBACK 的固定报头标志为 1",
        "UNSUBACK with header flags 1",
        same("fixed-header-flags", "2.2.2-1", "MQTT5-2.1.3-1"),
        [by_server("alter", "UNSUBACK", nth=1, set={"flags": 1})],
    ),
    Row(
        "mosquitto-as-it-is",
        "收到固定报头标志错误的 PINGREQ 后不断开（mosquitto 2.0 原样）",
        "goes on after a PINGREQ with wrong flags (mosquitto 2.0 as it is)",
        {
            "2.2.2-2": "still-open",
            "MQTT5-4.13.1-1": "still-open",
            "MQTT5-3.1.4-1": "accepted",
            "S-010": "exchanged",
            "MQTT5-S-078": "exchanged",
            "MQTT5-S-079": "retained-sent",
            "MQTT5-S-081": "not-passed-on",
            "MQTT5-3.1.2-8": "not-published",
            "MQTT5-3.1.2-25": "stopped",
        },
        amended=False,
    ),
    Row(
        "identifier-zero",
        "QoS 1 的 PUBLISH 报文标识符为 0",
        "a QoS 1 PUBLISH with packet identifier 0",
        {"2.3.1-1": "packet-identifier-zero"},
        [
            by_server(
                "alter", "PUBLISH", match=ABOVE_0, nth=1, set={"packet_identifier": 0}
            )
        ],
    ),
    Row(
        "identifier-reused",
        "新的 PUBLISH 使用仍待确认的报文标识符",
        "a new PUBLISH under an identifier that is still in use",
        {"2.3.1-4": "identifier-in-use"},
        [
            by_server(
                "repeat", "PUBLISH", match=ABOVE_0, nth=1, set={"payload": b"another"}
            )
        ],
        also=("4.3.2-1",),
    ),
    Row(
        "tolerates-qos-3",
        "收到 QoS 3 的 PUBLISH 后不断开",
        "goes on after a PUBLISH with QoS 3",
        {"3.3.1-4": "still-open"},
        tolerated("client", "publish-qos-3"),
    ),
    Row(
        "dies-of-qos-3",
        "收到 QoS 3 的 PUBLISH 后崩溃",
        "crashes over a PUBLISH with QoS 3",
        {"3.3.1-4": "dead"},
        [by_client("die", match={"errors": {"has": "publish-qos-3"}})],
    ),
    Row(
        "dup-at-qos-0",
        "QoS 0 的 PUBLISH 置了 DUP",
        "a QoS 0 PUBLISH with DUP",
        same(
            "dup-with-qos-0",
            "3.3.1-2",
            "4.3.1-1",
            "MQTT5-3.3.1-2",
            "MQTT5-4.3.1-1",
        ),
        [by_server("alter", "PUBLISH", match={"qos": 0}, nth=1, set={"dup": True})],
    ),
    Row(
        "topic-not-utf-8",
        "发送的主题名不是合法 UTF-8",
        "sends a topic name that is not UTF-8",
        same(
            "string-ill-formed",
            "3.3.2-1",
            "1.5.3.TX-1",
            "MQTT5-3.3.2-1",
            "MQTT5-1.5.4-1",
        ),
        [by_server("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/\udcff"})],
    ),
    Row(
        "topic-with-wildcard",
        "发送的主题名含通配符",
        "sends a topic name with a wildcard",
        same(
            "topic-name-wildcard",
            "3.3.2-2",
            "4.7.1-1",
            "MQTT5-3.3.2-2",
            "MQTT5-4.7.0-1",
        ),
        [by_server("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/+"})],
    ),
    Row(
        "tolerates-unreadable",
        "收到无法解析的报文后不断开",
        "goes on after octets that are no packet",
        {"4.8.0-1": "still-open"},
        tolerated("client", "remaining-length-too-long", "reserved-packet-type"),
    ),
)

_CONNECTIONS = (
    Row(
        "second-connect-ignored",
        "忽略第二个 CONNECT",
        "ignores a second CONNECT",
        {
            "3.1.0-2": "still-open",
            "MQTT5-3.1.0-2": "still-open",
            "MQTT5-4.13.2-1": "still-open",
        },
        [by_client("drop", "CONNECT", match={"seen": 2})],
    ),
    Row(
        "accepts-any-level",
        "接受任何协议级别",
        "accepts every protocol level",
        {"3.1.2-2": "return-code"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"errors": {"has": "protocol-level"}},
                set={"patch": ((_LEVEL_AT, 4),)},
            )
        ],
    ),
    Row(
        "dies-of-other-levels",
        "遇到不支持的协议级别即崩溃",
        "crashes over a protocol level that it does not support",
        {"3.1.2-2": "dead", "MQTT5-3.1.2-2": "dead"},
        [by_client("die", "CONNECT", match={"errors": {"has": "protocol-level"}})],
    ),
    Row(
        "stays-after-refusal",
        "拒绝协议级别后不关闭连接",
        "refuses a protocol level and stays connected",
        {"3.1.2-2": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": 1})],
    ),
    Row(
        "reserved-flag-ignored",
        "不检查 CONNECT 的保留标志",
        "does not look at the reserved flag of CONNECT",
        {"3.1.2-3": "accepted", "MQTT5-3.1.2-3": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"errors": {"has": "connect-reserved-flag"}},
                set={"keep_alive": 0},
            )
        ],
        also=("MQTT5-4.13.2-1",),
    ),
    Row(
        "forgets-the-absent",
        "不为离线的会话保存消息",
        "stores nothing for a client that is away",
        {"3.1.2-5": "not-stored"},
        [by_server("drop", "PUBLISH", match={"topic_name": {"suffix": "/absent"}})],
    ),
    Row(
        "will-forgotten",
        "不发布遗嘱",
        "publishes no will",
        {
            "3.1.2-8": "not-published",
            "S-007": "not-published",
            "MQTT5-S-004": "not-published",
            "MQTT5-3.1.2-7": "not-published",
            "MQTT5-3.1.2-8": "not-published",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match={"has_will": True, "errors": []},
                set={"will_topic": None, "will_message": None, "will_qos": 0},
            )
        ],
    ),
    Row(
        "no-keep-alive",
        "不执行保活",
        "does not enforce the Keep Alive",
        {
            "3.1.2-24": "never-disconnected",
            "MQTT5-3.1.2-22": "never-disconnected",
            "MQTT5-3.2.2-22": "never-disconnected",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match={"keep_alive": {"above": 0}},
                set={"keep_alive": 60_000},
            ),
        ],
    ),
    Row(
        "dies-of-silence",
        "保活超时后不再服务",
        "serves nobody after a Keep Alive has run out",
        {
            "3.1.2-24": "dead",
            "MQTT5-3.1.2-22": "dead",
            "MQTT5-3.2.2-22": "dead",
        },
        [
            by_client(
                "close", "CONNECT", match={"client_identifier": {"prefix": "keepalive"}}
            )
        ],
    ),
    Row(
        "no-take-over",
        "不断开同一标识符的原有客户端",
        "keeps the older client of an identifier",
        {"3.1.4-2": "older-stays", "MQTT5-3.1.4-3": "older-stays"},
        [
            by_client(
                "alter",
                "CONNECT",
                nth=2,
                match={"client_identifier": {"prefix": "takeover"}},
                set={"client_identifier": "somebodyelse"},
            )
        ],
    ),
    Row(
        "newer-thrown-out",
        "同一标识符的新旧客户端均被断开",
        "ends the newer connection of an identifier as well",
        {"3.1.4-2": "newer-dead", "MQTT5-3.1.4-3": "newer-dead"},
        [
            by_client(
                "inject",
                "CONNECT",
                nth=2,
                match={"client_identifier": {"prefix": "takeover"}},
                octets=_RESERVED,
            )
        ],
    ),
    Row(
        "packet-before-connack",
        "CONNACK 之前发送其他报文",
        "sends a packet before CONNACK",
        same("first-packet", "3.2.0-1", "MQTT5-3.2.0-1"),
        [by_server("inject", "CONNACK", nth=1, octets=_PINGRESP, before=True)],
    ),
    Row(
        "session-for-clean",
        "清理会话为 1 时仍置会话存在标志",
        "Session Present for a clean session",
        same("session-present", "3.2.2-1", "MQTT5-3.2.2-2"),
        [by_server("alter", "CONNACK", nth=1, set={"session_present": True})],
    ),
    Row(
        "session-untold",
        "存有会话而不置会话存在标志",
        "does not tell of a kept session",
        {"3.2.2-2": "session-absent", "MQTT5-3.2.2-3": "session-absent"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"session_present": True},
                set={"session_present": False},
            )
        ],
    ),
    Row(
        "session-always",
        "总是置会话存在标志",
        "always tells of a session",
        {"3.2.2-3": "session-invented", "MQTT5-3.2.2-3": "session-invented"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"return_code": 0},
                set={"session_present": True},
            )
        ],
        also=(
            "3.1.2-6",
            "3.1.4-3",
            "MQTT5-3.1.2-4",
            "MQTT5-3.1.4-4",
            "MQTT5-4.1.0-2",
            "3.2.2-1",
            "MQTT5-3.2.2-2",
        ),
    ),
    Row(
        "second-ping-unanswered",
        "不应答第二个 PINGREQ",
        "does not answer a second PINGREQ",
        {"3.12.4-1": "not-answered", "MQTT5-3.12.4-1": "not-answered"},
        [by_server("drop", "PINGRESP", match={"seen": 2})],
    ),
    Row(
        "disconnect-ignored",
        "忽略 DISCONNECT",
        "takes no notice of DISCONNECT",
        {
            "3.14.4-3": "published",
            "S-001": "still-open",
            "MQTT5-3.14.4-3": "published",
            "MQTT5-S-073": "still-open",
        },
        [by_client("drop", "DISCONNECT")],
        also=(
            "3.14.1-1",
            "MQTT5-3.14.1-1",
        ),
    ),
)

FAULTS = (
    *_FRAMING,
    *PACKETS,
    *_CONNECTIONS,
    *OPENING,
    *GUESTS,
    *SESSIONS,
    *WILLS,
    *CONTENT,
    *AUTHENTICATION,
    *CLOSING,
    *SUBSCRIPTIONS,
    *SUBSCRIBING,
    *SHARED,
    *TOPICS,
    *WEB_OF_SERVERS,
    *MESSAGES,
)

LIBERTIES = (
    *WEB_FREE,
    *FREE,
    *OPENING_FREE,
    *AUTHENTICATION_FREE,
    Row(
        "octet-by-octet",
        "报文分成多个 TCP 段发送",
        "packets in many small segments",
        {},
        [by_server("split", size=3)],
    ),
    Row(
        "packets-joined",
        "PUBACK 与后续报文合并发送",
        "PUBACK in one segment with what follows",
        {},
        [by_server("join", "PUBACK", seconds=0.1)],
    ),
    Row(
        "slow-delivery",
        "消息延迟送达",
        "messages arrive late",
        {},
        [by_server("delay", "PUBLISH", seconds=0.05)],
    ),
    Row(
        "qos-1-repeats",
        "QoS 1 消息重复送达",
        "QoS 1 messages arrive twice",
        {},
        # 5.0 allows it only when a session goes on (4.4).
        [
            by_server(
                "repeat", "PUBLISH", match={"qos": 1, "version": 4}, set={"dup": True}
            )
        ],
    ),
    Row(
        "copies-for-overlaps",
        "过滤器重叠时送达多份",
        "a copy for each overlapping filter",
        {},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"has": "/routes/"}},
                set=COPY,
            )
        ],
    ),
    Row(
        "retained-before-suback",
        "保留消息先于 SUBACK 发送",
        "retained messages before SUBACK",
        {},
        [by_server("swap", "SUBACK", match={"count": 1}, seconds=0.1)],
    ),
    Row(
        "closes-without-connack",
        "协议级别不支持时不发 CONNACK 即关闭",
        "closes without a CONNACK when the level is not supported",
        {},
        [by_server("drop", "CONNACK", match={"return_code": 1})],
    ),
)
