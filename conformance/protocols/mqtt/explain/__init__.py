# SPDX-License-Identifier: Apache-2.0
"""MQTT octets of 3.1.1 and 5.0 taken apart for people.

Turns one or several packets into fields with position, value and meaning in Chinese
and English, and the broken rules with their statements.  Follows the layout as far as
the octets go, so that a malformed packet still shows what can be read of it.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29) and MQTT Version 5.0 (OASIS, 2019-03-07),
chapters 2 and 3 of both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from conformance.protocols.explained import Explanation, FrameField, Violation
from conformance.protocols.mqtt.codec import (
    Breach,
    Decoded,
    Packet,
    PacketType,
    Sender,
    Version,
    decode_all,
)
from conformance.protocols.mqtt.codec.packets import ONLY_5
from conformance.protocols.mqtt.codec.properties import PROPERTIES, Properties
from conformance.protocols.mqtt.explain.spelling import decode_text
from conformance.protocols.mqtt.explain.walk import RESERVED, Walk, payload_of
from conformance.text import Text

__all__ = ["VERSIONS", "decode_text", "explain", "frames", "to_plain"]

VERSIONS: Mapping[str, Version] = {"3.1.1": 4, "5.0": 5, "4": 4, "5": 5}
"""What people call a version, and its protocol level."""

_TYPES = {
    PacketType.CONNECT: Text("客户端请求连接", "client asks to connect"),
    PacketType.CONNACK: Text("服务端确认连接", "server answers CONNECT"),
    PacketType.PUBLISH: Text("发布消息", "an application message"),
    PacketType.PUBACK: Text("确认 QoS 1 消息", "QoS 1 message acknowledged"),
    PacketType.PUBREC: Text("QoS 2 第一步：已收到", "QoS 2, step 1: received"),
    PacketType.PUBREL: Text("QoS 2 第二步：释放", "QoS 2, step 2: released"),
    PacketType.PUBCOMP: Text("QoS 2 第三步：完成", "QoS 2, step 3: complete"),
    PacketType.SUBSCRIBE: Text("客户端请求订阅", "client subscribes"),
    PacketType.SUBACK: Text("服务端确认订阅", "server answers SUBSCRIBE"),
    PacketType.UNSUBSCRIBE: Text("客户端取消订阅", "client unsubscribes"),
    PacketType.UNSUBACK: Text("服务端确认取消订阅", "server answers UNSUBSCRIBE"),
    PacketType.PINGREQ: Text("心跳请求", "client asks whether the server is there"),
    PacketType.PINGRESP: Text("心跳响应", "server says that it is there"),
    PacketType.DISCONNECT: Text("客户端正常断开", "client leaves in good order"),
    PacketType.AUTH: Text("认证信息交换", "a step of authentication"),
}
_CONNACK = (
    Text("接受连接", "connection accepted"),
    Text("拒绝：不支持该协议级别", "refused: protocol level not supported"),
    Text("拒绝：不接受该客户端标识符", "refused: client identifier not allowed"),
    Text("拒绝：服务不可用", "refused: service unavailable"),
    Text("拒绝：用户名或密码错误", "refused: bad user name or password"),
    Text("拒绝：未授权", "refused: not authorized"),
)
_SUBACK = {
    0x00: Text("成功，最大 QoS 0", "granted, at most QoS 0"),
    0x01: Text("成功，最大 QoS 1", "granted, at most QoS 1"),
    0x02: Text("成功，最大 QoS 2", "granted, at most QoS 2"),
    0x80: Text("失败", "failure"),
}
_QOS = (
    Text("QoS 0，至多一次", "QoS 0, at most once"),
    Text("QoS 1，至少一次", "QoS 1, at least once"),
    Text("QoS 2，恰好一次", "QoS 2, exactly once"),
    Text("QoS 3，禁止使用", "QoS 3, not to be used"),
)


_DISCONNECT_5 = Text("断开连接", "the connection is ended")


def frames(octets: bytes) -> list[bytes]:
    """Return the packets that came in one piece, one by one.

    Where one ends does not depend on the version.
    """
    return [decoded.octets for decoded in decode_all(octets)]


def explain(
    octets: bytes, sender: Sender | None = None, version: Version | None = None
) -> Explanation:
    """Return fields, meanings and broken rules of one or several packets.

    Without a ``version`` a CONNECT among the packets tells it, else it is 3.1.1.

    Positions count from the first octet given.  Remarks (legal but odd) are no
    violations; they stand in ``decoded["packets"][n]["remarks"]``.
    """
    found: list[FrameField] = []
    broken: list[Violation] = []
    packets: list[dict[str, Any]] = []
    for decoded in decode_all(octets, sender=sender, version=version):
        found += _fields(decoded)
        broken += [_violation(b, decoded.offset) for b in decoded.errors]
        packets.append(_plain(decoded))
    names = ", ".join(str(plain["packet"] or "?") for plain in packets)
    return Explanation(
        "mqtt",
        octets,
        tuple(found),
        tuple(broken),
        {"packets": packets},
        Text(names, names),
    )


def to_plain(packet: Packet, version: Version = 4) -> dict[str, Any]:
    """Return a packet as data fit for JSON: octets as hex, odd strings escaped."""
    plain: dict[str, Any] = {"packet": type(packet).__name__.upper()}
    for name in packet.__struct_fields__:
        if version == 4 and name in ONLY_5:
            continue
        value = getattr(packet, name)
        is_list = name.endswith("properties")
        plain[name] = _named(value) if is_list else _jsonable(value)
    return plain


def _named(properties: Properties) -> list[list[Any]]:
    """Return properties as pairs of the standard's name and the value."""
    return [[PROPERTIES[i].name, _jsonable(value)] for i, value in properties]


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return [_jsonable(part) for part in value]
    return _visible(value) if isinstance(value, str) else value


