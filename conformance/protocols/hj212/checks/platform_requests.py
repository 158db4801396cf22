# SPDX-License-Identifier: Apache-2.0
"""How a platform carries its requests through: resends, refusals, results, time.

The platform is made to send a request by the step ``send_command`` (facts ``mn``,
``code``, ``items`` as ``NAME=value;...``); what it reports of it is shown by the hook
``command_result`` (facts ``mn``, ``code``, ``qn``), whose JSON has ``state``: pending,
done, failed, refused or timeout.  The suite's station answers as the check needs it.

The platform's clock runs from a moment that the suite cannot see.  It lies between the
order and the packet, and the platform has taken an answer between its sending and the
answer to the upload behind it; what is blamed on time is so by the worse end of both.

Source: HJ 212-2017, 6.1, 6.2 and 6.3.2 table 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from conformance.engine.registry import check
from conformance.engine.run import Late, Run
from conformance.errors import LinkError, PeerError
from conformance.protocols.hj212.checks.framing import require_fence, require_platform
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL
from conformance.text import Text

__all__ = ["Asked", "in_time", "order", "settled", "told_in_time"]

_COMMAND = "1061"
"""A request that changes nothing."""
_HOOKS = ("send_command", "command_result")
_TAKES = (POOL,)
_EARLY = 0.8
"""Share of its timeout before which a platform does not send again."""
_PARTS = 4
_PAUSE = 0.5
"""Share of its timeout that the platform is left without a part."""
_TRIES = 3
"""How often a procedure that the suite was too slow for is begun again."""
_STRAY_QN = "20000101000000000"
_OVER = ("timeout", "failed")
_QN = re.compile("[0-9]{17}")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the platform was made to send."""

    heard: Heard
    since_ns: int
    """When the platform was told: it was not sent before."""

    @property
    def qn(self) -> str:
        """Its QN, by which it is told from other requests."""
        return self.heard.segment.qn or ""

    def is_this(self, heard: Heard) -> bool:
        """Whether a packet is this request again."""
        mine = self.heard.segment
        return (heard.segment.cn, heard.segment.qn) == (mine.cn, mine.qn)

    def may_be_this(self, heard: Heard) -> bool:
        """Whether a packet is this request again, if need be under a later QN.

        QNs are times: what bears an earlier one was asked before.
        """
        segment = heard.segment
        return segment.cn == self.heard.segment.cn and (segment.qn or "") >= self.qn


@contextmanager
def order(
    run: Run,
    station: Station,
    cn: str = _COMMAND,
    items: str = "",
    *,
    closes: bool = True,
) -> Iterator[Asked]:
    """Have the platform send a request to the station, which does not answer it.

    Behind the body the request is answered, so that none is left to the next check;
    unless the station is one of 2005, which answers in another way.
    """
    station.withholds = lambda heard: heard.segment.cn == cn
    before = {h.segment.qn for h in station.heard}
    since_ns = run.now_ns
    told = run.observe("send_command", mn=station.who.mn, code=cn, items=items)
    qn = told.get("qn") if isinstance(told, dict) else None
    heard = station.until(
        lambda h: h.segment.cn == cn and _is_new(h.segment.qn, qn, before),
        station.answer_timeout_s,
        about=f"CN={cn};",
    )
    run.require(
        heard,
        "sent",
        expected=Text(f"平台下发 {cn}", f"the platform sends {cn}"),
        actual=Text("未收到", "nothing came"),
    )
    assert heard is not None
    asked = Asked(heard, since_ns)
    try:
        yield asked
    finally:
        if closes:
            _close(run, station, asked)


def _is_new(qn: str | None, told: object, before: set[str | None]) -> bool:
    """Whether a QN is that of the new request: as told, or one never heard.

    One that is written too short is judged elsewhere.
    """
    if isinstance(told, str) and _QN.fullmatch(told):
        return told.startswith(qn or "?")
    return qn not in before


def _close(run: Run, station: Station, asked: Asked) -> None:
    """Answer a request that may still be open; that is no part of a failure."""
    shown = list(run.journal.trace)
    with suppress(LinkError, PeerError):
        station.reply(asked.qn, "9011", QnRtn="1")
        station.reply(asked.qn, "9012", ExeRtn="1")
        station.fence()
    run.journal.trace[:] = shown


# What the platform reports


def _state(run: Run, station: Station, asked: Asked) -> str:
    """Return what the platform reports of a request, once it dealt with the rest."""
    require_fence(run, station.fence)
    return _reported(run, station, asked)


