# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: messages taken over from a publisher at QoS 1 and 2.

The publisher's half of each exchange is sent packet by packet, so that it can repeat,
wait and lose its connection at every step; a subscriber tells what became of the
message.  What one procedure shows serves several requirements: ``judges`` names the
deviations that are a requirement's own.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.3 to 3.7, 4.3 and 4.4 of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.delivery import one, subscribe_or_stop
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    Heard,
    claims,
    connect,
    describe,
    topic,
)
from conformance.protocols.mqtt.codec import (
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    properties,
    values_of,
)
from conformance.protocols.mqtt.flows import (
    JUDGES,
    Lasting,
    Matter,
    fence,
    keeps_sessions,
)
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__: list[str] = []

_ID = 7
"""The packet identifier that all exchanges use again and again."""
_REFUSED = 0x80


@check("mqtt.taken_at_qos_1", actor="platform", params=JUDGES)
def taken_at_qos_1(run: Run, *, judges: Sequence[str]) -> None:
    """A QoS 1 message gets PUBACK; its identifier then stands for a new one.

    Procedure: PUBLISH, read PUBACK; a second message under the same identifier with
    DUP 1, read PUBACK; a subscriber must get both.
    """
    matter = Matter(run, judges)
    subscriber = connect(run)
    sender = connect(run, client_identifier=run.unique("taken"))
    name = topic(run, "taken")
    subscribe_or_stop(run, subscriber, (name, 1))
    sender.acknowledges = False
    for step in run.each(["first", "again"]):
        sender.send(
            Publish(
                name,
                step.encode(),
                qos=1,
                packet_identifier=_ID,
                dup=step == "again",
            )
        )
        _answered(matter, sender, Puback, "no-puback")
    for payload in (b"first", b"again"):
        key = "lost" if payload == b"first" else "identifier-not-new"
        got = one(subscriber, payload)
        due = alike(f"PUBLISH {name} {payload.decode()!r}")
        matter.judge(got, key, expected=due, actual=SILENCE)
    sender.leave()
    subscriber.leave()


@check("mqtt.exactly_once", actor="platform", params=JUDGES)
def exactly_once(run: Run, *, judges: Sequence[str]) -> None:
    """A QoS 2 message is passed on once, however often its PUBLISH comes.

    Procedure: PUBLISH, the same with DUP, PUBREL; then a new message under the same
    identifier, up to which a subscriber reads.  Where the server keeps sessions, again
    with the connection lost after each packet and the exchange resumed on a new one.
    """
    matter = Matter(run, judges)
    steps = ["unbroken"]
    if keeps_sessions(run):
        steps += ["lost-after-publish", "lost-after-pubrec", "lost-after-pubrel"]
    for step in run.each(steps):
        _exactly_once(matter, step)


def _exactly_once(matter: Matter, step: str) -> None:
    run = matter.run
    subscriber = connect(run)
    name = topic(run, "once")
    subscribe_or_stop(run, subscriber, (name, 2))
    with _sender(run, step) as owner:
        sender = owner.join(acknowledges=False)
        sender = _send_first(matter, owner, sender, name, step)
        sender.send(Publish(name, b"next", qos=2, packet_identifier=_ID))
        _answered(matter, sender, Pubrec, "no-pubrec")
        sender.send(Pubrel(_ID))
        _answered(matter, sender, Pubcomp, "no-pubcomp")
    messages, reached = subscriber.messages_until(lambda m: m.payload == b"next")
    matter.judge(
        reached,
        "identifier-not-new",
        expected=Text("第二条消息送达", "the second message arrives"),
        actual=SILENCE,
    )
    copies = sum(m.payload == b"first" for m in messages)
    subscriber.leave()
    matter.judge(
        copies <= 1, "more-than-once", expected=count_of(1), actual=count_of(copies)
    )
    matter.judge(copies, "lost", expected=count_of(1), actual=count_of(0))


