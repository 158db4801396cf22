# SPDX-License-Identifier: Apache-2.0
"""A CONNECT that a server may refuse, and how it answered: a code, a close, silence.

The answer is read by its first octets and not as a packet of a version, because a
server that does not know the client's version answers in one of its own.  ``WRONG``
names CONNECTs that break one rule each; everything else about them is right.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clause 3.1; MQTT Version 5.0 (OASIS,
2019-03-07), clauses 2.2.2 and 3.1; the clause stands beside each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from conformance.engine.run import Run
from conformance.link.channel import Closed, Data
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    answer_timeout_s,
    describe,
    open_client,
)
from conformance.protocols.mqtt.codec import (
    Connect,
    connect_raw,
    encode_string,
    replace,
)
from conformance.text import Text

__all__ = ["WRONG", "Opening", "Wrong", "code_of", "knock"]

_CONNACK = 0x20
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Opening:
    """How a server answered the first octets of a connection."""

    client: Client
    code: int | None
    """Of the CONNACK, ``None`` if none came."""
    ending: Gone | None
    octets: bytes

    @property
    def told(self) -> Text:
        """What happened, for a reader of the result."""
        ended = describe(self.ending) if self.ending else _OPEN
        if self.code is None:
            said = f"{self.octets[:16].hex(' ')}; " if self.octets else ""
            return Text(said + ended.zh, said + ended.en)
        return Text(
            f"CONNACK 0x{self.code:02x}，{ended.zh}",
            f"CONNACK 0x{self.code:02x}, {ended.en}",
        )


_OPEN = Text("连接仍然打开", "the connection is still open")


def knock(run: Run, octets: bytes) -> Opening:
    """Send octets on a new connection; return what became of it.

    Reads to the server's close, except after a CONNACK that accepts.
    """
    client = open_client(run)
    client.send_raw(octets)
    deadline_ns = run.now_ns + int(answer_timeout_s(run) * _NS)
    heard, ending = b"", None
    while ending is None and code_of(heard) != 0:
        left_s = (deadline_ns - run.now_ns) / _NS
        if left_s <= 0:
            break
        match client.channel.receive(left_s):
            case Data(more):
                heard += more
            case Closed(kind, at_ns):
                ending = client.gone = Gone(kind, at_ns)
    return Opening(client, code_of(heard), ending, heard)


def code_of(heard: bytes) -> int | None:
    """Return the code of a CONNACK of either version."""
    if not heard or heard[0] != _CONNACK:
        return None
    at = next((n for n in range(1, len(heard)) if heard[n] < 0x80), len(heard))
    return heard[at + 2] if len(heard) > at + 2 else None


@dataclass(frozen=True, slots=True)
class Wrong:
    """One wrong CONNECT."""

    title: Text
    make: Callable[[Connect], bytes]


def _flags(set_bits: int) -> Callable[[Connect], bytes]:
    return lambda c: connect_raw(c, connect_flags=c.connect_flags | set_bits)


def _named(text: str) -> Callable[[Connect], bytes]:
    return lambda c: connect_raw(replace(c, client_identifier=text))


WRONG: Mapping[str, Wrong] = {
    "reserved-flag": Wrong(
        Text("CONNECT 保留标志为 1", "the reserved flag set"),  # 3.1.2.3
        _flags(0x01),
    ),
    "header-flags": Wrong(
        Text("CONNECT 固定报头标志为 1", "header flags 1"),  # 3.1.1
        lambda c: connect_raw(c, flags=1),
    ),
    "will-qos-without-will": Wrong(
        Text("没有遗嘱而遗嘱 QoS 为 1", "Will QoS 1 without a will"),  # 3.1.2.6
        _flags(0x08),
    ),
    "will-retain-without-will": Wrong(
        Text("没有遗嘱而置遗嘱保留", "Will Retain without a will"),  # 3.1.2.7
        _flags(0x20),
    ),
    "will-qos-3": Wrong(
        Text("遗嘱 QoS 为 3", "Will QoS 3"),  # 3.1.2.6
        lambda c: connect_raw(
            replace(c, will_topic="luheng/will", will_message=b"x", will_qos=3)
        ),
    ),
    "password-without-user-name": Wrong(
        Text("有密码而无用户名", "a password without a user name"),  # 3.1.2.9
        lambda c: connect_raw(replace(c, user_name=None, password=b"x")),
    ),
    "without-payload": Wrong(
        Text("没有有效载荷", "no payload"),  # 3.1.3
        lambda c: connect_raw(c, payload=b""),
    ),
    "cut-short": Wrong(
        Text("客户端标识符被截断", "a client identifier that is cut short"),
        lambda c: connect_raw(
            c, payload=encode_string(c.client_identifier, length=9999)
        ),
    ),
    "identifier-ill-formed": Wrong(
        Text("客户端标识符不是合法 UTF-8", "a client identifier that is not UTF-8"),
        _named("lh\udcc3("),  # 3.1.3.1
    ),
    "identifier-nul": Wrong(
        Text("客户端标识符含 U+0000", "a client identifier with U+0000"),
        _named("lh\0lh"),
    ),
}
"""CONNECTs that break one rule each; those of 5.0 alone are in ``hostile``."""
