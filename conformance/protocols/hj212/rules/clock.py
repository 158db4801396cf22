# SPDX-License-Identifier: Apache-2.0
"""Rule of the station's clock: its times against those of the recording.

QN is the time of sending and shows the clock.  DataTime of real-time data is that of
sampling, which lies minutes back where an analysis takes its time: it may be older, but
not ahead, and not by the hours of another time zone.  A resend bears its first QN, so
that one report may lag; the freshest of a run counts.  Once a host sets the clock
(1012), it is the host's doing and no longer judged.

Source: HJ 212-2017, 6.3.2 table 3 (QN), 6.3.3.2.3 table 4 (DataTime), C.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance.engine.judge import Judge
from conformance.link.clock import to_datetime
from conformance.protocols.hj212.dialogue import Dialogue
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.reports import Report, reports
from conformance.protocols.hj212.rules.common import DEVICE, rule
from conformance.text import Text

__all__: list[str] = []

_REAL_TIME = "2011"
_ZONE = timedelta(hours=8)
"""How far a time in UTC is behind one in Beijing time."""


@dataclass(slots=True)
class _Clock:
    """The freshest report of a run, until a host sets the clock."""

    is_set: bool = False
    late: timedelta | None = None
    report: Report | None = None
    label: str = ""


@rule(
    "hj212.clock_right",
    of_content=True,
    actors=DEVICE,
    params={"seconds_max": {"type": "integer", "minimum": 1}},
    tighter={"seconds_max": "lower"},
)
def clock_right(judge: Judge, dialogue: Dialogue, *, seconds_max: int) -> None:
    """QNs of real-time data are the times at which they came; no time is ahead."""
    limit = timedelta(seconds=seconds_max)
    kept = judge.over_run(_Clock, lambda kept: _conclude(judge, kept, limit))
    if kept.is_set:
        return
    end = next(
        (
            m.at_ns
            for m in dialogue.messages
            if m.sender != judge.iut and m.segment.cn == "1012"
        ),
        None,
    )
    kept.is_set = end is not None
    for report in reports(dialogue, judge.iut):
        if end is not None and report.message.at_ns >= end:
            return
        if report.cn != _REAL_TIME or report.label is None or report.sent is None:
            continue
        came = to_datetime(report.message.at_ns).astimezone(BEIJING)
        late = _lag(came.replace(tzinfo=None), report.label, report.sent, limit)
        if late < -limit:
            _expect_right(judge, report, late, limit)
        elif kept.late is None or late < kept.late:
            kept.late, kept.report, kept.label = late, report, judge.label


def _lag(
    came: datetime, label: datetime, sent: datetime, limit: timedelta
) -> timedelta:
    """Return how far the clock is behind, by whichever of the two times tells."""
    by_label, by_qn = came - label, came - sent
    is_ahead = by_label < -limit and by_label < by_qn
    return by_label if is_ahead or abs(by_label - _ZONE) <= limit else by_qn


def _conclude(judge: Judge, kept: _Clock, limit: timedelta) -> None:
    report = kept.report
    if report is None or kept.late is None:
        return
    judge.label = kept.label
    _expect_right(judge, report, kept.late, limit)
    if report.label and report.sent and report.sent - report.label > limit:
        seconds = (report.sent - report.label).total_seconds()
        judge.remark(
            Text(
                f"DataTime 比 QN 早 {seconds:g} s；采样时刻不在报文中，未判定",
                f"DataTime is {seconds:g} s before QN; when a sample was taken does"
                " not show and was not judged",
            )
        )


def _expect_right(
    judge: Judge, report: Report, late: timedelta, limit: timedelta
) -> None:
    seconds = late.total_seconds()
    judge.expect(
        abs(late) <= limit,
        "clock",
        expected=Text(
            f"时间与标准时间相差不超过 {limit.total_seconds():g} s",
            f"times within {limit.total_seconds():g} s",
        ),
        actual=Text(
            f"DataTime={report.label}，QN={report.sent}，比收到时刻早 {seconds:.1f} s",
            f"DataTime={report.label}, QN={report.sent}, {seconds:.1f} s behind",
        ),
        at=report.message,
    )
