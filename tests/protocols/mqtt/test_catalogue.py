# SPDX-License-Identifier: Apache-2.0
"""The MQTT profiles against the list of the standards' numbered statements.

No statement may be lost or invented, each side that a statement binds has a
requirement, and only what nobody can test is left for good.  A requirement carries the
number of its statement; where a statement is more than one requirement, letters before
the last number tell them apart (``MQTT311-3.3.1.P-1``).

Source: fixtures/mqtt/statements.jsonl, from the texts that its lines name.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from conformance.paths import data_dir
from conformance.profile.corpus import default_corpus
from conformance.profile.model import Requirement
from conformance.protocols.mqtt.codec.rulebook import RULES

PREFIXES = {"3.1.1": "MQTT311", "5.0": "MQTT5"}
VERSIONS = tuple(PREFIXES)
ACTORS = {
    "client": {"device"},
    "server": {"platform"},
    "both": {"device", "platform"},
}
LEVELS = {"must": "shall", "must-not": "shall-not"}
FINAL = {"not-observable", "out-of-scope", "document-review"}
PARTS = {"D": {"device"}, "P": {"platform"}}
"""Letters that name a side; TX and RX (who sends, who receives) can be either."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One numbered statement: whom it binds, how strictly, and who can test it."""

    version: str
    id: str
    binds: str
    level: str
    testable_as: Sequence[str]
    source: str


@cache
def statements(version: str) -> dict[str, Statement]:
    """Return the statements of a version by their number without ``MQTT-``."""
    file = data_dir("fixtures") / "mqtt" / "statements.jsonl"
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    found = [Statement(**row) for row in rows if row["version"] == version]
    named = {s.id.removeprefix("MQTT-"): s for s in found}
    assert len(named) == len(found)
    return named


@cache
def requirements(version: str) -> tuple[Requirement, ...]:
    """Return the requirements of the base profile of a version."""
    ref = f"sd-base-{PREFIXES[version].lower()}@1.0.0"
    return default_corpus().resolve(ref).requirements


def split(item: Requirement) -> tuple[str, str]:
    """Return (number of the statement, letters): ``3.3.1.P-1`` → 3.3.1-1, P."""
    number = item.id.partition("-")[2]
    found = re.fullmatch(r"([\d.]*\d|S)(?:\.(D|P|TX|RX))?-(\d+)", number)
    assert found, item.id
    return f"{found[1]}-{found[3]}", found[2] or ""


def is_own(item: Requirement) -> bool:
    """Whether the standard gives the sentence no number."""
    return split(item)[0].startswith("S-")


def by_statement(version: str) -> dict[str, list[Requirement]]:
    """Return the requirements of every numbered statement."""
    found = defaultdict(list)
    for item in requirements(version):
        if not is_own(item):
            found[split(item)[0]].append(item)
    return found


def bound(item: Requirement) -> set[str]:
    return ACTORS["both"] if item.actor == "both" else {item.actor}


def cases() -> list[Any]:
    return [
        pytest.param(statement, id=f"{version}-{number}")
        for version in VERSIONS
        for number, statement in statements(version).items()
    ]


@pytest.mark.parametrize(("version", "count"), [("3.1.1", 141), ("5.0", 251)])
def test_no_statement_is_lost_or_invented(version: str, count: int) -> None:
    assert len(statements(version)) == count
    assert by_statement(version).keys() == statements(version).keys()


@pytest.mark.parametrize("statement", cases())
def test_a_statement_is_required_as_it_stands(statement: Statement) -> None:
    number = statement.id.removeprefix("MQTT-")
    items = by_statement(statement.version)[number]
    assert set[str]().union(*map(bound, items)) == ACTORS[statement.binds]
    assert LEVELS[statement.level] in {item.level for item in items}
    assert {item.level for item in items} <= set(LEVELS.values())
    clause = re.sub(r"(\.0)?-\d+$", "", number)
    for item in items:
        assert f"{item.clause.section}.".startswith(f"{clause}.") or (
            clause.startswith(item.clause.section)
        )


UNSEEN = ("MQTT311-3.1.3-1", "MQTT5-4.8.2-1")
"""Packets can show no violation, whatever the usual column says: docs/disputed.md."""


@pytest.mark.parametrize("statement", cases())
def test_only_what_nobody_can_test_is_left_for_good(statement: Statement) -> None:
    number = statement.id.removeprefix("MQTT-")
    for item in by_statement(statement.version)[number]:
        reason = item.not_tested.reason if item.not_tested else "tested"
        can_be = statement.testable_as and item.id not in UNSEEN
        assert (reason in FINAL) == (not can_be)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_parts_of_a_statement_are_told_apart(version: str) -> None:
    for items in by_statement(version).values():
        letters = [split(item)[1] for item in items]
        assert len(set(letters)) == len(letters)
        assert letters == ["" for _ in items] or len(items) > 1
        for item, part in zip(items, letters, strict=True):
            assert bound(item) == PARTS.get(part, bound(item))


@pytest.mark.parametrize("version", VERSIONS)
def test_own_numbers_run_on_without_a_gap(version: str) -> None:
    own = {int(i.id.rpartition("-")[2]) for i in requirements(version) if is_own(i)}
    assert sorted(own) == list(range(1, len(own) + 1))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_side_is_told_the_same_twice(version: str, language: str) -> None:
    items = requirements(version)
    said = [(i.text[language], side) for i in items for side in bound(i)]
    assert len(set(said)) == len(said)


def test_the_rulebook_cites_only_statements_that_exist() -> None:
    cited = {
        name.removeprefix("MQTT-")
        for rule in RULES.values()
        for names in (rule.statements, rule.reactions, *rule.by.values())
        for name in names
    }
    assert cited <= statements("3.1.1").keys()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_statement_disputed_in_a_note_is_in_the_list(version: str) -> None:
    listed = DISPUTED.read_text("utf-8") if DISPUTED.is_file() else None
    if listed is None:
        pytest.skip("the list belongs to the sources, not to the package")
    for item in requirements(version):
        note = item.not_tested.note if item.not_tested else None
        if note and "Two readings" in note["en"]:
            plain = f"{PREFIXES[version]}-{split(item)[0]}"
            assert item.id in listed or plain in listed, item.id
    known = {i.id for v in VERSIONS for i in requirements(v)}
    assert set(re.findall(r"`(MQTT(?:311|5)-[\w.]+-\d+)`", listed)) <= known


DISPUTED = data_dir("profiles").parent / "docs" / "disputed.md"
