# SPDX-License-Identifier: Apache-2.0
"""JUnit XML: known answer, agreement with the records, and no octet that breaks it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.errors import InputError
from conformance.report.junit import junit_text, write_junit
from tests.report.samples import RECORDS, finished, hostile, killed

GOLDEN = Path(__file__).with_name("junit.xml")


def test_known_answer(tmp_path: Path) -> None:
    """To renew after a wanted change: write the text to junit.xml and read the diff."""
    write_junit(finished(), tmp_path / "junit.xml")
    assert (tmp_path / "junit.xml").read_text("utf-8") == GOLDEN.read_text("utf-8")


def suite_of(result: RunResult) -> ET.Element:
    suite = ET.fromstring(junit_text(result)).find("testsuite")
    assert suite is not None
    return suite


@pytest.mark.parametrize("whole", [finished(), finished(RECORDS[:4]), hostile()])
def test_totals_agree_with_the_records(whole: RunResult) -> None:
    suite = suite_of(whole)
    footer = whole.footer
    assert footer is not None
    totals = footer.totals
    assert suite.attrib["tests"] == str(len(whole.records))
    assert suite.attrib["failures"] == str(totals["fail"])
    assert suite.attrib["errors"] == str(totals["error"] + totals["inconclusive"])
    skipped = totals["not-tested"] + totals["not-applicable"]
    assert suite.attrib["skipped"] == str(skipped)
    for kind, name in (("failure", "failures"), ("error", "errors")):
        assert len(list(suite.iter(kind))) == int(suite.attrib[name])


def test_every_case_has_its_true_verdict() -> None:
    found = {
        case.attrib["name"]: prop.attrib["value"]
        for case in suite_of(finished()).iter("testcase")
        for prop in case.iter("property")
        if prop.attrib["name"] == "verdict"
    }
    assert found == {r.requirement: str(r.verdict) for r in RECORDS}


@pytest.mark.parametrize(
    "result",
    [
        killed(RECORDS[:1]),
        finished([]),
        finished(RECORDS[:1], requirements=7, partial_reason="stopped"),
    ],
)
def test_a_run_without_an_end_turns_no_build_green(result: RunResult) -> None:
    assert {r.verdict for r in result.records} <= {Verdict.PASS}
    suite = suite_of(result)
    assert suite.attrib["errors"] == "1"
    assert suite.attrib["tests"] == str(len(result.records) + 1)
    assert [e.attrib["type"] for e in suite.iter("error")] == ["incomplete-run"]


def test_hostile_words_stay_words() -> None:
    text = junit_text(hostile())
    assert "<script" not in text
    failure = next(ET.fromstring(text).iter("failure"))
    assert "<script>alert(1)</script>" in failure.attrib["message"]
    assert "⟨ESC⟩[31m" in failure.attrib["message"]
    assert "⟨U+202E⟩" in failure.attrib["message"]
    assert "⟨U+FFFE⟩" in failure.attrib["message"]


def test_long_values_are_cut() -> None:
    assert len(junit_text(hostile("x" * 10**6))) < 100_000


def test_a_report_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(InputError, match="cannot be written") as caught:
        write_junit(finished(), tmp_path / "file" / "junit.xml")
    assert caught.value.code == "report.cannot-write"
