# SPDX-License-Identifier: Apache-2.0
"""Every requirement is accounted for, in or out, with the reason that decided."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.cli.main import main
from conformance.errors import DeclarationError, InputError
from conformance.iut.declaration import Declaration, Role, load_declaration
from conformance.iut.questions import asked_ics, binds, effective_answers
from conformance.iut.reasons import because
from conformance.iut.selection import Reason, plan, render_reason
from conformance.profile.conditions import evaluate, tokens
from conformance.profile.model import (
    Actor,
    CheckRef,
    Clause,
    Condition,
    IcsItem,
    NotTested,
    Requirement,
    Snapshot,
)
from conformance.text import Text
from tests.iut.made import snapshot, write


def declared(tmp_path: Path, **changes: Any) -> Declaration:
    return replace(load_declaration(write(tmp_path)), **changes)


def outcomes(declaration: Declaration, *only: str) -> dict[str, str | None]:
    items = plan(snapshot(), declaration, only=only).items
    assert all(item.included == (item.outcome is None) for item in items)
    return {item.requirement.id: item.outcome for item in items}


def test_a_device_is_tested_for_what_binds_a_device(tmp_path: Path) -> None:
    assert outcomes(declared(tmp_path)) == {
        "TRY-BOTH-001": None,
        "TRY-DEV-001": None,
        "TRY-DEV-002": "not-applicable",
        "TRY-PLAT-001": "not-applicable",
        "TRY-GATE-001": "not-applicable",
        "TRY-SITE-001": "not-tested",
    }


def test_a_platform_is_tested_for_what_binds_a_platform(tmp_path: Path) -> None:
    declaration = declared(tmp_path, role="platform", ics={"QUERY": True})
    assert outcomes(declaration) == {
        "TRY-BOTH-001": None,
        "TRY-DEV-001": "not-applicable",
        "TRY-DEV-002": "not-applicable",
        "TRY-PLAT-001": None,
        "TRY-GATE-001": "not-applicable",
        "TRY-SITE-001": "not-applicable",
    }


def test_a_gateway_is_tested_for_everything(tmp_path: Path) -> None:
    ics = {**declared(tmp_path).ics, "QUERY": True, "MQTT": True, "WILL": True}
    declaration = declared(tmp_path, role="gateway", ics=ics)
    found = outcomes(declaration)
    assert {k for k, outcome in found.items() if outcome} == {"TRY-SITE-001"}


def test_only_takes_ids_and_patterns(tmp_path: Path) -> None:
    declaration = declared(tmp_path)
    assert outcomes(declaration, "TRY-DEV-*") == {
        "TRY-BOTH-001": "deselected",
        "TRY-DEV-001": None,
        "TRY-DEV-002": "not-applicable",
        "TRY-PLAT-001": "not-applicable",
        "TRY-GATE-001": "not-applicable",
        "TRY-SITE-001": "not-tested",
    }
    narrowed = plan(snapshot(), declaration, only=["TRY-BOTH-001", "TRY-*-001"])
    assert narrowed.only == ("TRY-BOTH-001", "TRY-*-001")
    assert narrowed.totals == plan(snapshot(), declaration).totals


def test_an_unknown_requirement_is_an_error_that_names_the_nearest(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputError) as caught:
        plan(snapshot(), declared(tmp_path), only=["TRY-DEV-001", "TRY-DVE-002"])
    assert caught.value.code == "iut.unknown-requirement"
    assert caught.value.facts["requirement"] == "TRY-DVE-002"
    assert caught.value.facts["near"].startswith("TRY-DEV-002")


def test_a_missing_answer_is_an_error_and_never_a_no(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path, ("  HJ212: true\n", "")))
    with pytest.raises(DeclarationError) as caught:
        plan(snapshot(), declaration)
    assert caught.value.facts["question"] == "HJ212"


def test_a_requirement_without_check_or_reason_is_not_tested(tmp_path: Path) -> None:
    bare = replace(snapshot().requirements[0], check=None)
    (item,) = plan(replace(snapshot(), requirements=(bare,)), declared(tmp_path)).items
    assert (item.outcome, item.reason.code) == ("not-tested", "no-check")


def reason_of(declaration: Declaration, requirement: str, *only: str) -> Reason:
    items = plan(snapshot(), declaration, only=only).items
    return next(i.reason for i in items if i.requirement.id == requirement)


@pytest.mark.parametrize(
    ("requirement", "only", "zh", "en"),
    [
        (
            "TRY-BOTH-001",
            [],
            ["参测，检查项 try.same_edition"],
            ["in: tested by try.same_edition"],
        ),
        (
            "TRY-DEV-001",
            [],
            [
                "参测，检查项 try.catches_up",
                "  以下各项共同决定",
                "    CATCH_UP = 是",
                "    HJ212 = 是",
            ],
            [
                "in: tested by try.catches_up",
                "  because of all of these",
                "    CATCH_UP = yes",
                "    HJ212 = yes",
            ],
        ),
        (
            "TRY-DEV-002",
            [],
            ["不适用：适用条件不成立", "  WILL = 否"],
            ["not applicable: its condition is not met", "  WILL = no"],
        ),
        (
            "TRY-PLAT-001",
            [],
            ["不适用：该要求面向平台，被测角色为设备"],
            ["not applicable: it binds a platform, under test is a device"],
        ),
        (
            "TRY-SITE-001",
            [],
            ["不测试：需现场查验（现场查验）"],
            ["not tested: needs a site inspection (Seen on site)"],
        ),
        (
            "TRY-BOTH-001",
            ["TRY-DEV-*"],
            ["未选中：不在 --only TRY-DEV-* 范围内"],
            ["deselected: --only TRY-DEV-* leaves it out"],
        ),
    ],
)
def test_reasons_read_well_in_both_languages(
    tmp_path: Path, requirement: str, only: list[str], zh: list[str], en: list[str]
) -> None:
    reason = reason_of(declared(tmp_path), requirement, *only)
    assert render_reason(reason, "zh") == zh
    assert render_reason(reason, "en") == en
    stored = json.loads(json.dumps(reason.to_json()))
    assert render_reason(Reason.from_json(stored), "zh") == zh
    assert Reason.from_json(stored) == reason


def test_what_is_not_asked_counts_as_no_in_any_order() -> None:
    """Questions may depend on later ones; an open one leaves what waits for it open."""
    items = (
        IcsItem("C", "optional", Text(en="c"), {"ics": "B"}),
        IcsItem("B", "optional", Text(en="b"), {"ics": "A"}),
        IcsItem("A", "optional", Text(en="a")),
    )
    asking = replace(snapshot(), ics=items)
    no = {"A": False, "B": False, "C": False}
    assert effective_answers(asking, {"A": False, "B": True, "C": True}) == no
    assert effective_answers(asking, {"A": True, "C": True}) == {"A": True}
    yes = {"A": True, "B": True, "C": True}
    assert effective_answers(asking, yes) == yes


def test_a_circle_of_questions_stays_open() -> None:
    items = (
        IcsItem("A", "optional", Text(en="a"), {"ics": "B"}),
        IcsItem("B", "optional", Text(en="b"), {"ics": "A"}),
    )
    asking = replace(snapshot(), ics=items)
    assert effective_answers(asking, {"A": True, "B": True}) == {}


TOKENS = ("A", "B", "C", "D", "E")
ANSWERS = st.fixed_dictionaries({token: st.booleans() for token in TOKENS})
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.sampled_from(TOKENS).map(lambda token: {"ics": token}),
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"any": parts}),
    ),
    max_leaves=12,
)
ACTORS: st.SearchStrategy[Actor] = st.sampled_from(
    ("device", "platform", "gateway", "both")
)
ROLES: st.SearchStrategy[Role] = st.sampled_from(("device", "platform", "gateway"))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a profile with random conditions on requirements and questions."""
    requirements = []
    for number in range(draw(st.integers(1, 8))):
        checks = [CheckRef("try.it"), None]
        requirements.append(
            Requirement(
                f"TRY-RND-{number:03d}",
                "shall",
                draw(ACTORS),
                Clause("TRY", "1"),
                Text("应如此。", "It shall."),
                when=draw(st.none() | CONDITIONS),
                check=draw(st.sampled_from(checks)),
                not_tested=draw(st.sampled_from([None, NotTested("planned")])),
            )
        )
    # Each question may rest on the one before it, so there is no circle.
    ics = [IcsItem("A", "optional", Text("问", "q"))]
    for before, token in pairwise(TOKENS):
        when = draw(st.sampled_from([None, {"ics": before}]))
        ics.append(IcsItem(token, "optional", Text("问", "q"), when))
    return replace(
        snapshot(),
        actors=("device", "platform", "gateway"),
        ics=tuple(ics),
        ics_groups=(),
        ixit=(),
        requirements=tuple(requirements),
    )


