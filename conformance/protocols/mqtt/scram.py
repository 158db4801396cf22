# SPDX-License-Identifier: Apache-2.0
"""SCRAM, the authentication in steps that MQTT servers offer: what each side says.

Turns a password and what the other side has said into the next message, for both
sides; knows no sockets and keeps no state.  Channel binding is not used: MQTT has none.

Source: RFC 5802, clauses 3, 5 and 7, and RFC 7677 (SHA-256).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

__all__ = ["METHODS", "client_final", "client_first", "server_final", "server_first"]

METHODS: Mapping[str, str] = {"SCRAM-SHA-1": "sha1", "SCRAM-SHA-256": "sha256"}
"""Hash functions by the method's name."""
_NO_BINDING = "n,,"
_ROUNDS_MAX = 1_000_000


def client_first(user: str, nonce: str) -> bytes:
    """Return what a client says first."""
    name = user.replace("=", "=3D").replace(",", "=2C")
    return f"{_NO_BINDING}n={name},r={nonce}".encode()


def server_first(first: bytes, nonce: str, salt: bytes, rounds: int) -> bytes:
    """Return the challenge to a client's first message."""
    theirs = _fields(first.decode()[len(_NO_BINDING) :])["r"]
    return f"r={theirs}{nonce},s={_base64(salt)},i={rounds}".encode()


def client_final(method: str, password: str, first: bytes, challenge: bytes) -> bytes:
    """Return a client's answer to the challenge.

    Raises ``ValueError`` for a challenge that is none.
    """
    unproved = _unproved(challenge)
    client_key, stored, _ = _keys(method, password, challenge)
    signature = _hmac(method, stored, _transcript(first, challenge, unproved))
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return f"{unproved},p={_base64(proof)}".encode()


def server_final(
    method: str, password: str, first: bytes, challenge: bytes, final: bytes
) -> bytes | None:
    """Return a server's last word, ``None`` if the client has not proved itself."""
    due = client_final(method, password, first, challenge)
    if not hmac.compare_digest(due, final):
        return None
    _, _, server_key = _keys(method, password, challenge)
    said = _transcript(first, challenge, _unproved(challenge))
    return f"v={_base64(_hmac(method, server_key, said))}".encode()


def _unproved(challenge: bytes) -> str:
    nonce = _fields(challenge.decode()).get("r", "")
    return f"c={_base64(_NO_BINDING.encode())},r={nonce}"


def _transcript(first: bytes, challenge: bytes, unproved: str) -> bytes:
    return b",".join((first[len(_NO_BINDING) :], challenge, unproved.encode()))


def _keys(method: str, password: str, challenge: bytes) -> tuple[bytes, bytes, bytes]:
    """Return the client's key, its hash and the server's key."""
    fields = _fields(challenge.decode())
    rounds = fields.get("i", "")
    if not (rounds.isascii() and rounds.isdigit() and 0 < int(rounds) <= _ROUNDS_MAX):
        raise ValueError(f"i={rounds}")
    try:
        salt = base64.b64decode(fields.get("s", ""), validate=True)
    except binascii.Error as error:
        raise ValueError(f"s: {error}") from None
    name = METHODS[method]
    salted = hashlib.pbkdf2_hmac(name, password.encode(), salt, int(rounds))
    client_key = _hmac(method, salted, b"Client Key")
    stored = hashlib.new(name, client_key).digest()
    return client_key, stored, _hmac(method, salted, b"Server Key")


def _hmac(method: str, key: bytes, said: bytes) -> bytes:
    return hmac.new(key, said, METHODS[method]).digest()


def _fields(said: str) -> dict[str, str]:
    parts = (part.partition("=") for part in said.split(","))
    return {name: text for name, _, text in parts}


def _base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
