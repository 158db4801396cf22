# SPDX-License-Identifier: Apache-2.0
"""Worst first; nothing judged proves nothing."""

from __future__ import annotations

import pytest

from conformance.engine.verdicts import Verdict as V
from conformance.engine.verdicts import exit_code, roll_up

CASES = [
    ([], V.INCONCLUSIVE),
    ([V.NOT_APPLICABLE, V.NOT_TESTED], V.INCONCLUSIVE),
    ([V.PASS, V.NOT_TESTED], V.PASS),
    ([V.PASS, V.WARN], V.WARN),
    ([V.WARN, V.INCONCLUSIVE, V.PASS], V.INCONCLUSIVE),
    ([V.INCONCLUSIVE, V.FAIL], V.FAIL),
    ([V.FAIL, V.ERROR], V.ERROR),
]


@pytest.mark.parametrize(("verdicts", "expected"), CASES)
def test_roll_up(verdicts: list[V], expected: V) -> None:
    assert roll_up(verdicts) == expected


def test_exit_codes() -> None:
    assert [exit_code(v) for v in V] == [4, 1, 2, 0, 0, 0, 0]
