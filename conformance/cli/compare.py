# SPDX-License-Identifier: Apache-2.0
"""``luheng compare``: several runs side by side, each failure with its frames."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TextIO

from conformance.text import Text

__all__ = ["add_arguments"]

_UNJUDGED = 2


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``compare``."""

    def said(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    parser = commands.add_parser("compare")
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="DIR|FILE.json",
        help=said(
            "运行目录，或以前比较时写出的文件",
            "folders of runs, or files that an earlier comparison wrote",
        ),
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help=said("比较结果写入该目录", "folder that the comparison goes to"),
    )
    parser.add_argument(
        "--judgements",
        type=Path,
        metavar="FILE",
        help=said(
            "对各项不符合的人工判断（YAML）",
            "what people found about each failure (YAML)",
        ),
    )
    parser.set_defaults(handler=_compare)


def _compare(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.protocols import explain
    from conformance.report.comparison import (
        load_judgements,
        read_subjects,
        unjudged,
        write_subjects,
    )
    from conformance.report.comparison_page import write_page

    judgements = load_judgements(args.judgements)
    subjects = read_subjects(args.runs)
    written = write_subjects(subjects, args.out)
    page = args.out / "index.html"
    write_page(subjects, judgements, page, explain=explain, language=language)
    for path in (*written, page):
        print(path, file=out)
    for entry in judgements.idle(subjects):
        where = f"{entry['peer']} {entry['version']}: {entry['requirement']}"
        said = Text(f"多余的判断：{where}", f"a judgement of nothing: {where}")
        print(said[language], file=out)
    missing = unjudged(subjects, judgements)
    for sentence in missing:
        print(sentence[language], file=out)
    return _UNJUDGED if missing else 0
