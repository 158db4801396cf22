# SPDX-License-Identifier: Apache-2.0
"""What a profile binds to MQTT: topics, payload, status and commands, as values.

A profile may bind several payloads, each on a topic of its own, as alternatives of an
ICS group; a declaration says which of them an implementation has.  A recording that
comes without a declaration is looked at for all of them.

Source: the parameters in ``schemas/binding.mqtt.schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.profile.model import Snapshot

__all__ = ["Bound", "Commands", "Status", "bound", "commands_of", "status_of", "topic"]

_HOLE = re.compile(r"\{(\w+)\}")

Values = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """One payload that a profile binds to MQTT."""

    key: str
    names: str
    """The binding whose names of elements are used."""
    ics: str
    """What a declaration answers yes to that has it."""
    topic: str
    qos: int
    retain: bool
    payload: str
    """``json``, ``senml+json`` or ``senml+cbor``."""
    parameters: Mapping[str, Any]

    @property
    def form(self) -> str:
        """What octets are read as: ``json`` or ``cbor``."""
        return self.payload.removeprefix("senml+")

    @property
    def is_senml(self) -> bool:
        return self.payload.startswith("senml+")


@dataclass(frozen=True, slots=True)
class Status:
    """Where a device says whether it is there, and in which words."""

    topic: str
    online: str
    offline: str
    qos: int


@dataclass(frozen=True, slots=True)
class Commands:
    """Where commands come, where they are answered, and what they are."""

    topic: str
    response_topic: str
    qos: int
    offers: Mapping[str, Mapping[str, Any]]
    """Command -> ``ics`` and ``arguments``; see the schema."""


def topic(template: str, value: Values) -> str:
    """Return the topic that a template gives; ``+`` for values that are not known."""
    return _HOLE.sub(lambda hole: str(value(hole[1]) or "+"), template)


def bound(snapshot: Snapshot, answers: Mapping[str, bool]) -> tuple[Bound, ...]:
    """Return the payloads that are declared; all of them where none is."""
    every = tuple(
        Bound(
            binding.key,
            str(given.get("names", binding.key)),
            str(given.get("payload_ics", binding.ics)),
            str(given["topic"]),
            int(given.get("qos", 0)),
            bool(given.get("retain", False)),
            str(given.get("payload", "json")),
            given,
        )
        for binding in snapshot.bindings
        if binding.protocol == "mqtt" and "topic" in (given := binding.parameters)
    )
    declared = tuple(one for one in every if answers.get(one.ics))
    return declared or every


def _parameter(snapshot: Snapshot, name: str) -> Mapping[str, Any] | None:
    """Return a parameter of the first MQTT binding that has it."""
    found: Mapping[str, Any] | None = next(
        (
            binding.parameters[name]
            for binding in snapshot.bindings
            if binding.protocol == "mqtt" and name in binding.parameters
        ),
        None,
    )
    return found


def status_of(snapshot: Snapshot, value: Values) -> Status | None:
    """Return the convention of the status topic, if the profile has one."""
    given = _parameter(snapshot, "status")
    if given is None:
        return None
    return Status(
        topic(str(given["topic"]), value),
        str(given.get("online", "online")),
        str(given.get("offline", "offline")),
        int(given.get("qos", 1)),
    )


def commands_of(snapshot: Snapshot, value: Values) -> Commands | None:
    """Return the commands that the profile binds, if it does."""
    given = _parameter(snapshot, "commands")
    if given is None:
        return None
    return Commands(
        topic(str(given["topic"]), value),
        topic(str(given["response_topic"]), value),
        int(given.get("qos", 1)),
        given["offers"],
    )
