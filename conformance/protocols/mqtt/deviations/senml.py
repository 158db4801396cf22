# SPDX-License-Identifier: Apache-2.0
"""Devices that send SenML and deviate: Records that are wrong, and freedoms.

What is wrong stands in a Record behind the readings, so that each row breaks what it
names; the honest device of the proof sends JSON, so that SenML as it should be is a
liberty of its own in both forms.

Source of each: the requirement that it breaks, in the profiles sd-base-senml and
sd-ambient-air-station.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.protocols.mqtt.deviations import Row

__all__ = ["FAULTS", "LIBERTIES"]

_JSON = {"SENML_JSON": True, "MQTT_JSON": False}
_CBOR = {"SENML_CBOR": True, "MQTT_JSON": False}
_DATA = "AAS-DATA-020"
_SPOILT = ("mqtt.payload_conforms",)


def _json(name: str, zh: str, en: str, breaks: Mapping[str, str], more: str) -> Row:
    """A Pack in JSON with one Record more."""
    reading = {"more": more.encode()}
    return Row(f"senml-{name}", zh, en, breaks, reading=reading, declares=_JSON)


def _cbor(name: str, zh: str, en: str, breaks: Mapping[str, str], more: str) -> Row:
    """A Pack in CBOR with one Record more."""
    reading = {"more": bytes.fromhex(more)}
    return Row(f"senml-{name}", zh, en, breaks, reading=reading, declares=_CBOR)


def _instead(name: str, zh: str, en: str, breaks: Mapping[str, str], all: str) -> Row:
    """Something that is no Pack, in place of every Pack."""
    reading = {"instead": all.encode()}
    return Row(
        f"senml-{name}", zh, en, breaks, also=_SPOILT, reading=reading, declares=_JSON
    )


def _data(name: str, zh: str, en: str, key: str, **reading: Any) -> Row:
    """Sound Packs with readings that the profile does not allow."""
    return Row(f"senml-{name}", zh, en, {_DATA: key}, reading=reading, declares=_JSON)


FAULTS = (
    _instead(
        "not-array",
        "数据包不是数组",
        "a Pack that is no array",
        {"SENML8428-4-1": "senml.not-array"},
        '{"n":"urn:dev:os:32473-x","v":1}',
    ),
    _instead(
        "empty", "没有记录的数据包", "a Pack without Records",
        {"SENML8428-11-1": "senml.empty"}, "[]",
    ),
    _instead(
        "not-json", "不是 JSON", "no JSON",
        {"SENML8428-5-1": "data.not-json"}, "urn:dev:os:32473-x=1",
    ),
    _json(
        "two-values", "一条记录有两个值", "two values in one Record",
        {"SENML8428-4.2-1": "senml.two-values"},
        '{"n":"extra","v":1,"vb":true}',
    ),
    _json(
        "no-value", "记录没有值", "a Record without a value",
        {"SENML8428-4.2-1": "senml.no-value"}, '{"n":"extra","u":"m"}',
    ),
    _json(
        "no-name", "记录没有名称", "a Record without a name",
        {"SENML8428-4.2-2": "senml.no-name"}, '{"bn":"","v":1}',
    ),
    _json(
        "wrong-type", "单位字段是数值", "a number as unit",
        {"SENML8428-4.3-1": "senml.wrong-type"}, '{"n":"extra","v":1,"u":5}',
    ),
    _json(
        "version-text", "版本字段是文本", "a version in text",
        {"SENML8428-4.1-2": "senml.bad-version"}, '{"n":"extra","v":1,"bver":"10"}',
    ),
    _json(
        "padded-base64", "base64 带填充", "base64 with padding",
        {"SENML8428-4.3-2": "senml.bad-base64"}, '{"n":"extra","vd":"YQ=="}',
    ),
    _json(
        "mixed-versions", "各记录版本不同", "different versions in one Pack",
        {"SENML8428-4.4-3": "senml.mixed-versions"}, '{"n":"extra","v":1,"bver":26}',
    ),
    _json(
        "name-with-blank", "名称含空格", "a name with a blank",
        {"SENML8428-4.5.1-1": "senml.bad-name"}, '{"n":"ex tra","v":1}',
    ),
    _json(
        "name-start", "名称以下划线开头", "a name that starts with an underscore",
        {"SENML8428-4.5.1-2": "senml.bad-name-start"},
        '{"bn":"","n":"_extra","v":1}',
    ),
    _json(
        "name-no-uri", "名称不是 URI", "a name that is no URI",
        {"SENML8428-4.5.1-3": "senml.name-not-uri"}, '{"bn":"","n":"extra","v":1}',
    ),
    _json(
        "upper-exponent", "指数用大写 E", "an exponent with an upper-case E",
        {"SENML8428-5-3": "senml.upper-exponent"}, '{"n":"extra","v":1E3}',
    ),
    _json(
        "long-number", "尾数过长", "a mantissa that is too long",
        {"SENML8428-5-4": "senml.long-number"},
        '{"n":"extra","v":1.00000000000000000001}',
    ),
    _json(
        "unit-in-lower-case", "单位符号大小写不对", "a unit symbol in the wrong case",
        {"SENML8428-12.1-1": "senml.unknown-unit"}, '{"n":"extra","u":"pa","v":1}',
    ),
    _json(
        "starred-unit", "用了带星号的单位", "a unit that is not recommended",
        {"SENML8428-12.1-2": "senml.starred-unit"}, '{"n":"extra","u":"%","v":1}',
    ),
    _json(
        "secondary-unit", "版本 10 用了次单位", "a secondary unit in version 10",
        {
            "SENML8798-3-1": "senml.secondary-unit",
            "SENML9100-4-1": "senml.secondary-unit",
        },
        '{"n":"extra","u":"hPa","v":1}',
    ),
    _cbor(
        "cbor-text-label", "标准字段用了文本标签", "a text label for a standard field",
        {
            "SENML8428-6-1": "senml.cbor-label",
            "SENML8428-6-2": "senml.cbor-label",
        },
        "a2616e6565787472610201",
    ),
    _cbor(
        "cbor-octets-as-text", "文本值编码为字节串", "octets where text belongs",
        {"SENML8428-6-4": "senml.cbor-type"}, "a200656578747261034178",
    ),
    _cbor(
        "cbor-not-double", "数值超出双精度", "an integer that no double holds",
        {"SENML8428-6-3": "senml.not-double"},
        "a200656578747261021b0020000000000001",
    ),
    _cbor(
        "cbor-indefinite", "不定长数组", "an array of indefinite length",
        {"SENML8428-6-5": "senml.indefinite"}, "ff",
    ),
    _data(
        "element-missing", "缺少应报数据元", "an element left out",
        "data.missing", drop="ozone",
    ),
    _data(
        "out-of-range", "数据元超出量程", "a value beyond its range",
        "data.out-of-range", set=("ozone", "1001"),
    ),
    _data(
        "too-coarse", "数据元的分辨力不足", "values that are all too coarse",
        "data.too-coarse", round=("carbonMonoxide", 0),
    ),
    _data(
        "other-unit", "单位无法换算", "a unit that does not convert",
        "senml.other-unit", unit=("ozone", "Pa"),
    ),
    _data(
        "must-understand", "含未定义的须理解字段", "an unknown field to be understood",
        "senml.must-understand", more=b'{"n":"extra","v":1,"odd_":1}',
    ),
)  # fmt: skip


def _free(name: str, zh: str, en: str, declares: Mapping[str, bool], **odd: Any) -> Row:
    return Row(
        f"senml-{name}", zh, en, {}, reading=odd, declares=declares,
        checks=("mqtt.senml_obeys",),
    )  # fmt: skip


LIBERTIES = (
    _free("json", "以 SenML（JSON）上报", "SenML in JSON", _JSON),
    _free("cbor", "以 SenML（CBOR）上报", "SenML in CBOR", _CBOR),
    # Seconds ago are seconds before sending, so nothing can be kept and sent later.
    Row(
        "senml-relative", "用相对时间", "times relative to now", {},
        reading={"odd": "relative"}, settings={"outage": "loses"},
        declares=_JSON | {"CATCH_UP": False}, checks=("mqtt.senml_obeys",),
    ),
    _free(
        "shuffled", "记录次序颠倒", "Records in another order", _CBOR, odd="shuffled"
    ),
    _free("no-base", "不用基本字段", "no base fields", _JSON, odd="no-base"),
    _free(
        "more-fields", "含无须理解的字段", "fields that nobody must understand", _JSON,
        odd="more-fields",
    ),
    _free(
        "secondary", "版本 26，用次单位", "version 26 with secondary units", _JSON,
        odd="secondary",
    ),
    _free("base-value", "值分为两部分", "values in two parts", _JSON, odd="base-value"),
)  # fmt: skip
