# SPDX-License-Identifier: Apache-2.0
"""The demo of MQTT: one requirement red among all that are green, and none if asked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from conformance.cli.main import main

KNOWN = "MQTT311-2.2.2-2"


def said(words: str) -> tuple[int, str]:
    out = io.StringIO()
    return main(["--lang", "en", *words.split()], out), out.getvalue()


@pytest.mark.slow
def test_one_requirement_is_red_and_all_others_are_green(tmp_path: Path) -> None:
    code, told = said(f"demo --protocol mqtt --no-open --seed 1 --out {tmp_path / 'r'}")
    assert code == 1
    assert "as mosquitto 2.0 does" in told
    lines = (tmp_path / "r" / "results.jsonl").read_text("utf-8").splitlines()
    footer = json.loads(lines[-1])
    assert footer["blocking"] == [KNOWN]
    totals = footer["totals"]
    assert totals["fail"] == 1
    assert totals["pass"] >= 100
    assert totals["warn"] == totals["inconclusive"] == totals["error"] == 0


@pytest.mark.slow
def test_without_a_fault_the_server_conforms(tmp_path: Path) -> None:
    words = "demo --protocol mqtt --fault none --no-open --seed 1"
    code, told = said(f"{words} --out {tmp_path / 'r'}")
    assert code == 0, told
    assert "deviation" not in told
    assert "\nConformant\n" in told


@pytest.mark.slow
def test_a_fault_of_the_proof_is_found_before_the_server_too(tmp_path: Path) -> None:
    words = "demo --protocol mqtt --fault second-ping-unanswered --no-open --seed 1"
    code, _ = said(f"{words} --only MQTT311-3.12.4-1 --out {tmp_path / 'r'}")
    assert code == 1


def test_the_demo_lists_what_it_can_deviate_in() -> None:
    code, told = said("demo --protocol mqtt --list-faults")
    names = [line.split()[0] for line in told.splitlines()]
    assert code == 0, told
    assert names[0] == "goes-on-after-wrong-ping"
    assert "mosquitto-as-it-is" not in names
    assert len(names) == len(set(names)) > 60
