# SPDX-License-Identifier: Apache-2.0
"""Active procedures of HJ 212; importing this module registers them all.

Stations are driven in :mod:`.checks_device` and :mod:`.checks_intervals`, platforms in
:mod:`.checks_platform`.  What they share is here: damaged packets, and the exercises
that make ordinary traffic for the rules.
"""

from __future__ import annotations

from conformance.protocols.hj212 import (
    checks_device,
    checks_framing,
    checks_intervals,
    checks_platform,
    checks_uploads,
    exercises,
)

__all__ = [
    "checks_device",
    "checks_framing",
    "checks_intervals",
    "checks_platform",
    "checks_uploads",
    "exercises",
]
