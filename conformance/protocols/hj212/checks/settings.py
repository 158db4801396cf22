# SPDX-License-Identifier: Apache-2.0
"""What a station keeps: its clock, its settings over a restart, its connection.

Also what it reports by itself when it was switched on or when something changed on
site.  Both need hands: the steps ``power_cycle`` and ``site_event``.

Source: HJ 212-2017, table 9, C.3, C.24, C.39, C.40, C.42, C.44.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.link.clock import to_datetime
from conformance.protocols.hj212.checks.device import require_accepted, said
from conformance.protocols.hj212.checks.streams import (
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
_INTERVAL_S = 30


@check("hj212.sets_clock", actor="device")
def sets_clock(run: Run) -> None:
    """After 1012 the device goes by it in 1011, in its QN and in its DataTime.

    Procedure: set the clock five minutes ahead (1012); extract it (1011); start
    real-time data, where there are any, and look at QN and DataTime of the first
    upload; set the clock to the right time.  QN may be off by 10 s, DataTime by an
    interval of uploads more, since it is the moment of acquisition.  An older one may
    be of before: then the next upload with another DataTime is looked at.  If that is
    old too, the clock is set right: data that are old by that clock as well are of an
    instrument that takes its time and not judged.
    """
    host = Host.of(run)
    with _clock_put_back(run, host):
        reply = _set_clock(run, host, _AHEAD)
        require_accepted(run, reply)
        run.expect(
            reply.result == "1",
            "9012",
            expected=Text("9012，ExeRtn=1", "9012 with ExeRtn=1"),
            actual=said(reply),
        )
        _expect_ahead(run, host.ask("1011").item("SystemTime"), "clock", "SystemTime")
        if run.answer("HJ212_RTD_UPLOAD"):
            with (
                interval_set(run, host, _INTERVAL_S) as paced_s,
                streaming(host, "2011"),
            ):
                _expect_uploads_ahead(run, host, paced_s)


def _expect_uploads_ahead(run: Run, host: Host, paced_s: float | None) -> None:
    """Look at QN and DataTime of what is uploaded after the clock was set.

    What the host heard before, and what is sent again under a QN of before, is passed
    over: nothing says that an upload under way is withdrawn.
    """
    old = {h.segment.qn for h in host.heard}
    before = stamp(run.now.astimezone(BEIJING))

    def is_new(heard: Heard) -> bool:
        qn = heard.segment.qn or ""
        return heard.segment.cn == "2011" and qn not in old and qn >= before

    upload = first_upload(run, host, is_new)
    run.require(
        upload is not None,
        "upload",
        expected=Text("上传 2011", "an upload 2011"),
        actual=Text("没有上传", "no upload"),
    )
    assert upload is not None
    _expect_ahead(run, upload.segment.qn, "qn", "QN")
    if _is_ahead(run, _label(upload), late_s=_INTERVAL_S):
        return
    if paced_s is None:
        run.remark(
            Text(
                "上传间隔不可设置，未判定 DataTime 是否随时钟改变",
                "the interval cannot be set, so DataTime was not judged",
            )
        )
        return
    first = _label(upload)
    fresh = host.until(
        lambda h: is_new(h) and _label(h) not in (None, first),
        2 * paced_s + host.answer_timeout_s,
    )
    run.require(
        fresh is not None,
        "fresh",
        expected=Text("校时后新采集的 2011 数据", "data acquired after 1012"),
        actual=f"DataTime={first}",
    )
    assert fresh is not None
    wanted, late_s = _wanted(run), _INTERVAL_S
    met = _is_ahead(run, _label(fresh), late_s)
    if not met and _is_slow(run, host, paced_s):
        run.remark(
            Text(
                "采样时刻早于校时（仪器分析耗时），未判定 DataTime 是否随时钟改变",
                "the samples are older than the setting, as an analysis takes its"
                " time; whether DataTime goes by the clock was not judged",
            )
        )
        return
    _expect_time(run, met, wanted, _label(fresh), "data-time", "DataTime", late_s)


def _is_slow(run: Run, host: Host, paced_s: float) -> bool:
    """Set the clock right; say whether data are old by that clock too."""
    _set_clock(run, host, timedelta(0))
    ages_s: list[float] = []

    def is_right(heard: Heard) -> bool:
        sent, label = read_time(heard.segment.qn or ""), read_time(_label(heard) or "")
        if heard.segment.cn != "2011" or sent is None or label is None:
            return False
        came = to_datetime(heard.at_ns).astimezone(BEIJING).replace(tzinfo=None)
        if abs((came - sent).total_seconds()) > _TOLERANCE_S:
            return False
        ages_s.append((sent - label).total_seconds())
        return True

    host.until(is_right, 2 * paced_s + host.answer_timeout_s)
    return bool(ages_s) and ages_s[0] > _TOLERANCE_S + _INTERVAL_S


def _label(heard: Heard) -> str | None:
    item = heard.segment.item("DataTime")
    return item.value if item else None


def _is_ahead(run: Run, digits: str | None, late_s: float = 0) -> bool:
    """Whether a time is that of the set clock, or ``late_s`` older at most."""
    moment = read_time(digits or "")
    if moment is None:
        return False
    past_s = (_wanted(run) - moment).total_seconds()
    return -_TOLERANCE_S <= past_s <= _TOLERANCE_S + late_s


def _expect_ahead(run: Run, digits: str | None, key: str, name: str) -> None:
    _expect_time(run, _is_ahead(run, digits), _wanted(run), digits, key, name)


def _expect_time(
    run: Run,
    met: bool,
    wanted: datetime,
    digits: str | None,
    key: str,
    name: str,
    late_s: float = 0,
) -> None:
    slack_s = _TOLERANCE_S + late_s
    margin = f"± {slack_s:g} s" if not late_s else f"-{slack_s:g}/+{_TOLERANCE_S:g} s"
    run.expect(
        met,
        key,
        expected=Text(
            f"{name} {stamp(wanted)}（北京时间）{margin}",
            f"{name} {stamp(wanted)} (Beijing time) {margin}",
        ),
        actual=f"{name} {digits}",
    )


def _wanted(run: Run) -> datetime:
    return run.now.astimezone(BEIJING).replace(tzinfo=None) + _AHEAD


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
    When it had been lost before, waiting for it is the same question; a device that
    never was connected shows nothing.
    """
    host = Host.awaiting(run)
    try:
        if not host.is_connected:
            _ = host.line
        host.take_in()
        back = True
    except LinkError as error:
        if error.code != "link.nobody-connected" or not host.has_connected:
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
