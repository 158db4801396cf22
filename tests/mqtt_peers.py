# SPDX-License-Identifier: Apache-2.0
"""MQTT implementations that others wrote, as running servers and running devices.

Turns the name of a peer into a server on a free loopback port, or into a device that
connects to a port of ours.  Each runs in a process of its own, keeps nothing, writes
its log into the folder it is given, and is ended by its process id.  What is installed,
and in which version, is in ``peers.toml``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.peers import (
    Broker,
    free_port,
    listening,
    require,
    running,
    start_mosquitto,
    wait_for_port,
)

__all__ = [
    "CLIENTS",
    "INSTALLED_AS",
    "SERVERS",
    "V3",
    "V5",
    "Client",
    "Device",
    "Server",
    "start_rabbitmq",
]

PROGRAMS = Path(__file__).parent / "programs"
RABBITMQ_DEADLINE_S = 60.0
V3, V5 = "3.1.1", "5.0"
"""Versions of MQTT, as programs of devices are told which to speak."""

Server = Callable[[Path], AbstractContextManager[Broker]]
"""From a folder to a server that is running."""


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is running."""

    log: Path
    power_cycle: Callable[[], None]
    """Ends it and starts it again; what it knew is lost."""

    def received(self, payload: str) -> list[str]:
        """Return the topics under which its application has had a payload."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        told = (line.split(" ", 2) for line in lines if line.startswith("received "))
        return [parts[1] for parts in told if parts[2:] == [payload]]


class Client(Protocol):
    """From a folder and a loopback port to a device that connects there.

    A device speaks MQTT 3.1.1 unless it is told otherwise; not each knows 5.0.
    """

    def __call__(
        self, folder: Path, port: int, version: str = V3
    ) -> AbstractContextManager[Device]: ...


def _aedes(name: str) -> Server:
    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Broker]:
        package, node = require(name).parent, require("node")
        program = str(PROGRAMS / "aedes_broker.mjs")

        def command(port: int) -> list[str]:
            return [str(node), program, str(package), str(port)]

        with listening(name, command, folder) as broker:
            yield broker

    return start


@contextlib.contextmanager
def _start_amqtt(folder: Path) -> Iterator[Broker]:
    python, program = require("amqtt"), str(PROGRAMS / "amqtt_broker.py")

    def command(port: int) -> list[str]:
        return [str(python), program, str(port)]

    with listening("amqtt", command, folder) as broker:
        yield broker


@contextlib.contextmanager
def start_rabbitmq(folder: Path) -> Iterator[Broker]:
    """Run RabbitMQ with its MQTT plugin as a node of the test's own.

    Node name, cookie, data, logs and the port mapper are private to ``folder`` and end
    with it; no service of the system is used or started.
    """
    program = require("rabbitmq")
    epmd_port = free_port()
    private = _rabbitmq_environment(folder, epmd_port)
    (folder / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", "utf-8")
    config = folder / "rabbitmq.conf"

    def command(port: int) -> list[str]:
        config.write_text(
            "listeners.tcp = none\n"
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{port}\n"
            "mqtt.allow_anonymous = true\n",
            "utf-8",
        )
        return [str(program)]

    # Erlang would start a port mapper that stays; ours is a child and leaves with us.
    epmd = ["epmd", "-address", "127.0.0.1", "-port", str(epmd_port)]
    with (
        running(epmd, folder / "epmd.log", environ=private) as mapper,
        contextlib.ExitStack() as stack,
    ):
        wait_for_port("127.0.0.1", epmd_port, mapper)
        yield stack.enter_context(
            listening(
                "rabbitmq",
                command,
                folder,
                environ=private,
                deadline_s=RABBITMQ_DEADLINE_S,
            )
        )


def _rabbitmq_environment(folder: Path, epmd_port: int) -> Mapping[str, str]:
    return {
        "HOME": str(folder),  # the cookie lies there
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"luheng-{os.getpid()}-{epmd_port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-noinput -kernel inet_dist_use_interface {127,0,0,1}"
        ),
        # With it the script becomes the node itself instead of its parent, so that
        # the process id is the node's.
        "RABBITMQ_ALLOW_INPUT": "true",
    }


SERVERS: Mapping[str, Server] = {
    "mosquitto": start_mosquitto,
    "aedes": _aedes("aedes"),
    "aedes-beta": _aedes("aedes-beta"),
    "amqtt": _start_amqtt,
    "rabbitmq": start_rabbitmq,
}


def _device(command: Callable[[str, str], list[str]]) -> Client:
    @contextlib.contextmanager
    def start(folder: Path, port: int, version: str = V3) -> Iterator[Device]:
        log = folder / "device.log"
        process: subprocess.Popen[bytes] | None = None
        with contextlib.ExitStack() as power:

            def switch_on() -> None:
                nonlocal process
                power.close()
                program = running(command(version, str(port)), log)
                process = power.enter_context(program)

            switch_on()
            yield Device(log, switch_on)
            if process is None or process.poll() is not None:
                text = log.read_text("utf-8", errors="replace")
                raise RuntimeError(f"the device ended by itself:\n{text}")

    return start


def _paho(api: str) -> Callable[[str, str], list[str]]:
    def command(version: str, port: str) -> list[str]:
        program = str(PROGRAMS / "paho_client.py")
        return [str(require("paho")), program, api, version, "127.0.0.1", port]

    return command


def _mqttjs(version: str, port: str) -> list[str]:
    package, program = require("mqttjs").parent, str(PROGRAMS / "mqttjs_client.mjs")
    return [str(require("node")), program, str(package), version, "127.0.0.1", port]


def _amqtt(version: str, port: str) -> list[str]:
    assert version == V3, "amqtt knows no other"
    program = str(PROGRAMS / "amqtt_client.py")
    return [str(require("amqtt")), program, "127.0.0.1", port]


def _mosquitto(name: str) -> Callable[[str, str], list[str]]:
    def command(version: str, port: str) -> list[str]:
        tool = require("mosquitto-clients").with_name(name)
        program = str(PROGRAMS / "mosquitto_client.py")
        return [sys.executable, program, str(tool), version, "127.0.0.1", port]

    return command


CLIENTS: Mapping[str, Client] = {
    "paho-v1": _device(_paho("1")),
    "paho-v2": _device(_paho("2")),
    "mqttjs": _device(_mqttjs),
    "amqtt-client": _device(_amqtt),
    "mosquitto_pub": _device(_mosquitto("mosquitto_pub")),
    "mosquitto_sub": _device(_mosquitto("mosquitto_sub")),
}

INSTALLED_AS: Mapping[str, str] = {
    **{name: name for name in SERVERS},
    "paho-v1": "paho",
    "paho-v2": "paho",
    "mqttjs": "mqttjs",
    "amqtt-client": "amqtt",
    "mosquitto_pub": "mosquitto-clients",
    "mosquitto_sub": "mosquitto-clients",
}
"""Under which name of ``peers.toml`` a server or client is installed."""
