# SPDX-License-Identifier: Apache-2.0
"""The guides followed to the letter: commands typed, forms filled in, outputs compared.

``docs/vendor.md`` and ``docs/vendor.zh.md`` say the same; each is followed in its own
language from an empty folder, with the reference station as the vendor's device.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.link.ports import free_port
from tests.cli.bench import ROOT, environment
from tests.guides.blocks import KINDS, Block, blocks, excerpt_missing
from tests.test_pytest_plugin import LOAD

GUIDES = {"en": ROOT / "docs" / "vendor.md", "zh": ROOT / "docs" / "vendor.zh.md"}
PORT = "9212"
"""The port that the guides name; the tests use one that is free."""
TIMEOUT_S = 90
SHARED = ("do", "device", "edit", "file", "told")
"""What must be equal in both guides; names of people and makers apart."""
FREE_TEXT = re.compile(r"^(vendor|declared_by): .*$")
PROGRAMS = {
    "luheng": ["-m", "conformance.cli"],
    "pytest": ["-m", "pytest", *LOAD],
}


class Reader:
    """Somebody who follows a guide step by step in a folder of their own."""

    def __init__(self, language: str, folder: Path) -> None:
        self.language = language
        self.folder = folder
        self.port = free_port()
        self.printed = ""
        self.device: subprocess.Popen[str] | None = None
        self.done: dict[str, int] = dict.fromkeys(KINDS, 0)

    def follow(self, guide: Path) -> None:
        """Do what the blocks say; fail at the first that does not come true."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.switch_off)
            for block in blocks(guide):
                where = f"{guide.name}:{block.at}"
                getattr(self, f"on_{block.kind}")(block, where)
                self.done[block.kind] += 1

    def on_told(self, block: Block, where: str) -> None:
        """Leave what is for another machine."""

    def on_do(self, block: Block, where: str) -> None:
        wanted = int(block.word("exit", "0"))
        self.printed = ""
        for line in block.lines:
            ended = subprocess.run(
                self.command(line),
                cwd=self.folder,
                env=environment(self.language),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                timeout=TIMEOUT_S,
                check=False,
            )
            self.printed += ended.stdout.replace(str(self.port), PORT)
            assert ended.returncode == wanted, f"{where}: {line}\n{self.printed}"

    def on_shows(self, block: Block, where: str) -> None:
        missing = excerpt_missing(block.lines, self.printed)
        assert missing is None, f"{where}: not printed: {missing}\n\n{self.printed}"

    def on_edit(self, block: Block, where: str) -> None:
        file = self.folder / block.words[0]
        text = file.read_text("utf-8")
        for line in block.lines:
            key, _, answer = line.partition(": ")
            answer = answer.replace(f"port: {PORT}", f"port: {self.port}")
            text, count = _answered(text, re.escape(key), answer)
            assert count == 1, f"{where}: {key} stands {count} times in the form"
        if rest := block.word("rest"):
            text, count = _answered(text, rf"{rest}\w+", "false", still="null .*")
            assert count, f"{where}: no question is left for {rest}"
        file.write_text(text, "utf-8")

    def on_file(self, block: Block, where: str) -> None:
        text = "\n".join(block.lines) + "\n"
        (self.folder / block.words[0]).write_text(text, "utf-8")

    def on_files(self, block: Block, where: str) -> None:
        folder = self.folder / block.words[0]
        named = {line.split()[0] for line in block.lines}
        there = {
            p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
        }
        assert named <= there, f"{where}: {named - there}"

    def on_device(self, block: Block, where: str) -> None:
        self.switch_off()
        (line,) = block.lines
        self.device = subprocess.Popen(
            self.command(line),
            cwd=self.folder,
            env=environment(self.language),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        assert self.device.stdout is not None
        said = self.device.stdout.readline()
        assert f"127.0.0.1:{self.port}" in said, f"{where}: {said}"

    def switch_off(self) -> None:
        """End the device, if there is one, and wait until it is gone."""
        device, self.device = self.device, None
        if device is not None:
            device.terminate()
            device.communicate(timeout=TIMEOUT_S)

    def command(self, line: str) -> list[str]:
        """Return a line of a guide as a process of this interpreter."""
        program, *words = shlex.split(line)
        return [sys.executable, *PROGRAMS[program], *words]


def _answered(text: str, key: str, answer: str, still: str = ".*") -> tuple[str, int]:
    """Put an answer in the place of what stands behind a key of the form."""
    pattern = re.compile(rf"^(\s*{key}): {still}$", re.MULTILINE)
    return pattern.subn(lambda found: f"{found[1]}: {answer}", text)


@pytest.fixture(scope="module")
def readers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[Reader, Future[None]]]]:
    """Both guides at once: following one is mostly waiting."""
    with ThreadPoolExecutor(len(GUIDES)) as pool:
        made = {}
        for language, guide in GUIDES.items():
            reader = Reader(language, tmp_path_factory.mktemp(language))
            made[language] = reader, pool.submit(reader.follow, guide)
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("language", GUIDES)
def test_a_guide_comes_true(
    language: str, readers: dict[str, tuple[Reader, Future[None]]]
) -> None:
    """Each command ends as the guide says and prints what the guide shows."""
    reader, followed = readers[language]
    followed.result()
    assert min(reader.done.values()) > 0, reader.done


