# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations and hosts that deviate: what each fault breaks, what is but odd.

``bench`` runs a simulator with one deviation and offers the declaration that finds it.
Most faults of the packet are those of what a party starts by itself, so that its
answers still let the other checks judge; ``modbus-check-value`` is in every packet, as
it is in the field.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.engine.proof import (
    Bench,
    Endpoint,
    Fault,
    Hook,
    Liberty,
    Secret,
    declare,
)
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.packets import Identity
from conformance.protocols.hj212.simulator import StationSimulator
from conformance.protocols.hj212.simulator_host import HostSimulator
from conformance.text import Text

__all__ = ["FAULTS", "LIBERTIES", "bench"]

_WHO = Identity(mn="370000A8900016F000169DC0", pw="Lh2017", st="21")
_BOTH = ("device", "platform")


@dataclass(frozen=True, slots=True)
class _Row:
    """A fault that both sides, or one, can have."""

    name: str
    zh: str
    en: str
    breaks: Mapping[str, str]
    roles: Sequence[str] = _BOTH
    also: Sequence[str] = ()


_DEVICE, _PLATFORM = ("device",), ("platform",)

_FRAMING = (
    _Row("one-hash", "包头只有一个 #", "one # in the header", {"FRM-001": "layout"}),
    _Row(
        "length-with-check-value",
        "长度把校验值也计入",
        "the length counts the check value too",
        {"FRM-002": "length"},
    ),
    _Row(
        "stuffed",
        "数据段超过 1024",
        "an oversized segment",
        {"FRM-003": "segment-size"},
    ),
    _Row(
        "modbus-check-value",
        "误用 CRC-16/MODBUS",
        "CRC-16/MODBUS in place of the annex's algorithm",
        {"FRM-004": "check-value"},
    ),
    _Row(
        "length-without-zeros",
        "长度前面补空格",
        "blanks before the length",
        {"FRM-009": "length-digits"},
    ),
    _Row(
        "swapped-check-value",
        "校验值低字节在前",
        "the low octet of the check value first",
        {"FRM-010": "check-digits"},
    ),
    _Row(
        "lower-case-check-value",
        "校验值用小写字母",
        "the check value in lower case",
        {"FRM-011": "check-case"},
    ),
    _Row("gbk", "日志用 GBK 编码", "a log text in GBK", {"FRM-012": "characters"}),
    _Row("line-feed-alone", "包尾只有换行", "LF alone as tail", {"FRM-013": "tail"}),
    _Row(
        "stray-octets",
        "包前多出字节",
        "octets before the packet",
        {"FRM-015": "stray-octets"},
    ),
)

_SEGMENT = (
    _Row(
        "fields-out-of-order",
        "CN 在 ST 之前",
        "CN before ST",
        {"SEG-001": "field-order"},
    ),
    _Row(
        "qn-without-milliseconds",
        "QN 没有毫秒",
        "QN without milliseconds",
        {"SEG-002": "qn"},
    ),
    _Row("unknown-system", "ST=99", "ST=99", {"SEG-003": "st"}),
    _Row(
        "foreign-direction",
        "发送上位机的命令",
        "a command of the host",
        {"SEG-004": "cn"},
        _DEVICE,
        also=("FLW-019",),
    ),
    _Row(
        "foreign-direction-of-platform",
        "发送现场机的命令",
        "a command of the station",
        {"SEG-004": "cn"},
        _PLATFORM,
        also=("FLW-013",),
    ),
    _Row("lower-case-mn", "MN 用小写字母", "MN in lower case", {"SEG-006": "mn"}),
    _Row("flag-of-2005", "Flag 版本位为 0", "version bits 0", {"SEG-007": "flag"}),
    _Row(
        "numbers-without-bit",
        "包号位为 0 却带包号",
        "packet numbers without their bit",
        {"SEG-008": "packet-numbers"},
    ),
    _Row(
        "colon", "以冒号代替等号", "a colon for =", {"SEG-010": "separators"}, _DEVICE
    ),
    _Row(
        "colon",
        "以冒号代替等号",
        "a colon for =",
        {"SEG-010": "separators"},
        _PLATFORM,
        also=("FLW-013",),
    ),
    _Row(
        "data-time-with-milliseconds",
        "DataTime 带毫秒",
        "DataTime with milliseconds",
        {"SEG-012": "data-time"},
        _DEVICE,
    ),
    _Row(
        "unknown-data-mark",
        "数据标记为 X",
        "data mark X",
        {"SEG-013": "data-mark"},
        _DEVICE,
    ),
    _Row(
        "reserved-command",
        "占用保留的 9021",
        "the reserved command 9021",
        {"SEG-039": "reserved-cn"},
        also=("FLW-013", "FLW-019"),
    ),
    _Row(
        "answers-keep-st",
        "应答沿用设备的 ST",
        "answers with the ST of the device",
        {"FLW-009": "answer-st"},
    ),
    _Row(
        "answers-want-answers",
        "应答包要求应答",
        "answers that want an answer",
        {"FLW-022": "answer-bit"},
    ),
    _Row(
        "out-of-range",
        "上报值超出量程",
        "values out of range",
        {"SWS-DATA-001": "data.out-of-range"},
        _DEVICE,
    ),
)

