# SPDX-License-Identifier: Apache-2.0
"""Rules of what a station reports: labels, periods, marks, and values that must agree.

Only what the recording itself shows is judged: an interval that nobody asked for is not
known, and a sum is only right or wrong where all its parts are there.  Times are those
of the station's own clock (QN and DataTime), so a clock that is off is no matter here.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (DataTime), C.14 to C.28 and D.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from conformance.engine.judge import Judge
from conformance.protocols.hj212.codec.segment import Item
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.reports import STATISTICS, Report, number, reports
from conformance.protocols.hj212.rules.common import DEVICE, RIGHT, rule
from conformance.text import Text

__all__: list[str] = []

_FLOWS = {"31": "a00000", "32": "w00000"}
"""Flow of a pollution source by ST: flue gas, waste water."""
_AHEAD = timedelta(seconds=1)
_COARSE = timedelta(seconds=2)
"""Labels, which are whole seconds, show no shorter interval."""
_NOISE_KEYS = ("Data", "DayData", "NightData")


def _of(judge: Judge, dialogue: Dialogue, *commands: str) -> Iterator[Report]:
    for report in reports(dialogue, judge.iut):
        if report.cn in commands:
            yield report


def _shown(moment: datetime | None) -> str:
    return f"{moment:%Y%m%d%H%M%S}" if moment else "-"


# Labels


@rule(
    "hj212.keeps_period",
    of_content=True,
    actors=DEVICE,
    params={
        "tolerance_percent": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 20,
        }
    },
    tighter={"tolerance_percent": "lower"},
)
def keeps_period(
    judge: Judge, dialogue: Dialogue, *, tolerance_percent: int = 20
) -> None:
    """Labels of one kind of data follow each other by its period, none left out.

    Needs two uploads with nothing between them that starts the series anew.
    Statistics lie exactly one period apart, real-time data within a tolerance.
    """
    last: dict[str, Report] = {}
    for report in reports(dialogue, judge.iut):
        if _is_old(report):
            continue  # kept over an outage, and sent in any order
        before, last[report.cn] = last.get(report.cn), report
        if before is None or before.era != report.era or not report.period:
            continue
        if not report.label or not before.label or report.label == before.label:
            continue  # parts of one upload bear the same label
        passed, period = report.label - before.label, report.period
        exact = report.cn in STATISTICS
        if not exact:  # a device in its test mode lets time pass faster
            period /= max(int(judge.value("hj212_pace", 1)), 1)
        if period <= _COARSE:
            continue
        slack = period * tolerance_percent / 100 + _AHEAD
        met = passed == period if exact else abs(passed - period) <= slack
        judge.expect(
            met,
            "period",
            expected=Text(
                f"CN={report.cn} 每 {period.total_seconds():g} s 一条",
                f"CN={report.cn} each {period.total_seconds():g} s",
            ),
            actual=Text(
                f"{_shown(before.label)} 之后为 {_shown(report.label)}",
                f"{_shown(before.label)}, then {_shown(report.label)}",
            ),
            at=report.message,
        )


def _is_old(report: Report) -> bool:
    """Whether real-time data were sampled long before they were sent."""
    if report.cn in STATISTICS or not (report.label and report.sent and report.period):
        return False
    return report.sent - report.label > 2 * report.period


@rule("hj212.label_is_start", actors=DEVICE, of_content=True)
def label_is_start(judge: Judge, dialogue: Dialogue) -> None:
    """DataTime of a statistic is the start of its period.

    A label nearer than half a period to the moment of sending is taken for the end
    of the period that has just passed.
    """
    for report in _of(judge, dialogue, *STATISTICS):
        if not (report.label and report.sent and report.period):
            continue
        late = report.sent - report.label
        judge.expect(
            late >= report.period / 2,
            "label-at-end",
            expected=Text("时段的起始时间", "the start of the period"),
            actual=_label_and_time(report),
            at=report.message,
        )


@rule("hj212.sent_after_period", actors=DEVICE, of_content=True)
def sent_after_period(judge: Judge, dialogue: Dialogue) -> None:
    """A statistic is sent after its period has ended."""
    for report in _of(judge, dialogue, *STATISTICS):
        if not (report.label and report.sent and report.period):
            continue
        late = report.sent - report.label
        if late < report.period / 2:
            continue  # labelled by the end: another requirement
        judge.expect(
            late >= report.period,
            "too-early",
            expected=Text("时段结束后发送", "sent after the period"),
            actual=_label_and_time(report),
            at=report.message,
        )


def _label_and_time(report: Report) -> Text:
    label, sent = _shown(report.label), _shown(report.sent)
    return Text(
        f"CN={report.cn}，DataTime={label}，发送于 {sent}",
        f"CN={report.cn}, DataTime={label}, sent at {sent}",
    )


@rule("hj212.label_is_moment", actors=DEVICE, of_content=True)
def label_is_moment(judge: Judge, dialogue: Dialogue) -> None:
    """DataTime of real-time data is the moment of acquisition, never one to come.

    Old data are remarked: they may have been kept while the connection was lost.
    """
    for report in _of(judge, dialogue, "2011", "2021"):
        if not (report.label and report.sent):
            continue
        judge.expect(
            report.label <= report.sent + _AHEAD,
            "label-ahead",
            expected=Text("不晚于发送时刻", "not after the moment of sending"),
            actual=_label_and_time(report),
            at=report.message,
        )
        if report.period and report.sent - report.label > 2 * report.period:
            judge.remark(
                Text(
                    f"实时数据早于发送两个间隔以上：{_label_and_time(report).zh}",
                    f"data older than two intervals: {_label_and_time(report).en}",
                )
            )


@rule("hj212.labels_aligned", actors=DEVICE, of_content=True)
def labels_aligned(judge: Judge, dialogue: Dialogue) -> None:
    """Labels of statistics lie on their grid: minutes, hours, days."""
    for report in _of(judge, dialogue, *STATISTICS):
        if report.label is None:
            continue
        period = report.period or timedelta(minutes=1)
        midnight = report.label.replace(hour=0, minute=0, second=0)
        judge.expect(
            (report.label - midnight) % period == timedelta(0),
            "label-off-grid",
            expected=Text(
                f"{period.total_seconds():g} s 的整倍数",
                f"a multiple of {period.total_seconds():g} s",
            ),
            actual=f"CN={report.cn} DataTime={_shown(report.label)}",
            at=report.message,
        )


# What comes together


def _groups(message: Message) -> Iterator[tuple[str, dict[str, Item]]]:
    """Yield (code, items by key) of each factor of a packet."""
    found: dict[str, dict[str, Item]] = defaultdict(dict)
    for item in message.segment.items:
        stem, dash, key = item.name.rpartition("-")
        if dash:
            found[stem].setdefault(key, item)
    yield from found.items()


@rule("hj212.keys_of_command", actors=DEVICE, of_content=True)
def keys_of_command(judge: Judge, dialogue: Dialogue) -> None:
    """Real-time data carry Rtd and Flag, statistics Min, Avg, Max and Flag.

    Process codes and noise have keys of their own and are not judged.
    """
    for report in _of(judge, dialogue, "2011", *STATISTICS):
        wanted = {"Rtd"} if report.cn == "2011" else {"Min", "Avg", "Max"}
        for code, items in _groups(report.message):
            if not items.keys() & {"Rtd", "Min", "Avg", "Max"} or code[:1] in "egi":
                continue
            missing = sorted((wanted | {"Flag"}) - items.keys())
            judge.expect(
                not missing,
                "keys",
                expected=Text(
                    f"{code} 带 {'、'.join(sorted(wanted))}、Flag",
                    f"{code} with {', '.join(sorted(wanted))}, Flag",
                ),
                actual=Text(f"缺 {'、'.join(missing)}", f"without {', '.join(missing)}")
                if missing
                else RIGHT,
                at=report.message,
            )


@rule("hj212.real_time_complete", actors=DEVICE, of_content=True)
def real_time_complete(judge: Judge, dialogue: Dialogue) -> None:
    """Real-time data hold the momentary flow of a source and each factor with its mark.

    The flow is looked for where ST is that of a waste water or flue gas source, in all
    packets with the same DataTime.
    """
    sent = list(_of(judge, dialogue, "2011"))
    flowing = {
        (report.label, code)
        for report in sent
        for code, items in _groups(report.message)
        if "Rtd" in items
    }
    for report in sent:
        groups = dict(_groups(report.message))
        values = {c: g for c, g in groups.items() if "Rtd" in g}
        flow = _FLOWS.get(report.message.segment.st or "")
        is_part = report.message.segment.pnum is not None
        unmarked = sorted(code for code, group in values.items() if "Flag" not in group)
        has_flow = is_part or not flow or (report.label, flow) in flowing
        lacking = [] if has_flow else [flow]
        judge.expect(
            not unmarked and not lacking,
            "incomplete",
            expected=Text("瞬时流量和各因子及标记", "the flow, each factor marked"),
            actual=Text(
                f"无标记 {unmarked}，缺 {lacking}",
                f"unmarked {unmarked}, missing {lacking}",
            ),
            at=report.message,
        )


@rule("hj212.noise_complete", actors=DEVICE, of_content=True)
def noise_complete(judge: Judge, dialogue: Dialogue) -> None:
    """Daily noise data hold the sets of the whole day, of day and of night.

    Parts of one upload bear the same label and are looked at together.
    """
    days: dict[datetime | None, set[str]] = defaultdict(set)
    last: dict[datetime | None, Message] = {}
    for report in _of(judge, dialogue, "2031"):
        for _, items in _groups(report.message):
            found = items.keys() & set(_NOISE_KEYS)
            days[report.label] |= found
            if found:
                last[report.label] = report.message
    for label, message in last.items():
        judge.expect(
            days[label] == set(_NOISE_KEYS),
            "noise-sets",
            expected=Text("Data、DayData、NightData", "Data, DayData, NightData"),
            actual=", ".join(sorted(days[label])),
            at=message,
        )


# Values that must agree


@rule("hj212.statistics_ordered", actors=DEVICE, of_content=True)
def statistics_ordered(judge: Judge, dialogue: Dialogue) -> None:
    """Min <= Avg <= Max, by a unit in the last place of the average."""
    for report in _of(judge, dialogue, *STATISTICS):
        for code, items in _groups(report.message):
            for prefix in ("", "Zs"):
                keys = [f"{prefix}{key}" for key in ("Min", "Avg", "Max")]
                if not all(key in items for key in keys):
                    continue
                values = [number(items[key].value) for key in keys]
                low, mean, high = values
                if low is None or mean is None or high is None:
                    continue
                slack = _unit(mean)
                judge.expect(
                    low - slack <= mean <= high + slack,
                    "order",
                    expected=Text(f"{code}：Min≤Avg≤Max", f"{code}: Min <= Avg <= Max"),
                    actual=f"{low} {mean} {high}",
                    at=report.message,
                )


def _unit(value: Decimal) -> Decimal:
    """Return one unit in the last place of a number."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


