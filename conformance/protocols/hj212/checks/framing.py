# SPDX-License-Identifier: Apache-2.0
"""How a receiver takes packets from the stream: damaged, cut, joined, amid garbage.

A station is sent requests, a platform uploads; otherwise the procedures are the same.

Source: HJ 212-2017, clause 5 (TCP) and 6.3.1 table 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.device import expect_alive, require_alive
from conformance.protocols.hj212.codec import SEGMENT_MAX_OCTETS, encode_raw
from conformance.protocols.hj212.damage import DAMAGES, damaged
from conformance.protocols.hj212.host import PROBE, Host
from conformance.protocols.hj212.packets import area_of
from conformance.protocols.hj212.party import Party
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL
from conformance.protocols.hj212.strategies import streams
from conformance.text import Text

__all__ = ["require_fence", "require_platform"]

_WAYS = {
    "ways": {
        "type": "array",
        "items": {"enum": list(DAMAGES)},
        "minItems": 1,
        "default": list(DAMAGES),
    }
}
# Damage of the envelope: name -> the packet of a segment.
_ENVELOPES: Mapping[str, Callable[[bytes], bytes]] = {
    "length-too-small": lambda s: encode_raw(s, length=len(s) - 20),
    "length-too-great": lambda s: encode_raw(s, length=len(s) + 20),
    "no-tail": lambda s: encode_raw(s, tail=b""),
}
_FILLER = len(b";w99000-Avg=1.2")
_FLOOD_OCTETS = 65536
_NOTHING = Text("没有应答", "no answer")


def require_platform(run: Run, station: Station) -> None:
    """Require that the platform answers a good upload."""
    run.require(
        station.fence(),
        "alive",
        expected=Text("平台应答有效上传", "the platform answers a valid upload"),
        actual=_NOTHING,
    )


def require_fence(run: Run, fence: Callable[[], bool]) -> None:
    """Require the answer to a fence."""
    run.require(
        fence(),
        "fence",
        expected=Text("应答随后的有效报文", "an answer to the valid packet behind it"),
        actual=_NOTHING,
    )


@check("hj212.ignores_wrong_check_value", actor="device", params=_WAYS)
def device_ignores_wrong_check_value(
    run: Run, *, ways: Sequence[str] = tuple(DAMAGES)
) -> None:
    """A request with a wrong check value is not carried out: QnRtn=9, or silence.

    Procedure: extract the real-time interval; send a request to change it, damaged in
    each way, then a valid request; extract the interval again.
    """
    host = Host.of(run)
    require_alive(run, host)
    before = host.ask("1061").item("RtdInterval")
    other = "45" if before != "45" else "50"
    for way in run.each(ways):
        qn, octets = host.packet("1062", area_of(RtdInterval=other))
        host.send(damaged(octets, way, run.random))
        require_fence(run, host.fence)
        got = [h.segment for h in host.answers(qn)]
        codes = [item.value for s in got if (item := s.item("QnRtn"))]
        run.expect(
            all(s.cn == "9011" for s in got) and set(codes) <= {"9"},
            "processed",
            expected=Text("QnRtn=9 或不应答", "QnRtn=9 or silence"),
            actual=" ".join(f"{s.cn}" for s in got) + f" QnRtn={','.join(codes)}",
        )
        after = host.ask("1061").item("RtdInterval")
        run.expect(
            after == before,
            "executed",
            expected=f"RtdInterval={before}",
            actual=f"RtdInterval={after}",
        )
    expect_alive(run, host)


@check(
    "hj212.ignores_wrong_check_value",
    actor="platform",
    params=_WAYS,
    takes=(POOL,),
    hooks=("stored_records",),
)
def platform_ignores_wrong_check_value(
    run: Run, *, ways: Sequence[str] = tuple(DAMAGES)
) -> None:
    """An upload with a wrong check value is neither acknowledged nor stored.

    Procedure: a valid upload; the next upload, damaged in each way, then a valid one.
    Where the declaration shows the stored records, none has the damaged data.
    """
    station = Station.of(run)
    require_platform(run, station)
    for number, way in enumerate(run.each(ways)):
        back = timedelta(seconds=3600 + run.seed % 3600 + 60 * number)
        area = station.data("2011", back=back)
        qn, octets = station.packet("2011", area, plain=True)
        station.send(station.sealed("2011", damaged(octets, way, run.random)))
        require_fence(run, station.fence)
        run.expect(
            not station.answers(qn),
            "acknowledged",
            expected=Text("不应答", "no answer"),
            actual=" ".join(h.segment.cn or "?" for h in station.answers(qn)),
        )
        if run.has_hook("stored_records"):
            kept = stored(run, station, "2011", area[0][0][1])
            run.expect(
                not kept,
                "stored",
                expected=Text("不存储", "nothing stored"),
                actual=Text(f"存有 {len(kept)} 条", f"{len(kept)} records"),
            )
    if not run.has_hook("stored_records"):
        run.remark(
            Text(
                "未声明 stored_records，只判定了应答",
                "stored_records is not declared, so only the answers were judged",
            )
        )
    require_fence(run, station.fence)


def stored(run: Run, station: Station, cn: str, data_time: str) -> list[Any]:
    """Return the records that the platform shows for an upload."""
    mn = station.who.mn
    found = run.observe(
        "stored_records", mn=mn, code=cn, begin=data_time, end=data_time
    )
    records = found if isinstance(found, list) else []
    return [
        r for r in records if isinstance(r, dict) and r.get("data_time") == data_time
    ]


@check("hj212.rebuilds_packets", actor="device")
def device_rebuilds_packets(run: Run) -> None:
    """Packets are found in the stream, however it is cut, joined or soiled.

    Procedure: valid requests with garbage before them, written in generated pieces;
    each must be answered.
    """
    host = Host.of(run)
    require_alive(run, host)
    run.for_all(streams, lambda plan: _stream(run, host, plan, PROBE, lambda: ()))
    expect_alive(run, host)


@check("hj212.rebuilds_packets", actor="platform", exclusive=True)  # it floods
def platform_rebuilds_packets(run: Run) -> None:
    """Packets are found in the stream, however it is cut, joined or soiled.

    Procedure: valid uploads with garbage before them, written in generated pieces;
    each must be answered, and at last one behind 64 KiB of garbage.
    """
    station = Station.of(run)
    require_platform(run, station)
    run.for_all(
        streams,
        lambda plan: _stream(run, station, plan, "2011", lambda: station.data("2011")),
    )
    with run.step("flood"):
        garbage = bytes(o for o in run.random.randbytes(_FLOOD_OCTETS) if o != 0x23)
        qn, octets = station.packet("2011", station.data("2011"))
        station.send(garbage + octets)
        run.expect(
            station.await_answer(qn),
            "lost-in-flood",
            expected=Text("应答无关字节之后的报文", "an answer to the packet behind"),
            actual=_NOTHING,
        )


def _stream(
    run: Run, party: Party, plan: Any, cn: str, area: Callable[[], Any]
) -> None:
    made = [party.packet(cn, area()) for _ in plan["garbage"]]
    pairs = list(zip(plan["garbage"], made, strict=True))
    octets = b"".join(soil + packet for soil, (_, packet) in pairs)
    places = sorted({len(octets) * mille // 1000 for mille in plan["cuts"]})
    for start, end in zip([0, *places], [*places, len(octets)], strict=True):
        party.send(octets[start:end])
        if end < len(octets):
            run.wait(0.005)  # so that the pieces travel apart
    end = 0
    for number, (soil, (qn, packet)) in enumerate(pairs, 1):
        start = end + len(soil)
        joined, end = end not in (0, *places), start + len(packet)
        if not party.answers(qn):
            party.await_answer(qn)
        cuts = [place - start for place in places if start < place < end]
        how = _travelled(len(soil), cuts, joined=joined)
        run.expect(
            party.answers(qn),
            "lost",
            expected=Text(
                f"应答第 {number} 个报文（{how.zh}）",
                f"an answer to packet {number} ({how.en})",
            ),
            actual=_NOTHING,
        )


def _travelled(soil: int, cuts: Sequence[int], *, joined: bool) -> Text:
    """Return what was special about how a packet was written, for people."""
    told: list[Text] = []
    if joined:
        told.append(
            Text("与前一个报文在同一次写入中", "in one write with the packet before it")
        )
    if soil:
        told.append(Text(f"前有 {soil} 个无关字节", f"behind {soil} octets of garbage"))
    if cuts:
        at = ", ".join(map(str, cuts))
        told.append(
            Text(
                f"在第 {at.replace(', ', '、')} 字节后断开，分 {len(cuts) + 1} 次写入",
                f"written in {len(cuts) + 1} pieces, cut after octet {at}",
            )
        )
    if not told:
        return Text("完整地单独写入", "whole, in a write of its own")
    return Text("，".join(t.zh for t in told), ", ".join(t.en for t in told))


@check("hj212.takes_greatest_packet", actor="device")
def device_takes_greatest_packet(run: Run) -> None:
    """A packet with a data segment of 1024 octets is taken.

    Procedure: extract the clock by a request whose data area is filled up with items;
    it must be answered, whatever the answer is.
    """
    host = Host.of(run)
    require_alive(run, host)
    _, octets = host.packet(PROBE)
    qn = host.qn()
    host.send(filled(octets, qn))
    _expect_answer(run, host, qn)


@check("hj212.takes_greatest_packet", actor="platform", takes=(POOL,))
def platform_takes_greatest_packet(run: Run) -> None:
    """A packet with a data segment of 1024 octets is taken.

    Procedure: an upload that is filled up with values; it must be answered.
    """
    station = Station.of(run)
    require_platform(run, station)
    _, octets = station.packet("2051", station.data("2051"), plain=True)
    qn = station.qn()
    station.send(station.sealed("2051", filled(octets, qn)))
    _expect_answer(run, station, qn)


def filled(octets: bytes, qn: str) -> bytes:
    """Return a packet under another QN whose data segment has 1024 octets."""
    segment = b"QN=" + qn.encode() + octets[octets.index(b";ST=") : -6]
    inner = segment.removesuffix(b"&&")
    empty = inner.endswith(b"&&")
    number = 0
    while (left := SEGMENT_MAX_OCTETS - len(inner) - 2) > _FILLER + 14:
        inner += b";w99%03d-Avg=%s" % (number, b"1.2")
        number += 1
    inner += b";w99%03d-Avg=%s" % (number, b"1" * (left - 12))
    if empty:
        inner = inner.replace(b"&&;", b"&&", 1) + b"1"
    return encode_raw(inner + b"&&")


def _expect_answer(run: Run, party: Party, qn: str) -> None:
    run.expect(
        party.await_answer(qn) is not None,
        "not-taken",
        expected=Text("应答", "an answer"),
        actual=_NOTHING,
    )


@check("hj212.takes_lower_case_check_value", actor="platform", takes=(POOL,))
def takes_lower_case_check_value(run: Run) -> None:
    """An upload whose check value is written in lower case is taken.

    Procedure: a valid upload; one whose check value has letters, in lower case.
    """
    station = Station.of(run)
    require_platform(run, station)
    while True:  # about one check value in three has no letter
        qn, octets = station.packet("2011", station.data("2011"))
        lower = octets[:-6] + octets[-6:].lower()
        if lower != octets:
            break
    station.send(lower)
    run.expect(
        station.await_answer(qn) is not None,
        "refused",
        expected=Text("应答", "an answer"),
        actual=_NOTHING,
    )


@check("hj212.resynchronises", actor="device")
def device_resynchronises(run: Run) -> None:
    """After a wrong length or a missing tail the next good packet is taken.

    Procedure: for each damage of the envelope, a damaged request and directly behind
    it a good one, in one write; the good one must be answered.
    """
    host = Host.of(run)
    require_alive(run, host)
    for way in run.each(_ENVELOPES):
        _, octets = host.packet(PROBE)
        qn, good = host.packet(PROBE)
        host.send(_ENVELOPES[way](octets[6:-6]) + good)
        run.expect(
            host.await_answer(qn) is not None,
            "lost",
            expected=Text("应答其后的有效报文", "an answer to the good packet behind"),
            actual=_NOTHING,
        )
    expect_alive(run, host)


@check("hj212.resynchronises", actor="platform", takes=(POOL,))
def resynchronises(run: Run) -> None:
    """After a wrong length or a missing tail the next good packet is taken.

    Procedure: for each damage of the envelope, the damaged packet and directly behind
    it a good one, in one write; the good one must be answered.
    """
    station = Station.of(run)
    require_platform(run, station)
    for way in run.each(_ENVELOPES):
        _, octets = station.packet("2011", station.data("2011"), plain=True)
        qn, good = station.packet("2011", station.data("2011"))
        station.send(_ENVELOPES[way](octets[6:-6]) + good)
        run.expect(
            station.await_answer(qn) is not None,
            "lost",
            expected=Text("应答其后的有效报文", "an answer to the good packet behind"),
            actual=_NOTHING,
        )
