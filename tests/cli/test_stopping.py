# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C and kill at every stage of a real run: nothing judged is lost, and the rest
can be done later."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from conformance.link.hooks import console_operator
from tests.cli.bench import (
    TIMEOUT_S,
    declare,
    environment,
    lines_of,
    luheng,
    silent_server,
    start,
)
from tests.engine import toy
from tests.engine.test_execution import HONEST

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")

PROFILE = ("--profile", toy.PROFILE, "--depth", "smoke", "--seed", "7")


def journal(folder: Path) -> Counter[str]:
    """Return how often each name was carried out, as far as it is kept."""
    text = (folder / "evidence/journal.jsonl").read_text("utf-8")
    return Counter(json.loads(line)["name"] for line in text.splitlines())


def verdicts(lines: list[dict[str, Any]]) -> dict[str, str]:
    return {x["requirement"]: x["verdict"] for x in lines if x["type"] == "record"}


EARLY = {
    "profile": "conformance.profile.corpus:Corpus.resolve",
    "folder": "conformance.evidence.bundle:Bundle.create",
    "recording": "conformance.evidence.session:Session.begin",
}
MIDWAY = {
    "connecting": "conformance.link.hub:Hub.connect",
    "sending": "conformance.link.hub:Wire.send",
    "writing a line": "conformance.evidence.bundle:Bundle._append",
    "rules": "conformance.engine.execution:judge_rule",
}
LATE = {
    "closing": "conformance.evidence.bundle:Bundle.finish",
    "reports": "conformance.report:write_all",
}


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        *((stage, "SIGINT") for stage in (*EARLY, *MIDWAY)),
        ("profile", "SIGTERM"),
        ("sending", "SIGTERM"),
    ],
)
def test_an_interrupt_leaves_a_valid_partial_run_that_can_be_finished(
    tmp_path: Path, stage: str, name: str
) -> None:
    place = {**EARLY, **MIDWAY}[stage]
    env = environment(TOY_INTERRUPT=place, TOY_SIGNAL=name)
    with toy.toy_server() as server:
        file = declare(tmp_path, server.port, server.hook_port)
        args = ("run", file, *PROFILE, "--jobs", "1", "--out", "run")
        done = luheng(*args, cwd=tmp_path, env=env)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert "stopping; what was judged is kept" in done.stderr
        folder = tmp_path / "run"
        lines = lines_of(folder)
        assert lines[-1]["type"] == "footer"
        assert lines[-1]["partial_reason"] == "stopped"
        assert not lines[-1]["eligible"]
        assert len(lines) < len(HONEST) + 2
        assert (folder / "report.html").is_file()
        assert "--resume run" in done.stdout
        kept = journal(folder)
        again = luheng("run", "--resume", "run", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    whole = lines_of(folder)
    assert verdicts(whole) == HONEST
    assert whole[-1]["partial"] is False
    for requirement in kept.keys() & HONEST.keys():
        assert journal(folder)[requirement] == 1


@pytest.mark.parametrize("stage", LATE)
def test_an_interrupt_after_the_last_verdict_changes_nothing(
    tmp_path: Path, stage: str
) -> None:
    env = environment(TOY_INTERRUPT=LATE[stage])
    with toy.toy_server() as server:
        file = declare(tmp_path, server.port, server.hook_port)
        done = luheng("run", file, *PROFILE, "--out", "run", cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
    assert verdicts(lines_of(tmp_path / "run")) == HONEST
    assert (tmp_path / "run/report.html").is_file()


def test_ctrl_c_while_nothing_is_answered(tmp_path: Path) -> None:
    """The process waits for an answer that never comes; the interrupt ends it soon."""
    with silent_server() as server:
        file = declare(tmp_path, server.port)
        args = ("run", file, *PROFILE, "--jobs", "1", "--out", "run")
        process = start(*args, cwd=tmp_path)
        server.heard.get(timeout=TIMEOUT_S)  # the exercise
        server.heard.get(timeout=TIMEOUT_S)  # a check, now waiting
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2, out + err
    assert "Traceback" not in err
    lines = lines_of(tmp_path / "run")
    assert lines[-1]["partial_reason"] == "stopped"
    assert "TOY-ACK-001" not in verdicts(lines)


def test_a_second_ctrl_c_leaves_at_once_and_in_order(tmp_path: Path) -> None:
    """Even the impatient get whole lines, and the run can be finished."""
    with silent_server() as server:
        file = declare(tmp_path, server.port)
        process = start(
            "run", file, *PROFILE, "--jobs", "4", "--out", "run", cwd=tmp_path
        )
        server.heard.get(timeout=TIMEOUT_S)
        server.heard.get(timeout=TIMEOUT_S)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 2, out + err
    assert "Traceback" not in err
    lines_of(tmp_path / "run")


def test_a_kill_leaves_no_footer_and_nothing_is_done_twice(tmp_path: Path) -> None:
    with toy.toy_server() as server:
        file = declare(tmp_path, server.port, server.hook_port)
        env = environment(
            TOY_INTERRUPT="tests.engine.toy:Register.apply", TOY_SIGNAL="SIGKILL"
        )
        args = ("run", file, *PROFILE, "--jobs", "1", "--out", "run")
        done = luheng(*args, cwd=tmp_path, env=env)
        assert done.returncode == -signal.SIGKILL
        folder = tmp_path / "run"
        before = lines_of(folder)
        assert before[-1]["type"] == "record"
        finished = [name for name in verdicts(before) if name in journal(folder)]
        assert finished == ["TOY-ACK-001", "TOY-REF-001", "TOY-KEEP-001"]
        judged = rejudge_in(folder)
        assert judged[-1]["partial_reason"] == "killed"
        again = luheng("run", "--resume", "run", cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    whole = lines_of(folder)
    assert verdicts(whole) == HONEST
    records = {x.get("requirement"): x for x in whole}
    for line in before:
        if line.get("requirement") in finished:
            assert records[line["requirement"]] == line
    assert all(journal(folder)[name] == 1 for name in finished)


def test_a_stop_ends_a_question_to_the_operator(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The operator may be out for lunch when the run is stopped."""
    asked, answered, stop = (threading.Event() for _ in range(3))

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def never() -> str:
        asked.set()
        answered.wait(TIMEOUT_S)
        return "yes"

    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", never)
    got: list[str | None] = []
    waiting = threading.Thread(
        target=lambda: got.append(console_operator("Switched off?", TIMEOUT_S, stop))
    )
    waiting.start()
    assert asked.wait(TIMEOUT_S)
    stop.set()
    waiting.join(TIMEOUT_S)
    answered.set()
    assert got == [None]


def rejudge_in(folder: Path) -> list[dict[str, Any]]:
    """Judge again with the toy protocol in a process of its own."""
    done = luheng("rejudge", folder, "--out", "again.jsonl", cwd=folder.parent)
    assert done.returncode == 2, done.stderr
    text = (folder.parent / "again.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_proof_that_is_stopped_leaves_at_once_and_nobody_behind(
    tmp_path: Path, name: str
) -> None:
    words = ("prove", "--role", "platform", "--jobs", "2", "--out", tmp_path / "out")
    env = environment() | {"TMPDIR": str(tmp_path)}
    process = start(*words, cwd=tmp_path, env=env)
    deadline = time.monotonic() + TIMEOUT_S
    while not list(tmp_path.glob("luheng-prove-*/*/evidence")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(process.pid, getattr(signal, name))
    # The end of the pipes is the end of all processes that inherited them.
    _, err = process.communicate(timeout=TIMEOUT_S)
    if name == "SIGTERM":
        assert process.returncode == 2
        assert err.strip() in ("interrupted", "已中断")
        assert list(tmp_path.glob("luheng-*")) == []
