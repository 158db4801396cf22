# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: messages handed to a subscriber at QoS 1 and 2.

The subscriber's half of each exchange is held back, answered late, refused, or lost
with its connection at every step; what the server sends then is looked at packet by
packet.  What must not come is waited for up to a later message only.  What one
procedure shows serves several requirements: ``judges`` names the deviations that are a
requirement's own.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.3, 4.3, 4.4, 4.6 and 4.9 of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.delivery import (
    gather,
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import Client, connect, qos_max, topic
from conformance.protocols.mqtt.codec import (
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    properties,
)
from conformance.protocols.mqtt.flows import JUDGES, Lasting, Matter, fence, said
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__: list[str] = []

_NOT_AUTHORISED = 0x87
_EXPIRY_S = 1


@check("mqtt.bare_at_qos_0", actor="platform")
def bare_at_qos_0(run: Run) -> None:
    """A QoS 0 PUBLISH carries no packet identifier.

    Procedure: publish a known payload to a subscription at QoS 0 and to one at QoS 2;
    where an identifier stood, octets would come before the payload.
    """
    client, name = connect(run), topic(run, "bare")
    subscribe_or_stop(run, client, (name, 0))
    for payload in run.each((b"bare payload", b""), name=repr):
        client.send(Publish(name, payload))
        client.until(lambda p: isinstance(p, Publish))
        got = client.inbox.pop() if client.inbox else None
        run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        assert got is not None
        run.expect(
            got.payload == payload,
            "octets-before-payload",
            expected=Text(f"载荷 {payload!r}", f"payload {payload!r}"),
            actual=Text(f"载荷 {got.payload!r}", f"payload {got.payload!r}"),
        )
    client.leave()


@check(
    "mqtt.dup_of_its_own",
    actor="platform",
    params={"qos": {"enum": [1, 2], "default": 1}},
)
def dup_of_its_own(run: Run, *, qos: int = 1) -> None:
    """The DUP flag of a message that came with DUP 1 is 0 when it is first sent on.

    Procedure: publish with DUP 1 under an identifier never used, as a client does whose
    first attempt did not reach the server; a subscriber must get it with DUP 0.
    """
    subscriber, sender = connect(run), connect(run)
    name = topic(run, "dup")
    subscribe_or_stop(run, subscriber, (name, qos))
    publish_or_stop(run, sender, name, b"again", qos=qos, dup=True)
    got = one(subscriber, b"again")
    sender.leave()
    subscriber.leave()
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    assert got is not None
    run.expect(not got.dup, "dup-passed-on", expected=alike("DUP 0"), actual=said(got))


@check(
    "mqtt.sends_again",
    actor="platform",
    params={**JUDGES, "qos": {"enum": [1, 2], "default": 1}},
)
def resends(run: Run, *, judges: Sequence[str], qos: int = 1) -> None:
    """What a subscriber has not acknowledged is sent again when its session goes on.

    Procedure: with a kept session read three messages and acknowledge none; nothing may
    be sent again meanwhile; lose the connection and come back: each must come again
    under its identifier, with DUP 1, in order; acknowledge all and come back once more:
    nothing may come again.
    """
    matter, publisher, name = Matter(run, judges), connect(run), topic(run, "unacked")
    with Lasting(run) as owner:
        client = owner.join(acknowledges=False)
        subscribe_or_stop(run, client, (name, qos))
        sent = _handed(run, publisher, client, name, qos)
        repeats = [p for p in fence(run, publisher, client, name) if p.qos]
        matter.judge(
            # 3.1.1 does not forbid it.
            not repeats or client.version == 4,
            "resent-meanwhile",
            expected=Text("连接期间不重发", "nothing is sent again meanwhile"),
            actual=said(repeats[0] if repeats else None),
        )
        client.abort()
        owner.session.received.clear()  # as if none had come: what is new is told
        client = owner.join(acknowledges=False)
        _judge_again(matter, client, sent)
        for message in sent:
            _finish(matter, client, message)
        run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
        client.abort()
        client = owner.join()
        more = [p for p in fence(run, publisher, client, name) if p.qos]
        matter.judge(
            not more,
            "resent-after-acknowledgement",
            expected=Text("已确认的消息不重发", "nothing acknowledged comes again"),
            actual=said(more[0] if more else None),
        )
    publisher.leave()


