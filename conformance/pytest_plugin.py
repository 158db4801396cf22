# SPDX-License-Identifier: Apache-2.0
"""``pytest station.iut.yaml``: a declaration's requirements as pytest items.

Thin on purpose: the items that pytest selects become the plan of an ordinary run, the
engine's scheduler carries it out in a thread of its own, and each item waits for its
record.  The results folder is the same as after ``luheng run``.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conformance.engine.result import Record, RunResult
    from conformance.errors import ConformanceError
    from conformance.evidence.session import Session
    from conformance.iut.selection import Item
    from conformance.profile.model import Snapshot

__all__: list[str] = []

_SUFFIX = ".iut.yaml"
_STOP_WAIT_S = 30.0
_SLICE_S = 0.2
_RUNS = pytest.StashKey[list["_Run"]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("luheng", "conformance of a declared implementation")
    group.addoption(
        "--iut-depth", choices=("smoke", "standard", "thorough"), default="standard"
    )
    group.addoption("--iut-jobs", type=int, default=4, help="checks at the same time")
    group.addoption("--iut-seed", type=int, help="seed of the generated examples")
    group.addoption("--iut-profile", help="the profile: a reference or a draft's file")
    group.addoption("--iut-out", type=Path, help="folder of the run, a new one")


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
    size = 0
    """How many requirements there are before anything is deselected."""

    def collect(self) -> Iterator[RequirementItem]:
        from conformance.errors import ConformanceError, UsageError
        from conformance.iut.declaration import load_declaration
        from conformance.iut.review import refuse, review
        from conformance.iut.selection import plan

        try:
            if hasattr(self.config, "workerinput"):  # pytest-xdist's mark of a worker
                raise UsageError("cli.in-parts", file=self.path.name)
            declaration = load_declaration(self.path)
            self.snapshot = self._profile(declaration.profile_ref)
            refuse(review(declaration, self.snapshot), declaration)
            items = plan(self.snapshot, declaration).items
        except ConformanceError as error:
            raise self.CollectError(_sentence(error)) from None
        self.size = len(items)
        for item in items:
            name = item.requirement.id
            yield RequirementItem.from_parent(self, name=name, planned=item)

    def _profile(self, declared: str) -> Snapshot:
        from conformance.profile.corpus import default_corpus

        wanted: str = self.config.getoption("--iut-profile") or declared
        return default_corpus().resolve(wanted)


def _sentence(error: ConformanceError) -> str:
    from conformance.text import choose_language, render_error

    return render_error(error, choose_language())


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
            self.config.stash.setdefault(_RUNS, []).append(file.run)
        record = file.run.record(self.name)
        for key in ("verdict", "cause", "check", "level"):
            self.user_properties.append((key, str(getattr(record, key) or "")))
        _tell(self, record)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None
    ) -> Any:
        from conformance.errors import ConformanceError

        if isinstance(excinfo.value, _NotPassed):
            return str(excinfo.value)
        if isinstance(excinfo.value, ConformanceError):
            return _sentence(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, 0, self.name


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a skipped requirement point to its declaration, not to this file."""
    report = yield
    if isinstance(item, RequirementItem) and isinstance(report.longrepr, tuple):
        report.longrepr = (str(item.path), 1, report.longrepr[2])
    return report


class _NotPassed(Exception):
    """The verdict of an item that pytest shows as failed."""


def _tell(item: RequirementItem, record: Record) -> None:
    """Turn a verdict into what pytest knows."""
    from conformance.engine.verdicts import Verdict

    if record.verdict in (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE):
        pytest.skip(_words(record.reason) or str(record.verdict))
    if record.verdict is Verdict.PASS:
        return
    from conformance.report.words import CAUSES, FIELDS, VERDICTS, named
    from conformance.text import choose_language

    language = choose_language()
    verdict = VERDICTS[record.verdict][language]
    parts = [f"{record.requirement}: {verdict}"]
    if record.cause:
        whose = named(CAUSES, record.cause)[language]
        parts.append(f"{FIELDS['cause'][language]}: {whose}")
    for name in ("step", "expected", "actual", "reason"):
        if value := getattr(record, name):
            parts.append(f"{FIELDS[name][language]}: {_words(value)}")
    text = "\n  ".join(parts)
    if record.verdict is Verdict.WARN:
        item.warn(pytest.PytestWarning(text))
        return
    raise _NotPassed(text)


