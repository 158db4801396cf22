# SPDX-License-Identifier: Apache-2.0
"""No spelling of a secret passes the redactor."""

from __future__ import annotations

import base64
import html
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.engine.secrets import MASK, Redactor

SECRET = "p4ss wörd&<x>"
OCTETS = SECRET.encode()

SPELLINGS = {
    "plain": SECRET,
    "hex": OCTETS.hex(),
    "hex upper": OCTETS.hex().upper(),
    "hex spaced": OCTETS.hex(" "),
    "base64": base64.b64encode(OCTETS).decode(),
    "base64 inside": base64.b64encode(b"user:" + OCTETS + b"!").decode(),
    "base64 inside, shifted": base64.b64encode(b"user::" + OCTETS + b"!").decode(),
    "base64 url": base64.urlsafe_b64encode(OCTETS).decode(),
    "url": urllib.parse.quote(SECRET),
    "form": urllib.parse.quote_plus(SECRET),
    "json": json.dumps(SECRET),
    "html": html.escape(SECRET),
}


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_spelling_is_masked(spelled: str) -> None:
    shown = Redactor([SECRET]).text(f"before {spelled} after")
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert spelled[4:-6] not in shown


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
def test_octets_keep_their_length(codec: str) -> None:
    octets = b"\x00" + SECRET.encode(codec) + b"\xff"
    shown = Redactor([SECRET]).octets(octets)
    assert len(shown) == len(octets)
    assert SECRET.encode(codec) not in shown


@given(st.text(min_size=4, max_size=20), st.binary(max_size=9), st.binary(max_size=9))
def test_base64_of_anything_around_a_secret_hides_its_core(
    secret: str, before: bytes, after: bytes
) -> None:
    encoded = base64.b64encode(before + secret.encode() + after).decode()
    assert MASK in Redactor([secret]).text(encoded)


def test_nested_data_is_masked() -> None:
    data = {"a": [SECRET, {"b": SECRET}], SECRET: 1}
    assert SECRET not in json.dumps(Redactor([SECRET]).value(data), ensure_ascii=False)


def test_nothing_else_is_touched() -> None:
    assert Redactor([SECRET, ""]).text("an ordinary text") == "an ordinary text"
