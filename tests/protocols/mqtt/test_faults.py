# SPDX-License-Identifier: Apache-2.0
"""Every MQTT check fails for its fault, and only for that; no liberty is punished.

Each trial is an ordinary run against a real mosquitto or a real paho client behind the
fault proxy, once for each version of MQTT that its deviation concerns.  A fault is run
with the requirements that it concerns and all rules; the honest and the odd with
everything (``luheng prove`` makes the whole matrix).
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.engine.proof import Fault
from conformance.engine.registry import find
from conformance.evidence.proving import Trial, prove, trials
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Requirement, Snapshot
from conformance.protocols.mqtt.faults import FAULTS, LIBERTIES

VERSIONS = {"sd-base-mqtt311": "MQTT311-", "sd-base-mqtt5": "MQTT5-"}
KEEP_ALIVE = {"MQTT311-3.1.2-24", "MQTT5-3.1.2-22", "MQTT5-3.2.2-22"}
"""Waits for mosquitto's slow clock: for the honest server and its own faults only."""
WHOLE = {
    *("disconnect-repeats-properties", "disconnect-with-undefined-reason"),
    *("session-prolonged", "wordy-disconnect", "wordy-disconnect-properties"),
    "answers-and-closes",
}
"""Show only in packets that other checks provoke."""
UNSETTLED = {"authenticates-in-steps": {"MQTT5-3.3.2-5"}}
"""Fails now and then where the machine is busy, and nobody knows yet whose fault it is:
an expired message is sent on after 2.5 s."""
JOBS = 8  # nearly all of a trial is waiting


@pytest.fixture(scope="module", params=VERSIONS)
def snapshot(request: pytest.FixtureRequest) -> Snapshot:
    return default_corpus().resolve(f"{request.param}@1.0.0")


@pytest.mark.slow
@pytest.mark.peer("mosquitto")
def test_platform_faults_are_found_and_liberties_pass(snapshot: Snapshot) -> None:
    assert objections(snapshot, "platform") == []


@pytest.mark.slow
def test_device_faults_are_found_and_liberties_pass(snapshot: Snapshot) -> None:
    pytest.importorskip("paho.mqtt")
    assert objections(snapshot, "device") == []


def objections(snapshot: Snapshot, role: str) -> list[tuple[str, str, str]]:
    every = {r.id for r in snapshot.requirements}
    chosen = [
        trial
        for trial in trials("mqtt", [role], snapshot)
        if trial.kind != "fault" or every & breaks(trial.deviation)
    ]
    only = {trial.name: wanted(snapshot, trial) for trial in chosen}
    proof = prove(snapshot, chosen, jobs=JOBS, only=only, apart=True)
    return [(o.trial, o.requirement, o.text.en) for o in proof.objections]


def wanted(snapshot: Snapshot, trial: Trial) -> list[str]:
    """Which requirements to run against an implementation."""
    every = [r.id for r in snapshot.requirements]
    if trial.kind == "honest":
        return every
    if trial.name in WHOLE or not isinstance(trial.deviation, Fault):
        left_out = KEEP_ALIVE | UNSETTLED.get(trial.name, set())
        return [name for name in every if name not in left_out]
    concerned = {*trial.deviation.breaks, *trial.deviation.also}
    return [
        r.id
        for r in snapshot.requirements
        if r.id in concerned or is_rule(r, trial.role)
    ]


def is_rule(requirement: Requirement, role: str) -> bool:
    """Whether it is judged in what others provoke, and so costs no time."""
    check = requirement.check
    if check is None or requirement.actor not in ("both", role):
        return False
    return find(check.name, role).kind == "rule"


@pytest.mark.slow
def test_faults_of_readings_are_found_by_the_profile_that_defines_them() -> None:
    """The domain profile's own requirements, against devices that send its readings."""
    pytest.importorskip("paho.mqtt")
    stations = default_corpus().resolve("sd-water-surface-station@1.0.0")
    own = {
        r.id for r in stations.requirements if r.id in ("SWS-DATA-002", "SWS-LINK-001")
    }
    chosen = [
        t
        for t in trials("mqtt", ["device"], stations)
        if t.kind != "fault" or own & breaks(t.deviation)
    ]
    only = {t.name: sorted(own) for t in chosen}
    proof = prove(stations, chosen, jobs=JOBS, only=only, apart=True)
    assert not [(o.trial, o.requirement, o.text.en) for o in proof.objections]
    assert own == own & {name for t in chosen for name in breaks(t.deviation)}


@pytest.mark.slow
def test_processes_of_their_own_find_the_same() -> None:
    pytest.importorskip("paho.mqtt")
    snapshot = default_corpus().resolve("sd-base-mqtt311@1.0.0")
    chosen = [t for t in trials("mqtt", ["device"]) if t.name in ("honest", "no-pings")]
    only = {trial.name: ["MQTT311-3.1.2-23"] for trial in chosen}
    for apart in (False, True):
        proof = prove(snapshot, chosen, only=only, apart=apart)
        honest, faulty = (verdicts(proof.cells[trial]) for trial in chosen)
        assert (honest, faulty) == ({"pass"}, {"fail"})


def verdicts(row: Mapping[str, object]) -> set[str]:
    return {
        str(getattr(cell, "verdict"))  # noqa: B009
        for name, cell in row.items()
        if name == "MQTT311-3.1.2-23"
    }


def breaks(deviation: object) -> set[str]:
    return set(deviation.breaks) if isinstance(deviation, Fault) else set()


@pytest.mark.parametrize("role", ["device", "platform"])
def test_every_tested_requirement_has_a_fault_of_its_own(
    snapshot: Snapshot, role: str
) -> None:
    prefix = VERSIONS[snapshot.id]
    tested = {
        r.id for r in snapshot.requirements if r.check and r.actor in ("both", role)
    }
    broken = {name for f in FAULTS if f.role == role for name in f.breaks}
    assert tested == {name for name in broken if name.startswith(prefix)}


@pytest.mark.parametrize("role", ["device", "platform"])
def test_names_are_unique_and_titled_in_both_languages(role: str) -> None:
    found = [d for d in (*FAULTS, *LIBERTIES) if d.role == role]
    names = [d.name for d in found]
    assert sorted(names) == sorted(set(names))
    assert all(d.title.zh and d.title.en for d in found)
