# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that deviate: what each fault breaks, and what is but odd.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
from conformance.protocols.hj212.faults.commands import COMMANDS
from conformance.protocols.hj212.faults.exchanges import EXCHANGES
from conformance.protocols.hj212.faults.rows import (
    SHARED,
    SHARED_LIBERTIES,
    Row,
    faults,
    liberties,
)

__all__ = ["FAULTS", "LIBERTIES"]

_OWN: Sequence[Row] = (
    Row(
        "foreign-direction",
        "发送上位机的命令",
        "a command of the host",
        {"SEG-004": "cn"},
        also=(
            "FLW-053",
            "FLW-019",
        ),
    ),
    Row(
        "colon",
        "以冒号代替等号",
        "a colon for =",
        {"SEG-010": "separators"},
        also=(
            "FLW-047",
            "SEC-005",
            "FLW-041",
            "SPL-002",
        ),
    ),
    Row(
        "data-time-with-milliseconds",
        "DataTime 带毫秒",
        "DataTime with milliseconds",
        {"SEG-012": "data-time"},
        also=("FLW-041",),
    ),
    Row(
        "unknown-data-mark",
        "数据标记为 X",
        "data mark X",
        {"SEG-013": "data-mark"},
        also=("DAT-010",),
    ),
    Row(
        "out-of-range",
        "上报值超出量程",
        "values out of range",
        {"hj212.values_conform": "data.out-of-range"},
        also=("DAT-018", "hj212.values_ascend"),
    ),
    Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "processed"},
        also=("SEC-011",),
    ),
    Row(
        "no-9011",
        "不应答 9011",
        "no 9011",
        {"FLW-001": "9011"},
        also=(
            "FLW-007",
            "FLW-042",
            "FLW-045",
            "FLW-003",
            "VER-005",
            "FLW-014",
        ),
    ),
    Row(
        "no-9012",
        "不返回 9012",
        "no 9012",
        {"FLW-002": "9012"},
        also=(
            "FLW-047",
            "FLW-048",
            "FLW-050",
            "FLW-052",
            "FLW-053",
            "SEC-004",
            "SEC-005",
            "SEC-011",
            *("FLW-003", "FLW-011", "FLW-012", "FLW-014", "FLW-015", "FLW-016"),
            *("FLW-017", "FLW-018", "FLW-019", "FLW-020", "FLW-021", "FLW-026"),
            *("FLW-027", "FLW-028", "FLW-029", "FLW-030", "FLW-031", "FLW-032"),
            *("FLW-033", "FLW-038", "FLW-039"),
        ),
    ),
    Row(
        "ignores-password",
        "不检查密码",
        "the password is not looked at",
        {"FLW-007": "qnrtn-3"},
        also=("FLW-014",),
    ),
    Row(
        "refuses-for-wrong-reason",
        "密码错误时返回 QnRtn=8",
        "a wrong password gives QnRtn=8",
        {"FLW-007": "qnrtn-3"},
        also=("FLW-014",),
    ),
    Row(
        "executes-after-refusal",
        "拒绝后仍执行",
        "execution after a refusal",
        {"FLW-024": "nothing-after-refusal"},
        also=("FLW-043",),
    ),
    Row(
        "no-data-1011",
        "不返回时间",
        "no device time",
        {"FLW-016": "system-time"},
        also=(
            "FLW-003",
            "FLW-012",
        ),
    ),
    Row(
        "clock-without-seconds",
        "SystemTime 没有秒",
        "SystemTime without seconds",
        {"FLW-016": "system-time"},
        also=(
            "FLW-012",
            "SEG-018",
        ),
    ),
    Row(
        "no-data-1061",
        "不返回实时数据间隔",
        "no real-time interval",
        {"FLW-017": "interval"},
        also=("FLW-003",),
    ),
    Row(
        "no-data-1063",
        "不返回分钟数据间隔",
        "no minute interval",
        {"FLW-018": "interval"},
        also=("FLW-003",),
    ),
    Row(
        "forgets-RtdInterval",
        "报告成功但未设置实时数据间隔",
        "the real-time interval is not set though reported so",
        {"FLW-015": "read-back"},
    ),
    Row(
        "forgets-MinInterval",
        "报告成功但未设置分钟数据间隔",
        "the minute interval is not set though reported so",
        {"FLW-015": "read-back"},
    ),
    Row(
        "takes-any-real-time-interval",
        "接受任意实时数据间隔",
        "any real-time interval is taken",
        {"SEG-019": "taken"},
        also=("DAT-021",),
    ),
    Row(
        "takes-any-minute-interval",
        "接受任意分钟数据间隔",
        "any minute interval is taken",
        {"SEG-020": "taken"},
    ),
    Row(
        "never-uploads-2011",
        "启动后不上传",
        "no uploads after the start",
        {"FLW-019": "upload"},
    ),
    Row(
        "history-out-of-order",
        "历史数据倒序",
        "history backwards",
        {"FLW-021": "order"},
    ),
    Row(
        "history-beyond-range",
        "返回时段以外的数据",
        "history beyond the range",
        {"FLW-021": "range"},
        also=(
            "FLW-026",
            "DAT-003",
        ),
    ),
    Row(
        "never-says-no-data",
        "无数据时返回成功",
        "success without data",
        {"FLW-026": "exertn-100"},
    ),
    Row(
        "executes-anything",
        "执行未知命令",
        "unknown commands are carried out",
        {"FLW-042": "qnrtn-8"},
    ),
    Row(
        "ignores-mn",
        "不检查 MN",
        "MN is not looked at",
        {"FLW-043": "executed"},
    ),
    Row(
        "never-resends",
        "从不重发",
        "nothing is sent again",
        {"TMO-001": "no-resend"},
        also=("FLW-011",),
    ),
    Row(
        "resends-at-once",
        "不等超时即重发",
        "sent again before the timeout",
        {"TMO-001": "too-early"},
    ),
    Row(
        "resends-under-new-qn",
        "重发时更换 QN",
        "a new QN for a resend",
        {"TMO-003": "changed"},
        also=("TMO-004",),
    ),
    Row(
        "resends-forever",
        "重发次数不限",
        "resends without limit",
        {"TMO-007": "too-many"},
        also=("TMO-004",),
    ),
    Row(
        "one-packet-per-read",
        "每次读取只处理一个包",
        "one packet per read, the rest lost",
        {"FRM-007": "lost"},
        also=(
            "FLW-001",
            "VER-005",
            "FRM-008",
            "FLW-012",
            "FLW-047",
            "FLW-048",
            "FLW-050",
            "FLW-052",
            "FLW-053",
            "SEC-004",
            "SEC-005",
            "SEC-011",
            "FLW-045",
            "FLW-034",
            "FLW-035",
            "FLW-036",
            "FLW-037",
            "FLW-010",
            "FLW-016",
            "SPL-001",
            "SPL-005",
        ),
    ),
    Row(
        "blanks-in-area",
        "分隔符之后多出空格",
        "a blank behind a separator",
        {"SEG-044": "blanks"},
        also=("SPL-002", "FLW-041"),
    ),
    Row(
        "separator-at-end",
        "结束符前多出分号",
        "a semicolon before the closing &&",
        {"SEG-045": "trailing_separator"},
    ),
    Row(
        "drops-buffer-on-damage",
        "遇错丢弃其后的好包",
        "good packets behind a damaged one are lost",
        {"FRM-008": "lost"},
        also=("FRM-007",),
    ),
    Row("no-9013", "不应答通知", "no 9013", {"FLW-005": "9013", "FLW-010": "9013"}),
)

_OWN_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("silent-on-damage", "校验错误时不应答", "silence on a wrong value"),
    ("silent-on-foreign-mn", "MN 不符时不应答", "silence on a foreign MN"),
    ("refuses-at-once", "以 QnRtn=2 拒绝非法参数", "QnRtn=2 for bad values"),
    ("uploads-between", "交互中穿插上传", "uploads amid an exchange"),
    ("one-step-uploads", "上传不要求应答", "uploads that want no answer"),
    ("splits", "分包上传", "uploads in parts"),
    ("two-packets", "同一时刻的数据分两个独立的包", "one report in two packets"),
    (
        "broken-instrument",
        "一台仪器故障，数据标记为 D",
        "an instrument that is out of order, marked D",
    ),
    ("more-items", "数据带设备标志 EFlag", "EFlag beside each value"),
    ("stays-connected", "重发无果后保持连接", "no reconnection when given up"),
)

FAULTS: Sequence[Fault] = tuple(
    faults((*SHARED, *_OWN, *COMMANDS, *EXCHANGES), "device")
)
LIBERTIES: Sequence[Liberty] = tuple(
    liberties((*SHARED_LIBERTIES, *_OWN_LIBERTIES), "device")
)
