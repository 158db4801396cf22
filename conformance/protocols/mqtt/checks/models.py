# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers that follow a model: retained messages and subscriptions.

A model is driven together with the server through generated sequences; after every
step it says what each client must, may and must not have received.  One model serves
several requirements: ``judges`` says which deviations are this requirement's matter;
any other deviation means that the premise failed, and nothing can be said.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.3.1.3, 3.10.4, 4.5 and 4.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt import strategies
from conformance.protocols.mqtt.checks.delivery import (
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import Client, claims, connect, describe, topic
from conformance.protocols.mqtt.codec import Unsuback, matches
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["RetainedModel", "RoutingModel"]

_ROUTE_LEVELS = ("a", "b", "")
"""So few that generated filters and names meet."""


class _Model:
    """What both models need: a publisher, and deviations that count or do not."""

    def __init__(self, run: Run, judges: Sequence[str], name: str) -> None:
        self.run = run
        self.judges = judges
        self.name = name
        self.clients: list[Client] = []
        self.count = 0

    @cached_property
    def base(self) -> str:
        """The topic above all topics of the model."""
        return topic(self.run, self.name)

    @cached_property
    def publisher(self) -> Client:
        """The client that publishes."""
        return self.join()

    def join(self) -> Client:
        """Return a new client that leaves with the model."""
        client = connect(self.run)
        self.clients.append(client)
        return client

    def payload(self) -> bytes:
        """Return a payload that no other message of the model has."""
        self.count += 1
        return b"%d" % self.count

    def apply(self, name: str, argument: Any) -> None:
        """Do one step to server and model; judge what follows."""
        raise NotImplementedError

    def judge(self, met: object, key: str, expected: Text, actual: Text) -> None:
        """Expect or require, by whether the deviation is this requirement's matter."""
        say = self.run.expect if key in self.judges else self.run.require
        say(met, key, expected=expected, actual=actual)

    def close(self) -> None:
        """Leave with all clients."""
        for client in self.clients:
            client.leave()


class RetainedModel(_Model):
    """Which message a topic retains; every step is read back by a new subscription."""

    def __init__(self, run: Run, judges: Sequence[str]) -> None:
        super().__init__(run, judges, "retained")
        self.kept: dict[str, bytes] = {}
        self.touched: set[str] = set()

    @staticmethod
    def rules(actions: Sequence[str]) -> Mapping[str, SearchStrategy[Any]]:
        """Return what can be done, each to one of two topics."""
        from hypothesis import strategies as st

        return dict.fromkeys(actions, st.sampled_from("ab"))

    def possible(self, name: str) -> bool:
        return name != "clear" or bool(self.kept)

    def apply(self, name: str, argument: str) -> None:
        before = self.kept.get(argument)
        payload = b"" if name == "clear" else self.payload()
        full = f"{self.base}/{argument}"
        self.touched.add(full)
        publish_or_stop(
            self.run, self.publisher, full, payload, qos=1, retain=name != "plain"
        )
        if name == "store":
            self.kept[argument] = payload
        elif name == "clear":
            self.kept.pop(argument, None)
        self._read_back(argument, name, payload, before)

    def _read_back(
        self, argument: str, action: str, payload: bytes, before: bytes | None
    ) -> None:
        reader, fence = connect(self.run), self.payload()
        subscribe_or_stop(self.run, reader, (f"{self.base}/{argument}", 1))
        due = self.kept.get(argument)
        # The fence is published to the same topic, where order is certain.
        publish_or_stop(
            self.run, self.publisher, f"{self.base}/{argument}", fence, qos=1
        )
        messages, reached = reader.messages_until(lambda m: m.payload == fence)
        if due is not None and all(m.payload != due for m in messages):
            reader.until(lambda _: any(m.payload == due for m in reader.inbox))
            messages += reader.inbox
        reader.leave()
        self.run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
        got = {m.payload for m in messages} - {fence}
        told = alike(", ".join(sorted(p.decode() for p in got)) or "—")
        if action == "plain":
            self.judge(payload not in got, "stored-by-plain", _retained(due), told)
            kept = due is None or due in got
            self.judge(kept, "erased-by-plain", _retained(due), told)
        if due is not None:
            self.judge(due in got, "retained-missing", _retained(due), told)
        if action == "clear":
            gone = before is None or before not in got
            self.judge(gone, "retained-after-clear", _retained(None), told)

    def close(self) -> None:
        for full in sorted(self.touched):
            self.publisher.publish(full, b"", qos=1, retain=True)
        super().close()


class RoutingModel(_Model):
    """Who has subscribed to what; every message is looked for at every client."""

    def __init__(self, run: Run, judges: Sequence[str]) -> None:
        super().__init__(run, judges, "routes")
        self.subscribers: list[Client] = []
        self.filters: list[set[str]] = [set(), set()]
        self.dropped: list[set[str]] = [set(), set()]

    @staticmethod
    def rules(*, wildcards: bool) -> Mapping[str, SearchStrategy[Any]]:
        """Return what can be done; subscribers are told by number."""
        from hypothesis import strategies as st

        filters = strategies.filters(wildcards=wildcards, levels=_ROUTE_LEVELS)
        who = st.integers(0, 1)
        return {
            "subscribe": st.tuples(who, filters),
            "unsubscribe": who,
            "publish": strategies.names(levels=_ROUTE_LEVELS),
        }

    def possible(self, name: str) -> bool:
        if name == "subscribe":
            return True
        return any(self.filters)

    def apply(self, name: str, argument: Any) -> None:
        if not self.subscribers:
            self._begin()
        match name:
            case "subscribe":
                who, wanted = argument
                full = f"{self.base}/{wanted}"
                subscribe_or_stop(self.run, self.subscribers[who], (full, 1))
                self.filters[who].add(full)
            case "unsubscribe":
                self._unsubscribe(argument)
            case _:
                self._publish(f"{self.base}/{argument}")

    def _begin(self) -> None:
        self.subscribers = [self.join(), self.join()]
        for client in self.subscribers:
            subscribe_or_stop(self.run, client, (f"{self.base}-fence", 1))

    def _unsubscribe(self, who: int) -> None:
        if not self.filters[who]:
            return
        dropped = sorted(self.filters[who])
        heard = self.subscribers[who].unsubscribe(*dropped)
        self.run.require(
            isinstance(heard, Unsuback),
            "unsubscribed",
            expected=alike("UNSUBACK"),
            actual=describe(heard),
        )
        self.filters[who].clear()
        self.dropped[who].update(dropped)

    def _publish(self, full: str) -> None:
        payload, fence = self.payload(), self.payload()
        publish_or_stop(self.run, self.publisher, full, payload, qos=1)
        publish_or_stop(self.run, self.publisher, f"{self.base}-fence", fence, qos=1)
        for who, client in enumerate(self.subscribers):
            messages, reached = client.messages_until(
                lambda m, fence=fence: m.payload == fence  # type: ignore[misc]
            )
            is_due = any(matches(f, full) for f in self.filters[who])
            if is_due and all(m.payload != payload for m in messages):
                client.until(lambda _, c=client: _has(c, payload))  # type: ignore[misc]
                messages += client.inbox
                client.inbox = []
            self.run.require(
                reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE
            )
            self._judge(
                who,
                full,
                payload,
                is_due,
                [m.topic_name for m in messages],
                any(m.payload == payload for m in messages),
            )

    def _judge(
        self,
        who: int,
        full: str,
        payload: bytes,
        is_due: bool,
        topics: list[str],
        came: bool,
    ) -> None:
        held = alike(", ".join(sorted(self.filters[who])) or "—")
        if is_due:
            self.judge(came, "not-delivered", alike(f"{held.en}: {full}"), SILENCE)
        known = {f"{self.base}-fence", *self.filters[who]}
        strays = [t for t in topics if not any(matches(f, t) for f in known)]
        for stray in strays:
            late = any(matches(f, stray) for f in self.dropped[who])
            key = "after-unsubscribe" if late else "not-subscribed"
            self.judge(False, key, held, alike(stray))


@check(
    "mqtt.retains",
    actor="platform",
    params={
        "actions": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": ["store", "clear", "plain"]},
        },
        "judges": {"type": "array", "minItems": 1, "items": {"type": "string"}},
    },
)
def retains(run: Run, *, actions: Sequence[str], judges: Sequence[str]) -> None:
    """Retained messages are kept, replaced and cleared as the model says.

    Procedure: generated sequences of storing, clearing and plain publishing on two
    topics; after each step a new client subscribes and reads up to a later message.
    """
    known = [(action, "a") for action in ("store", *actions[1:], "store")]
    _known(RetainedModel(run, judges), known)
    rules = RetainedModel.rules(actions)
    run.for_all_sequences(rules, lambda: RetainedModel(run, judges), steps_max=6)


