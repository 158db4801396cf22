# SPDX-License-Identifier: Apache-2.0
"""MQTT control packets of 3.1.1 and 5.0: octets to values, values to octets.

Turns a byte stream into packets (``Reader``), one run of octets into packets
(``decode``, ``decode_all``), a packet into octets (``encode``, the strict door) and
anything at all into octets (``encode_raw`` and friends, the marked door).  Knows
nothing about sockets, clocks or what came before on a connection.

Two ways to look at the same stream.  ``Reader.next_packet`` is for a conversation: a
packet, ``None`` or a raised ``PeerError``.  ``Reader.next_decoded`` is for judging:
each packet with *all* its broken rules, never raised.  ``RULES`` says of each rule
how bad it is and to which statements it belongs.

The version is 4 (MQTT 3.1.1) unless said otherwise, by protocol level; a ``Reader``
with ``version=None`` takes it from the CONNECT that it reads.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 1 to 4 of both.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.errors import LinkError, PeerError
from conformance.protocols.mqtt.codec.breach import RULEBOOKS, Breach
from conformance.protocols.mqtt.codec.decoding import (
    MAX_REMAINING_LENGTH,
    Decoded,
    connect_level,
    decode_packet,
)
from conformance.protocols.mqtt.codec.encoding import encode
from conformance.protocols.mqtt.codec.ordinary import ordinary, ordinary_5
from conformance.protocols.mqtt.codec.packets import (
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
    replace,
)
from conformance.protocols.mqtt.codec.properties import (
    Properties,
    encode_string,
    properties,
    value_of,
    values_of,
)
from conformance.protocols.mqtt.codec.raw import (
    ack_raw,
    auth_raw,
    connack_raw,
    connect_raw,
    disconnect_raw,
    encode_raw,
    encode_remaining_length,
    properties_raw,
    property_raw,
    publish_raw,
    suback_raw,
    subscribe_raw,
    unsuback_raw,
    unsubscribe_raw,
)
from conformance.protocols.mqtt.codec.rulebook import RULES, RuleInfo
from conformance.protocols.mqtt.codec.rulebook_5 import RULES_5
from conformance.protocols.mqtt.codec.topics import filter_faults, matches

__all__ = [
    "DEFAULT_LIMIT_OCTETS",
    "MAX_REMAINING_LENGTH",
    "RULEBOOKS",
    "RULES",
    "RULES_5",
    "Auth",
    "Breach",
    "Connack",
    "Connect",
    "Decoded",
    "Disconnect",
    "Packet",
    "PacketType",
    "Pingreq",
    "Pingresp",
    "Properties",
    "Puback",
    "Pubcomp",
    "Publish",
    "Pubrec",
    "Pubrel",
    "Reader",
    "RuleInfo",
    "Sender",
    "Suback",
    "Subscribe",
    "Unsuback",
    "Unsubscribe",
    "Version",
    "ack_raw",
    "auth_raw",
    "connack_raw",
    "connect_raw",
    "decode",
    "decode_all",
    "disconnect_raw",
    "encode",
    "encode_raw",
    "encode_remaining_length",
    "encode_string",
    "filter_faults",
    "matches",
    "properties",
    "properties_raw",
    "property_raw",
    "publish_raw",
    "replace",
    "suback_raw",
    "subscribe_raw",
    "unsuback_raw",
    "unsubscribe_raw",
    "value_of",
    "values_of",
]

DEFAULT_LIMIT_OCTETS = 16 * 1024 * 1024
"""Of Remaining Length.  Legal packets reach 256 MiB; no bench needs them."""


class Reader:
    """Collects octets of one direction of one connection; hands out packets.

    ``sender`` says whose octets these are, so that packets this side may never send
    break ``wrong-direction``.  ``limit`` bounds Remaining Length: a longer packet is
    refused as soon as its header is seen, nothing is set aside for it.  With
    ``version=None`` the first CONNECT says in which version it and all that follows is.

    After a fault that loses the packet boundaries, and after anything that
    ``next_packet`` raised, the reader is dead: MQTT has no mark to look for the next
    packet at.  ``dead`` then holds the rule, and asking again raises ``PeerError``
    with rule ``reader-dead``.
    """

    def __init__(
        self,
        *,
        sender: Sender | None = None,
        limit: int = DEFAULT_LIMIT_OCTETS,
        version: Version | None = 4,
    ) -> None:
        self.sender = sender
        self.version: Version = version or 4
        """Of the packets to come; the other direction's reader is told it."""
        self.limit = limit
        self.dead: str | None = None
        self.offset = 0
        """Of the first octet that was not handed out yet."""
        self._learns = version is None
        self._buffer = bytearray()
        self._at = 0

    @property
    def pending(self) -> bytes:
        """Octets received that make no whole packet yet."""
        return bytes(self._buffer[self._at :])

    def feed(self, octets: bytes) -> None:
        """Add received octets, any number.  A dead reader drops them."""
        if self.dead is not None:
            return
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += octets

    def next_decoded(self) -> Decoded | None:
        """Return the next packet with all that is wrong with it, or ``None``.

        ``None`` means that more octets are needed.  A packet that is malformed inside
        its own length does not stop the reader; one that loses the boundaries is
        returned (``Decoded.is_fatal``) and kills it.

        Raises ``PeerError`` (``reader-dead``) when asked again after that.
        """
        if self.dead is not None:
            detail = f"{self.dead} @ {self.offset}"
            raise PeerError("reader-dead", detail, self.pending, 0)
        buffer, at = self._buffer, self._at
        have = len(buffer) - at
        if have < 2:
            return None
        length, size = buffer[at + 1], 2
        if length & 0x80:
            length, size = _remaining_length(buffer, at + 1)
            if size == 0:
                return None
            if size < 0:
                return self._die("remaining-length-too-long", 5)
        if length > self.limit:
            return self._die("over-limit", size, f"{length} > {self.limit}")
        total = size + length
        if have < total:
            return None
        octets = bytes(buffer[at : at + total])
        if self._learns and octets[0] >> 4 == 1:
            self._learns = False  # a second CONNECT changes nothing
            self.version = 5 if connect_level(octets, size) == 5 else 4
        decoded = decode_packet(octets, size, self.offset, self.sender, self.version)
        self._at = at + total
        self.offset += total
        return decoded

    def next_packet(self) -> Packet | None:
        """Return the next packet, or ``None`` when more octets are needed.

        Raises ``PeerError`` for the first broken rule that is more than a remark, and
        ``LinkError`` for a packet over the limit (nobody's fault); the reader is dead
        afterwards.
        """
        decoded = self.next_decoded()
        if decoded is None:
            return None
        if not decoded.violations:
            return decoded.packet
        for breach in decoded.violations:
            if breach.kind == "limit":
                raise LinkError("mqtt.packet-over-limit", detail=breach.detail)
            if breach.kind != "remark":
                self.dead = breach.rule
                raise PeerError(
                    breach.rule, _told(breach), decoded.octets, at=breach.at
                )
        return decoded.packet

    def drain(self) -> Iterator[Decoded]:
        """Yield what ``next_decoded`` gives until octets are missing or it is dead."""
        while self.dead is None and (decoded := self.next_decoded()) is not None:
            yield decoded

    def close(self) -> Decoded | None:
        """Say that no more octets come; return the packet that was cut off, if any."""
        if self.dead is not None or self._at == len(self._buffer):
            return None
        return self._die("truncated", len(self._buffer) - self._at)

    def _die(self, rule: str, size: int, detail: str = "") -> Decoded:
        octets = self.pending
        kind = octets[0] >> 4
        known = 1 <= kind <= (14 if self.version == 4 else 15)
        name = PacketType(kind).name if known else ""
        at, size = (0, size) if rule == "truncated" else (1, size - 1)
        field = "" if rule == "truncated" else "Remaining Length"
        detail = detail or octets[at : at + size][:16].hex(" ")
        self.dead = rule
        breach = Breach(rule, name, field, detail, at, size, self.version)
        return Decoded(None, octets, self.offset, (breach,), self.version)


