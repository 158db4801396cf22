# SPDX-License-Identifier: Apache-2.0
"""Rule of an hour against its minutes: what each way of computing it has in common.

Stations compute an hour from samples or from minutes, weighted by the flow or not.
Whichever they do, its mean lies among the means of its minutes, and its extremes lie
between the extremes of the minutes and their means.  An hour is looked at where each of
its minutes was uploaded in the same connection and all are marked normal.

Source: HJ 212-2017, C.17, C.18 and D.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from conformance.engine.judge import Judge
from conformance.protocols.hj212.dialogue import Dialogue
from conformance.protocols.hj212.reports import Report, number, reports
from conformance.protocols.hj212.rules.common import DEVICE, rule
from conformance.text import Text

__all__: list[str] = []

_Triple = tuple[Decimal, Decimal, Decimal]
"""Min, Avg and Max."""


@rule("hj212.hour_within_minutes", actors=DEVICE, of_content=True)
def hour_within_minutes(judge: Judge, dialogue: Dialogue) -> None:
    """Min, Avg and Max of an hour agree with those of its minutes."""
    minutes: dict[tuple[str, datetime], _Triple] = {}
    step: timedelta | None = None
    hours: list[Report] = []
    for report in reports(dialogue, judge.iut):
        if report.cn == "2051" and report.label:
            step = report.period
            for stem, triple in _triples(report):
                minutes[stem, report.label] = triple
        elif report.cn == "2061" and report.label:
            hours.append(report)
    for report in hours:
        labels = _labels(report, step)
        for stem, triple in _triples(report):
            parts = [minutes[stem, at] for at in labels if (stem, at) in minutes]
            if labels and len(parts) == len(labels):
                _expect_within(judge, report, stem, triple, parts)


def _labels(hour: Report, step: timedelta | None) -> Sequence[datetime]:
    """Return the labels of the minute data of an hour."""
    if not (step and hour.label):
        return ()
    return [hour.label + n * step for n in range(timedelta(hours=1) // step)]


def _triples(report: Report) -> Iterator[tuple[str, _Triple]]:
    """Yield what an upload has of each factor that is marked normal, or not marked."""
    for group in report.message.segment.cp:
        items: Mapping[str, str] = {item.name: item.value for item in group}
        if any(n.endswith("-Flag") and v != "N" for n, v in items.items()):
            continue
        for name in items:
            if name.endswith("Avg"):
                stem = name.removesuffix("Avg")
                found = [number(items.get(stem + k, "")) for k in ("Min", "Avg", "Max")]
                low, mean, high = found
                if low is not None and mean is not None and high is not None:
                    yield stem, (low, mean, high)


def _expect_within(
    judge: Judge, report: Report, stem: str, hour: _Triple, parts: Sequence[_Triple]
) -> None:
    slack = max(_unit(value) for triple in (hour, *parts) for value in triple)
    ordered = (a - slack <= b <= c + slack for a, b, c in (hour, *parts))
    if not all(ordered):
        return  # that is another requirement
    means = [mean for _, mean, _ in parts]
    spans = (
        (min(low for low, _, _ in parts), min(means)),
        (min(means), max(means)),
        (max(means), max(high for _, _, high in parts)),
    )
    for key, value, (least, most) in zip(
        ("Min", "Avg", "Max"), hour, spans, strict=True
    ):
        judge.expect(
            least - slack <= value <= most + slack,
            "hour",
            expected=Text(
                f"{stem}{key} 在 {least} 至 {most} 之间（{len(parts)} 条分钟数据）",
                f"{stem}{key} between {least} and {most} (minutes: {len(parts)})",
            ),
            actual=f"{value}",
            at=report.message,
        )


def _unit(value: Decimal) -> Decimal:
    """Return one unit in the last place of a number."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
