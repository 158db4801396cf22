# SPDX-License-Identifier: Apache-2.0
"""What the wire does not show: ask a command, a URL or the operator.

A hook answers JSON (or nothing, for a mere action).  Each form has a time limit and a
size limit, and each failure is a ``LinkError`` that names the hook, because a broken
observation says nothing about the implementation under test.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conformance.errors import LinkError

__all__ = [
    "Operator",
    "ask_command",
    "ask_operator",
    "ask_url",
    "console_operator",
    "fill_prompt",
]

_ANSWER_MAX_OCTETS = 8 << 20
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PROMPT_FACT_CHARS = 200
_SLICE_S = 0.2

Operator = Callable[[str, float], str | None]
"""Shows a question to a person; returns the answer, or ``None`` after the time."""


def ask_command(
    hook: str, command: Sequence[str], facts: Mapping[str, str], timeout_s: float
) -> Any:
    """Run a command, without a shell, and return the JSON that it prints.

    ``{name}`` in an argument is replaced by a fact.
    """
    filled = [_fill(part, facts) for part in command]
    try:
        done = subprocess.run(
            filled,
            capture_output=True,
            timeout=timeout_s,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise _failed(hook, f"no end within {timeout_s:g} s") from None
    except OSError as error:
        raise _failed(hook, error.strerror or "cannot be started") from None
    except ValueError:  # NUL in an argument
        raise _failed(hook, "a fact that no command can take") from None
    if done.returncode:
        raise _failed(hook, f"exit code {done.returncode}")
    return _parse(hook, done.stdout)


def ask_url(hook: str, url: str, facts: Mapping[str, str], timeout_s: float) -> Any:
    """Get a URL (http or https) and return its JSON."""
    quoted = {k: urllib.parse.quote(v, safe="") for k, v in facts.items()}
    address = _fill(url, quoted)
    if not address.startswith(("http://", "https://")):
        raise _failed(hook, "only http and https addresses are asked")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=timeout_s) as answer:
            octets = answer.read(_ANSWER_MAX_OCTETS + 1)
    except (urllib.error.URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise _failed(hook, str(reason)) from None
    return _parse(hook, octets)


def ask_operator(
    hook: str, question: str, operator: Operator | None, timeout_s: float
) -> Any:
    """Put a question to the operator; the answer is JSON, or plain text, or nothing."""
    answer = operator(question, timeout_s) if operator else None
    if answer is None:
        raise _failed(hook, f"no operator answered within {timeout_s:g} s")
    try:
        return json.loads(answer)
    except ValueError:
        return answer


def console_operator(
    question: str, timeout_s: float, stop: threading.Event | None = None
) -> str | None:
    """Ask on the terminal.  ``None`` without a terminal, after the time, on stop."""
    if not sys.stdin.isatty():
        return None
    print(question, file=sys.stderr, flush=True)
    box: list[str] = []
    reader = threading.Thread(target=lambda: box.append(input()), daemon=True)
    reader.start()
    deadline_s = time.monotonic() + timeout_s
    while reader.is_alive() and time.monotonic() < deadline_s:
        if stop is not None and stop.is_set():
            return None
        reader.join(_SLICE_S)
    return box[0] if box else None


def fill_prompt(template: str, facts: Mapping[str, str]) -> str:
    """Return what an operator reads.

    Some facts come from the implementation; none may steer the terminal.
    """
    return _fill(template, {name: _harmless(value) for name, value in facts.items()})


def _harmless(value: str) -> str:
    shown = value[:_PROMPT_FACT_CHARS]
    clean = "".join(c if c.isprintable() else repr(c)[1:-1] for c in shown)
    return clean + "…" if len(value) > len(shown) else clean


def _fill(template: str, facts: Mapping[str, str]) -> str:
    """Fill the placeholders once: what a fact holds is never one itself."""
    return _PLACEHOLDER.sub(lambda found: facts.get(found[1], found[0]), template)


def _parse(hook: str, octets: bytes) -> Any:
    if len(octets) > _ANSWER_MAX_OCTETS:
        raise _failed(hook, f"more than {_ANSWER_MAX_OCTETS} octets")
    if not octets.strip():
        return None
    try:
        return json.loads(octets)
    except (ValueError, RecursionError):
        raise _failed(hook, "the answer is not JSON") from None


def _failed(hook: str, reason: str) -> LinkError:
    return LinkError("link.hook-failed", hook=hook, reason=reason)
