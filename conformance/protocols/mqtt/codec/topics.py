# SPDX-License-Identifier: Apache-2.0
"""Topic names and topic filters: what they may hold, and which matches which.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clauses 4.7.1 to 4.7.3; MQTT Version 5.0
(OASIS, 2019-03-07), clauses 4.7 and 4.8.2.
"""

from __future__ import annotations

from functools import lru_cache

from conformance.protocols.mqtt.codec.packets import Version

__all__ = ["filter_faults", "is_shared", "matches"]

_SHARE = "$share/"


def is_shared(topic_filter: str) -> bool:
    """Say whether a topic filter of 5.0 asks for a shared subscription (4.8.2)."""
    return topic_filter.startswith(_SHARE)


def filter_faults(topic_filter: str, version: Version = 4) -> tuple[str, ...]:
    """Return the rules that the wildcards, or the share of 5.0, break.

    Source: MQTT 3.1.1 and 5.0, 4.7.1.2, 4.7.1.3 and 4.7.3; 5.0, 4.8.2.
    """
    if version == 5 and is_shared(topic_filter):
        share, _, rest = topic_filter.removeprefix(_SHARE).partition("/")
        if not share or not rest or "#" in share or "+" in share:
            return ("shared-filter",)
        topic_filter = rest
    if not topic_filter:
        return ("topic-empty",)
    if "#" not in topic_filter and "+" not in topic_filter:
        return ()
    *upper, last = topic_filter.split("/")
    faults = []
    if any("#" in level for level in upper) or ("#" in last and last != "#"):
        faults.append("filter-hash-position")
    if any("+" in level and level != "+" for level in (*upper, last)):
        faults.append("filter-plus-position")
    return tuple(faults)


def matches(topic_filter: str, topic_name: str) -> bool:
    """Say whether a topic filter matches a topic name.

    Levels are compared character by character, nothing is normalised (4.7.3).  A
    filter that begins with a wildcard leaves topics alone that begin with ``$``
    (4.7.2).  A filter or name that may not exist matches nothing.

    Source: MQTT 3.1.1, 4.7.
    """
    plan = _plan(topic_filter)
    if plan is None or not topic_name or "#" in topic_name or "+" in topic_name:
        return False
    levels, has_hash = plan
    if topic_name[0] == "$" and topic_filter[0] in "#+":
        return False
    names = topic_name.split("/")
    # "sport/#" matches "sport" too: # stands for the parent and all below it.
    if len(names) < len(levels) or (len(names) > len(levels) and not has_hash):
        return False
    return all(level in ("+", name) for level, name in zip(levels, names, strict=False))


@lru_cache(maxsize=4096)
def _plan(topic_filter: str) -> tuple[tuple[str, ...], bool] | None:
    if filter_faults(topic_filter):
        return None
    levels = tuple(topic_filter.split("/"))
    return (levels[:-1], True) if levels[-1] == "#" else (levels, False)
