# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: what must end a connection ends it, and only it.

Each wrong packet goes over a connection that was served a moment before; afterwards
the implementation must serve a new one, so that a crash is no success.  What is
answered before the close does not matter, even if it is malformed: the text forbids
nothing there, and in 5.0 a server should say why in a CONNACK or DISCONNECT.  Nor does
any answer stand for the close.  These checks run alone: a server that one of them
brings down must not fail anything else.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import PeerError
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    Heard,
    connect,
    connect_packet,
    describe,
    is_alive,
    open_client,
    survives,
    topic,
    value,
)
from conformance.protocols.mqtt.codec import Connack
from conformance.protocols.mqtt.hostile import Hostile
from conformance.protocols.mqtt.hostile.client import TO_CLIENT
from conformance.protocols.mqtt.hostile.version_5 import EVERY_TO_SERVER
from conformance.protocols.mqtt.words import ACCEPTED, CLOSED, REFUSED, SILENCE, alike
from conformance.text import Text

__all__ = ["PACKETS", "closed_after", "told"]

PACKETS = {
    "packets": {
        "type": "array",
        "minItems": 1,
        "items": {"enum": sorted({*EVERY_TO_SERVER, *TO_CLIENT})},
    }
}


_CONNECT_WAIT_S = 60
_FAILURE = 0x80
"""Reason codes from here on say that something failed (5.0, 2.4)."""


@check("mqtt.closes_on", actor="platform", params=PACKETS, exclusive=True)
def server_closes_on(run: Run, *, packets: Sequence[str]) -> None:
    """The server closes the connection on which a wrong packet comes.

    Procedure: for each packet open a connection that is served (CONNECT, PINGREQ),
    send the packet, read until the server closes; then serve a new connection.
    """
    for name in run.each(p for p in packets if p in EVERY_TO_SERVER):
        hostile = EVERY_TO_SERVER[name]
        client = _provoke(run, hostile)
        heard = _answer(client)
        if hostile.opens and isinstance(heard, Connack):
            run.expect(
                heard.return_code,
                "accepted",
                expected=CLOSED,
                actual=describe(heard),
            )
            if client.version == 4:
                run.remark(_with_connack())
        ending = client.gone or client.closed()
        client.close()
        run.expect(
            ending,
            "still-open",
            expected=closed_after(hostile),
            actual=told(ending),
        )
        run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


@check("mqtt.tells_why_it_closes", actor="platform", params=PACKETS, exclusive=True)
def server_tells_why(run: Run, *, packets: Sequence[str]) -> None:
    """The server says in a DISCONNECT of 5.0 for what error it closes.

    Procedure: as for ``mqtt.closes_on``; before the close a DISCONNECT with a reason
    code of 0x80 or more must come.
    """
    for name in run.each(p for p in packets if p in EVERY_TO_SERVER):
        hostile = EVERY_TO_SERVER[name]
        client = _provoke(run, hostile)
        client.next()
        ending = client.gone or client.end()
        client.close()
        run.require(
            ending,
            "still-open",
            expected=closed_after(hostile),
            actual=told(ending),
        )
        farewell = client.farewell
        run.expect(
            farewell and farewell.reason_code >= _FAILURE,
            "no-reason",
            expected=Text(
                "先发送原因码不小于 0x80 的 DISCONNECT，再关闭连接",
                "a DISCONNECT of reason code 0x80 or more before the close",
            ),
            actual=describe(farewell or ending),
        )


@check("mqtt.closes_without_connect", actor="platform", waits=True)
def closes_without_connect(run: Run) -> None:
    """The server closes a connection on which no CONNECT comes.

    Procedure: open a connection and say nothing.  What time is reasonable the
    declaration says (``connect_wait``).  Afterwards a new connection must be served.
    """
    client = open_client(run)
    wait_s = float(value(run, "connect_wait", _CONNECT_WAIT_S))
    run.allow(wait_s)
    ending = client.end(wait_s)
    client.close()
    run.expect(
        ending,
        "still-open",
        expected=Text(
            f"{wait_s:g} s 内关闭未发送 CONNECT 的连接（时限由声明给出）",
            f"a close within {wait_s:g} s without CONNECT (the time is declared)",
        ),
        actual=told(ending),
    )
    run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


def _provoke(run: Run, hostile: Hostile) -> Client:
    name = topic(run, "hostile")
    if hostile.opens:
        run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
        client, packet = open_client(run), connect_packet(run)
    else:
        client = connect(run)
        packet = connect_packet(run, client_identifier=client.identifier)
        run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    client.send_raw(hostile.make(packet, name))
    return client


def _answer(client: Client) -> Heard:
    """Return what comes next; a malformed answer is as good as none."""
    try:
        return client.next()
    except PeerError:
        return None


def closed_after(hostile: Hostile) -> Text:
    title = hostile.title
    return Text(f"关闭连接（此前收到：{title.zh}）", f"a close after {title.en}")


def told(ending: Gone | None) -> Text:
    if ending is None:
        return Text("连接仍未关闭", "the connection is still open")
    return describe(ending)


def _with_connack() -> Text:
    return Text(
        "关闭连接前发送了 CONNACK；标准未明确禁止",
        "a CONNACK came before the close; the text can be read either way",
    )
