# SPDX-License-Identifier: Apache-2.0
"""Runs side by side: equal files for equal runs, and no failure without a judgement."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.errors import InputError
from conformance.report.comparison import (
    Judgements,
    Subject,
    load_judgements,
    read_subjects,
    unjudged,
    write_subjects,
)
from conformance.report.comparison_page import page_text

FAILED = {
    "level": "shall",
    "clause": "MQTT311 2.2.2",
    "text": {"zh": "应关闭", "en": "It shall close."},
    "verdict": "fail",
    "check": "mqtt.closes_on",
    "key": "still-open",
    "expected": {"zh": "关闭", "en": "a close"},
    "actual": {"zh": "静默", "en": "silence <b>"},
    "exchange": [
        {"sender": "suite", "octets": "c000e000"},
        {"sender": "iut", "octets": "d000"},
    ],
}


def subject(version: str = "1.0", start: str = "2026-11-25T10:00:00Z") -> Subject:
    run = {
        "profile": "sd-base-mqtt311@1.0.0",
        "role": "platform",
        "start": start,
        "ics": {"MQTT_QOS2": False},
        "totals": {"fail": 1, "pass": 1},
    }
    passed = {**FAILED, "verdict": "pass", "exchange": []}
    return Subject(
        {"product": "Toy Broker", "version": version, "vendor": "T"},
        run,
        {"MQTT311-2.2.2-2": FAILED, "MQTT311-S-001": passed},
    )


def judged(**changes: str) -> Judgements:
    entry = {
        "peer": "Toy Broker",
        "version": "1.0",
        "requirement": "MQTT311-2.2.2-2",
        "wrong": "product",
        "reason": "the clause says so",
    }
    return Judgements({"MQTT311-": "[MQTT-*]"}, [{**entry, **changes}])


def test_what_is_written_is_read_back_and_written_alike(tmp_path: Path) -> None:
    subjects = [subject(), subject("1.1")]
    written = write_subjects(subjects, tmp_path / "a")
    names = ["toy-broker-1.0-mqtt311.json", "toy-broker-1.1-mqtt311.json"]
    assert [p.name for p in written] == names
    again = write_subjects(read_subjects(written), tmp_path / "b")
    assert [p.read_text("utf-8") for p in again] == [
        p.read_text("utf-8") for p in written
    ]


def test_each_version_of_a_protocol_has_a_file_and_a_table(tmp_path: Path) -> None:
    old = subject()
    new = replace(old, run={**old.run, "profile": "sd-base-mqtt5@1.0.0"})
    written = write_subjects([old, new], tmp_path)
    names = ["toy-broker-1.0-mqtt311.json", "toy-broker-1.0-mqtt5.json"]
    assert [p.name for p in written] == names
    found = read_subjects(written)
    assert found == [old, new]
    page = page_text(found, judged(), explain=None, language="en")
    assert page.count('<table class="matrix">') == 2
    assert len(re.findall(r' id="toy-broker-1.0-mqtt(?:311|5)-', page)) == 2


def test_a_run_that_ended_early_says_so() -> None:
    whole = subject()
    late = replace(whole, run={**whole.run, "partial": "out-of-time"})
    words = "the declared time for a run was over"
    for found, told in ((whole, False), (late, True)):
        page = page_text([found], judged(), explain=None, language="en")
        assert (words in page) is told


def test_of_two_runs_of_one_product_the_later_one_counts(tmp_path: Path) -> None:
    (old,) = write_subjects([subject()], tmp_path / "old")
    later = subject(start="2026-11-26T10:00:00Z")
    (new,) = write_subjects([later], tmp_path / "new")
    for order in ([old, new], [new, old]):
        assert read_subjects(order) == [later]


def test_a_failure_without_judgement_is_told_and_one_of_nothing_too() -> None:
    subjects = [subject()]
    assert unjudged(subjects, judged()) == []
    assert not judged().idle(subjects)
    other = judged(version="0.9")
    assert "MQTT311-2.2.2-2" in unjudged(subjects, other)[0].en
    assert other.idle(subjects) == list(other.entries)


def test_one_sentence_may_speak_of_several_peers_and_requirements(
    tmp_path: Path,
) -> None:
    file = tmp_path / "judgements.yaml"
    told = "wrong: product\n    reason: no close\n"
    file.write_text(
        "format: 1\njudgements:\n"
        '  - peers: {A: ["1", "2"], B: "1"}\n    requirement: [X-1, X-2]\n    '
        + told
        + '  - peer: C\n    version: "1"\n    requirement: X-1\n    '
        + told,
        "utf-8",
    )
    entries = load_judgements(file).entries
    assert {e["reason"] for e in entries} == {"no close"}
    assert [(e["peer"], e["version"], e["requirement"]) for e in entries] == [
        *(("A", v, r) for v in "12" for r in ("X-1", "X-2")),
        ("B", "1", "X-1"),
        ("B", "1", "X-2"),
        ("C", "1", "X-1"),
    ]


@pytest.mark.parametrize(
    "who",
    [
        "requirement: X-1",
        "peer: C\n    requirement: X-1",
        'peers: {A: "1"}\n    peer: C\n    version: "1"\n    requirement: X-1',
        "peers: {A: []}\n    requirement: X-1",
        'peers: {A: "1"}\n    requirement: []',
    ],
)
def test_a_judgement_says_of_whom_and_of_what_it_speaks(
    who: str, tmp_path: Path
) -> None:
    file = tmp_path / "judgements.yaml"
    told = "wrong: product\n    reason: no close\n"
    file.write_text(f"format: 1\njudgements:\n  - {who}\n    {told}", "utf-8")
    with pytest.raises(InputError):
        load_judgements(file)


def test_citations_are_those_of_the_standard() -> None:
    assert judged().citation("MQTT311-2.2.2-2") == "[MQTT-2.2.2-2]"
    assert judged().citation("MQTT311-S-001") == "MQTT311-S-001"


def test_statements_stand_in_the_order_of_their_numbers() -> None:
    names = ["MQTT311-3.10.4-2", "MQTT311-3.2.0-1", "MQTT311-S-001", "MQTT311-3.2.0-10"]
    found = replace(subject(), requirements=dict.fromkeys(names, FAILED))
    page = page_text([found], Judgements({}, ()), explain=None, language="en")
    places = [page.index(f"<code>{names[n]}</code>") for n in (1, 3, 0, 2)]
    assert places == sorted(places)


def test_the_page_shows_each_frame_and_cries_for_a_judgement() -> None:
    page = page_text([subject()], judged(), explain=None, language="en")
    assert "client -&gt; server  c000\n" in page
    assert "client -&gt; server  e000\n" in page
    assert "silence &lt;b&gt;" in page
    assert "the clause says so" in page
    assert 'class="unjudged"' not in page
    bare = page_text([subject()], Judgements({}, ()), explain=None, language="en")
    assert 'class="unjudged"' in bare
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_the_command_ends_with_2_while_a_judgement_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (file,) = write_subjects([subject()], tmp_path)
    out = ["--out", str(tmp_path / "out")]
    assert main(["compare", str(file), *out, "--lang", "en"]) == 2
    assert "nobody has judged it" in capsys.readouterr().out
    assert (tmp_path / "out" / "index.html").is_file()


def test_other_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text("[]", "utf-8")
    with pytest.raises(InputError) as caught:
        read_subjects([file])
    assert caught.value.code == "report.not-a-comparison"
