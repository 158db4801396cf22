# SPDX-License-Identifier: Apache-2.0
"""Rules of the conventions around the readings: the status topic, and responses.

A status topic tells whether a device is there: *online*, retained, once it is
connected; *offline* by its will when it is lost, and by itself before it leaves.
Responses answer commands by their identifier.

Source: the project's conventions (LH-MQU 1.0) in the profile sd-base-mqtt-uplink.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.data.formats import decode_json
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.protocols.mqtt.bindings import Status, commands_of, status_of
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Publish,
    matches,
)
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.packs import topics_of
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__: list[str] = []

_STATUS_KEYS = [
    "will-missing", "will-other", "birth-missing", "farewell-missing",
    "status-other", "status-qos", "status-not-retained",
]  # fmt: skip
_RESPONSE_KEYS = ["no-response", "other-id", "response-qos", "response-retained"]
_WITH_WILL = 4
"""Reason code of a DISCONNECT that lets the will be published (5.0, 3.14.2.1)."""
_RESULTS = ("done", "refused")


def _judges(keys: Sequence[str]) -> Mapping[str, Any]:
    items = {"type": "array", "items": {"enum": [*keys]}, "minItems": 1}
    return {"judges": items}


@rule("mqtt.status_obeys", actors=["device"], params=_judges(_STATUS_KEYS))
def status_obeys(judge: Judge, dialogue: Dialogue, *, judges: Sequence[str]) -> None:
    """The device says on its status topic whether it is there, also by its will."""
    status = status_of(judge.snapshot, judge.value)
    if status is None:
        return
    seen = _Seen(judge, status, judges)
    for message in dialogue.messages:
        if message.sender == judge.iut:
            seen.take(message)
        elif isinstance(message.packet, Connack):
            seen.accepted = message.packet.return_code == 0


class _Seen:
    """What one connection has shown so far."""

    def __init__(self, judge: Judge, status: Status, judges: Sequence[str]) -> None:
        self.judge, self.status, self.judges = judge, status, judges
        self.topics = [name for _, name in topics_of(judge)]
        self.accepted = False
        self.said: bytes | None = None
        """The latest status on this connection."""
        self.was_born = False

    def take(self, message: Message) -> None:
        match message.packet:
            case Connect() as packet:
                self._will(packet, message)
            case Publish() as packet if matches(self.status.topic, packet.topic_name):
                self.said = packet.payload
                self._status(packet, message)
            case Publish(dup=False) as packet if self.accepted and not self.was_born:
                if any(matches(name, packet.topic_name) for name in self.topics):
                    self._birth(message)
            case Disconnect() as packet if self.accepted:
                self._farewell(packet, message)

    def _expect(self, key: str, met: object, due: str, found: str, at: Message) -> None:
        if key in self.judges:
            self.judge.expect(
                met, key, expected=alike(due), actual=alike(found or "—"), at=at
            )

    def _will(self, packet: Connect, at: Message) -> None:
        status = self.status
        due = _shown(status.topic, status.offline, status.qos, True)
        name = packet.will_topic
        self._expect("will-missing", name is not None, due, "", at)
        if name is None:
            return
        payload = bytes(packet.will_message or b"")
        same = (
            matches(status.topic, name)
            and payload == status.offline.encode()
            and packet.will_qos == status.qos
            and packet.will_retain
        )
        told = payload.decode("utf-8", "replace")
        found = _shown(name, told, packet.will_qos, packet.will_retain)
        self._expect("will-other", same, due, found, at)

    def _status(self, packet: Publish, at: Message) -> None:
        status = self.status
        words = (status.online, status.offline)
        told = packet.payload.decode("utf-8", "replace")
        self._expect("status-other", told in words, " / ".join(words), told, at)
        due, found = f"QoS {status.qos}", f"QoS {packet.qos}"
        self._expect("status-qos", packet.qos == status.qos, due, found, at)
        found = f"RETAIN {int(packet.retain)}"
        self._expect("status-not-retained", packet.retain, "RETAIN 1", found, at)

    def _birth(self, at: Message) -> None:
        self.was_born = True
        born = self.said == self.status.online.encode()
        found = "" if self.said is None else self.said.decode("utf-8", "replace")
        self._expect("birth-missing", born, self.status.online, found, at)

    def _farewell(self, packet: Disconnect, at: Message) -> None:
        if packet.reason_code == _WITH_WILL:
            return
        left = self.said == self.status.offline.encode()
        found = "" if self.said is None else self.said.decode("utf-8", "replace")
        self._expect("farewell-missing", left, self.status.offline, found, at)


def _shown(topic: str, payload: str, qos: int, retain: bool) -> str:
    return f"{topic}: {payload}, QoS {qos}, RETAIN {int(retain)}"


@rule("mqtt.responses_obey", actors=["device"], params=_judges(_RESPONSE_KEYS))
def responses_obey(judge: Judge, dialogue: Dialogue, *, judges: Sequence[str]) -> None:
    """Responses are JSON objects that name their command and say what became of it."""
    commands = commands_of(judge.snapshot, judge.value)
    if commands is None:
        return
    asked = judge.over_run(set[str], lambda _: None)
    for message in dialogue.messages:
        packet = message.packet
        if not isinstance(packet, Publish):
            continue
        if message.sender != judge.iut and matches(commands.topic, packet.topic_name):
            if name := _identifier(packet.payload):
                asked.add(name)
        elif message.sender == judge.iut and matches(
            commands.response_topic, packet.topic_name
        ):
            found = _response_flaws(packet, asked, commands.qos)
            for key in judges:
                if key in found or key != "other-id" or "no-response" not in found:
                    expected, actual = found.get(key, (alike(""), alike("")))
                    judge.expect(
                        key not in found, key, expected=expected, actual=actual,
                        at=message,
                    )  # fmt: skip


def _identifier(payload: bytes) -> str | None:
    value, _ = decode_json(payload)
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _response_flaws(
    packet: Publish, asked: set[str], qos: int
) -> dict[str, tuple[Text, Text]]:
    """Return what is wrong with a response, by key: what is due, what came."""
    value, _ = decode_json(packet.payload)
    shown = alike(packet.payload[:80].decode("utf-8", "replace"))
    flaws: dict[str, tuple[Text, Text]] = {}
    name = _identifier(packet.payload)
    if name is None or value.get("result") not in _RESULTS:
        due = Text("含 id 和 result 的 JSON 对象", "a JSON object with id and result")
        flaws["no-response"] = due, shown
    elif name not in asked:
        due = Text("所应答命令的 id", "the id of the command that it answers")
        flaws["other-id"] = due, shown
    if packet.qos != qos:
        flaws["response-qos"] = alike(f"QoS {qos}"), alike(f"QoS {packet.qos}")
    if packet.retain:
        flaws["response-retained"] = alike("RETAIN 0"), alike("RETAIN 1")
    return flaws
