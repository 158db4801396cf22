# SPDX-License-Identifier: Apache-2.0
"""MQTT packets off the wire and onto it, against scapy's MQTT layers.

The traffic of a station: readings as JSON at each QoS, and their acknowledgements.
Both sides get the same octets to read, and packets made beforehand to write; what they
read and write is compared before it is timed.  Ours judges the rules of the standard on
the way, in both directions; scapy judges none.  PUBLISH of 5.0 has properties, which
scapy, knowing 3.1.1 alone, takes for the beginning of the payload: it has less to do.
The last pair has a user property that never comes twice, so that nothing remembered
helps; it has no target.  Ours goes over the packets so often that
both are at work for about as long, and a busy machine hits both.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common import Comparison, Target, compare, finish
from scapy.contrib import mqtt

from conformance.protocols.mqtt.codec import (
    Packet,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Version,
    decode,
    encode,
    properties,
    replace,
)
from conformance.protocols.mqtt.codec.properties import encode_properties

SEED = 20261125
MESSAGES = 200
LAPS = 50
TARGET = Target(ratio=0.02)
NO_TARGET = Target()

_ANSWERS = {
    Puback: (4, 0, mqtt.MQTTPuback),
    Pubrec: (5, 0, mqtt.MQTTPubrec),
    Pubrel: (6, 1, mqtt.MQTTPubrel),
    Pubcomp: (7, 0, mqtt.MQTTPubcomp),
}
"""Type and QoS bits of the first octet, and scapy's layer."""


def messages() -> list[Packet]:
    """Return readings of 60 to 360 octets at each QoS."""
    source = random.Random(SEED)
    made: list[Packet] = []
    for number in range(1, MESSAGES + 1):
        fields = source.randint(3, 20)
        values = ",".join(f'"e{n}":{source.uniform(0, 14):.2f}' for n in range(fields))
        payload = b'{"station":"S%d",%s}' % (number % 7, values.encode())
        topic, qos = f"sd/water/S{number % 7}/telemetry", number % 3
        made.append(Publish(topic, payload, qos, False, False, number if qos else None))
    return made


def with_properties(published: Sequence[Packet], *, unlike: bool) -> list[Packet]:
    """Return the messages with what a station of 5.0 says of them."""
    made = []
    for number, packet in enumerate(published):
        about = str(number if unlike else number % 7)
        listed = properties(
            message_expiry_interval=3600,
            content_type="application/json",
            user_property=[("station", about)],
        )
        made.append(replace(packet, properties=listed))
    return made


def answers(published: Sequence[Packet]) -> list[Packet]:
    """Return what acknowledges the messages, both sides."""
    made: list[Packet] = []
    for packet in published:
        match packet:
            case Publish(qos=1, packet_identifier=int(identifier)):
                made.append(Puback(identifier))
            case Publish(qos=2, packet_identifier=int(identifier)):
                made += [Pubrec(identifier), Pubrel(identifier), Pubcomp(identifier)]
    return made


def theirs(packet: Packet) -> Any:
    """Return scapy's packet of the same octets, made from fields."""
    match packet:
        case Publish(topic, payload, qos, _, _, identifier, listed):
            value = encode_properties(listed) + payload if listed else payload
            body = mqtt.MQTTPublish(topic=topic, msgid=identifier, value=value)
            return mqtt.MQTT(QOS=qos) / body
        case Puback() | Pubrec() | Pubrel() | Pubcomp():
            kind, qos, layer = _ANSWERS[type(packet)]
            made = mqtt.MQTT(type=kind, QOS=qos)
            return made / layer(msgid=packet.packet_identifier)
    raise AssertionError(packet)


def timed(
    work: Callable[..., object],
    items: Sequence[Any],
    laps: int = 1,
    level: Version = 4,
) -> Callable[[], float]:
    """Return a callable that works on all items and returns the seconds of a lap."""

    def once() -> float:
        start = time.perf_counter()
        for _ in range(laps):
            for item in items:
                work(item)
        return (time.perf_counter() - start) / laps

    def once_5() -> float:
        start = time.perf_counter()
        for _ in range(laps):
            for item in items:
                work(item, version=5)
        return (time.perf_counter() - start) / laps

    return once if level == 4 else once_5


def both_ways(
    name: str,
    packets: Sequence[Packet],
    rounds: int,
    version: Version = 4,
    target: Target = TARGET,
) -> list[Comparison]:
    """Compare reading and writing of packets."""
    return [
        reading(name, packets, rounds, version, target),
        writing(name, packets, rounds, version, target),
    ]


def reading(
    name: str, packets: Sequence[Packet], rounds: int, level: Version, target: Target
) -> Comparison:
    frames = [encode(packet, level) for packet in packets]
    for packet, frame in zip(packets, frames, strict=True):
        decoded, other = decode(frame, version=level), mqtt.MQTT(frame)
        if decoded.packet != packet or decoded.violations or bytes(other) != frame:
            raise AssertionError(f"not the same: {packet}")
        if isinstance(packet, Publish) and not other.value.endswith(packet.payload):
            raise AssertionError(f"scapy reads another payload: {packet}")
    return compare(
        f"read {name}",
        (
            "decode, every rule judged",
            timed(decode, frames, LAPS, level),
        ),
        (f"MQTT(octets), scapy {version('scapy')}", timed(mqtt.MQTT, frames)),
        target=target,
        rounds=rounds,
    )


def writing(
    name: str, packets: Sequence[Packet], rounds: int, level: Version, target: Target
) -> Comparison:
    others = [theirs(packet) for packet in packets]
    for packet, other in zip(packets, others, strict=True):
        if bytes(other) != encode(packet, level):
            raise AssertionError(f"not the same octets: {packet}")
    return compare(
        f"write {name}",
        (
            "encode, refuses what is wrong",
            timed(encode, packets, LAPS, level),
        ),
        (f"bytes(packet), scapy {version('scapy')}", timed(bytes, others)),
        target=target,
        rounds=rounds,
    )


def main() -> int:
    """Measure, print, return 0 when the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    asked = parser.parse_args()
    published = messages()
    acknowledged = answers(published)
    listed = with_properties(published, unlike=False)
    unlike = with_properties(published * 2, unlike=True)
    comparisons = [
        *both_ways(f"{len(published)} PUBLISH", published, asked.rounds),
        *both_ways(f"{len(acknowledged)} answers", acknowledged, asked.rounds),
        *both_ways(f"{len(listed)} PUBLISH 5.0", listed, asked.rounds, 5),
        *both_ways(f"{len(unlike)}, all unlike", unlike, asked.rounds, 5, NO_TARGET),
    ]
    code = finish(comparisons, asked.json)
    for item in comparisons:
        print(f"{item.name:<22} {1 / item.ratio:>7.0f} times as fast as the peer")
    return code


if __name__ == "__main__":
    sys.exit(main())
