# SPDX-License-Identifier: Apache-2.0
"""Rule of the declared elements: their values in range, as finely as declared."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.data.defects import Defect
from conformance.data.values import judge_series, judge_text
from conformance.engine.judge import Judge
from conformance.engine.registry import rule
from conformance.profile.model import Element
from conformance.protocols.hj212.dialogue import Dialogue, Message
from conformance.protocols.hj212.elements import codes_of, values_of
from conformance.text import Text

__all__: list[str] = []


@rule("hj212.values_conform", actors=("device",))
def values_conform(judge: Judge, dialogue: Dialogue) -> None:
    """Values of declared elements lie in their range, as finely as declared."""
    codes = codes_of(judge.snapshot)
    series: dict[str, list[str]] = {}
    last: dict[str, Message] = {}
    for message in dialogue.messages:
        if message.sender != judge.iut:
            continue
        for element, item in values_of(message.segment, codes):
            found = judge_text(element, item.value, binding="hj212", keeps_zeros=False)
            series.setdefault(element.key, []).append(item.value)
            last[element.key] = message
            _conforms(judge, element, found, item.name, message)
    for element in codes.values():
        texts = series.get(element.key, [])
        found = judge_series(element, texts, binding="hj212")
        if found:
            _conforms(judge, element, found, element.key, last[element.key])


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
