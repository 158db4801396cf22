# SPDX-License-Identifier: Apache-2.0
"""Faults and liberties as a list: complete, unique, told apart, in two languages."""

from __future__ import annotations

from collections import Counter

import pytest

from conformance.engine.proof import Fault, Liberty
from conformance.engine.registry import find
from conformance.iut.declaration import load_declaration
from conformance.iut.review import review
from conformance.paths import data_dir
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.faults import FAULTS, LIBERTIES, bench

ROLES = ("device", "platform")
DEVIATIONS: tuple[Fault | Liberty, ...] = (*FAULTS, *LIBERTIES)


def test_names_are_unique_in_a_role() -> None:
    counts = Counter((d.role, d.name) for d in DEVIATIONS)
    assert [name for name, count in counts.items() if count > 1] == []


def test_faults_break_requirements_of_the_profile(snapshot: Snapshot) -> None:
    # A row stands for the like requirement of the waste water profiles too.
    other = default_corpus().resolve("sd-wastewater-source-2025@1.0.0")
    both = (*other.requirements, *snapshot.requirements)
    known = {r.id: r.actor for r in both}
    for fault in FAULTS:
        bound = [fault.bound(other), fault.bound(snapshot)]
        for name in {n for f in bound for n in (*f.breaks, *f.also)}:
            actor = known[name]
            assert actor in ("both", fault.role) or name in fault.also, (
                f"{fault.name} breaks {name}, which binds no {fault.role}"
            )


@pytest.mark.parametrize("role", ROLES)
def test_every_tested_requirement_has_a_fault_of_its_own(
    snapshot: Snapshot, role: str
) -> None:
    editions = {b.edition for b in snapshot.bindings}
    tested = {
        r.id
        for r in snapshot.requirements
        if r.check and r.check.name.startswith("hj212.")
        if r.actor in ("both", role)
        if not r.edition or editions & set(r.edition)
    }
    mine = [fault.bound(snapshot) for fault in FAULTS if fault.role == role]
    broken = {name for fault in mine for name in fault.breaks}
    assert tested - broken == set()


@pytest.mark.parametrize("role", ROLES)
def test_every_procedure_is_bound_by_the_profile_and_exists(
    snapshot: Snapshot, role: str
) -> None:
    for requirement in snapshot.requirements:
        if requirement.check and requirement.actor in ("both", role):
            procedure = find(requirement.check.name, role)
            assert procedure.summary or procedure.kind == "rule"
            assert set(requirement.check.params) <= set(procedure.params)


def test_titles_are_in_both_languages() -> None:
    assert all(d.title.zh and d.title.en for d in DEVIATIONS)


@pytest.mark.parametrize("role", ROLES)
def test_a_bench_answers_what_its_role_is_asked(snapshot: Snapshot, role: str) -> None:
    with bench(snapshot, role, None) as made:
        declaration = made.declaration
        assert declaration.role == role
        assert set(declaration.ics) == {item.id for item in snapshot.ics}
        assert declaration.ixit["hj212_endpoint"].port > 0
        assert ("stored_records" in declaration.hooks) is (role == "platform")


@pytest.mark.parametrize("name", ["station-hj212-2025", "platform-hj212-2025"])
def test_the_examples_of_2025_pass_the_review(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HJ212_PASSWORD", "Lh2025")
    monkeypatch.setenv("HJ212_KEY", "k7Rw2ZpQ9xLm4TvB")
    declaration = load_declaration(data_dir("fixtures") / "iut" / f"{name}.iut.yaml")
    snapshot = default_corpus().resolve(declaration.profile_ref)
    assert [(f.code, f.path) for f in review(declaration, snapshot)] == []


@pytest.mark.parametrize("role", ["station", "platform"])
def test_the_example_declarations_pass_the_review(
    snapshot: Snapshot, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HJ212_PASSWORD", "Lh2017")
    file = data_dir("fixtures") / "iut" / f"{role}-hj212.iut.yaml"
    declaration = load_declaration(file)
    findings = review(declaration, snapshot)
    assert [(f.code, f.path) for f in findings] == []
