# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: which wills are published, when, and how often.

A subscriber listens on a topic of the check's own before the client with the will is
there.  That no will comes is shown by a fence: the message of a client that took over
the identifier, so that the server has done with the older connection.  In 5.0 a will
can be delayed; the text sets no limit to the server's lateness, the declared answer
time does.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1.2.5 to 3.1.2.7; MQTT
Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.5 to 3.1.2.7 and 3.1.3.2.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt.checks.delivery import (
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    Client,
    answer_timeout_s,
    claims,
    connect,
    describe,
    is_alive,
    keeping,
    qos_max,
    topic,
)
from conformance.protocols.mqtt.codec import (
    Disconnect,
    Publish,
    properties,
    values_of,
)
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__: list[str] = []

_WILL = b"gone"
_FENCE = b"fence"
_WITH_WILL = 0x04
"""Reason code of a DISCONNECT that has the will published all the same (3.14.2.1)."""
_MARGIN_S = 2.0
"""How long after its delay a will that is not cancelled surely is due."""
_NS = 1_000_000_000


@check("mqtt.will_once", actor="platform")
def will_once(run: Run) -> None:
    """A will that has been published is gone from the session.

    Procedure: a client with a will breaks off, the will comes; a client under the same
    identifier without a will breaks off too.  The will must not come again.  All of it
    is at QoS 2, or at 0 where the server has no such: at QoS 1 one will may come twice.
    """
    name, identifier = topic(run, "will-once"), run.unique("lh")
    qos = 2 if qos_max(run) == 2 else 0
    subscriber = _listener(run, name, qos)
    given: dict[str, Any] = {"client_identifier": identifier, **keeping(run)}
    _with_will(run, name, will_qos=qos, **given).abort()
    _came(run, subscriber)
    connect(run, **given).abort()
    count = _wills_before_fence(run, subscriber, name, identifier, qos)
    run.expect(not count, "published-again", expected=count_of(0), actual=count_of(1))


@check("mqtt.will_absent", actor="platform")
def will_absent(run: Run) -> None:
    """No will is published for a connection that had none.

    Procedure: a client with a will leaves in good order, which drops the will; a client
    under the same identifier without a will publishes, so that a subscriber can see
    that none came, and breaks off.  No will must come.
    """
    name, identifier = topic(run, "will-absent"), run.unique("lh")
    subscriber = _listener(run, name)
    first = _with_will(run, name, client_identifier=identifier)
    first.send(Disconnect())
    first.end()
    first.close()
    second = connect(run, client_identifier=identifier)
    publish_or_stop(run, second, name, b"first fence")
    messages, _ = subscriber.messages_until(lambda m: m.payload == b"first fence")
    dropped = all(m.payload != _WILL for m in messages)
    run.require(dropped, "dropped", expected=count_of(0), actual=count_of(1))
    second.abort()
    count = _wills_before_fence(run, subscriber, name, identifier)
    run.expect(not count, "published", expected=count_of(0), actual=count_of(count))


@check(
    "mqtt.will_retained",
    actor="platform",
    params={"retain": {"type": "boolean"}},
)
def will_retained(run: Run, *, retain: bool) -> None:
    """A will is retained exactly if Will Retain says so.

    Procedure: a client with a will breaks off; a subscriber reads the will; then a new
    subscriber looks for a retained message, up to a message published later.
    """
    name = topic(run, "will-retained" if retain else "will-plain")
    subscriber = _listener(run, name)
    _with_will(run, name, will_retain=retain).abort()
    _came(run, subscriber)
    late, publisher = _listener(run, name), connect(run)
    publish_or_stop(run, publisher, name, _FENCE)
    messages, reached = late.messages_until(lambda m: m.payload == _FENCE)
    kept = [m for m in messages if m.payload == _WILL and m.retain]
    if retain and not kept:  # the retained message may come behind the fence
        late.until(lambda _: any(m.payload == _WILL for m in late.inbox))
        kept = [m for m in late.inbox if m.payload == _WILL]
    if retain:
        publish_or_stop(run, publisher, name, b"", retain=True)
    for client in (late, publisher, subscriber):
        client.leave()
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    run.expect(
        bool(kept) == retain,
        "not-retained" if retain else "retained",
        expected=count_of(int(retain)),
        actual=count_of(len(kept)),
    )


_CASES: dict[str, tuple[int | None, int]] = {
    "no-delay": (0, 300),
    "session-ends": (300, 0),
    "disconnect-with-will": (0, 300),
    "delayed": (None, 300),
}
"""Will Delay Interval, the parameter if ``None``, and Session Expiry Interval."""


