# SPDX-License-Identifier: Apache-2.0
"""Octets of one MQTT 3.1.1 control packet to a value and its broken rules.

Never raises for what a peer sent: whatever is wrong becomes a ``Breach``, and the
packet is given as far as its layout allows.  Knows nothing about streams (see
``codec.Reader``) and nothing about what came before on the connection.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), chapters 2 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from conformance.protocols.mqtt.packets import (
    CONNACK_CODES,
    FIXED_FLAGS,
    SENDERS,
    SUBACK_CODES,
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
)
from conformance.protocols.mqtt.rulebook import Breach
from conformance.protocols.mqtt.topics import filter_faults

__all__ = ["MAX_REMAINING_LENGTH", "Decoded", "decode_packet", "ordinary"]

MAX_REMAINING_LENGTH = 268_435_455
"""Four octets of seven bits (2.2.3)."""


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
        return PacketType(nibble) if 1 <= nibble <= 14 else None


class _CutShortError(Exception):
    """The layout cannot be followed further."""


_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NOTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f#+\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_CONTROL = re.compile("[\x01-\x1f\x7f-\x9f]")
_ASIDE = re.compile("[\x00-\x1f\x7f-\x9f#+]")


class _Body:
    """A cursor over the octets after the fixed header; collects breaches."""

    __slots__ = ("at", "breaches", "end", "kind", "name", "octets")

    def __init__(self, octets: bytes, at: int, kind: PacketType) -> None:
        self.octets = octets
        self.at = at
        self.end = len(octets)
        self.kind = kind
        self.name = kind.name
        self.breaches: list[Breach] = []

    def break_rule(
        self, rule: str, field: str = "", detail: str = "", at: int = 0, size: int = 0
    ) -> None:
        self.breaches.append(Breach(rule, self.name, field, detail, at, size))

    def take(self, size: int, field: str) -> bytes:
        at, left = self.at, self.end - self.at
        if left < size:
            rule = "missing-field" if left == 0 else "field-cut-short"
            self.break_rule(rule, field, f"{left} < {size}", at, left)
            raise _CutShortError
        self.at = at + size
        return self.octets[at : at + size]

    def number(self, field: str, size: int) -> int:
        return int.from_bytes(self.take(size, field), "big")

    def identifier(self) -> int:
        value = self.number("Packet Identifier", 2)
        if value == 0:
            self.break_rule(
                "packet-identifier-zero", "Packet Identifier", "0x0000", self.at - 2, 2
            )
        return value

    def binary(self, field: str) -> bytes:
        size, at, left = self.number(field, 2), self.at, self.end - self.at
        if size > left:
            self.break_rule("field-cut-short", field, f"{left} < {size}", at - 2, 2)
            raise _CutShortError
        self.at = at + size
        return self.octets[at : at + size]

    def string(self, field: str) -> str:
        raw = self.binary(field)
        text, faults = read_string(raw)
        for rule, detail in faults:
            self.break_rule(rule, field, detail, self.at - len(raw), len(raw))
        return text

    def topic_name(self, field: str) -> str:
        text = self.string(field)
        size = self.octets_of(text)
        if not text:
            self.break_rule("topic-empty", field, "", self.at - 2, 2)
        if "#" in text or "+" in text:
            self.break_rule(
                "topic-name-wildcard", field, _shown(text), self.at - size, size
            )
        return text

    def topic_filter(self) -> str:
        text = self.string("Topic Filter")
        size = self.octets_of(text)
        at = self.at - (size or 2)
        for rule in filter_faults(text):
            self.break_rule(rule, "Topic Filter", _shown(text), at, size or 2)
        return text

    @staticmethod
    def octets_of(text: str) -> int:
        return len(text.encode("utf-8", "surrogateescape"))


def read_string(raw: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Return the text of a string and the rules (with detail) that it breaks.

    EF BB BF is an ordinary character and stays (1.5.3).
    """
    faults: list[tuple[str, str]] = []
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", "surrogateescape")
        found = _SURROGATE.search(raw)
        if found:
            faults.append(("string-surrogate", found.group().hex(" ")))
        if not found or _still_ill_formed(raw):
            bad = raw[error.start : error.end].hex(" ")
            faults.append(("string-ill-formed", f"{bad} @ {error.start}"))
    if _NOTABLE.search(text) is None:
        return text, faults
    if "\x00" in text:
        faults.append(("string-nul", f"@ {text.index(chr(0))}"))
    if found_control := _CONTROL.search(text):
        faults.append(
            ("string-control-character", f"U+{ord(found_control.group()):04X}")
        )
    if found_other := _NOTABLE.search(_ASIDE.sub("", text)):
        faults.append(("string-noncharacter", f"U+{ord(found_other.group()):04X}"))
    return text, faults


