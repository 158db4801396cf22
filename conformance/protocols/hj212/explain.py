# SPDX-License-Identifier: Apache-2.0
"""One HJ 212 packet taken apart for people, however broken it is.

Turns octets into fields with their meaning in Chinese and English, and into all
violations: framing (header, length, checksum digits and value, tail) and content (see
``grammar.py``).  Knows one packet, not a conversation.  Framing rules bear the names
of ``codec.FrameError``, and besides ``checksum`` for a wrong value and
``trailing-octets``.

Source: HJ 212-2017, 6.3.1 table 2, 6.3.2 table 3, 6.3.3 table 4, 6.6 and annex A.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from conformance.errors import InputError
from conformance.protocols.explained import Explanation, FrameField, Violation
from conformance.protocols.hj212.codec import (
    HEADER,
    SEGMENT_MAX_OCTETS,
    TAIL,
    FrameError,
    Packet,
    Reader,
    checksum,
    drain,
)
from conformance.protocols.hj212.codec.sealing import key_of, unseal
from conformance.protocols.hj212.codec.segment import Segment, parse_segment
from conformance.protocols.hj212.codes import COMMANDS, Edition
from conformance.protocols.hj212.meanings import field_meaning, item_meaning
from conformance.text import Text

__all__ = ["decode_text", "explain", "frames", "read_key"]

_START = 6
_DIGITS = re.compile(rb"[0-9]{4}")
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
# What stands where CR LF should: nothing, half of it, or its printed form.
_TAIL_LIKE = (b"\r\n", b"\\r\\n", b"\r", b"\n", b"")
_CLOSE = re.compile(rb"&&([^&\r\n]{4})(?:\r\n|\\r\\n|\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class _Parts:
    """A frame cut at the most plausible places."""

    length: bytes
    segment: bytes
    checksum: bytes
    tail: bytes
    trailing: bytes

    @property
    def checksum_at(self) -> int:
        return _START + len(self.segment)

    @property
    def tail_at(self) -> int:
        return self.checksum_at + len(self.checksum)

    @property
    def is_cut_off(self) -> bool:
        """Whether the frame ends before a whole checksum."""
        return len(self.checksum) < 4


def explain(
    octets: bytes, edition: str | None = None, *, key: bytes | None = None
) -> Explanation:
    """Return one packet's fields, in wire order, and all that is wrong with it.

    ``edition`` (``2005``, ``2017``, ``2025``) chooses the rules of the content;
    without it the version bits do.  ``key`` opens an encrypted data area.  Raises
    ``InputError`` for another edition.
    """
    octets = bytes(octets)
    asked = _edition(edition)
    parts = _cut(octets)
    segment = parse_segment(parts.segment, asked)
    violations = [*_framing(octets, parts, segment), *_content(parts, segment)]
    if key is not None and segment.is_encrypted:
        return _explain_closed(octets, parts, segment, asked, key)
    return Explanation(
        protocol="hj212",
        octets=octets,
        fields=tuple(_fields(octets, parts, segment)),
        violations=tuple(sorted(violations, key=lambda v: v.at)),
        decoded=_decoded(parts, segment),
        title=_title(segment),
    )


def _explain_closed(
    octets: bytes, parts: _Parts, sent: Segment, asked: Edition | None, key: bytes
) -> Explanation:
    """Explain a packet whose data area is encrypted, by what it says in plain text.

    What was encrypted has no places of its own: it stands where the area begins.
    """
    start = _START + (sent.area[0] if sent.area else 0)
    found = list(_framing(octets, parts, sent))
    plain = _opened(parts, sent, asked, key)
    if plain is None:
        text = Text(
            "数据区不能用所给密钥解密：密钥不对，或未按附录 A.2 加密",
            "the key does not open the data area: a wrong one, or not by annex A.2",
        )
        found += [
            *_content(parts, sent),
            Violation("SEC-002", "content", text, start, 0),
        ]
    else:
        whole = replace(parts, segment=plain.octets)
        known = {v.rule for v in sent.violations if v.rule == "SEC-009"}
        found += [v for v in _content(parts, sent) if v.rule in known]
        found += _check_value(whole, plain)
        found += [replace(v, at=min(v.at, start)) for v in _content(whole, plain)]
    told = _decoded(parts, plain or sent) | {"opened": plain is not None}
    told["encrypted"] = True
    return Explanation(
        protocol="hj212",
        octets=octets,
        fields=tuple(_fields_opened(octets, parts, sent, plain)),
        violations=tuple(sorted(found, key=lambda v: v.at)),
        decoded=told,
        title=_title(sent),
    )


def _fields_opened(
    octets: bytes, parts: _Parts, sent: Segment, plain: Segment | None
) -> Iterator[FrameField]:
    """Yield the fields as they stand, what was encrypted by what it says."""
    said = list(_fields(octets, parts, sent))
    if plain is None:
        yield from said
        return
    whole = replace(parts, segment=plain.octets)
    start, end = sent.area or (0, 0)
    for field in said:
        if field.name == "CRC":
            yield replace(field, meaning=_checksum_meaning(whole, plain))
        elif field.name != "CP":
            yield field
            continue
        else:
            inside = Text(
                f"已解密的数据区：{len(plain.items)} 项",
                f"data area, decrypted: {len(plain.items)} items",
            )
            yield replace(field, value=plain.text("CP") or "", meaning=inside)
            for item in plain.items:
                meaning = item_meaning(item.name, item.value, plain.edition)
                at, size = _START + start, end - start
                yield FrameField(item.name, at, size, item.value, meaning)


def _opened(
    parts: _Parts, sent: Segment, asked: Edition | None, key: bytes
) -> Segment | None:
    """Return the plain segment; ``None`` where the key gives no text."""
    if not (_HEX.fullmatch(parts.checksum) and _DIGITS.fullmatch(parts.length)):
        return None
    unsealed = unseal(Packet(sent.octets, parts.checksum, parts.length), [key])
    return parse_segment(unsealed.packet.segment, asked) if unsealed else None


def read_key(text: str) -> bytes:
    """Return the key that somebody wrote.  Raises ``InputError`` (``hj212.key``)."""
    return key_of(text)


def frames(octets: bytes) -> list[bytes]:
    """Return the packets that came in one piece; damaged octets stay together."""
    reader = Reader()
    reader.feed(octets)
    reader.close()
    found = list(drain(reader))
    if not found or any(isinstance(part, FrameError) for part in found):
        return [octets]
    return [part.octets for part in found]


def _title(segment: Segment) -> Text:
    """Return the command and its name: ``2011 实时数据``."""
    cn = segment.cn or ""
    if cn not in COMMANDS:
        return Text(f"CN={cn}", f"CN={cn}") if cn else Text()
    title = COMMANDS[cn].title
    zh, en = title.zh.partition("（")[0], title.en.partition(" (")[0]
    return Text(f"{cn} {zh}", f"{cn} {en}")


def _edition(name: str | None) -> Edition | None:
    if name is None:
        return None
    for edition in Edition:
        if name in (edition.value, edition.title):
            return edition
    raise InputError("hj212.edition", edition=name)


def _cut(octets: bytes) -> _Parts:
    """Cut by the length digits if an end stands there, else where one is found."""
    length = octets[len(HEADER) : _START]
    end = None
    if _DIGITS.fullmatch(length):
        end = _stated_end(octets, _START + int(length))
    if end is None and (close := _CLOSE.search(octets, _START)):
        end = close.start(1)
    if end is None:
        end = len(octets)
    rest = octets[end + 4 :]
    tail = next((tail for tail in _TAIL_LIKE if tail and rest.startswith(tail)), b"")
    return _Parts(
        length, octets[_START:end], octets[end : end + 4], tail, rest[len(tail) :]
    )


def _stated_end(octets: bytes, end: int) -> int | None:
    """Return ``end`` if checksum and tail, whole or damaged, stand there."""
    close, tail = octets[end : end + 4], octets[end + 4 :]
    if len(close) < 4 or not (_HEX.fullmatch(close) or octets[:end].endswith(b"&&")):
        return None
    early = _CLOSE.search(octets, _START, end)
    if early and early.end() != end:
        return None
    return end if tail in _TAIL_LIKE or tail.startswith(TAIL) else None


def _fault(rule: str, zh: str, en: str, at: int, size: int) -> Violation:
    return Violation(rule, "framing", Text(zh, en), at, size)


def _framing(octets: bytes, parts: _Parts, segment: Segment) -> Iterator[Violation]:
    if octets[:2] != HEADER:
        zh, en = (
            f"包头应为 ##，实为 {octets[:2]!r}",
            f"header is {octets[:2]!r}, not ##",
        )
        yield _fault("header", zh, en, 0, min(2, len(octets)))
    yield from _length(parts, segment)
    if parts.is_cut_off:
        at = len(octets)
        yield _fault("truncated", "报文不完整", "the packet breaks off", at, 0)
        return
    yield from _check_value(parts, segment)
    if parts.tail != TAIL:
        yield _fault(
            "tail",
            f"包尾应为 CR LF（0D 0A），实为 {parts.tail!r}",
            f"tail is {parts.tail!r}, not CR LF (0D 0A)",
            parts.tail_at,
            len(parts.tail),
        )
    if parts.trailing:
        size = len(parts.trailing)
        yield _fault(
            "trailing-octets",
            f"包尾之后还有 {size} 字节",
            f"{size} octets follow the packet",
            len(octets) - size,
            size,
        )


def _length(parts: _Parts, segment: Segment) -> Iterator[Violation]:
    actual = len(parts.segment)
    if not _DIGITS.fullmatch(parts.length):
        yield _fault(
            "length-digits",
            f"数据段长度应为 4 位十进制数字，实为 {parts.length!r}",
            f"length must be four decimal digits, is {parts.length!r}",
            2,
            len(parts.length),
        )
        return
    # Printed encrypted packets keep the plain length (HJ 212-2025, annex A.2).
    stated = int(parts.length)
    if stated != actual and not parts.is_cut_off and not segment.is_encrypted:
        yield _fault(
            "length-mismatch",
            f"长度字段为 {stated}，数据段实有 {actual} 字节",
            f"length says {stated}, the data segment has {actual} octets",
            2,
            4,
        )
    if actual > SEGMENT_MAX_OCTETS and not segment.is_encrypted:
        yield _fault(
            "segment-too-long",
            f"数据段长 {actual} 字节，超过 1024",
            f"the data segment has {actual} octets, limit 1024",
            _START + SEGMENT_MAX_OCTETS,
            actual - SEGMENT_MAX_OCTETS,
        )


def _check_value(parts: _Parts, segment: Segment) -> Iterator[Violation]:
    at = parts.checksum_at
    if not _HEX.fullmatch(parts.checksum):
        yield _fault(
            "checksum-hex",
            f"CRC 应为 4 位十六进制数字，实为 {parts.checksum!r}",
            f"CRC must be four hexadecimal digits, is {parts.checksum!r}",
            at,
            4,
        )
        return
    computed = checksum(parts.segment)
    # The checksum of an encrypted packet is over the plain segment: needs the key.
    if int(parts.checksum, 16) != computed and not segment.is_encrypted:
        received = parts.checksum.decode()
        yield _fault(
            "checksum",
            f"CRC 为 {received}，按数据段计算应为 {computed:04X}",
            f"CRC is {received}, computed {computed:04X}",
            at,
            4,
        )


def _content(parts: _Parts, segment: Segment) -> Iterator[Violation]:
    if parts.checksum != parts.checksum.upper() and _HEX.fullmatch(parts.checksum):
        yield Violation(
            "FRM-011",
            "content",
            Text("CRC 应使用大写字母", "the CRC should be written in upper case"),
            parts.checksum_at,
            4,
        )
    for violation in segment.violations:
        missing = violation.at == len(parts.segment)
        # FRM-003 is said as segment-too-long; what was cut off is not missing.
        if violation.rule != "FRM-003" and not (missing and parts.is_cut_off):
            yield replace(violation, at=violation.at + _START)


def _fields(octets: bytes, parts: _Parts, segment: Segment) -> Iterator[FrameField]:
    head = octets[: len(HEADER)]
    yield FrameField(
        "header", 0, len(head), _show(head), Text("包头", "start of packet")
    )
    if parts.length:
        meaning = Text("数据段长度，字节", "size of the data segment in octets")
        yield FrameField("length", 2, len(parts.length), _show(parts.length), meaning)
    for field in segment.fields:
        at = _START + field.at
        meaning = field_meaning(field.name, field.value, segment)
        yield FrameField(field.name, at, field.size, field.value, meaning)
        if field.name == "CP":
            for item in segment.items:
                meaning = item_meaning(item.name, item.value, segment.edition)
                at = _START + item.at
                yield FrameField(item.name, at, item.size, item.value, meaning)
    if parts.checksum:
        yield FrameField(
            "CRC",
            parts.checksum_at,
            len(parts.checksum),
            _show(parts.checksum),
            _checksum_meaning(parts, segment),
        )
    if parts.tail:
        size = len(parts.tail)
        meaning = Text("包尾", "end of packet")
        yield FrameField("tail", parts.tail_at, size, _show(parts.tail), meaning)


def _checksum_meaning(parts: _Parts, segment: Segment) -> Text:
    if segment.is_encrypted:
        return Text(
            "按明文数据段计算，需密钥才能核对",
            "over the plain segment: cannot be verified without the key",
        )
    computed = checksum(parts.segment)
    if _HEX.fullmatch(parts.checksum) and int(parts.checksum, 16) == computed:
        return Text("校验正确", "right")
    return Text(f"校验错误，应为 {computed:04X}", f"wrong, computed {computed:04X}")


def _show(octets: bytes) -> str:
    """Return octets as text in which nothing is invisible."""
    text = octets.decode("ascii", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _decoded(parts: _Parts, segment: Segment) -> dict[str, Any]:
    flag = segment.flag
    return {
        "edition": segment.edition.value if segment.edition else None,
        "length": int(parts.length) if _DIGITS.fullmatch(parts.length) else None,
        "segment_octets": len(parts.segment),
        "crc": _show(parts.checksum),
        "crc_computed": f"{checksum(parts.segment):04X}",
        "fields": {field.name: field.value for field in segment.fields},
        "flag": None
        if flag is None
        else {
            "version": flag.version,
            "has_packet_number": flag.has_packet_number,
            "answer_wanted": flag.answer_wanted,
        },
        "cp": [{item.name: item.value for item in group} for group in segment.cp],
        "encrypted": segment.is_encrypted,
    }


_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))")
_ESCAPED = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}
_HEX_NOISE = re.compile(r"0[xX]|[\s:,\-]")


def decode_text(text: str, encoding: str) -> bytes:
    """Return the octets that someone wrote down as ``ascii`` or ``hex``.

    ``ascii`` knows the escapes ``\\xNN``, ``\\r``, ``\\n``, ``\\t``, ``\\0`` and
    ``\\\\``; other characters stand for their UTF-8.  ``hex`` may hold blanks, colons,
    commas, hyphens and ``0x``.  Raises ``InputError`` for anything else.
    """
    if encoding == "ascii":
        return _from_ascii(text)
    if encoding == "hex":
        return _from_hex(text)
    raise InputError("hj212.frame-encoding", encoding=encoding)


def _from_ascii(text: str) -> bytes:
    octets = bytearray()
    at = 0
    while at < len(text):
        stop = text.find("\\", at)
        stop = len(text) if stop < 0 else stop
        octets += text[at:stop].encode("utf-8", "surrogateescape")
        if stop == len(text):
            break
        escape = _ESCAPE.match(text, stop)
        if escape is None:
            raise _refused("ascii", text, stop)
        octets += bytes.fromhex(escape[1]) if escape[1] else _ESCAPED[escape[2]]
        at = escape.end()
    return bytes(octets)


def _from_hex(text: str) -> bytes:
    digits = _HEX_NOISE.sub("", text)
    if bad := re.search(r"[^0-9A-Fa-f]", digits):
        raise _refused("hex", text, text.index(bad.group()))
    if len(digits) % 2:
        raise _refused("hex", text, len(text))
    return bytes.fromhex(digits)


def _refused(encoding: str, text: str, at: int) -> InputError:
    found = text[at : at + 10] or "…"
    return InputError("hj212.frame-text", encoding=encoding, at=at, found=found)
