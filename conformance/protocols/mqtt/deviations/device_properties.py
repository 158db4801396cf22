# SPDX-License-Identifier: Apache-2.0
"""Devices of MQTT 5.0 whose properties, reason codes or AUTH are wrong.

Made out of a real paho client; most happen once, in the exercise, which comes first.
Part of the table in ``deviations.device``.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.protocols.mqtt.codec import properties
from conformance.protocols.mqtt.deviations import Row, by_client, once, same, twice
from conformance.protocols.mqtt.deviations.forwarded import UNDEFINED
from conformance.protocols.mqtt.simulator.auth import METHOD

__all__ = ["DEVICE_PROPERTIES"]

_PINGREQ = b"\xc0\x00"
_5 = {"version": 5}
_AUTH: dict[str, Any] = {
    "settings": {"method": METHOD},
    "answers": {"ENHANCED_AUTH": True},
}
_REPEATED: Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]] = (
    (
        "CONNECT",
        "S-006 S-007 S-008 S-009 S-010 S-011",
        {
            "session_expiry_interval": 9,
            "receive_maximum": 9,
            "maximum_packet_size": 9999,
            "topic_alias_maximum": 9,
            "request_response_information": 0,
            "request_problem_information": 1,
        },
        {},
    ),
    (
        "CONNECT",
        "S-012 S-014",
        {"authentication_method": METHOD, "authentication_data": b"a"},
        _AUTH,
    ),
    (
        "PUBLISH",
        "S-052 S-053 S-054 S-056",
        {
            "topic_alias": 1,
            "response_topic": "a",
            "correlation_data": b"a",
            "content_type": "a",
        },
        {},
    ),
    ("PUBACK", "S-059", {"reason_string": "a"}, {}),
    ("PUBREC", "S-060", {"reason_string": "a"}, {}),
    ("PUBREL", "S-061", {"reason_string": "a"}, {}),
    ("PUBCOMP", "S-062", {"reason_string": "a"}, {}),
    ("SUBSCRIBE", "S-064", {"subscription_identifier": 7}, {}),
    (
        "DISCONNECT",
        "S-069 S-071",
        {"session_expiry_interval": 9, "reason_string": "a"},
        {},
    ),
    (
        "AUTH",
        "S-075 S-076 S-077",
        {
            "authentication_method": METHOD,
            "authentication_data": b"a",
            "reason_string": "a",
        },
        _AUTH,
    ),
)
"""Packets of a client with the properties that may stand there once."""

_CODES: Sequence[tuple[str, str]] = (
    ("PUBACK", "3.4.2-1"),
    ("PUBREC", "3.5.2-1"),
    ("PUBREL", "3.6.2-1"),
    ("PUBCOMP", "3.7.2-1"),
    ("DISCONNECT", "3.14.2-1"),
)

DEVICE_PROPERTIES = (
    *(
        Row(
            f"{kind.lower()}-repeats-{'methods' if more else 'properties'}",
            f"{kind} 中的{'认证' if more else ''}属性重复出现",
            f"{'authentication ' if more else ''}properties twice in {kind}",
            same("property-repeated", *(f"MQTT5-{n}" for n in names.split())),
            once(by_client, kind, _5, properties=twice(**given)),
            **more,
        )
        for kind, names, given, more in _REPEATED
    ),
    *(
        Row(
            f"{kind.lower()}-with-undefined-reason",
            f"{kind} 的原因码未定义",
            f"a reason code in {kind} that is not defined",
            {f"MQTT5-{name}": "reason-code"},
            once(by_client, kind, _5, reason_code=UNDEFINED),
        )
        for kind, name in _CODES
    ),
    Row(
        "will-repeats-properties",
        "遗嘱中的属性重复出现",
        "properties that stand in the will twice",
        same(
            "property-repeated",
            *(f"MQTT5-S-{n:03}" for n in (15, 16, 18, 19, 20, 21)),
        ),
        once(
            by_client,
            "CONNECT",
            _5,
            will_properties=twice(
                will_delay_interval=1,
                payload_format_indicator=1,
                message_expiry_interval=9,
                content_type="a",
                response_topic="a",
                correlation_data=b"a",
            ),
        ),
    ),
    Row(
        "session-prolonged",
        "会话过期间隔为 0 的会话，断开时改为非 0",
        "prolongs at the end a session that was to end with its connection",
        {"MQTT5-S-070": "session-prolonged"},
        [
            by_client(
                "alter",
                "DISCONNECT",
                match=_5,
                set={"properties": properties(session_expiry_interval=9)},
            )
        ],
    ),
    Row(
        "no-pings-in-5",
        "空闲时不发送 PINGREQ（5.0）",
        "sends no PINGREQ when idle (5.0)",
        {"MQTT5-3.1.2-20": "silent-too-long"},
        [by_client("drop", "PINGREQ", match=_5)],
        settings={"keep_alive_s": 1, "interval_s": 1.6},
        also=("MQTT5-3.1.2-21", "MQTT5-3.2.2-21"),
    ),
    Row(
        "talks-before-connack",
        "认证期间 CONNACK 之前发送其他报文",
        "sends something else than AUTH before CONNACK",
        {"MQTT5-3.1.2-30": "packet-before-connack"},
        [by_client("inject", "CONNECT", match=_5, nth=1, octets=_PINGREQ)],
        **_AUTH,
    ),
    Row(
        "auth-flags",
        "AUTH 的固定报头标志为 1",
        "AUTH with header flags 1",
        {"MQTT5-3.15.1-1": "fixed-header-flags"},
        once(by_client, "AUTH", flags=1),
        also=("MQTT5-2.1.3-1",),
        **_AUTH,
    ),
    Row(
        "auth-with-undefined-reason",
        "AUTH 的原因码未定义",
        "a reason code in AUTH that is not defined",
        {"MQTT5-3.15.2-1": "reason-code"},
        once(by_client, "AUTH", reason_code=UNDEFINED),
        **_AUTH,
    ),
    Row(
        "auth-of-another-method",
        "AUTH 改用其他认证方法",
        "an AUTH of another method",
        same("other-method", "MQTT5-4.12.0-5", "MQTT5-S-074", "MQTT5-4.12.1-1"),
        once(
            by_client, "AUTH", properties=properties(authentication_method="LUHENG-X")
        ),
        **_AUTH,
    ),
    Row(
        "auth-unasked",
        "CONNECT 没有认证方法，仍发送 AUTH",
        "an AUTH although CONNECT named no method",
        {"MQTT5-4.12.0-7": "auth-unasked"},
        [by_client("inject", "SUBSCRIBE", match=_5, nth=1, octets=b"\xf0\x00")],
    ),
)
