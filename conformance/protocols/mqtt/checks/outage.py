# SPDX-License-Identifier: Apache-2.0
"""A device over an outage: what it sampled meanwhile comes later, as it was.

The suite breaks the connection off and closes its port for the declared time.  Whether
the device queues messages by its client library or keeps data by itself is its affair,
and so is the order in which they come; a message sent again with DUP is the same one.

Source: the parameters ``time_field`` and ``payload`` of a profile's MQTT binding.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from conformance.data.reporting import report_pace
from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.link.clock import to_datetime
from conformance.protocols.mqtt.broker import Broker, Link, broker, report_timeout_s
from conformance.protocols.mqtt.client import PROTOCOL, Gone, describe, value
from conformance.protocols.mqtt.codec import Packet, Publish
from conformance.protocols.mqtt.reports import Topics
from conformance.text import Text

__all__: list[str] = []

_PERIODS_MIN = 3
"""Intervals that an outage must span to show anything."""
_SHARE = 1.5
"""How many times the usual number of new reports shows that some are old ones."""
_AT_ONCE = 2
_SLACK_S = 3.0
"""How long a device may be busy with its return and measure nothing."""


@dataclass(slots=True)
class _Return:
    """What a device reported after an outage, by the times of its readings."""

    known: datetime
    """Time of the last reading before it."""
    over: datetime
    """When it was over, by the device's clock."""
    interval_s: float
    gap_max_s: float
    """Longest time between two readings that leaves none out."""
    reports: list[tuple[datetime, bytes]] = field(default_factory=list)

    @property
    def old(self) -> list[tuple[datetime, bytes]]:
        return [r for r in self.reports if self.known < r[0] < self.over]

    @property
    def new(self) -> list[datetime]:
        return [time for time, _ in self.reports if time >= self.over]

    @property
    def gap_s(self) -> float:
        """Longest time between two readings, from the last one before the outage on."""
        times = sorted({self.known, *(time for time, _ in self.old), *self.new})
        gaps = [(later - at).total_seconds() for at, later in pairwise(times)]
        return max(gaps, default=float("inf"))

    @property
    def is_whole(self) -> bool:
        return bool(self.new) and self.gap_s <= self.gap_max_s


@check(
    "mqtt.catches_up",
    actor="device",
    params={"judges": {"enum": ["time", "whole"]}},
)
def catches_up(run: Run, *, judges: str) -> None:
    """After an outage the readings of the time between come, each with its own time.

    Procedure: wait for a reading; break the connection off and refuse others for the
    declared time; let the device return and take what it sends for as long as the
    declaration says.
    """
    server = broker(run)
    topics = Topics(run.profile, run.answers, run.value)
    found = _after_outage(run, server, topics)
    if judges == "whole":
        _expect_whole(run, found)
    else:
        _expect_own_times(run, found)


def _after_outage(run: Run, server: Broker, topics: Topics) -> _Return:
    quicker = max(int(run.value("mqtt_pace", 1)), 1)
    pace = report_pace(run.profile.elements)
    interval_s = pace.nominal / quicker if pace else report_timeout_s(run)
    gap_max_s = interval_s * _SHARE + _SLACK_S
    outage_s = float(run.value("outage_duration", 300))
    least_s = max(_PERIODS_MIN * interval_s, 2 * gap_max_s)
    run.require(
        outage_s >= least_s,
        "outage-too-short",
        expected=Text(f"中断时长不短于 {least_s:g} s", f"at least {least_s:g} s"),
        actual=f"{outage_s:g} s",
    )
    known = _last_time(run, server.await_device(), topics)
    # The clock of the device, as far as its reading tells.
    ahead = known - to_datetime(run.now_ns)
    assert server.link is not None
    server.link.abort()
    run.vanish(value(run, "endpoint"), protocol=PROTOCOL, seconds=outage_s)
    over = to_datetime(run.now_ns) + ahead
    found = _Return(known, over, interval_s, gap_max_s)
    _listen(run, server, topics, found)
    return found


def _last_time(run: Run, link: Link, topics: Topics) -> datetime:
    """Wait for a reading with a time; return its time."""
    times: list[datetime] = []

    def is_dated(packet: Packet) -> bool:
        times[:] = [time for time, _ in _reports(packet, run, topics)]
        return bool(times)

    heard = link.until(is_dated, report_timeout_s(run))
    run.require(
        times,
        "reading",
        expected=Text("带采样时间的上报消息", "a message with the time of sampling"),
        actual=describe(heard),
    )
    return max(times)


def _listen(run: Run, server: Broker, topics: Topics, found: _Return) -> None:
    """Take reports until all are there and an interval more, at most as declared."""
    wait_s = max(float(run.value("catch_up_wait", 120)), 2 * found.interval_s)
    run.allow(wait_s + found.gap_max_s)

    def note(packet: Packet) -> bool:
        if isinstance(packet, Publish) and not packet.dup:
            found.reports += _reports(packet, run, topics)
        return found.is_whole

    deadline_ns = run.now_ns + int(wait_s * 1e9)
    while not found.is_whole and run.now_ns < deadline_ns:
        left_s = (deadline_ns - run.now_ns) / 1e9
        if isinstance(server.await_device().until(note, left_s), Gone):
            continue  # a device may connect once more
    server.await_device().until(lambda p: note(p) and False, found.gap_max_s)


def _reports(packet: Packet, run: Run, topics: Topics) -> list[tuple[datetime, bytes]]:
    if not isinstance(packet, Publish):
        return []
    readings = topics.readings(packet, run.now_ns)
    return [(r.time, packet.payload) for r in readings if r.time is not None]


def _expect_whole(run: Run, found: _Return) -> None:
    run.require(
        found.new,
        "reading",
        expected=Text("恢复后继续上报", "reports go on after the outage"),
        actual=Text("没有上报", "none"),
    )
    run.expect(
        found.is_whole,
        "missing",
        expected=Text(
            f"各时刻数据齐全，间隔不超过 {found.gap_max_s:g} s",
            f"data of all moments, at most {found.gap_max_s:g} s apart",
        ),
        actual=Text(
            f"补传 {len(found.old)} 条，最长空缺 {found.gap_s:g} s",
            f"{len(found.old)} sent later, {found.gap_s:g} s without any",
        ),
    )
    if found.interval_s < 1 and not any(t.microsecond for t, _ in found.old):
        run.remark(
            Text(
                "采样时间只到秒而间隔不足 1 s，未判定重复",
                "times in whole seconds, less than a second apart: repeats not judged",
            )
        )
        return
    counts = Counter(found.old)
    twice = sorted({time for (time, _), count in counts.items() if count > 1})
    run.expect(
        not twice,
        "twice",
        expected=Text("每个时刻一次", "each moment once"),
        actual=", ".join(time.isoformat() for time in twice[:3]),
    )


def _expect_own_times(run: Run, found: _Return) -> None:
    span_s = found.interval_s + 1
    end = min(found.new, default=found.over) + timedelta(seconds=span_s)
    usual = int(span_s / found.interval_s * _SHARE) + _AT_ONCE
    new = len({r for r in found.reports if found.over <= r[0] <= end})
    run.expect(
        new <= usual,
        "new-time",
        expected=Text("补传数据带原采样时间", "data sent later with their own time"),
        actual=Text(
            f"恢复后最初 {span_s:g} s 内有 {new} 条新时间的数据",
            f"{new} reports with times of the first {span_s:g} s since",
        ),
    )
    run.require(
        found.old,
        "sent-later",
        expected=Text("补传数据", "data sent later"),
        actual=Text("没有补传", "none"),
    )
