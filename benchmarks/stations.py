# SPDX-License-Identifier: Apache-2.0
"""A hundred simulated HJ 212 stations at one platform, on loopback.

Stations in one process, the simulated host in another; the host sets each station up,
then real-time data and states of machines come in at a pace, until so many uploads have
been answered.  The peer is what one writes without a station: a hundred blocking
sockets in a plain loop, uploads made beforehand, one in flight on each, answers found
by ``##`` and nothing checked.  It shows what the host can take; the stations besides
obey requests, make data from a profile, keep time limits and check every packet.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Figure, show
from recording import MEBI, peak_octets

STATIONS, UPLOADS = 100, 10_000
PACE = 300
"""Seconds of a station's interval of 60 s in one of ours: five uploads a second of
each kind from each station, a thousand a second together."""
DEADLINE_S = 90.0
_STEP_S = 0.05


def names() -> list[str]:
    return [f"370000A8900016F0001{number:05}" for number in range(STATIONS)]


# The host, in a process of its own


def host() -> None:
    """Serve until standard input ends; tell where, and at the end what came."""
    from conformance.protocols.hj212.packets import Identity
    from conformance.protocols.hj212.simulator.host import HostSimulator

    before = peak_octets()
    with HostSimulator(Identity(mn="", pw="Lh2017", st="21")) as served:
        print(json.dumps(served.address), flush=True)
        sys.stdin.read()
    kept = len(served.store.kept)
    print(json.dumps({"kept": kept, "octets": peak_octets() - before}), flush=True)


# Ours


class Count:
    """Uploads and answers of all stations, by QN; many threads add to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.sent: set[tuple[str, str]] = set()
        self.answered: set[tuple[str, str]] = set()
        self.packets = 0


def stations(address: tuple[str, int]) -> dict[str, Any]:
    """Let the stations report until enough is answered, then until all is."""
    from conformance.profile.corpus import default_corpus
    from conformance.protocols.hj212.codec.segment import Segment, parse_segment
    from conformance.protocols.hj212.packets import Identity
    from conformance.protocols.hj212.simulator import StationSimulator, StationTalk

    count = Count()

    class CountedTalk(StationTalk):
        def start(self, octets: bytes) -> bytes:
            qn = parse_segment(octets[6:-6]).qn or ""
            with count.lock:
                count.packets += 1
                count.sent.add((self.who.mn, qn))
            return super().start(octets)

        def obey(self, segment: Segment, batch: list[Segment]) -> None:
            if segment.cn == "9014":
                with count.lock:
                    count.answered.add((self.who.mn, segment.qn or ""))
            super().obey(segment, batch)

    class Counted(StationSimulator):
        def _work(self) -> None:
            sock = socket.create_connection(self.address, timeout=5)
            with sock:
                CountedTalk(self, sock).serve()

    corpus = default_corpus()
    snapshot = corpus.resolve(
        next(r for r in corpus.refs() if r.startswith("sd-water-surface-station"))
    )
    answers = {item.id: True for item in snapshot.ics}
    before = peak_octets()
    made = [
        Counted(
            snapshot,
            address,
            Identity(mn=mn, pw="Lh2017", st="21"),
            answers=answers,
            seed=number,
            pace=PACE,
        )
        for number, mn in enumerate(names())
    ]
    start, busy = time.perf_counter(), time.process_time()
    for one in made:
        one.__enter__()
    wait_until(lambda: len(count.answered) >= UPLOADS, DEADLINE_S)
    seconds, reached = time.perf_counter() - start, len(count.answered)
    busy = time.process_time() - busy
    for one in made:
        one.parameters.rtd_interval = 1 << 20
        one.streams.clear()
    wait_until(lambda: count.answered >= count.sent, DEADLINE_S)
    for one in made:
        one.stop.set()
    for one in made:
        one.close()
    return {
        "seconds": seconds,
        "processor": busy,
        "answered_in_time": reached,
        "sent": len(count.sent),
        "unanswered": len(count.sent - count.answered),
        "resent": count.packets - len(count.sent),
        "octets": peak_octets() - before,
    }


