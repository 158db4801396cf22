# SPDX-License-Identifier: Apache-2.0
"""Real implementations that are installed outside our environment, and their start.

Turns a peer's name into what it is run by on this machine, by the table in
``peers.toml``, and mosquitto into a running broker on a free loopback port.  A test
asks with ``require(name)``: a missing peer skips the test and says so, or fails it when
``LUHENG_REQUIRE_PEERS=1``.  Importing this needs the standard library only, because
``tools/test.py`` reads the table before anything is installed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import time
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.link.ports import free_port

__all__ = [
    "FOLDER",
    "PEERS",
    "STAMP",
    "Broker",
    "Peer",
    "find",
    "free_port",
    "listening",
    "peer_folder",
    "peers_are_required",
    "require",
    "running",
    "start_mosquitto",
    "version",
    "wait_for_port",
]

START_DEADLINE_S = 15.0
STOP_DEADLINE_S = 5.0
_POLL_S = 0.02
_PORT_ATTEMPTS = 5
_TAKEN = re.compile("in use|EADDRINUSE|eaddrinuse")

FOLDER = Path(__file__).resolve().parent.parent / ".venv-peers"
"""Where peers from npm and PyPI are installed, each in a folder of its own."""
STAMP = "luheng-installed.txt"
"""Names, in an environment, what was installed into it."""

# Where packages put programs that are not on everybody's PATH.
_MORE_FOLDERS = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    "/opt/homebrew/bin",
    "/Applications/Wireshark.app/Contents/MacOS",
    "/Applications/Chromium.app/Contents/MacOS",
    "/Applications/Google Chrome.app/Contents/MacOS",
    r"C:\Program Files\mosquitto",
    r"C:\Program Files\Wireshark",
    r"C:\Program Files\Google\Chrome\Application",
)


@dataclass(frozen=True, slots=True)
class Peer:
    """An implementation that nobody here wrote and that some tests talk to."""

    programs: tuple[str, ...]
    debian: tuple[str, ...]
    version: Mapping[str, str]
    """How the version is found: ``argument`` to ask with, or ``beside`` a pattern."""
    serves: str
    """The tests that are left out without it, for a sentence."""
    npm: str = ""
    pip: str = ""

    @property
    def pinned(self) -> str:
        """The version that we install, empty where the system chooses it."""
        _, _, pinned = (self.npm or self.pip.replace("==", "@")).rpartition("@")
        return pinned


def _peer(entry: Mapping[str, Any]) -> Peer:
    return Peer(
        tuple(entry.get("programs", ())),
        tuple(entry.get("debian", ())),
        entry.get("version", {}),
        entry["serves"],
        entry.get("npm", ""),
        entry.get("pip", ""),
    )


PEERS = {
    name: _peer(entry)
    for name, entry in tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text("utf-8")
    ).items()
}


def peer_folder(name: str) -> Path:
    """Return where a peer from npm or PyPI is installed."""
    return FOLDER / name


def find(name: str) -> Path | None:
    """Return what the peer called ``name`` is run by, or ``None``.

    That is a program, the ``package.json`` of a package from npm, or the Python of an
    environment that holds a package from PyPI.
    """
    peer = PEERS[name]
    if peer.npm:
        return _npm_package(peer, name) if find("node") else None
    if peer.pip:
        return _pip_python(peer, name)
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_FOLDERS])
    for program in peer.programs:
        if found := shutil.which(program, path=folders):
            return Path(found)
    return None


def _npm_package(peer: Peer, name: str) -> Path | None:
    package = peer.npm.rpartition("@")[0]
    file = peer_folder(name) / "node_modules" / package / "package.json"
    try:
        is_pinned = json.loads(file.read_text("utf-8"))["version"] == peer.pinned
    except (OSError, ValueError, KeyError):
        return None
    return file if is_pinned else None


def _pip_python(peer: Peer, name: str) -> Path | None:
    """Return the environment's Python; ``STAMP`` says what was put into it."""
    folder = peer_folder(name)
    try:
        stamp = (folder / STAMP).read_text("utf-8")
    except OSError:
        return None
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return python if stamp == peer.pip and python.is_file() else None


def version(name: str) -> str:
    """Return the version that the peer states, such as ``2.0.11``; it must exist."""
    peer, program = PEERS[name], find(name)
    if program is None:
        raise FileNotFoundError(name)
    if peer.pinned:
        return peer.pinned
    if pattern := peer.version.get("beside"):
        found = sorted(map(str, program.parent.glob(pattern)))
        text = Path(found[-1]).name if found else ""
    else:
        # mosquitto exits with 3 after its help, so the exit code says nothing.
        done = subprocess.run(
            [program, peer.version["argument"]],
            capture_output=True,
            text=True,
            timeout=START_DEADLINE_S,
            check=False,
        )
        text = done.stdout + done.stderr
    stated = re.search(r"\d+(?:\.\d+)+", text)
    return stated[0] if stated else "unknown"


