# SPDX-License-Identifier: Apache-2.0
"""SCRAM against the conversations that the RFCs print."""

from __future__ import annotations

import pytest

from conformance.protocols.mqtt.scram import (
    METHODS,
    client_final,
    client_first,
    server_final,
    server_first,
)

PRINTED = [
    (
        "SCRAM-SHA-1",  # RFC 5802, clause 5
        b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        b"p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
    ),
    (
        "SCRAM-SHA-256",  # RFC 7677, clause 3
        b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    ),
]


@pytest.mark.parametrize(("method", "first", "challenge", "final", "last"), PRINTED)
def test_both_sides_say_what_is_printed(
    method: str, first: bytes, challenge: bytes, final: bytes, last: bytes
) -> None:
    nonce = first.decode().partition(",r=")[2]
    assert client_first("user", nonce) == first
    assert client_final(method, "pencil", first, challenge) == final
    assert server_final(method, "pencil", first, challenge, final) == last
    assert server_final(method, "pencils", first, challenge, final) is None


def test_a_server_adds_to_the_nonce() -> None:
    said = server_first(client_first("a,b=c", "x"), "y", b"salt", 4096)
    assert said == b"r=xy,s=c2FsdA==,i=4096"
    assert client_first("a,b=c", "x") == b"n,,n=a=2Cb=3Dc,r=x"


@pytest.mark.parametrize(
    ("challenge", "told"),
    [(b"r=x,s=c2FsdA==,i=+1", "i="), (b"r=x,s=??,i=1", "s: "), (b"", "i=")],
)
def test_what_is_no_challenge_is_told(challenge: bytes, told: str) -> None:
    for method in METHODS:
        with pytest.raises(ValueError, match=told):
            client_final(method, "pencil", b"n,,n=u,r=x", challenge)
