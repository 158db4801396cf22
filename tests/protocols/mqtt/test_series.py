# SPDX-License-Identifier: Apache-2.0
"""Values and intervals come from the messages on the profile's topic."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from conformance.link.conversation import Conversation, Piece
from conformance.link.packets import Side
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Binding
from conformance.protocols.mqtt.codec import Publish, encode
from conformance.protocols.mqtt.dialogue import decode
from conformance.protocols.mqtt.series import series

SECOND = 1_000_000_000
STATION = default_corpus().resolve("sd-water-surface-station")
PH = next(e for e in STATION.elements if e.key == "ph")
BINDING = Binding("json", "mqtt", "3.1.1", "MQTT311", {"topic": "sd/{site}/data"})
SNAPSHOT = replace(
    STATION, bindings=(BINDING,), elements=(replace(PH, wire={"json": "ph"}),)
)


def publish(payload: bytes, topic: str = "sd/S1/data", dup: bool = False) -> bytes:
    return encode(
        Publish(topic_name=topic, payload=payload, qos=1, packet_identifier=1, dup=dup)
    )


def talk(*sent: tuple[float, Side, bytes]) -> Conversation:
    pieces = [
        Piece(side, octets, int(at * SECOND), n)
        for n, (at, side, octets) in enumerate(sent, 1)
    ]
    client, server = ("127.0.0.1", 1), ("127.0.0.1", 2)
    return Conversation(client, server, "mqtt", "client", "", pieces)


def test_values_and_intervals_of_the_bound_topic() -> None:
    found = series(
        [
            decode(
                talk(
                    (1, "client", publish(b'{"ph": 7.10, "other": 1}')),
                    (2, "client", publish(b'{"ph": 7.10}', dup=True)),
                    (3, "client", publish(b'{"ph": 1}', topic="sd/S2/data")),
                    (4, "server", publish(b'{"ph": 2}')),
                    (31, "client", publish(b'{"ph": 15}')),
                    (61.25, "client", publish(b'{"ph": true}')),
                    (62, "client", publish(b"\xff")),
                )
            )
        ],
        SNAPSHOT,
        {"site": "S1"},
    )
    (ph,) = found.values
    assert ph.points == ((1 * SECOND, Decimal("7.10")), (31 * SECOND, Decimal(15)))
    assert (ph.low, ph.high) == (Decimal(0), Decimal(14))
    (gaps,) = found.gaps
    assert gaps.seconds == (Decimal("30.000"), Decimal("30.250"), Decimal("0.750"))
    assert gaps.nominal_s == 60


def test_a_profile_that_binds_no_topic_has_no_series() -> None:
    dialogue = decode(talk((1, "client", publish(b'{"ph": 7}'))))
    for bindings in ((), (replace(BINDING, parameters={}),)):
        found = series([dialogue], replace(SNAPSHOT, bindings=bindings), {})
        assert found.values == found.gaps == ()