def settled(run: Run, station: Station, asked: Asked) -> str:
    """Return what the platform reports of a request, asking while it is pending."""
    state = ""
    for _ in station.moments():
        state = _reported(run, station, asked)
        if state != "pending":
            break
    return state


def _reported(run: Run, station: Station, asked: Asked) -> str:
    shown = run.observe(
        "command_result",
        mn=station.who.mn,
        code=asked.heard.segment.cn or "",
        qn=asked.qn,
    )
    return str(shown.get("state", "")) if isinstance(shown, dict) else ""


def _expect_state(
    run: Run, station: Station, asked: Asked, wanted: str, key: str
) -> None:
    """Expect that the platform comes to report this of a request."""
    require_fence(run, station.fence)
    state = settled(run, station, asked)
    run.expect(state == wanted, key, expected=wanted, actual=state)


def told_in_time(run: Run, since_ns: int, by_ns: int) -> None:
    """Stop, inconclusive, where the platform may rightly have run out of time."""
    passed_s, limit_s = (by_ns - since_ns) / 1e9, _timeout_s(run)
    if passed_s >= limit_s:
        raise Late(limit_s, passed_s)


def _expect_done(run: Run, station: Station, asked: Asked, key: str) -> None:
    """Expect a request that was answered just now to be done."""
    require_fence(run, station.fence)
    by_ns, state = run.now_ns, settled(run, station, asked)
    if state != "done":
        told_in_time(run, asked.since_ns, by_ns)
    run.expect(state == "done", key, expected="done", actual=state)


def _timeout_s(run: Run) -> float:
    """Longest time that the platform waits for a station."""
    return float(run.value("hj212_request_timeout", 10))


def _resends(run: Run) -> int:
    """How often the platform sends a request again."""
    return int(run.value("hj212_request_resends", 3))


def _margin_s(run: Run) -> float:
    return max(0.3 * _timeout_s(run), 0.35)


# Without an answer


def _again(
    run: Run, station: Station, fits: Callable[[Heard], bool], wait_s: float
) -> Heard | None:
    """Return the next packet that fits; a platform that is late is waited for.

    One that answers an upload after the time has had the time to send.
    """
    start = len(station.heard)
    if found := station.until(fits, wait_s):
        return found
    require_fence(run, station.fence)
    return next((h for h in station.heard[start:] if fits(h)), None)


@check("hj212.resends_upload", actor="platform", takes=_TAKES, hooks=_HOOKS)
def resends_request(run: Run) -> None:
    """A request that nobody answers is sent again after the timeout, then given up.

    Procedure: leave a request unanswered, through all its resends.  Where the suite
    read too late to tell when the first was sent: once more.
    """
    station = Station.of(run)
    require_platform(run, station)
    in_time(lambda: _leave_unanswered(run, station))


def _leave_unanswered(run: Run, station: Station) -> None:
    with order(run, station) as asked:
        wait_s, margin_s = _timeout_s(run), _margin_s(run)
        start = len(station.heard)
        second = _again(run, station, asked.may_be_this, wait_s + margin_s)
        run.expect(
            second is not None,
            "no-resend",
            expected=Text(f"{wait_s:g} s 后重发", f"sent again after {wait_s:g} s"),
            actual=Text("未重发", "not sent again"),
        )
        station.until(lambda h: False, (wait_s + margin_s) * _resends(run))
        times = [h.at_ns for h in station.heard[start:] if asked.may_be_this(h)]
        _expect_patience(run, asked, times)
        _expect_state(run, station, asked, "timeout", "not-broken")


def _expect_patience(run: Run, asked: Asked, times: list[int]) -> None:
    """Expect that the platform waited before it sent again.

    How late the suite read the first packet it cannot know, only when it ordered it;
    where that leaves the question open, the next resend answers it.
    """
    wait_s = _timeout_s(run)
    since_s = (times[0] - asked.since_ns) / 1e9
    run.expect(
        since_s >= _EARLY * wait_s,
        "too-early",
        expected=Text(f"等待 {wait_s:g} s", f"after {wait_s:g} s"),
        actual=f"{since_s:.2f} s",
    )
    all_times = [asked.heard.at_ns, *times]
    gaps_s = [(b - a) / 1e9 for a, b in zip(all_times, times, strict=False)]
    if max(gaps_s) < _EARLY * wait_s:
        raise Late(_EARLY * wait_s, max(gaps_s))


