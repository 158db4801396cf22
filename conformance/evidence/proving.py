# SPDX-License-Identifier: Apache-2.0
"""The proof: every check against the honest, each fault and each liberty.

Each deviation is one ordinary run against a bench that has it, so what is proved is
what users run.  The matrix says of each requirement which fault it caught and by which
expectation; ``objections`` says what is wrong with the proof, and an empty list is the
only green.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from conformance.engine.proof import Fault, Liberty
from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare
from conformance.profile.model import CheckRef, Snapshot
from conformance.protocols import room
from conformance.text import Text

__all__ = [
    "Cell",
    "Objection",
    "Part",
    "Proof",
    "Trial",
    "bound",
    "objections",
    "parts",
    "prove",
    "reached",
    "trials",
]

_BAD = (Verdict.FAIL, Verdict.WARN, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Trial:
    """One implementation to run everything against."""

    protocol: str
    role: str
    deviation: Fault | Liberty | None

    @property
    def name(self) -> str:
        return self.deviation.name if self.deviation else "honest"

    @property
    def kind(self) -> str:
        if self.deviation is None:
            return "honest"
        return "fault" if isinstance(self.deviation, Fault) else "liberty"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one requirement said in one trial."""

    verdict: Verdict
    key: str | None
    detail: Any = None


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason why the proof does not hold."""

    code: str
    trial: str
    requirement: str
    text: Text


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole matrix: trial -> requirement -> cell."""

    profile: str
    digest: str
    trials: Sequence[Trial]
    cells: Mapping[Trial, Mapping[str, Cell]]
    objections: Sequence[Objection]

    def to_json(self) -> dict[str, Any]:
        """Return the matrix as plain data."""
        return {
            "format": 1,
            "profile": self.profile,
            "profile_digest": self.digest,
            "trials": [
                {
                    "protocol": t.protocol,
                    "role": t.role,
                    "name": t.name,
                    "kind": t.kind,
                    "title": _words(t.deviation.title) if t.deviation else None,
                    "breaks": dict(t.deviation.breaks)
                    if isinstance(t.deviation, Fault)
                    else {},
                    "cells": {
                        name: {"verdict": str(c.verdict), "key": c.key}
                        for name, c in self.cells[t].items()
                    },
                }
                for t in self.trials
            ],
            "objections": [
                {
                    "code": o.code,
                    "trial": o.trial,
                    "requirement": o.requirement,
                    "text": _words(o.text),
                }
                for o in self.objections
            ],
        }


def trials(
    protocol: str, roles: Iterable[str], snapshot: Snapshot | None = None
) -> list[Trial]:
    """Return the honest, faulty and odd implementations of a protocol's benches.

    With a snapshot those alone that concern an edition which it binds.
    """
    offers = room(protocol, "faults")
    found = []
    for role in roles:
        found.append(Trial(protocol, role, None))
        deviations = [*offers.LIBERTIES, *offers.FAULTS]
        found += [
            bound(Trial(protocol, role, d), snapshot)
            for d in deviations
            if d.role == role and (snapshot is None or d.bears_on(snapshot))
        ]
    return found


def bound(trial: Trial, snapshot: Snapshot | None) -> Trial:
    """Return the trial with its fault bound to the requirements of the snapshot."""
    fault = trial.deviation
    if snapshot is None or not isinstance(fault, Fault):
        return trial
    return replace(trial, deviation=fault.bound(snapshot))


@dataclass(frozen=True, slots=True)
class Part:
    """What to try of one profile over one protocol."""

    snapshot: Snapshot
    protocol: str
    trials: Sequence[Trial]
    only: Sequence[str] | None
    """The requirements to run; ``None`` for all."""


