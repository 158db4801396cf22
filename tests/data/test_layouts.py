# SPDX-License-Identifier: Apache-2.0
"""Layouts say yes to nothing that is wrong, and to nearly all that is right."""

from __future__ import annotations

import json
import random
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.data.formats import decode_json, encode_json, to_payload
from conformance.data.layouts import layout_of
from conformance.data.makers import compile_readings
from conformance.data.schema import Judge, envelope, json_schema, payload_judge
from conformance.data.values import decimal_places
from tests.data.elements import ANSWERS, EVERY, WATER, element

PARAMETERS = {
    "time_field": "time",
    "station_field": "station",
    "station_pattern": "^[0-9A-Z]{14,24}$",
}
AROUND = {"time": "2026-03-02T04:00:00+08:00", "station": "010000A8900016F000169DC0"}
# Listed decimals have no expression; payloads that hold one take the full way.
REGULAR = tuple(item for item in EVERY if item.key != "gain")
SCHEMA = json_schema(REGULAR, ANSWERS, extra=envelope(PARAMETERS))
PLACES = {
    item.key: places
    for item in REGULAR
    if item.type == "decimal" and (places := decimal_places(item))
}
RIGHT = [b'{"a":1}', b'{ "a" : 1 , "b" : "x" }', b'{"a":7.10,"b":-0.5,"c":true}\n']


def right(count: int, seed: int = 1) -> list[bytes]:
    """Payloads that are right, with different optional elements."""
    maker, source = compile_readings(REGULAR, ANSWERS), random.Random(seed)
    tapes = (source.randbytes(maker.size) for _ in range(count))
    return [encode_json(AROUND | to_payload(REGULAR, maker.make(t))) for t in tapes]


def fresh() -> Judge:
    """A judge that knows no layout."""
    return payload_judge(SCHEMA, REGULAR)


def warm() -> Judge:
    judge = payload_judge(SCHEMA, REGULAR)
    for octets in right(400):
        assert judge(octets) == ()
    return judge


WARM, LIKE = warm(), right(40, seed=2)

_PARTS = st.sampled_from(
    [
        *(b"", b"0", b"9", b"-", b".", b"e1", b"E-401", b'"', b":", b",", b"}"),
        *(b"\\", b" ", b"\n", b"\x00", b"\xff", "７".encode(), b"null", b"[]"),
        b'"a":1,',
    ]
)


@given(
    st.sampled_from(LIKE),
    st.lists(
        st.tuples(
            st.floats(0, 1, exclude_max=True),
            st.integers(0, 2),
            _PARTS | st.binary(max_size=2) | st.integers(0, 10**6).map(b"%d".__mod__),
        ),
        max_size=3,
    ),
)
@settings(max_examples=600, deadline=None)
def test_what_was_seen_before_changes_no_verdict(
    octets: bytes, damage: list[tuple[float, int, bytes]]
) -> None:
    """A judge that knows layouts says of any octets what one without them says."""
    for share, size, part in damage:
        at = int(share * len(octets))
        octets = octets[:at] + part + octets[at + size :]
    assert WARM(octets) == fresh()(octets)


_NUMBER_TEXTS = st.from_regex(
    rb"-?(0|[1-9][0-9]{0,4})(\.[0-9]{1,4})?([eE][-+]?[0-9]{1,6})?", fullmatch=True
)


@given(_NUMBER_TEXTS, st.sampled_from([b"temperature", b"ph", b"level", b"count"]))
@settings(max_examples=600, deadline=None)
@example(b"1e-999999", b"ph")
@example(b"0.000e999", b"ph")
@example(b"14.00", b"ph")
@example(b"14.01", b"ph")
@example(b"7.1", b"ph")
@example(b"-0.00", b"ph")
@example(b"60.0", b"temperature")
@example(b"60.00000000000000000000000000001", b"temperature")
@example(b"-12.36", b"level")
@example(b"4000000001", b"count")
def test_any_text_of_a_number_is_judged_alike(text: bytes, name: bytes) -> None:
    spelled = re.compile(rb'"%b":[^,}]+' % name)
    octets = spelled.sub(b'"%b":%b' % (name, text), LIKE[0])
    assert text in octets
    assert WARM(octets) == fresh()(octets)


_LIMITS = st.decimals(-2000, 2000, places=2) | st.integers(-2000, 2000).map(Decimal)


