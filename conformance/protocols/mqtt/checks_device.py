# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices, which are clients: the suite plays the server.

A device does what it does when it wants; a check gives it the occasion (an answer left
out, a connection broken, a message sent) and waits for the declared time.  What cannot
be provoked is left to rules over everything that was recorded.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1.2.4, 3.3 and 4.4.
"""

from __future__ import annotations

from conformance.engine.registry import check, exercise
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import Link, broker, connect_timeout_s
from conformance.protocols.mqtt.client import answer_timeout_s, describe, value
from conformance.protocols.mqtt.codec import Publish
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

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
        timeout_s = _report_timeout_s(run) if patient else answer_timeout_s(run)
        heard = link.next_publish(timeout_s=timeout_s)
        if not isinstance(heard, Publish):
            return


@check(
    "mqtt.resends",
    actor="device",
    params={
        "judges": {"enum": ["not-resent", "dup-not-set"]},
    },
)
def resends(run: Run, *, judges: str) -> None:
    """A message left unacknowledged is sent again on the next connection, with DUP.

    Procedure: wait for a QoS 1 or 2 PUBLISH of a session that is kept, leave it
    unanswered, break the connection; accept the next one with Session Present 1 and
    wait for the same identifier, topic and payload.
    """
    server = broker(run)
    link = server.await_device()
    run.require(
        not link.connect.clean_session,
        "kept-session",
        expected=alike("Clean Session 0"),
        actual=alike("Clean Session 1"),
    )
    link.acknowledges = False
    first = link.next_publish(lambda p: p.qos > 0, timeout_s=_report_timeout_s(run))
    run.require(
        isinstance(first, Publish),
        "published",
        expected=Text("QoS 大于 0 的 PUBLISH", "a PUBLISH above QoS 0"),
        actual=describe(first),
    )
    assert isinstance(first, Publish)
    link.abort()
    link = server.await_device()
    again = link.next_publish(
        lambda p: p.packet_identifier == first.packet_identifier,
        timeout_s=answer_timeout_s(run),
    )
    same = isinstance(again, Publish) and again.payload == first.payload
    due = Text(
        f"重发标识符 {first.packet_identifier} 的消息",
        f"the message {first.packet_identifier} once more",
    )
    if judges == "not-resent":
        run.expect(same, "not-resent", expected=due, actual=describe(again))
        return
    run.require(same, "resent", expected=due, actual=describe(again))
    assert isinstance(again, Publish)
    run.expect(again.dup, "dup-not-set", expected=alike("DUP 1"), actual=alike("DUP 0"))


@check("mqtt.publish_answered", actor="device")
def device_answers_publish(run: Run) -> None:
    """The device acknowledges QoS 1 messages on a topic that it has subscribed to.

    Procedure: wait for a SUBSCRIBE that asks for QoS 1 or more; publish three messages
    to that filter at once; each must be answered by its PUBACK.
    """
    server = broker(run)
    link = server.await_device()
    name = _subscribed_topic(run, link)
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


def _subscribed_topic(run: Run, link: Link) -> str:
    def wanted() -> str | None:
        return next(
            (f for f, qos in link.subscriptions.items() if qos and "#" not in f), None
        )

    if wanted() is None:
        link.until(lambda _: wanted() is not None, connect_timeout_s(run))
    found = wanted()
    run.require(
        found,
        "subscribed",
        expected=Text("QoS 1 或以上的订阅", "a subscription at QoS 1 or more"),
        actual=SILENCE,
    )
    assert found is not None
    return found.replace("+", "luheng")


@check("mqtt.closes_after_disconnect", actor="device")
def closes_after_own_disconnect(run: Run) -> None:
    """After DISCONNECT the device closes the connection.

    Procedure: serve the device until it sends DISCONNECT by itself, at most for the
    declared time; read on to the end of the connection.
    """
    server = broker(run)
    link = server.await_device()
    link.until(lambda _: link.left, connect_timeout_s(run))
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


def _report_timeout_s(run: Run) -> float:
    """Return how long a device may take to publish, in seconds."""
    return float(value(run, "report_timeout", 60))
