# SPDX-License-Identifier: Apache-2.0
"""SenML Packs as a device sends them: readings of a profile, honest, odd or wrong.

Made from the profile and the unit table alone.  What is wrong is put behind the honest
Records, so that it spoils nothing but the Pack's form; what is odd but legal changes
how the same measurements are written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance.data import senml
from conformance.data.senml_units import convert, from_ucum, to_primary
from conformance.profile.model import Element
from conformance.protocols.mqtt.bindings import Bound, topic
from conformance.protocols.mqtt.packs import form_of

__all__ = ["ODD", "pack"]

Records = list[dict[str, Any]]


def pack(
    binding: Bound,
    elements: Sequence[Element],
    payload: Mapping[str, Any],
    value: Callable[[str], Any],
    wrong: Mapping[str, Any],
) -> bytes:
    """Return readings by wire name as the octets of a Pack.

    ``odd`` in ``wrong`` names a freedom of ``ODD``; ``more`` are octets of one more
    Record (or ``None`` and what replaces the Pack); ``unit`` a name and its unit.
    """
    base = topic(str(binding.parameters.get("base_name", "")), value)
    units = {
        element.wire_code(binding.names): from_ucum(element.unit, element.quantity)
        for element in elements
    }
    at_s = Decimal(time.time_ns() // 10**6).scaleb(-3) - wrong.get("behind_s", 0)
    records: Records = [{"bn": base, "bt": at_s}]
    for name, number in payload.items():
        unit = units.get(name)
        record: dict[str, Any] = {"n": name}
        if isinstance(number, bool):
            record["vb"] = number
        elif isinstance(number, str):
            record["vs"] = number
        else:
            exact = Decimal(number)
            record["v"] = to_primary(exact, unit) if unit else exact
            if unit:
                record["u"] = unit.primary
        records.append(record)
    records[0:2] = [records[0] | records[1]]
    if "unit" in wrong:
        name, symbol = wrong["unit"]
        next(one for one in records if one["n"] == name)["u"] = symbol
    if odd := wrong.get("odd"):
        records = ODD[odd](records)
    octets = senml.encode(records, form_of(binding))
    if "more" in wrong:
        return _with_more(octets, wrong["more"], form_of(binding))
    return bytes(wrong.get("instead", octets))


def _with_more(octets: bytes, more: bytes, form: senml.Form) -> bytes:
    """Return a Pack with the octets of another Record behind its own."""
    if form == "json":
        return octets[:-1] + b"," + more + b"]"
    if more == b"\xff":  # no Record: the same array without a length
        return b"\x9f" + octets[1:] + more
    return bytes([octets[0] + 1]) + octets[1:] + more


def _relative(records: Records) -> Records:
    """Say how many seconds ago, not when."""
    return [{k: v for k, v in one.items() if k != "bt"} | {"t": -1} for one in records]


def _whole(records: Records) -> Records:
    """Use no base field at all."""
    base, at = records[0]["bn"], records[0]["bt"]
    fields = [
        {k: v for k, v in one.items() if k not in ("bn", "bt")} for one in records
    ]
    return [one | {"n": base + one["n"], "t": at} for one in fields]


def _secondary(records: Records) -> Records:
    """Use version 26 and units that it has beside the primary ones."""
    made = [dict(one) for one in records]
    made[0]["bver"] = 26
    to = from_ucum("ug/m3")
    assert to is not None
    for one in made:
        if one.get("u") == to.primary:
            value = convert(one["v"], to.primary, to)
            one |= {"u": "ug/m3", "v": value}
    return made


def _split(records: Records) -> Records:
    """Give each value in two parts, one of them in the base value."""
    made = [dict(one) for one in records]
    for one in made:
        if "v" in one:
            one |= {"bv": Decimal(1), "v": one["v"] - 1}
        else:
            one["bv"] = Decimal(0)
    return made


ODD: Mapping[str, Callable[[Records], Records]] = {
    "relative": _relative,
    "shuffled": lambda records: list(reversed(_whole(records))),
    "no-base": _whole,
    "more-fields": lambda records: [one | {"site": "east"} for one in records],
    "secondary": _secondary,
    "base-value": _split,
}
"""Name -> what writes the same measurements in another legal way."""
