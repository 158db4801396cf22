# SPDX-License-Identifier: Apache-2.0
"""How long a user waits for ``luheng --help``, against ``import scapy.all``.

Whoever writes a check by hand on top of scapy pays its import before anything else
happens; our command must not.  Both run as whole processes in the same Python.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib.metadata import version
from pathlib import Path

from common import Target, compare, finish, process_timer

TARGET = Target(seconds=0.120, ratio=0.15)
_HELP = "from conformance.cli.main import entry; entry()"


def main(arguments: list[str]) -> int:
    """Measure, print, return 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args(arguments)

    # Every start would compile anew with it, on both sides, and hide the difference.
    child = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    child["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    python = [sys.executable, "-P", "-c"]
    result = compare(
        "start",
        (
            "luheng --help",
            process_timer([*python, _HELP, "--help"], environment=child),
        ),
        (
            f"import scapy.all ({version('scapy')})",
            process_timer([*python, "import scapy.all"], environment=child),
        ),
        target=TARGET,
        rounds=options.rounds,
    )
    return finish([result], options.json)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
