# SPDX-License-Identifier: Apache-2.0
"""A capture of mosquitto's own tools over MQTT 5.0, judged by the command.

``fixtures/mqtt/mosquitto-tools-5.0.pcapng`` holds mosquitto_sub and four runs of
mosquitto_pub (2.0.11, ``-V mqttv5``) with mosquitto 2.0.11, as relayed and written down
packet by packet: each QoS, a will, a retained message, properties, a subscription
identifier.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.main import main

CAPTURE = Path(__file__).parents[3] / "fixtures/mqtt/mosquitto-tools-5.0.pcapng"


def judged(capture: Path, profile: str, role: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    words = ["judge", str(capture), "--profile", profile, "--role", role, "--json"]
    code = main(words, out)
    lines = map(json.loads, out.getvalue().splitlines())
    return code, {x["requirement"]: x for x in lines if "requirement" in x}


@pytest.mark.parametrize(
    ("role", "passed", "unseen"),
    [
        (
            "platform",
            {
                "MQTT5-3.2.0-1",
                "MQTT5-3.1.4-5",
                "MQTT5-3.8.4-6",
                "MQTT5-3.3.2-13",
                "MQTT5-2.2.1-5",
                "MQTT5-4.3.3-2",
            },
            {"MQTT5-3.2.2-7", "MQTT5-3.14.2-2", "MQTT5-3.1.2-29"},
        ),
        (
            "device",
            {
                "MQTT5-3.1.0-1",
                "MQTT5-2.2.1-3",
                "MQTT5-3.1.3-11",
                "MQTT5-4.6.0-3",
                "MQTT5-3.14.4-1",
                "MQTT5-1.5.7-1",
            },
            {"MQTT5-3.10.1-1", "MQTT5-3.15.1-1", "MQTT5-3.1.2-30"},
        ),
    ],
)
def test_a_capture_is_judged_by_what_it_shows(
    role: str, passed: set[str], unseen: set[str]
) -> None:
    _, found = judged(CAPTURE, "sd-base-mqtt5", role)
    verdicts = {name: x["verdict"] for name, x in found.items()}
    assert {verdicts[name] for name in passed} == {"pass"}
    assert {found[name]["key"] for name in unseen} == {"not-observed"}
    assert set(verdicts.values()) == {"pass", "inconclusive"}


def test_rules_of_the_older_version_see_nothing_in_it() -> None:
    _, found = judged(CAPTURE, "sd-base-mqtt311", "platform")
    assert {x["verdict"] for x in found.values()} == {"inconclusive"}


def test_a_damaged_packet_is_found_and_placed(tmp_path: Path) -> None:
    octets = CAPTURE.read_bytes()
    connack = bytes.fromhex("20090000")
    assert connack in octets
    copy = tmp_path / "damaged.pcapng"
    copy.write_bytes(octets.replace(connack, bytes.fromhex("20090200"), 1))
    code, found = judged(copy, "sd-base-mqtt5", "platform")
    finding = found["MQTT5-3.2.2-1"]
    assert code == 1
    assert (finding["verdict"], finding["key"]) == ("fail", "connack-reserved-flags")
    assert finding["packets"]
