# SPDX-License-Identifier: Apache-2.0
"""An exchange as two lifelines with an arrow for each message.

Turns the messages of a record, each with what its protocol calls it, into one picture.
Distances are not to scale: the times stand beside the arrows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report.drawing import line, number, picture, words
from conformance.report.markup import Markup, tag
from conformance.report.words import SENDERS
from conformance.text import Text

__all__ = ["Arrow", "sequence"]

_WIDTH, _LEFT, _RIGHT = 640.0, 150.0, 560.0
_TOP, _ROW, _HEAD = 30.0, 34.0, 6.0
_TITLE_CHARS = 46


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message: who sent it, when, what it is, and whether it breaks a rule."""

    is_from_iut: bool
    time: str
    title: Text
    is_broken: bool


def sequence(arrows: Sequence[Arrow], other: str) -> Markup:
    """Return the picture; ``other`` is who the other side is, ``suite`` or ``peer``."""
    bottom = _TOP + _ROW * len(arrows) + 10
    heads = [
        *_lifeline(_LEFT, SENDERS.get(other, SENDERS["suite"]), bottom),
        *_lifeline(_RIGHT, SENDERS["iut"], bottom),
    ]
    drawn = [m for n, arrow in enumerate(arrows) for m in _arrow(n, arrow)]
    label = Text("报文时序", "Sequence of messages")
    return tag(
        "div",
        picture(_WIDTH, bottom + 2, label, *heads, *drawn),
        class_="sequence",
    )


def _lifeline(x: float, name: Text, bottom: float) -> list[Markup]:
    return [
        words(x, 14, name, "party", anchor="middle"),
        line(x, 20, x, bottom, "lifeline"),
    ]


def _arrow(index: int, arrow: Arrow) -> list[Markup]:
    y = _TOP + _ROW * index + 20
    start, end = (_RIGHT, _LEFT) if arrow.is_from_iut else (_LEFT, _RIGHT)
    back = _HEAD if arrow.is_from_iut else -_HEAD
    tone = "broken" if arrow.is_broken else "sound"
    tip = f"{number(end)},{number(y)} {number(end + back * 1.5)},{number(y - 4)}"
    mark = " ✕" if arrow.is_broken else ""
    title = Text(*(_cut(arrow.title[lang]) + mark for lang in ("zh", "en")))
    return [
        words((_LEFT + _RIGHT) / 2, y - 6, title, f"message {tone}", anchor="middle"),
        line(start, y, end + back, y, f"arrow {tone}"),
        tag(
            "polygon",
            points=f"{tip} {number(end + back * 1.5)},{number(y + 4)}",
            class_=f"tip {tone}",
        ),
        words(_LEFT - 12, y + 4, arrow.time, "tick", anchor="end"),
    ]


def _cut(text: str) -> str:
    return text if len(text) <= _TITLE_CHARS else text[: _TITLE_CHARS - 1] + "…"
