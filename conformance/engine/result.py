# SPDX-License-Identifier: Apache-2.0
"""The result of a run: one object that feeds every report.

``RunResult`` is a header, one record per requirement in profile order, and a footer
that follows from them.  Every value is plain data with secrets already masked; nothing
here computes a verdict except the roll-up.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.engine.series import Series
from conformance.engine.verdicts import Verdict, roll_up

__all__ = ["Footer", "Record", "RunResult"]

Plain = Any
"""JSON-able data."""


@dataclass(frozen=True, slots=True)
class Record:
    """The judgement on one requirement."""

    requirement: str
    level: str
    actor: str
    verdict: Verdict
    cause: str | None = None
    check: str | None = None
    params: dict[str, Plain] = field(default_factory=dict)
    key: str | None = None
    """Which expectation was not met; stable, for machines."""
    step: str | None = None
    expected: Plain = None
    actual: Plain = None
    reason: Plain = None
    """Why it is out of the plan, or what kept it from being judged."""
    remarks: list[Plain] = field(default_factory=list)
    exchange: list[dict[str, Plain]] = field(default_factory=list)
    """The last messages before a failure: sender, octets (hex), packet, time."""
    packets: list[int] = field(default_factory=list)
    """Packets of the recording that the judgement rests on."""
    counterexample: Plain = None
    """Smallest failing example, when the check generates examples."""
    examples: int = 0
    observations: int = 0
    """How many observations a rule judged."""
    seed: int | None = None
    start: str | None = None
    duration_s: float = 0.0
    attempts: list[dict[str, Plain]] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Nobody who reads results can be asked to know half characters.
        for name in ("expected", "actual", "reason", "remarks", "counterexample"):
            object.__setattr__(self, name, _whole(getattr(self, name)))

    def to_json(self) -> dict[str, Plain]:
        """Return the record as it stands in ``results.jsonl``."""
        data: dict[str, Plain] = {"type": "record"}
        for name in self.__slots__:
            value = getattr(self, name)
            if value not in (None, [], {}) and not (
                name in ("examples", "observations") and value == 0
            ):
                data[name] = value
        return data

    @classmethod
    def from_json(cls, data: dict[str, Plain]) -> Record:
        values = {k: v for k, v in data.items() if k != "type"}
        return cls(**{**values, "verdict": Verdict(values["verdict"])})


_HALF = re.compile("[\ud800-\udfff]")


def _whole(value: Plain) -> Plain:
    """Return plain data in which octets that are no UTF-8 are spelled ``\\xff``."""
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub(_spelled, value)
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    return [_whole(part) for part in value] if isinstance(value, list) else value


def _spelled(found: re.Match[str]) -> str:
    code = ord(found.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


@dataclass(frozen=True, slots=True)
class Footer:
    """What the records add up to."""

    verdict: Verdict
    totals: dict[str, int]
    requirements: int
    partial: bool
    partial_reason: str | None
    eligible: bool
    """Whether a certificate may rest on this run."""
    blocking: list[str]
    """Requirements that stand against a certificate, in profile order."""
    end: str | None = None
    duration_s: float = 0.0
    evidence: dict[str, str] | None = None
    """File of the folder -> ``sha256:`` and 64 hex digits, as the run left it."""

    @classmethod
    def of(
        cls,
        records: Sequence[Record],
        *,
        requirements: int,
        partial_reason: str | None,
        end: str | None,
        duration_s: float,
        evidence: dict[str, str] | None = None,
    ) -> Footer:
        verdict = roll_up(r.verdict for r in records)
        if partial_reason and verdict in (Verdict.PASS, Verdict.WARN):
            missing = len(records) < requirements
            verdict = Verdict.INCONCLUSIVE if missing else verdict
        against = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE)
        blocking = [r.requirement for r in records if r.verdict in against]
        counts = Counter(str(r.verdict) for r in records)
        partial = partial_reason is not None
        return cls(
            verdict=verdict,
            totals={str(v): counts[str(v)] for v in Verdict},
            requirements=requirements,
            partial=partial,
            partial_reason=partial_reason,
            eligible=verdict in (Verdict.PASS, Verdict.WARN) and not partial,
            blocking=blocking,
            end=end,
            duration_s=duration_s,
            evidence=evidence,
        )

    def to_json(self) -> dict[str, Plain]:
        data = {"type": "footer"} | {n: getattr(self, n) for n in self.__slots__}
        if self.evidence is None:  # as earlier versions wrote it
            del data["evidence"]
        return data

    @classmethod
    def from_json(cls, data: dict[str, Plain]) -> Footer:
        values = {k: v for k, v in data.items() if k != "type"}
        evidence = values.get("evidence") or {}
        if not all(isinstance(v, str) for v in evidence.values()):
            raise TypeError("evidence")
        return cls(**{**values, "verdict": Verdict(values["verdict"])})


@dataclass(frozen=True, slots=True)
class RunResult:
    """Header, records, footer; and the profile that gives them their words."""

    header: dict[str, Plain]
    records: tuple[Record, ...]
    footer: Footer | None
    """``None`` when the run was killed and the file has no end."""
    snapshot: Any = None
    series: Series | None = None
    """What was measured over time, for pictures; no verdict rests on it."""
