# SPDX-License-Identifier: Apache-2.0
"""Rules of the data mark of a statistic, which follows from the marks below it.

An hour is looked at against its minutes and a day against its hours, factor by factor,
where each of the lower ones was uploaded with a mark in the same connection.

Source: HJ 212-2017, notes to C.16 to C.18, 6.6.4 table 8.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance.engine.judge import Judge
from conformance.protocols.hj212.dialogue import Dialogue
from conformance.protocols.hj212.reports import STATISTICS, Report, reports
from conformance.protocols.hj212.rules.common import DEVICE, rule
from conformance.text import Text

__all__: list[str] = []

_NORMAL, _FAULTY = "N", "D"
_ENOUGH_PERCENT = 75
_LOWER = {"2061": "2051", "2031": "2061"}


@dataclass(frozen=True, slots=True)
class _Marked:
    """A factor of a statistic with its mark and those of its parts."""

    report: Report
    code: str
    mark: str
    parts: tuple[str, ...]

    @property
    def normal(self) -> int:
        """How many parts are marked normal."""
        return self.parts.count(_NORMAL)


@rule("hj212.abnormal_part_marks", actors=DEVICE)
def abnormal_part_marks(judge: Judge, dialogue: Dialogue) -> None:
    """Waste water: one abnormal value below marks the statistic abnormal."""
    for found in _marked(judge, dialogue, "w"):
        if found.normal == len(found.parts):
            continue
        _expect_mark(judge, found, found.mark != _NORMAL, Text("应不为 N", "not N"))


@rule("hj212.normal_share_marks", actors=DEVICE)
def normal_share_marks(judge: Judge, dialogue: Dialogue) -> None:
    """Flue gas: at least 75 percent normal values mark the statistic N, else D."""
    for found in _marked(judge, dialogue, "a"):
        is_enough = found.normal * 100 >= _ENOUGH_PERCENT * len(found.parts)
        wanted = _NORMAL if is_enough else _FAULTY
        _expect_mark(judge, found, found.mark == wanted, Text(f"应为 {wanted}", wanted))


def _expect_mark(judge: Judge, found: _Marked, met: bool, wanted: Text) -> None:
    name, count = f"{found.code}-Flag", len(found.parts)
    judge.expect(
        met,
        "mark",
        expected=Text(
            f"{count} 条下级数据中 {found.normal} 条为 N，{name} {wanted.zh}",
            f"{found.normal} of {count} below are N: {name} {wanted.en}",
        ),
        actual=f"CN={found.report.cn} {name}={found.mark}",
        at=found.report.message,
    )


def _marked(judge: Judge, dialogue: Dialogue, medium: str) -> Iterator[_Marked]:
    """Yield the factors of a medium whose parts were all uploaded with a mark."""
    known: dict[tuple[str, str], dict[datetime, str]] = defaultdict(dict)
    steps = {"2061": timedelta(hours=1)}
    seen: list[tuple[Report, str, str]] = []
    for report in reports(dialogue, judge.iut):
        if report.cn not in STATISTICS or report.label is None:
            continue
        if report.period:
            steps[report.cn] = report.period
        for code, mark in _marks(report, medium):
            known[report.cn, code][report.label] = mark
            seen.append((report, code, mark))
    for report, code, mark in seen:
        lower = _LOWER.get(report.cn, "")
        step = steps.get(lower)
        if not (step and report.period and report.label):
            continue
        count = report.period // step
        labels = [report.label + number * step for number in range(count)]
        parts = known[lower, code]
        if all(at in parts for at in labels):
            yield _Marked(report, code, mark, tuple(parts[at] for at in labels))


def _marks(report: Report, medium: str) -> Iterator[tuple[str, str]]:
    for item in report.message.segment.items:
        code, dash, key = item.name.rpartition("-")
        if dash and key == "Flag" and code[:1] == medium:
            yield code, item.value
