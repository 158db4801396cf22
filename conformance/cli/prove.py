# SPDX-License-Identifier: Apache-2.0
"""``luheng prove``: the kill matrix, as JSON and HTML.

Trials are timed traffic, and several at once; each job is a process of its own, so that
no trial waits for another's computing.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.cli.arguments import positive
from conformance.errors import InputError, UsageError
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.evidence.proving import Proof, Trial
    from conformance.profile.model import Snapshot

__all__ = ["add_arguments"]

_ROLES = ("device", "platform")
_TOLD_EVERY = 25
"""Trials between two lines of progress."""


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``prove``."""
    from conformance.engine.run import DEPTHS

    def said(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    parser = commands.add_parser("prove")
    parser.add_argument(
        "--profile",
        metavar="REF|FILE",
        help=said(
            "规范（默认为地表水站规范，含各协议的全部要求）",
            "the profile (default: surface-water stations, with all protocols)",
        ),
    )
    parser.add_argument(
        "--role",
        choices=_ROLES,
        action="append",
        help=said("只证明该角色，可重复", "only this role; may be repeated"),
    )
    parser.add_argument(
        "--depth",
        choices=tuple(DEPTHS),
        default="smoke",
        help=said("生成示例的数量级", "how many examples are generated"),
    )
    parser.add_argument(
        "--jobs",
        type=positive,
        default=6,  # a trial waits most of its time
        metavar="N",
        help=said("同时进行的运行数", "runs at the same time"),
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("reports/proof"),
        metavar="DIR",
        help=said("矩阵写入该目录", "where the matrix goes"),
    )
    parser.set_defaults(handler=_prove)


def _prove(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.evidence.proving import trials
    from conformance.profile.corpus import default_corpus

    corpus = default_corpus()
    refs = [args.profile] if args.profile else _proved_profiles(corpus.refs())
    bad, proved = 0, 0
    for snapshot in [corpus.resolve(ref) for ref in refs]:
        named = dict.fromkeys(
            r.check.name.partition(".")[0] for r in snapshot.requirements if r.check
        )
        # What a base says for several protocols is proved where one can be reached.
        reached = [i.id for i in snapshot.ixit if i.type == "endpoint"]
        protocols = [p for p in named if any(r.startswith(p) for r in reached)]
        for protocol in protocols:
            wanted = trials(protocol, args.role or _ROLES, snapshot)
            said = Text(
                f"{snapshot.ref} / {protocol}：{len(wanted)} 个实现",
                f"{snapshot.ref} / {protocol}: {len(wanted)} implementations",
            )
            print(said[language], file=out, flush=True)
            proof = _proof(snapshot, protocol, wanted, args, out)
            for objection in proof.objections:
                print(
                    f"  ! {objection.trial} {objection.requirement} "
                    f"{objection.code}: {objection.text[language]}",
                    file=out,
                )
            bad += len(proof.objections)
            proved += len(wanted)
    if not proved:  # an empty proof proves nothing
        raise UsageError("cli.nothing-to-prove", profile=", ".join(refs) or "—")
    said = Text("证明成立", "the proof holds")
    if bad:
        said = Text(f"证明不成立：{bad} 项异议", f"no proof: {bad} objection(s)")
    print(said[language], file=out)
    return 1 if bad else 0


def _proof(
    snapshot: Snapshot,
    protocol: str,
    wanted: list[Trial],
    args: argparse.Namespace,
    screen: TextIO,
) -> Proof:
    """Carry out the trials and write the matrix."""
    from conformance.evidence.proving import prove
    from conformance.report.matrix import write_matrix

    out: Path = args.out
    name = f"{snapshot.id}-{snapshot.version}-{protocol}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        proof = prove(
            snapshot,
            wanted,
            depth=args.depth,
            jobs=args.jobs,
            apart=True,
            told=lambda done: _tell(done, len(wanted), screen),
        )
        text = json.dumps(proof.to_json(), ensure_ascii=False, indent=1)
        (out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("cli.cannot-write", file=out, reason=reason) from None
    write_matrix(proof, out / f"{name}.html")
    return proof


def _tell(done: int, total: int, screen: TextIO) -> None:
    """Say now and then how far it is: a proof takes as long as a coffee break."""
    if done % _TOLD_EVERY == 0 and done < total:
        print(f"  {done}/{total}", file=screen, flush=True)


def _proved_profiles(refs: list[str]) -> list[str]:
    """Return the profiles that are proved by default: together they bind everything."""
    proved = ("sd-water-surface-station@",)
    return [ref for ref in refs if ref.startswith(proved)]
