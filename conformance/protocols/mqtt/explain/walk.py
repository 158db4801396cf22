# SPDX-License-Identifier: Apache-2.0
"""A cursor that writes down each field of an MQTT packet for people.

Follows numbers, strings, and in 5.0 properties and reason codes, as far as the octets
go, and stops quietly where they end; what is wrong is named elsewhere.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clause 1.5; MQTT Version 5.0 (OASIS,
2019-03-07), clauses 1.5, 2.2.2 and 2.4.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from conformance.protocols.explained import FrameField
from conformance.protocols.mqtt.codec import Decoded
from conformance.protocols.mqtt.codec.properties import PROPERTIES, SIZES, PropertyInfo
from conformance.protocols.mqtt.codec.reasons import REASON_CODES, reason_title
from conformance.text import Text

__all__ = ["RESERVED", "Walk", "payload_of"]

_SHOWN_OCTETS = 512

RESERVED = Text("保留值，禁止使用", "reserved, not to be used")


class Walk:
    """A cursor that writes down each field; stops quietly where the octets end."""

    def __init__(self, decoded: Decoded) -> None:
        self.octets = decoded.octets
        self.version = decoded.version
        kind = decoded.packet_type
        self.packet = kind.name if kind else ""
        self.base = decoded.offset
        self.at = 0
        self.end = len(decoded.octets)
        self.found: list[FrameField] = []

    @property
    def left(self) -> int:
        return self.end - self.at

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
            self.note(name, size, *payload_of(raw))
        return raw

    def variable(self, name: str, meaning: Callable[[int], Text]) -> int | None:
        """Note a Variable Byte Integer; ``None`` if it does not end."""
        value = 0
        for size, octet in enumerate(self.octets[self.at : self.end][:4], start=1):
            value |= (octet & 0x7F) << 7 * (size - 1)
            if not octet & 0x80:
                raw = self.octets[self.at : self.at + size]
                self.note(name, size, raw.hex(" ").upper(), meaning(value))
                return value
        return None

    def properties(self, name: str = "Property Length") -> bool:
        """Note the properties of 5.0; ``False`` if the packet cannot be followed."""
        if self.version == 4:
            return True
        size = self.variable(name, _properties_size)
        if size is None or size > self.left:
            return False
        whole, self.end = self.end, self.at + size
        while self.left and self._property():
            pass
        self.rest()
        self.end = whole
        return True

    def _property(self) -> bool:
        identifier = self.variable("Property Identifier", _property_title)
        info = PROPERTIES.get(-1 if identifier is None else identifier)
        if info is None:
            return False
        name, switch = info.name, _switch if info.is_switch else _plainly
        match info.kind:
            case "variable":
                return self.variable(name, _plainly) is not None
            case "pair":
                first = self.data(f"{name} Name")
                return first is not None and self.data(f"{name} Value") is not None
            case "string" | "binary":
                return self.data(name, is_text=info.kind == "string") is not None
            case kind:
                unit = _seconds if name.endswith("Interval") else switch
                return self.take(name, SIZES[kind], unit) is not None

    def reason(self, name: str = "Reason Code") -> bool:
        """Note a reason code of 5.0; ``False`` where no octet is left."""
        return self.take(name, 1, self._reason_title) is not None

    def _reason_title(self, code: int) -> Text:
        title = reason_title(self.packet, code) or RESERVED
        if title is not RESERVED and code not in REASON_CODES.get(self.packet, ()):
            return Text(
                f"{title.zh}（不属于 {self.packet}）",
                f"{title.en} (not one of {self.packet})",
            )
        return title

    def rest(self) -> None:
        if self.left:
            raw = self.octets[self.at : min(self.end, self.at + _SHOWN_OCTETS)]
            more = Text("无法归入任何字段的字节", "octets that belong to no field")
            self.note("?", self.left, raw.hex(" "), more)


def payload_of(raw: bytes) -> tuple[str, Text]:
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


def _counted(value: int) -> Text:
    return Text(f"{value} 字节", f"{value} octets")


def _properties_size(value: int) -> Text:
    if value == 0:
        return Text("没有属性", "no properties")
    return Text(f"属性共 {value} 字节", f"{value} octets of properties")


def _property_title(identifier: int) -> Text:
    info: PropertyInfo | None = PROPERTIES.get(identifier)
    return info.title if info else Text("未定义的属性", "not a defined property")


def _plainly(value: int) -> Text:
    return Text(str(value), str(value))


def _switch(value: int) -> Text:
    return _plainly(value) if value < 2 else RESERVED


def _seconds(value: int) -> Text:
    if value == 0xFFFFFFFF:
        return Text("永不过期", "never expires")
    return Text(f"{value} 秒", f"{value} s")
