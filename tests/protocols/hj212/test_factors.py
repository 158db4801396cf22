# SPDX-License-Identifier: Apache-2.0
"""HJ 212 factor codes: the dictionary is whole, and codes are read by edition."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.factors import (
    Format,
    ProcessCode,
    SiteCode,
    Unit,
    all_factors,
    factor,
    factors,
    parse_format,
    process_code,
    site_code,
)
from conformance.protocols.hj212.meanings import item_meaning

ROOT = Path(__file__).parents[3]
FILE = ROOT / "profiles" / "dictionary" / "hj212-factors.jsonl"
KEYS = {
    *("code", "name", "table", "code_2005", "unit", "total", "format", "values"),
    *("edition", "confirmed", "in_2025", "conflict", "alternative", "note"),
}
E2005, E2017, E2025 = Edition
CODES = {
    "B.1": r"w[0-9]{5}",
    "B.2": r"a[0-9]{5}",
    "B.3": r"L[0-9A-Za-z]{1,2}",
    "B.5": r"e[1-9ab][0-9]{2}xx",
    "B.7": r"g[1-9ab][0-9]{2}xx",
    "B.10": r"i[1-3][1-3][0-9]{2}[0-9x]",
    None: r"(?:i[0-9]{5}|[dp][0-9]{5})",
}


def rows() -> list[dict[str, object]]:
    return [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


def test_rows_have_the_known_keys_in_one_form() -> None:
    """Whoever adds a row writes it as the others are written."""
    for line in FILE.read_text("utf-8").splitlines():
        row = json.loads(line)
        assert set(row) <= KEYS
        assert line == json.dumps(row, ensure_ascii=False)
        for text in (row["name"], row.get("note")):
            assert text is None or set(text) <= {"zh", "en"}
            assert text is None or all(text.values())


def test_tables_are_whole() -> None:
    """Annex B of 2017 has 379 rows in six tables; 13 codes of 2025 are quoted."""
    assert Counter(entry.table for entry in all_factors()) == {
        "B.1": 63,
        "B.2": 121,
        "B.3": 12,
        "B.5": 90,
        "B.7": 55,
        "B.10": 38,
        None: 13,
    }
    assert all(e.confirmed is (e.edition is E2017) for e in all_factors())


def test_codes_follow_the_grammar_of_their_table() -> None:
    """Clause 6.4: letter, class and number."""
    for entry in all_factors():
        assert re.fullmatch(CODES[entry.table], entry.code), entry


def test_codes_are_unique_but_for_what_is_printed_twice() -> None:
    """Annex B prints e701xx and g119xx for two rows each, and says so."""
    counted = Counter(entry.code for entry in all_factors())
    twice = {code for code, count in counted.items() if count > 1}
    assert twice == {"e701xx", "g119xx"}
    assert {e.code for e in all_factors() if e.conflict} == twice
    old = Counter(e.code_2005 for e in all_factors() if e.code_2005)
    assert set(old.values()) == {1}


def test_units_are_known() -> None:
    """One UCUM code for each printed unit (pH apart); few units have none."""
    spelled: dict[str, set[str | None]] = {}
    for entry in all_factors():
        for unit in (entry.unit, entry.total):
            if unit:
                spelled.setdefault(unit.zh, set()).add(unit.ucum)
    assert spelled.pop("无量纲") == {"1", "[pH]"}
    assert all(len(codes) == 1 for codes in spelled.values())
    none = {zh for zh, codes in spelled.items() if codes == {None}}
    assert none == {"[色]度", "年月日时分秒"}


def test_units_are_ucum() -> None:
    """A grammar by other people reads every unit code."""
    ucumvert = pytest.importorskip("ucumvert")
    parser = ucumvert.get_ucum_parser()
    codes = {u.ucum for e in all_factors() for u in (e.unit, e.total) if u and u.ucum}
    for code in codes - {"1"}:
        parser.parse(code)


def test_states_have_values_in_both_languages() -> None:
    """Table B.10 lists the values of eight states (DAT-020)."""
    states = {e.code: e.values for e in all_factors() if e.values}
    assert set(states) == {
        *("i12001", "i12002", "i12003", "i22001", "i22002", "i22003", "i22101"),
        "i32001",
    }
    for values in states.values():
        for text in values.values():
            assert text.zh
            assert text.en


@pytest.mark.parametrize(
    ("code", "edition", "zh", "unit", "form", "confirmed"),
    [
        ("w01018", E2017, "化学需氧量", "mg/L", "N5.1", True),
        ("w01018", E2025, "化学需氧量", "mg/L", "N5.1", False),
        ("011", E2005, "化学需氧量", "mg/L", "N5.1", False),
        ("B02", E2005, "废气", "m3/s", "N6.1", False),
        ("a19001", E2017, "氧气含量", "%", "N3.1", True),
        ("a19001", E2025, "氧含量", "%", "N2.2", False),
        ("w01001", E2017, "pH值", "[pH]", "N2.2", True),
        ("Leq", E2017, "等效声级", "dB", "N3.1", True),
        ("e10201", E2017, "进水口COD", "mg/L", "N5.1", True),
        ("g30899", E2017, "旁路挡板左右压差", "kPa", "N5.3", True),
        ("i33105", E2017, "监测站房进样压力1", "kPa", "N6", True),
        ("i33317", E2017, "炉膛内上部焚烧温度", "Cel", "N4.1", True),
        ("e71101", E2017, "加药量", "mg/L", "N5.1", False),
    ],
)
def test_factor_by_edition(
    code: str, edition: Edition, zh: str, unit: str, form: str, confirmed: bool
) -> None:
    """Names, units and formats are those of annex B, reviewed by hand."""
    found = factor(code, edition)
    assert found is not None
    assert (found.name.zh, str(found.format)) == (zh, form)
    assert isinstance(found.unit, Unit)
    assert (found.unit.ucum, found.confirmed) == (unit, confirmed)


@pytest.mark.parametrize(
    ("code", "edition"),
    [
        ("w99999", E2017),
        ("011", E2017),
        ("w01018", E2005),
        ("i23005", E2017),
        ("e101ab", E2017),
        ("e102", E2017),
        ("", E2017),
        ("x", E2017),
        ("i3331²", E2017),
    ],
)
def test_what_is_no_code_of_the_edition(code: str, edition: Edition) -> None:
    """An unknown code is nothing, and no error."""
    assert factor(code, edition) is None


def test_code_printed_twice_gives_both_rows() -> None:
    """Nobody can tell which of the two is meant."""
    assert [f.name.zh for f in factors("g11901")] == ["脱硫率", "入口二氧化硫SO2"]
    assert [f.name.zh for f in factors("e70101")] == ["污水提升泵", "加药量"]


@given(st.text(max_size=8), st.sampled_from(Edition))
def test_any_text_may_be_asked_for(code: str, edition: Edition) -> None:
    """A code comes from the wire; whatever it is, there is an answer."""
    assert all(f.edition is edition for f in factors(code, edition))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("N3.1", Format("N", 3, 1)),
        ("N14", Format("N", 14)),
        ("C890", Format("C", 890)),
        ("C1", Format("C", 1)),
    ],
)
def test_formats(text: str, expected: Format) -> None:
    """6.3.3.2.2: Cn, Nn, Nn.m; written back as read."""
    assert parse_format(text) == expected
    assert str(parse_format(text)) == text


@pytest.mark.parametrize(
    "text", ["", "N", "N0", "C", "C3.1", "n3.1", "N3.", "N３", "X1"]
)
def test_what_is_no_format(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(ValueError, match="no format"):
        parse_format(text)


@pytest.mark.parametrize(
    ("form", "value", "fits"),
    [
        ("N3.1", "123.4", True),
        ("N3.1", "-123.4", True),
        ("N3.1", "1234", False),
        ("N3.1", "1.23", False),
        ("N3.1", "0", True),
        ("N4", "1.0", False),
        ("N3.1", "1.", False),
        ("N3.1", "", False),
        ("N3.1", "１", False),
        ("N3.1", "1e1", False),
        ("C6", "w01018", True),
        ("C6", "w010180", False),
    ],
)
def test_values_in_formats(form: str, value: str, fits: bool) -> None:
    """At most so many digits before and after the point, unpadded, any sign."""
    assert parse_format(form).fits(value) is fits


def test_grammar_of_process_and_site_codes() -> None:
    """6.4.1 and 6.4.2."""
    assert process_code("e10201") == ProcessCode("e", "1", "02", "01")
    assert process_code("gb0801") == ProcessCode("g", "b", "08", "01")
    assert site_code("i12001") == SiteCode("1", "2", "001")
    for code in ("e01001", "w01018", "e1020", "e102011", "gc0801", "e1020１"):
        assert process_code(code) is None
    for code in ("i1200", "j12001", "i120011"):
        assert site_code(code) is None


@pytest.mark.parametrize(
    ("name", "value", "edition", "zh", "en"),
    [
        (
            *("w01018-Rtd", "40.1", E2017),
            "w01018 化学需氧量 实时值，单位 毫克/升",
            "w01018 chemical oxygen demand: momentary value, in mg/L",
        ),
        (
            *("w01018-Cou", "1.5", E2017),
            "w01018 化学需氧量 累计值，单位 千克",
            "w01018 chemical oxygen demand: total, in kg",
        ),
        (
            *("w01009-Rtd", "7.123", E2017),
            "w01009 溶解氧 实时值，单位 毫克/升，超出默认格式 N3.1",
            "w01009 dissolved oxygen: momentary value, in mg/L,"
            " beyond the default format N3.1",
        ),
        (
            *("a19001-Avg", "19.5", E2025),
            "a19001 氧含量（HJ 212-2025 原文未核实） 平均值，单位 %",
            "a19001 oxygen content (not confirmed for HJ 212-2025): mean, in %",
        ),
        (
            *("a05002-Rtd", "1.0", E2017),
            "a05002 甲烷 实时值，单位 纳克/立方米（原文如此，存疑）",
            "a05002 methane: momentary value, in ng/m3 (as printed, doubtful)",
        ),
        (
            *("i12001-Info", "2", E2017),
            "i12001 工作状态 现场端信息：故障",
            "i12001 working state: site information: fault",
        ),
        (
            *("PolId", "w21003", E2017),
            "污染因子编码：氨氮",
            "factor code: ammonia nitrogen",
        ),
        (
            *("x99-Rtd", "1", E2017),
            "x99 实时值",
            "x99: momentary value",
        ),
    ],
)
def test_items_are_explained_by_the_dictionary(
    name: str, value: str, edition: Edition, zh: str, en: str
) -> None:
    """Name, unit, and whether the edition's text was read."""
    meaning = item_meaning(name, value, edition)
    assert (meaning.zh, meaning.en) == (zh, en)
