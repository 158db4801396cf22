# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in authentication in steps, which mosquitto does not offer.

The simulated server (see ``simulator``) is honest; what deviates does so in the proxy
before it.  Part of the tables in ``deviations.platform``.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec import auth_raw, properties, properties_raw
from conformance.protocols.mqtt.deviations import Row, by_client, by_server
from conformance.protocols.mqtt.simulator.auth import METHOD

__all__ = ["AUTHENTICATION", "AUTHENTICATION_FREE"]

_PROVED: dict[str, Any] = {"authenticates": True, "answers": {"ENHANCED_AUTH": True}}
_ACCEPTED = auth_raw(0, properties_raw(properties(authentication_method=METHOD)))
_REFUSED = 0x87
"""Reason code of the server, not authorized."""

AUTHENTICATION = (
    Row(
        "lets-the-unproved-in",
        "认证失败仍接受连接",
        "accepts a connection without the proof",
        {"MQTT5-4.12.0-4": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"Authentication Method": METHOD},
                set={"properties": ()},
            )
        ],
        also=(
            "MQTT5-S-074",
            "MQTT5-4.12.0-5",
        ),
        **_PROVED,
    ),
    Row(
        "stays-after-wrong-proof",
        "拒绝认证后不关闭连接",
        "refuses the authentication and stays connected",
        {"MQTT5-4.12.0-4": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": _REFUSED})],
        also=("MQTT5-3.2.2-7", "MQTT5-4.13.2-1"),
        **_PROVED,
    ),
    Row(
        "takes-any-proof-again",
        "重新认证时接受任何证明",
        "takes every proof when a client authenticates again",
        {"MQTT5-4.12.1-2": "accepted"},
        [
            by_client(
                "inject",
                "AUTH",
                match={"seen": 3},
                octets=_ACCEPTED,
                toward="client",
            ),
            by_client("drop", "AUTH", match={"seen": 3}),
        ],
        **_PROVED,
    ),
    Row(
        "stays-after-wrong-proof-again",
        "重新认证失败后不关闭连接",
        "stays connected when a client fails to authenticate again",
        {"MQTT5-4.12.1-2": "still-open"},
        [by_server("linger", "DISCONNECT", match={"reason_code": _REFUSED})],
        also=("MQTT5-3.14.4-2", "MQTT5-4.13.2-1"),
        **_PROVED,
    ),
    Row(
        "leaves-without-a-word",
        "重新认证失败后不发送 DISCONNECT 即关闭",
        "closes without DISCONNECT when a client fails to authenticate again",
        {"MQTT5-S-086": "no-reason"},
        [by_server("drop", "DISCONNECT", match={"reason_code": _REFUSED})],
        **_PROVED,
    ),
    Row(
        "tolerates-auth-flags",
        "收到固定报头标志错误的 AUTH 后不断开",
        "goes on after an AUTH with wrong header flags",
        {"MQTT5-3.15.1.RX-1": "still-open"},
        [
            by_client(
                "drop", match={"kind": "AUTH", "errors": {"has": "fixed-header-flags"}}
            )
        ],
        **_PROVED,
    ),
    Row(
        "asks-with-another-code",
        "以原因码 0x19 索取认证数据",
        "asks for authentication data with reason code 0x19",
        {"MQTT5-4.12.0-2": "other-code"},
        [
            by_server(
                "alter", "AUTH", match={"reason_code": 0x18}, set={"reason_code": 0x19}
            )
        ],
        also=("MQTT5-3.15.2-1",),
        **_PROVED,
    ),
    Row(
        "method-left-out",
        "CONNACK 中没有认证方法",
        "leaves the authentication method out of CONNACK",
        {"MQTT5-4.12.0-5": "other-method"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"Authentication Method": METHOD},
                set={"properties": ()},
            )
        ],
        also=("MQTT5-S-074",),
        **_PROVED,
    ),
    Row(
        "wordy-auth",
        "AUTH 因原因字符串超出客户端的最大报文长度",
        "a Reason String that makes AUTH too large for the client",
        {"MQTT5-3.15.2-2": "packet-too-large"},
        [
            by_server(
                "alter",
                "AUTH",
                set={"adds": properties(reason_string="x" * 2000)},
            )
        ],
        **_PROVED,
    ),
    Row(
        "wordy-auth-properties",
        "AUTH 因用户属性超出客户端的最大报文长度",
        "user properties that make AUTH too large for the client",
        {"MQTT5-3.15.2-3": "packet-too-large"},
        [
            by_server(
                "alter",
                "AUTH",
                set={"adds": properties(user_property=[("x", "x" * 2000)])},
            )
        ],
        **_PROVED,
    ),
)

AUTHENTICATION_FREE = (
    Row(
        "authenticates-in-steps",
        "使用增强认证（SCRAM-SHA-256）",
        "authenticates in steps (SCRAM-SHA-256)",
        {},
        **_PROVED,
    ),
)
