# SPDX-License-Identifier: Apache-2.0
"""The clock of a station is judged by when its real-time data came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from conformance.engine.judge import Judge, judge_rule
from conformance.engine.registry import find
from conformance.profile.model import Snapshot
from conformance.protocols.hj212 import rules
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.packets import packet
from tests.protocols.hj212.test_rules import WHO, talk

CAME = datetime(2026, 1, 1, 12, 0, 30, tzinfo=BEIJING)


def judged(snapshot: Snapshot, label: datetime, sent: datetime) -> list[str]:
    """Keys of what is found in one upload that came at ``CAME``."""
    area = ((("DataTime", f"{label:%Y%m%d%H%M%S}"),), (("w01001-Rtd", "7.02"),))
    octets = packet(WHO, "2011", f"{sent:%Y%m%d%H%M%S}000", area)
    ns = int(CAME.timestamp()) * 1_000_000_000
    conversation = talk(("client", octets), start_ns=ns)
    conversation.iut = "client"
    judge = Judge(snapshot, {}, "client")
    procedure = find("hj212.clock_right", "device")
    judge_rule(procedure, {"seconds_max": 60}, [rules.decode(conversation)], judge)
    judge.conclude()
    return [finding.key for finding in judge.findings]


@pytest.mark.parametrize(
    ("label_s", "sent_s", "found"),
    [
        (0, 0, []),
        (-30, -20, []),
        (-600, -1, []),  # an analysis that takes ten minutes
        (-600, -61, ["clock"]),
        (-8 * 3600, 0, ["clock"]),  # DataTime in UTC
        (59, 59, []),
        (61, 61, ["clock"]),
        (3600, 0, ["clock"]),
        (-61, -61, ["clock"]),
        (-8 * 3600, -8 * 3600, ["clock"]),  # a clock in UTC
    ],
)
def test_a_clock_that_is_off_is_found(
    snapshot: Snapshot, label_s: int, sent_s: int, found: list[str]
) -> None:
    label, sent = (CAME + timedelta(seconds=s) for s in (label_s, sent_s))
    assert judged(snapshot, label, sent) == found
