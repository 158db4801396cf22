# SPDX-License-Identifier: Apache-2.0
"""HJ 212 framing: published checksums, any split, and nothing good is ever lost."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import PeerError
from conformance.protocols.hj212.codec import (
    PACKET_MAX_OCTETS,
    FrameError,
    Packet,
    Reader,
    checksum,
    drain,
    encode,
    encode_raw,
    read_all,
)

HEAD = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;"
SET_INTERVAL = HEAD + b"Flag=5;CP=&&RtdInterval=30&&"
GOOD = encode(SET_INTERVAL)

# Data areas may hold anything but their own end.
segments = st.binary(max_size=200).map(
    lambda area: b"CP=&&" + area.replace(b"\r\n", b"") + b"&&"
)
streams = st.lists(
    st.one_of(
        segments.map(encode),
        st.binary(max_size=40),
        st.sampled_from(
            [
                GOOD,
                GOOD[:-1],
                GOOD[:-2],
                GOOD[:50],
                b"##",
                b"#",
                b"\r\n",
                b"##9999",
                b"##00A1",
                encode_raw(SET_INTERVAL, length=50),
                encode_raw(SET_INTERVAL, length=150),
                encode_raw(SET_INTERVAL, checksum=b"ZZZZ"),
                encode_raw(SET_INTERVAL, tail=b"\n"),
                encode_raw(b"CP=&&" + b"x" * 1100 + b"&&"),
                encode_raw(b"CP=&&{0xE4,0x3E}a=1&&", length=12),
            ]
        ),
    ),
    max_size=8,
).map(b"".join)


def printed_checksum(segment: bytes) -> int:
    """The loop as HJ 212-2017, annex A describes it."""
    register = 0xFFFF
    for octet in segment:
        register = (register >> 8) ^ octet
        for _ in range(8):
            register, carry = register >> 1, register & 1
            if carry:
                register ^= 0xA001
    return register


def told(found: list[Packet | FrameError]) -> list[tuple[object, ...]]:
    return [
        (f.offset, f.segment, f.checksum, f.length)
        if isinstance(f, Packet)
        else (f.offset, f.rule, f.detail, f.octets, f.at)
        for f in found
    ]


def packets(found: list[Packet | FrameError]) -> list[bytes]:
    return [f.octets for f in found if isinstance(f, Packet)]


def rules(found: list[Packet | FrameError]) -> list[str]:
    return [f.rule for f in found if isinstance(f, FrameError)]


@pytest.mark.parametrize(
    ("segment", "value"),
    [
        (b"123456789", 0x2F80),
        (b"", 0xFFFF),
        (b"\x00", 0x4040),
        (SET_INTERVAL, 0x1C80),  # HJ 212-2017, annex A
    ],
)
def test_published_checksums(segment: bytes, value: int) -> None:
    """The fast form gives the published values."""
    assert checksum(segment) == value


@given(st.binary(max_size=1100))
def test_fast_checksum_equals_the_printed_loop(segment: bytes) -> None:
    """Both forms agree for all octets and lengths up to the greatest segment."""
    assert checksum(segment) == printed_checksum(segment)


@pytest.mark.parametrize("size", [1023, 1024, 1025, 2047, 2049, 5000, 10_000])
def test_fast_checksum_of_long_segments(size: int) -> None:
    """Beyond the greatest segment the two forms still agree."""
    segment = bytes(i * 31 % 251 for i in range(size))
    assert checksum(segment) == printed_checksum(segment)


def test_fast_checksum_is_much_faster() -> None:
    """The fast form is worth its argument: at least twenty times the loop."""
    segment = bytes(range(256)) + bytes(74)
    fast = min(timeit.repeat(lambda: checksum(segment), number=500, repeat=5))
    slow = min(timeit.repeat(lambda: printed_checksum(segment), number=25, repeat=5))
    assert slow / 25 > 20 * fast / 500


def test_printed_packet_of_annex_a() -> None:
    """HJ 212-2017, annex A: length 0101, checksum 1C80."""
    assert GOOD == b"##0101" + SET_INTERVAL + b"1C80\r\n"


@given(segments)
def test_round_trip(segment: bytes) -> None:
    """What is encoded is read back, in full."""
    (packet,) = read_all(encode(segment))
    assert isinstance(packet, Packet)
    assert packet.segment == segment
    assert packet.checksum_ok
    assert packet.length_ok
    assert packet.octets == encode(segment)


@given(streams, st.lists(st.integers(1, 60), max_size=40))
def test_any_split_gives_the_same(stream: bytes, sizes: list[int]) -> None:
    """How octets arrive changes neither packets nor errors."""
    reader, found, at = Reader(), [], 0
    for size in sizes:
        reader.feed(stream[at : at + size])
        found += list(drain(reader))
        at += size
    reader.feed(stream[at:])
    found += list(drain(reader))
    reader.close()
    found += list(drain(reader))
    assert told(found) == told(read_all(stream))


@given(streams)
def test_octet_by_octet_gives_the_same(stream: bytes) -> None:
    """The finest split is no exception."""
    reader, found = Reader(), []
    for octet in stream:
        reader.feed(bytes([octet]))
        found += list(drain(reader))
    reader.close()
    found += list(drain(reader))
    assert told(found) == told(read_all(stream))


@given(streams)
def test_offsets_point_into_the_stream(stream: bytes) -> None:
    """Each packet and each error stands where its offset says, in order, once."""
    end = 0
    for found in read_all(stream):
        assert found.offset >= end
        octets = found.octets
        assert stream[found.offset : found.offset + len(octets)] == octets
        assert octets
        end = found.offset + len(octets)


@given(st.binary(max_size=300), st.sampled_from([b"", b"##", b"##99", b"##9999"]))
def test_garbage_never_costs_the_next_good_packet(garbage: bytes, end: bytes) -> None:
    """Whatever comes before, two good packets after it are both read."""
    found = packets(read_all(garbage + end + GOOD + GOOD))
    assert found[-2:] == [GOOD, GOOD]


@given(st.integers(1, len(GOOD) - 1))
def test_packet_that_breaks_off_does_not_cost_the_next(cut: int) -> None:
    """A packet cut anywhere is one error; the whole one behind it is read."""
    found = read_all(GOOD[:cut] + GOOD)
    assert packets(found) == [GOOD]
    assert len(rules(found)) == 1


def test_trailing_octets_stay() -> None:
    """The beginning of the next packet waits."""
    reader = Reader()
    reader.feed(GOOD + b"##00")
    assert reader.next_packet() is not None
    assert reader.next_packet() is None
    assert reader.rest == b"##00"
    assert reader.offset == len(GOOD)


def test_every_prefix_needs_more() -> None:
    """No prefix of a packet is a packet or an error."""
    for size in range(len(GOOD)):
        reader = Reader()
        reader.feed(GOOD[:size])
        assert reader.next_packet() is None


def test_several_packets_in_one_feed() -> None:
    """Packets follow each other with nothing between."""
    found = read_all(GOOD * 3)
    assert [p.offset for p in found] == [0, len(GOOD), 2 * len(GOOD)]


def test_header_inside_a_value_is_data() -> None:
    """``##0087`` in a data area is no header, and not even searched for one."""
    packet = encode(HEAD + b"Flag=5;CP=&&i11001-Info=//##0012CP=&&&&2200//&&")
    assert packets(read_all(packet + packet)) == [packet, packet]


