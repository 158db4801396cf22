# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices, which are clients: the suite plays the server.

A device does what it does when it wants; a check gives it the occasion (an answer left
out, a connection broken, a message sent) and waits for the declared time.  What cannot
be provoked is left to rules over everything that was recorded.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.3, 3.14 and 4.5.
"""

from __future__ import annotations

from conformance.engine.registry import check, exercise
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import (
    broker,
    connect_timeout_s,
    report_timeout_s,
)
from conformance.protocols.mqtt.checks import (
    device_auth,
    device_errors,
    device_limits,
    device_sending,
    device_session,
)
from conformance.protocols.mqtt.checks.device_receiving import granted
from conformance.protocols.mqtt.client import answer_timeout_s, describe, value
from conformance.protocols.mqtt.codec import Publish
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__ = [
    "device_auth",
    "device_errors",
    "device_limits",
    "device_sending",
    "device_session",
]

_SESSIONS = 3
_ORDINARY_MESSAGES = 3
_ORDINARY_MESSAGES_MAX = 24
"""Of a device that reports often; rules over a series of values want about 20."""


@exercise("mqtt.exercise", actor="device")
def exercise_device(run: Run) -> None:
    """The device connects and publishes; each message is acknowledged.

    Three messages are waited for; more are taken while they follow within the answer
    time.
    """
    link = broker(run).await_device()
    for number in range(_ORDINARY_MESSAGES_MAX):
        patient = number < _ORDINARY_MESSAGES
        timeout_s = report_timeout_s(run) if patient else answer_timeout_s(run)
        heard = link.next_publish(timeout_s=timeout_s)
        if not isinstance(heard, Publish):
            return


@check("mqtt.publish_answered", actor="device")
def device_answers_publish(run: Run) -> None:
    """The device acknowledges QoS 1 messages on a topic that it has subscribed to.

    Procedure: wait for a SUBSCRIBE that asks for QoS 1 or more; publish three messages
    to that filter at once; each must be answered by its PUBACK.
    """
    link, name = granted(run, 1)
    sent = [link.session.identifier()]
    link.send(Publish(name, b"{}", qos=1, packet_identifier=sent[0]))
    for _ in range(2):
        sent.append(link.session.identifier())
        link.send(Publish(name, b"{}", qos=1, packet_identifier=sent[-1]))
    heard = link.until(lambda _: link.session.sent.keys().isdisjoint(sent))
    missing = [number for number in sent if number in link.session.sent]
    run.expect(
        not missing,
        "not-answered",
        expected=alike(f"PUBACK {', '.join(map(str, sent))}"),
        actual=Text(f"缺 PUBACK {missing}", f"without PUBACK {missing}")
        if missing
        else describe(heard),
    )


@check("mqtt.closes_after_disconnect", actor="device")
def closes_after_own_disconnect(run: Run) -> None:
    """After DISCONNECT the device closes the connection.

    Procedure: serve the device until it sends DISCONNECT by itself, at most for the
    declared time; read on to the end of the connection.  A connection that ends
    without DISCONNECT says nothing; the next one may.
    """
    server = broker(run)
    for _ in range(_SESSIONS):
        link = server.await_device()
        link.until(lambda _, one=link: one.left, connect_timeout_s(run))  # type: ignore[misc]
        if link.left or not link.gone:
            break
    run.require(
        link.left, "left", expected=alike("DISCONNECT"), actual=describe(link.gone)
    )
    ending = link.end()
    link.close()
    run.expect(
        ending,
        "still-open",
        expected=Text("设备关闭连接", "the device closes the connection"),
        actual=describe(ending),
    )


@check("mqtt.device_bare_at_qos_0", actor="device")
def device_bare_at_qos_0(run: Run) -> None:
    """A QoS 0 PUBLISH of the device has no packet identifier field.

    Procedure: read a QoS 0 message, whose payload begins with the text that the
    declaration names; where an identifier stood, octets would come before that text.
    """
    known = str(value(run, "qos0_payload", "")).encode()
    run.require(
        known,
        "known-payload",
        expected=Text("声明的载荷开头", "how the payload begins, as declared"),
        actual=SILENCE,
    )
    link = broker(run).await_device()
    heard = link.next_publish(lambda p: p.qos == 0, timeout_s=report_timeout_s(run))
    found = heard.payload if isinstance(heard, Publish) else b""
    run.require(
        known in found,
        "published",
        expected=Text("QoS 0 的消息，载荷如声明", "a QoS 0 message as declared"),
        actual=describe(heard),
    )
    run.expect(
        found.startswith(known),
        "identifier-there",
        expected=alike(repr(known)),
        actual=alike(repr(found[:40])),
    )
