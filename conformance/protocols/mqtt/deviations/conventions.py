# SPDX-License-Identifier: Apache-2.0
"""Devices that break a profile's MQTT conventions: status topic, commands, responses.

Each leaves out one duty of ``device.uplink`` by name.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt-uplink.
"""

from __future__ import annotations

from conformance.protocols.mqtt.deviations import Row, by_server

__all__ = ["FAULTS", "LIBERTIES"]


def _lacks(lack: str, zh: str, en: str, number: str, key: str, *also: str) -> Row:
    """A device without one duty; ``also`` are requirements that rightly fall too."""
    return Row(
        f"uplink-{lack}", zh, en, {f"UPM-{number}": key},
        also=tuple(f"UPM-{name}" for name in also), lacks=frozenset([lack]),
    )  # fmt: skip


FAULTS = (
    _lacks("will", "遗嘱不在状态主题上", "a will on another topic",
           "STAT-001", "will-other"),
    _lacks("will-retain", "遗嘱不置 RETAIN", "a will that is not retained",
           "STAT-001", "will-other"),
    Row(
        "uplink-no-will", "没有遗嘱", "no will at all",
        {"UPM-STAT-001": "will-missing"}, lacks=frozenset(["any-will"]),
    ),
    _lacks("birth", "连接后不报在线", "does not say that it is there",
           "STAT-002", "birth-missing"),
    Row(
        "uplink-farewell", "断开前不报离线", "leaves without a word",
        {"UPM-STAT-003": "farewell-missing"}, lacks=frozenset(["farewell"]),
        settings={"readings_per_session": 10},
    ),
    _lacks("status-words", "状态字样与规定不同", "other words for its status",
           "STAT-004", "status-other", "STAT-002", "STAT-003"),
    _lacks("status-qos", "状态消息为 QoS 0", "status at QoS 0",
           "STAT-004", "status-qos"),
    _lacks("birth-retain", "在线消息不置 RETAIN", "a birth that is not retained",
           "STAT-004", "status-not-retained"),
    _lacks("subscribe", "不订阅命令主题", "does not subscribe to commands",
           "CMD-001", "not-subscribed"),
    _lacks("obey", "应答 done 而不执行", "says done and does nothing",
           "CMD-002", "not-obeyed"),
    _lacks("limits", "不检查参数限值", "does not check limits of arguments",
           "CMD-003", "accepted"),
    _lacks("unknown", "接受未知命令", "accepts commands that it does not know",
           "CMD-003", "accepted"),
    _lacks("effect", "拒绝后仍改了设置", "refuses and changes the setting",
           "CMD-003", "took-effect"),
    _lacks("answer", "拒绝时不应答", "refuses in silence",
           "CMD-003", "unanswered"),
    _lacks("crash", "遇到无法解析的命令即停止服务", "dies of a command it cannot read",
           "CMD-003", "dead"),
    _lacks("retained", "执行保留的命令", "carries out retained commands",
           "CMD-004", "retained-obeyed"),
    _lacks("reading", "立即测量的应答缺数据", "a reading without its values",
           "CMD-005", "data.missing"),
    _lacks("id", "应答的 id 不对", "another id in a response",
           "CMD-006", "other-id"),
    _lacks("result", "应答没有结果", "a response without its result",
           "CMD-006", "no-response", "CMD-002", "CMD-003", "CMD-005"),
    _lacks("response-qos", "应答为 QoS 0", "responses at QoS 0",
           "CMD-006", "response-qos"),
    _lacks("response-retain", "应答置了 RETAIN", "retained responses",
           "CMD-006", "response-retained"),
)  # fmt: skip

LIBERTIES = (
    Row(
        "uplink-slow-commands", "命令到达迟缓", "commands that come late", {},
        [by_server("delay", "PUBLISH", match={"seen": {"below": 4}}, seconds=0.2)],
        checks=("mqtt.obeys_commands",),
    ),
    Row(
        "uplink-leaves-often", "频繁离线重连", "leaves and comes back often", {},
        settings={"readings_per_session": 6}, checks=("mqtt.obeys_commands",),
    ),
)  # fmt: skip
