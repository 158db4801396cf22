# SPDX-License-Identifier: Apache-2.0
"""Real peers start, end, and are never left out in silence."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from tests import peers
from tests.peers import Broker, find, require, start_mosquitto

ABSENT = peers.Peer(("no-such-program-luheng",), ("none",), {}, "these tests")


@pytest.fixture
def _absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(peers.PEERS, "absent", ABSENT)


@pytest.mark.usefixtures("_absent")
def test_a_missing_peer_skips_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUHENG_REQUIRE_PEERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"absent .*these tests"):
        require("absent")


@pytest.mark.usefixtures("_absent")
def test_a_missing_peer_fails_where_peers_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LUHENG_REQUIRE_PEERS", "1")
    with pytest.raises(pytest.fail.Exception, match="absent"):
        require("absent")


@pytest.mark.parametrize("name", sorted(peers.PEERS))
def test_an_installed_peer_states_its_version(name: str) -> None:
    require(name)
    assert re.fullmatch(r"\d+(\.\d+)+(-[a-z]+\.\d+)?", peers.version(name))


@pytest.mark.peer("mosquitto")
def test_the_broker_answers_a_connect(mosquitto: Broker) -> None:
    # MQTT 3.1.1 CONNECT: empty client identifier, clean session (clause 3.1).
    connect = bytes.fromhex("10 0c 0004 4d515454 04 02 003c 0000")
    with socket.create_connection((mosquitto.host, mosquitto.port), 5) as link:
        link.sendall(connect)
        assert link.recv(4) == bytes.fromhex("20 02 00 00")


@pytest.mark.peer("mosquitto")
def test_extra_configuration_rules_and_the_end_is_the_end(tmp_path: Path) -> None:
    """The broker refuses strangers when told to, and its port is free afterwards."""
    connect = bytes.fromhex("10 0c 0004 4d515454 04 02 003c 0000")
    with start_mosquitto(tmp_path, extra_config="allow_anonymous false") as broker:
        with socket.create_connection((broker.host, broker.port), 5) as link:
            link.sendall(connect)
            # CONNACK return code 5, not authorized (clause 3.2.2.3).
            assert link.recv(4) == bytes.fromhex("20 02 00 05")
        assert broker.version in broker.log
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((broker.host, broker.port), 5)


@pytest.mark.peer("mosquitto")
def test_a_broker_that_cannot_start_shows_its_own_words(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="no_such_setting"),
        start_mosquitto(tmp_path, extra_config="no_such_setting 1"),
    ):
        pass


def test_the_summary_says_what_was_left_out(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The closing account groups skipped tests by reason, whatever their place."""
    root = Path(__file__).parent.parent
    monkeypatch.delenv("LUHENG_REQUIRE_PEERS", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(root))
    pytester.makeconftest((root / "tests" / "conftest.py").read_text("utf-8"))
    pytester.makeini("[pytest]\nmarkers = peer(name): a real implementation\n")
    pytester.makepyfile(
        f"""
        import pytest
        from tests import peers
        absent = peers.Peer(("{ABSENT.programs[0]}",), (), dict(), "these")
        peers.PEERS["absent"] = absent

        @pytest.mark.peer("absent")
        def test_one(): raise AssertionError

        @pytest.mark.peer("absent")
        def test_two(): raise AssertionError

        def test_three(): assert peers.find("absent") is None
        """
    )
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", f"--rootdir={pytester.path}"
    )
    result.assert_outcomes(passed=1, skipped=2)
    result.stdout.fnmatch_lines(["2 tests: absent is not installed*these*"])


def test_names_that_are_in_the_table_are_found_or_absent() -> None:
    for name in peers.PEERS:
        found = find(name)
        assert found is None or found.is_file()
