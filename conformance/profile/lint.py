# SPDX-License-Identifier: Apache-2.0
"""Everything that is wrong with profiles, dictionaries and indexes, all at once.

Runs the named rules over files and adds what concerns authors only: the words of each
level (GB/T 1.1-2020), both languages, lifecycle, the committed snapshot, the editor's
schema line, and the UCUM grammar where its parser is installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.errors import InputError
from conformance.profile.checkinfo import Checks
from conformance.profile.corpus import MOVES, Corpus, Entry
from conformance.profile.resolve import Resolved
from conformance.profile.rules import Finding, findings_merged, findings_own
from conformance.profile.schema import validate
from conformance.profile.yamlio import Document, Place, load_yaml

__all__ = ["lint", "modal_findings", "snapshot_file", "snapshot_text"]


def lint(
    corpus: Corpus,
    files: Iterable[Path] | None = None,
    checks: Checks | None = None,
) -> tuple[int, list[InputError]]:
    """Return (number of files looked at, what is wrong), in order of file and line.

    ``files`` are YAML files; without them, every file of the corpus.
    """
    chosen = sorted(corpus.root.rglob("*.yaml")) if files is None else list(files)
    found: list[InputError] = []
    for file in chosen:
        try:
            found += [finding.error() for finding in _file(corpus, file, checks)]
        except InputError as error:
            found.append(error)
    unique = {(e.file, e.line, e.code, str(e)): e for e in found}
    return len(chosen), sorted(unique.values(), key=_in_reading_order)


def _in_reading_order(error: InputError) -> tuple[str, int, str]:
    return error.file or "", error.line or 0, error.code


def _file(corpus: Corpus, file: Path, checks: Checks | None) -> Iterator[Finding]:
    document = load_yaml(file)
    kind = _kind(document)
    validate(document, kind)
    if corpus.root.resolve() in file.resolve().parents:
        yield from _schema_line(document, kind)
    if kind == "dictionary":
        yield from _dictionary(document, corpus)
    elif kind == "index":
        yield from _index(document)
    else:
        yield from _profile(document, corpus, checks)


def _kind(document: Document) -> str:
    data = document.data
    if isinstance(data, dict):
        if data.get("kind") in ("elements", "quantities"):
            return "dictionary"
        if "versions" in data:
            return "index"
    return "profile"


def _schema_line(document: Document, kind: str) -> Iterator[Finding]:
    with Path(document.file).open(encoding="utf-8") as stream:
        first = stream.readline().rstrip("\n")
    form = rf"# yaml-language-server: \$schema=(\.\./)+schemas/{kind}\.schema\.json"
    if not re.fullmatch(form, first):
        depth = "../" * 3
        wanted = f"# yaml-language-server: $schema={depth}schemas/{kind}.schema.json"
        yield Finding("profile.no-schema-line", document, (), {"wanted": wanted})


# Dictionaries


def _dictionary(document: Document, corpus: Corpus) -> Iterator[Finding]:
    section = document.data["kind"]
    seen: set[str] = set()
    for index, item in enumerate(document.data[section]):
        path: Place = (section, index)
        if item["key"] in seen:
            facts = {"id": item["key"], "section": section}
            yield Finding("profile.duplicate-id", document, path, facts)
        seen.add(item["key"])
        yield from _languages(document, path, item["name"])
        if section == "quantities":
            yield from _ucum(document, path, item["units"])
        else:
            yield from _element_unit(document, path, item, corpus)


def _element_unit(
    document: Document, path: Place, item: Mapping[str, Any], corpus: Corpus
) -> Iterator[Finding]:
    key, quantity, unit = item["key"], item["quantity"], item.get("unit")
    if quantity not in corpus.quantities:
        facts = {"key": key, "quantity": quantity}
        yield Finding("profile.unknown-quantity", document, path, facts)
        return
    permitted = corpus.quantities[quantity]["units"]
    if unit not in permitted:
        facts = {
            "key": key,
            "unit": unit or "—",
            "quantity": quantity,
            "permitted": ", ".join(permitted),
        }
        yield Finding("profile.unit-of-quantity", document, path, facts)


def _ucum(document: Document, path: Place, units: Iterable[str]) -> Iterator[Finding]:
    try:
        from lark.exceptions import LarkError
        from ucumvert import get_ucum_parser
    except ImportError:
        return
    parser = get_ucum_parser()
    for index, unit in enumerate(units):
        try:
            parser.parse(unit)
        except LarkError:
            here = (*path, "units", index)
            yield Finding("profile.not-ucum", document, here, {"unit": unit})


# Indexes


def _index(document: Document) -> Iterator[Finding]:
    folder = Path(document.file).parent
    data = document.data
    if folder.name != data["id"]:
        yield Finding("profile.folder-name", document, ("id",), {"id": data["id"]})
    listed: set[str] = set()
    versions = [item["version"] for item in data["versions"]]
    for index, item in enumerate(data["versions"]):
        path: Place = ("versions", index)
        listed.add(name := item.get("file", f"{item['version']}.yaml"))
        if versions.count(item["version"]) > 1:
            facts = {"id": item["version"], "section": "versions"}
            yield Finding("profile.duplicate-id", document, path, facts)
        if not (folder / name).is_file():
            facts = {"reason": name}
            yield Finding("profile.unreadable", document, path, facts)
        if item.get("by", item["version"]) not in versions:
            facts = {"by": item["by"]}
            yield Finding("profile.unknown-successor", document, path, facts)
        yield from _history(document, path, item)
    for file in sorted(folder.glob("*.yaml")):
        if file.name not in listed and file.name != "index.yaml":
            yield Finding("profile.not-listed", load_yaml(file))


def _history(
    document: Document, path: Place, item: Mapping[str, Any]
) -> Iterator[Finding]:
    states = [step["state"] for step in item.get("history", ())]
    for index, after in enumerate(states):
        before = states[index - 1] if index else None
        if before and after not in MOVES[before]:
            facts = {"before": before, "after": after}
            here = (*path, "history", index)
            yield Finding("profile.bad-move", document, here, facts)
    if states and states[-1] != item["state"]:
        facts = {"last": states[-1], "state": item["state"]}
        yield Finding("profile.history-end", document, (*path, "history"), facts)


# Profiles


def _profile(
    document: Document, corpus: Corpus, checks: Checks | None
) -> Iterator[Finding]:
    entry = corpus.find(Path(document.file))
    yield from findings_own(document, entry)
    yield from _words(document)
    if entry.state in ("published", "superseded"):
        yield from _unconfirmed(document)
    resolved = corpus.resolve_entry(entry, checks, check=False)
    yield from findings_merged(resolved, corpus.quantities, checks)
    if corpus.entries.get(entry.ref) == entry:
        yield from _snapshot(document, entry, resolved)


def _words(document: Document) -> Iterator[Finding]:
    data = document.data
    yield from _languages(document, ("title",), data["title"])
    for index, item in enumerate(data.get("requirements", ())):
        path: Place = ("requirements", index)
        here = (*path, "text")
        yield from _languages(document, here, item["text"])
        for code, facts in modal_findings(item["level"], item["text"]):
            yield Finding(code, document, here, {"key": item["id"], **facts})
        for language, stop in (("zh", "。"), ("en", ".")):
            if not item["text"].get(language, stop).endswith(stop):
                facts = {"key": item["id"]}
                where = (*here, language)
                yield Finding("profile.unfinished", document, where, facts)
        reason = item.get("not_tested")
        if reason and not {"zh", "en"} <= reason.get("note", {}).keys():
            facts = {"key": item["id"]}
            yield Finding("profile.no-note", document, (*path, "not_tested"), facts)
    for section, name in (
        ("ics", "question"),
        ("ixit", "question"),
        ("elements", "name"),
    ):
        for index, item in enumerate(data.get(section, ())):
            if name in item:
                yield from _languages(document, (section, index, name), item[name])


def _languages(
    document: Document, path: Place, text: Mapping[str, str]
) -> Iterator[Finding]:
    for language, missing in (("zh", "中文 / Chinese"), ("en", "英文 / English")):
        if language not in text:
            facts = {"missing": missing}
            yield Finding("profile.one-language", document, path, facts)


_COMPOUNDS = re.compile(
    "响应|应答|对应|相应|应用|适应|反应|供应|应急|效应|感应|回应|适宜|便宜|事宜"
    "|可靠|可用|可见|许可|认可|可信|可读|可编|可选|可变|可控|可达|可能|可追溯|可重复"
)
# Level -> (one of these is there, none of these is there), Chinese.
_ZH = {
    "shall": ("应", "宜可"),
    "shall-not": ("不应", "宜可"),
    "should": ("宜", "应可"),
    "should-not": ("不宜", "应可"),
    "may": ("可", "应宜"),
}
_NEGATION = (
    r"(\b{0}\b.*\b(not|never|neither|nor|no|none)\b|\b(no|neither|none)\b.*\b{0}\b)"
)
_EN = {
    "shall": (r"\bshall\b", r"\bshould\b"),
    "shall-not": (_NEGATION.format("shall"), r"\bshould\b"),
    "should": (r"\bshould\b", r"\bshall\b"),
    "should-not": (_NEGATION.format("should"), r"\bshall\b"),
    "may": (r"\bmay\b", r"\b(shall|should)\b"),
}


def modal_findings(
    level: str, text: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (code, facts) where the words do not match the level.

    Source: GB/T 1.1-2020, annex on expressions of provisions.
    """
    if chinese := text.get("zh"):
        bare = _COMPOUNDS.sub("·", chinese)
        wanted, forbidden = _ZH[level]
        found = next((word for word in forbidden if _stands_alone(word, bare)), "")
        if wanted not in bare or found:
            facts = {"level": level, "wanted": wanted, "found": found or "—"}
            yield "profile.wrong-modal", facts
    if english := text.get("en"):
        needed, barred = _EN[level]
        bad = re.search(barred, english, re.IGNORECASE)
        if not re.search(needed, english, re.IGNORECASE | re.DOTALL) or bad:
            facts = {
                "level": level,
                "wanted": level.replace("-", " "),
                "found": bad[0] if bad else "—",
            }
            yield "profile.wrong-modal-en", facts


