# SPDX-License-Identifier: Apache-2.0
"""What the checks of a station leave behind, and how short their failures are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare, rejudge
from conformance.profile.model import Snapshot
from conformance.protocols.hj212 import faults
from conformance.protocols.hj212.codec.segment import Segment
from conformance.protocols.hj212.simulator import (
    Parameters,
    StationSimulator,
    StationTalk,
)
from conformance.protocols.hj212.simulator.orders import ORDERS, Order

CHANGING = (
    "HJ212-FLW-001",
    "HJ212-FLW-002",
    "HJ212-FLW-024",
    "HJ212-FLW-043",
    "HJ212-SEG-021",
    "HJ212-FLW-012",
    "HJ212-FLW-014",
    "HJ212-FLW-015",
    "HJ212-FLW-030",
    "HJ212-FLW-031",
    "HJ212-FLW-039",
    "HJ212-TMO-008",
)
"""Requirements whose checks change something in the station."""


def run(
    snapshot: Snapshot, deviation: str | None, folder: Path, *only: str
) -> RunResult:
    with faults.bench(snapshot, "device", deviation) as made:
        options = Options(depth="smoke", folder=folder, seed=7, only=only)
        session = prepare(
            made.declaration, options, snapshot=snapshot, environ=dict(made.environ)
        )
        return session.execute()


def record_of(result: RunResult, requirement: str) -> Record:
    return next(r for r in result.records if r.requirement == requirement)


def test_a_station_is_left_as_it_was(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was set is set back, also where the check found a fault."""
    made: list[StationSimulator] = []

    class Seen(StationSimulator):
        def __enter__(self) -> Seen:
            made.append(self)
            return super().__enter__()

    monkeypatch.setattr(faults, "StationSimulator", Seen)
    faulty = {
        None: set[str](),
        "password-resets-intervals": {"HJ212-FLW-015"},
        "sets-though-refused": {"HJ212-FLW-024"},
        "sets-for-foreign-mn": {"HJ212-FLW-043"},
    }
    for number, (deviation, broken) in enumerate(faulty.items()):
        result = run(snapshot, deviation, tmp_path / str(number), *CHANGING)
        judged = {name: record_of(result, name).verdict for name in CHANGING}
        failed = {k for k, v in judged.items() if v is not Verdict.PASS}
        assert failed == broken
        station = made[-1]
        expected = Parameters(password=station.who.pw)
        expected.sampling = {"w01001": ("000000", "2")}
        assert station.parameters == expected
        assert abs(station.site.ahead) < timedelta(seconds=2)
        assert station.streams == {}


@pytest.mark.parametrize(
    ("deviation", "requirement", "step"),
    [
        (
            "password-resets-intervals",
            "HJ212-FLW-015",
            "set RtdInterval, password",
        ),
        ("forgets-MinInterval", "HJ212-FLW-015", "set MinInterval"),
        ("forgets-password", "HJ212-FLW-014", "password, old password"),
    ],
)
def test_the_shortest_sequence_is_told(
    snapshot: Snapshot,
    tmp_path: Path,
    deviation: str,
    requirement: str,
    step: str,
) -> None:
    result = run(snapshot, deviation, tmp_path / "run", requirement)
    record = record_of(result, requirement)
    assert record.verdict is Verdict.FAIL
    assert record.step == step


def test_what_a_result_outside_its_table_means_stays_open(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ExeRtn=0 is a breach of its own; password and intervals are put back."""
    made: list[StationSimulator] = []

    class Seen(StationSimulator):
        def __enter__(self) -> Seen:
            made.append(self)
            return super().__enter__()

    monkeypatch.setattr(faults, "StationSimulator", Seen)
    names = ("HJ212-FLW-008", "HJ212-FLW-014", "HJ212-FLW-015")
    result = run(snapshot, "result-zero", tmp_path / "run", *names)
    judged = [record_of(result, name).verdict for name in names]
    assert judged == [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE]
    assert record_of(result, "HJ212-FLW-015").key == "result"
    assert made[0].parameters == Parameters(password=made[0].who.pw)


def test_a_reading_that_does_not_come_is_no_value_that_was_taken(
    snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refusal was there; without the reading after it nothing can be said."""
    refused: list[str] = []
    sets, tells = ORDERS["1062"], ORDERS["1061"]

    def set_(talk: StationTalk, segment: Segment, qn: str) -> str:
        result = sets(talk, segment, qn)
        refused.extend([qn] if result != "1" else ())
        return result

    def tell(talk: StationTalk, segment: Segment, qn: str) -> str:
        return tells(talk, segment, qn) if not refused else "1"

    monkeypatch.setitem(dict_of(ORDERS), "1062", set_)
    monkeypatch.setitem(dict_of(ORDERS), "1061", tell)
    result = run(snapshot, None, tmp_path / "run", "HJ212-SEG-019")
    record = record_of(result, "HJ212-SEG-019")
    assert (record.verdict, record.key) == (Verdict.INCONCLUSIVE, "read-back")


def dict_of(orders: Mapping[str, Order]) -> dict[str, Order]:
    assert isinstance(orders, dict)
    return orders


def test_a_lost_packet_is_told_by_how_it_was_written(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    result = run(snapshot, "one-packet-per-read", tmp_path / "run", "HJ212-FRM-007")
    record = record_of(result, "HJ212-FRM-007")
    assert record.verdict is Verdict.FAIL
    assert "in one write with the packet before it" in str(record.expected)


def test_a_device_that_was_lost_before_has_not_come_back(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """Its connection ended in an earlier check, which said so of the network."""
    names = ("HJ212-TMO-007", "HJ212-CON-001")
    result = run(snapshot, "gone-when-given-up", tmp_path / "run", *names)
    judged = {name: record_of(result, name) for name in names}
    assert judged["HJ212-TMO-007"].verdict is Verdict.INCONCLUSIVE
    assert judged["HJ212-CON-001"].verdict is Verdict.WARN
    assert judged["HJ212-CON-001"].key == "no-return"
    again = rejudge(tmp_path / "run")
    assert [r.to_json() for r in again.records] == [r.to_json() for r in result.records]


def test_a_faster_clock_is_told(snapshot: Snapshot, tmp_path: Path) -> None:
    result = run(snapshot, None, tmp_path / "run", "HJ212-FLW-019")
    record = record_of(result, "HJ212-FLW-019")
    assert record.verdict is Verdict.PASS
    assert any("60 times as fast" in str(remark) for remark in record.remarks)


def test_a_failure_of_a_station_can_be_judged_again(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """Restarts, events and changed passwords are on the record like anything else."""
    names = ("HJ212-FLW-014", "HJ212-FLW-036", "HJ212-FLW-041", "HJ212-CON-001")
    folder = tmp_path / "run"
    result = run(snapshot, "keeps-old-password", folder, *names)
    again = rejudge(folder)
    assert [r.to_json() for r in again.records] == [r.to_json() for r in result.records]
    assert {r.requirement for r in result.records if r.key} == {"HJ212-FLW-014"}
