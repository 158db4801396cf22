# SPDX-License-Identifier: Apache-2.0
"""Run the official suite against real MQTT implementations and publish what it finds.

    python tools/peers_report.py            every peer, then the page
    python tools/peers_report.py aedes      some peers; the others keep their results
    python tools/peers_report.py --page     only the page, from the stored results
    python tools/peers_report.py --keep DIR keep the runs, with their recordings, there

Each peer of ``tests/mqtt_peers.py`` runs by its declarations in ``fixtures/iut``, once
for each version of MQTT that it speaks; what comes of it goes to ``reports/mqtt``,
beside the judgements that people wrote.  Checks run one after the other with a fixed
seed, so that a run can be repeated.  A run that takes too long ends as partial.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from conformance.cli.main import main as luheng  # noqa: E402
from conformance.engine.result import RunResult  # noqa: E402
from conformance.evidence.session import Options, prepare  # noqa: E402
from conformance.iut.declaration import (  # noqa: E402
    Declaration,
    Endpoint,
    load_declaration,
)
from conformance.iut.values import Hook, Limits  # noqa: E402
from conformance.link.hookserver import HookServer  # noqa: E402
from tests.mqtt_peers import (  # noqa: E402
    CLIENTS,
    INSTALLED_AS,
    SERVERS,
    V3,
    V5,
    Device,
)
from tests.peers import find, free_port, version  # noqa: E402

OUT = ROOT / "reports" / "mqtt"
SEED = 1
LIMITS = Limits(requirement_s=120, total_s=1500)
"""What one requirement, and one run of one peer in one version, may take."""
PEERS = (*SERVERS, *CLIENTS)


def main(arguments: list[str]) -> int:
    """Run what was asked for, write the page, return the exit code of the page."""
    options = _parser().parse_args(arguments)
    missing = 0
    with tempfile.TemporaryDirectory(prefix="luheng-peers-") as scratch:
        work = options.keep or Path(scratch)
        folders: list[Path] = []
        for name in () if options.page else options.peers or PEERS:
            if find(INSTALLED_AS[name]) is None:
                print(f"{name}: not installed, left out", flush=True)
                missing += 1
                continue
            for declaration in _declarations(name):
                folder = work / f"{name}-{declaration.profile_ref.partition('@')[0]}"
                folder.mkdir(parents=True)
                result = _run(name, declaration, folder)
                assert result.footer is not None
                print(f"{name}: {_totals(result)}", flush=True)
                folders.append(folder / "run")
        stored = sorted(OUT.glob("*.json"))
        judgements = ["--judgements", str(OUT / "judgements.yaml")]
        runs = [str(path) for path in (*stored, *folders)]
        # The language that the page opens in must not depend on who made it.
        spoken = ["--lang", "en"]
        code = luheng(["compare", *runs, "--out", str(OUT), *judgements, *spoken])
    return code or (1 if missing and options.require_peers else 0)


def _declarations(name: str) -> list[Declaration]:
    """Return how a peer is declared: once for each version of MQTT that it speaks."""
    files = sorted((ROOT / "fixtures" / "iut").glob(f"{name}*.iut.yaml"))
    ours = (f"{name}.iut.yaml", f"{name}-mqtt5.iut.yaml")
    return [load_declaration(file) for file in files if file.name in ours]


def _run(name: str, declared: Declaration, folder: Path) -> RunResult:
    options = Options(seed=SEED, jobs=1, folder=folder / "run", language="en")
    with ExitStack() as stack:
        if name in SERVERS:
            port = stack.enter_context(SERVERS[name](folder)).port
        else:
            port = free_port()
        here = _here(name, declared, port)
        if name in SERVERS:
            return prepare(here, options).execute()
        speaks = V5 if "mqtt5" in declared.profile_ref else V3
        devices: list[Device] = []
        asked = {
            "received": lambda facts: devices[0].received(facts["payload"]),
            "power_cycle": lambda facts: devices[0].power_cycle(),
        }
        control = stack.enter_context(HookServer(asked))
        session = prepare(_controlled(here, control), options)
        session.begin()
        devices.append(stack.enter_context(CLIENTS[name](folder, port, speaks)))
        return session.execute()


def _controlled(declared: Declaration, control: HookServer) -> Declaration:
    """Return the declaration with what it says an operator does done by this tool."""
    hooks = {
        "received_messages": Hook("url", control.url("received?payload={payload}"))
    }
    steps = {"power_cycle": Hook("url", control.url("power_cycle"))}
    return replace(
        declared,
        hooks={k: hooks[k] for k in declared.hooks},
        steps={k: steps[k] for k in declared.steps},
    )


def _here(name: str, declared: Declaration, port: int) -> Declaration:
    """Return the declaration with what this machine has: a port and a version."""
    here = Endpoint("127.0.0.1", port)
    endpoint = {k: here for k, v in declared.ixit.items() if isinstance(v, Endpoint)}
    found = {"version": version(INSTALLED_AS[name])}
    return replace(
        declared,
        ixit={**declared.ixit, **endpoint},
        implementation={**declared.implementation, **found},
        limits=LIMITS,
    )


def _totals(result: RunResult) -> str:
    assert result.footer is not None
    footer = result.footer
    told = ", ".join(f"{n} {verdict}" for verdict, n in footer.totals.items() if n)
    late = f", {footer.partial_reason}" if footer.partial_reason else ""
    profile = result.header["profile"]
    return f"{profile}: {told} in {footer.duration_s:.0f} s{late}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tools/peers_report.py", allow_abbrev=False)
    parser.add_argument("peers", nargs="*", choices=[[], *PEERS], metavar="PEER")
    parser.add_argument("--page", action="store_true", help="run nothing")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where runs are kept")
    parser.add_argument(
        "--require-peers", action="store_true", help="a missing peer is a failure"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
