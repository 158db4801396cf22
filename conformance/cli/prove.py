# SPDX-License-Identifier: Apache-2.0
"""``luheng prove``: the kill matrix, as JSON and HTML."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TextIO

from conformance.text import Text

__all__ = ["add_arguments"]

_ROLES = ("device", "platform")


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``prove``."""
    parser = commands.add_parser("prove", help="prove every check by seeded faults")
    parser.add_argument("--profile", metavar="REF", help="default: all base profiles")
    parser.add_argument("--role", choices=_ROLES, action="append")
    parser.add_argument("--depth", default="smoke")
    parser.add_argument("--jobs", type=int, default=4, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("reports/proof"))
    parser.set_defaults(handler=_prove)


def _prove(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.evidence.proving import prove, trials
    from conformance.profile.corpus import default_corpus
    from conformance.report.matrix import write_matrix

    corpus = default_corpus()
    snapshots = (
        [corpus.resolve(args.profile)]
        if args.profile
        else [corpus.resolve(ref) for ref in _proved_profiles(corpus.refs())]
    )
    bad = 0
    for snapshot in snapshots:
        protocols = dict.fromkeys(
            r.check.name.partition(".")[0] for r in snapshot.requirements if r.check
        )
        for protocol in protocols:
            wanted = trials(protocol, args.role or _ROLES)
            said = Text(
                f"{snapshot.ref} / {protocol}：{len(wanted)} 个实现",
                f"{snapshot.ref} / {protocol}: {len(wanted)} implementations",
            )
            print(said[language], file=out, flush=True)
            proof = prove(snapshot, wanted, depth=args.depth, jobs=args.jobs)
            args.out.mkdir(parents=True, exist_ok=True)
            name = f"{snapshot.id}-{snapshot.version}-{protocol}"
            text = json.dumps(proof.to_json(), ensure_ascii=False, indent=1)
            (args.out / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            write_matrix(proof, args.out / f"{name}.html")
            for objection in proof.objections:
                print(
                    f"  ! {objection.trial} {objection.requirement} "
                    f"{objection.code}: {objection.text[language]}",
                    file=out,
                )
            bad += len(proof.objections)
    said = Text("证明成立", "the proof holds")
    if bad:
        said = Text(f"证明不成立：{bad} 项异议", f"no proof: {bad} objection(s)")
    print(said[language], file=out)
    return 1 if bad else 0


def _proved_profiles(refs: list[str]) -> list[str]:
    """Return the profiles that are proved by default: one per protocol."""
    proved = ("sd-water-surface-station@",)
    return [ref for ref in refs if ref.startswith(proved)]
