# SPDX-License-Identifier: Apache-2.0
"""What a platform keeps of many stations: sets of parts, editions, the first contact.

Source: HJ 212-2017, 6.2.2, 6.3.2 table 3 and 6.7; packets of HJ/T 212-2005, which have
no Flag and whose answers bear QN in their data area.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.framing import (
    require_fence,
    require_platform,
    stored,
)
from conformance.protocols.hj212.checks.platform_requests import (
    in_time,
    order,
    settled,
    told_in_time,
)
from conformance.protocols.hj212.codec import encode_raw
from conformance.protocols.hj212.codec.segment import build_segment_raw
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.packets import ANSWER_ST, Identity
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import OLD_POOL, POOL
from conformance.text import Text

__all__: list[str] = []

_RECORDS = ("stored_records",)
_SET_UP = ("1012", "1000", "1062", "1064")
_STREAMS = (("2011", "2012"), ("2021", "2022"))


@check("hj212.keeps_no_partial_set", actor="platform", takes=(POOL,), hooks=_RECORDS)
def keeps_no_partial_set(run: Run) -> None:
    """A set of parts that stays incomplete is not stored as complete.

    Procedure: hour data in two parts, then the first part alone of another hour; wait
    as long as for a request; only the whole set may be shown as complete.  Where the
    records show their items, the factors of both parts must be among them: what holds
    one part alone is no complete set either.
    """
    station = Station.of(run)
    require_platform(run, station)
    back = timedelta(hours=2 + run.seed % 9000)
    whole = station.hour_label(back)
    torn = station.hour_label(back + timedelta(hours=1))
    sent: dict[str, Area] = {}
    for label, numbers in ((whole, (1, 2)), (torn, (1,))):
        area = sent[label] = station.data("2061", at=label)
        middle = (len(area) + 1) // 2
        parts = (area[:middle], (area[0], *area[middle:]))
        for number in numbers:
            qn, octets = station.packet("2061", parts[number - 1], parts=(2, number))
            station.send(octets)
            station.await_answer(qn)
    station.until(lambda h: False, float(run.value("hj212_request_timeout", 10)))
    require_fence(run, station.fence)
    kept = _complete(run, station, whole)
    run.require(
        kept,
        "stored",
        expected=Text("可查到完整的分包数据", "the whole set is shown"),
        actual=Text("查不到", "not shown"),
    )
    _expect_all_factors(run, kept, sent[whole])
    found = len(_complete(run, station, torn))
    run.expect(
        not found,
        "partial-stored",
        expected=Text("缺包的数据不作为完整数据存储", "not stored as complete"),
        actual=Text(f"存储 {found} 条", f"{found} records"),
    )


def _expect_all_factors(run: Run, kept: list[Any], area: Area) -> None:
    """Expect the factors of all parts; how a record writes its items is its affair."""
    shown = [json.dumps(record["items"]) for record in kept if "items" in record]
    if not shown:
        run.remark(
            Text(
                "stored_records 未给出 items，未判定各分包的因子是否齐全",
                "stored_records shows no items, so the factors of the parts were not "
                "looked at",
            )
        )
        return
    codes = dict.fromkeys(name.partition("-")[0] for group in area for name, _ in group)
    codes.pop("DataTime", None)
    lacking = [code for code in codes if not any(code in text for text in shown)]
    run.expect(
        not lacking,
        "part-missing",
        expected=Text("包含各分包的全部因子", "the factors of all parts"),
        actual=Text(f"缺 {'、'.join(lacking)}", f"without {', '.join(lacking)}"),
    )


def _complete(run: Run, station: Station, label: str) -> list[Any]:
    kept = stored(run, station, "2061", label)
    return [record for record in kept if record.get("complete", True) is not False]


@check("hj212.sets_up_station", actor="platform")
def sets_up_station(run: Run) -> None:
    """A station that comes for the first time is set up by the platform.

    Procedure: connect as the station that has never been there and upload; clock,
    timeout, both intervals and the two streams must be set, each within the declared
    time behind the one before it.
    """
    who = Identity(
        run.value("hj212_new_mn"),
        run.value("hj212_password").reveal(),
        str(run.value("hj212_st", "21")),
    )
    station = Station.of(run, who)
    station.upload("2011")
    wanted = [(cn,) for cn in _SET_UP] + list(_STREAMS)

    def missing() -> list[str]:
        heard = {h.segment.cn for h in station.heard}
        return ["/".join(either) for either in wanted if not heard & set(either)]

    wait_s = float(run.value("hj212_setup_wait", 60))
    lacking = missing()
    while lacking:
        known = len(lacking)
        station.until(
            lambda h, known=known: len(missing()) < known,  # type: ignore[misc]
            wait_s,
            about=f"CN={_SET_UP[0]};",
        )
        lacking = missing()
        if len(lacking) == known:
            break
    run.expect(
        not lacking,
        "not-set-up",
        expected=Text(
            "下发 1012、1000、1062、1064，并设定实时数据和状态是否上传",
            "1012, 1000, 1062, 1064 and whether data and states are uploaded",
        ),
        actual=Text(f"缺 {'、'.join(lacking)}", f"without {', '.join(lacking)}")
        if lacking
        else "",
    )


# Editions side by side


def _old(run: Run) -> Identity:
    return Identity(
        run.value("hj212_old_mn"), run.value("hj212_password").reveal(), "32", 0
    )


def _packet_2005(who: Identity, cn: str, inner: str, *, st: str = "32") -> bytes:
    """Return a packet of 2005: no QN in its header, no Flag."""
    head = {"ST": st, "CN": cn, "PW": who.pw, "MN": who.mn}
    return encode_raw(build_segment_raw(head.items(), cp=f"&&{inner}&&".encode()))


@check(
    "hj212.tells_editions",
    actor="platform",
    takes=(POOL, OLD_POOL),
    hooks=_RECORDS,
)
def tells_editions(run: Run) -> None:
    """A packet without Flag is taken as one of 2005 beside stations of this edition.

    Procedure: an upload of 2005 without Flag on one connection, one of this edition on
    another; the first is stored and not answered, the second is answered.
    """
    modern, old = Station.of(run), Station.of(run, _old(run))
    require_platform(run, modern)
    back = timedelta(seconds=3600 + run.seed % 3600)
    label = f"{old.local_time - back:%Y%m%d%H%M%S}"
    inner = f"DataTime={label};011-Rtd=12.5,011-Flag=N"
    old.send(_packet_2005(old.who, "2011", inner))
    # A request of the platform to the old station is not answered here: it stays open.
    old.withholds = lambda heard: True
    answered = old.until(lambda h: h.segment.cn == "9014", 0.3 * old.answer_timeout_s)
    run.expect(
        answered is None,
        "answered",
        expected=Text("2005 版上传未要求应答，不应答", "no answer: none was wanted"),
        actual=answered.packet.segment.decode("ascii", "replace") if answered else "",
    )
    require_fence(run, modern.fence)
    kept = stored(run, old, "2011", label)
    run.expect(
        len(kept) == 1,
        "not-stored",
        expected=Text("存储 1 条", "one record"),
        actual=Text(f"存储 {len(kept)} 条", f"{len(kept)} records"),
    )


@check(
    "hj212.reads_qn_by_edition",
    actor="platform",
    takes=(OLD_POOL,),
    hooks=("send_command", "command_result"),
)
def reads_qn_by_edition(run: Run) -> None:
    """Answers of 2005 bear QN in their data area and are matched all the same.

    Procedure: have the platform ask a station of 2005; answer with QN inside CP; the
    platform must report the request as done.
    """
    station = Station.of(run, _old(run))
    label = f"{station.local_time:%Y%m%d%H%M%S}"
    inner = f"DataTime={label};011-Rtd=12.5,011-Flag=N"
    station.send(_packet_2005(station.who, "2011", inner))
    # Nothing tells when an upload without an answer has arrived.
    station.until(lambda h: False, min(0.3 * station.answer_timeout_s, 2.0))
    in_time(lambda: _answer_as_2005(run, station))


def _answer_as_2005(run: Run, station: Station) -> None:
    with order(run, station, closes=False) as asked:
        for cn, item in (("9011", "QnRtn=1"), ("9012", "ExeRtn=1")):
            inner = f"QN={asked.qn};{item}"
            station.send(_packet_2005(station.who, cn, inner, st=ANSWER_ST))
        by_ns, state = run.now_ns, settled(run, station, asked)
        if state != "done":
            told_in_time(run, asked.since_ns, by_ns)
        run.expect(state == "done", "qn-not-found", expected="done", actual=state)
