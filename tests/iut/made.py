# SPDX-License-Identifier: Apache-2.0
"""What the tests of declarations share: a small profile and a declaration that is good.

``SOURCE`` is the text of the good declaration; a test spoils one line of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from conformance.profile.corpus import Corpus
from conformance.profile.model import Snapshot

__all__ = ["ENVIRON", "PROFILE", "SOURCE", "corpus_in", "line_of", "snapshot", "write"]

PROFILE = Path(__file__).with_name("station.yaml")
ENVIRON = {"TRY_PW": "correct horse"}

SOURCE = """\
format: 1
kind: iut
profile: try-station@1.0.0
profile_digest: {digest}
role: device
implementation:
  vendor: {zh: 示例仪器有限公司}
  product: WQ-500
  version: "3.4.1"
declared_by: 张三
declared_on: "2026-11-25"
ics:
  HJ212: true
  MQTT: false
  RED: true
  BLUE: false
  CATCH_UP: {answer: true, note: {zh: 选配模块}}
  ANONYMOUS: false
ixit:
  station_id: "010000A8900016F000169DC0"
  endpoint: {host: 127.0.0.1, port: 1883}
  access_password: {secret: env:TRY_PW}
  answer_timeout: PT2.5S
hooks:
  stored_records: {command: ["show", "{station_id}"], timeout: PT5S}
  local_reading: {url: "http://127.0.0.1:8080/stored?mn={station_id}"}
steps:
  power_cycle: {prompt: {zh: 请断电后重新上电, en: Switch off and on}}
limits: {requirement: PT2M, total: PT6H}
"""


@cache
def snapshot() -> Snapshot:
    """Return the small profile, resolved."""
    alone = Corpus(PROFILE.parent / "no-corpus").resolve(PROFILE)
    return replace(alone, state="trial")


def corpus_in(folder: Path, state: str = "trial") -> Corpus:
    """Return a corpus that holds the small profile in a state."""
    home = folder / "profiles" / "test" / "try-station"
    home.mkdir(parents=True)
    (home / "1.0.0.yaml").write_text(PROFILE.read_text("utf-8"), "utf-8")
    index = (
        "format: 1\nid: try-station\nowner: {en: Test}\n"
        f"versions:\n  - {{version: 1.0.0, state: {state}}}\n"
    )
    (home / "index.yaml").write_text(index, "utf-8")
    return Corpus(folder / "profiles")


def write(folder: Path, *spoil: tuple[str, str]) -> Path:
    """Write the good declaration with replacements, each of which must hit once."""
    text = SOURCE.replace("{digest}", snapshot().digest)
    for old, new in spoil:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    path = folder / "station.iut.yaml"
    path.write_text(text, "utf-8")
    return path


def line_of(path: Path, part: str) -> int:
    """Return the line of the only place where a file has a text."""
    lines = path.read_text("utf-8").splitlines()
    (found,) = (n for n, line in enumerate(lines, 1) if part in line)
    return found
