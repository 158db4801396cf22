# SPDX-License-Identifier: Apache-2.0
"""An honest HJ 212 host computer on a real socket; see ``simulator.py``.

Answers uploads with 9014 and notices with 9013, sets the clock of a station that asks
for it, and keeps each upload once.  What it keeps can be asked over HTTP on loopback,
``/records?mn=...&code=...&begin=...&end=...`` (command, DataTime from and to), as a
JSON list; that is what a vendor offers as the observation hook ``stored_records``.

Source: HJ 212-2017, 6.1, 6.2.1, 6.5.2, 6.5.3 and C.4.
"""

from __future__ import annotations

import json
import socket
import threading
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from conformance.protocols.hj212.codec import FrameError, Packet
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.machine import ANSWER_OF, kinds_of
from conformance.protocols.hj212.packets import Identity, area_of, packet
from conformance.protocols.hj212.segment import Segment, parse_segment
from conformance.protocols.hj212.talk import Talk, Worker

__all__ = ["HostSimulator", "Record"]

_REFUSALS = {"refuses-blanks": "SEG-044", "refuses-trailing-separator": "SEG-045"}


@dataclass(frozen=True, slots=True)
class Record:
    """One upload as the host keeps it."""

    mn: str
    cn: str
    qn: str
    data_time: str
    items: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the record as the hook ``stored_records`` shows it."""
        return {
            "mn": self.mn,
            "cn": self.cn,
            "qn": self.qn,
            "data_time": self.data_time,
            "items": dict(self.items),
        }


class HostSimulator(Worker):
    """A host computer that listens on a free port of loopback."""

    def __init__(self, who: Identity, *, quirks: frozenset[str] = frozenset()) -> None:
        super().__init__("hj212-host")
        self.who = who
        self.quirks = quirks
        self.records: list[Record] = []
        self._lock = threading.Lock()
        self._talks: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.1)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(self))
        self._http.daemon_threads = True

    @property
    def address(self) -> tuple[str, int]:
        """Where stations connect."""
        host, port = self._listener.getsockname()[:2]
        return host, port

    @property
    def records_url(self) -> str:
        """Where the kept records can be asked, as a URL template for the hook."""
        port = self._http.server_address[1]
        query = "mn={mn}&code={code}&begin={begin}&end={end}"
        return f"http://127.0.0.1:{port}/records?{query}"

    def _work(self) -> None:
        serving = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        serving.start()
        with self._listener:
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
        self._http.shutdown()
        self._http.server_close()
        serving.join(5)
        for talk in self._talks:
            talk.join(5)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            _HostTalk(self, sock).serve()

    def keep(self, segment: Segment) -> None:
        """Keep an upload, once (HJ 212-2017, 6.2.1: a resend is the same upload)."""
        items = {item.name: item.value for item in segment.items}
        record = Record(
            segment.mn or "",
            segment.cn or "",
            segment.qn or "",
            items.get("DataTime", ""),
            items,
        )
        with self._lock:
            if record not in self.records or "stores-twice" in self.quirks:
                self.records.append(record)

    def find(self, mn: str, code: str, begin: str, end: str) -> list[Record]:
        """Return the records of a station and command, by DataTime."""
        with self._lock:
            return [
                r
                for r in self.records
                if (r.mn, r.cn) == (mn, code) and begin <= r.data_time <= end
            ]


class _HostTalk(Talk):
    """A host on one connection."""

    def __init__(self, host: HostSimulator, sock: socket.socket) -> None:
        super().__init__(sock, host.who, host.quirks, host.stop)
        self.host = host

    def begin(self) -> None:
        if "configures-at-once" in self.quirks:
            self._request("1012", SystemTime=stamp(datetime.now(BEIJING)))
            self._request("1000", OverTime="10", ReCount="3")
            self._request("1062", RtdInterval="60")
            self._request("1061")

    def _request(self, cn: str, **items: str) -> None:
        self.start(packet(self.who, cn, self.qn(), area_of(**items)))

    def suffer(self, found: Packet | FrameError) -> None:
        if isinstance(found, FrameError):
            return
        if "drops-line-on-damage" in self.quirks:
            self.is_open = False
        if "keeps-damaged" in self.quirks:
            self.host.keep(parse_segment(found.segment))

    def obey(self, segment: Segment, batch: list[Segment]) -> None:
        kinds = kinds_of(segment, "device")
        qn = segment.qn or ""
        if "last-qn" in self.quirks:
            qn = batch[-1].qn or ""
        if Kind.ANSWER in kinds:
            if "answers-answers" in self.quirks:
                self.answer("9014", qn)
            return
        refused = {rule for quirk, rule in _REFUSALS.items() if quirk in self.quirks}
        if any(violation.rule in refused for violation in segment.violations):
            return
        if "ignores-parts" in self.quirks and segment.pnum is not None:
            return
        wanted = segment.flag is not None and segment.flag.answer_wanted
        for kind in kinds & {Kind.UPLOAD, Kind.NOTICE}:
            if kind is Kind.UPLOAD:
                self.host.keep(segment)
            if wanted or "answers-unwanted" in self.quirks:
                self._answer(ANSWER_OF[kind], qn)
        if segment.cn == "1013" and "never-sets-clock" not in self.quirks:
            self._request("1012", SystemTime=stamp(datetime.now(BEIJING)))

    def _answer(self, cn: str, qn: str) -> None:
        if f"no-{cn}" in self.quirks:
            return
        if "answers-with-result" in self.quirks:
            self.answer(cn, qn, area_of(QnRtn="1"))
        else:
            self.answer(cn, qn)


def _handler_for(host: HostSimulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Shows the records of one host."""

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            if parts.path != "/records":
                self.send_error(404)
                return
            asked = dict(urllib.parse.parse_qsl(parts.query))
            wanted = (asked.get(k, "") for k in ("mn", "code", "begin", "end"))
            body = json.dumps([r.to_json() for r in host.find(*wanted)]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the log of a simulator is the recording of the run."""

    return Handler
