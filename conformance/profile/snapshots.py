# SPDX-License-Identifier: Apache-2.0
"""Canonical data -> :class:`Snapshot`, with the digest checked on the way.

Parameters, defaults and values come back as the numbers that the profile wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from conformance.errors import ProfileError
from conformance.profile.canonical import digest, thaw
from conformance.profile.model import (
    Binding,
    CheckRef,
    Clause,
    Contributor,
    Element,
    IcsGroup,
    IcsItem,
    IxitItem,
    NotTested,
    Range,
    Reporting,
    Requirement,
    Snapshot,
    Source,
)
from conformance.text import Text

__all__ = ["make_snapshot", "snapshot_from_json"]

_OUTSIDE = ("digest", "state")
_T = TypeVar("_T")


def snapshot_from_json(stored: Mapping[str, Any]) -> Snapshot:
    """Return the stored snapshot; see :meth:`Snapshot.from_json`."""
    data = {key: value for key, value in stored.items() if key not in _OUTSIDE}
    found = digest(data)
    if found != stored.get("digest"):
        raise ProfileError(
            "profile.digest-mismatch",
            ref=f"{data.get('id')}@{data.get('version')}",
            stored=stored.get("digest"),
            computed=found,
        )
    return make_snapshot(data, found, str(stored.get("state", "draft")))


def make_snapshot(data: Mapping[str, Any], data_digest: str, state: str) -> Snapshot:
    """Return the values that canonical data describe."""

    def every(section: str, make: Callable[[Any], _T]) -> tuple[_T, ...]:
        items: Iterable[Any] = data.get(section, ())
        return tuple(map(make, items))

    return Snapshot(
        id=data["id"],
        version=data["version"],
        kind=data["kind"],
        title=Text(**data["title"]),
        language=data["language"],
        domain=data.get("domain"),
        actors=tuple(data["actors"]),
        state=state,
        sources=every("sources", _source),
        security=data.get("security"),
        elements=every("elements", _element),
        bindings=every("bindings", _binding),
        ics=every("ics", _ics_item),
        ics_groups=every("ics_groups", _ics_group),
        ixit=every("ixit", _ixit_item),
        requirements=every("requirements", _requirement),
        lineage=every("lineage", lambda item: Contributor(**item)),
        digest=data_digest,
        data=data,
    )


def _text(value: Mapping[str, str] | None) -> Text | None:
    return Text(**value) if value else None


def _source(item: Mapping[str, Any]) -> Source:
    title, note = _text(item.get("title")), _text(item.get("note"))
    return Source(item["key"], item["ref"], title, note)


def _element(item: Mapping[str, Any]) -> Element:
    limits, reporting = item.get("range"), item.get("reporting")
    resolution = item.get("resolution")
    return Element(
        key=item["key"],
        name=Text(**item["name"]),
        quantity=item.get("quantity"),
        unit=item.get("unit"),
        type=item["type"],
        range=Range(Decimal(limits["min"]), Decimal(limits["max"])) if limits else None,
        resolution=Decimal(resolution) if resolution else None,
        values=tuple(thaw(item.get("values", []))),
        presence=item["presence"],
        reporting=Reporting(**reporting) if reporting else None,
        wire=thaw(item.get("wire", {})),
        origin=item["origin"],
    )


def _binding(item: Mapping[str, Any]) -> Binding:
    parameters = thaw(item["parameters"])
    return Binding(
        item["key"], item["protocol"], item["edition"], item["ics"], parameters
    )


def _ics_item(item: Mapping[str, Any]) -> IcsItem:
    question = Text(**item["question"])
    return IcsItem(
        item["id"],
        item["status"],
        question,
        item.get("when"),
        item["origin"],
        item.get("role"),
        item.get("codes"),
    )


def _ics_group(item: Mapping[str, Any]) -> IcsGroup:
    return IcsGroup(item["id"], item["choose"], tuple(item["of"]))


def _ixit_item(item: Mapping[str, Any]) -> IxitItem:
    return IxitItem(
        id=item["id"],
        type=item["type"],
        question=Text(**item["question"]),
        pattern=item.get("pattern"),
        when=item.get("when"),
        default=thaw(item.get("default")),
        role=item.get("role"),
    )


def _clause(item: Mapping[str, Any]) -> Clause:
    editions = tuple(item.get("confirmed_for", ()))
    return Clause(**{**item, "confirmed_for": editions})


def _requirement(item: Mapping[str, Any]) -> Requirement:
    check, reason = item.get("check"), item.get("not_tested")
    return Requirement(
        id=item["id"],
        level=item["level"],
        actor=item["actor"],
        clause=_clause(item["clause"]),
        text=Text(**item["text"]),
        when=item.get("when"),
        check=CheckRef(check["name"], thaw(check["params"])) if check else None,
        not_tested=NotTested(reason["reason"], _text(reason.get("note")))
        if reason
        else None,
        since=item.get("since"),
        origin=item["origin"],
        edition=tuple(item["edition"]),
        tailorable=item["tailorable"],
    )
