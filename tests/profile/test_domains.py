# SPDX-License-Identifier: Apache-2.0
"""Domain profiles against the factor table, their own payloads and their own frames.

What a profile says of a factor (code, unit, digits) is compared with annex B of HJ
212-2017; what a station would send under a profile, over HJ 212 and over MQTT, has to
satisfy the rules that the same profile binds.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cli.main import main
from conformance.data.formats import encode_json, to_payload
from conformance.data.schema import envelope, json_schema, payload_defects
from conformance.data.strategies import near_valid, readings
from conformance.data.values import decimal_places, judge_readings, wire_format
from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.link.conversation import Conversation, Piece
from conformance.link.packets import Address
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Element, Snapshot
from conformance.profile.pages import page
from conformance.profile.rules import findings_merged
from conformance.profile.yamlio import load_yaml
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.codes import SYSTEMS, Edition
from conformance.protocols.hj212.elements import Area, codes_of, data_area, values_of
from conformance.protocols.hj212.factors import factor
from conformance.protocols.hj212.packets import Identity, packet
from conformance.protocols.mqtt.payloads import binding_of

DOMAINS = {
    "sd-wastewater-source": "32",
    "sd-flue-gas-source": "31",
    "sd-ambient-air-station": "22",
    "sd-site-dust-noise": "39",
}
"""Profile and its system code (HJ 212-2017, table 5)."""
OVERLAY = "sd-wastewater-statistics-shandong"
EVERY = [*DOMAINS, OVERLAY]
UPLOADS = ("2011", "2051", "2061", "2031")


NOT_IN_ANNEX_B = {"a05024"}
"""Ozone: what the field uses."""
FORMAT_OF_2025 = {"a34013"}
"""Dust: the format of 2017 has no decimals."""
AGREED_UNIT = {
    ("sd-ambient-air-station", code): "ug/m3"
    for code in ("a21026", "a21004", "a21003", "a21002", "a34002", "a34004", "a34005")
} | {("sd-site-dust-noise", code): "ug/m3" for code in ("a34001", "a34002", "a34004")}
"""Units that a profile sets in place of the printed one; it states so by a clause."""


@cache
def resolved(name: str) -> Snapshot:
    return default_corpus().resolve(f"{name}@1.0.0")


@cache
def answers(name: str) -> Mapping[str, bool]:
    return {item.id: True for item in resolved(name).ics}


def coded() -> Iterator[tuple[str, str, Element]]:
    for name in DOMAINS:
        for element in resolved(name).elements:
            if code := element.wire_code("hj212"):
                yield name, code, element


# Factors


CODED = [pytest.param(*row, id=f"{row[0]}-{row[2].key}") for row in coded()]


def test_every_element_has_both_wire_names() -> None:
    for name in DOMAINS:
        for element in resolved(name).elements:
            assert set(element.wire) == {"hj212", "json"}, element.key


@pytest.mark.parametrize(("name", "code", "element"), CODED)
def test_code_and_unit_are_those_of_annex_b(
    name: str, code: str, element: Element
) -> None:
    row = factor(code)
    if code in NOT_IN_ANNEX_B:
        assert row is None
        return
    assert row is not None
    assert row.confirmed
    assert row.unit is not None
    assert element.unit == AGREED_UNIT.get((name, code), row.unit.ucum)
    assert not (row.unit.is_misprint and element.unit == row.unit.ucum)


@pytest.mark.parametrize(("name", "code", "element"), CODED)
def test_digits_fit_the_format_of_annex_b(
    name: str, code: str, element: Element
) -> None:
    """A format is stated where its places differ from those of the resolution."""
    stated = wire_format(element, "hj212")
    if code in NOT_IN_ANNEX_B or (name, code) in AGREED_UNIT:
        assert stated is None
        return
    row = factor(code, Edition.E2025 if code in FORMAT_OF_2025 else Edition.E2017)
    assert row is not None
    assert row.format is not None
    room = (row.format.size, row.format.decimals)
    differs = decimal_places(element) != room[1] or code in FORMAT_OF_2025
    assert stated == (room if differs else None)
    assert decimal_places(element) <= room[1]
    assert element.range is not None
    for limit in (element.range.min, element.range.max):
        assert row.format.fits(f"{limit:f}")


@pytest.mark.parametrize(("name", "code", "element"), CODED)
def test_limits_are_multiples_of_the_resolution(
    name: str, code: str, element: Element
) -> None:
    assert element.range is not None
    assert element.resolution is not None
    assert element.range.min % element.resolution == 0
    assert element.range.max % element.resolution == 0


@pytest.mark.parametrize("name", DOMAINS)
def test_names_and_units_agree_with_the_dictionary(name: str) -> None:
    known = default_corpus().dictionary
    for element in resolved(name).elements:
        assert element.quantity == known[element.key]["quantity"]
        for language in ("zh", "en"):
            assert element.name[language] == known[element.key]["name"][language]


def test_a_unit_that_is_not_the_printed_one_is_stated_by_a_clause() -> None:
    for name in {name for name, _ in AGREED_UNIT}:
        texts = [requirement.text["zh"] for requirement in resolved(name).requirements]
        assert any("μg/m³" in text for text in texts)


# Bindings


@pytest.mark.parametrize(("name", "st_code"), DOMAINS.items())
def test_the_system_code_is_that_of_the_domain(name: str, st_code: str) -> None:
    snapshot = resolved(name)
    assert st_code in SYSTEMS
    binding = next(b for b in snapshot.bindings if b.protocol == "hj212")
    assert binding.parameters["system_code"] == st_code
    item = next(item for item in snapshot.ixit if item.id == "hj212_st")
    assert item.default == st_code


@pytest.mark.parametrize("name", EVERY)
def test_one_of_two_bindings_is_enough(name: str) -> None:
    (group,) = (g for g in resolved(name).ics_groups if "HJ212" in g.of)
    assert group.choose == "at-least-one"
    assert {binding.ics for binding in resolved(name).bindings} == set(group.of)


# Over MQTT


def schema_of(
    snapshot: Snapshot, given_answers: Mapping[str, bool]
) -> dict[str, object]:
    _, parameters = binding_of(snapshot) or ("", {})
    return json_schema(
        snapshot.elements, given_answers, extra=envelope(parameters), unknown="ignore"
    )


AROUND = {"time": "2026-03-02T04:00:00+08:00", "station": "SD0001"}


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_generated_payloads_conform(name: str, data: st.DataObject) -> None:
    snapshot, all_yes = resolved(name), answers(name)
    values = data.draw(readings(snapshot.elements, all_yes))
    assert judge_readings(snapshot.elements, all_yes, values) == ()
    octets = encode_json(AROUND | to_payload(snapshot.elements, values))
    schema = schema_of(snapshot, all_yes)
    assert payload_defects(octets, schema, snapshot.elements) == ()


@pytest.mark.parametrize("name", EVERY)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_payloads_that_are_nearly_right_do_not(name: str, data: st.DataObject) -> None:
    snapshot, all_yes = resolved(name), answers(name)
    values, planted = data.draw(near_valid(snapshot.elements, all_yes))
    payload = to_payload(snapshot.elements, values, as_is=True)
    octets = encode_json(AROUND | payload)
    found = payload_defects(octets, schema_of(snapshot, all_yes), snapshot.elements)
    assert planted["defect"] in {one.key for one in found}


@pytest.mark.parametrize("name", DOMAINS)
def test_an_item_that_is_declared_is_due(name: str) -> None:
    """With the answer yes an element may not be missing; with no, it may."""
    snapshot = resolved(name)
    for element in snapshot.elements:
        if isinstance(element.presence, str):
            continue
        token = element.presence["when"]["ics"]
        for answer in (True, False):
            said = {**answers(name), token: answer}
            required = schema_of(snapshot, said)["required"]
            assert isinstance(required, list)
            assert (element.wire_code("json") in required) is answer


# Over HJ 212


# A statistic is labelled by the start of its period and sent after its end.
LABELS = {"2051": "20260101115000", "2061": "20260101110000", "2031": "20251231000000"}


def area_of(name: str, cn: str) -> Area:
    return data_area(
        resolved(name),
        cn,
        LABELS.get(cn, "20260101120000"),
        random=random.Random(7),
        answers=answers(name),
    )


def judged(name: str, *frames: bytes) -> dict[str, str]:
    """Which HJ 212 rules of the profile find something in a station's frames."""
    snapshot = resolved(name)
    talk = Conversation(Address("192.0.2.1", 4000), Address("192.0.2.2", 9000), "hj212")
    talk.pieces += [
        Piece("client", octets, number * 1000, number)
        for number, octets in enumerate(frames, 1)
    ]
    talk.iut = "client"
    dialogue = rules.decode(talk)
    found = {}
    for requirement in snapshot.requirements:
        check = requirement.check
        if check is None or requirement.actor == "platform":
            continue
        if requirement.edition and snapshot.edition("hj212") not in requirement.edition:
            continue
        procedure = find(check.name, "device")
        if check.name == "hj212.clock_right":
            continue  # goes by the time of arrival, which these packets lack
        if procedure.kind == "rule" and check.name.startswith("hj212."):
            judge = Judge(snapshot, {}, "client")
            judge_rule(procedure, check.params, [dialogue], judge)
            judge.conclude()
            if judge.findings:
                found[check.name] = judge.findings[0].key
    return found


