# SPDX-License-Identifier: Apache-2.0
"""What a profile may do to what it inherits: tighten, and loosen with a reason.

``tailor`` changes inherited requirements; ``narrow`` judges an entry that is stated
again.  Both raise ``ProfileError`` at the line that goes too far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from conformance.profile.canonical import freeze, thaw
from conformance.profile.checkinfo import Checks
from conformance.profile.model import Reporting
from conformance.profile.periods import seconds
from conformance.profile.yamlio import Document, Place

__all__ = ["narrow", "tailor"]

Entry = dict[str, Any]
Places = Mapping[tuple[str, str], tuple[Document, Place]]

_RANK = {"may": 0, "should": 1, "shall": 2, "should-not": -1, "shall-not": -2}


def tailor(
    document: Document,
    requirements: list[Entry],
    checks: Checks | None,
) -> None:
    """Apply the document's ``tailor`` entries to the inherited ``requirements``."""
    for index, entry in enumerate(document.data.get("tailor", ())):
        path: Place = ("tailor", index)
        target = entry["requirement"]
        place = next((i for i, r in enumerate(requirements) if r["id"] == target), None)
        if place is None:
            document.fail("profile.tailor-target", path, requirement=target)
        requirement = requirements[place]
        if entry.get("drop"):
            _permit_loosening(document, path, requirement, "drop")
            del requirements[place]
            continue
        changed = _relevel(document, path, requirement, entry)
        requirements[place] = _set_params(document, path, changed, entry, checks)


def _permit_loosening(
    document: Document, path: Place, requirement: Entry, what: str
) -> None:
    is_binding = requirement["level"] in ("shall", "shall-not")
    if is_binding and not requirement["tailorable"]:
        document.fail(
            "profile.tailor-loosens",
            path,
            requirement=requirement["id"],
            what=what,
            base=requirement["origin"],
        )


def _relevel(
    document: Document, path: Place, requirement: Entry, entry: Mapping[str, Any]
) -> Entry:
    level = entry.get("level", requirement["level"])
    before, after = _RANK[requirement["level"]], _RANK[level]
    if before * after < 0 or (before == 0 and after < 0):
        # From a demand to a ban or back: another sentence, not a tailored one.
        document.fail(
            "profile.tailor-reverses",
            (*path, "level"),
            requirement=requirement["id"],
            level=level,
        )
    if abs(after) < abs(before):
        _permit_loosening(document, (*path, "level"), requirement, "level")
    return {**requirement, "level": level}


def _set_params(
    document: Document,
    path: Place,
    requirement: Entry,
    entry: Mapping[str, Any],
    checks: Checks | None,
) -> Entry:
    stated = entry.get("params", {})
    if not stated:
        return requirement
    check = requirement.get("check")
    if check is None:
        document.fail("profile.tailor-no-check", path, requirement=requirement["id"])
    info = checks.get(check["name"]) if checks is not None else None
    for name, value in stated.items():
        old = thaw(check["params"].get(name))
        if info and not _is_tighter(old, value, info.tighter.get(name)):
            here = (*path, "params", name)
            _permit_loosening(document, here, requirement, name)
    params = {**check["params"], **freeze(stated)}
    return {**requirement, "check": {**check, "params": params}}


def _is_tighter(old: Any, new: Any, direction: str | None) -> bool:
    if old == new:
        return True
    numbers = all(
        isinstance(v, int | Decimal) and not isinstance(v, bool) for v in (old, new)
    )
    if direction is None or not numbers:
        return False
    return bool(new < old if direction == "lower" else new > old)


def narrow(
    document: Document,
    path: Place,
    section: str,
    old: Entry,
    new: Entry,
    places: Places,
) -> Entry:
    """Return the entry that results from stating an inherited one again.

    Raises ``ProfileError`` where ``new`` permits more than ``old`` or says another
    thing.
    """
    merged = _NARROWERS[section](old, new)
    if isinstance(merged, str):
        key = old.get("key") or old["id"]
        base = places[section, key][0].file
        document.fail("profile.widened", path, key=key, what=merged, base=base)
    return merged


def _same_or(what: str) -> Callable[[Entry, Entry], Entry | str]:
    def judge(old: Entry, new: Entry) -> Entry | str:
        return old if {**old, "origin": ""} == {**new, "origin": ""} else what

    return judge


def _element(old: Entry, new: Entry) -> Entry | str:
    for name in ("unit", "type", "quantity"):
        if old.get(name) != new.get(name):
            return name
    # More wire names are no contradiction: the base did not have that binding.
    if {**old["wire"], **new["wire"]} != {**new["wire"], **old["wire"]}:
        return "wire"
    tests: dict[str, Callable[[Any, Any], bool]] = {
        "range": _is_inside,
        "resolution": _is_finer,
        "presence": _is_surer,
        "reporting": _reports_as_often,
        "values": _is_subset,
    }
    for name, is_narrower in tests.items():
        if name in old and name in new and not is_narrower(old[name], new[name]):
            return name
    return {**old, **new, "wire": {**old["wire"], **new["wire"]}}


def _is_inside(old: Entry, new: Entry) -> bool:
    return Decimal(old["min"]) <= Decimal(new["min"]) and Decimal(
        new["max"]
    ) <= Decimal(old["max"])


def _is_finer(old: str, new: str) -> bool:
    return Decimal(new) <= Decimal(old)


def _is_surer(old: Any, new: Any) -> bool:
    return bool(old == new or old == "optional" or new == "mandatory")


def _is_subset(old: list[Any], new: list[Any]) -> bool:
    return all(value in old for value in new)


def _reports_as_often(old: Entry, new: Entry) -> bool:
    one, other = Reporting(**old), Reporting(**new)
    if seconds(one.nominal) != seconds(other.nominal):
        return False
    pairs = ((one.tolerance, other.tolerance), (one.max_gap, other.max_gap))
    return all(a is None or (b and seconds(b) <= seconds(a)) for a, b in pairs)


def _ics_item(old: Entry, new: Entry) -> Entry | str:
    for name in ("question", "when", "role", "codes"):
        if name in new and new[name] != old.get(name):
            return name
    status, before = new["status"], old["status"]
    is_narrower = before == "optional" or (
        before.startswith("o.") and status == "mandatory"
    )
    if status != before and not is_narrower:
        return "status"
    return {**old, "status": status}


def _ixit_item(old: Entry, new: Entry) -> Entry | str:
    """A profile may propose a default and word the question; nothing else."""
    for name in ("type", "role"):
        if old.get(name) != new.get(name):
            return name
    for name in ("pattern", "when"):
        if name in new and new[name] != old.get(name):
            return name
    return {**old, **new}


def _binding(old: Entry, new: Entry) -> Entry | str:
    """A profile may choose the edition and fix parameters that its base left open."""
    for name in ("protocol", "ics"):
        if old[name] != new[name]:
            return name
    both = old["parameters"].keys() & new["parameters"].keys()
    for name in sorted(both):
        if old["parameters"][name] != new["parameters"][name]:
            return f"parameters.{name}"
    parameters = {**old["parameters"], **new["parameters"]}
    return {**old, "edition": new["edition"], "parameters": parameters}


_NARROWERS: Mapping[str, Callable[[Entry, Entry], Entry | str]] = {
    "sources": _same_or("source"),
    "elements": _element,
    "bindings": _binding,
    "ics": _ics_item,
    "ics_groups": _same_or("group"),
    "ixit": _ixit_item,
    "requirements": _same_or("requirement"),
}
