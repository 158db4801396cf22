# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies of HJ 212: legal parameters, and ways to cut a stream.

What they draw is plain data (numbers, text, lists), so that evidence can hold it.

Source: HJ 212-2017, 6.3.3.2.3 table 4 (ranges of parameters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["cuts", "station_rules", "streams"]

_MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)


def station_rules(
    *, intervals: bool, password: bool, streams: Sequence[str]
) -> Mapping[str, SearchStrategy[Any]]:
    """Return what a host can do to a station, by what the station has."""
    rules: dict[str, SearchStrategy[Any]] = {"clock": st.none()}
    if intervals:
        rules |= {
            "set RtdInterval": st.integers(30, 3600),
            "set MinInterval": st.sampled_from(_MINUTES),
            "extract RtdInterval": st.none(),
            "extract MinInterval": st.none(),
        }
    if password:
        rules |= {
            "password": st.from_regex(r"[0-9A-Za-z]{6}", fullmatch=True),
            "old password": st.none(),
        }
    for cn in streams:
        rules |= {f"start {cn}": st.none(), f"stop {cn}": st.none()}
    return rules


def cuts() -> SearchStrategy[list[int]]:
    """Return places, in per mille of a stream, at which it is cut into writes."""
    return st.lists(st.integers(0, 1000), max_size=4)


def streams(packets_max: int = 3) -> SearchStrategy[dict[str, Any]]:
    """Return a stream: how many packets, what lies before each, and the cuts.

    Garbage never holds ``#`` or CR LF: what looks like a packet is another matter.
    """
    garbage = st.binary(max_size=6).map(
        lambda octets: bytes(o for o in octets if o not in b"#\r\n")
    )
    return st.integers(1, packets_max).flatmap(
        lambda count: st.fixed_dictionaries(
            {
                "garbage": st.lists(garbage, min_size=count, max_size=count),
                "cuts": cuts(),
            }
        )
    )