@given(_LIMITS, _LIMITS, st.integers(0, 3), st.data())
@settings(max_examples=400, deadline=None)
def test_an_expression_of_a_range_holds_its_numbers(
    one: Decimal, other: Decimal, places: int, data: st.DataObject
) -> None:
    """Digits inside the limits match, those outside never, with any decimals."""
    low, high = sorted((one, other))
    schema = {
        "type": "object",
        "properties": {"x": {"type": "number", "minimum": low, "maximum": high}},
        "required": ["x"],
        "additionalProperties": True,
    }
    layout = layout_of(b'{"x":1}', schema, {"x": places})
    assert layout is not None
    digits = data.draw(st.integers(max(places, 2), 5))
    near = st.integers(-3, 3).map(lambda n: n * Decimal(1).scaleb(-digits))
    value = data.draw(
        st.sampled_from([low, high]).flatmap(lambda n: near.map(n.__add__))
        | st.decimals(-2500, 2500, places=digits)
    )
    text = f"{value:.{digits}f}"
    is_inside = low <= Decimal(text) <= high
    matched = layout.fullmatch(b'{"x":%b}' % text.encode()) is not None
    # The sign of a zero may stand where no other negative number may.
    assert matched == is_inside or (is_inside and Decimal(text) == 0)
    coarse = f"{int(value)}"
    if places:
        assert layout.fullmatch(b'{"x":%b}' % coarse.encode()) is None


def test_what_is_written_like_one_before_is_known() -> None:
    """The quick way is taken: else this module would be for nothing."""
    items = WATER
    schema = json_schema(items, ANSWERS, extra=envelope(PARAMETERS))
    places = {item.key: decimal_places(item) for item in items}
    maker, source = compile_readings(items, ANSWERS), random.Random(3)
    made = [
        encode_json(
            AROUND | to_payload(items, maker.make(source.randbytes(maker.size)))
        )
        for _ in range(300)
    ]
    layout = layout_of(made[0], schema, places)
    assert layout is not None
    assert all(layout.fullmatch(octets) for octets in made if b"codmn" in octets)


def test_a_judge_learns_what_it_has_seen_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[bytes] = []

    def decode(octets: bytes) -> Any:
        read.append(octets)
        return decode_json(octets)

    monkeypatch.setattr("conformance.data.schema.decode_json", decode)
    judge = payload_judge(SCHEMA, REGULAR)
    octets = LIKE[0]
    for _ in range(40):
        assert judge(octets) == ()
    assert 0 < len(read) < 20
    assert judge(octets.replace(b'"ph":', b'"pH":')) != ()
    assert judge(octets) == ()


@pytest.mark.parametrize(
    ("octets", "like", "matches"),
    [
        (RIGHT[0], b'{"a":2}', True),
        (RIGHT[0], b'{"a": 2}', False),
        (RIGHT[0], b'{"a":2,"b":"x"}', False),
        (RIGHT[1], b'{ "a" : 2 , "b" : "y z" }', True),
        (RIGHT[1], b'{ "a" : 2 }', True),
        (RIGHT[1], b'{ "a" : 2 , "b" : "y\\n" }', False),
        (RIGHT[2], b'{"a":7.10,"b":null,"c":12}\n', True),
        (RIGHT[2], b'{"a":7.10,"b":null,"c":12}', False),
        (RIGHT[2], b'{"a":7.10,"b":[],"c":12}\n', False),
        (RIGHT[2], b'{"a":7.10,"b":1e9,"c":12}\n', False),
    ],
)
def test_a_layout_is_order_and_blanks(
    octets: bytes, like: bytes, matches: bool
) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "number"}},
        "required": ["a"],
        "additionalProperties": True,
    }
    layout = layout_of(octets, schema, {})
    assert layout is not None
    assert (layout.fullmatch(like) is not None) is matches
    json.loads(octets)


def test_what_is_optional_may_be_left_out() -> None:
    items = (element("a"), element("b", presence="optional"), element("c"))
    schema = json_schema(items, {})
    layout = layout_of(b'{"a":1,"b":2,"c":3}', schema, {})
    assert layout is not None
    assert layout.fullmatch(b'{"a":1,"c":3}')
    assert not layout.fullmatch(b'{"b":1,"c":3}')
    assert not layout.fullmatch(b'{"a":1,"b":2}')


@pytest.mark.parametrize(
    ("octets", "more"),
    [
        (b"[]", {}),
        (b"{}", {}),
        (b'{"a":1', {}),
        (b'{"a":[1]}', {}),
        (b'{"a":1,"a":2}', {}),
        (b'{"b":1}', {}),
        (b'{"a":1,"x":1}', {"additionalProperties": False}),
        (b'{"a":1}', {"minProperties": 2}),
        (b'{"a":1}', {"properties": {"a": {"type": "number", "multipleOf": 2}}}),
        (b'{"a":1}', {"properties": {"a": {"type": "number", "minimum": 2}}}),
        (b'{"a":"1"}', {"properties": {"a": {"type": "string", "pattern": "^\\d$"}}}),
    ],
)
def test_what_has_no_expression_has_no_layout(
    octets: bytes, more: dict[str, Any]
) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "number"}},
        "required": ["a"],
        "additionalProperties": True,
    }
    assert layout_of(octets, {**schema, **more}, {}) is None
