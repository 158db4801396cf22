# SPDX-License-Identifier: Apache-2.0
"""Checks of a platform side by side, each as a station of its own; and a late suite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.registry import places
from conformance.engine.result import Record, RunResult
from conformance.engine.run import Run
from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare
from conformance.iut.values import SecretValue
from conformance.link.conversation import recorded_conversations
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.checks import platform_requests as requests
from conformance.protocols.hj212.dialogue import decode
from conformance.protocols.hj212.faults import bench
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.party import Party
from conformance.protocols.hj212.stations import POOL, stations

FIRST = "370000A8900016F000169DC0"
MORE = tuple(f"370000A8900016F000169DD{n}" for n in range(3))
QUICK = ("HJ212-FLW-0*", "HJ212-SPL-*", "HJ212-FRM-0*", "HJ212-VER-00*")
TIMED = ("HJ212-TMO-00*", "HJ212-FLW-025", "HJ212-FLW-055", "HJ212-VER-002")


def execute(
    snapshot: Snapshot,
    folder: Path,
    *,
    deviation: str | None = None,
    only: tuple[str, ...] = (),
    jobs: int = 4,
) -> RunResult:
    with bench(snapshot, "platform", deviation) as made:
        options = Options(depth="smoke", folder=folder, seed=7, only=only, jobs=jobs)
        session = prepare(
            made.declaration, options, snapshot=snapshot, environ=dict(made.environ)
        )
        return session.execute()


def judged(result: RunResult) -> Mapping[str, Record]:
    away = {Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE}
    return {r.requirement: r for r in result.records if r.verdict not in away}


# Who is who


def ixit(**values: Any) -> dict[str, Any]:
    return {
        "hj212_mn": FIRST,
        "hj212_password": SecretValue("env:A", "Lh2017"),
        **values,
    }


def test_one_station_is_one_place() -> None:
    assert places(POOL, ixit()) == 1
    assert [(s.mn, s.pw, s.st) for s in stations(ixit())] == [(FIRST, "Lh2017", "21")]


def test_further_stations_have_the_first_password_unless_they_have_their_own() -> None:
    both = ixit(hj212_more_mn=" ".join(MORE[:2]))
    assert [s.pw for s in stations(both)] == ["Lh2017"] * 3
    own = both | {
        "hj212_more_passwords": tuple(
            SecretValue("env:B", word) for word in ("Lh2018", "Lh2019")
        )
    }
    assert {s.mn: s.pw for s in stations(own)} == {
        FIRST: "Lh2017",
        MORE[0]: "Lh2018",
        MORE[1]: "Lh2019",
    }


def test_a_station_that_a_check_wants_by_name_is_no_place() -> None:
    """Nor does one that is named twice count twice."""
    told = ixit(hj212_more_mn=f"{FIRST} {MORE[0]} {MORE[1]}", hj212_second_mn=MORE[0])
    assert [s.mn for s in stations(told)] == [FIRST, MORE[1]]


# Side by side


@pytest.fixture(scope="module")
def together(
    snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, RunResult]:
    """A run in which four checks go on at once, timers and all."""
    folder = tmp_path_factory.mktemp("together") / "run"
    return folder, execute(snapshot, folder)


def attempts(folder: Path) -> Iterator[tuple[str, int, int, int]]:
    """Yield the attempts that took a station: name, place, begin, end."""
    journal = folder / "evidence" / "journal.jsonl"
    for line in map(json.loads, journal.read_text("utf-8").splitlines()):
        first, last = line["entries"][0], line["entries"][-1]
        if POOL in first.get("taken", {}):
            yield line["name"], first["taken"][POOL], first["at"], last["at"]


def test_nobody_shares_a_station(together: tuple[Path, RunResult]) -> None:
    """Checks overlap, and never two under one MN."""
    folder, _ = together
    known = list(attempts(folder))
    assert {place for _, place, _, _ in known} == {0, 1, 2, 3}
    overlapping = [
        (a, b) for a, b in combinations(known, 2) if max(a[2], b[2]) < min(a[3], b[3])
    ]
    assert len(overlapping) > 10
    assert [pair for pair in overlapping if pair[0][1] == pair[1][1]] == []


def test_each_connection_is_of_one_station_and_heard_of_no_other(
    together: tuple[Path, RunResult],
) -> None:
    """What the platform says on a connection bears the MN that came on it."""
    folder, _ = together
    talks = recorded_conversations(folder / "evidence" / "wire.pcapng")
    seen = set()
    for talk in talks:
        names = {m.segment.mn for m in decode(talk).messages if m.packet.checksum_ok}
        assert len(names) <= 1
        seen |= names
    assert {FIRST, *MORE} <= seen


def test_together_they_find_what_they_find_alone(
    together: tuple[Path, RunResult], snapshot: Snapshot, tmp_path: Path
) -> None:
    alone = execute(snapshot, tmp_path / "alone", only=QUICK, jobs=1)
    _, result = together
    expected = {k: (r.verdict, r.key) for k, r in judged(alone).items()}
    assert len(expected) > 20
    found = {k: (r.verdict, r.key) for k, r in judged(result).items()}
    assert {k: found[k] for k in expected} == expected


@pytest.mark.parametrize(
    ("deviation", "breaks"),
    [
        ("takes-expired-results", {"HJ212-TMO-009": "changed-expired"}),
        ("resends-forever", {"HJ212-TMO-007": "too-many"}),
        ("resends-under-new-qn", {"HJ212-TMO-003": "changed"}),
        ("one-timeout-for-all", {"HJ212-TMO-006": "overdue"}),
    ],
)
def test_a_fault_among_requests_is_blamed_alone(
    deviation: str, breaks: Mapping[str, str], snapshot: Snapshot, tmp_path: Path
) -> None:
    """A request that one check left open is none of another's."""
    result = execute(snapshot, tmp_path / "run", deviation=deviation, only=TIMED)
    bad = {k: r.key for k, r in judged(result).items() if r.verdict is not Verdict.PASS}
    # That resends have no end, TMO-001 sees where the platform never gives up.
    bad.pop("HJ212-TMO-001", None) if deviation == "resends-forever" else None
    assert bad == breaks


