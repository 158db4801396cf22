# SPDX-License-Identifier: Apache-2.0
"""Rules of the HJ 212 packet: header, length, check value, tail, nothing between.

Wrong framing belongs to one rule each, so that a wrong tail does not also count as a
wrong length.

Source: HJ 212-2017, 6.3.1 table 2 and annex A.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from conformance.engine.judge import Judge
from conformance.protocols.hj212.codec import SEGMENT_MAX_OCTETS, checksum
from conformance.protocols.hj212.dialogue import Damage, Message
from conformance.protocols.hj212.rules.common import Judgement, Look, each
from conformance.text import Text

__all__: list[str] = []

_SEGMENT_LIKE = re.compile(rb"(?:QN|ST|CN|PW|MN)=|CP=&&")


def _damage(*rules: str, when: Callable[[bytes], object] = lambda octets: True) -> Look:
    """Look for octets that are no packet for one of these reasons."""

    def look(judge: Judge, thing: Message | Damage) -> Judgement:
        if isinstance(thing, Message):
            return True
        if thing.error.rule not in rules or not when(thing.octets):
            return None
        shown = thing.octets[:60].decode("ascii", "backslashreplace")
        return Text(f"收到 {shown!r}", f"received {shown!r} ({thing.error.detail})")

    return look


def _check_value(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.packet.is_encrypted:
        return None
    if thing.packet.checksum_ok or _is_swapped(thing):
        return True
    seen, right = thing.packet.checksum.decode(), checksum(thing.packet.segment)
    return Text(f"{seen}，应为 {right:04X}", f"{seen}, should be {right:04X}")


def _check_digits(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Message) and _is_swapped(thing):
        seen = thing.packet.checksum.decode()
        return Text(f"{seen}，高低字节颠倒", f"{seen}, low octet first")
    return _damage("checksum-hex")(judge, thing)


def _is_swapped(message: Message) -> bool:
    seen = int(message.packet.checksum, 16)
    swapped = (seen & 0xFF) << 8 | seen >> 8
    right = checksum(message.packet.segment)
    return seen != right and swapped == right


def _upper_case(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage):
        return None
    seen = thing.packet.checksum.decode()
    return seen == seen.upper() or Text(f"小写 {seen}", f"lower case {seen}")


def _size(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Message):
        # The limit is that of the plain segment: cipher octets are written longer.
        size = len(thing.segment.octets)
        if thing.is_closed or size <= SEGMENT_MAX_OCTETS:
            return True
        return Text(f"数据段长 {size} 字节", f"a data segment of {size} octets")
    if thing.error.rule != "segment-too-long":
        return None
    size = len(thing.octets) - 12
    return Text(f"数据段长 {size} 字节", f"a data segment of {size} octets")


def _length(judge: Judge, thing: Message | Damage) -> Judgement:
    """Of an encrypted packet either reading counts: plain or sent (2025, annex A.2)."""
    if isinstance(thing, Message) and thing.unsealed is not None:
        stated = thing.packet.length.decode()
        return thing.unsealed.opened.length != "neither" or Text(
            f"长度 {stated}，既不是明文的，也不是密文的",
            f"length {stated}, neither of the plain nor of the sent segment",
        )
    return _damage("length-mismatch")(judge, thing)


_FRAMING: tuple[tuple[str, str, Text, Look], ...] = (
    (
        "packet_layout",
        "layout",
        Text("以 ## 开头的完整通讯包", "a packet that starts with ##"),
        _damage("header", when=_SEGMENT_LIKE.search),
    ),
    (
        "nothing_between_packets",
        "stray-octets",
        Text("通讯包之间没有其他字节", "no octets between packets"),
        _damage("header", when=lambda octets: not _SEGMENT_LIKE.search(octets)),
    ),
    (
        "length_states_segment",
        "length",
        Text("长度等于数据段的字节数", "the length is that of the data segment"),
        _length,
    ),
    (
        "length_digits",
        "length-digits",
        Text("长度为四位十进制数字", "the length is four decimal digits"),
        _damage("length-digits"),
    ),
    (
        "segment_size",
        "segment-size",
        Text(
            f"数据段不超过 {SEGMENT_MAX_OCTETS} 字节",
            f"a data segment of at most {SEGMENT_MAX_OCTETS} octets",
        ),
        _size,
    ),
    (
        "check_value_right",
        "check-value",
        Text("CRC 为数据段的校验值", "the check value is that of the data segment"),
        _check_value,
    ),
    (
        "check_value_digits",
        "check-digits",
        Text(
            "CRC 为四位十六进制数字，高字节在前",
            "the check value is four hexadecimal digits, high octet first",
        ),
        _check_digits,
    ),
    (
        "check_value_upper_case",
        "check-case",
        Text("CRC 用大写字母", "the check value is written in upper case"),
        _upper_case,
    ),
    (
        "tail",
        "tail",
        Text("以一个 CR LF 结尾", "the packet ends with one CR LF"),
        _damage("tail"),
    ),
)

for _name, _key, _expected, _look in _FRAMING:
    each(_name, _key, _expected, _look)
