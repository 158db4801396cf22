# SPDX-License-Identifier: Apache-2.0
"""MQTT implementations that deviate: what each fault breaks, and what is but odd.

Nearly every deviation is a few lines of data for the fault proxy, which stands before
a real mosquitto or a real paho client.  Where a fault would spoil every exchange, it
happens once (``nth=1`` is in the exercise, which comes first), or on the topics of one
check, which carry its name.

Source of each: the requirement that it breaks, in the profile sd-base-mqtt311.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

from conformance.data.reporting import report_pace
from conformance.engine.proof import (
    Bench,
    Endpoint,
    Fault,
    Hook,
    Liberty,
    Secret,
    declare,
)
from conformance.link.ports import free_port
from conformance.link.proxy import Adapter, Proxy
from conformance.profile.model import Snapshot
from conformance.protocols.mqtt import device
from conformance.protocols.mqtt.bench import AMENDS, mosquitto_running
from conformance.protocols.mqtt.bindings import (
    bound,
    commands_of,
    status_of,
    topic,
)
from conformance.protocols.mqtt.codec import Version
from conformance.protocols.mqtt.deviations import (
    Row,
    conventions,
    device_limits,
    device_session,
    platform,
    senml,
    uplink,
)
from conformance.protocols.mqtt.deviations import device as deviations_device
from conformance.protocols.mqtt.device.uplink import Uplink
from conformance.protocols.mqtt.frames import ADAPTERS
from conformance.protocols.mqtt.front import Front
from conformance.protocols.mqtt.readings import readings
from conformance.protocols.mqtt.simulator import BrokerSimulator
from conformance.protocols.mqtt.simulator.auth import PASSWORD, USER
from conformance.text import Text

__all__ = ["FAULTS", "LIBERTIES", "bench"]

_STATION = "3701A0001"
_REFERENCE = Decimal(6)
"""Oxygen content to which converted concentrations refer, in per cent."""

_ROWS: Mapping[str, Sequence[Row]] = {
    "platform": platform.FAULTS,
    "device": (
        *deviations_device.FAULTS,
        *device_limits.FAULTS,
        *device_session.FAULTS,
        *conventions.FAULTS,
        *senml.FAULTS,
        *uplink.FAULTS,
    ),
}
_FREE: Mapping[str, Sequence[Row]] = {
    "platform": platform.LIBERTIES,
    "device": (
        *deviations_device.LIBERTIES,
        *device_limits.LIBERTIES,
        *device_session.LIBERTIES,
        *conventions.LIBERTIES,
        *senml.LIBERTIES,
        *uplink.LIBERTIES,
    ),
}


def _requirement(name: str) -> str:
    whole = name.count("-") > 1 or name[:1].islower()
    return name if whole else f"MQTT311-{name}"


FAULTS: Sequence[Fault] = tuple(
    Fault(
        row.name,
        role,
        Text(row.zh, row.en),
        {_requirement(name): key for name, key in row.breaks.items()},
        tuple(map(_requirement, row.also)),
    )
    for role, rows in _ROWS.items()
    for row in rows
)
LIBERTIES: Sequence[Liberty] = tuple(
    Liberty(row.name, role, Text(row.zh, row.en), checks=row.checks)
    for role, rows in _FREE.items()
    for row in rows
)

_HONEST = Row("", "", "", {})
_LACKS = (
    "MQTT_CREDENTIALS",
    "MQTT5_CREDENTIALS",
    "MQTT5_ENHANCED_AUTH",
    "MQTT5_RESPONSE_INFO",
    "MQTT5_SERVER_KEEP_ALIVE",
    "MQTT_WEBSOCKET",
    "MQTT5_WEBSOCKET",
    "MQTT5_SERVER_REFERENCE",
)
"""What neither mosquitto as it is run here nor the device has."""
_DEVICE_HAS = ("MQTT_CREDENTIALS", "MQTT5_CREDENTIALS", "MQTT5_SERVER_REFERENCE")
_VERSIONS = ("MQTT", "MQTT5")
"""How names begin in the profiles of a version."""
_PASSWORD = Secret("env:MQTT_PASSWORD")


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values under the names of both versions' profiles."""
    return {f"{of.lower()}_{n}": v for of in _VERSIONS for n, v in values.items()}


@contextmanager
def _server(row: Row, adapter: Adapter) -> Iterator[Endpoint]:
    """Run a mosquitto as a row wants it, or the simulated server, behind the proxy."""
    users = {USER: PASSWORD} if row.answers.get("CREDENTIALS") else None
    # Of two changes to one packet the later holds: that of the row.
    rules = [*(AMENDS if row.amended else ()), *row.rules]
    with ExitStack() as stack:
        if row.authenticates:
            server = stack.enter_context(BrokerSimulator(authenticates=True))
            address = server.address
        else:
            address = stack.enter_context(mosquitto_running(row.config, users))
        proxy = Proxy(address, rules=rules, adapter=adapter, patience_s=row.patience_s)
        stack.enter_context(proxy)
        address = (proxy.address.host, proxy.address.port)
        if row.web is not None:
            front = Front(address, serves=True, lies=row.web)
            address = stack.enter_context(front)
        yield Endpoint(*address)


