# SPDX-License-Identifier: Apache-2.0
"""A device's run that is stopped, finished later and judged again: its one connection
is a new one after the break, and the evidence tells the two processes apart."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.main import main
from conformance.engine.execution import Event
from conformance.evidence.bundle import result_text
from conformance.evidence.session import Options, prepare, rejudge, resume
from conformance.profile.corpus import default_corpus
from conformance.protocols import room
from tests.cli.bench import lines_of

PROFILE = "sd-base-hj212"
PASSWORD = "Lh2017"
ONLY = ("HJ212-FRM-*", "HJ212-FLW-00*", "HJ212-SEG-0*")


@pytest.fixture
def bench() -> Iterator[Any]:
    """The honest reference station and its declaration."""
    with ExitStack() as stack:
        offers = room("hj212", "faults")
        snapshot = default_corpus().resolve(PROFILE)
        yield snapshot, stack.enter_context(offers.bench(snapshot, "device", None))


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("stop_after", [1, 4])
def test_a_stopped_station_run_is_finished(
    bench: Any, tmp_path: Path, stop_after: int
) -> None:
    snapshot, station = bench
    folder = tmp_path / "run"
    session = prepare(
        station.declaration,
        Options(depth="smoke", seed=3, only=ONLY, folder=folder),
        snapshot=snapshot,
        environ=dict(station.environ),
    )
    seen: list[str] = []

    def stop_soon(event: Event) -> None:
        if event.kind == "finished" and event.record and event.record.start:
            seen.append(event.requirement)
            if len(seen) == stop_after:
                assert session.execution is not None
                session.execution.stop.set()

    stopped = session.execute(stop_soon)
    assert stopped.footer is not None
    assert stopped.footer.partial_reason == "stopped"
    assert len(seen) == stop_after
    started: list[str] = []
    again = resume(folder, Options())
    whole = again.execute(
        lambda event: event.kind == "started" and started.append(event.requirement)
    )
    assert not set(seen) & set(started)
    assert whole.footer is not None
    assert whole.footer.partial_reason == "selection"
    found = [str(r.verdict) for r in whole.records]
    assert not {"fail", "error", "warn"} & set(found)
    assert found.count("pass") > 10
    for requirement in seen:
        record = next(r for r in stopped.records if r.requirement == requirement)
        assert record in whole.records
    text = result_text(rejudge(folder)).splitlines()[1:]
    assert text == result_text(whole).splitlines()[1:]


def test_the_password_of_a_station_stays_in_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every packet of the protocol carries it, a failing one that is shown as well."""
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    demo = "demo --no-open --fault unknown-system --only HJ212-SEG-* --out run"
    assert main(demo.split(), out) == 1
    assert main(["rejudge", "run"], out) == 1
    assert main(["report", "run"], out) == 0
    shown = out.getvalue() + "".join(capsys.readouterr())
    record = next(x for x in lines_of(tmp_path / "run") if x.get("verdict") == "fail")
    octets = b"".join(bytes.fromhex(m["octets"]) for m in record["exchange"])
    assert b"PW=******;" in octets
    traces = (PASSWORD, PASSWORD.encode().hex())
    for path in (tmp_path / "run").iterdir():
        if path.is_file():
            text = path.read_text("utf-8")
            assert not any(trace in text.lower() for trace in map(str.lower, traces)), (
                path
            )
    assert PASSWORD not in shown
    assert PASSWORD.encode() in (tmp_path / "run/evidence/wire.pcapng").read_bytes()
    assert json.loads((tmp_path / "run/evidence/inputs.json").read_text("utf-8"))
    assert os.fspath(tmp_path) not in (tmp_path / "run/report.html").read_text("utf-8")
