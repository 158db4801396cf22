# SPDX-License-Identifier: Apache-2.0
"""HJ 212 hosts that deviate: what each fault breaks, and what is but odd.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
from conformance.protocols.hj212.faults_rows import (
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
        also=("FLW-013",),
    ),
    Row(
        "colon",
        "以冒号代替等号",
        "a colon for =",
        {"SEG-010": "separators"},
        also=("FLW-013",),
    ),
    Row(
        "ignores-check-value",
        "不检查校验值",
        "the check value is not looked at",
        {"FRM-005": "acknowledged"},
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
    ),
    Row("no-9014", "不应答上传", "no 9014", {"FLW-004": "9014"}),
    Row(
        "answers-with-result",
        "9014 带 QnRtn",
        "QnRtn in 9014",
        {"FLW-004": "area", "FLW-005": "9013"},
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
        also=("FRM-008", "FLW-045"),
    ),
    Row(
        "no-9013",
        "不应答通知",
        "no 9013",
        {"FLW-005": "9013"},
        also=("FLW-045",),
    ),
)

_OWN_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("configures-at-once", "接入后立即下发设置", "settings at once"),
)

FAULTS: Sequence[Fault] = tuple(faults((*SHARED, *_OWN), "platform"))
LIBERTIES: Sequence[Liberty] = tuple(
    liberties((*SHARED_LIBERTIES, *_OWN_LIBERTIES), "platform")
)
