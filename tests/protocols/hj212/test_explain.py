# SPDX-License-Identifier: Apache-2.0
"""HJ 212 explained: public frames are judged right, broken ones as far as it goes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import InputError
from conformance.protocols.hj212.codec import encode, encode_raw
from conformance.protocols.hj212.explain import decode_text, explain
from conformance.protocols.hj212.messages import MESSAGES

ROOT = Path(__file__).parents[3]
FRAMES = ROOT / "fixtures" / "frames" / "hj212.jsonl"
# A newer collection may lie beside the checkout; nothing here needs it.
NEWER = ROOT.parent / "shared" / "vectors" / "hj212.jsonl"

HEAD = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;"
SEGMENT = HEAD + b"Flag=5;CP=&&RtdInterval=30&&"
GOOD = encode(SEGMENT)


def vectors() -> list[Any]:
    found: dict[str, Any] = {}
    for file in (FRAMES, NEWER):
        if file.exists():
            for line in file.read_text(encoding="utf-8").splitlines():
                vector = json.loads(line)
                found.setdefault(vector["frame"], vector)
    return [pytest.param(v, id=str(number)) for number, v in enumerate(found.values())]


def rules(octets: bytes, layer: str, edition: str | None = None) -> list[str]:
    found = explain(octets, edition).violations
    return [violation.rule for violation in found if violation.layer == layer]


def test_all_public_frames_are_here() -> None:
    """The collection holds 53 frames, right and wrong ones."""
    lines = FRAMES.read_text(encoding="utf-8").splitlines()
    valid = [json.loads(line)["valid"] for line in lines]
    assert len(valid) == 53
    assert valid.count(False) == 8


@pytest.mark.parametrize("vector", vectors())
def test_public_frame(vector: dict[str, Any]) -> None:
    """Framing, fields and content issues are those that the source states."""
    found = explain(decode_text_of(vector))
    assert found.framing_ok == vector["valid"]
    if "body_issues" in vector:
        assert any(v.layer == "content" for v in found.violations)
    decoded = vector["decoded"]
    if "fields" in decoded:
        expected = {k: v for k, v in decoded["fields"].items() if not k.startswith("_")}
        received = dict(found.decoded["fields"])
        received["CP"] = received["CP"].removeprefix("&&").removesuffix("&&")
        assert received == expected
    for fact in {"length", "crc"} & decoded.keys():
        assert found.decoded[fact] == decoded[fact]


def decode_text_of(vector: dict[str, Any]) -> bytes:
    assert vector["encoding"] == "ascii"
    return str(vector["frame"]).encode("ascii")


def test_every_field_has_place_and_meaning() -> None:
    """Fields stand in wire order, point to their octets and speak both languages."""
    found = explain(GOOD)
    assert found.violations == ()
    names = [field.name for field in found.fields]
    assert names[:8] == ["header", "length", "QN", "ST", "CN", "PW", "MN", "Flag"]
    assert names[8:] == ["CP", "RtdInterval", "CRC", "tail"]
    for field in found.fields:
        assert field.meaning.zh
        assert field.meaning.en
        text = GOOD[field.at : field.at + field.size]
        shown = field.value.encode().replace(b"\\r\\n", b"\r\n")
        assert text.endswith(shown)


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("QN", "2016-08-01 08:58:57.223", "2016-08-01 08:58:57.223"),
        ("ST", "地表水体环境污染源", "surface water pollution source"),
        ("CN", "设置实时数据间隔（上位机请求）", "(request by platform)"),
        (
            "Flag",
            "HJ 212-2017，不带包号，需要应答",
            "HJ 212-2017, no packet numbers, answer wanted",
        ),
        ("CRC", "校验正确", "right"),
    ],
)
def test_meanings(name: str, zh: str, en: str) -> None:
    """The annex A packet reads as a person would read it."""
    (field,) = (f for f in explain(GOOD).fields if f.name == name)
    assert zh in field.meaning.zh
    assert en in field.meaning.en


@pytest.mark.parametrize(
    ("area", "name", "en"),
    [
        (b"QnRtn=3", "QnRtn", "wrong PW"),
        (b"ExeRtn=100", "ExeRtn", "no data"),
        (b"ExeRtn=77", "ExeRtn", "not in the table"),
        (b"a34004-Flag=T", "a34004-Flag", "above the measuring range"),
        (b"SB1-RS=5", "SB1-RS", "blow-back"),
        (b"DataTime=20160801085900", "DataTime", "2016-08-01 08:59:00"),
        (b"DataTime=20161301085900", "DataTime", "not a valid time"),
        (b"a34004-Odd=1", "a34004-Odd", "not in the standard"),
    ],
)
def test_meanings_of_items(area: bytes, name: str, en: str) -> None:
    """Return codes, marks, states and times are spelled out."""
    found = explain(encode(HEAD + b"Flag=4;CP=&&" + area + b"&&"))
    (field,) = (f for f in found.fields if f.name == name)
    assert en in field.meaning.en


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"!!" + GOOD[2:], ["header"]),
        (encode_raw(SEGMENT, length=b"1 01"), ["length-digits"]),
        (encode_raw(SEGMENT, length=b"+101"), ["length-digits"]),
        (encode_raw(SEGMENT, length=100), ["length-mismatch"]),
        (encode_raw(SEGMENT, length=113), ["length-mismatch"]),
        (encode_raw(SEGMENT, length=9999), ["length-mismatch"]),
        (encode_raw(SEGMENT, checksum=0x1C81), ["checksum"]),
        (encode_raw(SEGMENT, checksum=b"ZZZZ"), ["checksum-hex"]),
        (encode_raw(SEGMENT, checksum=b"+1C8"), ["checksum-hex"]),
        (encode_raw(SEGMENT, tail=b""), ["tail"]),
        (encode_raw(SEGMENT, tail=b"\n"), ["tail"]),
        (encode_raw(SEGMENT, tail=b"\\r\\n"), ["tail"]),
        (GOOD + b"\r\n", ["trailing-octets"]),
        (GOOD + GOOD, ["trailing-octets"]),
        (encode_raw(b"CP=&&" + b"x" * 1100 + b"&&"), ["segment-too-long"]),
        (GOOD[:60], ["truncated"]),
        (b"##0101", ["truncated"]),
        (b"", ["header", "length-digits", "truncated"]),
    ],
)
def test_framing_violations(octets: bytes, expected: list[str]) -> None:
    """Each damage has its rule; nothing else is said about the framing."""
    assert sorted(rules(octets, "framing")) == sorted(expected)
    assert explain(octets).framing_ok is False


def test_lower_case_checksum_is_a_remark() -> None:
    """FRM-011 is content: a receiver takes lower case."""
    octets = encode_raw(SEGMENT, checksum=b"1c80")
    assert rules(octets, "framing") == []
    assert rules(octets, "content") == ["FRM-011"]


def test_violation_points_to_its_octets() -> None:
    """Positions count from the start of the packet, not of the segment."""
    octets = encode(SEGMENT.replace(b"ST=32", b"ST=XX"))
    (violation,) = explain(octets).violations
    assert violation.rule == "SEG-003"
    assert octets[violation.at : violation.at + violation.size] == b"ST=XX"


def test_asked_edition() -> None:
    """The caller may choose the edition whose rules apply."""
    assert rules(GOOD, "content", "2017") == []
    assert rules(GOOD, "content", "HJ 212-2025") == ["SEG-007"]
    with pytest.raises(InputError) as caught:
        explain(GOOD, "2030")
    assert caught.value.code in MESSAGES


def test_encrypted_packet_is_not_condemned() -> None:
    """Without the key the checksum of an encrypted packet cannot be judged."""
    segment = HEAD.replace(b"1062", b"2011") + b"Flag=9;CP=&&{0xE4,0x3E}a=1&&"
    octets = encode_raw(segment, length=90, checksum=b"0000")
    found = explain(octets)
    assert found.framing_ok
    assert found.decoded["encrypted"] is True
    (crc,) = (f for f in found.fields if f.name == "CRC")
    assert "without the key" in crc.meaning.en


@given(st.binary(max_size=60), st.integers(0, len(GOOD)), st.integers(0, 20))
def test_explain_never_fails(noise: bytes, at: int, cut: int) -> None:
    """Any octets are explained, with positions inside them."""
    octets = GOOD[:at] + noise + GOOD[at + cut :]
    found = explain(octets)
    assert found.octets == octets
    for part in (*found.fields, *found.violations):
        assert 0 <= part.at <= part.at + part.size <= max(len(octets), 6)
    assert json.dumps(found.decoded)


@given(st.binary(max_size=80))
def test_written_octets_are_read_back(octets: bytes) -> None:
    """Hex with any usual separators, and ASCII with escapes, give the octets."""
    assert decode_text(octets.hex(), "hex") == octets
    assert decode_text(octets.hex(" ").upper(), "hex") == octets
    escaped = "".join(f"\\x{octet:02x}" for octet in octets)
    assert decode_text(escaped, "ascii") == octets


def test_ascii_as_people_paste_it() -> None:
    """A printed tail counts as the tail; other text stands for itself."""
    pasted = GOOD.decode().replace("\r\n", "\\r\\n")
    assert decode_text(pasted, "ascii") == GOOD
    assert decode_text(GOOD.decode(), "ascii") == GOOD
    assert decode_text("清", "ascii") == "清".encode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("1", "hex"), ("1G", "hex"), ("\\q", "ascii"), ("00", "base64")],
)
def test_unreadable_text(text: str, encoding: str) -> None:
    """What cannot be read is the user's input error, with words for it."""
    with pytest.raises(InputError) as caught:
        decode_text(text, encoding)
    assert caught.value.code in MESSAGES
