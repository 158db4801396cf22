# SPDX-License-Identifier: Apache-2.0
"""How a station answers requests: order, codes, refusals, silence where it is due.

The suite plays the host computer.  What must not happen is shown by a fence: a valid
request on the same connection, whose answer comes when the thing before it has been
dealt with.

Source: HJ 212-2017, 6.1, 6.5 and 6.6; C.2.
"""

from __future__ import annotations

import re
from dataclasses import replace

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.packets import answer_to, area_of
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__ = [
    "expect_alive",
    "other_password",
    "require_accepted",
    "require_alive",
    "said",
]

_NOTHING = Text("没有应答", "no answer")


def require_alive(run: Run, host: Host) -> None:
    """Require a valid exchange, so that silence afterwards says something."""
    run.require(
        host.fence(),
        "alive",
        expected=Text("设备应答有效请求", "the device answers a valid request"),
        actual=_NOTHING,
    )


def expect_alive(run: Run, host: Host) -> None:
    """Expect that the device has survived."""
    run.expect(
        host.is_alive(),
        "alive-after",
        expected=Text("设备仍应答有效请求", "the device still answers valid requests"),
        actual=_NOTHING,
    )


def said(reply: Reply) -> Text:
    """Return what came of a request, for people."""
    codes = [
        f"{h.segment.cn}({','.join(f'{i.name}={i.value}' for i in h.segment.items)})"
        for h in reply.heard
    ]
    return Text("、".join(codes), ", ".join(codes)) if codes else _NOTHING


@check("hj212.answers_request", actor="device")
def answers_request(run: Run) -> None:
    """The first answer to a request is 9011 with QnRtn, under the QN of the request.

    Procedure: ask for the device time (1011); look at the first packet with its QN.
    """
    host = Host.of(run)
    reply = host.ask("1011")
    first = reply.heard[0].segment if reply.heard else None
    run.expect(
        first is not None and first.cn == "9011" and first.item("QnRtn") is not None,
        "9011",
        expected=Text("先应答 9011（含 QnRtn）", "9011 with QnRtn comes first"),
        actual=said(reply),
    )


@check("hj212.ends_with_result", actor="device")
def ends_with_result(run: Run) -> None:
    """A request that was accepted ends with 9012 and ExeRtn, and nothing follows.

    Procedure: ask for the device time (1011); send a second request; look at all that
    came under the first QN until the second is answered.
    """
    host = Host.of(run)
    reply = host.ask("1011")
    run.require(
        reply.accepted in ("1", None) and reply.heard,
        "accepted",
        expected=Text("请求被接受", "the request is accepted"),
        actual=said(reply),
    )
    run.expect(
        reply.result,
        "9012",
        expected=Text("以 9012（含 ExeRtn）结束", "9012 with ExeRtn ends it"),
        actual=said(reply),
    )
    host.fence()
    order = [h.segment.cn for h in host.answers(reply.qn)]
    run.expect(
        order[-1] == "9012" and order.count("9012") == 1,
        "nothing-after-9012",
        expected=Text("9012 之后不再有该 QN 的报文", "nothing under its QN after 9012"),
        actual=" ".join(map(str, order)),
    )


@check("hj212.refuses_wrong_password", actor="device")
def refuses_wrong_password(run: Run) -> None:
    """A request with a wrong password is refused with QnRtn=3, other errors otherwise.

    Procedure: a valid request; the same with another password; the same with an ST
    that is not in the table, which a device may take, or refuse, but not for its
    password; a valid request.
    """
    host = Host.of(run)
    require_alive(run, host)
    reply = host.ask("1011", who=replace(host.who, pw=other_password(host.who.pw)))
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


