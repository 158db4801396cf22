# SPDX-License-Identifier: Apache-2.0
"""A protocol of one line, to test the engine on: ``PUT n`` is answered ``OK n``.

The server remembers a number per connection (``SET n``, ``GET``), refuses a line that
does not begin with a word it knows with ``NO``, and keeps all numbers that it was sent.
``misbehave`` names what it does wrong.
"""

from __future__ import annotations

import json
import socketserver
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conformance.engine.judge import Judge
from conformance.engine.registry import check, exercise, rule
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.link.channel import Channel, Data
from conformance.link.conversation import Conversation

PROFILE = Path(__file__).with_name("toy.yaml")


@dataclass
class Toy:
    """The running server."""

    port: int
    hook_port: int


@contextmanager
def toy_server(*misbehave: str) -> Iterator[Toy]:
    kept: list[int] = []

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            number = 0
            while line := self.rfile.readline(4096):
                word, _, rest = line.strip().decode("latin-1").partition(" ")
                if word == "PUT" and rest.isdigit():
                    kept.append(int(rest))
                    if "forgets" in misbehave and int(rest) % 7 == 3:
                        kept.pop()
                    answer = f"OK {rest}"
                    if "wrong-number" in misbehave and int(rest) >= 1000:
                        answer = "OK 0"
                    if "mute" in misbehave:
                        continue
                elif word == "SET" and rest.isdigit():
                    stuck = "stuck" in misbehave and number == 5
                    number = number if stuck else int(rest)
                    answer = "OK"
                elif word == "GET":
                    answer = f"IS {number}"
                elif "obliging" in misbehave:
                    answer = "OK"
                elif "dies" in misbehave:
                    return
                else:
                    answer = "NO"
                end = "\n" if "lowercase" not in misbehave else " \n"
                self.wfile.write((answer + end).encode())

    class Kept(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(kept).encode())

        def log_message(self, *args: Any) -> None:
            pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with (
        Server(("127.0.0.1", 0), Line) as server,
        ThreadingHTTPServer(("127.0.0.1", 0), Kept) as hook,
    ):
        for one in (server, hook):
            threading.Thread(
                target=one.serve_forever, args=(0.01,), daemon=True
            ).start()
        try:
            yield Toy(server.server_address[1], hook.server_address[1])
        finally:
            server.shutdown()
            hook.shutdown()


def ask(channel: Channel, line: str) -> str:
    """Send a line and return the next one."""
    channel.send(line.encode() + b"\n")
    got = b""
    while not got.endswith(b"\n"):
        match channel.receive(2):
            case Data(octets=octets):
                got += octets
            case _:
                return ""
    return got.decode().removesuffix("\n")


def connect(run: Run) -> Channel:
    return run.connect(run.value("toy_endpoint"), protocol="toy")


@exercise("toy.exercise", actor="platform")
def toy_exercise(run: Run) -> None:
    """Say something that is answered."""
    ask(connect(run), "PUT 1")


@check("toy.acknowledges", actor="platform")
def acknowledges(run: Run) -> None:
    """Every number is acknowledged by itself."""
    channel = connect(run)

    def body(number: int) -> None:
        answer = ask(channel, f"PUT {number}")
        run.expect(
            answer.strip() == f"OK {number}",
            "acknowledged",
            expected=f"OK {number}",
            actual=answer,
        )

    run.for_all(st.integers(0, 5000), body)


@check("toy.refuses", actor="platform", params={"words": {"type": "array"}})
def refuses(run: Run, *, words: list[str]) -> None:
    """A word that is not known is refused, and the server lives on."""
    channel = connect(run)
    run.require(ask(channel, "GET"), "alive-before", expected="an answer")
    for word in run.each(words):
        answer = ask(channel, word)
        run.expect(
            answer.strip() == "NO", "refused", expected="NO", actual=answer or "nothing"
        )
    try:
        alive = bool(ask(connect(run), "GET"))
    except LinkError:
        alive = False
    run.expect(alive, "alive-after", expected="an answer", actual="none")


@check("toy.keeps", actor="platform", hooks=("stored_records",))
def keeps(run: Run) -> None:
    """What was acknowledged is stored."""
    channel = connect(run)
    number = 700_003
    run.require(ask(channel, f"PUT {number}"), "acknowledged", expected="an answer")
    stored = run.observe("stored_records", mn="toy")
    run.expect(number in stored, "stored", expected=str(number), actual=str(stored))


class Register:
    """A model of the number that a connection remembers."""

    def __init__(self, run: Run) -> None:
        self.run, self.channel, self.number = run, connect(run), 0

    def possible(self, name: str) -> bool:
        return True

    def apply(self, name: str, argument: Any) -> None:
        if name == "set":
            ask(self.channel, f"SET {argument}")
            self.number = argument
            return
        answer = ask(self.channel, "GET").strip()
        self.run.expect(
            answer == f"IS {self.number}",
            "remembered",
            expected=f"IS {self.number}",
            actual=answer,
        )


@check("toy.remembers", actor="platform")
def remembers(run: Run) -> None:
    """The last number set is the number got."""
    rules = {"set": st.integers(0, 9), "get": st.none()}
    run.for_all_sequences(rules, lambda: Register(run), steps_max=6)


@dataclass
class Dialogue:
    conversation: Conversation


def decode(conversation: Conversation) -> Dialogue:
    return Dialogue(conversation)


def looks_like(conversation: Conversation) -> bool:
    return conversation.pieces[0].octets[:3] in (b"PUT", b"SET", b"GET")


@rule("toy.no_trailing_blank")
def no_trailing_blank(judge: Judge, dialogue: Dialogue) -> None:
    """No answer ends in a blank."""
    for piece in dialogue.conversation.pieces:
        if piece.sender == judge.iut:
            judge.expect(
                b" \n" not in piece.octets,
                "blank",
                expected="no blank",
                actual=piece.octets.decode("latin-1"),
                at=Found(piece.octets, (piece.packet,), piece.at_ns, piece.sender),
            )


@dataclass
class Found:
    octets: bytes
    packets: tuple[int, ...]
    at_ns: int
    sender: str


def install(monkeypatch: Any) -> None:
    """Make ``toy`` a protocol for one test."""
    import conformance.evidence.session as session
    import conformance.protocols as protocols

    package = types.ModuleType("conformance.protocols.toy")
    package.__path__ = []  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "conformance.protocols.toy", package)
    for name in ("checks", "rules"):
        full = f"conformance.protocols.toy.{name}"
        monkeypatch.setitem(sys.modules, full, sys.modules[__name__])
    known = (*protocols.PROTOCOLS, "toy")
    monkeypatch.setattr(protocols, "PROTOCOLS", known)
    monkeypatch.setattr(session, "PROTOCOLS", known)
