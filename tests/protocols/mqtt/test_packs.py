# SPDX-License-Identifier: Apache-2.0
"""SenML as a profile binds it: readings of a Pack, and whose matter each defect is."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from conformance.data import senml
from conformance.data.defects import KEYS
from conformance.data.formats import to_payload
from conformance.data.sample import sample
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Snapshot
from conformance.profile.rules import findings_merged
from conformance.protocols.mqtt.bindings import Bound, bound, commands_of, status_of
from conformance.protocols.mqtt.packs import base_of, form_of, readings_of
from conformance.protocols.mqtt.readings.senml import ODD, pack

NOW_NS = 1_800_000_000 * 10**9
BY_PROFILE = {
    "data.not-cbor", "data.number-too-long", "senml.must-understand",
    "senml.not-finite", "senml.other-unit", "senml.other-version",
}  # fmt: skip
"""What no sentence of the RFCs says of a producer; the profile's own rule finds it."""


@pytest.fixture(scope="module")
def air() -> Snapshot:
    return default_corpus().resolve("sd-ambient-air-station@1.0.0")


@pytest.fixture(scope="module", params=["senml_json", "senml_cbor"])
def binding(request: pytest.FixtureRequest, air: Snapshot) -> Bound:
    return next(one for one in bound(air, {}) if one.key == request.param)


def station(name: str) -> str:
    return "3701A0001"


def payload(air: Snapshot) -> dict[str, Any]:
    answers = {item.id: True for item in air.ics}
    values = sample(air.elements, answers, random.Random(7))
    return to_payload(air.elements, values, binding="json")


@pytest.mark.parametrize("odd", [None, *ODD])
def test_what_a_device_writes_is_read_in_the_units_of_the_profile(
    air: Snapshot, binding: Bound, odd: str | None
) -> None:
    wrong = {"odd": odd} if odd else {}
    sent = payload(air)
    octets = pack(binding, air.elements, sent, station, wrong)
    starred = {"senml.starred-unit", "senml.not-double", "senml.long-number"}
    defects = {d.key for d in senml.decode(octets, form_of(binding)).defects}
    assert defects <= starred
    base = base_of(binding, station)
    readings, wrongs = readings_of(octets, binding, air.elements, base, NOW_NS)
    assert not wrongs
    found = {k: v for k, v in readings[0][1].items() if k in sent}
    close = Decimal("1e-9") if odd == "base-value" else 0
    assert found.keys() == sent.keys()
    assert all(abs(found[k] - Decimal(sent[k])) <= close for k in sent)


def test_a_stranger_s_base_name_is_no_element_of_ours(
    air: Snapshot, binding: Bound
) -> None:
    octets = pack(binding, air.elements, payload(air), lambda name: "other", {})
    base = base_of(binding, station)
    readings, _ = readings_of(octets, binding, air.elements, base, NOW_NS)
    assert all(":" in name for name in readings[0][1])
    anybody = base_of(binding, lambda name: None)
    readings, _ = readings_of(octets, binding, air.elements, anybody, NOW_NS)
    assert payload(air).keys() == readings[0][1].keys()


def test_values_without_a_unit_or_in_another_are_named(
    air: Snapshot, binding: Bound
) -> None:
    for unit in ("Pa", None):
        octets = pack(
            binding, air.elements, payload(air), station, {"unit": ("ozone", unit)}
        )
        base = base_of(binding, station)
        _, wrongs = readings_of(octets, binding, air.elements, base, NOW_NS)
        if unit:
            assert [(d.key, d.path) for d in wrongs] == [
                ("senml.other-unit", ("ozone",))
            ]
        else:
            assert wrongs


def test_all_sixty_two_statements_have_a_check_or_a_reason() -> None:
    base = default_corpus().resolve("sd-base-senml@1.0.0")
    sources = Counter(r.clause.source for r in base.requirements)
    assert sources == {
        "RFC8428": 46, "RFC8798": 3, "RFC9100": 2, "RFC8790": 7, "LWM2M": 4,
    }  # fmt: skip
    assert all(r.check or r.not_tested for r in base.requirements)


def test_every_defect_is_the_matter_of_a_requirement() -> None:
    base = default_corpus().resolve("sd-base-senml@1.0.0")
    judged = {
        key for r in base.requirements if r.check for key in r.check.params["judges"]
    }
    known = {key for key in KEYS if key.startswith("senml.")}
    assert known <= judged | BY_PROFILE
    assert not judged & BY_PROFILE


def test_what_a_binding_names_is_declared() -> None:
    for name in (
        "sd-ambient-air-station", "sd-flue-gas-source", "sd-site-dust-noise",
        "sd-wastewater-source", "sd-water-surface-station",
    ):  # fmt: skip
        snapshot = default_corpus().resolve(f"{name}@1.0.0")
        items = {item.id for item in snapshot.ics}
        assert {one.ics for one in bound(snapshot, {})} <= items
        keys = {key for element in snapshot.elements for key in element.wire}
        assert {one.names for one in bound(snapshot, {})} <= keys
        commands = commands_of(snapshot, station)
        assert commands is not None
        assert {offer["ics"] for offer in commands.offers.values()} <= items
        assert status_of(snapshot, station) is not None


def test_a_payload_of_an_unknown_item_is_found(tmp_path: Path) -> None:
    corpus = default_corpus()
    text = corpus.find("sd-ambient-air-station").file.read_text("utf-8")
    for item, expected in (("SENML_CBOR", 0), ("SENML_XML", 1)):
        shown = text.replace("payload_ics: SENML_CBOR", f"payload_ics: {item}")
        copy = tmp_path / f"{item}.yaml"
        copy.write_text(shown, "utf-8")
        merged = corpus.resolve_entry(corpus.find(copy), None, check=False)
        codes = [f.code for f in findings_merged(merged, corpus.quantities, None)]
        assert codes.count("profile.undeclared-ics") == expected
