# SPDX-License-Identifier: Apache-2.0
"""What a schema cannot say of a profile, as named rules.

Each rule yields what is wrong as a :class:`Finding`: an error code, facts, and the
value's place.  ``check_own`` and ``check_merged`` raise the first finding; lint
collects them all.  Conventions of style are in :mod:`conformance.profile.lint`.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.errors import ProfileError
from conformance.paths import data_dir
from conformance.profile.canonical import thaw
from conformance.profile.checkinfo import Checks
from conformance.profile.conditions import tokens
from conformance.profile.schema import Flaw, check_value, schema, shown
from conformance.profile.versions import order
from conformance.profile.yamlio import Document, Place

if TYPE_CHECKING:
    from conformance.profile.corpus import Entry
    from conformance.profile.resolve import Resolved

__all__ = [
    "Finding",
    "check_merged",
    "check_own",
    "findings_merged",
    "findings_own",
]

Quantities = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in a file, at a place."""

    code: str
    document: Document
    path: Place = ()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def error(self) -> ProfileError:
        """Return the finding as an error that can be raised or rendered."""
        return ProfileError(
            self.code,
            file=self.document.file,
            line=self.document.line(self.path),
            path=self.path,
            **self.facts,
        )


def check_own(document: Document, entry: Entry) -> None:
    """Raise the first thing wrong in one file by itself."""
    for finding in findings_own(document, entry):
        raise finding.error()


def check_merged(
    resolved: Resolved, quantities: Quantities, checks: Checks | None
) -> None:
    """Raise the first thing wrong in a resolved profile."""
    for finding in findings_merged(resolved, quantities, checks):
        raise finding.error()


def findings_own(document: Document, entry: Entry) -> Iterator[Finding]:
    """Yield what is wrong in one file by itself."""
    for rule in (_identity, _normal_text, _since, _changes, _patterns):
        for code, path, facts in rule(document.data, entry):
            yield Finding(code, document, path, facts)


_Found = Iterator[tuple[str, Place, dict[str, Any]]]


def _identity(data: Mapping[str, Any], entry: Entry) -> _Found:
    for name in ("id", "version"):
        stated, listed = data[name], getattr(entry, name)
        if stated != listed:
            facts = {"stated": stated, "listed": listed}
            yield "profile.not-as-indexed", (name,), facts


def _normal_text(data: Any, _: Entry) -> _Found:
    for path, text in _texts(data, ()):
        if not unicodedata.is_normalized("NFC", text):
            yield "profile.not-nfc", path, {}


def _texts(value: Any, path: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield path, key
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))


def _since(data: Mapping[str, Any], _: Entry) -> _Found:
    for index, item in enumerate(data.get("requirements", ())):
        since = item.get("since")
        if since and order(since) > order(data["version"]):
            path = ("requirements", index, "since")
            facts = {"since": since, "version": data["version"]}
            yield "profile.since-later", path, facts


def _changes(data: Mapping[str, Any], _: Entry) -> _Found:
    log = [item["version"] for item in data.get("changes", ())]
    if not log:
        return
    if log[0] != data["version"]:
        facts = {"newest": log[0], "version": data["version"]}
        yield "profile.changes-newest", ("changes", 0, "version"), facts
    for index, (later, earlier) in enumerate(pairwise(log), 1):
        if order(later) <= order(earlier):
            path = ("changes", index, "version")
            yield "profile.changes-order", path, {"later": later, "earlier": earlier}


def _patterns(data: Mapping[str, Any], _: Entry) -> _Found:
    for index, item in enumerate(data.get("ixit", ())):
        try:
            re.compile(item.get("pattern", ""))
        except re.error as reason:
            path = ("ixit", index, "pattern")
            yield "profile.bad-pattern", path, {"reason": str(reason)}


def findings_merged(
    resolved: Resolved, quantities: Quantities, checks: Checks | None
) -> Iterator[Finding]:
    """Yield what is wrong in a resolved profile."""
    yield from _conditions(resolved)
    yield from _groups(resolved)
    yield from _questions(resolved)
    yield from _clauses(resolved)
    yield from _elements(resolved, quantities)
    yield from _wire_names(resolved)
    yield from _bindings(resolved)
    yield from _defaults(resolved)
    if checks is not None:
        yield from _bound_checks(resolved, checks)