def honest(profile: Snapshot, answers: Mapping[str, bool]) -> dict[str, bool]:
    """Return answers that claim nothing whose question is not asked."""
    return effective_answers(profile, answers)


def for_profile(base: Declaration, profile: Snapshot, **changes: Any) -> Declaration:
    return replace(base, ixit={}, hooks={}, profile_digest=profile.digest, **changes)


BASE = Declaration(
    file=None,
    profile_ref="try-station@1.0.0",
    profile_digest="",
    role="device",
    implementation={"vendor": "x", "product": "y"},
    declared_by="z",
    declared_on="2026-11-25",
    ics={},
)


@given(snapshots(), ANSWERS, ROLES)
def test_totals_equal_the_requirements_of_the_profile(
    profile: Snapshot, answers: dict[str, bool], role: Role
) -> None:
    declaration = for_profile(BASE, profile, ics=honest(profile, answers), role=role)
    planned = plan(profile, declaration)
    totals = planned.totals
    assert totals["total"] == len(profile.requirements)
    assert sum(totals.values()) == 2 * totals["total"]
    assert [i.requirement for i in planned.items] == list(profile.requirements)
    for item in planned.items:
        requirement = item.requirement
        applies = binds(requirement.actor, role) and evaluate(
            requirement.when, declaration.ics
        )
        tested = requirement.check is not None and requirement.not_tested is None
        assert item.included == (applies and tested)
        assert (item.outcome == "not-applicable") == (not applies)
        for language in ("zh", "en"):
            lines = render_reason(item.reason, language)
            assert all(line.strip() and "{" not in line for line in lines)


