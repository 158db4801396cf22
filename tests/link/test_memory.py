# SPDX-License-Identifier: Apache-2.0
"""Four times the recording, hardly more memory: counted in octets, never in seconds.

Each test does its work on a recording of N packets and on one of 4N, and compares the
peaks of what Python allocated.  What kept every packet would need megabytes more for
the larger one; what is allowed here is a few octets for each packet.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.link.clock import Clock
from conformance.link.conversation import recorded_conversations
from conformance.link.journal import PacketStore
from conformance.link.packets import Address
from conformance.link.pcapng import read_packets
from conformance.link.recorder import Recorder

OCTETS = b"\x30" * 700
FEW, MANY = 1_000, 4_000
PER_PACKET_OCTETS = 40
"""An offset, a number, a sender, and the room that an array grows ahead."""
GROWTH_MAX_OCTETS = (MANY - FEW) * PER_PACKET_OCTETS
CONNECTIONS = 4


def record(path: Path, count: int) -> None:
    """Write so many packets, in turns over a few connections."""
    recorder = Recorder(path, Clock(), describe="test")
    tapes = [
        recorder.connection(
            Address("127.0.0.1", 40_000 + number),
            Address("127.0.0.1", 1883),
            protocol="mqtt",
            iut="server",
            label="TST-MEM-001",
        )
        for number in range(CONNECTIONS)
    ]
    for number in range(count):
        tapes[number % CONNECTIONS].octets("client", OCTETS, "TST-MEM-001")
    recorder.close()


def walk(path: Path) -> int:
    """Read all octets of all conversations, one after the other."""
    return sum(
        len(piece.octets)
        for talk in recorded_conversations(path)
        for piece in talk.pieces
    )


def look_up(path: Path) -> int:
    """Fetch each packet by its number, as judging again does."""
    store = PacketStore(path)
    numbers = (p.number for p in read_packets(path) if len(p.octets) > len(OCTETS))
    return sum(len(store[number]) for number in numbers)


def append(path: Path) -> int:
    """Continue a recording, which has to count what is there."""
    recorder = Recorder(path, Clock(), describe="test", append=True)
    recorder.close()
    return path.stat().st_size


def peak_octets(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("recordings")
    few, many = folder / "few.pcapng", folder / "many.pcapng"
    record(few, FEW)
    record(many, MANY)
    return few, many


@pytest.mark.parametrize("work", [walk, look_up, append])
def test_reading_takes_no_more_memory_for_more_packets(
    recordings: tuple[Path, Path], work: Callable[[Path], int]
) -> None:
    few, many = recordings
    work(few)  # whatever is imported or cached once is not counted
    assert work(many) > 3 * work(few)
    grown = peak_octets(lambda: work(many)) - peak_octets(lambda: work(few))
    assert grown < GROWTH_MAX_OCTETS < (MANY - FEW) * len(OCTETS) // 10


def test_writing_takes_no_memory_for_more_packets(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcapng"
    record(path, FEW)
    few, many = (peak_octets(lambda n=n: record(path, n)) for n in (FEW, MANY))
    assert many - few < 10_000


def test_keeping_all_octets_would_be_noticed(recordings: tuple[Path, Path]) -> None:
    """The measure itself: a reader that keeps what it reads is over the limit."""
    few, many = recordings
    kept = [peak_octets(lambda p=p: list(read_packets(p))) for p in (many, few)]
    assert kept[0] - kept[1] > GROWTH_MAX_OCTETS
