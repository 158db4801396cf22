# SPDX-License-Identifier: Apache-2.0
"""How a platform takes encrypted uploads, and how it renews a key.

The station of a check keeps its key; the key of one station of its own is changed
(``hj212_key_mn``), because what a platform has given cannot be taken back.

Source: HJ 212-2025, 6.4, annex A.2, C.7 and C.8 (from quotations).
"""

from __future__ import annotations

from datetime import timedelta

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.hj212.checks.framing import (
    require_fence,
    require_platform,
    stored,
)
from conformance.protocols.hj212.checks.keys import LENGTHS, another_key, empty_block
from conformance.protocols.hj212.codec.encryption import BLOCK_OCTETS
from conformance.protocols.hj212.codec.sealing import key_of, seal
from conformance.protocols.hj212.elements import Area, stamp
from conformance.protocols.hj212.line import Heard
from conformance.protocols.hj212.packets import Identity, area_of
from conformance.protocols.hj212.station import Station
from conformance.protocols.hj212.stations import KEY_POOL, POOL, stations
from conformance.text import Text

__all__ = ["ask_for_key"]

_NOTHING = Text("没有应答", "no answer")
_ANSWER = Text("应答", "an answer")
# Shorter than a block, and the only part of an upload that can be.
_SHORT: Area = (((("w01001-Rtd"), "7.02"),),)


def ask_for_key(station: Station) -> str:
    """Ask for a new key by a notice 1014; return its QN."""
    area = area_of(SKCreateTime=stamp(station.local_time))
    qn, octets = station.packet("1014", area)
    station.send(octets)
    return qn


def _hear_key(run: Run, station: Station) -> Heard:
    """Ask for a key and return the request that brings it, unanswered."""
    station.withholds = lambda heard: heard.segment.cn == "1014"
    qn = ask_for_key(station)
    answer = station.await_answer(qn)
    run.expect(
        answer is not None and answer.segment.cn == "9013",
        "9013",
        expected=Text("以 9013 应答 1014 通知", "9013 in answer to the notice 1014"),
        actual=answer.segment.cn or "?" if answer else _NOTHING,
    )
    request = station.until(
        lambda h: h.segment.cn == "1014", station.answer_timeout_s, about="CN=1014"
    )
    names = {item.name for item in request.segment.items} if request else set()
    run.expect(
        request is not None and {"SKCreateTime", "NewSK"} <= names,
        "1014",
        expected=Text(
            "下发 1014，含 SKCreateTime 和 NewSK", "1014 with SKCreateTime and NewSK"
        ),
        actual=" ".join(sorted(names)) or Text("没有下发", "nothing"),
    )
    assert request is not None
    return request


def _new_key(request: Heard) -> str:
    item = request.segment.item("NewSK")
    return item.value if item else ""


@check("hj212.renews_key", actor="platform", takes=(KEY_POOL,))
def renews_key(run: Run) -> None:
    """Asked by a notice 1014 the platform sends a new key, which then counts.

    Procedure: as the station ``hj212_key_mn``, an upload; a notice 1014; 9013 and a
    request 1014 must come; carry it out; an upload under the new key must be answered.
    """
    first = stations(run.setup.ixit)[0]
    mn = str(run.value("hj212_key_mn"))
    station = Station.of(run, Identity(mn, first.pw, first.st, 2))
    require_platform(run, station)
    request = _hear_key(run, station)
    qn, text = request.segment.qn or "", _new_key(request)
    station.reply(qn, "9011", QnRtn="1")
    station.reply(qn, "9012", ExeRtn="1")
    run.require(
        len(text.encode()) in (BLOCK_OCTETS, 2 * BLOCK_OCTETS),
        "key-size",
        expected=Text("16 字节的密钥", "a key of 16 octets"),
        actual=Text(f"{len(text)} 个字符", f"{len(text)} characters"),
    )
    station.key = key_of(text)
    run.expect(
        station.is_alive(),
        "new-key",
        expected=Text("应答以新密钥加密的上传", "an answer to an upload under it"),
        actual=_NOTHING,
    )


