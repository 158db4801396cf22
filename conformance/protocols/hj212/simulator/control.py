# SPDX-License-Identifier: Apache-2.0
"""What a vendor's hooks do to a station, over HTTP on loopback: power and events.

``/power`` switches the simulated station off and on, ``/event?code=KIND`` lets
something happen on site; both answer at once with an empty object.  ``/media`` shows
the Authorization value with which multimedia files would be sent.
"""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

__all__ = ["Control"]


class Control:
    """A small server that hands what is asked to a station."""

    def __init__(
        self, act: Callable[[str], None], media: Mapping[str, str] | None = None
    ) -> None:
        self._http = ThreadingHTTPServer(
            ("127.0.0.1", 0), _handler_for(act, media or {})
        )
        self._http.daemon_threads = True
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="hj212-control"
        )

    def url(self, path: str) -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/{path}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


def _handler_for(
    act: Callable[[str], None], media: Mapping[str, str]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Acts and says nothing but that it did."""

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            asked = dict(urllib.parse.parse_qsl(parts.query))
            body = b"{}"
            if parts.path == "/media":
                body = json.dumps(dict(media)).encode()
            else:
                act("power" if parts.path == "/power" else asked.get("code", ""))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the log of a simulator is the recording of the run."""

    return Handler
