# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a SenML Pack, by key: part of the table in ``defects``.

Source: RFC 8428 (SenML), RFC 8798 (more units) and RFC 9100 (versions).
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.text import Text

__all__ = ["KEYS"]

_ACTUAL = Text("{actual}", "{actual}")
_FIELD = Text("字段 {field}：{actual}", "the field {field}: {actual}")

KEYS: Mapping[str, tuple[Text, Text]] = {
    "data.not-cbor": (
        Text("一个 CBOR 数据项", "one CBOR data item"),
        Text("无法解码，或其后有多余字节", "undecodable, or octets after it"),
    ),
    "senml.not-array": (
        Text("由记录（对象）组成的数组", "an array of Records, each a map"),
        _ACTUAL,
    ),
    "senml.empty": (
        Text("至少一条记录", "at least one Record"),
        Text("没有记录", "none"),
    ),
    "senml.wrong-type": (Text("字段类型为 {type}", "a field of type {type}"), _FIELD),
    "senml.cbor-type": (
        Text(
            "CBOR 类型：{type}",
            "the CBOR type {type}",
        ),
        _FIELD,
    ),
    "senml.bad-version": (Text("正整数版本号", "a positive integer version"), _FIELD),
    "senml.mixed-versions": (
        Text("各记录版本相同", "the same version in all Records"),
        Text("版本 {actual}", "versions {actual}"),
    ),
    "senml.two-values": (
        Text("一条记录只有一个值", "one value in a Record"),
        Text("有 {actual}", "{actual}"),
    ),
    "senml.no-value": (
        Text("记录有值或累计值", "a value or a sum in a Record"),
        Text("都没有", "neither"),
    ),
    "senml.bad-base64": (
        Text("不带填充的 base64url", "base64url without padding"),
        _ACTUAL,
    ),
    "senml.bad-name": (
        Text("名称只含 A-Z a-z 0-9 - : . / _", "a name of A-Z a-z 0-9 - : . / _ only"),
        _ACTUAL,
    ),
    "senml.bad-name-start": (
        Text("名称以字母或数字开头", "a name that starts with a letter or digit"),
        _ACTUAL,
    ),
    "senml.no-name": (
        Text("基本名称与名称相连后非空", "a name, by base name or name"),
        Text("名称为空", "an empty name"),
    ),
    "senml.name-not-uri": (
        Text("名称是 URI 或 URN", "a name that is a URI or URN"),
        _ACTUAL,
    ),
    "senml.upper-exponent": (
        Text("指数用小写 e", "an exponent with a lower-case e"),
        _ACTUAL,
    ),
    "senml.long-number": (
        Text(
            "尾数少于 19 个字符，指数少于 5 个字符",
            "a mantissa below 19 characters, an exponent below 5",
        ),
        _ACTUAL,
    ),
    "senml.not-finite": (Text("有限的数值", "a finite number"), _FIELD),
    "senml.not-double": (
        Text("可无损换算为双精度的数值", "a number that survives as a binary64"),
        _FIELD,
    ),
    "senml.unknown-unit": (
        Text("SenML 登记的单位符号", "a registered SenML unit"),
        _ACTUAL,
    ),
    "senml.starred-unit": (
        Text("不用登记表中带星号的单位", "no unit that the registry marks with a star"),
        _ACTUAL,
    ),
    "senml.secondary-unit": (
        Text(
            "版本 {version} 只用主单位",
            "primary units only in version {version}",
        ),
        _ACTUAL,
    ),
    "senml.cbor-label": (
        Text("标准字段用整数标签 {label}", "the integer label {label}"),
        Text("标签 {actual}", "the label {actual}"),
    ),
    "senml.indefinite": (
        Text("定长数组、定长字符串", "arrays and strings of definite length"),
        Text("不定长", "indefinite length"),
    ),
    "senml.must-understand": (
        Text(
            "不含规范未定义、名称以下划线结尾的字段",
            "no field of unknown meaning that must be understood",
        ),
        Text("字段 {field}", "the field {field}"),
    ),
    "senml.other-version": (
        Text("版本 {versions}", "a version of {versions}"),
        _ACTUAL,
    ),
    "senml.other-unit": (
        Text("单位 {unit} 或可换算的单位", "the unit {unit}, or one that converts"),
        _FIELD,
    ),
}
"""Defect key -> what is expected, what was found."""