@given(CONDITIONS, ANSWERS)
def test_the_tree_names_answers_that_suffice(
    condition: Condition, answers: dict[str, bool]
) -> None:
    """Whatever the tree leaves out cannot change the value of the condition."""
    value = evaluate(condition, answers)
    named = {}

    def collect(reasons: tuple[Reason, ...]) -> None:
        for reason in reasons:
            if reason.code == "answer":
                named[reason.facts["ics"]] = reason.facts["answer"]
            collect(reason.children)

    collect(because(condition, answers))
    assert named.items() <= answers.items()
    assert set(named) <= set(tokens(condition))
    others = {token: not answer for token, answer in answers.items()}
    assert evaluate(condition, others | named) is value


@given(snapshots(), ROLES)
def test_the_answers_asked_for_are_enough_for_a_plan(
    profile: Snapshot, role: Role
) -> None:
    """No requirement depends on a question that its role is not asked."""
    answers = {item.id: True for item in asked_ics(profile, role)}
    declaration = for_profile(BASE, profile, ics=answers, role=role)
    assert len(plan(profile, declaration).items) == len(profile.requirements)


class OneProfile:
    """A corpus that always answers with one snapshot."""

    def __init__(self, profile: Snapshot) -> None:
        self.profile = profile

    def resolve(self, wanted: str) -> Snapshot:
        assert wanted == self.profile.ref
        return self.profile


def as_yaml(declaration: Declaration) -> str:
    """Return a declaration without hooks as the text of a file; JSON is YAML."""
    data = {
        "format": 1,
        "kind": "iut",
        "profile": declaration.profile_ref,
        "profile_digest": declaration.profile_digest,
        "role": declaration.role,
        "implementation": declaration.implementation,
        "declared_by": declaration.declared_by,
        "declared_on": declaration.declared_on,
        "ics": dict(declaration.ics),
        "ixit": {},
    }
    return json.dumps(data, ensure_ascii=False)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(snapshots(), ANSWERS, ROLES, st.booleans())
def test_the_command_prints_the_plan_and_nothing_else(
    tmp_path: Path,
    profile: Snapshot,
    answers: dict[str, bool],
    role: Role,
    narrowed: bool,
) -> None:
    declaration = for_profile(BASE, profile, ics=honest(profile, answers), role=role)
    file = tmp_path / "x.iut.yaml"
    file.write_text(as_yaml(declaration), "utf-8")
    only = ["TRY-RND-000"] if narrowed else []
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "conformance.profile.corpus.default_corpus", lambda: OneProfile(profile)
        )
        arguments = [part for pattern in only for part in ("--only", pattern)]
        assert main(["plan", str(file), "--json", *arguments], out) == 0
    printed = json.loads(out.getvalue())
    expected = plan(profile, declaration, only=only).to_json()
    assert {key: printed[key] for key in expected} == expected
    assert printed["declaration_digest"] == declaration.digest
