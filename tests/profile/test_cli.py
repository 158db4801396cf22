# SPDX-License-Identifier: Apache-2.0
"""``luheng profile``: output and exit codes."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from tests.profile.bad_profiles import GOOD


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    code = main(arguments, out)
    return code, out.getvalue()


def test_list_names_every_version() -> None:
    code, text = run("--lang", "en", "profile", "list")
    assert code == 0
    assert [line.split()[0] for line in text.splitlines()] == default_corpus().refs()


@pytest.mark.parametrize(("language", "word"), [("zh", "要求"), ("en", "Requirements")])
def test_show_is_a_page_in_the_language(language: str, word: str) -> None:
    code, text = run("--lang", language, "profile", "show", "sd-base-uplink")
    assert code == 0
    assert word in text
    for item in default_corpus().resolve("sd-base-uplink").requirements:
        assert item.id in text
        assert item.text[language] in text


def test_show_prints_elements_and_bindings(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD, "utf-8")
    code, text = run("--lang", "zh", "profile", "show", str(file))
    assert code == 0
    assert "hj212:w01010 json:waterTemperature" in text
    assert "HJ212 且 非 MQTT" in text
    assert "（条款待核对）" in text


def test_resolve_prints_a_snapshot_that_reads_back(tmp_path: Path) -> None:
    code, text = run("profile", "resolve", "sd-base-uplink@1.0.0")
    assert code == 0
    snapshot = Snapshot.from_json(json.loads(text))
    assert snapshot.digest == default_corpus().resolve("sd-base-uplink").digest
    file = tmp_path / "out.json"
    assert run("profile", "resolve", "sd-base-uplink", "--out", str(file))[0] == 0
    assert file.read_text("utf-8") == text


def test_write_puts_the_snapshot_beside_the_profile(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD, "utf-8")
    assert run("profile", "resolve", str(file), "--write")[0] == 0
    stored = json.loads((tmp_path / "2.1.0.resolved.json").read_text("utf-8"))
    assert Snapshot.from_json(stored).ref == "good@2.1.0"


def test_lint_counts_or_lists(tmp_path: Path) -> None:
    base = Path(default_corpus().find("sd-base-uplink").file)
    assert run("--lang", "en", "profile", "lint", str(base)) == (
        0,
        "1 files checked, no findings\n",
    )
    (tmp_path / "bad.yaml").write_text(GOOD.replace("max: 60", "max: -60"), "utf-8")
    code, text = run("--lang", "en", "profile", "lint", str(tmp_path))
    assert code == 3
    assert "bad.yaml:23: elements[0].range: the range of water_temperature" in text
    assert "demo.within" in text


def test_an_unknown_profile_is_exit_code_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--lang", "zh", "profile", "show", "nothing")[0] == 3
    assert "没有规范 nothing" in capsys.readouterr().err
