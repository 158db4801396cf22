# SPDX-License-Identifier: Apache-2.0
"""The simulated host by itself: what it keeps, what it asks, what it says of it."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from typing import Any

import pytest

from conformance.protocols.hj212.codec import encode_raw
from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.packets import Identity, answer_to, area_of, packet
from conformance.protocols.hj212.simulator.host import HostSimulator
from conformance.protocols.hj212.simulator.records import Records
from tests.protocols.hj212.test_simulator import WHO, Wire, host, qn

LABEL = "20260101120000"
AREA = ((("DataTime", LABEL),), (("w01001-Rtd", "7.02"),))


def ask(simulator: HostSimulator, hook: str, **facts: str) -> Any:
    """Ask a hook as a run does."""
    quoted = {k: urllib.parse.quote(v, safe="") for k, v in facts.items()}
    with urllib.request.urlopen(
        simulator.hooks[hook].format(**quoted), timeout=5
    ) as got:
        return json.load(got)


def meet(wire: Wire) -> None:
    """Upload and carry out everything that a new station is told."""
    wire.send(packet(WHO, "2011", qn(1), AREA))
    wanted = {"1012", "1000", "1062", "1064", "2011", "2021"}
    while wanted:
        segment = wire.next()
        if segment.cn in wanted:
            wanted.discard(segment.cn)
            answer(wire, segment.qn or "")


def answer(wire: Wire, request: str, result: str = "1") -> None:
    wire.send(answer_to(WHO, "9011", request, area_of(QnRtn="1")))
    wire.send(answer_to(WHO, "9012", request, area_of(ExeRtn=result)))


def settled(simulator: HostSimulator, request: str, mn: str = WHO.mn) -> str:
    """Ask until a request is no longer pending, at most two seconds."""
    deadline = time.monotonic() + 2
    while True:
        state = ask(simulator, "command_result", mn=mn, qn=request)["state"]
        if state != "pending" or time.monotonic() > deadline:
            return str(state)


def part(number: int, of: int) -> bytes:
    area = area_of(DataTime=LABEL, **{f"w0100{number}-Rtd": "1"})
    return packet(WHO, "2061", qn(number), area, parts=(of, number))[6:-6]


def test_an_upload_is_kept_once_by_its_qn() -> None:
    records = Records(frozenset())
    segment = parse_segment(packet(WHO, "2011", qn(1), AREA)[6:-6])
    for _ in range(2):
        records.keep(segment)
    assert [r.qn for r in records.find(WHO.mn, "2011", LABEL, LABEL)] == [qn(1)]


def test_parts_are_kept_when_all_are_there() -> None:
    records = Records(frozenset())
    for number in (2, 1):
        assert records.find(WHO.mn, "2061", LABEL, LABEL) == []
        records.keep(parse_segment(part(number, 2)))
    (record,) = records.find(WHO.mn, "2061", LABEL, LABEL)
    assert {"w01001-Rtd", "w01002-Rtd"} <= record.items.keys()


def test_an_upload_of_2005_is_kept_by_its_data() -> None:
    records = Records(frozenset())
    text = (
        f"ST=32;CN=2011;PW=123456;MN=88888880000001;CP=&&DataTime={LABEL};011-Rtd=1&&"
    )
    for value in ("1", "1", "2"):
        records.keep(parse_segment(text.replace("Rtd=1", f"Rtd={value}").encode()))
    assert len(records.find("88888880000001", "2011", LABEL, LABEL)) == 2


def test_a_new_station_is_set_up_once() -> None:
    with host() as (simulator, wire):
        meet(wire)
        assert simulator.met == {WHO.mn}
        wire.send(packet(WHO, "2011", qn(2), AREA))
        assert wire.next().cn == "9014"


@pytest.mark.parametrize(("result", "state"), [("1", "done"), ("2", "failed")])
def test_a_request_ends_as_its_result_says(result: str, state: str) -> None:
    with host() as (simulator, wire):
        meet(wire)
        told = ask(simulator, "send_command", mn=WHO.mn, code="1061", items="")
        request = wire.until("1061")
        assert request.qn == told["qn"]
        assert ask(simulator, "command_result", mn=WHO.mn, qn=told["qn"]) == {
            "state": "pending"
        }
        answer(wire, told["qn"], result)
        assert settled(simulator, told["qn"]) == state


def test_a_refused_request_is_refused() -> None:
    with host() as (simulator, wire):
        meet(wire)
        told = ask(simulator, "send_command", mn=WHO.mn, code="1061", items="")
        wire.until("1061")
        wire.send(answer_to(WHO, "9011", told["qn"], area_of(QnRtn="3")))
        assert settled(simulator, told["qn"]) == "refused"


def test_a_request_carries_its_items() -> None:
    with host() as (simulator, wire):
        meet(wire)
        ask(
            simulator,
            "send_command",
            mn=WHO.mn,
            code="2061",
            items="BeginTime=20260101000000;EndTime=20260101010000",
        )
        request = wire.until("2061")
    assert [i.name for i in request.items] == ["BeginTime", "EndTime"]
    assert request.violations == ()


def test_nobody_is_asked_who_is_not_there() -> None:
    with host() as (simulator, _):
        told = ask(simulator, "send_command", mn="0" * 24, code="1061", items="")
        assert "error" in told
        state = ask(simulator, "command_result", mn=WHO.mn, qn=qn(9))
        assert state == {"state": "unknown"}


def test_a_station_of_2005_is_asked_in_its_edition() -> None:
    """Its request has version bits 0; QN of its answer is found inside CP."""
    old = Identity("88888880000001", "Lh2017", "32", 0)

    def send(wire: Wire, cn: str, inner: str) -> None:
        text = f"ST=32;CN={cn};PW={old.pw};MN={old.mn};CP=&&{inner}&&"
        wire.send(encode_raw(text.encode()))

    with host() as (simulator, wire):
        send(wire, "2011", f"DataTime={LABEL};011-Rtd=1")
        while True:
            told = ask(simulator, "send_command", mn=old.mn, code="1061", items="")
            if "qn" in told:
                break
        request = wire.until("1061")
        assert request.flag is not None
        assert request.flag.version == 0
        send(wire, "9011", f"QN={told['qn']};QnRtn=1")
        send(wire, "9012", f"QN={told['qn']};ExeRtn=1")
        assert settled(simulator, told["qn"], old.mn) == "done"
        # A QN is a time: under another MN it is another request.
        assert settled(simulator, told["qn"]) == "unknown"
