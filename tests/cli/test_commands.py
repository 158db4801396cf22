# SPDX-License-Identifier: Apache-2.0
"""Every command as a user types it, on the toy and on the reference station."""

from __future__ import annotations

import io
import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.cli.main import _COMMANDS, main
from conformance.paths import data_dir
from conformance.profile.corpus import default_corpus
from tests.cli.bench import ROOT, SECRET, declare, lines_of
from tests.engine import toy

PROFILE = "sd-water-surface-station"
Say = Callable[..., tuple[int, str]]

REF_FORMS = "id, id@version, FILE.yaml"
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Say:
    """Return a function that runs a command line and returns code and output."""
    toy.install(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOY_SECRET", SECRET)
    monkeypatch.setenv("LUHENG_LANG", "en")
    default_corpus.cache_clear()

    def run(words: str, *more: str) -> tuple[int, str]:
        out = io.StringIO()
        code = main([*words.split(), *more], out)
        printed = capsys.readouterr()
        assert printed.err == ""
        return code, out.getvalue() + printed.out

    return run


VERBS = ["", *_COMMANDS, "iut new", "iut check", "profile list", "profile show"]
VERBS += ["profile resolve", "profile lint"]


@pytest.mark.parametrize("verb", VERBS)
def test_help_speaks_both_languages(say: Say, verb: str) -> None:
    said = {}
    for language in ("zh", "en"):
        code, said[language] = say(f"--lang {language} {verb} --help")
        assert code == 0
    assert re.match(rf"用法：luheng {verb}".rstrip(), said["zh"])
    assert re.match(rf"usage: luheng {verb}".rstrip(), said["en"])
    assert HAN.search(said["zh"].partition("\n\n")[2])
    assert not HAN.search(said["en"])
    assert "show this help message" not in said["zh"]
    helped = re.findall(
        r"^  (?:-|--|[A-Za-z])\S.*?  +(\S.*)$", said["zh"], re.MULTILINE
    )
    assert all(HAN.search(text) or text == REF_FORMS for text in helped), helped


def test_the_version_is_that_of_the_package(say: Say) -> None:
    assert say("--version") == (0, f"luheng {conformance.__version__}\n")


def test_no_command_shows_what_there_is(say: Say) -> None:
    code, said = say("")
    assert code == 3
    assert all(name in said for name in _COMMANDS)


def toy_run(folder: Path, say: Say, *misbehave: str, more: str = "") -> tuple[int, str]:
    with toy.toy_server(*misbehave) as server:
        declare(folder, server.port, server.hook_port)
        words = f"run toy.iut.yaml --profile {toy.PROFILE} --seed 7 --out run {more}"
        return say(words)


def test_a_run_prints_a_line_per_requirement_and_the_sum(
    say: Say, tmp_path: Path
) -> None:
    code, said = toy_run(tmp_path, say, more="--depth smoke --jobs 1")
    assert code == 0
    assert said.splitlines() == [
        "run folder run",
        "[3/7] TOY-ACK-001 pass",
        "[4/7] TOY-REF-001 pass",
        "[5/7] TOY-KEEP-001 pass",
        "[6/7] TOY-MEM-001 pass",
        "[7/7] TOY-BLK-001 pass",
        "Conformant",
        "5 of 6 applicable requirements judged: pass 5, not tested 1, not applicable 1",
        "certificate: not possible because the profile is a draft: no certificate; "
        "the profile is only there to be extended",
        "report run/report.html",
    ]


def test_a_run_speaks_chinese(say: Say, tmp_path: Path) -> None:
    with toy.toy_server("obliging") as server:
        declare(tmp_path, server.port, server.hook_port)
        words = f"run toy.iut.yaml --profile {toy.PROFILE} --depth smoke --out run"
        code, said = say(f"--lang zh {words} --jobs 1")
    assert code == 1
    lines = said.splitlines()
    assert lines[0] == "运行目录 run"
    assert "[4/7] TOY-REF-001 不符合" in lines
    assert lines[-1] == "报告 run/report.html"
    assert not re.search(r"\b(pass|fail|not|certificate)\b", said)


def test_judging_again_gives_the_same_octets(say: Say, tmp_path: Path) -> None:
    """But for the marker in the header."""
    code, _ = toy_run(tmp_path, say, "stuck", "wrong-number", more="--depth thorough")
    assert code == 1
    code, said = say("rejudge run")
    assert code == 1
    assert said.splitlines()[0] == "Not conformant"
    before = (tmp_path / "run/results.jsonl").read_bytes()
    after = (tmp_path / "run/rejudged.jsonl").read_bytes()
    marker = f'"rejudged":{{"suite":"{conformance.__version__}"}}'.encode()
    assert after.count(marker) == 1
    assert after.replace(marker, b'"rejudged":null') == before
    code, _ = say("rejudge run --out twice.jsonl")
    assert (tmp_path / "twice.jsonl").read_bytes() == after


def test_a_replay_sends_the_smallest_failure_and_says_if_it_is_fixed(
    say: Say, tmp_path: Path
) -> None:
    with toy.toy_server("wrong-number") as server:
        file = declare(tmp_path, server.port, server.hook_port)
        words = f"run {file} --profile {toy.PROFILE} --seed 7 --out run"
        assert say(f"{words} --depth thorough")[0] == 1
        code, said = say("replay run/TOY-ACK-001")
    assert code == 1
    assert said.splitlines() == [
        "TOY-ACK-001: still failing",
        "  expected: OK 1000",
        "  actual: OK 0",
    ]
    inputs = tmp_path / "run/evidence/inputs.json"
    with toy.toy_server() as mended:
        # The mended server has another port; the replay asks where the run asked.
        text = inputs.read_text("utf-8")
        results = tmp_path / "run/results.jsonl"
        told = json.loads(text)
        told["ixit"]["toy_endpoint"] = moved(told["ixit"]["toy_endpoint"], mended.port)
        inputs.write_text(json.dumps(told), "utf-8")
        before = results.read_bytes()
        code, said = say("replay run/TOY-ACK-001")
        assert results.read_bytes() == before
    assert (code, said) == (0, "TOY-ACK-001: fixed\n")
    assert len(list((tmp_path / "run/replays").iterdir())) == 2


def moved(endpoint: Any, port: int) -> Any:
    """Return an endpoint as evidence holds it, with another port."""
    text = json.dumps(endpoint)
    found = re.findall(r"\b\d{4,5}\b", text)
    assert len(found) == 1
    return json.loads(text.replace(found[0], str(port)))


def test_reports_can_be_written_again(say: Say, tmp_path: Path) -> None:
    toy_run(tmp_path, say, "obliging", more="--depth smoke")
    reports = ("report.html", "junit.xml")
    before = {name: (tmp_path / "run" / name).read_bytes() for name in reports}
    for name in reports:
        (tmp_path / "run" / name).unlink()
    code, said = say("report run")
    assert code == 0
    assert said.startswith("Not conformant\n")
    assert {name: (tmp_path / "run" / name).read_bytes() for name in reports} == before


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo terminals")
def test_a_terminal_gets_a_live_line_and_only_bad_news(
    say: Say, tmp_path: Path
) -> None:
    import pty

    leader, follower = pty.openpty()
    with toy.toy_server("obliging") as server, open(follower, "w") as terminal:
        declare(tmp_path, server.port, server.hook_port)
        words = f"run toy.iut.yaml --profile {toy.PROFILE} --depth smoke --out run"
        code = main(words.split(), terminal)
        terminal.flush()
        said = os.read(leader, 1 << 16).decode()
    os.close(leader)
    assert code == 1
    assert "\x1b[" in said
    assert "7/7" in said
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said)
    assert "TOY-REF-001 fail" in plain
    assert "TOY-ACK-001 pass" not in plain
    assert "Not conformant" in plain


