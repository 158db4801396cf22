# SPDX-License-Identifier: Apache-2.0
"""The one selector: which requirements of a profile are tested, and why the others not.

Turns a snapshot and a declaration into a plan with one item per requirement, in the
profile's order, each with a reason that is a short tree of codes and facts.  Pure: the
same input gives the same plan, so that judging again selects what the run selected.
"""

from __future__ import annotations

import fnmatch
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.errors import DeclarationError, InputError
from conformance.iut.declaration import Declaration
from conformance.iut.questions import binds, close_to, effective_answers
from conformance.iut.reasons import Reason, because, render_reason
from conformance.profile.conditions import evaluate, tokens
from conformance.profile.model import Requirement, Snapshot
from conformance.text import Text

__all__ = ["OUTCOMES", "Item", "Outcome", "Plan", "Reason", "plan", "render_reason"]

Outcome = Literal["not-applicable", "not-tested", "deselected"]
OUTCOMES: tuple[Outcome, ...] = ("not-applicable", "not-tested", "deselected")


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement of the profile: in or out."""

    requirement: Requirement
    included: bool
    outcome: Outcome | None
    """What a requirement that is left out comes to; ``None`` for one that is in."""
    reason: Reason

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "requirement": self.requirement.id,
            "included": self.included,
            "outcome": self.outcome,
            "reason": self.reason.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """All requirements of a profile, in its order."""

    items: tuple[Item, ...]
    only: tuple[str, ...] = field(default=())
    """What the plan was narrowed to; empty for a whole plan."""

    @property
    def totals(self) -> dict[str, int]:
        """Numbers by outcome, ``included`` for what is in; ``total`` is their sum."""
        found = Counter[str](item.outcome or "included" for item in self.items)
        names: tuple[str, ...] = ("included", *OUTCOMES)
        return {name: found[name] for name in names} | {"total": len(self.items)}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "only": list(self.only),
            "totals": self.totals,
            "items": [item.to_json() for item in self.items],
        }


def plan(
    snapshot: Snapshot, declaration: Declaration, *, only: Sequence[str] = ()
) -> Plan:
    """Return the plan for a declaration.

    ``only`` narrows it to ids or shell patterns (``HJ-*``).  Raises ``InputError``
    (``iut.unknown-requirement``) for one that matches nothing, and
    ``DeclarationError`` (``iut.unanswered-ics``) where a condition needs an answer that
    was not given: a missing answer is never a silent no.
    """
    asked = _Asked(
        declaration,
        effective_answers(snapshot, declaration.ics, declaration.role),
        {item.id: item.question for item in snapshot.ics},
        {binding.edition for binding in snapshot.bindings},
        _wanted(snapshot, only),
        only,
    )
    items = (_item(requirement, asked) for requirement in snapshot.requirements)
    return Plan(tuple(items), tuple(only))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What every decision of a plan rests on."""

    declaration: Declaration
    answers: Mapping[str, bool]
    questions: Mapping[str, Text]
    editions: Collection[str]
    """Editions that the profile binds, of whatever protocol."""
    wanted: Collection[str] | None
    only: Sequence[str]


def _item(requirement: Requirement, asked: _Asked) -> Item:
    """Decide on one requirement; the first cause that excludes it is its reason."""
    role = asked.declaration.role
    if not binds(requirement.actor, role):
        facts: dict[str, Any] = {"actor": requirement.actor, "role": role}
        return Item(requirement, False, "not-applicable", Reason("other-actor", facts))
    if _is_of_another_edition(requirement, asked.editions):
        facts = {
            "editions": ", ".join(requirement.edition),
            "bound": ", ".join(sorted(asked.editions)),
        }
        return Item(requirement, False, "not-applicable", Reason("edition", facts))
    _must_be_answered(requirement, asked)
    why = because(requirement.when, asked.answers)
    if not evaluate(requirement.when, asked.answers):
        reason = Reason("condition-false", {}, why)
        return Item(requirement, False, "not-applicable", reason)
    if requirement.not_tested is not None:
        note = requirement.not_tested.note
        facts = {"reason": requirement.not_tested.reason}
        words = {"note": {"zh": note.zh, "en": note.en}} if note else {}
        reason = Reason("not-tested", facts | words)
        return Item(requirement, False, "not-tested", reason)
    if requirement.check is None:
        return Item(requirement, False, "not-tested", Reason("no-check"))
    if asked.wanted is not None and requirement.id not in asked.wanted:
        reason = Reason("deselected", {"only": list(asked.only)})
        return Item(requirement, False, "deselected", reason)
    facts = {"check": requirement.check.name}
    return Item(requirement, True, None, Reason("selected", facts, why))


def _is_of_another_edition(requirement: Requirement, bound: Collection[str]) -> bool:
    """Whether a requirement names editions and the profile binds none of them."""
    return bool(requirement.edition and bound) and not (
        set(requirement.edition) & set(bound)
    )


def _must_be_answered(requirement: Requirement, asked: _Asked) -> None:
    declaration = asked.declaration
    for token in tokens(requirement.when):
        if token not in asked.answers:
            raise DeclarationError(
                "iut.unanswered-ics",
                file=declaration.file,
                line=declaration.line("ics", token),
                path=("ics", token),
                question=token,
                **{f"asks_{x}": asked.questions[token][x] for x in ("zh", "en")},
            )


def _wanted(snapshot: Snapshot, only: Iterable[str]) -> set[str] | None:
    """Return the ids that ``only`` names, ``None`` for no narrowing."""
    patterns = list(only)
    if not patterns:
        return None
    known = dict.fromkeys(requirement.id for requirement in snapshot.requirements)
    found: set[str] = set()
    for pattern in patterns:
        matching = (
            {pattern}
            if pattern in known
            else {i for i in known if fnmatch.fnmatchcase(i, pattern)}
        )
        if not matching:
            raise InputError(
                "iut.unknown-requirement",
                requirement=pattern,
                profile=snapshot.ref,
                near=close_to(pattern, known),
            )
        found |= matching
    return found
