# SPDX-License-Identifier: Apache-2.0
"""What a check saw, in order; and the same again without a peer.

A check reaches the outside through ``Journal.step`` alone.  Live, a step acts and its
outcome is noted.  Judging again, a step returns the noted outcome, provided that the
check asks for the same thing; where it asks for something else, the evidence does not
cover it and ``NotCovered`` says so.  Octets are not repeated here: an entry names the
packets of the recording that hold them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from conformance.errors import ConformanceError, LinkError
from conformance.link.clock import Clock
from conformance.link.packets import unwrap
from conformance.link.pcapng import PacketFile

__all__ = [
    "Entry",
    "Journal",
    "NotCovered",
    "PacketStore",
    "Recording",
    "Replaying",
    "Traced",
]

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Traced:
    """Octets that went over a channel."""

    sender: Literal["suite", "iut"]
    octets: bytes
    at_ns: int
    packets: tuple[int, ...]
    channel: int


class NotCovered(ConformanceError):
    """The evidence holds no answer to what the check now asks."""


class Journal(Protocol):
    """The only way from a check to the outside."""

    replaying: bool
    entries: list[Entry]
    now_ns: int
    """Time of the latest thing that the check saw; its only clock."""
    trace: list[Traced]
    """The last messages of the current step or example."""

    def step(
        self, op: str, asked: Mapping[str, Any], act: Callable[[], Entry]
    ) -> Entry:
        """Do ``op`` or look it up; return its outcome.  Outcomes carry ``at``."""
        ...

    def peek(self) -> Entry | None:
        """Return what the next step will find; ``None`` while recording."""
        ...

    def conclude(self) -> None:
        """Raise ``NotCovered`` when a check passes without using all that it saw."""
        ...

    def octets(self, entry: Entry) -> bytes | None:
        """Return the recorded octets of an entry; ``None`` while recording."""
        ...


class Recording:
    """A journal that acts and notes."""

    replaying = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[Entry] = []
        self.trace: list[Traced] = []
        self.now_ns = clock.now_ns()

    def step(
        self, op: str, asked: Mapping[str, Any], act: Callable[[], Entry]
    ) -> Entry:
        entry: Entry = {"op": op, **asked}
        try:
            entry |= act()
        except LinkError as error:
            entry |= {"error": error.code, "facts": _plain(error.facts)}
            entry["at"] = self._clock.now_ns()
            raise
        finally:
            if "at" in entry:
                self.now_ns = max(self.now_ns, entry["at"])
                self.entries.append(entry)
        return entry

    def peek(self) -> None:
        return None

    def conclude(self) -> None:
        return None

    def octets(self, entry: Entry) -> None:
        return None


class Replaying:
    """A journal that only looks up."""

    replaying = True

    def __init__(self, entries: list[Entry], packets: PacketStore) -> None:
        self.entries = entries
        self.trace: list[Traced] = []
        self.now_ns = entries[0]["at"] if entries else 0
        self._next = 0
        self._packets = packets

    def step(
        self, op: str, asked: Mapping[str, Any], act: Callable[[], Entry]
    ) -> Entry:
        entry = self.peek()
        if entry is None or any(
            entry.get(key) != value for key, value in {"op": op, **asked}.items()
        ):
            raise NotCovered(
                "engine.not-covered", asked=op, found=entry and entry["op"]
            )
        self._next += 1
        self.now_ns = max(self.now_ns, entry["at"])
        if "error" in entry:
            raise LinkError(entry["error"], **entry["facts"])
        return entry

    def peek(self) -> Entry | None:
        """Return the entry that the next step will find, if there is one."""
        return self.entries[self._next] if self._next < len(self.entries) else None

    def conclude(self) -> None:
        rest = self.peek()
        if rest is not None and rest["op"] != "end":
            raise NotCovered("engine.not-covered", asked="end", found=rest["op"])

    def octets(self, entry: Entry) -> bytes:
        return b"".join(self._packets[number] for number in entry.get("packets", ()))


class PacketStore:
    """The application octets of a recording, by packet number, read when asked for."""

    def __init__(self, path: Path) -> None:
        self._packets = PacketFile(path)

    def __len__(self) -> int:
        return len(self._packets)

    def __getitem__(self, number: int) -> bytes:
        try:
            tcp = unwrap(self._packets[number].octets)
        except KeyError:
            tcp = None
        if tcp is None or not tcp.octets:
            raise NotCovered("engine.not-covered", asked=f"packet {number}", found=None)
        return tcp.octets


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value if isinstance(value, (int, str, bool, type(None))) else str(value)
        for key, value in facts.items()
    }
