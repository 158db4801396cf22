# SPDX-License-Identifier: Apache-2.0
"""Keeps the secrets of a declaration out of everything that people read.

The raw evidence has to hold what was on the wire.  All else passes here first, and a
secret is replaced wherever it stands, plain or encoded (hexadecimal, Base64 at any
alignment, URL, JSON and HTML escapes, UTF-16).
"""

from __future__ import annotations

import base64
import html
import json
import urllib.parse
from collections.abc import Iterable
from typing import Any

from conformance.text import Text

__all__ = ["MASK", "Redactor"]

MASK = "***"
_LEAST_CHARS = 3
"""A shorter secret would hide half of every text; the review warns of it."""


class Redactor:
    """Replaces the given secrets."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = {s for s in secrets if len(s) >= _LEAST_CHARS}
        forms = {form for secret in plain for form in _spellings(secret)}
        self._texts = sorted(forms, key=len, reverse=True)
        octets = {t.encode() for t in self._texts}
        octets |= {s.encode(c) for s in plain for c in ("utf-16-le", "utf-16-be")}
        self._octets = sorted(octets, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return the text with every secret masked."""
        for form in self._texts:
            text = text.replace(form, MASK)
        return text

    def octets(self, octets: bytes) -> bytes:
        """Return octets of the same length with every secret starred out."""
        for form in self._octets:
            octets = octets.replace(form, b"*" * len(form))
        return octets

    def value(self, value: Any) -> Any:
        """Return plain data (text, lists, mappings, ``Text``) with secrets masked."""
        match value:
            case str():
                return self.text(value)
            case Text():
                return Text(self.text(value.zh), self.text(value.en))
            case bytes():
                return self.octets(value)
            case dict():
                return {self.value(k): self.value(v) for k, v in value.items()}
            case list() | tuple():
                return [self.value(v) for v in value]
        return value


def _spellings(secret: str) -> set[str]:
    octets = secret.encode()
    spaced = octets.hex(" ")
    forms = {
        secret,
        octets.hex(),
        octets.hex().upper(),
        spaced,
        spaced.upper(),
        octets.hex(":"),
        urllib.parse.quote(secret, safe=""),
        urllib.parse.quote_plus(secret),
        html.escape(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    return forms | _base64_cores(octets)


def _base64_cores(octets: bytes) -> set[str]:
    """Return the parts of Base64 text that a secret fixes, at each alignment."""
    cores = set()
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + octets).decode().rstrip("=")
        head = (0, 2, 3)[shift]
        tail = len(encoded) - ((len(octets) + shift) % 3 > 0)
        core = encoded[head:tail]
        if len(core) >= 4:
            cores |= {core, core.replace("+", "-").replace("/", "_")}
    return cores
