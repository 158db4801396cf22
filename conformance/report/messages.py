# SPDX-License-Identifier: Apache-2.0
"""Sentences of the report writers."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "report.cannot-write": Message(
        "无法写入报告：{reason}",
        "the report cannot be written: {reason}",
        "检查磁盘空间和目录权限；结果本身不受影响，可重新生成报告",
        "check space and permissions; the results are untouched, so the report can be "
        "written again",
    ),
}
