# SPDX-License-Identifier: Apache-2.0
"""``luheng run``, ``replay``, ``rejudge``, ``report``: a run and its folder."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance.cli.arguments import positive, whole
from conformance.errors import InputError, UsageError
from conformance.protocols import explain
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.cli.stopping import Stopping
    from conformance.engine.result import RunResult
    from conformance.evidence.session import Options, Session
    from conformance.profile.model import IxitItem, Snapshot

__all__ = [
    "add_arguments",
    "add_run_options",
    "announcements",
    "carry_out",
    "options_of",
]

_LONG_S = 60
"""From what on a declared time is worth a word before it passes."""


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add the four commands."""
    _add_run(commands, language)
    replay = commands.add_parser("replay")
    replay.add_argument(
        "target",
        type=Path,
        metavar="DIR/REQUIREMENT",
        help=Text("运行目录加要求编号", "folder of a run and a requirement's id")[
            language
        ],
    )
    replay.set_defaults(handler=_replay)
    folder = Text("运行目录", "folder of a run")[language]
    rejudge = commands.add_parser("rejudge")
    rejudge.add_argument("folder", type=Path, metavar="DIR", help=folder)
    rejudge.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help=Text(
            "结果写入该文件（默认为运行目录中的 rejudged.jsonl）",
            "where the result goes (default: rejudged.jsonl in the folder)",
        )[language],
    )
    rejudge.set_defaults(handler=_rejudge)
    report = commands.add_parser("report")
    report.add_argument("folder", type=Path, metavar="DIR", help=folder)
    report.add_argument(
        "--laboratory",
        type=Path,
        metavar="FILE",
        help=Text(
            "实验室信息（YAML），生成可签发的检测报告",
            "the laboratory's fields (YAML), for a report that it can sign",
        )[language],
    )
    report.add_argument(
        "--proof",
        type=Path,
        metavar="FILE",
        help=Text(
            "luheng prove 写出的证明（JSON）",
            "the proof that luheng prove wrote (JSON)",
        )[language],
    )
    report.set_defaults(handler=_report)


def _add_run(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    run = commands.add_parser("run")
    run.add_argument(
        "declaration",
        nargs="?",
        type=Path,
        metavar="FILE.iut.yaml",
        help=Text("被测实现声明", "declaration of the implementation")[language],
    )
    run.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help=Text("继续被中断的运行", "finish a run that was stopped or killed")[
            language
        ],
    )
    run.add_argument(
        "--profile",
        metavar="REF|FILE",
        help=Text(
            "规范（默认取声明所写），可为尚未入库的草案文件",
            "the profile (default: the declared one); a draft's file will do",
        )[language],
    )
    add_run_options(run, language)
    run.add_argument(
        "--retries",
        type=whole,
        default=0,
        metavar="N",
        help=Text("网络原因无法判定时的重试次数", "tries more when the network fails")[
            language
        ],
    )
    run.set_defaults(handler=_run)