def frame(name: str, cn: str, area: Area) -> bytes:
    who = Identity("370000A8900016F000169DC0", "Lh2017", DOMAINS.get(name, "32"))
    return packet(who, cn, "20260101120000001", area)


@pytest.mark.parametrize("cn", UPLOADS)
@pytest.mark.parametrize("name", EVERY)
def test_what_a_station_sends_breaks_no_rule(name: str, cn: str) -> None:
    found = judged(name, frame(name, cn, area_of(name, cn)))
    # The levels of day and night are no elements of the profile (C.28 has them).
    found.pop("hj212.noise_complete", None)
    assert found == {}


@pytest.mark.parametrize(("name", "code", "element"), CODED)
def test_a_value_outside_its_range_is_found(
    name: str, code: str, element: Element
) -> None:
    assert element.range is not None
    assert element.resolution is not None
    start = next(s for s, e in codes_of(resolved(name)).items() if e.key == element.key)
    is_level = element.quantity == "sound_level" and code != "LA"
    key = start + ("Data" if is_level else "Rtd")
    wrong = f"{element.range.max + element.resolution:f}"
    area = ((("DataTime", "20260101120000"),), ((key, wrong), (f"{code}-Flag", "N")))
    found = judged(name, frame(name, "2011", area))
    assert found["hj212.values_conform"] == "data.out-of-range"


