# SPDX-License-Identifier: Apache-2.0
"""Whole runs on loopback: how long, how much of it waiting, how many checks a second.

HJ 212 against the simulated host and station, MQTT 3.1.1 against mosquitto and against
a client of paho-mqtt, as ``luheng prove`` runs the honest ones; at two depths.  The
peer of a platform run with four jobs is the same run with one (``--jobs 1``), in turns.
Each run is a fresh process.  Simulators live in it, mosquitto in its own; processor
seconds are those of the process with its simulators, so waiting is rather more than
shown.  Start-up, planning and reports in files are out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Figure, show

SEED = 20260302
JOBS = 4
RUN_DEADLINE_S = 400
PROFILES = {"hj212": "sd-base-hj212", "mqtt": "sd-base-mqtt"}
RATIO_AT_MOST = {("mqtt", "platform"): 0.6, ("hj212", "platform"): 0.5}
"""Share of the time with one job.  A device has one connection and knows no jobs; an
HJ 212 platform bears as many checks at once as it knows stations, here four."""


def child(protocol: str, role: str, depth: str, jobs: int) -> None:
    """Carry one run out and print what it took."""
    from conformance.engine.verdicts import Verdict
    from conformance.evidence.session import Options, prepare
    from conformance.profile.corpus import default_corpus
    from conformance.protocols import room

    corpus = default_corpus()
    wanted = PROFILES[protocol]
    snapshot = corpus.resolve(next(r for r in corpus.refs() if r.startswith(wanted)))
    with (
        tempfile.TemporaryDirectory(prefix="luheng-runs-") as folder,
        room(protocol, "faults").bench(snapshot, role, None) as bench,
    ):
        options = Options(
            depth=depth, jobs=jobs, seed=SEED, folder=Path(folder) / "run"
        )
        session = prepare(
            bench.declaration, options, snapshot=snapshot, environ=dict(bench.environ)
        )
        wall, processor = time.perf_counter(), time.process_time()
        result = session.execute()
        wall = time.perf_counter() - wall
        processor = time.process_time() - processor
    away = {Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED}
    judged = [r for r in result.records if r.verdict not in away]
    print(
        json.dumps(
            {
                "wall": wall,
                "processor": processor,
                "judged": len(judged),
                "verdicts": Counter(str(r.verdict) for r in judged),
            }
        )
    )


def measured(protocol: str, role: str, depth: str, jobs: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", protocol, role, depth, str(jobs)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=RUN_DEADLINE_S,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def figures(protocol: str, role: str, depth: str, rounds: int) -> list[Figure]:
    """Run in turns, with all jobs and with one."""
    many: list[dict[str, Any]] = []
    one: list[dict[str, Any]] = []
    for number in range(rounds):
        turns = [(many, JOBS)] + [(one, 1)] * (role == "platform")
        for found, jobs in turns if number % 2 == 0 else reversed(turns):
            found.append(measured(protocol, role, depth, jobs))
    wall = statistics.median(run["wall"] for run in many)
    waiting = statistics.median(1 - run["processor"] / run["wall"] for run in many)
    judged = many[0]["judged"]
    name = f"{protocol} {role} {depth}"
    words = ", ".join(f"{n} {v}" for v, n in sorted(many[0]["verdicts"].items()))
    print(f"{name}: {judged} requirements judged ({words})", flush=True)
    return [
        Figure(
            f"{name}: seconds",
            "s",
            wall,
            "one job",
            statistics.median(run["wall"] for run in one) if one else None,
            ratio_at_most=RATIO_AT_MOST.get((protocol, role)),
        ),
        Figure(f"{name}: waiting", "of 1", waiting),
        Figure(f"{name}: requirements a second", "", judged / wall),
    ]


def main() -> int:
    """Measure, print, return 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="at depth smoke")
    parser.add_argument("--protocol", choices=PROFILES, action="append")
    parser.add_argument("--role", choices=("device", "platform"), action="append")
    parser.add_argument("--depth", choices=("smoke", "standard"), action="append")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        protocol, role, depth, jobs = asked.child
        child(protocol, role, depth, int(jobs))
        return 0
    print(f"paho-mqtt {version('paho-mqtt')}; mosquitto as installed")
    found = []
    for depth in asked.depth or ("smoke", "standard"):
        rounds = asked.rounds if depth == "smoke" else 1
        for protocol in asked.protocol or PROFILES:
            for role in asked.role or ("platform", "device"):
                found += figures(protocol, role, depth, rounds)
    return show(found, asked.json)


if __name__ == "__main__":
    sys.exit(main())
