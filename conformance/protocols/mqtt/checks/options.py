# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers of 5.0: what a subscriber can ask for besides its QoS.

No Local, answers that keep to the Maximum Packet Size of the client, the reason codes
of UNSUBACK, and what is said to who retains where nothing is.  What becomes of retained
messages is in ``checks.retained``.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.2.2.3.5,
3.8.3.1, 3.9.2, 3.11.2 and 3.11.3.
"""

from __future__ import annotations

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt.checks.delivery import (
    one,
    publish_or_stop,
    subscribe_or_stop,
)
from conformance.protocols.mqtt.checks.subscribing import (
    before_fence,
    unsubscribe_or_stop,
)
from conformance.protocols.mqtt.client import (
    Client,
    connect,
    describe,
    topic,
)
from conformance.protocols.mqtt.words import SILENCE, alike
from conformance.text import Text

__all__: list[str] = []

_NO_LOCAL = 0x04
_PROPERTIES = {"reason-string": 0x1F, "user-property": 0x26}
_MAXIMUM = 0x27
_LIMIT_OCTETS = 64
_NONE_THERE, _NO_RETAIN = 0x11, 0x9A


@check("mqtt.no_local", actor="platform")
def no_local(run: Run) -> None:
    """With No Local a client does not get what it has published itself.

    Procedure: subscribe with No Local, and to a second topic without it; publish to
    the first, then to the second; a message of another client must come.
    """
    name, fence = topic(run, "local"), topic(run, "local-fence")
    client, other = connect(run), connect(run)
    subscribe_or_stop(run, client, (name, _NO_LOCAL), (fence, 0))
    publish_or_stop(run, client, name, b"own")
    own = [m for m in before_fence(run, client, client, fence) if m.payload == b"own"]
    run.expect(
        not own,
        "own-message",
        expected=Text("收不到自己发布的消息", "no message of its own"),
        actual=alike(f"PUBLISH {name}"),
    )
    publish_or_stop(run, other, name, b"other")
    got = one(client, b"other")
    client.leave()
    other.leave()
    run.expect(
        got,
        "others-withheld",
        expected=Text("收到其他客户端的消息", "the message of another client"),
        actual=SILENCE,
    )


@check(
    "mqtt.answers_keep_limit",
    actor="platform",
    params={
        "answer": {"enum": ["SUBACK", "UNSUBACK"]},
        "holds": {"enum": sorted(_PROPERTIES)},
    },
)
def answers_keep_limit(run: Run, *, answer: str, holds: str) -> None:
    """What a server adds to an answer does not make it too large for the client.

    Procedure: connect with a small Maximum Packet Size; subscribe, and unsubscribe a
    filter that is not subscribed, which a server may want to explain.
    """
    client = connect(run, properties=((_MAXIMUM, _LIMIT_OCTETS),))
    name = topic(run, "limit")
    heard = (
        subscribe_or_stop(run, client, (name, 0))
        if answer == "SUBACK"
        else unsubscribe_or_stop(run, client, name)
    )
    client.leave()
    size = len(client.octets(heard))
    has_it = any(number == _PROPERTIES[holds] for number, _ in heard.properties)
    run.expect(
        size <= _LIMIT_OCTETS or not has_it,
        "too-large",
        expected=Text(
            f"不超过 {_LIMIT_OCTETS} 字节", f"{_LIMIT_OCTETS} octets at most"
        ),
        actual=Text(f"{size} 字节", f"{size} octets"),
    )


@check("mqtt.unsuback_codes_in_order", actor="platform")
def unsuback_codes_in_order(run: Run) -> None:
    """The reason codes of an UNSUBACK stand in the order of the filters.

    Procedure: subscribe to one filter; drop a list in which it stands last; the codes
    that tell it from the others must stand in its order.
    """
    client, base = connect(run), topic(run, "codes")
    subscribe_or_stop(run, client, (f"{base}/mine", 0))
    codes = _codes(run, client, f"{base}/a", f"{base}/b", f"{base}/mine")
    client.leave()
    run.require(
        sorted(codes) == [0, _NONE_THERE, _NONE_THERE],
        "told-apart",
        expected=alike("00 11 11"),
        actual=alike(" ".join(f"{code:02x}" for code in codes)),
    )
    run.expect(
        codes[-1] == 0,
        "code-of-another-filter",
        expected=alike("11 11 00"),
        actual=alike(" ".join(f"{code:02x}" for code in codes)),
    )


def _codes(run: Run, client: Client, *filters: str) -> tuple[int, ...]:
    heard = unsubscribe_or_stop(run, client, *filters)
    run.require(
        len(heard.reason_codes) == len(filters),
        "counted",
        expected=Text(f"{len(filters)} 个原因码", f"{len(filters)} reason codes"),
        actual=describe(heard),
    )
    return heard.reason_codes


@check("mqtt.tells_of_no_retain", actor="platform")
def tells_of_no_retain(run: Run) -> None:
    """A server without retained messages says so when one comes.

    Procedure: publish with RETAIN 1, which a client may not do there; a DISCONNECT of
    reason code 0x9A must come.
    """
    client = connect(run)
    client.publish(topic(run, "unwanted"), b"x", retain=True)
    ending = client.end()
    client.close()
    told = client.farewell
    run.expect(
        told and told.reason_code == _NO_RETAIN,
        "not-told",
        expected=alike(f"DISCONNECT {_NO_RETAIN:#04x}"),
        actual=describe(told or ending),
    )
