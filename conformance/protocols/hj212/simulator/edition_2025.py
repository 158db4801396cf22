# SPDX-License-Identifier: Apache-2.0
"""What edition 2025 adds to the simulated station: commands, heartbeat, encryption.

The orders of ``simulator.orders.py`` without the withdrawn ones, and the new; what the
station sends unasked; how its packets are sealed.  Deviations are asked for by their
names, those of the cipher in 2111 alone, so that all else can still be read.

Source: HJ 212-2025, 6.4, 6.7.5 table 12, C.2, C.3, C.7, C.8, C.27 to C.40, C.54 and
C.59 to C.63 (from quotations).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from conformance.errors import InputError
from conformance.protocols.hj212.codec import checksum
from conformance.protocols.hj212.codec.encryption import BLOCK_OCTETS, encrypt_area
from conformance.protocols.hj212.codec.sealing import key_of, seal, seals
from conformance.protocols.hj212.codec.segment import Segment
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.packets import area_of, packet
from conformance.protocols.hj212.simulator.orders import ORDERS, Order, value_of
from conformance.protocols.hj212.simulator.site import Site

if TYPE_CHECKING:
    from conformance.protocols.hj212.simulator import StationTalk

__all__ = [
    "NOTICES",
    "ORDERS_2025",
    "Heart",
    "KeyRing",
    "fits",
    "happen",
    "new_key",
    "sealed",
    "unasked",
]

NOTICES = frozenset({"1001", "1014"})
"""What the device starts and 9013 answers."""
_DONE, _CONDITION, _NO_DATA = "1", "3", "100"
_WITHDRAWN = frozenset({"3014", "3015", "3016", "3017"})
_BEAT_NS = 2_000_000_000
_USAGE = frozenset({"44", "45"})
_CN = re.compile(rb";CN=([0-9]{4});")
_AREA = re.compile(rb"(CP=&&)(.*)(&&)", re.DOTALL)


def fits(asked: str | None, own: str, edition: Edition) -> bool:
    """Return whether a request is for a system that the station has."""
    return asked == own or (edition is Edition.E2025 and asked in _USAGE)


# Orders


def _set_identity(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Take the MN that the platform gives (C.3); the tests give the one it has."""
    return _DONE if value_of(segment, "i23005") == talk.who.mn else _CONDITION


