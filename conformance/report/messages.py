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
    "report.not-a-comparison": Message(
        "不是 luheng compare 写出的文件",
        "this is no file that luheng compare wrote",
        "给出运行目录，或以前比较时写出的 JSON 文件",
        "give folders of runs, or JSON files that an earlier comparison wrote",
    ),
    "report.not-a-proof": Message(
        "不是 luheng prove 写出的证明：{reason}",
        "this is no proof that luheng prove wrote: {reason}",
        "给出 reports/proof 中的 JSON 文件",
        "give the JSON file from reports/proof",
    ),
    "report.proof-of-another": Message(
        "该证明属于另一规范：证明为 {found}，本次测试为 {tested}",
        "the proof is of another profile: it says {found}, this run tested {tested}",
        "用 luheng prove 为所测规范重新生成证明",
        "make one for the tested profile with luheng prove",
    ),
}
