# SPDX-License-Identifier: Apache-2.0
"""One connection of a simulated HJ 212 party: packets in, packets out, with quirks.

What deviates here is what both sides can do wrong: how packets are found in the
stream, whether their check value is looked at, how answers are written and sent.
Knows sockets and threads; what a packet makes a party do is said by its subclasses.

Source: HJ 212-2017, 6.3.1 and 6.6.1 (ST=91 in answers).
"""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import replace
from typing import Self

from conformance.protocols.hj212.codec import FrameError, Packet, Reader, drain
from conformance.protocols.hj212.codec.sealing import is_closed, unseal
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.codec.spellings import spell
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.line import Numbers
from conformance.protocols.hj212.packets import ANSWER_ST, Identity, packet

__all__ = ["EVERYWHERE", "IDLE_S", "Talk", "Worker"]

IDLE_S = 0.02
_SLOW_S = 0.15
_PIECE_OCTETS = 7
_GREAT_OCTETS = 1000
EVERYWHERE = frozenset(
    {
        "modbus-check-value",
        "system-time-with-milliseconds",
        "long-factor-id",
        "short-start-time",
        "short-serial",
        "vessel-zero",
        "log-without-mark",
        "foreign-site-code",
        "unknown-state",
    }
)
"""Spellings that a party applies to its answers too."""


class Worker:
    """A thread that ends when told to."""

    def __init__(self, name: str) -> None:
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)

    def _work(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the thread and wait for it."""
        self.stop.set()
        self._thread.join(5)


class Talk:
    """One connection of a simulator: packets in, packets out, both with quirks."""

    def __init__(
        self,
        sock: socket.socket,
        who: Identity,
        quirks: frozenset[str],
        stop: threading.Event,
    ) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(5)
        self.sock = sock
        self.who = who
        self.quirks = quirks
        self.stop = stop
        self.is_open = True
        self._reader = Reader()
        self._numbers = Numbers(time.time_ns())
        self._outbox: list[bytes] = []
        self._only_qn = ""
        self.keys: list[bytes] = []
        """Keys of encrypted areas, the one that counts first; none in old editions."""
        self.came_closed: set[str] = set()
        """QNs of packets that came encrypted."""
        self.ahead_ns = 0
        """How far its clock is ahead of ours."""
        self.soiled = 0
        """Octets since the last sound packet."""

    # The loop

    def serve(self) -> None:
        """Talk until the peer or the simulator ends it."""
        try:
            self.begin()
            while self.is_open and not self.stop.is_set():
                self.tick(time.time_ns())
                self._flush()
                readable, _, _ = select.select([self.sock], [], [], IDLE_S)
                if readable and not self._read():
                    return
        except OSError:
            return  # the peer is gone; a station will try again

    def begin(self) -> None:
        """Do what is done right after connecting."""

    def tick(self, now_ns: int) -> None:
        """Do what is due."""

    def obey(self, segment: Segment, batch: list[Segment]) -> None:
        """Take a sound packet; ``batch`` holds all that came in the same read."""
        raise NotImplementedError

    def suffer(self, found: Packet | FrameError) -> None:
        """Take what is no sound packet."""

    def _read(self) -> bool:
        octets = self.sock.recv(65536)
        if not octets:
            return False
        if "one-packet-per-read" in self.quirks:
            self._reader = Reader()  # whatever was unfinished is lost
        self.soiled += len(octets)
        self._reader.feed(octets)
        found = [self.opened(f) for f in drain(self._reader)]
        if "refuses-great-packets" in self.quirks:
            found = [f for f in found if len(f.octets) <= _GREAT_OCTETS]
        if "one-packet-per-read" in self.quirks:
            found = found[:1]
        if "drops-buffer-on-damage" in self.quirks and any(
            isinstance(f, FrameError) for f in found
        ):
            found = [f for f in found if isinstance(f, FrameError)]
        sound = [
            parse_segment(f.segment)
            for f in found
            if isinstance(f, Packet) and self.takes(f)
        ]
        waiting = iter(sound)
        for item in found:
            if isinstance(item, Packet) and self.takes(item):
                self.obey(next(waiting), sound)
            else:
                self.suffer(item)
        self.soiled = 0 if sound else self.soiled
        self._flush()
        return True

    def keys_for(self, packet: Packet) -> list[bytes]:
        """Return the keys that may open a packet."""
        return self.keys

    def opened(self, found: Packet | FrameError) -> Packet | FrameError:
        """Return a packet with its data area decrypted, if it is encrypted."""
        if isinstance(found, FrameError) or not is_closed(found):
            return found
        unsealed = unseal(found, self.keys_for(found))
        if unsealed is None:
            return found
        if "takes-plain-length-only" in self.quirks and found.length_ok:
            return found
        if "refuses-empty-block" in self.quirks and b"&&{}" in found.segment:
            return found
        self.came_closed.add(unsealed.opened.segment.qn or "")
        return unsealed.packet

    def sealed(self, octets: bytes) -> bytes:
        """Return what goes out, encrypted where that is due."""
        return octets

    def takes(self, found: Packet) -> bool:
        """Whether a packet is processed."""
        if "only-upper-case" in self.quirks and found.checksum.lower() != (
            found.checksum.upper()
        ):
            return found.checksum == found.checksum.upper() and found.checksum_ok
        return found.checksum_ok or "ignores-check-value" in self.quirks

    # Sending

    def qn(self) -> str:
        """Return a QN of our own."""
        if "reuses-qn" in self.quirks and self._only_qn:
            return self._only_qn
        qn, ahead_s = self._numbers.next(time.time_ns() + self.ahead_ns)
        time.sleep(ahead_s)  # at most a millisecond or two
        self._only_qn = qn
        return qn

    def start(self, octets: bytes) -> bytes:
        """Send a packet that we start; return it as it was sent."""
        octets = spell(octets, self.quirks)
        self._outbox.append(octets)
        return octets

    def answer(
        self, cn: str, qn: str, area: Area = (), *, who: Identity | None = None
    ) -> None:
        """Send an answer, 9011 to 9014; ``who`` is for a host of several stations."""
        quirks, who = self.quirks, who or self.who
        if "answers-with-other-version" in quirks:
            who = replace(who, version=who.version + 1)
        st = who.st if "answers-keep-st" in quirks else ANSWER_ST
        wanted = "answers-want-answers" in quirks
        octets = packet(who, cn, qn, area, st=st, wanted=wanted, odd=True)
        self.put(spell(octets, quirks & EVERYWHERE))

    def put(self, octets: bytes) -> None:
        """Send octets with the others of this turn."""
        self._outbox.append(octets)

    def _flush(self) -> None:
        out, self._outbox = [self.sealed(o) for o in self._outbox], []
        if not out:
            return
        if "slow" in self.quirks:
            self.stop.wait(_SLOW_S)
        if "coalesced" in self.quirks:
            out = [b"".join(out)]
        if "in-pieces" in self.quirks:
            whole = b"".join(out)
            steps = range(0, len(whole), _PIECE_OCTETS)
            out = [whole[at : at + _PIECE_OCTETS] for at in steps]
        for octets in out:
            self.sock.sendall(octets)
