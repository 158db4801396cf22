# SPDX-License-Identifier: Apache-2.0
"""Devices under test: the wrong version is told, and evidence judged again alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.proof import Endpoint, declare
from conformance.engine.result import RunResult
from conformance.engine.verdicts import Cause, Verdict
from conformance.evidence.session import Options, prepare, rejudge
from conformance.link.ports import free_port
from conformance.profile.corpus import default_corpus
from conformance.protocols.mqtt.codec import Version
from conformance.protocols.mqtt.device import Settings, controlled

REFS: dict[Version, str] = {4: "sd-base-mqtt311@1.0.0", 5: "sd-base-mqtt5@1.0.0"}
PREFIXES = {4: "mqtt", 5: "mqtt5"}
LACKS = ("WEBSOCKET", "SERVER_REFERENCE")


def run(
    tested: Version, spoken: Version, folder: Path, only: Sequence[str]
) -> RunResult:
    """Run requirements of one version against a device that speaks another or not."""
    pytest.importorskip("paho.mqtt")
    snapshot = default_corpus().resolve(REFS[tested])
    port = free_port()
    ixit: dict[str, Any] = {
        "endpoint": Endpoint("127.0.0.1", port),
        "answer_timeout": "PT5S",
        "connect_timeout": "PT10S",
        "report_timeout": "PT5S",
    }
    with controlled(Settings("127.0.0.1", port, protocol=spoken)):
        declared = declare(
            snapshot,
            "device",
            ics={i.id: not i.id.endswith(LACKS) for i in snapshot.ics},
            ixit={f"{PREFIXES[tested]}_{k}": v for k, v in ixit.items()},
        )
        options = Options(depth="smoke", folder=folder, seed=1, only=only)
        return prepare(declared, options, snapshot=snapshot).execute()


@pytest.mark.parametrize(
    ("tested", "spoken", "name"),
    [(5, 4, "MQTT5-4.3.2.D-4"), (4, 5, "MQTT311-4.3.2.D-2")],
)
def test_a_device_of_the_other_version_is_told_so(
    tested: Version, spoken: Version, name: str, tmp_path: Path
) -> None:
    result = run(tested, spoken, tmp_path / "run", [name])
    (record,) = (r for r in result.records if r.requirement == name)
    assert record.verdict is Verdict.INCONCLUSIVE
    assert (record.key, record.cause) == ("other-version", Cause.IUT)


@pytest.mark.parametrize(
    ("version", "names"),
    [
        (4, ["MQTT311-4.4.0-1", "MQTT311-4.3.3.D-2", "MQTT311-1.5.3.D-2"]),
        (5, ["MQTT5-4.4.0.D-1", "MQTT5-4.3.3.D-5", "MQTT5-3.3.4-7", "MQTT5-S-087"]),
    ],
)
def test_judging_a_device_again_gives_the_same_records(
    version: Version, names: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    result = run(version, version, folder, names)
    found = {r.requirement: r.verdict for r in result.records if r.requirement in names}
    assert found == dict.fromkeys(names, Verdict.PASS)
    again = rejudge(folder).records
    assert [r.to_json() for r in again] == [r.to_json() for r in result.records]
