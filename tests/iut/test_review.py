# SPDX-License-Identifier: Apache-2.0
"""A declaration is refused for the right reason, on the right line, before the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

from conformance.errors import DeclarationError
from conformance.iut.declaration import load_declaration
from conformance.iut.messages import MESSAGES
from conformance.iut.review import as_error, refuse, review
from conformance.text import render_error
from tests.iut.made import ENVIRON, line_of, snapshot, write

LANGUAGES = ("zh", "en")


def test_the_good_declaration_has_no_findings(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    assert review(declaration, snapshot(), ENVIRON) == ()
    refuse((), declaration)


SPOILT = [
    # (what is replaced, by what, code, severity, text on the line that is named)
    ("  HJ212: true\n", "", "iut.unanswered-ics", "error", "ics:"),
    ("HJ212: true", "HJ212: null", "iut.unanswered-ics", "error", "HJ212:"),
    ("RED: true", "RED: {answer: null}", "iut.unanswered-ics", "error", "RED:"),
    (
        "CATCH_UP: {answer: true,",
        "CATCH_UP: {answer: false,",
        "iut.mandatory-denied",
        "error",
        "CATCH_UP:",
    ),
    (
        "ANONYMOUS: false",
        "ANONYMOUS: true",
        "iut.prohibited-claimed",
        "error",
        "ANONYMOUS:",
    ),
    ("HJ212: true", "HJ212: false", "iut.choice-empty", "error", "HJ212:"),
    ("RED: true", "RED: false", "iut.choice-empty", "error", "RED:"),
    ("BLUE: false", "BLUE: true", "iut.choice-many", "error", "BLUE:"),
    (
        "BLUE: false",
        "BLUE: false\n  WILL: true",
        "iut.claim-without-basis",
        "error",
        "WILL:",
    ),
    ("BLUE: false", "BLUE: false\n  HJ21: true", "iut.unknown-ics", "error", "HJ21:"),
    ("BLUE: false", "BLUE: false\n  HJ21: null", "iut.unknown-ics", "error", "HJ21:"),
    (
        "answer_timeout: PT2.5S",
        "answr_timeout: PT2.5S",
        "iut.unknown-ixit",
        "error",
        "answr_timeout",
    ),
    (
        'station_id: "010000A8900016F000169DC0"',
        "station_id: null",
        "iut.unanswered-ixit",
        "error",
        "station_id: null",
    ),
    (
        '"010000A8900016F000169DC0"',
        '"0100"',
        "iut.pattern",
        "error",
        "station_id: ",
    ),
    (
        '"010000A8900016F000169DC0"',
        '"010000A8900016F000169DC0\\n"',
        "iut.pattern",
        "error",
        "station_id: ",
    ),
    (
        '"010000A8900016F000169DC0"',
        "12345678901234",
        "iut.wrong-type",
        "error",
        "station_id: ",
    ),
    ("port: 1883", "port: 65536", "iut.bad-port", "error", "endpoint:"),
    ("port: 1883", "port: -1", "iut.bad-port", "error", "endpoint:"),
    ("host: 127.0.0.1", "host: 127.0.0.256", "iut.bad-host", "error", "endpoint:"),
    (
        "host: 127.0.0.1, port: 1883",
        'host: "http://x", port: 1883',
        "iut.bad-host",
        "error",
        "endpoint:",
    ),
    ("host: 127.0.0.1", 'host: "-a.example"', "iut.bad-host", "error", "endpoint:"),
    (
        "{host: 127.0.0.1, port: 1883}",
        "127.0.0.1:1883",
        "iut.wrong-type",
        "error",
        "endpoint:",
    ),
    (
        "{secret: env:TRY_PW}",
        "hunter2",
        "iut.secret-literal",
        "error",
        "access_password",
    ),
    ("env:TRY_PW", "env:TRY_NO", "iut.secret-missing", "error", "access_password"),
    ("env:TRY_PW", "file:none.txt", "iut.secret-missing", "error", "access_password"),
    ("env:TRY_PW", "file:../x.txt", "iut.file-outside", "error", "access_password"),
    ("PT2.5S", "{secret: env:TRY_PW}", "iut.secret-not-expected", "error", "answer_t"),
    ("PT2.5S", "2.5", "iut.bad-duration", "error", "answer_timeout"),
    ("PT2.5S", "P1M", "iut.bad-duration", "error", "answer_timeout"),
    ("PT2.5S", "PT2S\n  retries: true", "iut.wrong-type", "error", "retries"),
    ("PT2.5S", 'PT2S\n  tolerance: "0.5"', "iut.wrong-type", "error", "tolerance"),
    ("PT2.5S", "PT2S\n  is_quiet: 1", "iut.wrong-type", "error", "is_quiet"),
    ("PT2.5S", "PT2S\n  ca_file: none.pem", "iut.file-missing", "error", "ca_file"),
    (
        '"show", "{station_id}"',
        '"show", "{statoin_id}"',
        "iut.placeholder-unknown",
        "error",
        "stored_records",
    ),
    (
        '"show", "{station_id}"',
        '"show", "{access_password}"',
        "iut.placeholder-secret",
        "error",
        "stored_records",
    ),
    ("power_cycle:", "local_reading:", "iut.hook-twice", "error", "prompt:"),
    ("role: device", "role: platform", "iut.unanswered-ics", "error", "ics:"),
    (
        "try-station@1.0.0",
        "try-station@1.0.1",
        "iut.other-profile",
        "error",
        "profile:",
    ),
    ("product: WQ-500", "product: null", "iut.unanswered-field", "error", "product:"),
    ("declared_by: 张三", "declared_by: null", "iut.unanswered-field", "error", "_by"),
]


@pytest.mark.parametrize(
    ("old", "new", "code", "severity", "where"),
    SPOILT,
    ids=[
        f"{code.removeprefix('iut.')}-{n}"
        for n, (_, _, code, _, _) in enumerate(SPOILT)
    ],
)
def test_one_spoilt_line_is_found(
    tmp_path: Path, old: str, new: str, code: str, severity: str, where: str
) -> None:
    path = write(tmp_path, (old, new))
    declaration = load_declaration(path)
    findings = review(declaration, snapshot(), ENVIRON)
    found = next(f for f in findings if f.code == code)
    assert found.severity == severity
    assert found.line == line_of(path, where)
    with pytest.raises(DeclarationError) as caught:
        refuse([found], declaration)
    assert caught.value.line == found.line
    for language in LANGUAGES:
        said = render_error(caught.value, language)
        assert said.startswith(f"{path}:{found.line}: ")
        assert "?" not in said.replace("? ", ""), "a fact is missing in the sentence"


def test_each_fault_is_found_alone(tmp_path: Path) -> None:
    """A single wrong answer gives a single finding, not a shower of them."""
    showers = {
        # Two faults in one: the key that was meant is open, too.
        "iut.unknown-ixit": 1,
        "iut.unanswered-ics": 2,
        "iut.other-profile": 1,
    }
    for number, (old, new, code, _, _) in enumerate(SPOILT):
        folder = tmp_path / str(number)
        folder.mkdir()
        declaration = load_declaration(write(folder, (old, new)))
        findings = review(declaration, snapshot(), ENVIRON)
        assert len(findings) <= showers.get(code, 1), (code, findings)


def test_a_digest_of_another_version_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path, (snapshot().digest, "sha256:" + "0" * 64))
    (found,) = review(load_declaration(path), snapshot(), ENVIRON)
    assert (found.code, found.line) == ("iut.wrong-digest", 4)
    assert found.facts["digest"] == snapshot().digest


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("withdrawn", [("iut.profile-withdrawn", "error")]),
        ("superseded", [("iut.profile-superseded", "warning")]),
        ("draft", [("iut.profile-draft", "warning")]),
        ("review", [("iut.profile-draft", "warning")]),
        ("trial", []),
        ("published", []),
    ],
)
def test_the_state_of_the_profile_counts(
    tmp_path: Path, state: str, found: list[tuple[str, str]]
) -> None:
    declaration = load_declaration(write(tmp_path))
    stated = replace(snapshot(), state=state)
    findings = review(declaration, stated, ENVIRON)
    assert [(f.code, f.severity) for f in findings] == found


def test_a_question_that_is_not_asked_needs_no_answer(tmp_path: Path) -> None:
    """``when`` is respected for ICS and IXIT; another role's questions stay away."""
    path = write(
        tmp_path,
        ("HJ212: true", "HJ212: false"),
        ("MQTT: false", "MQTT: true\n  WILL: true"),
        ("  access_password: {secret: env:TRY_PW}\n", "  ca_file: station.iut.yaml\n"),
    )
    assert review(load_declaration(path), snapshot(), {}) == ()