@rule("hj212.sums_agree", actors=DEVICE, of_content=True)
def sums_agree(judge: Judge, dialogue: Dialogue) -> None:
    """Cou of an hour is the sum of its minutes, Cou of a day that of its hours.

    Only where each part was uploaded with a normal mark, with rounding of each.
    """
    totals: dict[tuple[str, str], dict[datetime, Decimal]] = defaultdict(dict)
    minutes: timedelta | None = None
    found = list(_of(judge, dialogue, *STATISTICS))
    for report in found:
        minutes = report.period if report.cn == "2051" else minutes
        for code, total in _totals(report):
            if report.label:
                totals[report.cn, code][report.label] = total
    periods = {"2061": ("2051", minutes), "2031": ("2061", timedelta(hours=1))}
    for report in found:
        lower, step = periods.get(report.cn, ("", None))
        if not (step and report.label and report.period):
            continue
        count = report.period // step
        labels = [report.label + number_ * step for number_ in range(count)]
        for code, total in _totals(report):
            parts = totals[lower, code]
            if any(label not in parts for label in labels):
                continue
            _expect_sum(judge, report, code, total, [parts[at] for at in labels])


def _totals(report: Report) -> Iterator[tuple[str, Decimal]]:
    for code, items in _groups(report.message):
        mark = items.get("Flag")
        total = number(items["Cou"].value) if "Cou" in items else None
        if total is not None and (mark is None or mark.value == "N"):
            yield code, total


