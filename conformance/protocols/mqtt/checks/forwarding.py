# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers of 5.0: what of a message passes through them unchanged.

Properties are compared between what was published and what a subscriber got: handed on
at once, kept for a session that was away, kept as a retained message.  Topic aliases,
expiry and subscription identifiers follow.  What one procedure shows serves several
requirements: ``judges`` names the deviations that are a requirement's own.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.3.2.3, 3.3.4 and 4.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import strategies
from conformance.protocols.mqtt.checks.delivery import (
    gather,
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import claims, connect, qos_max, topic
from conformance.protocols.mqtt.codec import (
    Properties,
    Publish,
    properties,
    value_of,
    values_of,
)
from conformance.protocols.mqtt.codec.properties import Value
from conformance.protocols.mqtt.flows import (
    JUDGES,
    Lasting,
    Matter,
    fence,
    keeps_sessions,
    said,
)
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__: list[str] = []

_KNOWN: Mapping[str, Sequence[Any]] = {
    "payload_format_indicator": [1],
    "response_topic": ["luheng/answers/1", "回复/水位"],
    "correlation_data": [b"\x00\x01\xff", b"", b"x" * 200],
    "content_type": ["application/json", "", "文本/纯"],
    "user_property": [
        [("a", "1"), ("b", "2"), ("a", "1"), ("a", "0")],
        [("", "")],
        [("站", "水位"), ("A", ""), ("", "A")],
    ],
}
"""Values that every run sends: repeated names and empty strings among them."""


@check(
    "mqtt.forwards",
    actor="platform",
    params={**JUDGES, "property": {"enum": sorted(_KNOWN)}},
)
def forwards(run: Run, *, judges: Sequence[str], property: str) -> None:
    """A property of a message reaches its subscribers as it came.

    Procedure: publish known values, then generated ones, to a subscriber that is there;
    publish the known ones also to a session that is away and as retained messages.
    """
    matter = Matter(run, judges)
    for value in run.each(_KNOWN[property], name=repr):
        for way in _ways(run):
            _judge_property(matter, property, value, way)

    def body(value: Any) -> None:
        _judge_property(matter, property, _paired(value), _at_once)

    if property != "payload_format_indicator":
        run.for_all(lambda: _values(property), body, examples=30)


_Way = Callable[[Run, str, Properties], Publish | None]
"""How a message gets from publisher to subscriber; given the topic and properties."""


def _ways(run: Run) -> list[_Way]:
    found: list[_Way] = [_at_once]
    if keeps_sessions(run) and claims(run, "QOS1"):
        found.append(_while_away)
    if claims(run, "RETAIN"):
        found.append(_as_retained)
    return found


def _at_once(run: Run, name: str, more: Properties) -> Publish | None:
    client = connect(run)
    subscribe_or_stop(run, client, (name, 1))
    publish_or_stop(run, client, name, b"x", qos=min(1, qos_max(run)), properties=more)
    got = one(client, b"x")
    client.leave()
    return got


def _while_away(run: Run, name: str, more: Properties) -> Publish | None:
    publisher = connect(run)
    with Lasting(run) as owner:
        client = owner.join()
        subscribe_or_stop(run, client, (name, 1))
        client.leave()
        publish_or_stop(run, publisher, name, b"x", qos=1, properties=more)
        got = one(owner.join(), b"x")
    publisher.leave()
    return got


def _as_retained(run: Run, name: str, more: Properties) -> Publish | None:
    publisher, client = connect(run), connect(run)
    publish_or_stop(
        run,
        publisher,
        name,
        b"x",
        qos=min(1, qos_max(run)),
        retain=True,
        properties=more,
    )
    subscribe_or_stop(run, client, (name, 1))
    got = one(client, b"x")
    publish_or_stop(run, publisher, name, b"", qos=min(1, qos_max(run)), retain=True)
    publisher.leave()
    client.leave()
    return got


def _judge_property(matter: Matter, property: str, value: Any, way: _Way) -> None:
    run = matter.run
    sent = properties(**{property: value})
    got = way(run, topic(run, "forwarded"), sent)
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    assert got is not None
    wanted: list[Value] = [found for _, found in sent]
    came = list(values_of(got.properties, property))
    due, actual = alike(repr(wanted)), alike(repr(came))
    same = sorted(map(repr, came)) == sorted(map(repr, wanted))
    matter.judge(came, "missing", expected=due, actual=actual)
    matter.judge(same, "altered", expected=due, actual=actual)
    matter.judge(came == wanted, "reordered", expected=due, actual=actual)


def _values(property: str) -> SearchStrategy[Any]:
    """Return values of a property that a client may send."""
    from hypothesis import strategies as st

    text = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")), max_size=12)
    return {
        "response_topic": strategies.names().filter(bool),
        "correlation_data": strategies.payloads(),
        "content_type": text,
        "user_property": st.lists(
            st.tuples(text, text).map(list), min_size=1, max_size=6
        ),
    }[property]


def _paired(value: Any) -> Any:
    """Return a generated value as properties have it: pairs are tuples."""
    if isinstance(value, list):
        return [tuple(pair) for pair in value]
    return value


@check("mqtt.aliases_accepted", actor="platform")
def aliases_accepted(run: Run) -> None:
    """Every topic alias from 1 to the announced maximum stands for its topic.

    Procedure: read the Topic Alias Maximum in CONNACK; for its bounds and its middle
    publish with topic and alias, then with the alias alone; both must arrive under the
    topic.  Then one alias is given another topic.
    """
    client, base = connect(run), topic(run, "alias")
    most = value_of(client.connack.properties, "topic_alias_maximum") or 0
    run.require(
        most,
        "announced",
        expected=Text("CONNACK 给出主题别名最大值", "a Topic Alias Maximum in CONNACK"),
        actual=alike(f"Topic Alias Maximum {most}"),
    )
    subscribe_or_stop(run, client, (f"{base}/#", 0))
    steps = [(alias, f"{base}/{alias}") for alias in sorted({1, (most + 1) // 2, most})]
    steps.append((most, f"{base}/moved"))
    for alias, name in run.each(steps, name=lambda s: f"{s[0]} {s[1][len(base) :]}"):
        for shown in (name, ""):
            payload = f"{alias} {name} {shown}".encode()
            more = properties(topic_alias=alias)
            client.send(Publish(shown, payload, properties=more))
            got = one(client, payload)
            run.expect(
                got and got.topic_name == name,
                "alias-not-accepted",
                expected=alike(f"PUBLISH {name}; Topic Alias {alias} ≤ {most}"),
                actual=said(got or client.farewell or client.gone),
            )
    client.leave()


@check("mqtt.aliases_forgotten", actor="platform")
def aliases_forgotten(run: Run) -> None:
    """A topic alias means nothing on the next connection.

    Procedure: with a kept session publish with topic and alias; connect again; publish
    with the alias alone, which may end the connection; a subscriber up to a later
    message must not get it under the old topic.
    """
    subscriber, publisher, name = connect(run), connect(run), topic(run, "unaliased")
    subscribe_or_stop(run, subscriber, (name, 0))
    more = properties(topic_alias=1)
    with Lasting(run) as owner:
        client = owner.join()
        most = value_of(client.connack.properties, "topic_alias_maximum") or 0
        run.require(
            most, "announced", expected=alike("Topic Alias Maximum"), actual=alike("0")
        )
        client.send(Publish(name, b"named", properties=more))
        got = one(subscriber, b"named")
        run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        client.leave()
        client = owner.join()
        client.send(Publish("", b"stale", properties=more))
        client.ping()
        came = fence(run, publisher, subscriber, name)
    subscriber.leave()
    publisher.leave()
    stale = [m for m in came if m.payload == b"stale"]
    run.expect(
        not stale,
        "alias-remembered",
        expected=Text("不送达", "not delivered"),
        actual=said(stale[0] if stale else None),
    )


@check(
    "mqtt.expires",
    actor="platform",
    waits=True,
    params={"retained": {"type": "boolean"}},
)
def expires(run: Run, *, retained: bool) -> None:
    """A message whose Message Expiry Interval has passed is not sent on.

    Procedure: one message expires after a second, one after ten minutes; both wait
    longer than a second, for a session that is away or as retained messages; then the
    second must come and the first must not.
    """
    publisher, base = connect(run), topic(run, "expiring")
    names = {b"short": f"{base}/expiring", b"long": f"{base}/lasting"}
    with Lasting(run) as owner:
        client = owner.join()
        if not retained:
            subscribe_or_stop(run, client, (f"{base}/+", 1))
        client.leave()
        for payload, seconds in ((b"short", 1), (b"long", 600)):
            more = properties(message_expiry_interval=seconds)
            publish_or_stop(
                run, publisher, names[payload], payload,
                qos=1, retain=retained, properties=more,
            )  # fmt: skip
        run.wait(2.5)
        client = owner.join()
        subscribe_or_stop(run, client, (f"{base}/+", 1))
        gather(client, {b"long"})
        came = fence(run, publisher, client, f"{base}/fence")
        if retained:
            for name in names.values():
                publish_or_stop(run, publisher, name, b"", qos=1, retain=True)
    publisher.leave()
    got = {m.payload for m in came}
    run.require(
        b"long" in got, "delivered", expected=alike("PUBLISH 'long'"), actual=SILENCE
    )
    run.expect(
        b"short" not in got,
        "expired-delivered",
        expected=Text("过期的消息不送达", "what has expired is not delivered"),
        actual=alike(f"PUBLISH {names[b'short']} 'short'"),
    )


@check("mqtt.expiry_counts_down", actor="platform", waits=True)
def expiry_counts_down(run: Run) -> None:
    """The Message Expiry Interval that is sent on is less by the time of waiting.

    Procedure: a message with an interval of ten minutes waits three seconds for a
    session that is away.  One second either way is tolerated, as the text tells neither
    how to round nor where the clock starts; more than was received is not.
    """
    given_s, publisher, name = 600, connect(run), topic(run, "counted")
    with Lasting(run) as owner:
        client = owner.join()
        subscribe_or_stop(run, client, (name, 1))
        client.leave()
        sent_ns = run.now_ns
        more = properties(message_expiry_interval=given_s)
        publish_or_stop(run, publisher, name, b"x", qos=1, properties=more)
        taken_ns = run.now_ns
        run.wait(3.0)
        waited_ns = run.now_ns - taken_ns
        got = one(owner.join(), b"x")
        at_most_ns = run.now_ns - sent_ns
    publisher.leave()
    run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
    assert got is not None
    left = value_of(got.properties, "message_expiry_interval")
    low = given_s - at_most_ns // 10**9 - 2
    high = given_s - waited_ns // 10**9 + 1
    due = alike(f"Message Expiry Interval {low} … {high}")
    actual = alike(f"Message Expiry Interval {left}")
    run.expect(left is not None, "interval-missing", expected=due, actual=actual)
    run.expect(left <= high, "interval-not-reduced", expected=due, actual=actual)
    run.expect(left >= low, "interval-too-low", expected=due, actual=actual)


@check("mqtt.subscription_identifiers", actor="platform", params=JUDGES)
def subscription_identifiers(run: Run, *, judges: Sequence[str]) -> None:
    """A message carries the identifiers of the subscriptions that brought it.

    Procedure: one subscription with an identifier; then three that overlap, of which
    one has none; every copy of a message up to a later one is looked at.
    """
    matter = Matter(run, judges)
    publisher = connect(run)
    wildcards = claims(run, "WILDCARD")
    for step in run.each(["one", "overlapping"] if wildcards else ["one"]):
        client, base = connect(run), topic(run, "marked")
        asked: Mapping[str, int] = {f"{base}/a": 268_435_455}
        if step == "overlapping":
            asked = {f"{base}/a": 1, f"{base}/+": 0, f"{base}/#": 7}
        for name, number in asked.items():
            more = properties(subscription_identifier=number) if number else ()
            subscribe_or_stop(run, client, (name, 1), properties=more)
        publish_or_stop(run, publisher, f"{base}/a", b"x", qos=min(1, qos_max(run)))
        gather(client, {b"x"})
        # The fence must not be what is judged: it comes by another subscription.
        subscribe_or_stop(run, client, (f"{base}-fence", 0))
        came = fence(run, publisher, client, f"{base}-fence")
        copies = [m for m in came if m.payload == b"x"]
        due = {number for number in asked.values() if number}
        if not due <= _carried(copies):
            # The text orders nothing between copies: one may come after the fence.
            client.until(lambda _, c=client, d=due: d <= _carried(c.inbox))  # type: ignore[misc]
            copies += [m for m in client.inbox if m.payload == b"x"]
        run.require(copies, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        if step == "overlapping" and "identifier-of-another" in judges:
            run.require(
                len(copies) > 1,
                "several-copies",
                expected=Text("送达多份", "several copies"),
                actual=count_of(1),
            )
        _judge_identifiers(matter, due, copies)
        client.leave()
    publisher.leave()


def _carried(copies: Sequence[Publish]) -> set[Any]:
    """Return the subscription identifiers of all copies."""
    every = (values_of(m.properties, "subscription_identifier") for m in copies)
    return {number for found in every for number in found}


def _judge_identifiers(
    matter: Matter, due: set[int], copies: Sequence[Publish]
) -> None:
    carried = [values_of(m.properties, "subscription_identifier") for m in copies]
    told = alike("; ".join(" ".join(map(str, found)) or "—" for found in carried))
    every = [number for found in carried for number in found]
    expected = alike(" ".join(map(str, sorted(due))))
    matter.judge(
        set(every) <= due, "identifier-foreign", expected=expected, actual=told
    )
    if len(copies) == 1:
        matter.judge(
            set(every) == due, "identifiers-incomplete", expected=expected, actual=told
        )
    else:
        single = all(len(found) <= 1 for found in carried)
        matter.judge(
            single and len(every) == len(set(every)),
            "identifier-of-another",
            expected=Text(
                f"每份各带自己的标识符（{expected.zh}）",
                f"each copy with its own of {expected.en}",
            ),
            actual=told,
        )
    matter.judge(
        due <= set(every), "identifier-missing", expected=expected, actual=told
    )
