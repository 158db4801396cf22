# SPDX-License-Identifier: Apache-2.0
"""Devices that deviate: faults and liberties made out of a real paho client.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt311.
"""

from __future__ import annotations

from conformance.protocols.mqtt.deviations import (
    ABOVE_0,
    Row,
    by_client,
    by_server,
    same,
    tolerated,
)
from conformance.protocols.mqtt.deviations.device_packets import DEVICE_PACKETS
from conformance.protocols.mqtt.deviations.device_properties import DEVICE_PROPERTIES
from conformance.protocols.mqtt.deviations.web import WEB_FREE, WEB_OF_DEVICES

__all__ = ["FAULTS", "LIBERTIES"]

_PINGREQ = b"\xc0\x00"
_ABOVE_0_OF_4 = {**ABOVE_0, "version": 4}
"""In 5.0 nothing may be sent again while the connection lasts (4.4)."""
_OF_PUBACK = (
    "4.3.2.D-2",
    "7.1.2-1",
    "MQTT5-3.3.2-10",
    "MQTT5-3.3.4-8",
    "MQTT5-4.2.D-1",
    "MQTT5-4.3.2.D-4",
    "MQTT5-4.3.2.D-5",
    "MQTT5-4.9.0.D-3",
)
"""What takes two acknowledgements on one connection."""