def _visible(text: str) -> str:
    """Show octets that are no UTF-8 as ``\\xED``; leave the rest as it is."""
    raw = text.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


def _plain(decoded: Decoded) -> dict[str, Any]:
    kind = decoded.packet_type
    plain: dict[str, Any] = {"packet": kind.name if kind else None}
    if decoded.packet is not None:
        plain = to_plain(decoded.packet, decoded.version)
    plain["offset"] = decoded.offset
    plain["violations"] = [
        {"rule": b.rule, "field": b.field, "statements": list(b.statements)}
        for b in decoded.errors
    ]
    plain["remarks"] = [b.rule for b in decoded.violations if b.kind == "remark"]
    return plain


def _violation(breach: Breach, offset: int) -> Violation:
    title = breach.info.title
    where = " ".join(part for part in (breach.packet, breach.field) if part)
    facts = f" ({breach.detail})" if breach.detail else ""
    cited = f" [{', '.join(breach.statements)}]" if breach.statements else ""
    detail = Text(
        f"{where}：{title.zh}{facts}{cited}" if where else f"{title.zh}{facts}{cited}",
        f"{where}: {title.en}{facts}{cited}" if where else f"{title.en}{facts}{cited}",
    )
    layer: Literal["framing", "content"] = (
        "content" if breach.kind == "violation" else "framing"
    )
    return Violation(breach.rule, layer, detail, offset + breach.at, breach.size)


def _identifier(value: int) -> Text:
    return Text(f"报文标识符 {value}", f"packet identifier {value}")


def _fields(decoded: Decoded) -> list[FrameField]:
    walk = Walk(decoded)
    if not decoded.octets:
        return []
    kind = decoded.packet_type
    first = decoded.octets[0]
    walk.note(
        "Control Packet type, Flags",
        1,
        f"0x{first:02X}",
        _first_octet(kind, first & 0x0F, decoded.version),
    )
    is_whole = walk.variable("Remaining Length", _follow) is not None
    if not is_whole or kind is None:
        walk.rest()
        return walk.found
    _LAYOUTS.get(kind, _acknowledgement)(walk, first & 0x0F)
    walk.rest()
    return walk.found


def _first_octet(kind: PacketType | None, flags: int, version: Version) -> Text:
    if kind is None:
        return RESERVED
    title = _TYPES[kind]
    if version == 5 and kind is PacketType.DISCONNECT:
        title = _DISCONNECT_5
    if kind is not PacketType.PUBLISH:
        return Text(
            f"{kind.name}：{title.zh}；标志位 {flags:04b}",
            f"{kind.name}: {title.en}; flags {flags:04b}",
        )
    dup, qos, retain = flags >> 3, flags >> 1 & 3, flags & 1
    return Text(
        f"PUBLISH：{title.zh}；DUP={dup}（{'重发' if dup else '首次发送'}），"
        f"{_QOS[qos].zh}，RETAIN={retain}（{'保留消息' if retain else '非保留'}）",
        f"PUBLISH: {title.en}; DUP={dup} ({'sent again' if dup else 'first sending'}), "
        f"{_QOS[qos].en}, RETAIN={retain} ({'retained' if retain else 'not retained'})",
    )


def _follow(value: int) -> Text:
    return Text(f"其后还有 {value} 字节", f"{value} octets follow")


def _connect(walk: Walk, _flags: int) -> None:
    if walk.data("Protocol Name") is None:
        return
    level = walk.take(
        "Protocol Level",
        1,
        lambda v: {
            3: Text("MQTT 3.1", "MQTT 3.1"),
            4: Text("MQTT 3.1.1", "MQTT 3.1.1"),
            5: Text("MQTT 5.0", "MQTT 5.0"),
        }.get(v, RESERVED),
    )
    if level is None or (level == 5) != (walk.version == 5):
        return
    flags = walk.take("Connect Flags", 1, _connect_flags)
    if flags is None or walk.take("Keep Alive", 2, _keep_alive) is None:
        return
    if not walk.properties() or walk.data("Client Identifier") is None:
        return
    if flags & 0x04 and not walk.properties("Will Property Length"):
        return
    for name, is_there, is_text in (
        ("Will Topic", flags & 0x04, True),
        ("Will Message" if walk.version == 4 else "Will Payload", flags & 0x04, False),
        ("User Name", flags & 0x80, True),
        ("Password", flags & 0x40, False),
    ):
        if is_there and walk.data(name, is_text=is_text) is None:
            return


