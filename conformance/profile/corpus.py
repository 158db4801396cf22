# SPDX-License-Identifier: Apache-2.0
"""Where profiles lie: references -> files -> snapshots.

``profiles/<area>/<id>/`` holds ``index.yaml`` (versions and their lifecycle states,
outside the hashed files) and one file per version.  A reference is ``id@version``, a
bare id (the best state's newest version) or the path of a file outside the corpus,
whose bases are looked for beside it first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from conformance.errors import ProfileError
from conformance.paths import data_dir
from conformance.profile.checkinfo import Checks
from conformance.profile.lock import LOCKED_STATES, Pin, read_lock
from conformance.profile.model import Snapshot
from conformance.profile.resolve import MAX_BASES_DEPTH, Resolved, merge
from conformance.profile.rules import check_merged, check_own
from conformance.profile.schema import validate
from conformance.profile.snapshots import make_snapshot
from conformance.profile.versions import in_range, order, split_range
from conformance.profile.yamlio import Document, Place, load_yaml

__all__ = ["MOVES", "Corpus", "Entry", "default_corpus"]

MOVES: Mapping[str, tuple[str, ...]] = {
    "draft": ("review",),
    "review": ("draft", "trial"),
    "trial": ("draft", "published"),
    "published": ("superseded", "withdrawn"),
    "superseded": ("withdrawn",),
    "withdrawn": (),
}
"""State -> the states that may follow it."""

# Which state is offered for a bare id, best first.
_PREFERENCE = ("published", "trial", "review", "draft", "superseded")


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of a profile in the corpus."""

    id: str
    version: str
    state: str
    file: Path
    area: str

    @property
    def ref(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"


class Corpus:
    """A folder of profiles.  ``parent`` is asked for what it does not have."""

    def __init__(self, root: Path, parent: Corpus | None = None) -> None:
        self.root = root
        self.parent = parent
        self._resolved: dict[tuple[Path, bool, bool], Resolved] = {}

    @cached_property
    def entries(self) -> Mapping[str, Entry]:
        """Every version, by reference, in order of area, id and version."""
        found: dict[str, Entry] = {}
        for index in self.indexes:
            for place, entry in enumerate(self._versions(index)):
                if entry.ref in found:
                    path = ("versions", place)
                    facts = {"id": entry.ref, "section": str(self.root)}
                    index.fail("profile.duplicate-id", path, **facts)
                found[entry.ref] = entry
        ordered = sorted(found.values(), key=lambda e: (e.area, e.id, order(e.version)))
        return {entry.ref: entry for entry in ordered}

    @cached_property
    def lock(self) -> Mapping[str, Pin]:
        """What published versions were published with."""
        return read_lock(self.root)

    @cached_property
    def indexes(self) -> list[Document]:
        """The ``index.yaml`` files, in order of their paths."""
        return [load_yaml(file) for file in sorted(self.root.glob("*/*/index.yaml"))]

    def _versions(self, index: Document) -> Iterator[Entry]:
        validate(index, "index")
        folder = Path(index.file).parent
        for item in index.data["versions"]:
            file = folder / item.get("file", f"{item['version']}.yaml")
            yield Entry(
                index.data["id"],
                item["version"],
                item["state"],
                file,
                folder.parent.name,
            )

    def refs(self) -> list[str]:
        """Return every reference of the corpus."""
        return list(self.entries)

    @cached_property
    def dictionary(self) -> Mapping[str, Mapping[str, Any]]:
        """Data elements by key."""
        return self._dictionary("elements")

    @cached_property
    def quantities(self) -> Mapping[str, Mapping[str, Any]]:
        """Quantities with their permitted units, by key."""
        return self._dictionary("quantities")

    def _dictionary(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        file = self.root / "dictionary" / f"{kind}.yaml"
        inherited: Mapping[str, Mapping[str, Any]] = {}
        if self.parent:
            inherited = getattr(
                self.parent, "dictionary" if kind == "elements" else kind
            )
        if not file.is_file():
            return inherited
        document = load_yaml(file)
        validate(document, "dictionary")
        return {**inherited, **{item["key"]: item for item in document.data[kind]}}

    def find(self, wanted: str | Path) -> Entry:
        """Return the version that a reference, id or path names.

        Raises ``ProfileError`` (``profile.not-found``).
        """
        text = str(wanted)
        if text in self.entries:
            return self.entries[text]
        same = [e for e in self.entries.values() if e.id == text]
        offered = [e for e in same if e.state in _PREFERENCE]
        if offered:
            return min(
                offered,
                key=lambda e: (
                    _PREFERENCE.index(e.state),
                    [-number for number in order(e.version)],
                ),
            )
        if Path(text).suffix in (".yaml", ".yml") and Path(text).is_file():
            return self._entry_of(Path(text))
        if self.parent:
            return self.parent.find(wanted)
        known = ", ".join(sorted({e.id for e in self.entries.values()})) or "—"
        raise ProfileError("profile.not-found", wanted=text, known=known)

    def _entry_of(self, file: Path) -> Entry:
        for entry in self.entries.values():
            if entry.file.resolve() == file.resolve():
                return entry
        document = load_yaml(file)
        validate(document, "profile")
        return Entry(document.data["id"], document.data["version"], "draft", file, "—")

    def resolve(
        self,
        wanted: str | Path,
        checks: Checks | None = None,
    ) -> Snapshot:
        """Return the snapshot of a profile with everything it extends.

        Raises ``ProfileError`` with file, line and path of the first thing wrong.
        """
        entry = self.find(wanted)
        resolved = self.resolve_entry(entry, checks)
        return make_snapshot(resolved.data, resolved.digest, entry.state)

    def resolve_entry(
        self,
        entry: Entry,
        checks: Checks | None = None,
        *,
        check: bool = True,
        chain: tuple[str, ...] = (),
    ) -> Resolved:
        """Return the resolved profile with its places.

        ``check=False`` leaves the named rules to the caller, who wants all of what
        they find rather than the first.
        """
        known = (entry.file, checks is not None, check)
        if known not in self._resolved:
            document = load_yaml(entry.file)
            validate(document, "profile")
            if check:
                check_own(document, entry)
            chain = (*chain, entry.ref)
            bases = [
                self.resolve_entry(base, checks, check=check, chain=chain)
                for base in self._bases(document, entry, chain)
            ]
            resolved = merge(document, bases, self.dictionary, checks)
            self._hold_to_lock(entry, resolved, bases)
            if check:
                check_merged(resolved, self.quantities, checks)
            self._resolved[known] = resolved
        return self._resolved[known]

    def _bases(
        self, document: Document, entry: Entry, chain: tuple[str, ...]
    ) -> Iterator[Entry]:
        for index in range(len(document.data.get("extends", ()))):
            yield self._base(document, entry, index, chain)

    def _base(
        self, document: Document, entry: Entry, index: int, chain: tuple[str, ...]
    ) -> Entry:
        """Return the newest permitted version that an ``extends`` range admits."""
        path = ("extends", index)
        name, wanted = split_range(document.data["extends"][index])
        ids = [ref.partition("@")[0] for ref in chain]
        if name in ids:
            circle = " → ".join([*chain[ids.index(name) :], name])
            document.fail("profile.circle", path, circle=circle)
        if len(chain) > MAX_BASES_DEPTH:
            document.fail("profile.too-deep", path, limit=MAX_BASES_DEPTH)
        if entry.state in LOCKED_STATES and self._is_listed(entry):
            return self._pinned(document, entry, path, name)
        known = [e for e in self._beside(entry) if e.id == name] or [
            e for e in self._all() if e.id == name
        ]
        states = {"published", "superseded", "trial"}
        if entry.state in ("draft", "review"):
            states |= {"draft", "review"}
        fitting = [
            e for e in known if e.state in states and in_range(e.version, wanted)
        ]
        if not fitting:
            document.fail(
                "profile.no-base",
                path,
                base=name,
                wanted=wanted,
                known=", ".join(f"{e.version} ({e.state})" for e in known) or "—",
            )
        return max(fitting, key=lambda e: order(e.version))

    def _pin(self, entry: Entry) -> Pin | None:
        if self.parent and entry.ref not in self.lock:
            return self.parent._pin(entry)
        return self.lock.get(entry.ref)

    def _pinned(
        self, document: Document, entry: Entry, path: Place, name: str
    ) -> Entry:
        """Return the version that the lock names, whatever the range would admit."""
        pin = self._pin(entry)
        if pin is None or name not in pin.extends:
            document.fail("profile.not-locked", path, ref=entry.ref, base=name)
        return self.find(f"{name}@{pin.extends[name][0]}")

    def _hold_to_lock(
        self, entry: Entry, resolved: Resolved, bases: Sequence[Resolved]
    ) -> None:
        pin = self._pin(entry) if entry.state in LOCKED_STATES else None
        if pin is None:
            return
        for base in bases:
            if pin.extends[base.data["id"]][1] != base.digest:
                resolved.document.fail("profile.lock-differs", ref=base.ref)
        if pin.resolved != resolved.digest:
            resolved.document.fail("profile.lock-differs", ref=entry.ref)

    def _is_listed(self, entry: Entry) -> bool:
        return any(entry == known for known in self._all())

    def _all(self) -> Iterator[Entry]:
        yield from self.entries.values()
        if self.parent:
            yield from self.parent._all()

    def _beside(self, entry: Entry) -> Iterator[Entry]:
        """Yield the profiles beside a file that is not in the corpus."""
        if self._is_listed(entry):
            return
        for file in sorted(entry.file.parent.glob("*.yaml")):
            if file == entry.file or file.name.endswith(".iut.yaml"):
                continue
            data = load_yaml(file).data
            if isinstance(data, dict) and isinstance(data.get("id"), str):
                version = data.get("version")
                if isinstance(version, str):
                    yield Entry(data["id"], version, "draft", file, "—")


@cache
def default_corpus() -> Corpus:
    """Return the corpus that comes with the suite."""
    return Corpus(data_dir("profiles"))
