# SPDX-License-Identifier: Apache-2.0
"""Which packets could have broken a rule of the packet format, whether they do or not.

A PINGREQ says nothing of how a device writes strings; a rule that saw nothing else has
not been observed.  Where a rule is not named here, every packet is an occasion.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 1 and 3 of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Packet,
    Publish,
    Subscribe,
    Unsubscribe,
    value_of,
)
from conformance.protocols.mqtt.codec.properties import PROPERTIES
from conformance.protocols.mqtt.codec.topics import is_shared

__all__ = ["FIELDS", "bears_on", "holds"]

_Seen = Callable[[Any], object]

_TEXTS = tuple(i.name for i in PROPERTIES.values() if i.kind in ("string", "pair"))


def _carries(name: str) -> _Seen:
    """Return what says whether a packet or its will carries a property."""

    def is_there(packet: Any) -> bool:
        lists = (getattr(packet, "properties", ()), getattr(packet, _WILL, ()))
        return any(value_of(found, name) is not None for found in lists)

    return is_there


_WILL = "will_properties"


def _of(kind: type[Any], name: str) -> _Seen:
    """Return what says whether a packet of a kind has an optional field."""
    return lambda packet: isinstance(packet, kind) and getattr(packet, name) is not None


def _filters(packet: Any) -> Iterator[str]:
    if isinstance(packet, Subscribe):
        yield from (name for name, _ in packet.topic_filters)
    elif isinstance(packet, Unsubscribe):
        yield from packet.topic_filters


def _names(packet: Any) -> Iterator[str]:
    if isinstance(packet, Publish) and packet.topic_name:
        yield packet.topic_name
    if isinstance(packet, Connect) and packet.will_topic is not None:
        yield packet.will_topic
    if _carries("Response Topic")(packet):
        yield ""


def _has_text(packet: Any) -> bool:
    named = isinstance(packet, Connect) or any(_names(packet)) or any(_filters(packet))
    return named or any(_carries(name)(packet) for name in _TEXTS)


FIELDS: Mapping[str, _Seen] = {
    "Client Identifier": _of(Connect, "client_identifier"),
    "Will Topic": _of(Connect, "will_topic"),
    "Will Message": _of(Connect, "will_message"),
    "Will Payload": _of(Connect, "will_message"),
    "Will Property Length": _of(Connect, "will_message"),
    "User Name": _of(Connect, "user_name"),
    "Password": _of(Connect, "password"),
    "Topic Name": _of(Publish, "topic_name"),
    "Topic Filter": lambda packet: any(_filters(packet)),
    "Requested QoS": lambda packet: any(_filters(packet)),
    "Subscription Options": lambda packet: any(_filters(packet)),
    "Property Length": lambda packet: hasattr(packet, "properties"),
} | {name: _carries(name) for name in _TEXTS}
"""By its name in the standard, what says whether a packet holds a field."""

_TEXT_RULES = (
    "string-ill-formed",
    "string-surrogate",
    "string-nul",
    "string-control-character",
    "string-noncharacter",
)
_OCCASIONS: Mapping[str, _Seen] = {
    **dict.fromkeys(_TEXT_RULES, _has_text),
    "topic-name-wildcard": lambda packet: any(True for _ in _names(packet)),
    "topic-empty": lambda packet: any(_names(packet)) or any(_filters(packet)),
    "filter-hash-position": lambda packet: any("#" in f for f in _filters(packet)),
    "filter-plus-position": lambda packet: any("+" in f for f in _filters(packet)),
    "shared-no-local": lambda packet: any(map(is_shared, _filters(packet))),
    "session-present-refused": lambda packet: (
        isinstance(packet, Connack) and packet.return_code
    ),
    "payload-not-text": _carries("Payload Format Indicator"),
    "authentication-method-missing": lambda packet: isinstance(packet, Auth),
}
"""By rule, what says whether a packet could have broken it."""


def holds(packet: Packet | None, field: str) -> bool:
    """Say whether a packet has a field."""
    return packet is not None and bool(FIELDS[field](packet))


def bears_on(rule: str, packet: Packet | None) -> bool:
    """Say whether a packet is one in which a rule could be broken."""
    seen = _OCCASIONS.get(rule)
    return seen is None or (packet is not None and bool(seen(packet)))
