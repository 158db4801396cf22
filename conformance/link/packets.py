# SPDX-License-Identifier: Apache-2.0
"""Application octets wrapped as TCP over IP, and unwrapped again.

A socket shows octets, not packets.  To keep them in a form that every network tool
opens, each piece becomes one TCP segment with the true addresses, and a handshake and
an ending are added so that tools see a whole connection.

Source: RFC 9293 (TCP header), RFC 791 and RFC 8200 (IP headers).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Literal

__all__ = ["SEGMENT_MAX_OCTETS", "Address", "Flow", "Side", "Unwrapped", "unwrap"]

Side = Literal["client", "server"]

SEGMENT_MAX_OCTETS = 65_000
"""Most application octets in one packet; the IPv4 total length has 16 bits."""

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
_TCP = 6


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else self._plain()

    def _plain(self) -> str:
        return f"{self.host}:{self.port}"


class Flow:
    """One connection being written down; numbers its octets as TCP would."""

    __slots__ = ("_sent", "client", "server")

    def __init__(self, client: Address, server: Address) -> None:
        self.client = client
        self.server = server
        self._sent = {"client": 0, "server": 0}

    def handshake(self) -> list[bytes]:
        """Return SYN, SYN-ACK and ACK."""
        first = self._packet("client", SYN)
        self._sent["client"] = 1
        second = self._packet("server", SYN | ACK)
        self._sent["server"] = 1
        return [first, second, self._packet("client", ACK)]

    def data(self, sender: Side, octets: bytes) -> bytes:
        """Return one segment of at most ``SEGMENT_MAX_OCTETS``."""
        packet = self._packet(sender, PSH | ACK, octets)
        self._sent[sender] = self._sent[sender] + len(octets) & 0xFFFFFFFF
        return packet

    def ending(self, sender: Side, *, reset: bool) -> bytes:
        """Return the FIN or RST of one side."""
        packet = self._packet(sender, RST | ACK if reset else FIN | ACK)
        self._sent[sender] = self._sent[sender] + 1 & 0xFFFFFFFF
        return packet

    def _packet(self, sender: Side, flags: int, octets: bytes = b"") -> bytes:
        source, target = self.client, self.server
        other: Side = "server"
        if sender == "server":
            source, target, other = target, source, "client"
        acknowledged = self._sent[other] if flags & ACK else 0
        tcp = struct.pack(
            "!HHIIBBHHH",
            source.port,
            target.port,
            self._sent[sender],
            acknowledged,
            5 << 4,
            flags,
            0xFFFF,
            0,
            0,
        )
        return _ip(source.host, target.host, tcp, octets)


def _ip(source: str, target: str, tcp: bytes, octets: bytes) -> bytes:
    one, two = _packed(source), _packed(target)
    size = len(tcp) + len(octets)
    pseudo = one + two + struct.pack("!HH", _TCP, size)
    sum_ = _checksum(pseudo + tcp + octets)
    tcp = tcp[:16] + struct.pack("!H", sum_) + tcp[18:]
    if len(one) == 16:
        head = struct.pack("!IHBB", 6 << 28, size, _TCP, 64) + one + two
        return head + tcp + octets
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + size, 0, 0x4000, 64, _TCP, 0)
    head = head[:10] + struct.pack("!H", _checksum(head + one + two)) + one + two
    return head + tcp + octets


@lru_cache(maxsize=256)
def _packed(host: str) -> bytes:
    """Return an address as octets; a run writes down the same few all the time."""
    return ip_address(host).packed


def _checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071); one big division beats a loop."""
    if len(octets) % 2:
        octets += b"\0"
    value = int.from_bytes(octets, "big") % 0xFFFF
    return 0xFFFF - value if value else (0 if any(octets) else 0xFFFF)


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What one recorded packet says."""

    source: Address
    target: Address
    flags: int
    octets: bytes


def unwrap(packet: bytes) -> Unwrapped | None:
    """Return the TCP part of a packet that :class:`Flow` wrote, else ``None``."""
    if len(packet) >= 40 and packet[0] == 0x45 and packet[9] == _TCP:
        hosts, tcp = (packet[12:16], packet[16:20]), packet[20:]
        names = (".".join(map(str, hosts[0])), ".".join(map(str, hosts[1])))
    elif len(packet) >= 60 and packet[0] >> 4 == 6 and packet[6] == _TCP:
        tcp = packet[40:]
        names = (str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40])))
    else:
        return None
    source, target = struct.unpack_from("!HH", tcp)
    return Unwrapped(
        Address(names[0], source),
        Address(names[1], target),
        tcp[13],
        tcp[(tcp[12] >> 4) * 4 :],
    )
