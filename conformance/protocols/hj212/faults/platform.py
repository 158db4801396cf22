# SPDX-License-Identifier: Apache-2.0
"""HJ 212 hosts that deviate: what each fault breaks, and what is but odd.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
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
        "foreign-direction-of-platform",
        "发送现场机的命令",
        "a command of the station",
        {"SEG-004": "cn"},
        also=("SEC-005", "SEC-006", "FLW-013", "FLW-040"),
    ),
    Row(
        "colon",
        "以冒号代替等号",
        "a colon for =",
        {"SEG-010": "separators"},
        also=(
            "FLW-047",
            "SEC-005",
            "SEC-006",
            "FLW-013",
        ),
    ),
    Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "acknowledged"},
        also=("SEC-011",),
    ),
    Row(
        "keeps-damaged",
        "存储校验错误的数据",
        "damaged data are stored",
        {"FRM-005": "stored"},
    ),
    Row(
        "only-upper-case",
        "不接受小写校验值",
        "lower case check values are refused",
        {"FRM-006": "refused"},
    ),
    Row(
        "drops-buffer-on-damage",
        "遇错丢弃其后的好包",
        "good packets behind a damaged one are lost",
        {"FRM-008": "lost"},
        also=("FRM-007",),
    ),
    Row(
        "refuses-blanks",
        "不接受空格",
        "blanks are refused",
        {"SEG-044": "refused"},
    ),
    Row(
        "refuses-trailing-separator",
        "不接受多余的分隔符",
        "a trailing separator is refused",
        {"SEG-045": "refused"},
    ),
    Row(
        "ignores-parts",
        "不应答分包",
        "parts are not answered",
        {"SPL-003": "9014"},
        also=("TMO-006",),
    ),
    Row("no-9014", "不应答上传", "no 9014", {"FLW-004": "9014"}, also=("VER-003",)),
    Row(
        "answers-with-result",
        "9014 带 QnRtn",
        "QnRtn in 9014",
        {"FLW-004": "area", "FLW-005": "9013"},
        also=("CON-002",),
    ),
    Row(
        "never-sets-clock",
        "不响应校时请求",
        "1013 is not followed by 1012",
        {"FLW-013": "1012"},
    ),
    Row(
        "stores-twice",
        "重发的数据存储两次",
        "a resend is stored again",
        {"TMO-010": "stored-again"},
    ),
    Row(
        "one-packet-per-read",
        "每次读取只处理一个包",
        "one packet per read, the rest lost",
        {"FRM-007": "lost"},
        also=(
            *("FRM-008", "FLW-040", "FLW-045", "TMO-006", "TMO-010", "VER-002"),
            "SEC-005",
        ),
    ),
    Row(
        "no-9013",
        "不应答通知",
        "no 9013",
        {"FLW-005": "9013"},
        also=(
            "FLW-047",
            "CON-002",
            "SEC-005",
            "SEC-006",
            "FLW-045",
        ),
    ),
    Row(
        "answers-parts",
        "不要求应答的分包也应答",
        "parts that want no answer are answered",
        {"SPL-006": "part-answered"},
    ),
    Row(
        "chokes-on-flood",
        "大量无关字节之后不再处理",
        "nothing is processed behind a flood of garbage",
        {"FRM-007": "lost-in-flood"},
    ),
    Row(
        "stores-partial",
        "缺包的数据按完整数据存储",
        "parts are stored as they come",
        {"SPL-004": "partial-stored"},
    ),
    Row(
        "keeps-last-part",
        "分包数据只存最后一包",
        "of parts only the last is stored",
        {"SPL-004": "part-missing"},
    ),
    Row(
        "hides-refusals",
        "不报告请求被拒绝",
        "a refusal is not reported",
        {"FLW-025": "not-reported"},
    ),
    Row(
        "asks-refusers",
        "被拒绝后仍重发请求",
        "a refused request is sent again",
        {"FLW-025": "sent-again"},
    ),
    Row(
        "done-by-9011",
        "收到 9011 即算完成",
        "done by 9011",
        {"FLW-055": "done-early"},
    ),
    Row(
        "done-by-any-result",
        "不看 ExeRtn 即算完成",
        "done whatever ExeRtn is",
        {"FLW-055": "failure-as-done"},
        also=("TMO-009",),
    ),
    Row(
        "never-done",
        "完成后仍显示等待",
        "done requests shown as pending",
        {"FLW-055": "not-done"},
        also=("TMO-006", "VER-002"),
    ),
    Row("never-resends", "从不重发", "nothing is sent again", {"TMO-001": "no-resend"}),
    Row(
        "resends-at-once",
        "不等超时即重发",
        "sent again before the timeout",
        {"TMO-001": "too-early"},
        also=("TMO-002", "FLW-025"),  # sent again before our answer is there
    ),
    Row(
        "never-gives-up",
        "重发用完后仍显示等待",
        "given up in silence",
        {"TMO-001": "not-broken"},
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
        also=("TMO-001",),
    ),
    Row(
        "resends-after-9011",
        "执行超时后重发请求",
        "sent again after 9011",
        {"TMO-002": "sent-again"},
    ),
    Row(
        "waits-forever",
        "执行超时后仍等待",
        "waits without end after 9011",
        {"TMO-002": "not-overdue"},
    ),
    Row(
        "one-timeout-for-all",
        "各分包不重新计时",
        "one timeout for all parts",
        {"TMO-006": "overdue"},
    ),
    Row(
        "takes-foreign-answers",
        "QN 不符的应答也算数",
        "answers under another QN count",
        {"TMO-009": "changed"},
    ),
    Row(
        "takes-late-results",
        "结束后的 9012 改变结果",
        "a second 9012 changes the result",
        {"TMO-009": "changed-late"},
    ),
    Row(
        "takes-expired-results",
        "超时请求的 9012 使其变为完成",
        "a 9012 makes a request done that had timed out",
        {"TMO-009": "changed-expired"},
    ),
    Row(
        "leaves-resends",
        "重发的数据不应答",
        "a resend is not answered",
        {"TMO-010": "unanswered"},
    ),
    Row(
        "keeps-nothing",
        "应答但不存储",
        "answered but not stored",
        {"TMO-010": "lost"},
        also=(
            "SEC-010",
            "VER-001",
        ),
    ),
    Row(
        "never-sets-up",
        "首次接入时不设置",
        "no settings at the first connection",
        {"FLW-040": "not-set-up"},
    ),
    Row(
        "sets-up-clock-alone",
        "首次接入时只校时",
        "sets nothing but the clock at the first connection",
        {"FLW-040": "not-set-up"},
    ),
    Row(
        "sets-up-late",
        "首次接入时各项设置的间隔超过声明",
        "lets more time pass between the first settings than it says",
        {"FLW-040": "not-set-up"},
        also=("FLW-013",),
    ),
    Row(
        "refuses-2005",
        "不存储 2005 版设备的数据",
        "data of 2005 stations are dropped",
        {"VER-001": "not-stored"},
    ),
    Row(
        "answers-2005",
        "对无 Flag 的上传也应答",
        "uploads without Flag are answered",
        {"VER-001": "answered"},
    ),
    Row(
        "ignores-qn-in-area",
        "只从首部读取 QN",
        "QN is read in the header only",
        {"VER-002": "qn-not-found"},
    ),
    Row(
        "padded-numbers",
        "数值前补零",
        "numbers padded with zeros",
        {"SEG-017": "number"},
    ),
    Row(
        "system-time-with-milliseconds",
        "SystemTime 带毫秒",
        "SystemTime with milliseconds",
        {"SEG-018": "system-time"},
    ),
    Row(
        "short-interval",
        "下发 10 s 的实时数据间隔",
        "a real-time interval of 10 s",
        {"SEG-019": "sent"},
    ),
    Row(
        "odd-minutes",
        "下发 7 min 的分钟数据间隔",
        "a minute interval of 7",
        {"SEG-020": "sent"},
    ),
    Row(
        "long-factor-id",
        "PolId 超过 6 个字符",
        "PolId of more than 6 characters",
        {"SEG-029": "factor-id"},
    ),
    Row(
        "period-without-seconds",
        "BeginTime 没有秒",
        "BeginTime without seconds",
        {"SEG-030": "period"},
    ),
    Row(
        "long-password",
        "NewPW 超过 6 个字符",
        "NewPW of more than 6 characters",
        {"SEG-031": "new-password"},
    ),
    Row(
        "short-start-time",
        "CstartTime 没有秒",
        "CstartTime without seconds",
        {"SEG-033": "sampling-times"},
    ),
    Row(
        "foreign-info-id",
        "InfoId 缺前缀 i",
        "InfoId without its i",
        {"SEG-034": "information-code"},
    ),
    Row(
        "small-letters",
        "SystemTime 写成 Systemtime",
        "Systemtime for SystemTime",
        {"SEG-016": "letter-case"},
        also=("FLW-013",),
    ),
)

_OWN_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("configures-at-once", "接入后立即下发设置", "settings at once"),
)

FAULTS: Sequence[Fault] = tuple(faults((*SHARED, *_OWN), "platform"))
LIBERTIES: Sequence[Liberty] = tuple(
    liberties((*SHARED_LIBERTIES, *_OWN_LIBERTIES), "platform")
)
