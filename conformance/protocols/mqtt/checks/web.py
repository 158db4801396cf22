# SPDX-License-Identifier: Apache-2.0
"""Procedures for both roles over WebSocket: which frames are taken, and how.

Where WebSocket is declared every check goes over it; these look at the frames.  That
frames are binary and the subprotocol is right shows in any recording (``rules.web``).

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clause 6 of both.
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.link.websocket import Frames
from conformance.protocols.mqtt.broker import broker, report_timeout_s
from conformance.protocols.mqtt.client import (
    Client,
    answer_timeout_s,
    connect,
    describe,
    survives,
    topic,
)
from conformance.protocols.mqtt.codec import (
    Pingreq,
    Pingresp,
    Publish,
    Suback,
    Subscribe,
)
from conformance.protocols.mqtt.words import (
    ACCEPTED,
    CLOSED,
    REFUSED,
    SILENCE,
    alike,
    count_of,
)
from conformance.text import Text

__all__: list[str] = []

_TEXT = b"text"
_PINGS = 3


@check("mqtt.closes_on_text_frame", actor="platform", exclusive=True)
def server_closes_on_text_frame(run: Run) -> None:
    """The server closes the connection on which a text frame comes.

    Procedure: open a connection that is served, send a text frame, read the close; then
    serve a new connection.
    """
    client = connect(run)
    run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    client.channel.send_raw(Frames("client").wrap(_TEXT, is_text=True))
    ending = client.end()
    client.close()
    run.expect(ending, "still-open", expected=CLOSED, actual=describe(ending))
    run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


@check("mqtt.closes_on_text_frame", actor="device")
def device_closes_on_text_frame(run: Run) -> None:
    """The device closes the connection on which a text frame comes.

    Procedure: wait for a served connection, send a text frame, read the close; then
    wait for the next connection.
    """
    server = broker(run)
    link = server.await_device()
    link.channel.send_raw(Frames("server").wrap(_TEXT, is_text=True))
    ending = link.end(answer_timeout_s(run))
    link.close()
    run.expect(ending, "still-open", expected=CLOSED, actual=describe(ending))
    server.await_device()


@check("mqtt.frames_not_aligned", actor="platform")
def server_frames_not_aligned(run: Run) -> None:
    """The server reads packets wherever frames begin and end.

    Procedure: a SUBSCRIBE with one octet in each frame, then several PINGREQs in one
    frame; each packet must be answered.
    """
    client = connect(run)
    identifier = client.session.identifier()
    packet = Subscribe(identifier, ((topic(run, "frames"), 0),))
    client.session.note(packet)
    for octet in client.octets(packet):
        client.channel.send(bytes((octet,)))
    heard = client.answer_for(Suback, identifier)
    run.expect(
        isinstance(heard, Suback),
        "cut-packet-lost",
        expected=alike("SUBACK"),
        actual=describe(heard),
    )
    client.channel.send(client.octets(Pingreq()) * _PINGS)
    answers = _pongs(client)
    client.leave()
    run.expect(
        answers == _PINGS,
        "joined-packets-lost",
        expected=count_of(_PINGS),
        actual=count_of(answers),
    )


def _pongs(client: Client) -> int:
    for number in range(_PINGS):
        heard = client.until(lambda p: isinstance(p, Pingresp))
        if not isinstance(heard, Pingresp):
            return number
    return _PINGS


@check("mqtt.frames_not_aligned", actor="device")
def device_frames_not_aligned(run: Run) -> None:
    """The device reads packets wherever frames begin and end.

    Procedure: answer its CONNECT by a CONNACK with one octet in each frame; the device
    must go on with its session.
    """
    server = broker(run)
    link = server.await_device(accept=False)
    server.accept(link, pieces=1)
    heard = link.next(report_timeout_s(run))
    run.expect(
        isinstance(heard, Subscribe | Publish),
        "cut-packet-lost",
        expected=Text("SUBSCRIBE 或 PUBLISH", "SUBSCRIBE or PUBLISH"),
        actual=describe(heard),
    )