@check(
    "mqtt.routes",
    actor="platform",
    params={"judges": {"type": "array", "minItems": 1, "items": {"type": "string"}}},
)
def routes(run: Run, *, judges: Sequence[str]) -> None:
    """A message reaches the clients with a matching subscription, and nobody else.

    Procedure: generated sequences of subscribing, unsubscribing and publishing with
    two subscribers; each message is looked for at both, up to a later message.
    """
    wildcards = claims(run, "WILDCARD")
    known = [
        ("subscribe", (0, "a/+" if wildcards else "a/b")),
        ("publish", "a/b"),
        ("unsubscribe", 0),
        ("publish", "a/b"),
    ]
    _known(RoutingModel(run, judges), known)
    rules = RoutingModel.rules(wildcards=wildcards)
    run.for_all_sequences(rules, lambda: RoutingModel(run, judges), steps_max=8)


def _known(model: _Model, steps: Sequence[tuple[str, Any]]) -> None:
    """Take the steps that every run must have taken, whatever is generated later."""
    try:
        for name, argument in steps:
            with model.run.step(name):
                model.apply(name, argument)
    finally:
        with suppress(LinkError):
            model.close()


def _has(client: Client, payload: bytes) -> bool:
    return any(m.payload == payload for m in client.inbox)


def _retained(payload: bytes | None) -> Text:
    if payload is None:
        return Text("没有保留消息", "no retained message")
    return Text(f"保留消息 {payload.decode()}", f"retained {payload.decode()}")
