# SPDX-License-Identifier: Apache-2.0
"""A telemetry device made with paho-mqtt: ``python paho_client.py API HOST PORT``.

``API`` is the version of paho's callbacks, 1 or 2.  Publishes readings at QoS 0, 1 and
2, subscribes to commands, sends DISCONNECT after some readings and comes back.  paho is
left as it is: what it lets pass, this lets pass.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

INTERVAL_S = 0.25
LOOP_S = 0.01
RETRY_S = 0.05
READINGS_PER_SESSION = 40
numbers = count(1)


def device(api: str) -> paho.Client:
    """Return a client with a kept session, a will and a subscription."""
    client = paho.Client(
        CallbackAPIVersion.VERSION1 if api == "1" else CallbackAPIVersion.VERSION2,
        client_id=f"luheng-paho-{api}",
        clean_session=False,
        protocol=paho.MQTTv311,
    )
    client.will_set("luheng/station/status", b"offline", 1)
    client.max_inflight_messages_set(8)
    client.on_connect = on_connect
    return client


def on_connect(client: paho.Client, *_: Any) -> None:
    """Subscribe whenever a connection is there."""
    client.subscribe("luheng/station/command", 1)


def session(client: paho.Client, host: str, port: int) -> None:
    """Report until enough is reported or the connection is lost."""
    client.connect(host, port, keepalive=5)
    sent, due_s = 0, time.monotonic()
    while client.loop(LOOP_S) == paho.MQTT_ERR_SUCCESS:
        if not client.is_connected() or time.monotonic() < due_s:
            continue
        due_s = time.monotonic() + INTERVAL_S
        number = next(numbers)
        payload = b'{"number":%d}' % number
        client.publish("luheng/station/telemetry", payload, number % 3)
        sent += 1
        if sent == READINGS_PER_SESSION:
            client.disconnect()


def main(api: str, host: str, port: str) -> None:
    """One session after the other until the process is ended."""
    client = device(api)
    while True:
        try:
            session(client, host, int(port))
        except (OSError, ValueError) as error:
            print("session ended:", error, file=sys.stderr)
        time.sleep(RETRY_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
