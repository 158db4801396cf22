# SPDX-License-Identifier: Apache-2.0
"""The house keeps its own rules: what may import what, and what every file has.

Reads the tree as text and syntax; imports nothing of the package.  The picture that it
holds is in docs/architecture.md.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "conformance"
SPDX = "# SPDX-License-Identifier: Apache-2.0"
MAX_LINES = 600

# Top to bottom: a part may import what stands after it, never what stands before it.
ORDER = ("cli", "lab", "report", "evidence", "audit", "engine", "iut", "profile")
BASE = {"errors", "text", "paths", "__init__"}
"""Modules without knowledge of the domain, open to all."""

BESIDE = {"link", "data", "protocols", "security", "pytest_plugin"}
"""Parts that stand beside the order, each with a rule of its own in ``ALLOWED``."""

# Inside the parts of ORDER: what they may use beside what stands below them.
USES_BESIDE = {
    "cli": {"link", "data", "protocols", "security"},
    "lab": {"link", "data", "protocols", "security"},
    "report": {"data", "protocols"},
    "evidence": {"link", "data", "protocols"},
    "audit": {"link", "data", "protocols"},
    "engine": {"link", "data", "protocols"},
    "iut": {"data"},
    "profile": set[str](),
}
ALLOWED: dict[str, set[str]] = {
    part: set(ORDER[place + 1 :]) | USES_BESIDE[part]
    for place, part in enumerate(ORDER)
} | {
    "link": set(),
    "data": {"profile"},
    "protocols": {"engine", "link", "data", "profile"},
    "security": {"engine", "link", "data", "profile", "protocols"},
    "pytest_plugin": {*ORDER[1:], "link", "data", "protocols", "security"},
    # The base names packages as strings only, to load their messages when needed.
    "errors": set(),
    "text": set(),
    "paths": set(),
    "__init__": set(),
}
# Where a part may see only one module of another.
ONLY = {("protocols", "profile"): {"conformance.profile.model"}}
# One protocol uses another only where the standard does.
PROTOCOL_USES = {"lwm2m": {"coap"}}


def python_files(folder: Path) -> list[Path]:
    """Return the Python files below ``folder`` in a stable order."""
    return sorted(p for p in folder.rglob("*.py") if "__pycache__" not in p.parts)


def tracked_files() -> list[Path]:
    """Return what belongs to the project: what git knows, or all of an export."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        ignored = {".venv", ".git", ".tox", "__pycache__", "runs", "node_modules"}
        return [
            path
            for path in ROOT.rglob("*")
            if path.is_file() and not ignored & set(path.relative_to(ROOT).parts)
        ]
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def part_of(module: str) -> str:
    """Return the part that a module belongs to: ``conformance.link.tcp`` → link."""
    names = module.split(".")
    return names[1] if len(names) > 1 else "__init__"


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    names = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(names[:-1] if names[-1] == "__init__" else names)


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, module of ours) for each import, wherever in the file it stands."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module=module, names=names, level=level):
                base = package[: len(package) - level + 1] if level else []
                origin = ".".join([*base, *([module] if module else [])])
                found = [whole_name(origin, alias.name) for alias in names]
            case _:
                continue
        for name in dict.fromkeys(found):
            if name.split(".")[0] == "conformance":
                yield node.lineno, name


def whole_name(origin: str, name: str) -> str:
    """Return the module that ``from origin import name`` reaches."""
    inside = PACKAGE.parent.joinpath(*origin.split("."), name)
    is_module = inside.is_dir() or inside.with_suffix(".py").is_file()
    return f"{origin}.{name}" if is_module or origin == "conformance" else origin


def is_allowed(path: Path, target: str) -> bool:
    """Whether the file may import the module ``target`` of ours."""
    source = module_name(path)
    here, there = part_of(source), part_of(target)
    if there in BASE or target.startswith("conformance.__"):
        return True
    if there == "protocols" and not is_shared(target):
        # Nobody but a protocol's own folder knows it: the others ask ``room`` by name,
        # so that a protocol is added by adding a folder.
        mine, other = source.split(".")[2:3], target.split(".")[2]
        uses = {*mine, *(PROTOCOL_USES.get(mine[0], ()) if mine else ())}
        return here == "protocols" and other in uses
    if here == there:
        return True
    if (here, there) in ONLY:
        return target in ONLY[here, there]
    return there in ALLOWED[here]


