# SPDX-License-Identifier: Apache-2.0
"""Real sockets, with a limit on everything.

A hub serves one thread.  Whenever that thread waits, for whatever, all sockets of the
hub are read, so that octets are recorded when they arrive and not when somebody asks.
Every wait has a deadline; octets, connections and the requirement as a whole have
bounds; a peer that stalls, floods, resets or never stops costs a bounded time.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from conformance.errors import LinkError
from conformance.link.packets import Address, Side
from conformance.link.recorder import Recorder, Tape

__all__ = ["Hub", "Limits", "Listener", "RunStopped", "Wire"]

_NS = 1_000_000_000
_SLICE_S = 0.2
"""Longest single wait, so that a stop is noticed soon."""
_MOMENT_S = 0.2
"""How long a connection may be silent before it is taken for whoever is waited for."""
_WAITING_MAX = 32
"""Connections that nobody asked for yet; an older one is given up."""
_READ_MAX_OCTETS = 32_768
_NUMBERS = itertools.count(1)


class RunStopped(BaseException):
    """The user stopped the run.  Not an ``Exception``: no check may swallow it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one requirement."""

    requirement_s: float = 120.0
    received_max_octets: int = 16 << 20
    connections_max: int = 256


@dataclass(frozen=True, slots=True)
class Arrived:
    """Octets or an ending, as the socket gave them."""

    at_ns: int
    packets: tuple[int, ...] = ()
    octets: bytes = b""
    ending: Literal["eof", "reset"] | None = None


class Wire:
    """A live TCP connection."""

    def __init__(self, hub: Hub, sock: socket.socket, tape: Tape, own: Side) -> None:
        self.hub = hub
        self.number = next(_NUMBERS)
        self.sock = sock
        self.tape = tape
        self.own: Side = own
        self.peer: Side = "server" if own == "client" else "client"
        self.arrived: deque[Arrived] = deque()
        self.ended: Arrived | None = None
        self.is_open = True

    def send(self, octets: bytes, timeout_s: float) -> tuple[list[int], int]:
        """Send all of it, reading meanwhile; return packet numbers and time in ns.

        Raises ``LinkError``: ``link.send-failed`` when the peer is gone,
        ``link.send-stalled`` when it does not read.
        """
        view, packets = memoryview(octets), list[int]()
        at_ns, deadline_ns = 0, self.hub.deadline(timeout_s)
        while view:
            try:
                count = self.sock.send(view)
            except (BlockingIOError, InterruptedError):
                if not self.hub.pump(deadline_ns, writable=self):
                    raise LinkError("link.send-stalled", seconds=timeout_s) from None
                continue
            except OSError as error:
                raise LinkError("link.send-failed", reason=_reason(error)) from None
            numbers, at_ns = self.tape.octets(
                self.own, bytes(view[:count]), self.hub.label
            )
            packets += numbers
            view = view[count:]
        return packets, at_ns

    def next(self, timeout_s: float) -> Arrived | None:
        """Return what arrives next, or ``None`` when nothing does in time.

        After the peer has ended its direction, that ending again and again.
        """
        deadline_ns = self.hub.deadline(timeout_s)
        while not self.arrived:
            if self.ended:
                return self.ended
            # What the last look found was there in time, however late the look.
            if not self.hub.pump(deadline_ns) and not self.arrived:
                return self.ended
        return self.arrived.popleft()

    def close(self, *, reset: bool = False) -> int:
        """Close our side, with a reset if asked; return the time in ns."""
        if not self.is_open:
            return self.hub.recorder.clock.now_ns()
        self.is_open = False
        self.hub.forget(self)
        if reset:
            with contextlib.suppress(OSError):
                linger = struct.pack("ii", 1, 0)
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.sock.close()
        return self.tape.ending(self.own, "reset" if reset else "eof", self.hub.label)

    def shut(self) -> int:
        """End our direction but go on reading; return the time in ns."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)
        return self.tape.ending(self.own, "eof", self.hub.label)

    def on_readable(self) -> None:
        """Take what the socket has and note it with its time."""
        try:
            octets = self.sock.recv(_READ_MAX_OCTETS)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._end("reset")
            return
        if not octets:
            self._end("eof")
            return
        self.hub.count(len(octets))
        packets, at_ns = self.tape.octets(self.peer, octets, self.hub.label)
        self.arrived.append(Arrived(at_ns, tuple(packets), octets))

    def _end(self, kind: Literal["eof", "reset"]) -> None:
        self.hub.forget(self)
        at_ns = self.tape.ending(self.peer, kind, self.hub.label)
        self.ended = Arrived(at_ns, ending=kind)


