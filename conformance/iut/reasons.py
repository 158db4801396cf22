# SPDX-License-Identifier: Apache-2.0
"""Why a requirement is tested or not: a short tree, and its words in zh and en.

A ``Reason`` holds a code and facts; sentences are made only when asked for.  The tree
under a condition keeps what decided it and drops the rest: of a false *all* only the
false parts, of a true *any* only the true ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.profile.conditions import evaluate
from conformance.profile.model import Condition

__all__ = ["Reason", "because", "render_reason"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, as a code with facts, and what it rests on."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    children: tuple[Reason, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data that :meth:`from_json` reads back."""
        return {
            "code": self.code,
            "facts": dict(self.facts),
            "children": [child.to_json() for child in self.children],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Reason:
        """Read what :meth:`to_json` returned."""
        children = tuple(cls.from_json(child) for child in stored["children"])
        return cls(stored["code"], stored["facts"], children)


def because(
    condition: Condition | None, answers: Mapping[str, bool]
) -> tuple[Reason, ...]:
    """Return what made the condition true or false; nothing for no condition.

    Every token of the condition needs an answer.
    """
    if condition is None:
        return ()
    ((operator, operand),) = condition.items()
    value = evaluate(condition, answers)
    if operator == "ics":
        return (Reason("answer", {"ics": operand, "answer": value}),)
    if operator == "not":
        # The answer below shows its own value, so a lone "not" would only add a line.
        return because(operand, answers)
    parts = tuple(
        reason
        for part in operand
        if evaluate(part, answers) == value
        for reason in because(part, answers)
    )
    if len(parts) == 1:
        return parts
    every = (operator == "all") == value
    return (Reason("all-of" if every else "one-of", {"value": value}, parts),)


_WORDS = {
    "zh": {
        "selected": "参测，检查项 {check}",
        "other-actor": "不适用：该要求面向{actor}，被测角色为{role}",
        "edition": "不适用：该要求属于 {editions} 版，本规范采用 {bound} 版",
        "condition-false": "不适用：适用条件不成立",
        "not-tested": "不测试：{reason}{note}",
        "no-check": "不测试：规范未为其指定检查项",
        "deselected": "未选中：不在 --only {only} 范围内",
        "answer": "{ics} = {answer}",
        "all-of": "以下各项共同决定",
        "one-of": "以下任一项即足以决定",
    },
    "en": {
        "selected": "in: tested by {check}",
        "other-actor": "not applicable: it binds a {actor}, under test is a {role}",
        "edition": "not applicable: of edition {editions}, the profile binds {bound}",
        "condition-false": "not applicable: its condition is not met",
        "not-tested": "not tested: {reason}{note}",
        "no-check": "not tested: the profile names no check for it",
        "deselected": "deselected: --only {only} leaves it out",
        "answer": "{ics} = {answer}",
        "all-of": "because of all of these",
        "one-of": "because of any of these",
    },
}
_TERMS = {
    "zh": {
        "device": "设备",
        "platform": "平台",
        "gateway": "网关",
        "both": "设备和平台",
        "site-inspection": "需现场查验",
        "document-review": "需文件审查",
        "not-observable": "无法从外部观测",
        "out-of-scope": "不在测试范围内",
        "planned": "检查项尚在计划中",
        True: "是",
        False: "否",
    },
    "en": {
        "site-inspection": "needs a site inspection",
        "document-review": "needs a review of documents",
        "not-observable": "cannot be observed from outside",
        "out-of-scope": "out of scope",
        "planned": "a check is planned",
        True: "yes",
        False: "no",
    },
}


def render_reason(reason: Reason, language: str) -> list[str]:
    """Return the tree as lines, two spaces deeper at every step."""
    return list(_lines(reason, "zh" if language == "zh" else "en", 0))


def _lines(reason: Reason, language: str, depth: int) -> Iterator[str]:
    terms = _TERMS[language]
    holes = {
        name: terms.get(value, value) if isinstance(value, str | bool) else value
        for name, value in reason.facts.items()
    }
    holes["note"] = _note(reason.facts.get("note"), language)
    if isinstance(only := reason.facts.get("only"), list):
        holes["only"] = ", ".join(only)
    yield "  " * depth + _WORDS[language][reason.code].format_map(holes)
    for child in reason.children:
        yield from _lines(child, language, depth + 1)


def _note(note: Mapping[str, str] | None, language: str) -> str:
    if not note:
        return ""
    words = note[language] or note["en"] or note["zh"]
    return f"（{words}）" if language == "zh" else f" ({words})"