def add_run_options(parser: argparse.ArgumentParser, language: str) -> None:
    """Add what every command that runs a plan takes."""
    from conformance.engine.run import DEPTHS

    def said(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    parser.add_argument(
        "--depth",
        choices=tuple(DEPTHS),
        default="standard",
        help=said("生成示例的数量级", "how many examples are generated"),
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=_default_jobs(),
        metavar="N",
        help=said("同时进行的检查数", "checks at the same time"),
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID|PATTERN",
        help=said("只测这些要求，可重复", "only these requirements; may be repeated"),
    )
    parser.add_argument(
        "--seed",
        type=whole,
        metavar="N",
        help=said("生成示例的种子", "seed of the generated examples"),
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=said("运行目录（须为新目录）", "folder of the run, a new one"),
    )


def options_of(args: argparse.Namespace, language: str, stopping: Stopping) -> Options:
    """Return the options that the arguments ask for."""
    from conformance.evidence.session import Options

    return Options(
        depth=args.depth,
        jobs=args.jobs,
        retries=getattr(args, "retries", 0),
        only=tuple(args.only),
        seed=args.seed,
        folder=args.out,
        operator=stopping.ask,
        language=language,
    )


def _run(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.cli.stopping import Stopping
    from conformance.evidence.session import prepare, resume

    if (args.declaration is None) == (args.resume is None):
        raise UsageError("cli.run-what")
    with Stopping(language) as stopping:
        options = options_of(args, language, stopping)
        if args.resume:
            given = ("profile", "seed", "out", "only")
            for name in (name for name in given if getattr(args, name)):
                raise UsageError("cli.not-with-resume", option=f"--{name}")
            session = resume(args.resume, options)
        else:
            snapshot = _asked_profile(args.profile)
            session = prepare(args.declaration, options, snapshot=snapshot)
        return carry_out(session, language, out, stopping)


def _asked_profile(wanted: str | None) -> Snapshot | None:
    from conformance.cli.profile import RegisteredChecks
    from conformance.profile.corpus import default_corpus

    # A draft has passed no lint, so its checks are looked up here, with file and line.
    return default_corpus().resolve(wanted, RegisteredChecks()) if wanted else None


def carry_out(session: Session, language: str, out: TextIO, stopping: Stopping) -> int:
    """Execute a session with progress, write the reports, print the summary."""
    from conformance.cli.progress import show_progress
    from conformance.engine.verdicts import exit_code

    folder = session.bundle.folder
    print(
        Text(f"运行目录 {folder}", f"run folder {folder}")[language],
        file=out,
        flush=True,
    )
    for line in announcements(session):
        print(line[language], file=out, flush=True)
    with show_progress(len(session.plan.items), language, out) as on_event:
        session.begin(on_event)
        stopping.watch(session)
        result = session.execute()
    write_reports(session.bundle.folder, result, language, out)
    assert result.footer is not None
    if result.footer.partial_reason == "stopped":
        said = Text(
            f"运行已停止；继续：luheng run --resume {folder}",
            f"the run was stopped; to finish it: luheng run --resume {folder}",
        )
        print(said[language], file=out)
    return exit_code(result.footer.verdict)


def announcements(session: Session) -> Iterator[Text]:
    """Say what nobody should have to guess while nothing seems to happen."""
    yield from _listening(session)
    yield from _long_waits(session)


def _listening(session: Session) -> Iterator[Text]:
    """Say where a device is waited for: nothing else happens until it connects."""
    from conformance.iut.values import Endpoint

    if session.setup.declaration.role != "device":
        return
    for item, value in _declared(session):
        if isinstance(value, Endpoint):
            where = f"{value.host}:{value.port}"
            yield Text(
                f"套件在 {where} 等待设备接入（{item.id}）",
                f"the suite waits for the device at {where} ({item.id})",
            )


def _long_waits(session: Session) -> Iterator[Text]:
    """Say which declared times a check may wait out, before anybody sits and wonders.

    A shorter time in the declaration shortens the run.
    """
    for item, value in _declared(session):
        if item.type == "duration" and value >= _LONG_S:
            yield Text(
                f"可能需等待 {value:g} s：{item.question.zh}（{item.id}）",
                f"may wait {value:g} s: {item.question.en} ({item.id})",
            )


def _declared(session: Session) -> Iterator[tuple[IxitItem, Any]]:
    """Yield what is asked of this implementation beside its answer or default."""
    from conformance.iut.questions import asked_ixit, effective_answers

    setup = session.setup
    role = setup.declaration.role
    answers = effective_answers(setup.snapshot, setup.declaration.ics, role)
    for item in asked_ixit(setup.snapshot, role, answers):
        if item.id in setup.ixit:
            yield item, setup.ixit[item.id]


def write_reports(
    folder: Path,
    result: RunResult,
    language: str,
    out: TextIO,
    *,
    laboratory: Path | None = None,
    proof: Path | None = None,
) -> None:
    """Print the summary and write JUnit and HTML beside the results."""
    from conformance.report import write_all
    from conformance.report.text import summary_lines

    for line in summary_lines(result, language):
        print(line, file=out)
    written = write_all(
        result,
        folder,
        language=language,
        explain=explain,
        laboratory=laboratory,
        proof=proof,
    )
    print(Text("报告 ", "report ")[language] + str(written["html"]), file=out)


def _replay(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.engine.verdicts import Verdict, exit_code
    from conformance.evidence.session import Options, reproduce
    from conformance.link.hooks import console_operator
    from conformance.report.visible import visible
    from conformance.report.words import said

    folder, requirement = args.target.parent, args.target.name
    options = Options(operator=console_operator, language=language)
    record = reproduce(folder, requirement, options)
    words = {
        Verdict.FAIL: Text("仍然不符合", "still failing"),
        Verdict.WARN: Text("仍有告警", "still contradicts a should"),
        Verdict.PASS: Text("已修复", "fixed"),
    }
    became = words.get(record.verdict, Text("无法判定", "inconclusive"))[language]
    print(f"{requirement}: {became}", file=out)
    for name, label in (
        ("expected", Text("期望", "expected")),
        ("actual", Text("实际", "actual")),
        ("reason", Text("原因", "reason")),
    ):
        if value := getattr(record, name):
            first, *more = said(value)[language].split("\n")
            print(f"  {label[language]}: {visible(first)}", file=out)
            for line in more:
                print(f"  {visible(line)}", file=out)
    return exit_code(record.verdict)


def _rejudge(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.engine.verdicts import exit_code
    from conformance.evidence.bundle import result_text, write_whole
    from conformance.evidence.session import rejudge
    from conformance.report.text import summary_lines

    result = rejudge(args.folder)
    target = args.out or args.folder / "rejudged.jsonl"
    try:
        write_whole(target, result_text(result))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("cli.cannot-write", file=target, reason=reason) from None
    for line in summary_lines(result, language):
        print(line, file=out)
    print(str(target), file=out)
    assert result.footer is not None
    return exit_code(result.footer.verdict)


def _report(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.evidence.bundle import Bundle

    bundle = Bundle(args.folder)
    result = bundle.result()
    bundle.verify(result.footer, whole=False)
    write_reports(
        args.folder,
        result,
        language,
        out,
        laboratory=args.laboratory,
        proof=args.proof,
    )
    return 0


def _default_jobs() -> int:
    """Waiting dominates a run, so more threads than cores pay; bounded all the same."""
    return min(16, 4 * (os.cpu_count() or 1))
