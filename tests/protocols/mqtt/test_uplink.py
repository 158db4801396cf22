# SPDX-License-Identifier: Apache-2.0
"""What all uplinks and each domain ask of reports over MQTT, in both directions.

Devices are real paho clients that send the readings of a profile.  What MQTT itself
asks is proved with its own profile.
"""

from __future__ import annotations

import pytest

from conformance.engine.proof import Fault
from conformance.evidence.proving import Trial, prove, trials
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.deviations import uplink as deviations_uplink

DOMAINS = (
    "sd-water-surface-station",
    "sd-wastewater-source",
    "sd-ambient-air-station",
    "sd-flue-gas-source",
    "sd-site-dust-noise",
)
MINE = (
    *("mqtt.clock_right", "mqtt.catches_up", "mqtt.reports_in_time"),
    *("mqtt.values_ascend", "mqtt.values_converted"),
    "mqtt.payload_conforms",
)
JOBS = 16  # nearly all of a trial is waiting
ORDINARY = {"honest", "element-missing", "value-out-of-range", "value-too-coarse"}


def snapshot_of(name: str) -> Snapshot:
    return default_corpus().resolve(f"{name}@1.0.0")


def own(snapshot: Snapshot) -> list[str]:
    return [r.id for r in snapshot.requirements if r.check and r.check.name in MINE]


def asked(snapshot: Snapshot) -> list[str]:
    """What to prove with a domain: what all uplinks share takes one of them only."""
    every = own(snapshot)
    if snapshot.id == DOMAINS[0]:
        return every
    return [name for name in every if not name.startswith("UPL-")]


def wanted(snapshot: Snapshot) -> list[Trial]:
    """The honest, and the odd and faulty that could show in what is asked."""
    rows = (*deviations_uplink.FAULTS, *deviations_uplink.LIBERTIES)
    names = {row.name for row in rows} | ORDINARY
    due = {*asked(snapshot)}
    return [
        trial
        for trial in trials("mqtt", ["device"], snapshot)
        if trial.name in names
        if not isinstance(trial.deviation, Fault) or due & {*trial.deviation.breaks}
    ]


@pytest.mark.slow
@pytest.mark.parametrize("domain", DOMAINS)
def test_what_a_domain_adds_is_proved(domain: str) -> None:
    """The honest and the odd pass, each fault is found for what it is."""
    pytest.importorskip("paho.mqtt")
    snapshot = snapshot_of(domain)
    made = wanted(snapshot)
    only = {t.name: asked(snapshot) for t in made}
    proof = prove(snapshot, made, jobs=JOBS, only=only, apart=True)
    assert [(o.trial, o.requirement, o.text.en) for o in proof.objections] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_requirement_of_a_domain_has_a_fault_of_its_own(domain: str) -> None:
    snapshot = snapshot_of(domain)
    broken = {
        name
        for trial in trials("mqtt", ["device"], snapshot)
        if isinstance(trial.deviation, Fault)
        for name in trial.deviation.breaks
    }
    json = {
        r.id
        for r in snapshot.requirements
        if r.check and r.check.params.get("payloads", ["json"]) == ["json"]
    }
    assert ({*own(snapshot)} & json) - broken == set()
