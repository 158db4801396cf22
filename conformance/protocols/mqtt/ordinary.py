# SPDX-License-Identifier: Apache-2.0
"""The fast road for what nearly all MQTT traffic is: PUBLISH and its answers.

Octets that are right in every respect become a packet at once; of anything else this
module says nothing, and :mod:`conformance.protocols.mqtt.decoding` names what is odd.
Names and lists of properties that were found right are remembered, because a
connection repeats them.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.3 to 3.7 of both.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.protocols.mqtt.body import Body, CutShortError
from conformance.protocols.mqtt.packets import (
    Packet,
    PacketType,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Version,
)
from conformance.protocols.mqtt.properties import Properties, value_of

__all__ = ["is_text", "ordinary"]


def ordinary(octets: bytes, at: int, version: Version = 4) -> Packet | None:
    """Return a packet that is right in every respect, else ``None``: the fast road.

    For PUBLISH and its answers, which either side may send; ``at`` is the size of the
    fixed header.  Whatever is odd takes the slow road, which names it.
    """
    flags, size = _PUBLISH_FLAGS.get(octets[0]), len(octets)
    if flags is None:
        return _answer(octets) if size == 4 and at == 2 else None
    start = at + 2
    if start >= size or (at > 2 and octets[at - 1] == 0):
        return None
    end = start + (octets[at] << 8 | octets[at + 1])
    if end > size:
        return None
    name = octets[start:end]
    topic = _names.get(name) or _topic_name(name)
    if topic is None:
        return None
    if version == 5:
        return _publish_5(octets, end, topic, flags)
    qos, retain, dup = flags
    if qos == 0:
        return Publish(topic, octets[end:], 0, retain)
    if end + 2 > size:
        return None
    identifier = octets[end] << 8 | octets[end + 1]
    if identifier == 0:
        return None
    return Publish(topic, octets[end + 2 :], qos, retain, dup, identifier)


def _publish_5(
    octets: bytes, at: int, topic: str, flags: tuple[int, bool, bool]
) -> Packet | None:
    """Return a PUBLISH of 5.0; ``at`` is where its topic ends."""
    qos, retain, dup = flags
    size, identifier = len(octets), None
    if qos:
        if at + 2 >= size:
            return None
        identifier = octets[at] << 8 | octets[at + 1]
        if identifier == 0:
            return None
        at += 2
    elif at >= size:
        return None
    length = octets[at]
    if length == 0:
        return Publish(topic, octets[at + 1 :], qos, retain, dup, identifier)
    end = at + 1 + length
    if length > 127 or end > size:
        return None
    known = _lists.get(octets[at:end]) or _properties(octets[at:end])
    if known is None:
        return None
    properties, says_text = known
    payload = octets[end:]
    if says_text and not is_text(payload):
        return None
    return Publish(topic, payload, qos, retain, dup, identifier, properties)


def is_text(payload: bytes) -> bool:
    """Say whether a payload is UTF-8."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


_lists: dict[bytes, tuple[Properties, bool]] = {}
"""Properties of PUBLISH that are right, and whether they call the payload text."""

_LISTS_MAX = 256


def _properties(raw: bytes) -> tuple[Properties, bool] | None:
    """Return properties of which nothing need be said, else ``None``."""
    body = Body(raw, 0, PacketType.PUBLISH, None, 5)
    try:
        found = body.properties()
    except CutShortError:
        return None
    # Who may send a Subscription Identifier depends on the side, which is unknown here.
    if body.breaches or value_of(found, "Subscription Identifier") is not None:
        return None
    known = found, value_of(found, "Payload Format Indicator") == 1
    if len(_lists) >= _LISTS_MAX:
        _lists.clear()
    _lists[raw] = known
    return known


_names: dict[bytes, str] = {}
"""Topic names that were read before and found right; a connection has few of them."""

_NAMES_MAX = 256
_NAME_MAX_OCTETS = 256


def _topic_name(name: bytes) -> str | None:
    """Return a topic name of which nothing need be said, else ``None``."""
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        return None
    # No control or noncharacter is printable, so this is the whole of 1.5.3 and 4.7.1.
    if not topic or not topic.isprintable() or "#" in topic or "+" in topic:
        return None
    if len(name) <= _NAME_MAX_OCTETS and len(_names) < _NAMES_MAX:
        _names[name] = topic
    return topic


def _answer(octets: bytes) -> Packet | None:
    """Return PUBACK, PUBREC, PUBREL or PUBCOMP if it is right in every respect."""
    make = _ANSWERS.get(octets[0])
    identifier = octets[2] << 8 | octets[3]
    return make(identifier) if make and identifier else None


_PUBLISH_FLAGS = {
    0x30 | dup << 3 | qos << 1 | retain: (qos, bool(retain), bool(dup))
    for dup in (0, 1)
    for qos in range(3)
    for retain in (0, 1)
    if qos or not dup
}
"""QoS, RETAIN and DUP of a PUBLISH by its first octet, if that is right."""

_ANSWERS: dict[int, Callable[[int], Packet]] = {
    0x40: Puback,
    0x50: Pubrec,
    0x62: Pubrel,
    0x70: Pubcomp,
}
