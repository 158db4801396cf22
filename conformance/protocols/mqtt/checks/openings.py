# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers: which CONNECTs are accepted, and how the others end.

A CONNECT that must be refused goes over a connection of its own, while a client of the
suite's was served a moment before and another is served afterwards, so that a crash is
no refusal.  A refusal is a CONNACK that says so or a bare close; which of them the text
wants is said where it says it.  These checks run alone where they may bring a server
down.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.1 and 3.2; MQTT Version 5.0
(OASIS, 2019-03-07), clauses 3.1, 3.2 and 4.12.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import strategies
from conformance.protocols.mqtt.checks.delivery import (
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    Client,
    connect,
    connect_packet,
    describe,
    is_alive,
    qos_max,
    survives,
    topic,
    value,
    version_of,
)
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Publish,
    connect_raw,
    encode,
    properties,
    replace,
    value_of,
)
from conformance.protocols.mqtt.openings import WRONG, Opening, knock
from conformance.protocols.mqtt.words import (
    ACCEPTED,
    CLOSED,
    REFUSED,
    SILENCE,
    alike,
    count_of,
)
from conformance.text import Text

__all__: list[str] = []

_REFUSAL = Text("拒绝连接并关闭", "a refusal and a close")
_LEVEL_UNACCEPTABLE, _IDENTIFIER_REJECTED = 1, 2
"""Return codes of 3.1.1 (3.2.2.3)."""


def _refused(run: Run, opening: Opening) -> None:
    """Expect that a connection was neither accepted nor left open."""
    opening.client.close()
    run.expect(opening.code != 0, "accepted", expected=_REFUSAL, actual=opening.told)
    run.expect(opening.ending, "still-open", expected=_REFUSAL, actual=opening.told)


@check(
    "mqtt.refuses_connect",
    actor="platform",
    params={
        "packets": {
            "type": "array",
            "minItems": 1,
            "items": {"enum": sorted(WRONG)},
        },
    },
    exclusive=True,
)
def refuses_connect(run: Run, *, packets: Sequence[str]) -> None:
    """A CONNECT of a wrong format ends in a close.

    Procedure: connect (must be accepted); send each wrong CONNECT on a connection of
    its own, read until the server closes, connect once more.
    """
    run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
    for name in run.each(packets):
        opening = knock(run, WRONG[name].make(connect_packet(run)))
        _refused(run, opening)
        if opening.code is not None and version_of(run) == 4:
            run.remark(
                Text(
                    "关闭前发送了 CONNACK；标准要求不发送",
                    "a CONNACK came before the close; the text wants none",
                )
            )
        run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


@check(
    "mqtt.refuses_protocol_level",
    actor="platform",
    params={
        "levels": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
    },
    exclusive=True,
)
def refuses_protocol_level(run: Run, *, levels: Sequence[int]) -> None:
    """An unsupported protocol level is refused with a close, in 3.1.1 after code 1.

    Procedure: connect (must be accepted); for each level send a CONNECT with it, read
    until the server closes, connect once more.  In 3.1.1 a close without CONNACK is let
    pass with a remark: the rules for ill-formed CONNECTs can be read that way.
    """
    run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
    for level in run.each(levels):
        opening = knock(run, connect_raw(connect_packet(run), protocol_level=level))
        opening.client.close()
        if version_of(run) == 4:
            _code(run, opening, _LEVEL_UNACCEPTABLE, "return-code")
        run.expect(
            opening.code != 0, "accepted", expected=_REFUSAL, actual=opening.told
        )
        run.expect(opening.ending, "still-open", expected=CLOSED, actual=opening.told)
        run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


@check("mqtt.refuses_protocol_name", actor="platform", exclusive=True)
def refuses_protocol_name(run: Run) -> None:
    """A CONNECT of a protocol that nobody knows is not served.

    Procedure: send a CONNECT with the protocol name LUHE; it must not be accepted,
    and in 5.0 the connection must end; connect once more.
    """
    run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
    packet = connect_packet(run)
    opening = knock(run, connect_raw(packet, protocol_name="LUHE"))
    if version_of(run) == 5:
        _refused(run, opening)
    opening.client.close()
    run.expect(opening.code != 0, "accepted", expected=_REFUSAL, actual=opening.told)
    run.expect(survives(run), "dead", expected=ACCEPTED, actual=REFUSED)