def test_a_condition_that_holds_asks(tmp_path: Path) -> None:
    path = write(tmp_path, ("MQTT: false", "MQTT: true"))
    found = review(load_declaration(path), snapshot(), ENVIRON)
    assert [(f.code, f.path) for f in found] == [
        ("iut.unanswered-ics", ("ics", "WILL")),
        ("iut.unanswered-ixit", ("ixit", "ca_file")),
    ]


def test_a_device_may_listen_on_any_port_but_a_platform_has_one(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, ("port: 1883", "port: 0"))
    declaration = load_declaration(path)
    assert review(declaration, snapshot(), ENVIRON) == ()
    findings = review(replace(declaration, role="platform"), snapshot(), ENVIRON)
    assert "iut.bad-port" in {f.code for f in findings}


def test_a_misspelt_key_is_told_what_was_meant(tmp_path: Path) -> None:
    path = write(tmp_path, ("BLUE: false", "BLUE: false\n  CATCHUP: true"))
    declaration = load_declaration(path)
    (found,) = review(declaration, snapshot(), ENVIRON)
    assert found.facts["near"].split(", ")[0] == "CATCH_UP"
    assert "CATCH_UP" in render_error(as_error(found, declaration), "en")


def test_a_short_secret_is_a_warning_and_does_not_refuse(tmp_path: Path) -> None:
    declaration = load_declaration(write(tmp_path))
    (found,) = review(declaration, snapshot(), {"TRY_PW": "xy"})
    assert (found.code, found.severity) == ("iut.secret-short", "warning")
    refuse([found], declaration)


def test_no_finding_shows_a_secret(tmp_path: Path) -> None:
    """Not even one that does not match its pattern."""
    declaration = load_declaration(write(tmp_path))
    items = tuple(
        replace(i, pattern="[0-9]{6}") if i.id == "access_password" else i
        for i in snapshot().ixit
    )
    strict = replace(snapshot(), ixit=items)
    (found,) = review(declaration, strict, ENVIRON)
    assert found.code == "iut.pattern"
    for language in LANGUAGES:
        said = render_error(as_error(found, declaration), language)
        assert "correct horse" not in said
        assert "env:TRY_PW" in said


def test_every_sentence_has_the_same_holes_in_both_languages() -> None:
    for code, message in MESSAGES.items():
        holes = []
        for text in (message.zh, message.en):
            names = {name for _, name, _, _ in Formatter().parse(text) if name}
            holes.append(
                {name.removesuffix("_zh").removesuffix("_en") for name in names}
            )
        assert holes[0] == holes[1], code
        assert bool(message.hint_zh) == bool(message.hint_en), code
