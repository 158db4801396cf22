# SPDX-License-Identifier: Apache-2.0
"""Sentences about the command line."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "cli.unknown-protocol": Message(
        "没有协议 {protocol}；可用：{known}",
        "there is no protocol {protocol}; known: {known}",
    ),
    "cli.run-what": Message(
        "请给出一个声明文件，或用 --resume 指定运行目录（二者择一）",
        "name either a declaration or, with --resume, the folder of a run",
    ),
    "cli.unknown-fault": Message(
        "没有名为 {fault} 的缺陷",
        "there is no fault named {fault}",
        "luheng demo --list-faults 列出全部名称",
        "luheng demo --list-faults lists them",
    ),
    "cli.bad-frame": Message(
        "无法读取报文：{reason}",
        "the frame cannot be read: {reason}",
        "十六进制用 --encoding hex，文本用 --encoding ascii，文件用 @文件名",
        "use --encoding hex or ascii, or @FILE for a file",
    ),
    "cli.cannot-read": Message("无法读取：{reason}", "cannot be read: {reason}"),
    "cli.bad-batch": Message(
        "这一行不是报文记录：{reason}",
        "this line is not a frame record: {reason}",
        "每行一个 JSON 对象，至少含 frame 与 encoding",
        "one JSON object a line, with at least frame and encoding",
    ),
    "cli.too-large": Message(
        "文件超过 {limit} 字节", "the file is larger than {limit} octets"
    ),
    "cli.cannot-write": Message("无法写入：{reason}", "cannot be written: {reason}"),
}
