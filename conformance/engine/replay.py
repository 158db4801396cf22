# SPDX-License-Identifier: Apache-2.0
"""Stored evidence judged again: the same checks on the record instead of a peer.

Nothing is sent and nothing is generated.  With the same suite the records come out
equal; with a newer one a check may want to do what was not recorded, and then its
verdict is *inconclusive*.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conformance.engine import outcome as outcomes
from conformance.engine.execution import (
    actor_of,
    attempt_facts,
    is_the_end,
    protocol_of,
    rule_records,
)
from conformance.engine.outcome import Outcome
from conformance.engine.registry import Procedure, find
from conformance.engine.result import Record
from conformance.engine.run import Run, Setup
from conformance.engine.secrets import Redactor
from conformance.engine.verdicts import Cause, Verdict
from conformance.iut.selection import Item, Plan
from conformance.link.conversation import Conversation
from conformance.link.journal import NotCovered, PacketStore, Replaying
from conformance.text import render_error

__all__ = ["Evidence", "judge_again"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a run left behind, as far as judging needs it."""

    journal: Sequence[dict[str, Any]]
    """Lines in the order in which the attempts ended."""
    packets: PacketStore
    conversations: list[Conversation]
    complete: bool
    """Whether the run came to its end, so that its rules were judged."""


def judge_again(
    setup: Setup, plan: Plan, evidence: Evidence, redactor: Redactor
) -> list[Record]:
    """Return the records that the evidence supports, in profile order."""
    items = {item.requirement.id: item for item in plan.items}
    records = {
        item.requirement.id: outcomes.out_of_plan(item)
        for item in plan.items
        if not item.included
    }
    ends: dict[str, Outcome] = {}
    records |= _checks(setup, items, evidence, redactor, ends)
    if evidence.complete:
        rules = [(i, p) for i in plan.items if i.included and (p := _rule(setup, i))]
        judged = rule_records(setup, rules, evidence.conversations, redactor, ends)
        records |= {record.requirement: record for record in judged}
        records |= {
            item.requirement.id: _lost(setup, item)
            for item in plan.items
            if item.requirement.id not in records
        }
    return [records[name] for name in items if name in records]


def _lost(setup: Setup, item: Item) -> Record:
    """Return the record of a check that ran and whose journal is gone."""
    requirement, gone = item.requirement, NotCovered("engine.lost")
    return Record(
        requirement=requirement.id,
        level=requirement.level,
        actor=requirement.actor,
        verdict=Verdict.INCONCLUSIVE,
        cause=str(Cause.SUITE),
        check=_procedure(setup, item).name,
        key=gone.code,
        reason={x: render_error(gone, x) for x in ("zh", "en")},
    )


def _rule(setup: Setup, item: Item) -> Procedure | None:
    procedure = _procedure(setup, item)
    return procedure if procedure.kind == "rule" else None


def _procedure(setup: Setup, item: Item) -> Procedure:
    requirement = item.requirement
    assert requirement.check is not None
    return find(requirement.check.name, actor_of(requirement.actor, setup))


def _checks(
    setup: Setup,
    items: dict[str, Item],
    evidence: Evidence,
    redactor: Redactor,
    ends: dict[str, Outcome],
) -> dict[str, Record]:
    """Return the records of checks; into ``ends`` goes how exercises ended it all."""
    keeps_connection = setup.declaration.role != "platform"
    shared: dict[str, Any] = {}
    process = None
    attempts: dict[str, list[dict[str, Any]]] = {}
    found: dict[str, Record] = {}
    for line in evidence.journal:
        if process != line["process"] or not keeps_connection:
            process, shared = line["process"], {}
        item = items.get(line["name"])
        role = setup.declaration.role
        procedure = _procedure(setup, item) if item else find(line["name"], role)
        journal = Replaying(line["entries"], evidence.packets)
        run = Run(
            setup,
            item.requirement if item else None,
            journal,
            None,
            name=line["name"],
            shared=shared,
            listeners={},
            attempt=line["attempt"],
            taken=journal.step("begin", {}, dict).get("taken"),
        )
        protocol = protocol_of(procedure)
        outcome = ends.get(protocol) if line.get("unreachable") else None
        if outcome is None:
            check = item.requirement.check if item else None
            outcome = outcomes.perform(run, procedure, check.params if check else {})
        if item is None:
            ends.pop(protocol, None)
            ends |= {protocol: outcome} if is_the_end(outcome) else {}
            continue
        seen = attempts.setdefault(line["name"], [])
        seen.append(attempt_facts(run, outcome))
        found[line["name"]] = outcomes.record_of(
            run, item.requirement, procedure, outcome, redactor, attempts=seen
        )
    return found
