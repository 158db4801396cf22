# SPDX-License-Identifier: Apache-2.0
"""A server of MQTT 5.0 that authenticates in steps, for the proof.

No broker at hand offers enhanced authentication, so a gate stands before a real one: it
knows one method and one user, asks for a proof of the password, and passes everything
else on.  Whoever names no method goes straight through.  A client may authenticate
again later; who answers wrongly is told so and thrown out.  The gate is honest; what
deviates does so in the fault proxy before it.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.15 and 4.12;
RFC 5802 for the method.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from types import TracebackType

from conformance.errors import PeerError
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Properties,
    Reader,
    encode,
    properties,
    replace,
    value_of,
)
from conformance.protocols.mqtt.properties import BY_FIELD
from conformance.protocols.mqtt.scram import server_final, server_first

__all__ = ["METHOD", "PASSWORD", "USER", "Gate"]

METHOD = "SCRAM-SHA-256"
USER, PASSWORD = "luheng", "river 9"
_SALT, _ROUNDS = b"silt and sand", 4096
_POLL_S = 0.2
_CONNECT_TIMEOUT_S = 5.0
_READ_OCTETS = 32_768
_NAMES = ("authentication_method", "authentication_data")
_CONTINUE, _AGAIN = 0x18, 0x19
_MALFORMED, _PROTOCOL_ERROR, _NOT_AUTHORIZED, _BAD_METHOD = 0x81, 0x82, 0x87, 0x8C


class Gate:
    """Listens on a free loopback port, in front of the broker at ``target``."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._server.settimeout(_POLL_S)

    def __enter__(self) -> tuple[str, int]:
        self._start(self._accept)
        host, port = self._server.getsockname()
        return host, port

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in list(self._threads):
            thread.join()
        self._server.close()

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    @property
    def is_over(self) -> bool:
        return self._stop.is_set()

    def _accept(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(TimeoutError):
                client, _ = self._server.accept()
                try:
                    server = socket.create_connection(self.target, _CONNECT_TIMEOUT_S)
                except OSError:
                    client.close()
                    continue
                guest = _Guest(self, client, server)
                self._start(guest.hear_client)
                self._start(guest.hear_server)


class _Guest:
    """One connection: what is authenticated passes, in both directions."""

    def __init__(
        self, gate: Gate, client: socket.socket, server: socket.socket
    ) -> None:
        self.gate, self.client, self.server = gate, client, server
        for sock in (client, server):
            sock.settimeout(_POLL_S)
        self.method: str | None = None
        self.asked: Connect | None = None
        """The CONNECT that waits for its authentication."""
        self.said: tuple[bytes, bytes] | None = None
        """The client's first message and the challenge, while a proof is due."""
        self.last = b""
        """What proves to the client that the gate knows the password too."""
        self.over = False

    def hear_client(self) -> None:
        reader = Reader(sender="client", version=None)
        while (octets := self._read(self.client)) is not None:
            reader.feed(octets)
            while not self.over and reader.dead is None:
                if (decoded := reader.next_decoded()) is None:
                    break
                packet = decoded.packet
                if packet is None or decoded.errors:
                    if decoded.octets[0] >> 4 == 15 and self.method:
                        self._throw_out(_MALFORMED)
                        return
                    self._send(self.server, decoded.octets)
                elif (onward := self._pass(packet, decoded.octets)) is not None:
                    self._send(self.server, onward)
        self._close(self.server)

    def _pass(self, packet: Packet, octets: bytes) -> bytes | None:
        """Return what goes on to the broker, if anything does."""
        match packet:
            case Auth(reason, found):
                self._authenticate(reason, found)
                return None
            case Connect() if self.asked is None and self.method is None:
                self.method = value_of(packet.properties, _NAMES[0])
                if self.method is None:
                    return octets
                self.asked = packet
                if self.method != METHOD:
                    self._throw_out(_BAD_METHOD)
                else:
                    self._challenge(value_of(packet.properties, _NAMES[1]))
                return None
        if self.asked is not None:
            self._throw_out(_PROTOCOL_ERROR)  # only AUTH and DISCONNECT may come now
            return None
        return octets

    def _challenge(self, first: bytes | None) -> None:
        try:
            nonce = os.urandom(12).hex()
            challenge = server_first(first or b"", nonce, _SALT, _ROUNDS)
        except (ValueError, KeyError):
            self._throw_out(_NOT_AUTHORIZED)
            return
        self.said = (first or b"", challenge)
        self._tell(Auth(_CONTINUE, self._named(challenge)))

    def _authenticate(self, reason: int, found: Properties) -> None:
        method, data = (value_of(found, name) for name in _NAMES)
        if self.method is None or method != self.method:
            self._throw_out(_PROTOCOL_ERROR)
        elif reason == _AGAIN and self.asked is None and self.said is None:
            self._challenge(data)
        elif reason != _CONTINUE or self.said is None:
            self._throw_out(_PROTOCOL_ERROR)
        elif (last := server_final(METHOD, PASSWORD, *self.said, data or b"")) is None:
            self._throw_out(_NOT_AUTHORIZED)
        else:
            self._let_in(last)

    def _let_in(self, last: bytes) -> None:
        asked, self.asked, self.said, self.last = self.asked, None, None, last
        if asked is None:
            self._tell(Auth(0, self._named(last)))
        else:
            self._send(self.server, encode(_without_method(asked), 5))

    def _named(self, data: bytes) -> Properties:
        return properties(authentication_method=self.method, authentication_data=data)

    def _throw_out(self, reason: int) -> None:
        refusal = Connack(False, reason) if self.asked else Disconnect(reason)
        self._tell(refusal)
        self.over = True
        for sock in (self.client, self.server):
            self._close(sock)

    def hear_server(self) -> None:
        reader = Reader(sender="server", version=5)
        while (octets := self._read(self.server)) is not None:
            if self.method is None or reader.dead is not None:
                self._send(self.client, octets)
                continue
            with contextlib.suppress(PeerError):
                reader.feed(octets)
                while (decoded := reader.next_decoded()) is not None:
                    packet, octets = decoded.packet, decoded.octets
                    if isinstance(packet, Connack) and packet.return_code == 0:
                        told = (*packet.properties, *self._named(self.last))
                        octets = encode(replace(packet, properties=told), 5)
                    self._send(self.client, octets)
        self._close(self.client)

    def _read(self, sock: socket.socket) -> bytes | None:
        """Return octets, ``None`` at the end of a side or of the gate."""
        while not (self.gate.is_over or self.over):
            try:
                return sock.recv(_READ_OCTETS) or None
            except TimeoutError:
                continue
            except OSError:
                return None
        return None

    def _tell(self, packet: Packet) -> None:
        self._send(self.client, encode(packet, 5))

    def _send(self, sock: socket.socket, octets: bytes) -> None:
        with contextlib.suppress(OSError):
            sock.sendall(octets)

    def _close(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()


def _without_method(asked: Connect) -> Connect:
    dropped = {BY_FIELD[name] for name in _NAMES}
    return replace(
        asked, properties=tuple(p for p in asked.properties if p[0] not in dropped)
    )
