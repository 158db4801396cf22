# SPDX-License-Identifier: Apache-2.0
"""All statements about servers against one mosquitto: seconds, and how many a second.

Whole runs of the base profiles of 3.1.1 and 5.0, each a fresh process, with as many
jobs as ``luheng run`` takes by itself, at two depths; start-up and reports are out.
``--slowest`` names the checks that take longest, for most of what they take is waiting.

Peers, on the same mosquitto.  The tests of paho.mqtt.testing are on no package index:
with ``--peer-tests`` a checkout of that repository is run between our runs, without it
the figure recorded for it stands beside ours, and is called so.  QoS 1 probes: CONNECT
once, then PUBLISH and PUBACK one after the other, through what checks of the suite
speak through (every octet recorded and journalled), against paho-mqtt.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Figure, show

SEED = 20261125
RUN_DEADLINE_S = 600
PROBES, PROBE_ROUNDS = 1000, 5
REFS = {4: "sd-base-mqtt311@1.0.0", 5: "sd-base-mqtt5@1.0.0"}
AT_MOST_S = {"smoke": 5.0, "standard": 40.0}
"""Of both versions together, on two cores."""
RECORDED_TESTS, RECORDED_S = 10, 38.8
"""client_test.py of paho.mqtt.testing against mosquitto 2.0.11, on a quiet machine."""
PROBES_AT_LEAST = 3.0
"""Times the peer's round trips a second."""
LACKS = (
    "CREDENTIALS",
    "ENHANCED_AUTH",
    "WEBSOCKET",
    "DISCONNECT",
    "RESPONSE_INFO",
    "SERVER_KEEP_ALIVE",
    "SERVER_REFERENCE",
)
"""What mosquitto without a configuration does not have."""


_PEER_MAIN = """
import functools, runpy, unittest
unittest.main = functools.partial(unittest.main, argv=["client_test.py"])
runpy.run_path("client_test.py", run_name="__main__")
"""
"""Its options and those of unittest do not bear each other."""


def declaration(level: int, port: int) -> Any:
    """Return a declaration of the mosquitto for one version."""
    from conformance.engine.proof import Endpoint, declare
    from conformance.profile.corpus import default_corpus

    snapshot = default_corpus().resolve(REFS[level])
    prefix = "MQTT5" if level == 5 else "MQTT"
    answers = {item.id: item.id.startswith("MQTT") for item in snapshot.ics}
    lacks = {f"{prefix}_{name}" for name in LACKS} & answers.keys()
    ixit = {
        "endpoint": Endpoint("127.0.0.1", port),
        "answer_timeout": "PT2S",
        "keep_alive_grace": "PT6S",
        # It waits a minute and a half for CONNECT, and no run should for it.
        "connect_wait": "PT2S",
    }
    return snapshot, declare(
        snapshot,
        "platform",
        ics=answers | dict.fromkeys(lacks, False),
        ixit={f"{prefix.lower()}_{name}": value for name, value in ixit.items()},
    )


def child(level: int, depth: str, port: int, jobs: int) -> None:
    """Carry one run out and print what it took."""
    from conformance.engine.verdicts import Verdict
    from conformance.evidence.session import Options, prepare

    snapshot, declared = declaration(level, port)
    with tempfile.TemporaryDirectory(prefix="luheng-mqtt-") as folder:
        options = Options(
            depth=depth, jobs=jobs, seed=SEED, folder=Path(folder) / "run"
        )
        session = prepare(declared, options, snapshot=snapshot, environ={})
        wall, processor = time.perf_counter(), time.process_time()
        result = session.execute()
        wall = time.perf_counter() - wall
        processor = time.process_time() - processor
    away = {Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED}
    judged = [r for r in result.records if r.verdict not in away]
    slow = sorted(
        ((float(r.to_json()["duration_s"]), r.requirement, r.check) for r in judged),
        reverse=True,
    )
    found = {
        "wall": wall,
        "processor": processor,
        "judged": len(judged),
        "verdicts": Counter(str(r.verdict) for r in judged),
        "one_by_one": sum(seconds for seconds, _, _ in slow),
        "slow": slow,
    }
    print(json.dumps(found))