def wait_until(met: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not met() and time.monotonic() < end:
        time.sleep(_STEP_S)


# The peer


def sockets(address: tuple[str, int]) -> dict[str, Any]:
    """Send uploads made beforehand over blocking sockets, one in flight on each."""
    from conformance.protocols.hj212.codec import encode

    def upload(mn: str, number: int) -> bytes:
        qn = f"2026030204{number // 60_000 % 60:02}{number // 1000 % 60:02}"
        text = (
            f"QN={qn}{number % 1000:03};ST=21;CN=2011;PW=Lh2017;MN={mn};Flag=9;"
            "CP=&&DataTime=20260302040000;w01001-Rtd=7.12,w01001-Flag=N;"
            "w01009-Rtd=8.04,w01009-Flag=N;w01014-Rtd=412.5,w01014-Flag=N&&"
        )
        return encode(text.encode())

    rounds = UPLOADS // STATIONS
    said = [[upload(mn, number) for number in range(rounds)] for mn in names()]
    before = peak_octets()
    links = [socket.create_connection(address, timeout=DEADLINE_S) for _ in said]
    rest = [b""] * len(links)
    start, busy = time.perf_counter(), time.process_time()
    for number in range(rounds):
        for link, packets in zip(links, said, strict=True):
            link.sendall(packets[number])
        for at, link in enumerate(links):
            while b"CN=9014;" not in rest[at]:
                rest[at] += link.recv(65536)
            rest[at] = rest[at].partition(b"CN=9014;")[2]
    seconds, busy = time.perf_counter() - start, time.process_time() - busy
    for link in links:
        link.close()
    return {
        "seconds": seconds,
        "processor": busy,
        "answered_in_time": rounds * len(links),
        "octets": peak_octets() - before,
    }


SENDERS = {"stations": stations, "sockets": sockets}


def measured(sender: str) -> dict[str, Any]:
    """Run one sender against a fresh host; return what both tell."""
    command = [sys.executable, __file__, "--child"]
    with subprocess.Popen(
        [*command, "host"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as served:
        assert served.stdin is not None
        assert served.stdout is not None
        try:
            address = served.stdout.readline()
            done = subprocess.run(
                [*command, sender, address],
                check=True,
                stdout=subprocess.PIPE,
                timeout=3 * DEADLINE_S,
            )
        finally:
            served.stdin.close()
        told = json.loads(served.stdout.readline())
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"host_kept": told["kept"], "host_octets": told["octets"]}


def median(found: list[dict[str, Any]], key: str) -> float:
    return float(sorted(one[key] for one in found)[len(found) // 2])


def figures(rounds: int) -> list[Figure]:
    ours: list[dict[str, Any]] = []
    peers: list[dict[str, Any]] = []
    for number in range(rounds):
        turns = [(ours, "stations"), (peers, "sockets")]
        for found, sender in turns if number % 2 == 0 else reversed(turns):
            found.append(measured(sender))
            print(sender, found[-1], flush=True)
    name = "blocking sockets"
    for found in (ours, peers):
        for one in found:
            one["each"] = one["seconds"] / one["answered_in_time"] * 1e6
            one["each_busy"] = one["processor"] / one["answered_in_time"] * 1e6
    return [
        Figure("uploads answered a second", "", 1e6 / median(ours, "each")),
        Figure(
            "wall time of an upload",
            "us",
            median(ours, "each"),
            name,
            median(peers, "each"),
        ),
        Figure(
            "processor of the sender, each upload",
            "us",
            median(ours, "each_busy"),
            name,
            median(peers, "each_busy"),
        ),
        Figure("never answered", "", max(o["unanswered"] for o in ours), at_most=0),
        Figure("sent again after 10 s", "", max(o["resent"] for o in ours)),
        Figure(
            "memory of a station",
            "kB",
            median(ours, "octets") / STATIONS / 1024,
            name,
            median(peers, "octets") / STATIONS / 1024,
            at_most=512,
        ),
        Figure("memory of the host", "MB", median(ours, "host_octets") / MEBI),
        Figure(
            "memory of the host, each upload kept",
            "kB",
            median(ours, "host_octets") / median(ours, "host_kept") / 1024,
        ),
    ]


def main() -> int:
    """Measure, print, return 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--child", nargs="+", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child == ["host"]:
        host()
        return 0
    if asked.child:
        sender, address = asked.child
        found, port = json.loads(address)
        print(json.dumps(SENDERS[sender]((found, port))))
        return 0
    return show(figures(asked.rounds), asked.json)


if __name__ == "__main__":
    sys.exit(main())
