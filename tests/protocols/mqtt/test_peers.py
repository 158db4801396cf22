# SPDX-License-Identifier: Apache-2.0
"""The MQTT profile against servers and devices that nobody here wrote.

What each is known to get wrong stands in ``reports/mqtt/judgements.yaml``, with the
clause; these tests hold a few requirements for each, chosen because the suite once
judged them wrongly or because they show what the peer is known for.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.engine.result import RunResult
from conformance.evidence.session import Options, prepare
from conformance.iut.declaration import Declaration, Endpoint, load_declaration
from conformance.paths import data_dir
from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.device import Settings, running
from tests.mqtt_peers import CLIENTS, SERVERS, V3, V5
from tests.peers import Broker, free_port

ILL_FORMED, FLAGS, QOS_3 = "MQTT311-1.5.3-1", "MQTT311-2.2.2-2", "MQTT311-3.3.1-4"
RETAINED, DOLLAR, PING = "MQTT311-3.3.1-8", "MQTT311-4.7.2-1", "MQTT311-3.12.4-1"
FIRST_5, PING_5, DUP_5 = "MQTT5-3.1.0-1", "MQTT5-3.12.4-1", "MQTT5-3.3.1-3"
LOST_5, RETAINED_5, QUOTA_5 = "MQTT5-3.2.2-5", "MQTT5-S-079", "MQTT5-4.9.0.D-1"
FIRST, DUP, ACKNOWLEDGED = "MQTT311-3.1.0-1", "MQTT311-3.3.1-1", "MQTT311-4.5.0-2"

END_OF_5 = "-mqtt5"
"""How the names of declarations end in which a peer speaks 5.0."""


def declared(name: str, port: int) -> Declaration:
    """Return a published declaration, for a port and today's digest of its profile."""
    found = load_declaration(data_dir("fixtures") / "iut" / f"{name}.iut.yaml")
    of = "mqtt5" if name.endswith(END_OF_5) else "mqtt"
    ixit = {
        f"{of}_endpoint": Endpoint("127.0.0.1", port),
        f"{of}_answer_timeout": "PT2S",
    }
    return replace(
        found,
        ixit={**found.ixit, **ixit},
        profile_digest=default_corpus().resolve(found.profile_ref).digest,
    )


def verdicts(result: RunResult, names: tuple[str, ...]) -> dict[str, str]:
    return {
        r.requirement: str(r.verdict) for r in result.records if r.requirement in names
    }


def options(folder: Path, *names: str) -> Options:
    return Options(depth="smoke", folder=folder / "run", only=names, seed=1, jobs=1)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mosquitto", {ILL_FORMED: "pass", FLAGS: "fail", DOLLAR: "pass"}),
        # It sends a message on its way to a new subscriber as well, with RETAIN 0.
        ("aedes", {ILL_FORMED: "fail", RETAINED: "pass", PING: "pass"}),
        ("aedes-beta", {ILL_FORMED: "fail", RETAINED: "pass", PING: "pass"}),
        # It lets no client publish below $, so no wildcard can match what is there.
        ("amqtt", {RETAINED: "pass", DOLLAR: "pass", QOS_3: "fail"}),
        ("rabbitmq", {FLAGS: "fail", DOLLAR: "fail", PING: "pass"}),
        ("mosquitto-mqtt5", {RETAINED_5: "fail", PING_5: "pass"}),
        ("aedes-beta-mqtt5", {DUP_5: "fail", PING_5: "pass"}),
    ],
)
def test_servers_are_found_to_be_what_they_are(
    name: str, expected: dict[str, str], tmp_path: Path
) -> None:
    with SERVERS[name.removesuffix(END_OF_5)](tmp_path) as broker:
        session = prepare(declared(name, broker.port), options(tmp_path, *expected))
        assert verdicts(session.execute(), tuple(expected)) == expected, broker.log


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("paho-v1", {FIRST: "pass", FLAGS: "fail", ACKNOWLEDGED: "pass"}),
        ("paho-v2", {FIRST: "pass", FLAGS: "fail", ACKNOWLEDGED: "pass"}),
        # It subscribes once in a kept session; and its sessions end in good order now
        # and then, which is no reaction to a wrong packet.
        ("mqttjs", {ACKNOWLEDGED: "pass", DUP: "fail", QOS_3: "fail"}),
        ("amqtt-client", {FIRST: "pass", ACKNOWLEDGED: "pass", QOS_3: "fail"}),
        ("mosquitto_pub", {FIRST: "pass", DUP: "pass", QOS_3: "pass"}),
        ("mosquitto_sub", {FIRST: "pass", ACKNOWLEDGED: "pass", QOS_3: "pass"}),
        ("paho-v2-mqtt5", {FIRST_5: "pass", LOST_5: "fail"}),
    ],
)
def test_devices_are_found_to_be_what_they_are(
    name: str, expected: dict[str, str], tmp_path: Path
) -> None:
    port = free_port()
    session = prepare(declared(name, port), options(tmp_path, *expected))
    session.begin()
    start = CLIENTS[name.removesuffix(END_OF_5)]
    speaks = V5 if name.endswith(END_OF_5) else V3
    with start(tmp_path, port, speaks) as device:
        result = session.execute()
        assert verdicts(result, tuple(expected)) == expected, device.log.read_text(
            "utf-8"
        )


