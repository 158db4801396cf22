# SPDX-License-Identifier: Apache-2.0
"""A relay that lies: faults and liberties made out of an honest implementation.

The proxy stands on a TCP connection between the suite and a real peer, whichever of
them opens it.  A protocol's ``Adapter`` cuts each direction into frames and tells their
fields; ``ProxyRule`` says which frames are dropped, changed, delayed, repeated, held
back, cut into pieces, and what is put in.  The proxy knows no protocol and no verdict.

Every frame of a direction goes through one thread, in order.  What cannot be framed is
passed on as it is.  Everything ends when ``close`` returns.
"""

from __future__ import annotations

import contextlib
import math
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol

from conformance.link.packets import Address, Side

__all__ = ["Adapter", "Proxy", "ProxyRule", "Splitter", "fits"]

_POLL_S = 0.2
_CONNECT_TIMEOUT_S = 5.0
_READ_MAX_OCTETS = 32_768
_CONNECTIONS_MAX = 256
_PIECE_PAUSE_S = 0.002
_PIECES_MAX = 256

Action = Literal[
    "drop", "alter", "delay", "repeat", "inject", "close", "die", "swap", "join",
    "split", "linger",
]  # fmt: skip


class Splitter(Protocol):
    """Cuts one direction of one connection into frames."""

    def feed(self, octets: bytes) -> list[bytes]:
        """Return the frames that are whole now.

        Raises ``ValueError`` when the frames of this direction cannot be told apart
        any more; ``rest`` then has what was not handed out.
        """
        ...

    @property
    def rest(self) -> bytes: ...


class Adapter(Protocol):
    """What a protocol tells the proxy."""

    def splitter(self, sender: Side) -> Splitter: ...

    def describe(self, frame: bytes, sender: Side) -> dict[str, Any]:
        """Return the fields of a frame by name, ``kind`` among them.

        ``connection`` is what both sides' frames are known by from then on.
        """
        ...

    def alter(self, frame: bytes, changes: Mapping[str, Any]) -> bytes:
        """Return the frame with fields replaced, right or wrong."""
        ...