def peers_are_required() -> bool:
    """Whether a missing peer is a failure here rather than a skipped test."""
    return os.environ.get("LUHENG_REQUIRE_PEERS") == "1"


def require(name: str) -> Path:
    """Return the program of a peer; without it, skip or fail the running test."""
    if found := find(name):
        return found
    import pytest

    reason = f"{name} is not installed (left out: {PEERS[name].serves})"
    if peers_are_required():
        raise pytest.fail.Exception(reason, pytrace=False)
    raise pytest.skip.Exception(reason)


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that is running now."""

    host: str
    port: int
    version: str
    pid: int
    log_file: Path

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text("utf-8", errors="replace")


@contextlib.contextmanager
def start_mosquitto(folder: Path, *, extra_config: str = "") -> Iterator[Broker]:
    """Run a mosquitto of the test's own and yield it once it accepts connections.

    It listens on a free loopback port, keeps nothing and lets everybody in, unless
    ``extra_config`` has its own ``allow_anonymous`` line.  ``extra_config`` comes
    after the listener, so that ``cafile`` and the like belong to it.  Files go into
    ``folder``.  Skips the test (see ``require``) when there is no mosquitto.
    """
    program = require("mosquitto")
    config = folder / "mosquitto.conf"

    def command(port: int) -> list[str]:
        config.write_text(_mosquitto_config(port, extra_config), "utf-8")
        return [str(program), "-c", str(config)]

    with listening("mosquitto", command, folder) as broker:
        yield broker


def _mosquitto_config(port: int, extra: str) -> str:
    lines = ["persistence false", "log_dest stderr", "log_type all"]
    if not re.search(r"^\s*allow_anonymous\b", extra, re.MULTILINE):
        lines.append("allow_anonymous true")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Started by root it would turn into a user who may not read the test's folder.
        lines.append("user root")
    return "\n".join([*lines, f"listener {port} 127.0.0.1", extra, ""])


@contextlib.contextmanager
def listening(
    name: str,
    command: Callable[[int], Sequence[str]],
    folder: Path,
    *,
    environ: Mapping[str, str] | None = None,
    deadline_s: float = START_DEADLINE_S,
) -> Iterator[Broker]:
    """Run a peer that serves a loopback port; yield it once it accepts connections.

    ``command`` returns what to run for a port.  What the peer writes goes to
    ``folder/NAME.log``, and into the ``RuntimeError`` when it does not start.
    """
    log_file = folder / f"{name}.log"
    for _ in range(_PORT_ATTEMPTS):
        port = free_port()
        with running(command(port), log_file, environ=environ) as process:
            try:
                wait_for_port("127.0.0.1", port, process, deadline_s=deadline_s)
            except (ChildProcessError, TimeoutError):
                text = log_file.read_text("utf-8", errors="replace")
                if _TAKEN.search(text):
                    continue  # somebody took it between our look and its bind
                raise RuntimeError(f"{name} did not start:\n{text}") from None
            yield Broker("127.0.0.1", port, version(name), process.pid, log_file)
            return
    raise RuntimeError(f"{name} found no free port in {_PORT_ATTEMPTS} attempts")


@contextlib.contextmanager
def running(
    command: Sequence[str],
    log_file: Path,
    *,
    environ: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its output in a file; end it, by its id, on leaving.

    Its standard input is a pipe, closed first, so that a program which has children of
    its own can end them.
    """
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            cwd=log_file.parent,
        )
    try:
        yield process
    finally:
        _stop(process)


def wait_for_port(
    host: str,
    port: int,
    process: subprocess.Popen[bytes],
    *,
    deadline_s: float = START_DEADLINE_S,
) -> None:
    """Return when ``process`` accepts connections on a TCP port.

    Raises ``ChildProcessError`` when it ends first and ``TimeoutError`` after
    ``deadline_s`` seconds.
    """
    end = time.monotonic() + deadline_s
    while True:
        if process.poll() is not None:
            raise ChildProcessError(f"ended with code {process.returncode}")
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise TimeoutError(
                    f"nobody listens on {host}:{port} after {deadline_s} s"
                ) from None
            time.sleep(_POLL_S)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    process.terminate()
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