_STATION = (
    _Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "processed"},
        _DEVICE,
    ),
    _Row(
        "no-9011",
        "不应答 9011",
        "no 9011",
        {"FLW-001": "9011"},
        _DEVICE,
        also=("FLW-007", "FLW-042", "FLW-045"),
    ),
    _Row(
        "no-9012",
        "不返回 9012",
        "no 9012",
        {"FLW-002": "9012"},
        _DEVICE,
        also=("FLW-026",),
    ),
    _Row(
        "ignores-password",
        "不检查密码",
        "the password is not looked at",
        {"FLW-007": "qnrtn-3"},
        _DEVICE,
    ),
    _Row(
        "refuses-for-wrong-reason",
        "密码错误时返回 QnRtn=8",
        "a wrong password gives QnRtn=8",
        {"FLW-007": "qnrtn-3"},
        _DEVICE,
    ),
    _Row(
        "executes-after-refusal",
        "拒绝后仍执行",
        "execution after a refusal",
        {"FLW-024": "nothing-after-refusal"},
        _DEVICE,
        also=("FLW-043",),
    ),
    _Row(
        "no-data-1011",
        "不返回时间",
        "no device time",
        {"FLW-016": "system-time"},
        _DEVICE,
    ),
    _Row(
        "clock-without-seconds",
        "SystemTime 没有秒",
        "SystemTime without seconds",
        {"FLW-016": "system-time"},
        _DEVICE,
    ),
    _Row(
        "no-data-1061",
        "不返回实时数据间隔",
        "no real-time interval",
        {"FLW-017": "RtdInterval"},
        _DEVICE,
    ),
    _Row(
        "no-data-1063",
        "不返回分钟数据间隔",
        "no minute interval",
        {"FLW-018": "MinInterval"},
        _DEVICE,
    ),
    _Row(
        "forgets-RtdInterval",
        "报告成功但未设置实时数据间隔",
        "the real-time interval is not set though reported so",
        {"FLW-015": "read-back"},
        _DEVICE,
    ),
    _Row(
        "forgets-MinInterval",
        "报告成功但未设置分钟数据间隔",
        "the minute interval is not set though reported so",
        {"FLW-015": "read-back"},
        _DEVICE,
    ),
    _Row(
        "takes-any-real-time-interval",
        "接受任意实时数据间隔",
        "any real-time interval is taken",
        {"SEG-019": "taken"},
        _DEVICE,
    ),
    _Row(
        "takes-any-minute-interval",
        "接受任意分钟数据间隔",
        "any minute interval is taken",
        {"SEG-020": "taken"},
        _DEVICE,
    ),
    _Row(
        "never-uploads",
        "启动后不上传",
        "no uploads after the start",
        {"FLW-019": "upload"},
        _DEVICE,
    ),
    _Row(
        "history-out-of-order",
        "历史数据倒序",
        "history backwards",
        {"FLW-021": "order"},
        _DEVICE,
    ),
    _Row(
        "history-beyond-range",
        "返回时段以外的数据",
        "history beyond the range",
        {"FLW-021": "range"},
        _DEVICE,
        also=("FLW-026",),
    ),
    _Row(
        "never-says-no-data",
        "无数据时返回成功",
        "success without data",
        {"FLW-026": "exertn-100"},
        _DEVICE,
    ),
    _Row(
        "executes-anything",
        "执行未知命令",
        "unknown commands are carried out",
        {"FLW-042": "qnrtn-8"},
        _DEVICE,
    ),
    _Row(
        "ignores-mn",
        "不检查 MN",
        "MN is not looked at",
        {"FLW-043": "executed"},
        _DEVICE,
    ),
    _Row(
        "never-resends",
        "从不重发",
        "nothing is sent again",
        {"TMO-001": "no-resend"},
        _DEVICE,
    ),
    _Row(
        "resends-at-once",
        "不等超时即重发",
        "sent again before the timeout",
        {"TMO-001": "too-early"},
        _DEVICE,
    ),
    _Row(
        "resends-under-new-qn",
        "重发时更换 QN",
        "a new QN for a resend",
        {"TMO-003": "changed"},
        _DEVICE,
    ),
    _Row(
        "resends-forever",
        "重发次数不限",
        "resends without limit",
        {"TMO-007": "too-many"},
        _DEVICE,
    ),
)

