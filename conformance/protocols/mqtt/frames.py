# SPDX-License-Identifier: Apache-2.0
"""MQTT packets for the fault proxy: cut, told field by field, put together anew.

Fields have the names of the packet values; properties of 5.0 also stand under their
own name (``Topic Alias``), the last one where several do.  Besides, ``kind`` is the
packet's name, ``version`` its protocol level, ``flags`` the low half of its first
octet, ``errors`` the codec rules that it breaks, ``connection`` the identifier of the
connection's client.  A change called ``patch`` replaces octets by position, ``options``
the options of all filters of a SUBSCRIBE.  What is put together may be as wrong as the
changes make it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.errors import PeerError
from conformance.link.packets import Side
from conformance.link.proxy import Adapter
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Publish,
    Reader,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
    ack_raw,
    auth_raw,
    connack_raw,
    connect_raw,
    decode,
    disconnect_raw,
    publish_raw,
    replace,
    suback_raw,
    subscribe_raw,
    unsuback_raw,
    unsubscribe_raw,
)
from conformance.protocols.mqtt.codec.properties import PROPERTIES, encode_properties

__all__ = ["ADAPTERS"]


class _Splitter:
    def __init__(self, sender: Side, version: Version) -> None:
        self._reader = Reader(sender=sender, version=version)
        self._fed = b""

    def feed(self, octets: bytes) -> list[bytes]:
        self._fed = self._reader.pending + octets
        self._reader.feed(octets)
        frames: list[bytes] = []
        try:
            while decoded := self._reader.next_decoded():
                if decoded.is_fatal:
                    # The octets that no packet can be made of are a frame too, so that
                    # rules can match them; nothing behind them is cut any more.
                    return [*frames, decoded.octets]
                frames.append(decoded.octets)
        except PeerError as error:
            raise ValueError(error.rule) from None
        return frames

    @property
    def rest(self) -> bytes:
        return self._fed


class _Packets:
    def __init__(self, version: Version) -> None:
        self._version = version

    def splitter(self, sender: Side) -> _Splitter:
        return _Splitter(sender, self._version)

    def describe(self, frame: bytes, sender: Side) -> dict[str, Any]:
        decoded = decode(frame, sender=sender, version=self._version)
        kind = decoded.packet_type
        told: dict[str, Any] = {
            "kind": kind.name if kind else "",
            "flags": frame[0] & 0x0F,
            "version": self._version,
            "errors": [breach.rule for breach in decoded.errors],
        }
        packet = decoded.packet
        if packet is not None:
            told |= {name: getattr(packet, name) for name in packet.__struct_fields__}
            for number, value in told.get("properties", ()):
                if number in PROPERTIES:
                    told[PROPERTIES[number].name] = value
        match packet:
            case Subscribe() | Unsubscribe():
                first = packet.topic_filters[0] if packet.topic_filters else ""
                told["filter"] = first if isinstance(first, str) else first[0]
                told["count"] = len(packet.topic_filters)
            case Suback():
                told["count"] = len(packet.return_codes)
            case Connect():
                told["has_will"] = packet.will_topic is not None
                told["connection"] = packet.client_identifier
        return told

    def alter(self, frame: bytes, changes: Mapping[str, Any]) -> bytes:
        packet: Any = decode(frame, version=self._version).packet
        known = packet.__struct_fields__ if packet is not None else ()
        values = {k: v for k, v in changes.items() if k in known}
        if "adds" in changes and "properties" in known:
            values["properties"] = packet.properties + changes["adds"]
        if "options" in changes and isinstance(packet, Subscribe):
            asked = [(name, changes["options"]) for name, _ in packet.topic_filters]
            values["topic_filters"] = tuple(asked)
        if values:
            packet = replace(packet, **values)
            frame = _put_together(packet, frame, self._version)
        for at, octet in changes.get("patch", ()):
            frame = frame[:at] + bytes((octet,)) + frame[at + 1 :]
        first, rest = frame[0], frame[1:]
        if "kind" in changes:
            first = changes["kind"] << 4
        if "flags" in changes:
            first = first & 0xF0 | changes["flags"]
        return bytes((first,)) + rest


def _put_together(packet: Any, frame: bytes, version: Version) -> bytes:
    properties = None
    if version == 5 and not isinstance(packet, Connect):
        properties = encode_properties(packet.properties)
    make = _MAKERS.get(type(packet))
    if make is not None:
        return make(packet, properties)
    reason = getattr(packet, "reason_code", 0)
    if not reason and not packet.properties:
        reason, properties = None, None
    return ack_raw(
        frame[0] >> 4,
        packet.packet_identifier,
        reason_code=reason,
        properties=properties,
        flags=frame[0] & 15,
    )


_Made = Callable[[Any, bytes | None], bytes]
_MAKERS: Mapping[type[Any], _Made] = {
    Connect: lambda p, _: connect_raw(p),
    Connack: lambda p, more: connack_raw(
        int(p.session_present), p.return_code, properties=more
    ),
    Publish: lambda p, more: publish_raw(
        p.topic_name,
        p.payload,
        qos=p.qos,
        retain=int(p.retain),
        dup=int(p.dup),
        packet_identifier=p.packet_identifier,
        properties=more,
    ),
    Subscribe: lambda p, more: subscribe_raw(
        p.packet_identifier, p.topic_filters, properties=more
    ),
    Suback: lambda p, more: suback_raw(
        p.packet_identifier, p.return_codes, properties=more
    ),
    Unsubscribe: lambda p, more: unsubscribe_raw(
        p.packet_identifier, p.topic_filters, properties=more
    ),
    Unsuback: lambda p, more: (
        ack_raw(11, p.packet_identifier)
        if more is None
        else unsuback_raw(p.packet_identifier, p.reason_codes, properties=more)
    ),
    Auth: lambda p, more: auth_raw(p.reason_code, more),
    Disconnect: lambda p, more: disconnect_raw(
        p.reason_code if more is not None else None, more
    ),
}

ADAPTERS: Mapping[Version, Adapter] = {4: _Packets(4), 5: _Packets(5)}
"""By protocol level: what a proxy between peers of that version needs."""
