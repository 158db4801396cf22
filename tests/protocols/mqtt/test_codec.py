# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 octets to packets: right, wrong, cut and hostile."""

from __future__ import annotations

import json
import re
import tracemalloc
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import LinkError, PeerError, SuiteError
from conformance.protocols.mqtt.codec import (
    RULES,
    Connect,
    Decoded,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Reader,
    Sender,
    Subscribe,
    Unsubscribe,
    ack_raw,
    connack_raw,
    connect_raw,
    decode,
    decode_all,
    encode,
    encode_raw,
    encode_remaining_length,
    encode_string,
    publish_raw,
    suback_raw,
    subscribe_raw,
    unsubscribe_raw,
)
from conformance.protocols.mqtt.explain import to_plain
from tests.protocols.mqtt.made import packets, publishes

FRAMES = Path(__file__).parents[3] / "fixtures" / "frames" / "mqtt.jsonl"
VECTORS = [json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()]


def rules(decoded: Decoded) -> list[str]:
    """Return the names of the broken rules, remarks included."""
    return [breach.rule for breach in decoded.violations]


def in_pieces(pieces: list[bytes]) -> list[Decoded]:
    """Return what a reader makes of octets that come in these pieces."""
    reader = Reader()
    found: list[Decoded] = []
    for piece in pieces:
        reader.feed(piece)
        found += reader.drain()
    rest = reader.close()
    return found if rest is None else [*found, rest]


# Known answers.


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['frame'][:24]}")
def test_vector(vector: dict[str, Any]) -> None:
    """Each published frame says and breaks what its source says."""
    decoded = decode(bytes.fromhex(vector["frame"]), sender=vector.get("sender"))

    assert sorted(rules(decoded)) == sorted(vector["rules"])
    wanted = dict(vector["decoded"])
    kind = decoded.packet_type
    assert (kind.name if kind else None) == wanted.pop("packet")
    if wanted:
        assert decoded.packet is not None
        plain = to_plain(decoded.packet)
        assert {key: plain[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    "vector", [v for v in VECTORS if not v["rules"]], ids=lambda v: v["frame"][:24]
)
def test_encoder_writes_the_octets_of_the_vector(vector: dict[str, Any]) -> None:
    """What is valid can be written again, octet for octet."""
    octets = bytes.fromhex(vector["frame"])
    packet = decode(octets).packet
    assert packet is not None
    assert encode(packet) == octets


def test_publish_of_the_standard() -> None:
    """MQTT 3.1.1, 3.3.2, example: topic a/b, packet identifier 10."""
    packet = Publish("a/b", qos=1, packet_identifier=10)
    assert encode(packet) == bytes.fromhex("32070003612F62000A")


def test_connect_flags_of_the_standard() -> None:
    """MQTT 3.1.1, 3.1.2, example: all but will retain, will QoS 1, is 0xCE."""
    packet = Connect("a", True, 10, "t", b"", will_qos=1, user_name="u", password=b"p")
    assert packet.connect_flags == 0xCE
    assert encode(packet)[2:12] == bytes.fromhex("00044D51545404CE000A")


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, "00"),
        (64, "40"),
        (127, "7F"),
        (128, "8001"),
        (321, "C102"),
        (16_383, "FF7F"),
        (16_384, "808001"),
        (2_097_151, "FFFF7F"),
        (2_097_152, "80808001"),
        (268_435_455, "FFFFFF7F"),
    ],
)
def test_remaining_length(value: int, octets: str) -> None:
    """MQTT 3.1.1, 2.2.3: the table of sizes and the two worked numbers."""
    assert encode_remaining_length(value).hex().upper() == octets


def test_remaining_length_beyond_four_octets_is_refused() -> None:
    """268,435,456 has no encoding (2.2.3); a wider one can be asked for."""
    with pytest.raises(SuiteError):
        encode_remaining_length(268_435_456)
    assert encode_remaining_length(1, width=5).hex() == "8180808000"


# Properties.


@given(packets)
def test_round_trip(packet: Packet) -> None:
    """What the strict door writes, the decoder reads without an error."""
    decoded = decode(encode(packet))

    assert decoded.packet == packet
    assert decoded.errors == ()