def _at(
    resolved: Resolved, section: str, key: str, code: str, *inside: str, **facts: Any
) -> Finding:
    document, path = resolved.places[section, key]
    return Finding(code, document, (*path, *inside), {"key": key, **facts})


def _conditions(resolved: Resolved) -> Iterator[Finding]:
    declared = {item["id"] for item in resolved.data["ics"]}
    for section, name in (
        ("requirements", "id"),
        ("ixit", "id"),
        ("ics", "id"),
        ("elements", "key"),
    ):
        for item in resolved.data[section]:
            conditions = [item.get("when")]
            if isinstance(item.get("presence"), dict):
                conditions.append(item["presence"]["when"])
            for condition in conditions:
                for token in set(tokens(condition)) - declared:
                    key = item[name]
                    code = "profile.undeclared-ics"
                    yield _at(resolved, section, key, code, token=token)


def _groups(resolved: Resolved) -> Iterator[Finding]:
    items = {item["id"]: item for item in resolved.data["ics"]}
    groups = {group["id"]: group["of"] for group in resolved.data["ics_groups"]}
    for key, members in groups.items():
        for token in members:
            if token not in items:
                code = "profile.undeclared-ics"
                yield _at(resolved, "ics_groups", key, code, token=token)
            elif items[token]["status"] != key:
                status = items[token]["status"]
                code = "profile.group-status"
                yield _at(resolved, "ics_groups", key, code, token=token, status=status)
    for token, item in items.items():
        status = item["status"]
        if status.startswith("o.") and token not in groups.get(status, ()):
            yield _at(resolved, "ics", token, "profile.not-in-group", group=status)


def _questions(resolved: Resolved) -> Iterator[Finding]:
    for item in resolved.data["ics"]:
        if "question" not in item:
            yield _at(resolved, "ics", item["id"], "profile.no-question")


def _clauses(resolved: Resolved) -> Iterator[Finding]:
    declared = {source["key"] for source in resolved.data["sources"]}
    for item in resolved.data["requirements"]:
        source = item["clause"]["source"]
        if source not in declared:
            code = "profile.undeclared-source"
            yield _at(
                resolved, "requirements", item["id"], code, "clause", source=source
            )


def _elements(resolved: Resolved, quantities: Quantities) -> Iterator[Finding]:
    for item in resolved.data["elements"]:
        yield from _unit(resolved, item, quantities)
        limits, resolution = item.get("range"), item.get("resolution")
        if not limits:
            continue
        low, high = Decimal(limits["min"]), Decimal(limits["max"])
        key = item["key"]
        if low >= high:
            yield _at(resolved, "elements", key, "profile.empty-range", "range")
        for side, limit in (("min", low), ("max", high)):
            if resolution and limit % Decimal(resolution):
                yield _at(
                    resolved,
                    "elements",
                    key,
                    "profile.off-resolution",
                    "range",
                    side,
                    limit=limit,
                    resolution=resolution,
                )


def _unit(
    resolved: Resolved, item: Mapping[str, Any], quantities: Quantities
) -> Iterator[Finding]:
    key, quantity, unit = item["key"], item.get("quantity"), item.get("unit")
    if quantity is None:
        if unit is not None:
            yield _at(resolved, "elements", key, "profile.unit-alone", unit=unit)
        return
    if quantity not in quantities:
        code = "profile.unknown-quantity"
        yield _at(resolved, "elements", key, code, quantity=quantity)
        return
    permitted = quantities[quantity]["units"]
    if unit not in permitted:
        yield _at(
            resolved,
            "elements",
            key,
            "profile.unit-of-quantity",
            unit=unit or "—",
            quantity=quantity,
            permitted=", ".join(permitted),
        )


def _wire_names(resolved: Resolved) -> Iterator[Finding]:
    used: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in resolved.data["elements"]:
        for binding, spelled in item["wire"].items():
            used[binding, _full_name(spelled)].append(item["key"])
    for (binding, name), keys in used.items():
        for key in keys[1:]:
            yield _at(
                resolved,
                "elements",
                key,
                "profile.wire-name-twice",
                "wire",
                binding=binding,
                name=name,
                first=keys[0],
            )