class Listener:
    """A listening TCP socket; what connects waits in ``waiting``."""

    def __init__(self, hub: Hub, sock: socket.socket, protocol: str, iut: Side) -> None:
        self.hub = hub
        self.sock = sock
        self.protocol = protocol
        self.iut: Side = iut
        self.address = _address(sock.getsockname())
        self.waiting: deque[tuple[Wire, int]] = deque()

    def accept(
        self, timeout_s: float, fits: Callable[[bytes], bool] | None = None
    ) -> tuple[Wire, int]:
        """Return the next connection and when it was accepted (ns).

        ``fits`` says of what a connection has brought whether its peer is the one that
        is waited for; one that has brought nothing yet is given a moment for it.
        Raises ``LinkError`` (``link.nobody-connected``) when none comes in time.
        """
        deadline_ns = self.hub.deadline(timeout_s)
        while (chosen := self._chosen(fits)) is None:
            nearest_ns = min(deadline_ns, self.hub.deadline(_MOMENT_S))
            in_time = self.hub.pump(nearest_ns if self.waiting else deadline_ns)
            if in_time or self.hub.deadline(0) < deadline_ns:
                continue
            if (chosen := self._chosen(fits)) is None:
                raise LinkError(
                    "link.nobody-connected", address=self.address, seconds=timeout_s
                )
            break
        self.waiting.remove(chosen)
        return chosen

    def _chosen(self, fits: Callable[[bytes], bool] | None) -> tuple[Wire, int] | None:
        silent_ns = self.hub.deadline(-_MOMENT_S)
        for wire, at_ns in self.waiting:
            octets = b"".join(arrived.octets for arrived in wire.arrived)
            if fits is None or (fits(octets) and (octets or at_ns <= silent_ns)):
                return wire, at_ns
        return None

    def vanish(self, seconds: float) -> int:
        """Let nobody connect for a time; return the time in ns afterwards.

        The port is closed meanwhile, so that whoever comes is refused at once, and no
        one can take what he sends for delivered.
        """
        self.hub.unwatch(self.sock)
        self.sock.close()
        while self.waiting:
            self.waiting.popleft()[0].close(reset=True)
        try:
            return self.hub.wait(seconds)
        finally:
            self.sock = _listening(self.address.host, self.address.port)
            self.hub.watch(self.sock, self)

    def on_readable(self) -> None:
        try:
            sock, _ = self.sock.accept()
        except OSError:
            return
        client, server = _address(sock.getpeername()), _address(sock.getsockname())
        wire = self.hub.adopt(
            sock, client, server, own="server", protocol=self.protocol, iut=self.iut
        )
        self.waiting.append((wire, self.hub.recorder.clock.now_ns()))
        if len(self.waiting) > _WAITING_MAX:  # somebody comes again and again
            self.waiting.popleft()[0].close()


