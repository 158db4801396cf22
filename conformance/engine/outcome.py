# SPDX-License-Identifier: Apache-2.0
"""From what happened to a record: the one place where an exception becomes a verdict.

The words of a check pass through the redactor here; nothing behind this point holds a
secret of the declaration.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.engine.judge import Judge, Located
from conformance.engine.registry import Procedure
from conformance.engine.result import Record
from conformance.engine.run import Failed, Late, Run, Unmet, Words
from conformance.engine.secrets import Redactor
from conformance.engine.verdicts import Cause, Verdict
from conformance.errors import (
    ConformanceError,
    InputError,
    LinkError,
    PeerError,
    SuiteError,
)
from conformance.iut.selection import Item
from conformance.link.clock import iso
from conformance.link.journal import NotCovered, Traced
from conformance.profile.model import Requirement, Snapshot
from conformance.protocols import explain, frames
from conformance.text import Text, render_error

__all__ = ["Outcome", "of_rule", "out_of_plan", "perform", "record_of", "severity"]

_EXCHANGE_OCTETS = 2048
"""Octets of one message that a record shows at most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt of a check ended."""

    verdict: Verdict
    cause: Cause | None = None
    key: str | None = None
    expected: Words | None = None
    actual: Words | None = None
    reason: Words | None = None


def severity(
    requirement: Requirement, snapshot: Snapshot
) -> tuple[Verdict, Text | None]:
    """Return the verdict for a contradiction of a requirement, and why it is mild.

    *Fail* takes a shall whose clause is confirmed for the edition that the profile
    binds, and binding; all else warns.
    """
    check = requirement.check
    edition = snapshot.edition(check.name.partition(".")[0]) if check else None
    if requirement.level not in ("shall", "shall-not"):
        return Verdict.WARN, None
    if not requirement.clause.is_confirmed(edition):
        return Verdict.WARN, Text(
            "条款尚未经公开来源核实，故只作告警",
            "the clause is not confirmed by a public source, so this only warns",
        )
    if requirement.clause.basis in ("informative", "interop"):
        return Verdict.WARN, Text(
            "依据为资料性内容或现场惯例，故只作告警",
            "the basis is informative or field practice, so this only warns",
        )
    return Verdict.FAIL, None


def perform(run: Run, procedure: Procedure, params: Mapping[str, Any]) -> Outcome:
    """Run a check and return how it ended.  ``RunStopped`` passes through."""
    try:
        procedure.function(run, **params)
        run.journal.conclude()
    except Exception as error:  # noqa: BLE001 - this is where errors become verdicts
        return _outcome(error)
    return Outcome(Verdict.PASS)


def _outcome(error: Exception) -> Outcome:
    inconclusive = Verdict.INCONCLUSIVE
    match error:
        case Failed():
            return Outcome(
                Verdict.FAIL, Cause.IUT, error.key, error.expected, error.actual
            )
        case Unmet():
            cause = Cause.SUITE if isinstance(error, Late) else Cause.IUT
            return Outcome(inconclusive, cause, error.key, error.expected, error.actual)
        case LinkError():
            bench = error.code.startswith("link.hook")
            cause = Cause.BENCH if bench else Cause.NETWORK
            return Outcome(inconclusive, cause, error.code, reason=_words(error))
        case PeerError():
            return Outcome(inconclusive, Cause.IUT, error.rule, reason=_words(error))
        case NotCovered():
            return Outcome(inconclusive, Cause.SUITE, error.code, reason=_words(error))
        case InputError():
            return Outcome(inconclusive, Cause.CONFIG, error.code, reason=_words(error))
        case SuiteError():
            return Outcome(Verdict.ERROR, Cause.SUITE, error.code, reason=_words(error))
    frames = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" ({f.filename.rpartition('/')[2]}:{f.lineno})" for f in frames)
    text = f"{type(error).__name__}: {error}{where}"
    return Outcome(Verdict.ERROR, Cause.SUITE, "engine.exception", reason=text)


def _words(error: ConformanceError) -> Text:
    return Text(render_error(error, "zh"), render_error(error, "en"))


def record_of(
    run: Run,
    requirement: Requirement,
    procedure: Procedure,
    outcome: Outcome,
    redactor: Redactor,
    *,
    attempts: Sequence[Mapping[str, Any]] = (),
) -> Record:
    """Return the record of a check's (last) attempt."""
    verdict, remarks = outcome.verdict, list(run.remarks)
    if verdict is Verdict.FAIL:
        verdict, mild = severity(requirement, run.profile)
        remarks += [mild] if mild else []
    entries = run.journal.entries
    start_ns, end_ns = entries[0]["at"], entries[-1]["at"]
    judged_badly = verdict not in (Verdict.PASS,)
    packets = sorted({n for e in entries for n in e.get("packets", ())})
    trace = run.journal.trace if judged_badly else []
    return Record(
        requirement=requirement.id,
        level=requirement.level,
        actor=requirement.actor,
        verdict=verdict,
        cause=str(outcome.cause) if outcome.cause else None,
        check=procedure.name,
        params=_plain(requirement.check.params if requirement.check else {}),
        key=outcome.key,
        step=redactor.value(run.step_name) if judged_badly else None,
        expected=_said(outcome.expected, redactor),
        actual=_said(outcome.actual, redactor),
        reason=_said(outcome.reason, redactor),
        remarks=[_said(r, redactor) for r in remarks],
        exchange=[_message(t, redactor, procedure) for t in trace],
        packets=_span(packets),
        counterexample=redactor.value(run.counterexample),
        examples=run.examples,
        seed=run.seed,
        start=iso(start_ns),
        duration_s=_seconds(end_ns - start_ns),
        attempts=[dict(a) for a in attempts] if len(attempts) > 1 else [],
    )


