# SPDX-License-Identifier: Apache-2.0
"""``luheng judge``: a capture that others recorded, by the rules of a profile."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.cli.arguments import port
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.engine.result import Record

__all__ = ["add_arguments"]


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``judge``."""

    def said(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    parser = commands.add_parser("judge")
    parser.add_argument(
        "capture", type=Path, metavar="CAPTURE.pcap[ng]", help=said("抓包", "capture")
    )
    parser.add_argument(
        "--profile",
        required=True,
        metavar="REF|FILE",
        help=said("规范", "the profile to judge by"),
    )
    parser.add_argument(
        "--role",
        choices=("device", "platform"),
        default="device",
        help=said("判定哪一方", "which side is judged"),
    )
    parser.add_argument(
        "--protocol", metavar="NAME", help=said("只看该协议", "look at this one only")
    )
    parser.add_argument(
        "--port",
        type=port,
        metavar="N",
        help=said("服务端 TCP 端口", "the server's TCP port"),
    )
    parser.add_argument(
        "--iut",
        type=Path,
        metavar="FILE",
        help=said("判定所用参数取自该声明", "take values to judge by from it"),
    )
    parser.add_argument(
        "--json", action="store_true", help=said("每行一个 JSON", "JSON Lines")
    )
    parser.set_defaults(handler=_judge)


def _judge(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.cli.progress import VERDICT_WORDS
    from conformance.engine.verdicts import Verdict, exit_code, roll_up
    from conformance.evidence.session import judge_capture
    from conformance.iut.declaration import load_declaration, resolve_ixit
    from conformance.profile.corpus import default_corpus
    from conformance.report.visible import visible
    from conformance.report.words import said

    snapshot = default_corpus().resolve(args.profile)
    ixit = resolve_ixit(load_declaration(args.iut), snapshot, None) if args.iut else {}
    records = judge_capture(
        args.capture,
        snapshot,
        role=args.role,
        ixit=ixit,
        protocol=args.protocol,
        port=args.port,
    )
    quiet = (Verdict.NOT_TESTED, Verdict.NOT_APPLICABLE)
    judged = [r for r in records if r.verdict not in quiet]
    unseen = [
        r.requirement
        for r in judged
        if r.verdict is Verdict.INCONCLUSIVE and not r.observations
    ]
    for record in judged:
        if args.json:
            print(json.dumps(record.to_json(), ensure_ascii=False), file=out)
            continue
        if record.requirement in unseen:  # a capture need not show everything
            continue
        word = VERDICT_WORDS[language][record.verdict]
        seen = Text("处", "seen")[language]
        print(
            f"{record.requirement:<20} {word} ({record.observations} {seen})", file=out
        )
        for name, label in (
            ("expected", Text("期望", "expected")),
            ("actual", Text("实际", "actual")),
            ("reason", Text("原因", "reason")),
        ):
            if value := getattr(record, name):
                first, *more = said(value)[language].split("\n")
                print(f"    {label[language]}: {visible(first)}", file=out)
                for line in more:
                    print(f"    {visible(line)}", file=out)
        if record.packets:
            numbers = ", ".join(map(str, record.packets[:10]))
            print(f"    {Text('包号', 'packets')[language]}: {numbers}", file=out)
    if not args.json:
        print(_totals(judged, len(unseen))[language], file=out)
    return exit_code(roll_up(r.verdict for r in judged))


def _totals(judged: Sequence[Record], unseen: int) -> Text:
    """Return the closing line: how many of each, and what the capture lacks."""
    from conformance.report.words import VERDICTS

    counts = Counter(r.verdict for r in judged)
    zh = "，".join(f"{VERDICTS[v].zh} {n}" for v, n in counts.items())
    en = ", ".join(f"{VERDICTS[v].en} {n}" for v, n in counts.items())
    if unseen:
        zh += f"（其中 {unseen} 条在抓包中没有可判定的报文）"
        en += f" ({unseen} for want of anything to judge in the capture)"
    return Text(f"共 {len(judged)} 条：{zh}", f"{len(judged)} rules: {en}")
