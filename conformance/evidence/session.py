# SPDX-License-Identifier: Apache-2.0
"""A run from a declaration to its folder, and everything done with the folder later.

``prepare`` reads, resolves, reviews and plans; nothing is sent before it returns.
``Session.execute`` carries the plan out.  ``resume`` finishes a run that was killed,
``rejudge`` judges stored evidence again, ``reproduce`` sends a failure once more.
The command line and the pytest plugin both go this way.
"""

from __future__ import annotations

import platform
import secrets
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import conformance
from conformance.engine.execution import Event, Execution, protocol_of
from conformance.engine.judge import SIDES, Dialogue, Judge, decode, judge_rule
from conformance.engine.outcome import of_rule
from conformance.engine.registry import find
from conformance.engine.replay import Evidence, judge_again
from conformance.engine.result import Footer, Record, RunResult
from conformance.engine.run import Setup
from conformance.engine.secrets import Redactor
from conformance.engine.verdicts import Verdict
from conformance.errors import InputError
from conformance.evidence.bundle import Bundle, json_lines, sound, write_whole
from conformance.evidence.series import write_series
from conformance.iut.declaration import (
    Declaration,
    ixit_from_json,
    ixit_to_json,
    load_declaration,
    resolve_ixit,
    secrets_of,
)
from conformance.iut.review import refuse, review
from conformance.iut.selection import Plan, plan
from conformance.link.capture import captured_conversations
from conformance.link.clock import Clock, iso
from conformance.link.conversation import recorded_conversations
from conformance.link.hooks import Operator
from conformance.link.journal import PacketStore
from conformance.link.recorder import Recorder, StorageFailed
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Requirement, Snapshot
from conformance.protocols import PROTOCOLS, room

__all__ = [
    "Options",
    "Session",
    "judge_capture",
    "prepare",
    "rejudge",
    "reproduce",
    "resume",
]


_UNFINISHED = ("stopped", "out-of-time")
"""Reasons for a footer after which a run can still be finished."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is wanted."""

    depth: str = "standard"
    jobs: int = 4
    retries: int = 0
    only: Sequence[str] = ()
    seed: int | None = None
    folder: Path | None = None
    operator: Operator | None = None
    language: str = "en"
    partial: str | None = None
    """A reason why the run is partial although it has no ``only``."""


@dataclass(slots=True)
class Session:
    """A run that is prepared, under way or done."""

    setup: Setup
    plan: Plan
    bundle: Bundle
    options: Options
    process: int = 0
    done: dict[str, Record] = field(default_factory=dict)
    execution: Execution | None = None

    def begin(self, on_event: Callable[[Event], None] = lambda event: None) -> None:
        """Open the recording; ``execution`` then has a future per requirement.

        Raises ``InputError`` (``evidence.storage-failed``).
        """
        suite = f"luheng {conformance.__version__}"
        try:
            recorder = Recorder(
                self.bundle.wire, Clock(), describe=suite, append=self.process > 0
            )
        except StorageFailed as failed:
            raise _broken(failed) from None
        self.execution = Execution(
            self.setup,
            self.plan,
            recorder,
            self.bundle.wire,
            self.bundle,
            _redactor(self.setup),
            jobs=self.options.jobs,
            retries=self.options.retries,
            process=self.process,
            done=self.done,
            on_event=on_event,
        )

    def execute(
        self, on_event: Callable[[Event], None] = lambda event: None
    ) -> RunResult:
        """Carry the plan out and close the results; begin first where nobody has.

        Raises ``InputError`` (``evidence.storage-failed``) when the disk gives up.
        """
        if self.execution is None:
            self.begin(on_event)
        assert self.execution is not None
        clock = self.execution.recorder.clock
        start_ns = clock.now_ns()
        try:
            records = self.execution.run()
        finally:
            self._close_recorder()
        if self.execution.broken:
            raise _broken(self.execution.broken)
        whole = len(records) == len(self.plan.items)
        stopped = None if whole else "stopped"
        stopped = "out-of-time" if self.execution.late else stopped
        selected = "selection" if self.options.only else self.options.partial
        footer = Footer.of(
            records,
            requirements=len(self.plan.items),
            partial_reason=stopped or selected,
            end=iso(clock.now_ns()),
            duration_s=round((clock.now_ns() - start_ns) / 1e9, 6),
        )
        try:
            footer = replace(footer, evidence=self.bundle.digests())
            self.bundle.finish(records, footer)
        except StorageFailed as failed:
            raise _broken(failed) from None
        setup = self.setup
        role = setup.declaration.role
        write_series(self.bundle, setup.snapshot, role, setup.ixit, _redactor(setup))
        return self.bundle.result()

    def _close_recorder(self) -> None:
        assert self.execution is not None
        try:
            self.execution.recorder.close()
        except StorageFailed as failed:
            self.execution.broken = self.execution.broken or failed


