# SPDX-License-Identifier: Apache-2.0
"""A message whose secrets are masked keeps what its true octets break."""

from __future__ import annotations

from conformance.engine.outcome import _message
from conformance.engine.registry import Procedure
from conformance.engine.secrets import Redactor
from conformance.link.journal import Traced
from conformance.protocols import room


def frame(password: str, *, wrong: bool = False) -> bytes:
    segment = f"QN=20261125120000000;ST=21;CN=1011;PW={password};Flag=5;CP=&&&&"
    value = room("hj212", "codec").checksum(segment.encode()) ^ wrong
    return f"##{len(segment):04d}{segment}{value:04X}\r\n".encode()


def kept(octets: bytes) -> dict[str, object]:
    procedure = Procedure("hj212.x", "device", "check", print)
    redactor = Redactor(["654321"])
    return _message(Traced("iut", octets, 0, (1,), 1), redactor, procedure)


def test_only_what_is_masked_needs_it() -> None:
    assert "violations" not in kept(frame("123456", wrong=True))


def test_a_right_message_stays_right_under_the_mask() -> None:
    found = kept(frame("654321"))
    assert b"654321".hex() not in str(found["octets"])
    broken = found["violations"]
    assert isinstance(broken, list)
    assert "checksum" not in {v["rule"] for v in broken}
    assert "SEG-005" not in {v["rule"] for v in broken}


def test_a_wrong_message_stays_wrong_at_its_place() -> None:
    first, second = frame("654321"), frame("654321", wrong=True)
    broken = kept(first + second)["violations"]
    assert isinstance(broken, list)
    (found,) = [v for v in broken if v["rule"] == "checksum"]
    assert found["at"] == len(first) + len(second) - 6
    assert "654321" not in str(broken)
