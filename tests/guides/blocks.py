# SPDX-License-Identifier: Apache-2.0
"""A guide as steps: what its code blocks tell a reader to do, and what they show.

Every fence of a guide follows a comment that says what it is.  ``do``: commands to
type, with the exit code if it is not 0.  ``shows``: an excerpt of what the command
before it prints.  ``edit``: answers to put into a file.  ``file``: a file to write.
``files``: what lies in a folder.  ``device``: the device is switched on.  ``told``:
for the reader alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KINDS", "Block", "blocks", "excerpt_missing", "plain"]

KINDS = ("do", "shows", "edit", "file", "files", "device", "told")
_MARK = re.compile(r"<!-- (?P<kind>[a-z]+)(?:: (?P<words>.*))? -->")
_SKIP = "…"


@dataclass(frozen=True, slots=True)
class Block:
    """One fence: its mark, its text and the line on which it begins."""

    kind: str
    words: tuple[str, ...]
    lines: tuple[str, ...]
    at: int

    def word(self, name: str, default: str = "") -> str:
        """Return the value of ``name=value`` in the mark."""
        found = (w.partition("=")[2] for w in self.words if w.startswith(f"{name}="))
        return next(found, default)


def blocks(path: Path) -> Iterator[Block]:
    """Yield the blocks of a guide; a fence without a mark is an error."""
    lines = path.read_text("utf-8").splitlines()
    at = 0
    while at < len(lines):
        if not lines[at].startswith("```"):
            at += 1
            continue
        end = lines.index("```", at + 1)
        mark = _MARK.fullmatch(lines[at - 1])
        assert mark, f"{path.name}:{at + 1}: a block without a mark"
        assert mark["kind"] in KINDS, f"{path.name}:{at}: {mark['kind']}"
        words = tuple((mark["words"] or "").split())
        yield Block(mark["kind"], words, tuple(lines[at + 1 : end]), at + 1)
        at = end + 1


_COUNTED = re.compile(
    r"^\[ *\d+/\d+\]|\.yaml:\d+:|\(\d+ (?:seen|处)\)|^Conformant|judged: |已判定 "
    r"|^\d+ requirements: |^共 \d+ 条|^共 \d+ 项要求|^\d+ rules: "
)
"""Lines whose numbers say how large the profile is, or where in a form a line is."""
_FREE = re.compile(r"(?<![A-Za-z0-9.-])\d+(?![A-Za-z0-9.])")


def plain(line: str) -> str:
    """Return a line without what differs from one run to the next.

    A count stays a count: only whether it is zero is kept.
    """
    line = line.rstrip().replace("\\", "/")
    if not _COUNTED.search(line):
        return line
    counts = _FREE.sub(lambda m: "0" if int(m[0]) == 0 else "N", line)
    return re.sub(r"^\[ *N/N\]", "[N/N]", counts)


def excerpt_missing(shown: tuple[str, ...], printed: str) -> str | None:
    """Return the first line of an excerpt that does not follow in what was printed.

    Lines follow each other directly unless a line ``…`` stands between them.
    """
    there = [plain(line) for line in printed.splitlines()]
    runs: list[list[str]] = [[]]
    for line in shown:
        if line == _SKIP:
            runs.append([])
        else:
            runs[-1].append(plain(line))
    start = 0
    for run in runs:
        fits = (
            at
            for at in range(start, len(there) - len(run) + 1)
            if there[at : at + len(run)] == run
        )
        found = next(fits, None)
        if found is None:
            absent = [line for line in run if line not in there[start:]]
            return (absent or run)[0]
        start = found + len(run)
    return None
