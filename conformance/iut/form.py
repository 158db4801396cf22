# SPDX-License-Identifier: Apache-2.0
"""A declaration to be filled in: the profile's questions, in Chinese and English.

Turns a snapshot and a role into YAML text in which every open answer is ``null`` and
every default of the profile stands already.  The text loads as it is; the review then
lists what is still open.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from conformance.errors import InputError
from conformance.iut.declaration import Endpoint, Role, Secret
from conformance.iut.hooks import HookInfo
from conformance.iut.ixit import default_of
from conformance.iut.questions import asked_ics, may_concern
from conformance.profile.conditions import sentence
from conformance.profile.model import Condition, IcsItem, IxitItem, Snapshot
from conformance.text import Text

__all__ = ["new_declaration"]

_OPEN = "null  # 请填写 / please answer"

_HEAD = """\
# yaml-language-server: $schema={schema}
#
# 被测实现声明 / Declaration of an implementation under test
# 规范 / Profile: {title}
#
# 把每个 null 换成答案，然后运行 luheng iut check 审查。
# Replace every null by an answer, then run luheng iut check.

format: 1
kind: iut
profile: {profile}
profile_digest: {digest}
role: {role}

implementation:
  # 厂商 / maker
  vendor: {open}
  # 产品名称 / product
  product: {open}
  # 硬件版本；没有则留空 / hardware version, if any
  hardware: null
  # 软件版本，请加引号，如 "3.4.1" / software version, in quotes
  version: null

# 声明人 / who answers for this declaration
declared_by: {open}
# 声明日期，如 "2026-01-31" / date of the declaration
declared_on: {open}
"""

_SECTIONS = {
    "hooks": """\
# 观测接口：线路上看不到的信息由此获得，应答为 JSON。可以不写，有关要求则无法判定。
# 说明见 docs/hooks.zh.md
# Hooks: how to learn what the wire does not show; each answers JSON.  One may be left
# out; what needs it cannot be judged then.  See docs/hooks.md""",
    "steps": """\
# 需人工或外部装置完成的操作，写法同上。
# Steps that software cannot do by itself; written like hooks.""",
}
_TAIL = """\
# 时限：单项要求与整次运行 / longest time of one requirement and of the run
limits: {requirement: PT2M, total: PT6H}
"""


def new_declaration(
    snapshot: Snapshot,
    role: Role,
    *,
    schema: str = "iut.schema.json",
    hooks: Sequence[HookInfo] = (),
) -> str:
    """Return the form for a role as YAML text.

    ``schema`` is where an editor finds the JSON Schema, ``hooks`` what checks of the
    profile may ask for beside the wire.  Raises ``InputError``
    (``iut.role-not-in-profile``) when the profile binds no such role.
    """
    if role != "gateway" and not {role, "both"} & set(snapshot.actors):
        actors = ", ".join(snapshot.actors)
        raise InputError("iut.role-not-in-profile", role=role, actors=actors)
    head = _HEAD.format(
        schema=schema,
        title=_both(snapshot.title),
        profile=snapshot.ref,
        digest=snapshot.digest,
        role=role,
        open=_OPEN,
    )
    lines = [head, *_ics(snapshot, role), "", *_ixit(snapshot, role), ""]
    for section in _SECTIONS:
        lines += [*_hooks(section, hooks), ""]
    lines.append(_TAIL)
    return "\n".join(lines)


def _ics(snapshot: Snapshot, role: Role) -> Iterator[str]:
    yield "# 支持哪些功能：true 为是，false 为否（ICS）"
    yield "# What the implementation supports: true or false (ICS)"
    items = asked_ics(snapshot, role)
    yield "ics:" if items else "ics: {}"
    groups = {token: group for group in snapshot.ics_groups for token in group.of}
    for item in items:
        yield ""
        yield from _question(item.question)
        status = _status(item)
        if item.id in groups:
            group = groups[item.id]
            tokens = ", ".join(group.of)
            status = _GROUPS[group.choose].format(tokens=tokens)
        yield f"  # {status}"
        yield from _condition(item.when)
        yield f"  {item.id}: {_OPEN}"


_GROUPS = {
    "at-least-one": "至少选一 / at least one of: {tokens}",
    "exactly-one": "只选其一 / exactly one of: {tokens}",
}
_STATUSES = {
    "mandatory": "必备 / mandatory",
    "optional": "可选 / optional",
    "prohibited": "禁止 / prohibited",
}