def values(name: str, cn: str) -> dict[str, str]:
    """Values of declared elements in an upload, by item name."""
    octets = frame(name, cn, area_of(name, cn))
    segment = parse_segment(octets[6:-6])
    return {
        item.name: element.key
        for element, item in values_of(segment, codes_of(resolved(name)))
    }


def test_a_converted_value_is_an_element_of_its_own() -> None:
    real_time = values("sd-flue-gas-source", "2011")
    assert real_time["a21026-Rtd"] == "sulfur_dioxide"
    assert real_time["a21026-ZsRtd"] == "sulfur_dioxide_converted"
    hour = values("sd-flue-gas-source", "2061")
    assert hour["a21026-ZsAvg"] == "sulfur_dioxide_converted"
    groups = area_of("sd-flue-gas-source", "2011")
    (group,) = (g for g in groups if g[0][0] == "a21026-Rtd")
    names = [name for name, _ in group]
    assert names == ["a21026-Rtd", "a21026-ZsRtd", "a21026-Flag"]


def test_the_page_shows_which_values_of_a_factor_are_meant() -> None:
    lines = page(resolved("sd-flue-gas-source"), "en").splitlines()
    (line,) = (one for one in lines if one.strip().startswith("stack_dust_converted"))
    assert "hj212:a34013-Zs json:stackDustConverted" in line


def test_prefixes_are_those_of_the_keys_of_table_4() -> None:
    for _, code, element in coded():
        spelled = element.wire["hj212"]
        prefix = "" if isinstance(spelled, str) else spelled.get("prefix", "")
        assert prefix in ({"", "Day", "Night"} if code[0] == "L" else {"", "Zs"})


