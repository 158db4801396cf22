# SPDX-License-Identifier: Apache-2.0
"""A telemetry device made with paho-mqtt, for the proof and for trying things out.

A client that nobody here wrote publishes the readings of a profile as JSON, keeps its
session, subscribes to a command topic, leaves in good order after some readings and
comes back.  paho accepts packets that 3.1.1 tells a client to refuse (wrong header
flags, ill-formed topics: MQTT-2.2.2-2, MQTT-1.5.3-1); ``strict`` adds that check, and
without it the program shows paho as it is.

Needs the package paho-mqtt, which only tests install.  To try it against the suite:
``python -m conformance.protocols.mqtt.device 127.0.0.1 18830 RESOLVED.json STATION``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.codec import decode, encode_remaining_length
from conformance.protocols.mqtt.payloads import binding_of, topic_filter
from conformance.protocols.mqtt.readings import readings

__all__ = ["Settings", "running", "simple_reading"]

_LOOP_S = 0.01
_RETRY_S = 0.03
_JOIN_S = 5.0
_WINDOW = 8
"""Messages that may wait for their acknowledgement."""
_STATUS_EVERY = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What the device is told at installation."""

    host: str
    port: int
    topic: str = "luheng/station/telemetry"
    status_topic: str = "luheng/station/status"
    command_topic: str = "luheng/station/command"
    client_identifier: str = "luheng-station"
    qos: int = 1
    keep_alive_s: int = 60
    interval_s: float = 0.05
    readings_per_session: int = 90
    """After so many the device sends DISCONNECT and connects again."""
    strict: bool = True


@contextmanager
def running(
    settings: Settings, reading: Callable[[int], bytes] | None = None
) -> Iterator[None]:
    """Run a device in a thread of its own; ``reading`` gives the payload by number.

    Raises ``UsageError`` (``mqtt.no-paho``) where paho-mqtt is not installed.
    """
    station = _Station(settings, reading or simple_reading)
    thread = threading.Thread(target=station.run, name="device", daemon=True)
    thread.start()
    try:
        yield
    finally:
        station.stop.set()
        thread.join(_JOIN_S)


def simple_reading(number: int) -> bytes:
    """Return a payload for profiles that define no data elements."""
    return b'{"number":%d}' % number


class _Station:
    """One thread that drives paho by hand, so that nothing outlives ``stop``."""

    def __init__(self, settings: Settings, reading: Callable[[int], bytes]) -> None:
        self.settings = settings
        self.reading = reading
        self.stop = threading.Event()
        self.client = _client(settings)
        self.client.on_connect = self._on_connect
        self.numbers = count(1)
        self.sent = 0
        self.due_s = 0.0

    def run(self) -> None:
        while not self.stop.is_set():
            with suppress(OSError, ValueError):
                self._session()
            self.stop.wait(_RETRY_S)
        with suppress(OSError, ValueError):
            self.client.disconnect()
            self.client.loop(_LOOP_S)

    def _session(self) -> None:
        client, settings = self.client, self.settings
        self.sent = 0
        client.connect(settings.host, settings.port, settings.keep_alive_s)
        while not self.stop.is_set():
            if client.loop(_LOOP_S) != 0:
                return
            if client.is_connected() and time.monotonic() >= self.due_s:
                self._report()
            if self.sent >= settings.readings_per_session:
                client.disconnect()
                while client.loop(_LOOP_S) == 0:
                    pass
                return

    def _report(self) -> None:
        self.due_s = time.monotonic() + self.settings.interval_s
        if self.settings.qos and len(self.client._out_messages) >= _WINDOW:
            return  # the server acknowledges nothing; measure again later
        payload = self.reading(next(self.numbers))
        self.client.publish(self.settings.topic, payload, self.settings.qos)
        if self.sent % _STATUS_EVERY == 0:
            self.client.publish(self.settings.status_topic, b"online", 0)
        self.sent += 1

    def _on_connect(self, client: Any, *_: Any) -> None:
        client.subscribe(self.settings.command_topic, 1)


def _client(settings: Settings) -> Any:
    try:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError:
        raise UsageError("mqtt.no-paho") from None

    class Strict(paho.Client):
        """paho, with the checks of received packets that it leaves out."""

        def _packet_handle(self) -> Any:
            packet = self._in_packet
            body = bytes(packet["packet"])
            header = bytes((packet["command"],)) + encode_remaining_length(len(body))
            if decode(header + body, sender="server").errors:
                return paho.MQTT_ERR_PROTOCOL
            return super()._packet_handle()

    make = Strict if settings.strict else paho.Client
    client = make(
        CallbackAPIVersion.VERSION2,
        client_id=settings.client_identifier,
        clean_session=False,
        protocol=paho.MQTTv311,
    )
    client.will_set(settings.status_topic, b"offline", 1)
    return client


def _main(arguments: Sequence[str]) -> None:
    """Run a device that publishes the readings of a resolved profile until stopped."""
    host, port, file, station = arguments
    snapshot = Snapshot.from_json(json.loads(Path(file).read_text("utf-8")))
    found = binding_of(snapshot)
    template = str(found[1]["topic"]) if found else "luheng/station/telemetry"
    settings = Settings(
        host,
        int(port),
        topic=topic_filter(template, lambda name: station),
        client_identifier=f"station-{station}",
        interval_s=1.0,
    )
    with (
        running(settings, readings(snapshot, {}, station)),
        suppress(KeyboardInterrupt),
    ):
        threading.Event().wait()


if __name__ == "__main__":
    _main(sys.argv[1:])
