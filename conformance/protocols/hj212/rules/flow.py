# SPDX-License-Identifier: Apache-2.0
"""Rules of HJ 212 over more than one packet: parts of a set, QNs, versions of answers.

Source: HJ 212-2017, 6.3.2 table 3 (QN, PNUM, PNO, Flag), 6.2.1 (resends) and C.47 to
C.50 (divided data).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.engine.judge import Judge
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.machine import kinds_of
from conformance.protocols.hj212.packets import ANSWERS
from conformance.protocols.hj212.rules.common import (
    DEVICE,
    PLATFORM,
    RIGHT,
    actor_of,
    messages_of,
    rule,
)
from conformance.text import Text

__all__ = ["own_packets"]


# Parts


@dataclass(slots=True)
class _Set:
    """Parts that belong together, in the order in which they came."""

    cn: str
    pnum: int
    parts: list[Message] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [part.segment.pno or 0 for part in self.parts]


def _sets(judge: Judge, dialogue: Dialogue) -> Iterator[_Set]:
    """Yield the sets of parts; a resend is no new part.

    A set ends when it has as many parts as it said, or where numbering starts anew.
    """
    current: dict[str, _Set] = {}
    for message in messages_of(judge, dialogue):
        segment = message.segment
        cn, pnum, pno = segment.cn or "", segment.pnum, segment.pno
        if not pnum or pnum < 2 or not pno:
            continue
        found = current.get(cn)
        if found and any(part.octets == message.octets for part in found.parts):
            continue
        if found is None or (pno == 1 and 1 in found.numbers):
            if found is not None:
                yield found
            found = current[cn] = _Set(cn, pnum)
        found.parts.append(message)
        if len(found.parts) >= found.pnum:
            yield current.pop(cn)
    yield from current.values()


def _numbers(parts: _Set) -> Text:
    text = " ".join(f"{p.segment.pno}/{p.segment.pnum}" for p in parts.parts)
    return Text(f"CN={parts.cn}：{text}", f"CN={parts.cn}: {text}")


@rule("hj212.parts_in_order", actors=DEVICE, of_content=True)
def parts_in_order(judge: Judge, dialogue: Dialogue) -> None:
    """Parts come in the order of PNO and each repeats DataTime."""
    for found in _sets(judge, dialogue):
        numbers = found.numbers
        judge.expect(
            numbers == sorted(numbers),
            "part-order",
            expected=Text("PNO 依次递增", "PNO in rising order"),
            actual=_numbers(found),
            at=found.parts[-1],
        )
        labels = {_label(part) for part in found.parts}
        judge.expect(
            len(labels) == 1 and None not in labels,
            "part-data-time",
            expected=Text("各分包 DataTime 相同", "the same DataTime in each part"),
            actual=" ".join(map(str, sorted(map(str, labels)))),
            at=found.parts[-1],
        )


def _label(message: Message) -> str | None:
    item = message.segment.item("DataTime")
    return item.value if item else None


@rule("hj212.parts_agree", actors=DEVICE)
def parts_agree(judge: Judge, dialogue: Dialogue) -> None:
    """All parts of a set state the same PNUM, and no PNO twice."""
    for found in _sets(judge, dialogue):
        totals = {part.segment.pnum for part in found.parts}
        judge.expect(
            len(totals) == 1 and len(set(found.numbers)) == len(found.parts),
            "part-numbers",
            expected=Text("PNUM 相同，PNO 互不重复", "one PNUM, each PNO once"),
            actual=_numbers(found),
            at=found.parts[-1],
        )


@rule("hj212.parts_marked", actors=DEVICE)
def parts_marked(judge: Judge, dialogue: Dialogue) -> None:
    """Parts have the packet number bit set in Flag."""
    for found in _sets(judge, dialogue):
        for part in found.parts:
            flag = part.segment.flag
            judge.expect(
                flag is not None and flag.has_packet_number,
                "part-flag",
                expected=Text("Flag 的包号位为 1", "the packet number bit of Flag"),
                actual=Text(
                    f"Flag={part.segment.text('Flag')}",
                    f"Flag={part.segment.text('Flag')}",
                ),
                at=part,
            )


@rule("hj212.parts_whole_factors", actors=DEVICE, of_content=True)
def parts_whole_factors(judge: Judge, dialogue: Dialogue) -> None:
    """A cut falls between factors, not inside one."""
    for found in _sets(judge, dialogue):
        seen: set[str] = set()
        for part in found.parts:
            stems = {
                item.name.rpartition("-")[0]
                for item in part.segment.items
                if "-" in item.name
            }
            torn = sorted(stems & seen)
            judge.expect(
                not torn,
                "torn-factor",
                expected=Text("因子在一个分包内", "each factor in one part"),
                actual=Text("、".join(torn), ", ".join(torn)) if torn else RIGHT,
                at=part,
            )
            seen |= stems


@rule("hj212.parts_without_answers", actors=PLATFORM)
def parts_without_answers(judge: Judge, dialogue: Dialogue) -> None:
    """Parts that want no answer get no 9014."""
    unwanted: dict[str, Message] = {}
    answers: dict[str, Message] = {}
    for message in dialogue.messages:
        segment = message.segment
        qn = segment.qn or ""
        if message.sender == judge.iut:
            if segment.cn == "9014":
                answers.setdefault(qn, message)
        elif (
            (segment.pnum or 0) > 1 and segment.flag and not segment.flag.answer_wanted
        ):
            unwanted[qn] = message
    for qn, part in unwanted.items():
        answer = answers.get(qn)
        judge.expect(
            answer is None,
            "part-answered",
            expected=Text("不应答", "no answer"),
            actual=f"CN={answer.segment.cn}" if answer else RIGHT,
            at=answer or part,
        )


# QNs and versions


def own_packets(judge: Judge, dialogue: Dialogue) -> Iterator[Message]:
    """Yield what the implementation started, resends too: no answers, no data that
    bear the QN of a request."""
    asked: set[str | None] = set()
    for message in dialogue.messages:
        if message.sender != judge.iut:
            if message.segment.cn not in ANSWERS:
                asked.add(message.segment.qn)
            continue
        kinds = kinds_of(message.segment, actor_of(judge))
        if kinds - {Kind.ANSWER} and message.segment.qn not in asked:
            yield message


@rule("hj212.one_qn_per_exchange")
def one_qn_per_exchange(judge: Judge, dialogue: Dialogue) -> None:
    """A QN is used for one exchange; the same packet again is a resend.

    QNs are times: a clock that was set back (1012) may come by the same one again.
    """
    set_at = [m.at_ns for m in dialogue.messages if m.segment.cn == "1012"]
    first: dict[tuple[str, int], Message] = {}
    for message in own_packets(judge, dialogue):
        qn = message.segment.qn
        if not qn:
            continue
        era = bisect_right(set_at, message.at_ns)
        known = first.setdefault((qn, era), message)
        if known is not message and known.octets == message.octets:
            continue
        judge.expect(
            known is message,
            "qn-again",
            expected=Text("每次交互有自己的 QN", "each exchange its own QN"),
            actual=Text(
                f"CN={known.segment.cn} 与 CN={message.segment.cn} 的 QN 都是 {qn}",
                f"CN={known.segment.cn} and CN={message.segment.cn} have QN {qn}",
            ),
            at=message,
        )


@rule("hj212.answers_keep_version")
def answers_keep_version(judge: Judge, dialogue: Dialogue) -> None:
    """Answers have the version bits of the packet that they answer."""
    asked: dict[str, int] = {}
    for message in dialogue.messages:
        segment = message.segment
        if segment.flag is None or not segment.qn:
            continue
        if message.sender != judge.iut:
            if segment.flag.edition is not None:  # else: no version to answer in
                asked[segment.qn] = segment.flag.version
        elif segment.cn in ANSWERS and segment.qn in asked:
            wanted, seen = asked[segment.qn], segment.flag.version
            judge.expect(
                seen == wanted,
                "answer-version",
                expected=Text(f"版本位为 {wanted}", f"version bits {wanted}"),
                actual=Text(f"版本位为 {seen}", f"version bits {seen}"),
                at=message,
            )
