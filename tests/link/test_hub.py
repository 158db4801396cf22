# SPDX-License-Identifier: Apache-2.0
"""Sockets with a bound on everything: no peer can hang or exhaust the suite."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.errors import LinkError
from conformance.link.clock import Clock
from conformance.link.conversation import recorded_conversations
from conformance.link.hub import Hub, Limits, RunStopped
from conformance.link.recorder import Recorder, StorageFailed
from tests.link.peer import peer


@pytest.fixture
def wire(tmp_path: Path) -> Path:
    return tmp_path / "wire.pcapng"


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def hub(wire: Path, stop: threading.Event) -> Iterator[Hub]:
    recorder = Recorder(wire, Clock(), describe="test")
    made = Hub(recorder, stop, Limits(requirement_s=5, received_max_octets=1 << 20))
    made.begin("TST-LINK-001")
    yield made
    made.close()
    recorder.close()


def connect(hub: Hub, address: tuple[str, int]):
    return hub.connect(*address, timeout_s=2, protocol="test", iut="server")


def test_octets_arrive_with_time_and_packet_number(hub: Hub) -> None:
    """What the peer sends comes back as it was, in order, and is in the recording."""
    with peer(lambda sock: sock.sendall(b"hello")) as address:
        arrived = connect(hub, address).next(2)
    assert arrived is not None
    assert arrived.octets == b"hello"
    assert arrived.packets == (4,)  # after the handshake's three


def test_silence_is_none_and_ends_in_time(hub: Hub) -> None:
    """A peer that stalls costs the time that was given, not more."""
    held = threading.Event()
    with peer(lambda sock: held.wait(5) and None) as address:
        link = connect(hub, address)
        begin = time.monotonic()
        assert link.next(0.3) is None
        assert 0.25 < time.monotonic() - begin < 2
        held.set()


def test_what_came_before_a_late_look_is_no_silence(hub: Hub) -> None:
    """A thread that was held up past its deadline takes what the socket has."""
    with peer(lambda sock: sock.sendall(b"hello")) as address:
        link = connect(hub, address)
        assert select.select([link.sock], [], [], 2)[0]
        arrived = link.next(0)
    assert arrived is not None
    assert arrived.octets == b"hello"


def test_who_came_before_a_late_look_has_come(hub: Hub) -> None:
    listener = hub.listen("127.0.0.1", 0, protocol="test", iut="client")
    address = (listener.address.host, listener.address.port)
    with socket.create_connection(address, 2):
        assert select.select([listener.sock], [], [], 2)[0]
        assert listener.accept(0)[0].is_open


def test_half_close_is_told_again_and_again(hub: Hub) -> None:
    """After the peer's end of stream each receive says so; sending still works."""
    got = []

    def behave(sock: socket.socket) -> None:
        sock.shutdown(socket.SHUT_WR)
        got.append(sock.recv(100))

    with peer(behave) as address:
        link = connect(hub, address)
        first, second = link.next(2), link.next(2)
        assert first is not None
        assert second is not None
        assert (first.ending, second.ending) == ("eof", "eof")
        link.send(b"still here", 2)
        deadline = time.monotonic() + 5
        while not got and time.monotonic() < deadline:
            hub.wait(0.01)
    assert got == [b"still here"]


def test_reset_is_told_apart_from_close(hub: Hub) -> None:
    def behave(sock: socket.socket) -> None:
        sock.recv(1)  # the other side has seen the connection
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()

    with peer(behave) as address:
        link = connect(hub, address)
        link.send(b"x", 2)
        arrived = link.next(2)
    assert arrived is not None
    assert arrived.ending == "reset"


def test_a_flood_is_stopped(hub: Hub) -> None:
    """A peer that never stops sending is cut off at the bound."""

    def behave(sock: socket.socket) -> None:
        while True:
            sock.sendall(b"x" * 65_536)

    def read_on() -> None:
        while link.next(2) is not None:
            pass

    with peer(behave) as address:
        link = connect(hub, address)
        with pytest.raises(LinkError) as caught:
            read_on()
    assert caught.value.code == "link.flood"


def test_a_flood_while_we_send_does_not_deadlock(hub: Hub) -> None:
    """Reading goes on while a send waits, so both buffers cannot fill up."""

    def behave(sock: socket.socket) -> None:
        sock.sendall(b"y" * 600_000)
        taken = 0
        while taken < 4_000_000:
            taken += len(sock.recv(65_536))
        sock.sendall(b"done")

    with peer(behave) as address:
        link = connect(hub, address)
        link.send(b"z" * 4_000_000, 5)
        received = b""
        while not received.endswith(b"done"):
            arrived = link.next(3)
            assert arrived is not None
            received += arrived.octets
    assert received == b"y" * 600_000 + b"done"


def test_a_peer_that_does_not_read_stalls_the_send_only_so_long(hub: Hub) -> None:
    held = threading.Event()
    with peer(lambda sock: held.wait(5) and None) as address:
        link = connect(hub, address)
        with pytest.raises(LinkError) as caught:
            link.send(b"z" * 50_000_000, 0.5)
        held.set()
    assert caught.value.code == "link.send-stalled"