def prepare(
    declaration: Path | Declaration,
    options: Options,
    *,
    snapshot: Snapshot | None = None,
    environ: dict[str, str] | None = None,
) -> Session:
    """Return a session that is ready to execute; its folder exists.

    Raises ``InputError`` for anything unusable: declaration, profile, selection,
    folder.  The review's errors refuse the run, its warnings do not.
    """
    if isinstance(declaration, Path):
        declaration = load_declaration(declaration)
    if snapshot is None:
        snapshot = default_corpus().resolve(declaration.profile_ref)
    refuse(review(declaration, snapshot, environ), declaration)
    ixit = resolve_ixit(declaration, snapshot, environ)
    seed = options.seed if options.seed is not None else secrets.randbits(48)
    setup = Setup(
        snapshot,
        declaration,
        ixit,
        seed,
        depth=options.depth,
        language=options.language,
        operator=options.operator,
    )
    planned = plan(snapshot, declaration, only=options.only)
    for item in planned.items:
        check = item.requirement.check
        if item.included and check is not None:
            role = declaration.role
            actor = item.requirement.actor
            find(check.name, role if actor == "both" else actor)
    clock = Clock()
    name = f"{iso(clock.now_ns())[:19].replace(':', '')}-{secrets.token_hex(2)}"
    folder = options.folder or Path("reports") / "runs" / name
    header = _header(setup, planned, folder.name, iso(clock.now_ns()), options)
    inputs = {
        "declaration": declaration.to_json(),
        "ixit": ixit_to_json(ixit, reveal=True),
        "only": list(options.only),
    }
    bundle = Bundle.create(folder, header, snapshot, inputs)
    return Session(setup, planned, bundle, options)


def resume(folder: Path, options: Options) -> Session:
    """Return a session that will finish a run that has no footer.

    What the recording no longer shows is tested again.  Raises ``InputError``
    (``evidence.finished`` and those of reading) before anything is changed.
    """
    bundle = Bundle(folder)
    result = bundle.result()
    stopped = result.footer is not None and result.footer.partial_reason in _UNFINISHED
    if result.footer is not None and not stopped:
        raise InputError("evidence.finished", file=folder)
    bundle.verify(result.footer)
    setup, planned, kept = _restore(bundle, result, options)
    journal = bundle.read_journal()
    held = len(PacketStore(bundle.wire))
    torn = {line["name"] for line in journal if _last_packet(line) > held}
    known = {line["name"] for line in journal} - torn
    done = {
        r.requirement: r
        for r in result.records
        if r.requirement in known or (r.start is None and r.observations == 0)
    }
    _trim(
        bundle,
        result,
        list(done.values()),
        [line for line in journal if _last_packet(line) <= held],
    )
    process = 1 + max((line["process"] for line in journal), default=0)
    done = {k: r for k, r in done.items() if r.start is not None}
    return Session(setup, planned, bundle, kept, process=process, done=done)


