# SPDX-License-Identifier: Apache-2.0
"""Resolution by example: each folder in ``resolution/`` is a case.

``in/top.yaml`` is resolved with the files beside it as its bases.  ``expected.json``
names either the error with its place, or values of the resolved profile (``#`` counts
a list, ``null`` is absence).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from conformance.errors import ProfileError
from conformance.profile.corpus import Corpus, default_corpus
from conformance.profile.model import Snapshot
from conformance.text import render_error

CASES = Path(__file__).parent / "resolution"


@dataclass(frozen=True)
class Within:
    """A check with one limit that may be lowered freely."""

    params_schema: Mapping[str, Any] = field(
        default_factory=lambda: {
            "type": "object",
            "properties": {"limit_s": {"type": "integer"}},
            "required": ["limit_s"],
            "additionalProperties": False,
        }
    )
    actors: tuple[str, ...] = ("device",)
    tighter: Mapping[str, Literal["lower", "higher"]] = field(
        default_factory=lambda: {"limit_s": "lower"}
    )


CHECKS = {"demo.within": Within()}


def corpus() -> Corpus:
    """Return a corpus with nothing in it but the shipped dictionary."""
    return Corpus(CASES, parent=default_corpus())


def expectations(kind: str) -> list[Any]:
    return [
        pytest.param(folder, expected, id=folder.name)
        for folder in sorted(CASES.iterdir())
        if kind
        in (expected := json.loads((folder / "expected.json").read_text("utf-8")))
    ]


def value_at(data: Any, path: str) -> Any:
    for step in path.split("."):
        if step == "#":
            return len(data)
        data = data[int(step)] if isinstance(data, list) else data.get(step)
    return data


@pytest.mark.parametrize(("folder", "expected"), expectations("values"))
def test_profile_resolves_to(folder: Path, expected: dict[str, Any]) -> None:
    snapshot = corpus().resolve(folder / "in" / "top.yaml", CHECKS)
    found = {path: value_at(snapshot.data, path) for path in expected["values"]}
    assert found == expected["values"]
    stored = json.loads(json.dumps(snapshot.to_json()))
    assert Snapshot.from_json(stored) == snapshot


@pytest.mark.parametrize(("folder", "expected"), expectations("error"))
def test_profile_is_refused(folder: Path, expected: dict[str, Any]) -> None:
    with pytest.raises(ProfileError) as caught:
        corpus().resolve(folder / "in" / "top.yaml", CHECKS)
    error = caught.value
    assert error.code == expected["error"]
    assert Path(error.file or "").name == expected["file"]
    assert list(error.path) == expected["path"]
    assert error.line is not None
    for name, value in expected.get("facts", {}).items():
        found = error.facts[name]
        if str(found).endswith(".yaml"):
            found = Path(found).name
        assert found == value
    for language in ("zh", "en"):
        assert "?" not in render_error(error, language).partition("\n")[0]


def test_the_line_is_that_of_the_entry() -> None:
    folder = CASES / "tailor-loosens" / "in" / "top.yaml"
    with pytest.raises(ProfileError) as caught:
        corpus().resolve(folder, CHECKS)
    line = folder.read_text("utf-8").splitlines()[(caught.value.line or 0) - 1]
    assert "limit_s: 90" in line


def test_a_snapshot_that_was_altered_is_refused() -> None:
    stored = corpus().resolve(CASES / "import-twice" / "in" / "top.yaml").to_json()
    stored["requirements"] = []
    with pytest.raises(ProfileError) as caught:
        Snapshot.from_json(stored)
    assert caught.value.code == "profile.digest-mismatch"


def test_the_lifecycle_state_is_outside_the_digest() -> None:
    stored = corpus().resolve(CASES / "import-twice" / "in" / "top.yaml").to_json()
    snapshot = Snapshot.from_json({**stored, "state": "withdrawn"})
    assert snapshot.state == "withdrawn"
    assert snapshot.digest == stored["digest"]
