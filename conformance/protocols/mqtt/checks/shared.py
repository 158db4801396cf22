# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers of 5.0: subscriptions that several sessions share.

Which session gets a message is the server's choice, so each procedure looks for the
one that did.  Publishing goes on at QoS 1 or 2, where nothing may be lost.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clause 4.8.2.
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
from conformance.protocols.mqtt.checks.subscribing import before_fence
from conformance.protocols.mqtt.client import (
    Client,
    connect,
    keeping,
    qos_max,
    topic,
)
from conformance.protocols.mqtt.codec import Puback, Publish
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__: list[str] = []

_MESSAGES = 8
_REFUSED = 0x80


class _Group:
    """Clients that share one subscription, and one that publishes to it."""

    def __init__(
        self,
        run: Run,
        grants: Sequence[int],
        *,
        kept: bool = False,
        flows: bool = True,
        name: str = "shared",
    ) -> None:
        self.run = run
        base = topic(run, name)
        self.name, self.fence = base, f"{base}-fence"
        share = f"$share/{run.unique('group')}/{base}"
        self.publisher = connect(run)
        self.members: list[Client] = []
        self.grants: list[int] = []
        for qos in grants:
            member = connect(run, **(keeping(run) if kept else {}))
            member.acknowledges = flows
            heard = subscribe_or_stop(run, member, (share, qos), (self.fence, 0))
            self.members.append(member)
            self.grants.append(heard.return_codes[0])

    def publish(self, payload: bytes, qos: int) -> None:
        publish_or_stop(self.run, self.publisher, self.name, payload, qos=qos)

    def before_fence(self) -> list[list[Publish]]:
        """Return what each member has got up to a message that all get."""
        return [
            before_fence(self.run, self.publisher, m, self.fence) for m in self.members
        ]

    def chosen(self, payload: bytes) -> int:
        """Return which member has got a message; *inconclusive* if none."""
        found = self.before_fence()
        for number, messages in enumerate(found):
            self.members[number].inbox += messages
        for number, member in enumerate(self.members):
            if any(m.payload == payload for m in member.inbox):
                return number
        for number, member in enumerate(self.members):
            if one(member, payload):
                return number
        self.run.require(False, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        raise AssertionError

    def leave(self) -> None:
        for client in (*self.members, self.publisher):
            client.leave()


@check("mqtt.shared_once", actor="platform")
def shared_once(run: Run) -> None:
    """Each message reaches one of the sessions that share, and only one.

    Procedure: three clients share; publish a series; read at each up to a message that
    all get, and wait for those of the series that nobody has got.
    """
    group, qos = _Group(run, [1, 1, 1]), min(1, qos_max(run))
    for number in range(_MESSAGES):
        group.publish(b"%d" % number, qos)
    for member, messages in zip(group.members, group.before_fence(), strict=True):
        member.inbox = messages
    due = {b"%d" % number for number in range(_MESSAGES)}
    for payload in due - {m.payload for c in group.members for m in c.inbox}:
        any(one(member, payload) for member in group.members)
    got = [m.payload for c in group.members for m in c.inbox if not m.dup]
    group.leave()
    lost = sorted(p.decode() for p in due - {*got})
    most = max(map(got.count, due))
    run.expect(
        not lost,
        "lost",
        expected=Text(f"{_MESSAGES} 条消息全部送达", f"all {_MESSAGES} messages"),
        actual=Text(f"缺第 {lost} 条", f"without numbers {lost}"),
    )
    run.expect(most <= 1, "several", expected=count_of(1), actual=count_of(most))


@check("mqtt.shared_not_retained", actor="platform")
def shared_not_retained(run: Run) -> None:
    """No retained message is sent because of a shared subscription.

    Procedure: store a retained message and see that it is stored; subscribe shared; a
    message to all must come without the retained one before it.
    """
    base = topic(run, "unretained")
    publisher, reader = connect(run), connect(run)
    publish_or_stop(run, publisher, base, b"kept", retain=True)
    try:
        subscribe_or_stop(run, publisher, (base, 0))
        stored = one(publisher, b"kept")
        run.require(stored, "stored", expected=alike("PUBLISH"), actual=SILENCE)
        share = f"$share/{run.unique('group')}/{base}"
        subscribe_or_stop(run, reader, (share, 0), (f"{base}-fence", 0))
        messages = before_fence(run, publisher, reader, f"{base}-fence")
    finally:
        publisher.publish(base, b"", retain=True)
    publisher.leave()
    reader.leave()
    run.expect(
        all(m.payload != b"kept" for m in messages),
        "retained-sent",
        expected=Text("没有保留消息", "no retained message"),
        actual=Text("收到保留消息", "the retained message"),
    )


@check("mqtt.shared_qos", actor="platform")
def shared_qos(run: Run) -> None:
    """A message comes at a QoS that the chosen client was granted.

    Procedure: clients share with a QoS of their own each; publish a series at the
    highest; each must come at no more than the QoS of the one that has got it.
    """
    highest = qos_max(run)
    group = _Group(run, [*range(highest + 1)] * 2)
    for number in range(_MESSAGES):
        group.publish(b"%d" % number, highest)
    found = group.before_fence()
    group.leave()
    run.require(any(found), "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    for granted, messages in zip(group.grants, found, strict=True):
        for message in (m for m in messages if m.topic_name == group.name):
            due = min(granted, highest)
            run.expect(
                message.qos == due,
                "other-qos",
                expected=alike(f"PUBLISH QoS {due}"),
                actual=alike(f"PUBLISH QoS {message.qos}"),
            )


@check("mqtt.shared_refused", actor="platform")
def shared_refused(run: Run) -> None:
    """A message that the chosen client refuses is tried with no other.

    Procedure: two clients share; the one that gets the message answers with a PUBACK of
    reason code 0x80; up to a later message to all it must come to nobody again.
    """
    group = _Group(run, [1, 1], flows=False)
    group.publish(b"refused", 1)
    chosen = group.members[group.chosen(b"refused")]
    message = next(m for m in chosen.inbox if m.payload == b"refused")
    run.require(
        message.qos == 1,
        "at-qos-1",
        expected=alike("PUBLISH QoS 1"),
        actual=alike(f"PUBLISH QoS {message.qos}"),
    )
    before = sum(m.payload == b"refused" for c in group.members for m in c.inbox)
    run.require(before == 1, "once", expected=count_of(1), actual=count_of(before))
    chosen.send(Puback(message.packet_identifier or 0, _REFUSED))
    run.require(chosen.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    times = sum(m.payload == b"refused" for got in group.before_fence() for m in got)
    group.leave()
    run.expect(
        times == 1,
        "sent-again",
        expected=count_of(1),
        actual=count_of(times),
    )


@check(
    "mqtt.shared_after_loss",
    actor="platform",
    params={"comes_back": {"type": "boolean"}},
)
def shared_after_loss(run: Run, *, comes_back: bool) -> None:
    """What becomes of a QoS 2 message whose client breaks off before it answers.

    Procedure: two clients share; the one that gets the message breaks off without an
    answer.  If it comes back to its session, the message must come to it once more; if
    its session ends, to nobody else.
    """
    group = _Group(run, [2, 2], kept=comes_back, flows=False)
    group.publish(b"begun", 2)
    number = group.chosen(b"begun")
    chosen, other = group.members[number], group.members[1 - number]
    first = next(m for m in chosen.inbox if m.payload == b"begun")
    run.require(
        first.qos == 2,
        "at-qos-2",
        expected=alike("PUBLISH QoS 2"),
        actual=alike(f"PUBLISH QoS {first.qos}"),
    )
    other.inbox.clear()
    chosen.abort()
    if comes_back:
        back = connect(run, client_identifier=chosen.identifier, **keeping(run))
        met, key = one(back, b"begun") is not None, "not-completed"
        back.leave()
    # A new session under the identifier: the old one has certainly ended.
    connect(run, client_identifier=chosen.identifier).leave()
    if not comes_back:
        messages = before_fence(run, group.publisher, other, group.fence)
        met, key = all(m.payload != b"begun" for m in messages), "sent-to-another"
    group.leave()
    connect(run, client_identifier=other.identifier).leave()
    run.expect(
        met,
        key,
        expected=Text(
            "会话恢复后重发给该客户端，会话结束则不再发送",
            "it comes again to that client, and to nobody once its session has ended",
        ),
        actual=SILENCE if comes_back else alike("PUBLISH QoS 2"),
    )


@check("mqtt.shared_passed_on", actor="platform")
def shared_passed_on(run: Run) -> None:
    """A QoS 1 message that is lost with the session of its client goes to another.

    Procedure: two clients share, whose sessions end with their connections; the one
    that gets the message breaks off without an answer.  Once a new session under its
    identifier shows that the old one has ended, the other must get the message.
    """
    group = _Group(run, [1, 1], flows=False, name="handed-on")
    group.publish(b"begun", 1)
    number = group.chosen(b"begun")
    chosen, other = group.members[number], group.members[1 - number]
    first = next(m for m in chosen.inbox if m.payload == b"begun")
    run.require(
        first.qos == 1,
        "at-qos-1",
        expected=alike("PUBLISH QoS 1"),
        actual=alike(f"PUBLISH QoS {first.qos}"),
    )
    other.inbox.clear()
    chosen.abort()
    connect(run, client_identifier=chosen.identifier).leave()
    other.inbox = before_fence(run, group.publisher, other, group.fence)
    found = one(other, b"begun")
    group.leave()
    run.expect(
        found,
        "not-passed-on",
        expected=Text("消息发送给另一个共享订阅者", "the message at the other client"),
        actual=SILENCE,
    )
