# SPDX-License-Identifier: Apache-2.0
"""A platform against a model of it: who was answered how often, and what is kept.

Stations upload, send again, come back, send in parts, in pieces and in one go; the
model knows how often each QN must have been answered and that each upload is kept once
under its own station.  What is kept is looked at after each step through the hook
``stored_records``.

Source: HJ 212-2017, 6.2.1 (a resend is the same upload), 6.5.2 and C.50.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.framing import (
    require_fence,
    require_platform,
    stored,
)
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL, stations
from conformance.protocols.hj212.strategies.platform import platform_rules
from conformance.text import Text

__all__: list[str] = []

_STEPS_MAX = 8
_CN = "2011"


@dataclass(slots=True)
class _Sent:
    """An upload that the model knows."""

    qn: str
    label: str
    octets: bytes
    wanted: bool
    times: int = 1
    """How often it was sent on the connection that is open now."""


@dataclass(slots=True)
class _Platform:
    """What a platform must have answered and kept."""

    run: Run
    clock: Callable[[], str]
    slots: dict[int, Station] = field(default_factory=dict)
    last: dict[int, _Sent] = field(default_factory=dict)

    def possible(self, name: str) -> bool:
        return name != "again" or bool(self.last)

    def apply(self, name: str, argument: Any) -> None:
        slot = argument["station"] % (2 if self.run.value("hj212_second_mn") else 1)
        if name == "again" and slot not in self.last:
            slot = next(iter(self.last))
        getattr(self, f"_{name}")(slot, argument)

    def close(self) -> None:
        """Leave the platform as it was: every station disconnects."""
        for station in self.slots.values():
            station.line.channel.close()

    # Steps

    def _upload(self, slot: int, how: Mapping[str, Any]) -> None:
        sent = self._make(slot, wanted=how["wanted"])
        station = self._station(slot)
        for piece in _cut(sent.octets, how["cut"]):
            station.send(piece)
            if len(piece) < len(sent.octets):
                self.run.wait(0.002)
        self._look(slot, sent)

    def _again(self, slot: int, how: Mapping[str, Any]) -> None:
        sent = self.last[slot]
        sent.times += 1
        self._station(slot).send(sent.octets)
        self._look(slot, sent)

    def _burst(self, slot: int, how: Mapping[str, Any]) -> None:
        made = [self._make(slot, wanted=True) for _ in range(2)]
        self._station(slot).send(b"".join(sent.octets for sent in made))
        for sent in made:
            self._look(slot, sent)

    def _between(self, slot: int, how: Mapping[str, Any]) -> None:
        """Half a packet, an upload of the other station, the other half."""
        sent = self._make(slot, wanted=True)
        half = len(sent.octets) // 2
        self._station(slot).send(sent.octets[:half])
        if self.run.value("hj212_second_mn"):
            self._upload(1 - slot, how)
        self._station(slot).send(sent.octets[half:])
        self.last[slot] = sent
        self._look(slot, sent)

    def _back(self, slot: int, how: Mapping[str, Any]) -> None:
        """The station ends its connection and comes back."""
        if slot in self.slots:
            self.slots.pop(slot).line.channel.close()
        if slot in self.last:
            self.last[slot].times = 0  # its answers went to the old connection
        self._upload(slot, how)

    # What must be

    def _look(self, slot: int, sent: _Sent) -> None:
        run, station = self.run, self._station(slot)
        wanted = sent.times if sent.wanted else 0
        while len(station.answers(sent.qn)) < wanted:
            if station.await_answer(sent.qn) is None:
                break
        got = len(station.answers(sent.qn))
        run.expect(
            got >= wanted,
            "unanswered",
            expected=Text(f"应答 {wanted} 次", f"{wanted} answers"),
            actual=Text(f"应答 {got} 次", f"{got} answers"),
        )
        if not sent.wanted:
            require_fence(run, station.fence)
        self._look_at_kept(slot, sent)

    def _look_at_kept(self, slot: int, sent: _Sent) -> None:
        kept = self._kept(slot, sent)
        self.run.expect(
            kept,
            "lost",
            expected=Text("已存储", "kept"),
            actual=Text("查不到", "not shown"),
        )
        self.run.expect(
            len(kept) == 1,
            "stored-again",
            expected=Text("存储 1 条", "one record"),
            actual=Text(f"存储 {len(kept)} 条", f"{len(kept)} records"),
        )

    def _kept(self, slot: int, sent: _Sent) -> list[Any]:
        """Return what is kept of an upload; a platform may take a moment to store."""
        run, station = self.run, self._station(slot)
        kept: list[Any] = []
        for _ in station.moments():
            kept = stored(run, station, _CN, sent.label)
            if kept:
                break
        return kept

    # Making

    def _station(self, slot: int) -> Station:
        if slot not in self.slots:
            first = stations(self.run.setup.ixit)[0]
            mn = self.run.value("hj212_second_mn") if slot else None
            self.slots[slot] = Station.of(
                self.run, replace(first, mn=mn) if mn else None
            )
        return self.slots[slot]

    def _make(self, slot: int, *, wanted: bool) -> _Sent:
        station, label = self._station(slot), self.clock()
        area = station.data(_CN, at=label)
        qn, octets = station.packet(_CN, area, wanted=wanted)
        sent = _Sent(qn, label, octets, wanted)
        self.last[slot] = sent
        return sent


def _cut(octets: bytes, mille: int) -> list[bytes]:
    at = len(octets) * mille // 1000
    return [piece for piece in (octets[:at], octets[at:]) if piece]


def _labels(start: datetime) -> Callable[[], str]:
    """Return a source of times that no other upload of the run bears."""
    numbers = count()
    return lambda: stamp(start + timedelta(seconds=next(numbers)))


@check(
    "hj212.stores_resend_once",
    actor="platform",
    takes=(POOL,),
    hooks=("stored_records",),
)
def stores_resend_once(run: Run) -> None:
    """An upload that is sent again is answered again and stored once.

    Procedure: the same upload twice; then sequences of uploads, resends, bursts, pieces
    and reconnections of one or two stations, with a model of what must be kept.
    """
    station = Station.of(run)
    require_platform(run, station)
    start = station.local_time - timedelta(days=1 + run.seed % 300)
    clock = _labels(start)
    first = _Platform(run, clock)
    how = {"station": 0, "wanted": True, "cut": 0}
    with run.step("again"):
        first.apply("upload", how)
        first.apply("again", how)
    first.close()
    run.for_all_sequences(
        platform_rules(),
        lambda: _Platform(run, clock),
        steps_max=_STEPS_MAX,
    )
