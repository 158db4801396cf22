# SPDX-License-Identifier: Apache-2.0
"""What hooks get and must answer: code, form and guides agree."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.cli.iut import _hooks_for
from conformance.engine.hooks import HookInfo
from conformance.errors import DeclarationError
from conformance.iut.declaration import load_declaration
from conformance.iut.form import new_declaration
from conformance.iut.review import HOOK_FACTS, as_error, review
from conformance.iut.values import COMMAND_TIMEOUT_S, PROMPT_TIMEOUT_S
from conformance.profile.corpus import default_corpus
from conformance.protocols import PROTOCOLS, hooks
from conformance.protocols.hj212.checks import settings as checks_settings
from conformance.protocols.hj212.hooks import EVENTS, STATES
from conformance.text import render_error

ROOT = Path(__file__).parents[2]
KNOWN = {info.name: info for name in PROTOCOLS for info in hooks(name)}


def trees() -> Iterator[ast.AST]:
    for file in sorted((ROOT / "conformance" / "protocols").rglob("*.py")):
        yield ast.parse(file.read_text("utf-8"), str(file))


def asked() -> list[tuple[str, frozenset[str]]]:
    """Return each ``observe("name", fact=...)`` of the checks."""
    return [
        (
            str(ast.literal_eval(call.args[0])),
            frozenset(str(k.arg) for k in call.keywords),
        )
        for tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "observe"
    ]


def test_checks_give_the_facts_that_the_table_names() -> None:
    found = asked()
    assert len({name for name, _ in found}) >= 5
    for name, facts in found:
        assert facts == KNOWN[name].facts.keys(), name
    assert {fact for info in KNOWN.values() for fact in info.facts} == HOOK_FACTS


def test_checks_read_the_answers_that_the_table_names() -> None:
    """Every key of the table is read by a check of its protocol."""
    read = {
        call.args[0].value
        for tree in trees()
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "get"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }
    read |= {
        part.slice.value
        for tree in trees()
        for part in ast.walk(tree)
        if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant)
    }
    for name, _ in asked():
        assert KNOWN[name].fields.keys() <= read, name
    assert EVENTS.keys() >= checks_settings._REPORTS.keys()


def test_every_state_that_a_check_waits_for_is_in_the_table() -> None:
    file = ROOT / "conformance/protocols/hj212/checks/platform_requests.py"
    tree = ast.parse(file.read_text("utf-8"))
    named = {
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and isinstance(node.left, ast.Name)
        and node.left.id == "state"
        for part in node.comparators
        if isinstance(part, ast.Constant)
    }
    assert named
    assert named <= STATES.keys()


@pytest.mark.parametrize(("guide", "language"), [("hooks", "en"), ("hooks.zh", "zh")])
def test_the_guide_has_every_fact_and_answer(guide: str, language: str) -> None:
    text = (ROOT / "docs" / f"{guide}.md").read_text("utf-8")
    sections = {part.partition("`")[0]: part for part in text.split("\n### `") if part}
    for info in KNOWN.values():
        section = sections[info.name]
        assert info.task[language] in section
        assert info.answer[language] in section
        for fact, meaning in info.facts.items():
            assert f"| `{{{fact}}}` | {meaning[language]} |" in section
        for key, meaning in info.fields.items():
            assert f"| `{key}` | {meaning[language]} |" in section
        assert info.example in section
    assert sections.keys() - KNOWN.keys() == {text.partition("`")[0]}
    assert (COMMAND_TIMEOUT_S, PROMPT_TIMEOUT_S) == (10, 120)  # as the guides say


@pytest.mark.parametrize("role", ["device", "platform"])
def test_the_form_shows_hooks_that_can_be_used_as_they_stand(
    tmp_path: Path, role: str
) -> None:
    on = default_corpus().resolve("sd-water-surface-station@1.0.0")
    offered: list[HookInfo] = _hooks_for(on, role)
    assert {info.name for info in offered} == {
        info.name for info in KNOWN.values() if info.role == role
    } - {"media_authorization"}  # of another edition than the profile binds
    text = new_declaration(on, role, hooks=offered)  # type: ignore[arg-type]
    for info in offered:
        for form in ("command", "url", "prompt"):
            (line,) = (
                x
                for x in text.splitlines()
                if x.startswith(f"#     {info.name}: {{{form}")
            )
            used = text.replace(
                f"{info.section}: {{}}", f"{info.section}:\n{line.removeprefix('#   ')}"
            )
            file = tmp_path / f"{info.name}-{form}.iut.yaml"
            file.write_text(used, "utf-8")
            declaration = load_declaration(file)
            assert info.name in (declaration.hooks | declaration.steps)
            codes = {finding.code for finding in review(declaration, on, {})}
            assert not {code for code in codes if "placeholder" in code}


@pytest.mark.parametrize(
    ("before", "after", "zh"),
    [
        ("HJ212_ACK: true", "HJ212_ACK: yes", "只能是 true（是）或 false（否）"),
        ("hj212_pace: ", "hj212_pace: 0.5 #", "应填整数，实为 0.5"),
        ('hj212_st: "21"', "hj212_st: 21", "应填带引号的文本"),
        ("hj212_endpoint: ", "hj212_endpoint: 1.2.3.4:9212 #", "应填地址"),
    ],
)
def test_a_misspelt_answer_is_told_what_was_wanted(
    tmp_path: Path, before: str, after: str, zh: str
) -> None:
    on = default_corpus().resolve("sd-water-surface-station@1.0.0")
    form = new_declaration(on, "device").replace("HJ212_ACK: null", "HJ212_ACK: true")
    assert before in form
    file = tmp_path / "odd.iut.yaml"
    file.write_text(form.replace(before, after), "utf-8")
    try:
        declaration = load_declaration(file)
    except DeclarationError as error:
        said = [render_error(error, "zh")]
    else:
        found = review(declaration, on, {})
        said = [render_error(as_error(f, declaration), "zh") for f in found]
    assert any(zh in sentence for sentence in said)
