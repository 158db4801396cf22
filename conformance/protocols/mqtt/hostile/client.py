# SPDX-License-Identifier: Apache-2.0
"""What a server may never send, by name: packets that devices are provoked with.

Each breaks one rule and is right otherwise, in the layout of the version that the
CONNECT of the device is of.  Those under ``ONLY_5`` use what only 5.0 has.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07);
the clause stands beside each.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.protocols.mqtt.codec import (
    Connect,
    Publish,
    ack_raw,
    auth_raw,
    connack_raw,
    disconnect_raw,
    encode,
    encode_raw,
    properties,
    properties_raw,
    property_raw,
    publish_raw,
    suback_raw,
    value_of,
)
from conformance.protocols.mqtt.hostile import TO_SERVER, Hostile, none
from conformance.text import Text

__all__ = ["ONLY_5", "TO_CLIENT"]

_TOPIC_ALIAS, _SUBSCRIPTION_ID, _UNKNOWN = 0x23, 0x0B, 0x7F
_ALIAS_BEYOND = 65535

_BOTH: Mapping[str, Hostile] = {
    "pingresp-flags": Hostile(
        Text("PINGRESP 固定报头标志为 1", "PINGRESP with header flags 1"),  # 2.2.2
        lambda connect, topic: encode_raw(13, flags=1),
    ),
    "suback-flags": Hostile(
        Text("SUBACK 固定报头标志为 2", "SUBACK with header flags 2"),
        lambda connect, topic: suback_raw(1, [0], properties=none(connect), flags=2),
    ),
    "puback-flags": Hostile(
        Text("PUBACK 固定报头标志为 1", "PUBACK with header flags 1"),
        lambda connect, topic: ack_raw(4, 1, flags=1),
    ),
    "pubrel-flags": TO_SERVER["pubrel-flags"],
    "publish-qos-3": TO_SERVER["publish-qos-3"],
    "topic-ill-formed": TO_SERVER["topic-ill-formed"],
    "topic-surrogate": TO_SERVER["topic-surrogate"],
    "topic-nul": TO_SERVER["topic-nul"],
    "topic-wildcard": TO_SERVER["topic-wildcard"],
    "remaining-length-5": TO_SERVER["remaining-length-5"],
    "reserved-type": TO_SERVER["reserved-type"],
    "connack-flags": Hostile(
        Text("CONNACK 固定报头标志为 1", "CONNACK with header flags 1"),
        lambda connect, topic: connack_raw(properties=none(connect), flags=1),
        opens=True,
    ),
}


def _published(topic: str, *found: bytes) -> bytes:
    return publish_raw(topic, b"x", properties=properties_raw(b"".join(found)))


def _beyond(connect: Connect) -> int:
    most: int = value_of(connect.properties, "topic_alias_maximum") or 0
    return min(most + 1, _ALIAS_BEYOND)


ONLY_5: Mapping[str, Hostile] = {
    "disconnect-flags": Hostile(
        Text("DISCONNECT 固定报头标志为 1", "DISCONNECT with header flags 1"),  # 3.14.1
        lambda connect, topic: disconnect_raw(0x8B, b"\0", flags=1),
    ),
    "auth-flags": Hostile(
        Text("AUTH 固定报头标志为 1", "AUTH with header flags 1"),  # 3.15.1
        lambda connect, topic: auth_raw(0x18, b"\0", flags=1),
    ),
    "auth-unasked": Hostile(
        Text("无认证方法时的 AUTH", "AUTH where no method was named"),  # 4.12
        lambda connect, topic: auth_raw(
            0x18, properties_raw(properties(authentication_method="none"))
        ),
    ),
    "connack-property-twice": Hostile(
        Text("属性重复的 CONNACK", "CONNACK with a property given twice"),  # 3.2.2.3
        lambda connect, topic: connack_raw(
            properties=properties_raw(properties(receive_maximum=[9, 9]))
        ),
        opens=True,
    ),
    "receive-maximum-0": Hostile(
        Text("接收最大值为 0 的 CONNACK", "CONNACK with Receive Maximum 0"),
        lambda connect, topic: connack_raw(
            properties=properties_raw(properties(receive_maximum=0))
        ),
        opens=True,
    ),
    "unknown-property": Hostile(
        Text("含未定义属性的 PUBLISH", "PUBLISH with an unknown property"),  # 2.2.2.2
        lambda connect, topic: _published(topic, property_raw(_UNKNOWN, b"x")),
    ),
    "topic-alias-0": Hostile(
        Text("主题别名为 0 的 PUBLISH", "PUBLISH with topic alias 0"),  # 3.3.2.3.4
        lambda connect, topic: _published(topic, property_raw(_TOPIC_ALIAS, 0)),
    ),
    "topic-alias-beyond": Hostile(
        Text("主题别名超过设备的最大值", "a topic alias above the device's maximum"),
        lambda connect, topic: encode(
            Publish(topic, b"x", properties=properties(topic_alias=_beyond(connect))), 5
        ),
    ),
    "topic-empty": Hostile(
        Text("空主题名且无别名", "an empty topic name without alias"),  # 3.3.2.1
        lambda connect, topic: _published(""),
    ),
    "subscription-identifier-0": Hostile(
        Text("订阅标识符为 0", "subscription identifier 0"),  # 3.3.2.3.8
        lambda connect, topic: _published(topic, property_raw(_SUBSCRIPTION_ID, 0)),
    ),
}

TO_CLIENT: Mapping[str, Hostile] = {**_BOTH, **ONLY_5}
