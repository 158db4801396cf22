# SPDX-License-Identifier: Apache-2.0
"""The reason codes of MQTT 5.0: which packet, which side, which words.

A table, no code: the meaning of each code, the packets that may carry it, and the few
that only one side may send.  A code of 0x80 or more says that something failed.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clause 2.4 and the tables of chapter 3.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.protocols.mqtt.codec.packets import Sender
from conformance.text import Text

__all__ = ["DISPUTED", "ONE_SIDED", "REASONS", "REASON_CODES", "reason_title"]


def _codes(text: str) -> frozenset[int]:
    return frozenset(bytes.fromhex(text))


_RECEIVED = _codes("00 10 80 83 87 90 91 97 99")
_FOUND = _codes("00 92")

REASON_CODES: Mapping[str, frozenset[int]] = {
    "CONNACK": _codes(
        "00 80 81 82 83 84 85 86 87 88 89 8A 8C 90 95 97 99 9A 9B 9C 9D 9F"
    ),
    "PUBACK": _RECEIVED,
    "PUBREC": _RECEIVED,
    "PUBREL": _FOUND,
    "PUBCOMP": _FOUND,
    "SUBACK": _codes("00 01 02 80 83 87 8F 91 97 9E A1 A2"),
    "UNSUBACK": _codes("00 11 80 83 87 8F 91"),
    "DISCONNECT": _codes(
        "00 04 80 81 82 83 87 89 8B 8D 8E 8F 90 93 94 95 96 97 98 99"
        "9A 9B 9C 9D 9E 9F A0 A1 A2"
    ),
    "AUTH": _codes("00 18 19"),
}
"""Codes that a packet may carry, from the table in its own clause."""

DISPUTED: Mapping[str, frozenset[int]] = {"DISCONNECT": _codes("8C")}
"""Codes that Table 2-6 gives to a packet and the table of its own clause does not."""

_BY_SERVER = _codes("87 89 8B 8D 8E 8F 9A 9B 9C 9D 9E 9F A0 A1 A2")

ONE_SIDED: Mapping[tuple[str, int], Sender] = {
    **{("DISCONNECT", code): "server" for code in _BY_SERVER},
    ("DISCONNECT", 0x04): "client",
    ("AUTH", 0x00): "server",
    ("AUTH", 0x19): "client",
    ("PUBACK", 0x10): "server",
    ("PUBREC", 0x10): "server",
}
"""Codes that only one side may send (3.4.2.1, 3.5.2.1, 3.14.2.1, 3.15.2.1)."""

REASONS: Mapping[int, Text] = {
    0x00: Text("成功", "success"),
    0x01: Text("成功，最大 QoS 1", "granted, at most QoS 1"),
    0x02: Text("成功，最大 QoS 2", "granted, at most QoS 2"),
    0x04: Text("断开并发布遗嘱消息", "disconnect with the will message"),
    0x10: Text("没有匹配的订阅者", "no matching subscribers"),
    0x11: Text("订阅不存在", "no subscription existed"),
    0x18: Text("继续认证", "continue authentication"),
    0x19: Text("重新认证", "re-authenticate"),
    0x80: Text("未指明的错误", "unspecified error"),
    0x81: Text("报文格式错误", "malformed packet"),
    0x82: Text("协议错误", "protocol error"),
    0x83: Text("实现特定的错误", "implementation specific error"),
    0x84: Text("不支持该协议版本", "unsupported protocol version"),
    0x85: Text("客户端标识符无效", "client identifier not valid"),
    0x86: Text("用户名或密码错误", "bad user name or password"),
    0x87: Text("未授权", "not authorized"),
    0x88: Text("服务端不可用", "server unavailable"),
    0x89: Text("服务端正忙", "server busy"),
    0x8A: Text("客户端被禁止", "banned"),
    0x8B: Text("服务端正在关闭", "server shutting down"),
    0x8C: Text("认证方法错误", "bad authentication method"),
    0x8D: Text("保活超时", "keep alive timeout"),
    0x8E: Text("会话被其他连接接管", "session taken over"),
    0x8F: Text("主题过滤器无效", "topic filter invalid"),
    0x90: Text("主题名无效", "topic name invalid"),
    0x91: Text("报文标识符已被使用", "packet identifier in use"),
    0x92: Text("报文标识符不存在", "packet identifier not found"),
    0x93: Text("超出接收最大值", "receive maximum exceeded"),
    0x94: Text("主题别名无效", "topic alias invalid"),
    0x95: Text("报文过长", "packet too large"),
    0x96: Text("消息速率过高", "message rate too high"),
    0x97: Text("超出配额", "quota exceeded"),
    0x98: Text("管理操作", "administrative action"),
    0x99: Text("载荷格式无效", "payload format invalid"),
    0x9A: Text("不支持保留消息", "retain not supported"),
    0x9B: Text("不支持该 QoS", "QoS not supported"),
    0x9C: Text("请使用其他服务端", "use another server"),
    0x9D: Text("服务端已迁移", "server moved"),
    0x9E: Text("不支持共享订阅", "shared subscriptions not supported"),
    0x9F: Text("超出连接速率限制", "connection rate exceeded"),
    0xA0: Text("达到最长连接时间", "maximum connect time"),
    0xA1: Text("不支持订阅标识符", "subscription identifiers not supported"),
    0xA2: Text("不支持通配符订阅", "wildcard subscriptions not supported"),
}
"""Meanings (Table 2-6)."""

_SPECIAL = {
    ("SUBACK", 0x00): Text("成功，最大 QoS 0", "granted, at most QoS 0"),
    ("DISCONNECT", 0x00): Text("正常断开", "normal disconnection"),
}


def reason_title(packet: str, code: int) -> Text | None:
    """Return what a reason code of 5.0 means in a packet; ``None`` if not defined."""
    return _SPECIAL.get((packet, code)) or REASONS.get(code)
