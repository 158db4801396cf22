# SPDX-License-Identifier: Apache-2.0
"""The simulators by themselves: a station and a host that talk to each other."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.profile.model import Snapshot
from conformance.protocols.hj212.codec import Packet, Reader, drain
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.packets import Identity, area_of, packet
from conformance.protocols.hj212.simulator import StationSimulator
from conformance.protocols.hj212.simulator.host import HostSimulator

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")


class Wire:
    """A plain socket that speaks HJ 212, for the other end of a simulator."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(5)
        self.sock = sock
        self._reader = Reader()
        self._waiting: list[Segment] = []

    def send(self, octets: bytes) -> None:
        self.sock.sendall(octets)

    def next(self) -> Segment:
        """Return the next packet; fail after five seconds without one."""
        while not self._waiting:
            octets = self.sock.recv(4096)
            assert octets, "the simulator closed the connection"
            self._reader.feed(octets)
            found = list(drain(self._reader))
            assert all(isinstance(f, Packet) and f.checksum_ok for f in found)
            self._waiting += [
                parse_segment(f.segment) for f in found if isinstance(f, Packet)
            ]
        return self._waiting.pop(0)

    def until(self, cn: str) -> Segment:
        """Return the next packet with a command."""
        while (segment := self.next()).cn != cn:
            pass
        return segment


@contextmanager
def station(snapshot: Snapshot, *quirks: str) -> Iterator[Wire]:
    """A station that has connected to us."""
    answers = {item.id: True for item in snapshot.ics}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        address = listener.getsockname()[:2]
        simulator = StationSimulator(
            snapshot, address, WHO, answers=answers, quirks=frozenset(quirks)
        )
        with simulator:
            sock, _ = listener.accept()
            with sock:
                yield Wire(sock)


@contextmanager
def host(*quirks: str) -> Iterator[tuple[HostSimulator, Wire]]:
    """A host that we have connected to."""
    with (
        HostSimulator(WHO, quirks=frozenset(quirks)) as simulator,
        socket.create_connection(simulator.address, 5) as sock,
    ):
        yield simulator, Wire(sock)


def qn(number: int) -> str:
    return f"20260101120000{number:03d}"


def test_a_station_reports_its_start_first(snapshot: Snapshot) -> None:
    with station(snapshot) as wire:
        first = wire.next()
    assert (first.cn, first.st, first.mn) == ("2081", "21", WHO.mn)
    assert first.item("RestartTime")
    assert first.violations == ()


def test_a_station_sends_nothing_that_breaks_the_grammar(snapshot: Snapshot) -> None:
    with station(snapshot) as wire:
        wire.send(packet(WHO, "2011", qn(1)))
        upload = wire.until("2081")
        wire.send(packet(WHO, "9014", upload.qn or "", st="91", wanted=False))
        data = wire.until("2011")
    assert data.violations == ()
    assert {g[0].name for g in data.cp[1:]} >= {"w01001-Rtd", "w21003-Rtd"}


def test_a_station_carries_out_what_it_is_told(snapshot: Snapshot) -> None:
    with station(snapshot) as wire:
        wire.send(packet(WHO, "1062", qn(1), area_of(RtdInterval="120")))
        assert wire.until("9011").text("QN") == qn(1)
        assert wire.until("9012").item("ExeRtn")
        wire.send(packet(WHO, "1061", qn(2)))
        item = wire.until("1061").item("RtdInterval")
    assert item is not None
    assert item.value == "120"


@pytest.mark.parametrize(
    ("who", "code"),
    [
        (Identity(WHO.mn, "wrong1", "21"), "3"),
        (Identity("0" * 24, WHO.pw, "21"), "4"),
    ],
)
def test_a_station_says_why_it_refuses(
    snapshot: Snapshot, who: Identity, code: str
) -> None:
    with station(snapshot) as wire:
        wire.send(packet(who, "1011", qn(1)))
        item = wire.until("9011").item("QnRtn")
    assert item is not None
    assert item.value == code


def test_a_station_sends_again_what_nobody_answers(snapshot: Snapshot) -> None:
    """After the set number of resends it ends the connection and comes back."""
    with station(snapshot) as wire:
        first = wire.until("2081")
        wire.send(packet(WHO, "9014", first.qn or "", st="91", wanted=False))
        wire.send(packet(WHO, "1000", qn(1), area_of(OverTime="1", ReCount="1")))
        wire.until("9012")
        wire.send(packet(WHO, "2011", qn(2)))
        one, two = wire.until("2011"), wire.until("2011")
        assert one.octets == two.octets
        assert wire.sock.recv(4096) == b""


def test_a_station_comes_back(snapshot: Snapshot) -> None:
    answers = {item.id: True for item in snapshot.ics}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        with StationSimulator(
            snapshot, listener.getsockname()[:2], WHO, answers=answers
        ):
            listener.accept()[0].close()
            sock, _ = listener.accept()
            with sock:
                wire = Wire(sock)
                wire.send(packet(WHO, "1011", qn(1)))
                assert wire.next().cn == "9011"  # no 2081: it was not switched on anew


def test_a_host_answers_uploads_and_keeps_them_once() -> None:
    area = ((("DataTime", "20260101120000"),), (("w01001-Rtd", "7.02"),))
    with host() as (simulator, wire):
        for _ in range(2):
            wire.send(packet(WHO, "2011", qn(1), area))
            answer = wire.until("9014")
            assert (answer.qn, answer.st) == (qn(1), "91")
            assert answer.items == ()
        url = simulator.hooks["stored_records"].format(
            mn=WHO.mn, code="2011", begin="20260101120000", end="20260101120000"
        )
        with urllib.request.urlopen(url, timeout=5) as got:
            (record,) = json.load(got)
    assert record["data_time"] == "20260101120000"
    assert record["items"]["w01001-Rtd"] == "7.02"


def test_a_host_takes_no_damaged_upload() -> None:
    good = packet(WHO, "2011", qn(1), area_of(DataTime="20260101120000"))
    bad = good[:-6] + (b"0000" if good[-6:-2] != b"0000" else b"1111") + b"\r\n"
    fence = packet(WHO, "2011", qn(2), area_of(DataTime="20260101120001"))
    with host() as (simulator, wire):
        wire.send(bad + fence)
        assert wire.until("9014").qn == qn(2)
        assert [r.qn for r in simulator.store.kept] == [qn(2)]


def test_a_host_sets_the_clock_of_a_station_that_asks() -> None:
    with host() as (_, wire):
        wire.send(packet(WHO, "1013", qn(1)))
        wire.until("9013")
        clock = wire.until("1012")
    assert clock.violations == ()


def test_simulators_end_when_told_to(snapshot: Snapshot) -> None:
    before = set(threading.enumerate())
    with station(snapshot) as wire:
        wire.next()
    with host() as (_, wire):
        wire.send(packet(WHO, "1013", qn(1)))
        wire.next()
    left = set(threading.enumerate()) - before
    assert not [t for t in left if t.is_alive() and t.name.startswith("hj212")]
