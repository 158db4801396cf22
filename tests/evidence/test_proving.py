# SPDX-License-Identifier: Apache-2.0
"""The proof objects to everything that would make it no proof."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.engine.proof import Fault, Liberty
from conformance.engine.verdicts import Verdict
from conformance.evidence.proving import (
    Cell,
    Proof,
    Trial,
    objections,
    parts,
    reached,
    trials,
)
from conformance.profile.corpus import default_corpus
from conformance.report.matrix import matrix_text
from conformance.text import Text

TITLE = Text("<b>缺陷</b>", "<b>fault</b>")
HONEST = Trial("toy", "platform", None)
ODD = Trial("toy", "platform", Liberty("odd", "platform", TITLE))
BAD_A = Trial("toy", "platform", Fault("a", "platform", TITLE, {"A-A-001": "ka"}))
BAD_B = Trial(
    "toy", "platform", Fault("b", "platform", TITLE, {"B-B-001": "kb"}, ("A-A-001",))
)
TRIALS = (HONEST, ODD, BAD_A, BAD_B)

PASS, FAIL = Cell(Verdict.PASS, None), Verdict.FAIL
SOUND: dict[Trial, dict[str, Cell]] = {
    HONEST: {"A-A-001": PASS, "B-B-001": PASS},
    ODD: {"A-A-001": PASS, "B-B-001": PASS},
    BAD_A: {"A-A-001": Cell(FAIL, "ka"), "B-B-001": PASS},
    BAD_B: {"A-A-001": Cell(FAIL, "x"), "B-B-001": Cell(FAIL, "kb")},
}


def snapshot() -> Any:
    names = ("A-A-001", "B-B-001")
    return SimpleNamespace(requirements=[SimpleNamespace(id=n) for n in names])


def found(**changes: Any) -> list[tuple[str, str]]:
    cells = {trial: dict(row) for trial, row in SOUND.items()}
    for trial, name, cell in changes.pop("cells", ()):
        cells[trial][name] = cell
    wanted = changes.pop("trials", TRIALS)
    return [(o.code, o.requirement) for o in objections(snapshot(), wanted, cells)]


def test_a_sound_proof_has_none() -> None:
    assert found() == []


CASES = {
    "an honest one that fails": (
        [(HONEST, "A-A-001", Cell(FAIL, "ka"))],
        ("innocent", "A-A-001"),
    ),
    "an honest one that cannot be judged": (
        [(HONEST, "B-B-001", Cell(Verdict.INCONCLUSIVE, None))],
        ("innocent", "B-B-001"),
    ),
    "an odd one that is warned": (
        [(ODD, "B-B-001", Cell(Verdict.WARN, "kb"))],
        ("innocent", "B-B-001"),
    ),
    "a fault unnoticed": (
        [(BAD_A, "A-A-001", PASS)],
        ("not-noticed", "A-A-001"),
    ),
    "a fault that hides behind inconclusive": (
        [(BAD_A, "A-A-001", Cell(Verdict.INCONCLUSIVE, "ka"))],
        ("not-noticed", "A-A-001"),
    ),
    "another reason": (
        [(BAD_A, "A-A-001", Cell(FAIL, "other"))],
        ("wrong-reason", "A-A-001"),
    ),
    "another requirement": (
        [(BAD_A, "B-B-001", Cell(FAIL, "kb"))],
        ("wrong-requirement", "B-B-001"),
    ),
    "the suite broke": (
        [(BAD_B, "A-A-001", Cell(Verdict.ERROR, None))],
        ("error", "A-A-001"),
    ),
}


@pytest.mark.parametrize(("cells", "objection"), CASES.values(), ids=CASES)
def test_it_objects(cells: list[Any], objection: tuple[str, str]) -> None:
    assert objection in found(cells=cells)


def test_collateral_alone_proves_nothing() -> None:
    """Being dragged down by another's fault is not being able to fail."""
    assert found(trials=(HONEST, ODD, BAD_B)) == [("no-fault", "A-A-001")]


def test_the_page_shows_markup_as_text() -> None:
    proof = Proof("toy@1", "sha256:0", TRIALS, SOUND, [])
    page = matrix_text(proof)
    assert "<b>fault" not in page
    assert "&lt;b&gt;fault" in page
    assert page.count('class="kill"') == 1 + 2  # the legend and one kill each


def test_the_parts_together_bind_each_check_once() -> None:
    corpus = default_corpus()
    found = [corpus.resolve(ref) for ref in corpus.refs()]
    concrete = [s for s in found if s.kind == "profile"]
    tried: list[tuple[str, str]] = []
    for part in parts(concrete, ("device", "platform"), {}):
        assert part.only is not None
        bound = {r.id: r.check for r in part.snapshot.requirements}
        tried += [(name, str(bound[name])) for name in part.only]
    everything = {
        (r.id, str(r.check))
        for s in concrete
        for r in s.requirements
        if r.check and r.check.name.partition(".")[0] in reached(s)
    }
    assert len(tried) == len(everything)
    assert set(tried) == everything


def test_what_is_whole_runs_everything_and_what_follows_the_rest() -> None:
    corpus = default_corpus()
    water, air = (
        corpus.resolve(f"{name}@1.0.0")
        for name in ("sd-water-surface-station", "sd-ambient-air-station")
    )
    first, *_, last = parts([water, air], ("device",), {water.id: ["hj212"]})
    assert (first.snapshot.id, first.protocol, first.only) == (water.id, "hj212", None)
    assert len(first.trials) == len(trials("hj212", ["device"], water))
    assert last.snapshot.id == air.id
    assert last.only is not None
    assert {name.partition("-")[0] for name in last.only} > {"AAS", "SENML8428"}
    assert "no-pings" not in {trial.name for trial in last.trials}


def test_a_part_with_all_its_faults_objects_to_a_check_without_one() -> None:
    cells = {trial: SOUND[trial] for trial in (HONEST, BAD_A)}
    said = objections(snapshot(), (HONEST, BAD_A), cells, partial=True, complete=True)
    assert [(o.code, o.requirement) for o in said] == [("no-fault", "B-B-001")]
