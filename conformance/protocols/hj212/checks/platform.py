# SPDX-License-Identifier: Apache-2.0
"""How a platform answers a station: uploads, notices, resends, odd but legal packets.

The suite plays the station: each check one of those that the platform knows, which it
has to itself, on a connection of its own.

Source: HJ 212-2017, 6.1, 6.2.1, 6.5, C.4 and C.50.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.framing import require_fence, require_platform
from conformance.protocols.hj212.codec import encode_raw
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.packets import answer_to, packet
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import POOL
from conformance.text import Text

__all__: list[str] = []

_NOTHING = Text("没有应答", "no answer")
_UPLOADS = ("2011", "2051", "2061", "2031")


def _shown(heard: Heard | None) -> Text | str:
    if heard is None:
        return _NOTHING
    return heard.packet.segment.decode("ascii", "backslashreplace")


@check(
    "hj212.acknowledges_upload",
    actor="platform",
    params={
        "commands": {
            "type": "array",
            "items": {"type": "string", "pattern": "^[0-9]{4}$"},
            "minItems": 1,
            "default": list(_UPLOADS),
        }
    },
    takes=(POOL,),
)
def acknowledges_upload(run: Run, *, commands: Sequence[str] = _UPLOADS) -> None:
    """An upload that wants an answer gets 9014 under its QN, with an empty data area.

    Procedure: one upload of each kind with the answer bit.
    """
    station = Station.of(run)
    for cn in run.each(commands):
        qn = station.upload(cn)
        heard = station.await_answer(qn)
        run.expect(
            heard is not None and heard.segment.cn == "9014",
            "9014",
            expected=Text("9014，QN 与上传相同", "9014 under the QN of the upload"),
            actual=_shown(heard),
        )
        assert heard is not None
        run.expect(
            not heard.segment.items,
            "area",
            expected=Text("数据区为空", "an empty data area"),
            actual=_shown(heard),
        )


@check("hj212.answers_notice", actor="platform", takes=(POOL,))
def answers_notice(run: Run) -> None:
    """A notice that wants an answer gets 9013 under its QN, with an empty data area.

    Procedure: ask for time calibration (1013) with the answer bit.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn, octets = station.packet("1013")
    station.send(octets)
    heard = station.await_answer(qn)
    run.expect(
        heard is not None and heard.segment.cn == "9013" and not heard.segment.items,
        "9013",
        expected=Text("9013，数据区为空", "9013 with an empty data area"),
        actual=_shown(heard),
    )


@check("hj212.sets_clock_when_asked", actor="platform", takes=(POOL,))
def sets_clock_when_asked(run: Run) -> None:
    """After a notice 1013 the platform sends 1012 with SystemTime.

    Procedure: send 1013; wait for 1012 as long as for an answer.
    """
    station = Station.of(run)
    require_platform(run, station)
    _, octets = station.packet("1013")
    station.send(octets)
    heard = station.until(
        lambda h: h.segment.cn == "1012",
        station.answer_timeout_s,
        about="CN=1012",
    )
    run.expect(
        heard is not None and heard.segment.item("SystemTime") is not None,
        "1012",
        expected=Text("下发 1012（含 SystemTime）", "1012 with SystemTime"),
        actual=_shown(heard),
    )


@check("hj212.leaves_unwanted_answers", actor="platform", takes=(POOL,))
def leaves_unwanted_answers(run: Run) -> None:
    """A packet without the answer bit is not answered.

    Procedure: an upload without the answer bit; one with it as fence.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn = station.upload("2011", wanted=False)
    _expect_nothing(run, station, qn)


@check("hj212.never_answers_answers", actor="platform", takes=(POOL,))
def never_answers_answers(run: Run) -> None:
    """An interaction packet is not answered.

    Procedure: send 9013 and 9014 that belong to nothing; a valid upload as fence.
    """
    station = Station.of(run)
    require_platform(run, station)
    for cn in ("9013", "9014"):
        qn = station.qn()
        station.send(answer_to(station.who, cn, qn))
        _expect_nothing(run, station, qn)


def _expect_nothing(run: Run, station: Station, qn: str) -> None:
    require_fence(run, station.fence)
    order = " ".join(h.segment.cn or "?" for h in station.answers(qn))
    run.expect(
        not order, "answered", expected=Text("不应答", "no answer"), actual=order
    )


@check("hj212.matches_by_qn", actor="platform", takes=(POOL,))
def matches_by_qn(run: Run) -> None:
    """Uploads and notices that overlap are each answered under their own QN.

    Procedure: three packets in one go, the second a notice where the platform takes
    notices; each must have its own answer.
    """
    station = Station.of(run)
    require_platform(run, station)
    commands = ["2011", "1013", "2061"] if run.answer("HJ212_NOTICE") else _UPLOADS[:3]
    areas = {cn: station.data(cn) for cn in commands if cn != "1013"}
    made = [(cn, *station.packet(cn, areas.get(cn, ()))) for cn in commands]
    station.send(b"".join(octets for _, _, octets in made))
    for cn, qn, _ in made:
        if not station.answers(qn):
            station.await_answer(qn)
        wanted = "9013" if cn == "1013" else "9014"
        got = [h.segment.cn for h in station.answers(qn)]
        run.expect(
            got == [wanted],
            "own-qn",
            expected=Text(
                f"{cn} 以自己的 QN 应答一次 {wanted}",
                f"{cn} answered once by {wanted} under its own QN",
            ),
            actual=" ".join(map(str, got)) or _NOTHING,
        )


@check("hj212.acknowledges_parts", actor="platform", takes=(POOL,))
def acknowledges_parts(run: Run) -> None:
    """Each part of a divided upload that wants an answer gets 9014 under its own QN.

    Procedure: hour data in two parts (PNUM=2), each with the answer bit.
    """
    station = Station.of(run)
    require_platform(run, station)
    area = station.data("2061")
    middle = (len(area) + 1) // 2
    for number, part in enumerate((area[:middle], (area[0], *area[middle:])), 1):
        qn, octets = station.packet("2061", part, parts=(2, number))
        station.send(octets)
        heard = station.await_answer(qn)
        run.expect(
            heard is not None and heard.segment.cn == "9014",
            "9014",
            expected=Text(f"对第 {number} 包应答 9014", f"9014 to part {number}"),
            actual=_shown(heard),
        )


@check(
    "hj212.odd_area",
    actor="platform",
    params={"oddity": {"enum": ["blanks", "trailing_separator"]}},
    takes=(POOL,),
)
def takes_odd_area(run: Run, *, oddity: str) -> None:
    """A data area with stray blanks or a separator at its end is taken.

    Procedure: a valid upload; one with the oddity; each must be answered.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn = station.qn()
    octets = packet(station.who, "2011", qn, station.data("2011"))
    segment = octets[6:-6]
    if oddity == "blanks":
        segment = segment.replace(b"CP=&&", b"CP=&& ").replace(b";w", b"; w")
    else:
        segment = segment.removesuffix(b"&&") + b";&&"
    station.send(encode_raw(segment))
    run.expect(
        station.await_answer(qn) is not None,
        "refused",
        expected=Text("应答", "an answer"),
        actual=_NOTHING,
    )