@given(publishes())
def test_fast_and_slow_road_agree(packet: Publish) -> None:
    """A PUBLISH decodes alike on the slow road, which a long length field forces."""
    octets = encode(packet)
    body = octets[-(len(octets) - decode_header(octets)) :]
    padded = encode_remaining_length(len(body), width=4)
    slow = decode(encode_raw(3, body, flags=octets[0] & 15, remaining_length=padded))

    assert slow.packet == packet
    assert slow.errors == ()


def decode_header(octets: bytes) -> int:
    """Return the size of the fixed header."""
    return 2 + next(i for i, octet in enumerate(octets[1:]) if not octet & 0x80)


@given(st.lists(packets, min_size=1, max_size=5), st.data())
def test_any_split_gives_the_same(found: list[Packet], data: st.DataObject) -> None:
    """However the stream is cut, the packets and their offsets are the same."""
    stream = b"".join(map(encode, found))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]

    whole = in_pieces([stream])

    assert in_pieces(pieces) == whole
    assert [one.packet for one in whole] == found
    assert b"".join(one.octets for one in whole) == stream
    for one in whole:
        assert stream[one.offset :].startswith(one.octets)


@given(st.binary(max_size=60), st.data())
def test_any_split_of_anything_gives_the_same(
    stream: bytes, data: st.DataObject
) -> None:
    """The same holds for noise, and noise raises nothing."""
    cut = data.draw(st.integers(0, len(stream)))
    whole = in_pieces([stream])
    halves = in_pieces([stream[:cut], stream[cut:]])

    assert [one.packet for one in halves] == [one.packet for one in whole]
    assert list(map(rules, halves)) == list(map(rules, whole))


@given(packets)
def test_one_octet_at_a_time(packet: Packet) -> None:
    """Every prefix asks for more; the last octet completes the packet."""
    octets = encode(packet)
    reader = Reader()
    for octet in octets[:-1]:
        reader.feed(bytes((octet,)))
        assert reader.next_packet() is None
    reader.feed(octets[-1:])
    assert reader.next_packet() == packet


@given(packets, st.binary(max_size=1))
def test_trailing_octets_stay(packet: Packet, more: bytes) -> None:
    """Octets after a packet stay in the reader, untouched."""
    reader = Reader()
    reader.feed(encode(packet) + more)

    assert reader.next_packet() == packet
    assert reader.pending == more
    assert reader.offset == len(encode(packet))


@given(packets, st.data())
def test_damage_never_breaks_the_decoder(packet: Packet, data: st.DataObject) -> None:
    """One changed octet gives a packet or a named rule, with positions inside it."""
    octets = bytearray(encode(packet)[:200])
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    for one in decode_all(bytes(octets)):
        assert one.packet is not None or one.violations
        for breach in one.violations:
            assert breach.rule in RULES
            assert 0 <= breach.at <= breach.at + breach.size <= len(one.octets)


@given(packets)
def test_every_side_is_held_to_its_packets(packet: Packet) -> None:
    """Each packet is right from at least one side; only acknowledgements from both."""
    octets = encode(packet)
    sides: tuple[Sender, ...] = ("client", "server")
    allowed = [side for side in sides if not decode(octets, sender=side).errors]
    both = (Publish, Puback, Pubrec, Pubrel, Pubcomp)
    clients = (Connect, Subscribe, Unsubscribe, Pingreq, Disconnect)

    if isinstance(packet, both):
        assert allowed == ["client", "server"]
    else:
        assert allowed == ["client" if isinstance(packet, clients) else "server"]


# Malformed input.

