# SPDX-License-Identifier: Apache-2.0
"""The stations that a platform under test knows, so that checks can go on at once.

A platform keeps one connection and one state for each station.  Two checks under one MN
would answer each other's requests; under two they know nothing of each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.engine.registry import pool
from conformance.protocols.hj212.packets import Identity

__all__ = ["OLD_POOL", "POOL", "stations"]

POOL = "hj212.station"
"""A place is a station of this edition that the platform knows."""
OLD_POOL = "hj212.old-station"
"""The one station of 2005."""
_SPOKEN_FOR = ("hj212_second_mn", "hj212_new_mn", "hj212_old_mn")


def stations(ixit: Mapping[str, Any]) -> list[Identity]:
    """Return the stations that the platform knows, by place; the first is hj212_mn.

    Those that a check wants for itself by their name are left to it.  Where fewer
    passwords than stations are declared the others have that of the first.
    """
    first, st = ixit["hj212_password"].reveal(), str(ixit.get("hj212_st", "21"))
    secret = ixit.get("hj212_more_passwords")
    words = secret.reveal().split() if secret else []
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
