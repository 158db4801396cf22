# SPDX-License-Identifier: Apache-2.0
"""Every MQTT check fails for its fault, and only for that; no liberty is punished.

Each trial is an ordinary run against a real mosquitto or a real paho client behind the
fault proxy.  The keep-alive check waits for mosquitto's slow clock, so it runs against
the honest server and its own fault only.
"""

from __future__ import annotations

import pytest

from conformance.cli import prove as command
from conformance.engine.proof import Fault
from conformance.evidence.proving import prove, trials
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.faults import FAULTS, LIBERTIES

KEEP_ALIVE = "MQTT311-3.1.2-24"
JOBS = 4


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return default_corpus().resolve("sd-base-mqtt311@1.0.0")


@pytest.mark.slow
@pytest.mark.peer("mosquitto")
def test_platform_faults_are_found_and_liberties_pass(snapshot: Snapshot) -> None:
    every = [r.id for r in snapshot.requirements]
    hasty = [name for name in every if name != KEEP_ALIVE]
    slow = {f.name for f in FAULTS if KEEP_ALIVE in f.breaks} | {"honest"}
    wanted = trials("mqtt", ["platform"])
    only = {t.name: every if t.name in slow else hasty for t in wanted}
    proof = prove(snapshot, wanted, jobs=JOBS, only=only)
    assert not [(o.trial, o.requirement, o.text.en) for o in proof.objections]


@pytest.mark.slow
def test_device_faults_are_found_and_liberties_pass(snapshot: Snapshot) -> None:
    pytest.importorskip("paho.mqtt")
    every = {r.id for r in snapshot.requirements}
    wanted = [
        t
        for t in trials("mqtt", ["device"])
        if t.kind != "fault" or every & breaks(t.deviation)
    ]
    proof = prove(snapshot, wanted, jobs=JOBS)
    assert not [(o.trial, o.requirement, o.text.en) for o in proof.objections]


@pytest.mark.slow
def test_faults_of_readings_are_found_by_the_profile_that_defines_them() -> None:
    """The domain profile's own requirements, against devices that send its readings."""
    pytest.importorskip("paho.mqtt")
    stations = default_corpus().resolve("sd-water-surface-station@1.0.0")
    own = {
        r.id for r in stations.requirements if r.id in ("SWS-DATA-002", "SWS-LINK-001")
    }
    wanted = [
        t
        for t in trials("mqtt", ["device"])
        if t.kind != "fault" or own & breaks(t.deviation)
    ]
    proof = prove(stations, wanted, jobs=JOBS, only={})
    assert not [(o.trial, o.requirement, o.text.en) for o in proof.objections]
    assert own == {name for f in FAULTS for name in f.breaks if name in own}


@pytest.mark.slow
def test_the_command_carries_trials_out_in_processes(snapshot: Snapshot) -> None:
    pytest.importorskip("paho.mqtt")
    wanted = [t for t in trials("mqtt", ["device"]) if t.name in ("honest", "no-pings")]
    proof = command._apart(snapshot, wanted, "smoke", 2)
    honest, faulty = (proof.cells[trial] for trial in wanted)
    assert honest.keys() == faulty.keys() == {r.id for r in snapshot.requirements}
    assert {n for n in honest if honest[n] != faulty[n]} >= {"MQTT311-3.1.2-23"}
    assert {o.code for o in proof.objections} == {"no-fault"}


def breaks(deviation: object) -> set[str]:
    return set(deviation.breaks) if isinstance(deviation, Fault) else set()


@pytest.mark.parametrize("role", ["device", "platform"])
def test_every_tested_requirement_has_a_fault_of_its_own(
    snapshot: Snapshot, role: str
) -> None:
    tested = {
        r.id for r in snapshot.requirements if r.check and r.actor in ("both", role)
    }
    broken = {name for f in FAULTS if f.role == role for name in f.breaks}
    assert tested == {name for name in broken if name.startswith("MQTT311-")}


@pytest.mark.parametrize("role", ["device", "platform"])
def test_names_are_unique_and_titled_in_both_languages(role: str) -> None:
    found = [d for d in (*FAULTS, *LIBERTIES) if d.role == role]
    names = [d.name for d in found]
    assert sorted(names) == sorted(set(names))
    assert all(d.title.zh and d.title.en for d in found)
