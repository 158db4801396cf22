# SPDX-License-Identifier: Apache-2.0
"""Examples: drawn and shrunk by Hypothesis, noted, and fed again from the record.

Hypothesis decides what to try next; this module decides what counts.  The first key
that fails is the fault that is shrunk; other keys met on the way are ignored.  Trying
smaller examples costs exchanges with a real implementation, so it is bounded.  Judging
again never generates: the noted examples go through the same body.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from conformance.engine.values import from_plain, to_plain
from conformance.errors import SuiteError

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from conformance.engine.run import Failed, Run

__all__ = ["Model", "for_all", "sequences"]

_SHRINK_RUNS = 120
_SHRINK_NS = 30 * 1_000_000_000


class Model(Protocol):
    """A model of the implementation that is driven together with it."""

    def possible(self, name: str) -> bool:
        """Whether the rule makes sense in the state that the model is in."""
        ...

    def apply(self, name: str, argument: Any) -> None:
        """Do it to the implementation, expect what the model says, change state."""
        ...


def sequences(
    rules: Mapping[str, SearchStrategy[Any]], steps_max: int
) -> SearchStrategy[Any]:
    """Return sequences of ``[rule name, argument]``."""
    from hypothesis import strategies as st

    steps = [st.tuples(st.just(name), argument) for name, argument in rules.items()]
    return st.lists(st.one_of(steps), min_size=1, max_size=steps_max)


def for_all(
    run: Run,
    strategy: Any,
    body: Callable[[Any], None],
    *,
    budget: int,
    known: Any = None,
) -> None:
    """Raise ``Failed`` with the smallest example found, or return."""
    search = _Search(run, body)
    if run.journal.replaying:
        search.again()
    elif known is not None:
        search.try_once(known)
    else:
        made = strategy() if callable(strategy) else strategy
        search.live(made, budget)
    search.conclude()


class _Search:
    """One ``for_all``: what was tried and what is worst."""

    def __init__(self, run: Run, body: Callable[[Any], None]) -> None:
        self.run = run
        self.body = body
        self.worst: Failed | None = None
        self.counterexample: Any = None
        self.exchange: list[Any] = []
        self.step: str | None = None
        self.aborted: BaseException | None = None
        self._first_failure_ns = 0
        self._runs_since = 0

    def try_once(self, plain: Any) -> bool:
        """Try an example; return whether it shows the fault that is looked for."""
        from conformance.engine.run import Failed

        run = self.run
        run.journal.step("example", {}, lambda: {"value": plain, "at": run.now_ns})
        run.journal.trace.clear()
        run.examples += 1
        opened = len(run.channels)
        try:
            self.body(from_plain(plain))
        except Failed as failed:
            run.close_since(opened)
            if self.worst is not None and failed.key != self.worst.key:
                return False
            if self.worst is None:
                self._first_failure_ns = run.now_ns
            self.worst, self.counterexample = failed, plain
            self.exchange = list(run.journal.trace)
            self.step = run.step_name
            return True
        run.close_since(opened)
        return False

    def live(self, strategy: SearchStrategy[Any], budget: int) -> None:
        import hypothesis as h

        def attempt(value: Any) -> None:
            if self.aborted or self._is_spent():
                return
            try:
                shows = self.try_once(to_plain(value))
            except BaseException as error:
                self.aborted = error
                raise
            if shows:
                raise _Shows

        settings = h.settings(
            max_examples=budget,
            database=None,
            deadline=None,
            phases=(h.Phase.generate, h.Phase.shrink),
            suppress_health_check=list(h.HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
            derandomize=False,
        )
        test = h.seed(self.run.seed)(settings(h.given(strategy)(attempt)))
        try:
            test()
        except _Shows:
            pass
        except h.errors.HypothesisException as error:
            # Flaky by our own doing: after the bounds, attempts pass unexecuted.
            if self.worst is None and self.aborted is None:
                raise SuiteError("engine.generator", reason=str(error)) from error
        except BaseException:
            if self.aborted is None:
                raise
        if self.aborted is not None:
            raise self.aborted

    def again(self) -> None:
        """Feed the noted examples to the body."""
        while (entry := self.run.journal.peek()) and entry["op"] == "example":
            self.try_once(entry["value"])

    def conclude(self) -> None:
        """Raise the smallest failure, as if only that had happened."""
        if self.worst is None:
            return
        self.run.counterexample = self.counterexample
        self.run.step_name = self.step
        self.run.journal.trace[:] = self.exchange
        raise self.worst

    def _is_spent(self) -> bool:
        if self.worst is None:
            return False
        self._runs_since += 1
        late = self.run.now_ns - self._first_failure_ns > _SHRINK_NS
        return late or self._runs_since > _SHRINK_RUNS


class _Shows(Exception):
    """The example shows the fault.  One type and one place: Hypothesis sees one bug."""