def parts(
    snapshots: Iterable[Snapshot],
    roles: Sequence[str],
    whole: Mapping[str, Sequence[str]],
) -> Iterator[Part]:
    """Yield what to try so that each binding of a check is proved once.

    ``whole`` says by profile which protocols to prove with everything that binds; of
    what comes later, only requirements that nobody before has bound alike.
    """
    seen: dict[str, list[CheckRef]] = {}
    for snapshot in snapshots:
        for protocol in reached(snapshot):
            is_whole = protocol in whole.get(snapshot.id, ())
            own = [
                r
                for r in snapshot.requirements
                if r.check and r.check.name.startswith(f"{protocol}.")
                if is_whole or r.check not in seen.get(r.id, [])
            ]
            for r in own:
                if r.check:
                    seen.setdefault(r.id, []).append(r.check)
            due = {r.id for r in own}
            made = [
                trial
                for trial in trials(protocol, roles, snapshot)
                if not isinstance(trial.deviation, Fault)
                or is_whole
                or due & {*trial.deviation.breaks}
            ]
            if due and made:
                only = None if is_whole else sorted(due)
                yield Part(snapshot, protocol, made, only)


def reached(snapshot: Snapshot) -> list[str]:
    """Return the protocols that a profile names checks of and addresses for.

    What a base says for several protocols is proved where one can be reached.
    """
    named = dict.fromkeys(
        r.check.name.partition(".")[0] for r in snapshot.requirements if r.check
    )
    endpoints = [i.id for i in snapshot.ixit if i.type == "endpoint"]
    return [p for p in named if any(e.startswith(p) for e in endpoints)]


def prove(
    snapshot: Snapshot,
    wanted: Sequence[Trial],
    *,
    depth: str = "smoke",
    jobs: int = 2,
    only: Mapping[str, Sequence[str]] | None = None,
    apart: bool = False,
    complete: bool = False,
    told: Callable[[int], None] = lambda done: None,
) -> Proof:
    """Run the trials and return the matrix with its objections.

    ``only`` names, per trial, the requirements to run; a matrix made with it objects
    to nothing that it did not look at.  ``apart`` gives the trials processes of their
    own, which is quicker for many.  ``complete`` says that every fault of what ``only``
    names is there, so that a check which none of them fails is objected to.  ``told``
    hears how many trials are done.
    """
    cells = {}
    with (
        tempfile.TemporaryDirectory(prefix="luheng-prove-") as scratch,
        _workers(jobs, apart) as pool,
    ):
        run = _trial_apart if apart else run_trial
        rows = {}
        for number, trial in enumerate(wanted):
            chosen = (only or {}).get(trial.name, ())
            folder = Path(scratch) / str(number)
            rows[trial] = pool.submit(run, snapshot, trial, folder, depth, chosen)
        for done, (trial, row) in enumerate(rows.items(), 1):
            cells[trial] = row.result()
            told(done)
    partial = only is not None
    found = list(
        objections(
            snapshot, wanted, cells, partial=partial, complete=complete or not partial
        )
    )
    return Proof(snapshot.ref, snapshot.digest, wanted, cells, found)


@contextmanager
def _workers(jobs: int, apart: bool) -> Iterator[Executor]:
    """Offer threads or processes; who leaves in haste waits for no trial.

    A trial takes a minute and hundreds are waiting.  Processes are asked to end and not
    merely given no more work: the pool hands out some ahead, and an interpreter does
    not end before its children.  Each of them stops its implementations first.
    """
    if apart:
        # The only way to start a process that is the same on every system.
        spawn = multiprocessing.get_context("spawn")
        pool: Executor = ProcessPoolExecutor(jobs, spawn, _begin_work)
    else:
        pool = ThreadPoolExecutor(jobs)
    before = set(multiprocessing.active_children())
    with pool:
        try:
            yield pool
        except BaseException:
            if not apart:
                pool.shutdown(wait=False, cancel_futures=True)
            for worker in {*multiprocessing.active_children()} - before:
                worker.terminate()
            raise


