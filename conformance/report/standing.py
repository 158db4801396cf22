# SPDX-License-Identifier: Apache-2.0
"""What stands against a certificate: failures first, and no cause told twice.

Puts the records that block in the order of weight.  Where one broken rule kept many
requirements from being judged, these become one line that names the rule and whoever
judges it.  Reads verdict, cause and key of the records; judges nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.engine.result import Record
from conformance.engine.verdicts import Verdict
from conformance.text import Text

__all__ = ["Follow", "follows", "in_order"]

_WEIGHT = {Verdict.FAIL: 0, Verdict.ERROR: 1, Verdict.INCONCLUSIVE: 2}
_MANY = 3
"""From so many on, requirements with one cause are told in one line."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Requirements that could not be judged because of one broken rule."""

    key: str
    names: tuple[str, ...]
    judged_by: tuple[str, ...]
    """Requirements that contradict the same rule on their own account."""

    @property
    def text(self) -> Text:
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