def _expect_sum(
    judge: Judge, report: Report, code: str, total: Decimal, parts: list[Decimal]
) -> None:
    right = sum(parts, Decimal(0))
    slack = _unit(total) + sum((_unit(part) for part in parts), Decimal(0)) / 2
    judge.expect(
        abs(total - right) <= slack,
        "sum",
        expected=Text(
            f"{code}-Cou 约为 {right}（{len(parts)} 项之和）",
            f"{code}-Cou about {right} (the sum of {len(parts)})",
        ),
        actual=f"{total}",
        at=report.message,
    )


@rule("hj212.flow_agrees", actors=DEVICE, of_content=True)
def flow_agrees(judge: Judge, dialogue: Dialogue) -> None:
    """Mean flow of waste water (L/s) is 1000 x Cou (m3) / seconds of the period.

    Whether concentrations are weighted is remarked: an arithmetic mean is allowed.
    """
    for report in _of(judge, dialogue, *STATISTICS):
        groups = dict(_groups(report.message))
        values = _numbers(groups.get("w00000", {}))
        if report.period is None or not {"Avg", "Cou"} <= values.keys():
            continue
        seconds = Decimal(int(report.period.total_seconds()))
        mean, total = values["Avg"], values["Cou"]
        right = 1000 * total / seconds
        slack = _unit(mean) + 1000 * _unit(total) / seconds
        judge.expect(
            abs(mean - right) <= slack,
            "mean-flow",
            expected=Text(f"w00000-Avg 约为 {right:.3f}", f"w00000-Avg: {right:.3f}"),
            actual=f"{mean}",
            at=report.message,
        )
        if total:
            _remark_means(judge, groups, total)


def _remark_means(
    judge: Judge, groups: Mapping[str, Mapping[str, Item]], flow: Decimal
) -> None:
    for code, items in groups.items():
        values = _numbers(items)
        if code == "w00000" or not {"Avg", "Cou"} <= values.keys():
            continue
        weighted = 1000 * values["Cou"] / flow
        slack = _unit(values["Avg"]) + 1000 * _unit(values["Cou"]) / flow
        if abs(values["Avg"] - weighted) > slack:
            judge.remark(
                Text(
                    f"{code} 的均值不是按流量加权的",
                    f"the mean of {code} is not weighted by the flow",
                )
            )


def _numbers(items: Mapping[str, Item]) -> dict[str, Decimal]:
    found = ((key, number(item.value)) for key, item in items.items())
    return {key: value for key, value in found if value is not None}