def test_wrong_checksum_is_a_fact() -> None:
    """It is a field of the packet; lower case is no fault of it."""
    (wrong,) = read_all(encode_raw(SET_INTERVAL, checksum=0x1C81))
    (lower,) = read_all(encode_raw(SET_INTERVAL, checksum=b"1c80"))
    assert isinstance(wrong, Packet)
    assert isinstance(lower, Packet)
    assert not wrong.checksum_ok
    assert wrong.checksum == b"1C81"
    assert lower.checksum_ok


LONG = b"CP=&&" + b"x" * 1100 + b"&&"


@pytest.mark.parametrize(
    ("octets", "rule", "at"),
    [
        (b"!!" + GOOD[2:], "header", 0),
        (b"\r\n", "header", 0),
        (b"#" + GOOD, "header", 0),
        (encode_raw(SET_INTERVAL, length=b"101 "), "length-digits", 2),
        (encode_raw(SET_INTERVAL, length=b"+101"), "length-digits", 2),
        (encode_raw(SET_INTERVAL, length=b"1_01"), "length-digits", 2),
        (encode_raw(SET_INTERVAL, length=b"0x65"), "length-digits", 2),
        (encode_raw(SET_INTERVAL, length=b"101"), "length-digits", 2),
        (encode_raw(SET_INTERVAL, length=len(SET_INTERVAL) + 4), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, length=len(SET_INTERVAL) + 6), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, length=len(SET_INTERVAL) + 12), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, length=len(SET_INTERVAL) - 1), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, length=0), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, length=9999), "length-mismatch", 2),
        (encode_raw(SET_INTERVAL, checksum=b"ZZZZ"), "checksum-hex", 107),
        (encode_raw(SET_INTERVAL, checksum=b"+1C8"), "checksum-hex", 107),
        (encode_raw(SET_INTERVAL, checksum=b"1_C8"), "checksum-hex", 107),
        (encode_raw(SET_INTERVAL, tail=b""), "tail", 111),
        (encode_raw(SET_INTERVAL, tail=b"\n"), "tail", 111),
        (encode_raw(SET_INTERVAL, tail=b"\r"), "tail", 111),
        (encode_raw(SET_INTERVAL, tail=b"\\r\\n"), "tail", 111),
        (encode_raw(LONG), "segment-too-long", 2),
    ],
)
def test_malformed_packets(octets: bytes, rule: str, at: int) -> None:
    """A broken packet is one error with its rule; the good ones around it are read."""
    found = read_all(GOOD + octets + GOOD)
    assert rules(found) == [rule]
    expected = 3 if octets.endswith(GOOD) else 2
    assert packets(found) == [GOOD] * expected
    (error,) = (f for f in found if isinstance(f, FrameError))
    assert isinstance(error, PeerError)
    assert error.at == at
    assert error.offset == len(GOOD)


