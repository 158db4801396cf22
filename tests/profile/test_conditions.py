# SPDX-License-Identifier: Apache-2.0
"""Conditions: the laws of logic, missing answers, explanations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import ProfileError
from conformance.profile.conditions import (
    Condition,
    evaluate,
    explain,
    fold,
    sentence,
    tokens,
)

TOKENS = ("A", "B", "C")
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.sampled_from(TOKENS).map(lambda token: {"ics": token}),
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
    ),
    max_leaves=8,
)
ANSWERS = st.fixed_dictionaries({token: st.booleans() for token in TOKENS})
WORDS = {"all": " and ", "any": " or "}


def as_python(condition: Condition) -> str:
    """Return the condition as a Python expression: an independent reading."""
    ((operator, operand),) = condition.items()
    if operator == "ics":
        return str(operand)
    if operator == "not":
        return f"(not {as_python(operand)})"
    return "(" + WORDS[operator].join(map(as_python, operand)) + ")"


@given(CONDITIONS, ANSWERS)
def test_a_condition_means_what_python_means(
    condition: Condition, answers: Mapping[str, bool]
) -> None:
    expected = eval(as_python(condition), {}, dict(answers))
    assert evaluate(condition, answers) is expected
    assert evaluate({"not": condition}, answers) is not expected


@given(CONDITIONS, ANSWERS, st.sampled_from(TOKENS))
def test_a_missing_answer_is_an_error_never_a_no(
    condition: Condition, answers: dict[str, bool], missing: str
) -> None:
    del answers[missing]
    if missing in tokens(condition):
        with pytest.raises(ProfileError) as caught:
            evaluate(condition, answers)
        assert caught.value.code == "profile.unanswered"
        assert caught.value.facts == {"token": missing}
    else:
        evaluate(condition, answers)


@given(st.none() | CONDITIONS, st.none() | CONDITIONS, ANSWERS)
def test_folding_is_and(
    one: Condition | None, other: Condition | None, answers: Mapping[str, bool]
) -> None:
    both = evaluate(one, answers) and evaluate(other, answers)
    assert evaluate(fold(one, other), answers) is both


@given(CONDITIONS, ANSWERS)
def test_the_first_line_of_an_explanation_tells_the_value(
    condition: Condition, answers: Mapping[str, bool]
) -> None:
    lines = explain(condition, answers, "en")
    positive = lines[0].endswith(("true", "yes"))
    assert positive is evaluate(condition, answers)
    assert len(lines) >= len(list(tokens(condition)))


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        (
            "en",
            [
                "all of these hold: false",
                "  A = yes",
                "  this does not hold: false",
                "    B = yes",
                "  C = not answered",
            ],
        ),
        (
            "zh",
            [
                "以下全部成立: 不成立",
                "  A = 是",
                "  以下不成立: 不成立",
                "    B = 是",
                "  C = 未回答",
            ],
        ),
    ],
)
def test_an_explanation_is_a_tree(language: str, expected: list[str]) -> None:
    condition = {"all": [{"ics": "A"}, {"not": {"ics": "B"}}, {"ics": "C"}]}
    assert explain(condition, {"A": True, "B": True}, language) == expected


def test_an_open_question_leaves_the_whole_undecided() -> None:
    lines = explain({"any": [{"ics": "A"}, {"ics": "B"}]}, {"A": False}, "en")
    assert lines[0] == "at least one of these holds: undecided"


def test_a_condition_reads_as_a_sentence() -> None:
    condition = {"all": [{"ics": "A"}, {"any": [{"ics": "B"}, {"not": {"ics": "C"}}]}]}
    assert sentence(condition, "en") == "A and (B or not C)"
    assert sentence(condition, "zh") == "A 且 (B 或 非 C)"
    assert sentence(None, "en") == ""


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(ProfileError) as caught:
        evaluate({"xor": []}, {})
    assert caught.value.code == "profile.bad-condition"