def _full_name(spelled: str | Mapping[str, Any]) -> str:
    """Return what tells a wire name from others: all but how its values are written.

    A factor of HJ 212 has one code for a measured and for a converted value.
    """
    if isinstance(spelled, str):
        return spelled
    more = [v for k, v in sorted(spelled.items()) if k not in ("code", "format")]
    return " ".join(map(str, (spelled["code"], *more)))


def _bindings(resolved: Resolved) -> Iterator[Finding]:
    declared = {item["id"] for item in resolved.data["ics"]}
    for item in resolved.data["bindings"]:
        key = item["key"]
        if item["ics"] not in declared:
            code = "profile.undeclared-ics"
            yield _at(resolved, "bindings", key, code, "ics", token=item["ics"])
        for token in _tokens_of(item["parameters"]):
            if token not in declared:
                code = "profile.undeclared-ics"
                yield _at(resolved, "bindings", key, code, "parameters", token=token)
        name = f"binding.{item['protocol']}"
        if not Path(data_dir("schemas"), f"{name}.schema.json").is_file():
            continue
        flaw = check_value(thaw(item["parameters"]), schema(name))
        if flaw:
            yield _parameter(resolved, "bindings", key, "parameters", key, flaw)


def _tokens_of(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield the ICS items that parameters of a binding name."""
    if "payload_ics" in parameters:
        yield str(parameters["payload_ics"])
    for offer in parameters.get("commands", {}).get("offers", {}).values():
        yield str(offer.get("ics", ""))


def _parameter(
    resolved: Resolved, section: str, key: str, inside: str, owner: str, flaw: Flaw
) -> Finding:
    """Return the finding for a parameter of ``owner`` that its schema refuses."""
    name = ".".join(map(str, flaw.path)) or "—"
    facts = {"owner": owner, "name": name, "keyword": flaw.keyword}
    code = "profile.param-wrong"
    if flaw.keyword == "required":
        code, facts["name"] = "profile.param-missing", str(flaw.wanted)
    elif flaw.keyword == "additionalProperties":
        code, facts["name"] = "profile.param-unknown", ", ".join(flaw.wanted)
    return _at(resolved, section, key, code, inside, wanted=shown(flaw.wanted), **facts)


_DEFAULTS: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "decimal": (int, Decimal),
    "duration": (str,),
    "endpoint": (str, dict),
    "secret": (),
    "secrets": (),
    "file": (str,),
    "boolean": (bool,),
}


def _defaults(resolved: Resolved) -> Iterator[Finding]:
    for item in resolved.data["ixit"]:
        if "default" not in item:
            continue
        value, kind = thaw(item["default"]), item["type"]
        fits = isinstance(value, _DEFAULTS[kind])
        if isinstance(value, bool) and kind != "boolean":
            fits = False
        if fits and "pattern" in item:
            fits = re.search(item["pattern"], str(value)) is not None
        if not fits:
            code = "profile.bad-default"
            yield _at(resolved, "ixit", item["id"], code, "default", type=kind)


def _bound_checks(resolved: Resolved, checks: Checks) -> Iterator[Finding]:
    for item in resolved.data["requirements"]:
        if "check" not in item:
            continue
        key, name = item["id"], item["check"]["name"]
        info = checks.get(name)
        if info is None:
            code = "profile.unknown-check"
            yield _at(resolved, "requirements", key, code, "check", check=name)
            continue
        actor = item["actor"]
        needed = {"both": {"device", "platform"}, "gateway": set()}
        if not needed.get(actor, {actor}) <= set(info.actors):
            yield _at(
                resolved,
                "requirements",
                key,
                "profile.check-actor",
                "actor",
                check=name,
                actor=actor,
                actors=", ".join(info.actors),
            )
        flaw = check_value(thaw(item["check"]["params"]), info.params_schema)
        if flaw:
            yield _parameter(resolved, "requirements", key, "check", name, flaw)
