# SPDX-License-Identifier: Apache-2.0
"""A device made of mosquitto's own commands: ``mosquitto_client.py PROGRAM HOST PORT``.

``mosquitto_pub`` is given one reading a line and publishes it at QoS 1; when its input
ends it sends DISCONNECT, and the next one begins.  ``mosquitto_sub`` subscribes to
commands and comes back by itself.  Ends when its own standard input ends, and takes
the command with it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from itertools import count
from pathlib import Path

INTERVAL_S = 0.25
RETRY_S = 0.05
READINGS_PER_SESSION = 40
numbers = count(1)
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
    """End the input of a command and wait for its end, but not for ever."""
    assert child.stdin is not None
    try:
        child.stdin.close()
    except OSError as error:
        print("input lost:", error, file=sys.stderr)
    while child.poll() is None:
        if over.is_set():
            child.kill()
        try:
            child.wait(RETRY_S)
        except subprocess.TimeoutExpired:
            continue


def subscribe(program: str, where: list[str]) -> None:
    """Run ``mosquitto_sub`` until it leaves or we are told to end."""
    command = [program, *where, "-t", "luheng/station/command", "-q", "1"]
    nothing = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=nothing, stdout=nothing) as child:
        while child.poll() is None:
            if over.wait(RETRY_S):
                child.kill()


def main(program: str, host: str, port: str) -> None:
    """Run the command again and again until standard input ends."""
    threading.Thread(target=await_end, daemon=True).start()
    name = Path(program).stem
    where = ["-h", host, "-p", port, "-i", f"luheng-{name}", "-c", "-k", "5"]
    run = publish if name == "mosquitto_pub" else subscribe
    while not over.wait(RETRY_S):
        run(program, where)


def await_end() -> None:
    """Note the end of standard input, which is how we are told to end."""
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
