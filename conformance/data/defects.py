# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a value, by key; the words for it are made here alone.

The same key names the same fault in a text segment and in a JSON payload, so that a
check compares keys and never prose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.data import defects_senml
from conformance.text import Text

__all__ = ["KEYS", "Defect", "defect"]

SHOWN_MAX_CHARS = 120
"""Of a value that a peer sent; the evidence has all of it."""

KEYS: Mapping[str, tuple[Text, Text]] = {
    "data.wrong-type": (
        Text("{type}", "{type}"),
        Text("{actual}", "{actual}"),
    ),
    "data.out-of-range": (
        Text("{low} 至 {high}", "{low} to {high}"),
        Text("{actual}", "{actual}"),
    ),
    "data.too-coarse": (
        Text(
            "分辨力不低于 {resolution}（小数至少 {digits} 位）",
            "at least as fine as {resolution} (decimal places: {digits} or more)",
        ),
        Text("{actual}", "{actual}"),
    ),
    "data.too-wide": (
        Text("符合格式 {format}", "within the format {format}"),
        Text("{actual}", "{actual}"),
    ),
    "data.not-listed": (
        Text("取值为 {values} 之一", "one of {values}"),
        Text("{actual}", "{actual}"),
    ),
    "data.missing": (
        Text("应有字段 {field}", "the field {field}"),
        Text("没有该字段", "the field is missing"),
    ),
    "data.unknown": (
        Text("只含标准规定的字段", "only fields that the profile defines"),
        Text("多出字段 {field}", "the field {field}, which it does not define"),
    ),
    "data.not-utf8": (
        Text("UTF-8 编码的报文", "a payload in UTF-8"),
        Text("第 {at} 个字节处编码无效", "invalid encoding at octet {at}"),
    ),
    "data.not-json": (
        Text("一个 JSON 文档", "one JSON document"),
        Text("第 {at} 个字符处有语法错误", "a syntax error at character {at}"),
    ),
    "data.not-finite": (
        Text("有限的数值", "a finite number"),
        Text("{actual}，JSON 中没有这种数值", "{actual}, which JSON does not have"),
    ),
    "data.number-too-long": (
        Text("位数和指数都可处理的数值", "a number that can be processed"),
        Text("数值的位数或指数过大", "too many digits or too large an exponent"),
    ),
    "data.duplicate-key": (
        Text("对象中的键互不相同", "distinct keys in an object"),
        Text("键 {field} 重复出现", "the key {field} more than once"),
    ),
    "data.too-deep": (
        Text("嵌套不超过 {limit} 层", "at most {limit} levels of nesting"),
        Text("嵌套更深", "deeper nesting"),
    ),
    "data.malformed": (
        Text("满足 {keyword}：{limit}", "fulfilling {keyword}: {limit}"),
        Text("{actual}", "{actual}"),
    ),
    **defects_senml.KEYS,
}
"""Defect key -> what is expected, what was found."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing that is wrong, where it is wrong, and with what."""

    key: str
    expected: Text
    actual: Text
    path: tuple[str | int, ...] = ()
    """Element key or wire name, or keys and indices inside a payload."""


def defect(key: str, path: tuple[str | int, ...] = (), /, **facts: Any) -> Defect:
    """Return the defect with its wording filled in; long values are cut."""
    expected, actual = (
        Text(
            words.zh.format_map(_shown(facts, "zh")),
            words.en.format_map(_shown(facts, "en")),
        )
        for words in KEYS[key]
    )
    return Defect(key, expected, actual, path)


def _shown(facts: Mapping[str, Any], language: str) -> dict[str, str]:
    return {name: _printable(value, language) for name, value in facts.items()}


def _printable(value: Any, language: str) -> str:
    """Return what a report may show of a value that a stranger sent."""
    text = value[language] if isinstance(value, Text) else str(value)
    if len(text) <= SHOWN_MAX_CHARS and text.isprintable():
        return text
    start = text[:SHOWN_MAX_CHARS]
    clean = "".join(c if c.isprintable() else repr(c)[1:-1] for c in start)
    return clean + "…" if len(text) > SHOWN_MAX_CHARS else clean
