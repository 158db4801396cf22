# SPDX-License-Identifier: Apache-2.0
"""The suite as station: connects to the platform, uploads, answers its requests.

Each check has a connection of its own, and of the stations that the platform knows one
to itself, so that as many checks as stations go on at once.  A platform may ask and set
things at any time (at the first connection it has to); the station answers as a device
would, so that the platform stays content.

Source: HJ 212-2017, 6.1, 6.5 and 6.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from conformance.engine.run import Run
from conformance.link.channel import Channel
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.elements import Area, data_area, stamp
from conformance.protocols.hj212.line import BEIJING, Heard
from conformance.protocols.hj212.machine import kinds_of
from conformance.protocols.hj212.packets import (
    Identity,
    answer_to,
    area_of,
    packet,
)
from conformance.protocols.hj212.party import Party
from conformance.protocols.hj212.stations import POOL, stations

__all__ = ["Station"]

_LOOK_S = 0.05
"""How long to wait before looking again."""
# What a station answers to a request for a parameter: command -> item and value.
_PARAMETERS = {"1061": ("RtdInterval", "60"), "1063": ("MinInterval", "10")}


class Station(Party):
    """A station that reports to the platform under test."""

    side = "device"

    def __init__(self, who: Identity | None = None) -> None:
        super().__init__()
        self._who = who
        self.withholds: Callable[[Heard], bool] = lambda heard: False
        """Which requests and notices of the platform get no reaction of ours."""

    @classmethod
    def of(cls, run: Run, who: Identity | None = None) -> Station:
        """Return a station that is connected: that of the check, or another."""
        station = cls(who)
        station.attach(run)
        _ = station.line
        return station

    @property
    def who(self) -> Identity:
        """Whom this station says it is."""
        known = stations(self.run.setup.ixit)[self.run.place(POOL)]
        return self._who or replace(known, version=self.edition.version)

    def _open(self) -> Channel:
        return self.run.connect(self.run.value("hj212_endpoint"), protocol="hj212")

    @property
    def local_time(self) -> datetime:
        """The station's clock, in Beijing time."""
        return self.run.now.astimezone(BEIJING)

    def _react(self, heard: Heard) -> None:
        segment = heard.segment
        if self.withholds(heard):
            return
        qn, cn = segment.qn or "", segment.cn or ""
        kinds = kinds_of(segment, "platform", self.edition)
        if Kind.NOTICE in kinds and segment.flag and segment.flag.answer_wanted:
            self.send(answer_to(self.who, "9013", qn))
        if Kind.REQUEST not in kinds:
            return
        self.send(answer_to(self.who, "9011", qn, area_of(QnRtn="1")))
        if cn == "1011":
            known = ("SystemTime", stamp(self.local_time))
        else:
            known = _PARAMETERS.get(cn, ("", ""))
        if known[0]:
            area: Area = ((known,),)
            self.send(packet(self.who, cn, qn, area, wanted=False, odd=True))
        self.send(answer_to(self.who, "9012", qn, area_of(ExeRtn="1")))

    def hour_label(self, back: timedelta = timedelta()) -> str:
        """Return the DataTime of the hour that was ``back`` ago."""
        hour = self.local_time.replace(minute=0, second=0, microsecond=0)
        return stamp(hour - back)

    def data(
        self, cn: str, *, back: timedelta = timedelta(), at: str | None = None
    ) -> Area:
        """Return data of the profile's elements, ``back`` from now or ``at`` a time."""
        return data_area(
            self.run.profile,
            cn,
            at or stamp(self.local_time - back),
            random=self.run.random,
            answers=self.run.answers,
        )

    def upload(self, cn: str = "2011", *, wanted: bool = True) -> str:
        """Send an upload of the profile's data; return its QN."""
        qn, octets = self.packet(cn, self.data(cn), wanted=wanted)
        self.send(octets)
        return qn

    def reply(self, qn: str, cn: str, **items: str) -> int:
        """Send an answer to a request, 9011 or 9012; return the time in ns."""
        return self.send(answer_to(self.who, cn, qn, area_of(**items)))

    def moments(self) -> Iterator[None]:
        """Yield until an answer is overdue: times to look at what a platform shows.

        What the suite overslept does not count; nor had the platform the processor.
        """
        run = self.run
        deadline_ns = run.now_ns + int(self.answer_timeout_s * 1e9)
        while True:
            yield
            before_ns = run.now_ns
            if before_ns >= deadline_ns:
                return
            run.wait(_LOOK_S)
            deadline_ns += max(run.now_ns - before_ns - int(_LOOK_S * 1e9), 0)

    def is_alive(self) -> bool:
        """Return whether the platform answers a good upload."""
        qn, octets = self.packet("2011", self.data("2011"))
        self.send(octets)
        return self.await_answer(qn, again=octets) is not None

    fence = is_alive
