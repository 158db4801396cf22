# SPDX-License-Identifier: Apache-2.0
"""Another station at the address of the suite: left alone, and nobody's fault."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from conformance.engine.execution import Event
from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare, rejudge
from conformance.link.conversation import recorded_conversations
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.dialogue import decode
from conformance.protocols.hj212.faults import bench
from conformance.protocols.hj212.packets import Identity, packet
from conformance.protocols.hj212.simulator import StationSimulator
from conformance.protocols.hj212.stations import is_from

MN = "370000A8900016F000169DC0"
STRANGER = Identity(mn="370000A8900016F000169DEE", pw="Foreig", st="32")
FIRST = ("HJ212-FLW-001", "HJ212-FLW-002")
ONLY = ("HJ212-CON-*", "HJ212-FLW-00*", "HJ212-FLW-02*", "HJ212-SEG-*", "HJ212-FRM-*")


def execute(
    snapshot: Snapshot,
    folder: Path,
    *,
    strange: bool,
    deviation: str | None = None,
    only: tuple[str, ...] = ONLY,
) -> RunResult:
    """Run; the stranger comes as soon as the first check begins."""
    with bench(snapshot, "device", deviation) as made, ExitStack() as stack:
        session = prepare(
            made.declaration,
            Options(depth="smoke", folder=folder, seed=7, only=only),
            snapshot=snapshot,
            environ=dict(made.environ),
        )
        endpoint = made.declaration.ixit["hj212_endpoint"]
        stranger = StationSimulator(
            snapshot,
            (endpoint.host, endpoint.port),
            STRANGER,
            answers={item.id: True for item in snapshot.ics},
            quirks=frozenset({"colon"}),
            pace=60,
        )
        here = []

        def watch(event: Event) -> None:
            begun = event.kind == "started" and event.requirement.startswith("HJ212-")
            if strange and begun and not here:
                here.append(stack.enter_context(stranger))

        return session.execute(watch)


@pytest.fixture(scope="module")
def visited(
    snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, RunResult]:
    """A run to which a stranger came, with its folder."""
    folder = tmp_path_factory.mktemp("visited") / "run"
    return folder, execute(snapshot, folder, strange=True)


def test_a_stranger_changes_no_verdict(
    visited: tuple[Path, RunResult], snapshot: Snapshot, tmp_path: Path
) -> None:
    """It comes with another password and broken packets, and before the station comes
    back from a connection that the suite ended."""
    alone = execute(snapshot, tmp_path / "alone", strange=False)
    expected = {r.requirement: (r.verdict, r.key) for r in alone.records}
    assert {r.requirement: (r.verdict, r.key) for r in visited[1].records} == expected
    assert Verdict.PASS in {v for v, _ in expected.values()}
    assert Verdict.FAIL not in {v for v, _ in expected.values()}


def test_the_stranger_was_there_and_got_nothing(
    visited: tuple[Path, RunResult],
) -> None:
    talks = recorded_conversations(visited[0] / "evidence" / "wire.pcapng")
    strange = [
        d
        for d in map(decode, talks)
        if STRANGER.mn in {m.segment.mn for m in d.messages}
    ]
    assert strange
    assert [list(d.of("server")) for d in strange] == [[]] * len(strange)


def test_judging_again_leaves_the_stranger_out_too(
    visited: tuple[Path, RunResult],
) -> None:
    folder, result = visited
    again = rejudge(folder)
    assert [r.to_json() for r in again.records] == [r.to_json() for r in result.records]


def test_a_stranger_that_comes_first_is_not_taken_for_the_station(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """It has connected before the suite looks for anybody."""
    with bench(snapshot, "device", None) as made:
        session = prepare(
            made.declaration,
            Options(
                depth="smoke", folder=tmp_path / "run", seed=7, only=("*-FLW-00*",)
            ),
            snapshot=snapshot,
            environ=dict(made.environ),
        )
        endpoint = made.declaration.ixit["hj212_endpoint"]
        address = (endpoint.host, endpoint.port)
        early: list[socket.socket] = []

        def watch(event: Event) -> None:
            if early or event.requirement != "hj212.exercise":
                return
            early.append(socket.socket())
            execution = session.execution
            assert execution is not None
            assert execution._hub is not None
            run_listener = execution._hub.listen(
                *address, protocol="hj212", iut="client"
            )
            execution._listeners[f"{address[0]}:{address[1]}"] = run_listener
            early[0].connect(address)
            early[0].sendall(packet(STRANGER, "2081", "20260101120000000"))

        result = session.execute(watch)
        early[0].close()
    verdicts = {r.verdict for r in result.records if r.requirement in FIRST}
    assert verdicts == {Verdict.PASS}


def test_a_stranger_is_not_taken_for_a_station_that_comes_back(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """It waits at the address when the station, for good, has gone."""
    result = execute(
        snapshot,
        tmp_path / "run",
        strange=True,
        deviation="never-returns",
        only=("HJ212-CON-001",),
    )
    (record,) = (r for r in result.records if r.requirement == "HJ212-CON-001")
    assert (record.verdict, record.key) == (Verdict.WARN, "no-return")


@pytest.mark.parametrize(
    ("octets", "ours"),
    [
        (b"", True),
        (b"##0101QN=20260101120000000;ST=21;CN=2081", True),
        (f"##0101QN=1;ST=21;CN=2081;PW=x;MN={MN};Flag=5".encode(), True),
        (f"##0101QN=1;ST=21;CN=2081;PW=x;MN={MN.lower()};Flag=5".encode(), True),
        (f"##0101QN=1;ST=21;CN=2081;PW=x;MN={STRANGER.mn};Flag=5".encode(), False),
    ],
)
def test_a_station_is_told_by_its_first_words(octets: bytes, ours: bool) -> None:
    assert is_from(octets, MN) is ours
