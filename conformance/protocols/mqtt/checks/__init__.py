# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: how connections begin, are answered, and end.

The other procedures lie in ``checks.delivery`` (messages on their way through a
server), ``checks.closing`` (what must end a connection, both roles) and
``checks.device``; importing this module registers them all.

A wait ends at the declared answer time.  A check whose text gives no deadline takes
that time as the implementation's own word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import exercising, strategies
from conformance.protocols.mqtt.checks import (
    auth,
    closing,
    commands,
    delivery,
    device,
    forwarding,
    limits,
    models,
    openings,
    options,
    outage,
    receiving,
    retained,
    sending,
    server_model,
    sessions,
    shared,
    subscribing,
    topics,
    web,
    wills,
)
from conformance.protocols.mqtt.client import (
    Client,
    claims,
    connect,
    describe,
    keeping,
    qos_max,
    survives,
    topic,
    value,
)
from conformance.protocols.mqtt.codec import (
    Connack,
    Disconnect,
    Puback,
    Publish,
    Pubrec,
    Suback,
    Unsuback,
    value_of,
)
from conformance.protocols.mqtt.exercising import messages
from conformance.protocols.mqtt.machine import Session
from conformance.protocols.mqtt.words import (
    ACCEPTED,
    CLOSED,
    REFUSED,
    SILENCE,
    alike,
)
from conformance.text import Text

__all__ = [
    "auth",
    "closing",
    "commands",
    "delivery",
    "device",
    "exercising",
    "forwarding",
    "limits",
    "messages",
    "models",
    "openings",
    "options",
    "outage",
    "receiving",
    "retained",
    "sending",
    "server_model",
    "sessions",
    "shared",
    "subscribing",
    "topics",
    "web",
    "wills",
]


_TAKEN_OVER = 0x8E
"""Reason code of 5.0, session taken over (3.14.2.1)."""


@check("mqtt.session_present", actor="platform")
def session_present(run: Run) -> None:
    """A kept session is announced as present.

    Procedure: connect with Clean Session 0, subscribe, leave; connect again with
    Clean Session 0; clear the session by a connection with Clean Session 1.
    """
    identifier = run.unique("lh")
    first = connect(run, client_identifier=identifier, **keeping(run))
    heard = first.subscribe((topic(run, "kept"), 1))
    run.require(
        isinstance(heard, Suback),
        "subscribed",
        expected=alike("SUBACK"),
        actual=describe(heard),
    )
    first.leave()
    again = connect(run, taken=False, client_identifier=identifier, **keeping(run))
    heard = again.next()
    run.require(
        isinstance(heard, Connack) and heard.return_code == 0,
        "accepted-again",
        expected=ACCEPTED,
        actual=describe(heard),
    )
    again.leave()
    connect(run, client_identifier=identifier).leave()
    assert isinstance(heard, Connack)
    run.expect(
        heard.session_present,
        "session-absent",
        expected=alike("CONNACK, Session Present 1"),
        actual=describe(heard),
    )


@check("mqtt.session_absent", actor="platform")
def session_absent(run: Run) -> None:
    """Without a kept session none is announced, even with Clean Session 0.

    Procedure: connect with Clean Session 0 under an identifier never used; clear the
    session again.
    """
    identifier = run.unique("lh")
    client = connect(run, taken=False, client_identifier=identifier, **keeping(run))
    heard = client.next()
    client.leave()
    connect(run, client_identifier=identifier).leave()
    run.require(
        isinstance(heard, Connack) and heard.return_code == 0,
        "accepted",
        expected=ACCEPTED,
        actual=describe(heard),
    )
    assert isinstance(heard, Connack)
    run.expect(
        not heard.session_present,
        "session-invented",
        expected=alike("CONNACK, Session Present 0"),
        actual=describe(heard),
    )


