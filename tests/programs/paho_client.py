# SPDX-License-Identifier: Apache-2.0
"""A telemetry device made with paho-mqtt: ``paho_client.py API VERSION HOST PORT``.

``API`` is the version of paho's callbacks, 1 or 2; ``VERSION`` that of MQTT, 3.1.1 or
5.0.  Publishes readings at QoS 0, 1 and 2, subscribes to commands, sends DISCONNECT
after some readings and comes back.  paho is left as it is: what it lets pass, this lets
pass.
"""

from __future__ import annotations

import sys
import time
from itertools import count
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

INTERVAL_S = 0.1
LOOP_S = 0.01
RETRY_S = 0.05
READINGS_PER_SESSION = 100
KEPT_S = 3600
EXPIRES_S = 20
numbers = count(time.time_ns() // 10**8 % 900_000 + 100_000)
"""Of six digits, and other ones after each start."""


def properties(packet: int, **values: Any) -> Properties:
    """Return properties of MQTT 5.0 for a packet."""
    made = Properties(packet)
    for name, value in values.items():
        setattr(made, name, value)
    return made


CONNECT = properties(
    PacketTypes.CONNECT, SessionExpiryInterval=KEPT_S, ReceiveMaximum=20
)
WILL = properties(
    PacketTypes.WILLMESSAGE, WillDelayInterval=1, ContentType="text/plain"
)
PUBLISH = properties(
    PacketTypes.PUBLISH,
    PayloadFormatIndicator=1,
    MessageExpiryInterval=EXPIRES_S,
    ContentType="application/json",
    UserProperty=("station", "luheng"),
)


def device(api: str, version: str, *, clean: bool) -> paho.Client:
    """Return a client with a session, a will and a subscription."""
    is_5 = version == "5.0"
    client = paho.Client(
        CallbackAPIVersion.VERSION1 if api == "1" else CallbackAPIVersion.VERSION2,
        client_id=f"luheng-paho-{api}",
        clean_session=None if is_5 else clean,
        protocol=paho.MQTTv5 if is_5 else paho.MQTTv311,
    )
    will = WILL if is_5 else None
    client.will_set("luheng/station/status", b"offline", 1, properties=will)
    client.max_inflight_messages_set(8)
    client.on_connect = on_connect
    client.on_message = on_message
    return client


def on_connect(client: paho.Client, *_: Any) -> None:
    """Subscribe whenever a connection is there."""
    client.subscribe("luheng/station/command", 2)


def on_message(client: paho.Client, userdata: Any, message: paho.MQTTMessage) -> None:
    """Tell what has come to the application; paho decodes the topic only here."""
    try:
        topic = message.topic
    except UnicodeDecodeError:
        return
    print("received", topic, message.payload.decode("utf-8", "replace"), flush=True)


def connect(client: paho.Client, host: str, port: int, *, clean: bool) -> None:
    """Open a connection that begins or resumes the session."""
    if client.protocol == paho.MQTTv5:
        client.connect(host, port, keepalive=5, clean_start=clean, properties=CONNECT)
    else:
        client.connect(host, port, keepalive=5)


def session(client: paho.Client, host: str, port: int, *, clean: bool = False) -> bool:
    """Report until enough is reported or the connection is lost; say if there was one.

    Whatever goes wrong ends the session, not the device.
    """
    sent, due_s, begun = 0, time.monotonic(), False
    try:
        connect(client, host, port, clean=clean)
        while client.loop(LOOP_S) == paho.MQTT_ERR_SUCCESS:
            if not client.is_connected() or time.monotonic() < due_s:
                continue
            begun, due_s = True, time.monotonic() + INTERVAL_S
            report(client)
            sent += 1
            if sent == READINGS_PER_SESSION:
                client.disconnect()
    except (OSError, ValueError) as error:
        print("session ended:", error, file=sys.stderr)
    time.sleep(RETRY_S)
    return begun


def report(client: paho.Client) -> None:
    """Publish the next reading."""
    number = next(numbers)
    qos = number % 3
    payload = b'{"qos":%d,"number":%d}' % (qos, number)
    more = PUBLISH if client.protocol == paho.MQTTv5 else None
    client.publish("luheng/station/telemetry", payload, qos, properties=more)


def main(api: str, version: str, host: str, port: str) -> None:
    """One session after the other until the process is ended.

    At first nothing is known of an older session, so it begins anew; what 3.1.1 calls
    clean also ends with its connection, and leaves nothing to the next one.
    """
    client = device(api, version, clean=True)
    while not session(client, host, int(port), clean=True):
        continue
    if version != "5.0":
        client = device(api, version, clean=False)
    while True:
        session(client, host, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
