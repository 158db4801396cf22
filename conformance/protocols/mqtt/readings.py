# SPDX-License-Identifier: Apache-2.0
"""Payloads as a device sends them: readings of a profile in the JSON of its binding.

What a device program publishes is made here from the profile alone, so that the device
and the judge of its payloads share nothing but the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

from conformance.data.formats import encode_json, to_payload
from conformance.data.sample import sample
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.payloads import binding_of

__all__ = ["readings"]


def readings(
    snapshot: Snapshot,
    answers: Mapping[str, bool],
    station: str,
    wrong: Mapping[str, Any] | None = None,
) -> Callable[[int], bytes]:
    """Return what makes the payload of each reading.

    ``wrong`` spoils them: ``drop`` names an element to leave out, ``set`` a field and
    the digits that it gets, ``round`` a field and the decimal places that are left of
    it.  ``plain`` leaves out zeros at the end, as JSON encoders do, and spoils nothing.
    """
    key, parameters = binding_of(snapshot) or ("", {})
    given = {item.id: answers.get(item.id, False) for item in snapshot.ics}
    spoilt = wrong or {}
    random = Random(1)  # plausible values, not secrets

    def reading(number: int) -> bytes:
        values = sample(snapshot.elements, given, random)
        values.pop(spoilt.get("drop", ""), None)
        payload: dict[str, Any] = {}
        if name := parameters.get("time_field"):
            payload[name] = datetime.now(UTC).isoformat(timespec="seconds")
        if name := parameters.get("station_field"):
            payload[name] = station
        payload |= to_payload(snapshot.elements, values, binding=key)
        if "set" in spoilt:
            field, digits = spoilt["set"]
            payload[field] = Decimal(digits)
        if "round" in spoilt:
            field, places = spoilt["round"]
            payload[field] = round(payload[field], places)
        if spoilt.get("plain"):
            payload = {name: _plain(value) for name, value in payload.items()}
        return encode_json(payload)

    return reading


def _plain(value: Any) -> Any:
    """Return a number with no more digits than it needs."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else value.normalize()
