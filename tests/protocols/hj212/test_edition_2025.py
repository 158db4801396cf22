# SPDX-License-Identifier: Apache-2.0
"""Edition 2025 whole: the honest of both roles pass, each fault of its own is caught.

The profile binds the edition, so that the requirements which editions share run in it
too.  Runs are real, as in ``test_checks.py``; a deviation is run with the requirements
that it concerns and with all rules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.engine.proof import Fault, Liberty
from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.proving import Trial, prove, trials
from conformance.evidence.session import Options, judge_capture, prepare, rejudge
from conformance.iut.questions import asked_ics
from conformance.iut.values import SecretValue
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.faults import bench
from conformance.protocols.hj212.faults import edition_2025 as faults_2025

pytestmark = pytest.mark.slow

FINE = {Verdict.PASS, Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE}
KEY = "k7Rw2ZpQ9xLm4TvB"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    """The profile that binds edition 2025."""
    return default_corpus().resolve("sd-wastewater-source-2025@1.0.0")


@pytest.fixture(scope="module", params=["device", "platform"])
def honest(
    request: pytest.FixtureRequest,
    snapshot: Snapshot,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path, RunResult]:
    """A run against the honest simulator of each role, with its folder."""
    folder = tmp_path_factory.mktemp("honest-2025") / "run"
    with bench(snapshot, request.param, None) as made:
        options = Options(depth="smoke", folder=folder, seed=7)
        session = prepare(
            made.declaration, options, snapshot=snapshot, environ=dict(made.environ)
        )
        return request.param, folder, session.execute()


Honest = tuple[str, Path, RunResult]


def test_the_honest_pass_everything(honest: Honest) -> None:
    _, _, result = honest
    bad = {r.requirement: (r.verdict, r.key, r.actual) for r in result.records}
    assert {k: v for k, v in bad.items() if v[0] not in FINE} == {}
    assert result.footer is not None
    assert result.footer.eligible


def test_every_requirement_of_the_edition_is_judged_or_says_why(
    honest: Honest, snapshot: Snapshot
) -> None:
    role, _, result = honest
    own = {r.id: r for r in snapshot.requirements if r.edition == ("2025",)}
    assert len(own) == 28
    verdicts = {r.requirement: r.verdict for r in result.records}
    for name, requirement in own.items():
        if requirement.actor not in ("both", role):
            assert verdicts[name] is Verdict.NOT_APPLICABLE
        elif requirement.not_tested:
            assert requirement.not_tested.reason == "document-review"
        else:
            assert verdicts[name] is Verdict.PASS, name


def test_judging_again_gives_the_same_records(honest: Honest) -> None:
    _, folder, result = honest
    again = rejudge(folder)
    assert [r.to_json() for r in again.records] == [r.to_json() for r in result.records]


def test_the_keys_stay_out_of_the_results(honest: Honest) -> None:
    _, folder, _ = honest
    seen = (folder / "results.jsonl").read_bytes()
    assert KEY.encode() not in seen
    assert KEY.encode().hex().encode() not in seen.lower()
    assert b"Lh2025media" not in seen


def test_a_capture_is_judged_with_the_key_as_the_run_was(
    honest: Honest, snapshot: Snapshot
) -> None:
    role, folder, result = honest
    live = {r.requirement: r for r in result.records if r.observations}
    ixit = {"hj212_pace": 60, "hj212_key": SecretValue("env:K", KEY)}
    capture = folder / "evidence" / "wire.pcapng"
    records = judge_capture(capture, snapshot, role=role, ixit=ixit)
    captured = {r.requirement: r for r in records}
    # PW is judged by its form alone where no password is declared.
    for name in ("HJ212-SEC-002", "HJ212-SEC-003", "HJ212-SEC-009", "HJ212-SEG-003"):
        found = captured[name]
        assert (found.verdict, found.observations) == (
            live[name].verdict,
            live[name].observations,
        )


def test_without_a_key_the_content_is_not_judged(
    honest: Honest, snapshot: Snapshot
) -> None:
    role, folder, _ = honest
    capture = folder / "evidence" / "wire.pcapng"
    records = judge_capture(capture, snapshot, role=role, ixit={})
    bad = {r.requirement for r in records if r.verdict in (Verdict.FAIL, Verdict.WARN)}
    assert bad == set()
    judged = {r.requirement: r for r in records}
    assert not judged["HJ212-SEC-003"].observations
    if role == "device":
        assert judged["HJ212-DAT-005"].verdict is Verdict.INCONCLUSIVE
        remarks = [str(w) for w in judged["HJ212-DAT-005"].remarks]
        assert any("encrypted" in remark for remark in remarks)


DEVIATIONS = [*faults_2025.FAULTS, *faults_2025.LIBERTIES]


def _wanted(snapshot: Snapshot, deviation: Fault | Liberty) -> list[str]:
    """Return what to run: what it concerns, and for liberties all that is new."""
    concerned = {r.id for r in snapshot.requirements if r.edition == ("2025",)}
    if isinstance(deviation, Fault):
        bound = deviation.bound(snapshot)
        concerned = {*bound.breaks, *bound.also}
    rules = {"HJ212-SEG-003", "HJ212-SEC-002", "HJ212-SEC-003", "HJ212-SEC-009"}
    return [r.id for r in snapshot.requirements if r.id in concerned | rules]


@pytest.fixture(scope="module")
def objections(
    request: pytest.FixtureRequest, snapshot: Snapshot
) -> Mapping[str, list[str]]:
    """Objections by trial, from all selected deviations side by side."""
    name = test_a_deviation_is_found_for_what_it_is.__name__
    chosen: list[Fault | Liberty] = []
    for item in request.session.items:
        mine = isinstance(item, pytest.Function) and item.path == request.path
        if mine and getattr(item, "originalname", "") == name:
            chosen.append(getattr(item, "callspec").params["deviation"])  # noqa: B009
    found: dict[str, list[str]] = defaultdict(list)
    for role in ("device", "platform"):
        here = [d for d in chosen if d.role == role]
        only = {d.name: _wanted(snapshot, d) for d in here}
        runs = [Trial("hj212", role, d) for d in here]
        proof = prove(snapshot, runs, depth="smoke", jobs=6, only=only)
        for objection in proof.objections:
            said = f"{objection.requirement}: {objection.text.en}"
            found[objection.trial].append(said)
    return found


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda d: f"{d.role}-{d.name}")
def test_a_deviation_is_found_for_what_it_is(
    deviation: Fault | Liberty, objections: Mapping[str, list[str]]
) -> None:
    """A fault fails its requirements by their keys and no other; a liberty passes."""
    assert objections.get(f"hj212/{deviation.role}/{deviation.name}", []) == []


def test_each_check_of_the_edition_has_a_fault(snapshot: Snapshot) -> None:
    broken = {(f.role, name) for f in faults_2025.FAULTS for name in f.breaks}
    for requirement in snapshot.requirements:
        if requirement.edition != ("2025",) or requirement.check is None:
            continue
        roles = ("device", "platform")
        for role in roles if requirement.actor == "both" else (requirement.actor,):
            assert (role, requirement.id) in broken, (role, requirement.id)


def test_deviations_of_an_edition_are_tried_where_it_is_bound() -> None:
    corpus = default_corpus()
    names = {
        edition: {t.name for t in trials("hj212", ["device"], corpus.resolve(ref))}
        for edition, ref in (
            ("2017", "sd-wastewater-source@1.0.0"),
            ("2025", "sd-wastewater-source-2025@1.0.0"),
        )
    }
    assert "no-heartbeat" in names["2025"] - names["2017"]
    assert "heartbeats-unanswered" in names["2025"] - names["2017"]
    assert "reserved-command" in names["2017"] - names["2025"]
    assert "no-9012" in names["2017"] & names["2025"]


@pytest.mark.parametrize("role", ["device", "platform"])
def test_only_its_own_edition_asks_for_keys(role: str) -> None:
    corpus = default_corpus()
    old = {i.id for i in asked_ics(corpus.resolve("sd-wastewater-source@1.0.0"), role)}
    new = {
        i.id for i in asked_ics(corpus.resolve("sd-wastewater-source-2025@1.0.0"), role)
    }
    assert not old & faults_2025.QUESTIONS
    assert {"HJ212_ENCRYPTED", "HJ212_KEY", "HJ212_HEARTBEAT"} <= new
