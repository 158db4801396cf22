# SPDX-License-Identifier: Apache-2.0
"""The suite as an MQTT client: what checks of a server speak through.

Every client has an identifier and topics of its own, so that checks of one run, and
several runs on one server, do not meet.  A wait ends with the packet that is waited
for, with the server's close, or with the declared answer time; the three are told
apart.  Acknowledgements that the flows demand are sent on their own; application
messages gather in ``inbox``.  Octets of the server that break the protocol raise
``PeerError``: whatever was being tested, it cannot be judged on such a connection,
unless it was nothing but its end (``closed``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.link import websocket
from conformance.link.channel import Channel, Closed, Data
from conformance.protocols.mqtt.codec import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Properties,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Reader,
    Sender,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
    encode,
    properties,
)
from conformance.protocols.mqtt.codec.reasons import reason_title
from conformance.protocols.mqtt.machine import Session
from conformance.text import Text

__all__ = [
    "KEPT_S",
    "Client",
    "Gone",
    "Heard",
    "Peer",
    "answer_timeout_s",
    "claims",
    "connect",
    "describe",
    "is_alive",
    "keeping",
    "open_client",
    "qos_max",
    "survives",
    "topic",
    "value",
    "version_of",
]

PROTOCOL = "mqtt"
SUBPROTOCOL = "mqtt"
"""What both versions are called over WebSocket (6.0.0-3)."""
LEVELS: Mapping[str, Version] = {"MQTT311": 4, "MQTT5": 5}
"""Protocol level by the key that base profiles give the standard."""
_PREFIXES: Mapping[Version, str] = {4: "MQTT", 5: "MQTT5"}
"""How the names of what a declaration says begin in the profiles of a version."""
KEPT_S = 300
"""How long a session of 5.0 is kept, in seconds, unless a check says otherwise."""
_MOMENT_S = 0.2
"""For what has arrived already."""
_NS = 1_000_000_000
_DEAD = ("link.refused", "link.send-failed")
"""What a client meets where a server was and no process listens any more."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The connection has ended."""

    kind: str
    """``eof`` or ``reset`` by the other side, ``suite`` by us."""
    at_ns: int


Heard = Packet | Gone | None
"""A packet, the end of the connection, or nothing in the time given."""


def version_of(run: Run) -> Version:
    """Return the protocol level that is being tested.

    A requirement says it by the standard that it comes from; where that is another, as
    for the data of a domain profile, the declaration does.
    """
    source = run.requirement.clause.source if run.requirement else ""
    if source in LEVELS:
        return LEVELS[source]
    return 5 if run.answer("MQTT5") and not run.answer("MQTT311") else 4


def value(run: Run, name: str, default: Any = None) -> Any:
    """Return an IXIT value by its name without the version: ``endpoint``."""
    return run.value(f"{_PREFIXES[version_of(run)].lower()}_{name}", default)


def claims(run: Run, name: str) -> bool:
    """Return an ICS answer by its name without the version: ``QOS2``."""
    return run.answer(f"{_PREFIXES[version_of(run)]}_{name}")


def qos_max(run: Run) -> int:
    """Return the highest QoS that the declaration claims."""
    if claims(run, "QOS2"):
        return 2
    return 1 if claims(run, "QOS1") else 0


def answer_timeout_s(run: Run) -> float:
    """Return how long an answer may take by the declaration, in seconds."""
    return float(value(run, "answer_timeout", 5))


