# SPDX-License-Identifier: Apache-2.0
"""Places are taken by one check at a time, and by no check that need not wait."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from conformance.engine import registry
from conformance.engine.registry import Procedure
from conformance.engine.seats import Seats


@pytest.fixture(autouse=True)
def pools(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"toy.chair": lambda ixit: ixit.get("chairs", 0), "toy.bell": lambda _: 1}
    monkeypatch.setattr(registry, "_POOLS", sizes)
    monkeypatch.setattr(registry, "_load_for", lambda name: None)


def work(*takes: tuple[str, ...]) -> list[Any]:
    return [
        (
            SimpleNamespace(number=number),
            Procedure(f"toy.{number}", "platform", "check", print, takes=pools),
        )
        for number, pools in enumerate(takes)
    ]


def begun(seats: Seats, todo: list[Any]) -> list[tuple[int, dict[str, int]]]:
    found = []
    while ready := seats.first(todo):
        found.append((ready[0].number, dict(ready[2])))
    return found


def test_as_many_begin_as_there_are_places() -> None:
    todo = work(*[("toy.chair",)] * 3)
    seats = Seats({"chairs": 2})
    assert begun(seats, todo) == [(0, {"toy.chair": 0}), (1, {"toy.chair": 1})]
    seats.leave({"toy.chair": 1})
    assert begun(seats, todo) == [(2, {"toy.chair": 1})]
    assert todo == []


def test_a_pool_has_a_place_at_least() -> None:
    assert begun(Seats({}), work(("toy.chair",), ("toy.chair",))) == [
        (0, {"toy.chair": 0})
    ]


def test_who_needs_no_place_passes_who_waits_for_one() -> None:
    todo = work(("toy.chair",), ("toy.chair",), ())
    assert [n for n, _ in begun(Seats({}), todo)] == [0, 2]


def test_who_needs_two_takes_none_until_both_are_free() -> None:
    todo = work(("toy.bell",), ("toy.chair", "toy.bell"), ("toy.chair",))
    seats = Seats({"chairs": 1})
    assert [n for n, _ in begun(seats, todo)] == [0, 2]
    seats.leave({"toy.bell": 0})
    assert begun(seats, todo) == []
    seats.leave({"toy.chair": 0})
    assert begun(seats, todo) == [(1, {"toy.chair": 0, "toy.bell": 0})]
