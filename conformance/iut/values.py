# SPDX-License-Identifier: Apache-2.0
"""The values of a declaration: addresses, secrets, hooks, limits, and their JSON.

A secret stands in a declaration only as a reference; its value is kept in an object
that shows itself to nobody who does not call ``reveal``.  JSON marks what JSON has no
word for: ``{"$dec": "0.5"}``, ``{"$secret": "env:X"}``, ``{"$endpoint": ["host", 1]}``.
Knows neither profiles nor files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NoReturn

__all__ = [
    "COMMAND_TIMEOUT_S",
    "PROMPT_TIMEOUT_S",
    "Endpoint",
    "Hook",
    "Limits",
    "Secret",
    "SecretValue",
    "hook_facts",
    "ixit_from_json",
    "ixit_to_json",
    "seconds_of",
    "secrets_of",
]

COMMAND_TIMEOUT_S = 10.0
PROMPT_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A network address: a name or IP address, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Where a secret is found: ``env:NAME`` or ``file:relative/path``."""

    reference: str

    def __repr__(self) -> str:
        return f"<secret {self.reference}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)


class SecretValue:
    """A secret that was found.  Only ``reveal`` shows it; it cannot be pickled."""

    __slots__ = ("__value", "reference")

    def __init__(self, reference: str, value: str) -> None:
        self.reference = reference
        self.__value = value

    def reveal(self) -> str:
        """Return the secret itself."""
        return self.__value

    def __repr__(self) -> str:
        return f"<secret {self.reference}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return (self.reference, self.__value) == (other.reference, other.__value)

    def __hash__(self) -> int:
        return hash((SecretValue, self.reference))

    def __copy__(self) -> SecretValue:
        return self

    def __deepcopy__(self, memo: object) -> SecretValue:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled; use ixit_to_json(reveal=True)")


@dataclass(frozen=True, slots=True)
class Hook:
    """How to learn or do what the wire does not show."""

    kind: Literal["command", "url", "prompt"]
    target: tuple[str, ...] | str | Mapping[str, str]
    """Arguments of a command; a URL; the words for the operator by language."""
    timeout_s: float = COMMAND_TIMEOUT_S

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data that :meth:`from_json` reads back."""
        target: Any = self.target
        match target:
            case tuple():
                target = list(target)
            case Mapping():
                target = dict(target)
        return {"kind": self.kind, "target": target, "timeout_s": self.timeout_s}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Hook:
        """Read what :meth:`to_json` returned."""
        target = stored["target"]
        if isinstance(target, list):
            target = tuple(target)
        return cls(stored["kind"], target, stored["timeout_s"])


@dataclass(frozen=True, slots=True)
class Limits:
    """Longest times in seconds; ``None`` leaves it to the suite."""

    requirement_s: float | None = None
    total_s: float | None = None


_DURATION = re.compile(
    r"P(?=.)(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,7})H)?(?:([0-9]{1,7})M)?"
    r"(?:([0-9]{1,9}(?:\.[0-9]{1,6})?)S)?)?"
)


def seconds_of(duration: str) -> float | None:
    """Return an ISO 8601 duration in seconds; ``None`` for what is none.

    Days, hours, minutes and seconds; months and years have no fixed length.
    """
    found = _DURATION.fullmatch(duration)
    if found is None:
        return None
    parts = (Decimal(part or 0) for part in found.groups())
    weights = (86_400, 3_600, 60, 1)
    return float(sum(p * w for p, w in zip(parts, weights, strict=True)))


def ixit_to_json(values: Mapping[str, Any], *, reveal: bool = False) -> dict[str, Any]:
    """Return IXIT values as plain JSON data.

    Secrets go out as references.  ``reveal`` adds their values: for evidence that only
    its owner can read, so that it can be judged again without the environment.
    """
    return {key: _out(value, reveal) for key, value in values.items()}


def _out(value: Any, reveal: bool) -> Any:
    match value:
        case Decimal():
            return {"$dec": str(value)}
        case Endpoint():
            return {"$endpoint": [value.host, value.port]}
        case Secret():
            return {"$secret": value.reference}
        case SecretValue():
            shown = {"value": value.reveal()} if reveal else {}
            return {"$secret": value.reference, **shown}
        case Path():
            return {"$path": value.as_posix()}
        case list() | tuple():
            return [_out(part, reveal) for part in value]
        case Mapping():
            return {key: _out(part, reveal) for key, part in value.items()}
    return value


def ixit_from_json(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Read what :func:`ixit_to_json` returned."""
    return {key: _in(value) for key, value in stored.items()}


def _in(value: Any) -> Any:
    match value:
        case {"$dec": str(digits)}:
            return Decimal(digits)
        case {"$endpoint": [str(host), int(port)]}:
            return Endpoint(host, port)
        case {"$secret": str(reference), "value": str(secret)}:
            return SecretValue(reference, secret)
        case {"$secret": str(reference)}:
            return Secret(reference)
        case {"$path": str(path)}:
            return Path(path)
        case list():
            return [_in(part) for part in value]
        case dict():
            return {key: _in(part) for key, part in value.items()}
    return value


def hook_facts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return IXIT values as a hook's placeholders may show them: no secrets."""
    return {
        key: str(value)
        for key, value in values.items()
        if not isinstance(value, Secret | SecretValue | tuple)
    }


def secrets_of(values: Any) -> Iterator[str]:
    """Yield every secret in IXIT values, to be kept out of what people read."""
    match values:
        case SecretValue():
            yield values.reveal()
        case Mapping():
            for value in values.values():
                yield from secrets_of(value)
        case list() | tuple():
            for value in values:
                yield from secrets_of(value)
