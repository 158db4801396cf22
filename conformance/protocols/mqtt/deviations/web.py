# SPDX-License-Identifier: Apache-2.0
"""Implementations that deviate over WebSocket, in either role.

A front (``front``) gives mosquitto and paho a WebSocket and gets one thing wrong.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.protocols.mqtt.deviations import Row

__all__ = ["WEB_FREE", "WEB_OF_DEVICES", "WEB_OF_SERVERS"]

_HAS: Mapping[str, bool] = {"WEBSOCKET": True}


def _row(
    name: str, zh: str, en: str, lie: str, broken: str, key: str, *also: str
) -> Row:
    breaks = {broken: key, f"MQTT5-{broken}": key}
    others = (*also, *(f"MQTT5-{name}" for name in also))
    return Row(name, zh, en, breaks, also=others, answers=_HAS, web=(lie,))


_BOTH = (
    _row(
        "text-frames-sent",
        "除二进制数据帧外还发送文本数据帧",
        "sends text frames beside binary ones",
        "text-sent",
        "6.0.0-1",
        "text-frame",
    ),
    _row(
        "text-frames-taken",
        "收到文本数据帧后不断开",
        "goes on after a text frame",
        "text-taken",
        "6.0.0.RX-1",
        "still-open",
    ),
    _row(
        "frames-taken-for-packets",
        "把一个数据帧当作一个完整报文",
        "takes each frame for one whole packet",
        "aligned",
        "6.0.0-2",
        "cut-packet-lost",
        # Packets are lost, so whatever is asked through them goes wrong.
        "4.3.3-1",
        "4.8.0-1",
        "7.1.2-1",
    ),
)

WEB_OF_SERVERS = (
    *_BOTH,
    _row(
        "subprotocol-left-out",
        "升级应答中没有子协议",
        "names no subprotocol when it agrees to a WebSocket",
        "other-subprotocol",
        "6.0.0-4",
        "not-chosen",
    ),
)
WEB_OF_DEVICES = (
    *_BOTH,
    _row(
        "other-subprotocol-offered",
        "升级请求的子协议中没有 mqtt",
        "does not offer the subprotocol mqtt",
        "other-subprotocol",
        "6.0.0-3",
        "not-offered",
    ),
)
WEB_FREE = (
    Row(
        "over-websocket",
        "以 WebSocket 传输",
        "goes over WebSocket",
        {},
        answers=_HAS,
        web=(),
    ),
)
