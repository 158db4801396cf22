# SPDX-License-Identifier: Apache-2.0
"""Heartbeats 9015: what a station sends and a platform answers.

Source: HJ 212-2025, 6.7.5 table 12 and C.54 (from quotations).
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.framing import require_fence, require_platform
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL
from conformance.text import Text

__all__: list[str] = []

_NOTHING = Text("没有应答", "no answer")


@check("hj212.heartbeat", actor="device")
def sends_heartbeats(run: Run) -> None:
    """A device sends heartbeats 9015 with an empty data area.

    Procedure: listen for the longest time between two heartbeats that is declared;
    those that want an answer get 9013.
    """
    host = Host.of(run)
    wait_s = float(run.value("hj212_heartbeat", 60.0))
    heard = host.until(lambda h: h.segment.cn == "9015", wait_s, about="CN=9015")
    run.expect(
        heard is not None,
        "9015",
        expected=Text(f"{wait_s:g} s 内的心跳 9015", f"a 9015 within {wait_s:g} s"),
        actual=Text("没有心跳", "no heartbeat"),
    )
    assert heard is not None
    run.expect(
        heard.segment.area is not None and not heard.segment.items,
        "area",
        expected=Text("数据区为空", "an empty data area"),
        actual=heard.segment.text("CP") or "CP",
    )


@check("hj212.heartbeat", actor="platform", takes=(POOL,))
def answers_heartbeats(run: Run) -> None:
    """A heartbeat that wants an answer gets 9013 under its QN, with an empty data area.

    Procedure: a heartbeat with the answer bit; a valid upload.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn, octets = station.packet("9015")
    station.send(octets)
    heard = station.await_answer(qn)
    run.expect(
        heard is not None and heard.segment.cn == "9013" and not heard.segment.items,
        "9013",
        expected=Text("9013，数据区为空", "9013 with an empty data area"),
        actual=heard.packet.segment.decode("ascii", "replace") if heard else _NOTHING,
    )
    require_fence(run, station.fence)


@check("hj212.leaves_heartbeats", actor="platform", takes=(POOL,))
def leaves_heartbeats(run: Run) -> None:
    """A heartbeat without the answer bit is legal: no answer, and the connection goes
    on.

    Procedure: a heartbeat without the answer bit; a valid upload as fence, which must
    be answered on the same connection.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn, octets = station.packet("9015", wanted=False)
    station.send(octets)
    run.expect(
        station.fence() and not station.partings,
        "line-lost",
        expected=Text(
            "同一连接上的上传得到应答", "an upload answered on the same line"
        ),
        actual=Text("连接中断或没有应答", "the line was cut, or no answer came"),
    )
    order = " ".join(h.segment.cn or "?" for h in station.answers(qn))
    run.expect(
        not order, "answered", expected=Text("不应答", "no answer"), actual=order
    )
