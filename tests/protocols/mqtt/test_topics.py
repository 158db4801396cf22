# SPDX-License-Identifier: Apache-2.0
"""Which topic filter matches which topic name."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.protocols.mqtt.codec import (
    filter_faults,
    matches,
)

MATCHES = [
    # MQTT 3.1.1, 4.7.1.2
    ("sport/tennis/player1/#", "sport/tennis/player1", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", True),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", True),
    ("sport/#", "sport", True),
    ("#", "sport/tennis", True),
    ("sport/tennis#", "sport/tennis", False),
    ("sport/tennis/#/ranking", "sport/tennis/a/ranking", False),
    # MQTT 3.1.1, 4.7.1.3
    ("sport/tennis/+", "sport/tennis/player1", True),
    ("sport/tennis/+", "sport/tennis/player2", True),
    ("sport/tennis/+", "sport/tennis/player1/ranking", False),
    ("sport/+", "sport", False),
    ("sport/+", "sport/", True),
    ("+", "sport", True),
    ("+/tennis/#", "sport/tennis/player1", True),
    ("sport+", "sport", False),
    ("sport/+/player1", "sport/tennis/player1", True),
    ("+/+", "/finance", True),
    ("/+", "/finance", True),
    ("+", "/finance", False),
    # MQTT 3.1.1, 4.7.2
    ("#", "$SYS/x", False),
    ("+/monitor/Clients", "$SYS/monitor/Clients", False),
    ("$SYS/#", "$SYS/monitor/Clients", True),
    ("$SYS/monitor/+", "$SYS/monitor/Clients", True),
    ("#", "a/$SYS", True),
    # MQTT 3.1.1, 4.7.3
    ("ACCOUNTS", "Accounts", False),
    ("finance", "/finance", False),
    ("Accounts payable", "Accounts payable", True),
    ("é", "e\u0301", False),
]


@pytest.mark.parametrize(("topic_filter", "name", "expected"), MATCHES)
def test_matching_of_the_standard(topic_filter: str, name: str, expected: bool) -> None:
    """The standard's own examples, clause by clause."""
    assert matches(topic_filter, name) is expected


def slow_match(topic_filter: str, name: str) -> bool:
    """Say the same by a regular expression made from the filter."""
    if topic_filter[:1] in ("#", "+") and name.startswith("$"):
        return False
    pattern = re.escape(topic_filter).replace(r"\+", "[^/]*")
    if pattern == r"\#":
        pattern = ".*"
    elif pattern.endswith(r"/\#"):
        pattern = pattern.removesuffix(r"/\#") + "(/.*)?"
    return re.fullmatch(pattern, name, re.DOTALL) is not None


levels = st.sampled_from(["", "a", "b", "$s", ".", "[a]"])


@given(
    st.lists(levels | st.just("+"), min_size=1, max_size=4).map("/".join),
    st.sampled_from(["", "/#", "#"]),
    st.lists(levels, min_size=1, max_size=4).map("/".join).filter(bool),
)
@example("", "#", "$s")
@example("a", "/#", "a")
def test_matching_agrees_with_a_slow_formulation(
    front: str, end: str, name: str
) -> None:
    """Two independent formulations never differ on a legal filter."""
    topic_filter = "#" if end == "#" else front + end
    if not topic_filter:
        return
    assert filter_faults(topic_filter) == ()
    assert matches(topic_filter, name) == slow_match(topic_filter, name)
