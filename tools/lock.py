# SPDX-License-Identifier: Apache-2.0
"""Write ``requirements/lock.txt``: the versions that the project is tested with.

Resolves every dependency and extra of ``pyproject.toml`` in a throw-away environment
and writes down what pip chose.  The oldest supported Python decides, because what
installs there installs on newer ones.  Standard library only.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

import environment

_HEADER = """\
# What CI installs: the dependencies and extras of pyproject.toml, resolved on
# Python {version}.  Made by tools/lock.py; used as a pip constraints file.
"""
_PINNED = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+_-]+")


def requirements(pyproject: Path) -> list[str]:
    """Return every requirement of the project but the project itself."""
    table = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    groups = [table["dependencies"], *table["optional-dependencies"].values()]
    own = re.compile(rf"{re.escape(table['name'])}\b")
    return [line for group in groups for line in group if not own.match(line)]


def resolve(wanted: list[str], folder: Path) -> list[str]:
    """Install ``wanted`` into a new environment in ``folder``; return its pins."""
    venv.create(folder, with_pip=True)
    binaries = folder / ("Scripts" if sys.platform == "win32" else "bin")
    pip = [str(binaries / "python"), "-m", "pip"]
    child = environment.child_environment()
    subprocess.run([*pip, "install", "-q", *wanted], check=True, env=child)
    frozen = subprocess.run(
        [*pip, "freeze"], check=True, env=child, capture_output=True, text=True
    )
    return sorted(frozen.stdout.split("\n"), key=str.lower)


def main() -> int:
    """Write the lock file; return an exit code."""
    if sys.version_info[:2] != environment.OLDEST_PYTHON:
        oldest = "{}.{}".format(*environment.OLDEST_PYTHON)
        print(f"run this with Python {oldest}", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        lines = resolve(requirements(environment.ROOT / "pyproject.toml"), Path(folder))
    pins = [line for line in lines if line]
    if strange := [pin for pin in pins if not _PINNED.fullmatch(pin)]:
        # An address in a lock would tie everybody to one machine.
        print(f"not a name and a version: {strange}", file=sys.stderr)
        return 1
    header = _HEADER.format(version="{}.{}".format(*sys.version_info[:2]))
    environment.LOCK.write_text(header + "\n".join(pins) + "\n", "utf-8")
    print(f"{len(pins)} versions in {environment.LOCK.relative_to(environment.ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