@check("hj212.stays_idle_after_refusal", actor="device")
def stays_idle_after_refusal(run: Run) -> None:
    """After a refusal neither data nor 9012 follow.

    Procedure: a request with a wrong password; when it is refused, a valid request;
    look at all that came under the first QN until the second is answered.
    """
    host = Host.of(run)
    require_alive(run, host)
    reply = host.ask("1011", who=replace(host.who, pw=other_password(host.who.pw)))
    run.require(
        reply.accepted not in (None, "1"),
        "refused",
        expected=Text("请求被拒绝", "the request is refused"),
        actual=said(reply),
    )
    run.require(
        host.fence(), "fence", expected=Text("应答", "an answer"), actual=_NOTHING
    )
    order = [h.segment.cn for h in host.answers(reply.qn)]
    run.expect(
        order == ["9011"],
        "nothing-after-refusal",
        expected=Text("只有一条 9011", "one 9011 and nothing else"),
        actual=" ".join(map(str, order)),
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

    Procedure: a valid request; the same with another MN; a valid request as fence;
    look at all that came under the QN of the second.
    """
    host = Host.of(run)
    require_alive(run, host)
    mn = host.who.mn
    other = ("B" if mn[-1] == "A" else "A").join((mn[:-1], ""))
    qn, octets = host.packet("1011", who=replace(host.who, mn=other))
    host.send(octets)
    run.require(
        host.fence(), "fence", expected=Text("应答", "an answer"), actual=_NOTHING
    )
    got = [h.segment for h in host.answers(qn)]
    codes = [s.item("QnRtn") for s in got]
    run.expect(
        all(s.cn == "9011" for s in got) and all(c and c.value == "4" for c in codes),
        "executed",
        expected=Text("QnRtn=4 或不应答，不执行", "QnRtn=4 or silence, not executed"),
        actual=" ".join(s.cn or "?" for s in got)
        + "".join(f" QnRtn={c.value}" for c in codes if c),
    )


@check("hj212.extracts_clock", actor="device")
def extracts_clock(run: Run) -> None:
    """1011 gives 9011, the device time in SystemTime, 9012.

    Procedure: ask for the device time; look at the data.  Where the device knows the
    clocks of instruments, ask with PolId, which the data must repeat.
    """
    host = Host.of(run)
    reply = host.ask("1011")
    require_accepted(run, reply)
    value = reply.item("SystemTime")
    run.expect(
        value is not None and len(value) == 14 and read_time(value) is not None,
        "system-time",
        expected=Text("SystemTime 为 14 位时间", "SystemTime is a time of 14 digits"),
        actual=value or said(reply),
    )
    if run.answer("HJ212_INSTRUMENT_CLOCK"):
        factor = str(run.value("hj212_polid", "w01001"))
        told = host.ask("1011", area_of(PolId=factor)).item("PolId")
        run.expect(
            told == factor,
            "factor",
            expected=f"PolId={factor}",
            actual=f"PolId={told}",
        )


def require_accepted(run: Run, reply: Reply) -> None:
    """Require that a request was taken."""
    run.require(
        reply.heard and reply.accepted in ("1", None),
        "accepted",
        expected=Text("请求被接受", "the request is accepted"),
        actual=said(reply),
    )


def _extracts(run: Run, cn: str, name: str) -> None:
    host = Host.of(run)
    reply = host.ask(cn)
    require_accepted(run, reply)
    run.expect(
        reply.item(name) is not None,
        "interval",
        expected=Text(f"{cn} 数据包含 {name}", f"data of {cn} with {name}"),
        actual=said(reply),
    )


@check("hj212.extracts_real_time_interval", actor="device")
def extracts_real_time_interval(run: Run) -> None:
    """1061 gives 9011, the real-time interval, 9012."""
    _extracts(run, "1061", "RtdInterval")


@check("hj212.extracts_minute_interval", actor="device")
def extracts_minute_interval(run: Run) -> None:
    """1063 gives 9011, the minute interval, 9012."""
    _extracts(run, "1063", "MinInterval")


@check("hj212.answers_notice", actor="device")
def answers_notice(run: Run) -> None:
    """A notice that wants an answer gets 9013 under its QN, with an empty data area.

    Procedure: send 2012 (stop real-time data) with the answer bit.
    """
    host = Host.of(run)
    require_alive(run, host)
    qn, octets = host.packet("2012")
    host.send(octets)
    heard = host.await_answer(qn)
    run.expect(
        heard is not None and heard.segment.cn == "9013" and not heard.segment.items,
        "9013",
        expected=Text("9013，数据区为空", "9013 with an empty data area"),
        actual=heard.packet.segment.decode("ascii", "replace") if heard else _NOTHING,
    )


@check("hj212.leaves_unwanted_answers", actor="device")
def leaves_unwanted_answers(run: Run) -> None:
    """A packet without the answer bit is not answered.

    Procedure: send 2012 without the answer bit; a valid request as fence.
    """
    host = Host.of(run)
    require_alive(run, host)
    qn, octets = host.packet("2012", wanted=False)
    host.send(octets)
    _expect_nothing(run, host, qn)


@check("hj212.never_answers_answers", actor="device")
def never_answers_answers(run: Run) -> None:
    """An interaction packet is not answered.

    Procedure: send 9013 and 9014 that belong to nothing; a valid request as fence.
    """
    host = Host.of(run)
    require_alive(run, host)
    for cn in ("9013", "9014"):
        qn = host.qn()
        host.send(answer_to(host.who, cn, qn))
        _expect_nothing(run, host, qn)


def _expect_nothing(run: Run, host: Host, qn: str) -> None:
    run.require(
        host.fence(), "fence", expected=Text("应答", "an answer"), actual=_NOTHING
    )
    order = " ".join(h.segment.cn or "?" for h in host.answers(qn))
    run.expect(
        not order, "answered", expected=Text("不应答", "no answer"), actual=order
    )


@check("hj212.matches_by_qn", actor="device")
def matches_by_qn(run: Run) -> None:
    """Requests that overlap are each answered under their own QN.

    Procedure: two requests in one go; look at what came under each QN.
    """
    host = Host.of(run)
    require_alive(run, host)
    one, octets = host.packet("1061")
    two, more = host.packet("1063")
    host.send(octets + more)
    for cn, qn in (("1061", one), ("1063", two)):
        host.until(
            lambda h, qn=qn: h.segment.qn == qn and h.segment.cn == "9012",  # type: ignore[misc]
            0 if _is_over(host, qn) else host.answer_timeout_s,
            about=qn,
        )
        order = [h.segment.cn for h in host.answers(qn)]
        run.expect(
            order[:1] == ["9011"] and order.count("9011") == 1,
            "own-qn",
            expected=Text(f"{cn} 以自己的 QN 应答一次", f"{cn} answered once, own QN"),
            actual=" ".join(map(str, order)) or _NOTHING,
        )


def _is_over(host: Host, qn: str) -> bool:
    return any(h.segment.cn == "9012" for h in host.answers(qn))


def other_password(pw: str) -> str:
    """Return a password of the same length that differs in its last character."""
    last = "1" if pw[-1:] != "1" else "2"
    return re.sub(r".\Z", last, pw)
