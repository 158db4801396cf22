# SPDX-License-Identifier: Apache-2.0
"""What a station keeps: its clock, its settings over a restart, its connection.

Also what it reports by itself when it was switched on or when something changed on
site.  Both need hands: the steps ``power_cycle`` and ``site_event``.

Source: HJ 212-2017, table 9, C.3, C.24, C.39, C.40, C.42, C.44.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks_device import said
from conformance.protocols.hj212.checks_streams import (
    first_upload,
    interval_set,
    streaming,
)
from conformance.protocols.hj212.codes import Kind
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING, Heard
from conformance.protocols.hj212.machine import kinds_of
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__: list[str] = []

_AHEAD = timedelta(seconds=300)
_TOLERANCE_S = 10.0


@check("hj212.sets_clock", actor="device")
def sets_clock(run: Run) -> None:
    """After 1012 the device goes by the time that was set, in 1011 and in its QN.

    Procedure: set the clock five minutes ahead (1012); extract it (1011); start
    real-time data, where there are any, and look at the QN of the first upload; set
    the clock to the right time.
    """
    host = Host.of(run)
    before = stamp(run.now.astimezone(BEIJING))
    with _clock_put_back(run, host):
        reply = _set_clock(run, host, _AHEAD)
        run.require(
            reply.accepted in ("1", None) and reply.heard,
            "accepted",
            expected=Text("请求被接受", "the request is accepted"),
            actual=said(reply),
        )
        run.expect(
            reply.result == "1",
            "9012",
            expected=Text("9012，ExeRtn=1", "9012 with ExeRtn=1"),
            actual=said(reply),
        )
        _expect_ahead(run, host.ask("1011").item("SystemTime"), "clock", "SystemTime")
        if run.answer("HJ212_RTD_UPLOAD"):
            with interval_set(run, host, 30), streaming(host, "2011"):
                # An upload from before may be sent again meanwhile, under its old QN.
                upload = first_upload(
                    run,
                    host,
                    lambda h: h.segment.cn == "2011" and (h.segment.qn or "") >= before,
                )
            run.require(
                upload is not None,
                "upload",
                expected=Text("上传 2011", "an upload 2011"),
                actual=Text("没有上传", "no upload"),
            )
            assert upload is not None
            _expect_ahead(run, upload.segment.qn, "qn", "QN")


def _expect_ahead(run: Run, digits: str | None, key: str, name: str) -> None:
    moment = read_time(digits or "")
    wanted = run.now.astimezone(BEIJING).replace(tzinfo=None) + _AHEAD
    run.expect(
        moment is not None and abs((moment - wanted).total_seconds()) <= _TOLERANCE_S,
        key,
        expected=f"{name} {stamp(wanted)} ± {_TOLERANCE_S:g} s",
        actual=f"{name} {digits}",
    )


def _set_clock(run: Run, host: Host, ahead: timedelta) -> Reply:
    moment = run.now.astimezone(BEIJING) + ahead
    return host.ask("1012", area_of(SystemTime=stamp(moment)))


@contextmanager
def _clock_put_back(run: Run, host: Host) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(LinkError):
            _set_clock(run, host, timedelta(0))


# Power


def _switch_off_and_on(run: Run, host: Host) -> None:
    run.observe("power_cycle")
    host.take_in()


@check("hj212.reports_restart", actor="device", hooks=("power_cycle",))
def reports_restart(run: Run) -> None:
    """Switched on and connected, the device uploads 2081 with RestartTime.

    Procedure: switch the device off and on; wait for its 2081.
    """
    host = Host.of(run)
    _switch_off_and_on(run, host)
    report = host.until(
        lambda h: h.segment.cn == "2081", host.upload_wait_s, about="CN=2081"
    )
    run.expect(
        report is not None,
        "2081",
        expected=Text("上传 2081", "an upload 2081"),
        actual=Text("没有上传", "no upload"),
    )
    names = {i.name for i in report.segment.items} if report else set()
    run.expect(
        {"DataTime", "RestartTime"} <= names,
        "restart-time",
        expected=Text("含 DataTime 和 RestartTime", "DataTime and RestartTime"),
        actual=" ".join(sorted(names)),
    )


@check("hj212.reports_restart_first", actor="device", hooks=("power_cycle",))
def reports_restart_first(run: Run) -> None:
    """After a restart 2081 comes before other uploads.

    Procedure: switch the device off and on; look at its first upload.
    """
    host = Host.of(run)
    _switch_off_and_on(run, host)
    first = host.until(lambda h: _is_upload(host, h), host.upload_wait_s)
    run.require(
        first is not None,
        "upload",
        expected=Text("有上传", "an upload"),
        actual=Text("没有上传", "no upload"),
    )
    assert first is not None
    run.expect(
        first.segment.cn == "2081",
        "order",
        expected=Text("先上传 2081", "2081 first"),
        actual=first.segment.cn or "?",
    )


def _is_upload(host: Host, heard: Heard) -> bool:
    return Kind.UPLOAD in kinds_of(heard.segment, "device", host.edition)


@check("hj212.keeps_settings", actor="device", hooks=("power_cycle",))
def keeps_settings(run: Run) -> None:
    """What was set survives a restart.

    Procedure: set another real-time interval (1062), switch the device off and on,
    extract it (1061), set the first one.
    """
    host = Host.of(run)
    before = host.ask("1061").item("RtdInterval")
    other = "45" if before != "45" else "50"
    try:
        taken = host.ask("1062", area_of(RtdInterval=other))
        run.require(
            taken.is_done and host.ask("1061").item("RtdInterval") == other,
            "set",
            expected=Text("1062 执行成功", "1062 is carried out"),
            actual=said(taken),
        )
        _switch_off_and_on(run, host)
        after = host.ask("1061").item("RtdInterval")
    finally:
        with suppress(LinkError):
            host.ask("1062", area_of(RtdInterval=before or "60"), odd=True)
    run.expect(
        after == other,
        "kept",
        expected=f"RtdInterval={other}",
        actual=f"RtdInterval={after}",
    )


@check("hj212.comes_back", actor="device")
def comes_back(run: Run) -> None:
    """The device opens the connection again after its loss.

    Procedure: end the connection; wait for the device as long as the declaration says.
    """
    host = Host.of(run)
    try:
        host.take_in()
        back = True
    except LinkError as error:
        if error.code != "link.nobody-connected":
            raise
        back = False
    run.expect(
        back,
        "no-return",
        expected=Text("重新连接", "a new connection"),
        actual=Text("没有连接", "no connection"),
    )


# Events on site

_REPORTS = {
    "instrument": ("3019", ("-SN",)),
    "log": ("3020", ("i11", "i21", "i31")),
    "state": ("3020", ("i12", "i22", "i32")),
    "parameter": ("3020", ("i13", "i23", "i33")),
}


@check(
    "hj212.reports_change",
    actor="device",
    params={"event": {"enum": list(_REPORTS)}},
    hooks=("site_event",),
)
def reports_change(run: Run, *, event: str) -> None:
    """What changes on site is uploaded.

    Procedure: have it changed (step ``site_event``, with the kind of change); wait for
    the upload that reports it.
    """
    host = Host.of(run)
    _ = host.line
    run.observe("site_event", code=event)
    cn, marks = _REPORTS[event]

    def reports(heard: Heard) -> bool:
        names = [item.name for item in heard.segment.items]
        if heard.segment.cn != cn:
            return False
        return any(n.endswith(marks) or n[:3] in marks for n in names)

    found = host.until(reports, host.upload_wait_s, about=f"CN={cn}")
    run.expect(
        found is not None,
        "upload",
        expected=Text(f"上传 {cn}（{'、'.join(marks)}）", f"{cn} ({', '.join(marks)})"),
        actual=Text("没有上传", "no upload"),
    )