MALFORMED: list[tuple[bytes, str, tuple[str, ...]]] = [
    (encode_raw(0), "reserved-packet-type", ()),
    (encode_raw(15), "reserved-packet-type", ()),
    (encode_raw(12, flags=8), "fixed-header-flags", ("MQTT-2.2.2-1",)),
    (ack_raw(6, flags=0), "fixed-header-flags", ("MQTT-2.2.2-1", "MQTT-3.6.1-1")),
    (subscribe_raw(flags=0), "fixed-header-flags", ("MQTT-2.2.2-1", "MQTT-3.8.1-1")),
    (
        unsubscribe_raw(flags=3),
        "fixed-header-flags",
        ("MQTT-2.2.2-1", "MQTT-3.10.1-1"),
    ),
    (publish_raw(b"\xff"), "string-ill-formed", ("MQTT-1.5.3-1", "MQTT-3.3.2-1")),
    (
        publish_raw(b"\xed\xa0\x80"),
        "string-surrogate",
        ("MQTT-1.5.3-1", "MQTT-3.3.2-1"),
    ),
    (publish_raw("a\0"), "string-nul", ("MQTT-1.5.3-2", "MQTT-4.7.3-2")),
    (
        subscribe_raw(1, [(b"\xc0\x80", 0)]),
        "string-ill-formed",
        ("MQTT-1.5.3-1", "MQTT-3.8.3-1"),
    ),
    (
        unsubscribe_raw(1, [b"\xf5"]),
        "string-ill-formed",
        ("MQTT-1.5.3-1", "MQTT-3.10.3-1"),
    ),
    (
        connect_raw(payload=encode_string(b"\xf4\x90\x80\x80")),
        "string-ill-formed",
        ("MQTT-1.5.3-1", "MQTT-3.1.3-4"),
    ),
    (connect_raw(protocol_name="MQTt"), "protocol-name", ()),
    (connect_raw(protocol_level=5), "protocol-level", ()),
    (connect_raw(protocol_level=0x84), "protocol-level", ()),
    (connect_raw(connect_flags=0x03), "connect-reserved-flag", ()),
    (
        connect_raw(Connect("c", will_topic="w", will_message=b"", will_qos=3)),
        "will-qos-3",
        ("MQTT-3.1.2-14",),
    ),
    (
        connect_raw(connect_flags=0x12),
        "will-qos-without-will",
        ("MQTT-3.1.2-11", "MQTT-3.1.2-13"),
    ),
    (
        connect_raw(connect_flags=0x22),
        "will-retain-without-will",
        ("MQTT-3.1.2-11", "MQTT-3.1.2-15"),
    ),
    (
        connect_raw(Connect("c", password=b"p")),
        "password-without-user-name",
        ("MQTT-3.1.2-22",),
    ),
    (connect_raw(connect_flags=0x06), "missing-field", ("MQTT-3.1.2-9",)),
    (connect_raw(connect_flags=0x82), "missing-field", ("MQTT-3.1.2-19",)),
    (
        connect_raw(Connect("c", user_name="u"), connect_flags=0xC2),
        "missing-field",
        ("MQTT-3.1.2-21",),
    ),
    (connect_raw(payload=b""), "missing-field", ("MQTT-3.1.3-3",)),
    (
        connect_raw(Connect("c", user_name="u"), connect_flags=0x02),
        "extra-octets",
        (),
    ),
    (
        connect_raw(Connect("", clean_session=False)),
        "client-identifier-empty",
        ("MQTT-3.1.3-7",),
    ),
    (
        connect_raw(Connect("c", will_topic="a/+", will_message=b"")),
        "topic-name-wildcard",
        ("MQTT-4.7.1-1",),
    ),
    (connack_raw(0x80), "connack-reserved-flags", ()),
    (connack_raw(0, 6), "connack-return-code", ("MQTT-3.2.2-6",)),
    (connack_raw(1, 5), "session-present-refused", ("MQTT-3.2.2-4",)),
    (connack_raw(extra=b"\0"), "extra-octets", ()),
    (
        publish_raw(qos=3, packet_identifier=1),
        "publish-qos-3",
        ("MQTT-3.3.1-4",),
    ),
    (publish_raw(dup=1), "dup-with-qos-0", ("MQTT-3.3.1-2", "MQTT-4.3.1-1")),
    (publish_raw("#"), "topic-name-wildcard", ("MQTT-4.7.1-1", "MQTT-3.3.2-2")),
    (publish_raw(""), "topic-empty", ("MQTT-4.7.3-1",)),
    (publish_raw(qos=2, packet_identifier=0), "packet-identifier-zero", ()),
    (publish_raw(qos=1), "missing-field", ()),
    (publish_raw("abc", topic_length=9), "field-cut-short", ()),
    (encode_raw(3), "missing-field", ("MQTT-3.3.2-1",)),
    (ack_raw(4, 0), "packet-identifier-zero", ("MQTT-2.3.1-6",)),
    (ack_raw(11, 0), "packet-identifier-zero", ("MQTT-2.3.1-7",)),
    (ack_raw(4, extra=b"\0\0"), "extra-octets", ()),
    (subscribe_raw(0), "packet-identifier-zero", ("MQTT-2.3.1-1",)),
    (subscribe_raw(1, []), "no-topic-filter", ("MQTT-3.8.3-3",)),
    (subscribe_raw(1, [("", 0)]), "topic-empty", ("MQTT-4.7.3-1",)),
    (subscribe_raw(1, [("a", 3)]), "requested-qos-3", ()),
    (subscribe_raw(1, [("a", 0x80)]), "requested-qos-reserved", ()),
    (subscribe_raw(1, [("a#", 0)]), "filter-hash-position", ("MQTT-4.7.1-2",)),
    (subscribe_raw(1, [("a/#/b", 0)]), "filter-hash-position", ("MQTT-4.7.1-2",)),
    (subscribe_raw(1, [("a+/b", 0)]), "filter-plus-position", ("MQTT-4.7.1-3",)),
    (unsubscribe_raw(1, []), "no-topic-filter", ("MQTT-3.10.3-2",)),
    (unsubscribe_raw(extra=b"\0"), "field-cut-short", ()),
    (suback_raw(1, [3]), "suback-return-code", ("MQTT-3.9.3-2",)),
    (suback_raw(1, []), "no-return-code", ("MQTT-3.8.4-5",)),
    (encode_raw(13, b"\0"), "extra-octets", ()),
    (encode_raw(14, remaining_length=b"\x80" * 4), "remaining-length-too-long", ()),
]


