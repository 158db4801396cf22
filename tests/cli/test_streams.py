# SPDX-License-Identifier: Apache-2.0
"""The command as a process: readers that leave, full disks, crashes with a name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.bench import declare, environment, lines_of, luheng, start
from tests.engine import toy
from tests.engine.test_execution import HONEST

REAL = "conformance.cli"
posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX streams and limits")


def run_args(server: toy.Toy, folder: Path) -> list[str]:
    file = declare(folder, server.port, server.hook_port)
    words = f"run {file} --profile {toy.PROFILE} --depth smoke --seed 7 --out run"
    return words.split()


def verdicts(folder: Path) -> dict[str, str]:
    lines = lines_of(folder)
    return {x["requirement"]: x["verdict"] for x in lines if x["type"] == "record"}


@posix
def test_a_reader_that_leaves_does_not_stop_the_run(tmp_path: Path) -> None:
    """As in ``luheng run … | head -1``: the run goes on and its exit code is true."""
    with toy.toy_server("wrong-number") as server:
        args = [*run_args(server, tmp_path), "--depth", "thorough"]
        process = start(*args, cwd=tmp_path)
        assert process.stdout is not None
        assert process.stdout.readline() == "run folder run\n"
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        process.stderr.close()
        assert process.wait(60) == 1
    assert err == ""
    assert verdicts(tmp_path / "run") == {**HONEST, "TOY-ACK-001": "fail"}
    assert (tmp_path / "run/report.html").is_file()


@posix
@pytest.mark.parametrize("words", ["frame mqtt C000", "profile list", "--help"])
def test_a_closed_output_is_no_complaint(tmp_path: Path, words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", REAL, *words.split()],
            cwd=tmp_path,
            env=environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "standard output cannot be written: No space left on device"),
        ("zh", "无法写到标准输出：磁盘空间不足"),
    ],
)
def test_a_full_disk_under_the_output_is_said(
    tmp_path: Path, language: str, said: str
) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", REAL, "frame", "mqtt", "C000"],
            cwd=tmp_path,
            env=environment(language),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert (done.returncode, done.stderr) == (4, said + "\n")


def limited(octets: int) -> list[str]:
    """The command in a process whose files cannot grow beyond a size."""
    program = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({octets}, {octets}))\n"
        "sys.argv = ['luheng', *sys.argv[1:]]\n"
        "runpy.run_module('tests.cli.toyluheng', run_name='__main__')\n"
    )
    return [sys.executable, "-B", "-c", program]


# Largest size of a file in octets -> what cannot be written, and the exit code.
FULL = {10: ("beginning", 3), 3500: ("run", 4), 5500: ("run", 4), 9500: ("report", 4)}


@posix
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("octets", FULL)
def test_a_disk_that_fills_keeps_what_was_written(
    tmp_path: Path, octets: int, language: str
) -> None:
    """A limit on the size of files stands for the disk; the run can be finished."""
    fails, code = FULL[octets]
    folder = tmp_path / "run"
    with toy.toy_server() as server:
        args = run_args(server, tmp_path)
        done = subprocess.run(
            [*limited(octets), *args],
            cwd=tmp_path,
            env=environment(language),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert done.returncode == code, done.stderr
        first, *more = done.stderr.splitlines()
        assert len(more) == 1
        assert {"en": "File too large", "zh": "文件过大"}[language] in first
        if fails == "beginning":
            assert not (folder / "results.jsonl").exists()
            return
        kept = verdicts(folder)
        assert kept.items() <= HONEST.items()
        has_end = lines_of(folder)[-1]["type"] == "footer"
        assert has_end is (fails == "report")
        words = ["report", "run"] if has_end else ["run", "--resume", "run"]
        again = luheng(*words, cwd=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert verdicts(folder) == HONEST
    assert (folder / "report.html").is_file()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "the suite itself failed: ZeroDivisionError: by 0 (crash.py:"),
        ("zh", "测试套件自身出错：ZeroDivisionError：by 0（crash.py:"),
    ],
)
def test_what_nobody_foresaw_is_one_sentence(
    tmp_path: Path, language: str, said: str
) -> None:
    program = tmp_path / "crash.py"
    program.write_text(
        "import conformance.protocols as protocols\n"
        "from conformance.cli import frame, main\n"
        "def room(*names):\n"
        "    raise ZeroDivisionError('by 0')\n"
        "frame.room = room\n"
        "main.entry()\n",
        "utf-8",
    )
    for debug in (False, True):
        more = {"LUHENG_DEBUG": "1"} if debug else {}
        done = subprocess.run(
            [sys.executable, str(program), "frame", "mqtt", "C000"],
            env=environment(language, **more),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert ("Traceback" in done.stderr) is debug
        if not debug:
            assert done.returncode == 4
            assert done.stderr.startswith(said)
            assert len(done.stderr.splitlines()) == 2


BAD = {
    "unknown command": ("certify", 3, "there is no command certify"),
    "no command": ("", 3, ""),
    "missing declaration": ("run nosuch.iut.yaml", 3, "nosuch.iut.yaml: the file"),
    "bad frame": ("frame mqtt zz", 3, "character 0 is not hex"),
    "broken frame": ("frame mqtt 00", 1, ""),
    "missing capture": ("judge nosuch --profile sd-base-uplink", 3, "nosuch: cannot"),
    "no run": ("rejudge nosuch", 3, "nosuch"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_process_itself_has_the_exit_code(tmp_path: Path, name: str) -> None:
    words, code, said = BAD[name]
    done = luheng(*words.split(), cwd=tmp_path, module=REAL)
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
