# SPDX-License-Identifier: Apache-2.0
"""A channel over WebSocket: the upgrade, and octets in binary frames.

``ask`` and ``answer`` open a WebSocket on a channel that is already connected; from
then on the channel carries the octets inside the frames, and who holds it does not know
the difference.  The recording keeps what went over TCP; :mod:`web_conversation` takes
that apart again.  Frames are those of ``wsproto``, the upgrade that of ``h11``.

Nothing here is random but the masks of frames, so that a check asks for the same thing
when it is judged again; two frames that differ in their masks alone are the same.

Source: RFC 6455, sections 4 and 5.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import h11
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import (
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    TextMessage,
)
from wsproto.utilities import (
    LocalProtocolError,
    RemoteProtocolError,
    generate_accept_token,
)

from conformance.errors import LinkError, PeerError
from conformance.link.channel import Channel, Closed, Data, Unwrapped
from conformance.link.packets import Side

__all__ = ["Frames", "Request", "Response", "Upgrade", "answer", "ask"]

_NS = 1_000_000_000
_TYPES = {"client": ConnectionType.CLIENT, "server": ConnectionType.SERVER}
_NORMAL = 1000
"""Close code of an ordinary end (RFC 6455, 7.4.1)."""
_HEAD_MAX_OCTETS = 64 << 10


@dataclass(frozen=True, slots=True)
class Request:
    """The client's half of an upgrade."""

    target: str
    key: bytes
    subprotocols: tuple[str, ...]
    is_upgrade: bool
    """Whether it asks for a WebSocket as RFC 6455 4.1 demands."""


@dataclass(frozen=True, slots=True)
class Response:
    """The server's half of an upgrade."""

    status: int
    accept: bytes
    subprotocols: tuple[str, ...]
    """What it chose: one name if it does as it should."""


class Frames:
    """Frames of one side: octets to frames and back; the other side's to octets."""

    def __init__(self, own: Side) -> None:
        self.own: Side = own
        self._connection = Connection(_TYPES[own])

    def wrap(self, octets: bytes, *, is_text: bool = False) -> bytes:
        """Return one message, binary unless asked otherwise.

        Raises ``LinkError`` (``link.send-failed``) when either side has ended it.
        """
        said = TextMessage(octets.decode()) if is_text else BytesMessage(octets)
        try:
            return self._connection.send(said)
        except LocalProtocolError:
            raise LinkError("link.send-failed", reason="WebSocket closed") from None

    def ping(self, payload: bytes = b"") -> bytes:
        """Return a ping."""
        return self._connection.send(Ping(payload))

    def end(self) -> bytes:
        """Return a close frame; nothing when closing has already begun."""
        if not self._is_ours_to_send:
            return b""
        return self._connection.send(CloseConnection(_NORMAL))

    @property
    def _is_ours_to_send(self) -> bool:
        """Whether our direction has not been ended yet."""
        return self._connection.state.name in ("OPEN", "REMOTE_CLOSING")

    def same(self, one: bytes, other: bytes) -> bool:
        """Say whether two runs of our frames say the same."""
        return _messages(one, self.own) == _messages(other, self.own)

    def unwrap(self, octets: bytes) -> Unwrapped:
        """Return what frames of the other side hold, and what answers them.

        Raises ``PeerError``: ``websocket-text-frame`` for data that is not binary,
        ``websocket-broken`` for octets that are no frames.
        """
        data, due, is_end = bytearray(), b"", False
        for event in self.events(octets):
            match event:
                case BytesMessage():
                    data += event.data
                case TextMessage():
                    raise PeerError("websocket-text-frame", event.data[:40], octets)
                case Ping() if self._is_ours_to_send:
                    due += self._connection.send(event.response())
                case CloseConnection():
                    due += self.end()
                    is_end = True
        return Unwrapped(bytes(data), due, is_end)

    def events(self, octets: bytes) -> list[Event]:
        """Return the frames of the other side; ``PeerError`` for what is none."""
        try:
            self._connection.receive_data(octets)
            return list(self._connection.events())
        except RemoteProtocolError as error:
            raise PeerError("websocket-broken", str(error), octets) from None


def _messages(octets: bytes, sender: Side) -> list[Event] | bytes:
    reader = Frames("server" if sender == "client" else "client")
    try:
        return reader.events(octets)
    except PeerError:
        return octets


