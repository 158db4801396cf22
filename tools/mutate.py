# SPDX-License-Identifier: Apache-2.0
"""Weaken each expectation in turn; the proof must turn red each time.

Every ``.expect(met, key, ...)`` and ``.judge(met, key, ...)`` in a protocol's rooms is
a site.  A mutant evaluates ``met`` and then believes it.  The faults that this key must
catch are run again, with the requirements that they break alone: one that now goes
unnoticed kills the mutant.  A survivor is an expectation that nothing forces; the
comment ``# unforced: why`` on its line explains it, and an unexplained one makes this
script fail.

    python tools/mutate.py [--protocol NAME] [--jobs N] [--out FILE]

Most of a mutant's time is waiting, so several processes share the sites.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

DOMAIN = "sd-water-surface-station"
PROFILES = {"hj212": (DOMAIN,), "mqtt": ("sd-base-mqtt311", DOMAIN)}
"""A fault is tried with the first profile that holds the requirement it breaks."""
EXPLAINED = "# unforced:"


@dataclass(frozen=True)
class Site:
    """One expectation in the source."""

    module: str
    file: Path
    line: int
    column: int
    key: str | None
    """The key, when it is a literal; ``None`` when it is computed."""
    functions: frozenset[str]
    """Functions and classes around it, and those of its module that lead to them."""
    explanation: str | None

    @property
    def name(self) -> str:
        return f"{self.file.relative_to(ROOT).as_posix()}:{self.line}"


def sites(protocol: str) -> list[Site]:
    """Return the expectations of a protocol's rooms in source order."""
    folder = ROOT / "conformance" / "protocols" / protocol
    found = []
    for file in sorted(folder.rglob("*.py")):
        text = file.read_text("utf-8")
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        module = module.removesuffix(".__init__")
        finder = _Finder(module, file, text.splitlines())
        finder.visit(ast.parse(text))
        found += [
            replace(site, functions=finder.leading_to(site.functions))
            for site in finder.found
        ]
    return found


class _Finder(ast.NodeVisitor):
    def __init__(self, module: str, file: Path, lines: Sequence[str]) -> None:
        self.module, self.file, self.lines = module, file, lines
        self.around: list[str] = []
        self.users: dict[str, set[str]] = {}
        self.found: list[Site] = []

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self.around.append(node.name)
        self.generic_visit(node)
        self.around.pop()

    visit_ClassDef = visit_FunctionDef

    def visit_Name(self, node: ast.Name) -> None:
        self.users.setdefault(node.id, set()).update(self.around)

    def leading_to(self, names: frozenset[str]) -> frozenset[str]:
        """Return the names and whatever uses them, however far away."""
        more = names.union(*(self.users.get(name, ()) for name in names))
        return names if more == names else self.leading_to(more)

    def visit_Call(self, node: ast.Call) -> None:
        if _is_expectation(node):
            key = node.args[1]
            literal = key.value if isinstance(key, ast.Constant) else None
            span = self.lines[node.lineno - 1 : node.end_lineno]
            why = [x.partition(EXPLAINED)[2].strip() for x in span if EXPLAINED in x]
            self.found.append(
                Site(
                    self.module,
                    self.file,
                    node.lineno,
                    node.col_offset,
                    str(literal) if literal is not None else None,
                    frozenset(self.around),
                    why[0] if why else None,
                )
            )
        self.generic_visit(node)


def _is_expectation(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("expect", "judge")
        and len(node.args) >= 2
    )


class _Weaken(ast.NodeTransformer):
    def __init__(self, site: Site) -> None:
        self.site = site

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        place = (node.lineno, node.col_offset)
        if _is_expectation(node) and place == (self.site.line, self.site.column):
            both = ast.Tuple([node.args[0], ast.Constant(True)], ast.Load())
            node.args[0] = ast.Subscript(both, ast.Constant(1), ast.Load())
        return node


class _Loader:
    """Imports one module with one expectation weakened."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def find_spec(self, name: str, path: object = None, target: object = None):
        if name != self.site.module:
            return None
        file = self.site.file
        return importlib.util.spec_from_loader(
            name, self, origin=str(file), is_package=file.stem == "__init__"
        )

    def create_module(self, spec: object) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        tree = ast.parse(self.site.file.read_text("utf-8"))
        tree = ast.fix_missing_locations(_Weaken(self.site).visit(tree))
        module.__file__ = str(self.site.file)
        if self.site.file.stem == "__init__":
            module.__path__ = [str(self.site.file.parent)]
        exec(compile(tree, self.site.file, "exec"), module.__dict__)  # noqa: S102


def load_fresh(protocol: str, site: Site | None) -> None:
    """Import a protocol's rooms anew, with a site weakened or as they are."""
    from conformance.engine import registry

    prefix = f"conformance.protocols.{protocol}"
    for name in [m for m in sys.modules if m == prefix or m.startswith(prefix + ".")]:
        del sys.modules[name]
    for name, actor in [k for k in registry._REGISTRY if k[0].startswith(protocol)]:
        del registry._REGISTRY[name, actor]
    loader = _Loader(site) if site else None
    if loader:
        sys.meta_path.insert(0, loader)
    try:
        registry.load(protocol)
        importlib.import_module(f"{prefix}.faults")
    finally:
        if loader:
            sys.meta_path.remove(loader)


