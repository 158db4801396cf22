# SPDX-License-Identifier: Apache-2.0
"""Observation hooks: each form answers JSON, and each way to break has a name."""

from __future__ import annotations

import http.server
import sys
import threading
from collections.abc import Iterator

import pytest

from conformance.errors import LinkError
from conformance.link.hooks import (
    ask_command,
    ask_operator,
    ask_url,
    console_operator,
    fill_prompt,
)

PYTHON = sys.executable


def python(code: str, *arguments: str) -> list[str]:
    return [PYTHON, "-c", code, *arguments]


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        status, body = {
            "/list": (200, b'[{"mn": "A"}]'),
            "/echo": (200, b""),
            "/text": (200, b"hello"),
            "/gone": (404, b"{}"),
        }.get(self.path.partition("?")[0], (200, b"null"))
        if self.path.startswith("/echo"):
            body = b'"' + self.path.encode() + b'"'
        if self.path == "/huge":
            body = b"[" + b"1," * (5 << 20) + b"1]"
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def reason(caught: pytest.ExceptionInfo[LinkError]) -> str:
    assert caught.value.code == "link.hook-failed"
    assert caught.value.facts["hook"] == "records"
    return str(caught.value.facts["reason"])


def test_a_command_answers_with_its_facts_filled_in() -> None:
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    facts = {"mn": "A B; rm", "cn": "2011"}
    found = ask_command("records", python(code, "{mn}", "x{cn}"), facts, 10)
    assert found == ["A B; rm", "x2011"]


def test_a_command_without_output_is_an_action() -> None:
    assert ask_command("records", python("pass"), {}, 10) is None


COMMANDS = {
    "exit code": (python("raise SystemExit(3)"), "exit code 3"),
    "no JSON": (python("print('hello')"), "not JSON"),
    "too deep": (python("print('[' * 100000)"), "not JSON"),
    "too slow": (python("import time; time.sleep(30)"), "no end within"),
    "missing": (["no-such-command-here"], "No such file"),
    "too much": (python("print('[' + '1,' * 5000000 + '1]')"), "more than"),
}


@pytest.mark.parametrize(("command", "said"), COMMANDS.values(), ids=COMMANDS)
def test_a_command_that_fails_is_named(command: list[str], said: str) -> None:
    with pytest.raises(LinkError) as caught:
        ask_command("records", command, {}, 1.5)
    assert said in reason(caught)


def test_a_url_answers(site: str) -> None:
    assert ask_url("records", site + "/list", {}, 5) == [{"mn": "A"}]


def test_facts_are_quoted_in_a_url(site: str) -> None:
    found = ask_url("records", site + "/echo?mn={mn}", {"mn": "a/b&c=d"}, 5)
    assert found == "/echo?mn=a%2Fb%26c%3Dd"


@pytest.mark.parametrize("path", ["/text", "/gone", "/huge"])
def test_a_url_that_fails_is_named(site: str, path: str) -> None:
    with pytest.raises(LinkError) as caught:
        ask_url("records", site + path, {}, 5)
    assert reason(caught)


def test_only_http_is_asked() -> None:
    with pytest.raises(LinkError) as caught:
        ask_url("records", "file:///etc/hostname", {}, 5)
    assert "http" in reason(caught)


@pytest.mark.parametrize(
    ("answer", "found"), [('{"a": 1}', {"a": 1}), ("yes", "yes"), ("", "")]
)
def test_an_operator_answers_json_or_words(answer: str, found: object) -> None:
    assert ask_operator("records", "?", lambda q, s: answer, 5) == found


def test_without_an_operator_nothing_is_made_up() -> None:
    for operator in (None, lambda question, seconds: None):
        with pytest.raises(LinkError) as caught:
            ask_operator("records", "?", operator, 5)
        assert "operator" in reason(caught)


def test_the_console_is_not_asked_without_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert console_operator("?", 0.1) is None


def test_a_prompt_is_filled_and_cannot_steer_the_terminal() -> None:
    facts = {"code": "1061", "qn": "\x1b[2J\r{code}\u202e", "items": "x" * 999}
    shown = fill_prompt("send {code} {qn} {unknown} {items}", facts)
    assert shown.startswith("send 1061 \\x1b[2J\\r{code}\\u202e {unknown} xxx")
    assert len(shown) < 300
    assert shown.isprintable()


def test_a_fact_that_no_command_can_take_is_a_failed_hook() -> None:
    with pytest.raises(LinkError) as caught:
        ask_command("records", python("0", "{mn}"), {"mn": "a\0b"}, 5)
    assert "no command can take" in reason(caught)