# The reference station


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demo of one fault."""
    folder = tmp_path_factory.mktemp("demo")
    out = io.StringIO()
    words = "--lang en demo --no-open --seed 1 --fault unknown-system"
    assert main([*words.split(), "--out", str(folder / "run")], out) == 1
    (folder / "said.txt").write_text(out.getvalue(), "utf-8")
    return folder


def test_the_demo_names_its_faults(say: Say) -> None:
    code, said = say("demo --list-faults")
    assert code == 0
    names = [line.split()[0] for line in said.splitlines()]
    assert "modbus-check-value" in names
    assert len(names) == len(set(names)) > 20
    assert HAN.search(say("--lang zh demo --list-faults")[1])


def test_a_demo_without_fault_conforms(say: Say, tmp_path: Path) -> None:
    code, said = say("demo --no-open --seed 1 --out run")
    assert code == 0
    assert "\nConformant\n" in said
    footer = lines_of(tmp_path / "run")[-1]
    assert footer["blocking"] == []
    assert footer["totals"]["pass"] > 40


def test_a_demo_with_a_fault_fails_by_its_requirement(station: Path) -> None:
    said = (station / "said.txt").read_text("utf-8")
    assert "HJ212-SEG-003 fail" in said
    assert "\nNot conformant\n" in said
    assert lines_of(station / "run")[-1]["blocking"] == ["HJ212-SEG-003"]


def test_a_capture_gets_the_findings_of_the_live_run(say: Say, station: Path) -> None:
    """The recording of a run, judged as a capture of strangers."""
    wire = station / "run/evidence/wire.pcapng"
    code, said = say(f"judge {wire} --profile {PROFILE} --role device --json")
    assert code == 1
    found = {x["requirement"]: x for x in map(json.loads, said.splitlines())}
    live = {x["requirement"]: x for x in lines_of(station / "run")[1:-1]}
    rules = {name for name, x in live.items() if x.get("observations")}
    assert len(rules) > 10
    # Judged against the pace that the bench declares; a bare capture declares none.
    rules -= {"HJ212-DAT-001"}
    assert rules <= found.keys()
    same = ("verdict", "key", "observations", "expected", "actual", "packets")
    for name in rules:
        for part in same:
            assert found[name].get(part) == live[name].get(part), (name, part)
    code, said = say(f"--lang zh judge {wire} --profile {PROFILE}")
    assert code == 1
    assert re.search(r"^HJ212-SEG-003 +不符合", said, re.MULTILINE)
    assert re.search(r"^    期望: ", said, re.MULTILINE)


def test_a_plan_is_also_data(say: Say) -> None:
    file = data_dir("fixtures") / "iut" / "station-hj212.iut.yaml"
    code, said = say(f"plan {file} --json")
    assert code == 0
    planned = json.loads(said)
    assert planned["role"] == "device"
    assert planned["profile"].startswith(PROFILE + "@")
    totals = planned["totals"]
    assert totals["total"] == len(planned["items"])
    code, said = say(f"plan {file}")
    assert f"{totals['total']} requirements: {totals['included']} in" in said


def test_a_draft_can_be_planned_and_checked(say: Say, tmp_path: Path) -> None:
    declare(tmp_path, 9)
    code, said = say(f"iut check toy.iut.yaml --profile {toy.PROFILE}")
    assert code == 0
    assert "is not final (draft)" in said
    code, said = say(f"plan toy.iut.yaml --profile {toy.PROFILE} --only TOY-ACK-*")
    assert code == 0
    assert re.search(r"^\+ TOY-ACK-001 ", said, re.MULTILINE)
    assert re.search(r"^- TOY-REF-001 ", said, re.MULTILINE)


def test_an_address_in_use_is_said_once_and_judges_nobody(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HJ212_PASSWORD", "123456")
    source = data_dir("fixtures") / "iut" / "station-hj212.iut.yaml"
    digest = default_corpus().resolve(PROFILE).digest
    text = re.sub("sha256:[0-9a-f]{64}", digest, source.read_text("utf-8"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = text.replace("0.0.0.0, port: 9212", f"127.0.0.1, port: {port}")
        (tmp_path / "taken.iut.yaml").write_text(text, "utf-8")
        words = "run taken.iut.yaml --depth smoke --only HJ212-FLW-00* --out run"
        code, said = say(words)
    assert code == 2
    assert f"cannot listen on 127.0.0.1:{port}: it is in use" in said
    records = lines_of(tmp_path / "run")[1:-1]
    found = {(x.get("key"), x.get("cause")) for x in records if x.get("start")}
    assert found == {("link.address-in-use", "network")}
    assert not {x["verdict"] for x in records} & {"pass", "fail", "warn", "error"}


# Frames


@pytest.mark.parametrize("protocol", ["hj212", "mqtt"])
def test_a_batch_of_frames_is_judged_line_by_line(say: Say, protocol: str) -> None:
    file = data_dir("fixtures") / "frames" / f"{protocol}.jsonl"
    code, said = say(f"frame {protocol} --batch {file}")
    assert code == 0
    rows = [json.loads(x) for x in file.read_text("utf-8").splitlines()]
    judged = [json.loads(line) for line in said.splitlines()]
    assert len(judged) == len(rows) > 50
    for number, (row, found) in enumerate(zip(rows, judged, strict=True), 1):
        assert found["framing_ok"] == row["valid"], number
        assert found.keys() == {"framing_ok", "violations", "decoded"}
        layers = {v["layer"] for v in found["violations"]}
        assert ("framing" in layers) is not row["valid"], number
        assert all(v["detail"] and v["detail_zh"] for v in found["violations"])


def test_a_frame_is_explained_field_by_field(say: Say, tmp_path: Path) -> None:
    frame = "##0063QN=20240601085857223;ST=91;CN=9013;PW=123456;MN=;Flag=8;CP=&&&&48C0"
    code, said = say("frame hj212", frame + "\\r\\n")
    fields = {
        line.split()[1]: line.split()[2:]
        for line in said.splitlines()
        if re.match(r" *\d+-\d+ ", line)
    }
    assert fields["CN"][0] == "9013"
    assert code == (0 if "no violation found" in said else 1)
    (tmp_path / "f.bin").write_bytes(frame.encode() + b"\r\n")
    assert say("frame hj212 @f.bin") == (code, said)


def test_a_spoiled_frame_is_told_where(say: Say) -> None:
    code, said = say("frame mqtt 100C00044D515454040200000000FF")
    assert code == 1
    assert re.search(r"^! +\d+  \[(framing|content)\] ", said, re.MULTILINE)
    code, said = say("--lang zh frame mqtt 100C00044D515454050200000000")
    assert code == 1
    assert re.search(r"共 \d+ 处违规", said)
    assert say("frame mqtt C000")[0] == 0


def test_the_version_of_a_frame_may_be_told(say: Say, tmp_path: Path) -> None:
    """Octets of 3.1.1 and 5.0 look alike; CONNECT or the user says which it is."""
    refusal = "40 03 00 01 97".replace(" ", "")
    code, said = say(f"frame mqtt {refusal} --version 5")
    assert (code, "quota exceeded" in said) == (0, True)
    assert say(f"frame mqtt {refusal}")[0] == 1
    rows = [
        {"frame": refusal, "encoding": "hex", "version": "5.0"},
        {"frame": refusal, "encoding": "hex"},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "f.jsonl").write_text(text, "utf-8")
    code, said = say("frame mqtt --batch f.jsonl")
    first, second = (json.loads(line) for line in said.splitlines())
    assert (first["violations"], bool(second["violations"])) == ([], True)
    assert first["decoded"]["packets"][0]["reason_code"] == 0x97


@pytest.mark.parametrize(
    ("words", "known"),
    [("mqtt C000 --version 3.2", "3.1.1, 5.0"), ("hj212 ## --version 5", "-")],
)
def test_a_version_that_is_not_known_is_refused(
    words: str, known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "en", "frame", *words.split()], io.StringIO()) == 3
    assert f"known: {known}" in capsys.readouterr().err


def test_terminals_are_not_driven_by_frames(say: Say) -> None:
    """An escape sequence in a topic is shown, not obeyed."""
    topic = b"\x1b[2Jx"
    body = len(topic).to_bytes(2, "big") + topic
    frame = bytes([0x30, len(body)]) + body
    _, said = say(f"frame mqtt {frame.hex()}")
    assert "\x1b" not in said
    assert "\\x1b[2Jx" in said


def test_the_launcher_is_the_same_command() -> None:
    """``python -m conformance.cli`` from any folder, as the installed ``luheng``."""
    from tests.cli.bench import luheng

    done = luheng("--version", cwd=ROOT.parent, module="conformance.cli")
    assert done.stdout == f"luheng {conformance.__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lang", "zh", "frame", "mqtt", "c000"],
        ["frame", "--lang", "zh", "mqtt", "c000"],
        ["frame", "mqtt", "c000", "--lang=zh"],
    ],
)
def test_the_language_may_stand_anywhere(arguments: list[str]) -> None:
    out = io.StringIO()
    assert main(arguments, out) == 0
    assert "未发现违规" in out.getvalue()