@check("mqtt.takes_over", actor="platform")
def takes_over(run: Run) -> None:
    """A CONNECT under an identifier in use disconnects the older client.

    Procedure: two connections with one identifier; the older one must end, the newer
    one must be served.
    """
    identifier = run.unique("takeover")
    older = connect(run, client_identifier=identifier)
    run.require(older.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    newer = connect(run, client_identifier=identifier)
    ending = older.end()
    run.expect(ending, "older-stays", expected=CLOSED, actual=describe(ending))
    if older.version == 5 and getattr(older.farewell, "reason_code", 0) != _TAKEN_OVER:
        run.remark(
            Text(
                "断开前没有发送原因码 0x8E 的 DISCONNECT；条文可有两种解读",
                "no DISCONNECT 0x8E came before the close; the text can be read"
                " either way",
            )
        )
    run.expect(newer.ping(), "newer-dead", expected=alike("PINGRESP"), actual=SILENCE)
    older.close()
    newer.leave()


@check("mqtt.subscribe_answered", actor="platform")
def subscribe_answered(run: Run) -> None:
    """Every SUBSCRIBE is answered by a SUBACK.

    Procedure: subscribe to one filter, to several, then to generated lists, each under
    a topic of the check's own.
    """
    wildcards = claims(run, "WILDCARD")
    highest = qos_max(run)

    def body(filters: list[tuple[str, int]]) -> None:
        client = connect(run)
        base = topic(run)
        asked = ((f"{base}/{name}", min(qos, highest)) for name, qos in filters)
        heard = client.subscribe(*asked)
        run.expect(
            isinstance(heard, Suback),
            "not-answered",
            expected=alike("SUBACK"),
            actual=describe(heard),
        )
        client.leave()

    known = {"one": [("a", 0)], "several": [("a", 0), ("b", 1), ("c", 2)]}
    for name in run.each(known):
        body(known[name])
    run.for_all(lambda: strategies.filter_lists(wildcards=wildcards), body)


_STEPS = ("subscribed", "dropped", "never-subscribed")


@check(
    "mqtt.unsubscribe_answered",
    actor="platform",
    params={"steps": {"type": "array", "minItems": 1, "items": {"enum": [*_STEPS]}}},
)
def unsubscribe_answered(run: Run, *, steps: Sequence[str]) -> None:
    """Every UNSUBSCRIBE is answered by UNSUBACK, also when nothing is dropped.

    Procedure: subscribe to one topic; drop it; drop it again; drop several filters
    that were never subscribed.
    """
    client = connect(run)
    name = topic(run, "drop")
    client.subscribe((name, 0))
    many = (name + "/a", name + "/b", name + "/c")
    found = {"subscribed": (name,), "dropped": (name,), "never-subscribed": many}
    if "subscribed" not in steps:
        client.unsubscribe(name)
    for step in run.each(steps):
        heard = client.unsubscribe(*found[step])
        run.expect(
            isinstance(heard, Unsuback),
            "not-answered",
            expected=alike("UNSUBACK"),
            actual=describe(heard),
        )
    client.leave()


@check("mqtt.ping_answered", actor="platform")
def ping_answered(run: Run) -> None:
    """Every PINGREQ is answered by PINGRESP."""
    client = connect(run)
    for _ in run.each(["first", "second"]):
        run.expect(
            client.ping(),
            "not-answered",
            expected=alike("PINGRESP"),
            actual=SILENCE,
        )
    client.leave()


@check("mqtt.publish_answered", actor="platform")
def publish_answered(run: Run) -> None:
    """A PUBLISH gets no answer at QoS 0, PUBACK at QoS 1, PUBREC at QoS 2.

    Procedure: publish at each QoS, then generated messages.  At QoS 0 a PINGREQ shows
    that the server is still there.
    """
    highest = qos_max(run)

    def body(message: dict[str, Any]) -> None:
        qos = min(message["qos"], highest)
        client = connect(run)
        client.acknowledges = False
        identifier = client.session.identifier() if qos else None
        name = f"{topic(run, 'answered')}/{message['topic']}"
        client.send(
            Publish(name, message["payload"], qos=qos, packet_identifier=identifier)
        )
        _judge_answer(run, client, qos, identifier or 0)
        client.leave()

    for qos in run.each(range(highest + 1), name=lambda n: f"QoS {n}"):
        body({"topic": "a", "payload": b"x", "qos": qos})
    run.for_all(lambda: strategies.messages(), body)


def _judge_answer(run: Run, client: Client, qos: int, identifier: int) -> None:
    due = (None, Puback, Pubrec)[qos]
    if due is None:
        pinged = client.ping()
        run.expect(
            pinged, "dead", expected=alike("PINGRESP"), actual=describe(client.gone)
        )
        return
    heard = client.until(
        lambda p: isinstance(p, Puback | Pubrec) and p.packet_identifier == identifier
    )
    run.expect(
        isinstance(heard, due),
        "wrong-answer",
        expected=alike(f"{due.__name__.upper()} {identifier}"),
        actual=describe(heard),
    )


_KEEP_ALIVE = {"keep_alive_s": {"type": "integer", "minimum": 1, "maximum": 60}}
_KEEP_ALIVE_MAX_S = 60


@check("mqtt.keep_alive_enforced", actor="platform", waits=True, params=_KEEP_ALIVE)
def keep_alive_enforced(run: Run, *, keep_alive_s: int) -> None:
    """A client that is silent for one and a half Keep Alives is disconnected.

    Procedure: connect with the Keep Alive, which a server of 5.0 may replace by its
    own; PINGREQ within it must keep the connection; then say nothing.  The text sets no
    limit to the server's lateness; the declaration does (``keep_alive_grace``).  A
    server may leave early; that is only remarked.
    """
    client = connect(run, keep_alive=keep_alive_s)
    own = value_of(client.connack.properties, "server_keep_alive")
    run.require(
        own is None or 0 < own <= _KEEP_ALIVE_MAX_S,
        "keep-alive-short",
        expected=alike(f"Keep Alive 1 … {_KEEP_ALIVE_MAX_S} s"),
        actual=alike(f"Server Keep Alive {own}"),
    )
    _fall_silent(run, client, keep_alive_s if own is None else own)


@check("mqtt.keep_alive_of_client", actor="platform", waits=True, params=_KEEP_ALIVE)
def keep_alive_of_client(run: Run, *, keep_alive_s: int) -> None:
    """A server that names no Keep Alive of its own enforces the client's.

    Procedure: as in ``mqtt.keep_alive_enforced``; a server that names one leaves
    nothing to judge.
    """
    client = connect(run, keep_alive=keep_alive_s)
    own = value_of(client.connack.properties, "server_keep_alive")
    run.require(
        own is None,
        "keep-alive-of-client",
        expected=Text("采用客户端的保活时间", "the Keep Alive of the client is used"),
        actual=alike(f"Server Keep Alive {own}"),
    )
    _fall_silent(run, client, keep_alive_s)


def _fall_silent(run: Run, client: Client, keep_alive_s: int) -> None:
    run.wait(keep_alive_s * 0.7)
    run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    silent_from_ns = run.now_ns
    grace_s = float(value(run, "keep_alive_grace", 30))
    ending = client.end(keep_alive_s * 1.5 + grace_s)
    run.expect(
        ending,
        "never-disconnected",
        expected=Text(
            f"静默 {keep_alive_s * 1.5:g} s 后断开（声明的余量 {grace_s:g} s）",
            f"a close {keep_alive_s * 1.5:g} s after falling silent"
            f" (declared grace: {grace_s:g} s)",
        ),
        actual=describe(ending),
    )
    assert ending is not None
    if (ending.at_ns - silent_from_ns) * 2 < keep_alive_s * 3 * 10**9:
        run.remark(
            Text(
                "服务端早于保活时间的 1.5 倍断开连接；标准允许这样做",
                "the server left before one and a half Keep Alives; it may",
            )
        )
    alive = survives(run, client_identifier=run.unique("keepalive"))
    run.expect(alive, "dead", expected=ACCEPTED, actual=REFUSED)


@check("mqtt.closes_after_disconnect", actor="platform")
def closes_after_disconnect(run: Run) -> None:
    """The server closes the connection after DISCONNECT when the client does not.

    Procedure: connect, send DISCONNECT, keep the connection open, read its end.
    """
    client = connect(run)
    client.send(Disconnect())
    ending = client.end()
    client.close()
    run.expect(ending, "still-open", expected=CLOSED, actual=describe(ending))


@check("mqtt.stores_for_absent", actor="platform")
def stores_for_absent(run: Run) -> None:
    """QoS 1 messages for a kept session wait until its client is back.

    Procedure: subscribe with Clean Session 0 and leave; another client publishes;
    come back and read the messages.
    """
    identifier, name = run.unique("lh"), topic(run, "absent")
    first = connect(run, client_identifier=identifier, **keeping(run))
    first.subscribe((name, 1))
    first.leave()
    publisher = connect(run)
    for number in range(3):
        heard = publisher.publish(name, b"%d" % number, qos=1)
        run.require(
            isinstance(heard, Puback),
            "published",
            expected=alike("PUBACK"),
            actual=describe(heard),
        )
    publisher.leave()
    back = connect(run, client_identifier=identifier, **keeping(run))
    got = {m.payload for m in back.messages_until(lambda m: m.payload == b"2")[0]}
    back.leave()
    connect(run, client_identifier=identifier, session=Session()).leave()
    missing = [n for n in range(3) if b"%d" % n not in got]
    run.expect(
        not missing,
        "not-stored",
        expected=Text("3 条消息全部送达", "all 3 messages"),
        actual=Text(f"缺第 {missing} 条", f"without numbers {missing}"),
    )
