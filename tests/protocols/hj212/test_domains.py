# SPDX-License-Identifier: Apache-2.0
"""Each domain profile's own requirements, and those of all uplinks, in both directions.

The requirements of HJ 212 itself are proved once, with surface water stations; here a
station of each domain is tried with what its own profile adds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import pytest

from conformance.engine.proof import Fault, Liberty
from conformance.evidence.proving import Trial, prove, trials
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.faults import domains as faults_domains

pytestmark = pytest.mark.slow

DOMAINS = (
    "sd-water-surface-station",
    "sd-wastewater-source",
    "sd-wastewater-source-2025",
    "sd-wastewater-statistics-shandong",
    "sd-ambient-air-station",
    "sd-flue-gas-source",
    "sd-site-dust-noise",
)
ELSEWHERE = ("HJ212-", "MQTT")
"""How requirements begin that are proved with another profile."""
SHARED = {"out-of-range", "leaves-out-an-element", "reports-seldom"}
"""Faults of ordinary rows that break what each domain numbers in its own way."""


def snapshot_of(name: str) -> Snapshot:
    return default_corpus().resolve(f"{name}@1.0.0")


def own(snapshot: Snapshot) -> list[str]:
    """Return what the profile and all uplinks ask of stations."""
    return [
        r.id
        for r in snapshot.requirements
        if r.check and r.check.name.startswith("hj212.")
        if r.actor in ("both", "device") and not r.id.startswith(ELSEWHERE)
    ]


def asked(snapshot: Snapshot) -> list[str]:
    """Return what to prove: what all uplinks share takes one domain only."""
    if snapshot.id == DOMAINS[0]:
        return own(snapshot)
    return [name for name in own(snapshot) if not name.startswith("UPL-")]


def wanted(snapshot: Snapshot) -> list[Trial]:
    """Return the honest, and the odd and faulty that could show in what is asked."""
    mine = {d.name for d in (*faults_domains.FAULTS, *faults_domains.LIBERTIES)}
    names = {"honest", *mine, *SHARED}
    due = {*asked(snapshot)}
    return [
        trial
        for trial in trials("hj212", ["device"], snapshot)
        if trial.name in names
        if not isinstance(trial.deviation, Fault) or due & {*trial.deviation.breaks}
    ]


def _beside(trial: Trial) -> list[str]:
    """Return what a fault breaks beside a domain's own requirements."""
    fault = trial.deviation
    if not isinstance(fault, Fault):
        return ["HJ212-DAT-001"]  # whose series a liberty must not upset
    return [name for name in fault.breaks if name.startswith(ELSEWHERE)]


@pytest.fixture(scope="module")
def objections(request: pytest.FixtureRequest) -> Mapping[str, list[str]]:
    """Objections by profile; of each only where one of its tests was selected."""
    chosen = {
        getattr(item, "callspec").params["domain"]  # noqa: B009
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.path == request.path
        and item.originalname == test_what_a_domain_adds_is_proved.__name__
    }
    found: dict[str, list[str]] = defaultdict(list)
    for domain in DOMAINS:
        if domain not in chosen:
            continue
        snapshot = snapshot_of(domain)
        made = wanted(snapshot)
        only = {t.name: [*asked(snapshot), *_beside(t)] for t in made}
        proof = prove(snapshot, made, jobs=16, only=only)
        found[domain] = [
            f"{o.trial} {o.requirement} {o.text.en}" for o in proof.objections
        ]
    return found


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_a_domain_adds_is_proved(
    domain: str, objections: Mapping[str, list[str]]
) -> None:
    """The honest and the odd pass, each fault is found for what it is."""
    assert objections[domain] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_each_requirement_of_a_domain_has_a_fault_of_its_own(domain: str) -> None:
    snapshot = snapshot_of(domain)
    broken = {
        name
        for trial in trials("hj212", ["device"], snapshot)
        if isinstance(trial.deviation, Fault)
        for name in trial.deviation.breaks
    }
    due = {r.id for r in snapshot.requirements} & {*own(snapshot)}
    assert due - broken == set()


def test_a_name_of_a_check_stands_for_the_requirements_of_a_profile() -> None:
    fault = next(f for f in faults_domains.FAULTS if f.name == "fine-above-coarse")
    air, water = snapshot_of("sd-ambient-air-station"), snapshot_of(DOMAINS[0])
    assert dict(fault.bound(air).breaks) == {"AAS-DATA-005": "descending"}
    assert dict(fault.bound(water).breaks) == {}
    assert fault.bears_on(air)
    assert not fault.bears_on(water)


def test_a_liberty_is_taken_where_it_is_left() -> None:
    liberty: Liberty = next(
        x for x in faults_domains.LIBERTIES if x.name == "fine-near-coarse"
    )
    assert liberty.bears_on(snapshot_of("sd-site-dust-noise"))
    assert not liberty.bears_on(snapshot_of("sd-flue-gas-source"))
