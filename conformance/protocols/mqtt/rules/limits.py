# SPDX-License-Identifier: Apache-2.0
"""Judgements of what one side has asked the other to keep to (MQTT 5.0).

Each side states its limits once, in CONNECT or CONNACK: how large packets may be, how
many messages may be under way, which topic aliases it knows, what it wants to be told.
A rule of a limit that was not stated, or that nothing came near, observes nothing.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.11, 3.2.2.3, 3.3.2.3.4,
3.3.4 and 4.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.engine.judge import Judge
from conformance.protocols.mqtt.codec import (
    PacketType,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Subscribe,
    value_of,
)
from conformance.protocols.mqtt.codec.topics import filter_faults, is_shared
from conformance.protocols.mqtt.dialogue import Dialogue, Message
from conformance.protocols.mqtt.rules.judging import (
    REFUSED,
    accepting,
    opening,
    rule,
    said,
)
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__: list[str] = []

_NAMES = [kind.name for kind in PacketType]
_RECEIVE_MAXIMUM = 65_535
_QOS_UNSUPPORTED = 0x9B
_TOLD_ANYWAY = ("PUBLISH", "CONNACK", "DISCONNECT")
"""Packets that may tell of problems even if the client does not ask (3.1.2.11.7)."""


def _limits(judge: Judge, dialogue: Dialogue) -> Properties | None:
    """Return what the other side has stated of itself, ``None`` if it is not there."""
    if judge.iut == "server":
        connect = opening(dialogue)
        return connect.properties if connect else None
    accepted = accepting(dialogue)
    return accepted[1].properties if accepted else None


def _after_limits(judge: Judge, dialogue: Dialogue) -> Iterator[Message]:
    """Yield what a side sent once it could know the limits."""
    if judge.iut == "server":
        yield from dialogue.by("server")
        return
    accepted = accepting(dialogue)
    heard = False
    for message in dialogue.messages:
        heard = heard or (accepted is not None and message is accepted[0])
        if heard and message.sender == "client":
            yield message


@rule("mqtt.alias_within_maximum", params={"announced": {"type": "boolean"}})
def alias_within_maximum(judge: Judge, dialogue: Dialogue, *, announced: bool) -> None:
    """Topic aliases stay within the Topic Alias Maximum of the receiver.

    ``announced`` judges connections whose receiver has one above 0; otherwise those
    without, on which no alias may be sent.
    """
    limits = _limits(judge, dialogue)
    if limits is None:
        return
    most = said(limits, "topic_alias_maximum")
    if announced != (most > 0):
        return
    for message in _after_limits(judge, dialogue):
        packet = message.packet
        if not isinstance(packet, Publish):
            continue
        alias = value_of(packet.properties, "topic_alias")
        judge.expect(
            alias is None or alias <= most,
            "alias-above-maximum" if announced else "alias-unwanted",
            expected=Text(f"主题别名不超过 {most}", f"a topic alias up to {most}")
            if announced
            else Text("不带主题别名", "no topic alias"),
            actual=_told("Topic Alias", alias),
            at=message,
        )


@rule("mqtt.alias_set_before_use")
def alias_set_before_use(judge: Judge, dialogue: Dialogue) -> None:
    """A PUBLISH with an empty topic name uses an alias that has been set before."""
    known: set[int] = set()
    for message in dialogue.by(judge.iut):
        packet = message.packet
        if not isinstance(packet, Publish):
            continue
        alias = value_of(packet.properties, "topic_alias")
        if packet.topic_name and alias is not None:
            known.add(alias)
        judge.expect(
            packet.topic_name or alias is None or alias in known,
            "alias-not-set",
            expected=Text(
                "已在本连接上设置的主题别名", "an alias set on this connection"
            ),
            actual=_told("Topic Alias", alias),
            at=message,
        )


@rule(
    "mqtt.within_maximum_packet_size",
    params={
        "packets": {"type": "array", "items": {"enum": _NAMES}, "default": []},
        "adds": {"enum": ["", "Reason String", "User Property"], "default": ""},
    },
)
def within_maximum_packet_size(
    judge: Judge, dialogue: Dialogue, *, packets: Sequence[str] = (), adds: str = ""
) -> None:
    """Packets are no larger than the receiver's Maximum Packet Size.

    With ``adds`` a packet that is too large is blamed only if it carries this property.
    """
    limits = _limits(judge, dialogue)
    most = value_of(limits, "maximum_packet_size") if limits is not None else None
    if most is None:
        return
    for message in _after_limits(judge, dialogue):
        if packets and message.name not in packets:
            continue
        size = len(message.octets)
        properties = getattr(message.packet, "properties", ())
        judge.expect(
            size <= most or (adds and value_of(properties, adds) is None),
            "packet-too-large",
            expected=Text(f"不超过 {most} 个字节", f"up to {most} octets"),
            actual=Text(
                f"{message.name}，{size} 个字节", f"{message.name} of {size} octets"
            ),
            at=message,
        )


@rule("mqtt.within_receive_maximum")
def within_receive_maximum(judge: Judge, dialogue: Dialogue) -> None:
    """No more QoS 1 and 2 messages are under way than the receiver takes at a time."""
    limits = _limits(judge, dialogue)
    if limits is None:
        return
    most = said(limits, "receive_maximum", _RECEIVE_MAXIMUM)
    after = {id(m) for m in _after_limits(judge, dialogue)}
    under_way: set[int] = set()
    for message in dialogue.messages:
        packet: Any = message.packet
        if message.sender != judge.iut:
            if isinstance(packet, Puback | Pubcomp) or (
                isinstance(packet, Pubrec) and packet.reason_code >= REFUSED
            ):
                under_way.discard(packet.packet_identifier)
            continue
        if (
            not isinstance(packet, Publish)
            or not packet.qos
            or id(message) not in after
        ):
            continue
        under_way.add(packet.packet_identifier or 0)
        judge.expect(
            len(under_way) <= most,
            "too-many-under-way",
            expected=Text(
                f"至多 {most} 条消息未确认", f"up to {most} messages unacknowledged"
            ),
            actual=Text(
                f"{len(under_way)} 条消息未确认",
                f"{len(under_way)} messages unacknowledged",
            ),
            at=message,
        )


@rule("mqtt.publishes_as_announced", actors=["device"],
      params={"limit": {"enum": ["Maximum QoS", "Retain Available"]}})  # fmt: skip
def publishes_as_announced(judge: Judge, dialogue: Dialogue, *, limit: str) -> None:
    """A client publishes nothing that the server has said it does not take."""
    limits = _limits(judge, dialogue)
    found = value_of(limits, limit) if limits is not None else None
    if found is None or (limit == "Retain Available" and found == 1):
        return
    for message in _after_limits(judge, dialogue):
        packet = message.packet
        if isinstance(packet, Publish):
            sent = packet.qos if limit == "Maximum QoS" else int(packet.retain)
            judge.expect(
                sent <= found,
                "above-announced",
                expected=alike(f"{limit} {found}"),
                actual=alike(f"PUBLISH, {limit.split()[-1]} {sent}")
                if limit == "Maximum QoS"
                else alike(f"PUBLISH, RETAIN {sent}"),
                at=message,
            )


@rule("mqtt.maximum_qos_told", actors=["platform"])
def maximum_qos_told(judge: Judge, dialogue: Dialogue) -> None:
    """A server without QoS 1 or 2 announces the Maximum QoS that it has.

    Which it has the declaration says.  Where a capture comes without one, only a
    refusal with reason code 0x9B shows that something went unannounced.
    """
    accepted = accepting(dialogue)
    if accepted is None:
        return
    found = value_of(accepted[1].properties, "maximum_qos")
    if judge.answers and not judge.answers.get("MQTT5_QOS2"):
        most = int(judge.answers.get("MQTT5_QOS1", False))
        judge.expect(
            found is not None and found <= most,
            "not-announced",
            expected=alike(f"Maximum QoS {most}"),
            actual=_told("Maximum QoS", found),
            at=accepted[0],
        )
        return
    for message in dialogue.by("server") if found is None else ():
        code = getattr(message.packet, "reason_code", 0)
        if message.name in ("PUBACK", "PUBREC", "DISCONNECT"):
            judge.expect(
                code != _QOS_UNSUPPORTED,
                "not-announced",
                expected=Text("CONNACK 中的最大 QoS", "Maximum QoS in CONNACK"),
                actual=alike(f"{message.name}, 0x{code:02X}"),
                at=message,
            )


@rule("mqtt.response_information_asked", actors=["platform"])
def response_information_asked(judge: Judge, dialogue: Dialogue) -> None:
    """A server that was not asked for Response Information sends none."""
    connect, accepted = opening(dialogue), accepting(dialogue)
    if connect is None or accepted is None:
        return
    if said(connect.properties, "request_response_information") == 1:
        return
    found = value_of(accepted[1].properties, "response_information")
    judge.expect(
        found is None,
        "response-information",
        expected=Text("没有响应信息", "no Response Information"),
        actual=_told("Response Information", found),
        at=accepted[0],
    )


@rule("mqtt.problem_information_asked", actors=["platform"])
def problem_information_asked(judge: Judge, dialogue: Dialogue) -> None:
    """A server that is to tell no problems does so in three packets at most."""
    connect = opening(dialogue)
    if connect is None:
        return
    if said(connect.properties, "request_problem_information", 1) != 0:
        return
    for message in dialogue.by("server"):
        properties = getattr(message.packet, "properties", None)
        if properties is None or message.name in _TOLD_ANYWAY:
            continue
        told = [
            name
            for name in ("Reason String", "User Property")
            if value_of(properties, name) is not None
        ]
        judge.expect(
            not told,
            "problem-information",
            expected=Text(
                "没有原因字符串和用户属性", "neither Reason String nor User Property"
            ),
            actual=alike(f"{message.name}: {', '.join(told)}"),
            at=message,
        )


@rule("mqtt.share_names_plain", actors=["device"])
def share_names_plain(judge: Judge, dialogue: Dialogue) -> None:
    """The share name of a shared subscription holds no wildcard.

    A filter of another form than the standard's may be an ordinary one, and then it is
    none of this rule's business; a wildcard that does not fill its level is wrong in
    either (4.7.1, 4.8.2).
    """
    for message in dialogue.by("client"):
        packet = message.packet
        if not isinstance(packet, Subscribe):
            continue
        for topic_filter, _ in packet.topic_filters:
            if not is_shared(topic_filter):
                continue
            name = topic_filter.split("/")[1]
            wrong = len(name) > 1 and not {*"+#"}.isdisjoint(name)
            if wrong or not filter_faults(topic_filter, 5):
                judge.expect(
                    not wrong,
                    "share-name-wildcard",
                    expected=Text(
                        "共享名中没有通配符", "a share name without wildcards"
                    ),
                    actual=alike(topic_filter),
                    at=message,
                )
            else:
                judge.remark(
                    Text(
                        f"{topic_filter} 可能是普通主题过滤器，不作判定",
                        f"{topic_filter} may be an ordinary filter; it is not judged",
                    )
                )


def _told(name: str, found: object) -> Text:
    if found is None:
        return Text(f"没有 {name}", f"no {name}")
    return alike(f"{name} {found}")
