# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command share: the command itself, and things to run it on."""

from __future__ import annotations

import json
import os
import queue
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.profile.corpus import default_corpus
from tests.engine import toy
from tests.engine.conftest import DECLARATION

__all__ = [
    "ROOT",
    "Silent",
    "declare",
    "environment",
    "lines_of",
    "luheng",
    "silent_server",
    "start",
]

ROOT = Path(__file__).parents[2]
SECRET = "Xq7~secret&<é>"
TIMEOUT_S = 60


def environment(language: str = "en", **more: str) -> dict[str, str]:
    """Return the environment of a command."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LUHENG_", "LC_"))}
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return kept | {
        "PYTHONPATH": path,
        "PYTHONIOENCODING": "utf-8",
        "LUHENG_LANG": language,
        "TOY_SECRET": SECRET,
        **more,
    }


def command(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def luheng(
    *args: str | Path, cwd: Path, module: str = "tests.cli.toyluheng", **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end in a process of its own."""
    more.setdefault("env", environment())
    return subprocess.run(
        [*command(module), *map(str, args)],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_S,
        check=False,
        **more,
    )


def start(*args: str | Path, cwd: Path, **more: Any) -> subprocess.Popen[str]:
    """Start the command in a process of its own."""
    more.setdefault("env", environment())
    return subprocess.Popen(
        [*command("tests.cli.toyluheng"), *map(str, args)],
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        **more,
    )


def declare(
    folder: Path, port: int, hook: int = 9, host: str = "127.0.0.1", profile: Any = None
) -> Path:
    """Write a declaration of a toy server; return its path."""
    snapshot = default_corpus().resolve(str(profile or toy.PROFILE))
    text = DECLARATION.format(
        profile=snapshot.ref, digest=snapshot.digest, port=port, hook=hook
    )
    path = folder / "toy.iut.yaml"
    path.write_text(text.replace("host: 127.0.0.1", f"host: {host}"), "utf-8")
    return path


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a results file, each of which must be whole."""
    text = (folder / "results.jsonl").read_text("utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@dataclass
class Silent:
    """A server that takes everything and answers nothing."""

    port: int
    heard: queue.Queue[bytes]


@contextmanager
def silent_server() -> Iterator[Silent]:
    heard: queue.Queue[bytes] = queue.Queue()

    class Listen(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while octets := self.request.recv(4096):
                heard.put(octets)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Listen) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield Silent(server.server_address[1], heard)
        finally:
            server.shutdown()