def of_rule(
    requirement: Requirement,
    procedure: Procedure,
    judge: Judge,
    redactor: Redactor,
    end: Outcome | None = None,
) -> Record:
    """Return the record of a rule's judgement, after the last dialogue.

    ``end`` is how an exercise put an end to the protocol.  What was heard before nobody
    was there is judged; what was said to a wrong declaration is not.
    """
    judge.conclude()
    if end and (end.cause is Cause.CONFIG or not judge.observations):
        return _ended(requirement, procedure, end, redactor)
    verdict, cause, remarks = Verdict.PASS, None, list(judge.remarks)
    key = expected = actual = reason = None
    exchange: list[dict[str, Any]] = []
    packets: list[int] = []
    if judge.findings:
        first = judge.findings[0]
        verdict, mild = severity(requirement, judge.snapshot)
        remarks += [mild] if mild else []
        cause, key = Cause.IUT, first.key
        expected, actual = first.expected, first.actual
        if judge.failures > 1:
            remarks.append(_counted(judge))
        exchange = [
            _message(f.at, redactor, procedure) | {"sender": _side(f.at, judge)}
            for f in judge.findings[:5]
            if f.at
        ]
        packets = _span(
            sorted({p for f in judge.findings if f.at for p in f.at.packets})
        )
    elif not judge.observations:
        verdict, cause, key = Verdict.INCONCLUSIVE, Cause.IUT, "not-observed"
        reason = Text(
            "记录中没有可供判定的报文",
            "the recording holds nothing that this rule could judge",
        )
    return Record(
        requirement=requirement.id,
        level=requirement.level,
        actor=requirement.actor,
        verdict=verdict,
        cause=str(cause) if cause else None,
        check=procedure.name,
        params=_plain(requirement.check.params if requirement.check else {}),
        key=key,
        step=judge.findings[0].label or None if judge.findings else None,
        expected=_said(expected, redactor),
        actual=_said(actual, redactor),
        reason=_said(reason, redactor),
        remarks=[_said(r, redactor) for r in remarks],
        exchange=exchange,
        packets=packets,
        observations=judge.observations,
    )


def _ended(
    requirement: Requirement, procedure: Procedure, end: Outcome, redactor: Redactor
) -> Record:
    """Return the record of a rule that had to give up with its protocol."""
    return Record(
        requirement=requirement.id,
        level=requirement.level,
        actor=requirement.actor,
        verdict=end.verdict,
        cause=str(end.cause) if end.cause else None,
        check=procedure.name,
        params=_plain(requirement.check.params if requirement.check else {}),
        key=end.key,
        expected=_said(end.expected, redactor),
        actual=_said(end.actual, redactor),
        reason=_said(end.reason, redactor),
    )


def out_of_plan(item: Item) -> Record:
    """Return the record of a requirement that the plan leaves out."""
    requirement = item.requirement
    check = requirement.check
    applicable = item.outcome != "not-applicable"
    return Record(
        requirement=requirement.id,
        level=requirement.level,
        actor=requirement.actor,
        verdict=Verdict.NOT_TESTED if applicable else Verdict.NOT_APPLICABLE,
        check=check.name if check else None,
        reason=item.reason.to_json(),
    )


def _counted(judge: Judge) -> Text:
    return Text(
        f"{judge.observations} 处判定中有 {judge.failures} 处不符",
        f"{judge.failures} of {judge.observations} observations contradict it",
    )


def _said(words: Words | None, redactor: Redactor) -> Any:
    if isinstance(words, Text):
        masked = redactor.value(words)
        return {"zh": masked.zh, "en": masked.en}
    return redactor.text(words) if words is not None else None


def _message(
    message: Traced | Located, redactor: Redactor, procedure: Procedure
) -> dict[str, Any]:
    octets = redactor.octets(message.octets)
    data: dict[str, Any] = {
        "sender": message.sender,
        "at": iso(message.at_ns),
        "octets": octets[:_EXCHANGE_OCTETS].hex(),
        "packets": list(message.packets),
    }
    if len(octets) > _EXCHANGE_OCTETS:
        data["size"] = len(octets)
    if octets != message.octets:
        data["violations"] = _violations(message.octets, procedure, redactor)
    return data


def _violations(
    octets: bytes, procedure: Procedure, redactor: Redactor
) -> list[dict[str, Any]]:
    """Return what true octets break, where only masked ones are kept.

    A check value over masked octets is wrong for whoever reads them later.
    """
    protocol, base = procedure.name.partition(".")[0], 0
    broken: list[dict[str, Any]] = []
    try:
        for frame in frames(protocol, octets):
            found = explain(protocol, frame)
            for v in found.violations if found else ():
                detail = _said(v.detail, redactor)
                place = {"at": base + v.at, "size": v.size}
                broken.append(
                    {"rule": v.rule, "layer": v.layer, "detail": detail, **place}
                )
            base += len(frame)
    except Exception:  # noqa: BLE001 - octets are hostile; the verdict stands already
        return []
    return broken


def _side(message: Located, judge: Judge) -> str:
    """Return who sent a message of a recording, in the words of a record."""
    return "iut" if message.sender == judge.iut else "peer"


def _span(packets: list[int]) -> list[int]:
    """Return all packet numbers, or the first and last few of very many."""
    return packets if len(packets) <= 60 else packets[:30] + packets[-30:]


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    from conformance.engine.values import to_plain

    plain: dict[str, Any] = to_plain(dict(params))
    return plain


def _seconds(duration_ns: int) -> float:
    return round(duration_ns / 1e9, 6)