def _keep_alive(value: int) -> Text:
    if value == 0:
        return Text("不启用保活", "keep alive is off")
    return Text(
        f"保活 {value} 秒；静默超过 {value * 3 / 2:g} 秒服务端必须断开",
        f"{value} s; the server drops the client after {value * 3 / 2:g} s of silence",
    )


def _connect_flags(flags: int) -> Text:
    names = (
        (0x80, "用户名", "user name"),
        (0x40, "密码", "password"),
        (0x20, "遗嘱保留", "will retain"),
        (0x04, "遗嘱", "will"),
        (0x02, "清理会话", "clean session"),
        (0x01, "保留位", "reserved bit"),
    )
    zh = [name for bit, name, _ in names if flags & bit]
    en = [name for bit, _, name in names if flags & bit]
    if flags & 0x1C:
        zh.append(f"遗嘱 QoS {flags >> 3 & 3}")
        en.append(f"will QoS {flags >> 3 & 3}")
    return Text("、".join(zh) or "全为 0", ", ".join(en) or "none set")


def _connack(walk: Walk, _flags: int) -> None:
    walk.take(
        "Connect Acknowledge Flags",
        1,
        lambda v: (
            Text("会话存在", "session present")
            if v & 1
            else Text("无已存会话", "no session present")
        ),
    )
    if walk.version == 5:
        if walk.reason("Connect Reason Code"):
            walk.properties()
        return
    walk.take(
        "Connect Return code",
        1,
        lambda v: _CONNACK[v] if v < len(_CONNACK) else RESERVED,
    )


def _publish(walk: Walk, flags: int) -> None:
    if walk.data("Topic Name") is None:
        return
    if flags & 0x06 and walk.take("Packet Identifier", 2, _identifier) is None:
        return
    if walk.properties():
        walk.note("Payload", walk.left, *payload_of(walk.octets[walk.at :]))


def _subscribe(walk: Walk, _flags: int) -> None:
    if not _head(walk):
        return
    while walk.left and walk.data("Topic Filter") is not None:
        if walk.version == 5:
            walk.take("Subscription Options", 1, _options)
        else:
            walk.take("Requested QoS", 1, lambda v: _QOS[v] if v < 4 else RESERVED)


def _options(octet: int) -> Text:
    """Say what Subscription Options of 5.0 ask for (3.8.3.1)."""
    qos, retained = _QOS[octet & 3], _RETAINED[octet >> 4 & 3]
    local, as_is = octet >> 2 & 1, octet >> 3 & 1
    reserved = Text("；保留位不为 0", "; reserved bits set") if octet >> 6 else Text()
    return Text(
        f"{qos.zh}；No Local={local}，Retain As Published={as_is}；"
        f"{retained.zh}{reserved.zh}",
        f"{qos.en}; No Local={local}, Retain As Published={as_is}; "
        f"{retained.en}{reserved.en}",
    )


_RETAINED = (
    Text("订阅时发送保留消息", "retained messages are sent"),
    Text("仅新订阅时发送保留消息", "retained messages are sent if it is new"),
    Text("订阅时不发送保留消息", "no retained messages are sent"),
    Text("保留消息处理方式 3，禁止使用", "Retain Handling 3, not to be used"),
)


def _unsubscribe(walk: Walk, _flags: int) -> None:
    if not _head(walk):
        return
    while walk.left and walk.data("Topic Filter") is not None:
        pass


def _suback(walk: Walk, _flags: int) -> None:
    if not _head(walk):
        return
    if walk.version == 5:
        while walk.reason():
            pass
        return
    while walk.take("Return Code", 1, lambda v: _SUBACK.get(v, RESERVED)) is not None:
        pass


def _unsuback(walk: Walk, _flags: int) -> None:
    if _head(walk) and walk.version == 5:
        while walk.reason():
            pass


def _head(walk: Walk) -> bool:
    """Note the packet identifier and, in 5.0, the properties behind it."""
    if walk.take("Packet Identifier", 2, _identifier) is None:
        return False
    return walk.properties()


def _acknowledgement(walk: Walk, flags: int) -> None:
    if walk.take("Packet Identifier", 2, _identifier) is not None:
        _outcome(walk, flags)


def _outcome(walk: Walk, _flags: int) -> None:
    """Note what ends a packet of 5.0 if it has anything to say."""
    if walk.version == 5 and walk.reason() and walk.left:
        walk.properties()


def _nothing(walk: Walk, _flags: int) -> None:
    """A packet without variable header and payload."""


_LAYOUTS: dict[PacketType, Callable[[Walk, int], None]] = {
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBLISH: _publish,
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.PINGREQ: _nothing,
    PacketType.PINGRESP: _nothing,
    PacketType.UNSUBACK: _unsuback,
    PacketType.DISCONNECT: _outcome,
    PacketType.AUTH: _outcome,
}
