# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices that publish: what is not acknowledged, and what is.

The suite plays the server, leaves answers out and breaks connections; what the device
then sends shows whether it has kept its half of the session.  Messages at QoS 2 are
followed through every step of their exchange.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1.2, 3.1.3, 4.1, 4.3, 4.4 and 4.6 of both.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import (
    Link,
    broker,
    connect_timeout_s,
    report_timeout_s,
)
from conformance.protocols.mqtt.client import (
    Gone,
    answer_timeout_s,
    claims,
    describe,
)
from conformance.protocols.mqtt.codec import (
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    value_of,
)
from conformance.protocols.mqtt.flows import JUDGES, Matter
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__ = ["kept_link", "published", "switched_on_again"]

_QOS = {"qos": {"type": "array", "items": {"enum": [1, 2]}, "default": [1, 2]}}
_GATHERED = 3
_QUOTA_EXCEEDED = 0x97
_EXPIRY_MAX_S = 30


def kept_link(run: Run) -> Link:
    """Return a connection whose session outlives it; *inconclusive* if none does.

    New messages on it stay unanswered.  The first connection after a start may be of
    another kind.
    """
    server = broker(run)
    link = server.await_device()
    if not link.keeps:
        link.end(connect_timeout_s(run))
        link = server.await_device()
    run.require(
        link.keeps,
        "kept-session",
        expected=Text("断开后保留的会话", "a session that outlives its connection"),
        actual=Text("随连接结束的会话", "one that ends with its connection"),
    )
    link.holds = True
    return link


def published(run: Run, link: Link, qos: Sequence[int]) -> Publish:
    """Return a new message at one of the levels; *inconclusive* if none comes."""
    heard = link.next_publish(
        lambda p: p.qos in qos and not p.dup, timeout_s=report_timeout_s(run)
    )
    shown = " / ".join(map(str, qos))
    run.require(
        isinstance(heard, Publish),
        "published",
        expected=Text(f"QoS {shown} 的 PUBLISH", f"a PUBLISH at QoS {shown}"),
        actual=describe(heard),
    )
    assert isinstance(heard, Publish)
    return heard


def _gathered(run: Run, link: Link, qos: Sequence[int]) -> list[Publish]:
    """Return one to three messages that stay unanswered."""
    found = [published(run, link, qos)]
    while len(found) < _GATHERED:
        heard = link.next_publish(
            lambda p: p.qos in qos and not p.dup, timeout_s=answer_timeout_s(run)
        )
        if not isinstance(heard, Publish):
            break
        found.append(heard)
    return found


def _same(one: Publish, other: Publish) -> bool:
    """Say whether a packet carries the same message; in 5.0 its name may be short."""
    return (one.qos, one.payload) == (other.qos, other.payload)


@check("mqtt.resends", actor="device", params={**JUDGES, **_QOS})
def resends(run: Run, *, judges: Sequence[str], qos: Sequence[int] = (1, 2)) -> None:
    """Messages left unacknowledged come again on the next connection, as they were.

    Procedure: read up to three messages of a session that is kept, leave them
    unanswered; in 5.0 they may not come again meanwhile; break the connection; accept
    the next one with Session Present 1: each comes again under its identifier, with
    DUP 1, in order.
    """
    matter = Matter(run, judges)
    link = kept_link(run)
    first = _gathered(run, link, qos)
    if "resent-meanwhile" in judges:
        _not_meanwhile(run, link, first)
    if "other-order" in judges:
        run.require(
            len(first) > 1,
            "several",
            expected=Text("两条以上的消息", "two messages or more"),
            actual=alike(str(len(first))),
        )
    link.abort()
    link = broker(run).await_device()
    again = _come_again(run, link, first)
    for message in first:
        found = again.get(message.packet_identifier or 0)
        matter.judge(
            found is not None,
            "not-resent",
            expected=Text(
                f"重发标识符 {message.packet_identifier} 的消息",
                f"the message {message.packet_identifier} once more",
            ),
            actual=SILENCE if link.gone is None else describe(link.gone),
        )
        if "dup-not-set" in judges:
            run.expect(
                found and found.dup,
                "dup-not-set",
                expected=alike("DUP 1"),
                actual=alike("DUP 0"),
            )
    due, came = [m.packet_identifier for m in first], list(again)
    if "other-order" in judges:
        run.expect(
            came == due,
            "other-order",
            expected=alike(str(due)),
            actual=alike(str(came)),
        )


def _not_meanwhile(run: Run, link: Link, first: Sequence[Publish]) -> None:
    """Expect no message again while the connection lasts (5.0, 4.4)."""
    numbers = {m.packet_identifier for m in first}
    heard = link.next_publish(
        lambda p: p.packet_identifier in numbers or p.qos == 0,
        timeout_s=report_timeout_s(run),
    )
    early = isinstance(heard, Publish) and heard.packet_identifier in numbers
    run.expect(
        not early,
        "resent-meanwhile",
        expected=Text("连接未断时不重发", "nothing again while the connection lasts"),
        actual=describe(heard),
    )


