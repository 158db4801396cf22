# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a payload, made from the profile; from octets to verdict.

The profile is the only place where ranges and presence are written; this module turns
them into JSON Schema 2020-12 and asks ``jsonschema-rs``, or ``jsonschema`` where that
is missing.  Resolution is not in the schema: ``multipleOf`` fails conforming values
in one validator and cannot see digits in any; :mod:`conformance.data.values` judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.data.defects import Defect, defect
from conformance.data.formats import decode_json
from conformance.data.layouts import HEX, layout_of
from conformance.data.values import (
    TYPES,
    decimal_places,
    is_number,
    presence_of,
    too_coarse,
    written_places,
)
from conformance.profile.model import Element

if TYPE_CHECKING:
    import jsonschema_rs

__all__ = [
    "Judge",
    "envelope",
    "json_schema",
    "payload_defects",
    "payload_judge",
    "reference_validator",
    "validator",
]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Validator = Callable[[Any], tuple[Defect, ...]]
Judge = Callable[[bytes], tuple[Defect, ...]]
_IsLike = Callable[[bytes], object]

# The fields around the readings, by the binding parameter that names them.
_ENVELOPE: Mapping[str, Mapping[str, Any]] = {
    "time_field": {"type": "string", "format": "date-time"},
    "station_field": {"type": "string", "minLength": 1},
}

_LEARN_EACH = 16
"""Payloads that took the full way and were right, before one layout is made of them."""
_LAYOUTS_MAX = 8
"""Layouts that are made at most: each costs some milliseconds."""

_TYPES: Mapping[str, Mapping[str, Any]] = {
    "decimal": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "enum": {},
    "timestamp": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "pattern": HEX},
}


