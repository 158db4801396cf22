# SPDX-License-Identifier: Apache-2.0
"""Several runs as one comparison: what each implementation did on each requirement.

Turns folders of runs, or the files that an earlier comparison wrote, into ``Subject``
values and these into files that are small, hold no clock but that of the run, and come
out equal for equal runs.  Judges nothing: verdicts are those of the runs, and what a
person thinks of a failure stands in a file of its own, see ``Judgements``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.engine.result import Record, RunResult
from conformance.errors import InputError
from conformance.evidence.bundle import Bundle, sound
from conformance.profile.model import Requirement, Snapshot
from conformance.profile.schema import validate
from conformance.profile.yamlio import load_yaml
from conformance.report.files import save
from conformance.report.words import said
from conformance.text import Text

__all__ = [
    "Judgements",
    "Subject",
    "load_judgements",
    "read_subjects",
    "unjudged",
    "write_subjects",
]

Plain = dict[str, Any]
_KIND = "luheng-comparison"
_JUDGED = ("fail", "error")
_RECORD = ("verdict", "cause", "check", "key", "step", "expected", "actual", "reason")


@dataclass(frozen=True, slots=True)
class Subject:
    """One implementation against one profile in one role."""

    implementation: Plain
    run: Plain
    """Profile, digest, role, start, seed, depth, declared capabilities, totals."""
    requirements: Mapping[str, Plain]

    @property
    def product(self) -> str:
        return str(self.implementation.get("product", "?"))

    @property
    def version(self) -> str:
        return str(self.implementation.get("version", "?"))

    @property
    def slug(self) -> str:
        """The name of its file: product, version and profile, such as ``x-1.0-mqtt5``.

        Left out is what nearly every profile's name begins with.
        """
        profile = re.sub("^sd-(base-)?", "", self.run["profile"].partition("@")[0])
        name = f"{self.product}-{self.version}-{profile}"
        return re.sub(r"[^a-z0-9._]+", "-", name.lower())

    @property
    def order(self) -> tuple[str, str, str, str]:
        role = "0" if self.run["role"] == "platform" else "1"
        return (self.run["profile"], role, self.product.lower(), self.version)

    def failed(self) -> Iterator[str]:
        """Yield the requirements that stand against it."""
        return (n for n, r in self.requirements.items() if r["verdict"] in _JUDGED)


def read_subjects(paths: Sequence[Path]) -> list[Subject]:
    """Return what the folders of runs and the files of comparisons hold, in order.

    Of two runs of one product, version, profile and role the later one counts.  Raises
    ``InputError`` (``report.not-a-comparison`` and those of reading a run).
    """
    found: dict[tuple[str, str, str, str], Subject] = {}
    for path in paths:
        subjects = _of_file(path) if path.is_file() else [_of_run(path)]
        for subject in subjects:
            before = found.get(subject.order)
            if before is None or before.run["start"] <= subject.run["start"]:
                found[subject.order] = subject
    return [found[key] for key in sorted(found)]


def write_subjects(subjects: Sequence[Subject], folder: Path) -> list[Path]:
    """Write a file for each product, version and profile; return their paths.

    Raises ``InputError`` (``report.cannot-write``).
    """
    files: dict[str, list[Subject]] = {}
    for subject in subjects:
        files.setdefault(subject.slug, []).append(subject)
    written = []
    for name, group in files.items():
        data = {
            "format": 1,
            "kind": _KIND,
            "implementation": group[0].implementation,
            "runs": [{**s.run, "requirements": s.requirements} for s in group],
        }
        text = json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True)
        written.append(folder / f"{name}.json")
        save(written[-1], text + "\n")
    return written


def _of_file(path: Path) -> list[Subject]:
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("evidence.unreadable", file=path, reason=reason) from None
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or data.get("kind") != _KIND:
        raise InputError("report.not-a-comparison", file=path)
    with sound(path):
        return [
            Subject(
                dict(data["implementation"]),
                {key: run[key] for key in sorted(run) if key != "requirements"},
                dict(run["requirements"]),
            )
            for run in data["runs"]
        ]


def _of_run(folder: Path) -> Subject:
    result: RunResult = Bundle(folder).result()
    header, snapshot = result.header, result.snapshot
    assert isinstance(snapshot, Snapshot)
    known = {requirement.id: requirement for requirement in snapshot.requirements}
    with sound(folder):
        kept = ("profile", "profile_digest", "role", "start", "seed", "depth", "ics")
        run = {name: header[name] for name in kept}
        run["suite"] = header["suite"]["version"]
        run["totals"] = result.footer.totals if result.footer else {}
        if result.footer and result.footer.partial_reason:
            run["partial"] = result.footer.partial_reason
        return Subject(
            dict(header["implementation"]),
            run,
            {r.requirement: _plain(r, known[r.requirement]) for r in result.records},
        )


def _plain(record: Record, requirement: Requirement) -> Plain:
    clause = requirement.clause
    data: Plain = {
        "level": record.level,
        "clause": f"{clause.source} {clause.section}",
        "text": {"zh": requirement.text.zh, "en": requirement.text.en},
    }
    for name in _RECORD:
        if (value := getattr(record, name)) is not None:
            data[name] = str(value) if name in ("verdict", "cause") else value
    if record.exchange:
        data["exchange"] = [
            {"sender": m["sender"], "octets": m["octets"]} for m in record.exchange
        ]
    if record.counterexample is not None:
        data["counterexample"] = record.counterexample
    return data


@dataclass(frozen=True, slots=True)
class Judgements:
    """What people found when they read each failure beside its clause."""

    citations: Mapping[str, str]
    """From the beginning of a requirement's id to what a maintainer knows it by."""
    entries: Sequence[Plain]
    """One for each requirement of each version of a product."""

    def of(self, subject: Subject, requirement: str) -> Plain | None:
        """Return the judgement on one requirement of one version of a product."""
        return next((e for e in self.entries if _speaks(e, subject, requirement)), None)

    def citation(self, requirement: str) -> str:
        """Return the statement in the form that its standard gives it."""
        for start, form in self.citations.items():
            rest = requirement.removeprefix(start)
            if rest != requirement and rest[:1].isdigit():
                return form.replace("*", rest)
        return requirement

    def idle(self, subjects: Sequence[Subject]) -> list[Plain]:
        """Return the entries that speak of nothing that was compared."""
        return [
            entry
            for entry in self.entries
            if not any(
                _speaks(entry, subject, name)
                for subject in subjects
                for name, record in subject.requirements.items()
                if record["verdict"] not in ("pass", "not-applicable")
            )
        ]


