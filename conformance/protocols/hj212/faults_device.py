# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that deviate: what each fault breaks, and what is but odd.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
from conformance.protocols.hj212.faults_exchanges import EXCHANGES
from conformance.protocols.hj212.faults_rows import (
    SHARED,
    SHARED_LIBERTIES,
    Row,
    faults,
    liberties,
)

__all__ = ["FAULTS", "LIBERTIES"]

_OF_COMMANDS: Sequence[Row] = (
    Row(
        "takes-any-timers",
        "接受任意超时和重发次数",
        "any timers are taken",
        {"SEG-021": "taken"},
    ),
    Row(
        "last-part-missing",
        "缺少最后一个分包",
        "the last part is missing",
        {"SPL-001": "incomplete"},
    ),
    Row(
        "parts-without-waiting",
        "不等 9014 即发下一分包",
        "the next part without 9014",
        {"SPL-005": "early"},
    ),
    Row(
        "five-digit-part-numbers",
        "PNUM 为五位",
        "PNUM of five digits",
        {"SPL-009": "digits"},
        also=(
            "SEG-008",
            "SPL-001",
        ),
    ),
    Row(
        "result-before-data",
        "先返回 9012 再返回数据",
        "9012 before the data",
        {"FLW-003": "order"},
        also=("DAT-001",),
    ),
    Row(
        "result-twice",
        "9012 返回两次",
        "9012 twice",
        {"FLW-002": "nothing-after-9012"},
        also=("FLW-003",),
    ),
    Row(
        "strange-result",
        "无数据时返回 ExeRtn=9",
        "ExeRtn=9 without data",
        {"FLW-008": "exertn", "FLW-026": "exertn-100"},
    ),
    Row(
        "blames-password",
        "ST 错误时返回 QnRtn=3",
        "QnRtn=3 for a wrong ST",
        {"FLW-007": "blame"},
    ),
    Row(
        "stalls-after-unknown-command",
        "收到未知命令后停止响应",
        "no answers for a while after an unknown command",
        {"FLW-042": "alive-after"},
    ),
    Row(
        "executes-damaged-in-silence",
        "校验错误仍执行但不应答",
        "damaged requests are carried out in silence",
        {"FRM-005": "executed"},
    ),
    Row(
        "never-stops-2011",
        "收到 2012 后继续上传",
        "2012 does not stop 2011",
        {"FLW-010": "goes-on"},
    ),
    Row(
        "never-stops-2021",
        "收到 2022 后继续上传",
        "2022 does not stop 2021",
        {"FLW-010": "goes-on"},
        also=("DAT-006",),
    ),
    Row(
        "resends-once",
        "至多重发一次",
        "one resend whatever was set",
        {"FLW-011": "resends"},
    ),
    Row(
        "forgets-clock",
        "报告成功但未校时",
        "the clock is not set though reported so",
        {"FLW-012": "clock"},
    ),
    Row(
        "clock-for-show",
        "校时后 QN 仍按原时钟",
        "QN by the old clock",
        {"FLW-012": "qn"},
        also=("DAT-006",),
    ),
    Row(
        "no-9012-1012",
        "校时后不返回 9012",
        "no 9012 after 1012",
        {"FLW-012": "9012"},
        also=("FLW-002",),
    ),
    Row(
        "forgets-password",
        "报告成功但未更换密码",
        "the password is not changed though reported so",
        {"FLW-014": "new-refused"},
    ),
    Row(
        "keeps-old-password",
        "更换后旧密码仍有效",
        "the old password still counts",
        {"FLW-014": "old-taken"},
    ),
    Row(
        "password-resets-intervals",
        "更换密码后间隔复位",
        "a change of password resets the intervals",
        {"FLW-015": "read-back"},
    ),
    Row(
        "interval-without-effect",
        "设置的间隔对上传无效",
        "the interval set has no effect on uploads",
        {"FLW-015": "period"},
    ),
    Row(
        "clock-without-factor",
        "1011 应答不带 PolId",
        "no PolId in the answer to 1011",
        {"FLW-016": "factor"},
    ),
    Row(
        "uploads-once",
        "启动后只上传一次",
        "one upload after the start",
        {"FLW-019": "period", "FLW-020": "period"},
        also=("FLW-015",),
    ),
    Row(
        "never-uploads-2021",
        "收到 2021 后不上传",
        "no states after the start",
        {"FLW-020": "upload"},
    ),
    Row(
        "no-9012-3012",
        "即时采样后不返回 9012",
        "no 9012 after 3012",
        {"FLW-027": "9012"},
    ),
    Row(
        "no-9012-3014",
        "比对采样后不返回 9012",
        "no 9012 after 3014",
        {"FLW-028": "9012"},
    ),
    Row(
        "no-data-3015",
        "留样后不返回瓶号",
        "no bottle number after 3015",
        {"FLW-029": "data"},
    ),
    Row(
        "no-9012-3016",
        "设置采样周期后不返回 9012",
        "no 9012 after 3016",
        {"FLW-030": "9012"},
        also=("FLW-002",),
    ),
    Row(
        "forgets-sampling-period",
        "报告成功但未设置采样周期",
        "the sampling period is not set though reported so",
        {"FLW-031": "read-back"},
    ),
    Row(
        "no-data-3017",
        "不返回采样周期",
        "no sampling period",
        {"FLW-031": "data"},
        also=(
            "FLW-003",
            "FLW-030",
        ),
    ),
    Row(
        "no-data-3018",
        "不返回出样时间",
        "no time per sample",
        {"FLW-032": "data"},
        also=("FLW-003",),
    ),
    Row(
        "no-data-3019",
        "不返回序列号",
        "no serial number",
        {"FLW-033": "data"},
        also=("FLW-003",),
    ),
    Row(
        "silent-instrument",
        "更换仪表后不上传 3019",
        "no 3019 after a replacement",
        {"FLW-034": "upload"},
    ),
    Row(
        "silent-log",
        "新日志不上传",
        "new log entries are not uploaded",
        {"FLW-035": "upload"},
    ),
    Row(
        "silent-state",
        "状态变化不上传",
        "changes of state are not uploaded",
        {"FLW-036": "upload"},
    ),
    Row(
        "silent-parameter",
        "参数变化不上传",
        "changes of parameters are not uploaded",
        {"FLW-037": "upload"},
    ),
    Row(
        "no-data-3020",
        "不返回现场机信息",
        "no information of the site",
        {"FLW-038": "data"},
        also=("FLW-003",),
    ),
    Row(
        "log-in-one-packet",
        "多条日志合在一个报文",
        "log entries in one packet",
        {"FLW-038": "one-per-entry"},
        also=("SEG-040",),
    ),
    Row(
        "no-9012-3021",
        "设置参数后不返回 9012",
        "no 9012 after 3021",
        {"FLW-039": "9012"},
        also=("FLW-002",),
    ),
    Row(
        "forgets-site-parameter",
        "报告成功但未设置参数",
        "the parameter is not set though reported so",
        {"FLW-039": "read-back"},
    ),
    Row("no-2081", "上电后不上传 2081", "no 2081 after power-up", {"FLW-041": "2081"}),
    Row(
        "restart-without-time",
        "2081 不带 RestartTime",
        "2081 without RestartTime",
        {"FLW-041": "restart-time"},
    ),
    Row(
        "reports-start-late",
        "上电后先上传数据再上传 2081",
        "data before 2081",
        {"DAT-004": "order"},
    ),
    Row(
        "forgets-on-restart",
        "断电后设置丢失",
        "settings are lost without power",
        {"TMO-008": "kept"},
    ),
    Row(
        "executes-twice",
        "重复的请求再次执行",
        "a request that comes again is done again",
        {"TMO-011": "done-again"},
    ),
    Row(
        "silent-on-resend",
        "不应答重复的请求",
        "a request that comes again is not answered",
        {"TMO-011": "answered-again"},
    ),
    Row(
        "never-returns",
        "断开后不再连接",
        "no new connection after a loss",
        {"CON-001": "no-return"},
    ),
    Row(
        "takes-any-version",
        "不检查版本位",
        "version bits are not looked at",
        {"VER-005": "qnrtn-6"},
    ),
    Row(
        "history-one-period-more",
        "单个时段多返回一条",
        "one period too many",
        {"DAT-003": "one-period"},
    ),
)

