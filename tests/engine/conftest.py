# SPDX-License-Identifier: Apache-2.0
"""Runs against the toy server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.engine.result import RunResult
from conformance.evidence.session import Options, Session, prepare
from conformance.profile.corpus import default_corpus
from tests.engine import toy

SECRET = "hush<&>ß7"

DECLARATION = """\
format: 1
kind: iut
profile: {profile}
profile_digest: {digest}
role: platform
implementation: {{vendor: {{zh: 甲, en: A}}, product: P, version: "1"}}
declared_by: tester
declared_on: "2026-11-25"
ics: {{TOY_KEEPS: true}}
ixit:
  toy_endpoint: {{host: 127.0.0.1, port: {port}}}
  toy_secret: {{secret: env:TOY_SECRET}}
hooks:
  stored_records: {{url: "http://127.0.0.1:{hook}/?s={{mn}}", timeout: PT5S}}
"""


@pytest.fixture
def toy_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a context manager: a session against a server that misbehaves so."""
    toy.install(monkeypatch)
    monkeypatch.setenv("TOY_SECRET", SECRET)

    @contextmanager
    def make(*misbehave: str, **options: Any) -> Iterator[Session]:
        snapshot = default_corpus().resolve(str(toy.PROFILE))
        with toy.toy_server(*misbehave) as server:
            path = tmp_path / "toy.iut.yaml"
            path.write_text(
                DECLARATION.format(
                    profile=snapshot.ref,
                    digest=snapshot.digest,
                    port=server.port,
                    hook=server.hook_port,
                ),
                encoding="utf-8",
            )
            options.setdefault("folder", tmp_path / "run")
            options.setdefault("seed", 7)
            options.setdefault("depth", "smoke")
            yield prepare(path, Options(**options), snapshot=snapshot)

    return make


def verdicts(result: RunResult) -> dict[str, str]:
    return {r.requirement: str(r.verdict) for r in result.records}