@pytest.mark.parametrize(
    ("octets", "rule", "statements"),
    MALFORMED,
    ids=[f"{index}-{case[1]}" for index, case in enumerate(MALFORMED)],
)
def test_malformed(octets: bytes, rule: str, statements: tuple[str, ...]) -> None:
    """One thing wrong is exactly one rule, with the statements that it belongs to."""
    (decoded,) = decode_all(octets)
    (breach,) = decoded.errors
    assert breach.rule == rule
    assert set(statements) <= set(breach.statements)

    reader = Reader()
    reader.feed(octets)
    with pytest.raises(PeerError) as caught:
        reader.next_packet()
    assert caught.value.rule == rule
    assert caught.value.at == breach.at
    assert caught.value.octets == octets
    with pytest.raises(PeerError) as again:
        reader.next_packet()
    assert again.value.rule == "reader-dead"


def test_every_rule_is_shown_by_a_frame() -> None:
    """No rule exists that nothing here breaks."""
    shown = {case[1] for case in MALFORMED}
    shown |= {rule for vector in VECTORS for rule in vector["rules"]}
    # The two that speak of the reader have tests of their own.
    assert set(RULES) - shown == {"reader-dead", "over-limit"}


def test_rules_are_complete_and_cite_statements_as_printed() -> None:
    """Each rule has both wordings, a clause, and well-formed statement ids."""
    for name, info in RULES.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert info.title.zh, name
        assert info.title.en, name
        cited = (*info.statements, *info.reactions, *sum(info.by.values(), ()))
        for statement in cited:
            clause = statement.removeprefix("MQTT-").rpartition("-")[0]
            assert re.fullmatch(r"\d\.\d{1,2}\.\d", clause), statement


def test_several_rules_at_once_are_all_named() -> None:
    """A packet may break more than one rule; positions are in order."""
    octets = publish_raw(b"+\0\xff", dup=1)
    decoded = decode(octets)

    assert rules(decoded) == [
        "dup-with-qos-0",
        "string-ill-formed",
        "string-nul",
        "topic-name-wildcard",
    ]
    assert isinstance(decoded.packet, Publish)
    assert decoded.packet.topic_name.encode("utf-8", "surrogateescape") == b"+\0\xff"


