# SPDX-License-Identifier: Apache-2.0
"""Devices that deviate in what all uplinks and domain profiles ask of their reports.

Source of each: the requirements with the check, in the profiles below sd-base-uplink.
"""

from __future__ import annotations

from conformance.protocols.mqtt.deviations import Row

__all__ = ["FAULTS", "LIBERTIES"]

FAULTS = (
    Row(
        "fine-above-coarse",
        "细颗粒物浓度高于粗颗粒物",
        "more of fine particles than of coarser ones",
        {"mqtt.values_ascend": "descending"},
        reading={"raise": ("2", "20")},
    ),
    Row(
        "unconverted",
        "折算值等于实测值",
        "converted values equal to the measured ones",
        {"mqtt.values_converted": "converted"},
        reading={"unconverted": True},
    ),
    Row(
        "reports-seldom",
        "上报间隔为规定的数倍",
        "reports at several times the interval that is stated",
        {"mqtt.reports_in_time": "interval"},
        settings={"interval_s": 3.0},
        also=("UPL-LATE-002", "UPL-TIME-004"),
    ),
    Row(
        "clock-behind",
        "时钟慢 5 min",
        "a clock that is five minutes slow",
        {"mqtt.clock_right": "clock"},
        reading={"behind_s": 300},
    ),
    Row(
        "loses-outage",
        "通信中断期间的数据丢失",
        "data of an outage are lost",
        {"UPL-LATE-002": "missing"},
        settings={"outage": "loses"},
    ),
    Row(
        "sends-outage-twice",
        "中断期间的数据补传两次",
        "data of an outage are sent twice",
        {"UPL-LATE-002": "twice"},
        settings={"outage": "twice"},
    ),
    Row(
        "relabels-outage",
        "补传数据改用发送时刻",
        "data of an outage with the time of sending",
        {"UPL-TIME-004": "new-time"},
        also=("UPL-LATE-002",),
        settings={"outage": "relabels"},
    ),
)

LIBERTIES = (
    Row(
        "fine-near-coarse",
        "细颗粒物略高于粗颗粒物，在仪器噪声之内",
        "fine particles above coarser ones by no more than noise",
        {},
        reading={"raise": ("1.05", "3")},
        checks=("mqtt.values_ascend",),
    ),
    Row(
        "times-of-beijing",
        "采样时间写作 +08:00",
        "times of sampling with the offset +08:00",
        {},
        reading={"zone_h": 8},
        checks=("mqtt.clock_right",),
    ),
    Row(
        "outage-newest-first",
        "补传时先传最近的数据",
        "the latest data of an outage first",
        {},
        settings={"outage": "newest-first"},
        checks=("mqtt.catches_up",),
    ),
)
