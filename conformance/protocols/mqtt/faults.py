# SPDX-License-Identifier: Apache-2.0
"""MQTT implementations that deviate: what each fault breaks, and what is but odd.

Nearly every deviation is a few lines of data for the fault proxy, which stands before
a real mosquitto or a real paho client.  Where a fault would spoil every exchange, it
happens once (``nth=1`` is in the exercise, which comes first), or on the topics of one
check, which carry its name.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt311.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.engine.proof import Bench, Endpoint, Fault, Liberty, declare
from conformance.link.proxy import Action, Proxy, ProxyRule
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt import device
from conformance.protocols.mqtt.bench import AMENDS, free_port, mosquitto_running
from conformance.protocols.mqtt.frames import ADAPTER
from conformance.text import Text

__all__ = ["FAULTS", "LIBERTIES", "bench"]


@dataclass(frozen=True, slots=True)
class _Row:
    """One deviation: what it is, what it breaks, how the proxy makes it."""

    name: str
    zh: str
    en: str
    breaks: Mapping[str, str]
    rules: Sequence[ProxyRule] = ()
    also: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Other settings of the device."""
    amended: bool = True


def _server(action: Action, kind: str = "", **more: Any) -> ProxyRule:
    return _rule("server", action, kind, more)


def _client(action: Action, kind: str = "", **more: Any) -> ProxyRule:
    return _rule("client", action, kind, more)


def _rule(sender: Any, action: Action, kind: str, more: dict[str, Any]) -> ProxyRule:
    match = dict(more.pop("match", {}))
    if kind:
        match["kind"] = kind
    return ProxyRule(sender, action, match, **more)


def _tolerated(sender: Any, *errors: str) -> list[ProxyRule]:
    """Keep packets with these errors from whoever would have to close."""
    return [ProxyRule(sender, "drop", {"errors": {"has": e}}) for e in errors]


_ABOVE_0 = {"qos": {"above": 0}}
_COPY = {"qos": 0, "packet_identifier": None, "dup": False}
_PINGREQ, _PINGRESP = b"\xc0\x00", b"\xd0\x00"

_PLATFORM_FRAMING = (
    _Row(
        "keeps-ill-formed-topic",
        "收到非法 UTF-8 主题名后不断开",
        "goes on after a topic name that is not UTF-8",
        {"1.5.3-1": "still-open"},
        _tolerated("client", "string-ill-formed", "string-surrogate"),
    ),
    _Row(
        "keeps-nul",
        "收到含 U+0000 的主题名后不断开",
        "goes on after a topic name with U+0000",
        {"1.5.3-2": "still-open"},
        _tolerated("client", "string-nul"),
    ),
    _Row(
        "wrong-header-flags",
        "UNSUBACK 的固定报头标志为 1",
        "UNSUBACK with header flags 1",
        {"2.2.2-1": "fixed-header-flags"},
        [_server("alter", "UNSUBACK", nth=1, set={"flags": 1})],
    ),
    _Row(
        "mosquitto-as-it-is",
        "收到固定报头标志错误的 PINGREQ 后不断开（mosquitto 2.0 原样）",
        "goes on after a PINGREQ with wrong flags (mosquitto 2.0 as it is)",
        {"2.2.2-2": "still-open"},
        amended=False,
    ),
    _Row(
        "identifier-zero",
        "QoS 1 的 PUBLISH 报文标识符为 0",
        "a QoS 1 PUBLISH with packet identifier 0",
        {"2.3.1-1": "packet-identifier-zero"},
        [
            _server(
                "alter", "PUBLISH", match=_ABOVE_0, nth=1, set={"packet_identifier": 0}
            )
        ],
    ),
    _Row(
        "identifier-reused",
        "新的 PUBLISH 使用仍待确认的报文标识符",
        "a new PUBLISH under an identifier that is still in use",
        {"2.3.1-4": "identifier-in-use"},
        [
            _server(
                "repeat", "PUBLISH", match=_ABOVE_0, nth=1, set={"payload": b"another"}
            )
        ],
    ),
    _Row(
        "tolerates-qos-3",
        "收到 QoS 3 的 PUBLISH 后不断开",
        "goes on after a PUBLISH with QoS 3",
        {"3.3.1-4": "still-open"},
        _tolerated("client", "publish-qos-3"),
    ),
    _Row(
        "dup-at-qos-0",
        "QoS 0 的 PUBLISH 置了 DUP",
        "a QoS 0 PUBLISH with DUP",
        {"3.3.1-2": "dup-with-qos-0"},
        [_server("alter", "PUBLISH", match={"qos": 0}, nth=1, set={"dup": True})],
    ),
    _Row(
        "topic-not-utf-8",
        "发送的主题名不是合法 UTF-8",
        "sends a topic name that is not UTF-8",
        {"3.3.2-1": "string-ill-formed"},
        [_server("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/\udcff"})],
    ),
    _Row(
        "topic-with-wildcard",
        "发送的主题名含通配符",
        "sends a topic name with a wildcard",
        {"3.3.2-2": "topic-name-wildcard"},
        [_server("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/+"})],
    ),
    _Row(
        "tolerates-unreadable",
        "收到无法解析的报文后不断开",
        "goes on after octets that are no packet",
        {"4.8.0-1": "still-open"},
        _tolerated("client", "remaining-length-too-long", "reserved-packet-type"),
    ),
)

