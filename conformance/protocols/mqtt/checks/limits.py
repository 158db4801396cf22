# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: what goes through a connection as it is, and what must not.

Payloads and topics arrive octet by octet as they were sent; a packet that is too large
for a client is left out and nothing else; and who says DISCONNECT means it.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 1.5.3, 2.3.1 and 4.2; MQTT
Version 5.0 (OASIS, 2019-03-07), clauses 1.5.4, 2.2.1, 3.1.2.11.4, 3.14 and 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.delivery import (
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    connect,
    connect_packet,
    describe,
    qos_max,
    topic,
)
from conformance.protocols.mqtt.codec import (
    connect_raw,
    properties,
    publish_raw,
    replace,
    value_of,
)
from conformance.protocols.mqtt.words import CLOSED, SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_HEADER_OCTETS = 100
"""More than a PUBLISH of these checks has besides its payload."""
_LIMIT_OCTETS = 120
"""Maximum Packet Size of the client: room for a fence, not for what is too large."""


@check(
    "mqtt.payload_unchanged",
    actor="platform",
    params={
        "octets": {"type": "integer", "minimum": 1, "maximum": 65_536},
        "qos": {"enum": [0, 1, 2]},
    },
)
def payload_unchanged(run: Run, *, octets: int, qos: int) -> None:
    """A payload reaches a subscriber octet by octet as it was published.

    Procedure: subscribe; publish a payload in which nearly every octet value comes, as
    long as asked for or as the server takes it; read it.
    An identifier that does not belong into a PUBLISH shows in the payload as well.
    """
    name = topic(run, "unchanged")
    subscriber, publisher = connect(run), connect(run)
    qos = min(qos, qos_max(run))
    subscribe_or_stop(run, subscriber, (name, qos))
    most = value_of(publisher.connack.properties, "maximum_packet_size")
    octets = min(octets, (most or octets + _HEADER_OCTETS) - _HEADER_OCTETS)
    # 251 is prime: a block that is lost or comes twice cannot leave the rest the same.
    sent = bytes(number % 251 for number in range(octets))
    publish_or_stop(run, publisher, name, sent, qos=qos)
    subscriber.until(lambda _: bool(subscriber.inbox))
    got = [m.payload for m in subscriber.inbox if m.topic_name == name]
    publisher.leave()
    subscriber.leave()
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    run.expect(
        got[0] == sent,
        "other-payload",
        expected=Text(f"{octets} 字节的载荷", f"a payload of {octets} octets"),
        actual=alike(f"{len(got[0])}: {got[0][:16].hex(' ')} …"),
    )


@check("mqtt.mark_kept", actor="platform")
def mark_kept(run: Run) -> None:
    """U+FEFF is a character of a topic like any other, wherever it stands.

    Procedure: subscribe to three topics with U+FEFF at the beginning, in the middle and
    at the end, and to one without; publish to each.  Each message must come under its
    own topic, and the one without must not get those of the others.
    """
    base = topic(run, "mark")
    names = {
        "first": f"\ufeff{base}/a",
        "middle": f"{base}/\ufeffa",
        "last": f"{base}/a\ufeff",
        "without": f"{base}/a",
    }
    client, publisher = connect(run), connect(run)
    for name in names.values():
        subscribe_or_stop(run, client, (name, 0))
    for place in run.each(names):
        client.inbox.clear()
        publish_or_stop(run, publisher, names[place], place.encode())
        got = one(client, place.encode())
        told = alike(f"{got.topic_name!r}") if got else SILENCE
        run.expect(
            got and got.topic_name == names[place],
            "other-topic",
            expected=alike(f"{names[place]!r}"),
            actual=told,
        )
    client.leave()
    publisher.leave()


@check(
    "mqtt.packet_size_kept",
    actor="platform",
    params={"judges": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
)
def packet_size_kept(run: Run, *, judges: Sequence[str]) -> None:
    """A message that is too large for a client is left out, and the next one comes.

    Procedure: a client with a small Maximum Packet Size, and a Receive Maximum of 1,
    subscribes; messages are published that are too large for it, then one that fits.
    """
    name, highest = topic(run, "size"), min(1, qos_max(run))
    found = properties(maximum_packet_size=_LIMIT_OCTETS, receive_maximum=1)
    client, publisher = connect(run, properties=found), connect(run)
    subscribe_or_stop(run, client, (name, highest))
    for _ in range(3):
        large = b"large" + bytes(_LIMIT_OCTETS)
        publish_or_stop(run, publisher, name, large, qos=highest)
    publish_or_stop(run, publisher, name, b"fits", qos=highest)
    messages, reached = client.messages_until(lambda m: m.payload == b"fits")
    alive = client.ping()
    publisher.leave()
    client.leave()
    sizes = [len(client.octets(m)) for m in messages]
    if "oversized" in judges:
        run.expect(
            max(sizes, default=0) <= _LIMIT_OCTETS,
            "oversized",
            expected=Text(
                f"至多 {_LIMIT_OCTETS} 字节", f"at most {_LIMIT_OCTETS} octets"
            ),
            actual=alike(", ".join(map(str, sizes))),
        )
    else:
        run.expect(
            reached,
            "stopped",
            expected=Text("后续消息送达", "the next message arrives"),
            actual=SILENCE,
        )
    run.require(alive, "alive", expected=alike("PINGRESP"), actual=SILENCE)


@check("mqtt.closes_own_disconnect", actor="platform")
def closes_own_disconnect(run: Run) -> None:
    """A server that sends DISCONNECT closes the connection.

    Procedure: bring a DISCONNECT about by a second CONNECT, by a connection under the
    same identifier and by a topic name with a wildcard; read on to the end.  A server
    need not send one.
    """
    farewells = 0
    for cause in run.each(["second CONNECT", "taken over", "wildcard"]):
        identifier = run.unique("closes")
        # With a limit, so that the rule on its size sees the DISCONNECT too.
        limit = properties(maximum_packet_size=1000)
        client = connect(run, client_identifier=identifier, properties=limit)
        packet = replace(connect_packet(run), client_identifier=identifier)
        other = None
        if cause == "taken over":
            other = connect(run, client_identifier=identifier)
        elif cause == "wildcard":
            client.send_raw(publish_raw(topic(run, "+"), properties=b"\0"))
        else:
            client.send_raw(connect_raw(packet))
        ending = client.end()
        client.close()
        if other:
            other.leave()
        if client.farewell is None:
            continue
        farewells += 1
        run.expect(ending, "still-open", expected=CLOSED, actual=describe(ending))
    run.require(
        farewells, "said", expected=alike("DISCONNECT"), actual=describe(client.gone)
    )
