# SPDX-License-Identifier: Apache-2.0
"""Every HJ 212 check in both directions: the honest pass, each fault is caught.

Runs are real: sockets, threads, the evidence of a run.  A fault is run with its own
requirements and all quick ones; the timers of resends are waited for only where a
deviation touches them (``luheng prove`` makes the whole matrix).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.engine.proof import Fault, Liberty
from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.proving import Trial, prove, trials
from conformance.evidence.session import Options, judge_capture, prepare, rejudge
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.faults import FAULTS, LIBERTIES, bench
from conformance.text import Text

pytestmark = pytest.mark.slow

STATIONS = default_corpus().resolve("sd-water-surface-station@1.0.0")
"""Binds HJ 212-2017; what is of 2025 alone is in ``test_edition_2025``."""

FINE = {Verdict.PASS, Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE}
TIMED = frozenset(
    {
        *(f"HJ212-TMO-00{n}" for n in (1, 2, 3, 6, 7, 8)),
        *(f"HJ212-FLW-0{n}" for n in (10, 11, 14, 15, 19, 20, 41)),
        *("HJ212-SPL-001", "HJ212-SPL-005", "HJ212-SPL-009"),
        *("HJ212-CON-001", "HJ212-DAT-004"),
        *("UPL-TIME-002", "UPL-LATE-001"),
    }
)
"""Requirements whose checks wait for resends, intervals and restarts."""

DEAF = frozenset(
    {"no-9011", "no-9012", "no-9014", "modbus-check-value", "one-packet-per-read"}
)
"""Deviations that cost a timeout at each exchange."""

WHOLE = frozenset(
    {
        *("answers-want-answers", "answers-answers", "ignores-qn-in-area"),
        *("foreign-info-id", "unknown-equipment-state", "parts-without-bit"),
    }
)
"""Deviations that show only in what the checks that wait provoke."""


def execute(
    snapshot: Snapshot, role: str, deviation: str | None, folder: Path
) -> RunResult:
    """Run the whole profile against a bench."""
    with bench(snapshot, role, deviation) as made:
        options = Options(depth="smoke", folder=folder, seed=7)
        session = prepare(
            made.declaration, options, snapshot=snapshot, environ=dict(made.environ)
        )
        return session.execute()


@pytest.fixture(scope="module", params=["device", "platform"])
def honest(
    request: pytest.FixtureRequest,
    snapshot: Snapshot,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, Path, RunResult]:
    """A run against the honest simulator of each role, with its folder."""
    folder = tmp_path_factory.mktemp("honest") / "run"
    return request.param, folder, execute(snapshot, request.param, None, folder)


Honest = tuple[str, Path, RunResult]


def test_the_honest_pass_everything(honest: Honest) -> None:
    _, _, result = honest
    bad = {r.requirement: (r.verdict, r.key, r.actual) for r in result.records}
    assert {k: v for k, v in bad.items() if v[0] not in FINE} == {}
    assert result.footer is not None
    assert result.footer.eligible


def test_judging_again_gives_the_same_records(honest: Honest) -> None:
    _, folder, result = honest
    again = rejudge(folder)
    assert [r.to_json() for r in again.records] == [r.to_json() for r in result.records]


def test_rules_say_of_the_capture_what_they_said_live(
    honest: Honest, snapshot: Snapshot
) -> None:
    role, folder, result = honest
    live = {r.requirement: r for r in result.records if r.observations}
    assert len(live) > 15
    records = judge_capture(
        folder / "evidence" / "wire.pcapng",
        snapshot,
        role=role,
        ixit={"hj212_pace": 60},
    )
    captured = {r.requirement: r for r in records if r.observations}
    assert {k: (r.verdict, r.observations) for k, r in captured.items()} == {
        k: (r.verdict, r.observations) for k, r in live.items()
    }


def test_the_password_stays_out_of_the_results(honest: Honest) -> None:
    _, folder, _ = honest
    assert b"Lh2017" not in (folder / "results.jsonl").read_bytes()


def wanted(
    snapshot: Snapshot, role: str, deviation: Fault | Liberty | None
) -> list[str]:
    """Which requirements to run against a deviation."""
    assert deviation is not None
    concerned = set()
    if isinstance(deviation, Fault):
        concerned = {*deviation.breaks, *deviation.also}
    if deviation.name in WHOLE:
        return [r.id for r in snapshot.requirements]
    if deviation.name in DEAF:
        return [r.id for r in snapshot.requirements if r.id in concerned or not r.check]
    return [
        r.id for r in snapshot.requirements if r.id not in TIMED or r.id in concerned
    ]


@pytest.fixture(scope="module")
def objections(
    request: pytest.FixtureRequest, snapshot: Snapshot
) -> Mapping[str, list[str]]:
    """Objections by trial, from all selected deviations side by side.

    Nearly all of their time is waiting for timers, so it is waited for together.
    """
    name = test_a_deviation_is_found_for_what_it_is.__name__
    chosen: list[Fault | Liberty] = []
    for item in request.session.items:
        mine = isinstance(item, pytest.Function) and item.path == request.path
        if mine and getattr(item, "originalname", "") == name:
            chosen.append(getattr(item, "callspec").params["deviation"])  # noqa: B009
    found: dict[str, list[str]] = defaultdict(list)
    for role in ("device", "platform"):
        names = {d.name for d in chosen if d.role == role}
        here = [t for t in trials("hj212", [role], snapshot) if t.name in names]
        only = {t.name: wanted(snapshot, role, t.deviation) for t in here}
        proof = prove(snapshot, here, jobs=8, only=only, apart=True)
        for objection in proof.objections:
            found[objection.trial].append(
                f"{objection.requirement}: {objection.text.en}"
            )
    return found


@pytest.mark.parametrize(
    "deviation",
    [d for d in (*FAULTS, *LIBERTIES) if d.bears_on(STATIONS)],
    ids=lambda d: f"{d.role}-{d.name}",
)
def test_a_deviation_is_found_for_what_it_is(
    deviation: Fault | Liberty, objections: Mapping[str, list[str]]
) -> None:
    """A fault fails its requirements by their keys and no other; a liberty passes."""
    assert objections.get(f"hj212/{deviation.role}/{deviation.name}", []) == []


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        ({"HJ212-FLW-006": "answered", "HJ212-FLW-004": "9014"}, "not-noticed"),
        ({"HJ212-FLW-006": "another key"}, "wrong-reason"),
        ({}, "wrong-requirement"),
    ],
)
def test_a_wrong_claim_about_a_fault_is_objected_to(
    breaks: Mapping[str, str], code: str, snapshot: Snapshot
) -> None:
    """What makes the test above green can make it red."""
    title = Text("应答位为 0 也应答", "unwanted answers")
    claim = Fault("answers-unwanted", "platform", title, breaks)
    only = {claim.name: ["HJ212-FLW-004", "HJ212-FLW-006"]}
    proof = prove(snapshot, [Trial("hj212", "platform", claim)], jobs=1, only=only)
    assert code in {o.code for o in proof.objections}


def test_a_station_that_never_comes_leaves_everything_open(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """Nobody's conformance is judged, and nobody waits for each check anew."""
    with bench(snapshot, "device", None) as made:
        declaration = made.declaration
    declaration = replace(
        declaration, ixit={**declaration.ixit, "hj212_connect_timeout": "PT0.2S"}
    )
    session = prepare(
        declaration,
        Options(depth="smoke", folder=tmp_path / "run", seed=7),
        snapshot=snapshot,
        environ=dict(made.environ),
    )
    result = session.execute()
    judged = {r.verdict for r in result.records} - FINE
    assert judged == {Verdict.INCONCLUSIVE}
    assert Verdict.PASS not in {r.verdict for r in result.records}
    assert result.footer is not None
    assert result.footer.duration_s < 5