_PLATFORM_CONNECTIONS = (
    _Row(
        "second-connect-ignored",
        "忽略第二个 CONNECT",
        "ignores a second CONNECT",
        {"3.1.0-2": "still-open"},
        [_client("drop", "CONNECT", match={"seen": 2})],
    ),
    _Row(
        "accepts-any-level",
        "接受任何协议级别",
        "accepts every protocol level",
        {"3.1.2-2": "return-code"},
        [
            _client(
                "alter",
                "CONNECT",
                match={"protocol_level": {"not": 4}},
                set={"protocol_level": 4},
            )
        ],
    ),
    _Row(
        "reserved-flag-ignored",
        "不检查 CONNECT 的保留标志",
        "does not look at the reserved flag of CONNECT",
        {"3.1.2-3": "accepted"},
        [
            _client(
                "alter",
                "CONNECT",
                match={"errors": {"has": "connect-reserved-flag"}},
                set={"keep_alive": 0},
            )
        ],
    ),
    _Row(
        "forgets-the-absent",
        "不为离线的会话保存消息",
        "stores nothing for a client that is away",
        {"3.1.2-5": "not-stored"},
        [_server("drop", "PUBLISH", match={"topic_name": {"suffix": "/absent"}})],
    ),
    _Row(
        "will-forgotten",
        "不发布遗嘱",
        "publishes no will",
        {"3.1.2-8": "not-published"},
        [
            _client(
                "alter",
                "CONNECT",
                match={"has_will": True},
                set={"will_topic": None, "will_message": None, "will_qos": 0},
            )
        ],
    ),
    _Row(
        "no-keep-alive",
        "不执行保活",
        "does not enforce the Keep Alive",
        {"3.1.2-24": "never-disconnected"},
        [
            _client(
                "alter",
                "CONNECT",
                match={"keep_alive": {"above": 0}},
                set={"keep_alive": 0},
            )
        ],
    ),
    _Row(
        "no-take-over",
        "不断开同一标识符的原有客户端",
        "keeps the older client of an identifier",
        {"3.1.4-2": "older-stays"},
        [
            _client(
                "alter",
                "CONNECT",
                nth=2,
                match={"client_identifier": {"prefix": "takeover"}},
                set={"client_identifier": "somebodyelse"},
            )
        ],
    ),
    _Row(
        "packet-before-connack",
        "CONNACK 之前发送其他报文",
        "sends a packet before CONNACK",
        {"3.2.0-1": "first-packet"},
        [_server("inject", "CONNACK", nth=1, octets=_PINGRESP, before=True)],
    ),
    _Row(
        "session-for-clean",
        "清理会话为 1 时仍置会话存在标志",
        "Session Present for a clean session",
        {"3.2.2-1": "session-present"},
        [_server("alter", "CONNACK", nth=1, set={"session_present": True})],
    ),
    _Row(
        "session-untold",
        "存有会话而不置会话存在标志",
        "does not tell of a kept session",
        {"3.2.2-2": "session-absent"},
        [
            _server(
                "alter",
                "CONNACK",
                match={"session_present": True},
                set={"session_present": False},
            )
        ],
    ),
    _Row(
        "session-always",
        "总是置会话存在标志",
        "always tells of a session",
        {"3.2.2-3": "session-invented"},
        [
            _server(
                "alter",
                "CONNACK",
                match={"return_code": 0},
                set={"session_present": True},
            )
        ],
        also=("3.2.2-1",),
    ),
    _Row(
        "second-ping-unanswered",
        "不应答第二个 PINGREQ",
        "does not answer a second PINGREQ",
        {"3.12.4-1": "not-answered"},
        [_server("drop", "PINGRESP", match={"seen": 2})],
    ),
    _Row(
        "disconnect-ignored",
        "忽略 DISCONNECT",
        "takes no notice of DISCONNECT",
        {"3.14.4-3": "published", "S-001": "still-open"},
        [_client("drop", "DISCONNECT")],
    ),
)

