# SPDX-License-Identifier: Apache-2.0
"""What the simulated MQTT server keeps: sessions, retained messages and wills.

A message goes in, copies for the sessions that want it come out, each with the quality,
the flags and the identifiers of its subscriptions.  Time is told, never asked for; of
sockets it knows only that a session has a connection or none.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1.2, 3.3, 3.8, 4.1, 4.5 to 4.8 of both.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from conformance.protocols.mqtt.codec import (
    Properties,
    Publish,
    matches,
    replace,
    value_of,
)
from conformance.protocols.mqtt.codec.properties import BY_FIELD
from conformance.protocols.mqtt.machine import Session

__all__ = [
    "OWN_TOPICS",
    "Copy",
    "Kept",
    "Message",
    "Store",
    "Subscription",
    "Will",
    "message_of",
]

OWN_TOPICS = "$SYS/"
"""How the topics begin to which only the server publishes (4.7.2)."""
_SHARE = "$share/"
_EXPIRY = BY_FIELD["message_expiry_interval"]
_IDENTIFIER = BY_FIELD["subscription_identifier"]
_NOT_PASSED_ON = frozenset(
    BY_FIELD[name]
    for name in ("topic_alias", "will_delay_interval", "subscription_identifier")
)
_NO_LOCAL, _AS_PUBLISHED = 0x04, 0x08
_ALWAYS, _IF_NEW = 0, 1
"""Retain Handling (5.0, 3.8.3.1); 2 asks for no retained message at all."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One topic filter of a session, its options and the number given to it."""

    asked: str
    """The filter as it was asked for, with its share."""
    options: int = 0
    identifier: int | None = None
    version: int = 4
    """Before 5.0 a filter that looks like a share is a filter like others."""

    @property
    def share(self) -> str:
        is_shared = self.version == 5 and self.asked.startswith(_SHARE)
        return self.asked.split("/", 2)[1] if is_shared else ""

    @property
    def topic_filter(self) -> str:
        return self.asked.split("/", 2)[2] if self.share else self.asked

    @property
    def qos(self) -> int:
        return self.options & 3

    def wants_retained(self, *, is_new: bool) -> bool:
        handling = self.options >> 4 & 3
        return not self.share and (
            handling == _ALWAYS or (handling == _IF_NEW and is_new)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """An application message as it is passed on, and until when."""

    packet: Publish
    publisher: str
    ends_at: float = math.inf


def message_of(packet: Publish, publisher: str, now: float) -> Message:
    """Return what a PUBLISH or a will says to others."""
    passed = tuple(p for p in packet.properties if p[0] not in _NOT_PASSED_ON)
    expiry = value_of(passed, "message_expiry_interval")
    ends_at = math.inf if expiry is None else now + expiry
    plain = replace(packet, properties=passed, dup=False, packet_identifier=None)
    return Message(plain, publisher, ends_at)


@dataclass(frozen=True, slots=True)
class Copy:
    """A message on its way to one session."""

    message: Message
    qos: int
    retain: bool = False
    identifiers: tuple[int, ...] = ()
    share: str = ""
    """The filter of a shared subscription that it goes to, as it was asked for."""

    def publish(self, number: int | None, now: float, version: int) -> Publish:
        """Return the packet; its expiry says what is left of it (5.0, 3.3.2.3.3)."""
        told: Properties = ()
        if version == 5:
            left = self.message.ends_at - now
            told = tuple(
                (kind, max(math.ceil(left), 0)) if kind == _EXPIRY else (kind, value)
                for kind, value in self.message.packet.properties
            )
            told += tuple((_IDENTIFIER, each) for each in self.identifiers)
        return replace(
            self.message.packet,
            qos=self.qos,
            retain=self.retain,
            packet_identifier=number,
            properties=told,
        )


class Receiver(Protocol):
    """The connection of a session."""

    def deliver(self, copy: Copy) -> None: ...

    def expel(self, reason: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Will:
    """What is published if a client is lost, and how long that waits."""

    packet: Publish
    delay_s: float = 0


@dataclass(slots=True)
class Kept:
    """A session."""

    identifier: str
    keeps_s: float = 0
    """How long it outlives its connection; infinity stands for good."""
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    waiting: deque[Copy] = field(default_factory=deque)
    """Messages above QoS 0 that were not sent yet."""
    under_way: dict[int, Copy] = field(default_factory=dict)
    """Messages above QoS 0 that were sent, by the identifier that they have."""
    flows: Session = field(default_factory=Session)
    guest: Receiver | None = None
    ends_at: float = math.inf
    will: Will | None = None
    will_at: float = math.inf

    def copies(self, message: Message) -> Iterator[Copy]:
        """Yield what unshared subscriptions bring of a message: a copy each."""
        for found in self.subscriptions.values():
            if _wants(found, self, message):
                as_published = bool(found.options & _AS_PUBLISHED)
                yield _copy(message, found, as_published and message.packet.retain)


def _wants(subscription: Subscription, kept: Kept, message: Message) -> bool:
    is_own = message.publisher == kept.identifier
    if subscription.share or (subscription.options & _NO_LOCAL and is_own):
        return False
    return matches(subscription.topic_filter, message.packet.topic_name)


def _copy(message: Message, found: Subscription, retain: bool) -> Copy:
    number = () if found.identifier is None else (found.identifier,)
    share = found.asked if found.share else ""
    return Copy(message, min(message.packet.qos, found.qos), retain, number, share)


def _hand(kept: Kept, copy: Copy) -> None:
    """Send a copy, or have it wait for its session's next connection."""
    if kept.guest is not None:
        kept.guest.deliver(copy)
    elif copy.qos:
        kept.waiting.append(copy)


_Member = tuple[Kept, Subscription]


class Store:
    """All that outlives a connection."""

    def __init__(self) -> None:
        self.sessions: dict[str, Kept] = {}
        own = Publish(OWN_TOPICS + "broker/version", b"luheng simulator")
        self.retained: dict[str, Message] = {own.topic_name: Message(own, "")}
        self._turns: dict[str, int] = {}
        """How many messages a shared subscription has had."""

    def open(self, identifier: str, clean: bool, now: float) -> tuple[Kept, bool]:
        """Return the session of a client that connects, and whether it was there."""
        kept = self.sessions.get(identifier)
        if kept is not None and kept.guest is not None:
            kept.guest.expel(_TAKEN_OVER)
            kept = self.sessions.get(identifier)
        if kept is not None and clean:
            self._forget(kept, now)
            kept = None
        is_present = kept is not None
        if kept is None:
            kept = self.sessions[identifier] = Kept(identifier)
        kept.ends_at = kept.will_at = math.inf
        kept.will = None
        return kept, is_present

    def part(self, kept: Kept, now: float, *, lost: bool) -> None:
        """Note that a session has no connection any more; ``lost`` brings its will."""
        kept.guest = None
        kept.ends_at = now + kept.keeps_s
        if kept.will is None or not lost:
            kept.will = None
        else:
            kept.will_at = now + min(kept.will.delay_s, kept.keeps_s)
        self.sweep(now)

    def sweep(self, now: float) -> float:
        """Publish wills and end sessions that are due; return when something is."""
        due = math.inf
        for kept in list(self.sessions.values()):
            if kept.guest is None:
                if kept.will_at <= now:
                    self._publish_will(kept, now)
                if kept.ends_at <= now:
                    self._forget(kept, now)
                else:
                    due = min(due, kept.ends_at, kept.will_at)
        return due

    def _forget(self, kept: Kept, now: float) -> None:
        self.sessions.pop(kept.identifier, None)
        self._publish_will(kept, now)  # it waits no longer than its session
        for copy in (*kept.under_way.values(), *kept.waiting):
            if copy.share and copy.qos == 1 and now < copy.message.ends_at:
                self._pass_on(copy)

    def _pass_on(self, copy: Copy) -> None:
        """Give another member of a share what the session of one ended with (4.8.2)."""
        members = [
            (kept, found)
            for kept in self.sessions.values()
            for found in kept.subscriptions.values()
            if found.asked == copy.share
        ]
        if members:
            kept, found = self._in_turn(copy.share, members)
            _hand(kept, _copy(copy.message, found, copy.retain))

    def _publish_will(self, kept: Kept, now: float) -> None:
        will, kept.will, kept.will_at = kept.will, None, math.inf
        if will is not None:
            self.publish(message_of(will.packet, kept.identifier, now))

    def publish(self, message: Message) -> bool:
        """Keep a retained message; hand copies out; say whether anybody got one."""
        packet = message.packet
        if packet.topic_name.startswith("$"):
            return False  # no way for clients to exchange messages (4.7.2)
        if packet.retain:
            if packet.payload:
                self.retained[packet.topic_name] = message
            else:
                self.retained.pop(packet.topic_name, None)
        found = [
            (k, copy) for k in self.sessions.values() for copy in k.copies(message)
        ]
        found += self._shared(message)
        for kept, copy in found:
            _hand(kept, copy)
        return bool(found)

    def _shared(self, message: Message) -> Iterator[tuple[Kept, Copy]]:
        """Yield one session for each share that wants a message, in turns (4.8.2)."""
        shares: dict[str, list[_Member]] = {}
        for kept in self.sessions.values():
            for found in kept.subscriptions.values():
                if found.share and matches(
                    found.topic_filter, message.packet.topic_name
                ):
                    shares.setdefault(found.asked, []).append((kept, found))
        for asked, members in shares.items():
            kept, subscription = self._in_turn(asked, members)
            as_published = bool(subscription.options & _AS_PUBLISHED)
            retain = as_published and message.packet.retain
            yield kept, _copy(message, subscription, retain)

    def _in_turn(self, asked: str, members: Sequence[_Member]) -> _Member:
        """Return whose turn it is, of those that are there if any is."""
        there = [m for m in members if m[0].guest is not None] or members
        turn = self._turns[asked] = self._turns.get(asked, -1) + 1
        return there[turn % len(there)]

    def retained_for(self, subscription: Subscription, now: float) -> Iterator[Copy]:
        """Yield retained messages for a new subscription; drop those that are over."""
        for name, message in list(self.retained.items()):
            if message.ends_at <= now:
                del self.retained[name]
            elif matches(subscription.topic_filter, name):
                yield _copy(message, subscription, True)


_TAKEN_OVER = 0x8E
