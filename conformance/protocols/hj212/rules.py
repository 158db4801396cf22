# SPDX-License-Identifier: Apache-2.0
"""Rules of HJ 212 over recordings: one packet at a time, the implementation's only.

Each rule looks at one thing that the implementation sent and says that it is right,
that it is wrong and how, or that it is not its matter.  Wrong framing belongs to one
rule each, so that a wrong tail does not also count as a wrong length.

Source: HJ 212-2017, 6.3 (packet, segment, data area), 6.6 (codes) and annex A.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from conformance.data.defects import Defect
from conformance.data.values import judge_series, judge_text
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Element
from conformance.protocols.hj212.codec import SEGMENT_MAX_OCTETS, checksum
from conformance.protocols.hj212.codes import COMMANDS, Edition, Kind
from conformance.protocols.hj212.dialogue import (
    Damage,
    Dialogue,
    Message,
    decode,
    looks_like,
)
from conformance.protocols.hj212.elements import codes_of, values_of
from conformance.protocols.hj212.machine import EXTRACTS, kinds_of
from conformance.text import Text

__all__ = ["decode", "looks_like"]

Judgement = Text | bool | None
"""Wrong and how; right (``True``); not this rule's matter (``None``)."""
Look = Callable[[Judge, Message | Damage], Judgement]

_SEGMENT_LIKE = re.compile(rb"(?:QN|ST|CN|PW|MN)=|CP=&&")
_ANSWERS = ("9011", "9012", "9013", "9014")


def _each(
    name: str,
    key: str,
    expected: Text,
    look: Look,
    actors: Sequence[str] = ("device", "platform"),
) -> None:
    """Register a rule that looks at each thing that the implementation sent."""

    def function(judge: Judge, dialogue: Dialogue) -> None:
        for thing in _judged(judge, dialogue):
            said = look(judge, thing)
            if said is None:
                continue
            actual = said if isinstance(said, Text) else Text("符合", "as required")
            judge.expect(said is True, key, expected=expected, actual=actual, at=thing)

    function.__doc__ = f"Each packet: {expected.en}."
    rule(name, actors=actors)(function)  # type: ignore[arg-type]


def _judged(judge: Judge, dialogue: Dialogue) -> Iterator[Message | Damage]:
    """Yield what the implementation sent and what can be judged of it.

    Where a capture lost octets, what is no packet says nothing about the sender.  A
    packet that the end of the connection cut off says nothing either.
    """
    lost = dialogue.conversation.gaps > 0
    for thing in dialogue.of(judge.iut):
        if isinstance(thing, Damage) and (lost or thing.error.rule == "truncated"):
            continue
        yield thing


def _edition(judge: Judge) -> Edition:
    """Return the edition that the profile binds, 2017 where it binds none."""
    for binding in judge.snapshot.bindings:
        if binding.protocol == "hj212":
            return Edition(binding.edition)
    return Edition.E2017


def _actor(judge: Judge) -> str:
    return "device" if judge.iut == "client" else "platform"


# Framing


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
        return True
    if thing.error.rule != "segment-too-long":
        return None
    size = len(thing.octets) - 12
    return Text(f"数据段长 {size} 字节", f"a data segment of {size} octets")


_FRAMING: tuple[tuple[str, str, Text, Look], ...] = (
    (
        "hj212.packet_layout",
        "layout",
        Text("以 ## 开头的完整通讯包", "a packet that starts with ##"),
        _damage("header", when=_SEGMENT_LIKE.search),
    ),
    (
        "hj212.nothing_between_packets",
        "stray-octets",
        Text("通讯包之间没有其他字节", "no octets between packets"),
        _damage("header", when=lambda octets: not _SEGMENT_LIKE.search(octets)),
    ),
    (
        "hj212.length_states_segment",
        "length",
        Text("长度等于数据段的字节数", "the length is that of the data segment"),
        _damage("length-mismatch"),
    ),
    (
        "hj212.length_digits",
        "length-digits",
        Text("长度为四位十进制数字", "the length is four decimal digits"),
        _damage("length-digits"),
    ),
    (
        "hj212.segment_size",
        "segment-size",
        Text(
            f"数据段不超过 {SEGMENT_MAX_OCTETS} 字节",
            f"a data segment of at most {SEGMENT_MAX_OCTETS} octets",
        ),
        _size,
    ),
    (
        "hj212.check_value_right",
        "check-value",
        Text("CRC 为数据段的校验值", "the check value is that of the data segment"),
        _check_value,
    ),
    (
        "hj212.check_value_digits",
        "check-digits",
        Text(
            "CRC 为四位十六进制数字，高字节在前",
            "the check value is four hexadecimal digits, high octet first",
        ),
        _check_digits,
    ),
    (
        "hj212.check_value_upper_case",
        "check-case",
        Text("CRC 用大写字母", "the check value is written in upper case"),
        _upper_case,
    ),
    (
        "hj212.tail",
        "tail",
        Text("以一个 CR LF 结尾", "the packet ends with one CR LF"),
        _damage("tail"),
    ),
)


