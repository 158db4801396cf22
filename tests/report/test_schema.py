# SPDX-License-Identifier: Apache-2.0
"""results.schema.json takes what the suite writes, and little else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from conformance.engine.result import RunResult
from conformance.paths import data_dir
from tests.report.samples import RECORDS, finished, killed

SCHEMA = json.loads((data_dir("schemas") / "results.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA)

Line = dict[str, Any]


def lines(result: RunResult) -> list[Line]:
    """Return the result as the lines of its file, through JSON and back."""
    footer = [result.footer.to_json()] if result.footer else []
    head = {"type": "header", **result.header}
    whole = [head, *(r.to_json() for r in result.records), *footer]
    return [json.loads(json.dumps(line)) for line in whole]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "result",
    [
        finished(),
        finished([]),
        finished(RECORDS[:1]),
        finished(RECORDS[:2], requirements=7, partial_reason="stopped"),
        finished(implementation={"vendor": None, "product": {"zh": "齐风平台"}}),
        finished(rejudged={"suite": "0.2.0"}, only=["SWS-*"]),
        killed(),
    ],
)
def test_what_the_suite_writes_is_valid(result: RunResult) -> None:
    for line in lines(result):
        assert [e.message for e in VALIDATOR.iter_errors(line)] == []


def test_a_reason_tree_is_valid() -> None:
    child = {
        "code": "answer",
        "facts": {"ics": "MQTT", "answer": False},
        "children": [],
    }
    tree = {"code": "condition-false", "facts": {}, "children": [child]}
    record = next(r for r in RECORDS if r.verdict == "not-applicable").to_json()
    assert VALIDATOR.is_valid(record | {"reason": tree})
    assert not VALIDATOR.is_valid(record | {"reason": {"code": "answer"}})


def test_true_violations_of_a_masked_message_are_valid() -> None:
    failed = next(r for r in RECORDS if r.verdict == "fail").to_json()
    detail = {"zh": "校验值", "en": "check value"}
    said = {"rule": "x", "layer": "framing", "detail": detail, "at": 0, "size": 4}
    for violations in ([], [said]):
        message = failed["exchange"][0] | {"violations": violations}
        assert VALIDATOR.is_valid(failed | {"exchange": [message]})
    for wrong in ({"at": -1}, {"layer": "x"}, {"more": 1}):
        message = failed["exchange"][0] | {"violations": [said | wrong]}
        assert not VALIDATOR.is_valid(failed | {"exchange": [message]})


def header(change: Line) -> Line:
    return lines(finished())[0] | change


def record(change: Line) -> Line:
    return lines(finished())[2] | change


def footer(change: Line) -> Line:
    return lines(finished())[-1] | change


@pytest.mark.parametrize(
    ("line", "change"),
    [
        (header, {"type": "heading"}),
        (header, {"format": 2}),
        (header, {"profile_digest": "sha256:12"}),
        (header, {"profile_state": "final"}),
        (header, {"password": "x"}),
        (header, {"implementation": {"product": {"fr": "x"}}}),
        (header, {"ics": {"MQTT": "maybe"}}),
        (record, {"verdict": "ok"}),
        (record, {"verdict": "deselected"}),
        (record, {"extra": 1}),
        (record, {"cause": "weather"}),
        (record, {"start": "2026-11-23 02:00"}),
        (record, {"attempts": [{"verdict": "pass"}]}),
        (record, {"actual": None}),
        (record, {"exchange": [{"sender": "iut", "octets": "0"}]}),
        (footer, {"eligible": True}),
        (footer, {"verdict": "not-tested"}),
        (footer, {"partial": True}),
        (footer, {"totals": {"pass": 1}}),
        (footer, {"duration_s": -1}),
    ],
)
def test_anything_else_is_refused(line: Callable[[Line], Line], change: Line) -> None:
    assert VALIDATOR.is_valid(line({}))
    assert not VALIDATOR.is_valid(line(change))


def test_a_failure_needs_its_contrast() -> None:
    whole = record({})
    for name in ("expected", "actual", "key", "cause", "check"):
        without = {k: v for k, v in whole.items() if k != name}
        assert not VALIDATOR.is_valid(without), name
