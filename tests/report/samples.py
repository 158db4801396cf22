# SPDX-License-Identifier: Apache-2.0
"""Results made by hand: every verdict, every kind of reason, and hostile words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from conformance.engine.result import Footer, Record, RunResult
from conformance.engine.series import Connection, Gaps, Series, Values
from conformance.engine.verdicts import Cause, Verdict
from conformance.profile.model import (
    CheckRef,
    Clause,
    IcsItem,
    Level,
    NotTested,
    Requirement,
    Snapshot,
    Source,
)
from conformance.protocols.explained import Explanation, FrameField, Violation
from conformance.text import Text

__all__ = [
    "HOSTILE",
    "RECORDS",
    "explain",
    "finished",
    "footer_of",
    "header",
    "hostile",
    "killed",
    "measured",
    "snapshot",
]

FRAME = b"##0101QN=20160801085857223;ST=32;CN=1062;CP=&&RtdInterval=30&&1C81\r\n"
CONNACK = bytes.fromhex("20020005")

HOSTILE = (
    "<script>alert(1)</script>"
    "</title></style><img src=x onerror=alert(2)>\"'&"
    "\x1b[31mred\x07\x00\x9b\u202egnp.exe\u2066\ud800\ufffe]]>--><!--"
)


def requirement(
    name: str, level: Level, zh: str, en: str, *, section: str = "6.3.1", **more: Any
) -> Requirement:
    confirmed = more.pop("confirmed", True)
    check = more.pop("check", None)
    return Requirement(
        name,
        level,
        "platform",
        Clause("HJ212", section, confirmed=confirmed),
        Text(zh, en),
        check=CheckRef(check) if check else None,
        **more,
    )


REQUIREMENTS = (
    requirement(
        "SWS-FRAME-001",
        "shall",
        "通讯包的数据段长度字段应等于数据段的字符数。",
        "The length field of a packet shall equal the length of the data segment.",
        check="hj212.length_matches",
    ),
    requirement(
        "SWS-FRAME-002",
        "shall",
        "平台收到校验错误的通讯包时，不应存储其中的数据，也不应应答。",
        "The platform shall neither store nor acknowledge a packet whose checksum is "
        "wrong.",
        check="hj212.rejects_bad_checksum",
    ),
    requirement(
        "SWS-DATA-003",
        "should",
        "上报值宜带有数据标记。",
        "A reported value should carry its flag.",
        confirmed=False,
        section="6.6",
        check="hj212.flags_present",
    ),
    requirement(
        "SWS-LINK-004",
        "shall",
        "网络恢复后，设备应补传中断期间的全部数据。",
        "After an outage the station shall re-send all data of the interrupted period.",
        section="8",
        check="hj212.catches_up",
    ),
    requirement(
        "SWS-LINK-005",
        "shall",
        "平台应在规定时限内应答请求。",
        "The platform shall answer a request within the time limit.",
        section="8.2",
        check="hj212.answers_in_time",
    ),
    requirement(
        "SWS-MQTT-006",
        "may",
        "设备可使用遗嘱消息通告异常离线。",
        "The station may announce an abnormal disconnect with a will message.",
        section="9",
        check="mqtt.will_present",
    ),
    requirement(
        "SWS-SITE-007",
        "shall",
        "站房应具备防雷接地措施。",
        "The station house shall have lightning protection and earthing.",
        section="5",
        not_tested=NotTested("site-inspection"),
    ),
)

RECORDS = (
    Record(
        "SWS-FRAME-001",
        "shall",
        "platform",
        Verdict.PASS,
        check="hj212.length_matches",
        packets=[3, 4, 5, 9],
        examples=30,
        seed=4711,
        start="2026-11-23T02:00:01.000000Z",
        duration_s=1.25,
        attempts=[
            {
                "verdict": "inconclusive",
                "cause": "network",
                "key": "link.reset",
                "duration_s": 0.5,
            },
            {"verdict": "pass", "cause": None, "key": None, "duration_s": 1.25},
        ],
    ),
    Record(
        "SWS-FRAME-002",
        "shall",
        "platform",
        Verdict.FAIL,
        cause=str(Cause.IUT),
        check="hj212.rejects_bad_checksum",
        params={"mutations": ["flip_bit", "truncate"]},
        key="acknowledged",
        step="flip_bit",
        expected={"zh": "不应答该通讯包", "en": "no acknowledgement of the packet"},
        actual={
            "zh": "平台以 9014 应答了校验错误的通讯包",
            "en": "the platform acknowledged the damaged packet with 9014",
        },
        exchange=[
            {
                "sender": "suite",
                "at": "2026-11-23T02:00:02.000000Z",
                "octets": FRAME.hex(),
                "packets": [12],
            },
            {
                "sender": "iut",
                "at": "2026-11-23T02:00:02.012345Z",
                "octets": CONNACK.hex(),
                "packets": [13, 14],
            },
        ],
        packets=[11, 12, 13, 14],
        counterexample={
            "segment": {"$hex": "414243"},
            "value": {"$dec": "7.20"},
            "note": "pH 值",
        },
        examples=12,
        seed=815,
        start="2026-11-23T02:00:01.500000Z",
        duration_s=0.75,
    ),
    Record(
        "SWS-DATA-003",
        "should",
        "platform",
        Verdict.WARN,
        cause=str(Cause.IUT),
        check="hj212.flags_present",
        key="flag-missing",
        expected="w01001-Flag=N",
        actual="w01001-Rtd=7.20",
        remarks=[
            {
                "zh": "120 处判定中有 3 处不符",
                "en": "3 of 120 observations contradict it",
            }
        ],
        observations=120,
        packets=[20],
    ),
    Record(
        "SWS-LINK-004",
        "shall",
        "platform",
        Verdict.INCONCLUSIVE,
        cause=str(Cause.NETWORK),
        check="hj212.catches_up",
        key="link.refused",
        reason={
            "zh": "127.0.0.1:9000 拒绝连接",
            "en": "127.0.0.1:9000 refused the connection",
        },
        start="2026-11-23T02:00:03.000000Z",
        duration_s=5.0,
    ),
    Record(
        "SWS-LINK-005",
        "shall",
        "platform",
        Verdict.ERROR,
        cause=str(Cause.SUITE),
        check="hj212.answers_in_time",
        key="engine.exception",
        reason="KeyError: 'QN' (checks.py:120)",
        start="2026-11-23T02:00:04.000000Z",
        duration_s=0.1,
    ),
    Record(
        "SWS-MQTT-006",
        "may",
        "platform",
        Verdict.NOT_APPLICABLE,
        check="mqtt.will_present",
        reason={"zh": "声明中 MQTT 为否", "en": "MQTT is answered no"},
    ),
    Record(
        "SWS-SITE-007",
        "shall",
        "platform",
        Verdict.NOT_TESTED,
        reason={"zh": "由实验室现场检查", "en": "inspected on site by the laboratory"},
    ),
)


def snapshot(state: str = "published") -> Snapshot:
    """Return a small profile, made without files."""
    return Snapshot(
        id="sd-water-surface-station",
        version="2.1.0",
        kind="profile",
        title=Text(
            "地表水水质自动监测站上行数据接口",
            "Uplink data interface of automatic surface-water quality stations",
        ),
        language="zh",
        domain="water",
        actors=("device", "platform"),
        state=state,
        sources=(Source("HJ212", "HJ 212-2017"),),
        security=None,
        elements=(),
        bindings=(),
        ics=(
            IcsItem(
                "HJ212",
                "o.1",
                Text("是否通过 HJ 212 上报", "Does the station report over HJ 212"),
            ),
            IcsItem(
                "MQTT",
                "o.1",
                Text("是否通过 MQTT 上报", "Does the station report over MQTT"),
            ),
        ),
        ics_groups=(),
        ixit=(),
        requirements=REQUIREMENTS,
        lineage=(),
        digest="sha256:" + "81" * 32,
        data={},
    )


def header(**changes: Any) -> dict[str, Any]:
    """Return a header as the engine writes it."""
    return {
        "format": 1,
        "suite": {"name": "luheng", "version": "0.1.0"},
        "run": "2026-11-23T020000-1a2b",
        "profile": "sd-water-surface-station@2.1.0",
        "profile_digest": "sha256:" + "81" * 32,
        "profile_state": "published",
        "profile_kind": "profile",
        "role": "platform",
        "implementation": {
            "vendor": "示例",
            "product": {"zh": "齐风平台", "en": "Qifeng Platform"},
            "version": "3.2",
            "serial": None,
        },
        "declared_by": "张工",
        "declared_on": "2026-11-20",
        "declaration_digest": "sha256:" + "42" * 32,
        "ics": {"HJ212": True, "MQTT": False},
        "seed": 4711,
        "depth": "standard",
        "only": [],
        "start": "2026-11-23T02:00:00.000000Z",
        "environment": {
            "python": "3.11.7",
            "system": "Linux",
            "machine": "x86_64",
            "implementation": "cpython",
        },
        "rejudged": None,
    } | changes


def footer_of(
    records: Sequence[Record],
    *,
    requirements: int | None = None,
    partial_reason: str | None = None,
) -> Footer:
    return Footer.of(
        records,
        requirements=len(records) if requirements is None else requirements,
        partial_reason=partial_reason,
        end="2026-11-23T02:00:09.500000Z",
        duration_s=9.5,
    )


def finished(
    records: Sequence[Record] = RECORDS,
    *,
    requirements: int | None = None,
    partial_reason: str | None = None,
    **changes: Any,
) -> RunResult:
    """Return a run that came to its end."""
    footer = footer_of(
        records, requirements=requirements, partial_reason=partial_reason
    )
    state = changes.get("profile_state", "published")
    return RunResult(header(**changes), tuple(records), footer, snapshot(state))


def measured() -> RunResult:
    """Return a run with a value in its range, one beyond it, and two intervals."""
    start, second = 1_795_399_201_000_000_000, 1_000_000_000
    name = Text("pH 值", "pH value")
    points = ((start, Decimal("7.2")), (start + second, Decimal("19")))
    series = Series(
        (Values("ph", name, "[pH]", Decimal(0), Decimal(14), points),),
        (Gaps("2011", Text("实时数据", "data"), (Decimal(30), Decimal(31))),),
        (Connection("SWS-FRAME-002", "hj212", start, start + 3 * second),),
    )
    return replace(finished(), series=series)


def killed(records: Sequence[Record] = RECORDS[:2]) -> RunResult:
    """Return a run that has no footer."""
    return RunResult(header(), tuple(records), None, snapshot())


def hostile(words: str = HOSTILE) -> RunResult:
    """Return a run in which everything that can come from outside is ``words``."""
    record = Record(
        "SWS-FRAME-002",
        "shall",
        "platform",
        Verdict.FAIL,
        cause=str(Cause.IUT),
        check="hj212.rejects_bad_checksum",
        params={words: words},
        key=words,
        step=words,
        expected={"zh": words, "en": words + "!"},
        actual=words,
        reason=words,
        remarks=[words],
        exchange=[
            {
                "sender": words,
                "at": words,
                "octets": words.encode("utf-8", "replace").hex(),
                "packets": [1],
            }
        ],
        packets=[1],
        counterexample={words: [words]},
        attempts=[{"verdict": words, "key": words}] * 2,
    )
    return finished(
        [record],
        run=words,
        implementation={"product": words, words: words},
        declared_by=words,
        ics={words: words},
        environment={words: words},
    )


def explain(protocol: str, octets: bytes) -> Explanation | None:
    """Explain the two frames of the samples as their protocol would."""
    if protocol != "hj212" or not octets.startswith(b"##"):
        return None
    return Explanation(
        protocol,
        octets,
        fields=(
            FrameField("包头", 0, 2, "##", Text("通讯包开始", "start of packet")),
            FrameField(
                "数据段长度", 2, 4, "0101", Text("101 个字符", "101 characters")
            ),
            FrameField("QN", 6, 20, "20160801085857223", Text("请求编码", "request")),
            FrameField(
                "CRC",
                len(octets) - 6,
                4,
                "1C81",
                Text("校验值，应为 1C80", "checksum, should be 1C80"),
            ),
        ),
        violations=(
            Violation(
                "hj212.checksum",
                "framing",
                Text(
                    "校验值为 1C81，应为 1C80",
                    "the checksum is 1C81, it should be 1C80",
                ),
                len(octets) - 6,
                4,
            ),
        ),
    )
