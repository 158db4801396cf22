# SPDX-License-Identifier: Apache-2.0
"""Judgements over recorded MQTT conversations, of the implementation's side only.

``decode`` and ``looks_like`` make dialogues; every rule looks at one dialogue.  A rule
judges what a side sent against what that same connection had shown before; it assumes
nothing about times in flight, so that whatever may have crossed on the wire is let
pass.  What a rule never met it does not judge.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

from conformance.engine.judge import Judge
from conformance.protocols.mqtt import packs, payloads
from conformance.protocols.mqtt.codec import (
    RULEBOOKS,
    Breach,
    Packet,
    PacketType,
    Publish,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
)
from conformance.protocols.mqtt.codec.properties import PROPERTIES
from conformance.protocols.mqtt.dialogue import Dialogue, Message, decode, looks_like
from conformance.protocols.mqtt.rules import (
    flows,
    limits,
    openings,
    reports,
    status,
    web,
)
from conformance.protocols.mqtt.rules.judging import accepting, opening, rule, said
from conformance.protocols.mqtt.rules.opportunities import FIELDS, bears_on, holds
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__ = [
    "Dialogue",
    "Message",
    "decode",
    "flows",
    "limits",
    "looks_like",
    "openings",
    "packs",
    "payloads",
    "reports",
    "status",
    "web",
]

_NS = 1_000_000_000
_NAMES = [kind.name for kind in PacketType]
_RULES = sorted({name for book in RULEBOOKS.values() for name in book})
_PROPERTIES = [info.name for info in PROPERTIES.values()]


def _some(names: Sequence[str]) -> Mapping[str, Any]:
    return {"type": "array", "items": {"enum": list(names)}, "default": []}


@rule(
    "mqtt.packets_obey",
    params={
        "rules": {"type": "array", "minItems": 1, "items": {"enum": _RULES}},
        "packets": _some(_NAMES),
        "qos": {"type": "array", "items": {"enum": [0, 1, 2]}, "default": []},
        "fields": _some(sorted(FIELDS)),
        "properties": _some(_PROPERTIES),
        "lacking": {"enum": ["", "User Name", "Password"], "default": ""},
    },
)
def packets_obey(
    judge: Judge,
    dialogue: Dialogue,
    *,
    rules: Sequence[str],
    packets: Sequence[str] = (),
    qos: Sequence[int] = (),
    fields: Sequence[str] = (),
    properties: Sequence[str] = (),
    lacking: str = "",
) -> None:
    """Packets break none of the named rules of the packet format.

    ``packets`` and ``qos`` say which packets the rules speak of, ``fields`` that they
    speak of these fields only; only packets that have what a rule speaks of count as
    observations.  ``properties`` leaves breaches by these, which no packet need have.
    ``lacking`` lets breaches pass in a packet that has this field.
    """
    for message in dialogue.by(judge.iut):
        if packets and message.name not in packets:
            continue
        packet = message.packet
        if qos and isinstance(packet, Publish) and packet.qos not in qos:
            continue
        named = (*fields, *properties)
        broken = [
            b
            for b in message.decoded.violations
            if b.rule in rules and (not named or b.field in named)
        ]
        if lacking and holds(packet, lacking):
            broken = []
        if not broken and not _has_occasion(packet, rules, fields):
            continue
        first = broken[0] if broken else None
        judge.expect(
            not broken,
            first.rule if first else "obeyed",
            expected=_must_not(tuple(rules), dialogue.version),
            actual=_breach(message, first),
            at=message,
        )


def _has_occasion(
    packet: Packet | None, rules: Sequence[str], fields: Sequence[str]
) -> bool:
    """Say whether a packet without a breach is one in which it could have been."""
    if fields:
        return any(holds(packet, field) for field in fields)
    return any(bears_on(rule_name, packet) for rule_name in rules)


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
        if packet is None:
            return  # a request that cannot be read has an identifier all the same
        match packet:
            case Subscribe():
                waiting["SUBACK"].append(packet.packet_identifier)
            case Unsubscribe():
                waiting["UNSUBACK"].append(packet.packet_identifier)
            case Suback() | Unsuback() if message.sender == "server" and (
                message.name in answers
            ):
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


@rule(
    "mqtt.one_code_per_filter",
    actors=["platform"],
    params={"answer": {"enum": ["SUBACK", "UNSUBACK"], "default": "SUBACK"}},
)
def one_code_per_filter(
    judge: Judge, dialogue: Dialogue, *, answer: str = "SUBACK"
) -> None:
    """A SUBACK, in 5.0 also an UNSUBACK, holds one code for each filter asked for."""
    request = Subscribe if answer == "SUBACK" else Unsubscribe
    asked: dict[int, int] = {}
    for message in dialogue.messages:
        packet: Any = message.packet
        if isinstance(packet, request):
            asked[packet.packet_identifier] = len(packet.topic_filters)
        elif message.name == answer and packet and packet.packet_identifier in asked:
            due = asked.pop(packet.packet_identifier)
            codes = packet.return_codes if answer == "SUBACK" else packet.reason_codes
            judge.expect(
                len(codes) == due,
                "other-count",
                expected=Text(f"{due} 个返回码", f"{due} return codes"),
                actual=Text(f"{len(codes)} 个返回码", f"{len(codes)} return codes"),
                at=message,
            )


@rule(
    "mqtt.keep_alive_kept",
    actors=["device"],
    params={"factor": {"type": "string", "pattern": r"^[12](\.\d)?$"}},
)
def keep_alive_kept(judge: Judge, dialogue: Dialogue, *, factor: str) -> None:
    """A client with a Keep Alive is never silent for longer than that.

    ``factor`` times the Keep Alive is what counts as silence: a server has to bear that
    much, and times are taken where the packets arrive, not where they are sent.  In 5.0
    a Server Keep Alive replaces the client's own.  The time until CONNACK does not
    count (docs/disputed.md), nor that after DISCONNECT, when nothing may be sent.
    """
    connect, accepted = opening(dialogue), accepting(dialogue)
    if connect is None or accepted is None:
        return
    began, connack = accepted
    keep_alive = said(connack.properties, "server_keep_alive", connect.keep_alive)
    if keep_alive == 0:
        return
    tenths = int(factor.partition(".")[0]) * 10 + int(factor.partition(".")[2] or 0)
    limit_ns = keep_alive * tenths * _NS // 10
    sent = [began, *(m for m in dialogue.by("client") if m.at_ns > began.at_ns)]
    left = next((n for n, m in enumerate(sent) if m.name == "DISCONNECT"), None)
    times = [m.at_ns for m in sent] + [e.at_ns for e in dialogue.endings][:1]
    if left is not None:
        del times[left + 1 :]
    for place, (before, after) in enumerate(pairwise(times)):
        silence_ns = after - before
        judge.expect(
            silence_ns <= limit_ns,
            "silent-too-long",
            expected=Text(
                f"保活时间 {keep_alive} s 内至少发送一个报文",
                f"a packet within the Keep Alive of {keep_alive} s",
            ),
            actual=_silence(silence_ns),
            at=sent[min(place + 1, len(sent) - 1)],
        )
        if keep_alive * _NS < silence_ns <= limit_ns:
            judge.remark(
                Text(
                    "有报文间隔略超保活时间，但未超出服务端须容忍的限度",
                    "a gap exceeded the Keep Alive, within what a server has to bear",
                )
            )


@lru_cache(maxsize=512)
def _must_not(rules: tuple[str, ...], version: Version) -> Text:
    # A CONNECT of no known version is held to the rules of every version.
    books = ChainMap(dict(RULEBOOKS[version]), *map(dict, RULEBOOKS.values()))
    titles = [books[name].title for name in rules]
    return Text(
        "不出现：" + "；".join(t.zh for t in titles),
        "none of: " + "; ".join(t.en for t in titles),
    )


def _breach(message: Message, breach: Breach | None) -> Text:
    detail = breach.detail if breach else ""
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
