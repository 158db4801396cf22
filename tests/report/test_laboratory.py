# SPDX-License-Identifier: Apache-2.0
"""A laboratory's report has every field that ISO/IEC 17025:2017, 7.8.2 asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import InputError
from conformance.report import write_all
from conformance.report.html import html_text
from conformance.report.laboratory import Laboratory, load_laboratory
from conformance.report.seal import load_seal
from conformance.text import render_error
from tests.report.samples import explain, finished
from tests.report.test_html import Page

LEAST = "format: 1\nlaboratory: {name: 示例检测中心}\n"
WHOLE = """\
format: 1
title: {zh: 检测报告, en: Test report}
report_number: WT-2026-0147
laboratory:
  name: {zh: 示例检测中心, en: Example Test Centre}
  address: {zh: 示例路 1 号, en: 1 Example Road}
  accreditation: L0000
place: {zh: 委托方现场, en: at the customer's site}
customer: {name: 委托公司, address: 委托路 2 号, contact: 赵工}
item:
  description: 数据采集传输仪
  identification: SN 07
  condition: 完好
  sampling: 送样
received: "2026-11-20"
issued: "2026-11-26"
environment: 23 °C
deviations: 现场未作重启试验
external: 无
uncertainty: 不适用
decision_rule: 简单接受
remarks: 备注一
tested_by: {name: 王工, function: 检测工程师}
reviewed_by: {name: 孙工}
authorised_by: {name: 李工}
"""


def laboratory(tmp_path: Path, text: str = WHOLE) -> Laboratory:
    path = tmp_path / "laboratory.yaml"
    path.write_text(text, "utf-8")
    return load_laboratory(path)


@pytest.mark.parametrize(
    "words",
    [
        "示例检测中心",  # b) name and address
        "示例路 1 号",
        "委托方现场",  # c) place
        "WT-2026-0147",  # d) identification
        "报告 WT-2026-0147 结束",  # d) end of the report
        "委托公司",  # e) customer
        "赵工",
        "sd-water-surface-station@2.1.0",  # f) method
        "sha256:8181",
        "luheng 0.1.0",
        "数据采集传输仪",  # g) item and its condition
        "齐风平台 3.2",
        "SN 07",
        "完好",
        "2026-11-20",  # h) receipt
        "2026-11-23",  # i) test
        "2026-11-26",  # j) issue
        "送样",  # k) sampling
        "本报告的结果仅对所列的被测样品",  # l)
        "现场未作重启试验",  # n) deviations
        "李工",  # o) authorisation
        "不得部分复制本报告",
        "简单接受",  # 7.8.6 decision rule
        "23 °C",
        "王工",
        "检测工程师",
        "孙工",
    ],
)
def test_the_report_has_every_field(tmp_path: Path, words: str) -> None:
    text = html_text(finished(), language="zh", laboratory=laboratory(tmp_path))
    assert words in Page(text).text


def test_what_was_left_out_is_a_blank_to_fill_in(tmp_path: Path) -> None:
    whole = html_text(finished(), laboratory=laboratory(tmp_path))
    least = html_text(finished(), laboratory=laboratory(tmp_path, LEAST))
    blank = '<span class="blank"></span>'
    # Signature and date of three people stay for the pen.
    assert whole.count(blank) == 6
    assert least.count(blank) > 6 + 6
    assert "简单接受" in least  # a decision rule is there in any case
    assert "1 条适用要求未经本次测试" in least


def test_a_self_test_calls_itself_one() -> None:
    page = Page(html_text(finished(), language="zh"))
    assert "厂商自测，非实验室检测报告" in page.text
    assert "不是实验室出具的检测报告" in page.text
    assert "Self-test, not a laboratory report" in page.text
    text = html_text(finished())
    assert 'class="blank"' not in text.split("</style>")[1]
    assert 'class="signatures"' not in text.split("</style>")[1]


def test_a_laboratory_report_does_not_call_itself_a_self_test(tmp_path: Path) -> None:
    page = Page(html_text(finished(), laboratory=laboratory(tmp_path)))
    assert "自测" not in page.text
    assert "elf-test" not in page.text


def test_number_and_name_stand_in_the_margin_of_every_page(tmp_path: Path) -> None:
    style = html_text(finished(), language="zh", laboratory=laboratory(tmp_path)).split(
        "</style>"
    )[0]
    assert '@top-left { content: "示例检测中心" }' in style
    assert '@top-right { content: "WT-2026-0147" }' in style
    assert '@top-left { content: "Example Test Centre" }' in style
    assert '"第 " counter(page) " 页，共 " counter(pages) " 页"' in style
    assert '"Page " counter(page) " of " counter(pages)' in style
    plain = html_text(finished(), language="en").split("</style>")[0]
    assert '@top-right { content: "2026-11-23T020000-1a2b" }' in plain


def test_names_cannot_break_out_of_the_style(tmp_path: Path) -> None:
    bad = '"} body { display: none } </style><script>alert(1)</script> \\"'
    lab = Laboratory({"format": 1, "laboratory": {"name": bad}})
    text = html_text(finished(run=bad), laboratory=lab)
    assert text.count("</style>") == 1
    assert "<script>alert" not in text
    lines = [line for line in text.splitlines() if "@top-left { content" in line]
    assert len(lines) == 2
    for margins in lines:
        assert margins.count('"') % 2 == 0
        assert "{ display" not in margins
        assert "\\" not in margins


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("format: 1\n", "profile.key-missing"),
        ("format: 2\nlaboratory: {name: x}\n", "profile.not-a-choice"),
        (LEAST + "adress: x\n", "profile.key-unknown"),
        (LEAST + "issued: 26.11.2026\n", "profile.bad-form"),
        (LEAST + "issued: 2026-13-01\n", "profile.bad-form"),
        (LEAST + "report_number: 'a\"b'\n", "profile.bad-form"),
        (LEAST + "place: [x]\n", "profile.wrong-type"),
        (LEAST + "place: &a x\n", "profile.yaml-alias"),
        ("", "profile.yaml-empty"),
    ],
)
def test_a_wrong_file_is_refused_at_its_line(
    tmp_path: Path, text: str, code: str
) -> None:
    with pytest.raises(InputError) as caught:
        laboratory(tmp_path, text)
    assert caught.value.code == code
    assert render_error(caught.value, "zh").startswith(str(tmp_path))


def proof(tmp_path: Path, **changes: Any) -> Path:
    data = {
        "format": 1,
        "profile": "sd-water-surface-station@2.1.0",
        "profile_digest": "sha256:" + "81" * 32,
        "trials": [{"kind": "honest"}, {"kind": "fault"}, {"kind": "liberty"}],
        "objections": [],
    } | changes
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(data), "utf-8")
    return path


def test_the_proof_is_named_by_its_digest(tmp_path: Path) -> None:
    seal = load_seal(proof(tmp_path), finished())
    for lab in (None, laboratory(tmp_path)):
        page = Page(html_text(finished(), laboratory=lab, seal=seal))
        assert seal.digest in page.text
        assert "3 implementations, 1 of them faulty; no objection" in page.text
    objected = load_seal(proof(tmp_path, objections=[{}, {}]), finished())
    assert objected.digest != seal.digest
    assert "有 2 项异议" in Page(html_text(finished(), seal=objected)).text


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"profile_digest": "sha256:" + "99" * 32}, "report.proof-of-another"),
        ({"trials": None}, "report.not-a-proof"),
        ({"trials": [{}]}, "report.not-a-proof"),
    ],
)
def test_a_proof_of_something_else_is_refused(
    tmp_path: Path, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_seal(proof(tmp_path, **changes), finished())
    assert caught.value.code == code
    for language in ("zh", "en"):
        assert "{" not in render_error(caught.value, language)


def test_a_proof_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(InputError) as caught:
            load_seal(path, finished())
        assert caught.value.code == "report.not-a-proof"


def test_nothing_is_written_when_a_file_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "laboratory.yaml"
    path.write_text("format: 1\n", "utf-8")
    folder = tmp_path / "run"
    with pytest.raises(InputError):
        write_all(finished(), folder, language="zh", explain=explain, laboratory=path)
    assert not folder.exists()


def test_the_results_are_named_by_their_digest() -> None:
    first, again = (Page(html_text(finished())).text for _ in range(2))
    other = Page(html_text(finished(declared_by="别人"))).text

    def digest(text: str) -> str:
        return text.partition("结果文件摘要")[2].partition("sha256:")[2][:64]

    assert digest(first) == digest(again) != digest(other)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sample_in_the_documents_fills_every_field(language: str) -> None:
    sample = Path(__file__).parents[2] / "docs" / "sample-laboratory.yaml"
    made = load_laboratory(sample)
    text = html_text(finished(), language=language, laboratory=made)
    # Signature and date of three people stay for the pen, nothing else.
    assert text.count('<span class="blank"></span>') == 6
    page = Page(text).text
    for words in ("LH-2026-0001", "SN 26A0007", "2026-02-03", "L0000"):
        assert words in page
