# SPDX-License-Identifier: Apache-2.0
"""The report for people: one HTML file that loads nothing and needs nothing.

Turns a result into a page in both languages, one shown at a time.  Script and style
are named to the browser by their hashes and all else is forbidden, so that whatever a
device sent stays text.  The page computes no verdict.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from conformance.engine.result import RunResult
from conformance.report.files import save
from conformance.report.identity import NAME_CHARS, identity, implementation, method
from conformance.report.laboratory import (
    Laboratory,
    particulars,
    signatures,
    statements,
)
from conformance.report.markup import Child, Markup, both, join, shown, tag
from conformance.report.overview import Overview, overview
from conformance.report.panels import Explain
from conformance.report.plots import plots
from conformance.report.seal import Seal
from conformance.report.standing import Follow
from conformance.report.table import anchor, requirements_table, totals_bar
from conformance.text import Text, choose_language

__all__ = ["content_policy", "html_text", "write_html"]

_LINKS = 30


def write_html(
    result: RunResult,
    path: Path,
    *,
    explain: Explain | None = None,
    language: str | None = None,
    laboratory: Laboratory | None = None,
    seal: Seal | None = None,
) -> None:
    """Write the result as one HTML file that opens in ``language``.

    With a laboratory it is that laboratory's report, else a self-test report.  Raises
    ``InputError`` (``report.cannot-write``).
    """
    text = html_text(
        result,
        explain=explain,
        language=language,
        folder=_run_folder(path),
        laboratory=laboratory,
        seal=seal,
    )
    save(path, text)


def html_text(
    result: RunResult,
    *,
    explain: Explain | None = None,
    language: str | None = None,
    folder: str = ".",
    laboratory: Laboratory | None = None,
    seal: Seal | None = None,
) -> str:
    """Return the page; ``folder`` is what the replay command is given."""
    facts = overview(result)
    spoken = choose_language(language)
    number = _number(result, laboratory)
    style = _part("report.css") + _page_margins(number, laboratory)
    script = _part("report.js")
    return Template(_part("report.html")).substitute(
        language="zh-CN" if spoken == "zh" else "en",
        shown=spoken,
        policy=content_policy(style, script),
        title=shown(_title(result, facts, spoken), limit=NAME_CHARS),
        style=style,
        script=script,
        header=_header(result, facts, laboratory, number),
        particulars=_particulars(result, facts, laboratory, seal),
        plots=_optional("glance", Text("概览", "At a glance"), plots(result)) or "",
        totals=totals_bar(facts),
        table=requirements_table(result, explain, folder, facts),
        ics=_capabilities(result) or "",
        identity=_identity(result, seal) if laboratory else "",
        footer=_closing(laboratory, number),
    )


def _part(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def content_policy(style: str, script: str) -> str:
    """Return the content security policy: this style, this script, nothing else."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _number(result: RunResult, laboratory: Laboratory | None) -> str:
    """Return what identifies the report on every page."""
    own = laboratory.number if laboratory else ""
    return own or str(result.header.get("run", ""))


def _page_margins(number: str, laboratory: Laboratory | None) -> str:
    """Return the style that puts the report's number on every printed page.

    Margins have no language of their own, so each language has a page of its own.
    """
    name = laboratory.text("laboratory", "name") if laboratory else None
    left = name or Text("自测报告，非实验室报告", "Self-test, not a laboratory report")
    count = Text(
        '"第 " counter(page) " 页，共 " counter(pages) " 页"',
        '"Page " counter(page) " of " counter(pages)',
    )
    return "".join(
        f'html[data-language="{lang}"] body {{ page: {lang} }}\n'
        f'@page {lang} {{ @top-left {{ content: "{_harmless(left[lang])}" }} '
        f'@top-right {{ content: "{_harmless(number)}" }} '
        f"@bottom-right {{ content: {count[lang]} }} "
        f'@bottom-left {{ content: "Luheng" }} }}\n'
        for lang in ("zh", "en")
    )


def _harmless(text: str) -> str:
    """Return text that can end neither a string nor the style sheet."""
    kept = (c if c.isalnum() or c in " .,-_/()·，、（）" else " " for c in text)
    return " ".join("".join(kept).split())[:80]


def _run_folder(path: Path) -> str:
    """Return how to name the run's folder without naming the machine's."""
    parts = path.parent.parts
    if parts[-3:-1] == ("reports", "runs"):
        return "/".join(parts[-3:])
    return path.parent.name or "."


def _title(result: RunResult, facts: Overview, language: str) -> str:
    name = implementation(result)[language] or str(result.header.get("run", ""))
    return f"{facts.headline[language]} · {name} · {result.header.get('profile', '')}"


def _subject(result: RunResult) -> Text:
    name = implementation(result)
    return name if name["en"] else Text("未命名的实现", "an unnamed implementation")


def _header(
    result: RunResult, facts: Overview, laboratory: Laboratory | None, number: str
) -> Markup:
    profile = _profile_title(result)
    return join(
        [
            _letterhead(laboratory, number),
            tag("h1", both(_subject(result), limit=NAME_CHARS), class_="subject"),
            tag("p", profile, class_="profile") if profile else None,
            tag(
                "div",
                tag("p", facts.headline, class_="headline"),
                *(_reason(f.reason) for f in facts.follows if f.reason),
                tag("p", _judged(facts), class_="judged"),
                _certificate(facts),
                _blocking(facts),
                class_=f"outcome is-{facts.state}",
            ),
        ]
    )


