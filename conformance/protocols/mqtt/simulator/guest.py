# SPDX-License-Identifier: Apache-2.0
"""One client's connection at the simulated MQTT server: packets in, packets out.

What a packet does is a table (``_HANDLERS``); whatever is malformed or out of place
ends the connection, in 5.0 after a DISCONNECT or CONNACK that says why.  Knows neither
sockets nor threads: octets come by ``hear``, go out by a callable, and ``tick`` tells
it that time has passed.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 3 and 4 of both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from conformance.protocols.mqtt.codec import (
    Auth,
    Breach,
    Connack,
    Connect,
    Decoded,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Reader,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    encode,
    properties,
    replace,
    value_of,
)
from conformance.protocols.mqtt.simulator.auth import Proving, Refused
from conformance.protocols.mqtt.simulator.store import (
    OWN_TOPICS,
    Copy,
    Kept,
    Store,
    Subscription,
    Will,
    message_of,
)

__all__ = ["LIMITS", "Guest"]

RECEIVE_MAXIMUM, ALIASES_MAX, PACKET_MAX = 20, 10, 1 << 20
LIMITS: Mapping[str, int] = {
    "receive_maximum": RECEIVE_MAXIMUM,
    "maximum_packet_size": PACKET_MAX,
    "topic_alias_maximum": ALIASES_MAX,
}
"""What CONNACK of 5.0 says of the server, by property."""
_CONNECT_WITHIN_S = 10.0
_GRACE = 1.5
"""Of Keep Alive (3.1.2.10)."""
_FOR_GOOD = 0xFFFFFFFF
_NO_SUBSCRIBERS, _NO_SUBSCRIPTION, _UNKNOWN = 0x10, 0x11, 0x92
_WITH_WILL = 0x04
_MALFORMED, _PROTOCOL_ERROR, _TOO_LATE = 0x81, 0x82, 0x8D
_NOT_AUTHORIZED = 0x87
_ANSWERS: Mapping[int, Callable[[int, int], Packet]] = {1: Puback, 2: Pubrec}
_RECEIVE_EXCEEDED, _BAD_ALIAS, _BAD_METHOD = 0x93, 0x94, 0x8C
_REASON_BY_RULE: Mapping[str, int] = {
    "over-limit": 0x95,
    "protocol-level": 0x84,
    "topic-name-wildcard": 0x90,
    "topic-alias-zero": _BAD_ALIAS,
    "payload-not-text": 0x99,
}
_REASON_BY_KIND: Mapping[str, int] = {"violation": _PROTOCOL_ERROR}
_RETURN_CODE: Mapping[str, int] = {"protocol-level": 1, "client-identifier-empty": 2}
"""What 3.1.1 answers to a CONNECT before it closes; else it closes without a word."""
_assigned = count(1)


@dataclass(frozen=True, slots=True)
class _Client:
    """What a client of 5.0 can bear; 3.1.1 knows no such limits."""

    receive_maximum: int = 65_535
    packet_max: float = math.inf
    aliases_max: int = 0


class _End(Exception):
    """The connection must end; ``reason`` says why to a client of 5.0."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"0x{reason:02X}")
        self.reason = reason


