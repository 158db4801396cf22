# SPDX-License-Identifier: Apache-2.0
"""What a device's messages report: readings with their times, whatever the payload.

A JSON object is one reading with the time of its time field; a SenML Pack holds one for
each time in it.  Judges nothing; what cannot be read reports nothing.

Source: the parameters ``time_field`` and ``payload`` of a profile's MQTT binding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from conformance.data.formats import decode_json
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt import packs
from conformance.protocols.mqtt.bindings import Bound, bound, topic
from conformance.protocols.mqtt.codec import Publish, matches

__all__ = ["Reading", "Topics", "time_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reading:
    """Values of one moment."""

    time: datetime | None
    """When they were sampled; ``None`` where the payload does not say."""
    values: Mapping[str, Any]
    names: str
    """The binding by whose names the values are called."""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics on which a device reports by a profile and a declaration."""

    snapshot: Snapshot
    answers: Mapping[str, bool]
    value: Callable[[str], Any]
    wanted: Sequence[tuple[Bound, str]] = field(init=False)

    def __post_init__(self) -> None:
        every = bound(self.snapshot, self.answers)
        found = tuple((one, topic(one.topic, self.value)) for one in every)
        object.__setattr__(self, "wanted", found)

    def readings(self, packet: Publish, at_ns: int) -> Iterator[Reading]:
        """Yield what a message reports; nothing where it is on another topic."""
        for binding, name in self.wanted:
            if not matches(name, packet.topic_name):
                continue
            if binding.is_senml:
                yield from self._of_pack(binding, packet, at_ns)
                continue
            value, _ = decode_json(packet.payload)
            values = value if isinstance(value, dict) else {}
            stated = values.get(binding.parameters.get("time_field", ""))
            yield Reading(time_of(stated), values, binding.names)

    def _of_pack(
        self, binding: Bound, packet: Publish, at_ns: int
    ) -> Iterator[Reading]:
        base = packs.base_of(binding, self.value)
        elements = self.snapshot.elements
        found, _ = packs.readings_of(packet.payload, binding, elements, base, at_ns)
        for seconds, values in found[1:]:  # the first one is all of them together
            yield Reading(_moment(seconds), values, binding.names)


def time_of(text: object) -> datetime | None:
    """Return a time as RFC 3339 writes it; ``None`` for anything else."""
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else None


def _moment(seconds: Decimal) -> datetime | None:
    try:
        return _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except (OverflowError, ValueError):
        return None
