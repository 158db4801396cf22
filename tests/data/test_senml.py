# SPDX-License-Identifier: Apache-2.0
"""SenML Packs: the RFC's examples, round trips, and a table of what is wrong.

Source of the examples: RFC 8428, clauses 5.1.2, 5.1.3 and 6 (the last in octets).
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.data import senml
from conformance.data.senml_cbor import LABELS
from conformance.data.senml_units import (
    PRIMARY,
    SECONDARY,
    STARRED,
    Unit,
    convert,
    from_ucum,
)
from conformance.profile.corpus import default_corpus

NOW = Decimal(1_800_000_000)
SIX = bytes.fromhex(
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a"
    "22fb41d303a15b00106223614120050067766f6c7461676501615602fb405e06"
    "6666666666a3006763757272656e74062402fb3ff3333333333333a300676375"
    "7272656e74062302fb3ff4cccccccccccda3006763757272656e74062202fb3f"
    "f6666666666666a3006763757272656e74062102f93e00a3006763757272656e"
    "74062002fb3ff999999999999aa3006763757272656e74060002fb3ffb333333"
    "333333"
)


def keys(octets: bytes, form: senml.Form = "json") -> set[str]:
    return {found.key for found in senml.decode(octets, form).defects}


def test_base_fields_hold_for_all_later_records() -> None:
    pack = senml.decode(
        b'[{"bn":"urn:dev:ow:10e2073a01080063:","bt":1.320067464e+09,"bu":"%RH",'
        b'"v":20},{"u":"lon","v":24.30621},{"t":60,"v":20.3}]',
        "json",
    )
    assert pack.defects == ()
    found = senml.resolve(pack.records, NOW)
    assert [(m.unit, m.time, m.value) for m in found] == [
        ("%RH", Decimal(1320067464), Decimal(20)),
        ("lon", Decimal(1320067464), Decimal("24.30621")),
        ("%RH", Decimal(1320067524), Decimal("20.3")),
    ]
    assert {m.name for m in found} == {"urn:dev:ow:10e2073a01080063:"}


def test_the_cbor_example_of_the_standard_is_read_in_order_of_time() -> None:
    pack = senml.decode(SIX, "cbor")
    assert (pack.defects, pack.version) == ((), 5)
    found = senml.resolve(pack.records, NOW)
    assert [m.value for m in found] == [
        *map(Decimal, ("1.2", "1.3", "1.4", "1.5", "1.6", "120.1", "1.7"))
    ]
    assert found[0].time == Decimal("1276020071.001")


@pytest.mark.parametrize(
    ("record", "time"),
    [
        ({"v": 1}, NOW),
        ({"v": 1, "t": -10}, NOW - 10),
        ({"v": 1, "bt": 100, "t": 5}, NOW + 105),
        ({"v": 1, "bt": 2**28}, Decimal(2**28)),
        ({"v": 1, "bt": 2**28 - 1}, NOW + 2**28 - 1),
    ],
)
def test_a_time_below_the_limit_is_relative(record: Any, time: Decimal) -> None:
    assert senml.resolve([record], NOW)[0].time == time


def test_base_value_and_sum_are_added_and_a_missing_part_is_zero() -> None:
    first, second, third = senml.resolve(
        [{"bv": 10, "v": 1}, {"bs": 5, "s": 2}, {"vs": "on", "t": 1}], NOW
    )
    found = [[m.value, m.sum] for m in (first, second, third)]
    assert found == [[11, None], [10, 7], ["on", 5]]


JSON = {
    "data.not-utf8": b'[{"n":"urn:a:\xff","v":1}]',
    "data.not-json": b'[{"n":"urn:a:b","v":1},]',
    "data.not-finite": b'[{"n":"urn:a:b","v":NaN}]',
    "senml.not-array": b'{"n":"urn:a:b","v":1}',
    "senml.empty": b"[]",
    "senml.wrong-type": b'[{"n":"urn:a:b","v":"1"}, {"n":"urn:a:b","v":1}]',
    "senml.bad-version": b'[{"bver":-10,"n":"urn:a:b","v":1}]',
    "senml.mixed-versions": b'[{"n":"urn:a:b","v":1},{"bver":26,"n":"urn:a:b","v":1}]',
    "senml.two-values": b'[{"n":"urn:a:b","v":1,"vb":true}]',
    "senml.no-value": b'[{"n":"urn:a:b","u":"m"}]',
    "senml.bad-base64": b'[{"n":"urn:a:b","vd":"YQ=="}]',
    "senml.bad-name": b'[{"n":"urn:a:b c","v":1}]',
    "senml.bad-name-start": b'[{"n":"/a","v":1}]',
    "senml.no-name": b'[{"v":1}]',
    "senml.name-not-uri": b'[{"n":"a","v":1}]',
    "senml.upper-exponent": b'[{"n":"urn:a:b","v":1E3}]',
    "senml.long-number": b'[{"n":"urn:a:b","v":1.00000000000000001}]',
    "senml.unknown-unit": b'[{"n":"urn:a:b","u":"pa","v":1}]',
    "senml.starred-unit": b'[{"n":"urn:a:b","u":"%","v":1}]',
    "senml.secondary-unit": b'[{"n":"urn:a:b","u":"kWh","v":1}]',
    "senml.must-understand": b'[{"n":"urn:a:b","v":1,"odd_":1}]',
}


@pytest.mark.parametrize("key", JSON)
def test_each_defect_of_json_is_found_alone(key: str) -> None:
    assert keys(JSON[key]) == {key}


def cbor(*records: dict[Any, Any]) -> bytes:
    return cbor2.dumps(list(records))


CBOR = {
    "data.not-cbor": b"\x81\xa2",
    "senml.not-array": cbor2.dumps({0: "urn:a:b"}),
    "senml.empty": cbor(),
    "senml.cbor-type": cbor({0: "urn:a:b", 3: b"text"}),
    "senml.cbor-label": cbor({"n": "urn:a:b", 2: 1}),
    "senml.indefinite": b"\x9f" + cbor({0: "urn:a:b", 2: 1})[1:] + b"\xff",
    "senml.not-double": cbor({0: "urn:a:b", 2: 2**53 + 1}),
    "senml.not-finite": cbor({0: "urn:a:b", 2: float("nan")}),
    "senml.wrong-type": cbor({0: "urn:a:b", 2: "1"}, {0: "urn:a:b", 2: 1}),
    "senml.two-values": cbor({0: "urn:a:b", 2: 1, 4: True}),
    "senml.no-value": cbor({0: "urn:a:b"}),
    "data.number-too-long": b"\x81\xa2\x00\x67urn:a:b\x02\xc4\x82\x19\xff\xff\x01",
}


@pytest.mark.parametrize("key", CBOR)
def test_each_defect_of_cbor_is_found_alone(key: str) -> None:
    assert keys(CBOR[key], "cbor") == {key}


@pytest.mark.parametrize(
    "octets", [SIX + b"\x00", b"", b"\xff", b"\x81" * 100, SIX[:-1], SIX[1:]]
)
def test_octets_that_are_no_single_item_are_refused(octets: bytes) -> None:
    assert keys(octets, "cbor") & {"data.not-cbor", "senml.not-array"}


def test_a_label_that_comes_twice_is_told_and_the_last_value_holds() -> None:
    pack = senml.decode(b'[{"n":"urn:a:b","v":1,"v":2.50}]', "json")
    assert (pack.defects, pack.notes) == ((), ("v",))
    assert str(pack.records[0]["v"]) == "2.50"
    twice = b"\x81\xa3\x00\x67urn:a:b\x02\x01\x02\x02"
    assert keys(twice, "cbor") == set()


def test_unknown_fields_need_not_be_understood_and_are_kept() -> None:
    pack = senml.decode(b'[{"n":"urn:a:b","v":1,"site":"x","bx":[1]}]', "json")
    assert pack.defects == ()
    assert pack.records[0]["site"] == "x"


def test_version_26_allows_secondary_units() -> None:
    assert keys(b'[{"bver":26,"n":"urn:a:b","u":"kWh","v":1}]') == set()


names = st.from_regex(r"urn:[a-z]{1,5}:[A-Za-z0-9_.-]{1,8}", fullmatch=True)
numbers = st.decimals(-(10**6), 10**6, places=3)
records = st.fixed_dictionaries(
    {"n": names},
    optional={
        "u": st.sampled_from(sorted(PRIMARY - STARRED)),
        "t": numbers,
        "bt": st.integers(0, 2**32).map(Decimal),
        "ut": st.integers(0, 900).map(Decimal),
        "note": st.text(max_size=5),
    },
).flatmap(
    lambda record: st.one_of(
        numbers.map(lambda v: record | {"v": v}),
        st.text(max_size=5).map(lambda v: record | {"vs": v}),
        st.booleans().map(lambda v: record | {"vb": v}),
        st.binary(max_size=9).map(lambda v: record | {"vd": v}),
    )
)


@settings(max_examples=100, deadline=None)
@given(st.lists(records, min_size=1, max_size=4), st.sampled_from(["json", "cbor"]))
def test_what_is_written_is_read_again(rows: list[Any], form: senml.Form) -> None:
    pack = senml.decode(senml.encode(rows, form), form)
    assert {d.key for d in pack.defects} <= {"senml.long-number"}
    assert list(pack.records) == rows


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["json", "cbor"]))
def test_no_octets_raise(octets: bytes, form: senml.Form) -> None:
    pack = senml.decode(octets, form)
    assert pack.records or pack.defects


def test_labels_are_those_of_the_standard() -> None:
    assert sorted(LABELS.values()) == list(range(-6, 9))
    assert cbor2.loads(senml.encode([{"bn": "a", "vd": b"x"}], "cbor")) == [
        {-2: "a", 8: b"x"}
    ]


@pytest.mark.parametrize(
    ("value", "symbol", "to", "expected"),
    [
        ("12", "ug/m3", "ug/m3", "12"),
        ("0.0000000120", "kg/m3", "ug/m3", "12.0"),
        ("1013.25", "hPa", "kPa", "101.325"),
        ("1", "kWh", "J", "3600000"),
        ("36", "km/h", "m/s", "10"),
        ("30", "dBm", "dB{mW}", "30"),
        ("0.5", "/", "%", "50"),
    ],
)
def test_units_convert_exactly(value: str, symbol: str, to: str, expected: str) -> None:
    unit = from_ucum(to)
    assert unit is not None
    assert convert(Decimal(value), symbol, unit) == Decimal(expected)
    assert convert(Decimal(value), "kat", unit) is None


def test_registry_and_ucum_table_agree() -> None:
    assert all(unit.primary in PRIMARY for unit in SECONDARY.values())
    assert not PRIMARY & SECONDARY.keys()
    assert SECONDARY["dBm"] == Unit("dBW", Fraction(1), -30)
    air = default_corpus().resolve("sd-ambient-air-station@1.0.0")
    for element in air.elements:
        unit = from_ucum(element.unit, element.quantity)
        assert unit is not None, element.key
        assert unit.primary in PRIMARY
