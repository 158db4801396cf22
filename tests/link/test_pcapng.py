# SPDX-License-Identifier: Apache-2.0
"""Recordings: other tools open them, a torn end costs nothing, octets survive."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from conformance.link.capture import captured_conversations
from conformance.link.clock import Clock
from conformance.link.conversation import Conversation, recorded_conversations
from conformance.link.packets import Address, Flow, Side, unwrap
from conformance.link.pcapng import Writer, read_packets
from conformance.link.recorder import Recorder
from tests.peers import require

CLIENT, SERVER = Address("127.0.0.1", 40_001), Address("127.0.0.2", 1883)
TALK: list[tuple[Side, bytes]] = [
    ("client", b"one"),
    ("server", b"\x00\xff" * 700),
    ("client", b"three"),
]


def record(path: Path, talk: list[tuple[Side, bytes]] = TALK) -> None:
    recorder = Recorder(path, Clock(), describe="test")
    tape = recorder.connection(
        CLIENT, SERVER, protocol="mqtt", iut="server", label="TST-PCAP-001"
    )
    for sender, octets in talk:
        tape.octets(sender, octets, "TST-PCAP-001")
    tape.ending("client", "eof", "TST-PCAP-001")
    tape.ending("server", "reset", "TST-PCAP-001")
    recorder.close()


def said(talk: Conversation) -> list[tuple[Side, bytes]]:
    return [(piece.sender, piece.octets) for piece in talk.pieces]


def test_tshark_opens_it_without_complaint(tmp_path: Path) -> None:
    """No malformed packet, no expert warning, right checksums, comments in place."""
    tshark = require("tshark")
    path = tmp_path / "wire.pcapng"
    record(path)
    command = [str(tshark), "-r", str(path), "-T", "json"]
    command += ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    done = subprocess.run(command, capture_output=True, check=True)
    text = done.stdout.decode()
    assert "malformed" not in text.lower()
    assert "cut short" not in done.stderr.decode()
    packets = json.loads(text)
    assert len(packets) == 3 + len(TALK) + 2
    layers = [p["_source"]["layers"] for p in packets]
    assert {one["tcp"]["tcp.checksum.status"] for one in layers} == {"1"}
    assert {one["ip"]["ip.checksum.status"] for one in layers} == {"1"}
    assert text.count("TST-PCAP-001") >= len(packets)
    for warning in ("tcp.analysis.lost_segment", "tcp.analysis.ack_lost_segment"):
        assert warning not in text


def test_scapy_reads_the_same_as_we_do(tmp_path: Path) -> None:
    """The reader for captures of others and our own agree on our own recording."""
    path = tmp_path / "wire.pcapng"
    record(path)
    (own,), (foreign,) = recorded_conversations(path), captured_conversations(path)
    assert said(own) == said(foreign) == TALK
    assert (own.client, own.server) == (foreign.client, foreign.server)
    times = [[p.at_ns // 1000 for p in talk.pieces] for talk in (own, foreign)]
    assert times[0] == times[1]


def test_a_torn_file_is_read_up_to_the_tear_and_continued(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcapng"
    record(path)
    whole = path.read_bytes()
    count = len(list(read_packets(path)))
    path.write_bytes(whole[:-7])
    assert len(list(read_packets(path))) == count - 1
    writer = Writer(path, describe="test", append=True)
    assert writer.packet(b"\x45" + bytes(39), 1, "more") == count
    writer.close()
    assert [p.comment for p in read_packets(path)][-1] == "more"


def test_an_ipv6_connection_survives(tmp_path: Path) -> None:
    flow = Flow(Address("::1", 5), Address("2001:db8::2", 6))
    found = unwrap(flow.data("server", b"abc"))
    assert found is not None
    assert (str(found.source), found.target.port) == ("[2001:db8::2]:6", 5)
    assert found.octets == b"abc"


@given(
    st.lists(st.tuples(st.sampled_from(["client", "server"]), st.binary(min_size=1))),
)
def test_any_talk_is_read_back(tmp_path_factory, talk) -> None:
    path = tmp_path_factory.mktemp("talk") / "wire.pcapng"
    record(path, talk)
    (found,) = recorded_conversations(path)
    assert said(found) == talk


def test_octets_larger_than_a_packet_are_split(tmp_path: Path) -> None:
    path = tmp_path / "wire.pcapng"
    record(path, [("client", b"a" * 150_000)])
    (talk,) = recorded_conversations(path)
    assert [len(p.octets) for p in talk.pieces] == [65_000, 65_000, 20_000]