def rejudge(folder: Path) -> RunResult:
    """Return the result that the stored evidence of a run supports today.

    The header names the suite that judged again; all else follows from the evidence.
    Raises ``InputError`` (``evidence.altered`` and those of reading).
    """
    bundle = Bundle(folder)
    before = bundle.result()
    footer = before.footer
    bundle.verify(footer)
    setup, planned, _ = _restore(bundle, before, Options())
    complete = footer is not None and footer.partial_reason not in _UNFINISHED
    evidence = Evidence(
        bundle.read_journal(),
        PacketStore(bundle.wire),
        recorded_conversations(bundle.wire),
        complete,
    )
    records = judge_again(setup, planned, evidence, _redactor(setup))
    marker = {"suite": conformance.__version__}
    return RunResult(
        before.header | {"rejudged": marker},
        tuple(records),
        Footer.of(
            records,
            requirements=len(planned.items),
            partial_reason=footer.partial_reason if footer else "killed",
            end=footer.end if footer else None,
            duration_s=footer.duration_s if footer else 0.0,
            evidence=footer.evidence if footer else None,
        ),
        before.snapshot,
        before.series,
    )


def reproduce(folder: Path, requirement: str, options: Options) -> Record:
    """Send the smallest failing exchange of a requirement once more; return its record.

    A rule's failure is reproduced by the check that caused the traffic.  The folder of
    the run stays as it is; the new recording lies beside it in ``replays/``.
    """
    bundle = Bundle(folder)
    result = bundle.result()
    record = next((r for r in result.records if r.requirement == requirement), None)
    if record is None:
        raise InputError("evidence.not-in-run", file=folder, requirement=requirement)
    if not record.expected and not record.key:
        raise InputError(
            "evidence.nothing-to-replay", file=folder, requirement=requirement
        )
    setup, _, _ = _restore(bundle, result, options)
    by_rule = bool(record.observations)
    cause = record.step if by_rule else None
    only = [requirement, *([cause] if cause and "." not in cause else [])]
    wanted = {"step": record.step, "counterexample": record.counterexample}
    setup = replace(
        setup,
        reproduce={} if by_rule else {requirement: wanted},
        operator=options.operator,
    )
    planned = plan(setup.snapshot, setup.declaration, only=only)
    number = 1 + sum(1 for _ in (folder / "replays").glob("*"))
    target = folder / "replays" / f"{number:03d}-{requirement}"
    header = _header(setup, planned, target.name, iso(Clock().now_ns()), options)
    again = Bundle.create(target, header, setup.snapshot, bundle.read_inputs())
    options = replace(options, only=only, jobs=1)
    session = Session(setup, planned, again, options)
    records = {r.requirement: r for r in session.execute().records}
    if requirement not in records:  # interrupted before it was judged
        raise KeyboardInterrupt
    return records[requirement]


def judge_capture(
    capture: Path,
    snapshot: Snapshot,
    *,
    role: str,
    ixit: Mapping[str, Any],
    protocol: str | None = None,
    port: int | None = None,
) -> list[Record]:
    """Judge a capture by the rules of a profile; return one record per requirement.

    Checks need an implementation to drive, so their requirements come out not-tested.
    Raises ``InputError`` (``evidence.not-a-capture``, ``evidence.no-conversation``).
    """
    talks = captured_conversations(capture, port=port)
    wanted = [protocol] if protocol else [b.protocol for b in snapshot.bindings]
    wanted = wanted or list(PROTOCOLS)
    for talk in talks:
        kinds = (p for p in wanted if room(p, "rules").looks_like(talk))
        talk.protocol = next(kinds, "")
    if not any(talk.protocol for talk in talks):
        raise InputError(
            "evidence.no-conversation", file=capture, protocol="/".join(wanted)
        )
    redactor = Redactor(secrets_of(ixit))
    dialogues = decode(talks, role)
    spoken = {talk.protocol for talk in talks if talk.protocol}
    return [
        _judged(requirement, dialogues, snapshot, role, ixit, redactor, spoken)
        for requirement in snapshot.requirements
    ]


