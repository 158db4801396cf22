# SPDX-License-Identifier: Apache-2.0
"""What a device reported over HJ 212: values over time, seconds between uploads.

Uploads of one's own accord bear a QN of the device; data that were asked for bear the
QN of the request and say nothing about intervals, and a packet sent again says nothing
new.  Judges nothing.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (keys), C.14 and C.16 to C.18 (uploads).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from conformance.data.reporting import report_pace
from conformance.engine.series import Gaps, Series, Values
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.codes import COMMANDS
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.elements import codes_of, values_of
from conformance.text import Text

__all__ = ["series"]

_UPLOADS = ("2011", "2021", "2031", "2051", "2061")
_REAL_TIME = "2011"
_NS = Decimal(1_000_000_000)
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?", re.ASCII)


def series(
    dialogues: Sequence[Dialogue], snapshot: Snapshot, ixit: Mapping[str, Any]
) -> Series:
    """Return the values and the intervals between uploads that dialogues hold."""
    pace = report_pace(codes_of(snapshot).values())
    nominal = None
    if pace is not None:  # a device in its test mode lets time pass faster
        nominal = Decimal(pace.nominal) / max(int(ixit.get("hj212_pace", 1)), 1)
    return Series(tuple(_values(dialogues, snapshot)), tuple(_gaps(dialogues, nominal)))


def _values(dialogues: Sequence[Dialogue], snapshot: Snapshot) -> Iterator[Values]:
    codes = codes_of(snapshot)
    found: dict[str, dict[tuple[int, Decimal], None]] = defaultdict(dict)
    for message in _sent(dialogues):
        for element, item in values_of(message.segment, codes):
            if _NUMBER.fullmatch(item.value):
                found[element.key][message.at_ns, Decimal(item.value)] = None
    for element in codes.values():
        if points := found.get(element.key):
            bounds = element.range
            yield Values(
                element.key,
                element.name,
                element.unit,
                bounds.min if bounds else None,
                bounds.max if bounds else None,
                tuple(points),
            )


def _gaps(dialogues: Sequence[Dialogue], nominal: Decimal | None) -> Iterator[Gaps]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for dialogue in dialogues:
        last: dict[str, int] = {}
        for message in _own_uploads(dialogue):
            cn = message.segment.cn or ""
            if cn in last:
                passed = Decimal(message.at_ns - last[cn]) / _NS
                found[cn].append(passed.quantize(Decimal("0.001")))
            last[cn] = message.at_ns
    for cn in _UPLOADS:
        if cn in found:
            title = COMMANDS[cn].title
            zh, en = title.zh.partition("（")[0], title.en.partition(" (")[0]
            name = Text(f"{cn} {zh}", f"{cn} {en}")
            stated = nominal if cn == _REAL_TIME else None
            yield Gaps(cn, name, tuple(found[cn]), stated)


def _own_uploads(dialogue: Dialogue) -> Iterator[Message]:
    """Yield the first sending of each upload that nobody asked for."""
    asked: set[str | None] = set()
    for message in dialogue.messages:
        qn = message.segment.qn
        if message.sender != dialogue.conversation.iut:
            asked.add(qn)
        elif message.segment.cn in _UPLOADS and qn not in asked:
            asked.add(qn)
            yield message


def _sent(dialogues: Sequence[Dialogue]) -> Iterator[Message]:
    for dialogue in dialogues:
        for message in dialogue.messages:
            if message.sender == dialogue.conversation.iut:
                yield message
