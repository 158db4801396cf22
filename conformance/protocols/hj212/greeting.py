# SPDX-License-Identifier: Apache-2.0
"""Whether the station that connected is the one that the declaration describes.

A wrong password, MN or system code spoils every check in its own way; what the station
says to the first command shows it before anything is judged.  Where the answer could as
well be a fault, nothing is said: the checks find faults.

Source: HJ 212-2017, 6.3.2 and table 7 (QnRtn).
"""

from __future__ import annotations

import re
from typing import Any

from conformance.engine.run import Run
from conformance.errors import DeclarationError
from conformance.protocols.hj212.host import Host, Reply
from conformance.protocols.hj212.party import Party

__all__ = ["Greeting", "check_password"]

_PASSWORD = re.compile("[0-9A-Za-z]{1,6}")

_WRONG_MN = "4"
_REFUSALS = {
    "3": ("hj212.password-refused", "hj212_password"),
    "5": ("hj212.system-refused", "hj212_st"),
}
"""QnRtn -> what to say, and the question of the declaration that it is about."""


class Greeting:
    """The first exchanges with a station.

    Its methods raise ``DeclarationError`` (``hj212.password-refused``,
    ``hj212.password-form``, ``hj212.system-refused``, ``hj212.other-mn``).
    """

    def __init__(self, run: Run, host: Host) -> None:
        self._run = run
        self._host = host
        self._replies: list[Reply] = []
        check_password(run, host)

    def hear(self, reply: Reply) -> None:
        """Look at what came of a request."""
        self._replies.append(reply)
        if len(self._replies) == 1 and reply.accepted in _REFUSALS:
            raise self._error(*_REFUSALS[reply.accepted])
        self.check_mn()

    def check_mn(self) -> None:
        """Look at the MNs that were heard.

        A station that carries out what bears the declared MN knows it; if it then
        spells it otherwise, that is a fault.
        """
        known = any(r.heard and r.accepted != _WRONG_MN for r in self._replies)
        declared = self._host.who.mn
        found = dict.fromkeys(h.segment.mn or "" for h in self._host.heard)
        if not self._replies or known or len(found) != 1:
            return
        (mn,) = found
        if mn and mn.casefold() != declared.casefold():
            raise self._error("hj212.other-mn", "hj212_mn", found=mn, declared=declared)

    def _error(self, code: str, question: str, **facts: str) -> DeclarationError:
        return _error(self._run, code, question, **facts)


def check_password(run: Run, party: Party) -> None:
    """Raise ``DeclarationError`` (``hj212.password-form``) if no packet carries it."""
    if not _PASSWORD.fullmatch(party.who.pw):
        raise _error(run, "hj212.password-form", "hj212_password")


def _error(run: Run, code: str, question: str, **facts: str) -> DeclarationError:
    """Return the error with its place, which evidence has to know as well."""
    declaration = run.setup.declaration

    def act() -> dict[str, object]:
        return {
            "file": declaration.file.name if declaration.file else None,
            "line": declaration.line("ixit", question),
            "at": run.now_ns,
        }

    place = run.journal.step("declared", {"question": question}, act)
    file, line = place["file"], place["line"]
    told: dict[str, Any] = {"question": question, **facts}
    return DeclarationError(code, file=file, line=line, **told)