def test_noise_is_sent_as_annex_c_has_it() -> None:
    real_time, hour = (values("sd-site-dust-noise", cn) for cn in ("2011", "2061"))
    assert "LA-Rtd" in real_time
    assert not [name for name in real_time if name.startswith("Leq")]
    assert "Leq-Data" in hour
    assert not [name for name in hour if name.startswith("LA")]


# One factor, several elements: the rule of the profile model


def test_a_prefix_tells_two_elements_of_one_code_apart(tmp_path: Path) -> None:
    corpus = default_corpus()
    file = corpus.find("sd-flue-gas-source").file
    text = file.read_text("utf-8")
    merely_coded = text.replace(", prefix: Zs", "")
    for folder, shown, expected in (("one", text, 0), ("two", merely_coded, 3)):
        copy = tmp_path / folder / "copy.yaml"
        copy.parent.mkdir()
        copy.write_text(shown, "utf-8")
        entry = corpus.find(copy)
        merged = corpus.resolve_entry(entry, None, check=False)
        found = findings_merged(merged, corpus.quantities, None)
        twice = [one for one in found if one.code == "profile.wire-name-twice"]
        assert len(twice) == expected


# Requirements


@pytest.mark.parametrize("name", EVERY)
def test_own_requirements_say_what_is_confirmed(name: str) -> None:
    """Only the project's own text and HJ 212 were read; all else is unconfirmed."""
    document = load_yaml(default_corpus().find(name).file)
    for item in document.data["requirements"]:
        clause = item["clause"]
        was_read = clause["source"].startswith("LH") or clause["source"] == "HJ212"
        assert was_read or not clause["confirmed"], item["id"]
        assert clause["confirmed"] or clause["basis"] == "interop", item["id"]
        if clause["basis"] in ("interop", "informative"):
            assert item["level"] == "should" or "SITE" in item["id"], item["id"]


@pytest.mark.parametrize("name", DOMAINS)
def test_data_are_judged_over_either_binding(name: str) -> None:
    checks = {r.check.name for r in resolved(name).requirements if r.check}
    assert {"hj212.values_conform", "mqtt.payload_conforms", "mqtt.binding_kept"} <= (
        checks
    )


def test_the_overlay_only_advises_and_says_what_a_check_would_feed() -> None:
    snapshot = resolved(OVERLAY)
    own = [r for r in snapshot.requirements if r.origin == snapshot.ref]
    assert len(own) >= 10
    for requirement in own:
        assert requirement.level == "should"
        assert requirement.clause.basis == "interop"
        reason = requirement.not_tested
        assert reason is not None
        assert reason.reason == "not-observable"
        assert reason.note is not None
        assert re.search("输入|使", reason.note["zh"])
        assert re.search("feed|make", reason.note["en"])


def test_the_overlay_replaces_what_it_contradicts() -> None:
    parent, overlay = resolved("sd-wastewater-source"), resolved(OVERLAY)
    assert overlay.elements == parent.elements
    assert overlay.bindings == parent.bindings
    dropped = {r.id for r in parent.requirements} - {r.id for r in overlay.requirements}
    stated = {f"WWS-STAT-00{n}" for n in (1, 2, 3)} | {"HJ212-DAT-011"}
    assert dropped == stated


# Declarations


@pytest.mark.parametrize("role", ["device", "platform"])
@pytest.mark.parametrize("name", EVERY)
def test_a_new_form_can_be_reviewed(name: str, role: str, tmp_path: Path) -> None:
    form = tmp_path / f"{name}.iut.yaml"
    assert main(["iut", "new", name, "--role", role, "--out", str(form)]) == 0
    text = form.read_text("utf-8")
    assert f"profile: {name}@1.0.0" in text
    for item in resolved(name).ics:
        concerned = re.search(rf"^  {item.id}: ", text, re.M)
        own = item.origin.startswith("sd-") and "base" not in item.origin
        assert concerned or role == "platform" or not own, item.id
    default = re.search(r'^  hj212_st: "?(\d\d)"?', text, re.M)
    assert default
    assert default[1] == DOMAINS.get(name, "32")
    assert main(["iut", "check", str(form)]) == 3, "open questions are found"
