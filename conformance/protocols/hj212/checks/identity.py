# SPDX-License-Identifier: Apache-2.0
"""Who a station is in edition 2025: hardware reported by 1001, MN given by 1002.

Also the surface water stations that used version bits 2 before that edition.

Source: HJ 212-2025, 6.3.3 table 3, C.2 and C.3 (from one quotation each); HJ 1404-2024.
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.device import (
    expect_alive,
    expect_ended,
    require_alive,
    said,
)
from conformance.protocols.hj212.checks.framing import require_platform
from conformance.protocols.hj212.codec.segment import Item
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.packets import Identity, area_of, packet
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL, stations
from conformance.text import Text

__all__: list[str] = []

_HARDWARE = ("i23005", "i23006", "i23007", "i23008")
"""Serial number, processor and two network addresses of the logger."""
_NOTHING = Text("没有应答", "no answer")


@check("hj212.identity", actor="device", hooks=("site_event",))
def reports_identity(run: Run) -> None:
    """The logger reports its hardware by 1001 and takes its MN by 1002.

    Procedure: where the step site_event is offered, have it report (event
    ``identity``); give it by 1002 the MN that it has, which changes nothing.
    """
    host = Host.of(run)
    require_alive(run, host)
    if run.answer("HJ212_EVENTS"):
        run.observe("site_event", code="identity")
        notice = host.until(
            lambda h: h.segment.cn == "1001", host.upload_wait_s, about="CN=1001"
        )
        names = [item.name.removesuffix("-Info") for item in _items(notice)]
        run.expect(
            set(_HARDWARE) <= set(names),
            "1001",
            expected=Text("1001，含 i23005～i23008", "1001 with i23005 to i23008"),
            actual=" ".join(names) or Text("没有通知", "no notice"),
        )
    reply = host.ask("1002", area_of(i23005=host.who.mn))
    run.expect(
        reply.accepted in ("1", None),  # a missing 9011 is another matter
        "1002",
        expected=Text("9011，QnRtn=1", "9011 with QnRtn=1"),
        actual=said(reply),
    )
    expect_ended(run, reply)
    expect_alive(run, host)


def _items(heard: Heard | None) -> tuple[Item, ...]:
    return heard.segment.items if heard else ()


@check(
    "hj212.identity",
    actor="platform",
    takes=(POOL,),
    hooks=("send_command",),
)
def gives_identity(run: Run) -> None:
    """A report 1001 is answered by 9013; the MN is given by 1002.

    Procedure: send 1001; 9013 must come.  Where the platform can be made to send a
    command, have it send 1002; the station must get it, with the MN in i23005.
    """
    station = Station.of(run)
    require_platform(run, station)
    values = ("LH0000000001", "CPU0001", "020000000001", "020000000002")
    items = dict(zip(_HARDWARE, values, strict=True))
    qn, octets = station.packet("1001", area_of(**items))
    station.send(octets)
    heard = station.await_answer(qn)
    run.expect(
        heard is not None and heard.segment.cn == "9013",
        "9013",
        expected=Text("9013", "9013"),
        actual=heard.segment.cn or "?" if heard else _NOTHING,
    )
    if not (run.answer("HJ212_COMMANDS") and run.has_hook("send_command")):
        run.remark(
            Text(
                "未声明 send_command，未判定 1002",
                "send_command is not declared, so 1002 was not judged",
            )
        )
        return
    mn = station.who.mn
    run.observe("send_command", mn=mn, code="1002", items=f"i23005={mn}")
    request = station.until(
        lambda h: h.segment.cn == "1002", station.answer_timeout_s, about="CN=1002"
    )
    found = [i.value for i in _items(request) if i.name.startswith("i23005")]
    run.expect(
        found == [mn],
        "1002",
        expected=f"CN=1002, i23005={mn}",
        actual=" ".join(f"{i.name}={i.value}" for i in _items(request))
        or Text("没有下发", "nothing"),
    )


@check("hj212.takes_surface_water", actor="platform")
def takes_surface_water(run: Run) -> None:
    """Version bits 2 are not taken for edition 2025: a surface water station is served.

    Procedure: as a station with version bits 2, ST=21 and an MN with an underscore, a
    plain upload; it must be answered.
    """
    pw = stations(run.setup.ixit)[0].pw
    who = Identity(str(run.value("hj212_water_mn")), pw, "21", 2)
    station = Station.of(run, who)
    qn = station.qn()
    station.send(packet(who, "2011", qn, station.data("2011"), odd=True))
    run.expect(
        station.until(lambda h: h.segment.qn == qn, station.answer_timeout_s, about=qn),
        "refused",
        expected=Text("应答", "an answer"),
        actual=_NOTHING,
    )
