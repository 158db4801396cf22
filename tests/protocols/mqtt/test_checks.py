# SPDX-License-Identifier: Apache-2.0
"""The MQTT profile run against a real mosquitto, and its evidence judged again.

mosquitto as it is has four findings, and all else passes.  It goes on after a PINGREQ
with wrong header flags, which 2.2.2 tells a server to answer by a close; it delivers at
the QoS of one of overlapping filters, not at the highest (3.3.5), unless it is set
otherwise; it lets clients exchange messages by topics that begin with $, which 4.7.2
says it should not.  It waits 90 s for CONNECT, which is longer than declared here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.registry import find
from conformance.engine.result import Record, RunResult
from conformance.engine.verdicts import Cause, Verdict
from conformance.evidence.session import Options, judge_capture, prepare, rejudge
from conformance.iut.declaration import Endpoint, load_declaration
from conformance.paths import data_dir
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.faults import bench
from tests.peers import Broker

REF = "sd-base-mqtt311@1.0.0"
KNOWN = {
    "MQTT311-2.2.2-2": ("still-open", "pingreq-flags"),
    "MQTT311-3.3.5-1": ("qos-lowered", "last"),
    "MQTT311-S-002": ("still-open", None),
    "MQTT311-S-010": ("exchanged", None),
}


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return default_corpus().resolve(REF)


@pytest.fixture(scope="module")
def run_folder(
    mosquitto: Broker, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, RunResult]:
    """A smoke run of the published declaration against the session's mosquitto."""
    declared = load_declaration(data_dir("fixtures") / "iut" / "mosquitto.iut.yaml")
    ixit = {
        "mqtt_endpoint": Endpoint(mosquitto.host, mosquitto.port),
        "mqtt_answer_timeout": "PT2S",
        "mqtt_connect_wait": "PT1S",
    }
    declared = replace(declared, ixit={**declared.ixit, **ixit})
    folder = tmp_path_factory.mktemp("mqtt") / "run"
    result = prepare(declared, Options(depth="smoke", folder=folder)).execute()
    return folder, result


def plain(records: tuple[Record, ...]) -> list[dict[str, Any]]:
    return [record.to_json() for record in records]


@pytest.mark.parametrize("name", ["mosquitto", "paho-station"])
def test_published_declarations_fit_their_profiles(name: str, tmp_path: Path) -> None:
    file = data_dir("fixtures") / "iut" / f"{name}.iut.yaml"
    session = prepare(file, Options(folder=tmp_path / "run"))
    assert session.setup.snapshot.digest == session.setup.declaration.profile_digest


def test_mosquitto_passes_but_for_what_it_is_known_for(
    run_folder: tuple[Path, RunResult],
) -> None:
    records = run_folder[1].records
    odd = {
        r.requirement: (r.key, r.step)
        for r in records
        if r.verdict not in (Verdict.PASS, Verdict.NOT_APPLICABLE, Verdict.NOT_TESTED)
    }
    assert odd == KNOWN
    assert sum(r.verdict is Verdict.PASS for r in records) >= 40


def test_judging_again_gives_the_same_records(
    run_folder: tuple[Path, RunResult],
) -> None:
    folder, result = run_folder
    assert plain(rejudge(folder).records) == plain(result.records)


def test_rules_find_the_same_in_the_recording_as_a_capture(
    run_folder: tuple[Path, RunResult], snapshot: Snapshot
) -> None:
    folder, result = run_folder
    captured = judge_capture(
        folder / "evidence" / "wire.pcapng",
        snapshot,
        role="platform",
        ixit={},
        protocol="mqtt",
    )
    again = {r.requirement: r for r in captured}
    rules = [
        r
        for r in result.records
        if r.check and r.observations and find(r.check, "platform").kind == "rule"
    ]
    assert len(rules) >= 9
    for record in rules:
        other = again[record.requirement]
        assert (other.verdict, other.key, other.observations) == (
            record.verdict,
            record.key,
            record.observations,
        )


def test_the_run_leaves_no_retained_message_behind(
    run_folder: tuple[Path, RunResult], mosquitto: Broker
) -> None:
    paho = pytest.importorskip("paho.mqtt.subscribe")
    assert run_folder[1].footer is not None
    with pytest.raises(TimeoutError):
        _retained_below(paho, mosquitto, "luheng/#")


def _retained_below(paho: Any, broker: Broker, topic_filter: str) -> Any:
    """Return the first retained message, or raise ``TimeoutError`` if there is none.

    The broker answers a subscription to a topic of its own last, so that waiting for
    that is enough.
    """
    topics = [topic_filter, "$SYS/broker/version"]
    message = paho.simple(topics, hostname=broker.host, port=broker.port, keepalive=5)
    if message.topic.startswith("$SYS/"):
        raise TimeoutError
    return message


@pytest.mark.peer("mosquitto")
def test_a_crash_is_a_failure_and_keeps_the_next_check_from_judging(
    snapshot: Snapshot, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    crashed, after = "MQTT311-3.3.1-4", "MQTT311-4.8.0-1"
    with bench(snapshot, "platform", "dies-of-qos-3") as made:
        options = Options(depth="smoke", folder=folder, only=(crashed, after))
        result = prepare(made.declaration, options, snapshot=snapshot).execute()
    found = {r.requirement: (r.verdict, r.key, r.cause) for r in result.records}
    assert found[crashed] == (Verdict.FAIL, "dead", Cause.IUT)
    assert found[after] == (Verdict.INCONCLUSIVE, "link.refused", Cause.NETWORK)
    assert plain(rejudge(folder).records) == plain(result.records)
