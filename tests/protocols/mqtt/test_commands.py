# SPDX-License-Identifier: Apache-2.0
"""A device that keeps the conventions obeys valid commands and refuses the rest."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.data.formats import encode_json
from conformance.protocols.mqtt import commands
from conformance.protocols.mqtt.bindings import Commands, Status
from conformance.protocols.mqtt.device.uplink import Uplink

OFFERS: commands.Offers = {
    "read_settings": {"ics": "A", "kind": "read"},
    "set_interval": {
        "ics": "B",
        "kind": "set",
        "arguments": {"interval": {"min": 1, "max": 3600}},
    },
    "read_now": {"ics": "C", "kind": "report"},
}
BOUND = Commands("t/command", "t/response", 1, OFFERS)
STATUS = Status("t/status", "online", "offline", 1)


def device(*lacks: str) -> Uplink:
    return Uplink(STATUS, BOUND, lambda: b'{"ph":7.10}', lacks=frozenset(lacks))


def answer(uplink: Uplink, octets: bytes, *, retain: bool = False) -> Any:
    found = uplink.take(BOUND.topic, octets, retain)
    if not found:
        return None
    (message,) = found
    assert (message.topic, message.qos, message.retain) == ("t/response", 1, False)
    return json.loads(message.payload)


@given(commands.valid(OFFERS))
def test_valid_commands_are_done_and_read_back(example: Any) -> None:
    uplink = device()
    name, arguments = example
    octets = encode_json(commands.command(name, arguments, "c1"))
    assert answer(uplink, octets) == {"id": "c1", "result": "done"}
    read = encode_json(commands.command("read_settings", {}, "c2"))
    assert answer(uplink, read)["settings"] == arguments


@settings(deadline=None)
@given(st.sampled_from(sorted(commands.DEFECTS)), st.data())
def test_each_defect_is_refused_or_not_answered(defect: str, data: Any) -> None:
    uplink = device()
    before = dict(uplink.settings)
    example = data.draw(commands.invalid(OFFERS, defect))
    octets = commands.damaged(OFFERS, example, "c1")
    found = answer(uplink, octets)
    if commands.names_sender(defect):
        assert (found["id"], found["result"]) == ("c1", "refused")
    else:
        assert found is None
    assert uplink.settings == before


def test_a_retained_command_is_left_alone() -> None:
    octets = encode_json(commands.command("set_interval", {"interval": 9}, "c1"))
    uplink = device()
    assert answer(uplink, octets, retain=True) is None
    assert uplink.settings == {"interval": 300}


def test_a_reading_comes_with_the_answer() -> None:
    octets = encode_json(commands.command("read_now", {}, "c1"))
    assert answer(device(), octets)["reading"] == {"ph": 7.1}


def test_status_is_retained_and_the_will_says_the_same() -> None:
    uplink = device()
    assert uplink.birth is not None
    assert (uplink.birth.payload, uplink.birth.retain) == (b"online", True)
    assert uplink.will == uplink.farewell
