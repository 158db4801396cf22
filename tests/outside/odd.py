# SPDX-License-Identifier: Apache-2.0
"""Stations and platforms that are unusual and within the text: nothing may fail."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from tests.outside.platform import Link, Platform
from tests.outside.station import MN, PW, Station
from tests.outside.wire import Packet, seal, segment

__all__ = ["ODD_PLATFORMS", "ODD_STATIONS"]


class SlowModem(Station):
    """A slow line: answers after a while, in pieces of 40 octets."""

    def write(self, octets: bytes) -> None:
        time.sleep(0.01)
        for at in range(0, len(octets), 40):
            super().write(octets[at : at + 40])
            time.sleep(0.001)


class RichData(Station):
    """More than is asked for, in another order, and the milder choices.

    EFlag and SampleTime, factors backwards, the mark before the value, a factor of
    Annex B beyond the profile; 9011 with QnRtn=9 for a wrong CRC; silence for a
    foreign MN; refusal by ExeRtn=3; history that wants answers.
    """

    def real_time(self) -> str:
        now = self.clock.time()
        values = {**self.sample(), "w21011": "0.08", "w01010": "-0.5"}
        rows = (
            f"{k}-SampleTime={now},{k}-Flag=N,{k}-EFlag=A01,{k}-Rtd={v}"
            for k, v in reversed(values.items())
        )
        return ";".join([f"DataTime={now}", *rows])

    def unsound(self, packet: Packet) -> None:
        if packet.qn and packet.mn == self.mn:
            self.write(self.make("9011", "QnRtn=9", packet.qn))

    def take(self, packet: Packet) -> None:
        if packet.mn == self.mn:
            super().take(packet)

    def refusal(self, packet: Packet) -> list[bytes]:
        return self.order(packet, [], 3)

    def do_2061(self, packet: Packet, items: dict[str, str]) -> object:
        told = super().do_2061(packet, items)
        if not told or not told[0]:  # type: ignore[index]
            return told
        begin, end = items["BeginTime"], items["EndTime"]
        data = []
        for at in self.hours(begin, end):
            qn = self.clock.qn()
            octets = self.make("2061", self.hour(at), qn, 5)
            self.open[qn] = (octets, time.monotonic() + self.timeout_s, 1)
            data.append(octets)
        return data, 1

    def hour(self, at: datetime) -> str:
        head, *rows = super().hour(at).split(";")
        return ";".join([head, *reversed(rows)])


class Interleaved(Station):
    """Uploads between 9011 and 9012; reports its start at every connection."""

    def connected(self) -> None:
        self.booted = False
        super().connected()

    def reply(self, packet: Packet, answers: list[bytes]) -> None:
        first, *rest = answers
        self.write(first)
        if self.streaming and self.may_upload():
            self.upload("2011", self.real_time())
        if rest:
            self.write(b"".join(rest))


class Pipelined(Station):
    """Sends on while answers are due, and still resends after 2012."""

    pace = 60

    def may_upload(self) -> bool:
        return True

    def stop_stream(self) -> None:
        self.streaming = False


class SlowAnswers(Platform):
    """Thinks before it answers and writes in small pieces."""

    def answer(self, link: Link, packet: Packet, cn: str) -> None:
        time.sleep(0.04)
        octets = self.answer_to(packet, cn)
        for at in range(0, len(octets), 9):
            link.write(octets[at : at + 9])
            time.sleep(0.001)


class Busy(Platform):
    """Sets up each station that comes, and asks for its clock before it answers."""

    def take(self, link: Link, packet: Packet) -> None:
        is_new = packet.sound and packet.mn == MN and link is not self.link
        super().take(link, packet)
        if is_new and link is self.link:
            self.send("1012", f"SystemTime={self.clock.time()}")
            self.send("1000", "OverTime=10;ReCount=3")
            self.send("1062", "RtdInterval=30")
            self.send("1064", "MinInterval=10")
            self.send("2011", "")
            self.send("2021", "")

    def answer(self, link: Link, packet: Packet, cn: str) -> None:
        self.send("1011", "")
        super().answer(link, packet, cn)


class Batches(Platform):
    """Collects answers for a moment and sends them together, the last first."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Link, bytes]] = []

    def answer(self, link: Link, packet: Packet, cn: str) -> None:
        self.waiting.append((link, self.answer_to(packet, cn)))
        if len(self.waiting) == 1:
            threading.Timer(0.05, self._flush).start()

    def answer_to(self, packet: Packet, cn: str) -> bytes:
        return seal(segment(packet.qn, "91", cn, PW, MN, 4, ""))

    def _flush(self) -> None:
        with self.lock:
            waiting, self.waiting = self.waiting[::-1], []
            links = {id(link): link for link, _ in waiting}
            for known, link in links.items():
                octets = (o for to, o in waiting if id(to) == known)
                link.write(b"".join(octets))


ODD_STATIONS: dict[str, type[Station]] = {
    "slow-modem": SlowModem,
    "rich-data": RichData,
    "interleaved": Interleaved,
    "pipelined": Pipelined,
}
ODD_PLATFORMS: dict[str, type[Platform]] = {
    "slow-answers": SlowAnswers,
    "busy": Busy,
    "batches": Batches,
}
