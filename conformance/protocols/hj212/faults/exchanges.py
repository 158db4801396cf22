# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that are wrong in single exchanges: an answer, a result, a refusal.

A station that forgets 9011 or 9012 everywhere is found at once; these forget it for
one command, or do other than they say.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.protocols.hj212.faults.rows import Row

__all__ = ["EXCHANGES"]

EXCHANGES: Sequence[Row] = (
    Row(
        "no-9011-1062",
        "设置实时数据间隔时不应答 9011",
        "no 9011 for 1062",
        {"FLW-001": "9011"},
    ),
    Row(
        "no-9012-1000",
        "设置超时后不返回 9012",
        "no 9012 after 1000",
        {"FLW-002": "9012", "FLW-011": "9012"},
    ),
    Row(
        "no-9012-1062",
        "设置实时数据间隔后不返回 9012",
        "no 9012 after 1062",
        {"FLW-002": "9012", "FLW-015": "9012"},
        also=("UPL-LATE-001",),  # a setting that seems to have failed: unknown pace
    ),
    Row(
        "no-9012-1064",
        "设置分钟数据间隔后不返回 9012",
        "no 9012 after 1064",
        {"FLW-002": "9012", "FLW-015": "9012"},
    ),
    Row(
        "no-9012-1072",
        "更换密码后不返回 9012",
        "no 9012 after 1072",
        {"FLW-002": "9012", "FLW-014": "9012"},
    ),
    Row(
        "no-9012-2011",
        "启动实时数据后不返回 9012",
        "no 9012 after 2011",
        {"FLW-002": "9012", "FLW-019": "9012"},
        also=("FLW-053",),
    ),
    Row(
        "no-9012-2021",
        "启动状态数据后不返回 9012",
        "no 9012 after 2021",
        {"FLW-002": "9012", "FLW-020": "9012"},
    ),
    Row(
        "no-9012-2061",
        "返回小时历史数据后不返回 9012",
        "no 9012 after hour data",
        {"FLW-003": "order", "FLW-021": "9012"},
        also=("FLW-026",),
    ),
    Row(
        "no-9012-3015",
        "留样后不返回 9012",
        "no 9012 after 3015",
        {"FLW-029": "9012"},
    ),
    Row(
        "result-zero",
        "成功时返回 ExeRtn=0",
        "ExeRtn=0 for success",
        {"FLW-008": "exertn"},
        also=(
            "UPL-LATE-001",  # a setting that seems to have failed: unknown pace
            "FLW-050",
            "FLW-052",
            "SEC-004",
            "SEC-005",
            "SEC-011",
            "FLW-012",
            "FLW-027",
            "FLW-028",
            "FLW-030",
            "FLW-039",
        ),
    ),
    Row(
        "sets-though-refused",
        "以 QnRtn=3 拒绝却已设置间隔",
        "an interval is set in spite of QnRtn=3",
        {"FLW-024": "executed"},
    ),
    Row(
        "sets-for-other-system",
        "以 QnRtn=5 拒绝却已设置间隔",
        "an interval is set in spite of QnRtn=5",
        {"FLW-024": "executed"},
    ),
    Row(
        "sets-for-other-version",
        "以 QnRtn=6 拒绝却已设置间隔",
        "an interval is set in spite of QnRtn=6",
        {"FLW-024": "executed"},
    ),
    Row(
        "sets-for-foreign-mn",
        "以 QnRtn=4 拒绝却已设置间隔",
        "an interval is set in spite of QnRtn=4",
        {"FLW-043": "executed"},
    ),
    Row(
        "history-ignores-range",
        "不按时段筛选历史数据",
        "history without regard to the range",
        {"FLW-021": "range"},
        also=("FLW-026", "DAT-003"),
    ),
    Row(
        "history-after-begin",
        "历史数据缺少起始时段",
        "history without the period at BeginTime",
        {"FLW-021": "missing"},
    ),
    Row(
        "data-by-old-clock",
        "校时后 DataTime 仍按原时钟",
        "DataTime by the old clock",
        {"FLW-012": "data-time"},
    ),
)
