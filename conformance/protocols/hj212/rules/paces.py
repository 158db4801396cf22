# SPDX-License-Identifier: Apache-2.0
"""Rule of reporting intervals: as often as the profile states for its elements.

Judged are the interval that a station tells by itself and the labels of its real-time
data, which are times of its own clock.  A host may set another interval; from then on
that one holds, over connections too, and this rule looks no further.  Labels are whole
seconds, and a device in its test mode lets time pass faster.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (RtdInterval, DataTime), C.7, C.8 and C.14.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance.data.reporting import Pace, pace_of, report_pace
from conformance.engine.judge import Judge
from conformance.profile.model import Element
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.elements import codes_of, keys_of
from conformance.protocols.hj212.reports import Report, number, reports
from conformance.protocols.hj212.rules.common import DEVICE, rule
from conformance.text import Text

__all__: list[str] = []

_LABEL_S = 1
"""Labels are whole seconds."""
_REAL_TIME = "2011"
_AHEAD = timedelta(seconds=1)
"""A label that lies further ahead is no time of a sample; another rule finds it."""


@dataclass(slots=True)
class _Hosts:
    """What hosts did in the connections of a run."""

    have_set: bool = False


@rule("hj212.reports_in_time", actors=DEVICE, of_content=True)
def reports_in_time(judge: Judge, dialogue: Dialogue) -> None:
    """Real-time data come as often as the profile states, within its tolerance.

    What an element with a longer interval lacks in between is no matter here.
    """
    starts = {
        start: (element, pace)
        for start, element in codes_of(judge.snapshot).items()
        if keys_of(start, _REAL_TIME) and (pace := pace_of(element))
    }
    usual = report_pace(element for element, _ in starts.values())
    hosts = judge.over_run(_Hosts, lambda _: None)
    if usual is None or hosts.have_set:
        return
    end = _first_setting(judge, dialogue)
    hosts.have_set = end is not None
    for message in dialogue.messages:
        if message is end:
            break
        _tell(judge, message, usual)
    slower = {s: (e, p) for s, (e, p) in starts.items() if p.nominal > usual.nominal}
    last: dict[str, tuple[int, datetime]] = {}
    for report in reports(dialogue, judge.iut):
        if end is not None and report.message.at_ns >= end.at_ns:
            break
        is_ahead = report.label and report.sent and report.label > report.sent + _AHEAD
        if report.cn == _REAL_TIME and report.label and not is_ahead:
            _expect_spaced(judge, report, last, usual, slower)


def _first_setting(judge: Judge, dialogue: Dialogue) -> Message | None:
    """Return the first packet by which a host sets the interval."""
    found = (
        m for m in dialogue.messages if m.sender != judge.iut and m.segment.cn == "1062"
    )
    return next(found, None)


def _tell(judge: Judge, message: Message, pace: Pace) -> None:
    item = message.segment.item("RtdInterval")
    told = number(item.value) if item and message.sender == judge.iut else None
    if item is None or told is None:
        return
    judge.expect(
        pace.least <= told <= pace.most,
        "interval",
        expected=_expected(pace),
        actual=f"{item.name}={item.value}",
        at=message,
    )


def _expect_spaced(
    judge: Judge,
    report: Report,
    last: dict[str, tuple[int, datetime]],
    usual: Pace,
    slower: Mapping[str, tuple[Element, Pace]],
) -> None:
    """Judge the time since the last report, and since each slower element's last."""
    names = {item.name for item in report.message.segment.items}
    due: list[tuple[str, str, Pace]] = [("", f"CN={report.cn}", usual)]
    due += [
        (start, start.rstrip("-"), pace)
        for start, (_, pace) in slower.items()
        if any(f"{start}{key}" in names for key in keys_of(start, report.cn))
    ]
    assert report.label is not None, "only labelled reports are looked at"
    for key, title, pace in due:
        era, before = last.get(key, (-1, report.label))
        passed = report.label - before
        if era == report.era and passed <= timedelta(0):
            continue  # a part of the same report, or data sent later
        last[key] = report.era, report.label
        if era != report.era:
            continue
        quicker = max(int(judge.value("hj212_pace", 1)), 1)
        seconds = passed // timedelta(seconds=1)
        least, most = (seconds - _LABEL_S) * quicker, (seconds + _LABEL_S) * quicker
        judge.expect(
            least <= pace.most and pace.least <= most,
            "interval",
            expected=_expected(pace),
            actual=Text(f"{title} 间隔 {seconds} s", f"{title} after {seconds} s"),
            at=report.message,
        )


def _expected(pace: Pace) -> Text:
    return Text(
        f"间隔 {pace.least} s 至 {pace.most} s",
        f"an interval of {pace.least} s to {pace.most} s",
    )
