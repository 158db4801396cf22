# SPDX-License-Identifier: Apache-2.0
"""Words for people, in Chinese and English.

``Text`` is a pair of wordings.  Sentences of errors lie in the ``messages.py`` of the
package that raises them, keyed by error code, and are loaded when first needed.  The
language is, in this order: what the caller asks, ``LUHENG_LANG``, the locale.
"""

from __future__ import annotations

import errno
import importlib
import locale
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from conformance.errors import ConformanceError

__all__ = ["Language", "Message", "Text", "choose_language", "render_error", "say"]

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in Chinese and in English; either may be missing."""

    zh: str = ""
    en: str = ""

    def __getitem__(self, language: str) -> str:
        first, second = (self.zh, self.en) if language == "zh" else (self.en, self.zh)
        return first or second


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence with ``{fact}`` holes, and what to do about it."""

    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""


# The first part of an error code names the package whose messages.py has the words.
_CATALOGUES = {
    "profile": "conformance.profile.messages",
    "iut": "conformance.iut.messages",
    "link": "conformance.link.messages",
    "engine": "conformance.engine.messages",
    "evidence": "conformance.evidence.messages",
    "peer": "conformance.engine.messages",
    "cli": "conformance.cli.messages",
    "report": "conformance.report.messages",
    "hj212": "conformance.protocols.hj212.messages",
    "mqtt": "conformance.protocols.mqtt.messages",
}


def choose_language(asked: str | None = None) -> Language:
    """Return the language to speak: as asked, else by environment, else English."""
    for wish in (asked, os.environ.get("LUHENG_LANG"), _locale_name()):
        if wish and wish != "auto":
            return "zh" if wish.lower().startswith(("zh", "chinese")) else "en"
    return "en"


def _locale_name() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return value
    return locale.getlocale()[0] or ""


def say(message: Message, language: str, /, **facts: Any) -> str:
    """Return the sentence with its holes filled; control characters made visible."""
    template = message.zh if language == "zh" else message.en
    return template.format_map(_Facts(facts, language))


def render_error(error: ConformanceError, language: str) -> str:
    """Return ``file:line: sentence`` and, on a second line, the hint."""
    message = _message(error.code)
    facts = {"file": error.file, "line": error.line, **error.facts}
    where = ":".join(str(part) for part in (error.file, error.line) if part)
    inside = _dotted(error.path)
    sentence = say(message, language, path=inside, **facts)
    head = ": ".join(part for part in (where, inside, sentence) if part)
    hint = message.hint_zh if language == "zh" else message.hint_en
    return f"{head}\n  → {hint.format_map(_Facts(facts, language))}" if hint else head


def _message(code: str) -> Message:
    package = _CATALOGUES[code.partition(".")[0]]
    catalogue: Mapping[str, Message] = importlib.import_module(package).MESSAGES
    return catalogue[code]


def _dotted(path: tuple[str | int, ...]) -> str:
    parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in path]
    return "".join(parts).removeprefix(".")


# What the operating system says in English, as ``OSError.strerror`` carries it.
_SYSTEM_ZH = {
    os.strerror(getattr(errno, name)): said
    for name, said in {
        "EACCES": "没有权限",
        "EADDRINUSE": "地址已被占用",
        "EADDRNOTAVAIL": "地址不属于本机",
        "ECONNREFUSED": "连接被拒绝",
        "ECONNRESET": "连接被对端重置",
        "EDQUOT": "磁盘配额已用完",
        "EEXIST": "文件已存在",
        "EFBIG": "文件过大",
        "EHOSTUNREACH": "没有到主机的路由",
        "EIO": "读写出错",
        "EISDIR": "这是一个目录",
        "EMFILE": "打开的文件过多",
        "ENAMETOOLONG": "文件名过长",
        "ENETUNREACH": "网络不可达",
        "ENOENT": "文件或目录不存在",
        "ENOSPC": "磁盘空间不足",
        "ENOTDIR": "上级路径不是目录",
        "EPERM": "操作不被允许",
        "EPIPE": "对端已关闭连接",
        "EROFS": "文件系统只读",
    }.items()
    if hasattr(errno, name)
}


class _Facts(dict[str, Any]):
    """Facts as they may be printed: no control characters, no runaway length."""

    def __init__(self, facts: Mapping[str, Any], language: str) -> None:
        known = _SYSTEM_ZH if language == "zh" else {}
        super().__init__(
            (key, known.get(value) or _printable(value))
            if isinstance(value, str)
            else (key, _printable(value))
            for key, value in facts.items()
        )

    def __missing__(self, key: str) -> str:
        return "?"


def _printable(value: Any) -> str:
    text = str(value)
    clean = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:2000])
    return clean + "…" if len(text) > 2000 else clean
