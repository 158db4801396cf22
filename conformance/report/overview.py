# SPDX-License-Identifier: Apache-2.0
"""What a run says as a whole, read from its footer; never judged here.

A run without an end, without records, or whose footer does not follow from its records
is shown as that.  ``certificate`` is the footer's own word, held against the state of
the profile: a trial leads to no certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from conformance.engine.result import Footer, RunResult
from conformance.engine.verdicts import Verdict
from conformance.report.standing import Follow, follows, in_order
from conformance.report.words import PARTIAL, STATES, named
from conformance.text import Text

__all__ = ["HEADLINES", "Overview", "State", "overview"]

State = Literal[
    "conformant",
    "not-conformant",
    "inconclusive",
    "suite-error",
    "partial",
    "empty",
    "unfinished",
    "inconsistent",
]

HEADLINES: Mapping[State, Text] = {
    "conformant": Text("符合", "Conformant"),
    "not-conformant": Text("不符合", "Not conformant"),
    "inconclusive": Text("无法判定", "Inconclusive"),
    "suite-error": Text("测试套件出错，未得出结论", "No result: the suite failed"),
    "partial": Text("仅部分测试，不作结论", "Partial run: no conclusion"),
    "empty": Text("没有任何判定", "Nothing was judged"),
    "unfinished": Text("运行未完成，不作结论", "Unfinished run: no conclusion"),
    "inconsistent": Text(
        "结果文件前后矛盾，不可采信", "The results contradict themselves"
    ),
}
_REASONS: Mapping[State, Text] = {
    "empty": Text("没有任何判定", "nothing was judged"),
    "unfinished": Text("运行没有结束", "the run did not come to its end"),
    "inconsistent": Text("结果文件前后矛盾", "the results contradict themselves"),
}
_NO_CERTIFICATE = ("draft", "review", "trial", "withdrawn")


@dataclass(frozen=True, slots=True)
class Overview:
    """The facts that every report opens with."""

    state: State
    totals: dict[Verdict, int]
    """Counted from the records, every verdict named."""
    judged: int
    applicable: int
    requirements: int | None
    """How many the profile has, when that is known."""
    blocking: tuple[str, ...]
    """What stands against a certificate: failures, errors, then the inconclusive."""
    follows: tuple[Follow, ...]
    """Parts of ``blocking`` that have one cause."""
    certificate: bool
    obstacles: tuple[Text, ...]
    """Why there can be no certificate; empty when there can be one."""

    @property
    def headline(self) -> Text:
        return HEADLINES[self.state]

    @property
    def single(self) -> list[str]:
        """What blocks on its own account."""
        together = {name for follow in self.follows for name in follow.names}
        return [name for name in self.blocking if name not in together]


def overview(result: RunResult) -> Overview:
    """Return the facts of the run as a whole."""
    footer, records = result.footer, result.records
    again = Footer.of(
        records,
        requirements=footer.requirements if footer else len(records),
        partial_reason=footer.partial_reason if footer else None,
        end=footer.end if footer else None,
        duration_s=footer.duration_s if footer else 0.0,
        evidence=footer.evidence if footer else None,
    )
    state = _state(result, again)
    totals = {v: again.totals[str(v)] for v in Verdict}
    obstacles = tuple(_obstacles(result, state, again))
    return Overview(
        state=state,
        totals=totals,
        judged=totals[Verdict.PASS] + totals[Verdict.WARN] + totals[Verdict.FAIL],
        applicable=len(records) - totals[Verdict.NOT_APPLICABLE],
        requirements=_requirements(result),
        blocking=tuple(r.requirement for r in in_order(records)),
        follows=tuple(follows(records)),
        certificate=bool(footer and footer.eligible) and not obstacles,
        obstacles=obstacles,
    )


def _state(result: RunResult, again: Footer) -> State:
    footer = result.footer
    if footer is None:
        return "unfinished"
    if footer != again or _is_short(result):
        return "inconsistent"
    if footer.verdict is Verdict.FAIL:
        return "not-conformant"
    if footer.verdict is Verdict.ERROR:
        return "suite-error"
    if not result.records:
        return "empty"
    if footer.partial:
        return "partial"
    if footer.verdict is Verdict.INCONCLUSIVE:
        return "inconclusive"
    return "conformant"


def _is_short(result: RunResult) -> bool:
    """Whether a run that calls itself whole lacks a record, or has one too many."""
    footer = result.footer
    assert footer is not None
    names = [r.requirement for r in result.records]
    if len(set(names)) != len(names) or len(names) > footer.requirements:
        return True
    return len(names) < footer.requirements and not footer.partial


def _requirements(result: RunResult) -> int | None:
    if result.footer is not None:
        return result.footer.requirements
    found = getattr(result.snapshot, "requirements", None)
    return len(found) if found is not None else None


def _obstacles(result: RunResult, state: State, again: Footer) -> list[Text]:
    found = []
    footer = result.footer
    if state in ("unfinished", "inconsistent", "empty"):
        found.append(_REASONS[state])
    if again.blocking:
        found.append(_blocked(again.blocking))
    elif state == "inconclusive":
        found.append(Text("没有一条要求得到判定", "no requirement was judged"))
    if footer and footer.partial:
        found.append(named(PARTIAL, footer.partial_reason))
    profile_state = result.header.get("profile_state")
    if profile_state in _NO_CERTIFICATE:
        name = STATES[profile_state]
        found.append(
            Text(
                f"规范处于“{name.zh}”状态，不颁发证书",
                f"the profile is {_state_phrase(profile_state)}: no certificate",
            )
        )
    if result.header.get("profile_kind") == "abstract":
        found.append(Text("该规范只供继承", "the profile is only there to be extended"))
    if footer and not footer.eligible and not found:
        found.append(Text("结果不满足发证条件", "the result does not qualify"))
    return found


def _state_phrase(state: str) -> str:
    return {"draft": "a draft", "trial": "on trial"}.get(state, STATES[state].en)


def _blocked(blocking: list[str]) -> Text:
    count = len(blocking)
    noun = "requirement stands" if count == 1 else "requirements stand"
    return Text(f"有 {count} 条要求影响发证", f"{count} {noun} in the way")
