# SPDX-License-Identifier: Apache-2.0
"""Rules of what a station reports: an honest hour, and what each deviation breaks."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find, procedures
from conformance.link.conversation import Conversation
from conformance.profile.model import Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.codec import encode_raw
from conformance.protocols.hj212.codec.spellings import SPELLINGS
from conformance.protocols.hj212.packets import Identity, answer_to, area_of, packet
from conformance.protocols.hj212.reports import reports
from conformance.protocols.hj212.simulator.reports import statistics
from conformance.protocols.hj212.simulator.site import Site
from tests.protocols.hj212.test_rules import IXIT, talk

WHO = Identity("370000A8900016F000169DC0", "Lh2017", "21")
TOLD = packet(WHO, "1063", "20260101000000000", area_of(MinInterval="10"), wanted=False)


def hour(snapshot: Snapshot, *quirks: str, spelling: str = "") -> list[bytes]:
    """What a station uploads of its last hour, its interval first."""
    answers = {item.id: True for item in snapshot.ics}
    site = Site(snapshot, answers, frozenset(quirks), random.Random(1))
    now = site.now()
    made = [TOLD]
    for number, (cn, area) in enumerate(statistics(site, 10)):
        qn = f"{now:%Y%m%d%H%M%S}{number:03d}"
        octets = packet(WHO, cn, qn, area, wanted=False, odd=True)
        made.append(SPELLINGS[spelling](octets) if spelling else octets)
    return made


_TOLD_BY_PROFILES = {
    *("hj212.odd_area", "hj212.clock_right", "hj212.elements_due"),
    *("hj212.values_ascend", "hj212.values_converted", "hj212.reports_in_time"),
}
"""Want parameters, and have tests of their own."""


def found(snapshot: Snapshot, conversation: Conversation) -> dict[str, str]:
    """Rules of the data that find something in what a station sent, with their keys."""
    conversation.iut = "client"
    dialogue = rules.decode(conversation)
    broken = {}
    for procedure in procedures("hj212"):
        if procedure.kind != "rule" or procedure.actor != "device":
            continue
        if not procedure.function.__module__.endswith(("rules.data", "rules.common")):
            continue
        if procedure.name in _TOLD_BY_PROFILES:
            continue
        judge = Judge(snapshot, IXIT, "client")
        judge_rule(procedure, {}, [dialogue], judge)
        if judge.findings:
            broken[procedure.name.removeprefix("hj212.")] = judge.findings[0].key
    return broken


def sent(octets: Iterable[bytes]) -> Conversation:
    return talk(*(("client", o) for o in octets))


def test_an_honest_hour_breaks_nothing(snapshot: Snapshot) -> None:
    conversation = sent(hour(snapshot))
    assert found(snapshot, conversation) == {}


JUDGED = (
    "keeps_period",
    "label_is_start",
    "labels_aligned",
    "sent_after_period",
    "statistics_ordered",
    "sums_agree",
    "flow_agrees",
    "keys_of_command",
    "noise_complete",
    "noise_form",
    "running_time",
    "process_codes",
    "equipment_mark_form",
    "sample_time_form",
)


@pytest.mark.parametrize("name", JUDGED)
def test_an_honest_hour_is_judged(snapshot: Snapshot, name: str) -> None:
    conversation = sent(hour(snapshot))
    conversation.iut = "client"
    judge = Judge(snapshot, {}, "client")
    judge_rule(find(f"hj212.{name}", "device"), {}, [rules.decode(conversation)], judge)
    assert judge.observations > 0


SPELLED: Mapping[str, dict[str, str]] = {
    "unordered-statistics": {"statistics_ordered": "order"},
    "minutes-off-grid": {"labels_aligned": "label-off-grid"},
    "wrong-sum": {"sums_agree": "sum", "flow_agrees": "mean-flow"},
    "wrong-mean-flow": {"flow_agrees": "mean-flow", "statistics_ordered": "order"},
    "sample-time-without-seconds": {"sample_time_form": "sample-time"},
    "small-equipment-mark": {"equipment_mark_form": "equipment-mark"},
    "long-day": {"running_time": "running-time"},
    "fine-noise": {"noise_form": "noise"},
    "noise-without-night": {"noise_complete": "noise-sets"},
    "foreign-process": {"process_codes": "process-code"},
}


@pytest.mark.parametrize("spelling", SPELLED)
def test_a_wrong_hour_breaks_its_rules(snapshot: Snapshot, spelling: str) -> None:
    conversation = sent(hour(snapshot, spelling=spelling))
    assert found(snapshot, conversation) == SPELLED[spelling]


QUIRKS: Mapping[str, dict[str, str]] = {
    "misses-a-minute": {"keeps_period": "period"},
    "labels-ahead": {"label_is_start": "label-at-end", "keeps_period": "period"},
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_breaks_its_rules(snapshot: Snapshot, quirk: str) -> None:
    assert found(snapshot, sent(hour(snapshot, quirk))) == QUIRKS[quirk]


def real_time(label: str, qn: str) -> bytes:
    area = ((("DataTime", label),), (("w01001-Rtd", "7.02"), ("w01001-Flag", "N")))
    return packet(WHO, "2011", qn, area, wanted=False)


def rtd(seconds: int) -> bytes:
    area = area_of(RtdInterval=str(seconds))
    return packet(WHO, "1061", "20260101110000000", area, wanted=False)


@pytest.mark.parametrize(
    ("second", "broken"), [(0, {}), (10, {}), (20, {"keeps_period": "period"})]
)
def test_real_time_data_keep_their_interval(
    snapshot: Snapshot, second: int, broken: dict[str, str]
) -> None:
    """A fifth of the interval and a second are allowed."""
    conversation = sent(
        [
            rtd(60),
            real_time("20260101120000", "20260101120000100"),
            real_time(f"202601011201{second:02d}", f"202601011201{second:02d}100"),
        ]
    )
    assert found(snapshot, conversation) == broken


def test_a_stop_between_breaks_the_series(snapshot: Snapshot) -> None:
    conversation = talk(
        ("client", rtd(60)),
        ("client", real_time("20260101120000", "20260101120000100")),
        ("server", packet(WHO, "2012", "20260101120100000")),
        ("client", real_time("20260101123000", "20260101123000100")),
    )
    assert found(snapshot, conversation) == {}


def test_history_is_no_report(snapshot: Snapshot) -> None:
    """Data that were asked for say nothing of intervals; after 9012 uploads do."""
    times = area_of(BeginTime="20260101000000", EndTime="20260101050000")
    conversation = talk(
        ("server", packet(WHO, "2011", "20260101120000000", times)),
        ("client", real_time("20260101030000", "20260101120001000")),
        ("client", answer_to(WHO, "9012", "20260101120000000", area_of(ExeRtn="1"))),
        ("client", real_time("20260101120002", "20260101120002000")),
    )
    found_reports = list(reports(rules.decode(conversation), "client"))
    assert [r.message.segment.qn for r in found_reports] == ["20260101120002000"]


def test_a_resend_is_reported_once(snapshot: Snapshot) -> None:
    octets = real_time("20260101120000", "20260101120000100")
    assert len(list(reports(rules.decode(sent([octets, octets])), "client"))) == 1


def test_one_upload_shows_no_interval(snapshot: Snapshot) -> None:
    conversation = sent([rtd(60), real_time("20260101120000", "20260101120000100")])
    conversation.iut = "client"
    judge = Judge(snapshot, {}, "client")
    rule = find("hj212.keeps_period", "device")
    judge_rule(rule, {}, [rules.decode(conversation)], judge)
    assert judge.observations == 0


# The edition of 2025, which the profile of these tests does not bind.


def bound(snapshot: Snapshot, edition: str) -> Snapshot:
    bindings = (
        replace(b, edition=edition) if b.protocol == "hj212" else b
        for b in snapshot.bindings
    )
    return replace(snapshot, bindings=tuple(bindings))


HEAD = "QN=20260101120000001;ST=21;CN={cn};PW=Lh2017;MN={mn};Flag={flag};{more}"
GOOD = {"cn": "2011", "mn": WHO.mn, "flag": "8", "more": ""}
LATER: Mapping[str, tuple[str, dict[str, str], bool]] = {
    "no RF": ("late_mark", {}, True),
    "RF=1": ("late_mark", {"more": "RF=1;"}, True),
    "RF=0": ("late_mark", {"more": "RF=0;"}, False),
    "RF in an answer": ("late_mark", {"cn": "9011", "more": "RF=1;"}, False),
    "one digit": (
        "packet_numbers_single",
        {"flag": "10", "more": "PNUM=9;PNO=1;"},
        True,
    ),
    "two digits": (
        "packet_numbers_single",
        {"flag": "10", "more": "PNUM=12;PNO=1;"},
        False,
    ),
    "empty MN": ("mn_present", {"mn": ""}, True),
    "known command": ("cn_of_edition", {}, True),
    "withdrawn command": ("cn_of_edition", {"cn": "3015"}, False),
}


@pytest.mark.parametrize("name", LATER)
def test_packets_of_2025_are_judged(snapshot: Snapshot, name: str) -> None:
    rule, change, right = LATER[name]
    octets = encode_raw((HEAD.format(**GOOD | change) + "CP=&&&&").encode())
    conversation = sent([octets])
    conversation.iut = "client"
    judge = Judge(bound(snapshot, "2025"), {}, "client")
    judge_rule(find(f"hj212.{rule}", "device"), {}, [rules.decode(conversation)], judge)
    assert judge.observations == 1
    assert (judge.failures == 0) is right


def test_a_packet_without_mn_is_found(snapshot: Snapshot) -> None:
    text = "QN=20260101120000001;ST=21;CN=2011;PW=Lh2017;Flag=8;CP=&&&&"
    conversation = sent([encode_raw(text.encode())])
    conversation.iut = "client"
    judge = Judge(bound(snapshot, "2025"), {}, "client")
    judge_rule(
        find("hj212.mn_present", "device"), {}, [rules.decode(conversation)], judge
    )
    assert [f.key for f in judge.findings] == ["no-mn"]


@pytest.mark.parametrize(("cn", "right"), [("2071", True), ("1063", False)])
def test_commands_of_2005_are_judged(snapshot: Snapshot, cn: str, right: bool) -> None:
    text = f"ST=32;CN={cn};PW=Lh2017;MN=88888880000001;CP=&&&&"
    conversation = sent([encode_raw(text.encode())])
    conversation.iut = "client"
    judge = Judge(bound(snapshot, "2005"), {}, "client")
    rule = find("hj212.cn_of_edition", "device")
    judge_rule(rule, {}, [rules.decode(conversation)], judge)
    assert (judge.failures == 0) is right
