# SPDX-License-Identifier: Apache-2.0
"""Whatever is done to a profile, it is refused with a sentence or it resolves.

Takes the good profile, replaces, removes or adds a value anywhere, and expects a
``ProfileError`` that both languages can tell, or a snapshot that survives storage.
"""

from __future__ import annotations

import copy
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import ProfileError
from conformance.profile.corpus import Corpus, default_corpus
from conformance.profile.model import Snapshot
from conformance.profile.pages import page
from conformance.profile.schema import flaws_by_jsonschema, flaws_by_rust
from conformance.profile.yamlio import Place, parse_yaml
from conformance.text import render_error
from tests.profile.bad_profiles import GOOD
from tests.profile.test_resolution import CHECKS

DATA = parse_yaml(GOOD).data
PYTHON, RUST = flaws_by_jsonschema("profile"), flaws_by_rust("profile")


PLACES: list[Place] = []


def _collect(value: Any, path: Place) -> None:
    PLACES.append(path)
    if isinstance(value, dict):
        for key, part in value.items():
            _collect(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _collect(part, (*path, index))


_collect(DATA, ())


def leaves() -> list[Any]:
    """Return values that occur somewhere in a profile: the likeliest confusions."""
    found = []
    for path in PLACES:
        value = DATA
        for step in path:
            value = value[step]
        found.append(value)
    return found


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.decimals(-100, 100, places=3),
    st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=6),
    st.sampled_from(leaves()),
    st.just([]),
    st.just({}),
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """Return the good profile's data with one to three values changed."""
    data = copy.deepcopy(DATA)
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(PLACES[1:]))
        holder = data
        try:
            for step in way:
                holder = holder[step]
            how = draw(st.sampled_from(["replace", "remove", "add"]))
            if how == "remove":
                del holder[last]
            elif how == "add" and isinstance(holder, list):
                holder.append(copy.deepcopy(draw(VALUES)))
            else:
                key = last if how == "replace" else "surplus"
                holder[key] = copy.deepcopy(draw(VALUES))
        except (KeyError, IndexError, TypeError):
            continue
    return data


def as_yaml(data: Any) -> str:
    """Return the data as JSON with exact decimals, which is YAML."""
    marked = json.dumps(data, ensure_ascii=False, default=lambda v: f"\ue000{v}\ue001")
    return marked.replace('"\ue000', "").replace('\ue001"', "")


@given(damaged())
def test_damage_is_named_or_harmless(data: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile.yaml"
        file.write_text(as_yaml(data), "utf-8")
        corpus = Corpus(Path(folder), parent=default_corpus())
        try:
            snapshot = corpus.resolve(file, CHECKS)
        except ProfileError as error:
            for language in ("zh", "en"):
                sentence = render_error(error, language)
                assert sentence.startswith(str(file))
            return
    stored = json.loads(json.dumps(snapshot.to_json()))
    assert Snapshot.from_json(stored) == snapshot
    for language in ("zh", "en"):
        assert snapshot.ref in page(snapshot, language)


@given(damaged())
def test_both_judges_agree_about_damage(data: Any) -> None:
    assert any(PYTHON(data)) is any(RUST(data))


def test_the_writer_of_this_file_is_exact() -> None:
    assert parse_yaml(as_yaml(DATA)).data == DATA
    assert parse_yaml(as_yaml({"x": Decimal("0.10")})).data == {"x": Decimal("0.10")}
