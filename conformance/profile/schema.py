# SPDX-License-Identifier: Apache-2.0
"""Judges documents against ``schemas/*.schema.json`` and says one clear thing.

``jsonschema_rs`` decides; where it is not installed, ``jsonschema`` does.  Of all the
errors that a validator finds, the deepest is told, as an error code with facts, at its
line.  Knows JSON Schema, not profiles.
"""

from __future__ import annotations

import difflib
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from conformance.paths import data_dir
from conformance.profile.yamlio import Document, Place

__all__ = [
    "Flaw",
    "check_value",
    "flaws_by_jsonschema",
    "flaws_by_rust",
    "schema",
    "shown",
    "validate",
]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that a schema refuses: keyword and what it asks for."""

    path: Place
    keyword: str
    wanted: Any
    inner: tuple[tuple[Flaw, ...], ...] = ()
    """For ``oneOf`` and ``anyOf``: why each of the branches refuses."""


@cache
def schema(name: str) -> dict[str, Any]:
    """Return the schema ``schemas/<name>.schema.json``."""
    file = data_dir("schemas") / f"{name}.schema.json"
    loaded: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return loaded


def validate(document: Document, name: str) -> None:
    """Raise the document's kind of error where it breaks the schema ``name``."""
    flaws = list(_flaws(name)(document.data))
    if flaws:
        flaw = _plainest(flaws)
        code, facts = _sentence(flaw, document.data, schema(name))
        document.fail(code, flaw.path, **facts)


def check_value(value: Any, rules: Mapping[str, Any]) -> Flaw | None:
    """Return what is wrong with a value by a schema, ``None`` when it fits.

    For schemas that come as values, such as those of a check's parameters.
    """
    flaws = list(_judge_of(rules)(value))
    return _plainest(flaws) if flaws else None


def _judge_of(rules: Mapping[str, Any]) -> Callable[[Any], Iterator[Flaw]]:
    try:
        return _rust(rules)
    except ImportError:
        return _python(rules)


def flaws_by_rust(name: str) -> Callable[[Any], Iterator[Flaw]]:
    """Return the judge made by ``jsonschema_rs``."""
    return _rust(schema(name))


def _rust(rules: Mapping[str, Any]) -> Callable[[Any], Iterator[Flaw]]:
    rust = importlib.import_module("jsonschema_rs")
    validator = rust.Draft202012Validator(rules)
    return lambda data: map(_from_rust, validator.iter_errors(data))


def flaws_by_jsonschema(name: str) -> Callable[[Any], Iterator[Flaw]]:
    """Return the judge made by ``jsonschema``, in pure Python."""
    return _python(schema(name))


def _python(rules: Mapping[str, Any]) -> Callable[[Any], Iterator[Flaw]]:
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(rules)
    return lambda data: _by_jsonschema(validator, data)


@cache
def _flaws(name: str) -> Callable[[Any], Iterator[Flaw]]:
    try:
        return flaws_by_rust(name)
    except ImportError:
        return flaws_by_jsonschema(name)


def _from_rust(error: Any) -> Flaw:
    kind = error.kind
    keyword, wanted = str(kind.name), kind.value
    inner: tuple[tuple[Flaw, ...], ...] = ()
    if keyword in ("oneOf", "anyOf") and isinstance(wanted, list):
        inner = tuple(tuple(map(_from_rust, branch)) for branch in wanted)
        wanted = None
    return Flaw(tuple(error.instance_path), keyword, wanted, inner)


def _by_jsonschema(validator: Any, data: Any) -> Iterator[Flaw]:
    for error in validator.iter_errors(data):
        yield from _from_python(error)


def _from_python(error: Any) -> Iterator[Flaw]:
    path, keyword, wanted = tuple(error.absolute_path), error.validator, None
    match keyword:
        case "required":
            wanted = next(
                n for n in error.validator_value if error.message.startswith(repr(n))
            )
        case "additionalProperties":
            known = error.schema.get("properties", {})
            wanted = [name for name in error.instance if name not in known]
        case "oneOf" | "anyOf":
            branches: dict[Any, list[Flaw]] = {}
            for part in error.context:
                branch = branches.setdefault(part.schema_path[0], [])
                branch.extend(_from_python(part))
            yield Flaw(path, keyword, None, tuple(map(tuple, branches.values())))
            return
        case _:
            wanted = error.validator_value
    yield Flaw(path, str(keyword), wanted)


