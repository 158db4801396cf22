# SPDX-License-Identifier: Apache-2.0
"""The fast road for what nearly all MQTT traffic is: PUBLISH and its answers.

Octets that are right in every respect become a packet at once; of anything else this
module says nothing, and :mod:`.decoding` names what is odd.
Names and lists of properties that were found right are remembered, because a
connection repeats them.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.3 to 3.7 of both.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.protocols.mqtt.codec.body import Body, CutShortError
from conformance.protocols.mqtt.codec.packets import (
    Packet,
    PacketType,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Version,
)
from conformance.protocols.mqtt.codec.properties import Properties, value_of

__all__ = ["is_text", "ordinary", "ordinary_5"]


def ordinary(octets: bytes, at: int, version: Version = 4) -> Packet | None:
    """Return a packet that is right in every respect, else ``None``: the fast road.

    For PUBLISH and its answers, which either side may send; ``at`` is the size of the
    fixed header, 2 or 3 octets and no more than its number needs, and the whole is at
    least 4 octets.  Whatever is odd takes the slow road, which names it.
    """
    if version == 5:
        return ordinary_5(octets, at)
    flags, size = _PUBLISH_FLAGS[octets[0]], len(octets)
    if flags is None:
        return _answer(octets) if size == 4 and at == 2 else None
    start = at + 2
    end = start + (octets[at] << 8 | octets[at + 1])
    if end > size:
        return None
    try:  # mostly they are known, and then nothing is called
        topic = _names[octets[start:end]]
    except KeyError:
        topic = _topic_name(octets[start:end])
        if not topic:
            return None
    qos, retain, dup = flags
    identifier = None
    if qos:
        if end + 2 > size:
            return None
        identifier = octets[end] << 8 | octets[end + 1]
        if identifier == 0:
            return None
        end += 2
    return Publish(topic, octets[end:], qos, retain, dup, identifier)


def ordinary_5(octets: bytes, at: int) -> Packet | None:
    """Return a packet of 5.0 that is right in every respect, else ``None``.

    The same road again with properties at its end: a call between would cost what the
    road is there to save.
    """
    flags = _PUBLISH_FLAGS[octets[0]]
    if flags is None:
        return _answer(octets) if at == 2 and len(octets) == 4 else None
    start = at + 2
    end = start + (octets[at] << 8 | octets[at + 1])
    try:
        topic = _names[octets[start:end]]
    except KeyError:
        topic = _topic_name(octets[start:end]) if end <= len(octets) else ""
        if not topic:
            return None
    qos, retain, dup = flags
    identifier = None
    try:
        if qos:
            identifier = octets[end] << 8 | octets[end + 1]
            if identifier == 0:
                return None
            end += 2
        # What is known is as long as it says and ends inside the packet.
        at = end + 1 + octets[end]
        found = _lists[octets[end:at]]
    except IndexError:
        return None
    except KeyError:
        if octets[end] > 127 or at > len(octets):
            return None
        found = _properties(octets[end:at], octets, at)
        if not found:
            return None
    return Publish(topic, octets[at:], qos, retain, dup, identifier, found)


def is_text(payload: bytes) -> bool:
    """Say whether a payload is UTF-8."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


_lists: dict[bytes, Properties] = {b"\0": ()}
"""Properties of PUBLISH that were read before and are right with any payload."""

_LISTS_MAX = 256


def _properties(raw: bytes, octets: bytes, at: int) -> Properties:
    """Return properties of which nothing need be said, else none at all.

    ``at`` is where the payload begins, which they may call text.
    """
    if (found := _texts.get(raw)) is None:
        body = Body(raw, 0, PacketType.PUBLISH, None, 5)
        try:
            found = body.properties()
        except CutShortError:
            return ()
        # Who may send a Subscription Identifier depends on the side, unknown here.
        if body.breaches or value_of(found, "Subscription Identifier") is not None:
            return ()
        says_text = value_of(found, "Payload Format Indicator") == 1
        kept = _texts if says_text else _lists
        if len(kept) >= _LISTS_MAX:
            kept.clear()
            _lists[b"\0"] = ()
        kept[raw] = found
        if not says_text:
            return found
    return found if is_text(octets[at:]) else ()


_texts: dict[bytes, Properties] = {}
"""Those that are right with a payload that is UTF-8."""


_names: dict[bytes, str] = {}
"""Topic names that were read before and found right; a connection has few of them."""

_NAMES_MAX = 256
_NAME_MAX_OCTETS = 256


def _topic_name(name: bytes) -> str:
    """Return a topic name of which nothing need be said, else an empty one."""
    try:
        topic = name.decode()
    except UnicodeDecodeError:
        return ""
    # No control or noncharacter is printable, so this is the whole of 1.5.3 and 4.7.1.
    if not topic or not topic.isprintable() or "#" in topic or "+" in topic:
        return ""
    if len(name) <= _NAME_MAX_OCTETS and len(_names) < _NAMES_MAX:
        _names[name] = topic
    return topic


def _answer(octets: bytes) -> Packet | None:
    """Return PUBACK, PUBREC, PUBREL or PUBCOMP if it is right in every respect."""
    make = _ANSWERS.get(octets[0])
    identifier = octets[2] << 8 | octets[3]
    return make(identifier) if make and identifier else None


_PUBLISH_FLAGS = tuple(
    (first >> 1 & 3, bool(first & 1), bool(first & 8))
    if first >> 4 == 3 and first & 6 != 6 and (first & 6 or not first & 8)
    else None
    for first in range(256)
)
"""QoS, RETAIN and DUP of a PUBLISH by its first octet; ``None`` if that is wrong."""

_ANSWERS: dict[int, Callable[[int], Packet]] = {
    0x40: Puback,
    0x50: Pubrec,
    0x62: Pubrel,
    0x70: Pubcomp,
}
