# SPDX-License-Identifier: Apache-2.0
"""Data that a station uploads in parts: each part a packet, the set complete.

The station is made to upload what it has most of (2011, then 2021).  A part that is
answered is followed by the next one, so a whole set takes as many exchanges.

Source: HJ 212-2017, 6.3.2 table 3, C.49 and C.50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.streams import first_upload, streaming
from conformance.protocols.hj212.host import Host
from conformance.protocols.hj212.line import Heard
from conformance.text import Text

__all__: list[str] = []

_PATIENCE_S = 1.0
"""How long to see whether a part comes though the one before it went unanswered."""


@check("hj212.sends_parts", actor="device")
def sends_parts(run: Run) -> None:
    """Data beyond 1024 octets come in parts: packets with PNUM and PNO, all of them.

    Procedure: start real-time data, and states where the device has them, until a set
    of parts begins; answer each part; wait for the last one.
    """
    host = Host.of(run)
    with _parts_begun(run, host) as first:
        parts = [first, *_rest(host, first)]
    numbers = sorted(h.segment.pno or 0 for h in parts)
    run.expect(
        numbers == list(range(1, (first.segment.pnum or 0) + 1)),
        "incomplete",
        expected=Text(
            f"分包 1～{first.segment.pnum}", f"parts 1 to {first.segment.pnum}"
        ),
        actual=" ".join(map(str, numbers)),
    )
    if len({h.segment.qn for h in parts}) < len(parts):
        run.remark(
            Text(
                "各分包共用一个 QN，标准示例中各有自己的 QN",
                "the parts share a QN; in the examples each has its own",
            )
        )


@check("hj212.waits_between_parts", actor="device")
def waits_between_parts(run: Run) -> None:
    """With answers wanted the next part comes after the 9014 of the one before it.

    Procedure: as above, but leave the first part unanswered for a second.
    """
    host = Host.of(run)
    host.withholds = lambda heard: heard.segment.pno == 1
    with _parts_begun(run, host) as first:
        flag = first.segment.flag
        run.require(
            flag is not None and flag.answer_wanted,
            "answer-wanted",
            expected=Text("分包要求应答", "parts that want answers"),
            actual=f"Flag={flag.value if flag else '-'}",
        )
        host.listen(_PATIENCE_S)
        early = [h for h in host.heard if _same_set(first, h)]
        host.release()
        _rest(host, first)
    run.expect(
        not early,
        "early",
        expected=Text("等待 9014 后再发下一分包", "the next part after 9014"),
        actual=" ".join(f"PNO={h.segment.pno}" for h in early),
    )


@check("hj212.bounds_part_numbers", actor="device")
def bounds_part_numbers(run: Run) -> None:
    """PNUM and PNO have at most four digits.

    Procedure: as above; look at the first part.
    """
    host = Host.of(run)
    with _parts_begun(run, host) as first:
        _rest(host, first)
    for name in ("PNUM", "PNO"):
        text = first.segment.text(name) or ""
        run.expect(
            len(text) <= 4 and text.isascii() and text.isdigit(),
            "digits",
            expected=Text(f"{name} 至多四位数字", f"{name} of at most four digits"),
            actual=f"{name}={text}",
        )


@contextmanager
def _parts_begun(run: Run, host: Host) -> Iterator[Heard]:
    """Start a stream whose uploads are divided; hand out the first part of one."""
    found = None
    for cn, question in (("2011", "HJ212_RTD_UPLOAD"), ("2021", "HJ212_STATES")):
        if not run.answer(question):
            continue
        with streaming(host, cn):
            found = first_upload(run, host, _of(cn), cn=cn)
            if found and found.segment.text("PNUM"):
                yield found
                return
    run.require(
        False,
        "parts",
        expected=Text("分包上传", "an upload in parts"),
        actual=Text("没有分包", "no parts") if found else Text("没有上传", "no upload"),
    )


def _of(cn: str) -> Callable[[Heard], bool]:
    return lambda heard: heard.segment.cn == cn


def _rest(host: Host, first: Heard) -> list[Heard]:
    """Return the other parts of a set, in the order in which they came."""

    def known() -> list[Heard]:
        return [h for h in host.heard if h is not first and _same_set(first, h)]

    while len(known()) + 1 < (first.segment.pnum or 0):
        if host.until(lambda h: _same_set(first, h), host.answer_timeout_s) is None:
            break
    return known()


def _same_set(one: Heard, other: Heard) -> bool:
    labels = [h.segment.item("DataTime") for h in (one, other)]
    values = [label.value if label else None for label in labels]
    return (
        other.segment.cn == one.segment.cn
        and other.segment.pnum == one.segment.pnum
        and values[0] == values[1]
        and other.segment.pno != one.segment.pno
    )
