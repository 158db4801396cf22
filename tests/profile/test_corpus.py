# SPDX-License-Identifier: Apache-2.0
"""The shipped corpus keeps every rule; references, states and lint work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from conformance.cli.profile import RegisteredChecks
from conformance.errors import ProfileError
from conformance.paths import data_dir
from conformance.profile.corpus import MOVES, Corpus, default_corpus
from conformance.profile.lint import (
    lint,
    modal_findings,
    snapshot_file,
    snapshot_text,
)
from conformance.profile.lock import lock_entry
from conformance.profile.messages import MESSAGES
from conformance.profile.model import Snapshot
from conformance.text import render_error
from tests.profile.bad_profiles import GOOD

REFS = default_corpus().refs()


def test_the_corpus_has_no_findings() -> None:
    count, errors = lint(default_corpus(), checks=RegisteredChecks())
    assert not errors, "\n".join(render_error(error, "en") for error in errors)
    assert count >= 4


@pytest.mark.parametrize("ref", REFS)
def test_every_profile_survives_storage(ref: str) -> None:
    snapshot = default_corpus().resolve(ref)
    assert snapshot.ref == ref
    assert Snapshot.from_json(json.loads(json.dumps(snapshot.to_json()))) == snapshot


@pytest.mark.parametrize("ref", REFS)
def test_nothing_that_is_shipped_claims_to_be_published(ref: str) -> None:
    assert default_corpus().entries[ref].state in ("draft", "review", "trial")


@pytest.mark.parametrize("ref", REFS)
def test_the_committed_snapshot_reads_back(ref: str) -> None:
    file = snapshot_file(default_corpus().entries[ref])
    stored = json.loads(file.read_text("utf-8"))
    assert Snapshot.from_json(stored).digest == default_corpus().resolve(ref).digest


def test_requirement_ids_are_unique_over_all_shipped_profiles() -> None:
    origins: dict[str, set[str]] = {}
    for ref in REFS:
        for item in default_corpus().resolve(ref).requirements:
            origins.setdefault(item.id, set()).add(item.origin.partition("@")[0])
    assert {key: found for key, found in origins.items() if len(found) > 1} == {}


def test_every_message_has_both_languages() -> None:
    for code, message in MESSAGES.items():
        assert code.startswith("profile.")
        assert message.zh
        assert message.en
        assert bool(message.hint_zh) == bool(message.hint_en), code


HEAD = (
    "format: 1\nkind: abstract\nlanguage: zh\nactors: [device]\n"
    "title: {zh: 样例, en: Sample}\n"
)


def make(root: Path, name: str, versions: dict[str, str], extends: str = "") -> None:
    """Write a profile folder with an index: version -> state."""
    folder = root / "area" / name
    folder.mkdir(parents=True)
    lines = ["format: 1", f"id: {name}", "owner: {zh: 测试, en: Test}", "versions:"]
    for version, state in versions.items():
        extra = {
            "published": ', published: "2026-01-01"',
            "superseded": f", by: {list(versions)[-1]}",
            "withdrawn": ', withdrawn: "2026-01-01", reason: {zh: 错误, en: Wrong}',
        }.get(state, "")
        lines.append(f"  - {{version: {version}, state: {state}{extra}}}")
        text = HEAD + f"id: {name}\nversion: {version}\n"
        text += f"extends: [{extends}]\n" if extends else ""
        (folder / f"{version}.yaml").write_text(text, "utf-8")
    (folder / "index.yaml").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.mark.parametrize(
    ("versions", "chosen"),
    [
        ({"1.0.0": "published", "2.0.0": "trial"}, "1.0.0"),
        ({"1.0.0": "trial", "1.10.0": "trial", "1.9.0": "trial"}, "1.10.0"),
        ({"1.0.0": "superseded", "2.0.0": "draft"}, "2.0.0"),
        ({"2.0.0": "withdrawn", "1.0.0": "draft"}, "1.0.0"),
    ],
)
def test_a_bare_id_means(versions: dict[str, str], chosen: str, tmp_path: Path) -> None:
    make(tmp_path, "x", versions)
    assert Corpus(tmp_path).find("x").version == chosen


def test_a_withdrawn_version_is_found_by_its_full_reference_only(
    tmp_path: Path,
) -> None:
    make(tmp_path, "x", {"1.0.0": "withdrawn"})
    assert Corpus(tmp_path).resolve("x@1.0.0").state == "withdrawn"
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).find("x")
    assert caught.value.code == "profile.not-found"


def test_an_unknown_reference_lists_what_there_is() -> None:
    with pytest.raises(ProfileError) as caught:
        default_corpus().resolve("sd-base-uplnk")
    assert "sd-base-uplink" in render_error(caught.value, "zh")


def test_a_profile_in_trial_does_not_extend_a_draft(tmp_path: Path) -> None:
    make(tmp_path, "base", {"1.0.0": "draft"})
    make(tmp_path, "top", {"1.0.0": "trial"}, extends="base >=1")
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).resolve("top")
    assert caught.value.code == "profile.no-base"
    assert "draft" in render_error(caught.value, "en")


def published(root: Path) -> dict[str, dict[str, object]]:
    """Write a published profile that extends a base; return its lock."""
    make(root, "base", {"1.0.0": "published"})
    make(root, "top", {"1.0.0": "trial"}, extends="base >=1")
    corpus = Corpus(root)
    base = corpus.resolve_entry(corpus.find("base@1.0.0"))
    top = corpus.resolve_entry(corpus.find("top"))
    index = root / "area" / "top" / "index.yaml"
    state = 'state: published, published: "2026-01-01"'
    text = index.read_text("utf-8").replace("state: trial", state)
    index.write_text(text, "utf-8")
    return {"top@1.0.0": lock_entry(top, {"base": base})}


def test_a_published_profile_resolves_by_the_lock(tmp_path: Path) -> None:
    lock = published(tmp_path)
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).resolve("top")
    assert caught.value.code == "profile.not-locked"
    file = tmp_path / "profiles.lock.json"
    file.write_text(json.dumps(lock), "utf-8")
    before = Corpus(tmp_path).resolve("top")
    # A newer base, permitted by the range, changes nothing.
    index = tmp_path / "area" / "base" / "index.yaml"
    newer = '  - {version: 1.1.0, state: published, published: "2026-02-01"}\n'
    index.write_text(index.read_text("utf-8") + newer, "utf-8")
    text = HEAD + "id: base\nversion: 1.1.0\n"
    (tmp_path / "area" / "base" / "1.1.0.yaml").write_text(text, "utf-8")
    assert Corpus(tmp_path).resolve("top") == before
    assert before.lineage[0].version == "1.0.0"


@pytest.mark.parametrize("name", ["base", "top"])
def test_a_published_file_that_changed_is_refused(name: str, tmp_path: Path) -> None:
    lock = published(tmp_path)
    (tmp_path / "profiles.lock.json").write_text(json.dumps(lock), "utf-8")
    file = tmp_path / "area" / name / "1.0.0.yaml"
    file.write_text(file.read_text("utf-8").replace("样例", "改动"), "utf-8")
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).resolve("top")
    assert caught.value.code == "profile.lock-differs"
    assert caught.value.facts == {"ref": f"{name}@1.0.0"}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x@1.0.0": {"format": 2}}'])
def test_a_broken_lock_is_named(text: str, tmp_path: Path) -> None:
    lock = published(tmp_path)
    assert lock
    (tmp_path / "profiles.lock.json").write_text(text, "utf-8")
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).resolve("top")
    assert caught.value.code == "profile.lock-unreadable"


def test_an_id_in_two_folders_is_refused(tmp_path: Path) -> None:
    make(tmp_path, "x", {"1.0.0": "draft"})
    shutil.copytree(tmp_path / "area", tmp_path / "other")
    with pytest.raises(ProfileError) as caught:
        Corpus(tmp_path).refs()
    assert caught.value.code == "profile.duplicate-id"


def test_a_file_outside_extends_the_shipped_corpus(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    text = HEAD + "id: mine\nversion: 1.0.0\nextends: [sd-base-uplink >=1]\n"
    file.write_text(text, "utf-8")
    snapshot = default_corpus().resolve(file)
    assert snapshot.lineage[0].id == "sd-base-uplink"
    assert snapshot.requirements
    assert snapshot.requirements[0].origin == "sd-base-uplink@1.0.0"


def test_the_same_file_by_path_and_by_reference_is_one_profile() -> None:
    by_path = default_corpus().resolve(
        data_dir("profiles") / "base" / "sd-base-uplink" / "1.0.0.yaml"
    )
    assert by_path == default_corpus().resolve("sd-base-uplink@1.0.0")


def codes(root: Path) -> list[str]:
    _, errors = lint(Corpus(root, parent=default_corpus()))
    return [error.code for error in errors]


LINE = "# yaml-language-server: $schema=../../../schemas/{}.schema.json\n"


def clean(root: Path) -> Path:
    """Write a corpus with nothing wrong in it; return the profile's folder."""
    make(root, "x", {"1.0.0": "draft", "2.0.0": "trial"})
    folder = root / "area" / "x"
    for file in folder.glob("*.yaml"):
        kind = "index" if file.name == "index.yaml" else "profile"
        file.write_text(LINE.format(kind) + file.read_text("utf-8"), "utf-8")
    corpus = Corpus(root, parent=default_corpus())
    for entry in corpus.entries.values():
        text = snapshot_text(corpus.resolve_entry(entry))
        snapshot_file(entry).write_text(text, "utf-8")
    for kind, item in (
        (
            "elements",
            "{key: a, name: {zh: 水温, en: T}, quantity: temperature, unit: K}",
        ),
        ("quantities", "{key: b, name: {zh: 温度, en: temperature}, units: [Cel, K]}"),
    ):
        file = root / "dictionary" / f"{kind}.yaml"
        file.parent.mkdir(exist_ok=True)
        head = LINE.format("dictionary").replace("../../../", "../../")
        text = f"{head}format: 1\nkind: {kind}\n{kind}:\n  - {item}\n"
        file.write_text(text, "utf-8")
    return folder


