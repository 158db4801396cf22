# SPDX-License-Identifier: Apache-2.0
"""Ordinary HJ 212 traffic: what rules judge, and what shows that anybody is there.

An exercise gives no verdict.  What it asks and is not given is for the checks to find;
only a connection that does not come about ends it, and a station that shows by its
first answer that the declaration is not its own.

Source: HJ 212-2017, 6.5 and annex C.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from conformance.engine.registry import exercise
from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.protocols.hj212.checks.platform_keys import ask_for_key
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.greeting import Greeting, check_password
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import stations

__all__: list[str] = []

_IMPATIENCE_S = 0.2
"""How long to wait for more, once a platform has left something unanswered."""


@exercise("hj212.exercise", actor="device")
def exercise_station(run: Run) -> None:
    """A station is asked for its clock, its intervals, its data and its history."""
    host = Host.of(run)
    now = run.now.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0)
    day = area_of(BeginTime=stamp(now - timedelta(hours=6)), EndTime=stamp(now))
    asked: list[tuple[str, Area]] = [("1011", ()), ("1061", ()), ("1063", ())]
    if run.answer("HJ212_HISTORY"):
        asked.append(("2061", day))
    greeting = Greeting(run, host)
    for cn, area in asked:
        with suppress(PeerError):
            greeting.hear(host.ask(cn, area))
    if not run.answer("HJ212_RTD_UPLOAD"):
        return
    with suppress(PeerError):
        host.ask("2011")
    if not any(h.segment.cn == "2011" for h in host.heard):
        wait_s = float(run.value("hj212_upload_wait", 60.0))
        host.until(lambda h: h.segment.cn == "2011", wait_s)
        greeting.check_mn()
    qn, octets = host.packet("2012")
    host.send(octets)
    with suppress(PeerError):
        host.await_answer(qn)


def _ask_for(run: Run, station: Station, cn: str, items: str) -> None:
    """Have the platform send a request, which the station carries out.

    A new password is refused, so that the old one stays.
    """
    station.withholds = lambda heard: heard.segment.cn == "1072"
    run.observe("send_command", mn=station.who.mn, code=cn, items=items)
    heard = station.until(lambda h: h.segment.cn == cn, _IMPATIENCE_S)
    if heard is not None and cn == "1072":
        station.reply(heard.segment.qn or "", "9011", QnRtn="2")


def _commands(run: Run, station: Station) -> list[tuple[str, str]]:
    """Return requests whose items the rules look at."""
    first, last = station.hour_label(timedelta(hours=2)), station.hour_label()
    asked = [("2061", f"BeginTime={first};EndTime={last}"), ("1072", "NewPW=Lh2018")]
    if run.answer("HJ212_CONTROL"):
        is_new = station.edition is Edition.E2025  # which has no 3016
        asked.append(
            ("3011", "PolId=w01018")
            if is_new
            else ("3016", "PolId=w01018;CstartTime=000000;Ctime=2")
        )
    if run.answer("HJ212_INFO"):
        asked.append(("3020", "PolId=w01018;InfoId=i13004"))
    return asked


@exercise("hj212.exercise", actor="platform")
def exercise_platform(run: Run) -> None:
    """A platform is sent uploads of each kind, one of them unanswered, and a notice.

    Where it can be made to send commands, it is, so that their items can be judged.
    Then it meets the other stations that checks will be.
    """
    station = Station.of(run)
    check_password(run, station)
    patience_s = station.answer_timeout_s
    for cn in ("2081", "2011", "2051", "2061", "2031"):
        qn = station.upload(cn)
        with suppress(PeerError):
            if station.await_answer(qn, timeout_s=patience_s) is None:
                patience_s = _IMPATIENCE_S
    station.upload("2011", wanted=False)
    area = station.data("2061")
    for number in (1, 2):
        _, octets = station.packet("2061", area, wanted=False, parts=(2, number))
        station.send(octets)
    qn, octets = station.packet("1013")
    station.send(octets)
    with suppress(PeerError):
        station.await_answer(qn, timeout_s=patience_s)
    # The platform then sets the clock (C.4).
    if run.answer("HJ212_NOTICE") and not any(
        h.segment.cn == "1012" for h in station.heard
    ):
        station.until(lambda h: h.segment.cn == "1012", patience_s)
    with suppress(PeerError):
        station.fence()
    if run.answer("HJ212_COMMANDS") and run.has_hook("send_command"):
        for cn, items in _commands(run, station):
            with suppress(PeerError, LinkError):
                _ask_for(run, station, cn, items)
    if run.answer("HJ212_ENCRYPTED"):
        _refuse_key(station)
    for who in stations(run.setup.ixit)[1:]:
        who = replace(who, version=station.edition.version)
        _introduce(run, Station.of(run, who), patience_s)


def _refuse_key(station: Station) -> None:
    """Have the platform send a new key, which shows how it encrypts; keep the old."""
    station.withholds = lambda heard: heard.segment.cn == "1014"
    with suppress(PeerError, LinkError):
        ask_for_key(station)
        heard = station.until(
            lambda h: h.segment.cn == "1014", station.answer_timeout_s
        )
        if heard is not None:
            station.reply(heard.segment.qn or "", "9011", QnRtn="2")
    station.withholds = lambda heard: False


def _introduce(run: Run, station: Station, patience_s: float) -> None:
    """Let a platform meet a station and set it up, so that no check takes that for its
    own doing."""
    with suppress(PeerError):
        station.await_answer(station.upload("2011"), timeout_s=patience_s)
    deadline_ns = run.now_ns + int(station.answer_timeout_s * 1e9)
    while run.now_ns < deadline_ns:
        if station.until(lambda h: True, _IMPATIENCE_S) is None:
            return
