# SPDX-License-Identifier: Apache-2.0
"""``pytest FILE.iut.yaml``: the same run as ``luheng run``, shown by pytest."""

from __future__ import annotations

import io
import json
import os
import queue
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from conformance.cli.main import main
from conformance.profile.corpus import default_corpus
from tests.cli.bench import (
    SECRET,
    TIMEOUT_S,
    declare,
    environment,
    lines_of,
    silent_server,
)
from tests.engine import toy
from tests.engine.test_execution import HONEST

# With "=", lest pytest take the file for one that it is to test.
FLAGS = (f"--iut-profile={toy.PROFILE}", "--iut-depth=smoke", "--iut-seed=7")

# Where the suite is installed, pytest has the plugin already.
is_installed = any(e.name == "luheng" for e in entry_points(group="pytest11"))
LOAD = () if is_installed else ("-p", "conformance.pytest_plugin")


@pytest.fixture
def tested(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., pytest.RunResult]:
    """Return a function that runs pytest on a declaration in this process."""
    toy.install(monkeypatch)
    monkeypatch.setenv("TOY_SECRET", SECRET)
    monkeypatch.setenv("LUHENG_LANG", "en")
    default_corpus.cache_clear()

    def run(*args: str) -> pytest.RunResult:
        flags = (*LOAD, "-p", "no:hypothesispytest", "-p", "no:cacheprovider", *FLAGS)
        return pytester.runpytest_inprocess(*flags, "--iut-out", "run", *args)

    return run


def verdicts(folder: Path) -> dict[str, str]:
    lines = lines_of(folder)
    return {x["requirement"]: x["verdict"] for x in lines if x["type"] == "record"}


