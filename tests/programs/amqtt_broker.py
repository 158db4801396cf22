# SPDX-License-Identifier: Apache-2.0
"""Serve MQTT with amqtt: ``python amqtt_broker.py PORT``, in amqtt's environment."""

from __future__ import annotations

import asyncio
import logging
import sys

from amqtt.broker import Broker

PLUGINS = {
    "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True},
    "amqtt.plugins.sys.broker.BrokerSysPlugin": {"sys_interval": 20},
}


async def serve(port: int) -> None:
    """Serve on a loopback port until the process is ended."""
    listener = {"type": "tcp", "bind": f"127.0.0.1:{port}"}
    broker = Broker({"listeners": {"default": listener}, "plugins": PLUGINS})
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(int(sys.argv[1])))
