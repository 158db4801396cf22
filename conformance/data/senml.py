# SPDX-License-Identifier: Apache-2.0
"""SenML Packs, JSON and CBOR: octets to Records, Records to measurements, and back.

Decoding keeps what was received and names everything that is wrong by a defect key;
which key is whose requirement is for a profile to say.  Base fields are resolved as the
standard tells a consumer to; relative times need the moment of arrival, so that no
clock is read here.

Source: RFC 8428, clauses 4 (Records), 5 (JSON), 6 (CBOR) and 12 (units, labels).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from conformance.data import senml_cbor, senml_json
from conformance.data.defects import Defect, defect
from conformance.data.formats import EXPONENT_MAX, encode_json
from conformance.data.senml_units import PRIMARY, SECONDARY, STARRED
from conformance.data.values import is_number

__all__ = [
    "ABSOLUTE_FROM_S",
    "KEYS_OF",
    "VERSIONS",
    "Form",
    "Measurement",
    "Pack",
    "decode",
    "encode",
    "resolve",
]

Form = Literal["json", "cbor"]
Record = Mapping[str, Any]

ABSOLUTE_FROM_S = 2**28
"""A resolved time from here on is seconds since 1970; below, it is relative (4.5.3)."""
VERSION = 10
_SECONDARY_BIT = 1 << 4
VERSIONS = (VERSION, VERSION | _SECONDARY_BIT)
"""What is understood here: the base, and with it secondary units (RFC 9100)."""

_TEXT, _NUMBER, _OCTETS = "text", "number", "octets"
_TYPES: Mapping[str, str] = {
    "bn": _TEXT, "bt": _NUMBER, "bu": _TEXT, "bv": _NUMBER, "bs": _NUMBER,
    "bver": "version", "n": _TEXT, "u": _TEXT, "v": _NUMBER, "vs": _TEXT,
    "vb": "boolean", "vd": _OCTETS, "s": _NUMBER, "t": _NUMBER, "ut": _NUMBER,
}  # fmt: skip
"""Type of each field (4.3, 5, 6)."""
_VALUES = ("v", "vs", "vb", "vd")
_NAME = re.compile(r"[A-Za-z0-9:./_-]*")
_NAME_START = re.compile(r"[A-Za-z0-9]")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9:./_-]+")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")

KEYS_OF: Mapping[Form, frozenset[str]] = {
    "json": frozenset(
        ["senml.bad-base64", "senml.upper-exponent", "senml.long-number"]
    ),
    "cbor": frozenset(
        [
            "senml.cbor-type", "senml.cbor-label", "senml.indefinite",
            "senml.not-double",
        ]
    ),
}  # fmt: skip
"""Keys that only one form can have; all others are common to both."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One Record with everything that holds for it."""

    name: str
    unit: str | None
    time: Decimal
    """Seconds since 1970, UTC."""
    value: Any
    """Number, text, boolean or octets; ``None`` where there is only a sum."""
    sum: Decimal | None = None
    update_time: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """What octets hold, and what is wrong with them."""

    form: Form
    records: tuple[Record, ...] = ()
    """As received, by the labels of JSON; octets decoded, numbers exact."""
    defects: tuple[Defect, ...] = ()
    version: int = VERSION
    notes: tuple[str, ...] = field(default=())
    """Labels that come twice in one Record: the standard is silent on them."""

    @property
    def is_readable(self) -> bool:
        """Whether there are Records to look at."""
        return bool(self.records)


def decode(octets: bytes, form: Form) -> Pack:
    """Return the Pack with its defects; never raises for what octets can hold.

    In CBOR the labels of the standard come as integers and are put into words.
    """
    reader = senml_cbor.read if form == "cbor" else senml_json.read
    found = reader(octets)
    defects = list(found.defects)
    if found.value is senml_json.UNREADABLE:
        return Pack(form, defects=tuple(defects))
    rows = found.value
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        defects.append(defect("senml.not-array", actual=_kind(rows)))
        return Pack(form, defects=tuple(defects))
    if not rows:
        defects.append(defect("senml.empty"))
    records = []
    for number, row in enumerate(rows):
        record, wrong = _record(row, number, form)
        records.append(record)
        defects += wrong
    version, wrong = _version(records)
    defects += wrong
    defects += _whole(records, version)
    return Pack(form, tuple(records), tuple(defects), version, found.twice)


def _record(row: Record, number: int, form: Form) -> tuple[Record, list[Defect]]:
    """Return a Record with its fields typed, and what is wrong with it alone.

    A field of a wrong type is left out, so that it spoils nothing but itself.
    """
    record: dict[str, Any] = {}
    wrong: list[Defect] = []
    for label, value in row.items():
        where = (number, label)
        name = label
        if form == "cbor":
            name, flaw = senml_cbor.label(label)
            wrong += [defect("senml.cbor-label", where, **flaw)] if flaw else []
        kind = _TYPES.get(name)
        if kind is None:
            if name.endswith("_"):
                wrong.append(defect("senml.must-understand", where, field=name))
            record[name] = value
            continue
        typed, flaws = _typed(name, kind, value, where, form)
        wrong += flaws
        if typed is not None:
            record[name] = typed
    values = [name for name in _VALUES if name in record]
    sent = {senml_cbor.label(k)[0] if form == "cbor" else k for k in row}
    if len(values) > 1:
        wrong.append(defect("senml.two-values", (number,), actual=", ".join(values)))
    elif not sent & {*_VALUES, "s", "bs", "bv"}:
        wrong.append(defect("senml.no-value", (number,)))
    return record, wrong


