# SPDX-License-Identifier: Apache-2.0
"""Payloads as a device sends them: readings of a profile in the form of its binding.

What a device program publishes is made here from the profile alone, so that the device
and the judge of its payloads share nothing but the profile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from conformance.data.formats import encode_json, to_payload
from conformance.data.relations import agree, ascending_of, conversions_of
from conformance.data.sample import sample
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.bindings import bound
from conformance.protocols.mqtt.readings.relations import disagree
from conformance.protocols.mqtt.readings.senml import pack

__all__ = ["readings"]


def readings(
    snapshot: Snapshot,
    answers: Mapping[str, bool],
    station: str,
    wrong: Mapping[str, Any] | None = None,
    *,
    reference: Decimal | None = None,
    payload: str | None = None,
) -> Callable[[int], bytes]:
    """Return what makes the payload of each reading.

    ``wrong`` spoils them: ``drop`` names an element to leave out, ``set`` a field and
    the digits that it gets, ``round`` a field and the decimal places that are left of
    it; a name ``*`` is the first that fits.  ``plain`` leaves out zeros at the end, as
    JSON encoders do.  ``behind_s`` puts the clock back, ``zone_h`` gives it an offset;
    for more see ``disagree``.  ``reference`` is the oxygen content of converted
    concentrations, ``payload`` asks for one form, whatever is declared.
    """
    every = bound(snapshot, {} if payload else answers)
    binding = next((b for b in every if payload in (None, b.payload)), None)
    parameters = binding.parameters if binding else {}
    given = {item.id: answers.get(item.id, False) for item in snapshot.ics}
    spoilt = wrong or {}
    random = Random(1)  # plausible values, not secrets
    relations = ascending_of(snapshot), conversions_of(snapshot)

    def reading(number: int) -> bytes:
        values = sample(snapshot.elements, given, random)
        agree(values, *relations, reference)
        disagree(values, snapshot, spoilt)
        values.pop(_named(spoilt.get("drop"), values), None)
        made: dict[str, Any] = {}
        if name := parameters.get("time_field"):
            made[name] = _now(spoilt).isoformat(timespec="milliseconds")
        if name := parameters.get("station_field"):
            made[name] = station
        names = binding.names if binding else ""
        made |= to_payload(snapshot.elements, values, binding=names)
        if "set" in spoilt:
            field, digits = spoilt["set"]
            made[_number(field, made)] = Decimal(digits)
        if "round" in spoilt:
            field = _fine(spoilt["round"][0], made)
            made[field] = round(made[field], spoilt["round"][1])
        if spoilt.get("plain"):
            made = {name: _plain(value) for name, value in made.items()}
        if binding and binding.is_senml:
            told = snapshot.elements, made, lambda name: station
            return pack(binding, *told, spoilt)
        return encode_json(made)

    return reading


def _named(name: Any, values: Mapping[str, Any]) -> Any:
    """Return a name, the first there is for ``*``."""
    return next(iter(values)) if name == "*" else name


def _number(name: str, made: Mapping[str, Any]) -> str:
    """Return a name, that of the first number for ``*``."""
    if name != "*":
        return name
    return next(k for k, v in made.items() if isinstance(v, Decimal | int))


def _fine(name: str, made: Mapping[str, Any]) -> str:
    """Return a name, that of the first number with decimals for ``*``."""
    if name != "*":
        return name
    numbers = {k: v for k, v in made.items() if isinstance(v, Decimal)}
    return next(k for k, v in numbers.items() if v.as_tuple().exponent != 0)


def _now(spoilt: Mapping[str, Any]) -> datetime:
    zone = timezone(timedelta(hours=spoilt.get("zone_h", 0)))
    return datetime.now(zone) - timedelta(seconds=spoilt.get("behind_s", 0))


def _plain(value: Any) -> Any:
    """Return a number with no more digits than it needs."""
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else value.normalize()
