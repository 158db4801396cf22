# SPDX-License-Identifier: Apache-2.0
"""Each named rule refuses its broken profile, at the right line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import ProfileError
from conformance.profile import rules as module
from conformance.profile import schema as schemas
from conformance.profile.corpus import Corpus, default_corpus
from conformance.text import render_error
from tests.profile.bad_profiles import BY_RULE, GOOD, Broken
from tests.profile.test_resolution import CHECKS


def write(folder: Path, text: str) -> Path:
    file = folder / "profile.yaml"
    file.write_text(text, "utf-8")
    return file


def test_the_good_profile_is_good(tmp_path: Path) -> None:
    snapshot = default_corpus().resolve(write(tmp_path, GOOD), CHECKS)
    assert snapshot.ref == "good@2.1.0"
    assert [item.id for item in snapshot.requirements] == [
        "SWS-FRAME-001",
        "MQTT311-3.1.2-24",
    ]
    temperature, ph, door = snapshot.elements
    assert temperature.wire_code("hj212") == "w01010"
    assert ph.wire_code("hj212") == "w01001"
    assert door.wire_code("hj212") is None
    assert door.values == ("open", "closed")


@pytest.mark.parametrize("broken", BY_RULE, ids=lambda broken: broken.name)
def test_a_broken_rule_is_named(broken: Broken, tmp_path: Path) -> None:
    file = write(tmp_path, broken.text)
    with pytest.raises(ProfileError) as caught:
        default_corpus().resolve(file, CHECKS)
    error = caught.value
    assert error.code == broken.code
    assert error.file == str(file)
    assert broken.where in broken.text.splitlines()[(error.line or 0) - 1]
    for language in ("zh", "en"):
        sentence = render_error(error, language).splitlines()[0]
        assert "?" not in sentence.removeprefix(str(file))


def test_without_checks_their_rule_is_skipped(tmp_path: Path) -> None:
    text = GOOD.replace("demo.within", "demo.unknown")
    assert default_corpus().resolve(write(tmp_path, text)).requirements


def test_binding_parameters_are_judged_by_the_bindings_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "schemas"
    folder.mkdir()
    rules = '{"type": "object", "properties": {"ack_timeout_s": {"maximum": 5}}}'
    (folder / "binding.demo.schema.json").write_text(rules, "utf-8")
    original = schemas.schema("profile")
    schemas.schema.cache_clear()
    for home in (module, schemas):
        monkeypatch.setattr(home, "data_dir", lambda name: tmp_path / name)
    (folder / "profile.schema.json").write_text(json.dumps(original), "utf-8")
    corpus = Corpus(tmp_path / "profiles", parent=default_corpus())
    try:
        with pytest.raises(ProfileError) as caught:
            corpus.resolve(write(tmp_path, GOOD))
    finally:
        schemas.schema.cache_clear()
    assert caught.value.code == "profile.param-wrong"
    assert caught.value.facts["name"] == "ack_timeout_s"
