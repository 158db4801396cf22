# SPDX-License-Identifier: Apache-2.0
"""Sentences for what the MQTT rooms refuse to do."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "mqtt.illegal-packet": Message(
        "标准不允许发送该报文（{rule}）：{packet}",
        "the standard forbids this packet ({rule}): {packet}",
        "若有意发送错误报文，请改用 encode_raw 一类函数",
        "to send wrong packets on purpose, use encode_raw and its kin",
    ),
    "mqtt.remaining-length": Message(
        "剩余长度或变长整数 {value} 超出 0 至 268435455 的范围",
        "Remaining Length or variable byte integer {value} is outside 0 to 268435455",
    ),
    "mqtt.unknown-property": Message(
        "MQTT 5.0 没有名为 {name} 的属性",
        "MQTT 5.0 has no property called {name}",
    ),
    "mqtt.packet-over-limit": Message(
        "对端的报文超过长度上限（{detail} 字节），连接已放弃",
        "the peer's packet exceeds the limit ({detail} octets); connection given up",
    ),
    "mqtt.frame-text": Message(
        "第 {at} 个字符处不是合法的 {encoding} 写法：{found}",
        "character {at} is not {encoding}: {found}",
        "可用写法：hex、base64、ascii（转义如 \\x00）",
        "known spellings: hex, base64, ascii (escapes such as \\x00)",
    ),
    "mqtt.frame-encoding": Message(
        "不认识的写法 {encoding}",
        "unknown spelling {encoding}",
        "可用写法：hex、base64、ascii",
        "known spellings: hex, base64, ascii",
    ),
    "mqtt.no-paho": Message(
        "本机没有安装 paho-mqtt，无法运行 MQTT 设备程序",
        "paho-mqtt is not installed, so the MQTT device program cannot run",
        "安装测试依赖：pip install 'luheng[test]'",
        "install what the tests need: pip install 'luheng[test]'",
    ),
    "mqtt.no-mosquitto": Message(
        "本机没有安装 mosquitto，无法运行 MQTT 平台的验证",
        "mosquitto is not installed, so there is no MQTT platform to prove with",
        "安装 mosquitto 2.0 或以上版本，并确保它在 PATH 中",
        "install mosquitto 2.0 or later and have it on PATH",
    ),
    "mqtt.peer-not-started": Message(
        "mosquitto 未能启动：{reason}", "mosquitto did not start: {reason}"
    ),
}
