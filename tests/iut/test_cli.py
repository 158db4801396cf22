# SPDX-License-Identifier: Apache-2.0
"""``luheng iut new``, ``iut check`` and ``plan`` as a vendor uses them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.iut.declaration import load_declaration
from tests.iut.made import ENVIRON, corpus_in, line_of, write


@pytest.fixture(autouse=True)
def _corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = corpus_in(tmp_path)
    monkeypatch.setattr("conformance.profile.corpus.default_corpus", lambda: corpus)
    monkeypatch.delenv("LUHENG_LANG", raising=False)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)


def luheng(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(arguments, out), out.getvalue()


def test_new_writes_a_form_and_never_overwrites_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = luheng("--lang", "en", "iut", "new", "try-station", "--role", "device")
    target = tmp_path / "try-station.device.iut.yaml"
    assert code == 0
    assert target.name in said
    assert load_declaration(target).profile_ref == "try-station@1.0.0"
    target.write_text("mine", "utf-8")
    arguments = ("--lang", "zh", "iut", "new", "try-station", "--role", "device")
    assert luheng(*arguments)[0] == 3
    assert "--force" in capsys.readouterr().err
    assert target.read_text("utf-8") == "mine"
    assert luheng(*arguments, "--force")[0] == 0
    assert target.read_text("utf-8") != "mine"


def test_new_into_a_folder_that_is_missing_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "none" / "x.iut.yaml"
    command = ("iut", "new", "try-station", "--role", "device", "--out", str(target))
    assert luheng(*command)[0] == 3
    assert str(target) in capsys.readouterr().err


def test_check_of_a_good_declaration(tmp_path: Path) -> None:
    code, said = luheng("--lang", "en", "iut", "check", str(write(tmp_path)))
    assert code == 0
    assert said.count("\n") == 1


@pytest.mark.parametrize(("language", "label"), [("zh", "[错误]"), ("en", "[error]")])
def test_check_names_file_and_line_of_every_fault(
    tmp_path: Path, language: str, label: str
) -> None:
    path = write(tmp_path, ("HJ212: true", "HJ212: null"), ("port: 1883", "port: 0x"))
    path.write_text(path.read_text("utf-8").replace("0x", "70000"), "utf-8")
    code, said = luheng("--lang", language, "iut", "check", str(path))
    assert code == 3
    for part in ("HJ212:", "endpoint:"):
        assert f"{label} {path}:{line_of(path, part)}: " in said


def test_plan_shows_every_requirement_and_the_totals(tmp_path: Path) -> None:
    code, said = luheng("--lang", "zh", "plan", str(write(tmp_path)))
    assert code == 0
    lines = said.splitlines()
    assert [line[:14] for line in lines if line[0] in "+-"] == [
        "+ TRY-BOTH-001",
        "+ TRY-DEV-001 ",
        "- TRY-DEV-002 ",
        "- TRY-PLAT-001",
        "- TRY-GATE-001",
        "- TRY-SITE-001",
    ]
    assert lines[-1] == "共 6 项要求：参测 2，不适用 3，不测试 1，未选中 0"


def test_plan_needs_no_secret_but_every_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TRY_PW")
    assert luheng("plan", str(write(tmp_path)))[0] == 0
    path = write(tmp_path, ("  HJ212: true\n", ""))
    assert luheng("--lang", "zh", "plan", str(path))[0] == 3
    assert "未回答 HJ212" in capsys.readouterr().err


def test_plan_of_an_unknown_requirement_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(write(tmp_path))
    assert luheng("--lang", "en", "plan", path, "--only", "TRY-DVE-001")[0] == 3
    assert "did you mean: TRY-DEV-001" in capsys.readouterr().err
