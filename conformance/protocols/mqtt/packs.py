# SPDX-License-Identifier: Apache-2.0
"""SenML Packs as a profile binds them: the standard's rules, and the readings within.

The rule judges what RFC 8428 says of any Pack; which keys are whose requirement, the
profile states.  ``readings_of`` goes on to what the profile's elements mean: names
behind the base name, values in the unit of the element, whatever unit they came in.

Source: RFC 8428, clauses 4 to 6; the parameters ``payload`` and ``base_name``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, cast

from conformance.data import senml
from conformance.data.defects import KEYS, Defect, defect
from conformance.data.senml_units import convert, from_ucum
from conformance.data.values import is_number
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Element
from conformance.protocols.mqtt.bindings import Bound, bound, topic
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.dialogue import Dialogue
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["base_of", "form_of", "readings_of", "topics_of"]

Reading = tuple[Decimal, dict[str, Any]]
"""Seconds since 1970, and values by wire name."""

_NS = Decimal(1_000_000_000)
_HOLE = re.compile(r"\\\{(\w+)\\\}")
_PROFILE_KEYS = ("senml.must-understand", "senml.not-finite", "data.number-too-long")
"""What keeps a consumer that knows the profile from using a Pack."""
_SENML_KEYS = [
    "data.not-json", "data.not-utf8", "data.not-finite", "data.not-cbor",
    *(key for key in KEYS if key.startswith("senml.")),
]  # fmt: skip


def form_of(binding: Bound) -> senml.Form:
    """Return in which form a binding's Packs come."""
    return cast("senml.Form", binding.form)


def base_of(binding: Bound, value: Callable[[str], Any]) -> str:
    """Return what stands before the names of elements, as a regular expression."""
    template = re.escape(str(binding.parameters.get("base_name", "")))
    return _HOLE.sub(
        lambda hole: re.escape(str(value(hole[1]) or "")) or ".+", template
    )


@rule(
    "mqtt.senml_obeys",
    actors=["device"],
    params={
        "judges": {
            "type": "array",
            "items": {"enum": _SENML_KEYS},
            "minItems": 1,
            "uniqueItems": True,
        }
    },
)
def senml_obeys(judge: Judge, dialogue: Dialogue, *, judges: Sequence[str]) -> None:
    """Payloads on topics that are bound to SenML are Packs as the standard has them.

    A Pack that cannot be read says nothing of its Records.
    """
    wanted = [
        (binding, name)
        for binding, name in topics_of(judge)
        if binding.is_senml and _concerns(judges, form_of(binding))
    ]
    for message in dialogue.by(judge.iut):
        packet = message.packet
        if not isinstance(packet, Publish):
            continue
        for binding, name in wanted:
            if matches(name, packet.topic_name):
                pack = senml.decode(packet.payload, form_of(binding))
                found = [
                    d
                    for d in pack.defects
                    if d.key in judges and not _is_asked_for(d, judge)
                ]
                if not found and pack.defects and not pack.is_readable:
                    continue
                told = found[0] if found else None
                if pack.notes:
                    judge.remark(_twice(pack.notes))
                judge.expect(
                    told is None,
                    told.key if told else "conforms",
                    expected=told.expected if told else alike(""),
                    actual=_located(told) if told else alike(""),
                    at=message,
                )


def _is_asked_for(found: Defect, judge: Judge) -> bool:
    """Whether the profile itself has an element in a unit that is not recommended."""
    if found.key != "senml.starred-unit":
        return False
    units = (from_ucum(e.unit, e.quantity) for e in judge.snapshot.elements)
    return found.actual.en in {unit.primary for unit in units if unit}


def topics_of(judge: Judge) -> list[tuple[Bound, str]]:
    """Return what is declared of the profile's payloads, each with its topic."""
    every = bound(judge.snapshot, judge.answers)
    return [(one, topic(one.topic, judge.value)) for one in every]


def _concerns(judges: Sequence[str], form: senml.Form) -> bool:
    """Whether a form can have any of these defects at all."""
    other: senml.Form = "cbor" if form == "json" else "json"
    strange = senml.KEYS_OF[other] | (
        {"data.not-cbor"} if form == "json" else {"data.not-json", "data.not-utf8"}
    )
    return not strange.issuperset(judges)


def _located(found: Defect) -> Text:
    where = ".".join(map(str, found.path))
    said = found.actual
    if not where:
        return said
    return Text(f"{where}: {said.zh}", f"{where}: {said.en}")


def _twice(labels: Iterable[str]) -> Text:
    told = ", ".join(labels)
    return Text(
        f"同一记录中标签 {told} 重复出现，标准未作规定",
        f"the label {told} comes twice in a Record; the standard is silent on that",
    )


def readings_of(
    octets: bytes,
    binding: Bound,
    elements: Iterable[Element],
    base: str,
    at_ns: int,
) -> tuple[list[Reading], list[Defect]]:
    """Return the readings of a Pack by wire name, one for each time, and its defects.

    Numbers are in the units of the elements.  A name that is none of the profile's
    keeps its whole spelling.  The first reading is the union, the latest of each.
    """
    pack = senml.decode(octets, form_of(binding))
    if not pack.is_readable:
        return [], list(pack.defects[:1])
    defects = [d for d in pack.defects if d.key in _PROFILE_KEYS]
    if pack.version not in senml.VERSIONS:
        listed = ", ".join(map(str, senml.VERSIONS))
        told = {"versions": listed, "actual": pack.version}
        defects.append(defect("senml.other-version", **told))
    named = {
        name: element
        for element in elements
        if (name := element.wire_code(binding.names)) is not None
    }
    union: dict[str, Any] = {}
    at_time: dict[Decimal, dict[str, Any]] = defaultdict(dict)
    before = re.compile(base)
    for one in senml.resolve(pack.records, Decimal(at_ns) / _NS):
        start = before.match(one.name)
        name = one.name[start.end() :] if start else one.name
        value, wrong = _in_unit(one, named.get(name), name)
        defects += wrong
        if not wrong and value is not None:
            union[name] = at_time[one.time][name] = value
    latest = max(at_time, default=Decimal(0))
    return [(latest, union), *at_time.items()], defects


def _in_unit(
    one: senml.Measurement, element: Element | None, name: str
) -> tuple[Any, list[Defect]]:
    """Return the value in the element's unit, or why it has none."""
    if element is None or not is_number(one.value):
        return one.value, []
    unit = from_ucum(element.unit, element.quantity)
    if unit is None:
        return _plain(one.value, element), []
    value = convert(one.value, one.unit, unit) if one.unit is not None else None
    if value is None:
        told = {"unit": unit.primary, "field": name, "actual": one.unit or "—"}
        return None, [defect("senml.other-unit", (name,), **told)]
    return _plain(value, element), []


def _plain(value: Decimal, element: Element) -> Any:
    """Return a whole number as such where the element is an integer."""
    whole = element.type == "integer" and value == value.to_integral_value()
    return int(value) if whole else value
