# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices that subscribe: every message is answered, and taken once.

The suite plays the server and publishes to a filter that the device has subscribed to.
What the device answers shows on the wire; what its application gets shows only where
the declaration offers the hook ``received_messages``, and is then judged as well.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.3.4, 4.2, 4.3 and 4.5 of both; 1.5.3, 1.5.4 and 3.3.2.3.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import Link, broker, connect_timeout_s
from conformance.protocols.mqtt.client import (
    Heard,
    answer_timeout_s,
    describe,
)
from conformance.protocols.mqtt.codec import (
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    properties,
    properties_raw,
    publish_raw,
    value_of,
)
from conformance.protocols.mqtt.flows import JUDGES, Matter
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__ = ["granted", "subscribed"]

_HOOK = "received_messages"
_FAILURE = 0x80
_QOS_BITS = 3
_POLL_S = 0.2
_EXPIRY_S = 1
_ALIASES_TRIED = 20
_SHARE = "$share/"


def subscribed(run: Run, link: Link, qos: int = 1, *, deep: bool = False) -> str:
    """Return a topic name that the device gets messages on, at this QoS.

    ``deep`` wants a filter that ends in ``#``, and the name without it.
    *Inconclusive* where the device has no such subscription.
    """

    def wanted() -> str | None:
        found = (
            f
            for f, asked in link.subscriptions.items()
            if asked & _QOS_BITS >= qos and f.endswith("#") == deep
        )
        return next(found, None)

    if wanted() is None:
        link.until(lambda _: wanted() is not None, connect_timeout_s(run))
    found = wanted()
    run.require(
        found,
        "subscribed",
        expected=Text(
            f"QoS {qos} 或以上的订阅", f"a subscription at QoS {qos} or more"
        ),
        actual=SILENCE,
    )
    assert found is not None
    if found.startswith(_SHARE):
        found = found.split("/", 2)[2]
    return found.removesuffix("#").replace("+", "luheng")


def granted(run: Run, qos: int) -> tuple[Link, str]:
    """Return a connection and the topic of a subscription on it."""
    link = broker(run).await_device()
    return link, subscribed(run, link, qos)


class _Exchange:
    """One message to the device after another, each step told and judged."""

    def __init__(self, run: Run, judges: Sequence[str], qos: int) -> None:
        self.run = run
        self.matter = Matter(run, judges)
        self.link, self.topic = granted(run, qos)
        self.qos = qos
        self.number = self.link.session.identifier()

    def publish(
        self, payload: str, *, dup: bool = False, more: Properties = ()
    ) -> None:
        message = Publish(
            self.topic,
            payload.encode(),
            qos=self.qos,
            dup=dup,
            packet_identifier=self.number,
            properties=more,
        )
        self.link.send_raw(self.link.octets(message))

    def release(self) -> None:
        self.link.send_raw(self.link.octets(Pubrel(self.number)))

    def answered(self, kind: type[Any], key: str) -> Any:
        """Expect the answer; ``key`` names the expectation."""
        heard = self.link.answer_for(kind, self.number)
        self.matter.judge(
            isinstance(heard, kind),
            key,
            expected=alike(f"{kind.__name__.upper()} {self.number}"),
            actual=describe(heard),
        )
        return heard

    def delivered(self, payload: str, times: int, key: str) -> None:
        """Expect the application to have a message so many times, if it can be seen."""
        if not self.run.has_hook(_HOOK):
            return
        found = times_received(self.run, payload, times)
        self.matter.judge(
            found == times,
            key,
            expected=Text(f"应用程序收到 {times} 次", f"{times} at the application"),
            actual=Text(f"收到 {found} 次", f"{found}"),
        )


def times_received(run: Run, payload: str, times: int) -> int:
    """Return how often a message has come to the application, once it had time to."""
    found = topics_received(run, payload)
    deadline_ns = run.now_ns + int(answer_timeout_s(run) * 10**9)
    while len(found) < times and run.now_ns < deadline_ns:
        run.wait(_POLL_S)
        found = topics_received(run, payload)
    return len(found)


def topics_received(run: Run, payload: str) -> list[str]:
    """Return under which names messages of a payload came to the application."""
    answer = run.observe("received_messages", payload=payload)
    run.require(
        isinstance(answer, list) and all(isinstance(t, str) for t in answer),
        "hook-answer",
        expected=Text("主题名数组", "a list of topic names"),
        actual=alike(str(answer)[:80]),
    )
    return list(answer)


@check("mqtt.takes_at_qos_1", actor="device", params=JUDGES, hooks=(_HOOK,))
def takes_at_qos_1(run: Run, *, judges: Sequence[str]) -> None:
    """A device answers QoS 1 messages; a reused identifier is a new message.

    Procedure: PUBLISH, read PUBACK; another message under the same identifier with
    DUP 1, read PUBACK.  Where the hook shows it, the application has both.
    """
    exchange = _Exchange(run, judges, 1)
    one, two = run.unique("one"), run.unique("two")
    exchange.publish(one)
    exchange.answered(Puback, "not-answered")
    exchange.publish(two, dup=True)
    exchange.answered(Puback, "second-not-answered")
    exchange.delivered(one, 1, "not-taken")
    exchange.delivered(two, 1, "second-not-taken")


