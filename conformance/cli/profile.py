# SPDX-License-Identifier: Apache-2.0
"""``luheng profile``: list, show, resolve and lint profiles."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from conformance.errors import InputError, UsageError
from conformance.text import Text, render_error

if TYPE_CHECKING:
    from conformance.profile.checkinfo import CheckInfo

__all__ = ["RegisteredChecks", "add_arguments"]


def add_arguments(commands: argparse._SubParsersAction[Any], language: str) -> None:
    """Add ``profile`` with its four verbs."""
    title = Text("列出、查看、解析、检查规范", "list, show, resolve and lint profiles")
    profile = commands.add_parser("profile", help=title[language])
    verbs = profile.add_subparsers(metavar="VERB", dest="verb", required=True)

    listing = verbs.add_parser(
        "list", help=Text("列出全部规范", "list all profiles")[language]
    )
    listing.set_defaults(handler=_list)

    show = verbs.add_parser(
        "show", help=Text("查看一个规范", "show a profile")[language]
    )
    show.add_argument("ref", metavar="REF", help="id, id@version, FILE.yaml")
    show.set_defaults(handler=_show)

    resolve = verbs.add_parser(
        "resolve",
        help=Text("输出解析后的快照", "print the resolved snapshot")[language],
    )
    resolve.add_argument("ref", metavar="REF", help="id, id@version, FILE.yaml")
    resolve.add_argument("--out", type=Path, metavar="FILE")
    resolve.add_argument(
        "--write",
        action="store_true",
        help=Text(
            "更新规范旁的快照文件", "update the snapshot file beside the profile"
        )[language],
    )
    resolve.set_defaults(handler=_resolve)

    lint = verbs.add_parser(
        "lint", help=Text("检查规范、词典和索引", "check profiles")[language]
    )
    lint.add_argument("paths", nargs="*", type=Path, metavar="PATH")
    lint.set_defaults(handler=_lint)


def _list(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.profile.corpus import default_corpus
    from conformance.profile.pages import listing

    print(listing(default_corpus(), language), file=out)
    return 0


def _show(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.profile.corpus import default_corpus
    from conformance.profile.pages import page

    print(page(default_corpus().resolve(args.ref), language), file=out)
    return 0


def _resolve(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.profile.corpus import default_corpus
    from conformance.profile.lint import snapshot_file, snapshot_text

    corpus = default_corpus()
    entry = corpus.find(args.ref)
    resolved = corpus.resolve_entry(entry)
    target = args.out
    if args.write:
        if args.out:
            raise UsageError("profile.write-or-out")
        target = snapshot_file(entry)
    if target is None:
        out.write(snapshot_text(resolved))
        return 0
    try:
        target.write_text(snapshot_text(resolved), "utf-8", newline="\n")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("cli.cannot-write", file=target, reason=reason) from None
    print(f"{entry.ref} {resolved.digest} → {target}", file=out)
    return 0


def _lint(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.profile.corpus import default_corpus
    from conformance.profile.lint import lint

    files = list(_yaml_files(args.paths)) if args.paths else None
    count, errors = lint(default_corpus(), files, RegisteredChecks())
    for error in errors:
        print(render_error(error, language), file=out)
    if errors:
        summary = Text(
            f"检查 {count} 个文件，发现 {len(errors)} 处问题",
            f"{count} files checked, {len(errors)} findings",
        )
    else:
        summary = Text(
            f"检查 {count} 个文件，无问题", f"{count} files checked, no findings"
        )
    print(summary[language], file=out)
    return 3 if errors else 0


def _yaml_files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(path.rglob("*.yaml"))
        else:
            yield path


class RegisteredChecks(Mapping[str, "CheckInfo"]):
    """The engine's checks as a mapping; protocols are imported when asked for."""

    def __getitem__(self, name: str) -> CheckInfo:
        from conformance.engine.registry import info

        found = info(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        raise NotImplementedError("checks are looked up by name, never listed")

    def __len__(self) -> int:
        raise NotImplementedError("checks are looked up by name, never counted")