def test_both_guides_say_the_same() -> None:
    """The same blocks in the same order; what is typed is equal to the letter."""
    english, chinese = (list(blocks(guide)) for guide in GUIDES.values())
    assert [b.kind for b in english] == [b.kind for b in chinese]
    for one, other in zip(english, chinese, strict=True):
        assert one.words == other.words, (one.at, other.at)
        assert len(one.lines) == len(other.lines), (one.at, other.at)
        if one.kind in SHARED:
            typed = [FREE_TEXT.sub(r"\1", line) for line in one.lines]
            assert typed == [FREE_TEXT.sub(r"\1", line) for line in other.lines]
        if one.kind == "files":
            names = [line.split()[0] for line in one.lines]
            assert names == [line.split()[0] for line in other.lines]


@pytest.mark.parametrize("pattern", [r"^#+ ", r"^\|", r"^[-*] "])
def test_both_guides_have_the_same_parts(pattern: str) -> None:
    """As many headings, rows of tables and points of lists."""
    counts = {
        len(re.findall(pattern, guide.read_text("utf-8"), re.MULTILINE))
        for guide in GUIDES.values()
    }
    assert len(counts) == 1
    assert counts != {0}


@pytest.mark.parametrize("language", GUIDES)
def test_what_goes_wrong_is_quoted_as_it_is_printed(language: str) -> None:
    """The last table names messages that the suite has, in the reader's language."""
    rows = re.findall(r"^\| `(.*?)`", GUIDES[language].read_text("utf-8"), re.MULTILINE)
    sources = (ROOT / "conformance").rglob("messages.py")
    said = "".join(source.read_text("utf-8") for source in sources)
    assert len(rows) >= 5
    for row in rows:
        for part in re.split(r"…|\d+\.\d+|hj212_\w+", row):
            assert part.strip() in said, row


@pytest.mark.parametrize(
    ("shown", "missing"),
    [
        (("b", "c"), None),
        (("a", "…", "d"), None),
        (("a", "c"), "a"),
        (("d", "…", "a"), "a"),
        (("x",), "x"),
        (("[ 9/10] HJ212-FRM-005 fail",), None),
        (("[9/10] HJ212-FRM-005 pass",), "[N/N] HJ212-FRM-005 pass"),
        (("[9/10] HJ212-FRM-006 fail",), "[N/N] HJ212-FRM-006 fail"),
    ],
)
def test_an_excerpt_is_held_against_what_was_printed(
    shown: tuple[str, ...], missing: str | None
) -> None:
    """Line by line, in order; counters may differ, identifiers and verdicts may not."""
    printed = os.linesep.join(["a", "b", "c", "d", "[186/251] HJ212-FRM-005 fail"])
    assert excerpt_missing(shown, printed) == missing
