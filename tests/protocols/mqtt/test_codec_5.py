# SPDX-License-Identifier: Apache-2.0
"""MQTT 5.0 in the codec: known octets, round trips, and every way to be wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import PeerError, SuiteError
from conformance.protocols.mqtt.codec import (
    RULES_5,
    Auth,
    Connack,
    Connect,
    Decoded,
    Disconnect,
    Packet,
    Puback,
    Publish,
    Reader,
    Suback,
    Subscribe,
    Unsuback,
    ack_raw,
    auth_raw,
    connack_raw,
    connect_raw,
    decode,
    decode_all,
    disconnect_raw,
    encode,
    encode_raw,
    properties,
    properties_raw,
    property_raw,
    publish_raw,
    suback_raw,
    subscribe_raw,
    unsuback_raw,
    unsubscribe_raw,
    value_of,
    values_of,
)
from conformance.protocols.mqtt.codec.properties import BY_FIELD, PROPERTIES
from conformance.protocols.mqtt.codec.reasons import REASON_CODES, REASONS
from tests.protocols.mqtt.made_5 import packets_5

NONE = properties_raw()
BASE = Connect("c", protocol_level=5)


def raw(**named: Any) -> bytes:
    """Return the octets of properties by name, their length first."""
    return properties_raw(properties(**named))


def rules(decoded: Decoded) -> list[str]:
    return [breach.rule for breach in decoded.violations]


# Known answers.


@pytest.mark.parametrize(
    ("packet", "octets"),
    [
        (BASE, "10 0E 0004 4D515454 05 02 0000 00 0001 63"),
        (
            Connect(
                "c",
                keep_alive=10,
                will_topic="w",
                will_message=b"m",
                protocol_level=5,
                properties=properties(session_expiry_interval=10, receive_maximum=1),
                will_properties=properties(will_delay_interval=2),
            ),
            "10 22 0004 4D515454 05 06 000A 08 11 0000000A 21 0001"
            "0001 63 05 18 00000002 0001 77 0001 6D",
        ),
        (Connack(True, 0), "20 03 01 00 00"),
        (Connack(False, 0x87), "20 03 00 87 00"),
        (Publish("t", b"x"), "30 05 0001 74 00 78"),
        (
            Publish("t", b"x", 1, False, False, 7, properties(topic_alias=3)),
            "32 0A 0001 74 0007 03 23 0003 78",
        ),
        (Publish("", properties=properties(topic_alias=3)), "30 06 0000 03 230003"),
        (Puback(1), "40 02 0001"),
        (Puback(1, 0x10), "40 03 0001 10"),
        (Puback(1, 0x80, properties(reason_string="x")), "40 08 0001 80 04 1F 0001 78"),
        (
            Subscribe(
                1, (("a", 0x2E),), properties(subscription_identifier=128)
            ),
            "82 0A 0001 03 0B 8001 0001 61 2E",
        ),
        (Suback(1, (0, 0x97)), "90 05 0001 00 00 97"),
        (Unsuback(1, (0x11,)), "B0 04 0001 00 11"),
        (Disconnect(), "E0 00"),
        (Disconnect(0x04), "E0 01 04"),
        (
            Auth(
                0x18,
                properties(authentication_method="m", authentication_data=b"\0"),
            ),
            "F0 0A 18 08 15 0001 6D 16 0001 00",
        ),
    ],
)  # fmt: skip
def test_known_octets(packet: Packet, octets: str) -> None:
    """MQTT 5.0, chapter 3: each packet laid out by hand, both ways."""
    assert encode(packet, 5).hex() == octets.replace(" ", "").lower()
    decoded = decode(bytes.fromhex(octets), version=5)
    assert (decoded.packet, decoded.violations) == (packet, ())


def test_what_may_be_left_out_may_also_be_there() -> None:
    """The long form of an empty outcome says the same (3.4.2.1, 3.14.2.1)."""
    for octets, packet in [
        (ack_raw(4, reason_code=0), Puback(1)),
        (ack_raw(4, reason_code=0, properties=NONE), Puback(1)),
        (disconnect_raw(0), Disconnect()),
        (disconnect_raw(0, NONE), Disconnect()),
    ]:
        assert decode(octets, version=5).packet == packet
        assert decode(octets, version=5).violations == ()


def test_an_auth_of_nothing_is_left_alone() -> None:
    """3.15.2.1 allows what 3.15.2.2.2 forbids, so nobody is blamed."""
    decoded = decode(auth_raw(), version=5)
    assert (decoded.packet, decoded.violations) == (Auth(), ())


@given(packets_5)
def test_round_trip(packet: Packet) -> None:
    """Whatever 5.0 allows comes back, and nothing is said against it."""
    octets = encode(packet, 5)
    (decoded,) = decode_all(octets, version=5)
    assert decoded.packet == packet
    assert decoded.errors == ()
    assert decoded.octets == octets


@given(st.lists(packets_5, min_size=1, max_size=4), st.data())
def test_any_split_gives_the_same_packets(found: list[Packet], data: Any) -> None:
    """Coalesced and split packets are the packets that were sent."""
    octets = b"".join(encode(packet, 5) for packet in found)
    cuts = data.draw(st.lists(st.integers(0, len(octets)), max_size=5).map(sorted))
    reader, got = Reader(version=5), []
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        reader.feed(octets[start:end])
        got += [decoded.packet for decoded in reader.drain()]
    assert got == found
    assert reader.close() is None


@given(st.binary(max_size=60))
def test_noise_never_raises(noise: bytes) -> None:
    """Whatever comes becomes rules, each in the rulebook."""
    for head in (0x10, 0x20, 0x32, 0x40, 0x82, 0x90, 0xA2, 0xB0, 0xE0, 0xF0):
        octets = bytes((head, len(noise))) + noise
        for decoded in decode_all(octets, version=5):
            assert set(rules(decoded)) <= set(RULES_5)


# Every way to be wrong.  One thing wrong is exactly one rule.

AUTHENTIC = properties(authentication_method="m")
MALFORMED: list[tuple[bytes, str, tuple[str, ...]]] = [
    (b"\x30\xff\xff\xff\xff\x01", "remaining-length-too-long", ()),
    (b"\x30\x05", "truncated", ()),
    (publish_raw("t", properties=NONE, remaining_length=b"\x84\0"),
     "remaining-length-not-minimal", ("MQTT-1.5.5-1",)),
    (encode_raw(0), "reserved-packet-type", ()),
    (encode_raw(6, b"\0\1", flags=0), "fixed-header-flags",
     ("MQTT-2.1.3-1", "MQTT-3.6.1-1")),
    (disconnect_raw(flags=1), "fixed-header-flags", ("MQTT-3.14.1-1",)),
    (auth_raw(flags=2), "fixed-header-flags", ("MQTT-3.15.1-1",)),
    (connack_raw(), "missing-field", ("MQTT-2.2.2-1",)),
    (publish_raw("t"), "missing-field", ("MQTT-2.2.2-1",)),
    (subscribe_raw(1, [], properties=NONE, extra=b"\0\1t"), "missing-field",
     ("MQTT-3.8.3-2",)),
    (auth_raw(0x18), "missing-field", ()),
    (unsubscribe_raw(1, [], properties=NONE, extra=b"\0\5t"), "field-cut-short", ()),
    (encode_raw(12, b"x"), "extra-octets", ()),
    (ack_raw(4, reason_code=0, properties=NONE, extra=b"x"), "extra-octets", ()),
    (publish_raw(b"\xff", properties=NONE), "string-ill-formed",
     ("MQTT-1.5.4-1", "MQTT-3.3.2-1")),
    (publish_raw(properties=properties_raw(b"\x26\0\1\xff\0\1a")), "string-ill-formed",
     ("MQTT-1.5.7-1",)),
    (publish_raw(properties=properties_raw(b"\x26\0\1a\0\1\xff")), "string-ill-formed",
     ("MQTT-1.5.7-1",)),
    (publish_raw(properties=properties_raw(b"\x03\0\1\xff")), "string-ill-formed",
     ("MQTT-3.3.2-19",)),
    (publish_raw(properties=properties_raw(b"\x08\0\1\xff")), "string-ill-formed",
     ("MQTT-3.3.2-13",)),
    (subscribe_raw(1, [(b"\xff", 0)], properties=NONE), "string-ill-formed",
     ("MQTT-3.8.3-1",)),
    (publish_raw(b"\xed\xa0\x80", properties=NONE), "string-surrogate",
     ("MQTT-1.5.4-1",)),
    (publish_raw("a\0", properties=NONE), "string-nul",
     ("MQTT-1.5.4-2", "MQTT-4.7.3-2")),
    (connect_raw(BASE, protocol_name="MQTS"), "protocol-name", ()),
    (connect_raw(BASE, protocol_level=6), "protocol-level", ()),
    (connect_raw(BASE, connect_flags=3), "connect-reserved-flag", ()),
    (connect_raw(Connect("c", will_topic="w", will_message=b"", will_qos=3,
                         protocol_level=5)), "will-qos-3", ("MQTT-3.1.2-12",)),
    (connect_raw(BASE, connect_flags=0x0A), "will-qos-without-will",
     ("MQTT-3.1.2-11",)),
    (connect_raw(BASE, connect_flags=0x22), "will-retain-without-will",
     ("MQTT-3.1.2-13",)),
    (connack_raw(2, properties=NONE), "connack-reserved-flags", ("MQTT-3.2.2-1",)),
    (connack_raw(1, 0x80, properties=NONE), "session-present-refused",
     ("MQTT-3.2.2-6",)),
    (publish_raw("t", qos=3, packet_identifier=1, properties=NONE), "publish-qos-3",
     ("MQTT-3.3.1-4",)),
    (publish_raw("t", dup=1, properties=NONE), "dup-with-qos-0", ("MQTT-3.3.1-2",)),
    (publish_raw("a/+", properties=NONE), "topic-name-wildcard",
     ("MQTT-4.7.0-1", "MQTT-3.3.2-2")),
    (publish_raw(properties=raw(response_topic="#")), "topic-name-wildcard",
     ("MQTT-3.3.2-14",)),
    (publish_raw("", properties=NONE), "topic-empty-without-alias", ()),
    (subscribe_raw(1, [("", 0)], properties=NONE), "topic-empty", ("MQTT-4.7.3-1",)),
    (subscribe_raw(1, [("a#", 0)], properties=NONE), "filter-hash-position",
     ("MQTT-4.7.1-1",)),
    (subscribe_raw(1, [("a+", 0)], properties=NONE), "filter-plus-position",
     ("MQTT-4.7.1-2",)),
    (publish_raw("t", qos=1, packet_identifier=0, properties=NONE),
     "packet-identifier-zero", ("MQTT-2.2.1-3",)),
    (suback_raw(0, properties=NONE), "packet-identifier-zero", ("MQTT-2.2.1-6",)),
    (subscribe_raw(1, [], properties=NONE), "no-topic-filter", ("MQTT-3.8.3-2",)),
    (unsubscribe_raw(1, [], properties=NONE), "no-topic-filter", ("MQTT-3.10.3-2",)),
    (subscribe_raw(1, [("a", 3)], properties=NONE), "requested-qos-3", ()),
    (subscribe_raw(1, [("a", 0x40)], properties=NONE), "subscription-options-reserved",
     ()),
    (subscribe_raw(1, [("a", 0x80)], properties=NONE), "subscription-options-reserved",
     ()),
    (subscribe_raw(1, [("a", 0x30)], properties=NONE), "retain-handling-3", ()),
    (subscribe_raw(1, [("$share/g/a", 4)], properties=NONE), "shared-no-local",
     ("MQTT-3.8.3-4",)),
    (subscribe_raw(1, [("$share//a", 0)], properties=NONE), "shared-filter",
     ("MQTT-4.8.2-1",)),
    (subscribe_raw(1, [("$share/g", 0)], properties=NONE), "shared-filter", ()),
    (subscribe_raw(1, [("$share/g+/a", 0)], properties=NONE), "shared-filter",
     ("MQTT-4.8.2-2",)),
    (publish_raw(properties=properties_raw(length=b"\x80\0")),
     "variable-byte-integer-not-minimal", ("MQTT-1.5.5-1",)),
    (publish_raw(properties=properties_raw(b"\x0b\x81\x00")),
     "variable-byte-integer-not-minimal", ("MQTT-1.5.5-1",)),
    (publish_raw(properties=properties_raw(property_raw(0x23, b"\0\1", width=2))),
     "variable-byte-integer-not-minimal", ("MQTT-1.5.5-1",)),
    (publish_raw(properties=b"\xff\xff\xff\xff\x01"), "variable-byte-integer-too-long",
     ()),
    (publish_raw(properties=properties_raw(b"\x0b\xff\xff\xff\xff\x01")),
     "variable-byte-integer-too-long", ()),
    (publish_raw(properties=properties_raw(b"\x23\0\1", length=9)), "property-length",
     ()),
    (publish_raw(properties=properties_raw(b"\x23\0\1", length=2)),
     "property-cut-short", ()),
    (publish_raw(properties=properties_raw(b"\x03\0\5ab")), "property-cut-short", ()),
    (publish_raw(properties=properties_raw(b"\x7e\0")), "property-unknown", ()),
    (publish_raw(properties=properties_raw(b"\x00")), "property-unknown", ()),
    (publish_raw(properties=raw(receive_maximum=1)), "property-not-allowed", ()),
    (connect_raw(BASE, properties=raw(topic_alias=1)), "property-not-allowed", ()),
    (publish_raw(properties=raw(topic_alias=[1, 2])), "property-repeated", ()),
    (subscribe_raw(properties=raw(subscription_identifier=[1, 2])),
     "property-repeated", ()),
    (publish_raw(properties=raw(payload_format_indicator=2)), "property-not-0-or-1",
     ()),
    (connack_raw(properties=raw(maximum_qos=2)), "property-not-0-or-1", ()),
    (connect_raw(BASE, properties=raw(receive_maximum=0)), "receive-maximum-zero", ()),
    (connect_raw(BASE, properties=raw(maximum_packet_size=0)),
     "maximum-packet-size-zero", ()),
    (subscribe_raw(properties=raw(subscription_identifier=0)),
     "subscription-identifier-zero", ()),
    (publish_raw(properties=raw(topic_alias=0)), "topic-alias-zero",
     ("MQTT-3.3.2-8",)),
    (connect_raw(BASE, properties=raw(authentication_data=b"x")),
     "authentication-data-alone", ()),
    (auth_raw(0x18, NONE), "authentication-method-missing", ()),
    (auth_raw(0x18, raw(authentication_data=b"x")), "authentication-method-missing",
     ()),
    (publish_raw(payload=b"\xff", properties=raw(payload_format_indicator=1)),
     "payload-not-text", ()),
    (connack_raw(0, 1, properties=NONE), "reason-code", ("MQTT-3.2.2-8",)),
    (ack_raw(4, reason_code=0x92), "reason-code", ("MQTT-3.4.2-1",)),
    (ack_raw(5, reason_code=1), "reason-code", ("MQTT-3.5.2-1",)),
    (ack_raw(6, reason_code=0x80), "reason-code", ("MQTT-3.6.2-1",)),
    (ack_raw(7, reason_code=0x10), "reason-code", ("MQTT-3.7.2-1",)),
    (suback_raw(1, [3], properties=NONE), "reason-code", ("MQTT-3.9.3-2",)),
    (unsuback_raw(1, [0x10]), "reason-code", ("MQTT-3.11.3-2",)),
    (disconnect_raw(0x84), "reason-code", ("MQTT-3.14.2-1",)),
    (auth_raw(1, properties_raw(AUTHENTIC)), "reason-code", ("MQTT-3.15.2-1",)),
    (suback_raw(1, [], properties=NONE), "no-reason-code", ("MQTT-3.8.4-6",)),
    (ack_raw(11, properties=NONE), "no-reason-code", ("MQTT-3.11.3-2",)),
]  # fmt: skip

SIDED: list[tuple[bytes, str, str, tuple[str, ...]]] = [
    (encode_raw(12), "server", "wrong-direction", ()),
    (publish_raw(properties=raw(subscription_identifier=1)), "client",
     "subscription-identifier-from-client", ("MQTT-3.3.4-6",)),
    (disconnect_raw(0, raw(session_expiry_interval=1)), "server",
     "session-expiry-from-server", ("MQTT-3.14.2-2",)),
    (disconnect_raw(0x8E), "client", "reason-code-sender", ()),
    (disconnect_raw(0x04), "server", "reason-code-sender", ()),
    (auth_raw(0x19, properties_raw(AUTHENTIC)), "server", "reason-code-sender", ()),
    (ack_raw(4, reason_code=0x10), "client", "reason-code-sender", ()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("octets", "rule", "statements"),
    MALFORMED,
    ids=[f"{index}-{case[1]}" for index, case in enumerate(MALFORMED)],
)
def test_malformed(octets: bytes, rule: str, statements: tuple[str, ...]) -> None:
    """One thing wrong is exactly one rule, with the statements that it belongs to."""
    (decoded,) = decode_all(octets, version=5)
    (breach,) = decoded.errors
    assert breach.rule == rule
    assert breach.version == 5
    assert set(statements) <= set(breach.statements)

    reader = Reader(version=5)
    reader.feed(octets)
    if rule != "truncated":
        with pytest.raises(PeerError) as caught:
            reader.next_packet()
        assert (caught.value.rule, caught.value.at) == (rule, breach.at)


@pytest.mark.parametrize(
    ("octets", "sender", "rule", "statements"), SIDED, ids=[c[2] for c in SIDED]
)
def test_only_the_other_side_may(
    octets: bytes, sender: Any, rule: str, statements: tuple[str, ...]
) -> None:
    """The same octets are right from one side and wrong from the other."""
    other: Any = {"client": "server", "server": "client"}[sender]
    (breach,) = decode(octets, sender=sender, version=5).errors
    assert breach.rule == rule
    assert set(statements) <= set(breach.statements)
    assert decode(octets, sender=other, version=5).errors == ()


def test_every_rule_is_shown_by_a_frame() -> None:
    """No rule of 5.0 exists that nothing here breaks."""
    shown = {case[1] for case in MALFORMED} | {case[2] for case in SIDED}
    remarks = {name for name, info in RULES_5.items() if info.kind == "remark"}
    assert set(RULES_5) - shown - remarks == {"reader-dead", "over-limit"}
    assert remarks == {
        "string-control-character",
        "string-noncharacter",
        "reason-code-disputed",
        "property-again",
    }


def test_remarks_blame_nobody() -> None:
    """What the standard leaves open is told but is no error."""
    decoded = decode(disconnect_raw(0x8C), version=5)
    assert rules(decoded) == ["reason-code-disputed"]
    assert not decoded.errors


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("payload_format_indicator", "property-again"),
        ("message_expiry_interval", "property-again"),
        ("content_type", "property-repeated"),
    ],
)
def test_repeating_is_forbidden_where_the_text_says_so(
    name: str, expected: str
) -> None:
    value: list[Any] = ["a", "b"] if name == "content_type" else [0, 1]
    decoded = decode(publish_raw(properties=raw(**{name: value})), version=5)
    assert rules(decoded) == [expected]
    assert bool(decoded.errors) is (expected == "property-repeated")
    will = properties(**{name: value})
    model = Connect(
        "c", protocol_level=5, will_topic="t", will_message=b"", will_properties=will
    )
    assert rules(decode(connect_raw(model), version=5)) == ["property-repeated"]


def test_an_auth_of_two_octets_needs_no_method() -> None:
    assert decode(b"\xf0\x00", version=5).errors == ()


def test_rules_are_complete_and_cite_statements_as_printed() -> None:
    """Each rule has both wordings, a clause, and statement ids of 5.0."""
    for name, info in RULES_5.items():
        assert info.title.zh, name
        assert info.title.en, name
        cited = (*info.statements, *info.reactions, *sum(info.by.values(), ()))
        for statement in cited:
            assert re.fullmatch(r"MQTT-\d\.\d{1,2}\.\d-\d{1,2}", statement)


def test_what_3_1_1_forbids_and_5_allows() -> None:
    """Password alone and an empty identifier with Clean Start 0 are legal in 5.0."""
    for packet in (
        Connect("c", password=b"x", protocol_level=5),
        Connect("", clean_session=False, protocol_level=5),
    ):
        assert decode(encode(packet, 5), version=5).violations == ()
    assert rules(decode(encode(Disconnect(), 5), sender="server", version=5)) == []


def test_octets_behind_a_bad_property_are_still_a_packet() -> None:
    """Property Length says where the packet goes on."""
    octets = publish_raw("t", b"p", properties=properties_raw(b"\x7e\x01\x02"))
    packet = decode(octets, version=5).packet
    assert packet == Publish("t", b"p")


# The version belongs to the conversation.


def test_a_reader_learns_the_version_from_the_first_connect() -> None:
    reader = Reader(sender="client", version=None)
    reader.feed(encode(BASE, 5) + encode(Publish("t", b"x"), 5))
    first, second = reader.drain()
    assert (first.version, second.version, reader.version) == (5, 5, 5)
    assert second.packet == Publish("t", b"x")

    reader = Reader(sender="client", version=None)
    reader.feed(encode(Connect("c")) + connect_raw(BASE))
    first, second = reader.drain()
    assert (first.version, second.version) == (4, 4)
    assert rules(second) == ["protocol-level"]


def test_a_5_0_packet_is_no_3_1_1_packet() -> None:
    """The strict door refuses in 3.1.1 what only 5.0 can say."""
    for packet in (
        Publish("t", properties=properties(topic_alias=1)),
        Puback(1, 0x10),
        Disconnect(0x04),
        Unsuback(1, (0,)),
        Auth(),
        Suback(1, (0x97,)),
    ):
        with pytest.raises(SuiteError) as caught:
            encode(packet)
        assert caught.value.code == "mqtt.illegal-packet"


@pytest.mark.parametrize(
    "packet",
    [
        Connect("c"),
        Publish(""),
        Publish("t", properties=((0x7E, 1),)),
        Publish("t", properties=properties(receive_maximum=1)),
        Publish("t", properties=properties(topic_alias="1")),
        Publish("t", properties=properties(topic_alias=65536)),
        Publish("t", b"\xff", properties=properties(payload_format_indicator=1)),
        Puback(1, 0x92),
        Subscribe(1, (("a", 3),)),
    ],
)
def test_the_strict_door_refuses(packet: Packet) -> None:
    with pytest.raises(SuiteError) as caught:
        encode(packet, 5)
    assert caught.value.code == "mqtt.illegal-packet"


# The tables.


def test_properties_are_found_by_name() -> None:
    made = properties(user_property=[("a", "b"), ("a", "c")], topic_alias=5)
    assert made == ((0x26, ("a", "b")), (0x26, ("a", "c")), (0x23, 5))
    assert value_of(made, "Topic Alias") == value_of(made, "topic_alias") == 5
    assert values_of(made, "User Property") == (("a", "b"), ("a", "c"))
    assert value_of(made, "content_type") is None
    with pytest.raises(SuiteError) as caught:
        properties(colour="red")
    assert caught.value.code == "mqtt.unknown-property"


def test_the_tables_fit_each_other() -> None:
    """27 properties, each for a packet that exists; each code has a meaning."""
    assert len(PROPERTIES) == len(BY_FIELD) == 27
    owners = set().union(*(info.packets for info in PROPERTIES.values()))
    assert owners == {
        *("CONNECT", "CONNACK", "PUBLISH", "WILL", "SUBSCRIBE", "UNSUBSCRIBE"),
        *REASON_CODES,
    }
    assert all(info.repeats <= info.packets for info in PROPERTIES.values())
    assert set().union(*REASON_CODES.values()) == set(REASONS)
