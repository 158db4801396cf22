# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations that deviate from what domain profiles and all uplinks ask.

Each profile numbers these requirements in its own way, so a row names the check.  A
deviation is tried with every profile that has such a check.

Source of each: the requirements with the check, in the profiles below sd-base-uplink.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
from conformance.protocols.hj212.faults.rows import Row, faults
from conformance.text import Text

__all__ = ["FAULTS", "LIBERTIES"]

_ROWS: Sequence[Row] = (
    Row(
        "fine-above-coarse",
        "细颗粒物浓度高于粗颗粒物",
        "more of fine particles than of coarser ones",
        {"hj212.values_ascend": "descending"},
    ),
    Row(
        "unconverted",
        "折算值等于实测值",
        "converted values equal to the measured ones",
        {"hj212.values_converted": "converted"},
    ),
    Row(
        "converted-in-statistics-alone",
        "实时数据没有折算值",
        "real-time data without converted values",
        {"hj212.converted_beside_measured": "converted-missing"},
        also=("hj212.elements_due",),
    ),
    Row(
        "converted-mean-alone",
        "统计数据只有折算均值",
        "statistics with the mean of converted values alone",
        {"hj212.converted_beside_measured": "converted-keys"},
    ),
    Row(
        "level-as-real-time",
        "实时数据上传等效声级",
        "an equivalent level in real-time data",
        {"hj212.noise_keys": "real-time-noise"},
        also=("hj212.elements_due",),
    ),
    Row(
        "level-as-mean",
        "等效声级的键名为 -Avg",
        "the equivalent level with the key -Avg",
        {"hj212.noise_keys": "noise-statistics"},
        also=("SEG-015",),
    ),
    Row(
        "clock-behind",
        "时钟慢 5 min",
        "a clock that is five minutes slow",
        {"hj212.clock_right": "clock"},
    ),
    Row(
        "labels-in-utc",
        "DataTime 用世界协调时",
        "DataTime in UTC",
        {"hj212.clock_right": "clock"},
    ),
    Row(
        "loses-outage",
        "通信中断期间的数据丢失",
        "data of an outage are lost",
        {"UPL-LATE-001": "missing"},
    ),
    Row(
        "sends-outage-twice",
        "中断期间的数据补传两次",
        "data of an outage are sent twice",
        {"UPL-LATE-001": "twice"},
    ),
    Row(
        "relabels-outage",
        "补传数据改用发送时刻",
        "data of an outage with the time of sending",
        {"UPL-TIME-002": "new-time"},
        also=("UPL-LATE-001", "TMO-004"),
    ),
)
_FREE: Sequence[tuple[str, str, str, tuple[str, ...]]] = (
    (
        "fine-near-coarse",
        "细颗粒物略高于粗颗粒物，在仪器噪声之内",
        "fine particles above coarser ones by no more than noise",
        ("hj212.values_ascend",),
    ),
    (
        "cuts-converted-off",
        "折算值舍去尾数",
        "converted values cut off and not rounded",
        ("hj212.values_converted",),
    ),
    (
        "slow-instrument",
        "实时数据的采样时刻为 10 min 前（分析耗时）",
        "real-time data sampled ten minutes ago, as the analysis takes its time",
        ("hj212.clock_right",),
    ),
    (
        "outage-newest-first",
        "补传时先传最近的数据",
        "the latest data of an outage first",
        ("hj212.catches_up",),
    ),
)

FAULTS: Sequence[Fault] = tuple(faults(_ROWS, "device"))
LIBERTIES: Sequence[Liberty] = tuple(
    Liberty(name, "device", Text(zh, en), checks=checks)
    for name, zh, en, checks in _FREE
)
