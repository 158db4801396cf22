# SPDX-License-Identifier: Apache-2.0
"""A run against the toy server: each way to fail, each verdict, each bound."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine import registry
from conformance.engine.registry import find
from conformance.errors import InputError
from conformance.evidence.bundle import Bundle
from conformance.evidence.session import Options, rejudge, reproduce, resume
from tests.engine.conftest import SECRET, verdicts

Make = Callable[..., Any]

HONEST = {
    "TOY-ACK-001": "pass",
    "TOY-REF-001": "pass",
    "TOY-KEEP-001": "pass",
    "TOY-MEM-001": "pass",
    "TOY-BLK-001": "pass",
    "TOY-DEV-001": "not-applicable",
    "TOY-SITE-001": "not-tested",
}

FAULTS = {
    "wrong-number": ("TOY-ACK-001", "fail", "acknowledged"),
    "obliging": ("TOY-REF-001", "fail", "refused"),
    "dies": ("TOY-REF-001", "fail", "refused"),
    "forgets": ("TOY-KEEP-001", "fail", "stored"),
    "stuck": ("TOY-MEM-001", "warn", "remembered"),
    "lowercase": ("TOY-BLK-001", "warn", "blank"),
}


def test_the_honest_pass(toy_session: Make) -> None:
    with toy_session() as session:
        result = session.execute()
    assert verdicts(result) == HONEST
    assert result.footer is not None
    assert (str(result.footer.verdict), result.footer.eligible) == ("pass", True)
    assert sum(result.footer.totals.values()) == 7


def test_checks_that_let_seconds_pass_begin_first(
    toy_session: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The last check of the plan is among the first two, if it waits."""
    last = "TOY-MEM-001"
    for waits in (False, True):
        found = replace(find("toy.remembers", "platform"), waits=waits)
        monkeypatch.setitem(registry._REGISTRY, ("toy.remembers", "platform"), found)
        started: list[str] = []
        with toy_session(jobs=2, folder=tmp_path / str(waits)) as session:
            session.execute(
                lambda event, s=started: (
                    event.kind == "started" and s.append(event.requirement)
                )
            )
        begun = [name for name in started if name.startswith("TOY-")]
        assert (last in begun[:2]) is waits


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_its_requirement_alone(toy_session: Make, fault: str) -> None:
    requirement, verdict, key = FAULTS[fault]
    with toy_session(fault, depth="thorough") as session:
        result = session.execute()
    assert verdicts(result) == {**HONEST, requirement: verdict}
    record = next(r for r in result.records if r.requirement == requirement)
    assert (record.key, record.cause) == (key, "iut")
    assert record.exchange


def test_the_counterexample_is_the_smallest(toy_session: Make) -> None:
    """Shrinking over a real socket ends at the first number that is answered wrong."""
    with toy_session("wrong-number", depth="thorough") as session:
        result = session.execute()
    record = result.records[0]
    assert record.counterexample == 1000
    assert record.expected == "OK 1000"
    sent = [m for m in record.exchange if m["sender"] == "suite"]
    assert [bytes.fromhex(m["octets"]) for m in sent] == [b"PUT 1000\n"]


def test_the_shortest_sequence_is_found(toy_session: Make) -> None:
    with toy_session("stuck", depth="thorough") as session:
        record = session.execute().records[3]
    steps = [name for name, _ in record.counterexample]
    assert steps in (["set", "set", "get"],)


def test_silence_is_a_failed_expectation_not_a_hang(toy_session: Make) -> None:
    with toy_session("mute") as session:
        result = session.execute()
    found = verdicts(result)
    assert found["TOY-ACK-001"] == "fail"
    assert found["TOY-KEEP-001"] == "inconclusive"  # its preamble was not met


@pytest.mark.parametrize("fault", ["", *FAULTS, "mute"])
def test_judging_again_gives_the_same_bytes(
    toy_session: Make, tmp_path: Path, fault: str
) -> None:
    """The server is gone; the results are equal but for the marker."""
    with toy_session(*filter(None, [fault]), depth="standard") as session:
        session.execute()
    from conformance.evidence.bundle import result_text

    before = (tmp_path / "run" / "results.jsonl").read_text("utf-8").splitlines()
    again = result_text(rejudge(tmp_path / "run")).splitlines()
    assert again[1:] == before[1:]
    first, second = json.loads(before[0]), json.loads(again[0])
    assert second.pop("rejudged")
    assert first.pop("rejudged") is None
    assert first == second


def test_evidence_that_was_changed_does_not_pass(
    toy_session: Make, tmp_path: Path
) -> None:
    """An answer altered in the recording is seen by its digest.

    Where the digest is altered with it, the verdict turns.
    """
    with toy_session() as session:
        session.execute()
    bundle = Bundle(tmp_path / "run")
    octets = bundle.wire.read_bytes()
    assert octets.count(b"IS 0\n") > 0
    before = bundle.digests()["evidence/wire.pcapng"]
    bundle.wire.write_bytes(octets.replace(b"IS 0\n", b"IS 8\n"))
    with pytest.raises(InputError) as refused:
        rejudge(tmp_path / "run")
    assert refused.value.code == "evidence.altered"
    assert refused.value.file == str(bundle.wire)
    after = bundle.digests()["evidence/wire.pcapng"]
    results = bundle.results.read_text("utf-8")
    assert results.count(before) == 1
    bundle.results.write_text(results.replace(before, after), "utf-8")
    assert verdicts(rejudge(tmp_path / "run"))["TOY-MEM-001"] == "warn"


