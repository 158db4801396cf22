# SPDX-License-Identifier: Apache-2.0
"""Peers are installed where this machine lets it, and what fails is told."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import peers

TOOLS = Path(__file__).parent.parent.parent / "tools"
PYTHON = Path(sys.executable)


@pytest.fixture
def install_peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(TOOLS))
    return importlib.import_module("install_peers")


@pytest.fixture
def ran(
    install_peers: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> list[list[str]]:
    """The commands of an installer that installs nothing; peers lie nowhere."""
    commands: list[list[str]] = []

    def run(what: str, command: list[str]) -> bool:
        commands.append(command)
        return True

    monkeypatch.setattr(install_peers, "_run", run)
    monkeypatch.setattr(peers, "FOLDER", tmp_path / "peers")
    monkeypatch.setattr(install_peers.shutil, "which", lambda name: f"/bin/{name}")
    return commands


def only(monkeypatch: pytest.MonkeyPatch, **table: peers.Peer) -> None:
    monkeypatch.setattr(peers, "PEERS", table)
    monkeypatch.setattr("install_peers.PEERS", table)


def peer(**fields: str) -> peers.Peer:
    return peers.Peer((), (), {}, "these tests", **fields)


def test_every_entry_says_how_it_is_installed_and_pins_what_it_can() -> None:
    for name, entry in peers.PEERS.items():
        ways = [bool(entry.debian), bool(entry.npm), bool(entry.pip)]
        assert sum(ways) == 1, name
        assert entry.pinned or (entry.debian and entry.programs), name
        assert entry.serves, name


def test_a_package_of_pypi_gets_an_environment_and_a_stamp(
    install_peers: ModuleType,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    only(monkeypatch, toy=peer(pip="toy==1.2"))
    (tmp_path / "peers" / "toy").mkdir(parents=True)
    assert install_peers.provide(PYTHON, install=True) == ["toy"]
    assert [c[1:3] for c in ran] == [["-m", "venv"], ["-m", "pip"]]
    assert ran[1][-1] == "toy==1.2"
    stamp = tmp_path / "peers" / "toy" / peers.STAMP
    assert stamp.read_text("utf-8") == "toy==1.2"


@pytest.mark.usefixtures("install_peers")
def test_another_version_of_a_package_counts_as_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(peers, "FOLDER", tmp_path)
    folder = tmp_path / "toy"
    python = folder / (
        "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    )
    python.parent.mkdir(parents=True)
    python.touch()
    (folder / peers.STAMP).write_text("toy==1.2", "utf-8")
    only(monkeypatch, toy=peer(pip="toy==1.2"))
    assert peers.find("toy") == python
    only(monkeypatch, toy=peer(pip="toy==1.3"))
    assert peers.find("toy") is None


def test_nothing_is_installed_when_that_is_not_wanted(
    install_peers: ModuleType,
    ran: list[list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    only(monkeypatch, toy=peer(pip="toy==1.2"))
    assert install_peers.provide(PYTHON, install=False) == ["toy"]
    assert ran == []
    assert "toy is not installed; left out: these tests" in capsys.readouterr().err


@pytest.mark.parametrize("theirs", [None, "#!/bin/sh\nexit 0\n"])
def test_no_service_starts_and_a_policy_of_others_stays(
    install_peers: ModuleType,
    theirs: str | None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    policy = tmp_path / "policy-rc.d"
    if theirs:
        policy.write_text(theirs, "utf-8")
    monkeypatch.setattr(install_peers, "_POLICY", policy)
    with install_peers._no_services():
        assert policy.read_text("utf-8") == (theirs or "#!/bin/sh\nexit 101\n")
    assert policy.exists() is bool(theirs)


def test_what_an_installer_says_when_it_fails_is_passed_on(
    install_peers: ModuleType,
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no such package')"]
    assert not install_peers._run("toy", failing)
    assert "could not install toy" in (said := capsys.readouterr().err)
    assert "no such package" in said
