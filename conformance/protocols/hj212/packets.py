# SPDX-License-Identifier: Apache-2.0
"""Whole HJ 212 packets from what they say: who, which command, which data.

Good packets go through the strict builders; ``odd`` opens the door for packets that a
check sends on purpose and that break a rule of their edition.

Source: HJ 212-2017, 6.3 and annex C (ST=91 and an empty answer bit in answers).
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.protocols.hj212.codec import encode, encode_raw
from conformance.protocols.hj212.codec.segment import (
    Flag,
    build_segment,
    build_segment_raw,
)
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import Area

__all__ = ["ANSWERS", "ANSWER_ST", "Identity", "answer_to", "area_of", "packet"]

ANSWER_ST = "91"
ANSWERS = frozenset({"9011", "9012", "9013", "9014"})


@dataclass(frozen=True, slots=True)
class Identity:
    """What every packet between a device and its platform bears."""

    mn: str
    pw: str
    st: str
    version: int = Edition.E2017.version


def area_of(**items: str) -> Area:
    """Return a data area of single items: ``area_of(PolId="w01018")``."""
    return tuple(((name, value),) for name, value in items.items())


def packet(
    who: Identity,
    cn: str,
    qn: str,
    area: Area = (),
    *,
    st: str | None = None,
    wanted: bool = True,
    parts: tuple[int, int] | None = None,
    late: bool = False,
    odd: bool = False,
) -> bytes:
    """Return a packet; ``parts`` is (PNUM, PNO), ``wanted`` the answer bit, ``late``
    marks make-up data (RF=1, from 2025)."""
    flag = Flag(who.version, parts is not None, wanted)
    pnum, pno = parts or (None, None)
    st = st or who.st
    if not odd:
        return encode(
            build_segment(
                st=st,
                cn=cn,
                pw=who.pw,
                mn=who.mn,
                flag=flag,
                qn=qn,
                pnum=pnum,
                pno=pno,
                rf=late,
                cp=area,
            )
        )
    head = {"QN": qn, "ST": st, "CN": cn, "PW": who.pw, "MN": who.mn}
    head["Flag"] = str(flag.value)
    if parts:
        head |= {"PNUM": str(pnum), "PNO": str(pno)}
    if late:
        head["RF"] = "1"
    inner = ";".join(",".join(f"{n}={v}" for n, v in group) for group in area)
    return encode_raw(build_segment_raw(head.items(), cp=f"&&{inner}&&".encode()))


def answer_to(who: Identity, cn: str, qn: str, area: Area = ()) -> bytes:
    """Return an answer (9011 to 9014), which itself wants none.

    The QN is the peer's: it is given back as it came, right or wrong.
    """
    return packet(who, cn, qn, area, st=ANSWER_ST, wanted=False, odd=True)
