# SPDX-License-Identifier: Apache-2.0
"""A telemetry device made with paho-mqtt, for the proof and for trying things out.

A client that nobody here wrote publishes the readings of a profile as JSON, at QoS 1,
its status at QoS 0 and events at QoS 2, keeps its session, subscribes to commands,
leaves in good order after some readings and comes back.  It speaks MQTT 3.1.1 or 5.0.
Where paho does less than the standards ask of a client, ``device.client`` adds it;
``strict=False`` shows paho as it is, and ``ignores`` leaves out one thing by name.

Needs the package paho-mqtt, which only tests install.  To try it against the suite:
``python -m conformance.protocols.mqtt.device 127.0.0.1 18830 RESOLVED.json STATION``.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from conformance.errors import UsageError
from conformance.link.hookserver import HookServer
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt.codec import Version
from conformance.protocols.mqtt.device.client import strict_client
from conformance.protocols.mqtt.device.uplink import Outgoing, Uplink
from conformance.protocols.mqtt.payloads import binding_of, topic_filter
from conformance.protocols.mqtt.readings import readings

__all__ = ["Settings", "Station", "controlled", "running", "simple_reading"]

_LOOP_S = 0.01
_RETRY_S = 0.03
_JOIN_S = 5.0
_LEAVE_S = 0.5
_QUIET_S = 4.0
"""How long a device says nothing that does not heed a Server Keep Alive."""
_WINDOW = 8
"""Messages that may wait for their acknowledgement."""
_STATUS_EVERY = 5
_EVENT_EVERY = 4
_LEAVES_FILTER_AFTER = 3
_CLEAN_READINGS = 5
"""How many it sends on the connection by which it starts afresh."""
_AGAIN_AFTER = 8
"""After so many readings it authenticates again, if it has a method."""
_ONE_OCTET_MAX = 127
"""Of Remaining Length (2.1.4)."""
_REMEMBERED = 4096
_MOVED = 0x9D


@dataclass(frozen=True, slots=True)
class Settings:
    """What the device is told at installation."""

    host: str
    port: int
    topic: str = "luheng/station/telemetry"
    status_topic: str = "luheng/station/status"
    event_topic: str = "luheng/station/event"
    command_topic: str = "luheng/station/command"
    config_filter: str = "luheng/+/config/#"
    boot_topic: str = "luheng/station/boot"
    shared_filter: str = "$share/stations/luheng/fleet"
    client_identifier: str = "luheng-station"
    user_name: str | None = "station"
    password: str | None = "lake 4"
    protocol: Version = 4
    qos: int = 1
    event_qos: int = 2
    keep_alive_s: int = 4
    interval_s: float = 0.05
    readings_per_session: int = 90
    """After so many the device sends DISCONNECT and connects again."""
    session_expiry_s: int = 3600
    event_expiry_s: int = 1
    receive_maximum: int = 20
    topic_alias_maximum: int = 4
    method: str | None = None
    """Of enhanced authentication (5.0); the first connection after a start has none."""
    speaks_first: bool = True
    """Whether CONNECT carries data of the method."""
    uplink: Uplink | None = None
    """The conventions of a domain profile, where it has any."""
    outage: str = ""
    """What becomes of readings while nobody can be reached: empty for nothing is
    measured, ``keeps``, or a deviation from that."""
    routes: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    """Where a server is really reached that is named so."""
    strict: bool = True
    ignores: AbstractSet[str] = frozenset()
    """Properties of CONNACK that it does not heed, and other duties left out."""


@contextmanager
def running(
    settings: Settings, reading: Callable[[int], bytes] | None = None
) -> Iterator[Station]:
    """Run a device in a thread of its own; ``reading`` gives the payload by number.

    Raises ``UsageError`` (``mqtt.no-paho``) where paho-mqtt is not installed.
    """
    station = Station(settings, reading or simple_reading)
    thread = threading.Thread(target=station.run, name="device", daemon=True)
    thread.start()
    try:
        yield station
    finally:
        station.stop.set()
        thread.join(_JOIN_S)


@contextmanager
def controlled(
    settings: Settings, reading: Callable[[int], bytes] | None = None
) -> Iterator[Mapping[str, str]]:
    """Run a device and yield the URLs of what it offers as hooks and steps."""
    with running(settings, reading) as station:
        answers = {
            "received_messages": lambda facts: station.topics_of(facts["payload"]),
            "power_cycle": lambda facts: station.power_cycle(),
        }
        with HookServer(answers) as server:
            url = server.url
            yield {
                "received_messages": url("received_messages?payload={payload}"),
                "power_cycle": url("power_cycle"),
            }


def simple_reading(number: int) -> bytes:
    """Return a payload for profiles that define no data elements."""
    return b'{"number":%d}' % number


class Station:
    """One thread that drives paho by hand, so that nothing outlives ``stop``."""

    def __init__(self, settings: Settings, reading: Callable[[int], bytes]) -> None:
        self.settings = settings
        self.reading = reading
        self.paho = _paho()
        self.stop = threading.Event()
        self.restart, self.is_off = threading.Event(), threading.Event()
        self.received: deque[tuple[str, bytes]] = deque(maxlen=_REMEMBERED)
        """Topic and payload of what came to the application."""
        self.missed: deque[bytes] = deque(maxlen=_REMEMBERED)
        """Readings of an outage."""
        self.limits: Mapping[str, Any] = {}
        """What the server has said in CONNACK, as far as it is heeded."""
        self.target = self.home = (settings.host, settings.port)
        self.numbers = count(1)
        self.told = False
        """Whether it has said on this connection that it is there."""
        self.sent = self.connections = 0
        self.due_s = 0.0
        self.client = self._made()

    def run(self) -> None:
        while not self.stop.is_set():
            clean = self.restart.is_set()
            if clean:
                self.restart.clear()
                self.is_off.set()
                if "restart" not in self.settings.ignores:
                    self.client = self._made()
            with suppress(OSError, ValueError):
                self._session(clean)
            self._miss()
            self.stop.wait(_RETRY_S)
        with suppress(OSError, ValueError):
            if self.settings.uplink is not None:
                self._tell(self.settings.uplink.farewell)
            self.client.disconnect()
            self.client.loop(_LOOP_S)

    def power_cycle(self) -> None:
        """Break off and start afresh, with nothing of what was before."""
        self.is_off.clear()
        self.restart.set()
        self.is_off.wait(_JOIN_S)

    def topics_of(self, payload: str) -> list[str]:
        """Return under which topics messages of a payload came, oldest first."""
        wanted = payload.encode()
        return [topic for topic, found in list(self.received) if found == wanted]

    def _session(self, clean: bool) -> None:
        client, settings = self.client, self.settings
        self.sent, self.limits, self.told = 0, {}, False
        (host, port), self.target = self.target, self.home
        more: dict[str, Any] = {}
        if settings.protocol == 5:
            more = {"clean_start": clean, "properties": self._opening(clean)}
        else:
            client._clean_session = clean
        client.clean = clean
        if "identifier" in settings.ignores:
            self.connections += 1
            name = f"{settings.client_identifier}-{self.connections}"
            client._client_id = name.encode()
        client.connect(host, port, settings.keep_alive_s, **more)
        last = settings.readings_per_session
        if clean and settings.protocol == 4:  # the next one is to be kept
            last = _CLEAN_READINGS
        while not self.stop.is_set():
            if client.loop(_LOOP_S) != 0:
                return
            if self.restart.is_set():
                client._sock_close()
                return
            if not client.is_connected():
                self._miss()
                continue
            if not self.told:
                # Not before: what is sent again might say that it has left.
                self.told = True
                if settings.uplink is not None:
                    self._tell(settings.uplink.birth)
            self._deliver()
            if time.monotonic() >= self.due_s:
                self._report()
            if self.sent >= last and self._may_leave():
                self._leave()
                return

    def _leave(self) -> None:
        """Take leave, once what was sent is answered: a close loses what is unread."""
        end_s = time.monotonic() + _LEAVE_S
        while self.client._out_messages and time.monotonic() < end_s:
            if self.client.loop(_LOOP_S) != 0:
                return
        self.client.disconnect()
        while self.client.loop(_LOOP_S) == 0:
            pass

    def _miss(self) -> None:
        """Keep what is due while nobody can be reached, where that is done."""
        outage = self.settings.outage
        if not outage or time.monotonic() < self.due_s:
            return
        self.due_s = time.monotonic() + self.settings.interval_s
        if outage != "loses":
            payload = self.reading(next(self.numbers))
            self.missed += [payload] * (2 if outage == "twice" else 1)

    def _deliver(self) -> None:
        """Send what was kept, as far as the window lets it."""
        outage, client = self.settings.outage, self.client
        while self.missed and len(client._out_messages) < self._window():
            last = outage == "newest-first"
            payload = self.missed.pop() if last else self.missed.popleft()
            if outage == "relabels":
                payload = self.reading(next(self.numbers))
            self._publish(self.settings.topic, payload, self.settings.qos)

    def _report(self) -> None:
        settings, client = self.settings, self.client
        self.due_s = time.monotonic() + settings.interval_s
        if settings.qos and len(client._out_messages) >= self._window():
            # The server acknowledges nothing: measure again later, tell what is free.
            self._publish(settings.status_topic, b"online", 0, retain=True)
            return
        self._publish(settings.topic, self.reading(next(self.numbers)), settings.qos)
        if self.sent % _STATUS_EVERY == 0:
            self._publish(settings.status_topic, b"online", 0, retain=True)
        if self.sent % _EVENT_EVERY == 1:
            event = b'{"event":%d}' % next(self.numbers)
            self._publish(settings.event_topic, event, settings.event_qos)
        self.sent += 1
        if self.sent == _LEAVES_FILTER_AFTER:
            client.unsubscribe(settings.boot_topic)
        if self.sent == _AGAIN_AFTER and settings.method and not client.clean:
            client.say_auth()

    def _may_leave(self) -> bool:
        """Say that it leaves, as soon as that can go out before the DISCONNECT."""
        uplink = self.settings.uplink
        if uplink is None:
            return True
        if len(self.client._out_messages) >= self._window():
            return False
        self._tell(uplink.farewell)
        return True

    def _tell(self, message: Outgoing | None) -> None:
        if message is not None:
            topic, payload = message.topic, message.payload
            self._publish(topic, payload, message.qos, retain=message.retain)

    def _window(self) -> int:
        return min(_WINDOW, int(self.limits.get("ReceiveMaximum", _WINDOW)))

    def _publish(
        self, topic: str, payload: bytes, qos: int, *, retain: bool = False
    ) -> None:
        limits = self.limits
        qos = min(qos, limits.get("MaximumQoS", 2))
        retain = retain and bool(limits.get("RetainAvailable", 1))
        found = None
        if self.settings.protocol == 5:
            found = self._described(topic, qos)
            size = _size(topic, payload, qos, found.pack())
            if size > limits.get("MaximumPacketSize", size):
                return
        self.client.publish(topic, payload, qos, retain, found)

    def _described(self, topic: str, qos: int) -> Any:
        """Return the properties of a message: an alias, or an expiry for events."""
        found = self._properties("PUBLISH")
        most = self.limits.get("TopicAliasMaximum", 0)
        if "TopicAliasMaximum" in self.settings.ignores:
            most = 9
        if qos == 0 and most:
            found.TopicAlias = most
        if topic == self.settings.event_topic:
            found.MessageExpiryInterval = self.settings.event_expiry_s
            found.ResponseTopic = self.settings.command_topic
            found.CorrelationData = b"event"
        if topic == self.settings.topic:
            found.PayloadFormatIndicator = 1
            found.ContentType = "application/json"
            found.UserProperty = ("model", "station")
        return found

    def _properties(self, packet: str) -> Any:
        return self.paho.Properties(getattr(self.paho.PacketTypes, packet))

    def _opening(self, clean: bool) -> Any:
        settings, found = self.settings, self._properties("CONNECT")
        found.SessionExpiryInterval = 0 if clean else settings.session_expiry_s
        found.ReceiveMaximum = settings.receive_maximum
        found.TopicAliasMaximum = settings.topic_alias_maximum
        if settings.method and not clean:
            found.AuthenticationMethod = settings.method
            if settings.speaks_first:
                found.AuthenticationData = b"first"
        return found

    def _made(self) -> Any:
        settings, paho = self.settings, self.paho
        make = paho.Client
        if settings.strict:
            make = strict_client(
                paho,
                settings.protocol,
                method=settings.method,
                alias_max=settings.topic_alias_maximum,
                ignores=settings.ignores,
            )
        client = make(
            paho.CallbackAPIVersion.VERSION2,
            client_id=settings.client_identifier,
            clean_session=None if settings.protocol == 5 else False,
            protocol=paho.MQTTProtocolVersion(settings.protocol),
            reconnect_on_failure=False,
        )
        client.aliases, client.refused, client.done = {}, set(), set()
        will = None
        if settings.protocol == 5:
            will = self._properties("WILLMESSAGE")
            will.PayloadFormatIndicator = 1
        told = Outgoing(settings.status_topic, b"offline", 1)
        if settings.uplink is not None:
            told = settings.uplink.will or told
        if settings.uplink is None or "any-will" not in settings.uplink.lacks:
            client.will_set(told.topic, told.payload, told.qos, told.retain, will)
        if settings.user_name is not None:
            client.username_pw_set(settings.user_name, settings.password)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        return client

    def _on_connect(
        self, client: Any, _: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        self._heed(properties)
        if reason.is_failure:
            if reason.value == _MOVED:
                self.home = self.target
            return
        settings, limits = self.settings, self.limits
        filters = [(settings.command_topic, 2), (settings.boot_topic, 1)]
        if limits.get("WildcardSubscriptionAvailable", 1):
            filters.append((settings.config_filter, 1))
        if settings.protocol == 4:
            client.subscribe(filters)
            return
        if limits.get("SharedSubscriptionAvailable", 1):
            filters.append((settings.shared_filter, 1))
        found = self._properties("SUBSCRIBE")
        if limits.get("SubscriptionIdentifierAvailable", 1):
            found.SubscriptionIdentifier = 7
        for name, qos in filters:
            options = self.paho.SubscribeOptions(qos)
            client.subscribe([(name, options)], properties=found)

    def _on_message(self, client: Any, _: Any, message: Any) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # paho as it is hands on what is no UTF-8
            return
        alias = getattr(message.properties, "TopicAlias", None)
        if not topic and alias:
            topic = client.aliases.get(alias, "")
        if "feff" in self.settings.ignores:
            topic = topic.replace("\ufeff", "")
        self.received.append((topic, message.payload))
        if self.settings.uplink is not None:
            for answer in self.settings.uplink.take(
                topic, message.payload, message.retain
            ):
                self._tell(answer)

    def _on_disconnect(
        self, client: Any, _: Any, flags: Any, reason: Any, properties: Any
    ) -> None:
        self._heed(properties)

    def _heed(self, properties: Any) -> None:
        """Take note of what the server says of itself, but for what is ignored."""
        said = properties.json() if properties is not None else {}
        ignores = self.settings.ignores
        self.limits = {k: v for k, v in said.items() if k not in ignores}
        if "ServerKeepAlive" in said and "ServerKeepAlive" in ignores:
            self.client._keepalive = self.settings.keep_alive_s
            self.due_s = time.monotonic() + _QUIET_S
        if other := self.limits.get("ServerReference"):
            host, _, port = other.rpartition(":")
            self.target = self.settings.routes.get(other, (host, int(port)))


def _size(topic: str, payload: bytes, qos: int, properties: bytes) -> int:
    """Return the octets of a PUBLISH (5.0, 3.3); no more than 16384 are counted on."""
    body = 2 + len(topic.encode()) + 2 * bool(qos) + len(properties) + len(payload)
    return body + 2 + (body > _ONE_OCTET_MAX)


def _paho() -> Any:
    try:
        from paho.mqtt import client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
        from paho.mqtt.subscribeoptions import SubscribeOptions
    except ImportError:
        raise UsageError("mqtt.no-paho") from None
    found: Any = client
    found.CallbackAPIVersion = CallbackAPIVersion
    found.MQTTProtocolVersion = MQTTProtocolVersion
    found.SubscribeOptions = SubscribeOptions
    return found


def main(arguments: Sequence[str]) -> None:
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
        protocol=5 if snapshot.id == "sd-base-mqtt5" else 4,
        interval_s=1.0,
    )
    with (
        running(settings, readings(snapshot, {}, station)),
        suppress(KeyboardInterrupt),
    ):
        threading.Event().wait()
