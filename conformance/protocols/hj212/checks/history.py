# SPDX-License-Identifier: Apache-2.0
"""History of a station: what is asked for comes, in order, and nothing else.

Source: HJ 212-2017, 6.6.2 table 6, C.20 to C.23.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.device import (
    expect_ended,
    require_accepted,
    said,
)
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.times import read_time
from conformance.text import Text

__all__ = ["HISTORY", "history_commands", "long_ago", "recent"]

# Command -> how far back to ask.
_SPANS = {
    "2051": timedelta(hours=2),
    "2061": timedelta(hours=6),
    "2031": timedelta(days=5),
    "2041": timedelta(days=5),
}


HISTORY = frozenset(_SPANS)
"""Commands whose data have QNs of their own."""


def history_commands(run: Run) -> list[str]:
    """Return the history commands that the device has, by the declaration."""
    asked = {
        "2061": run.answer("HJ212_HISTORY"),
        "2051": run.answer("HJ212_MORE_HISTORY"),
        "2031": run.answer("HJ212_MORE_HISTORY"),
        "2041": run.answer("HJ212_STATES") and run.answer("HJ212_HISTORY"),
    }
    return [cn for cn, has in asked.items() if has]


def recent(run: Run, cn: str) -> tuple[str, str]:
    """Return BeginTime and EndTime of the recent past, on whole hours or days."""
    now = run.now.astimezone(BEIJING).replace(minute=0, second=0, microsecond=0)
    if _SPANS[cn] > timedelta(days=1):
        now = now.replace(hour=0)
    end = now + timedelta(hours=1) if cn == "2051" else now
    return stamp(now - _SPANS[cn]), stamp(end)


@check("hj212.extracts_history", actor="device")
def extracts_history(run: Run) -> None:
    """History comes for the periods asked for, in order of time, before 9012.

    Procedure: by each history command that the device has, ask for the recent past;
    then for the part from the second period that came, and for the part up to the last
    but one.  Nothing from outside comes, and nothing inside is missing.
    """
    host = Host.of(run)
    for cn in run.each(history_commands(run)):
        first, last = recent(run, cn)
        whole = _extract(run, host, cn, first, last)
        run.require(
            whole,
            "data",
            expected=Text("所请求时段的数据", "data of the period"),
            actual=Text("没有数据", "no data"),
        )
        if len(whole) < 2:
            run.remark(
                Text(
                    f"{cn} 只有一个时段的数据，未能按部分时段提取",
                    f"{cn}: one period only, so no part could be asked for",
                )
            )
            continue
        _expect_part(run, host, cn, whole, whole[1], last)
        _expect_part(run, host, cn, whole, first, whole[-2])


def _expect_part(
    run: Run, host: Host, cn: str, whole: list[str], first: str, last: str
) -> None:
    """Expect a part of what came before; whether its end belongs to it is open."""
    labels = _extract(run, host, cn, first, last)
    missing = [at for at in whole if first <= at < last and at not in labels]
    run.expect(
        not missing,
        "missing",
        expected=Text(
            f"{cn} {first}～{last} 的全部数据", f"all of {cn} from {first} to {last}"
        ),
        actual=Text(f"缺 {' '.join(missing)}", f"without {' '.join(missing)}"),
    )


def _extract(run: Run, host: Host, cn: str, first: str, last: str) -> list[str]:
    """Return the labels that came, which are in the range and in order."""
    reply = host.ask(cn, area_of(BeginTime=first, EndTime=last))
    require_accepted(run, reply)
    labels = _labels_of(reply)
    odd = [at for at in labels if len(at) != 14 or read_time(at) is None]
    run.require(
        not odd,
        "label",
        expected=Text("14 位 DataTime", "a DataTime of 14 digits"),
        actual=" ".join(odd),
    )
    run.expect(
        all(first <= label <= last for label in labels),
        "range",
        expected=Text(f"DataTime 在 {first}～{last}", f"DataTime {first} to {last}"),
        actual=" ".join(labels),
    )
    run.expect(
        labels == sorted(labels),
        "order",
        expected=Text("按时间先后", "in order of time"),
        actual=" ".join(labels),
    )
    expect_ended(run, reply)
    return labels


@check("hj212.extracts_one_period", actor="device")
def extracts_one_period(run: Run) -> None:
    """With BeginTime equal to EndTime exactly the period of that label comes.

    Procedure: ask for the hour data (2061) of the recent past; ask for one of them.
    """
    host = Host.of(run)
    first, last = recent(run, "2061")
    label = _labels(run, host.ask("2061", area_of(BeginTime=first, EndTime=last)))[0]
    run.require(
        len(label) == 14 and read_time(label),
        "label",
        expected=Text("14 位 DataTime", "a DataTime of 14 digits"),
        actual=label,
    )
    labels = _labels(run, host.ask("2061", area_of(BeginTime=label, EndTime=label)))
    run.expect(
        labels == [label],
        "one-period",
        expected=Text(f"只有 {label}", f"{label} alone"),
        actual=" ".join(labels),
    )


@check("hj212.reports_no_data", actor="device")
def reports_no_data(run: Run) -> None:
    """A history request without data in its range ends with ExeRtn=100.

    Procedure: ask for the hour data (2061) of a day twenty years ago.
    """
    host = Host.of(run)
    reply = host.ask("2061", long_ago(run))
    require_accepted(run, reply)
    run.expect(
        reply.result == "100",
        "exertn-100",
        expected=Text("9012，ExeRtn=100", "9012 with ExeRtn=100"),
        actual=said(reply),
    )


def long_ago(run: Run) -> Area:
    """Return a day of which no station has data."""
    day = datetime(run.now.year - 20, 1, 1, tzinfo=BEIJING)
    return area_of(BeginTime=stamp(day), EndTime=stamp(day + timedelta(days=1)))


def _labels(run: Run, reply: Reply) -> list[str]:
    """Return the labels of the records, of which there must be some."""
    labels = _labels_of(reply)
    run.require(
        labels,
        "data",
        expected=Text("所请求时段的数据", "data of the period"),
        actual=said(reply),
    )
    return labels


def _labels_of(reply: Reply) -> list[str]:
    """Return the labels of the records in the order in which they came."""
    found = [h.segment.item("DataTime") for h in reply.data]
    # Parts of one record share its label.
    return list(dict.fromkeys(item.value for item in found if item))
