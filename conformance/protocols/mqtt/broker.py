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

from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.link.channel import Channel
from conformance.protocols.mqtt.client import (
    PROTOCOL,
    Gone,
    Heard,
    Peer,
    describe,
    value,
)
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Publish,
    Reader,
    Sender,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)
from conformance.protocols.mqtt.machine import Session
from conformance.protocols.mqtt.words import alike

__all__ = ["Broker", "Link", "broker", "connect_timeout_s"]

_KEY = "mqtt.broker"


def connect_timeout_s(run: Run) -> float:
    """Return how long to wait for a device to connect, in seconds."""
    return float(value(run, "connect_timeout", 60))


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

    def _serve(self, packet: Packet) -> None:
        super()._serve(packet)
        match packet:
            case Connect():
                self.version = self.reader.version
            case Subscribe(identifier, topic_filters):
                self.subscriptions.update(topic_filters)
                codes = tuple(qos for _, qos in topic_filters)
                self._answer(Suback(identifier, codes))
            case Unsubscribe(identifier, dropped):
                for topic_filter in dropped:
                    self.subscriptions.pop(topic_filter, None)
                self._answer(Unsuback(identifier))
            case Pingreq():
                self._answer(Pingresp())
            case Disconnect():
                self.left = True

    def _answer(self, packet: Packet) -> None:
        """Answer what is no QoS flow, whatever ``acknowledges`` says.

        Many a device publishes nothing before its SUBACK has come.
        """
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
        """Serve the next check from here on."""
        self.run = run
        if self.link is not None:
            self.link.run = run
            self.link.channel.journal = run.journal
            self.link.acknowledges = True
            self.link.inbox.clear()

    def await_device(self, *, accept: bool = True) -> Link:
        """Return a connection of the device that has sent its CONNECT.

        The one that is open is taken if it still is; with ``accept=False`` it is
        closed, and the next one is returned before its CONNACK.  Raises ``LinkError``
        when no device connects in the declared time; *inconclusive* if its first packet
        is not CONNECT.
        """
        assert self.run is not None
        link = self.link
        if link is not None and accept and link.is_open and self._is_there(link):
            return link
        self._part()
        while True:
            link = self._accept(self.run)
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
        if accept:
            self.accept(link)
        return link

    def accept(self, link: Link) -> None:
        """Answer the CONNECT, with the session that was kept for this identifier."""
        asked = link.connect
        kept = self.sessions.pop(asked.client_identifier, None)
        if not asked.clean_session:
            self.sessions[asked.client_identifier] = kept or Session()
            link.session = self.sessions[asked.client_identifier]
            link.subscriptions = self.subscriptions.setdefault(
                asked.client_identifier, {}
            )
        else:
            self.subscriptions.pop(asked.client_identifier, None)
        present = kept is not None and not asked.clean_session
        link.channel.send(link.octets(Connack(session_present=present)))

    def _is_there(self, link: Link) -> bool:
        """Read what has come meanwhile; say whether the connection still is."""
        heard: Heard = link.next(0)
        while heard is not None and link.is_open:
            heard = link.next(0)
        return link.is_open

    def _part(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None

    def _accept(self, run: Run) -> Link:
        endpoint = value(run, "endpoint")
        channel = run.accept(
            endpoint, protocol=PROTOCOL, timeout_s=connect_timeout_s(run)
        )
        return Link(run, channel)


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
