# SPDX-License-Identifier: Apache-2.0
"""``luheng demo``: a built-in reference implementation, certified over loopback.

What is certified stands in the room ``demo`` of a protocol: a station of HJ 212 that
conforms, a server of MQTT 3.1.1 that deviates in one point so that a newcomer sees both
colours.  ``--fault`` chooses another deviation, ``--fault none`` takes none.  The exit
code is that of the run: 0 if it conforms, 1 if it does not.
"""

from __future__ import annotations

import argparse
import webbrowser
from typing import TextIO

from conformance.errors import UsageError
from conformance.protocols import PROTOCOLS, room
from conformance.text import Text

__all__ = ["add_arguments"]

_NONE = "none"


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``demo``."""
    from conformance.cli.run import add_run_options

    parser = commands.add_parser("demo")
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default=PROTOCOLS[0],
        help=Text(
            "hj212：参考站（默认）；mqtt：参考服务端，默认带一处偏差",
            "hj212: a station (default); mqtt: a server with one deviation",
        )[language],
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help=Text(
            "让被测对象带有该缺陷或变化，none 为无偏差",
            "let it deviate so; none for not at all",
        )[language],
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

    offers = room(args.protocol, "demo")
    names = {d.name: d.title[language] for d in offers.DEVIATIONS}
    if args.list_faults:
        for name, title in names.items():
            print(f"{name:<32} {title}", file=out)
        return 0
    if args.fault not in {*names, _NONE, None}:
        raise UsageError("cli.unknown-fault", fault=args.fault, protocol=args.protocol)
    fault = offers.USUAL if args.fault is None else args.fault.removeprefix(_NONE)
    snapshot = default_corpus().resolve(offers.PROFILE)
    with (
        Stopping(language) as stopping,
        offers.bench(snapshot, fault or None) as bench,
    ):
        session = prepare(
            bench.declaration,
            options_of(args, language, stopping),
            snapshot=snapshot,
            environ=dict(bench.environ),
        )
        subject, title = offers.SUBJECT, snapshot.title
        said = Text(
            f"被测：{subject.zh}（{title.zh}）",
            f"under test: {subject.en} ({title.en})",
        )
        print(said[language], file=out)
        if fault:
            told = Text(
                f"偏差：{names[fault]}（{fault}）",
                f"deviation: {names[fault]} ({fault})",
            )
            print(told[language], file=out)
        code = carry_out(session, language, out, stopping)
    if out.isatty() and not args.no_open:
        webbrowser.open((session.bundle.folder / "report.html").resolve().as_uri())
    return code