def _handed(
    run: Run, publisher: Client, client: Client, name: str, qos: int
) -> list[Publish]:
    """Publish three messages; return them as the subscriber got them."""
    payloads = [b"first", b"second", b"third"]
    for payload in payloads:
        publish_or_stop(run, publisher, name, payload, qos=qos)
    gather(client, set(payloads))
    came, client.inbox = client.inbox, []
    sent = list({m.payload: m for m in reversed(came)}.values())[::-1]
    run.require(
        [m.payload for m in sent] == payloads and all(m.qos == qos for m in sent),
        "delivered",
        expected=Text("3 条消息依次送达", "3 messages in their order"),
        actual=count_of(len(sent)),
    )
    return sent


def _judge_again(matter: Matter, client: Client, sent: Sequence[Publish]) -> None:
    """Judge what comes again on a new connection."""
    came: dict[bytes, Publish] = {}
    due_payloads = [m.payload for m in sent]

    def is_last(packet: Packet) -> bool:
        if isinstance(packet, Publish) and packet.payload in due_payloads:
            came.setdefault(packet.payload, packet)
        return len(came) == len(sent)

    heard = client.until(is_last)
    client.inbox.clear()
    for message in sent:
        again = came.get(message.payload)
        due = Text(
            f"重发报文标识符 {message.packet_identifier} 的消息",
            f"message {message.packet_identifier} once more",
        )
        actual = said(again or heard)
        matter.judge(again, "not-resent", expected=due, actual=actual)
        assert again is not None
        same = again.packet_identifier == message.packet_identifier
        matter.judge(same, "other-identifier", expected=due, actual=actual)
        matter.judge(again.dup, "dup-not-set", expected=alike("DUP 1"), actual=actual)
    order = list(came)
    matter.judge(
        order == due_payloads,
        "resent-out-of-order",
        expected=alike(" ".join(p.decode() for p in due_payloads)),
        actual=alike(" ".join(p.decode("utf-8", "replace") for p in order)),
    )


def _finish(matter: Matter, client: Client, message: Publish) -> None:
    """Acknowledge a message to the end."""
    identifier = message.packet_identifier or 0
    if message.qos == 1:
        client.send(Puback(identifier))
        return
    client.send(Pubrec(identifier))
    _released(matter, client, identifier, "no-pubrel")
    client.send(Pubcomp(identifier))


def _released(matter: Matter, client: Client, identifier: int, key: str) -> None:
    """Judge whether PUBREL comes."""
    heard = client.answer_for(Pubrel, identifier)
    due = alike(f"PUBREL {identifier}")
    matter.judge(isinstance(heard, Pubrel), key, expected=due, actual=said(heard))


@check("mqtt.releases", actor="platform", params=JUDGES)
def releases(run: Run, *, judges: Sequence[str]) -> None:
    """PUBREC is answered by PUBREL, which comes again until PUBCOMP, and no PUBLISH.

    Procedure: with a kept session read a QoS 2 message, send PUBREC, read PUBREL; lose
    the connection and come back: PUBREL must come again and the message must not; send
    PUBCOMP and come back: nothing may come again.
    """
    matter, publisher, name = Matter(run, judges), connect(run), topic(run, "released")
    with Lasting(run, client_identifier=run.unique("released")) as owner:
        client = owner.join(acknowledges=False)
        subscribe_or_stop(run, client, (name, 2))
        publish_or_stop(run, publisher, name, b"x", qos=2)
        message = _only(run, client, 2)
        identifier = message.packet_identifier or 0
        client.send(Pubrec(identifier))
        _released(matter, client, identifier, "no-pubrel")
        # Repeats that crossed our PUBREC are not looked at; what comes from here on is.
        client.inbox.clear()
        after = [p for p in fence(run, publisher, client, name) if p.qos]
        client.abort()
        owner.session.received.clear()
        client = owner.join(acknowledges=False)
        _released(matter, client, identifier, "pubrel-not-resent")
        client.send(Pubcomp(identifier))
        after += [p for p in fence(run, publisher, client, name) if p.qos]
        client.abort()
        client = owner.join()
        after += [p for p in fence(run, publisher, client, name) if p.qos]
        matter.judge(
            not after,
            "publish-after-pubrel",
            expected=Text("不再发送该消息", "the message does not come again"),
            actual=said(after[0] if after else None),
        )
    publisher.leave()