@pytest.mark.parametrize(
    "rest", [b"#", b"##", b"##01", b"##0101", GOOD[:60], GOOD[:-1]]
)
def test_close_tells_of_an_unfinished_rest(rest: bytes) -> None:
    """What the end of the stream cuts off is rule ``truncated``, once."""
    reader = Reader()
    reader.feed(rest)
    assert reader.next_packet() is None
    reader.close()
    with pytest.raises(FrameError) as caught:
        reader.next_packet()
    assert caught.value.rule == "truncated"
    assert caught.value.octets == rest
    assert reader.next_packet() is None
    with pytest.raises(ValueError, match="closed"):
        reader.feed(b"x")


def test_encrypted_packet_with_plain_length() -> None:
    """HJ 212-2025, annex A.2: the end is found by && and not by the length."""
    cipher = b"CP=&&{" + b",".join([b"0xE4"] * 32) + b"}a=1&&"
    (packet,) = read_all(encode_raw(HEAD + cipher, length=len(HEAD) + 42))
    assert isinstance(packet, Packet)
    assert packet.is_encrypted
    assert not packet.length_ok
    assert packet.segment == HEAD + cipher


@pytest.mark.parametrize(
    "pattern", [b"\x00", b"#", b"##9999", b"abc\r", b"##00A1", b"CP=&&{0x", b"&&"]
)
def test_hostile_stream_stays_bounded(pattern: bytes) -> None:
    """Two megabytes without a packet never fill more than the bound."""
    reader, block = Reader(), (pattern * 4096)[:4096]
    most = 0
    for _ in range(2_000_000 // len(block)):
        reader.feed(block)
        for _found in drain(reader):
            pass
        most = max(most, len(reader.rest))
    assert most <= 16_384
    reader.feed(b"\r\n" + GOOD)
    reader.close()
    assert packets(list(drain(reader)))[-1] == GOOD


def test_strict_door_refuses_a_long_segment() -> None:
    """``encode`` takes 1024 octets, not more."""
    assert len(encode(b"x" * 1024)) == PACKET_MAX_OCTETS
    with pytest.raises(ValueError, match="1025 octets"):
        encode(b"x" * 1025)
