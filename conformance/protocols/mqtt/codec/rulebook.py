# SPDX-License-Identifier: Apache-2.0
"""Every way in which the octets of an MQTT 3.1.1 packet can be wrong, by name.

A table, no code: what the rule is called, which numbered statements of the standard
the sender breaks, which ones bind whoever receives such octets, and its words.  Some
rules of the standard have no number; their clause stands in ``clause``.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from conformance.text import Text

__all__ = ["RULES", "Kind", "RuleInfo"]

Kind = Literal["framing", "malformed", "violation", "remark", "limit"]
"""How bad it is.

``framing``: where the next packet starts is unknown; the reader is dead.
``limit``: not the peer's fault, but the reader gives up; the reader is dead.
``malformed``: the packet ends where its length says, but is not laid out as it must.
``violation``: laid out well, but it says something that the standard forbids.
``remark``: not forbidden (a *should*, or legal but odd); never a failure.
"""

_Statements = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What is known of one rule."""

    kind: Kind
    title: Text
    clause: str
    statements: _Statements = ()
    """Numbered statements that the sender of such octets breaks."""
    reactions: _Statements = ()
    """Numbered statements that say what the receiver of such octets must do."""
    by: Mapping[str, _Statements] = field(default_factory=dict)
    """More broken statements, by packet (``PUBREL``), field (``Topic Name``) or both
    (``SUBSCRIBE Topic Filter``)."""


_CLOSE = ("MQTT-4.8.0-1",)
_IN_CONNECT = ("MQTT-3.1.4-1", "MQTT-4.8.0-1")
_STRINGS = {
    "Topic Name": ("MQTT-3.3.2-1",),
    "Client Identifier": ("MQTT-3.1.3-4",),
    "Will Topic": ("MQTT-3.1.3-10",),
    "User Name": ("MQTT-3.1.3-11",),
    "SUBSCRIBE": ("MQTT-3.8.3-1",),
    "UNSUBSCRIBE": ("MQTT-3.10.3-1",),
}
_TOPICS = ("Topic Name", "Will Topic", "Topic Filter")
_IDENTIFIERS = {
    "PUBLISH": ("MQTT-2.3.1-1",),
    "SUBSCRIBE": ("MQTT-2.3.1-1",),
    "UNSUBSCRIBE": ("MQTT-2.3.1-1",),
    "PUBACK": ("MQTT-2.3.1-6",),
    "PUBREC": ("MQTT-2.3.1-6",),
    "PUBREL": ("MQTT-2.3.1-6",),
    "SUBACK": ("MQTT-2.3.1-7",),
    "UNSUBACK": ("MQTT-2.3.1-7",),
}