_HOST = (
    _Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "acknowledged"},
        _PLATFORM,
    ),
    _Row(
        "keeps-damaged",
        "存储校验错误的数据",
        "damaged data are stored",
        {"FRM-005": "stored"},
        _PLATFORM,
    ),
    _Row(
        "only-upper-case",
        "不接受小写校验值",
        "lower case check values are refused",
        {"FRM-006": "refused"},
        _PLATFORM,
    ),
    _Row(
        "drops-buffer-on-damage",
        "遇错丢弃其后的好包",
        "good packets behind a damaged one are lost",
        {"FRM-008": "lost"},
        _PLATFORM,
        also=("FRM-007",),
    ),
    _Row(
        "refuses-blanks",
        "不接受空格",
        "blanks are refused",
        {"SEG-044": "refused"},
        _PLATFORM,
    ),
    _Row(
        "refuses-trailing-separator",
        "不接受多余的分隔符",
        "a trailing separator is refused",
        {"SEG-045": "refused"},
        _PLATFORM,
    ),
    _Row(
        "ignores-parts",
        "不应答分包",
        "parts are not answered",
        {"SPL-003": "9014"},
        _PLATFORM,
    ),
    _Row("no-9014", "不应答上传", "no 9014", {"FLW-004": "9014"}, _PLATFORM),
    _Row(
        "answers-with-result",
        "9014 带 QnRtn",
        "QnRtn in 9014",
        {"FLW-004": "area", "FLW-005": "9013"},
        _PLATFORM,
    ),
    _Row(
        "never-sets-clock",
        "不响应校时请求",
        "1013 is not followed by 1012",
        {"FLW-013": "1012"},
        _PLATFORM,
    ),
    _Row(
        "stores-twice",
        "重发的数据存储两次",
        "a resend is stored again",
        {"TMO-010": "stored-again"},
        _PLATFORM,
    ),
)

_SHARED = (
    _Row(
        "one-packet-per-read",
        "每次读取只处理一个包",
        "one packet per read, the rest lost",
        {"FRM-007": "lost"},
        _DEVICE,
        also=("FLW-045",),
    ),
    _Row(
        "one-packet-per-read",
        "每次读取只处理一个包",
        "one packet per read, the rest lost",
        {"FRM-007": "lost"},
        _PLATFORM,
        also=("FRM-008", "FLW-045"),
    ),
    _Row("no-9013", "不应答通知", "no 9013", {"FLW-005": "9013"}, _DEVICE),
    _Row(
        "no-9013",
        "不应答通知",
        "no 9013",
        {"FLW-005": "9013"},
        _PLATFORM,
        also=("FLW-045",),
    ),
    _Row(
        "answers-unwanted",
        "应答位为 0 也应答",
        "answers that nobody wanted",
        {"FLW-006": "answered"},
    ),
    _Row(
        "answers-answers",
        "对应答再作应答",
        "answers to answers",
        {"FLW-023": "answered"},
    ),
    _Row(
        "last-qn",
        "一律使用最近一个 QN",
        "the QN of the latest packet for all",
        {"FLW-045": "own-qn"},
        also=("FRM-007",),
    ),
)