@check("mqtt.identifiers_allowed", actor="platform")
def identifiers_allowed(run: Run) -> None:
    """Identifiers of 1 to 23 digits and letters are accepted.

    Procedure: connect under the longest ones of each kind, then under generated ones.
    A connection that somebody else has under a short one is taken over by this.
    """

    def body(identifier: str) -> None:
        packet = connect_packet(run, client_identifier=identifier)
        opening = knock(run, encode(packet, version_of(run)))
        opening.client.leave()
        run.expect(opening.code == 0, "refused", expected=ACCEPTED, actual=opening.told)

    tail = run.unique()[-13:]
    known = {
        "digits": "0123456789" + tail,
        "capitals": "ABCDEFGHIJ" + tail,
        "small letters": "qrstuvwxyz" + tail,
        "one": run.random.choice("0123456789abcdefghijklmnopqrstuvwxyz"),
    }
    for name in run.each(known):
        body(known[name])
    run.for_all(strategies.identifiers, body)


@check("mqtt.identifier_assigned", actor="platform")
def identifier_assigned(run: Run) -> None:
    """Clients without an identifier each get one that nobody else has.

    Procedure: two clients connect with an empty identifier and both are served at the
    same time; in 5.0 the CONNACKs name the identifiers, which must differ, and a third
    connection under the first of them ends the first connection.
    """
    clients = [connect(run, client_identifier="") for _ in range(2)]
    alive = all(client.ping() for client in clients)
    names = [
        value_of(c.connack.properties, "assigned_client_identifier") for c in clients
    ]
    told = alike(", ".join(f"{name}" for name in names))
    run.expect(
        alive,
        "not-unique",
        expected=Text("两个客户端同时在线", "both clients are served"),
        actual=Text("其中一个被断开", "one of them was disconnected"),
    )
    if version_of(run) == 5:
        expected = alike("Assigned Client Identifier")
        run.expect(all(names), "not-assigned", expected=expected, actual=told)
        run.expect(names[0] != names[1], "same-name", expected=expected, actual=told)
        third = connect(run, client_identifier=names[0])
        run.expect(
            clients[0].end(),
            "not-as-provided",
            expected=Text("原连接被接管", "the connection is taken over"),
            actual=describe(clients[0].gone),
        )
        third.leave()
    for client in clients:
        client.leave()


@check("mqtt.refuses_identifier", actor="platform", exclusive=True)
def refuses_identifier(run: Run) -> None:
    """A rejected identifier ends in a close; in 3.1.1 with return code 2.

    Procedure: connect under identifiers that a server may reject: none for a session
    that is to be kept, a long one, one with a blank and others beyond ASCII, and one
    that is not UTF-8.  Each is either accepted or refused as prescribed; that not one
    is refused says nothing.
    """
    run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
    plain = connect_packet(run)
    kept = replace(plain, clean_session=False)
    asked = {
        "empty": replace(kept, client_identifier=""),
        "long": replace(plain, client_identifier=run.unique("long") + "x" * 500),
        "beyond ASCII": replace(plain, client_identifier=run.unique("站 ")),
        "not UTF-8": replace(plain, client_identifier="lh\udcff"),
    }
    count = 0
    for name in run.each(asked):
        opening = knock(run, connect_raw(asked[name]))
        opening.client.leave()
        if opening.code == 0:
            continue
        count += 1
        if version_of(run) == 4 and name != "not UTF-8":
            _code(run, opening, _IDENTIFIER_REJECTED, "other-code")
        run.expect(opening.ending, "still-open", expected=_REFUSAL, actual=opening.told)
    run.require(
        count,
        "refused",
        expected=Text("至少拒绝一个标识符", "at least one identifier refused"),
        actual=count_of(0),
    )


@check("mqtt.refuses_nameless_session", actor="platform")
def refuses_nameless_session(run: Run) -> None:
    """An empty identifier with Clean Session 0 gets return code 2 and a close.

    Procedure: send that CONNECT.  A close without CONNACK is let pass with a remark:
    the rules for ill-formed CONNECTs can be read that way.
    """
    packet = connect_packet(run, client_identifier="", clean_session=False)
    opening = knock(run, connect_raw(packet))
    opening.client.close()
    run.expect(opening.code != 0, "accepted", expected=_REFUSAL, actual=opening.told)
    _code(run, opening, _IDENTIFIER_REJECTED, "other-code")
    run.expect(opening.ending, "still-open", expected=CLOSED, actual=opening.told)


