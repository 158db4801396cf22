# SPDX-License-Identifier: Apache-2.0
"""What fields and items of an HJ 212 segment say, in Chinese and English.

Turns one name and value into words; judges nothing and never fails.  Factor codes are
explained by the code dictionary, which says whether the edition's text was read.

Source: HJ 212-2017, 6.3.2 table 3, 6.3.3.2.3 table 4, 6.6 tables 5 to 9, annex B;
HJ 212-2025, annex C (from quotations).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from conformance.protocols.hj212.codes import (
    COMMANDS,
    DATA_MARKS,
    EXE_RETURNS,
    QN_RETURNS,
    SYSTEMS,
    Edition,
    Kind,
)
from conformance.protocols.hj212.factors import Factor, Unit, factors
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.protocols.hj212.codec.segment import Segment

__all__ = ["field_meaning", "item_meaning"]

_UNKNOWN = Text("标准中没有的字段", "no field of the standard")

_KINDS = {
    Kind.REQUEST: Text("请求", "request"),
    Kind.UPLOAD: Text("上传", "upload"),
    Kind.NOTICE: Text("通知", "notice"),
    Kind.ANSWER: Text("应答", "answer"),
}
_SENDERS = {
    "platform": Text("上位机", "platform"),
    "device": Text("现场机", "device"),
    "both": Text("双方", "either side"),
}


def _clock(digits: str) -> str:
    moment = read_time(digits)
    if moment is None:
        return ""
    spec = "milliseconds" if len(digits) == 17 else "seconds"
    return moment.isoformat(" ", spec)


def _with(title: Text, zh: str, en: str) -> Text:
    return Text(f"{title.zh}：{zh}", f"{title.en}: {en}") if zh else title


def _timed(title: Text, digits: str) -> Text:
    clock = _clock(digits)
    if clock:
        return _with(title, clock, clock)
    return _with(title, "不是有效的时间", "not a valid time")


def _looked_up(title: Text, table: Mapping[str, Text], value: str) -> Text:
    found = table.get(value)
    if found is None:
        return _with(title, "标准的表中没有", "not in the table of the standard")
    return _with(title, found.zh, found.en)


def _qn(value: str, segment: Segment) -> Text:
    return _timed(Text("请求编码", "request number"), value)


def _st(value: str, segment: Segment) -> Text:
    titles = {st: system.title for st, system in SYSTEMS.items()}
    return _looked_up(Text("系统编码", "system"), titles, value)


def _cn(value: str, segment: Segment) -> Text:
    title = Text("命令编码", "command")
    command = COMMANDS.get(value)
    if command is None:
        return _looked_up(title, {}, value)
    uses = command.uses_in(segment.edition) if segment.edition else command.uses
    zh = "、".join(f"{_SENDERS[u.sender].zh}{_KINDS[u.kind].zh}" for u in uses)
    en = ", ".join(f"{_KINDS[u.kind].en} by {_SENDERS[u.sender].en}" for u in uses)
    if not uses:
        zh, en = "本版本中没有", "not in this edition"
    return _with(title, f"{command.title.zh}（{zh}）", f"{command.title.en} ({en})")


def _pw(value: str, segment: Segment) -> Text:
    return Text("访问密码", "access password")


def _mn(value: str, segment: Segment) -> Text:
    if not value:
        return Text(
            "设备唯一标识：空（尚未下发）", "device identity: empty, none given yet"
        )
    return Text("设备唯一标识", "device identity")


def _flag(value: str, segment: Segment) -> Text:
    flag = segment.flag
    title = Text("应答标志", "flags")
    if flag is None:
        return _with(title, "无法解读", "cannot be read")
    edition = flag.edition.title if flag.edition else ""
    zh = [
        edition or f"版本位 {flag.version}（未定义）",
        "带包号" if flag.has_packet_number else "不带包号",
        "需要应答" if flag.answer_wanted else "不需要应答",
    ]
    en = [
        edition or f"version bits {flag.version} (undefined)",
        "packet numbers" if flag.has_packet_number else "no packet numbers",
        "answer wanted" if flag.answer_wanted else "no answer wanted",
    ]
    return _with(title, "，".join(zh), ", ".join(en))


def _pnum(value: str, segment: Segment) -> Text:
    return Text("总包数", "number of packets in the set")


def _pno(value: str, segment: Segment) -> Text:
    total, number = segment.pnum, segment.pno
    title = Text("包号", "number of this packet")
    if total and number:
        return _with(title, f"第 {number} 包，共 {total} 包", f"{number} of {total}")
    return title


def _rf(value: str, segment: Segment) -> Text:
    return Text("补传标记：1 为补传数据", "late data mark: 1 is data sent late")


def _cp(value: str, segment: Segment) -> Text:
    if segment.is_encrypted:
        return Text("数据区（SM4 加密）", "data area (SM4 encrypted)")
    items = len(segment.items)
    if not items:
        return Text("数据区：空", "data area: empty")
    return Text(f"数据区：{items} 项", f"data area: {items} items")


_FIELDS: Mapping[str, Callable[[str, Segment], Text]] = {
    "QN": _qn,
    "ST": _st,
    "CN": _cn,
    "PW": _pw,
    "MN": _mn,
    "Flag": _flag,
    "PNUM": _pnum,
    "PNO": _pno,
    "RF": _rf,
    "CP": _cp,
}

_TIMES = {
    "DataTime": Text("数据时间", "time of the data"),
    "SystemTime": Text("系统时间", "system time"),
    "RestartTime": Text("数采仪开机时间", "time of restart"),
    "BeginTime": Text("起始时间", "begin"),
    "EndTime": Text("截止时间", "end"),
    "QN": Text("请求编码", "request number"),
}
_NAMES = {
    "RtdInterval": Text("实时数据上报间隔，秒", "real-time interval in seconds"),
    "MinInterval": Text("分钟数据上报间隔，分钟", "minute data interval in minutes"),
    "PolId": Text("污染因子编码", "factor code"),
    "NewPW": Text("新密码", "new password"),
    "OverTime": Text("超时时间，秒", "timeout in seconds"),
    "ReCount": Text("重发次数", "number of resends"),
    "VaseNo": Text("采样瓶编号", "number of the sample vessel"),
    "CstartTime": Text("设备采样起始时间", "start of sampling"),
    "Ctime": Text("采样周期，小时", "sampling period in hours"),
    "CTime": Text("采样周期，小时", "sampling period in hours"),
    "Stime": Text("出样时间，分钟", "time per sample in minutes"),
    "InfoId": Text("现场端信息编码", "site information code"),
    "SKCreateTime": Text("密钥生成时间", "time at which the key was made"),
    "NewSK": Text("新密钥", "new key"),
    "CalibrationType": Text("校准类型", "kind of calibration"),
    "SampleRd": Text("标样测量值", "reading of the standard sample"),
    "StandardValue": Text("标样标准值", "value of the standard sample"),
    "ResultType": Text("核查结果", "result of the check"),
    "CompleteTime": Text("分析完成时间", "time at which the analysis ended"),
    "SampleType": Text("样品类型", "kind of sample"),
}
_CALIBRATIONS = {"0": Text("零点", "zero"), "1": Text("量程", "span")}
_RESULTS = {"0": Text("不合格", "failed"), "1": Text("合格", "passed")}
_NAMED_VALUES = {"CalibrationType": _CALIBRATIONS, "ResultType": _RESULTS}
_NAMES_2025 = {key: _NAMES[key] for key in ("SampleRd", "StandardValue", "SampleType")}
_VALUE_KEYS = frozenset(
    {"Rtd", "Min", "Avg", "Max", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "Info"}
)
_KEYS = {
    "Rtd": Text("实时值", "momentary value"),
    "Min": Text("最小值", "minimum"),
    "Avg": Text("平均值", "mean"),
    "Max": Text("最大值", "maximum"),
    "ZsRtd": Text("折算实时值", "converted momentary value"),
    "ZsMin": Text("折算最小值", "converted minimum"),
    "ZsAvg": Text("折算平均值", "converted mean"),
    "ZsMax": Text("折算最大值", "converted maximum"),
    "Cou": Text("累计值", "total"),
    "EFlag": Text("设备标志（厂商自定义）", "maker's mark"),
    "RT": Text("运行时间，小时", "running time in hours"),
    "Data": Text("昼夜等效值", "value of the whole day"),
    "DayData": Text("昼间值", "value of the day time"),
    "NightData": Text("夜间值", "value of the night time"),
    "Info": Text("现场端信息", "site information"),
    "SN": Text("在线监控仪器仪表编码", "serial number"),
}
_RUN_STATES = {
    "0": Text("关闭", "off"),
    "1": Text("运行", "running"),
    "2": Text("校准", "in calibration"),
    "3": Text("维护", "under maintenance"),
    "4": Text("报警", "alarm"),
    "5": Text("反吹", "blow-back"),
}


def field_meaning(name: str, value: str, segment: Segment) -> Text:
    """Return what a field of the data segment says."""
    meaning = _FIELDS.get(name)
    return meaning(value, segment) if meaning else _UNKNOWN


def item_meaning(name: str, value: str, edition: Edition | None = None) -> Text:
    """Return what an item of the data area says, in the words of an edition."""
    if name in _TIMES:
        return _timed(_TIMES[name], value)
    if name == "QnRtn":
        return _looked_up(
            Text("请求应答结果", "answer to the request"), QN_RETURNS, value
        )
    if name == "ExeRtn":
        return _looked_up(Text("执行结果", "result of execution"), EXE_RETURNS, value)
    edition = edition or Edition.E2017
    stem, dash, key = name.rpartition("-")
    if dash:
        return _of_stem(stem, key, value, edition)
    if name in ("PolId", "InfoId"):
        return _with(_NAMES[name], *_factor_names(factors(value, edition), edition))
    if name in _NAMED_VALUES:
        return _looked_up(_NAMES[name], _NAMED_VALUES[name], value)
    if name in _NAMES:
        return _NAMES[name]
    if found := factors(name, edition):  # 2025 sends i23005 and the like bare
        return Text(*_factor_names(found, edition))
    return Text("标准的表中没有的名称", "name not in the standard")


def _of_stem(stem: str, key: str, value: str, edition: Edition) -> Text:
    """Return the meaning of ``stem-key=value``, with name and unit of the factor."""
    meaning = _key_meaning(key, value)
    found = factors(stem, edition)
    zh, en = _factor_names(found, edition)
    zh, en = f"{stem} {zh}".rstrip(), f"{stem} {en}".rstrip()
    more = _value_facts(found[0], key, value) if len(found) == 1 else Text()
    return Text(f"{zh} {meaning.zh}{more.zh}", f"{en}: {meaning.en}{more.en}")


def _factor_names(found: tuple[Factor, ...], edition: Edition) -> tuple[str, str]:
    """Return the names of a factor; two where annex B prints its code twice."""
    zh = " / ".join(entry.name.zh for entry in found)
    en = " / ".join(entry.name["en"] for entry in found)
    if found and not all(entry.confirmed for entry in found):
        zh += f"（{edition.title} 原文未核实）"
        en += f" (not confirmed for {edition.title})"
    return zh, en


def _value_facts(entry: Factor, key: str, value: str) -> Text:
    """Return unit, meaning of a state, and whether the default format is kept."""
    if key == "Cou":
        return _unit_text(entry.total)
    if key not in _VALUE_KEYS:
        return Text()
    if value in entry.values:
        return Text(f"：{entry.values[value].zh}", f": {entry.values[value].en}")
    unit, form = _unit_text(entry.unit), entry.format
    if form is None or form.kind == "C" or form.fits(value):
        return unit
    return Text(
        f"{unit.zh}，超出默认格式 {form}",
        f"{unit.en}, beyond the default format {form}",
    )


def _unit_text(unit: Unit | None) -> Text:
    if unit is None or unit.ucum == "1":
        return Text()
    zh, en = unit.zh, unit.ucum or unit.zh
    if unit.is_misprint:
        zh, en = f"{zh}（原文如此，存疑）", f"{en} (as printed, doubtful)"
    return Text(f"，单位 {zh}", f", in {en}")


def _key_meaning(key: str, value: str) -> Text:
    if key == "Flag":
        return _looked_up(Text("数据标记", "data mark"), DATA_MARKS, value)
    if key == "RS":
        return _looked_up(Text("运行状态", "state"), _RUN_STATES, value)
    if key in ("SampleTime", "CompleteTime"):
        title = Text("采样时间", "time of sampling")
        return _timed(title if key == "SampleTime" else _NAMES[key], value)
    if key in _NAMED_VALUES:
        return _looked_up(_NAMES[key], _NAMED_VALUES[key], value)
    unknown = Text("标准的表中没有的后缀", "ending not in the standard")
    return _KEYS.get(key) or _NAMES_2025.get(key, unknown)
