# SPDX-License-Identifier: Apache-2.0
"""Servers that deviate in whom they let in, made out of a real mosquitto.

CONNECT and CONNACK, identifiers, credentials, and what a server of limited abilities
does about a CONNECT that wants more.  Part of the tables in ``deviations.platform``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from typing import Any

from conformance.protocols.mqtt.codec import connack_raw, properties
from conformance.protocols.mqtt.deviations import COPY, Row, by_client, by_server

__all__ = ["GUESTS", "OPENING", "OPENING_FREE"]

_NAMED = {"errors": {"has": "protocol-name"}}
_MQTT = tuple(enumerate(b"MQTT", 4))
"""Octets of the protocol name in a CONNECT with a short Remaining Length."""
_OTHER_LEVEL = {"errors": {"has": "protocol-level"}}
_LIMITED: dict[str, Any] = {
    "config": ("max_qos 1", "retain_available false"),
    "answers": {"QOS2": False, "RETAIN": False},
}
_ASKING: dict[str, Any] = {"answers": {"CREDENTIALS": True}}
_REJECTED = connack_raw(0, 0x85, properties=b"\0")
"""Client Identifier not valid (5.0, 3.2.2.2)."""

OPENING = (
    Row(
        "accepts-any-level-for-5",
        "把任何协议级别当作 5.0 接受",
        "accepts every protocol level as 5.0",
        {"MQTT5-3.1.2-2": "accepted"},
        [by_client("alter", "CONNECT", match=_OTHER_LEVEL, set={"patch": ((8, 5),)})],
    ),
    Row(
        "silent-about-other-levels",
        "协议级别不支持时既不应答也不关闭",
        "neither answers nor closes when the level is not supported",
        {"MQTT5-3.1.2-2": "still-open"},
        [by_client("drop", "CONNECT", match=_OTHER_LEVEL)],
    ),
    Row(
        "accepts-any-name",
        "接受任何协议名",
        "accepts every protocol name",
        {"3.1.2-1": "accepted", "MQTT5-3.1.2.RX-1": "accepted"},
        [by_client("alter", "CONNECT", match=_NAMED, set={"patch": _MQTT})],
    ),
    Row(
        "silent-about-other-names",
        "协议名不对时既不应答也不关闭",
        "neither answers nor closes when the protocol name is wrong",
        {"MQTT5-3.1.2.RX-1": "still-open"},
        [by_client("drop", "CONNECT", match=_NAMED)],
    ),
    Row(
        "dies-of-other-names",
        "遇到其他协议名即崩溃",
        "crashes over another protocol name",
        {"3.1.2-1": "dead", "MQTT5-3.1.2.RX-1": "dead"},
        [by_client("die", "CONNECT", match=_NAMED)],
    ),
    Row(
        "will-flags-unchecked",
        "没有遗嘱时不检查遗嘱 QoS",
        "does not look at Will QoS without a will",
        {"3.1.4-1": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"errors": {"has": "will-qos-without-will"}},
                set={"will_qos": 0},
            )
        ],
    ),
    Row(
        "silent-about-will-flags",
        "遗嘱 QoS 为 3 时既不应答也不关闭",
        "neither answers nor closes when Will QoS is 3",
        {"3.1.4-1": "still-open"},
        [by_client("drop", "CONNECT", match={"errors": {"has": "will-qos-3"}})],
    ),
    Row(
        "dies-of-will-flags",
        "遗嘱 QoS 为 3 时崩溃",
        "crashes over Will QoS 3",
        {"3.1.4-1": "dead"},
        [by_client("die", "CONNECT", match={"errors": {"has": "will-qos-3"}})],
    ),
    Row(
        "processes-after-refusal",
        "拒绝连接后仍处理后续报文",
        "goes on processing behind a CONNECT that it refuses",
        {"3.1.4-5": "processed", "MQTT5-3.1.4-6": "processed"},
        [
            by_server(
                "repeat",
                "PUBLISH",
                match={
                    "topic_name": {"suffix": "/behind-refusal"},
                    "payload": b"fence",
                },
                set={**COPY, "payload": b"smuggled"},
                before=True,
            )
        ],
    ),
    Row(
        "accepts-any-method",
        "接受任何认证方法",
        "accepts every authentication method",
        {"MQTT5-4.12.0-1": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"Authentication Method": {"prefix": "LUHENG"}},
                set={"properties": ()},
            )
        ],
    ),
    Row(
        "silent-about-methods",
        "认证方法不支持时既不应答也不关闭",
        "neither answers nor closes when the method is not supported",
        {"MQTT5-4.12.0-1": "still-open"},
        [
            by_client(
                "drop",
                "CONNECT",
                match={"Authentication Method": {"prefix": "LUHENG"}},
            )
        ],
    ),
)

GUESTS = (
    Row(
        "refuses-digits",
        "拒绝以数字开头的客户端标识符",
        "refuses client identifiers that begin with digits",
        {"3.1.3-5": "refused", "MQTT5-3.1.3-5": "refused"},
        [
            by_client(
                "close",
                "CONNECT",
                match={"client_identifier": {"prefix": "0123456789"}},
            )
        ],
    ),
    Row(
        "one-name-for-all",
        "给所有空标识符分配同一个标识符",
        "gives everybody without an identifier the same one",
        {
            "3.1.3-6": "not-unique",
            "MQTT5-3.1.3-6": "not-unique",
            "MQTT5-3.1.3-7": "not-unique",
            "MQTT5-3.2.2-16": "not-unique",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match={"client_identifier": "", "clean_session": True},
                set={"client_identifier": "nobody"},
            )
        ],
    ),
    Row(
        "assigned-name-untold",
        "不告知分配的客户端标识符",
        "does not tell the identifier that it assigns",
        {
            "MQTT5-3.1.3-6": "not-assigned",
            "MQTT5-3.1.3-7": "not-assigned",
            "MQTT5-3.2.2-16": "not-assigned",
        },
        [
            by_server(
                "alter",
                "CONNACK",
                match={"Assigned Client Identifier": {"not": ""}},
                set={"properties": ()},
            )
        ],
    ),
    Row(
        "same-name-told",
        "告知的分配标识符总是同一个",
        "tells everybody the same assigned identifier",
        {
            "MQTT5-3.1.3-6": "same-name",
            "MQTT5-3.1.3-7": "same-name",
            "MQTT5-3.2.2-16": "same-name",
        },
        [
            by_server(
                "alter",
                "CONNACK",
                match={"Assigned Client Identifier": {"not": ""}},
                set={"properties": properties(assigned_client_identifier="same")},
            )
        ],
    ),
    Row(
        "other-name-used",
        "所用的客户端标识符不是告知的那个",
        "uses an identifier other than the one that it tells",
        {
            "MQTT5-3.1.3-6": "not-as-provided",
            "MQTT5-3.1.3-7": "not-as-provided",
            "MQTT5-3.2.2-16": "not-as-provided",
        },
        [
            by_client(
                "alter",
                "CONNECT",
                match={"client_identifier": {"prefix": "auto-"}},
                set={"client_identifier": "another"},
            )
        ],
    ),
    Row(
        "stays-after-rejecting",
        "拒绝客户端标识符后不关闭连接",
        "rejects a client identifier and stays connected",
        {"3.1.3-8": "still-open", "3.1.3-9": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": 2})],
        also=("3.2.2-5",),
    ),
    Row(
        "stays-after-rejecting-for-5",
        "以 0x85 拒绝客户端标识符后不关闭连接",
        "rejects a client identifier with 0x85 and stays connected",
        {"MQTT5-3.1.3-8": "still-open"},
        [
            by_client(
                "inject",
                "CONNECT",
                match={"client_identifier": {"prefix": "long"}},
                octets=_REJECTED,
                toward="client",
            ),
            by_client(
                "drop", "CONNECT", match={"client_identifier": {"prefix": "long"}}
            ),
        ],
        also=("MQTT5-3.2.2-7",),
    ),
    Row(
        "other-code-for-identifiers",
        "以返回码 3 拒绝客户端标识符",
        "rejects client identifiers with return code 3",
        {"3.1.3-8": "other-code", "3.1.3-9": "other-code"},
        [
            by_server(
                "alter", "CONNACK", match={"return_code": 2}, set={"return_code": 3}
            )
        ],
    ),
    Row(
        "keeps-nameless-sessions",
        "接受清理会话为 0 的空标识符",
        "accepts an empty identifier with Clean Session 0",
        {"3.1.3-8": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"client_identifier": "", "clean_session": False},
                set={"client_identifier": "nameless"},
            )
        ],
    ),
    Row(
        "accepts-any-password",
        "接受任何密码",
        "accepts every password",
        {"S-008": "accepted", "MQTT5-3.1.4-2": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"password": b"luheng wrong"},
                set={"password": b"river 9"},
            )
        ],
        **_ASKING,
    ),
    Row(
        "stays-after-wrong-password",
        "密码错误时不关闭连接",
        "stays connected after a wrong password",
        {"S-008": "still-open", "MQTT5-3.1.4-2": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": {"in": (4, 5, 0x87)}})],
        also=(
            "3.2.2-5",
            "MQTT5-3.2.2-7",
        ),
        **_ASKING,
    ),
    Row(
        "lowers-wills",
        "悄悄降低遗嘱 QoS",
        "lowers the Will QoS without a word",
        {"MQTT5-3.2.2-12": "accepted"},
        [by_client("alter", "CONNECT", match={"will_qos": 2}, set={"will_qos": 1})],
        **_LIMITED,
    ),
    Row(
        "stays-after-high-will",
        "拒绝遗嘱 QoS 后不关闭连接",
        "refuses a Will QoS and stays connected",
        {"MQTT5-3.2.2-12": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": 0x9B})],
        also=("MQTT5-3.2.2-7",),
        **_LIMITED,
    ),
    Row(
        "other-code-for-high-will",
        "以 0x80 拒绝遗嘱 QoS",
        "refuses a Will QoS with 0x80",
        {"MQTT5-S-028": "other-code"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"return_code": 0x9B},
                set={"return_code": 0x80},
            )
        ],
        **_LIMITED,
    ),
    Row(
        "retains-no-will",
        "悄悄去掉遗嘱保留标志",
        "drops Will Retain without a word",
        {"MQTT5-3.2.2-13": "accepted"},
        [
            by_client(
                "alter",
                "CONNECT",
                match={"will_retain": True},
                set={"will_retain": False},
            )
        ],
        **_LIMITED,
    ),
    Row(
        "stays-after-retained-will",
        "拒绝遗嘱保留后不关闭连接",
        "refuses Will Retain and stays connected",
        {"MQTT5-3.2.2-13": "still-open"},
        [by_server("linger", "CONNACK", match={"return_code": 0x9A})],
        also=("MQTT5-3.2.2-7",),
        **_LIMITED,
    ),
    Row(
        "other-code-for-retained-will",
        "以 0x80 拒绝遗嘱保留",
        "refuses Will Retain with 0x80",
        {"MQTT5-S-030": "other-code"},
        [
            by_server(
                "alter",
                "CONNACK",
                match={"return_code": 0x9A},
                set={"return_code": 0x80},
            )
        ],
        **_LIMITED,
    ),
    Row(
        "refuses-high-subscriptions",
        "拒绝 QoS 超过能力的订阅",
        "refuses subscriptions that ask for more than its QoS",
        {"MQTT5-3.2.2-10": "refused"},
        [
            by_server(
                "alter",
                "SUBACK",
                match={"count": 3},
                set={"return_codes": (0, 1, 0x83)},
            )
        ],
        **_LIMITED,
    ),
)

OPENING_FREE = (
    Row(
        "asks-for-a-password",
        "要求用户名和密码",
        "asks for a user name and a password",
        {},
        **_ASKING,
    ),
    Row(
        "limited-server",
        "最大 QoS 为 1，不支持保留消息",
        "Maximum QoS 1 and no retained messages",
        {},
        **_LIMITED,
    ),
    Row(
        "names-a-keep-alive",
        "指定服务端保活时间",
        "names a Keep Alive of its own where the client's is longer",
        {},
        config=("max_keepalive 40",),
        answers={"SERVER_KEEP_ALIVE": True},
    ),
)