def _stands_alone(word: str, text: str) -> bool:
    # 可 also makes adjectives (可解析); as a permission it follows its subject or 不.
    if word == "可":
        return re.search("(?<![不均都])可(?=以|不)", text) is not None
    return word in text


def _unconfirmed(document: Document) -> Iterator[Finding]:
    for index, item in enumerate(document.data.get("requirements", ())):
        if not item["clause"].get("confirmed"):
            path = ("requirements", index, "clause")
            yield Finding("profile.unconfirmed", document, path, {"key": item["id"]})


# Snapshots


def snapshot_file(entry: Entry) -> Path:
    """Return where the committed snapshot of a version lies."""
    return entry.file.with_name(f"{entry.version}.resolved.json")


def snapshot_text(resolved: Resolved) -> str:
    """Return the committed form: for reviewers to read the difference of."""
    stored = {**resolved.data, "digest": resolved.digest}
    return json.dumps(stored, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _snapshot(
    document: Document, entry: Entry, resolved: Resolved
) -> Iterator[Finding]:
    file = snapshot_file(entry)
    facts = {"snapshot": file.name, "ref": entry.ref}
    if not file.is_file():
        yield Finding("profile.no-snapshot", document, (), facts)
    elif file.read_text("utf-8") != snapshot_text(resolved):
        yield Finding("profile.stale-snapshot", document, (), facts)
