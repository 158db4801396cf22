# SPDX-License-Identifier: Apache-2.0
"""What a device of the proof does of a profile's MQTT conventions: status, commands.

It says on its status topic whether it is there, and carries out commands by the table
of the binding.  Knows neither paho nor sockets: it is handed messages and hands back
what to publish.  ``lacks`` names duties that it leaves out, one for each fault.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from conformance.data.formats import decode_json
from conformance.protocols.mqtt.bindings import Commands, Status

__all__ = ["Outgoing", "Uplink"]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish."""

    topic: str
    payload: bytes
    qos: int
    retain: bool = False


@dataclass(slots=True)
class Uplink:
    """The conventions that a device keeps, and its settings."""

    status: Status | None
    commands: Commands | None
    reading: Callable[[], bytes]
    """A reading as one JSON object."""
    has: Callable[[str], bool] = lambda ics: True
    """Which ICS items of commands it supports."""
    lacks: AbstractSet[str] = frozenset()
    settings: dict[str, int] = field(default_factory=dict)
    is_dead: bool = False
    """Whether it takes no commands any more."""

    def __post_init__(self) -> None:
        for offer in self.offers.values():
            for name, limits in offer.get("arguments", {}).items():
                self.settings[name] = min(max(300, limits["min"]), limits["max"])

    @property
    def offers(self) -> Mapping[str, Mapping[str, Any]]:
        if self.commands is None:
            return {}
        return {k: o for k, o in self.commands.offers.items() if self.has(o["ics"])}

    def _said(self, word: str, lack: str) -> Outgoing | None:
        status = self.status
        if status is None or lack in self.lacks or f"any-{lack}" in self.lacks:
            return None
        if "status-words" in self.lacks and lack != "will":
            word = word.upper()
        qos = 0 if "status-qos" in self.lacks and lack != "will" else status.qos
        kept = lack not in ("will", "birth") or f"{lack}-retain" not in self.lacks
        return Outgoing(status.topic, word.encode(), qos, kept)

    @property
    def will(self) -> Outgoing | None:
        return self._said(self.status.offline, "will") if self.status else None

    @property
    def birth(self) -> Outgoing | None:
        return self._said(self.status.online, "birth") if self.status else None

    @property
    def farewell(self) -> Outgoing | None:
        return self._said(self.status.offline, "farewell") if self.status else None

    def take(self, topic: str, payload: bytes, retain: bool) -> list[Outgoing]:
        """Carry a command out, or refuse it; return what to publish."""
        commands = self.commands
        if commands is None or topic != commands.topic or self.is_dead:
            return []
        if retain and "retained" not in self.lacks:
            return []  # an old order, told on subscribing: not for now
        command, _ = decode_json(payload)
        identifier = command.get("id") if isinstance(command, dict) else None
        if not isinstance(identifier, str) or not 1 <= len(identifier) <= 64:
            cut = command is None and payload.startswith(b'{"id"')
            self.is_dead = cut and "crash" in self.lacks
            return []
        answer = {"id": identifier, **self._carried_out(command)}
        if answer["result"] == "refused" and "answer" in self.lacks:
            return []
        if "result" in self.lacks:
            del answer["result"]
        if "id" in self.lacks:
            answer["id"] = "0"
        octets = json.dumps(answer, separators=(",", ":")).encode()
        response, qos = commands.response_topic, commands.qos
        if "response-qos" in self.lacks:
            qos = 0
        retained = "response-retain" in self.lacks
        return [Outgoing(response, octets, qos, retained)]

    def _carried_out(self, command: Mapping[str, Any]) -> dict[str, Any]:
        offer = self.offers.get(str(command.get("command")))
        if offer is None:
            done = "unknown" in self.lacks
            return {"result": "done"} if done else _refused("unknown command")
        given = command.get("arguments", {})
        wanted = offer.get("arguments", {})
        if not isinstance(given, dict):
            return _refused("arguments")
        for name, limits in wanted.items():
            value = given.get(name)
            fits = type(value) is int and limits["min"] <= value <= limits["max"]
            if not fits and not (type(value) is int and "limits" in self.lacks):
                if "effect" in self.lacks and type(value) is int:
                    self.settings[name] = value
                return _refused(name)
        return self._done(str(offer.get("kind", "read")), {n: given[n] for n in wanted})

    def _done(self, kind: str, given: Mapping[str, int]) -> dict[str, Any]:
        if kind == "set":
            if "obey" not in self.lacks:
                self.settings |= given
            return {"result": "done"}
        if kind == "report":
            reading = {} if "reading" in self.lacks else json.loads(self.reading())
            return {"result": "done", "reading": reading}
        return {"result": "done", "settings": dict(self.settings)}


def _refused(reason: str) -> dict[str, Any]:
    return {"result": "refused", "reason": reason}
