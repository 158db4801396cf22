# SPDX-License-Identifier: Apache-2.0
"""What each request makes a simulated HJ 212 station do, and the ExeRtn it returns.

One function per command or family; ``ORDERS`` is the table.  Whether the request is
taken at all was decided before (``simulator.py``).

Source: HJ 212-2017, 6.6.2 table 6, C.1 to C.15, C.20 to C.23, C.30 to C.46.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from conformance.protocols.hj212.codec.segment import Segment
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.packets import area_of, packet
from conformance.protocols.hj212.simulator.site import parted
from conformance.protocols.hj212.times import read_time
from conformance.protocols.hj212.values import value_violation

if TYPE_CHECKING:
    from conformance.protocols.hj212.simulator import StationTalk

__all__ = ["ORDERS", "Order", "unfit", "value_of"]

_DONE, _CONDITION, _NO_DATA = "1", "3", "100"
Order = Callable[["StationTalk", Segment, str], str]

_SETTABLE = {
    "OverTime": "over_time",
    "ReCount": "re_count",
    "RtdInterval": "rtd_interval",
    "MinInterval": "min_interval",
}
_TAKEN_BY: Mapping[str, str] = {
    "RtdInterval": "takes-any-real-time-interval",
    "MinInterval": "takes-any-minute-interval",
    "OverTime": "takes-any-timers",
    "ReCount": "takes-any-timers",
}


def unfit(segment: Segment, quirks: frozenset[str]) -> bool:
    """Return whether an item breaks the form or range of table 4."""
    return any(
        value_violation(item.name, item.value) is not None
        and _TAKEN_BY.get(item.name) not in quirks
        for item in segment.items
    )


def value_of(segment: Segment, name: str) -> str:
    """Return the value of an item, empty without it."""
    item = segment.item(name)
    return item.value if item else ""


def _set(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Set parameters from the items of a request (1000, 1062, 1064)."""
    if unfit(segment, talk.quirks):
        return _CONDITION
    for item in segment.items:
        name = _SETTABLE.get(item.name)
        if name and f"forgets-{item.name}" not in talk.quirks:
            setattr(talk.station.parameters, name, int(item.value))
    return _DONE


def _clock(talk: StationTalk, segment: Segment, qn: str) -> str:
    now = stamp(talk.site.now())
    if "clock-without-seconds" in talk.quirks:
        now = now[:12]
    factor = value_of(segment, "PolId")
    if factor and "clock-without-factor" not in talk.quirks:
        return talk.tell("1011", qn, area_of(PolId=factor, SystemTime=now))
    return talk.tell("1011", qn, area_of(SystemTime=now))


