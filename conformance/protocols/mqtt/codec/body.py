# SPDX-License-Identifier: Apache-2.0
"""A cursor over the octets behind a fixed header, which names every fault it meets.

Numbers, strings, topics and, in 5.0, properties and reason codes.  It gives what can
be given and goes on; only where the layout cannot be followed does it stop.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 1.5, 2.3 and 4.7; MQTT Version
5.0 (OASIS, 2019-03-07), clauses 1.5, 2.2, 2.4 and 4.7.
"""

from __future__ import annotations

import re

from conformance.protocols.mqtt.codec.breach import Breach
from conformance.protocols.mqtt.codec.packets import PacketType, Sender, Version
from conformance.protocols.mqtt.codec.properties import (
    PROPERTIES,
    SIZES,
    Properties,
    PropertyInfo,
    Value,
    value_of,
)
from conformance.protocols.mqtt.codec.reasons import DISPUTED, ONE_SIDED, REASON_CODES
from conformance.protocols.mqtt.codec.topics import filter_faults

__all__ = ["Body", "CutShortError", "read_string", "shown"]


class CutShortError(Exception):
    """The layout cannot be followed further."""


class Body:
    """A cursor over the octets after the fixed header; collects breaches."""

    __slots__ = (
        "at",
        "breaches",
        "end",
        "kind",
        "name",
        "octets",
        "rules_cut",
        "sender",
        "version",
    )

    def __init__(
        self,
        octets: bytes,
        at: int,
        kind: PacketType,
        sender: Sender | None = None,
        version: Version = 4,
    ) -> None:
        self.octets = octets
        self.at = at
        self.end = len(octets)
        self.kind = kind
        self.name = kind.name
        self.sender = sender
        self.version: Version = version
        self.breaches: list[Breach] = []
        self.rules_cut = _CUT
        """What is broken where octets are missing: nothing there, or too little."""

    def break_rule(
        self, rule: str, field: str = "", detail: str = "", at: int = 0, size: int = 0
    ) -> None:
        self.breaches.append(
            Breach(rule, self.name, field, detail, at, size, self.version)
        )

    def take(self, size: int, field: str) -> bytes:
        at, left = self.at, self.end - self.at
        if left < size:
            rule = self.rules_cut[left > 0]
            self.break_rule(rule, field, f"{left} < {size}", at, left)
            raise CutShortError
        self.at = at + size
        return self.octets[at : at + size]

    def number(self, field: str, size: int) -> int:
        return int.from_bytes(self.take(size, field), "big")

    def variable(self, field: str) -> int:
        """Return a Variable Byte Integer (5.0, 1.5.5)."""
        start, value = self.at, 0
        for index in range(4):
            octet = self.number(field, 1)
            value |= (octet & 0x7F) << 7 * index
            if octet & 0x80:
                continue
            if index and not octet:  # a last octet of zero adds nothing
                raw = self.octets[start : self.at]
                self.break_rule(
                    "variable-byte-integer-not-minimal",
                    field,
                    raw.hex(" "),
                    start,
                    len(raw),
                )
            return value
        raw = self.octets[start : self.at]
        self.break_rule("variable-byte-integer-too-long", field, raw.hex(" "), start, 4)
        raise CutShortError

    def identifier(self) -> int:
        value = self.number("Packet Identifier", 2)
        if value == 0:
            self.break_rule(
                "packet-identifier-zero", "Packet Identifier", "0x0000", self.at - 2, 2
            )
        return value

    def binary(self, field: str) -> bytes:
        size, at, left = self.number(field, 2), self.at, self.end - self.at
        if size > left:
            self.break_rule(self.rules_cut[1], field, f"{left} < {size}", at - 2, 2)
            raise CutShortError
        self.at = at + size
        return self.octets[at : at + size]

    def string(self, field: str) -> str:
        raw = self.binary(field)
        text, faults = read_string(raw)
        for rule, detail in faults:
            self.break_rule(rule, field, detail, self.at - len(raw), len(raw))
        return text

    def topic_name(self, field: str, *, may_be_empty: bool = False) -> str:
        text = self.string(field)
        size = self.octets_of(text)
        if not text and not may_be_empty:
            self.break_rule("topic-empty", field, "", self.at - 2, 2)
        if "#" in text or "+" in text:
            self.break_rule(
                "topic-name-wildcard", field, shown(text), self.at - size, size
            )
        return text

    def topic_filter(self) -> str:
        text = self.string("Topic Filter")
        size = self.octets_of(text)
        at = self.at - (size or 2)
        for rule in filter_faults(text, self.version):
            self.break_rule(rule, "Topic Filter", shown(text), at, size or 2)
        return text

    @staticmethod
    def octets_of(text: str) -> int:
        return len(text.encode("utf-8", "surrogateescape"))

    def reason(self, field: str = "Reason Code") -> int:
        """Return one reason code of 5.0."""
        code = self.number(field, 1)
        self.judge_reason(code, field, self.at - 1)
        return code

    def judge_reason(self, code: int, field: str, at: int) -> None:
        detail = f"0x{code:02X}"
        if code in DISPUTED.get(self.name, ()):
            self.break_rule("reason-code-disputed", field, detail, at, 1)
        elif code not in REASON_CODES[self.name]:
            self.break_rule("reason-code", field, detail, at, 1)
        by = ONE_SIDED.get((self.name, code), self.sender)
        if self.sender is not None and by != self.sender:
            self.break_rule("reason-code-sender", field, detail, at, 1)

    def outcome(self) -> tuple[int, Properties]:
        """Return the reason code and properties that end a packet of 5.0.

        Both may be left out; the properties alone too, except in AUTH (3.4.2.2.1,
        3.14.2.2.1, 3.15.2.1).
        """
        if self.version == 4 or self.at == self.end:
            return 0, ()
        code = self.reason()
        is_short = self.at == self.end and self.kind is not PacketType.AUTH
        return code, () if is_short else self.properties()

    def properties(self, owner: str = "", field: str = "Property Length") -> Properties:
        """Return the properties that stand here in 5.0; in 3.1.1 there are none.

        ``owner`` is what carries them, if not the packet: ``WILL``.  Where one cannot
        be read, nor can those behind it, but the packet goes on after Property Length.
        """
        if self.version == 4:
            return ()
        start = self.at
        size, left = self.variable(field), self.end - self.at
        if size > left:
            detail = f"{left} < {size}"
            self.break_rule("property-length", field, detail, start, self.at - start)
            raise CutShortError
        packet_end, self.end = self.end, self.at + size
        found: list[tuple[int, Value]] = []
        seen: dict[int, int] = {}
        self.rules_cut = ("property-cut-short", "property-cut-short")
        try:
            while self.at < self.end:
                found.append(self._property(owner or self.name, seen))
        except CutShortError:
            self.at = self.end
        self.end, self.rules_cut = packet_end, _CUT
        self._judge_authentication(tuple(found), start)
        return tuple(found)

    def _property(self, owner: str, seen: dict[int, int]) -> tuple[int, Value]:
        start = self.at
        identifier = self.variable("Property Identifier")
        size, info = self.at - start, PROPERTIES.get(identifier)
        if info is None:
            # How long its value is nobody can say.
            detail = f"0x{identifier:02X}"
            self.break_rule("property-unknown", "", detail, start, size)
            raise CutShortError
        if owner not in info.packets:
            self.break_rule("property-not-allowed", info.name, owner, start, size)
        elif identifier in seen and owner not in info.repeats:
            places = f"@ {seen[identifier]}, {start}"
            rule = _REPEATS.get((owner, identifier), "property-repeated")
            self.break_rule(rule, info.name, places, start, size)
        elif one_sided := _FROM_ONE_SIDE.get((self.name, identifier)):
            rule, forbidden = one_sided
            if self.sender == forbidden:
                self.break_rule(rule, info.name, forbidden, start, size)
        seen.setdefault(identifier, start)
        return identifier, self._value(info)

    def _value(self, info: PropertyInfo) -> Value:
        name, at = info.name, self.at
        match info.kind:
            case "variable":
                value = self.variable(name)
            case "string":
                return self.topic_name(name) if name == _RESPONSE else self.string(name)
            case "binary":
                return self.binary(name)
            case "pair":
                return self.string(name), self.string(name)
            case kind:
                value = self.number(name, SIZES[kind])
        if info.is_switch and value > 1:
            self.break_rule("property-not-0-or-1", name, str(value), at, 1)
        if info.zero_rule and value == 0:
            self.break_rule(info.zero_rule, name, "0", at, self.at - at)
        return value

    def _judge_authentication(self, found: Properties, at: int) -> None:
        """Judge what the properties must say together (3.1.2.11.10, 3.15.2.2.2)."""
        size, method = self.at - at, "Authentication Method"
        has_method = value_of(found, method) is not None
        if self.kind is PacketType.AUTH and not has_method:
            self.break_rule("authentication-method-missing", method, "", at, size)
        elif value_of(found, "Authentication Data") is not None and not has_method:
            self.break_rule("authentication-data-alone", method, "", at, size)

    def payload(self, octets: bytes, found: Properties, field: str) -> bytes:
        """Return a payload; one that is said to be text must be UTF-8 (3.3.2.3.2)."""
        if value_of(found, "Payload Format Indicator") == 1:
            try:
                octets.decode()
            except UnicodeDecodeError as error:
                at = self.at - len(octets) + error.start
                bad = octets[error.start : error.end].hex(" ")
                self.break_rule("payload-not-text", field, bad, at, len(bad) // 3 + 1)
        return octets


_CUT = ("missing-field", "field-cut-short")
_RESPONSE = "Response Topic"
_FROM_ONE_SIDE: dict[tuple[str, int], tuple[str, Sender]] = {
    ("PUBLISH", 0x0B): ("subscription-identifier-from-client", "client"),
    ("DISCONNECT", 0x11): ("session-expiry-from-server", "server"),
}
"""Properties of a packet that one side may not send: the rule and that side."""

_REPEATS = dict.fromkeys([("PUBLISH", 0x01), ("PUBLISH", 0x02)], "property-again")
"""Repetitions that the text forbids nowhere (3.3.2.3.2, 3.3.2.3.3)."""

_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_NOTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f#+\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF))
    + "]"
)
_CONTROL = re.compile("[\x01-\x1f\x7f-\x9f]")
_ASIDE = re.compile("[\x00-\x1f\x7f-\x9f#+]")


