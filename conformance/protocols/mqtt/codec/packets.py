# SPDX-License-Identifier: Apache-2.0
"""The control packets of MQTT 3.1.1 and 5.0 as values.

Field names are the standard's.  A value says what a packet holds, not whether it may
hold it: a decoded PUBLISH can carry QoS 3.  A string whose octets are not UTF-8 keeps
them as surrogate escapes (PEP 383), so that nothing received is lost.

What only 5.0 has, properties, reason codes and AUTH, stands last in each value and is
empty by default, so that a value of 3.1.1 is one that leaves it alone.  Which version
octets are of is no part of a value; it belongs to the conversation.

Structs of msgspec, not dataclasses: as frozen, and made eight times as fast.  To change
a field take ``replace`` from here.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapter 3 of both.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from conformance.protocols.mqtt.codec.properties import Properties

__all__ = [
    "CONNACK_CODES",
    "FIXED_FLAGS",
    "ONLY_5",
    "SENDERS",
    "SUBACK_CODES",
    "VERSIONS",
    "Auth",
    "Connack",
    "Connect",
    "Disconnect",
    "Packet",
    "PacketType",
    "Pingreq",
    "Pingresp",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "Sender",
    "Suback",
    "Subscribe",
    "Unsuback",
    "Unsubscribe",
    "Version",
    "replace",
    "senders",
]

Sender = Literal["client", "server"]
Version = Literal[4, 5]
"""Protocol level: 4 is MQTT 3.1.1, 5 is MQTT 5.0."""

VERSIONS: tuple[Version, ...] = (4, 5)
ONLY_5 = frozenset(("properties", "will_properties", "reason_code", "reason_codes"))
"""Fields that only packets of 5.0 have."""


class PacketType(IntEnum):
    """Bits 7 to 4 of the first octet (2.2.1); 0 is reserved, in 3.1.1 also 15."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


FIXED_FLAGS: dict[PacketType, int] = {
    kind: 0b0010
    if kind in (PacketType.PUBREL, PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE)
    else 0
    for kind in PacketType
    if kind is not PacketType.PUBLISH
}
"""Bits 3 to 0 of the first octet (2.2.2); a PUBLISH uses them for DUP, QoS, RETAIN."""

SENDERS: dict[PacketType, frozenset[Sender]] = {
    kind: frozenset(
        ("client",)
        if kind in (1, 8, 10, 12, 14)
        else ("server",)
        if kind in (2, 9, 11, 13)
        else ("client", "server")
    )
    for kind in PacketType
}
"""Who may send the packet of 3.1.1 (2.2.1, direction of flow)."""


def senders(kind: PacketType, version: Version) -> frozenset[Sender]:
    """Return who may send a packet; in 5.0 a server may send DISCONNECT too (2.1.2)."""
    if version == 5 and kind is PacketType.DISCONNECT:
        return SENDERS[PacketType.AUTH]
    return SENDERS[kind]


CONNACK_CODES = range(6)
"""Return codes of 3.1.1, 3.2.2.3; the rest is reserved."""

SUBACK_CODES = frozenset((0x00, 0x01, 0x02, 0x80))
"""Return codes of 3.1.1, 3.9.3; the rest is reserved."""


class Connect(Struct, frozen=True):
    """Client asks for a session (3.1).

    Will Flag, User Name Flag and Password Flag are not stored: they are set exactly
    when the field is not ``None``.
    """

    client_identifier: str = ""
    clean_session: bool = True
    """Clean Start in 5.0."""
    keep_alive: int = 0
    """In seconds; 0 turns the mechanism off."""
    will_topic: str | None = None
    will_message: bytes | None = None
    """Will Payload in 5.0."""
    will_qos: int = 0
    will_retain: bool = False
    user_name: str | None = None
    password: bytes | None = None
    """Kept out of ``repr``, so that no error or log prints it."""
    protocol_name: str = "MQTT"
    protocol_level: int = 4
    properties: Properties = ()
    will_properties: Properties = ()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        shown = (n for n in self.__struct_fields__ if n != "password")
        return [(name, getattr(self, name)) for name in shown]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"Connect({shown})"

    @property
    def connect_flags(self) -> int:
        """The octet of 3.1.2.3, its reserved bit zero."""
        return (
            (self.user_name is not None) << 7
            | (self.password is not None) << 6
            | self.will_retain << 5
            | self.will_qos << 3
            | (self.will_topic is not None) << 2
            | self.clean_session << 1
        )


class Connack(Struct, frozen=True):
    """Server answers CONNECT (3.2)."""

    session_present: bool = False
    return_code: int = 0
    """Connect Reason Code in 5.0."""
    properties: Properties = ()


class Publish(Struct, frozen=True, gc=False):
    """An application message (3.3)."""

    topic_name: str
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_identifier: int | None = None
    """Only with QoS above 0 (2.3.1)."""
    properties: Properties = ()


class Puback(Struct, frozen=True, gc=False):
    """Answer to a QoS 1 PUBLISH (3.4)."""

    packet_identifier: int
    reason_code: int = 0
    properties: Properties = ()


class Pubrec(Struct, frozen=True, gc=False):
    """First answer to a QoS 2 PUBLISH (3.5)."""

    packet_identifier: int
    reason_code: int = 0
    properties: Properties = ()


class Pubrel(Struct, frozen=True, gc=False):
    """Answer to PUBREC (3.6)."""

    packet_identifier: int
    reason_code: int = 0
    properties: Properties = ()


class Pubcomp(Struct, frozen=True, gc=False):
    """Answer to PUBREL, the last packet of a QoS 2 exchange (3.7)."""

    packet_identifier: int
    reason_code: int = 0
    properties: Properties = ()


class Subscribe(Struct, frozen=True):
    """Client asks for topics (3.8)."""

    packet_identifier: int
    topic_filters: tuple[tuple[str, int], ...]
    """Pairs of Topic Filter and Requested QoS, in the order of the wire.

    In 5.0 the number is the octet of Subscription Options: QoS in its two lowest bits.
    """
    properties: Properties = ()


class Suback(Struct, frozen=True):
    """Server answers SUBSCRIBE (3.9)."""

    packet_identifier: int
    return_codes: tuple[int, ...]
    """Reason Codes in 5.0."""
    properties: Properties = ()


class Unsubscribe(Struct, frozen=True):
    """Client drops topics (3.10)."""

    packet_identifier: int
    topic_filters: tuple[str, ...]
    properties: Properties = ()


class Unsuback(Struct, frozen=True):
    """Server answers UNSUBSCRIBE (3.11)."""

    packet_identifier: int
    reason_codes: tuple[int, ...] = ()
    """One for each filter; only in 5.0."""
    properties: Properties = ()


class Pingreq(Struct, frozen=True):
    """Client asks whether the server is there (3.12)."""


class Pingresp(Struct, frozen=True):
    """Server answers PINGREQ (3.13)."""


class Disconnect(Struct, frozen=True):
    """One side ends the connection and says why (3.14); in 3.1.1 only a client."""

    reason_code: int = 0
    properties: Properties = ()


class Auth(Struct, frozen=True):
    """A step of an authentication of several steps (5.0, 3.15)."""

    reason_code: int = 0
    properties: Properties = ()


Packet = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
    | Auth
)
