# SPDX-License-Identifier: Apache-2.0
"""An honest HJ 212 host computer on a real socket; see ``simulator.py``.

Answers uploads with 9014 and notices with 9013, sets up a station that it meets for the
first time, sets the clock of one that asks for it, sends the requests that it is told
to send, and keeps each upload once (``simulator.records.py``).  Stations of 2005 and
later are served side by side, each in its edition.

Source: HJ 212-2017, 6.1, 6.2, 6.5, 6.7 and C.4; 2005 puts QN of answers into CP.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from conformance.errors import InputError
from conformance.link.hookserver import HookServer
from conformance.protocols.hj212.codec import FrameError, Packet, encode_raw
from conformance.protocols.hj212.codec.sealing import is_closed, seals
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.codes import Edition, Kind
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.machine import (
    ANSWER_OF,
    EXTRACTS,
    End,
    Event,
    Exchange,
    Send,
    State,
    event_of,
    kinds_of,
)
from conformance.protocols.hj212.packets import Identity, area_of, packet
from conformance.protocols.hj212.simulator.edition_2025 import KeyRing, new_key, sealed
from conformance.protocols.hj212.simulator.records import Records
from conformance.protocols.hj212.talk import Talk, Worker

__all__ = ["HostSimulator"]

_AT_ONCE_NS = 50_000_000
_PAUSE_NS = 5_000_000_000
"""Of a host that lets more time pass between settings than it says."""
_FLOOD_OCTETS = 16384
_REFUSALS = {"refuses-blanks": "SEG-044", "refuses-trailing-separator": "SEG-045"}
_STATES = {
    State.WAITING: "pending",
    State.EXECUTING: "pending",
    State.REFUSED: "refused",
    State.BROKEN: "timeout",
    State.OVERDUE: "timeout",
}
# Deviations: what is asked again though it is over, and what is never told.
_STUBBORN = {State.OVERDUE: "resends-after-9011", State.REFUSED: "asks-refusers"}
_HIDDEN = {
    State.REFUSED: "hides-refusals",
    State.OVERDUE: "waits-forever",
    State.BROKEN: "never-gives-up",
    State.DONE: "never-done",
}
_EXPIRED = (State.OVERDUE, State.BROKEN)
# HJ 212-2017, 6.7: what a station is told when it comes for the first time.
_SET_UP: tuple[tuple[str, Area], ...] = (
    ("1000", area_of(OverTime="10", ReCount="3")),
    ("1062", area_of(RtdInterval="60")),
    ("1064", area_of(MinInterval="10")),
    ("2011", ()),
    ("2021", ()),
)


@dataclass(slots=True)
class Request:
    """A request to a station and what came of it."""

    mn: str
    cn: str
    area: Area
    exchange: Exchange | None = None
    result: str | None = None
    """ExeRtn."""
    sent: threading.Event = field(default_factory=threading.Event)

    def state(self, quirks: frozenset[str]) -> str:
        """Return what the host reports of it."""
        if self.exchange is None:
            return "pending"
        found = self.exchange.state
        if found is State.EXECUTING and "done-by-9011" in quirks:
            return "done"
        if _HIDDEN.get(found) in quirks:
            return "pending"
        if found is State.DONE:
            done = self.result == "1" or "done-by-any-result" in quirks
            return "done" if done else "failed"
        return _STATES[found]


class HostSimulator(Worker):
    """A host computer that listens on a free port of loopback."""

    def __init__(
        self,
        who: Identity,
        *,
        quirks: frozenset[str] = frozenset(),
        timers: tuple[float, int] = (10.0, 3),
        key: bytes = b"",
    ) -> None:
        super().__init__("hj212-host")
        self.who = who
        self.quirks = quirks
        self.timeout_s, self.resends = timers
        self.store = Records(quirks)
        self.requests: dict[tuple[str, str], Request] = {}
        """By MN and QN: a QN is a time, and two stations may be asked at once."""
        self.met: set[str] = set()
        self.keys = KeyRing(key)
        self._stations: dict[str, _HostTalk] = {}
        self._lock = threading.Lock()
        self._talks: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._service = HookServer(
            {"records": self._shown, "command": self._told, "result": self._result}
        )

    @property
    def address(self) -> tuple[str, int]:
        """Where stations connect."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def hooks(self) -> dict[str, str]:
        """URL templates of the hooks that a vendor would offer."""
        url = self._service.url
        return {
            "stored_records": url(
                "records?mn={mn}&code={code}&begin={begin}&end={end}"
            ),
            "send_command": url("command?mn={mn}&code={code}&items={items}"),
            "command_result": url("result?mn={mn}&qn={qn}"),
        }

    def _work(self) -> None:
        with self._service, self._listener:
            while not self.stop.is_set():
                try:
                    sock, _ = self._listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    break
                talk = threading.Thread(target=self._serve, args=(sock,))
                self._talks.append(talk)
                talk.start()
        for talk in self._talks:
            talk.join(5)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            _HostTalk(self, sock).serve()

    # What stations do

    def meet(self, mn: str, talk: _HostTalk) -> bool:
        """Note where a station is; return whether it has never been seen before."""
        with self._lock:
            self._stations[mn] = talk
            is_new = mn not in self.met
            self.met.add(mn)
            return is_new

    def asked(self, mn: str) -> dict[str, Request]:
        """Return all requests to a station, by QN."""
        with self._lock:
            known = list(self.requests.items())
        return {qn: request for (to, qn), request in known if to == mn}

    # What the hooks show and do

    def _shown(self, asked: Mapping[str, str]) -> list[dict[str, object]]:
        wanted = (asked.get(k, "") for k in ("mn", "code", "begin", "end"))
        return [record.to_json() for record in self.store.find(*wanted)]

    def _told(self, asked: Mapping[str, str]) -> dict[str, str]:
        pairs = (part.partition("=") for part in asked.get("items", "").split(";"))
        area = area_of(**{name: value for name, _, value in pairs if name})
        request = Request(asked.get("mn", ""), asked.get("code", ""), area)
        with self._lock:
            talk = self._stations.get(request.mn)
        if talk is None or not talk.is_open:
            return {"error": "not connected"}
        talk.orders.append(request)
        request.sent.wait(5)
        return {"qn": request.exchange.qn} if request.exchange else {"error": "unsent"}

    def _result(self, asked: Mapping[str, str]) -> dict[str, str]:
        request = _under(self.asked(asked.get("mn", "")), asked.get("qn", ""))
        return {"state": request.state(self.quirks) if request else "unknown"}