def test_a_clean_corpus_has_no_findings(tmp_path: Path) -> None:
    clean(tmp_path)
    assert codes(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("index.yaml", "id: x", "id: y", "folder-name"),
        ("1.0.0.yaml", "# yaml-language-server", "# yaml", "no-schema-line"),
        ("1.0.0.yaml", "zh: 样例, ", "", "one-language"),
        ("1.0.0.yaml", "zh: 样例", "zh: 样本", "stale-snapshot"),
        ("1.0.0.yaml", "version: 1.0.0", "version: 1.0.1", "not-as-indexed"),
        ("../../dictionary/elements.yaml", "temperature", "heat", "unknown-quantity"),
        ("../../dictionary/elements.yaml", "unit: K", "unit: F", "unit-of-quantity"),
    ],
)
def test_lint_names_what_is_wrong(
    name: str, old: str, new: str, code: str, tmp_path: Path
) -> None:
    file = clean(tmp_path) / name
    text = file.read_text("utf-8")
    file.write_text(text.replace(old, new, 1), "utf-8")
    assert f"profile.{code}" in codes(tmp_path)


def test_findings_come_in_reading_order(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    text = GOOD.replace("max: 60", "max: -60").replace("max: 14", "max: -14")
    file.write_text(text.replace("站点不宜", "站点宜"), "utf-8")
    _, errors = lint(default_corpus(), [file])
    lines = [error.line or 0 for error in errors]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_lint_finds_stale_and_missing_snapshots(tmp_path: Path) -> None:
    make(tmp_path, "x", {"1.0.0": "draft"})
    assert "profile.no-snapshot" in codes(tmp_path)
    (tmp_path / "area" / "x" / "1.0.0.resolved.json").write_text("{}", "utf-8")
    assert "profile.stale-snapshot" in codes(tmp_path)


def test_lint_judges_indexes(tmp_path: Path) -> None:
    make(tmp_path, "x", {"1.0.0": "draft"})
    folder = tmp_path / "area" / "x"
    index = (folder / "index.yaml").read_text("utf-8")
    steps = '[{state: draft, on: "2026-01-01"}, {state: published, on: "2026-01-02"}]'
    index = index.replace("state: draft}", f"state: draft, history: {steps}}}")
    index += "  - {version: 2.0.0, state: superseded, by: 9.0.0}\n"
    (folder / "index.yaml").write_text(index, "utf-8")
    (folder / "stray.yaml").write_text("id: x\n", "utf-8")
    found = codes(tmp_path)
    for code in ("bad-move", "history-end", "unknown-successor", "unreadable"):
        assert f"profile.{code}" in found
    assert "profile.not-listed" in found


def test_lint_judges_dictionaries(tmp_path: Path) -> None:
    folder = tmp_path / "dictionary"
    folder.mkdir()
    (folder / "quantities.yaml").write_text(
        "format: 1\nkind: quantities\nquantities:\n"
        "  - {key: turbidity, name: {zh: 浊度, en: turbidity}, units: [NTU]}\n"
        "  - {key: turbidity, name: {zh: 浊度}, units: ['[NTU]']}\n",
        "utf-8",
    )
    found = codes(tmp_path)
    assert "profile.duplicate-id" in found
    assert "profile.one-language" in found
    pytest.importorskip("ucumvert")
    assert "profile.not-ucum" in found


def test_a_published_profile_has_confirmed_clauses(tmp_path: Path) -> None:
    make(tmp_path, "x", {"1.0.0": "published"})
    file = tmp_path / "area" / "x" / "1.0.0.yaml"
    requirement = (
        "sources: [{key: STD, ref: Q/STD 1}]\n"
        "requirements:\n"
        "  - id: DEMO-X-001\n"
        "    level: shall\n"
        "    actor: device\n"
        '    clause: {source: STD, section: "1"}\n'
        "    text: {zh: 设备应上报。, en: The device shall report.}\n"
        "    not_tested: {reason: planned}\n"
    )
    file.write_text(file.read_text("utf-8") + requirement, "utf-8")
    found = codes(tmp_path)
    assert "profile.unconfirmed" in found
    assert "profile.no-note" in found


def test_a_comment_that_swallows_a_sentence_is_found(tmp_path: Path) -> None:
    """``# `` after a blank is a comment; the text before it is silently cut."""
    file = tmp_path / "good.yaml"
    sentence = "The station should not keep ## or old data."
    text = GOOD.replace("The station should not keep old data.", sentence)
    assert text != GOOD
    file.write_text(text, "utf-8")
    _, errors = lint(default_corpus(), [file])
    assert [(e.code, e.path[-1]) for e in errors] == [("profile.unfinished", "en")]


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == {after for moves in MOVES.values() for after in moves}
    assert MOVES["withdrawn"] == ()


@pytest.mark.parametrize(
    ("level", "zh", "en", "good"),
    [
        ("shall", "设备应上报。", "The device shall report.", True),
        ("shall", "偏差不应大于 60 s。", "The deviation shall not exceed 60 s.", True),
        ("shall", "设备宜上报。", "The device shall report.", False),
        ("shall", "设备响应请求。", "The device shall answer.", False),
        ("shall", "设备应在收到请求后发送响应。", "It shall answer.", True),
        ("shall", "设备应采用适宜的间隔。", "It shall choose an interval.", True),
        ("shall", "设备应上报。", "The device should report.", False),
        ("shall", "设备应上报。", "The device must report.", False),
        ("shall", "设备应采用可靠的时钟。", "It shall have a reliable clock.", True),
        ("shall", "设备应上报，可以不补传。", "It shall report.", False),
        ("shall-not", "平台不应存储。", "The platform shall not store it.", True),
        ("shall-not", "平台应存储。", "The platform shall not store it.", False),
        ("shall-not", "平台不应存储。", "The platform shall store it.", False),
        ("shall-not", "平台不应存储。", "No platform shall store it.", True),
        ("should", "设备宜上报。", "The device should report.", True),
        ("should", "设备应上报。", "The device should report.", False),
        ("should-not", "设备不宜上报。", "The device should not report.", True),
        ("should-not", "设备宜上报。", "The device should not report.", False),
        ("may", "设备可上报。", "The device may report.", True),
        ("may", "设备可以上报。", "The device may report.", True),
        ("may", "设备应上报。", "The device may report.", False),
        ("may", "设备可靠地上报。", "The device may report.", False),
    ],
)
def test_words_match_the_level(level: str, zh: str, en: str, good: bool) -> None:
    assert (not list(modal_findings(level, {"zh": zh, "en": en}))) is good
