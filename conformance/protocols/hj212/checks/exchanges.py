# SPDX-License-Identifier: Apache-2.0
"""What every exchange with a station has: 9011 first, data between, 9012 at its end.

Each request is tried that the declaration says the station has and that leaves it as
it is: what is set, is set to the value that it has.  Requests that make instruments
work (3011 to 3015) are left to the requirements that concern them.

Source: HJ 212-2017, 6.1, 6.5.1, 6.6.2 table 6, C.1 to C.13, C.20 to C.23, C.35 to C.46.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_ended,
    require_accepted,
    said,
)
from conformance.protocols.hj212.checks.history import (
    HISTORY,
    history_commands,
    long_ago,
    recent,
)
from conformance.protocols.hj212.checks.streams import stop
from conformance.protocols.hj212.checks.uploads import DEFAULTS
from conformance.protocols.hj212.codes import EXE_RETURNS, Edition
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING, Heard
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.party import bound_edition
from conformance.text import Text

__all__: list[str] = []

_STREAMS = {"2011": "HJ212_RTD_UPLOAD", "2021": "HJ212_STATES"}
_KEPT = {
    "1062": ("1061", ("RtdInterval",)),
    "1064": ("1063", ("MinInterval",)),
    "3016": ("3017", ("CstartTime", "Ctime")),
}
"""Command that sets -> command that extracts, and the items of both."""


def _requests(run: Run) -> list[str]:
    """Return requests that leave the station as it is."""
    found = ["1011", "1012", "1000"]
    if run.answer("HJ212_INTERVALS"):
        found += ["1062", "1064"]
    if run.answer("HJ212_PASSWORD"):
        found.append("1072")
    if run.answer("HJ212_NOTICE"):  # without notices nothing could stop them
        found += [cn for cn, question in _STREAMS.items() if run.answer(question)]
    if run.answer("HJ212_CONTROL") and bound_edition(run) is not Edition.E2025:
        found.append("3016")
    if run.answer("HJ212_INFO") and run.answer("HJ212_PARAMETER"):
        found.append("3021")
    return found


def _area(run: Run, host: Host, cn: str) -> Area | None:
    """Return the data area of a request; ``None`` where it cannot be known."""
    factor = str(run.value("hj212_polid", "w01001"))
    match cn:
        case "1012":
            return area_of(SystemTime=stamp(run.now.astimezone(BEIJING)))
        case "1000":
            return area_of(**DEFAULTS)
        case "1072":
            return area_of(NewPW=host.who.pw)
        case "3021":
            name = str(run.value("hj212_parameter", ""))
            asked: Area = area_of(PolId=factor, InfoId=name)
            value = host.ask("3020", asked).item(f"{name}-Info")
            return None if value is None else (*asked, ((f"{name}-Info", value),))
    if cn not in _KEPT:
        return ()
    extract, names = _KEPT[cn]
    of: Area = area_of(PolId=factor) if cn == "3016" else ()
    told = host.ask(extract, of)
    values = {name: told.item(name) for name in names}
    known = {name: value for name, value in values.items() if value is not None}
    return (*of, *area_of(**known)) if len(known) == len(names) else None


def _replies(run: Run) -> Iterator[tuple[Host, str, Reply]]:
    """Send each request; yield what came of it, a stream stopped again."""
    host = Host.of(run)
    for cn in run.each(_requests(run)):
        area = _area(run, host, cn)
        if area is None:
            run.remark(
                Text(
                    f"未能提取现值，{cn} 未判定",
                    f"{cn} not judged: its present value could not be extracted",
                )
            )
            continue
        try:
            yield host, cn, host.ask(cn, area, odd=True)
        finally:
            if cn in _STREAMS:
                with suppress(LinkError):
                    stop(host, cn)


@check("hj212.answers_request", actor="device")
def answers_request(run: Run) -> None:
    """The first answer to a request is 9011 with QnRtn, under the QN of the request.

    Procedure: ask for the device time (1011), and send each command of setting and
    each start of a stream that the declaration names, with the values that the device
    has; look at the first packet under each QN.
    """
    for _, cn, reply in _replies(run):
        first = reply.heard[0].segment if reply.heard else None
        run.expect(
            first is not None
            and first.cn == "9011"
            and first.item("QnRtn") is not None,
            "9011",
            expected=Text(
                f"{cn} 先应答 9011（含 QnRtn）", f"9011 with QnRtn comes first ({cn})"
            ),
            actual=said(reply),
        )


@check("hj212.ends_with_result", actor="device")
def ends_with_result(run: Run) -> None:
    """A request that was accepted ends with 9012 and ExeRtn, and nothing follows.

    Procedure: the same requests, each followed by a second one; look at all that came
    under its QN until the second is answered.  Refused requests are passed over.
    """
    for host, cn, reply in _replies(run):
        is_taken = reply.heard and reply.accepted in ("1", None)
        if cn != "1011" and reply.heard and not is_taken:
            continue
        run.require(
            is_taken,
            "accepted",
            expected=Text(f"请求 {cn} 被接受", f"the request {cn} is accepted"),
            actual=said(reply),
        )
        expect_ended(run, reply)
        host.fence()
        order = [h.segment.cn for h in host.answers(reply.qn)]
        run.expect(
            order[-1] == "9012" and order.count("9012") == 1,
            "nothing-after-9012",
            expected=Text(
                "9012 之后不再有该 QN 的报文", "nothing under its QN after 9012"
            ),
            actual=" ".join(map(str, order)),
        )


@check("hj212.keeps_order_of_extract", actor="device")
def keeps_order_of_extract(run: Run) -> None:
    """An extract command gives 9011, then data with its command, then 9012.

    Procedure: extract the clock, and whatever else the declaration names (a sample,
    3015, is left out: it fills a bottle), and look at the order in which packets came.
    """
    host = Host.of(run)
    asked: list[tuple[str, Area]] = [("1011", ())]
    if run.answer("HJ212_INTERVALS"):
        asked += [("1061", ()), ("1063", ())]
    factor = area_of(PolId=str(run.value("hj212_polid", "w01001")))
    if run.answer("HJ212_CONTROL"):
        asked += [("3018", factor)]
        if host.edition is not Edition.E2025:
            asked += [("3017", factor)]
    if run.answer("HJ212_INFO"):
        state = str(run.value("hj212_state", ""))
        asked += [("3019", factor), ("3020", (*factor, *area_of(InfoId=state)))]
    for cn in history_commands(run):
        first, last = recent(run, cn)
        asked.append((cn, area_of(BeginTime=first, EndTime=last)))
    for cn, area in run.each(asked, lambda pair: pair[0]):
        reply = host.ask(cn, area, odd=True)
        require_accepted(run, reply)
        host.fence()
        order = [h.segment.cn for h in host.heard if _belongs(host, h, reply)]
        if cn not in order:
            host.blame()
        run.expect(
            len(order) > 2
            and (order[0], order[-1]) == ("9011", "9012")
            and set(order[1:-1]) == {cn},
            "order",
            expected=f"9011 {cn} … 9012",
            actual=" ".join(map(str, order)),
        )
        host.heard.clear()


def _belongs(host: Host, heard: Heard, reply: Reply) -> bool:
    """Whether a packet came of a request; history has QNs of its own."""
    own = reply.cn in HISTORY and heard.segment.cn == reply.cn
    return own or host.is_answer(heard, reply.qn)


@check("hj212.returns_known_results", actor="device")
def returns_known_results(run: Run) -> None:
    """ExeRtn is one of the table, whatever came of the request.

    Procedure: requests that succeed, that ask for what there is not, and that set
    what is not legal; look at each ExeRtn.
    """
    host = Host.of(run)
    asked: list[tuple[str, Area]] = [("1011", ())]
    if run.answer("HJ212_HISTORY"):
        asked.append(("2061", long_ago(run)))
    if run.answer("HJ212_INTERVALS"):
        asked.append(("1062", area_of(RtdInterval="0")))
    for cn, area in run.each(asked, lambda pair: pair[0]):
        reply = host.ask(cn, area, odd=True)
        run.require(
            reply.heard, "answered", expected=Text("应答", "answer"), actual=said(reply)
        )
        run.expect(
            reply.result is None or reply.result in EXE_RETURNS,
            "exertn",
            expected=" ".join(EXE_RETURNS),
            actual=f"ExeRtn={reply.result}",
        )
