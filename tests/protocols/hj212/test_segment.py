# SPDX-License-Identifier: Apache-2.0
"""HJ 212 data segment: nothing is lost, and each broken rule is named and found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocols.hj212.codec.segment import (
    Field,
    Flag,
    build_segment,
    build_segment_raw,
    edition_of,
    parse_segment,
)
from conformance.protocols.hj212.codes import (
    COMMANDS,
    SYSTEMS,
    Edition,
    Kind,
    is_reserved,
)
from conformance.protocols.hj212.times import read_time

MN = "010000A8900016F000169DC0"
HEAD = f"QN=20160801085857223;ST=32;CN=2011;PW=100000;MN={MN};"
DATA = "DataTime=20160801085857;w01018-Rtd=40.1,w01018-Flag=N"
GOOD = f"{HEAD}Flag=5;CP=&&{DATA}&&".encode()
GOOD_2025 = f"{HEAD}Flag=9;RF=1;CP=&&{DATA}&&".encode()
# A printed packet of 2005: no QN, no Flag, MN of 14 characters.
OLD = b"ST=32;CN=2011;PW=123456;MN=88888880000001;CP=&&DataTime=20040516021000&&"

codes = st.from_regex(r"[awgi][0-9]{5}", fullmatch=True)
values = st.from_regex(r"-?[0-9]{1,4}(\.[0-9]{1,3})?", fullmatch=True)
groups = st.dictionaries(codes, values, max_size=8).map(
    lambda found: [[(f"{c}-Rtd", v), (f"{c}-Flag", "N")] for c, v in found.items()]
)


def broken(octets: bytes, edition: Edition | None = None) -> list[str]:
    return [v.rule for v in parse_segment(octets, edition).violations]


def swap(old: str, new: str, base: bytes = GOOD) -> bytes:
    assert old.encode() in base
    return base.replace(old.encode(), new.encode(), 1)


def test_fields_of_a_good_segment() -> None:
    """Every field and item has its name, value and place."""
    segment = parse_segment(GOOD)
    assert segment.violations == ()
    assert segment.edition is Edition.E2017
    assert (segment.qn, segment.st, segment.cn) == ("20160801085857223", "32", "2011")
    assert (segment.pw, segment.mn, segment.rf) == ("100000", MN, None)
    assert segment.flag == Flag(1, has_packet_number=False, answer_wanted=True)
    names = [field.name for field in segment.fields]
    assert names == ["QN", "ST", "CN", "PW", "MN", "Flag", "CP"]
    for part in (*segment.fields, *segment.items):
        assert GOOD[part.at : part.at + part.size] == part.octets
        assert part.octets == f"{part.name}={part.value}".encode()
    assert [[i.name for i in group] for group in segment.cp] == [
        ["DataTime"],
        ["w01018-Rtd", "w01018-Flag"],
    ]


@pytest.mark.parametrize("value", range(256))
def test_flag_round_trip(value: int) -> None:
    """Every octet is a flag and comes back."""
    assert Flag.of(value).value == value


@pytest.mark.parametrize(
    ("flag", "edition"),
    [
        ("Flag=1;", Edition.E2005),
        ("Flag=4;", Edition.E2017),
        ("Flag=7;PNUM=1;PNO=1;", Edition.E2017),
        ("Flag=8;", Edition.E2025),
        ("Flag=12;", None),
        ("Flag=x;", None),
        ("", Edition.E2005),
    ],
)
def test_edition_by_version_bits(flag: str, edition: Edition | None) -> None:
    """Version 0 is 2005, 1 is 2017, 2 is 2025; no Flag is 2005 (table 3)."""
    assert edition_of(swap("Flag=5;", flag)) is edition


@given(groups, st.booleans(), st.sampled_from([1, 2]))
def test_round_trip(
    cp: list[list[tuple[str, str]]], answer: bool, version: int
) -> None:
    """What is built is read back, and breaks no rule."""
    flag = Flag(version, has_packet_number=True, answer_wanted=answer)
    octets = build_segment(
        qn="20260801085857223",
        st="32",
        cn="2011",
        pw="100000",
        mn=MN,
        flag=flag,
        pnum=3,
        pno=2,
        rf=version == 2,
        cp=cp,
    )
    segment = parse_segment(octets)
    assert segment.violations == ()
    assert segment.flag == flag
    assert (segment.pnum, segment.pno) == (3, 2)
    assert [[(i.name, i.value) for i in g] for g in segment.cp] == cp


def is_cp(field: Field) -> bool:
    return field.octets.startswith(b"CP=")


areas = st.text(st.sampled_from(" ,;=/&-aN1\t\x1c清{x"), max_size=24).map(str.encode)


@given(st.one_of(st.binary(max_size=120), areas))
def test_parsing_never_fails(octets: bytes) -> None:
    """Any octets give a segment whose fields cover them, and violations inside them."""
    for sample in (octets, b"CP=&&" + octets + b"&&", GOOD + octets):
        segment = parse_segment(sample)
        joined = b";".join(field.octets for field in segment.fields)
        assert sample in (joined, joined + b";")
        assert list(map(list, segment.groups)) == [
            [(i.name, "=" if b"=" in i.octets else "", i.value) for i in group]
            for group in segment.cp
        ]
        assert [(n, v) for n, _, v in segment.head] == [
            (f.name, f.value) for f in segment.fields if not is_cp(f)
        ]
        for name in {field.name for field in segment.fields}:
            field = segment.field(name)
            assert field is not None
            assert segment.text(name) == field.value
        for violation in segment.violations:
            assert 0 <= violation.at <= violation.at + violation.size <= len(sample)


@pytest.mark.parametrize(
    ("octets", "rules"),
    [
        (swap("QN=20160801085857223;ST=32", "ST=32;QN=20160801085857223"), ["SEG-001"]),
        (swap("ST=32;", ""), ["SEG-001"]),
        (swap("ST=32;", "ST=32;ST=32;"), ["SEG-001"]),
        (swap("ST=32;", "ST=32;XX=1;"), ["SEG-001"]),
        (swap("QN=", "qn="), ["SEG-001", "SEG-001"]),
        (swap("Flag=5;", "Flag=5;RF=1;"), ["SEG-001"]),
        (swap("ST=32;", "ST=32,"), ["SEG-003", "SEG-001"]),
        (swap("20160801085857223", "2016080108585722"), ["SEG-002"]),
        (swap("20160801085857223", "2016080108585722３"), ["SEG-002", "FRM-012"]),
        (swap("20160801085857223", "20160230085857223"), ["SEG-002"]),
        (swap("20160801085857223", "20160801245857223"), ["SEG-002"]),
        (swap("ST=32", "ST=3"), ["SEG-003"]),
        (swap("ST=32", "ST=99"), ["SEG-003"]),
        (swap("ST=32", "ST=44"), ["SEG-003"]),
        (swap("ST=32", "ST=A1"), []),
        (swap("CN=2011", "CN=20A1"), ["SEG-004"]),
        (swap("CN=2011", "CN=02011"), ["SEG-004"]),
        (swap("CN=2011", "CN=9021"), ["SEG-039"]),
        (swap("CN=2011", "CN=5001"), []),
        (swap("PW=100000", "PW="), ["SEG-005"]),
        (swap("PW=100000", "PW=1000000"), ["SEG-005"]),
        (swap("PW=100000", "PW=10000-"), ["SEG-005"]),
        (swap("PW=100000", "PW=a"), []),
        (swap("9DC0", "9dc0"), ["SEG-006"]),
        (swap("9DC0", "9DC"), ["SEG-006"]),
        (swap("Flag=5", "Flag=256"), ["SEG-007"]),
        (swap("Flag=5", "Flag=+5"), ["SEG-007"]),
        (swap("Flag=5", "Flag="), ["SEG-007"]),
        (swap("Flag=5", "Flag=13"), ["SEG-007"]),
        (swap("Flag=5", "Flag=7"), ["SEG-008", "SEG-008"]),
        (swap("Flag=5", "Flag=7;PNUM=2"), ["SEG-008"]),
        (swap("Flag=5", "Flag=5;PNUM=2;PNO=1"), ["SEG-008", "SEG-008"]),
        (swap("Flag=5", "Flag=7;PNUM=2;PNO=2"), []),
        (swap("Flag=5", "Flag=7;PNUM=2;PNO=3"), ["SEG-008"]),
        (swap("Flag=5", "Flag=7;PNUM=2;PNO=0"), ["SEG-008"]),
        (swap("Flag=5", "Flag=7;PNUM=10000;PNO=1"), ["SEG-008"]),
        (swap("Flag=5", "Flag=7;PNO=1;PNUM=2"), ["SEG-001"]),
        (swap("&&", ""), ["SEG-009"]),
        (GOOD[:-1], ["SEG-009"]),
        (GOOD + b"x", ["SEG-009"]),
        (swap("Flag=N", "Flag=N&&w=1"), ["SEG-025", "SEG-009"]),
        (swap(",w01018-Flag", ",,w01018-Flag"), ["SEG-010"]),
        (swap(";w01018-Rtd", ";;w01018-Rtd"), ["SEG-010"]),
        (swap("&&Data", "&&;Data"), ["SEG-010"]),
        (swap("w01018-Rtd=40.1", "w01018-Rtd"), ["SEG-010"]),
        (swap("w01018-Rtd=40.1", "=40.1"), ["SEG-010"]),
        (swap(",w01018-Flag", ";w01018-Flag"), ["SEG-010"]),
        (swap(",w01018-Flag", ",w01019-Flag"), ["SEG-010"]),
        (swap("Flag=N&&", "Flag=N;&&"), ["SEG-045"]),
        (swap("w01018-Rtd=", "w01018-Rtd ="), ["SEG-044"]),
        (swap("w01018-Rtd=40.1,", "w01018-Rtd=40.1,w01018-Rtd=40.1,"), ["SEG-040"]),
        (swap("DataTime=20160801085857", "DataTime=20160801085857000"), ["SEG-012"]),
        (swap("Flag=N&&", "Flag=X&&"), ["SEG-013"]),
        (swap("Flag=N&&", "Flag=NN&&"), ["SEG-025"]),
        (swap(DATA, "RtdInterval=29"), ["SEG-019"]),
        (swap(DATA, "RtdInterval=3600"), []),
        (swap(DATA, "MinInterval=7"), ["SEG-020"]),
        (swap(DATA, "OverTime=0;ReCount=100"), ["SEG-021", "SEG-021"]),
        (swap(DATA, "PolId=w010180"), ["SEG-029"]),
        (swap(DATA, "SB1-RS=6;SB1-RT=24.01"), ["SEG-026", "SEG-027"]),
        (swap(DATA, "SB1-RS=5;SB1-RT=24.00"), []),
        (swap(DATA, "CstartTime=240000;Ctime=25"), ["SEG-033", "SEG-033"]),
        (swap(DATA, "BeginTime=20160801000000,EndTime=20160802000000"), []),
        (swap(DATA, "i11001-Info=//清洗;管路,a=1&&b//"), []),
        (swap("PW=100000", "PW=密码"), ["SEG-005", "FRM-012"]),
        (GOOD.replace(b"40.1", "清".encode("gbk")), ["SEG-017", "FRM-012"]),
        (swap("9DC0;Flag=5", "9DC0;Flag=9;RF=0"), ["SEG-011"]),
        (swap("9DC0;Flag=5", "9DC0;Flag=9;RF=1"), []),
        (swap(f"MN={MN};Flag=5", "MN=;Flag=9"), []),
        (swap(f"MN={MN}", "MN="), ["SEG-006"]),
        (swap(DATA, "{0xE4,0x3E}a=1", GOOD_2025), []),
        (swap(DATA, "{0xe4, 0x3E}a=1", GOOD_2025), ["SEC-009"]),
        (swap("Rtd=40.1", "Rtd=-40.1"), []),
        (swap("Rtd=40.1", "Rtd=4e1"), ["SEG-017"]),
        (swap("Rtd=40.1", "Rtd="), ["SEG-017"]),
        (swap("Rtd=40.1", "Rtd=40."), ["SEG-017"]),
        (swap("Rtd=40.1", "Rtd=４0"), ["SEG-017", "FRM-012"]),
        (swap(DATA, "Leq-DayData=56.2,Leq-Data=1056.2"), ["SEG-028"]),
        (swap(DATA, "InfoId=i13004;i13004-Info=168.0"), []),
        (swap(DATA, "InfoId=w01018;w01018-Info=1"), ["SEG-034", "SEG-034"]),
        (swap(DATA, "i11001-Info=text"), ["SEG-035"]),
        (swap(DATA, f"i21001-Info=//{'清' * 296}ab//"), []),
        (swap(DATA, f"i21001-Info=//{'清' * 296}abc//"), ["SEG-035"]),
        (swap(DATA, "Ctime=24;CTime=25"), ["SEG-033"]),
        (swap("Flag=9;RF=1", "Flag=11;PNUM=2;PNO=1;RF=1", GOOD_2025), []),
        (
            swap("Flag=9;RF=1", "Flag=11;PNUM=12;PNO=11", GOOD_2025),
            ["SEG-041", "SEG-041"],
        ),
        (swap("ST=32", "ST=44", GOOD_2025), []),
        (swap("ST=32", "ST=46", GOOD_2025), ["SEG-003"]),
        (swap("Flag=N", "Flag=O", GOOD_2025), []),
        (swap("Flag=N", "Flag=X", GOOD_2025), ["SEG-013"]),
        (swap("Flag=N", "Flag=O"), ["SEG-013"]),
        (swap(DATA, "CalibrationType=2", GOOD_2025), ["FLW-027"]),
        (swap(DATA, "CalibrationType=1", GOOD_2025), []),
        (swap(DATA, "CalibrationType=2"), []),
        (swap(DATA, "w01018-ResultType=3", GOOD_2025), ["FLW-050"]),
        (
            swap(DATA, "SKCreateTime=20240601;NewSK=1", GOOD_2025),
            ["SEC-005", "SEC-006"],
        ),
    ],
)
def test_broken_rules(octets: bytes, rules: list[str]) -> None:
    """Each defect breaks the rules it should, in order of position, and no other."""
    assert broken(octets) == rules


@pytest.mark.parametrize(
    ("size", "rules"), [(937, []), (938, ["FRM-003"]), (950, ["FRM-003"])]
)
def test_limit_of_the_segment(size: int, rules: list[str]) -> None:
    """With the longest head 937 octets of content fill the 1024 of a segment."""
    octets = swap(DATA, "a=" + "x" * (size - 2))
    assert len(octets) == 1024 + size - 937
    assert broken(octets) == rules


@pytest.mark.parametrize(("size", "rules"), [(950, []), (951, ["SEG-009"])])
def test_limit_of_the_data_area(size: int, rules: list[str]) -> None:
    """The content of CP has at most 950 octets."""
    found = broken(b"CP=&&a=" + b"x" * (size - 2) + b"&&", Edition.E2017)
    assert [rule for rule in found if rule != "SEG-001"] == rules


def test_segment_of_2005_is_no_fault() -> None:
    """Rules that 2005 does not have are not applied to it, unless asked for."""
    assert parse_segment(OLD).edition is Edition.E2005
    assert broken(OLD) == []
    assert set(broken(OLD, Edition.E2017)) == {"SEG-001", "SEG-006"}


def test_qn_of_a_2005_answer_is_in_its_data_area() -> None:
    """2005 answers carry QN inside CP; later editions do not (VER-002)."""
    area = b"CP=&&QN=20040516010101001;QnRtn=1&&"
    old = parse_segment(b"ST=91;CN=9011;PW=123456;MN=88888880000001;Flag=0;" + area)
    assert (old.edition, old.qn) == (Edition.E2005, "20040516010101001")
    new = parse_segment(f"ST=91;CN=9011;PW=1;MN={MN};Flag=4;".encode() + area)
    assert new.qn is None


@pytest.mark.parametrize(
    ("cn", "edition", "uses"),
    [
        ("1001", Edition.E2005, [(Kind.REQUEST, "platform")]),
        ("1001", Edition.E2017, []),
        ("1001", Edition.E2025, [(Kind.NOTICE, "device")]),
        ("1014", Edition.E2025, [(Kind.NOTICE, "device"), (Kind.REQUEST, "platform")]),
        ("2011", Edition.E2017, [(Kind.REQUEST, "platform"), (Kind.UPLOAD, "device")]),
        ("2052", Edition.E2025, [(Kind.UPLOAD, "device")]),
        ("2071", Edition.E2017, []),
        ("3015", Edition.E2017, [(Kind.REQUEST, "platform")]),
        ("3015", Edition.E2025, []),
        ("9015", Edition.E2017, []),
        ("9015", Edition.E2025, [(Kind.NOTICE, "device")]),
        ("9014", Edition.E2017, [(Kind.ANSWER, "both")]),
    ],
)
def test_direction_and_kind_by_edition(
    cn: str, edition: Edition, uses: list[tuple[Kind, str]]
) -> None:
    """The command tables of the editions, reviewed by hand."""
    found = COMMANDS[cn].uses_in(edition)
    assert [(use.kind, use.sender) for use in found] == uses


def test_asked_edition_beats_the_version_bits() -> None:
    """A profile of 2025 does not take the version bits of 2017."""
    assert broken(GOOD, Edition.E2017) == []
    assert broken(GOOD, Edition.E2025) == ["SEG-007"]


def test_strict_door_names_the_rule() -> None:
    """``build_segment`` refuses what ``build_segment_raw`` writes."""
    with pytest.raises(ValueError, match="SEG-002"):
        build_segment(
            qn="1", st="32", cn="2011", pw="1", mn=MN, flag=Flag(1), cp=[[("a", "1")]]
        )
    raw = build_segment_raw([("QN", "1"), (b"\xff", b";")], cp=b"&")
    assert raw == b"QN=1;\xff=;;CP=&"


def test_times() -> None:
    """Only real dates are times."""
    moment = read_time("20240229235959999")
    assert moment is not None
    assert moment.isoformat() == "2024-02-29T23:59:59.999000"
    for wrong in (
        "20230229000000",
        "00000101000000",
        "2024022923595",
        "２０２４0229235959",
    ):
        assert read_time(wrong) is None


def test_code_tables_are_whole() -> None:
    """Each command has two titles and a use; each use confirms only what it knows."""
    for cn, command in COMMANDS.items():
        assert command.cn == cn
        assert command.title.zh
        assert command.title.en
        assert command.uses
        assert all(use.confirmed <= use.editions for use in command.uses)
    assert Edition.E2017 not in COMMANDS["9015"].editions
    assert [u.kind for u in COMMANDS["2011"].uses] == [Kind.REQUEST, Kind.UPLOAD]
    assert not any(
        is_reserved(cn) for cn, c in COMMANDS.items() if Edition.E2017 in c.editions
    )
    assert len([s for s in SYSTEMS.values() if Edition.E2017 in s.editions]) == 20