@check(
    "mqtt.will_delayed",
    actor="platform",
    waits=True,
    params={"delay_s": {"type": "integer", "minimum": 2, "maximum": 60}},
)
def will_delayed(run: Run, *, delay_s: int) -> None:
    """A will comes when its delay has passed or the session ends, not before.

    Procedure: clients with a will break off: one without a delay; one whose session
    ends with the connection before a long delay; one that says in its DISCONNECT that
    the will is wanted; one with a delay in a longer session, whose will must not come
    before the delay has passed.  A second less is let pass: clocks of servers count
    whole seconds.
    """
    cases = _CASES if claims(run, "WILL_DELAY") else ("no-delay",)
    for case in run.each(cases):
        given, expiry = _CASES[case]
        delay = delay_s if given is None else given
        name, identifier = topic(run, "will-delayed"), run.unique("lh")
        subscriber = _listener(run, name)
        client = _with_will(
            run,
            name,
            client_identifier=identifier,
            will_properties=properties(will_delay_interval=delay) if delay else (),
            properties=properties(session_expiry_interval=expiry),
        )
        left_ns = run.now_ns
        _part(client, Disconnect(_WITH_WILL) if "disconnect" in case else None)
        is_later = case == "delayed"
        wait_s = answer_timeout_s(run) + delay_s * is_later
        got = subscriber.until(lambda p: getattr(p, "payload", b"") == _WILL, wait_s)
        passed_s = (run.now_ns - left_ns) / _NS
        subscriber.leave()
        _clear(run, identifier)
        due = Text(f"遗嘱（延迟 {delay} s）", f"the will ({delay} s delay)")
        run.expect(
            isinstance(got, Publish), "not-published", expected=due, actual=SILENCE
        )
        run.expect(
            not is_later or passed_s > delay_s - 1,
            "too-early",
            expected=due,
            actual=alike(f"{passed_s:.1f} s"),
        )


@check(
    "mqtt.will_cancelled",
    actor="platform",
    waits=True,
    params={"delay_s": {"type": "integer", "minimum": 2, "maximum": 60}},
)
def will_cancelled(run: Run, *, delay_s: int) -> None:
    """A delayed will is not sent when its session is taken up again in time.

    Procedure: a client with a delayed will breaks off and comes back at once with Clean
    Start 0; when the delay and two seconds have passed, a subscriber reads up to a
    message published then.
    """
    name, identifier = topic(run, "will-cancelled"), run.unique("lh")
    subscriber = _listener(run, name)
    client = _with_will(
        run,
        name,
        client_identifier=identifier,
        will_properties=properties(will_delay_interval=delay_s),
        **keeping(run),
    )
    client.abort()
    back = connect(run, client_identifier=identifier, **keeping(run))
    run.require(
        back.connack.session_present,
        "session-resumed",
        expected=alike("CONNACK, Session Present 1"),
        actual=describe(back.connack),
    )
    run.wait(delay_s + _MARGIN_S)
    publish_or_stop(run, back, name, _FENCE, qos=min(1, qos_max(run)))
    messages, reached = subscriber.messages_until(lambda m: m.payload == _FENCE)
    back.leave()
    _clear(run, identifier)
    subscriber.leave()
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    count = sum(m.payload == _WILL for m in messages)
    run.expect(not count, "published", expected=count_of(0), actual=count_of(count))


@check("mqtt.will_properties_kept", actor="platform")
def will_properties_kept(run: Run) -> None:
    """The user properties of a will come in the order in which they were given.

    Procedure: a client whose will has five user properties, one name twice, breaks off;
    a subscriber reads the will.
    """
    name = topic(run, "will-properties")
    pairs = [("b", "1"), ("a", "2"), ("b", "0"), ("", "empty"), ("名", "值")]
    subscriber = _listener(run, name)
    _with_will(run, name, will_properties=properties(user_property=pairs)).abort()
    got = _came(run, subscriber)
    subscriber.leave()
    found = list(values_of(got.properties, "user_property"))
    run.expect(
        found == pairs,
        "other-order",
        expected=alike(f"{pairs}"),
        actual=alike(f"{found}"),
    )


def _listener(run: Run, name: str, qos: int = 1) -> Client:
    subscriber = connect(run)
    subscribe_or_stop(run, subscriber, (name, min(qos, qos_max(run))))
    return subscriber


def _with_will(run: Run, name: str, **fields: Any) -> Client:
    """Return a client with a will that wants the highest QoS up to 1."""
    qos = min(1, qos_max(run))
    given: dict[str, Any] = {"will_topic": name, "will_message": _WILL, "will_qos": qos}
    return connect(run, **given | fields)


def _part(client: Client, farewell: Disconnect | None) -> None:
    """Break a connection off, or close it behind a DISCONNECT."""
    if farewell is None:
        client.abort()
        return
    client.send(farewell)
    client.close()


def _came(run: Run, subscriber: Client) -> Publish:
    got = one(subscriber, _WILL)
    run.require(got, "published", expected=alike("PUBLISH 'gone'"), actual=SILENCE)
    assert got is not None
    return got


def _wills_before_fence(
    run: Run, subscriber: Client, name: str, identifier: str, qos: int = 1
) -> int:
    """Return how many wills come before the message of a later connection.

    Only messages of one QoS are sure to keep their order (4.6).
    """
    subscriber.inbox.clear()
    after = connect(run, client_identifier=identifier)
    publish_or_stop(run, after, name, _FENCE, qos=min(qos, qos_max(run)))
    messages, reached = subscriber.messages_until(lambda m: m.payload == _FENCE)
    after.leave()
    subscriber.leave()
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    return sum(m.payload == _WILL for m in messages)


def _clear(run: Run, identifier: str) -> None:
    with suppress(LinkError):
        is_alive(run, client_identifier=identifier)
