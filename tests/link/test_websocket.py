# SPDX-License-Identifier: Apache-2.0
"""A channel over WebSocket, against wsproto's own handshake and on the record.

The peer is ``wsproto.WSConnection``, whose upgrade and state nobody here wrote.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    Request,
    TextMessage,
)

from conformance.errors import PeerError
from conformance.link.channel import Channel, Closed, Data, Silence
from conformance.link.clock import Clock
from conformance.link.conversation import recorded_conversations
from conformance.link.hub import Hub, Limits
from conformance.link.journal import PacketStore, Recording, Replaying
from conformance.link.recorder import Recorder
from conformance.link.web_conversation import is_web, unwrap
from conformance.link.websocket import Frames, answer, ask
from tests.link.peer import peer


@contextmanager
def dialled(folder: Path, address: tuple[str, int]) -> Iterator[tuple[Channel, Any]]:
    """Connect a recorded channel; give it with its journal."""
    clock = Clock()
    recorder = Recorder(folder / "wire.pcapng", clock, describe="test")
    hub = Hub(recorder, threading.Event(), Limits())
    journal = Recording(clock)
    host, port = address
    wire = hub.connect(host, port, timeout_s=5, protocol="mqtt", iut="server")
    try:
        yield Channel(wire.number, journal, wire, is_ours=True), journal
    finally:
        hub.close()
        recorder.close()


def serving(
    behave: Callable[[WSConnection, Any, socket.socket], None],
    accept: AcceptConnection | RejectConnection | None = None,
) -> Callable[[socket.socket], None]:
    """Return a server that answers the upgrade and hands each event to ``behave``."""

    def serve(sock: socket.socket) -> None:
        web = WSConnection(ConnectionType.SERVER)
        while octets := sock.recv(65536):
            web.receive_data(octets)
            for event in web.events():
                if isinstance(event, Request):
                    answered = accept or AcceptConnection(subprotocol="mqtt")
                    sock.sendall(web.send(answered))
                elif isinstance(event, CloseConnection):
                    if web.state is ConnectionState.REMOTE_CLOSING:
                        sock.sendall(web.send(event.response()))
                    return
                else:
                    behave(web, event, sock)

    return serve


def echo(web: WSConnection, event: Any, sock: socket.socket) -> None:
    if isinstance(event, BytesMessage):
        sock.sendall(web.send(BytesMessage(bytes(event.data))))


def exchange(channel: Channel) -> list[Any]:
    """Open, say two things, hear them, close: what a check might do."""
    ask(channel, host="bench", subprotocol="mqtt", path="/mqtt")
    channel.send(b"\xc0\x00")
    heard: list[Any] = [channel.receive(5)]
    channel.send(b"x" * 70_000)
    size = 0
    while size < 70_000:
        came = channel.receive(5)
        assert isinstance(came, Data)
        size += len(came.octets)
    heard.append(size)
    channel.close()
    return heard


def test_octets_go_both_ways_and_can_be_judged_again(tmp_path: Path) -> None:
    """The same procedure runs on the record, though masks were random."""
    with peer(serving(echo)) as address, dialled(tmp_path, address) as (channel, notes):
        heard = exchange(channel)
        number = channel.number
    assert heard[0].octets == b"\xc0\x00"
    assert heard[1] == 70_000

    again = Replaying(notes.entries, PacketStore(tmp_path / "wire.pcapng"))
    replayed = exchange(Channel(number, again, None, is_ours=True))
    assert replayed[0].octets == b"\xc0\x00"
    assert replayed == heard
    assert again.peek() is None
    said = [t.octets for t in again.trace if t.sender == "suite"]
    assert b"\xc0\x00" in said


def test_the_recording_keeps_tcp_and_gives_back_what_the_frames_hold(
    tmp_path: Path,
) -> None:
    with peer(serving(echo)) as address, dialled(tmp_path, address) as (channel, _):
        exchange(channel)
    (talk,) = recorded_conversations(tmp_path / "wire.pcapng")
    assert is_web(talk)
    raw = b"".join(p.octets for p in talk.pieces if p.sender == "client")
    assert raw.startswith(b"GET /mqtt HTTP/1.1\r\n")
    assert b"\xc0\x00" * 8 not in raw

    inside, web = unwrap(talk)
    for side in ("client", "server"):
        said = b"".join(p.octets for p in inside.pieces if p.sender == side)
        assert said == b"\xc0\x00" + b"x" * 70_000
    assert web.request is not None
    assert (web.request.target, web.request.subprotocols) == ("/mqtt", ("mqtt",))
    assert web.response is not None
    assert (web.response.status, web.response.subprotocols) == (101, ("mqtt",))
    assert (web.texts, web.faults) == ([], [])
    numbers = {p.packet for p in talk.pieces}
    assert {p.packet for p in inside.pieces} < numbers


@pytest.mark.parametrize("first", ["client", "server"])
def test_who_sends_the_first_close_frame_ends_the_connection(
    first: str, tmp_path: Path
) -> None:
    def behave(web: WSConnection, event: Any, sock: socket.socket) -> None:
        if isinstance(event, BytesMessage):
            closing = CloseConnection(1000) if first == "server" else event
            sock.sendall(web.send(closing))

    with peer(serving(behave)) as address, dialled(tmp_path, address) as (channel, _):
        ask(channel, host="bench", subprotocol="mqtt")
        channel.send(b"now")
        channel.receive(5)
        channel.close()
    (talk,) = recorded_conversations(tmp_path / "wire.pcapng")
    inside, web = unwrap(talk)
    assert web.closed is not None
    assert web.closed.sender == first
    assert inside.endings[0] == web.closed


def test_a_ping_is_answered_and_nobody_above_hears_of_it(tmp_path: Path) -> None:
    answered = threading.Event()

    def behave(web: WSConnection, event: Any, sock: socket.socket) -> None:
        if isinstance(event, BytesMessage):
            sock.sendall(web.send(Ping(b"?")))
        elif isinstance(event, Pong):
            assert event.payload == b"?"
            answered.set()
            sock.sendall(web.send(BytesMessage(b"after")))

    with peer(serving(behave)) as address, dialled(tmp_path, address) as (channel, _):
        ask(channel, host="bench", subprotocol="mqtt")
        channel.send(b"now")
        came = channel.receive(5)
    assert answered.is_set()
    assert isinstance(came, Data)
    assert came.octets == b"after"


def test_a_close_frame_ends_the_direction(tmp_path: Path) -> None:
    def behave(web: WSConnection, event: Any, sock: socket.socket) -> None:
        sock.sendall(web.send(BytesMessage(b"bye")) + web.send(CloseConnection(1000)))

    with peer(serving(behave)) as address, dialled(tmp_path, address) as (channel, _):
        ask(channel, host="bench", subprotocol="mqtt")
        channel.send(b"go")
        first, second, third = (channel.receive(5) for _ in range(3))
    assert isinstance(first, Data)
    assert first.octets == b"bye"
    assert isinstance(second, Closed)
    assert second == third


def test_a_text_frame_is_the_peers_fault(tmp_path: Path) -> None:
    """MQTT 6.0.0-1: data frames are binary."""

    def behave(web: WSConnection, event: Any, sock: socket.socket) -> None:
        sock.sendall(web.send(TextMessage("hello")))

    with peer(serving(behave)) as address, dialled(tmp_path, address) as (channel, _):
        ask(channel, host="bench", subprotocol="mqtt")
        channel.send(b"go")
        with pytest.raises(PeerError) as caught:
            channel.receive(5)
    assert caught.value.rule == "websocket-text-frame"
    (talk,) = recorded_conversations(tmp_path / "wire.pcapng")
    _, web = unwrap(talk)
    assert [piece.sender for piece in web.texts] == ["server"]


def test_silence_is_silence(tmp_path: Path) -> None:
    with (
        peer(serving(lambda *_: None)) as address,
        dialled(tmp_path, address) as (channel, _),
    ):
        ask(channel, host="bench", subprotocol="mqtt")
        assert isinstance(channel.receive(0.05), Silence)


@pytest.mark.parametrize(
    ("accept", "rule"),
    [
        (AcceptConnection(subprotocol=None), "websocket-subprotocol"),
        (RejectConnection(status_code=404), "websocket-refused"),
    ],
)
def test_another_answer_to_the_upgrade_is_told_apart(
    tmp_path: Path, accept: Any, rule: str
) -> None:
    """MQTT 6.0.0-4: the server returns mqtt."""
    with (
        peer(serving(echo, accept)) as address,
        dialled(tmp_path, address) as (channel, _),
        pytest.raises(PeerError) as caught,
    ):
        ask(channel, host="bench", subprotocol="mqtt")
    assert caught.value.rule == rule


def test_a_server_that_speaks_no_http_is_told(tmp_path: Path) -> None:
    with (
        peer(lambda sock: sock.sendall(b"\x20\x02\x00\x00\r\n\r\n")) as address,
        dialled(tmp_path, address) as (channel, _),
        pytest.raises(PeerError) as caught,
    ):
        ask(channel, host="bench", subprotocol="mqtt")
    assert caught.value.rule == "websocket-not-http"


# The other way round: the suite is the server.


def asking(subprotocols: list[str], after: bytes) -> Callable[[tuple[str, int]], bytes]:
    """Return a client by wsproto: what it got after sending ``after``."""

    def run(address: tuple[str, int]) -> bytes:
        web = WSConnection(ConnectionType.CLIENT)
        with socket.create_connection(address, 5) as sock:
            request = Request(host="bench", target="/", subprotocols=subprotocols)
            sock.sendall(web.send(request))
            got = b""
            while octets := sock.recv(65536):
                web.receive_data(octets)
                for event in web.events():
                    if isinstance(event, AcceptConnection):
                        assert event.subprotocol == "mqtt"
                        sock.sendall(web.send(BytesMessage(after)))
                    elif isinstance(event, BytesMessage):
                        got += bytes(event.data)
                    elif isinstance(event, CloseConnection | RejectConnection):
                        return got
            return got

    return run


@pytest.mark.parametrize(
    ("subprotocols", "rule"),
    [
        (["mqtt"], None),
        (["mqttv3.1", "mqtt"], None),
        (["chat"], "websocket-subprotocol"),
    ],
)
def test_the_suite_is_a_server_too(
    tmp_path: Path, subprotocols: list[str], rule: str | None
) -> None:
    """MQTT 6.0.0-3: mqtt is among what a client offers."""
    clock = Clock()
    recorder = Recorder(tmp_path / "wire.pcapng", clock, describe="test")
    hub = Hub(recorder, threading.Event(), Limits())
    listener = hub.listen("127.0.0.1", 0, protocol="mqtt", iut="client")
    got: list[bytes] = []
    address = (listener.address.host, listener.address.port)
    client = asking(subprotocols, b"\x10\x00")
    thread = threading.Thread(target=lambda: got.append(client(address)), daemon=True)
    thread.start()
    wire, _ = listener.accept(5)
    channel = Channel(wire.number, Recording(clock), wire, is_ours=False)
    if rule:
        with pytest.raises(PeerError) as caught:
            answer(channel, subprotocol="mqtt")
        assert caught.value.rule == rule
        channel.close()
    else:
        assert answer(channel, subprotocol="mqtt").subprotocols == tuple(subprotocols)
        came = channel.receive(5)
        assert isinstance(came, Data)
        assert came.octets == b"\x10\x00"
        channel.send(b"\x20\x02\x00\x00")
        channel.close()
    thread.join(5)
    hub.close()
    recorder.close()
    assert got == [b"" if rule else b"\x20\x02\x00\x00"]


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=5), st.data())
def test_frames_may_be_cut_anywhere(messages: list[bytes], data: Any) -> None:
    """6.0.0-2: no alignment of packets with frames, nor of frames with TCP."""
    sender, reader = Frames("client"), Frames("server")
    octets = b"".join(map(sender.wrap, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(octets)), max_size=6)))
    got = b""
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        if start < end:
            got += reader.unwrap(octets[start:end]).octets
    assert got == b"".join(messages)


def test_two_runs_differ_in_masks_alone() -> None:
    frames = Frames("client")
    one, other = frames.wrap(b"same"), frames.wrap(b"same")
    assert frames.same(one, other)
    assert not frames.same(one, frames.wrap(b"else"))
    assert not frames.same(one, b"\xff")
    assert frames.wrap(b"text", is_text=True)[0] & 0x0F == 1
