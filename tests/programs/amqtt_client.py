# SPDX-License-Identifier: Apache-2.0
"""A telemetry device made with amqtt: ``python amqtt_client.py HOST PORT``.

Publishes readings at QoS 0, 1 and 2, subscribes to commands, sends DISCONNECT after
some readings and comes back.  Runs in amqtt's own environment.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from itertools import count

from amqtt.client import MQTTClient

INTERVAL_S = 0.1
READINGS_PER_SESSION = 100
CONFIG = {
    "keep_alive": 5,
    # It would wait for 2, 4, 8 ... seconds between attempts; this is the upper bound.
    "auto_reconnect": True,
    "reconnect_retries": -1,
    "reconnect_max_interval": 1,
    "will": {
        "topic": "luheng/station/status",
        "message": "offline",
        "qos": 1,
        "retain": False,
    },
}
numbers = count(time.time_ns() // 10**8 % 900_000 + 100_000)
"""Of six digits, and other ones after each start."""


async def session(client: MQTTClient) -> None:
    """Report until enough is reported, then leave in good order."""
    await client.subscribe([("luheng/station/command", 2)])
    for _ in range(READINGS_PER_SESSION):
        number = next(numbers)
        qos = number % 3
        message = b'{"qos":%d,"number":%d}' % (qos, number)
        await client.publish(
            "luheng/station/telemetry", message, qos=qos, ack_timeout=5
        )
        await asyncio.sleep(INTERVAL_S)
    await client.disconnect()


async def take_commands(client: MQTTClient) -> None:
    """Take what comes and tell of it."""
    while True:
        message = await client.deliver_message()
        if message is not None:
            payload = bytes(message.data or b"").decode("utf-8", "replace")
            print("received", message.topic, payload, flush=True)


async def attempt(client: MQTTClient) -> None:
    """Have a session, however it ends."""
    commands = asyncio.create_task(take_commands(client))
    (ended,) = await asyncio.gather(session(client), return_exceptions=True)
    logging.warning("session ended: %r", ended)
    commands.cancel()
    await asyncio.sleep(INTERVAL_S)


async def run(host: str, port: str) -> None:
    """One session after the other; whatever ends one, the next one follows."""
    client = MQTTClient("luheng-amqtt", CONFIG)
    await client.connect(f"mqtt://{host}:{port}", cleansession=False)
    while True:
        await attempt(client)
        await asyncio.gather(client.reconnect(), return_exceptions=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(*sys.argv[1:]))
