# SPDX-License-Identifier: Apache-2.0
"""``luheng report``: a run's folder, a laboratory's file and a proof make the page."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.evidence.bundle import Bundle
from conformance.profile.corpus import default_corpus
from tests.report.samples import finished, measured
from tests.report.test_html import Page
from tests.report.test_laboratory import WHOLE, proof


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a run as the suite leaves it."""
    snapshot = default_corpus().resolve("sd-water-surface-station")
    result = finished(profile=snapshot.ref, profile_digest=snapshot.digest)
    result = replace(result, snapshot=snapshot)
    bundle = Bundle.create(tmp_path / "run", result.header, snapshot, {})
    assert result.footer is not None
    bundle.finish(result.records, result.footer)
    series = measured().series
    assert series is not None
    bundle.series.write_text(json.dumps(series.to_json()), "utf-8")
    return bundle.folder


def report(*words: str) -> int:
    return main(["--lang", "zh", "report", *words], io.StringIO())


def test_a_signed_report_comes_from_a_folder(folder: Path, tmp_path: Path) -> None:
    form = tmp_path / "laboratory.yaml"
    form.write_text(WHOLE, "utf-8")
    digest = Bundle(folder).result().header["profile_digest"]
    seal = proof(tmp_path, profile_digest=digest)
    assert report(str(folder)) == 0
    plain = (folder / "report.html").read_text("utf-8")
    assert "厂商自测" in plain
    assert plain.count("<figure") == 4  # clauses, course, values, intervals
    assert report(str(folder), "--laboratory", str(form), "--proof", str(seal)) == 0
    page = Page((folder / "report.html").read_text("utf-8"))
    assert "WT-2026-0147" in page.text
    assert "3 个实现，其中 1 个带缺陷，无异议" in page.text
    assert "自测" not in page.text


def test_a_wrong_file_changes_nothing(folder: Path, tmp_path: Path) -> None:
    assert report(str(folder)) == 0
    before = (folder / "report.html").read_bytes()
    form = tmp_path / "laboratory.yaml"
    form.write_text(WHOLE + "adress: x\n", "utf-8")
    assert report(str(folder), "--laboratory", str(form)) == 3
    other = proof(tmp_path, profile_digest="sha256:" + "99" * 32)
    assert report(str(folder), "--proof", str(other)) == 3
    assert (folder / "report.html").read_bytes() == before


@pytest.mark.parametrize(
    "damage",
    ["", "{}", "[]", "null", '{"format": 2}', "\x00", '{"format":1,"values":1}'],
)
def test_a_damaged_series_costs_the_pictures_only(folder: Path, damage: str) -> None:
    Bundle(folder).series.write_text(damage, "utf-8")
    assert report(str(folder)) == 0
    text = (folder / "report.html").read_text("utf-8")
    assert text.count("<figure") == 2
