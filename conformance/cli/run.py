# SPDX-License-Identifier: Apache-2.0
"""``luheng run``, ``replay``, ``rejudge``, ``report``: a run and its folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.errors import UsageError
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.engine.result import RunResult
    from conformance.evidence.session import Options, Session
    from conformance.protocols.explained import Explanation

__all__ = [
    "add_arguments",
    "add_run_options",
    "carry_out",
    "explain_frame",
    "options_of",
]


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
) -> None:
    """Add the four commands."""
    run = commands.add_parser(
        "run", help="test the implementation that a file declares"
    )
    run.add_argument("declaration", nargs="?", type=Path, metavar="FILE.iut.yaml")
    run.add_argument("--resume", type=Path, metavar="DIR", help="finish a killed run")
    add_run_options(run)
    run.add_argument("--retries", type=_count, default=0, metavar="N")
    run.set_defaults(handler=_run)
    replay = commands.add_parser("replay", help="send a failing exchange once more")
    replay.add_argument("target", type=Path, metavar="DIR/REQUIREMENT")
    replay.set_defaults(handler=_replay)
    rejudge = commands.add_parser("rejudge", help="judge stored evidence again")
    rejudge.add_argument("folder", type=Path, metavar="DIR")
    rejudge.add_argument("--out", type=Path, metavar="FILE")
    rejudge.set_defaults(handler=_rejudge)
    report = commands.add_parser("report", help="write the reports of a run again")
    report.add_argument("folder", type=Path, metavar="DIR")
    report.set_defaults(handler=_report)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add what every command that runs a plan takes."""
    from conformance.engine.run import DEPTHS

    parser.add_argument("--depth", choices=tuple(DEPTHS), default="standard")
    parser.add_argument("--jobs", type=_positive, default=_default_jobs(), metavar="N")
    parser.add_argument("--only", action="append", default=[], metavar="ID|PATTERN")
    parser.add_argument("--seed", type=_count, metavar="N")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run")


def options_of(args: argparse.Namespace, language: str) -> Options:
    """Return the options that the arguments ask for."""
    from conformance.evidence.session import Options
    from conformance.link.hooks import console_operator

    return Options(
        depth=args.depth,
        jobs=args.jobs,
        retries=getattr(args, "retries", 0),
        only=tuple(args.only),
        seed=args.seed,
        folder=args.out,
        operator=console_operator,
        language=language,
    )


def _run(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.evidence.session import prepare, resume

    if (args.declaration is None) == (args.resume is None):
        raise UsageError("cli.run-what")
    options = options_of(args, language)
    session = (
        resume(args.resume, options)
        if args.resume
        else prepare(args.declaration, options)
    )
    return carry_out(session, language, out)


def carry_out(session: Session, language: str, out: TextIO) -> int:
    """Execute a session with progress, write the reports, print the summary."""
    from conformance.cli.progress import show_progress
    from conformance.engine.verdicts import exit_code

    print(
        Text(
            f"运行目录 {session.bundle.folder}", f"run folder {session.bundle.folder}"
        )[language],
        file=out,
    )
    with show_progress(len(session.plan.items), language, out) as on_event:
        result = session.execute(on_event)
    write_reports(session.bundle.folder, result, language, out)
    assert result.footer is not None
    return exit_code(result.footer.verdict)


def write_reports(folder: Path, result: RunResult, language: str, out: TextIO) -> None:
    """Write JUnit and HTML beside the results and print the summary."""
    from conformance.report import write_all
    from conformance.report.text import summary_lines

    written = write_all(result, folder, language=language, explain=explain_frame)
    for line in summary_lines(result, language):
        print(line, file=out)
    print(Text("报告 ", "report ")[language] + str(written["html"]), file=out)


def explain_frame(protocol: str, octets: bytes) -> Explanation | None:
    """Return a frame taken apart, for the report."""
    from conformance.protocols import PROTOCOLS, room

    if protocol not in PROTOCOLS:
        return None
    found: Explanation = room(protocol, "explain").explain(octets)
    return found


def _replay(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.engine.verdicts import Verdict, exit_code
    from conformance.evidence.session import Options, reproduce
    from conformance.link.hooks import console_operator

    folder, requirement = args.target.parent, args.target.name
    options = Options(operator=console_operator, language=language)
    record = reproduce(folder, requirement, options)
    words = {
        Verdict.FAIL: Text("仍然不符合", "still failing"),
        Verdict.WARN: Text("仍有告警", "still contradicts a should"),
        Verdict.PASS: Text("已修复", "fixed"),
    }
    said = words.get(record.verdict, Text("无法判定", "inconclusive"))[language]
    print(f"{requirement}: {said}", file=out)
    for name, label in (
        ("expected", Text("期望", "expected")),
        ("actual", Text("实际", "actual")),
        ("reason", Text("原因", "reason")),
    ):
        if value := getattr(record, name):
            shown = value.get(language, value) if isinstance(value, dict) else value
            print(f"  {label[language]}: {shown}", file=out)
    return exit_code(record.verdict)


def _rejudge(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.engine.verdicts import exit_code
    from conformance.evidence.bundle import result_text, write_whole
    from conformance.evidence.session import rejudge
    from conformance.report.text import summary_lines

    result = rejudge(args.folder)
    target = args.out or args.folder / "rejudged.jsonl"
    write_whole(target, result_text(result))
    for line in summary_lines(result, language):
        print(line, file=out)
    print(str(target), file=out)
    assert result.footer is not None
    return exit_code(result.footer.verdict)


def _report(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.evidence.bundle import Bundle

    write_reports(args.folder, Bundle(args.folder).result(), language, out)
    return 0


def _default_jobs() -> int:
    """Waiting dominates a run, so more threads than cores pay; bounded all the same."""
    return min(16, 4 * (os.cpu_count() or 1))


def _positive(text: str) -> int:
    value = _count(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("must be a whole number")
    return int(text)
