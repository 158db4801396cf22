# SPDX-License-Identifier: Apache-2.0
"""Packets that must end a connection, by name: what checks send to provoke a close.

Each is one packet that breaks one rule; everything else about it is right, so that a
close has no other reason.  ``opens`` marks those that stand in place of CONNECT.  The
packets here are wrong in both versions and take the layout of the one that the CONNECT
is of; what only 5.0 forbids stands in ``hostile.version_5``.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), the clause stands beside each; MQTT
Version 5.0 (OASIS, 2019-03-07).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.protocols.mqtt.codec import (
    Connect,
    ack_raw,
    connect_raw,
    encode_raw,
    publish_raw,
    subscribe_raw,
    unsubscribe_raw,
)
from conformance.text import Text

__all__ = ["TO_SERVER", "Hostile", "none"]


@dataclass(frozen=True, slots=True)
class Hostile:
    """One wrong packet."""

    title: Text
    make: Callable[[Connect, str], bytes]
    """From the CONNECT of this connection and a topic of the check's own."""
    opens: bool = False


def none(connect: Connect) -> bytes | None:
    """Return the octets that say "no properties": those of 5.0, nothing in 3.1.1."""
    return b"\0" if connect.protocol_level == 5 else None


_ILL_FORMED = b"/\xc3\x28"
_SURROGATE = b"/\xed\xa0\x80"

TO_SERVER: Mapping[str, Hostile] = {
    "second-connect": Hostile(
        Text("第二个 CONNECT", "a second CONNECT"),  # 3.1
        lambda connect, topic: connect_raw(connect),
    ),
    "connect-reserved-flag": Hostile(
        Text("CONNECT 保留标志为 1", "CONNECT with the reserved flag set"),  # 3.1.2.3
        lambda connect, topic: connect_raw(
            connect, connect_flags=connect.connect_flags | 1
        ),
        opens=True,
    ),
    "subscribe-flags": Hostile(
        Text("SUBSCRIBE 固定报头标志为 0", "SUBSCRIBE with header flags 0"),  # 2.2.2
        lambda connect, topic: subscribe_raw(
            1, [(topic, 0)], properties=none(connect), flags=0
        ),
    ),
    "unsubscribe-flags": Hostile(
        Text("UNSUBSCRIBE 固定报头标志为 0", "UNSUBSCRIBE with header flags 0"),
        lambda connect, topic: unsubscribe_raw(
            1, [topic], properties=none(connect), flags=0
        ),
    ),
    "pubrel-flags": Hostile(
        Text("PUBREL 固定报头标志为 0", "PUBREL with header flags 0"),  # 3.6.1
        lambda connect, topic: ack_raw(6, 1, flags=0),
    ),
    "pingreq-flags": Hostile(
        Text("PINGREQ 固定报头标志为 1", "PINGREQ with header flags 1"),
        lambda connect, topic: encode_raw(12, flags=1),
    ),
    "subscribe-without-filter": Hostile(
        Text("没有主题过滤器的 SUBSCRIBE", "SUBSCRIBE without a filter"),  # 3.8.3
        lambda connect, topic: subscribe_raw(1, [], properties=none(connect)),
    ),
    "subscribe-qos-3": Hostile(
        Text("请求 QoS 3 的 SUBSCRIBE", "SUBSCRIBE that asks for QoS 3"),  # 3.8.3
        lambda connect, topic: subscribe_raw(1, [(topic, 3)], properties=none(connect)),
    ),
    "subscribe-reserved-bits": Hostile(
        Text("选项保留位不为 0 的 SUBSCRIBE", "SUBSCRIBE with reserved option bits"),
        lambda connect, topic: subscribe_raw(
            1, [(topic, 0x81)], properties=none(connect)
        ),
    ),
    "publish-qos-3": Hostile(
        Text("QoS 3 的 PUBLISH", "PUBLISH with QoS 3"),  # 3.3.1.2
        lambda connect, topic: publish_raw(
            topic, b"x", qos=3, packet_identifier=1, properties=none(connect)
        ),
    ),
    "topic-ill-formed": Hostile(
        Text("主题名不是合法 UTF-8", "a topic name that is not UTF-8"),  # 1.5.3
        lambda connect, topic: publish_raw(
            topic.encode() + _ILL_FORMED, b"x", properties=none(connect)
        ),
    ),
    "topic-surrogate": Hostile(
        Text("主题名含代理码点", "a topic name with a surrogate"),
        lambda connect, topic: publish_raw(
            topic.encode() + _SURROGATE, b"x", properties=none(connect)
        ),
    ),
    "topic-nul": Hostile(
        Text("主题名含 U+0000", "a topic name with U+0000"),  # 1.5.3
        lambda connect, topic: publish_raw(
            topic + "/\0", b"x", properties=none(connect)
        ),
    ),
    "topic-wildcard": Hostile(
        Text("主题名含通配符", "a topic name with a wildcard"),  # 3.3.2.1
        lambda connect, topic: publish_raw(
            topic + "/+", b"x", properties=none(connect)
        ),
    ),
    "remaining-length-5": Hostile(
        Text("剩余长度占 5 个字节", "Remaining Length of five octets"),  # 2.2.3
        lambda connect, topic: publish_raw(
            topic, b"x", remaining_length=b"\xff\xff\xff\xff\x01"
        ),
    ),
    "reserved-type": Hostile(
        Text("保留的报文类型", "a reserved packet type"),  # 2.2.1; 15 is AUTH in 5.0
        lambda connect, topic: encode_raw(0 if connect.protocol_level == 5 else 15),
    ),
    "unsubscribe-without-filter": Hostile(
        Text("没有主题过滤器的 UNSUBSCRIBE", "UNSUBSCRIBE without a filter"),  # 3.10.3
        lambda connect, topic: unsubscribe_raw(1, [], properties=none(connect)),
    ),
    "filter-ill-formed": Hostile(
        Text("主题过滤器不是合法 UTF-8", "a topic filter that is not UTF-8"),  # 1.5.3
        lambda connect, topic: subscribe_raw(
            1, [(topic.encode() + _ILL_FORMED, 0)], properties=none(connect)
        ),
    ),
    "filter-nul": Hostile(
        Text("主题过滤器含 U+0000", "a topic filter with U+0000"),  # 1.5.3
        lambda connect, topic: subscribe_raw(
            1, [(topic + "/\0", 0)], properties=none(connect)
        ),
    ),
    "disconnect-flags": Hostile(
        Text("DISCONNECT 固定报头标志为 1", "DISCONNECT with header flags 1"),  # 3.14.1
        lambda connect, topic: encode_raw(14, flags=1),
    ),
}
"""What a client may never send."""