def envelope(parameters: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the schemas of the fields that a binding puts around the readings.

    Read from the parameters ``time_field``, ``station_field`` and
    ``station_pattern``; a field that no parameter names does not exist.
    """
    fields = {
        str(parameters[name]): schema
        for name, schema in _ENVELOPE.items()
        if parameters.get(name)
    }
    station = parameters.get("station_field")
    if station and (pattern := parameters.get("station_pattern")):
        fields[str(station)] = {"type": "string", "pattern": pattern}
    return fields


def json_schema(
    elements: Iterable[Element],
    answers: Mapping[str, bool],
    *,
    binding: str = "json",
    extra: Mapping[str, Mapping[str, Any]] | None = None,
    unknown: str = "ignore",
) -> dict[str, Any]:
    """Return the JSON Schema 2020-12 of a payload object.

    ``extra`` are required fields beside the elements (see :func:`envelope`).
    ``unknown`` is the profile's ``unknown_elements``: ``ignore`` or ``reject``.
    Limits are integers or decimals; write it with ``encode_json``.
    """
    properties: dict[str, Any] = {k: dict(v) for k, v in (extra or {}).items()}
    required = list(properties)
    for element in elements:
        name = element.wire_code(binding)
        if name is None:
            continue
        properties[name] = _value_schema(element)
        if presence_of(element, answers) == "mandatory":
            required.append(name)
    return {
        "$schema": DIALECT,
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": unknown == "ignore",
    }


def _value_schema(element: Element) -> dict[str, Any]:
    schema = {"title": element.name["en"], **_TYPES[element.type]}
    if element.range is not None:
        for keyword, limit in (
            ("minimum", element.range.min),
            ("maximum", element.range.max),
        ):
            whole = limit == limit.to_integral_value()
            schema[keyword] = int(limit) if whole else limit
    if element.values:
        schema["enum"] = list(element.values)
    return schema


def validator(schema: Mapping[str, Any]) -> Validator:
    """Return a function from a parsed value to its located defects."""
    if (fast := _compiled(schema)) is None:
        return reference_validator(schema)

    def validate(value: Any) -> tuple[Defect, ...]:
        errors = (
            (list(e.instance_path), str(e.schema_path[-1]))
            for e in fast.iter_errors(value)
        )
        return _defects(schema, value, errors)

    return validate


def _compiled(schema: Mapping[str, Any]) -> jsonschema_rs.Draft202012Validator | None:
    try:
        import jsonschema_rs
    except ImportError:
        return None
    return jsonschema_rs.Draft202012Validator(dict(schema), validate_formats=True)


def reference_validator(schema: Mapping[str, Any]) -> Validator:
    """Return the same with ``jsonschema``: slower, written independently."""
    import jsonschema

    compiled = jsonschema.Draft202012Validator(
        dict(schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    def validate(value: Any) -> tuple[Defect, ...]:
        errors = (
            (list(e.absolute_path), str(e.validator))
            for e in compiled.iter_errors(value)
        )
        return _defects(schema, value, errors)

    return validate


def _defects(
    schema: Mapping[str, Any],
    value: Any,
    errors: Iterable[tuple[list[str | int], str]],
) -> tuple[Defect, ...]:
    # A set, because both validators report ``required`` once for each missing field
    # and it is worked out here for all of them at once.
    found: dict[Defect, None] = {}
    for path, keyword in errors:
        for one in _translate(schema, value, path, keyword):
            found[one] = None
    # What is no number at all is not reported as out of a list of numbers as well.
    mistyped = {one.path for one in found if one.key == "data.wrong-type"}
    return tuple(
        one for one in found if one.key == "data.wrong-type" or one.path not in mistyped
    )


def _translate(
    schema: Mapping[str, Any], value: Any, path: list[str | int], keyword: str
) -> Iterator[Defect]:
    where = tuple(path)
    if keyword == "required":
        for name in schema["required"]:
            if name not in value:
                yield defect("data.missing", (*where, name), field=name)
        return
    if keyword == "additionalProperties":
        for name in value:
            if name not in schema["properties"]:
                yield defect("data.unknown", (*where, name), field=name)
        return
    part, actual = schema, value
    for step in path:
        part = part.get("properties", {}).get(step, {})
        actual = actual[step]
    limit = part.get(keyword)
    match keyword:
        case "minimum" | "maximum":
            low, high = part["minimum"], part["maximum"]
            yield defect("data.out-of-range", where, low=low, high=high, actual=actual)
        case "enum":
            listed = ", ".join(map(str, part["enum"]))
            yield defect("data.not-listed", where, values=listed, actual=actual)
        case "type":
            yield defect(
                "data.wrong-type", where, type=_SPOKEN.get(limit, limit), actual=actual
            )
        case "pattern" if limit == HEX:
            yield defect("data.wrong-type", where, type=TYPES["bytes"], actual=actual)
        case "format" if limit == "date-time":
            yield defect(
                "data.wrong-type", where, type=TYPES["timestamp"], actual=actual
            )
        case _:
            yield defect(
                "data.malformed", where, keyword=keyword, limit=limit, actual=actual
            )


_SPOKEN: Mapping[Any, Any] = {
    "number": TYPES["decimal"],
    "integer": TYPES["integer"],
    "boolean": TYPES["boolean"],
    "string": TYPES["string"],
}


def payload_judge(
    schema: Mapping[str, Any],
    elements: Iterable[Element],
    *,
    binding: str = "json",
    keeps_zeros: bool = True,
) -> Judge:
    """Return a function from the octets of a payload to its defects, compiled once.

    Payloads that are right and written like one before are known by their layout, at a
    small part of the cost; all others are read and judged in full, by field and limit.
    """
    fine = {
        name: (element, decimal_places(element, binding))
        for element in elements
        if element.type == "decimal" and (name := element.wire_code(binding))
    }
    fine = {k: v for k, v in fine.items() if v[1] > 0 and keeps_zeros}
    validate = validator(schema)
    layouts = _Layouts(schema, {name: needed for name, (_, needed) in fine.items()})

    def judge(octets: bytes) -> tuple[Defect, ...]:
        for is_like in layouts.known:
            if is_like(octets):
                layouts.put_first(is_like)
                return ()
        value, found = decode_json(octets)
        if found:
            return found
        found = validate(value)
        if isinstance(value, dict):
            for name, (element, needed) in fine.items():
                number: Any = value.get(name)
                if is_number(number) and written_places(number) < needed:
                    found += (too_coarse(element, number, needed, (name,)),)
        if not found:
            layouts.learn(octets)
        return found

    return judge


class _Layouts:
    """The ways in which payloads that were right were written, the latest first.

    A layout says yes to nothing but what is right, and its no decides nothing, so what
    was seen before never changes a verdict.
    """

    def __init__(self, schema: Mapping[str, Any], places: Mapping[str, int]) -> None:
        self._schema = schema
        self._places = places
        self.known: list[_IsLike] = []
        """Each says whether a payload is right and written like one before."""
        self._right = self._tried = 0

    def put_first(self, is_like: _IsLike) -> None:
        """Have what was just known asked first."""
        if self.known[0] is not is_like:
            self.known.remove(is_like)
            self.known.insert(0, is_like)

    def learn(self, octets: bytes) -> None:
        """Take the layout of a payload that is right, when more of its kind came."""
        self._right += 1
        if self._right % _LEARN_EACH or self._tried == _LAYOUTS_MAX:
            return
        self._tried += 1
        layout = layout_of(octets, self._schema, self._places)
        if layout is not None and layout.fullmatch(octets):
            self.known.insert(0, layout.fullmatch)


def payload_defects(
    octets: bytes,
    schema: Mapping[str, Any],
    elements: Iterable[Element],
    *,
    binding: str = "json",
    keeps_zeros: bool = True,
) -> tuple[Defect, ...]:
    """Return what is wrong with one payload: encoding, grammar, schema, resolution.

    For many payloads of one schema make a :func:`payload_judge` once.
    """
    judge = payload_judge(schema, elements, binding=binding, keeps_zeros=keeps_zeros)
    return judge(octets)
