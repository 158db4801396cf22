# SPDX-License-Identifier: Apache-2.0
"""What one record has to tell: the panel below its row.

Turns a record into markup: expected and actual, cause, the smallest counterexample,
the exchange message by message, and the command that shows it again.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from conformance.engine.result import Record
from conformance.engine.secrets import MASK
from conformance.engine.verdicts import Verdict
from conformance.protocols import frames, likely_cause
from conformance.protocols.explained import Explanation
from conformance.report.frames import fields_table, octets_block, unmasked
from conformance.report.markup import Child, Markup, both, join, shown, tag
from conformance.report.sequence import Arrow, sequence
from conformance.report.words import (
    CAUSES,
    SENDERS,
    VERDICTS,
    named,
    pretty,
    said,
)
from conformance.text import Text

__all__ = ["Explain", "moment", "panel"]

Explain = Callable[[str, bytes], Explanation | None]
"""From a protocol's folder name and octets to the frame taken apart."""

_OPEN = (Verdict.ERROR, Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.WARN)
_VALUE_CHARS = 4000
_FRAMES_SHOWN = 20


def panel(
    record: Record, explain: Explain | None, folder: str, *, follows: bool = False
) -> Markup | None:
    """Return the panel, or ``None`` when the record tells nothing beyond its row.

    ``follows`` says that its cause is told elsewhere, so it starts folded.
    """
    parts = [part for part in _parts(record, explain, folder) if part]
    if not parts:
        return None
    summary = Text("判定依据", "What was observed")
    is_open = record.verdict in _OPEN and not follows
    kind = "follows" if follows else "grave" if is_open else None
    return tag("details", tag("summary", summary), *parts, open=is_open, class_=kind)


def _parts(
    record: Record, explain: Explain | None, folder: str
) -> Iterator[Markup | None]:
    if record.expected is not None or record.actual is not None:
        yield _contrast(record)
    yield _facts(record)
    if cause := _likely(record):
        yield cause
    for remark in record.remarks:
        yield tag("p", Text("备注：", "Remark: "), said(remark), class_="remark")
    if record.counterexample is not None:
        text = pretty(record.counterexample)
        yield _section(
            Text("最小反例", "Smallest counterexample"),
            tag("pre", shown(text, limit=_VALUE_CHARS, lines=True)),
        )
    if record.exchange:
        title = Text("报文往来", "The exchange")
        if record.observations:
            title = Text("不符的报文", "Messages that contradict it")
        yield _section(title, _exchange(record, explain))
    if record.verdict in _OPEN and (record.key or record.expected):
        command = f"luheng replay {shlex.quote(folder)} {record.requirement}"
        yield _section(
            Text("重现", "See it again"), tag("pre", command, class_="command")
        )


def moment(value: str) -> Markup:
    """Return a point in time, to the second, in UTC."""
    at = _instant(value)
    if at is None:
        return tag("span", value)
    return tag("time", f"{at:%Y-%m-%d %H:%M:%S} UTC", datetime=value)


def _likely(record: Record) -> Markup | None:
    """Return where to look first, as experience with the check has it."""
    if record.verdict not in _OPEN or not (record.check and record.key):
        return None
    cause = likely_cause(record.check, record.key)
    if cause is None:
        return None
    title = tag("strong", Text("可能原因：", "Likely cause: "))
    return tag("p", title, cause, class_="likely")


def _section(title: Text, *children: Child) -> Markup:
    return tag("section", tag("h4", title), *children)


def _contrast(record: Record) -> Markup:
    """Return expected and actual side by side."""
    pair = [
        tag(
            "div",
            tag("dt", title),
            tag("dd", both(said(value), limit=_VALUE_CHARS, lines=True)),
            class_=kind,
        )
        for kind, title, value in (
            ("expected", Text("期望", "Expected"), record.expected),
            ("actual", Text("实际", "Actual"), record.actual),
        )
        if value is not None
    ]
    return tag("dl", *pair, class_="contrast")


def _facts(record: Record) -> Markup | None:
    rows = [(name, value) for name, value in _rows(record) if value]
    if not rows:
        return None
    pairs = (tag("div", tag("dt", name), tag("dd", value)) for name, value in rows)
    return tag("dl", *pairs, class_="facts")


