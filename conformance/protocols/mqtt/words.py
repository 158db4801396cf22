# SPDX-License-Identifier: Apache-2.0
"""Sentences that several MQTT checks say, in Chinese and English."""

from __future__ import annotations

from conformance.text import Text

__all__ = ["ACCEPTED", "CLOSED", "REFUSED", "SILENCE", "alike", "count_of"]

ACCEPTED = Text("新的连接得到正常服务", "a new connection is accepted and served")
REFUSED = Text("新的连接未得到正常服务", "a new connection is not served")
CLOSED = Text("连接被关闭", "the connection is closed")
SILENCE = Text("没有应答", "no answer")


def alike(text: str) -> Text:
    """Return words that are the same in both languages, such as packet names."""
    return Text(text, text)


def count_of(number: int) -> Text:
    """Return how often a message came."""
    return Text(f"收到 {number} 次", f"received {number} times")
