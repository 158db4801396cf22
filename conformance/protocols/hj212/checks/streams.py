# SPDX-License-Identifier: Apache-2.0
"""Streams of a station: 2011 and 2021 start them, 2012 and 2022 end them.

The interval is set to the shortest legal one first, so that two uploads are half a
minute apart at most; a device with a test mode declares how much faster it goes.

Source: HJ 212-2017, table 4 (RtdInterval), table 9, C.10 to C.15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from conformance.engine.registry import check
from conformance.engine.run import Late, Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_ended,
    require_accepted,
    said,
)
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.packets import area_of
from conformance.text import Text

__all__ = [
    "expect_period",
    "first_upload",
    "interval_set",
    "stop",
    "streaming",
    "uploads_of",
]

_NS = 1_000_000_000
_SHORTEST_S = 30
_SLACK_S = 2.0
"""How much later than its interval an upload may come."""
_IN_FLIGHT_S = 0.3
"""How long after 9013 an upload may still come that was on its way."""

_STOPS: Mapping[str, str] = {"2011": "2012", "2021": "2022"}
_QUESTIONS: Mapping[str, str] = {"2011": "HJ212_RTD_UPLOAD", "2021": "HJ212_STATES"}


@check("hj212.starts_real_time_data", actor="device")
def starts_real_time_data(run: Run) -> None:
    """After a request 2011 real-time data are uploaded, again after each interval.

    Procedure: set the interval to 30 s, where it can be set; request 2011, which 9012
    ends; wait for an upload as long as the declaration says, and for the next one;
    stop with 2012.
    """
    _starts(run, "2011")


@check("hj212.starts_states", actor="device")
def starts_states(run: Run) -> None:
    """After a request 2021 the states of equipment are uploaded, again and again.

    Procedure: as for real-time data, with 2021 and 2022.
    """
    _starts(run, "2021")


def _starts(run: Run, cn: str) -> None:
    host = Host.of(run)
    with interval_set(run, host, _SHORTEST_S) as interval_s, streaming(host, cn):
        reply = host.ask(cn)
        require_accepted(run, reply)
        expect_ended(run, reply)
        first = next_upload(host, reply, uploads_of(cn))
        run.expect(
            first is not None,
            "upload",
            expected=Text(f"上传 {cn}", f"an upload {cn}"),
            actual=Text("没有上传", "no upload"),
        )
        if interval_s is not None and first is not None:
            expect_period(run, host, first, interval_s)


@check("hj212.stops_streams", actor="device")
def stops_streams(run: Run) -> None:
    """2012 and 2022 are answered by 9013 and end the stream.

    Procedure: for each stream that the device has, set the interval to 30 s, start
    it, wait for an upload, send the notice; listen for longer than the interval.
    """
    host = Host.of(run)
    streams = [cn for cn in _STOPS if run.answer(_QUESTIONS[cn])]
    for cn in run.each(streams):
        with interval_set(run, host, _SHORTEST_S) as interval_s, streaming(host, cn):
            _expect_stop(run, host, cn, interval_s or host.upload_wait_s)


def _expect_stop(run: Run, host: Host, cn: str, interval_s: float) -> None:
    first = first_upload(run, host, uploads_of(cn), cn=cn)
    run.require(
        first is not None,
        "upload",
        expected=Text(f"上传 {cn}", f"an upload {cn}"),
        actual=Text("没有上传", "no upload"),
    )
    answer = host.notify(_STOPS[cn])
    run.expect(
        answer is not None and answer.segment.cn == "9013",
        "9013",
        expected=Text(f"以 9013 应答 {_STOPS[cn]}", f"9013 in answer to {_STOPS[cn]}"),
        actual=answer.segment.cn or "?" if answer else Text("没有应答", "no answer"),
    )
    host.listen(_IN_FLIGHT_S)
    late = [h for h in host.listen(interval_s * 1.5) if h.segment.cn == cn]
    run.expect(
        not late,
        "goes-on",
        expected=Text(f"不再上传 {cn}", f"no more uploads {cn}"),
        actual=Text(f"又上传 {len(late)} 次", f"{len(late)} more"),
    )


def expect_period(
    run: Run, host: Host, first: Heard, interval_s: float, *, least: float = 0.1
) -> None:
    """Expect the next upload of a stream about one interval after this one.

    ``least`` is the part of the interval that must have passed: an upload that waited
    for the line is late, and the next one seems early.
    """
    fits = uploads_of(first.segment.cn or "")
    patience_s = interval_s * 1.5 + _SLACK_S
    # What came before the end of the exchange may be no part of the stream.
    later = host.heard[host.heard.index(first) :]
    begun = any(h.segment.cn == "9012" for h in later)
    one = host.until(fits, patience_s) if begun else first
    two = host.until(lambda h: fits(h) and not _is_resend(h, one), patience_s)
    gap_s = (two.at_ns - one.at_ns) / _NS if one and two else None
    if two is not None and gap_s is not None and gap_s < interval_s * least:
        # The suite may have read the first one late; the next gap tells.
        three = host.until(lambda h: fits(h) and not _is_resend(h, two), patience_s)
        next_s = (three.at_ns - two.at_ns) / _NS if three else 0.0
        if next_s >= interval_s * least:
            raise Late(interval_s * least, gap_s)
    run.expect(
        gap_s is not None and interval_s * least <= gap_s,
        "period",
        expected=Text(f"间隔 {interval_s:g} s", f"an interval of {interval_s:g} s"),
        actual=Text("不再上传", "no more uploads")
        if gap_s is None
        else f"{gap_s:.3f} s",
    )


def _is_resend(heard: Heard, one: Heard | None) -> bool:
    """Whether a packet is the one before again, or another with the same data time."""
    if one is None or heard.packet.segment == one.packet.segment:
        return one is not None
    labels = [h.segment.item("DataTime") for h in (heard, one)]
    if None in labels or len({i.value for i in labels if i}) > 1:
        return False
    # Labels are whole seconds: in a test mode the next report may bear the same one.
    names = [{i.name for i in h.segment.items} - {"DataTime"} for h in (heard, one)]
    return names[0].isdisjoint(names[1])


def first_upload(
    run: Run, host: Host, fits: Callable[[Heard], bool], *, cn: str = "2011"
) -> Heard | None:
    """Start a stream; return the first upload that fits."""
    reply = host.ask(cn)
    run.require(
        reply.heard,
        "answered",
        expected=Text(f"应答 {cn}", f"an answer to {cn}"),
        actual=said(reply),
    )
    return next_upload(host, reply, fits)


def next_upload(
    host: Host, reply: Reply, fits: Callable[[Heard], bool]
) -> Heard | None:
    """Return the first upload that fits, after a stream was started."""
    early = [h for h in reply.data if fits(h)]
    if early:
        return early[0]
    return host.until(fits, host.upload_wait_s, about=f"CN={reply.cn}")


def uploads_of(cn: str) -> Callable[[Heard], bool]:
    """Return what recognises an upload of a command, in parts its first part."""
    return lambda heard: heard.segment.cn == cn and heard.segment.pno in (None, 1)


def stop(host: Host, cn: str = "2011") -> None:
    """End a stream; a station without notices goes on, which is no matter."""
    if host.run.answer("HJ212_NOTICE"):
        host.notify(_STOPS[cn])


@contextmanager
def streaming(host: Host, cn: str) -> Iterator[None]:
    """End a stream afterwards, whatever came of it."""
    try:
        yield
    finally:
        with suppress(LinkError):
            stop(host, cn)


@contextmanager
def interval_set(run: Run, host: Host, seconds: int) -> Iterator[float | None]:
    """Set the real-time interval for a while; ``None`` where it cannot be set.

    Hands out the seconds that really pass between two uploads.
    """
    before = host.ask("1061").item("RtdInterval")
    if not run.answer("HJ212_INTERVALS") or before is None:
        run.remark(
            Text("实时数据间隔不可设置，未判定间隔", "interval not set, so not judged")
        )
        yield None
        return
    if host.pace != 1:
        run.remark(
            Text(
                f"按声明，上传间隔加速 {host.pace} 倍",
                f"by the declaration, uploads are {host.pace} times as fast as set",
            )
        )
    taken = host.ask("1062", area_of(RtdInterval=str(seconds)))
    try:
        yield seconds / host.pace if taken.is_done else None
    finally:
        with suppress(LinkError):
            host.ask("1062", area_of(RtdInterval=before), odd=True)
