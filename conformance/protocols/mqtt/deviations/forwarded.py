# SPDX-License-Identifier: Apache-2.0
"""Servers whose properties and reason codes are wrong, made out of a real mosquitto.

Each happens once, in the exercise, which comes first.  Part of the table in
``deviations.packets``.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.protocols.mqtt.codec import properties
from conformance.protocols.mqtt.deviations import Row, by_server, once, same, twice

__all__ = ["PROPERTIES", "UNDEFINED"]

_ILL = "luheng/\udcff"
UNDEFINED = 0x42
"""A reason code that no packet has."""

_REPEATED: Sequence[tuple[str, str, dict[str, Any], Sequence[str]]] = (
    (
        "CONNACK",
        "S-025 S-026 S-027 S-029 S-032 S-033 S-034 S-035 S-037 S-039 S-041 S-043 S-044"
        " S-045",
        {
            "session_expiry_interval": 9,
            "receive_maximum": 9,
            "maximum_qos": 1,
            "retain_available": 1,
            "maximum_packet_size": 999,
            "assigned_client_identifier": "a",
            "topic_alias_maximum": 9,
            "reason_string": "a",
            "wildcard_subscription_available": 1,
            "subscription_identifier_available": 1,
            "shared_subscription_available": 1,
            "server_keep_alive": 9,
            "response_information": "a",
            "server_reference": "a",
        },
        ("3.1.2-28",),
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
        ("3.1.2-27",),
    ),
    ("PUBACK", "S-059", {"reason_string": "a"}, ()),
    ("PUBREC", "S-060", {"reason_string": "a"}, ()),
    ("PUBREL", "S-061", {"reason_string": "a"}, ()),
    ("PUBCOMP", "S-062", {"reason_string": "a"}, ()),
    ("SUBACK", "S-067", {"reason_string": "a"}, ()),
    ("UNSUBACK", "S-068", {"reason_string": "a"}, ()),
    (
        "DISCONNECT",
        "S-069 S-071 S-072",
        {"session_expiry_interval": 9, "reason_string": "a", "server_reference": "a"},
        ("3.14.2-2",),
    ),
)
"""Packets of a server with the properties that may stand there once."""

_CODES: Sequence[tuple[str, str, dict[str, Any], dict[str, Any]]] = (
    ("PUBACK", "3.4.2-1", {}, {"reason_code": UNDEFINED}),
    ("PUBREC", "3.5.2-1", {}, {"reason_code": UNDEFINED}),
    ("PUBREL", "3.6.2-1", {}, {"reason_code": UNDEFINED}),
    ("PUBCOMP", "3.7.2-1", {}, {"reason_code": UNDEFINED}),
    ("UNSUBACK", "3.11.3-2", {"version": 5}, {"reason_codes": (UNDEFINED,) * 3}),
    ("DISCONNECT", "3.14.2-1", {}, {"reason_code": UNDEFINED}),
)

PROPERTIES: Sequence[Row] = (
    *(
        Row(
            f"{kind.lower()}-repeats-properties",
            f"{kind} 中的属性重复出现",
            f"properties that stand in {kind} twice",
            same("property-repeated", *(f"MQTT5-{n}" for n in names.split())),
            once(by_server, kind, {"version": 5}, properties=twice(**given)),
            also=[f"MQTT5-{n}" for n in also],
        )
        for kind, names, given, also in _REPEATED
    ),
    *(
        Row(
            f"{kind.lower()}-with-undefined-reason",
            f"{kind} 的原因码未定义",
            f"a reason code in {kind} that is not defined",
            {f"MQTT5-{name}": "reason-code"},
            once(by_server, kind, match, **changes),
        )
        for kind, name, match, changes in _CODES
    ),
    Row(
        "user-property-not-utf-8",
        "用户属性不是合法 UTF-8",
        "a user property that is not UTF-8",
        {"MQTT5-1.5.7-1": "string-ill-formed"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(user_property=("a", "\udcff")),
        ),
        also=("MQTT5-1.5.4-1",),
    ),
    Row(
        "response-topic-not-utf-8",
        "响应主题不是合法 UTF-8",
        "a response topic that is not UTF-8",
        {"MQTT5-3.3.2-13": "string-ill-formed"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(response_topic=_ILL),
        ),
        also=("MQTT5-1.5.4-1",),
    ),
    Row(
        "response-topic-with-wildcard",
        "响应主题含通配符",
        "a response topic with a wildcard",
        {"MQTT5-3.3.2-14": "topic-name-wildcard"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(response_topic="a/+"),
        ),
        also=("MQTT5-4.7.0-1",),
    ),
    Row(
        "content-type-not-utf-8",
        "内容类型不是合法 UTF-8",
        "a content type that is not UTF-8",
        {"MQTT5-3.3.2-19": "string-ill-formed"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(content_type=_ILL),
        ),
        also=("MQTT5-1.5.4-1",),
    ),
    Row(
        "property-out-of-place",
        "PUBLISH 带有不允许的属性",
        "a property in PUBLISH that does not belong there",
        {"MQTT5-S-003": "property-not-allowed"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(session_expiry_interval=5),
        ),
    ),
    Row(
        "payload-not-the-text-it-says",
        "载荷标明为文本而不是 UTF-8",
        "a payload that is said to be text and is not",
        {"MQTT5-S-051": "payload-not-text"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            payload=b"\xff",
            properties=properties(payload_format_indicator=1),
        ),
    ),
    Row(
        "subscription-identifier-zero",
        "订阅标识符为 0",
        "a subscription identifier of 0",
        {"MQTT5-S-055": "subscription-identifier-zero"},
        once(
            by_server,
            "PUBLISH",
            {"version": 5},
            properties=properties(subscription_identifier=0),
        ),
    ),
    Row(
        "session-expiry-in-goodbye",
        "DISCONNECT 带有会话过期间隔",
        "a Session Expiry Interval in DISCONNECT",
        {"MQTT5-3.14.2-2": "session-expiry-from-server"},
        once(by_server, "DISCONNECT", properties=properties(session_expiry_interval=5)),
    ),
)
