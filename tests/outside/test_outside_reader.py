# SPDX-License-Identifier: Apache-2.0
"""The suite before implementations that were written without looking at it.

Each runs once, in a worker process, through the whole plan at depth smoke.  An
``xfail`` is a finding in FINDINGS.md; it is strict, so that mending it shows here.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest

from tests.outside.cases import FAULTS, HONEST, ODD, certify

pytestmark = pytest.mark.outside

Records = dict[str, dict[str, Any]]
Runs = Callable[[str], Records]

_WORKERS = 14
_SLOW = ("one-packet", "no-result-of-setting", "one-connection")
"""These keep the suite waiting; they start first."""
_BAD = ("fail", "warn", "error")

# Inconclusive although honest: what the declaration leaves without an occasion.
_UNSEEN = {
    "platform": {"HJ212-SEG-017": "a platform that sets nothing sends no numbers"},
}

# Case -> finding.  See FINDINGS.md.
_UNNAMED: dict[str, str] = {}
_BLAMED: dict[str, str] = {}
_REFUSED: dict[str, str] = {}


def _params(names: dict[str, Any], findings: dict[str, str]) -> list[Any]:
    return [
        pytest.param(name, marks=_marks(findings.get(name)), id=name) for name in names
    ]


def _marks(finding: str | None) -> list[Any]:
    return [pytest.mark.xfail(strict=True, reason=finding)] if finding else []


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    """Every run that a collected test of this module wants, all under way."""
    items = [i for i in request.session.items if i.path == request.path]
    names = {i.callspec.params["name"]: None for i in items}  # type: ignore[attr-defined]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_WORKERS, mp_context=context) as pool:
        order = sorted(names, key=lambda name: not name.endswith(_SLOW))
        under_way: dict[str, Future[Records]] = {
            n: pool.submit(certify, n) for n in order
        }
        yield lambda name: under_way[name].result()


def _bad(records: Records) -> dict[str, str]:
    return {
        key: f"{r['verdict']} {r.get('key')}: {r.get('expected')} | {r.get('actual')}"
        for key, r in records.items()
        if r["verdict"] in _BAD
    }


@pytest.mark.parametrize("name", _params(HONEST, {}))
def test_an_honest_implementation_conforms(runs: Runs, name: str) -> None:
    records = runs(name)
    unseen = {k for k, r in records.items() if r["verdict"] == "inconclusive"}
    assert _bad(records) == {}
    assert unseen <= set(_UNSEEN.get(name, {}))
    assert sum(r["verdict"] == "pass" for r in records.values()) >= 50


@pytest.mark.parametrize("name", _params(ODD, _REFUSED))
def test_an_odd_but_legal_implementation_conforms(runs: Runs, name: str) -> None:
    assert _bad(runs(name)) == {}


@pytest.mark.parametrize("name", _params(FAULTS, _UNNAMED))
def test_a_fault_is_named(runs: Runs, name: str) -> None:
    assert FAULTS[name].breaks in _bad(runs(name))


@pytest.mark.parametrize("name", _params(FAULTS, _BLAMED))
def test_nothing_but_the_fault_is_blamed(runs: Runs, name: str) -> None:
    explained = {FAULTS[name].breaks, *FAULTS[name].follows}
    bad = _bad(runs(name))
    assert {k: v for k, v in bad.items() if k not in explained} == {}
