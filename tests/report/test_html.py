# SPDX-License-Identifier: Apache-2.0
"""The page as text: well formed, self-contained, true to the records."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.iut.reasons import Reason
from conformance.protocols.explained import Explanation
from conformance.report import write_all
from conformance.report.html import html_text, write_html
from conformance.text import Text
from tests.report.samples import (
    HOSTILE,
    RECORDS,
    explain,
    finished,
    hostile,
    killed,
    measured,
    snapshot,
)

VOID = {"br", "hr", "input", "meta", "link", "img", "wbr"}


class Page(HTMLParser):
    """Reads a page strictly: every element closes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.languages: Counter[str] = Counter()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def values(self, name: str) -> list[str]:
        return [value for _, n, value in self.attributes if n == name]


RESULTS = {
    "all": finished(),
    "empty": finished([]),
    "killed": killed(),
    "partial": finished(RECORDS[:1], requirements=7, partial_reason="stopped"),
    "hostile": hostile(),
    "measured": measured(),
    "no profile": replace(finished(), snapshot=None),
}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_well_formed_and_loads_nothing(
    result: RunResult, language: str
) -> None:
    text = html_text(result, explain=explain, language=language)
    page = Page(text)
    assert page.tags["script"] == page.tags["style"] == 1
    assert text.split("</head>")[0].count("<title>") == 1
    assert not page.tags.keys() & {"link", "img", "iframe", "object", "embed", "form"}
    for name in ("src", "action", "style", "srcset", "data", "formaction"):
        assert page.values(name) == []
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert all(href.startswith("#") for href in page.values("href"))
    assert not re.search(r"https?:|url\(|@import", text)
    ids = page.values("id")
    assert len(ids) == len(set(ids))


def test_the_policy_forbids_all_but_this_style_and_script() -> None:
    policy = next(v for v in Page(html_text(finished())).values("content"))
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; "
        r"script-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'",
        policy,
    )


def test_rows_agree_with_the_records() -> None:
    page = Page(html_text(finished(), explain=explain))
    rows = [
        value
        for tag, name, value in page.attributes
        if tag == "tr" and name == "data-verdict"
    ]
    assert rows == [str(r.verdict) for r in RECORDS]
    for record in RECORDS:
        assert f"r-{record.requirement}" in page.values("id")
    blocking = [h for h in page.values("href") if h.startswith("#r-")]
    assert blocking == ["#r-SWS-FRAME-002", "#r-SWS-LINK-005", "#r-SWS-LINK-004"]


@pytest.mark.parametrize(
    "words",
    [
        "齐风平台 3.2",
        "Qifeng Platform 3.2",
        "平台收到校验错误的通讯包时",
        "neither store nor acknowledge a packet",
        "HJ 212-2017 6.3.1",
        "条款待核实",
        "clause not confirmed",
        "the platform acknowledged the damaged packet with 9014",
        "平台以 9014 应答了校验错误的通讯包",
        "0x414243",
        "+0.012345 s",
        "0000  20 02 00 05",
        "⟨CR⟩⟨LF⟩",
        "校验值为 1C81，应为 1C80",
        "luheng replay 'my run' SWS-FRAME-002",
        "frames 11–14 of evidence/wire.pcapng",
        "pass on attempt 2",
        "3 of 120 observations contradict it",
        "声明中 MQTT 为否",
        "inspected on site by the laboratory",
        "Does the station report over MQTT",
        "sha256:8181",
        "2026-11-23 02:00:00 UTC",
        "3 of 6 applicable requirements judged",
    ],
)
def test_the_page_tells(words: str) -> None:
    page = Page(html_text(finished(), explain=explain, folder="my run"))
    assert words in page.text


def test_broken_octets_are_marked() -> None:
    text = html_text(finished(), explain=explain)
    assert "<mark>1C81</mark>" in text
    assert text.count('<tr class="broken">') == 1


