# SPDX-License-Identifier: Apache-2.0
"""What edition 2025 lets a station do: raw data, standard checks, samples, power, RF.

Each asks for it and looks at what comes.  Commands are confirmed by two sources, keys
of the data by one, so that only those keys are looked at without which the data say
nothing.

Source: HJ 212-2025, 6.3.3 table 3, C.27, C.28, C.36 to C.40 and C.59 to C.63 (from
quotations).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_ended,
    require_accepted,
    said,
)
from conformance.protocols.hj212.checks.streams import first_upload, stop
from conformance.protocols.hj212.checks.uploads import DEFAULTS
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING, Heard
from conformance.protocols.hj212.packets import area_of
from conformance.text import Text

__all__: list[str] = []

_NO_DATA = "100"
_PERIOD = timedelta(hours=24)


def _last_day(run: Run) -> Area:
    now = run.now.astimezone(BEIJING)
    begin, end = stamp(now - _PERIOD), stamp(now + timedelta(minutes=1))
    return area_of(BeginTime=begin, EndTime=end)


def _factor(run: Run) -> str:
    return str(run.value("hj212_polid", "w01001"))


def _extract(run: Run, host: Host, cn: str, st: str | None = None) -> Reply:
    """Ask for the last day; expect data of the command, or that there are none."""
    reply = host.ask(cn, _last_day(run), st=st)
    run.expect(
        reply.accepted in ("1", None),  # a missing 9011 is another matter
        cn,
        expected=Text(f"接受 {cn}", f"{cn} is accepted"),
        actual=said(reply),
    )
    expect_ended(run, reply)
    run.require(
        reply.result != _NO_DATA,
        "no-data",
        expected=Text("最近 24 h 有数据", "data of the last 24 h"),
        actual="ExeRtn=100",
    )
    if not reply.data:
        host.blame()
    run.expect(
        reply.data,
        "data",
        expected=Text(f"{cn} 数据包", f"packets of data {cn}"),
        actual=said(reply),
    )
    return reply


@check("hj212.extracts_raw_data", actor="device")
def extracts_raw_data(run: Run) -> None:
    """Raw data of periodic instruments are extracted by 2013.

    Procedure: 2013 for the last day; data 2013 must come before 9012.
    """
    _extract(run, Host.of(run), "2013")


@check("hj212.checks_standard", actor="device")
def checks_standard(run: Run) -> None:
    """3024 starts a standard check, whose result comes by 2062 and is extracted by it.

    Procedure: 3024 for a factor; wait for the upload 2062; extract the last day by
    2062.  ResultType is 1 (passed) or 0.
    """
    host = Host.of(run)
    reply = host.ask("3024", area_of(PolId=_factor(run)))
    run.expect(
        reply.is_done,
        "3024",
        expected=Text("执行 3024", "3024 is carried out"),
        actual=said(reply),
    )
    wait_s = float(run.value("hj212_check_wait", 60.0))
    upload = host.until(lambda h: h.segment.cn == "2062", wait_s, about="CN=2062")
    run.expect(
        upload is not None,
        "2062",
        expected=Text("上传 2062", "an upload 2062"),
        actual=Text("没有上传", "no upload"),
    )
    extracted = _extract(run, host, "2062")
    for heard in (upload, *extracted.data):
        if heard is not None and heard.segment.pnum is None:
            _expect_result(run, heard)


def _expect_result(run: Run, heard: Heard) -> None:
    items = heard.segment.items
    found = [i.value for i in items if i.name.rpartition("-")[2] == "ResultType"]
    run.expect(
        found and set(found) <= {"0", "1"},
        "result-type",
        expected=Text("ResultType 为 0 或 1", "ResultType 0 or 1"),
        actual=" ".join(f"ResultType={v}" for v in found) or "-",
    )


@check("hj212.keeps_sample_now", actor="device")
def keeps_sample_now(run: Run) -> None:
    """3022 keeps a sample at once, which is reported afterwards.

    Procedure: 3022 for a factor; wait for an upload with VaseNo.  Which command
    reports it is not known, so any does.
    """
    host = Host.of(run)
    reply = host.ask("3022", area_of(PolId=_factor(run)))
    run.expect(
        reply.is_done,
        "3022",
        expected=Text("执行 3022", "3022 is carried out"),
        actual=said(reply),
    )

    def reports(heard: Heard) -> bool:
        names = (item.name.rpartition("-")[2] for item in heard.segment.items)
        return "VaseNo" in names

    wait_s = float(run.value("hj212_check_wait", 60.0))
    report = next((h for h in host.heard if reports(h)), None)
    report = report or host.until(reports, wait_s)
    if report is None:
        host.blame()
    run.expect(
        report is not None,
        "report",
        expected=Text("上报留样信息（VaseNo）", "an upload with VaseNo"),
        actual=Text("没有上报", "no upload"),
    )


@check("hj212.reports_usage", actor="device")
def reports_usage(run: Run) -> None:
    """Power or condition data are uploaded by 2011 under ST 44 or 45; history too.

    Procedure: start real-time data under that ST; wait for an upload 2011 that bears
    it; stop; extract the last day by 2011 under it.
    """
    host = Host.of(run)
    st = str(run.value("hj212_usage_st", "44"))
    reply = host.ask("2011", st=st)
    require_accepted(run, reply)

    def fits(heard: Heard) -> bool:
        return heard.segment.cn == "2011" and heard.segment.st == st

    upload = next((h for h in reply.data if fits(h)), None)
    upload = upload or host.until(fits, host.upload_wait_s, about="CN=2011")
    with suppress(LinkError):
        qn, octets = host.packet("2012", st=st)
        host.send(octets)
        host.await_answer(qn)
    others = {h.segment.st or "?" for h in host.heard if h.segment.cn == "2011"}
    run.expect(
        upload is not None,
        "st",
        expected=Text(f"ST={st} 的 2011 上传", f"an upload 2011 with ST={st}"),
        actual=" ".join(f"ST={other}" for other in sorted(others))
        or Text("没有上传", "no upload"),
    )
    data = _extract(run, host, "2011", st).data
    run.expect(
        any(fits(h) for h in data),
        "history-st",
        expected=f"ST={st}",
        actual=" ".join(sorted({f"ST={h.segment.st}" for h in data})),
    )


@check("hj212.delivers_late", actor="device")
def delivers_late(run: Run) -> None:
    """Data that could not be delivered come later, marked RF=1.

    Procedure: set the timeout to 1 s and one resend (1000); start real-time data and
    answer nothing until the device has given up; stop; answer again, on a new
    connection where it ended the old one.  The same data must come again, under RF=1.
    """
    host = Host.of(run)
    set_ = host.ask("1000", area_of(OverTime="1", ReCount="1"))
    run.require(
        set_.is_done,
        "timers-set",
        expected=Text("1000 执行成功", "1000 is carried out"),
        actual=said(set_),
    )
    try:
        late = _late(run, host, _give_up(run, host))
    finally:
        with suppress(LinkError):
            host.release()
            stop(host)
            host.ask("1000", area_of(**DEFAULTS))
    run.expect(
        late is not None,
        "late",
        expected=Text("恢复后补传未送达的数据", "undelivered data come later"),
        actual=Text("没有补传", "they do not"),
    )
    assert late is not None
    run.expect(
        late.segment.rf == "1",
        "mark",
        expected="RF=1",
        actual=f"RF={late.segment.rf}" if late.segment.rf else Text("无 RF", "no RF"),
    )


def _give_up(run: Run, host: Host) -> Heard:
    """Leave an upload unanswered until the device gives up; return it."""
    host.withholds = lambda heard: heard.segment.cn == "2011"
    first = first_upload(run, host, _wants_answer)
    run.require(
        first is not None,
        "upload",
        expected=Text("上传 2011", "an upload 2011"),
        actual=Text("没有上传", "no upload"),
    )
    assert first is not None
    before = host.partings
    for _ in range(4):  # two transmissions, a second each, and some patience
        if host.partings > before:
            break
        host.listen(1.0)
    host.withholds = lambda heard: False
    return first


def _wants_answer(heard: Heard) -> bool:
    flag = heard.segment.flag
    return heard.segment.cn == "2011" and flag is not None and flag.answer_wanted


def _late(run: Run, host: Host, first: Heard) -> Heard | None:
    """Return the packet that brings the data of an upload under another QN."""
    items = [i.octets for i in first.segment.items]
    label = first.segment.item("DataTime")

    def brings(heard: Heard) -> bool:
        segment = heard.segment
        if segment.qn == first.segment.qn or segment.cn != first.segment.cn:
            return False
        other = segment.item("DataTime")
        if (
            segment.rf is not None and label and other
        ):  # perhaps in other parts than before
            return label.value == other.value
        return [i.octets for i in segment.items] == items

    known = next((h for h in host.heard if brings(h)), None)
    late = known or host.until(brings, 2 * host.upload_wait_s + 5)
    if late is None:
        host.blame()
    return late
