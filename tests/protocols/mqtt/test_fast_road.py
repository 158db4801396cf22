# SPDX-License-Identifier: Apache-2.0
"""The fast road of the MQTT codec says of any octets what the slow one says.

Ordinary packets are read and written without the machinery that names what is wrong.
Both roads are taken here over right packets, packets with a few octets spoilt, and
lengths around every step of Remaining Length.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.errors import SuiteError
from conformance.protocols.mqtt import codec
from conformance.protocols.mqtt.codec import (
    Decoded,
    Packet,
    Puback,
    Publish,
    Pubrel,
    decode,
    decoding,
    encode,
    encoding,
    properties,
    publish_raw,
)
from tests.protocols.mqtt import made_5
from tests.protocols.mqtt.made import publishes

quick = import_module("conformance.protocols.mqtt.codec.ordinary")
"""The module; the package gives the name to its one function."""

TO_ROADS = st.one_of(
    publishes(), st.builds(Puback, st.integers(1, 65535)), st.builds(Pubrel, st.just(1))
)


def slowly(octets: bytes) -> Decoded:
    with (
        patch.object(codec, "ordinary", return_value=None),
        patch.object(decoding, "ordinary", return_value=None),
    ):
        return decode(octets)


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A packet with a few octets changed, left out or added."""
    octets = bytearray(encode(draw(TO_ROADS)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, min(len(octets), 40)))
        match draw(st.sampled_from(["change", "cut", "add"])):
            case "change" if at < len(octets):
                octets[at] = draw(st.integers(0, 255))
            case "cut":
                del octets[len(octets) - at :]
            case "add":
                octets[at:at] = draw(st.binary(max_size=2))
    return bytes(octets)


@given(spoilt())
@example(b"\x30\x80\x01\x00\x01t")
@example(b"\x40\x02\x00\x00")
@example(b"\x62\x02\x00\x01")
@example(b"\x60\x02\x00\x01")
@example(b"\x32\x05\x00\x03a/b")
def test_both_roads_read_the_same(octets: bytes) -> None:
    assert decode(octets) == slowly(octets)


@pytest.mark.parametrize("size", [120, 124, 125, 126, 250, 253, 254, 16380, 16383])
@pytest.mark.parametrize("off", [-1, 0, 1])
def test_both_roads_read_the_same_around_a_step_of_the_length(
    size: int, off: int
) -> None:
    for more in range(5):
        octets = publish_raw("t", b"x" * (size + more), qos=1, packet_identifier=1)
        octets = octets + b"x" if off > 0 else octets[: len(octets) + off]
        assert decode(octets) == slowly(octets)


def test_more_topic_names_than_are_kept_are_read_all_the_same() -> None:
    for number in range(600):
        packet = Publish(f"station/{number}", b"")
        assert decode(encode(packet)).packet == packet
    assert decode(publish_raw("t/#")).packet == Publish("t/#")
    assert len(quick._names) <= 256


ODD = st.one_of(st.integers(-1, 3), st.booleans(), st.none())


def written(packet: Packet) -> bytes | str:
    try:
        return encode(packet)
    except SuiteError:
        return "refused"


@given(
    st.builds(
        Publish,
        st.text(max_size=3),
        st.binary(max_size=3),
        ODD,
        ODD,
        ODD,
        st.sampled_from([None, -1, 0, 1, 65535, 65536]),
    )
    | st.builds(Puback, st.sampled_from([None, -1, 0, 1, 65535, 65536, "1"]))
)
def test_both_roads_write_the_same(packet: Packet) -> None:
    with (
        patch.object(encoding, "_publish", return_value=None),
        patch.object(encoding, "_answer", return_value=None),
    ):
        slow = written(packet)
    assert written(packet) == slow


@st.composite
def spoilt_5(draw: st.DrawFn) -> bytes:
    """A PUBLISH of 5.0 with a few octets changed, left out or added."""
    octets = bytearray(encode(draw(made_5.publishes()), 5))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, min(len(octets), 40)))
        match draw(st.sampled_from(["change", "cut", "add"])):
            case "change" if at < len(octets):
                octets[at] = draw(st.integers(0, 255))
            case "cut":
                del octets[len(octets) - at :]
            case "add":
                octets[at:at] = draw(st.binary(max_size=2))
    return bytes(octets)


@given(spoilt_5())
@example(b"\x30\x04\x00\x01t\x00")
@example(b"\x30\x03\x00\x01t")
@example(b"\x30\x05\x00\x01t\x05\x23")
@example(b"\x30\x08\x00\x01t\x03\x23\x00\x01x")
@example(b"\x30\x07\x00\x01t\x02\x01\x01\xff")
@example(b"\x30\x07\x00\x01t\x02\x01\x01x")
@example(b"\x30\x06\x00\x01t\x02\x0b\x01")
def test_both_roads_read_the_same_of_5_0(octets: bytes) -> None:
    """Twice, because the second time the fast road remembers."""
    for sender in (None, "client", "server"):
        side: Any = sender
        for _ in range(2):
            quick = decode(octets, sender=side, version=5)
            with (
                patch.object(codec, "ordinary", return_value=None),
                patch.object(decoding, "ordinary", return_value=None),
            ):
                assert quick == decode(octets, sender=side, version=5)


@given(made_5.publishes())
def test_both_roads_write_the_same_of_5_0(packet: Publish) -> None:
    with patch.object(encoding, "_publish_5", return_value=None):
        slow = encode(packet, 5)
    assert encode(packet, 5) == encode(packet, 5) == slow


def test_more_property_lists_than_are_kept_are_read_all_the_same() -> None:
    for number in range(600):
        listed = properties(topic_alias=number + 1)
        packet = Publish("t", b"x", properties=listed)
        assert decode(encode(packet, 5), version=5).packet == packet
        plain = Publish("t", b"x")
        assert decode(encode(plain, 5), version=5).packet == plain
    assert len(quick._lists) <= 257
    assert len(encoding._lists) <= 256
