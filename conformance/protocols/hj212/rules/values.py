# SPDX-License-Identifier: Apache-2.0
"""Rules of the HJ 212 data area: each kind of value in its form, codes in their table.

The forms themselves are in ``values.py`` and annex B in ``factors.py``; a rule here
looks at the packets that hold such a value and at no others.

Source: HJ 212-2017, 6.3.3.2 table 4, 6.4, 6.6.4 table 8 and annex B.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from conformance.engine.judge import Judge
from conformance.profile.model import Element
from conformance.protocols.hj212.codec.segment import Item
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.dialogue import Damage, Dialogue, Message
from conformance.protocols.hj212.elements import codes_of
from conformance.protocols.hj212.factors import (
    Format,
    factors,
    process_code,
    site_code,
)
from conformance.protocols.hj212.rules.common import (
    BOTH,
    DEVICE,
    PLATFORM,
    RIGHT,
    Actors,
    Judgement,
    Look,
    each,
    edition_of,
    grammar,
    grammar_of,
    messages_of,
    rule,
)
from conformance.text import Text

__all__: list[str] = []

_VALUE_KEYS = frozenset(
    {"Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Cou"}
)
_NOISE_KEYS = frozenset({"Data", "DayData", "NightData"})
_DATA_KEYS = _VALUE_KEYS | _NOISE_KEYS
_NUMBER = re.compile(r"[+-]?([0-9]+)(?:\.[0-9]+)?")
_EXTENSION = re.compile(r"[aweig][0-9A-Za-z]{5}")
_WIDTHS = {
    "RtdInterval": 4,
    "MinInterval": 2,
    "OverTime": 2,
    "ReCount": 2,
    "VaseNo": 2,
    "Ctime": 2,
    "Stime": 4,
}
"""Digits of the numbers of table 4, which are written without padding."""


def _is(*names: str) -> Callable[[str], bool]:
    return lambda found: found in names


def _ends(*keys: str) -> Callable[[str], bool]:
    suffixes = tuple(f"-{key}" for key in keys)
    return lambda found: found.endswith(suffixes)


_Row = tuple[str, str, str, str, Look, Actors]
_TIME = ("为 14 位时间 YYYYMMDDhhmmss", "is a time of 14 digits, YYYYMMDDhhmmss")
_FORMS: tuple[_Row, ...] = (
    (
        "data_time_form",
        "data-time",
        f"DataTime {_TIME[0]}",
        f"DataTime {_TIME[1]}",
        grammar_of("SEG-012", names=_is("DataTime")),
        DEVICE,
    ),
    (
        "data_marks",
        "data-mark",
        "数据标记取自标准的表",
        "data marks are those of the table",
        grammar_of("SEG-013", names=_ends("Flag")),
        DEVICE,
    ),
    (
        "mark_form",
        "mark-form",
        "因子的 Flag 为一个大写字母或数字",
        "Flag of a factor is one capital letter or digit",
        grammar_of("SEG-025", names=_ends("Flag")),
        DEVICE,
    ),
    (
        "system_time_form",
        "system-time",
        f"SystemTime {_TIME[0]}",
        f"SystemTime {_TIME[1]}",
        grammar_of("SEG-018", names=_is("SystemTime")),
        BOTH,
    ),
    (
        "restart_time_form",
        "restart-time",
        f"RestartTime {_TIME[0]}",
        f"RestartTime {_TIME[1]}",
        grammar_of("SEG-022", names=_is("RestartTime")),
        DEVICE,
    ),
    (
        "sample_time_form",
        "sample-time",
        f"SampleTime {_TIME[0]}",
        f"SampleTime {_TIME[1]}",
        grammar_of("SEG-023", names=_ends("SampleTime")),
        DEVICE,
    ),
    (
        "equipment_mark_form",
        "equipment-mark",
        "EFlag 为不超过 4 个的大写字母或数字",
        "EFlag is at most 4 capital letters or digits",
        grammar_of("SEG-024", names=_ends("EFlag")),
        DEVICE,
    ),
    (
        "equipment_state",
        "equipment-state",
        "SBxxx-RS 为 0～5",
        "SBxxx-RS is 0 to 5",
        grammar_of("SEG-026", names=_ends("RS")),
        DEVICE,
    ),
    (
        "running_time",
        "running-time",
        "SBxxx-RT 为 0～24，小数不超过两位",
        "SBxxx-RT is 0 to 24 with at most two decimals",
        grammar_of("SEG-027", names=_ends("RT")),
        DEVICE,
    ),
    (
        "noise_form",
        "noise",
        "噪声值的格式为 N3.1",
        "noise values in format N3.1",
        grammar_of("SEG-028", names=_ends(*_NOISE_KEYS)),
        DEVICE,
    ),
    (
        "factor_id_form",
        "factor-id",
        "PolId 为不超过 6 个字符的因子编码",
        "PolId is a factor code of at most 6 characters",
        grammar_of("SEG-029", names=_is("PolId")),
        BOTH,
    ),
    (
        "period_form",
        "period",
        f"BeginTime 和 EndTime {_TIME[0]}",
        f"BeginTime and EndTime: each {_TIME[1]}",
        grammar_of("SEG-030", names=_is("BeginTime", "EndTime")),
        PLATFORM,
    ),
    (
        "new_password_form",
        "new-password",
        "NewPW 为 1～6 个字母或数字",
        "NewPW is 1 to 6 letters or digits",
        grammar_of("SEG-031", names=_is("NewPW")),
        PLATFORM,
    ),
    (
        "vessel_number",
        "vessel",
        "VaseNo 为 1～99",
        "VaseNo is 1 to 99",
        grammar_of("SEG-032", names=_is("VaseNo")),
        DEVICE,
    ),
    (
        "sampling_times",
        "sampling-times",
        "CstartTime 为 hhmmss，Ctime 为 1～24，Stime 为 1～120",
        "CstartTime hhmmss, Ctime 1 to 24, Stime 1 to 120",
        grammar_of("SEG-033", names=_is("CstartTime", "Ctime", "CTime", "Stime")),
        BOTH,
    ),
    (
        "information_codes",
        "information-code",
        "InfoId 和 -Info 的主干为现场端信息编码，-SN 为 24 位 0～9、A～F",
        "InfoId and the stem of -Info are site codes; -SN is 24 characters 0-9 A-F",
        grammar_of("SEG-034", names=lambda n: n == "InfoId" or _ends("Info", "SN")(n)),
        BOTH,
    ),
    (
        "log_text",
        "log",
        "日志文本在 // 与 // 之间，不超过 890 字节",
        "a log text between // and // of at most 890 octets",
        grammar_of("SEG-035", names=_is("i11001-Info", "i21001-Info", "i31001-Info")),
        DEVICE,
    ),
)

for _name, _key, _zh, _en, _look, _actors in _FORMS:
    each(_name, _key, Text(_zh, _en), _look, _actors, of_content=True)


# Numbers


def _width(judge: Judge, thing: Message | Damage) -> Judgement:
    """Numbers are unpadded and no wider than table 4 lets them be."""
    if isinstance(thing, Damage):
        return None
    looked = False
    for item in thing.segment.items:
        key = item.name.rpartition("-")[2]
        width = _WIDTHS.get(item.name)
        if width is None and not (key in _DATA_KEYS and key != item.name):
            continue
        looked = True
        number = _NUMBER.fullmatch(item.value)
        padded = number and len(number[1]) > 1 and number[1].startswith("0")
        wide = number and width is not None and len(number[1]) > width
        if not number or padded or wide:
            return _shown(item)
    return looked or None


def _shown(item: Item) -> Text:
    return Text(f"{item.name}={item.value[:60]}", f"{item.name}={item.value[:60]}")


each(
    "number_form",
    "number",
    Text("数值不填充，位数不超过规定", "numbers unpadded and within their width"),
    _width,
)


# Annex B


def _coded(thing: Message | Damage) -> Iterator[tuple[str, str, Item]]:
    """Yield code, key and item of the items of factors."""
    if isinstance(thing, Message):
        for item in thing.segment.items:
            code, dash, key = item.name.rpartition("-")
            if dash:
                yield code, key, item


def _known_code(judge: Judge, thing: Message | Damage) -> Judgement:
    """A code is in annex B, which is marked as extensible: own codes are remarked."""
    edition, looked = edition_of(judge), False
    for code, key, _ in _coded(thing):
        if key not in _DATA_KEYS | {"Info"}:
            continue
        looked = True
        if factors(code, edition):
            continue
        if not _EXTENSION.fullmatch(code):
            return Text(f"附录 B 没有 {code}", f"annex B has no {code}")
        judge.remark(
            Text(
                f"附录 B 没有 {code}；如属扩展，须由双方约定",
                f"annex B has no {code}; an extension has to be agreed",
            )
        )
    return looked or None


def _default_format(judge: Judge, thing: Message | Damage) -> Judgement:
    """A value fits annex B, or is as fine as the profile declares the element."""
    edition, looked = edition_of(judge), False
    declared = {start[:-1]: e for start, e in codes_of(judge.snapshot).items()}
    for code, key, item in _coded(thing):
        # Of 2025 no format is confirmed, and neither is the clause: it merely warns.
        new = edition is Edition.E2025
        rows = [f for f in factors(code, edition) if f.confirmed or new]
        known = [f.format for f in rows if f.format]
        if key not in _VALUE_KEYS - {"Cou"} or not known:
            continue
        looked = True
        element = declared.get(code)
        fitting = (_widened(f, element) for f in known)
        if not any(form.fits(item.value) for form in fitting):
            form = known[0]
            return Text(
                f"{item.name}={item.value}，默认格式为 {form}",
                f"{item.name}={item.value}, the default format is {form}",
            )
    return looked or None


def _widened(form: Format, element: Element | None) -> Format:
    """Return a format that also holds what the profile declares of an element."""
    if element is None:
        return form
    exponent = (element.resolution or Decimal(1)).normalize().as_tuple().exponent
    decimals = max(-exponent, 0) if isinstance(exponent, int) else 0
    bounds = (element.range.min, element.range.max) if element.range else ()
    digits = max((len(str(abs(int(bound)))) for bound in bounds), default=0)
    return replace(
        form, size=max(form.size, digits), decimals=max(form.decimals, decimals)
    )


def _process_code(judge: Judge, thing: Message | Damage) -> Judgement:
    looked = False
    for code, key, _ in _coded(thing):
        if key in _DATA_KEYS and code[:1] in ("e", "g"):
            looked = True
            if process_code(code) is None:
                return Text(f"编码 {code}", f"code {code}")
    return looked or None


def _site_code(judge: Judge, thing: Message | Damage) -> Judgement:
    looked = False
    for code, key, _ in _coded(thing):
        if key != "Info":
            continue
        looked = True
        found = site_code(code)
        if not found or found.equipment not in "123" or found.information not in "123":
            return Text(f"编码 {code}", f"code {code}")
    return looked or None


def _state(judge: Judge, thing: Message | Damage) -> Judgement:
    edition, looked = edition_of(judge), False
    for code, key, item in _coded(thing):
        known = [f.values for f in factors(code, edition) if f.values]
        if key != "Info" or not known:
            continue
        looked = True
        if not any(item.value in values for values in known):
            return _shown(item)
    return looked or None


_ANNEX: tuple[_Row, ...] = (
    (
        "factor_codes",
        "factor-code",
        "编码取自附录 B，或为同样形式的扩展编码",
        "codes of annex B, or extensions of the same form",
        _known_code,
        DEVICE,
    ),
    (
        "default_format",
        "default-format",
        "值符合编码的默认格式",
        "values in the default format of their code",
        _default_format,
        DEVICE,
    ),
    (
        "process_codes",
        "process-code",
        "e 或 g、工艺符、两位参数、两位设备编号",
        "e or g, process, two digits parameter, two digits equipment",
        _process_code,
        DEVICE,
    ),
    (
        "site_codes",
        "site-code",
        "i、设备类别 1～3、信息类别 1～3、三位字符",
        "i, equipment 1 to 3, information 1 to 3, three characters",
        _site_code,
        DEVICE,
    ),
    (
        "state_values",
        "state",
        "状态值取自现场端信息编码表",
        "states of the table of site information",
        _state,
        DEVICE,
    ),
)

for _name, _key, _zh, _en, _look, _actors in _ANNEX:
    each(_name, _key, Text(_zh, _en), _look, _actors, of_content=True)


_ITEM = {
    "item": {"enum": ["RtdInterval", "MinInterval"]},
    "values": {"type": "array", "items": {"type": "string"}, "minItems": 1},
}


@rule("hj212.refuses_illegal_interval", actors=PLATFORM, params=_ITEM, of_content=True)
def sets_legal_interval(
    judge: Judge, dialogue: Dialogue, *, item: str, values: Sequence[str]
) -> None:
    """A platform sets an interval to a value in its range.

    ``values`` are those that a device is offered to refuse; a platform never sends one.
    """
    form = grammar("SEG-019", "SEG-020")
    for message in messages_of(judge, dialogue):
        found = message.segment.item(item)
        if found is None:
            continue
        right = form(judge, message) is True and found.value not in values
        judge.expect(
            right,
            "sent",
            expected=Text(f"{item} 在规定范围内", f"{item} in its range"),
            actual=RIGHT if right else _shown(found),
            at=message,
        )
