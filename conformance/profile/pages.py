# SPDX-License-Identifier: Apache-2.0
"""A snapshot -> a page for people, in Chinese or English; the corpus -> a list."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from conformance.profile.conditions import sentence
from conformance.profile.corpus import Corpus
from conformance.profile.model import Element, IcsItem, Requirement, Snapshot
from conformance.text import Text

__all__ = ["listing", "page"]

_STATES = {
    "draft": Text("草案", "draft"),
    "review": Text("评审", "review"),
    "trial": Text("试行", "trial"),
    "published": Text("已发布", "published"),
    "superseded": Text("已被取代", "superseded"),
    "withdrawn": Text("已撤销", "withdrawn"),
}
_KINDS = {
    "abstract": Text("基础规范", "abstract"),
    "profile": Text("规范", "profile"),
}
_LEVELS = {
    "shall": Text("应", "shall"),
    "shall-not": Text("不应", "shall not"),
    "should": Text("宜", "should"),
    "should-not": Text("不宜", "should not"),
    "may": Text("可", "may"),
}
_ACTORS = {
    "device": Text("设备", "device"),
    "platform": Text("平台", "platform"),
    "gateway": Text("网关", "gateway"),
    "both": Text("设备和平台", "device and platform"),
}
_REASONS = {
    "site-inspection": Text("现场查验", "site inspection"),
    "document-review": Text("文件审查", "document review"),
    "not-observable": Text("无法观测", "not observable"),
    "out-of-scope": Text("不在范围内", "out of scope"),
    "planned": Text("计划实现", "planned"),
}
_STATUSES = {
    "mandatory": Text("必备", "mandatory"),
    "optional": Text("可选", "optional"),
    "prohibited": Text("禁止", "prohibited"),
}


def listing(corpus: Corpus, language: str) -> str:
    """Return one line per version: reference, state, kind, title."""
    rows = []
    for entry in corpus.entries.values():
        snapshot = corpus.resolve(entry.ref)
        state, kind = _STATES[entry.state], _KINDS[snapshot.kind]
        title = snapshot.title[language]
        rows.append((entry.ref, state[language], kind[language], title))
    return "\n".join(_table(rows))


def page(snapshot: Snapshot, language: str) -> str:
    """Return the profile as a readable page of plain text."""
    return "\n".join(_page(snapshot, language))


def _page(snapshot: Snapshot, language: str) -> Iterator[str]:
    def word(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    yield snapshot.title[language]
    state = _STATES[snapshot.state][language]
    kind = _KINDS[snapshot.kind][language]
    yield f"{snapshot.ref}  {state}  {kind}"
    yield f"{word('摘要', 'digest')}  {snapshot.digest}"
    if snapshot.lineage:
        bases = ", ".join(f"{base.id}@{base.version}" for base in snapshot.lineage)
        yield f"{word('继承', 'extends')}  {bases}"
    if snapshot.security:
        yield f"{word('安全等级', 'security level')}  {snapshot.security['level']}"
    yield from _section(
        word("引用标准", "Sources"),
        _table(
            (source.key, source.ref, source.title[language] if source.title else "")
            for source in snapshot.sources
        ),
    )
    yield from _section(
        word("数据元", "Data elements"),
        _table(_element(element, language) for element in snapshot.elements),
    )
    yield from _section(
        word("协议绑定", "Bindings"),
        _table(
            (binding.key, binding.protocol, binding.edition, binding.ics)
            for binding in snapshot.bindings
        ),
    )
    yield from _section(
        word("实现声明（ICS）", "Questions on support (ICS)"),
        _table(_ics(item, language) for item in snapshot.ics),
    )
    yield from _section(
        word("测试附加信息（IXIT）", "Values for testing (IXIT)"),
        _table((item.id, item.type, item.question[language]) for item in snapshot.ixit),
    )
    count = len(snapshot.requirements)
    tested = sum(item.check is not None for item in snapshot.requirements)
    head = word(
        f"要求：共 {count} 项，{tested} 项有检查",
        f"Requirements: {count}, of which {tested} have a check",
    )
    lines = (
        line for item in snapshot.requirements for line in _requirement(item, language)
    )
    yield from _section(head, lines)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    body = list(lines)
    if body:
        yield ""
        yield title
        yield from (f"  {line}" for line in body)


def _element(element: Element, language: str) -> tuple[str, ...]:
    limits = f"{element.range.min} … {element.range.max}" if element.range else ""
    presence = element.presence
    if isinstance(presence, str):
        when = _STATUSES[presence][language]
    else:
        when = sentence(presence["when"], language)
    wire = " ".join(f"{key}:{_wire(element, key)}" for key in element.wire)
    unit = element.unit or ""
    return element.key, element.name[language], unit, limits, when, wire


def _wire(element: Element, binding: str) -> str:
    spelled = element.wire[binding]
    prefix = "" if isinstance(spelled, str) else spelled.get("prefix", "")
    return f"{element.wire_code(binding)}{prefix and '-'}{prefix}"


def _ics(item: IcsItem, language: str) -> tuple[str, ...]:
    status = _STATUSES.get(item.status, Text(item.status, item.status))
    return item.id, status[language], item.question[language]


def _requirement(item: Requirement, language: str) -> Iterator[str]:
    level, actor = _LEVELS[item.level][language], _ACTORS[item.actor][language]
    clause = f"{item.clause.source} {item.clause.section}"
    if not item.clause.confirmed:
        clause += Text("（条款待核对）", " (clause not confirmed)")[language]
    yield f"{item.id}  {level}  {actor}  {clause}"
    yield f"    {item.text[language]}"
    if item.when:
        condition = sentence(item.when, language)
        yield f"    {Text('适用条件：', 'applies when: ')[language]}{condition}"
    if item.check:
        yield f"    {Text('检查：', 'check: ')[language]}{item.check.name}"
    elif item.not_tested:
        reason = _REASONS[item.not_tested.reason][language]
        note = item.not_tested.note
        colon, comma = ("：", "，") if language == "zh" else (": ", ", ")
        detail = f"{colon}{note[language]}" if note else ""
        yield f"    {Text('不测试', 'not tested')[language]}{comma}{reason}{detail}"


def _table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield lines with aligned columns; a Chinese character is two columns wide."""
    table = list(rows)
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = zip(row, widths, strict=True)
        yield "  ".join(c + " " * (w - _width(c)) for c, w in cells).rstrip()


def _width(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