def _only(run: Run, client: Client, qos: int) -> Publish:
    """Return the message that comes at a QoS; *inconclusive* if none does."""
    heard = client.until(lambda p: isinstance(p, Publish) and p.qos == qos)
    run.require(
        isinstance(heard, Publish),
        "delivered",
        expected=alike(f"PUBLISH QoS {qos}"),
        actual=said(heard),
    )
    assert isinstance(heard, Publish)
    client.inbox.clear()
    return heard


@check("mqtt.expiry_not_midway", actor="platform", waits=True)
def expiry_not_midway(run: Run) -> None:
    """A QoS 2 message that was sent does not expire before its exchange is complete.

    Procedure: a message with a Message Expiry Interval of one second is read and not
    answered until that has long passed; PUBREC must then be answered by PUBREL.
    """
    matter = Matter(run, ("no-pubrel",))
    publisher, name = connect(run), topic(run, "midway")
    client = connect(run, client_identifier=run.unique("midway"))
    client.acknowledges = False
    subscribe_or_stop(run, client, (name, 2))
    more = properties(message_expiry_interval=_EXPIRY_S)
    publish_or_stop(run, publisher, name, b"x", qos=2, properties=more)
    identifier = _only(run, client, 2).packet_identifier or 0
    run.wait(_EXPIRY_S * 2.5)
    client.send(Pubrec(identifier))
    _released(matter, client, identifier, "no-pubrel")
    client.send(Pubcomp(identifier))
    client.leave()
    publisher.leave()


@check(
    "mqtt.refusal_ends_delivery",
    actor="platform",
    params={"qos": {"type": "array", "items": {"enum": [1, 2]}, "default": [1, 2]}},
)
def refusal_ends_delivery(run: Run, *, qos: Sequence[int] = (1, 2)) -> None:
    """A message that the subscriber has refused is not sent again.

    Procedure: with a kept session answer a QoS 1 message by PUBACK, a QoS 2 message by
    PUBREC, with a reason code of failure; neither may come again on this connection nor
    on the next.
    """
    claimed = [level for level in qos if level <= qos_max(run)]
    for level in run.each(claimed, name=lambda q: f"QoS {q}"):
        publisher, name = connect(run), topic(run, "refused")
        with Lasting(run) as owner:
            client = owner.join(acknowledges=False)
            subscribe_or_stop(run, client, (name, level))
            publish_or_stop(run, publisher, name, b"x", qos=level)
            identifier = _only(run, client, level).packet_identifier or 0
            answer: Any = Puback if level == 1 else Pubrec
            client.send(answer(identifier, _NOT_AUTHORISED))
            client.ping()
            client.inbox.clear()  # what had crossed the refusal
            again = [p for p in fence(run, publisher, client, name) if p.qos]
            client.abort()
            owner.session.received.clear()
            client = owner.join()
            again += [p for p in fence(run, publisher, client, name) if p.qos]
            run.expect(
                not again,
                "resent-after-refusal",
                expected=Text("不再发送该消息", "the message does not come again"),
                actual=said(again[0] if again else None),
            )
        publisher.leave()


