# SPDX-License-Identifier: Apache-2.0
"""Real MQTT implementations on loopback ports, for the proof.

A server is a mosquitto of its own process, a device is paho-mqtt (see ``device``);
whatever deviates does so in the fault proxy before them.  Where an implementation is
known to break a requirement by itself, ``AMENDS`` sets that right in the proxy for all
but the trial that shows it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.errors import LinkError, UsageError
from conformance.link.ports import free_port
from conformance.link.proxy import ProxyRule
from conformance.protocols.mqtt.codec import publish_raw
from conformance.protocols.mqtt.codec.properties import properties

__all__ = ["AMENDS", "mosquitto_running"]

_TOLERATES: Sequence[Mapping[str, Any]] = (
    # Wrong header flags, of acknowledgements in 5.0 too (2.2.2-2; 5.0, 2.1.3).
    {"kind": "PINGREQ", "errors": {"has": "fixed-header-flags"}},
    {"kind": "PUBACK", "errors": {"has": "fixed-header-flags"}},
    # Authentication Data without a method (5.0, 3.1.2.11.10).
    {"kind": "CONNECT", "errors": {"has": "authentication-data-alone"}},
    # A will whose Payload Format Indicator is 2 (5.0, 3.1.3.2.3).
    {"kind": "CONNECT", "errors": {"has": "property-not-0-or-1"}},
    # No Local on a shared subscription (5.0, 3.8.3.1).
    {"errors": {"has": "shared-no-local"}},
    # Packets that a client never sends, such as SUBACK (5.0, 2.1.2 and 4.13.1).
    {"errors": {"has": "wrong-direction"}},
)
"""After what mosquitto 2.0 goes on although it has to close."""

_GETS_WRONG: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]] = (
    # A message that is too large for a client uses up its Receive Maximum for good
    # instead of counting as sent (5.0, 3.1.2-25).
    (
        {"kind": "CONNECT", "Receive Maximum": 1, "Maximum Packet Size": 120},
        {"properties": properties(maximum_packet_size=120)},
    ),
    # A will waits for its delay although its session has ended (5.0, 3.1.2-8).
    (
        {"kind": "CONNECT", "has_will": True, "Session Expiry Interval": 0},
        {"will_properties": ()},
    ),
    # Retained messages are sent because of a shared subscription (5.0, 4.8.2).
    ({"filter": {"prefix": "$share/", "suffix": "/unretained"}}, {"options": 0x20}),
)
"""What mosquitto 2.0 is better not asked, and what it is asked instead."""

AMENDS: Sequence[ProxyRule] = (
    *(ProxyRule("client", "close", match) for match in _TOLERATES),
    *(ProxyRule("client", "alter", m, set=other) for m, other in _GETS_WRONG),
    # It lets clients exchange messages by topics that begin with $ (should not).
    ProxyRule("client", "drop", {"topic_name": {"prefix": "$luheng-exchange/"}}),
    # A shared QoS 1 message that is lost with its client's session it hands to no
    # other client (5.0, 4.8.2, should).  The other one has met two fences before.
    ProxyRule(
        "server",
        "inject",
        {"kind": "PUBLISH", "topic_name": {"suffix": "/handed-on-fence"}, "seen": 3},
        octets=publish_raw("luheng/handed-on", b"begun", properties=b"\0"),
        before=True,
    ),
)

_CONFORMING = (
    # Without it, of overlapping filters the first one's QoS counts (3.1.1, 3.3.5).
    "allow_duplicate_messages true",
)
"""How mosquitto is set where its defaults break a clause."""

_START_DEADLINE_S = 10.0
_STOP_DEADLINE_S = 5.0
_POLL_S = 0.02
_ATTEMPTS = 5
_MORE_FOLDERS = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/sbin",
    r"C:\Program Files\mosquitto",
)


@contextmanager
def mosquitto_running(
    config: Sequence[str] = (), users: Mapping[str, str] | None = None
) -> Iterator[tuple[str, int]]:
    """Run a mosquitto that keeps nothing; yield its host and port.

    ``config`` are further lines of its configuration.  With ``users``, passwords by
    name, it serves nobody else.
    Raises ``UsageError`` (``mqtt.no-mosquitto``) and ``LinkError``
    (``mqtt.peer-not-started``).
    """
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_MORE_FOLDERS])
    program = shutil.which("mosquitto", path=folders)
    if program is None:
        raise UsageError("mqtt.no-mosquitto")
    with tempfile.TemporaryDirectory(prefix="luheng-mosquitto-") as folder:
        lines = ["allow_anonymous true"]
        if users is not None:
            file = Path(folder) / "passwords"
            file.write_text("".join(map(_password_line, users.items())), "utf-8")
            lines = ["allow_anonymous false", f"password_file {file}"]
        lines += _CONFORMING
        process, port = _started(program, Path(folder), [*lines, *config])
        try:
            yield "127.0.0.1", port
        finally:
            _stop(process)


def _started(
    program: str, folder: Path, more: Sequence[str]
) -> tuple[subprocess.Popen[bytes], int]:
    reason = ""
    for _ in range(_ATTEMPTS):
        port = free_port()
        config = folder / "mosquitto.conf"
        lines = [
            "persistence false",
            "log_dest stderr",
            f"listener {port} 127.0.0.1",
        ]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Started by root it would turn into a user who may not read this folder.
            lines.append("user root")
        config.write_text("\n".join([*lines, *more, ""]), "utf-8")
        log = folder / "mosquitto.log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [program, "-c", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        if _listens(process, port):
            return process, port
        _stop(process)
        reason = log.read_text("utf-8", errors="replace").strip()[-300:]
    raise LinkError("mqtt.peer-not-started", reason=reason)


def _password_line(user: tuple[str, str]) -> str:
    """Return a user as mosquitto_passwd writes it: PBKDF2 of SHA-512."""
    name, password = user
    salt, rounds = os.urandom(12), 101
    found = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    told = (base64.b64encode(octets).decode() for octets in (salt, found))
    return f"{name}:$7${rounds}${'$'.join(told)}\n"


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    end = time.monotonic() + _START_DEADLINE_S
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(_POLL_S)
        else:
            return True
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_DEADLINE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
