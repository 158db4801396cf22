# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C in a run: the first one ends it in good order, the second one at once.

In good order means: what is under way is dropped, what was judged is kept, the results
get their footer and the reports are written.  Without the first step an interrupt could
strike in the middle of a line of evidence.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from conformance.link.hooks import console_operator
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.evidence.session import Session

__all__ = ["Stopping"]

_STDERR = 2
_SIGNALS = ("SIGINT", "SIGTERM")


class Stopping:
    """A context in which the first interrupt stops the watched session softly."""

    def __init__(self, language: str) -> None:
        said = Text(
            "\n正在停止，已有结果会保留；再按一次 Ctrl-C 立即退出\n",
            "\nstopping; what was judged is kept; Ctrl-C once more leaves at once\n",
        )
        self._said = said[language]
        self._asked = threading.Event()
        self._session: Session | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        with suppress(ValueError):  # only the main thread may set handlers
            for number in (getattr(signal, name) for name in _SIGNALS):
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def watch(self, session: Session) -> None:
        """Stop this session, at once if an interrupt has come already."""
        self._session = session
        if self._asked.is_set():
            self._stop()

    def ask(self, question: str, timeout_s: float) -> str | None:
        """Be the operator on the terminal, until the time or the run is over."""
        return console_operator(question, timeout_s, self._asked)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._asked.is_set():
            raise KeyboardInterrupt
        self._asked.set()
        # print() is not safe here: the signal may have come in the middle of one.
        with suppress(OSError):
            os.write(_STDERR, self._said.encode(errors="replace"))
        self._stop()

    def _stop(self) -> None:
        if self._session is not None and self._session.execution is not None:
            self._session.execution.stop.set()