class Hub:
    """All sockets of one thread of a run."""

    def __init__(
        self, recorder: Recorder, stop: threading.Event, limits: Limits
    ) -> None:
        self.recorder = recorder
        self.limits = limits
        self.label = ""
        self._stop = stop
        self._selector = selectors.DefaultSelector()
        self._end_ns = 0
        self._received = 0
        self._wires: set[Wire] = set()
        self._listeners: list[Listener] = []
        self.begin("")

    def begin(self, label: str) -> None:
        """Start the bounds anew for the requirement ``label``."""
        self.label = label
        self._received = 0
        now_ns = self.recorder.clock.now_ns()
        self._end_ns = now_ns + int(self.limits.requirement_s * _NS)

    def connect(
        self, host: str, port: int, *, timeout_s: float, protocol: str, iut: Side
    ) -> Wire:
        """Open a connection.

        Raises ``LinkError``: ``link.unresolved``, ``link.refused``,
        ``link.connect-timeout``, ``link.unreachable``.
        """
        address = f"{host}:{port}"
        try:
            sock = socket.create_connection((host, port), timeout=timeout_s)
        except socket.gaierror:
            raise LinkError("link.unresolved", host=host) from None
        except TimeoutError:
            raise LinkError(
                "link.connect-timeout", seconds=timeout_s, address=address
            ) from None
        except ConnectionRefusedError:
            raise LinkError("link.refused", address=address) from None
        except (OSError, UnicodeError) as error:
            raise LinkError(
                "link.unreachable", reason=_reason(error), address=address
            ) from None
        client, server = _address(sock.getsockname()), _address(sock.getpeername())
        return self.adopt(
            sock, client, server, own="client", protocol=protocol, iut=iut
        )

    def listen(self, host: str, port: int, *, protocol: str, iut: Side) -> Listener:
        """Listen on an address; port 0 takes any free port.

        Raises ``LinkError``: ``link.address-in-use``, ``link.cannot-listen``,
        ``link.unresolved``.
        """
        sock = _listening(host, port)
        listener = Listener(self, sock, protocol, iut)
        self._listeners.append(listener)
        self.watch(sock, listener)
        return listener

    def watch(self, sock: socket.socket, owner: Listener) -> None:
        """Tell a listener when somebody connects."""
        self._selector.register(sock, selectors.EVENT_READ, owner)

    def unwatch(self, sock: socket.socket) -> None:
        """Do so no longer."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(sock)

    def adopt(
        self,
        sock: socket.socket,
        client: Address,
        server: Address,
        *,
        own: Side,
        protocol: str,
        iut: Side,
    ) -> Wire:
        """Record and watch a socket that has just been connected."""
        if len(self._wires) >= self.limits.connections_max:
            sock.close()
            raise LinkError("link.too-many", limit=self.limits.connections_max)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tape = self.recorder.connection(
            client, server, protocol=protocol, iut=iut, label=self.label
        )
        wire = Wire(self, sock, tape, own)
        self._wires.add(wire)
        self._selector.register(sock, selectors.EVENT_READ, wire)
        return wire

    def extend(self, seconds: float) -> None:
        """Give the requirement as much more time, which its declaration asks for."""
        self._end_ns += int(seconds * _NS)

    def deadline(self, timeout_s: float) -> int:
        """Return the time in ns at which a wait that starts now must end."""
        return self.recorder.clock.now_ns() + int(timeout_s * _NS)

    def pump(self, deadline_ns: int, *, writable: Wire | None = None) -> bool:
        """Read what is there, waiting for at most one event until the deadline.

        Returns whether the deadline is still ahead.  Raises ``LinkError``
        (``link.out-of-time``) at the end of the requirement's time, ``RunStopped``
        when the user stops the run.
        """
        now_ns = self.recorder.clock.now_ns()
        if self._stop.is_set():
            raise RunStopped
        if now_ns >= self._end_ns:
            raise LinkError("link.out-of-time", seconds=self.limits.requirement_s)
        left_s = (deadline_ns - now_ns) / _NS
        if writable is not None:
            events = selectors.EVENT_READ | selectors.EVENT_WRITE
            with contextlib.suppress(KeyError):
                self._selector.modify(writable.sock, events, writable)
        for key, mask in self._select(min(max(left_s, 0), _SLICE_S)):
            if mask & selectors.EVENT_READ:
                key.data.on_readable()
        if writable is not None:
            with contextlib.suppress(KeyError):
                self._selector.modify(writable.sock, selectors.EVENT_READ, writable)
        return left_s > 0

    def _select(self, timeout_s: float) -> list[tuple[selectors.SelectorKey, int]]:
        if self._selector.get_map():
            return self._selector.select(timeout_s)
        self._stop.wait(timeout_s)  # some selectors refuse an empty set
        return []

    def wait(self, seconds: float) -> int:
        """Let time pass while reading; return the time in ns afterwards."""
        deadline_ns = self.deadline(seconds)
        while self.pump(deadline_ns):
            pass
        return self.recorder.clock.now_ns()

    def count(self, octets: int) -> None:
        """Count octets received for this requirement; ``link.flood`` if too many."""
        self._received += octets
        if self._received > self.limits.received_max_octets:
            raise LinkError("link.flood", limit=self.limits.received_max_octets)

    def forget(self, wire: Wire) -> None:
        """Stop watching a wire."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(wire.sock)
        if not wire.is_open:
            self._wires.discard(wire)

    def close(self) -> None:
        """Close every socket."""
        for wire in list(self._wires):
            wire.close()
        for listener in self._listeners:
            self.unwatch(listener.sock)
            listener.sock.close()
        self._listeners.clear()
        self._selector.close()


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address and does not block."""
    address = f"{host}:{port}"
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        sock = socket.socket(info[0], info[1])
    except OSError:
        raise LinkError("link.unresolved", host=host) from None
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows: refuse, do not share
            exclusive = getattr(socket, "SO_EXCLUSIVEADDRUSE")  # noqa: B009
            sock.setsockopt(socket.SOL_SOCKET, exclusive, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(info[4])
        sock.listen(64)
    except OSError as error:
        sock.close()
        used = error.errno in (errno.EADDRINUSE, errno.EACCES)
        code = "link.address-in-use" if used else "link.cannot-listen"
        raise LinkError(code, address=address, reason=_reason(error)) from None
    sock.setblocking(False)
    return sock


def _address(name: tuple[str, int] | tuple[str, int, int, int]) -> Address:
    return Address(name[0].partition("%")[0], name[1])


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
