# SPDX-License-Identifier: Apache-2.0
"""A ``*.iut.yaml`` file as a ``Declaration``: strict YAML, the schema, then values.

What the file leaves open (``null``) is absent from the declaration.  Knows no profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.errors import DeclarationError
from conformance.iut.declaration import Declaration
from conformance.iut.values import (
    COMMAND_TIMEOUT_S,
    PROMPT_TIMEOUT_S,
    Endpoint,
    Hook,
    Limits,
    Secret,
    seconds_of,
)
from conformance.profile.schema import validate
from conformance.profile.yamlio import Document, load_yaml
from conformance.text import Text

__all__ = ["read_declaration"]

_FORMS = ("command", "url", "prompt")


def read_declaration(path: Path) -> Declaration:
    """Return the declaration in a file.  Raises ``DeclarationError``."""
    document = load_yaml(path, error=DeclarationError)
    if not isinstance(document.data, dict):
        document.fail("iut.not-a-declaration")
    if document.data.get("kind") != "iut":
        document.fail("iut.not-a-declaration", ("kind",))
    _refuse_odd_answers(document)
    _refuse_open_hooks(document)
    validate(document, "iut")
    return _declaration(document, path)


def _refuse_odd_answers(document: Document) -> None:
    """Say plainly what an ICS answer is; the schema speaks of types."""
    answers = document.data.get("ics")
    for question, given in answers.items() if isinstance(answers, dict) else ():
        answer = given.get("answer") if isinstance(given, dict) else given
        if not isinstance(answer, bool | None):
            found = f'"{answer}"' if isinstance(answer, str) else str(answer)
            place = ("ics", question)
            document.fail("iut.answer-form", place, question=question, found=found)


def _refuse_open_hooks(document: Document) -> None:
    """Say plainly what the schema's ``oneOf`` could only say in its own words."""
    for section in ("hooks", "steps"):
        hooks = document.data.get(section)
        for name, hook in hooks.items() if isinstance(hooks, dict) else ():
            if isinstance(hook, dict) and sum(form in hook for form in _FORMS) != 1:
                document.fail("iut.hook-form", (section, name), hook=name)


def _declaration(document: Document, path: Path) -> Declaration:
    data = document.data
    answers = {key: _answer(value) for key, value in data["ics"].items()}
    limits = data.get("limits", {})
    return Declaration(
        file=path,
        profile_ref=data["profile"],
        profile_digest=data["profile_digest"],
        role=data["role"],
        implementation=_given(data["implementation"]),
        declared_by=data["declared_by"] or "",
        declared_on=data["declared_on"] or "",
        ics=_given({key: answer for key, (answer, _) in answers.items()}),
        ics_notes=_given({key: note for key, (_, note) in answers.items()}),
        ixit={k: _value(v) for k, v in data["ixit"].items() if v is not None},
        hooks=_hooks(document, "hooks"),
        steps=_hooks(document, "steps"),
        limits=Limits(
            requirement_s=_limit(document, "requirement", limits),
            total_s=_limit(document, "total", limits),
        ),
        lines=document.lines,
    )


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _answer(value: Any) -> tuple[bool | None, Text | None]:
    if not isinstance(value, dict):
        return value, None
    note = value.get("note")
    return value["answer"], Text(**note) if note else None


def _value(value: Any) -> Any:
    match value:
        case {"host": host, "port": port}:
            return Endpoint(host, port)
        case {"secret": reference}:
            return Secret(reference)
    return value


def _hooks(document: Document, section: str) -> dict[str, Hook]:
    found = document.data.get(section, {})
    return {k: _hook(document, (section, k), v) for k, v in found.items()}


def _hook(document: Document, place: tuple[str, str], data: dict[str, Any]) -> Hook:
    usual = PROMPT_TIMEOUT_S if "prompt" in data else COMMAND_TIMEOUT_S
    timeout_s = usual
    if "timeout" in data:
        timeout_s = _positive(document, (*place, "timeout"), data["timeout"])
    match data:
        case {"command": command}:
            return Hook("command", tuple(command), timeout_s)
        case {"url": url}:
            return Hook("url", url, timeout_s)
    return Hook("prompt", data["prompt"], timeout_s)


def _limit(document: Document, name: str, limits: Mapping[str, str]) -> float | None:
    if name not in limits:
        return None
    return _positive(document, ("limits", name), limits[name])


def _positive(document: Document, place: tuple[str, ...], duration: str) -> float:
    seconds = seconds_of(duration)
    if not seconds:
        document.fail("iut.no-time", place, found=duration)
    return seconds
