# SPDX-License-Identifier: Apache-2.0
"""Octets of one MQTT control packet to a value and its broken rules.

Never raises for what a peer sent: whatever is wrong becomes a ``Breach``, and the
packet is given as far as its layout allows.  Knows nothing about streams (see
``codec.Reader``) and nothing about what came before on the connection; the version is
told.  The layouts are those of both versions: what 3.1.1 does not have, ``Body`` does
not read there.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 2 and 3 of both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from conformance.protocols.mqtt.codec.body import Body, CutShortError, shown
from conformance.protocols.mqtt.codec.breach import Breach
from conformance.protocols.mqtt.codec.ordinary import ordinary
from conformance.protocols.mqtt.codec.packets import (
    CONNACK_CODES,
    FIXED_FLAGS,
    SUBACK_CODES,
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    PacketType,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Sender,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
    senders,
)
from conformance.protocols.mqtt.codec.properties import value_of
from conformance.protocols.mqtt.codec.topics import is_shared

__all__ = ["MAX_REMAINING_LENGTH", "Decoded", "connect_level", "decode_packet"]

MAX_REMAINING_LENGTH = 268_435_455
"""Four octets of seven bits (3.1.1, 2.2.3; 5.0, 1.5.5)."""


class Decoded(Struct, frozen=True, gc=False):
    """One packet as received: what it says, its octets, and what is wrong with it.

    ``packet`` is ``None`` when the octets cannot be laid out as a packet at all.
    ``violations`` holds every broken rule in order of position, remarks included.
    """

    packet: Packet | None
    octets: bytes
    offset: int = 0
    """Of the first octet, counted from the start of the stream."""
    violations: tuple[Breach, ...] = ()
    version: Version = 4

    @property
    def errors(self) -> tuple[Breach, ...]:
        """The broken rules without the remarks."""
        return tuple(v for v in self.violations if v.kind != "remark")

    @property
    def is_fatal(self) -> bool:
        """Whether the packet boundaries are lost: nothing after it can be read."""
        return any(v.kind in ("framing", "limit") for v in self.violations)

    @property
    def packet_type(self) -> PacketType | None:
        """The type in the first octet, or ``None`` if that is reserved."""
        nibble = self.octets[0] >> 4 if self.octets else 0
        return PacketType(nibble) if 1 <= nibble <= _LAST[self.version] else None


_LAST: dict[Version, int] = {4: 14, 5: 15}
"""The last packet type that is not reserved."""


def connect_level(octets: bytes, at: int) -> int | None:
    """Return the protocol level that a CONNECT asks for; ``at`` is past its header.

    ``None`` unless the protocol name is MQTT's, or for a packet that ends before.
    """
    name, level = octets[at : at + 6], octets[at + 6 : at + 7]
    return level[0] if name == b"\x00\x04MQTT" and level else None


def decode_packet(
    octets: bytes,
    header_size: int,
    offset: int = 0,
    sender: Sender | None = None,
    version: Version = 4,
) -> Decoded:
    """Return what one whole packet says.

    ``header_size`` is that of the fixed header, in octets; the packet must end where
    its Remaining Length says.
    """
    if len(octets) > 3 and (header_size == 2 or (header_size == 3 and octets[2])):
        quick = ordinary(octets, header_size, version)
        if quick is not None:
            return Decoded(quick, octets, offset, (), version)
    nibble = octets[0] >> 4
    if not 1 <= nibble <= _LAST[version]:
        rule = "reserved-packet-type"
        breach = Breach(rule, detail=str(nibble), at=0, size=1, version=version)
        return Decoded(None, octets, offset, (breach,), version)
    kind = PacketType(nibble)
    body = Body(octets, header_size, kind, sender, version)
    _judge_header(body, header_size)
    packet: Packet | None
    try:
        packet = _LAYOUTS[kind](body)
    except CutShortError:
        packet = None
    else:
        if body.at < body.end:
            left = body.end - body.at
            body.break_rule("extra-octets", "", str(left), body.at, left)
    found = sorted(body.breaches, key=lambda b: b.at)
    return Decoded(packet, octets, offset, tuple(found), version)


def _judge_header(body: Body, header_size: int) -> None:
    first = body.octets[0]
    flags = FIXED_FLAGS.get(body.kind, first & 0x0F)
    if first & 0x0F != flags:
        detail = f"{first & 0x0F:04b} != {flags:04b}"
        body.break_rule("fixed-header-flags", "", detail, 0, 1)
    sender = body.sender
    if sender is not None and sender not in senders(body.kind, body.version):
        body.break_rule("wrong-direction", "", f"{sender}: {body.name}", 0, 1)
    # A last octet of zero adds nothing to the number, unless it is the only one.
    if header_size > 2 and body.octets[header_size - 1] == 0:
        body.break_rule(
            "remaining-length-not-minimal",
            "Remaining Length",
            body.octets[1:header_size].hex(" "),
            1,
            header_size - 1,
        )


def _publish(body: Body) -> Publish:
    first = body.octets[0]
    qos, dup = first >> 1 & 3, bool(first & 8)
    if qos == 3:
        body.break_rule("publish-qos-3", "QoS", "QoS=3", 0, 1)
    if dup and qos == 0:
        body.break_rule("dup-with-qos-0", "DUP", "DUP=1 QoS=0", 0, 1)
    topic_at = body.at
    # In 5.0 an alias may stand for the topic, and what that is nobody knows yet.
    topic = body.topic_name("Topic Name", may_be_empty=body.version == 5)
    identifier = body.identifier() if qos else None
    properties = body.properties()
    if body.version == 5 and not topic and value_of(properties, "Topic Alias") is None:
        body.break_rule("topic-empty-without-alias", "Topic Name", "", topic_at, 2)
    payload = body.take(body.end - body.at, "Payload")
    body.payload(payload, properties, "Payload")
    return Publish(topic, payload, qos, bool(first & 1), dup, identifier, properties)


def _connect(body: Body) -> Connect:
    name = body.string("Protocol Name")
    name_size = body.octets_of(name)
    known = name in ("MQTT", "MQIsdp")
    if name != "MQTT":
        at = body.at - name_size
        body.break_rule("protocol-name", "Protocol Name", shown(name), at, name_size)
    level = body.number("Protocol Level", 1)
    if level != body.version:
        body.break_rule("protocol-level", "Protocol Level", str(level), body.at - 1, 1)
    # 3.1 (level 3) is laid out like 3.1.1; bit 7 marks a bridge in use by some brokers.
    # Any other version has a layout of its own, of which nothing can be judged.
    alike = (5,) if body.version == 5 else (3, 4)
    if not known or level & 0x7F not in alike:
        raise CutShortError
    flags = _connect_flags(body)
    keep_alive = body.number("Keep Alive", 2)
    properties = body.properties()
    client = body.string("Client Identifier")
    if not client and not flags & 0x02 and body.version == 4:
        body.break_rule(
            "client-identifier-empty", "Client Identifier", "", body.at - 2, 2
        )
    will = _will(body) if flags & 0x04 else {}
    return Connect(
        client_identifier=client,
        clean_session=bool(flags & 0x02),
        keep_alive=keep_alive,
        will_qos=flags >> 3 & 3,
        will_retain=bool(flags & 0x20),
        user_name=body.string("User Name") if flags & 0x80 else None,
        password=body.binary("Password") if flags & 0x40 else None,
        protocol_name=name,
        protocol_level=level,
        properties=properties,
        **will,
    )


def _connect_flags(body: Body) -> int:
    flags = body.number("Connect Flags", 1)
    will, will_qos = flags & 0x04, flags >> 3 & 3
    for rule, is_broken in (
        ("connect-reserved-flag", flags & 0x01),
        ("will-qos-3", will and will_qos == 3),
        ("will-qos-without-will", not will and will_qos),
        ("will-retain-without-will", not will and flags & 0x20),
        (
            "password-without-user-name",  # 5.0 allows it (3.1.2.9)
            flags & 0x40 and not flags & 0x80 and body.version == 4,
        ),
    ):
        if is_broken:
            body.break_rule(rule, "Connect Flags", f"{flags:08b}", body.at - 1, 1)
    return flags


def _will(body: Body) -> dict[str, Any]:
    properties = body.properties("WILL", "Will Property Length")
    topic = body.topic_name("Will Topic")
    name = "Will Message" if body.version == 4 else "Will Payload"
    message = body.payload(body.binary(name), properties, name)
    return {
        "will_properties": properties,
        "will_topic": topic,
        "will_message": message,
    }


def _connack(body: Body) -> Connack:
    flags = body.number("Connect Acknowledge Flags", 1)
    if flags & 0xFE:
        detail, at = f"{flags:08b}", body.at - 1
        field = "Connect Acknowledge Flags"
        body.break_rule("connack-reserved-flags", field, detail, at, 1)
    if body.version == 5:
        code = body.reason("Connect Reason Code")
    else:
        field = "Connect Return code"
        code = body.number(field, 1)
        if code not in CONNACK_CODES:
            detail = f"0x{code:02X}"
            body.break_rule("connack-return-code", field, detail, body.at - 1, 1)
    if code and flags & 1:
        detail, at = f"0x{code:02X}", body.at - 2
        body.break_rule("session-present-refused", "Session Present", detail, at, 2)
    return Connack(bool(flags & 1), code, body.properties())


def _subscribe(body: Body) -> Subscribe:
    identifier = body.identifier()
    properties = body.properties()
    pairs = []
    field = "Requested QoS" if body.version == 4 else "Subscription Options"
    while body.at < body.end:
        topic_filter = body.topic_filter()
        options = body.number(field, 1)
        for rule, is_broken in _OPTION_RULES[body.version]:
            if is_broken(options, topic_filter):
                body.break_rule(rule, field, f"0x{options:02X}", body.at - 1, 1)
        pairs.append((topic_filter, options))
    if not pairs:
        body.break_rule("no-topic-filter", "Topic Filter", "", body.at, 0)
    return Subscribe(identifier, tuple(pairs), properties)


_OPTION_RULES: dict[Version, list[tuple[str, Callable[[int, str], object]]]] = {
    4: [
        ("requested-qos-reserved", lambda octet, _: octet & 0xFC),
        ("requested-qos-3", lambda octet, _: octet & 3 == 3),
    ],
    5: [
        ("subscription-options-reserved", lambda octet, _: octet & 0xC0),
        ("requested-qos-3", lambda octet, _: octet & 3 == 3),
        ("retain-handling-3", lambda octet, _: octet & 0x30 == 0x30),
        ("shared-no-local", lambda octet, name: octet & 4 and is_shared(name)),
    ],
}
"""What the octet behind a topic filter may break (3.8.3 and, in 5.0, 3.8.3.1)."""


def _unsubscribe(body: Body) -> Unsubscribe:
    identifier = body.identifier()
    properties = body.properties()
    filters = []
    while body.at < body.end:
        filters.append(body.topic_filter())
    if not filters:
        body.break_rule("no-topic-filter", "Topic Filter", "", body.at, 0)
    return Unsubscribe(identifier, tuple(filters), properties)


def _suback(body: Body) -> Suback:
    identifier = body.identifier()
    properties = body.properties()
    if body.version == 5:
        return Suback(identifier, _reasons(body), properties)
    start = body.at
    codes = tuple(body.take(body.end - body.at, "Return Code"))
    if not codes:
        body.break_rule("no-return-code", "Return Code", "", start, 0)
    for index, code in enumerate(codes):
        if code not in SUBACK_CODES:
            at = start + index
            body.break_rule("suback-return-code", "Return Code", f"0x{code:02X}", at, 1)
    return Suback(identifier, codes)


def _unsuback(body: Body) -> Unsuback:
    identifier = body.identifier()
    if body.version == 4:
        return Unsuback(identifier)
    properties = body.properties()
    return Unsuback(identifier, _reasons(body), properties)


def _reasons(body: Body) -> tuple[int, ...]:
    if body.at == body.end:
        body.break_rule("no-reason-code", "Reason Code", "", body.at, 0)
    codes = []
    while body.at < body.end:
        codes.append(body.reason())
    return tuple(codes)


def _acknowledgement(make: Callable[..., Packet]) -> Callable[[Body], Packet]:
    return lambda body: make(body.identifier(), *body.outcome())


_LAYOUTS: dict[PacketType, Callable[[Body], Packet]] = {
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBLISH: _publish,
    PacketType.PUBACK: _acknowledgement(Puback),
    PacketType.PUBREC: _acknowledgement(Pubrec),
    PacketType.PUBREL: _acknowledgement(Pubrel),
    PacketType.PUBCOMP: _acknowledgement(Pubcomp),
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.UNSUBACK: _unsuback,
    PacketType.PINGREQ: lambda body: Pingreq(),
    PacketType.PINGRESP: lambda body: Pingresp(),
    PacketType.DISCONNECT: lambda body: Disconnect(*body.outcome()),
    PacketType.AUTH: lambda body: Auth(*body.outcome()),
}
