# SPDX-License-Identifier: Apache-2.0
"""The words of all reports, and what a record says, in both languages.

Turns the plain data of a record (a string, a pair of wordings, a reason tree, tagged
octets and decimals) into ``Text``.  Knows no output format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.engine.verdicts import Verdict
from conformance.iut.reasons import Reason, render_reason
from conformance.text import Text

__all__ = [
    "ACTORS",
    "CAUSES",
    "DEPTHS",
    "FIELDS",
    "LEVELS",
    "PARTIAL",
    "SENDERS",
    "STATES",
    "VERDICTS",
    "first_line",
    "named",
    "pretty",
    "said",
]

VERDICTS: Mapping[str, Text] = {
    Verdict.ERROR: Text("套件出错", "error"),
    Verdict.FAIL: Text("不符合", "fail"),
    Verdict.INCONCLUSIVE: Text("无法判定", "inconclusive"),
    Verdict.WARN: Text("告警", "warn"),
    Verdict.PASS: Text("符合", "pass"),
    Verdict.NOT_TESTED: Text("未测试", "not tested"),
    Verdict.NOT_APPLICABLE: Text("不适用", "not applicable"),
}
LEVELS: Mapping[str, Text] = {
    "shall": Text("应", "shall"),
    "shall-not": Text("不应", "shall not"),
    "should": Text("宜", "should"),
    "should-not": Text("不宜", "should not"),
    "may": Text("可", "may"),
}
ACTORS: Mapping[str, Text] = {
    "device": Text("设备", "device"),
    "platform": Text("平台", "platform"),
    "gateway": Text("网关", "gateway"),
    "both": Text("设备和平台", "device and platform"),
}
CAUSES: Mapping[str, Text] = {
    "iut": Text("被测实现", "the implementation under test"),
    "peer": Text("对端", "its peer"),
    "bench": Text("测试台", "the test bench"),
    "network": Text("网络", "the network"),
    "config": Text("声明或配置", "declaration or configuration"),
    "suite": Text("测试套件", "the suite"),
}
SENDERS: Mapping[str, Text] = {
    "suite": Text("测试套件", "suite"),
    "iut": Text("被测实现", "implementation"),
    "peer": Text("对端", "other side"),
}
STATES: Mapping[str, Text] = {
    "draft": Text("草案", "draft"),
    "review": Text("评审中", "in review"),
    "trial": Text("试行", "trial"),
    "published": Text("已发布", "published"),
    "superseded": Text("已被替代", "superseded"),
    "withdrawn": Text("已撤销", "withdrawn"),
}
DEPTHS: Mapping[str, Text] = {
    "smoke": Text("冒烟", "smoke"),
    "standard": Text("标准", "standard"),
    "thorough": Text("深入", "thorough"),
}
FIELDS: Mapping[str, Text] = {
    "cause": Text("原因归属", "cause"),
    "step": Text("步骤", "step"),
    "expected": Text("期望", "expected"),
    "actual": Text("实际", "actual"),
    "reason": Text("原因", "reason"),
    "key": Text("判据", "key"),
    "counterexample": Text("反例", "counterexample"),
    "remark": Text("备注", "remark"),
    "packets": Text("包号", "packets"),
}
"""What stands before a field of a record in plain text."""
PARTIAL: Mapping[str, Text] = {
    "stopped": Text("运行中途停止", "the run was stopped"),
    "out-of-time": Text("声明的总时限已用尽", "the declared time for a run was over"),
    "selection": Text("只选择了部分要求", "only some requirements were selected"),
    "killed": Text("运行被强行终止", "the run was killed"),
}


def named(table: Mapping[str, Text], key: object) -> Text:
    """Return the words for a code; the code itself where there are none."""
    text = str(key)
    return table.get(text) or Text(text, text)


def said(value: Any) -> Text:
    """Return what a record says: a string, a pair, a reason, or plain data."""
    match value:
        case None:
            return Text()
        case Text():
            return value
        case str():
            return Text(value, value)
        case {"code": str()}:
            return _reason(value)
        case dict() if value and value.keys() <= {"zh", "en"}:
            return Text(_string(value.get("zh")), _string(value.get("en")))
    text = pretty(value)
    return Text(text, text)


def first_line(text: str) -> str:
    """Return the sentence of a reason without what it rests on and without advice."""
    return text.partition("\n")[0]


def pretty(value: Any, indent: str = "") -> str:
    """Return plain data for reading; octets as hexadecimal, decimals as numbers."""
    inner = indent + "  "
    match value:
        case {"$hex": str(digits)}:
            return f"0x{digits}" if digits else "0x (empty)"
        case {"$dec": str(digits)}:
            return digits
        case dict() if value:
            lines = (
                f"{inner}{json.dumps(str(k), ensure_ascii=False)}: {pretty(v, inner)}"
                for k, v in value.items()
            )
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
        case list() if value and any(isinstance(v, dict | list) for v in value):
            lines = (inner + pretty(v, inner) for v in value)
            return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else pretty(value)


def _reason(tree: dict[str, Any]) -> Text:
    """Return the sentence of a reason tree, as the selection renders it."""
    try:
        reason = Reason.from_json(tree)
        zh, en = ("\n".join(render_reason(reason, lang)) for lang in ("zh", "en"))
    except (AttributeError, LookupError, TypeError, ValueError):
        # A result of another version may know reasons that this one does not.
        zh = en = pretty(tree)
    return Text(zh, en)
