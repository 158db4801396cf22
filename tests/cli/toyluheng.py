# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.cli.toyluheng``: the real command, with the toy protocol added.

``TOY_INTERRUPT`` names a function of the suite; when it is first called, the process
gets a real Ctrl-C (or, with ``TOY_SIGNAL``, another signal) at exactly that point.
"""

from __future__ import annotations

import importlib
import os
import signal
from typing import Any

import pytest

from conformance.cli.main import entry
from tests.engine import toy


def interrupt_at(place: str, number: int) -> None:
    """Send ourselves a signal when ``package.module:Class.function`` is called."""
    module, _, path = place.partition(":")
    *holders, name = path.split(".")
    holder: Any = importlib.import_module(module)
    for part in holders:
        holder = getattr(holder, part)
    raw = vars(holder)[name]
    real = raw.__func__ if isinstance(raw, classmethod) else raw

    def function(*args: Any, **kwargs: Any) -> Any:
        setattr(holder, name, raw)
        os.kill(os.getpid(), number)
        return real(*args, **kwargs)

    setattr(holder, name, classmethod(function) if real is not raw else function)


if __name__ == "__main__":
    toy.install(pytest.MonkeyPatch())
    if place := os.environ.get("TOY_INTERRUPT"):
        name = os.environ.get("TOY_SIGNAL", "SIGINT")
        interrupt_at(place, getattr(signal, name))
    entry()