_PLATFORM_SUBSCRIPTIONS = (
    _Row(
        "lists-unanswered",
        "不应答含多个过滤器的 SUBSCRIBE",
        "does not answer a SUBSCRIBE with several filters",
        {"3.8.4-1": "not-answered"},
        [_server("drop", "SUBACK", match={"count": {"above": 1}})],
    ),
    _Row(
        "suback-of-another",
        "SUBACK 的报文标识符不对",
        "SUBACK under another identifier",
        {"3.8.4-2": "other-identifier"},
        [_server("alter", "SUBACK", nth=1, set={"packet_identifier": 54_321})],
    ),
    _Row(
        "one-code-for-all",
        "多个过滤器只有一个返回码",
        "one return code for several filters",
        {"3.8.4-5": "other-count"},
        [
            _server(
                "alter",
                "SUBACK",
                match={"count": {"above": 1}},
                nth=1,
                set={"return_codes": (0,)},
            )
        ],
    ),
    _Row(
        "codes-reversed",
        "返回码顺序颠倒",
        "return codes in reverse order",
        {"3.9.3-1": "code-of-another-filter"},
        [
            _server(
                "alter",
                "SUBACK",
                match={"return_codes": (2, 0, 1)},
                set={"return_codes": (1, 0, 2)},
            )
        ],
    ),
    _Row(
        "subscription-kept",
        "应答 UNSUBSCRIBE 但不删除订阅",
        "answers UNSUBSCRIBE and keeps the subscription",
        {"3.10.4-2": "after-unsubscribe"},
        [
            _client(
                "alter",
                "UNSUBSCRIBE",
                match={"filter": {"has": "/routes/"}},
                set={"topic_filters": ("luheng/none",)},
            )
        ],
    ),
    _Row(
        "nothing-dropped-nothing-said",
        "没有订阅可删时不应答",
        "does not answer when there was nothing to drop",
        {"3.10.4-4": "not-answered"},
        [_server("drop", "UNSUBACK", match={"seen": 2})],
    ),
    _Row(
        "stray-message",
        "发送未订阅的主题",
        "sends a topic that nobody asked for",
        {"3.3.2-3": "not-subscribed"},
        [
            _server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"suffix": "routes-fence"}},
                set={**_COPY, "topic_name": "luheng/elsewhere"},
                before=True,
            )
        ],
    ),
    _Row(
        "message-lost",
        "匹配的订阅收不到消息",
        "a matching subscription gets nothing",
        {"4.5.0-1": "not-delivered"},
        [_server("drop", "PUBLISH", match={"topic_name": {"has": "/routes/"}})],
    ),
    _Row(
        "dollar-topics-matched",
        "通配符匹配 $ 主题",
        "a wildcard matches $ topics",
        {"4.7.2-1": "matched"},
        [
            _client(
                "repeat",
                "SUBSCRIBE",
                match={"filter": {"prefix": "+/dollar"}},
                set={"packet_identifier": 60_001, "topic_filters": (("$luheng/#", 0),)},
            ),
            _server("drop", "SUBACK", match={"packet_identifier": 60_001}),
        ],
    ),
)

