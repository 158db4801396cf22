# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: retained messages and the options that ask for them.

Storing, replacing and clearing follow a model in ``checks.models``; here are the single
facts around them, by what a new subscription gets up to a later message on the same
topic.  Each check clears what it has left.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1.2.4 and 3.3.1.3; MQTT
Version 5.0 (OASIS, 2019-03-07), clauses 3.3.1.3, 3.3.4 and 3.8.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.delivery import (
    gather,
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import Client, connect, qos_max, topic
from conformance.protocols.mqtt.codec import Publish
from conformance.protocols.mqtt.flows import JUDGES, Matter, fence, options, said
from conformance.protocols.mqtt.words import SILENCE, alike, count_of
from conformance.text import Text

__all__: list[str] = []


def _level(run: Run) -> int:
    """Return QoS 1, at which a server tells that it has a message, if it claims it."""
    return min(1, qos_max(run))


@contextmanager
def _clearing(run: Run, name: str) -> Iterator[Client]:
    """Yield a publisher; afterwards the topic retains nothing."""
    publisher = connect(run)
    try:
        yield publisher
    finally:
        if publisher.gone is None:
            publisher.publish(name, b"", qos=_level(run), retain=True)
        publisher.leave()


def _read(
    run: Run,
    publisher: Client,
    reader: Client,
    name: str,
    asked: int,
    due: bytes | None = None,
) -> list[Publish]:
    """Subscribe; return what comes up to a later message, with what is due awaited."""
    subscribe_or_stop(run, reader, (name, asked))
    if due is not None:
        gather(reader, {due})
    found, reader.inbox = reader.inbox, []
    return found + fence(run, publisher, reader, name)


def _stored(run: Run, publisher: Client, name: str, payload: bytes, qos: int) -> None:
    """Publish a retained message that the server has certainly processed."""
    publish_or_stop(run, publisher, name, payload, qos=qos, retain=True)


def _told(found: Sequence[Publish]) -> Text:
    return said(found[0]) if found else SILENCE


@check("mqtt.retained_stored", actor="platform", params=JUDGES)
def retained_stored(run: Run, *, judges: Sequence[str]) -> None:
    """A retained message is stored with its QoS, in the place of the one before.

    Procedure: at QoS 1 and 2 store two messages on one topic; a new client that
    subscribes at QoS 2 must get the second, at its QoS, and not the first.
    """
    matter, highest = Matter(run, judges), qos_max(run)
    for qos in run.each(range(1, highest + 1), name=lambda q: f"QoS {q}"):
        name = topic(run, "stored")
        with _clearing(run, name) as publisher:
            _stored(run, publisher, name, b"old", qos)
            _stored(run, publisher, name, b"new", qos)
            reader = connect(run)
            found = _read(run, publisher, reader, name, highest, b"new")
            reader.leave()
        new = [m for m in found if m.payload == b"new"]
        old = [m for m in found if m.payload == b"old"]
        due = alike(f"PUBLISH {name} QoS {qos} 'new'")
        matter.judge(new, "retained-missing", expected=due, actual=_told(found))
        matter.judge(not old, "not-replaced", expected=due, actual=_told(old))
        kept = max(m.qos for m in new)
        matter.judge(kept == qos, "qos-not-kept", expected=due, actual=_told(new))


@check("mqtt.retained_at_qos_0", actor="platform", params=JUDGES)
def retained_at_qos_0(run: Run, *, judges: Sequence[str]) -> None:
    """A retained message at QoS 0 takes the place of the one before.

    Procedure: store a message at QoS 1, publish another at QoS 0, wait until the server
    has passed that on; a new subscription must not get the first, and should get the
    second.
    """
    matter, name = Matter(run, judges), topic(run, "replaced")
    with _clearing(run, name) as publisher:
        watcher, reader = connect(run), connect(run)
        _stored(run, publisher, name, b"old", _level(run))
        subscribe_or_stop(run, watcher, (name, 0))
        publisher.send(Publish(name, b"new", retain=True))
        got = one(watcher, b"new")
        run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
        due = b"new" if "retained-missing" in judges else None
        found = _read(run, publisher, reader, name, 1, due)
        watcher.leave()
        reader.leave()
    old = [m for m in found if m.payload == b"old"]
    new = [m for m in found if m.payload == b"new"]
    expected = alike(f"PUBLISH {name} 'new'")
    matter.judge(not old, "old-retained", expected=expected, actual=_told(old))
    if "retained-missing" in judges:
        matter.judge(new, "retained-missing", expected=expected, actual=_told(found))


@check("mqtt.empty_not_retained", actor="platform", params=JUDGES)
def empty_not_retained(run: Run, *, judges: Sequence[str]) -> None:
    """A retained message without payload is passed on, clears, and is not stored.

    Procedure: with a message stored and with none, publish an empty one with RETAIN 1;
    the subscriber that is there must get it; a new one must get nothing.
    """
    matter = Matter(run, judges)
    for step in run.each(["stored", "nothing-stored"]):
        name = topic(run, "emptied")
        with _clearing(run, name) as publisher:
            watcher, reader = connect(run), connect(run)
            if step == "stored":
                _stored(run, publisher, name, b"old", _level(run))
            subscribe_or_stop(run, watcher, (name, 1))
            publish_or_stop(run, publisher, name, b"", qos=_level(run), retain=True)
            passed = one(watcher, b"")
            found = _read(run, publisher, reader, name, 1)
            watcher.leave()
            reader.leave()
        nothing = Text("没有保留消息", "no retained message")
        matter.judge(
            passed,
            "clear-not-passed-on",
            expected=Text("空消息照常转发", "the empty message is passed on"),
            actual=SILENCE,
        )
        empty = [m for m in found if not m.payload and m.retain]
        old = [m for m in found if m.payload]
        matter.judge(not empty, "empty-retained", expected=nothing, actual=_told(empty))
        matter.judge(not old, "not-cleared", expected=nothing, actual=_told(old))


@check("mqtt.retained_outlives_session", actor="platform")
def retained_outlives_session(run: Run) -> None:
    """A retained message stays when the session of its publisher ends.

    Procedure: a client stores a message and leaves by DISCONNECT, another by breaking
    its connection off, both without a session to keep; a new subscription must get it.
    """
    for step in run.each(["leave", "abort"]):
        name = topic(run, "outliving")
        with _clearing(run, name) as publisher:
            author = connect(run)
            _stored(run, author, name, b"kept", _level(run))
            if step == "leave":
                author.leave()
            else:
                author.abort()
            reader = connect(run)
            found = _read(run, publisher, reader, name, 1, b"kept")
            reader.leave()
        run.expect(
            any(m.payload == b"kept" for m in found),
            "retained-lost",
            expected=alike(f"PUBLISH {name} 'kept'"),
            actual=_told(found),
        )


@check(
    "mqtt.retain_handling",
    actor="platform",
    params={"handling": {"enum": [0, 1, 2]}},
)
def retain_handling(run: Run, *, handling: int) -> None:
    """Retained messages are sent on a subscription as its Retain Handling asks.

    Procedure: store a message; subscribe with the Retain Handling, and again while the
    subscription exists.  With 0 the message must come both times, with 1 the first time
    only, with 2 never.
    """
    name = topic(run, f"handling{handling}")
    wanted = ((True, True), (True, False), (False, False))[handling]
    with _clearing(run, name) as publisher:
        _stored(run, publisher, name, b"kept", _level(run))
        reader = connect(run)
        steps = dict(zip(("new", "existing"), wanted, strict=True))
        for step in run.each(steps):
            due = b"kept" if steps[step] else None
            asked = options(1, handling=handling)
            found = _read(run, publisher, reader, name, asked, due)
            # One with RETAIN 0 was on its way when the subscription was made.
            copies = sum(m.payload == b"kept" and m.retain for m in found)
            told = Text("保留消息", "the retained message")
            if steps[step]:
                run.expect(
                    copies, "retained-missing", expected=told, actual=count_of(0)
                )
            else:
                run.expect(
                    not copies,
                    "retained-sent",
                    expected=Text("没有保留消息", "no retained message"),
                    actual=count_of(copies),
                )
        reader.leave()


@check(
    "mqtt.retain_as_published",
    actor="platform",
    params={"as_published": {"type": "boolean"}},
)
def retain_as_published(run: Run, *, as_published: bool) -> None:
    """A message that is passed on has RETAIN as the subscription asks.

    Procedure: subscribe with Retain As Published 0 or 1; publish with RETAIN 1 and with
    RETAIN 0.  The flag must be 0 with the former, as it was published with the latter.
    """
    name = topic(run, "published" if as_published else "live")
    with _clearing(run, name) as publisher:
        reader = connect(run)
        subscribe_or_stop(run, reader, (name, options(1, as_published=as_published)))
        for retain in run.each((True, False), name=lambda r: f"RETAIN {int(r)}"):
            payload = b"%d" % retain
            publish_or_stop(
                run, publisher, name, payload, qos=_level(run), retain=retain
            )
            got = one(reader, payload)
            run.require(got, "delivered", expected=alike("PUBLISH"), actual=SILENCE)
            assert got is not None
            due = retain and as_published
            run.expect(
                got.retain == due,
                "flagged" if got.retain else "not-flagged",
                expected=alike(f"RETAIN {int(due)}"),
                actual=alike(f"RETAIN {int(got.retain)}"),
            )
        reader.leave()
