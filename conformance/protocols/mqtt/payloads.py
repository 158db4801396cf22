# SPDX-License-Identifier: Apache-2.0
"""What a profile's MQTT binding says of a device's messages, as topics and rules.

The binding names the topic (with ``{ixit}`` in place of what differs by station), QoS,
RETAIN and the fields around the readings; the profile's elements say what the readings
may be.  Payloads are judged by :mod:`conformance.data`; nothing about them is written
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance.data.defects import Defect
from conformance.data.formats import decode_json
from conformance.data.reporting import each_time
from conformance.data.schema import envelope, json_schema, payload_judge, validator
from conformance.data.values import Fineness, is_number
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Element, Snapshot
from conformance.protocols.mqtt import packs
from conformance.protocols.mqtt.bindings import Bound
from conformance.protocols.mqtt.bindings import topic as topic_filter
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["binding_of", "topic_filter"]

_PAYLOADS = ("json", "senml+json", "senml+cbor")
_TOPICS_MAX = 1000
"""Topics whose resolution is looked at: a stranger can invent as many as he likes."""


def binding_of(snapshot: Snapshot) -> tuple[str, Mapping[str, Any]] | None:
    """Return key and parameters of the profile's MQTT binding, if it has one."""
    for binding in snapshot.bindings:
        if binding.protocol == "mqtt":
            return binding.key, binding.parameters
    return None


class _Stream:
    """What all values of one element on one topic show of its resolution."""

    def __init__(self, element: Element, binding: str) -> None:
        self.fineness = Fineness(element, binding=binding)
        self.last: Message | None = None
        self.label = ""


class _Payloads:
    """What the profile says of payloads, and what was seen of them in the whole run."""

    def __init__(self, judge: Judge, binding: Bound):
        elements, answers = judge.snapshot.elements, judge.ics()
        self._bound, self._binding = binding, binding.names
        self._every = elements
        self._base = packs.base_of(binding, judge.value)
        schema = json_schema(
            each_time(elements),
            answers,
            binding=binding.names,
            extra={} if binding.is_senml else envelope(binding.parameters),
            unknown=judge.snapshot.data.get("unknown_elements", "ignore"),
        )
        self._validate = validator(schema)
        self._in_json = payload_judge(
            schema, elements, binding=binding.names, keeps_zeros=False
        )
        self._elements = {
            name: element
            for element in elements
            if element.type == "decimal" and (name := element.wire_code(binding.names))
        }
        self._open: dict[str, dict[str, _Stream]] = {}
        """Topic -> name -> what has not shown its resolution yet."""

    def defects_of(self, message: Message, packet: Publish) -> Sequence[Defect]:
        """Return what is wrong with the readings of a payload."""
        if not self._bound.is_senml:
            return self._in_json(packet.payload)
        readings, defects = self._readings(message, packet)
        for number, (_, reading) in enumerate(readings):
            found = self._validate(reading)
            # What is due has to be there once, whatever times a Pack spans.
            defects += [d for d in found if not number or d.key != "data.missing"]
        return defects

    def _readings(
        self, message: Message, packet: Publish
    ) -> tuple[list[packs.Reading], list[Defect]]:
        return packs.readings_of(
            packet.payload, self._bound, self._every, self._base, message.at_ns
        )

    def _numbers(
        self, message: Message, packet: Publish
    ) -> Iterator[tuple[str, int | Decimal]]:
        if not self._bound.is_senml:
            yield from _numbers(packet.payload)
            return
        for _, reading in self._readings(message, packet)[0][1:]:
            yield from ((k, v) for k, v in reading.items() if is_number(v))

    def take(self, judge: Judge, message: Message, packet: Publish) -> None:
        """Look at the digits of one payload, as long as they can tell anything."""
        streams = self._open.get(packet.topic_name)
        if streams is None and len(self._open) < _TOPICS_MAX:
            streams = self._open[packet.topic_name] = {
                name: stream
                for name, element in self._elements.items()
                if not (stream := _Stream(element, self._binding)).fineness.is_settled
            }
        for name, value in self._numbers(message, packet) if streams else ():
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


@rule(
    "mqtt.payload_conforms",
    actors=["device"],
    params={
        "payloads": {
            "type": "array",
            "items": {"enum": [*_PAYLOADS]},
            "default": ["json"],
        }
    },
)
def payload_conforms(
    judge: Judge, dialogue: Dialogue, *, payloads: Sequence[str] = ("json",)
) -> None:
    """Payloads on the profile's topics hold its elements as the profile defines them.

    Encoders drop zeros at the end of a number, so that one value says nothing about
    resolution; all values of an element on a topic together do, however often the
    device connects.
    """
    wanted = [one for one in packs.topics_of(judge) if one[0].payload in payloads]
    kept = judge.over_run(
        lambda: {binding.key: _Payloads(judge, binding) for binding, _ in wanted},
        lambda kept: _conclude(judge, kept.values()),
    )
    for binding, message, packet in _declared(judge, dialogue, wanted):
        _conforms(judge, kept[binding.key].defects_of(message, packet), message)
        kept[binding.key].take(judge, message, packet)


def _conclude(judge: Judge, every: Iterable[_Payloads]) -> None:
    for one in every:
        one.conclude(judge)


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
    """Messages on the profile's topics have the QoS and RETAIN that it binds."""
    for binding, message, packet in _declared(judge, dialogue, packs.topics_of(judge)):
        due = (binding.qos, binding.retain)
        judge.expect(
            (packet.qos, packet.retain) == due,
            "other-qos" if packet.qos != due[0] else "other-retain",
            expected=alike(f"QoS {due[0]}, RETAIN {int(due[1])}"),
            actual=alike(f"QoS {packet.qos}, RETAIN {int(packet.retain)}"),
            at=message,
        )


def _declared(
    judge: Judge, dialogue: Dialogue, wanted: Sequence[tuple[Bound, str]]
) -> Iterator[tuple[Bound, Message, Publish]]:
    """Yield the device's messages on the topics of these bindings."""
    for message in dialogue.by(judge.iut):
        packet = message.packet
        if isinstance(packet, Publish):
            for binding, topic in wanted:
                if matches(topic, packet.topic_name):
                    yield binding, message, packet
