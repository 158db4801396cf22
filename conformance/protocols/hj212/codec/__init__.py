# SPDX-License-Identifier: Apache-2.0
"""HJ 212 packet framing: a stream of octets into packets, segments into octets.

Knows nothing about sockets, clocks or the meaning of the data segment (see
``segment.py``).  The envelope is the same in HJ/T 212-2005, HJ 212-2017 and
HJ 212-2025: ``##``, four length digits, data segment, four checksum digits, CR LF.

Source: HJ 212-2017, 6.3.1 table 2 (packet) and annex A (checksum); HJ 212-2025,
annex A.2 (encrypted packets, known from quotations only).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.errors import PeerError

__all__ = [
    "CHECKSUM_DIGITS",
    "ENVELOPE_OCTETS",
    "HEADER",
    "LENGTH_DIGITS",
    "PACKET_MAX_OCTETS",
    "SEGMENT_MAX_OCTETS",
    "TAIL",
    "FrameError",
    "Packet",
    "Reader",
    "checksum",
    "drain",
    "encode",
    "encode_raw",
    "read_all",
]

HEADER = b"##"
TAIL = b"\r\n"
LENGTH_DIGITS = 4
CHECKSUM_DIGITS = 4
SEGMENT_MAX_OCTETS = 1024
ENVELOPE_OCTETS = 12
PACKET_MAX_OCTETS = SEGMENT_MAX_OCTETS + ENVELOPE_OCTETS

_START = len(HEADER) + LENGTH_DIGITS
_CLOSE = CHECKSUM_DIGITS + len(TAIL)
# Cipher octets are written as five characters each, so an encrypted segment of 1024
# characters may be sent as five times as many (HJ 212-2025, annex A.2).
_ENCRYPTED_MAX_OCTETS = 5 * SEGMENT_MAX_OCTETS

_HEAD = re.compile(rb"##[0-9]{4}")
_PARTIAL_HEAD = re.compile(rb"#|##[0-9]{0,3}")
_BEGUN_HEAD = re.compile(rb"(?:#|##[0-9]{0,3})\Z")
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_END = re.compile(rb"[0-9A-Fa-f]{4}\r\n")
# Where a data area closes and checksum and tail follow: the end of a packet whatever
# its length digits claim.
_TERMINATOR = re.compile(rb"&&[^&\r\n]{4}\r\n")
# Two writers differ for an area without a whole block: {} before it, or nothing.
_CIPHER = re.compile(rb"CP=&&\{(?:0x|\})")
# The same with another tail, for encrypted packets, which have no other end.
_DAMAGED_END = re.compile(rb"&&[0-9A-Fa-f]{4}(?=\r[^\n]|\n|\\|#)")
_DAMAGED_TAIL = (b"\r", b"\n", b"\\", b"#")


def _shift_out(value: int) -> int:
    for _ in range(8):
        value, carry = value >> 1, value & 1
        if carry:
            value ^= 0xA001
    return value


# The register after eight shifts, by its value before them (a single octet, because
# the upper octet is shifted down first); and the upper octet of that.
_REGISTER = tuple(_shift_out(value) for value in range(256))
_UPPER = tuple(register >> 8 for register in _REGISTER)
_FOLDS = tuple((64 << s, (1 << (64 << s)) - 1) for s in reversed(range(7)))
_FOLDS_BY_WORDS = tuple(
    _FOLDS[len(_FOLDS) - (max(words, 1) - 1).bit_length() :] for words in range(129)
)


def checksum(segment: bytes) -> int:
    """Return the 16-bit checksum of a data segment.

    HJ 212-2017, annex A.  Not Modbus CRC-16: the upper octet of the register is
    shifted down before each octet is mixed in, so only that octet is carried on.  The
    map of that octet onto its successor is linear and returns to itself after eight
    steps; hence octets eight places apart can be added up first, and eight table
    steps suffice for any length.
    """
    size = len(segment)
    if not size:
        return 0xFFFF
    folded = int.from_bytes(segment, "big") ^ (0xFF << (8 * size - 8))
    words = (size + 7) >> 3
    while words > 128:
        half = words >> 1
        folded = (folded >> (64 * half)) ^ (folded & ((1 << (64 * half)) - 1))
        words -= half
    for shift, mask in _FOLDS_BY_WORDS[words]:
        folded = (folded >> shift) ^ (folded & mask)
    a, b, c, d, e, f, g, h = folded.to_bytes(8, "big")
    t = _UPPER
    return _REGISTER[t[t[t[t[t[t[t[a] ^ b] ^ c] ^ d] ^ e] ^ f] ^ g] ^ h]


class FrameError(PeerError):
    """Octets that are no packet.

    ``rule`` is one of ``header``, ``length-digits``, ``length-mismatch``,
    ``checksum-hex``, ``tail``, ``segment-too-long`` and ``truncated``.  ``octets`` are
    those that the reader gave up, ``at`` the place in them where the rule breaks,
    ``offset`` the place of ``octets[0]`` in the whole stream.
    """

    def __init__(
        self, rule: str, detail: str, octets: bytes, at: int = 0, *, offset: int = 0
    ) -> None:
        super().__init__(rule, detail, octets, at)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as received: framed, but neither checksum nor content is judged."""

    segment: bytes
    checksum: bytes
    """Four hexadecimal digits as received, right or wrong, upper or lower case."""
    length: bytes
    """Four decimal digits as received."""
    offset: int = field(default=0, compare=False)
    """Place of the header in the stream, in octets."""

    @property
    def checksum_ok(self) -> bool:
        """Whether the received checksum is that of the segment, in either case.

        Never true for an encrypted packet: its checksum is over the plain segment.
        """
        right = int(self.checksum, 16) == checksum(self.segment)
        return right and not self.is_encrypted  # else by chance

    @property
    def length_ok(self) -> bool:
        """Whether the length digits state the size of the segment.

        Only an encrypted packet can come with another length: printed examples of
        HJ 212-2025 keep the length of the plain segment.
        """
        return int(self.length) == len(self.segment)

    @property
    def is_encrypted(self) -> bool:
        """Whether the data area starts with a block of cipher octets."""
        return _CIPHER.search(self.segment) is not None

    @property
    def octets(self) -> bytes:
        """The whole packet as it was on the wire."""
        return HEADER + self.length + self.segment + self.checksum + TAIL


