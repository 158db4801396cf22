# SPDX-License-Identifier: Apache-2.0
"""A device of mosquitto's commands: ``mosquitto_client.py PROGRAM VERSION HOST PORT``.

``mosquitto_pub`` is given one reading a line and publishes it at QoS 1; when its input
ends it sends DISCONNECT, and the next one begins.  ``mosquitto_sub`` subscribes to
commands and comes back by itself.  Ends when its own standard input ends, and takes
the command with it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

INTERVAL_S = 0.1
RETRY_S = 0.05
PATIENCE_S = 5.0
READINGS_PER_SESSION = 100
KEPT_S = "3600"
EXPIRES_S = "20"
PROTOCOLS = {"3.1.1": "mqttv311", "5.0": "mqttv5"}
PROPERTIES = {
    "connect": ("receive-maximum 20",),
    "publish": (
        "payload-format-indicator 1",
        f"message-expiry-interval {EXPIRES_S}",
        "content-type application/json",
        "user-property station luheng",
    ),
    "will": ("will-delay-interval 1", "content-type text/plain"),
}
"""What is said in the packets of MQTT 5.0, by command."""
numbers = count(time.time_ns() // 10**8 % 900_000 + 100_000)
"""Of six digits, and other ones after each start."""
over = threading.Event()


def publish(program: str, where: list[str]) -> None:
    """Run ``mosquitto_pub`` until it has published enough or has left."""
    will = ["--will-topic", "luheng/station/status", "--will-payload", "offline"]
    command = [program, *where, "-l", "-t", "luheng/station/telemetry", "-q", "1"]
    with subprocess.Popen([*command, *will], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        try:
            for _ in range(READINGS_PER_SESSION):
                if over.wait(INTERVAL_S) or child.poll() is not None:
                    break
                child.stdin.write(b'{"number":%d}\n' % next(numbers))
                child.stdin.flush()
        except OSError as error:
            print("session ended:", error, file=sys.stderr)
        finally:
            finish(child)


def finish(child: subprocess.Popen[bytes]) -> None:
    """End the input of a command and wait for its end, but not for ever.

    ``mosquitto_pub`` may go on waiting for what a lost connection cannot bring.
    """
    assert child.stdin is not None
    try:
        child.stdin.close()
    except OSError as error:
        print("input lost:", error, file=sys.stderr)
    until = time.monotonic() + PATIENCE_S
    while child.poll() is None:
        if over.is_set() or time.monotonic() > until:
            child.kill()
        try:
            child.wait(RETRY_S)
        except subprocess.TimeoutExpired:
            continue


def subscribe(program: str, where: list[str]) -> None:
    """Run ``mosquitto_sub`` until it leaves or we are told to end.

    It tells us what comes, and comes back by itself.
    """
    command = [program, *where, "-t", "luheng/station/command", "-q", "2"]
    command += ["-F", "received %t %p"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as child:
        while child.poll() is None:
            if over.wait(RETRY_S):
                child.kill()


def options_of_5(*packets: str) -> list[str]:
    """Return the options that only MQTT 5.0 has, with the properties of packets."""
    told = [
        ["-D", packet, *p.split()] for packet in packets for p in PROPERTIES[packet]
    ]
    return ["-x", KEPT_S, *(part for option in told for part in option)]


def main(program: str, version: str, host: str, port: str) -> None:
    """Run the command again and again until standard input ends."""
    threading.Thread(target=await_end, daemon=True).start()
    name = Path(program).stem
    publishes = name == "mosquitto_pub"
    where = ["-h", host, "-p", port, "-i", f"luheng-{name}", "-k", "5"]
    where += ["-V", PROTOCOLS[version]]
    if version == "5.0":
        where += options_of_5("connect", *(("publish", "will") if publishes else ()))
    run = publish if publishes else subscribe
    if publishes:  # at first nothing is known of an older session: it begins anew
        run(program, where)
    while not over.wait(RETRY_S):
        run(program, [*where, "-c"])


def await_end() -> None:
    """Note the end of standard input, which is how we are told to end."""
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
