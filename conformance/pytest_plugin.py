# SPDX-License-Identifier: Apache-2.0
"""``pytest station.iut.yaml``: a declaration's requirements as pytest items.

Thin on purpose: the items that pytest selects become the plan of an ordinary run, the
engine's scheduler carries it out in a thread of its own, and each item waits for its
record.  The results folder is the same as after ``luheng run``.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.engine.result import Record
    from conformance.evidence.session import Session
    from conformance.iut.selection import Item

__all__: list[str] = []

_SUFFIX = ".iut.yaml"
_STOP_WAIT_S = 30.0


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("luheng", "conformance of a declared implementation")
    group.addoption("--iut-depth", default="standard", help="smoke|standard|thorough")
    group.addoption("--iut-jobs", type=int, default=4, help="checks at the same time")
    group.addoption("--iut-out", type=Path, default=None, help="folder of the run")


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> DeclarationFile | None:
    if not file_path.name.endswith(_SUFFIX):
        return None
    # A folder may hold declarations of many vendors; only a named file is tested.
    asked = {Path(a.split("::")[0]).resolve() for a in parent.config.args}
    if file_path.resolve() not in asked:
        return None
    return DeclarationFile.from_parent(parent, path=file_path)


class DeclarationFile(pytest.File):
    """One declaration; its items share one run."""

    run: _Run | None = None

    def collect(self) -> Iterator[RequirementItem]:
        from conformance.errors import InputError
        from conformance.iut.declaration import load_declaration
        from conformance.iut.review import refuse, review
        from conformance.iut.selection import plan
        from conformance.profile.corpus import default_corpus

        try:
            declaration = load_declaration(self.path)
            snapshot = default_corpus().resolve(declaration.profile_ref)
            refuse(review(declaration, snapshot), declaration)
            items = plan(snapshot, declaration).items
        except InputError as error:
            raise self.CollectError(str(error)) from None
        for item in items:
            name = item.requirement.id
            yield RequirementItem.from_parent(self, name=name, planned=item)


class RequirementItem(pytest.Item):
    """One requirement."""

    def __init__(self, *, planned: Item, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planned = planned

    def runtest(self) -> None:
        file = self.parent
        assert isinstance(file, DeclarationFile)
        if file.run is None:
            file.run = _Run(file, self.session.items)
        record = file.run.record(self.name)
        for key in ("verdict", "cause", "check", "level"):
            self.user_properties.append((key, str(getattr(record, key) or "")))
        _tell(record)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        if isinstance(excinfo.value, _NotPassed):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


class _NotPassed(Exception):
    """The verdict of an item that pytest shows as failed."""


def _tell(record: Record) -> None:
    """Turn a verdict into what pytest knows."""
    from conformance.engine.verdicts import Verdict

    if record.verdict in (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE):
        pytest.skip(str(record.verdict))
    if record.verdict is Verdict.PASS:
        return
    parts = [f"{record.requirement}: {record.verdict}"]
    parts += [f"cause: {record.cause}"] if record.cause else []
    for name in ("step", "expected", "actual", "reason"):
        if value := getattr(record, name):
            said = value.get("en", value) if isinstance(value, dict) else value
            parts.append(f"{name}: {said}")
    text = "\n  ".join(parts)
    if record.verdict is Verdict.WARN:
        import warnings

        warnings.warn(pytest.PytestWarning(text), stacklevel=1)
        return
    raise _NotPassed(text)


class _Run:
    """The run behind the items of one file."""

    def __init__(self, file: DeclarationFile, selected: list[pytest.Item]) -> None:
        from conformance.evidence.session import Options, prepare
        from conformance.iut.selection import plan

        chosen = [item.name for item in selected if item.parent is file]
        config = file.config
        options = Options(
            depth=config.getoption("--iut-depth"),
            jobs=config.getoption("--iut-jobs"),
            folder=config.getoption("--iut-out"),
        )
        session: Session = prepare(file.path, options)
        if len(chosen) < len(session.plan.items):
            session.plan = plan(
                session.setup.snapshot, session.setup.declaration, only=chosen
            )
            session.options = Options(
                depth=options.depth, jobs=options.jobs, only=tuple(chosen)
            )
        session.begin()
        self.session = session
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._execute, name="luheng-run")
        self.thread.daemon = True
        self.thread.start()
        file.config.add_cleanup(self.close)

    def _execute(self) -> None:
        try:
            result = self.session.execute()
        except BaseException as error:  # noqa: BLE001 - handed to the waiting items
            self.error = error
            execution = self.session.execution
            for future in execution.futures.values() if execution else ():
                future.cancel()
            return
        from conformance.report import write_all

        write_all(result, self.session.bundle.folder, language="en", explain=None)

    def record(self, name: str) -> Record:
        """Return a requirement's record, waiting for it."""
        from concurrent.futures import CancelledError

        assert self.session.execution is not None
        try:
            return self.session.execution.futures[name].result()
        except CancelledError:
            raise self.error or _NotPassed(f"{name}: the run was stopped") from None

    def close(self) -> None:
        """Stop what still runs and close the results."""
        execution = self.session.execution
        if execution and not all(f.done() for f in execution.futures.values()):
            execution.stop.set()
        self.thread.join(_STOP_WAIT_S)
