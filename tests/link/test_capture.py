# SPDX-License-Identifier: Apache-2.0
"""Captures of others: reordering, repeats, overlaps, gaps, missing beginnings."""

from __future__ import annotations

from pathlib import Path

import pytest
from scapy.layers.inet import IP, TCP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from conformance.errors import InputError
from conformance.link.capture import captured_conversations


def packet(sequence: int, octets: bytes = b"", flags: str = "PA", back: bool = False):
    one, two = ("10.0.0.1", 5000), ("10.0.0.2", 9000)
    if back:
        one, two = two, one
    layers = IP(src=one[0], dst=two[0]) / TCP(
        sport=one[1], dport=two[1], seq=sequence, flags=flags
    )
    return Ether() / (layers / Raw(octets) if octets else layers)


def streams(path: Path, packets: list) -> tuple[bytes, int, str]:
    wrpcap(str(path), packets)
    (talk,) = captured_conversations(path)
    client = b"".join(p.octets for p in talk.pieces if p.sender == "client")
    return client, talk.gaps, str(talk.server)


SYN = [packet(99, flags="S"), packet(0, flags="SA", back=True)]

CASES = {
    "in order": ([(100, b"abc"), (103, b"def")], b"abcdef", 0),
    "swapped": ([(103, b"def"), (100, b"abc")], b"abcdef", 0),
    "sent twice": ([(100, b"abc"), (100, b"abc"), (103, b"def")], b"abcdef", 0),
    "overlapping": ([(100, b"abcd"), (102, b"cdef")], b"abcdef", 0),
    "gap": ([(100, b"abc"), (110, b"xyz")], b"abcxyz", 1),
    "wrap": ([(100, b"a")], b"a", 0),
}


@pytest.mark.parametrize(("sent", "octets", "gaps"), CASES.values(), ids=CASES)
def test_a_stream_is_put_together(
    tmp_path: Path, sent: list, octets: bytes, gaps: int
) -> None:
    packets = SYN + [packet(sequence, data) for sequence, data in sent]
    found = streams(tmp_path / "one.pcap", packets)
    assert found == (octets, gaps, "10.0.0.2:9000")


def test_sequence_numbers_wrap(tmp_path: Path) -> None:
    top = (1 << 32) - 2
    packets = [
        packet(top - 1, flags="S"),
        packet(top, b"abc"),
        packet(1, b"def"),
    ]
    assert streams(tmp_path / "one.pcap", packets)[0] == b"abcdef"


def test_a_new_connection_on_the_same_ports_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    again = [packet(500, flags="S"), packet(501, b"second")]
    wrpcap(str(path), [*SYN, packet(100, b"first"), *again])
    talks = captured_conversations(path)
    assert [t.pieces[0].octets for t in talks] == [b"first", b"second"]


def test_without_a_beginning_the_named_port_is_the_server(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    wrpcap(str(path), [packet(100, b"abc")])
    (talk,) = captured_conversations(path, port=5000)
    assert str(talk.server) == "10.0.0.1:5000"


def test_ethernet_padding_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "one.pcap"
    short = Ether(bytes(packet(100, b"a")) + b"\0" * 6)
    assert streams(path, [*SYN, short])[0] == b"a"


@pytest.mark.parametrize("octets", [b"", b"not a capture", b"\xd4\xc3\xb2\xa1"])
def test_what_is_no_capture_is_named(tmp_path: Path, octets: bytes) -> None:
    path = tmp_path / "one.pcap"
    path.write_bytes(octets)
    with pytest.raises(InputError) as caught:
        captured_conversations(path)
    assert caught.value.code == "evidence.not-a-capture"
    assert str(path) in str(caught.value)
