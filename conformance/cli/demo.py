# SPDX-License-Identifier: Apache-2.0
"""``luheng demo``: the built-in reference station, certified over loopback."""

from __future__ import annotations

import argparse
import webbrowser
from typing import TextIO

from conformance.errors import UsageError
from conformance.protocols import room
from conformance.text import Text

__all__ = ["add_arguments"]

_PROFILE = "sd-water-surface-station"
_PROTOCOL, _ROLE = "hj212", "device"


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``demo``."""
    from conformance.cli.run import add_run_options

    parser = commands.add_parser("demo")
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help=Text("让参考站带有该缺陷或变化", "let the station deviate so")[language],
    )
    parser.add_argument(
        "--list-faults",
        action="store_true",
        help=Text("列出全部缺陷与变化", "list the deviations and leave")[language],
    )
    parser.add_argument(
        "--no-open",
        action="store_true",
        help=Text("不打开浏览器", "open no browser")[language],
    )
    add_run_options(parser, language)
    parser.set_defaults(handler=_demo, depth="smoke")


def _demo(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.cli.run import carry_out, options_of
    from conformance.cli.stopping import Stopping
    from conformance.evidence.session import prepare
    from conformance.profile.corpus import default_corpus

    offers = room(_PROTOCOL, "faults")
    deviations = [d for d in (*offers.FAULTS, *offers.LIBERTIES) if d.role == _ROLE]
    if args.list_faults:
        for deviation in deviations:
            print(f"{deviation.name:<32} {deviation.title[language]}", file=out)
        return 0
    if args.fault and args.fault not in {d.name for d in deviations}:
        raise UsageError("cli.unknown-fault", fault=args.fault)
    snapshot = default_corpus().resolve(_PROFILE)
    with (
        Stopping(language) as stopping,
        offers.bench(snapshot, _ROLE, args.fault) as bench,
    ):
        session = prepare(
            bench.declaration,
            options_of(args, language, stopping),
            snapshot=snapshot,
            environ=dict(bench.environ),
        )
        said = Text(
            f"被测：内置参考站（{snapshot.title.zh}）",
            f"under test: the built-in reference station ({snapshot.title.en})",
        )
        print(said[language], file=out)
        code = carry_out(session, language, out, stopping)
    if out.isatty() and not args.no_open:
        webbrowser.open((session.bundle.folder / "report.html").resolve().as_uri())
    return code