@check("mqtt.takes_at_qos_2", actor="device", params=JUDGES, hooks=(_HOOK,))
def takes_at_qos_2(run: Run, *, judges: Sequence[str]) -> None:
    """A device takes part in QoS 2 exchanges to their end and takes a message once.

    Procedure: PUBLISH, read PUBREC; the same with DUP 1, read PUBREC; PUBREL, read
    PUBCOMP; another message under the same identifier, read PUBREC, PUBREL, PUBCOMP.
    Where the hook shows it, the application has each message once.
    """
    exchange = _Exchange(run, judges, 2)
    one, two = run.unique("one"), run.unique("two")
    exchange.publish(one)
    first = exchange.answered(Pubrec, "not-answered")
    run.require(
        not isinstance(first, Pubrec) or first.reason_code < _FAILURE,
        "taken",
        expected=Text("接受该消息", "the message is taken"),
        actual=describe(first),
    )
    exchange.publish(one, dup=True)
    exchange.answered(Pubrec, "repeat-not-answered")
    exchange.release()
    exchange.answered(Pubcomp, "no-pubcomp")
    exchange.publish(two)
    exchange.answered(Pubrec, "second-not-answered")
    exchange.release()
    exchange.answered(Pubcomp, "second-not-ended")
    exchange.delivered(one, 1, "not-once")
    exchange.delivered(two, 1, "second-not-taken")


@check("mqtt.refused_identifier_is_new", actor="device", hooks=(_HOOK,))
def refused_identifier_is_new(run: Run) -> None:
    """After a PUBREC that refuses, the identifier means a new message.

    Procedure: publish at QoS 2, with a Payload Format Indicator that the payload
    belies, so that a device may refuse it by PUBREC; if it does, another message
    under the same identifier is answered by PUBREC as a new one.
    """
    exchange = _Exchange(run, ["not-new"], 2)
    told = properties(payload_format_indicator=1)
    link, number = exchange.link, exchange.number
    link.send_raw(
        publish_raw(
            exchange.topic,
            b"\xff",
            qos=2,
            packet_identifier=number,
            properties=properties_raw(told),
        )
    )
    heard = link.answer_for(Pubrec, number)
    run.require(
        isinstance(heard, Pubrec) and heard.reason_code >= _FAILURE,
        "refused",
        expected=Text("拒绝消息的 PUBREC", "a PUBREC that refuses"),
        actual=describe(heard),
    )
    new = run.unique("new")
    exchange.publish(new)
    exchange.answered(Pubrec, "not-new")
    exchange.release()
    link.answer_for(Pubcomp, number)
    exchange.delivered(new, 1, "not-new")


@check("mqtt.ends_though_expired", actor="device")
def ends_though_expired(run: Run) -> None:
    """A QoS 2 exchange goes on to its end although the message has expired.

    Procedure: publish at QoS 2 with a Message Expiry Interval of one second, read
    PUBREC; after two seconds PUBREL is answered by PUBCOMP.
    """
    exchange = _Exchange(run, ["no-pubcomp"], 2)
    more = properties(message_expiry_interval=_EXPIRY_S)
    exchange.publish(run.unique("short"), more=more)
    exchange.answered(Pubrec, "not-answered")
    run.wait(_EXPIRY_S + 1)
    exchange.release()
    exchange.answered(Pubcomp, "no-pubcomp")


@check("mqtt.hears_any_segments", actor="device")
def hears_any_segments(run: Run) -> None:
    """A device reads packets out of a stream, however it is cut.

    Procedure: a QoS 1 PUBLISH octet by octet, then two in one piece: each is answered
    by its PUBACK, in order.
    """
    link, name = granted(run, 1)
    numbers = [link.session.identifier()]
    for _ in range(2):
        numbers.append(numbers[-1] % 65535 + 1)
    made = [
        link.octets(Publish(name, b"stream", qos=1, packet_identifier=number))
        for number in numbers
    ]
    for octet in made[0]:
        link.send_raw(bytes((octet,)))
    _in_turn(run, link, numbers[:1])
    link.send_raw(made[1] + made[2])
    _in_turn(run, link, numbers[1:])


def _in_turn(run: Run, link: Link, numbers: Sequence[int]) -> None:
    for number in numbers:
        heard: Heard = link.until(lambda p: isinstance(p, Puback))
        run.expect(
            isinstance(heard, Puback) and heard.packet_identifier == number,
            "stream-misread",
            expected=alike(f"PUBACK {number}"),
            actual=describe(heard),
        )