_PLATFORM_MESSAGES = (
    _Row(
        "retained-not-sent",
        "新订阅收不到保留消息",
        "a new subscription gets no retained message",
        {"3.3.1-6": "retained-missing"},
        [_server("drop", "PUBLISH", match={"retain": True})],
    ),
    _Row(
        "retain-flag-lost",
        "保留消息的 RETAIN 标志为 0",
        "retained messages come with RETAIN 0",
        {"3.3.1-8": "not-flagged"},
        [_server("alter", "PUBLISH", match={"retain": True}, set={"retain": False})],
    ),
    _Row(
        "retain-flag-passed-on",
        "发给已有订阅的消息 RETAIN 标志为 1",
        "messages for established subscriptions come with RETAIN 1",
        {"3.3.1-9": "flagged"},
        [
            _server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/live"}},
                set={"retain": True},
            )
        ],
    ),
    _Row(
        "retained-for-ever",
        "空载荷不能清除保留消息",
        "an empty payload clears nothing",
        {"3.3.1-10": "retained-after-clear"},
        [
            _client(
                "alter",
                "PUBLISH",
                match={"retain": True, "payload": b""},
                set={"retain": False},
            )
        ],
    ),
    _Row(
        "retains-everything",
        "RETAIN 标志为 0 的消息也被保留",
        "keeps messages with RETAIN 0 too",
        {"3.3.1-12": "stored-by-plain"},
        [
            _client(
                "alter",
                "PUBLISH",
                match={"retain": False, "qos": 1},
                set={"retain": True},
            )
        ],
    ),
    _Row(
        "puback-for-qos-2",
        "以 PUBACK 应答 QoS 2",
        "answers QoS 2 with PUBACK",
        {"3.3.4-1": "wrong-answer"},
        [_server("alter", "PUBREC", set={"kind": 4})],
        also=("4.3.3-2",),
    ),
    _Row(
        "twice-at-qos-2",
        "QoS 2 消息送达两次",
        "a QoS 2 message arrives twice",
        {"4.3.3-2": "more-than-once"},
        [
            _server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"suffix": "/once"}},
                set=_COPY,
            )
        ],
    ),
    _Row(
        "order-changed",
        "消息次序颠倒",
        "two messages change places",
        {"4.6.0-6": "out-of-order"},
        [
            _server(
                "swap",
                "PUBLISH",
                seconds=1.0,
                match={"topic_name": {"suffix": "/order"}, "payload": b"3"},
            )
        ],
    ),
)

