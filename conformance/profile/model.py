# SPDX-License-Identifier: Apache-2.0
"""A resolved profile as values: what the engine, the reports and the data part read.

Turns canonical data (plain JSON: text, integers, lists, objects; decimals as text)
into frozen dataclasses and back.  It does not read files and does not check a profile;
what arrives here has passed :mod:`conformance.profile.resolve`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from conformance.profile.conditions import Condition, evaluate, explain
from conformance.text import Text

__all__ = [
    "LEVELS",
    "Actor",
    "Basis",
    "Binding",
    "CheckRef",
    "Clause",
    "Condition",
    "Contributor",
    "Element",
    "IcsGroup",
    "IcsItem",
    "IxitItem",
    "Level",
    "NotTested",
    "Range",
    "Reporting",
    "Requirement",
    "Snapshot",
    "Source",
    "State",
    "evaluate",
    "explain",
]

Actor = Literal["device", "platform", "gateway", "both"]
Level = Literal["shall", "shall-not", "should", "should-not", "may"]
Basis = Literal["normative", "derived", "informative", "interop"]
State = Literal["draft", "review", "trial", "published", "superseded", "withdrawn"]

LEVELS: tuple[Level, ...] = ("shall", "shall-not", "should", "should-not", "may")


@dataclass(frozen=True, slots=True)
class Source:
    """A standard that clauses refer to by ``key``."""

    key: str
    ref: str
    title: Text | None = None
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a requirement comes from."""

    source: str
    section: str
    confirmed: bool = False
    """Whether the reference was compared with a public text of the standard."""
    basis: Basis = "normative"
    confirmed_for: tuple[str, ...] = ()
    """Editions that were compared; empty when ``confirmed`` speaks for all."""

    def is_confirmed(self, edition: str | None) -> bool:
        """Whether the reference is confirmed for an edition (``None``: any)."""
        if not self.confirmed_for or edition is None:
            return self.confirmed
        return self.confirmed and edition in self.confirmed_for


@dataclass(frozen=True, slots=True)
class CheckRef:
    """The check that tests a requirement, with the profile's parameters."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotTested:
    """Why a requirement has no check."""

    reason: str
    note: Text | None = None


@dataclass(frozen=True, slots=True)
class Requirement:
    """One sentence of a standard with its identity for ever."""

    id: str
    level: Level
    actor: Actor
    clause: Clause
    text: Text
    when: Condition | None = None
    check: CheckRef | None = None
    not_tested: NotTested | None = None
    since: str | None = None
    origin: str = ""
    """``id@version`` of the profile that states it."""
    edition: tuple[str, ...] = ()
    tailorable: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value, both permitted."""

    min: Decimal
    max: Decimal


@dataclass(frozen=True, slots=True)
class Reporting:
    """How often a value is sent, as ISO 8601 durations."""

    nominal: str
    tolerance: str | None = None
    max_gap: str | None = None


@dataclass(frozen=True, slots=True)
class Element:
    """A data element and its names on the wire."""

    key: str
    name: Text
    quantity: str | None
    unit: str | None
    """UCUM code."""
    type: str
    range: Range | None
    resolution: Decimal | None
    values: tuple[Any, ...]
    presence: str | Mapping[str, Any]
    """``mandatory``, ``optional`` or ``{when: condition}``."""
    reporting: Reporting | None
    wire: Mapping[str, str | Mapping[str, Any]]
    origin: str = ""

    def wire_code(self, binding: str) -> str | None:
        """Return the element's name in a binding, ``None`` where it has none."""
        spelled = self.wire.get(binding)
        if isinstance(spelled, Mapping):
            return str(spelled["code"])
        return spelled


@dataclass(frozen=True, slots=True)
class Binding:
    """A wire protocol of the profile with the parameters it is used with."""

    key: str
    protocol: str
    edition: str
    ics: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class IcsItem:
    """A question about what the implementation supports, answered yes or no."""

    id: str
    status: str
    """``mandatory``, ``optional``, ``prohibited`` or a group such as ``o.1``."""
    question: Text
    when: Condition | None = None
    origin: str = ""
    role: Literal["device", "platform"] | None = None
    """The role that is asked; ``None`` leaves it to what depends on the answer."""
    codes: str | None = None
    """Pattern of wire codes; asked only where the profile has such an element."""


@dataclass(frozen=True, slots=True)
class IcsGroup:
    """Items of which one, or at least one, must be supported."""

    id: str
    choose: Literal["at-least-one", "exactly-one"]
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IxitItem:
    """A value that testing needs: an address, a timer, a password."""

    id: str
    type: str
    question: Text
    pattern: str | None = None
    when: Condition | None = None
    default: Any = None
    role: Literal["device", "platform"] | None = None
    """The role that is asked; ``None`` asks every role."""


@dataclass(frozen=True, slots=True)
class Contributor:
    """One profile file that a snapshot was made from."""

    id: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A profile with everything it extends, defaults explicit."""

    id: str
    version: str
    kind: Literal["abstract", "profile"]
    title: Text
    language: Literal["zh", "en"]
    domain: str | None
    actors: tuple[str, ...]
    state: str
    """Lifecycle state; outside the digest, because it changes after publishing."""
    sources: tuple[Source, ...]
    security: Mapping[str, Any] | None
    elements: tuple[Element, ...]
    bindings: tuple[Binding, ...]
    ics: tuple[IcsItem, ...]
    ics_groups: tuple[IcsGroup, ...]
    ixit: tuple[IxitItem, ...]
    requirements: tuple[Requirement, ...]
    lineage: tuple[Contributor, ...]
    digest: str
    """``sha256:`` and 64 hex digits, over the canonical form of ``data``."""
    data: Mapping[str, Any]
    """The canonical data that everything above was read from."""

    @property
    def ref(self) -> str:
        """``id@version``."""
        return f"{self.id}@{self.version}"

    def edition(self, protocol: str) -> str | None:
        """Return the edition of a protocol that the profile binds, if it binds one."""
        found = (b.edition for b in self.bindings if b.protocol == protocol)
        return next(found, None)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data that :meth:`from_json` reads back."""
        return {**self.data, "digest": self.digest, "state": self.state}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Snapshot:
        """Read a stored snapshot.

        Raises ``ProfileError`` (``profile.digest-mismatch``) when the data are not
        those that were digested.
        """
        from conformance.profile.snapshots import snapshot_from_json

        return snapshot_from_json(stored)
