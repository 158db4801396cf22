# SPDX-License-Identifier: Apache-2.0
"""Rules over recordings: our own, those of an earlier run, captures of others.

A rule looks at one dialogue (a decoded conversation) at a time and says of each thing
it looks at whether it is right.  What was never looked at is not judged: a rule
without an observation is *inconclusive*, never *pass*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from conformance.engine.registry import Procedure
from conformance.engine.run import Words
from conformance.link.conversation import Conversation
from conformance.link.packets import Side
from conformance.profile.model import Snapshot
from conformance.protocols import room

__all__ = ["Dialogue", "Finding", "Judge", "Located", "decode", "judge_rule"]

T = TypeVar("T")

FINDINGS_MAX = 50
"""Findings of one rule that are kept in full; the rest are counted."""

SIDES: Mapping[str, Side] = {"device": "client", "platform": "server"}
"""Which side of a connection an actor is: devices open it."""


class Located(Protocol):
    """Something decoded that knows where it came from."""

    @property
    def octets(self) -> bytes: ...
    @property
    def packets(self) -> tuple[int, ...]: ...
    @property
    def at_ns(self) -> int: ...
    @property
    def sender(self) -> Side: ...


class Dialogue(Protocol):
    """A conversation as its protocol decodes it; each protocol has its own."""

    @property
    def conversation(self) -> Conversation: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation that contradicts the requirement."""

    key: str
    expected: Words
    actual: Words
    at: Located | None
    label: str
    """The requirement whose check caused the connection, or empty."""


@dataclass(slots=True)
class Judge:
    """What a rule is handed."""

    snapshot: Snapshot
    ixit: Mapping[str, Any]
    iut: Side
    observations: int = 0
    findings: list[Finding] = field(default_factory=list)
    failures: int = 0
    remarks: list[Words] = field(default_factory=list)
    label: str = ""
    answers: Mapping[str, bool] = field(default_factory=dict)
    """ICS answers of the declaration; empty for a capture, which comes without one."""
    kept: Any = None
    """What the rule carries from one dialogue to the next; see :meth:`over_run`."""
    last: Callable[[], None] | None = None
    learned: list[bytes] = field(default_factory=list, repr=False)
    """Keys that the dialogues so far have shown, for those that follow."""

    def over_run(self, make: Callable[[], T], conclude: Callable[[T], None]) -> T:
        """Return what a rule keeps over all dialogues; made when first asked for.

        ``conclude`` judges it when the last dialogue has been looked at.
        """
        if self.kept is None:
            kept = self.kept = make()
            self.last = lambda: conclude(kept)
        found: T = self.kept
        return found

    def conclude(self) -> None:
        """Judge what only all dialogues together show; a second call does nothing."""
        last, self.last = self.last, None
        if last is not None:
            last()

    def value(self, key: str, default: Any = None) -> Any:
        """Return an IXIT value; the default where a capture comes without any."""
        return self.ixit.get(key, default)

    def ics(self) -> dict[str, bool]:
        """Return an answer to each question; what nobody answered is no."""
        return {i.id: self.answers.get(i.id, False) for i in self.snapshot.ics}

    def binding(self, protocol: str) -> Mapping[str, Any]:
        """Return the parameters of the profile's binding to a protocol, or nothing."""
        for binding in self.snapshot.bindings:
            if binding.protocol == protocol:
                return dict(binding.parameters)
        return {}

    def expect(
        self,
        met: object,
        key: str,
        *,
        expected: Words,
        actual: Words,
        at: Located | None = None,
    ) -> None:
        """Count one observation; note it as a finding when it is not as required."""
        self.observations += 1
        if met:
            return
        self.failures += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(key, expected, actual, at, self.label))

    def remark(self, words: Words) -> None:
        """Note something that is no failure."""
        if words not in self.remarks and len(self.remarks) < FINDINGS_MAX:
            self.remarks.append(words)


def decode(
    conversations: Iterable[Conversation], actor: str
) -> dict[str, list[Dialogue]]:
    """Return the dialogues of an actor by protocol, decoding each conversation once.

    A conversation that does not tell which side is the implementation is taken by the
    actor's usual side.
    """
    found: dict[str, list[Dialogue]] = {}
    for talk in conversations:
        side = SIDES[actor]
        if not talk.protocol or talk.iut not in (None, side):
            continue
        talk.iut = side
        dialogue = room(talk.protocol, "rules").decode(talk)
        found.setdefault(talk.protocol, []).append(dialogue)
    return found


def judge_rule(
    procedure: Procedure,
    params: Mapping[str, Any],
    dialogues: Sequence[Dialogue],
    judge: Judge,
) -> Judge:
    """Run a rule over all dialogues and return the judge with what it noted."""
    for dialogue in dialogues:
        judge.label = dialogue.conversation.label
        procedure.function(judge, dialogue, **params)
    return judge
