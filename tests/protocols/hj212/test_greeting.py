# SPDX-License-Identifier: Apache-2.0
"""A declaration that is not that of the station ends the run at its first exchange."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.evidence.bundle import result_text
from conformance.evidence.session import Options, judge_capture, prepare, rejudge
from conformance.iut.declaration import Declaration
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.faults import bench
from conformance.report.text import summary_lines

OTHER_MN = "370000A8900016F000169DCF"
NOT_JUDGED = {Verdict.INCONCLUSIVE, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED}


def run_with(
    snapshot: Snapshot,
    folder: Path,
    deviation: str | None = None,
    environ: dict[str, str] | None = None,
    **ixit: Any,
) -> RunResult:
    """Run the whole profile against a station, with some values declared wrong."""
    with bench(snapshot, "device", deviation) as served:
        right = served.declaration
        file = Path("somewhere") / "wq.iut.yaml"
        lines = {("ixit", "hj212_mn"): 45, ("ixit", "hj212_password"): 46}
        made: Declaration = replace(
            right, file=file, lines=lines, ixit={**right.ixit, **ixit}
        )
        options = Options(depth="smoke", folder=folder)
        environ = {**served.environ, **(environ or {})}
        session = prepare(made, options, snapshot=snapshot, environ=environ)
        return session.execute()


def is_told_once(result: RunResult, folder: Path, key: str) -> list[str]:
    """Nothing was judged, all for one cause, and evidence says the same."""
    assert {record.verdict for record in result.records} == NOT_JUDGED
    blocked = [r for r in result.records if r.verdict is Verdict.INCONCLUSIVE]
    assert {(r.key, r.cause) for r in blocked} == {(key, "config")}
    assert len(blocked) > 50
    assert result.footer is not None
    assert result.footer.duration_s < 10
    again = result_text(rejudge(folder)).split("\n")
    assert again[1:] == result_text(result).split("\n")[1:]
    return summary_lines(result, "en")


def test_a_wrong_password_is_one_cause_with_its_place(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    wrong = {"HJ212_PASSWORD": "Lh2016"}
    result = run_with(snapshot, tmp_path / "run", environ=wrong)
    lines = is_told_once(result, tmp_path / "run", "hj212.password-refused")
    assert lines[1].startswith("wq.iut.yaml:46: ")
    assert "hj212_password" in lines[1]
    assert lines[2].startswith("  → correct the password")
    assert not any("Lh201" in line for line in lines)


def test_a_password_that_no_packet_can_carry_is_named(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    blank = {"HJ212_PASSWORD": "Lh2017 "}
    result = run_with(snapshot, tmp_path / "run", environ=blank)
    lines = is_told_once(result, tmp_path / "run", "hj212.password-form")
    assert "mind blanks in the file" in lines[2]


@pytest.mark.parametrize("deviation", [None, "silent-on-foreign-mn"])
def test_a_wrong_mn_is_one_cause_with_both(
    snapshot: Snapshot, tmp_path: Path, deviation: str | None
) -> None:
    result = run_with(snapshot, tmp_path / "run", deviation, hj212_mn=OTHER_MN)
    lines = is_told_once(result, tmp_path / "run", "hj212.other-mn")
    assert lines[1].startswith("wq.iut.yaml:45: ")
    assert OTHER_MN in lines[1]
    assert "370000A8900016F000169DC0" in lines[1]
    assert sum(OTHER_MN in line for line in lines) == 1


def test_a_wrong_system_code_is_named(snapshot: Snapshot, tmp_path: Path) -> None:
    result = run_with(snapshot, tmp_path / "run", hj212_st="22")
    lines = is_told_once(result, tmp_path / "run", "hj212.system-refused")
    assert "hj212_st" in lines[1]


def test_nobody_there_is_the_first_cause_and_the_only_one(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    with bench(snapshot, "device", None) as served:
        pass  # the station is gone
    ixit = {**served.declaration.ixit, "hj212_connect_timeout": "PT0.2S"}
    made = replace(served.declaration, ixit=ixit)
    options = Options(depth="smoke", folder=tmp_path / "run")
    session = prepare(made, options, snapshot=snapshot, environ=served.environ)
    result = session.execute()
    blocked = [r for r in result.records if r.verdict is Verdict.INCONCLUSIVE]
    assert {(r.key, r.cause) for r in blocked} == {("link.nobody-connected", "network")}
    lines = summary_lines(result, "en")
    assert "no device connected" in lines[1]
    assert not any(r.requirement in line for r in blocked for line in lines)
    again = result_text(rejudge(tmp_path / "run")).split("\n")
    assert again[1:] == result_text(result).split("\n")[1:]


def test_a_capture_is_totalled_by_what_is_spoken_in_it(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    """Rules of another protocol are not inconclusive there; they do not apply."""
    with bench(snapshot, "device", None) as served:
        options = Options(depth="smoke", folder=tmp_path, only=("HJ212-FRM-*",))
        declaration, environ = served.declaration, served.environ
        prepare(declaration, options, snapshot=snapshot, environ=environ).execute()
    wire = tmp_path / "evidence" / "wire.pcapng"
    records = judge_capture(wire, snapshot, role="device", ixit={})
    other = {r.verdict for r in records if r.requirement.startswith("MQTT311-")}
    assert Verdict.NOT_APPLICABLE in other
    assert Verdict.INCONCLUSIVE not in other
    own = {r.verdict for r in records if r.requirement.startswith("HJ212-")}
    assert {Verdict.PASS, Verdict.INCONCLUSIVE} <= own
