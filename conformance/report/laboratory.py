# SPDX-License-Identifier: Apache-2.0
"""What makes a report a laboratory's: the file it fills in, and the form it gives.

Turns ``laboratory.yaml`` into the fields that a run cannot know.  What the laboratory
left out stands in the form as a blank, to be filled in by hand.

Source: ISO/IEC 17025:2017, 7.8.2.1 a) to p), 7.8.2.2, 7.8.3.1 and 7.8.6.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.engine.result import RunResult
from conformance.engine.verdicts import Verdict
from conformance.errors import InputError
from conformance.profile.schema import validate
from conformance.profile.yamlio import load_yaml
from conformance.report.markup import Child, Markup, both, join, tag
from conformance.report.overview import Overview
from conformance.report.words import said
from conformance.text import Text

__all__ = ["Laboratory", "load_laboratory", "particulars", "signatures", "statements"]

_DECISION = Text(
    "逐条判定：对任一“应”类要求，一次可重现的违反即判为不符合；无法判定的要求不作符合性"
    "声明。协议报文为离散数据，判定时不计测量不确定度（简单接受）。",
    "Requirement by requirement: one reproducible contradiction of a shall makes it "
    "fail; of what could not be judged no conformity is stated. Protocol messages are "
    "discrete data, so no measurement uncertainty enters the decision (simple "
    "acceptance).",
)
_BLANK = tag("span", class_="blank")


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The laboratory's own words, as its file has them."""

    data: dict[str, Any]

    def text(self, *path: str) -> Text | None:
        """Return what stands at a path, ``None`` where it was left out."""
        value: Any = self.data
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        return said(value) if value is not None else None

    @property
    def number(self) -> str:
        return str(self.data.get("report_number") or "")

    @property
    def title(self) -> Text:
        return self.text("title") or Text("检测报告", "Test report")


def load_laboratory(path: Path) -> Laboratory:
    """Return the fields in a file.

    Raises ``InputError`` (``profile.yaml-…``, ``profile.key-unknown`` and the like).
    """
    document = load_yaml(path, InputError)
    validate(document, "laboratory")
    return Laboratory(document.data)


def particulars(
    laboratory: Laboratory,
    result: RunResult,
    facts: Overview,
    *,
    method: Child,
    declared: Text,
) -> Markup:
    """Return the form: one row per field that a report has to have.

    ``method`` is by what the item was tested, ``declared`` what its vendor calls it.
    """
    rows = [
        tag(
            "tr",
            tag("th", name, scope="row"),
            tag("td", value if value else _BLANK),
        )
        for name, value in _fields(laboratory, result, facts, method, declared)
    ]
    return tag("table", tag("tbody", *rows), class_="form")


def _fields(
    lab: Laboratory,
    result: RunResult,
    facts: Overview,
    method: Child,
    declared: Text,
) -> Iterator[tuple[Text, Child]]:
    number = lab.number or str(result.header.get("run", ""))
    yield Text("报告编号", "Report number"), tag("code", number)
    yield Text("实验室", "Laboratory"), _lines(lab, "laboratory", "name", "address")
    if accredited := lab.text("laboratory", "accreditation"):
        yield Text("资质", "Accreditation"), accredited
    yield Text("检测地点", "Place of testing"), lab.text("place")
    yield (
        Text("委托方", "Customer"),
        _lines(lab, "customer", "name", "address", "contact"),
    )
    yield Text("样品描述", "Item tested"), lab.text("item", "description")
    yield (
        Text("样品标识", "Identification"),
        join(tag("div", t) for t in (declared, lab.text("item", "identification")) if t)
        or None,
    )
    yield Text("样品状态", "Condition of the item"), lab.text("item", "condition")
    if sampling := lab.text("item", "sampling"):
        yield Text("抽样", "Sampling"), sampling
    yield Text("收样日期", "Date of receipt"), lab.text("received")
    yield Text("检测日期", "Date of testing"), _days(result)
    yield Text("签发日期", "Date of issue"), lab.text("issued")
    yield Text("检测方法", "Method"), method
    if environment := lab.text("environment"):
        yield Text("检测条件", "Conditions of the test"), environment
    yield (
        Text("方法的偏离", "Deviations from the method"),
        lab.text("deviations") or _exclusions(result, facts),
    )
    if external := lab.text("external"):
        yield Text("外部提供的结果", "Results from others"), external
    if uncertainty := lab.text("uncertainty"):
        yield Text("测量不确定度", "Measurement uncertainty"), uncertainty
    yield Text("判定规则", "Decision rule"), lab.text("decision_rule") or _DECISION
    yield Text("符合性声明", "Statement of conformity"), _conformity(result, facts)
    if remarks := lab.text("remarks"):
        yield Text("备注", "Remarks"), remarks