def test_each_requirement_is_an_item(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with toy.toy_server() as server:
        declare(pytester.path, server.port, server.hook_port)
        done = tested("-v", "toy.iut.yaml")
    done.assert_outcomes(passed=5, skipped=2)
    done.stdout.fnmatch_lines(
        [
            "toy.iut.yaml::TOY-ACK-001 PASSED*",
            "toy.iut.yaml::TOY-SITE-001 SKIPPED (*site*",
        ]
    )
    done.stdout.fnmatch_lines(["*= luheng =*", "Conformant", "certificate: *", "run"])
    assert verdicts(pytester.path / "run") == HONEST
    assert lines_of(pytester.path / "run")[-1]["partial"] is False
    assert (pytester.path / "run/report.html").is_file()


def test_collecting_sends_nothing(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with silent_server() as server:
        declare(pytester.path, server.port)
        done = tested("--collect-only", "-q", "toy.iut.yaml")
        assert server.heard.empty()
    assert done.ret == 0
    assert [x.partition("::")[2] for x in done.outlines[: len(HONEST)]] == list(HONEST)
    assert not (pytester.path / "run").exists()


def test_a_declaration_that_nobody_named_is_left_alone(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """A folder may hold the declarations of many vendors."""
    declare(pytester.path, 9)
    done = tested(str(pytester.path))
    assert done.ret == pytest.ExitCode.NO_TESTS_COLLECTED


@pytest.mark.parametrize(
    "args",
    [
        ("-k", "ACK or MEM", "toy.iut.yaml"),
        ("toy.iut.yaml::TOY-ACK-001", "toy.iut.yaml::TOY-MEM-001"),
        (
            "--deselect",
            "toy.iut.yaml::TOY-REF-001",
            "-k",
            "ACK or MEM or REF",
            "toy.iut.yaml",
        ),
    ],
    ids=["keyword", "node ids", "deselect"],
)
def test_a_selection_makes_the_run_partial(
    tested: Callable[..., pytest.RunResult],
    pytester: pytest.Pytester,
    args: tuple[str, ...],
) -> None:
    with toy.toy_server() as server:
        declare(pytester.path, server.port, server.hook_port)
        tested(*args).assert_outcomes(passed=2, deselected=0 if "::" in args[0] else 5)
    lines = lines_of(pytester.path / "run")
    assert sorted(lines[0]["only"]) == ["TOY-ACK-001", "TOY-MEM-001"]
    assert lines[-1]["partial_reason"] == "selection"
    assert not lines[-1]["eligible"]
    found = verdicts(pytester.path / "run")
    judged = {k for k, v in found.items() if v == "pass"}
    assert judged == {"TOY-ACK-001", "TOY-MEM-001"}


def test_a_failing_item_says_what_was_expected(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with toy.toy_server("obliging", "lowercase") as server:
        declare(pytester.path, server.port, server.hook_port)
        done = tested("--junitxml=junit.xml", "toy.iut.yaml")
    done.assert_outcomes(passed=4, failed=1, skipped=2, warnings=1)
    done.stdout.fnmatch_lines(
        [
            "*TOY-REF-001: fail*",
            "*cause: the implementation under test*",
            "*step: HELO*",
            "*expected: NO*",
            "*actual: OK*",
        ]
    )
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*conformance/*.py:*")
    cases = {
        case.attrib["name"]: case
        for case in ElementTree.parse(pytester.path / "junit.xml").iter("testcase")
    }
    assert cases.keys() == HONEST.keys()
    failure = cases["TOY-REF-001"].find("failure")
    assert failure is not None
    assert "expected: NO" in str(failure.text)
    properties = {
        one.attrib["name"]: one.attrib["value"]
        for one in cases["TOY-REF-001"].iter("property")
    }
    assert properties == {
        "verdict": "fail",
        "cause": "iut",
        "check": "toy.refuses",
        "level": "shall",
    }


def test_stopping_at_the_first_failure_leaves_a_valid_partial_run(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    with toy.toy_server("obliging") as server:
        declare(pytester.path, server.port, server.hook_port)
        done = tested("-x", "--iut-jobs", "1", "toy.iut.yaml")
    done.assert_outcomes(passed=1, failed=1)
    lines = lines_of(pytester.path / "run")
    assert lines[-1]["type"] == "footer"
    found = verdicts(pytester.path / "run")
    assert found["TOY-REF-001"] == "fail"
    # What was done meanwhile is kept; if that is not all, the footer says so.
    assert (lines[-1]["partial_reason"] == "stopped") is (found.keys() != HONEST.keys())


ERRORS = {
    "declaration": (
        ("role: platform", "role: server"),
        (),
        "toy.iut.yaml:5: role: *not among*",
    ),
    "profile": (("", ""), ("--iut-profile=nosuch",), "there is no profile nosuch*"),
    "folder": (
        ("", ""),
        ("--iut-out", "toy.iut.yaml"),
        "toy.iut.yaml: the results cannot*",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_bad_input_is_one_sentence(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester, what: str
) -> None:
    (old, new), args, said = ERRORS[what]
    path = declare(pytester.path, 9)
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
    done = tested("toy.iut.yaml", *args)
    assert done.ret != 0
    done.stdout.fnmatch_lines([f"*{said}"])
    done.stdout.no_fnmatch_line("*Traceback*")
    done.stdout.no_fnmatch_line("*Error(*")


def test_a_run_is_not_split_over_processes(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """Two workers of pytest-xdist would run against one device at the same time."""
    pytester.makeconftest("def pytest_configure(config): config.workerinput = {}")
    declare(pytester.path, 9)
    done = tested("toy.iut.yaml")
    assert done.ret == pytest.ExitCode.INTERRUPTED
    done.stdout.fnmatch_lines(["*one run cannot be shared out*", "*--iut-jobs*"])


def test_an_unknown_depth_is_refused(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    declare(pytester.path, 9)
    done = tested("--iut-depth", "deep", "toy.iut.yaml")
    assert done.ret == pytest.ExitCode.USAGE_ERROR


def timeless(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a results file without what must differ between two runs."""
    text = json.dumps(lines)

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            gone = ("start", "end", "duration_s", "at", "run", "evidence")
            return {k: clean(v) for k, v in value.items() if k not in gone}
        return [clean(v) for v in value] if isinstance(value, list) else value

    cleaned: list[dict[str, Any]] = clean(json.loads(text))
    return cleaned


def test_the_results_are_those_of_luheng_run(
    tested: Callable[..., pytest.RunResult], pytester: pytest.Pytester
) -> None:
    """Same declaration, same seed: the same records, whoever shows them."""
    with toy.toy_server("wrong-number") as server:
        declare(pytester.path, server.port, server.hook_port)
        tested("--iut-jobs", "1", "toy.iut.yaml")
        words = f"run toy.iut.yaml --profile {toy.PROFILE} --depth smoke --seed 7"
        main([*words.split(), "--jobs", "1", "--out", "again"], io.StringIO())
    one, two = lines_of(pytester.path / "run"), lines_of(pytester.path / "again")
    assert timeless(one) == timeless(two)
    assert sorted(p.name for p in (pytester.path / "run").rglob("*")) == sorted(
        p.name for p in (pytester.path / "again").rglob("*")
    )


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_ctrl_c_leaves_a_valid_partial_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import pytest\n"
        "from tests.engine import toy\n"
        "toy.install(pytest.MonkeyPatch())\n",
        "utf-8",
    )
    with silent_server() as server:
        declare(tmp_path, server.port)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", *LOAD, "-p", "no:cacheprovider"),
                *(*FLAGS, "--iut-jobs=1", "--iut-out=run", "toy.iut.yaml"),
            ],
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            # What runs in the background of a shell inherits an ignored Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        try:
            for _ in ("the exercise", "a check, now waiting"):
                server.heard.get(timeout=TIMEOUT_S)
        except queue.Empty:
            process.kill()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == pytest.ExitCode.INTERRUPTED, out
    lines = lines_of(tmp_path / "run")
    assert lines[-1]["partial_reason"] == "stopped"
    assert "TOY-ACK-001" not in verdicts(tmp_path / "run")
