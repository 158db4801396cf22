# SPDX-License-Identifier: Apache-2.0
"""YAML as this project permits it: file -> plain data with a line for every value.

A strict subset of the YAML 1.2 core schema: ``null``, ``true``, ``false``, decimal
integers and decimal fractions (as ``Decimal``, never float).  Every other plain scalar
is text, so that ``no``, ``010``, ``12:30`` and ``1e3`` stay what was written.
Duplicate keys, anchors, aliases, tags and merge keys are refused.  The data are
built from the parser's events in one pass: limits are checked before anything is
constructed, and no constructor of PyYAML is ever called.  Knows nothing of profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import yaml

from conformance.errors import InputError, ProfileError

__all__ = [
    "MAX_DEPTH",
    "MAX_OCTETS",
    "Document",
    "Place",
    "load_yaml",
    "parse_yaml",
]

MAX_OCTETS = 1024 * 1024
MAX_DEPTH = 32

Place = tuple[str | int, ...]
"""Keys and indices from the root of a document to a value."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+\Z")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufeff]")
_MAX_DIGITS = 400
"""Python refuses to parse integers beyond some 4300 digits; nobody needs a tenth."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and on which line it says it."""

    data: Any
    lines: dict[Place, int]
    file: str
    error: type[InputError] = field(default=ProfileError, repr=False)

    def line(self, path: Place = ()) -> int:
        """Return the line of a value, or of the closest thing around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fail(self, code: str, path: Place = (), **facts: Any) -> NoReturn:
        """Raise the file's kind of error at a value."""
        raise self.error(code, file=self.file, line=self.line(path), path=path, **facts)


def load_yaml(path: Path | str, error: type[InputError] = ProfileError) -> Document:
    """Return the document in a file.

    Raises ``error`` with a code ``profile.yaml-…`` that says why it cannot be read.
    """
    file = Path(path)
    try:
        with file.open("rb") as stream:
            octets = stream.read(MAX_OCTETS + 1)
    except OSError as reason:
        why = reason.strerror or type(reason).__name__
        raise error("profile.unreadable", file=file, reason=why) from reason
    return parse_yaml(octets, file=str(file), error=error)


def parse_yaml(
    source: bytes | str,
    *,
    file: str = "<text>",
    error: type[InputError] = ProfileError,
) -> Document:
    """Return the document in ``source``; see :func:`load_yaml`."""
    octets = (
        source.encode("utf-8", "surrogatepass") if isinstance(source, str) else source
    )
    text = _decode(octets, file, error)
    return _Builder(file, error).build(text)


def _decode(octets: bytes, file: str, error: type[InputError]) -> str:
    if len(octets) > MAX_OCTETS:
        raise error("profile.yaml-too-big", file=file, limit=MAX_OCTETS)
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise error("profile.yaml-utf16", file=file)
    if octets.startswith(b"\xef\xbb\xbf"):
        raise error("profile.yaml-bom", file=file, line=1)
    if b"\x00" in octets:
        line = octets.count(b"\n", 0, octets.index(b"\x00")) + 1
        raise error("profile.yaml-nul", file=file, line=line)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as broken:
        line = octets.count(b"\n", 0, broken.start) + 1
        raise error("profile.yaml-not-utf8", file=file, line=line) from broken


class _Builder:
    """Builds data from parser events, refusing what the subset does not have."""

    def __init__(self, file: str, error: type[InputError]) -> None:
        self._file = file
        self._error = error
        self._lines: dict[Place, int] = {}
        self._events: Iterator[yaml.Event] = iter(())

    def build(self, text: str) -> Document:
        self._events = yaml.parse(text, Loader=_LOADER)
        try:
            data = self._document()
        except yaml.MarkedYAMLError as broken:
            mark = broken.problem_mark or broken.context_mark
            line = mark.line + 1 if mark else None
            self._fail("profile.yaml-syntax", line, problem=broken.problem or "?")
        except yaml.reader.ReaderError as broken:
            line = text.count("\n", 0, broken.position) + 1
            self._fail("profile.yaml-character", line)
        return Document(data, self._lines, self._file, self._error)

    def _document(self) -> Any:
        next(self._events)  # the stream's start
        start = next(self._events)
        if not isinstance(start, yaml.DocumentStartEvent):
            self._fail("profile.yaml-empty", None)
        if start.tags:
            self._fail("profile.yaml-tag", _line(start), tag="%TAG")
        first = next(self._events)
        data = self._value(first, ())
        next(self._events)  # the document's end
        after = next(self._events)
        if isinstance(after, yaml.DocumentStartEvent):
            self._fail("profile.yaml-two-documents", _line(after))
        if data is None:
            self._fail("profile.yaml-empty", None)
        return data

    def _value(self, event: yaml.Event, path: Place) -> Any:
        self._refuse_extras(event)
        self._lines.setdefault(path, _line(event))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if len(path) >= MAX_DEPTH:
            self._fail("profile.yaml-too-deep", _line(event), limit=MAX_DEPTH)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        return self._sequence(path)

    def _refuse_extras(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._fail("profile.yaml-alias", _line(event), name=f"*{event.anchor}")
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._fail("profile.yaml-alias", _line(event), name=f"&{anchor}")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._fail("profile.yaml-tag", _line(event), tag=tag)

    def _mapping(self, path: Place) -> dict[str, Any]:
        built: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in built:
                first = self._lines[*path, key]
                self._fail("profile.duplicate-key", _line(event), key=key, first=first)
            here = (*path, key)
            self._lines[here] = _line(event)
            built[key] = self._value(next(self._events), here)
        return built

    def _key(self, event: yaml.Event) -> str:
        self._refuse_extras(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._fail("profile.yaml-key", _line(event), key="[…]")
        if event.value == "<<" and not event.style:
            self._fail("profile.yaml-merge", _line(event))
        key = self._scalar(event)
        if not isinstance(key, str):
            self._fail("profile.yaml-key", _line(event), key=event.value or "null")
        return key

    def _sequence(self, path: Place) -> list[Any]:
        built: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            built.append(self._value(event, (*path, len(built))))
        return built

    def _scalar(self, event: yaml.ScalarEvent) -> Any:
        text: str = event.value
        if _FORBIDDEN.search(text):
            self._fail("profile.yaml-character", _line(event))
        if event.style:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text):
            if len(text) > _MAX_DIGITS:
                self._fail("profile.yaml-number", _line(event), limit=_MAX_DIGITS)
            return int(text)
        return Decimal(text) if _FRACTION.match(text) else text

    def _fail(self, code: str, line: int | None, **facts: Any) -> NoReturn:
        raise self._error(code, file=self._file, line=line, **facts)


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark else 1
