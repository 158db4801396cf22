# SPDX-License-Identifier: Apache-2.0
"""The report for people: one HTML file that loads nothing and needs nothing.

Turns a result into a page in both languages, one shown at a time.  Script and style
are named to the browser by their hashes and all else is forbidden, so that whatever a
device sent stays text.  The page computes no verdict.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from conformance.engine.result import RunResult
from conformance.report.files import save
from conformance.report.markup import Child, Markup, both, join, shown, tag
from conformance.report.overview import Overview, overview
from conformance.report.panels import Explain, moment
from conformance.report.table import anchor, requirements_table, totals_bar
from conformance.report.words import ACTORS, DEPTHS, PARTIAL, STATES, named, said
from conformance.text import Text, choose_language

__all__ = ["html_text", "write_html"]

_NAME_CHARS = 200
_LINKS = 30


def write_html(
    result: RunResult,
    path: Path,
    *,
    explain: Explain | None = None,
    language: str | None = None,
) -> None:
    """Write the result as one HTML file that opens in ``language``.

    Raises ``InputError`` (``report.cannot-write``).
    """
    folder = _run_folder(path)
    save(path, html_text(result, explain=explain, language=language, folder=folder))


def html_text(
    result: RunResult,
    *,
    explain: Explain | None = None,
    language: str | None = None,
    folder: str = ".",
) -> str:
    """Return the page; ``folder`` is what the replay command is given."""
    facts = overview(result)
    spoken = choose_language(language)
    style = _part("report.css") + _page_margins(str(result.header.get("run", "")))
    script = _part("report.js")
    return Template(_part("report.html")).substitute(
        language="zh-CN" if spoken == "zh" else "en",
        shown=spoken,
        policy=_policy(style, script),
        title=shown(_title(result, facts, spoken), limit=_NAME_CHARS),
        style=style,
        script=script,
        header=_header(result, facts),
        identity=_section("identity", Text("测试信息", "About this run"), _dl(result)),
        totals=totals_bar(facts),
        table=requirements_table(result, explain, folder),
        ics=_capabilities(result),
        footer=_footer(result),
    )


def _part(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Return the content security policy: this style, this script, nothing else."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; "
        f"script-src '{_digest(script)}'; base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _page_margins(run: str) -> str:
    """Return the style that puts the run on every printed page."""
    name = re.sub(r"[^A-Za-z0-9._-]", "", run)[:80]
    return (
        f'@page {{ @bottom-left {{ content: "Luheng · {name}" }} '
        '@bottom-right { content: counter(page) " / " counter(pages) } }\n'
    )


def _run_folder(path: Path) -> str:
    """Return how to name the run's folder without naming the machine's."""
    parts = path.parent.parts
    if parts[-3:-1] == ("reports", "runs"):
        return "/".join(parts[-3:])
    return path.parent.name or "."


def _title(result: RunResult, facts: Overview, language: str) -> str:
    name = _implementation(result)[language] or str(result.header.get("run", ""))
    return f"{facts.headline[language]} · {name} · {result.header.get('profile', '')}"


def _subject(result: RunResult) -> Text:
    name = _implementation(result)
    return name if name["en"] else Text("未命名的实现", "an unnamed implementation")


def _implementation(result: RunResult) -> Text:
    """Return product and version; a vendor may have named it in both languages."""
    what = result.header.get("implementation") or {}
    version = what.get("version") or what.get("firmware")
    parts = [said(what.get("product")), said(version)]
    zh, en = (
        " ".join(part[lang] for part in parts if part[lang]) for lang in ("zh", "en")
    )
    return Text(zh, en)


def _header(result: RunResult, facts: Overview) -> Markup:
    profile = _profile_title(result)
    return join(
        [
            tag("p", Text("符合性测试报告", "Conformance report"), class_="kind"),
            tag(
                "h1",
                both(_subject(result), limit=_NAME_CHARS),
                class_="subject",
            ),
            tag("p", profile, class_="profile") if profile else None,
            tag(
                "div",
                tag("p", facts.headline, class_="headline"),
                tag("p", _judged(facts), class_="judged"),
                _certificate(facts),
                _blocking(facts),
                class_=f"outcome is-{facts.state}",
            ),
        ]
    )


def _profile_title(result: RunResult) -> Markup | None:
    title = getattr(result.snapshot, "title", None)
    ref = str(result.header.get("profile", ""))
    words = both(title, limit=_NAME_CHARS) if isinstance(title, Text) else None
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
        Text(f"证书：不可申请。{zh}。", f"Certificate: not possible. Because: {en}."),
        class_="certificate",
    )


def _blocking(facts: Overview) -> Markup | None:
    if not facts.blocking:
        return None
    links = [
        tag("li", tag("a", name, href=f"#{anchor(name)}"))
        for name in facts.blocking[:_LINKS]
    ]
    more = len(facts.blocking) - _LINKS
    if more > 0:
        links.append(tag("li", Text(f"另有 {more} 条", f"and {more} more")))
    title = tag("span", Text("影响发证的要求：", "Standing in the way:"))
    return tag("nav", title, tag("ul", *links), class_="blocking")


def _section(name: str, title: Text, *children: Child) -> Markup:
    heading = tag("h2", title, id=f"h-{name}")
    return tag("section", heading, *children, id=name, aria_labelledby=f"h-{name}")


def _dl(result: RunResult) -> Markup:
    pairs = (
        tag("div", tag("dt", name), tag("dd", value))
        for name, value in _identity(result)
        if value
    )
    return tag("dl", *pairs, class_="identity")


def _identity(result: RunResult) -> Iterator[tuple[Text, Child]]:
    header, footer = result.header, result.footer
    for key, value in (header.get("implementation") or {}).items():
        if value not in (None, ""):
            yield named(_IMPLEMENTATION, key), both(said(value), limit=_NAME_CHARS)
    yield Text("角色", "Role"), named(ACTORS, header.get("role"))
    yield Text("声明人", "Declared by"), _declared(header)
    yield Text("规范", "Profile"), tag("code", str(header.get("profile", "")))
    yield Text("规范状态", "State of the profile"), _profile_state(header)
    yield Text("规范摘要", "Digest of the profile"), _code(header, "profile_digest")
    digest = _code(header, "declaration_digest")
    yield Text("声明摘要", "Digest of the declaration"), digest
    suite = header.get("suite") or {}
    version = f"{suite.get('name', '')} {suite.get('version', '')}".strip()
    yield Text("测试套件", "Suite"), version
    if again := header.get("rejudged"):
        words = f"luheng {again.get('suite', '')}" if isinstance(again, dict) else ""
        yield Text("重新判定", "Judged again by"), words
    yield Text("运行编号", "Run"), _code(header, "run")
    yield Text("开始", "Started"), moment(str(header.get("start", "")))
    yield Text("结束", "Ended"), _end(result)
    yield Text("测试深度", "Depth"), named(DEPTHS, header.get("depth", ""))
    yield Text("随机种子", "Seed"), _code(header, "seed")
    if footer and footer.partial:
        yield Text("部分测试", "Partial"), named(PARTIAL, footer.partial_reason)
    if only := header.get("only"):
        yield Text("仅测试", "Only"), ", ".join(map(str, only))
    environment = header.get("environment") or {}
    yield (
        Text("运行环境", "Environment"),
        " · ".join(
            f"{_ENVIRONMENT.get(key, f'{key} ')}{value}"
            for key, value in environment.items()
        ),
    )


_ENVIRONMENT = {"python": "Python ", "implementation": "", "system": "", "machine": ""}
_IMPLEMENTATION = {
    "product": Text("被测产品", "Product"),
    "vendor": Text("厂商", "Vendor"),
    "version": Text("版本", "Version"),
    "model": Text("型号", "Model"),
    "hardware": Text("硬件版本", "Hardware"),
    "firmware": Text("固件版本", "Firmware"),
    "serial": Text("序列号", "Serial number"),
}


def _code(header: dict[str, Any], key: str) -> Markup | None:
    value = header.get(key)
    return tag("code", str(value)) if value not in (None, "") else None


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _declared(header: dict[str, Any]) -> str:
    parts = (header.get("declared_by"), header.get("declared_on"))
    return ", ".join(str(part) for part in parts if part)


def _profile_state(header: dict[str, Any]) -> Child:
    state = header.get("profile_state")
    if not state:
        return None
    if state == "trial":
        return Text("试行（不颁发证书）", "trial, no certificate")
    return named(STATES, state)


def _end(result: RunResult) -> Child:
    footer = result.footer
    if footer is None:
        return Text("没有结束", "it did not end")
    if not footer.end:
        return None
    return join([moment(footer.end), f" ({footer.duration_s:.1f} s)"])


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
    return Text("否", "no") if answer is False else _plain(answer)


def _footer(result: RunResult) -> Markup:
    return join(
        [
            tag(
                "p",
                Text(
                    "本报告的结果仅对所列的被测实现、版本和规范摘要有效。",
                    "The results relate only to the implementation, version and "
                    "profile digest named above.",
                ),
            ),
            tag(
                "p",
                Text(
                    "判定由 results.jsonl 得出，原始证据见 evidence 目录；"
                    "可用 luheng rejudge 重新判定。",
                    "The verdicts come from results.jsonl, the raw evidence is in the "
                    "folder evidence; luheng rejudge judges it again.",
                ),
            ),
        ]
    )
