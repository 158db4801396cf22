# SPDX-License-Identifier: Apache-2.0
"""Rules of the HJ 212 data segment: its fields, its codes, the marks of its data area.

Most breaches are found by the grammar; what it cannot know (the direction of a command,
the password, the kind of an exchange) is judged here.

Source: HJ 212-2017, 6.3.2 table 3, 6.3.3.1, 6.6.1 table 5 and 6.6.5 table 9;
HJ 212-2025, 6.3.3 table 3.
"""

from __future__ import annotations

import re

from conformance.engine.judge import Judge
from conformance.protocols.hj212.codes import COMMANDS, Edition, Kind
from conformance.protocols.hj212.dialogue import Damage, Dialogue, Message
from conformance.protocols.hj212.machine import EXTRACTS, kinds_of
from conformance.protocols.hj212.rules.common import (
    BOTH,
    DEVICE,
    RIGHT,
    Actors,
    Judgement,
    Look,
    actor_of,
    each,
    edition_of,
    grammar,
    grammar_of,
    rule,
)
from conformance.protocols.hj212.stations import stations
from conformance.text import Text

__all__: list[str] = []

_ANSWERS = ("9011", "9012", "9013", "9014")
_WITHDRAWN_2025 = frozenset({"3014", "3015", "3016", "3017"})
# Table 5: 10-29, 30-49, 50-69 and 91-99, letters for extensions.
_CLASSES = re.compile(r"[1-6][0-9]|9[1-9]|[A-Z][0-9]")
_FIELDS = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "CP")
_ITEMS = (
    *("DataTime", "SystemTime", "QnRtn", "ExeRtn", "RtdInterval", "MinInterval"),
    *("RestartTime", "PolId", "BeginTime", "EndTime", "NewPW", "OverTime", "ReCount"),
    *("VaseNo", "CstartTime", "Stime", "InfoId"),
)
# Table 4 says Ctime and C.35 prints CTime: both are taken.
_KEYS = (
    *("SampleTime", "Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax"),
    *("Cou", "Flag", "EFlag", "RS", "RT", "Data", "DayData", "NightData", "Info", "SN"),
)
_SPELLED = {name.lower(): name for name in (*_FIELDS, *_ITEMS)}
_SPELLED_KEYS = {name.lower(): name for name in _KEYS}


def _direction(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage):
        return None
    said = grammar("SEG-004")(judge, thing)
    cn, actor = thing.segment.cn, actor_of(judge)
    if said is not True or cn not in COMMANDS:
        return said
    if kinds_of(thing.segment, actor, edition_of(judge)):
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
    kinds = kinds_of(thing.segment, actor_of(judge), edition_of(judge))
    cn, flag = thing.segment.cn, thing.segment.flag.value
    if cn == "9015":
        return None  # a heartbeat may want none (2025, C.54)
    if kinds == {Kind.ANSWER}:
        met = not wanted
    elif kinds and Kind.UPLOAD not in kinds:
        met = wanted
    else:
        return None  # uploads are free to choose
    return met or Text(f"CN={cn} 的 Flag={flag}", f"CN={cn} with Flag={flag}")


def _letter_case(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage):
        return None
    segment = thing.segment
    for name in (*(f.name for f in segment.fields), *(i.name for i in segment.items)):
        stem, dash, key = name.rpartition("-")
        known = (_SPELLED_KEYS if dash else _SPELLED).get(key.lower(), key)
        if known != key:
            right = f"{stem}{dash}{known}"
            return Text(f"{name}，应为 {right}", f"{name}, should be {right}")
    return True


