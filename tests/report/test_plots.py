# SPDX-License-Identifier: Apache-2.0
"""Pictures show what the run has, leave out what it has not, and lie about nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from conformance.engine.series import Connection, Gaps, Series, Values
from conformance.report.drawing import Scale, seconds_ticks, ticks
from conformance.report.html import html_text
from conformance.report.plots import plots
from conformance.report.timeline import timeline
from conformance.text import Text
from tests.report.samples import RECORDS, finished, hostile

START = 1_795_600_000_000_000_000
SECOND = 1_000_000_000


def values(*texts: str, low: str | None = "0", high: str | None = "14") -> Values:
    points = tuple((START + n * SECOND, Decimal(text)) for n, text in enumerate(texts))
    return Values(
        "ph",
        Text("pH 值", "pH value"),
        "[pH]",
        None if low is None else Decimal(low),
        None if high is None else Decimal(high),
        points,
    )


def drawn(series: Series) -> str:
    found = plots(replace(finished(), series=series))
    assert found is not None
    return found


def circles(text: str, kind: str) -> list[tuple[float, float]]:
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"[^>]*class="(\w+)"', text)
    return [(float(x), float(y)) for x, y, name in found if name == kind]


def test_a_run_without_data_has_no_empty_pictures() -> None:
    text = drawn(Series())
    assert "charts" not in text
    assert "circle" not in text
    assert drawn(Series(values=(values(),), gaps=(gaps(),))).count("<figure") == 2
    untimed = [replace(r, start=None) for r in RECORDS]
    assert timeline(finished(untimed)) is None
    assert plots(finished([])) is None


def test_bars_count_the_records() -> None:
    text = drawn(Series())
    titles = re.findall(r"<title>[^<]*: (\d+)</title>", text)
    assert sum(map(int, titles)) == len(RECORDS)


def test_bars_stand_by_clause_where_a_standard_has_many() -> None:
    sections = {"6.3.1": "6.3", "9": "9", "Annex A": "附录 A", "C.2 ff": "附录 C"}
    template = finished()
    known = template.snapshot.requirements[0]
    names = [f"X-{n:03}" for n in range(12)]
    wanted = [list(sections)[n % 4] for n in range(12)]
    requirements = tuple(
        replace(known, id=name, clause=replace(known.clause, section=section))
        for name, section in zip(names, wanted, strict=True)
    )
    result = finished([replace(RECORDS[0], requirement=name) for name in names])
    snapshot = replace(template.snapshot, requirements=requirements)
    text = plots(replace(result, snapshot=snapshot)) or ""
    for label in sections.values():
        assert f">HJ 212-2017 {label}</text>" in text


def test_each_value_is_drawn_in_its_place() -> None:
    text = drawn(Series(values=(values("0", "7", "14"),)))
    (x0, y0), (x1, y1), (x2, y2) = circles(text, "dot")
    assert x0 < x1 < x2
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 > y1 > y2
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
    assert circles(text, "beyond") == []
    assert "3 个值，0～14；规定范围 0～14" in text


def test_a_wild_value_stands_out_and_leaves_the_others_readable() -> None:
    text = drawn(Series(values=(values("1", "13", "987654321"),)))
    assert len(circles(text, "beyond")) == 1
    low, high = (y for _, y in circles(text, "dot"))
    assert low - high > 40
    assert "987654321" in text


def test_a_small_part_of_a_wide_range_is_enlarged() -> None:
    text = drawn(Series(values=(values("310", "320", "330", high="500000"),)))
    places = [y for _, y in circles(text, "dot")]
    assert max(places) - min(places) > 40
    assert "permitted 0 to 500000" in text


@pytest.mark.parametrize(("low", "high"), [(None, None), ("0", None), (None, "14")])
def test_open_ranges_are_drawn(low: str | None, high: str | None) -> None:
    text = drawn(Series(values=(values("5", "6", low=low, high=high),)))
    assert len(circles(text, "dot")) == 2
    assert "permitted" not in text
    assert ('class="band"' in text) is (low is not None or high is not None)


def test_one_value_and_equal_values_are_drawn() -> None:
    for texts in (("7",), ("7", "7"), ("0",)):
        assert circles(drawn(Series(values=(values(*texts),))), "dot")


def gaps(*seconds: str, nominal: str | None = None) -> Gaps:
    return Gaps(
        "2011",
        Text("实时数据", "real-time data"),
        tuple(map(Decimal, seconds)),
        None if nominal is None else Decimal(nominal),
    )


def test_the_histogram_counts_every_interval() -> None:
    text = drawn(Series(gaps=(gaps("30", "30.1", "30", "60", nominal="30"),)))
    counts = re.findall(r"<title>[\d.e+]+–[\d.e+]+ s: (\d+)</title>", text)
    assert sum(map(int, counts)) == 4
    assert 'class="nominal"' in text
    assert "4 intervals, 30 to 60 s, median 30.1 s; stated 30 s" in text


def test_equal_intervals_are_drawn() -> None:
    assert 'class="column"' in drawn(Series(gaps=(gaps("0", "0"),)))
    assert 'class="column"' in drawn(Series(gaps=(gaps("30"),)))


def test_the_course_of_a_run_has_its_checks_and_connections() -> None:
    talk = Connection("SWS-FRAME-002", "hj212", START, START + SECOND)
    result = replace(finished(), series=Series(connections=(talk,)))
    text = timeline(result) or ""
    timed = [r for r in RECORDS if r.start]
    for record in timed:
        assert f">{record.requirement}</text>" in text
        assert f'class="v-{record.verdict}"' in text
    assert text.count('class="talk"') == 1
    assert "connections (1)" in text


def test_a_long_run_is_packed() -> None:
    many = [replace(RECORDS[1], requirement=f"X-{n:04}") for n in range(500)]
    text = timeline(finished(many)) or ""
    assert text.count("<rect") == 500
    assert "X-0001</text>" not in text


def test_hostile_words_stay_text_in_pictures() -> None:
    bad = "<script>alert(1)</script>\x1b"
    series = Series(
        (replace(values("7"), name=Text(bad, bad), unit=bad),),
        (replace(gaps("30"), name=Text(bad, bad)),),
        (Connection(bad, bad, START, START),),
    )
    text = html_text(replace(hostile(), series=series))
    assert "<script>alert" not in text
    assert "\x1b" not in text


def test_ten_thousand_points_are_drawn_whole() -> None:
    many = values(*(str(n % 14) for n in range(1000)))
    text = drawn(Series(values=(many,)))
    assert len(circles(text, "dot")) == 1000
    assert max(map(len, re.findall(r'points="([^"]*)"', text))) < 2000


@pytest.mark.parametrize("span", [0.0, 1e-6, 0.004, 1, 59, 3600, 86400, 10**7])
def test_time_axes_have_a_few_marks(span: float) -> None:
    marks = seconds_ticks(span)
    assert 1 <= len(marks) <= 8
    assert [at for at, _ in marks] == sorted(at for at, _ in marks)
    assert len({label for _, label in marks}) == len(marks)


@pytest.mark.parametrize(("low", "high"), [(0, 14), (-5, 60), (0, 5e5), (7, 7)])
def test_value_axes_have_round_marks(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert 1 <= len(marks) <= 6
    assert all(low <= mark <= high for mark in marks)


def test_a_scale_without_extent_has_a_middle() -> None:
    assert Scale(5, 5, 0, 10)(5) == 5


def test_pictures_need_no_verdict_of_their_own() -> None:
    """The same series under other verdicts is the same picture of values."""
    series = Series(values=(values("1", "99"),))
    passed = finished([replace(RECORDS[0])])
    for result in (finished(), passed):
        text = plots(replace(result, series=series)) or ""
        assert len(circles(text, "beyond")) == 1


def test_clauses_stand_in_pictures_between_which_a_page_may_end() -> None:
    run = finished()
    known = {r.id: r for r in run.snapshot.requirements}
    records = [r for r in RECORDS if r.requirement in known]
    groups = [
        replace(known[r.requirement], clause=replace(c, source=f"S{n}"))
        for n, r in enumerate(records)
        if (c := known[r.requirement].clause)
    ]
    snapshot = replace(run.snapshot, requirements=tuple(groups), sources=())
    run = replace(run, records=tuple(records), snapshot=snapshot)
    found, _, _ = str(plots(run)).partition("<ul")
    assert len(re.findall(r'class="label"', found)) == len(groups) > 4
    assert found.count("<svg") == 2