def _send_first(
    matter: Matter, owner: Lasting, sender: Client, name: str, step: str
) -> Client:
    """Bring the first message through its exchange, broken where the step says."""
    first = Publish(name, b"first", qos=2, packet_identifier=_ID)
    repeat = Publish(name, b"first", qos=2, packet_identifier=_ID, dup=True)
    sender.send(first)
    # The text lets a server lose what it has not answered: a break comes after PUBREC.
    _answered(matter, sender, Pubrec, "no-pubrec")
    if step == "lost-after-publish":
        sender = _again(owner, sender)
    if step != "lost-after-pubrec":
        sender.send(repeat)
        _answered(matter, sender, Pubrec, "no-pubrec-again")
    else:
        sender = _again(owner, sender)
    sender.send(Pubrel(_ID))
    if step == "lost-after-pubrel":
        _answered(matter, sender, Pubcomp, "no-pubcomp")
        # As if PUBCOMP had not come: PUBREL again, of an exchange that is over by now.
        sender = _again(owner, sender)
        sender.send(Pubrel(_ID))
        alive = sender.ping()
        matter.run.require(
            alive, "alive", expected=alike("PINGRESP"), actual=describe(sender.gone)
        )
        return sender
    _answered(matter, sender, Pubcomp, "no-pubcomp")
    return sender


def _sender(run: Run, step: str) -> Lasting:
    kind = Lasting if step != "unbroken" else _Passing
    return kind(run, client_identifier=run.unique("once"))


class _Passing(Lasting):
    """A sender whose session need not outlive its one connection."""

    def join(self, *, acknowledges: bool = True, clean: bool = True) -> Client:
        self.client = connect(self.run, **self.fields)
        self.client.acknowledges = acknowledges
        return self.client

    def forget(self) -> None:
        if self.client is not None:
            self.client.leave()


def _again(owner: Lasting, sender: Client) -> Client:
    """Lose the connection; go on with the session over a new one."""
    sender.abort()
    return owner.join(acknowledges=False)


@check("mqtt.refused_identifier_free", actor="platform", params=JUDGES)
def refused_identifier_free(run: Run, *, judges: Sequence[str]) -> None:
    """After a PUBREC that refuses, its identifier stands for a new message.

    Procedure: publish at QoS 2 below ``$SYS``, where servers let no client publish; if
    PUBREC refuses it, publish another message under the same identifier and complete
    its exchange; a subscriber must get it.
    """
    matter = Matter(run, judges)
    subscriber, sender = connect(run), connect(run)
    name = topic(run, "freed")
    subscribe_or_stop(run, subscriber, (name, 2))
    sender.acknowledges = False
    forbidden = f"$SYS/luheng/{run.unique()}"
    sender.send(Publish(forbidden, b"refused", qos=2, packet_identifier=_ID))
    heard = sender.answer_for(Pubrec, _ID)
    run.require(
        isinstance(heard, Pubrec) and heard.reason_code >= _REFUSED,
        "refused",
        expected=Text(
            "原因码为 0x80 及以上的 PUBREC", "PUBREC with a reason code of 0x80 or more"
        ),
        actual=describe(heard),
    )
    sender.send(Publish(name, b"new", qos=2, packet_identifier=_ID))
    _answered(matter, sender, Pubrec, "identifier-not-new")
    sender.send(Pubrel(_ID))
    _answered(matter, sender, Pubcomp, "no-pubcomp")
    got = one(subscriber, b"new")
    due = alike(f"PUBLISH {name} 'new'")
    matter.judge(got, "identifier-not-new", expected=due, actual=SILENCE)
    sender.leave()
    subscriber.leave()


@check("mqtt.unauthorised_answered", actor="platform")
def unauthorised_answered(run: Run) -> None:
    """A PUBLISH that is not authorised is acknowledged as usual or ends the connection.

    Procedure: at each QoS publish below ``$SYS``, where servers let no client publish,
    to a topic that a subscriber reads; the message must not arrive, or it shows
    nothing; it must be acknowledged like any other or the connection must end.
    """
    qos_list = [q for q in (1, 2) if claims(run, f"QOS{q}")]
    for qos in run.each([0, *qos_list], name=lambda q: f"QoS {q}"):
        reader, sender, other = connect(run), connect(run), connect(run)
        name, ordinary = f"$SYS/luheng/{run.unique('denied')}", topic(run, "denied")
        subscribe_or_stop(run, reader, (name, 0), (ordinary, 0))
        heard: Heard = sender.publish(name, b"denied", qos=qos)
        if qos == 0 and not sender.ping():
            heard = sender.gone
        came = fence(run, other, reader, ordinary)
        run.require(
            not came,
            "denied",
            expected=Text("服务端不转发该消息", "the server does not pass it on"),
            actual=describe(came[0] if came else None),
        )
        name = (Publish, Puback, Pubcomp)[qos].__name__.upper()
        run.expect(
            isinstance(heard, (Publish, Puback, Pubcomp)[qos] | Gone),
            "not-acknowledged",
            expected=Text(f"{name} 或断开连接", f"{name} or a close"),
            actual=describe(heard),
        )
        for client in (reader, sender, other):
            client.leave()


