# SPDX-License-Identifier: Apache-2.0
"""The argument parser in two languages: a wrong command line is one sentence.

argparse says what is wrong in English and leaves the process; here it raises
``UsageError`` with the sentence in both languages.  Knows no command.
"""

from __future__ import annotations

import argparse
import re
from functools import partial
from typing import Any, NoReturn

from conformance.errors import UsageError
from conformance.text import Text

__all__ = ["Parser", "port", "positive", "whole"]

_MOST = (1 << 48) - 1
"""As large as any seed that the suite draws by itself."""

# What argparse says -> which sentence of ours says it; the groups are its facts.
# Quotes around choices differ between Python versions.
_SAID = (
    (
        r"argument COMMAND: invalid choice: '?(?P<given>.*?)'? \(choose",
        "cli.unknown-command",
    ),
    (
        r"argument (?P<option>\S+): invalid choice: '?(?P<given>.*?)'? "
        r"\(choose from (?P<known>.*)\)",
        "cli.not-a-choice",
    ),
    (r"unrecognized arguments: (?P<given>.*)", "cli.unknown-argument"),
    (r"the following arguments are required: (?P<option>.*)", "cli.needed"),
    (r"argument (?P<option>\S+): expected .*argument", "cli.no-value"),
    (r"argument (?P<option>\S+): (?P<given>.*) not in (?P<range>.*)", "cli.no-number"),
    (r"argument (?P<option>\S+): (?P<reason>.*)", "cli.bad-value"),
)


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that raises and never guesses abbreviated options."""

    def __init__(self, *, language: str = "en", **settings: Any) -> None:
        if language == "zh":
            settings.setdefault("formatter_class", _Chinese)
        super().__init__(**{"allow_abbrev": False, "add_help": False, **settings})
        self.language = language
        self._positionals.title = Text("参数", "arguments")[language]
        self._optionals.title = Text("选项", "options")[language]
        said = Text("显示本帮助", "show this help")[language]
        self.add_argument("-h", "--help", action="help", help=said)

    def add_subparsers(self, **settings: Any) -> Any:
        """As argparse, in the same language all the way down."""
        made = partial(Parser, language=self.language)
        return super().add_subparsers(**{"parser_class": made, **settings})

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError``."""
        for pattern, code in _SAID:
            if found := re.match(pattern, message, re.DOTALL):
                facts: dict[str, Any] = found.groupdict()
                if "known" in facts:
                    facts["known"] = facts["known"].replace("'", "")
                raise UsageError(code, command=self.prog, **facts)
        raise UsageError("cli.bad-usage", command=self.prog, reason=message)


class _Chinese(argparse.HelpFormatter):
    def add_usage(
        self, usage: Any, actions: Any, groups: Any, prefix: str | None = None
    ) -> None:
        super().add_usage(
            usage, actions, groups, "用法：" if prefix is None else prefix
        )


def whole(text: str) -> int:
    """Return a whole number from 0."""
    return _within(text, 0, _MOST)


def positive(text: str) -> int:
    """Return a whole number from 1."""
    return _within(text, 1, _MOST)


def port(text: str) -> int:
    """Return a TCP port."""
    return _within(text, 1, 65_535)


def _within(text: str, least: int, most: int) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_MOST))
    if not is_number or not least <= int(text) <= most:
        limits = f"{least}–{most}" if most < _MOST else f"≥ {least}"
        raise argparse.ArgumentTypeError(f"{text} not in {limits}")
    return int(text)