class Peer:
    """One end of an MQTT connection, whichever side the suite plays."""

    theirs: Sender = "server"

    def __init__(self, run: Run, channel: Channel) -> None:
        self.run = run
        self.channel = channel
        self.version = version_of(run)
        self.reader = Reader(sender=self.theirs, version=self.version)
        self.session = Session()
        self.inbox: list[Publish] = []
        self.acknowledges = True
        """Whether QoS 1 and 2 flows are answered on their own."""
        self.gone: Gone | None = None
        self.farewell: Disconnect | None = None
        """The DISCONNECT that the other side has sent; a server only in 5.0."""

    def octets(self, packet: Packet) -> bytes:
        """Return a packet as octets of the version that this connection is of."""
        return encode(packet, self.version)

    def send(self, packet: Packet) -> int:
        """Send a packet that the standard allows; return the time in ns."""
        self.session.note(packet)
        return self.channel.send(self.octets(packet))

    def send_raw(self, octets: bytes) -> int:
        """Send any octets, right or wrong; return the time in ns."""
        return self.channel.send(octets)

    def next(self, timeout_s: float | None = None) -> Heard:
        """Return the next packet, with the flows served and messages kept."""
        if timeout_s is None:
            timeout_s = answer_timeout_s(self.run)
        deadline_ns = self.run.now_ns + int(timeout_s * _NS)
        while (packet := self.reader.next_packet()) is None:
            if self.gone:
                return self.gone
            left_s = (deadline_ns - self.run.now_ns) / _NS
            if left_s <= 0:
                return None
            match self.channel.receive(left_s):
                case Data(octets):
                    self.reader.feed(octets)
                case Closed(kind, at_ns):
                    self.gone = Gone(kind, at_ns)
        self._serve(packet)
        return packet

    def _serve(self, packet: Packet) -> None:
        if isinstance(packet, Disconnect):
            self.farewell = packet
        ours = self.session.sent.get(getattr(packet, "packet_identifier", None) or 0)
        # A PUBACK for a QoS 2 message is for the check to notice, not to act upon.
        if isinstance(ours, Publish) and not _fits(ours, packet):
            return
        step = self.session.take(packet)
        if step.delivered:
            self.inbox.append(step.delivered)
        if step.answer and self.acknowledges:
            with suppress(LinkError):  # the peer may have left; it is told by ``next``
                self.channel.send(self.octets(step.answer))

    def until(
        self, wanted: Callable[[Packet], bool], timeout_s: float | None = None
    ) -> Heard:
        """Return the first packet that is wanted; what comes before it is served."""
        if timeout_s is None:
            timeout_s = answer_timeout_s(self.run)
        deadline_ns = self.run.now_ns + int(timeout_s * _NS)
        while True:
            heard = self.next(max(deadline_ns - self.run.now_ns, 0) / _NS)
            if heard is None or isinstance(heard, Gone) or wanted(heard):
                return heard

    def answer_for(self, kind: type[Any], identifier: int) -> Heard:
        """Return the acknowledgement of a type that carries an identifier."""
        return self.until(
            lambda p: isinstance(p, kind) and p.packet_identifier == identifier
        )

    def end(self, timeout_s: float | None = None) -> Gone | None:
        """Return how the other side ended the connection, ``None`` if it did not."""
        heard = self.until(lambda packet: False, timeout_s)
        return heard if isinstance(heard, Gone) else None

    def closed(self, timeout_s: float | None = None) -> Gone | None:
        """Return the same for who asks about nothing but the close.

        Octets that break the protocol are no close, nor do they hide one.
        """
        if timeout_s is None:
            timeout_s = answer_timeout_s(self.run)
        deadline_ns = self.run.now_ns + int(timeout_s * _NS)
        try:
            return self.end(timeout_s)
        except PeerError:
            if self.reader.dead is None:  # of a layer, which may hold its own close
                raise
        while self.gone is None:
            left_s = (deadline_ns - self.run.now_ns) / _NS
            if left_s <= 0:
                return None
            came = self.channel.receive(left_s)
            if isinstance(came, Closed):
                self.gone = Gone(came.kind, came.at_ns)
        return self.gone

    def publish(
        self, topic_name: str, payload: bytes, *, qos: int = 0, **fields: Any
    ) -> Heard:
        """Publish and return what completes the flow; for QoS 0 what was sent.

        ``fields`` are further ones of PUBLISH.  A PUBREC that refuses the message
        completes its flow too.
        """
        identifier = self.session.identifier() if qos else None
        packet = Publish(
            topic_name, payload, qos=qos, packet_identifier=identifier, **fields
        )
        self.send(packet)
        if identifier is None:
            return packet
        return self.until(lambda p: _completes(p, qos, identifier))

    def messages_until(
        self, fence: Callable[[Publish], bool], timeout_s: float | None = None
    ) -> tuple[list[Publish], bool]:
        """Return the messages up to the fence, and whether the fence came."""

        def is_there(_: object = None) -> bool:
            return any(fence(m) for m in self.inbox)

        if not is_there():
            self.until(is_there, timeout_s)
        reached = is_there()
        messages, self.inbox = self.inbox, []
        return messages, reached

    def close(self) -> None:
        """Close the connection without a word."""
        self.channel.close()
        self.gone = self.gone or Gone("suite", self.run.now_ns)

    def abort(self) -> None:
        """Break the connection off with a reset."""
        self.channel.abort()
        self.gone = self.gone or Gone("suite", self.run.now_ns)