def _still_ill_formed(raw: bytes) -> bool:
    try:
        _SURROGATE.sub(b"", raw).decode()
    except UnicodeDecodeError:
        return True
    return False


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"


def decode_packet(
    octets: bytes, header_size: int, offset: int = 0, sender: Sender | None = None
) -> Decoded:
    """Return what one whole packet says.

    ``header_size`` is that of the fixed header, in octets; the packet must end where
    its Remaining Length says.
    """
    if header_size < 4 and (quick := ordinary(octets, header_size)) is not None:
        return Decoded(quick, octets, offset)
    nibble = octets[0] >> 4
    if not 1 <= nibble <= 14:
        breach = Breach("reserved-packet-type", detail=str(nibble), at=0, size=1)
        return Decoded(None, octets, offset, (breach,))
    kind = PacketType(nibble)
    body = _Body(octets, header_size, kind)
    _judge_header(body, header_size, sender)
    packet: Packet | None
    try:
        packet = _LAYOUTS[kind](body)
    except _CutShortError:
        packet = None
    else:
        if body.at < body.end:
            left = body.end - body.at
            body.break_rule("extra-octets", "", str(left), body.at, left)
    found = sorted(body.breaches, key=lambda b: b.at)
    return Decoded(packet, octets, offset, tuple(found))


def _judge_header(body: _Body, header_size: int, sender: Sender | None) -> None:
    first = body.octets[0]
    flags = FIXED_FLAGS.get(body.kind, first & 0x0F)
    if first & 0x0F != flags:
        detail = f"{first & 0x0F:04b} != {flags:04b}"
        body.break_rule("fixed-header-flags", "", detail, 0, 1)
    if sender is not None and sender not in SENDERS[body.kind]:
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


def ordinary(octets: bytes, at: int) -> Packet | None:
    """Return a packet that is right in every respect, else ``None``: the fast road.

    For what nearly all traffic is, PUBLISH and its answers, which either side may send;
    ``at`` is the size of the fixed header.  Whatever is odd takes the slow road, which
    names it.
    """
    first, size = octets[0], len(octets)
    if first >> 4 != 3:
        return _answer(octets) if size == 4 and at == 2 else None
    flags = _PUBLISH_FLAGS[first & 0x0F]
    start = at + 2
    if flags is None or start >= size or (at > 2 and octets[at - 1] == 0):
        return None
    end = start + (octets[at] << 8 | octets[at + 1])
    if end > size:
        return None
    name = octets[start:end]
    topic = _names.get(name) or _topic_name(name)
    if topic is None:
        return None
    qos, retain, dup = flags
    if qos == 0:
        return Publish(topic, octets[end:], 0, retain)
    if end + 2 > size:
        return None
    identifier = octets[end] << 8 | octets[end + 1]
    if identifier == 0:
        return None
    return Publish(topic, octets[end + 2 :], qos, retain, dup, identifier)


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


_PUBLISH_FLAGS = tuple(
    None if qos == 3 or (dup and not qos) else (qos, bool(retain), bool(dup))
    for dup in (0, 1)
    for qos in range(4)
    for retain in (0, 1)
)
"""QoS, RETAIN and DUP by the low half of the first octet; ``None`` if that is wrong."""

_ANSWERS: dict[int, Callable[[int], Packet]] = {
    0x40: Puback,
    0x50: Pubrec,
    0x62: Pubrel,
    0x70: Pubcomp,
}


def _slow_publish(body: _Body) -> Publish:
    first = body.octets[0]
    qos, dup = first >> 1 & 3, bool(first & 8)
    if qos == 3:
        body.break_rule("publish-qos-3", "QoS", "QoS=3", 0, 1)
    if dup and qos == 0:
        body.break_rule("dup-with-qos-0", "DUP", "DUP=1 QoS=0", 0, 1)
    topic = body.topic_name("Topic Name")
    identifier = body.identifier() if qos else None
    payload = body.take(body.end - body.at, "Payload")
    return Publish(topic, payload, qos, bool(first & 1), dup, identifier)


def _connect(body: _Body) -> Connect:
    name = body.string("Protocol Name")
    name_size = body.octets_of(name)
    known = name in ("MQTT", "MQIsdp")
    if name != "MQTT":
        at = body.at - name_size
        body.break_rule("protocol-name", "Protocol Name", _shown(name), at, name_size)
    level = body.number("Protocol Level", 1)
    if level != 4:
        body.break_rule("protocol-level", "Protocol Level", str(level), body.at - 1, 1)
    # 3.1 (level 3) is laid out alike; bit 7 marks a bridge in use by some brokers.
    # Any other version has a layout of its own, of which nothing can be judged.
    if not known or level & 0x7F not in (3, 4):
        raise _CutShortError
    return _connect_rest(body, name, level)


