# SPDX-License-Identifier: Apache-2.0
"""What a run measured is kept beside its results, whole and without secrets."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from conformance.engine.secrets import Redactor
from conformance.engine.series import (
    POINTS_MAX,
    Connection,
    Gaps,
    Series,
    Values,
    thinned,
)
from conformance.evidence import series as room
from conformance.evidence.bundle import Bundle
from conformance.evidence.series import write_series
from conformance.paths import data_dir
from conformance.text import Text

START = 1_795_600_000_123_456_000
WHOLE = Series(
    (
        Values(
            "ph",
            Text("pH 值", "pH value"),
            "[pH]",
            Decimal("0"),
            Decimal("14.00"),
            ((START, Decimal("7.10")), (START + 1000, Decimal("-0.5"))),
        ),
    ),
    (Gaps("2011", Text("实时", "real-time"), (Decimal("30.001"),), Decimal(30)),),
    (Connection("HJ212-FRM-001", "hj212", START, START + 5000),),
)


def test_it_is_read_as_it_was_written() -> None:
    text = json.dumps(WHOLE.to_json())
    assert Series.from_json(json.loads(text)) == WHOLE
    assert '"7.10"' in text  # as reported: no float has been near it


def test_it_keeps_its_schema() -> None:
    rules = json.loads((data_dir("schemas") / "series.schema.json").read_bytes())
    Draft202012Validator.check_schema(rules)
    validator = Draft202012Validator(rules)
    data = json.loads(json.dumps(WHOLE.to_json()))
    assert [e.message for e in validator.iter_errors(data)] == []
    data["values"][0]["points"][0][1] = 7.1  # a float is no decimal
    assert not validator.is_valid(data)


def values(*numbers: int) -> Values:
    points = tuple((START + n, Decimal(v)) for n, v in enumerate(numbers))
    return Values("x", Text(), None, Decimal(0), Decimal(9), points)


def test_a_long_series_is_thinned_and_keeps_what_stands_out() -> None:
    numbers = [n % 10 for n in range(50_000)]
    numbers[777], numbers[40_001] = 99, -1
    kept = thinned(values(*numbers)).points
    assert len(kept) == POINTS_MAX
    assert {Decimal(99), Decimal(-1)} <= {value for _, value in kept}
    assert list(kept) == sorted(kept)
    assert thinned(values(1, 2)) == values(1, 2)
    assert len(thinned(values(*[99] * 5000)).points) == POINTS_MAX


def write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Series, *secrets: str
) -> Bundle:
    monkeypatch.setattr(room, "measure", lambda *_: found)
    bundle = Bundle(tmp_path)
    write_series(bundle, None, "device", {}, Redactor(secrets))  # type: ignore[arg-type]
    return bundle


def test_secrets_do_not_get_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Series(
        (values(123456, 5),), (), (Connection("with 123456", "hj212", START, START),)
    )
    bundle = write(tmp_path, monkeypatch, found, "123456")
    assert "123456" not in bundle.series.read_text("utf-8").replace(".123456Z", "")
    kept = Series.from_json(json.loads(bundle.series.read_bytes()))
    assert [value for _, value in kept.values[0].points] == [Decimal(5)]
    assert kept.connections[0].label == "with ***"


def test_what_cannot_be_measured_costs_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = write(tmp_path, monkeypatch, WHOLE)
    assert bundle.series.exists()

    def fails(*_: object) -> Series:
        raise IndexError

    monkeypatch.setattr(room, "measure", fails)
    write_series(bundle, None, "device", {}, Redactor(()))  # type: ignore[arg-type]
    assert not bundle.series.exists()  # nor does an older one pass for this run's
