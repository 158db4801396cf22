# SPDX-License-Identifier: Apache-2.0
"""Which elements are due in a report, and what many reports show of resolution."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import pytest

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Reporting, Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.elements import Area, codes_of, data_area
from conformance.protocols.hj212.packets import Identity, packet
from tests.protocols.hj212.test_rules import talk

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")
YES = {"CODMN": True}
NO = {"CODMN": False}


def area(
    snapshot: Snapshot,
    answers: Mapping[str, bool],
    label: str = "20260101120000",
    cn: str = "2011",
) -> Area:
    return data_area(snapshot, cn, label, random=random.Random(1), answers=answers)


def without(made: Area, *codes: str) -> Area:
    return tuple(g for g in made if g[0][0].rpartition("-")[0] not in codes)


def marked(made: Area, code: str, *, valued: bool) -> Area:
    flag = (f"{code}-Flag", "D")
    return tuple(
        (*(g[:-1] if valued else ()), flag) if g[0][0].startswith(code) else g
        for g in made
    )


def upload(
    made: Area, number: int = 1, cn: str = "2011", parts: tuple[int, int] | None = None
) -> bytes:
    return packet(WHO, cn, f"20260101120000{number:03d}", made, parts=parts)


def judged(
    snapshot: Snapshot,
    connections: Iterable[Sequence[bytes]],
    answers: Mapping[str, bool],
    name: str = "elements_due",
    **params: object,
) -> Judge:
    judge = Judge(snapshot, {}, "client", answers=answers)
    for packets in connections:
        conversation = talk(*(("client", octets) for octets in packets))
        conversation.iut = "client"
        dialogue = rules.decode(conversation)
        judge_rule(find(f"hj212.{name}", "device"), params, [dialogue], judge)
    judge.conclude()
    return judge


def outcome(judge: Judge) -> str:
    if judge.findings:
        return judge.findings[0].key
    return "pass" if judge.observations else "unseen"


@pytest.mark.parametrize(
    ("has", "says", "left_out", "expected"),
    [
        (YES, YES, "-", "pass"),
        (NO, NO, "-", "pass"),
        (YES, NO, "-", "pass"),
        (NO, YES, "-", "data.missing"),
        (NO, {}, "-", "pass"),
        (YES, YES, "w01001", "data.missing"),
        (YES, {}, "w01001", "data.missing"),
    ],
)
def test_what_the_answers_make_due_is_looked_for(
    snapshot: Snapshot,
    has: Mapping[str, bool],
    says: Mapping[str, bool],
    left_out: str,
    expected: str,
) -> None:
    made = without(area(snapshot, has), left_out)
    judge = judged(snapshot, [[upload(made)]], says)
    assert outcome(judge) == expected
    for finding in judge.findings:
        assert finding.at is not None


@pytest.mark.parametrize("valued", [True, False])
def test_an_element_that_was_not_measured_has_been_reported(
    snapshot: Snapshot, valued: bool
) -> None:
    made = marked(area(snapshot, NO), "w01001", valued=valued)
    assert outcome(judged(snapshot, [[upload(made)]], NO)) == "pass"


def halves(snapshot: Snapshot, label: str = "20260101120000") -> tuple[Area, Area]:
    made = area(snapshot, NO, label)
    return made[:3], (made[0], *made[3:])


def test_parts_and_packets_of_one_moment_are_one_report(snapshot: Snapshot) -> None:
    first, second = halves(snapshot)
    apart = [upload(first, 1), upload(second, 2)]
    parts = [upload(first, 1, parts=(2, 1)), upload(second, 2, parts=(2, 2))]
    assert outcome(judged(snapshot, [apart], NO)) == "pass"
    assert outcome(judged(snapshot, [parts], NO)) == "pass"
    assert outcome(judged(snapshot, [apart[1:]], NO)) == "data.missing"


def test_a_report_that_the_end_cut_off_is_not_judged(snapshot: Snapshot) -> None:
    first, second = halves(snapshot)
    third, _ = halves(snapshot, "20260101120100")
    part = [upload(first, 1, parts=(2, 1))]
    packets = [upload(first, 1), upload(second, 2), upload(third, 3)]
    assert outcome(judged(snapshot, [part], NO)) == "unseen"
    judge = judged(snapshot, [packets], NO)
    assert (outcome(judge), judge.observations) == ("pass", 1)


def test_process_data_in_a_packet_of_their_own_miss_nothing(snapshot: Snapshot) -> None:
    label = (("DataTime", "20260101120005"),)
    process = (label, (("e10201-Rtd", "1.2"), ("e10201-Flag", "N")))
    packets = [upload(area(snapshot, NO)), upload(process, 2)]
    judge = judged(snapshot, [packets], NO)
    assert (outcome(judge), judge.observations) == ("pass", 1)
    assert outcome(judged(snapshot, [packets[1:]], NO)) == "unseen"


def test_what_only_statistics_carry_is_not_due_in_real_time() -> None:
    """The equivalent level of noise is one of a period, LA one of a moment."""
    snapshot = default_corpus().resolve("sd-site-dust-noise@1.0.0")
    answers = {item.id: True for item in snapshot.ics}
    real_time = area(snapshot, answers)
    assert not any(g[0][0].startswith("Leq") for g in real_time)
    assert outcome(judged(snapshot, [[upload(real_time)]], answers)) == "pass"
    lacking = without(real_time, "LA")
    assert outcome(judged(snapshot, [[upload(lacking)]], answers)) == "data.missing"
    hour = area(snapshot, answers, cn="2061")
    for made, expected in ((hour, "pass"), (without(hour, "Leq"), "data.missing")):
        judge = judged(
            snapshot, [[upload(made, cn="2061")]], answers, commands=["2061"]
        )
        assert outcome(judge) == expected


def test_what_is_due_less_often_is_not_missed_in_each_report(
    snapshot: Snapshot,
) -> None:
    slow = {"w21003": "PT4H"}
    elements = tuple(
        replace(e, reporting=Reporting(slow.get(e.wire_code("hj212") or "", "PT1M")))
        for e in snapshot.elements
    )
    paced = replace(snapshot, elements=elements)
    for code, expected in (("w21003", "pass"), ("w01001", "data.missing")):
        made = without(area(snapshot, NO), code)
        assert outcome(judged(paced, [[upload(made)]], NO)) == expected


def test_a_converted_value_is_missed_beside_the_measured_one() -> None:
    snapshot = default_corpus().resolve("sd-flue-gas-source@1.0.0")
    answers = {item.id: True for item in snapshot.ics}
    assert "a21026-Zs" in codes_of(snapshot)
    made = area(snapshot, answers)
    bare = tuple(tuple(i for i in g if i[0] != "a21026-ZsRtd") for g in made)
    assert outcome(judged(snapshot, [[upload(made)]], answers)) == "pass"
    judge = judged(snapshot, [[upload(bare)]], answers)
    assert outcome(judge) == "data.missing"


def test_resolution_shows_over_many_connections(snapshot: Snapshot) -> None:
    """A station that connects anew for each report is judged all the same."""

    def report(number: int, value: str) -> bytes:
        group = (("w01001-Rtd", value), ("w01001-Flag", "N"))
        return upload(((("DataTime", f"202601011200{number:02d}"),), group), number)

    coarse = [[report(n, f"7.{n}")] for n in range(1, 10)]
    fine = [*coarse, [report(10, "7.11")]]
    few = coarse[:3]
    assert [
        outcome(judged(snapshot, talks, NO, "values_conform"))
        for talks in (coarse, fine, few)
    ] == ["data.too-coarse", "pass", "pass"]
