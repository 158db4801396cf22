# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong with what the user gives: one sentence, where, and the exit code.

A table.  Each row makes a folder with something bad in it, names the command, and says
what must come out, in Chinese and in English.  No row may print a traceback or more
than a few lines.
"""

from __future__ import annotations

import io
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.profile.corpus import default_corpus
from tests.cli.bench import SECRET, declare
from tests.engine import toy

LINES_MAX = 4
HUGE = 100 << 20
TOY_DIGEST = default_corpus().resolve(str(toy.PROFILE)).digest
TOY = toy.PROFILE.read_text("utf-8")
Make = Callable[[Path], object]


@dataclass(frozen=True)
class Row:
    """What the user does and what comes of it."""

    id: str
    args: str
    """The command line; ``{toy}`` stands for the good profile."""
    en: str
    zh: str
    where: str = ""
    """How the answer begins, below the test's folder: ``file:line``."""
    code: int = 3
    make: Make = field(default=lambda folder: None)


def text(name: str, content: str, encoding: str = "utf-8") -> Make:
    return lambda folder: (folder / name).write_text(content, encoding, "strict", "\n")


def octets(name: str, content: bytes) -> Make:
    return lambda folder: (folder / name).write_bytes(content)


def huge(name: str) -> Make:
    """A file of 100 MB that takes no room on the disk."""

    def make(folder: Path) -> None:
        with (folder / name).open("wb") as file:
            file.truncate(HUGE)

    return make


def folder_named(name: str) -> Make:
    return lambda folder: (folder / name).mkdir()


