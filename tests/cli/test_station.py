# SPDX-License-Identifier: Apache-2.0
"""``luheng station``: the reference station alone, against whoever is declared."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

from conformance.protocols.hj212.codec import Packet, Reader
from conformance.protocols.hj212.codec.segment import parse_segment
from tests.cli.bench import ROOT, TIMEOUT_S, environment, luheng

MODULE = "conformance.cli"
FIXTURES = ROOT / "fixtures" / "iut"


def test_it_reports_to_a_platform_as_declared(tmp_path: Path) -> None:
    """Address, MN and password are those of the declaration; then it ends softly."""
    file = tmp_path / "platform.iut.yaml"
    with socket.create_server(("127.0.0.1", 0)) as platform:
        port = platform.getsockname()[1]
        text = (FIXTURES / "platform-hj212.iut.yaml").read_text("utf-8")
        file.write_text(text.replace("port: 9212", f"port: {port}"), "utf-8")
        station = subprocess.Popen(
            [sys.executable, "-m", MODULE, "station", str(file)],
            env=environment(HJ212_PASSWORD="Lh2017"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        platform.settimeout(TIMEOUT_S)
        talk, _ = platform.accept()
        with talk:
            talk.settimeout(TIMEOUT_S)
            reader = Reader()
            while not isinstance(found := reader.next_packet(), Packet):
                octets = talk.recv(4096)
                assert octets
                reader.feed(octets)
            station.terminate()
            said, _ = station.communicate(timeout=TIMEOUT_S)
    first = parse_segment(found.segment)
    assert (first.mn, first.pw) == ("370000A8900016F000169DC0", "Lh2017")
    assert found.checksum_ok
    assert f"reports to 127.0.0.1:{port}; Ctrl-C ends it\n" in said
    assert "Lh2017" not in said


def test_it_knows_its_faults(tmp_path: Path) -> None:
    file = FIXTURES / "platform-hj212.iut.yaml"
    ended = luheng("station", file, "--fault", "none-such", cwd=tmp_path, module=MODULE)
    assert ended.returncode == 3
    assert "there is no fault named none-such" in ended.stderr


def test_a_declaration_without_hj212_makes_no_station(tmp_path: Path) -> None:
    file = FIXTURES / "paho-station.iut.yaml"
    ended = luheng("station", file, cwd=tmp_path, module=MODULE)
    assert ended.returncode == 3
    assert (
        "lacks what an HJ 212 station needs: hj212_endpoint, hj212_mn" in ended.stderr
    )
