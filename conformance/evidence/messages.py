# SPDX-License-Identifier: Apache-2.0
"""Sentences about the folder of a run."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "evidence.cannot-write": Message(
        "无法写入结果：{reason}",
        "the results cannot be written: {reason}",
        "检查目录权限和磁盘空间，或用 --out 指定其他目录",
        "check permissions and free space, or choose another folder with --out",
    ),
    "evidence.storage-failed": Message(
        "证据无法继续保存：{reason}；已写入的内容完好，运行已停止",
        "evidence can no longer be kept: {reason}; what was written is intact, "
        "the run has stopped",
        "腾出磁盘空间后用 luheng run --resume 继续",
        "free some space, then go on with luheng run --resume",
    ),
    "evidence.exists": Message(
        "目录中已有一次运行的结果",
        "the folder already holds the results of a run",
        "换一个目录，或用 luheng run --resume 继续该次运行",
        "choose another folder, or continue that run with luheng run --resume",
    ),
    "evidence.missing": Message(
        "文件不存在",
        "the file does not exist",
        "给出 luheng run 写出的运行目录",
        "name the folder of a run, as luheng run prints it",
    ),
    "evidence.gone": Message(
        "文件不存在，而该次运行留下过它",
        "the file does not exist, though the run left it",
        "从备份恢复整个运行目录，或重新运行",
        "restore the whole folder of the run from a copy, or run again",
    ),
    "evidence.damaged": Message(
        "文件已损坏：{reason}",
        "the file is damaged: {reason}",
        "从备份恢复，或重新运行",
        "restore it from a copy, or run again",
    ),
    "evidence.not-results": Message(
        "不是 luheng 的结果文件", "this is not a results file of luheng"
    ),
    "evidence.wrong-format": Message(
        "结果格式版本 {found} 不受支持",
        "results format {found} is not supported",
        "使用写出该文件的 luheng 版本",
        "use the luheng version that wrote it",
    ),
    "evidence.not-a-recording": Message(
        "不是 luheng 写出的 pcapng 记录", "this is not a pcapng recording of luheng"
    ),
    "evidence.unreadable": Message("无法读取：{reason}", "cannot be read: {reason}"),
    "evidence.not-a-capture": Message(
        "不是 pcap 或 pcapng 抓包文件，或已损坏",
        "this is no pcap or pcapng capture, or it is damaged",
        "用 Wireshark 另存为 pcapng 后再试",
        "save it as pcapng with Wireshark and try again",
    ),
    "evidence.no-conversation": Message(
        "抓包中没有 {protocol} 会话",
        "the capture holds no {protocol} connection",
        "用 --port 指明服务端口，或检查 --protocol",
        "name the server's port with --port, or check --protocol",
    ),
    "evidence.finished": Message(
        "该次运行已经结束，无需继续",
        "this run has come to its end; there is nothing to resume",
    ),
    "evidence.not-in-run": Message(
        "该次运行中没有要求 {requirement}",
        "the run has no requirement {requirement}",
        "要求编号见 results.jsonl 或报告",
        "the ids are in results.jsonl and in the report",
    ),
    "evidence.nothing-to-replay": Message(
        "{requirement} 没有失败，无可复现的交互",
        "{requirement} did not fail; there is no exchange to send again",
    ),
    "evidence.altered": Message(
        "证据在运行结束后被改动过，不能据以复判或出具报告",
        "the evidence was altered after the run ended; nothing is judged or reported "
        "from it",
        "恢复原文件：results.jsonl 末行记录的摘要为 {expected}，现为 {found}",
        "restore the original: the last line of results.jsonl says {expected}, "
        "the file now has {found}",
    ),
    "evidence.changed": Message(
        "{what} 与运行时不一致",
        "{what} is not what it was when the run began",
        "恢复原文件，或重新开始一次运行",
        "restore the original, or start a new run",
    ),
}