class Client(Peer):
    """The suite's end of a connection to a server under test."""

    def __init__(self, run: Run, channel: Channel, identifier: str = "") -> None:
        super().__init__(run, channel)
        self.identifier = identifier
        self.connack = Connack()
        """How the server accepted; in 5.0 its properties state the server's limits."""

    def _serve(self, packet: Packet) -> None:
        if isinstance(packet, Connack):
            self.connack = packet
        super()._serve(packet)

    def subscribe(
        self, *topic_filters: tuple[str, int], properties: Properties = ()
    ) -> Heard:
        """Subscribe to filters, each with its QoS or options; return the SUBACK."""
        identifier = self.session.identifier()
        self.send(Subscribe(identifier, topic_filters, properties))
        return self.answer_for(Suback, identifier)

    def unsubscribe(self, *topic_filters: str) -> Heard:
        """Drop filters; return the UNSUBACK."""
        identifier = self.session.identifier()
        self.send(Unsubscribe(identifier, topic_filters))
        return self.answer_for(Unsuback, identifier)

    def ping(self) -> bool:
        """Say whether the server answers a PINGREQ; messages before it are kept."""
        with suppress(LinkError):  # the server may have left; it is told by ``until``
            self.send(Pingreq())
        return isinstance(self.until(lambda p: isinstance(p, Pingresp)), Pingresp)

    def leave(self) -> None:
        """Send DISCONNECT and close, as a client in good order does."""
        if self.gone is None:
            with suppress(LinkError):
                self.send(Disconnect())
        self.close()


def open_client(run: Run) -> Client:
    """Return a client whose connection is open and that has said nothing yet.

    Raises ``LinkError`` when the server cannot be reached.
    """
    endpoint = value(run, "endpoint")
    channel = run.connect(endpoint, protocol=PROTOCOL)
    if claims(run, "WEBSOCKET"):
        websocket.ask(
            channel,
            host=str(endpoint),
            subprotocol=SUBPROTOCOL,
            path=value(run, "websocket_path", "/mqtt"),
            timeout_s=answer_timeout_s(run),
        )
    return Client(run, channel)


def connect_packet(run: Run, **fields: Any) -> Connect:
    """Return a CONNECT with a fresh identifier and the declared credentials."""
    password = value(run, "password")
    given = {
        "client_identifier": run.unique("lh"),
        "user_name": value(run, "username"),
        "password": password.reveal().encode() if password else None,
        "protocol_level": version_of(run),
    }
    return Connect(**given | fields)


def connect(
    run: Run, *, session: Session | None = None, taken: bool = True, **fields: Any
) -> Client:
    """Return a client that the server has accepted; *inconclusive* if it does not.

    ``fields`` are those of CONNECT.  ``session`` continues an earlier one.  With
    ``taken=False`` the caller reads the CONNACK itself.
    """
    client = open_client(run)
    packet = connect_packet(run, **fields)
    client.identifier = packet.client_identifier
    client.session = session or client.session
    client.send(packet)
    if taken:
        heard = client.next() or _behind_fence(run, client)
        run.require(
            isinstance(heard, Connack) and heard.return_code == 0,
            "accepted",
            expected=Text("CONNACK，返回码 0", "CONNACK, return code 0"),
            actual=describe(heard),
        )
    return client


