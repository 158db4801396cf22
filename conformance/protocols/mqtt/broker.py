# SPDX-License-Identifier: Apache-2.0
"""The suite as an MQTT server: what checks of a device speak through.

One broker serves all checks of a run, because a device has one connection and decides
itself when to open it.  ``await_device`` returns the connection that is there, or waits
for the next one; how it is answered (accepted, left waiting, acknowledged or not) is
for the check to say.  Octets that break the protocol raise ``PeerError``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.link import websocket
from conformance.link.channel import Channel
from conformance.protocols.mqtt.client import (
    PROTOCOL,
    SUBPROTOCOL,
    Gone,
    Heard,
    Peer,
    answer_timeout_s,
    claims,
    describe,
    value,
    version_of,
)
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
    Pubrel,
    Reader,
    Sender,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    properties,
    value_of,
)
from conformance.protocols.mqtt.machine import Session
from conformance.protocols.mqtt.words import alike

__all__ = ["Broker", "Link", "broker", "connect_timeout_s", "report_timeout_s"]

_KEY = "mqtt.broker"
_QOS_BITS = 3
"""Of what a SUBSCRIBE asks; the other options of 5.0 lie above (3.8.3.1)."""
_NAMES = {4: "MQTT 3.1.1", 5: "MQTT 5.0"}


def connect_timeout_s(run: Run) -> float:
    """Return how long to wait for a device to connect, in seconds."""
    return float(value(run, "connect_timeout", 60))


def report_timeout_s(run: Run) -> float:
    """Return how long a device may take to publish, in seconds."""
    return float(value(run, "report_timeout", 60))


class Link(Peer):
    """The suite's end of a connection that a device has opened."""

    theirs: Sender = "client"

    def __init__(self, run: Run, channel: Channel) -> None:
        super().__init__(run, channel)
        self.reader = Reader(sender=self.theirs, version=None)
        self.connect = Connect()
        self.subscriptions: dict[str, int] = {}
        self.left = False
        """Whether the device has sent DISCONNECT."""
        self.is_plain = True
        """Whether it was accepted without limits, so that any check can go on."""
        self.log: list[tuple[Packet, int]] = []
        """All that the device has sent on this connection, with the size in octets."""
        self.answers = True
        """Whether SUBSCRIBE, UNSUBSCRIBE and PINGREQ are answered."""
        self.holds = False
        """Whether new messages stay unanswered; what comes again is answered."""
        self.held: set[int] = set()
        """Identifiers of the messages that wait because of this."""
        self._at = 0

    @property
    def keeps(self) -> bool:
        """Whether the session outlives this connection, as the CONNECT has it."""
        if self.version == 4:
            return not self.connect.clean_session
        return bool(value_of(self.connect.properties, "session_expiry_interval"))

    def _serve(self, packet: Packet) -> None:
        number = getattr(packet, "packet_identifier", None)
        if self.holds and isinstance(packet, Publish) and number and not packet.dup:
            self.held.add(number)
        acknowledges = self.acknowledges
        if isinstance(packet, Publish | Pubrel) and number in self.held:
            self.acknowledges = False
        super()._serve(packet)
        self.acknowledges = acknowledges
        self.log.append((packet, self.reader.offset - self._at))
        self._at = self.reader.offset
        match packet:
            case Connect():
                self.version = self.reader.version
            case Subscribe(identifier, topic_filters):
                self.subscriptions.update(topic_filters)
                codes = tuple(asked & _QOS_BITS for _, asked in topic_filters)
                self._answer(Suback(identifier, codes))
            case Unsubscribe(identifier, dropped):
                for topic_filter in dropped:
                    self.subscriptions.pop(topic_filter, None)
                codes = (0,) * len(dropped) if self.version == 5 else ()
                self._answer(Unsuback(identifier, codes))
            case Pingreq():
                self._answer(Pingresp())
            case Disconnect():
                self.left = True

    def _answer(self, packet: Packet) -> None:
        """Answer what is no QoS flow, whatever ``acknowledges`` says.

        Many a device publishes nothing before its SUBACK has come.
        """
        if not self.answers:
            return
        with suppress(LinkError):  # the device may have left; it is told by ``next``
            self.channel.send(self.octets(packet))

    @property
    def is_open(self) -> bool:
        return self.gone is None and not self.left and self.reader.dead is None

    def next_publish(
        self, wanted: Callable[[Publish], bool] = lambda p: True, *, timeout_s: float
    ) -> Heard:
        """Return the next PUBLISH that is wanted, served or not."""
        return self.until(lambda p: isinstance(p, Publish) and wanted(p), timeout_s)


