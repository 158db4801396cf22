# SPDX-License-Identifier: Apache-2.0
"""How a fault of HJ 212 is written down, and the faults that both sides can have.

Most faults of the packet are those of what a party starts by itself, so that its
answers still let the other checks judge; ``modbus-check-value`` is in every packet, as
it is in the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.engine.proof import Fault, Liberty
from conformance.text import Text

__all__ = ["SHARED", "SHARED_LIBERTIES", "Row", "faults", "liberties"]


@dataclass(frozen=True, slots=True)
class Row:
    """A fault of one side, or of both."""

    name: str
    zh: str
    en: str
    breaks: Mapping[str, str]
    """Requirement without its prefix, or name of a check where domain profiles have
    their own -> key of the expectation that is not met."""
    also: Sequence[str] = ()


def faults(rows: Iterable[Row], role: str) -> Iterator[Fault]:
    """Return the faults of a role."""
    for row in rows:
        breaks = {_full(short): key for short, key in row.breaks.items()}
        also = tuple(map(_full, row.also))
        yield Fault(row.name, role, Text(row.zh, row.en), breaks, also)


def liberties(
    rows: Iterable[tuple[str, str, str]], role: str, editions: Sequence[str] = ()
) -> Iterator[Liberty]:
    """Return the liberties of a role."""
    for name, zh, en in rows:
        yield Liberty(name, role, Text(zh, en), tuple(editions))


def _full(name: str) -> str:
    whole = name[:1].islower() or name.startswith("UPL-")
    return name if whole else f"HJ212-{name}"


SHARED: Sequence[Row] = (
    Row("one-hash", "包头只有一个 #", "one # in the header", {"FRM-001": "layout"}),
    Row(
        "length-with-check-value",
        "长度把校验值也计入",
        "the length counts the check value too",
        {"FRM-002": "length"},
    ),
    Row(
        "stuffed",
        "数据段超过 1024",
        "an oversized segment",
        {"FRM-003": "segment-size"},
    ),
    Row(
        "modbus-check-value",
        "误用 CRC-16/MODBUS",
        "CRC-16/MODBUS in place of the annex's algorithm",
        {"FRM-004": "check-value"},
        also=("SEC-003",),
    ),
    Row(
        "length-without-zeros",
        "长度前面补空格",
        "blanks before the length",
        {"FRM-009": "length-digits"},
    ),
    Row(
        "swapped-check-value",
        "校验值低字节在前",
        "the low octet of the check value first",
        {"FRM-010": "check-digits"},
        also=("SEC-003",),
    ),
    Row(
        "lower-case-check-value",
        "校验值用小写字母",
        "the check value in lower case",
        {"FRM-011": "check-case"},
    ),
    Row(
        "gbk",
        "日志用 GBK 编码",
        "a log text in GBK",
        {"FRM-012": "characters"},
        also=(
            "CON-002",
            "FLW-038",
            "SEG-040",
            "SPL-010",
        ),
    ),
    Row("line-feed-alone", "包尾只有换行", "LF alone as tail", {"FRM-013": "tail"}),
    Row(
        "stray-octets",
        "包前多出字节",
        "octets before the packet",
        {"FRM-015": "stray-octets"},
    ),
    Row(
        "fields-out-of-order",
        "CN 在 ST 之前",
        "CN before ST",
        {"SEG-001": "field-order"},
    ),
    Row(
        "qn-without-milliseconds",
        "QN 没有毫秒",
        "QN without milliseconds",
        {"SEG-002": "qn"},
        also=("DAT-021",),
    ),
    Row("unknown-system", "ST=99", "ST=99", {"SEG-003": "st"}, also=("FLW-053",)),
    Row("lower-case-mn", "MN 用小写字母", "MN in lower case", {"SEG-006": "mn"}),
    Row("flag-of-2005", "Flag 版本位为 0", "version bits 0", {"SEG-007": "flag"}),
    Row(
        "numbers-without-bit",
        "包号位为 0 却带包号",
        "packet numbers without their bit",
        {"SEG-008": "packet-numbers"},
        also=(
            "SEG-001",
            "FLW-020",
        ),
    ),
    Row(
        "reserved-command",
        "占用保留的 9021",
        "the reserved command 9021",
        {"SEG-039": "reserved-cn"},
        also=("FLW-013", "FLW-019", "FLW-040"),
    ),
    Row(
        "answers-keep-st",
        "应答沿用设备的 ST",
        "answers with the ST of the device",
        {"FLW-009": "answer-st"},
    ),
    Row(
        "answers-want-answers",
        "应答包要求应答",
        "answers that want an answer",
        {"FLW-022": "answer-bit"},
    ),
    Row(
        "answers-unwanted",
        "应答位为 0 也应答",
        "answers that nobody wanted",
        {"FLW-006": "answered"},
        also=("CON-004", "VER-001", "SPL-006"),
    ),
    Row(
        "foreign-password",
        "PW 不是设备的访问密码",
        "another password than the device's",
        {"SEG-005": "password"},
    ),
    Row(
        "semicolon-after-area",
        "数据区结束符后多出分号",
        "a semicolon behind the data area",
        {"SEG-009": "area"},
    ),
    Row(
        "system-outside-classes",
        "ST=75，不属任何类别",
        "ST=75, which no class holds",
        {"SEG-046": "st-class"},
        also=(
            "FLW-053",
            "SEG-003",
        ),
    ),
    Row(
        "refuses-great-packets",
        "不接受接近 1024 字节的数据段",
        "segments near 1024 octets are refused",
        {"FRM-014": "not-taken"},
    ),
    Row(
        "answers-with-other-version",
        "应答改变版本位",
        "answers with other version bits",
        {"VER-004": "answer-version"},
        also=("SEG-007",),
    ),
    Row(
        "reuses-qn",
        "各次交互使用同一个 QN",
        "the same QN for all exchanges",
        {"DAT-021": "qn-again"},
        also=(
            "TMO-004",
            "FLW-011",
            "FLW-012",
            "FLW-015",
            "FLW-019",
            "FLW-020",
            "DAT-006",
            "TMO-003",
            "FLW-011",
            "FLW-012",
        ),
    ),
    Row(
        "answers-answers",
        "对应答再作应答",
        "answers to answers",
        {"FLW-023": "answered"},
        also=(
            "VER-004",
            "SPL-006",
        ),
    ),
    Row(
        "last-qn",
        "一律使用最近一个 QN",
        "the QN of the latest packet for all",
        {"FLW-045": "own-qn"},
        also=(
            "SEC-008",
            "SEC-005",
            "SEC-006",
            "FLW-047",
            "FRM-007",
            "TMO-010",
            "FLW-014",
        ),
    ),
)

SHARED_LIBERTIES: Sequence[tuple[str, str, str]] = (
    ("slow", "在时限内慢速应答", "slow answers within the time"),
    ("in-pieces", "报文分多段发送", "packets sent in small pieces"),
    ("coalesced", "多个报文一次发送", "several packets in one write"),
    (
        "drops-line-on-damage",
        "收到损坏的包后断开重连",
        "the connection ends after a damaged packet",
    ),
)
