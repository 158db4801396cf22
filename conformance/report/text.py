# SPDX-License-Identifier: Apache-2.0
"""The last lines on the console: counts, what blocks, and if a certificate is near.

Turns a result into lines of plain text.  The last line always answers whether a
certificate is possible.
"""

from __future__ import annotations

from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Verdict
from conformance.report.overview import Overview, overview
from conformance.report.visible import cut, visible
from conformance.report.words import VERDICTS, first_line, said

__all__ = ["summary_lines"]

_BLOCKING_SHOWN = 20
_LINE_CHARS = 160


def summary_lines(result: RunResult, language: str) -> list[str]:
    """Return the closing lines of a run, in ``zh`` or ``en``."""
    facts = overview(result)
    first = [follow for follow in facts.follows if follow.is_first]
    lines = [facts.headline[language]]
    for follow in first:
        lines += said(follow.reason)[language].split("\n")
        lines.append(f"  {follow.text[language]}")
    lines.append(_counts(facts, language))
    lines += _blocking(result, facts, language)
    lines.append(_certificate(facts, language))
    return [visible(line) for line in lines]


def _counts(facts: Overview, language: str) -> str:
    zh = language == "zh"
    judged = (
        f"适用要求 {facts.applicable} 条，已判定 {facts.judged} 条"
        if zh
        else f"{facts.judged} of {facts.applicable} applicable requirements judged"
    )
    counts = [
        f"{VERDICTS[verdict][language]} {count}"
        for verdict, count in facts.totals.items()
        if count
    ]
    colon, comma = ("：", "，") if zh else (": ", ", ")
    return judged + colon + comma.join(counts) if counts else judged


def _blocking(result: RunResult, facts: Overview, language: str) -> list[str]:
    records = {r.requirement: r for r in result.records}
    single = facts.single
    lines = [_one(records[name], language) for name in single[:_BLOCKING_SHOWN]]
    more = len(single) - _BLOCKING_SHOWN
    if more > 0:
        lines.append(f"  另有 {more} 条" if language == "zh" else f"  and {more} more")
    rest = (follow for follow in facts.follows if not follow.is_first)
    return lines + [f"  {follow.text[language]}" for follow in rest]


def _one(record: Record, language: str) -> str:
    verdict = VERDICTS[record.verdict][language]
    why = _why(record, language)
    line, omitted = cut(
        visible(f"  {record.requirement}  {verdict}  {why}"), _LINE_CHARS
    )
    return (line + "…" if omitted else line).rstrip()


def _why(record: Record, language: str) -> str:
    actual = said(record.actual)[language]
    if record.verdict is Verdict.FAIL and actual:
        return actual
    return first_line(said(record.reason)[language]) or actual or record.key or ""


def _certificate(facts: Overview, language: str) -> str:
    zh = language == "zh"
    if facts.certificate:
        return "证书：可以申请" if zh else "certificate: possible"
    why = ("；" if zh else "; ").join(o[language] for o in facts.obstacles)
    return (
        f"证书：不可申请，因为{why}"
        if zh
        else f"certificate: not possible because {why}"
    )