def _set_clock(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Set the clock; with PolId that of an instrument, which is not simulated."""
    moment = read_time(value_of(segment, "SystemTime"))
    if moment is None:
        return _CONDITION
    if segment.item("PolId") is None and "forgets-clock" not in talk.quirks:
        ahead = moment.replace(tzinfo=BEIJING) - datetime.now(BEIJING)
        if "clock-for-show" in talk.quirks:
            talk.site.ahead = ahead  # QN go on by the old clock
        else:
            talk.set_clock(ahead)
    return _DONE


def _password(talk: StationTalk, segment: Segment, qn: str) -> str:
    new = value_of(segment, "NewPW")
    if not new or unfit(segment, talk.quirks):
        return _CONDITION
    if "forgets-password" not in talk.quirks:
        talk.new_password = new  # counts after this exchange (C.9)
    if "password-resets-intervals" in talk.quirks:
        talk.station.parameters.rtd_interval = 60
    return _DONE


def _tells(cn: str, name: str) -> Order:
    def order(talk: StationTalk, segment: Segment, qn: str) -> str:
        value = getattr(talk.station.parameters, _SETTABLE[name])
        return talk.tell(cn, qn, area_of(**{name: str(value)}))

    return order


def _stream(talk: StationTalk, segment: Segment, qn: str) -> str:
    cn = segment.cn or ""
    if f"never-uploads-{cn}" not in talk.quirks:
        talk.station.streams[cn] = 0
    return _DONE


def _history(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Send the periods from BeginTime to EndTime, each under its own QN."""
    first, last = value_of(segment, "BeginTime"), value_of(segment, "EndTime")
    if not first or not last or unfit(segment, talk.quirks):
        return _CONDITION
    cn, quirks = segment.cn or "", talk.quirks
    kept = talk.site.periods(cn, talk.station.parameters.min_interval)
    found = [p for p in kept if first <= stamp(p) <= last]
    if "history-one-period-more" in quirks and first == last and found:
        found.append(found[0] + (kept[1] - kept[0]))
    if "history-after-begin" in quirks and first < last:
        found = [p for p in found if first < stamp(p)]
    if "history-ignores-range" in quirks:
        found = kept
    if "history-out-of-order" in quirks:
        found.reverse()
    if "history-beyond-range" in quirks:
        found.insert(0, kept[0] - timedelta(days=300))
    if f"no-history-{cn}" in quirks:
        found = []
    for period in found:
        areas = parted(talk.site.data(cn, period), quirks & {"splits"})
        for number, area in enumerate(areas, 1):
            parts = (len(areas), number) if len(areas) > 1 else None
            octets = packet(talk.who, cn, talk.qn(), area, wanted=False, parts=parts)
            talk.start(octets)
    return _DONE if found or "never-says-no-data" in quirks else _NO_DATA


def _act(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Have an instrument do something (3011 to 3014)."""
    return _DONE if segment.item("PolId") else _CONDITION


def _keep_sample(talk: StationTalk, segment: Segment, qn: str) -> str:
    talk.site.bottle = talk.site.bottle % 99 + 1
    area = area_of(DataTime=stamp(talk.site.now()), VaseNo=str(talk.site.bottle))
    return talk.tell("3015", qn, area)


def _set_sampling(talk: StationTalk, segment: Segment, qn: str) -> str:
    start, hours = value_of(segment, "CstartTime"), value_of(segment, "Ctime")
    factor = value_of(segment, "PolId")
    if not (factor and start and hours) or unfit(segment, talk.quirks):
        return _CONDITION
    if "forgets-sampling-period" not in talk.quirks:
        talk.station.parameters.sampling[factor] = (start, hours)
    return _DONE


def _tell_sampling(talk: StationTalk, segment: Segment, qn: str) -> str:
    factor = value_of(segment, "PolId")
    known = talk.station.parameters.sampling.get(factor, ("000000", "2"))
    start, hours = known
    area = area_of(PolId=factor, CstartTime=start, Ctime=hours)
    return talk.tell("3017", qn, area)


def _tell_sample_time(talk: StationTalk, segment: Segment, qn: str) -> str:
    factor = value_of(segment, "PolId")
    return talk.tell("3018", qn, area_of(PolId=factor, Stime="40"))


def _tell_serial(talk: StationTalk, segment: Segment, qn: str) -> str:
    factor = value_of(segment, "PolId")
    number = {f"{factor}-SN": talk.site.serial_number()}
    return talk.tell("3019", qn, area_of(PolId=factor, **number))


def _tell_info(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Tell a state or parameter, or the entries of a log, one packet each."""
    name, factor = value_of(segment, "InfoId"), value_of(segment, "PolId")
    told = (("PolId", factor),) if factor else ()
    if name.startswith(("i11", "i21")):
        return _tell_log(talk, segment, told)
    value = talk.station.parameters.info.get(name)
    if value is None:
        return _CONDITION
    label = (("DataTime", stamp(talk.site.now())),)
    area: Area = (label, (*told, (f"{name}-Info", value)))
    return talk.tell("3020", qn, area)


def _tell_log(
    talk: StationTalk, segment: Segment, told: tuple[tuple[str, str], ...]
) -> str:
    name = value_of(segment, "InfoId")
    first, last = value_of(segment, "BeginTime"), value_of(segment, "EndTime")
    found = list(talk.site.entries(first, last))
    if "log-in-one-packet" in talk.quirks and found:
        between = f"//,{name}-Info=//"
        found = [(found[0][0], between.join(text for _, text in found))]
    if "no-data-3020-log" in talk.quirks:
        found = []
    for at, text in found:
        area: Area = ((("DataTime", at),), (*told, (f"{name}-Info", f"//{text}//")))
        octets = packet(talk.who, "3020", talk.qn(), area, wanted=False, odd=True)
        talk.start(octets)
    return _DONE if found else _NO_DATA


def _set_info(talk: StationTalk, segment: Segment, qn: str) -> str:
    name = value_of(segment, "InfoId")
    item = segment.item(f"{name}-Info")
    if item is None or name not in talk.station.parameters.info:
        return _CONDITION
    if "forgets-site-parameter" not in talk.quirks:
        talk.station.parameters.info[name] = item.value
    return _DONE


ORDERS: Mapping[str, Order] = {
    "1000": _set,
    "1011": _clock,
    "1012": _set_clock,
    "1061": _tells("1061", "RtdInterval"),
    "1062": _set,
    "1063": _tells("1063", "MinInterval"),
    "1064": _set,
    "1072": _password,
    "2011": _stream,
    "2021": _stream,
    **dict.fromkeys(("2031", "2041", "2051", "2061"), _history),
    **dict.fromkeys(("3011", "3012", "3013", "3014"), _act),
    "3015": _keep_sample,
    "3016": _set_sampling,
    "3017": _tell_sampling,
    "3018": _tell_sample_time,
    "3019": _tell_serial,
    "3020": _tell_info,
    "3021": _set_info,
}
