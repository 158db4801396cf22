# SPDX-License-Identifier: Apache-2.0
"""A station over an outage: what it sampled meanwhile comes later, as it was.

The suite ends the connection and closes its port for the declared time, so that the
station is refused and cannot take anything for delivered.  The interval is made long
enough to tell labels apart, which are whole seconds; the outage must span several.
The order in which old data come is the station's affair.

Source: HJ 212-2017, 6.3.3.2.3 table 4, C.14; HJ 212-2025, 6.3.3 table 3 (RF).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.streams import (
    first_upload,
    interval_set,
    streaming,
    uploads_of,
)
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__: list[str] = []

_SHORTEST_S = 30
_TOLD_APART_S = 2
"""Shortest real time between uploads of which the labels can be told apart."""
_PERIODS_MIN = 3
"""Intervals that an outage must span to show anything."""
_LABEL_S = 1
_AT_ONCE = 1
"""Reports beyond the usual pace that a station may send because it is back."""


@dataclass(slots=True)
class _Return:
    """What a station sent after an outage, by label."""

    before: set[datetime]
    packets: int
    """Of one report."""
    interval_s: float
    back: datetime
    """When the outage was over, by the station's clock."""
    uploads: list[tuple[datetime, Heard]] = field(default_factory=list)

    @property
    def old(self) -> list[tuple[datetime, Heard]]:
        """Uploads of the time in which it was away."""
        known = max(self.before)
        return [(at, h) for at, h in self.uploads if known < at < self.back]

    @property
    def new(self) -> list[datetime]:
        """Labels since it was back."""
        return [at for at, _ in self.uploads if at >= self.back]

    @property
    def gap_s(self) -> float:
        """Longest time between two labels, from the last one before the outage on."""
        return self._longest(*self.new)

    @property
    def is_whole(self) -> bool:
        return bool(self.new) and self.gap_s <= self._gap_max_s

    @property
    def keeps_its_times(self) -> bool:
        """Whether labels fill the outage, so that none of it can bear a new time."""
        return self._longest(self.back) <= self._gap_max_s

    @property
    def _gap_max_s(self) -> float:
        return self.interval_s * 1.5 + _LABEL_S

    def _longest(self, *ends: datetime) -> float:
        labels = sorted({max(self.before), *(a for a, _ in self.old), *ends})
        gaps = [(later - at).total_seconds() for at, later in pairwise(labels)]
        return max(gaps, default=float("inf"))


@check(
    "hj212.catches_up",
    actor="device",
    params={"judges": {"enum": ["time", "whole"]}},
)
def catches_up(run: Run, *, judges: str) -> None:
    """After an outage real-time data of the time between come, each with its own time.

    Procedure: set the real-time interval to 30 s (to more, where a test mode would
    make that less than 2 s) and start real-time data; after an upload end the
    connection and refuse others for the declared time; let the station return and take
    what it sends for as long as the declaration says.
    """
    host = Host.of(run)
    seconds = max(_SHORTEST_S, _TOLD_APART_S * host.pace)
    with streaming(host, "2011"), interval_set(run, host, seconds) as interval_s:
        back = _after_outage(run, host, interval_s or host.upload_wait_s)
    if judges == "whole":
        _expect_whole(run, back)
    else:
        _expect_own_times(run, host, back)


def _after_outage(run: Run, host: Host, interval_s: float) -> _Return:
    outage_s = float(run.value("outage_duration", 300))
    run.require(
        outage_s >= _PERIODS_MIN * interval_s,
        "outage-too-short",
        expected=Text(
            f"中断时长不短于 {_PERIODS_MIN * interval_s:g} s",
            f"an outage of at least {_PERIODS_MIN * interval_s:g} s",
        ),
        actual=f"{outage_s:g} s",
    )
    first = first_upload(run, host, uploads_of("2011"))
    label = _label(first) if first else None
    run.require(
        label,
        "upload",
        expected=Text("带 DataTime 的上传 2011", "an upload 2011 with DataTime"),
        actual=Text("没有上传", "no upload"),
    )
    assert label is not None
    assert first is not None
    # The clock of the station, as far as its label tells.
    ahead = label - _beijing(first.at_ns)
    sent = {
        (at, _content(h))
        for h in host.heard
        if h.segment.cn == "2011" and (at := _label(h))
    }
    before = Counter(at for at, _ in sent)
    over = _beijing(host.be_away(outage_s)) + ahead - timedelta(seconds=_LABEL_S)
    found = _Return({*before}, max(before.values()), interval_s, over)
    _listen(run, host, found)
    return found