def test_a_check_that_wants_more_than_was_recorded_is_inconclusive(
    toy_session: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer suite that would send something else invents nothing."""
    with toy_session() as session:
        session.execute()
    from tests.engine import toy

    monkeypatch.setattr(toy, "ask", lambda channel, line: channel.send(b"NEW\n"))
    found = rejudge(tmp_path / "run")
    record = next(r for r in found.records if r.requirement == "TOY-REF-001")
    assert (str(record.verdict), record.cause) == ("inconclusive", "suite")


def test_nobody_there_is_said_once_for_all(toy_session: Make, tmp_path: Path) -> None:
    with toy_session() as session:
        pass
    result = session.execute()
    assert result.footer is not None
    assert str(result.footer.verdict) == "inconclusive"
    record = result.records[0]
    assert (record.key, record.cause) == ("link.refused", "network")
    assert result.footer.duration_s < 5


def test_a_selection_is_partial(toy_session: Make) -> None:
    with toy_session(only=("TOY-ACK-*",)) as session:
        result = session.execute()
    assert result.footer is not None
    assert result.footer.partial_reason == "selection"
    assert not result.footer.eligible


def test_a_stopped_run_is_valid_and_can_be_finished(
    toy_session: Make, tmp_path: Path
) -> None:
    """Stop after the first record; what is done stays; resume does the rest only."""
    with toy_session(jobs=1) as session:

        def stop_soon(event: Any) -> None:
            if event.kind == "finished" and event.record.start:
                session.execution.stop.set()

        result = session.execute(stop_soon)
        assert result.footer is not None
        assert result.footer.partial_reason == "stopped"
        assert not result.footer.eligible
        first = [r for r in result.records if r.start]
        assert len(first) == 1
        again = resume(tmp_path / "run", Options())
        started = []
        whole = again.execute(
            lambda event: event.kind == "started" and started.append(event.requirement)
        )
    assert verdicts(whole) == HONEST
    assert first[0].requirement not in started
    assert first[0] in whole.records
    assert verdicts(rejudge(tmp_path / "run")) == HONEST


def test_a_killed_run_can_be_finished(toy_session: Make, tmp_path: Path) -> None:
    """A kill leaves no footer, a torn recording and a torn line."""
    with toy_session(jobs=1) as session:
        session.execute()
        bundle = Bundle(tmp_path / "run")
        lines = bundle.results.read_text("utf-8").splitlines(keepends=True)
        checks = [x for x in lines if '"start"' in x and '"record"' in x]
        bundle.results.write_text(lines[0] + "".join(checks[:2]) + checks[2][:40])
        wire = bundle.wire.read_bytes()
        bundle.wire.write_bytes(wire[:-9])
        started: list[str] = []
        whole = resume(tmp_path / "run", Options()).execute(
            lambda event: event.kind == "started" and started.append(event.requirement)
        )
    assert verdicts(whole) == HONEST
    assert not {json.loads(x)["requirement"] for x in checks[:2]} & set(started)
    assert json.loads(checks[2])["requirement"] in started
    assert verdicts(rejudge(tmp_path / "run")) == HONEST


def test_what_a_killed_run_no_longer_shows_is_tested_again(
    toy_session: Make, tmp_path: Path
) -> None:
    """New packets must not take the numbers that old lines of the journal mean."""
    with toy_session(jobs=1) as session:
        session.execute()
        bundle = Bundle(tmp_path / "run")
        lines = bundle.results.read_text("utf-8").splitlines(keepends=True)
        checks = [x for x in lines if '"start"' in x and '"record"' in x]
        bundle.results.write_text(lines[0] + "".join(checks), "utf-8")
        bundle.wire.write_bytes(b"")
        started: list[str] = []
        whole = resume(tmp_path / "run", Options()).execute(
            lambda event: event.kind == "started" and started.append(event.requirement)
        )
    assert verdicts(whole) == HONEST
    sent = {line["name"] for line in bundle.read_journal()}
    assert sent == {*started}
    assert {line["process"] for line in bundle.read_journal()} == {1}
    assert verdicts(rejudge(tmp_path / "run")) == HONEST


def test_a_failure_is_sent_again_and_found_fixed(
    toy_session: Make, tmp_path: Path
) -> None:
    """Only the smallest failing exchange goes out; the answer decides."""
    with toy_session("wrong-number", depth="thorough") as session:
        session.execute()
        still = reproduce(tmp_path / "run", "TOY-ACK-001", Options())
    assert (str(still.verdict), still.examples) == ("fail", 1)
    assert still.counterexample == 1000


def test_the_secret_stands_in_the_evidence_alone(
    toy_session: Make, tmp_path: Path
) -> None:
    with toy_session("wrong-number") as session:
        session.execute()
    assert SECRET in (tmp_path / "run/evidence/inputs.json").read_text("utf-8")
    for path in (tmp_path / "run").iterdir():
        if path.is_file():
            assert SECRET not in path.read_text("utf-8")