def _behind_fence(run: Run, client: Client) -> Heard:
    """Return what a silent server says once it has had to do with a later client.

    No text sets a time for CONNACK, and a machine under load is late for everybody; a
    server that answers the later client has had time for this one.
    """
    with suppress(LinkError):
        fence = open_client(run)
        fence.send(connect_packet(run))
        fence.next()
        fence.leave()
    return client.next(_MOMENT_S)


def keeping(run: Run, seconds: int = KEPT_S, **named: Any) -> dict[str, Any]:
    """Return the fields of a CONNECT whose session outlives its connection.

    In 3.1.1 it is kept for good; in 5.0 for some seconds, and ``named`` are further
    properties.  To clear it, connect once more without these fields.
    """
    if version_of(run) == 4:
        return {"clean_session": False}
    found = properties(session_expiry_interval=seconds, **named)
    return {"clean_session": False, "properties": found}


def is_alive(run: Run, **fields: Any) -> bool:
    """Say whether the server serves a new client: CONNECT, PINGREQ, DISCONNECT."""
    client = open_client(run)
    client.send(connect_packet(run, **fields))
    heard = client.next()
    alive = isinstance(heard, Connack) and heard.return_code == 0 and client.ping()
    client.leave()
    return alive


def survives(run: Run, **fields: Any) -> bool:
    """Say the same of a server after something that it must outlive.

    A moment ago it could be reached; that it refuses connections now is its own doing
    and no trouble of the network.
    """
    try:
        return is_alive(run, **fields)
    except LinkError as error:
        if error.code not in _DEAD:
            raise
        return False


def topic(run: Run, *levels: str) -> str:
    """Return a topic name that nobody else uses."""
    return "/".join(("luheng", run.unique(), *levels))


def describe(heard: Heard) -> Text:
    """Return what was heard, for a reader of the result."""
    match heard:
        case None:
            return Text(
                "在规定时间内没有应答", "silence until the answer time was over"
            )
        case Gone(kind):
            return Text(f"连接被关闭（{kind}）", f"connection closed ({kind})")
        case Publish(topic_name, payload):
            shown = payload[:40].decode("utf-8", "replace")
            told = f"PUBLISH {topic_name} QoS {heard.qos} {shown!r}"
        case Connack(present, code):
            told = f"CONNACK, return code {code}, Session Present {int(present)}"
        case Suback(identifier, codes):
            told = f"SUBACK {identifier}: {' '.join(f'{c:02x}' for c in codes)}"
        case _:
            known: Any = heard
            name = type(heard).__name__
            number = getattr(known, "packet_identifier", None) or ""
            told = f"{name.upper()} {number}".strip()
    reason = _failure(heard)
    if reason is None:
        return Text(told, told)
    return Text(f"{told}（{reason.zh}）", f"{told} ({reason.en})")


def _failure(packet: Any) -> Text | None:
    """Return what the reason code of a packet of 5.0 says, if it is no success."""
    code = getattr(packet, "reason_code", getattr(packet, "return_code", 0))
    name = type(packet).__name__.upper()
    title = reason_title(name, code) if code >= 0x80 else None
    return title and Text(f"{code:#04x} {title.zh}", f"{code:#04x} {title.en}")


def _completes(packet: Packet, qos: int, identifier: int) -> bool:
    """Say whether a packet ends the flow of our PUBLISH."""
    if getattr(packet, "packet_identifier", None) != identifier:
        return False
    if isinstance(packet, Pubrec):
        return packet.reason_code >= 0x80
    return isinstance(packet, Puback if qos == 1 else Pubcomp)


def _fits(ours: Publish, packet: Packet) -> bool:
    """Say whether a packet is what may follow our PUBLISH."""
    if isinstance(packet, Publish | Pubrel):
        return True
    expected = Puback if ours.qos == 1 else Pubrec
    return isinstance(packet, expected)