_DEVICE = (
    _Row(
        "paho-as-it-is",
        "不检查收到的标志位和字符串（paho-mqtt 原样）",
        "does not look at flags and strings received (paho-mqtt as it is)",
        {"1.5.3-1": "still-open", "2.2.2-2": "still-open"},
        settings={"strict": False},
    ),
    _Row(
        "wrong-header-flags",
        "SUBSCRIBE 的固定报头标志为 0",
        "SUBSCRIBE with header flags 0",
        {"2.2.2-1": "fixed-header-flags"},
        [_client("alter", "SUBSCRIBE", nth=1, set={"flags": 0})],
    ),
    _Row(
        "identifier-zero",
        "QoS 1 的 PUBLISH 报文标识符为 0",
        "a QoS 1 PUBLISH with packet identifier 0",
        {"2.3.1-1": "packet-identifier-zero"},
        [
            _client(
                "alter", "PUBLISH", match=_ABOVE_0, nth=1, set={"packet_identifier": 0}
            )
        ],
    ),
    _Row(
        "identifier-reused",
        "新的 PUBLISH 使用仍待确认的报文标识符",
        "a new PUBLISH under an identifier that is still in use",
        {"2.3.1-2": "identifier-in-use"},
        [_client("repeat", "PUBLISH", match=_ABOVE_0, nth=1, set={"payload": b"{}"})],
    ),
    _Row(
        "packet-before-connect",
        "CONNECT 之前发送其他报文",
        "sends a packet before CONNECT",
        {"3.1.0-1": "first-packet"},
        [_client("inject", "CONNECT", nth=1, octets=_PINGREQ, before=True)],
    ),
    _Row(
        "will-qos-without-will",
        "没有遗嘱而遗嘱 QoS 不为 0",
        "Will QoS without a will",
        {"3.1.2-11": "will-qos-without-will"},
        [
            _client(
                "alter",
                "CONNECT",
                nth=1,
                set={"will_topic": None, "will_message": None, "will_qos": 1},
            )
        ],
    ),
    _Row(
        "will-qos-3",
        "遗嘱 QoS 为 3",
        "Will QoS 3",
        {"3.1.2-14": "will-qos-3"},
        [_client("alter", "CONNECT", nth=1, set={"will_qos": 3})],
    ),
    _Row(
        "password-alone",
        "有密码而无用户名",
        "a password without a user name",
        {"3.1.2-22": "password-without-user-name"},
        [_client("alter", "CONNECT", nth=1, set={"password": b"x"})],
    ),
    _Row(
        "no-pings",
        "空闲时不发送 PINGREQ",
        "sends no PINGREQ when idle",
        {"3.1.2-23": "silent-too-long"},
        [_client("drop", "PINGREQ")],
        settings={"keep_alive_s": 1, "interval_s": 4.0},
    ),
    _Row(
        "nameless-session",
        "空标识符而清理会话为 0",
        "an empty identifier with Clean Session 0",
        {"3.1.3-7": "client-identifier-empty"},
        [_client("alter", "CONNECT", nth=1, set={"client_identifier": ""})],
    ),
    _Row(
        "resent-without-dup",
        "重发时不置 DUP",
        "sends again without DUP",
        {"3.3.1-1": "dup-not-set"},
        [_client("alter", "PUBLISH", match={"dup": True}, set={"dup": False})],
    ),
    _Row(
        "dup-at-qos-0",
        "QoS 0 的 PUBLISH 置了 DUP",
        "a QoS 0 PUBLISH with DUP",
        {"3.3.1-2": "dup-with-qos-0"},
        [_client("alter", "PUBLISH", match={"qos": 0}, nth=1, set={"dup": True})],
    ),
    _Row(
        "tolerates-qos-3",
        "收到 QoS 3 的 PUBLISH 后不断开",
        "goes on after a PUBLISH with QoS 3",
        {"3.3.1-4": "still-open"},
        _tolerated("server", "publish-qos-3"),
    ),
    _Row(
        "topic-not-utf-8",
        "主题名不是合法 UTF-8",
        "a topic name that is not UTF-8",
        {"3.3.2-1": "string-ill-formed"},
        [_client("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/\udcff"})],
    ),
    _Row(
        "topic-with-wildcard",
        "主题名含通配符",
        "a topic name with a wildcard",
        {"3.3.2-2": "topic-name-wildcard"},
        [_client("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/+"})],
    ),
    _Row(
        "stays-after-disconnect",
        "发送 DISCONNECT 后不关闭连接",
        "does not close after DISCONNECT",
        {"3.14.4-1": "still-open"},
        [_client("linger", "DISCONNECT")],
    ),
    _Row(
        "talks-after-disconnect",
        "发送 DISCONNECT 后继续发送",
        "goes on sending after DISCONNECT",
        {"3.14.4-2": "packet-after-disconnect"},
        [_client("inject", "DISCONNECT", octets=_PINGREQ)],
    ),
    _Row(
        "never-resends",
        "重连后不重发未确认的消息",
        "does not send unacknowledged messages again",
        {"4.4.0-1": "not-resent"},
        [_client("drop", "PUBLISH", match={"dup": True})],
    ),
    _Row(
        "puback-missing",
        "漏发 PUBACK",
        "leaves out a PUBACK",
        {"4.5.0-2": "not-answered"},
        [_client("drop", "PUBACK", match={"seen": 2})],
    ),
    _Row(
        "pubacks-out-of-order",
        "PUBACK 次序颠倒",
        "PUBACKs change places",
        {"4.6.0-2": "out-of-order"},
        [_client("swap", "PUBACK", match={"seen": 1}, seconds=1.0)],
    ),
    _Row(
        "tolerates-unreadable",
        "收到无法解析的报文后不断开",
        "goes on after octets that are no packet",
        {"4.8.0-1": "still-open"},
        _tolerated("server", "remaining-length-too-long", "reserved-packet-type"),
    ),
)

_PLATFORM_LIBERTIES = (
    _Row(
        "octet-by-octet",
        "报文分成多个 TCP 段发送",
        "packets in many small segments",
        {},
        [_server("split", size=3)],
    ),
    _Row(
        "packets-joined",
        "PUBACK 与后续报文合并发送",
        "PUBACK in one segment with what follows",
        {},
        [_server("join", "PUBACK", seconds=0.1)],
    ),
    _Row(
        "slow-delivery",
        "消息延迟送达",
        "messages arrive late",
        {},
        [_server("delay", "PUBLISH", seconds=0.05)],
    ),
    _Row(
        "qos-1-repeats",
        "QoS 1 消息重复送达",
        "QoS 1 messages arrive twice",
        {},
        [_server("repeat", "PUBLISH", match={"qos": 1}, set={"dup": True})],
    ),
    _Row(
        "copies-for-overlaps",
        "过滤器重叠时送达多份",
        "a copy for each overlapping filter",
        {},
        [
            _server(
                "repeat",
                "PUBLISH",
                match={"topic_name": {"has": "/routes/"}},
                set=_COPY,
            )
        ],
    ),
    _Row(
        "retained-before-suback",
        "保留消息先于 SUBACK 发送",
        "retained messages before SUBACK",
        {},
        [_server("swap", "SUBACK", match={"count": 1}, seconds=0.1)],
    ),
    _Row(
        "closes-without-connack",
        "协议级别不支持时不发 CONNACK 即关闭",
        "closes without a CONNACK when the level is not supported",
        {},
        [_server("drop", "CONNACK", match={"return_code": 1})],
    ),
)

