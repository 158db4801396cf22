# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices: what they do when a server is silent, leaves or forgets.

The suite plays a server that answers no CONNECT or PINGREQ, sends the device elsewhere,
says goodbye without closing, or tells of a session that is not there.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1.2.10, 3.1.4 and 3.12; MQTT
Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.10, 3.1.4, 3.2.2.1, 3.14, 4.11 and 4.13.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt.broker import (
    Broker,
    Link,
    broker,
    connect_timeout_s,
    report_timeout_s,
)
from conformance.protocols.mqtt.checks.device_sending import (
    kept_link,
    published,
    switched_on_again,
)
from conformance.protocols.mqtt.client import (
    PROTOCOL,
    Gone,
    answer_timeout_s,
    describe,
    value,
)
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Pingreq,
    Publish,
    properties,
)
from conformance.protocols.mqtt.words import CLOSED, SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_SERVER_BUSY = 0x89
_FAILURE = 0x80
_USE_ANOTHER, _MOVED = 0x9C, 0x9D
_POWER = "power_cycle"
_NS = 1_000_000_000


def _closed(run: Run, ending: Gone | None) -> None:
    run.expect(
        ending,
        "still-open",
        expected=CLOSED,
        actual=Text("连接仍未关闭", "the connection is still open"),
    )


@check("mqtt.gives_up_without_connack", actor="device")
def gives_up_without_connack(run: Run) -> None:
    """A device that gets no CONNACK closes the connection.

    Procedure: read the CONNECT of a new connection and answer nothing; within the time
    that the device may take to connect it closes.
    """
    link = broker(run).await_device(accept=False)
    link.is_plain = link.answers = False  # nothing of a server may precede CONNACK
    _closed(run, link.end(connect_timeout_s(run)))


_CODES = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 255}}


@check(
    "mqtt.heeds_refusal",
    actor="device",
    params={"passing": _CODES, "lasting": _CODES},
    hooks=(_POWER,),
)
def heeds_refusal(
    run: Run, *, passing: Sequence[int], lasting: Sequence[int] = ()
) -> None:
    """A device that was refused sends nothing more on that connection.

    Procedure: answer a new connection with each of the codes and leave it open.  What
    comes within the answer time may have been under way and is passed over; then, for
    as long as a message of the device may take, nothing may come.  After ``lasting``
    codes a device may give up for good: they are tried only where it can be switched
    on again.  One that once did not come back in the time it may take to connect is
    switched on sooner after the codes that follow, when the answer time is over.
    """
    server, can_restart = broker(run), run.has_hook(_POWER)
    if lasting and not can_restart:
        run.remark(_untried(lasting))
    tried = [*passing, *(lasting if can_restart else ())]
    patience_s = connect_timeout_s(run)
    for code in run.each(tried, name=lambda number: f"0x{number:02X}"):
        link = _back(run, server, patience_s)
        if link is None:
            patience_s = min(patience_s, answer_timeout_s(run))
            run.observe("power_cycle")
            link = server.await_device(accept=False)
        _send_away(run, link, code)
    if tried[len(passing) :]:  # it may have turned to another version meanwhile
        run.observe("power_cycle")


def _back(run: Run, server: Broker, patience_s: float) -> Link | None:
    """Return a new connection of a device, or ``None`` if it is to be switched on."""
    try:
        return server.await_device(accept=False, timeout_s=patience_s)
    except LinkError as error:
        if error.code != "link.nobody-connected" or not run.has_hook(_POWER):
            raise
    return None


def _send_away(run: Run, link: Link, code: int) -> None:
    """Refuse a connection and expect nothing more on it."""
    link.is_plain = link.answers = link.acknowledges = False
    sent_ns = link.channel.send(link.octets(Connack(False, code)))
    grace_s = answer_timeout_s(run)
    heard = link.until(
        lambda p: (
            run.now_ns - sent_ns > grace_s * _NS and not isinstance(p, Disconnect)
        ),
        grace_s + report_timeout_s(run),
    )
    link.close()
    run.expect(
        heard is None or isinstance(heard, Gone),
        "goes-on",
        expected=Text(
            f"被拒绝 {grace_s:g} s 后不再发送",
            f"nothing more {grace_s:g} s after the refusal",
        ),
        actual=describe(heard),
    )
    if heard is None:
        run.remark(
            Text(
                "被拒绝后，设备等待服务端关闭连接",
                "a device that was refused left it to the server to close",
            )
        )


def _untried(codes: Sequence[int]) -> Text:
    shown = ", ".join(f"0x{code:02X}" for code in codes)
    return Text(
        f"未声明 {_POWER}，未测试设备收到后可不再连接的返回码：{shown}",
        f"without {_POWER} codes after which a device may give up were left out:"
        f" {shown}",
    )


