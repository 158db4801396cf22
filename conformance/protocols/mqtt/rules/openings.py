# SPDX-License-Identifier: Apache-2.0
"""Judgements of how recorded connections begin and end, and of authentication.

CONNECT and CONNACK, what may come before them and what has to follow a refusal; the
method and reason codes of AUTH; DISCONNECT.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1, 3.2 and 3.14 of both, 3.15 and 4.12 of 5.0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from conformance.engine.judge import Judge
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    PacketType,
    value_of,
)
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.rules.judging import (
    REFUSED,
    accepting,
    answer_timeout_ns,
    opening,
    rule,
    said,
)
from conformance.protocols.mqtt.words import CLOSED, alike
from conformance.text import Text

__all__: list[str] = []

_METHOD = "authentication_method"
_CONTINUE, _AGAIN = 0x18, 0x19
_EMPTY = 2
"""Octets of a packet whose Remaining Length is 0."""


@rule("mqtt.first_packet")
def first_packet(judge: Judge, dialogue: Dialogue) -> None:
    """The first packet on a connection is CONNECT of a client, CONNACK of a server.

    A server of 5.0 may send AUTH before it.
    """
    due = PacketType.CONNECT if judge.iut == "client" else PacketType.CONNACK
    for message in dialogue.by(judge.iut):
        kind = message.decoded.packet_type
        if judge.iut == "server" and kind is PacketType.AUTH:
            continue
        judge.expect(
            kind is due,
            "first-packet",
            expected=alike(due.name),
            actual=alike(message.name),
            at=message,
        )
        return


@rule("mqtt.one_connack", actors=["platform"])
def one_connack(judge: Judge, dialogue: Dialogue) -> None:
    """A server sends one CONNACK on a connection and no more."""
    sent = [m for m in dialogue.by("server") if m.name == "CONNACK"]
    if sent:
        judge.expect(
            len(sent) == 1,
            "second-connack",
            expected=alike("1 CONNACK"),
            actual=alike(f"{len(sent)} CONNACK"),
            at=sent[min(1, len(sent) - 1)],
        )


@rule("mqtt.connect_acknowledged", actors=["platform"])
def connect_acknowledged(judge: Judge, dialogue: Dialogue) -> None:
    """A CONNECT without a fault is acknowledged by a CONNACK that accepts.

    A refusal, and a close, may have reasons that do not show here and are not judged.
    Silence is, once the declared answer time is over, and only of a server that has
    time for others: a client that came after that was answered meanwhile, or nobody
    ever was.  The text itself sets no time.
    """
    kept = judge.over_run(_Callers, lambda kept: _conclude(judge, kept))
    first = next(dialogue.by("client"), None)
    if first is None or not first.is_sound or not isinstance(first.packet, Connect):
        return
    method = value_of(first.packet.properties, _METHOD)
    answers = list(dialogue.by("server"))
    connacks = [m for m in answers if m.name == "CONNACK"]
    left = any(e.sender == "server" for e in dialogue.endings)
    if connacks:
        kept.served.append((first.at_ns, connacks[0].at_ns))
        if accepting(dialogue) is not None:
            _expect_acknowledged(judge, connacks[0], True)
    elif not left and not method and _waited(judge, dialogue, first):
        if answers:  # what came later was answered
            _expect_acknowledged(judge, answers[0], False)
        else:
            late_ns = first.at_ns + answer_timeout_ns(judge, dialogue)
            until_ns = _end_ns(dialogue)
            kept.waiting.append(_Waiting(first, late_ns, until_ns, judge.label))


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A CONNECT that was never answered."""

    connect: Message
    late_ns: int
    """When the declared answer time was over."""
    until_ns: int
    label: str


@dataclass(slots=True)
class _Callers:
    """Who connected in a run: when, and when each was answered."""

    served: list[tuple[int, int]] = field(default_factory=list)
    waiting: list[_Waiting] = field(default_factory=list)


def _conclude(judge: Judge, kept: _Callers) -> None:
    for one in kept.waiting:
        if not kept.served or any(
            one.late_ns <= asked_ns and answered_ns <= one.until_ns
            for asked_ns, answered_ns in kept.served
        ):
            judge.label = one.label
            _expect_acknowledged(judge, one.connect, False)


