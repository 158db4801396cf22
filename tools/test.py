# SPDX-License-Identifier: Apache-2.0
"""Set up and run all tests from a fresh checkout: ``python3 tools/test.py``.

Makes ``.venv``, installs the real implementations that some tests talk to where this
machine lets it, runs pytest and ends with pytest's exit code.  Arguments that are not
listed under ``--help`` go to pytest.  Standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

import environment

sys.path.insert(0, str(environment.ROOT))

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
    missing = provide_peers(install=not options.no_install_peers)
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


def provide_peers(*, install: bool) -> list[str]:
    """Install what is missing where that is possible; return what is still missing.

    Says for each which tests will be left out.
    """
    from tests.peers import PEERS, find

    missing = [name for name in PEERS if find(name) is None]
    if missing and install:
        _apt_install([PEERS[name].debian_package for name in missing])
        missing = [name for name in missing if find(name) is None]
    for name in missing:
        print(
            f"luheng: {name} is not installed; left out: {PEERS[name].serves}",
            file=sys.stderr,
        )
    return missing


def _apt_install(packages: list[str]) -> None:
    """Install Debian packages, if this is Debian and we may; a failure is reported."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get")):
        return
    print(f"luheng: apt-get install {' '.join(packages)}", file=sys.stderr, flush=True)
    child = environment.child_environment(DEBIAN_FRONTEND="noninteractive")
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends"]
    # The package lists may be older than the archive, or absent, so fetch them first;
    # one by one, so that one package without a candidate does not stop the others.
    for command in ([*apt, "update"], *([*install, name] for name in packages)):
        done = subprocess.run(
            command, env=child, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            print(f"luheng: apt-get failed ({command[-1]}):", *last, file=sys.stderr)


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
        help="leave the system's packages alone",
    )
    flag("--setup-only", action="store_true", help="do not run the tests")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
