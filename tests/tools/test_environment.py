# SPDX-License-Identifier: Apache-2.0
"""A fresh checkout sets itself up, once, and says in a sentence why it cannot."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOOLS = Path(__file__).parent.parent.parent / "tools"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, with its environment in an empty folder and pip only written down."""
    monkeypatch.syspath_prepend(str(TOOLS))
    module = importlib.import_module("environment")
    monkeypatch.setattr(module, "_VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "_STAMP", tmp_path / "stamp.json")
    monkeypatch.setattr(module, "_runs", lambda python: True)
    return module


@pytest.fixture
def installed(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> list[tuple[str, bool]]:
    """What was installed so far: (extra, locked)."""
    calls: list[tuple[str, bool]] = []
    monkeypatch.setattr(
        environment, "_install", lambda _, extra, locked: calls.append((extra, locked))
    )
    return calls


@pytest.mark.parametrize(
    ("before", "wanted", "work"),
    [
        (("test", False), ("test", False), False),
        (("dev", True), ("test", False), False),
        (("dev", True), ("", True), False),
        (("test", False), ("dev", False), True),
        (("test", False), ("test", True), True),
    ],
)
def test_what_is_installed_is_not_installed_again(
    environment: ModuleType,
    installed: list[tuple[str, bool]],
    before: tuple[str, bool],
    wanted: tuple[str, bool],
    work: bool,
) -> None:
    environment.ensure(*before)
    environment.ensure(*wanted)
    assert installed == [before, *([wanted] if work else [])]


def test_changed_requirements_install_again(
    environment: ModuleType, installed: list[tuple[str, bool]]
) -> None:
    environment.ensure("test")
    stamp = json.loads(environment._STAMP.read_text("utf-8"))
    environment._STAMP.write_text(json.dumps({**stamp, "sources": "other"}), "utf-8")
    environment.ensure("test")
    assert len(installed) == 2


def test_a_failed_installation_is_tried_again(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "quiet_python", lambda *_: 1)
    for _ in range(2):
        with pytest.raises(environment.Unusable, match="pip"):
            environment.ensure("test")
    assert not environment._STAMP.exists()


def test_an_old_python_is_told_so_in_one_sentence(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(environment.Unusable, match=r"needs Python 3\.11.*3\.10\.$"):
        environment.require_python()


def test_a_folder_of_somebody_else_is_not_cleared(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = environment._VENV / "letter.txt"
    keep.parent.mkdir()
    keep.write_text("mine")
    monkeypatch.setattr(environment, "_runs", lambda python: False)
    with pytest.raises(environment.Unusable, match="in the way"):
        environment.ensure()
    assert keep.is_file()


def test_the_child_is_free_of_what_slows_or_misleads_it(
    environment: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("PIP_CERT", "kept")
    child = environment.child_environment(MORE="1")
    assert {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"}.isdisjoint(child)
    assert (child["PIP_CERT"], child["MORE"]) == ("kept", "1")


def test_help_needs_nothing_but_python() -> None:
    """Isolated from every installed package, the tool still explains itself."""
    done = subprocess.run(
        [sys.executable, "-S", str(TOOLS / "test.py"), "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "--require-peers" in done.stdout
