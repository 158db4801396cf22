# SPDX-License-Identifier: Apache-2.0
"""The suite as host computer: waits for the station, asks it, answers its uploads.

A station has one connection for all checks, so the host lives as long as the run and
takes the station in again whenever it comes back.  Uploads and notices that want an
answer get one, so that the station stays content; a check may withhold it.

Source: HJ 212-2017, 6.1, 6.2 and 6.5; the device opens the connection by practice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.link.channel import Channel
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.machine import (
    ANSWER_OF,
    Event,
    Exchange,
    State,
    event_of,
    kinds_of,
)
from conformance.protocols.hj212.packets import Identity, answer_to
from conformance.protocols.hj212.party import Party
from conformance.protocols.hj212.stations import is_from

__all__ = ["Host", "Reply"]

_NS = 1_000_000_000
_STREAMS = ("2011", "2021")
"""Requests after which the device uploads of its own accord."""
_ACQUAINTANCE_S = 2.0
"""How long to look for the declared MN alone, before it has ever been heard."""
PROBE = "1011"
"""A request that every device answers and that changes nothing."""


@dataclass(slots=True)
class Reply:
    """What came of a request."""

    cn: str
    qn: str
    state: State
    heard: list[Heard] = field(default_factory=list)
    """Packets under its QN, in order."""
    data: list[Heard] = field(default_factory=list)
    """Packets with its command, under its QN or one of their own."""

    @property
    def order(self) -> str:
        """The commands under its QN, for people."""
        return " ".join(h.segment.cn or "?" for h in self.heard) or "-"

    @property
    def accepted(self) -> str | None:
        """QnRtn of 9011, ``None`` without one."""
        return self._value("9011", "QnRtn")

    @property
    def result(self) -> str | None:
        """ExeRtn of 9012, ``None`` without one."""
        return self._value("9012", "ExeRtn")

    @property
    def is_done(self) -> bool:
        """Whether it was carried out; a missing 9011 is another matter."""
        return self.accepted in ("1", None) and self.result == "1"

    def item(self, name: str) -> str | None:
        """Return a value of the data, ``None`` without it."""
        found = (h.segment.item(name) for h in self.data)
        return next((item.value for item in found if item), None)

    def _value(self, cn: str, name: str) -> str | None:
        for heard in self.heard:
            if heard.segment.cn == cn:
                item = heard.segment.item(name)
                return item.value if item else ""
        return None


class Host(Party):
    """The host computer that a station reports to."""

    gets_data = True
    side = "platform"
    password: str | None = None
    """The password that the device has now, where a check has changed it."""
    has_connected = False
    """Whether the device has been connected at all during the run."""
    _is_known = False
    """Whether it came under its declared MN, so that others can be told from it."""

    @classmethod
    def of(cls, run: Run) -> Host:
        """Return the host of the run, with the station connected."""
        host = cls.awaiting(run)
        _ = host.line
        return host

    @classmethod
    def awaiting(cls, run: Run) -> Host:
        """Return the host of the run, whether the station is connected or not."""
        host: Host = run.shared("hj212.host", cls)
        return host

    def attach(self, run: Run) -> None:
        """Serve the next requirement, answering uploads again."""
        super().attach(run)
        self.withholds: Callable[[Heard], bool] = lambda heard: False
        """Which uploads go unanswered."""
        self._withheld: dict[str, Kind] = {}
        """QNs that a check left unanswered."""

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open, as far as was noticed."""
        return self._line is not None

    @property
    def who(self) -> Identity:
        """Identity of the device, under the password that it has now."""
        declared = super().who
        return replace(declared, pw=self.password) if self.password else declared

    @property
    def pace(self) -> int:
        """How many seconds of its upload interval the device lets pass in one."""
        return max(int(self.run.value("hj212_pace", 1)), 1)

    @property
    def upload_wait_s(self) -> float:
        """Longest time to the first upload, by the declaration."""
        return float(self.run.value("hj212_upload_wait", 60.0))

    def take_in(self) -> None:
        """Give up the connection and wait for the device to open another.

        Raises ``LinkError`` (``link.nobody-connected``) when it does not.
        """
        self._reopen()

    def be_away(self, seconds: float) -> int:
        """End the connection and be found by nobody for a time; then take in again.

        Returns when the time was over, in ns.
        """
        if self._line is not None:
            self._line.channel.abort()
            self._line = None
        endpoint = self.run.value("hj212_endpoint")
        self.run.vanish(endpoint, protocol="hj212", seconds=seconds)
        over_ns = self.run.now_ns
        self._reopen()
        return over_ns

    def blame(self) -> None:
        """Raise a broken packet of this requirement, which may be what is missing."""
        if self._broken:
            raise self._broken[0]

    def listen(self, seconds: float) -> list[Heard]:
        """Hear for a time whatever comes; return it."""
        start = len(self.heard)
        self.until(lambda heard: False, seconds)
        return self.heard[start:]

    def notify(self, cn: str) -> Heard | None:
        """Send a notice; return its answer."""
        qn, octets = self.packet(cn)
        self.send(octets)
        return self.await_answer(qn, again=octets)

    def _open(self) -> Channel:
        wait_s = float(self.run.value("hj212_connect_timeout", 60.0))
        if self._is_known:
            channel = self._accept(wait_s, self.who.mn)
        else:
            try:
                channel = self._accept(min(wait_s, _ACQUAINTANCE_S), self.who.mn)
            except LinkError as error:
                if error.code != "link.nobody-connected":
                    raise
                channel = self._accept(wait_s, None)
        self.has_connected = True
        return channel

    def _accept(self, wait_s: float, mn: str | None) -> Channel:
        """Take in the station of an MN; whoever comes, where none is given."""
        return self.run.accept(
            self.run.value("hj212_endpoint"),
            protocol="hj212",
            timeout_s=wait_s,
            fits=(lambda octets: is_from(octets, mn)) if mn else None,
        )

    def _react(self, heard: Heard) -> None:
        segment = heard.segment
        self._is_known |= segment.mn == self.who.mn
        wanted = segment.flag and segment.flag.answer_wanted
        if not wanted or not segment.qn:
            return
        for kind in kinds_of(segment, "device", self.edition) & {
            Kind.UPLOAD,
            Kind.NOTICE,
        }:
            if self.withholds(heard):
                self._withheld[segment.qn] = kind
                continue
            self.send(answer_to(self.who, ANSWER_OF[kind], segment.qn))

    def is_answer(self, heard: Heard, qn: str) -> bool:
        """Whether a packet answers what was sent under a QN; an upload never does.

        Its QN is a time like ours: the first upload of a stream often bears the
        millisecond of the request that started it.
        """
        return heard.segment.cn not in _STREAMS and super().is_answer(heard, qn)

    def release(self) -> None:
        """Answer from now on, and late what was left unanswered.

        Otherwise a device goes on sending it, and the next check hears old packets.
        """
        self.withholds = lambda heard: False
        withheld, self._withheld = self._withheld, {}
        for qn, kind in withheld.items():
            self.send(answer_to(self.who, ANSWER_OF[kind], qn))

    def ask(self, cn: str, area: Area = (), **how: Any) -> Reply:
        """Send a request and hear what comes of it, to its end or out of time."""
        qn, octets = self.packet(cn, area, **how)
        return self.follow(cn, qn, octets)

    def follow(
        self, cn: str, qn: str, octets: bytes, *, sent: bytes | None = None
    ) -> Reply:
        """Send the octets of a request (``sent`` in their place) and hear the end."""
        exchange = Exchange(Kind.REQUEST, qn, octets, self.answer_timeout_s, 0)
        start = len(self.heard)
        # History has QNs of its own.  Uploads of a stream that is being started have
        # them too, but are no part of the exchange: they would keep it open for ever.
        is_stream = cn in _STREAMS
        self.send(octets if sent is None else sent)
        exchange.start(self.line.now_ns)
        while not exchange.state.is_final:
            left_s = ((exchange.wake_ns or 0) - self.line.now_ns) / _NS
            heard = self.until(
                lambda h: (
                    self.is_answer(h, qn) or (h.segment.cn == cn and not is_stream)
                ),
                max(left_s, 0),
                about=qn,
                again=octets,
            )
            if heard is None:
                exchange.wake(max(self.line.now_ns, exchange.wake_ns or 0))
                continue
            event = event_of(heard.segment)
            exchange.hear(event, heard.at_ns)
            if event is Event.RESULT:
                break  # whatever went before: after the result nothing follows
        return self._reply(cn, qn, exchange.state, start)

    def _reply(self, cn: str, qn: str, state: State, start: int) -> Reply:
        new = self.heard[start:]
        return Reply(
            cn,
            qn,
            state,
            [h for h in new if self.is_answer(h, qn)],
            [h for h in new if h.segment.cn == cn],
        )

    def fence(self) -> bool:
        """Send a request that must be answered; return whether an answer came.

        What was sent before on this connection has been dealt with by then.
        """
        qn, octets = self.packet(PROBE)
        self.send(octets)
        return self.await_answer(qn, again=octets) is not None

    def is_alive(self) -> bool:
        """Return whether the station still answers; a lost connection may come back."""
        try:
            return self.fence()
        except LinkError as error:
            if error.code != "link.nobody-connected":
                raise
            return False