def _rows(record: Record) -> Iterator[tuple[Text, Child]]:
    if record.verdict in (Verdict.ERROR, Verdict.INCONCLUSIVE):
        reason = said(record.reason)
        yield Text("原因", "Reason"), both(reason, lines=True)
    if record.cause:
        yield Text("问题出自", "Cause lies with"), named(CAUSES, record.cause)
    yield Text("判据", "Expectation"), _code(record.key)
    yield Text("步骤", "Step"), _code(record.step)
    yield Text("参数", "Parameters"), _params(record.params)
    yield Text("尝试", "Attempts"), _attempts(record)
    if record.examples:
        yield Text("生成示例", "Examples generated"), str(record.examples)
    if record.observations:
        yield Text("判定次数", "Observations judged"), str(record.observations)
    yield Text("证据", "Evidence"), _packets(record.packets)
    if record.start:
        yield Text("开始", "Started"), moment(record.start)
        yield Text("用时", "Took"), f"{record.duration_s:.3f} s"


def _code(value: str | None) -> Markup | None:
    return tag("code", value) if value else None


def _params(params: dict[str, Any]) -> Markup | None:
    if not params:
        return None
    text = "; ".join(f"{key} = {pretty(value)}" for key, value in params.items())
    return tag("code", shown(text, limit=600))


def _attempts(record: Record) -> Markup | None:
    """Return how often it was tried: a retry is never silent."""
    count = len(record.attempts)
    if count < 2:
        return None
    verdict = VERDICTS[record.verdict]
    head = Text(
        f"第 {count} 次尝试的结果：{verdict.zh}", f"{verdict.en} on attempt {count}"
    )
    items = (
        tag(
            "li",
            named(VERDICTS, attempt.get("verdict")),
            " ",
            tag("code", str(attempt["key"])) if attempt.get("key") else None,
        )
        for attempt in record.attempts
    )
    return join([tag("strong", head), tag("ol", *items)])


def _packets(packets: list[int]) -> Markup | None:
    if not packets:
        return None
    numbers = ", ".join(_runs(packets))
    return join(
        [
            both(Text(f"第 {numbers} 帧，见 ", f"frames {numbers} of ")),
            tag("code", "evidence/wire.pcapng"),
        ]
    )


def _runs(numbers: list[int]) -> Iterator[str]:
    """Yield ``3–7`` for numbers in a row."""
    start = last = numbers[0]
    for number in [*numbers[1:], None]:
        if number != last + 1:
            yield str(start) if start == last else f"{start}–{last}"
            start = number if number is not None else start
        last = number if number is not None else last


def _exchange(record: Record, explain: Explain | None) -> Markup:
    first = _instant(record.exchange[0].get("at"))
    protocol = (record.check or "").partition(".")[0]
    parts = (part for m in record.exchange for part in _parted(m, protocol))
    pairs = [(part, _look(part, protocol, explain)) for part in parts]
    drawn = _drawn(pairs, first, by_rule=record.observations > 0)
    items = (
        _message(message, explanation, first, unfolded=index == _telling(pairs))
        for index, (message, explanation) in enumerate(pairs)
    )
    return join([drawn, tag("ol", *items, class_="exchange")])


def _telling(pairs: list[tuple[dict[str, Any], Explanation | None]]) -> int:
    """Return the message whose fields are shown at once: a broken one, else the last.

    What a rule found is a list of equals, of which one is enough.
    """
    broken = (n for n, (_, e) in enumerate(pairs) if e and e.violations)
    return next(broken, len(pairs) - 1)


def _parted(message: dict[str, Any], protocol: str) -> list[dict[str, Any]]:
    """Return a message as its frames: a stream may bring several at once."""
    octets = _octets(message)
    if message.get("size", len(octets)) > len(octets):
        return [message]
    try:
        pieces = frames(protocol, octets)
    except Exception:  # noqa: BLE001 - octets are hostile; the report must be written
        return [message]
    if not 1 < len(pieces) <= _FRAMES_SHOWN:
        return [message]
    parts, base = [], 0
    for piece in pieces:
        part = {**message, "octets": piece.hex()}
        if "violations" in message:
            part["violations"] = [
                {**v, "at": v["at"] - base}
                for v in message["violations"]
                if base <= v["at"] < base + len(piece)
            ]
        parts.append(part)
        base += len(piece)
    return parts


