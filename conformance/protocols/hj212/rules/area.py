# SPDX-License-Identifier: Apache-2.0
"""Rules of what a data area has too much of: blanks, and a separator at its end.

A receiver passes over both (see ``checks.platform``), a sender leaves them out.

Source: HJ 212-2017, 6.3.3.1.
"""

from __future__ import annotations

from conformance.engine.judge import Judge
from conformance.protocols.hj212.dialogue import Dialogue
from conformance.protocols.hj212.rules.common import (
    DEVICE,
    RIGHT,
    grammar,
    messages_of,
    rule,
)
from conformance.text import Text

__all__: list[str] = []

_ODD = {"blanks": "SEG-044", "trailing_separator": "SEG-045"}


@rule("hj212.odd_area", actors=DEVICE, params={"oddity": {"enum": list(_ODD)}})
def odd_area(judge: Judge, dialogue: Dialogue, *, oddity: str) -> None:
    """No blanks beside names and separators, or no separator before the closing &&.

    Whether a device takes them from its platform is not tried: platforms write so too
    rarely.
    """
    look = grammar(_ODD[oddity])
    for message in messages_of(judge, dialogue):
        if not message.segment.items:
            continue
        said = look(judge, message)
        judge.expect(
            said is True,
            oddity,
            expected=Text(
                "数据区中没有多余的空格和分隔符", "no blank or separator too many"
            ),
            actual=said if isinstance(said, Text) else RIGHT,
            at=message,
        )