def encode(segment: bytes) -> bytes:
    """Return the packet for a data segment.

    Raises ``ValueError`` for a segment above 1024 octets.
    """
    if len(segment) > SEGMENT_MAX_OCTETS:
        raise ValueError(f"data segment of {len(segment)} octets, limit 1024")
    return encode_raw(segment)


def encode_raw(
    segment: bytes,
    *,
    length: bytes | int | None = None,
    checksum: bytes | int | None = None,
    header: bytes = HEADER,
    tail: bytes = TAIL,
) -> bytes:
    """Return a packet with any part replaced: the door for hostile traffic.

    Integers are written as the standard writes them, octets are taken as they are.
    """
    if length is None:
        length = len(segment)
    if checksum is None:
        checksum = _checksum(segment)
    if isinstance(length, int):
        length = b"%04d" % length
    if isinstance(checksum, int):
        checksum = b"%04X" % checksum
    return header + length + segment + checksum + tail


_checksum = checksum


class _Verdict(NamedTuple):
    """What stands at a place: a packet (``rule`` empty) or a broken rule.

    ``end`` is where the packet, or what is given up, ends; ``at`` where the rule
    breaks; both relative to the place.
    """

    rule: str
    end: int
    at: int = 0
    detail: str = ""


def _judge(octets: bytes | bytearray, start: int, stop: int) -> _Verdict | None:
    """Judge the packet at ``start``; ``None`` when ``stop`` comes too early to say.

    More octets never change a verdict, which is why any split of a stream gives the
    same packets and errors.  A header with four digits must stand at ``start``.
    """
    stated = int(octets[start + 2 : start + _START])
    end = start + _START + stated
    before = min(end + _CLOSE - 1, stop)
    # The plain search first: most packets have no CR LF but their own.
    if octets.find(TAIL, start + _START, before) >= 0:
        early = _TERMINATOR.search(octets, start + _START, before)
        if early:
            return _mismatch(stated, early, start)
    if _END.match(octets, end, stop):
        if stated <= SEGMENT_MAX_OCTETS or _CIPHER.search(octets, start, end):
            return _Verdict("", end + _CLOSE - start)
        return _Verdict(
            "segment-too-long", end + _CLOSE - start, 2, f"{stated} octets, limit 1024"
        )
    if stop <= end + CHECKSUM_DIGITS:
        return None
    if _CIPHER.search(octets, start + _START, min(end, stop)):
        return _judge_encrypted(octets, start, stop)
    close = octets[end : min(end + _CLOSE, stop)]
    return _judge_close(octets[start:end], close, stated)


