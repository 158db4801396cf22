# SPDX-License-Identifier: Apache-2.0
"""What a simulated host keeps and what became of its requests, shown over HTTP.

That is what a vendor offers as hooks, on loopback and as JSON:

- ``/records?mn=&code=&begin=&end=`` the kept uploads by command and DataTime, each with
  ``complete`` (``stored_records``),
- ``/command?mn=&code=&items=`` send a request to a station; its QN (``send_command``),
- ``/result?mn=&qn=`` ``pending``, ``done``, ``failed``, ``refused`` or ``timeout``
  (``command_result``).

Source: HJ 212-2017, 6.2 (a partial set is none), 6.1 (what counts as done).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.protocols.hj212.codec.segment import Segment

__all__ = ["Records"]


@dataclass(frozen=True, slots=True)
class Record:
    """One upload as the host keeps it."""

    mn: str
    cn: str
    qn: str
    data_time: str
    items: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """Return the record as the hook ``stored_records`` shows it."""
        return {
            "mn": self.mn,
            "cn": self.cn,
            "qn": self.qn,
            "data_time": self.data_time,
            "complete": True,
            "items": dict(self.items),
        }


@dataclass(slots=True)
class Records:
    """Uploads, each once; parts wait until their set is complete."""

    quirks: frozenset[str]
    kept: list[Record] = field(default_factory=list)
    _parts: dict[tuple[str, str, str], dict[int, Mapping[str, str]]] = field(
        default_factory=dict
    )
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, segment: Segment) -> None:
        """Keep an upload, once (HJ 212-2017, 6.2.1: a resend is the same upload)."""
        items = {item.name: item.value for item in segment.items}
        mn, cn, qn = segment.mn or "", segment.cn or "", segment.qn or ""
        time = items.get("DataTime", "")
        # 2005 uploads have no QN: the same data at the same time are the same upload.
        identity = (mn, cn, qn or f"{time}/{sorted(items.items())}")
        with self._lock:
            if "keeps-nothing" in self.quirks:
                return
            if identity in self._seen and "stores-twice" not in self.quirks:
                return
            self._seen.add(identity)
            if segment.pnum and segment.pno and "stores-partial" not in self.quirks:
                got = self._parts.setdefault((mn, cn, time), {})
                got[segment.pno] = items
                if len(got) < segment.pnum:
                    return
                parts = list(self._parts.pop((mn, cn, time)).values())
                if "keeps-last-part" in self.quirks:
                    parts = parts[-1:]
                items = {name: value for part in parts for name, value in part.items()}
            self.kept.append(Record(mn, cn, qn, time, items))

    def knows(self, segment: Segment) -> bool:
        """Return whether an upload with this QN has come before."""
        identity = (segment.mn or "", segment.cn or "", segment.qn or "")
        with self._lock:
            return identity in self._seen

    def find(self, mn: str, code: str, begin: str, end: str) -> list[Record]:
        """Return the records of a station and command, by DataTime."""
        with self._lock:
            return [
                r
                for r in self.kept
                if (r.mn, r.cn) == (mn, code) and begin <= r.data_time <= end
            ]
