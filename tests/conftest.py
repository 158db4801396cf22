# SPDX-License-Identifier: Apache-2.0
"""What all tests share: real peers, and an honest account of what was left out.

``@pytest.mark.peer("tshark")`` and the fixture ``mosquitto`` skip where the peer is
not installed; the closing summary says how many tests that cost and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.peers import Broker, require, start_mosquitto


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``peer(name)`` runs only where that peer is."""
    for marker in item.iter_markers("peer"):
        require(*marker.args)


@pytest.fixture(scope="session")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real mosquitto on a loopback port, shared by all tests of the session."""
    with start_mosquitto(tmp_path_factory.mktemp("mosquitto")) as broker:
        yield broker


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which tests were left out, grouped by reason."""
    reports = terminalreporter.stats.get("skipped", [])
    if not reports:
        return
    terminalreporter.section("left out")
    for reason, count in Counter(map(_reason, reports)).most_common():
        noun = "test" if count == 1 else "tests"
        terminalreporter.line(f"{count} {noun}: {reason}")


def _reason(report: pytest.TestReport) -> str:
    """Return why a test was skipped: pytest keeps (file, line, reason)."""
    crash = report.longrepr
    text = crash[2] if isinstance(crash, tuple) else str(crash)
    return text.removeprefix("Skipped: ")