@dataclass(frozen=True, slots=True)
class ProxyRule:
    """What to do with some frames of one side.

    ``match`` compares the fields that the adapter describes, and ``seen``: how many
    frames of that kind this side has sent on this connection, from 1.  A field
    ``connection`` in one frame names the connection: later frames of both sides have it
    too.  See ``fits``.
    ``linger`` keeps the end of a side to itself when its last frame matches; ``die``
    ends every connection and refuses new ones, as when a process crashes.
    """

    sender: Side
    action: Action
    match: Mapping[str, Any] = field(default_factory=dict)
    nth: int = 0
    """Only the nth matching frame in the life of the proxy, from 1; 0 takes all."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """New field values, for ``alter`` and for the copy that ``repeat`` adds."""
    octets: bytes = b""
    """What ``inject`` puts in."""
    toward: Side | None = None
    """To which side ``inject`` sends; onward if not given."""
    before: bool = False
    """Whether ``inject`` and the copy of ``repeat`` come before the frame."""
    seconds: float = 0.0
    """How long ``delay`` waits, and how long ``swap`` and ``join`` hold at most."""
    size: int = 1
    """Octets of the pieces that ``split`` makes; the rest of a long frame is one."""


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "not": lambda found, wanted: found != wanted,
    "in": lambda found, wanted: found in wanted,
    "has": lambda found, wanted: wanted in found,
    "prefix": lambda found, wanted: found.startswith(wanted),
    "suffix": lambda found, wanted: found.endswith(wanted),
    "above": lambda found, wanted: found > wanted,
    "below": lambda found, wanted: found < wanted,
}


def fits(fields: Mapping[str, Any], match: Mapping[str, Any]) -> bool:
    """Say whether a frame's fields are as a rule wants them.

    A plain value wants equality; ``{"above": 3}`` compares (operators: ``not``,
    ``in``, ``has``, ``prefix``, ``suffix``, ``above``, ``below``).  A field that the
    frame does not have fits nothing.
    """
    for name, wanted in match.items():
        if name not in fields or (fields[name] is None and wanted is not None):
            return False
        found = fields[name]
        if not isinstance(wanted, Mapping):
            if found != wanted:
                return False
            continue
        if not all(_OPERATORS[op](found, value) for op, value in wanted.items()):
            return False
    return True


class Proxy:
    """Listens on a free loopback port and relays to ``target``.

    A context manager; ``address`` is where to connect.  Whoever connects and says
    nothing for ``patience_s`` is left again.
    """

    def __init__(
        self,
        target: tuple[str, int],
        *,
        rules: Sequence[ProxyRule] = (),
        adapter: Adapter | None = None,
        host: str = "127.0.0.1",
        patience_s: float = math.inf,
    ) -> None:
        self.target = target
        self.patience_s = patience_s
        self.rules = tuple(rules)
        self.adapter = adapter
        self._stop = threading.Event()
        self._dead = threading.Event()
        self._lock = threading.Lock()
        self._counts: Counter[int] = Counter()
        self._relays: set[_Relay] = set()
        self._server = socket.create_server((host, 0), backlog=64)
        self._server.settimeout(_POLL_S)
        name = self._server.getsockname()
        self.address = Address(name[0], name[1])
        self._thread = threading.Thread(target=self._accept, name="proxy", daemon=True)

    def __enter__(self) -> Proxy:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every connection and every thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._server.close()
        relays = list(self._relays)
        for relay in relays:
            relay.end(reset=False)
        for relay in relays:
            relay.join()

    def die(self) -> None:
        """End every connection and refuse new ones."""
        self._dead.set()
        # While a thread waits in accept, a closed socket still takes connections.
        self._thread.join()
        self._server.close()
        with self._lock:
            relays = list(self._relays)
        for relay in relays:
            relay.end(reset=False)

    def is_due(self, rule: ProxyRule) -> bool:
        """Count one match of a rule; say whether it is the one that counts."""
        with self._lock:
            self._counts[id(rule)] += 1
            return rule.nth in (0, self._counts[id(rule)])

    def matched(self, rule: ProxyRule) -> int:
        """Return how many frames have matched a rule so far."""
        return self._counts[id(rule)]

    def forget(self, relay: _Relay) -> None:
        """Drop a connection that has ended."""
        with self._lock:
            self._relays.discard(relay)

    def wait(self, seconds: float) -> None:
        """Let time pass unless the proxy ends."""
        self._stop.wait(seconds)

    @property
    def is_ending(self) -> bool:
        return self._stop.is_set()

    def _accept(self) -> None:
        while not (self._stop.is_set() or self._dead.is_set()):
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if len(self._relays) >= _CONNECTIONS_MAX:
                client.close()
                continue
            try:
                server = socket.create_connection(self.target, _CONNECT_TIMEOUT_S)
            except OSError:
                client.close()  # nobody there: the one who connects sees an early end
                continue
            relay = _Relay(self, client, server)
            with self._lock:
                self._relays.add(relay)
            relay.start()


class _Relay:
    """One connection: two sockets, two directions, two threads."""

    def __init__(
        self, proxy: Proxy, client: socket.socket, server: socket.socket
    ) -> None:
        self.proxy = proxy
        self.sockets: dict[Side, socket.socket] = {"client": client, "server": server}
        for sock in self.sockets.values():
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(_POLL_S)
        self._sending: dict[Side, threading.Lock] = {
            "client": threading.Lock(),
            "server": threading.Lock(),
        }
        self.name: Any = None
        """What a frame has named the connection; nothing before that."""
        self._ended: set[Side] = set()
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=_Direction(self, side).run, daemon=True)
            for side in self.sockets
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def is_over(self) -> bool:
        return self._closed.is_set() or self.proxy.is_ending

    def send(self, side: Side, octets: bytes) -> None:
        """Send all octets to a side, or as many as it takes before it leaves."""
        view = memoryview(octets)
        with self._sending[side]:
            while view and not self.is_over:
                try:
                    view = view[self.sockets[side].send(view) :]
                except TimeoutError:
                    continue
                except OSError:
                    return  # that side is gone; what it said before still counts

    def side_ended(self, side: Side, other: Side, *, passed_on: bool) -> None:
        """Note that a side sends no more; tell the other side, or leave it in doubt."""
        self._ended.add(side)
        if passed_on:
            with contextlib.suppress(OSError):
                self.sockets[other].shutdown(socket.SHUT_WR)
        if len(self._ended) == len(self.sockets) and passed_on:
            self.end(reset=False)

    def end(self, *, reset: bool) -> None:
        """Close both sockets, with a reset if asked."""
        if self._closed.is_set():
            return
        self._closed.set()
        for sock in self.sockets.values():
            if reset:
                with contextlib.suppress(OSError):
                    linger = struct.pack("ii", 1, 0)
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            else:
                # Wakes a thread that reads, which a close alone does not everywhere.
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self.proxy.forget(self)


class _Direction:
    """What one side sends: read, cut into frames, ruled, passed on."""

    def __init__(self, relay: _Relay, sender: Side) -> None:
        self.relay = relay
        self.proxy = relay.proxy
        self.sender = sender
        self.onward: Side = "server" if sender == "client" else "client"
        self.rules = [r for r in self.proxy.rules if r.sender == sender]
        adapter = self.proxy.adapter
        self.adapter = adapter if self.proxy.rules else None
        self.splitter = adapter.splitter(sender) if adapter else None
        self.seen: Counter[str] = Counter()
        self.last: dict[str, Any] = {}
        self.held: list[tuple[bytes, ProxyRule]] = []
        self.held_for_s = 0.0
        self.has_spoken = False

    def run(self) -> None:
        sock = self.relay.sockets[self.sender]
        opens = self.sender == "client"
        give_up_at = time.monotonic() + (self.proxy.patience_s if opens else math.inf)
        while not self.relay.is_over:
            try:
                octets = sock.recv(_READ_MAX_OCTETS)
            except TimeoutError:
                self._tire()
                if not self.has_spoken and time.monotonic() >= give_up_at:
                    self.relay.end(reset=False)
                    return
                continue
            except OSError:
                if not self._lingers():
                    self.relay.end(reset=True)
                return
            if not octets:
                self._release()
                self.relay.side_ended(
                    self.sender, self.onward, passed_on=not self._lingers()
                )
                return
            self.has_spoken = True
            self._take(octets)

    def _take(self, octets: bytes) -> None:
        if self.adapter is None or self.splitter is None:
            self.relay.send(self.onward, octets)
            return
        try:
            frames = self.splitter.feed(octets)
        except ValueError:
            self.relay.send(self.onward, self.splitter.rest)
            self.splitter = None
            return
        for frame in frames:
            self._frame(frame, self.adapter)

    def _frame(self, frame: bytes, adapter: Adapter) -> None:
        fields = adapter.describe(frame, self.sender)
        self.seen[fields["kind"]] += 1
        fields["seen"] = self.seen[fields["kind"]]
        self.relay.name = fields.setdefault("connection", self.relay.name)
        self.last = fields
        due = [r for r in self.rules if r.action != "linger"]
        due = [r for r in due if fits(fields, r.match) and self.proxy.is_due(r)]
        out, pieces, held = [frame], 0, None
        for rule in due:
            match rule.action:
                case "drop":
                    out = []
                case "alter":
                    out = [adapter.alter(f, rule.set) for f in out]
                case "repeat":
                    copy = [adapter.alter(f, rule.set) if rule.set else f for f in out]
                    out = copy + out if rule.before else out + copy
                case "inject" if rule.toward in (None, self.onward):
                    place = 0 if rule.before else len(out)
                    out.insert(place, rule.octets)
                case "inject":
                    self.relay.send(self.sender, rule.octets)
                case "delay":
                    self.proxy.wait(rule.seconds)
                case "close":
                    self.relay.end(reset=False)
                    return
                case "die":
                    self.proxy.die()
                    return
                case "split":
                    pieces = rule.size
                case _:
                    held = rule
        self._pass_on(out, pieces, held)

    def _pass_on(
        self, frames: list[bytes], pieces: int, hold: ProxyRule | None
    ) -> None:
        if hold is not None:
            self.held += [(frame, hold) for frame in frames]
            self.held_for_s = 0.0
            return
        if pieces:
            for frame in frames:
                cut = min(len(frame), pieces * _PIECES_MAX)
                for at in range(0, cut, pieces):
                    self.relay.send(self.onward, frame[at : min(at + pieces, cut)])
                    self.proxy.wait(_PIECE_PAUSE_S)
                self.relay.send(self.onward, frame[cut:])
            return
        before = [f for f, rule in self.held if rule.action == "join"]
        after = [f for f, rule in self.held if rule.action == "swap"]
        if frames:
            self.held = []
            self.relay.send(self.onward, b"".join([*before, *frames]))
            if after:
                self.relay.send(self.onward, b"".join(after))

    def _tire(self) -> None:
        """Give up holding what no further frame has followed in time."""
        if self.held:
            self.held_for_s += _POLL_S
            if self.held_for_s >= max(rule.seconds for _, rule in self.held):
                self._release()

    def _release(self) -> None:
        frames, self.held = [f for f, _ in self.held], []
        if frames:
            self.relay.send(self.onward, b"".join(frames))

    def _lingers(self) -> bool:
        lingering = (r for r in self.rules if r.action == "linger")
        return any(fits(self.last, rule.match) for rule in lingering)
