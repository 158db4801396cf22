# SPDX-License-Identifier: Apache-2.0
"""A run as it happens: a live line on a terminal, plain lines elsewhere.

Shows done and total, time left, counts per verdict and the current requirement.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

from conformance.engine.execution import Event
from conformance.engine.verdicts import Verdict
from conformance.errors import SuiteError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["VERDICT_WORDS", "show_progress"]

VERDICT_WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "error": "套件出错",
        "fail": "不符合",
        "inconclusive": "无法判定",
        "warn": "告警",
        "pass": "符合",
        "not-tested": "未测",
        "not-applicable": "不适用",
    },
    "en": {v: v for v in Verdict},
}

_QUIET = (Verdict.PASS, Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE)


@contextmanager
def show_progress(
    total: int, language: str, out: TextIO
) -> Iterator[Callable[[Event], None]]:
    """Yield the function that an execution calls with its events."""
    if out.isatty():
        with _live(total, language, out) as on_event:
            yield _tolerant(on_event)
    else:
        yield _tolerant(_Plain(total, language, out))


def _tolerant(show: Callable[[Event], None]) -> Callable[[Event], None]:
    """A display that fails must not take the run with it."""

    def on_event(event: Event) -> None:
        with suppress(SuiteError, OSError, ValueError):
            show(event)

    return on_event


class _Plain:
    """One line per finished requirement."""

    def __init__(self, total: int, language: str, out: TextIO) -> None:
        self._total, self._words, self._out = total, VERDICT_WORDS[language], out
        self._done = 0

    def __call__(self, event: Event) -> None:
        if event.kind != "finished" or event.record is None:
            return
        self._done += 1
        if event.record.verdict in (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE):
            return
        width = len(str(self._total))
        print(
            f"[{self._done:>{width}}/{self._total}] {event.requirement} "
            f"{self._words[event.record.verdict]}",
            file=self._out,
            flush=True,
        )


@contextmanager
def _live(total: int, language: str, out: TextIO) -> Iterator[Callable[[Event], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(file=out)
    progress = Progress(
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[counts]}"),
        TextColumn("{task.description}", markup=False),
        console=console,
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=total, counts="")
        yield _Live(progress, task, language)


class _Live:
    """Feeds the live line; a verdict that needs attention also gets a line."""

    def __init__(self, progress: Progress, task: TaskID, language: str) -> None:
        self._progress, self._task = progress, task
        self._words = VERDICT_WORDS[language]
        self._counts: Counter[str] = Counter()
        self._running: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if event.kind == "started":
            self._running[event.requirement] = time.monotonic()
        elif event.record is not None:
            self._running.pop(event.requirement, None)
            self._counts[event.record.verdict] += 1
            if event.record.verdict not in _QUIET:
                word = self._words[event.record.verdict]
                self._progress.console.print(
                    f"{event.requirement} {word}", markup=False, highlight=False
                )
        counts = " ".join(f"{self._words[v]} {n}" for v, n in self._counts.items())
        self._progress.update(
            self._task,
            completed=sum(self._counts.values()),
            counts=counts,
            description=min(self._running, key=self._running.__getitem__, default=""),
        )
