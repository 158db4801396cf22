# SPDX-License-Identifier: Apache-2.0
"""Octets that someone wrote down: hexadecimal, Base64 or text with escapes.

Turns the spellings of logs, forums and manuals into octets and refuses anything else
with the place.  Knows nothing about MQTT.
"""

from __future__ import annotations

import base64
import binascii
import re

from conformance.errors import InputError

__all__ = ["decode_text"]

_HEX_NOISE = re.compile(r"0[xX](?=[0-9A-Fa-f])|[\s:,\-]+")
_HEX = re.compile(r"(?:0[xX](?=[0-9A-Fa-f])|[\s:,\-]|[0-9A-Fa-f])*")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))|([^\\]+)", re.ASCII)
_SHORT = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def decode_text(text: str, encoding: str) -> bytes:
    """Return the octets that someone wrote down as ``hex``, ``base64`` or ``ascii``.

    ``hex`` may hold blanks, colons, commas, hyphens and ``0x``; ``ascii`` knows the
    escapes ``\\xNN``, ``\\r``, ``\\n``, ``\\t``, ``\\0`` and ``\\\\``, other
    characters stand for their UTF-8.  Raises ``InputError`` for anything else.
    """
    reader = {"hex": _from_hex, "base64": _from_base64, "ascii": _from_ascii}
    if encoding not in reader:
        raise InputError("mqtt.frame-encoding", encoding=encoding)
    return reader[encoding](text)


def _refused(encoding: str, text: str, at: int) -> InputError:
    found = text[at : at + 10] or "…"
    return InputError("mqtt.frame-text", encoding=encoding, at=at, found=found)


def _from_hex(text: str) -> bytes:
    good = _HEX.match(text)
    if good is None or good.end() < len(text):
        raise _refused("hex", text, good.end() if good else 0)
    digits = _HEX_NOISE.sub("", text)
    if len(digits) % 2:
        raise _refused("hex", text, len(text))
    return bytes.fromhex(digits)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        bad = re.search(r"[^A-Za-z0-9+/=\s]", text)
        raise _refused("base64", text, bad.start() if bad else len(text)) from None


def _from_ascii(text: str) -> bytes:
    octets, at = bytearray(), 0
    while at < len(text):
        found = _ESCAPE.match(text, at)
        if found is None:
            raise _refused("ascii", text, at)
        pair, short, plain = found.groups()
        octets += (
            bytes.fromhex(pair) if pair else _SHORT[short] if short else plain.encode()
        )
        at = found.end()
    return bytes(octets)
