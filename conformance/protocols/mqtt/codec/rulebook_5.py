# SPDX-License-Identifier: Apache-2.0
"""Every way in which the octets of an MQTT 5.0 packet can be wrong, by name.

Where a fault is the same as in MQTT 3.1.1, its name and words are too; statements and
clauses are those of 5.0, in which the same identifier often means something else.

``reactions`` bind a server only: of a client 5.0 says that it should close, not that
it must (4.13.1), but for a wrong AUTH.

Source: MQTT Version 5.0 (OASIS, 2019-03-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from conformance.protocols.mqtt.codec.rulebook import RULES, Kind, RuleInfo
from conformance.text import Text

__all__ = ["RULES_5"]

_By = Mapping[str, tuple[str, ...]]
_CLOSE = ("MQTT-4.13.1-1",)
_IN_CONNECT = ("MQTT-3.1.4-1", "MQTT-4.13.1-1")
_STRINGS: _By = {
    "Topic Name": ("MQTT-3.3.2-1",),
    "Response Topic": ("MQTT-3.3.2-13",),
    "Content Type": ("MQTT-3.3.2-19",),
    "Client Identifier": ("MQTT-3.1.3-4",),
    "Will Topic": ("MQTT-3.1.3-11",),
    "User Name": ("MQTT-3.1.3-12",),
    "User Property": ("MQTT-1.5.7-1",),
    "SUBSCRIBE Topic Filter": ("MQTT-3.8.3-1",),
    "UNSUBSCRIBE Topic Filter": ("MQTT-3.10.3-1",),
}
_TOPICS = ("Topic Name", "Response Topic", "Will Topic", "Topic Filter")
_ANSWERS = ("MQTT-2.2.1-5",)
_IDENTIFIERS: _By = {
    "PUBLISH": ("MQTT-2.2.1-3", "MQTT-2.2.1-4"),
    "SUBSCRIBE": ("MQTT-2.2.1-3",),
    "UNSUBSCRIBE": ("MQTT-2.2.1-3",),
    "PUBACK": _ANSWERS,
    "PUBREC": _ANSWERS,
    "PUBREL": _ANSWERS,
    "PUBCOMP": _ANSWERS,
    "SUBACK": ("MQTT-2.2.1-6",),
    "UNSUBACK": ("MQTT-2.2.1-6",),
}
_REASONS: _By = {
    "CONNACK": ("MQTT-3.2.2-8",),
    "PUBACK": ("MQTT-3.4.2-1",),
    "PUBREC": ("MQTT-3.5.2-1",),
    "PUBREL": ("MQTT-3.6.2-1",),
    "PUBCOMP": ("MQTT-3.7.2-1",),
    "SUBACK": ("MQTT-3.9.3-2",),
    "UNSUBACK": ("MQTT-3.11.3-2",),
    "DISCONNECT": ("MQTT-3.14.2-1",),
    "AUTH": ("MQTT-3.15.2-1",),
}


def _like_3(
    name: str,
    clause: str,
    statements: tuple[str, ...] = (),
    reactions: tuple[str, ...] = _CLOSE,
    by: _By | None = None,
    kind: Kind | None = None,
) -> RuleInfo:
    """Return a rule that 3.1.1 has too, with its words."""
    info = RULES[name]
    return RuleInfo(
        kind or info.kind, info.title, clause, statements, reactions, by or {}
    )


_SHARED: dict[str, RuleInfo] = {
    "remaining-length-too-long": _like_3("remaining-length-too-long", "2.1.4"),
    "truncated": _like_3("truncated", "2.1.4", reactions=()),
    "reader-dead": _like_3("reader-dead", "2.1.4", reactions=()),
    "over-limit": _like_3("over-limit", "2.1.4", reactions=()),
    "wrong-direction": _like_3("wrong-direction", "2.1.2"),
    "fixed-header-flags": _like_3(
        "fixed-header-flags",
        "2.1.3",
        ("MQTT-2.1.3-1",),
        by={
            "PUBREL": ("MQTT-3.6.1-1",),
            "SUBSCRIBE": ("MQTT-3.8.1-1",),
            "UNSUBSCRIBE": ("MQTT-3.10.1-1",),
            "DISCONNECT": ("MQTT-3.14.1-1",),
            "AUTH": ("MQTT-3.15.1-1",),
        },
    ),
    "missing-field": _like_3(
        "missing-field",
        "3",
        by={
            "Property Length": ("MQTT-2.2.2-1",),
            "Client Identifier": ("MQTT-3.1.3-3",),
            "Will Property Length": ("MQTT-3.1.2-9",),
            "Will Topic": ("MQTT-3.1.2-9",),
            "Will Payload": ("MQTT-3.1.2-9",),
            "User Name": ("MQTT-3.1.2-17",),
            "Password": ("MQTT-3.1.2-19",),
            "Topic Name": ("MQTT-3.3.2-1",),
            "Subscription Options": ("MQTT-3.8.3-2",),
        },
    ),
    "field-cut-short": _like_3("field-cut-short", "3"),
    "extra-octets": _like_3("extra-octets", "3"),
    "string-ill-formed": _like_3(
        "string-ill-formed", "1.5.4", ("MQTT-1.5.4-1",), by=_STRINGS
    ),
    "string-surrogate": _like_3(
        "string-surrogate", "1.5.4", ("MQTT-1.5.4-1",), by=_STRINGS
    ),
    "string-nul": _like_3(
        "string-nul",
        "1.5.4",
        ("MQTT-1.5.4-2",),
        by=dict.fromkeys(_TOPICS, ("MQTT-4.7.3-2",))
        | {"User Property": ("MQTT-1.5.7-1",)},
    ),
    "string-control-character": _like_3(
        "string-control-character", "1.5.4", reactions=()
    ),
    "string-noncharacter": _like_3("string-noncharacter", "1.5.4", reactions=()),
    "protocol-name": _like_3("protocol-name", "3.1.2.1", reactions=("MQTT-3.1.2-1",)),
    "connect-reserved-flag": _like_3(
        "connect-reserved-flag",
        "3.1.2.3",
        reactions=("MQTT-3.1.2-3", *_IN_CONNECT),
    ),
    "will-qos-3": _like_3("will-qos-3", "3.1.2.6", ("MQTT-3.1.2-12",), _IN_CONNECT),
    "will-qos-without-will": _like_3(
        "will-qos-without-will", "3.1.2.6", ("MQTT-3.1.2-11",), _IN_CONNECT
    ),
    "will-retain-without-will": _like_3(
        "will-retain-without-will", "3.1.2.7", ("MQTT-3.1.2-13",), _IN_CONNECT
    ),
    "connack-reserved-flags": _like_3(
        "connack-reserved-flags", "3.2.2.1", ("MQTT-3.2.2-1",), ()
    ),
    "session-present-refused": _like_3(
        "session-present-refused", "3.2.2.1.1", ("MQTT-3.2.2-6",), ()
    ),
    "publish-qos-3": _like_3("publish-qos-3", "3.3.1.2", ("MQTT-3.3.1-4",)),
    "dup-with-qos-0": _like_3(
        "dup-with-qos-0", "3.3.1.1", ("MQTT-3.3.1-2", "MQTT-4.3.1-1")
    ),
    "topic-name-wildcard": _like_3(
        "topic-name-wildcard",
        "4.7.1",
        ("MQTT-4.7.0-1",),
        by={"Topic Name": ("MQTT-3.3.2-2",), "Response Topic": ("MQTT-3.3.2-14",)},
    ),
    "topic-empty": _like_3("topic-empty", "4.7.3", ("MQTT-4.7.3-1",)),
    "filter-hash-position": _like_3(
        "filter-hash-position", "4.7.1.2", ("MQTT-4.7.1-1",)
    ),
    "filter-plus-position": _like_3(
        "filter-plus-position", "4.7.1.3", ("MQTT-4.7.1-2",)
    ),
    "packet-identifier-zero": _like_3(
        "packet-identifier-zero", "2.2.1", by=_IDENTIFIERS
    ),
    "no-topic-filter": _like_3(
        "no-topic-filter",
        "3.8.3",
        by={"SUBSCRIBE": ("MQTT-3.8.3-2",), "UNSUBSCRIBE": ("MQTT-3.10.3-2",)},
    ),
    "requested-qos-3": _like_3("requested-qos-3", "3.8.3.1", kind="violation"),
}

_OWN: dict[str, RuleInfo] = {
    "remaining-length-not-minimal": RuleInfo(
        "violation",
        Text(
            "剩余长度的编码不是最短形式",
            "Remaining Length takes more octets than needed",
        ),
        "1.5.5",
        ("MQTT-1.5.5-1",),
    ),
    "reserved-packet-type": RuleInfo(
        "malformed",
        Text("报文类型为保留值 0", "packet type 0 is reserved"),
        "2.1.2",
        reactions=_CLOSE,
    ),
    "protocol-level": RuleInfo(
        "violation",
        Text("协议版本不是 5（5.0）", "the protocol version is not 5 (5.0)"),
        "3.1.2.2",
        reactions=("MQTT-3.1.2-2",),
    ),
    "variable-byte-integer-too-long": RuleInfo(
        "malformed",
        Text(
            "变长整数超过 4 个字节",
            "a variable byte integer takes more than four octets",
        ),
        "1.5.5",
        reactions=_CLOSE,
    ),
    "variable-byte-integer-not-minimal": RuleInfo(
        "violation",
        Text(
            "变长整数的编码不是最短形式",
            "a variable byte integer takes more octets than needed",
        ),
        "1.5.5",
        ("MQTT-1.5.5-1",),
    ),
    "property-length": RuleInfo(
        "malformed",
        Text("属性长度超出报文末尾", "Property Length runs past the end of the packet"),
        "2.2.2.1",
        reactions=_CLOSE,
    ),
    "property-cut-short": RuleInfo(
        "malformed",
        Text(
            "属性超出属性长度所定的范围",
            "a property runs past the end that Property Length gives",
        ),
        "2.2.2.1",
        reactions=_CLOSE,
    ),
    "property-unknown": RuleInfo(
        "malformed",
        Text("属性标识符未定义", "the property identifier is not defined"),
        "2.2.2.2",
        reactions=_CLOSE,
    ),
    "property-not-allowed": RuleInfo(
        "malformed",
        Text("该报文不允许携带此属性", "the packet may not carry this property"),
        "2.2.2.2",
        reactions=_CLOSE,
    ),
    "property-repeated": RuleInfo(
        "violation",
        Text("属性重复出现", "a property stands there more than once"),
        "2.2.2.2",
        reactions=_CLOSE,
    ),
    "property-again": RuleInfo(
        "remark",
        Text(
            "属性重复出现（标准未明文禁止）",
            "a property stands there more than once, which the text does not forbid",
        ),
        "3.3.2.3",
    ),
    "property-not-0-or-1": RuleInfo(
        "violation",
        Text("属性值既不是 0 也不是 1", "the value of a property is neither 0 nor 1"),
        "2.2.2.2",
        reactions=_CLOSE,
    ),
    "receive-maximum-zero": RuleInfo(
        "violation",
        Text("接收最大值为 0", "Receive Maximum is zero"),
        "3.1.2.11.3",
        reactions=_CLOSE,
    ),
    "maximum-packet-size-zero": RuleInfo(
        "violation",
        Text("最大报文长度为 0", "Maximum Packet Size is zero"),
        "3.1.2.11.4",
        reactions=_CLOSE,
    ),
    "subscription-identifier-zero": RuleInfo(
        "violation",
        Text("订阅标识符为 0", "a Subscription Identifier is zero"),
        "3.8.2.1.2",
        reactions=_CLOSE,
    ),
    "topic-alias-zero": RuleInfo(
        "violation",
        Text("主题别名为 0", "a Topic Alias is zero"),
        "3.3.2.3.4",
        ("MQTT-3.3.2-8",),
        _CLOSE,
    ),
    "topic-empty-without-alias": RuleInfo(
        "violation",
        Text("主题名为空而又没有主题别名", "the topic name is empty without an alias"),
        "3.3.2.1",
        ("MQTT-4.7.3-1",),
        _CLOSE,
    ),
    "subscription-identifier-from-client": RuleInfo(
        "violation",
        Text(
            "客户端发送的 PUBLISH 带有订阅标识符",
            "a PUBLISH of a client carries a Subscription Identifier",
        ),
        "3.3.4",
        ("MQTT-3.3.4-6",),
        _CLOSE,
    ),
    "session-expiry-from-server": RuleInfo(
        "violation",
        Text(
            "服务端发送的 DISCONNECT 带有会话过期间隔",
            "a DISCONNECT of a server carries a Session Expiry Interval",
        ),
        "3.14.2.2.2",
        ("MQTT-3.14.2-2",),
    ),
    "authentication-data-alone": RuleInfo(
        "violation",
        Text(
            "有认证数据而没有认证方法",
            "Authentication Data without an Authentication Method",
        ),
        "3.1.2.11.10",
        reactions=_CLOSE,
    ),
    "authentication-method-missing": RuleInfo(
        "violation",
        Text("AUTH 缺少认证方法", "an AUTH lacks its Authentication Method"),
        "3.15.2.2.2",
        reactions=_CLOSE,
    ),
    "payload-not-text": RuleInfo(
        "violation",
        Text(
            "载荷标明为 UTF-8 文本，实际不是合法的 UTF-8",
            "a payload that is said to be UTF-8 is not well-formed",
        ),
        "3.3.2.3.2",
    ),
    "subscription-options-reserved": RuleInfo(
        "malformed",
        Text(
            "订阅选项的保留位不为 0",
            "reserved bits of the Subscription Options are not zero",
        ),
        "3.8.3.1",
        reactions=("MQTT-3.8.3-5", *_CLOSE),
    ),
    "retain-handling-3": RuleInfo(
        "violation",
        Text("保留消息处理方式为 3", "Retain Handling is 3"),
        "3.8.3.1",
        reactions=_CLOSE,
    ),
    "shared-no-local": RuleInfo(
        "violation",
        Text(
            "共享订阅的“非本地”选项为 1",
            "No Local is set on a shared subscription",
        ),
        "3.8.3.1",
        ("MQTT-3.8.3-4",),
        _CLOSE,
    ),
    "shared-filter": RuleInfo(
        "violation",
        Text(
            "共享订阅的过滤器不是 $share/共享名/过滤器 的形式",
            "a shared subscription is not of the form $share/name/filter",
        ),
        "4.8.2",
        ("MQTT-4.8.2-1", "MQTT-4.8.2-2"),
        _CLOSE,
    ),
    "reason-code": RuleInfo(
        "violation",
        Text(
            "原因码不在该报文允许的取值之列",
            "the reason code is not one of this packet",
        ),
        "2.4",
        reactions=_CLOSE,
        by=_REASONS,
    ),
    "reason-code-disputed": RuleInfo(
        "remark",
        Text(
            "标准的两张表对该原因码是否可用于此报文说法不一",
            "two tables of the standard differ about this reason code in this packet",
        ),
        "2.4",
    ),
    "reason-code-sender": RuleInfo(
        "violation",
        Text(
            "该原因码只能由另一方发送", "only the other side may send this reason code"
        ),
        "2.4",
    ),
    "no-reason-code": RuleInfo(
        "violation",
        Text("确认报文中没有原因码", "an acknowledgement holds no reason code"),
        "3.9.3",
        by={"SUBACK": ("MQTT-3.8.4-6",), "UNSUBACK": ("MQTT-3.11.3-2",)},
    ),
}

RULES_5: Mapping[str, RuleInfo] = MappingProxyType(_SHARED | _OWN)