def _judged(
    requirement: Requirement,
    dialogues: dict[str, list[Dialogue]],
    snapshot: Snapshot,
    role: str,
    ixit: Mapping[str, Any],
    redactor: Redactor,
    spoken: Collection[str],
) -> Record:
    """Judge one requirement; of a protocol that nobody speaks there none applies."""
    check = requirement.check
    bound = {binding.edition for binding in snapshot.bindings}
    foreign = requirement.edition and bound and not bound & {*requirement.edition}
    binds = requirement.actor in ("both", role) and not foreign
    procedure = find(check.name, role) if check and binds else None
    binds = binds and (procedure is None or protocol_of(procedure) in spoken)
    if not binds or check is None or procedure is None or procedure.kind != "rule":
        verdict = Verdict.NOT_TESTED if binds else Verdict.NOT_APPLICABLE
        return Record(requirement.id, requirement.level, requirement.actor, verdict)
    judge = Judge(snapshot, ixit, SIDES[role])
    talks = dialogues.get(protocol_of(procedure), [])
    judge_rule(procedure, check.params, talks, judge)
    return of_rule(requirement, procedure, judge, redactor)


def _restore(
    bundle: Bundle, result: RunResult, options: Options
) -> tuple[Setup, Plan, Options]:
    """Rebuild what a run was started with from what it left."""
    inputs = bundle.read_inputs()
    snapshot = result.snapshot
    if snapshot.digest != result.header["profile_digest"]:
        raise InputError("evidence.changed", file=bundle.snapshot, what="snapshot")
    with sound(bundle.inputs):
        declaration = Declaration.from_json(inputs["declaration"])
        if declaration.digest != result.header.get("declaration_digest"):
            raise InputError("evidence.changed", what="declaration")
        setup = Setup(
            snapshot,
            declaration,
            ixit_from_json(inputs["ixit"]),
            result.header["seed"],
            depth=result.header["depth"],
            language=options.language,
            operator=options.operator,
        )
        options = replace(options, only=tuple(inputs["only"]), depth=setup.depth)
    planned = plan(snapshot, declaration, only=options.only)
    return setup, planned, options


def _last_packet(line: dict[str, Any]) -> int:
    """Return the number of the last packet that a line of the journal refers to."""
    return max((n for e in line["entries"] for n in e.get("packets", ())), default=0)


def _trim(
    bundle: Bundle, result: RunResult, done: list[Record], journal: list[dict[str, Any]]
) -> None:
    """Take out what a kill left half: records without journal, and the footer."""
    header = {"type": "header", **result.header}
    kept = [r for r in done if r.start is not None]
    write_whole(bundle.results, json_lines([header, *(r.to_json() for r in kept)]))
    names = {r.requirement for r in kept}
    write_whole(
        bundle.journal_file,
        json_lines([x for x in journal if x["name"] in names or "." in x["name"]]),
    )


def _header(
    setup: Setup, planned: Plan, run: str, start: str, options: Options
) -> dict[str, Any]:
    declaration, snapshot = setup.declaration, setup.snapshot
    return {
        "format": 1,
        "suite": {"name": "luheng", "version": conformance.__version__},
        "run": run,
        "profile": snapshot.ref,
        "profile_digest": snapshot.digest,
        "profile_state": snapshot.state,
        "profile_kind": snapshot.kind,
        "role": declaration.role,
        "implementation": dict(declaration.implementation),
        "declared_by": declaration.declared_by,
        "declared_on": declaration.declared_on,
        "declaration_digest": declaration.digest,
        "ics": dict(declaration.ics),
        "seed": setup.seed,
        "depth": setup.depth,
        "only": list(options.only),
        "start": start,
        "environment": {
            "python": platform.python_version(),
            "system": platform.system(),
            "machine": platform.machine(),
            "implementation": sys.implementation.name,
        },
        "rejudged": None,
    }


def _redactor(setup: Setup) -> Redactor:
    return Redactor(secrets_of(setup.ixit))


def _broken(failed: StorageFailed) -> InputError:
    return InputError("evidence.storage-failed", file=failed.file, reason=failed.reason)