def _class_of_system(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.segment.st is None:
        return None
    st = thing.segment.st
    return bool(_CLASSES.fullmatch(st)) or Text(f"ST={st}", f"ST={st}")


def _late_mark(judge: Judge, thing: Message | Damage) -> Judgement:
    """RF is 1 or absent, and only data of a device carry it."""
    said = grammar("SEG-011")(judge, thing)
    if isinstance(thing, Damage) or said is not True or thing.segment.rf is None:
        return said
    kinds = kinds_of(thing.segment, "device", edition_of(judge))
    cn = thing.segment.cn
    return Kind.UPLOAD in kinds or Text(f"CN={cn} 带有 RF", f"RF in CN={cn}")


def _single_digits(judge: Judge, thing: Message | Damage) -> Judgement:
    if isinstance(thing, Damage) or thing.segment.text("PNUM") is None:
        return None
    return grammar("SEG-041")(judge, thing)


def _empty_identity(judge: Judge, thing: Message | Damage) -> Judgement:
    """MN may be empty before the platform has given one, but it is there."""
    if isinstance(thing, Damage):
        return None
    missing = Text("没有 MN 字段", "no field MN")
    return thing.segment.text("MN") is not None or missing


def _of_edition(judge: Judge, thing: Message | Damage) -> Judgement:
    """The command is in the table of the edition."""
    if isinstance(thing, Damage) or thing.segment.cn is None:
        return None
    edition, cn = edition_of(judge), thing.segment.cn
    withdrawn = edition is Edition.E2025 and cn in _WITHDRAWN_2025
    command = COMMANDS.get(cn)
    known = edition is Edition.E2025 or (command and command.uses_in(edition))
    unknown = Text(f"{edition.title} 没有 {cn}", f"{edition.title} has no {cn}")
    return (known and not withdrawn) or unknown


_Row = tuple[str, str, str, str, Look, Actors]
_SEGMENT: tuple[_Row, ...] = (
    (
        "characters",
        "characters",
        "ASCII 字符，日志文本为 UTF-8",
        "ASCII, and UTF-8 in log texts",
        grammar("FRM-012"),
        BOTH,
    ),
    (
        "field_order",
        "field-order",
        "QN、ST、CN、PW、MN、Flag、[PNUM、PNO、] CP，依此顺序",
        "QN, ST, CN, PW, MN, Flag, [PNUM, PNO,] CP in this order",
        grammar("SEG-001"),
        BOTH,
    ),
    (
        "qn_form",
        "qn",
        "QN 为 17 位时间 YYYYMMDDhhmmsszzz",
        "QN is a time of 17 digits, YYYYMMDDhhmmsszzz",
        grammar("SEG-002"),
        BOTH,
    ),
    (
        "st_code",
        "st",
        "ST 取自系统编码表",
        "ST is in the system code table",
        grammar("SEG-003"),
        BOTH,
    ),
    (
        "cn_code",
        "cn",
        "CN 为四位数字，方向与命令表一致",
        "CN is four digits, in the direction of the command table",
        _direction,
        BOTH,
    ),
    (
        "cn_not_reserved",
        "reserved-cn",
        "不使用标准保留的命令编码",
        "no command that the standard reserves",
        grammar("SEG-039"),
        BOTH,
    ),
    (
        "cn_of_edition",
        "edition-cn",
        "命令在该版本的命令编码表中",
        "the command is in the table of the edition",
        _of_edition,
        BOTH,
    ),
    (
        "mn_form",
        "mn",
        "MN 为 24 个字符，0～9、A～F",
        "MN is 24 characters 0-9 A-F",
        grammar("SEG-006"),
        BOTH,
    ),
    (
        "mn_present",
        "no-mn",
        "有 MN 字段，平台下发 MN 之前为空",
        "the field MN, empty before the platform has given one",
        _empty_identity,
        BOTH,
    ),
    (
        "flag_form",
        "flag",
        "Flag 为十进制 0～255，版本位与版本一致",
        "Flag is a decimal 0-255 with the version bits of the edition",
        grammar("SEG-007"),
        BOTH,
    ),
    (
        "packet_numbers",
        "packet-numbers",
        "PNUM、PNO 与 Flag 的包号位一致，1≤PNO≤PNUM",
        "PNUM and PNO as the packet number bit says, 1 <= PNO <= PNUM",
        grammar("SEG-008"),
        BOTH,
    ),
    (
        "packet_numbers_single",
        "long-packet-numbers",
        "PNUM 和 PNO 各为一位数字",
        "PNUM and PNO are one digit each",
        _single_digits,
        BOTH,
    ),
    (
        "late_mark",
        "late-mark",
        "RF 只取 1，且只出现在补传的数据包中",
        "RF is 1 and stands in late data only",
        _late_mark,
        DEVICE,
    ),
    (
        "area_wrapper",
        "area",
        "CP=&&数据区&&，数据区不超过 950 个字符，其后没有内容",
        "CP=&&data&& with at most 950 characters and nothing behind",
        grammar("SEG-009"),
        BOTH,
    ),
    (
        "separators",
        "separators",
        "名=值；同一因子用逗号，不同项用分号",
        "name=value; comma inside one factor, semicolon between items",
        grammar_of("SEG-010", names=lambda name: True),
        BOTH,
    ),
    (
        "items_once",
        "item-again",
        "每个数据项只出现一次",
        "each item once",
        grammar_of("SEG-040", names=lambda name: True),
        DEVICE,
    ),
    (
        "letter_case",
        "letter-case",
        "字段名的大小写与标准一致",
        "names of fields in the case of the standard",
        _letter_case,
        BOTH,
    ),
    (
        "system_class",
        "st-class",
        "系统编码属于标准划分的类别",
        "the system code is of a class of the standard",
        _class_of_system,
        BOTH,
    ),
    (
        "answers_carry_st91",
        "answer-st",
        "交互应答的 ST 为 91",
        "interaction packets carry ST=91",
        _answer_system,
        BOTH,
    ),
    (
        "answer_bit_follows_kind",
        "answer-bit",
        "请求、通知要求应答，应答包不要求应答",
        "requests and notices want an answer, answers want none",
        _answer_bit,
        BOTH,
    ),
)

for _name, _key, _zh, _en, _look, _actors in _SEGMENT:
    each(_name, _key, Text(_zh, _en), _look, _actors)


@rule("hj212.password")
def password(judge: Judge, dialogue: Dialogue) -> None:
    """PW is 1 to 6 letters or digits and the access password of the device.

    A password that a request 1072 gave in the same connection counts too; a capture
    comes without a declaration, and then the form alone is judged.  A platform may
    know stations by other passwords than the first.
    """
    declared = judge.value("hj212_password")
    own = {s.mn: {s.pw} for s in stations(judge.ixit)} if declared is not None else {}
    every = {pw for known in own.values() for pw in known}
    renewed: set[str] = set()
    form = grammar("SEG-005")
    for message in dialogue.messages:
        item = message.segment.item("NewPW")
        if item and message.segment.cn == "1072":
            renewed.add(item.value)
        if message.sender != judge.iut or message.segment.pw is None:
            continue
        right = form(judge, message) is True
        if declared is not None:
            known = own.get(message.segment.mn or "", every) | renewed
            right = right and message.segment.pw in known
        judge.expect(
            right,
            "password",
            expected=Text("设备的访问密码", "the access password of the device"),
            actual=RIGHT if right else _other_password(renewed),
            at=message,
        )


def _other_password(renewed: set[str]) -> Text:
    """Return what PW is not, without telling a password."""
    if not renewed:
        return Text(
            "既不是声明的密码，该连接中也未用 1072 更换过",
            "not the declared one, and no 1072 changed it in this connection",
        )
    return Text(
        "既不是声明的密码，也不是该连接中用 1072 设置的密码",
        "neither the declared one nor one that a 1072 of this connection has set",
    )
