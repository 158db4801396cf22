# SPDX-License-Identifier: Apache-2.0
"""The model of a server finds what is wrong and tells the shortest way to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.engine.verdicts import Verdict
from conformance.evidence.session import Options, prepare, rejudge
from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.checks import server_model
from conformance.protocols.mqtt.faults import bench

pytestmark = [pytest.mark.peer("mosquitto"), pytest.mark.slow]

NUMBERS = {"MQTT311": "MQTT311-4.5.0-1", "MQTT5": "MQTT5-4.5.0-1"}


@pytest.mark.parametrize("key", NUMBERS)
def test_a_deviation_is_told_by_its_shortest_sequence(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One topic of two is lost; without the known steps the generated ones show it."""
    monkeypatch.setattr(server_model, "_KNOWN", ())
    snapshot = default_corpus().resolve(f"sd-base-{key.lower()}@1.0.0")
    folder, name = tmp_path / "run", NUMBERS[key]
    with bench(snapshot, "platform", "one-topic-lost") as made:
        options = Options(folder=folder, seed=1, only=(name,))
        result = prepare(made.declaration, options, snapshot=snapshot).execute()
    record = next(r for r in result.records if r.requirement == name)
    assert (record.verdict, record.key) == (Verdict.FAIL, "not-delivered")
    assert record.counterexample == [["publish", [["b", 0]]]]
    again = next(r for r in rejudge(folder).records if r.requirement == name)
    assert again.to_json() == record.to_json()
