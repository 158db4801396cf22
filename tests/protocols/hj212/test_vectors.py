# SPDX-License-Identifier: Apache-2.0
"""Every public HJ 212 frame breaks the rules that a reader of the standard says.

The expectations were reviewed frame by frame against the text of 2017 and what is
known of 2005 and 2025; ``why`` tells what is wrong, or why something odd is no fault.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.protocols.hj212.codec import FrameError, Packet, read_all
from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.explain import explain

FOLDER = Path(__file__).parents[3] / "fixtures" / "frames"


def lines(name: str) -> list[dict[str, Any]]:
    text = (FOLDER / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


FRAMES = [str(row["frame"]).encode("ascii") for row in lines("hj212.jsonl")]
GOOD = FRAMES[41]  # the printed example of HJ 212-2017, annex A
EXPECTED = lines("hj212-expected.jsonl")
PAIRS = [
    pytest.param(FRAMES[row["line"] - 1], row, id=str(row["line"])) for row in EXPECTED
]


def test_every_frame_has_its_expectation() -> None:
    """One line each, in order; whoever expects a breach says why."""
    assert [row["line"] for row in EXPECTED] == list(range(1, len(FRAMES) + 1))
    assert all(row.get("why") for row in EXPECTED if row["content"])


@pytest.mark.parametrize(("frame", "expected"), PAIRS)
def test_frame_breaks_what_it_breaks(frame: bytes, expected: dict[str, Any]) -> None:
    """Edition, framing and content are judged right, and nothing else is said."""
    found = explain(frame)
    assert found.decoded["edition"] == expected["edition"]
    for layer in ("framing", "content"):
        said = [v.rule for v in found.violations if v.layer == layer]
        assert said == expected[layer]


@pytest.mark.parametrize(("frame", "expected"), PAIRS)
def test_stream_reader_agrees(frame: bytes, expected: dict[str, Any]) -> None:
    """What has no damaged envelope is a packet; the next one is read in any case."""
    broken = set(expected["framing"]) - {"checksum"}
    found = read_all(frame + GOOD)
    *packets, last = (p for p in found if isinstance(p, Packet))
    assert last.octets == GOOD
    if broken:
        (error,) = (e for e in found if isinstance(e, FrameError))
        assert {error.rule} == broken
        assert not packets
        return
    (packet,) = packets
    assert packet.checksum_ok is ("checksum" not in expected["framing"])
    rules = [v.rule for v in parse_segment(packet.segment).violations]
    assert rules == [rule for rule in expected["content"] if rule != "FRM-011"]