def _words(value: Any) -> str:
    """Return what a record says, in the language of the user."""
    from conformance.report.words import said
    from conformance.text import choose_language

    return said(value)[choose_language()]


def _own(zh: str, en: str) -> str:
    """Return words of this file, in the language of the user."""
    from conformance.text import Text, choose_language

    return Text(zh, en)[choose_language()]


class _Run:
    """The run behind the items of one file."""

    def __init__(self, file: DeclarationFile, selected: list[pytest.Item]) -> None:
        self.session: Session | None = None
        self.result: RunResult | None = None
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._execute, name="luheng-run")
        self.thread.daemon = True
        try:
            self.session = self._prepare(file, selected)
            self.session.begin()
        except Exception as error:  # noqa: BLE001 - told by every item that waits
            self.error = error
        else:
            self.thread.start()

    def _prepare(self, file: DeclarationFile, selected: list[pytest.Item]) -> Session:
        from conformance.evidence.session import Options, prepare
        from conformance.link.hooks import console_operator
        from conformance.text import choose_language

        chosen = [item.name for item in selected if item.parent is file]
        option = file.config.getoption
        options = Options(
            depth=option("--iut-depth"),
            jobs=max(1, option("--iut-jobs")),
            only=tuple(chosen) if len(chosen) < file.size else (),
            seed=option("--iut-seed"),
            folder=option("--iut-out"),
            operator=console_operator,
            language=choose_language(),
        )
        return prepare(file.path, options, snapshot=file.snapshot)

    def _execute(self) -> None:
        assert self.session is not None
        try:
            self.result = self.session.execute()
            self._report(self.result, self.session)
        except BaseException as error:  # noqa: BLE001 - handed to the waiting items
            self.error = error
            execution = self.session.execution
            for future in execution.futures.values() if execution else ():
                future.cancel()

    def _report(self, result: RunResult, session: Session) -> None:
        from conformance.protocols import explain
        from conformance.report import write_all

        language = session.options.language
        folder = session.bundle.folder
        write_all(result, folder, language=language, explain=explain)

    def record(self, name: str) -> Record:
        """Return a requirement's record, waiting for it."""
        if self.session is None or self.session.execution is None:
            assert self.error is not None
            raise self.error
        future = self.session.execution.futures[name]
        while True:
            try:
                # In slices, since a wait without end hears no Ctrl-C on Windows.
                return future.result(_SLICE_S)
            except TimeoutError:
                continue
            except CancelledError:
                self.thread.join(_STOP_WAIT_S)
                said = _own("运行已停止", "the run was stopped")
                raise self.error or _NotPassed(f"{name}: {said}") from None

    def close(self) -> None:
        """Stop what still runs and wait for the results to be closed."""
        execution = self.session.execution if self.session else None
        if execution and not all(f.done() for f in execution.futures.values()):
            execution.stop.set()
        if self.thread.ident is not None:
            self.thread.join(_STOP_WAIT_S)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Close the runs, those that ``-x`` or Ctrl-C cut short as well."""
    for run in session.config.stash.get(_RUNS, []):
        run.close()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what each run came to and where its folder is."""
    runs = [run for run in config.stash.get(_RUNS, []) if run.session and run.result]
    if not runs:
        return
    from conformance.report.text import summary_lines

    terminalreporter.section("luheng")
    for run in runs:
        assert run.session is not None
        assert run.result is not None
        for line in summary_lines(run.result, run.session.options.language):
            terminalreporter.line(line)
        terminalreporter.line(str(run.session.bundle.folder))