def _speaks(entry: Plain, subject: Subject, requirement: str) -> bool:
    return (entry["peer"], entry["version"], entry["requirement"]) == (
        subject.product,
        subject.version,
        requirement,
    )


def load_judgements(path: Path | None) -> Judgements:
    """Return the judgements in a file; none without one.

    Where one sentence speaks of several peers or requirements, each gets an entry.
    Raises ``InputError`` for whatever is not well-formed.
    """
    if path is None:
        return Judgements({}, ())
    document = load_yaml(path, InputError)
    validate(document, "judgements")
    data = document.data
    entries = [one for entry in data["judgements"] for one in _single(entry)]
    return Judgements(data.get("citations", {}), entries)


def _single(entry: Plain) -> Iterator[Plain]:
    """Yield an entry for each peer, version and requirement that one speaks of."""
    peers = entry.get("peers") or {entry["peer"]: entry["version"]}
    told = {k: v for k, v in entry.items() if k in ("wrong", "reason", "upstream")}
    for peer, versions in peers.items():
        for version in _listed(versions):
            for requirement in _listed(entry["requirement"]):
                who = {"peer": peer, "version": version, "requirement": requirement}
                yield {**who, **told}


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def unjudged(subjects: Sequence[Subject], judgements: Judgements) -> list[Text]:
    """Return a sentence for each failure that nobody has judged by its clause."""
    return [
        Text(
            f"{subject.product} {subject.version}：{name} 不符合，尚无人工判断",
            f"{subject.product} {subject.version}: {name} fails and nobody has "
            "judged it by its clause",
        )
        for subject in subjects
        for name in subject.failed()
        if judgements.of(subject, name) is None
    ]


def wording(entry: Plain, name: str) -> Text:
    """Return what an entry says under a name."""
    return said(entry.get(name))
