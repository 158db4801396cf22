# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies for platforms: what stations can do to one.

What they draw is plain data, so that evidence can hold it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

__all__ = ["platform_rules"]


def platform_rules() -> Mapping[str, SearchStrategy[Any]]:
    """Return the steps of stations: which one, whether it wants an answer, a cut."""
    how = st.fixed_dictionaries(
        {
            "station": st.integers(0, 1),
            "wanted": st.booleans(),
            "cut": st.integers(0, 1000),
        }
    )
    return dict.fromkeys(("upload", "again", "burst", "between", "back"), how)