@check("mqtt.keeps_feff", actor="device", hooks=(_HOOK,))
def keeps_feff(run: Run) -> None:
    """A device neither skips nor strips the octets EF BB BF in a string.

    Procedure: publish to a subscription that ends in #, under names with U+FEFF at the
    beginning of a level and at the end; the hook tells the names as they came.
    """
    link = broker(run).await_device()
    base = subscribed(run, link, 1, deep=True)
    for level in run.each(("\ufefffront", "end\ufeff"), name=ascii):
        payload = run.unique("feff")
        heard = link.publish(base + level, payload.encode(), qos=1)
        run.require(
            isinstance(heard, Puback),
            "answered",
            expected=alike("PUBACK"),
            actual=describe(heard),
        )
        times_received(run, payload, 1)
        names = topics_received(run, payload)
        run.require(
            names,
            "taken",
            expected=Text("应用程序收到消息", "the message at the application"),
            actual=SILENCE,
        )
        run.expect(
            names[0] == base + level,
            "stripped",
            expected=alike(ascii(base + level)),
            actual=alike(ascii(names[0])),
        )


@check("mqtt.takes_aliases", actor="device", hooks=(_HOOK,))
def takes_aliases(run: Run) -> None:
    """A device accepts every topic alias up to the maximum that it announced.

    Procedure: for each alias from 1 to the maximum (of many, the first and the last)
    a QoS 1 PUBLISH with name and alias, then one with the alias alone: both are
    answered by PUBACK without failure, and the hook, where there is one, tells the
    name for both.
    """
    link, name = granted(run, 1)
    most = value_of(link.connect.properties, "topic_alias_maximum") or 0
    run.require(
        most,
        "aliases",
        expected=alike("Topic Alias Maximum > 0"),
        actual=alike(str(most)),
    )
    tried = sorted({*range(1, min(most, _ALIASES_TRIED) + 1), most})
    for alias in run.each(tried):
        more = properties(topic_alias=alias)
        for told in (name, ""):
            payload = run.unique("alias")
            heard = link.publish(told, payload.encode(), qos=1, properties=more)
            run.expect(
                isinstance(heard, Puback) and heard.reason_code < _FAILURE,
                "alias-refused",
                expected=Text(f"接受主题别名 {alias}", f"alias {alias} is taken"),
                actual=describe(heard),
            )
            if run.has_hook(_HOOK):
                times_received(run, payload, 1)
                run.expect(
                    topics_received(run, payload) == [name],
                    "alias-misread",
                    expected=alike(name),
                    actual=alike(str(topics_received(run, payload))),
                )


@check("mqtt.aliases_end", actor="device", hooks=(_HOOK,))
def aliases_end(run: Run) -> None:
    """A topic alias of one connection means nothing on the next.

    Procedure: set an alias, break the connection.  On the next one a message with that
    alias alone is a protocol error: the device may refuse it or close, but not take it
    for one on the old topic.  Without the hook ``received_messages`` a PUBACK is held
    against it only if an alias never set is not acknowledged.
    """
    link, name = granted(run, 1)
    most = value_of(link.connect.properties, "topic_alias_maximum") or 0
    run.require(
        most,
        "aliases",
        expected=alike("Topic Alias Maximum > 0"),
        actual=alike(str(most)),
    )
    heard = link.publish(name, b"set", qos=1, properties=properties(topic_alias=1))
    run.require(
        isinstance(heard, Puback),
        "answered",
        expected=alike("PUBACK"),
        actual=describe(heard),
    )
    link.abort()
    old, taken = _alias_alone(run, 1)
    if taken and run.has_hook(_HOOK):
        run.expect(
            name not in topics_received(run, old),
            "alias-carried",
            expected=Text("别名不再有效", "the alias means nothing any more"),
            actual=alike(name),
        )
    elif taken:
        run.require(
            most > 1 and not _alias_alone(run, most)[1],
            "tells-apart",
            expected=Text("拒绝从未设置的别名", "an alias never set is refused"),
            actual=Text("未知别名也被确认", "it is acknowledged too"),
        )
        run.expect(
            False,
            "alias-carried",
            expected=Text("别名不再有效", "the alias means nothing any more"),
            actual=alike("PUBACK"),
        )


def _alias_alone(run: Run, alias: int) -> tuple[str, bool]:
    """Send a message with an alias alone on a new connection; say if it is taken."""
    server = broker(run)
    server.part()
    link, payload = server.await_device(), run.unique("old")
    subscribed(run, link, 1)
    heard = link.publish(
        "", payload.encode(), qos=1, properties=properties(topic_alias=alias)
    )
    link.is_plain = False  # whatever comes next goes over another connection
    taken = isinstance(heard, Puback) and heard.reason_code < _FAILURE
    if taken and run.has_hook(_HOOK):
        times_received(run, payload, 1)  # gives the application its time
    return payload, taken