@check(
    "mqtt.receive_maximum_kept",
    actor="platform",
    params={
        **JUDGES,
        "maximum": {"type": "integer", "minimum": 1, "maximum": 20},
        "qos": {"enum": [1, 2], "default": 1},
    },
)
def receive_maximum_kept(
    run: Run, *, judges: Sequence[str], maximum: int, qos: int = 1
) -> None:
    """No more messages wait for their acknowledgement than the client takes at once.

    Procedure: a subscriber with the Receive Maximum acknowledges nothing while twice as
    many messages are published; with its window full it subscribes to another topic and
    pings, which must be answered.  Then it acknowledges; all must come.
    """
    matter, publisher, name = Matter(run, judges), connect(run), topic(run, "window")
    client = connect(
        run,
        client_identifier=run.unique("window"),
        properties=properties(receive_maximum=maximum),
    )
    client.acknowledges = False
    subscribe_or_stop(run, client, (name, qos))
    due = [b"%d" % number for number in range(2 * maximum)]
    for payload in due:
        publish_or_stop(run, publisher, name, payload, qos=qos)
    client.until(lambda _: len(client.inbox) >= maximum)
    heard = client.subscribe((name + "/other", qos))
    matter.judge(
        isinstance(heard, Suback),
        "held-back",
        expected=alike("SUBACK"),
        actual=said(heard),
    )
    pinged = client.ping()
    matter.judge(
        pinged, "held-back", expected=alike("PINGRESP"), actual=said(client.gone)
    )
    _judge_window(matter, client, maximum)
    _take_all(matter, client, due, maximum)
    client.leave()
    publisher.leave()


def _judge_window(matter: Matter, client: Client, most: int) -> None:
    """Judge how many messages have come, of those that may have come by now."""
    came = len(client.inbox)
    matter.judge(came, "nothing-sent", expected=alike("PUBLISH"), actual=SILENCE)
    matter.judge(
        came <= most, "over-quota", expected=count_of(most), actual=count_of(came)
    )


def _take_all(
    matter: Matter, client: Client, due: Sequence[bytes], maximum: int
) -> None:
    """Acknowledge one message after the other; judge the window and the end."""
    waiting = list(client.inbox)
    for _ in due:
        if not waiting:
            break
        _finish(matter, client, waiting.pop(0))
        known = len(client.inbox)
        if known < len(due):
            client.until(lambda _, n=known: len(client.inbox) > n)  # type: ignore[misc]
            waiting += client.inbox[known:]
        _judge_window(matter, client, maximum + len(client.inbox) - len(waiting))
    missing = set(due) - {m.payload for m in client.inbox}
    matter.judge(
        not missing,
        "quota-not-returned",
        expected=count_of(len(due)),
        actual=count_of(len(due) - len(missing)),
    )


@check("mqtt.highest_qos_of_overlaps", actor="platform")
def highest_qos_of_overlaps(run: Run) -> None:
    """Where filters overlap, a message comes at the highest QoS that they ask for.

    Procedure: three filters match one topic, each at another QoS, the highest first and
    last in turn; publish at the highest QoS up to a later message.  Further copies at a
    lower QoS are let pass.
    """
    highest, publisher = qos_max(run), connect(run)
    for place in run.each((0, 2), name=lambda n: ("first", "", "last")[n]):
        client, base = connect(run), topic(run, "overlap")
        levels = [min(1, highest), 0]
        levels.insert(place, highest)
        names = (f"{base}/a", f"{base}/+", f"{base}/#")
        for name, qos in zip(names, levels, strict=True):
            subscribe_or_stop(run, client, (name, qos))
        publish_or_stop(run, publisher, f"{base}/a", b"x", qos=highest)
        client.until(lambda p: isinstance(p, Publish) and p.qos == highest)
        came = [p for p in fence(run, publisher, client, f"{base}/b") if p.payload]
        client.leave()
        run.require(came, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        found = max(p.qos for p in came)
        run.expect(
            found == highest,
            "qos-lowered",
            expected=alike(f"PUBLISH {base}/a QoS {highest}"),
            actual=alike(f"QoS {found}"),
        )
    publisher.leave()
