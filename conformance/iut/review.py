# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a declaration for a profile, found before anything is sent.

Turns a declaration and a snapshot into findings: *errors* refuse the run, *warnings*
do not.  Each has a code, the path in the file, the line, and the facts for its
sentence.  Nothing is contacted; of the environment only the named secrets are looked
up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from conformance.errors import DeclarationError
from conformance.iut.declaration import Declaration, Hook, secrets_of
from conformance.iut.ixit import SECRET_TYPES, Misfit, convert
from conformance.iut.questions import (
    asked_ics,
    asked_ixit,
    close_to,
    effective_answers,
    holds,
)
from conformance.profile.conditions import sentence
from conformance.profile.model import IcsGroup, IcsItem, IxitItem, Snapshot

__all__ = ["HOOK_FACTS", "ReviewFinding", "as_error", "refuse", "review"]

HOOK_FACTS = frozenset({"begin", "code", "end", "items", "mn", "payload", "qn"})
"""Placeholders that checks fill in a hook, beside the profile's IXIT ids."""

_LEAST_SECRET_CHARS = 3
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """One thing that is wrong, or at least odd."""

    code: str
    severity: Literal["error", "warning"]
    path: tuple[str | int, ...]
    line: int | None
    facts: Mapping[str, Any] = field(default_factory=dict)


def review(
    declaration: Declaration,
    snapshot: Snapshot,
    environ: Mapping[str, str] | None = None,
) -> tuple[ReviewFinding, ...]:
    """Return all findings, in the order of the lines of the file.

    ``environ`` is where ``env:`` secrets are looked up; the process's own by default.
    """
    environ = os.environ if environ is None else environ
    answers = effective_answers(snapshot, declaration.ics, declaration.role)
    found = [
        *_profile(declaration, snapshot),
        *_fields(declaration),
        *_ics(declaration, snapshot, answers),
        *_groups(declaration, snapshot, answers),
        *_ixit(declaration, snapshot, answers, environ),
        *_hooks(declaration, snapshot),
    ]
    # Findings without a line (a declaration made in memory) keep their order.
    return tuple(sorted(found, key=lambda finding: finding.line or 0))


def refuse(findings: Sequence[ReviewFinding], declaration: Declaration) -> None:
    """Raise the first error among the findings as ``DeclarationError``, if any.

    ``more`` in its facts says how many errors there are beside it.
    """
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise as_error(errors[0], declaration, more=len(errors) - 1)


def as_error(
    finding: ReviewFinding, declaration: Declaration, *, more: int = 0
) -> DeclarationError:
    """Return a finding as the error that has its sentence."""
    return DeclarationError(
        finding.code,
        file=declaration.file,
        line=finding.line,
        path=finding.path,
        **finding.facts,
        more=more,
    )


class _Finder:
    """Makes findings for one declaration; saves every caller the line."""

    def __init__(self, declaration: Declaration) -> None:
        self._line = declaration.line

    def error(self, code: str, *path: str, **facts: Any) -> ReviewFinding:
        return ReviewFinding(code, "error", path, self._line(*path), facts)

    def warning(self, code: str, *path: str, **facts: Any) -> ReviewFinding:
        return ReviewFinding(code, "warning", path, self._line(*path), facts)


_STATE_FINDINGS: Mapping[str, tuple[str, Literal["error", "warning"]]] = {
    "withdrawn": ("iut.profile-withdrawn", "error"),
    "superseded": ("iut.profile-superseded", "warning"),
    "draft": ("iut.profile-draft", "warning"),
    "review": ("iut.profile-draft", "warning"),
}


def _profile(declaration: Declaration, snapshot: Snapshot) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    if declaration.profile_ref not in (snapshot.ref, snapshot.id):
        yield find.error(
            "iut.other-profile",
            "profile",
            declared=declaration.profile_ref,
            profile=snapshot.ref,
        )
    elif declaration.profile_digest != snapshot.digest:
        yield find.error(
            "iut.wrong-digest",
            "profile_digest",
            declared=declaration.profile_digest,
            digest=snapshot.digest,
            profile=snapshot.ref,
        )
    if snapshot.state in _STATE_FINDINGS:
        code, severity = _STATE_FINDINGS[snapshot.state]
        line = declaration.line("profile")
        facts = {"profile": snapshot.ref, "state": snapshot.state}
        yield ReviewFinding(code, severity, ("profile",), line, facts)
    actors = set(snapshot.actors)
    if declaration.role != "gateway" and not actors & {declaration.role, "both"}:
        yield find.error(
            "iut.role-not-in-profile",
            "role",
            role=declaration.role,
            actors=", ".join(snapshot.actors),
        )


def _fields(declaration: Declaration) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    for name in ("vendor", "product"):
        if name not in declaration.implementation:
            yield find.error("iut.unanswered-field", "implementation", name, field=name)
    for name in ("declared_by", "declared_on"):
        if not getattr(declaration, name):
            yield find.error("iut.unanswered-field", name, field=name)


