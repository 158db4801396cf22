# SPDX-License-Identifier: Apache-2.0
"""How an MQTT deviation is written down: what it breaks, and how the proxy makes it.

A row of a table, and short ways to say which packets of which side it concerns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any

from conformance.link.packets import Side
from conformance.link.proxy import Action, ProxyRule
from conformance.protocols.mqtt.codec import Properties, properties

__all__ = [
    "ABOVE_0",
    "COPY",
    "Row",
    "by_client",
    "by_server",
    "once",
    "replaced",
    "same",
    "tolerated",
    "twice",
]


@dataclass(frozen=True, slots=True)
class Row:
    """One deviation: what it is, what it breaks, how the proxy makes it."""

    name: str
    zh: str
    en: str
    breaks: Mapping[str, str]
    """Requirement -> key; a bare number is one of sd-base-mqtt311."""
    rules: Sequence[ProxyRule] = ()
    also: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Other settings of the device."""
    reading: Mapping[str, Any] = field(default_factory=dict)
    """How the device's readings are odd; see ``readings``."""
    amended: bool = True
    config: Sequence[str] = ()
    """Further lines of mosquitto's configuration."""
    answers: Mapping[str, bool] = field(default_factory=dict)
    """Other ICS answers of the server, by their names without the version."""
    declares: Mapping[str, bool] = field(default_factory=dict)
    """Other ICS answers of the device, by their whole names."""
    lacks: AbstractSet[str] = frozenset()
    """Duties of the profile's conventions that it leaves out; see ``device.uplink``."""
    checks: Sequence[str] = ()
    """Checks that a liberty is about; empty for all."""
    web: Sequence[str] | None = None
    """What a front of WebSocket gets wrong; no WebSocket if not given."""
    patience_s: float = 3.0
    """How long the server waits for CONNECT; mosquitto 2.0 takes 90 s."""
    authenticates: bool = False
    """Whether the simulated server, which authenticates in steps, serves instead."""


def by_server(action: Action, kind: str = "", **more: Any) -> ProxyRule:
    return _rule("server", action, kind, more)


def by_client(action: Action, kind: str = "", **more: Any) -> ProxyRule:
    return _rule("client", action, kind, more)


def _rule(sender: Side, action: Action, kind: str, more: dict[str, Any]) -> ProxyRule:
    match = dict(more.pop("match", {}))
    if kind:
        match["kind"] = kind
    return ProxyRule(sender, action, match, **more)


def tolerated(sender: Side, *errors: str) -> list[ProxyRule]:
    """Keep packets with these errors from whoever would have to close."""
    return [ProxyRule(sender, "drop", {"errors": {"has": e}}) for e in errors]


ABOVE_0 = {"qos": {"above": 0}}
COPY = {"qos": 0, "packet_identifier": None, "dup": False}


def same(key: str, *names: str) -> dict[str, str]:
    """Return requirements that one key breaks."""
    return dict.fromkeys(names, key)


def once(rule: Any, kind: str, match: Any = None, **changes: Any) -> list[Any]:
    """Return the rule that alters one packet, the first that matches."""
    return [rule("alter", kind, match=match or {}, nth=1, set=changes)]


def replaced(rule: Any, kind: str, octets: bytes, match: Any = None) -> list[Any]:
    """Return the rules that put octets in the place of the first packet of a kind."""
    where = match or {}
    return [
        rule("drop", kind, match=where, nth=1),
        rule("inject", kind, match=where, nth=1, octets=octets),
    ]


def twice(**named: Any) -> Properties:
    """Return properties, each of them two times."""
    return properties(**{name: [value, value] for name, value in named.items()})
