# SPDX-License-Identifier: Apache-2.0
"""HJ 212 data area: the forms that table 4 gives to the values of known names.

Judges one value by the name of its item; a name that the table does not have is not
judged.  Widths of factor values (annex B) belong to the code dictionary.

Source: HJ 212-2017, 6.3.3.2.3 table 4 and 6.6.4 table 8.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from conformance.protocols.hj212.codes import DATA_MARKS
from conformance.protocols.hj212.times import read_time

__all__ = ["Breach", "value_violation"]


class Breach(NamedTuple):
    """A broken rule of a value, in words."""

    rule: str
    zh: str
    en: str


class _Form(NamedTuple):
    rule: str
    zh: str
    en: str
    holds: Callable[[str], bool]


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _between(first: int, last: int) -> Callable[[str], bool]:
    digits = re.compile(r"[0-9]{1,4}")
    return lambda value: (
        digits.fullmatch(value) is not None and first <= int(value) <= last
    )


def _is_time(value: str) -> bool:
    return len(value) == 14 and read_time(value) is not None


def _is_hours(value: str) -> bool:
    form = re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,2})?", value)
    return form is not None and Decimal(value) <= 24


def _time_form(rule: str) -> _Form:
    return _Form(rule, "14 位时间 YYYYMMDDhhmmss", "a time YYYYMMDDhhmmss", _is_time)


def _range_form(rule: str, first: int, last: int) -> _Form:
    return _Form(rule, f"{first}～{last}", f"{first} to {last}", _between(first, last))


_MINUTES = frozenset(map(str, (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)))
_SINGLE_DIGIT_STATE = _Form("SEG-026", "0～5", "0 to 5", _matching(r"[0-5]"))

_NAMES = {
    "DataTime": _time_form("SEG-012"),
    "SystemTime": _time_form("SEG-018"),
    "RtdInterval": _range_form("SEG-019", 30, 3600),
    "MinInterval": _Form(
        "SEG-020",
        "1、2、3、4、5、6、10、12、15、20、30 之一",
        "one of 1 2 3 4 5 6 10 12 15 20 30",
        _MINUTES.__contains__,
    ),
    "OverTime": _range_form("SEG-021", 1, 99),
    "ReCount": _range_form("SEG-021", 1, 99),
    "RestartTime": _time_form("SEG-022"),
    "PolId": _Form(
        "SEG-029",
        "不超过 6 个字符的因子编码",
        "a factor code of at most 6 characters",
        _matching(r"[0-9A-Za-z]{1,6}"),
    ),
    "BeginTime": _time_form("SEG-030"),
    "EndTime": _time_form("SEG-030"),
    "NewPW": _Form(
        "SEG-031",
        "1～6 位字母或数字",
        "1 to 6 letters or digits",
        _matching(r"[0-9A-Za-z]{1,6}"),
    ),
    "VaseNo": _range_form("SEG-032", 1, 99),
    "CstartTime": _Form(
        "SEG-033",
        "时间 hhmmss",
        "a time hhmmss",
        _matching(r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]"),
    ),
    "Ctime": _range_form("SEG-033", 1, 24),
    "Stime": _range_form("SEG-033", 1, 120),
}

_KEYS = {
    "SampleTime": _time_form("SEG-023"),
    "EFlag": _Form(
        "SEG-024",
        "1～4 个字符，A～Z、0～9",
        "1 to 4 characters A-Z 0-9",
        _matching(r"[A-Z0-9]{1,4}"),
    ),
    "Flag": _Form(
        "SEG-025",
        "1 个字符，A～Z、0～9",
        "one character A-Z 0-9",
        _matching(r"[A-Z0-9]"),
    ),
    "RS": _SINGLE_DIGIT_STATE,
    "RT": _Form(
        "SEG-027",
        "0～24 小时，至多两位小数",
        "0 to 24 hours, at most two decimals",
        _is_hours,
    ),
    "SN": _Form(
        "SEG-034",
        "24 个字符，0～9、A～F",
        "24 characters 0-9 A-F",
        _matching(r"[0-9A-F]{24}"),
    ),
}
"""By the part behind the hyphen."""


def value_violation(name: str, value: str) -> Breach | None:
    """Return what is wrong with a value, if the form of its name is known.

    A data mark of the right form that table 8 does not have is SEG-013.
    """
    _, dash, key = name.rpartition("-")
    form = _KEYS.get(key) if dash else _NAMES.get(name)
    if form is None:
        return None
    if not form.holds(value):
        return Breach(
            form.rule,
            f"{name} 应为{form.zh}，实为 {value!r}",
            f"{name} must be {form.en}, is {value!r}",
        )
    if dash and key == "Flag" and value not in DATA_MARKS:
        return Breach(
            "SEG-013",
            f"数据标记 {value} 不在标准的表中",
            f"data mark {value} is not in the table",
        )
    return None
