# SPDX-License-Identifier: Apache-2.0
"""Settings for every pytest run in this checkout."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# A loaded machine is slow, not wrong: how long an example takes is a matter for
# benchmarks/, never for a test's verdict.
settings.register_profile("luheng", deadline=None)
settings.register_profile("luheng-ci", deadline=None, derandomize=True, database=None)
settings.load_profile("luheng-ci" if os.environ.get("CI") else "luheng")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers (``-n 2``) one of them keeps all that fills the machine.

    Trials run many at a time and are judged by the clock; two lots of them at once
    would blame implementations for what is the machine's.  All else goes by file.
    """
    from xdist.scheduler import LoadFileScheduling

    class OneKeepsTheSlow(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "slow" if is_slow(str(config.rootpath / file)) else file

    return OneKeepsTheSlow(config, log)


@cache
def is_slow(file: str) -> bool:
    """Whether a test file marks something of its own as slow."""
    return "mark.slow" in Path(file).read_text("utf-8")
