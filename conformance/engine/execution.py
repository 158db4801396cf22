# SPDX-License-Identifier: Apache-2.0
"""A plan carried out: which check runs when, on which sockets, and what is kept.

An exercise comes first; it shows whether the implementation can be reached at all and
makes the traffic that rules judge.  Checks of a platform are independent and share a
bounded pool of threads, each with the seats that it needs to itself (``seats.py``);
exclusive ones run alone afterwards.  A device has one
connection, so its checks run one after the other.  Rules come last, over the whole
recording.  Journal and record of a requirement are handed to the sink as soon as it is
done, so that a killed run loses only what it was doing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Literal, Protocol

from conformance.engine import outcome as outcomes
from conformance.engine.judge import SIDES, Judge, decode, judge_rule
from conformance.engine.outcome import Outcome
from conformance.engine.registry import Procedure, find, procedures, strangers
from conformance.engine.result import Record
from conformance.engine.run import Run, Setup
from conformance.engine.seats import Seats, Taken
from conformance.engine.secrets import Redactor
from conformance.engine.verdicts import Cause, Verdict
from conformance.iut.selection import Item, Plan
from conformance.link.conversation import Conversation, recorded_conversations
from conformance.link.hub import Hub, Limits, Listener, RunStopped
from conformance.link.journal import Recording
from conformance.link.recorder import Recorder, StorageFailed

__all__ = [
    "Event",
    "Execution",
    "Sink",
    "actor_of",
    "attempt_facts",
    "exercises",
    "is_the_end",
    "protocol_of",
    "rule_records",
]

_NOBODY = (
    "link.refused",
    "link.unresolved",
    "link.unreachable",
    "link.connect-timeout",
    "link.nobody-connected",
    "link.address-in-use",
    "link.cannot-listen",
)
"""Outcomes of an exercise after which no check can say more."""

_SURE = (Verdict.PASS, Verdict.FAIL)
"""Outcomes that a stop in the middle cannot have caused."""


class Sink(Protocol):
    """Keeps what a run produces, at once."""

    def journal(self, line: dict[str, Any]) -> None: ...

    def record(self, record: Record) -> None: ...


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a progress display shows."""

    kind: Literal["started", "finished"]
    requirement: str
    record: Record | None = None


