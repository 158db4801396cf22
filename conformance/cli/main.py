# SPDX-License-Identifier: Apache-2.0
"""The ``luheng`` command: finds the command's module and turns errors into sentences.

Only the module of the command that was asked for is imported, so that help and small
commands start at once.  A module offers ``add_arguments(subparsers, language)``; the
handler it sets as ``handler`` takes ``(args, language, out)`` and returns the exit
code.  Whatever happens, the user gets a sentence and never a traceback, unless
``LUHENG_DEBUG`` is set.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn, TextIO, cast

import conformance
from conformance.cli.arguments import Parser
from conformance.cli.output import Output, settle
from conformance.errors import ConformanceError, InputError, LinkError, SuiteError
from conformance.text import Text, choose_language, render_error

__all__ = ["entry", "main"]

_COMMANDS: dict[str, tuple[str, Text]] = {
    "demo": (
        "conformance.cli.demo",
        Text("认证内置参考站并打开报告", "certify the built-in reference station"),
    ),
    "iut": (
        "conformance.cli.iut",
        Text("新建或审查被测实现声明", "write or review a declaration (ICS and IXIT)"),
    ),
    "plan": (
        "conformance.cli.iut",
        Text("列出每项要求是否参测及原因", "list what is tested, what not, and why"),
    ),
    "run": (
        "conformance.cli.run",
        Text("按声明测试被测实现", "test the implementation that a file declares"),
    ),
    "replay": (
        "conformance.cli.run",
        Text("重发最小失败交互", "send the smallest failing exchange once more"),
    ),
    "rejudge": (
        "conformance.cli.run",
        Text("依据已存证据重新判定", "judge stored evidence again"),
    ),
    "report": (
        "conformance.cli.run",
        Text("由运行结果重新生成报告", "write the reports of a run again"),
    ),
    "compare": (
        "conformance.cli.compare",
        Text("并列比较多次运行的结果", "put several runs side by side"),
    ),
    "judge": (
        "conformance.cli.judge",
        Text("用规范中的规则判定抓包文件", "judge a capture by a profile's rules"),
    ),
    "frame": (
        "conformance.cli.frame",
        Text("逐字段解释一帧报文", "explain a frame field by field"),
    ),
    "station": (
        "conformance.cli.station",
        Text("运行参考站，没有设备时使用", "run the reference station by itself"),
    ),
    "profile": (
        "conformance.cli.profile",
        Text("列出、查看、解析、检查规范", "list, show, resolve and lint profiles"),
    ),
    "prove": (
        "conformance.cli.prove",
        Text("用缺陷注入证明每项检查有效", "prove every check by seeded faults"),
    ),
}

_EPILOG = Text(
    "退出码：0 符合；1 不符合；2 无法判定；3 输入不可用；4 测试套件自身出错",
    "exit codes: 0 conformant, 1 not conformant, 2 inconclusive, "
    "3 unusable input, 4 the suite failed",
)


def entry() -> NoReturn:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not speak Chinese
            stream.reconfigure(errors="replace")
    with suppress(ValueError, AttributeError):  # not on Windows, not in a thread
        signal.signal(signal.SIGTERM, _interrupt)
    code = main(sys.argv[1:])
    settle(sys.stdout)
    settle(sys.stderr)
    sys.exit(code)


def main(argv: Sequence[str], out: TextIO | None = None) -> int:
    """Run one command; return its exit code."""
    screen = cast(TextIO, Output(out or sys.stdout))
    argv = _language_first(argv)
    language = choose_language(_asked_language(argv))
    try:
        code = _command(argv, language, screen)
        screen.flush()
    except KeyboardInterrupt:
        _complain(Text("已中断", "interrupted")[language])
        return _INCONCLUSIVE
    except ConformanceError as error:
        _complain(render_error(error, language))
        return _exit_code(error)
    except Exception as error:  # the last door before the user
        if os.environ.get("LUHENG_DEBUG"):
            raise
        _complain(render_error(_unexpected(error), language))
        return _BROKEN
    return code


def _command(argv: Sequence[str], language: str, out: TextIO) -> int:
    parser = _parser(argv, language)
    try:
        args = parser.parse_args(argv)
    except SystemExit as leaving:  # --help and --version have printed and are done
        return int(leaving.code or 0)
    handler = getattr(args, "handler", None)
    if handler is None:
        parser.print_help(out)
        return _UNUSABLE
    return int(handler(args, language, out))


_STORAGE = ("evidence.storage-failed", "report.cannot-write")
"""Codes of what the disk did and not the user."""
_INCONCLUSIVE, _UNUSABLE, _BROKEN = 2, 3, 4


def _exit_code(error: ConformanceError) -> int:
    if isinstance(error, LinkError):
        return _INCONCLUSIVE  # a network that does not work judges nobody
    if isinstance(error, InputError) and error.code not in _STORAGE:
        return _UNUSABLE
    return _BROKEN


def _unexpected(error: Exception) -> SuiteError:
    """Name what nobody foresaw: kind, words, and where in the suite."""
    frames = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f"{os.path.basename(f.filename)}:{f.lineno}" for f in frames)
    kind = type(error).__name__
    return SuiteError("cli.unexpected", kind=kind, reason=str(error), where=where)


def _complain(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody may be listening
        print(text, file=sys.stderr, flush=True)


def _interrupt(signum: int, frame: object) -> NoReturn:
    """End on SIGTERM as on Ctrl-C: what was written stays valid."""
    raise KeyboardInterrupt


def _parser(argv: Sequence[str], language: str) -> Parser:
    parser = Parser(
        language=language,
        prog="luheng",
        description=Text(
            "鲁衡：物联网标准符合性测试与认证套件",
            "Luheng: conformance and certification of IoT implementations",
        )[language],
        epilog=_EPILOG[language],
    )
    version = f"luheng {conformance.__version__}"
    parser.add_argument(
        "--version",
        action="version",
        version=version,
        help=Text("显示版本", "show the version")[language],
    )
    parser.add_argument(
        "--lang",
        choices=("zh", "en", "auto"),
        help=Text("界面语言", "language of messages")[language],
    )
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    wanted = next((a for a in argv if a in _COMMANDS), None)
    if wanted is None:
        for name, (_, title) in _COMMANDS.items():
            commands.add_parser(name, help=title[language])
        return parser
    importlib.import_module(_COMMANDS[wanted][0]).add_arguments(commands, language)
    if chosen := commands.choices.get(wanted):
        chosen.description = _COMMANDS[wanted][1][language]
    return parser


def _language_first(argv: Sequence[str]) -> list[str]:
    """Return the arguments with ``--lang`` in front, wherever it was written."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--lang":
            front += [word, *([value] if (value := next(words, None)) else [])]
        elif word.startswith("--lang="):
            front.append(word)
        else:
            rest.append(word)
    return front + rest


def _asked_language(argv: Sequence[str]) -> str | None:
    """Return the language that arguments ordered by ``_language_first`` ask for."""
    asked = [word.removeprefix("--lang=") for word in argv[:2]]
    if asked[:1] == ["--lang"]:
        return asked[1] if len(asked) > 1 else None
    return asked[0] if asked and argv[0].startswith("--lang=") else None
