# SPDX-License-Identifier: Apache-2.0
"""Closed code lists of HJ 212 with their names in Chinese and English.

Knows nothing about octets.  An edition is *confirmed* for an entry when the text of
the standard or two independent sources say it; otherwise it was carried over from a
neighbouring edition and a check should not fail anybody for it alone.

Source: HJ 212-2017, tables 5 (system codes), 6 (ExeRtn), 7 (QnRtn), 8 (data marks), 9
(commands) and annex C; HJ 212-2025, tables 7 and 12 and annex C (from quotations);
HJ/T 212-2005, command table (from implementations).  The 2017 tables 5 to 8 are
marked there as extensible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Literal

from conformance.text import Text

__all__ = [
    "COMMANDS",
    "DATA_MARKS",
    "EXE_RETURNS",
    "QN_RETURNS",
    "SYSTEMS",
    "UNCONFIRMED_MARKS",
    "Command",
    "Edition",
    "Kind",
    "Sender",
    "System",
    "Use",
    "is_reserved",
]


class Edition(Enum):
    """An edition of the standard, by its year; ``version`` is what Flag carries."""

    E2005 = "2005"
    E2017 = "2017"
    E2025 = "2025"

    @property
    def version(self) -> int:
        """The six version bits of Flag (HJ 212-2017, table 3)."""
        return _VERSIONS[self.value]

    @property
    def title(self) -> str:
        """Number of the standard with its year."""
        return ("HJ/T 212-" if self is Edition.E2005 else "HJ 212-") + self.value


_VERSIONS = {"2005": 0, "2017": 1, "2025": 2}


class Kind(Enum):
    """What a command starts (HJ 212-2017, 6.5)."""

    REQUEST = "request"
    """Answered by 9011, then data where asked for, then 9012."""
    UPLOAD = "upload"
    """Answered by 9014 when an answer is wanted."""
    NOTICE = "notice"
    """Answered by 9013 when an answer is wanted."""
    ANSWER = "answer"


Sender = Literal["platform", "device", "both"]


@dataclass(frozen=True, slots=True)
class Use:
    """One way in which editions use a command."""

    kind: Kind
    sender: Sender
    editions: frozenset[Edition]
    confirmed: frozenset[Edition]


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the command table."""

    cn: str
    title: Text
    uses: tuple[Use, ...]

    @property
    def editions(self) -> frozenset[Edition]:
        """The editions that know the command in any use."""
        return frozenset().union(*(use.editions for use in self.uses))

    def uses_in(self, edition: Edition) -> tuple[Use, ...]:
        """Return the uses that an edition knows."""
        return tuple(use for use in self.uses if edition in use.editions)


@dataclass(frozen=True, slots=True)
class System:
    """A system code (ST)."""

    st: str
    title: Text
    editions: frozenset[Edition]


_KINDS: Mapping[str, tuple[Kind, Sender]] = {
    "PR": (Kind.REQUEST, "platform"),
    "PN": (Kind.NOTICE, "platform"),
    "DU": (Kind.UPLOAD, "device"),
    "DN": (Kind.NOTICE, "device"),
    "DA": (Kind.ANSWER, "device"),
    "BA": (Kind.ANSWER, "both"),
}

