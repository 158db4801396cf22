# SPDX-License-Identifier: Apache-2.0
"""HJ 212-2025 encryption: published vectors, both length readings, wrong keys."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import InputError
from conformance.protocols.hj212.codec import Packet, checksum, encode, read_all
from conformance.protocols.hj212.codec.encryption import (
    EncryptionError,
    authorization,
    decrypt_area,
    encrypt_area,
    is_to_be_encrypted,
    open_packet,
    seal_packet,
    spell_cipher,
)
from conformance.protocols.hj212.codes import COMMANDS
from conformance.protocols.hj212.explain import explain
from conformance.protocols.hj212.messages import MESSAGES

pytest.importorskip("cryptography", reason="the extra gm is not installed")

KEY = b"0" * 16  # what the printed examples of 2025 use
OTHER = b"msbE74gsiSHSEh5e"
HEAD = b"QN=20240601085857223;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;"
AREA = b"DataTime=20240601085857;a21026-Rtd=12.34,a21026-Flag=N"
SEGMENT = HEAD + b"Flag=9;CP=&&" + AREA + b"&&"

texts = st.text(
    st.characters(codec="ascii", exclude_characters="&{}#\r\n"), max_size=99
)
areas = texts.map(str.encode)
keys = st.binary(min_size=16, max_size=16)


def received(octets: bytes) -> Packet:
    (packet,) = read_all(octets)
    assert isinstance(packet, Packet)
    return packet


def test_cipher_is_the_published_one() -> None:
    """GB/T 32907-2016, annex A, example 1."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    cipher = bytes.fromhex("681EDF34D206965E86B3E94F536E4246")
    assert encrypt_area(key, key) == spell_cipher(cipher)
    assert decrypt_area(spell_cipher(cipher), key) == key


def test_authorization_value_of_annex_h() -> None:
    """The printed example (SEC-012)."""
    value = authorization("testuser", "AezF0nZRs4kypuGO", OTHER)
    assert value == "LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="


def test_form_of_an_encrypted_area() -> None:
    """Whole blocks in braces, upper case, no blanks; the rest plain (SEC-002, 009)."""
    sealed = encrypt_area(AREA, KEY)
    assert sealed.startswith(b"{0x")
    assert sealed.endswith(b"}" + AREA[48:])
    assert sealed.count(b"0x") == 48
    assert len(sealed) == 2 + 48 * 5 - 1 + len(AREA) - 48


@pytest.mark.parametrize("size", [0, 1, 15])
def test_short_area_in_both_forms(size: int) -> None:
    """Below one block nothing is encrypted; ``{}`` before it is read too (SEC-008)."""
    area = b"x" * size
    assert encrypt_area(area, KEY) == area
    assert encrypt_area(area, KEY, braces=True) == b"{}" + area
    assert decrypt_area(area, KEY) == decrypt_area(b"{}" + area, KEY) == area


@given(areas, keys, st.booleans())
def test_area_round_trip(area: bytes, key: bytes, braces: bool) -> None:
    """What is encrypted is read back, also by the strict reading."""
    sealed = encrypt_area(area, key, braces=braces)
    assert decrypt_area(sealed, key, strict=True) == area


@given(areas, keys, st.sampled_from(["plain", "sent"]))
def test_packet_round_trip(area: bytes, key: bytes, length: str) -> None:
    """The reader finds the end of the packet by either length; the reading is told."""
    segment = HEAD + b"Flag=9;CP=&&" + area + b"&&"
    sealed = seal_packet(segment, key, length=length)  # type: ignore[arg-type]
    opened = open_packet(received(sealed), key)
    assert opened.segment.octets == segment
    assert opened.checksum_ok
    assert opened.spelling_ok
    assert opened.length == ("both" if len(area) < 16 else length)


