# SPDX-License-Identifier: Apache-2.0
"""What the suite's host and the suite's station have in common on the wire.

Sends, hears, remembers what was heard under which QN, and opens the connection again
after the implementation ended it.  A packet that the implementation sends broken is
never taken for an answer and never for silence: whoever waits for just that packet
gets a ``PeerError``, because the framing requirements judge it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from conformance.engine.run import Run
from conformance.errors import LinkError, PeerError
from conformance.link.channel import Channel
from conformance.protocols.hj212.codec.sealing import key_of, seal, seals
from conformance.protocols.hj212.codes import Edition
from conformance.protocols.hj212.elements import Area
from conformance.protocols.hj212.line import Heard, Line, Numbers, Parting
from conformance.protocols.hj212.packets import ANSWERS, Identity, packet

__all__ = ["Party", "bound_edition"]

_NS = 1_000_000_000
_LATE_NS = 50_000_000
"""By how much a wait may end late; a quiet machine stays far below."""
_GRANTS = 3
"""How often a wait that ended late is made longer by as much."""


def bound_edition(run: Run) -> Edition:
    """Return the edition that the profile binds, 2017 where it binds none."""
    for binding in run.profile.bindings:
        if binding.protocol == "hj212":
            return Edition(binding.edition)
    return Edition.E2017


class Party:
    """One side of an HJ 212 connection, played by the suite."""

    gets_data = False
    """Whether its requests are answered by data under the same command."""
    side: Literal["device", "platform"]
    """Which side the suite plays."""
    key = b""
    """The key that counts now, where a check has changed it."""

    def __init__(self) -> None:
        self.run: Run
        self.heard: list[Heard] = []
        """Sound packets heard during this requirement, in order."""
        self.partings = 0
        """How often the implementation ended the connection during it."""
        self._line: Line | None = None
        self._numbers: Numbers | None = None
        self._broken: list[PeerError] = []
        """Packets that came broken during it."""
        self._sent: dict[str, str] = {}
        """Commands of this requirement's packets, by QN."""

    def _open(self) -> Channel:
        raise NotImplementedError

    def _react(self, heard: Heard) -> None:
        """Answer what an honest party answers."""
        raise NotImplementedError

    def attach(self, run: Run) -> None:
        """Serve the next requirement."""
        self.run = run
        self.heard = []
        self.partings = 0
        self._broken = []
        self._sent = {}
        if self._line is not None:
            self._line.channel.journal = run.journal

    # What the declaration and the profile say

    @property
    def edition(self) -> Edition:
        """The edition that the profile binds."""
        return bound_edition(self.run)

    @property
    def who(self) -> Identity:
        """Identity of the device, by the declaration."""
        run = self.run
        return Identity(
            mn=run.value("hj212_mn"),
            pw=run.value("hj212_password").reveal(),
            st=str(run.value("hj212_st", "21")),
            version=self.edition.version,
        )

    @property
    def declared_key(self) -> bytes:
        """The key of the declaration; empty where nothing is encrypted."""
        secret = self.run.value("hj212_key")
        return key_of(secret.reveal()) if secret else b""

    @property
    def keys(self) -> list[bytes]:
        """Keys that may open what comes, the one that counts first."""
        return [key for key in (self.key, self.declared_key) if key]

    @property
    def answer_timeout_s(self) -> float:
        """Longest time for an answer (HJ 212-2017, 6.2)."""
        return float(self.run.value("hj212_answer_timeout", 10.0))

    # Sending

    @property
    def line(self) -> Line:
        """The open connection; opened when there is none."""
        if self._line is None:
            self._line = Line(self._open(), lambda: self.keys)
        return self._line

    def qn(self) -> str:
        """Return a QN that was never used."""
        if self._numbers is None:
            self._numbers = Numbers(self.run.now_ns)
        qn, ahead_s = self._numbers.next(self.run.now_ns)
        if ahead_s:
            self.run.wait(ahead_s)
        return qn

    def packet(
        self, cn: str, area: Area = (), *, plain: bool = False, **how: Any
    ) -> tuple[str, bytes]:
        """Return a new QN and the whole packet for a command, encrypted where due.

        ``plain`` leaves that to the caller, who has something to do to it before.
        """
        qn = self.qn()
        self._sent[qn] = cn
        octets = packet(how.pop("who", self.who), cn, qn, area, **how)
        return qn, octets if plain else self.sealed(cn, octets)

    def sealed(self, cn: str, octets: bytes) -> bytes:
        """Return a packet as this side sends it: encrypted where that is due."""
        keys = self.keys
        due = self.who.version == Edition.E2025.version and seals(cn, self.side)
        return seal(octets, keys[0]) if keys and due else octets

    def send(self, octets: bytes) -> int:
        """Send octets; once more on a new connection when the old one is gone."""
        try:
            return self.line.send(octets)
        except LinkError as error:
            if error.code != "link.send-failed":
                raise
        self._reopen()
        return self.line.send(octets)

    # Hearing

    def answers(self, qn: str) -> list[Heard]:
        """Return what was heard in answer to a QN during this requirement."""
        return [h for h in self.heard if self.is_answer(h, qn)]

    def is_answer(self, heard: Heard, qn: str) -> bool:
        """Whether a packet answers what was sent under a QN.

        QNs are times: what the implementation starts in the same millisecond bears
        the same one and is no answer.
        """
        segment = heard.segment
        same = segment.cn == self._sent.get(qn) and self.gets_data
        return segment.qn == qn and (segment.cn in ANSWERS or same)

    def until(
        self,
        done: Callable[[Heard], bool],
        timeout_s: float,
        *,
        about: str = "",
        again: bytes = b"",
    ) -> Heard | None:
        """Hear until ``done`` says so of a packet; ``None`` after the time.

        ``about`` is text of the packet that is waited for, such as its QN: raises
        ``PeerError`` when it comes broken, or when only broken packets came.  ``again``
        is sent once more after the implementation ended the connection.

        A wait that ends late was not ours to end in time: the machine is busy, and the
        implementation may run on it too, so it is given as much time again.
        """
        deadline_ns = self.line.now_ns + int(timeout_s * _NS)
        known, grants = len(self._broken), _GRANTS
        while True:
            match self.line.hear(deadline_ns):
                case Heard() as heard if heard.is_sound:
                    self.heard.append(heard)
                    self._react(heard)
                    if done(heard):
                        return heard
                case Heard() as heard:
                    self._note(heard.breach, about)
                case PeerError() as error:
                    self._note(error, about)
                case Parting():
                    self.partings += 1
                    self._reopen()
                    if again:
                        self.send(again)
                case None:
                    late_ns = self.line.now_ns - deadline_ns
                    if late_ns > _LATE_NS and grants:
                        deadline_ns, grants = self.line.now_ns + late_ns, grants - 1
                        continue
                    if about:
                        self._blame(about, known)
                    return None

    def await_answer(
        self, qn: str, *, timeout_s: float | None = None, again: bytes = b""
    ) -> Heard | None:
        """Return the first packet under a QN; ``None`` after the time."""
        return self.until(
            lambda heard: self.is_answer(heard, qn),
            self.answer_timeout_s if timeout_s is None else timeout_s,
            about=qn,
            again=again,
        )

    def _note(self, error: PeerError, about: str) -> None:
        self._broken.append(error)
        if about and about.encode() in error.octets:
            raise error

    def _blame(self, about: str, known: int) -> None:
        """Raise a broken packet that may be the one that is missing."""
        for number, error in enumerate(self._broken):
            if number >= known or about.encode() in error.octets:
                raise error

    def _reopen(self) -> None:
        if self._line is not None:
            self._line.channel.close()
        self._line = None
        self._line = Line(self._open(), lambda: self.keys)
