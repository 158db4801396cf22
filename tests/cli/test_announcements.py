# SPDX-License-Identifier: Apache-2.0
"""What a run says before it begins to wait."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.run import announcements
from conformance.evidence.session import Options, prepare
from tests.cli.bench import ROOT


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mosquitto", ["(mqtt_connect_wait)"]),
        (
            "station-hj212",
            ["(hj212_endpoint)", "(hj212_connect_timeout)", "(hj212_upload_wait)"],
        ),
    ],
)
def test_where_and_how_long_a_run_may_wait(
    name: str, expected: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HJ212_PASSWORD", "Lh2017")
    declaration = ROOT / "fixtures" / "iut" / f"{name}.iut.yaml"
    session = prepare(declaration, Options(folder=tmp_path / "run"))
    said = list(announcements(session))
    assert [text.en.rpartition(" ")[2] for text in said] == expected
    assert all("s: " in text.en for text in said if "endpoint" not in text.en)
    assert all(text.zh.endswith("）") for text in said)
