# SPDX-License-Identifier: Apache-2.0
"""What ``luheng demo`` certifies of MQTT: the simulated server, with faults to choose.

The server itself is honest; what deviates does so in the fault proxy before it, by the
same tables as in the proof, as far as they say nothing of mosquitto's settings.

Unless told otherwise it goes on after a PINGREQ with wrong flags, as mosquitto 2.0
does: one finding that is red among all that are green.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from conformance.engine.proof import Bench, Endpoint, Fault, Liberty, declare
from conformance.link.proxy import Proxy, ProxyRule
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt import faults
from conformance.protocols.mqtt.codec import Pingresp, encode
from conformance.protocols.mqtt.deviations import Row, platform
from conformance.protocols.mqtt.frames import ADAPTERS
from conformance.protocols.mqtt.simulator import BrokerSimulator
from conformance.text import Text

__all__ = ["DEVIATIONS", "PROFILE", "ROLE", "SUBJECT", "USUAL", "bench"]

PROFILE = "sd-base-mqtt311"
ROLE = "platform"
SUBJECT = Text("内置参考服务端", "the built-in reference server")
USUAL = "goes-on-after-wrong-ping"
"""The deviation that is shown unless another is chosen."""
_LACKS = frozenset(
    {"MQTT_CREDENTIALS", "MQTT_WEBSOCKET", "MQTT_DISCONNECT", "MQTT_AUTHORIZATION"}
)
"""What the server does not have; it ends no connection by itself."""
_IXIT = {
    "mqtt_answer_timeout": "PT2S",
    "mqtt_keep_alive_grace": "PT6S",
}

_BADLY = {"kind": "PINGREQ", "errors": {"has": "fixed-header-flags"}}
_PINGRESP = encode(Pingresp())
_WRONG_PING = Fault(
    USUAL,
    ROLE,
    Text(
        "收到固定报头标志错误的 PINGREQ 后不断开（同 mosquitto 2.0）",
        "goes on after a PINGREQ with wrong header flags, as mosquitto 2.0 does",
    ),
    {"MQTT311-2.2.2-2": "still-open"},
)
_RULES: Mapping[str, Sequence[ProxyRule]] = {
    USUAL: [
        ProxyRule("client", "inject", _BADLY, octets=_PINGRESP, toward="client"),
        ProxyRule("client", "drop", _BADLY),
    ],
    **{
        row.name: row.rules
        for row in (*platform.FAULTS, *platform.LIBERTIES)
        if row.rules
        and row == Row(row.name, row.zh, row.en, row.breaks, row.rules, row.also)
    },
}
"""By deviation; a row that sets more than rules is about mosquitto or another front."""


def _concerns(deviation: Fault | Liberty) -> bool:
    if isinstance(deviation, Fault):
        return any(name.startswith("MQTT311-") for name in deviation.breaks)
    return True


_ALL: Sequence[Fault | Liberty] = (*faults.FAULTS, *faults.LIBERTIES)
DEVIATIONS: Sequence[Fault | Liberty] = (
    _WRONG_PING,
    *(d for d in _ALL if d.role == ROLE and d.name in _RULES and _concerns(d)),
)


@contextmanager
def bench(snapshot: Snapshot, deviation: str | None) -> Iterator[Bench]:
    """Run the server with one deviation or none, for a declaration."""
    answers = {item.id: item.id.startswith("MQTT") for item in snapshot.ics}
    answers |= dict.fromkeys(_LACKS & answers.keys(), False)
    rules = _RULES[deviation] if deviation else ()
    with (
        BrokerSimulator() as server,
        Proxy(server.address, rules=rules, adapter=ADAPTERS[4]) as proxy,
    ):
        endpoint = Endpoint(proxy.address.host, proxy.address.port)
        ixit = {**_IXIT, "mqtt_endpoint": endpoint}
        yield Bench(declare(snapshot, ROLE, ics=answers, ixit=ixit), {})
