# SPDX-License-Identifier: Apache-2.0
"""The comparison for people: statements by implementations, and each failure's frames.

Turns subjects and judgements into one HTML file that loads nothing, in both languages.
A failure that nobody has judged by its clause says so in red.  The block of plain text
beside each failure is meant to be pasted into an issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from conformance.protocols import frames
from conformance.report.comparison import Judgements, Plain, Subject, wording
from conformance.report.files import save
from conformance.report.html import content_policy
from conformance.report.markup import Markup, both, join, shown, tag
from conformance.report.panels import Explain
from conformance.report.visible import visible
from conformance.report.words import (
    LEVELS,
    PARTIAL,
    VERDICTS,
    first_line,
    named,
    said,
)
from conformance.text import Text, choose_language

__all__ = ["page_text", "write_page"]

_TOLD = ("fail", "error", "warn", "inconclusive")
_SIDES = {
    "platform": {"suite": "client -> server", "iut": "server -> client"},
    "device": {"suite": "server -> client", "iut": "client -> server"},
}
_WRONG = {
    "product": Text("产品有误", "the product is wrong"),
    "nobody": Text("不归咎任何一方", "nobody is wrong"),
}


def write_page(
    subjects: Sequence[Subject],
    judgements: Judgements,
    path: Path,
    *,
    explain: Explain | None,
    language: str | None = None,
) -> None:
    """Write the page.  Raises ``InputError`` (``report.cannot-write``)."""
    save(path, page_text(subjects, judgements, explain=explain, language=language))


def page_text(
    subjects: Sequence[Subject],
    judgements: Judgements,
    *,
    explain: Explain | None,
    language: str | None = None,
) -> str:
    """Return the page."""
    spoken = choose_language(language)
    style = _part("report.css") + _part("comparison.css")
    script = _part("comparison.js")
    title = Text("各实现的符合性比较", "Conformance of implementations compared")
    groups: dict[tuple[str, str], list[Subject]] = {}
    for subject in subjects:
        groups.setdefault((subject.run["profile"], subject.run["role"]), []).append(
            subject
        )
    main = [_section(key, group, judgements, explain) for key, group in groups.items()]
    return Template(_part("comparison.html")).substitute(
        language="zh-CN" if spoken == "zh" else "en",
        shown=spoken,
        policy=content_policy(style, script),
        title=shown(title[spoken]),
        style=style,
        script=script,
        header=tag("h1", title),
        main=join(main),
    )


def _part(name: str) -> str:
    return (resources.files(__package__) / name).read_text("utf-8")


def _section(
    key: tuple[str, str],
    group: Sequence[Subject],
    judgements: Judgements,
    explain: Explain | None,
) -> Markup:
    profile, role = key
    heading = {
        "platform": Text(
            f"{profile}：平台（服务端）", f"{profile}: platforms (servers)"
        ),
        "device": Text(f"{profile}：设备（客户端）", f"{profile}: devices (clients)"),
    }.get(role, Text(f"{profile}: {role}", f"{profile}: {role}"))
    findings = [
        _finding(subject, name, record, judgements, explain)
        for subject in group
        for name, record in sorted(
            subject.requirements.items(), key=lambda item: _by_number(item[0])
        )
        if record["verdict"] in _TOLD
    ]
    return tag(
        "section",
        tag("h2", heading),
        _subjects(group),
        tag("div", _matrix(group, judgements), class_="scroll"),
        tag("h3", Text("未通过的要求", "What did not pass")),
        *findings,
    )


def _subjects(group: Sequence[Subject]) -> Markup:
    head = tag(
        "tr",
        tag("th", Text("实现", "Implementation"), scope="col"),
        *(tag("th", VERDICTS[v], scope="col") for v in (*_TOLD, "pass")),
        tag("th", Text("未声明的能力", "Capabilities not claimed"), scope="col"),
        tag("th", Text("测试时间", "Tested"), scope="col"),
    )
    rows = [
        tag(
            "tr",
            tag("th", f"{s.product} {s.version}", scope="row"),
            *(tag("td", str(s.run["totals"].get(v, 0))) for v in (*_TOLD, "pass")),
            tag("td", ", ".join(k for k, v in s.run["ics"].items() if v is False)),
            tag("td", *_when(s)),
        )
        for s in group
    ]
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="subjects")
    return tag("div", table, class_="scroll")


def _when(subject: Subject) -> Iterator[Markup]:
    yield shown(str(subject.run["start"])[:10])
    if partial := subject.run.get("partial"):
        told = named(PARTIAL, partial)
        yield both(Text(f"（{told.zh}）", f" ({told.en})"))


def _matrix(group: Sequence[Subject], judgements: Judgements) -> Markup:
    """Return statements by subjects; what nobody was tested for is left out."""
    known: dict[str, Plain] = {}
    for subject in group:
        for name, record in subject.requirements.items():
            if record["verdict"] not in ("not-applicable", "not-tested"):
                known.setdefault(name, record)
    head = tag(
        "tr",
        tag("th", Text("要求", "Statement"), scope="col"),
        *(tag("th", f"{s.product} {s.version}", scope="col") for s in group),
    )
    rows = [
        tag(
            "tr",
            tag("th", *_statement(name, known[name], judgements), scope="row"),
            *(_cell(subject, name) for subject in group),
        )
        for name in sorted(known, key=_by_number)
    ]
    return tag("table", tag("thead", head), tag("tbody", *rows), class_="matrix")


def _by_number(name: str) -> list[tuple[int, str]]:
    """Return what puts 3.2 before 3.10; numbered statements before others."""
    parts = re.findall(r"\d+|[^\d]+", name)
    return [(int(p), "") if p.isascii() and p.isdigit() else (10**6, p) for p in parts]


def _statement(name: str, record: Plain, judgements: Judgements) -> Iterator[Markup]:
    yield tag("code", judgements.citation(name))
    yield both(Text(f" {record['clause']}　", f" {record['clause']}. "))
    yield both(said(record["text"]))


def _cell(subject: Subject, name: str) -> Markup:
    record = subject.requirements.get(name)
    verdict = record["verdict"] if record else "not-tested"
    words = named(VERDICTS, verdict)
    content = (
        tag("a", words, href=f"#{_anchor(subject, name)}")
        if verdict in _TOLD
        else both(words)
    )
    return tag("td", content, class_=f"is-{verdict}")


def _anchor(subject: Subject, name: str) -> str:
    return f"{subject.slug}-{subject.run['role']}-{name}".replace("@", "-")


def _finding(
    subject: Subject,
    name: str,
    record: Plain,
    judgements: Judgements,
    explain: Explain | None,
) -> Markup:
    entry = judgements.of(subject, name)
    verdict = record["verdict"]
    facts = [
        *_fact(Text("判定", "Verdict"), named(VERDICTS, verdict)),
        *_fact(Text("要求", "Requirement"), said(record["text"])),
        *_fact(Text("期望", "Expected"), _told(record.get("expected"))),
        *_fact(Text("实际", "Observed"), _told(record.get("actual"))),
        *_fact(Text("原因", "Reason"), _told(record.get("reason"))),
        *_judgement(entry),
    ]
    missing = verdict in ("fail", "error") and entry is None
    warning = Text(
        "尚无人工判断：在引用此项结果之前，请先对照条文确认。",
        "Nobody has judged this by its clause: do so before relying on it.",
    )
    title = f"{judgements.citation(name)} {subject.product} {subject.version}"
    report = _issue(subject, name, record, judgements, explain)
    return tag(
        "article",
        tag("h3", title),
        tag("p", warning, class_="unjudged") if missing else None,
        tag("dl", *facts),
        tag(
            "details",
            tag(
                "summary", Text("可转交维护者的报文", "Frames, to give to maintainers")
            ),
            tag("pre", shown(report, lines=True, limit=20000)),
        ),
        id=_anchor(subject, name),
        class_=f"finding is-{'fail' if verdict in ('fail', 'error') else 'open'}",
    )


def _told(value: Any) -> Text:
    text = said(value)
    return Text(first_line(text.zh), first_line(text.en))


def _fact(term: Text, value: Text) -> tuple[Markup, ...]:
    if not value["en"]:
        return ()
    return (tag("dt", term), tag("dd", both(value)))


def _judgement(entry: Plain | None) -> Iterator[Markup]:
    if entry is None:
        return
    yield from _fact(Text("责任", "Who is wrong"), _WRONG[entry["wrong"]])
    yield from _fact(Text("依据", "Why, by the clause"), wording(entry, "reason"))
    if upstream := entry.get("upstream"):
        yield from _fact(Text("上游问题", "Upstream"), said(upstream))


def _issue(
    subject: Subject,
    name: str,
    record: Plain,
    judgements: Judgements,
    explain: Explain | None,
) -> str:
    """Return the finding as plain English text with its frames in hexadecimal."""
    level = named(LEVELS, record["level"])["en"]
    lines = [
        f"{judgements.citation(name)} ({record['clause']}, {level})",
        said(record["text"])["en"],
        f"{subject.product} {subject.version}",
        "",
        *_frames(subject, record, explain),
        "",
    ]
    for label in ("expected", "actual", "reason"):
        if told := _told(record.get(label))["en"]:
            lines.append(f"{label}: {told}")
    return "\n".join(line if line else "" for line in map(visible, lines))


def _frames(subject: Subject, record: Plain, explain: Explain | None) -> Iterator[str]:
    sides = _SIDES.get(subject.run["role"], {})
    protocol = str(record.get("check", "")).partition(".")[0]
    for message in record.get("exchange", ()):
        try:
            octets = bytes.fromhex(message["octets"])
            pieces = frames(protocol, octets)
        except ValueError:
            continue
        for piece in pieces:
            told = explain(protocol, piece) if explain else None
            title = f"  # {told.title['en']}" if told else ""
            side = sides.get(message["sender"], message["sender"])
            yield f"{side}  {piece.hex()}{title}"