def _connect_rest(body: _Body, name: str, level: int) -> Connect:
    flags = body.number("Connect Flags", 1)
    flags_at = body.at - 1
    will, user = bool(flags & 0x04), bool(flags & 0x80)
    will_qos, will_retain = flags >> 3 & 3, bool(flags & 0x20)
    for rule, is_broken in (
        ("connect-reserved-flag", flags & 0x01),
        ("will-qos-3", will and will_qos == 3),
        ("will-qos-without-will", not will and will_qos),
        ("will-retain-without-will", not will and will_retain),
        ("password-without-user-name", flags & 0x40 and not user),
    ):
        if is_broken:
            body.break_rule(rule, "Connect Flags", f"{flags:08b}", flags_at, 1)
    keep_alive = body.number("Keep Alive", 2)
    client = body.string("Client Identifier")
    if not client and not flags & 0x02:
        body.break_rule(
            "client-identifier-empty", "Client Identifier", "", body.at - 2, 2
        )
    return Connect(
        client_identifier=client,
        clean_session=bool(flags & 0x02),
        keep_alive=keep_alive,
        will_topic=body.topic_name("Will Topic") if will else None,
        will_message=body.binary("Will Message") if will else None,
        will_qos=will_qos,
        will_retain=will_retain,
        user_name=body.string("User Name") if user else None,
        password=body.binary("Password") if flags & 0x40 else None,
        protocol_name=name,
        protocol_level=level,
    )


def _connack(body: _Body) -> Connack:
    flags = body.number("Connect Acknowledge Flags", 1)
    if flags & 0xFE:
        body.break_rule(
            "connack-reserved-flags",
            "Connect Acknowledge Flags",
            f"{flags:08b}",
            body.at - 1,
            1,
        )
    code = body.number("Connect Return code", 1)
    if code not in CONNACK_CODES:
        body.break_rule(
            "connack-return-code",
            "Connect Return code",
            f"0x{code:02X}",
            body.at - 1,
            1,
        )
    if code and flags & 1:
        detail = f"0x{code:02X}"
        body.break_rule(
            "session-present-refused", "Session Present", detail, body.at - 2, 2
        )
    return Connack(bool(flags & 1), code)


def _subscribe(body: _Body) -> Subscribe:
    identifier = body.identifier()
    pairs = []
    while body.at < body.end:
        topic_filter = body.topic_filter()
        options = body.number("Requested QoS", 1)
        for rule, is_broken in (
            ("requested-qos-reserved", options & 0xFC),
            ("requested-qos-3", options & 3 == 3),
        ):
            if is_broken:
                body.break_rule(
                    rule, "Requested QoS", f"0x{options:02X}", body.at - 1, 1
                )
        pairs.append((topic_filter, options))
    if not pairs:
        body.break_rule("no-topic-filter", "Topic Filter", "", body.at, 0)
    return Subscribe(identifier, tuple(pairs))


def _unsubscribe(body: _Body) -> Unsubscribe:
    identifier = body.identifier()
    filters = []
    while body.at < body.end:
        filters.append(body.topic_filter())
    if not filters:
        body.break_rule("no-topic-filter", "Topic Filter", "", body.at, 0)
    return Unsubscribe(identifier, tuple(filters))


def _suback(body: _Body) -> Suback:
    identifier = body.identifier()
    start = body.at
    codes = tuple(body.take(body.end - body.at, "Return Code"))
    if not codes:
        body.break_rule("no-return-code", "Return Code", "", start, 0)
    for index, code in enumerate(codes):
        if code not in SUBACK_CODES:
            at = start + index
            body.break_rule("suback-return-code", "Return Code", f"0x{code:02X}", at, 1)
    return Suback(identifier, codes)


_LAYOUTS: dict[PacketType, Callable[[_Body], Packet]] = {
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBLISH: _slow_publish,
    PacketType.PUBACK: lambda body: Puback(body.identifier()),
    PacketType.PUBREC: lambda body: Pubrec(body.identifier()),
    PacketType.PUBREL: lambda body: Pubrel(body.identifier()),
    PacketType.PUBCOMP: lambda body: Pubcomp(body.identifier()),
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.UNSUBACK: lambda body: Unsuback(body.identifier()),
    PacketType.PINGREQ: lambda body: Pingreq(),
    PacketType.PINGRESP: lambda body: Pingresp(),
    PacketType.DISCONNECT: lambda body: Disconnect(),
}