class Upgrade:
    """The HTTP half of one direction: octets until its head is complete."""

    def __init__(self, sender: Side) -> None:
        self.sender: Side = sender
        self.rest = b""
        """What came behind the head: the first frames."""
        self._seen = 0
        # h11 reads as the side that the sender is not.
        self._http = h11.Connection(h11.SERVER if sender == "client" else h11.CLIENT)
        if sender == "server":
            self._http.send(h11.Request(method="GET", target="/", headers=_ASKING))

    def feed(self, octets: bytes) -> Request | Response | None:
        """Return the head once it is whole.

        Raises ``PeerError`` (``websocket-not-http``) for what is no HTTP.
        """
        self._seen += len(octets)
        try:
            if self._seen > _HEAD_MAX_OCTETS:
                raise h11.RemoteProtocolError("head too long")
            self._http.receive_data(octets)
            event = self._http.next_event()
        except h11.RemoteProtocolError as error:
            raise PeerError("websocket-not-http", str(error), octets) from None
        match event:
            case h11.Request():
                self.rest = self._http.trailing_data[0]
                return _request(event)
            case h11.InformationalResponse() | h11.Response():
                self.rest = self._http.trailing_data[0]
                accept = _header(event, b"sec-websocket-accept")
                chosen = _listed(_header(event, b"sec-websocket-protocol"))
                return Response(event.status_code, accept, chosen)
        return None


_ASKING = [
    ("Host", "x"),
    ("Upgrade", "websocket"),
    ("Connection", "Upgrade"),
]


def _request(event: h11.Request) -> Request:
    return Request(
        target=event.target.decode("latin-1"),
        key=_header(event, b"sec-websocket-key"),
        subprotocols=_listed(_header(event, b"sec-websocket-protocol")),
        is_upgrade=event.method == b"GET"
        and _header(event, b"upgrade").lower() == b"websocket"
        and "upgrade" in map(str.lower, _listed(_header(event, b"connection"))),
    )


def _header(
    event: h11.Request | h11.InformationalResponse | h11.Response, name: bytes
) -> bytes:
    """Return all values of a header as one list (RFC 9110, 5.3)."""
    return b",".join(value for found, value in event.headers if found == name)


def _listed(value: bytes) -> tuple[str, ...]:
    parts = value.decode("latin-1").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def ask(
    channel: Channel,
    *,
    host: str,
    subprotocol: str,
    path: str = "/",
    timeout_s: float = 5.0,
) -> Response:
    """Open a WebSocket as a client on a channel; return what the server answered.

    Raises ``PeerError``: ``websocket-refused`` when the answer is not 101 or does not
    accept our key, ``websocket-subprotocol`` when it names another subprotocol.
    """
    digest = hashlib.sha256(b"%d" % channel.number).digest()
    key = base64.b64encode(digest[:16])
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key.decode()}",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {subprotocol}",
    )
    channel.send("\r\n".join((*lines, "", "")).encode())
    head, rest = _head(channel, "server", timeout_s)
    assert isinstance(head, Response), "an answer of a server"
    if head.status != 101 or head.accept != generate_accept_token(key):
        raise PeerError("websocket-refused", f"HTTP {head.status}", b"")
    if head.subprotocols != (subprotocol,):
        raise PeerError("websocket-subprotocol", ", ".join(head.subprotocols), b"")
    channel.enter(Frames("client"), rest)
    return head


def answer(
    channel: Channel,
    *,
    subprotocol: str,
    timeout_s: float = 5.0,
    chosen: Sequence[str] | None = None,
) -> Request:
    """Open a WebSocket as a server on a channel; return what the client asked for.

    ``chosen`` replaces what we answer: a wrong subprotocol, or none at all.  Raises
    ``PeerError``: ``websocket-refused`` for what is no request for a WebSocket,
    ``websocket-subprotocol`` when ours is not offered.
    """
    head, rest = _head(channel, "client", timeout_s)
    assert isinstance(head, Request), "a request of a client"
    if not head.is_upgrade or not head.key:
        channel.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        raise PeerError("websocket-refused", head.target, b"")
    if subprotocol not in head.subprotocols:
        channel.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        raise PeerError("websocket-subprotocol", ", ".join(head.subprotocols), b"")
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {generate_accept_token(head.key).decode()}",
    ]
    for name in (subprotocol,) if chosen is None else chosen:
        lines.append(f"Sec-WebSocket-Protocol: {name}")
    channel.send("\r\n".join((*lines, "", "")).encode())
    channel.enter(Frames("server"), rest)
    return head


def _head(
    channel: Channel, sender: Literal["client", "server"], timeout_s: float
) -> tuple[Request | Response, bytes]:
    """Return the head that a peer sends, and what came behind it.

    Raises ``PeerError`` (``websocket-refused``) when it is silent or gone.
    """
    upgrade = Upgrade(sender)
    deadline_ns = channel.journal.now_ns + int(timeout_s * _NS)
    while True:
        left_s = max(deadline_ns - channel.journal.now_ns, 0) / _NS
        match channel.receive(left_s):
            case Data(octets):
                if (head := upgrade.feed(octets)) is not None:
                    return head, upgrade.rest
            case Closed(kind):
                raise PeerError("websocket-refused", kind, b"")
            case _:
                raise PeerError("websocket-refused", "", b"")
