# SPDX-License-Identifier: Apache-2.0
"""Encrypted data areas of HJ 212-2025: SM4 over the whole blocks of sixteen octets.

Turns the text between ``CP=&&`` and ``&&`` into ``{0xE4,0x3E,...}rest`` and back, and
whole packets with it.  The checksum is over the plain segment; the length digits come
in two readings, and the one that was found is told, not judged.  Keeps no keys.  SM4
itself comes from the package ``cryptography`` (extra ``gm``), imported on first use.

Source: HJ 212-2025, 6.4, annex A.2 and annex H, from quotations with clause and page;
the block cipher is GB/T 32907-2016.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import Any, Literal

from conformance.errors import InputError, PeerError
from conformance.protocols.hj212.codec import Packet, checksum, encode_raw
from conformance.protocols.hj212.codec.segment import Segment, parse_segment

__all__ = [
    "BLOCK_OCTETS",
    "EncryptionError",
    "LengthReading",
    "Opened",
    "authorization",
    "decrypt_area",
    "encrypt_area",
    "is_to_be_encrypted",
    "open_packet",
    "seal_packet",
    "spell_cipher",
]

BLOCK_OCTETS = 16

LengthReading = Literal["plain", "sent", "both", "neither"]
"""Which size the length digits state: that of the plain segment, as the printed
examples do, that of the segment as sent, as table 2 says, both where they agree."""

_BRACE = re.compile(rb"\{([^{}]*)\}")
_CIPHER = re.compile(rb"0x[0-9A-F]{2}(?:,0x[0-9A-F]{2})*")
_LAX_OCTET = re.compile(rb"\s*0[xX]([0-9A-Fa-f]{2})\s*")


class EncryptionError(PeerError):
    """A data area whose cipher octets cannot be read back (rule SEC-002, SEC-009)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An encrypted packet, decrypted."""

    segment: Segment
    """The plain segment, with violations of its own."""
    checksum_ok: bool
    """Whether the received checksum is that of the plain segment.  With a wrong key
    it is not, except by chance: such a packet is not to be stored (SEC-011)."""
    length: LengthReading
    spelling_ok: bool
    """Whether the cipher octets were spelled as SEC-009 wants."""


def encrypt_area(area: bytes, key: bytes, *, braces: bool = False) -> bytes:
    """Return a data area with its whole blocks encrypted, the rest plain.

    An area shorter than one block has nothing to encrypt; writers differ in whether
    they put ``{}`` before it (SEC-008), which is what ``braces`` chooses.
    """
    whole = len(area) - len(area) % BLOCK_OCTETS
    cipher = _cipher(key).encryptor().update(area[:whole])
    if not cipher and not braces:
        return area
    return spell_cipher(cipher) + area[whole:]


def decrypt_area(area: bytes, key: bytes, *, strict: bool = False) -> bytes:
    """Return the plain data area of an encrypted one.

    A plain area comes back as it is, and ``{}`` before it is dropped: both forms of a
    short area are good.  Lower-case digits and blanks are read unless ``strict``.
    Raises :class:`EncryptionError` for braces whose content is no cipher text.
    """
    block = _BRACE.match(area)
    if block is None:
        if area.startswith(b"{0x"):
            raise EncryptionError("SEC-009", "the cipher block has no end", area, 0)
        return area
    if strict and block[1] and not _CIPHER.fullmatch(block[1]):
        raise EncryptionError("SEC-009", "not spelled {0xNN,0xNN,...}", area, 0)
    cipher = _read_cipher(block[1], area)
    return bytes(_cipher(key).decryptor().update(cipher)) + area[block.end() :]


def spell_cipher(cipher: bytes) -> bytes:
    """Return cipher octets as the standard writes them: ``{0xE4,0x3E}``."""
    return ("{" + ",".join(f"0x{octet:02X}" for octet in cipher) + "}").encode()


def seal_packet(
    segment: bytes,
    key: bytes,
    *,
    length: Literal["plain", "sent"] = "plain",
    braces: bool = False,
) -> bytes:
    """Return the packet for a plain segment, its data area encrypted.

    ``length`` chooses the reading of the length digits.  Raises ``ValueError`` for a
    segment without a data area.
    """
    area = parse_segment(segment).area
    if area is None:
        raise ValueError("the segment has no data area")
    start, end = area
    sealed = encrypt_area(segment[start:end], key, braces=braces)
    sent = segment[:start] + sealed + segment[end:]
    stated = len(segment) if length == "plain" else len(sent)
    return encode_raw(sent, length=stated, checksum=checksum(segment))


def open_packet(packet: Packet, key: bytes) -> Opened:
    """Return a packet decrypted, told how it was written.

    A plain packet is opened as it is.  Raises :class:`EncryptionError` like
    :func:`decrypt_area`.
    """
    sent = packet.segment
    area = parse_segment(sent).area or (len(sent), len(sent))
    start, end = area
    plain = sent[:start] + decrypt_area(sent[start:end], key) + sent[end:]
    block = _BRACE.match(sent, start)
    good = block is None or not block[1] or _CIPHER.fullmatch(block[1]) is not None
    return Opened(
        segment=parse_segment(plain),
        checksum_ok=int(packet.checksum, 16) == checksum(plain),
        length=_reading(int(packet.length), len(plain), len(sent)),
        spelling_ok=good,
    )


def is_to_be_encrypted(cn: str) -> bool:
    """Whether a device encrypts the data of a command (SEC-001; 2025, 6.4.1, 6.4.4)."""
    return cn in ("1014", "3020") or (len(cn) == 4 and cn.startswith("2"))


def authorization(user: str, password: str, key: bytes) -> str:
    """Return the Authorization value with which multimedia files are sent (annex H).

    Base64 of SM4-ECB with PKCS7 padding over ``user:password`` (SEC-012).
    """
    text = f"{user}:{password}".encode()
    padding = BLOCK_OCTETS - len(text) % BLOCK_OCTETS
    cipher = _cipher(key).encryptor().update(text + bytes([padding]) * padding)
    return base64.b64encode(cipher).decode()


def _reading(stated: int, plain: int, sent: int) -> LengthReading:
    if stated == plain:
        return "both" if plain == sent else "plain"
    return "sent" if stated == sent else "neither"


def _read_cipher(inside: bytes, area: bytes) -> bytes:
    if not inside.strip():
        return b""
    octets = [_LAX_OCTET.fullmatch(part) for part in inside.split(b",")]
    if not all(octets):
        raise EncryptionError("SEC-009", "not spelled {0xNN,0xNN,...}", area, 0)
    cipher = bytes(int(octet[1], 16) for octet in octets if octet)
    if len(cipher) % BLOCK_OCTETS:
        detail = f"{len(cipher)} cipher octets are no whole blocks of 16"
        raise EncryptionError("SEC-002", detail, area, 0)
    return cipher


def _cipher(key: bytes) -> Any:
    """Return SM4 in ECB mode, which is what the standard prescribes."""
    if len(key) != BLOCK_OCTETS:
        raise ValueError(f"an SM4 key has 16 octets, not {len(key)}")
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    except ImportError as error:
        raise InputError("hj212.no-sm4") from error
    return Cipher(algorithms.SM4(key), modes.ECB())
