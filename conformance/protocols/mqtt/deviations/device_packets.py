# SPDX-License-Identifier: Apache-2.0
"""Devices whose packets are wrong in one place, made out of a real paho client.

Most happen once, in the exercise, which comes first; so nothing but the rules over the
recording sees them.  Part of the table in ``deviations.device``.

Source of each: the requirement that it breaks, in the profiles sd-base-mqtt311 and
sd-base-mqtt5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.link.proxy import ProxyRule
from conformance.protocols.mqtt.codec import (
    Connect,
    Version,
    connect_raw,
    properties,
)
from conformance.protocols.mqtt.deviations import (
    Row,
    by_client,
    by_server,
    once,
    replaced,
    same,
)
from conformance.protocols.mqtt.simulator.auth import METHOD

__all__ = ["DEVICE_PACKETS"]

_PADDED = b"\xc0\x80\x00"
_ILL = "luheng/\udcff"
_5 = {"version": 5}
_BARE_SUBSCRIBE = b"\x82\x02\x00\x07"
_AUTH: dict[str, Any] = {
    "settings": {"method": METHOD},
    "answers": {"ENHANCED_AUTH": True},
}
_LEVELS: Sequence[Version] = (4, 5)


def _opens(**parts: Any) -> list[ProxyRule]:
    """Return rules that put a wrong CONNECT, by version, in the place of the first."""
    rules = []
    for level in _LEVELS:
        model = Connect("luheng-station", protocol_level=level, **parts.get("has", {}))
        changes = {k: v for k, v in parts.items() if k != "has"}
        octets = connect_raw(model, **changes)
        rules += replaced(by_client, "CONNECT", octets, {"version": level})
    return rules


_FRAMES = (
    Row(
        "topic-with-nul",
        "主题名含 U+0000",
        "a topic name with U+0000",
        same("string-nul", "1.5.3.TX-2", "4.7.3-2", "MQTT5-1.5.4-2", "MQTT5-4.7.3-2"),
        once(by_client, "PUBLISH", topic_name="luheng/\0"),
        also=("UPM-STAT-002",),
    ),
    Row(
        "topic-with-control-character",
        "主题名含控制字符",
        "a topic name with a control character",
        same("string-control-character", "MQTT311-S-003", "MQTT5-S-001"),
        once(by_client, "PUBLISH", topic_name="luheng/\x01"),
        also=("UPM-STAT-002",),
    ),
    Row(
        "topic-empty",
        "主题名为空",
        "an empty topic name",
        {"4.7.3-1": "topic-empty"}
        | same("topic-empty-without-alias", "MQTT5-4.7.3-1", "MQTT5-S-050"),
        once(by_client, "PUBLISH", topic_name="", properties=()),
        also=("UPM-STAT-002",),
    ),
    Row(
        "qos-3",
        "PUBLISH 的 QoS 为 3",
        "a PUBLISH with QoS 3",
        same("publish-qos-3", "3.3.1.TX-4", "MQTT5-3.3.1-4"),
        once(by_client, "PUBLISH", qos=3, packet_identifier=60_000),
        also=("UPM-STAT-004",),
    ),
    Row(
        "length-padded",
        "剩余长度的编码多一个字节",
        "a Remaining Length with an octet too many",
        {"MQTT5-1.5.5-1": "remaining-length-not-minimal"},
        [by_client("inject", "SUBSCRIBE", match=_5, nth=1, octets=_PADDED)],
    ),
    Row(
        "subscribe-without-properties",
        "SUBSCRIBE 没有属性长度",
        "a SUBSCRIBE without Property Length",
        {"MQTT5-2.2.2-1": "missing-field"},
        replaced(by_client, "SUBSCRIBE", _BARE_SUBSCRIBE, _5),
    ),
    Row(
        "pubrel-flags",
        "PUBREL 的固定报头标志为 0",
        "PUBREL with header flags 0",
        same("fixed-header-flags", "3.6.1-1", "MQTT5-3.6.1-1"),
        once(by_client, "PUBREL", flags=0),
        also=("2.2.2-1", "MQTT5-2.1.3-1"),
    ),
    Row(
        "unsubscribe-flags",
        "UNSUBSCRIBE 的固定报头标志为 0",
        "UNSUBSCRIBE with header flags 0",
        same("fixed-header-flags", "3.10.1-1", "MQTT5-3.10.1-1"),
        once(by_client, "UNSUBSCRIBE", flags=0),
        also=("2.2.2-1", "MQTT5-2.1.3-1"),
    ),
)

_CONNECTS = (
    Row(
        "no-client-identifier",
        "CONNECT 没有客户端标识符字段",
        "a CONNECT without a client identifier",
        same("missing-field", "3.1.3-3", "MQTT5-3.1.3-3"),
        _opens(payload=b""),
    ),
    Row(
        "will-announced-only",
        "遗嘱标志为 1 而没有遗嘱",
        "a Will Flag without a will",
        same("missing-field", "3.1.2-9", "MQTT5-3.1.2-9"),
        _opens(connect_flags=0x06),
    ),
    Row(
        "will-topic-before-properties",
        "遗嘱主题位于遗嘱属性之前",
        "a will topic before the will properties",
        {"MQTT5-3.1.3-1": "field-cut-short"},
        replaced(
            by_client,
            "CONNECT",
            connect_raw(
                Connect(protocol_level=5),
                connect_flags=0x06,
                payload=b"\0\1c\0\6status\0\0\2up",
            ),
            _5,
        ),
    ),
    Row(
        "user-name-announced-only",
        "用户名标志为 1 而没有用户名",
        "a User Name Flag without a user name",
        same("missing-field", "3.1.2-19", "MQTT5-3.1.2-17"),
        _opens(connect_flags=0x82),
    ),
    Row(
        "password-announced-only",
        "密码标志为 1 而没有密码",
        "a Password Flag without a password",
        same("missing-field", "3.1.2-21", "MQTT5-3.1.2-19"),
        _opens(has={"user_name": "station"}, connect_flags=0xC2),
    ),
    Row(
        "user-name-unannounced",
        "用户名标志为 0 而载荷中有用户名",
        "a user name without the User Name Flag",
        same("extra-octets", "3.1.2-18", "MQTT5-3.1.2-16"),
        _opens(has={"user_name": "station"}, connect_flags=0x02),
        also=("UPM-STAT-001", "3.1.2-20", "MQTT5-3.1.2-18"),
    ),
    Row(
        "password-unannounced",
        "密码标志为 0 而载荷中有密码",
        "a password without the Password Flag",
        same("extra-octets", "3.1.2-20", "MQTT5-3.1.2-18"),
        _opens(has={"user_name": "a", "password": b"b"}, connect_flags=0x82),
        also=("UPM-STAT-001",),
    ),
    Row(
        "identifier-not-utf-8",
        "客户端标识符不是合法 UTF-8",
        "a client identifier that is not UTF-8",
        same("string-ill-formed", "3.1.3-4", "MQTT5-3.1.3-4"),
        once(by_client, "CONNECT", client_identifier=_ILL),
        also=("1.5.3.TX-1", "MQTT5-1.5.4-1"),
    ),
    Row(
        "will-topic-not-utf-8",
        "遗嘱主题不是合法 UTF-8",
        "a will topic that is not UTF-8",
        same("string-ill-formed", "3.1.3-10", "MQTT5-3.1.3-11"),
        once(by_client, "CONNECT", will_topic=_ILL),
        also=("UPM-STAT-001", "1.5.3.TX-1", "MQTT5-1.5.4-1"),
    ),
    Row(
        "user-name-not-utf-8",
        "用户名不是合法 UTF-8",
        "a user name that is not UTF-8",
        same("string-ill-formed", "3.1.3-11", "MQTT5-3.1.3-12"),
        once(by_client, "CONNECT", user_name=_ILL),
        also=("1.5.3.TX-1", "MQTT5-1.5.4-1"),
    ),
    Row(
        "will-retain-without-will",
        "没有遗嘱而遗嘱保留为 1",
        "Will Retain without a will",
        same("will-retain-without-will", "3.1.2-15", "MQTT5-3.1.2-13"),
        once(
            by_client,
            "CONNECT",
            will_topic=None,
            will_message=None,
            will_qos=0,
            will_retain=True,
        ),
        also=(
            "UPM-STAT-001",
            "3.1.2-11",
        ),
    ),
    Row(
        "other-protocol-name",
        "协议名不是 MQTT",
        "a protocol name other than MQTT",
        {"MQTT5-3.1.2-1": "protocol-name"},
        once(by_client, "CONNECT", _5, protocol_name="MQTX"),
    ),
    Row(
        "will-not-the-text-it-says",
        "遗嘱载荷标明为文本而不是 UTF-8",
        "a will that is said to be text and is not",
        {"MQTT5-S-017": "payload-not-text"},
        once(by_client, "CONNECT", _5, will_message=b"\xff"),
    ),
    Row(
        "proof-without-method",
        "CONNECT 有认证数据而没有认证方法",
        "Authentication Data in CONNECT without a method",
        {"MQTT5-S-013": "authentication-data-alone"},
        once(by_client, "CONNECT", properties=properties(authentication_data=b"a")),
        **_AUTH,
    ),
)

_REQUESTS: Sequence[tuple[str, str, str, dict[str, str], str, Any, Sequence[str]]] = (
    ("filter-not-utf-8", "主题过滤器不是合法 UTF-8", "a topic filter that is not UTF-8",
     same("string-ill-formed", "3.8.3-1", "MQTT5-3.8.3-1"), "SUBSCRIBE",
     ((_ILL, 1),), ("1.5.3.TX-1", "MQTT5-1.5.4-1")),
    ("filter-dropped-not-utf-8", "取消的主题过滤器不是合法 UTF-8",
     "an UNSUBSCRIBE with a filter that is not UTF-8",
     same("string-ill-formed", "3.10.3-1", "MQTT5-3.10.3-1"), "UNSUBSCRIBE",
     (_ILL,), ("1.5.3.TX-1", "MQTT5-1.5.4-1")),
    ("no-filter", "SUBSCRIBE 没有主题过滤器", "a SUBSCRIBE without a filter",
     same("no-topic-filter", "3.8.3-3", "MQTT5-3.8.3-2"), "SUBSCRIBE", (), ()),
    ("no-filter-dropped", "UNSUBSCRIBE 没有主题过滤器",
     "an UNSUBSCRIBE without a filter",
     same("no-topic-filter", "3.10.3-2", "MQTT5-3.10.3-2"), "UNSUBSCRIBE", (), ()),
    ("hash-inside", "通配符 # 不在末级", "a # that is not the last level",
     same("filter-hash-position", "4.7.1-2", "MQTT5-4.7.1-1"), "SUBSCRIBE",
     (("luheng/a#", 1),), ()),
    ("plus-inside", "通配符 + 未占整级", "a + that does not fill its level",
     same("filter-plus-position", "4.7.1-3", "MQTT5-4.7.1-2"), "SUBSCRIBE",
     (("luheng/a+", 1),), ()),
    ("subscribes-at-qos-3", "订阅的最大 QoS 为 3", "subscribes at QoS 3",
     {"MQTT5-S-065": "requested-qos-3"}, "SUBSCRIBE", (("luheng/a", 3),), ()),
    ("retain-handling-3", "保留消息处理方式为 3", "Retain Handling 3",
     {"MQTT5-S-066": "retain-handling-3"}, "SUBSCRIBE", (("luheng/a", 0x30),), ()),
)  # fmt: skip

_SUBSCRIPTIONS = (
    *(
        Row(
            name,
            zh,
            en,
            breaks,
            once(by_client, kind, topic_filters=filters),
            also=also,
        )
        for name, zh, en, breaks, kind, filters, also in _REQUESTS
    ),
    Row(
        "shared-no-local",
        "共享订阅设置了非本地选项",
        "No Local on a shared subscription",
        {"MQTT5-3.8.3-4": "shared-no-local"},
        once(
            by_client,
            "SUBSCRIBE",
            {"version": 5, "filter": {"prefix": "$share/"}},
            options=5,
        ),
    ),
    Row(
        "share-name-with-wildcard",
        "共享名含通配符",
        "a share name with a wildcard",
        {"MQTT5-4.8.2-2": "share-name-wildcard"},
        once(
            by_client,
            "SUBSCRIBE",
            {"version": 5, "filter": {"prefix": "$share/"}},
            topic_filters=(("$share/a+/luheng/fleet", 1),),
        ),
    ),
    Row(
        "subscription-identifier-zero",
        "SUBSCRIBE 的订阅标识符为 0",
        "a subscription identifier of 0",
        {"MQTT5-S-063": "subscription-identifier-zero"},
        once(
            by_client,
            "SUBSCRIBE",
            _5,
            properties=properties(subscription_identifier=0),
        ),
    ),
)

_DESCRIBED: Sequence[tuple[str, str, str, dict[str, str], Any, Sequence[str]]] = (
    ("user-property-not-utf-8", "用户属性不是合法 UTF-8",
     "a user property that is not UTF-8", {"MQTT5-1.5.7-1": "string-ill-formed"},
     properties(user_property=("a", "\udcff")), ("MQTT5-1.5.4-1",)),
    ("response-topic-not-utf-8", "响应主题不是合法 UTF-8",
     "a response topic that is not UTF-8", {"MQTT5-3.3.2-13": "string-ill-formed"},
     properties(response_topic=_ILL), ("MQTT5-1.5.4-1",)),
    ("response-topic-with-wildcard", "响应主题含通配符",
     "a response topic with a wildcard", {"MQTT5-3.3.2-14": "topic-name-wildcard"},
     properties(response_topic="a/+"), ("MQTT5-4.7.0-1",)),
    ("content-type-not-utf-8", "内容类型不是合法 UTF-8",
     "a content type that is not UTF-8", {"MQTT5-3.3.2-19": "string-ill-formed"},
     properties(content_type=_ILL), ("MQTT5-1.5.4-1",)),
    ("property-out-of-place", "PUBLISH 带有不允许的属性",
     "a property in PUBLISH that does not belong there",
     {"MQTT5-S-003": "property-not-allowed"},
     properties(session_expiry_interval=5), ()),
    ("subscription-identifier-in-publish", "PUBLISH 带有订阅标识符",
     "a subscription identifier in PUBLISH",
     {"MQTT5-3.3.4-6": "subscription-identifier-from-client"},
     properties(subscription_identifier=5), ()),
    ("alias-zero", "主题别名为 0", "a topic alias of 0",
     {"MQTT5-3.3.2-8": "topic-alias-zero"}, properties(topic_alias=0), ()),
)  # fmt: skip

_PROPERTIES = (
    *(
        Row(
            name,
            zh,
            en,
            breaks,
            once(by_client, "PUBLISH", _5, properties=given),
            also=also,
        )
        for name, zh, en, breaks, given, also in _DESCRIBED
    ),
    Row(
        "alias-never-set",
        "使用未设置的主题别名",
        "a topic alias that was never set",
        {"MQTT5-S-058": "alias-not-set"},
        once(
            by_client,
            "PUBLISH",
            _5,
            topic_name="",
            properties=properties(topic_alias=3),
        ),
        also=("MQTT5-3.2.2-18",),
    ),
    Row(
        "payload-not-the-text-it-says",
        "载荷标明为文本而不是 UTF-8",
        "a payload that is said to be text and is not",
        {"MQTT5-S-051": "payload-not-text"},
        once(
            by_client,
            "PUBLISH",
            _5,
            payload=b"\xff",
            properties=properties(payload_format_indicator=1),
        ),
    ),
)

_FLOWS = (
    Row(
        "puback-of-another",
        "PUBACK 的报文标识符不对",
        "a PUBACK with another packet identifier",
        same("other-identifier", "2.3.1-6", "MQTT5-2.2.1-5"),
        once(by_client, "PUBACK", packet_identifier=65_533),
    ),
    Row(
        "resent-under-another-identifier",
        "重发时更换报文标识符",
        "sends again under another packet identifier",
        {"2.3.1-3": "other-identifier"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"dup": True, "qos": 1},
                set={"packet_identifier": 65_533},
            )
        ],
        also=("4.4.0-1", "3.1.2.D-4", "4.1.0.D-1", "MQTT5-4.4.0.D-1"),
    ),
    Row(
        "new-message-with-dup",
        "QoS 1 消息首次发送即置 DUP",
        "a QoS 1 message with DUP when it is sent first",
        {"MQTT5-4.3.2-2": "dup-on-first"},
        once(by_client, "PUBLISH", {"qos": 1}, dup=True),
    ),
    Row(
        "new-message-with-dup-at-qos-2",
        "QoS 2 消息首次发送即置 DUP",
        "a QoS 2 message with DUP when it is sent first",
        {"MQTT5-4.3.3-2": "dup-on-first"},
        once(by_client, "PUBLISH", {"qos": 2}, dup=True),
    ),
    Row(
        "identifier-reused-at-qos-2",
        "新的 QoS 2 消息使用仍待确认的报文标识符",
        "a new QoS 2 message under an identifier that is still in use",
        {"MQTT5-4.3.3-1": "identifier-in-use"},
        [
            by_client(
                "repeat",
                "PUBLISH",
                match={"qos": 2},
                nth=1,
                set={"topic_name": "luheng/another"},
            )
        ],
        also=("2.3.1-2", "MQTT5-2.2.1-3"),
    ),
    Row(
        "pubrecs-out-of-order",
        "PUBREC 次序颠倒",
        "PUBRECs change places",
        same("out-of-order", "4.6.0-3", "MQTT5-4.6.0-3"),
        [by_client("swap", "PUBREC", match={"seen": 1}, seconds=1.0)],
    ),
    Row(
        "pubrels-out-of-order",
        "PUBREL 次序颠倒",
        "PUBRELs change places",
        same("out-of-order", "4.6.0-4", "MQTT5-4.6.0-4"),
        [
            # Two answers come at once, so that two PUBRELs follow each other.
            by_server("delay", "PUBREC", match={"seen": 1}, seconds=0.6),
            by_client("swap", "PUBREL", match={"seen": 1}, seconds=1.0),
        ],
        also=(
            "MQTT311-3.14.4-2",
            "UPM-CMD-003",
        ),
    ),
)

DEVICE_PACKETS = (
    *_FRAMES,
    *_CONNECTS,
    *_SUBSCRIPTIONS,
    *_PROPERTIES,
    *_FLOWS,
)
