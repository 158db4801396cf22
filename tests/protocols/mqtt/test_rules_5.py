# SPDX-License-Identifier: Apache-2.0
"""Rules over recordings of MQTT 5.0, and those that keep a session in mind.

Each rule is shown right and wrong behaviour, and behaviour of which it may not judge:
a limit that nobody stated, a beginning that nobody recorded, the other version.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.link.conversation import Conversation, Ending, Piece
from conformance.link.packets import Address, Side
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
    connect_raw,
    encode,
    properties,
    properties_raw,
    publish_raw,
)
from conformance.protocols.mqtt.codec.properties import BY_FIELD
from conformance.protocols.mqtt.rules import decode

NS = 10**9
Said = tuple[Side, Packet | bytes]


@cache
def profile() -> Snapshot:
    return default_corpus().resolve("sd-base-mqtt5@1.0.0")


def opens(
    version: Version = 5, connack: Connack | None = None, **more: Any
) -> list[Said]:
    """Return an accepted opening; ``more`` are fields of CONNECT."""
    connect = Connect("lh", protocol_level=version, **more)
    return [("client", connect), ("server", connack or Connack())]


def talk(
    *said: Said,
    version: Version = 5,
    ended: Side | None = None,
    last_s: int = 0,
    start_s: int = 0,
) -> Conversation:
    made = Conversation(Address("192.0.2.1", 5000), Address("192.0.2.2", 1883), "mqtt")
    for number, (sender, packet) in enumerate(said, 1):
        octets = packet if isinstance(packet, bytes) else encode(packet, version)
        made.pieces.append(Piece(sender, octets, start_s * NS + number, number))
    if ended:
        made.endings.append(Ending(ended, "eof", last_s * NS))
    return made


def outcome(name: str, actor: str, *talks: Conversation, **params: Any) -> str:
    """Return ``pass``, ``unseen`` or the key of the first finding."""
    params.setdefault("version", 5)
    snapshot = profile()
    judge = Judge(snapshot, {}, "client" if actor == "device" else "server")
    rule = find(f"mqtt.{name}", actor)
    judge_rule(rule, params, [decode(t) for t in talks], judge)
    judge.conclude()
    if judge.findings:
        return judge.findings[0].key
    return "pass" if judge.observations else "unseen"


def at(qos: int, number: int, payload: bytes = b"x", *, dup: bool = False) -> Publish:
    return Publish("t", payload, qos=qos, packet_identifier=number, dup=dup)


def aliased(number: int, topic: str = "t") -> Publish:
    return Publish(topic, properties=properties(topic_alias=number))


HELLO = opens()
LIMITED = opens(properties=properties(topic_alias_maximum=5, maximum_packet_size=30))
TOLD = opens(
    connack=Connack(
        properties=properties(
            topic_alias_maximum=5,
            maximum_packet_size=30,
            receive_maximum=2,
            maximum_qos=1,
            retain_available=0,
        )
    )
)
WHY = properties(reason_string="because of the river")
METHOD = properties(authentication_method="M")
PROVING = ("client", Connect("lh", protocol_level=5, properties=METHOD))
QUIET = opens(properties=properties(request_problem_information=0))
FILTERS = Subscribe(1, (("a", 0), ("b", 1)))


@pytest.mark.parametrize(
    ("name", "actor", "params", "said", "expected"),
    [
        ("alias_within_maximum", "platform", {"announced": True},
         [*LIMITED, ("server", aliased(5))], "pass"),
        ("alias_within_maximum", "platform", {"announced": True},
         [*LIMITED, ("server", aliased(6))], "alias-above-maximum"),
        ("alias_within_maximum", "platform", {"announced": True},
         [*HELLO, ("server", aliased(6))], "unseen"),
        ("alias_within_maximum", "platform", {"announced": False},
         [*HELLO, ("server", aliased(1))], "alias-unwanted"),
        ("alias_within_maximum", "device", {"announced": True},
         [*TOLD, ("client", aliased(6))], "alias-above-maximum"),
        ("alias_set_before_use", "platform", {},
         [*LIMITED, ("server", aliased(1)), ("server", aliased(1, ""))], "pass"),
        ("alias_set_before_use", "platform", {},
         [*LIMITED, ("server", aliased(1)), ("server", aliased(2, ""))],
         "alias-not-set"),
        ("within_maximum_packet_size", "platform", {},
         [*LIMITED, ("server", Publish("t", b"x" * 40))], "packet-too-large"),
        ("within_maximum_packet_size", "platform", {},
         [*LIMITED, ("server", Publish("t"))], "pass"),
        ("within_maximum_packet_size", "platform", {},
         [*HELLO, ("server", Publish("t", b"x" * 40))], "unseen"),
        ("within_maximum_packet_size", "platform",
         {"packets": ["SUBACK"], "adds": "Reason String"},
         [*LIMITED, ("server", Suback(1, (0,) * 30))], "pass"),
        ("within_maximum_packet_size", "platform",
         {"packets": ["SUBACK"], "adds": "Reason String"},
         [*LIMITED, ("server", Suback(1, (0,) * 9, WHY))], "packet-too-large"),
        ("within_receive_maximum", "device", {},
         [*TOLD, ("client", at(1, 1)), ("client", at(2, 2)), ("server", Puback(1)),
          ("client", at(1, 3))], "pass"),
        ("within_receive_maximum", "device", {},
         [*TOLD, ("client", at(1, 1)), ("client", at(1, 2)), ("client", at(1, 3))],
         "too-many-under-way"),
        ("within_receive_maximum", "device", {},
         [TOLD[0], *[("client", at(1, n)) for n in (1, 2, 3)], TOLD[1]], "unseen"),
        ("publishes_as_announced", "device", {"limit": "Maximum QoS"},
         [*TOLD, ("client", at(2, 1))], "above-announced"),
        ("publishes_as_announced", "device", {"limit": "Maximum QoS"},
         [*TOLD, ("client", at(1, 1))], "pass"),
        ("publishes_as_announced", "device", {"limit": "Retain Available"},
         [*TOLD, ("client", Publish("t", retain=True))], "above-announced"),
        ("publishes_as_announced", "device", {"limit": "Retain Available"},
         [*HELLO, ("client", Publish("t", retain=True))], "unseen"),
        ("maximum_qos_told", "platform", {},
         [*HELLO, ("client", at(2, 1)), ("server", Disconnect(0x9B))], "not-announced"),
        ("maximum_qos_told", "platform", {},
         [*TOLD, ("client", at(2, 1)), ("server", Disconnect(0x9B))], "unseen"),
        ("response_information_asked", "platform", {},
         opens(connack=Connack(properties=properties(response_information="a"))),
         "response-information"),
        ("response_information_asked", "platform", {}, HELLO, "pass"),
        ("problem_information_asked", "platform", {},
         [*QUIET, ("server", Suback(1, (0,), WHY))], "problem-information"),
        ("problem_information_asked", "platform", {},
         [*QUIET, ("server", Disconnect(0x82, WHY))], "unseen"),
        ("problem_information_asked", "platform", {},
         [*HELLO, ("server", Suback(1, (0,), WHY))], "unseen"),
        ("first_packet", "platform", {},
         [PROVING, ("server", Auth(0x18, METHOD)), ("server", Connack())], "pass"),
        ("one_connack", "platform", {}, [*HELLO, ("server", Connack())],
         "second-connack"),
        ("no_disconnect_before_connack", "platform", {},
         [HELLO[0], ("server", Disconnect(0x82))], "disconnect-before-connack"),
        ("no_disconnect_before_connack", "platform", {},
         [*HELLO, ("server", Disconnect(0x82))], "pass"),
        ("silent_after_disconnect", "platform", {},
         [*HELLO, ("server", Disconnect(0x82)), ("server", Pingresp())],
         "packet-after-disconnect"),
        ("silent_after_disconnect", "platform", {},
         [*HELLO, ("server", Disconnect(0x82)), ("client", at(1, 1))], "pass"),
        ("session_expiry_stays_zero", "device", {},
         [*HELLO, ("client", Disconnect(0, properties(session_expiry_interval=9)))],
         "session-prolonged"),
        ("assigned_identifier_told", "platform", {},
         [("client", Connect(protocol_level=5)), ("server", Connack())],
         "not-assigned"),
        ("auth_method_kept", "platform", {},
         [PROVING, ("server", Connack(properties=METHOD))], "pass"),
        ("auth_method_kept", "platform", {}, [PROVING, ("server", Connack())],
         "other-method"),
        ("auth_method_kept", "device", {}, [PROVING, ("client", b"\xf0\0")], "unseen"),
        ("auth_only_if_asked", "device", {},
         [*HELLO, ("client", Auth(0x18, METHOD))], "auth-unasked"),
        ("auth_continues", "platform", {},
         [PROVING, ("server", Auth(0x19, METHOD))], "other-code"),
        ("auth_continues", "platform", {},
         [PROVING, ("server", Connack(properties=METHOD)),
          ("server", Auth(0, METHOD))], "unseen"),
        ("auth_continues", "device", {},
         [PROVING, ("server", Connack(properties=METHOD)),
          ("client", Auth(0x19, METHOD))], "unseen"),
        ("silent_until_connack", "device", {}, [PROVING, ("client", at(1, 1))],
         "packet-before-connack"),
        ("silent_until_connack", "device", {}, [*HELLO, ("client", at(1, 1))],
         "unseen"),
        ("one_code_per_filter", "platform", {"answer": "UNSUBACK"},
         [("client", Unsubscribe(1, ("a", "b"))), ("server", Unsuback(1, (0,)))],
         "unseen"),
        ("one_code_per_filter", "platform", {},
         [*HELLO, ("client", FILTERS), ("server", Suback(1, (0,)))], "other-count"),
        ("share_names_plain", "device", {},
         [*HELLO, ("client", Subscribe(1, (("$share/a/t", 0),)))], "pass"),
        ("share_names_plain", "device", {},
         [*HELLO, ("client", b"\x82\x11\0\1\0\0\x0b$share/a+/t\0")],
         "share-name-wildcard"),
        ("share_names_plain", "device", {},
         [*HELLO, ("client", b"\x82\x0f\0\1\0\0\x09$share//t\0")], "unseen"),
        ("acknowledgements_carry_identifier", "platform", {},
         [*HELLO, ("client", at(1, 7)), ("server", Puback(7))], "pass"),
        ("acknowledgements_carry_identifier", "platform", {},
         [*HELLO, ("client", at(1, 7)), ("server", Puback(8))], "other-identifier"),
        ("acknowledgements_carry_identifier", "platform", {},
         [*HELLO, ("client", at(2, 7)), ("server", Puback(7))], "unseen"),
        ("acknowledgements_carry_identifier", "platform", {},
         [*HELLO, ("client", at(2, 7)), ("server", Puback(8))], "other-identifier"),
        ("acknowledgements_carry_identifier", "device", {},
         [*HELLO, ("client", Pubrel(9))], "unseen"),
        ("acknowledgements_carry_identifier", "device", {},
         [*HELLO, ("client", at(2, 3)), ("server", Pubrec(3)), ("client", Pubrel(9))],
         "other-identifier"),
        ("identifiers_unused", "device", {"nonzero": True},
         [*HELLO, ("client", publish_raw("t", qos=1, packet_identifier=0,
                                         properties=b"\0"))],
         "packet-identifier-zero"),
        ("identifiers_unused", "device", {"qos": [2]},
         [*HELLO, ("client", at(1, 1)), ("client", at(1, 1, b"y"))], "unseen"),
        ("identifiers_unused", "device", {},
         [*HELLO, ("client", at(2, 1)), ("server", Pubrec(1, 0x80)),
          ("client", at(2, 1, b"y"))], "pass"),
        ("identifiers_unused", "device", {},
         [*HELLO, ("client", at(2, 1)), ("server", Pubrec(1)),
          ("client", at(2, 1, b"y"))], "identifier-in-use"),
        ("first_without_dup", "platform", {},
         [*HELLO, ("server", at(1, 1, dup=True))], "dup-on-first"),
        ("first_without_dup", "platform", {},
         [HELLO[0], ("server", Connack(True)), ("server", at(1, 1, dup=True))],
         "unseen"),
        ("acknowledged_in_order", "device", {"answers": "PUBREL"},
         [*HELLO, ("server", Pubrec(1)), ("server", Pubrec(2)), ("client", Pubrel(2)),
          ("client", Pubrel(1))], "out-of-order"),
        ("released_as_due", "device", {},
         [*HELLO, ("client", at(2, 1)), ("server", Pubrec(1)), ("client", Pubrel(1)),
          ("client", at(2, 1, dup=True))], "repeated-after-pubrel"),
        ("released_as_due", "device", {},
         [*HELLO, ("client", at(2, 1)), ("server", Pubrec(1)), ("client", Pubrel(1)),
          ("server", Pubcomp(1)), ("client", at(2, 1))], "pass"),
    ],
)  # fmt: skip
def test_a_rule_says_of_a_conversation(
    name: str, actor: str, params: dict[str, Any], said: Sequence[Said], expected: str
) -> None:
    assert outcome(name, actor, talk(*said), **params) == expected


@pytest.mark.parametrize(
    ("ended", "last_s", "said", "expected"),
    [
        ("client", 9, [HELLO[0]], "not-acknowledged"),
        ("client", 1, [HELLO[0]], "unseen"),
        ("server", 9, [HELLO[0]], "unseen"),
        ("client", 9, [HELLO[0], ("server", Connack(False, 0x87))], "unseen"),
        ("client", 9, HELLO, "pass"),
    ],
)
def test_a_connect_is_acknowledged_in_time_unless_the_server_leaves(
    ended: Side, last_s: int, said: Sequence[Said], expected: str
) -> None:
    conversation = talk(*said, ended=ended, last_s=last_s)
    assert outcome("connect_acknowledged", "platform", conversation) == expected


@pytest.mark.parametrize(
    ("start_s", "expected"),
    [(6, "not-acknowledged"), (4, "pass"), (10, "pass")],
)
def test_silence_shows_a_fault_only_of_a_server_that_serves_a_later_client(
    start_s: int, expected: str
) -> None:
    """The answer time is 5 s; a machine under load may be late for everybody."""
    silent = talk(HELLO[0], ended="client", last_s=9)
    later = talk(*HELLO, ended="client", last_s=11, start_s=start_s)
    assert outcome("connect_acknowledged", "platform", silent, later) == expected


@pytest.mark.parametrize(
    ("ended", "last_s", "more", "expected"),
    [
        ("server", 1, [], "pass"),
        ("client", 1, [], "unseen"),
        ("client", 9, [], "still-open"),
        ("server", 1, [("server", Pingresp())], "packet-after-refusal"),
    ],
)
def test_a_refusal_is_followed_by_a_close(
    ended: Side, last_s: int, more: list[Said], expected: str
) -> None:
    refusal: Said = ("server", Connack(False, 0x87))
    conversation = talk(HELLO[0], refusal, *more, ended=ended, last_s=last_s)
    assert outcome("closes_after_refusal", "platform", conversation) == expected


@pytest.mark.parametrize(("last_s", "expected"), [(9, "not-released"), (1, "unseen")])
def test_a_pubrel_is_missed_once_its_time_is_over(last_s: int, expected: str) -> None:
    said = talk(
        *HELLO, ("client", at(2, 1)), ("server", Pubrec(1)), ended="server",
        last_s=last_s,
    )  # fmt: skip
    assert outcome("released_as_due", "device", said) == expected


KEPT = opens(clean_session=False, properties=properties(session_expiry_interval=99))
RESUMED = [KEPT[0], ("server", Connack(True))]


@pytest.mark.parametrize(
    ("rule", "second", "expected"),
    [
        ("resent_under_identifier", [("client", at(1, 5, dup=True))], "pass"),
        ("resent_under_identifier", [("client", at(1, 6, dup=True))],
         "other-identifier"),
        ("resent_under_identifier", [("client", at(1, 6, b"new"))], "unseen"),
        # Two messages of one content, the second of which was lost when it was sent.
        ("resent_under_identifier", [("client", at(1, 5, dup=True)),
                                     ("client", at(1, 6, dup=True))], "pass"),
        ("identifiers_unused", [("client", at(1, 5, b"new"))], "identifier-in-use"),
        ("identifiers_unused", [("client", at(1, 5, dup=True)),
                                ("client", at(1, 6, b"new"))], "pass"),
        ("first_without_dup", [("client", at(1, 9, b"lost", dup=True))], "pass"),
    ],
)  # fmt: skip
def test_a_session_outlives_its_connection(
    rule: str, second: list[Said], expected: str
) -> None:
    talks = (talk(*KEPT, ("client", at(1, 5))), talk(*RESUMED, *second))
    assert outcome(rule, "device", *talks) == expected


def test_a_new_session_frees_the_identifiers() -> None:
    talks = (talk(*HELLO, ("client", at(1, 5))), talk(*HELLO, ("client", at(1, 5))))
    assert outcome("identifiers_unused", "device", *talks) == "pass"


REPEATABLE = ("CONNACK", {"reason_string": "a", "server_keep_alive": 9})


@pytest.mark.parametrize("twice", sorted(REPEATABLE[1]))
@pytest.mark.parametrize("asked", sorted(REPEATABLE[1]))
def test_a_repetition_is_found_by_the_rule_of_its_property_only(
    twice: str, asked: str
) -> None:
    value = REPEATABLE[1][twice]
    octets = properties_raw(properties(**{twice: [value, value]}))
    said = talk(
        HELLO[0], ("server", b"\x20" + bytes([2 + len(octets)]) + b"\0\0" + octets)
    )
    names = {"reason_string": "Reason String", "server_keep_alive": "Server Keep Alive"}
    found = outcome(
        "packets_obey", "platform", said,
        rules=["property-repeated"], packets=["CONNACK"], properties=[names[asked]],
    )  # fmt: skip
    assert found == ("property-repeated" if asked == twice else "pass")
    assert set(names) <= set(BY_FIELD)


def test_rules_of_one_version_leave_the_other_alone() -> None:
    said = talk(*opens(4), ("server", Publish("t")), version=4)
    assert outcome("first_packet", "platform", said, version=5) == "unseen"
    assert outcome("first_packet", "platform", said, version=4) == "pass"


def test_a_refusal_in_a_foreign_version_says_nothing_of_the_server() -> None:
    strange = connect_raw(Connect("lh"), protocol_level=99)
    refusal = encode(Connack(False, 0x84), 5)
    said = talk(("client", strange), ("server", refusal), ended="server")
    assert (
        outcome(
            "packets_obey", "platform", said, version=4, rules=["connack-return-code"]
        )
        == "unseen"
    )


def test_a_client_of_another_name_is_judged_by_every_version() -> None:
    said = talk(("client", connect_raw(Connect("lh"), protocol_name="MQTX")))
    for version in (4, 5):
        found = outcome(
            "packets_obey", "device", said, version=version, rules=["protocol-name"]
        )
        assert found == "protocol-name"


@st.composite
def legal_talks(draw: st.DrawFn) -> list[Said]:
    """Exchanges of either side that 5.0 allows, interleaved as they may be."""
    said: list[Said] = list(LIMITED[:1]) + list(TOLD[1:])
    free = {"client": list(range(1, 6)), "server": list(range(1, 6))}
    waiting: list[tuple[Side, Packet]] = []
    other: dict[Side, Side] = {"client": "server", "server": "client"}
    for _ in range(draw(st.integers(0, 30))):
        if waiting and draw(st.booleans()):
            sender, answer = waiting.pop(0)
            said.append((sender, answer))
            match answer:
                case Pubrec(number):
                    waiting.append((other[sender], Pubrel(number)))
                case Pubrel(number):
                    waiting.append((other[sender], Pubcomp(number)))
                case Puback(number) | Pubcomp(number):
                    free[other[sender]].append(number)
            continue
        side: Side = draw(st.sampled_from(("client", "server")))
        under_way = 5 - len(free[side])
        qos = draw(st.integers(0, 1 if side == "client" else 2))
        if qos and (under_way >= 2 or not free[side]):
            continue
        number = free[side].pop(0) if qos else None
        alias = draw(st.sampled_from((None, 1, 5)))
        more = properties(topic_alias=alias) if alias else ()
        payload = draw(st.binary(max_size=4))
        said.append(
            (
                side,
                Publish("t", payload, qos, packet_identifier=number, properties=more),
            )
        )
        if number is not None:
            answer = Puback(number) if qos == 1 else Pubrec(number)
            waiting.append((other[side], answer))
    return said


@given(legal_talks())
def test_no_rule_blames_what_the_standard_allows(said: list[Said]) -> None:
    snapshot = profile()
    dialogue = talk(*said)
    for requirement in snapshot.requirements:
        check = requirement.check
        if check is None or "version" not in check.params:
            continue
        actors = ("device", "platform")
        for actor in actors if requirement.actor == "both" else (requirement.actor,):
            rule = find(check.name, actor)
            judge = Judge(snapshot, {}, "client" if actor == "device" else "server")
            judge_rule(rule, check.params, [decode(dialogue)], judge)
            assert not judge.findings, (requirement.id, judge.findings[0].key)
