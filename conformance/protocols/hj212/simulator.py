# SPDX-License-Identifier: Apache-2.0
"""An honest HJ 212 station on a real socket; the host is in ``simulator_host.py``.

It connects, reports and obeys, with the data elements of a profile.  It can be made to
deviate by *quirks*, names that are asked for only where behaviour branches (see
``faults.py`` for what each breaks, and ``spellings.py`` for wrong octets).

It runs in a thread of its own and ends a fraction of a second after ``close``.

Source: HJ 212-2017, 6.1, 6.2, 6.5 to 6.7 and annex C.
"""

from __future__ import annotations

import random as random_module
import socket
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance.profile.model import Snapshot
from conformance.protocols.hj212.codec import FrameError, Packet
from conformance.protocols.hj212.codes import COMMANDS, Kind
from conformance.protocols.hj212.elements import Area, data_area, stamp
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.machine import (
    End,
    Exchange,
    Send,
    event_of,
    kinds_of,
)
from conformance.protocols.hj212.packets import (
    Identity,
    area_of,
    packet,
)
from conformance.protocols.hj212.segment import Segment, parse_segment
from conformance.protocols.hj212.spellings import spell
from conformance.protocols.hj212.talk import EVERYWHERE, IDLE_S, Talk, Worker
from conformance.protocols.hj212.values import value_violation

__all__ = ["Parameters", "StationSimulator"]

_NS = 1_000_000_000


@dataclass(slots=True)
class Parameters:
    """What a host can set in a station (defaults: HJ 212-2017, table 1)."""

    over_time: int = 10
    re_count: int = 3
    rtd_interval: int = 60
    min_interval: int = 10


@dataclass(slots=True)
class _Upload:
    cn: str
    area: Area
    wanted: bool = True
    parts: tuple[int, int] | None = None


class StationSimulator(Worker):
    """A station that reports to the host at an address."""

    def __init__(
        self,
        snapshot: Snapshot,
        address: tuple[str, int],
        who: Identity,
        *,
        answers: Mapping[str, bool],
        quirks: frozenset[str] = frozenset(),
        seed: int = 1,
    ) -> None:
        super().__init__("hj212-station")
        self.snapshot = snapshot
        self.address = address
        self.who = who
        self.answers = answers
        self.quirks = quirks
        self.random = random_module.Random(seed)
        self.parameters = Parameters()
        self.started = datetime.now(BEIJING)
        self.connections = 0
        self.is_streaming = False

    def _work(self) -> None:
        while not self.stop.is_set():
            try:
                sock = socket.create_connection(self.address, timeout=0.5)
            except OSError:
                self.stop.wait(IDLE_S)
                continue
            self.connections += 1
            with sock:
                _StationTalk(self, sock).serve()

    def data(self, cn: str, at: datetime) -> Area:
        """Return data of the profile's elements for a moment."""
        area = data_area(
            self.snapshot, cn, stamp(at), random=self.random, answers=self.answers
        )
        if "more-items" in self.quirks:
            groups = [(*g, (f"{_stem(g)}-EFlag", "A1")) for g in area[1:]]
            return (area[0], *groups)
        return area


def _stem(group: tuple[tuple[str, str], ...]) -> str:
    return group[0][0].rpartition("-")[0]


