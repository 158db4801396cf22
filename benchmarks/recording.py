# SPDX-License-Identifier: Apache-2.0
"""Memory that a recording of one hour takes: written, read, looked up, judged.

A chatty station: uploads of HJ 212 and their answers, 500,000 packets over an hour, one
connection.  Each kind of work runs in a fresh process, which tells the peak of its
memory over what its imports took.  The peer is ``rdpcap`` of scapy, which gives a list
of packets, on the first 100,000; ours gives less of each packet and checks as much of
the file.  Judging by rules is measured on fewer messages, for what each of them adds.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Figure, show

try:
    import resource
except ImportError:  # Windows: what Python itself allocates, measured more slowly
    resource = None  # type: ignore[assignment]

SEED = 20260302
HOUR, PEER, FEW = 500_000, 100_000, 5_000
_NS = 1_000_000_000
START_NS = 1_772_424_000 * _NS
MEBI = 1 << 20
WORK_DEADLINE_S = 300


class Even:
    """A clock that makes every packet of an hour equally late."""

    def __init__(self, count: int) -> None:
        self.at_ns, self.step_ns = START_NS, 3600 * _NS // count

    def now_ns(self) -> int:
        self.at_ns += self.step_ns
        return self.at_ns


def talk() -> list[tuple[bytes, bytes]]:
    """Return uploads with seven factors, and the answers to them."""
    from conformance.protocols.hj212.codec import encode

    source, made = random.Random(SEED), []
    for number in range(200):
        qn = f"QN=20260302040000{number:03}"
        factors = "".join(
            f";w{source.randrange(10**5):05}-Rtd={source.randrange(10**4) / 10:05.1f},"
            f"w{source.randrange(10**5):05}-Flag=N"
            for _ in range(7)
        )
        who = "PW=123456;MN=010000A8900016F000169DC0"
        upload = f"{qn};ST=21;CN=2011;{who};Flag=5;CP=&&DataTime=20260302040000"
        answer = f"{qn};ST=91;CN=9014;{who};Flag=4;CP=&&&&"
        made.append((encode(f"{upload}{factors}&&".encode()), encode(answer.encode())))
    return made


# Kinds of work, each in a process of its own; they return what to check afterwards


def write(path: Path, count: int) -> int:
    from conformance.link.packets import Address
    from conformance.link.recorder import Recorder

    said = talk()
    recorder = Recorder(path, Even(count), describe="benchmark")  # type: ignore[arg-type]
    tape = recorder.connection(
        Address("127.0.0.1", 40_000),
        Address("127.0.0.1", 9001),
        protocol="hj212",
        iut="client",
        label="",
    )
    for number in range(count // 2):
        upload, answer = said[number % len(said)]
        tape.octets("client", upload, "")
        tape.octets("server", answer, "")
    recorder.close()
    return path.stat().st_size


def read(path: Path, count: int) -> int:
    """Go through the octets of all conversations, as rules do."""
    from conformance.link.conversation import recorded_conversations

    talks = recorded_conversations(path)
    return sum(len(piece.octets) for one in talks for piece in one.pieces)


def look_up(path: Path, count: int) -> int:
    """Fetch each packet by its number, as judging a check again does."""
    from conformance.link.journal import PacketStore

    store = PacketStore(path)
    return sum(len(store[number]) for number in range(4, count + 4))


def judge(path: Path, count: int) -> int:
    """Judge all rules of the base profile."""
    from conformance.engine.judge import SIDES, Judge, decode, judge_rule
    from conformance.engine.registry import find
    from conformance.link.conversation import recorded_conversations
    from conformance.profile.corpus import default_corpus

    corpus = default_corpus()
    ref = next(r for r in corpus.refs() if r.startswith("sd-base-hj212"))
    snapshot = corpus.resolve(ref)
    dialogues = decode(recorded_conversations(path), "device")["hj212"]
    observations = 0
    for requirement in snapshot.requirements:
        check = requirement.check
        if check is None or requirement.actor not in ("both", "device"):
            continue
        procedure = find(check.name, "device")
        if procedure.kind == "rule":
            told = Judge(snapshot, {}, SIDES["device"])
            judge_rule(procedure, check.params, dialogues, told)
            observations += told.observations
    return observations


def rdpcap(path: Path, count: int) -> int:
    from scapy.utils import rdpcap as read_all

    return sum(len(packet.load) for packet in read_all(str(path)) if "Raw" in packet)


def imports(kind: str) -> None:
    """Take what a kind of work imports, so that its code does not count."""
    if kind == "rdpcap":
        import scapy.layers.inet
        import scapy.utils  # noqa: F401
    else:
        import conformance.evidence.session
        import conformance.protocols.hj212.rules  # noqa: F401


WORK: dict[str, Callable[[Path, int], int]] = {
    "write": write,
    "read": read,
    "look_up": look_up,
    "judge": judge,
    "rdpcap": rdpcap,
}


def peak_octets() -> int:
    if resource is None:
        return tracemalloc.get_traced_memory()[1]
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def child(kind: str, path: Path, count: int) -> None:
    """Do one kind of work and print what it took."""
    imports(kind)
    if resource is None:
        tracemalloc.start()
    before, start = peak_octets(), time.process_time()
    result = WORK[kind](path, count)
    took = {"seconds": time.process_time() - start, "result": result}
    print(json.dumps(took | {"octets": peak_octets() - before}))


def measured(kind: str, path: Path, count: int) -> dict[str, Any]:
    # numpy's helpers of scapy would start threads with stacks of their own.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--child", kind, str(path), str(count)],
        check=True,
        capture_output=True,
        timeout=WORK_DEADLINE_S,
        env=environment,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def figures(folder: Path) -> list[Figure]:
    """Measure everything once, smallest first."""
    sizes = {"few": FEW, "more": 4 * FEW, "peer": PEER, "hour": HOUR}
    paths = {name: folder / f"{name}.pcapng" for name in sizes}
    wrote = {n: measured("write", paths[n], c) for n, c in sizes.items()}
    size = wrote["hour"]["result"] / MEBI
    took = {
        (kind, name): measured(kind, paths[name], sizes[name])
        for kind in ("read", "look_up")
        for name in ("peer", "hour")
    }
    scapy = measured("rdpcap", paths["peer"], PEER)
    for kind in ("read", "look_up"):
        if took[kind, "peer"]["result"] != scapy["result"]:
            raise AssertionError(f"not the same octets: {took}, {scapy}")
    rules = {n: measured("judge", paths[n], sizes[n]) for n in ("few", "more")}
    each = (rules["more"]["octets"] - rules["few"]["octets"]) / (3 * FEW)
    peer, peer_name = scapy["octets"] / MEBI, f"rdpcap of scapy {version('scapy')}"
    words = {"read": "conversations", "look_up": "packets by number"}
    found = [
        Figure(f"recording of {HOUR:,} packets", "MB", size),
        Figure("written: peak", "MB", wrote["hour"]["octets"] / MEBI, at_most=16),
    ]
    for kind, what in words.items():
        small, large = (took[kind, n]["octets"] / MEBI for n in ("peer", "hour"))
        found += [
            Figure(
                f"{what}, {PEER:,} packets: peak",
                "MB",
                small,
                peer_name,
                peer,
                ratio_at_most=0.05,
            ),
            Figure(f"{what}, {HOUR:,} packets: peak", "MB", large, at_most=32),
            Figure(
                f"{what}, {PEER:,} packets: processor",
                "s",
                took[kind, "peer"]["seconds"],
                peer_name,
                scapy["seconds"],
                ratio_at_most=0.25,
            ),
        ]
    found += [
        Figure(
            "written: processor, each packet",
            "us",
            wrote["hour"]["seconds"] / HOUR * 1e6,
        ),
        Figure("rules: peak, each packet more", "kB", each / 1024),
        Figure(
            "rules: processor, each packet",
            "us",
            rules["more"]["seconds"] / (4 * FEW) * 1e6,
        ),
    ]
    return found


def main() -> int:
    """Measure, print, return 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        kind, path, count = asked.child
        child(kind, Path(path), int(count))
        return 0
    with tempfile.TemporaryDirectory(prefix="luheng-recording-") as folder:
        return show(figures(Path(folder)), asked.json)


if __name__ == "__main__":
    sys.exit(main())
