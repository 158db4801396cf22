# SPDX-License-Identifier: Apache-2.0
"""Judgements over recorded MQTT conversations, of the implementation's side only.

``decode`` and ``looks_like`` make dialogues; every rule looks at one dialogue.  A rule
judges what a side sent against what that same connection had shown before; it assumes
nothing about times in flight, so that whatever may have crossed on the wire is let
pass.  What a rule never met it does not judge.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from itertools import pairwise
from typing import Any

from conformance.engine import registry
from conformance.engine.judge import Judge
from conformance.protocols.mqtt import payloads, rules_web
from conformance.protocols.mqtt.codec import (
    RULEBOOKS,
    Connack,
    Connect,
    Disconnect,
    PacketType,
    Puback,
    Pubcomp,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
)
from conformance.protocols.mqtt.dialogue import Dialogue, Message, decode, looks_like
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = ["Dialogue", "Message", "decode", "looks_like", "payloads", "rules_web"]

_NS = 1_000_000_000
_NAMES = [kind.name for kind in PacketType]
_RULES = sorted({name for book in RULEBOOKS.values() for name in book})
_VERSION: Mapping[str, Any] = {"type": "integer", "enum": [4, 5], "default": 4}

_Rule = Callable[..., None]


def rule(
    name: str,
    *,
    actors: Sequence[Any] = ("device", "platform"),
    params: Mapping[str, Any] | None = None,
) -> Callable[[_Rule], _Rule]:
    """Register a rule that looks only at dialogues of its ``version``.

    The version is a parameter by protocol level, 4 unless the profile says otherwise.
    """

    def decorate(function: _Rule) -> _Rule:
        @wraps(function)
        def judged(
            judge: Judge, dialogue: Dialogue, *, version: Version = 4, **given: Any
        ) -> None:
            if dialogue.version == version:
                function(judge, dialogue, **given)

        whole = {**(params or {}), "version": _VERSION}
        registry.rule(name, actors=actors, params=whole)(judged)
        return function

    return decorate


@rule(
    "mqtt.packets_obey",
    params={
        "rules": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": _RULES},
        },
        "packets": {"type": "array", "items": {"enum": _NAMES}, "default": []},
        "qos": {"type": "array", "items": {"enum": [0, 1, 2]}, "default": []},
    },
)
def packets_obey(
    judge: Judge,
    dialogue: Dialogue,
    *,
    rules: Sequence[str],
    packets: Sequence[str] = (),
    qos: Sequence[int] = (),
) -> None:
    """Packets break none of the named rules of the packet format.

    ``packets`` and ``qos`` say which packets the rules speak of; only these count as
    observations.
    """
    for message in dialogue.by(judge.iut):
        if packets and message.name not in packets:
            continue
        packet = message.packet
        if qos and isinstance(packet, Publish) and packet.qos not in qos:
            continue
        broken = [b for b in message.decoded.violations if b.rule in rules]
        first = broken[0] if broken else None
        judge.expect(
            not broken,
            first.rule if first else "obeyed",
            expected=_must_not(rules, dialogue.version),
            actual=_breach(message, first.detail if first else ""),
            at=message,
        )


@rule("mqtt.first_packet")
def first_packet(judge: Judge, dialogue: Dialogue) -> None:
    """The first packet on a connection is CONNECT of a client, CONNACK of a server."""
    due = PacketType.CONNECT if judge.iut == "client" else PacketType.CONNACK
    for message in list(dialogue.by(judge.iut))[:1]:
        judge.expect(
            message.decoded.packet_type is due,
            "first-packet",
            expected=alike(due.name),
            actual=alike(message.name),
            at=message,
        )


@rule("mqtt.clean_session_is_new", actors=["platform"])
def clean_session_is_new(judge: Judge, dialogue: Dialogue) -> None:
    """An accepted CONNECT with Clean Session 1 is told that no session is present."""
    connects = [m.packet for m in dialogue.by("client")][:1]
    for message in list(dialogue.by("server"))[:1]:
        answer = message.packet
        for asked in connects:
            if not isinstance(asked, Connect) or not isinstance(answer, Connack):
                continue
            if asked.clean_session and answer.return_code == 0:
                judge.expect(
                    not answer.session_present,
                    "session-present",
                    expected=alike("Session Present 0"),
                    actual=alike("Session Present 1"),
                    at=message,
                )


@rule(
    "mqtt.answers_carry_identifier",
    actors=["platform"],
    params={
        "answers": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": ["SUBACK", "UNSUBACK"]},
        }
    },
)
def answers_carry_identifier(
    judge: Judge, dialogue: Dialogue, *, answers: Sequence[str]
) -> None:
    """An answer carries the packet identifier of a request that waits for it."""
    waiting: dict[str, list[int]] = {"SUBACK": [], "UNSUBACK": []}
    for message in dialogue.messages:
        packet = message.packet
        match packet:
            case Subscribe():
                waiting["SUBACK"].append(packet.packet_identifier)
            case Unsubscribe():
                waiting["UNSUBACK"].append(packet.packet_identifier)
            case Suback() | Unsuback() if message.name in answers:
                open_ = waiting[message.name]
                identifier = packet.packet_identifier
                judge.expect(
                    identifier in open_,
                    "other-identifier",
                    expected=_one_of(message.name, open_),
                    actual=alike(f"{message.name} {identifier}"),
                    at=message,
                )
                if identifier in open_:
                    open_.remove(identifier)


@rule("mqtt.one_code_per_filter", actors=["platform"])
def one_code_per_filter(judge: Judge, dialogue: Dialogue) -> None:
    """A SUBACK holds one return code for each filter of its SUBSCRIBE."""
    asked: dict[int, int] = {}
    for message in dialogue.messages:
        packet = message.packet
        if isinstance(packet, Subscribe):
            asked[packet.packet_identifier] = len(packet.topic_filters)
        elif isinstance(packet, Suback) and packet.packet_identifier in asked:
            due = asked.pop(packet.packet_identifier)
            count = len(packet.return_codes)
            judge.expect(
                count == due,
                "other-count",
                expected=Text(f"{due} 个返回码", f"{due} return codes"),
                actual=Text(f"{count} 个返回码", f"{count} return codes"),
                at=message,
            )


@rule("mqtt.identifiers_unused")
def identifiers_unused(judge: Judge, dialogue: Dialogue) -> None:
    """A new packet with an identifier uses one that is not in use.

    An identifier counts as free from the moment at which the last acknowledgement was
    sent to its user, whether or not it had arrived.
    """
    held: dict[int, Any] = {}
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            if isinstance(packet, Puback | Pubcomp | Suback | Unsuback):
                held.pop(packet.packet_identifier, None)
            continue
        identifier = getattr(packet, "packet_identifier", None)
        if not isinstance(packet, Publish | Subscribe | Unsubscribe) or not identifier:
            continue
        if isinstance(packet, Publish) and packet.dup:
            held[identifier] = packet
            continue
        # The same message once more lacks DUP, which is another requirement's matter.
        again = isinstance(packet, Publish) and _same_message(
            held.get(identifier), packet
        )
        judge.expect(
            identifier not in held or again,
            "identifier-in-use",
            expected=Text("未在使用中的报文标识符", "an identifier that is not in use"),
            actual=Text(
                f"{message.name} 使用了仍待确认的标识符 {identifier}",
                f"{message.name} with identifier {identifier}, still unacknowledged",
            ),
            at=message,
        )
        held[identifier] = packet


@rule("mqtt.acknowledged_in_order", actors=["device"])
def acknowledged_in_order(judge: Judge, dialogue: Dialogue) -> None:
    """PUBACKs are sent in the order in which the QoS 1 messages came."""
    arrived: list[int] = []
    latest = -1
    for message in dialogue.messages:
        packet = message.packet
        if message.sender != judge.iut:
            if isinstance(packet, Publish) and packet.qos == 1:
                arrived.append(packet.packet_identifier or 0)
        elif isinstance(packet, Puback) and packet.packet_identifier in arrived:
            place = arrived.index(packet.packet_identifier)
            judge.expect(
                place > latest,
                "out-of-order",
                expected=Text(
                    f"PUBACK {packet.packet_identifier} 先于后到消息的 PUBACK",
                    f"PUBACK {packet.packet_identifier} before those of later messages",
                ),
                actual=alike(f"PUBACK {arrived[latest]}, {packet.packet_identifier}"),
                at=message,
            )
            latest = max(latest, place)
            arrived[place] = 0  # the identifier may come again


@rule("mqtt.silent_after_disconnect", actors=["device"])
def silent_after_disconnect(judge: Judge, dialogue: Dialogue) -> None:
    """Nothing follows a DISCONNECT."""
    sent = list(dialogue.by("client"))
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


@rule(
    "mqtt.keep_alive_kept",
    actors=["device"],
    params={"factor": {"type": "string", "pattern": r"^[12](\.\d)?$"}},
)
def keep_alive_kept(judge: Judge, dialogue: Dialogue, *, factor: str) -> None:
    """A client with a Keep Alive is never silent for longer than that.

    ``factor`` times the Keep Alive is what counts as silence: a server has to bear that
    much, and times are taken where the packets arrive, not where they are sent.
    """
    sent = list(dialogue.by("client"))
    if not sent or not isinstance(connect := sent[0].packet, Connect):
        return
    if connect.keep_alive == 0:
        return
    tenths = int(factor.partition(".")[0]) * 10 + int(factor.partition(".")[2] or 0)
    limit_ns = connect.keep_alive * tenths * _NS // 10
    ends = [e.at_ns for e in dialogue.endings]
    times = [m.at_ns for m in sent] + ends[:1]
    for place, (before, after) in enumerate(pairwise(times)):
        silence_ns = after - before
        judge.expect(
            silence_ns <= limit_ns,
            "silent-too-long",
            expected=Text(
                f"保活时间 {connect.keep_alive} s 内至少发送一个报文",
                f"a packet within the Keep Alive of {connect.keep_alive} s",
            ),
            actual=_silence(silence_ns),
            at=sent[min(place + 1, len(sent) - 1)],
        )
        if connect.keep_alive * _NS < silence_ns <= limit_ns:
            judge.remark(
                Text(
                    "有报文间隔略超保活时间，但未超出服务端须容忍的限度",
                    "a gap exceeded the Keep Alive, within what a server has to bear",
                )
            )


def _same_message(before: Any, packet: Publish) -> bool:
    return isinstance(before, Publish) and (
        (before.topic_name, before.payload, before.qos)
        == (packet.topic_name, packet.payload, packet.qos)
    )


def _must_not(rules: Sequence[str], version: Version) -> Text:
    titles = [RULEBOOKS[version][name].title for name in rules]
    return Text(
        "不出现：" + "；".join(t.zh for t in titles),
        "none of: " + "; ".join(t.en for t in titles),
    )


def _breach(message: Message, detail: str) -> Text:
    told = ": ".join(part for part in (message.name, detail) if part)
    return Text(told, told)


def _one_of(name: str, identifiers: Sequence[int]) -> Text:
    shown = ", ".join(map(str, identifiers[:8]))
    if not shown:
        return Text(f"此时不应有 {name}", f"no {name} at this time")
    return Text(f"{name}，标识符为 {shown} 之一", f"{name} with one of {shown}")


def _silence(silence_ns: int) -> Text:
    seconds = f"{silence_ns // 10**6 / 1000:.3f}"
    return Text(f"静默 {seconds} s", f"silence of {seconds} s")
