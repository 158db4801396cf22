# SPDX-License-Identifier: Apache-2.0
"""A declaration is read strictly, kept exactly, and never shows a secret."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from conformance.errors import DeclarationError
from conformance.iut.declaration import (
    Declaration,
    Endpoint,
    Hook,
    Limits,
    Secret,
    SecretValue,
    ixit_from_json,
    ixit_to_json,
    load_declaration,
    resolve_ixit,
    secrets_of,
)
from conformance.iut.ixit import convert
from conformance.iut.values import hook_facts, seconds_of
from conformance.paths import data_dir
from conformance.profile.model import IxitItem
from conformance.profile.yamlio import parse_yaml
from conformance.text import Text, render_error
from tests.iut.made import ENVIRON, SOURCE, line_of, snapshot, write


def test_the_file_becomes_values(tmp_path: Path) -> None:
    path = write(tmp_path)
    declaration = load_declaration(path)
    assert declaration.file == path
    assert declaration.profile_ref == "try-station@1.0.0"
    assert declaration.role == "device"
    assert declaration.implementation["vendor"] == {"zh": "示例仪器有限公司"}
    assert declaration.implementation["version"] == "3.4.1"
    assert declaration.ics == {
        "HJ212": True,
        "MQTT": False,
        "RED": True,
        "BLUE": False,
        "CATCH_UP": True,
        "ANONYMOUS": False,
    }
    assert declaration.ics_notes == {"CATCH_UP": Text(zh="选配模块")}
    assert declaration.ixit == {
        "station_id": "010000A8900016F000169DC0",
        "endpoint": Endpoint("127.0.0.1", 1883),
        "access_password": Secret("env:TRY_PW"),
        "answer_timeout": "PT2.5S",
    }
    assert declaration.hooks["stored_records"] == Hook(
        "command", ("show", "{station_id}"), 5.0
    )
    assert declaration.hooks["local_reading"].kind == "url"
    assert declaration.hooks["local_reading"].timeout_s == 10.0
    assert declaration.steps["power_cycle"] == Hook(
        "prompt", {"zh": "请断电后重新上电", "en": "Switch off and on"}, 120.0
    )
    assert declaration.limits == Limits(120.0, 21_600.0)
    assert declaration.line("ixit", "endpoint") == line_of(path, "endpoint:")


def test_values_are_typed_by_the_profile(tmp_path: Path) -> None:
    ixit = resolve_ixit(load_declaration(write(tmp_path)), snapshot(), ENVIRON)
    secret = ixit.pop("access_password")
    assert secret.reveal() == "correct horse"
    assert ixit == {
        "station_id": "010000A8900016F000169DC0",
        "endpoint": Endpoint("127.0.0.1", 1883),
        "answer_timeout": 2.5,
        "tolerance": Decimal("0.50"),
        "retries": 3,
        "is_quiet": False,
    }
    assert isinstance(ixit["answer_timeout"], float)
    assert isinstance(ixit["tolerance"], Decimal)
    assert str(ixit["tolerance"]) in ("0.50", "0.5")


def test_the_environment_of_the_process_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declaration = load_declaration(write(tmp_path))
    monkeypatch.setenv("TRY_PW", "from the process")
    ixit = resolve_ixit(declaration, snapshot())
    assert list(secrets_of(ixit)) == ["from the process"]


def test_a_secret_is_read_from_a_file_beside_the_declaration(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "pw.txt").write_bytes("口令 1\r\n".encode())
    declaration = load_declaration(write(tmp_path, ("env:TRY_PW", "file:keys/pw.txt")))
    ixit = resolve_ixit(declaration, snapshot(), {})
    assert ixit["access_password"].reveal() == "口令 1"


def test_several_secrets_stand_in_one_place_apart_by_blanks(tmp_path: Path) -> None:
    item = IxitItem("more", "secrets", Text("密码", "passwords"))
    declaration = load_declaration(write(tmp_path))
    found = convert(item, Secret("env:MORE"), declaration, {"MORE": "one  two"})
    assert list(secrets_of({"more": found})) == ["one", "two"]
    assert hook_facts({"more": found}) == {}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "iut.secret-missing"),
        (b"\n", "iut.secret-missing"),
        (b"\xff\xfe", "iut.secret-not-text"),
        (b"x" * 70_000, "iut.secret-too-big"),
    ],
    ids=["empty", "blank", "binary", "big"],
)
def test_a_secret_file_that_cannot_be_one_names_the_question(
    tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "pw").write_bytes(content)
    path = write(tmp_path, ("env:TRY_PW", "file:pw"))
    with pytest.raises(DeclarationError) as caught:
        resolve_ixit(load_declaration(path), snapshot(), {})
    assert caught.value.code == code
    assert caught.value.line == line_of(path, "access_password")
    assert "access_password" in str(caught.value)


def test_a_secret_outside_the_folder_is_not_read(tmp_path: Path) -> None:
    """Neither by dots nor by a link: its content would be sent to a stranger."""
    (tmp_path / "outside").write_text("top secret")
    home = tmp_path / "home"
    home.mkdir()
    path = write(home, ("env:TRY_PW", "file:link"))
    try:
        (home / "link").symlink_to(tmp_path / "outside")
    except OSError:
        pytest.skip("no symbolic links here")
    with pytest.raises(DeclarationError) as caught:
        resolve_ixit(load_declaration(path), snapshot(), {})
    assert caught.value.code == "iut.file-outside"


def test_a_missing_variable_names_the_question(tmp_path: Path) -> None:
    path = write(tmp_path)
    for environ in ({}, {"TRY_PW": ""}):
        with pytest.raises(DeclarationError) as caught:
            resolve_ixit(load_declaration(path), snapshot(), environ)
        assert caught.value.code == "iut.secret-missing"
        assert caught.value.facts["question"] == "access_password"
        assert "env:TRY_PW" in render_error(caught.value, "zh")


def test_a_missing_value_names_the_question(tmp_path: Path) -> None:
    path = write(tmp_path, ("  endpoint: {host: 127.0.0.1, port: 1883}\n", ""))
    with pytest.raises(DeclarationError) as caught:
        resolve_ixit(load_declaration(path), snapshot(), ENVIRON)
    assert caught.value.code == "iut.unanswered-ixit"
    assert "地址和端口" in render_error(caught.value, "zh")


BROKEN = [
    ("kind: iut", "kind: profile", "iut.not-a-declaration", 2),
    ("format: 1", "format: 2", "profile.not-a-choice", 1),
    ("role: device", "role: sensor", "profile.not-a-choice", 5),
    ("role: device\n", "", "profile.key-missing", None),
    ("role: device", "role: device\nroel: device", "profile.key-unknown", None),
    ("role: device", "role: device\nrole: device", "profile.duplicate-key", 6),
    ("  product: WQ-500\n", "", "profile.key-missing", None),
    ('"3.4.1"', "3.4", "profile.wrong-type", 9),
    ("try-station@1.0.0", "try-station", "profile.bad-form", 3),
    ("2026-11-25", "25.11.2026", "profile.bad-form", 11),
    ("HJ212: true", "HJ212: yes", "iut.answer-form", 13),
    ("HJ212: true", "HJ212: &a true", "profile.yaml-alias", 13),
    ("HJ212: true", "HJ212: !!bool true", "profile.yaml-tag", 13),
    ("port: 1883}", 'port: "1883"}', "profile.wrong-type", 21),
    ("port: 1883}", "port: 1883, tls: true}", "profile.key-unknown", 21),
    (", port: 1883}", "}", "profile.key-missing", 21),
    ("{secret: env:TRY_PW}", "{secret: hunter2}", "profile.bad-form", 22),
    ("{secret: env:TRY_PW}", '{secret: "file:/etc/x"}', "profile.bad-form", 22),
    ('{url: "http:', '{command: [x], url: "http:', "iut.hook-form", 26),
    (
        "{prompt: {zh: 请断电后重新上电, en: Switch off and on}}",
        "{}",
        "iut.hook-form",
        28,
    ),
    ('{url: "http:', '{url: "ftp:', "profile.bad-form", 26),
    ("total: PT6H", "total: PT0S", "iut.no-time", 29),
    ("total: PT6H", "total: 6h", "profile.bad-form", 29),
    ("total: PT6H", "total: P", "iut.no-time", 29),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "line"), BROKEN, ids=[row[1][:30] for row in BROKEN]
)
def test_a_broken_file_is_one_clear_error(
    tmp_path: Path, old: str, new: str, code: str, line: int | None
) -> None:
    path = write(tmp_path, (old, new))
    with pytest.raises(DeclarationError) as caught:
        load_declaration(path)
    assert caught.value.code == code
    assert caught.value.file == str(path)
    assert line is None or caught.value.line == line
    for language in ("zh", "en"):
        assert render_error(caught.value, language).startswith(str(path))


@pytest.mark.parametrize("text", ["", "- a\n", "text\n", "kind: iut\n"])
def test_what_is_no_declaration_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.iut.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(DeclarationError):
        load_declaration(path)


def test_a_file_that_is_missing_or_huge_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError):
        load_declaration(tmp_path / "none.iut.yaml")
    path = tmp_path / "huge.iut.yaml"
    path.write_text(SOURCE + "# " + "x" * (2 << 20), "utf-8")
    with pytest.raises(DeclarationError) as caught:
        load_declaration(path)
    assert caught.value.code == "profile.yaml-too-big"


@pytest.mark.parametrize("cut", range(0, len(SOURCE), 37))
def test_a_file_cut_anywhere_never_breaks_the_reader(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "cut.iut.yaml"
    text = SOURCE.replace("{digest}", "sha256:" + "0" * 64)
    path.write_text(text[:cut], "utf-8")
    refusal = None
    try:
        load_declaration(path)
    except DeclarationError as error:
        refusal = render_error(error, "zh")
    if cut <= text.index("ixit:"):
        assert refusal is not None, "a section is missing"
    assert refusal is None or refusal.startswith(str(path))


def test_a_declaration_survives_json(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    stored = json.loads(json.dumps(declaration.to_json()))
    again = Declaration.from_json(stored)
    assert again == declaration
    assert again.digest == declaration.digest


def test_the_digest_covers_answers_and_not_the_place(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    moved = replace(declaration, file=tmp_path / "elsewhere.iut.yaml", lines={})
    assert moved.digest == declaration.digest
    assert declaration.digest.startswith("sha256:")
    changes: list[dict[str, Any]] = [
        {"role": "platform"},
        {"ics": {**declaration.ics, "MQTT": True}},
        {"ics_notes": {}},
        {"ixit": {**declaration.ixit, "answer_timeout": "PT3S"}},
        {"ixit": {**declaration.ixit, "access_password": Secret("env:OTHER")}},
        {"hooks": {}},
        {"steps": {}},
        {"limits": Limits()},
        {"implementation": {"vendor": "x", "product": "y"}},
        {"profile_digest": "sha256:" + "0" * 64},
    ]
    digests = {replace(declaration, **change).digest for change in changes}
    assert len(digests | {declaration.digest}) == len(changes) + 1


def test_comments_and_quoting_do_not_change_the_digest(tmp_path: Path) -> None:
    plain = load_declaration(write(tmp_path)).digest
    path = write(tmp_path, ("product: WQ-500", "product: 'WQ-500'  # 型号"))
    assert load_declaration(path).digest == plain


PLAINTEXT = "correct horse"


def shown_forms(value: Any) -> list[str]:
    return [repr(value), str(value), f"{value}", f"{value!r:>40}"]


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    ixit = resolve_ixit(declaration, snapshot(), ENVIRON)
    secret = ixit["access_password"]
    assert PLAINTEXT in json.dumps(ixit_to_json(ixit, reveal=True))
    forms = [
        *shown_forms(secret),
        f"{secret:>40}",
        *shown_forms(ixit),
        *shown_forms(declaration),
        *shown_forms(declaration.ixit["access_password"]),
        json.dumps(ixit_to_json(ixit)),
        json.dumps(declaration.to_json()),
        json.dumps(ixit, default=repr),
        repr(copy.deepcopy(ixit)),
        repr(dir(secret)),
    ]
    assert all(PLAINTEXT not in form for form in forms)
    assert str(secret) == "<secret env:TRY_PW>"
    with pytest.raises(TypeError):
        json.dumps(secret)
    with pytest.raises(TypeError):
        pickle.dumps(secret)


NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
SECRETS = st.builds(SecretValue, st.just("env:X"), st.text(min_size=1))
ENDPOINTS = st.builds(Endpoint, st.text(min_size=1), st.integers(0, 65_535))
VALUES = st.one_of(st.text(), st.booleans(), st.integers(), DECIMALS, ENDPOINTS)


@given(st.dictionaries(NAMES, st.one_of(VALUES, SECRETS)))
def test_values_survive_json_when_secrets_are_revealed(values: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(ixit_to_json(values, reveal=True)))
    again = ixit_from_json(stored)
    assert again == values
    assert list(map(type, again.values())) == list(map(type, values.values()))


@given(st.dictionaries(NAMES, SECRETS, min_size=1))
def test_unrevealed_secrets_come_back_as_references(values: dict[str, Any]) -> None:
    stored = json.loads(json.dumps(ixit_to_json(values)))
    assert set(ixit_from_json(stored).values()) == {Secret("env:X")}


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT10S", 10.0),
        ("PT2.5S", 2.5),
        ("PT2M", 120.0),
        ("PT6H", 21_600.0),
        ("P1DT1H1M1S", 90_061.0),
        ("P1D", 86_400.0),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("P1M", None),
        ("P1Y", None),
        ("PT1S1M", None),
        ("-PT1S", None),
        ("PT+1S", None),
        ("PT1_0S", None),
        ("PT١S", None),
        ("PT1S\n", None),
        ("10s", None),
    ],
)
def test_durations(duration: str, seconds: float | None) -> None:
    assert seconds_of(duration) == seconds


def test_a_role_that_is_not_asked_may_leave_a_value_open(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    assert "query_url" not in resolve_ixit(declaration, snapshot(), ENVIRON)
    with pytest.raises(DeclarationError) as caught:
        resolve_ixit(replace(declaration, role="platform"), snapshot(), ENVIRON)
    assert caught.value.facts["question"] == "query_url"


def test_a_pattern_covers_the_whole_value(tmp_path: Path) -> None:
    """An anchor left out in a profile must not let anything through."""
    item = IxitItem("station_id", "string", Text(en="Id"), pattern="[0-9]+")
    loose = replace(snapshot(), ixit=(item,))
    declaration = replace(load_declaration(write(tmp_path)), ixit={"station_id": "1x"})
    with pytest.raises(DeclarationError) as caught:
        resolve_ixit(declaration, loose, ENVIRON)
    assert caught.value.code == "iut.pattern"


def test_a_hook_sees_values_but_no_secret(tmp_path: Path) -> None:
    ixit = resolve_ixit(load_declaration(write(tmp_path)), snapshot(), ENVIRON)
    facts = hook_facts(ixit)
    assert facts["station_id"] == "010000A8900016F000169DC0"
    assert facts["endpoint"] == "127.0.0.1:1883"
    assert "access_password" not in facts


@pytest.mark.parametrize(("old", "new", "code", "line"), BROKEN)
def test_editors_see_what_the_reader_refuses(
    old: str, new: str, code: str, line: int | None
) -> None:
    """The published schema alone finds every fault that is not one of YAML or sense."""
    rules = json.loads((data_dir("schemas") / "iut.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(rules)
    judge = Draft202012Validator(rules)
    good = SOURCE.replace("{digest}", snapshot().digest)
    assert judge.is_valid(parse_yaml(good).data)
    if "yaml" in code or code in ("profile.duplicate-key", "iut.no-time"):
        return
    assert not judge.is_valid(parse_yaml(good.replace(old, new)).data)
