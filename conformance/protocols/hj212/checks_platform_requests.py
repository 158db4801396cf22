# SPDX-License-Identifier: Apache-2.0
"""How a platform carries its requests through: resends, refusals, results, time.

The platform is made to send a request by the step ``send_command`` (facts ``mn``,
``code``, ``items`` as ``NAME=value;...``); what it reports of it is shown by the hook
``command_result`` (facts ``mn``, ``code``, ``qn``), whose JSON has ``state``: pending,
done, failed, refused or timeout.  The suite's station answers as the check needs it.

Source: HJ 212-2017, 6.1, 6.2 and 6.3.2 table 3.
"""

from __future__ import annotations

from datetime import timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks_framing import require_fence, require_platform
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.station import Station
from conformance.text import Text

__all__ = ["order", "settled"]

_COMMAND = "1061"
"""A request that changes nothing."""
_HOOKS = ("send_command", "command_result")
_EARLY = 0.8
"""Share of its timeout before which a platform does not send again."""
_PARTS = 4
_EXPIRED_QN = "20000101000000000"


def order(run: Run, station: Station, cn: str = _COMMAND, items: str = "") -> Heard:
    """Have the platform send a request to the station, which does not answer it."""
    station.withholds = lambda heard: heard.segment.cn == cn
    run.observe("send_command", mn=station.who.mn, code=cn, items=items)
    heard = station.until(
        lambda h: h.segment.cn == cn, station.answer_timeout_s, about=f"CN={cn};"
    )
    run.require(
        heard,
        "sent",
        expected=Text(f"平台下发 {cn}", f"the platform sends {cn}"),
        actual=Text("未收到", "nothing came"),
    )
    assert heard is not None
    return heard


def _state(run: Run, station: Station, heard: Heard) -> str:
    """Return what the platform reports of a request, once it dealt with the rest."""
    require_fence(run, station.fence)
    return _reported(run, station, heard)


def settled(run: Run, station: Station, heard: Heard) -> str:
    """Return what the platform reports of a request, asking while it is pending."""
    deadline_ns = run.now_ns + int(station.answer_timeout_s * 1e9)
    while (state := _reported(run, station, heard)) == "pending":
        if run.now_ns >= deadline_ns:
            break
        run.wait(0.05)
    return state


def _reported(run: Run, station: Station, heard: Heard) -> str:
    segment = heard.segment
    shown = run.observe(
        "command_result", mn=station.who.mn, code=segment.cn or "", qn=segment.qn or ""
    )
    return str(shown.get("state", "")) if isinstance(shown, dict) else ""


def _expect_state(
    run: Run, station: Station, heard: Heard, wanted: str, key: str
) -> None:
    """Expect that the platform reports this of a request."""
    state = _state(run, station, heard)
    run.expect(state == wanted, key, expected=wanted, actual=state)


def _timeout_s(run: Run) -> float:
    """Longest time that the platform waits for a station."""
    return float(run.value("hj212_request_timeout", 10))


def _resends(run: Run) -> int:
    """How often the platform sends a request again."""
    return int(run.value("hj212_request_resends", 3))


def _margin_s(run: Run) -> float:
    return max(0.3 * _timeout_s(run), 0.35)


def _again(station: Station, cn: str, wait_s: float) -> Heard | None:
    return station.until(lambda h: h.segment.cn == cn, wait_s)


@check("hj212.resends_upload", actor="platform", exclusive=True, hooks=_HOOKS)
def resends_request(run: Run) -> None:
    """A request that nobody answers is sent again after the timeout, then given up.

    Procedure: leave a request unanswered, through all its resends.
    """
    station = Station.of(run)
    require_platform(run, station)
    first = order(run, station)
    wait_s, margin_s = _timeout_s(run), _margin_s(run)
    second = _again(station, _COMMAND, wait_s + margin_s)
    run.expect(
        second is not None,
        "no-resend",
        expected=Text(f"{wait_s:g} s 后重发", f"sent again after {wait_s:g} s"),
        actual=Text("未重发", "not sent again"),
    )
    assert second is not None
    passed_s = (second.at_ns - first.at_ns) / 1e9
    run.expect(
        passed_s >= _EARLY * wait_s,
        "too-early",
        expected=Text(f"等待 {wait_s:g} s", f"after {wait_s:g} s"),
        actual=f"{passed_s:.2f} s",
    )
    station.until(lambda h: False, (wait_s + margin_s) * _resends(run))
    _expect_state(run, station, first, "timeout", "not-broken")


@check("hj212.resends_same_packet", actor="platform", exclusive=True, hooks=_HOOKS)
def resends_same_request(run: Run) -> None:
    """A request that is sent again is the same packet, under the same QN.

    Procedure: leave a request unanswered; compare the next one with it.
    """
    station = Station.of(run)
    require_platform(run, station)
    first = order(run, station)
    second = _again(station, _COMMAND, _timeout_s(run) + _margin_s(run))
    run.require(
        second,
        "no-resend",
        expected=Text("重发", "sent again"),
        actual=Text("未重发", "not sent again"),
    )
    assert second is not None
    run.expect(
        second.packet.octets == first.packet.octets,
        "changed",
        expected=_shown(first),
        actual=_shown(second),
    )


def _shown(heard: Heard) -> str:
    return heard.packet.segment.decode("ascii", "backslashreplace")


