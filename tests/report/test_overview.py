# SPDX-License-Identifier: Apache-2.0
"""The run as a whole is shown as its footer has it, and never better."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Verdict
from conformance.report.html import html_text
from conformance.report.junit import junit_text
from conformance.report.overview import State, overview
from conformance.report.text import summary_lines
from tests.report.samples import RECORDS, finished, footer_of, killed

BY_VERDICT = {r.verdict: r for r in RECORDS}
PASS, WARN = BY_VERDICT[Verdict.PASS], BY_VERDICT[Verdict.WARN]
FAIL, ERROR = BY_VERDICT[Verdict.FAIL], BY_VERDICT[Verdict.ERROR]
OPEN = BY_VERDICT[Verdict.INCONCLUSIVE]
SITE = BY_VERDICT[Verdict.NOT_TESTED]


def tampered(result: RunResult, **changes: object) -> RunResult:
    assert result.footer is not None
    return replace(result, footer=replace(result.footer, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("result", "state", "certificate"),
    [
        (finished([PASS, SITE]), "conformant", True),
        (finished([PASS, WARN]), "conformant", True),
        (finished([PASS, FAIL]), "not-conformant", False),
        (finished([PASS, OPEN]), "inconclusive", False),
        (finished([SITE]), "inconclusive", False),
        (finished([PASS, ERROR]), "suite-error", False),
        (finished([]), "empty", False),
        (finished([PASS], partial_reason="selection"), "partial", False),
        (
            finished([PASS], requirements=7, partial_reason="stopped"),
            "partial",
            False,
        ),
        (killed(), "unfinished", False),
        (killed([PASS]), "unfinished", False),
        (finished([PASS], profile_state="trial"), "conformant", False),
        (finished([PASS], profile_state="draft"), "conformant", False),
        (finished([PASS], profile_state="withdrawn"), "conformant", False),
        (finished([PASS], profile_kind="abstract"), "conformant", False),
        # Files that do not hang together.
        (tampered(finished([PASS, FAIL]), verdict=Verdict.PASS), "inconsistent", False),
        (tampered(finished([PASS, FAIL]), blocking=[]), "inconsistent", False),
        (tampered(finished([PASS, OPEN]), eligible=True), "inconsistent", False),
        (tampered(finished([PASS]), requirements=7), "inconsistent", False),
        (finished([PASS, PASS]), "inconsistent", False),
        (finished([PASS, SITE], requirements=1), "inconsistent", False),
    ],
)
def test_state_and_certificate(
    result: RunResult, state: State, certificate: bool
) -> None:
    facts = overview(result)
    assert facts.state == state
    assert facts.certificate is certificate
    assert bool(facts.obstacles) is not certificate
    for language, yes in (("zh", "证书：可以申请"), ("en", "certificate: possible")):
        lines = summary_lines(result, language)
        assert (lines[-1] == yes) is certificate
        assert (yes + "。" in html_text(result)) is (certificate and language == "zh")


def test_counts_are_of_the_records() -> None:
    facts = overview(finished())
    assert facts.totals == dict.fromkeys(Verdict, 1)
    assert (facts.judged, facts.applicable, facts.requirements) == (3, 6, 7)
    assert facts.blocking == ("SWS-FRAME-002", "SWS-LINK-005", "SWS-LINK-004")


def test_a_killed_run_knows_how_much_is_missing() -> None:
    facts = overview(killed())
    assert facts.requirements == 7
    assert "记录 2 条" in html_text(killed(), language="zh")
    assert "recorded 2" in html_text(killed(), language="en")


def test_summary_in_both_languages() -> None:
    assert summary_lines(finished(), "en") == [
        "No result: the suite failed",
        "3 of 6 applicable requirements judged: error 1, fail 1, inconclusive 1, "
        "warn 1, pass 1, not tested 1, not applicable 1",
        "  SWS-FRAME-002  fail  the platform acknowledged the damaged packet with 9014",
        "  SWS-LINK-005  error  KeyError: 'QN' (checks.py:120)",
        "  SWS-LINK-004  inconclusive  127.0.0.1:9000 refused the connection",
        "certificate: not possible because 3 requirements stand in the way",
    ]
    zh = summary_lines(finished(), "zh")
    assert zh[2] == "  SWS-FRAME-002  不符合  平台以 9014 应答了校验错误的通讯包"
    assert zh[-1] == "证书：不可申请，因为有 3 条要求影响发证"


def test_summary_stays_short_and_harmless() -> None:
    many = [
        replace(FAIL, requirement=f"X-Y-{n:03}", actual="\x1b[2J" + "x" * 10**6)
        for n in range(100)
    ]
    result = RunResult(finished().header, tuple(many), footer_of(many))
    lines = summary_lines(result, "en")
    assert len(lines) == 24
    assert lines[-2] == "  and 80 more"
    assert max(map(len, lines)) < 200
    assert "\x1b" not in "".join(lines)


def test_only_the_sentence_of_a_reason_is_on_its_line() -> None:
    record: Record = replace(OPEN, reason="refused\n  → start the platform")
    assert "→" not in summary_lines(finished([record]), "en")[2]


def kept_from(name: str, **changes: Any) -> Record:
    """Return a record that a broken packet kept from being judged."""
    values = {"cause": "iut", "key": "check-value", "reason": "45BC", **changes}
    return replace(OPEN, requirement=name, **values)


def test_one_broken_rule_is_told_once() -> None:
    names = [f"SWS-X-{n:03}" for n in range(24)]
    failed = replace(FAIL, key="check-value")
    records = [*map(kept_from, names[:20]), failed, *map(kept_from, names[20:])]
    facts = overview(finished(records))
    assert facts.blocking == (failed.requirement, *names)
    assert facts.single == [failed.requirement]
    lines = summary_lines(finished(records), "zh")
    assert lines[2].startswith("  SWS-FRAME-002  不符合")
    assert lines[3] == (
        "  24 条要求因被测实现的报文违反规则 check-value 而无法判定（见 SWS-FRAME-002）"
    )
    assert len(lines) == 5
    text = html_text(finished(records), language="en")
    assert "24 requirements could not be judged" in text
    assert "break the rule check-value (see SWS-FRAME-002)" in text
    assert text.count('class="follows"') == 24
    assert all(f'href="#r-{name}"' in text for name in names)


@pytest.mark.parametrize(
    "changes",
    [
        {"expected": "an answer", "actual": "none"},
        {"key": "not-observed"},
        {"verdict": Verdict.ERROR},
    ],
)
def test_other_reasons_stand_one_by_one(changes: dict[str, Any]) -> None:
    records = [kept_from(f"SWS-X-{n:03}", **changes) for n in range(4)]
    assert overview(finished(records)).follows == ()
    assert overview(finished(records)).single == [r.requirement for r in records]


def test_a_cause_outside_is_told_first_and_once() -> None:
    reason = {"zh": "无人连接\n  → 接通设备", "en": "nobody\n  → switch it on"}
    changes = {"cause": "network", "key": "link.nobody-connected", "reason": reason}
    names = [f"SWS-X-{n:03}" for n in range(24)]
    failed = replace(FAIL, key="check-value")
    result = finished([failed, *(kept_from(name, **changes) for name in names)])
    assert overview(result).single == [failed.requirement]
    zh = summary_lines(result, "zh")
    assert zh[1:4] == ["无人连接", "  → 接通设备", "  24 条要求因此无法判定"]
    assert not any(name in line for line in zh for name in names)
    page = html_text(result, language="en")
    top = page.partition("</nav>")[0]
    assert top.count("nobody") == 1
    assert top.index("nobody") < top.index(failed.requirement)
    suite = ElementTree.fromstring(junit_text(result))[0]
    first, *rest = suite.iter("testcase")
    assert first.get("name") == "link.nobody-connected"
    assert "switch it on" in (first.findtext("error") or "")
    assert suite.get("errors") == "1"
    assert suite.get("skipped") == "24"
    skipped = [case for case in rest if case.find("skipped") is not None]
    assert [case.get("name") for case in skipped] == names


def test_different_reasons_are_different_causes() -> None:
    records = [kept_from(f"X-{n}", cause="bench", reason=f"hook {n}") for n in range(4)]
    assert overview(finished(records)).follows == ()


def test_two_of_a_kind_are_no_crowd() -> None:
    records = [kept_from("SWS-X-001"), kept_from("SWS-X-002")]
    assert overview(finished(records)).follows == ()