def _letterhead(laboratory: Laboratory | None, number: str) -> Markup:
    """Return who issues the report, what it is, and its number."""
    if laboratory is None:
        title = Text("符合性自测报告", "Conformance self-test report")
        issuer: Child = Text(
            "厂商自测，非实验室检测报告", "Self-test, not a laboratory report"
        )
    else:
        title = laboratory.title
        issuer = laboratory.text("laboratory", "name")
    return tag(
        "div",
        tag("p", issuer, class_="issuer"),
        tag("p", title, class_="kind"),
        tag("p", Text("编号 ", "No. "), tag("code", number), class_="number"),
        class_="letterhead is-laboratory" if laboratory else "letterhead",
    )


def _particulars(
    result: RunResult,
    facts: Overview,
    laboratory: Laboratory | None,
    seal: Seal | None,
) -> Markup:
    """Return the laboratory's form; a self-test has only what the run knows."""
    if laboratory is None:
        return _identity(result, seal)
    form = particulars(
        laboratory,
        result,
        facts,
        method=method(result, seal),
        declared=implementation(result),
    )
    return _section("form", Text("检测信息", "Particulars"), form)


def _identity(result: RunResult, seal: Seal | None) -> Markup:
    title = Text("测试信息", "About this run")
    return _section("identity", title, identity(result, seal))


def _profile_title(result: RunResult) -> Markup | None:
    title = getattr(result.snapshot, "title", None)
    ref = str(result.header.get("profile", ""))
    words = both(title, limit=NAME_CHARS) if isinstance(title, Text) else None
    return join([words, " " if words else None, tag("code", ref)]) if ref else words


def _judged(facts: Overview) -> Text:
    text = Text(
        f"适用要求 {facts.applicable} 条，已判定 {facts.judged} 条。",
        f"{facts.judged} of {facts.applicable} applicable requirements judged.",
    )
    recorded = sum(facts.totals.values())
    if facts.requirements is None or recorded == facts.requirements:
        return text
    return Text(
        f"{text.zh}规范共 {facts.requirements} 条要求，本次记录 {recorded} 条。",
        f"{text.en} The profile has {facts.requirements} requirements; "
        f"this run recorded {recorded}.",
    )


def _certificate(facts: Overview) -> Markup:
    if facts.certificate:
        answer = Text("证书：可以申请。", "Certificate: possible.")
        return tag("p", answer, class_="certificate")
    zh = "；".join(o.zh for o in facts.obstacles)
    en = "; ".join(o.en for o in facts.obstacles)
    return tag(
        "p",
        Text(f"证书：不可申请。{zh}。", f"Certificate: not possible, because {en}."),
        class_="certificate",
    )


def _blocking(facts: Overview) -> Markup | None:
    """Return what stands in the way, failures first, one cause told once."""
    if not facts.blocking:
        return None
    single = facts.single
    links = [_link(name) for name in single[:_LINKS]]
    more = len(single) - _LINKS
    if more > 0:
        links.append(tag("li", Text(f"另有 {more} 条", f"and {more} more")))
    title = tag("p", Text("影响发证的要求：", "Standing in the way:"))
    first = [_follow(follow) for follow in facts.follows if follow.is_first]
    lists = [tag("ul", *links)] if links else []
    lists += [_follow(follow) for follow in facts.follows if not follow.is_first]
    return tag("nav", title, *first, *lists, class_="blocking")


def _reason(reason: Text) -> Markup:
    """Return what kept many requirements from being judged, and the advice."""
    zh, _, advice_zh = reason.zh.partition("\n")
    en, _, advice_en = reason.en.partition("\n")
    advice = Text(advice_zh.strip(), advice_en.strip())
    note = tag("span", advice, class_="note") if advice.zh or advice.en else None
    return tag("p", tag("strong", Text(zh, en)), note, class_="cause")


def _follow(follow: Follow) -> Markup:
    links = tag("ul", *map(_link, follow.names))
    return tag("details", tag("summary", follow.text), links)


def _link(name: str) -> Markup:
    return tag("li", tag("a", name, href=f"#{anchor(name)}"))


def _section(name: str, title: Text, *children: Child) -> Markup:
    heading = tag("h2", title, id=f"h-{name}")
    return tag("section", heading, *children, id=name, aria_labelledby=f"h-{name}")


def _optional(name: str, title: Text, content: Markup | None) -> Markup | None:
    return _section(name, title, content) if content else None


def _capabilities(result: RunResult) -> Markup | None:
    """Return what the vendor declared, question by question."""
    answers = result.header.get("ics") or {}
    if not answers:
        return None
    asked = {i.id: i.question for i in getattr(result.snapshot, "ics", ())}
    rows = [
        tag(
            "tr",
            tag("th", tag("code", name), scope="row"),
            tag("td", asked.get(name)),
            tag("td", _answer(answer)),
        )
        for name, answer in answers.items()
    ]
    head = tag(
        "tr",
        tag("th", Text("项目", "Item"), scope="col"),
        tag("th", Text("问题", "Question"), scope="col"),
        tag("th", Text("回答", "Answer"), scope="col"),
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="ics")
    return _section(
        "ics", Text("声明的能力（ICS）", "Declared capabilities (ICS)"), table
    )


def _answer(answer: Any) -> Text | str:
    if answer is True:
        return Text("是", "yes")
    return Text("否", "no") if answer is False else str(answer)


def _closing(laboratory: Laboratory | None, number: str) -> Markup:
    """Return signatures, what to know before relying on it, and the report's end."""
    end = Text(f"—— 报告 {number} 结束 ——", f"— End of report {number} —")
    return join(
        [
            signatures(laboratory) if laboratory else None,
            statements(laboratory),
            tag("p", both(end, limit=NAME_CHARS), class_="end"),
        ]
    )