def _ics(
    declaration: Declaration, snapshot: Snapshot, answers: Mapping[str, bool]
) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    known = {item.id: item for item in snapshot.ics}
    asked = {item.id for item in asked_ics(snapshot, declaration.role)}
    for key in _keys(declaration, "ics", declaration.ics):
        if key not in known:
            near = close_to(key, known)
            yield find.error("iut.unknown-ics", "ics", key, key=key, near=near)
    for item in snapshot.ics:
        given = declaration.ics.get(item.id)
        relevant = holds(item.when, answers)
        if given and relevant is False:
            condition = {x: sentence(item.when, x) for x in ("zh", "en")}
            yield find.error(
                "iut.claim-without-basis",
                "ics",
                item.id,
                question=item.id,
                condition=condition["en"],
                condition_zh=condition["zh"],
            )
        elif relevant and item.id in asked:
            yield from _status(find, item, given)


def _keys(
    declaration: Declaration, section: str, given: Mapping[str, Any]
) -> list[str]:
    """Return the keys of a section, those that the file leaves open included."""
    in_file = [
        str(path[1])
        for path in declaration.lines
        if len(path) == 2 and path[0] == section
    ]
    return list(dict.fromkeys([*in_file, *given]))


def _asks(item: IcsItem | IxitItem) -> dict[str, str]:
    question = item.question
    return {"question": item.id, "asks_zh": question["zh"], "asks_en": question["en"]}


def _status(
    find: _Finder, item: IcsItem, given: bool | None
) -> Iterator[ReviewFinding]:
    path = ("ics", item.id)
    facts = _asks(item)
    if given is None:
        yield find.error("iut.unanswered-ics", *path, **facts)
    elif item.status == "mandatory" and not given:
        yield find.error("iut.mandatory-denied", *path, **facts)
    elif item.status == "prohibited" and given:
        yield find.error("iut.prohibited-claimed", *path, **facts)


def _groups(
    declaration: Declaration, snapshot: Snapshot, answers: Mapping[str, bool]
) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    asked = {item.id for item in asked_ics(snapshot, declaration.role)}
    conditions = {item.id: item.when for item in snapshot.ics}
    for group in snapshot.ics_groups:
        if any(holds(conditions[i], answers) is False for i in group.of):
            continue  # alternatives within something that is not there
        # An open answer is a finding of its own; a group is judged when all are given.
        if asked.issuperset(group.of) and all(i in answers for i in group.of):
            yield from _group(find, group, answers)


def _group(
    find: _Finder, group: IcsGroup, answers: Mapping[str, bool]
) -> Iterator[ReviewFinding]:
    chosen = [token for token in group.of if answers[token]]
    facts = {"group": group.id, "items": ", ".join(group.of)}
    if not chosen:
        yield find.error("iut.choice-empty", "ics", group.of[0], **facts)
    elif group.choose == "exactly-one" and len(chosen) > 1:
        facts["chosen"] = ", ".join(chosen)
        yield find.error("iut.choice-many", "ics", chosen[1], **facts)


def _ixit(
    declaration: Declaration,
    snapshot: Snapshot,
    answers: Mapping[str, bool],
    environ: Mapping[str, str],
) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    known = {item.id for item in snapshot.ixit}
    for key in _keys(declaration, "ixit", declaration.ixit):
        if key not in known:
            near = close_to(key, known)
            yield find.error("iut.unknown-ixit", "ixit", key, key=key, near=near)
    asked = {item.id for item in asked_ixit(snapshot, declaration.role, answers)}
    for item in snapshot.ixit:
        if item.id in declaration.ixit:
            yield from _value(find, item, declaration, environ)
        elif item.id in asked and item.default is None:
            yield find.error("iut.unanswered-ixit", "ixit", item.id, **_asks(item))


def _value(
    find: _Finder, item: IxitItem, declaration: Declaration, environ: Mapping[str, str]
) -> Iterator[ReviewFinding]:
    try:
        value = convert(item, declaration.ixit[item.id], declaration, environ)
    except Misfit as misfit:
        yield find.error(misfit.code, "ixit", item.id, **misfit.facts)
        return
    if any(len(secret) < _LEAST_SECRET_CHARS for secret in secrets_of(value)):
        yield find.warning("iut.secret-short", "ixit", item.id, question=item.id)


def _hooks(declaration: Declaration, snapshot: Snapshot) -> Iterator[ReviewFinding]:
    find = _Finder(declaration)
    secrets = {item.id for item in snapshot.ixit if item.type in SECRET_TYPES}
    known = HOOK_FACTS | {item.id for item in snapshot.ixit} - secrets
    for section, hooks in (("hooks", declaration.hooks), ("steps", declaration.steps)):
        for name, hook in hooks.items():
            for placeholder in _placeholders(hook):
                facts = {"hook": name, "placeholder": "{" + placeholder + "}"}
                if placeholder in secrets:
                    # Other users of the machine can read the arguments of a command.
                    yield find.error("iut.placeholder-secret", section, name, **facts)
                elif placeholder not in known:
                    near = close_to(placeholder, known)
                    yield find.error(
                        "iut.placeholder-unknown", section, name, **facts, near=near
                    )
    for name in sorted(declaration.hooks.keys() & declaration.steps.keys()):
        yield find.error("iut.hook-twice", "steps", name, hook=name)


def _placeholders(hook: Hook) -> list[str]:
    match hook.target:
        case str():
            texts: Sequence[str] = [hook.target]
        case tuple():
            texts = hook.target
        case _:
            texts = list(hook.target.values())
    found = (name for text in texts for name in _PLACEHOLDER.findall(text))
    return list(dict.fromkeys(found))
