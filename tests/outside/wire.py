# SPDX-License-Identifier: Apache-2.0
"""HJ 212-2017 packets as an outsider writes them, from the list of requirements alone.

Segments <-> octets, and a reader that finds packets in a stream.  Nothing here comes
from the suite: if both misread a clause, they do so independently.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

__all__ = ["Clock", "Packet", "Reader", "crc", "modbus", "seal", "segment"]


def crc(data: bytes) -> int:
    """Return the check value of Annex A."""
    register = 0xFFFF
    for octet in data:
        register = (register >> 8) ^ octet
        for _ in range(8):
            fallen = register & 1
            register >>= 1
            if fallen:
                register ^= 0xA001
    return register


def modbus(data: bytes) -> int:
    """Return the CRC-16 of Modbus, which is what many take instead."""
    register = 0xFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            fallen = register & 1
            register >>= 1
            if fallen:
                register ^= 0xA001
    return register


def seal(data: bytes) -> bytes:
    """Return the packet around a data segment."""
    return b"##%04d" % len(data) + data + b"%04X\r\n" % crc(data)


def segment(qn: str, st: str, cn: str, pw: str, mn: str, flag: int, cp: str) -> bytes:
    """Return an unsplit data segment."""
    head = f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};Flag={flag}"
    return f"{head};CP=&&{cp}&&".encode()


@dataclass
class Packet:
    """What a reader found; ``sound`` says whether the check value is right."""

    raw: bytes
    sound: bool
    head: dict[str, str] = field(default_factory=dict)
    area: str = ""

    def __getattr__(self, name: str) -> str:
        """Return a header field by its lower-case name, empty where absent."""
        if name not in ("qn", "st", "cn", "pw", "mn", "pnum", "pno"):
            raise AttributeError(name)
        return self.head.get(name.upper(), "")

    @property
    def flag(self) -> int:
        text = self.head.get("Flag", "")
        return int(text) if text.isascii() and text.isdigit() else 0

    @property
    def wants_answer(self) -> bool:
        return bool(self.flag & 1)

    @property
    def items(self) -> dict[str, str]:
        pairs = self.area.replace(";", ",").split(",")
        split = (pair.partition("=") for pair in pairs if "=" in pair)
        return {name.strip(): value.strip() for name, _, value in split}


class Reader:
    """Finds packets in a stream, whatever lies between them."""

    def __init__(self) -> None:
        self.rest = b""

    def feed(self, octets: bytes) -> Iterator[Packet]:
        """Yield the packets that are complete now."""
        self.rest += octets
        while (found := self._next()) is not None:
            yield found

    def _next(self) -> Packet | None:
        at = self.rest.find(b"##")
        while at >= 0:
            digits = self.rest[at + 2 : at + 6]
            if len(digits) == 4 and digits.isdigit():
                end = at + int(digits) + 12
                whole = self.rest[at:end]
                if len(whole) == end - at and whole.endswith(b"\r\n"):
                    self.rest = self.rest[end:]
                    return _open(whole)
                if len(self.rest) < end and not self._later(at):
                    return None
            elif len(self.rest) < at + 6 and (digits.isdigit() or not digits):
                return None
            at = self.rest.find(b"##", at + 1)
        return None

    def _later(self, at: int) -> bool:
        """Whether a sound packet lies behind an unfinished one."""
        while (at := self.rest.find(b"##", at + 1)) >= 0:
            digits = self.rest[at + 2 : at + 6]
            if len(digits) == 4 and digits.isdigit():
                whole = self.rest[at : at + int(digits) + 12]
                if whole.endswith(b"\r\n") and _open(whole).sound:
                    return True
        return False


def _open(whole: bytes) -> Packet:
    data, told = whole[6:-6], whole[-6:-2]
    sound = told.upper() == b"%04X" % crc(data)
    text = data.decode("utf-8", "replace")
    head, _, area = text.partition("CP=&&")
    area = area.removesuffix("&&").strip().removesuffix(";")
    pairs = (part.partition("=") for part in head.split(";") if "=" in part)
    return Packet(whole, sound, {n.strip(): v.strip() for n, _, v in pairs}, area)


def _beijing() -> datetime:
    """Return the time of the field, which is the same all over the country."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=8)


class Clock:
    """A settable clock that never gives a QN twice."""

    def __init__(self) -> None:
        self.offset = timedelta()
        self._last = datetime.min

    def now(self) -> datetime:
        return _beijing() + self.offset

    def set(self, wanted: str) -> None:
        at = datetime.strptime(wanted, "%Y%m%d%H%M%S")
        self.offset = at - _beijing()
        self._last = datetime.min

    def time(self) -> str:
        return f"{self.now():%Y%m%d%H%M%S}"

    def qn(self) -> str:
        at = self.now()
        at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        if at <= self._last:
            at = self._last + timedelta(milliseconds=1)
        self._last = at
        return f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
