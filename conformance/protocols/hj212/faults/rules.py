# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that write values wrongly: what the rules over recordings must find.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault
from conformance.protocols.hj212.faults.rows import Row, faults

__all__ = ["FAULTS"]

_ROWS: Sequence[Row] = (
    Row(
        "small-restart-time",
        "RestartTime 写成 Restarttime",
        "Restarttime for RestartTime",
        {"SEG-016": "letter-case"},
        also=("FLW-041",),
    ),
    Row(
        "padded-values",
        "数值前补零",
        "values padded with zeros",
        {"SEG-017": "number"},
        also=("hj212.values_conform", "DAT-018"),
    ),
    Row(
        "system-time-with-milliseconds",
        "SystemTime 带毫秒",
        "SystemTime with milliseconds",
        {"SEG-018": "system-time"},
        also=("FLW-012", "FLW-016"),
    ),
    Row(
        "long-factor-id",
        "PolId 超过 6 个字符",
        "PolId of more than 6 characters",
        {"SEG-029": "factor-id"},
        also=("FLW-016", "FLW-031", "FLW-032", "FLW-033", "FLW-034"),
    ),
    Row(
        "short-start-time",
        "CstartTime 没有秒",
        "CstartTime without seconds",
        {"SEG-033": "sampling-times"},
        also=("FLW-030", "FLW-031"),
    ),
    Row(
        "short-serial",
        "-SN 只有 20 位",
        "-SN of 20 characters",
        {"SEG-034": "information-code"},
        also=("FLW-033", "FLW-034"),
    ),
    Row(
        "unknown-code",
        "使用附录 B 没有的编码",
        "a code that annex B does not have",
        {"SEG-014": "factor-code"},
        also=("hj212.elements_due",),
    ),
    Row(
        "unmarked",
        "因子没有数据标记",
        "factors without a data mark",
        {"SEG-015": "keys", "DAT-016": "incomplete"},
    ),
    Row(
        "long-mark",
        "数据标记为两个字符",
        "a data mark of two characters",
        {"SEG-025": "mark-form"},
    ),
    Row(
        "unknown-equipment-state",
        "设备状态为 7",
        "state 7 of a machine",
        {"SEG-026": "equipment-state"},
    ),
    Row(
        "vessel-zero",
        "VaseNo=0",
        "VaseNo=0",
        {"SEG-032": "vessel"},
        also=("FLW-029",),
    ),
    Row(
        "log-without-mark",
        "日志文本前少一个 /",
        "a log text behind one /",
        {"SEG-035": "log"},
        also=("FLW-035", "FRM-012"),
    ),
    Row(
        "foreign-site-code",
        "设备类别为 4 的信息编码",
        "a site code of equipment class 4",
        {"SEG-038": "site-code"},
        also=("FLW-035", "FLW-036", "FLW-037", "FLW-038", "FLW-039"),
    ),
    Row(
        "unknown-state",
        "工作状态为 99",
        "working state 99",
        {"DAT-020": "state"},
    ),
    Row(
        "restart-time-without-seconds",
        "RestartTime 没有秒",
        "RestartTime without seconds",
        {"SEG-022": "restart-time"},
    ),
    Row(
        "label-twice",
        "DataTime 出现两次",
        "DataTime twice",
        {"SEG-040": "item-again"},
    ),
    Row(
        "label-ahead",
        "实时数据的 DataTime 在将来",
        "real-time data with a DataTime to come",
        {"DAT-006": "label-ahead"},
        also=("FLW-012", "hj212.clock_right"),
    ),
    Row(
        "too-many-decimals",
        "小数位超过默认格式",
        "more decimals than the default format",
        {"DAT-018": "default-format"},
        also=("hj212.values_conform",),
    ),
    Row(
        "parts-without-bit",
        "分包的包号位为 0",
        "parts without the packet number bit",
        {"SPL-007": "part-flag"},
        also=("SEG-008",),
    ),
    Row(
        "parts-out-of-order",
        "分包次序颠倒",
        "parts in another order",
        {"SPL-002": "part-order"},
        also=("SPL-001", "SPL-005"),
    ),
    Row(
        "part-without-label",
        "第 2 个分包不重复 DataTime",
        "the second part without DataTime",
        {"SPL-002": "part-data-time"},
        also=("SPL-001",),
    ),
    Row(
        "cuts-inside-factor",
        "同一因子被分到两个分包",
        "a factor cut into two parts",
        {"SPL-010": "torn-factor"},
        also=("SEG-015", "DAT-016"),
    ),
    Row(
        "growing-set",
        "第 2 个分包改变 PNUM",
        "the second part changes PNUM",
        {"SPL-008": "part-numbers"},
        also=(
            "SEG-041",
            "SPL-001",
        ),
    ),
    Row(
        "leaves-out-an-element",
        "实时数据缺一个应报数据元",
        "real-time data without an element that is due",
        {"hj212.elements_due": "data.missing"},
    ),
    Row(
        "reports-seldom",
        "实时数据的间隔是规定的两倍",
        "real-time data at twice the interval that is stated",
        {"hj212.reports_in_time": "interval"},
    ),
    Row(
        "foreign-hour",
        "小时数据与其分钟数据无关",
        "an hour that has nothing to do with its minutes",
        {"DAT-022": "hour"},
    ),
    Row(
        "misses-a-minute",
        "缺一条分钟数据",
        "one minute is left out",
        {"DAT-001": "period"},
    ),
    Row(
        "unordered-statistics",
        "最小值大于平均值",
        "Min above Avg",
        {"DAT-002": "order"},
    ),
    Row(
        "labels-ahead",
        "统计时标在将来",
        "a statistic labelled by a time to come",
        {"DAT-005": "label-at-end"},
        also=("DAT-001",),
    ),
    Row(
        "sends-too-early",
        "时段未结束即发送",
        "sent before the period has ended",
        {"DAT-008": "too-early"},
        also=("DAT-001", "DAT-007"),
    ),
    Row(
        "minutes-off-grid",
        "分钟数据的时标带 30 s",
        "minutes labelled at 30 seconds",
        {"DAT-007": "label-off-grid"},
        also=("FLW-021",),
    ),
    Row(
        "hides-faulty-minute",
        "废水有一分钟故障，小时仍标记 N",
        "an hour of waste water marked N with a faulty minute",
        {"DAT-009": "mark"},
    ),
    Row(
        "marks-any-fault",
        "烟气有一分钟故障，小时即标记 D",
        "an hour of flue gas marked D for one faulty minute",
        {"DAT-010": "mark"},
    ),
    Row(
        "marks-no-fault",
        "烟气一半分钟故障，小时仍标记 N",
        "an hour of flue gas marked N though half of it is faulty",
        {"DAT-010": "mark"},
    ),
    Row(
        "wrong-sum",
        "小时累计值与分钟不符",
        "the hour is not the sum of its minutes",
        {"DAT-011": "sum"},
        also=("DAT-012",),
    ),
    Row(
        "wrong-mean-flow",
        "平均流量的单位弄错",
        "the mean flow in another unit",
        {"DAT-012": "mean-flow"},
        also=("DAT-002",),
    ),
    Row(
        "sample-time-without-seconds",
        "SampleTime 没有秒",
        "SampleTime without seconds",
        {"SEG-023": "sample-time"},
    ),
    Row(
        "small-equipment-mark",
        "EFlag 用小写字母",
        "EFlag in lower case",
        {"SEG-024": "equipment-mark"},
    ),
    Row(
        "long-day",
        "一天运行 25.5 h",
        "25.5 hours of running a day",
        {"SEG-027": "running-time"},
    ),
    Row(
        "fine-noise",
        "噪声值有两位小数",
        "noise with two decimals",
        {"SEG-028": "noise"},
    ),
    Row(
        "noise-without-night",
        "噪声日数据缺夜间值",
        "daily noise without the night",
        {"DAT-017": "noise-sets"},
    ),
    Row(
        "foreign-process",
        "工况编码的工艺符为 z",
        "a process code of process z",
        {"SEG-037": "process-code"},
    ),
)

FAULTS: Sequence[Fault] = tuple(faults(_ROWS, "device"))
