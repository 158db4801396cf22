# SPDX-License-Identifier: Apache-2.0
"""A role is asked what it and its profile can use, in every profile of a domain."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.iut import _hooks_for
from conformance.iut.declaration import Role, load_declaration
from conformance.iut.form import new_declaration
from conformance.iut.questions import asked_ics, effective_answers
from conformance.iut.selection import plan
from conformance.profile.corpus import default_corpus

DOMAINS = (
    "sd-water-surface-station@1.0.0",
    "sd-wastewater-source@1.0.0",
    "sd-wastewater-statistics-shandong@1.0.0",
    "sd-flue-gas-source@1.0.0",
    "sd-ambient-air-station@1.0.0",
    "sd-site-dust-noise@1.0.0",
)
OF_PLATFORMS = {
    *("HJ212_COMMANDS", "HJ212_SECOND", "HJ212_STATIONS", "HJ212_OWN_PASSWORDS"),
    *("HJ212_FIRST", "HJ212_OLD", "HJ212_RECORDS", "MQTT_RETAIN"),
    *("hj212_request_timeout", "hj212_new_mn", "mqtt_username"),
}
OF_DEVICES = {
    *("HJ212_RTD_UPLOAD", "HJ212_ACK", "HJ212_HISTORY", "HJ212_MORE_HISTORY"),
    *("HJ212_POWER", "HJ212_EVENTS", "HJ212_INTERVALS", "HJ212_STATISTICS"),
    *("HJ212_PROCESS", "HJ212_EXTRAS", "HJ212_PASSWORD", "HJ212_FLOW"),
    *("hj212_upload_wait", "hj212_pace", "hj212_connect_timeout"),
}
OF_BOTH = {"HJ212", "HJ212_NOTICE", "HJ212_SPLIT", "HJ212_CONTROL", "MQTT311"}
NOISY = {"sd-site-dust-noise@1.0.0"}
FLOWING = {ref for ref in DOMAINS if "wastewater" in ref or "flue" in ref}


def questions(ref: str, role: Role) -> set[str]:
    """Return the ids that the form asks for."""
    on = default_corpus().resolve(ref)
    text = new_declaration(on, role, hooks=_hooks_for(on, role))
    return {
        line.strip().partition(":")[0]
        for line in text.splitlines()
        if line.startswith("  ") and not line.strip().startswith("#")
    }


@pytest.mark.parametrize("ref", DOMAINS)
def test_each_role_is_asked_its_own(ref: str) -> None:
    device, platform = questions(ref, "device"), questions(ref, "platform")
    assert not device & OF_PLATFORMS
    assert not platform & OF_DEVICES
    assert platform >= OF_PLATFORMS
    assert OF_DEVICES - device == (set() if ref in FLOWING else {"HJ212_FLOW"})
    assert device & platform >= OF_BOTH
    assert ("HJ212_NOISE" in device) == (ref in NOISY)
    assert "HJ212_NOISE" not in platform


@pytest.mark.parametrize("role", ["device", "platform"])
@pytest.mark.parametrize("ref", DOMAINS)
def test_a_plan_needs_no_answer_that_was_not_asked_for(
    tmp_path: Path, ref: str, role: Role
) -> None:
    on = default_corpus().resolve(ref)
    text = new_declaration(on, role)
    for item in asked_ics(on, role):
        text = text.replace(f"\n  {item.id}: null", f"\n  {item.id}: true")
    file = tmp_path / "all.iut.yaml"
    file.write_text(text, "utf-8")
    declaration = load_declaration(file)
    assert len(plan(on, declaration).items) == len(on.requirements)
    answers = effective_answers(on, declaration.ics, role)
    assert {token for token, yes in answers.items() if yes} == set(declaration.ics)
    assert answers.keys() == {item.id for item in on.ics}