def test_octets_in_hexadecimal_are_marked_too() -> None:
    def connack(protocol: str, octets: bytes) -> Explanation | None:
        explained = explain("hj212", b"##" + octets)
        assert explained is not None
        wrong = replace(explained.violations[0], at=3, size=1)
        return replace(explained, octets=octets, violations=(wrong,))

    assert "20 02 00 <mark>05 </mark>" in html_text(finished(), explain=connack)


def test_an_explainer_that_fails_costs_no_report() -> None:
    def broken(protocol: str, octets: bytes) -> Explanation | None:
        raise IndexError(protocol)

    assert "0000  20 02" in Page(html_text(finished(), explain=broken)).text


def test_a_message_that_was_cut_is_not_judged_by_its_stump() -> None:
    failed = RECORDS[1]
    message = failed.exchange[0] | {"size": 5000}
    result = finished([replace(failed, exchange=[message])])
    page = Page(html_text(result, explain=explain, language="en"))
    assert "only its first 68 octets are kept here" in page.text
    assert "hj212.checksum" not in page.text


def test_masked_secrets_are_announced_where_they_seem_to_break_a_rule() -> None:
    failed = RECORDS[1]
    octets = b"##0030PW=******;CN=1062;CP=&&&&1C81\r\n"
    message = failed.exchange[0] | {"octets": octets.hex()}
    page = Page(
        html_text(finished([replace(failed, exchange=[message])]), explain=explain)
    )
    assert "secrets are masked with *" in page.text


def test_reason_trees_are_rendered() -> None:
    left_out = next(r for r in RECORDS if r.verdict is Verdict.NOT_APPLICABLE)
    answer = Reason("answer", {"ics": "MQTT", "answer": False})
    tree = Reason("condition-false", {}, (answer,)).to_json()
    page = Page(html_text(finished([replace(left_out, reason=tree)])))
    assert "not applicable: its condition is not met\n  MQTT = no" in page.text
    assert "不适用：适用条件不成立\n  MQTT = 否" in page.text


def test_an_unknown_reason_is_shown_as_it_is() -> None:
    left_out = next(r for r in RECORDS if r.verdict is Verdict.NOT_APPLICABLE)
    tree = {"code": "moon-phase", "facts": {}, "children": []}
    page = Page(html_text(finished([replace(left_out, reason=tree)])))
    assert '"code": "moon-phase"' in page.text


def test_hostile_words_are_shown_and_do_nothing() -> None:
    text = html_text(hostile(), explain=explain)
    assert "<script>alert" not in text
    assert "<img" not in text
    assert not set(text) & set(map(chr, [*range(10), *range(11, 32), 0x9B, 0x202E]))
    page = Page(text)
    assert "<script>alert(1)</script>" in page.text
    assert "⟨ESC⟩[31m" in page.text
    assert "⟨U+202E⟩gnp.exe" in page.text
    # Nothing of it is lost on the way.
    assert page.text.count("]]>--><!--") >= 15


def test_huge_values_are_cut_with_a_note() -> None:
    text = html_text(hostile("y" * 10**6), language="en")
    assert len(text) < 300_000
    assert f"of {10**6} characters left out" in Page(text).text


def test_a_trial_says_that_there_is_no_certificate() -> None:
    page = Page(html_text(finished(RECORDS[:1], profile_state="trial")))
    assert "trial, no certificate" in page.text
    assert "the profile is on trial: no certificate" in page.text


@pytest.mark.parametrize("name", ["empty", "killed", "partial"])
def test_what_is_not_whole_never_reads_as_conformant(name: str) -> None:
    text = html_text(RESULTS[name], language="en")
    assert "is-conformant" not in text.split("</style>")[1]
    assert "Certificate: possible" not in text


def test_the_page_names_no_folder_of_the_machine(tmp_path: Path) -> None:
    folder = tmp_path / "reports" / "runs" / "r1"
    write_html(finished(), folder / "report.html", explain=explain)
    text = (folder / "report.html").read_text("utf-8")
    assert "luheng replay reports/runs/r1 SWS-FRAME-002" in Page(text).text
    assert str(tmp_path) not in text


