# SPDX-License-Identifier: Apache-2.0
"""The table of requirements: one row each, grouped by topic, with its panel below.

Words of a requirement come from the profile that was tested; without it the row stands
with its identifier alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby
from typing import Any

from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Verdict
from conformance.report.markup import Markup, both, join, shown, tag
from conformance.report.overview import Overview
from conformance.report.panels import Explain, panel
from conformance.report.words import ACTORS, LEVELS, VERDICTS, named, said
from conformance.text import Text

__all__ = ["anchor", "requirements_table", "totals_bar"]

_COLUMNS = 4
_BAR_ORDER = (
    Verdict.FAIL,
    Verdict.ERROR,
    Verdict.INCONCLUSIVE,
    Verdict.WARN,
    Verdict.PASS,
    Verdict.NOT_TESTED,
    Verdict.NOT_APPLICABLE,
)


def anchor(requirement: str) -> str:
    """Return the fragment identifier of a requirement's row."""
    return "r-" + re.sub(
        r"[^A-Za-z0-9.-]", lambda m: f"_{ord(m[0]):x}_", requirement[:200]
    )


def totals_bar(facts: Overview) -> Markup:
    """Return the counts, which are the filter as well, and a bar of their shares."""
    chips = [
        tag(
            "button",
            tag("span", str(facts.totals[verdict]), class_="count"),
            " ",
            VERDICTS[verdict],
            type="button",
            class_=f"chip v-{verdict}",
            data_verdict=str(verdict),
            aria_pressed="false",
            disabled=not facts.totals[verdict],
        )
        for verdict in _BAR_ORDER
    ]
    whole = sum(facts.totals.values())
    bar, start = [], 0
    for verdict in _BAR_ORDER:
        count = facts.totals[verdict]
        if count:
            place = {"x": str(start), "width": str(count), "height": "1"}
            bar.append(tag("rect", class_=f"v-{verdict}", **place))
        start += count
    picture = tag(
        "svg",
        *bar,
        class_="bar",
        viewBox=f"0 0 {max(whole, 1)} 1",
        preserveAspectRatio="none",
        aria_hidden="true",
    )
    return join(
        [
            picture,
            tag(
                "div",
                *chips,
                class_="chips",
                role="group",
                aria_labelledby="filter-title",
            ),
        ]
    )


def requirements_table(
    result: RunResult, explain: Explain | None, folder: str, facts: Overview
) -> Markup:
    """Return the table; an empty result says that it is empty."""
    if not result.records:
        return tag("p", Text("没有任何记录。", "There are no records."), class_="empty")
    words = {r.id: r for r in getattr(result.snapshot, "requirements", ())}
    followers = {name for follow in facts.follows for name in follow.names}

    def below(record: Record) -> Markup | None:
        follows = record.requirement in followers
        return panel(record, explain, folder, follows=follows)

    bodies = [
        _group(topic, list(records), words, result.snapshot, below)
        for topic, records in groupby(result.records, key=_topic)
    ]
    head = tag(
        "tr",
        tag("th", Text("编号", "Requirement"), scope="col"),
        tag("th", Text("内容与条款", "Text and clause"), scope="col"),
        tag("th", Text("判定", "Verdict"), scope="col"),
        tag("th", Text("检查", "Check"), scope="col"),
    )
    return tag("table", tag("thead", head), *bodies, class_="requirements")


def _topic(record: Record) -> str:
    return record.requirement.rpartition("-")[0] or record.requirement


def _group(
    topic: str,
    records: list[Record],
    words: dict[str, Any],
    snapshot: Any,
    below: Callable[[Record], Markup | None],
) -> Markup:
    heading = tag(
        "tr",
        tag(
            "th",
            topic,
            " ",
            tag("span", str(len(records)), class_="count"),
            colspan=str(_COLUMNS),
            scope="rowgroup",
        ),
        class_="topic",
    )
    rows = [
        _row(record, words.get(record.requirement), snapshot, below(record))
        for record in records
    ]
    return tag("tbody", heading, *rows)


def _row(
    record: Record, requirement: Any, snapshot: Any, below: Markup | None
) -> Markup:
    badge = tag(
        "span", named(VERDICTS, record.verdict), class_=f"badge v-{record.verdict}"
    )
    attempts = len(record.attempts)
    retried = Text(f"第 {attempts} 次尝试", f"on attempt {attempts}")
    row = tag(
        "tr",
        tag(
            "th",
            tag("span", record.requirement, class_="name"),
            tag(
                "span",
                tag("b", named(LEVELS, record.level)),
                " · ",
                named(ACTORS, record.actor),
                class_="level",
            ),
            scope="row",
        ),
        tag(
            "td",
            tag("p", requirement.text) if requirement else None,
            _clause(requirement, snapshot),
            _why_left_out(record),
        ),
        tag(
            "td",
            badge,
            tag("span", retried, class_="retried") if attempts > 1 else None,
        ),
        tag("td", _check(record.check), class_="check"),
        id=anchor(record.requirement),
        class_=f"row v-{record.verdict}",
        data_verdict=str(record.verdict),
    )
    if below is None:
        return row
    cell = tag("td", below, colspan=str(_COLUMNS))
    return join([row, tag("tr", cell, class_="detail")])


def _check(name: str | None) -> Markup | None:
    """Return the name of a check, which may break after a dot or underscore."""
    if not name:
        return None
    parts = re.split(r"(?<=[._])", name[:200])
    return tag("code", Markup("<wbr>".join(map(shown, parts))))


def _why_left_out(record: Record) -> Markup | None:
    if record.verdict not in (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE):
        return None
    if record.reason is None:
        return None
    return tag("p", both(said(record.reason), lines=True), class_="reason")


def _clause(requirement: Any, snapshot: Any) -> Markup | None:
    """Return the standard and clause, and whether a public source confirms it."""
    if requirement is None:
        return None
    clause, check = requirement.clause, requirement.check
    refs = {source.key: source.ref for source in snapshot.sources}
    section = f" {clause.section}" if clause.section else ""
    edition = snapshot.edition(check.name.partition(".")[0]) if check else None
    mark = tag("span", Text("条款待核实", "clause not confirmed"), class_="unconfirmed")
    if clause.is_confirmed(edition):
        mark = tag("span", Text("条款已核实", "clause confirmed"), class_="confirmed")
    ref = refs.get(clause.source) or str(clause.source)
    return tag("p", f"{ref}{section}", " ", mark, class_="clause")