def _listen(run: Run, host: Host, found: _Return) -> None:
    """Hear until all is there and an interval more, at most for the declared time.

    A packet that is sent again by its own QN is the same upload.
    """
    wait_s = max(float(run.value("catch_up_wait", 120)), 2 * found.interval_s)
    run.allow(wait_s + found.interval_s)
    seen: set[bytes] = set()

    def note(heard: Heard) -> bool:
        label = _label(heard) if heard.segment.cn == "2011" else None
        if label and heard.packet.segment not in seen:
            seen.add(heard.packet.segment)
            found.uploads.append((label, heard))
        return found.is_whole

    host.until(note, wait_s)
    for heard in host.listen(found.interval_s):
        note(heard)


def _expect_whole(run: Run, found: _Return) -> None:
    run.require(
        found.new,
        "upload",
        expected=Text("恢复后继续上传 2011", "uploads 2011 go on after the outage"),
        actual=Text("没有上传", "no upload"),
    )
    run.expect(
        found.is_whole,
        "missing",
        expected=Text(
            f"各时刻数据齐全，间隔约 {found.interval_s:g} s",
            f"data of all moments, about {found.interval_s:g} s apart",
        ),
        actual=Text(
            f"补传 {len(found.old)} 条，最长空缺 {found.gap_s:g} s",
            f"{len(found.old)} sent later, {found.gap_s:g} s without any",
        ),
    )
    # Parts of one upload bear one label and different data.
    counts = Counter((at, _content(h)) for at, h in found.old)
    twice = sorted({at for (at, _), count in counts.items() if count > 1})
    run.expect(
        not twice,
        "twice",
        expected=Text("每个时刻一次", "each moment once"),
        actual=" ".join(f"{at:%Y%m%d%H%M%S}" for at in twice),
    )


def _expect_own_times(run: Run, host: Host, found: _Return) -> None:
    span_s = 0.0
    if found.new:
        span_s = (max(found.new) - found.back).total_seconds()
    usual = int(span_s / found.interval_s) + 1 + _AT_ONCE
    # One report may come in several packets, which bear one label.
    distinct = {(at, _content(h)) for at, h in found.uploads if at >= found.back}
    new = len(distinct) // found.packets
    run.expect(
        new <= usual or found.keeps_its_times,
        "new-time",
        expected=Text("补传数据带原采样时间", "data sent later with their own time"),
        actual=Text(
            f"恢复后 {span_s:g} s 内有 {new} 条新时间的数据",
            f"{new} reports with times of the {span_s:g} s since",
        ),
    )
    run.require(
        found.old,
        "sent-later",
        expected=Text("补传数据", "data sent later"),
        actual=Text("没有补传", "none"),
    )
    if host.edition is not Edition.E2025:
        return
    unmarked = [at for at, heard in found.old if heard.segment.rf != "1"]
    run.expect(
        not unmarked,
        "mark",
        expected=Text("补传数据带 RF=1", "RF=1 in data sent later"),
        actual=" ".join(f"{at:%Y%m%d%H%M%S}" for at in unmarked),
    )


def _content(heard: Heard) -> tuple[bytes, ...]:
    return tuple(item.octets for item in heard.segment.items)


def _label(heard: Heard) -> datetime | None:
    item = heard.segment.item("DataTime")
    return read_time(item.value) if item and len(item.value) == 14 else None


def _beijing(at_ns: int) -> datetime:
    """Return a moment as a station writes it: naive, in Beijing time."""
    return datetime(1970, 1, 1, 8) + timedelta(microseconds=at_ns // 1000)
