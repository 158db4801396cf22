# SPDX-License-Identifier: Apache-2.0
"""The schema that a profile becomes, and payloads against it."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.data.formats import encode_json, to_payload
from conformance.data.schema import (
    envelope,
    json_schema,
    payload_defects,
    payload_judge,
    reference_validator,
    validator,
)
from conformance.data.strategies import near_valid, readings
from tests.data.elements import ANSWERS, EVERY, PH, WATER, element

PARAMETERS = {
    "time_field": "time",
    "station_field": "station",
    "station_pattern": "^[0-9A-Z]{14,24}$",
    "qos": 1,
}
AROUND = {"time": "2026-03-02T04:00:00+08:00", "station": "010000A8900016F000169DC0"}
SCHEMA = json_schema(EVERY, ANSWERS, extra=envelope(PARAMETERS))
JUDGE = payload_judge(SCHEMA, EVERY)


def keys(octets: bytes, schema: dict[str, Any], *elements: Any, **more: Any) -> Any:
    found = payload_defects(octets, schema, elements, **more)
    return [(one.key.removeprefix("data."), one.path) for one in found]


def test_the_schema_is_made_from_the_elements() -> None:
    narrow = element("d", limits=("-0.5", "20"), resolution="0.01", presence="optional")
    unsent = element("x", limits=("0", "1"), resolution="0.1", wire={"hj212": "w1"})
    schema = json_schema((PH, narrow, unsent), {}, unknown="reject")
    assert json.loads(encode_json(schema)) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "ph": {"title": "ph", "type": "number", "minimum": 0, "maximum": 14},
            "d": {"title": "d", "type": "number", "minimum": -0.5, "maximum": 20},
        },
        "required": ["ph"],
        "additionalProperties": False,
    }


def test_conditional_presence_follows_the_answers() -> None:
    with_it = json_schema(WATER, {"CODMN": True})
    without = json_schema(WATER, {"CODMN": False})
    assert set(with_it["required"]) - set(without["required"]) == {"codmn"}
    assert "codmn" in without["properties"]


def test_the_schema_is_a_schema() -> None:
    plain = json.loads(encode_json(SCHEMA))
    jsonschema.Draft202012Validator.check_schema(plain)


def test_the_envelope_comes_from_the_binding() -> None:
    assert envelope({"qos": 1}) == {}
    assert set(envelope(PARAMETERS)) == {"time", "station"}
    assert envelope(PARAMETERS)["station"]["pattern"] == "^[0-9A-Z]{14,24}$"


ONE = json_schema((PH,), {}, extra=envelope(PARAMETERS), unknown="reject")
_TIME = b'"time":"2026-03-02T04:00:00Z","station":"010000A8900016F000169DC0"'


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        (b'"ph":7.10', []),
        (b'"ph":7.1', [("too-coarse", ("ph",))]),
        (b'"ph":14.01', [("out-of-range", ("ph",))]),
        (b'"ph":14.0000000000000000000000001', [("out-of-range", ("ph",))]),
        (b'"ph":15', [("out-of-range", ("ph",)), ("too-coarse", ("ph",))]),
        (b'"ph":"7.10"', [("wrong-type", ("ph",))]),
        (b'"ph":null', [("wrong-type", ("ph",))]),
        (b'"ph":true', [("wrong-type", ("ph",))]),
        (b'"pH":7.10', [("missing", ("ph",)), ("unknown", ("pH",))]),
        (b'"ph":7.10,"ph":7.10', [("duplicate-key", ("ph",))]),
        (b'"ph":NaN', [("not-finite", ())]),
    ],
)
def test_a_payload_from_octets_to_verdict(inside: bytes, expected: Any) -> None:
    octets = b"{" + _TIME + b"," + inside + b"}"
    assert sorted(keys(octets, ONE, PH)) == sorted(expected)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"[]", [("wrong-type", ())]),
        (b"7", [("wrong-type", ())]),
        (b"\xff", [("not-utf8", ())]),
        (
            b'{"ph":7.10,"time":"02.03.2026","station":"x"}',
            [("malformed", ("station",)), ("wrong-type", ("time",))],
        ),
        (b"{}", [("missing", (n,)) for n in ("ph", "station", "time")]),
    ],
)
def test_a_payload_that_is_wrong_around_the_readings(
    octets: bytes, expected: Any
) -> None:
    assert sorted(keys(octets, ONE, PH)) == expected


def test_unknown_fields_follow_the_profile() -> None:
    octets = b'{"ph":7.10,"more":1}'
    assert keys(octets, json_schema((PH,), {}), PH) == []
    strict = json_schema((PH,), {}, unknown="reject")
    assert keys(octets, strict, PH) == [("unknown", ("more",))]


def test_dropped_zeros_may_be_allowed() -> None:
    schema = json_schema((PH,), {})
    assert keys(b'{"ph":7}', schema, PH, keeps_zeros=False) == []
    assert keys(b'{"ph":7}', schema, PH) == [("too-coarse", ("ph",))]


def test_without_the_fast_validator_the_other_decides(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    slow = validator(ONE)
    monkeypatch.undo()
    fast = validator(ONE)
    value = {"ph": Decimal("14.01"), "more": 1, "time": AROUND["time"]}
    assert set(slow(value)) == set(fast(value))
    assert len(slow(value)) == 3


@given(readings(EVERY, ANSWERS))
@settings(max_examples=150)
def test_valid_readings_make_valid_payloads(drawn: dict[str, Any]) -> None:
    payload = AROUND | to_payload(EVERY, drawn)
    assert JUDGE(encode_json(payload)) == ()


@given(near_valid(EVERY, ANSWERS))
@settings(max_examples=300)
def test_a_planted_defect_is_found_in_the_payload(drawn: Any) -> None:
    made, told = drawn
    payload = AROUND | to_payload(EVERY, made, as_is=True)
    found = JUDGE(encode_json(payload))
    assert [(one.key, one.path) for one in found] == [
        (told["defect"], (told["element"],))
    ]


# Where the two validators are known to differ; everything else must agree.
#   1.0 for an integer: by the specification an integer, for jsonschema not when it is
#   a Decimal.
#   date-time: jsonschema checks the format only with another package installed.
def _comparable(value: Any) -> bool:
    return not isinstance(value, Decimal) or value != value.to_integral_value()


_FAST, _SLOW = validator(SCHEMA), reference_validator(SCHEMA)
_ODD: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-10, 10**10)
    | st.decimals(-20, 20, places=3).filter(_comparable)
    | st.sampled_from(["auto", "off", "", "00", "x", "?"])
    | st.just([])
)


@given(
    readings(EVERY, ANSWERS),
    st.dictionaries(
        st.sampled_from([e.key for e in EVERY if e.type != "timestamp"]), _ODD
    ),
    st.sets(st.sampled_from([e.key for e in EVERY])),
)
@settings(max_examples=200, deadline=None)
def test_two_validators_agree(
    drawn: dict[str, Any], changed: dict[str, Any], removed: set[str]
) -> None:
    payload = AROUND | to_payload(EVERY, drawn) | changed
    for name in removed:
        payload.pop(name, None)
    found = set(_FAST(payload))
    assert found == set(_SLOW(payload))
    # Neither may the layouts that the judge knows let anything through.
    judged = JUDGE(encode_json(payload))
    assert {one for one in judged if one.key != "data.too-coarse"} == found
