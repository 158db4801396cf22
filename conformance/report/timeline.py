# SPDX-License-Identifier: Apache-2.0
"""When which requirement was under test, and which connections were open then.

Turns the start and duration of records, and the connections of the run, into one
picture over the time of the run.  Rules judge the recording afterwards and have no
place in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from conformance.engine.result import Record, RunResult
from conformance.engine.series import Connection
from conformance.report.drawing import (
    Scale,
    figure,
    line,
    picture,
    rect,
    seconds_ticks,
    words,
)
from conformance.report.markup import Markup, tag
from conformance.report.words import VERDICTS
from conformance.text import Text

__all__ = ["timeline"]

_LEFT, _WIDTH, _ROW = 170.0, 800.0, 13.0
_LABELLED_ROWS = 70
_LEAST = 2.0
"""Width of what takes no time that could be seen."""
_TALKS = 24

_Span = tuple[float, float]


def timeline(result: RunResult) -> Markup | None:
    """Return the picture, ``None`` where no record has a time."""
    timed = [(r, span) for r in result.records if (span := _span(r))]
    if not timed:
        return None
    series = result.series
    talks = list(series.connections) if series else []
    start = min([span[0] for _, span in timed] + [c.start_ns / 1e9 for c in talks])
    end = max([span[1] for _, span in timed] + [c.end_ns / 1e9 for c in talks])
    x = Scale(0, max(end - start, 1e-6), _LEFT, _WIDTH - 8)
    timed.sort(key=lambda pair: pair[1])
    labelled = len(timed) <= _LABELLED_ROWS
    rows = list(range(len(timed))) if labelled else _lanes([s for _, s in timed])
    drawn, height = _talks(talks, x, start)
    top = height + 4
    for row, (record, span) in zip(rows, timed, strict=True):
        y = top + row * _ROW
        if labelled:
            drawn.append(
                words(_LEFT - 8, y + 9, record.requirement[:32], "label", anchor="end")
            )
        x0, x1 = x(span[0] - start), x(span[1] - start)
        drawn.append(
            rect(
                x0,
                y + 1,
                max(x1 - x0, _LEAST),
                _ROW - 3,
                f"v-{record.verdict}",
                _title(record),
            )
        )
    bottom = top + (max(rows) + 1) * _ROW + 2
    grid = []
    for at, label in seconds_ticks(end - start):
        grid.append(line(x(at), 0, x(at), bottom, "grid"))
        grid.append(words(x(at), bottom + 12, label, "tick", anchor="middle"))
    caption = Text("测试过程", "Course of the run")
    axis = line(_LEFT, bottom, _WIDTH - 8, bottom, "axis")
    drawing = picture(_WIDTH, bottom + 18, caption, *grid, *drawn, axis)
    note = Text(
        "横条为各项检查的起止，颜色为判定；上方为连接。规则类检查在测试后判读记录，不在图中。",
        "Bars run from start to end of a check, coloured by verdict; connections stand "
        "above. Rules judge the recording afterwards and are not shown.",
    )
    return figure(caption, drawing, tag("p", note, class_="note"), class_="wide")


def _talks(
    talks: Sequence[Connection], x: Scale, start: float
) -> tuple[list[Markup], float]:
    """Return the connections as thin bars, packed, and how high they stand."""
    shown = talks[:400]
    if not shown:
        return [], 0.0
    spans = [(c.start_ns / 1e9 - start, c.end_ns / 1e9 - start) for c in shown]
    lanes = [lane % _TALKS for lane in _lanes(spans)]
    label = Text(f"连接（{len(talks)}）", f"connections ({len(talks)})")
    drawn = [words(_LEFT - 8, 9, label, "label", anchor="end")]
    for talk, lane, (first, last) in zip(shown, lanes, spans, strict=True):
        x0, x1 = x(first), x(last)
        title = f"{talk.protocol} {talk.label}".strip()
        drawn.append(rect(x0, 2 + lane * 7, max(x1 - x0, _LEAST), 5, "talk", title))
    return drawn, 4 + max(12.0, (max(lanes) + 1) * 7.0)


def _lanes(spans: Sequence[_Span]) -> list[int]:
    """Return for each span the first lane that is free when it starts."""
    ends: list[float] = []
    lanes = []
    for first, last in spans:
        free = next((n for n, end in enumerate(ends) if end <= first), len(ends))
        if free == len(ends):
            ends.append(last)
        ends[free] = last
        lanes.append(free)
    return lanes


def _span(record: Record) -> _Span | None:
    try:
        start = datetime.fromisoformat(record.start or "").timestamp()
    except ValueError:
        return None
    return start, start + record.duration_s


def _title(record: Record) -> str:
    verdict = VERDICTS[record.verdict]
    said = f"{verdict.zh} / {verdict.en}, {record.duration_s:.3f} s"
    return f"{record.requirement}: {said}"
