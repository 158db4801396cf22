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

    __slots__ = ("_packers", "_sent", "client", "server")

    def __init__(self, client: Address, server: Address) -> None:
        self.client = client
        self.server = server
        self._sent = {"client": 0, "server": 0}
        self._packers = {
            "client": _Packer(client, server),
            "server": _Packer(server, client),
        }

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
        sent = self._sent
        other = sent["server" if sender == "client" else "client"] if flags & ACK else 0
        return self._packers[sender].packet(flags, sent[sender], other, octets)


class _Packer:
    """Packets of one sender to one receiver, with what they have in common.

    Both checksums are sums modulo 65535 (RFC 1071), so the part that never changes is
    added once, and the header's fields are added as numbers and never as octets.
    """

    __slots__ = ("_addresses", "_ip_sum", "_is_old", "_ports", "_tcp_sum")

    def __init__(self, source: Address, target: Address) -> None:
        one, two = _packed(source.host), _packed(target.host)
        self._addresses = one + two
        self._is_old = len(one) == 4
        self._ports = source.port, target.port
        addresses = int.from_bytes(one + two, "big")
        self._ip_sum = addresses + 0x4500 + 0x4000 + (64 << 8 | _TCP)
        self._tcp_sum = addresses + sum(self._ports) + _TCP

    def packet(
        self, flags: int, sequence: int, acknowledged: int, octets: bytes
    ) -> bytes:
        """Return a segment with its headers."""
        size = _TCP_HEAD.size + len(octets)
        offset = 5 << 12 | flags
        body = int.from_bytes(octets, "big") << 8 * (len(octets) % 2)
        window = 0xFFFF  # adds nothing to a sum modulo 65535
        total = self._tcp_sum + size + sequence + acknowledged + offset + body
        fields = (sequence, acknowledged, offset, window, _complement(total), 0)
        tcp = _TCP_HEAD.pack(*self._ports, *fields)
        if self._is_old:
            whole = _IPV4_HEAD.size + 8 + size
            sum_ = _complement(self._ip_sum + whole)
            head = _IPV4_HEAD.pack(0x45, 0, whole, 0, 0x4000, 64, _TCP, sum_)
        else:
            head = _IPV6_HEAD.pack(6 << 28, size, _TCP, 64)
        return b"".join((head, self._addresses, tcp, octets))


_TCP_HEAD = struct.Struct("!HHIIHHHH")
_IPV4_HEAD = struct.Struct("!BBHHHBBH")
_IPV6_HEAD = struct.Struct("!IHBB")


@lru_cache(maxsize=256)
def _packed(host: str) -> bytes:
    """Return an address as octets; a run writes down the same few all the time."""
    return ip_address(host).packed


def _complement(total: int) -> int:
    """Return the checksum for the sum of all words; one division beats a loop."""
    value = total % 0xFFFF
    return 0xFFFF - value if value else 0


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
