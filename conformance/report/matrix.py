# SPDX-License-Identifier: Apache-2.0
"""The proof for people: requirements against implementations, one self-contained page.

Shows of each requirement which fault it caught, which it must not notice, and what
objects to the proof.  Computes nothing that the proof does not say.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from conformance.engine.proof import Fault
from conformance.engine.verdicts import Verdict
from conformance.evidence.proving import Cell, Proof, Trial
from conformance.report.files import save
from conformance.report.markup import Markup, join, tag
from conformance.text import Text

__all__ = ["matrix_text", "write_matrix"]

_STYLE = """
body{font:14px/1.5 system-ui,"Noto Sans CJK SC","Microsoft YaHei",sans-serif;
margin:2rem;color:#1c2733;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}
table{border-collapse:collapse;font-size:12px}
th,td{border:1px solid #d5dce3;padding:2px 4px;text-align:center}
th.row{text-align:left;font-weight:500;white-space:nowrap}
th.column{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;
font-weight:500;white-space:nowrap;padding:4px 2px}
td.kill{background:#1d7a46;color:#fff}td.also{background:#bfe3cd}
td.bad{background:#b3261e;color:#fff}td.soft{background:#f3e3b3}
td.none{color:#b8c2cc}
ul{padding-left:1.2rem}.ok{color:#1d7a46}.no{color:#b3261e}
.wide{overflow-x:auto}
"""


def write_matrix(proof: Proof, path: Path) -> None:
    """Write the proof as HTML.  Raises ``InputError`` (``report.cannot-write``)."""
    save(path, matrix_text(proof))


def matrix_text(proof: Proof) -> str:
    """Return the page."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'"
    roles = dict.fromkeys((t.protocol, t.role) for t in proof.trials)
    body = join(
        [
            tag("h1", Text("证明矩阵 ", "Proof matrix "), proof.profile),
            tag("p", proof.digest),
            _verdict(proof),
            _legend(),
            *(_table(proof, protocol, role) for protocol, role in roles),
        ]
    )
    head = join(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy),
            tag("title", f"{proof.profile} proof"),
            Markup(f"<style>{_STYLE}</style>"),
        ]
    )
    page = tag("html", tag("head", head), tag("body", body), lang="zh")
    return f"<!doctype html>\n{page}\n"


def _verdict(proof: Proof) -> Markup:
    if not proof.objections:
        said = Text("证明成立，无异议。", "The proof holds; nothing objects to it.")
        return tag("p", _two(said), class_="ok")
    rows = [
        tag("li", f"{o.trial} · {o.requirement} · {o.code}: ", _two(o.text))
        for o in proof.objections
    ]
    said = Text("证明不成立：", "The proof does not hold: ")
    return join([tag("p", _two(said), class_="no"), tag("ul", *rows)])


def _legend() -> Markup:
    cells = (
        ("kill", "✕", Text("专属缺陷被发现", "caught, for the right reason")),
        ("also", "✕", Text("已声明的连带失败", "declared collateral")),
        ("soft", "?", Text("无法判定", "inconclusive")),
        ("bad", "!", Text("异议", "objection")),
        ("none", "·", Text("通过", "pass")),
    )
    row = [
        Markup(tag("td", sign, class_=kind) + tag("td", _two(said)))
        for kind, sign, said in cells
    ]
    return tag("table", tag("tr", *row))


def _table(proof: Proof, protocol: str, role: str) -> Markup:
    trials = [t for t in proof.trials if (t.protocol, t.role) == (protocol, role)]
    skipped = (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE)
    names = [
        name
        for name, cell in proof.cells[trials[0]].items()
        if cell.verdict not in skipped
    ]
    heads = [tag("th", t.name, class_="column", title=_title(t)) for t in trials]
    rows = [
        tag(
            "tr",
            tag("th", name, class_="row"),
            *(_cell(t, name, proof.cells[t].get(name)) for t in trials),
        )
        for name in names
    ]
    table = tag("table", tag("tr", tag("th"), *heads), *rows)
    return join([tag("h2", f"{protocol} / {role}"), tag("div", table, class_="wide")])


def _cell(trial: Trial, name: str, cell: Cell | None) -> Markup:
    if cell is None:
        return tag("td")
    fault = trial.deviation if isinstance(trial.deviation, Fault) else None
    breaks = dict(fault.breaks) if fault else {}
    failed = cell.verdict in (Verdict.FAIL, Verdict.WARN)
    title = f"{cell.verdict} {cell.key or ''}"
    if failed and name in breaks:
        kind, sign = ("kill", "✕") if breaks[name] == cell.key else ("bad", "!")
    elif failed and fault and name in fault.also:
        kind, sign = "also", "✕"
    elif failed or cell.verdict is Verdict.ERROR or name in breaks:
        kind, sign = "bad", "!"
    elif cell.verdict is Verdict.INCONCLUSIVE:
        kind, sign = ("soft", "?") if fault else ("bad", "!")
    else:
        kind, sign = "none", "·"
    return tag("td", sign, class_=kind, title=title)


def _title(trial: Trial) -> str:
    if trial.deviation is None:
        return "honest"
    title = trial.deviation.title
    return f"{trial.kind}: {title.zh} / {title.en}"


def _two(text: Text) -> Markup:
    """Return both languages, because this page has no switch."""
    return join([text.zh, " / ", text.en])