@check("hj212.bounds_resends", actor="platform", exclusive=True, hooks=_HOOKS)
def bounds_resent_requests(run: Run) -> None:
    """A request is sent at most once and as often again as set.

    Procedure: leave a request unanswered and count it for one timeout more.
    """
    station = Station.of(run)
    require_platform(run, station)
    order(run, station)
    most = 1 + _resends(run)
    wait_s = _timeout_s(run) * (most + 1) + _margin_s(run)
    station.until(lambda h: False, wait_s)
    count = sum(h.segment.cn == _COMMAND for h in station.heard)
    run.expect(
        count <= most,
        "too-many",
        expected=Text(f"至多 {most} 次", f"at most {most} times"),
        actual=Text(f"{count} 次", f"{count} times"),
    )


@check("hj212.reports_refusal", actor="platform", exclusive=True, hooks=_HOOKS)
def reports_refusal(run: Run) -> None:
    """A refused request is over: not sent again, and reported as refused.

    Procedure: answer a request by QnRtn=2; wait as long as for an answer.
    """
    station = Station.of(run)
    require_platform(run, station)
    asked = order(run, station)
    station.reply(asked.segment.qn or "", "9011", QnRtn="2")
    _expect_no_resend(run, station, asked)
    _expect_state(run, station, asked, "refused", "not-reported")


def _expect_no_resend(run: Run, station: Station, asked: Heard) -> None:
    """Expect that this request is over; what is left of another may still come."""
    wait_s = _timeout_s(run) + _margin_s(run)
    mine = (asked.segment.cn, asked.segment.qn)
    again = station.until(lambda h: (h.segment.cn, h.segment.qn) == mine, wait_s)
    run.expect(
        again is None,
        "sent-again",
        expected=Text("不再重发", "not sent again"),
        actual=_shown(again) if again else "",
    )


@check("hj212.counts_done_by_result", actor="platform", exclusive=True, hooks=_HOOKS)
def counts_done_by_result(run: Run) -> None:
    """A request is done when 9012 has come with ExeRtn=1, and by nothing else.

    Procedure: answer one request by 9011 alone, then ExeRtn=1; another by ExeRtn=2;
    each time look at what the platform reports.
    """
    station = Station.of(run)
    require_platform(run, station)
    asked = order(run, station)
    qn = asked.segment.qn or ""
    station.reply(qn, "9011", QnRtn="1")
    state = _state(run, station, asked)
    run.expect(
        state != "done",
        "done-early",
        expected=Text("9012 之前不算完成", "not done before 9012"),
        actual=state,
    )
    station.reply(qn, "9012", ExeRtn="1")
    _expect_state(run, station, asked, "done", "not-done")
    asked = order(run, station)
    qn = asked.segment.qn or ""
    station.reply(qn, "9011", QnRtn="1")
    station.reply(qn, "9012", ExeRtn="2")
    state = _state(run, station, asked)
    run.expect(
        state != "done",
        "failure-as-done",
        expected=Text("ExeRtn=2 不算完成", "not done by ExeRtn=2"),
        actual=state,
    )


@check("hj212.gives_up_execution", actor="platform", exclusive=True, hooks=_HOOKS)
def gives_up_execution(run: Run) -> None:
    """After 9011 without a result a request is timed out and not sent again.

    Procedure: answer a request by 9011 alone; wait as long as for a result.
    """
    station = Station.of(run)
    require_platform(run, station)
    asked = order(run, station)
    station.reply(asked.segment.qn or "", "9011", QnRtn="1")
    _expect_no_resend(run, station, asked)
    _expect_state(run, station, asked, "timeout", "not-overdue")


@check("hj212.waits_anew_with_parts", actor="platform", exclusive=True, hooks=_HOOKS)
def waits_anew_with_parts(run: Run) -> None:
    """Each part of the data starts the platform's timeout anew.

    Procedure: answer a request for history by 9011 and four parts, each well within
    the timeout, then 9012; the platform must count the request as done.
    """
    station = Station.of(run)
    require_platform(run, station)
    hour = station.local_time.replace(minute=0, second=0, microsecond=0)
    first, last = stamp(hour - timedelta(hours=2)), stamp(hour - timedelta(hours=1))
    asked = order(run, station, "2061", f"BeginTime={first};EndTime={last}")
    qn = asked.segment.qn or ""
    station.reply(qn, "9011", QnRtn="1")
    area = station.data("2061", at=first)
    for number in range(1, _PARTS + 1):
        station.until(lambda h: False, 0.5 * _timeout_s(run))
        _, part = station.packet("2061", area, wanted=False, parts=(_PARTS, number))
        station.send(part)
    station.reply(qn, "9012", ExeRtn="1")
    _expect_state(run, station, asked, "done", "overdue")


@check("hj212.ignores_stray_results", actor="platform", exclusive=True, hooks=_HOOKS)
def ignores_stray_results(run: Run) -> None:
    """An answer under an unknown QN, or after the end, changes nothing.

    Procedure: while a request waits, send 9011 and 9012 under another QN; then answer
    it; then send a second 9012, ExeRtn=2, under its QN.
    """
    station = Station.of(run)
    require_platform(run, station)
    asked = order(run, station)
    stray = _EXPIRED_QN
    station.reply(stray, "9011", QnRtn="1")
    station.reply(stray, "9012", ExeRtn="1")
    state = _state(run, station, asked)
    run.expect(
        state == "pending",
        "changed",
        expected=Text("请求仍在等待", "the request still waits"),
        actual=state,
    )
    qn = asked.segment.qn or ""
    station.reply(qn, "9011", QnRtn="1")
    station.reply(qn, "9012", ExeRtn="1")
    state = _state(run, station, asked)
    run.require(state == "done", "done", expected="done", actual=state)
    station.reply(qn, "9012", ExeRtn="2")
    _expect_state(run, station, asked, "done", "changed-late")
