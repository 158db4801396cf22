# SPDX-License-Identifier: Apache-2.0
"""What checks of messages on their way share: sessions that last, single packets.

A session outlives its connection by Clean Session 0 in 3.1.1; in 5.0 also by a Session
Expiry Interval.  ``Matter`` tells the deviations that are a requirement's own from
those that only show that a premise does not hold.  Knows neither what is published nor
why.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1.2, 4.1 and 4.3 of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    claims,
    connect,
    describe,
    version_of,
)
from conformance.protocols.mqtt.codec import Packet, Properties, Publish, properties
from conformance.protocols.mqtt.machine import Session
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

Words = Text | str

__all__ = [
    "JUDGES",
    "Lasting",
    "Matter",
    "fence",
    "keeps_sessions",
    "options",
    "said",
]

_EXPIRY_S = 600
"""Longer than any check takes, so short that forgotten sessions go."""

JUDGES = {"judges": {"type": "array", "minItems": 1, "items": {"type": "string"}}}
"""The parameter that says which deviations are a requirement's matter."""


@dataclass(frozen=True, slots=True)
class Matter:
    """Which deviations are this requirement's matter; others say nothing of it."""

    run: Run
    judges: Sequence[str]

    def judge(self, met: object, key: str, *, expected: Words, actual: Words) -> None:
        """Expect or require, by whether the deviation is this requirement's matter."""
        say = self.run.expect if key in self.judges else self.run.require
        say(met, key, expected=expected, actual=actual)


def keeps_sessions(run: Run) -> bool:
    """Say whether the server claims to keep sessions when connections end."""
    return claims(run, "SESSION" if version_of(run) == 5 else "PERSISTENT_SESSION")


class Lasting:
    """A client whose session outlives its connections until ``forget``.

    A context manager: the session and the last connection end with it.
    """

    def __init__(self, run: Run, **fields: Any) -> None:
        self.run = run
        self.fields = {"client_identifier": run.unique("lh"), **fields}
        self.session = Session()
        self.client: Client | None = None

    def join(self, *, acknowledges: bool = True, clean: bool = False) -> Client:
        """Connect, going on with the session; return the client.

        With ``clean`` the session begins anew and ends with its connection.
        """
        if clean:
            self.session = Session()
        more = () if clean else self._properties()
        client = connect(
            self.run,
            session=self.session,
            clean_session=clean,
            **{"properties": more, **self.fields},
        )
        client.acknowledges = acknowledges
        self.client = client
        return client

    def _properties(self) -> Properties:
        if version_of(self.run) == 4:
            return ()
        return properties(session_expiry_interval=_EXPIRY_S)

    def __enter__(self) -> Lasting:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        with suppress(LinkError):
            self.forget()

    def forget(self) -> None:
        """End the session on the server."""
        if self.client is not None:
            self.client.close()
        identifier = self.fields["client_identifier"]
        last = connect(self.run, taken=False, client_identifier=identifier)
        last.next()
        last.leave()


def options(
    qos: int, *, no_local: bool = False, as_published: bool = False, handling: int = 0
) -> int:
    """Return the octet of Subscription Options of 5.0 (3.8.3.1); in 3.1.1 the QoS."""
    return qos | no_local << 2 | as_published << 3 | handling << 4


def fence(run: Run, publisher: Client, reader: Client, name: str) -> list[Publish]:
    """Publish one more message at QoS 0 and return what came before it.

    ``reader`` must have a subscription to ``name``.  *Inconclusive* if the message does
    not arrive.
    """
    payload = run.unique("fence").encode()
    publisher.send(Publish(name, payload))
    messages, reached = reader.messages_until(lambda m: m.payload == payload)
    run.require(reached, "fenced", expected=alike("PUBLISH"), actual=SILENCE)
    return [m for m in messages if m.payload != payload]


def said(heard: Packet | Gone | None) -> Text:
    """Return what was heard of an exchange; a PUBLISH with its DUP and identifier."""
    if isinstance(heard, Publish):
        more = f" {heard.packet_identifier or ''} DUP {int(heard.dup)}"
        told = describe(heard)
        return Text(told.zh + more, told.en + more)
    return describe(heard)
