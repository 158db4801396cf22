# SPDX-License-Identifier: Apache-2.0
"""Records hold whatever a peer sent, in characters that everybody can read."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.result import Record
from conformance.engine.verdicts import Verdict
from conformance.evidence.bundle import json_lines

LOOSE = st.binary(max_size=8).map(
    lambda octets: octets.decode("utf-8", "surrogateescape")
)


def record(**named: object) -> Record:
    return Record("A-B-001", "shall", "device", Verdict.FAIL, **named)  # type: ignore[arg-type]


def test_octets_that_are_no_text_are_spelled() -> None:
    name = b"a\xff\xe6".decode("utf-8", "surrogateescape")
    made = record(
        actual={"zh": name, "en": [name, 1, None]}, remarks=["\ud800", "温度"]
    )
    assert made.actual == {"zh": r"a\xff\xe6", "en": [r"a\xff\xe6", 1, None]}
    assert made.remarks == [r"\ud800", "温度"]


@given(LOOSE)
def test_any_octets_make_a_record_that_can_be_written(text: str) -> None:
    made = record(expected=text, actual={"en": text}, reason=text)
    line = json_lines([made.to_json()]).encode("utf-8")
    assert Record.from_json(json.loads(line)) == made


@given(LOOSE)
def test_a_journal_keeps_any_octets_as_they_were(text: str) -> None:
    line = json_lines([{"asked": text}])
    assert line.count("\n") == 1
    assert json.loads(line.encode("utf-8")) == {"asked": text}
