# SPDX-License-Identifier: Apache-2.0
"""Named ways to write a good HJ 212 packet wrongly, as fielded products do.

Turns the octets of one good packet into those that a deviating sender would send.
Each breaks one rule of the packet or its segment; whatever can stay right stays right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from conformance.protocols.hj212.codec import checksum, encode_raw

__all__ = ["SPELLINGS", "modbus", "spell"]

_HEAD, _CLOSE = 6, 6


def _framed(**how: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Replace parts of the envelope; each part is made from the segment."""

    def rewrite(octets: bytes) -> bytes:
        segment = octets[_HEAD:-_CLOSE]
        parts = {name: make(segment) for name, make in how.items()}
        return encode_raw(segment, **parts)

    return rewrite


def _written(pattern: bytes, put: bytes, *, count: int = 1) -> Callable[[bytes], bytes]:
    """Replace something in the segment; length and check value follow."""
    compiled = re.compile(pattern)

    def rewrite(octets: bytes) -> bytes:
        segment = octets[_HEAD:-_CLOSE]
        return encode_raw(compiled.sub(put, segment, count=count))

    return rewrite


def modbus(segment: bytes) -> int:
    """Return the CRC-16/MODBUS, which is often taken for the one of HJ 212."""
    register = 0xFFFF
    for octet in segment:
        register ^= octet
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


def _modbus(segment: bytes) -> bytes:
    value = modbus(segment)
    # By chance it may be right; a fault has to be wrong all the same.
    return b"%04X" % (value ^ 0x0100 if value == checksum(segment) else value)


def _swapped(segment: bytes) -> bytes:
    right = checksum(segment)
    return b"%04X" % ((right & 0xFF) << 8 | right >> 8)


def _lower_mn(octets: bytes) -> bytes:
    segment = re.sub(
        rb"MN=[0-9A-F]+", lambda m: b"MN=" + m[0][3:].lower(), octets[_HEAD:-_CLOSE]
    )
    return encode_raw(segment)


def _stuffed(octets: bytes) -> bytes:
    """Return a packet whose segment is longer than 1024 octets."""
    segment = octets[_HEAD:-_CLOSE]
    more = b"".join(b";i1%04d-Info=%s" % (n, b"7" * 40) for n in range(24))
    return encode_raw(segment.removesuffix(b"&&") + more + b"&&")


def _gbk(octets: bytes) -> bytes:
    segment = octets[_HEAD:-_CLOSE].removesuffix(b"&&")
    text = "系统启动".encode("gbk")
    between = b"" if segment.endswith(b"&&") else b";"
    return encode_raw(segment + between + b"i11001-Info=//" + text + b"//&&")


def _without_bit(octets: bytes) -> bytes:
    """Return a part whose Flag says that it has no packet numbers."""

    def cleared(found: re.Match[bytes]) -> bytes:
        return b"Flag=%d;PNUM" % (int(found[1]) & ~2)

    segment = octets[_HEAD:-_CLOSE]
    return encode_raw(re.sub(rb"Flag=([0-9]+);PNUM", cleared, segment))


