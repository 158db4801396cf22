# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: what SUBSCRIBE and UNSUBSCRIBE do, in either version.

Absence is shown by a fence, as in ``checks.delivery``: the same publisher sends one
more message to a topic that the reader certainly has, and the reader reads up to that.
What only 5.0 lets a subscriber ask for is in ``checks.options``.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.8 to 3.11 of both.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import strategies
from conformance.protocols.mqtt.checks.delivery import (
    gather,
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    claims,
    connect,
    describe,
    keeping,
    qos_max,
    topic,
    version_of,
)
from conformance.protocols.mqtt.codec import (
    Pingreq,
    Pingresp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__ = ["before_fence", "fail_codes", "keeps_sessions", "unsubscribe_or_stop"]

_FAILURE = 0x80
_SERIES = 5
_FENCE = "fence"


def before_fence(
    run: Run, publisher: Client, reader: Client, name: str
) -> list[Publish]:
    """Publish one more message to a topic that is read; return what came before it.

    Fences of other readers are not told.
    """
    fence = run.unique(_FENCE).encode()
    publish_or_stop(run, publisher, name, fence)
    messages, reached = reader.messages_until(lambda m: m.payload == fence)
    run.require(reached, "fenced", expected=alike(f"PUBLISH {name}"), actual=SILENCE)
    return [m for m in messages if not m.payload.startswith(_FENCE.encode())]


def unsubscribe_or_stop(run: Run, client: Client, *filters: str) -> Unsuback:
    """Unsubscribe; *inconclusive* without an UNSUBACK."""
    heard = client.unsubscribe(*filters)
    run.require(
        isinstance(heard, Unsuback),
        "unsubscribed",
        expected=alike("UNSUBACK"),
        actual=describe(heard),
    )
    assert isinstance(heard, Unsuback)
    return heard


def keeps_sessions(run: Run) -> bool:
    """Return whether the declaration claims sessions that outlive a connection."""
    return claims(run, "PERSISTENT_SESSION" if version_of(run) == 4 else "SESSION")


def fail_codes(heard: object) -> bool:
    """Say whether a SUBACK refuses every filter."""
    return isinstance(heard, Suback) and min(heard.return_codes, default=0) >= _FAILURE


_JUDGES = {"judges": {"type": "array", "minItems": 1, "items": {"type": "string"}}}


@check("mqtt.replaces_subscription", actor="platform", params=_JUDGES)
def replaces_subscription(run: Run, *, judges: Sequence[str]) -> None:
    """A subscription with the same filter replaces the one before, without a gap.

    Procedure: store a retained message; subscribe at the highest QoS, then at QoS 0
    while a publisher sends a series; the retained message must come once more, all of
    the series must come, and a message after the second SUBACK once and at QoS 0.
    """
    name, highest = topic(run, "replaced"), qos_max(run)
    publisher, reader = connect(run), connect(run)
    has_retained = claims(run, "RETAIN")
    if has_retained:
        publish_or_stop(run, publisher, name, b"kept", qos=min(1, highest), retain=True)
    try:
        subscribe_or_stop(run, reader, (name, highest))
        if has_retained:
            got = one(reader, b"kept")
            run.require(got, "stored", expected=alike("PUBLISH"), actual=SILENCE)
        reader.inbox.clear()
        _series(run, publisher, name, range(_SERIES))
        subscribe_or_stop(run, reader, (name, 0))
        _series(run, publisher, name, range(_SERIES, 2 * _SERIES))
        publish_or_stop(run, publisher, name, b"after", qos=highest)
        # Of different QoS a later message may overtake: presence is waited for.
        gather(reader, {b"after", *(b"%d" % n for n in range(2 * _SERIES))})
        messages = before_fence(run, publisher, reader, name)
        if has_retained and "retained-not-again" in judges:
            _came_again(run, reader, messages)
    finally:
        if has_retained:
            publisher.publish(name, b"", retain=True)
    publisher.leave()
    reader.leave()
    _judge_replaced(run, judges, messages)


def _series(run: Run, publisher: Client, name: str, numbers: range) -> None:
    for number in numbers:
        publish_or_stop(run, publisher, name, b"%d" % number, qos=min(1, qos_max(run)))


def _came_again(run: Run, reader: Client, messages: list[Publish]) -> None:
    again = any(m.payload == b"kept" for m in messages) or one(reader, b"kept")
    run.expect(
        again,
        "retained-not-again",
        expected=Text("再次收到保留消息", "the retained message once more"),
        actual=SILENCE,
    )


def _judge_replaced(
    run: Run, judges: Sequence[str], messages: Sequence[Publish]
) -> None:
    got = {m.payload for m in messages}
    lost = [n for n in range(2 * _SERIES) if b"%d" % n not in got]
    after = [m for m in messages if m.payload == b"after"]
    run.require(after, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    found = (
        (
            "two-copies",
            len(after) == 1,
            count_of(1),
            count_of(len(after)),
        ),
        (
            "old-qos",
            all(m.qos == 0 for m in after),
            alike("PUBLISH QoS 0"),
            alike(f"PUBLISH QoS {max(m.qos for m in after)}"),
        ),
        (
            "lost",
            not lost,
            Text(f"{2 * _SERIES} 条消息全部送达", f"all {2 * _SERIES} messages"),
            Text(f"缺第 {lost} 条", f"without numbers {lost}"),
        ),
    )
    for key, met, expected, actual in found:
        if key in judges:
            run.expect(met, key, expected=expected, actual=actual)


@check(
    "mqtt.many_filters_like_one",
    actor="platform",
    params={"packet": {"enum": ["SUBSCRIBE", "UNSUBSCRIBE"]}},
)
def many_filters_like_one(run: Run, *, packet: str) -> None:
    """Several filters in one packet do what several packets do, with one answer.

    Procedure: subscribe to several filters, in one packet for SUBSCRIBE, and publish to
    a topic that each matches; for UNSUBSCRIBE drop them all in one packet and publish
    again.  Up to the next PINGRESP one answer must come.  Then generated lists.
    """
    wildcards = claims(run, "WILDCARD")

    def body(filters: list[tuple[str, int]]) -> None:
        base = topic(run, "many")
        names = [f"{base}/{name}" for name, _ in filters]
        reader, publisher = connect(run), connect(run)
        subscribe_or_stop(run, reader, (f"{base}-fence", 0))
        if packet == "SUBSCRIBE":
            _one_answer(run, reader, packet, names)
        else:
            for name in names:
                subscribe_or_stop(run, reader, (name, 0))
            _one_answer(run, reader, packet, names)
        _each_has_effect(run, publisher, reader, base, names, packet)
        reader.leave()
        publisher.leave()

    known = [("a", 0), ("b/c", 1), ("", 2)]
    with run.step("several"):
        body(known)
    run.for_all(lambda: strategies.filter_lists(wildcards=wildcards), body, examples=10)


def _one_answer(run: Run, client: Client, packet: str, names: Sequence[str]) -> None:
    identifier = client.session.identifier()
    asks = packet == "SUBSCRIBE"
    kind = Suback if asks else Unsuback
    pairs = tuple((name, 0) for name in names)
    client.send(
        Subscribe(identifier, pairs) if asks else Unsubscribe(identifier, tuple(names))
    )
    first = client.answer_for(kind, identifier)
    run.require(
        isinstance(first, kind),
        "answered",
        expected=alike(kind.__name__.upper()),
        actual=describe(first),
    )
    answers = 1

    def is_fence(heard: object) -> bool:
        nonlocal answers
        answers += isinstance(heard, kind)
        return isinstance(heard, Pingresp)

    client.send(Pingreq())
    fence = client.until(is_fence)
    run.require(
        isinstance(fence, Pingresp),
        "alive",
        expected=alike("PINGRESP"),
        actual=describe(fence),
    )
    run.expect(
        answers == 1, "several-answers", expected=count_of(1), actual=count_of(answers)
    )


def _each_has_effect(
    run: Run,
    publisher: Client,
    reader: Client,
    base: str,
    names: Sequence[str],
    packet: str,
) -> None:
    for number, name in enumerate(names):
        concrete = name.replace("+", "x").replace("#", "y")
        publish_or_stop(run, publisher, concrete, b"%d" % number)
    messages = before_fence(run, publisher, reader, f"{base}-fence")
    for number, name in enumerate(names):
        payload = b"%d" % number
        came = any(m.payload == payload for m in messages)
        if packet == "SUBSCRIBE":
            came = came or one(reader, payload) is not None
            run.expect(
                came,
                "filter-without-effect",
                expected=alike(f"{name}: PUBLISH"),
                actual=SILENCE,
            )
        else:
            run.expect(
                not came,
                "filter-without-effect",
                expected=Text(f"{name} 不再有消息", f"no more messages of {name}"),
                actual=alike("PUBLISH"),
            )


@check("mqtt.delivers_at_lower_qos", actor="platform")
def delivers_at_lower_qos(run: Run) -> None:
    """A message comes at the lower of its own QoS and the one granted.

    Procedure: for each QoS that is asked for and each QoS of a message, publish and
    compare; what was granted is what SUBACK says.
    """
    highest, publisher = qos_max(run), connect(run)
    pairs = [(a, b) for a in range(highest + 1) for b in range(highest + 1)]
    for asked, sent in run.each(pairs, name=lambda p: f"{p[0]}-{p[1]}"):
        name, reader = topic(run, "lower"), connect(run)
        granted = subscribe_or_stop(run, reader, (name, asked)).return_codes[0]
        publish_or_stop(run, publisher, name, b"lower", qos=sent)
        got = one(reader, b"lower")
        reader.leave()
        run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        assert got is not None
        run.expect(
            got.qos == min(granted, sent),
            "other-qos",
            expected=alike(f"PUBLISH QoS {min(granted, sent)}"),
            actual=alike(f"PUBLISH QoS {got.qos}"),
        )
    publisher.leave()


@check("mqtt.unsubscribes_exact_filters", actor="platform")
def unsubscribes_exact_filters(run: Run) -> None:
    """UNSUBSCRIBE drops the filter that is the same character by character.

    Procedure: subscribe to two filters; drop filters that match the same topics or
    differ in a character only, after which both must still work; drop one of the two,
    after which the other must still work and the dropped one must not.
    """
    base = topic(run, "exact")
    kept, dropped = f"{base}/a/b", f"{base}/c"
    likes = [f"{base}/a/B", f"{base}/a/b/", f"{base}/a", f"{base}//c", f"{base}/c/"]
    if claims(run, "WILDCARD"):
        likes += [f"{base}/#", f"{base}/+/b", f"{base}/+"]
    reader, publisher = connect(run), connect(run)
    subscribe_or_stop(run, reader, (kept, 0), (dropped, 0))
    unsubscribe_or_stop(run, reader, *likes)
    for name in run.each([dropped, kept], name=lambda n: n.rpartition("/")[2]):
        publish_or_stop(run, publisher, name, b"still")
        still = one(reader, b"still")
        reader.inbox.clear()
        run.expect(
            still,
            "deleted-another",
            expected=Text(f"{name} 仍有消息", f"messages of {name}"),
            actual=SILENCE,
        )
    unsubscribe_or_stop(run, reader, dropped)
    publish_or_stop(run, publisher, dropped, b"gone")
    came = any(m.payload == b"gone" for m in before_fence(run, publisher, reader, kept))
    reader.leave()
    publisher.leave()
    run.expect(
        not came,
        "not-deleted",
        expected=Text(f"{dropped} 不再有消息", f"no more messages of {dropped}"),
        actual=alike("PUBLISH"),
    )


@check("mqtt.completes_after_unsubscribe", actor="platform")
def completes_after_unsubscribe(run: Run) -> None:
    """A delivery that has begun is completed although its filter is dropped.

    Procedure: read a message and do not acknowledge it; unsubscribe; at QoS 2 the late
    PUBREC must be followed by PUBREL; at QoS 1, if sessions are kept, break off and
    come back: the message must come once more.
    """
    publisher = connect(run)
    levels = [1] if keeps_sessions(run) else []
    levels += [2] if claims(run, "QOS2") else []
    run.require(
        levels,
        "neither",
        expected=Text("QoS 2 或持久会话", "QoS 2 or sessions that are kept"),
        actual=Text("未声明", "not declared"),
    )
    for qos in run.each(levels, name=lambda n: f"QoS {n}"):
        name, fields = topic(run, "begun"), keeping(run) if qos == 1 else {}
        reader = connect(run, **fields)
        reader.acknowledges = False
        subscribe_or_stop(run, reader, (name, qos))
        publish_or_stop(run, publisher, name, b"begun", qos=qos)
        got = one(reader, b"begun")
        run.require(
            got and got.qos == qos, "begun", expected=alike("PUBLISH"), actual=SILENCE
        )
        assert got is not None
        unsubscribe_or_stop(run, reader, name)
        if qos == 2:
            reader.send(Pubrec(got.packet_identifier or 0))
            heard = reader.answer_for(Pubrel, got.packet_identifier or 0)
            reader.leave()
            done = isinstance(heard, Pubrel)
        else:
            reader.abort()
            back = connect(run, client_identifier=reader.identifier, **fields)
            done = one(back, b"begun") is not None
            heard = back.gone
            back.leave()
            connect(run, client_identifier=reader.identifier).leave()
        run.expect(
            done,
            "not-completed",
            expected=alike("PUBREL" if qos == 2 else "PUBLISH DUP"),
            actual=describe(heard),
        )
    publisher.leave()


@check("mqtt.rejects_wildcards", actor="platform")
def rejects_wildcards(run: Run) -> None:
    """A server without wildcards rejects filters that have them.

    Procedure: subscribe to a filter with each wildcard; SUBACK must refuse it, or the
    server close; both are a rejection.
    """
    for last in run.each(["+", "#"]):
        client = connect(run)
        heard = client.subscribe((f"{topic(run, 'wild')}/{last}", 0))
        rejected = fail_codes(heard) or isinstance(heard, Gone)
        client.leave()
        run.expect(
            rejected,
            "granted",
            expected=Text(
                "SUBACK 返回失败，或关闭连接", "a refusing SUBACK, or a close"
            ),
            actual=describe(heard),
        )