class _StationTalk(Talk):
    """A station on one connection."""

    def __init__(self, station: StationSimulator, sock: socket.socket) -> None:
        super().__init__(sock, station.who, station.quirks, station.stop)
        self.station = station
        self._uploads: deque[_Upload] = deque()
        self._exchanges: dict[str, Exchange] = {}
        self._next_ns = 0

    # Uploading

    def begin(self) -> None:
        if self.station.connections == 1 and "no-2081" not in self.quirks:
            now = datetime.now(BEIJING)
            restart = ("RestartTime", stamp(self.station.started))
            self._upload("2081", ((("DataTime", stamp(now)),), (restart,)))

    def _upload(self, cn: str, area: Area) -> None:
        wanted = "one-step-uploads" not in self.quirks
        if "splits" in self.quirks and len(area) > 2:
            half = len(area) // 2
            parts = (area[:half], (area[0], *area[half:]))
            for number, part in enumerate(parts, 1):
                self._uploads.append(_Upload(cn, part, wanted, (2, number)))
            return
        self._uploads.append(_Upload(cn, area, wanted))

    def tick(self, now_ns: int) -> None:
        station = self.station
        if station.is_streaming and now_ns >= self._next_ns:
            self._next_ns = now_ns + station.parameters.rtd_interval * _NS
            self._upload("2011", station.data("2011", datetime.now(BEIJING)))
        for exchange in list(self._exchanges.values()):
            self._do(exchange, exchange.wake(now_ns))
        while self._uploads and self.is_open:
            self._begin_upload(self._uploads.popleft(), now_ns)

    def _begin_upload(self, upload: _Upload, now_ns: int) -> None:
        qn = self.qn()
        octets = packet(
            self.who,
            upload.cn,
            qn,
            upload.area,
            wanted=upload.wanted,
            parts=upload.parts,
        )
        if not upload.wanted:
            self.start(octets)
            return
        limits = self.station.parameters
        resends = limits.re_count
        if "never-resends" in self.quirks:
            resends = 0
        if "resends-forever" in self.quirks:
            resends = 1000
        timeout_s = 0.1 if "resends-at-once" in self.quirks else limits.over_time
        exchange = Exchange(Kind.UPLOAD, qn, octets, timeout_s, resends)
        self._exchanges[qn] = exchange
        self._do(exchange, exchange.start(now_ns))

    def _forget(self, cn: str) -> None:
        """Give up what is under way of a command that is to stop."""
        for qn, exchange in list(self._exchanges.items()):
            if parse_segment(exchange.octets[6:-6]).cn == cn:
                del self._exchanges[qn]

    def _do(self, exchange: Exchange, commands: list[Send | End]) -> None:
        for command in commands:
            if isinstance(command, Send):
                octets = command.octets
                if exchange.sent > 1 and "resends-under-new-qn" in self.quirks:
                    octets = self._renumbered(exchange)
                self.start(octets)
                continue
            self._exchanges.pop(exchange.qn, None)
            if command.state.name == "BROKEN" and "stays-connected" not in self.quirks:
                self.is_open = False  # broken: end it and connect anew (6.2.1)

    def _renumbered(self, exchange: Exchange) -> bytes:
        segment = parse_segment(exchange.octets[6:-6])
        area = tuple(tuple((i.name, i.value) for i in g) for g in segment.cp)
        del self._exchanges[exchange.qn]
        exchange.qn = self.qn()
        self._exchanges[exchange.qn] = exchange
        return packet(self.who, segment.cn or "", exchange.qn, area)

    # Obeying

    def suffer(self, found: Packet | FrameError) -> None:
        if isinstance(found, FrameError) or "silent-on-damage" in self.quirks:
            return
        if "drops-line-on-damage" in self.quirks:
            self.is_open = False
            return
        qn = parse_segment(found.segment).qn
        if qn:
            self.answer("9011", qn, area_of(QnRtn="9"))

    def obey(self, segment: Segment, batch: list[Segment]) -> None:
        qn = segment.qn or ""
        if "last-qn" in self.quirks:
            qn = batch[-1].qn or ""
        kinds = kinds_of(segment, "platform")
        if Kind.ANSWER in kinds:
            self._answered(segment)
        elif Kind.NOTICE in kinds:
            self._notice(segment, qn)
        else:
            self._request(segment, qn)

    def _answered(self, segment: Segment) -> None:
        if "answers-answers" in self.quirks and segment.qn:
            self.answer("9013", segment.qn)
        # An answer may bear our QN as it was misspelt.
        for qn, exchange in list(self._exchanges.items()):
            if segment.qn and qn.startswith(segment.qn):
                self._do(exchange, exchange.hear(event_of(segment), time.time_ns()))

    def _notice(self, segment: Segment, qn: str) -> None:
        if segment.cn == "2012":
            self.station.is_streaming = False
            self._forget("2011")
        wanted = segment.flag is not None and segment.flag.answer_wanted
        if (wanted or "answers-unwanted" in self.quirks) and (
            "no-9013" not in self.quirks
        ):
            self.answer("9013", qn)

    def _request(self, segment: Segment, qn: str) -> None:
        refusal = self._refusal(segment)
        if refusal == "4" and "silent-on-foreign-mn" in self.quirks:
            return
        if "no-9011" not in self.quirks:
            self.answer("9011", qn, area_of(QnRtn=refusal or "1"))
        if refusal and "executes-after-refusal" not in self.quirks:
            return
        if "uploads-between" in self.quirks:
            area = self.station.data("2011", datetime.now(BEIJING))
            self.start(packet(self.who, "2011", self.qn(), area, wanted=False))
        result = self._execute(segment, qn)
        if "no-9012" not in self.quirks:
            self.answer("9012", qn, area_of(ExeRtn=result))

    def _refusal(self, segment: Segment) -> str:
        """Return the QnRtn of a refusal, empty for none (HJ 212-2017, table 7)."""
        if segment.mn != self.who.mn and "ignores-mn" not in self.quirks:
            return "4"
        if segment.pw != self.who.pw and "ignores-password" not in self.quirks:
            return "8" if "refuses-for-wrong-reason" in self.quirks else "3"
        cn = segment.cn or ""
        if cn not in COMMANDS and "executes-anything" not in self.quirks:
            return "8"
        if "refuses-at-once" in self.quirks and self._unfit(segment):
            return "2"
        return "" if cn in _HANDLERS or cn not in COMMANDS else "2"

    def _execute(self, segment: Segment, qn: str) -> str:
        handler = _HANDLERS.get(segment.cn or "")
        return handler(self, segment, qn) if handler else "1"

    def _unfit(self, segment: Segment) -> bool:
        """Whether an item breaks the form or range of table 4."""
        allowed = {
            "RtdInterval": "takes-any-real-time-interval",
            "MinInterval": "takes-any-minute-interval",
        }
        return any(
            value_violation(item.name, item.value) is not None
            and allowed.get(item.name) not in self.quirks
            for item in segment.items
        )

    def _tell(self, cn: str, qn: str, **items: str) -> str:
        """Send data under the QN of the request."""
        if f"no-data-{cn}" not in self.quirks:
            area = area_of(**items)
            self.put(
                spell(
                    packet(self.who, cn, qn, area, wanted=False, odd=True),
                    self.quirks & EVERYWHERE,
                )
            )
        return "1"

    def _clock(self, segment: Segment, qn: str) -> str:
        now = datetime.now(BEIJING)
        if "clock-without-seconds" in self.quirks:
            area = area_of(SystemTime=stamp(now)[:12])
            self.put(packet(self.who, "1011", qn, area, wanted=False, odd=True))
            return "1"
        return self._tell("1011", qn, SystemTime=stamp(now))

    def _tell_real_time(self, segment: Segment, qn: str) -> str:
        return self._tell(
            "1061", qn, RtdInterval=str(self.station.parameters.rtd_interval)
        )

    def _tell_minutes(self, segment: Segment, qn: str) -> str:
        return self._tell(
            "1063", qn, MinInterval=str(self.station.parameters.min_interval)
        )

    def _set(self, segment: Segment, qn: str) -> str:
        """Set parameters from the items of a request."""
        if self._unfit(segment):
            return "3"
        for item in segment.items:
            name = _SETTABLE.get(item.name)
            if name and f"forgets-{item.name}" not in self.quirks:
                setattr(self.station.parameters, name, int(item.value))
        return "1"

    def _stream(self, segment: Segment, qn: str) -> str:
        if "never-uploads" not in self.quirks:
            self.station.is_streaming = True
            self._next_ns = 0
        return "1"

    def _history(self, segment: Segment, qn: str) -> str:
        """Send the hours between BeginTime and EndTime, each under its own QN."""
        first, last = segment.item("BeginTime"), segment.item("EndTime")
        if first is None or last is None:
            return "3"
        hours = [h for h in self._hours() if first.value <= stamp(h) <= last.value]
        if "history-out-of-order" in self.quirks:
            hours.reverse()
        if "history-beyond-range" in self.quirks:
            hours.insert(0, next(self._hours()) - timedelta(days=300))
        for hour in hours:
            area = self.station.data("2061", hour)
            self.start(packet(self.who, "2061", self.qn(), area, wanted=False))
        return "1" if hours or "never-says-no-data" in self.quirks else "100"

    def _hours(self) -> Iterator[datetime]:
        hour = datetime.now(BEIJING).replace(minute=0, second=0, microsecond=0)
        return (hour - timedelta(hours=back) for back in (3, 2, 1))


_SETTABLE = {
    "OverTime": "over_time",
    "ReCount": "re_count",
    "RtdInterval": "rtd_interval",
    "MinInterval": "min_interval",
}
_HANDLERS = {
    "1000": _StationTalk._set,
    "1011": _StationTalk._clock,
    "1012": _StationTalk._set,
    "1061": _StationTalk._tell_real_time,
    "1062": _StationTalk._set,
    "1063": _StationTalk._tell_minutes,
    "1064": _StationTalk._set,
    "2011": _StationTalk._stream,
    "2061": _StationTalk._history,
}
