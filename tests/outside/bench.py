# SPDX-License-Identifier: Apache-2.0
"""Puts an implementation of this folder before the suite and returns the records."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from conformance.engine.result import Record
from conformance.evidence.session import Options, prepare
from conformance.iut.declaration import Declaration, Endpoint, Hook, Secret
from conformance.link.ports import free_port
from conformance.profile.corpus import default_corpus
from tests.outside.platform import RESENDS, TIMEOUT_S, Platform
from tests.outside.station import MN, PW, Station

__all__ = ["certify_platform", "certify_station"]

_PROFILE = "sd-water-surface-station"
_STATION = {"HJ212", "HJ212_RTD_UPLOAD", "HJ212_ACK", "HJ212_HISTORY"}
_STATION |= {"HJ212_INTERVALS", "HJ212_NOTICE", "HJ212_PASSWORD"}
_PLATFORM = {"HJ212", "HJ212_NOTICE", "HJ212_SPLIT", "HJ212_RECORDS"}
_PLATFORM |= {"HJ212_COMMANDS"}
_SEED = 20170501


def certify_station(
    make: type[Station], folder: Path, **ixit: object
) -> dict[str, Record]:
    """Return the records of a station, by requirement."""
    port = free_port()
    values = _ixit(port) | {
        "hj212_connect_timeout": "PT5S",
        "hj212_upload_wait": "PT3S",
        "hj212_pace": make.pace,
        **ixit,
    }
    with make(port):
        return _run("device", _STATION, values, {}, {}, folder)


def certify_platform(
    make: type[Platform], folder: Path, **ixit: object
) -> dict[str, Record]:
    """Return the records of a platform, by requirement."""
    with make() as platform:
        values = _ixit(platform.port) | {
            "hj212_request_timeout": Decimal(str(TIMEOUT_S)),
            "hj212_request_resends": RESENDS,
            **ixit,
        }
        http = f"http://127.0.0.1:{platform.http_port}"
        shown = "mn={mn}&code={code}&begin={begin}&end={end}"
        hooks = {
            "stored_records": Hook("url", f"{http}/records?{shown}"),
            "command_result": Hook("url", f"{http}/result?mn={{mn}}&qn={{qn}}"),
        }
        sent = f"{http}/send?mn={{mn}}&code={{code}}&items={{items}}"
        steps = {"send_command": Hook("url", sent)}
        return _run("platform", _PLATFORM, values, hooks, steps, folder)


def _ixit(port: int) -> dict[str, object]:
    return {
        "hj212_endpoint": Endpoint("127.0.0.1", port),
        "hj212_mn": MN,
        "hj212_password": Secret("env:OUTSIDE_PW"),
        "hj212_answer_timeout": "PT1S",
    }


def _run(
    role: str,
    claimed: set[str],
    ixit: dict[str, object],
    hooks: dict[str, Hook],
    steps: dict[str, Hook],
    folder: Path,
) -> dict[str, Record]:
    snapshot = default_corpus().resolve(_PROFILE)
    declaration = Declaration(
        file=None,
        profile_ref=snapshot.ref,
        profile_digest=snapshot.digest,
        role=role,  # type: ignore[arg-type]
        implementation={"vendor": "Outside", "product": "Reader", "version": "1"},
        declared_by="Outside",
        declared_on="2026-11-25",
        ics={question.id: question.id in claimed for question in snapshot.ics},
        ixit=ixit,
        hooks=hooks,
        steps=steps,
    )
    options = Options(depth="smoke", seed=_SEED, folder=folder)
    environ = {"OUTSIDE_PW": PW}
    session = prepare(declaration, options, snapshot=snapshot, environ=environ)
    return {record.requirement: record for record in session.execute().records}
