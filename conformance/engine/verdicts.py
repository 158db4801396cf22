# SPDX-License-Identifier: Apache-2.0
"""Verdicts, their order, their roll-up, and the exit code that follows.

Source: the verdict order follows ISO/IEC 9646 practice, with *error* apart from
*inconclusive* and *not-tested* apart from *not-applicable*.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["Cause", "ExitCode", "Verdict", "exit_code", "roll_up"]


class Verdict(StrEnum):
    """The judgement on one requirement, worst first."""

    ERROR = "error"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    WARN = "warn"
    PASS = "pass"
    NOT_TESTED = "not-tested"
    NOT_APPLICABLE = "not-applicable"


class Cause(StrEnum):
    """Where a verdict other than pass comes from."""

    IUT = "iut"
    PEER = "peer"
    BENCH = "bench"
    NETWORK = "network"
    CONFIG = "config"
    SUITE = "suite"


class ExitCode:
    """What the command line returns."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    INCONCLUSIVE = 2
    UNUSABLE = 3
    SUITE_FAILED = 4


_ORDER = list(Verdict)


def roll_up(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst verdict; inconclusive for none at all.

    A run in which nothing was judged (only not-tested and not-applicable) proves
    nothing, so it is inconclusive too.
    """
    worst = min(verdicts, key=_ORDER.index, default=Verdict.INCONCLUSIVE)
    if worst in (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE):
        return Verdict.INCONCLUSIVE
    return worst


def exit_code(verdict: Verdict) -> int:
    """Return the exit code for the verdict of a run."""
    return {
        Verdict.ERROR: ExitCode.SUITE_FAILED,
        Verdict.FAIL: ExitCode.NOT_CONFORMANT,
        Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    }.get(verdict, ExitCode.CONFORMANT)