# Uses: sender (P platform, D device, B both) and kind (R request, U upload, N notice,
# A answer), then the editions; "?" marks one that is not confirmed.
_ALL = "2005? 2017 2025"
_NEW = "2017 2025"
_COMMAND_ROWS: tuple[tuple[str, str, str, str], ...] = (
    ("1000", "设置超时时间及重发次数", "set timeout and resends", f"PR {_ALL}"),
    (
        "1001",
        "提取污染物报警门限时间（2005）/ 上传数采仪硬件标识（2025）",
        "extract alarm time (2005) / upload hardware identity (2025)",
        "PR 2005, DN 2025?",
    ),
    ("1002", "设置设备唯一标识 MN", "set the device's MN", "PR 2025?"),
    ("1011", "提取现场机时间", "extract the device time", f"PR {_ALL}"),
    ("1012", "设置现场机时间", "set the device time", f"PR {_ALL}"),
    ("1013", "现场机时间校准请求", "ask for time calibration", f"DN {_NEW}"),
    ("1014", "密钥更新", "change of the key", "DN 2025, PR 2025"),
    ("1021", "提取污染物报警门限值", "extract alarm limits", "PR 2005"),
    ("1022", "设置污染物报警门限值", "set alarm limits", "PR 2005"),
    ("1031", "提取上位机地址", "extract the host address", "PR 2005"),
    ("1032", "设置上位机地址", "set the host address", "PR 2005"),
    ("1041", "提取数据上报时间", "extract the report time", "PR 2005"),
    ("1042", "设置数据上报时间", "set the report time", "PR 2005"),
    ("1061", "提取实时数据间隔", "extract the real-time interval", f"PR {_ALL}"),
    ("1062", "设置实时数据间隔", "set the real-time interval", f"PR {_ALL}"),
    ("1063", "提取分钟数据间隔", "extract the minute interval", f"PR {_NEW}"),
    ("1064", "设置分钟数据间隔", "set the minute interval", f"PR {_NEW}"),
    ("1072", "设置现场机密码", "set the device password", f"PR {_ALL}"),
    (
        "2011",
        "污染物实时数据（上位机下发为开始上传）",
        "real-time data (from the platform: start sending)",
        f"PR {_ALL}, DU {_ALL}",
    ),
    ("2012", "停止察看污染物实时数据", "stop real-time data", f"PN {_ALL}"),
    (
        "2013",
        "周期性监测仪器原始数据",
        "raw data of periodic instruments",
        "PR 2025, DU 2025",
    ),
    (
        "2021",
        "设备运行状态数据（上位机下发为开始上传）",
        "states of equipment (from the platform: start sending)",
        f"PR {_ALL}, DU {_ALL}",
    ),
    ("2022", "停止察看设备运行状态", "stop states of equipment", f"PN {_ALL}"),
    ("2031", "污染物日数据", "day data", f"PR {_ALL}, DU {_ALL}"),
    (
        "2041",
        "设备运行时间日数据",
        "running time of equipment per day",
        f"PR {_ALL}, DU {_ALL}",
    ),
    ("2051", "污染物分钟数据", "minute data", f"PR {_ALL}, DU {_ALL}"),
    ("2052", "噪声单次监测数据", "single noise measurement", "DU 2025"),
    ("2061", "污染物小时数据", "hour data", f"PR {_ALL}, DU {_ALL}"),
    ("2062", "自动标样核查数据", "automatic standard check", "PR 2025, DU 2025"),
    ("2071", "污染物报警记录", "alarm records", "PR 2005, DU 2005"),
    ("2072", "报警事件", "alarm event", "DU 2005"),
    ("2081", "数采仪开机时间", "time of restart", f"DU {_NEW}"),
    (
        "2111",
        "炉膛温度五分钟均值",
        "five-minute mean of furnace temperature",
        "DU 2025",
    ),
    ("3011", "零点校准、量程校准", "calibrate zero and span", f"PR {_ALL}"),
    ("3012", "即时采样", "sample now", f"PR {_ALL}"),
    ("3013", "启动清洗、反吹", "start cleaning or blow-back", f"PR {_ALL}"),
    (
        "3014",
        "比对采样（2005 为设置采样时间周期）",
        "comparison sampling (2005: set the sampling period)",
        "PR 2005 2017",
    ),
    ("3015", "超标留样", "keep a sample above the limit", "PR 2017"),
    ("3016", "设置采样时间周期", "set the sampling period", "PR 2017"),
    ("3017", "提取采样时间周期", "extract the sampling period", "PR 2017"),
    ("3018", "提取出样时间", "extract the time per sample", f"PR {_NEW}"),
    ("3019", "设备唯一标识", "serial number of equipment", f"PR {_NEW}, DU {_NEW}"),
    ("3020", "现场机信息", "information of the site", f"PR {_NEW}, DU {_NEW}"),
    ("3021", "设置现场机参数", "set parameters of the site", f"PR {_NEW}"),
    ("3022", "即时留样", "keep a sample now", "PR 2025?, DU 2025?"),
    ("3024", "启动自动标样核查", "start the automatic standard check", "PR 2025"),
    ("9011", "请求应答", "answer to a request", f"DA {_ALL}"),
    ("9012", "执行结果", "result of execution", f"DA {_ALL}"),
    ("9013", "通知应答", "answer to a notice", f"BA {_ALL}"),
    ("9014", "数据应答", "answer to data", f"BA {_ALL}"),
    ("9015", "心跳", "heartbeat", "DN 2025"),
)


def _editions(marks: str) -> tuple[frozenset[Edition], frozenset[Edition]]:
    """Return the editions of ``2005? 2017`` and those of them that are confirmed."""
    words = marks.split()
    known = frozenset(Edition(word.removesuffix("?")) for word in words)
    return known, frozenset(Edition(w) for w in words if not w.endswith("?"))


def _use(text: str) -> Use:
    key, _, marks = text.strip().partition(" ")
    return Use(*_KINDS[key], *_editions(marks))


COMMANDS: Mapping[str, Command] = MappingProxyType(
    {
        cn: Command(cn, Text(zh, en), tuple(map(_use, uses.split(","))))
        for cn, zh, en, uses in _COMMAND_ROWS
    }
)
"""Commands by number.  Source: HJ 212-2017, table 9; HJ 212-2025, table 12."""

# HJ 212-2017, table 9: kept for later editions, not for extensions.
_RESERVED_2017 = (
    ("1001", "1010"),
    ("1073", "1999"),
    ("2082", "2999"),
    ("3022", "3999"),
    ("9015", "9999"),
)