def _under(known: dict[str, Request], qn: str) -> Request | None:
    """Return the request of a QN, or the last whose QN was sent cut short."""
    cut = (known[full] for full in reversed(known) if qn and full.startswith(qn))
    return known.get(qn) or next(cut, None)


class _HostTalk(Talk):
    """A host on one connection."""

    def keys_for(self, packet: Packet) -> list[bytes]:
        return self.host.keys.of(parse_segment(packet.segment).mn)

    def sealed(self, octets: bytes) -> bytes:
        keys = self.host.keys.of(parse_segment(octets[6:-6]).mn)
        return sealed(octets, keys[0], self.quirks, "platform") if keys else octets

    def __init__(self, host: HostSimulator, sock: socket.socket) -> None:
        super().__init__(sock, host.who, host.quirks, host.stop)
        self.host = host
        self.orders: deque[Request] = deque()
        self._open: dict[str, Request] = {}
        self._set_up: deque[Request] = deque()
        self._set_ns = time.time_ns()
        self._edition = Edition.E2017

    # Requests

    def tick(self, now_ns: int) -> None:
        while self.orders:
            self._begin(self.orders.popleft(), now_ns)
        at_once = "configures-at-once" in self.quirks
        while self._set_up and (at_once or not self._open) and self._may_set(now_ns):
            self._begin(self._set_up.popleft(), now_ns)
        for request in list(self._open.values()):
            if request.exchange:
                self._do(request, request.exchange.wake(now_ns))

    def _may_set(self, now_ns: int) -> bool:
        """Whether no pause has to pass first, as a deviation."""
        if "sets-up-late" not in self.quirks:
            return True
        is_over = now_ns - self._set_ns >= _PAUSE_NS
        self._set_ns = now_ns if is_over else self._set_ns
        return is_over

    def _begin(self, request: Request, now_ns: int) -> None:
        qn = self.qn()
        who = replace(self.who, mn=request.mn, version=self._edition.version)
        octets = packet(who, request.cn, qn, request.area, odd=True)
        resends = self.host.resends
        resends = 0 if "never-resends" in self.quirks else resends
        resends = 1000 if "resends-forever" in self.quirks else resends
        exchange = Exchange(Kind.REQUEST, qn, octets, self.host.timeout_s, resends)
        request.exchange = exchange
        self._open[qn] = self.host.requests[request.mn, qn] = request
        self._do(request, exchange.start(now_ns))
        if "resends-at-once" in self.quirks:
            exchange.wake_ns = now_ns + _AT_ONCE_NS
        request.sent.set()

    def _do(self, request: Request, commands: list[Send | End]) -> None:
        exchange = request.exchange
        assert exchange is not None
        for command in commands:
            if isinstance(command, End):
                self._open.pop(exchange.qn, None)
                if request.cn == "1014" and request.result == "1":
                    self._renew(request)
                if _STUBBORN.get(command.state) in self.quirks:
                    self.start(exchange.octets)
                continue
            octets = command.octets
            if exchange.sent > 1 and "resends-under-new-qn" in self.quirks:
                segment = octets[6:-6].replace(
                    exchange.qn.encode(), self.qn().encode(), 1
                )
                octets = encode_raw(segment)
            self.start(octets)

    def _hear(self, segment: Segment, now_ns: int) -> None:
        """Take the answer to a request, or its data."""
        if "takes-expired-results" in self.quirks:
            self._revive(segment)
        known = self._open
        if "takes-late-results" in self.quirks:
            known = self.host.asked(segment.mn or "")
        request = _under(known, self._qn_of(segment))
        if request is None and segment.cn in EXTRACTS and segment.cn != "9012":
            request = self._extracting(segment)
        if request is None and "takes-foreign-answers" in self.quirks:
            request = next(iter(self._open.values()), None)
        if request is None or request.exchange is None:
            return
        event = event_of(segment)
        if event is Event.RESULT:
            item = segment.item("ExeRtn")
            request.result = item.value if item else None
        exchange = request.exchange
        if event is Event.DATA and "one-timeout-for-all" in self.quirks:
            return
        self._do(request, exchange.hear(event, now_ns))

    def _revive(self, segment: Segment) -> None:
        """Take the result of a request that timed out, a deviation."""
        request = self.host.requests.get((segment.mn or "", self._qn_of(segment)))
        exchange = request.exchange if request else None
        if request and exchange and exchange.state in _EXPIRED:
            item = segment.item("ExeRtn")
            if item is not None:
                request.result, exchange.state = item.value, State.DONE

    def _extracting(self, segment: Segment) -> Request | None:
        """Return the open request whose data these can be: history has own QNs."""
        asked = (r for r in self._open.values() if r.cn == segment.cn)
        return next(asked, None)

    def _qn_of(self, segment: Segment) -> str:
        if "ignores-qn-in-area" in self.quirks:
            return segment.text("QN") or ""
        return segment.qn or ""

    # What comes

    def suffer(self, found: Packet | FrameError) -> None:
        if isinstance(found, FrameError):
            return
        if "keeps-undecipherable" in self.quirks and is_closed(found):
            self.obey(parse_segment(found.segment), [])
        if "drops-line-on-damage" in self.quirks:
            self.is_open = False
        if "keeps-damaged" in self.quirks:
            self.host.store.keep(parse_segment(found.segment))

    def obey(self, segment: Segment, batch: list[Segment]) -> None:
        if "chokes-on-flood" in self.quirks and self.soiled > _FLOOD_OCTETS:
            return
        if self._is_refused(segment):
            return
        self._meet(segment)
        now_ns = time.time_ns()
        kinds = kinds_of(segment, "device")
        if Kind.ANSWER in kinds:
            self._hear(segment, now_ns)
            if "answers-answers" in self.quirks:
                self.answer("9014", segment.qn or "")
            return
        refused = {rule for quirk, rule in _REFUSALS.items() if quirk in self.quirks}
        if any(violation.rule in refused for violation in segment.violations):
            return
        if "ignores-parts" in self.quirks and segment.pnum is not None:
            return
        if segment.cn in EXTRACTS:
            self._hear(segment, now_ns)
        qn = batch[-1].qn or "" if "last-qn" in self.quirks else segment.qn or ""
        wanted = segment.flag is not None and segment.flag.answer_wanted
        wanted |= "answers-heartbeats" in self.quirks and segment.cn == "9015"
        wanted |= "answers-parts" in self.quirks and segment.pnum is not None
        wanted |= "answers-2005" in self.quirks and segment.edition is Edition.E2005
        for kind in kinds & {Kind.UPLOAD, Kind.NOTICE}:
            known = "leaves-resends" in self.quirks and self.host.store.knows(segment)
            if kind is Kind.UPLOAD and not self._is_lost(segment):
                self.host.store.keep(segment)
            if (wanted and not known) or "answers-unwanted" in self.quirks:
                self._answer(ANSWER_OF[kind], qn, segment)
        if segment.cn == "1013" and "never-sets-clock" not in self.quirks:
            self._set_up.appendleft(self._clock(segment.mn or ""))

        if segment.cn == "1014" and "never-renews-key" not in self.quirks:
            mn = segment.mn or ""
            area = new_key(stamp(datetime.now(BEIJING)), self.quirks)
            self._set_up.appendleft(Request(mn, "1014", area))
            if "keeps-old-key" not in self.quirks:
                self.host.keys.offer(mn, area[1][0][1])

    def _is_refused(self, segment: Segment) -> bool:
        """Whether a packet is dropped, as a fault."""
        if "refuses-other-mn" in self.quirks and "_" in (segment.mn or ""):
            return True
        due = segment.edition is Edition.E2025 and seals(segment.cn or "", "device")
        return (
            "refuses-plain" in self.quirks
            and due
            and segment.qn not in self.came_closed
        )

    def _renew(self, request: Request) -> None:
        """Go by a new key that the station has taken."""
        if "keeps-old-key" not in self.quirks:
            told = {name: value for group in request.area for name, value in group}
            with suppress(InputError):  # no key, as a fault
                self.host.keys.renew(request.mn, told["NewSK"])

    def _is_lost(self, segment: Segment) -> bool:
        old = segment.edition is Edition.E2005
        return old and "refuses-2005" in self.quirks

    def _meet(self, segment: Segment) -> None:
        mn = segment.mn or ""
        self._edition = segment.edition or self._edition
        self.who = replace(self.who, mn=mn, pw=segment.pw or self.who.pw)
        if not self.host.meet(mn, self) or "never-sets-up" in self.quirks:
            return
        if self._edition is not Edition.E2005:
            self._set_up.append(self._clock(mn))
            if "sets-up-clock-alone" not in self.quirks:
                self._set_up.extend(Request(mn, cn, area) for cn, area in _SET_UP)

    def _clock(self, mn: str) -> Request:
        return Request(mn, "1012", area_of(SystemTime=stamp(datetime.now(BEIJING))))

    def _answer(self, cn: str, qn: str, segment: Segment) -> None:
        if self.quirks & {f"no-{cn}", f"no-answer-{segment.cn}"}:
            return
        version = segment.flag.version if segment.flag else self.who.version
        who = replace(self.who, mn=segment.mn or self.who.mn, version=version)
        with_result = "answers-with-result" in self.quirks
        self.answer(cn, qn, area_of(QnRtn="1") if with_result else (), who=who)
