# SPDX-License-Identifier: Apache-2.0
"""Authentication in steps of the simulated MQTT server: one method, one user.

Turns what a client has said into what the server says next.  A client that is let in
may authenticate again later.  Knows neither packets on the way nor sessions.

Source: MQTT Version 5.0 (OASIS, 2019-03-07), clause 4.12; RFC 5802 for the method.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from conformance.protocols.mqtt.codec import Auth, Properties, properties, value_of
from conformance.protocols.mqtt.scram import server_final, server_first

__all__ = ["METHOD", "PASSWORD", "USER", "Proving", "Refused"]

METHOD = "SCRAM-SHA-256"
USER, PASSWORD = "luheng", "river 9"
_SALT, _ROUNDS = b"silt and sand", 4096
_CONTINUE, _AGAIN = 0x18, 0x19
_PROTOCOL_ERROR, _NOT_AUTHORIZED, _BAD_METHOD = 0x82, 0x87, 0x8C


class Refused(Exception):
    """The client is not let in; ``reason`` is the code that says why."""

    def __init__(self, reason: int) -> None:
        super().__init__(f"0x{reason:02X}")
        self.reason = reason


@dataclass(slots=True)
class Proving:
    """How far one connection has come with its authentication."""

    method: str = ""
    """What CONNECT has named; empty for a client that does not authenticate so."""
    said: tuple[bytes, bytes] | None = None
    """The client's first message and the challenge, while a proof is due."""

    def begin(self, found: Properties) -> Auth:
        """Return the challenge to a CONNECT that names a method; or ``Refused``."""
        if value_of(found, "Authentication Method") != METHOD:
            raise Refused(_BAD_METHOD)
        self.method = METHOD
        return self._challenge(value_of(found, "Authentication Data") or b"")

    def go_on(self, packet: Auth) -> Properties | None:
        """Return what proves the server to a client that has proved itself.

        ``None``: a proof is due, and ``challenge`` asks for it.  Raises ``Refused``.
        """
        if not self.method or value_of(packet.properties, _METHOD) != self.method:
            raise Refused(_PROTOCOL_ERROR)
        data: bytes = value_of(packet.properties, "Authentication Data") or b""
        if packet.reason_code == _AGAIN and self.said is None:
            self._challenge(data)
            return None
        if packet.reason_code != _CONTINUE or self.said is None:
            raise Refused(_PROTOCOL_ERROR)
        last = server_final(METHOD, PASSWORD, *self.said, data)
        if last is None:
            raise Refused(_NOT_AUTHORIZED)
        self.said = None
        return self._named(last)

    @property
    def challenge(self) -> Auth:
        """The AUTH that asks for the proof."""
        assert self.said is not None
        return Auth(_CONTINUE, self._named(self.said[1]))

    def _challenge(self, first: bytes) -> Auth:
        try:
            nonce = os.urandom(12).hex()
            self.said = (first, server_first(first, nonce, _SALT, _ROUNDS))
        except (ValueError, KeyError):
            raise Refused(_NOT_AUTHORIZED) from None
        return self.challenge

    def _named(self, data: bytes) -> Properties:
        return properties(authentication_method=self.method, authentication_data=data)


_METHOD = "Authentication Method"
