# SPDX-License-Identifier: Apache-2.0
"""The hooks and steps that HJ 212 checks use: facts they get, answers they give.

A table for the form, the review and the guide; the checks ask through ``run.observe``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.engine.hooks import HookInfo
from conformance.text import Text

__all__ = ["EVENTS", "HOOKS", "STATES"]

STATES: Mapping[str, Text] = {
    "pending": Text("尚未结束", "still open"),
    "done": Text("执行成功（9012，ExeRtn=1）", "carried out (9012, ExeRtn=1)"),
    "failed": Text("执行失败（9012，其他 ExeRtn）", "failed (9012, other ExeRtn)"),
    "refused": Text("被拒绝（9011，QnRtn 不为 1）", "refused (9011, QnRtn not 1)"),
    "timeout": Text("超时未应答，已放弃", "given up without an answer"),
}
EVENTS: Mapping[str, Text] = {
    "instrument": Text("更换仪表，上报序列号（3019）", "another instrument (3019)"),
    "log": Text("产生一条运行日志（3020）", "an entry in the log (3020)"),
    "state": Text("仪表状态变化（3020）", "another state of an instrument (3020)"),
    "parameter": Text("仪表参数变化（3020）", "another parameter (3020)"),
    "identity": Text(
        "设备重新上报唯一标识（2025 版）", "the device reports its identity (2025)"
    ),
    "key": Text("设备申请更新密钥（2025 版）", "the device asks for a key (2025)"),
}
_MN = Text("设备的 MN", "MN of the station")
_CODE = Text("命令编码 CN", "command code CN")

HOOKS: Sequence[HookInfo] = (
    HookInfo(
        "stored_records",
        "hooks",
        "platform",
        Text(
            "平台为某台设备存储了哪些数据",
            "which data the platform has stored for a station",
        ),
        {
            "mn": _MN,
            "code": _CODE,
            "begin": Text(
                "起始数据时间，YYYYMMDDhhmmss", "first data time, YYYYMMDDhhmmss"
            ),
            "end": Text("截止数据时间，格式同上，含端点", "last data time, inclusive"),
        },
        Text(
            "对象数组，每条记录一个；没有则为 []",
            "a list with an object per record; [] for none",
        ),
        {
            "data_time": Text(
                "数据时间，与报文中的 DataTime 相同（文本）",
                "the data time, as DataTime has it (text)",
            ),
            "complete": Text(
                "可选；多包数据尚未收齐时为 false",
                "optional; false while parts of it are missing",
            ),
            "items": Text(
                "可选；各因子的数据，写法不限，须含因子编码",
                "optional; the data in any form, with the codes of the factors",
            ),
        },
        '[{"data_time": "20260131120000", "items": {"w01010": "12.5"}}]',
    ),
    HookInfo(
        "send_command",
        "steps",
        "platform",
        Text(
            "让平台立即向设备下发一条命令",
            "have the platform send a command to the station at once",
        ),
        {
            "mn": _MN,
            "code": _CODE,
            "items": Text(
                "数据区各项，以分号分隔；可能为空",
                "items of the data area, separated by semicolons; may be empty",
            ),
        },
        Text("可为空，也可为对象", "nothing, or an object"),
        {
            "qn": Text(
                "可选；该命令的 QN，17 位数字（文本）",
                "optional; the QN of the command, 17 digits (text)",
            )
        },
        '{"qn": "20260131120000123"}',
    ),
    HookInfo(
        "command_result",
        "hooks",
        "platform",
        Text(
            "平台认为该命令的结果是什么",
            "what the platform takes for the outcome of the command",
        ),
        {
            "mn": _MN,
            "code": _CODE,
            "qn": Text("该命令的 QN", "QN of the command"),
        },
        Text("对象", "an object"),
        {
            "state": Text(
                "；".join(f"{name} {said.zh}" for name, said in STATES.items()),
                "; ".join(f"{name}: {said.en}" for name, said in STATES.items()),
            )
        },
        '{"state": "done"}',
    ),
    HookInfo(
        "power_cycle",
        "steps",
        "device",
        Text("使设备断电，再上电", "switch the device off and on again"),
    ),
    HookInfo(
        "site_event",
        "steps",
        "device",
        Text(
            "在现场引起一种变化，使设备主动上报",
            "have something change on site that the device reports by itself",
        ),
        {
            "code": Text(
                "；".join(f"{name} {said.zh}" for name, said in EVENTS.items()),
                "; ".join(f"{name}: {said.en}" for name, said in EVENTS.items()),
            )
        },
    ),
    HookInfo(
        "media_authorization",
        "hooks",
        "device",
        Text(
            "设备上传多媒体文件时使用的 Authorization 值（2025 版）",
            "the Authorization value that the device sends with media files (2025)",
        ),
        {},
        Text("对象", "an object"),
        {"authorization": Text("该值（文本）", "the value (text)")},
        '{"authorization": "q83vEjRWeJA="}',
    ),
)
