# SPDX-License-Identifier: Apache-2.0
"""What stands against a certificate: failures first, and no cause told twice.

Puts the records that block in the order of weight.  Where one cause kept many
requirements from being judged, these become one line: nobody was there, the declaration
was wrong, a hook is missing; or a broken rule, with whoever judges it.  Reads verdict,
cause and key of the records; judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.engine.result import Record
from conformance.engine.verdicts import Verdict
from conformance.report.words import said
from conformance.text import Text

__all__ = ["Follow", "follows", "in_order"]

_WEIGHT = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.INCONCLUSIVE: 2}
_OUTSIDE = ("bench", "config", "network")
"""Causes that a whole run may suffer from."""
_MANY = 3
"""From so many on, requirements with one cause are told in one line."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Requirements that could not be judged because of one cause."""

    key: str
    names: tuple[str, ...]
    judged_by: tuple[str, ...] = ()
    """Requirements that contradict the same broken rule on their own account."""
    reason: Text | None = None
    """What kept all of them from being judged, where it was not a broken rule."""

    @property
    def is_first(self) -> bool:
        """Whether it is to be told before anything else."""
        return self.reason is not None

    @property
    def text(self) -> Text:
        """What is said of all of them, after the reason where there is one."""
        if self.reason is not None:
            return Text(
                f"{len(self.names)} 条要求因此无法判定",
                f"{len(self.names)} requirements could not be judged because of this",
            )
        count, seen = len(self.names), "、".join(self.judged_by)
        zh = f"（见 {seen}）" if seen else ""
        en = f" (see {', '.join(self.judged_by)})" if seen else ""
        return Text(
            f"{count} 条要求因被测实现的报文违反规则 {self.key} 而无法判定{zh}",
            f"{count} requirements could not be judged, because messages of the "
            f"implementation break the rule {self.key}{en}",
        )


def in_order(records: Sequence[Record]) -> list[Record]:
    """Return the records that block, by weight, else in the order of the profile."""
    blocking = [r for r in records if r.verdict in _WEIGHT]
    return sorted(blocking, key=lambda r: _WEIGHT[r.verdict])


def follows(records: Sequence[Record]) -> list[Follow]:
    """Return groups of records that one cause kept from being judged.

    First the causes outside the implementation, the greatest group before all.
    """
    outside: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.verdict is Verdict.INCONCLUSIVE and record.cause in _OUTSIDE:
            outside[str(record.key), said(record.reason).en].append(record)
    groups = sorted(outside.values(), key=len, reverse=True)
    return [
        Follow(
            str(group[0].key),
            tuple(r.requirement for r in group),
            reason=said(group[0].reason),
        )
        for group in groups
        if len(group) >= _MANY and group[0].reason
    ] + _broken(records)


def _broken(records: Sequence[Record]) -> list[Follow]:
    """Return groups of records that one broken rule kept from being judged."""
    found: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if _is_kept_from(record):
            found[str(record.key)].append(record.requirement)
    contradicted: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.verdict in (Verdict.FAIL, Verdict.WARN) and record.key:
            contradicted[record.key].append(record.requirement)
    return [
        Follow(key, tuple(names), tuple(contradicted[key]))
        for key, names in found.items()
        if len(names) >= _MANY
    ]


def _is_kept_from(record: Record) -> bool:
    """Whether the implementation's octets, not its behaviour, ended the check.

    A precondition that was not met has words for expected and actual; a packet that
    breaks a rule has a reason.
    """
    return (
        record.verdict is Verdict.INCONCLUSIVE
        and record.cause == "iut"
        and bool(record.key)
        and record.expected is None
        and record.observations == 0
        and record.key != "not-observed"
    )