def _expect_acknowledged(judge: Judge, at: Message, met: bool) -> None:
    silent = at.sender == "client"
    judge.expect(
        met,
        "not-acknowledged",
        expected=Text("CONNACK，接受连接", "a CONNACK that accepts"),
        actual=Text("没有应答", "no answer") if silent else alike(at.name),
        at=at,
    )


def _waited(judge: Judge, dialogue: Dialogue, since: Message) -> bool:
    """Say whether the connection was there for the declared answer time."""
    return _end_ns(dialogue) - since.at_ns >= answer_timeout_ns(judge, dialogue)


def _end_ns(dialogue: Dialogue) -> int:
    """Return until when a connection was certainly there."""
    times = [m.at_ns for m in dialogue.messages] + [e.at_ns for e in dialogue.endings]
    return max(times)


@rule("mqtt.closes_after_refusal", actors=["platform"])
def closes_after_refusal(judge: Judge, dialogue: Dialogue) -> None:
    """After a CONNACK that refuses, the server closes the connection.

    It sends nothing more, and has closed once the declared answer time is over.
    """
    sent = list(dialogue.by("server"))
    for place, message in enumerate(sent):
        packet = message.packet
        if not isinstance(packet, Connack):
            continue
        if packet.return_code < (1 if dialogue.version == 4 else REFUSED):
            return
        after = sent[place + 1 :]
        closed = any(e.sender == "server" for e in dialogue.endings)
        if not after and not closed and not _waited(judge, dialogue, message):
            return
        judge.expect(
            closed and not after,
            "packet-after-refusal" if after else "still-open",
            expected=CLOSED,
            actual=alike(after[0].name)
            if after
            else Text("连接仍然打开", "the connection is still open"),
            at=after[0] if after else message,
        )
        return


@rule("mqtt.clean_session_is_new", actors=["platform"])
def clean_session_is_new(judge: Judge, dialogue: Dialogue) -> None:
    """An accepted CONNECT with Clean Session 1 is told that no session is present."""
    connect, accepted = opening(dialogue), accepting(dialogue)
    if connect is None or accepted is None or not connect.clean_session:
        return
    judge.expect(
        not accepted[1].session_present,
        "session-present",
        expected=alike("Session Present 0"),
        actual=alike("Session Present 1"),
        at=accepted[0],
    )


@rule("mqtt.assigned_identifier_told", actors=["platform"])
def assigned_identifier_told(judge: Judge, dialogue: Dialogue) -> None:
    """A client that is accepted without an identifier is told the one it has got."""
    connect, accepted = opening(dialogue), accepting(dialogue)
    if connect is None or accepted is None or connect.client_identifier:
        return
    given = value_of(accepted[1].properties, "assigned_client_identifier")
    judge.expect(
        given,
        "not-assigned",
        expected=Text("分配的客户端标识符", "an Assigned Client Identifier"),
        actual=alike(f"CONNACK, {given!r}"),
        at=accepted[0],
    )


@rule("mqtt.no_disconnect_before_connack", actors=["platform"])
def no_disconnect_before_connack(judge: Judge, dialogue: Dialogue) -> None:
    """A server sends no DISCONNECT before it has accepted the client."""
    accepted = False
    for message in dialogue.by("server"):
        packet = message.packet
        if isinstance(packet, Connack) and packet.return_code < REFUSED:
            accepted = True
        if isinstance(packet, Connack | Disconnect):
            judge.expect(
                accepted or isinstance(packet, Connack),
                "disconnect-before-connack",
                expected=Text("先发送 CONNACK", "a CONNACK first"),
                actual=alike(message.name),
                at=message,
            )


@rule("mqtt.silent_after_disconnect")
def silent_after_disconnect(judge: Judge, dialogue: Dialogue) -> None:
    """Nothing of the same side follows a DISCONNECT."""
    sent = list(dialogue.by(judge.iut))
    for place, message in enumerate(sent):
        if isinstance(message.packet, Disconnect):
            after = sent[place + 1 :]
            judge.expect(
                not after,
                "packet-after-disconnect",
                expected=Text("DISCONNECT 之后不再发送", "nothing after DISCONNECT"),
                actual=alike(after[0].name if after else ""),
                at=after[0] if after else message,
            )
            return


