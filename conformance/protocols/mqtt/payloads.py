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
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from conformance.data.defects import Defect
from conformance.data.formats import decode_json
from conformance.data.reporting import each_time
from conformance.data.schema import envelope, json_schema, payload_judge
from conformance.data.values import Fineness, decimal_places, is_number
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["binding_of", "topic_filter"]

_HOLE = re.compile(r"\{(\w+)\}")
_STREAMS_MAX = 10_000
"""Elements times topics whose resolution is looked at; topics are free to invent."""


def binding_of(snapshot: Snapshot) -> tuple[str, Mapping[str, Any]] | None:
    """Return key and parameters of the profile's MQTT binding, if it has one."""
    for binding in snapshot.bindings:
        if binding.protocol == "mqtt":
            return binding.key, binding.parameters
    return None


def topic_filter(template: str, value: Callable[[str], Any]) -> str:
    """Return the topic that a template gives; ``+`` for values that are not known."""
    return _HOLE.sub(lambda hole: str(value(hole[1]) or "+"), template)


@dataclass(slots=True)
class _Stream:
    """What all values of one element on one topic show of its resolution."""

    fineness: Fineness
    last: Message
    label: str


_Streams = dict[tuple[str, str], _Stream]


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
    key, parameters = found
    elements = judge.snapshot.elements
    answers = judge.ics()
    schema = json_schema(
        each_time(elements),
        answers,
        binding=key,
        extra=envelope(parameters),
        unknown=judge.snapshot.data.get("unknown_elements", "ignore"),
    )
    defects_of = payload_judge(schema, elements, binding=key, keeps_zeros=False)
    coarse = {e.wire_code(key): e for e in elements if decimal_places(e, key)}
    streams = judge.over_run(_Streams, lambda kept: _conclude(judge, kept))
    for message, packet in _bound(judge, dialogue, parameters):
        _conforms(judge, defects_of(packet.payload), message)
        for name, value in _numbers(packet.payload):
            if element := coarse.get(name):
                where = packet.topic_name, name
                if where not in streams and len(streams) < _STREAMS_MAX:
                    fineness = Fineness(element, binding=key)
                    streams[where] = _Stream(fineness, message, judge.label)
                if stream := streams.get(where):
                    stream.fineness.add(value)
                    stream.last, stream.label = message, judge.label


def _conclude(judge: Judge, streams: _Streams) -> None:
    for stream in streams.values():
        if defects := stream.fineness.defects():
            judge.label = stream.label
            _conforms(judge, defects, stream.last)


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
