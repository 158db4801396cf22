# SPDX-License-Identifier: Apache-2.0
"""What all rules over recorded MQTT conversations share.

A rule of a version looks at dialogues of that version only.  What a connection is part
of, the session, is found by the client identifier; of a session whose beginning nobody
recorded nothing is assumed.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1, 3.2 and 4.1 of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from conformance.engine import registry
from conformance.engine.judge import Judge
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Properties,
    Version,
    value_of,
)
from conformance.protocols.mqtt.dialogue import Dialogue, Message

__all__ = [
    "REFUSED",
    "accepting",
    "answer_timeout_ns",
    "client_of",
    "opening",
    "rule",
    "said",
    "starts_afresh",
]

REFUSED = 0x80
"""Reason codes of 5.0 from here on say that something failed (2.4)."""
_NS = 1_000_000_000
_VERSION: Mapping[str, Any] = {"type": "integer", "enum": [4, 5], "default": 4}
_PREFIXES: Mapping[Version, str] = {4: "mqtt", 5: "mqtt5"}

_OTHER_NAME = "protocol-name"
_OTHER_VERSION = ("protocol-level", _OTHER_NAME)

_Rule = Callable[..., None]


def rule(
    name: str,
    *,
    actors: Sequence[Any] = ("device", "platform"),
    params: Mapping[str, Any] | None = None,
) -> Callable[[_Rule], _Rule]:
    """Register a rule that looks only at dialogues of its ``version``.

    The version is a parameter by protocol level, 4 unless the profile says otherwise.
    """

    def decorate(function: _Rule) -> _Rule:
        @wraps(function)
        def judged(
            judge: Judge, dialogue: Dialogue, *, version: Version = 4, **given: Any
        ) -> None:
            if _is_due(judge, dialogue, version):
                function(judge, dialogue, **given)

        whole = {**(params or {}), "version": _VERSION}
        registry.rule(name, actors=actors, params=whole)(judged)
        return function

    return decorate


def _is_due(judge: Judge, dialogue: Dialogue, version: Version) -> bool:
    """Say whether rules of a version judge a dialogue.

    How a server refuses a protocol level that it does not know has no one layout, so
    that such talk says nothing of servers.  A client with another protocol name is of
    no version; every version judges it.
    """
    first = next(dialogue.by("client"), None)
    broken = {b.rule for b in first.decoded.violations} if first else set()
    if judge.iut == "server":
        return dialogue.version == version and broken.isdisjoint(_OTHER_VERSION)
    return dialogue.version == version or _OTHER_NAME in broken


def opening(dialogue: Dialogue) -> Connect | None:
    """Return the CONNECT that opens a dialogue, ``None`` if it cannot be read."""
    first = next(dialogue.by("client"), None)
    packet = first.packet if first else None
    return packet if isinstance(packet, Connect) else None


def accepting(dialogue: Dialogue) -> tuple[Message, Connack] | None:
    """Return the CONNACK that accepts, ``None`` if the client was not accepted."""
    for message in dialogue.by("server"):
        packet = message.packet
        if isinstance(packet, Connack):
            return (message, packet) if packet.return_code == 0 else None
    return None


def said(properties: Properties, name: str, default: int = 0) -> int:
    """Return a number that a side has stated of itself, or what its absence means."""
    found = value_of(properties, name)
    return default if found is None else int(found)


def client_of(dialogue: Dialogue) -> str:
    """Return the identifier of the session's client; empty if nobody knows it."""
    connect, accepted = opening(dialogue), accepting(dialogue)
    given = connect.client_identifier if connect else ""
    if given or accepted is None:
        return given
    return str(value_of(accepted[1].properties, "assigned_client_identifier") or "")


def starts_afresh(dialogue: Dialogue) -> bool:
    """Say whether both sides know that no session was there before."""
    accepted = accepting(dialogue)
    return accepted is not None and not accepted[1].session_present


def answer_timeout_ns(judge: Judge, dialogue: Dialogue) -> int:
    """Return how long an answer may take by the declaration; 5 s without one."""
    prefix = _PREFIXES[dialogue.version]
    return int(float(judge.value(f"{prefix}_answer_timeout", 5)) * _NS)
