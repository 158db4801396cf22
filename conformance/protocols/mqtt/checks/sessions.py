# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: what a session holds, how long, and whose it is.

A session shows by its subscriptions: whoever has one gets the messages, without asking
again.  In 5.0 a kept session needs a Session Expiry Interval besides Clean Start 0, and
the server may shorten it; then nothing can be said.  Every check clears the sessions
that it made.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1.2.4, 3.1.3.1, 3.2.2.2 and
4.1; MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.4, 3.1.2.11.2, 3.1.3.1,
3.2.2.1.1 and 4.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.protocols.mqtt.checks.delivery import (
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    KEPT_S,
    Client,
    connect,
    describe,
    is_alive,
    keeping,
    topic,
)
from conformance.protocols.mqtt.codec import properties, value_of
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_JUDGES = {
    "judges": {"type": "array", "minItems": 1, "items": {"type": "string"}},
}
_EXPIRY_MARGIN_S = 2.0
"""How long after its expiry a session is surely over; clocks count whole seconds."""


@check("mqtt.session_resumed", actor="platform", params=_JUDGES)
def session_resumed(run: Run, *, judges: Sequence[str]) -> None:
    """A session that is kept goes on where it was, and one is made where none is.

    Procedure: connect keeping the session, under an identifier never used, subscribe
    and leave; come back the same way.  A message published now must arrive without a
    new subscription, and Session Present must have said so each time.
    """
    name = topic(run, "resumed")
    with _kept(run) as (identifier, first):
        _told(run, judges, first, present=False, key="session-invented")
        subscribe_or_stop(run, first, (name, 1))
        first.leave()
        again = connect(run, client_identifier=identifier, **keeping(run))
        _told(run, judges, again, present=True, key="session-absent")
        publisher = connect(run)
        publish_or_stop(run, publisher, name, b"on", qos=1)
        publisher.leave()
        got = one(again, b"on")
        again.leave()
        _judge(
            run,
            judges,
            got,
            "subscription-lost",
            Text("原有订阅仍然有效", "the subscription is still there"),
            SILENCE,
        )


@check("mqtt.session_discarded", actor="platform", params=_JUDGES)
def session_discarded(run: Run, *, judges: Sequence[str]) -> None:
    """A clean start drops the earlier session, and its own ends with its connection.

    Procedure: keep a session with a subscription; connect under its identifier with a
    clean start, which must get none of its messages; subscribe to another topic and
    leave; come back without a clean start: there must be no session.
    """
    old, new = topic(run, "discarded"), topic(run, "discarded-too")
    with _kept(run, "discarded") as (identifier, first):
        subscribe_or_stop(run, first, (old, 1))
        first.leave()
        clean, publisher = connect(run, client_identifier=identifier), connect(run)
        subscribe_or_stop(run, clean, (new, 1))
        publish_or_stop(run, publisher, old, b"old", qos=1)
        publish_or_stop(run, publisher, new, b"fence", qos=1)
        got = _until_fence(run, clean)
        clean.leave()
        none = Text("清理后没有原有订阅", "no subscription of the dropped session")
        _judge(run, judges, b"old" not in got, "session-used", none, alike(f"{got}"))
        back = connect(run, client_identifier=identifier, **keeping(run))
        _told(run, judges, back, present=False, key="session-survives")
        subscribe_or_stop(run, back, (topic(run, "discarded-fence"), 1))
        back.leave()
        publisher.leave()


@check("mqtt.sessions_apart", actor="platform")
def sessions_apart(run: Run) -> None:
    """The client identifier tells whose session is whose.

    Procedure: two identifiers keep a session with a subscription each, and leave; both
    come back.  Each must get the messages of its own topic and none of the other's.
    """
    names = [topic(run, "apart", which) for which in "ab"]
    with _kept(run) as (one_identifier, a), _kept(run) as (other_identifier, b):
        for client, name in zip((a, b), names, strict=True):
            subscribe_or_stop(run, client, (name, 1))
            client.leave()
        back = [
            connect(run, client_identifier=identifier, **keeping(run))
            for identifier in (one_identifier, other_identifier)
        ]
        publisher = connect(run)
        for number, name in enumerate((*reversed(names), *names)):
            payload = b"%d" % (number % 2) if number < 2 else b"fence"
            publish_or_stop(run, publisher, name, payload, qos=1)
        publisher.leave()
        for client, name in zip(back, names, strict=True):
            messages, reached = client.messages_until(lambda m: m.payload == b"fence")
            strays = [m.topic_name for m in messages if m.topic_name != name]
            client.leave()
            run.expect(reached, "state-lost", expected=alike(name), actual=SILENCE)
            run.expect(
                not strays,
                "state-of-another",
                expected=alike(name),
                actual=alike(", ".join(strays)),
            )


