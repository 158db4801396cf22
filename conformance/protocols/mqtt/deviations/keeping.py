# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in sessions and wills, made out of a real mosquitto.

Also in what goes through a connection as it is.  Part of the tables in
``deviations.platform``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.link.proxy import ProxyRule
from conformance.protocols.mqtt.codec import disconnect_raw, properties
from conformance.protocols.mqtt.deviations import COPY, Row, by_client, by_server

__all__ = ["CONTENT", "SESSIONS", "WILLS"]


_CLEAN = {"client_identifier": {"prefix": "discarded"}, "clean_session": True}

_SECOND = {"client_identifier": {"prefix": "closes"}, "seen": 2}

_LARGE = "packet-too-large"
_REASON = properties(reason_string="x" * 2000)
_USER = properties(user_property=[("x", "x" * 2000)])
_METHOD = {"return_code": 0x8C}
_ERROR = {"reason_code": {"above": 0x7F}}


def _on(last: str, **more: Any) -> dict[str, Any]:
    """Match the messages of one check by the last level of their topic."""
    return {"topic_name": {"suffix": f"/{last}"}, **more}


def _will_before(last: str) -> ProxyRule:
    """Send a will once more, before the fence of a check."""
    return by_server(
        "repeat",
        "PUBLISH",
        match=_on(last, payload=b"fence"),
        set={**COPY, "payload": b"gone"},
        before=True,
    )


def _of_will(last: str) -> dict[str, Any]:
    return {"will_topic": {"suffix": f"/{last}"}}


SESSIONS = (
    Row(
        "subscriptions-lost",
        "恢复会话后订阅失效",
        "loses the subscriptions of a session that goes on",
        {
            "3.1.2-4": "subscription-lost",
            "4.1.0-1": "subscription-lost",
            "MQTT5-3.1.2-5": "subscription-lost",
            "MQTT5-3.1.2-6": "subscription-lost",
            "MQTT5-3.1.2-23": "subscription-lost",
        },
        [by_server("drop", "PUBLISH", match=_on("resumed"))],
    ),
    Row(
        "clean-start-ignored",
        "清理会话时仍使用原有会话",
        "goes on with the old session at a clean start",
        {
            "3.1.2-6": "session-used",
            "3.1.4-3": "session-used",
            "MQTT5-3.1.2-4": "session-used",
            "MQTT5-3.1.4-4": "session-used",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match=_CLEAN,
                set={"clean_session": False},
            )
        ],
        also=("3.2.2-1", "MQTT5-3.2.2-2"),
    ),
    Row(
        "old-session-kept-aside",
        "清理会话后原有会话仍可恢复",
        "has the old session back after a clean start",
        {
            "3.1.2-6": "session-survives",
            "3.1.4-3": "session-survives",
            "MQTT5-3.1.2-4": "session-survives",
            "MQTT5-3.1.4-4": "session-survives",
        },
        [by_client("alter", "CONNECT", match=_CLEAN, set={"client_identifier": ""})],
    ),
    Row(
        "states-mixed",
        "会话收到另一会话的消息",
        "a session gets what is another's",
        {"3.1.3-2": "state-of-another", "MQTT5-3.1.3-2": "state-of-another"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"suffix": "/apart/a"}, "payload": b"1"},
                set={"topic_name": "luheng/another"},
            )
        ],
        also=("3.3.2-3", "MQTT5-3.3.2-3"),
    ),
    Row(
        "second-state-lost",
        "只保存一个会话的状态",
        "keeps the state of one session only",
        {"3.1.3-2": "state-lost", "MQTT5-3.1.3-2": "state-lost"},
        [by_server("drop", "PUBLISH", match={"topic_name": {"suffix": "/apart/b"}})],
    ),
    Row(
        "state-lost-while-open",
        "连接打开期间丢失会话状态",
        "loses the state of a session while its connection is open",
        {"4.1.0-2": "state-lost", "MQTT5-4.1.0-1": "state-lost"},
        [by_server("drop", "PUBLISH", match=_on("lasting"))],
    ),
    Row(
        "never-expires",
        "会话过期后仍可恢复",
        "has sessions back after they have expired",
        {"MQTT5-4.1.0-2": "session-survives"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"Session Expiry Interval": 1, "clean_session": False},
                set={"properties": properties(session_expiry_interval=300)},
            )
        ],
    ),
)