@dataclass(slots=True)
class Execution:
    """One process's part of a run."""

    setup: Setup
    plan: Plan
    recorder: Recorder
    recording: Path
    sink: Sink
    redactor: Redactor
    jobs: int = 4
    retries: int = 0
    process: int = 0
    """Which process of the run this is; a resumed run has several."""
    done: Mapping[str, Record] = field(default_factory=dict)
    """Records of an earlier process of the same run."""
    on_event: Callable[[Event], None] = lambda event: None
    stop: threading.Event = field(default_factory=threading.Event)
    futures: dict[str, Future[Record]] = field(default_factory=dict)
    late: bool = False
    """Whether the declaration's time for the whole run is used up."""
    broken: StorageFailed | None = None
    """Set when the evidence could no longer be kept."""
    _hub: Hub | None = None
    _shared: dict[str, Any] = field(default_factory=dict)
    _listeners: dict[str, Listener] = field(default_factory=dict)
    _unreachable: dict[str, Outcome] = field(default_factory=dict)
    _notices: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for item in self.plan.items:
            self.futures[item.requirement.id] = Future()

    def run(self) -> list[Record]:
        """Carry out the plan; return the records there are, in profile order.

        After ``stop`` was set, or on ``KeyboardInterrupt``, the rest is left undone.
        """
        total_s = self.setup.declaration.limits.total_s
        alarm = threading.Timer(total_s or 0, self._out_of_time)
        alarm.daemon = True
        if total_s:
            alarm.start()
        try:
            self._everything()
        except (KeyboardInterrupt, RunStopped):
            self.stop.set()
        except StorageFailed as failed:
            self.stop.set()
            self.broken = failed
        finally:
            alarm.cancel()
            self._close()
        for future in self.futures.values():
            future.cancel()
        done = [f for f in self.futures.values() if f.done() and not f.cancelled()]
        return [future.result() for future in done]

    def _out_of_time(self) -> None:
        self.late = True
        self.stop.set()

    def _everything(self) -> None:
        todo = []
        for item in self.plan.items:
            if item.requirement.id in self.done:
                self._settle(self.done[item.requirement.id], keep=False)
            elif not item.included:
                self._settle(outcomes.out_of_plan(item))
            else:
                todo.append(item)
        checks = [(i, self._procedure(i)) for i in todo]
        active = [(i, p) for i, p in checks if p.kind == "check"]
        rules = [(i, p) for i, p in checks if p.kind == "rule"]
        if self.setup.declaration.role != "platform":
            self._hub = self._new_hub()
        if not todo:
            return
        for exercise in exercises(self.setup, [p for _, p in checks]):
            self._exercise(exercise)
        together = [(i, p) for i, p in active if not p.exclusive]
        self._in_pool(together)
        for item, procedure in active:
            if procedure.exclusive:
                self._check(item, procedure)
        # Nobody reads any more: what came now would look like silence to rules.
        self._close()
        self.recorder.flush()
        talks = recorded_conversations(self.recording)
        for record in rule_records(
            self.setup, rules, talks, self.redactor, self._unreachable
        ):
            if self.stop.is_set():
                raise RunStopped
            self._settle(record)

    def _in_pool(self, work: list[tuple[Item, Procedure]]) -> None:
        jobs = self.jobs if self._hub is None else 1
        if jobs == 1:
            for item, procedure in work:
                self._check(item, procedure)
            return
        # Last of all, a check that lets seconds pass would hold up the end alone.
        work.sort(key=lambda each: not each[1].waits)
        seats = Seats(self.setup.ixit)
        pending: dict[Future[None], Taken] = {}
        with ThreadPoolExecutor(jobs, thread_name_prefix="check") as pool:
            try:
                while work or pending:
                    while len(pending) < jobs and (ready := seats.first(work)):
                        item, procedure, taken = ready
                        future = pool.submit(self._check, item, procedure, taken)
                        pending[future] = taken
                    done, _ = wait(pending, 0.5, FIRST_COMPLETED)
                    for future in done:
                        seats.leave(pending.pop(future))
                        future.result()
            except BaseException:
                self.stop.set()
                pool.shutdown(cancel_futures=True)
                raise

    def _procedure(self, item: Item) -> Procedure:
        requirement = item.requirement
        assert requirement.check is not None
        return find(requirement.check.name, actor_of(requirement.actor, self.setup))

    def _exercise(self, procedure: Procedure) -> None:
        self.on_event(Event("started", procedure.name))
        outcome = self._attempt(None, procedure, {}, 1)[1]
        if is_the_end(outcome):
            self._unreachable[protocol_of(procedure)] = outcome

    def _check(
        self, item: Item, procedure: Procedure, taken: Taken | None = None
    ) -> None:
        if self.stop.is_set():
            raise RunStopped
        requirement = item.requirement
        assert requirement.check is not None
        with self._notices:
            self.on_event(Event("started", requirement.id))
        params = dict(requirement.check.params)
        attempts = []
        for attempt in range(1, self.retries + 2):
            run, outcome = self._attempt(item, procedure, params, attempt, taken)
            attempts.append(attempt_facts(run, outcome))
            if outcome.verdict is not Verdict.INCONCLUSIVE:
                break
            if outcome.cause is not Cause.NETWORK:
                break
        self._settle(
            outcomes.record_of(
                run, requirement, procedure, outcome, self.redactor, attempts=attempts
            )
        )

    def _attempt(
        self,
        item: Item | None,
        procedure: Procedure,
        params: Mapping[str, Any],
        attempt: int,
        taken: Taken | None = None,
    ) -> tuple[Run, Outcome]:
        name = item.requirement.id if item else procedure.name
        hub = self._hub or self._new_hub()
        hub.begin(name)
        journal = Recording(self.recorder.clock)
        clock = self.recorder.clock
        begin = {"taken": taken} if taken else {}
        journal.step("begin", begin, lambda: {"at": clock.now_ns()})
        run = Run(
            self.setup,
            item.requirement if item else None,
            journal,
            hub,
            name=name,
            shared=self._shared if self._hub else {},
            listeners=self._listeners if self._hub else {},
            attempt=attempt,
            taken=taken,
        )
        try:
            known = self._unreachable.get(protocol_of(procedure))
            outcome = known or outcomes.perform(run, procedure, params)
            if self.stop.is_set() and outcome.verdict not in _SURE:
                raise RunStopped  # an interrupt may be all that went wrong
        finally:
            if hub is not self._hub:
                hub.close()
        journal.step("end", {}, lambda: {"at": clock.now_ns()})
        self.recorder.flush()
        line: dict[str, Any] = {"name": name, "attempt": attempt}
        if known:
            line["unreachable"] = True
        self.sink.journal(line | {"process": self.process, "entries": journal.entries})
        return run, outcome

    def _new_hub(self) -> Hub:
        limits = self.setup.declaration.limits
        return Hub(
            self.recorder,
            self.stop,
            Limits(requirement_s=limits.requirement_s or Limits().requirement_s),
        )

    def _settle(self, record: Record, *, keep: bool = True) -> None:
        with self._notices:
            if keep:
                self.sink.record(record)
            self.futures[record.requirement].set_result(record)
            self.on_event(Event("finished", record.requirement, record))

    def _close(self) -> None:
        hub, self._hub = self._hub, None
        if hub is not None:
            with suppress(StorageFailed):
                hub.close()
        with suppress(StorageFailed):
            self.recorder.flush()


