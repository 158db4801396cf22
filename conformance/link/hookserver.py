# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server through which a simulated implementation is asked and told.

Each path is answered by a function of the facts in the query, as JSON: what a vendor
would offer as hooks and steps of its declaration.  Knows no protocol.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

__all__ = ["HookServer"]

Answer = Callable[[Mapping[str, str]], Any]
_POLL_S = 0.05
_JOIN_S = 5.0


class HookServer:
    """Listens on a free loopback port; a context manager."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler_for(answers))
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(_POLL_S,), name="hooks"
        )

    def url(self, path: str) -> str:
        """Return the URL of a path with its query."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(_JOIN_S)


def _handler_for(answers: Mapping[str, Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET."""

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            facts = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
            answer = answers.get(parts.path.strip("/"))
            body = json.dumps(answer(facts) if answer else None).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the recording of the run is the log."""

    return Handler
