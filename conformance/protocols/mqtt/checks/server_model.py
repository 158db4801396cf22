# SPDX-License-Identifier: Apache-2.0
"""A procedure for servers that follows a model of their sessions.

Clients join, leave, break off, subscribe, unsubscribe, hold their acknowledgements back
and give them; a publisher publishes.  One client is there from the beginning, with a
subscription to everything; a client whose session is new subscribes at once.  The model
knows of each session its subscriptions and what it still has to deliver; after every
step what the clients got is compared with it.  The shortest sequence that shows a
deviation is what the report tells.

What the text leaves open the model lets pass: QoS 0 messages for a session that is
away, copies where filters overlap, repeats at QoS 1.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.2.2, 4.1, 4.3, 4.4 and 4.5 of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt.checks.delivery import (
    gather,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    Client,
    claims,
    connect,
    describe,
    qos_max,
    topic,
)
from conformance.protocols.mqtt.codec import (
    Disconnect,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Unsuback,
    matches,
)
from conformance.protocols.mqtt.flows import (
    JUDGES,
    Lasting,
    Matter,
    keeps_sessions,
    said,
)
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["ServerModel"]

_CLIENTS = 2
_TOPICS = ("a", "b")
_FILTERS = ("a", "b", "+")


@dataclass(slots=True)
class _Seat:
    """One client identifier: its session on the server and its connection, if any."""

    owner: Lasting
    client: Client | None = None
    is_kept: bool = False
    """Whether the server has a session of it that outlives the connection."""
    filters: dict[str, int] = field(default_factory=dict)
    due: dict[bytes, int] = field(default_factory=dict)
    """What the session has to deliver and is not acknowledged: payload and QoS."""
    allowed: set[bytes] = field(default_factory=set)
    """What may come besides."""
    held: dict[bytes, list[Publish]] = field(default_factory=dict)
    """What has come and was not acknowledged; each copy has its own identifier."""

    def forget(self) -> None:
        """Begin the session anew."""
        self.filters.clear()
        self.due.clear()
        self.held.clear()


class ServerModel:
    """Sessions as the text has them, driven together with the server."""

    def __init__(self, run: Run, judges: Sequence[str]) -> None:
        self.run = run
        self.matter = Matter(run, judges)
        self.base = topic(run, "served")
        self.highest = qos_max(run)
        self.publisher = connect(run)
        self.count = 0
        self.has_begun = False
        self.seats = [
            _Seat(Lasting(run, client_identifier=run.unique("served")))
            for _ in range(_CLIENTS)
        ]

    @staticmethod
    def rules(run: Run) -> Mapping[str, SearchStrategy[Any]]:
        """Return what can be done; clients are told by number among those concerned."""
        from hypothesis import strategies as st

        who, qos = st.integers(0, _CLIENTS - 1), st.integers(0, qos_max(run))
        filters = st.sampled_from(_FILTERS if claims(run, "WILDCARD") else _TOPICS)
        clean = st.booleans() if keeps_sessions(run) else st.just(True)
        message = st.tuples(st.sampled_from(_TOPICS), qos)
        return {
            "publish": st.lists(message, min_size=1, max_size=3),
            "join": st.tuples(who, clean, filters, qos),
            "leave": st.tuples(who, st.sampled_from(["leave", "abort"])),
            "subscribe": st.tuples(who, filters, qos),
            "unsubscribe": who,
            "hold": who,
            "release": who,
        }

    def possible(self, name: str) -> bool:
        self._begin()
        return name == "publish" or bool(self._choice(name))

    def apply(self, name: str, argument: Any) -> None:
        self._begin()
        if name == "publish":
            for message in argument:
                self._publish(*message)
            return
        who, *more = argument if isinstance(argument, list | tuple) else (argument,)
        choice = self._choice(name)
        if choice:
            getattr(self, f"_{name}")(choice[who % len(choice)], *more)

    def close(self) -> None:
        """End all sessions."""
        for seat in self.seats:
            with suppress(LinkError):
                seat.owner.forget()
        self.publisher.leave()

    def _choice(self, name: str) -> list[_Seat]:
        """Return the clients to which an action can be done."""
        if name == "join":
            return [seat for seat in self.seats if seat.client is None]
        here = [seat for seat in self.seats if seat.client is not None]
        if name == "unsubscribe":
            return [seat for seat in here if seat.filters]
        if name in ("hold", "release"):
            wanted = name == "hold"
            return [s for s in here if s.client and s.client.acknowledges == wanted]
        return here

    # Actions

    def _begin(self) -> None:
        """Have one client there that wants everything, so that no step is idle."""
        if not self.has_begun:
            self.has_begun = True
            every = "+" if claims(self.run, "WILDCARD") else "a"
            clean = not keeps_sessions(self.run)
            self._join(self.seats[0], clean, every, self.highest)

    def _join(self, seat: _Seat, clean: bool, wanted: str, qos: int) -> None:
        seat.owner.session.received.clear()  # what comes again is to be told
        client = seat.owner.join(clean=clean)
        seat.client = client
        goes_on = seat.is_kept and not clean
        if not goes_on:
            seat.forget()
        seat.is_kept = not clean
        self.matter.judge(
            client.connack.session_present == goes_on,
            "session-present",
            expected=alike(f"Session Present {int(goes_on)}"),
            actual=describe(client.connack),
        )
        self._settle(seat, again=dict(seat.held))
        if not goes_on:
            self._subscribe(seat, wanted, qos)

    def _leave(self, seat: _Seat, how: str) -> None:
        client = self._client(seat)
        if client.acknowledges:
            # Acknowledgements that are lost with the connection would be owed again.
            if client.session.received:
                client.until(lambda _: not client.session.received)
            client.ping()
        if how == "leave":
            # Until the server has read it, it may send what is published meanwhile.
            client.send(Disconnect())
            client.end()
            client.close()
        else:
            client.abort()
        seat.client = None
        if not seat.is_kept:
            seat.forget()

    def _subscribe(self, seat: _Seat, wanted: str, qos: int) -> None:
        full = f"{self.base}/{wanted}"
        heard = subscribe_or_stop(self.run, self._client(seat), (full, qos))
        seat.filters[full] = heard.return_codes[0]

    def _unsubscribe(self, seat: _Seat) -> None:
        heard = self._client(seat).unsubscribe(*sorted(seat.filters))
        self.run.require(
            isinstance(heard, Unsuback),
            "unsubscribed",
            expected=alike("UNSUBACK"),
            actual=describe(heard),
        )
        seat.filters.clear()

    def _hold(self, seat: _Seat) -> None:
        self._settle(seat)
        self._client(seat).acknowledges = False

    def _release(self, seat: _Seat) -> None:
        client = self._client(seat)
        for payload, copies in seat.held.items():
            for message in copies:
                self._acknowledge(client, message)
            seat.due.pop(payload, None)
        seat.held.clear()
        client.acknowledges = True
        client.ping()

    def _acknowledge(self, client: Client, message: Publish) -> None:
        identifier = message.packet_identifier or 0
        if message.qos == 1:
            client.send(Puback(identifier))
            return
        client.send(Pubrec(identifier))
        heard = client.answer_for(Pubrel, identifier)
        self.matter.judge(
            isinstance(heard, Pubrel),
            "no-pubrel",
            expected=alike(f"PUBREL {identifier}"),
            actual=said(heard),
        )
        client.send(Pubcomp(identifier))

    def _publish(self, name: str, qos: int) -> None:
        full, qos = f"{self.base}/{name}", min(qos, self.highest)
        self.count += 1
        payload = b"%d" % self.count
        for seat in self.seats:
            granted = [q for f, q in seat.filters.items() if matches(f, full)]
            level = min(qos, max(granted, default=-1))
            if level > 0 or (level == 0 and seat.client is not None):
                seat.due[payload] = level
            if granted:
                seat.allowed.add(payload)
        publish_or_stop(self.run, self.publisher, full, payload, qos=qos)
        for seat in self.seats:
            if seat.client is not None:
                self._settle(seat)

    # What follows

    def _settle(
        self, seat: _Seat, again: Mapping[bytes, list[Publish]] | None = None
    ) -> None:
        """Read what is due and a little more; compare it with the model."""
        client = self._client(seat)
        wanted = set(seat.due) if again is not None else set(seat.due) - set(seat.held)
        gather(client, wanted)
        client.ping()
        came, client.inbox = client.inbox, []
        self._judge_missing(seat, wanted, came)
        for message in came:
            self._judge_one(seat, message, (again or {}).get(message.payload, ()))
        for message in came:
            if client.acknowledges or message.qos == 0:
                seat.due.pop(message.payload, None)
                seat.held.pop(message.payload, None)
            else:
                self._hold_back(seat, message)

    @staticmethod
    def _hold_back(seat: _Seat, message: Publish) -> None:
        copies = seat.held.setdefault(message.payload, [])
        if all(m.packet_identifier != message.packet_identifier for m in copies):
            copies.append(message)

    def _judge_missing(
        self, seat: _Seat, wanted: set[bytes], came: Sequence[Publish]
    ) -> None:
        missing = sorted(wanted - {m.payload for m in came})
        again = [p for p in missing if p in seat.held]
        for payloads, key in ((again, "not-resent"), (missing, "not-delivered")):
            self.matter.judge(
                not payloads,
                key,
                expected=alike(_list(wanted)),
                actual=alike(_list(m.payload for m in came)) if came else SILENCE,
            )

    def _judge_one(
        self, seat: _Seat, message: Publish, before: Sequence[Publish]
    ) -> None:
        self.matter.judge(
            message.payload in seat.allowed,
            "not-subscribed",
            expected=alike(", ".join(sorted(seat.filters)) or "—"),
            actual=said(message),
        )
        if message.qos == 0:
            return
        owed = message.payload in seat.due or message.qos == 1
        self.matter.judge(
            owed,
            "resent-after-acknowledgement",
            expected=Text("已确认的消息不重发", "nothing acknowledged comes again"),
            actual=said(message),
        )
        known = {m.packet_identifier for m in before if m.qos == message.qos}
        if known:
            self.matter.judge(
                message.packet_identifier in known,
                "other-identifier",
                expected=said(before[0]),
                actual=said(message),
            )
            self.matter.judge(
                message.dup,
                "dup-not-set",
                expected=alike("DUP 1"),
                actual=said(message),
            )

    @staticmethod
    def _client(seat: _Seat) -> Client:
        assert seat.client is not None, "chosen among those that are connected"
        return seat.client


def _list(payloads: Any) -> str:
    return " ".join(p.decode("utf-8", "replace") for p in sorted(payloads)) or "—"


_KNOWN: Sequence[tuple[str, Any]] = (
    ("publish", [("a", 1), ("b", 1)]),
    ("leave", (0, "leave")),
    ("publish", [("a", 2)]),
    ("join", (0, False, "a", 1)),
    ("hold", 0),
    ("publish", [("a", 1)]),
    ("leave", (0, "abort")),
    ("join", (0, False, "a", 1)),
    ("hold", 0),
    ("publish", [("a", 1)]),
    ("release", 0),
    ("leave", (0, "leave")),
    ("join", (0, True, "a", 1)),
    ("publish", [("a", 1)]),
)
"""What every run does, whatever is generated: absence, repetition, a new beginning."""


@check("mqtt.serves_sessions", actor="platform", params=JUDGES)
def serves_sessions(run: Run, *, judges: Sequence[str]) -> None:
    """What clients get of their sessions is what the model of a server says.

    Procedure: known, then generated sequences of joining, leaving, breaking off,
    subscribing, unsubscribing, holding and giving acknowledgements, and publishing,
    with two clients and a publisher; after every step each client reads.
    """
    if keeps_sessions(run):
        model = ServerModel(run, judges)
        try:
            for name, argument in _KNOWN:
                if model.possible(name):
                    with run.step(name):
                        model.apply(name, argument)
        finally:
            model.close()
    run.for_all_sequences(
        ServerModel.rules(run), lambda: ServerModel(run, judges), steps_max=12
    )
