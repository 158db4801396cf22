# SPDX-License-Identifier: Apache-2.0
"""An hour against its minutes: every legal way of computing it, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.profile.model import Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.packets import Identity, packet
from tests.protocols.hj212.test_rules import talk
from tests.protocols.hj212.test_rules_data import TOLD, hour

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")
Triple = tuple[str, str, str]
MINUTES: Sequence[Triple] = (
    *(("2.0", "3.0", "4.0"), ("3.0", "4.0", "6.0"), ("1.5", "2.5", "3.5")),
    *(("2.0", "2.0", "2.0"), ("3.5", "4.5", "5.0"), ("4.0", "5.0", "7.0")),
)


def area(label: str, triple: Triple, mark: str = "N") -> Area:
    keys = zip(("Min", "Avg", "Max"), triple, strict=True)
    group = (*((f"w21003-{key}", text) for key, text in keys), ("w21003-Flag", mark))
    return ((("DataTime", label),), group)


def judged(
    snapshot: Snapshot,
    whole: Triple,
    minutes: Sequence[Triple] = MINUTES,
    mark: str = "N",
) -> Judge:
    made = [TOLD]
    for number, triple in enumerate(minutes):
        label = f"2026010111{number}000"
        qn = f"20260101120000{number:03d}"
        made.append(packet(WHO, "2051", qn, area(label, triple), wanted=False))
    last = area("20260101110000", whole, mark)
    made.append(packet(WHO, "2061", "20260101120000999", last, wanted=False))
    return look(snapshot, made)


def look(snapshot: Snapshot, packets: Sequence[bytes]) -> Judge:
    conversation = talk(*(("client", octets) for octets in packets))
    conversation.iut = "client"
    judge = Judge(snapshot, {}, "client")
    name = "hj212.hour_within_minutes"
    judge_rule(find(name, "device"), {}, [rules.decode(conversation)], judge)
    return judge


@pytest.mark.parametrize(
    ("whole", "failures"),
    [
        (("1.5", "3.5", "7.0"), 0),  # from samples
        (("2.0", "3.5", "5.0"), 0),  # extremes of the means of minutes
        (("1.5", "5.0", "7.0"), 0),  # the last minute stands for the hour
        (("1.4", "3.50", "7.1"), 0),  # by a unit in the last place
        (("1.3", "3.5", "7.0"), 1),
        (("2.3", "3.5", "7.0"), 1),
        (("1.5", "1.8", "7.0"), 1),
        (("1.5", "5.2", "7.0"), 1),
        (("1.5", "3.5", "4.8"), 1),
        (("1.5", "3.5", "7.2"), 1),
        (("15", "35", "70"), 3),
    ],
)
def test_an_hour_lies_within_its_minutes(
    snapshot: Snapshot, whole: Triple, failures: int
) -> None:
    judge = judged(snapshot, whole)
    assert (judge.observations, judge.failures) == (3, failures)
    assert {f.key for f in judge.findings} <= {"hour"}


WRONG: Triple = ("15", "35", "70")


@pytest.mark.parametrize(
    "made",
    [
        lambda snapshot: judged(snapshot, WRONG, MINUTES[:-1]),
        lambda snapshot: judged(snapshot, WRONG, mark="D"),
        lambda snapshot: judged(snapshot, ("9", "1", "9")),
        lambda snapshot: judged(snapshot, WRONG, [("9", "1", "9"), *MINUTES[1:]]),
    ],
    ids=["a minute is missing", "not normal", "no order", "no order in a minute"],
)
def test_what_cannot_be_compared_is_not_judged(
    snapshot: Snapshot, made: Callable[[Snapshot], Judge]
) -> None:
    assert made(snapshot).observations == 0


def test_the_hour_of_a_station_is_made_of_its_minutes(snapshot: Snapshot) -> None:
    honest = look(snapshot, hour(snapshot))
    assert honest.observations > 0
    assert honest.failures == 0
    assert look(snapshot, hour(snapshot, "foreign-hour")).failures > 0
