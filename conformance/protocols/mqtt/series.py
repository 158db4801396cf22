# SPDX-License-Identifier: Apache-2.0
"""What a device reported over MQTT: values over time, seconds between messages.

Looks at messages on the topic that the profile binds.  A message sent again (DUP) is no
new report.  Judges nothing.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clause 3.3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

from conformance.data.formats import decode_json
from conformance.data.reporting import Pace, report_pace
from conformance.data.values import is_number
from conformance.engine.series import Gaps, Series, Values
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.dialogue import Dialogue
from conformance.protocols.mqtt.payloads import binding_of, topic_filter
from conformance.text import Text

__all__ = ["series"]

_NS = Decimal(1_000_000_000)
_NAME = Text("MQTT 上报消息", "MQTT reports")


def series(
    dialogues: Sequence[Dialogue], snapshot: Snapshot, ixit: Mapping[str, Any]
) -> Series:
    """Return the values and the intervals between reports that dialogues hold."""
    found = binding_of(snapshot)
    if found is None or "topic" not in found[1]:
        return Series()
    binding, parameters = found
    wanted = topic_filter(str(parameters["topic"]), ixit.get)
    reports = [list(_reports(dialogue, wanted)) for dialogue in dialogues]
    return Series(
        tuple(_values([r for talk in reports for r in talk], snapshot, binding)),
        tuple(_gaps(reports, report_pace(snapshot.elements))),
    )


def _reports(dialogue: Dialogue, wanted: str) -> Iterator[tuple[int, bytes]]:
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != dialogue.conversation.iut:
            continue
        if (
            isinstance(packet, Publish)
            and not packet.dup
            and matches(wanted, packet.topic_name)
        ):
            yield message.at_ns, packet.payload


def _values(
    reports: Sequence[tuple[int, bytes]], snapshot: Snapshot, binding: str
) -> Iterator[Values]:
    points: dict[str, list[tuple[int, Decimal]]] = defaultdict(list)
    for at_ns, payload in reports:
        value, _ = decode_json(payload)
        for name, number in value.items() if isinstance(value, dict) else ():
            if is_number(number):
                points[name].append((at_ns, Decimal(number)))
    for element in snapshot.elements:
        if seen := points.get(element.wire_code(binding) or ""):
            bounds = element.range
            yield Values(
                element.key,
                element.name,
                element.unit,
                bounds.min if bounds else None,
                bounds.max if bounds else None,
                tuple(seen),
            )


def _gaps(
    reports: Sequence[Sequence[tuple[int, bytes]]], pace: Pace | None
) -> Iterator[Gaps]:
    seconds = tuple(
        (Decimal(later - earlier) / _NS).quantize(Decimal("0.001"))
        for talk in reports
        for (earlier, _), (later, _) in pairwise(talk)
    )
    if seconds:
        nominal = Decimal(pace.nominal) if pace else None
        yield Gaps("publish", _NAME, seconds, nominal)
