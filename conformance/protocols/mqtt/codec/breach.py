# SPDX-License-Identifier: Apache-2.0
"""One broken rule in one packet, with what the rulebook of its version says of it.

Source: the rulebooks, :mod:`.rulebook` for MQTT 3.1.1 and
:mod:`.rulebook_5` for MQTT 5.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.protocols.mqtt.codec.packets import Version
from conformance.protocols.mqtt.codec.rulebook import RULES, Kind, RuleInfo
from conformance.protocols.mqtt.codec.rulebook_5 import RULES_5

__all__ = ["RULEBOOKS", "Breach"]

RULEBOOKS: Mapping[Version, Mapping[str, RuleInfo]] = {4: RULES, 5: RULES_5}
"""Statement identifiers mean different things in the versions: two books."""


@dataclass(frozen=True, slots=True)
class Breach:
    """One broken rule in one packet.  Positions count from the packet's first octet."""

    rule: str
    packet: str = ""
    """The packet's name as in the standard, ``PUBLISH``; empty if reserved."""
    field: str = ""
    """The field's name as in the standard, ``Topic Name``."""
    detail: str = ""
    """Facts in a notation that needs no language: ``QoS=3``."""
    at: int = 0
    size: int = 0
    version: Version = 4

    @property
    def info(self) -> RuleInfo:
        """What the rulebook of the version says."""
        return RULEBOOKS[self.version][self.rule]

    @property
    def kind(self) -> Kind:
        """How bad the broken rule is."""
        return self.info.kind

    @property
    def statements(self) -> tuple[str, ...]:
        """Numbered statements that the sender broke, most general first."""
        info, whole = self.info, f"{self.packet} {self.field}"
        found = (info.by.get(name, ()) for name in (self.packet, self.field, whole))
        return tuple(dict.fromkeys(sum(found, info.statements)))

    @property
    def reactions(self) -> tuple[str, ...]:
        """Numbered statements on what the receiver must do about it."""
        return self.info.reactions
