# SPDX-License-Identifier: Apache-2.0
"""Encrypted data areas at the door: sealed as packets leave, opened on arrival.

``seal`` encrypts the data area of a packet that is otherwise left as it is, its check
value included, which is over the plain segment; ``unseal`` tries the keys that a party
has and hands out the plain packet.  With a wrong key the plain text is no text, and the
packet stays closed.  Keeps no keys.

Source: HJ 212-2025, 6.4 and annex A.2 (from quotations); SEC-001, SEC-003, SEC-011.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from conformance.errors import InputError
from conformance.protocols.hj212.codec import Packet
from conformance.protocols.hj212.codec.encryption import (
    BLOCK_OCTETS,
    EncryptionError,
    Opened,
    encrypt_area,
    is_to_be_encrypted,
    open_packet,
)
from conformance.protocols.hj212.codec.segment import parse_segment

__all__ = [
    "KEY_CHARACTERS",
    "Unsealed",
    "is_closed",
    "key_of",
    "seal",
    "seals",
    "text_of",
    "unseal",
]

KEY_CHARACTERS = BLOCK_OCTETS
_HEX = re.compile(r"[0-9A-Fa-f]{32}")
_MARKED = re.compile(rb"CP=&&\{(?:0x|\})")
_OPEN, _CLOSE = b"CP=&&", b"&&"
_DIGITS = re.compile(rb"##([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An encrypted packet that a key has opened."""

    sent: Packet
    """As it was on the wire."""
    packet: Packet
    """The same with its data area in plain text and a length that fits it."""
    opened: Opened
    key: bytes


def key_of(text: str) -> bytes:
    """Return the key that people wrote: 16 characters, or 32 hexadecimal digits.

    Raises ``InputError`` (``hj212.key``) for anything else; it does not show it.
    """
    octets = text.encode()
    if len(octets) == BLOCK_OCTETS:
        return octets
    if _HEX.fullmatch(text):
        return bytes.fromhex(text)
    raise InputError("hj212.key", size=len(octets))


def text_of(key: bytes) -> str:
    """Return a key as NewSK carries it: as text, or as digits where it is none."""
    shown = key.decode("latin-1")
    is_word = shown.isascii() and shown.isalnum()
    return shown if is_word else key.hex().upper()


def seals(cn: str, sender: Literal["device", "platform"]) -> bool:
    """Return whether a party encrypts the data of a command.

    A device those of the list; of a platform only the new key is known to be.
    """
    return cn == "1014" if sender == "platform" else is_to_be_encrypted(cn)


def seal(
    octets: bytes,
    key: bytes,
    *,
    length: Literal["plain", "sent"] = "plain",
    braces: bool = False,
) -> bytes:
    """Return a packet with its data area encrypted, right or wrong as it was.

    ``length`` chooses the reading of the length digits.  What has no data area comes
    back as it is.
    """
    start, end = octets.find(_OPEN) + len(_OPEN), octets.rfind(_CLOSE)
    if start < len(_OPEN) or end < start:
        return octets
    sealed = encrypt_area(octets[start:end], key, braces=braces)
    out = octets[:start] + sealed + octets[end:]
    digits = _DIGITS.match(out)
    if length == "sent" and digits is not None:
        stated = int(digits[1]) + len(sealed) - (end - start)
        out = b"##%04d" % stated + out[digits.end() :]
    return out


def is_closed(packet: Packet) -> bool:
    """Return whether the data area is written as an encrypted one."""
    return _MARKED.search(packet.segment) is not None


def unseal(packet: Packet, keys: Iterable[bytes]) -> Unsealed | None:
    """Return the packet opened by the first key that gives text.

    ``None`` for a plain packet and for one that no key opens.
    """
    if not is_closed(packet):
        return None
    for key in dict.fromkeys(keys):
        try:
            opened = open_packet(packet, key)
        except EncryptionError:
            return None
        plain = opened.segment.octets
        if _is_text(plain) or (opened.checksum_ok and _is_text(plain, BLOCK_OCTETS)):
            found = Packet(plain, packet.checksum, b"%04d" % len(plain), packet.offset)
            return Unsealed(packet, found, opened, key)
    return None


def _is_text(segment: bytes, size: int | None = None) -> bool:
    """Whether what came out of the cipher, or its beginning, is text.

    By chance a block hardly ever is; a check value alone is right once in 256 times.
    """
    area = parse_segment(segment).area
    if area is None:
        return False
    try:
        text = segment[slice(*area)][:size].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return text.isprintable()