@check("mqtt.gives_up_without_pingresp", actor="device")
def gives_up_without_pingresp(run: Run) -> None:
    """A device that gets no PINGRESP closes the connection.

    Procedure: answer nothing any more until the device sends PINGREQ, nor that; then
    it closes within its Keep Alive and the answer time.
    """
    server = broker(run)
    server.part()
    link = server.await_device()
    link.until(lambda p: isinstance(p, Publish), report_timeout_s(run))
    link.acknowledges = link.answers = False
    link.is_plain = False
    keep_alive_s = link.connect.keep_alive
    run.require(
        keep_alive_s,
        "keep-alive",
        expected=alike("Keep Alive > 0"),
        actual=alike("0"),
    )
    heard = link.until(
        lambda p: isinstance(p, Pingreq), 1.5 * keep_alive_s + answer_timeout_s(run)
    )
    run.require(
        isinstance(heard, Pingreq),
        "pinged",
        expected=alike("PINGREQ"),
        actual=describe(heard),
    )
    _closed(run, link.end(1.5 * keep_alive_s + answer_timeout_s(run)))


@check("mqtt.closes_after_goodbye", actor="device")
def closes_after_goodbye(run: Run) -> None:
    """A device that receives DISCONNECT closes the connection.

    Procedure: send DISCONNECT with reason code 0x89 and leave the connection open.
    """
    link = broker(run).await_device()
    link.is_plain = False
    link.send(Disconnect(_SERVER_BUSY))
    _closed(run, link.end(answer_timeout_s(run)))


@check("mqtt.refuses_foreign_session", actor="device", hooks=("power_cycle",))
def refuses_foreign_session(run: Run) -> None:
    """A device without session state closes when CONNACK has Session Present 1.

    Procedure: have the device switched off and on, so that it asks for a new session by
    Clean Start 1, and answer Session Present 1.
    """
    server = broker(run)
    server.await_device()
    link = switched_on_again(run, lambda found: server.accept(found, present=True))
    link.end(answer_timeout_s(run))
    run.require(
        link.farewell is None or link.farewell.reason_code >= _FAILURE,
        "own-end",
        expected=CLOSED,
        actual=describe(link.farewell),
    )
    _closed(run, link.gone)


@check("mqtt.drops_lost_session", actor="device")
def drops_lost_session(run: Run) -> None:
    """A device with session state discards it when CONNACK has Session Present 0.

    Procedure: leave a message of a kept session unanswered, break the connection, and
    answer the next CONNECT with Session Present 0: the old packet may not come again
    with DUP 1, up to the next new message.
    """
    link = kept_link(run)
    old = published(run, link, (1, 2))
    link.abort()
    server = broker(run)
    link = server.await_device(accept=False)
    server.sessions.pop(link.connect.client_identifier, None)
    server.accept(link)
    heard = link.next_publish(
        lambda p: not p.dup or p.payload == old.payload,
        timeout_s=report_timeout_s(run),
    )
    again = isinstance(heard, Publish) and heard.dup and heard.payload == old.payload
    run.expect(
        not again,
        "state-kept",
        expected=Text("丢弃旧会话的状态", "nothing of the old session"),
        actual=describe(heard),
    )


@check(
    "mqtt.turns_to_other_server",
    actor="device",
    params={"reason": {"enum": [_USE_ANOTHER, _MOVED]}},
)
def turns_to_other_server(run: Run, *, reason: int) -> None:
    """A device that is told to use another server connects there.

    Procedure: refuse a new connection with the reason code and a Server Reference to
    the second endpoint that the declaration names; the device connects to that.  After
    0x9D it comes there again once that connection has ended, and is sent back in the
    same way.
    """
    other = value(run, "other_endpoint")
    run.require(
        other,
        "other-endpoint",
        expected=Text("另一个监听地址", "a second endpoint"),
        actual=SILENCE,
    )
    link = broker(run).await_device(accept=False)
    link.is_plain = False
    with suppress(LinkError):  # from here on somebody listens there
        run.accept(other, protocol=PROTOCOL, timeout_s=0)
    _redirect(link, reason, other)
    found = _arrives(run, other)
    if reason == _MOVED:
        found.close()
        _redirect(_arrives(run, other), reason, value(run, "endpoint"))
    else:
        found.close()


def _redirect(link: Link, reason: int, to: Any) -> None:
    told = properties(server_reference=f"{to.host}:{to.port}")
    link.channel.send(link.octets(Connack(False, reason, told)))
    link.close()


def _arrives(run: Run, other: Any) -> Link:
    try:
        channel = run.accept(
            other,
            protocol=PROTOCOL,
            timeout_s=connect_timeout_s(run),
        )
    except LinkError as error:
        if error.code != "link.nobody-connected":
            raise
        channel = None
    link = Link(run, channel) if channel is not None else None
    heard = link.next() if link else None
    run.expect(
        isinstance(heard, Connect),
        "not-there",
        expected=Text("连接到所指的服务端", "a connection to the server named"),
        actual=describe(heard),
    )
    assert link is not None
    return link