def is_reserved(cn: str) -> bool:
    """Return whether HJ 212-2017, table 9 reserves a command of four digits.

    Extensions must not use a reserved number (2017, clause 1).  What 2025 reserves
    was not read.
    """
    return any(first <= cn <= last for first, last in _RESERVED_2017)


def _table(rows: Mapping[str, tuple[str, str]]) -> Mapping[str, Text]:
    return MappingProxyType({key: Text(*pair) for key, pair in rows.items()})


QN_RETURNS = _table(
    {
        "1": ("准备执行请求", "accepted, about to execute"),
        "2": ("请求被拒绝", "refused"),
        "3": ("PW 错误", "wrong PW"),
        "4": ("MN 错误", "wrong MN"),
        "5": ("ST 错误", "wrong ST"),
        "6": ("Flag 错误", "wrong Flag"),
        "7": ("QN 错误", "wrong QN"),
        "8": ("CN 错误", "wrong CN"),
        "9": ("CRC 校验错误", "wrong CRC"),
        "100": ("未知错误", "unknown error"),
    }
)
"""QnRtn of 9011.  Source: HJ 212-2017, table 7 (confirmed for 2017)."""

EXE_RETURNS = _table(
    {
        "1": ("执行成功", "done"),
        "2": ("执行失败，原因未知", "failed, cause unknown"),
        "3": ("命令请求条件错误", "wrong condition in the request"),
        "4": ("通讯超时", "communication timeout"),
        "5": ("系统繁忙，不能执行", "busy"),
        "6": ("系统故障", "system fault"),
        "100": ("没有数据", "no data"),
    }
)
"""ExeRtn of 9012.  Source: HJ 212-2017, table 6 (confirmed for 2017)."""

DATA_MARKS = _table(
    {
        "N": ("在线监控（监测）仪器仪表工作正常", "instrument works normally"),
        "F": ("在线监控（监测）仪器仪表停运", "instrument stopped"),
        "M": ("在线监控（监测）仪器仪表处于维护期间", "instrument under maintenance"),
        "S": ("手工输入的设定值", "value set by hand"),
        "D": ("在线监控（监测）仪器仪表故障", "instrument faulty"),
        "C": ("在线监控（监测）仪器仪表处于校准状态", "instrument in calibration"),
        "T": ("测量值超过测量上限", "above the measuring range"),
        "B": ("与在线监控（监测）仪器仪表通讯异常", "no communication with instrument"),
    }
)
"""Data marks (-Flag).  Source: HJ 212-2017, table 8."""

UNCONFIRMED_MARKS: Mapping[Edition, frozenset[str]] = MappingProxyType(
    {
        Edition.E2005: frozenset(),
        Edition.E2017: frozenset(),
        Edition.E2025: frozenset("OI"),
    }
)
"""Letters beyond table 8 that one source gives to an edition whose table was not read:
nobody is blamed for them."""

_SYSTEM_ROWS = (
    ("21", "地表水质量监测", "surface water quality", _ALL),
    ("22", "空气质量监测", "air quality", _ALL),
    ("23", "声环境质量监测", "acoustic environment", _ALL),
    ("24", "地下水质量监测", "ground water quality", _NEW),
    ("25", "土壤质量监测", "soil quality", _NEW),
    ("26", "海水质量监测", "sea water quality", _NEW),
    ("27", "挥发性有机物监测", "volatile organic compounds", _NEW),
    ("31", "大气环境污染源", "air pollution source", _ALL),
    ("32", "地表水体环境污染源", "surface water pollution source", _ALL),
    ("33", "地下水体环境污染源", "ground water pollution source", _ALL),
    ("34", "海洋环境污染源", "marine pollution source", _ALL),
    ("35", "土壤环境污染源", "soil pollution source", _ALL),
    ("36", "声环境污染源", "noise source", _ALL),
    ("37", "振动环境污染源", "vibration source", _ALL),
    ("38", "放射性环境污染源", "radioactive source", _ALL),
    ("39", "工地扬尘污染源", "construction site dust", _NEW),
    ("41", "电磁环境污染源", "electromagnetic source", _ALL),
    ("44", "污染治理设施用电监控", "power use of treatment facilities", "2025"),
    ("45", "关键工况监控", "key production conditions", "2025"),
    ("51", "烟气排放过程监控", "flue gas process", _NEW),
    ("52", "污水排放过程监控", "waste water process", _NEW),
    ("91", "系统交互", "interaction", _ALL),
)

SYSTEMS: Mapping[str, System] = MappingProxyType(
    {
        st: System(st, Text(zh, en), _editions(marks)[0])
        for st, zh, en, marks in _SYSTEM_ROWS
    }
)
"""System codes (ST).  Source: HJ 212-2017, table 5; HJ 212-2025, table 7."""