def both(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for one in makes:
            one(folder)

    return make


def spoiled(*changes: tuple[str, str]) -> Make:
    """The good declaration with replacements, each of which must hit once."""

    def make(folder: Path) -> None:
        path = declare(folder, 9)
        content = path.read_text("utf-8")
        for old, new in changes:
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        path.write_text(content, "utf-8")

    return make


def draft(*changes: tuple[str, str]) -> Make:
    """The good profile with replacements, as ``draft.yaml``, and its declaration."""

    def make(folder: Path) -> None:
        content = TOY
        for old, new in changes:
            assert content.count(old) == 1, old
            content = content.replace(old, new)
        (folder / "draft.yaml").write_text(content, "utf-8")

    return make


SHOW = "profile show bad.yaml"
CHECK = "run toy.iut.yaml --profile {toy}"
"""Also what ``iut check`` and ``plan`` read; the toy profile is outside the corpus."""

# What can be wrong with any YAML file: of a profile and of a declaration alike.
YAML: list[tuple[str, Make, str, str, str]] = [
    ("empty", text("F", ""), "the file says nothing", "文件没有内容", ""),
    ("binary", octets("F", b"\x7fELF\x02\n\x00\x01"), "NUL octet", "空字节", ":2"),
    (
        "gbk",
        text("F", "a: 1\nb: 山东\n", "gbk"),
        "not valid UTF-8",
        "不是有效的 UTF-8",
        ":2",
    ),
    ("utf-16", text("F", "a: 1\n", "utf-16"), "is UTF-16", "UTF-16 编码", ""),
    ("bom", text("F", "a: 1\n", "utf-8-sig"), "byte order mark", "字节顺序标记", ":1"),
    (
        "truncated",
        text("F", 'format: 1\nid: "x\n'),
        "YAML syntax error",
        "YAML 语法错误",
        ":3",
    ),
    ("100 MB", huge("F"), "larger than 1048576 octets", "超过 1048576 字节", ""),
    (
        "deep",
        text("F", "a:\n  " + "[" * 100 + "]" * 100),
        "more than 32 levels",
        "超过 32 层",
        ":2",
    ),
    (
        "very deep",
        text("F", "a:\n  " + "[" * 100_000),
        "levels|nesting|YAML syntax",
        "层|YAML 语法",
        ":",
    ),
    ("alias", text("F", "a: &x 1\nb: *x\n"), "anchors and aliases", "锚点和别名", ":1"),
    (
        "twice",
        text("F", "a: 1\nb: 2\na: 3\n"),
        "a is there already, on line 1",
        "键 a 重复，第 1 行",
        ":3",
    ),
    (
        "folder",
        folder_named("F"),
        "cannot be read: |no profile",
        "无法读取文件：|没有规范",
        "",
    ),
]


def yaml_rows() -> Iterator[Row]:
    for name, make, en, zh, line in YAML:

        def under(real: str, make: Make = make) -> Make:
            def renamed(folder: Path) -> None:
                make(folder)
                (folder / "F").rename(folder / real)

            return renamed

        where = f"bad.yaml{line}" if name != "folder" else ""
        yield Row(f"profile: {name}", SHOW, en, zh, where, make=under("bad.yaml"))
        yield Row(
            f"declaration: {name}",
            CHECK,
            en,
            zh,
            f"toy.iut.yaml{line}",
            make=under("toy.iut.yaml"),
        )


PROFILE = [
    Row("profile: missing", SHOW, "there is no profile bad.yaml", "没有规范 bad.yaml"),
    Row(
        "profile: unknown id",
        "profile show nosuch",
        "no profile nosuch",
        "没有规范 nosuch",
    ),
    Row(
        "profile: unknown version",
        "profile show sd-base-uplink@9.9.9",
        "no profile sd-base-uplink@9.9.9",
        "没有规范 sd-base-uplink@9.9.9",
    ),
    Row(
        "profile: a list",
        SHOW,
        "is of type list|object",
        "类型为",
        "bad.yaml:1",
        make=text("bad.yaml", "- 1\n"),
    ),
    Row(
        "profile: wrong format version",
        "profile show draft.yaml",
        "format: 2|2 is not among|does not satisfy",
        "2",
        "draft.yaml:1",
        make=draft(("format: 1", "format: 2")),
    ),
    Row(
        "profile: unknown key",
        "profile show draft.yaml",
        "unknown key requirments",
        "未知的键 requirments",
        "draft.yaml:",
        make=draft(("requirements:", "requirments:")),
    ),
    Row(
        "profile: itself as base",
        "profile show draft.yaml",
        "extend in a circle: toy",
        "循环继承：toy",
        "draft.yaml:",
        make=draft(("actors:", "extends: ['toy >=1']\nactors:")),
    ),
    Row(
        "profile: circle of two",
        "profile show draft.yaml",
        "extend in a circle: toy@1.0.0 → two@1.0.0 → toy",
        "循环继承：toy@1.0.0 → two@1.0.0 → toy",
        "two.yaml:",
        make=both(
            draft(("actors:", "extends: ['two >=1']\nactors:")),
            text(
                "two.yaml",
                TOY.replace("id: toy\n", "id: two\n").replace(
                    "actors:", "extends: ['toy >=1']\nactors:"
                ),
            ),
        ),
    ),
    Row(
        "profile: unknown base",
        "profile show draft.yaml",
        "no version of nosuch satisfies",
        "没有满足.*nosuch",
        "draft.yaml:",
        make=draft(("actors:", "extends: ['nosuch >=1']\nactors:")),
    ),
    Row(
        "profile: unknown check",
        "run toy.iut.yaml --profile draft.yaml",
        "bound to toy.nosuch, which does not exist",
        "检查 toy.nosuch 不存在",
        "draft.yaml:",
        make=both(
            draft(("toy.keeps", "toy.nosuch")),
            lambda f: declare(f, 9, profile=f / "draft.yaml"),
        ),
    ),
    Row(
        "profile: unknown protocol",
        "run toy.iut.yaml --profile draft.yaml",
        "bound to nosuch.keeps, which does not exist",
        "检查 nosuch.keeps 不存在",
        "draft.yaml:",
        make=both(
            draft(("toy.keeps", "nosuch.keeps")),
            lambda f: declare(f, 9, profile=f / "draft.yaml"),
        ),
    ),
    Row(
        "profile: wrong parameter",
        "run toy.iut.yaml --profile draft.yaml",
        "the parameter words of toy.refuses in TOY-REF-001",
        "参数 words 不正确",
        "draft.yaml:",
        make=both(
            draft(("[HELO, PUTT]", "3")),
            lambda f: declare(f, 9, profile=f / "draft.yaml"),
        ),
    ),
]

DECLARATION = [
    Row(
        "declaration: missing",
        CHECK,
        "the file cannot be read: No such file",
        "无法读取文件：文件或目录不存在",
        "toy.iut.yaml",
    ),
    Row(
        "declaration: something else",
        CHECK,
        "not a declaration",
        "不是被测实现声明",
        "toy.iut.yaml:1",
        make=text("toy.iut.yaml", "a: 1\n"),
    ),
    Row(
        "declaration: a list",
        CHECK,
        "not a declaration",
        "不是被测实现声明",
        "toy.iut.yaml:1",
        make=text("toy.iut.yaml", "- 1\n"),
    ),
    Row(
        "declaration: wrong format version",
        CHECK,
        "2",
        "2",
        "toy.iut.yaml:1",
        make=spoiled(("format: 1", "format: 2")),
    ),
    Row(
        "declaration: unknown profile",
        "run toy.iut.yaml",
        "there is no profile toy",
        "没有规范 toy",
        make=spoiled(),
    ),
    Row(
        "declaration: another profile",
        CHECK,
        "answers other@1.0.0, the profile here is toy@1.0.0",
        "针对的规范是 other@1.0.0",
        "toy.iut.yaml:3",
        make=spoiled(("toy@1.0.0", "other@1.0.0")),
    ),
    Row(
        "declaration: wrong digest",
        CHECK,
        "the digest of the profile differs",
        "规范摘要不符",
        "toy.iut.yaml:4",
        make=spoiled((TOY_DIGEST, "sha256:" + 64 * "0")),
    ),
    Row(
        "declaration: unknown role",
        CHECK,
        '"server" is not among',
        '"server" 不在允许范围内',
        "toy.iut.yaml:5",
        make=spoiled(("role: platform", "role: server")),
    ),
    Row(
        "declaration: unknown ICS",
        CHECK,
        "no ICS item TOY_KEEP",
        "没有 ICS 条目 TOY_KEEP",
        "toy.iut.yaml:9",
        make=spoiled(("TOY_KEEPS", "TOY_KEEP")),
    ),
    Row(
        "declaration: open ICS",
        CHECK,
        "TOY_KEEPS is not answered",
        "未回答 TOY_KEEPS",
        "toy.iut.yaml:9",
        make=spoiled(("TOY_KEEPS: true", "TOY_KEEPS: null")),
    ),
    Row(
        "declaration: port out of range",
        CHECK,
        "the port 65536 of toy_endpoint|65536",
        "65536",
        "toy.iut.yaml:11",
        make=spoiled(("port: 9", "port: 65536")),
    ),
    Row(
        "declaration: port 0 of a platform",
        CHECK,
        "the port 0 of toy_endpoint",
        "端口 0",
        "toy.iut.yaml:11",
        make=spoiled(("port: 9", "port: 0")),
    ),
    Row(
        "declaration: bad host",
        CHECK,
        "the host http:// of toy_endpoint",
        "主机 http://",
        "toy.iut.yaml:11",
        make=spoiled(("127.0.0.1, port", "'http://', port")),
    ),
    Row(
        "declaration: no such variable",
        CHECK,
        "env:NOSUCH_1 is absent or empty",
        "env:NOSUCH_1 不存在或为空",
        "toy.iut.yaml:12",
        make=spoiled(("TOY_SECRET", "NOSUCH_1")),
    ),
    Row(
        "declaration: secret in the file",
        CHECK,
        "must not stand in the declaration",
        "不得直接写在声明中",
        "toy.iut.yaml:12",
        make=spoiled(("{secret: env:TOY_SECRET}", "hush")),
    ),
    Row(
        "declaration: two forms of hook",
        CHECK,
        "needs exactly one of command, url and prompt",
        "恰好写明一种",
        "toy.iut.yaml:14",
        make=spoiled(("{url:", "{command: [x], url:")),
    ),
    Row(
        "declaration: unknown requirement",
        CHECK + " --only NOPE-*",
        "no requirement of toy@1.0.0 matches NOPE-",
        "没有与 NOPE-",
        make=spoiled(),
    ),
]

COMMAND = [
    Row(
        "command: unknown", "certify", "there is no command certify", "没有命令 certify"
    ),
    Row(
        "command: unknown option",
        "run x --fast",
        "unknown argument: --fast",
        "无法识别的参数：--fast",
    ),
    Row(
        "command: abbreviated option",
        "run x --dep smoke",
        "unknown argument: --dep",
        "无法识别的参数：--dep",
    ),
    Row("command: too much", "rejudge a b", "unknown argument: b", "无法识别的参数：b"),
    Row("command: too little", "rejudge", "missing argument: DIR", "缺少参数：DIR"),
    Row(
        "command: no value", "run x --depth", "--depth needs a value", "--depth 缺少值"
    ),
    Row(
        "command: unknown depth",
        "run x --depth deep",
        "--depth cannot be deep; it is one of: smoke, standard, thorough",
        "--depth 的值 deep 不可用；可选：smoke, standard, thorough",
    ),
    Row(
        "command: no jobs",
        "run x --jobs 0",
        "--jobs needs a whole number .≥ 1., not 0",
        "--jobs 须为整数",
    ),
    Row(
        "command: words for a number",
        "run x --jobs many",
        "--jobs needs a whole number .*, not many",
        "--jobs 须为整数",
    ),
    Row(
        "command: Arabic digits",
        "run x --jobs ٣",
        "--jobs needs a whole number",
        "--jobs 须为整数",
    ),
    Row(
        "command: negative seed",
        "run x --seed=-1",
        "--seed needs a whole number .≥ 0., not -1",
        "--seed 须为整数",
    ),
    Row(
        "command: port 0",
        "judge x --profile y --port 0",
        "--port needs a whole number .1–65535., not 0",
        "--port 须为整数",
    ),
    Row(
        "command: port 65536",
        "judge x --profile y --port 65536",
        "--port needs a whole number",
        "--port 须为整数",
    ),
    Row("command: nothing to run", "run", "name either a declaration or", "二者择一"),
    Row(
        "command: both to run",
        "run x --resume y",
        "name either a declaration or",
        "二者择一",
    ),
    Row(
        "command: another seed for an old run",
        "run --resume y --seed 1",
        "--seed cannot be changed",
        "不能同时使用 --seed",
    ),
    Row(
        "command: unknown action", "iut make", "cannot be make|no command make", "make"
    ),
    Row(
        "demo: unknown fault",
        "demo --fault nosuch",
        "there is no fault named nosuch",
        "没有名为 nosuch 的缺陷",
    ),
]

OTHER = [
    Row(
        "plan: missing",
        "plan nosuch",
        "cannot be read: No such file",
        "无法读取文件：",
        "nosuch",
    ),
    Row(
        "iut check: missing",
        "iut check nosuch",
        "cannot be read: No such file",
        "无法读取文件：",
        "nosuch",
    ),
    Row(
        "iut new: unknown profile",
        "iut new nosuch --role device",
        "no profile nosuch",
        "没有规范 nosuch",
    ),
    Row(
        "iut new: the file exists",
        "iut new sd-base-uplink --role device --out f",
        "the file exists",
        "文件已存在",
        "f",
        make=text("f", "mine"),
    ),
    Row(
        "iut new: below a file",
        "iut new sd-base-uplink --role device --out f/x",
        "cannot be written: ",
        "无法写入：",
        "f/x",
        make=text("f", "mine"),
    ),
    Row(
        "profile resolve: below a file",
        "profile resolve sd-base-uplink --out f/x",
        "cannot be written: ",
        "无法写入：",
        "f/x",
        make=text("f", "mine"),
    ),
    Row(
        "prove: no jobs",
        "prove --jobs 0",
        "--jobs needs a whole number .≥ 1., not 0",
        "--jobs 须为整数",
    ),
    Row(
        "prove: unknown depth",
        "prove --depth x",
        "--depth cannot be x",
        "--depth 的值 x 不可用",
    ),
    Row(
        "prove: no check",
        "prove --profile sd-base-uplink",
        "nothing to prove",
        "无可证明",
    ),
    Row(
        "frame: endless",
        "frame mqtt @/dev/zero",
        "larger than 67108864 octets",
        "超过 67108864 字节",
        "/dev/zero",
    ),
]

FRAME = [
    Row(
        "frame: unknown protocol",
        "frame modbus 00",
        "no protocol modbus; known: hj212, mqtt",
        "没有协议 modbus",
    ),
    Row("frame: none", "frame hj212", "missing argument: FRAME", "缺少参数：FRAME"),
    Row("frame: odd hexadecimal", "frame mqtt 102", "hex", "十六进制|hex"),
    Row("frame: not hexadecimal", "frame mqtt zz", "hex", "十六进制|hex"),
    Row("frame: unknown encoding", "frame mqtt 00 --encoding morse", "morse", "morse"),
    Row(
        "frame: missing file",
        "frame mqtt @nosuch",
        "cannot be read: No such file",
        "无法读取：",
        "nosuch",
    ),
    Row(
        "frame: folder",
        "frame mqtt @sub",
        "cannot be read: ",
        "无法读取：",
        "sub",
        make=folder_named("sub"),
    ),
    Row(
        "frame: 100 MB",
        "frame mqtt @big",
        "larger than 67108864 octets",
        "超过 67108864 字节",
        "big",
        make=huge("big"),
    ),
    Row(
        "batch: missing",
        "frame mqtt --batch nosuch",
        "cannot be read: No such file",
        "无法读取：",
        "nosuch",
    ),
    Row(
        "batch: 100 MB",
        "frame mqtt --batch big",
        "larger than 67108864 octets",
        "超过 67108864 字节",
        "big",
        make=huge("big"),
    ),
    Row(
        "batch: not JSON",
        "frame mqtt --batch b",
        "not a frame record: JSON",
        "不是报文记录",
        "b:2",
        make=text("b", '{"frame":"C000","encoding":"hex"}\nC000\n'),
    ),
    Row(
        "batch: not UTF-8",
        "frame mqtt --batch b",
        "not a frame record",
        "不是报文记录",
        "b:1",
        make=octets("b", b'{"frame":"\xff"}\n'),
    ),
    Row(
        "batch: deep",
        "frame mqtt --batch b",
        "not a frame record",
        "不是报文记录",
        "b:1",
        make=text("b", "[" * 100_000),
    ),
    Row(
        "batch: another object",
        "frame mqtt --batch b",
        "missing argument: frame",
        "缺少参数：frame",
        "b:1",
        make=text("b", '{"frames": 1}\n'),
    ),
    Row(
        "batch: a number",
        "frame mqtt --batch b",
        "missing argument: frame",
        "缺少参数：frame",
        "b:1",
        make=text("b", '{"frame": 1}\n'),
    ),
    Row(
        "batch: bad hexadecimal",
        "frame mqtt --batch b",
        "not a frame record: .*hex",
        "不是报文记录",
        "b:1",
        make=text("b", '{"frame":"C00","encoding":"hex"}\n'),
    ),
]

CAPTURE = [
    Row(
        f"capture: {name}",
        "judge c.pcap --profile sd-base-uplink",
        en,
        zh,
        "c.pcap",
        make=make,
    )
    for name, make, en, zh in [
        (
            "missing",
            lambda folder: None,
            "cannot be read: No such file",
            "无法读取：文件或目录不存在",
        ),
        (
            "empty",
            octets("c.pcap", b""),
            "no pcap or pcapng capture",
            "不是 pcap 或 pcapng 抓包文件",
        ),
        (
            "text",
            text("c.pcap", "hello, this is no capture at all\n"),
            "no pcap or pcapng capture",
            "不是 pcap 或 pcapng 抓包文件",
        ),
        (
            "100 MB of zeros",
            huge("c.pcap"),
            "no pcap or pcapng capture",
            "不是 pcap 或 pcapng 抓包文件",
        ),
        ("folder", folder_named("c.pcap"), "cannot be read: ", "无法读取："),
        (
            "torn header",
            octets("c.pcap", bytes.fromhex("d4c3b2a1020004")),
            "no pcap or pcapng capture",
            "不是 pcap 或 pcapng 抓包文件",
        ),
        (
            "no packet",
            octets(
                "c.pcap",
                bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"),
            ),
            "the capture holds no",
            "抓包中没有",
        ),
        (
            "torn packet",
            octets(
                "c.pcap",
                bytes.fromhex(
                    "d4c3b2a1020004000000000000000000ffff000001000000"
                    "00000000000000006400000064000000ffff"
                ),
            ),
            "the capture holds no",
            "抓包中没有",
        ),
    ]
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    toy.install(monkeypatch)
    default_corpus.cache_clear()  # it knows files by name, and names are used again
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TOY_SECRET", SECRET)
    return tmp_path


def say(
    args: str | list[str], language: str, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Run the command; return exit code and what it printed on both streams."""
    words = args.split() if isinstance(args, str) else args
    out = io.StringIO()
    code = main(
        ["--lang", language, *(w.replace("{toy}", str(toy.PROFILE)) for w in words)],
        out,
    )
    return code, out.getvalue(), capsys.readouterr().err


def hold(row: Row, language: str, code: int, err: str) -> None:
    """Assert that the answer to a row is as it should be."""
    assert code == row.code, err
    assert "Traceback" not in err
    lines = err.splitlines()
    assert 1 <= len(lines) <= LINES_MAX, err
    assert max(map(len, lines)) < 500, err
    assert err.startswith(row.where), err
    assert re.search(getattr(row, language), lines[0]), err
    assert not re.search(r"Errno|object at 0x|<class", err), err


ROWS = [*yaml_rows(), *PROFILE, *DECLARATION, *COMMAND, *OTHER, *FRAME, *CAPTURE]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_bad_input_gets_one_sentence(
    row: Row, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if "/dev/zero" in row.args and not Path("/dev/zero").exists():
        pytest.skip("there is no /dev/zero here")
    row.make(folder)
    before = sorted(folder.rglob("*"))
    for language in ("en", "zh"):
        code, out, err = say(row.args, language, capsys)
        hold(row, language, code, err)
        assert not out or row.id.startswith("batch: not JSON")
    assert sorted(folder.rglob("*")) == before, "nothing is left behind"


def run_toy(folder: Path, *misbehave: str, seed: int = 7) -> int:
    """Run the toy for real, into ``folder/run``; return the exit code."""
    with toy.toy_server(*misbehave) as server:
        file = declare(folder, server.port, server.hook_port)
        words = f"run {file} --profile {toy.PROFILE} --depth smoke --seed {seed}"
        return main([*words.split(), "--out", str(folder / "run")], io.StringIO())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run, to be copied and spoiled."""
    made = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        toy.install(patch)
        patch.setenv("TOY_SECRET", SECRET)
        assert run_toy(made) == 0
    return made


def cut(name: str, share: float) -> Make:
    """Keep only the first part of a file of the run."""

    def make(folder: Path) -> None:
        path = folder / "run" / name
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * share)])

    return make


