# SPDX-License-Identifier: Apache-2.0
"""The entries that one file states, in canonical form with every default explicit.

Takes names, quantities and units from the dictionary, folds the file's own ``when``
into its entries, and turns exact numbers into text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.profile.canonical import decimal_text, freeze
from conformance.profile.conditions import fold, tokens
from conformance.profile.yamlio import Document, Place

__all__ = ["own_entries"]

_FOLDED = ("ics", "ixit", "requirements")


def own_entries(
    document: Document, section: str, dictionary: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the entries of a section, canonical."""
    own = document.data
    origin = f"{own['id']}@{own['version']}"
    complete = []
    for index, stated in enumerate(own.get(section, ())):
        entry = freeze(stated)
        if section == "elements":
            entry = _element(document, (section, index), stated, dictionary)
        elif section == "requirements":
            entry = _requirement(entry)
        if section in _FOLDED:
            _fold_when(entry, own.get("when"), section)
        if section not in ("sources", "ics_groups"):
            entry["origin"] = origin
        complete.append(entry)
    return complete


def _fold_when(entry: dict[str, Any], outer: Any, section: str) -> None:
    # The question that the condition itself asks cannot depend on its answer.
    if section == "ics" and entry["id"] in tokens(outer):
        return
    when = fold(outer, entry.get("when"))
    if when is not None:
        entry["when"] = when


def _element(
    document: Document,
    path: Place,
    stated: Mapping[str, Any],
    dictionary: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    known: Mapping[str, Any] = {}
    if source := stated.get("from"):
        if source not in dictionary:
            document.fail("profile.unknown-dictionary-key", (*path, "from"), key=source)
        known = dictionary[source]
    names = ("key", "name", "quantity", "unit")
    inherited = {name: known[name] for name in names if name in known}
    entry: dict[str, Any] = freeze({**inherited, **stated})
    if "range" in stated:
        limits = stated["range"]
        entry["range"] = {side: decimal_text(limits[side]) for side in ("min", "max")}
    if "resolution" in stated:
        entry["resolution"] = decimal_text(stated["resolution"])
    entry.setdefault("wire", {})
    return entry


def _requirement(entry: dict[str, Any]) -> dict[str, Any]:
    entry["clause"] = {"confirmed": False, "basis": "normative", **entry["clause"]}
    entry.setdefault("tailorable", False)
    entry.setdefault("edition", [])
    if "check" in entry:
        entry["check"] = {"params": {}, **entry["check"]}
    return entry
