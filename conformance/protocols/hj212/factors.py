# SPDX-License-Identifier: Apache-2.0
"""HJ 212 factor codes: what ``w01018`` measures, in which unit and width.

Turns a code and an edition into the row of annex B, which is data beside the profiles
(``hj212-factors.jsonl``), read once when first asked for.  Only the text of 2017 was
read, so only its own rows are *confirmed*: what another edition says was carried over
or comes from one source, and nobody should be failed for it.  Annex B is marked as
extensible: a code that is not here is no fault.

Source: HJ 212-2017, 6.3.3.2.2 (formats), 6.4 (grammar of codes) and annex B, which
also gives the codes of HJ/T 212-2005; HJ 212-2025, annexes B and C, from quotations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Literal

from conformance.paths import data_dir
from conformance.protocols.hj212.codes import Edition
from conformance.text import Text

__all__ = [
    "Factor",
    "Format",
    "ProcessCode",
    "SiteCode",
    "Unit",
    "all_factors",
    "factor",
    "factors",
    "parse_format",
    "process_code",
    "site_code",
]

_FORMAT = re.compile(r"(?:(C)([1-9][0-9]{0,3})|(N)([1-9][0-9]?)(?:\.([0-9]))?)")
_NUMBER = re.compile(r"[+-]?([0-9]+)(?:\.([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Format:
    """A format of 6.3.3.2.2: ``C890`` a text, ``N4`` digits, ``N3.1`` with a point."""

    kind: Literal["C", "N"]
    size: int
    """Characters of a text, digits before the point of a number, at most."""
    decimals: int = 0

    def fits(self, value: str) -> bool:
        """Return whether a value, unpadded and with any sign, has this format."""
        if self.kind == "C":
            return len(value) <= self.size
        number = _NUMBER.fullmatch(value)
        if number is None:
            return False
        before, after = number[1], number[2] or ""
        return len(before) <= self.size and len(after) <= self.decimals

    def __str__(self) -> str:
        point = f".{self.decimals}" if self.decimals else ""
        return f"{self.kind}{self.size}{point}"


def parse_format(text: str) -> Format:
    """Return a format as the standard writes it; ``ValueError`` for anything else."""
    found = _FORMAT.fullmatch(text)
    if found is None:
        raise ValueError(f"no format of HJ 212: {text!r}")
    if found[1]:
        return Format("C", int(found[2]))
    return Format("N", int(found[4]), int(found[5] or "0"))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: the standard's word for it, and its UCUM code where there is one."""

    zh: str
    ucum: str | None = None
    is_misprint: bool = False
    """Whether the printed unit cannot be meant; never judge by it."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A row of annex B as one edition has it."""

    code: str
    """As the row writes it: ``xx`` and ``x`` stand for an equipment number."""
    name: Text
    """``en`` is empty where no English name is sure."""
    edition: Edition
    confirmed: bool
    """Whether the text of this edition says so."""
    table: str | None = None
    code_2005: str | None = None
    unit: Unit | None = None
    total: Unit | None = None
    """Unit of the emitted quantity (-Cou)."""
    format: Format | None = None
    values: Mapping[str, Text] = field(default_factory=dict)
    """What the values of a state mean (table B.10)."""
    conflict: bool = False
    """Whether annex B prints this code for two different rows."""
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class ProcessCode:
    """A process code (2017, 6.4.1): ``e10201`` is e, process 1, factor 02, no. 01."""

    medium: Literal["e", "g"]
    """Waste water or flue gas."""
    process: str
    factor: str
    equipment: str


@dataclass(frozen=True, slots=True)
class SiteCode:
    """A site information code (2017, 6.4.2): ``i12001`` is instrument, state, 001."""

    equipment: str
    """1 instrument, 2 data logger, 3 auxiliary."""
    information: str
    """1 log, 2 state, 3 parameter."""
    number: str


_PROCESS_CODE = re.compile(r"([eg])([1-9ab])([0-9]{2})([0-9]{2})")
_SITE_CODE = re.compile(r"i([0-9a-zA-Z])([0-9a-zA-Z])([0-9a-zA-Z]{3})")