def killers(site: Site, protocol: str, snapshots) -> Iterator[tuple]:
    """Yield ``(fault, snapshot, requirement -> key)`` for what this site must catch."""
    from conformance.protocols import room

    for fault in room(protocol, "faults").FAULTS:
        done: set[str] = set()
        for snapshot in snapshots:
            left = {
                r: k for r, k in fault.bound(snapshot).breaks.items() if r not in done
            }
            known = {r.id for r in snapshot.requirements}
            if site.key is None:
                known &= requirements_of(site, snapshot)
            here = {r: k for r, k in left.items() if r in known}
            done |= here.keys()
            wanted = {r: k for r, k in here.items() if site.key in (None, k)}
            if wanted:
                yield fault, snapshot, wanted


def requirements_of(site: Site, snapshot) -> set[str]:
    """Return the requirements whose procedure contains the site."""
    from conformance.engine.registry import _REGISTRY

    names = {
        p.name
        for p in _REGISTRY.values()
        if p.function.__name__ in site.functions
        and p.function.__module__ == site.module
    }
    return {r.id for r in snapshot.requirements if r.check and r.check.name in names}


def is_killed(site: Site, protocol: str, scratch: Path) -> tuple[bool, int]:
    """Run the killers against the weakened suite; return whether one escaped."""
    from conformance.evidence.proving import Trial, run_trial
    from conformance.profile.corpus import default_corpus

    load_fresh(protocol, site)
    snapshots = [default_corpus().resolve(ref) for ref in PROFILES[protocol]]
    tried = 0
    for fault, snapshot, wanted in killers(site, protocol, snapshots):
        tried += 1
        trial = Trial(protocol, fault.role, fault)
        folder = Path(tempfile.mkdtemp(dir=scratch)) / "run"
        cells = run_trial(snapshot, trial, folder, "smoke", tuple(wanted))
        for requirement, key in wanted.items():
            cell = cells[requirement]
            if cell.verdict not in ("fail", "warn") or cell.key != key:
                return True, tried
    return False, tried


def weaken(protocols: Sequence[str], shard: str, only: str) -> list[dict[str, object]]:
    """Run one share of the mutants; print and return a row for each."""
    number, of = (int(part) for part in shard.split("/"))
    rows = []
    with tempfile.TemporaryDirectory(prefix="luheng-mutate-") as scratch:
        for protocol in protocols:
            found = [s for s in sites(protocol) if only in s.name]
            for site in found[number - 1 :: of]:
                killed, tried = is_killed(site, protocol, Path(scratch))
                state = "killed" if killed else "explained"
                if not killed and not site.explanation:
                    state = "SURVIVED"
                print(f"{state:<9} {site.name} {site.key or '(computed)'}", flush=True)
                rows.append(
                    {
                        "site": site.name,
                        "key": site.key,
                        "state": state,
                        "faults": tried,
                        "why": site.explanation,
                    }
                )
    return rows


def share(arguments: Sequence[str], jobs: int) -> list[dict[str, object]]:
    """Let several processes weaken; return all their rows."""
    with tempfile.TemporaryDirectory(prefix="luheng-mutate-") as scratch:
        files = [Path(scratch) / f"{n}.json" for n in range(1, jobs + 1)]
        running = [
            subprocess.Popen(
                [
                    *(sys.executable, __file__, *arguments),
                    *(f"--shard={n}/{jobs}", f"--out={file}"),
                ]
            )
            for n, file in enumerate(files, 1)
        ]
        codes = [process.wait() for process in running]
        if any(codes):
            sys.exit("a share of the mutants was not carried out; see above")
        return [row for file in files for row in json.loads(file.read_text("utf-8"))]


def main() -> int:
    """Return 1 when an expectation survives unexplained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--protocol", choices=tuple(PROFILES), action="append")
    parser.add_argument("--shard", metavar="N/M", help="one share, in this process")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--only", metavar="TEXT", default="", help="part of a site")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    protocols = args.protocol or tuple(PROFILES)
    if args.shard:
        rows = weaken(protocols, args.shard, args.only)
    else:
        asked = [a for p in protocols for a in ("--protocol", p)]
        rows = share([*asked, "--only", args.only], args.jobs)
    if args.out:
        text = json.dumps(rows, ensure_ascii=False, indent=1)
        args.out.write_text(text + "\n", encoding="utf-8")
    if args.shard:
        return 0
    killed = sum(row["state"] == "killed" for row in rows)
    survived = [row["site"] for row in rows if row["state"] == "SURVIVED"]
    print(f"{killed} of {len(rows)} weakened expectations were noticed")
    print("unexplained:", *(survived or ["none"]))
    return 1 if survived or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
