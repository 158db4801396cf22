# SPDX-License-Identifier: Apache-2.0
"""A profile and its bases -> one resolved profile, as canonical data.

The order of the work: unite the bases by key, tailor what they require, add the
profile's own entries, make every default explicit.  A profile may only narrow what it
inherits; each permitted loosening is a ``tailor`` entry with its reason.  Two bases
that disagree are an error, never a silent first-wins.  Pure: reads no file, knows no
check; what is not named here is left to :mod:`conformance.profile.rules`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.profile.canonical import digest, freeze
from conformance.profile.checkinfo import Checks
from conformance.profile.entries import own_entries
from conformance.profile.narrowing import narrow, tailor
from conformance.profile.yamlio import Document, Place

__all__ = ["MAX_BASES_DEPTH", "SECTIONS", "Resolved", "merge"]

MAX_BASES_DEPTH = 5

SECTIONS: Mapping[str, str] = {
    "sources": "key",
    "elements": "key",
    "bindings": "key",
    "ics": "id",
    "ics_groups": "id",
    "ixit": "id",
    "requirements": "id",
}
"""The lists of a profile, and what identifies an entry of each."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Canonical data with the places that their entries come from."""

    data: dict[str, Any]
    digest: str
    document: Document
    places: Mapping[tuple[str, str], tuple[Document, Place]] = field(repr=False)
    """(section, key) -> file and path that state the entry."""

    @property
    def ref(self) -> str:
        return f"{self.data['id']}@{self.data['version']}"


def merge(
    document: Document,
    bases: Sequence[Resolved],
    dictionary: Mapping[str, Mapping[str, Any]],
    checks: Checks | None = None,
) -> Resolved:
    """Return the resolved profile.

    ``document`` has passed the schema; ``bases`` are resolved, in the order of
    ``extends``; ``dictionary`` maps element keys to their entries.
    """
    own = document.data
    places: dict[tuple[str, str], tuple[Document, Place]] = {}
    data = _unite(document, bases, places)
    tailor(document, data["requirements"], checks)
    for section, name in SECTIONS.items():
        inherited = {item[name]: item for item in data[section]}
        seen: set[str] = set()
        for index, item in enumerate(own_entries(document, section, dictionary)):
            path, key = (section, index), item[name]
            if key in seen:
                document.fail("profile.duplicate-id", path, id=key, section=section)
            seen.add(key)
            if key in inherited:
                item = narrow(document, path, section, inherited[key], item, places)
            inherited[key] = item
            places[section, key] = (document, path)
        data[section] = list(inherited.values())
    _settle(data, own, bases, document)
    data = {key: value for key, value in data.items() if value is not None}
    return Resolved(data, digest(data), document, places)


def _unite(
    document: Document,
    bases: Sequence[Resolved],
    places: dict[tuple[str, str], tuple[Document, Place]],
) -> dict[str, Any]:
    """Return the union of the bases' sections; raises where two disagree."""
    data: dict[str, Any] = {}
    for section, name in SECTIONS.items():
        united: dict[str, Any] = {}
        for base in bases:
            for item in base.data[section]:
                key = item[name]
                known = united.setdefault(key, item)
                if not _says_the_same(known, item):
                    _clash(document, section, key, places[section, key][0], base)
                places.setdefault((section, key), base.places[section, key])
        data[section] = list(united.values())
    return data


def _says_the_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return one is other or {**one, "origin": ""} == {**other, "origin": ""}


def _clash(
    document: Document, section: str, key: str, first: Document, base: Resolved
) -> None:
    document.fail(
        "profile.clash",
        ("extends",),
        section=section,
        key=key,
        first=first.file,
        second=base.places[section, key][0].file,
    )


def _settle(
    data: dict[str, Any],
    own: Mapping[str, Any],
    bases: Sequence[Resolved],
    document: Document,
) -> None:
    """Fill in identity, single values and lineage."""
    for name in ("format", "id", "version", "kind", "title", "language", "actors"):
        data[name] = own[name]
    data["domain"] = own.get("domain")
    data["unknown_elements"] = _one_value(
        document, bases, "unknown_elements", default="ignore"
    )
    data["security"] = _security(document, bases)
    data["changes"] = own.get("changes", [])
    data["tailoring"] = _tailoring(own, bases)
    data["lineage"] = _lineage(document, bases)


def _one_value(
    document: Document, bases: Sequence[Resolved], name: str, default: Any
) -> Any:
    """Return the profile's own value, else the one that its bases agree on."""
    if name in document.data:
        return freeze(document.data[name])
    stated = [base for base in bases if base.data.get(name) is not None]
    for base in stated[1:]:
        if base.data[name] != stated[0].data[name]:
            document.fail(
                "profile.clash",
                ("extends",),
                section="—",
                key=name,
                first=stated[0].document.file,
                second=base.document.file,
            )
    return stated[0].data[name] if stated else default


def _security(document: Document, bases: Sequence[Resolved]) -> Any:
    value = _one_value(document, bases, "security", default=None)
    for base in bases:
        inherited = base.data.get("security")
        if not inherited:
            continue
        if value["level"] < inherited["level"]:
            document.fail(
                "profile.security-lowered",
                ("security", "level"),
                level=value["level"],
                inherited=inherited["level"],
                base=base.ref,
            )
        for name in ("transport", "cipher_profiles"):
            extra = set(value.get(name, ())) - set(inherited.get(name, ()))
            if name in inherited and extra:
                document.fail(
                    "profile.widened",
                    ("security", name),
                    key="security",
                    what=name,
                    base=base.ref,
                )
    return value


def _tailoring(own: Mapping[str, Any], bases: Sequence[Resolved]) -> list[Any]:
    """Return every tailoring with its reason and author, oldest first."""
    entries = [entry for base in bases for entry in base.data["tailoring"]]
    by = f"{own['id']}@{own['version']}"
    entries += [{**freeze(entry), "by": by} for entry in own.get("tailor", ())]
    return [entry for i, entry in enumerate(entries) if entry not in entries[:i]]


def _lineage(document: Document, bases: Sequence[Resolved]) -> list[dict[str, str]]:
    """Return each base once; raises where one is reached in two versions."""
    found: dict[str, dict[str, str]] = {}
    for base in bases:
        identity = {name: base.data[name] for name in ("id", "version")}
        for item in [*base.data["lineage"], {**identity, "digest": base.digest}]:
            known = found.setdefault(item["id"], item)
            if known != item:
                document.fail(
                    "profile.two-versions",
                    ("extends",),
                    base=item["id"],
                    first=known["version"],
                    second=item["version"],
                )
    return list(found.values())
