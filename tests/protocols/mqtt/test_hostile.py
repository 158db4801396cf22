# SPDX-License-Identifier: Apache-2.0
"""Each packet that must end a connection breaks one rule, and the codec says which."""

from __future__ import annotations

import pytest

from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.codec import Connect, Version, decode
from conformance.protocols.mqtt.hostile import TO_SERVER
from conformance.protocols.mqtt.hostile.version_5 import EVERY_TO_SERVER, TO_SERVER_5

TOPIC = "luheng/1/hostile"
BY_STATE = {
    "second-connect",
    "ping-before-connect",
    "alias-unknown",
    "pubrel-reason-twice",
    "disconnect-expiry-after-zero",
}
"""Wrong for what came before, or in the second of two packets."""


def made(name: str, version: Version) -> list[str]:
    connect = Connect("luheng", protocol_level=version)
    octets = EVERY_TO_SERVER[name].make(connect, TOPIC)
    decoded = decode(octets, sender="client", version=version)
    return [breach.rule for breach in decoded.errors]


@pytest.mark.parametrize("name", sorted({*EVERY_TO_SERVER} - BY_STATE))
def test_a_packet_breaks_one_rule_of_5_0(name: str) -> None:
    assert len(made(name, 5)) == 1


@pytest.mark.parametrize("name", sorted({*TO_SERVER} - BY_STATE))
def test_a_packet_breaks_one_rule_of_3_1_1(name: str) -> None:
    assert len(made(name, 4)) == 1


@pytest.mark.parametrize("name", sorted(BY_STATE & {*TO_SERVER_5}))
def test_what_is_wrong_by_state_is_sound_by_itself(name: str) -> None:
    assert made(name, 5) == []


def test_every_packet_is_used_by_a_requirement() -> None:
    used = set()
    for base in ("sd-base-mqtt311@1.0.0", "sd-base-mqtt5@1.0.0"):
        for requirement in default_corpus().resolve(base).requirements:
            if requirement.check:
                used |= {*requirement.check.params.get("packets", ())}
    # A wildcard in a topic name is forbidden, but no reaction is named for it.
    assert {*EVERY_TO_SERVER} - used <= {"topic-wildcard"}


def test_titles_stand_in_both_languages() -> None:
    titles = [h.title for h in EVERY_TO_SERVER.values()]
    assert all(t.zh and t.en and t.zh != t.en for t in titles)
    assert len({t.en for t in titles}) == len(titles)
