# SPDX-License-Identifier: Apache-2.0
"""Commands that a station carries out or answers with data, one exchange each.

Which commands a requirement takes and which items their data must have stands in the
profile.  What a command changes is put back.

Source: HJ 212-2017, 6.1, C.30 to C.38, C.41 to C.46.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_ended,
    require_accepted,
    require_alive,
    said,
)
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING, Heard
from conformance.protocols.hj212.packets import area_of
from conformance.text import Text

__all__: list[str] = []

_COMMANDS: Mapping[str, Any] = {
    "type": "array",
    "items": {"type": "string", "pattern": "^[0-9]{4}$"},
    "minItems": 1,
}
_NAMES = {"type": "array", "items": {"type": "string"}, "minItems": 1}
_LOG_PERIOD = timedelta(hours=24)
_REPORT_S = 1.0
"""How long to listen for the report of a sample that was kept twice."""


def _factor(run: Run) -> str:
    return str(run.value("hj212_polid", "w01001"))


@check("hj212.carries_out", actor="device", params={"commands": _COMMANDS})
def carries_out(run: Run, *, commands: Sequence[str]) -> None:
    """A control command is taken, carried out, and ended by 9012.

    Procedure: send each command with the factor code of the declaration.
    """
    host = Host.of(run)
    for cn in run.each(commands):
        reply = host.ask(cn, area_of(PolId=_factor(run)))
        _expect_done(run, reply)


def _expect_done(run: Run, reply: Reply) -> None:
    require_accepted(run, reply)
    run.expect(
        reply.result == "1",
        "9012",
        expected=Text("9012，ExeRtn=1", "9012 with ExeRtn=1"),
        actual=said(reply),
    )


@check(
    "hj212.extracts_items",
    actor="device",
    params={"command": {"type": "string"}, "items": _NAMES},
)
def extracts_items(run: Run, *, command: str, items: Sequence[str]) -> None:
    """A command gives 9011, data with the items that belong to it, 9012.

    Procedure: send the command with the factor code of the declaration; look at the
    data.  ``*`` in the name of an item stands for that code.
    """
    host = Host.of(run)
    factor = _factor(run)
    reply = host.ask(command, area_of(PolId=factor))
    require_accepted(run, reply)
    missing = [n for n in items if not reply.item(n.replace("*", factor))]
    run.expect(
        not missing,
        "data",
        expected=Text(f"{command} 数据包含 {'、'.join(items)}", f"{', '.join(items)}"),
        actual=_shown(reply),
    )
    expect_ended(run, reply)


def _shown(reply: Reply) -> Text:
    items = [f"{i.name}={i.value}" for h in reply.data for i in h.segment.items]
    return Text("、".join(items), ", ".join(items)) if items else said(reply)


@check("hj212.sets_sampling_period", actor="device")
def sets_sampling_period(run: Run) -> None:
    """3016 sets the sampling period: 9011, 9012 with success.

    Procedure: extract the period (3017), set it to what it is (3016).
    """
    host = Host.of(run)
    before = _sampling(run, host)
    _expect_done(run, host.ask("3016", _sampling_area(run, *before), odd=True))


@check("hj212.extracts_sampling_period", actor="device")
def extracts_sampling_period(run: Run) -> None:
    """3017 gives the sampling period that 3016 has set.

    Procedure: extract the period, set another one, extract it, set the first one.
    """
    host = Host.of(run)
    before = _sampling(run, host)
    other = (before[0], "4" if before[1] != "4" else "6")
    try:
        taken = host.ask("3016", _sampling_area(run, *other), odd=True)
        run.require(
            taken.is_done,
            "set",
            expected=Text("3016 执行成功", "3016 is carried out"),
            actual=said(taken),
        )
        after = _sampling(run, host)
    finally:
        with suppress(LinkError):
            host.ask("3016", _sampling_area(run, *before), odd=True)
    run.expect(
        after == other,
        "read-back",
        expected=f"CstartTime={other[0]}, Ctime={other[1]}",
        actual=f"CstartTime={after[0]}, Ctime={after[1]}",
    )


def _sampling(run: Run, host: Host) -> tuple[str, str]:
    reply = host.ask("3017", area_of(PolId=_factor(run)))
    require_accepted(run, reply)
    start, hours = reply.item("CstartTime"), reply.item("Ctime")
    # C.35 prints CTime where table 4 has Ctime.
    hours = hours or reply.item("CTime")
    run.expect(
        start and hours and reply.item("PolId"),
        "data",
        expected=Text("PolId、CstartTime 和 Ctime", "PolId, CstartTime and Ctime"),
        actual=_shown(reply),
    )
    expect_ended(run, reply)
    return start or "", hours or ""


def _sampling_area(run: Run, start: str, hours: str) -> Area:
    return area_of(PolId=_factor(run), CstartTime=start, Ctime=hours)


@check("hj212.carries_out_once", actor="device")
def carries_out_once(run: Run) -> None:
    """A request that comes again under its QN is answered again, not done again.

    Procedure: keep a sample (3015, in edition 2025 3022); send the same packet again;
    both are answered, and no second bottle is filled.
    """
    host = Host.of(run)
    cn = "3022" if host.edition is Edition.E2025 else "3015"
    if cn == "3022" and not run.answer("HJ212_SAMPLE_NOW"):
        cn = "3018"  # changes nothing, so that only its answers can be judged
    qn, octets = host.packet(cn, area_of(PolId=_factor(run)))
    first = host.follow(cn, qn, octets)
    require_accepted(run, first)
    second = host.follow(cn, qn, octets)
    run.expect(
        second.heard,
        "answered-again",
        expected=Text("再次应答", "answered again"),
        actual=said(second),
    )
    if cn == "3022":
        host.listen(_REPORT_S)
    found = (h.segment.item("VaseNo") for h in host.heard)
    filled = {item.value for item in found if item}
    run.expect(
        len(filled) <= 1,
        "done-again",
        expected=Text("只留样一次", "one sample kept"),
        actual=f"VaseNo={', '.join(sorted(filled))}",
    )


# Information of the site


@check("hj212.extracts_site_info", actor="device")
def extracts_site_info(run: Run) -> None:
    """3020 gives a state, a parameter, and the entries of a log, one packet each.

    Procedure: extract the state, the parameter and the log of the last day that the
    declaration names.
    """
    host = Host.of(run)
    for key in run.each(("hj212_state", "hj212_parameter", "hj212_log")):
        name = str(run.value(key, ""))
        reply = _info(run, host, name, with_times=key == "hj212_log")
        require_accepted(run, reply)
        if not reply.data:
            host.blame()
        run.expect(
            reply.item(f"{name}-Info") is not None,
            "data",
            expected=Text(f"3020 数据包含 {name}-Info", f"{name}-Info"),
            actual=_shown(reply),
        )
        crowded = [h for h in reply.data if _count(h, f"{name}-Info") > 1]
        run.expect(
            not crowded,
            "one-per-entry",
            expected=Text("每条日志一个报文", "one packet per entry"),
            actual=Text(f"{len(crowded)} 个报文含多条", f"{len(crowded)} hold several"),
        )
        expect_ended(run, reply)


def _count(heard: Heard, name: str) -> int:
    return sum(item.name == name for item in heard.segment.items)


def _info(run: Run, host: Host, name: str, *, with_times: bool = False) -> Reply:
    area = area_of(PolId=_factor(run), InfoId=name)
    if with_times:
        now = run.now.astimezone(BEIJING)
        begin, end = stamp(now - _LOG_PERIOD), stamp(now + timedelta(hours=1))
        area = (*area, *area_of(BeginTime=begin, EndTime=end))
    return host.ask("3020", area)


@check("hj212.sets_site_parameter", actor="device")
def sets_site_parameter(run: Run) -> None:
    """A parameter of the site that 3021 sets is the one that 3020 gives.

    Procedure: extract the parameter of the declaration (3020), set its other value
    (3021), extract it, set the first value.
    """
    host = Host.of(run)
    require_alive(run, host)
    name = str(run.value("hj212_parameter", ""))
    other = str(run.value("hj212_parameter_value", ""))
    before = _info(run, host, name).item(f"{name}-Info")
    run.require(
        before is not None,
        "data",
        expected=Text(f"可提取 {name}", f"{name} can be extracted"),
        actual=Text("未提取到", "not extracted"),
    )
    try:
        taken = _set_info(run, host, name, other)
        _expect_done(run, taken)
        after = _info(run, host, name).item(f"{name}-Info")
    finally:
        with suppress(LinkError):
            _set_info(run, host, name, before or "")
    run.expect(
        after == other,
        "read-back",
        expected=f"{name}-Info={other}",
        actual=f"{name}-Info={after}",
    )


def _set_info(run: Run, host: Host, name: str, value: str) -> Reply:
    area: Area = (
        (("PolId", _factor(run)),),
        (("InfoId", name),),
        ((f"{name}-Info", value),),
    )
    return host.ask("3021", area, odd=True)