def _status(item: IcsItem) -> str:
    return _STATUSES.get(item.status, item.status)


def _ixit(snapshot: Snapshot, role: Role) -> Iterator[str]:
    yield "# 测试所需的地址、时限、口令等（IXIT）"
    yield "# Addresses, timers, passwords that testing needs (IXIT)"
    items = [i for i in snapshot.ixit if may_concern(snapshot, i, role)]
    yield "ixit:" if items else "ixit: {}"
    for item in items:
        yield ""
        yield from _question(item.question)
        yield f"  # {_TYPES[item.type]}"
        if item.pattern:
            yield f"  # 格式 / pattern: {_clean(item.pattern)}"
        yield from _condition(item.when)
        yield f"  {item.id}: {_default(item)}"


_TYPES = {
    "string": '文本，请加引号 / text, in quotes: "010…"',
    "integer": "整数 / whole number",
    "decimal": "小数 / decimal number",
    "boolean": "true 或 false / true or false",
    "duration": "时长 / duration: PT10S",
    "endpoint": "地址 / address: {host: 192.0.2.10, port: 9000}",
    "secret": "密钥只写引用 / secret, by reference: {secret: env:NAME} | "
    "{secret: file:relative/path}",
    "secrets": "密钥只写引用，引用处以空格分隔 / secrets, by reference to where they "
    "stand separated by blanks: {secret: env:NAME} | {secret: file:relative/path}",
    "file": "文件的相对路径 / file, as a relative path",
}


def _hooks(section: str, hooks: Sequence[HookInfo]) -> Iterator[str]:
    """Yield a section with each hook as a comment that can be made an answer."""
    yield _SECTIONS[section]
    for hook in (hook for hook in hooks if hook.section == section):
        yield "#"
        yield f"# {hook.name}: {_both(hook.task)}"
        for fact, meaning in hook.facts.items():
            yield f"#   {{{fact}}}  {_both(meaning)}"
        yield f"#   应答 / answer: {_both(hook.answer)}"
        for name, meaning in hook.fields.items():
            yield f"#     {name}  {_both(meaning)}"
        if hook.example:
            yield f"#     例 / such as: {hook.example}"
        yield from (f"#   {line}" for line in _forms(hook))
    yield f"{section}: {{}}"


def _forms(hook: HookInfo) -> Iterator[str]:
    """Yield the hook as it may stand in the declaration, one form a line."""
    arguments = [f"{{{fact}}}" for fact in hook.facts]
    command = _scalar(["python3", f"{hook.name}.py", *arguments])
    yield f"  {hook.name}: {{command: {command}, timeout: PT10S}}"
    query = "&".join(f"{fact}={{{fact}}}" for fact in hook.facts)
    url = "?".join(filter(None, (f"http://127.0.0.1:8080/{hook.name}", query)))
    yield f"  {hook.name}: {{url: {_scalar(url)}}}"
    shown = " ".join(["", *arguments])
    prompt = {"zh": hook.task.zh + shown, "en": hook.task.en + shown}
    yield f"  {hook.name}: {{prompt: {_scalar(prompt)}, timeout: PT2M}}"


def _question(question: Text) -> Iterator[str]:
    for wording in dict.fromkeys((question.zh, question.en)):
        if wording:
            yield f"  # {_clean(wording)}"


def _condition(when: Condition | None) -> Iterator[str]:
    if when is not None:
        yield f"  # 仅当 / only if: {sentence(when, 'en')}"


def _default(item: IxitItem) -> str:
    if item.default is None:
        return _OPEN
    return _scalar(default_of(item))


def _scalar(value: Any) -> str:
    """Return a value as YAML; JSON text is YAML text."""
    match value:
        case Endpoint():
            return f"{{host: {_scalar(value.host)}, port: {value.port}}}"
        case Secret():
            return f"{{secret: {_scalar(value.reference)}}}"
        case Decimal():
            return format(value, "f")
    return json.dumps(value, ensure_ascii=False)


def _both(text: Text) -> str:
    return " / ".join(dict.fromkeys(_clean(w) for w in (text.zh, text.en) if w))


def _clean(wording: str) -> str:
    """Return words that stay inside one comment line."""
    return "".join(c if c.isprintable() else " " for c in wording)
