# SPDX-License-Identifier: Apache-2.0
"""HJ 212 stations and hosts that deviate: what each fault breaks, what is but odd.

``bench`` runs a simulator with one deviation and offers the declaration that finds it.
The deviations themselves are listed per role, in ``faults.device`` and
``faults.platform``; those that both sides can have in ``faults.rows``.

Source of each: the requirement that it breaks, in the profile sd-base-hj212.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from conformance.data.reporting import report_pace
from conformance.engine.proof import (
    Bench,
    Endpoint,
    Fault,
    Hook,
    Liberty,
    Secret,
    declare,
)
from conformance.link.hookserver import HookServer
from conformance.link.ports import free_port
from conformance.profile.model import Snapshot
from conformance.protocols.hj212.codec.encryption import authorization
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import codes_of
from conformance.protocols.hj212.faults import (
    device,
    domains,
    edition_2025,
    platform,
    rules,
)
from conformance.protocols.hj212.packets import Identity
from conformance.protocols.hj212.simulator import StationSimulator
from conformance.protocols.hj212.simulator.host import HostSimulator

__all__ = ["FAULTS", "LIBERTIES", "bench"]

_PACE = 60
"""How many seconds of its upload interval the station lets pass in one of ours."""
_REFERENCE = Decimal(6)
"""Oxygen content to which converted concentrations refer, in per cent."""
_PLATFORM_TIMEOUT_S, _PLATFORM_RESENDS = 0.6, 1
_PLATFORM_VALUES = {
    "hj212_request_timeout": Decimal(str(_PLATFORM_TIMEOUT_S)),
    "hj212_request_resends": _PLATFORM_RESENDS,
    "hj212_second_mn": "370000A8900016F000169DC1",
    "hj212_more_mn": " ".join(f"370000A8900016F000169DD{n}" for n in range(3)),
    "hj212_more_passwords": Secret("env:HJ212_PASSWORDS"),
    "hj212_new_mn": "370000A8900016F000169DC2",
    "hj212_old_mn": "88888880000001",
    "hj212_setup_wait": "PT2S",
    "hj212_key_mn": "370000A8900016F000169DC3",
    "hj212_water_mn": "A370000_0001",
}
_KEY, _MEDIA = "k7Rw2ZpQ9xLm4TvB", "Lh2025media"
_DEVICE_VALUES = {
    "hj212_heartbeat": "PT4S",
    "hj212_check_wait": "PT1S",
    "hj212_media_user": "camera",
    "hj212_media_password": Secret("env:HJ212_MEDIA_PASSWORD"),
}
_ASKED_OF_PLATFORMS = frozenset(
    {"HJ212_COMMANDS", "HJ212_SECOND", "HJ212_FIRST", "HJ212_OLD", "HJ212_RECORDS"}
    | {"HJ212_STATIONS", "HJ212_OWN_PASSWORDS", "HJ212_WATER"}
)
_WHO = Identity(mn="370000A8900016F000169DC0", pw="Lh2017", st="21")
FAULTS: Sequence[Fault] = (
    *device.FAULTS,
    *platform.FAULTS,
    *rules.FAULTS,
    *domains.FAULTS,
    *edition_2025.FAULTS,
)
LIBERTIES: Sequence[Liberty] = (
    *device.LIBERTIES,
    *platform.LIBERTIES,
    *edition_2025.LIBERTIES,
    *domains.LIBERTIES,
)


@contextlib.contextmanager
def bench(snapshot: Snapshot, role: str, deviation: str | None) -> Iterator[Bench]:
    """Run a simulator with one deviation, or an honest one, for a declaration."""
    quirks = frozenset({deviation} if deviation else ())
    rest = [b for b in snapshot.bindings if b.protocol != "hj212"]
    others = {name for b in rest for name in (b.ics, b.parameters.get("payload_ics"))}
    answers = {item.id: item.id not in others for item in snapshot.ics}
    edition = Edition(snapshot.edition("hj212") or Edition.E2017)  # a base binds none
    who = replace(_WHO, version=edition.version)
    is_new = edition is Edition.E2025
    key = _KEY.encode() if is_new else b""
    if not is_new:
        answers |= dict.fromkeys(edition_2025.QUESTIONS & answers.keys(), False)
    if role == "device":
        answers |= dict.fromkeys(_ASKED_OF_PLATFORMS & answers.keys(), False)
    answers["O2_CONVERTED"] = any(s.endswith("-Zs") for s in codes_of(snapshot))
    if role == "device" and "HJ212_COMMANDS" in answers:
        answers["HJ212_COMMANDS"] = False  # a question to platforms
    if deviation == "one-packet-per-read":
        # Answers to heartbeats would cost any request behind them.
        answers["HJ212_HEARTBEAT"] = False
    if deviation == "one-step-uploads":
        answers["HJ212_ACK"] = False
    ixit = {
        "hj212_mn": _WHO.mn,
        "hj212_password": Secret("env:HJ212_PASSWORD"),
        "hj212_st": _WHO.st,
        "hj212_answer_timeout": "PT1S",
        "hj212_connect_timeout": "PT5S",
        "hj212_upload_wait": "PT1S",
        "hj212_pace": _PACE,
        "outage_duration": "PT7S",
        "catch_up_wait": "PT4S",
        "reference_oxygen": _REFERENCE,
    }
    environ = {"HJ212_PASSWORD": _WHO.pw, "HJ212_PASSWORDS": "Lh2018 Lh2019 Lh2020"}
    if is_new:
        environ |= {"HJ212_KEY": _KEY, "HJ212_MEDIA_PASSWORD": _MEDIA}
        ixit |= _DEVICE_VALUES | {"hj212_key": Secret("env:HJ212_KEY")}
    if role == "platform":
        ixit |= _PLATFORM_VALUES
        timers = (_PLATFORM_TIMEOUT_S, _PLATFORM_RESENDS)
        with HostSimulator(who, timers=timers, quirks=quirks, key=key) as host:
            ixit["hj212_endpoint"] = Endpoint(*host.address)
            hooks = {name: Hook("url", url) for name, url in host.hooks.items()}
            made = declare(snapshot, role, ics=answers, ixit=ixit, hooks=hooks)
            yield Bench(made, environ)
        return
    pace = report_pace(snapshot.elements)
    ixit["hj212_pace"] = quicker = pace.nominal if pace else _PACE
    address = ("127.0.0.1", free_port())
    ixit["hj212_endpoint"] = Endpoint(*address)
    station = StationSimulator(
        snapshot,
        address,
        who,
        answers=answers,
        quirks=quirks,
        pace=quicker,
        key=key,
        reference=_REFERENCE,
    )
    media = authorization("camera", _MEDIA, key) if key else ""
    if "media-without-padding" in quirks:
        media = authorization("camera", _MEDIA + "\0", key)
    answers_of = {
        "power": lambda asked: station.ask("power"),
        "event": lambda asked: station.ask(asked.get("code", "")),
        "media": lambda asked: {"authorization": media},
    }
    with HookServer(answers_of) as control, station:
        hooks = {
            "power_cycle": Hook("url", control.url("power")),
            "site_event": Hook("url", control.url("event?code={code}")),
            "media_authorization": Hook("url", control.url("media")),
        }
        yield Bench(
            declare(snapshot, role, ics=answers, ixit=ixit, hooks=hooks), environ
        )
