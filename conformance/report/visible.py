# SPDX-License-Identifier: Apache-2.0
"""Text from a device made harmless to look at.

Turns any string into one that shows every character it has: control characters by
their names, invisible and direction-changing ones by number.  Nothing is dropped and
nothing acts.  The result holds only characters that XML 1.0 and UTF-8 allow.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

__all__ = ["cut", "pieces", "visible"]

# Control, format, surrogate, private, unassigned; line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_ASCII = (
    "NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI "
    "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
)
_NAMES = _ASCII.split()
"""Names rather than the pictures of U+2400, which many fonts lack.  Source: ASCII."""


def visible(text: str, *, lines: bool = False) -> str:
    """Return the text with every unprintable character spelled out.

    ``lines`` keeps line feeds, for places that show several lines.
    """
    return "".join(piece for _, piece in pieces(text, lines=lines))


def pieces(text: str, *, lines: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield (is spelled out, what to show) for the runs of a text."""
    if text.isascii() and text.isprintable():
        yield False, text
        return
    spelled = ((_is_unseen(c, lines), c) for c in text)
    for is_unseen, run in groupby(spelled, key=itemgetter(0)):
        chars = (c for _, c in run)
        yield is_unseen, "".join(map(_spelled, chars) if is_unseen else chars)


def cut(text: str, limit: int) -> tuple[str, int]:
    """Return at most ``limit`` characters and how many were left away."""
    return text[:limit], max(0, len(text) - limit)


def _is_unseen(char: str, lines: bool) -> bool:
    return unicodedata.category(char) in _UNSEEN and not (lines and char == "\n")


def _spelled(char: str) -> str:
    code = ord(char)
    if code < len(_NAMES):
        return f"⟨{_NAMES[code]}⟩"
    return "⟨DEL⟩" if code == 0x7F else f"⟨U+{code:04X}⟩"