def is_the_end(outcome: Outcome) -> bool:
    """Whether an exercise showed that nothing of its protocol can be judged.

    Nobody is there, or the declaration is not that of whoever is.
    """
    if outcome.verdict is Verdict.PASS:
        return False
    return outcome.key in _NOBODY or outcome.cause is Cause.CONFIG


def actor_of(actor: str, setup: Setup) -> str:
    """Return the actor whose procedure judges a requirement that binds ``actor``."""
    role = setup.declaration.role
    return role if actor == "both" else actor


def exercises(setup: Setup, wanted: Iterable[Procedure]) -> list[Procedure]:
    """Return the exercises of the protocols that the wanted procedures belong to."""
    role = setup.declaration.role
    protocols = dict.fromkeys(protocol_of(p) for p in wanted)
    return [
        p
        for protocol in protocols
        for p in procedures(protocol)
        if p.kind == "exercise" and p.actor == role
    ]


def rule_records(
    setup: Setup,
    rules: list[tuple[Item, Procedure]],
    conversations: list[Conversation],
    redactor: Redactor,
    ends: Mapping[str, Outcome],
) -> Iterator[Record]:
    """Judge the rules of a plan over recorded conversations.

    One conversation by all rules, then the next: only one is decoded at a time.
    ``ends`` has the protocols that an exercise put an end to, and how.
    """
    judges = [
        Judge(
            setup.snapshot,
            setup.ixit,
            SIDES[procedure.actor],
            answers=setup.declaration.ics,
        )
        for _, procedure in rules
    ]
    actors = {procedure.actor for _, procedure in rules}
    for talk, actor in product(conversations, actors):
        for protocol, decoded in decode([talk], actor).items():
            is_strange = strangers(protocol)
            dialogues = [d for d in decoded if not is_strange(d, setup.ixit)]
            for (item, procedure), judge in zip(rules, judges, strict=True):
                check = item.requirement.check
                if (procedure.actor, protocol_of(procedure)) == (actor, protocol):
                    assert check is not None
                    judge_rule(procedure, check.params, dialogues, judge)
    for (item, procedure), judge in zip(rules, judges, strict=True):
        end = ends.get(protocol_of(procedure))
        yield outcomes.of_rule(item.requirement, procedure, judge, redactor, end)


def protocol_of(procedure: Procedure) -> str:
    """Return the protocol folder that a procedure lies in."""
    return procedure.name.partition(".")[0]


def attempt_facts(run: Run, outcome: Outcome) -> dict[str, Any]:
    """Return what a record tells of one attempt."""
    entries = run.journal.entries
    return {
        "verdict": str(outcome.verdict),
        "cause": str(outcome.cause) if outcome.cause else None,
        "key": outcome.key,
        "duration_s": round((entries[-1]["at"] - entries[0]["at"]) / 1e9, 6),
    }
