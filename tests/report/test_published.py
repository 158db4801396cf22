# SPDX-License-Identifier: Apache-2.0
"""What is published of real peers: declarations, results, judgements and page agree.

Nothing is run here; ``tools/peers_report.py`` runs the peers and writes the page.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from conformance.iut.declaration import Declaration, load_declaration
from conformance.iut.review import review
from conformance.profile.corpus import default_corpus
from conformance.protocols import explain
from conformance.report.comparison import (
    Judgements,
    Subject,
    load_judgements,
    read_subjects,
    unjudged,
    write_subjects,
)
from conformance.report.comparison_page import page_text
from tests.mqtt_peers import CLIENTS, SERVERS

ROOT = Path(__file__).parent.parent.parent
DECLARED = ROOT / "fixtures" / "iut"
PUBLISHED = ROOT / "reports" / "mqtt"
PEERS = (*SERVERS, *CLIENTS)
NO_RESULT: set[tuple[str, str, str]] = set()
"""What is declared, but cannot be run to an end; ``docs/peers.md`` says why."""
COUNTED = ("pass", "fail", "warn", "inconclusive")
FILES = [
    file
    for name in PEERS
    for file in (DECLARED / f"{name}{end}.iut.yaml" for end in ("", "-mqtt5"))
    if file.exists()
]


@cache
def subjects() -> list[Subject]:
    return read_subjects(sorted(PUBLISHED.glob("*.json")))


@cache
def judgements() -> Judgements:
    return load_judgements(PUBLISHED / "judgements.yaml")


def who(declared: Declaration) -> tuple[str, str, str]:
    product = declared.implementation["product"]
    assert isinstance(product, str)
    return product, declared.profile_ref, declared.role


def test_each_peer_is_declared_for_3_1_1_and_some_for_5_0() -> None:
    names = {file.name for file in FILES}
    assert names >= {f"{name}.iut.yaml" for name in PEERS}
    assert len(names) > len(PEERS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_declaration_is_whole_and_of_the_profile_that_it_names(file: Path) -> None:
    declared = load_declaration(file)
    snapshot = default_corpus().resolve(declared.profile_ref)
    assert declared.profile_digest == snapshot.digest
    assert review(declared, snapshot, {}) == ()
    assert ("-mqtt5." in file.name) is (snapshot.id == "sd-base-mqtt5")
    name = file.name.partition(".")[0].removesuffix("-mqtt5")
    assert declared.role == ("platform" if name in SERVERS else "device")


def test_results_are_those_of_the_declarations() -> None:
    """Each declaration has a result, made with its answers, and none is left over."""
    declared = {who(d): d for d in map(load_declaration, FILES)}
    found = {(s.product, s.run["profile"], s.run["role"]): s for s in subjects()}
    assert found.keys() == declared.keys() - NO_RESULT
    for key, subject in found.items():
        assert subject.run["ics"] == declared[key].ics
        assert "partial" not in subject.run, key


def test_files_are_as_the_tool_writes_them(tmp_path: Path) -> None:
    written = write_subjects(subjects(), tmp_path)
    assert {p.name for p in written} == {p.name for p in PUBLISHED.glob("*.json")}
    for path in written:
        assert path.read_bytes() == (PUBLISHED / path.name).read_bytes()


def test_no_failure_is_without_a_judgement_and_no_judgement_without_one() -> None:
    assert unjudged(subjects(), judgements()) == []
    assert judgements().idle(subjects()) == []
    named = Counter(
        (e["peer"], e["version"], e["requirement"]) for e in judgements().entries
    )
    assert [entry for entry, count in named.items() if count > 1] == []


def test_judgements_are_in_both_languages_and_name_the_clause() -> None:
    for entry in judgements().entries:
        assert set(entry["reason"]) == {"zh", "en"}
        if entry["wrong"] == "product":
            for words in entry["reason"].values():
                assert re.search(r"\d\.\d", words), words


def test_the_page_is_made_of_the_results() -> None:
    """If this fails, ``tools/peers_report.py --page`` has to be run."""
    made = page_text(subjects(), judgements(), explain=explain, language="en")
    assert made == (PUBLISHED / "index.html").read_text("utf-8")
    for found in subjects():
        for name in found.failed():
            assert f'id="{found.slug}-{found.run["role"]}-{name}"' in made
    assert 'class="unjudged"' not in made


def test_the_guide_has_the_numbers_of_the_results() -> None:
    """One row for each product, version and version of MQTT, in ``docs/peers.md``."""
    text = (ROOT / "docs" / "peers.md").read_text("utf-8")
    for found in subjects():
        mqtt = "5.0" if "mqtt5" in found.run["profile"] else "3.1.1"
        told = (found.run["totals"].get(v, 0) for v in COUNTED)
        cells = (f"{found.product} {found.version}", mqtt, *map(str, told))
        assert f"| {' | '.join(cells)} |" in text
