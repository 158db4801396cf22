# SPDX-License-Identifier: Apache-2.0
"""Which questions of a profile are put to a role, and which answers then count.

A question that only bears on another role, or on elements that the profile does not
have, is not asked; one whose ``when`` does not hold is not asked either.  What is not
asked counts as *no*, unless somebody answered it all the same.  Form, review, selection
and the typing of values all ask here, so that they cannot disagree.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from conformance.profile.conditions import evaluate, tokens
from conformance.profile.model import (
    Condition,
    IcsItem,
    IxitItem,
    Requirement,
    Snapshot,
)

__all__ = [
    "asked_ics",
    "asked_ixit",
    "binds",
    "close_to",
    "concerns",
    "effective_answers",
    "holds",
    "is_of",
    "may_concern",
]

_BOUND = {
    "device": {"device", "both"},
    "platform": {"platform", "both"},
    "gateway": {"gateway", "device", "platform", "both"},
}


def binds(actor: str, role: str) -> bool:
    """Return whether a requirement for ``actor`` binds a ``role``."""
    return actor in _BOUND[role]


def is_of(requirement: Requirement, snapshot: Snapshot) -> bool:
    """Return whether a requirement is of an edition that the profile binds.

    One that names no edition is of each, and a profile without bindings takes all.
    """
    bound = {binding.edition for binding in snapshot.bindings}
    return not (requirement.edition and bound) or bool(bound & {*requirement.edition})


def holds(condition: Condition | None, answers: Mapping[str, bool]) -> bool | None:
    """Return the value of a condition; ``None`` while an answer to it is missing."""
    if any(token not in answers for token in tokens(condition)):
        return None
    return evaluate(condition, answers)


def effective_answers(
    snapshot: Snapshot, answers: Mapping[str, bool], role: str | None = None
) -> dict[str, bool]:
    """Return the answers that count: as given, but *no* to what is not asked.

    Without a role every question may be asked.  Questions may depend on each other in
    any order; one that waits for a missing answer stays open.
    """
    asked_ids = {item.id for item in asked_ics(snapshot, role)} if role else None
    found: dict[str, bool] = {}
    waiting = list(snapshot.ics)
    while waiting:
        decided = [(item, holds(item.when, found)) for item in waiting]
        later = [item for item, asked in decided if asked is None]
        if len(later) == len(waiting):
            break
        for item, asked in decided:
            if asked is False:
                found[item.id] = False
            elif asked and item.id in answers:
                found[item.id] = answers[item.id]
            elif asked and asked_ids is not None and item.id not in asked_ids:
                found[item.id] = False
        waiting = later
    return found


def asked_ics(snapshot: Snapshot, role: str) -> tuple[IcsItem, ...]:
    """Return the ICS items that bear on a role, in the profile's order.

    An item may name its role, and codes of elements that it is about.  Else it bears on
    it when a requirement that binds the role, an element, a binding or a value that the
    role gives depends on it, or a group or another such item does; an
    item on which nothing depends is a plain statement and bears on every role.  What
    only requirements of another edition depend on is not asked.
    """
    mine, all_used = _tokens_used(snapshot, role), _tokens_used(snapshot, None)
    wanted = mine | {item.id for item in snapshot.ics if item.id not in all_used}
    while True:
        more = {
            token
            for item in snapshot.ics
            if item.id in wanted
            for token in tokens(item.when)
        }
        groups = (g.of for g in snapshot.ics_groups if wanted.intersection(g.of))
        more.update(*groups)
        if more <= wanted:
            break
        wanted |= more
    roles = {None, "device", "platform"} if role == "gateway" else {None, role}
    return tuple(
        item
        for item in snapshot.ics
        if item.id in wanted and item.role in roles and _has_element(snapshot, item)
    )


def _has_element(snapshot: Snapshot, item: IcsItem) -> bool:
    """Whether the profile has an element of the kind that a question is about."""
    if item.codes is None or not snapshot.elements:
        return True
    codes = (
        element.wire_code(binding.key)
        for element in snapshot.elements
        for binding in snapshot.bindings
    )
    return any(code and re.search(item.codes, code) for code in codes)


def _tokens_used(snapshot: Snapshot, role: str | None) -> set[str]:
    """Return the tokens that something depends on, for a role or for any."""
    conditions = [
        r.when
        for r in snapshot.requirements
        if role is None or (binds(r.actor, role) and is_of(r, snapshot))
    ]
    foreign = set[str]() if role is None else _of_other_editions(snapshot)
    conditions += [
        i.when
        for i in snapshot.ixit
        if role is None or (concerns(i, role) and not foreign & {*tokens(i.when)})
    ]
    conditions += [
        e.presence["when"] for e in snapshot.elements if not isinstance(e.presence, str)
    ]
    if role is None:
        conditions += [item.when for item in snapshot.ics]
    found = {token for condition in conditions for token in tokens(condition)}
    return found | {binding.ics for binding in snapshot.bindings}


def _of_other_editions(snapshot: Snapshot) -> set[str]:
    """Return the tokens on which only requirements of other editions depend."""
    here, there = set[str](), set[str]()
    for requirement in snapshot.requirements:
        used = here if is_of(requirement, snapshot) else there
        used.update(tokens(requirement.when))
    return there - here


def asked_ixit(
    snapshot: Snapshot, role: str, answers: Mapping[str, bool]
) -> tuple[IxitItem, ...]:
    """Return the IXIT items that a role has to answer, given its effective answers.

    An item whose condition waits for a missing answer is not asked yet.
    """
    return tuple(
        item
        for item in snapshot.ixit
        if concerns(item, role) and holds(item.when, answers)
    )


def may_concern(snapshot: Snapshot, item: IxitItem, role: str) -> bool:
    """Return whether some answers of a role would have it asked for an IXIT value."""
    if not concerns(item, role):
        return False
    asked = {ics.id for ics in asked_ics(snapshot, role)}
    used = set(tokens(item.when))
    yes = {token: token in asked for token in used}
    return evaluate(item.when, yes) or evaluate(item.when, dict.fromkeys(used, False))


def concerns(item: IxitItem, role: str) -> bool:
    """Return whether a role is asked for an IXIT value at all."""
    return item.role is None or role in (item.role, "gateway")


def close_to(word: str, known: Iterable[str]) -> str:
    """Return the known words closest to one that is unknown, best first."""
    by_fold = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=3, cutoff=0.6)
    if not found:
        found = difflib.get_close_matches(word.casefold(), by_fold, n=3, cutoff=0.0)
    return ", ".join(by_fold[name] for name in found) or "—"
