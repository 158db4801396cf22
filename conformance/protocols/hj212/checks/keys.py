# SPDX-License-Identifier: Apache-2.0
"""How a station takes keys: a new one, a short one, one under a foreign cipher.

The suite sends 1014 as a platform does, encrypted, and leaves the station with the key
of the declaration.  That a key counts shows in the next 1014, which comes under it.

Source: HJ 212-2025, 6.4.2, annex A.2, annex H, C.7 and C.8 (from quotations).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import LinkError
from conformance.protocols.hj212.checks.device import (
    expect_alive,
    require_accepted,
    require_alive,
    said,
)
from conformance.protocols.hj212.checks.streams import stop
from conformance.protocols.hj212.codec.encryption import BLOCK_OCTETS, authorization
from conformance.protocols.hj212.codec.sealing import (
    KEY_CHARACTERS,
    key_of,
    seal,
    text_of,
)
from conformance.protocols.hj212.elements import stamp
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.line import BEIJING
from conformance.protocols.hj212.packets import area_of
from conformance.text import Text

__all__ = ["LENGTHS", "another_key", "empty_block"]

LENGTHS: tuple[Literal["plain", "sent"], ...] = ("plain", "sent")
_DONE = Text("9011（QnRtn=1）和 9012（ExeRtn=1）", "9011, QnRtn=1, and 9012, ExeRtn=1")
_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"


def another_key(run: Run, size: int = KEY_CHARACTERS) -> str:
    """Return a key that nobody has had."""
    return "".join(run.random.choices(_CHARACTERS, k=size))


def empty_block(octets: bytes) -> bytes:
    """Return a packet whose data area, too short to encrypt, has {} before it."""
    return octets.replace(b"CP=&&", b"CP=&&{}", 1)


def _renew(
    run: Run,
    host: Host,
    text: str,
    *,
    under: bytes,
    length: Literal["plain", "sent"] = "plain",
) -> Reply:
    """Send a new key, encrypted under a key; hear what comes of it."""
    label = stamp(run.now.astimezone(BEIJING))
    area = area_of(SKCreateTime=label, NewSK=text)
    qn, octets = host.packet("1014", area, plain=True)
    reply = host.follow("1014", qn, seal(octets, under, length=length))
    if reply.is_done:
        host.key = key_of(text)
    return reply


@contextmanager
def _key_put_back(run: Run, host: Host) -> Iterator[bytes]:
    """Hand out the key of the declaration, and leave the station with it."""
    first = host.declared_key
    try:
        yield first
    finally:
        with suppress(LinkError):
            if host.keys[0] != first:
                _renew(run, host, text_of(first), under=host.keys[0])


@check("hj212.renews_key", actor="device", hooks=("site_event",))
def renews_key(run: Run) -> None:
    """A key is asked for and changed by 1014; then the new one counts.

    Procedure: where the step site_event is offered, have the station ask for a key
    (event ``key``), which is a notice 1014 with SKCreateTime; send a new key by 1014
    under the present one; send the first key again under the new one, which shows that
    it counts.
    """
    host = Host.of(run)
    require_alive(run, host)
    if run.answer("HJ212_EVENTS"):
        _expect_notice(run, host)
    with _key_put_back(run, host) as first:
        text = another_key(run)
        reply = _renew(run, host, text, under=first)
        run.expect(reply.is_done, "renewed", expected=_DONE, actual=said(reply))
        back = _renew(run, host, text_of(first), under=key_of(text))
        if not back.is_done:
            host.key = first  # the old one may count still
        run.expect(back.is_done, "new-key", expected=_DONE, actual=said(back))
    expect_alive(run, host)


def _expect_notice(run: Run, host: Host) -> None:
    run.observe("site_event", code="key")
    notice = host.until(
        lambda h: h.segment.cn == "1014", host.upload_wait_s, about="CN=1014"
    )
    run.expect(
        notice is not None and notice.segment.item("SKCreateTime") is not None,
        "notice",
        expected=Text("1014 通知，含 SKCreateTime", "a notice 1014 with SKCreateTime"),
        actual=" ".join(i.name for i in notice.segment.items)
        if notice
        else Text("没有通知", "no notice"),
    )


@check("hj212.takes_both_lengths", actor="device")
def takes_both_lengths(run: Run) -> None:
    """An encrypted packet is taken whether its length is that of the plain segment or
    of the one that is sent.

    Procedure: change the key with a packet of each kind; each must be carried out.
    """
    host = Host.of(run)
    require_alive(run, host)
    with _key_put_back(run, host):
        for length in run.each(LENGTHS):
            key = another_key(run)
            reply = _renew(run, host, key, under=host.keys[0], length=length)
            run.expect(
                reply.is_done, f"length-{length}", expected=_DONE, actual=said(reply)
            )


@check("hj212.key_size", actor="device")
def refuses_short_key(run: Run) -> None:
    """A key of other than 16 octets is not taken.

    Procedure: send a key of 15 octets; it must be refused, by 9011 or by 9012.
    """
    host = Host.of(run)
    require_alive(run, host)
    short = another_key(run, KEY_CHARACTERS - 1)
    area = area_of(SKCreateTime=stamp(run.now.astimezone(BEIJING)), NewSK=short)
    reply = host.ask("1014", area, odd=True)
    run.expect(
        not reply.is_done,
        "short-taken",
        expected=Text("拒绝 15 字节的密钥", "a key of 15 octets is refused"),
        actual=said(reply),
    )
    expect_alive(run, host)


@check("hj212.takes_empty_block", actor="device")
def takes_empty_block(run: Run) -> None:
    """A data area too short to encrypt is taken with and without {} before it.

    Procedure: a request 2011 with an empty data area; the same with {}.
    """
    host = Host.of(run)
    require_accepted(run, host.ask("2011"))
    qn, octets = host.packet("2011", plain=True)
    reply = host.follow("2011", qn, empty_block(octets))
    stop(host)
    run.expect(
        reply.accepted == "1",
        "empty-block",
        expected=Text("两种写法都接受", "both are taken"),
        actual=said(reply),
    )


@check("hj212.drops_undecipherable", actor="device")
def drops_undecipherable(run: Run) -> None:
    """A request under a key that the device does not have is not carried out.

    Procedure: send 1014 under another key; 9011 with QnRtn=1 and 9012 must not come,
    and the old key must count: another 1014 under it, with the same key, is taken.
    """
    host = Host.of(run)
    require_alive(run, host)
    first = host.declared_key
    foreign = key_of(another_key(run))
    label = stamp(run.now.astimezone(BEIJING))
    area = area_of(SKCreateTime=label, NewSK=text_of(foreign))
    qn, octets = host.packet("1014", area, plain=True)
    reply = host.follow("1014", qn, seal(octets, foreign))
    run.expect(
        reply.accepted != "1" and reply.result is None,
        "executed",
        expected=Text("QnRtn=9 或不应答，不执行", "QnRtn=9 or silence, not executed"),
        actual=said(reply),
    )
    with _key_put_back(run, host):
        text = another_key(run)
        again = _renew(run, host, text, under=first)
        run.expect(again.is_done, "old-key", expected=_DONE, actual=said(again))


@check("hj212.authorizes_media", actor="device", hooks=("media_authorization",))
def authorizes_media(run: Run) -> None:
    """The Authorization value of multimedia files is made by SM4 from user:password.

    Procedure: ask for the value that the device sends (hook media_authorization, which
    gives ``{"authorization": ...}``); make it from the declared user, password and key.
    """
    user = str(run.value("hj212_media_user"))
    password = run.value("hj212_media_password").reveal()
    key = key_of(run.value("hj212_key").reveal())
    assert len(key) == BLOCK_OCTETS
    found = run.observe("media_authorization")
    value = found.get("authorization") if isinstance(found, dict) else None
    run.expect(
        value == authorization(user, password, key),
        "authorization",
        expected=Text(
            "用户名:密码经 PKCS7 填充、SM4-ECB 加密后的 Base64",
            "Base64 of user:password, padded by PKCS7, under SM4-ECB",
        ),
        actual=Text("另一个值", "another value") if value else Text("没有", "none"),
    )
