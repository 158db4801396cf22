# SPDX-License-Identifier: Apache-2.0
"""Ordinary messages that the implementation sends and gets, for the rules to judge.

A server passes on one message of each QoS, in 5.0 with all that can be said of it,
refuses a client and ends a connection.  A device gets two messages of each QoS on a
topic that it has subscribed to.  Nothing is expected here: what does not happen is not
observed.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
clauses 3.1.3.1, 3.3 and 4.3 of both.
"""

from __future__ import annotations

from typing import Any

from conformance.engine.registry import exercise
from conformance.engine.run import Run
from conformance.protocols.mqtt.broker import Link, broker
from conformance.protocols.mqtt.client import (
    claims,
    connect,
    connect_packet,
    qos_max,
    topic,
    version_of,
)
from conformance.protocols.mqtt.codec import (
    Properties,
    Publish,
    connect_raw,
    properties,
    properties_raw,
    publish_raw,
    value_of,
)
from conformance.protocols.mqtt.openings import knock

__all__: list[str] = []

_QOS_BITS = 3
_MESSAGES = 4
"""How many the device gets; one that takes fewer at a time gets none."""
_SHARE = "$share/"


@exercise("mqtt.exercise_messages", actor="platform")
def exercise_server(run: Run) -> None:
    """A message of each QoS comes back; a client is refused, one is thrown out."""
    client = connect(run)
    for qos in range(qos_max(run) + 1):
        name = topic(run, "messages", str(qos))
        client.subscribe((name, qos))
        described = _described(run, name)
        client.publish(name, b"message", qos=qos, properties=described)
        client.messages_until(lambda m, name=name: m.topic_name == name)  # type: ignore[misc]
    client.ping()
    client.leave()
    if version_of(run) == 4:
        nameless = connect_packet(run, client_identifier="", clean_session=False)
        knock(run, connect_raw(nameless)).client.leave()
        return
    # Nothing else makes so many servers say why they end a connection.
    wrong = connect(run)
    nought = properties_raw(properties(topic_alias=0))
    wrong.send_raw(publish_raw(topic(run, "nought"), properties=nought))
    wrong.end()
    wrong.close()


def _described(run: Run, name: str) -> Properties:
    """Return what 5.0 lets a message say of itself."""
    if version_of(run) == 4:
        return ()
    return properties(
        payload_format_indicator=1,
        message_expiry_interval=300,
        content_type="text/plain",
        response_topic=f"{name}/answer",
        correlation_data=b"1",
        user_property=[("unit", "mg/L")],
    )


@exercise("mqtt.exercise_messages", actor="device")
def exercise_device(run: Run) -> None:
    """The device gets two messages of each QoS, where it has subscribed."""
    if not claims(run, "SUBSCRIBE"):
        return
    link = broker(run).await_device()
    if not link.subscriptions:
        link.until(lambda _: bool(link.subscriptions))
    most = value_of(link.connect.properties, "receive_maximum")
    if most is not None and most < _MESSAGES:
        return
    sent = [_send(run, link, qos) for qos in (1, 1, 2, 2)]
    link.until(lambda _: link.session.sent.keys().isdisjoint(sent))


def _send(run: Run, link: Link, qos: int) -> int:
    """Send a message at a QoS that a subscription allows; return its identifier."""
    name = next(
        (f for f, asked in link.subscriptions.items() if _fits(f, asked, qos)), ""
    )
    if not name:
        return 0
    more: dict[str, Any] = {}
    if link.version == 5:
        more["properties"] = properties(payload_format_indicator=1)
    number = link.session.identifier()
    link.send(Publish(name, b"{}", qos=qos, packet_identifier=number, **more))
    return number


def _fits(topic_filter: str, asked: int, qos: int) -> bool:
    plain = not topic_filter.startswith(_SHARE) and not {*"#+"} & {*topic_filter}
    return plain and asked & _QOS_BITS >= qos
