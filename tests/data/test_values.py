# SPDX-License-Identifier: Apache-2.0
"""One value against its element, at the edges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from conformance.data.defects import KEYS
from conformance.data.values import (
    decimal_places,
    judge_json,
    judge_readings,
    judge_series,
    judge_text,
    presence_of,
    wire_format,
)
from conformance.errors import ProfileError
from conformance.profile.model import Element
from tests.data.elements import ANSWERS, MIXED, PH, WATER, element, when

NUMBER = element("t", limits=("-5", "60"), resolution="0.1")
COUNT = element("n", "integer", limits=("3", "40"))
TENS = element("tens", limits=("100", "990"), resolution="10")
PUMP = element("pump", "boolean")
MODE = element("mode", "enum", values=("auto", "hand"))
CODE = element("code", "enum", values=(1, 2))
NOTE = element("note", "string")
SINCE = element("since", "timestamp")
RAW = element("raw", "bytes")


def keys(found: tuple[Any, ...]) -> list[str]:
    return [one.key.removeprefix("data.") for one in found]


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [
        (PH, "7.10", []),
        (PH, "7.1", ["too-coarse"]),
        (PH, "7", ["too-coarse"]),
        (PH, "7.104", []),
        (PH, "0.00", []),
        (PH, "-0.00", []),
        (PH, "-0.01", ["out-of-range"]),
        (PH, "14.00", []),
        (PH, "14.01", ["out-of-range"]),
        (PH, "14.0000000000000000000000000000000001", ["out-of-range"]),
        (PH, "15", ["out-of-range", "too-coarse"]),
        (PH, "07.10", []),
        (PH, "+7.10", ["wrong-type"]),
        (PH, " 7.10", ["wrong-type"]),
        (PH, "7.10\n", ["wrong-type"]),
        (PH, "7_0.10", ["wrong-type"]),
        (PH, "7.", ["wrong-type"]),
        (PH, ".10", ["wrong-type"]),
        (PH, "7,10", ["wrong-type"]),
        (PH, "7.10e0", ["wrong-type"]),
        (PH, "NaN", ["wrong-type"]),
        (PH, "Infinity", ["wrong-type"]),
        (PH, "", ["wrong-type"]),
        (PH, "７.１０", ["wrong-type"]),
        (PH, "٧.١٠", ["wrong-type"]),
        (NUMBER, "-5.0", []),
        (NUMBER, "-5.1", ["out-of-range"]),
        (NUMBER, "60.0", []),
        (NUMBER, "60.1", ["out-of-range"]),
        (TENS, "990", []),
        (TENS, "991", ["out-of-range"]),
        (COUNT, "3", []),
        (COUNT, "2", ["out-of-range"]),
        (COUNT, "41", ["out-of-range"]),
        (COUNT, "3.0", ["wrong-type"]),
        (COUNT, "4_0", ["wrong-type"]),
        (COUNT, "９", ["wrong-type"]),
        (PUMP, "1", []),
        (PUMP, "false", []),
        (PUMP, "yes", ["wrong-type"]),
        (PUMP, "2", ["wrong-type"]),
        (MODE, "auto", []),
        (MODE, "Auto", ["not-listed"]),
        (MODE, "", ["not-listed"]),
        (CODE, "2", []),
        (CODE, "02", ["not-listed"]),
        (NOTE, "任何文字", []),
        (NOTE, "", []),
        (SINCE, "2026-03-02T04:00:00+08:00", []),
        (SINCE, "2026-03-02T04:00:00.123Z", []),
        (SINCE, "2016-12-31T23:59:60Z", []),
        (SINCE, "20260302040000", []),
        (SINCE, "20260302040000123", []),
        (SINCE, "20260229040000", ["wrong-type"]),
        (SINCE, "2026-02-29T04:00:00Z", ["wrong-type"]),
        (SINCE, "2026-03-02T04:00:00", ["wrong-type"]),
        (SINCE, "2026-03-02 04:00:00Z", ["wrong-type"]),
        (SINCE, "2026-03-02", ["wrong-type"]),
        (RAW, "00fF", []),
        (RAW, "", []),
        (RAW, "0", ["wrong-type"]),
        (RAW, "0g", ["wrong-type"]),
    ],
)
def test_a_text_value(item: Element, text: str, expected: list[str]) -> None:
    assert keys(judge_text(item, text)) == expected


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        (PH, Decimal("7.10"), []),
        (PH, Decimal("7.1"), ["too-coarse"]),
        (PH, 7, ["too-coarse"]),
        (PH, Decimal("710E-2"), []),
        (PH, Decimal("1E+1"), ["too-coarse"]),
        (PH, Decimal("1E+999999999"), ["out-of-range", "too-coarse"]),
        (PH, Decimal("NaN"), ["wrong-type"]),
        (PH, True, ["wrong-type"]),
        (PH, "7.10", ["wrong-type"]),
        (PH, None, ["wrong-type"]),
        (PH, 7.1, ["wrong-type"]),
        (COUNT, 3, []),
        (COUNT, Decimal("3.0"), []),
        (COUNT, Decimal("3.5"), ["wrong-type"]),
        (COUNT, Decimal("1E+999999999"), ["out-of-range"]),
        (COUNT, True, ["wrong-type"]),
        (PUMP, True, []),
        (PUMP, 1, ["wrong-type"]),
        (MODE, "hand", []),
        (MODE, ["hand"], ["not-listed"]),
        (MODE, None, ["not-listed"]),
        (CODE, 1, []),
        (CODE, Decimal("1.0"), []),
        (CODE, True, ["not-listed"]),
        (CODE, "1", ["not-listed"]),
        (NOTE, 1, ["wrong-type"]),
        (SINCE, "2026-03-02T04:00:00Z", []),
        (SINCE, "20260302040000", ["wrong-type"]),
        (RAW, "00ff", []),
        (RAW, 0, ["wrong-type"]),
    ],
)
def test_a_json_value(item: Element, value: Any, expected: list[str]) -> None:
    assert keys(judge_json(item, value)) == expected


def test_a_defect_says_what_was_expected_and_found() -> None:
    (found,) = judge_text(PH, "14.01")
    assert found.path == ("ph",)
    assert found.expected.zh == "0 至 14"
    assert found.expected.en == "0 to 14"
    assert found.actual.en == "14.01"
    (coarse,) = judge_text(PH, "7.1")
    assert "0.01" in coarse.expected.zh
    assert "2" in coarse.expected.en


def test_a_long_value_is_cut_in_words() -> None:
    (found,) = judge_text(PH, "x" * 100_000)
    assert len(found.actual.en) < 200


def test_a_hostile_value_is_shown_harmless() -> None:
    (found,) = judge_text(PH, "\x1b[31m{type}\u202e7")
    assert found.actual.en == "\\x1b[31m{type}\\u202e7"


def test_every_defect_has_words_in_both_languages() -> None:
    for key, words in KEYS.items():
        assert key.startswith(("data.", "senml."))
        for one in words:
            assert one.zh
            assert one.en


N31 = element("d", limits=("0", "500"), resolution="0.1",
              wire={"hj212": {"code": "w1", "format": "N3.1"}})  # fmt: skip
NARROW = replace(N31, resolution=Decimal("0.01"))


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [
        (N31, "500.0", []),
        (N31, "0500.0", ["too-wide"]),
        (N31, "50.00", ["too-wide"]),
        (N31, "50", ["too-coarse"]),
        (NARROW, "50.0", []),
    ],
)
def test_a_wire_format_limits_the_digits(
    item: Element, text: str, expected: list[str]
) -> None:
    assert keys(judge_text(item, text, binding="hj212")) == expected


def test_a_wire_format_binds_its_own_binding_only() -> None:
    assert judge_text(N31, "50.00") == ()
    assert wire_format(N31, "hj212") == (3, 1)
    assert wire_format(N31, "json") is None
    assert wire_format(PH, "hj212") is None
    assert decimal_places(NARROW, "hj212") == 1
    assert decimal_places(NARROW) == 2


@pytest.mark.parametrize(
    ("resolution", "places"),
    [("0.1", 1), ("0.10", 1), ("0.05", 2), ("1", 0), ("1E+1", 0)],
)
def test_places_follow_from_the_resolution(resolution: str, places: int) -> None:
    item = element("x", limits=("0", "1"), resolution=resolution)
    assert decimal_places(item) == places


def test_dropped_zeros_are_no_defect_where_the_binding_allows_them() -> None:
    assert judge_text(PH, "7.1", keeps_zeros=False) == ()
    assert judge_json(PH, 7, keeps_zeros=False) == ()
    assert keys(judge_json(PH, 15, keeps_zeros=False)) == ["out-of-range"]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["7.1", "7.2", "7.3", "7.4", "7.5", "7.6"], ["too-coarse"]),
        (["7.1", "7.2", "7.3", "7.4", "7.5", "7.61"], []),
        (["7.1", "7.2", "7.3", "7.4", "7.5"], []),
        (["7.1"] * 100, []),
        (["7.10", "7.20", "7.30", "7.40", "7.50", "7.60"], ["too-coarse"]),
    ],
)
def test_a_series_shows_its_resolution(texts: list[str], expected: list[str]) -> None:
    assert keys(judge_series(PH, texts)) == expected


def test_a_series_may_be_of_json_numbers() -> None:
    tenths: list[Any] = [Decimal(n).scaleb(-1) for n in range(70, 76)]
    assert keys(judge_series(PH, tenths)) == ["too-coarse"]
    assert keys(judge_series(PH, [*tenths, Decimal("7.61")])) == []
    mixed: list[Any] = [*range(10), "?", None, True]
    assert keys(judge_series(PH, mixed)) == ["too-coarse"]


def test_a_series_in_coarse_steps_must_be_longer() -> None:
    """Every second multiple of 0.05 ends in a zero, every fifth of 0.02."""
    halves = element("x", limits=("0", "9"), resolution="0.05")
    tenths = [f"{n / 10}" for n in range(20)]
    assert keys(judge_series(halves, tenths[:19])) == []
    assert keys(judge_series(halves, tenths)) == ["too-coarse"]
    fifths = element("x", limits=("0", "9"), resolution="0.02")
    assert keys(judge_series(fifths, tenths[:8])) == []
    assert keys(judge_series(fifths, tenths[:9])) == ["too-coarse"]
    whole = element("x", limits=("0", "99"), resolution="5")
    assert keys(judge_series(whole, [str(n) for n in range(30)])) == []


def test_presence_follows_the_answers() -> None:
    codmn = WATER[5]
    assert presence_of(codmn, {"CODMN": True}) == "mandatory"
    assert presence_of(codmn, {"CODMN": False}) == "optional"
    with pytest.raises(ProfileError):
        presence_of(codmn, {})
    both = element(
        "x", presence={"when": {"all": [{"ics": "A"}, {"not": {"ics": "B"}}]}}
    )
    assert presence_of(both, {"A": True, "B": False}) == "mandatory"
    assert when("A") == {"when": {"ics": "A"}}


def test_readings_are_judged_whole() -> None:
    found = judge_readings(WATER[:2], ANSWERS, {"ph": 99, "x": 1}, unknown="reject")
    assert [(one.key, one.path) for one in found] == [
        ("data.missing", ("temperature",)),
        ("data.out-of-range", ("ph",)),
        ("data.too-coarse", ("ph",)),
        ("data.unknown", ("x",)),
    ]
    assert keys(judge_readings(MIXED[-1:], ANSWERS, {})) == []
