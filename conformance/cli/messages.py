# SPDX-License-Identifier: Apache-2.0
"""Sentences about the command line."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "cli.unknown-command": Message(
        "没有命令 {given}",
        "there is no command {given}",
        "{command} --help 列出全部命令",
        "{command} --help lists them",
    ),
    "cli.not-a-choice": Message(
        "{option} 的值 {given} 不可用；可选：{known}",
        "{option} cannot be {given}; it is one of: {known}",
    ),
    "cli.unknown-argument": Message(
        "无法识别的参数：{given}",
        "unknown argument: {given}",
        "{command} --help 列出可用参数",
        "{command} --help lists the arguments",
    ),
    "cli.needed": Message(
        "缺少参数：{option}",
        "missing argument: {option}",
        "{command} --help 列出可用参数",
        "{command} --help lists the arguments",
    ),
    "cli.no-value": Message("{option} 缺少值", "{option} needs a value"),
    "cli.no-number": Message(
        "{option} 须为整数（{range}），不能是 {given}",
        "{option} needs a whole number ({range}), not {given}",
    ),
    "cli.bad-value": Message(
        "{option} 的值不可用：{reason}",
        "the value of {option} cannot be used: {reason}",
    ),
    "cli.bad-usage": Message(
        "命令写法有误：{reason}",
        "the command line cannot be understood: {reason}",
        "{command} --help 列出可用参数",
        "{command} --help lists the arguments",
    ),
    "cli.unexpected": Message(
        "测试套件自身出错：{kind}：{reason}（{where}）",
        "the suite itself failed: {kind}: {reason} ({where})",
        "设置环境变量 LUHENG_DEBUG=1 重现，并附上输出报告此问题",
        "repeat it with LUHENG_DEBUG=1 in the environment and report what is printed",
    ),
    "cli.cannot-print": Message(
        "无法写到标准输出：{reason}",
        "standard output cannot be written: {reason}",
    ),
    "cli.unknown-protocol": Message(
        "没有协议 {protocol}；可用：{known}",
        "there is no protocol {protocol}; known: {known}",
    ),
    "cli.unknown-version": Message(
        "该协议没有版本 {version}；可用：{known}",
        "the protocol has no version {version}; known: {known}",
    ),
    "cli.run-what": Message(
        "请给出一个声明文件，或用 --resume 指定运行目录（二者择一）",
        "name either a declaration or, with --resume, the folder of a run",
    ),
    "cli.nothing-to-prove": Message(
        "{profile} 没有绑定任何检查，无可证明",
        "{profile} binds no check; there is nothing to prove",
    ),
    "cli.in-parts": Message(
        "一次运行不能由多个 pytest 进程分担",
        "one run cannot be shared out among several pytest processes",
        "去掉 -n，用 --iut-jobs 设定同时进行的检查数",
        "leave -n out; --iut-jobs sets how many checks run at the same time",
    ),
    "cli.not-with-resume": Message(
        "--resume 沿用原运行的设置，不能同时使用 {option}",
        "--resume goes on with the settings of the run; {option} cannot be changed",
    ),
    "cli.unknown-fault": Message(
        "没有名为 {fault} 的缺陷",
        "there is no fault named {fault}",
        "luheng demo --protocol {protocol} --list-faults 列出全部名称",
        "luheng demo --protocol {protocol} --list-faults lists them",
    ),
    "cli.no-station": Message(
        "声明中没有 HJ 212 站所需的内容：{missing}",
        "the declaration lacks what an HJ 212 station needs: {missing}",
    ),
    "cli.no-keys": Message(
        "{protocol} 的报文不加密，不需要密钥",
        "frames of {protocol} are not encrypted: they take no key",
        "去掉 --key-env 或 --key-file",
        "leave out --key-env or --key-file",
    ),
    "cli.no-variable": Message(
        "环境变量 {name} 未设置",
        "the variable {name} is not set",
        "设置后重新运行，或改用 --key-file",
        "set it and run again, or use --key-file",
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
