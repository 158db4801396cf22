# SPDX-License-Identifier: Apache-2.0
"""The ``luheng`` command: finds the command's module and turns errors into sentences.

Only the module of the command that was asked for is imported, so that help and small
commands start at once.  A module offers ``add_arguments(subparsers)``; the handler it
sets as ``handler`` takes ``(args, language, out)`` and returns the exit code.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import TextIO

import conformance
from conformance.errors import ConformanceError, InputError, LinkError
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
    "judge": (
        "conformance.cli.judge",
        Text("用规范中的规则判定抓包文件", "judge a capture by a profile's rules"),
    ),
    "frame": (
        "conformance.cli.frame",
        Text("逐字段解释一帧报文", "explain a frame field by field"),
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


def entry() -> None:
    """Run the command line and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not speak Chinese
            stream.reconfigure(errors="replace")
    sys.exit(main(sys.argv[1:]))


def main(argv: Sequence[str], out: TextIO | None = None) -> int:
    """Run one command; return its exit code."""
    out = out or sys.stdout
    language = choose_language(_asked_language(argv))
    parser = _parser(argv, language)
    try:
        args = parser.parse_args(argv)
    except SystemExit as leaving:
        return 3 if leaving.code else 0
    handler = getattr(args, "handler", None)
    if handler is None:
        parser.print_help(out)
        return 3
    try:
        return int(handler(args, language, out))
    except KeyboardInterrupt:
        print({"zh": "已中断", "en": "interrupted"}[language], file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (InputError, LinkError) as error:
        print(render_error(error, language), file=sys.stderr)
        return 4 if error.code == "evidence.storage-failed" else 3
    except ConformanceError as error:
        print(render_error(error, language), file=sys.stderr)
        return 4


def _parser(argv: Sequence[str], language: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="luheng",
        description=Text(
            "鲁衡：物联网标准符合性测试与认证套件",
            "Luheng: conformance and certification of IoT implementations",
        )[language],
        epilog=_EPILOG[language],
    )
    version = f"luheng {conformance.__version__}"
    parser.add_argument("--version", action="version", version=version)
    parser.add_argument(
        "--lang",
        choices=("zh", "en", "auto"),
        help=Text("界面语言", "language of messages")[language],
    )
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    wanted = next((a for a in argv if a in _COMMANDS), None)
    module = _COMMANDS[wanted][0] if wanted else None
    for name, (home, title) in _COMMANDS.items():
        if home != module:
            commands.add_parser(name, help=title[language])
    if module:
        importlib.import_module(module).add_arguments(commands)
    return parser


def _asked_language(argv: Sequence[str]) -> str | None:
    for position, argument in enumerate(argv):
        if argument == "--lang" and position + 1 < len(argv):
            return argv[position + 1]
        if argument.startswith("--lang="):
            return argument.partition("=")[2]
    return None