def test_the_requirement_as_a_whole_has_a_deadline(
    wire: Path, stop: threading.Event
) -> None:
    """A peer that drips for ever ends with the requirement's time."""

    def behave(sock: socket.socket) -> None:
        while True:
            sock.sendall(b".")
            time.sleep(0.02)  # the drip itself, not a wait for something

    recorder = Recorder(wire, Clock(), describe="test")
    hub = Hub(recorder, stop, Limits(requirement_s=0.5))

    def read_on() -> None:
        while link.next(2) is not None:
            pass

    with peer(behave) as address:
        link = connect(hub, address)
        with pytest.raises(LinkError) as caught:
            read_on()
    hub.close()
    recorder.close()
    assert caught.value.code == "link.out-of-time"


def test_a_stop_ends_a_wait_at_once(hub: Hub, stop: threading.Event) -> None:
    held = threading.Event()
    with peer(lambda sock: held.wait(5) and None) as address:
        link = connect(hub, address)
        threading.Timer(0.1, stop.set).start()
        begin = time.monotonic()
        with pytest.raises(RunStopped):
            link.next(60)
        assert time.monotonic() - begin < 2
        held.set()
    stop.clear()


def test_refused_and_unresolved_are_told_apart(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(LinkError) as refused:
        connect(hub, ("127.0.0.1", port))
    with pytest.raises(LinkError) as unresolved:
        connect(hub, ("no-such-host.invalid", 1))
    codes = (refused.value.code, unresolved.value.code)
    assert codes == ("link.refused", "link.unresolved")


def test_an_address_in_use_is_named(hub: Hub) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(LinkError) as caught:
            hub.listen("127.0.0.1", port, protocol="test", iut="client")
    assert caught.value.code == "link.address-in-use"


def test_nobody_connects(hub: Hub) -> None:
    listener = hub.listen("127.0.0.1", 0, protocol="test", iut="client")
    with pytest.raises(LinkError) as caught:
        listener.accept(0.2)
    assert caught.value.code == "link.nobody-connected"


def test_octets_are_recorded_while_another_wire_is_waited_for(
    hub: Hub, wire: Path
) -> None:
    """Arrival time is the socket's, not the moment at which a check asks."""
    with (
        peer(lambda sock: sock.sendall(b"early")) as one,
        peer(lambda sock: sock.recv(10)) as two,
    ):
        first, second = connect(hub, one), connect(hub, two)
        assert second.next(0.3) is None
        asked_ns = hub.recorder.clock.now_ns()
        arrived = first.next(0)
    assert arrived is not None
    assert arrived.at_ns < asked_ns


def test_the_recording_holds_both_directions(hub: Hub, wire: Path) -> None:
    def behave(sock: socket.socket) -> None:
        sock.sendall(b"<" + sock.recv(100) + b">")

    with peer(behave) as address:
        link = connect(hub, address)
        link.send(b"ping", 2)
        assert link.next(2) is not None
        link.close()
    hub.recorder.flush()
    (talk,) = recorded_conversations(wire)
    assert (talk.protocol, talk.iut, talk.label) == ("test", "server", "TST-LINK-001")
    said = [(piece.sender, piece.octets) for piece in talk.pieces]
    assert said == [("client", b"ping"), ("server", b"<ping>")]


def test_a_full_disk_stops_the_run_and_says_so(tmp_path: Path) -> None:
    """Evidence that cannot be kept is never lost silently."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    recorder = Recorder(full, Clock(), describe="test")
    with pytest.raises(StorageFailed) as caught:
        recorder.flush()
    assert caught.value.file == str(full)
    with contextlib.suppress(StorageFailed):
        recorder.close()


def test_who_has_vanished_refuses_and_is_there_again(hub: Hub) -> None:
    """A closed port refuses; who waited before is let go, who comes later is taken."""
    listener = hub.listen("127.0.0.1", 0, protocol="test", iut="client")
    address = ("127.0.0.1", listener.address.port)
    early = socket.create_connection(address, timeout=2)
    seen: list[type[OSError] | None] = []

    def knock() -> None:
        with contextlib.suppress(OSError):
            early.recv(1)  # let go as soon as the port closes
        try:
            socket.create_connection(address, timeout=2).close()
            seen.append(None)
        except OSError as error:
            seen.append(type(error))

    hub.wait(0.05)
    thread = threading.Thread(target=knock)
    thread.start()
    before = hub.recorder.clock.now_ns()
    assert listener.vanish(0.5) >= before + 500_000_000
    thread.join(5)
    assert seen == [ConnectionRefusedError]
    with socket.create_connection(address, timeout=2):
        assert listener.accept(2)[0].is_open
    early.close()


def test_time_that_a_declaration_asks_for_is_not_the_requirements(
    wire: Path, stop: threading.Event
) -> None:
    recorder = Recorder(wire, Clock(), describe="test")
    hub = Hub(recorder, stop, Limits(requirement_s=0.2))
    hub.begin("TST-LINK-002")
    hub.extend(5)
    hub.wait(0.4)
    hub.close()
    recorder.close()