@contextmanager
def bench(snapshot: Snapshot, role: str, deviation: str | None) -> Iterator[Bench]:
    """Run a real implementation, with one deviation or none, for a declaration."""
    rows = {row.name: row for row in (*_ROWS[role], *_FREE[role])}
    row = rows[deviation] if deviation else _HONEST
    answers = {item.id: item.id.startswith("MQTT") for item in snapshot.ics}
    answers |= dict.fromkeys(_LACKS, False)
    values: dict[str, Any] = {
        # Waited out only where something is wrong: a busy machine gets its time.
        "answer_timeout": "PT2S" if row.breaks else "PT10S",
        "keep_alive_grace": "PT6S",
        "connect_wait": "PT12S" if row.breaks else "PT30S",
        "connect_timeout": "PT10S",
        "report_timeout": "PT5S",
    }
    adapter = ADAPTERS[5 if "MQTT5" in answers and "MQTT311" not in answers else 4]
    if role == "platform":
        answers |= dict.fromkeys(("MQTT_DISCONNECT", "MQTT5_DISCONNECT"), False)
        answers |= {f"{of}_{n}": v for of in _VERSIONS for n, v in row.answers.items()}
        with _server(row, adapter) as address:
            values["endpoint"] = address
            for kind in ("CREDENTIALS", "ENHANCED_AUTH"):
                if row.answers.get(kind):
                    of = "auth_" if kind == "ENHANCED_AUTH" else ""
                    values |= {f"{of}username": USER, f"{of}password": _PASSWORD}
            declared = declare(snapshot, role, ics=answers, ixit=_named(values))
            yield Bench(declared, {"MQTT_PASSWORD": PASSWORD})
        return
    with _device(snapshot, row, answers, values, adapter) as found:
        yield found


@contextmanager
def _way(target: tuple[str, int], row: Row, adapter: Adapter) -> Iterator[Proxy]:
    """Run the proxy between a device and the suite, over WebSocket if a row says so."""
    with ExitStack() as stack:
        if row.web is not None:
            front = Front(target, serves=False, lies=row.web)
            target = stack.enter_context(front)
        yield stack.enter_context(Proxy(target, rules=row.rules, adapter=adapter))


def _uplink(
    snapshot: Snapshot,
    row: Row,
    answers: Mapping[str, bool],
    value: Callable[[str], Any],
) -> Uplink:
    """Return the conventions that a device keeps, but for what its row leaves out."""
    as_json = readings(snapshot, answers, _STATION, row.reading, payload="json")
    return Uplink(
        status_of(snapshot, value),
        commands_of(snapshot, value),
        lambda: as_json(0),
        lambda name: bool(answers.get(name)),
        row.lacks,
    )


def _pace(snapshot: Snapshot, interval_s: float) -> dict[str, Any]:
    """Return what a device declares of its reports, and of an outage of seconds."""
    pace = report_pace(snapshot.elements)
    return {
        "mqtt_pace": round(pace.nominal / interval_s) if pace else 1,
        "outage_duration": "PT8S",
        "catch_up_wait": "PT20S",
        "reference_oxygen": _REFERENCE,
    }


@contextmanager
def _device(
    snapshot: Snapshot,
    row: Row,
    answers: dict[str, bool],
    values: dict[str, Any],
    adapter: Adapter,
) -> Iterator[Bench]:
    """Run a paho device as a row wants it, with the proxy in its way."""
    endpoint, other = (Endpoint("127.0.0.1", free_port()) for _ in range(2))
    target = (endpoint.host, endpoint.port)
    more: dict[str, Any] = {"endpoint": endpoint, "other_endpoint": other}
    more |= {"station": _STATION, "qos0_payload": "online"}
    ixit = _named(values | more)
    answers |= dict.fromkeys(_DEVICE_HAS, True)
    answers |= {f"{of}_{n}": v for of in _VERSIONS for n, v in row.answers.items()}
    if bound(snapshot, answers):  # whatever the profile can report
        bindings = {b.ics for b in snapshot.bindings}
        bindings |= {b.parameters.get("payload_ics", "") for b in snapshot.bindings}
        own = {n for n in answers if not n.startswith(("MQTT", "HJ212"))} - bindings
        answers |= dict.fromkeys(own, True)
    answers |= row.declares
    with _way(target, row, adapter) as proxy:
        settings = device.Settings(proxy.address.host, proxy.address.port)
        level: Version = 5 if adapter is ADAPTERS[5] else 4
        routes = {f"{endpoint.host}:{endpoint.port}": (settings.host, settings.port)}
        if found := bound(snapshot, answers):
            settings = replace(settings, outage="keeps")
            ixit |= _pace(snapshot, settings.interval_s)
        settings = replace(settings, protocol=level, routes=routes)
        settings = replace(settings, **row.settings)
        reading = None
        if found:
            settings = replace(settings, topic=topic(found[0].topic, ixit.get))
            uplink = _uplink(snapshot, row, answers, ixit.get)
            settings = replace(settings, uplink=uplink)
            if uplink.commands and "subscribe" not in uplink.lacks:
                settings = replace(settings, command_topic=uplink.commands.topic)
            told = snapshot, answers, _STATION, row.reading
            reading = readings(*told, reference=_REFERENCE)
        with device.controlled(settings, reading) as urls:
            hooks = {"received_messages": Hook("url", urls["received_messages"])}
            steps = {"power_cycle": Hook("url", urls["power_cycle"])}
            made = declare(
                snapshot, "device", ics=answers, ixit=ixit, hooks=hooks, steps=steps
            )
            yield Bench(made)
