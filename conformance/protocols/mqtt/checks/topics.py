# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: topic names and filters are compared and passed on as sent.

Generated filters and names are made of levels that are easily taken for one another;
the suite's own matcher (``topics``) says which pairs match.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 1.5.3 and 4.7; MQTT Version 5.0
(OASIS, 2019-03-07), clauses 1.5.4 and 4.7.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import strategies
from conformance.protocols.mqtt.checks.delivery import (
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.checks.subscribing import before_fence
from conformance.protocols.mqtt.client import claims, connect, topic
from conformance.protocols.mqtt.codec import Publish, matches
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_ALIKE = (
    "a",
    "A",
    "",
    " ",
    "a ",
    "é",
    "e\u0301",
    "Å",
    "\u212b",
    "ａ",
    "%61",
    ".",
    "..",
)
"""The same for somebody who normalises, folds case, trims, or decodes a URL."""


@check(
    "mqtt.topics_kept",
    actor="platform",
    params={
        "judges": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
)
def topics_kept(run: Run, *, judges: Sequence[str]) -> None:
    """A filter matches the names that it should, and they arrive as they were sent.

    Procedure: pairs of a filter and a name made of levels that look alike, some known
    and others generated; subscribe, publish, and read up to a fence.  What must come is
    waited for.
    """
    wildcards = claims(run, "WILDCARD")

    def body(pair: Sequence[str]) -> None:
        base = topic(run, "matched")
        filter_, name = (f"{base}/{part}" for part in pair)
        reader, publisher = connect(run), connect(run)
        subscribe_or_stop(run, reader, (filter_, 0), (f"{base}-fence", 0))
        publish_or_stop(run, publisher, name, b"came")
        messages = before_fence(run, publisher, reader, f"{base}-fence")
        due = matches(filter_, name)
        got = next((m for m in messages if m.payload == b"came"), None)
        if due and got is None:
            got = one(reader, b"came")
        reader.leave()
        publisher.leave()
        _judge_pair(run, judges, filter_, name, due, got)

    known = [(level, level) for level in _ALIKE]
    known += itertools.pairwise(_ALIKE)
    for pair in run.each(known, name=lambda p: " : ".join(map(ascii, p))):
        body(pair)
    run.for_all(
        lambda: strategies.filters_and_names(wildcards=wildcards, levels=_ALIKE), body
    )


def _judge_pair(
    run: Run,
    judges: Sequence[str],
    filter_: str,
    name: str,
    due: bool,
    got: Publish | None,
) -> None:
    told = alike(f"{filter_!a}: {ascii(got.topic_name) if got else '—'}")
    if due and got is None:
        say = run.expect if "not-matched" in judges else run.require
        expected = alike(f"{filter_!a}: {name!a}")
        say(False, "not-matched", expected=expected, actual=SILENCE)
    if not due and got is not None and "matched-another" in judges:
        run.expect(False, "matched-another", expected=alike("—"), actual=told)
    if got is not None and "altered" in judges:
        run.expect(
            got.topic_name == name,
            "altered",
            expected=alike(f"{filter_!a}: {name!a}"),
            actual=told,
        )


@check("mqtt.dollar_topics_reserved", actor="platform")
def dollar_topics_reserved(run: Run) -> None:
    """A server keeps clients from using topics that begin with $ among themselves.

    Procedure: subscribe to a topic below ``$luheng-exchange`` and to a fence; publish
    to both; only the fence should come.  A refusal of either request is fine too, and
    so is a server that takes nothing more from who tried: another client publishes the
    fence.
    """
    name, fence = f"$luheng-exchange/{run.unique()}", topic(run, "exchange")
    reader, publisher = connect(run), connect(run)
    subscribe_or_stop(run, reader, (fence, 0))
    reader.subscribe((name, 0))
    publisher.publish(name, b"exchanged")
    if publisher.ping() and reader.ping():
        other = connect(run)
        messages = before_fence(run, other, reader, fence)
        other.leave()
    else:
        messages = []
    reader.leave()
    publisher.leave()
    run.expect(
        all(m.payload != b"exchanged" for m in messages),
        "exchanged",
        expected=Text("$ 主题的消息未转发", "nothing by way of a $ topic"),
        actual=alike(f"PUBLISH {name}"),
    )
