# SPDX-License-Identifier: Apache-2.0
"""Set up and run all tests from a fresh checkout: ``python3 tools/test.py``.

Makes ``.venv``, installs the real implementations that some tests talk to where this
machine lets it, runs pytest and ends with pytest's exit code.  Arguments that are not
listed under ``--help`` go to pytest.  Standard library only.
"""

from __future__ import annotations

import argparse
import os
import sys

import environment

SETUP_FAILED = 4  # as pytest's own code for "cannot be used like this"


def main(arguments: list[str]) -> int:
    """Set up, run the tests, return pytest's exit code."""
    options, for_pytest = _parser().parse_known_args(arguments)
    try:
        environment.require_python()
        python = environment.ensure(options.extra, options.locked)
    except environment.Unusable as reason:
        print(f"luheng: {reason}", file=sys.stderr)
        return SETUP_FAILED
    # Only now: what it imports needs a Python that is new enough.
    from install_peers import provide

    missing = provide(python, install=not options.no_install_peers)
    if missing and options.require_peers:
        print(f"luheng: not installed: {', '.join(missing)}", file=sys.stderr)
        return SETUP_FAILED
    if options.setup_only:
        return 0
    if options.require_peers:
        os.environ["LUHENG_REQUIRE_PEERS"] = "1"
    try:
        return environment.quiet_python(python, "-m", "pytest", *for_pytest)
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tools/test.py",
        description="Set up and run all tests. Other arguments go to pytest.",
        allow_abbrev=False,
    )
    flag = parser.add_argument
    flag("--locked", action="store_true", help="versions of requirements/lock.txt")
    flag(
        "--extra",
        choices=environment.EXTRAS[1:],
        default="test",
        help="what to install beside the project (default: test)",
    )
    flag(
        "--require-peers",
        action="store_true",
        help="a missing real implementation is an error, not a skipped test",
    )
    flag(
        "--no-install-peers",
        action="store_true",
        help="install no real implementation, neither in the system nor beside it",
    )
    flag("--setup-only", action="store_true", help="do not run the tests")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
