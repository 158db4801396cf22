# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices of 5.0: what a server announces in CONNACK is heeded.

The suite plays a server that can less than others: it says so in CONNACK and watches
what the device sends on that connection.  What was unacknowledged before (DUP 1) is
left out where a limit and the duty to resend contradict each other.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.1.2.10, 3.2.2.3, 3.3.2.3.4,
3.3.4, 3.4 to 3.7, 3.14, 3.15 and 4.9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import (
    Link,
    broker,
    connect_timeout_s,
    report_timeout_s,
)
from conformance.protocols.mqtt.checks.device_receiving import subscribed
from conformance.protocols.mqtt.checks.device_sending import published
from conformance.protocols.mqtt.client import describe
from conformance.protocols.mqtt.codec import (
    Connect,
    Packet,
    PacketType,
    Puback,
    Publish,
    Pubrel,
    Subscribe,
    value_of,
    values_of,
)
from conformance.protocols.mqtt.flows import JUDGES, Matter
from conformance.protocols.mqtt.words import alike
from conformance.text import Text

__all__: list[str] = []

_NS = 1_000_000_000
_ATTEMPTS = 3
_CONCERNED = (PacketType.PUBLISH, PacketType.SUBSCRIBE)
"""What the limits of a server are about."""
_WATCHED = 8
"""Messages that are looked at under a limit, unless fewer come in the time."""
_AT_QOS_0 = 2
"""So many messages at QoS 0 show that those above it are held back."""
_KEEP_ALIVE_S = 2
_QOS_BITS = 3
_SHARE = "$share/"


def _limited(run: Run, **limits: Any) -> Link:
    """Return a new connection, accepted with limits that it can heed from the start.

    Who does not wait for CONNACK (3.1.4 allows it) cannot know what is in it: such a
    connection is left for the next one.
    """
    server = broker(run)
    for _ in range(_ATTEMPTS):
        link = server.await_device(accept=False)
        early = link.reader.pending[:1]
        waits = not early or early[0] >> 4 not in _CONCERNED
        if waits:
            break
    run.require(
        waits,
        "early",
        expected=Text("收到 CONNACK 之后再发送", "nothing before CONNACK"),
        actual=alike("CONNECT, PUBLISH / SUBSCRIBE"),
    )
    server.accept(link, **limits)
    return link


@dataclass(frozen=True, slots=True)
class _Limit:
    """What a server can say, and what may then not come."""

    announces: Mapping[str, int]
    breaks: Callable[[Packet, int], bool]
    key: str
    due: Text


def _is_high(packet: Packet, _: int) -> bool:
    return isinstance(packet, Publish) and packet.qos > 0 and not packet.dup


def _is_retained(packet: Packet, _: int) -> bool:
    return isinstance(packet, Publish) and packet.retain and not packet.dup


def _has_alias(above: int) -> Callable[[Packet, int], bool]:
    def found(packet: Packet, _: int) -> bool:
        alias = isinstance(packet, Publish) and value_of(
            packet.properties, "topic_alias"
        )
        return bool(alias and alias > above)

    return found


def _asks(wrong: Callable[[str], bool]) -> Callable[[Packet, int], bool]:
    def found(packet: Packet, _: int) -> bool:
        return isinstance(packet, Subscribe) and any(
            wrong(name) for name, _ in packet.topic_filters
        )

    return found


def _numbered(packet: Packet, _: int) -> bool:
    return isinstance(packet, Subscribe) and bool(
        values_of(packet.properties, "subscription_identifier")
    )


def _has_wildcard(name: str) -> bool:
    return any(level in ("+", "#") for level in name.split("/"))


_LIMITS: Mapping[str, _Limit] = {
    "maximum-qos": _Limit(
        {"maximum_qos": 0},
        _is_high,
        "qos-too-high",
        Text("只发布 QoS 0 的消息", "messages at QoS 0 only"),
    ),
    "retain-available": _Limit(
        {"retain_available": 0},
        _is_retained,
        "retained",
        Text("不发布保留消息", "no retained messages"),
    ),
    "topic-alias-maximum": _Limit(
        {"topic_alias_maximum": 2},
        _has_alias(2),
        "alias-too-high",
        Text("主题别名不大于 2", "no topic alias above 2"),
    ),
    "topic-alias-none": _Limit(
        {},
        _has_alias(0),
        "alias-unasked",
        Text("不使用主题别名", "no topic alias"),
    ),
    "wildcard-subscription": _Limit(
        {"wildcard_subscription_available": 0},
        _asks(_has_wildcard),
        "wildcard-asked",
        Text("不使用通配符订阅", "no wildcard subscription"),
    ),
    "subscription-identifier": _Limit(
        {"subscription_identifier_available": 0},
        _numbered,
        "identifier-sent",
        Text("不发送订阅标识符", "no subscription identifier"),
    ),
    "shared-subscription": _Limit(
        {"shared_subscription_available": 0},
        _asks(lambda name: name.startswith(_SHARE)),
        "share-asked",
        Text("不使用共享订阅", "no shared subscription"),
    ),
}


