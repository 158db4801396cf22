# SPDX-License-Identifier: Apache-2.0
"""Values to wire text, JSON octets and back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.data.formats import (
    DEPTH_MAX,
    decode_json,
    encode_json,
    to_payload,
    wire_text,
    written,
)
from conformance.profile.model import Element
from tests.data.elements import PH, element

N31 = element("d", limits=("0", "500"), resolution="0.01",
              wire={"hj212": {"code": "w1", "format": "N3.1"}})  # fmt: skip
LONG = Decimal("1234567890123456789012345678901234567890.5")


@pytest.mark.parametrize(
    ("item", "value", "binding", "text"),
    [
        (PH, Decimal("7.1"), "", "7.10"),
        (PH, Decimal("7"), "", "7.00"),
        (PH, 7, "", "7.00"),
        (PH, Decimal("0"), "", "0.00"),
        (PH, Decimal("-0.5"), "", "-0.50"),
        (PH, Decimal("1E+1"), "", "10.00"),
        (PH, Decimal("1E-7"), "", "0.0000001"),
        (PH, Decimal("7.104"), "", "7.104"),
        (PH, LONG, "", f"{LONG:f}0"),
        (N31, Decimal("7"), "hj212", "7.0"),
        (N31, Decimal("7"), "", "7.00"),
        (element("n", "integer"), 42, "", "42"),
        (element("p", "boolean"), True, "", "1"),
        (element("m", "enum", values=("auto",)), "auto", "", "auto"),
    ],
)
def test_wire_text(item: Element, value: Any, binding: str, text: str) -> None:
    assert wire_text(item, value, binding=binding) == text


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("1E+3"), "1000"), (Decimal("7.1"), "7.1"), (7, "7")]
)
def test_written_adds_nothing(value: Any, text: str) -> None:
    assert written(value) == text


def test_a_payload_has_wire_names_and_places() -> None:
    named = element("ph", limits=("0", "14"), resolution="0.01", wire={"json": "pH"})
    unsent = element("x", wire={"hj212": "w2"})
    readings = {"ph": Decimal("7.1"), "x": 1, "free": "text"}
    elements = (named, unsent)
    whole = to_payload(elements, readings)
    assert encode_json(whole) == b'{"pH":7.10,"free":"text"}'
    as_is = to_payload(elements, readings, as_is=True)
    assert encode_json(as_is) == b'{"pH":7.1,"free":"text"}'


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text()
    | st.decimals(-1000, 1000),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(_JSON)
def test_what_is_encoded_is_read_back(value: Any) -> None:
    octets = encode_json(value)
    again, found = decode_json(octets)
    assert found == ()
    assert again == value
    assert encode_json(again) == octets
    json.loads(octets)


def test_digits_survive() -> None:
    value, _ = decode_json(b'{"a":7.10,"b":0.1000000000000000055511151231257827}')
    assert str(value["a"]) == "7.10"
    assert str(value["b"]) == "0.1000000000000000055511151231257827"


@pytest.mark.parametrize(
    ("octets", "key"),
    [
        (b"\xff{}", "data.not-utf8"),
        (b'"\xed\xa0\x80"', "data.not-utf8"),
        (b"", "data.not-json"),
        (b"{", "data.not-json"),
        (b"{}x", "data.not-json"),
        (b"\xef\xbb\xbf{}", "data.not-json"),
        (b"{'a':1}", "data.not-json"),
        (b'{"a":1,}', "data.not-json"),
        (b'{"a":01}', "data.not-json"),
        (b'{"a":+1}', "data.not-json"),
        (b'{"a":.5}', "data.not-json"),
        ('{"a":１}'.encode(), "data.not-json"),
        (b'{"a":"\x01"}', "data.not-json"),
        (b'{"a":1,"a":1}', "data.duplicate-key"),
        (b'{"a":{"b":1,"\\u0062":2}}', "data.duplicate-key"),
        (b'{"a":NaN}', "data.not-finite"),
        (b'{"a":-Infinity}', "data.not-finite"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "data.too-deep"),
        (b"[" * 1_000_000, "data.too-deep"),
        (b'{"a":' * 100_000, "data.too-deep"),
        (b"9" * 10_000, "data.number-too-long"),
        (b"1e401", "data.number-too-long"),
        (b"1E-401", "data.number-too-long"),
        (b"1e999999999", "data.number-too-long"),
        (b"1e-99999999999999999999999", "data.number-too-long"),
    ],
)
def test_what_is_no_json_document(octets: bytes, key: str) -> None:
    value, found = decode_json(octets)
    assert value is None
    assert [one.key for one in found] == [key]


@pytest.mark.parametrize(
    "octets",
    [
        b"[" * DEPTH_MAX + b"]" * DEPTH_MAX,
        json.dumps(["{[" * 100, '\\"[[' * 50]).encode(),
        b"1E+0400",
        b" \r\n\t{} ",
        b"-0",
        b"[" + b"{}," * 1000 + b"[]]",
    ],
)
def test_what_is_legal_if_odd(octets: bytes) -> None:
    assert decode_json(octets)[1] == ()


@given(st.binary(max_size=60))
def test_no_octets_raise(octets: bytes) -> None:
    decode_json(octets)