def _judge_close(
    before: bytes | bytearray, close: bytes | bytearray, stated: int
) -> _Verdict | None:
    """Judge what stands where checksum and tail should, at least five octets of it."""
    end = len(before)
    tail = close[CHECKSUM_DIGITS:]
    if _HEX.match(close):
        if tail == TAIL[:1]:
            return None
        if before.endswith(b"&&") or tail.startswith(_DAMAGED_TAIL):
            return _Verdict("tail", end + 4, end + 4, f"{_seen(tail)!r} after checksum")
    elif tail == TAIL:
        detail = f"checksum {bytes(close[:4])!r} is not hexadecimal"
        return _Verdict("checksum-hex", end + _CLOSE, end, detail)
    elif tail == TAIL[:1]:
        return None
    detail = f"no end of packet after the stated {stated} octets"
    # The next header may begin where a checksum was expected: leave it there.
    useless = _BEGUN_HEAD.sub(b"", close[:5])
    return _Verdict("length-mismatch", end + len(useless), 2, detail)


def _judge_encrypted(
    octets: bytes | bytearray, start: int, stop: int
) -> _Verdict | None:
    """Find the end of an encrypted packet; its length digits may be the plain ones."""
    limit = start + _START + _ENCRYPTED_MAX_OCTETS + _CLOSE
    stop = min(stop, limit)
    end = octets.find(TAIL, start, stop)
    damaged = _DAMAGED_END.search(octets, start, stop)
    if damaged and (end < 0 or damaged.end() < end):
        at = damaged.end() - start
        return _Verdict("tail", at, at, f"{_seen(octets[damaged.end() : stop])!r}")
    if end >= 0:
        at = end - CHECKSUM_DIGITS
        if _HEX.match(octets, at):
            return _Verdict("", end + len(TAIL) - start)
        size = end + len(TAIL) - start
        return _Verdict("checksum-hex", size, at - start, "not hexadecimal")
    if stop < limit:
        return None
    detail = "encrypted packet without end"
    return _Verdict("segment-too-long", limit - start, 2, detail)


def _seen(tail: bytes | bytearray) -> bytes:
    """Return the octets that decided; one suffices unless it is CR."""
    return bytes(tail[: 2 if tail.startswith(b"\r") else 1])


def _mismatch(stated: int, early: re.Match[bytes], start: int) -> _Verdict:
    actual = early.start() + 2 - start - _START
    detail = f"length digits say {stated}, the data segment has {actual} octets"
    return _Verdict("length-mismatch", early.end() - start, 2, detail)


