# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices that take commands: what is valid is done, the rest refused.

The suite plays the server and publishes to the command topic of the binding.  What a
command did is read back by the command that reads the settings, which is also the
probe that the device is still there.  A device may leave and come back at any time; a
command that fell into that gap is sent again on the next connection.

Source: the project's conventions (LH-MQU 1.0) in the profile sd-base-mqtt-uplink.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from conformance.data.formats import decode_json, encode_json
from conformance.data.reporting import each_time
from conformance.data.schema import json_schema, payload_judge
from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt import commands as made
from conformance.protocols.mqtt.bindings import Bound, Commands, bound, commands_of
from conformance.protocols.mqtt.broker import Link, broker, connect_timeout_s
from conformance.protocols.mqtt.client import Gone, answer_timeout_s
from conformance.protocols.mqtt.codec import Packet, Publish
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_TRIES = 4
_QOS_BITS = 3
_EXAMPLES_MAX = 40
_OF_DEFECT_MAX = 3
_DONE = Text("result 为 done 的应答", "a response with result done")
_REFUSED = Text("result 为 refused 的应答", "a response with result refused")


class _Line:
    """The suite's way to give commands to the device, over all its connections."""

    def __init__(self, run: Run) -> None:
        found = commands_of(run.profile, run.value)
        assert found is not None, "a profile with this check binds commands"
        self.run, self.commands = run, found
        self.offers = {
            name: offer
            for name, offer in found.offers.items()
            if run.answer(offer["ics"])
        }

    def link(self) -> Link:
        """Return a connection on which the device has subscribed to commands."""
        link = broker(self.run).await_device()
        if not _listens(link, self.commands):
            link.until(
                lambda _: _listens(link, self.commands), answer_timeout_s(self.run)
            )
        return link

    def give(self, octets: bytes, identifier: str, *, retain: bool = False) -> Any:
        """Publish a command and return the response to it; ``None`` for silence."""
        for _ in range(_TRIES):
            link = self.link()
            self.run.require(
                _listens(link, self.commands),
                "subscribed",
                expected=alike(f"SUBSCRIBE {self.commands.topic}"),
                actual=SILENCE,
            )
            with suppress(LinkError):
                link.send(self._packet(link, octets, retain))
                heard = link.until(
                    lambda p: self._answers(p, identifier), answer_timeout_s(self.run)
                )
                if isinstance(heard, Publish):
                    return decode_json(heard.payload)[0]
                if not isinstance(heard, Gone) and link.is_open:
                    return None
        return None

    def say(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """Give a valid command; return the response."""
        identifier = self.run.unique("c")
        body = made.command(name, arguments, identifier)
        return self.give(encode_json(body), identifier)

    def settings(self) -> Any:
        """Return what the device says of its settings; ``None`` where it does not."""
        name = next(n for n, o in self.offers.items() if _kind(o) == "read")
        answer = self.say(name, {})
        return answer.get("settings") if isinstance(answer, dict) else None

    def _packet(self, link: Link, octets: bytes, retain: bool) -> Publish:
        qos = min(
            self.commands.qos, link.subscriptions[self.commands.topic] & _QOS_BITS
        )
        identifier = link.session.identifier() if qos else None
        name = self.commands.topic
        return Publish(
            name, octets, qos=qos, packet_identifier=identifier, retain=retain
        )

    def _answers(self, packet: Packet, identifier: str) -> bool:
        """Say whether a packet is the response to the command of an identifier."""
        if not isinstance(packet, Publish) or packet.dup:
            return False
        if packet.topic_name != self.commands.response_topic:
            return False
        value, _ = decode_json(packet.payload)
        return isinstance(value, dict) and value.get("id") == identifier


def _listens(link: Link, commands: Commands) -> bool:
    return commands.topic in link.subscriptions


def _kind(offer: Mapping[str, Any]) -> str:
    return str(offer.get("kind", "read"))


def _told(answer: Any) -> Text:
    if answer is None:
        return SILENCE
    return alike(encode_json(answer).decode()[:120])


def _result(answer: Any) -> Any:
    return answer.get("result") if isinstance(answer, dict) else None


def _start(run: Run) -> tuple[_Line, dict[str, Any]]:
    """Return the line and the settings of a device that is ready for commands."""
    line = _Line(run)
    before = line.settings()
    run.require(
        isinstance(before, dict),
        "settings",
        expected=Text("含 settings 的应答", "a response with settings"),
        actual=_told(before),
    )
    return line, before


def _restore(line: _Line, before: Mapping[str, Any]) -> None:
    """Give every setting the value that it had."""
    for name, offer in line.offers.items():
        arguments = offer.get("arguments", {})
        if _kind(offer) == "set" and arguments.keys() <= before.keys():
            line.say(name, {key: before[key] for key in arguments})


@check("mqtt.subscribes_to_commands", actor="device")
def subscribes_to_commands(run: Run) -> None:
    """The device subscribes to its command topic, at the QoS that is bound or above.

    Procedure: wait for the device; what its session has subscribed to counts as well.
    """
    line = _Line(run)
    link = broker(run).await_device()
    if not _listens(link, line.commands):
        link.until(lambda _: _listens(link, line.commands), connect_timeout_s(run))
    asked = link.subscriptions.get(line.commands.topic)
    due = alike(f"SUBSCRIBE {line.commands.topic}, QoS {line.commands.qos}")
    run.expect(
        asked is not None and asked & _QOS_BITS >= line.commands.qos,
        "not-subscribed" if asked is None else "other-qos",
        expected=due,
        actual=SILENCE if asked is None else alike(f"QoS {asked & _QOS_BITS}"),
    )


@check("mqtt.obeys_commands", actor="device")
def obeys_commands(run: Run) -> None:
    """Valid commands are done: what was set is read back.

    Procedure: read the settings; give generated commands with arguments within their
    limits, the limits themselves among them; each must be answered with done and be
    seen in the settings.  At the end the device gets its old settings back.
    """
    line, before = _start(run)

    def body(example: Any) -> None:
        name, arguments = example
        answer = line.say(name, arguments)
        run.expect(
            _result(answer) == "done", "not-done", expected=_DONE, actual=_told(answer)
        )
        now = line.settings()
        kept = isinstance(now, dict) and arguments.items() <= now.items()
        run.expect(kept, "not-obeyed", expected=_told(arguments), actual=_told(now))

    try:
        run.for_all(lambda: made.valid(line.offers), body, examples=_EXAMPLES_MAX)
    finally:
        with suppress(LinkError):
            _restore(line, before)


@check("mqtt.refuses_commands", actor="device")
def refuses_commands(run: Run) -> None:
    """Invalid commands are refused without effect, and the device stays alive.

    Procedure: read the settings; for each kind of defect give generated commands that
    have it and are valid otherwise; one that still names itself must be answered with
    refused, any other may be left unanswered.  After each the settings are read: as
    before, by a device that answers.
    """
    line, before = _start(run)

    def body(example: Any) -> None:
        identifier = run.unique("c")
        octets = made.damaged(line.offers, example, identifier)
        if made.names_sender(example[2]):
            answer = line.give(octets, identifier)
            key = "unanswered" if answer is None else "accepted"
            refused = _result(answer) == "refused"
            run.expect(refused, key, expected=_REFUSED, actual=_told(answer))
        else:
            link = line.link()
            with suppress(LinkError):
                link.send(line._packet(link, octets, False))
        _unchanged(run, line, before, "took-effect")

    try:
        for defect in run.each(sorted(made.DEFECTS)):
            strategy = partial(made.invalid, line.offers, defect)
            run.for_all(strategy, body, examples=_OF_DEFECT_MAX)
    finally:
        with suppress(LinkError):
            _restore(line, before)


def _unchanged(run: Run, line: _Line, before: Mapping[str, Any], key: str) -> None:
    """Expect a device that answers, and with the settings that it had."""
    now = line.settings()
    alive = Text("设备仍应答命令", "a device that still answers")
    run.expect(now is not None, "dead", expected=alive, actual=SILENCE)
    run.expect(now == before, key, expected=_told(before), actual=_told(now))


@check("mqtt.ignores_retained_commands", actor="device")
def ignores_retained_commands(run: Run) -> None:
    """A command that comes as a retained message is not carried out.

    Procedure: read the settings; publish with RETAIN a command that would change one;
    it may be refused or left alone, and the settings must be as before.
    """
    line, before = _start(run)
    for name, offer in sorted(line.offers.items()):
        if _kind(offer) != "set":
            continue
        limits = offer["arguments"]
        other = {
            key: of["min"] if before.get(key) != of["min"] else of["max"]
            for key, of in limits.items()
        }
        link, body = line.link(), made.command(name, other, run.unique("c"))
        link.send(line._packet(link, encode_json(body), True))
        try:
            _unchanged(run, line, before, "retained-obeyed")
        finally:
            with suppress(LinkError):
                _restore(line, before)


@check("mqtt.reads_on_command", actor="device")
def reads_on_command(run: Run) -> None:
    """The command to measure now is answered with a reading as the profile has it.

    Procedure: read the settings, then give the command; the response must be done and
    hold the object ``reading``, with every element that is due, each within its range.
    """
    line, _ = _start(run)
    name = next((n for n, o in line.offers.items() if _kind(o) == "report"), None)
    run.require(name, "offered", expected=alike("report"), actual=alike("—"))
    assert name is not None
    answer = line.say(name, {})
    run.expect(
        _result(answer) == "done", "not-done", expected=_DONE, actual=_told(answer)
    )
    found = answer.get("reading")
    wanted = Text("对象 reading", "the object reading")
    is_object = isinstance(found, dict)
    run.expect(is_object, "no-reading", expected=wanted, actual=_told(answer))
    judge = payload_judge(
        json_schema(each_time(run.profile.elements), run.answers, binding=_names(run)),
        run.profile.elements,
        binding=_names(run),
        keeps_zeros=False,
    )
    defects = judge(encode_json(found))
    first = defects[0] if defects else None
    run.expect(
        first is None,
        first.key if first else "conforms",
        expected=first.expected if first else wanted,
        actual=first.actual if first else wanted,
    )


def _names(run: Run) -> str:
    """Return the binding by whose names a reading is written."""
    every: tuple[Bound, ...] = bound(run.profile, {})
    return next((one.names for one in every), "")
