# SPDX-License-Identifier: Apache-2.0
"""Several stations at once: those of a platform under test, and strangers.

A platform keeps one connection and one state for each station.  Two checks under one MN
would answer each other's requests; under two they know nothing of each other.

Where the station is under test, others may come to the same address, from the site or
by a mistake.  They are told by their MN, left alone and not judged.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from conformance.engine.registry import pool, stranger
from conformance.protocols.hj212.dialogue import Dialogue
from conformance.protocols.hj212.packets import Identity

__all__ = ["OLD_POOL", "POOL", "is_from", "stations"]

POOL = "hj212.station"
"""A place is a station of this edition that the platform knows."""
OLD_POOL = "hj212.old-station"
"""The one station of 2005."""
_MN = re.compile(rb"[;&]MN=([^;&]*);")
KEY_POOL = "hj212.key-station"
"""The one station whose key may be changed."""
_SPOKEN_FOR = ("hj212_second_mn", "hj212_new_mn", "hj212_old_mn", "hj212_key_mn")


def stations(ixit: Mapping[str, Any]) -> list[Identity]:
    """Return the stations that the platform knows, by place; the first is hj212_mn.

    Those that a check wants for itself by their name are left to it.  Where fewer
    passwords than stations are declared the others have that of the first.
    """
    first, st = ixit["hj212_password"].reveal(), str(ixit.get("hj212_st", "21"))
    words = [secret.reveal() for secret in ixit.get("hj212_more_passwords", ())]
    more = str(ixit.get("hj212_more_mn", "")).split()
    named = dict(zip(more, [*words, *[first] * len(more)], strict=False))
    away = {ixit.get(key) for key in _SPOKEN_FOR}
    known = {mn: pw for mn, pw in named.items() if mn not in away}
    known = {str(ixit.get("hj212_mn", "")): first} | known
    return [Identity(mn, pw, st) for mn, pw in known.items()]


@pool(POOL)
def _stations(ixit: Mapping[str, Any]) -> int:
    return len(stations(ixit))


@pool(OLD_POOL)
def _old_stations(ixit: Mapping[str, Any]) -> int:
    return 1


def is_from(octets: bytes, mn: str) -> bool:
    """Whether what a connection brought first is from a station, or tells nothing."""
    found = _MN.search(octets)
    return found is None or found[1].upper() == mn.upper().encode()


@stranger("hj212")
def _is_stranger(dialogue: Dialogue, ixit: Mapping[str, Any]) -> bool:
    """Whether a station that we never spoke to came under other MNs than declared.

    One that we spoke to was taken for the implementation, however it spells its MN.
    """
    talk, declared = dialogue.conversation, str(ixit.get("hj212_mn", ""))
    if talk.iut != "client" or any(dialogue.of("server")):
        return False
    names = {m.segment.mn or "" for m in dialogue.messages}
    return bool(names) and declared.upper() not in {name.upper() for name in names}


@pool(KEY_POOL)
def _key_stations(ixit: Mapping[str, Any]) -> int:
    return 1