def _come_again(run: Run, link: Link, first: Sequence[Publish]) -> dict[int, Publish]:
    """Return what comes again, by identifier, in the order in which it came."""
    due = {m.packet_identifier or 0: m for m in first}
    again: dict[int, Publish] = {}

    def is_whole(packet: object) -> bool:
        if isinstance(packet, Publish):
            number = packet.packet_identifier or 0
            if number in due and _same(packet, due[number]):
                again.setdefault(number, packet)
        return len(again) == len(due)

    link.until(is_whole, answer_timeout_s(run))
    return again


@check("mqtt.state_by_identifier", actor="device")
def state_by_identifier(run: Run) -> None:
    """A device continues its session under its client identifier and no other.

    Procedure: leave a message of a kept session unanswered and break the connection.
    If the device comes back under another client identifier, it gets Session Present 0
    and may not send the old packet again with DUP 1.
    """
    link = kept_link(run)
    first, name = published(run, link, (1, 2)), link.connect.client_identifier
    link.abort()
    link = broker(run).await_device()
    if link.connect.client_identifier == name:
        return
    heard = link.next_publish(lambda p: True, timeout_s=report_timeout_s(run))
    old = isinstance(heard, Publish) and heard.dup and _same(heard, first)
    run.expect(
        not old,
        "state-of-another",
        expected=Text(
            f"旧状态只用于客户端标识符 {name}", f"the old state only under {name}"
        ),
        actual=Text(
            f"以 {link.connect.client_identifier} 连接后：{describe(heard).zh}",
            f"under {link.connect.client_identifier}: {describe(heard).en}",
        ),
    )


@check("mqtt.releases_once_received", actor="device", params=JUDGES)
def releases(run: Run, *, judges: Sequence[str]) -> None:
    """A device follows a QoS 2 message to its end, over a broken connection too.

    Procedure: read a QoS 2 PUBLISH of a kept session, wait for a further packet, send
    PUBREC: PUBREL comes, and then the message no more.  Send no PUBCOMP, break the
    connection: PUBREL comes again on the next one, and the message does not.
    """
    matter = Matter(run, judges)
    link = kept_link(run)
    message = published(run, link, (2,))
    number = message.packet_identifier or 0
    link.until(lambda p: True)
    link.send(Pubrec(number))
    _released(matter, link, number, "no-pubrel")
    _not_published(run, matter, link, message)
    link.abort()
    link = broker(run).await_device()
    heard = link.until(
        lambda p: (
            _is_message(p, message)
            or (isinstance(p, Pubrel) and p.packet_identifier == number)
        )
    )
    matter.judge(
        not isinstance(heard, Publish),
        "published-again",
        expected=alike(f"PUBREL {number}"),
        actual=describe(heard),
    )
    matter.judge(
        isinstance(heard, Pubrel),
        "pubrel-not-resent",
        expected=alike(f"PUBREL {number}"),
        actual=describe(heard),
    )


def _released(matter: Matter, link: Link, number: int, key: str) -> None:
    heard = link.until(
        lambda p: isinstance(p, Pubrel) and p.packet_identifier == number
    )
    matter.judge(
        isinstance(heard, Pubrel),
        key,
        expected=alike(f"PUBREL {number}"),
        actual=describe(heard),
    )


def _not_published(run: Run, matter: Matter, link: Link, message: Publish) -> None:
    heard = link.next_publish(timeout_s=report_timeout_s(run))
    matter.judge(
        not _is_message(heard, message),
        "published-again",
        expected=Text(
            "发送 PUBREL 后不再发送该消息", "the message no more after its PUBREL"
        ),
        actual=describe(heard),
    )


def _is_message(packet: object, message: Publish) -> bool:
    return (
        isinstance(packet, Publish)
        and packet.packet_identifier == message.packet_identifier
        and _same(packet, message)
    )


@check("mqtt.expiry_ends_with_publish", actor="device")
def expiry_ends_with_publish(run: Run) -> None:
    """A QoS 2 message that was sent does not expire in the sender any more.

    Procedure: read a QoS 2 PUBLISH with a Message Expiry Interval, wait until that is
    over, send PUBREC: PUBREL comes.
    """
    link = broker(run).await_device()
    link.holds = True

    def expires(packet: Publish) -> bool:
        expiry = value_of(packet.properties, "message_expiry_interval")
        return packet.qos == 2 and expiry is not None and expiry <= _EXPIRY_MAX_S

    message = link.next_publish(expires, timeout_s=report_timeout_s(run))
    run.require(
        isinstance(message, Publish),
        "published",
        expected=Text(
            f"QoS 2、消息过期间隔不超过 {_EXPIRY_MAX_S} s 的 PUBLISH",
            f"a QoS 2 PUBLISH that expires within {_EXPIRY_MAX_S} s",
        ),
        actual=describe(message),
    )
    assert isinstance(message, Publish)
    run.wait(value_of(message.properties, "message_expiry_interval") + 1)
    number = message.packet_identifier or 0
    link.send(Pubrec(number))
    _released(Matter(run, ["no-pubrel"]), link, number, "no-pubrel")


