# SPDX-License-Identifier: Apache-2.0
"""The session table answers, frees and delivers as 4.3 of MQTT 3.1.1 says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocols.mqtt.codec import (
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
)
from conformance.protocols.mqtt.machine import Session, Step, answer_to

AT_1 = Publish("t", b"x", qos=1, packet_identifier=7)
AT_2 = Publish("t", b"x", qos=2, packet_identifier=7)


@pytest.mark.parametrize(
    ("packet", "answer"),
    [
        (Publish("t"), None),
        (AT_1, Puback(7)),
        (AT_2, Pubrec(7)),
        (Pubrec(7), Pubrel(7)),
        (Pubrel(7), Pubcomp(7)),
        (Puback(7), None),
        (Pubcomp(7), None),
        (Suback(7, (0,)), None),
        (Pingresp(), None),
    ],
)
def test_each_packet_of_the_flows_has_its_answer(
    packet: Packet, answer: Packet | None
) -> None:
    assert answer_to(packet) == answer


def test_a_qos_2_message_is_delivered_once_until_it_is_released() -> None:
    session = Session()
    assert session.take(AT_2) == Step(Pubrec(7), AT_2)
    assert session.take(AT_2) == Step(Pubrec(7))
    assert session.take(Pubrel(7)) == Step(Pubcomp(7))
    assert session.take(AT_2).delivered == AT_2


def test_a_qos_1_message_is_delivered_each_time() -> None:
    session = Session()
    assert [session.take(AT_1).delivered for _ in range(2)] == [AT_1, AT_1]


@pytest.mark.parametrize(
    ("sent", "answers"),
    [
        (AT_1, [Puback(7)]),
        (AT_2, [Pubrec(7), Pubcomp(7)]),
        (AT_2, [Pubrec(7), Pubrec(7), Pubcomp(7)]),
        (Subscribe(7, (("t", 0),)), [Suback(7, (0,))]),
        (Unsubscribe(7, ("t",)), [Unsuback(7)]),
    ],
)
def test_an_identifier_is_in_use_until_the_last_acknowledgement(
    sent: Packet, answers: list[Packet]
) -> None:
    session = Session()
    session.note(sent)
    for answer in answers:
        assert 7 in session.sent
        assert not session.take(answer).is_stray
    assert not session.sent


@pytest.mark.parametrize("stray", [Puback(7), Pubrec(7), Pubcomp(7), Unsuback(7)])
def test_an_acknowledgement_of_nothing_is_stray_and_answered_by_nothing(
    stray: Packet,
) -> None:
    assert Session().take(stray) == Step(is_stray=True)


def test_the_acknowledgement_of_another_kind_frees_nothing() -> None:
    session = Session()
    session.note(Subscribe(7, (("t", 0),)))
    assert session.take(Puback(7)).is_stray
    assert 7 in session.sent


@given(st.sets(st.integers(1, 40)))
def test_new_identifiers_are_never_in_use_or_zero(used: set[int]) -> None:
    session = Session()
    for number in used:
        session.note(Subscribe(number, (("t", 0),)))
    fresh = []
    for _ in range(50):
        fresh.append(session.identifier())
        session.note(Subscribe(fresh[-1], (("t", 0),)))
    assert not used & set(fresh)
    assert len(set(fresh)) == len(fresh)


def test_identifiers_begin_again_after_the_last_one() -> None:
    session = Session()
    assert [session.identifier() for _ in range(65_536)][-2:] == [65_535, 1]


def test_a_refusing_pubrec_of_5_0_ends_the_flow() -> None:
    """MQTT 5.0, 4.3.3 and 4.4.0-2: no PUBREL follows, and the identifier is free."""
    session = Session()
    message = Publish("t", qos=2, packet_identifier=7)
    session.note(message)
    assert session.take(Pubrec(7, 0x97)) == Step()
    assert session.sent == {}
    session.note(message)
    assert session.take(Pubrec(7, 0x10)).answer == Pubrel(7)