@pytest.mark.parametrize(
    ("strict", "verdict"), [(True, "pass"), (False, "inconclusive")]
)
def test_the_ordinary_end_of_a_session_is_no_reaction(
    strict: bool, verdict: str, tmp_path: Path
) -> None:
    """Sessions of half a second end in good order whatever the suite has sent."""
    pytest.importorskip("paho.mqtt")
    port = free_port()
    session = prepare(declared("paho-v2", port), options(tmp_path, FLAGS))
    session.begin()
    settings = Settings(
        "127.0.0.1", port, qos=0, readings_per_session=10, strict=strict
    )
    with running(settings):
        (record,) = (r for r in session.execute().records if r.requirement == FLAGS)
    assert (str(record.verdict), record.key) == (verdict, None if strict else "own-end")


def test_who_publishes_only_at_qos_0_is_not_blamed_for_a_quota(tmp_path: Path) -> None:
    """That nothing above QoS 0 comes under a Receive Maximum then says nothing."""
    pytest.importorskip("paho.mqtt")
    port = free_port()
    session = prepare(declared("paho-v2-mqtt5", port), options(tmp_path, QUOTA_5))
    session.begin()
    settings = Settings("127.0.0.1", port, protocol=5, qos=0, event_qos=0)
    with running(settings):
        (record,) = (r for r in session.execute().records if r.requirement == QUOTA_5)
    assert (str(record.verdict), record.key) == ("inconclusive", "published")


def test_two_runs_on_one_broker_do_not_meet(mosquitto: Broker, tmp_path: Path) -> None:
    """Both are whole and judge as one alone does, even with one seed for both."""
    sessions = []
    broker = declared("mosquitto", mosquitto.port)
    hasty = replace(broker, ixit={**broker.ixit, "mqtt_connect_wait": "PT1S"})
    for number in range(2):
        folder = tmp_path / str(number)
        found = replace(options(folder), only=(), jobs=4)
        sessions.append(prepare(hasty, found))
    results: list[RunResult] = []
    threads = [
        threading.Thread(target=lambda s=session: results.append(s.execute()))
        for session in sessions
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    for result in results:
        odd = {
            r.requirement: (str(r.verdict), r.key)
            for r in result.records
            if str(r.verdict) in ("fail", "inconclusive", "warn", "error")
        }
        assert odd == {
            FLAGS: ("fail", "still-open"),
            "MQTT311-3.3.5-1": ("fail", "qos-lowered"),
            "MQTT311-S-002": ("warn", "still-open"),  # it waits for a minute and a half
            "MQTT311-S-010": ("warn", "exchanged"),
        }
