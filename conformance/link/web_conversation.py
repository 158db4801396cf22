# SPDX-License-Identifier: Apache-2.0
"""A recorded conversation over WebSocket as what its frames hold.

Turns the pieces of TCP into pieces of the octets inside, each with the time and packet
of the piece that completed it, so that rules see the same as without WebSocket; and
tells what the upgrade and the frames themselves showed.  Where a direction cannot be
followed any further it ends, with the reason.

Source: RFC 6455, sections 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from wsproto.events import BytesMessage, CloseConnection, TextMessage

from conformance.errors import PeerError
from conformance.link.conversation import Conversation, Ending, Piece
from conformance.link.packets import Side
from conformance.link.websocket import Frames, Request, Response, Upgrade

__all__ = ["Web", "is_web", "unwrap"]


@dataclass(slots=True)
class Web:
    """What WebSocket itself showed of a conversation."""

    request: Request | None = None
    response: Response | None = None
    frames: dict[Side, int] = field(default_factory=lambda: {"client": 0, "server": 0})
    """Pieces of binary data by sender."""
    texts: list[Piece] = field(default_factory=list)
    """Pieces that held data in frames that are not binary."""
    faults: list[tuple[Piece, str, str]] = field(default_factory=list)
    """Where a direction could not be followed: the piece, the rule, its detail."""
    closed: Ending | None = None
    """The first close frame: who sends it ends the connection; the other's answers."""

    @property
    def is_open(self) -> bool:
        """Whether the server agreed to the upgrade."""
        return self.response is not None and self.response.status == 101


def is_web(conversation: Conversation) -> bool:
    """Say whether the client's first octets are an HTTP request."""
    first = next((p.octets for p in conversation.pieces if p.sender == "client"), b"")
    return first.startswith(b"GET ")


@dataclass(slots=True)
class _Direction:
    """Octets of one side on their way out of the frames."""

    sender: Side
    web: Web
    upgrade: Upgrade
    frames: Frames
    is_dead: bool = False

    def feed(self, piece: Piece) -> bytes:
        """Return what a piece of TCP holds."""
        octets = piece.octets
        if self.upgrade_is_due:
            head = self.upgrade.feed(octets)
            if head is None:
                return b""
            if isinstance(head, Request):
                self.web.request = head
            else:
                self.web.response = head
                self.is_dead = head.status != 101
            octets = self.upgrade.rest
        return b"" if self.is_dead else self._frames(piece, octets)

    @property
    def upgrade_is_due(self) -> bool:
        web = self.web
        return (web.request if self.sender == "client" else web.response) is None

    def _frames(self, piece: Piece, octets: bytes) -> bytes:
        data = bytearray()
        for event in self.frames.events(octets) if octets else ():
            match event:
                case BytesMessage():
                    data += event.data
                    self.web.frames[self.sender] += 1
                case TextMessage():
                    # What follows is nothing that the protocol may rely on.
                    self.web.texts.append(piece)
                    self.is_dead = True
                    break
                case CloseConnection() if self.web.closed is None:
                    self.web.closed = Ending(self.sender, "eof", piece.at_ns)
        return bytes(data)


def unwrap(conversation: Conversation) -> tuple[Conversation, Web]:
    """Return a conversation of what the frames hold, and what WebSocket showed."""
    web = Web()
    pieces = list(_inside(conversation, web))
    endings = [*([web.closed] if web.closed else []), *conversation.endings]
    return replace(conversation, pieces=pieces, endings=endings), web


def _inside(conversation: Conversation, web: Web) -> Iterator[Piece]:
    directions: dict[Side, _Direction] = {
        "client": _Direction("client", web, Upgrade("client"), Frames("server")),
        "server": _Direction("server", web, Upgrade("server"), Frames("client")),
    }
    for piece in conversation.pieces:
        direction = directions[piece.sender]
        # After a refusal there are no frames, whoever goes on sending.
        if direction.is_dead or (web.response and not web.is_open):
            continue
        try:
            octets = direction.feed(piece)
        except PeerError as error:
            web.faults.append((piece, error.rule, error.detail))
            direction.is_dead = True
            continue
        if octets:
            yield replace(piece, octets=octets)
