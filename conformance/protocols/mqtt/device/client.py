# SPDX-License-Identifier: Apache-2.0
"""paho-mqtt with what it leaves out, for the device of the proof.

paho takes what the standards tell a client to refuse, sends all that is unacknowledged
at once whatever the Receive Maximum, goes on with old state where the server has none,
and knows neither AUTH nor the topic aliases of a server.  ``strict_client`` adds these;
each thing added can be left out again by name (``ignores``), so that the deviation is
paho's own.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07);
the clause stands beside each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Packet,
    Publish,
    Pubrec,
    Pubrel,
    Version,
    decode,
    encode,
    encode_remaining_length,
    properties,
    value_of,
)

__all__ = ["strict_client"]

_MALFORMED, _PROTOCOL_ERROR, _BAD_ALIAS, _BAD_METHOD = 0x81, 0x82, 0x94, 0x8C
_FAILURE = 0x80
_CONTINUE, _AGAIN = 0x18, 0x19
_FORMAT_INVALID = 0x99
_PUBREC, _AUTH = 0x50, 0xF0
_PATIENCE_S = 6.0
"""How long a device waits for CONNACK that is in no hurry."""
_IN_FLIGHT = 20
"""Of paho, unless the server bears less."""


def strict_client(
    paho: Any,
    level: Version,
    *,
    method: str | None,
    alias_max: int,
    ignores: AbstractSet[str],
) -> type[Any]:
    """Return the class; ``paho`` is the module, which only tests install."""

    odd_ways = [odd for name, odd in _ODDITIES.items() if name in ignores]
    if "alias-last" in ignores:
        alias_max -= 1

    class Strict(paho.Client):  # type: ignore[misc]
        """paho, with the checks and the duties that it leaves out."""

        aliases: dict[int, str]
        refused: set[int]
        done: set[int]
        clean = False
        """Whether this connection was opened with Clean Start or Clean Session 1."""

        def _packet_handle(self) -> Any:
            found = self._in_packet
            body = bytes(found["packet"])
            octets = bytes((found["command"],)) + encode_remaining_length(len(body))
            decoded = decode(octets + body, sender="server", version=level)
            packet = decoded.packet
            if packet is not None and (self._turned_down(packet) or self._odd(packet)):
                return paho.MQTT_ERR_SUCCESS
            if decoded.errors or decoded.packet is None:
                return self._refuse(_MALFORMED)
            if trouble := self._look(decoded.packet):
                return self._refuse(trouble)
            if isinstance(decoded.packet, Auth):
                return paho.MQTT_ERR_SUCCESS
            refused = isinstance(decoded.packet, Pubrec) and (
                decoded.packet.reason_code >= _FAILURE
            )
            if refused:  # no PUBREL follows: the message is done with (4.3.3)
                return self._handle_pubackcomp("PUBACK")
            return super()._packet_handle()

        def _refuse(self, reason: int) -> Any:
            """Say why (5.0, 4.13.1) and let paho close."""
            if level == 5 and "reason" not in ignores:
                code = paho.ReasonCode(paho.PacketTypes.DISCONNECT, identifier=reason)
                self._send_disconnect(code, None)
            return paho.MQTT_ERR_PROTOCOL

        def _look(self, packet: Packet) -> int:
            """Take note of a packet; return the reason code if it must be refused."""
            if "resends" in ignores and isinstance(packet, Connack):
                self._out_messages.clear()
            if "order" in ignores and isinstance(packet, Connack):
                for number in list(reversed(self._out_messages))[1:]:
                    self._out_messages.move_to_end(number)
            match packet:
                case Connack(return_code=0):
                    self._mislay()
                    return self._opened(packet) if level == 5 else 0
                case Publish() if level == 5:
                    return self._resolve(packet)
                case Auth():
                    return self._authenticate(packet)
            return 0

        def _mislay(self) -> None:
            """Forget, where asked to, how far messages at QoS 2 had got."""
            for number, found in list(self._out_messages.items()):
                if found.state == _RESEND_PUBREL and "pubrel" in ignores:
                    del self._out_messages[number]
                elif found.state == _RESEND_PUBREL and "released" in ignores:
                    found.state, found.dup = _PUBLISH, True

        def _opened(self, packet: Connack) -> int:
            if "aliases" not in ignores:
                self.aliases = {}  # they end with the connection (3.3.2.3.4)
            if packet.session_present and self.clean and "present" not in ignores:
                return _PROTOCOL_ERROR  # 3.2.2-4
            if not packet.session_present and "absent" not in ignores:  # 3.2.2-5
                self._out_messages.clear()
                self._in_messages.clear()
            window = value_of(packet.properties, "receive_maximum") or _IN_FLIGHT
            if "receive_maximum" not in ignores:  # 4.9
                self._max_inflight_messages = min(window, _IN_FLIGHT)
                for late in list(self._out_messages.values())[window:]:
                    late.state = _QUEUED
            return 0

        def _resolve(self, packet: Publish) -> int:
            alias = value_of(packet.properties, "topic_alias")
            if alias and alias > alias_max:
                return _BAD_ALIAS
            if packet.topic_name and alias:
                self.aliases[alias] = packet.topic_name
            elif alias and alias not in self.aliases:
                return _BAD_ALIAS
            return 0

        def _turned_down(self, packet: Packet) -> bool:
            """Refuse a QoS 2 message that is not the UTF-8 it says (3.3.2.3.2)."""
            if not isinstance(packet, Publish) or packet.qos != 2:
                return False
            number = packet.packet_identifier or 0
            if "refused" in ignores and number in self.refused:
                return True
            if value_of(packet.properties, "payload_format_indicator") != 1:
                return False
            try:
                packet.payload.decode()
            except UnicodeDecodeError:
                self.refused.add(number)
                octets = encode(Pubrec(number, _FORMAT_INVALID), level)
                self._packet_queue(_PUBREC, octets, 0, 0)
                return True
            return False

        def _odd(self, packet: Packet) -> bool:
            """Do as one of ``_ODDITIES`` that was asked for; say if that is all."""
            return any(odd(self, packet) for odd in odd_ways)

        def _check_keepalive(self) -> None:
            if not self.is_connected():
                waited_s = time.monotonic() - self._last_msg_out
                patient = "hurry" in ignores and waited_s < _PATIENCE_S
                if patient or "connack" in ignores:
                    return
            super()._check_keepalive()

        def _authenticate(self, packet: Auth) -> int:
            """Answer a challenge by its reverse (4.12), as its peer wants it."""
            if value_of(packet.properties, "authentication_method") != method:
                return 0 if "method" in ignores else _BAD_METHOD
            if packet.reason_code == _CONTINUE:
                data = value_of(packet.properties, "authentication_data") or b""
                self.say_auth(_CONTINUE, data[::-1])
            return 0

        def say_auth(self, reason: int = _AGAIN, data: bytes = b"") -> None:
            """Send an AUTH; by itself a client does to authenticate again."""
            found = properties(authentication_method=method, authentication_data=data)
            octets = encode(Auth(reason, found), level)
            self._packet_queue(_AUTH, octets, 0, 0)

    return Strict


_QUEUED, _PUBLISH, _RESEND_PUBREL = 9, 1, 4
"""States of a paho message: it waits for its turn, it and its PUBREL are to be sent."""


def _lose(client: Any, number: int) -> bool:
    """Forget a message that was sent."""
    del client._out_messages[number]
    client._inflight_messages -= 1
    client._update_inflight()
    return True


def _never_releases(client: Any, packet: Any) -> bool:
    """Take PUBREC for the end of the exchange."""
    out = client._out_messages
    return (
        isinstance(packet, Pubrec)
        and packet.packet_identifier in out
        and _lose(client, packet.packet_identifier)
    )


def _forgets(client: Any, packet: Any) -> bool:
    """Lose a QoS 2 message once three others have followed it."""
    if not isinstance(packet, Pubrec) or packet.packet_identifier not in (
        out := client._out_messages
    ):
        return False
    if sum(number > packet.packet_identifier for number in out) < _FOLLOWED:
        return False
    return _lose(client, packet.packet_identifier)


def _expires(client: Any, packet: Any) -> bool:
    """Let a QoS 2 message expire although it was sent."""
    found = client._out_messages.get(getattr(packet, "packet_identifier", None))
    if not isinstance(packet, Pubrec) or found is None or found.properties is None:
        return False
    expiry = getattr(found.properties, "MessageExpiryInterval", None)
    if expiry is None or time.monotonic() - found.timestamp <= expiry:
        return False
    return _lose(client, packet.packet_identifier)


def _expires_received(client: Any, packet: Any) -> bool:
    """Let a received QoS 2 message expire in the middle of its exchange."""
    found = client._in_messages.get(getattr(packet, "packet_identifier", None))
    if not isinstance(packet, Pubrel) or found is None:
        return False
    expiry = getattr(found.properties, "MessageExpiryInterval", None)
    if expiry is None or time.monotonic() - found.timestamp <= expiry:
        return False
    del client._in_messages[packet.packet_identifier]
    return True


def _takes_for_repeat(client: Any, packet: Any) -> bool:
    """Take a QoS 1 message with DUP under the identifier of the last for the last."""
    if not isinstance(packet, Publish) or packet.qos != 1:
        return False
    again = packet.dup and packet.packet_identifier in client.done
    client.done = {packet.packet_identifier}
    if again:
        client._send_puback(packet.packet_identifier)
    return again


def _skips_repeat(client: Any, packet: Any) -> bool:
    """Answer no QoS 2 message a second time."""
    is_2 = isinstance(packet, Publish) and packet.qos == 2
    return is_2 and packet.packet_identifier in client._in_messages


def _passes_on_twice(client: Any, packet: Any) -> bool:
    """Hand a QoS 2 message on when it is repeated, and again at its PUBREL."""
    number = getattr(packet, "packet_identifier", None)
    known = client._in_messages.get(number)
    if isinstance(packet, Publish) and packet.qos == 2 and packet.dup and known:
        client._handle_on_message(known)
    return False


def _takes_for_done(client: Any, packet: Any) -> bool:
    """Take a QoS 2 message under an identifier that was used for the old one."""
    number = getattr(packet, "packet_identifier", None)
    if isinstance(packet, Pubrel):
        client.done.add(number)
    is_2 = isinstance(packet, Publish) and packet.qos == 2
    return is_2 and number in client.done


def _holds_back(client: Any, packet: Any) -> bool:
    """Answer no message while the server's Receive Maximum is used up."""
    full = len(client._out_messages) >= client._max_inflight_messages < _IN_FLIGHT
    return isinstance(packet, Publish) and packet.qos == 1 and full


_FOLLOWED = 3
_ODDITIES: Mapping[str, Callable[[Any, Any], bool]] = {
    "never-releases": _never_releases,
    "forgets": _forgets,
    "expires": _expires,
    "expires-received": _expires_received,
    "takes-for-repeat": _takes_for_repeat,
    "skips-repeat": _skips_repeat,
    "passes-on-twice": _passes_on_twice,
    "takes-for-done": _takes_for_done,
    "holds-back": _holds_back,
}
"""Ways to deviate that no proxy can show; each says if the packet is done with."""
