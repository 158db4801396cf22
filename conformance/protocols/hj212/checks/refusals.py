# SPDX-License-Identifier: Apache-2.0
"""How a station refuses: by which code, and without carrying anything out.

Whether a request was carried out in spite of its refusal shows in what it would have
set: the real-time interval, where the station has one (1061, 1062).

Source: HJ 212-2017, 6.1, 6.3.2 table 3, 6.6.3 table 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import expect_alive, require_alive, said
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.packets import Identity, area_of
from conformance.text import Text

__all__: list[str] = []

_NOTHING = Text("没有应答", "no answer")
_SET = "1062"


@check("hj212.refuses_wrong_password", actor="device")
def refuses_wrong_password(run: Run) -> None:
    """A request with a wrong password is refused with QnRtn=3, other errors otherwise.

    Procedure: a valid request; the same with another password; the same with an ST
    that is not in the table, which a device may take, or refuse, but not for its
    password; a valid request.
    """
    host = Host.of(run)
    require_alive(run, host)
    reply = host.ask("1011", who=replace(host.who, pw=_other_password(host.who.pw)))
    run.expect(
        reply.accepted == "3",
        "qnrtn-3",
        expected=Text("9011，QnRtn=3", "9011 with QnRtn=3"),
        actual=said(reply),
    )
    wrong_st = host.ask("1011", st="99", odd=True)
    run.expect(
        wrong_st.accepted in (None, "1", "2", "5", "100"),
        "blame",
        expected=Text("ST 错误：接受，或 QnRtn=5", "for a wrong ST: taken, or QnRtn=5"),
        actual=said(wrong_st),
    )
    expect_alive(run, host)


@check("hj212.names_unknown_version", actor="device")
def names_unknown_version(run: Run) -> None:
    """A request whose version bits no edition has is refused with QnRtn=6.

    Procedure: a valid request; the same with version 63 in Flag; a valid request.
    """
    host = Host.of(run)
    require_alive(run, host)
    reply = host.ask("1011", who=replace(host.who, version=63), odd=True)
    run.expect(
        reply.accepted == "6",
        "qnrtn-6",
        expected=Text("9011，QnRtn=6", "9011 with QnRtn=6"),
        actual=said(reply),
    )
    expect_alive(run, host)


# What makes a request one to refuse: name -> how it is sent.  A device may take a
# strange ST or version, but when it refuses one it may not carry it out either.
_WRONG: Mapping[str, Callable[[Identity], Mapping[str, Any]]] = {
    "PW": lambda who: {"who": replace(who, pw=_other_password(who.pw))},
    "ST": lambda who: {"st": "99", "odd": True},
    "Flag": lambda who: {"who": replace(who, version=63), "odd": True},
}


@check("hj212.stays_idle_after_refusal", actor="device")
def stays_idle_after_refusal(run: Run) -> None:
    """After a refusal nothing is carried out, and neither data nor 9012 follow.

    Procedure: a request with a wrong password; when it is refused, a valid request;
    look at all that came under the first QN until the second is answered.  Where the
    intervals can be set: the same with a request to set another interval (1062), with
    a wrong password, an unknown ST and unknown version bits; extract it (1061).
    """
    host = Host.of(run)
    require_alive(run, host)
    for wrong in run.each(_WRONG if _has_interval(run) else ("PW",)):
        how = _WRONG[wrong](host.who)
        before = _interval(run, host)
        cn, area = _request(before)
        reply = host.ask(cn, area, **how)
        _require_fence(run, host)
        after = _put_back(run, host, before)
        is_refused = reply.accepted not in (None, "1")
        if wrong != "PW" and not is_refused:
            continue
        run.require(
            is_refused,
            "refused",
            expected=Text("请求被拒绝", "the request is refused"),
            actual=said(reply),
        )
        order = [h.segment.cn for h in host.answers(reply.qn)]
        run.expect(
            order == ["9011"],
            "nothing-after-refusal",
            expected=Text("只有一条 9011", "one 9011 and nothing else"),
            actual=" ".join(map(str, order)),
        )
        _expect_kept(run, before, after)


def _has_interval(run: Run) -> bool:
    return bool(run.answer("HJ212_INTERVALS"))


def _interval(run: Run, host: Host) -> str | None:
    """Return the interval that the device has; ``None`` where it cannot be set."""
    if not _has_interval(run):
        return None
    found = host.ask("1061").item("RtdInterval")
    run.require(
        found is not None,
        "extracted",
        expected=Text("可提取 RtdInterval", "RtdInterval can be extracted"),
        actual=Text("未提取到", "not extracted"),
    )
    return found


def _request(before: str | None) -> tuple[str, Area]:
    """Return a request that would set another interval; 1011 where there is none."""
    if before is None:
        return "1011", ()
    return _SET, area_of(RtdInterval="45" if before != "45" else "50")


def _put_back(run: Run, host: Host, before: str | None) -> str | None:
    """Return the interval that the device has now, after putting the old one back."""
    after = _interval(run, host)
    if before is not None and after != before:
        with suppress(LinkError):
            host.ask(_SET, area_of(RtdInterval=before), odd=True)
    return after


def _expect_kept(run: Run, before: str | None, after: str | None) -> None:
    run.expect(
        after == before,
        "executed",
        expected=Text(f"保持 RtdInterval={before}", f"RtdInterval={before} is kept"),
        actual=f"RtdInterval={after}",
    )


def _require_fence(run: Run, host: Host) -> None:
    run.require(
        host.fence(), "fence", expected=Text("应答", "an answer"), actual=_NOTHING
    )


@check(
    "hj212.refuses_unknown_command",
    actor="device",
    params={"command": {"type": "string", "pattern": "^[0-9]{4}$", "default": "8888"}},
)
def refuses_unknown_command(run: Run, *, command: str = "8888") -> None:
    """A command that the table does not have is refused with QnRtn=8.

    Procedure: a valid request; a request with such a command; a valid request.
    """
    host = Host.of(run)
    require_alive(run, host)
    reply = host.ask(command)
    run.expect(
        reply.accepted == "8",
        "qnrtn-8",
        expected=Text("9011，QnRtn=8", "9011 with QnRtn=8"),
        actual=said(reply),
    )
    expect_alive(run, host)


@check("hj212.ignores_foreign_mn", actor="device")
def ignores_foreign_mn(run: Run) -> None:
    """A request for another MN is not executed: QnRtn=4, or silence.

    Procedure: a valid request; one to set another interval (1062; 1011 where there is
    none), with another MN; a valid request as fence; look at all that came under the
    QN of the second; extract the interval (1061).
    """
    host = Host.of(run)
    require_alive(run, host)
    mn = host.who.mn
    other = ("B" if mn[-1] == "A" else "A").join((mn[:-1], ""))
    before = _interval(run, host)
    cn, area = _request(before)
    qn, octets = host.packet(cn, area, who=replace(host.who, mn=other))
    host.send(octets)
    _require_fence(run, host)
    after = _put_back(run, host, before)
    got = [h.segment for h in host.answers(qn)]
    codes = [s.item("QnRtn") for s in got]
    run.expect(
        all(s.cn == "9011" for s in got) and all(c and c.value == "4" for c in codes),
        "executed",
        expected=Text("QnRtn=4 或不应答，不执行", "QnRtn=4 or silence, not executed"),
        actual=" ".join(s.cn or "?" for s in got)
        + "".join(f" QnRtn={c.value}" for c in codes if c),
    )
    _expect_kept(run, before, after)


def _other_password(pw: str) -> str:
    """Return a password of the same length that differs in its last character."""
    last = "1" if pw[-1:] != "1" else "2"
    return re.sub(r".\Z", last, pw)
