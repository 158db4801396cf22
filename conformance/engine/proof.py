# SPDX-License-Identifier: Apache-2.0
"""What shows that a check can fail, and that it does not fail the merely odd.

A *fault* is a named deviation tied to the requirement that it breaks and to the key of
the expectation that must notice it.  A *liberty* is a named freedom that the standard
leaves; every check must let it pass.  Each protocol's ``faults.py`` lists its own and
offers ``bench``: an implementation with that one deviation, ready to be tested.

Where each domain profile numbers a requirement in its own way, a fault names the check
(``hj212.values_conform``) and is bound to the requirements of a snapshot for a trial.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, get_args

from conformance.iut.declaration import Declaration, Endpoint, Hook, Role, Secret
from conformance.iut.questions import effective_answers
from conformance.profile.model import Snapshot
from conformance.text import Text

__all__ = [
    "Bench",
    "Endpoint",
    "Fault",
    "Hook",
    "Liberty",
    "Offers",
    "Secret",
    "declare",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """One deviation that at least one check must find."""

    name: str
    role: str
    """``device`` or ``platform``: which implementation deviates."""
    title: Text
    breaks: Mapping[str, str] = field(hash=False)
    """Requirement id or name of a check -> key of the expectation that is not met."""
    also: Sequence[str] = ()
    """Requirements that cannot but fail with it; each needs a fault of its own too."""

    def bound(self, snapshot: Snapshot) -> Fault:
        """Return the fault with the snapshot's requirements for names of checks."""
        breaks = {i: k for n, k in self.breaks.items() for i in _ids(n, snapshot)}
        also = tuple(i for name in self.also for i in _ids(name, snapshot))
        return replace(self, breaks=breaks, also=also)

    def bears_on(self, snapshot: Snapshot) -> bool:
        """Return whether it breaks something that binds in the snapshot's editions."""
        bound = {binding.edition for binding in snapshot.bindings}
        known = {r.id: r.edition for r in snapshot.requirements}
        named = [known[n] for n in self.bound(snapshot).breaks if n in known]
        return any(not e or not bound or bound & {*e} for e in named)


@dataclass(frozen=True, slots=True)
class Liberty:
    """One freedom that no check may punish."""

    name: str
    role: str
    title: Text
    editions: Sequence[str] = ()
    """Editions that leave it; empty for all."""
    checks: Sequence[str] = ()
    """Checks that it is about; empty for all."""

    def bears_on(self, snapshot: Snapshot) -> bool:
        """Return whether the snapshot binds an edition and a check that it is about."""
        bound = {binding.edition for binding in snapshot.bindings}
        if self.editions and not bound & {*self.editions}:
            return False
        return not self.checks or any(_ids(name, snapshot) for name in self.checks)


def _ids(name: str, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the requirements that a name stands for; an id for itself.

    Names of checks begin with that of a protocol, in lower case.
    """
    if not name[:1].islower():
        return (name,)
    checked = [r for r in snapshot.requirements if r.check]
    return tuple(r.id for r in checked if r.check and r.check.name == name)


@dataclass(frozen=True, slots=True)
class Bench:
    """An implementation under test that runs, and the declaration that finds it."""

    declaration: Declaration
    environ: Mapping[str, str] = field(default_factory=dict)
    """Where the declaration's secrets are taken from."""


class Offers(Protocol):
    """What a protocol's ``faults`` module offers."""

    FAULTS: Sequence[Fault]
    LIBERTIES: Sequence[Liberty]
    bench: Callable[[Snapshot, str, str | None], AbstractContextManager[Bench]]
    """``bench(snapshot, role, deviation)``; no deviation is the honest one."""


def declare(
    snapshot: Snapshot,
    role: str,
    *,
    ics: Mapping[str, bool],
    ixit: Mapping[str, Any],
    hooks: Mapping[str, Hook] | None = None,
    steps: Mapping[str, Hook] | None = None,
) -> Declaration:
    """Return the declaration of a bench's implementation: the project's own.

    Answers and values that the profile does not ask for are left out, and what rests on
    a denied item is denied, so that one bench serves every profile of its protocol.
    """
    questions = {item.id for item in snapshot.ics}
    values = {item.id for item in snapshot.ixit}
    return Declaration(
        file=None,
        profile_ref=snapshot.ref,
        profile_digest=snapshot.digest,
        role=next(known for known in get_args(Role) if known == role),
        implementation={
            "vendor": {"zh": "鲁衡项目", "en": "Luheng project"},
            "product": f"reference {role}",
            "version": "1",
        },
        declared_by="Luheng project",
        declared_on="2026-11-25",
        ics=effective_answers(
            snapshot, {key: ics[key] for key in ics.keys() & questions}
        ),
        ixit={key: value for key, value in ixit.items() if key in values},
        hooks=dict(hooks or {}),
        steps=dict(steps or {}),
    )