def gone(name: str) -> Make:
    return lambda folder: (folder / "run" / name).unlink()


def swap(name: str, *pairs: tuple[bytes, bytes]) -> Make:
    """Replace octets in a file of the run; each must be there."""

    def make(folder: Path) -> None:
        path = folder / "run" / name
        content = path.read_bytes()
        for old, new in pairs:
            assert old in content
            content = content.replace(old, new)
        path.write_bytes(content)

    return make


def put(name: str, content: bytes) -> Make:
    return lambda folder: (folder / "run" / name).write_bytes(content)


def line_of_journal(content: bytes) -> Make:
    """Replace the second line of the journal."""

    def make(folder: Path) -> None:
        path = folder / "run/evidence/journal.jsonl"
        lines = path.read_bytes().splitlines(keepends=True)
        lines[1] = content
        path.write_bytes(b"".join(lines))

    return make


def killed(*makes: Make) -> Make:
    """Take the last line of the results, as if the run were killed, then spoil it.

    Without that line nothing says what the evidence was.
    """

    def make(folder: Path) -> None:
        path = folder / "run/results.jsonl"
        *lines, footer = path.read_bytes().splitlines(keepends=True)
        assert b'"type":"footer"' in footer
        path.write_bytes(b"".join(lines))

    return both(make, *makes)


