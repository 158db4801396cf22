# SPDX-License-Identifier: Apache-2.0
"""What the rules of HJ 212 have in common: one look at each thing that was sent.

A *look* says of one packet, or of octets that are no packet, that it is right, that it
is wrong and how, or that it is not its matter.  Where a capture lost octets, what is no
packet says nothing about the sender.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

from conformance.engine import registry
from conformance.engine.judge import Judge
from conformance.protocols.hj212.codec.sealing import key_of
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.dialogue import (
    Damage,
    Dialogue,
    Message,
    keys_in,
    unlocked,
)
from conformance.text import Text

__all__ = [
    "BOTH",
    "DEVICE",
    "PLATFORM",
    "RIGHT",
    "Actors",
    "Judgement",
    "Look",
    "actor_of",
    "each",
    "edition_of",
    "grammar",
    "grammar_of",
    "messages_of",
    "rule",
]

Judgement = Text | bool | None
"""Wrong and how; right (``True``); not this rule's matter (``None``)."""
Look = Callable[[Judge, Message | Damage], Judgement]

Actors = Sequence[Literal["device", "platform"]]

BOTH: Actors = ("device", "platform")
DEVICE: Actors = ("device",)
PLATFORM: Actors = ("platform",)
RIGHT = Text("符合", "as required")
_CLOSED = Text(
    "数据区已加密且没有能打开它的密钥，未判定其内容",
    "encrypted, and no key opens it: the content was not judged",
)
_Function = Callable[..., None]


def rule(
    name: str,
    *,
    actors: Actors = ("device", "platform"),
    params: Mapping[str, Any] | None = None,
    tighter: Mapping[str, Literal["lower", "higher"]] | None = None,
    of_content: bool = False,
) -> Callable[[_Function], _Function]:
    """Register a rule; it is handed encrypted areas opened, where a key is declared.

    What stays closed is kept from a rule ``of_content``, and remarked.
    """

    def decorate(function: _Function) -> _Function:
        def opened(judge: Judge, dialogue: Dialogue, **how: Any) -> None:
            secret = judge.value("hj212_key")
            keys = [key_of(secret.reveal())] if secret is not None else []
            found = unlocked(dialogue, [*judge.learned, *keys])
            judge.learned[:0] = keys_in(found)
            if of_content:
                closed = [m for m in found.messages if m.is_closed]
                if any(m.sender == judge.iut for m in closed):
                    judge.remark(_CLOSED)
                kept = (t for t in found.things if t not in closed)
                found = Dialogue(
                    found.conversation, tuple(kept) if closed else found.things
                )
            function(judge, found, **how)

        opened.__doc__ = function.__doc__
        registry.rule(name, actors=actors, params=params, tighter=tighter)(opened)
        return function

    return decorate


def each(
    name: str,
    key: str,
    expected: Text,
    look: Look,
    actors: Actors = BOTH,
    *,
    of_content: bool = False,
) -> None:
    """Register a rule that looks at each thing that the implementation sent."""

    def function(judge: Judge, dialogue: Dialogue) -> None:
        for thing in _judged(judge, dialogue):
            said = look(judge, thing)
            if said is None:
                continue
            actual = said if isinstance(said, Text) else RIGHT
            judge.expect(said is True, key, expected=expected, actual=actual, at=thing)

    function.__doc__ = f"Each packet: {expected.en}."
    rule(f"hj212.{name}", actors=actors, of_content=of_content)(function)


def _judged(judge: Judge, dialogue: Dialogue) -> Iterator[Message | Damage]:
    """Yield what the implementation sent and what can be judged of it.

    A packet that the end of the connection cut off says nothing about its sender.
    """
    if not _is_bound(judge, dialogue):
        return
    lost = dialogue.conversation.gaps > 0
    for thing in dialogue.of(judge.iut):
        if isinstance(thing, Damage) and (lost or thing.error.rule == "truncated"):
            continue
        yield thing


def messages_of(judge: Judge, dialogue: Dialogue) -> Iterator[Message]:
    """Yield the packets of the implementation."""
    if _is_bound(judge, dialogue):
        yield from (m for m in dialogue.messages if m.sender == judge.iut)


def _is_bound(judge: Judge, dialogue: Dialogue) -> bool:
    """Whether the edition of the profile rules a dialogue.

    A platform talks to each station in the station's edition; what it says to one of
    another edition is no matter of this profile.
    """
    if judge.iut == "client":
        return True
    station = (m.segment.edition for m in dialogue.messages if m.sender == "client")
    first = next(station, None)
    if first is not None and first is not edition_of(judge):
        return False
    # Surface water stations have version bits 2 too, and an MN of their own form.
    return not any(
        "_" in (m.segment.mn or "") for m in dialogue.messages if m.sender == "client"
    )


def edition_of(judge: Judge) -> Edition:
    """Return the edition that the profile binds, 2017 where it binds none."""
    for binding in judge.snapshot.bindings:
        if binding.protocol == "hj212":
            return Edition(binding.edition)
    return Edition.E2017


def actor_of(judge: Judge) -> str:
    """Return the actor that is judged."""
    return "device" if judge.iut == "client" else "platform"


def grammar(*rules: str) -> Look:
    """Look for breaches of the segment's grammar (see ``grammar.py``)."""

    def look(judge: Judge, thing: Message | Damage) -> Judgement:
        if isinstance(thing, Damage):
            return None
        for violation in thing.violations(edition_of(judge)):
            if violation.rule in rules:
                return violation.detail
        return True

    return look


def grammar_of(*rules: str, names: Callable[[str], bool]) -> Look:
    """The same for packets that hold an item of such a name."""
    inner = grammar(*rules)

    def look(judge: Judge, thing: Message | Damage) -> Judgement:
        if isinstance(thing, Damage):
            return None
        if not any(names(item.name) for item in thing.segment.items):
            return None
        return inner(judge, thing)

    return look