@check("mqtt.refused_not_resent", actor="device", params=_QOS)
def refused_not_resent(run: Run, *, qos: Sequence[int] = (1, 2)) -> None:
    """A message that the server has refused by its reason code does not come again.

    Procedure: for each QoS read a message of a kept session, answer PUBACK or PUBREC
    with reason code 0x97; break the connection; up to the next new message the refused
    one may not come again.  QoS 2 only where it is declared.
    """
    sent = [level for level in qos if level < 2 or claims(run, "QOS2")]
    for level in run.each(sent, name=lambda q: f"QoS {q}"):
        link = kept_link(run)
        message = published(run, link, (level,))
        number = message.packet_identifier or 0
        make = Puback if level == 1 else Pubrec
        link.send(make(number, _QUOTA_EXCEEDED))
        again = _up_to_new(run, link, message)
        if again is None:
            _heard_us(run, link)
            link.abort()
            link = broker(run).await_device()
            again = _up_to_new(run, link, message)
        run.expect(
            again is None,
            "resent",
            expected=Text("被拒绝的消息不再重发", "the refused message no more"),
            actual=describe(again),
        )


def _heard_us(run: Run, link: Link) -> None:
    """Wait until the device has read what we sent; breaking off would lose it.

    A message to it shows that by its answer, where it subscribes; else some messages
    of its own have to do.
    """
    name = next((f for f, qos in link.subscriptions.items() if qos and _is_name(f)), "")
    if name:
        link.publish(name, b"fence", qos=1)
        return
    for _ in range(_GATHERED):
        link.next_publish(timeout_s=answer_timeout_s(run))


def _is_name(topic_filter: str) -> bool:
    return not any(mark in topic_filter for mark in "#+$")


def _up_to_new(run: Run, link: Link, message: Publish) -> Publish | None:
    """Return the message if it comes again before another one that is new."""
    heard = link.next_publish(
        lambda p: _is_message(p, message) or not p.dup,
        timeout_s=report_timeout_s(run),
    )
    found = isinstance(heard, Publish) and _is_message(heard, message)
    return heard if found and isinstance(heard, Publish) else None


@check("mqtt.state_lasts", actor="device")
def state_lasts(run: Run) -> None:
    """While a connection lasts, a device forgets no exchange that is under way.

    Procedure: leave a message of a kept session unanswered until others have come.
    PUBREC for one at QoS 2 is then answered by PUBREL; one at QoS 1 comes again after
    the connection is broken.
    """
    link = kept_link(run)
    message = published(run, link, (2,) if claims(run, "QOS2") else (1, 2))
    number = message.packet_identifier or 0
    for _ in range(_GATHERED):
        link.next_publish(timeout_s=report_timeout_s(run))
    if message.qos == 2:
        link.send(Pubrec(number))
        _released(Matter(run, ["state-lost"]), link, number, "state-lost")
        link.send(Pubcomp(number))
        return
    link.abort()
    again = _come_again(run, broker(run).await_device(), [message])
    run.expect(
        again,
        "state-lost",
        expected=Text(f"重发标识符 {number} 的消息", f"the message {number} once more"),
        actual=SILENCE,
    )


@check("mqtt.starts_afresh", actor="device", hooks=("power_cycle",))
def starts_afresh(run: Run) -> None:
    """With Clean Session or Clean Start 1 a device uses nothing of an old session.

    Procedure: leave messages unanswered, have the device switched off and on; on a
    connection with Clean Session 1 (Clean Start 1) none of them may come with DUP 1,
    and no PUBREL of theirs.
    """
    link = broker(run).await_device()
    link.holds = True
    old = _gathered(run, link, (1, 2))
    link = switched_on_again(run)
    numbers = {m.packet_identifier for m in old}
    heard = link.until(
        lambda p: (
            (isinstance(p, Publish) and not p.dup)
            or _is_old(p, old)
            or (isinstance(p, Pubrel) and p.packet_identifier in numbers)
        ),
        report_timeout_s(run),
    )
    new = isinstance(heard, Publish) and not heard.dup
    run.require(
        heard is not None,
        "published",
        expected=Text("新的 PUBLISH", "a new PUBLISH"),
        actual=SILENCE,
    )
    run.expect(
        new or isinstance(heard, Gone),
        "old-state",
        expected=Text("不使用旧会话的状态", "nothing of the old session"),
        actual=describe(heard),
    )


def _is_old(packet: object, old: Sequence[Publish]) -> bool:
    return (
        isinstance(packet, Publish)
        and packet.dup
        and any(_same(packet, m) for m in old)
    )


def switched_on_again(run: Run, accept: Callable[[Link], None] | None = None) -> Link:
    """Return the connection that a device opens with Clean Start 1 after a restart.

    ``accept`` answers the CONNECT.  *Inconclusive* if it asks for an old session.
    """
    server = broker(run)
    run.observe("power_cycle")
    link = server.await_device(accept=False)
    run.require(
        link.connect.clean_session,
        "clean",
        expected=alike("Clean Session / Clean Start 1"),
        actual=alike("Clean Session / Clean Start 0"),
    )
    (accept or server.accept)(link)
    return link
