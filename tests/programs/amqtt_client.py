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
ANSWER_S = 2
DELIVERY_S = 12
"""More than the five seconds after which amqtt itself gives up a message."""
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
    """Report until enough is reported."""
    command = [("luheng/station/command", 2)]
    # amqtt itself would wait for good for a SUBACK that was lost with its connection.
    await asyncio.wait_for(client.subscribe(command), ANSWER_S)
    for _ in range(READINGS_PER_SESSION):
        number = next(numbers)
        qos = number % 3
        message = b'{"qos":%d,"number":%d}' % (qos, number)
        sending = client.publish("luheng/station/telemetry", message, qos=qos)
        await asyncio.wait_for(sending, DELIVERY_S)
        await asyncio.sleep(INTERVAL_S)


async def take_commands(client: MQTTClient) -> None:
    """Take what comes and tell of it, whatever goes wrong with one message."""
    while True:
        (message,) = await asyncio.gather(
            client.deliver_message(), return_exceptions=True
        )
        if isinstance(message, BaseException):
            logging.warning("message lost: %r", message)
            await asyncio.sleep(INTERVAL_S)
        elif message is not None:
            payload = bytes(message.data or b"").decode("utf-8", "replace")
            print("received", message.topic, payload, flush=True)


async def attempt(client: MQTTClient) -> bool:
    """Have a session, however it ends; say whether it was left in good order."""
    (ended,) = await asyncio.gather(session(client), return_exceptions=True)
    logging.warning("session ended: %r", ended)
    if ended is None:
        await asyncio.gather(client.disconnect(), return_exceptions=True)
    await asyncio.sleep(INTERVAL_S)
    return ended is None


async def run(host: str, port: str) -> None:
    """One session after the other; whatever ends one, the next one follows.

    A connection that is lost amqtt opens again by itself, and of two attempts at once
    one would be left without a reader.
    """
    client = MQTTClient("luheng-amqtt", CONFIG)
    await client.connect(f"mqtt://{host}:{port}", cleansession=False)
    commands = asyncio.create_task(take_commands(client))
    while not commands.done():
        if await attempt(client):
            await asyncio.gather(client.reconnect(), return_exceptions=True)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(run(*sys.argv[1:]))