def _plainest(flaws: Iterable[Flaw]) -> Flaw:
    """Return the flaw to tell: the deepest; a misspelt key before what it causes."""
    order = {"additionalProperties": 0, "required": 1, "type": 2}
    chosen = min(
        flaws,
        key=lambda f: (-len(f.path), order.get(f.keyword, 3), list(map(str, f.path))),
    )
    meant = [branch for branch in chosen.inner if not _is_another_kind(branch, chosen)]
    return _plainest(meant[0]) if len(meant) == 1 else chosen


def _is_another_kind(branch: Iterable[Flaw], chosen: Flaw) -> bool:
    """Return whether a branch of ``oneOf`` is for another kind of value altogether."""
    return any(
        flaw.path == chosen.path and flaw.keyword in ("type", "enum", "const")
        for flaw in branch
    )


_COUNTS = {
    "uniqueItems": "profile.repeated",
    "minItems": "profile.too-few",
    "minProperties": "profile.too-few",
    "maxProperties": "profile.too-many",
}


def _sentence(
    flaw: Flaw, data: Any, rules: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Return the error code and the facts that tell the flaw."""
    found = _at(data, flaw.path)
    facts = {"found": shown(found), "wanted": shown(flaw.wanted), "is": _kind(found)}
    match flaw.keyword:
        case "required":
            return "profile.key-missing", {"key": flaw.wanted}
        case "additionalProperties":
            key = flaw.wanted[0]
            known = sorted(_property_names(rules))
            close = difflib.get_close_matches(key, known, n=1)
            return "profile.key-unknown", {"key": key, "close": "".join(close) or "—"}
        case "type":
            return "profile.wrong-type", {**facts, "wanted": _types(flaw.wanted)}
        case "enum" | "const":
            return "profile.not-a-choice", facts
        case "pattern":
            example = _example(rules, flaw.wanted)
            return "profile.bad-form", {**facts, "example": example}
        case "oneOf" if flaw.path[:1] == ("requirements",):
            return "profile.check-or-reason", {}
        case "oneOf" if flaw.path[:1] == ("tailor",):
            return "profile.tailor-shape", {}
        case "oneOf" | "anyOf":
            kinds = [
                _types(part.wanted) if part.keyword == "type" else shown(part.wanted)
                for branch in flaw.inner
                for part in branch
            ]
            wanted = " / ".join(dict.fromkeys(kinds))
            return "profile.wrong-type", {**facts, "wanted": wanted}
        case keyword:
            code = _COUNTS.get(keyword, "profile.schema")
            return code, {**facts, "keyword": keyword}


def _types(wanted: str | list[str]) -> str:
    return wanted if isinstance(wanted, str) else " / ".join(wanted)


def _example(rules: Any, pattern: str) -> str:
    """Return the example beside a pattern in the schema, else the pattern."""
    if isinstance(rules, dict):
        if rules.get("pattern") == pattern and "examples" in rules:
            return ", ".join(rules["examples"])
        rules = list(rules.values())
    if isinstance(rules, list):
        for part in rules:
            if (example := _example(part, pattern)) != pattern:
                return example
    return pattern


def _property_names(rules: Any) -> set[str]:
    if isinstance(rules, list):
        return set().union(*map(_property_names, rules))
    if not isinstance(rules, dict):
        return set()
    names = set(rules.get("properties", ()))
    return names.union(*map(_property_names, rules.values()))


def _at(data: Any, path: Place) -> Any:
    for step in path:
        data = data[step]
    return data


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {
        bool: "boolean",
        int: "integer",
        Decimal: "number",
        str: "string",
        list: "array",
        dict: "object",
        type(None): "null",
    }
    return kinds.get(type(value), type(value).__name__)


def shown(value: Any) -> str:
    """Return a value as the reader would write it, cut to a readable length."""
    if isinstance(value, Decimal):
        return str(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 120 else text[:119] + "…"