# Data segment


def _grammar(*rules: str) -> Look:
    """Look for breaches of the segment's grammar (see ``grammar.py``)."""

    def look(judge: Judge, thing: Message | Damage) -> Judgement:
        if isinstance(thing, Damage):
            return None
        for violation in thing.violations(_edition(judge)):
            if violation.rule in rules:
                return violation.detail
        return True

    return look


def _grammar_of(*rules: str, names: Callable[[str], bool]) -> Look:
    """The same for packets that hold an item of such a name."""
    inner = _grammar(*rules)

    def look(judge: Judge, thing: Message | Damage) -> Judgement:
        if isinstance(thing, Damage):
            return None
        if not any(names(item.name) for item in thing.segment.items):
            return None
        return inner(judge, thing)

    return look


def _direction(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage):
        return None
    said = _grammar("SEG-004")(judge, thing)
    cn, actor = thing.segment.cn, _actor(judge)
    if said is not True or cn not in COMMANDS:
        return said
    if kinds_of(thing.segment, actor, _edition(judge)):
        return True
    if actor == "device" and cn in EXTRACTS:
        return True  # the data of a request bear its command
    return Text(f"CN={cn} 不由该方发送", f"CN={cn} is not sent by a {actor}")


def _answer_system(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.segment.cn not in _ANSWERS:
        return None
    st, cn = thing.segment.st, thing.segment.cn
    return st == "91" or Text(f"CN={cn} 的 ST={st}", f"CN={cn} with ST={st}")


def _answer_bit(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.segment.flag is None:
        return None
    wanted = thing.segment.flag.answer_wanted
    kinds = kinds_of(thing.segment, _actor(judge), _edition(judge))
    cn, flag = thing.segment.cn, thing.segment.flag.value
    if kinds == {Kind.ANSWER}:
        met = not wanted
    elif kinds and Kind.UPLOAD not in kinds:
        met = wanted
    else:
        return None  # uploads are free to choose
    return met or Text(f"CN={cn} 的 Flag={flag}", f"CN={cn} with Flag={flag}")


def _is(name: str) -> Callable[[str], bool]:
    return lambda found: found == name


_SEGMENT: tuple[tuple[str, str, Text, Look, Sequence[str]], ...] = tuple(
    (f"hj212.{name}", key, Text(zh, en), look, actors)
    for name, key, zh, en, look, actors in (
        (
            "characters",
            "characters",
            "ASCII 字符，日志文本为 UTF-8",
            "ASCII, and UTF-8 in log texts",
            _grammar("FRM-012"),
            ("device", "platform"),
        ),
        (
            "field_order",
            "field-order",
            "QN、ST、CN、PW、MN、Flag、[PNUM、PNO、] CP，依此顺序",
            "QN, ST, CN, PW, MN, Flag, [PNUM, PNO,] CP in this order",
            _grammar("SEG-001"),
            ("device", "platform"),
        ),
        (
            "qn_form",
            "qn",
            "QN 为 17 位时间 YYYYMMDDhhmmsszzz",
            "QN is a time of 17 digits, YYYYMMDDhhmmsszzz",
            _grammar("SEG-002"),
            ("device", "platform"),
        ),
        (
            "st_code",
            "st",
            "ST 取自系统编码表",
            "ST is in the system code table",
            _grammar("SEG-003"),
            ("device", "platform"),
        ),
        (
            "cn_code",
            "cn",
            "CN 为四位数字，方向与命令表一致",
            "CN is four digits, in the direction of the command table",
            _direction,
            ("device", "platform"),
        ),
        (
            "cn_not_reserved",
            "reserved-cn",
            "不使用标准保留的命令编码",
            "no command that the standard reserves",
            _grammar("SEG-039"),
            ("device", "platform"),
        ),
        (
            "mn_form",
            "mn",
            "MN 为 24 个字符，0～9、A～F",
            "MN is 24 characters 0-9 A-F",
            _grammar("SEG-006"),
            ("device", "platform"),
        ),
        (
            "flag_form",
            "flag",
            "Flag 为十进制 0～255，版本位与版本一致",
            "Flag is a decimal 0-255 with the version bits of the edition",
            _grammar("SEG-007"),
            ("device", "platform"),
        ),
        (
            "packet_numbers",
            "packet-numbers",
            "PNUM、PNO 与 Flag 的包号位一致，1≤PNO≤PNUM",
            "PNUM and PNO as the packet number bit says, 1 <= PNO <= PNUM",
            _grammar("SEG-008"),
            ("device", "platform"),
        ),
        (
            "separators",
            "separators",
            "名=值；同一因子用逗号，不同项用分号",
            "name=value; comma inside one factor, semicolon between items",
            _grammar_of("SEG-010", names=lambda name: True),
            ("device", "platform"),
        ),
        (
            "data_time_form",
            "data-time",
            "DataTime 为 14 位时间 YYYYMMDDhhmmss",
            "DataTime is a time of 14 digits, YYYYMMDDhhmmss",
            _grammar_of("SEG-012", names=_is("DataTime")),
            ("device",),
        ),
        (
            "data_marks",
            "data-mark",
            "数据标记取自标准的表",
            "data marks are those of the table",
            _grammar_of("SEG-013", "SEG-025", names=lambda n: n.endswith("-Flag")),
            ("device",),
        ),
        (
            "answers_carry_st91",
            "answer-st",
            "交互应答的 ST 为 91",
            "interaction packets carry ST=91",
            _answer_system,
            ("device", "platform"),
        ),
        (
            "answer_bit_follows_kind",
            "answer-bit",
            "请求、通知要求应答，应答包不要求应答",
            "requests and notices want an answer, answers want none",
            _answer_bit,
            ("device", "platform"),
        ),
    )
)

for _name, _key, _expected, _look in _FRAMING:
    _each(_name, _key, _expected, _look)
for _name, _key, _expected, _look, _actors in _SEGMENT:
    _each(_name, _key, _expected, _look, _actors)


# Data


@rule("hj212.values_conform", actors=("device",))
def values_conform(judge: Judge, dialogue: Dialogue) -> None:
    """Values of declared elements lie in their range, as finely as declared."""
    codes = codes_of(judge.snapshot)
    series: dict[str, list[str]] = {}
    last: dict[str, Message] = {}
    for message in dialogue.messages:
        if message.sender != judge.iut:
            continue
        for element, item in values_of(message.segment, codes):
            found = judge_text(element, item.value, binding="hj212", keeps_zeros=False)
            series.setdefault(element.key, []).append(item.value)
            last[element.key] = message
            _conforms(judge, element, found, item.name, message)
    for element in codes.values():
        texts = series.get(element.key, [])
        found = judge_series(element, texts, binding="hj212")
        if found:
            _conforms(judge, element, found, element.key, last[element.key])


def _conforms(
    judge: Judge,
    element: Element,
    found: Sequence[Defect],
    name: str,
    message: Message,
) -> None:
    first = found[0] if found else None
    expected = first.expected if first else Text("符合", "as declared")
    actual = first.actual if first else Text("符合", "as declared")
    judge.expect(
        first is None,
        first.key if first else "data",
        expected=Text(
            f"{element.name['zh']}（{name}）：{expected.zh}",
            f"{element.name['en']} ({name}): {expected.en}",
        ),
        actual=actual,
        at=message,
    )
