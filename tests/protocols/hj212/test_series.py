# SPDX-License-Identifier: Apache-2.0
"""Values and intervals come from what the device sent of its own accord."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

from conformance import data
from conformance.link.conversation import Conversation, Piece
from conformance.link.packets import Side
from conformance.profile.corpus import default_corpus
from conformance.protocols import PROTOCOLS, frames, likely_cause, room
from conformance.protocols.hj212.causes import CAUSES
from conformance.protocols.hj212.codec import checksum
from conformance.protocols.hj212.dialogue import decode
from conformance.protocols.hj212.series import series

SECOND = 1_000_000_000
SNAPSHOT = default_corpus().resolve("sd-water-surface-station")


def packet(qn: int, cn: str, area: str) -> bytes:
    text = f"QN={20261125120000000 + qn};ST=21;CN={cn};PW=123456;Flag=4;CP=&&{area}&&"
    segment = text.encode()
    return b"##%04d%b%04X\r\n" % (len(segment), segment, checksum(segment))


def talk(*sent: tuple[float, Side, bytes]) -> Conversation:
    pieces = [
        Piece(side, octets, int(at * SECOND), n)
        for n, (at, side, octets) in enumerate(sent, 1)
    ]
    client, server = ("127.0.0.1", 1), ("127.0.0.1", 2)
    return Conversation(client, server, "hj212", "client", "", pieces)


def test_values_are_those_of_the_device_that_are_marked_good() -> None:
    found = series(
        [
            decode(
                talk(
                    (1, "client", packet(1, "2011", "w01001-Rtd=7.10,w01001-Flag=N")),
                    (2, "client", packet(2, "2011", "w01001-Rtd=99,w01001-Flag=D")),
                    (3, "client", packet(3, "2011", "w01001-Rtd=x,w01001-Flag=N")),
                    (4, "client", packet(4, "2011", "w99999-Rtd=1")),
                    (5, "server", packet(5, "2011", "w01001-Rtd=1")),
                    (6, "client", packet(6, "2011", "w01001-Rtd=15,w01001-Flag=N")),
                )
            )
        ],
        SNAPSHOT,
        {},
    )
    (ph,) = found.values
    assert ph.key == "ph"
    assert (ph.low, ph.high) == (Decimal(0), Decimal(14))
    assert ph.points == (
        (1 * SECOND, Decimal("7.10")),
        (6 * SECOND, Decimal("15")),
    )


def test_intervals_leave_out_what_was_asked_for_and_what_is_sent_again() -> None:
    upload, again = packet(1, "2011", "a=1"), packet(1, "2011", "a=1")
    found = series(
        [
            decode(
                talk(
                    (0, "client", upload),
                    (10, "client", again),
                    (11, "server", packet(7, "2061", "BeginTime=1")),
                    (12, "client", packet(7, "2061", "b=1")),
                    (30, "client", packet(2, "2011", "a=2")),
                    (60.5, "client", packet(3, "2011", "a=3")),
                )
            ),
            # The pause between two connections is no interval.
            decode(talk((500, "client", packet(4, "2011", "a=4")))),
        ],
        SNAPSHOT,
        {"hj212_pace": 2},
    )
    (gaps,) = found.gaps
    assert gaps.key == "2011"
    assert gaps.nominal_s == 30  # a minute, in a test mode that is twice as fast
    assert gaps.seconds == (Decimal("30.000"), Decimal("30.500"))


def test_every_cause_is_of_a_key_that_exists() -> None:
    """A key that was renamed must not leave its advice behind."""
    rooms = (Path(room("hj212", x).__file__ or "").parent for x in ("checks", "rules"))
    files = [file for folder in rooms for file in folder.rglob("*.py")]
    files.append(Path(data.__file__).with_name("defects.py"))
    source = "".join(f.read_text("utf-8") for f in files)
    strings = set(re.findall(r'"([\w.-]+)"', source))
    for name in CAUSES:
        check, _, key = name.rpartition("/")
        assert key in strings, name
        assert not check or check in strings, name
    assert len(CAUSES) >= 25


def test_causes_are_said_in_both_languages() -> None:
    for name, text in CAUSES.items():
        assert re.search("[\u4e00-\u9fff]", text.zh), name
        assert text.en, name
        assert not re.search("[\u4e00-\u9fff]", text.en), name


def test_a_cause_is_found_by_check_and_key() -> None:
    refused = likely_cause("hj212.refuses_illegal_interval", "refused")
    assert refused is not None
    assert likely_cause("hj212.takes_something", "refused") is None
    assert likely_cause("hj212.anything", "check-value") == CAUSES["check-value"]
    assert likely_cause("lwm2m.anything", "check-value") is None
    assert likely_cause("", "check-value") is None


def test_octets_are_cut_into_frames_only_where_they_are_frames() -> None:
    one, two = packet(1, "2011", "a=1"), packet(2, "9011", "QnRtn=1")
    assert frames("hj212", one + two) == [one, two]
    for whole in (one, one + b"junk", one + two[:-4], b"", b"\x00" * 50):
        assert frames("hj212", whole) == [whole]
    assert frames("coap", one) == [one]
    for protocol in PROTOCOLS:
        assert b"".join(frames(protocol, one + two)) == one + two