@check("hj212.resends_same_packet", actor="platform", takes=_TAKES, hooks=_HOOKS)
def resends_same_request(run: Run) -> None:
    """A request that is sent again is the same packet, under the same QN.

    Procedure: leave a request unanswered; compare the next one with it.
    """
    station = Station.of(run)
    require_platform(run, station)
    with order(run, station) as asked:
        wait_s = _timeout_s(run) + _margin_s(run)
        second = _again(run, station, asked.may_be_this, wait_s)
        run.require(
            second,
            "no-resend",
            expected=Text("重发", "sent again"),
            actual=Text("未重发", "not sent again"),
        )
        assert second is not None
        run.expect(
            second.packet.octets == asked.heard.packet.octets,
            "changed",
            expected=_shown(asked.heard),
            actual=_shown(second),
        )


def _shown(heard: Heard) -> str:
    return heard.packet.segment.decode("ascii", "backslashreplace")


@check("hj212.bounds_resends", actor="platform", takes=_TAKES, hooks=_HOOKS)
def bounds_resent_requests(run: Run) -> None:
    """A request is sent at most once and as often again as set.

    Procedure: leave a request unanswered and count it for one timeout more.
    """
    station = Station.of(run)
    require_platform(run, station)
    with order(run, station) as asked:
        most = 1 + _resends(run)
        wait_s = _timeout_s(run) * (most + 1) + _margin_s(run)
        station.until(lambda h: False, wait_s)
        count = sum(asked.may_be_this(h) for h in station.heard)
        run.expect(
            count <= most,
            "too-many",
            expected=Text(f"至多 {most} 次", f"at most {most} times"),
            actual=Text(f"{count} 次", f"{count} times"),
        )


# With an answer


@check("hj212.reports_refusal", actor="platform", takes=_TAKES, hooks=_HOOKS)
def reports_refusal(run: Run) -> None:
    """A refused request is over: not sent again, and reported as refused.

    Procedure: answer a request by QnRtn=2; wait as long as for an answer.
    """
    station = Station.of(run)
    require_platform(run, station)
    with order(run, station) as asked:
        station.reply(asked.qn, "9011", QnRtn="2")
        _expect_no_resend(run, station, asked)
        _expect_state(run, station, asked, "refused", "not-reported")


def _expect_no_resend(run: Run, station: Station, asked: Asked) -> None:
    """Expect that this request is over; what is left of another may still come."""
    start = len(station.heard)
    require_fence(run, station.fence)
    by_ns = run.now_ns
    station.until(asked.is_this, _timeout_s(run) + _margin_s(run))
    again = next(filter(asked.is_this, station.heard[start:]), None)
    if again is not None:
        told_in_time(run, asked.since_ns, by_ns)
    run.expect(
        again is None,
        "sent-again",
        expected=Text("不再重发", "not sent again"),
        actual=_shown(again) if again else "",
    )


@check("hj212.counts_done_by_result", actor="platform", takes=_TAKES, hooks=_HOOKS)
def counts_done_by_result(run: Run) -> None:
    """A request is done when 9012 has come with ExeRtn=1, and by nothing else.

    Procedure: answer one request by 9011 alone, then ExeRtn=1; another by ExeRtn=2;
    each time look at what the platform reports.
    """
    station = Station.of(run)
    require_platform(run, station)
    in_time(lambda: _carry_out(run, station))


def _carry_out(run: Run, station: Station) -> None:
    with order(run, station) as asked:
        station.reply(asked.qn, "9011", QnRtn="1")
        state = _state(run, station, asked)
        run.expect(
            state != "done",
            "done-early",
            expected=Text("9012 之前不算完成", "not done before 9012"),
            actual=state,
        )
        station.reply(asked.qn, "9012", ExeRtn="1")
        _expect_done(run, station, asked, "not-done")
    with order(run, station) as asked:
        station.reply(asked.qn, "9011", QnRtn="1")
        station.reply(asked.qn, "9012", ExeRtn="2")
        state = _state(run, station, asked)
        run.expect(
            state != "done",
            "failure-as-done",
            expected=Text("ExeRtn=2 不算完成", "not done by ExeRtn=2"),
            actual=state,
        )


@check("hj212.gives_up_execution", actor="platform", takes=_TAKES, hooks=_HOOKS)
def gives_up_execution(run: Run) -> None:
    """After 9011 without a result a request is timed out and not sent again.

    Procedure: answer a request by 9011 alone; wait as long as for a result.
    """
    station = Station.of(run)
    require_platform(run, station)
    with order(run, station) as asked:
        station.reply(asked.qn, "9011", QnRtn="1")
        _expect_no_resend(run, station, asked)
        _expect_state(run, station, asked, "timeout", "not-overdue")


