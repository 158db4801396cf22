# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of a payload, made from the profile; from octets to verdict.

The profile is the only place where ranges and presence are written; this module turns
them into JSON Schema 2020-12 and asks ``jsonschema-rs``, or ``jsonschema`` where that
is missing.  Resolution is not in the schema: ``multipleOf`` fails conforming values
in one validator and cannot see digits in any; :mod:`conformance.data.values` judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from conformance.data.defects import Defect, defect
from conformance.data.formats import decode_json, quick_object
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
    "is_valid",
    "json_schema",
    "payload_defects",
    "payload_judge",
    "reference_validator",
    "validator",
]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Validator = Callable[[Any], tuple[Defect, ...]]
Judge = Callable[[bytes], tuple[Defect, ...]]

# The fields around the readings, by the binding parameter that names them.
_ENVELOPE: Mapping[str, Mapping[str, Any]] = {
    "time_field": {"type": "string", "format": "date-time"},
    "station_field": {"type": "string", "minLength": 1},
}

_HEX = "^(?:[0-9A-Fa-f]{2})*$"

_TYPES: Mapping[str, Mapping[str, Any]] = {
    "decimal": {"type": "number"},
    "integer": {"type": "integer"},
    "boolean": {"type": "boolean"},
    "string": {"type": "string"},
    "enum": {},
    "timestamp": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "pattern": _HEX},
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


def is_valid(schema: Mapping[str, Any]) -> Callable[[Any], bool]:
    """Return a function that says whether a parsed value has no defect."""
    if (fast := _compiled(schema)) is None:
        validate = reference_validator(schema)
        return lambda value: not validate(value)
    return fast.is_valid


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
        case "pattern" if limit == _HEX:
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
    """Return a function from the octets of a payload to its defects, compiled once."""
    decimals = [
        (name, element, decimal_places(element, binding))
        for element in elements
        if element.type == "decimal" and (name := element.wire_code(binding))
    ]
    fine = [item for item in decimals if item[2] > 0 and keeps_zeros]
    validate = validator(schema)
    is_plain = _shortcut(schema, fine)

    def judge(octets: bytes) -> tuple[Defect, ...]:
        if is_plain(quick_object(octets)):
            return ()
        value, found = decode_json(octets)
        if found:
            return found
        found = validate(value)
        if isinstance(value, dict):
            for name, element, needed in fine:
                number: Any = value.get(name)
                if is_number(number) and written_places(number) < needed:
                    found += (too_coarse(element, number, needed, (name,)),)
        return found

    return judge


def _shortcut(
    schema: Mapping[str, Any], decimals: Sequence[tuple[str, Element, int]]
) -> Callable[[dict[str, Any] | None], bool]:
    """Return a quick test that says yes to most of what is right and nothing else.

    Converting decimals is most of the validator's time.  Those that are all there,
    inside their limits and written with just the places they need are compared here,
    exactly and taken out; the validator sees the rest, which holds no other decimal.
    A no decides nothing.
    """
    numbers = [
        (name, element.range.min, element.range.max, Decimal(f"1E-{needed}"))
        for name, element, needed in decimals
        if element.range is not None and not element.values
    ]
    names = {name for name, *_ in numbers}
    properties = {k: v for k, v in schema["properties"].items() if k not in names}
    required = [name for name in schema["required"] if name not in names]
    is_rest_right = is_valid({**schema, "properties": properties, "required": required})

    def is_plain(value: dict[str, Any] | None) -> bool:
        if value is None:
            return False
        for name, low, high, unit in numbers:
            number = value.pop(name, None)
            if (
                type(number) is not Decimal
                or not low <= number <= high
                or not number.same_quantum(unit)
            ):
                return False
        # An exponent beyond all measure costs nothing to hold and much to convert.
        return Decimal not in map(type, value.values()) and is_rest_right(value)

    return is_plain


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
