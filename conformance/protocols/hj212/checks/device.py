# SPDX-License-Identifier: Apache-2.0
"""How a station answers requests and notices, and where it is silent.

The suite plays the host computer.  What must not happen is shown by a fence: a valid
request on the same connection, whose answer comes when the thing before it has been
dealt with.

Source: HJ 212-2017, 6.1, 6.5 and 6.6; C.2, C.5, C.7.
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.packets import answer_to, area_of
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__ = [
    "expect_alive",
    "expect_ended",
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


def expect_ended(run: Run, reply: Reply) -> None:
    """Expect that a request which was accepted ends with a result."""
    run.expect(
        reply.result,
        "9012",
        expected=Text("以 9012（含 ExeRtn）结束", "9012 with ExeRtn ends it"),
        actual=said(reply),
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
    expect_ended(run, reply)
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
    """Require that a request was taken, and that 9011 said so."""
    run.require(
        reply.accepted == "1",
        "accepted",
        expected=Text("请求被接受（9011，QnRtn=1）", "9011 with QnRtn=1"),
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
    expect_ended(run, reply)


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