def _look(
    message: dict[str, Any], protocol: str, explain: Explain | None
) -> Explanation | None:
    """Return a message taken apart; of a stump nothing can be said."""
    octets = _octets(message)
    if message.get("size", len(octets)) > len(octets):
        return None
    explanation = _explained(protocol, octets, explain)
    if explanation is None or "violations" not in message:
        return explanation
    return unmasked(explanation, message["violations"])


def _octets(message: dict[str, Any]) -> bytes:
    return bytes.fromhex(message.get("octets", ""))


def _drawn(
    pairs: list[tuple[dict[str, Any], Explanation | None]],
    first: datetime | None,
    *,
    by_rule: bool,
) -> Markup | None:
    """Return the exchange as a picture.

    What a rule found comes from all over the run and is no exchange.
    """
    if by_rule:
        return None
    arrows = [
        Arrow(
            is_from_iut=message.get("sender") == "iut",
            time=_offset(message.get("at"), first)[:20],
            title=_named(message, explanation),
            is_broken=bool(explanation and explanation.violations),
        )
        for message, explanation in pairs
    ]
    others = {str(m.get("sender")) for m, _ in pairs} - {"iut"}
    return sequence(arrows, "peer" if others == {"peer"} else "suite")


def _named(message: dict[str, Any], explanation: Explanation | None) -> Text:
    """Return what the protocol calls a message, or how long it is."""
    if explanation and (explanation.title.zh or explanation.title.en):
        return explanation.title
    octets = _octets(message)
    size = message.get("size", len(octets))
    return Text(f"{size} 个字节", f"{size} octets")


def _message(
    message: dict[str, Any],
    explanation: Explanation | None,
    first: datetime | None,
    *,
    unfolded: bool,
) -> Markup:
    octets = _octets(message)
    size = message.get("size", len(octets))
    sender = str(message.get("sender", ""))
    title = explanation.title if explanation else Text()
    head = [
        tag("strong", named(SENDERS, sender), class_="sender"),
        tag("span", title, class_="title") if title.zh or title.en else None,
        tag("span", _offset(message.get("at"), first), class_="time"),
        tag("span", Text(f"{size} 个字节", f"{size} octets"), class_="note"),
    ]
    if packets := message.get("packets"):
        numbers = ", ".join(_runs(packets))
        head.append(
            tag("span", Text(f"第 {numbers} 帧", f"frame {numbers}"), class_="note")
        )
    return tag(
        "li",
        tag("div", *head, class_="head"),
        octets_block(octets, explanation),
        _notes(message, octets, size),
        fields_table(explanation, unfolded=unfolded) if explanation else None,
        class_=f"from-{sender}" if sender in SENDERS else None,
    )


def _notes(message: dict[str, Any], octets: bytes, size: int) -> Markup | None:
    notes = []
    if size > len(octets):
        notes.append(
            Text(
                f"报文较长，此处只保存了前 {len(octets)} 个字节",
                f"a long message; only its first {len(octets)} octets are kept here",
            )
        )
    if "violations" in message:
        notes.append(
            Text(
                "机密内容以 * 遮盖；违反的规则按原始报文列出",
                "secrets are masked with *; broken rules are those of the true octets",
            )
        )
    elif MASK.encode() in octets:
        notes.append(
            Text(
                "机密内容以 * 遮盖，校验值和内容可能因此显得有误；判定依据原始报文",
                "secrets are masked with *, so checksum and content may look wrong "
                "here; the verdict rests on the true octets",
            )
        )
    return join(tag("p", note, class_="note") for note in notes) if notes else None


def _explained(
    protocol: str, octets: bytes, explain: Explain | None
) -> Explanation | None:
    """Return the frame taken apart; a frame nobody can explain is shown bare."""
    if explain is None or not octets:
        return None
    try:
        return explain(protocol, octets)
    except Exception:  # noqa: BLE001 - octets are hostile; the report must be written
        return None


def _instant(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _offset(value: Any, first: datetime | None) -> str:
    at = _instant(value)
    if at is None or first is None:
        return str(value or "")
    return f"{(at - first).total_seconds():+.6f} s"