class Broker:
    """All connections of one device, one after the other."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.link: Link | None = None
        self.sessions: dict[str, Session] = {}
        """Kept sessions by client identifier (3.1.2.4)."""
        self.subscriptions: dict[str, dict[str, int]] = {}
        """What these sessions have subscribed to; a device need not say it again."""

    def attach(self, run: Run) -> None:
        """Serve the next check from here on; limits of the one before end here."""
        self.run = run
        if self.link is not None:
            # Where answers were left out the device may wait for them for good.
            served = self.link.acknowledges and self.link.answers
            self.link.is_plain &= served and not self.link.held
            self.link.run = run
            self.link.channel.journal = run.journal
            self.link.acknowledges = self.link.answers = True
            self.link.holds = False
            self.link.inbox.clear()
            self.link.log.clear()

    def await_device(
        self, *, accept: bool = True, timeout_s: float | None = None
    ) -> Link:
        """Return a connection of the device that has sent its CONNECT.

        The one that is open is taken if it still is; with ``accept=False`` it is
        closed, and the next one is returned before its CONNACK.  Raises ``LinkError``
        when no device connects in the time given or declared; *inconclusive* if its
        first packet is not CONNECT, or a CONNECT of another version than the one that
        is tested.
        """
        assert self.run is not None
        link = self.link
        if accept and link and link.is_plain and link.is_open and self._is_there(link):
            return link
        self.part()
        while True:
            link = self._accept(self.run, timeout_s)
            heard = _first_packet(link)
            if not isinstance(heard, Gone):
                break
            link.close()  # a device that looks whether somebody listens
        if not isinstance(heard, Connect):
            link.close()
        self.run.require(
            isinstance(heard, Connect),
            "connect",
            expected=alike("CONNECT"),
            actual=describe(heard),
        )
        assert isinstance(heard, Connect)
        link.connect, self.link = heard, link
        wanted = version_of(self.run)
        self.run.require(
            link.version == wanted,
            "other-version",
            expected=alike(_NAMES[wanted]),
            actual=alike(f"{heard.protocol_name}, level {heard.protocol_level}"),
        )
        if accept:
            self.accept(link)
        return link

    def accept(
        self,
        link: Link,
        *,
        present: bool | None = None,
        pieces: int = 0,
        **limits: Any,
    ) -> None:
        """Answer the CONNECT, with the session that was kept for this identifier.

        ``pieces`` sends the answer in parts of so many octets.

        ``present`` says something else of the session than is true.  ``limits`` are
        properties of CONNACK by name; a connection that has any serves this check only.
        """
        asked = link.connect
        link.is_plain = not limits and present is None
        limits = {**_due(link, self.run), **limits}
        identifier = limits.get("assigned_client_identifier", asked.client_identifier)
        kept = self.sessions.pop(identifier, None)
        if asked.clean_session:
            kept = None
            self.subscriptions.pop(identifier, None)
        if link.keeps:
            self.sessions[identifier] = link.session = kept or Session()
            link.subscriptions = self.subscriptions.setdefault(identifier, {})
        if present is None:
            present = kept is not None
        octets = link.octets(Connack(present, 0, properties(**limits)))
        size = pieces or len(octets)
        for at in range(0, len(octets), size):
            link.channel.send(octets[at : at + size])

    def _is_there(self, link: Link) -> bool:
        """Read what has come meanwhile; say whether the connection still is."""
        heard: Heard = link.next(0)
        while heard is not None and link.is_open:
            heard = link.next(0)
        return link.is_open

    def part(self) -> None:
        """Close the connection that is there; the device will open another."""
        link, self.link = self.link, None
        if link is None:
            return
        link.close()
        if link.farewell is not None and link.version == 5:
            expiry = value_of(link.farewell.properties, "session_expiry_interval")
            if expiry == 0:  # the session ends with its connection after all (3.14.2)
                self.sessions.pop(link.connect.client_identifier, None)

    def _accept(self, run: Run, timeout_s: float | None) -> Link:
        endpoint = value(run, "endpoint")
        if timeout_s is None:
            timeout_s = connect_timeout_s(run)
        channel = run.accept(endpoint, protocol=PROTOCOL, timeout_s=timeout_s)
        if claims(run, "WEBSOCKET"):
            timeout_s = answer_timeout_s(run)
            websocket.answer(channel, subprotocol=SUBPROTOCOL, timeout_s=timeout_s)
        return Link(run, channel)


def _due(link: Link, run: Run | None) -> dict[str, Any]:
    """Return the properties that CONNACK must have because of the CONNECT (5.0)."""
    due: dict[str, Any] = {}
    if link.version == 5 and run is not None:
        if method := value_of(link.connect.properties, "authentication_method"):
            due["authentication_method"] = method
        if not link.connect.client_identifier:
            due["assigned_client_identifier"] = run.unique("lh")
    return due


def _first_packet(link: Link) -> Heard:
    """Return what a device says first; what cannot be read ends the connection."""
    try:
        return link.next()
    except PeerError:
        link.close()
        raise


def broker(run: Run) -> Broker:
    """Return the run's broker, attached to this check."""
    found: Broker = run.shared(_KEY, Broker)
    return found
