# SPDX-License-Identifier: Apache-2.0
"""The hooks and steps that MQTT checks of devices use: what they get and answer.

A table for the form, the review and the guide; the checks ask through ``run.observe``.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.hooks import HookInfo
from conformance.text import Text

__all__ = ["HOOKS"]

HOOKS: Sequence[HookInfo] = (
    HookInfo(
        "power_cycle",
        "steps",
        "device",
        Text("使设备断电，再上电", "switch the device off and on again"),
    ),
    HookInfo(
        "received_messages",
        "hooks",
        "device",
        Text(
            "设备的应用程序收到了哪些消息",
            "which messages have come to the application of the device",
        ),
        {"payload": Text("消息的载荷（文本）", "payload of the message (text)")},
        Text(
            "主题名数组：载荷与此相同的消息每条一个，按收到的先后；没有则为 []",
            "a list with the topic name of each message of this payload, in the order"
            " in which they came; [] for none",
        ),
        example='["station/command"]',
    ),
)