def _typed(
    name: str, kind: str, value: Any, where: tuple[int, str], form: Form
) -> tuple[Any, list[Defect]]:
    """Return a value if it is of its field's type, else ``None`` and the reason."""
    if kind == _NUMBER:
        return _number(name, value, where, form)
    if kind == "version":
        good = type(value) is int and value > 0
        key = "senml.cbor-type" if form == "cbor" else "senml.bad-version"
    elif kind == _OCTETS and form == "json":
        good, key = isinstance(value, str), "senml.wrong-type"
        if good:
            return _base64url(value, where)
    else:
        types = {_TEXT: str, _OCTETS: bytes, "boolean": bool}
        good = isinstance(value, types[kind])
        in_cbor = form == "cbor" and name in ("vs", "vd")
        key = "senml.cbor-type" if in_cbor else "senml.wrong-type"
    if good:
        return value, []
    return None, [defect(key, where, type=kind, field=name, actual=value)]


def _number(
    name: str, value: Any, where: tuple[int, str], form: Form
) -> tuple[Decimal | None, list[Defect]]:
    if isinstance(value, Decimal) and not value.is_finite():
        return None, [defect("senml.not-finite", where, field=name, actual=value)]
    if not is_number(value):
        told = {"type": _NUMBER, "field": name, "actual": value}
        return None, [defect("senml.wrong-type", where, **told)]
    number = Decimal(value)
    if abs(number.adjusted()) > EXPONENT_MAX:
        return None, [defect("data.number-too-long", where)]
    if form == "cbor" and not senml_cbor.is_double(number):
        return number, [defect("senml.not-double", where, field=name, actual=value)]
    return number, []


def _base64url(value: str, where: tuple[int, str]) -> tuple[bytes | None, list[Defect]]:
    if not _BASE64URL.fullmatch(value) or len(value) % 4 == 1:
        return None, [defect("senml.bad-base64", where, actual=value)]
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), []


def _version(records: Sequence[Record]) -> tuple[int, list[Defect]]:
    """Return the version that holds for the Pack.

    Only a later Record can contradict: ``bver`` holds from its Record on, and what the
    first says holds for all of them (4.4).
    """
    stated = [r["bver"] for r in records if "bver" in r]
    if not stated:
        return VERSION, []
    first: int = records[0].get("bver", VERSION)
    versions = sorted({first, *stated})
    if len(versions) == 1:
        return first, []
    told = ", ".join(map(str, versions))
    return first, [defect("senml.mixed-versions", actual=told)]


def _whole(records: Sequence[Record], version: int) -> Iterator[Defect]:
    """Yield what is wrong with names and units once base fields are applied."""
    base, names, seen = "", set(), set()
    for number, record in enumerate(records):
        base = record.get("bn", base)
        name = base + record.get("n", "")
        if name not in names:
            names.add(name)
            yield from _name(name, number)
        for label in ("bu", "u"):
            unit = record.get(label)
            if unit is not None and unit not in seen:
                seen.add(unit)
                yield from _unit(unit, (number, label), version)


def _name(name: str, number: int) -> Iterator[Defect]:
    where = (number, "n")
    if not name:
        yield defect("senml.no-name", where)
    elif not _NAME.fullmatch(name):
        yield defect("senml.bad-name", where, actual=name)
    elif not _NAME_START.match(name):
        yield defect("senml.bad-name-start", where, actual=name)
    elif not _URI.fullmatch(name):
        yield defect("senml.name-not-uri", where, actual=name)


def _unit(unit: str, where: tuple[int, str], version: int) -> Iterator[Defect]:
    if unit in SECONDARY:
        if not version & _SECONDARY_BIT:
            yield defect("senml.secondary-unit", where, version=version, actual=unit)
    elif unit not in PRIMARY:
        yield defect("senml.unknown-unit", where, actual=unit)
    elif unit in STARRED:
        yield defect("senml.starred-unit", where, actual=unit)


def resolve(records: Iterable[Record], now_s: Decimal) -> tuple[Measurement, ...]:
    """Return the measurements of a Pack that came at ``now_s``, in order of time.

    Base fields hold for their own Record and all later ones (4.6).
    """
    base: dict[str, Any] = {}
    found = []
    for record in records:
        base |= {k: v for k, v in record.items() if k in ("bn", "bt", "bu", "bv", "bs")}
        time = base.get("bt", Decimal(0)) + record.get("t", 0)
        value = next((record[name] for name in _VALUES if name in record), None)
        if "v" in record or (value is None and "bv" in base):
            value = base.get("bv", Decimal(0)) + record.get("v", 0)
        total = None
        if "bs" in base or "s" in record:
            total = base.get("bs", Decimal(0)) + record.get("s", 0)
        found.append(
            Measurement(
                base.get("bn", "") + record.get("n", ""),
                record.get("u", base.get("bu")),
                time if time >= ABSOLUTE_FROM_S else now_s + time,
                value,
                total,
                record.get("ut"),
            )
        )
    return tuple(sorted(found, key=lambda one: one.time))


def encode(records: Iterable[Record], form: Form) -> bytes:
    """Return Records, by the labels of JSON, as octets of a Pack.

    Fields of no type here are written as they are given, right or wrong.
    """
    rows = list(records)
    if form == "cbor":
        return senml_cbor.write(rows)
    return encode_json([{k: _in_json(v) for k, v in row.items()} for row in rows])


def _in_json(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
    return value


def _kind(value: Any) -> str:
    if isinstance(value, list):
        odd = next(row for row in value if not isinstance(row, dict))
        return f"[{type(odd).__name__}]"
    return type(value).__name__
