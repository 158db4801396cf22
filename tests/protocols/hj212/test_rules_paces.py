# SPDX-License-Identifier: Apache-2.0
"""Reporting intervals against the profile, until a host sets another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from conformance.data.reporting import Pace, pace_of, report_pace
from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.link.packets import Side
from conformance.profile.model import Reporting, Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.packets import Identity, area_of, packet
from tests.data.elements import PH
from tests.protocols.hj212.test_rules import talk

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")
Said = tuple[Side, bytes]


def report(minute: int, second: int = 0, *codes: str) -> Said:
    label = f"2026010112{minute:02d}{second:02d}"
    values = [((f"{c}-Rtd", "7.02"), (f"{c}-Flag", "N")) for c in codes or ("w01001",)]
    return "client", packet(
        WHO, "2011", f"{label}000", ((("DataTime", label),), *values)
    )


def told(interval: str) -> Said:
    area = area_of(RtdInterval=interval)
    return "client", packet(
        WHO, "1061", "20260101115900000", area, wanted=False, odd=True
    )


SET: Said = (
    "server",
    packet(WHO, "1062", "20260101115930000", area_of(RtdInterval="30")),
)


def judged(
    snapshot: Snapshot,
    *connections: Sequence[Said],
    ixit: Mapping[str, Any] | None = None,
) -> Judge:
    judge = Judge(snapshot, ixit or {}, "client")
    for said in connections:
        conversation = talk(*said)
        conversation.iut = "client"
        dialogue = rules.decode(conversation)
        judge_rule(find("hj212.reports_in_time", "device"), {}, [dialogue], judge)
    judge.conclude()
    return judge


@pytest.mark.parametrize(
    ("said", "observations", "failures"),
    [
        ([report(0), report(1), report(2)], 2, 0),
        ([report(0), report(1, 10), report(2)], 2, 0),
        ([report(0), report(1, 12)], 1, 1),
        ([report(0), report(0, 48)], 1, 1),
        ([report(0), report(2), report(3)], 2, 1),
        ([report(0), report(0), report(1)], 1, 0),
        ([report(1), report(0), report(2)], 1, 0),
        ([told("60")], 1, 0),
        ([told("120")], 1, 1),
        ([told("30")], 1, 1),
        ([told("x")], 0, 0),
        ([report(0), report(1), SET, report(1, 30), report(2)], 1, 0),
        ([told("60"), SET, told("30")], 1, 0),
    ],
)
def test_intervals_are_those_of_the_profile(
    snapshot: Snapshot, said: Sequence[Said], observations: int, failures: int
) -> None:
    judge = judged(snapshot, said)
    assert (judge.observations, judge.failures) == (observations, failures)
    assert {f.key for f in judge.findings} <= {"interval"}


def test_what_a_host_has_set_holds_over_connections(snapshot: Snapshot) -> None:
    later = [report(5), report(6, 40), told("100")]
    assert judged(snapshot, later).failures == 2
    assert judged(snapshot, [SET], later).observations == 0


def test_a_lost_connection_is_no_interval(snapshot: Snapshot) -> None:
    assert judged(snapshot, [report(0)], [report(9)]).observations == 0


def test_a_test_mode_lets_time_pass_faster(snapshot: Snapshot) -> None:
    quick = [report(0), report(0, 1), report(0, 2)]
    slow = [report(0), report(0, 4)]
    ixit = {"hj212_pace": 60}
    assert judged(snapshot, quick, ixit=ixit).failures == 0
    assert judged(snapshot, quick).failures == 2
    assert judged(snapshot, slow, ixit=ixit).failures == 1


def test_an_element_has_an_interval_of_its_own(snapshot: Snapshot) -> None:
    slow = {"w21003": Reporting("PT3M", "PT10S")}
    elements = tuple(
        replace(e, reporting=slow.get(e.wire_code("hj212") or "", e.reporting))
        for e in snapshot.elements
    )
    paced = replace(snapshot, elements=elements)

    def minutes(*held: int) -> Judge:
        both = ("w01001", "w21003")
        return judged(
            paced, [report(n, 0, *both[: 2 if n in held else 1]) for n in range(7)]
        )

    assert (minutes(0, 3, 6).observations, minutes(0, 3, 6).failures) == (8, 0)
    assert minutes(0, 6).failures == 1
    assert minutes(0, 1, 4).failures == 1


@pytest.mark.parametrize(
    ("stated", "pace"),
    [
        (None, None),
        (Reporting("PT1M", "PT10S"), Pace(60, 50, 70)),
        (Reporting("PT1M"), Pace(60, 0, 90)),
        (Reporting("PT1M", None, "PT5M"), Pace(60, 0, 300)),
        (Reporting("PT1M", "PT10S", "PT5M"), Pace(60, 50, 300)),
        (Reporting("PT10S", "PT20S"), Pace(10, 0, 30)),
    ],
)
def test_the_pace_of_an_element(stated: Reporting | None, pace: Pace | None) -> None:
    made = replace(PH, reporting=stated)
    assert pace_of(made) == pace
    quicker = replace(PH, reporting=Reporting("PT1S"))
    assert report_pace([made, quicker]) == Pace(1, 0, 1)
    assert report_pace([PH]) is None