def test_checksum_is_over_the_plain_segment() -> None:
    """SEC-003, and the printed reading of the length."""
    packet = received(seal_packet(SEGMENT, KEY))
    assert int(packet.checksum, 16) == checksum(SEGMENT)
    assert packet.length == b"%04d" % len(SEGMENT)
    assert packet.is_encrypted
    assert not packet.checksum_ok
    assert not packet.length_ok


def test_wrong_key_is_seen_by_the_checksum() -> None:
    """SEC-011: what does not decrypt is not to be stored."""
    opened = open_packet(received(seal_packet(SEGMENT, KEY)), OTHER)
    assert not opened.checksum_ok
    assert opened.segment.cn == "2011"  # the head was never encrypted


def test_plain_packet_is_opened_as_it_is() -> None:
    """Plain and encrypted packets come side by side (SEC-010)."""
    opened = open_packet(received(encode(SEGMENT)), KEY)
    assert (opened.segment.octets, opened.checksum_ok) == (SEGMENT, True)
    assert opened.length == "both"


def test_neither_length_is_told() -> None:
    """A length of nothing at all is no reading."""
    octets = b"##%04d" % (len(SEGMENT) + 1) + seal_packet(SEGMENT, KEY)[6:]
    assert open_packet(received(octets), KEY).length == "neither"


def test_loose_spelling_is_read_and_told() -> None:
    """Lower case and blanks lose no data, but are not SEC-009."""
    octets = seal_packet(SEGMENT, KEY)
    start, end = octets.index(b"{"), octets.index(b"}")
    inside = octets[start + 3 : end].lower().replace(b",", b", ")
    loose = octets[:start] + b"{0x" + inside + octets[end:]
    opened = open_packet(received(loose), KEY)
    assert opened.segment.octets == SEGMENT
    assert not opened.spelling_ok
    assert "SEC-009" in [v.rule for v in explain(loose).violations]


@pytest.mark.parametrize(
    ("area", "rule"),
    [
        (b"{0xE4,0x3E}rest", "SEC-002"),
        (b"{0xE4;0x3E}rest", "SEC-009"),
        (b"{0xE4,0x3", "SEC-009"),
        (b"{0xE4,,0x3E}", "SEC-009"),
        (b"{+0E4}", "SEC-009"),
        (b"{0x1_}", "SEC-009"),
    ],
)
def test_what_is_no_cipher_text(area: bytes, rule: str) -> None:
    """Each defect has its rule."""
    with pytest.raises(EncryptionError) as caught:
        decrypt_area(area, KEY)
    assert caught.value.rule == rule


def test_strict_reading_refuses_lower_case() -> None:
    """``strict`` is the standard's own spelling."""
    sealed = encrypt_area(b"x" * 16, KEY)
    lower = b"{" + sealed[1:-1].lower() + b"}"
    assert decrypt_area(lower, KEY) == b"x" * 16
    with pytest.raises(EncryptionError):
        decrypt_area(lower, KEY, strict=True)


def test_which_commands_are_encrypted() -> None:
    """2000-2999, 1014 and 3020 (SEC-001); answers never (SEC-010)."""
    found = {cn for cn in COMMANDS if is_to_be_encrypted(cn)}
    assert found == {cn for cn in COMMANDS if cn[0] == "2"} | {"1014", "3020"}


def test_without_the_extra_the_user_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing package is an input error with words and a remedy."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers", None)
    with pytest.raises(InputError) as caught:
        encrypt_area(AREA, KEY)
    assert caught.value.code in MESSAGES


@pytest.mark.parametrize("key", [b"", b"0" * 15, b"0" * 17])
def test_keys_have_sixteen_octets(key: bytes) -> None:
    """SEC-006."""
    with pytest.raises(ValueError, match="16 octets"):
        encrypt_area(AREA, key)


def test_segment_without_an_area_cannot_be_sealed() -> None:
    """There is nothing to encrypt."""
    with pytest.raises(ValueError, match="no data area"):
        seal_packet(HEAD, KEY)
