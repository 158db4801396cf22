# SPDX-License-Identifier: Apache-2.0
"""A surface-water station of another house: one loop, one socket, one clock.

Connects, reports its start by 2081, carries out what its declaration claims and
refuses the rest.  Methods are small so that a fault is one of them done wrong.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from datetime import datetime, timedelta

from tests.outside.wire import Clock, Packet, Reader, seal, segment

__all__ = ["MN", "PACE", "PW", "Station"]

MN = "0102030405060708090A0B0C"
PW = "Lab123"
PACE = 60
_HOURS = 24
_MINUTES = ("1", "2", "3", "4", "5", "6", "10", "12", "15", "20", "30")
# Known to the standard, not to this station.
_KNOWN = {"2021", "2022", "2031", "2041", "2051", "3011", "3012", "3013", "3014"}
_KNOWN |= {"3015", "3016", "3017", "3018", "3019", "3020", "3021"}
_VALUES = {
    "w01010": "18.5",
    "w01001": "7.21",
    "w01009": "8.12",
    "w01014": "412.5",
    "w01003": "12.3",
    "w21003": "0.35",
}


class Station:
    """The honest station; also a context manager."""

    pace = PACE

    def __init__(self, port: int) -> None:
        self.port = port
        self.clock = Clock()
        self.mn, self.pw = MN, PW
        self.timeout_s, self.resends = 10, 3
        self.rtd_s, self.min_min = 60, 10
        self.streaming = False
        self.due = 0.0
        self.samples = 0
        self.open: dict[str, tuple[bytes, float, int]] = {}
        """QN of an upload -> octets, when to send again, how often sent."""
        self.served: dict[str, list[bytes]] = {}
        """QN of a request -> what was answered."""
        self.started = self.clock.time()
        self.booted = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)
        self.link: socket.socket | None = None

    def __enter__(self) -> Station:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    # The link

    def _live(self) -> None:
        while not self._stop.is_set():
            self._once()

    def _once(self) -> None:
        """Connect and talk until the connection ends."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as link:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                link.settimeout(0.01)
                self.link = link
                self._talk(link)
        except OSError:
            self._stop.wait(0.05)
        self.open.clear()

    def _talk(self, link: socket.socket) -> None:
        reader = self.reader()
        self.connected()
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                octets = link.recv(4096)
                if not octets:
                    return
                for packet in reader.feed(octets):
                    self.take(packet)
            if not self.tick():
                return

    def reader(self) -> Reader:
        return Reader()

    def connected(self) -> None:
        if not self.booted:
            self.booted = True
            restart = f"DataTime={self.clock.time()};RestartTime={self.started}"
            self.upload("2081", restart)

    def write(self, octets: bytes) -> None:
        assert self.link is not None
        self.link.sendall(octets)

    # Sending

    def seal(self, data: bytes) -> bytes:
        return seal(data)

    def make(self, cn: str, area: str, qn: str, flag: int = 4) -> bytes:
        st = "91" if cn.startswith("90") else "21"
        return self.seal(segment(qn, st, cn, self.pw, self.mn, flag, area))

    def upload(self, cn: str, area: str) -> None:
        qn = self.clock.qn()
        octets = self.make(cn, area, qn, 5)
        self.open[qn] = (octets, time.monotonic() + self.timeout_s, 1)
        self.write(octets)

    def tick(self) -> bool:
        """Do what is due; ``False`` when the link counts as broken."""
        now = time.monotonic()
        if self.streaming and now >= self.due and self.may_upload():
            self.due = now + self.rtd_s / self.pace
            self.upload("2011", self.real_time())
        for qn, (octets, at, times) in list(self.open.items()):
            if now < at:
                continue
            if times > self.resends:
                return False
            self.open[qn] = (octets, now + self.timeout_s, times + 1)
            self.resend(qn, octets)
        return True

    def may_upload(self) -> bool:
        """One upload at a time: the next waits for the answer to the last."""
        return not self.open

    def resend(self, qn: str, octets: bytes) -> None:
        self.write(octets)

    # Data

    def factors(self) -> dict[str, str]:
        return _VALUES

    def sample(self) -> dict[str, str]:
        self.samples += 1
        now = {"w01014": f"{400 + self.samples % 100}.5"}
        return {**self.factors(), **now}

    def real_time(self) -> str:
        rows = (f"{k}-Rtd={v},{k}-Flag=N" for k, v in self.sample().items())
        return ";".join([f"DataTime={self.clock.time()}", *rows])

    def hour(self, at: datetime) -> str:
        rows = (
            f"{k}-Min={v},{k}-Avg={v},{k}-Max={v},{k}-Flag=N"
            for k, v in self.factors().items()
        )
        return ";".join([f"DataTime={at:%Y%m%d%H0000}", *rows])

    def hours(self, begin: str, end: str) -> list[datetime]:
        now = self.clock.now().replace(minute=0, second=0, microsecond=0)
        kept = [now - timedelta(hours=n) for n in range(_HOURS, 0, -1)]
        return [at for at in kept if begin <= f"{at:%Y%m%d%H%M%S}" <= end]

    # Hearing

    def take(self, packet: Packet) -> None:
        if not packet.sound:
            self.unsound(packet)
            return
        if packet.cn in ("9011", "9012", "9013", "9014"):
            self.open.pop(packet.qn, None)
            return
        answers = self.served.get(packet.qn)
        if answers is None:
            answers = self.serve(packet)
            self.served[packet.qn] = answers
        if packet.wants_answer:
            self.reply(packet, answers)

    def unsound(self, packet: Packet) -> None:
        """End the processing, as 6.3.1 has it."""

    def reply(self, packet: Packet, answers: list[bytes]) -> None:
        for octets in answers:
            self.write(octets)

    def serve(self, packet: Packet) -> list[bytes]:
        refused = self.objection(packet)
        if refused:
            return [self.make("9011", f"QnRtn={refused}", packet.qn)]
        if packet.cn == "2012":
            self.stop_stream()
            return [self.make("9013", "", packet.qn)]
        pw = self.pw  # the answers of 1072 carry the old one
        told = self.execute(packet)
        self.pw, new = pw, self.pw
        answers = self.order(packet, *told) if told else self.refusal(packet)
        self.pw = new
        return answers

    def refusal(self, packet: Packet) -> list[bytes]:
        return [self.make("9011", "QnRtn=2", packet.qn)]

    def order(self, packet: Packet, data: list[bytes], result: int) -> list[bytes]:
        first = self.make("9011", "QnRtn=1", packet.qn)
        return [first, *data, self.make("9012", f"ExeRtn={result}", packet.qn)]

    def objection(self, packet: Packet) -> int:
        """Return a QnRtn of table 7, or 0."""
        if packet.mn != self.mn:
            return 4
        if not self.knows_password(packet.pw):
            return 3
        if packet.flag >> 2 != 1:
            return 6
        if packet.cn in _KNOWN:
            return 2
        return 0 if packet.cn in _COMMANDS else 8

    def knows_password(self, pw: str) -> bool:
        return pw == self.pw

    def stop_stream(self) -> None:
        self.streaming = False
        self.open.clear()

    def execute(self, packet: Packet) -> tuple[list[bytes], int] | None:
        """Carry out; return data packets and ExeRtn, or ``None`` to refuse."""
        items = packet.items
        return getattr(self, f"do_{packet.cn}")(packet, items)

    def do_1000(self, _: Packet, items: dict[str, str]) -> object:
        wait, again = items.get("OverTime", ""), items.get("ReCount", "")
        if not (_within(wait, 1, 99) and _within(again, 1, 99)):
            return None
        self.timeout_s, self.resends = int(wait), int(again)
        return [], 1

    def do_1011(self, packet: Packet, items: dict[str, str]) -> object:
        if "PolId" in items:
            return None
        area = f"SystemTime={self.system_time()}"
        return [self.make("1011", area, packet.qn)], 1

    def system_time(self) -> str:
        return self.clock.time()

    def do_1012(self, _: Packet, items: dict[str, str]) -> object:
        wanted = items.get("SystemTime", "")
        if "PolId" in items or len(wanted) != 14:
            return None
        try:
            self.clock.set(wanted)
        except ValueError:
            return None
        return [], 1

    def do_1061(self, packet: Packet, _: dict[str, str]) -> object:
        return [self.make("1061", f"RtdInterval={self.rtd_s}", packet.qn)], 1

    def do_1062(self, _: Packet, items: dict[str, str]) -> object:
        if not _within(items.get("RtdInterval", ""), 30, 3600):
            return None
        self.rtd_s = int(items["RtdInterval"])
        self.due = time.monotonic() + self.rtd_s / self.pace
        return [], 1

    def do_1063(self, packet: Packet, _: dict[str, str]) -> object:
        return [self.make("1063", f"MinInterval={self.min_min}", packet.qn)], 1

    def do_1064(self, _: Packet, items: dict[str, str]) -> object:
        if items.get("MinInterval") not in _MINUTES:
            return None
        self.min_min = int(items["MinInterval"])
        return [], 1

    def do_1072(self, _: Packet, items: dict[str, str]) -> object:
        new = items.get("NewPW", "")
        if not (1 <= len(new) <= 6 and new.isascii() and new.isalnum()):
            return None
        self.pw = new
        return [], 1

    def do_2011(self, _: Packet, items: dict[str, str]) -> object:
        self.streaming = True
        self.due = time.monotonic() + self.rtd_s / self.pace
        return [], 1

    def do_2061(self, packet: Packet, items: dict[str, str]) -> object:
        begin, end = items.get("BeginTime", ""), items.get("EndTime", "")
        if not (len(begin) == len(end) == 14 and begin <= end):
            return None
        found = self.hours(begin, end)
        data = [self.make("2061", self.hour(at), self.clock.qn()) for at in found]
        return data, 1 if data else 100


_COMMANDS = {n[3:] for n in vars(Station) if n.startswith("do_")} | {"2012"}


def _within(text: str, low: int, high: int) -> bool:
    return text.isascii() and text.isdigit() and low <= int(text) <= high