def measured(level: int, depth: str, port: int, jobs: int) -> dict[str, Any]:
    words = [str(level), depth, str(port), str(jobs)]
    done = subprocess.run(
        [sys.executable, __file__, "--child", *words],
        check=True,
        stdout=subprocess.PIPE,
        timeout=RUN_DEADLINE_S,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def peer_tests(folder: Path, port: int) -> tuple[int, float]:
    """Run the peer's tests of 3.1.1; return how many there are and what they took."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _PEER_MAIN, "--port", str(port)],
        cwd=folder / "interoperability",
        capture_output=True,
        text=True,
        timeout=RUN_DEADLINE_S,
        check=False,  # some of its tests fail against mosquitto
    )
    seconds = time.perf_counter() - start
    count = re.search(r"Ran (\d+) tests?", done.stderr)
    if count is None:
        raise SystemExit(f"the peer's tests did not run: {done.stderr[-500:]}")
    return int(count[1]), seconds


def runs(
    depth: str, rounds: int, port: int, jobs: int, slowest: int, peer: Path | None
) -> list[Figure]:
    """Run both versions in turns with the peer's tests, if they are at hand."""
    found: dict[int, list[dict[str, Any]]] = {level: [] for level in REFS}
    peers: list[float] = []
    for _ in range(rounds):
        for level, series in found.items():
            series.append(measured(level, depth, port, jobs))
        if peer is not None:
            tests, seconds = peer_tests(peer, port)
            peers.append(tests / seconds)
    wall = 0.0
    judged = 0
    for level, series in found.items():
        median = statistics.median(run["wall"] for run in series)
        waiting = 1 - statistics.median(r["processor"] / r["wall"] for r in series)
        last = series[-1]
        words = ", ".join(f"{n} {v}" for v, n in sorted(last["verdicts"].items()))
        print(
            f"{REFS[level]} {depth}: {last['judged']} judged ({words}), {median:.1f} s,"
            f" {waiting:.0%} waiting, {last['one_by_one']:.1f} s one after the other"
        )
        for seconds, name, check in last["slow"][:slowest]:
            print(f"  {seconds:>6.2f} s  {name:<22} {check}")
        wall, judged = wall + median, judged + last["judged"]
    name = "measured" if peers else "recorded"
    rate = statistics.median(peers) if peers else RECORDED_TESTS / RECORDED_S
    return [
        Figure(
            f"server, both versions, {depth}: seconds",
            "s",
            wall,
            at_most=AT_MOST_S[depth],
        ),
        Figure(
            f"server, both versions, {depth}: seconds for each statement",
            "s",
            wall / judged,
            f"paho.mqtt.testing, for each test, {name}",
            1 / rate,
        ),
    ]


def our_probes(port: int) -> Callable[[], float]:
    """Return what measures our round trips: recorded, journalled, judged."""
    from conformance.engine.run import Run, Setup
    from conformance.link.clock import Clock
    from conformance.link.hub import Hub, Limits
    from conformance.link.journal import Recording
    from conformance.link.recorder import Recorder
    from conformance.protocols.mqtt.client import connect
    from conformance.protocols.mqtt.codec import Puback

    snapshot, declared = declaration(4, port)
    ixit = {**declared.ixit, "mqtt_answer_timeout": 10}
    setup = Setup(snapshot, declared, ixit, SEED)
    asked = snapshot.requirements[0]

    def once() -> float:
        with tempfile.TemporaryDirectory(prefix="luheng-mqtt-") as folder:
            clock = Clock()
            recorder = Recorder(Path(folder) / "wire.pcapng", clock, describe="bench")
            hub = Hub(recorder, threading.Event(), Limits(requirement_s=300))
            hub.begin("probes")
            run = Run(
                setup, asked, Recording(clock), hub, name="p", shared={}, listeners={}
            )
            client = connect(run)
            start = time.perf_counter()
            for _ in range(PROBES):
                heard = client.publish("luheng/bench", b"probe", qos=1)
                if not isinstance(heard, Puback):
                    raise AssertionError(heard)
            seconds = time.perf_counter() - start
            client.leave()
            hub.close()
            recorder.close()
        return seconds / PROBES

    return once


def their_probes(port: int) -> Callable[[], float]:
    """Return what measures the peer's: publish, then wait for the acknowledgement."""
    from paho.mqtt import client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    def once() -> float:
        client = paho.Client(CallbackAPIVersion.VERSION2)
        client.connect("127.0.0.1", port)
        client.loop_start()
        client.publish("luheng/bench", b"first", qos=1).wait_for_publish(10)
        start = time.perf_counter()
        for _ in range(PROBES):
            client.publish("luheng/bench", b"probe", qos=1).wait_for_publish(10)
        seconds = time.perf_counter() - start
        client.disconnect()
        client.loop_stop()
        return seconds / PROBES

    return once


def bare_probes(port: int) -> Callable[[], float]:
    """Return what measures octets made beforehand over a blocking socket: the floor."""
    from conformance.protocols.mqtt.codec import Connect, Publish, encode

    opening = encode(Connect("luheng-bare"))
    probe = encode(Publish("luheng/bench", b"probe", qos=1, packet_identifier=1))

    def once() -> float:
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(opening)
            sock.recv(64)
            start = time.perf_counter()
            for _ in range(PROBES):
                sock.sendall(probe)
                sock.recv(64)
            return (time.perf_counter() - start) / PROBES

    return once


def probes(port: int) -> list[Figure]:
    """Measure round trips of the suite, of the peer and of a bare socket, in turns."""
    ways = (our_probes(port), their_probes(port), bare_probes(port))
    turns = [[way() for way in ways] for _ in range(PROBE_ROUNDS)]
    ours, theirs, bare = (statistics.median(s) * 1e6 for s in zip(*turns, strict=True))
    peer = f"paho-mqtt {version('paho-mqtt')}"
    return [
        Figure(
            "QoS 1 round trip",
            "us",
            ours,
            peer,
            theirs,
            ratio_at_most=1 / PROBES_AT_LEAST,
        ),
        Figure("QoS 1 round trip, bare socket", "us", bare, peer, theirs),
    ]


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, return 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="at depth smoke")
    parser.add_argument("--jobs", type=int, help="as luheng run takes unless given")
    parser.add_argument("--depth", choices=AT_MOST_S, action="append")
    parser.add_argument("--slowest", type=int, default=8, metavar="N")
    parser.add_argument("--peer-tests", type=Path, metavar="FOLDER")
    parser.add_argument("--probes-only", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.child:
        level, depth, port, jobs = asked.child
        child(int(level), depth, int(port), int(jobs))
        return 0
    from conformance.cli.run import _default_jobs
    from conformance.protocols.mqtt.bench import mosquitto_running

    jobs = asked.jobs or _default_jobs()
    print(f"{os.cpu_count()} cores, {jobs} jobs; mosquitto as installed")
    figures = []
    with ExitStack() as stack:
        _, port = stack.enter_context(mosquitto_running())
        if not asked.probes_only:
            for depth in asked.depth or AT_MOST_S:
                rounds = asked.rounds if depth == "smoke" else 1
                figures += runs(
                    depth, rounds, port, jobs, asked.slowest, asked.peer_tests
                )
        figures += probes(port)
    return show(figures, asked.json)


if __name__ == "__main__":
    sys.exit(main())
