# SPDX-License-Identifier: Apache-2.0
"""Installs the real implementations of ``tests/peers.toml`` where this machine lets it.

Debian packages as root on Debian; packages from npm and PyPI into ``.venv-peers``, each
in a folder of its own, so that their dependencies meet neither ours nor each other's.
No service is started.  What fails is told and left out.  Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import environment

sys.path.insert(0, str(environment.ROOT))

from tests.peers import PEERS, STAMP, find, peer_folder

__all__ = ["provide"]

_POLICY = Path("/usr/sbin/policy-rc.d")


def provide(python: Path, *, install: bool) -> list[str]:
    """Install what is missing where that is possible; return what is still missing.

    ``python`` is one that has pip.  Says for each which tests will be left out.
    """
    if install and (missing := _missing()):
        _install_debian(missing)
        for name in missing:
            if PEERS[name].npm:
                _install_npm(name)
            elif PEERS[name].pip:
                _install_pip(name, python)
    missing = _missing()
    for name in missing:
        _say(f"{name} is not installed; left out: {PEERS[name].serves}")
    return missing


def _missing() -> list[str]:
    return [name for name in PEERS if find(name) is None]


def _install_debian(missing: Sequence[str]) -> None:
    """Install Debian packages, if this is Debian and we may."""
    packages = [package for name in missing for package in PEERS[name].debian]
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (packages and is_root and shutil.which("apt-get")):
        return
    # The package lists may be older than the archive, or absent, so fetch them first;
    # one by one, so that one package without a candidate does not stop the others.
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    with _no_services():
        _run("the lists of packages", [*apt, "update"])
        for package in packages:
            _run(package, [*apt, "install", "-y", "--no-install-recommends", package])


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their service, on the port of everybody else's.

    Debian asks this file; one that is there already is somebody's decision.
    """
    try:
        with _POLICY.open("x", encoding="utf-8") as file:
            file.write("#!/bin/sh\nexit 101\n")
    except FileExistsError:
        yield
        return
    try:
        _POLICY.chmod(0o755)
        yield
    finally:
        _POLICY.unlink(missing_ok=True)


def _install_npm(name: str) -> None:
    npm = shutil.which("npm")
    if npm is None or find("node") is None:
        return
    folder = peer_folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    # Without a package.json of its own npm would look for one further up.
    (folder / "package.json").write_text('{"private": true}\n', "utf-8")
    quiet = ("--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts")
    here = ("--no-package-lock", "--prefix", str(folder))
    _run(name, [npm, "install", *quiet, *here, PEERS[name].npm])


def _install_pip(name: str, python: Path) -> None:
    folder, package = peer_folder(name), PEERS[name].pip
    (folder / STAMP).unlink(missing_ok=True)
    venv = [str(python), "-m", "venv", "--clear", "--without-pip", str(folder)]
    pip = [str(python), "-m", "pip", "--python", str(folder), "install", "-q", package]
    if _run(name, venv) and _run(name, pip):
        (folder / STAMP).write_text(package, "utf-8")


def _run(what: str, command: list[str]) -> bool:
    """Run an installer; say how long it took, or what it said when it failed."""
    began = time.monotonic()
    done = subprocess.run(
        command,
        env=environment.child_environment(
            DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1"
        ),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    seconds = f"{time.monotonic() - began:.1f} s"
    if done.returncode == 0:
        _say(f"installed {what} ({seconds})")
        return True
    last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
    _say(f"could not install {what} ({seconds}): {''.join(last)}")
    return False


def _say(text: str) -> None:
    print(f"luheng: {text}", file=sys.stderr, flush=True)
