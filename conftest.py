# SPDX-License-Identifier: Apache-2.0
"""Settings for every pytest run in this checkout."""

from __future__ import annotations

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

# A loaded machine is slow, not wrong: how long an example takes is a matter for
# benchmarks/, never for a test's verdict.
settings.register_profile("luheng", deadline=None)
settings.register_profile("luheng-ci", deadline=None, derandomize=True, database=None)
settings.load_profile("luheng-ci" if os.environ.get("CI") else "luheng")