@check("mqtt.session_lasts", actor="platform", waits=True)
def session_lasts(run: Run) -> None:
    """A session is there for as long as its connection is open.

    Procedure: subscribe in a session that ends with its connection (in 5.0 one that
    expires a second after it); while it stays open, another client comes and goes and
    two seconds pass; a message must still arrive.
    """
    name, fields = topic(run, "lasting"), dict[str, Any]()
    client = connect(run)
    if client.version == 5:
        client.leave()
        fields = {"properties": properties(session_expiry_interval=1)}
        client = connect(run, **fields)
    subscribe_or_stop(run, client, (name, 1))
    connect(run).leave()
    run.wait(2)
    run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    publisher = connect(run)
    publish_or_stop(run, publisher, name, b"still", qos=1)
    publisher.leave()
    got = one(client, b"still")
    client.leave()
    run.expect(
        got,
        "state-lost",
        expected=Text("订阅仍然有效", "the subscription is still there"),
        actual=SILENCE,
    )


@check(
    "mqtt.session_expires",
    actor="platform",
    waits=True,
    params={"expiry_s": {"type": "integer", "minimum": 1, "maximum": 60}},
)
def session_expires(run: Run, *, expiry_s: int) -> None:
    """A session is not used any more when its expiry interval has passed.

    Procedure: connect with the Session Expiry Interval, subscribe, leave; after the
    interval and two seconds come back with Clean Start 0: Session Present must be 0.
    """
    identifier = run.unique("lh")
    client = connect(run, client_identifier=identifier, **keeping(run, expiry_s))
    granted = _expiry(client, expiry_s)
    run.require(
        granted <= expiry_s,
        "expiry-longer",
        expected=alike(f"Session Expiry Interval {expiry_s}"),
        actual=alike(f"Session Expiry Interval {granted}"),
    )
    subscribe_or_stop(run, client, (topic(run, "expired"), 1))
    client.leave()
    run.wait(expiry_s + _EXPIRY_MARGIN_S)
    back = connect(run, client_identifier=identifier, clean_session=False)
    back.leave()
    run.expect(
        not back.connack.session_present,
        "session-survives",
        expected=alike("CONNACK, Session Present 0"),
        actual=describe(back.connack),
    )


def _judge(
    run: Run, judges: Sequence[str], met: object, key: str, expected: Text, actual: Text
) -> None:
    """Expect or require, by whether the deviation is this requirement's matter."""
    say = run.expect if key in judges else run.require
    say(met, key, expected=expected, actual=actual)


def _told(
    run: Run, judges: Sequence[str], client: Client, *, present: bool, key: str
) -> None:
    _judge(
        run,
        judges,
        client.connack.session_present == present,
        key,
        alike(f"CONNACK, Session Present {int(present)}"),
        describe(client.connack),
    )


@contextmanager
def _kept(run: Run, prefix: str = "lh") -> Iterator[tuple[str, Client]]:
    """Yield an identifier never used and its first client; clear the session."""
    identifier = run.unique(prefix)
    client = connect(run, client_identifier=identifier, **keeping(run))
    granted = _expiry(client, KEPT_S)
    run.require(
        granted > 0,
        "kept",
        expected=Text("保留会话", "a session that is kept"),
        actual=alike(f"Session Expiry Interval {granted}"),
    )
    try:
        yield identifier, client
    finally:
        with suppress(LinkError, PeerError):  # what is wrong has been told already
            is_alive(run, client_identifier=identifier)


def _expiry(client: Client, asked_s: int) -> int:
    """Return how long the server keeps the session; it may say so (3.2.2.3.2)."""
    found = value_of(client.connack.properties, "session_expiry_interval")
    return asked_s if found is None else int(found)


def _until_fence(run: Run, client: Client) -> list[bytes]:
    messages, reached = client.messages_until(lambda m: m.payload == b"fence")
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    return [m.payload for m in messages if m.payload != b"fence"]