class Guest:
    """Serves one connection from its first octet to its last."""

    def __init__(
        self, store: Store, send: Callable[[bytes], None], now: Callable[[], float]
    ) -> None:
        self.store, self._send, self._now = store, send, now
        self.reader = Reader(sender="client", limit=PACKET_MAX, version=None)
        self.authenticates = False
        """Whether the server offers authentication in steps."""
        self.is_over = False
        """Whether the server has ended the connection."""
        self._asked: Connect | None = None
        self._kept: Kept | None = None
        self._client = _Client()
        self._proving = Proving()
        self._proof: Properties = ()
        self._heard_at = now()
        self._unsent: list[int] = []
        """Messages under way that were not sent again on this connection yet."""
        self._aliases_in: dict[int, str] = {}
        self._aliases_out: dict[str, int] = {}

    @property
    def version(self) -> int:
        return self.reader.version

    def hear(self, octets: bytes) -> None:
        """Take what the client has sent."""
        self.reader.feed(octets)
        while not self.is_over and self.reader.dead is None:
            if (decoded := self.reader.next_decoded()) is None:
                return
            self._heard_at = self._now()
            if decoded.errors or decoded.packet is None:
                self._reject(decoded)
                return
            try:
                self._take(decoded.packet)
            except (_End, Refused) as end:
                self.expel(end.reason)

    def _take(self, packet: Packet) -> None:
        if self._kept is None and not isinstance(packet, self._due):
            raise _End(_PROTOCOL_ERROR)
        _HANDLERS[type(packet)](self, packet)

    @property
    def _due(self) -> Any:
        """What may come before the client is let in."""
        return Connect if self._asked is None else (Auth, Disconnect)

    def _reject(self, decoded: Decoded) -> None:
        """Say, where the version can, what is wrong with a packet; then end."""
        breach = decoded.errors[0]
        if self._asked is None and decoded.packet_type is PacketType.CONNECT:
            code = (_reason if self.version == 5 else _return_code)(breach)
            if code:
                self._write(Connack(False, code))
            self._end(lost=True)
        else:
            self.expel(_reason(breach))

    def expel(self, reason: int) -> None:
        """End the connection, with the reason for a client that can be told."""
        if self.version == 5 and self._kept is not None:
            self._write(Disconnect(reason))
        elif self.version == 5 and self._asked is not None:
            self._write(Connack(False, reason))
        self._end(lost=True)

    def leave(self) -> None:
        """Note that the client has closed or was lost."""
        if not self.is_over:
            self._end(lost=True)

    def tick(self) -> float:
        """End what has waited too long; return when to look again."""
        now = self._now()
        keep_alive = self._asked.keep_alive if self._asked else 0
        if self._kept is None:
            due = self._heard_at + _CONNECT_WITHIN_S
        else:
            due = self._heard_at + keep_alive * _GRACE if keep_alive else math.inf
        if due <= now and not self.is_over:
            self.expel(_TOO_LATE)
        return due

    def _end(self, *, lost: bool) -> None:
        self.is_over = True
        if self._kept is not None:
            kept, self._kept = self._kept, None
            self.store.part(kept, self._now(), lost=lost)

    def _write(self, packet: Packet) -> None:
        """Send a packet unless it is larger than the client can bear."""
        octets = encode(packet, self.reader.version)
        if len(octets) <= self._client.packet_max:
            self._send(octets)

    # Opening

    def _connect(self, packet: Connect) -> None:
        if self._asked is not None:
            raise _End(_PROTOCOL_ERROR)
        self._asked = packet
        if self.version == 5:
            self._client = _Client(
                value_of(packet.properties, "Receive Maximum") or 65_535,
                value_of(packet.properties, "Maximum Packet Size") or math.inf,
                value_of(packet.properties, "Topic Alias Maximum") or 0,
            )
            if value_of(packet.properties, "Authentication Method") is not None:
                if not self.authenticates:
                    raise _End(_BAD_METHOD)
                self._write(self._proving.begin(packet.properties))
                return
        self._let_in(packet, ())

    def _let_in(self, packet: Connect, proof: Properties) -> None:
        now, identifier = self._now(), packet.client_identifier
        told = (*properties(**LIMITS), *proof) if self.version == 5 else ()
        if not identifier:
            identifier = f"luheng-{next(_assigned)}"
            if self.version == 5:
                told += properties(assigned_client_identifier=identifier)
        kept, is_present = self.store.open(identifier, packet.clean_session, now)
        kept.keeps_s = _keeps_s(packet, self.version)
        kept.will = _will(packet)
        kept.guest, self._kept = self, kept
        self._write(Connack(is_present, 0, told))
        self._unsent = list(kept.flows.sent)
        for number, ours in list(kept.flows.sent.items()):
            if isinstance(ours, Pubrel):
                self._unsent.remove(number)
                self._write(ours)
        self._pump()

    def _auth(self, packet: Auth) -> None:
        proof = self._proving.go_on(packet)
        if proof is None:
            self._write(self._proving.challenge)
        elif self._kept is None and self._asked is not None:
            self._let_in(self._asked, proof)
        else:
            self._write(Auth(0, proof))

    # Messages of the client

    def _publish(self, packet: Publish) -> None:
        packet = self._named(packet)
        assert self._kept is not None
        number, flows = packet.packet_identifier, self._kept.flows
        is_new = packet.qos == 2 and number not in flows.received
        if is_new and self.version == 5 and len(flows.received) >= RECEIVE_MAXIMUM:
            raise _End(_RECEIVE_EXCEEDED)
        code = 0
        if packet.topic_name.startswith(OWN_TOPICS):
            code = _NOT_AUTHORIZED
        elif packet.qos != 2 or is_new:
            message = message_of(packet, self._kept.identifier, self._now())
            code = 0 if self.store.publish(message) else _NO_SUBSCRIBERS
        # 3.1.1 cannot say no: what is not authorised is acknowledged all the same.
        code = code if self.version == 5 else 0
        if packet.qos == 2 and code < _FAILURE and number is not None:
            flows.received.add(number)
        if packet.qos and number is not None:
            self._write(_ANSWERS[packet.qos](number, code))

    def _named(self, packet: Publish) -> Publish:
        """Return a PUBLISH with its topic, which an alias may stand for (3.3.2.3.4)."""
        alias = value_of(packet.properties, "Topic Alias")
        if alias is None:
            return packet
        if alias > ALIASES_MAX:
            raise _End(_BAD_ALIAS)
        if packet.topic_name:
            self._aliases_in[alias] = packet.topic_name
        elif alias not in self._aliases_in:
            raise _End(_PROTOCOL_ERROR)
        return replace(packet, topic_name=self._aliases_in[alias])

    def _released(self, packet: Pubrel) -> None:
        assert self._kept is not None
        is_known = packet.packet_identifier in self._kept.flows.received
        self._kept.flows.take(packet)
        code = 0 if is_known or self.version == 4 else _UNKNOWN
        self._write(Pubcomp(packet.packet_identifier, code))

    def _acknowledged(self, packet: Puback | Pubrec | Pubcomp) -> None:
        assert self._kept is not None
        step = self._kept.flows.take(packet)
        if not isinstance(self._kept.flows.sent.get(packet.packet_identifier), Publish):
            self._kept.under_way.pop(packet.packet_identifier, None)
        if isinstance(packet, Pubrec) and packet.reason_code < _FAILURE:
            is_stray = step.is_stray and self.version == 5
            code = _UNKNOWN if is_stray else 0
            self._write(Pubrel(packet.packet_identifier, code))
        self._pump()

    # Messages for the client

    def deliver(self, copy: Copy) -> None:
        """Send a message, now or when those before it are acknowledged."""
        if copy.qos == 0:
            self._pass_on(copy.publish(None, self._now(), self.version), copy)
        elif self._kept is not None:
            self._kept.waiting.append(copy)
            self._pump()

    def _pump(self) -> None:
        """Send what Receive Maximum allows: what was under way first, then in order."""
        if (kept := self._kept) is None or self.is_over:
            return
        sent = kept.flows.sent
        while self._unsent and self._has_room(sent):
            ours = sent.get(number := self._unsent.pop(0))
            if isinstance(ours, Publish):
                copy = kept.under_way[number]
                again = copy.publish(number, self._now(), self.version)
                again = replace(again, dup=True)
                if self._fits(again):
                    self._write(again)
                else:
                    del sent[number]
        while kept.waiting and self._has_room(sent):
            copy = kept.waiting.popleft()
            packet = copy.publish(kept.flows.identifier(), self._now(), self.version)
            if copy.message.ends_at > self._now() and self._fits(packet):
                kept.flows.note(packet)
                kept.under_way[packet.packet_identifier or 0] = copy
                self._pass_on(packet, copy)

    def _has_room(self, sent: Mapping[int, Packet]) -> bool:
        return len(sent) - len(self._unsent) < self._client.receive_maximum

    def _fits(self, packet: Publish) -> bool:
        return (
            math.isinf(self._client.packet_max)
            or len(encode(packet, self.reader.version)) <= self._client.packet_max
        )

    def _pass_on(self, packet: Publish, copy: Copy) -> None:
        name, most = packet.topic_name, self._client.aliases_max
        if copy.message.ends_at <= self._now():
            return
        if math.isinf(self._client.packet_max) and (
            name in self._aliases_out or len(self._aliases_out) < most
        ):
            is_known = name in self._aliases_out
            alias = self._aliases_out.setdefault(name, len(self._aliases_out) + 1)
            told = (*packet.properties, *properties(topic_alias=alias))
            packet = replace(
                packet, topic_name="" if is_known else name, properties=told
            )
        self._write(packet)

    # Subscriptions, and the rest

    def _subscribe(self, packet: Subscribe) -> None:
        assert self._kept is not None
        number = value_of(packet.properties, "Subscription Identifier")
        found: list[tuple[Subscription, bool]] = []
        for asked, options in packet.topic_filters:
            subscription = Subscription(asked, options, number, self.version)
            found.append((subscription, asked not in self._kept.subscriptions))
            self._kept.subscriptions[asked] = subscription
        codes = tuple(s.qos for s, _ in found)
        self._write(Suback(packet.packet_identifier, codes))
        for subscription, is_new in found:
            if subscription.wants_retained(is_new=is_new):
                for copy in self.store.retained_for(subscription, self._now()):
                    self.deliver(copy)

    def _unsubscribe(self, packet: Unsubscribe) -> None:
        assert self._kept is not None
        dropped = [self._kept.subscriptions.pop(f, None) for f in packet.topic_filters]
        codes = tuple(_NO_SUBSCRIPTION if d is None else 0 for d in dropped)
        answer = Unsuback(packet.packet_identifier, codes if self.version == 5 else ())
        self._write(answer)

    def _ping(self, packet: Pingreq) -> None:
        self._write(Pingresp())

    def _disconnect(self, packet: Disconnect) -> None:
        expiry = value_of(packet.properties, "Session Expiry Interval")
        if self._kept is not None and expiry is not None:
            if expiry and not self._kept.keeps_s:
                raise _End(_PROTOCOL_ERROR)
            self._kept.keeps_s = math.inf if expiry == _FOR_GOOD else expiry
        self._end(lost=packet.reason_code == _WITH_WILL)


