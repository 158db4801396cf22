# SPDX-License-Identifier: Apache-2.0
"""The form asks what the review wants answered, and loads when it is filled in."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import InputError
from conformance.iut.declaration import ROLES, Declaration, Role, load_declaration
from conformance.iut.form import new_declaration
from conformance.iut.questions import asked_ics, may_concern
from conformance.iut.review import ReviewFinding, review
from conformance.profile.corpus import default_corpus
from conformance.profile.model import IcsItem, Snapshot
from conformance.text import Text
from tests.iut.made import snapshot

SHIPPED = default_corpus().refs()
FILLED = {
    "string": '"x"',
    "integer": "1",
    "decimal": "1.5",
    "boolean": "true",
    "duration": "PT1S",
    "endpoint": "{host: 127.0.0.1, port: 9000}",
    "secret": "{secret: env:TRY_FORM}",
    "secrets": "{secret: env:TRY_FORM}",
    "file": "form.iut.yaml",
}
LATER = {"iut.profile-draft", "iut.profile-superseded", "iut.profile-withdrawn"}


def profile(ref: str) -> Snapshot:
    return snapshot() if ref == "small" else default_corpus().resolve(ref)


def read(folder: Path, text: str) -> Declaration:
    path = folder / "form.iut.yaml"
    path.write_text(text, "utf-8")
    return load_declaration(path)


def findings(declaration: Declaration, on: Snapshot) -> list[ReviewFinding]:
    environ = {"TRY_FORM": "secret words"}
    found = review(declaration, on, environ)
    return [f for f in found if f.code not in LATER]


def fill(text: str, on: Snapshot) -> str:
    """Answer every question of a form: yes, but no to what may not be claimed."""
    chosen_elsewhere = {
        token for g in on.ics_groups if g.choose == "exactly-one" for token in g.of[1:]
    }
    for ics in on.ics:
        denied = ics.status == "prohibited" or ics.id in chosen_elsewhere
        text = answer(text, ics.id, "false" if denied else "true")
    for ixit in on.ixit:
        value = '"0A0A0A0A0A0A0A"' if ixit.pattern else FILLED[ixit.type]
        text = answer(text, ixit.id, value)
    for name in ("vendor", "product", "declared_by"):
        text = answer(text, name, "x")
    return answer(text, "declared_on", '"2026-11-25"')


def answer(text: str, key: str, value: str) -> str:
    """Replace ``null`` as the answer to a question; leave a default as it is."""
    return re.sub(
        rf"^( *{key}: )null\b", lambda found: found[1] + value, text, flags=re.M
    )


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("ref", ["small", *SHIPPED])
def test_the_form_of_every_profile_loads_and_asks_what_is_open(
    tmp_path: Path, ref: str, role: Role
) -> None:
    on = profile(ref)
    if role != "gateway" and role not in on.actors:
        with pytest.raises(InputError) as caught:
            new_declaration(on, role)
        assert caught.value.code == "iut.role-not-in-profile"
        return
    text = new_declaration(on, role)
    declaration = read(tmp_path, text)
    assert (declaration.profile_ref, declaration.role) == (on.ref, role)
    assert declaration.profile_digest == on.digest
    kinds = {f.code for f in findings(declaration, on)}
    assert kinds <= {
        "iut.unanswered-field",
        "iut.unanswered-ics",
        "iut.unanswered-ixit",
    }
    values = [item for item in on.ixit if may_concern(on, item, role)]
    questions = {item.id: item.question for item in asked_ics(on, role)}
    questions |= {item.id: item.question for item in values}
    for key, question in questions.items():
        assert f"\n  {key}: " in text
        assert question.zh in text
        assert question.en in text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("ref", ["small", *SHIPPED])
def test_a_filled_form_passes_the_review(tmp_path: Path, ref: str, role: Role) -> None:
    on = profile(ref)
    if role != "gateway" and role not in on.actors:
        pytest.skip(f"{ref} binds no {role}")
    declaration = read(tmp_path, fill(new_declaration(on, role), on))
    # A pattern is beyond this filler; all else has to be in order.
    odd = [f for f in findings(declaration, on) if f.code != "iut.pattern"]
    assert odd == []


def test_defaults_of_the_profile_stand_in_the_form(tmp_path: Path) -> None:
    declaration = read(tmp_path, new_declaration(snapshot(), "device"))
    defaults = {i.id: i.default for i in snapshot().ixit if i.default is not None}
    assert len(defaults) == 4
    assert {key: declaration.ixit[key] for key in defaults} == defaults


def test_another_role_gets_other_questions() -> None:
    device = new_declaration(snapshot(), "device")
    platform = new_declaration(snapshot(), "platform")
    gateway = new_declaration(snapshot(), "gateway")
    assert "  query_url: " not in device
    assert "  QUERY: " not in device
    for text in (platform, gateway):
        assert "  query_url: " in text
        assert "  QUERY: " in text


def test_no_question_can_break_out_of_its_comment(tmp_path: Path) -> None:
    evil = Text(zh="问\nrole: platform", en="q\u2028\x85\r\nkind: x\x00")
    item = IcsItem("ODD", "optional", evil)
    on = replace(snapshot(), ics=(item,), ics_groups=(), ixit=(), requirements=())
    declaration = read(tmp_path, new_declaration(on, "device"))
    assert declaration.role == "device"
    assert declaration.ics == {}