FAULTS = (
    *DEVICE_PACKETS,
    *DEVICE_PROPERTIES,
    *WEB_OF_DEVICES,
    Row(
        "paho-as-it-is",
        "不检查收到的标志位和字符串（paho-mqtt 原样）",
        "does not look at flags and strings received (paho-mqtt as it is)",
        dict.fromkeys(
            ("1.5.3-1", "1.5.3.D-2", "2.2.2-2", "MQTT5-S-087", "MQTT5-3.2.2-4"),
            "still-open",
        ),
        also=(
            "MQTT5-2.2.1-3",
            "MQTT5-3.2.2-5",
            "MQTT5-3.3.2-10",
            "MQTT5-3.3.4-7",
            "MQTT5-4.3.2-1",
            "MQTT5-4.3.2-2",
            "MQTT5-4.3.3-2",
            "MQTT5-4.9.0.D-1",
            "MQTT5-4.9.0.D-2",
            "MQTT5-S-088",
        ),
        settings={"strict": False},
    ),
    Row(
        "wrong-header-flags",
        "SUBSCRIBE 的固定报头标志为 0",
        "SUBSCRIBE with header flags 0",
        same(
            "fixed-header-flags",
            "2.2.2-1",
            "3.8.1-1",
            "MQTT5-2.1.3-1",
            "MQTT5-3.8.1-1",
        ),
        [by_client("alter", "SUBSCRIBE", nth=1, set={"flags": 0})],
    ),
    Row(
        "identifier-zero",
        "QoS 1 的 PUBLISH 报文标识符为 0",
        "a QoS 1 PUBLISH with packet identifier 0",
        same("packet-identifier-zero", "2.3.1-1", "MQTT5-2.2.1-3"),
        [
            by_client(
                "alter", "PUBLISH", match=ABOVE_0, nth=1, set={"packet_identifier": 0}
            )
        ],
    ),
    Row(
        "identifier-reused",
        "新的 PUBLISH 使用仍待确认的报文标识符",
        "a new PUBLISH under an identifier that is still in use",
        same(
            "identifier-in-use",
            "2.3.1-2",
            "4.3.2-1",
            "MQTT5-2.2.1-3",
            "MQTT5-4.3.2-1",
        ),
        [
            by_client(
                "repeat",
                "PUBLISH",
                match=ABOVE_0,
                nth=1,
                set={"topic_name": "luheng/another"},
            )
        ],
    ),
    Row(
        "packet-before-connect",
        "CONNECT 之前发送其他报文",
        "sends a packet before CONNECT",
        same("first-packet", "3.1.0-1", "MQTT5-3.1.0-1"),
        [by_client("inject", "CONNECT", nth=1, octets=_PINGREQ, before=True)],
    ),
    Row(
        "will-qos-without-will",
        "没有遗嘱而遗嘱 QoS 不为 0",
        "Will QoS without a will",
        same(
            "will-qos-without-will",
            "3.1.2-11",
            "3.1.2-13",
            "MQTT5-3.1.2-11",
        ),
        [
            by_client(
                "alter",
                "CONNECT",
                nth=1,
                set={"will_topic": None, "will_message": None, "will_qos": 1},
            )
        ],
        also=(
            "3.1.2-15",
            "UPM-STAT-001",
        ),
    ),
    Row(
        "will-qos-3",
        "遗嘱 QoS 为 3",
        "Will QoS 3",
        same("will-qos-3", "3.1.2-14", "MQTT5-3.1.2-12"),
        [by_client("alter", "CONNECT", nth=1, set={"will_qos": 3})],
        also=("UPM-STAT-001",),
    ),
    Row(
        "password-alone",
        "有密码而无用户名",
        "a password without a user name",
        {"3.1.2-22": "password-without-user-name"},
        [
            by_client(
                "alter", "CONNECT", nth=1, set={"user_name": None, "password": b"x"}
            )
        ],
    ),
    Row(
        "no-pings",
        "空闲时不发送 PINGREQ",
        "sends no PINGREQ when idle",
        {"3.1.2-23": "silent-too-long"},
        [by_client("drop", "PINGREQ")],
        settings={"keep_alive_s": 1, "interval_s": 4.0},
    ),
    Row(
        "nameless-session",
        "空标识符而清理会话为 0",
        "an empty identifier with Clean Session 0",
        {"3.1.3-7": "client-identifier-empty"},
        [by_client("alter", "CONNECT", nth=1, set={"client_identifier": ""})],
    ),
    Row(
        "resent-without-dup",
        "重发时不置 DUP",
        "sends again without DUP",
        {"3.3.1-1": "dup-not-set", "MQTT5-3.3.1.D-1": "dup-not-set"},
        [by_client("alter", "PUBLISH", match={"dup": True}, set={"dup": False})],
        also=("UPM-STAT-002",),
    ),
    Row(
        "dup-at-qos-0",
        "QoS 0 的 PUBLISH 置了 DUP",
        "a QoS 0 PUBLISH with DUP",
        same(
            "dup-with-qos-0",
            "3.3.1-2",
            "4.3.1-1",
            "MQTT5-3.3.1-2",
            "MQTT5-4.3.1-1",
        ),
        [by_client("alter", "PUBLISH", match={"qos": 0}, nth=1, set={"dup": True})],
    ),
    Row(
        "tolerates-qos-3",
        "收到 QoS 3 的 PUBLISH 后不断开",
        "goes on after a PUBLISH with QoS 3",
        {"3.3.1-4": "still-open"},
        tolerated("server", "publish-qos-3"),
    ),
    Row(
        "answers-qos-3",
        "对 QoS 3 的 PUBLISH 回复格式错误的 PUBACK，且不断开",
        "answers a PUBLISH with QoS 3 by a malformed PUBACK and stays",
        {"3.3.1-4": "still-open"},
        [
            by_server(
                "inject",
                match={"errors": {"has": "publish-qos-3"}},
                octets=b"\x41\x02\x00\x01",
                toward="server",
            ),
            *tolerated("server", "publish-qos-3"),
        ],
        also=(
            "2.3.1-6",
            "2.2.2-1",
        ),
    ),
    Row(
        "topic-not-utf-8",
        "主题名不是合法 UTF-8",
        "a topic name that is not UTF-8",
        same(
            "string-ill-formed",
            "3.3.2-1",
            "1.5.3.TX-1",
            "MQTT5-3.3.2-1",
            "MQTT5-1.5.4-1",
        ),
        [by_client("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/\udcff"})],
        also=("UPM-STAT-002",),
    ),
    Row(
        "topic-with-wildcard",
        "主题名含通配符",
        "a topic name with a wildcard",
        same(
            "topic-name-wildcard",
            "3.3.2-2",
            "4.7.1-1",
            "MQTT5-3.3.2-2",
            "MQTT5-4.7.0-1",
        ),
        [by_client("alter", "PUBLISH", nth=1, set={"topic_name": "luheng/+"})],
        also=("UPM-STAT-002",),
    ),
    Row(
        "stays-after-disconnect",
        "发送 DISCONNECT 后不关闭连接",
        "does not close after DISCONNECT",
        {"3.14.4-1": "still-open", "MQTT5-3.14.4.D-2": "still-open"},
        [by_client("linger", "DISCONNECT")],
    ),
    Row(
        "talks-after-disconnect",
        "发送 DISCONNECT 后继续发送",
        "goes on sending after DISCONNECT",
        same("packet-after-disconnect", "3.14.4-2", "MQTT5-3.14.4-1"),
        [by_client("inject", "DISCONNECT", octets=_PINGREQ)],
        settings={"readings_per_session": 10},
    ),
    Row(
        "never-resends",
        "重连后不重发未确认的消息",
        "does not send unacknowledged messages again",
        dict.fromkeys(
            (
                "4.4.0-1",
                "3.1.2.D-4",
                "4.1.0.D-1",
                "MQTT5-4.4.0.D-1",
                "MQTT5-3.1.2.D-23",
                "MQTT5-4.3.2.D-3",
                "MQTT5-4.3.3.D-3",
            ),
            "not-resent",
        ),
        settings={"ignores": frozenset(("resends",))},
        also=("4.3.3.D-1", "MQTT5-4.3.3.D-5"),
    ),
    Row(
        "puback-missing",
        "每隔一个漏发 PUBACK",
        "leaves out every second PUBACK",
        {"4.5.0-2": "not-answered"},
        [by_client("drop", "PUBACK", match={"seen": {"in": range(2, 999, 2)}})],
        also=_OF_PUBACK,
    ),
    Row(
        "pubacks-out-of-order",
        "PUBACK 次序颠倒",
        "PUBACKs change places",
        same("out-of-order", "4.6.0-2", "MQTT5-4.6.0-2"),
        [by_client("swap", "PUBACK", match={"seen": 1}, seconds=1.0)],
    ),
    Row(
        "tolerates-unreadable",
        "收到无法解析的报文后不断开",
        "goes on after octets that are no packet",
        {"4.8.0-1": "still-open"},
        tolerated("server", "remaining-length-too-long", "reserved-packet-type"),
    ),
    Row(
        "element-missing",
        "数据中缺少必报的数据元",
        "readings without an element that is mandatory",
        {"mqtt.payload_conforms": "data.missing"},
        also=("UPM-CMD-005",),
        reading={"drop": "*"},
    ),
    Row(
        "value-out-of-range",
        "数据元超出量程",
        "a reading beyond its range",
        {"mqtt.payload_conforms": "data.out-of-range"},
        also=("UPM-CMD-005", "mqtt.values_ascend"),
        reading={"set": ("*", "98765.00")},
    ),
    Row(
        "value-too-coarse",
        "数据元的分辨力不足",
        "readings of an element that are all too coarse",
        {"mqtt.payload_conforms": "data.too-coarse"},
        reading={"round": ("*", 0)},
    ),
    Row(
        "coarse-by-connection",
        "每次连接只报四条数据，分辨力不足",
        "four readings in each connection, all too coarse",
        {"mqtt.payload_conforms": "data.too-coarse"},
        settings={"readings_per_session": 4},
        reading={"round": ("*", 0)},
    ),
    Row(
        "not-json",
        "数据不是 JSON",
        "a payload that is no JSON",
        {"mqtt.payload_conforms": "data.not-json"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"topic_name": {"prefix": "sd/"}, "retain": False},
                nth=1,
                set={"payload": b"ph=7"},
            )
        ],
    ),
    Row(
        "readings-at-qos-0",
        "数据以 QoS 0 发布",
        "readings at QoS 0",
        {"mqtt.binding_kept": "other-qos"},
        [
            by_client(
                "alter",
                "PUBLISH",
                # What is retained is the status, no reading.
                match={"topic_name": {"prefix": "sd/"}, "retain": False},
                nth=1,
                set={"qos": 0, "packet_identifier": None},
            )
        ],
    ),
    Row(
        "readings-retained",
        "数据置了 RETAIN 标志",
        "readings with RETAIN",
        {"mqtt.binding_kept": "other-retain"},
        [
            by_client(
                "alter",
                "PUBLISH",
                match={"topic_name": {"prefix": "sd/"}, "retain": False},
                nth=1,
                set={"retain": True},
            )
        ],
    ),
)

LIBERTIES = (
    *WEB_FREE,
    Row(
        "octet-by-octet",
        "报文分成多个 TCP 段发送",
        "packets in many small segments",
        {},
        [by_client("split", match={"seen": {"below": 6}}, size=3)],
    ),
    Row(
        "packets-joined",
        "多个报文合并发送",
        "several packets in one segment",
        {},
        [by_client("join", "PUBLISH", match={"qos": 1}, seconds=0.1)],
    ),
    Row(
        "zeros-dropped",
        "JSON 数值省略末尾的零",
        "JSON numbers without zeros at the end",
        {},
        reading={"plain": True},
    ),
    Row(
        "resends-at-once",
        "未等重连即重发",
        "sends again without waiting for a new connection",
        {},
        [by_client("repeat", "PUBLISH", match=_ABOVE_0_OF_4, set={"dup": True})],
    ),
    Row(
        "slow-device",
        "报文发送迟缓",
        "packets come late",
        {},
        [by_client("delay", "PUBLISH", match={"seen": {"below": 4}}, seconds=0.2)],
    ),
)
