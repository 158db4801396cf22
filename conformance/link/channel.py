# SPDX-License-Identifier: Apache-2.0
"""What a check holds of a connection: send, receive, close, each through the journal.

A channel works alike live and on the record.  ``receive`` tells octets, an ending and
silence apart by type, because a check must never take one for another.  A layer such as
WebSocket may stand between what a check says and what goes over the wire.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol

from conformance.errors import LinkError
from conformance.link.hub import Wire
from conformance.link.journal import Entry, Journal, NotCovered, Traced

__all__ = [
    "Channel",
    "Closed",
    "Data",
    "Layer",
    "Received",
    "Silence",
    "Unwrapped",
]


@dataclass(frozen=True, slots=True)
class Data:
    """Octets from the peer, as one read gave them; boundaries mean nothing."""

    octets: bytes
    at_ns: int
    packets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer ended its direction."""

    kind: Literal["eof", "reset"]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing came in the time given."""

    at_ns: int


Received = Data | Closed | Silence


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What octets of the wire hold for a check."""

    octets: bytes
    answer: bytes = b""
    """What must be sent at once, for the layer's own sake."""
    is_end: bool = False
    """Whether the peer ends its direction by it."""


class Layer(Protocol):
    """What stands between a check's octets and the wire's."""

    def wrap(self, octets: bytes) -> bytes:
        """Return a check's octets as the wire's."""
        ...

    def unwrap(self, octets: bytes) -> Unwrapped:
        """Return what octets of the wire hold.  Raises ``PeerError``."""
        ...

    def same(self, one: bytes, other: bytes) -> bool:
        """Say whether two runs of our octets on the wire say the same."""
        ...

    def end(self) -> bytes:
        """Return what ends our direction in good order."""
        ...


_NS = 1_000_000_000
_SEND_TIMEOUT_S = 10.0
_TRACE_MAX = 40
"""Messages of a step or example that a failure's record shows at most."""


class Channel:
    """One connection as a check sees it.

    ``journal`` is that of the requirement under test; a channel that outlives a
    requirement is handed the next journal (see ``Run.shared``).
    """

    def __init__(
        self, number: int, journal: Journal, wire: Wire | None, *, is_ours: bool
    ) -> None:
        self.number = number
        self.is_ours = is_ours
        """Whether the suite opened it."""
        self.is_closed = False
        """Whether the suite has closed it."""
        self.journal = journal
        self._wire = wire
        self._layer: Layer | None = None
        self._early = b""
        self._ended: Closed | None = None

    def enter(self, layer: Layer, early: bytes = b"") -> None:
        """Speak through a layer from now on; ``early`` are octets that came for it."""
        self._layer, self._early = layer, early

    def send(self, octets: bytes) -> int:
        """Send octets; return the time in ns.  Raises ``LinkError``."""
        if not octets:
            return self.journal.now_ns
        if self._layer is None:
            return self._send(octets, octets)
        return self._send(self._layer.wrap(octets), octets)

    def send_raw(self, octets: bytes) -> int:
        """Send octets past any layer, as they are; return the time in ns."""
        return self._send(octets, octets)

    def _send(self, octets: bytes, told: bytes) -> int:
        """Send octets of the wire that say ``told``."""

        def act() -> Entry:
            packets, at_ns = self._live.send(octets, _SEND_TIMEOUT_S)
            return {"packets": packets, "at": at_ns}

        entry = self.journal.step("send", {"ch": self.number}, act)
        recorded = self.journal.octets(entry)
        if recorded is not None and not self._is_same(recorded, octets):
            raise NotCovered("engine.not-covered", asked="send", found="other octets")
        self._note("suite", told, entry["at"], tuple(entry["packets"]))
        return int(entry["at"])

    def _is_same(self, one: bytes, other: bytes) -> bool:
        return one == other or (
            self._layer is not None and self._layer.same(one, other)
        )

    def receive(self, timeout_s: float) -> Received:
        """Return what arrives next, waiting at most ``timeout_s`` seconds.

        Raises ``PeerError`` for what is wrong in a layer.
        """
        if self._layer is None:
            came = self._receive(timeout_s)
            if isinstance(came, Data):
                self._note("iut", came.octets, came.at_ns, came.packets)
            return came
        deadline_ns = self.journal.now_ns + int(timeout_s * _NS)
        while self._ended is None:
            if self._early:
                came = Data(self._early, self.journal.now_ns, ())
                self._early = b""
            else:
                left_s = max(deadline_ns - self.journal.now_ns, 0) / _NS
                came = self._receive(left_s)
            if not isinstance(came, Data):
                return came
            found = self._layer.unwrap(came.octets)
            if found.is_end:
                self._ended = Closed("eof", came.at_ns)
            if found.answer:
                with suppress(LinkError):  # the peer may have left already
                    self._send(found.answer, found.answer)
            if found.octets:
                self._note("iut", found.octets, came.at_ns, came.packets)
                return Data(found.octets, came.at_ns, came.packets)
        return self._ended

    def _receive(self, timeout_s: float) -> Received:
        octets = b""

        def act() -> Entry:
            nonlocal octets
            arrived = self._live.next(timeout_s)
            if arrived is None:
                return {"silence": True, "at": self._live.hub.recorder.clock.now_ns()}
            if arrived.ending:
                return {"closed": arrived.ending, "at": arrived.at_ns}
            octets = arrived.octets
            return {"packets": list(arrived.packets), "at": arrived.at_ns}

        entry = self.journal.step("receive", {"ch": self.number}, act)
        if "closed" in entry:
            return Closed(entry["closed"], entry["at"])
        if "silence" in entry:
            return Silence(entry["at"])
        recorded = self.journal.octets(entry)
        octets = octets if recorded is None else recorded
        return Data(octets, entry["at"], tuple(entry["packets"]))

    def close(self) -> None:
        """Close the connection in the ordinary way."""
        self.is_closed = True
        if self._layer is not None and (octets := self._layer.end()):
            with suppress(LinkError):  # the peer may have left already
                self._send(octets, octets)
        self._end("close", lambda: self._live.close())

    def abort(self) -> None:
        """Break the connection off with a reset."""
        self.is_closed = True
        self._end("abort", lambda: self._live.close(reset=True))

    def shut(self) -> None:
        """End our direction only."""
        self._end("shut", lambda: self._live.shut())

    def _end(self, op: str, act: Callable[[], int]) -> None:
        self.journal.step(op, {"ch": self.number}, lambda: {"at": act()})

    def _note(
        self,
        sender: Literal["suite", "iut"],
        octets: bytes,
        at_ns: int,
        packets: tuple[int, ...],
    ) -> None:
        traced = Traced(sender, octets, at_ns, packets, self.number)
        self.journal.trace.append(traced)
        del self.journal.trace[:-_TRACE_MAX]

    @property
    def _live(self) -> Wire:
        assert self._wire is not None, "a replaying journal never acts"
        return self._wire