@check(
    "mqtt.heeds_limit",
    actor="device",
    params={"limit": {"enum": sorted(_LIMITS)}},
)
def heeds_limit(run: Run, *, limit: str) -> None:
    """A device sends nothing that the server said in CONNACK not to support.

    Procedure: accept a new connection with the limit; among the next packets, messages
    and subscriptions, there may be none beyond it.
    """
    wanted = _LIMITS[limit]
    link = _limited(run, **wanted.announces)
    seen = 0

    def is_over(packet: Packet) -> bool:
        nonlocal seen
        seen += isinstance(packet, Publish)
        return wanted.breaks(packet, 0) or seen >= _WATCHED

    heard = link.until(is_over, report_timeout_s(run))
    link.is_plain = False
    broken = [p for p, size in link.log if wanted.breaks(p, size)]
    run.expect(
        not broken,
        wanted.key,
        expected=wanted.due,
        actual=describe(broken[0]) if broken else "",
    )
    run.require(
        seen or len(link.log) > 1,
        "observed",
        expected=Text("PUBLISH 或 SUBSCRIBE", "PUBLISH or SUBSCRIBE"),
        actual=describe(heard),
    )


@check("mqtt.heeds_packet_size", actor="device", params=JUDGES)
def heeds_packet_size(run: Run, *, judges: Sequence[str]) -> None:
    """A device sends no packet above the Maximum Packet Size of the server.

    Procedure: on a connection without the limit read a few packets; accept the next
    one with a maximum one octet below the largest PUBLISH: nothing larger may come,
    but for what comes again from before.
    """
    server = broker(run)
    server.part()
    link = server.await_device()
    _watch(run, link)
    sizes = [size for p, size in link.log if isinstance(p, Publish)]
    run.require(
        sizes,
        "published",
        expected=alike("PUBLISH"),
        actual=describe(link.gone),
    )
    most = max(sizes) - 1
    link = _limited(run, maximum_packet_size=most)
    _watch(run, link)
    large = [
        (p, s)
        for p, s in link.log
        if s > most and not isinstance(p, Connect) and not getattr(p, "dup", False)
    ]
    Matter(run, judges).judge(
        not large,
        "too-large",
        expected=Text(f"报文不超过 {most} 字节", f"no packet above {most} octets"),
        actual=Text(
            f"{describe(large[0][0]).zh}，{large[0][1]} 字节",
            f"{describe(large[0][0]).en}, {large[0][1]} octets",
        )
        if large
        else "",
    )


def _watch(run: Run, link: Link) -> None:
    """Read messages for a while."""
    for _ in range(_WATCHED):
        if not isinstance(link.next_publish(timeout_s=report_timeout_s(run)), Publish):
            break


