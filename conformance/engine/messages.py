# SPDX-License-Identifier: Apache-2.0
"""Sentences of the engine."""

from __future__ import annotations

from conformance.text import Message

__all__ = ["MESSAGES"]

MESSAGES = {
    "engine.unknown-check": Message(
        "没有名为 {check} 的检查",
        "there is no check named {check}",
        "检查规范中 check.name 的拼写；luheng profile show 列出可用检查",
        "check the spelling of check.name in the profile",
    ),
    "engine.wrong-actor": Message(
        "检查 {check} 不适用于 {actor}，仅适用于 {actors}",
        "the check {check} is not for a {actor}, only for: {actors}",
        "改用适合该角色的检查，或修改要求的 actor",
        "bind a check for that actor, or change the requirement's actor",
    ),
    "engine.not-covered": Message(
        "证据中没有 {asked} 的记录（记录为 {found}），无法据此判定",
        "the evidence does not cover {asked} (it has {found}), so it cannot be judged",
    ),
    "engine.lost": Message(
        "证据中缺少本项检查的记录，无法据此判定",
        "the evidence of this check is gone, so it cannot be judged",
    ),
    "engine.not-plain": Message(
        "生成的示例含有 {type}，无法写入证据",
        "a generated example holds a {type}, which evidence cannot keep",
    ),
    "engine.generator": Message(
        "示例生成器出错：{reason}", "the example generator failed: {reason}"
    ),
    "peer.rule-broken": Message(
        "对端发送的报文违反规则 {rule}：{detail}",
        "the peer sent octets that break the rule {rule}: {detail}",
        "请先查看报文格式类要求的判定",
        "see the verdicts of the framing requirements first",
    ),
}
