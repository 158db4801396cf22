# SPDX-License-Identifier: Apache-2.0
"""What a station reported of its own accord, with the periods that it stands for.

Uploads that a request asked for (history) say nothing about intervals, and a packet
sent again says nothing new.  The intervals are those that the conversation itself
shows, by 1061 to 1064; without them a period of minutes or seconds is not known.
Judges nothing.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (DataTime, intervals) and C.14 to C.19.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from conformance.link.packets import Side
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.times import read_time

__all__ = ["STATISTICS", "Report", "number", "reports"]

STATISTICS = ("2051", "2061", "2031")
"""Minute, hour and day data."""
_REPORTED = frozenset({"2011", "2021", *STATISTICS})
_USAGE = frozenset({"44", "45"})
_FIXED = {"2061": timedelta(hours=1), "2031": timedelta(days=1)}
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?")
_DIGITS = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Report:
    """One upload of a station."""

    message: Message
    cn: str
    label: datetime | None
    """DataTime."""
    sent: datetime | None
    """Its QN: when the station sent it first, by its own clock."""
    period: timedelta | None
    """What the data stand for, or the interval of real-time data; ``None`` unknown."""
    era: int
    """Grows with what breaks a series: a start, a stop, a set clock, an interval."""


def number(text: str) -> Decimal | None:
    """Return a value as a number; ``None`` for what is none."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def reports(dialogue: Dialogue, station: Side) -> Iterator[Report]:
    """Yield the uploads of the station, each once, with the periods known then."""
    seen: set[bytes] = set()
    asked: dict[str, str] = {}
    periods = dict(_FIXED) | _told_first(dialogue, station)
    era = 0
    for message in dialogue.messages:
        segment = message.segment
        cn, qn = segment.cn or "", segment.qn or ""
        if message.sender != station:
            if segment.item("BeginTime"):
                asked[cn] = qn
            era += cn in _BREAKS
            continue
        era += _learn(message, periods)
        if _is_over(message):
            asked = {known: of for known, of in asked.items() if of != qn}
        if segment.rf is not None or segment.st in _USAGE:
            continue  # late data, and those of another system, are no part of a series
        if cn in _REPORTED and cn not in asked and message.octets not in seen:
            seen.add(message.octets)
            item = segment.item("DataTime")
            label = read_time(item.value) if item and len(item.value) == 14 else None
            yield Report(message, cn, label, read_time(qn), periods.get(cn), era)


_BREAKS = frozenset({"1012", "1062", "1064", "2011", "2012", "2021", "2022"})
_SETS = frozenset({"1062", "1064"})
_INTERVALS = {
    "RtdInterval": (("2011", "2021"), timedelta(seconds=1)),
    "MinInterval": (("2051",), timedelta(minutes=1)),
}


def _told_first(dialogue: Dialogue, station: Side) -> dict[str, timedelta]:
    """Return the intervals that the station tells before anybody sets one."""
    told: dict[str, timedelta] = {}
    for message in dialogue.messages:
        if message.sender != station and message.segment.cn in _SETS:
            break
        if message.sender == station:
            before = dict(told)
            _learn(message, told)
            told |= before  # the first word counts
    return told


def _learn(message: Message, periods: dict[str, timedelta]) -> bool:
    """Take an interval that the station tells; return whether it changed."""
    before = dict(periods)
    for name, (commands, unit) in _INTERVALS.items():
        item = message.segment.item(name)
        if item and _DIGITS.fullmatch(item.value):
            periods.update(dict.fromkeys(commands, unit * int(item.value)))
    return before != periods


def _is_over(message: Message) -> bool:
    """Whether a request is over: its result, or its refusal."""
    segment = message.segment
    answer = segment.item("QnRtn")
    refused = segment.cn == "9011" and answer is not None and answer.value != "1"
    return segment.cn == "9012" or refused
