# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: what becomes of a message between publisher and subscriber.

Where absence has to be shown, a fence stands in for a wait: the same publisher sends
one more message and the subscriber reads up to that.  Where presence has to be shown,
the declared answer time is waited out, because the text orders nothing across topics.
Extra copies where filters overlap and repeats at QoS 1 are let pass.
"""

from __future__ import annotations

from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.client import (
    Client,
    connect,
    describe,
    qos_max,
    topic,
)
from conformance.protocols.mqtt.codec import (
    Disconnect,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Suback,
)
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__ = ["gather", "one", "publish_or_stop", "subscribe_or_stop"]


def subscribe_or_stop(
    run: Run,
    client: Client,
    *filters: tuple[str, int],
    properties: Properties = (),
) -> Suback:
    """Subscribe; *inconclusive* unless every filter is granted."""
    heard = client.subscribe(*filters, properties=properties)
    granted = isinstance(heard, Suback) and max(heard.return_codes, default=0) < 0x80
    run.require(granted, "subscribed", expected=alike("SUBACK"), actual=describe(heard))
    assert isinstance(heard, Suback)
    return heard


def publish_or_stop(
    run: Run,
    client: Client,
    name: str,
    payload: bytes,
    *,
    qos: int = 0,
    **fields: Any,
) -> None:
    """Publish; *inconclusive* unless the server takes the message over."""
    highest = qos_max(run)
    run.require(
        qos <= highest, "supported", expected=alike(f"QoS {qos}"),
        actual=alike(f"QoS 0 … {highest}"),
    )  # fmt: skip
    heard = client.publish(name, payload, qos=qos, **fields)
    taken = (Publish, Puback, Pubcomp)[qos]
    run.require(
        isinstance(heard, taken) and getattr(heard, "reason_code", 0) < 0x80,
        "published",
        expected=alike(taken.__name__.upper()),
        actual=describe(heard),
    )


@check("mqtt.codes_in_order", actor="platform")
def codes_in_order(run: Run) -> None:
    """The return codes of a SUBACK stand in the order of the filters.

    Procedure: subscribe to three topics at different QoS; publish to each at the
    highest QoS; each message must come at the QoS that the code in its place grants.
    """
    client = connect(run)
    base = topic(run, "codes")
    names = [f"{base}/{n}" for n in "abc"]
    heard = subscribe_or_stop(run, client, *zip(names, (2, 0, 1), strict=True))
    run.require(
        len(heard.return_codes) == len(names),
        "counted",
        expected=Text("3 个返回码", "3 return codes"),
        actual=describe(heard),
    )
    highest = qos_max(run)
    for place in run.each(range(3), name=lambda n: names[n][-1]):
        payload = b"code %d" % place
        publish_or_stop(run, client, names[place], payload, qos=highest)
        got = one(client, payload)
        run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        assert got is not None
        granted = min(heard.return_codes[place], highest)
        run.expect(
            got.qos == granted,
            "code-of-another-filter",
            expected=alike(f"PUBLISH QoS {granted}; {describe(heard).en}"),
            actual=alike(f"PUBLISH QoS {got.qos}"),
        )
    client.leave()


@check("mqtt.retained_flagged", actor="platform")
def retained_flagged(run: Run) -> None:
    """A message sent because of a new subscription has RETAIN 1.

    Procedure: publish a retained message; subscribe until it arrives, so that the
    server certainly has it; subscribe with another client, which reads it; clear it
    again.
    """
    client, name = connect(run), topic(run, "flag")
    publish_or_stop(run, client, name, b"kept", retain=True)
    # The text sets no order between a PUBLISH and a later SUBSCRIBE: what comes to
    # this subscription may be the message itself, still on its way through the server.
    subscribe_or_stop(run, client, (name, 0))
    first = one(client, b"kept")
    run.require(first, "stored", expected=alike("PUBLISH"), actual=SILENCE)
    reader = connect(run)
    subscribe_or_stop(run, reader, (name, 0))
    got = one(reader, b"kept")
    publish_or_stop(run, client, name, b"", retain=True)
    client.leave()
    reader.leave()
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    assert got is not None
    run.expect(
        got.retain, "not-flagged", expected=alike("RETAIN 1"), actual=alike("RETAIN 0")
    )


@check("mqtt.live_not_flagged", actor="platform")
def live_not_flagged(run: Run) -> None:
    """A message for a subscription that is already there has RETAIN 0.

    Procedure: subscribe; publish with RETAIN 1; clear the retained message again.
    """
    client, name = connect(run), topic(run, "live")
    subscribe_or_stop(run, client, (name, 0))
    publish_or_stop(run, client, name, b"live", retain=True)
    got = one(client, b"live")
    publish_or_stop(run, client, name, b"", retain=True)
    client.leave()
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    assert got is not None
    run.expect(
        not got.retain, "flagged", expected=alike("RETAIN 0"), actual=alike("RETAIN 1")
    )


@check(
    "mqtt.order_kept",
    actor="platform",
    params={
        "qos": {"enum": [0, 1, 2]},
        "count": {"type": "integer", "minimum": 3, "maximum": 200},
    },
)
def order_kept(run: Run, *, qos: int, count: int) -> None:
    """Messages of one publisher, topic and QoS reach a subscriber in their order.

    Procedure: subscribe at the same QoS, publish a numbered series, read up to its
    last number.  Repeats are let pass; the first coming of each number counts.
    """
    subscriber, publisher = connect(run), connect(run)
    name, qos = topic(run, "order"), min(qos, qos_max(run))
    subscribe_or_stop(run, subscriber, (name, qos))
    for number in range(count):
        publish_or_stop(run, publisher, name, b"%d" % number, qos=qos)
    due = {b"%d" % number for number in range(count)}
    gather(subscriber, due)
    came = list(dict.fromkeys(m.payload.decode() for m in subscriber.inbox))
    run.require(
        len(came) == count,
        "complete",
        expected=Text(f"{count} 条消息", f"{count} messages"),
        actual=count_of(len(came)),
    )
    publisher.leave()
    subscriber.leave()
    run.expect(
        came == sorted(came, key=int),
        "out-of-order",
        expected=alike(f"0 … {count - 1}"),
        actual=alike(" ".join(came)),
    )


@check("mqtt.dollar_topics_apart", actor="platform")
def dollar_topics_apart(run: Run) -> None:
    """A filter that begins with a wildcard matches no topic that begins with $.

    Procedure: one client subscribes to a topic below ``$luheng`` by name, another with
    + for the first level; the message must reach the first one only.  Where the server
    lets no client use such topics, one of its own, below ``$SYS``, takes the place.  It
    may take nothing more from who tried to, so others publish what follows.
    """
    last = run.unique("dollar")
    by_name, by_wildcard, publisher = connect(run), connect(run), connect(run)
    subscribe_or_stop(run, by_name, (f"$luheng/{last}", 0))
    subscribe_or_stop(run, by_wildcard, (f"+/{last}", 0))
    publish_or_stop(run, publisher, f"$luheng/{last}", b"apart")
    publisher.ping()
    _tell(run, f"luheng/{last}", b"passed")
    one(by_wildcard, b"passed")
    if not by_name.ping() or not by_name.inbox:
        name = _topic_of_server(run, by_name)
        subscribe_or_stop(run, by_wildcard, (f"+/{name.partition('/')[2]}", 0))
    _tell(run, f"luheng/{last}", b"fence")
    messages, reached = by_wildcard.messages_until(lambda m: m.payload == b"fence")
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    strays = [m.topic_name for m in messages if m.topic_name.startswith("$")]
    for client in (by_name, by_wildcard, publisher):
        client.leave()
    run.expect(
        not strays,
        "matched",
        expected=alike(f"+/{last}: luheng/{last}"),
        actual=alike(f"+/{last}: {', '.join(strays)}"),
    )


def _tell(run: Run, name: str, payload: bytes) -> None:
    """Have a client that has done nothing else publish at QoS 0."""
    client = connect(run)
    publish_or_stop(run, client, name, payload)
    client.leave()


def _topic_of_server(run: Run, client: Client) -> str:
    """Return a topic that begins with $ and to which the server itself publishes."""
    subscribe_or_stop(run, client, ("$SYS/#", 0))
    messages, reached = client.messages_until(lambda m: m.topic_name[0] == "$")
    run.require(
        reached,
        "delivered",
        expected=Text(
            "服务端允许客户端使用 $ 主题，或自身发布 $SYS 主题",
            "the server lets clients use $ topics or publishes to $SYS",
        ),
        actual=SILENCE,
    )
    return messages[-1].topic_name


@check("mqtt.will_published", actor="platform")
def will_published(run: Run) -> None:
    """The will of a client whose connection breaks is published.

    Procedure: a client with a will connects and breaks its connection off; a subscriber
    reads the will.
    """
    name = topic(run, "will")
    subscriber = connect(run)
    subscribe_or_stop(run, subscriber, (name, 1))
    client = connect(run, will_topic=name, will_message=b"gone", will_qos=1)
    client.abort()
    got = one(subscriber, b"gone")
    subscriber.leave()
    run.expect(
        got,
        "not-published",
        expected=alike(f"PUBLISH {name} 'gone'"),
        actual=SILENCE,
    )


@check("mqtt.will_dropped", actor="platform")
def will_dropped(run: Run) -> None:
    """The will of a client that leaves by DISCONNECT is not published.

    Procedure: a client with a will sends DISCONNECT and waits for the server's close;
    a client under the same identifier, for which the server must have ended the older
    connection, publishes the message up to which a subscriber reads.
    """
    name, identifier = topic(run, "unwilled"), run.unique("lh")
    subscriber = connect(run)
    subscribe_or_stop(run, subscriber, (name, 1))
    fields: dict[str, Any] = {"will_topic": name, "will_message": b"gone"}
    leaver = connect(run, client_identifier=identifier, will_qos=1, **fields)
    leaver.send(Disconnect())
    # The new connection may overtake the old one's last packet on the way; a will is
    # then due.  The server's close says that it has read the DISCONNECT.
    leaver.end()
    leaver.close()
    after = connect(run, client_identifier=identifier)
    publish_or_stop(run, after, name, b"fence", qos=1)
    messages, reached = subscriber.messages_until(lambda m: m.payload == b"fence")
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    after.leave()
    subscriber.leave()
    wills = sum(m.payload == b"gone" for m in messages)
    run.expect(wills == 0, "published", expected=count_of(0), actual=count_of(wills))


def one(client: Client, payload: bytes) -> Publish | None:
    """Return the first message with a payload, waiting for it."""
    gather(client, {payload})
    return next((m for m in client.inbox if m.payload == payload), None)


def gather(client: Client, due: set[bytes]) -> None:
    """Read until all payloads that are due have come, or none comes for a while."""
    count = -1
    while len(client.inbox) > count and not due <= {m.payload for m in client.inbox}:
        count = len(client.inbox)
        client.until(lambda _, before=count: len(client.inbox) > before)  # type: ignore[misc]
