# SPDX-License-Identifier: Apache-2.0
"""From the recording of a run to ``series.json``, which reports draw.

Decodes the recording once more, asks each protocol's room ``series``, and keeps what
it finds without secrets.  A picture must not cost a run: where anything in it fails,
there is no series.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from conformance.engine.judge import decode
from conformance.engine.secrets import Redactor
from conformance.engine.series import Connection, Series, Values, thinned
from conformance.evidence.bundle import Bundle, write_whole
from conformance.link.conversation import Conversation, recorded_conversations
from conformance.profile.model import Snapshot
from conformance.protocols import room

__all__ = ["measure", "write_series"]

_CONNECTIONS_MAX = 400


def write_series(
    bundle: Bundle,
    snapshot: Snapshot,
    role: str,
    ixit: Mapping[str, Any],
    redactor: Redactor,
) -> None:
    """Write ``series.json`` beside the results, or nothing where that fails."""
    try:
        found = measure(bundle.wire, snapshot, role, ixit)
        data = _without_secrets(found, redactor).to_json()
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        write_whole(bundle.series, text + "\n")
    except Exception:  # noqa: BLE001 - octets are hostile; the verdicts stand already
        with contextlib.suppress(OSError):
            bundle.series.unlink()


def measure(
    wire: Path, snapshot: Snapshot, role: str, ixit: Mapping[str, Any]
) -> Series:
    """Return what a recording shows over time."""
    talks = recorded_conversations(wire)
    parts: list[Series] = [
        room(protocol, "series").series(dialogues, snapshot, ixit)
        for protocol, dialogues in decode(talks, role).items()
        if _has_series(protocol)
    ]
    return Series(
        tuple(thinned(values) for part in parts for values in part.values),
        tuple(gaps for part in parts for gaps in part.gaps),
        tuple(_connections(talks[:_CONNECTIONS_MAX])),
    )


def _has_series(protocol: str) -> bool:
    try:
        room(protocol, "series")
    except ModuleNotFoundError:
        return False
    return True


def _connections(talks: Sequence[Conversation]) -> Iterator[Connection]:
    for talk in talks:
        instants = [p.at_ns for p in talk.pieces] + [e.at_ns for e in talk.endings]
        if instants:
            yield Connection(talk.label, talk.protocol, min(instants), max(instants))


def _without_secrets(series: Series, redactor: Redactor) -> Series:
    """Return the series with words masked; a value that is a secret is left out."""
    return replace(
        series,
        values=tuple(_masked(values, redactor) for values in series.values),
        connections=tuple(
            replace(c, label=redactor.text(c.label)) for c in series.connections
        ),
    )


def _masked(values: Values, redactor: Redactor) -> Values:
    points = (p for p in values.points if redactor.text(str(p[1])) == str(p[1]))
    return replace(values, points=tuple(points))
