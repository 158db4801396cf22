# SPDX-License-Identifier: Apache-2.0
"""Any text becomes one that shows all and does nothing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("水温 7.20 ℃", "水温 7.20 ℃"),
        ("a\x1b[31mb", "a⟨ESC⟩[31mb"),
        ("\r\n\t\x00\x7f", "⟨CR⟩⟨LF⟩⟨TAB⟩⟨NUL⟩⟨DEL⟩"),
        ("\u202egnp.exe", "⟨U+202E⟩gnp.exe"),
        ("\u200b\ufeff\u2028", "⟨U+200B⟩⟨U+FEFF⟩⟨U+2028⟩"),
        ("\ud800\ufffe\x85", "⟨U+D800⟩⟨U+FFFE⟩⟨U+0085⟩"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text: str, expected: str) -> None:
    assert visible(text) == expected


def test_line_feeds_stay_where_lines_are_shown() -> None:
    assert visible("a\nb\r", lines=True) == "a\nb⟨CR⟩"


@given(st.text(st.characters(exclude_categories=[])))
def test_every_text_becomes_printable_and_encodable(text: str) -> None:
    shown = visible(text)
    shown.encode()
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert visible(shown) == shown