_TABLE: dict[str, RuleInfo] = {
    "remaining-length-too-long": RuleInfo(
        "framing",
        Text("剩余长度超过 4 个字节", "Remaining Length takes more than four octets"),
        "2.2.3",
        reactions=_CLOSE,
    ),
    "truncated": RuleInfo(
        "framing",
        Text("数据在报文中间结束", "the octets end inside a packet"),
        "2.2.3",
    ),
    "reader-dead": RuleInfo(
        "framing",
        Text(
            "此前的错误已使报文边界丢失，后续字节无法解析",
            "an earlier fault lost the packet boundaries; what follows is unreadable",
        ),
        "2.2.3",
    ),
    "over-limit": RuleInfo(
        "limit",
        Text("报文超过本工具设定的长度上限", "the packet exceeds the reader's limit"),
        "2.2.3",
    ),
    "remaining-length-not-minimal": RuleInfo(
        "remark",
        Text(
            "剩余长度的编码不是最短形式（3.1.1 未明文禁止）",
            "Remaining Length is longer than needed (3.1.1 does not forbid it)",
        ),
        "2.2.3",
    ),
    "reserved-packet-type": RuleInfo(
        "malformed",
        Text("报文类型为保留值 0 或 15", "packet type 0 or 15 is reserved"),
        "2.2.1",
        reactions=_CLOSE,
    ),
    "wrong-direction": RuleInfo(
        "violation",
        Text("该方向不允许发送此类报文", "this side may never send such a packet"),
        "2.2.1",
        reactions=_CLOSE,
    ),
    "fixed-header-flags": RuleInfo(
        "malformed",
        Text("固定报头标志位不是规定值", "fixed header flags differ from the table"),
        "2.2.2",
        statements=("MQTT-2.2.2-1",),
        reactions=("MQTT-2.2.2-2",),
        by={
            "PUBREL": ("MQTT-3.6.1-1",),
            "SUBSCRIBE": ("MQTT-3.8.1-1",),
            "UNSUBSCRIBE": ("MQTT-3.10.1-1",),
        },
    ),
    "missing-field": RuleInfo(
        "malformed",
        Text("缺少必需的字段", "a field that must be there is missing"),
        "3",
        reactions=_CLOSE,
        by={
            "Client Identifier": ("MQTT-3.1.3-3",),
            "Will Topic": ("MQTT-3.1.2-9",),
            "Will Message": ("MQTT-3.1.2-9",),
            "User Name": ("MQTT-3.1.2-19",),
            "Password": ("MQTT-3.1.2-21",),
            "Topic Name": ("MQTT-3.3.2-1",),
            "Requested QoS": ("MQTT-3.8.3-3",),
        },
    ),
    "field-cut-short": RuleInfo(
        "malformed",
        Text("字段超出报文末尾", "a field runs past the end of the packet"),
        "3",
        reactions=_CLOSE,
    ),
    "extra-octets": RuleInfo(
        "malformed",
        Text("最后一个字段之后还有多余字节", "octets are left after the last field"),
        "3",
        reactions=_CLOSE,
    ),
    "string-ill-formed": RuleInfo(
        "violation",
        Text("字符串不是合法的 UTF-8", "a string is not well-formed UTF-8"),
        "1.5.3",
        statements=("MQTT-1.5.3-1",),
        reactions=("MQTT-1.5.3-1",),
        by=_STRINGS,
    ),
    "string-surrogate": RuleInfo(
        "violation",
        Text(
            "字符串编码了代理码点 U+D800 至 U+DFFF",
            "a string encodes a surrogate, U+D800 to U+DFFF",
        ),
        "1.5.3",
        statements=("MQTT-1.5.3-1",),
        reactions=("MQTT-1.5.3-1",),
        by=_STRINGS,
    ),
    "string-nul": RuleInfo(
        "violation",
        Text("字符串含有空字符 U+0000", "a string holds U+0000"),
        "1.5.3",
        statements=("MQTT-1.5.3-2",),
        reactions=("MQTT-1.5.3-2",),
        by=dict.fromkeys(_TOPICS, ("MQTT-4.7.3-2",)),
    ),
    "string-control-character": RuleInfo(
        "remark",
        Text(
            "字符串含有不宜使用的控制字符",
            "a string holds a control character, which should be avoided",
        ),
        "1.5.3",
    ),
    "string-noncharacter": RuleInfo(
        "remark",
        Text(
            "字符串含有不宜使用的 Unicode 非字符码点",
            "a string holds a Unicode noncharacter, which should be avoided",
        ),
        "1.5.3",
    ),
    "protocol-name": RuleInfo(
        "violation",
        Text("协议名不是 MQTT", "the protocol name is not MQTT"),
        "3.1.2.1",
        reactions=("MQTT-3.1.2-1",),
    ),
    "protocol-level": RuleInfo(
        "violation",
        Text("协议级别不是 4（3.1.1）", "the protocol level is not 4 (3.1.1)"),
        "3.1.2.2",
        reactions=("MQTT-3.1.2-2",),
    ),
    "connect-reserved-flag": RuleInfo(
        "violation",
        Text("连接标志的保留位不为 0", "the reserved connect flag is not zero"),
        "3.1.2.3",
        reactions=("MQTT-3.1.2-3", "MQTT-3.1.4-1"),
    ),
    "will-qos-3": RuleInfo(
        "violation",
        Text("遗嘱 QoS 为 3", "Will QoS is 3"),
        "3.1.2.6",
        statements=("MQTT-3.1.2-14",),
        reactions=_IN_CONNECT,
    ),
    "will-qos-without-will": RuleInfo(
        "violation",
        Text("遗嘱标志为 0 而遗嘱 QoS 不为 0", "Will QoS is set but Will Flag is 0"),
        "3.1.2.6",
        statements=("MQTT-3.1.2-11", "MQTT-3.1.2-13"),
        reactions=_IN_CONNECT,
    ),
    "will-retain-without-will": RuleInfo(
        "violation",
        Text("遗嘱标志为 0 而遗嘱保留为 1", "Will Retain is 1 but Will Flag is 0"),
        "3.1.2.7",
        statements=("MQTT-3.1.2-11", "MQTT-3.1.2-15"),
        reactions=_IN_CONNECT,
    ),
    "password-without-user-name": RuleInfo(
        "violation",
        Text(
            "用户名标志为 0 而密码标志为 1",
            "Password Flag is 1 but User Name Flag is 0",
        ),
        "3.1.2.9",
        statements=("MQTT-3.1.2-22",),
        reactions=_IN_CONNECT,
    ),
    "client-identifier-empty": RuleInfo(
        "violation",
        Text(
            "客户端标识符为空而清理会话为 0",
            "the client identifier is empty but Clean Session is 0",
        ),
        "3.1.3.1",
        statements=("MQTT-3.1.3-7",),
        reactions=("MQTT-3.1.3-8",),
    ),
    "connack-reserved-flags": RuleInfo(
        "violation",
        Text(
            "连接确认标志的保留位不为 0",
            "reserved bits of the Connect Acknowledge Flags are not zero",
        ),
        "3.2.2.1",
        reactions=_CLOSE,
    ),
    "connack-return-code": RuleInfo(
        "violation",
        Text("连接返回码为保留值", "the Connect Return code is a reserved value"),
        "3.2.2.3",
        statements=("MQTT-3.2.2-6",),
        reactions=_CLOSE,
    ),
    "session-present-refused": RuleInfo(
        "violation",
        Text(
            "连接被拒绝而会话存在标志为 1",
            "Session Present is 1 although the connection is refused",
        ),
        "3.2.2.2",
        statements=("MQTT-3.2.2-4",),
        reactions=_CLOSE,
    ),
    "publish-qos-3": RuleInfo(
        "malformed",
        Text("PUBLISH 的 QoS 为 3", "a PUBLISH has QoS 3"),
        "3.3.1.2",
        statements=("MQTT-3.3.1-4",),
        reactions=("MQTT-3.3.1-4",),
    ),
    "dup-with-qos-0": RuleInfo(
        "violation",
        Text("QoS 0 的 PUBLISH 置了 DUP", "a QoS 0 PUBLISH has DUP set"),
        "3.3.1.1",
        statements=("MQTT-3.3.1-2", "MQTT-4.3.1-1"),
        reactions=_CLOSE,
    ),
    "topic-name-wildcard": RuleInfo(
        "violation",
        Text("主题名含有通配符", "a topic name holds a wildcard"),
        "4.7.1",
        statements=("MQTT-4.7.1-1",),
        reactions=_CLOSE,
        by={"Topic Name": ("MQTT-3.3.2-2",)},
    ),
    "topic-empty": RuleInfo(
        "violation",
        Text("主题名或主题过滤器为空", "a topic name or topic filter is empty"),
        "4.7.3",
        statements=("MQTT-4.7.3-1",),
        reactions=_CLOSE,
    ),
    "filter-hash-position": RuleInfo(
        "violation",
        Text(
            "# 没有单独占据最后一级",
            "# is not alone in the last level of the topic filter",
        ),
        "4.7.1.2",
        statements=("MQTT-4.7.1-2",),
        reactions=_CLOSE,
    ),
    "filter-plus-position": RuleInfo(
        "violation",
        Text("+ 没有占据整整一级", "+ does not fill a whole level"),
        "4.7.1.3",
        statements=("MQTT-4.7.1-3",),
        reactions=_CLOSE,
    ),
    "packet-identifier-zero": RuleInfo(
        "violation",
        Text("报文标识符为 0", "the packet identifier is zero"),
        "2.3.1",
        reactions=_CLOSE,
        by=_IDENTIFIERS,
    ),
    "no-topic-filter": RuleInfo(
        "violation",
        Text("载荷中没有主题过滤器", "the payload holds no topic filter"),
        "3.8.3",
        reactions=_CLOSE,
        by={"SUBSCRIBE": ("MQTT-3.8.3-3",), "UNSUBSCRIBE": ("MQTT-3.10.3-2",)},
    ),
    "requested-qos-3": RuleInfo(
        "malformed",
        Text("请求的 QoS 为 3", "the Requested QoS is 3"),
        "3.8.3",
        reactions=("MQTT-3.8.3-4",),
    ),
    "requested-qos-reserved": RuleInfo(
        "malformed",
        Text(
            "请求 QoS 字节的保留位不为 0",
            "reserved bits of the Requested QoS are not zero",
        ),
        "3.8.3",
        reactions=("MQTT-3.8.3-4",),
    ),
    "suback-return-code": RuleInfo(
        "violation",
        Text("订阅返回码为保留值", "a SUBACK return code is a reserved value"),
        "3.9.3",
        statements=("MQTT-3.9.3-2",),
        reactions=_CLOSE,
    ),
    "no-return-code": RuleInfo(
        "violation",
        Text("SUBACK 中没有返回码", "a SUBACK holds no return code"),
        "3.9.3",
        statements=("MQTT-3.8.4-5",),
        reactions=_CLOSE,
    ),
}

RULES: Mapping[str, RuleInfo] = MappingProxyType(_TABLE)
