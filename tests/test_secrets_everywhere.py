# SPDX-License-Identifier: Apache-2.0
"""A secret that a faulty implementation sends back in every spelling stays in
``evidence/``, whatever is run and whatever is written."""

from __future__ import annotations

import base64
import html
import io
import json
import os
import re
import socketserver
import stat
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.profile.corpus import default_corpus
from tests.cli.bench import SECRET, declare
from tests.engine import toy
from tests.test_pytest_plugin import FLAGS, LOAD

OCTETS = SECRET.encode()


def spellings() -> dict[str, str]:
    """Return the spellings of the secret that an implementation might send."""
    found = {
        "plain": SECRET,
        "hex": OCTETS.hex(),
        "HEX": OCTETS.hex().upper(),
        "url": urllib.parse.quote(SECRET, safe=""),
        "url, +": urllib.parse.quote_plus(SECRET),
        "json": json.dumps(SECRET)[1:-1],
        "html": html.escape(SECRET),
    }
    for shift in range(3):
        text = base64.b64encode(b"!" * shift + OCTETS + b"?" * shift).decode()
        found[f"base64 +{shift}"] = text
    return found


def traces() -> dict[str, str]:
    """Return what must not be found: of Base64 the part that no neighbour changes."""
    found = spellings()
    for shift in range(3):
        text = base64.b64encode(b"!" * shift + OCTETS).decode().rstrip("=")
        begin = -(-8 * shift // 6)
        found[f"base64 +{shift}"] = text[begin : len(text) - 1]
    utf16 = {"le": SECRET.encode("utf-16-le"), "be": SECRET.encode("utf-16-be")}
    return found | {f"utf-16-{name}": code.hex() for name, code in utf16.items()}


HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")


def leaks(content: str | bytes) -> list[str]:
    """Return the spellings in which a text, or hexadecimal in it, holds the secret."""
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else content
    inner = [bytes.fromhex(h).decode("utf-8", "replace") for h in HEX.findall(text)]
    unescaped = html.unescape(text)
    return [
        name
        for name, trace in traces().items()
        if any(trace in one for one in (text, unescaped, *inner))
    ]


@contextmanager
def gossip() -> Iterator[int]:
    """A server that answers everything with the secret in all spellings."""
    answer = " ".join(spellings().values()).encode() + b"\n"

    class Line(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline(4096):
                self.wfile.write(b"OK " + answer)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Line) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    toy.install(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOY_SECRET", SECRET)
    default_corpus.cache_clear()
    return tmp_path


def test_the_search_itself_finds_each_spelling() -> None:
    for name, text in spellings().items():
        assert name in leaks(f"<p>{text}</p>"), name
        assert leaks(f'"octets": "{text.encode().hex()}"'), name
    for code in ("utf-16-le", "utf-16-be"):
        assert code in leaks(SECRET.encode(code).hex())
    assert leaks("nothing of it, not even Xq7~ or 58713700") == []


def say(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    out = io.StringIO()
    code = main(words.split(), out)
    printed = capsys.readouterr()
    return code, out.getvalue() + printed.out + printed.err


def outside(folder: Path) -> Iterator[Path]:
    """Yield every file that is not below a folder ``evidence``."""
    for path in folder.rglob("*"):
        if path.is_file() and "evidence" not in path.relative_to(folder).parts:
            yield path


@pytest.mark.parametrize("language", ["en", "zh"])
def test_only_evidence_holds_the_secret(
    folder: Path, capsys: pytest.CaptureFixture[str], language: str
) -> None:
    said = {}
    run = f"run toy.iut.yaml --profile {toy.PROFILE} --seed 7 --out run --depth smoke"
    with gossip() as port:
        declare(folder, port)
        code, said["run"] = say(f"--lang {language} {run}", capsys)
        assert code == 1
        for name in ("TOY-ACK-001", "TOY-REF-001", "TOY-MEM-001"):
            code, said[name] = say(f"--lang {language} replay run/{name}", capsys)
            assert code in (0, 1)
    code, said["rejudge"] = say(f"--lang {language} rejudge run", capsys)
    assert code == 1
    _, said["report"] = say(f"--lang {language} report run", capsys)
    judge = "judge run/evidence/wire.pcapng --role platform --iut toy.iut.yaml"
    for more in ("", " --json"):
        words = f"--lang {language} {judge} --profile {toy.PROFILE}{more}"
        code, said[f"judge{more}"] = say(words, capsys)
        assert "TOY-BLK-001" in said[f"judge{more}"]

    assert {what: leaks(text) for what, text in said.items() if leaks(text)} == {}
    files = list(outside(folder))
    names = {path.name for path in files}
    assert names >= {"results.jsonl", "rejudged.jsonl", "report.html", "junit.xml"}
    assert {p: found for p in files if (found := leaks(p.read_bytes()))} == {}
    # What was exchanged is shown, only masked; and the evidence does hold it all.
    assert "TOY-ACK-001" in (folder / "run/results.jsonl").read_text("utf-8")
    wire = (folder / "run/evidence/wire.pcapng").read_bytes()
    assert set(leaks(wire)) >= spellings().keys()
    assert leaks((folder / "run/evidence/inputs.json").read_bytes())


def test_pytest_shows_no_secret_either(folder: Path, pytester: pytest.Pytester) -> None:
    with gossip() as port:
        declare(pytester.path, port)
        flags = (*LOAD, "-p", "no:hypothesispytest", "-p", "no:cacheprovider", *FLAGS)
        done = pytester.runpytest_inprocess(
            *flags,
            *("--iut-out=run", "-l", "-vv", "--tb=long", "--junitxml=junit.xml"),
            *("--log-file=log.txt", "--log-level=DEBUG", "toy.iut.yaml"),
        )
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    assert leaks(done.stdout.str() + done.stderr.str()) == []
    files = list(outside(pytester.path))
    assert {p.name for p in files} >= {"junit.xml", "log.txt", "results.jsonl"}
    assert {p: found for p in files if (found := leaks(p.read_bytes()))} == {}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_evidence_is_its_owners_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever the umask, after a run, a replay and a second judgement."""
    before = os.umask(0)
    try:
        with gossip() as port:
            declare(folder, port)
            words = f"run toy.iut.yaml --profile {toy.PROFILE} --depth smoke --out run"
            say(words, capsys)
            say("replay run/TOY-ACK-001", capsys)
        say("rejudge run", capsys)
    finally:
        os.umask(before)
    kept = [path for path in folder.rglob("evidence") if path.is_dir()]
    assert len(kept) == 2
    for home in kept:
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        files = [path for path in home.rglob("*") if path.is_file()]
        assert {p.name for p in files} >= {
            "wire.pcapng",
            "journal.jsonl",
            "inputs.json",
        }
        assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
