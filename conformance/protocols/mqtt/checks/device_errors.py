# SPDX-License-Identifier: Apache-2.0
"""Procedures for devices: what they do when the server breaks the protocol.

In 3.1.1 a device has to close; in 5.0 it should, and say why in a DISCONNECT, but for a
few packets that no text lets pass.  Whatever it does with the connection, it has to
come back afterwards, so that a crash is no success.

Source: MQTT Version 3.1.1 (OASIS, 2014-10-29), clause 4.8; MQTT Version 5.0 (OASIS,
2019-03-07), clauses 3.14.1, 3.15.1 and 4.13.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.errors import PeerError
from conformance.protocols.mqtt.broker import (
    Broker,
    Link,
    broker,
    report_timeout_s,
)
from conformance.protocols.mqtt.checks.closing import PACKETS, closed_after, told
from conformance.protocols.mqtt.client import Gone, answer_timeout_s, describe, topic
from conformance.protocols.mqtt.codec import Disconnect
from conformance.protocols.mqtt.hostile import Hostile
from conformance.protocols.mqtt.hostile.client import TO_CLIENT
from conformance.text import Text

__all__: list[str] = []

_FAILURE = 0x80
_ATTEMPTS = 3


@check("mqtt.closes_on", actor="device", params=PACKETS)
def device_closes_on(run: Run, *, packets: Sequence[str]) -> None:
    """The device closes the connection on which a wrong packet comes.

    Procedure: for each packet wait for a served connection, send the packet, read
    until the device closes; then wait for its next connection.  A close after
    DISCONNECT may be the ordinary end of a session that happened to come now; the
    packet is then sent once more, right at the beginning of the next connection.  If
    the device publishes there before it leaves again, nothing can be said.
    """
    server = broker(run)
    for name in run.each(p for p in packets if p in TO_CLIENT):
        hostile = TO_CLIENT[name]
        link, ending = _provoke(run, server, hostile)
        if ending and _left_of_itself(link):
            link, ending = _provoke(run, server, hostile)
            if ending and _left_of_itself(link):
                run.require(
                    not link.inbox,
                    "own-end",
                    expected=closed_after(hostile),
                    actual=_went_on(),
                )
                run.remark(_with_disconnect())
        run.expect(
            ending,
            "still-open",
            expected=closed_after(hostile),
            actual=told(ending),
        )
        server.await_device()


@check("mqtt.tells_why_it_closes", actor="device", params=PACKETS)
def device_tells_why(run: Run, *, packets: Sequence[str]) -> None:
    """The device says in a DISCONNECT of 5.0 for what error it closes.

    Procedure: as for ``mqtt.closes_on``; before the close a DISCONNECT with a reason
    code of 0x80 or more must come.  Without one it is tried again.
    """
    server = broker(run)
    for name in run.each(p for p in packets if p in TO_CLIENT):
        farewell, ending = _last_words(run, server, TO_CLIENT[name])
        run.require(
            ending,
            "still-open",
            expected=closed_after(TO_CLIENT[name]),
            actual=told(ending),
        )
        run.expect(
            farewell and farewell.reason_code >= _FAILURE,
            "no-reason",
            expected=Text(
                "先发送原因码不小于 0x80 的 DISCONNECT，再关闭连接",
                "a DISCONNECT of reason code 0x80 or more before the close",
            ),
            actual=describe(farewell or ending),
        )
        server.await_device()


@check("mqtt.closes_after_failure", actor="device", params=PACKETS)
def closes_after_failure(run: Run, *, packets: Sequence[str]) -> None:
    """A device that gives a reason code of failure closes the connection.

    Procedure: as for ``mqtt.closes_on``; a device that sends DISCONNECT with a reason
    code of 0x80 or more must close then, one that closes without it is right too.
    *Inconclusive* where it does neither.
    """
    server = broker(run)
    for name in run.each(p for p in packets if p in TO_CLIENT):
        farewell, ending = _last_words(run, server, TO_CLIENT[name])
        failed = farewell is not None and farewell.reason_code >= _FAILURE
        run.require(
            ending or failed,
            "goes-on",
            expected=closed_after(TO_CLIENT[name]),
            actual=told(ending),
        )
        run.expect(
            ending,
            "still-open",
            expected=Text("DISCONNECT 之后关闭连接", "a close after DISCONNECT"),
            actual=told(ending),
        )
        server.await_device()


def _last_words(
    run: Run, server: Broker, hostile: Hostile
) -> tuple[Disconnect | None, Gone | None]:
    """Provoke until a DISCONNECT comes, at most some times; return the last outcome.

    What a device sends just before it closes may be lost where it leaves octets of
    ours unread, so each packet goes over a connection that has become quiet.
    """
    farewell, ending = None, None
    for _ in range(_ATTEMPTS):
        server.await_device().next_publish(timeout_s=report_timeout_s(run))
        link, ending = _provoke(run, server, hostile)
        farewell = link.farewell
        if farewell is not None:
            break
    return farewell, ending


def _left_of_itself(link: Link) -> bool:
    """Say whether the device took its leave as at the end of a session."""
    farewell = link.farewell
    return farewell is not None and farewell.reason_code < _FAILURE


def _provoke(run: Run, server: Broker, hostile: Hostile) -> tuple[Link, Gone | None]:
    link = server.await_device(accept=not hostile.opens)
    # Anything of ours behind the packet, unread when the device closes, would make its
    # close a reset, and its last words be lost.
    link.acknowledges = link.answers = False
    link.send_raw(hostile.make(link.connect, topic(run, "hostile")))
    ending = _ending(run, link)
    link.close()
    return link, ending


def _ending(run: Run, link: Link) -> Gone | None:
    """Return the close; behind malformed octets it may be that of the session's end."""
    try:
        return link.end(answer_timeout_s(run))
    except PeerError:
        if link.closed():
            raise
        return None


def _went_on() -> Text:
    return Text(
        "照常发布消息后以 DISCONNECT 结束会话",
        "it went on to publish and ended the session by DISCONNECT",
    )


def _with_disconnect() -> Text:
    return Text(
        "关闭前设备发送了 DISCONNECT；无法与正常结束会话区分",
        "DISCONNECT came before the close, as at the ordinary end of a session",
    )
