# SPDX-License-Identifier: Apache-2.0
"""JUnit XML, for build servers.

One test case per requirement.  JUnit has fewer verdicts than we have: *inconclusive*
becomes an error of the type ``inconclusive``, *warn* passes with its words in the
output, *not-tested* and *not-applicable* are skipped.  The property ``verdict`` has the
true one.  A run that did not come to its end gets one more case, an error, so that no
build turns green on it.  One cause that kept many from being judged is one case too,
an error before all others; these are then skipped and point to it.

Source: the dialect that pytest and Jenkins write and read; there is no standard.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Verdict
from conformance.report.files import save
from conformance.report.overview import Overview, overview
from conformance.report.standing import Follow
from conformance.report.visible import cut, visible
from conformance.report.words import FIELDS, first_line, pretty, said

__all__ = ["junit_text", "write_junit"]

_OUTCOMES = {
    Verdict.ERROR: "error",
    Verdict.INCONCLUSIVE: "error",
    Verdict.FAIL: "failure",
    Verdict.NOT_TESTED: "skipped",
    Verdict.NOT_APPLICABLE: "skipped",
}
_MESSAGE_CHARS = 300
_BODY_CHARS = 20_000


def write_junit(result: RunResult, path: Path, *, language: str = "en") -> None:
    """Write the result as JUnit XML.  Raises ``InputError``."""
    save(path, junit_text(result, language=language))


def junit_text(result: RunResult, *, language: str = "en") -> str:
    """Return the result as JUnit XML."""
    facts = overview(result)
    profile = str(result.header.get("profile", ""))
    suite = ET.Element("testsuite")
    _properties(suite, dict(_of_run(result, facts, language)))
    told = [follow for follow in facts.follows if follow.is_first]
    for follow in told:
        _cause(suite, follow, profile, language)
    elsewhere = {name: follow for follow in told for name in follow.names}
    for record in result.records:
        _case(suite, record, profile, language, elsewhere.get(record.requirement))
    if _is_cut_short(result, facts):
        _unfinished(suite, profile, facts, language)
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
        "time": _seconds(result.footer.duration_s if result.footer else 0.0),
    }
    root = ET.Element("testsuites", _strings({"name": "luheng", **counts}))
    start = result.header.get("start")
    named = {"name": profile, **counts, **({"timestamp": start} if start else {})}
    suite.attrib.update(_strings(named))
    root.append(suite)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _of_run(
    result: RunResult, facts: Overview, language: str
) -> Iterator[tuple[str, object]]:
    header, footer = result.header, result.footer
    suite = header.get("suite") or {}
    yield "run", header.get("run")
    yield "suite", " ".join(str(suite.get(k, "")) for k in ("name", "version")).strip()
    yield "profile_digest", header.get("profile_digest")
    yield "profile_state", header.get("profile_state")
    yield "role", header.get("role")
    yield "seed", header.get("seed")
    yield "depth", header.get("depth")
    for key, value in (header.get("implementation") or {}).items():
        yield f"implementation.{key}", said(value)[language]
    yield "complete", "yes" if footer and not footer.partial else "no"
    yield "verdict", footer.verdict if footer else None
    yield "result", facts.state
    yield "certificate", "possible" if facts.certificate else "not possible"


def _cause(suite: ET.Element, follow: Follow, profile: str, language: str) -> None:
    """Add what kept many requirements from being judged, before the first of them."""
    reason = said(follow.reason)[language]
    name: dict[str, object] = {
        "classname": profile,
        "name": follow.key,
        "time": _seconds(0),
    }
    case = ET.SubElement(suite, "testcase", _strings(name))
    _properties(case, {"verdict": Verdict.INCONCLUSIVE})
    told: dict[str, object] = {"type": follow.key, "message": first_line(reason)}
    error = ET.SubElement(case, "error", _strings(told))
    error.text = _body("\n".join([reason, follow.text[language], *follow.names]))


def _case(
    suite: ET.Element,
    record: Record,
    profile: str,
    language: str,
    elsewhere: Follow | None,
) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        _strings(
            {
                "classname": profile,
                "name": record.requirement,
                "time": _seconds(record.duration_s),
            }
        ),
    )
    _properties(
        case,
        {
            "level": record.level,
            "actor": record.actor,
            "check": record.check,
            "verdict": record.verdict,
            "cause": record.cause,
            "attempts": len(record.attempts) or None,
        },
    )
    body = "\n".join(_story(record, language))
    if elsewhere is not None:
        ET.SubElement(case, "skipped", _strings({"message": elsewhere.key}))
    elif outcome := _OUTCOMES.get(record.verdict):
        reason = first_line(said(record.reason)[language])
        message = said(record.actual)[language] or reason or record.key or ""
        kind = record.key if record.verdict is Verdict.FAIL else str(record.verdict)
        child = ET.SubElement(
            case, outcome, _strings({"type": kind or "fail", "message": message})
        )
        child.text = _body(body) or None
    elif record.verdict is Verdict.WARN:
        ET.SubElement(case, "system-out").text = _body(body)


def _story(record: Record, language: str) -> Iterator[str]:
    """Yield what the record has to say, a line or paragraph each."""
    lines = {
        "expected": said(record.expected)[language],
        "actual": said(record.actual)[language],
        "reason": said(record.reason)[language],
        "key": record.key,
        "step": record.step,
        "counterexample": pretty(record.counterexample)
        if record.counterexample is not None
        else None,
    }
    names = {name: label[language] for name, label in FIELDS.items()}
    yield from (f"{names[name]}: {line}" for name, line in lines.items() if line)
    remarks = (said(remark)[language] for remark in record.remarks)
    yield from (f"{names['remark']}: {remark}" for remark in remarks)
    if record.packets:
        numbers = ", ".join(map(str, record.packets))
        yield f"{names['packets']}: {numbers} (evidence/wire.pcapng)"


def _is_cut_short(result: RunResult, facts: Overview) -> bool:
    if facts.state in ("unfinished", "inconsistent") or not result.records:
        return True
    return facts.requirements is not None and len(result.records) < facts.requirements


def _unfinished(
    suite: ET.Element, profile: str, facts: Overview, language: str
) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        _strings({"classname": profile, "name": "run", "time": _seconds(0)}),
    )
    _properties(case, {"verdict": Verdict.INCONCLUSIVE})
    message = facts.headline[language]
    ET.SubElement(
        case, "error", _strings({"type": "incomplete-run", "message": message})
    )


def _properties(parent: ET.Element, values: dict[str, object]) -> None:
    element = ET.SubElement(parent, "properties")
    for name, value in values.items():
        if value not in (None, ""):
            ET.SubElement(element, "property", _strings({"name": name, "value": value}))


def _strings(values: dict[str, object]) -> dict[str, str]:
    return {key: _short(str(value)) for key, value in values.items()}


def _short(text: str) -> str:
    head, omitted = cut(text, _MESSAGE_CHARS)
    return visible(head) + ("…" if omitted else "")


def _body(text: str) -> str:
    head, omitted = cut(text, _BODY_CHARS)
    note = f"\n… {omitted} characters left out" if omitted else ""
    return visible(head, lines=True) + note


def _seconds(value: float) -> str:
    return f"{value:.3f}"
