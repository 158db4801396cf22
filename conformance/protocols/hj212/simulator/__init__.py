# SPDX-License-Identifier: Apache-2.0
"""An honest HJ 212 station on a real socket; the host is in ``simulator.host.py``.

It connects, reports and obeys, with the data elements of a profile.  It can be made to
deviate by *quirks*, names that are asked for only where behaviour branches (see
``faults.device.py`` for what each breaks, and ``spellings.py`` for wrong octets).
``simulator.orders.py`` says what each command makes it do, ``simulator.site.py`` what
it holds.

It runs in a thread of its own and ends a fraction of a second after ``close``.

Source: HJ 212-2017, 6.1, 6.2, 6.5 to 6.7 and annex C.
"""

from __future__ import annotations

import random as random_module
import socket
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from queue import Empty, SimpleQueue

from conformance.profile.model import Snapshot
from conformance.protocols.hj212.codec import FrameError, Packet
from conformance.protocols.hj212.codec.sealing import is_closed
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.codec.spellings import spell
from conformance.protocols.hj212.codes import COMMANDS, Edition, Kind
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.line import Numbers
from conformance.protocols.hj212.machine import (
    End,
    Exchange,
    Send,
    event_of,
    kinds_of,
)
from conformance.protocols.hj212.packets import Identity, area_of, packet
from conformance.protocols.hj212.simulator.domains import in_turn, kept
from conformance.protocols.hj212.simulator.edition_2025 import (
    NOTICES,
    ORDERS_2025,
    Heart,
    fits,
    happen,
    sealed,
    unasked,
)
from conformance.protocols.hj212.simulator.orders import ORDERS, unfit
from conformance.protocols.hj212.simulator.reports import statistics
from conformance.protocols.hj212.simulator.site import (
    Parameters,
    Site,
    interval_of,
    parted,
)
from conformance.protocols.hj212.talk import EVERYWHERE, IDLE_S, Talk, Worker

__all__ = ["Parameters", "StationSimulator"]

_NS = 1_000_000_000
_DARK_S = 0.1
"""How long a station without power is away."""
_STALL_NS = 1_500_000_000
_KEPT = 64
"""Requests whose answers are kept, in case one comes again."""
_REFUSED = {
    "3": "sets-though-refused",
    "4": "sets-for-foreign-mn",
    "5": "sets-for-other-system",
    "6": "sets-for-other-version",
}
"""QnRtn -> fault of a station that sets what it says it refuses."""


@dataclass(slots=True)
class _Upload:
    cn: str
    area: Area
    wanted: bool = True
    parts: tuple[int, int] | None = None
    late: bool = False
    st: str | None = None


