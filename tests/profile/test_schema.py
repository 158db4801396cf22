# SPDX-License-Identifier: Apache-2.0
"""The schemas refuse what they should, by both validators, in one clear sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from conformance.errors import ProfileError
from conformance.paths import data_dir
from conformance.profile import schema as schemas
from conformance.profile.schema import (
    Flaw,
    flaws_by_jsonschema,
    flaws_by_rust,
    schema,
    validate,
)
from conformance.profile.yamlio import load_yaml, parse_yaml
from conformance.text import render_error
from tests.profile.bad_profiles import BY_RULE, BY_SCHEMA, GOOD, Broken
from tests.profile.known_differences import KNOWN_DIFFERENCES

JUDGES = {"python": flaws_by_jsonschema, "rust": flaws_by_rust}


@pytest.fixture(params=list(JUDGES), autouse=True)
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every test runs with each validator."""
    monkeypatch.setattr(schemas, "_flaws", JUDGES[request.param])
    return str(request.param)


@pytest.mark.parametrize("name", ["profile", "dictionary", "index"])
def test_the_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("broken", BY_SCHEMA, ids=lambda broken: broken.name)
def test_a_bad_profile_is_refused_in_one_sentence(broken: Broken) -> None:
    document = parse_yaml(broken.text, file="bad.yaml")
    with pytest.raises(ProfileError) as caught:
        validate(document, "profile")
    error = caught.value
    assert error.code == broken.code
    line = broken.text.splitlines()[(error.line or 0) - 1]
    assert broken.where in line
    for language in ("zh", "en"):
        sentence = render_error(error, language).splitlines()[0]
        assert sentence.startswith(f"bad.yaml:{error.line}:")
        assert "?" not in sentence


@pytest.mark.parametrize(
    "text", [GOOD, *(b.text for b in BY_RULE)], ids=["good", *(b.name for b in BY_RULE)]
)
def test_what_is_left_to_the_rules_passes(text: str) -> None:
    validate(parse_yaml(text), "profile")


def corpus_files() -> list[Any]:
    root = data_dir("profiles")
    return [
        pytest.param(path, id=path.relative_to(root).as_posix())
        for path in sorted(root.rglob("*.yaml"))
    ]


@pytest.mark.parametrize("file", corpus_files())
def test_both_judges_accept_the_corpus(file: Path) -> None:
    document = load_yaml(file)
    name = "profile"
    if document.data.get("kind") in ("elements", "quantities"):
        name = "dictionary"
    elif "versions" in document.data:
        name = "index"
    validate(document, name)


@pytest.mark.parametrize("broken", BY_SCHEMA, ids=lambda broken: broken.name)
def test_both_judges_find_the_same_places(broken: Broken) -> None:
    data = parse_yaml(broken.text).data

    def places(judge: Callable[[str], Callable[[Any], Iterator[Flaw]]]) -> set[Any]:
        return {(flaw.path, flaw.keyword) for flaw in judge("profile")(data)}

    assert places(flaws_by_jsonschema) == places(flaws_by_rust)


@pytest.mark.parametrize(
    ("rules", "value", "by_python", "by_rust", "why"),
    KNOWN_DIFFERENCES,
    ids=[why for *_, why in KNOWN_DIFFERENCES],
)
def test_the_known_differences_are_still_there(
    rules: dict[str, Any], value: Any, by_python: bool, by_rust: bool, why: str
) -> None:
    assert jsonschema.Draft202012Validator(rules).is_valid(value) is by_python, why
    assert jsonschema_rs.Draft202012Validator(rules).is_valid(value) is by_rust, why


def test_without_the_accelerator_the_pure_judge_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    schemas._flaws.cache_clear()
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    try:
        with pytest.raises(ProfileError) as caught:
            validate(parse_yaml(BY_SCHEMA[0].text), "profile")
        assert caught.value.code == BY_SCHEMA[0].code
    finally:
        schemas._flaws.cache_clear()


def test_a_misspelt_key_gets_a_suggestion() -> None:
    text = GOOD.replace("tolerance:", "tolerence:", 1)
    with pytest.raises(ProfileError) as caught:
        validate(parse_yaml(text), "profile")
    assert "tolerance" in render_error(caught.value, "zh")
