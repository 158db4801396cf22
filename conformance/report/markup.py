# SPDX-License-Identifier: Apache-2.0
"""HTML built so that nothing can forget to escape.

``tag`` takes strings as text and ``Markup`` as markup; only this module turns one into
the other.  Both languages of a text stand in the page, and the style sheet shows one.
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from conformance.report.visible import cut, pieces, visible
from conformance.text import Text

__all__ = ["Child", "Markup", "both", "join", "shown", "tag"]

LIMIT_CHARS = 2000
_VOID = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """A string that is HTML already."""

    __slots__ = ()


Child = Markup | Text | str | None


def tag(name: str, /, *children: Child, **attributes: str | bool | None) -> Markup:
    """Return an element.  ``class_`` means class, ``data_x`` means data-x."""
    head = "".join(_attribute(k, v) for k, v in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{head}>")
    return Markup(f"<{name}{head}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Return the children one after the other."""
    return Markup("".join(map(_child, children)))


def shown(text: str, *, limit: int = LIMIT_CHARS, lines: bool = False) -> Markup:
    """Return foreign text escaped, made visible, and cut with a note if it is long."""
    head, omitted = cut(text, limit)
    body = Markup("".join(_piece(*p) for p in pieces(head, lines=lines)))
    if not omitted:
        return body
    note = Text(
        f"（略去 {omitted} 个字符，共 {len(text)} 个）",
        f" (… {omitted} of {len(text)} characters left out)",
    )
    return Markup(body + tag("em", note, class_="cut"))


def _piece(is_unseen: bool, text: str) -> str:
    escaped = html.escape(text)
    return f'<span class="control">{escaped}</span>' if is_unseen else escaped


def both(text: Text, *, limit: int = LIMIT_CHARS, lines: bool = False) -> Markup:
    """Return the text in both languages, or once where they do not differ."""
    zh, en = text["zh"], text["en"]
    if zh == en:
        return shown(zh, limit=limit, lines=lines)
    return join(
        Markup(f'<span lang="{lang}">{shown(words, limit=limit, lines=lines)}</span>')
        for lang, words in (("zh", zh), ("en", en))
    )


def _child(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child
        case Text():
            return both(child)
    return shown(child)


def _attribute(name: str, value: str | bool | None) -> str:
    key = name.rstrip("_").replace("_", "-")
    if value is None or value is False:
        return ""
    if value is True:
        return f" {key}"
    return f' {key}="{html.escape(visible(value[:LIMIT_CHARS]))}"'