@check("hj212.waits_anew_with_parts", actor="platform", takes=_TAKES, hooks=_HOOKS)
def waits_anew_with_parts(run: Run) -> None:
    """Each part of the data starts the platform's timeout anew.

    Procedure: answer a request for history by 9011 and four parts, each well within
    the timeout and followed by an upload that must be answered, then 9012; the platform
    must count the request as done.  Where the suite was late with a part: once more.
    """
    station = Station.of(run)
    require_platform(run, station)
    in_time(lambda: _answer_in_parts(run, station))


def in_time(body: Callable[[], None]) -> None:
    """Do something until the suite is quick enough, a few times at most."""
    for left in reversed(range(_TRIES)):
        try:
            return body()
        except Late:
            if not left:
                raise
    return None


def _answer_in_parts(run: Run, station: Station) -> None:
    """Answer a request for history in parts; each gap is judged by its worse end."""
    hour = station.local_time.replace(minute=0, second=0, microsecond=0)
    first, last = stamp(hour - timedelta(hours=2)), stamp(hour - timedelta(hours=1))
    items = f"BeginTime={first};EndTime={last}"
    with order(run, station, "2061", items) as asked:
        gaps = [(asked.since_ns, *_sent(run, station, asked, "9011", QnRtn="1"))]
        area = station.data("2061", at=first)
        for number in range(1, _PARTS + 1):
            station.until(lambda h: False, _PAUSE * _timeout_s(run))
            _, part = station.packet("2061", area, wanted=False, parts=(_PARTS, number))
            sent_ns = station.send(part)
            require_fence(run, station.fence)
            gaps.append((gaps[-1][1], sent_ns, run.now_ns))
        sent_ns, by_ns = _sent(run, station, asked, "9012", ExeRtn="1")
        gaps.append((gaps[-1][1], sent_ns, by_ns))
        state = settled(run, station, asked)
        if state != "done":
            for since_ns, _, by_ns in gaps:
                told_in_time(run, since_ns, by_ns)
        run.expect(state == "done", "overdue", expected="done", actual=state)


def _sent(
    run: Run, station: Station, asked: Asked, cn: str, **items: str
) -> tuple[int, int]:
    """Answer; return when, and by when the platform must have taken it."""
    sent_ns = station.reply(asked.qn, cn, **items)
    require_fence(run, station.fence)
    return sent_ns, run.now_ns


@check("hj212.ignores_stray_results", actor="platform", takes=_TAKES, hooks=_HOOKS)
def ignores_stray_results(run: Run) -> None:
    """An answer under an unknown QN, or after the end, changes nothing.

    Procedure: while a request waits, send 9011 and 9012 under another QN; then answer
    it; then send a second 9012, ExeRtn=2, under its QN.  Let another run out of time
    behind 9011; then send its 9012.
    """
    station = Station.of(run)
    require_platform(run, station)
    with order(run, station) as asked:
        station.reply(_STRAY_QN, "9011", QnRtn="1")
        station.reply(_STRAY_QN, "9012", ExeRtn="1")
        state = _state(run, station, asked)
        if state in _OVER:
            told_in_time(run, asked.since_ns, run.now_ns)
        run.expect(
            state == "pending",
            "changed",
            expected=Text("请求仍在等待", "the request still waits"),
            actual=state,
        )
        station.reply(asked.qn, "9011", QnRtn="1")
        station.reply(asked.qn, "9012", ExeRtn="1")
        require_fence(run, station.fence)
        state = settled(run, station, asked)
        run.require(state == "done", "done", expected="done", actual=state)
        station.reply(asked.qn, "9012", ExeRtn="2")
        _expect_state(run, station, asked, "done", "changed-late")
    _ignores_expired_result(run, station)


def _ignores_expired_result(run: Run, station: Station) -> None:
    with order(run, station) as asked:
        station.reply(asked.qn, "9011", QnRtn="1")
        station.until(lambda h: False, _timeout_s(run) + _margin_s(run))
        require_fence(run, station.fence)
        before = settled(run, station, asked)
        run.require(before in _OVER, "expired", expected="timeout", actual=before)
        station.reply(asked.qn, "9012", ExeRtn="1")
        after = _state(run, station, asked)
        run.expect(after == before, "changed-expired", expected=before, actual=after)
