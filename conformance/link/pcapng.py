# SPDX-License-Identifier: Apache-2.0
"""pcapng files: the few block types that a recording needs, written and read back.

Knows nothing of what is inside a packet.  One section, one interface, link type RAW
(an IP header comes first), nanosecond time stamps, a comment per packet.  Numbers
count from 1, as Wireshark's frame numbers do.  Nothing here holds a whole file: it is
written, read and looked up packet by packet.

Source: the pcapng format as used by Wireshark (section header, interface description
and enhanced packet blocks).
"""

from __future__ import annotations

import struct
import threading
import weakref
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from conformance.errors import InputError

__all__ = ["PacketFile", "StoredPacket", "Writer", "read_packets"]

LINKTYPE_RAW = 101
_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_OPT_COMMENT, _SHB_USERAPPL, _IF_DESCRIPTION, _IF_TSRESOL = 1, 4, 3, 9
_BLOCK_MAX_OCTETS = 1 << 20
_PACKET_HEAD = struct.Struct("<IIIIIII")
_LENGTH = struct.Struct("<I")
_PADDING = (b"", b"\0\0\0", b"\0\0", b"\0")


@dataclass(frozen=True, slots=True)
class StoredPacket:
    """One packet of a recording; ``octets`` starts at the IP header."""

    number: int
    at_ns: int
    octets: bytes
    comment: str


class Writer:
    """Writes packets to a new file, or after the last whole packet of an old one."""

    def __init__(self, path: Path, *, describe: str, append: bool = False) -> None:
        self.count = 0
        if append and path.exists():
            sound, self.count = _sound_part(path)
            with path.open("r+b") as file:
                file.truncate(sound)
            self._file: BinaryIO = path.open("ab")
            if sound:
                return
        else:
            self._file = path.open("wb")
        self._file.write(_section_header(describe))

    def packet(self, octets: bytes, at_ns: int, comment: str) -> int:
        """Write one packet and return its number."""
        size = len(octets)
        tail = _comment(comment)
        total = _PACKET_HEAD.size + size + -size % 4 + len(tail) + 4
        time = at_ns >> 32, at_ns & 0xFFFFFFFF
        head = _PACKET_HEAD.pack(_PACKET, total, 0, *time, size, size)
        end = _LENGTH.pack(total)
        self._file.write(b"".join((head, octets, _PADDING[size % 4], tail, end)))
        self.count += 1
        return self.count

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def read_packets(path: Path) -> Iterator[StoredPacket]:
    """Yield the packets of a file that :class:`Writer` wrote.

    Stops at a torn last block.  Raises ``InputError`` (``evidence.not-a-recording``)
    when the file is something else.
    """
    number = 0
    with _told(path):
        for _, kind, body in _blocks(path):
            if kind == _PACKET:
                number += 1
                yield _stored(number, body)


class PacketFile:
    """The packets of a recording by number, read when asked for.

    Keeps eight octets for each packet: where it begins.  A recording that grows shows
    what it held when this was made.  Raises as :func:`read_packets` does.
    """

    __slots__ = ("__weakref__", "_file", "_lock", "_path", "_starts")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._starts = array("Q")
        self._lock = threading.Lock()
        with _told(path):
            start = 0
            for end, kind, _ in _blocks(path):
                if kind == _PACKET:
                    self._starts.append(start)
                start = end
            self._file = path.open("rb")
        weakref.finalize(self, self._file.close)

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, number: int) -> StoredPacket:
        """Return a packet, counted from 1; ``KeyError`` when there is none."""
        if not 1 <= number <= len(self._starts):
            raise KeyError(number)
        with _told(self._path), self._lock:
            self._file.seek(self._starts[number - 1])
            _, total = struct.unpack("<II", self._file.read(8))
            return _stored(number, self._file.read(total - 12))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read why."""
    try:
        yield
    except FileNotFoundError:
        raise InputError("evidence.gone", file=path) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("evidence.unreadable", file=path, reason=reason) from None
    except struct.error:
        raise InputError("evidence.damaged", file=path, reason="a packet") from None


def _stored(number: int, body: bytes) -> StoredPacket:
    _, high, low, size, _ = struct.unpack_from("<IIIII", body)
    end = 20 + (size + 3 & ~3)
    comment = ""
    if len(body) > end:
        code, length = struct.unpack_from("<HH", body, end)
        if code == _OPT_COMMENT:
            comment = body[end + 4 : end + 4 + length].decode(errors="replace")
    return StoredPacket(number, high << 32 | low, body[20 : 20 + size], comment)


def _blocks(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield ``(offset of the end, block type, body)`` of each whole block."""
    with path.open("rb") as file:
        offset = 0
        while len(head := file.read(8)) == 8:
            kind, total = struct.unpack("<II", head)
            if offset == 0 and kind != _SECTION:
                raise InputError("evidence.not-a-recording", file=path)
            if total < 12 or total % 4 or total > _BLOCK_MAX_OCTETS:
                return
            rest = file.read(total - 8)
            if len(rest) < total - 8 or rest[-4:] != head[4:]:
                return
            offset += total
            yield offset, kind, rest[:-4]


def _sound_part(path: Path) -> tuple[int, int]:
    """Return the size in octets and the packet count of the undamaged part."""
    sound = count = 0
    for end, kind, _ in _blocks(path):
        sound, count = end, count + (kind == _PACKET)
    return sound, count


def _section_header(describe: str) -> bytes:
    section = struct.pack("<IHHq", _BYTE_ORDER, 1, 0, -1)
    application = _option(_SHB_USERAPPL, describe.encode()) + bytes(4)
    interface = struct.pack("<HHI", LINKTYPE_RAW, 0, 0)
    note = "IP and TCP headers are rebuilt; octets and times are those of the sockets"
    options = (
        _option(_IF_DESCRIPTION, note.encode()) + _option(_IF_TSRESOL, b"\x09")
    ) + bytes(4)
    return _block(_SECTION, section + application) + _block(
        _INTERFACE, interface + options
    )


def _block(kind: int, body: bytes) -> bytes:
    total = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + total + body + total


@lru_cache(maxsize=256)
def _comment(comment: str) -> bytes:
    """Return the options of a packet; a requirement's packets all say its name."""
    return _option(_OPT_COMMENT, comment.encode()) + bytes(4) if comment else b""


def _option(code: int, value: bytes) -> bytes:
    value = value[:0xFFF0]
    return struct.pack("<HH", code, len(value)) + _padded(value)


def _padded(octets: bytes) -> bytes:
    return octets + bytes(-len(octets) % 4)
