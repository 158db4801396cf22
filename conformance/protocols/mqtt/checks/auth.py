# SPDX-License-Identifier: Apache-2.0
"""Procedures for servers that authenticate in steps: proved, not proved, proved again.

The suite can speak SCRAM.  A server with another method is asked only what needs no
proof; the rest is *inconclusive*, and says so.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clauses 3.15 and 4.12.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.engine.registry import check
from conformance.engine.run import Run
from conformance.protocols.mqtt import scram
from conformance.protocols.mqtt.client import (
    Client,
    Gone,
    Heard,
    connect,
    describe,
    value,
)
from conformance.protocols.mqtt.codec import (
    Auth,
    Connack,
    Properties,
    auth_raw,
    properties,
    properties_raw,
    value_of,
)
from conformance.protocols.mqtt.words import CLOSED, SILENCE, alike
from conformance.text import Text

__all__ = ["Proof", "authenticated", "prove_again"]

_CONTINUE, _AGAIN = 0x18, 0x19
_JUDGES = {
    "judges": {"type": "array", "minItems": 1, "items": {"type": "string"}},
}
_REFUSAL = Text("拒绝认证并关闭", "a refusal and a close")


class Proof:
    """One conversation of SCRAM, as the client."""

    def __init__(self, run: Run, *, right: bool = True) -> None:
        self.method = str(value(run, "auth_method", "SCRAM-SHA-256"))
        run.require(
            self.method in scram.METHODS,
            "method",
            expected=alike(" / ".join(scram.METHODS)),
            actual=alike(self.method),
        )
        secret = value(run, "auth_password")
        self.password = secret.reveal() if secret and right else "luheng wrong"
        user = str(value(run, "auth_username", ""))
        self.first = scram.client_first(user, run.unique())

    def begin(self) -> Properties:
        """Return the properties of what begins the conversation."""
        return self._with(self.first)

    def answer(self, run: Run, heard: Heard) -> Auth:
        """Return the answer to a challenge; *inconclusive* unless it is one."""
        run.require(
            isinstance(heard, Auth),
            "challenged",
            expected=alike("AUTH 0x18"),
            actual=describe(heard),
        )
        assert isinstance(heard, Auth)
        said = value_of(heard.properties, "authentication_data") or b""
        try:
            final = scram.client_final(self.method, self.password, self.first, said)
        except (UnicodeDecodeError, ValueError):
            final = b""
        run.require(
            final, "challenge", expected=alike(self.method), actual=alike(repr(said))
        )
        return Auth(_CONTINUE, self._with(final))

    def _with(self, data: bytes) -> Properties:
        return properties(authentication_method=self.method, authentication_data=data)


def authenticated(run: Run, *, more: Properties = ()) -> Client:
    """Return a client that has proved itself; *inconclusive* if it cannot.

    ``more`` are further properties of its CONNECT.
    """
    proof = Proof(run)
    client = connect(run, taken=False, properties=(*proof.begin(), *more))
    heard = client.next()
    client.send(proof.answer(run, heard))
    last = client.next()
    run.require(
        isinstance(last, Connack) and last.return_code == 0,
        "authenticated",
        expected=alike("CONNACK 0x00"),
        actual=describe(last),
    )
    return client


def prove_again(run: Run, client: Client, *, right: bool = True) -> Heard:
    """Prove the password once more; return what the server said to that."""
    proof = Proof(run, right=right)
    client.send(Auth(_AGAIN, proof.begin()))
    heard = client.next()
    if isinstance(heard, Auth):
        client.send(proof.answer(run, heard))
        heard = client.next()
    return heard


@check("mqtt.refuses_authentication", actor="platform")
def refuses_authentication(run: Run) -> None:
    """Who does not prove the password is not let in, and the connection ends.

    Procedure: connect with the method and answer the challenge with a proof of another
    password.
    """
    proof = Proof(run, right=False)
    client = connect(run, taken=False, properties=proof.begin())
    heard = client.next()
    if isinstance(heard, Auth):
        client.send(proof.answer(run, heard))
        heard = client.next()
    run.expect(
        not (isinstance(heard, Connack) and heard.return_code == 0),
        "accepted",
        expected=_REFUSAL,
        actual=describe(heard),
    )
    ending = heard if isinstance(heard, Gone) else client.end()
    client.close()
    run.expect(ending, "still-open", expected=_REFUSAL, actual=describe(ending))


@check("mqtt.refuses_reauthentication", actor="platform", params=_JUDGES)
def refuses_reauthentication(run: Run, *, judges: Sequence[str]) -> None:
    """A connection ends when its client fails to prove itself once more.

    Procedure: connect with the right proof; begin again and answer with a proof of
    another password; read on to the end, and see whether DISCONNECT said why.
    """
    client = authenticated(run)
    heard = prove_again(run, client, right=False)
    accepted = isinstance(heard, Auth) and heard.reason_code == 0
    ending = heard if isinstance(heard, Gone) else client.end()
    client.close()
    if "still-open" in judges:
        run.expect(not accepted, "accepted", expected=_REFUSAL, actual=describe(heard))
        run.expect(ending, "still-open", expected=_REFUSAL, actual=describe(ending))
        return
    run.require(ending, "closed", expected=CLOSED, actual=describe(ending))
    code = getattr(client.farewell, "reason_code", None)
    run.expect(
        code is not None and code >= 0x80,
        "no-reason",
        expected=alike("DISCONNECT ≥ 0x80"),
        actual=describe(client.farewell or ending),
    )


@check("mqtt.closes_on_auth_flags", actor="platform", exclusive=True)
def closes_on_auth_flags(run: Run) -> None:
    """An AUTH with header flags other than 0 ends the connection.

    Procedure: connect with the right proof; begin again with an AUTH whose flags are 1.
    """
    client = authenticated(run)
    run.require(client.ping(), "alive", expected=alike("PINGRESP"), actual=SILENCE)
    again = properties_raw(Proof(run).begin())
    client.send_raw(auth_raw(_AGAIN, again, flags=1))
    ending = client.closed()
    client.close()
    run.expect(ending, "still-open", expected=CLOSED, actual=describe(ending))
