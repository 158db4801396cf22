# SPDX-License-Identifier: Apache-2.0
"""What ``luheng demo`` certifies of HJ 212: the simulated station and its faults.

Source: HJ 212-2017 and the profile of surface water stations.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager

from conformance.engine.proof import Bench, Fault, Liberty
from conformance.profile.model import Snapshot
from conformance.protocols.hj212 import faults
from conformance.text import Text

__all__ = ["DEVIATIONS", "PROFILE", "ROLE", "SUBJECT", "USUAL", "bench"]

PROFILE = "sd-water-surface-station"
ROLE = "device"
SUBJECT = Text("内置参考站", "the built-in reference station")
_ALL: Sequence[Fault | Liberty] = (*faults.FAULTS, *faults.LIBERTIES)
DEVIATIONS: Sequence[Fault | Liberty] = tuple(d for d in _ALL if d.role == ROLE)
USUAL = ""
"""The deviation that is shown unless another is chosen."""


def bench(snapshot: Snapshot, deviation: str | None) -> AbstractContextManager[Bench]:
    """Run the station with one deviation or none, for a declaration."""
    return faults.bench(snapshot, ROLE, deviation)
