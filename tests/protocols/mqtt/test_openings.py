# SPDX-License-Identifier: Apache-2.0
"""A CONNACK is read by its octets, and every wrong CONNECT is wrong in 3.1.1."""

from __future__ import annotations

import pytest

from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    connack_raw,
    decode,
    encode,
    properties,
)
from conformance.protocols.mqtt.openings import WRONG, code_of

LONG = Connack(False, 0x87, properties(reason_string="x" * 300))


@pytest.mark.parametrize(
    ("octets", "code"),
    [
        (connack_raw(0, 1), 1),
        (connack_raw(1, 0), 0),
        (encode(Connack(False, 0x8C), 5), 0x8C),
        (encode(LONG, 5), 0x87),
    ],
    ids=["3.1.1", "accepts", "5.0", "long"],
)
def test_the_code_is_found_in_either_version(octets: bytes, code: int) -> None:
    assert code_of(octets) == code
    head = next(at for at in range(1, 5) if octets[at] < 0x80)
    for size in range(head + 3):
        assert code_of(octets[:size]) is None, "not there yet"


def test_other_packets_have_no_code() -> None:
    assert code_of(b"\xe0\x02\x87\x00") is None


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_connect_breaks_a_rule(name: str) -> None:
    decoded = decode(WRONG[name].make(Connect("luheng", user_name="u")))
    assert decoded.errors
    title = WRONG[name].title
    assert title.zh
    assert title.en
