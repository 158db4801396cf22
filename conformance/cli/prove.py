# SPDX-License-Identifier: Apache-2.0
"""``luheng prove``: the kill matrix, as JSON and HTML.

Trials are timed traffic, and several at once; each job is a process of its own, so that
no trial waits for another's computing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.cli.arguments import positive
from conformance.errors import InputError, UsageError
from conformance.text import Text

if TYPE_CHECKING:
    from conformance.evidence.proving import Part, Proof

__all__ = ["add_arguments"]

_ROLES = ("device", "platform")
_TOLD_EVERY = 25
"""Trials between two lines of progress."""

_PROVED = {
    "sd-water-surface-station": ("hj212", "mqtt"),
    "sd-wastewater-source-2025": ("hj212",),
    "sd-base-mqtt5": ("mqtt",),
}
"""What is proved whole by default; of the other profiles only what they add."""


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
            "规范（默认证明全部规范，相同的要求只证明一次）",
            "the profile (default: all of them, what they share once)",
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
    bad, proved = 0, 0
    for part in _parts(args.profile, args.role or _ROLES):
        count, name = len(part.trials), f"{part.snapshot.ref} / {part.protocol}"
        said = Text(f"{name}：{count} 个实现", f"{name}: {count} implementations")
        print(said[language], file=out, flush=True)
        proof = _proof(part, args, out)
        for objection in proof.objections:
            print(
                f"  ! {objection.trial} {objection.requirement} "
                f"{objection.code}: {objection.text[language]}",
                file=out,
            )
        bad += len(proof.objections)
        proved += count
    if not proved:  # an empty proof proves nothing
        raise UsageError("cli.nothing-to-prove", profile=args.profile or "—")
    said = Text("证明成立", "the proof holds")
    if bad:
        said = Text(f"证明不成立：{bad} 项异议", f"no proof: {bad} objection(s)")
    print(said[language], file=out)
    return 1 if bad else 0


def _parts(wanted: str | None, roles: Sequence[str]) -> Iterator[Part]:
    from conformance.evidence.proving import parts, reached
    from conformance.profile.corpus import default_corpus

    corpus = default_corpus()
    if wanted is not None:
        snapshot = corpus.resolve(wanted)
        return parts([snapshot], roles, {snapshot.id: reached(snapshot)})
    found = [corpus.resolve(ref) for ref in corpus.refs()]
    first = list(_PROVED)
    ranked = sorted(
        (s for s in found if s.id in _PROVED or s.kind == "profile"),
        key=lambda s: first.index(s.id) if s.id in _PROVED else len(first),
    )
    return parts(ranked, roles, _PROVED)


def _proof(part: Part, args: argparse.Namespace, screen: TextIO) -> Proof:
    """Carry out the trials and write the matrix."""
    from conformance.evidence.proving import prove
    from conformance.report.matrix import write_matrix

    out: Path = args.out
    snapshot, total = part.snapshot, len(part.trials)
    name = f"{snapshot.id}-{snapshot.version}-{part.protocol}"
    only = part.only and {trial.name: part.only for trial in part.trials}
    try:
        out.mkdir(parents=True, exist_ok=True)
        proof = prove(
            snapshot,
            part.trials,
            depth=args.depth,
            jobs=args.jobs,
            only=only or None,
            apart=True,
            complete=True,
            told=lambda done: _tell(done, total, screen),
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
