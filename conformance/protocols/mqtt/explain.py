# SPDX-License-Identifier: Apache-2.0
"""MQTT 3.1.1 octets taken apart for people.

Turns one or several packets into fields with position, value and meaning in Chinese
and English, and the broken rules with their statements.  Follows the layout as far as
the octets go, so that a malformed packet still shows what can be read of it.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), chapters 2 and 3.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any, Literal

from conformance.errors import InputError
from conformance.protocols.explained import Explanation, FrameField, Violation
from conformance.protocols.mqtt.codec import (
    RULES,
    Breach,
    Decoded,
    Packet,
    PacketType,
    Sender,
    decode_all,
)
from conformance.text import Text

__all__ = ["decode_text", "explain", "to_plain"]

_SHOWN_OCTETS = 512

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
}
_RESERVED = Text("保留值，禁止使用", "reserved, not to be used")
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


def explain(octets: bytes, sender: Sender | None = None) -> Explanation:
    """Return fields, meanings and broken rules of one or several packets.

    Positions count from the first octet given.  Remarks (legal but odd) are no
    violations; they stand in ``decoded["packets"][n]["remarks"]``.
    """
    found: list[FrameField] = []
    broken: list[Violation] = []
    packets: list[dict[str, Any]] = []
    for decoded in decode_all(octets, sender=sender):
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


def to_plain(packet: Packet) -> dict[str, Any]:
    """Return a packet as data fit for JSON: octets as hex, odd strings escaped."""
    plain: dict[str, Any] = {"packet": type(packet).__name__.upper()}
    for name in packet.__struct_fields__:
        plain[name] = _jsonable(getattr(packet, name))
    return plain


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
        plain = to_plain(decoded.packet)
    plain["offset"] = decoded.offset
    plain["violations"] = [
        {"rule": b.rule, "field": b.field, "statements": list(b.statements)}
        for b in decoded.errors
    ]
    plain["remarks"] = [b.rule for b in decoded.violations if b.kind == "remark"]
    return plain


def _violation(breach: Breach, offset: int) -> Violation:
    title = RULES[breach.rule].title
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


class _Walk:
    """A cursor that writes down each field; stops quietly where the octets end."""

    def __init__(self, decoded: Decoded) -> None:
        self.octets = decoded.octets
        self.base = decoded.offset
        self.at = 0
        self.found: list[FrameField] = []

    @property
    def left(self) -> int:
        return len(self.octets) - self.at

    def note(self, name: str, size: int, value: str, meaning: Text) -> None:
        self.found.append(FrameField(name, self.base + self.at, size, value, meaning))
        self.at += size

    def take(self, name: str, size: int, meaning: Callable[[int], Text]) -> int | None:
        """Note a number; ``None`` if the octets end before it does."""
        if self.left < size:
            return None
        value = int.from_bytes(self.octets[self.at : self.at + size], "big")
        self.note(name, size, f"0x{value:0{2 * size}X}", meaning(value))
        return value

    def data(self, name: str, *, is_text: bool = True) -> bytes | None:
        """Note a length and that many octets; ``None`` if they are not all there."""
        size = self.take(f"{name} Length", 2, _counted)
        if size is None or size > self.left:
            return None
        raw = self.octets[self.at : self.at + size]
        if is_text:
            shown = raw.decode("utf-8", "backslashreplace")
            self.note(
                name,
                size,
                shown,
                Text(f"{size} 字节的字符串", f"a string of {size} octets"),
            )
        else:
            self.note(name, size, *_payload(raw))
        return raw

    def rest(self) -> None:
        if self.left:
            raw = self.octets[self.at : self.at + _SHOWN_OCTETS]
            more = Text("无法归入任何字段的字节", "octets that belong to no field")
            self.note("?", self.left, raw.hex(" "), more)


def _counted(value: int) -> Text:
    return Text(f"{value} 字节", f"{value} octets")


def _identifier(value: int) -> Text:
    return Text(f"报文标识符 {value}", f"packet identifier {value}")


def _fields(decoded: Decoded) -> list[FrameField]:
    walk = _Walk(decoded)
    if not decoded.octets:
        return []
    kind = decoded.packet_type
    first = decoded.octets[0]
    walk.note(
        "Control Packet type, Flags",
        1,
        f"0x{first:02X}",
        _first_octet(kind, first & 0x0F),
    )
    if not _remaining_length(walk) or kind is None:
        walk.rest()
        return walk.found
    _LAYOUTS.get(kind, _acknowledgement)(walk, first & 0x0F)
    walk.rest()
    return walk.found


def _first_octet(kind: PacketType | None, flags: int) -> Text:
    if kind is None:
        return _RESERVED
    title = _TYPES[kind]
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


def _remaining_length(walk: _Walk) -> bool:
    value, size = 0, 0
    for size, octet in enumerate(walk.octets[1:5], start=1):
        value |= (octet & 0x7F) << 7 * (size - 1)
        if not octet & 0x80:
            shown = walk.octets[1 : 1 + size].hex(" ").upper()
            meaning = Text(f"其后还有 {value} 字节", f"{value} octets follow")
            walk.note("Remaining Length", size, shown, meaning)
            return True
    return False


def _payload(raw: bytes) -> tuple[str, Text]:
    """Return a payload as people want to see it: JSON, text or octets."""
    size = len(raw)
    if not raw:
        return "", Text("空", "empty")
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return raw[:_SHOWN_OCTETS].hex(" "), Text(
            f"{size} 字节，不是 UTF-8 文本", f"{size} octets, not UTF-8 text"
        )
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text, Text(f"{size} 字节文本", f"{size} octets of text")
    return text, Text(f"{size} 字节 JSON", f"{size} octets of JSON")


def _connect(walk: _Walk, _flags: int) -> None:
    if walk.data("Protocol Name") is None:
        return
    level = walk.take(
        "Protocol Level",
        1,
        lambda v: {
            3: Text("MQTT 3.1", "MQTT 3.1"),
            4: Text("MQTT 3.1.1", "MQTT 3.1.1"),
            5: Text("MQTT 5.0", "MQTT 5.0"),
        }.get(v, _RESERVED),
    )
    if level is None or level == 5:
        return
    flags = walk.take("Connect Flags", 1, _connect_flags)
    if flags is None or walk.take("Keep Alive", 2, _keep_alive) is None:
        return
    for name, is_there, is_text in (
        ("Client Identifier", True, True),
        ("Will Topic", flags & 0x04, True),
        ("Will Message", flags & 0x04, False),
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


def _connack(walk: _Walk, _flags: int) -> None:
    walk.take(
        "Connect Acknowledge Flags",
        1,
        lambda v: (
            Text("会话存在", "session present")
            if v & 1
            else Text("无已存会话", "no session present")
        ),
    )
    walk.take(
        "Connect Return code",
        1,
        lambda v: _CONNACK[v] if v < len(_CONNACK) else _RESERVED,
    )


def _publish(walk: _Walk, flags: int) -> None:
    if walk.data("Topic Name") is None:
        return
    if flags & 0x06 and walk.take("Packet Identifier", 2, _identifier) is None:
        return
    walk.note("Payload", walk.left, *_payload(walk.octets[walk.at :]))


def _subscribe(walk: _Walk, _flags: int) -> None:
    walk.take("Packet Identifier", 2, _identifier)
    while walk.left and walk.data("Topic Filter") is not None:
        walk.take("Requested QoS", 1, lambda v: _QOS[v] if v < 4 else _RESERVED)


def _unsubscribe(walk: _Walk, _flags: int) -> None:
    walk.take("Packet Identifier", 2, _identifier)
    while walk.left and walk.data("Topic Filter") is not None:
        pass


def _suback(walk: _Walk, _flags: int) -> None:
    walk.take("Packet Identifier", 2, _identifier)
    while walk.take("Return Code", 1, lambda v: _SUBACK.get(v, _RESERVED)) is not None:
        pass


def _acknowledgement(walk: _Walk, _flags: int) -> None:
    walk.take("Packet Identifier", 2, _identifier)


def _nothing(walk: _Walk, _flags: int) -> None:
    """A packet without variable header and payload."""


_LAYOUTS: dict[PacketType, Callable[[_Walk, int], None]] = {
    PacketType.CONNECT: _connect,
    PacketType.CONNACK: _connack,
    PacketType.PUBLISH: _publish,
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.SUBACK: _suback,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.PINGREQ: _nothing,
    PacketType.PINGRESP: _nothing,
    PacketType.DISCONNECT: _nothing,
}

_HEX_NOISE = re.compile(r"0[xX](?=[0-9A-Fa-f])|[\s:,\-]+")
_HEX = re.compile(r"(?:0[xX](?=[0-9A-Fa-f])|[\s:,\-]|[0-9A-Fa-f])*")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rnt0\\]))|([^\\]+)", re.ASCII)
_SHORT = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}


def decode_text(text: str, encoding: str) -> bytes:
    """Return the octets that someone wrote down as ``hex``, ``base64`` or ``ascii``.

    ``hex`` may hold blanks, colons, commas, hyphens and ``0x``; ``ascii`` knows the
    escapes ``\\xNN``, ``\\r``, ``\\n``, ``\\t``, ``\\0`` and ``\\\\``, other
    characters stand for their UTF-8.  Raises ``InputError`` for anything else.
    """
    reader = {"hex": _from_hex, "base64": _from_base64, "ascii": _from_ascii}
    if encoding not in reader:
        raise InputError("mqtt.frame-encoding", encoding=encoding)
    return reader[encoding](text)


def _refused(encoding: str, text: str, at: int) -> InputError:
    found = text[at : at + 10] or "…"
    return InputError("mqtt.frame-text", encoding=encoding, at=at, found=found)


def _from_hex(text: str) -> bytes:
    good = _HEX.match(text)
    if good is None or good.end() < len(text):
        raise _refused("hex", text, good.end() if good else 0)
    digits = _HEX_NOISE.sub("", text)
    if len(digits) % 2:
        raise _refused("hex", text, len(text))
    return bytes.fromhex(digits)


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()).encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        bad = re.search(r"[^A-Za-z0-9+/=\s]", text)
        raise _refused("base64", text, bad.start() if bad else len(text)) from None


def _from_ascii(text: str) -> bytes:
    octets, at = bytearray(), 0
    while at < len(text):
        found = _ESCAPE.match(text, at)
        if found is None:
            raise _refused("ascii", text, at)
        pair, short, plain = found.groups()
        octets += (
            bytes.fromhex(pair) if pair else _SHORT[short] if short else plain.encode()
        )
        at = found.end()
    return bytes(octets)
