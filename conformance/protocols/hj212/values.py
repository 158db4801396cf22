# SPDX-License-Identifier: Apache-2.0
"""HJ 212 data area: the forms that table 4 gives to the values of known names.

Judges one value by the name of its item; a name that the table does not have is not
judged.  Widths of factor values (annex B) belong to the code dictionary.  Names that
HJ 212-2025 adds are known from single sources each, so only what their source says of
a whole list of values is judged.

Source: HJ 212-2017, 6.3.3.2.2, 6.3.3.2.3 table 4, 6.6.4 table 8 and table B.10;
HJ 212-2025, annex C (from quotations).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from conformance.protocols.hj212.codes import DATA_MARKS, UNCONFIRMED_MARKS, Edition
from conformance.protocols.hj212.times import read_time

__all__ = ["LOG_TEXT_MAX_OCTETS", "Breach", "value_violation"]

LOG_TEXT_MAX_OCTETS = 890


class Breach(NamedTuple):
    """A broken rule of a value, in words."""

    rule: str
    zh: str
    en: str


class _Form(NamedTuple):
    rule: str
    zh: str
    en: str
    holds: Callable[[str], object]
    """Anything true for a value that has the form."""


def _matching(pattern: str) -> Callable[[str], object]:
    return re.compile(pattern).fullmatch


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


def _is_log(value: str) -> bool:
    # Table B.10 says C890, a note of annex C "less than 890": fail only above both.
    text = value.removeprefix("//").removesuffix("//")
    wrapped = value.startswith("//") and value.endswith("//") and len(value) >= 4
    return wrapped and len(text.encode("utf-8", "replace")) <= LOG_TEXT_MAX_OCTETS


_NUMBER = _Form(
    "SEG-017",
    "十进制数（可带符号和小数点）",
    "a decimal number, with sign and point where needed",
    _matching(r"[+-]?[0-9]+(?:\.[0-9]+)?"),
)
_LEVEL = _Form(
    "SEG-028",
    "整数至多 3 位、小数至多 1 位的数",
    "a number of at most 3 digits and 1 decimal",
    _matching(r"[+-]?[0-9]{1,3}(?:\.[0-9])?"),
)
_LOG = _Form(
    "SEG-035",
    "//…// 包裹、不超过 890 字节的日志文本",
    "a log text of at most 890 octets between // and //",
    _is_log,
)
_ANYTHING = _Form("SEG-034", "任意文本", "any text", lambda value: True)
_LOG_NAMES = frozenset({"i11001-Info", "i21001-Info", "i31001-Info"})
"""What annex B.10 types as C890."""
_MARKS = frozenset(DATA_MARKS)
_SITE_CODE = re.compile(r"i[0-9A-Za-z]{5}")
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
    "CTime": _range_form("SEG-033", 1, 24),  # as C.35 prints it
    "Stime": _range_form("SEG-033", 1, 120),
    "InfoId": _Form(
        "SEG-034",
        "现场端信息编码（i 加 5 个字符）",
        "a site information code: i and five characters",
        _SITE_CODE.fullmatch,
    ),
}
_NAMES_2025 = {
    "CalibrationType": _Form(
        "FLW-027", "0（零点）或 1（量程）", "0 (zero) or 1 (span)", _matching("[01]")
    ),
    "ResultType": _Form(
        "FLW-050",
        "0（不合格）或 1（合格）",
        "0 (failed) or 1 (passed)",
        _matching("[01]"),
    ),
    # The printed example has milliseconds, the name's format was not read.
    "SKCreateTime": _Form(
        "SEC-005",
        "14 或 17 位时间",
        "a time of 14 or 17 digits",
        lambda value: read_time(value) is not None,
    ),
    "NewSK": _Form(
        "SEC-006",
        "16 个字符的密钥",
        "a key of 16 characters",
        _matching(r"[!-~]{16}"),
    ),
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
    **dict.fromkeys(("Rtd", "Min", "Avg", "Max", "Cou"), _NUMBER),
    **dict.fromkeys(("ZsRtd", "ZsMin", "ZsAvg", "ZsMax"), _NUMBER),
    **dict.fromkeys(("Data", "DayData", "NightData"), _LEVEL),
}
"""By the part behind the hyphen."""


def value_violation(
    name: str, value: str, edition: Edition = Edition.E2017
) -> Breach | None:
    """Return what is wrong with a value, if the form of its name is known.

    A data mark of the right form that table 8 does not have is SEG-013.
    """
    stem, dash, key = name.rpartition("-")
    if dash and key == "Flag" and value in _MARKS:
        return None  # half of all items
    form = (_KEYS if dash else _NAMES).get(key)
    if form is None:
        form = _rare_form(name, key, edition)
        if form is None:
            return None
    if not form.holds(value):
        return Breach(
            form.rule,
            f"{name} 应为{form.zh}，实为 {value[:60]!r}",
            f"{name} must be {form.en}, is {value[:60]!r}",
        )
    if dash and key == "Flag":
        return _strange_mark(value, edition)
    if key == "Info" and not _SITE_CODE.fullmatch(stem):
        return Breach(
            "SEG-034",
            f"{stem} 不是现场端信息编码",
            f"{stem} is no site information code",
        )
    return None


def _rare_form(name: str, key: str, edition: Edition) -> _Form | None:
    if key == "Info" and name != key:
        return _LOG if name in _LOG_NAMES else _ANYTHING
    return _NAMES_2025.get(key) if edition is Edition.E2025 else None


def _strange_mark(mark: str, edition: Edition) -> Breach | None:
    if mark in UNCONFIRMED_MARKS[edition]:
        return None
    return Breach(
        "SEG-013",
        f"数据标记 {mark} 不在标准的表中",
        f"data mark {mark} is not in the table",
    )
