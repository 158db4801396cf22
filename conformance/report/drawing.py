# SPDX-License-Identifier: Apache-2.0
"""Pictures as inline SVG, drawn without a library and seen without a script.

Turns numbers into elements whose colours come from the style sheet by class, because
the page's policy forbids styles of their own.  Knows scales, ticks and words in both
languages; knows nothing of runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.report.markup import Child, Markup, join, shown, tag
from conformance.text import Text

__all__ = [
    "Scale",
    "figure",
    "line",
    "number",
    "path",
    "picture",
    "rect",
    "seconds_ticks",
    "ticks",
    "words",
]

_CHUNK = 100
"""Points of one polyline; the attributes of a page have a limit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From a range of values to a range of positions."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        share = (value - self.low) / span if span else 0.5
        return self.start + share * (self.end - self.start)


def number(value: float) -> str:
    """Return a position, short."""
    return f"{value:.1f}".rstrip("0").rstrip(".")


def picture(width: float, height: float, label: Text, *children: Child) -> Markup:
    """Return an SVG that grows with the page; ``label`` is read aloud."""
    return tag(
        "svg",
        *children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        aria_label=f"{label.zh} / {label.en}",
    )


def figure(caption: Text, drawn: Markup, *more: Child, class_: str = "") -> Markup:
    """Return a picture under its caption."""
    title = tag("figcaption", caption)
    return tag("figure", title, drawn, *more, class_=class_ or None)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    return tag(
        "line",
        x1=number(x1),
        y1=number(y1),
        x2=number(x2),
        y2=number(y2),
        class_=class_,
    )


def rect(
    x: float, y: float, width: float, height: float, class_: str, title: Child = None
) -> Markup:
    """Return a rectangle; a pointer at it sees the title."""
    return tag(
        "rect",
        tag("title", title) if title else None,
        x=number(x),
        y=number(y),
        width=number(max(width, 0)),
        height=number(max(height, 0)),
        class_=class_,
    )


def words(
    x: float, y: float, text: Text | str, class_: str = "", *, anchor: str = "start"
) -> Markup:
    """Return text, one element a language, because a span has no place here."""
    pair = Text(text, text) if isinstance(text, str) else text
    place = {"x": number(x), "y": number(y), "text_anchor": anchor}
    if pair["zh"] == pair["en"]:
        return tag("text", shown(pair["zh"]), class_=class_ or None, **place)
    return join(
        tag("text", shown(pair[lang]), lang=lang, class_=class_ or None, **place)
        for lang in ("zh", "en")
    )


def path(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    """Return a line through points, in as many pieces as it takes."""
    starts = range(0, max(len(points) - 1, 0), _CHUNK)
    return join(
        tag(
            "polyline",
            points=" ".join(
                f"{number(x)},{number(y)}" for x, y in points[at : at + _CHUNK + 1]
            ),
            class_=class_,
        )
        for at in starts
    )


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers between two others, about ``count`` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span):
        return [low]
    raw = span / count
    base = 10.0 ** math.floor(math.log10(raw))
    step = next(base * m for m in (1, 2, 5, 10) if base * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


_STEPS_S = (
    *(m * 10.0**e for e in range(-6, 2) for m in (1, 2, 5)),
    *(60.0 * m for m in (1, 2, 5, 10, 20, 30)),
    *(3600.0 * h for h in (1, 2, 3, 6, 12, 24, 48, 96)),
)


def seconds_ticks(span: float, count: int = 6) -> list[tuple[float, str]]:
    """Return marks on a time axis from 0: seconds, and what to write there."""
    steps = [s for s in _STEPS_S if s * count >= span]
    step = min(steps, default=86400.0 * math.ceil(span / 86400 / count))
    marks = [n * step for n in range(int(span / step + 1e-9) + 1)]
    return [(mark, _clock(mark, step)) for mark in marks]


def _clock(seconds: float, step: float) -> str:
    if step >= 3600:
        return f"{seconds / 3600:.0f} h"
    if step >= 60:
        return f"{seconds / 60:.0f} min"
    digits = max(0, -math.floor(math.log10(step)))
    if step < 0.01:
        return f"{seconds * 1000:.{max(0, digits - 3)}f} ms"
    return f"{seconds:.{digits}f} s"
