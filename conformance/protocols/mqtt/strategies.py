# SPDX-License-Identifier: Apache-2.0
"""What examples of MQTT traffic are made of.

Topics are made of few short levels, so that generated filters and names meet; payloads
cover the empty one, text and any octets.  Checks put a prefix of their own before
every topic, so nothing generated here can meet other traffic.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 3.3 and 4.7.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = [
    "LEVELS",
    "filter_lists",
    "filters",
    "identifiers",
    "messages",
    "names",
    "payloads",
]

LEVELS = ("a", "b", "c", "", "水位", "A b")
"""An empty level, a level outside ASCII and one with a space are legal (4.7.3)."""


def names(*, levels: Sequence[str] = LEVELS) -> SearchStrategy[str]:
    """Return topic names of one to three levels."""
    from hypothesis import strategies as st

    chosen = st.lists(st.sampled_from(levels), min_size=1, max_size=3)
    return chosen.map("/".join)


def filters(
    *, wildcards: bool = True, levels: Sequence[str] = LEVELS
) -> SearchStrategy[str]:
    """Return topic filters of one to three levels, with wildcards in legal places."""
    from hypothesis import strategies as st

    if not wildcards:
        return names(levels=levels)
    level = st.sampled_from((*levels, "+"))
    last = st.sampled_from((*levels, "+", "#"))
    upper = st.lists(level, max_size=2)
    return st.tuples(upper, last).map(lambda p: "/".join([*p[0], p[1]]))


def filters_and_names(
    *, wildcards: bool = True, levels: Sequence[str] = LEVELS
) -> SearchStrategy[tuple[str, ...]]:
    """Return pairs of a filter and a name; half of them are made to match."""
    from hypothesis import strategies as st

    def widened(name: str) -> SearchStrategy[tuple[str, ...]]:
        parts = name.split("/")
        swaps = st.tuples(*(st.sampled_from((part, "+")) for part in parts))
        made = swaps.map("/".join) if wildcards else st.just(name)
        return st.tuples(made, st.just(name))

    anything = st.tuples(
        filters(wildcards=wildcards, levels=levels), names(levels=levels)
    )
    return st.one_of(anything, names(levels=levels).flatmap(widened))


def filter_lists(*, wildcards: bool = True) -> SearchStrategy[list[Any]]:
    """Return lists of distinct ``[filter, qos]``."""
    from hypothesis import strategies as st

    pair = st.tuples(filters(wildcards=wildcards), st.integers(0, 2))
    return st.lists(pair, min_size=1, max_size=5, unique_by=lambda p: p[0]).map(
        lambda pairs: [list(pair) for pair in pairs]
    )


def payloads() -> SearchStrategy[bytes]:
    """Return payloads of up to some hundred octets."""
    from hypothesis import strategies as st

    return st.one_of(
        st.binary(max_size=32),
        st.text(max_size=16).map(str.encode),
        st.integers(100, 300).map(lambda size: b"x" * size),
    )


def messages() -> SearchStrategy[dict[str, Any]]:
    """Return messages as topic, payload and QoS."""
    from hypothesis import strategies as st

    return st.fixed_dictionaries(
        {"topic": names(), "payload": payloads(), "qos": st.integers(0, 2)}
    )


def identifiers() -> SearchStrategy[str]:
    """Client identifiers that every server allows (3.1.3.1), too long to be taken."""
    from hypothesis import strategies as st

    alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return st.text(alphabet, min_size=12, max_size=23)