def _faults() -> Iterator[Fault]:
    for row in (*_FRAMING, *_SEGMENT, *_STATION, *_HOST, *_SHARED):
        for role in row.roles:
            breaks = {_full(number): key for number, key in row.breaks.items()}
            also = tuple(_full(number) for number in row.also)
            yield Fault(row.name, role, Text(row.zh, row.en), breaks, also)


def _full(number: str) -> str:
    return number if number.startswith("SWS") else f"HJ212-{number}"


FAULTS: Sequence[Fault] = tuple(_faults())

LIBERTIES: Sequence[Liberty] = tuple(
    Liberty(name, role, Text(zh, en))
    for name, roles, zh, en in (
        ("slow", _BOTH, "在时限内慢速应答", "slow answers within the time"),
        ("in-pieces", _BOTH, "报文分多段发送", "packets sent in small pieces"),
        ("coalesced", _BOTH, "多个报文一次发送", "several packets in one write"),
        (
            "drops-line-on-damage",
            _BOTH,
            "收到损坏的包后断开重连",
            "the connection ends after a damaged packet",
        ),
        ("silent-on-damage", _DEVICE, "校验错误时不应答", "silence on a wrong value"),
        ("silent-on-foreign-mn", _DEVICE, "MN 不符时不应答", "silence on a foreign MN"),
        (
            "refuses-at-once",
            _DEVICE,
            "以 QnRtn=2 拒绝非法参数",
            "QnRtn=2 for bad values",
        ),
        ("no-2081", _DEVICE, "接通后不先上传 2081", "no 2081 at the start"),
        ("uploads-between", _DEVICE, "交互中穿插上传", "uploads amid an exchange"),
        ("one-step-uploads", _DEVICE, "上传不要求应答", "uploads that want no answer"),
        ("splits", _DEVICE, "分包上传", "uploads in parts"),
        ("more-items", _DEVICE, "数据带设备标志 EFlag", "EFlag beside each value"),
        (
            "stays-connected",
            _DEVICE,
            "重发无果后保持连接",
            "no reconnection when given up",
        ),
        ("configures-at-once", _PLATFORM, "接入后立即下发设置", "settings at once"),
    )
    for role in roles
)


@contextlib.contextmanager
def bench(snapshot: Snapshot, role: str, deviation: str | None) -> Iterator[Bench]:
    """Run a simulator with one deviation, or an honest one, for a declaration."""
    quirks = frozenset({deviation} if deviation else ())
    answers = {item.id: True for item in snapshot.ics}
    if deviation == "one-step-uploads":
        answers["HJ212_ACK"] = False
    ixit = {
        "hj212_mn": _WHO.mn,
        "hj212_password": Secret("env:HJ212_PASSWORD"),
        "hj212_st": _WHO.st,
        "hj212_answer_timeout": "PT1S",
        "hj212_connect_timeout": "PT5S",
        "hj212_upload_wait": "PT1S",
    }
    environ = {"HJ212_PASSWORD": _WHO.pw}
    if role == "platform":
        with HostSimulator(_WHO, quirks=quirks) as host:
            ixit["hj212_endpoint"] = Endpoint(*host.address)
            hooks = {"stored_records": Hook("url", host.records_url)}
            made = declare(snapshot, role, ics=answers, ixit=ixit, hooks=hooks)
            yield Bench(made, environ)
        return
    address = ("127.0.0.1", _free_port())
    ixit["hj212_endpoint"] = Endpoint(*address)
    made = declare(snapshot, role, ics=answers, ixit=ixit)
    with StationSimulator(snapshot, address, _WHO, answers=answers, quirks=quirks):
        yield Bench(made, environ)


def _free_port() -> int:
    """Return a port that was free a moment ago; the suite listens on it next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