def test_all_reports_of_a_run_agree(tmp_path: Path) -> None:
    paths = write_all(finished(), tmp_path, language="zh", explain=explain)
    assert {p.name for p in paths.values()} == {"junit.xml", "report.html"}
    page = Page(paths["html"].read_text("utf-8"))
    rows = page.attributes.count(("tr", "data-verdict", "fail"))
    junit = paths["junit"].read_text("utf-8")
    assert rows == junit.count("<failure ") == 1
    assert len(snapshot().requirements) == junit.count("<testcase ")


def test_the_same_result_gives_the_same_octets(tmp_path: Path) -> None:
    first = write_all(hostile(), tmp_path / "a", language="en", explain=explain)
    octets = first["html"].read_bytes()
    again = write_all(hostile(), tmp_path / "a", language="en", explain=explain)
    assert again["html"].read_bytes() == octets
    assert HOSTILE.encode("utf-8", "surrogatepass") not in octets


def test_an_exchange_is_drawn_with_names_and_times() -> None:
    def titled(protocol: str, octets: bytes) -> Explanation | None:
        found = explain(protocol, octets)
        return replace(found, title=Text("1062 设置", "1062 set")) if found else None

    text = html_text(finished(), explain=titled, language="en")
    drawing = text.partition('class="sequence"')[2].partition("</svg>")[0]
    page = Page("<div" + drawing + "</svg></div>")
    for words in ("suite", "implementation", "1062 set ✕", "+0.012345 s", "4 octets"):
        assert words in page.text
    assert drawing.count("arrow broken") == drawing.count("arrow sound") == 1


def test_what_a_rule_found_is_no_exchange() -> None:
    failed = replace(RECORDS[1], observations=9, check="hj212.check_value_right")
    text = html_text(finished([failed]), explain=explain).split("</style>")[1]
    assert 'class="sequence"' not in text
    assert "Messages that contradict it" in text


def test_likely_causes_come_from_the_protocol() -> None:
    known = replace(RECORDS[1], key="check-value")
    assert "CRC-16/MODBUS" in html_text(finished([known]))
    passed = replace(known, verdict=Verdict.PASS)
    assert "CRC-16/MODBUS" not in html_text(finished([passed]))
    unknown = replace(known, check="lwm2m.something")
    assert "CRC-16/MODBUS" not in html_text(finished([unknown]))


MASKED = b"##0030PW=******;CN=1062;CP=&&&&1C81\r\n"


def masked(violations: list[dict[str, Any]]) -> Page:
    message = RECORDS[1].exchange[0] | {"octets": MASKED.hex()}
    failed = replace(RECORDS[1], exchange=[message | {"violations": violations}])
    return Page(html_text(finished([failed]), explain=explain))


def test_masked_octets_are_not_held_against_the_sender() -> None:
    page = masked([])
    assert "broken rules are those of the true octets" in page.text
    assert "hj212.checksum" not in page.text
    assert "1C80" not in page.text
    assert "depends on masked octets" in page.text
    assert page.tags["mark"] == 0


def test_true_violations_survive_the_mask() -> None:
    detail = {"zh": "校验值为 1C81", "en": "the checksum is 1C81"}
    true = {"rule": "hj212.checksum", "layer": "framing", "detail": detail}
    page = masked([true | {"at": len(MASKED) - 6, "size": 4}])
    assert "the checksum is 1C81" in page.text
    assert "1C80" not in page.text  # what the masked octets would need
    assert page.tags["mark"] == 1


def test_frames_that_came_together_are_shown_apart() -> None:
    segment = b"QN=20160801085857223;ST=32;CN=1062;CP=&&RtdInterval=30&&"
    frame = b"##%04d%b1C81\r\n" % (len(segment), segment)
    twice = RECORDS[1].exchange[0] | {"octets": (frame * 2).hex()}
    failed = replace(RECORDS[1], exchange=[twice])
    text = html_text(finished([failed]), explain=explain)
    assert text.count("<mark>1C81</mark>") == 2