def unsealed(*makes: Make) -> Make:
    """Take the digests from the last line of the results, then spoil the run."""

    def make(folder: Path) -> None:
        path = folder / "run/results.jsonl"
        *lines, last = path.read_bytes().splitlines(keepends=True)
        footer = json.loads(last)
        assert footer.pop("evidence").keys() == {
            "evidence/journal.jsonl",
            "evidence/wire.pcapng",
        }
        path.write_bytes(b"".join(lines) + json.dumps(footer).encode() + b"\n")

    return both(make, *makes)


RESULTS, SNAPSHOT = "run/results.jsonl", "run/snapshot.json"
JOURNAL, WIRE = "run/evidence/journal.jsonl", "run/evidence/wire.pcapng"
INPUTS = "run/evidence/inputs.json"
AGAIN = "rejudge run"
UNKNOWN_CHECK = swap(
    "evidence/journal.jsonl", (b'"name":"toy.exercise"', b'"name":"toy.nosuch"')
)
OTHER_FILE = put("evidence/wire.pcapng", b"hello world, hello")

FOLDER = [
    Row(
        "results: no such folder",
        "rejudge nosuch",
        "the file does not exist",
        "文件不存在",
        "nosuch/results.jsonl",
    ),
    Row(
        "results: a file for a folder",
        "rejudge toy.iut.yaml",
        "cannot be read: Not a directory|does not exist",
        "无法读取：上级路径不是目录|不存在",
        "toy.iut.yaml/results.jsonl",
    ),
    Row(
        "results: another folder",
        "rejudge sub",
        "the file does not exist",
        "文件不存在",
        "sub/results.jsonl",
        make=folder_named("sub"),
    ),
    Row(
        "results: empty",
        AGAIN,
        "not a results file",
        "不是 luheng 的结果文件",
        RESULTS,
        make=put("results.jsonl", b""),
    ),
    Row(
        "results: binary",
        AGAIN,
        "the file is damaged",
        "文件已损坏",
        RESULTS + ":1",
        make=put("results.jsonl", b"\x00\xff" * 99 + b"\n"),
    ),
    Row(
        "results: JSON of others",
        AGAIN,
        "not a results file",
        "不是 luheng 的结果文件",
        RESULTS,
        make=put("results.jsonl", b'{"a": 1}\n'),
    ),
    Row(
        "results: other format",
        AGAIN,
        "results format 2 is not supported",
        "结果格式版本 2 不受支持",
        RESULTS,
        make=swap("results.jsonl", (b'"format":1', b'"format":2')),
    ),
    Row(
        "results: poor header",
        AGAIN,
        "the file is damaged: .*seed",
        "文件已损坏：.*seed",
        RESULTS + ":1",
        make=swap("results.jsonl", (b'"seed":7,"start"', b'"sead":7,"start"')),
    ),
    Row(
        "results: broken line",
        AGAIN,
        "the file is damaged: JSON",
        "文件已损坏：JSON",
        RESULTS + ":2",
        make=swap(
            "results.jsonl",
            (b'{"actor":"platform","check":"toy.acknowledges"', b'{"actor"'),
        ),
    ),
    Row(
        "results: unknown verdict",
        AGAIN,
        "the file is damaged",
        "文件已损坏",
        RESULTS,
        make=swap("results.jsonl", (b'"verdict":"pass"', b'"verdict":"grand"')),
    ),
    Row(
        "results: 100 MB",
        AGAIN,
        "the file is damaged|not a results file",
        "文件已损坏|不是",
        RESULTS,
        make=both(gone("results.jsonl"), huge("run/results.jsonl")),
    ),
    Row(
        "snapshot: missing",
        AGAIN,
        "the file does not exist",
        "文件不存在",
        SNAPSHOT,
        make=gone("snapshot.json"),
    ),
    Row(
        "snapshot: truncated",
        AGAIN,
        "the file is damaged: JSON",
        "文件已损坏：JSON",
        SNAPSHOT,
        make=cut("snapshot.json", 0.5),
    ),
    Row(
        "snapshot: a list",
        AGAIN,
        "the file is damaged",
        "文件已损坏",
        SNAPSHOT,
        make=put("snapshot.json", b"[]"),
    ),
    Row(
        "snapshot: tampered with",
        AGAIN,
        "does not match its digest",
        "快照内容与摘要不符",
        SNAPSHOT,
        make=swap("snapshot.json", (b'"HELO"', b'"QUIT"')),
    ),
    Row(
        "snapshot: of another run",
        AGAIN,
        "snapshot is not what it was",
        "与运行时不一致",
        SNAPSHOT,
        make=swap(
            "results.jsonl",
            (b'"profile_digest":"sha256:', b'"profile_digest":"sha256:0'),
        ),
    ),
    Row(
        "inputs: missing",
        AGAIN,
        "the file does not exist",
        "文件不存在",
        INPUTS,
        make=gone("evidence/inputs.json"),
    ),
    Row(
        "inputs: truncated",
        AGAIN,
        "the file is damaged: JSON",
        "文件已损坏：JSON",
        INPUTS,
        make=cut("evidence/inputs.json", 0.5),
    ),
    Row(
        "inputs: empty object",
        AGAIN,
        "the file is damaged",
        "文件已损坏",
        INPUTS,
        make=put("evidence/inputs.json", b"{}"),
    ),
    Row(
        "inputs: a list",
        AGAIN,
        "the file is damaged",
        "文件已损坏",
        INPUTS,
        make=put("evidence/inputs.json", b"[]"),
    ),
    Row(
        "inputs: tampered with",
        AGAIN,
        "declaration is not what it was",
        "与运行时不一致",
        INPUTS,
        make=swap("evidence/inputs.json", (b"127.0.0.1", b"127.0.0.2")),
    ),
    *(
        Row(
            f"{name}: missing, {state}",
            AGAIN,
            "the file does not exist, though the run left it",
            "文件不存在，而该次运行留下过它",
            file,
            make=make(gone(file.removeprefix("run/"))),
        )
        for name, file in (("journal", JOURNAL), ("wire", WIRE))
        for state, make in (("finished", both), ("killed", killed))
    ),
    *(
        Row(
            f"{name}, {args}",
            args,
            "the evidence was altered after the run ended",
            "证据在运行结束后被改动过",
            file,
            make=make,
        )
        for args in (AGAIN, "report run")
        for name, file, make in (
            ("journal: cut", JOURNAL, cut("evidence/journal.jsonl", 0.97)),
            ("journal: broken line", JOURNAL, line_of_journal(b"{]\n")),
            ("journal: empty", JOURNAL, put("evidence/journal.jsonl", b"")),
            ("journal: unknown check", JOURNAL, UNKNOWN_CHECK),
            ("wire: cut", WIRE, cut("evidence/wire.pcapng", 0.5)),
            ("wire: empty", WIRE, put("evidence/wire.pcapng", b"")),
            ("wire: another file", WIRE, OTHER_FILE),
        )
    ),
    *(
        Row(
            f"{name}, {state}",
            AGAIN,
            en,
            zh,
            where,
            make=make(spoil),
        )
        for state, make in (("killed", killed), ("unsealed", unsealed))
        for name, en, zh, where, spoil in (
            (
                "journal: broken line",
                "the file is damaged: JSON",
                "文件已损坏：JSON",
                JOURNAL + ":2",
                line_of_journal(b"{]\n"),
            ),
            (
                "journal: another object",
                "the file is damaged",
                "文件已损坏",
                JOURNAL + ":2",
                line_of_journal(b'{"name": "TOY-ACK-001"}\n'),
            ),
            (
                "journal: unknown check",
                "no check named toy.nosuch",
                "没有名为 toy.nosuch 的检查",
                "",
                UNKNOWN_CHECK,
            ),
            (
                "wire: another file",
                "not a pcapng recording of luheng",
                "不是 luheng 写出的 pcapng 记录",
                WIRE,
                OTHER_FILE,
            ),
        )
    ),
    Row(
        "resume: journal missing",
        "run --resume run",
        "the file does not exist, though the run left it",
        "文件不存在，而该次运行留下过它",
        JOURNAL,
        make=killed(gone("evidence/journal.jsonl")),
    ),
    Row(
        "resume: journal broken",
        "run --resume run",
        "the file is damaged: JSON",
        "文件已损坏：JSON",
        JOURNAL + ":2",
        make=killed(line_of_journal(b"{]\n")),
    ),
    Row(
        "resume: wire missing",
        "run --resume run",
        "the file does not exist, though the run left it",
        "文件不存在，而该次运行留下过它",
        WIRE,
        make=killed(gone("evidence/wire.pcapng")),
    ),
    Row(
        "resume: wire another file",
        "run --resume run",
        "not a pcapng recording of luheng",
        "不是 luheng 写出的 pcapng 记录",
        WIRE,
        make=killed(OTHER_FILE),
    ),
    Row("resume: finished", "run --resume run", "come to its end", "已经结束", "run"),
    Row(
        "resume: no run",
        "run --resume sub",
        "the file does not exist",
        "文件不存在",
        "sub/results.jsonl",
        make=folder_named("sub"),
    ),
    Row(
        "replay: unknown requirement",
        "replay run/NOPE-1",
        "the run has no requirement NOPE-1",
        "没有要求 NOPE-1",
        "run",
    ),
    Row(
        "replay: no failure",
        "replay run/TOY-ACK-001",
        "did not fail",
        "没有失败",
        "run",
    ),
    Row(
        "replay: no requirement",
        "replay run",
        "the file does not exist|no requirement run",
        "不存在|没有要求",
    ),
    Row(
        "report: no run",
        "report nosuch",
        "the file does not exist",
        "文件不存在",
        "nosuch/results.jsonl",
    ),
    Row(
        "report: no room for a file",
        "report run",
        "cannot be written",
        "无法写入",
        "run/report.html",
        code=4,
        make=both(gone("report.html"), folder_named("run/report.html")),
    ),
    Row(
        "rejudge: nowhere to write",
        "rejudge run --out toy.iut.yaml/x",
        "cannot be written",
        "无法写入：",
        "toy.iut.yaml/x",
    ),
    Row(
        "run: folder in use",
        CHECK + " --out run",
        "already holds the results",
        "已有一次运行的结果",
        "run",
    ),
    Row(
        "run: folder below a file",
        CHECK + " --out toy.iut.yaml/run",
        "the results cannot be written",
        "无法写入结果：",
        "toy.iut.yaml",
    ),
    Row(
        "run: file for a folder",
        CHECK + " --out toy.iut.yaml",
        "the results cannot be written",
        "无法写入结果：",
        "toy.iut.yaml",
    ),
]