@check("mqtt.expired_exchange_completed", actor="platform", waits=True)
def expired_exchange_completed(run: Run) -> None:
    """A QoS 2 exchange is completed although its message has expired meanwhile.

    Procedure: PUBLISH with a Message Expiry Interval of one second; wait for PUBREC,
    then longer than that; the repeat must get PUBREC, PUBREL must get PUBCOMP.
    """
    matter = Matter(run, ("no-pubrec-again", "no-pubcomp"))
    name = topic(run, "outlived")
    sender = connect(run, client_identifier=run.unique("outlived"))
    sender.acknowledges = False
    more = properties(message_expiry_interval=1)
    message = Publish(name, b"x", qos=2, packet_identifier=_ID, properties=more)
    sender.send(message)
    _answered(matter, sender, Pubrec, "no-pubrec")
    run.wait(2.5)
    again = Publish(name, b"x", qos=2, packet_identifier=_ID, properties=more, dup=True)
    sender.send(again)
    _answered(matter, sender, Pubrec, "no-pubrec-again")
    sender.send(Pubrel(_ID))
    _answered(matter, sender, Pubcomp, "no-pubcomp")
    sender.leave()


_LIMIT_OCTETS = 40
_EXCHANGES = {"PUBACK": 2, "PUBREC": 2, "PUBREL": 1, "PUBCOMP": 1}
"""How often a packet comes when one of two messages is refused."""


@check(
    "mqtt.answers_fit",
    actor="platform",
    params={
        "packet": {"enum": sorted(_EXCHANGES)},
        "property": {"enum": ["Reason String", "User Property"]},
    },
)
def answers_fit(run: Run, *, packet: str, property: str) -> None:
    """No property makes an acknowledgement larger than the client accepts.

    Procedure: connect with a small Maximum Packet Size and subscribe; publish at the
    QoS of which the packet is a part, to oneself and below ``$SYS``, where servers
    refuse it; a packet that is too large must be so without the property.
    """
    limit = properties(maximum_packet_size=_LIMIT_OCTETS)
    identifier = run.unique("fits")
    client = connect(run, client_identifier=identifier, properties=limit)
    name = topic(run)
    qos = 1 if packet == "PUBACK" else 2
    subscribe_or_stop(run, client, (name, qos))
    found: list[Any] = []

    def is_last(heard: Any) -> bool:
        if type(heard).__name__.upper() == packet:
            found.append(heard)
        return len(found) == _EXCHANGES[packet]

    for target in (name, f"$SYS/luheng/{run.unique()}"):
        number = client.session.identifier()
        client.send(Publish(target, b"", qos=qos, packet_identifier=number))
    client.until(is_last)
    client.leave()
    run.require(found, "answered", expected=alike(packet), actual=SILENCE)
    for heard in found:
        size = len(client.octets(heard))
        run.expect(
            size <= _LIMIT_OCTETS or not values_of(heard.properties, property),
            "too-large",
            expected=Text(
                f"不超过 {_LIMIT_OCTETS} 字节", f"at most {_LIMIT_OCTETS} octets"
            ),
            actual=Text(f"{packet}，{size} 字节", f"{packet}, {size} octets"),
        )


def _answered(matter: Matter, sender: Client, kind: type[Any], key: str) -> None:
    """Judge whether an acknowledgement comes; refused messages show nothing."""
    heard: Heard = sender.answer_for(kind, _ID)
    name = kind.__name__.upper()
    matter.judge(
        isinstance(heard, kind), key, expected=alike(f"{name} {_ID}"),
        actual=describe(heard),
    )  # fmt: skip
    code = getattr(heard, "reason_code", 0)
    # Of a PUBREL whose exchange it no longer knows a server may say so (0x92).
    matter.run.require(
        code < _REFUSED or kind is Pubcomp,
        "accepted",
        expected=alike(f"{name} {_ID}"),
        actual=describe(heard),
    )
