# SPDX-License-Identifier: Apache-2.0
"""Real implementations that are installed outside Python, and how to start them.

Turns a peer's name into a program on this machine, and mosquitto into a running broker
on a free loopback port.  A test asks with ``require(name)``: a missing peer skips the
test and says so, or fails it when ``LUHENG_REQUIRE_PEERS=1``.  Importing this needs
the standard library only, because ``tools/test.py`` reads the table before anything is
installed.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "PEERS",
    "Broker",
    "Peer",
    "find",
    "free_port",
    "peers_are_required",
    "require",
    "start_mosquitto",
    "version",
    "wait_for_port",
]

START_DEADLINE_S = 15.0
STOP_DEADLINE_S = 5.0
_POLL_S = 0.02
_PORT_ATTEMPTS = 5

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
    """A program that nobody here wrote and that some tests talk to."""

    programs: tuple[str, ...]
    debian_package: str
    version_argument: str
    serves: str
    """The tests that are left out without it, for a sentence."""


PEERS = {
    "mosquitto": Peer(
        ("mosquitto",), "mosquitto", "-h", "tests against a real MQTT broker"
    ),
    "tshark": Peer(
        ("tshark",), "tshark", "--version", "tests that open our captures in Wireshark"
    ),
    "chromium": Peer(
        (
            "chromium",
            "chromium-browser",
            "google-chrome",
            "chrome",
            "Chromium",
            "Google Chrome",
        ),
        "chromium",
        "--version",
        "tests of the HTML report and the console in a browser, and PDF reports",
    ),
}


def find(name: str) -> Path | None:
    """Return the program of the peer called ``name``, or ``None``."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_FOLDERS])
    for program in PEERS[name].programs:
        if found := shutil.which(program, path=folders):
            return Path(found)
    return None


def version(name: str) -> str:
    """Return the version that the peer states, such as ``2.0.11``; it must exist."""
    peer, program = PEERS[name], find(name)
    if program is None:
        raise FileNotFoundError(name)
    # mosquitto exits with 3 after its help, so the exit code says nothing.
    done = subprocess.run(
        [program, peer.version_argument],
        capture_output=True,
        text=True,
        timeout=START_DEADLINE_S,
        check=False,
    )
    stated = re.search(r"\d+(?:\.\d+)+", done.stdout + done.stderr)
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
    """A mosquitto that is running now."""

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
    log_file = folder / "mosquitto.log"
    with contextlib.ExitStack() as stack:
        process, port = _listening_mosquitto(program, folder, extra_config, log_file)
        stack.callback(_stop, process)
        yield Broker("127.0.0.1", port, version("mosquitto"), process.pid, log_file)


def _listening_mosquitto(
    program: Path, folder: Path, extra_config: str, log_file: Path
) -> tuple[subprocess.Popen[bytes], int]:
    config = folder / "mosquitto.conf"
    for _ in range(_PORT_ATTEMPTS):
        port = free_port()
        config.write_text(_mosquitto_config(port, extra_config), "utf-8")
        with log_file.open("wb") as log:
            process = subprocess.Popen(
                [program, "-c", config],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for_port("127.0.0.1", port, process)
        except ChildProcessError:
            text = log_file.read_text("utf-8", errors="replace")
            if "in use" in text:
                continue  # somebody took the port between our look and its bind
            raise RuntimeError(f"mosquitto did not start:\n{text}") from None
        except BaseException:
            _stop(process)
            raise
        return process, port
    raise RuntimeError(f"mosquitto found no free port in {_PORT_ATTEMPTS} attempts")


def _mosquitto_config(port: int, extra: str) -> str:
    lines = ["persistence false", "log_dest stderr", "log_type all"]
    if not re.search(r"^\s*allow_anonymous\b", extra, re.MULTILINE):
        lines.append("allow_anonymous true")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Started by root it would turn into a user who may not read the test's folder.
        lines.append("user root")
    return "\n".join([*lines, f"listener {port} 127.0.0.1", extra, ""])


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


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
    process.terminate()
    try:
        process.wait(STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