@pytest.mark.parametrize("row", FOLDER, ids=lambda row: row.id)
def test_a_bad_folder_gets_one_sentence(
    row: Row, runs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs, folder, dirs_exist_ok=True)
    row.make(folder)
    before = {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_size < HUGE and path.suffix != ".xml"
    }
    for language in ("en", "zh"):
        code, _, err = say(row.args, language, capsys)
        hold(row, language, code, err)
    for path, content in before.items():
        assert path.read_bytes() == content, "what was there stays as it was"


LOST = {
    "the last line of the journal": cut("evidence/journal.jsonl", 0.97),
    "half of the journal": cut("evidence/journal.jsonl", 0.5),
    "half of the recording": cut("evidence/wire.pcapng", 0.5),
    "all of the recording": put("evidence/wire.pcapng", b""),
}


@pytest.mark.parametrize("what", LOST)
def test_lost_evidence_is_never_a_pass(
    what: str, runs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What unsealed evidence no longer shows is inconclusive, and the run with it."""
    shutil.copytree(runs, folder, dirs_exist_ok=True)
    unsealed(LOST[what])(folder)
    code, _, err = say("rejudge run", "en", capsys)
    assert (code, err) == (2, "")
    lines = (folder / "run/rejudged.jsonl").read_text("utf-8").splitlines()
    footer = json.loads(lines[-1])
    assert footer["verdict"] == "inconclusive"
    assert not footer["eligible"]
    assert len(lines) == footer["requirements"] + 2


@pytest.mark.parametrize("what", LOST)
def test_what_a_killed_run_lost_does_not_pass(
    what: str, runs: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs, folder, dirs_exist_ok=True)

    def passed() -> set[str]:
        assert say("rejudge run", "en", capsys)[::2] == (2, "")
        lines = (folder / "run/rejudged.jsonl").read_text("utf-8").splitlines()
        *records, footer = map(json.loads, lines[1:])
        assert (footer["verdict"], footer["eligible"]) == ("inconclusive", False)
        assert "fail" not in {record["verdict"] for record in records}
        return {r["requirement"] for r in records if r["verdict"] == "pass"}

    killed()(folder)
    before = passed()
    LOST[what](folder)
    assert passed() < before


UNREACHABLE = {
    "refused": ("127.0.0.1", "refused the connection", "拒绝连接"),
    "unresolved": (
        "nosuch.invalid",
        "does not resolve",
        "无法解析主机名 nosuch.invalid",
    ),
}


@pytest.mark.parametrize("name", UNREACHABLE)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_network_that_fails_judges_nobody(
    name: str, language: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    host, en, zh = UNREACHABLE[name]
    with toy.toy_server() as server:
        port = server.port  # free again when the server is gone
    declare(folder, port, host=host)
    code, out, err = say(CHECK + " --depth smoke --out run", language, capsys)
    assert (code, err) == (2, "")
    assert {"en": en, "zh": zh}[language] in out
    lines = (folder / "run/results.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines[1:-1]]
    judged = {r["verdict"] for r in records}
    assert judged == {"inconclusive", "not-tested", "not-applicable"}
    causes = {r.get("cause") for r in records if r.get("key", "").startswith("link.")}
    assert causes == {"network"}