_KINDS = ("PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "DISCONNECT", "AUTH")
_FITS: Mapping[str, Any] = {
    "packet": {"enum": list(_KINDS)},
    "property": {"enum": ["Reason String", "User Property"]},
}


@check("mqtt.device_answers_fit", actor="device", params=_FITS)
def device_answers_fit(run: Run, **wanted: str) -> None:
    """A device leaves out what would make an answer too large for the server.

    Procedure: read some messages and subscriptions; accept the next connection with a
    Maximum Packet Size that the largest of them just fits; bring about the packet; if
    it is larger, it may not carry the property.
    """
    kind, name = wanted["packet"], wanted["property"]
    server = broker(run)
    server.part()
    link = server.await_device()
    _watch(run, link)
    sizes = [s for p, s in link.log if isinstance(p, Publish | Subscribe)]
    run.require(
        sizes,
        "observed",
        expected=Text("PUBLISH 或 SUBSCRIBE", "PUBLISH or SUBSCRIBE"),
        actual=describe(link.gone),
    )
    most = max(sizes)
    link = _limited(run, maximum_packet_size=most)
    _bring_about(run, link, kind)
    found = [(p, s) for p, s in link.log if type(p).__name__.upper() == kind]
    run.require(found, "observed", expected=alike(kind), actual=describe(link.gone))
    large = [
        s
        for p, s in found
        if s > most and values_of(getattr(p, "properties", ()), name)
    ]
    run.expect(
        not large,
        "too-large",
        expected=Text(
            f"不超过 {most} 字节，或不携带 {name}",
            f"no more than {most} octets, or no {name}",
        ),
        actual=Text(f"{kind}，{large} 字节", f"{kind} of {large} octets"),
    )


def _bring_about(run: Run, link: Link, kind: str) -> None:
    """Have the device send a packet of a kind."""
    match kind:
        case "PUBACK":
            link.publish(subscribed(run, link, 1), b"fits", qos=1)
        case "PUBREC" | "PUBCOMP":
            link.publish(subscribed(run, link, 2), b"fits", qos=2)
        case "PUBREL":
            link.until(lambda p: isinstance(p, Pubrel), report_timeout_s(run))
        case "DISCONNECT":
            link.until(lambda p: link.left, connect_timeout_s(run))
        case "AUTH":
            link.until(lambda p: type(p).__name__ == "Auth", connect_timeout_s(run))


@check(
    "mqtt.heeds_receive_maximum",
    actor="device",
    params={
        **JUDGES,
        "maximum": {"type": "integer", "minimum": 1, "maximum": 20},
    },
)
def heeds_receive_maximum(run: Run, *, judges: Sequence[str], maximum: int) -> None:
    """A device keeps to the Receive Maximum, and holds back only PUBLISH for it.

    Procedure: accept a new connection with the maximum and answer no new message; no
    more than so many above QoS 0 may come, at least one must.  What comes again from
    before is answered.  A QoS 1 message to the device is then still answered.  That
    none comes says something only of a device that publishes so without a maximum.
    """
    matter = Matter(run, judges)
    if "none" in judges:
        server = broker(run)
        server.part()
        published(run, server.await_device(), (1, 2))
    link = _limited(run, receive_maximum=maximum)
    link.holds = True
    name = subscribed(run, link, 1) if "held-back" in judges else ""
    open_, after = link.held, 0

    def is_told(packet: Packet) -> bool:
        nonlocal after
        if isinstance(packet, Publish) and not packet.qos:
            after += len(open_) == maximum
        return len(open_) > maximum or after > _AT_QOS_0

    link.until(is_told, report_timeout_s(run))
    matter.judge(
        len(open_) <= maximum,
        "too-many",
        expected=Text(f"至多 {maximum} 条未确认", f"at most {maximum} unacknowledged"),
        actual=alike(str(len(open_))),
    )
    matter.judge(
        open_,
        "none",
        expected=Text("至少一条", "at least one"),
        actual=alike("0"),
    )
    if "held-back" not in judges:
        return
    run.require(
        len(open_) == maximum,
        "full",
        expected=Text(f"{maximum} 条未确认", f"{maximum} unacknowledged"),
        actual=alike(str(len(open_))),
    )
    number = link.session.identifier()
    link.send(Publish(name, b"still", qos=1, packet_identifier=number))
    heard = link.answer_for(Puback, number)
    run.expect(
        isinstance(heard, Puback),
        "held-back",
        expected=alike(f"PUBACK {number}"),
        actual=describe(heard),
    )


@check("mqtt.heeds_server_keep_alive", actor="device")
def heeds_server_keep_alive(run: Run) -> None:
    """A device keeps to the Server Keep Alive in place of its own.

    Procedure: accept a new connection with a Server Keep Alive of two seconds, answer
    no message; for three times as long there may be no silence above one and a half of
    it, which is what a server has to bear.
    """
    link = _limited(run, server_keep_alive=_KEEP_ALIVE_S)
    limit_ns = _KEEP_ALIVE_S * 3 * _NS // 2
    began_ns = before_ns = run.now_ns
    longest_ns = 0
    while run.now_ns - began_ns < 2 * limit_ns and link.is_open:
        heard = link.next(limit_ns / _NS + 1)
        longest_ns = max(longest_ns, run.now_ns - before_ns)
        before_ns = run.now_ns
        if heard is None:
            break
    run.require(
        longest_ns > limit_ns or run.now_ns - began_ns >= limit_ns,
        "connected",
        expected=Text("连接保持", "a connection that lasts"),
        actual=describe(link.gone),
    )
    run.expect(
        longest_ns <= limit_ns,
        "silent-too-long",
        expected=Text(
            f"每 {_KEEP_ALIVE_S} s 内至少发送一个报文",
            f"a packet at least every {_KEEP_ALIVE_S} s",
        ),
        actual=Text(
            f"静默 {longest_ns / _NS:.1f} s", f"silence of {longest_ns / _NS:.1f} s"
        ),
    )
