# SPDX-License-Identifier: Apache-2.0
"""A run at a glance: verdicts by clause, values over time, reporting intervals.

Draws what the result object holds.  Where it holds nothing there is no picture, rather
than an empty one.  Colours of verdicts come from the records; a value is drawn where it
lies and nobody is judged by it.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from conformance.engine.result import RunResult
from conformance.engine.series import Gaps, Values
from conformance.engine.verdicts import Verdict
from conformance.report.drawing import (
    Scale,
    figure,
    line,
    number,
    path,
    picture,
    rect,
    seconds_ticks,
    ticks,
    words,
)
from conformance.report.markup import Markup, join, tag
from conformance.report.timeline import timeline
from conformance.report.words import VERDICTS
from conformance.text import Text

__all__ = ["ORDER", "plots"]

ORDER = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.INCONCLUSIVE,
    Verdict.WARN,
    Verdict.PASS,
    Verdict.NOT_TESTED,
    Verdict.NOT_APPLICABLE,
)
_BINS = 16
_SMALL = 12
_UNITS = {"Cel": "°C", "[pH]": "", "1": ""}
_ROWS = 4
"""Bars in one picture: on paper a page ends between pictures, never in one."""
_FEW = 10
"""A standard of which fewer requirements were judged stands as one bar."""
_NUMBERED = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_ANNEX = re.compile(r"\b[Aa]nnex ([A-Z])\b|\b([A-Z])\.[0-9]")

_Group = tuple[str, tuple[int, ...], str]


def plots(result: RunResult) -> Markup | None:
    """Return all pictures that the run has data for, ``None`` when it has none."""
    drawn = [p for p in (_groups(result), timeline(result)) if p]
    if series := result.series:
        start = min((at for v in series.values for at, _ in v.points), default=0)
        span = max((at for v in series.values for at, _ in v.points), default=0) - start
        charts = [_values(v, start, span) for v in series.values if v.points]
        charts += [_gaps(g) for g in series.gaps if g.seconds]
        if charts:
            drawn.append(tag("div", *charts, class_="charts"))
    return tag("div", *drawn, class_="plots") if drawn else None


# Verdicts by clause


def _groups(result: RunResult) -> Markup | None:
    """Return stacked bars: one for each clause group, as long as it has records."""
    counts: dict[_Group, Counter[Verdict]] = defaultdict(Counter)
    for group, verdict in _by_clause(result):
        counts[group][verdict] += 1
    if not counts:
        return None
    names = sorted(counts)
    left, width, row = 170, 800, 20
    scale = Scale(0, max(sum(c.values()) for c in counts.values()), left, width - 40)
    caption = Text("各条款的判定", "Verdicts by clause")
    pieces = []
    for first in range(0, len(names), _ROWS):
        piece = names[first : first + _ROWS]
        drawn = _rows(piece, counts, scale, left, row)
        pieces.append(picture(width, len(piece) * row, caption, *drawn))
    seen = [v for v in ORDER if any(c[v] for c in counts.values())]
    return figure(caption, join(pieces), _legend(seen), class_="wide pieces")


def _rows(
    names: Sequence[_Group],
    counts: Mapping[_Group, Counter[Verdict]],
    scale: Scale,
    left: int,
    row: int,
) -> Iterator[Markup]:
    for index, name in enumerate(names):
        y = index * row + 2
        yield words(left - 8, y + 12, _name(name), "label", anchor="end")
        yield from _bar(counts[name], y, scale)
        total = sum(counts[name].values())
        yield words(scale(total) + 6, y + 12, str(total), "value")


def _bar(counts: Mapping[Verdict, int], y: float, scale: Scale) -> Iterator[Markup]:
    start = 0
    for verdict in ORDER:
        count = counts[verdict]
        if not count:
            continue
        x, end = scale(start), scale(start + count)
        title = f"{VERDICTS[verdict].zh} / {VERDICTS[verdict].en}: {count}"
        yield rect(x, y, end - x - 1, 15, f"v-{verdict}", title)
        if end - x > 14:
            ink = "on-light" if verdict == Verdict.NOT_APPLICABLE else "on-bar"
            yield words((x + end - 1) / 2, y + 11.5, str(count), ink, anchor="middle")
        start += count


def _legend(verdicts: Sequence[Verdict]) -> Markup:
    items = (
        tag(
            "li",
            tag("i", class_=f"swatch v-{verdict}", aria_hidden="true"),
            VERDICTS[verdict],
        )
        for verdict in verdicts
    )
    return tag("ul", *items, class_="legend")


def _by_clause(result: RunResult) -> Iterator[tuple[_Group, Verdict]]:
    """Yield for each record the group of its clause: standard, rank, clause."""
    known = {r.id: r for r in getattr(result.snapshot, "requirements", ())}
    sources = {s.key: s.ref for s in getattr(result.snapshot, "sources", ())}
    clauses = [
        getattr(known.get(r.requirement), "clause", None) for r in result.records
    ]
    judged = Counter(
        c.source
        for r, c in zip(result.records, clauses, strict=True)
        if c and r.verdict not in (Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
    )
    for record, clause in zip(result.records, clauses, strict=True):
        if clause is None:
            topic = record.requirement.rpartition("-")[0] or record.requirement
            yield (topic[:30], (), ""), record.verdict
            continue
        standard = sources.get(clause.source) or str(clause.source)
        if judged[clause.source] < _FEW:
            yield (standard, (), ""), record.verdict
        else:
            yield (standard, *_clause_of(str(clause.section or ""))), record.verdict


def _clause_of(section: str) -> tuple[tuple[int, ...], str]:
    """Return how to sort a clause and its number to the second level."""
    if found := _NUMBERED.match(section):
        return tuple(map(int, found[0].split("."))), found[0]
    if found := _ANNEX.search(section):
        letter = found[1] or found[2]
        return (1000, ord(letter)), letter
    return (2000,), "…"


def _name(group: _Group) -> Text | str:
    standard, _, clause = group
    if clause.isalpha():
        return Text(f"{standard} 附录 {clause}", f"{standard} annex {clause}")
    if clause == "…":
        return Text(f"{standard} 其他", f"{standard} other")
    return f"{standard} {clause}".strip()


# Values


def _values(values: Values, start_ns: int, span_ns: int) -> Markup:
    """Return one element over time, with the band in which it may lie."""
    width, height, left, top, bottom = 320.0, 150.0, 46.0, 8.0, 126.0
    low, high = _limits(values)
    y = Scale(low, high, bottom, top)
    x = Scale(0, max(span_ns / 1e9, 1e-6), left + 6, width - 10)
    band = _band(values, y, left, width - 4)
    marks = [m for m in ticks(low, high, 4) if low <= m <= high]
    axis = [words(left - 4, y(m) + 3, _short(m), "tick", anchor="end") for m in marks]
    axis += [line(left, y(m), width - 4, y(m), "grid") for m in marks]
    times = [
        words(x(at), bottom + 14, label, "tick", anchor="middle")
        for at, label in seconds_ticks(span_ns / 1e9, 4)
    ]
    spots = [
        ((at - start_ns) / 1e9, float(value), value) for at, value in values.points
    ]
    places = [(x(at), y(min(max(v, low), high))) for at, v, _ in spots]
    dots = [
        _dot(place, values, value)
        for place, (_, _, value) in zip(places, spots, strict=True)
    ]
    unit = f" ({shown})" if (shown := _unit(values.unit)) else ""
    caption = Text(f"{values.name['zh']}{unit}", f"{values.name['en']}{unit}")
    frame = line(left, bottom, width - 4, bottom, "axis")
    drawing = picture(
        width, height, caption, band, *axis, frame, *times, path(places, "trace"), *dots
    )
    return figure(caption, drawing, tag("p", _told(values), class_="note"))


def _unit(code: str | None) -> str:
    """Return a UCUM code as people write the unit."""
    if code in _UNITS or not code:
        return _UNITS.get(code or "", "")
    return re.sub(r"u(?=[A-Za-z])", "µ", re.sub(r"[\[\]]", "", code))


def _limits(values: Values) -> tuple[float, float]:
    """Return what the axis spans: the band and, up to a third of it, what is beyond.

    One wild value must not press all others flat; it is drawn at the edge.  Where all
    values lie in a small part of the band, the axis spans that part.
    """
    seen = [float(v) for _, v in values.points]
    if values.low is not None and values.high is not None:
        band = float(values.high - values.low)
        spread = max(seen) - min(seen)
        inside = float(values.low) <= min(seen) and max(seen) <= float(values.high)
        if inside and spread < band / _SMALL:
            room = spread / 4 or band / _SMALL / 4
            return (
                max(float(values.low), min(seen) - room),
                min(float(values.high), max(seen) + room),
            )
    low = float(values.low) if values.low is not None else min(seen)
    high = float(values.high) if values.high is not None else max(seen)
    room = (high - low) / 3 or abs(high) / 3 or 1.0
    if min(seen) < low:
        low = max(min(seen), low - room)
    if max(seen) > high:
        high = min(max(seen), high + room)
    return (low, high) if high > low else (low - room, high + room)


def _band(values: Values, y: Scale, left: float, right: float) -> Markup | None:
    if values.low is None and values.high is None:
        return None
    top = y(min(float(values.high), y.high)) if values.high is not None else y.end
    foot = y(max(float(values.low), y.low)) if values.low is not None else y.start
    return rect(left, top, right - left, foot - top, "band")


def _dot(place: tuple[float, float], values: Values, value: Decimal) -> Markup:
    outside = (values.low is not None and value < values.low) or (
        values.high is not None and value > values.high
    )
    return tag(
        "circle",
        tag("title", str(value)),
        cx=number(place[0]),
        cy=number(place[1]),
        r="3.2" if outside else "2",
        class_="beyond" if outside else "dot",
    )


def _told(values: Values) -> Text:
    """Return the numbers of the picture, for those who cannot see it."""
    seen = [v for _, v in values.points]
    count, least, most = len(seen), min(seen), max(seen)
    zh = f"{count} 个值，{least}～{most}"
    en = f"{count} values, {least} to {most}"
    if values.low is None or values.high is None:
        return Text(zh, en)
    return Text(
        f"{zh}；规定范围 {values.low}～{values.high}",
        f"{en}; permitted {values.low} to {values.high}",
    )


def _short(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{value:.4g}"


# Intervals


def _gaps(gaps: Gaps) -> Markup:
    """Return how often which interval between reports occurred."""
    width, height, left, top, bottom = 320.0, 150.0, 46.0, 8.0, 126.0
    seen = [float(s) for s in gaps.seconds]
    nominal = float(gaps.nominal_s) if gaps.nominal_s is not None else None
    ends = [*seen, *([nominal] if nominal is not None else [])]
    low, high = min(ends), max(ends)
    room = (high - low) * 0.05 or high * 0.1 or 0.5
    low, high = max(0.0, low - room), high + room
    counts = Counter(
        min(_BINS - 1, int((s - low) / (high - low) * _BINS)) for s in seen
    )
    x = Scale(low, high, left, width - 10)
    y = Scale(0, max(counts.values()), bottom, top)
    step = (high - low) / _BINS
    bars = [
        rect(
            x(low + n * step) + 0.5,
            y(count),
            x(low + step) - x(low) - 1,
            bottom - y(count),
            "column",
            f"{low + n * step:.4g}–{low + (n + 1) * step:.4g} s: {count}",
        )
        for n, count in sorted(counts.items())
    ]
    marks = [m for m in ticks(0, max(counts.values()), 3) if m == math.floor(m)]
    axis = [words(left - 4, y(m) + 3, f"{m:.0f}", "tick", anchor="end") for m in marks]
    axis += [line(left, y(m), width - 4, y(m), "grid") for m in marks]
    axis += [
        words(x(m), bottom + 14, f"{m:.6g} s", "tick", anchor="middle")
        for m in ticks(low, high, 4)
    ]
    if nominal is not None:
        axis.append(line(x(nominal), top, x(nominal), bottom, "nominal"))
    caption = Text(
        f"上报间隔：{gaps.name['zh']}", f"Reporting interval: {gaps.name['en']}"
    )
    frame = line(left, bottom, width - 4, bottom, "axis")
    drawing = picture(width, height, caption, *axis, *bars, frame)
    return figure(caption, drawing, tag("p", _counted(gaps), class_="note"))


def _counted(gaps: Gaps) -> Text:
    ordered = sorted(gaps.seconds)
    middle = ordered[len(ordered) // 2]
    zh = f"{len(ordered)} 个间隔，{ordered[0]}～{ordered[-1]} s，中位数 {middle} s"
    en = f"{len(ordered)} intervals, {ordered[0]} to {ordered[-1]} s, median {middle} s"
    if gaps.nominal_s is None:
        return Text(zh, en)
    return Text(f"{zh}；规定 {gaps.nominal_s} s", f"{en}; stated {gaps.nominal_s} s")
