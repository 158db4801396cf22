# SPDX-License-Identifier: Apache-2.0
"""HJ 212-2025 stations and hosts that deviate: what each fault breaks, what is but odd.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.proof import Fault, Liberty
from conformance.protocols.hj212.faults.rows import Row, faults, liberties

__all__ = ["FAULTS", "LIBERTIES", "QUESTIONS"]

QUESTIONS = frozenset(
    {"HJ212_ENCRYPTED", "HJ212_INTERNET", "HJ212_KEY", "HJ212_HEARTBEAT"}
    | {"HJ212_IDENTITY", "HJ212_LATE", "HJ212_RAW", "HJ212_STANDARD_CHECK"}
    | {"HJ212_SAMPLE_NOW", "HJ212_FURNACE", "HJ212_USAGE", "HJ212_MEDIA"}
    | {"HJ212_WATER"}
)
"""What only this edition asks."""

_BOTH: Sequence[Row] = (
    Row(
        "pads-cipher",
        "按 PKCS7 填充后全部加密",
        "the area is padded and encrypted whole",
        {"SEC-002": "cipher"},
        also=("FLW-051", "SEC-005", "SEC-006"),
    ),
    Row(
        "check-value-of-cipher",
        "CRC 按密文计算",
        "the check value is that of the cipher",
        {"SEC-003": "plain-check-value"},
        also=("SEC-005", "SEC-006"),
    ),
    Row(
        "cipher-in-lower-case",
        "密文用小写十六进制",
        "cipher octets in lower case",
        {"SEC-009": "cipher-spelling"},
    ),
    Row(
        "withdrawn-command",
        "使用已取消的 3014",
        "the withdrawn command 3014",
        {"FLW-054": "edition-cn"},
        also=("SEG-004",),
    ),
    Row(
        "no-mn-field",
        "没有 MN 字段",
        "no field MN",
        {"SEG-042": "no-mn"},
        also=("SEG-001",),
    ),
)

_DEVICE: Sequence[Row] = (
    Row(
        "late-mark-zero",
        "普通数据带 RF=0",
        "RF=0 in ordinary data",
        {"SEG-011": "late-mark"},
    ),
    Row(
        "two-digit-part-numbers",
        "PNUM 写成两位",
        "PNUM of two digits",
        {"SEG-041": "long-packet-numbers"},
        also=("SPL-009",),
    ),
    Row(
        "sends-2111-plain",
        "2111 的数据区不加密",
        "2111 is not encrypted",
        {"SEC-001": "plain-area"},
    ),
    Row(
        "takes-plain-length-only",
        "只接受按明文计算的长度",
        "only the plain length is taken",
        {"SEC-004": "length-sent"},
    ),
    Row(
        "forgets-key",
        "报告成功但未更换密钥",
        "the key is not changed though reported so",
        {"SEC-005": "new-key"},
        also=("SEC-004", "SEC-011"),
    ),
    Row(
        "key-notice-undated",
        "密钥申请不含 SKCreateTime",
        "a notice 1014 without SKCreateTime",
        {"SEC-005": "notice"},
    ),
    Row(
        "takes-short-key",
        "接受 15 字节的密钥",
        "a key of 15 octets is taken",
        {"SEC-006": "short-taken"},
    ),
    Row(
        "refuses-empty-block",
        "不接受空密文组",
        "{} before a short area is refused",
        {"SEC-008": "empty-block"},
    ),
    Row(
        "executes-undecipherable",
        "无法解密的请求照样执行",
        "what cannot be decrypted is carried out",
        {"SEC-011": "executed"},
    ),
    Row(
        "media-without-padding",
        "Authorization 以零填充",
        "Authorization padded with zeros",
        {"SEC-012": "authorization"},
    ),
    Row(
        "no-heartbeat",
        "不发送心跳",
        "no heartbeats",
        {"CON-002": "9015"},
    ),
    Row(
        "heartbeat-with-data",
        "心跳带数据",
        "a heartbeat with data",
        {"CON-002": "area"},
    ),
    Row(
        "identity-incomplete",
        "1001 不含硬件序号",
        "1001 without the serial number",
        {"FLW-047": "1001"},
    ),
    Row(
        "no-9012-1002",
        "1002 之后不返回 9012",
        "no 9012 after 1002",
        {"FLW-047": "9012"},
    ),
    Row(
        "no-data-2013",
        "2013 返回成功但没有数据",
        "success without data after 2013",
        {"FLW-048": "data"},
    ),
    Row(
        "noise-without-data-key",
        "2052 的噪声值写成 -Rtd",
        "noise of 2052 as -Rtd",
        {"FLW-049": "noise-data"},
    ),
    Row(
        "hourly-noise",
        "2061 仍含噪声小时数据",
        "hourly noise data in 2061",
        {"FLW-049": "hourly-noise"},
        also=("SPL-010",),
    ),
    Row(
        "standard-check-unreported",
        "核查后不上传结果",
        "no 2062 after 3024",
        {"FLW-050": "2062"},
    ),
    Row(
        "strange-result-type",
        "ResultType=2",
        "ResultType=2",
        {"FLW-050": "result-type"},
    ),
    Row(
        "furnace-label-off",
        "2111 的 DataTime 不是时段起点",
        "DataTime of 2111 amid its period",
        {"FLW-051": "furnace-label"},
    ),
    Row(
        "sample-unreported",
        "留样后不上报",
        "no report of a kept sample",
        {"FLW-052": "report"},
    ),
    Row(
        "usage-under-own-system",
        "用电数据的 ST 沿用站点自身的",
        "power use under the station's own ST",
        {"FLW-053": "st"},
    ),
    Row(
        "no-usage-history",
        "不返回用电历史数据",
        "no history of power use",
        {"FLW-053": "data"},
    ),
    Row(
        "loses-late",
        "未送达的数据不补传",
        "undelivered data are lost",
        {"TMO-004": "late"},
        also=("UPL-LATE-001",),
    ),
    Row(
        "late-unmarked",
        "补传的数据不带 RF=1",
        "late data without RF=1",
        {"TMO-004": "mark"},
        also=(
            "UPL-TIME-002",
            "TMO-007",
            "TMO-003",
        ),
    ),
)

_PLATFORM: Sequence[Row] = (
    Row(
        "takes-plain-length-only",
        "只接受按明文计算的长度",
        "only the plain length is taken",
        {"SEC-004": "length-sent"},
    ),
    Row(
        "never-renews-key",
        "收到密钥申请后不下发",
        "a notice 1014 is not followed by a key",
        {"SEC-005": "1014"},
        also=("SEC-006",),
    ),
    Row(
        "keeps-old-key",
        "下发新密钥后仍用旧密钥",
        "the old key still counts",
        {"SEC-005": "new-key"},
    ),
    Row(
        "short-new-key",
        "下发 15 字节的密钥",
        "a new key of 15 octets",
        {"SEC-006": "key-size"},
    ),
    Row(
        "refuses-empty-block",
        "不接受空密文组",
        "{} before a short area is refused",
        {"SEC-008": "empty-block"},
    ),
    Row(
        "refuses-plain",
        "不接受明文数据",
        "plain data are refused",
        {"SEC-010": "not-taken"},
        also=("SEC-008", "SEG-044", "SEG-045", "VER-003"),
    ),
    Row(
        "keeps-undecipherable",
        "应答并存储无法解密的数据",
        "what cannot be decrypted is answered",
        {"SEC-011": "acknowledged"},
    ),
    Row(
        "no-answer-9015",
        "不应答心跳",
        "heartbeats are not answered",
        {"CON-002": "9013"},
    ),
    Row(
        "answers-heartbeats",
        "心跳不要求应答也应答",
        "heartbeats that want no answer are answered",
        {"CON-004": "answered"},
    ),
    Row(
        "no-answer-1001",
        "不应答 1001",
        "1001 is not answered",
        {"FLW-047": "9013"},
    ),
    Row(
        "identity-cut-short",
        "1002 下发的 MN 不完整",
        "1002 with half an MN",
        {"FLW-047": "1002"},
    ),
    Row(
        "refuses-other-mn",
        "不接受地表水站的 MN",
        "MN of surface water stations are refused",
        {"VER-003": "refused"},
    ),
)

_DEVICE_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("states-sent-length", "加密包的长度按密文计", "the length is that of the cipher"),
    ("heartbeats-unanswered", "心跳不要求应答", "heartbeats that want no answer"),
)
_PLATFORM_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("states-sent-length", "加密包的长度按密文计", "the length is that of the cipher"),
)

FAULTS: Sequence[Fault] = (
    *faults((*_BOTH, *_DEVICE), "device"),
    *faults((*_BOTH, *_PLATFORM), "platform"),
)
LIBERTIES: Sequence[Liberty] = (
    *liberties(_DEVICE_LIBERTIES, "device", ("2025",)),
    *liberties(_PLATFORM_LIBERTIES, "platform", ("2025",)),
)
