# SPDX-License-Identifier: Apache-2.0
"""A platform of another house: a listener for stations, HTTP for its operators.

Acknowledges, keeps records, puts parts together, sends requests and follows them.
Methods are small so that a fault is one of them done wrong.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.outside.station import MN, PW
from tests.outside.wire import Clock, Packet, Reader, seal, segment

__all__ = ["RESENDS", "TIMEOUT_S", "Link", "Order", "Platform"]

TIMEOUT_S = 0.5
RESENDS = 2
_UPLOADS = {"2011", "2021", "2031", "2041", "2051", "2061", "2081", "3015", "3019"}
_UPLOADS |= {"3020"}


@dataclass
class Order:
    """A request and what became of it."""

    mn: str
    cn: str
    items: str
    qn: str
    octets: bytes
    due: float
    times: int = 1
    accepted: bool = False
    state: str = "pending"


@dataclass
class Link:
    """One connection of a station."""

    socket: socket.socket
    parts: dict[tuple[str, ...], tuple[float, dict[int, Packet]]] = field(
        default_factory=dict
    )

    def write(self, octets: bytes) -> None:
        with contextlib.suppress(OSError):
            self.socket.sendall(octets)


class Platform:
    """The honest platform; also a context manager."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.lock = threading.RLock()
        self.records: list[dict[str, Any]] = []
        self.seen: set[tuple[str, ...]] = set()
        self.orders: dict[str, Order] = {}
        self.link: Link | None = None
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.05)
        self.port = self._listener.getsockname()[1]
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self.http_port = self._http.server_address[1]
        self._threads = [
            threading.Thread(target=self._listen, daemon=True),
            threading.Thread(target=self._follow, daemon=True),
            threading.Thread(
                target=self._http.serve_forever, args=(0.05,), daemon=True
            ),
        ]

    def __enter__(self) -> Platform:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._http.shutdown()
        self._http.server_close()
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    # Links

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                link, _ = self._listener.accept()
            except OSError:
                continue
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with taken:
            taken.settimeout(0.05)
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            link, reader = Link(taken), self.reader()
            while not self._stop.is_set():
                try:
                    octets = taken.recv(4096)
                except TimeoutError:
                    continue
                except OSError:
                    return
                if not octets:
                    return
                for packet in reader.feed(octets):
                    with self.lock:
                        self.take(link, packet)

    def reader(self) -> Reader:
        return Reader()

    # Hearing

    def take(self, link: Link, packet: Packet) -> None:
        if not packet.sound:
            self.unsound(packet)
            return
        if packet.mn != MN or packet.pw != PW:
            return
        self.link = link
        if packet.cn in ("9011", "9012", "9013", "9014"):
            self.answered(packet)
        elif packet.cn == "1013":
            if packet.wants_answer:
                self.answer(link, packet, "9013")
            self.send("1012", f"SystemTime={self.clock.time()}")
        elif self.is_data(packet):
            self.progress(self.orders[packet.qn])
        elif packet.cn in _UPLOADS:
            self.uploaded(link, packet)

    def is_data(self, packet: Packet) -> bool:
        """Whether it answers a request; an upload may bear the same QN by chance."""
        order = self.orders.get(packet.qn)
        asked = order is not None and order.cn == packet.cn
        return asked and not packet.wants_answer

    def unsound(self, packet: Packet) -> None:
        """End the processing, as 6.3.1 has it."""

    def uploaded(self, link: Link, packet: Packet) -> None:
        for order in self.orders.values():
            if order.cn == packet.cn and order.state == "pending":
                self.progress(order)  # history has QN of its own
        self.keep(link, packet)
        if self.acknowledges(packet):
            self.answer(link, packet, "9014")

    def acknowledges(self, packet: Packet) -> bool:
        return packet.wants_answer

    def answer(self, link: Link, packet: Packet, cn: str) -> None:
        link.write(self.answer_to(packet, cn))

    def answer_to(self, packet: Packet, cn: str) -> bytes:
        return seal(segment(packet.qn, "91", cn, PW, MN, 4, ""))

    # Keeping

    def keep(self, link: Link, packet: Packet) -> None:
        if not self.is_new(packet):
            return
        if packet.pnum and packet.pnum != "1":
            self.keep_part(link, packet)
        else:
            self.store(packet, packet.items)

    def is_new(self, packet: Packet) -> bool:
        key = (packet.mn, packet.cn, packet.qn, packet.pno)
        new = key not in self.seen
        self.seen.add(key)
        return new

    def keep_part(self, link: Link, packet: Packet) -> None:
        now = time.monotonic()
        label = packet.items.get("DataTime", "")
        key = (packet.cn, label, packet.pnum)
        at, parts = link.parts.get(key, (now, {}))
        if now - at > 10:
            parts = {}
        parts[int(packet.pno)] = packet
        link.parts[key] = (now, parts)
        if len(parts) == int(packet.pnum):
            items: dict[str, str] = {}
            for number in sorted(parts):
                items |= parts[number].items
            del link.parts[key]
            self.store(packet, items)

    def store(self, packet: Packet, items: dict[str, str]) -> None:
        self.records.append(
            {
                "mn": packet.mn,
                "code": packet.cn,
                "qn": packet.qn,
                "data_time": items.get("DataTime", ""),
                "items": items,
            }
        )

    # Requests

    def send(self, cn: str, items: str) -> None:
        if self.link is None:
            return
        qn = self.clock.qn()
        octets = seal(segment(qn, "21", cn, PW, MN, 5, items))
        due = time.monotonic() + TIMEOUT_S
        self.orders[qn] = Order(MN, cn, items, qn, octets, due)
        self.link.write(octets)

    def answered(self, packet: Packet) -> None:
        order = self.find(packet)
        if order is None or order.state != "pending":
            return
        if packet.cn == "9011":
            self.accepted(order, packet.items.get("QnRtn", ""))
        elif packet.cn == "9012":
            done = packet.items.get("ExeRtn") == "1"
            order.state = "done" if done else "failed"
        elif packet.cn == "9013":
            order.state = "done"

    def find(self, packet: Packet) -> Order | None:
        return self.orders.get(packet.qn)

    def accepted(self, order: Order, code: str) -> None:
        if code == "1":
            self.progress(order)
        else:
            order.state = "refused"

    def progress(self, order: Order) -> None:
        order.accepted = True
        order.due = time.monotonic() + TIMEOUT_S

    def _follow(self) -> None:
        while not self._stop.wait(0.02):
            with self.lock:
                for order in {id(o): o for o in self.orders.values()}.values():
                    if order.state == "pending" and time.monotonic() >= order.due:
                        self.late(order)

    def late(self, order: Order) -> None:
        if order.accepted or order.times > RESENDS:
            order.state = "timeout"
            return
        order.times += 1
        order.due = time.monotonic() + TIMEOUT_S
        self.resend(order)

    def resend(self, order: Order) -> None:
        if self.link:
            self.link.write(order.octets)

    # Operators

    def ask(self, path: str, facts: dict[str, str]) -> Any:
        with self.lock:
            if path == "/records":
                return self.shown(facts)
            if path == "/send":
                self.send(facts.get("code", ""), facts.get("items", ""))
                return {}
            order = self.orders.get(facts.get("qn", ""))
            return {"state": order.state if order else "unknown"}

    def shown(self, facts: dict[str, str]) -> list[dict[str, Any]]:
        begin, end = facts.get("begin", ""), facts.get("end", "")
        return [
            record
            for record in self.records
            if record["mn"] == facts.get("mn")
            and record["code"] == facts.get("code")
            and begin <= record["data_time"] <= end
        ]


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            facts = {k: v[0] for k, v in parse_qs(url.query).items()}
            told = json.dumps(platform.ask(url.path, facts)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
