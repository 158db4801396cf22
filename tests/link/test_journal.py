# SPDX-License-Identifier: Apache-2.0
"""The journal gives back what was noted, and nothing that was not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import LinkError
from conformance.link.clock import Clock
from conformance.link.journal import NotCovered, PacketStore, Recording, Replaying
from conformance.link.recorder import Recorder


@pytest.fixture
def packets(tmp_path: Path) -> PacketStore:
    path = tmp_path / "wire.pcapng"
    Recorder(path, Clock(), describe="test").close()
    return PacketStore(path)


def fail() -> dict:
    raise LinkError("link.refused", address="127.0.0.1:9")


def test_outcomes_come_back_in_order(packets: PacketStore) -> None:
    live = Recording(Clock())
    live.step("connect", {"to": "a:1"}, lambda: {"ch": 1, "at": 10})
    live.step("wait", {}, lambda: {"at": 12})
    again = Replaying(live.entries, packets)
    first = again.step("connect", {"to": "a:1"}, fail)
    assert (first["ch"], again.now_ns) == (1, 10)
    again.step("wait", {}, fail)
    assert again.now_ns == 12
    assert again.peek() is None


def test_errors_come_back_as_errors(packets: PacketStore) -> None:
    live = Recording(Clock())
    with pytest.raises(LinkError):
        live.step("connect", {"to": "a:1"}, fail)
    again = Replaying(live.entries, packets)
    with pytest.raises(LinkError) as caught:
        again.step("connect", {"to": "a:1"}, dict)
    assert (caught.value.code, caught.value.facts["address"]) == (
        "link.refused",
        "127.0.0.1:9",
    )


@pytest.mark.parametrize(
    ("op", "asked"), [("accept", {"to": "a:1"}), ("connect", {"to": "b:1"})]
)
def test_another_question_is_not_covered(
    packets: PacketStore, op: str, asked: dict
) -> None:
    again = Replaying([{"op": "connect", "to": "a:1", "at": 1}], packets)
    with pytest.raises(NotCovered):
        again.step(op, asked, dict)


def test_a_question_too_many_is_not_covered(packets: PacketStore) -> None:
    with pytest.raises(NotCovered):
        Replaying([], packets).step("wait", {}, dict)


def test_a_pass_that_ignores_evidence_is_none(packets: PacketStore) -> None:
    """A check that ends earlier than it did live has not seen what it judges."""
    rest = [{"op": "receive", "at": 1}, {"op": "end", "at": 2}]
    with pytest.raises(NotCovered):
        Replaying(rest, packets).conclude()
    Replaying(rest[1:], packets).conclude()


def test_a_packet_that_is_gone_is_not_covered(packets: PacketStore) -> None:
    again = Replaying([{"op": "receive", "packets": [99], "at": 1}], packets)
    with pytest.raises(NotCovered):
        again.octets(again.step("receive", {}, dict))
