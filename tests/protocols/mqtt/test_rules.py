# SPDX-License-Identifier: Apache-2.0
"""Rules over MQTT recordings: what they accept, find, and never look at.

Conversations are written as a playbook, one side and packet per line; each rule is
shown right and wrong behaviour of the side it judges, and behaviour that is none of
its business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.link.conversation import Conversation, Ending, Piece
from conformance.link.packets import Address, Side
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Reporting
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    connect_raw,
    encode,
    encode_raw,
    publish_raw,
)
from conformance.protocols.mqtt.rules import decode, looks_like

SECOND_NS = 10**9
Said = tuple[Side, Packet | bytes] | tuple[Side, Packet | bytes, float]

CONNECT = Connect("station", keep_alive=10)
HELLO: list[Said] = [("client", CONNECT), ("server", Connack())]


def at_1(number: int, payload: bytes = b"x", *, dup: bool = False) -> Publish:
    return Publish("t", payload, qos=1, packet_identifier=number, dup=dup)


def talk(*said: Said, ended_s: float | None = None) -> Conversation:
    """Return a conversation; the time in seconds may be the third of a line."""
    made = Conversation(Address("192.0.2.1", 5000), Address("192.0.2.2", 1883), "mqtt")
    at_s = 0.0
    for number, (sender, packet, *when) in enumerate(said, 1):
        at_s = when[0] if when else at_s
        octets = packet if isinstance(packet, bytes) else encode(packet)
        made.pieces.append(Piece(sender, octets, int(at_s * SECOND_NS), number))
    if ended_s is not None:
        made.endings.append(Ending("client", "eof", int(ended_s * SECOND_NS)))
    return made


def judged(name: str, actor: str, *talks: Conversation, **params: Any) -> Judge:
    """Return the judge after a rule has seen the conversations."""
    snapshot = default_corpus().resolve("sd-base-mqtt311@1.0.0")
    judge = Judge(snapshot, {}, "client" if actor == "device" else "server")
    dialogues = [decode(t) for t in talks]
    return judge_rule(find(name, actor), params, dialogues, judge)


def outcome(judge: Judge) -> str:
    """Return ``pass``, ``unseen`` or the key of the first finding."""
    if judge.findings:
        return judge.findings[0].key
    return "pass" if judge.observations else "unseen"


FLAGS = {"rules": ["fixed-header-flags"]}
IDENTIFIERS = {
    "rules": ["packet-identifier-zero"],
    "packets": ["PUBLISH", "SUBSCRIBE"],
    "qos": [1, 2],
}


@pytest.mark.parametrize(
    ("name", "actor", "params", "said", "expected"),
    [
        ("packets_obey", "device", FLAGS, HELLO, "pass"),
        ("packets_obey", "device", FLAGS, [("client", encode_raw(12, flags=1))],
         "fixed-header-flags"),
        ("packets_obey", "platform", FLAGS, [("client", encode_raw(12, flags=1))],
         "unseen"),
        ("packets_obey", "platform", IDENTIFIERS, [("server", at_1(3))], "pass"),
        ("packets_obey", "platform", IDENTIFIERS, [("server", Publish("t"))], "unseen"),
        ("packets_obey", "platform", IDENTIFIERS,
         [("server", publish_raw("t", qos=1, packet_identifier=0))],
         "packet-identifier-zero"),
        ("first_packet", "device", {}, HELLO, "pass"),
        ("first_packet", "platform", {}, HELLO, "pass"),
        ("first_packet", "device", {}, [("client", Pingreq()), *HELLO], "first-packet"),
        ("first_packet", "platform", {}, [("server", Pingresp()), *HELLO],
         "first-packet"),
        ("first_packet", "platform", {}, [("client", CONNECT)], "unseen"),
        ("clean_session_is_new", "platform", {}, HELLO, "pass"),
        ("clean_session_is_new", "platform", {},
         [HELLO[0], ("server", Connack(session_present=True))], "session-present"),
        ("clean_session_is_new", "platform", {},
         [("client", Connect("s", clean_session=False)),
          ("server", Connack(session_present=True))], "unseen"),
        ("clean_session_is_new", "platform", {},
         [HELLO[0], ("server", Connack(return_code=2))], "unseen"),
        ("answers_carry_identifier", "platform", {"answers": ["SUBACK"]},
         [("client", Subscribe(3, (("t", 0),))), ("server", Suback(3, (0,)))], "pass"),
        ("answers_carry_identifier", "platform", {"answers": ["SUBACK"]},
         [("client", Subscribe(3, (("t", 0),))), ("server", Suback(4, (0,)))],
         "other-identifier"),
        ("answers_carry_identifier", "platform", {"answers": ["SUBACK"]},
         [("client", Subscribe(3, (("t", 0),))), ("server", Suback(3, (0,))),
          ("server", Suback(3, (0,)))], "other-identifier"),
        ("answers_carry_identifier", "platform", {"answers": ["SUBACK"]},
         [("client", Unsubscribe(3, ("t",))), ("server", Unsuback(4))], "unseen"),
        ("answers_carry_identifier", "platform", {"answers": ["UNSUBACK"]},
         [("client", Unsubscribe(3, ("t",))), ("server", Unsuback(4))],
         "other-identifier"),
        ("one_code_per_filter", "platform", {},
         [("client", Subscribe(3, (("a", 0), ("b", 1)))),
          ("server", Suback(3, (0, 1)))], "pass"),
        ("one_code_per_filter", "platform", {},
         [("client", Subscribe(3, (("a", 0), ("b", 1)))), ("server", Suback(3, (0,)))],
         "other-count"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("server", Puback(1)), ("client", at_1(1))], "pass"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("client", at_1(2))], "pass"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("client", at_1(1, b"other"))], "identifier-in-use"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("client", Subscribe(1, (("t", 0),)))],
         "identifier-in-use"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("client", at_1(1, dup=True))], "pass"),
        ("identifiers_unused", "device", {},
         [("client", at_1(1)), ("client", at_1(1))], "pass"),
        ("identifiers_unused", "device", {},
         [("server", at_1(1)), ("client", at_1(1, b"other"))], "pass"),
        ("identifiers_unused", "platform", {},
         [("server", at_1(1)), ("server", at_1(1, b"other"))], "identifier-in-use"),
        ("acknowledged_in_order", "device", {},
         [("server", at_1(1)), ("server", at_1(2)), ("client", Puback(1)),
          ("client", Puback(2))], "pass"),
        ("acknowledged_in_order", "device", {},
         [("server", at_1(1)), ("server", at_1(2)), ("client", Puback(2)),
          ("client", Puback(1))], "out-of-order"),
        ("acknowledged_in_order", "device", {},
         [("server", at_1(1)), ("server", at_1(2)), ("client", Puback(2))], "pass"),
        ("acknowledged_in_order", "device", {},
         [("server", at_1(1)), ("client", Puback(1)), ("server", at_1(1)),
          ("client", Puback(1))], "pass"),
        ("acknowledged_in_order", "device", {}, [("client", Puback(1))], "unseen"),
        ("silent_after_disconnect", "device", {},
         [*HELLO, ("client", Disconnect())], "pass"),
        ("silent_after_disconnect", "device", {},
         [*HELLO, ("client", Disconnect()), ("client", Pingreq())],
         "packet-after-disconnect"),
        ("silent_after_disconnect", "device", {}, HELLO, "unseen"),
    ],
)  # fmt: skip
def test_a_rule_says_of_a_conversation(
    name: str, actor: str, params: dict[str, Any], said: Sequence[Said], expected: str
) -> None:
    assert outcome(judged(f"mqtt.{name}", actor, talk(*said), **params)) == expected


@pytest.mark.parametrize(
    ("times_s", "ended_s", "expected", "remarks"),
    [
        ([10.0], 12.0, "pass", 0),
        ([15.0], 15.1, "pass", 1),
        ([15.1], 16.0, "silent-too-long", 0),
        ([5.0], 25.0, "silent-too-long", 0),
        ([], 4.0, "pass", 0),
    ],
)
def test_silence_is_measured_by_the_keep_alive(
    times_s: list[float], ended_s: float, expected: str, remarks: int
) -> None:
    pings: list[Said] = [("client", Pingreq(), at_s) for at_s in times_s]
    judge = judged(
        "mqtt.keep_alive_kept", "device", talk(*HELLO, *pings, ended_s=ended_s),
        factor="1.5",
    )  # fmt: skip
    assert (outcome(judge), len(judge.remarks)) == (expected, remarks)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([HELLO[0], ("server", Connack(), 100.0)], "pass"),
        ([HELLO[0], ("client", Pingreq(), 90.0), ("server", Connack(), 100.0)], "pass"),
        ([HELLO[0], ("server", Connack(return_code=3), 1.0)], "unseen"),
        ([HELLO[0]], "unseen"),
    ],
)
def test_silence_before_connack_does_not_count(said: list[Said], expected: str) -> None:
    found = talk(*said, ended_s=110.0)
    judge = judged("mqtt.keep_alive_kept", "device", found, factor="1.5")
    assert (outcome(judge), judge.remarks) == (expected, [])


def test_silence_after_disconnect_does_not_count() -> None:
    found = talk(*HELLO, ("client", Disconnect(), 10.0), ended_s=900.0)
    judge = judged("mqtt.keep_alive_kept", "device", found, factor="1.5")
    assert (outcome(judge), judge.remarks) == ("pass", [])


def test_keep_alive_zero_is_not_judged() -> None:
    said = talk(("client", Connect("s")), HELLO[1], ended_s=1000)
    judge = judged("mqtt.keep_alive_kept", "device", said, factor="1.5")
    assert outcome(judge) == "unseen"


def test_a_finding_names_the_packets_that_hold_it() -> None:
    said = talk(*HELLO, ("client", encode_raw(12, flags=1)))
    (finding,) = judged("mqtt.packets_obey", "device", said, **FLAGS).findings
    assert finding.at is not None
    assert finding.at.packets == (3,)


PACKETS: list[Packet] = [CONNECT, at_1(1), Subscribe(2, (("t", 1),)), Pingreq()]


@given(st.lists(st.integers(1, 60), unique=True, max_size=8).map(sorted))
def test_packets_and_their_places_do_not_depend_on_the_cuts(cuts: list[int]) -> None:
    octets = b"".join(encode(p) for p in PACKETS)
    cuts = [c for c in cuts if c < len(octets)]
    parts = [octets[a:b] for a, b in zip([0, *cuts], [*cuts, len(octets)], strict=True)]
    messages = decode(talk(*(("client", part) for part in parts))).messages
    assert [m.packet for m in messages] == PACKETS
    at = 0
    for message in messages:
        end = at + len(message.octets)
        first = sum(cut <= at for cut in cuts) + 1
        last = sum(cut < end for cut in cuts) + 1
        assert message.packets == tuple(range(first, last + 1))
        at = end


def test_decoding_of_a_side_stops_where_its_boundaries_are_lost() -> None:
    wrong = publish_raw("t", remaining_length=b"\xff\xff\xff\xff\x01")
    dialogue = decode(
        talk(*HELLO, ("client", wrong), ("client", Pingreq()), ("server", Pingresp()))
    )
    assert [(m.sender, m.name) for m in dialogue.messages[2:]] == [
        ("client", "PUBLISH"),
        ("server", "PINGRESP"),
    ]
    assert not dialogue.messages[2].is_sound


def test_a_conversation_with_lost_octets_judges_nobody() -> None:
    said = talk(("client", Pingreq()))
    said.gaps = 1
    assert outcome(judged("mqtt.first_packet", "device", said)) == "unseen"


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        (HELLO, True),
        ([("client", b"GET / HTTP/1.1\r\n\r\n")], False),
        ([("client", connect_raw(CONNECT, protocol_level=5))], True),
        ([("client", connect_raw(CONNECT, protocol_level=3))], False),
        ([("client", connect_raw(CONNECT, protocol_name="MQIsdp"))], False),
        ([("client", Pingreq()), ("server", Pingresp())], False),
        ([("server", Connack())], False),
        ([("client", b"\x10")], False),
    ],
)
def test_captured_talk_is_taken_for_mqtt_only_if_it_begins_so(
    said: list[Said], verdict: bool
) -> None:
    assert looks_like(talk(*said)) is verdict


STATIONS = "sd-water-surface-station@1.0.0"
GOOD = (
    b'{"time":"2026-11-25T08:00:00+08:00","station":"S1","waterTemperature":12.5,'
    b'"ph":7.10,"dissolvedOxygen":8.02,"conductivity":410.5,"turbidity":3.1,'
    b'"ammoniaNitrogen":0.15}'
)


@pytest.mark.parametrize(
    ("payload", "answers", "expected"),
    [
        (GOOD, {}, "pass"),
        (GOOD, {"CODMN": True}, "data.missing"),
        (GOOD.replace(b"7.10", b"14.01"), {}, "data.out-of-range"),
        (GOOD.replace(b"7.10", b"7.1"), {}, "pass"),
        (GOOD.replace(b"7.10", b'"7.10"'), {}, "data.wrong-type"),
        (GOOD.replace(b'"ph":7.10,', b""), {}, "data.missing"),
        (GOOD[:-1], {}, "data.not-json"),
        (GOOD.replace(b"2026-11-25T08", b"2026-13-25T08"), {}, "data.wrong-type"),
    ],
)
def test_payloads_are_judged_by_the_elements_of_the_profile(
    payload: bytes, answers: dict[str, bool], expected: str
) -> None:
    message = Publish("sd/water/S1/telemetry", payload, qos=1, packet_identifier=1)
    judge = Judge(
        default_corpus().resolve(STATIONS),
        {"mqtt_station": "S1"},
        "client",
        answers=answers,
    )
    said = [decode(talk(("client", message)))]
    judge_rule(find("mqtt.payload_conforms", "device"), {}, said, judge)
    assert outcome(judge) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("7.1 7.2 7.3 7.4 7.5 7.6", "data.too-coarse"),
        ("7.1 7.2 7.3 7.4 7.5 7.61", "pass"),
        ("7.1 7.2 7.3 7.4 7.5 7.5 7.5", "pass"),
        ("7 8 6 5 9 4", "data.too-coarse"),
    ],
)
def test_resolution_is_judged_over_the_values_of_a_connection(
    values: str, expected: str
) -> None:
    payloads = [GOOD.replace(b"7.10", value.encode()) for value in values.split()]
    said = [
        ("client", Publish("sd/water/S1/telemetry", p, qos=1, packet_identifier=n))
        for n, p in enumerate(payloads, 1)
    ]
    snapshot = default_corpus().resolve(STATIONS)
    judge = Judge(snapshot, {"mqtt_station": "S1"}, "client")
    rule = find("mqtt.payload_conforms", "device")
    judge_rule(rule, {}, [decode(talk(*said))], judge)
    judge.conclude()
    assert outcome(judge) == expected
    if judge.findings:
        (finding,) = judge.findings
        assert finding.at is not None
        assert finding.at.packets == (len(payloads),)


@pytest.mark.parametrize(
    ("topics", "expected"),
    [(["S1"], "data.too-coarse"), (["S1", "S2", "S3"], "pass")],
)
def test_resolution_shows_over_many_connections(
    topics: list[str], expected: str
) -> None:
    """A device that connects for each message is judged; topics are kept apart."""
    judge = Judge(default_corpus().resolve(STATIONS), {}, "client")
    rule = find("mqtt.payload_conforms", "device")
    for number in range(9):
        topic = f"sd/water/{topics[number % len(topics)]}/telemetry"
        payload = GOOD.replace(b"7.10", b"7.%d" % number)
        message = Publish(topic, payload, qos=1, packet_identifier=1)
        judge_rule(rule, {}, [decode(talk(("client", message)))], judge)
    judge.conclude()
    assert outcome(judge) == expected


def test_what_is_due_less_often_is_not_missed_in_each_message() -> None:
    snapshot = default_corpus().resolve(STATIONS)
    slow = {"ammoniaNitrogen": "PT4H"}
    elements = tuple(
        replace(e, reporting=Reporting(slow.get(e.wire_code("json") or "", "PT1M")))
        for e in snapshot.elements
    )
    for paced, expected in (
        (replace(snapshot, elements=elements), "pass"),
        (snapshot, "data.missing"),
    ):
        judge = Judge(paced, {}, "client")
        payload = GOOD.replace(b',"ammoniaNitrogen":0.15', b"")
        assert payload != GOOD
        message = Publish("sd/water/S1/telemetry", payload, qos=1, packet_identifier=1)
        said = [decode(talk(("client", message)))]
        judge_rule(find("mqtt.payload_conforms", "device"), {}, said, judge)
        assert outcome(judge) == expected


@pytest.mark.parametrize(
    ("topic", "qos", "retain", "ixit", "expected"),
    [
        ("sd/water/S1/telemetry", 1, False, {"mqtt_station": "S1"}, "pass"),
        ("sd/water/S1/telemetry", 0, False, {"mqtt_station": "S1"}, "other-qos"),
        ("sd/water/S1/telemetry", 1, True, {"mqtt_station": "S1"}, "other-retain"),
        ("sd/water/S2/telemetry", 0, False, {"mqtt_station": "S1"}, "unseen"),
        ("sd/water/S2/telemetry", 0, False, {}, "other-qos"),
        ("sd/water/S1/status", 0, False, {"mqtt_station": "S1"}, "unseen"),
    ],
)
def test_the_binding_rules_the_messages_on_its_topic(
    topic: str, qos: int, retain: bool, ixit: dict[str, str], expected: str
) -> None:
    number = 1 if qos else None
    message = Publish(topic, b"", qos=qos, retain=retain, packet_identifier=number)
    judge = Judge(default_corpus().resolve(STATIONS), ixit, "client")
    said = [decode(talk(("client", message)))]
    judge_rule(find("mqtt.binding_kept", "device"), {}, said, judge)
    assert outcome(judge) == expected