WILLS = (
    Row(
        "will-published-twice",
        "同一会话的遗嘱再次发布",
        "publishes the will of a session again",
        {"3.1.2-10": "published-again", "MQTT5-3.1.2-10": "published-again"},
        [_will_before("will-once")],
    ),
    Row(
        "will-of-nobody",
        "没有遗嘱的连接断开后发布遗嘱",
        "publishes a will for a connection that had none",
        {"3.1.2-12": "published"},
        [_will_before("will-absent")],
    ),
    Row(
        "retains-every-will",
        "所有遗嘱都保留",
        "retains every will",
        {"3.1.2-16": "retained", "MQTT5-3.1.2-14": "retained"},
        [
            by_client(
                "alter",
                "CONNECT",
                match=_of_will("will-plain"),
                set={"will_retain": True},
            )
        ],
    ),
    Row(
        "retains-no-wills",
        "遗嘱从不保留",
        "retains no will",
        {"3.1.2-17": "not-retained", "MQTT5-3.1.2-15": "not-retained"},
        [
            by_client(
                "alter",
                "CONNECT",
                match=_of_will("will-retained"),
                set={"will_retain": False},
            )
        ],
    ),
    Row(
        "delayed-will-lost",
        "不发布延迟的遗嘱",
        "never publishes a will that is delayed",
        {"MQTT5-3.1.2-8": "not-published"},
        [by_server("drop", "PUBLISH", match=_on("will-delayed"))],
    ),
    Row(
        "will-not-delayed",
        "不理会遗嘱延迟间隔",
        "does not wait for the Will Delay Interval",
        {"MQTT5-3.1.2-8": "too-early"},
        [
            by_client(
                "alter",
                "CONNECT",
                match=_of_will("will-delayed"),
                set={"will_properties": ()},
            )
        ],
    ),
    Row(
        "will-not-cancelled",
        "恢复会话后仍发布延迟的遗嘱",
        "publishes a delayed will although its session went on",
        {"MQTT5-3.1.3-9": "published"},
        [_will_before("will-cancelled")],
    ),
    Row(
        "will-properties-sorted",
        "改变遗嘱用户属性的次序",
        "changes the order of a will's user properties",
        {"MQTT5-3.1.3-10": "other-order"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("will-properties"),
                set={"properties": properties(user_property=[("a", "2"), ("b", "1")])},
            )
        ],
    ),
)

CONTENT = (
    Row(
        "octets-lost",
        "载荷的字节丢失",
        "loses octets of a payload",
        {"7.1.1-1": "other-payload", "MQTT5-4.2-1": "other-payload"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match=_on("unchanged", qos=1),
                set={"payload": bytes(n % 251 for n in range(40_000) if n != 32_768)},
            )
        ],
    ),
    Row(
        "mark-stripped",
        "去掉主题名中的 U+FEFF",
        "strips U+FEFF from a topic name",
        {"1.5.3-3": "other-topic", "MQTT5-1.5.4-3": "other-topic"},
        [
            by_server(
                "alter",
                "PUBLISH",
                match={"topic_name": {"has": "\ufeff"}},
                set={"topic_name": "luheng/stripped"},
            )
        ],
        also=("3.3.2-3", "MQTT5-3.3.2-3"),
    ),
    Row(
        "packet-size-ignored",
        "不遵守客户端的最大报文长度",
        "takes no notice of a client's Maximum Packet Size",
        {"MQTT5-3.1.2-24": "oversized"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"Maximum Packet Size": 120},
                set={"properties": properties(receive_maximum=1)},
            )
        ],
    ),
    Row(
        "stopped-by-large-message",
        "遇到过大的消息后不再发送",
        "sends nothing more after a message that was too large",
        {"MQTT5-3.1.2-25": "stopped"},
        [by_server("drop", "PUBLISH", match=_on("size", payload=b"fits"))],
    ),
    Row(
        "stays-after-own-disconnect",
        "发送 DISCONNECT 后不关闭连接",
        "stays connected after its own DISCONNECT",
        {"MQTT5-3.14.4-2": "still-open"},
        [
            by_client(
                "inject",
                "CONNECT",
                match=_SECOND,
                octets=disconnect_raw(0x82, b"\0"),
                toward="client",
            ),
            by_client("drop", "CONNECT", match=_SECOND),
        ],
    ),
    Row(
        "tolerates-disconnect-flags",
        "收到固定报头标志错误的 DISCONNECT 后不断开",
        "goes on after a DISCONNECT with wrong header flags",
        {"3.14.1-1": "still-open", "MQTT5-3.14.1-1": "still-open"},
        [
            by_client(
                "drop",
                match={"kind": "DISCONNECT", "errors": {"has": "fixed-header-flags"}},
            )
        ],
    ),
    Row(
        "wordy-connack",
        "CONNACK 因原因字符串超出客户端的最大报文长度",
        "a Reason String that makes CONNACK too large for the client",
        {"MQTT5-3.2.2-19": _LARGE},
        [by_server("alter", "CONNACK", match=_METHOD, set={"adds": _REASON})],
    ),
    Row(
        "wordy-connack-properties",
        "CONNACK 因用户属性超出客户端的最大报文长度",
        "user properties that make CONNACK too large for the client",
        {"MQTT5-3.2.2-20": _LARGE},
        [by_server("alter", "CONNACK", match=_METHOD, set={"adds": _USER})],
    ),
    Row(
        "wordy-disconnect",
        "DISCONNECT 因原因字符串超出客户端的最大报文长度",
        "a Reason String that makes DISCONNECT too large for the client",
        {"MQTT5-3.14.2-3": _LARGE},
        [by_server("alter", "DISCONNECT", match=_ERROR, set={"adds": _REASON})],
    ),
    Row(
        "wordy-disconnect-properties",
        "DISCONNECT 因用户属性超出客户端的最大报文长度",
        "user properties that make DISCONNECT too large for the client",
        {"MQTT5-3.14.2-4": _LARGE},
        [by_server("alter", "DISCONNECT", match=_ERROR, set={"adds": _USER})],
    ),
)