def process_code(code: str) -> ProcessCode | None:
    """Return the parts of a process code; ``None`` for a code of another form."""
    found = _PROCESS_CODE.fullmatch(code)
    if found is None:
        return None
    medium: Literal["e", "g"] = "e" if found[1] == "e" else "g"
    return ProcessCode(medium, found[2], found[3], found[4])


def site_code(code: str) -> SiteCode | None:
    """Return the parts of a site information code; ``None`` for another form."""
    found = _SITE_CODE.fullmatch(code)
    return SiteCode(found[1], found[2], found[3]) if found else None


def all_factors() -> tuple[Factor, ...]:
    """Return every row of the dictionary, as its own edition has it."""
    return tuple(_factor(row) for row in _rows())


def factor(code: str, edition: Edition = Edition.E2017) -> Factor | None:
    """Return what a code means in an edition, ``None`` for a code not in annex B.

    A code that annex B prints for two rows gives the first, with ``conflict``.
    """
    found = factors(code, edition)
    return found[0] if found else None


@cache
def _by_code() -> Mapping[Edition, Mapping[str, tuple[Factor, ...]]]:
    tables: dict[Edition, dict[str, tuple[Factor, ...]]] = {e: {} for e in Edition}
    for row in _rows():
        own = _factor(row)
        for edition, code, entry in _readings(row, own):
            table = tables[edition]
            table[code] = (*table.get(code, ()), entry)
    return MappingProxyType(tables)


def factors(code: str, edition: Edition = Edition.E2017) -> tuple[Factor, ...]:
    """Return all rows of annex B that a code may mean in an edition.

    Numbered equipment (``e10201``, ``i33105``) finds its row (``e102xx``).
    """
    table = _by_code()[edition]
    for known in (code, f"{code[:-2]}xx", f"{code[:-1]}x"):
        number = code[len(known.rstrip("x")) :]
        if known in table and (known == code or number.isdecimal()):
            return table[known]
    return ()


def _readings(row: Mapping[str, Any], own: Factor) -> list[tuple[Edition, str, Factor]]:
    """Return under which code an edition knows a row, and how."""
    if own.edition is Edition.E2025:
        return [(Edition.E2025, own.code, own)]
    found: list[tuple[Edition, str, Factor]] = [(own.edition, own.code, own)]
    later = replace(own, edition=Edition.E2025, confirmed=False)
    if changed := row.get("in_2025"):
        name = Text(changed["name"]["zh"], changed["name"]["en"])
        later = replace(later, name=name, format=parse_format(changed["format"]))
    found.append((Edition.E2025, own.code, later))
    if own.code_2005:
        # Annex B gives the old code; unit and format of 2005 were not read.
        old = replace(own, code=own.code_2005, edition=Edition.E2005, confirmed=False)
        found.append((Edition.E2005, own.code_2005, old))
    if other := row.get("alternative"):
        # One implementation's way out of a code that is printed twice.
        apart = replace(own, code=other, confirmed=False, conflict=False)
        found.append((own.edition, other, apart))
    return found


@cache
def _rows() -> tuple[Mapping[str, Any], ...]:
    file = data_dir("profiles") / "dictionary" / "hj212-factors.jsonl"
    return tuple(map(json.loads, file.read_text("utf-8").splitlines()))


def _factor(row: Mapping[str, Any]) -> Factor:
    note = row.get("note")
    return Factor(
        code=row["code"],
        name=Text(row["name"]["zh"], row["name"].get("en", "")),
        edition=Edition(row["edition"]),
        confirmed=row["confirmed"],
        table=row.get("table"),
        code_2005=row.get("code_2005"),
        unit=_unit(row.get("unit")),
        total=_unit(row.get("total")),
        format=parse_format(row["format"]) if "format" in row else None,
        values={k: Text(v["zh"], v["en"]) for k, v in row.get("values", {}).items()},
        conflict=row.get("conflict", False),
        note=Text(note["zh"], note["en"]) if note else None,
    )


def _unit(row: Mapping[str, Any] | None) -> Unit | None:
    if row is None:
        return None
    return Unit(row["zh"], row.get("ucum"), row.get("misprint", False))
