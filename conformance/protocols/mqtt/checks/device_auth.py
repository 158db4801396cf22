# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices of 5.0 that authenticate in steps.

The suite plays the server; what is inside the authentication data it does not know, so
it judges the packets around it: reason codes, the method, and what a device does when
the method of the other side is another.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.11.9, 3.15 and 4.12.
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import Link, broker, connect_timeout_s
from conformance.protocols.mqtt.client import answer_timeout_s, describe
from conformance.protocols.mqtt.codec import Auth, properties, value_of
from conformance.protocols.mqtt.words import CLOSED, SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_CONTINUE, _AGAIN = 0x18, 0x19
_FAILURE = 0x80
_CHALLENGE = b"where does the lake end"


def _opening(run: Run) -> Link:
    """Return a connection whose CONNECT names a method, before CONNACK."""
    link = broker(run).await_device(accept=False)
    run.require(
        _method(link),
        "method",
        expected=Text("CONNECT 含认证方法", "a CONNECT with an authentication method"),
        actual=SILENCE,
    )
    return link


def _method(link: Link) -> str | None:
    found: str | None = value_of(link.connect.properties, "authentication_method")
    return found


@check("mqtt.answers_challenge", actor="device")
def answers_challenge(run: Run) -> None:
    """A device answers the AUTH of the server by AUTH with reason code 0x18.

    Procedure: answer CONNECT by AUTH 0x18 with some data; read the answer.  A device
    that refuses the data and closes cannot be judged.
    """
    link = _opening(run)
    link.is_plain = False
    more = properties(
        authentication_method=_method(link), authentication_data=_CHALLENGE
    )
    link.send(Auth(_CONTINUE, more))
    heard = link.until(lambda p: isinstance(p, Auth))
    run.require(
        isinstance(heard, Auth),
        "answered",
        expected=alike("AUTH"),
        actual=describe(heard),
    )
    assert isinstance(heard, Auth)
    run.expect(
        heard.reason_code == _CONTINUE,
        "other-reason",
        expected=alike("AUTH 0x18"),
        actual=alike(f"AUTH {heard.reason_code:#04x}"),
    )


@check("mqtt.offers_data_first", actor="device")
def offers_data_first(run: Run) -> None:
    """A device whose method lets it speak first puts its data into CONNECT.

    Procedure: read the CONNECT of a new connection.
    """
    link = _opening(run)
    broker(run).accept(link)
    run.expect(
        value_of(link.connect.properties, "authentication_data") is not None,
        "no-data",
        expected=Text("CONNECT 含认证数据", "authentication data in CONNECT"),
        actual=SILENCE,
    )


def _turned_away(run: Run) -> Link:
    """Return a connection after a re-authentication that has failed."""
    server = broker(run)
    server.part()
    link = server.await_device()
    link.is_plain = False
    heard = link.until(
        lambda p: isinstance(p, Auth) and p.reason_code == _AGAIN,
        connect_timeout_s(run),
    )
    run.require(
        isinstance(heard, Auth),
        "again",
        expected=Text("重新认证的 AUTH 0x19", "AUTH 0x19, to authenticate again"),
        actual=describe(heard),
    )
    link.send(Auth(_CONTINUE, properties(authentication_method=f"x{_method(link)}")))
    link.end(answer_timeout_s(run))
    return link


@check("mqtt.closes_when_not_trusted", actor="device")
def closes_when_not_trusted(run: Run) -> None:
    """A device closes the connection when a re-authentication fails.

    Procedure: wait until the device authenticates again, answer AUTH with another
    method, by which it cannot succeed; the device closes.
    """
    link = _turned_away(run)
    run.expect(
        link.gone,
        "still-open",
        expected=CLOSED,
        actual=Text("连接仍未关闭", "the connection is still open"),
    )


@check("mqtt.tells_not_trusted", actor="device")
def tells_not_trusted(run: Run) -> None:
    """A device says by DISCONNECT that a re-authentication has failed.

    Procedure: as for ``mqtt.closes_when_not_trusted``; before the close a DISCONNECT
    with a reason code of 0x80 or more comes.
    """
    link = _turned_away(run)
    farewell = link.farewell
    run.expect(
        farewell and farewell.reason_code >= _FAILURE,
        "no-reason",
        expected=alike("DISCONNECT >= 0x80"),
        actual=describe(farewell or link.gone),
    )