_DEVICE_LIBERTIES = (
    _Row(
        "octet-by-octet",
        "报文分成多个 TCP 段发送",
        "packets in many small segments",
        {},
        [_client("split", size=3)],
    ),
    _Row(
        "packets-joined",
        "多个报文合并发送",
        "several packets in one segment",
        {},
        [_client("join", "PUBLISH", match={"qos": 1}, seconds=0.1)],
    ),
    _Row(
        "resends-at-once",
        "未等重连即重发",
        "sends again without waiting for a new connection",
        {},
        [_client("repeat", "PUBLISH", match=_ABOVE_0, set={"dup": True})],
    ),
    _Row(
        "slow-device",
        "报文发送迟缓",
        "packets come late",
        {},
        [_client("delay", "PUBLISH", seconds=0.05)],
    ),
)

_PLATFORM = (
    *_PLATFORM_FRAMING,
    *_PLATFORM_CONNECTIONS,
    *_PLATFORM_SUBSCRIPTIONS,
    *_PLATFORM_MESSAGES,
)
_ROWS: Mapping[str, Sequence[_Row]] = {"platform": _PLATFORM, "device": _DEVICE}
_FREE: Mapping[str, Sequence[_Row]] = {
    "platform": _PLATFORM_LIBERTIES,
    "device": _DEVICE_LIBERTIES,
}

FAULTS: Sequence[Fault] = tuple(
    Fault(
        row.name,
        role,
        Text(row.zh, row.en),
        {f"MQTT311-{name}": key for name, key in row.breaks.items()},
        tuple(f"MQTT311-{name}" for name in row.also),
    )
    for role, rows in _ROWS.items()
    for row in rows
)
LIBERTIES: Sequence[Liberty] = tuple(
    Liberty(row.name, role, Text(row.zh, row.en))
    for role, rows in _FREE.items()
    for row in rows
)

_HONEST = _Row("", "", "", {})


@contextmanager
def bench(snapshot: Snapshot, role: str, deviation: str | None) -> Iterator[Bench]:
    """Run a real implementation, with one deviation or none, for a declaration."""
    rows = {row.name: row for row in (*_ROWS[role], *_FREE[role])}
    row = rows[deviation] if deviation else _HONEST
    answers = {item.id: item.id.startswith("MQTT") for item in snapshot.ics}
    answers["MQTT_CREDENTIALS"] = False
    ixit: dict[str, Any] = {
        "mqtt_answer_timeout": "PT1S",
        "mqtt_keep_alive_grace": "PT6S",
        "mqtt_connect_timeout": "PT5S",
        "mqtt_report_timeout": "PT5S",
    }
    if role == "platform":
        answers["MQTT_DISCONNECT"] = False
        rules = [*row.rules, *(AMENDS if row.amended else ())]
        with (
            mosquitto_running() as address,
            Proxy(address, rules=rules, adapter=ADAPTER) as proxy,
        ):
            ixit["mqtt_endpoint"] = Endpoint(proxy.address.host, proxy.address.port)
            yield Bench(declare(snapshot, role, ics=answers, ixit=ixit))
        return
    endpoint = Endpoint("127.0.0.1", free_port())
    target = (endpoint.host, endpoint.port)
    ixit["mqtt_endpoint"] = endpoint
    with Proxy(target, rules=row.rules, adapter=ADAPTER) as proxy:
        plain = device.Settings(proxy.address.host, proxy.address.port)
        with device.running(replace(plain, **row.settings)):
            yield Bench(declare(snapshot, role, ics=answers, ixit=ixit))
