# SPDX-License-Identifier: Apache-2.0
"""Conditions over ICS answers: evaluate, explain, fold.

A condition is a plain mapping with exactly one of ``ics`` (a token), ``not`` (a
condition), ``all`` or ``any`` (lists of conditions).  There is no text to parse, so
there is nothing to inject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.errors import ProfileError

__all__ = ["Condition", "evaluate", "explain", "fold", "sentence", "tokens"]

Condition = Mapping[str, Any]


def evaluate(condition: Condition | None, answers: Mapping[str, bool]) -> bool:
    """Return whether the condition holds; no condition always does.

    Raises ``ProfileError`` (``profile.unanswered``) for a token without an answer: a
    missing answer is never a silent no.
    """
    if condition is None:
        return True
    ((operator, operand),) = condition.items()
    match operator:
        case "ics":
            if operand not in answers:
                raise ProfileError("profile.unanswered", token=operand)
            return answers[operand]
        case "not":
            return not evaluate(operand, answers)
        case "all":
            return all(_each(operand, answers))
        case "any":
            return any(_each(operand, answers))
        case _:
            raise ProfileError("profile.bad-condition", operator=operator)


def _each(parts: list[Condition], answers: Mapping[str, bool]) -> list[bool]:
    # A list, not a generator: a missing answer is found even where it changes nothing.
    return [evaluate(part, answers) for part in parts]


def tokens(condition: Condition | None) -> Iterator[str]:
    """Yield every ICS token of the condition, in order, with repetitions."""
    if condition is None:
        return
    ((operator, operand),) = condition.items()
    if operator == "ics":
        yield operand
    elif operator == "not":
        yield from tokens(operand)
    else:
        for part in operand:
            yield from tokens(part)


def fold(outer: Condition | None, inner: Condition | None) -> Condition | None:
    """Return the condition that holds when both do."""
    if outer is None or inner is None or outer == inner:
        return inner if outer is None else outer
    parts = list(inner["all"]) if set(inner) == {"all"} else [inner]
    return {"all": [outer, *(part for part in parts if part != outer)]}


_WORDS = {
    "zh": {
        "all": "以下全部成立",
        "any": "以下至少一项成立",
        "not": "以下不成立",
        True: "是",
        False: "否",
        None: "未回答",
        "holds": "成立",
        "fails": "不成立",
        "open": "无法判断",
    },
    "en": {
        "all": "all of these hold",
        "any": "at least one of these holds",
        "not": "this does not hold",
        True: "yes",
        False: "no",
        None: "not answered",
        "holds": "true",
        "fails": "false",
        "open": "undecided",
    },
}


def explain(
    condition: Condition | None, answers: Mapping[str, bool], language: str
) -> list[str]:
    """Return the condition as a tree of lines, each with its value; two spaces a step.

    An unanswered token is shown as such and leaves what depends on it undecided.
    """
    return list(_lines(condition, answers, _WORDS[language], 0)) if condition else []


def _lines(
    condition: Condition,
    answers: Mapping[str, bool],
    words: Mapping[Any, str],
    depth: int,
) -> Iterator[str]:
    ((operator, operand),) = condition.items()
    indent = "  " * depth
    value = _value(condition, answers)
    if operator == "ics":
        yield f"{indent}{operand} = {words[value]}"
        return
    outcome = words[{True: "holds", False: "fails", None: "open"}[value]]
    yield f"{indent}{words[operator]}: {outcome}"
    for part in [operand] if operator == "not" else operand:
        yield from _lines(part, answers, words, depth + 1)


def _value(condition: Condition, answers: Mapping[str, bool]) -> bool | None:
    """Return the value in three-valued logic, ``None`` while undecided."""
    ((operator, operand),) = condition.items()
    if operator == "ics":
        return answers.get(operand)
    if operator == "not":
        value = _value(operand, answers)
        return None if value is None else not value
    values = [_value(part, answers) for part in operand]
    decisive = operator == "any"
    if decisive in values:
        return decisive
    return None if None in values else not decisive


_JOINTS = {
    "zh": {"all": " 且 ", "any": " 或 ", "not": "非 "},
    "en": {"all": " and ", "any": " or ", "not": "not "},
}


def sentence(condition: Condition | None, language: str) -> str:
    """Return the condition on one line, such as ``HJ212 and (A or not B)``."""
    return _phrase(condition, _JOINTS[language], nested=False) if condition else ""


def _phrase(condition: Condition, joints: Mapping[str, str], *, nested: bool) -> str:
    ((operator, operand),) = condition.items()
    if operator == "ics":
        return str(operand)
    if operator == "not":
        return joints["not"] + _phrase(operand, joints, nested=True)
    whole = joints[operator].join(_phrase(p, joints, nested=True) for p in operand)
    return f"({whole})" if nested and len(operand) > 1 else whole
