# SPDX-License-Identifier: Apache-2.0
"""What a profile's MQTT binding says of a device's messages, as topics and rules.

The binding names the topic (with ``{ixit}`` in place of what differs by station), QoS,
RETAIN and the fields around the readings; the profile's elements say what the readings
may be.  Payloads are judged by :mod:`conformance.data`; nothing about them is written
here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance.data.defects import Defect
from conformance.data.formats import decode_json
from conformance.data.reporting import each_time
from conformance.data.schema import envelope, json_schema, payload_judge
from conformance.data.values import Fineness, is_number
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Element, Snapshot
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["binding_of", "topic_filter"]

_HOLE = re.compile(r"\{(\w+)\}")
_TOPICS_MAX = 1000
"""Topics whose resolution is looked at: a stranger can invent as many as he likes."""


def binding_of(snapshot: Snapshot) -> tuple[str, Mapping[str, Any]] | None:
    """Return key and parameters of the profile's MQTT binding, if it has one."""
    for binding in snapshot.bindings:
        if binding.protocol == "mqtt":
            return binding.key, binding.parameters
    return None


def topic_filter(template: str, value: Callable[[str], Any]) -> str:
    """Return the topic that a template gives; ``+`` for values that are not known."""
    return _HOLE.sub(lambda hole: str(value(hole[1]) or "+"), template)


class _Stream:
    """What all values of one element on one topic show of its resolution."""

    def __init__(self, element: Element, binding: str) -> None:
        self.fineness = Fineness(element, binding=binding)
        self.last: Message | None = None
        self.label = ""


class _Payloads:
    """What the profile says of payloads, and what was seen of them in the whole run."""

    def __init__(self, judge: Judge, binding: str, parameters: Mapping[str, Any]):
        elements, answers = judge.snapshot.elements, judge.ics()
        schema = json_schema(
            each_time(elements),
            answers,
            binding=binding,
            extra=envelope(parameters),
            unknown=judge.snapshot.data.get("unknown_elements", "ignore"),
        )
        self.defects_of = payload_judge(
            schema, elements, binding=binding, keeps_zeros=False
        )
        self._binding = binding
        self._elements = {
            name: element
            for element in elements
            if element.type == "decimal" and (name := element.wire_code(binding))
        }
        self._open: dict[str, dict[str, _Stream]] = {}
        """Topic -> name -> what has not shown its resolution yet."""

    def take(self, judge: Judge, message: Message, packet: Publish) -> None:
        """Look at the digits of one payload, as long as they can tell anything."""
        streams = self._open.get(packet.topic_name)
        if streams is None and len(self._open) < _TOPICS_MAX:
            streams = self._open[packet.topic_name] = {
                name: stream
                for name, element in self._elements.items()
                if not (stream := _Stream(element, self._binding)).fineness.is_settled
            }
        for name, value in _numbers(packet.payload) if streams else ():
            if streams and (found := streams.get(name)):
                found.fineness.add(value)
                found.last, found.label = message, judge.label
                if found.fineness.is_settled:
                    del streams[name]

    def conclude(self, judge: Judge) -> None:
        """Judge the resolution of each element of each topic."""
        for streams in self._open.values():
            for stream in streams.values():
                if stream.last and (defects := stream.fineness.defects()):
                    judge.label = stream.label
                    _conforms(judge, defects, stream.last)


@rule("mqtt.payload_conforms", actors=["device"])
def payload_conforms(judge: Judge, dialogue: Dialogue) -> None:
    """Payloads on the profile's topic hold its elements as the profile defines them.

    JSON encoders drop zeros at the end of a number, so that one value says nothing
    about resolution; all values of an element on a topic together do, however often
    the device connects.
    """
    found = binding_of(judge.snapshot)
    if found is None:
        return
    payloads = judge.over_run(
        lambda: _Payloads(judge, *found), lambda kept: kept.conclude(judge)
    )
    for message, packet in _bound(judge, dialogue, found[1]):
        _conforms(judge, payloads.defects_of(packet.payload), message)
        payloads.take(judge, message, packet)


def _numbers(payload: bytes) -> Iterator[tuple[str, int | Decimal]]:
    value, _ = decode_json(payload)
    if isinstance(value, dict):
        yield from ((k, v) for k, v in value.items() if is_number(v))


def _conforms(judge: Judge, defects: Sequence[Defect], message: Message) -> None:
    first = defects[0] if defects else None
    where = ".".join(map(str, first.path)) if first else ""
    said = first.actual if first else alike("")
    judge.expect(
        first is None,
        first.key if first else "conforms",
        expected=first.expected if first else alike(""),
        actual=Text(f"{where}: {said.zh}", f"{where}: {said.en}"),
        at=message,
    )


@rule("mqtt.binding_kept", actors=["device"])
def binding_kept(judge: Judge, dialogue: Dialogue) -> None:
    """Messages on the profile's topic have the QoS and RETAIN that it binds."""
    found = binding_of(judge.snapshot)
    if found is None:
        return
    parameters = found[1]
    due = (parameters.get("qos", 0), bool(parameters.get("retain", False)))
    for message, packet in _bound(judge, dialogue, parameters):
        judge.expect(
            (packet.qos, packet.retain) == due,
            "other-qos" if packet.qos != due[0] else "other-retain",
            expected=alike(f"QoS {due[0]}, RETAIN {int(due[1])}"),
            actual=alike(f"QoS {packet.qos}, RETAIN {int(packet.retain)}"),
            at=message,
        )


def _bound(
    judge: Judge, dialogue: Dialogue, parameters: Mapping[str, Any]
) -> Iterator[tuple[Message, Publish]]:
    """Yield the device's messages on the topic of the binding."""
    if "topic" not in parameters:
        return
    wanted = topic_filter(str(parameters["topic"]), judge.value)
    for message in dialogue.by(judge.iut):
        packet = message.packet
        if isinstance(packet, Publish) and matches(wanted, packet.topic_name):
            yield message, packet
