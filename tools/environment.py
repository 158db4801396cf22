# SPDX-License-Identifier: Apache-2.0
"""The checkout's own Python environment: made once, used again.

Turns ``pyproject.toml`` into a virtual environment in ``.venv`` with the project
installed in place.  Knows nothing about tests.  Standard library only, and no syntax
that an old Python could not read, because it must be able to say that a Python is old.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = [
    "EXTRAS",
    "LOCK",
    "OLDEST_PYTHON",
    "ROOT",
    "Unusable",
    "child_environment",
    "ensure",
    "quiet_python",
    "require_python",
    "script",
]

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "lock.txt"
OLDEST_PYTHON = (3, 11)
EXTRAS = ("", "test", "dev")  # each holds the one before

_VENV = ROOT / ".venv"
_STAMP = _VENV / "luheng-installed.json"
_BIN = "Scripts" if os.name == "nt" else "bin"
_EXE = ".exe" if os.name == "nt" else ""


class Unusable(Exception):
    """The environment cannot be made; the text says why in one sentence."""


def require_python() -> None:
    """Raise ``Unusable`` when the running Python is too old for the project."""
    if sys.version_info < OLDEST_PYTHON:
        raise Unusable(
            "Luheng needs Python {}.{} or newer, but {} is Python {}.{}.".format(
                *OLDEST_PYTHON, sys.executable, *sys.version_info[:2]
            )
        )


def script(name: str) -> Path:
    """Return the path of a command (``python``, ``luheng``, ...) of the environment."""
    return _VENV / _BIN / (name + _EXE)


def child_environment(**more: str) -> dict[str, str]:
    """Return the environment for a child process.

    Without ``PYTHONDONTWRITEBYTECODE``, which container images like to set: with it
    every start compiles hypothesis again.  Without what ties a Python to another
    installation.
    """
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"}
    kept = {key: value for key, value in os.environ.items() if key not in unwanted}
    kept.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return {**kept, **more}


def ensure(extra: str = "", locked: bool = False) -> Path:
    """Make ``.venv`` hold the project and return its Python.

    ``extra`` is one of ``EXTRAS``; ``locked`` pins every dependency to
    ``requirements/lock.txt``.  An environment that already holds as much is left
    alone.
    """
    python = script("python")
    if not _runs(python):
        _create()
    if not _holds(extra, locked):
        _STAMP.unlink(missing_ok=True)
        _install(python, extra, locked)
        stamp = {"extra": extra, "locked": locked, "sources": _sources()}
        _STAMP.write_text(json.dumps(stamp), "utf-8")
    return python


def quiet_python(python: Path, *arguments: str) -> int:
    """Run the environment's Python with the given arguments; return its exit code."""
    return subprocess.call([str(python), *arguments], cwd=ROOT, env=child_environment())


def _runs(python: Path) -> bool:
    """Whether ``python`` starts, is new enough and has pip."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        done = subprocess.run(
            [str(python), "-c", probe], capture_output=True, env=child_environment()
        )
    except OSError:
        return False
    return done.returncode == 0


def _create() -> None:
    # What somebody else put there is theirs to remove.
    if _VENV.exists() and not (_VENV / "pyvenv.cfg").is_file():
        raise Unusable(f"{_VENV} is in the way: remove it and run this again.")
    _say(f"making {_VENV.name}")
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(_VENV)],
        capture_output=True,
        text=True,
        env=child_environment(),
    )
    if done.returncode:
        raise Unusable(
            f"{sys.executable} cannot make a virtual environment (on Debian and "
            f"Ubuntu: install python3-venv): {done.stdout}{done.stderr}"
        )


def _install(python: Path, extra: str, locked: bool) -> None:
    target = f".[{extra}]" if extra else "."
    pins = ["--constraint", str(LOCK)] if locked else []
    _say(f"installing {target}" + (" as pinned in the lock" if locked else ""))
    code = quiet_python(python, "-m", "pip", "install", "-q", *pins, "-e", target)
    if code:
        raise Unusable(f"pip could not install {target} (exit code {code}).")


def _holds(extra: str, locked: bool) -> bool:
    """Whether the environment was last installed with at least this."""
    try:
        stamp = json.loads(_STAMP.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return (
        stamp["sources"] == _sources()
        and EXTRAS.index(stamp["extra"]) >= EXTRAS.index(extra)
        and stamp["locked"] >= locked
    )


def _sources() -> str:
    """Return a digest of what an installation is made from, and of where it is."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (ROOT / "pyproject.toml", LOCK):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _say(text: str) -> None:
    print(f"luheng: {text}", file=sys.stderr, flush=True)