_OWN: Sequence[Row] = (
    Row(
        "foreign-direction",
        "发送上位机的命令",
        "a command of the host",
        {"SEG-004": "cn"},
        also=("FLW-019",),
    ),
    Row(
        "colon",
        "以冒号代替等号",
        "a colon for =",
        {"SEG-010": "separators"},
        also=(
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
    ),
    Row(
        "out-of-range",
        "上报值超出量程",
        "values out of range",
        {"SWS-DATA-001": "data.out-of-range"},
        also=("DAT-018",),
    ),
    Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "processed"},
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
    ),
    Row(
        "resends-forever",
        "重发次数不限",
        "resends without limit",
        {"TMO-007": "too-many"},
    ),
    Row(
        "one-packet-per-read",
        "每次读取只处理一个包",
        "one packet per read, the rest lost",
        {"FRM-007": "lost"},
        also=(
            "FLW-045",
            "FLW-034",
            "FLW-035",
            "FLW-036",
            "FLW-037",
            "FLW-010",
            "FLW-016",
            "SPL-005",
        ),
    ),
    Row(
        "blanks-in-area",
        "分隔符之后多出空格",
        "a blank behind a separator",
        {"SEG-044": "blanks"},
        also=("SPL-002",),
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
    faults((*SHARED, *_OWN, *_OF_COMMANDS, *EXCHANGES), "device")
)
LIBERTIES: Sequence[Liberty] = tuple(
    liberties((*SHARED_LIBERTIES, *_OWN_LIBERTIES), "device")
)
