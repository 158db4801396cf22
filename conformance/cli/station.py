# SPDX-License-Identifier: Apache-2.0
"""``luheng station``: the reference station of HJ 212 alone, for whoever has no device.

Turns a declaration into a simulated station that reports to the declared address: to
the suite, when a device is declared, or to a platform under development.  It runs until
Ctrl-C and judges nothing.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance.errors import UsageError
from conformance.protocols import room
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.iut.declaration import Declaration
    from conformance.profile.model import Snapshot

__all__ = ["add_arguments"]

_PROTOCOL, _ROLE = "hj212", "device"
_NEEDED = ("hj212_endpoint", "hj212_mn", "hj212_password", "hj212_st")
_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where to connect when the suite listens on every address of this machine."""


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``station``."""
    parser = commands.add_parser("station")
    parser.add_argument(
        "file",
        type=Path,
        metavar="FILE.iut.yaml",
        help=Text(
            "声明：取其中的地址、MN、PW、ST 和功能",
            "declaration: address, MN, PW, ST and abilities are taken from it",
        )[language],
    )
    parser.add_argument(
        "--fault",
        metavar="NAME",
        help=Text(
            "带有该缺陷或变化（luheng demo --list-faults 列出）",
            "deviate so (luheng demo --list-faults lists them)",
        )[language],
    )
    parser.set_defaults(handler=_station)


def _station(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.iut.declaration import load_declaration
    from conformance.iut.ixit import resolve_ixit
    from conformance.profile.corpus import default_corpus

    offers = room(_PROTOCOL, "faults")
    deviations = (*offers.FAULTS, *offers.LIBERTIES)
    if args.fault and args.fault not in {d.name for d in deviations if d.role == _ROLE}:
        raise UsageError("cli.unknown-fault", fault=args.fault)
    declaration = load_declaration(args.file)
    snapshot = default_corpus().resolve(declaration.profile_ref)
    ixit = resolve_ixit(declaration, snapshot)
    if missing := [name for name in _NEEDED if name not in ixit]:
        raise UsageError("cli.no-station", missing=", ".join(missing))
    endpoint = ixit["hj212_endpoint"]
    address = (_HERE.get(endpoint.host, endpoint.host), endpoint.port)
    who = room(_PROTOCOL, "packets").Identity(
        mn=ixit["hj212_mn"],
        pw=ixit["hj212_password"].reveal(),
        st=ixit["hj212_st"],
    )
    made = room(_PROTOCOL, "simulator").StationSimulator(
        snapshot,
        address,
        who,
        answers=_abilities(declaration, snapshot),
        quirks=frozenset({args.fault} if args.fault else ()),
        pace=ixit.get("hj212_pace", 1),
    )
    _run(made, address, args.fault, language, out)
    return 0


def _abilities(declaration: Declaration, snapshot: Snapshot) -> dict[str, bool]:
    """Return what the station can do: what a device declares, else all of HJ 212."""
    from conformance.iut.questions import effective_answers

    if declaration.role == _ROLE:
        return effective_answers(snapshot, declaration.ics, _ROLE)
    rest = [b for b in snapshot.bindings if b.protocol != _PROTOCOL]
    others = {name for b in rest for name in (b.ics, b.parameters.get("payload_ics"))}
    return {item.id: item.id not in others for item in snapshot.ics}


def _run(
    station: Any,
    address: tuple[str, int],
    fault: str | None,
    language: str,
    out: TextIO,
) -> None:
    """Let the station report until Ctrl-C."""
    where = f"{address[0]}:{address[1]}"
    flawed = Text(f"，带有缺陷 {fault}", f" with the fault {fault}") if fault else None
    extra = flawed[language] if flawed else ""
    said = Text(
        f"参考站 {station.who.mn} 正在向 {where} 上报{extra}；按 Ctrl-C 结束",
        f"reference station {station.who.mn} reports to {where}{extra}; Ctrl-C ends it",
    )
    print(said[language], file=out, flush=True)
    with station:
        try:
            while not threading.Event().wait(3600):
                pass
        except KeyboardInterrupt:
            print(
                Text("参考站已停止", "the reference station has stopped")[language],
                file=out,
            )