def _code(run: Run, opening: Opening, due: int, key: str) -> None:
    """Expect a return code of 3.1.1; remark on a close without one."""
    if opening.code is None:
        run.remark(
            Text(
                "服务端未发送 CONNACK 即关闭连接",
                "the server closed without a CONNACK",
            )
        )
        return
    run.expect(
        opening.code == due,
        key,
        expected=Text(f"CONNACK，返回码 {due}", f"CONNACK, return code {due}"),
        actual=opening.told,
    )


@check("mqtt.nothing_after_refusal", actor="platform", exclusive=True)
def nothing_after_refusal(run: Run) -> None:
    """What a client sends behind a CONNECT that is refused is not processed.

    Procedure: send, at once, a CONNECT of a protocol level that does not exist and a
    PUBLISH; a subscriber reads up to a message published afterwards.
    """
    name = topic(run, "behind-refusal")
    subscriber, publisher = connect(run), connect(run)
    subscribe_or_stop(run, subscriber, (name, 0))
    version = version_of(run)
    packet = connect_raw(connect_packet(run), protocol_level=127)
    opening = knock(run, packet + encode(Publish(name, b"smuggled"), version))
    opening.client.close()
    run.require(opening.code != 0, "refused", expected=_REFUSAL, actual=opening.told)
    publish_or_stop(run, publisher, name, b"fence")
    messages, reached = subscriber.messages_until(lambda m: m.payload == b"fence")
    subscriber.leave()
    publisher.leave()
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    count = sum(m.payload == b"smuggled" for m in messages)
    run.expect(not count, "processed", expected=count_of(0), actual=count_of(count))


@check("mqtt.refuses_credentials", actor="platform")
def refuses_credentials(run: Run) -> None:
    """A client that cannot prove who it is gets a close.

    Procedure: connect with the declared credentials (must be accepted); connect with a
    wrong password, and with neither user name nor password.
    """
    run.require(is_alive(run), "alive", expected=ACCEPTED, actual=REFUSED)
    name = value(run, "username")
    cases: Mapping[str, Mapping[str, Any]] = {
        "wrong password": {"user_name": name, "password": b"luheng wrong"},
        "no credentials": {"user_name": None, "password": None},
    }
    for case in run.each(cases):
        packet = connect_packet(run, **cases[case])
        _refused(run, knock(run, encode(packet, version_of(run))))


@check(
    "mqtt.refuses_will",
    actor="platform",
    params={
        "excess": {"enum": ["qos", "retain"]},
        "code": {"type": "integer", "minimum": 0, "maximum": 255},
    },
)
def refuses_will(run: Run, *, excess: str, code: int) -> None:
    """A will beyond what the server supports is refused, with a close.

    Procedure: connect with a will whose QoS is above the highest that is declared, or
    that is to be retained where no messages are.  A ``code`` other than 0 is the one
    that the CONNACK must carry.
    """
    fields: dict[str, Any] = {"will_qos": qos_max(run) + 1}
    if excess == "retain":
        fields = {"will_retain": True}
    name = topic(run, f"will-{excess}")
    packet: Connect = connect_packet(run, will_topic=name, will_message=b"x", **fields)
    opening = knock(run, encode(packet, version_of(run)))
    if not code:
        _refused(run, opening)
        return
    opening.client.close()
    run.require(opening.code != 0, "refused", expected=_REFUSAL, actual=opening.told)
    run.expect(
        opening.code == code,
        "other-code",
        expected=alike(f"CONNACK 0x{code:02x}"),
        actual=opening.told,
    )


@check("mqtt.refuses_method", actor="platform")
def refuses_method(run: Run) -> None:
    """An authentication method that a server does not support ends in a close."""
    found = properties(
        authentication_method=f"LUHENG-{run.unique()}", authentication_data=b"x"
    )
    packet = connect_packet(run, properties=found)
    _refused(run, knock(run, encode(packet, version_of(run))))


@check("mqtt.subscribes_at_any_qos", actor="platform")
def subscribes_at_any_qos(run: Run) -> None:
    """A server of a limited QoS takes subscriptions that ask for more.

    Procedure: subscribe to three topics at QoS 0, 1 and 2; each code must grant it.
    """
    client: Client = connect(run)
    base = topic(run, "any-qos")
    heard = client.subscribe(*((f"{base}/{qos}", qos) for qos in range(3)))
    client.leave()
    codes = getattr(heard, "return_codes", ())
    run.require(
        not isinstance(heard, Connack) and len(codes) == 3,
        "answered",
        expected=alike("SUBACK"),
        actual=describe(heard),
    )
    run.expect(
        max(codes) < 0x80,
        "refused",
        expected=Text("各过滤器均被接受", "every filter is granted"),
        actual=describe(heard),
    )
