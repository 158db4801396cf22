# SPDX-License-Identifier: Apache-2.0
"""Encrypted packets at the door and before people: sealed, opened, explained."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.cli.main import main
from conformance.errors import InputError
from conformance.link.conversation import Conversation
from conformance.protocols.hj212.codec import Packet, encode, encode_raw, read_all
from conformance.protocols.hj212.codec.sealing import (
    is_closed,
    key_of,
    seal,
    text_of,
    unseal,
)
from conformance.protocols.hj212.codec.segment import parse_segment
from conformance.protocols.hj212.dialogue import Dialogue, Message, unlocked
from conformance.protocols.hj212.explain import explain

pytest.importorskip("cryptography", reason="the extra gm is not installed")

KEY, OTHER = b"msbE74gsiSHSEh5e", b"k7Rw2ZpQ9xLm4TvB"
HEAD = "QN=20240601085857223;ST=32;CN={cn};PW=123456;MN=010000A8900016F000169DC0;Flag=9"
AREA = "DataTime=20240601085857;w01018-Rtd=12.3,w01018-Flag=N"


def plain(area: str = AREA, cn: str = "2011") -> bytes:
    return encode(f"{HEAD.format(cn=cn)};CP=&&{area}&&".encode())


def received(octets: bytes) -> Packet:
    (packet,) = read_all(octets)
    assert isinstance(packet, Packet)
    return packet


@pytest.mark.parametrize("length", ["plain", "sent"])
def test_what_is_sealed_is_opened(length: str) -> None:
    octets = seal(plain(), KEY, length=length)  # type: ignore[arg-type]
    unsealed = unseal(received(octets), [OTHER, KEY])
    assert unsealed is not None
    assert unsealed.key == KEY
    assert unsealed.opened.length == length
    assert unsealed.packet.octets == plain()
    assert unsealed.packet.checksum_ok


def test_a_foreign_key_opens_nothing() -> None:
    packet = received(seal(plain(), KEY))
    assert is_closed(packet)
    assert unseal(packet, [OTHER]) is None
    assert unseal(packet, []) is None


@given(st.binary(min_size=16, max_size=16))
def test_a_key_that_was_guessed_never_gives_text(key: bytes) -> None:
    if key != KEY:
        assert unseal(received(seal(plain(), KEY)), [key]) is None


def test_sealing_leaves_what_was_wrong() -> None:
    """A wrong check value stays wrong, so that a fault is not healed by encryption."""
    wrong = encode_raw(plain()[6:-6], checksum=b"0000")
    unsealed = unseal(received(seal(wrong, KEY)), [KEY])
    assert unsealed is not None
    assert not unsealed.packet.checksum_ok


def test_a_plain_packet_and_one_without_area_stay() -> None:
    assert unseal(received(plain()), [KEY]) is None
    assert seal(b"##0004text", KEY) == b"##0004text"


@pytest.mark.parametrize("key", [KEY, bytes(range(16))])
def test_a_key_is_written_as_it_is_read(key: bytes) -> None:
    assert key_of(text_of(key)) == key


@pytest.mark.parametrize("text", ["", "15 characters..", "seventeen letters", "密钥"])
def test_a_key_of_another_size_is_none(text: str) -> None:
    with pytest.raises(InputError) as caught:
        key_of(text)
    assert caught.value.code == "hj212.key"
    assert text not in str(caught.value) or not text


def test_a_key_that_1014_brings_counts_from_there_on() -> None:
    """A capture goes on under the new key, which is in it."""
    brought = plain(f"SKCreateTime=20240601085857;NewSK={OTHER.decode()}", "1014")
    sent = [seal(brought, KEY), seal(plain(), OTHER)]
    messages = []
    for number, octets in enumerate(sent):
        packet = received(octets)
        segment = parse_segment(packet.segment)
        messages.append(Message(octets, (number,), number, "server", packet, segment))
    dialogue = Dialogue(Conversation.__new__(Conversation), tuple(messages))
    opened = list(unlocked(dialogue, [KEY]).messages)
    assert [m.is_closed for m in opened] == [False, False]
    assert opened[1].segment.item("w01018-Rtd") is not None
    closed = list(unlocked(dialogue, []).messages)
    assert [m.is_closed for m in closed] == [True, True]


# For people


def test_an_encrypted_frame_is_explained_with_its_key() -> None:
    octets = seal(plain(), KEY)
    found = explain(octets, key=KEY)
    assert found.violations == ()
    assert found.decoded["opened"] is True
    values = {field.name: field.value for field in found.fields}
    assert values["w01018-Rtd"] == "12.3"
    places = {f.name: octets[f.at : f.at + f.size] for f in found.fields}
    assert places["tail"] == b"\r\n"
    assert places["CRC"] == octets[-6:-2]
    assert places["DataTime"].startswith(b"{0x")


def test_what_is_wrong_inside_is_found() -> None:
    found = explain(seal(plain(AREA.replace("=N", "=NN")), KEY), key=KEY)
    assert {v.rule for v in found.violations} == {"SEG-025"}
    wrong = encode_raw(plain()[6:-6], checksum=b"0000")
    found = explain(seal(wrong, KEY), key=KEY)
    assert {v.rule for v in found.violations} == {"checksum"}


def test_a_wrong_key_is_said() -> None:
    found = explain(seal(plain(), KEY), key=OTHER)
    assert {v.rule for v in found.violations} == {"SEC-002"}
    assert found.decoded["opened"] is False
    assert explain(plain(), key=OTHER).violations == ()


def run(*words: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(list(words), out), out.getvalue()


@pytest.mark.parametrize("way", ["--key-env", "--key-file"])
def test_the_command_takes_the_key_from_elsewhere(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "frame.bin").write_bytes(seal(plain(), KEY))
    (tmp_path / "key.txt").write_bytes(KEY + b"\n")
    monkeypatch.setenv("FRAME_KEY", KEY.decode())
    source = "FRAME_KEY" if way == "--key-env" else str(tmp_path / "key.txt")
    code, said = run("frame", "hj212", f"@{tmp_path / 'frame.bin'}", way, source)
    assert code == 0
    assert "12.3" in said
    assert KEY.decode() not in said