def _new_key(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Take a new key, which counts when the exchange is over (C.8)."""
    try:
        key = key_of(value_of(segment, "NewSK"))
    except InputError:
        return _DONE if "takes-short-key" in talk.quirks else _CONDITION
    if "forgets-key" not in talk.quirks:
        talk.new_key = key
    return _DONE


def _real_time(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Start real-time data, or give the history of power use (C.36 to C.40)."""
    st = segment.st or ""
    if st not in _USAGE:
        return ORDERS["2011"](talk, segment, qn)
    if "usage-under-own-system" in talk.quirks:
        st = talk.who.st
    if segment.item("BeginTime") is None:
        talk.upload("2011", _usage(talk), st=st)
        return _DONE
    if "no-usage-history" not in talk.quirks:
        talk.start(
            packet(talk.who, "2011", talk.qn(), _usage(talk), st=st, wanted=False)
        )
    return _DONE


def _usage(talk: StationTalk) -> Area:
    label = (("DataTime", stamp(talk.site.now())),)
    return (label, (("e30101-Rtd", "12.5"), ("e30101-Flag", "N")))


def _raw(talk: StationTalk, segment: Segment, qn: str) -> str:
    """Give the last measurement of a periodic instrument (C.28)."""
    end = talk.site.now().replace(minute=0, second=0, microsecond=0)
    begun = end - timedelta(minutes=40)
    items = {"SampleTime": stamp(begun), "CompleteTime": stamp(end), "SampleType": "1"}
    reading = (*((f"w01018-{k}", v) for k, v in items.items()), ("w01018-Avg", "20.5"))
    area = ((("DataTime", stamp(begun)),), (*reading, ("w01018-Flag", "N")))
    return _history(talk, segment, "2013", area)


def _standard(talk: StationTalk) -> Area:
    items = {"SampleRd": "20.4", "StandardValue": "20.0", "ResultType": "1"}
    reading = tuple((f"w01018-{key}", value) for key, value in items.items())
    return ((("DataTime", stamp(talk.site.now())),), reading)


def _standards(talk: StationTalk, segment: Segment, qn: str) -> str:
    return _history(talk, segment, "2062", _standard(talk))


def _history(talk: StationTalk, segment: Segment, cn: str, area: Area) -> str:
    first, last = value_of(segment, "BeginTime"), value_of(segment, "EndTime")
    if not first or not last:
        return _CONDITION
    label = area[0][0][1]
    if not first <= label <= last:
        return _NO_DATA
    if f"no-data-{cn}" not in talk.quirks:
        talk.start(packet(talk.who, cn, talk.qn(), area, wanted=False))
    return _DONE


def _check_standard(talk: StationTalk, segment: Segment, qn: str) -> str:
    if segment.item("PolId") is None:
        return _CONDITION
    if "standard-check-unreported" not in talk.quirks:
        talk.upload("2062", _standard(talk))
    return _DONE


def _keep_sample(talk: StationTalk, segment: Segment, qn: str) -> str:
    factor = value_of(segment, "PolId")
    if not factor:
        return _CONDITION
    talk.site.bottle = talk.site.bottle % 99 + 1
    label, bottle = stamp(talk.site.now()), str(talk.site.bottle)
    if "sample-unreported" not in talk.quirks:
        talk.upload("3022", area_of(DataTime=label, PolId=factor, VaseNo=bottle))
    return _DONE


ORDERS_2025: Mapping[str, Order] = {
    **{cn: order for cn, order in ORDERS.items() if cn not in _WITHDRAWN},
    "1002": _set_identity,
    "1014": _new_key,
    "2011": _real_time,
    "2013": _raw,
    "2062": _standards,
    "3022": _keep_sample,
    "3024": _check_standard,
}


# What it sends unasked


@dataclass(slots=True)
class Heart:
    """When the next heartbeat is due."""

    due_ns: int = 0

    def beat(self, talk: StationTalk, now_ns: int) -> None:
        """Send a heartbeat when it is time for one (C.54)."""
        station = talk.station
        beats = station.edition is Edition.E2025 and "no-heartbeat" not in talk.quirks
        if not beats or not talk.site.answers.get("HJ212_HEARTBEAT"):
            return
        self.due_ns = self.due_ns or now_ns + _BEAT_NS // 2
        if now_ns < self.due_ns:
            return
        self.due_ns = now_ns + _BEAT_NS
        area = area_of(DataTime=stamp(talk.site.now()))
        area = area if "heartbeat-with-data" in talk.quirks else ()
        wanted = "heartbeats-unanswered" not in talk.quirks
        talk.start(packet(talk.who, "9015", talk.qn(), area, wanted=wanted))


def unasked(site: Site) -> Iterator[tuple[str, Area]]:
    """Yield command and data of what it delivers when it first connects."""
    now = site.now().replace(second=0, microsecond=0)
    if site.answers.get("HJ212_NOISE"):
        key = "Rtd" if "noise-without-data-key" in site.quirks else "Data"
        value = ((f"Leq-{key}", "55.1"), ("Leq-Flag", "N"))
        yield "2052", ((("DataTime", stamp(now)),), value)
    if site.answers.get("HJ212_FURNACE"):
        begun = now.replace(minute=now.minute // 5 * 5) - timedelta(minutes=5)
        if "furnace-label-off" in site.quirks:
            begun += timedelta(minutes=2)
        value = (("a01901-Avg", "912.5"), ("a01901-Flag", "N"))
        yield "2111", ((("DataTime", stamp(begun)),), value)


def happen(what: str, talk: StationTalk) -> tuple[str, Area] | None:
    """Let it report its hardware, or ask for a new key."""
    if talk.station.edition is not Edition.E2025:
        return None
    if what == "identity":
        names = ("i23005", "i23006", "i23007", "i23008")
        kept = names[1:] if "identity-incomplete" in talk.quirks else names
        known = zip(
            names, ("SN0001", "CPU01", "020000000001", "020000000002"), strict=True
        )
        return "1001", area_of(**{n: v for n, v in known if n in kept})
    if what == "key":
        name = "DataTime" if "key-notice-undated" in talk.quirks else "SKCreateTime"
        return "1014", area_of(**{name: stamp(talk.site.now())})
    return None


# Keys of a host


class KeyRing:
    """The keys of the stations of a host, by MN; all have the same at first."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self._renewed: dict[str, bytes] = {}
        self._offered: dict[str, bytes] = {}

    def of(self, mn: str | None) -> list[bytes]:
        """Return the key of a station, then one that it was given and may use by now.

        None where nothing is encrypted.
        """
        name = mn or ""
        keys = (self._renewed.get(name, self._first), self._offered.get(name))
        return [key for key in keys if key]

    def offer(self, mn: str, text: str) -> None:
        """Note a key that is being given; one of another size is none."""
        with suppress(InputError):
            self._offered[mn] = key_of(text)

    def renew(self, mn: str, text: str) -> None:
        """Go by another key from now on."""
        self._renewed[mn] = key_of(text)


def new_key(label: str, quirks: frozenset[str]) -> Area:
    """Return the data of a request 1014 with a key that nobody has had."""
    key = secrets.token_hex(BLOCK_OCTETS // 2).upper()
    key = key[:-1] if "short-new-key" in quirks else key
    return area_of(SKCreateTime=label, NewSK=key)


# The cipher


def sealed(
    octets: bytes,
    key: bytes,
    quirks: frozenset[str],
    side: Literal["device", "platform"],
) -> bytes:
    """Return a packet as a party with these quirks sends it."""
    found = _CN.search(octets)
    cn = found[1].decode() if found else ""
    if not seals(cn, side) or f"sends-{cn}-plain" in quirks:
        return octets
    way = _WAYS[min(quirks & _WAYS.keys())] if quirks & _WAYS.keys() else None
    if way is not None and cn in ("2111", "1014"):
        return way(octets, key)
    length: Literal["plain", "sent"] = (
        "sent" if "states-sent-length" in quirks else "plain"
    )
    return seal(octets, key, length=length)


def _lower(octets: bytes, key: bytes) -> bytes:
    return re.sub(rb"0x[0-9A-F]{2}", lambda m: m[0].lower(), seal(octets, key))


def _checked_as_sent(octets: bytes, key: bytes) -> bytes:
    out = seal(octets, key)
    value = b"%04X" % checksum(out[6:-6])
    # By chance it may be that of the plain segment too.
    if value == octets[-6:-2]:
        value = b"%04X" % (int(value, 16) ^ 0x0100)
    return out[:-6] + value + out[-2:]


def _padded(octets: bytes, key: bytes) -> bytes:
    """Return the area padded to whole blocks (PKCS7), all of it encrypted."""

    def pad(found: re.Match[bytes]) -> bytes:
        size = BLOCK_OCTETS - len(found[2]) % BLOCK_OCTETS
        return found[1] + encrypt_area(found[2] + bytes([size]) * size, key) + found[3]

    return _AREA.sub(pad, octets)


_WAYS: Mapping[str, Callable[[bytes, bytes], bytes]] = {
    "cipher-in-lower-case": _lower,
    "check-value-of-cipher": _checked_as_sent,
    "pads-cipher": _padded,
}
