# SPDX-License-Identifier: Apache-2.0
"""``luheng iut new``, ``iut check`` and ``plan``: all before anything is sent."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from conformance.errors import InputError
from conformance.text import Text, render_error

if TYPE_CHECKING:
    from conformance.iut.declaration import Declaration
    from conformance.iut.hooks import HookInfo
    from conformance.iut.selection import Item, Plan
    from conformance.profile.model import Snapshot

__all__ = ["add_arguments"]

_ROLES = ("device", "platform", "gateway")
_UNUSABLE = 3


def add_arguments(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], language: str
) -> None:
    """Add ``iut`` and ``plan``."""

    def said(zh: str, en: str) -> str:
        return Text(zh, en)[language]

    def read(parser: argparse.ArgumentParser) -> None:
        declared = said("被测实现声明", "declaration of the implementation")
        parser.add_argument("file", type=Path, metavar="FILE.iut.yaml", help=declared)
        profile = said(
            "规范（默认取声明所写），可为尚未入库的草案文件",
            "the profile (default: the declared one); a draft's file will do",
        )
        parser.add_argument("--profile", metavar="REF|FILE", help=profile)

    iut = commands.add_parser("iut")
    inner = iut.add_subparsers(metavar="ACTION", dest="action", required=True)
    title = said("按规范的问题生成待填表", "write a form with the profile's questions")
    new = inner.add_parser("new", help=title, description=title)
    new.add_argument(
        "profile", metavar="REF|FILE", help=said("规范", "the profile to answer")
    )
    new.add_argument(
        "--role",
        choices=_ROLES,
        required=True,
        help=said("被测实现的角色", "what the implementation is"),
    )
    new.add_argument(
        "--out", type=Path, metavar="FILE.iut.yaml", help=said("写入该文件", "its name")
    )
    new.add_argument(
        "--force", action="store_true", help=said("覆盖已有文件", "overwrite the file")
    )
    new.set_defaults(handler=_new)
    title = said("审查声明，不发送任何数据", "review a declaration; nothing is sent")
    check = inner.add_parser("check", help=title, description=title)
    read(check)
    check.set_defaults(handler=_check)
    plan = commands.add_parser("plan")
    read(plan)
    plan.add_argument("--json", action="store_true", help=said("输出 JSON", "as JSON"))
    plan.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="ID|PATTERN",
        help=said("只看这些要求，可重复", "only these requirements; may be repeated"),
    )
    plan.set_defaults(handler=_plan)


def _new(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.iut.form import new_declaration
    from conformance.paths import data_dir
    from conformance.profile.corpus import default_corpus

    snapshot = default_corpus().resolve(args.profile)
    schema = (data_dir("schemas") / "iut.schema.json").resolve().as_uri()
    hooks = _hooks_for(snapshot, args.role)
    text = new_declaration(snapshot, args.role, schema=schema, hooks=hooks)
    target = args.out or Path(f"{snapshot.id}.{args.role}.iut.yaml")
    try:
        with target.open("w" if args.force else "x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise InputError("iut.exists", file=target) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError("iut.cannot-write", file=target, reason=reason) from None
    said = Text(
        f"已生成 {target}；填写后运行 luheng iut check {target}",
        f"wrote {target}; fill it in, then run luheng iut check {target}",
    )
    print(said[language], file=out)
    return 0


def _hooks_for(snapshot: Snapshot, role: str) -> list[HookInfo]:
    """Return the hooks and steps that a check of the profile can ask of a role."""
    from conformance.engine.registry import find, info
    from conformance.iut.questions import binds
    from conformance.protocols import hooks

    editions = {binding.edition for binding in snapshot.bindings}
    used: set[str] = set()
    for requirement in snapshot.requirements:
        bound = not requirement.edition or editions & {*requirement.edition}
        if requirement.check is None or not bound or not binds(requirement.actor, role):
            continue
        name = requirement.check.name
        known = info(name)  # a draft may name checks that do not exist yet
        actors = [a for a in known.actors if binds(a, role)] if known else []
        used.update(hook for actor in actors for hook in find(name, actor).hooks)
    # A device that is switched off is off for all the protocols that it speaks.
    offered = {hook.name: hook for b in snapshot.bindings for hook in hooks(b.protocol)}
    return [hook for name, hook in offered.items() if name in used]


def _check(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.iut.review import as_error, review

    declaration, snapshot = _read(args.file, args.profile)
    findings = review(declaration, snapshot)
    words = {"error": Text("错误", "error"), "warning": Text("警告", "warning")}
    for finding in findings:
        label = words[finding.severity][language]
        text = render_error(as_error(finding, declaration), language)
        print(f"[{label}] {text}", file=out)
    errors = sum(finding.severity == "error" for finding in findings)
    warnings = len(findings) - errors
    said = Text(
        f"{errors} 个错误，{warnings} 个警告", f"errors: {errors}, warnings: {warnings}"
    )
    if not findings:
        said = Text(
            f"{args.file}：未发现问题，可以测试",
            f"{args.file}: nothing amiss, ready to be tested",
        )
    print(said[language], file=out)
    return _UNUSABLE if errors else 0


def _plan(args: argparse.Namespace, language: str, out: TextIO) -> int:
    from conformance.iut.review import refuse, review
    from conformance.iut.selection import plan

    declaration, snapshot = _read(args.file, args.profile)
    # A plan over contradicting answers would mislead; secrets and addresses may wait.
    findings = review(declaration, snapshot)
    refuse([f for f in findings if f.path[:1] != ("ixit",)], declaration)
    planned = plan(snapshot, declaration, only=args.only)
    if args.json:
        head = {
            "profile": snapshot.ref,
            "profile_digest": snapshot.digest,
            "role": declaration.role,
            "declaration_digest": declaration.digest,
        }
        body = head | planned.to_json()
        print(json.dumps(body, ensure_ascii=False, indent=2), file=out)
        return 0
    for item in planned.items:
        _print_item(item, language, out)
    print(_totals(planned)[language], file=out)
    return 0


def _read(file: Path, wanted: str | None) -> tuple[Declaration, Snapshot]:
    from conformance.iut.declaration import load_declaration
    from conformance.profile.corpus import default_corpus

    declaration = load_declaration(file)
    return declaration, default_corpus().resolve(wanted or declaration.profile_ref)


def _print_item(item: Item, language: str, out: TextIO) -> None:
    from conformance.iut.selection import render_reason

    first, *more = render_reason(item.reason, language)
    mark = "+" if item.included else "-"
    print(f"{mark} {item.requirement.id:<20} {first}", file=out)
    for line in more:
        print(f"{'':<23}{line}", file=out)


def _totals(planned: Plan) -> Text:
    n = planned.totals
    return Text(
        f"共 {n['total']} 项要求：参测 {n['included']}，不适用 {n['not-applicable']}，"
        f"不测试 {n['not-tested']}，未选中 {n['deselected']}",
        f"{n['total']} requirements: {n['included']} in, "
        f"{n['not-applicable']} not applicable, {n['not-tested']} not tested, "
        f"{n['deselected']} deselected",
    )