def is_shared(target: str) -> bool:
    """Whether a module of ``protocols`` belongs to no single protocol."""
    names = target.split(".")[2:3]
    return not names or (PACKAGE / "protocols" / f"{names[0]}.py").is_file()


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_every_part_of_the_package_has_its_place() -> None:
    known = {*ORDER, *BESIDE, *BASE}
    found = {path.stem for path in PACKAGE.glob("*.py")} | {
        path.parent.name for path in PACKAGE.glob("*/__init__.py")
    }
    assert found <= known, f"no import rule for {sorted(found - known)}"


def test_imports_point_down_only() -> None:
    broken = [
        f"{relative(path)}:{line} imports {target}"
        for path in python_files(PACKAGE)
        for line, target in imported(path)
        if not is_allowed(path, target)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize(
    ("file", "target", "verdict"),
    [
        ("engine/run.py", "conformance.iut.model", True),
        ("engine/run.py", "conformance.report.html", False),
        ("engine/run.py", "conformance.protocols", True),
        ("engine/run.py", "conformance.protocols.hj212.codec", False),
        ("cli/demo.py", "conformance.protocols.hj212.simulator", False),
        ("protocols/hj212/rules/flow.py", "conformance.profile.model", True),
        ("protocols/hj212/rules/flow.py", "conformance.profile.lint", False),
        ("iut/select.py", "conformance.protocols", False),
        ("profile/model.py", "conformance.text", True),
        ("profile/model.py", "conformance.link.tcp", False),
        ("link/tcp.py", "conformance.errors", True),
        ("link/tcp.py", "conformance.engine.run", False),
        (
            "protocols/hj212/codec/grammar.py",
            "conformance.protocols.hj212.machine",
            True,
        ),
        ("protocols/hj212/codec/grammar.py", "conformance.protocols.mqtt.codec", False),
        ("protocols/lwm2m/codec.py", "conformance.protocols.coap.codec", True),
        ("protocols/coap/codec.py", "conformance.protocols.lwm2m.codec", False),
        ("protocols/hj212/codec/grammar.py", "conformance.protocols.explained", True),
        ("protocols/hj212/checks/parts.py", "conformance.report.html", False),
        ("report/html.py", "conformance.engine.verdicts", True),
        ("lab/campaign.py", "conformance.cli.main", False),
        ("evidence/bundle.py", "conformance.pytest_plugin", False),
    ],
)
def test_the_import_rule_itself_can_fail(file: str, target: str, verdict: bool) -> None:
    assert is_allowed(PACKAGE / file, target) is verdict


def test_every_form_of_import_is_seen(tmp_path: Path) -> None:
    """Relative, nested and whole-package imports count like any other."""
    path = PACKAGE / "engine" / "imaginary.py"
    lines = [
        "import conformance.cli.main",
        "from conformance import report",
        "from ..lab import campaign",
        "from conformance.protocols import explained",
        "def later():",
        "    from conformance.evidence.bundle import write",
    ]
    copy = tmp_path / "imaginary.py"
    copy.write_text("\n".join(lines), "utf-8")

    class Elsewhere(type(path)):  # type: ignore[misc]
        """The path of one file with the text of another."""

        def read_text(self, *_: object, **__: object) -> str:
            return copy.read_text("utf-8")

    assert [name for _, name in sorted(imported(Elsewhere(path)))] == [
        "conformance.cli.main",
        "conformance.report",
        "conformance.lab",
        "conformance.protocols.explained",
        "conformance.evidence.bundle",
    ]


def header_faults(path: Path) -> Iterator[str]:
    """Yield what the head of a source file lacks."""
    text = path.read_text("utf-8")
    if text.split("\n", 1)[0] != SPDX:
        yield "first line is not the licence line"
    tree = ast.parse(text)
    is_trivial = path.name == "__init__.py" and not any(
        isinstance(node, ast.FunctionDef | ast.ClassDef | ast.ImportFrom)
        for node in tree.body
    )
    if is_trivial and not tree.body:
        return
    if not ast.get_docstring(tree):
        yield "no module docstring"
    names = {
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    }
    if "annotations" not in names and not is_trivial:
        yield "no `from __future__ import annotations`"


def test_every_source_file_says_what_it_is() -> None:
    broken = [
        f"{relative(path)}: {fault}"
        for path in python_files(PACKAGE)
        for fault in header_faults(path)
    ]
    assert not broken, "\n".join(broken)


def test_no_source_file_is_too_long_to_read() -> None:
    broken = [
        f"{relative(path)}: {count} lines"
        for path in python_files(PACKAGE)
        if (count := path.read_text("utf-8").count("\n")) > MAX_LINES
    ]
    assert not broken, "\n".join(broken)


# Written in pieces, so that this file does not find itself.
UNFINISHED = re.compile(
    "|".join(map("".join, [("TO", "DO"), ("FIX", "ME"), ("XX", "X")]))
)
MACHINE_PATH = re.compile(
    "|".join(
        [
            r"(?<![\w.])/" + r"(?:home|root|Users|work)/\w",
            r"[A-Z]:\\" + r"Users\\",
            r"/tmp/" + r"lv\b",
        ]
    )
)
TEXT_SUFFIXES = {
    *(".py", ".md", ".yaml", ".yml", ".toml", ".ini", ".txt", ".json", ".html", ".css"),
    *(".js", ".sh", ".cfg", ""),
}


@pytest.mark.parametrize("pattern", [UNFINISHED, MACHINE_PATH], ids=["todo", "path"])
def test_no_file_speaks_of_unfinished_work_or_one_machine(
    pattern: re.Pattern[str],
) -> None:
    found = [
        f"{relative(path)}:{number}: {line.strip()[:100]}"
        for path in tracked_files()
        if path.suffix in TEXT_SUFFIXES and path.name != "LICENSE"
        for number, line in enumerate(
            path.read_text("utf-8", errors="replace").splitlines(), 1
        )
        if pattern.search(line)
    ]
    assert not found, "\n".join(found)


def test_the_patterns_find_what_they_are_for() -> None:
    assert UNFINISHED.search("# " + "TO" + "DO: later")
    assert not UNFINISHED.search("mastodon, XXL, todo")
    assert MACHINE_PATH.search("open('" + "/home" + "/me/x')")
    assert MACHINE_PATH.search("see " + "/work" + "/thing")
    assert not MACHINE_PATH.search("https://example.org/home/x, reports/work/x")


def declared_dependencies() -> set[str]:
    """Return the names of all requirements of the project, in their canonical form."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = table["project"]
    groups = [
        project["dependencies"],
        table["build-system"]["requires"],
        *project["optional-dependencies"].values(),
    ]
    names = {
        canonical(found[0])
        for group in groups
        for line in group
        if (found := re.match(r"[A-Za-z0-9._-]+", line))
    }
    return names - {project["name"]}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_dependency_has_its_reason() -> None:
    """docs/dependencies.md has exactly one line for each, and none for what is gone."""
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    assert sorted(map(canonical, rows)) == sorted(declared_dependencies())


def test_every_dependency_is_locked() -> None:
    text = (ROOT / "requirements" / "lock.txt").read_text("utf-8")
    locked = {canonical(n) for n in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}
    assert declared_dependencies() - {"hatchling"} <= locked


def test_the_changelog_is_open_for_the_next_release() -> None:
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(r"^## Unreleased$", text, re.MULTILINE)


DATA_REFERENCE = re.compile(
    r"(?<![\w./-])((?:profiles|schemas)/[\w./-]+\.(?:ya?ml|json))"
)


def test_every_profile_and_schema_that_the_documents_name_exists() -> None:
    pages = [p for p in tracked_files() if p.suffix == ".md" and p.parent != ROOT]
    pages += [p for p in ROOT.glob("*.md") if p.name != "CHANGELOG.md"]
    missing = [
        f"{relative(page)}: {name}"
        for page in pages
        for name in DATA_REFERENCE.findall(page.read_text("utf-8"))
        if not (ROOT / name).is_file()
    ]
    assert not missing, "\n".join(missing)


HEAVY = {"hypothesis", "jsonschema", "pytest", "rich", "scapy"}


def test_help_imports_nothing_heavy() -> None:
    """``luheng --help`` answers before anybody notices: heavy imports wait for use."""
    program = (
        "import contextlib, io, sys\n"
        "from conformance.cli.main import entry\n"
        "sys.argv = ['luheng', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "    with contextlib.suppress(SystemExit):\n"
        "        entry()\n"
        "assert 'luheng' in out.getvalue()\n"
        "print(*{name.partition('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stdout.split())