def read_string(raw: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Return the text of a string and the rules (with detail) that it breaks.

    EF BB BF is an ordinary character and stays (1.5.3).
    """
    faults: list[tuple[str, str]] = []
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        text = raw.decode("utf-8", "surrogateescape")
        found = _SURROGATE.search(raw)
        if found:
            faults.append(("string-surrogate", found.group().hex(" ")))
        if not found or _still_ill_formed(raw):
            bad = raw[error.start : error.end].hex(" ")
            faults.append(("string-ill-formed", f"{bad} @ {error.start}"))
    if _NOTABLE.search(text) is None:
        return text, faults
    if "\x00" in text:
        faults.append(("string-nul", f"@ {text.index(chr(0))}"))
    if found_control := _CONTROL.search(text):
        faults.append(
            ("string-control-character", f"U+{ord(found_control.group()):04X}")
        )
    if found_other := _NOTABLE.search(_ASIDE.sub("", text)):
        faults.append(("string-noncharacter", f"U+{ord(found_other.group()):04X}"))
    return text, faults


def _still_ill_formed(raw: bytes) -> bool:
    try:
        _SURROGATE.sub(b"", raw).decode()
    except UnicodeDecodeError:
        return True
    return False


def shown(text: str) -> str:
    return text if len(text) <= 80 else text[:80] + "…"