_FAILURE = 0x80

_HANDLERS: Mapping[type[Any], Callable[[Guest, Any], None]] = {
    Connect: Guest._connect,
    Auth: Guest._auth,
    Publish: Guest._publish,
    Puback: Guest._acknowledged,
    Pubrec: Guest._acknowledged,
    Pubcomp: Guest._acknowledged,
    Pubrel: Guest._released,
    Subscribe: Guest._subscribe,
    Unsubscribe: Guest._unsubscribe,
    Pingreq: Guest._ping,
    Disconnect: Guest._disconnect,
}


def _reason(breach: Breach) -> int:
    found = _REASON_BY_RULE.get(breach.rule)
    return found or _REASON_BY_KIND.get(breach.kind, _MALFORMED)


def _return_code(breach: Breach) -> int:
    return _RETURN_CODE.get(breach.rule, 0)


def _keeps_s(packet: Connect, version: int) -> float:
    if version == 4:
        return 0 if packet.clean_session else math.inf
    interval = value_of(packet.properties, "Session Expiry Interval") or 0
    return math.inf if interval == _FOR_GOOD else interval


def _will(packet: Connect) -> Will | None:
    if packet.will_topic is None:
        return None
    message = Publish(
        packet.will_topic,
        packet.will_message or b"",
        packet.will_qos,
        packet.will_retain,
        packet_identifier=None,
        properties=packet.will_properties,
    )
    delay = value_of(packet.will_properties, "Will Delay Interval") or 0
    return Will(message, delay)
