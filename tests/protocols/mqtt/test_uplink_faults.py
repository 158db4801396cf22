# SPDX-License-Identifier: Apache-2.0
"""SenML and the MQTT conventions: each fault is found, each freedom passes.

Trials run what the profiles sd-base-senml and sd-base-mqtt-uplink ask, and the domain
profile's own requirements on data, against paho devices on loopback.
"""

from __future__ import annotations

import pytest

from conformance.evidence.proving import prove, trials
from conformance.profile.corpus import default_corpus

JOBS = 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ref", "asks", "names"),
    [
        ("sd-ambient-air-station@1.0.0", ("SENML", "AAS-DATA-020"), "senml-"),
        ("sd-water-surface-station@1.0.0", ("UPM",), "uplink-"),
    ],
)
def test_faults_are_found_and_liberties_pass(
    ref: str, asks: tuple[str, ...], names: str
) -> None:
    pytest.importorskip("paho.mqtt")
    snapshot = default_corpus().resolve(ref)
    own = [r.id for r in snapshot.requirements if r.check and r.id.startswith(asks)]
    wanted = [
        trial
        for trial in trials("mqtt", ["device"], snapshot)
        if trial.name.startswith(names)
    ]
    only = {trial.name: own for trial in wanted}
    proof = prove(snapshot, wanted, jobs=JOBS, only=only)
    assert not [(o.trial, o.requirement, o.text.en) for o in proof.objections]
    broken = {
        name for trial in wanted for name in getattr(trial.deviation, "breaks", {})
    }
    assert set(own) <= broken