SPELLINGS: Mapping[str, Callable[[bytes], bytes]] = {
    # Of edition 2025, in packets on which little else rests
    "withdrawn-command": _written(rb"CN=(?:2111|1064)", rb"CN=3014"),
    "no-mn-field": _written(rb"(CN=(?:2111|1064);PW=\w+);MN=[0-9A-F]+", rb"\1"),
    "late-mark-zero": _written(rb"(CN=2111;.*Flag=[0-9]+)(?=;CP)", rb"\1;RF=0"),
    "two-digit-part-numbers": _written(rb"PNUM=", rb"PNUM=0"),
    "identity-cut-short": _written(rb"(CN=1002;.*i23005=\w{12})\w+", rb"\1"),
    "strange-result-type": _written(rb"ResultType=1", rb"ResultType=2"),
    "hourly-noise": _written(rb"(CN=2061;.*)&&\Z", rb"\1;Leq-Data=55.1&&"),
    "one-hash": _framed(header=lambda segment: b"#"),
    "stray-octets": lambda octets: b"\0\0" + octets,
    "length-with-check-value": _framed(length=lambda s: b"%04d" % (len(s) + 4)),
    "length-without-zeros": _framed(length=lambda s: b"%4d" % len(s)),
    "stuffed": _stuffed,
    "modbus-check-value": _framed(checksum=_modbus),
    "swapped-check-value": _framed(checksum=_swapped),
    "lower-case-check-value": lambda o: o[:-_CLOSE] + o[-_CLOSE:].lower(),
    "line-feed-alone": _framed(tail=lambda segment: b"\n"),
    "gbk": _gbk,
    "fields-out-of-order": _written(rb"(ST=\w+);(CN=\w+)", rb"\2;\1"),
    "qn-without-milliseconds": _written(rb"QN=([0-9]{14})[0-9]{3}", rb"QN=\1"),
    "unknown-system": _written(rb"ST=\w+", rb"ST=99"),
    "foreign-direction": _written(rb"CN=2011", rb"CN=2012"),
    "foreign-direction-of-platform": _written(rb"CN=1012", rb"CN=2081"),
    "reserved-command": _written(rb"CN=(?:2011|1012)", rb"CN=9021"),
    "lower-case-mn": _lower_mn,
    "flag-of-2005": _written(rb"Flag=[4589]", rb"Flag=1"),
    "numbers-without-bit": _written(rb"(Flag=[0-9]+)", rb"\1;PNUM=1;PNO=1"),
    "five-digit-part-numbers": _written(rb"PNUM=", rb"PNUM=0000"),
    "restart-without-time": _written(rb";RestartTime=[0-9]{14}", rb""),
    "colon": _written(rb"(CP=&&\w+)=", rb"\1:"),
    "data-time-with-milliseconds": _written(rb"(DataTime=[0-9]{14})", rb"\g<1>000"),
    "unknown-data-mark": _written(rb"-Flag=N", rb"-Flag=X", count=0),
    "foreign-password": _written(rb"PW=\w+", rb"PW=Wrong1"),
    "semicolon-after-area": _written(rb"&&\Z", rb"&&;"),
    "small-letters": _written(rb"(System|Data)Time=", rb"\1time="),
    "system-outside-classes": _written(rb"ST=\w+", rb"ST=75"),
    "blanks-in-area": _written(rb"CP=&&D", rb"CP=&& D"),
    "separator-at-end": _written(rb"&&\Z", rb";&&"),
    # What a platform writes into its requests
    "padded-numbers": _written(rb"RtdInterval=", rb"RtdInterval=00"),
    "short-interval": _written(rb"RtdInterval=[0-9]+", rb"RtdInterval=10"),
    "odd-minutes": _written(rb"MinInterval=[0-9]+", rb"MinInterval=7"),
    "system-time-with-milliseconds": _written(rb"(SystemTime=[0-9]{14})", rb"\g<1>000"),
    "long-factor-id": _written(rb"(PolId=\w+)", rb"\g<1>00"),
    "period-without-seconds": _written(rb"(BeginTime=[0-9]{12})[0-9]{2}", rb"\1"),
    "long-password": _written(rb"(NewPW=\w+)", rb"\g<1>0"),
    "short-start-time": _written(rb"(CstartTime=[0-9]{4})[0-9]{2}", rb"\1"),
    "foreign-info-id": _written(rb"InfoId=i", rb"InfoId="),
    # What a station writes into its uploads and into the data of requests
    "small-restart-time": _written(rb"RestartTime=", rb"Restarttime="),
    "padded-values": _written(rb"-Rtd=", rb"-Rtd=00"),
    "short-serial": _written(rb"(-SN=[0-9A-F]{20})[0-9A-F]{4}", rb"\1"),
    "unknown-code": _written(rb"w01001-", rb"x01001-", count=0),
    "unmarked": _written(rb",w[0-9]{5}-Flag=N", rb"", count=0),
    "long-mark": _written(rb"-Flag=N", rb"-Flag=NN"),
    "unknown-equipment-state": _written(rb"-RS=1", rb"-RS=7"),
    "vessel-zero": _written(rb"VaseNo=[0-9]+", rb"VaseNo=0"),
    "log-without-mark": _written(rb"-Info=//", rb"-Info=/"),
    "foreign-site-code": _written(rb"i1(?=[123][0-9]{3}-Info)", rb"i4"),
    "unknown-state": _written(rb"(i12001-Info)=[0-9]+", rb"\1=99"),
    "restart-time-without-seconds": _written(
        rb"(RestartTime=[0-9]{12})[0-9]{2}", rb"\1"
    ),
    "label-twice": _written(rb"(DataTime=[0-9]{14})", rb"\1;\1"),
    "label-ahead": _written(rb"(CN=2011;.*DataTime=)20", rb"\g<1>21"),
    "too-many-decimals": _written(rb"(w01001-Rtd=[0-9]+)\.?([0-9]*)", rb"\1.\g<2>123"),
    "parts-without-bit": _without_bit,
    "part-without-label": _written(rb"(PNO=2;CP=&&)DataTime=[0-9]{14};", rb"\1"),
    "growing-set": _written(rb"PNUM=([0-9]+);PNO=2;", rb"PNUM=\g<1>0;PNO=2;"),
    "unordered-statistics": _written(rb"(w00000-Min)=[0-9.]+", rb"\1=99.9"),
    "minutes-off-grid": _written(rb"(CN=2051;.*DataTime=[0-9]{12})00", rb"\g<1>30"),
    "wrong-sum": _written(rb"(CN=2061;.*w00000-Cou)=[0-9.]+", rb"\1=70.00"),
    "wrong-mean-flow": _written(rb"(w00000-Avg)=[0-9.]+", rb"\1=0.02"),
    "sample-time-without-seconds": _written(
        rb"(-SampleTime=[0-9]{12})[0-9]{2}", rb"\1"
    ),
    "small-equipment-mark": _written(rb"-EFlag=A1", rb"-EFlag=a1"),
    "long-day": _written(rb"-RT=23.5", rb"-RT=25.5"),
    "fine-noise": _written(rb"(Leq-Data=[0-9.]+)", rb"\g<1>2"),
    "noise-without-night": _written(rb",Leq-NightData=[0-9.]+", rb""),
    "foreign-process": _written(rb"e10201-", rb"ez0201-", count=0),
    "out-of-range": _written(rb"-Rtd=[0-9.]+", rb"-Rtd=987654321"),
}
"""Applied to what a party starts by itself, not to its answers."""


def spell(octets: bytes, quirks: frozenset[str]) -> bytes:
    """Return the packet as a sender with these quirks would write it."""
    for name in sorted(quirks & SPELLINGS.keys()):
        octets = SPELLINGS[name](octets)
    return octets