def decode(
    octets: bytes, *, sender: Sender | None = None, version: Version | None = 4
) -> Decoded:
    """Return the first packet of some octets; ``Decoded.octets`` says how far it goes.

    Too few octets give a fatal ``truncated``.
    """
    size = len(octets)
    if size > 3:  # octets that are just one ordinary packet take the fast road
        length, at = octets[1], 2
        if length & 0x80:  # one more octet of length, which says something
            high = octets[2]
            length, at = length & 0x7F | high << 7 if 0 < high < 0x80 else -1, 3
        if length == size - at:
            if version != 5:
                if (quick := ordinary(octets, at)) is not None:
                    return Decoded(quick, octets)
            elif (quick := ordinary_5(octets, at)) is not None:
                return Decoded(quick, octets, 0, (), 5)
    return next(_decoded(octets, sender, version))


def decode_all(
    octets: bytes, *, sender: Sender | None = None, version: Version | None = 4
) -> tuple[Decoded, ...]:
    """Return all packets of some octets; a cut off last one is fatal ``truncated``."""
    return tuple(_decoded(octets, sender, version)) if octets else ()


def _decoded(
    octets: bytes, sender: Sender | None, version: Version | None
) -> Iterator[Decoded]:
    reader = Reader(sender=sender, limit=MAX_REMAINING_LENGTH, version=version)
    reader.feed(octets)
    yield from reader.drain()
    if not octets:
        breach = Breach("truncated", version=reader.version)
        yield Decoded(None, b"", 0, (breach,), reader.version)
    elif (rest := reader.close()) is not None:
        yield rest


def _remaining_length(buffer: bytearray, at: int) -> tuple[int, int]:
    """Return the number and the size of the fixed header (2.2.3).

    Size 0: more octets are needed.  Size -1: the fourth octet announces a fifth.
    """
    value = 0
    for index in range(4):
        if at + index >= len(buffer):
            return 0, 0
        octet = buffer[at + index]
        value |= (octet & 0x7F) << 7 * index
        if not octet & 0x80:
            return value, index + 2
    return 0, -1


def _told(breach: Breach) -> str:
    where = " ".join(part for part in (breach.packet, breach.field) if part)
    title = breach.info.title.en
    return ": ".join(part for part in (where, title, breach.detail) if part)