@check("hj212.key_size", actor="platform", takes=(POOL,))
def gives_keys_of_16_octets(run: Run) -> None:
    """The key that a platform sends has 16 octets.

    Procedure: a notice 1014; look at NewSK of the request; refuse it (QnRtn=2), so that
    the old key stays.
    """
    station = Station.of(run)
    require_platform(run, station)
    request = _hear_key(run, station)
    text = _new_key(request)
    station.reply(request.segment.qn or "", "9011", QnRtn="2")
    is_hex = len(text) == 2 * BLOCK_OCTETS and all(
        c in "0123456789abcdefABCDEF" for c in text
    )
    run.expect(
        len(text.encode()) == BLOCK_OCTETS or is_hex,
        "key-size",
        expected=Text("16 字节", "16 octets"),
        actual=Text(f"{len(text)} 个字符", f"{len(text)} characters"),
    )


@check("hj212.takes_both_lengths", actor="platform", takes=(POOL,))
def takes_both_lengths(run: Run) -> None:
    """An encrypted upload is taken whether its length is that of the plain segment or
    of the one that is sent.

    Procedure: an upload with each; each must be answered.
    """
    station = Station.of(run)
    require_platform(run, station)
    for length in run.each(LENGTHS):
        qn, octets = station.packet("2011", station.data("2011"), plain=True)
        station.send(seal(octets, station.keys[0], length=length))
        run.expect(
            station.await_answer(qn) is not None,
            f"length-{length}",
            expected=_ANSWER,
            actual=_NOTHING,
        )


@check("hj212.takes_empty_block", actor="platform", takes=(POOL,))
def takes_empty_block(run: Run) -> None:
    """A data area too short to encrypt is taken with and without {} before it.

    Procedure: an upload of a single value as plain text, which must be answered or
    nothing can be said; the same with {}.
    """
    station = Station.of(run)
    require_platform(run, station)
    qn, octets = station.packet("2011", _SHORT, plain=True)
    station.send(octets)
    run.require(station.await_answer(qn), "plain", expected=_ANSWER, actual=_NOTHING)
    qn, octets = station.packet("2011", _SHORT, plain=True)
    station.send(empty_block(octets))
    run.expect(
        station.await_answer(qn) is not None,
        "empty-block",
        expected=_ANSWER,
        actual=_NOTHING,
    )


@check(
    "hj212.takes_plain_and_encrypted",
    actor="platform",
    takes=(POOL,),
    hooks=("stored_records",),
)
def takes_plain_and_encrypted(run: Run) -> None:
    """Plain and encrypted uploads are taken on one connection.

    Procedure: an encrypted upload, a plain one, an encrypted one; each must be
    answered.  Where the declaration shows the stored records, each is among them.
    """
    station = Station.of(run)
    require_platform(run, station)
    for number, way in enumerate(run.each(("encrypted", "plain", "encrypted again"))):
        back = timedelta(seconds=3600 + run.seed % 3600 + 60 * number)
        area = station.data("2011", back=back)
        qn, octets = station.packet("2011", area, plain=way == "plain")
        station.send(octets)
        run.expect(
            station.await_answer(qn) is not None,
            "not-taken",
            expected=_ANSWER,
            actual=_NOTHING,
        )
        if run.has_hook("stored_records"):
            kept = stored(run, station, "2011", area[0][0][1])
            run.expect(
                kept,
                "not-stored",
                expected=Text("已存储", "stored"),
                actual=Text("未存储", "not stored"),
            )


@check(
    "hj212.drops_undecipherable",
    actor="platform",
    takes=(POOL,),
    hooks=("stored_records",),
)
def drops_undecipherable(run: Run) -> None:
    """An upload under a key that the platform does not have is not taken.

    Procedure: an upload under another key, then a good one; the first must not be
    answered, nor stored where the declaration shows the stored records.
    """
    station = Station.of(run)
    require_platform(run, station)
    area = station.data("2011", back=timedelta(seconds=3600 + run.seed % 3600))
    qn, octets = station.packet("2011", area, plain=True)
    station.send(seal(octets, key_of(another_key(run))))
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
