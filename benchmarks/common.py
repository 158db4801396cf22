# SPDX-License-Identifier: Apache-2.0
"""Two contestants in one run: interleaved, in pairs, median against median.

Turns two callables into a comparison that a busy machine does not tilt: they take
turns, so that whatever slows one slows the other.  Knows nothing about what they do.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = [
    "Comparison",
    "Figure",
    "Target",
    "compare",
    "finish",
    "process_timer",
    "show",
]

MIN_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Target:
    """What the project promises: seconds at most, share of the peer's time at most."""

    seconds: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours against a named peer, with the same input in the same run."""

    name: str
    ours: str
    peer: str
    our_seconds: tuple[float, ...]
    peer_seconds: tuple[float, ...]
    target: Target

    @property
    def our_median(self) -> float:
        return statistics.median(self.our_seconds)

    @property
    def peer_median(self) -> float:
        return statistics.median(self.peer_seconds)

    @property
    def ratio(self) -> float:
        """Median of the ratios of each pair: what both suffered cancels out."""
        pairs = zip(self.our_seconds, self.peer_seconds, strict=True)
        return statistics.median(ours / peer for ours, peer in pairs)

    @property
    def is_met(self) -> bool:
        """Whether the target holds here and now."""
        seconds, ratio = self.target.seconds, self.target.ratio
        return (seconds is None or self.our_median <= seconds) and (
            ratio is None or self.ratio <= ratio
        )


def compare(
    name: str,
    ours: tuple[str, Callable[[], float]],
    peer: tuple[str, Callable[[], float]],
    *,
    target: Target,
    rounds: int = 7,
) -> Comparison:
    """Time both in turns and return the figures.

    Each contestant is a name and a callable that does the work once and returns its
    seconds.  One unmeasured round warms caches.  ``rounds`` is at least five.
    """
    if rounds < MIN_ROUNDS:
        raise ValueError(f"at least {MIN_ROUNDS} rounds, not {rounds}")
    ours[1](), peer[1]()
    our_seconds: list[float] = []
    peer_seconds: list[float] = []
    for number in range(rounds):
        # Who goes first alternates too: the second finds warmer caches.
        turn = [(ours[1], our_seconds), (peer[1], peer_seconds)]
        for work, seconds in turn if number % 2 == 0 else reversed(turn):
            seconds.append(work())
    return Comparison(
        name, ours[0], peer[0], tuple(our_seconds), tuple(peer_seconds), target
    )


def process_timer(
    command: Sequence[str | Path], *, environment: dict[str, str]
) -> Callable[[], float]:
    """Return a callable that runs a command to its end and returns its seconds.

    Raises ``subprocess.CalledProcessError`` when the command fails: the time of a
    failure is no figure.
    """

    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    return once


def finish(comparisons: Sequence[Comparison], json_file: Path | None) -> int:
    """Print a table, write JSON if asked; return 0 when every target is met, else 1."""
    print(f"{'what':<22} {'ours':>10} {'peer':>10} {'ratio':>7}  target")
    for item in comparisons:
        print(
            f"{item.name:<22} {item.our_median * 1e3:>7.0f} ms "
            f"{item.peer_median * 1e3:>7.0f} ms {item.ratio:>7.3f}  "
            f"{_spoken(item.target)}: {'met' if item.is_met else 'NOT MET'}"
        )
        print(f"{'':<22} {item.ours}  against  {item.peer}")
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(_as_json(comparisons), "utf-8")
    return 0 if all(item.is_met for item in comparisons) else 1


@dataclass(frozen=True, slots=True)
class Figure:
    """One quantity, ours beside a named peer's; for what is not a time."""

    name: str
    unit: str
    ours: float
    peer_name: str = ""
    peer: float | None = None
    at_most: float | None = None
    """Of the quantity itself."""
    ratio_at_most: float | None = None
    """Of the peer's."""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.peer if self.peer else None

    @property
    def is_met(self) -> bool:
        """Whether the targets hold, where there are any."""
        small = self.at_most is None or self.ours <= self.at_most
        ratio = self.ratio if self.ratio_at_most is not None else None
        return small and (ratio is None or ratio <= (self.ratio_at_most or 0))


def show(figures: Sequence[Figure], json_file: Path | None) -> int:
    """Print figures, write JSON if asked; return 0 when every target is met, else 1."""
    for item in figures:
        line = f"{item.name:<44} {item.ours:>10,.2f} {item.unit}"
        if item.peer is not None:
            line += f"  {item.peer_name}: {item.peer:,.2f}, ratio {item.ratio:.3f}"
        targets = [
            f"at most {limit:g}{of}"
            for limit, of in ((item.at_most, ""), (item.ratio_at_most, " of the peer"))
            if limit is not None
        ]
        if targets:
            met = "met" if item.is_met else "NOT MET"
            line += f"  {' and '.join(targets)}: {met}"
        print(line)
    if json_file is not None:
        rows = [asdict(item) | {"met": item.is_met} for item in figures]
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps({"figures": rows}, indent=2) + "\n", "utf-8")
    return 0 if all(item.is_met for item in figures) else 1


def _as_json(comparisons: Sequence[Comparison]) -> str:
    machine = {"python": platform.python_version(), "system": platform.system()}
    rows = [
        {
            **asdict(item),
            "our_median": item.our_median,
            "peer_median": item.peer_median,
            "ratio": item.ratio,
            "met": item.is_met,
        }
        for item in comparisons
    ]
    return json.dumps({"machine": machine, "comparisons": rows}, indent=2) + "\n"


def _spoken(target: Target) -> str:
    parts = []
    if target.seconds is not None:
        parts.append(f"at most {target.seconds * 1e3:.0f} ms")
    if target.ratio is not None:
        parts.append(f"at most {target.ratio:.2f} of the peer")
    return " and ".join(parts) or "none"


if __name__ == "__main__":
    sys.exit("a library for the benchmarks beside it; see README.md")
