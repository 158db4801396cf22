# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that carry out commands wrongly: settings, streams, history, site.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.protocols.hj212.faults.rows import Row

__all__ = ["COMMANDS"]

COMMANDS: Sequence[Row] = (
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
            "SEG-041",
            "SEG-008",
            "SPL-001",
        ),
    ),
    Row(
        "result-before-data",
        "先返回 9012 再返回数据",
        "9012 before the data",
        {"FLW-003": "order"},
        also=(
            "DAT-022",
            "DAT-001",
        ),
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
        also=("SEC-011",),
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