def _begin_work() -> None:
    """Let Ctrl-C be the business of the process that waits for all; end when it does.

    The pool's own queue does not tell: each worker keeps it open for the others.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "in a process of the pool"
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)


_told_to_end = threading.Event()


def _end(number: int, frame: FrameType | None) -> None:
    _told_to_end.set()
    raise KeyboardInterrupt


def _trial_apart(
    snapshot: Snapshot, trial: Trial, folder: Path, depth: str, only: Sequence[str]
) -> dict[str, Cell]:
    """Run a trial in a process that ends with it when it is told to.

    A run that is interrupted keeps what it has and returns, and the pool takes an
    exception for an answer: the process itself must go, once nothing is left running.
    """
    try:
        return run_trial(snapshot, trial, folder, depth, only)
    finally:
        if _told_to_end.is_set():
            os._exit(1)


def run_trial(
    snapshot: Snapshot, trial: Trial, folder: Path, depth: str, only: Sequence[str]
) -> dict[str, Cell]:
    """Run a plan against one bench; return what each requirement said."""
    offers = room(trial.protocol, "faults")
    deviation = trial.deviation.name if trial.deviation else None
    with offers.bench(snapshot, trial.role, deviation) as bench:
        options = Options(depth=depth, folder=folder, seed=1, only=only)
        session = prepare(
            bench.declaration,
            options,
            snapshot=snapshot,
            environ=dict(bench.environ),
        )
        result = session.execute()
    return {
        r.requirement: Cell(r.verdict, r.key, r.actual or r.reason)
        for r in result.records
    }


def objections(
    snapshot: Snapshot,
    wanted: Sequence[Trial],
    cells: Mapping[Trial, Mapping[str, Cell]],
    *,
    partial: bool = False,
    complete: bool = True,
) -> Iterator[Objection]:
    """Yield what is wrong with the proof."""
    killed: dict[tuple[str, str], set[str]] = {}
    for trial in wanted:
        row = cells[trial]
        fault = trial.deviation if isinstance(trial.deviation, Fault) else None
        breaks = dict(fault.breaks) if fault else {}
        allowed = {*breaks, *(fault.also if fault else ())}
        for name, cell in row.items():
            if cell.verdict is Verdict.ERROR:
                yield _objection("error", trial, name, cell)
            elif partial and cell.key == "not-observed":
                continue  # what would have shown it was left out of these runs
            elif fault is None and cell.verdict not in _FINE:
                yield _objection("innocent", trial, name, cell)
            elif cell.verdict in _BAD and name not in allowed:
                yield _objection("wrong-requirement", trial, name, cell)
        for name, key in breaks.items():
            if name not in row:
                continue
            cell = row[name]
            if cell.verdict is Verdict.NOT_APPLICABLE:
                continue  # of another edition; what runs unproved is told below
            if cell.verdict not in (Verdict.FAIL, Verdict.WARN):
                yield _objection("not-noticed", trial, name, cell)
            elif cell.key != key:
                yield _objection("wrong-reason", trial, name, cell)
            else:
                killed.setdefault((trial.role, name), set()).add(trial.name)
    if complete:
        yield from _unproved(snapshot, wanted, cells, killed)


_FINE = (Verdict.PASS, Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE)


def _unproved(
    snapshot: Snapshot,
    wanted: Sequence[Trial],
    cells: Mapping[Trial, Mapping[str, Cell]],
    killed: Mapping[tuple[str, str], set[str]],
) -> Iterator[Objection]:
    """Yield the checks that no fault of their own has made fail."""
    for trial in wanted:
        if trial.deviation is not None:
            continue
        for requirement in snapshot.requirements:
            cell = cells[trial].get(requirement.id)
            ran = cell is not None and cell.verdict is Verdict.PASS
            if ran and (trial.role, requirement.id) not in killed:
                assert cell is not None
                yield _objection("no-fault", trial, requirement.id, cell)


_SENTENCES = {
    "error": Text("套件自身出错", "the suite itself broke"),
    "innocent": Text(
        "合法实现被判为有问题", "an honest or merely odd implementation does not pass"
    ),
    "wrong-requirement": Text(
        "缺陷被无关的要求发现", "a fault is found by a requirement that it leaves alone"
    ),
    "not-noticed": Text("缺陷未被发现", "the fault goes unnoticed"),
    "wrong-reason": Text("失败原因不对", "it fails for another reason"),
    "no-fault": Text("没有专属缺陷能使其失败", "no fault of its own makes it fail"),
}


def _objection(code: str, trial: Trial, requirement: str, cell: Cell) -> Objection:
    seen = f" ({cell.verdict}, {cell.key}: {cell.detail})"
    said = _SENTENCES[code]
    text = Text(said.zh + seen, said.en + seen)
    name = f"{trial.protocol}/{trial.role}/{trial.name}"
    return Objection(code, name, requirement, text)


def _words(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
