# SPDX-License-Identifier: Apache-2.0
"""What is generated: valid as promised, wrong as promised, small when shrunk."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from conformance.data.formats import wire_text, written
from conformance.data.makers import compile_readings, compile_values, scale_of
from conformance.data.sample import sample
from conformance.data.strategies import batches, near_valid, readings, values
from conformance.data.values import judge_readings, judge_text
from conformance.engine.values import from_plain, to_plain
from tests.data.elements import ANSWERS, EVERY, MIXED, PH, WATER, element

BY_KEY = {item.key: item for item in EVERY}


@given(readings(EVERY, ANSWERS))
def test_readings_have_no_defect_off_and_on_the_wire(drawn: dict[str, Any]) -> None:
    assert judge_readings(EVERY, ANSWERS, drawn, unknown="reject") == ()
    for key, value in drawn.items():
        assert judge_text(BY_KEY[key], wire_text(BY_KEY[key], value)) == ()


@given(readings(EVERY, ANSWERS))
def test_numbers_are_exact_multiples(drawn: dict[str, Any]) -> None:
    for key, value in drawn.items():
        if resolution := BY_KEY[key].resolution:
            assert value % resolution == 0


@given(near_valid(EVERY, ANSWERS))
@settings(max_examples=300)
def test_near_valid_readings_have_the_planted_defect_only(drawn: Any) -> None:
    made, told = drawn
    found = judge_readings(EVERY, ANSWERS, made)
    assert [(one.key, one.path) for one in found] == [
        (told["defect"], (told["element"],))
    ]


@given(near_valid(WATER, ANSWERS))
def test_the_planted_defect_survives_as_text(drawn: Any) -> None:
    made, told = drawn
    found = [
        one.key
        for key, value in made.items()
        for one in judge_text(BY_KEY[key], written(value))
    ]
    assert found == ([] if told["defect"] == "data.missing" else [told["defect"]])


@given(readings(EVERY, ANSWERS), near_valid(EVERY, ANSWERS))
def test_examples_fit_into_evidence(valid: Any, wrong: Any) -> None:
    assert from_plain(to_plain(valid)) == valid
    assert from_plain(to_plain(wrong)) == list(wrong)


def test_every_kind_of_defect_is_planted() -> None:
    maker = near_valid(EVERY, ANSWERS, unknown="reject")
    seen: Counter[str] = Counter()

    @seed(1)
    @settings(max_examples=400, database=None, phases=[Phase.generate])
    @given(maker)
    def count(drawn: Any) -> None:
        made, told = drawn
        seen[told["defect"]] += 1
        (found,) = judge_readings(EVERY, ANSWERS, made, unknown="reject")
        assert (found.key, found.path) == (told["defect"], (told["element"],))

    count()
    assert set(seen) == {
        "data.missing",
        "data.out-of-range",
        "data.too-coarse",
        "data.not-listed",
        "data.wrong-type",
        "data.unknown",
    }


def test_the_empty_tape_is_the_simplest_reading() -> None:
    maker = compile_readings(MIXED, ANSWERS)
    assert maker.make(bytes(maker.size)) == {
        "level": Decimal("-1.50"),
        "count": 3,
        "tens": Decimal(100),
        "one": Decimal("5.25"),
        "pump": False,
        "mode": "auto",
    }


def test_limits_come_up_often() -> None:
    maker = compile_values(PH)
    tape = random.Random(7)
    drawn = Counter(maker.make(tape.randbytes(maker.size)) for _ in range(4000))
    for edge in ("0.00", "14.00", "0.01", "13.99"):
        assert drawn[Decimal(edge)] > 60
    assert len(drawn) > 1000


def test_every_step_can_be_drawn() -> None:
    item = element("x", limits=("-0.3", "0.4"), resolution="0.1")
    scale = scale_of(item)
    drawn = [scale.at(index) for index in range(scale.steps + 1)]
    assert [str(n) for n in drawn] == [
        *("0.0", "0.1", "0.2", "0.3", "0.4"),
        *("-0.1", "-0.2", "-0.3"),
    ]
    maker = compile_values(item)
    made = {maker.make(bytes([0, octet])) for octet in range(256)}
    assert made == set(drawn)


@given(batches(WATER, ANSWERS, 10))
@settings(max_examples=20)
def test_a_batch_is_many_valid_readings(drawn: list[dict[str, Any]]) -> None:
    assert len(drawn) == 10
    for one in drawn:
        assert judge_readings(WATER, ANSWERS, one) == ()


@pytest.mark.parametrize("number", range(5))
def test_a_planted_defect_shrinks_to_the_smallest_payload(number: int) -> None:
    """Too much conductivity while a note is sent: the rest must vanish."""
    optional = [element(n, "string", presence="optional") for n in ("note", "more")]
    found = find(
        readings((*WATER, *optional), ANSWERS),
        lambda drawn: drawn["conductivity"] > 777 and "note" in drawn,
        settings=settings(max_examples=2000, database=None),
        random=random.Random(number),
    )
    assert Decimal(777) < found["conductivity"] < Decimal(778)
    zero = {item.key: Decimal(0) for item in WATER}
    assert found | {"conductivity": 0} == zero | {"note": "a"}


def test_octets_of_a_number_can_be_lowered_one_by_one() -> None:
    """The smallest failing value itself, for nearly all of many limits."""
    maker, exact = compile_values(PH), 0
    source = random.Random(5)
    for _ in range(200):
        limit = Decimal(source.randrange(1, 1300)).scaleb(-2)
        tape = bytearray(b"\0\xc0" + source.randbytes(maker.size - 2))
        while maker.make(bytes(tape)) <= limit:
            tape[1:] = source.randbytes(maker.size - 1)
        for at in range(1, maker.size):
            while tape[at]:
                tape[at] -= 1
                if maker.make(bytes(tape)) <= limit:
                    tape[at] += 1
                    break
        exact += maker.make(bytes(tape)) == limit + Decimal("0.01")
    assert exact > 180


def test_a_defect_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NoSuchExample):
        find(
            readings(WATER, ANSWERS),
            lambda drawn: drawn["ph"] > 14,
            settings=settings(max_examples=300, database=None),
        )


@given(st.data())
def test_values_of_each_element(data: Any) -> None:
    item = data.draw(st.sampled_from(EVERY))
    value = data.draw(values(item))
    assert judge_text(item, wire_text(item, value)) == ()


def test_a_decimal_without_a_range_is_refused() -> None:
    with pytest.raises(ValueError, match="x has no range"):
        readings((element("x"),), {})


def test_samples_are_plausible_and_repeatable() -> None:
    first = [sample(EVERY, ANSWERS, random.Random(n)) for n in range(200)]
    again = [sample(EVERY, ANSWERS, random.Random(n)) for n in range(200)]
    assert first == again
    limits = {item.key: item.range for item in WATER}
    for one in first:
        assert judge_readings(EVERY, ANSWERS, one) == ()
        for key, limit in limits.items():
            assert limit is not None
            assert limit.min < one[key] < limit.max
    assert len({one["ph"] for one in first}) > 50
    assert "rain" not in first[0]
    assert "codmn" in first[0]
