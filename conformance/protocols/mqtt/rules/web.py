# SPDX-License-Identifier: Apache-2.0
"""Judgements of MQTT over WebSocket: the upgrade and the kind of frames.

A conversation that does not go over WebSocket is none of their business.  What the
packets inside say is judged by the rules for any transport.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clause 6 of both.
"""

from __future__ import annotations

from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.link.conversation import Piece
from conformance.link.packets import Side
from conformance.protocols.mqtt.codec import Decoded
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["SUBPROTOCOL"]

SUBPROTOCOL = "mqtt"
"""The name of MQTT 3.1.1 and 5.0 over WebSocket (6.0.0-3, 6.0.0-4)."""


@rule("mqtt.websocket_frames_binary")
def websocket_frames_binary(judge: Judge, dialogue: Dialogue) -> None:
    """All that goes over WebSocket goes in binary frames."""
    web = dialogue.web
    if web is None or not web.is_open:
        return
    if web.frames[judge.iut]:
        binary = Text("二进制数据帧", "binary data frames")
        judge.expect(True, "binary", expected=binary, actual=binary)
    for piece in web.texts:
        if piece.sender == judge.iut:
            judge.expect(
                False,
                "text-frame",
                expected=Text("二进制数据帧", "binary data frames"),
                actual=Text("文本数据帧", "a text data frame"),
                at=_at(piece),
            )


@rule("mqtt.websocket_offers_mqtt", actors=["device"])
def websocket_offers_mqtt(judge: Judge, dialogue: Dialogue) -> None:
    """A client has ``mqtt`` among the subprotocols that it offers."""
    request = dialogue.web and dialogue.web.request
    if request and request.is_upgrade:
        judge.expect(
            SUBPROTOCOL in request.subprotocols,
            "not-offered",
            expected=Text("子协议中含 mqtt", "mqtt among the subprotocols"),
            actual=_names(request.subprotocols),
            at=_first(dialogue, "client"),
        )


@rule("mqtt.websocket_chooses_mqtt", actors=["platform"])
def websocket_chooses_mqtt(judge: Judge, dialogue: Dialogue) -> None:
    """A server that agrees returns the subprotocol ``mqtt``."""
    web = dialogue.web
    if web is None or web.response is None or not web.is_open:
        return
    # To a client that does not offer it a server cannot return it.
    if web.request is None or SUBPROTOCOL not in web.request.subprotocols:
        return
    judge.expect(
        web.response.subprotocols == (SUBPROTOCOL,),
        "not-chosen",
        expected=Text("子协议为 mqtt", "the subprotocol mqtt"),
        actual=_names(web.response.subprotocols),
        at=_first(dialogue, "server"),
    )


def _names(names: tuple[str, ...]) -> Text:
    if not names:
        return Text("未给出子协议", "no subprotocol")
    return alike(", ".join(names)[:200])


def _first(dialogue: Dialogue, side: Side) -> Message | None:
    pieces = (p for p in dialogue.conversation.pieces if p.sender == side)
    first = next(pieces, None)
    return None if first is None else _at(first)


def _at(piece: Piece) -> Message:
    """Return a piece of TCP as something to point at."""
    decoded = Decoded(None, piece.octets)
    return Message(decoded, piece.sender, piece.at_ns, (piece.packet,))
