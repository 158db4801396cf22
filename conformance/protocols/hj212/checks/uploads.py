# SPDX-License-Identifier: Apache-2.0
"""How a station sends again what nobody answers, and how it takes its timers.

Timers are set short by 1000, so that a resend takes a second; the values that the
station had are put back to the standard's defaults afterwards.

Source: HJ 212-2017, 6.2.1, table 1, C.1, C.10, C.14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import pairwise

from conformance.engine.registry import check
from conformance.engine.run import Late, Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_alive,
    expect_ended,
    require_accepted,
    said,
)
from conformance.protocols.hj212.checks.streams import first_upload, stop
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.packets import area_of
from conformance.text import Text

__all__ = ["DEFAULTS"]

_NS = 1_000_000_000
DEFAULTS: Mapping[str, str] = {"OverTime": "10", "ReCount": "3"}
_OVER_TIME_S = 1
_LATE_S = 2.0
"""How much later than its timeout a resend may come, for slow lines and stations."""
_EARLY_S = 0.3
"""How much earlier: a station counts from when it wrote, we from when we read."""


@check("hj212.resends_upload", actor="device")
def resends_upload(run: Run) -> None:
    """Without an answer an upload is sent again when its timeout is over.

    Procedure: set the timeout to 1 s and two resends (1000); start real-time data and
    leave an upload unanswered; wait for its resends.  How late the suite read the first
    packet it cannot know: where only the first of two gaps is short, nothing is said.
    """
    host = Host.of(run)
    first, again = _unanswered(run, host, transmissions=3, resends=2)
    run.expect(
        len(again) > 0,
        "no-resend",
        expected=Text("超时后重发", "sent again after the timeout"),
        actual=Text("未重发", "not sent again"),
    )
    sent = [first, *again]
    gaps_s = [(b.at_ns - a.at_ns) / _NS for a, b in pairwise(sent)]
    limit_s = _OVER_TIME_S - _EARLY_S
    run.expect(
        max(gaps_s) >= limit_s,
        "too-early",
        expected=Text(f"{_OVER_TIME_S} s 后重发", f"sent again after {_OVER_TIME_S} s"),
        actual=f"{max(gaps_s):.3f} s",
    )
    if gaps_s[0] < limit_s:
        raise Late(limit_s, gaps_s[0])


@check("hj212.resends_same_packet", actor="device")
def resends_same_packet(run: Run) -> None:
    """An upload that is sent again is the same packet, under the same QN.

    Procedure: as for the resend; compare the two packets.
    """
    host = Host.of(run)
    first, again = _unanswered(run, host)
    run.require(
        again,
        "no-resend",
        expected=Text("重发", "a resend"),
        actual=Text("未重发", "not sent again"),
    )
    run.expect(
        again[0].packet.segment == first.packet.segment,
        "changed",
        expected=Text(f"QN={first.segment.qn}，内容相同", f"QN={first.segment.qn}"),
        actual=f"QN={again[0].segment.qn}",
    )


@check("hj212.follows_timers", actor="device")
def follows_timers(run: Run) -> None:
    """1000 is carried out, and uploads are sent again by what it has set.

    Procedure: set the timeout to 1 s and two resends (1000); leave an upload
    unanswered and wait for both resends.
    """
    host = Host.of(run)
    reply = host.ask("1000", _timers(2))
    require_accepted(run, reply)
    expect_ended(run, reply)
    _, again = _unanswered(run, host, transmissions=3, resends=2)
    run.expect(
        len(again) == 2,
        "resends",
        expected=Text("1 s 超时后重发，共 2 次", "two resends, 1 s apart"),
        actual=Text(f"重发 {len(again)} 次", f"{len(again)} resends"),
    )


@check(
    "hj212.refuses_illegal_timers",
    actor="device",
    params={
        "areas": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": {"type": "string"}},
            "minItems": 1,
        }
    },
)
def refuses_illegal_timers(run: Run, *, areas: Sequence[Mapping[str, str]]) -> None:
    """A timeout or a number of resends outside 1 to 99 is refused.

    Procedure: send 1000 with each illegal pair; afterwards go back to table 1.
    """
    host = Host.of(run)
    for area in run.each(areas, lambda a: ",".join(f"{k}={v}" for k, v in a.items())):
        reply = host.ask("1000", area_of(**area), odd=True)
        if reply.is_done:
            host.ask("1000", area_of(**DEFAULTS))
        run.expect(
            not reply.is_done,
            "taken",
            expected=Text("拒绝", "refused"),
            actual=said(reply),
        )
    expect_alive(run, host)


@check("hj212.bounds_resends", actor="device")
def bounds_resends(run: Run) -> None:
    """An upload is sent at most 1 + ReCount times.

    Procedure: set the timeout to 1 s and one resend (1000); leave an upload unanswered
    through the time in which a third transmission would come.
    """
    host = Host.of(run)
    _, again = _unanswered(run, host, transmissions=3)
    run.require(
        again,
        "no-resend",
        expected=Text("重发", "a resend"),
        actual=Text("未重发", "not sent again"),
    )
    run.expect(
        len(again) <= 1,
        "too-many",
        expected=Text("至多发送 2 次", "at most 2 transmissions"),
        actual=Text(f"{1 + len(again)} 次", f"{1 + len(again)} transmissions"),
    )


def _is_upload(heard: Heard) -> bool:
    return heard.segment.cn == "2011"


def _wants_answer(heard: Heard) -> bool:
    flag = heard.segment.flag
    return _is_upload(heard) and flag is not None and flag.answer_wanted


def _same_data(one: Heard, other: Heard) -> bool:
    """Whether two uploads carry the same data, whatever their QN."""
    keys = [(s.cn, s.rf) for s in (one.segment, other.segment)]
    return keys[0] == keys[1] and (
        [i.octets for i in one.segment.items] == [i.octets for i in other.segment.items]
    )


def _timers(resends: int) -> Area:
    return area_of(OverTime=str(_OVER_TIME_S), ReCount=str(resends))


def _unanswered(
    run: Run, host: Host, *, transmissions: int = 2, resends: int = 1
) -> tuple[Heard, list[Heard]]:
    """Leave an upload unanswered; return it and its repetitions.

    Afterwards whatever was left open is answered, and the timers are those of table 1.
    """
    set_ = host.ask("1000", _timers(resends))
    run.require(
        set_.is_done,
        "timers-set",
        expected=Text("1000 执行成功", "1000 is carried out"),
        actual=said(set_),
    )
    try:
        return _left_alone(run, host, transmissions)
    finally:
        with suppress(LinkError):
            host.release()
            stop(host)
            host.ask("1000", area_of(**DEFAULTS))


def _left_alone(run: Run, host: Host, transmissions: int) -> tuple[Heard, list[Heard]]:
    stop(host)
    # A resend of what was sent before has had some of its transmissions already.
    old = {h.segment.qn for h in host.heard}
    host.withholds = _is_upload
    first = first_upload(
        run, host, lambda h: _wants_answer(h) and h.segment.qn not in old
    )
    run.require(
        first is not None,
        "upload",
        expected=Text("要求应答的上传 2011", "an upload 2011 that wants an answer"),
        actual=Text("没有上传", "no such upload"),
    )
    assert first is not None
    again: list[Heard] = []
    while len(again) + 1 < transmissions:
        found = host.until(
            lambda h: h is not first and _same_data(first, h),
            _OVER_TIME_S + min(_LATE_S, host.answer_timeout_s),
        )
        if found is None:
            break
        again.append(found)
    return first, again