def test_violations_are_listed_and_the_stream_goes_on() -> None:
    """A violation inside a packet's own length does not hide the next packet."""
    reader = Reader(sender="client")
    reader.feed(subscribe_raw(0, []) + encode_raw(15, b"ab") + encode(Pingreq()))

    first, second, third = reader.drain()

    assert rules(first) == ["packet-identifier-zero", "no-topic-filter"]
    assert first.packet == Subscribe(0, ())
    assert (second.packet, rules(second)) == (None, ["reserved-packet-type"])
    assert (third.packet, third.offset) == (Pingreq(), 8)
    assert [d.is_fatal for d in (first, second, third)] == [False] * 3
    assert reader.dead is None


def test_lost_boundaries_kill_the_reader() -> None:
    """After a length of five octets nothing can be read, and the reader says so."""
    reader = Reader()
    reader.feed(encode(Pingresp()) + b"\x30\xff\xff\xff\xff\x01" + encode(Pingresp()))

    alive, lost = reader.drain()

    assert alive.packet == Pingresp()
    assert lost.is_fatal
    assert lost.offset == 2
    assert reader.dead == "remaining-length-too-long"
    with pytest.raises(PeerError) as caught:
        reader.next_decoded()
    assert caught.value.rule == "reader-dead"
    reader.feed(b"more")
    assert b"more" not in reader.pending


@pytest.mark.parametrize(
    ("octets", "packet"),
    [
        (encode_raw(12, remaining_length=b"\x80\x00"), Pingreq()),
        (publish_raw("a", b"b", remaining_length=b"\x84\x00"), Publish("a", b"b")),
        (publish_raw("a", remaining_length=b"\x83\x80\x00"), Publish("a")),
    ],
)
def test_a_remark_is_not_an_error(octets: bytes, packet: Packet) -> None:
    """3.1.1 does not forbid a longer length field: the packet is given, remarked."""
    reader = Reader()
    reader.feed(octets)

    assert reader.next_packet() == packet
    assert rules(decode(octets)) == ["remaining-length-not-minimal"]
    assert decode(octets).errors == ()


def test_close_reports_a_packet_cut_off() -> None:
    """What is left when the connection ends is a truncated packet, or nothing."""
    reader = Reader()
    reader.feed(encode(Publish("a", b"bc"))[:-1])
    assert reader.next_packet() is None

    rest = reader.close()

    assert rest is not None
    assert rules(rest) == ["truncated"]
    assert rest.octets == b"\x30\x05\x00\x01ab"
    assert Reader().close() is None


def test_no_octets_are_no_packet() -> None:
    """Nothing holds no packets; asked for one, it is truncated."""
    assert decode_all(b"") == ()
    assert rules(decode(b"")) == ["truncated"]


def test_mqtt_3_1_is_named_once_and_still_read() -> None:
    """MQIsdp level 3 has the layout of 3.1.1: its fields are kept."""
    octets = connect_raw(Connect("c"), protocol_name="MQIsdp", protocol_level=3)
    decoded = decode(octets)

    assert rules(decoded) == ["protocol-name", "protocol-level"]
    assert isinstance(decoded.packet, Connect)
    assert decoded.packet.client_identifier == "c"


# Hostile streams.


def test_announced_length_takes_no_memory() -> None:
    """256 MB announced and not sent cost nothing, with or without a limit."""
    for limit in (1000, 268_435_455):
        tracemalloc.start()
        reader = Reader(limit=limit)
        reader.feed(b"\x30\xff\xff\xff\x7f\x00\x01a")
        list(reader.drain())
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 100_000


def test_over_limit_is_nobodys_fault() -> None:
    """A legal packet beyond our limit ends the reading without blaming the peer."""
    octets = publish_raw("t", bytes(100))
    reader = Reader(limit=102)
    reader.feed(octets[:2])
    with pytest.raises(LinkError):
        reader.next_packet()
    assert reader.dead == "over-limit"

    reader = Reader(limit=103)
    reader.feed(octets)
    assert reader.next_packet() is not None


def test_dead_reader_keeps_nothing() -> None:
    """A peer that goes on sending after its fault fills no memory."""
    reader = Reader()
    reader.feed(b"\x30\xff\xff\xff\xff")
    list(reader.drain())
    for _ in range(100):
        reader.feed(bytes(10_000))
    assert len(reader.pending) == 5
