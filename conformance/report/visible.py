# SPDX-License-Identifier: Apache-2.0
"""Text from a device made harmless to look at.

Turns any string into one that shows every character it has: control characters as
their symbols, invisible and direction-changing ones by number.  Nothing is dropped and
nothing acts.  The result holds only characters that XML 1.0 and UTF-8 allow.
"""

from __future__ import annotations

import unicodedata

__all__ = ["cut", "visible"]

# Control, format, surrogate, private, unassigned; line and paragraph separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, lines: bool = False) -> str:
    """Return the text with every unprintable character spelled out.

    ``lines`` keeps line feeds, for places that show several lines.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if lines and c == "\n" else _spelled(c) for c in text)


def cut(text: str, limit: int) -> tuple[str, int]:
    """Return at most ``limit`` characters and how many were left away."""
    return text[:limit], max(0, len(text) - limit)


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(char) in _UNSEEN:
        return f"⟨U+{code:04X}⟩"
    return char