class Reader:
    """Collects octets; hands out packets.

    ``feed`` takes any number of octets.  ``next_packet`` returns a packet, ``None``
    when more octets are needed, or raises ``FrameError`` once for each thing that is
    no packet and goes on behind it: at the next header with four digits, so that
    garbage never costs the next good packet.  After ``close`` nothing is waited for
    any more, and an unfinished rest is raised as rule ``truncated``.

    Drain after each ``feed`` (see :func:`drain`); then at most about 10 000 octets
    are kept, whatever the peer sends.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._offset = 0
        self._skipping = False
        self._closed = False

    @property
    def offset(self) -> int:
        """Place in the stream, in octets, of the first octet not yet used."""
        return self._offset

    @property
    def rest(self) -> bytes:
        """What has come in and is neither handed out nor given up."""
        return bytes(self._buffer)

    def feed(self, octets: bytes) -> None:
        """Take octets in the order received; raises ``ValueError`` after ``close``."""
        if self._closed:
            raise ValueError("the reader is closed")
        self._buffer += octets

    def close(self) -> None:
        """Say that no more octets follow; ``next_packet`` then tells of the rest."""
        self._closed = True

    def next_packet(self) -> Packet | None:
        """Return the next packet, or ``None`` when it is not complete.

        Raises ``FrameError`` once for each run of octets that is no packet.
        """
        if (self._skipping and not self._skip()) or not self._buffer:
            return None
        buffer = self._buffer
        starts = _HEAD.match(buffer)
        verdict = _judge(buffer, 0, len(buffer)) if starts else None
        if verdict is None:
            error = self._unfinished() if starts else self._garbage()
            if error:
                raise error
            return None
        inner = self._inner(verdict)
        if inner:
            detail = verdict.detail or "another packet begins before the stated end"
            rule = verdict.rule or "length-mismatch"
            raise self._refuse(rule, detail, inner, verdict.at or 2)
        if verdict.rule:
            self._skipping = not buffer.endswith(TAIL, 0, verdict.end)
            raise self._refuse(verdict.rule, verdict.detail, verdict.end, verdict.at)
        offset = self._offset
        octets = self._take(verdict.end)
        return Packet(octets[_START:-_CLOSE], octets[-_CLOSE:-2], octets[2:6], offset)

    def _inner(self, verdict: _Verdict) -> int:
        """Return where a good packet begins inside what is judged; 0 for nowhere.

        A packet that broke off may be followed by a whole one.  A packet with a right
        checksum is never searched: ``##`` may stand in its data area.
        """
        buffer, end = self._buffer, verdict.end
        first = buffer.find(HEADER, 1, end)
        if first < 0:
            return 0
        if not verdict.rule and _right(buffer, 0, end):
            return 0
        for head in _HEAD.finditer(buffer, first, end):
            inside = _judge(buffer, head.start(), end)
            if inside is None:
                # Unfinished: only what has no end of its own leaves the question open.
                if verdict.rule == "length-mismatch" and not buffer.endswith(
                    TAIL, 0, end
                ):
                    return head.start()
            elif not inside.rule and (
                verdict.rule or _right(buffer, head.start(), head.start() + inside.end)
            ):
                return head.start()
        return 0

    def _garbage(self) -> FrameError | None:
        """Give up octets that do not begin a packet; ``None`` while undecided."""
        buffer = self._buffer
        if _PARTIAL_HEAD.fullmatch(buffer):
            return self._unfinished()
        rule, at, detail = "header", 0, "octets before ##"
        if buffer.startswith(HEADER) and buffer[2:3] != b"#":
            rule, at, detail = "length-digits", 2, "the length is not four digits"
        end, complete = self._garbage_end()
        if not complete and not self._closed:
            return None
        self._skipping = end == PACKET_MAX_OCTETS and not buffer.endswith(TAIL, 0, end)
        return self._refuse(rule, detail, end, at)

    def _garbage_end(self) -> tuple[int, bool]:
        """Return where garbage ends: at a header, behind CR LF, or at the limit.

        The second value says whether further octets could not move that end.
        """
        buffer = self._buffer
        limit = PACKET_MAX_OCTETS
        ends = [limit]
        if head := _HEAD.search(buffer, 1, limit + _START - 1):
            ends.append(head.start())
        if (tail := buffer.find(TAIL, 0, limit)) >= 0:
            ends.append(tail + len(TAIL))
        end = min(ends)
        complete = end < limit or len(buffer) >= limit + _START
        return min(end, len(buffer)), complete

    def _skip(self) -> bool:
        """Drop what still belongs to a refused packet, without a second error.

        Returns whether its end was found: the next header, or behind CR LF.
        """
        buffer = self._buffer
        head = _HEAD.search(buffer)
        tail = buffer.find(TAIL, 0, head.start() if head else len(buffer))
        if tail >= 0:
            self._take(tail + len(TAIL))
        elif head:
            self._take(head.start())
        else:
            keep = 0 if self._closed else _START - 1
            self._take(max(len(buffer) - keep, 0))
            return False
        self._skipping = False
        return True

    def _unfinished(self) -> FrameError | None:
        """Give up a packet that the end of the stream cut off."""
        if not self._closed:
            return None
        buffer = self._buffer
        end = len(buffer)
        for head in _HEAD.finditer(buffer, 1):
            inside = _judge(buffer, head.start(), len(buffer))
            if inside is not None and not inside.rule:
                end = head.start()
                break
        return self._refuse("truncated", "the stream ends inside a packet", end, end)

    def _refuse(self, rule: str, detail: str, end: int, at: int) -> FrameError:
        offset = self._offset
        octets = self._take(end)
        return FrameError(rule, detail, octets, min(at, end), offset=offset)

    def _take(self, count: int) -> bytes:
        octets = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._offset += count
        return octets


def _right(octets: bytearray, start: int, end: int) -> bool:
    """Return whether the packet from ``start`` to ``end`` has the right checksum."""
    close = end - _CLOSE
    segment = bytes(octets[start + _START : close])
    return int(octets[close : close + CHECKSUM_DIGITS], 16) == checksum(segment)


def drain(reader: Reader) -> Iterator[Packet | FrameError]:
    """Yield packets and errors, in stream order, until the reader needs more."""
    while True:
        try:
            packet = reader.next_packet()
        except FrameError as error:
            yield error
            continue
        if packet is None:
            return
        yield packet


def read_all(octets: bytes) -> list[Packet | FrameError]:
    """Return the packets and errors of a whole stream, its end included."""
    reader = Reader()
    reader.feed(octets)
    reader.close()
    return list(drain(reader))