def _lines(lab: Laboratory, *path: str) -> Markup | None:
    whole, *parts = path
    found = [text for part in parts if (text := lab.text(whole, part))]
    if not found:
        return None
    return join(tag("div", both(text, lines=True)) for text in found)


def _days(result: RunResult) -> str:
    start = str(result.header.get("start", ""))[:10]
    end = (result.footer.end or "")[:10] if result.footer else ""
    days = [d for d in (start, end) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", d)]
    return " – ".join(dict.fromkeys(days))


def _exclusions(result: RunResult, facts: Overview) -> Text:
    """Return what of the method was not carried out; the run knows that much."""
    left = facts.totals[Verdict.NOT_TESTED]
    whole = result.footer is not None and not result.footer.partial
    zh = "" if whole else "只执行了部分要求。"
    en = "" if whole else "Only part of the method was carried out. "
    if left:
        return Text(
            f"{zh}有 {left} 条适用要求未经本次测试，见结果表。",
            f"{en}{left} applicable requirements were not tested; see the results.",
        )
    return Text(zh or "无", en.strip() or "none")


def _conformity(result: RunResult, facts: Overview) -> Text:
    profile = str(result.header.get("profile", ""))
    headline = facts.headline
    return Text(
        f"就 {profile} 中已判定的 {facts.judged} 条要求：{headline.zh}。",
        f"For the {facts.judged} judged requirements of {profile}: {headline.en}.",
    )


def signatures(laboratory: Laboratory) -> Markup:
    """Return the lines for those who answer for the report."""
    roles = (
        ("tested_by", Text("检测", "Tested by")),
        ("reviewed_by", Text("审核", "Reviewed by")),
        ("authorised_by", Text("批准（授权签字人）", "Authorised by")),
    )
    boxes = [
        tag(
            "div",
            tag("dt", title),
            tag("dd", _person(laboratory, key)),
            tag("dd", Text("签字", "Signature"), _BLANK),
            tag("dd", Text("日期", "Date"), _BLANK),
        )
        for key, title in roles
    ]
    return tag("dl", *boxes, class_="signatures")


def _person(lab: Laboratory, key: str) -> Markup:
    name, function = lab.text(key, "name"), lab.text(key, "function")
    if name is None:
        return join([Text("姓名", "Name"), _BLANK])
    return join(
        [both(name), tag("span", function, class_="note") if function else None]
    )


def statements(laboratory: Laboratory | None) -> Markup:
    """Return what the reader must know before relying on the report."""
    said_of = [
        Text(
            "本报告的结果仅对所列的被测样品、版本和规范摘要有效。",
            "The results relate only to the item tested, in the version and by the "
            "profile digest named here.",
        ),
    ]
    if laboratory:
        said_of.append(
            Text(
                "未经实验室书面同意，不得部分复制本报告。",
                "This report shall not be reproduced except in full without the "
                "written approval of the laboratory.",
            )
        )
    else:
        said_of.append(
            Text(
                "本报告为自测报告，不是实验室出具的检测报告；不得部分复制。",
                "This is a self-test report, not a laboratory report. It shall not be "
                "reproduced except in full.",
            )
        )
    said_of.append(
        Text(
            "判定由 results.jsonl 得出，原始证据见 evidence 目录；"
            "可用 luheng rejudge 重新判定。",
            "The verdicts come from results.jsonl, the raw evidence is in the folder "
            "evidence; luheng rejudge judges it again.",
        )
    )
    return join(tag("p", text) for text in said_of)