@rule("mqtt.session_expiry_stays_zero", actors=["device"])
def session_expiry_stays_zero(judge: Judge, dialogue: Dialogue) -> None:
    """A session that was to end with its connection is not prolonged at the end."""
    connect = opening(dialogue)
    if connect is None or said(connect.properties, "session_expiry_interval"):
        return
    for message in dialogue.by("client"):
        if isinstance(message.packet, Disconnect):
            found = said(message.packet.properties, "session_expiry_interval")
            judge.expect(
                not found,
                "session-prolonged",
                expected=alike("Session Expiry Interval 0"),
                actual=alike(f"Session Expiry Interval {found}"),
                at=message,
            )


@rule("mqtt.silent_until_connack", actors=["device"])
def silent_until_connack(judge: Judge, dialogue: Dialogue) -> None:
    """A client that authenticates sends AUTH and DISCONNECT only before CONNACK."""
    connect = opening(dialogue)
    if connect is None or value_of(connect.properties, _METHOD) is None:
        return
    first = True
    for message in dialogue.messages:
        if isinstance(message.packet, Connack):
            return
        if message.sender == "client" and not first:
            judge.expect(
                isinstance(message.packet, Auth | Disconnect),
                "packet-before-connack",
                expected=alike("AUTH / DISCONNECT"),
                actual=alike(message.name),
                at=message,
            )
        first = first and message.sender != "client"


@rule(
    "mqtt.auth_method_kept",
    params={
        "packets": {
            "type": "array",
            "items": {"enum": ["AUTH", "CONNACK"]},
            "default": ["AUTH", "CONNACK"],
        }
    },
)
def auth_method_kept(
    judge: Judge, dialogue: Dialogue, *, packets: Sequence[str] = ("AUTH", "CONNACK")
) -> None:
    """All AUTH packets, and an accepting CONNACK, carry the method of the CONNECT.

    An AUTH that leaves out everything is let pass (3.15.2.1).
    """
    connect = opening(dialogue)
    due = value_of(connect.properties, _METHOD) if connect else None
    if due is None:
        return
    for message, method in _methods(judge, dialogue):
        if message.name not in packets:
            continue
        judge.expect(
            method == due,
            "other-method",
            expected=alike(str(due)),
            actual=alike(f"{message.name}, {method}"),
            at=message,
        )


def _methods(judge: Judge, dialogue: Dialogue) -> Iterator[tuple[Message, object]]:
    """Yield the packets of a side that have to carry the method, and theirs."""
    for message in dialogue.by(judge.iut):
        packet = message.packet
        accepts = isinstance(packet, Connack) and packet.return_code == 0
        if accepts or (isinstance(packet, Auth) and len(message.octets) > _EMPTY):
            properties = getattr(packet, "properties", ())
            yield message, value_of(properties, _METHOD)


@rule("mqtt.auth_only_if_asked")
def auth_only_if_asked(judge: Judge, dialogue: Dialogue) -> None:
    """Without a method in CONNECT nobody sends AUTH, nor a server a method."""
    connect = opening(dialogue)
    if connect is None or value_of(connect.properties, _METHOD) is not None:
        return
    for message in dialogue.by(judge.iut):
        properties = getattr(message.packet, "properties", ())
        method = message.name == "CONNACK" and value_of(properties, _METHOD) is not None
        judge.expect(
            message.name != "AUTH" and not method,
            "auth-unasked",
            expected=Text("没有认证方法，也没有 AUTH", "neither a method nor AUTH"),
            actual=alike(message.name),
            at=message,
        )


@rule("mqtt.auth_continues")
def auth_continues(judge: Judge, dialogue: Dialogue) -> None:
    """An AUTH within an authentication has the reason code 0x18.

    Of a server that is every AUTH but the one that ends a re-authentication; of a
    client every AUTH but the one that begins it.
    """
    accepted = False
    for message in dialogue.messages:
        packet = message.packet
        accepted = accepted or isinstance(packet, Connack)
        if message.sender != judge.iut or not isinstance(packet, Auth):
            continue
        code = packet.reason_code
        if accepted and code == (0 if judge.iut == "server" else _AGAIN):
            continue
        judge.expect(
            code == _CONTINUE,
            "other-code",
            expected=alike(f"0x{_CONTINUE:02X}"),
            actual=alike(f"AUTH 0x{code:02X}"),
            at=message,
        )
