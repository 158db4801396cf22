# SPDX-License-Identifier: Apache-2.0
"""Rules of the declared elements: values in range, finely enough, and all of them.

Parts of one upload, and packets that bear the same DataTime, are one report.  What a
condition of the profile makes due is due where the ICS says yes; a capture comes
without answers, so there only what is always due is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conformance.data.defects import Defect, defect
from conformance.data.reporting import each_time
from conformance.data.values import Fineness, judge_text, presence_of
from conformance.engine.judge import Judge
from conformance.profile.model import Element
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.elements import codes_of, keys_of, values_of
from conformance.protocols.hj212.reports import STATISTICS, reports
from conformance.protocols.hj212.rules.common import rule
from conformance.text import Text

__all__: list[str] = []

_STREAMS_MAX = 10_000
"""Elements times stations whose resolution is looked at."""
_PROCESS = ("e", "g")
"""How codes of process data begin, which a station may send in packets of their own."""


@dataclass(slots=True)
class _Stream:
    """What all values of one element of a station show of its resolution."""

    element: Element
    fineness: Fineness
    last: Message
    label: str


_Streams = dict[tuple[str, str], _Stream]


@rule("hj212.values_conform", actors=("device",), of_content=True)
def values_conform(judge: Judge, dialogue: Dialogue) -> None:
    """Values of declared elements lie in their range, as finely as declared.

    Resolution shows in many values together, however often the station connects.
    """
    codes = codes_of(judge.snapshot)
    streams = judge.over_run(_Streams, lambda kept: _conclude(judge, kept))
    for message in dialogue.messages:
        if message.sender != judge.iut:
            continue
        for element, item in values_of(message.segment, codes):
            found = judge_text(element, item.value, binding="hj212", keeps_zeros=False)
            _conforms(judge, element, found, item.name, message)
            where = message.segment.mn or "", element.key
            if where not in streams and len(streams) < _STREAMS_MAX:
                fineness = Fineness(element, binding="hj212")
                streams[where] = _Stream(element, fineness, message, judge.label)
            if stream := streams.get(where):
                stream.fineness.add(item.value)
                stream.last, stream.label = message, judge.label


def _conclude(judge: Judge, streams: _Streams) -> None:
    for stream in streams.values():
        if found := stream.fineness.defects():
            judge.label = stream.label
            element = stream.element
            _conforms(judge, element, found, element.key, stream.last)


def _conforms(
    judge: Judge,
    element: Element,
    found: Sequence[Defect],
    name: str,
    message: Message,
) -> None:
    first = found[0] if found else None
    expected = first.expected if first else Text("符合", "as declared")
    actual = first.actual if first else Text("符合", "as declared")
    judge.expect(
        first is None,
        first.key if first else "data",
        expected=Text(
            f"{element.name['zh']}（{name}）：{expected.zh}",
            f"{element.name['en']} ({name}): {expected.en}",
        ),
        actual=actual,
        at=message,
    )


# Presence


@dataclass(slots=True)
class _Whole:
    """One report: all packets of a command with the same DataTime."""

    cn: str
    names: set[str] = field(default_factory=set)
    marked: set[str] = field(default_factory=set)
    """Codes with a mark other than N: reported as not measured."""
    parts: dict[int, int] = field(default_factory=dict)
    """Number of a part -> how many there are."""
    packets: int = 0
    last: Message | None = None

    def take(self, message: Message) -> None:
        segment = message.segment
        self.packets += 1
        self.last = message
        if segment.pnum and segment.pno:
            self.parts[segment.pno] = segment.pnum
        for item in segment.items:
            code, dash, key = item.name.rpartition("-")
            if dash and key == "Flag" and item.value != "N":
                self.marked.add(code)
            elif dash:
                self.names.add(item.name)

    @property
    def is_whole(self) -> bool:
        return not self.parts or len(self.parts) == max(self.parts.values())

    @property
    def is_process(self) -> bool:
        """Whether it holds process data and nothing else."""
        return bool(self.names) and all(n.startswith(_PROCESS) for n in self.names)


@rule(
    "hj212.elements_due",
    of_content=True,
    actors=("device",),
    params={
        "commands": {
            "type": "array",
            "items": {"enum": ["2011", *STATISTICS]},
            "minItems": 1,
            "uniqueItems": True,
            "default": ["2011"],
        }
    },
)
def elements_due(
    judge: Judge, dialogue: Dialogue, *, commands: Sequence[str] = ("2011",)
) -> None:
    """A report holds every element that is due in it.

    Due is what the command carries of the element, so a level that only statistics
    have is not missed in real-time data, nor in each report what is due less often.
    An element whose mark says that it was not measured has been reported.
    """
    due = _due(judge)
    for whole in _wholes(judge, dialogue, commands):
        missing = [
            (start, element)
            for start, element in due.items()
            if not _holds(whole, start, keys_of(start, whole.cn))
        ]
        found = tuple(
            defect("data.missing", (element.key,), field=start.rstrip("-"))
            for start, element in missing[:1]
        )
        names = Text(
            "、".join(element.name["zh"] for _, element in missing) or "全部应报",
            ", ".join(element.name["en"] for _, element in missing)
            or "all that is due",
        )
        said = found[0].actual if found else Text("符合", "as declared")
        judge.expect(
            not missing,
            "data.missing",
            expected=Text(
                f"CN={whole.cn} 含全部应报数据元", f"CN={whole.cn} with all that is due"
            ),
            actual=Text(f"{names.zh}：{said.zh}", f"{names.en}: {said.en}"),
            at=whole.last,
        )


def _due(judge: Judge) -> dict[str, Element]:
    """Return the elements that are due in each report, by how their items begin."""
    answers = judge.ics()
    needed = {
        element.key
        for element in each_time(judge.snapshot.elements)
        if presence_of(element, answers) == "mandatory"
    }
    return {
        start: element
        for start, element in codes_of(judge.snapshot).items()
        if element.key in needed
    }


def _holds(whole: _Whole, start: str, keys: Sequence[str]) -> bool:
    code = start.rpartition("-")[0]
    return (
        not keys
        or code in whole.marked
        or any(f"{start}{key}" in whole.names for key in keys)
    )


def _wholes(
    judge: Judge, dialogue: Dialogue, commands: Sequence[str]
) -> Iterator[_Whole]:
    """Yield the reports that are whole, process data apart."""
    found: dict[tuple[str, datetime], _Whole] = {}
    for report in reports(dialogue, judge.iut):
        if report.cn in commands and report.label:
            where = report.cn, report.label
            found.setdefault(where, _Whole(report.cn)).take(report.message)
    yield from (
        whole
        for whole in found.values()
        if whole.is_whole and not whole.is_process and not _is_cut(whole, found)
    )


def _is_cut(whole: _Whole, others: Mapping[tuple[str, datetime], _Whole]) -> bool:
    """Whether the connection may have ended between packets of the last report."""
    mine = [other for other in others.values() if other.cn == whole.cn]
    usual = max((other.packets for other in mine), default=1)
    return whole is mine[-1] and not whole.parts and whole.packets < usual
