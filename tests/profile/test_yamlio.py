# SPDX-License-Identifier: Apache-2.0
"""The YAML subset: what is read as what, and what is refused with which code."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import DeclarationError, ProfileError
from conformance.profile import yamlio
from conformance.profile.yamlio import MAX_DEPTH, MAX_OCTETS, load_yaml, parse_yaml
from conformance.text import render_error


@pytest.fixture(params=["C", "Python"], autouse=True)
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs on both parsers of PyYAML: the C one may be missing."""
    if request.param == "C":
        name = pytest.importorskip("yaml.cyaml").CSafeLoader
    else:
        name = yaml.SafeLoader
    monkeypatch.setattr(yamlio, "_LOADER", name)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("010", "010"),
        ("0o10", "0o10"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("+1", "+1"),
        ("-7", -7),
        ("12:30", "12:30"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("1.", "1."),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("2026-01-01", "2026-01-01"),
        ("1.2.3", "1.2.3"),
        ('"5"', "5"),
        ("'true'", "true"),
        ("=", "="),
    ],
)
def test_a_scalar_is_read_as(text: str, value: Any) -> None:
    found = parse_yaml(f"key: {text}").data["key"]
    assert found == value
    assert type(found) is type(value)


def test_a_fraction_keeps_its_digits() -> None:
    found = parse_yaml("key: 3.10").data["key"]
    assert isinstance(found, Decimal)
    assert str(found) == "3.10"


@pytest.mark.parametrize(
    ("source", "code", "line"),
    [
        (b"", "profile.yaml-empty", None),
        (b"# only a comment\n", "profile.yaml-empty", None),
        (b"---\n", "profile.yaml-empty", None),
        (b"a: 1\nb: 2\na: 3\n", "profile.duplicate-key", 3),
        (b"x:\n  a: 1\n  'a': 3\n", "profile.duplicate-key", 3),
        (b"a: &x 1\nb: 2\n", "profile.yaml-alias", 1),
        (b"a: [1]\nb: *x\n", "profile.yaml-alias", 2),
        (b"a: &x {b: 1}\n", "profile.yaml-alias", 1),
        (b"? &x a\n: 1\n", "profile.yaml-alias", 1),
        (b"a: !!str 1\n", "profile.yaml-tag", 1),
        (b"a: ! 1\n", "profile.yaml-tag", 1),
        (b"a: !!python/object/apply:os.system [ls]\n", "profile.yaml-tag", 1),
        (b"%TAG ! tag:x,2000:\n---\na: 1\n", "profile.yaml-tag", None),
        (b"a: 1\n<<: {b: 2}\n", "profile.yaml-merge", 2),
        (b"1: a\n", "profile.yaml-key", 1),
        (b"true: a\n", "profile.yaml-key", 1),
        (b"? [a]\n: 1\n", "profile.yaml-key", 1),
        (b"? {a: b}\n: 1\n", "profile.yaml-key", 1),
        (b"a: 1\n---\nb: 1\n", "profile.yaml-two-documents", 2),
        (b"a: [1\nb: 2\n", "profile.yaml-syntax", None),
        (b"a: 1\n\tb: 2\n", "profile.yaml-syntax", 2),
        (b'a: "\\0"\n', "profile.yaml-character", 1),
        (b"a: \x07\n", "profile.yaml-character", 1),
        (b"a: 1\nb: \x00\n", "profile.yaml-nul", 2),
        (b"\xef\xbb\xbfa: 1\n", "profile.yaml-bom", 1),
        ("a: 1\n".encode("utf-16"), "profile.yaml-utf16", None),
        ("a: 温度\n".encode("gbk"), "profile.yaml-not-utf8", 1),
        (b"a: " + b"9" * 500, "profile.yaml-number", 1),
    ],
)
def test_is_refused(source: bytes, code: str, line: int | None) -> None:
    with pytest.raises(ProfileError) as caught:
        parse_yaml(source, file="x.yaml")
    assert caught.value.code == code
    if line is not None:
        assert caught.value.line == line
    for language in ("zh", "en"):
        assert render_error(caught.value, language).startswith("x.yaml")


@pytest.mark.parametrize("form", ["flow", "block"])
def test_depth_is_limited_before_anything_is_built(form: str) -> None:
    def nested(depth: int) -> str:
        if form == "flow":
            return "[" * depth + "]" * depth
        return "".join("  " * i + "a:\n" for i in range(depth)) + "  " * depth + "b"

    assert parse_yaml(nested(MAX_DEPTH)).data
    with pytest.raises(ProfileError) as caught:
        parse_yaml(nested(MAX_DEPTH + 1))
    assert caught.value.code == "profile.yaml-too-deep"


def test_a_hundred_thousand_brackets_are_refused_not_recursed() -> None:
    with pytest.raises(ProfileError):
        parse_yaml("[" * 100_000)


def test_size_is_limited(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    file.write_bytes(b"a: " + b"x" * MAX_OCTETS)
    with pytest.raises(ProfileError) as caught:
        load_yaml(file)
    assert caught.value.code == "profile.yaml-too-big"


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ProfileError) as caught:
            load_yaml(path)
        assert caught.value.code == "profile.unreadable"
        assert caught.value.file == str(path)


def test_the_caller_chooses_the_kind_of_error() -> None:
    with pytest.raises(DeclarationError):
        parse_yaml("a: 1\na: 2\n", error=DeclarationError)
    document = parse_yaml("a:\n  b: 1\n", error=DeclarationError)
    with pytest.raises(DeclarationError) as caught:
        document.fail("profile.key-missing", ("a", "b", "c"), key="c")
    assert caught.value.line == 2


def test_every_value_has_its_line() -> None:
    document = parse_yaml(
        "a: 1\nb:\n  - x\n  - c: |\n      text\n      more\nd: {e: 2}\n"
    )
    lines = {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", 0): 3,
        ("b", 1): 4,
        ("b", 1, "c"): 4,
        ("d",): 7,
        ("d", "e"): 7,
    }
    assert document.lines == lines
    assert document.line(("b", 1, "gone", 3)) == 4


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
).filter(lambda text: "\ufeff" not in text)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, PLAIN, min_size=1, max_size=4))
def test_what_pyyaml_writes_quoted_is_read_back(data: dict[str, Any]) -> None:
    import json

    # JSON is a subset of YAML; its quoting leaves no scalar to interpretation.
    assert parse_yaml(json.dumps(data, ensure_ascii=False)).data == data