class StationSimulator(Worker):
    """A station that reports to the host at an address.

    ``pace`` says how many of its seconds pass in one of ours, for the interval of
    uploads alone: what a device offers as test mode.  ``reference`` is the oxygen
    content that its converted concentrations refer to.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        address: tuple[str, int],
        who: Identity,
        *,
        answers: Mapping[str, bool],
        quirks: frozenset[str] = frozenset(),
        seed: int = 1,
        pace: int = 1,
        key: bytes = b"",
        reference: Decimal | None = None,
    ) -> None:
        super().__init__("hj212-station")
        self.address = address
        self.who = who
        self.quirks = quirks
        self.pace = pace
        random = random_module.Random(seed)
        self.site = Site(snapshot, answers, quirks, random, reference)
        self.parameters = Parameters(
            password=who.pw, rtd_interval=interval_of(snapshot, quirks)
        )
        self.connections = 0
        self.streams: dict[str, int] = {}
        """Running streams -> when the next upload is due, ns."""
        self.is_fresh = True
        """Whether it has not reported since it was switched on."""
        self.answered: dict[tuple[str, str], list[bytes]] = {}
        """Answers by QN and command of the request."""
        self._asked: SimpleQueue[str] = SimpleQueue()
        self.edition = next(e for e in Edition if e.version == who.version)
        self.orders = ORDERS_2025 if self.edition is Edition.E2025 else ORDERS
        self.key = key if self.edition is Edition.E2025 else b""
        self.first_key = self.key
        self.late: list[tuple[str, Area]] = []
        """What could not be delivered and is to be delivered later (2025)."""

    @property
    def now_who(self) -> Identity:
        """Who it is, under the password that it has now."""
        return replace(self.who, pw=self.parameters.password)

    def ask(self, what: str) -> None:
        """Have something happen on site: ``power``, or a kind of event."""
        self._asked.put(what)

    def asked(self) -> str | None:
        """Return what is to happen next on site."""
        try:
            return self._asked.get_nowait()
        except Empty:
            return None

    def restart(self) -> None:
        """Come up after a loss of power; settings are kept, streams are not."""
        self.is_fresh = True
        self.streams.clear()
        self.answered.clear()
        self.site.started = self.site.now()
        if "forgets-on-restart" in self.quirks:
            self.parameters = Parameters(password=self.parameters.password)
        self.stop.wait(_DARK_S)

    @property
    def stays_away(self) -> bool:
        """Whether it does not connect again, as a fault."""
        lost = self.connections and not self.is_fresh
        return bool(lost and self.quirks & {"never-returns", "gone-when-given-up"})

    def _work(self) -> None:
        while not self.stop.is_set():
            if self.stays_away:
                if self.asked() == "power":
                    self.restart()
                self.stop.wait(IDLE_S)
                continue
            try:
                sock = socket.create_connection(self.address, timeout=0.5)
            except OSError:
                self._miss(time.time_ns())
                self.stop.wait(IDLE_S)
                continue
            self.connections += 1
            with sock:
                StationTalk(self, sock).serve()

    def _miss(self, now_ns: int) -> None:
        """Keep what is due while nobody can be reached."""
        if not self.site.answers.get("CATCH_UP"):
            return
        for cn, due_ns in list(self.streams.items()):
            if now_ns >= due_ns:
                area = self.site.data(cn)
                self.streams[cn] = now_ns + self.interval_ns
                self.late += kept((cn, area), self.quirks)

    @property
    def interval_ns(self) -> int:
        """Time from one upload of a stream to the next."""
        interval_s = self.parameters.rtd_interval
        if "interval-without-effect" in self.quirks:
            interval_s = 30
        return interval_s * _NS // self.pace


class StationTalk(Talk):
    """A station on one connection."""

    def __init__(self, station: StationSimulator, sock: socket.socket) -> None:
        super().__init__(sock, station.now_who, station.quirks, station.stop)
        self.station = station
        self.site = station.site
        self._uploads: deque[_Upload] = deque()
        self._exchanges: dict[str, Exchange] = {}
        self._part: str | None = None
        """QN of the part that was sent last and is waited for."""
        self._kept: list[bytes] | None = None
        self._deaf_until_ns = 0
        self.new_password = ""
        """What counts as password when the exchange is over."""
        self.new_key = b""
        """What counts as key then."""
        self._heart = Heart()

    def set_clock(self, ahead: timedelta) -> None:
        """Go by another clock from now on."""
        self.site.ahead = ahead
        self.ahead_ns = ahead // timedelta(microseconds=1) * 1000
        self._numbers = Numbers(time.time_ns() + self.ahead_ns)

    # Uploading

    def begin(self) -> None:
        self.set_clock(self.site.ahead)
        station = self.station
        self.keys = [station.key] if station.key else []
        self.deliver_late()
        if not station.is_fresh:
            return
        station.is_fresh = False
        now = stamp(self.site.now())
        restart = area_of(DataTime=now, RestartTime=stamp(self.site.started))
        if "reports-start-late" in self.quirks and station.connections > 1:
            self.upload("2011", self.site.data("2011"))
        if "no-2081" not in self.quirks:
            self.upload("2081", restart)
        if station.connections == 1 and self.site.answers.get("HJ212_STATISTICS"):
            for cn, area in statistics(self.site, station.parameters.min_interval):
                self.upload(cn, area, wanted=False)
            if station.edition is Edition.E2025:
                for cn, area in unasked(self.site):
                    self.upload(cn, area, wanted=False)

    def upload(
        self,
        cn: str,
        area: Area,
        *,
        wanted: bool = True,
        late: bool = False,
        st: str | None = None,
    ) -> None:
        """Upload data, in parts when they do not fit into one packet."""
        whole = cn in NOTICES  # too short for parts
        wanted = wanted and (whole or "one-step-uploads" not in self.quirks)
        areas: Sequence[Area] = [area] if whole else parted(area, self.quirks)
        found = []
        for number, part in enumerate(areas, 1):
            parts = (len(areas), number) if len(areas) > 1 else None
            found.append(_Upload(cn, part, wanted, parts, late, st))
        if "last-part-missing" in self.quirks and len(areas) > 1:
            found.pop()
        if "parts-out-of-order" in self.quirks:
            found.reverse()
        self._uploads.extend(found)

    def deliver_late(self) -> None:
        """Deliver what could not be, marked as late data (2025, table 3)."""
        late, self.station.late = self.station.late, []
        mark = self.station.edition is Edition.E2025
        mark = mark and "late-unmarked" not in self.quirks
        sent = in_turn(late, stamp(self.site.now()), self.quirks)
        for cn, area in sent if "loses-late" not in self.quirks else ():
            self.upload(cn, area, late=mark)

    def sealed(self, octets: bytes) -> bytes:
        key = self.station.key
        return sealed(octets, key, self.quirks, "device") if key else octets

    def tick(self, now_ns: int) -> None:
        while (asked := self.station.asked()) is not None:
            self._happen(asked)
        for cn, due_ns in list(self.station.streams.items()):
            if now_ns >= due_ns:
                self._stream(cn, now_ns)
        self._heart.beat(self, now_ns)
        for exchange in list(self._exchanges.values()):
            self._do(exchange, exchange.wake(now_ns))
        while self._uploads and self.is_open:
            head = self._uploads[0]
            if head.parts and head.parts[1] > 1 and self._part in self._exchanges:
                break  # the part before it is not answered yet
            self._begin_upload(self._uploads.popleft(), now_ns)

    def _stream(self, cn: str, now_ns: int) -> None:
        self.station.streams[cn] = now_ns + self.station.interval_ns
        if "uploads-once" in self.quirks:
            del self.station.streams[cn]
        area = self.site.data(cn)
        if "two-packets" in self.quirks and cn == "2011":
            self.upload(cn, (area[0], *area[2:]))
            area = area[:2]
        self.upload(cn, area)

    def _happen(self, what: str) -> None:
        if what == "power":
            self.station.restart()
            self.is_open = False
            return
        found = self.site.happen(what) or happen(what, self)
        if found and f"silent-{what}" not in self.quirks:
            self.upload(*found)

    def _begin_upload(self, upload: _Upload, now_ns: int) -> None:
        qn = self.qn()
        octets = packet(
            self.who,
            upload.cn,
            qn,
            upload.area,
            st=upload.st,
            wanted=upload.wanted,
            parts=upload.parts,
            late=upload.late,
        )
        if not upload.wanted:
            self.start(octets)
            return
        limits = self.station.parameters
        resends = limits.re_count
        if "never-resends" in self.quirks:
            resends = 0
        if "resends-once" in self.quirks:
            resends = min(resends, 1)
        if "resends-forever" in self.quirks:
            resends = 1000
        timeout_s = 0.1 if "resends-at-once" in self.quirks else limits.over_time
        kind = Kind.NOTICE if upload.cn in NOTICES else Kind.UPLOAD
        exchange = Exchange(kind, qn, octets, timeout_s, resends)
        self._exchanges[qn] = exchange
        if upload.parts and "parts-without-waiting" not in self.quirks:
            self._part = qn
        self._do(exchange, exchange.start(now_ns))

    def forget(self, cn: str) -> None:
        """Give up what is under way of a command that is to stop."""
        kept = [upload for upload in self._uploads if upload.cn != cn]
        self._uploads = deque(kept)
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
            stays = self.quirks & {"stays-connected", "never-returns"}
            if command.state.name == "BROKEN" and not stays:
                self.is_open = False  # broken: end it and connect anew (6.2.1)
            if command.state.name == "BROKEN":
                self._keep(exchange)

    def _keep(self, exchange: Exchange) -> None:
        """Keep what could not be delivered, where that is done (2025)."""
        if self.site.answers.get("HJ212_LATE") and self.station.edition.version == 2:
            segment = parse_segment(exchange.octets[6:-6])
            if segment.cn not in NOTICES:
                area = tuple(tuple((i.name, i.value) for i in g) for g in segment.cp)
                self.station.late.append((segment.cn or "", area))

    def _renumbered(self, exchange: Exchange) -> bytes:
        segment = parse_segment(exchange.octets[6:-6])
        area = tuple(tuple((i.name, i.value) for i in g) for g in segment.cp)
        del self._exchanges[exchange.qn]
        exchange.qn = self.qn()
        self._exchanges[exchange.qn] = exchange
        return packet(self.who, segment.cn or "", exchange.qn, area)

    # Obeying

    def suffer(self, found: Packet | FrameError) -> None:
        if isinstance(found, FrameError):
            return
        segment = parse_segment(found.segment)
        if "executes-undecipherable" in self.quirks and is_closed(found):
            for cn, name in (("9011", "QnRtn"), ("9012", "ExeRtn")):
                self.answer(cn, segment.qn or "", area_of(**{name: "1"}))
            return
        if "executes-damaged-in-silence" in self.quirks:
            self._execute(segment, segment.qn or "")
            return
        if "silent-on-damage" in self.quirks:
            return
        if "drops-line-on-damage" in self.quirks:
            self.is_open = False
            return
        if segment.qn:
            self.answer("9011", segment.qn, area_of(QnRtn="9"))

    def obey(self, segment: Segment, batch: list[Segment]) -> None:
        if time.time_ns() < self._deaf_until_ns:
            return
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
                self.deliver_late()

    def _notice(self, segment: Segment, qn: str) -> None:
        if segment.mn != self.who.mn:
            return
        stream = {"2012": "2011", "2022": "2021"}.get(segment.cn or "", "")
        if f"never-stops-{stream}" not in self.quirks:
            self.station.streams.pop(stream, None)
            self.forget(stream)
        wanted = segment.flag is not None and segment.flag.answer_wanted
        if (wanted or "answers-unwanted" in self.quirks) and (
            "no-9013" not in self.quirks
        ):
            self.answer("9013", qn)

    def _request(self, segment: Segment, qn: str) -> None:
        key = (segment.qn or "", segment.cn or "")
        known = self.station.answered.get(key)
        if known is not None and "executes-twice" not in self.quirks:
            for octets in known if "silent-on-resend" not in self.quirks else ():
                self.put(octets)
            return
        refusal = self._refusal(segment)
        if refusal == "4" and "silent-on-foreign-mn" in self.quirks:
            return
        self._kept = []
        if not self.quirks & {"no-9011", f"no-9011-{segment.cn}"}:
            self.answer("9011", qn, area_of(QnRtn=refusal or "1"))
        if not refusal or "executes-after-refusal" in self.quirks:
            self._carry_out(segment, qn)
        elif _REFUSED.get(refusal) in self.quirks and segment.cn == "1062":
            self._execute(segment, qn)
        kept, self._kept = self._kept, None
        if self.new_key:
            self.station.key, self.new_key = self.new_key, b""
            self.keys = [self.station.key]
        if self.new_password:
            self.station.parameters.password = self.new_password
            self.who, self.new_password = self.station.now_who, ""
        self.station.answered[key] = kept
        while len(self.station.answered) > _KEPT:
            del self.station.answered[next(iter(self.station.answered))]
        if "stalls-after-unknown-command" in self.quirks and refusal == "8":
            self._deaf_until_ns = time.time_ns() + _STALL_NS

    def _carry_out(self, segment: Segment, qn: str) -> None:
        # Not where the clock is set: it may come by the same QN again.
        if "uploads-between" in self.quirks and segment.cn != "1012":
            area = self.site.data("2011")
            self.start(packet(self.who, "2011", self.qn(), area, wanted=False))
        start = len(self._outbox)
        result = self._execute(segment, qn)
        if self.quirks & {"no-9012", f"no-9012-{segment.cn}"}:
            return
        if "strange-result" in self.quirks and result == "100":
            result = "9"
        if "result-zero" in self.quirks and result == "1":
            result = "0"
        self.answer("9012", qn, area_of(ExeRtn=result))
        if "result-before-data" in self.quirks and segment.cn == "2061":
            self._outbox.insert(start, self._outbox.pop())
        if "result-twice" in self.quirks:
            self.answer("9012", qn, area_of(ExeRtn=result))

    def _refusal(self, segment: Segment) -> str:
        """Return the QnRtn of a refusal, empty for none (HJ 212-2017, table 7)."""
        if segment.mn != self.who.mn and "ignores-mn" not in self.quirks:
            return "4"
        known = {self.station.parameters.password}
        if "keeps-old-password" in self.quirks:
            known.add(self.station.who.pw)
        if segment.pw not in known and "ignores-password" not in self.quirks:
            return "8" if "refuses-for-wrong-reason" in self.quirks else "3"
        if not fits(segment.st, self.who.st, self.station.edition):
            return "3" if "blames-password" in self.quirks else "5"
        version = segment.flag.version if segment.flag else None
        if version != self.who.version and "takes-any-version" not in self.quirks:
            return "6"
        cn = segment.cn or ""
        command = COMMANDS.get(cn)
        in_table = command is not None and self.station.edition in command.editions
        if not in_table and "executes-anything" not in self.quirks:
            return "8"
        if "refuses-at-once" in self.quirks and unfit(segment, self.quirks):
            return "2"
        return "" if cn in self.station.orders or not in_table else "2"

    def _execute(self, segment: Segment, qn: str) -> str:
        order = self.station.orders.get(segment.cn or "")
        return order(self, segment, qn) if order else "1"

    # Answering

    def tell(self, cn: str, qn: str, area: Area) -> str:
        """Send data under the QN of the request; return the ExeRtn of success."""
        if f"no-data-{cn}" not in self.quirks:
            self.put(
                spell(
                    packet(self.who, cn, qn, area, wanted=False, odd=True),
                    self.quirks & EVERYWHERE,
                )
            )
        return "1"

    def put(self, octets: bytes) -> None:
        if self._kept is not None:
            self._kept.append(octets)
        super().put(octets)
