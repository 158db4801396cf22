# SPDX-License-Identifier: Apache-2.0
"""Run ``luheng`` from a fresh checkout: ``python3 tools/luheng.py demo``.

Makes ``.venv`` when it is missing or out of date, then hands every argument to the
``luheng`` command in it and ends with its exit code.  Standard library only.
"""

from __future__ import annotations

import subprocess
import sys

import environment

SUITE_FAILED = 4  # the command's own code for "not the implementation's fault"


def main(arguments: list[str]) -> int:
    """Run the command; return its exit code."""
    try:
        environment.require_python()
        environment.ensure()
    except environment.Unusable as reason:
        print(f"luheng: {reason}", file=sys.stderr)
        return SUITE_FAILED
    command = [str(environment.script("luheng")), *arguments]
    try:
        return subprocess.call(command, env=environment.child_environment())
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
