# SPDX-License-Identifier: Apache-2.0
"""One connection as the suite speaks HJ 212 on it: send octets, hear packets.

What the peer sent broken is handed out as it is; whether that matters is the caller's
question.  Time is the journal's, so a line behaves alike live and on the record.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from conformance.errors import PeerError
from conformance.link.channel import Channel, Closed, Data, Silence
from conformance.link.clock import to_datetime
from conformance.protocols.hj212.codec import FrameError, Packet, Reader, drain
from conformance.protocols.hj212.codec.sealing import Unsealed, unseal
from conformance.protocols.hj212.codec.segment import Segment, parse_segment

__all__ = ["BEIJING", "Heard", "Line", "Numbers", "Parting"]

BEIJING = timezone(timedelta(hours=8))
"""The standard names no time zone; the field uses this one."""

_NS = 1_000_000_000
_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Heard:
    """A packet from the implementation."""

    segment: Segment
    packet: Packet
    at_ns: int
    unsealed: Unsealed | None = None
    """How its data area was encrypted; the packet is the plain one then."""

    @property
    def is_sound(self) -> bool:
        """Whether its check value is right."""
        return self.packet.checksum_ok

    @property
    def breach(self) -> PeerError:
        """The broken check value as an error."""
        seen = self.packet.checksum.decode()
        return PeerError("check-value", f"check value {seen}", self.packet.octets)


@dataclass(frozen=True, slots=True)
class Parting:
    """The peer ended the connection."""

    at_ns: int


class Line:
    """Packets on one connection."""

    def __init__(
        self, channel: Channel, keys: Callable[[], Sequence[bytes]] = tuple
    ) -> None:
        self.channel = channel
        self.keys = keys
        """Keys that may open a data area, the likeliest first."""
        self._reader = Reader()
        self._waiting: deque[Heard | FrameError] = deque()

    @property
    def now_ns(self) -> int:
        """Time of the latest thing seen."""
        return self.channel.journal.now_ns

    def send(self, octets: bytes) -> int:
        """Send octets as they are; return the time in ns."""
        return self.channel.send(octets)

    def hear(self, deadline_ns: int) -> Heard | FrameError | Parting | None:
        """Return what comes next; ``None`` when nothing has come by the deadline."""
        while not self._waiting:
            left_ns = deadline_ns - self.now_ns
            if left_ns <= 0:
                return None
            match self.channel.receive(left_ns / _NS):
                case Data() as data:
                    self._take(data)
                case Closed() as closed:
                    return Parting(closed.at_ns)
                case Silence():
                    return None
        return self._waiting.popleft()

    def _take(self, data: Data) -> None:
        self._reader.feed(data.octets)
        for found in drain(self._reader):
            if isinstance(found, FrameError):
                self._waiting.append(found)
                continue
            unsealed = unseal(found, self.keys())
            plain = unsealed.packet if unsealed else found
            segment = parse_segment(plain.segment)
            self._waiting.append(Heard(segment, plain, data.at_ns, unsealed))


class Numbers:
    """QNs that never repeat: one a millisecond, in Beijing time.

    ``next`` returns the QN for a moment and how long to wait before it is past.  A QN
    is never ahead of the clock, so checks that follow each other cannot meet.
    """

    def __init__(self, now_ns: int) -> None:
        self._last_ms = now_ns // _MS

    def next(self, now_ns: int) -> tuple[str, float]:
        """Return a new QN and the seconds to wait until its moment has come."""
        self._last_ms = max(self._last_ms + 1, now_ns // _MS)
        ahead_ns = self._last_ms * _MS - now_ns
        moment = to_datetime(self._last_ms * _MS).astimezone(BEIJING)
        return qn_of(moment), max(ahead_ns, 0) / _NS


def qn_of(moment: datetime) -> str:
    """Return a time as QN writes it, YYYYMMDDhhmmsszzz."""
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 1000:03d}"
