# SPDX-License-Identifier: Apache-2.0
"""Ordinary traffic with a server, for the rules to judge.

A client connects, subscribes, publishes at each QoS, unsubscribes and leaves.  In 5.0
another states limits of its own and uses properties, so that rules have something to
hold the server to; one is taken over, one is refused, and one proves itself twice where
the server authenticates in steps.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapter 3 of both.
"""

from __future__ import annotations

from typing import Any

from conformance.engine.registry import exercise
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.auth import authenticated, prove_again
from conformance.protocols.mqtt.client import (
    Client,
    claims,
    connect,
    connect_packet,
    qos_max,
    topic,
    version_of,
)
from conformance.protocols.mqtt.codec import Properties, encode, properties
from conformance.protocols.mqtt.openings import knock

__all__: list[str] = []

_LIMITS: dict[str, Any] = {
    "receive_maximum": 5,
    "maximum_packet_size": 1000,
    "topic_alias_maximum": 5,
    "request_response_information": 1,
    "request_problem_information": 0,
}
"""What the second client of 5.0 states in its CONNECT."""


@exercise("mqtt.exercise", actor="platform")
def exercise_platform(run: Run) -> None:
    """A client connects, subscribes, publishes at each QoS, unsubscribes and leaves."""
    client = connect(run)
    _talk(run, client, topic(run, "ordinary"))
    client.leave()
    if version_of(run) == 5:
        _exercise_5(run)


def _talk(run: Run, client: Client, name: str, **fields: Properties) -> None:
    """Take a client through subscribing, publishing and unsubscribing."""
    highest = qos_max(run)
    filters = [name, name + "/+", name + "/#"]
    if not claims(run, "WILDCARD"):
        filters = [name]
    given = zip(filters, (2, 1, 0), strict=False)
    client.subscribe(*((f, min(qos, highest)) for f, qos in given))
    for qos in range(highest + 1):
        client.publish(name, b"ordinary %d" % qos, qos=qos, **fields)
    last = b"ordinary %d" % highest
    client.messages_until(lambda m: m.payload == last)
    client.ping()
    client.unsubscribe(*filters)


def _exercise_5(run: Run) -> None:
    """Do what only 5.0 has: limits, properties, refusals with a reason."""
    client = connect(run, properties=properties(**_LIMITS))
    message = properties(
        content_type="text/plain", user_property=[("a", "1"), ("a", "2")]
    )
    _talk(run, client, topic(run, "limits"), properties=message)
    newer = connect(run, client_identifier=client.identifier)
    client.end()
    client.close()
    newer.leave()
    limit = properties(maximum_packet_size=_LIMITS["maximum_packet_size"])
    method = properties(authentication_method=f"LUHENG-{run.unique()}")
    stranger = connect_packet(run, properties=(*limit, *method))
    knock(run, encode(stranger, 5)).client.leave()
    if claims(run, "ENHANCED_AUTH"):
        proved = authenticated(run, more=limit)
        prove_again(run, proved)
        proved.leave()
