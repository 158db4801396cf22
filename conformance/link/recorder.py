# SPDX-License-Identifier: Apache-2.0
"""One recording per run: every octet that passed a socket, with its time.

Several threads write at once; a lock keeps the packets in one order, and that order
is the order of the evidence.  The comment of a connection's first packet tells which
protocol it carries and which side is the implementation under test.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from conformance.link.clock import Clock
from conformance.link.packets import SEGMENT_MAX_OCTETS, Address, Flow, Side
from conformance.link.pcapng import Writer

__all__ = ["Recorder", "StorageFailed", "Tape"]


class StorageFailed(BaseException):
    """The evidence cannot be kept, so the run must not go on.

    Not an ``Exception``: no check may swallow it.
    """

    def __init__(self, file: Path | str, error: OSError) -> None:
        super().__init__(str(file))
        self.file = str(file)
        self.reason = error.strerror or type(error).__name__


class Recorder:
    """Writes the recording of a run."""

    def __init__(
        self, path: Path, clock: Clock, *, describe: str, append: bool = False
    ) -> None:
        self.clock = clock
        self._path = path
        self._lock = threading.Lock()
        with self._guarded():
            self._writer = Writer(path, describe=describe, append=append)

    def connection(
        self, client: Address, server: Address, *, protocol: str, iut: Side, label: str
    ) -> Tape:
        """Begin to write down a connection that has just been made."""
        flow = Flow(client, server)
        note = f"{label} | protocol={protocol} iut={iut}"
        with self._guarded():
            at_ns = self.clock.now_ns()
            for packet in flow.handshake():
                self._writer.packet(packet, at_ns, note)
                note = label
        return Tape(self, flow)

    def write(self, packets: list[bytes], label: str) -> tuple[list[int], int]:
        """Write packets of one instant; return their numbers and that instant."""
        try:
            with self._lock:
                at_ns = self.clock.now_ns()
                numbers = [self._writer.packet(p, at_ns, label) for p in packets]
        except OSError as error:
            raise StorageFailed(self._path, error) from error
        return numbers, at_ns

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except OSError as error:
                raise StorageFailed(self._path, error) from error

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        with self._guarded():
            self._writer.flush()

    def close(self) -> None:
        with self._guarded():
            self._writer.close()


class Tape:
    """The recording of one connection."""

    __slots__ = ("_flow", "_recorder")

    def __init__(self, recorder: Recorder, flow: Flow) -> None:
        self._recorder = recorder
        self._flow = flow

    def octets(self, sender: Side, octets: bytes, label: str) -> tuple[list[int], int]:
        """Keep what ``sender`` sent; return packet numbers and the time in ns."""
        pieces = [
            self._flow.data(sender, octets[start : start + SEGMENT_MAX_OCTETS])
            for start in range(0, len(octets), SEGMENT_MAX_OCTETS)
        ]
        return self._recorder.write(pieces, label)

    def ending(self, sender: Side, kind: Literal["eof", "reset"], label: str) -> int:
        """Keep that ``sender`` ended its direction; return the time in ns."""
        packet = self._flow.ending(sender, reset=kind == "reset")
        return self._recorder.write([packet], label)[1]
