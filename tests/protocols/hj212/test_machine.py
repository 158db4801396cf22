# SPDX-License-Identifier: Apache-2.0
"""Exchanges as playbooks: what happens to them, what they must do, and when."""

from __future__ import annotations

from itertools import product

import pytest

from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.machine import (
    TRANSITIONS,
    Command,
    End,
    Event,
    Exchange,
    Send,
    State,
    event_of,
    kinds_of,
)

S = 1_000_000_000
PACKET = b"##0000FFFF\r\n"
SENT: list[Command] = [Send(PACKET)]


def exchange(kind: Kind, *, resends: int = 2) -> Exchange:
    """An exchange with a timeout of ten seconds."""
    return Exchange(kind, "20260101000000000", PACKET, 10.0, resends)


def play(made: Exchange, *moves: tuple[float, Event | None, list[Command]]) -> None:
    """Start at 0 s, then make each move at its time and compare the commands.

    An event is heard; ``None`` lets the time pass.
    """
    assert made.start(0) == SENT
    for second, event, commands in moves:
        now_ns = int(second * S)
        done = made.wake(now_ns) if event is None else made.hear(event, now_ns)
        assert done == commands, f"at {second} s"


def test_a_request_is_accepted_gives_data_and_ends() -> None:
    made = exchange(Kind.REQUEST)
    play(
        made,
        (1, Event.ACCEPTED, []),
        (2, Event.DATA, []),
        (3, Event.DATA, []),
        (4, Event.RESULT, [End(State.DONE)]),
    )
    assert made.wake_ns is None


def test_a_refusal_ends_a_request() -> None:
    play(exchange(Kind.REQUEST), (1, Event.REFUSED, [End(State.REFUSED)]))


@pytest.mark.parametrize("kind", [Kind.REQUEST, Kind.UPLOAD, Kind.NOTICE])
def test_without_an_answer_the_packet_is_sent_again_and_then_given_up(
    kind: Kind,
) -> None:
    """HJ 212-2017, 6.2.1: ReCount counts resends, so there are 1 + ReCount sendings."""
    made = exchange(kind, resends=2)
    play(
        made,
        (9.9, None, []),
        (10, None, SENT),
        (19.9, None, []),
        (20, None, SENT),
        (30, None, [End(State.BROKEN)]),
        (40, None, []),
    )
    assert made.sent == 3


def test_after_the_acceptance_nothing_is_sent_again() -> None:
    """HJ 212-2017, 6.2.2: execution timeout."""
    made = exchange(Kind.REQUEST)
    play(made, (1, Event.ACCEPTED, []), (11, None, [End(State.OVERDUE)]))
    assert made.sent == 1


def test_each_part_starts_the_time_anew() -> None:
    play(
        exchange(Kind.REQUEST),
        (1, Event.ACCEPTED, []),
        (10, Event.DATA, []),
        (11, None, []),
        (19, Event.DATA, []),
        (28, None, []),
        (29, None, [End(State.OVERDUE)]),
    )


@pytest.mark.parametrize(
    ("kind", "answer"),
    [(Kind.UPLOAD, Event.UPLOAD_ANSWERED), (Kind.NOTICE, Event.NOTICE_ANSWERED)],
)
def test_the_right_answer_ends_uploads_and_notices(kind: Kind, answer: Event) -> None:
    play(exchange(kind), (1, answer, [End(State.DONE)]))


def test_an_event_out_of_place_changes_nothing() -> None:
    made = exchange(Kind.UPLOAD)
    play(made, (1, Event.RESULT, []), (10, None, SENT))
    assert made.strays == [Event.RESULT]
    assert made.state is State.WAITING


def test_a_result_before_the_acceptance_is_out_of_place() -> None:
    made = exchange(Kind.REQUEST)
    play(made, (1, Event.DATA, []), (2, Event.RESULT, []))
    assert made.strays == [Event.DATA, Event.RESULT]


def test_final_states_have_no_way_out() -> None:
    final = [state for state in State if state.is_final]
    assert not [key for key in product(Kind, final, Event) if key in TRANSITIONS]


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.WAITING, *TRANSITIONS.values()}
    assert reached == set(State)
    left = {state for _, state, _ in TRANSITIONS}
    assert left == {state for state in State if not state.is_final}


HEAD = b"QN=20260101000000000;ST=91;CN=%s;PW=123456;MN=370000A8900016F000169DC0;Flag=4;"


@pytest.mark.parametrize(
    ("cn", "area", "event"),
    [
        (b"9011", b"QnRtn=1", Event.ACCEPTED),
        (b"9011", b"QnRtn=3", Event.REFUSED),
        (b"9011", b"", Event.REFUSED),
        (b"9012", b"ExeRtn=1", Event.RESULT),
        (b"9013", b"", Event.NOTICE_ANSWERED),
        (b"9014", b"", Event.UPLOAD_ANSWERED),
        (b"1011", b"SystemTime=20260101000000", Event.DATA),
    ],
)
def test_a_packet_is_an_event(cn: bytes, area: bytes, event: Event) -> None:
    segment = parse_segment(HEAD % cn + b"CP=&&" + area + b"&&")
    assert event_of(segment) is event


@pytest.mark.parametrize(
    ("cn", "sender", "kinds"),
    [
        (b"2011", "device", {Kind.UPLOAD}),
        (b"2011", "platform", {Kind.REQUEST}),
        (b"2012", "platform", {Kind.NOTICE}),
        (b"2012", "device", set()),
        (b"9014", "device", {Kind.ANSWER}),
        (b"9999", "device", set()),
    ],
)
def test_a_command_depends_on_who_sends_it(
    cn: bytes, sender: str, kinds: set[Kind]
) -> None:
    segment = parse_segment(HEAD % cn + b"CP=&&&&")
    assert kinds_of(segment, sender) == kinds