# A late suite


def test_a_suite_that_lets_the_time_of_a_part_pass_blames_nobody(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The honest platform gave up, and rightly."""
    monkeypatch.setattr(requests, "_PAUSE", 1.3)
    result = execute(snapshot, tmp_path / "run", only=("HJ212-TMO-006",))
    (record,) = judged(result).values()
    assert (record.verdict, record.key, record.cause) == (
        Verdict.INCONCLUSIVE,
        "suite-late",
        "suite",
    )


def test_a_suite_that_is_slow_after_each_order_blames_nobody(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives the order may take longer than the platform waits."""
    observe = Run.observe

    def slow(self: Run, name: str, **facts: str) -> Any:
        answer = observe(self, name, **facts)
        if name == "send_command":
            self.wait(0.9)
        return answer

    monkeypatch.setattr(Run, "observe", slow)
    found = judged(execute(snapshot, tmp_path / "run", only=TIMED))
    bad = {k: (r.verdict, r.key) for k, r in found.items()}
    bad = {k: v for k, v in bad.items() if v[0] is not Verdict.PASS}
    assert {v for v, _ in bad.values()} <= {Verdict.INCONCLUSIVE}
    assert ("HJ212-FLW-025", (Verdict.INCONCLUSIVE, "suite-late")) in bad.items()


class Clockwork:
    """A line on which the waits end as late as told, and then a packet comes."""

    def __init__(self, late_ns: int) -> None:
        self.now_ns = 0
        self.late_ns = late_ns
        self.deadlines: list[int] = []

    def hear(self, deadline_ns: int) -> Heard | None:
        self.deadlines.append(deadline_ns)
        self.now_ns = deadline_ns + self.late_ns
        return None


@pytest.mark.parametrize(("late_ms", "waits"), [(0, 1), (40, 1), (60, 4), (900, 4)])
def test_a_wait_that_ends_late_is_made_longer_so_many_times(
    late_ms: int, waits: int
) -> None:
    party, line = Party(), Clockwork(late_ms * 1_000_000)
    party._line = line  # type: ignore[assignment]
    assert party.until(lambda heard: False, 1.0) is None
    assert len(line.deadlines) == waits
    gaps = [b - a for a, b in pairwise(line.deadlines)]
    assert gaps == [2 * line.late_ns] * (waits - 1)
