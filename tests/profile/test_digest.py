# SPDX-License-Identifier: Apache-2.0
"""The digest: the same for the same meaning, another for another, RFC 8785 in form."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.profile.canonical import (
    canonical_bytes,
    decimal_text,
    freeze,
    thaw,
)
from conformance.profile.corpus import Corpus, default_corpus
from conformance.profile.model import Snapshot
from conformance.profile.yamlio import parse_yaml
from tests.profile.bad_profiles import GOOD
from tests.profile.test_resolution import CHECKS


def digest_of(folder: Path, text: str) -> str:
    file = folder / "profile.yaml"
    file.write_text(text, "utf-8")
    return Corpus(folder, parent=default_corpus()).resolve(file, CHECKS).digest


def as_json(text: str) -> str:
    """Return the same profile as JSON, keys in reverse order: also YAML."""

    def number(value: Any) -> Any:
        return float(value) if isinstance(value, Decimal) else value

    def reverse(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: reverse(value[key]) for key in reversed(value)}
        return list(map(reverse, value)) if isinstance(value, list) else number(value)

    return json.dumps(reverse(parse_yaml(text).data), ensure_ascii=False)


SAME: dict[str, Callable[[str], str]] = {
    "comments": lambda text: "# more\n" + text.replace("\nics:", "\n# why\nics:"),
    "quoting": lambda text: text.replace("id: good", "'id': \"good\""),
    "order-and-flow": as_json,
    "trailing-zero": lambda text: text.replace(
        "resolution: 0.1\n", "resolution: 0.10\n"
    ),
    "integer-as-fraction": lambda text: text.replace("max: 60", "max: 60.0"),
    "default-stated": lambda text: text.replace(
        '"8", basis', '"8", confirmed: false, basis'
    ),
    "line-ends": lambda text: text.replace("\n", "\r\n"),
}
OTHER: dict[str, Callable[[str], str]] = {
    "digit": lambda text: text.replace("max: 60", "max: 61"),
    "param": lambda text: text.replace("limit_s: 30", "limit_s: 31"),
    "word": lambda text: text.replace("旧数据", "历史数据"),
    "number-to-text": lambda text: text.replace(
        "ack_timeout_s: 10", "ack_timeout_s: '10'"
    ),
    "order-of-requirements": lambda text: text.replace(
        "device, platform]", "platform, device]"
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_digest_does_not_see(change: Callable[[str], str], tmp_path: Path) -> None:
    assert change(GOOD) != GOOD
    assert digest_of(tmp_path, change(GOOD)) == digest_of(tmp_path, GOOD)


@pytest.mark.parametrize("change", OTHER.values(), ids=OTHER)
def test_the_digest_sees(change: Callable[[str], str], tmp_path: Path) -> None:
    assert change(GOOD) != GOOD
    assert digest_of(tmp_path, change(GOOD)) != digest_of(tmp_path, GOOD)


def test_a_base_that_changes_changes_the_digest(tmp_path: Path) -> None:
    head = "format: 1\nkind: abstract\nlanguage: zh\nactors: [device]\n"
    base = head + "id: base\nversion: 1.0.0\ntitle: {zh: 甲}\n"
    (tmp_path / "base.yaml").write_text(base, "utf-8")
    top = head + "id: top\nversion: 1.0.0\ntitle: {zh: 乙}\nextends: [base ==1.0.0]\n"
    before = digest_of(tmp_path, top)
    (tmp_path / "base.yaml").write_text(base.replace("甲", "丙"), "utf-8")
    assert digest_of(tmp_path, top) != before


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(codec="utf-8"))
    | st.decimals(allow_nan=False, allow_infinity=False, places=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc_", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(VALUES)
def test_the_canonical_form_is_that_of_rfc_8785(value: Any) -> None:
    rfc8785 = pytest.importorskip("rfc8785")
    frozen = freeze(value)
    assert canonical_bytes(frozen) == rfc8785.dumps(frozen)


@given(VALUES)
def test_what_is_frozen_thaws_to_an_equal_value(value: Any) -> None:
    stored = json.loads(canonical_bytes(freeze(value)))
    assert thaw(stored) == value


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimal_text_is_exact_and_plain(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert "E" not in text.upper()


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.10", "0.1"), ("60", "60"), ("1E+3", "1000"), ("-0.0", "0"), ("100.00", "100")],
)
def test_decimal_text(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


def test_floats_have_no_place_in_a_digest() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        canonical_bytes({"x": float("nan")})
    with pytest.raises(TypeError):
        canonical_bytes({"x": Decimal("0.1")})


def test_a_snapshot_survives_storage(tmp_path: Path) -> None:
    file = tmp_path / "profile.yaml"
    file.write_text(GOOD.replace("limit_s: 30", "limit_s: 30"), "utf-8")
    snapshot = default_corpus().resolve(file, CHECKS)
    stored = json.loads(json.dumps(snapshot.to_json(), ensure_ascii=False))
    again = Snapshot.from_json(stored)
    assert again == snapshot
    assert again.elements[0].resolution == Decimal("0.1")
    assert again.requirements[0].check == snapshot.requirements[0].check


def test_resolving_is_quick(tmp_path: Path) -> None:
    """Well under 50 ms on an idle machine; ten times that here, for a loaded one."""
    file = tmp_path / "profile.yaml"
    file.write_text(GOOD, "utf-8")
    took = []
    for _ in range(5):
        corpus = Corpus(tmp_path, parent=default_corpus())
        start = time.perf_counter()
        corpus.resolve(file, CHECKS)
        took.append(time.perf_counter() - start)
    assert min(took) < 0.5
